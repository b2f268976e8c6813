// SPDX-License-Identifier: MIT
// Negotiation: bytes of the three versions, choices, what cameras answer wrongly, alternate settings and their arithmetic.
#include "support.h"

extern "C" {
#include "uvc_probe.h"
}

namespace {

// ---- Bytes ----

TEST(Bytes, ThreeVersions)
{
    uvc_probe probe = {};
    uint8_t bytes[UVC_PROBE_BYTES_MAX];

    EXPECT_EQ(26u, uvc_probe_encode(bytes, &probe, 0x0100));
    EXPECT_EQ(34u, uvc_probe_encode(bytes, &probe, 0x0110));
    EXPECT_EQ(48u, uvc_probe_encode(bytes, &probe, 0x0150));
}

// Every byte of the structure is somewhere in the struct, and only once.
TEST(Bytes, RoundTripOfEachByte)
{
    for (size_t size : {26u, 34u, 48u}) {
        for (size_t at = 0; at < size; at++) {
            Bytes in(size), out(UVC_PROBE_BYTES_MAX);
            uvc_probe probe;

            in[at] = static_cast<uint8_t>(at + 1);
            in.shrink_to_fit();
            ASSERT_EQ(size, uvc_probe_decode(&probe, in.data(), in.size()));
            uvc_probe_encode(out.data(), &probe, 0x0150);
            out.resize(size);
            EXPECT_EQ(in, out) << at;
        }
    }
}

TEST(Bytes, ShortAnswers)
{
    Bytes bytes(60, 0xff);
    uvc_probe probe;

    for (size_t count = 0; count < 26; count++) {
        EXPECT_EQ(0u, uvc_probe_decode(&probe, bytes.data(), count));
        EXPECT_EQ(0, probe.format);
    }
    EXPECT_EQ(26u, uvc_probe_decode(&probe, bytes.data(), 33));
    EXPECT_EQ(0u, probe.clock_hz);
    EXPECT_EQ(34u, uvc_probe_decode(&probe, bytes.data(), 47));
    EXPECT_EQ(48u, uvc_probe_decode(&probe, bytes.data(), 60));
}

// ---- Intervals ----

TEST(Interval, FractionsTheyWereRoundedFrom)
{
    const struct {
        uint32_t interval, num, den;
    } known[] = {
        {333333,   1,    30   },
        {333334,   1,    30   },
        {333667,   1001, 30000},
        {166666,   1,    60   },
        {400000,   1,    25   },
        {416666,   1,    24   },
        {1000000,  1,    10   },
        {10000000, 1,    1    },
        {20000000, 2,    1    },
        {666667,   1,    15   },
        {15000000, 3,    2    },
        {83333,    1,    120  },
        {166833,   1001, 60000},
    };

    for (const auto &one : known) {
        vdc_fraction fraction = uvc_interval_fraction(one.interval);

        EXPECT_EQ(one.num, fraction.num) << one.interval;
        EXPECT_EQ(one.den, fraction.den) << one.interval;
    }
    EXPECT_EQ(0u, uvc_interval_fraction(0).den);
    EXPECT_EQ(333333u, uvc_interval_of({1, 30}));
    EXPECT_EQ(0u, uvc_interval_of({0, 30}));
    EXPECT_EQ(0u, uvc_interval_of({4000000000u, 1}));
    for (uint32_t interval = 1; interval < 4000000000u; interval += 999983) {
        EXPECT_NE(0u, uvc_interval_fraction(interval).den);
    }
}

// ---- Choices ----

struct Wish {
    const char *code;
    uint32_t width, height, num, den;
    uint32_t got_width, got_height, got_interval;
};

uvc_choice choose(const Camera &camera, const Wish &wish, bool *found)
{
    vdc_format format = VDC_FORMAT_INIT;
    uvc_choice choice = {};

    if (wish.code) {
        format.fourcc = VDC_FOURCC(wish.code[0], wish.code[1], wish.code[2], wish.code[3]);
    }
    format.width_px = wish.width;
    format.height_px = wish.height;
    format.interval_s = {wish.num, wish.den};
    *found = uvc_choose(&choice, &*camera, &camera->streams[0], &format) != 0;
    return choice;
}

TEST(Choice, NearestOfTheC920)
{
    Camera camera(load("logitech-c920"), UVC_SPEED_HIGH);
    const Wish wishes[] = {
        {nullptr, 0,    0,    0,   0,    640,  480,  333333 },
        {"MJPG",  1920, 1080, 1,   30,   1920, 1080, 333333 },
        {"MJPG",  1921, 1080, 1,   30,   1920, 1080, 333333 },
        {"MJPG",  1900, 1000, 1,   29,   1920, 1080, 416666 },
        {"YUYV",  5000, 5000, 1,   30,   2304, 1536, 4999998},
        {"YUYV",  641,  1,    1,   1000, 800,  448,  333333 },
        {"YUYV",  640,  480,  100, 1,    640,  480,  2000000},
        {"H264",  0,    720,  1,   30,   960,  720,  333333 },
    };

    for (const Wish &wish : wishes) {
        bool found;
        uvc_choice choice = choose(camera, wish, &found);

        ASSERT_TRUE(found);
        EXPECT_EQ(wish.got_width, choice.picture.width_px) << wish.width << "x" << wish.height;
        EXPECT_EQ(wish.got_height, choice.picture.height_px) << wish.width << "x" << wish.height;
        EXPECT_EQ(wish.got_interval, choice.interval) << wish.width << "x" << wish.height;
    }
    bool found;
    choose(camera, {"NV12", 0, 0, 0, 0, 0, 0, 0}, &found);
    EXPECT_FALSE(found);
}

TEST(Choice, RangesOfIntervals)
{
    Camera camera(load("made-superspeed"), UVC_SPEED_SUPER);
    const struct {
        vdc_fraction wish;
        uint32_t interval;
    } wishes[] = {
        {{0, 0},    333333 },
        {{1, 1000}, 166666 },
        {{1, 60},   166666 },
        {{1, 50},   333332 },
        {{1, 1},    2000000},
        {{9, 1},    2000000},
    };

    for (const auto &one : wishes) {
        bool found;
        uvc_choice choice =
            choose(camera, {"NV12", 640, 480, one.wish.num, one.wish.den, 0, 0, 0}, &found);

        EXPECT_EQ(one.interval, choice.interval) << one.wish.num << "/" << one.wish.den;
    }
}

TEST(Choice, SizesAreComputed)
{
    Camera camera(load("made-superspeed"), UVC_SPEED_SUPER);
    bool found;
    uvc_choice nv12 = choose(camera, {"NV12", 1920, 1080, 0, 0, 0, 0, 0}, &found);
    uvc_choice mjpeg = choose(camera, {"MJPG", 1920, 1080, 0, 0, 0, 0, 0}, &found);

    EXPECT_EQ(3110400u, nv12.exact_bytes);
    EXPECT_EQ(1920u, nv12.picture.stride_bytes);
    EXPECT_EQ(1u, nv12.picture.pixel_aspect.num);
    EXPECT_EQ(1u, nv12.picture.pixel_aspect.den);
    EXPECT_EQ(0u, mjpeg.exact_bytes);
    EXPECT_EQ(4147200u, mjpeg.most_bytes);
}

// ---- Answers ----

struct Negotiation : ::testing::Test {
    void start(const char *dump, uvc_speed speed, const Wish &wish)
    {
        bool found;

        camera = std::make_unique<Camera>(load(dump), speed);
        choice = choose(*camera, wish, &found);
        ASSERT_TRUE(found);
        uvc_probe_wish(&answer, &choice);
        answer.max_frame_bytes = choice.most_bytes;
        answer.max_payload_bytes = 1024;
        answer.clock_hz = 1000;
    }
    int check()
    {
        why[0] = '\0';
        return uvc_probe_check(&answer, &mended, &choice, &**camera, &(*camera)->streams[0], why,
                               sizeof(why));
    }
    std::unique_ptr<Camera> camera;
    uvc_choice choice = {};
    uvc_probe answer = {};
    uint32_t mended = 0;
    char why[256];
};

TEST_F(Negotiation, AGoodAnswerIsLeftAlone)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    uvc_probe before = answer;

