/* SPDX-License-Identifier: MIT */
/*
 * Each sample on a simulated card, and each one's way of failing.
 */
#include "support.h"

#include <gtest/gtest.h>

static const char *const card = "sim:0?rate=max";

static bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

TEST(Samples, ListShowsCards)
{
    Result result = sample("list", {"--sim", "2"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "sim:0\n")) << result.out;
    EXPECT_TRUE(contains(result.out, "sim:1\n")) << result.out;
    EXPECT_FALSE(contains(sample("list", {}).out, "sim:"));
    EXPECT_EQ(sample("list", {"more"}).status, 2);
}

TEST(Samples, SnapshotShowsTheBars)
{
    Scratch scratch;
    Result result = sample("snapshot", {card, scratch / "a.png"});

    EXPECT_EQ(result.status, 0) << result.err;
    Picture picture = read_png(scratch / "a.png");
    EXPECT_EQ(picture.width, 1920u);
    EXPECT_EQ(picture.height, 1080u);
    EXPECT_EQ(check_bars(picture, 0), "");
    EXPECT_EQ(sample("snapshot", {card, scratch / "none/a.png"}).status, 1);
}

TEST(Samples, RecordWritesAClip)
{
    Scratch scratch;
    Result result = sample("record", {card, scratch / "a.y4m", "12"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "12 delivered")) << result.out;
    Clip clip = parse_y4m(read_file(scratch / "a.y4m"), 1920 * 1080 * 2);
    EXPECT_EQ(clip.header, "YUV4MPEG2 W1920 H1080 F60:1 Ip A1:1 C422");
    ASSERT_EQ(clip.frames.size(), 12u);
    EXPECT_EQ(frame_number(clip.frames[11], 1920), 11u);
    EXPECT_EQ(sample("record", {card, "/dev/full", "2"}).status, 1);
}

TEST(Samples, RecordSaysWhatWasLost)
{
    Scratch scratch;
    Result result = sample(
        "record", {std::string(card) + "&faults=fifo-overflow@frame=1", scratch / "a.y4m", "3"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "1 dropped: DEVICE_FIFO")) << result.out;
}

TEST(Samples, ControlsAreSetAndPrinted)
{
    Result result = sample("controls", {"sim:0", "Brightness=140", "White balance=1"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "Brightness                140   (0 to 255")) << result.out;
    EXPECT_TRUE(contains(result.out, "50 Hz")) << result.out;

    Result far = sample("controls", {"sim:0", "Brightness=256"});
    EXPECT_EQ(far.status, 1);
    EXPECT_TRUE(contains(far.err, "Brightness=256: ")) << far.err;
    EXPECT_TRUE(contains(far.out, "Brightness                128   (0 to 255")) << far.out;
    EXPECT_EQ(sample("controls", {"sim:0", "Sharpness=1"}).status, 1);
}

TEST(Samples, HotplugTellsOfTheSignal)
{
    Result result = sample("hotplug", {"2", "sim:0?faults=signal-loss@time=300000,ms=200"});

    EXPECT_EQ(result.status, 0) << result.err;
    // What it is when it is asked for may already be what came next.
    EXPECT_TRUE(contains(result.out, "the signal changed, it is ")) << result.out;
    EXPECT_TRUE(contains(result.out, "the signal changed, it is locked")) << result.out;
}

TEST(Samples, HotplugTellsOfAnUnplug)
{
    Result result = sample("hotplug", {"2", "sim:0?faults=unplug@time=300000"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "was removed")) << result.out;
}

TEST(Samples, EventloopTakesFrames)
{
    for (const char *id : {card, "sim:0"}) {
        Result result = sample("eventloop", {id, "20"});
        EXPECT_EQ(result.status, 0) << id << ": " << result.err;
        EXPECT_TRUE(contains(result.out, "frame 19 at ")) << result.out;
    }
}

TEST(Samples, EventloopSeesTheEnd)
{
    Result result = sample("eventloop", {std::string(card) + "&faults=unplug@frame=5", "20"});

    EXPECT_EQ(result.status, 1);
    EXPECT_NE(result.err, "");
    EXPECT_TRUE(contains(result.out, "frame 3 at ")) << result.out;
}

TEST(Samples, CallerBuffersAreFilledInPlace)
{
    Result result = sample("caller_buffers", {card, "50"});

    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "50 delivered, 0 outside of our buffers")) << result.out;
    EXPECT_TRUE(contains(result.out, "copies = 0\n")) << result.out;
}

TEST(Samples, AllSayHowTheyAreRun)
{
    for (const char *name : {"snapshot", "record", "hotplug", "eventloop", "caller_buffers"}) {
        Result result = sample(name, {});
        EXPECT_EQ(result.status, 2) << name;
        EXPECT_TRUE(contains(result.err, "usage: ")) << name;
    }
}

TEST(Samples, AllSayWhatIsWrongWithAnId)
{
    Scratch scratch;
    std::vector<std::vector<std::string>> commands = {
        {"snapshot",       "sim:0?speed=max", scratch / "a.png"},
        {"record",         "sim:0?speed=max", scratch / "a.y4m", "1"},
        {"controls",                "sim:0?speed=max"                       },
        {"hotplug",        "1",               "sim:0?speed=max"        },
        {"eventloop",      "sim:0?speed=max", "1"},
        {"caller_buffers", "sim:0?speed=max", "1"              },
    };
    for (const auto &command : commands) {
        Result result = sample(command[0], {command.begin() + 1, command.end()});
        EXPECT_EQ(result.status, 1) << command[0];
        EXPECT_TRUE(contains(result.err, "speed")) << command[0] << ": " << result.err;
    }
}
