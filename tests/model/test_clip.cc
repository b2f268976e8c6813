// SPDX-License-Identifier: MIT
//
// Clips: every layout into every format, and Y4M files of the kind that nobody should write.
#include <random>

#include "test_card.h"

namespace {

const uint32_t FORMATS[] = {fourcc("YUYV"), fourcc("UYVY"), fourcc("NV12"), fourcc("RGB3"),
                            fourcc("GREY")};

Bytes text(const std::string &s)
{
    return Bytes(s.begin(), s.end());
}

class Clip : public TestCard {
  protected:
    const char *what = nullptr;
    vdm_clip clip{};

    Bytes noise(size_t count)
    {
        std::mt19937 random(7);
        Bytes out(count);
        for (uint8_t &byte : out) {
            byte = static_cast<uint8_t>(random());
        }
        return out;
    }
    int y4m(const Bytes &file)
    {
        // A copy of the exact size, so that a sanitizer sees every step outside.
        owned.emplace_back(new uint8_t[file.size()]);
        std::copy(file.begin(), file.end(), owned.back().get());
        what = nullptr;
        return vdm_clip_parse_y4m(&clip, owned.back().get(), file.size(), &what);
    }
    void compare(uint32_t frames)
    {
        rings();
        make_buffers(frames);
        enable();
        pass(frames * period_ns());
        for (uint32_t n = 0; n < frames; n++) {
            ASSERT_TRUE(completion(n).is_valid(0));
            ASSERT_EQ(buffer(n), expected(n)) << n;
        }
        disable();
    }
};

TEST_F(Clip, EveryLayoutIntoEveryFormat)
{
    boot();
    struct {
        uint32_t width, height;
    } sizes[] = {
        {64,  64},
        {33,  21},
        {100, 80}
    };
    Bytes bytes = noise(100000);
    for (int layout = VDM_CLIP_420; layout <= VDM_CLIP_GREY; layout++) {
        for (const auto &size : sizes) {
            ASSERT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(),
                                   static_cast<vdm_clip_layout>(layout), size.width, size.height,
                                   &what),
                      0);
            ASSERT_EQ(vdm_set_clip(card, &clip), 0);
            for (uint32_t format : FORMATS) {
                for (int32_t hue : {0, 40}) {
                    SCOPED_TRACE(testing::Message()
                                 << layout << " " << size.width << " " << format << " " << hue);
                    write(R_CONTROL + 4 * maker::HUE, static_cast<uint32_t>(hue));
                    select(maker::SMALL, format);
                    compare(2);
                    select(maker::SMALL, format, 30, 20, 8, 6, 3);
                    compare(1);
                }
            }
        }
    }
}

TEST_F(Clip, EqualLayoutsAreCopiedBitByBit)
{
    boot();
    Bytes bytes = noise(4 * 64 * 64);
    ASSERT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_YUYV, 64, 64, &what), 0);
    EXPECT_EQ(clip.frame_count, 2u);
    vdm_set_clip(card, &clip);
    start(maker::SMALL, fourcc("YUYV"), 4);
    pass(4 * period_ns());
    for (uint32_t n = 0; n < 4; n++) {
        EXPECT_EQ(std::memcmp(buffers[n], &bytes[n % 2 * 8192], 8192), 0) << n;
    }
    disable();
    ASSERT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_420, 64, 64, &what), 0);
    vdm_set_clip(card, &clip);
    start(maker::SMALL, fourcc("NV12"), 1);
    period();
    EXPECT_EQ(std::memcmp(buffers[0], &bytes[0], 4096), 0);
    for (uint32_t n = 0; n < 1024; n++) {
        ASSERT_EQ(buffers[0][4096 + 2 * n], bytes[4096 + n]);
        ASSERT_EQ(buffers[0][4096 + 2 * n + 1], bytes[4096 + 1024 + n]);
    }
    disable();
    vdm_set_clip(card, nullptr);
    start(maker::SMALL, fourcc("YUYV"), 1);
    period();
    EXPECT_EQ(buffers[0][20 * 128], 180);
}

TEST_F(Clip, GoldenRgbAsYuv)
{
    boot();
    // Pure red: Y = (66 * 255 + 128 >> 8) + 16 = 82, U = 90, V = 240.
    Bytes bytes(3 * 64 * 64);
    for (size_t n = 0; n < bytes.size(); n += 3) {
        bytes[n] = 255;
    }
    ASSERT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_RGB24, 64, 64, &what), 0);
    vdm_set_clip(card, &clip);
    start(maker::SMALL, fourcc("UYVY"), 1);
    period();
    const uint8_t wanted[4] = {90, 82, 240, 82};
    EXPECT_EQ(std::memcmp(buffers[0], wanted, 4), 0);
    EXPECT_EQ(completion(0).flags, 0u);
}