    EXPECT_EQ(1, check()) << why;
    EXPECT_EQ(0u, mended);
    EXPECT_EQ(0, memcmp(&before, &answer, sizeof(answer)));
}

TEST_F(Negotiation, FrameSizes)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    for (uint32_t said : {0u, 1u, 614399u, 614401u, 0xffffffffu}) {
        answer.max_frame_bytes = said;
        EXPECT_EQ(1, check());
        EXPECT_EQ(614400u, answer.max_frame_bytes) << said;
        EXPECT_TRUE(mended & UVC_MENDED_FRAME_BYTES) << said;
    }
    start("logitech-c920", UVC_SPEED_HIGH, {"H264", 1920, 1080, 1, 30, 0, 0, 0});
    for (uint32_t said : {0u, 0x7fffffffu}) {
        answer.max_frame_bytes = said;
        EXPECT_EQ(1, check());
        EXPECT_EQ(1920u * 1080 * 4 + 65536, answer.max_frame_bytes) << said;
    }
    answer.max_frame_bytes = 100000;
    EXPECT_EQ(1, check());
    EXPECT_EQ(100000u, answer.max_frame_bytes);
}

TEST_F(Negotiation, PayloadSizes)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    answer.max_payload_bytes = 0xffff0c00;
    EXPECT_EQ(1, check());
    EXPECT_EQ(0x0c00u, answer.max_payload_bytes);
    EXPECT_EQ(unsigned{UVC_MENDED_PAYLOAD}, mended);
    answer.max_payload_bytes = 0;
    EXPECT_EQ(1, check());
    EXPECT_EQ(3060u, answer.max_payload_bytes) << "the largest setting's";

    start("made-bulk", UVC_SPEED_HIGH, {"YUYV", 640, 360, 1, 30, 0, 0, 0});
    answer.max_payload_bytes = 0x7fffffff;
    EXPECT_EQ(1, check());
    EXPECT_EQ(460800u + 255, answer.max_payload_bytes);
    EXPECT_EQ(unsigned{UVC_MENDED_BULK_PAYLOAD}, mended);
}

