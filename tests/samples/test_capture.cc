/* SPDX-License-Identifier: MIT */
/*
 * What the tool captures: pictures, clips and bytes are looked at, and the account of a capture
 * that goes wrong must tell what went wrong.
 */
#include "support.h"

#include <ostream>

#include <gtest/gtest.h>

static const char *const card = "sim:0?rate=max";

static bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

static long long stat(const Json &report, const std::string &name)
{
    return json_number(report.get(), {"stats", name});
}

// Of a capture with --json: every term of the sum, which must hold.
static void expect_sum(const Json &report)
{
    EXPECT_EQ(json_text(report.get(), {"stats", "produced_basis"}), "device");
    EXPECT_EQ(stat(report, "produced"), stat(report, "delivered") + stat(report, "dropped_total") +
                                            stat(report, "in_flight"));
    EXPECT_EQ(stat(report, "in_flight"), 0);
    EXPECT_EQ(stat(report, "copies"), 0);
}

class PictureOf : public ::testing::TestWithParam<const char *> {};

TEST_P(PictureOf, ShowsTheBars)
{
    Scratch scratch;
    Result result = tool({"capture", card, "--format", GetParam(), "-o", scratch / "a.png"});

    EXPECT_EQ(result.status, 0) << result.err;
    Picture picture = read_png(scratch / "a.png");
    EXPECT_EQ(picture.width, 1920u);
    EXPECT_EQ(picture.height, 1080u);
    EXPECT_EQ(check_bars(picture, 0, GetParam() == std::string("GREY")), "");
}

INSTANTIATE_TEST_SUITE_P(Capture, PictureOf,
                         ::testing::Values("YUYV", "UYVY", "NV12", "RGB24", "GREY"));

TEST(Capture, TheCheckOfBarsCanFail)
{
    Scratch scratch;

    // Another brightness is another picture; so is the bars' next position, far enough away.
    ASSERT_EQ(tool({"capture", card, "-o", scratch / "a.png", "--size", "640x480"}).status, 0);
    Picture picture = read_png(scratch / "a.png");
    EXPECT_EQ(check_bars(picture, 0), "");
    EXPECT_NE(check_bars(picture, 40), "");
    EXPECT_NE(check_bars(picture, 0, true), "");
    EXPECT_NE(check_bars(Picture(), 0), "");
}

