/* SPDX-License-Identifier: MIT */
/*
 * Every format at its smallest, its largest and the favourite size: layout of each frame, and each pixel
 * where the rig knows the picture. The raster behind a window is the largest size of its list entry.
 */
#include <algorithm>
#include <cstring>
#include <set>
#include <tuple>

#include "pattern.h"
#include "suite.h"

class Pictures : public Case {
  protected:
    /* All widths that the list allows for this format as a raster. */
    std::vector<uint32_t> Rasters(const vdc_format &format)
    {
        std::vector<uint32_t> widths;
        vdc_list *list = nullptr;
        EXPECT_VDC_OK(vdc_device_list_formats(&list, device));
        for (size_t i = 0; i < vdc_list_count(list); ++i) {
            const vdc_format_info *item = vdc_list_format_at(list, i);
            if (item->fourcc == format.fourcc && item->width_min_px <= format.width_px &&
                item->width_max_px >= format.width_px && item->width_max_px % 8 == 0)
                widths.push_back(item->width_max_px);
        }
        vdc_list_destroy(list);
        /* A driver may list the windows of all rasters as one range: then it is one of the timings, or of this very
         * size. */
        if (format.width_px % 8 == 0)
            widths.push_back(format.width_px);
        list = nullptr;
        if ((Info().caps & VDC_CAP_TIMINGS) && vdc_device_list_timings(&list, device) == VDC_OK)
            for (size_t i = 0; i < vdc_list_count(list); ++i) {
                uint32_t width = vdc_list_timing_at(list, i)->width_px;
                if (width >= format.width_px && width % 8 == 0)
                    widths.push_back(width);
            }
        vdc_list_destroy(list);
        return widths;
    }

    bool Matches(const vdc_frame *frame, const Picture &picture, uint32_t number, uint32_t step)
    {
        for (uint32_t plane = 0; plane < info.plane_count; ++plane) {
            const vdc_plane_layout &layout = info.planes[plane];
            std::vector<uint8_t> wanted;
            bool alike = false;
            for (uint32_t line = 0; line < layout.lines; line += step) {
                if (!alike)
                    wanted = PatternLine(picture, number, plane, line);
                alike = picture.top + line >= kAlikeFrom;
                const uint8_t *bytes =
                    frame->planes[plane] + static_cast<size_t>(line) * layout.stride_bytes;
                if (wanted.size() != layout.line_bytes ||
                    std::memcmp(bytes, wanted.data(), wanted.size()) != 0)
                    return false;
                for (uint32_t i = layout.line_bytes; i < layout.stride_bytes; ++i)
                    if (bytes[i] != 0)
                        return false;
            }
        }
        return true;
    }

    /* Captures `count` frames of a format and compares them. */
    void Capture(const vdc_stream_config &config, int count)
    {
        MUST(OpenStream(config));
        ASSERT_GT(info.frame_bytes, 0u);
        MUST(CheckLayout());
        std::vector<uint32_t> rasters = Rasters(config.format);
        MUST(Start());
        for (int i = 0; i < count; ++i) {
            const vdc_frame *frame = Take();
            ASSERT_NE(frame, nullptr);
            if (TheRig().Pattern())
                CheckPattern(frame, &rasters);
            MUST(Give(frame));
        }
        MUST(Stop());
        vdc_stream_close(stream);
        stream = nullptr;
    }

    void CheckLayout()
    {
        ASSERT_GE(info.plane_count, 1u);
        ASSERT_LE(info.plane_count, static_cast<uint32_t>(VDC_PLANES_MAX));
        for (uint32_t i = 0; i < info.plane_count && info.format.stride_bytes; ++i) {
            const vdc_plane_layout &plane = info.planes[i];
            EXPECT_GE(plane.stride_bytes, plane.line_bytes);
            EXPECT_LE(plane.offset_bytes + static_cast<size_t>(plane.stride_bytes) * plane.lines,
                      info.frame_bytes);
            if (i)
                EXPECT_GE(plane.offset_bytes,
                          info.planes[i - 1].offset_bytes +
                              static_cast<size_t>(info.planes[i - 1].stride_bytes) *
                                  info.planes[i - 1].lines);
        }
        EXPECT_EQ(info.crop.width_px, info.format.width_px);
        EXPECT_EQ(info.crop.height_px, info.format.height_px);
        if (info.format.stride_bytes)
            EXPECT_EQ(info.planes[0].lines, info.format.height_px);
    }