TEST_F(Negotiation, OtherChoices)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    answer.frame = 2;
    answer.interval = 0;
    EXPECT_EQ(1, check());
    EXPECT_EQ(160u, choice.picture.width_px) << "the choice follows the camera";
    EXPECT_TRUE(mended & UVC_MENDED_OTHER_CHOICE);
    EXPECT_EQ(333333u, answer.interval);
    answer.frame = 99;
    EXPECT_EQ(0, check());
    EXPECT_STREQ("the camera was asked for format 1, frame 2 and answers 1, 99, which its "
                 "descriptors do not have",
                 why);
    answer.frame = 2;
    answer.format = 0;
    EXPECT_EQ(0, check());
}

TEST_F(Negotiation, AlternateSettings)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    const uvc_stream *stream = &(*camera)->streams[0];
    const uvc_alternate *alternate;

    for (uint32_t i = 0; i < stream->alternate_count; i++) {
        const uvc_alternate *one = &(*camera)->alternates[stream->alternate_first + i];

        answer.max_payload_bytes = one->interval_bytes;
        alternate = uvc_choose_alternate(&**camera, stream, &answer, why, sizeof(why));
        ASSERT_NE(nullptr, alternate);
        EXPECT_EQ(one->interval_bytes, alternate->interval_bytes) << "no larger than needed";
    }
    answer.max_payload_bytes = 3061;
    EXPECT_EQ(nullptr, uvc_choose_alternate(&**camera, stream, &answer, why, sizeof(why)));
    EXPECT_STREQ("the camera wants 3061 bytes in each interval of the bus; the largest of its 11 "
                 "settings, number 11, carries 3060 (3 x 1020); ask for a smaller picture, a "
                 "longer frame interval or a compressed format",
                 why);
}

TEST_F(Negotiation, Rates)
{
    start("logitech-c920", UVC_SPEED_HIGH, {"YUYV", 640, 480, 1, 30, 0, 0, 0});
    uvc_alternate alternate = {1, UVC_TRANSFER_ISO, 1, 3, 1024, 3072};

    EXPECT_EQ(24576000u, uvc_alternate_rate(&alternate, UVC_SPEED_HIGH));
    answer.max_payload_bytes = 3072;
    EXPECT_EQ(1, uvc_rate_check(&choice, &answer, &alternate, UVC_SPEED_HIGH, why, sizeof(why)));
    alternate.interval_bytes = 1024;
    EXPECT_EQ(0, uvc_rate_check(&choice, &answer, &alternate, UVC_SPEED_HIGH, why, sizeof(why)));
    EXPECT_STREQ("640 x 480 every 33.3333 ms are 614400 bytes a frame and 608 headers of 12, "
                 "together 18650 kB/s; setting 1 carries 1024 bytes an interval, 8192 kB/s",
                 why);
    alternate.interval = 4;
    EXPECT_EQ(1024000u, uvc_alternate_rate(&alternate, UVC_SPEED_HIGH));
    answer.max_payload_bytes = 12;
    EXPECT_EQ(0, uvc_rate_check(&choice, &answer, &alternate, UVC_SPEED_HIGH, why, sizeof(why)));
}

} // namespace
