// SPDX-License-Identifier: MIT
// Descriptors: what real cameras have, what wrong ones are refused for, and every byte of each of them wrong once.
#include "support.h"

#include "invariant.h"

#include <set>

namespace {

const char config[] = "2 w0 2 1 0 x80 50\n";
const char control[] = "4 0 0 1 14 1 0 0\n36 1 w0x0100 w0 d15000000 1 1\n";
const char units[] = "36 2 1 w0x0201 0 0 w0 w0 w0 1 x00\n36 3 3 w0x0101 0 1 0\n";
const char stream[] = "4 1 0 0 14 2 0 0\n36 1 1 w0 x81 0 3 0 0 0 1 0\n";
const char yuyv[] = "36 4 1 1 g5955593200001000800000aa00389b71 16 1 0 0 x00 0\n";
const char frame[] = "36 5 1 x00 w64 w48 d1 d1 d6144 d333333 1 d333333\n";
const char alternate[] = "4 1 1 1 14 2 0 0\n5 x81 5 w1024 1\n";

// A whole camera, with something added before the formats, and behind the frame.
Bytes whole(const std::string &unit = "", const std::string &behind = "",
            const std::string &first = frame)
{
    return text(std::string(config) + control + units + unit + stream + yuyv + first + behind +
                alternate);
}

std::string formats_of(const uvc_camera &camera)
{
    std::string all;

    for (uint32_t i = 0; i < camera.format_count; i++) {
        all += fourcc(camera.formats[i].fourcc) + ":" +
               std::to_string(camera.formats[i].frame_count) + " ";
    }
    return all;
}

// ---- Real cameras ----

TEST(Dumps, LengthsAreAsTheConfigurationSays)
{
    for (const Dump &dump : dumps) {
        Bytes bytes = load(dump.name);

        EXPECT_EQ(bytes.size(), bytes[2] | bytes[3] << 8) << dump.name;
    }
}

TEST(Dumps, AllAreUsableAndConsistent)
{
    for (const Dump &dump : dumps) {
        Camera camera(load(dump.name), dump.speed);
        uint8_t found[4] = {};

        EXPECT_TRUE(camera.usable) << dump.name << "\n" << camera.notes();
        EXPECT_STREQ(nullptr, uvc_invariant(&*camera)) << dump.name;
        EXPECT_EQ(0u, camera->lost_items);
        EXPECT_EQ(1u, uvc_find_controls(found, 4, load(dump.name).data(), load(dump.name).size()));
        EXPECT_EQ(0, found[0]);
        for (uint32_t i = 0; i < camera->format_count; i++) {
            EXPECT_TRUE(camera->formats[i].frame_count == camera->formats[i].declared_frames);
        }
    }
}

TEST(Dumps, ISight)
{
    Camera camera(load("apple-isight"), UVC_SPEED_HIGH);

    EXPECT_EQ("UYVY:3 ", formats_of(*camera));
    EXPECT_EQ(0x0100, camera->version);
    EXPECT_EQ(13500000u, camera->clock_hz);
    EXPECT_EQ(0, camera->frames[0].continuous) << "shortest and longest are the same";
    EXPECT_EQ(640, camera->frames[0].width);
    ASSERT_EQ(1u, camera->alternate_count);
    EXPECT_EQ(3u * 1024, camera->alternates[0].interval_bytes) << "high bandwidth";
    EXPECT_EQ("", camera.notes());
}

TEST(Dumps, C920)
{
    Camera camera(load("logitech-c920"), UVC_SPEED_HIGH);
    std::set<uint32_t> sizes;

    EXPECT_EQ("YUYV:19 H264:17 MJPG:17 ", formats_of(*camera));
    EXPECT_EQ(300000000u, camera->clock_hz);
    EXPECT_EQ(0x83, camera->status_endpoint);
    EXPECT_EQ(9u, camera->unit_count);
    EXPECT_EQ(0x81, camera->streams[0].endpoint);
    for (uint32_t i = 0; i < camera->alternate_count; i++) {
        sizes.insert(camera->alternates[i].interval_bytes);
    }
    EXPECT_EQ(11u, sizes.size());
    EXPECT_EQ(3060u, *sizes.rbegin());
    EXPECT_EQ("", camera.notes());
}

TEST(Dumps, ThingsForOthersAreSkippedByName)
{
    Camera camera(load("microsoft-lifecam-show"), UVC_SPEED_HIGH);

    EXPECT_EQ("YUYV:6 MJPG:9 ", formats_of(*camera));
    EXPECT_NE(std::string::npos, camera.notes().find("skipped: still image frame at byte "));
    EXPECT_EQ(2u, camera->note_count) << camera.notes();
}

TEST(Dumps, Pro9000HasSevenExtensionUnitsOnItsChain)
{
    Camera camera(load("logitech-pro-9000"), UVC_SPEED_HIGH);
    uint32_t extensions = 0;
    uvc_chain chain;

    uvc_chain_walk(&chain, &*camera, &camera->streams[0]);
    for (uint32_t i = 0; i < chain.count; i++) {
        extensions += chain.units[i]->kind == UVC_EXTENSION_UNIT;
    }
    EXPECT_EQ(7u, extensions);
    EXPECT_EQ(10u, chain.count);
    EXPECT_EQ(0u, chain.cycles + chain.dangling);
}

TEST(Dumps, SuperSpeed)
{
    Camera camera(load("made-superspeed"), UVC_SPEED_SUPER);
    uvc_chain chain;

    EXPECT_EQ(0x0150, camera->version);
    EXPECT_EQ("NV12:3 MJPG:1 H264:1 HEVC:1 ", formats_of(*camera));
    ASSERT_EQ(4u, camera->alternate_count) << camera.notes();
    EXPECT_EQ(1024u, camera->alternates[0].interval_bytes);
    EXPECT_EQ(3072u, camera->alternates[1].interval_bytes);
    EXPECT_EQ(49152u, camera->alternates[2].interval_bytes);
    EXPECT_EQ(98304u, camera->alternates[3].interval_bytes);
    EXPECT_EQ(1, camera->frames[2].continuous);
    EXPECT_EQ(VDC_MATRIX_BT709, camera->formats[0].matrix);
    EXPECT_EQ(VDC_MATRIX_BT601, camera->formats[1].matrix);
    EXPECT_EQ(VDC_RANGE_FULL, camera->formats[1].range);
    uvc_chain_walk(&chain, &*camera, &camera->streams[0]);
    EXPECT_EQ(7u, chain.count) << "the selector has two inputs";
}

TEST(Dumps, Bulk)
{
    Camera camera(load("made-bulk"), UVC_SPEED_HIGH);

    EXPECT_EQ("YUYV:2 UYVY:1 GREY:1 ", formats_of(*camera));
    EXPECT_EQ(VDC_FIELD_TOP_FIRST, camera->formats[1].field);
    EXPECT_EQ(UVC_TRANSFER_BULK, camera->alternates[0].transfer);
    EXPECT_NE(std::string::npos, camera.notes().find("its pixel format is not known"));
    EXPECT_NE(std::string::npos, camera.notes().find("skipped: MPEG-2 TS format"));
    EXPECT_EQ(3u, camera->note_count) << camera.notes();
}

// ---- Wrong ones ----

TEST(Wrong, TheCameraThatTheOthersAreMadeOfIsRight)
{
    Camera camera(whole(), UVC_SPEED_HIGH);

    EXPECT_TRUE(camera.usable);
    EXPECT_EQ("", camera.notes());
}

struct Fault {
    const char *what;
    Bytes bytes;
    const char *note;
    bool usable;
};

TEST(Wrong, EachIsNamed)
{
    const std::string short_frame = "36 5 1 x00 w64 w48 d1 d1 d6144 d333333 2 d333333\n";
    // clang-format off
    const Fault faults[] = {
        {"a length of 0",            whole("36 3 =0\n"),                            "refused: descriptor",          false},
        {"a length of 1",            whole("36 3 =1\n"),                            "a length below 2",             false},
        {"a length beyond the end",  whole("", "36 3 =255\n"),                      "beyond the configuration",     false},
        {"no id",                    whole("36 2\n"),                               "it has no id",                 true },
        {"id 0",                     whole("36 3 0 w0x0101 0 1 0\n"),               "id 0",                         true },
        {"an id twice",              whole("36 3 3 w0x0101 0 1 0\n"),               "another unit has that id",     true },
        {"controls beyond",          whole("36 5 9 1 w0 20 0 0\n"),                 "controls reach beyond",        true },
        {"pins beyond",              whole("36 4 9 200 1 1 0\n"),                   "sources reach beyond",         true },
        {"no pins",                  whole("36 4 9 0 1 0\n"),                       "no sources",                   true },
        {"an extension cut",         whole("36 6 9 g00112233445566778899aabbccddeeff 9 9 5 2 1\n"), "beyond",       true },
        {"an encoding unit cut",     whole("36 7 9 1 0 3 1 2 3 4 5\n"),             "controls reach beyond",        true },
        {"an unknown unit",          whole("36 99 9 1 0 3\n"),                      "of an unknown kind",           true },
        {"intervals beyond",         whole("", "", short_frame),                    "intervals reach beyond",       false},
        {"no width",                 whole("", "", "36 5 1 x00 w0 w48 d1 d1 d0 d3 1 d3\n"), "it has no size",       false},
        {"no intervals",             whole("", "", "36 5 1 x00 w6 w48 d1 d1 d0 d0 1 d0\n"), "no frame interval",    false},
        {"frame index 0",            whole("", "", "36 5 0 x00 w6 w48 d1 d1 d0 d3 1 d3\n"), "index 0",              false},
        {"a frame twice",            whole("", frame),                              "another frame of the format",  true },
        {"a format twice",           whole("", yuyv),                               "another format",               true },
        {"a format cut",             whole("", "36 4 2 1 0 0\n"),                   "shorter than 27 bytes",        true },
        {"a frame of another kind",  whole("", "36 7 1 x00 w6 w48 d1 d1 d0 d3 1 d3\n"), "follows no format",        true },
        {"a stream header twice",    whole("", "36 1 1 w0 x82 0 3 0 0 0 1 0\n"),    "has one already",              true },
        {"colour cut",               whole("", "36 13 1 1\n"),                      "shorter than 6 bytes",         true },
        {"no subtype",               whole("", "36\n"),                             "no subtype",                   true },
        {"four packets",             whole("", "4 1 2 1 14 2 0 0\n5 x81 5 w0x1c00 1\n"), "four packets",            true },
        {"a packet of 2000",         whole("", "4 1 2 1 14 2 0 0\n5 x81 5 w2000 1\n"), "the bus does not have",     true },
        {"an interval of 0",         whole("", "4 1 2 1 14 2 0 0\n5 x81 5 w512 0\n"), "an interval outside",        true },
        {"an interrupt endpoint",    whole("", "4 1 2 1 14 2 0 0\n5 x81 3 w512 1\n"), "neither isochronous",        true },
        {"another endpoint",         whole("", "4 1 2 1 14 2 0 0\n5 x82 5 w512 1\n"), "not the one of the video",   true },
    };
    // clang-format on

    for (const Fault &fault : faults) {
        Camera camera(fault.bytes, UVC_SPEED_HIGH);

        EXPECT_EQ(fault.usable, camera.usable) << fault.what << "\n" << camera.notes();
        EXPECT_NE(std::string::npos, camera.notes().find(fault.note)) << fault.what << " gives\n"
                                                                      << camera.notes();
        EXPECT_STREQ(nullptr, uvc_invariant(&*camera)) << fault.what;
    }
}

TEST(Wrong, SenselessIntervalsAreMended)
{
    Camera zero(whole("", "", "36 5 1 x00 w64 w48 d1 d1 d6144 d1 3 d0 d400000 d0\n"),
                UVC_SPEED_HIGH);
    Camera swapped(whole("", "", "36 5 1 x00 w64 w48 d1 d1 d6144 d333333 0 d9 d3 d1\n"),
                   UVC_SPEED_HIGH);

    EXPECT_EQ(1, zero->frames[0].interval_count);
    EXPECT_EQ(400000u, zero->frames[0].default_interval);
    EXPECT_EQ(1, swapped->frames[0].interval_count);
    EXPECT_EQ(333333u, swapped->intervals[0]);
    EXPECT_NE(std::string::npos, swapped.notes().find("mended"));
}

TEST(Wrong, CyclesAndLooseEndsEnd)
{
    Camera camera(whole("36 5 9 11 w0 1 0 0\n36 5 11 9 w0 1 0 0\n36 4 12 3 9 77 12 0\n"),
                  UVC_SPEED_HIGH);
    uvc_stream from = camera->streams[0];
    uvc_chain chain;

    from.terminal = 12;
    uvc_chain_walk(&chain, &*camera, &from);
    EXPECT_EQ(3u, chain.count);
    EXPECT_EQ(2u, chain.cycles) << "9 and 11 feed each other, and 12 itself";
    EXPECT_EQ(1u, chain.dangling);
    from.terminal = 200;
    uvc_chain_walk(&chain, &*camera, &from);
    EXPECT_EQ(0u, chain.count);
}

TEST(Wrong, MoreThanThereIsRoomForIsCounted)
{
    std::string many, lines;
    Bytes bytes;

    for (int i = 4; i < 100; i++) {
        many += "36 3 " + std::to_string(i) + " w0x0101 0 1 0\n";
    }
    Camera camera(whole(many), UVC_SPEED_HIGH);
    EXPECT_EQ(64u, camera->unit_count);
    EXPECT_EQ(34u, camera->lost_items);
    EXPECT_EQ(34u, camera->note_count) << "more than are kept";

    bytes = text(std::string(config) + control + units + stream);
    for (int f = 1; f <= 2; f++) {
        Bytes part = text("36 4 " + std::to_string(f) +
                          " 200 g5955593200001000800000aa00389b71 16 1 0 0 x00 0\n");

        bytes.insert(bytes.end(), part.begin(), part.end());
        for (int i = 1; i <= 200; i++) {
            part = text("36 5 " + std::to_string(i) + " x00 w64 w48 d1 d1 d6144 d3 1 d3\n");
            bytes.insert(bytes.end(), part.begin(), part.end());
        }
    }
    Camera frames(bytes, UVC_SPEED_HIGH);
    EXPECT_EQ(256u, frames->frame_count);
    EXPECT_EQ(144u, frames->lost_items);
    EXPECT_STREQ(nullptr, uvc_invariant(&*frames));
}

TEST(Wrong, OneFunctionOfSeveralIsRead)
{
    std::string second = "4 2 0 1 14 1 0 0\n36 1 w0x0110 w0 d1000 1 3\n4 3 0 0 14 2 0 0\n"
                         "36 1 1 w0 x84 0 3 0 0 0 1 0\n36 6 1 1 0 1 0 0 0 0\n"
                         "36 7 1 x00 w16 w16 d1 d1 d1 d3 1 d3\n4 3 1 1 14 2 0 0\n5 x84 5 w200 1\n";
    Bytes bytes =
        text(std::string(config) + control + units + stream + yuyv + frame + alternate + second);
    Camera one(bytes.data(), bytes.size(), UVC_SPEED_HIGH, 0);
    Camera two(bytes.data(), bytes.size(), UVC_SPEED_HIGH, 2);
    Camera none(bytes.data(), bytes.size(), UVC_SPEED_HIGH, 7);

    EXPECT_EQ("YUYV:1 ", formats_of(*one));
    EXPECT_EQ("MJPG:1 ", formats_of(*two));
    EXPECT_EQ(0x84, two->streams[0].endpoint);
    EXPECT_FALSE(none.usable);
}

// ---- Everything wrong once ----

TEST(Exhaustive, EveryTruncation)
{
    size_t runs = 0;

    for (const Dump &dump : dumps) {
        Bytes bytes = load(dump.name);

        for (size_t count = 0; count <= bytes.size(); count++) {
            Camera camera(bytes.data(), count, dump.speed);

            ASSERT_STREQ(nullptr, uvc_invariant(&*camera)) << dump.name << " cut at " << count;
            runs++;
        }
    }
    EXPECT_GT(runs, 8000u);
}

TEST(Exhaustive, EveryByteChanged)
{
    size_t runs = 0, noticed = 0;

    for (const Dump &dump : dumps) {
        Bytes bytes = load(dump.name);
        Camera right(bytes, dump.speed);

        for (size_t at = 0; at < bytes.size(); at++) {
            for (uint8_t change : {0x01, 0x80, 0xff}) {
                bytes[at] ^= change;
                Camera camera(bytes, dump.speed);

                ASSERT_STREQ(nullptr, uvc_invariant(&*camera)) << dump.name << ", byte " << at;
                noticed += camera.notes() != right.notes();
                bytes[at] ^= change;
                runs++;
            }
        }
    }
    EXPECT_GT(runs, 24000u);
    EXPECT_GT(noticed, runs / 10) << "a parser that looks at nothing notices nothing";
}

// ---- Controls: the checks themselves can fail ----

TEST(Control, TheInvariantFindsWhatIsWrong)
{
    std::vector<Camera> others;

    for (int i = 0; i < 4; i++) {
        others.emplace_back(load("logitech-c920"), UVC_SPEED_HIGH);
    }
    others[0].change().frames[3].interval_first = UVC_INTERVALS_MAX;
    others[1].change().formats[0].default_frame = 250;
    others[2].change().alternates[0].packet_bytes = 0;
    others[3].change().units[1].id = others[3]->units[0].id;
    for (Camera &other : others) {
        EXPECT_STRNE(nullptr, uvc_invariant(&*other));
    }
}

TEST(Control, ReaderOfDumpsRefusesNonsense)
{
    uint8_t bytes[64];
    unsigned line = 0;

    EXPECT_EQ(-1, uvc_dump_parse(bytes, sizeof(bytes), "1 2\n3 hello\n", &line));
    EXPECT_EQ(2u, line);
    EXPECT_EQ(-1, uvc_dump_parse(bytes, sizeof(bytes), "256\n", &line));
    EXPECT_EQ(-1, uvc_dump_parse(bytes, sizeof(bytes), "g0011\n", &line));
    EXPECT_EQ(-1, uvc_dump_parse(bytes, 3, "1 2 3\n", &line));
    EXPECT_EQ(4, uvc_dump_parse(bytes, 4, "1 w0x0302 # four\n", &line));
}

} // namespace