TEST(Capture, NumbersThePicturesOfASequence)
{
    Scratch scratch;
    Result result =
        tool({"capture", card, "--size", "640x480", "-n", "3", "-o", scratch / "a.b.png"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_FALSE(exists(scratch / "a.b.png"));
    for (uint32_t i = 0; i < 3; i++) {
        std::string name = "a.b-000" + std::to_string(i + 1) + ".png";
        EXPECT_EQ(check_bars(read_png(scratch / name), i), "") << name;
    }
    EXPECT_FALSE(exists(scratch / "a.b-0004.png"));
}

struct ClipForm {
    const char *format;
    const char *chroma;
    size_t frame_bytes;
};

static void PrintTo(const ClipForm &form, std::ostream *out)
{
    *out << form.format;
}

class ClipOf : public ::testing::TestWithParam<ClipForm> {};

TEST_P(ClipOf, HasEachFrameOnce)
{
    Scratch scratch;
    Result result = tool({"capture", card, "--format", GetParam().format, "--size", "640x480",
                          "--fps", "59.94", "--frames", "20", "-o", scratch / "a.y4m"});

    EXPECT_EQ(result.status, 0) << result.err;
    Clip clip = parse_y4m(read_file(scratch / "a.y4m"), GetParam().frame_bytes);
    EXPECT_EQ(clip.header.rfind("YUV4MPEG2 W640 H480 F60000:1001 Ip ", 0), 0u) << clip.header;
    EXPECT_TRUE(contains(clip.header, std::string(" C") + GetParam().chroma)) << clip.header;
    ASSERT_EQ(clip.frames.size(), 20u);
    for (uint32_t i = 0; i < 20; i++) {
        EXPECT_EQ(frame_number(clip.frames[i], 640), i);
    }
    // White is 180 128 128, yellow 162 44 142; a quarter of the way down, in the first bars.
    const std::string &first = clip.frames[0];
    EXPECT_EQ(static_cast<uint8_t>(first[120 * 640 + 40]), 180);
    EXPECT_EQ(static_cast<uint8_t>(first[120 * 640 + 120]), 162);
    if (GetParam().frame_bytes > 640 * 480) {
        EXPECT_EQ(static_cast<uint8_t>(first[640 * 480 + 100 * 320 + 60]), 44);
    }
}

INSTANTIATE_TEST_SUITE_P(Capture, ClipOf,
                         ::testing::Values(ClipForm{"YUYV", "422", 640 * 480 * 2},
                                           ClipForm{"UYVY", "422", 640 * 480 * 2},
                                           ClipForm{"NV12", "420mpeg2", 640 * 480 * 3 / 2},
                                           ClipForm{"GREY", "mono", 640 * 480}),
                         [](const auto &of) { return std::string(of.param.format); });

TEST(Capture, UnderstandsRates)
{
    struct {
        const char *option, *rate, *header;
    } const rates[] = {
        {"--fps",      "59.94",      " F60000:1001 "},
        {"--fps",      "29.97",      " F30000:1001 "},
        {"--fps",      "25",         " F25:1 "      },
        {"--fps",      "25.0",       " F25:1 "      },
        {"--fps",      "60000/1001", " F60000:1001 "},
        {"--interval", "1001/30000", " F30000:1001 "},
        {"--interval", "1/50",       " F50:1 "      },
    };
    for (const auto &each : rates) {
        Result result = tool({"capture", card, "--size", "640x480", "--exact", each.option,
                              each.rate, "-n", "1", "-o", "-"});
        EXPECT_EQ(result.status, 0) << each.rate << ": " << result.err;
        EXPECT_TRUE(contains(result.out.substr(0, result.out.find('\n')), each.header));
    }
}

TEST(Capture, WritesWhatTheCardCanShow)
{
    Scratch scratch;

    // A clip that was captured is what the next card sees, and comes out as it was.
    ASSERT_EQ(
        tool({"capture", card, "--size", "640x480", "-n", "8", "-o", scratch / "a.y4m"}).status, 0);
    Result result = tool({"capture", std::string(card) + "&source=" + (scratch / "a.y4m"), "--size",
                          "640x480", "-n", "8", "-o", scratch / "b.y4m"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(read_file(scratch / "a.y4m"), read_file(scratch / "b.y4m"));
}

TEST(Capture, WritesWhatOthersRead)
{
    Scratch scratch;
    std::string clip = scratch / "a.y4m";

    for (const char *format : {"YUYV", "NV12", "GREY"}) {
        ASSERT_EQ(
            tool({"capture", card, "--size", "640x480", "-n", "8", "--format", format, "-o", clip})
                .status,
            0);
        Result probe = run({"ffprobe", "-v", "error", "-count_frames", "-show_entries",
                            "stream=width,height,nb_read_frames", "-of", "csv=p=0", clip});
        if (probe.status == 127) {
            GTEST_SKIP() << "no ffprobe";
        }
        EXPECT_EQ(probe.out, "640,480,8\n") << format << ": " << probe.err;
    }
}

TEST(Capture, WritesBytesAsTheyAre)
{
    Scratch scratch;
    Result result = tool({"capture", card, "--format", "RGB24", "--size", "640x480", "--frames",
                          "4", "-o", scratch / "a.raw"});

    EXPECT_EQ(result.status, 0) << result.err;
    std::string bytes = read_file(scratch / "a.raw");
    ASSERT_EQ(bytes.size(), 4u * 640 * 480 * 3);
    EXPECT_EQ(static_cast<uint8_t>(bytes[(200 * 640 + 40) * 3]), 191);
}

TEST(Capture, FillsAPipe)
{
    Result result = tool({"capture", card, "--size", "64x64", "--frames", "5", "-o", "-"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(parse_y4m(result.out, 64 * 64 * 2).frames.size(), 5u);
    EXPECT_TRUE(contains(result.err, "every frame is explained")) << result.err;

    Result json = tool({"capture", card, "--size", "64x64", "--frames", "5", "-o", "-", "--json",
                        "--type", "raw"});
    EXPECT_EQ(json.out.size(), 5u * 64 * 64 * 2);
    EXPECT_TRUE(parse_json(json.err));

    Scratch scratch;
    Result quiet = tool({"capture", card, "-n", "5", "-o", scratch / "a.raw", "--quiet"});
    EXPECT_EQ(quiet.out + quiet.err, "");
}

TEST(Capture, GivesAnAccount)
{
    Scratch scratch;
    std::vector<std::string> command = {"capture", card, "--size",          "64x64",     "-n",
                                        "200",     "-o", scratch / "a.raw", "--buffers", "8"};
    Result text = tool(command);
    EXPECT_EQ(text.status, 0) << text.err;
    for (const char *part : {"produced", "delivered", "dropped", "every frame is explained"}) {
        EXPECT_TRUE(contains(text.out, part)) << text.out;
    }

    command.push_back("--json");
    Result result = tool(command);
    Json report = parse_json(result.out);
    ASSERT_TRUE(report);
    expect_sum(report);
    EXPECT_EQ(json_number(report.get(), {"frames_written"}), 200);
    EXPECT_EQ(json_number(report.get(), {"bytes_written"}), 200 * 64 * 64 * 2);
    EXPECT_EQ(stat(report, "delivered"), 200);
    EXPECT_EQ(json_text(report.get(), {"status"}), "VDC_OK");
    EXPECT_EQ(json_text(report.get(), {"format", "fourcc"}), "YUYV");
}

TEST(Capture, SaysWhatNegotiationChanged)
{
    Scratch scratch;
    Result result = tool({"capture", card, "--size", "20000x64", "-o", scratch / "a.png"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_NE(result.err, "");
    EXPECT_NE(read_png(scratch / "a.png").width, 0u);

    EXPECT_EQ(
        tool({"capture", card, "--size", "20000x64", "--exact", "-o", scratch / "b.png"}).status,
        1);
    EXPECT_FALSE(exists(scratch / "b.png"));
    EXPECT_EQ(tool({"capture", card, "--size", "640x480", "--fps", "25", "--exact", "-o",
                    scratch / "b.png"})
                  .status,
              0);
}

TEST(Capture, SelectsAnInput)
{
    Scratch scratch;

    for (const char *input : {"Composite", "1"}) {
        Result result = tool({"capture", card, "--input", input, "-o", scratch / "a.png"});
        EXPECT_EQ(result.status, 0) << result.err;
        Picture picture = read_png(scratch / "a.png");
        EXPECT_EQ(picture.width, 720u) << input;
        EXPECT_EQ(check_bars(picture, 0), "");
    }
}

TEST(Capture, NamesTheCauseOfALoss)
{
    Scratch scratch;
    Result result = tool({"capture", std::string(card) + "&faults=fifo-overflow@frame=3,count=2",
                          "--size", "64x64", "-n", "20", "-o", scratch / "a.y4m", "--json"});
    Json report = parse_json(result.out);

    ASSERT_TRUE(report);
    EXPECT_EQ(result.status, 0) << result.err;
    expect_sum(report);
    EXPECT_EQ(json_number(report.get(), {"stats", "dropped", "DEVICE_FIFO"}), 2);
    Clip clip = parse_y4m(read_file(scratch / "a.y4m"), 64 * 64 * 2);
    ASSERT_EQ(clip.frames.size(), 20u);
    EXPECT_EQ(frame_number(clip.frames[2], 64), 2u);
    EXPECT_EQ(frame_number(clip.frames[3], 64), 5u);
}

TEST(Capture, KeepsWhatCameBeforeAnUnplug)
{
    Scratch scratch;
    Result result = tool({"capture", std::string(card) + "&faults=unplug@frame=5", "--size",
                          "64x64", "-n", "20", "-o", scratch / "a.y4m", "--json"});
    Json report = parse_json(result.out);

    ASSERT_TRUE(report);
    EXPECT_EQ(result.status, 4);
    EXPECT_EQ(json_text(report.get(), {"status"}), "VDC_E_GONE");
    EXPECT_TRUE(contains(result.err, "VDC_E_GONE")) << result.err;
    expect_sum(report);
    Clip clip = parse_y4m(read_file(scratch / "a.y4m"), 64 * 64 * 2);
    EXPECT_EQ(static_cast<long long>(clip.frames.size()),
              json_number(report.get(), {"frames_written"}));
    EXPECT_GT(clip.frames.size(), 0u);
    EXPECT_LE(clip.frames.size(), 5u);
}

TEST(Capture, TellsWhenThereIsNoSignal)
{
    Scratch scratch;
    Result result = tool({"capture", "sim:0?faults=signal-loss@time=0,ms=60000", "--timeout", "300",
                          "-o", scratch / "a.png"});

    EXPECT_EQ(result.status, 4);
    EXPECT_TRUE(contains(result.err, "signal on input 0: none")) << result.err;
    EXPECT_TRUE(contains(result.out, "NO_SIGNAL")) << result.out;
}

TEST(Capture, NoticesThatTheFileIsNotWritten)
{
    Scratch scratch;
    Result full = tool({"capture", card, "-n", "2", "--type", "raw", "-o", "/dev/full"});
    EXPECT_EQ(full.status, 1);
    EXPECT_TRUE(contains(full.err, "/dev/full")) << full.err;

    // Less than a buffer of the C library: it fails only when the file is closed.
    EXPECT_EQ(tool({"capture", card, "-n", "1", "--type", "raw", "--size", "64x64", "--format",
                    "GREY", "-o", "/dev/full"})
                  .status,
              1);
    EXPECT_EQ(tool({"capture", card, "-o", scratch / "none/a.png"}).status, 1);
    EXPECT_EQ(tool({"capture", card, "-n", "1", "-o", scratch / "none/a.y4m"}).status, 1);
}

TEST(Capture, EndsInOrderWhenInterrupted)
{
    Scratch scratch;
    RunOptions options;

    options.interrupt_file = scratch / "a.y4m";
    options.interrupt_bytes = 10 * 64 * 64 * 2;
    Result result =
        tool({"capture", "sim:0", "--size", "64x64", "-n", "0", "-o", scratch / "a.y4m", "--json"},
             options);
    Json report = parse_json(result.out);
    ASSERT_TRUE(report);
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(json_is_true(json_object_get(report.get(), "interrupted")));
    expect_sum(report);
    Clip clip = parse_y4m(read_file(scratch / "a.y4m"), 64 * 64 * 2);
    EXPECT_GT(clip.frames.size(), 2u);
    EXPECT_EQ(static_cast<long long>(clip.frames.size()),
              json_number(report.get(), {"frames_written"}));

    // With a number that it did not reach, the capture was too short.
    options.interrupt_file = scratch / "a.raw";
    EXPECT_EQ(tool({"capture", "sim:0", "-n", "100000", "-o", scratch / "a.raw", "--size", "64x64"},
                   options)
                  .status,
              4);
}

TEST(Capture, DrawsProgressOnATerminalOnly)
{
    Scratch scratch;
    RunOptions terminal;
    std::vector<std::string> command = {"capture", "sim:0", "--size", "64x64",
                                        "-n",      "30",    "-o",     scratch / "a.raw"};

    terminal.terminal = true;
    Result drawn = tool(command, terminal);
    EXPECT_EQ(drawn.status, 0);
    EXPECT_TRUE(contains(drawn.err, "\r[###")) << drawn.err;
    EXPECT_TRUE(contains(drawn.err, "30/30 frames")) << drawn.err;
    EXPECT_EQ(tool(command).err, "");
}