    void CheckPattern(const vdc_frame *frame, std::vector<uint32_t> *rasters)
    {
        uint32_t number = static_cast<uint32_t>(frame->sequence);
        bool large = info.frame_bytes > 256 * 1024;
        Picture picture;
        picture.fourcc = info.format.fourcc;
        picture.left = info.crop.left_px;
        picture.top = info.crop.top_px;
        picture.width = info.format.width_px;
        auto wrong = [&](uint32_t raster) {
            picture.raster_width = raster;
            return !Matches(frame, picture, number, large ? 7 : 1);
        };
        rasters->erase(std::remove_if(rasters->begin(), rasters->end(), wrong), rasters->end());
        ASSERT_FALSE(rasters->empty()) << "frame " << number << " of " << info.format.width_px
                                       << " x " << info.format.height_px << " is not the pattern";
        if (picture.left == 0 && picture.top == 0 && picture.width >= 64 &&
            info.format.height_px >= 16) {
            uint32_t seen = 0;
            EXPECT_TRUE(PatternNumber(picture.fourcc, frame->planes[0], info.planes[0].stride_bytes,
                                      &seen));
            EXPECT_EQ(seen, number);
        }
    }

    vdc_stream_config Wish(uint32_t fourcc, uint32_t width, uint32_t height)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        vdc_format wish = {};
        wish.fourcc = fourcc;
        wish.width_px = width;
        wish.height_px = height;
        wish.interval_s = {1, 240};
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;
        EXPECT_VDC_OK(vdc_device_negotiate(&answer, device, &wish));
        config.format = answer.format;
        return config;
    }
};

TEST_F(Pictures, EveryFormatAtThreeSizes)
{
    MUST(Open());
    vdc_negotiation favourite = VDC_NEGOTIATION_INIT;
    ASSERT_VDC_OK(vdc_device_negotiate(&favourite, device, nullptr));
    std::set<std::tuple<uint32_t, uint32_t, uint32_t>> done;
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_formats(&list, device));
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_format_info *item = vdc_list_format_at(list, i);
        const uint32_t sizes[3][2] = {
            {item->width_min_px,        item->height_min_px       },
            {item->width_max_px,        item->height_max_px       },
            {favourite.format.width_px, favourite.format.height_px}
        };
        for (const auto &size : sizes) {
            if (!done.insert({item->fourcc, size[0], size[1]}).second)
                continue; /* several entries have it */
            char code[5];
            vdc_fourcc_text(code, item->fourcc);
            SCOPED_TRACE(std::string(code) + " " + std::to_string(size[0]) + " x " +
                         std::to_string(size[1]));
            MUST(Capture(Wish(item->fourcc, size[0], size[1]),
                         Times(TheRig().OnDemand() ? 3 : 2, 20)));
            if (HasFailure())
                break;
        }
    }
    vdc_list_destroy(list);
}

TEST_F(Pictures, NumbersFollowOneAnother)
{
    if (!TheRig().Pattern())
        NOT_APPLICABLE("the rig does not know the picture");
    MUST(Open());
    vdc_stream_config config = SmallConfig();
    const vdc_fraction &interval = config.format.interval_s;
    MUST(
        Capture(config, Frames(300, 3000,
                               interval.den ? interval.num * INT64_C(1000000) / interval.den : 0)));
}

TEST_F(Pictures, StrideWithPadding)
{
    MUST(Open());
    vdc_stream_config config = SmallConfig();
    if (!config.format.stride_bytes)
        NOT_APPLICABLE("the device has compressed formats only");
    vdc_format wish = config.format;
    wish.stride_bytes += 64;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    ASSERT_VDC_OK(vdc_device_negotiate(&answer, device, &wish));
    if (answer.changed & VDC_CHANGED_STRIDE)
        NOT_APPLICABLE("the device does not pad lines");
    config.format = answer.format;
    MUST(Capture(config, 5));
    EXPECT_EQ(info.format.stride_bytes, wish.stride_bytes);
}

TEST_F(Pictures, Crop)
{
    MUST(Open());
    /* A format with a range of sizes: only such a one has windows. */
    uint32_t fourcc = 0, width = 640, height = 480, window_width = 320, window_height = 240;
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_formats(&list, device));
    for (size_t i = 0; i < vdc_list_count(list) && !fourcc; ++i) {
        const vdc_format_info *item = vdc_list_format_at(list, i);
        if (item->width_min_px == item->width_max_px || item->height_min_px == item->height_max_px)
            continue;
        fourcc = item->fourcc;
        width = item->width_max_px;
        height = item->height_max_px;
        window_width = item->width_min_px + 8 * item->width_step_px;
        window_height = item->height_min_px + 4 * item->height_step_px;
    }
    vdc_list_destroy(list);
    vdc_stream_config config = Wish(fourcc, width, height);
    config.crop = {16, 24, window_width, window_height};
    if (!(Info().caps & VDC_CAP_CROP)) {
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_open(&stream, device, &config));
        NOT_APPLICABLE("the device cannot crop, and says so");
    }
    MUST(Capture(config, 5));
    EXPECT_EQ(info.crop.left_px, 16u);
    EXPECT_EQ(info.crop.top_px, 24u);
    EXPECT_EQ(info.format.width_px, config.crop.width_px);

    config.crop.left_px = config.format.width_px;
    EXPECT_STATUS(VDC_E_RANGE, vdc_stream_open(&stream, device, &config));
}
