/* SPDX-License-Identifier: MIT */
/*
 * Formats and negotiation. An answer must be one that a stream then takes, and asking for the answer
 * must give the answer.
 */
#include <cstring>

#include "suite.h"

namespace {

bool Same(const vdc_format &a, const vdc_format &b)
{
    return std::memcmp(&a, &b, sizeof a) == 0;
}

} // namespace

class Formats : public Case {
  protected:
    vdc_negotiation Ask(const vdc_format *wish)
    {
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;
        EXPECT_VDC_OK(vdc_device_negotiate(&answer, device, wish));
        return answer;
    }
    /* The answer is complete, and stays as it is when it is asked for. */
    void IsFixed(const vdc_negotiation &answer)
    {
        const vdc_format &format = answer.format;
        EXPECT_NE(format.fourcc, 0u);
        EXPECT_GT(format.width_px, 0u);
        EXPECT_GT(format.height_px, 0u);
        EXPECT_GT(format.interval_s.num, 0u);
        EXPECT_GT(format.interval_s.den, 0u);
        EXPECT_EQ(answer.changed != 0, answer.reason[0] != 0) << answer.reason;
        EXPECT_NE(std::memchr(answer.reason, 0, sizeof answer.reason), nullptr);
        vdc_negotiation again = Ask(&format);
        EXPECT_TRUE(Same(format, again.format)) << again.reason;
        EXPECT_EQ(again.changed, 0u) << again.reason;
        EXPECT_STREQ(again.reason, "");
    }
};

TEST_F(Formats, ListIsSound)
{
    MUST(Open());
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_formats(&list, device));
    ASSERT_GT(vdc_list_count(list), 0u);
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_format_info *format = vdc_list_format_at(list, i);
        ASSERT_NE(format, nullptr);
        EXPECT_NE(format->fourcc, 0u);
        EXPECT_GT(format->width_min_px, 0u);
        EXPECT_LE(format->width_min_px, format->width_max_px);
        EXPECT_LE(format->height_min_px, format->height_max_px);
        if (format->width_min_px != format->width_max_px)
            EXPECT_GT(format->width_step_px, 0u);
        ASSERT_GT(format->interval_count, 0u);
        if (format->interval_range)
            EXPECT_EQ(format->interval_count, 2u);
        for (size_t k = 0; k < format->interval_count; ++k) {
            EXPECT_GT(format->intervals_s[k].num, 0u);
            EXPECT_GT(format->intervals_s[k].den, 0u);
        }
    }
    EXPECT_EQ(vdc_list_format_at(list, vdc_list_count(list)), nullptr);
    vdc_list_destroy(list);
}

TEST_F(Formats, AnyGivesTheFavourite)
{
    MUST(Open());
    vdc_format any = {};
    vdc_negotiation by_null = Ask(nullptr);
    vdc_negotiation by_zero = Ask(&any);
    EXPECT_TRUE(Same(by_null.format, by_zero.format));
    EXPECT_EQ(by_null.changed, 0u) << "what was any is not changed";
    MUST(IsFixed(by_null));

    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    MUST(OpenStream(config));
    EXPECT_TRUE(Same(info.format, by_null.format)) << "an all-zero config takes the favourite";
}

TEST_F(Formats, EveryListedFormatIsGranted)
{
    MUST(Open());
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_formats(&list, device));
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_format_info *format = vdc_list_format_at(list, i);
        for (int corner = 0; corner < 2; ++corner) {
            vdc_format wish = {};
            wish.fourcc = format->fourcc;
            wish.width_px = corner ? format->width_max_px : format->width_min_px;
            wish.height_px = corner ? format->height_max_px : format->height_min_px;
            wish.interval_s = format->intervals_s[format->interval_count - 1];
            vdc_negotiation answer = Ask(&wish);
            EXPECT_EQ(answer.changed, 0u) << "entry " << i << ": " << answer.reason;
            EXPECT_EQ(answer.format.width_px, wish.width_px);
            EXPECT_EQ(answer.format.height_px, wish.height_px);
            MUST(IsFixed(answer));
        }
    }
    vdc_list_destroy(list);
}

