// SPDX-License-Identifier: MIT
// Plane layouts: the known ones by hand, every limit, and no overflow anywhere.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "vidicon/vidicon.h"

namespace {

vdc_format make(uint32_t fourcc, uint32_t width, uint32_t height, uint32_t stride = 0)
{
    vdc_format format = {};
    format.fourcc = fourcc;
    format.width_px = width;
    format.height_px = height;
    format.stride_bytes = stride;
    return format;
}

struct Layout {
    vdc_plane_layout planes[VDC_PLANES_MAX];
    uint32_t count = 99;
    size_t total = 99;
    int status;
    explicit Layout(const vdc_format &format)
        : status(vdc_format_layout(planes, &count, &total, &format))
    {
    }
};

TEST(Format, Packed)
{
    for (uint32_t fourcc : {VDC_FOURCC_YUYV, VDC_FOURCC_UYVY}) {
        Layout layout(make(fourcc, 640, 480));
        ASSERT_EQ(VDC_OK, layout.status);
        EXPECT_EQ(1u, layout.count);
        EXPECT_EQ(640u * 480 * 2, layout.total);
        EXPECT_EQ(1280u, layout.planes[0].stride_bytes);
        EXPECT_EQ(480u, layout.planes[0].lines);
    }
    EXPECT_EQ(641u * 481 * 3, Layout(make(VDC_FOURCC_RGB24, 641, 481)).total);
    EXPECT_EQ(641u * 481, Layout(make(VDC_FOURCC_GREY, 641, 481)).total);
}

TEST(Format, TwoPlanes)
{
    Layout layout(make(VDC_FOURCC_NV12, 64, 48, 80));
    ASSERT_EQ(VDC_OK, layout.status);
    EXPECT_EQ(2u, layout.count);
    EXPECT_EQ(80u * 48, layout.planes[1].offset_bytes);
    EXPECT_EQ(80u, layout.planes[1].stride_bytes);
    EXPECT_EQ(64u, layout.planes[1].line_bytes);
    EXPECT_EQ(24u, layout.planes[1].lines);
    EXPECT_EQ(80u * 72, layout.total);
}

TEST(Format, Refused)
{
    const vdc_format bad[] = {
        make(0, 64, 48),
        make(VDC_FOURCC_MJPEG, 64, 48),
        make(VDC_FOURCC_YUYV, 63, 48),
        make(VDC_FOURCC_NV12, 63, 48),
        make(VDC_FOURCC_NV12, 64, 47),
        make(VDC_FOURCC_GREY, 0, 48),
        make(VDC_FOURCC_GREY, 64, 0),
        make(VDC_FOURCC_GREY, 64, 48, 63),
        make(VDC_FOURCC_RGB24, 64, 48, 191),
        make(VDC_FOURCC_RGB24, 0xffffffff, 0xffffffff),
        make(VDC_FOURCC_RGB24, 0xffffffff, 1),
        make(VDC_FOURCC_YUYV, 0xfffffffe, 2),
        make(VDC_FOURCC_GREY, 1, 0xffffffff, 0xffffffff),
        make(VDC_FOURCC_GREY, 32768, 65537),
        make(VDC_FOURCC_NV12, 32768, 65536),
    };
    for (const vdc_format &format : bad) {
        Layout layout(format);
        EXPECT_EQ(VDC_E_INVALID, layout.status) << format.width_px << "x" << format.height_px;
        EXPECT_EQ(99u, layout.count) << "written in spite of the failure";
        EXPECT_EQ(99u, layout.total);
        EXPECT_NE(nullptr, strstr(vdc_error_text(), "vdc_format_layout"));
    }
    EXPECT_EQ(VDC_OK, Layout(make(VDC_FOURCC_GREY, 32768, 65536)).status) << "2 GiB exactly";
}

TEST(Format, NeverBeyondItsTotal)
{
    std::mt19937_64 random(7);
    int accepted = 0;

    for (int turn = 0; turn < 200000; turn++) {
        const uint32_t codes[] = {VDC_FOURCC_YUYV, VDC_FOURCC_NV12, VDC_FOURCC_RGB24,
                                  VDC_FOURCC_GREY};
        auto number = [&] { return static_cast<uint32_t>(random() >> (32 + random() % 32)); };
        Layout layout(make(codes[random() % 4], number(), number(), random() % 2 ? number() : 0));
        if (layout.status != VDC_OK) {
            continue;
        }
        accepted++;
        ASSERT_LE(layout.total, size_t{1} << 31);
        for (uint32_t at = 0; at < layout.count; at++) {
            const vdc_plane_layout &plane = layout.planes[at];
            ASSERT_LE(plane.line_bytes, plane.stride_bytes);
            ASSERT_LE(uint64_t{plane.stride_bytes} * plane.lines + plane.offset_bytes,
                      layout.total);
        }
    }
    EXPECT_GT(accepted, 10000);
}

TEST(Format, CodesAsText)
{
    char text[5];
    vdc_fourcc_text(text, VDC_FOURCC_YUYV);
    EXPECT_STREQ("YUYV", text);
    vdc_fourcc_text(text, 0x01ff4100);
    EXPECT_STREQ(".A..", text);
    vdc_fourcc_text(nullptr, 0);
}

} // namespace
