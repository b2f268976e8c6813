/* SPDX-License-Identifier: MIT */
/*
 * The tool's arguments, list and info: text for people, JSON for machines, exit statuses.
 */
#include "support.h"

#include <gtest/gtest.h>

using ::testing::TestWithParam;

static bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

TEST(Tool, HelpGoesToStandardOutput)
{
    for (const char *word : {"--help", "-h", "help"}) {
        Result result = tool({word});
        EXPECT_EQ(result.status, 0);
        EXPECT_TRUE(contains(result.out, "Exit status:")) << result.out;
        EXPECT_EQ(result.err, "");
    }
    EXPECT_EQ(tool({"capture", "--help"}).status, 0);
}

TEST(Tool, VersionIsTheLibrarys)
{
    Result result = tool({"--version"});

    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(contains(result.out, SAMPLES_VERSION)) << result.out;
}

class WrongArguments : public TestWithParam<std::vector<std::string>> {};

TEST_P(WrongArguments, AreRefused)
{
    Result result = tool(GetParam());

    EXPECT_EQ(result.status, 2) << result.err;
    EXPECT_NE(result.err, "");
    EXPECT_EQ(result.out, "");
}

using Words = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(
    Tool, WrongArguments,
    ::testing::Values(Words{}, Words{"wander"}, Words{"list", "more"}, Words{"list", "--sim"},
                      Words{"list", "--sim", "x"}, Words{"list", "--sim", "-1"},
                      Words{"list", "--sim", "2x"}, Words{"list", "--wander"},
                      Words{"info", "sim:0", "sim:1"}, Words{"info", "--wander"}, Words{"capture"},
                      Words{"capture", "sim:0"}, Words{"capture", "sim:0", "-o", "clip.y4m"},
                      Words{"capture", "sim:0", "-o", "clip.avi", "--frames", "1"},
                      Words{"capture", "sim:0", "-o", "clip", "--frames", "1"},
                      Words{"capture", "sim:0", "-o", "clip.y4m", "--frames", "-1"},
                      Words{"capture", "sim:0", "-o", "clip.y4m", "--frames", "4294967296"},
                      Words{"capture", "sim:0", "-o", "clip.y4m", "--frames", "1", "--type", "avi"},
                      Words{"capture", "sim:0", "-o", "a.png", "--size", "640"},
                      Words{"capture", "sim:0", "-o", "a.png", "--size", "640x"},
                      Words{"capture", "sim:0", "-o", "a.png", "--size", "0x480"},
                      Words{"capture", "sim:0", "-o", "a.png", "--size", "640x480x2"},
                      Words{"capture", "sim:0", "-o", "a.png", "--format", "YUV"},
                      Words{"capture", "sim:0", "-o", "a.png", "--interval", "1/0"},
                      Words{"capture", "sim:0", "-o", "a.png", "--interval", "0/25"},
                      Words{"capture", "sim:0", "-o", "a.png", "--fps", "0"},
                      Words{"capture", "sim:0", "-o", "a.png", "--fps", "0.0"},
                      Words{"capture", "sim:0", "-o", "a.png", "--fps", "fast"},
                      Words{"capture", "sim:0", "-o", "a.png", "--fps", "1.2345"},
                      Words{"capture", "sim:0", "-o", "a.png", "--buffers", "65"},
                      Words{"capture", "sim:0", "-o", "a.png", "--timeout", "0"},
                      Words{"capture", "sim:0", "-o", "a.png", "more"},
                      Words{"capture", "sim:0?rate=max", "-o", "a.png", "--input", "SCART"},
                      Words{"capture", "sim:0?rate=max", "-o", "a.y4m", "--frames", "1", "--format",
                            "RGB24"}));

TEST(List, ShowsSimulatedCardsOnlyIfAsked)
{
    Result none = tool({"list"});
    EXPECT_EQ(none.status, 0);
    EXPECT_FALSE(contains(none.out, "sim:"));

    Result two = tool({"list", "--sim", "2"});
    EXPECT_EQ(two.status, 0);
    EXPECT_TRUE(contains(two.out, "sim:0")) << two.out;
    EXPECT_TRUE(contains(two.out, "sim:1")) << two.out;
    EXPECT_FALSE(contains(two.out, "sim:2")) << two.out;
}