TEST_F(Formats, AbsurdWishesGetAnswers)
{
    MUST(Open());
    const uint32_t sizes[] = {1,    2,    3,    17,    63,         65,        639,
                              1081, 4095, 8191, 65535, 0x7fffffff, 0xffffffff};
    const vdc_fraction intervals[] = {
        {0,          0         },
        {1,          1         },
        {1,          0xffffffff},
        {0xffffffff, 1         },
        {1001,       60000     }
    };
    const uint32_t codes[] = {0, VDC_FOURCC_YUYV, VDC_FOURCC_RGB24, VDC_FOURCC('N', 'O', 'P', 'E')};
    for (uint32_t width : sizes)
        for (uint32_t height : {sizes[0], sizes[4], sizes[11], width})
            for (const vdc_fraction &interval : intervals)
                for (uint32_t code : codes) {
                    vdc_format wish = {};
                    wish.fourcc = code;
                    wish.width_px = width;
                    wish.height_px = height;
                    wish.interval_s = interval;
                    vdc_negotiation answer = Ask(&wish);
                    if (code == codes[3])
                        EXPECT_NE(answer.changed & VDC_CHANGED_FOURCC, 0u);
                    bool other =
                        answer.format.width_px != width || answer.format.height_px != height;
                    EXPECT_EQ((answer.changed & VDC_CHANGED_SIZE) != 0, other);
                    MUST(IsFixed(answer));
                    if (HasFailure())
                        FAIL() << "the wish was " << width << " x " << height << " interval "
                               << interval.num << "/" << interval.den;
                }
}

TEST_F(Formats, OddSizesAndStrides)
{
    MUST(Open());
    vdc_negotiation best = Ask(nullptr);
    vdc_format wish = best.format;
    wish.width_px -= 1;
    wish.height_px -= 1;
    wish.stride_bytes = 0;
    vdc_negotiation answer = Ask(&wish);
    MUST(IsFixed(answer));
    if (best.format.stride_bytes) {
        wish = best.format;
        wish.stride_bytes += 1;
        answer = Ask(&wish);
        EXPECT_GE(answer.format.stride_bytes, best.format.stride_bytes);
        EXPECT_EQ((answer.changed & VDC_CHANGED_STRIDE) != 0,
                  answer.format.stride_bytes != wish.stride_bytes);
        wish.stride_bytes = 1;
        answer = Ask(&wish);
        EXPECT_NE(answer.changed & VDC_CHANGED_STRIDE, 0u) << "a stride below a line";
        MUST(IsFixed(answer));
    }
}

TEST_F(Formats, StreamsTakeOnlyWhatIsNegotiated)
{
    MUST(Open());
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format = Ask(nullptr).format;
    config.format.fourcc = VDC_FOURCC('N', 'O', 'P', 'E');
    EXPECT_STATUS(VDC_E_RANGE, vdc_stream_open(&stream, device, &config));
    config.format = Ask(nullptr).format;
    config.format.width_px = 0x7ffffffe;
    EXPECT_STATUS(VDC_E_RANGE, vdc_stream_open(&stream, device, &config));
    EXPECT_EQ(stream, nullptr);
    config.format = Ask(nullptr).format;
    config.flags = 1u << 31;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_open(&stream, device, &config));
    config.flags = 0;
    config.buffer_count = 65;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_open(&stream, device, &config));
    config.buffer_count = 0;
    config.memory = 77;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_open(&stream, device, &config));
    EXPECT_EQ(stream, nullptr);
}

TEST_F(Formats, LayoutFunctionAgrees)
{
    MUST(Open());
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_formats(&list, device));
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_format_info *format = vdc_list_format_at(list, i);
        if (format->compressed)
            continue;
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        vdc_format wish = {};
        wish.fourcc = format->fourcc;
        wish.width_px = format->width_min_px;
        wish.height_px = format->height_min_px;
        config.format = Ask(&wish).format;
        MUST(OpenStream(config));
        vdc_plane_layout planes[VDC_PLANES_MAX] = {};
        uint32_t count = 0;
        size_t total = 0;
        if (vdc_format_layout(planes, &count, &total, &info.format) == VDC_OK) {
            EXPECT_EQ(count, info.plane_count);
            EXPECT_EQ(total, info.frame_bytes);
            EXPECT_EQ(std::memcmp(planes, info.planes, count * sizeof planes[0]), 0);
        }
        vdc_stream_close(stream);
        stream = nullptr;
    }
    vdc_list_destroy(list);
}
