/* SPDX-License-Identifier: MIT */
/* Data ranges: every length, nonsense in every number, colour, fields, intervals. */
#include <gtest/gtest.h>

#include <cstring>

#include "fake_filter.h"

extern "C" {
#include "ks_range.h"
}

namespace {

const uint32_t kYuy2 = 0x32595559, kNv12 = 0x3231564e, kMjpg = 0x47504a4d;

/* In memory of its very length, so that a sanitizer sees one byte too many. */
int Parse(ks_mode *out, const Bytes &bytes)
{
    std::vector<uint8_t> exact(bytes);
    exact.shrink_to_fit();
    return ks_range_parse(out, exact.data(), exact.size());
}

TEST(KsRange, EveryLength)
{
    for (bool second : {false, true}) {
        Range range(kYuy2, 640, 480);
        range.second = second;
        Bytes whole = range.bytes();
        ks_mode mode;
        ASSERT_EQ(1, Parse(&mode, whole));
        for (size_t count = 0; count < whole.size(); count++) {
            Bytes part(whole.begin(), whole.begin() + static_cast<long>(count));
            EXPECT_EQ(0, Parse(&mode, part)) << count;
            /* The same with a range that says how short it is. */
            if (count >= 4) {
                uint32_t said = static_cast<uint32_t>(count);
                std::memcpy(part.data(), &said, 4);
                EXPECT_EQ(0, Parse(&mode, part)) << count;
            }
        }
        uint32_t more = static_cast<uint32_t>(whole.size()) + 1;
        std::memcpy(whole.data(), &more, 4);
        EXPECT_EQ(0, Parse(&mode, whole));
    }
}

TEST(KsRange, WhatItSays)
{
    Range range(kMjpg, 1280, 720, 166666);
    range.head.caps.interval_max_100ns = 2000000;
    range.head.range.sample_bytes = 1843200;
    ks_mode mode;
    ASSERT_EQ(1, Parse(&mode, range.bytes()));
    EXPECT_EQ(VDC_FOURCC_MJPEG, mode.fourcc);
    EXPECT_EQ(1u, mode.compressed);
    EXPECT_EQ(1280u, mode.width);
    EXPECT_EQ(720u, mode.height);
    EXPECT_EQ(1843200u, mode.sample_bytes);
    EXPECT_EQ(166666, mode.interval_min_100ns);
    EXPECT_EQ(2000000, mode.interval_max_100ns);
    EXPECT_EQ(166666, mode.interval_100ns);
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_ANY), mode.field);
}

TEST(KsRange, SensesOfNonsense)
{
    const int32_t bad[] = {0, -1, INT32_MIN, INT32_MAX, 32769};
    ks_mode mode;
    for (int32_t value : bad) {
        Range width(kYuy2, 640, 480), height(kYuy2, 640, 480);
        width.header.bitmap.width = value;
        EXPECT_EQ(0, Parse(&mode, width.bytes())) << value;
        height.header.bitmap.height = value;
        EXPECT_EQ(value == -1 ? 1 : 0, Parse(&mode, height.bytes())) << value;

        /* A senseless axis leaves the favourite. */
        for (int member = 0; member < 3; member++) {
            Range axis(kYuy2, 640, 480);
            axis.head.caps.output_min[0] = 16;
            axis.head.caps.output_max[0] = 1920;
            axis.head.caps.output_step[0] = 16;
            int32_t *members[] = {axis.head.caps.output_min, axis.head.caps.output_max,
                                  axis.head.caps.output_step};
            members[member][0] = value;
            ASSERT_EQ(1, Parse(&mode, axis.bytes()));
            EXPECT_EQ(640u, mode.width_min);
            EXPECT_EQ(640u, mode.width_max);
        }
    }
    for (int64_t value : {INT64_C(0), INT64_C(-1), INT64_MIN, INT64_MAX}) {
        Range interval(kYuy2, 640, 480);
        interval.head.caps.interval_min_100ns = value;
        ASSERT_EQ(1, Parse(&mode, interval.bytes()));
        EXPECT_EQ(333333, mode.interval_min_100ns) << value;
        interval.header.head.interval_100ns = value;
        ASSERT_EQ(1, Parse(&mode, interval.bytes()));
        EXPECT_EQ(0, mode.interval_100ns) << value;
    }
}

TEST(KsRange, PairsOfPixels)
{
    Range odd(kYuy2, 641, 480), tall(kNv12, 640, 481), steps(kNv12, 640, 480);
    ks_mode mode;
    EXPECT_EQ(0, Parse(&mode, odd.bytes()));
    EXPECT_EQ(0, Parse(&mode, tall.bytes()));
    steps.head.caps.output_min[0] = 15;
    steps.head.caps.output_max[0] = 1921;
    steps.head.caps.output_step[0] = 3;
    ASSERT_EQ(1, Parse(&mode, steps.bytes()));
    EXPECT_EQ(640u, mode.width_min);
    EXPECT_EQ(1920u, mode.width_max);
    EXPECT_EQ(6u, mode.width_step);
}

TEST(KsRange, OtherThings)
{
    ks_mode mode;
    Range audio(kYuy2, 640, 480);
    audio.head.range.major.a ^= 1;
    EXPECT_EQ(0, Parse(&mode, audio.bytes()));
    Range unnamed(0x00000001, 640, 480); /* a code that is no text */
    EXPECT_EQ(0, Parse(&mode, unnamed.bytes()));
    Bytes specifier = Range(kYuy2, 640, 480).bytes();
    specifier[48] ^= 1;
    EXPECT_EQ(0, Parse(&mode, specifier));
}