TEST(List, TellsMachinesTheSame)
{
    Result result = tool({"list", "--sim", "3", "--json"});
    Json root = parse_json(result.out);
    int simulated = 0;
    size_t index;
    json_t *device;

    ASSERT_TRUE(root);
    EXPECT_EQ(result.status, 0);
    json_array_foreach(json_object_get(root.get(), "devices"), index, device)
    {
        if (json_text(device, {"backend"}) == "sim") {
            EXPECT_EQ(json_text(device, {"id"}), "sim:" + std::to_string(simulated));
            EXPECT_NE(json_text(device, {"name"}), "");
            simulated++;
        }
    }
    EXPECT_EQ(simulated, 3);
}

TEST(Info, ShowsAllThatTheDeviceHas)
{
    Result result = tool({"info", "sim:0"});

    EXPECT_EQ(result.status, 0) << result.err;
    for (const char *part : {"ready", "simulated", "firmware", "HDMI", "Composite", "locked",
                             "1080p60", "YUYV", "NV12", "59.94", "Brightness", "50 Hz"}) {
        EXPECT_TRUE(contains(result.out, part)) << part << " is missing in\n" << result.out;
    }
}

TEST(Info, TellsMachinesTheSame)
{
    Result result = tool({"info", "sim:0", "--json"});
    Json root = parse_json(result.out);

    ASSERT_TRUE(root);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(json_text(root.get(), {"state"}), "ready");
    EXPECT_EQ(json_text(root.get(), {"signal", "state"}), "locked");
    EXPECT_EQ(json_text(root.get(), {"firmware", "running"}), "1.1.0");
    EXPECT_EQ(json_array_size(json_object_get(root.get(), "inputs")), 3u);
    EXPECT_GE(json_array_size(json_object_get(root.get(), "formats")), 5u);
    EXPECT_EQ(json_array_size(json_object_get(root.get(), "controls")), 10u);
    EXPECT_GT(json_array_size(json_object_get(root.get(), "timings")), 5u);
}

TEST(Info, OpensADeviceThatCannotCapture)
{
    Result text = tool({"info", "sim:0?firmware=none"});
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_TRUE(contains(text.out, "limited: ")) << text.out;

    Result result = tool({"info", "sim:0?firmware=none", "--json"});
    Json root = parse_json(result.out);
    ASSERT_TRUE(root);
    EXPECT_EQ(json_text(root.get(), {"state"}), "limited");
    EXPECT_NE(json_text(root.get(), {"state_text"}), "");
    EXPECT_TRUE(json_is_null(json_object_get(json_object_get(root.get(), "firmware"), "running")));

    Scratch scratch;
    EXPECT_EQ(tool({"capture", "sim:0?firmware=none", "-o", scratch / "a.png"}).status, 1);
}

TEST(Info, NeverTakesASimulatedCardByItself)
{
    Json devices = parse_json(tool({"list", "--json"}).out);

    ASSERT_TRUE(devices);
    if (json_array_size(json_object_get(devices.get(), "devices")) > 0) {
        GTEST_SKIP() << "this machine has a capture device";
    }
    Result result = tool({"info"});
    EXPECT_EQ(result.status, 3);
    EXPECT_TRUE(contains(result.err, "sim:0")) << result.err;
    EXPECT_EQ(result.out, "");
}

TEST(Info, SaysWhichIdIsWrong)
{
    EXPECT_EQ(tool({"info", "teletype:0"}).status, 3);
    Result options = tool({"info", "sim:0?speed=max"});
    EXPECT_EQ(options.status, 1);
    EXPECT_TRUE(contains(options.err, "speed")) << options.err;
}

TEST(Info, LogsOnlyIfAsked)
{
    EXPECT_EQ(tool({"info", "sim:0"}).err, "");
    EXPECT_NE(tool({"info", "sim:0", "-v", "-v"}).err, "");
}