TEST_F(Clip, Y4mThatIsGood)
{
    Bytes file = text("YUV4MPEG2 W4 H2 F30000:1001 Ip A1:1 C420jpeg XCOMMENT=x\n");
    size_t first = file.size() + 6;
    for (int n = 0; n < 3; n++) {
        Bytes frame = text("FRAME\n" + std::string(12, static_cast<char>('a' + n)));
        file.insert(file.end(), frame.begin(), frame.end());
    }
    ASSERT_EQ(y4m(file), 0) << what;
    EXPECT_EQ(clip.width, 4u);
    EXPECT_EQ(clip.height, 2u);
    EXPECT_EQ(clip.interval_num, 1001u);
    EXPECT_EQ(clip.interval_den, 30000u);
    EXPECT_EQ(clip.frame_count, 3u);
    EXPECT_EQ(clip.first_frame, first);
    EXPECT_EQ(clip.frame_stride, 18u);
    file.resize(file.size() - 1); // the last frame is cut off
    ASSERT_EQ(y4m(file), 0);
    EXPECT_EQ(clip.frame_count, 2u);
    EXPECT_EQ(y4m(text("YUV4MPEG2 W2 H1 F0:0 C444\nFRAME Ip\n123456FRAME Ip\n123456")), 0);
    EXPECT_EQ(clip.frame_count, 2u);
    EXPECT_EQ(clip.interval_den, 0u);
    EXPECT_EQ(y4m(text("YUV4MPEG2 W1 H1\nFRAME\n123")), 0); // odd sizes round chroma up
    EXPECT_EQ(y4m(text("YUV4MPEG2 W1 H1 Cmono\nFRAME\n1")), 0);
    EXPECT_EQ(y4m(text("YUV4MPEG2 W1 H1 C422\nFRAME\n123")), 0);
}

TEST_F(Clip, Y4mThatIsNot)
{
    const std::string huge(2000, ' ');
    for (const std::string &file : {
             std::string(""),
             std::string("YUV4MPEG2"),
             std::string("YUV4MPEG2 "),
             std::string("YUV4MPEG W4 H2\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W4 H2"),
             std::string("YUV4MPEG2 W4\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W0 H2\nFRAME\n"),
             std::string("YUV4MPEG2 W-4 H2\nFRAME\n"),
             std::string("YUV4MPEG2 W4x H2\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W H2\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W99999999999999999999 H2\nFRAME\n"),
             std::string("YUV4MPEG2 W4294967300 H2\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W32769 H2\nFRAME\n"),
             std::string("YUV4MPEG2 W32768 H32768\nFRAME\n1"),
             std::string("YUV4MPEG2 W4 H2 F30\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W4 H2 F30:\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W4 H2 C420p10\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W4 H2 C\nFRAME\n123456789012"),
             std::string("YUV4MPEG2 W4 H2\n"),
             std::string("YUV4MPEG2 W4 H2\nFRAME"),
             std::string("YUV4MPEG2 W4 H2\nFRAMES\n123456789012"),
             std::string("YUV4MPEG2 W4 H2\nFRAME\n12345678901"),
             std::string("YUV4MPEG2 W4 H2\nFRAME\n123456789012FRAMF\n123456789012"),
             "YUV4MPEG2 W4 H2" + huge + "\nFRAME\n123456789012",
             "YUV4MPEG2 W4 H2\nFRAME" + huge + "\n123456789012",
         }) {
        EXPECT_EQ(y4m(text(file)), -1) << file;
        EXPECT_NE(what, nullptr);
    }
}

TEST_F(Clip, Y4mByChance)
{
    std::mt19937 random(1);
    Bytes good = text("YUV4MPEG2 W4 H2 F25:1 C420jpeg\nFRAME\n123456789012FRAME\n123456789012");
    uint32_t accepted = 0;
    for (int n = 0; n < 20000; n++) {
        Bytes file = good;
        for (uint32_t k = random() % 4; k < 4; k++) {
            file[random() % file.size()] =
                static_cast<uint8_t>(random() % 2 ? random() : '0' + random() % 10);
        }
        file.resize(random() % (file.size() + 1));
        if (y4m(file) == 0) {
            ASSERT_LE(clip.first_frame + (clip.frame_count - 1) * clip.frame_stride, file.size());
            accepted++;
        }
        owned.clear();
    }
    EXPECT_GT(accepted, 0u);
}

TEST_F(Clip, RawAndSetRefuseWhatLeavesTheBytes)
{
    Bytes bytes(1000);
    EXPECT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_GREY, 0, 4, &what), -1);
    EXPECT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_GREY, 65536, 65536, &what),
              -1);
    EXPECT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_GREY, 40, 40, &what), -1);
    EXPECT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), static_cast<vdm_clip_layout>(77), 4,
                           4, &what),
              -1);
    ASSERT_EQ(vdm_clip_raw(&clip, bytes.data(), bytes.size(), VDM_CLIP_GREY, 10, 10, &what), 0);
    EXPECT_EQ(clip.frame_count, 10u);
    EXPECT_EQ(vdm_set_clip(card, &clip), 0);
    vdm_clip bad = clip;
    bad.frame_count = 11;
    EXPECT_EQ(vdm_set_clip(card, &bad), -1);
    bad = clip;
    bad.frame_stride = SIZE_MAX / 4;
    EXPECT_EQ(vdm_set_clip(card, &bad), -1);
    bad = clip;
    bad.first_frame = SIZE_MAX;
    EXPECT_EQ(vdm_set_clip(card, &bad), -1);
    bad = clip;
    bad.bytes = nullptr;
    EXPECT_EQ(vdm_set_clip(card, &bad), -1);
}

} // namespace