TEST(KsRange, Codes)
{
    const struct {
        ks_guid sub;
        uint32_t fourcc, line;
    } cases[] = {
        {ks_subtype_rgb24,  VDC_FOURCC('B', 'G', 'R', '3'), 1920},
        {ks_subtype_rgb32,  VDC_FOURCC('X', 'R', '2', '4'), 2560},
        {ks_subtype_rgb565, VDC_FOURCC('R', 'G', 'B', 'P'), 1280},
    };
    for (const auto &one : cases) {
        EXPECT_EQ(one.fourcc, ks_fourcc_of(&one.sub));
        EXPECT_EQ(one.line, ks_line_bytes(one.fourcc, 640));
    }
    ks_guid code = ks_subtype_code;
    code.a = VDC_FOURCC('Y', '8', '0', '0');
    EXPECT_EQ(VDC_FOURCC_GREY, ks_fourcc_of(&code));
    code.a = VDC_FOURCC('Q', 'x', 'y', '1');
    EXPECT_EQ(code.a, ks_fourcc_of(&code));
    code.d[7] ^= 1;
    EXPECT_EQ(0u, ks_fourcc_of(&code));
    EXPECT_EQ(0u, ks_line_bytes(VDC_FOURCC_YUYV, UINT32_MAX));
}

/* The numbers are DXVA_ExtendedFormat's. */
TEST(KsRange, ColourAndField)
{
    Range range(kNv12, 1920, 1080);
    range.second = true;
    range.header.aspect_x = 16;
    range.header.aspect_y = 9;
    range.header.control = KS_COLOUR_PRESENT | 5u << 8 | 2u << 12 | 1u << 15 | 2u << 22 | 5u << 27;
    ks_mode mode;
    ASSERT_EQ(1, Parse(&mode, range.bytes()));
    EXPECT_EQ(1u, mode.second);
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_PROGRESSIVE), mode.field);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CHROMA_LEFT), mode.chroma_site);
    EXPECT_EQ(static_cast<uint32_t>(VDC_RANGE_LIMITED), mode.range);
    EXPECT_EQ(static_cast<uint32_t>(VDC_MATRIX_BT709), mode.matrix);
    EXPECT_EQ(static_cast<uint32_t>(VDC_PRIMARIES_BT709), mode.primaries);
    EXPECT_EQ(static_cast<uint32_t>(VDC_TRANSFER_BT709), mode.transfer);
    EXPECT_EQ(16u, mode.aspect_x);
    range.header.interlace = KS_INTERLACED | KS_FIELD_ONE_FIRST;
    range.header.control &= ~KS_COLOUR_PRESENT;
    ASSERT_EQ(1, Parse(&mode, range.bytes()));
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_TOP_FIRST), mode.field);
    EXPECT_EQ(0u, mode.matrix + mode.range + mode.primaries + mode.transfer);
    range.header.interlace = KS_INTERLACED;
    ASSERT_EQ(1, Parse(&mode, range.bytes()));
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_BOTTOM_FIRST), mode.field);
}

TEST(KsRange, Intervals)
{
    const struct {
        int64_t hundred_ns;
        uint32_t num, den;
    } cases[] = {
        {333333,  1,    30    },
        {333667,  1001, 30000 },
        {166833,  1001, 60000 },
        {166666,  1,    60    },
        {400000,  1,    25    },
        {416666,  1,    24    },
        {1000000, 1,    10    },
        {123450,  2469, 200000},
        {0,       0,    0     },
        {-5,      0,    0     },
    };
    for (const auto &one : cases) {
        vdc_fraction got = ks_interval_fraction(one.hundred_ns);
        EXPECT_EQ(one.num, got.num) << one.hundred_ns;
        EXPECT_EQ(one.den, got.den) << one.hundred_ns;
    }
    for (int64_t value = 1; value <= INT64_C(36000000000); value = value * 3 / 2 + 1) {
        int64_t back = ks_interval_100ns(ks_interval_fraction(value));
        EXPECT_LE(back, value + 1) << value;
        EXPECT_GE(back, value > 4290000000 ? value - 10000000 : value - 1) << value;
    }
}

TEST(KsRange, ListsEndWhereTheyMust)
{
    Bytes list = list_of({Range(kYuy2, 640, 480).bytes(), Bytes(13, 0), Bytes(16, 0)});
    size_t offset = sizeof(ks_items);
    uint32_t bytes = 0;
    ASSERT_NE(nullptr, ks_range_next(list.data(), list.size(), &offset, &bytes));
    EXPECT_EQ(sizeof(ks_video_range) + sizeof(ks_video), bytes);
    EXPECT_EQ(nullptr, ks_range_next(list.data(), list.size(), &offset, &bytes)); /* length 0 */
    for (uint32_t said : {1u, 7u, static_cast<uint32_t>(list.size()), UINT32_MAX}) {
        std::memcpy(list.data() + sizeof(ks_items), &said, sizeof(said));
        offset = sizeof(ks_items);
        EXPECT_EQ(nullptr, ks_range_next(list.data(), list.size(), &offset, &bytes)) << said;
    }
    for (size_t end = 0; end < 12; end++) {
        offset = sizeof(ks_items);
        EXPECT_EQ(nullptr, ks_range_next(list.data(), end, &offset, &bytes));
    }
}

} // namespace
