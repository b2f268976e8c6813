// SPDX-License-Identifier: MIT
//
// Pictures: golden values worked out by hand from the data sheet, then every format in many windows
// against the pixel-by-pixel path.
#include "test_card.h"

namespace {

const uint32_t FORMATS[] = {fourcc("YUYV"), fourcc("UYVY"), fourcc("NV12"), fourcc("RGB3"),
                            fourcc("GREY")};

class Picture : public TestCard {
  protected:
    void SetUp() override
    {
        TestCard::SetUp();
        boot();
    }
    // Captures `count` frames and compares each with what is expected, padding included.
    void compare(uint32_t count = 2)
    {
        rings();
        make_buffers(count);
        enable();
        pass(count * period_ns());
        for (uint32_t n = 0; n < count; n++) {
            Completion c = completion(n);
            ASSERT_TRUE(c.is_valid(0));
            ASSERT_EQ(c.sequence, n);
            ASSERT_EQ(c.flags, 0u);
            ASSERT_EQ(c.bytes, read(R_FRAME_BYTES));
            ASSERT_EQ(buffer(n), expected(n)) << "frame " << n;
        }
        disable();
    }
};

// Mode SMALL: 64 x 64, bars of 8 pixels. Line 20 of picture 0 is clear of the number.
TEST_F(Picture, GoldenBars)
{
    start(maker::SMALL, fourcc("YUYV"), 2);
    period();
    const uint8_t *line = buffers[0] + 20 * 128;
    const uint8_t bars[8][3] = {
        {180, 128, 128},
        {162, 44,  142},
        {131, 156, 44 },
        {112, 72,  58 },
        {84,  184, 198},
        {65,  100, 212},
        {35,  212, 114},
        {16,  128, 128}
    };
    for (uint32_t pair = 0; pair < 32; pair++) {
        const uint8_t *bar = bars[pair / 4];
        const uint8_t wanted[4] = {bar[0], bar[1], bar[0], bar[2]};
        ASSERT_EQ(std::memcmp(line + 4 * pair, wanted, 4), 0) << pair;
    }
    // Picture 1 is moved left by 2 pixels: its first pixel is pixel 2 of picture 0, its last white.
    period();
    const uint8_t *next = buffers[1] + 20 * 128;
    EXPECT_EQ(std::memcmp(next, line + 4, 124), 0);
    EXPECT_EQ(next[126], 180);
}

TEST_F(Picture, GoldenRgb)
{
    start(maker::SMALL, fourcc("RGB3"), 1);
    period();
    const uint8_t *line = buffers[0] + 20 * 192;
    // White: (298 * 164 + 128) >> 8 = 191 in all three.
    EXPECT_EQ(line[0], 191);
    EXPECT_EQ(line[1], 191);
    EXPECT_EQ(line[2], 191);
    // Yellow 162 44 142: R (43508 + 5726 + 128) >> 8, G (43508 + 8400 - 2912 + 128) >> 8,
    // B (43508 - 43344 + 128) >> 8.
    EXPECT_EQ(line[24], 192);
    EXPECT_EQ(line[25], 191);
    EXPECT_EQ(line[26], 1);
    // Red 65 100 212: R (14602 + 34356 + 128) >> 8, G (14602 + 2800 - 17472 + 128) >> 8,
    // B (14602 - 14448 + 128) >> 8.
    EXPECT_EQ(line[120], 191);
    EXPECT_EQ(line[121], 0);
    EXPECT_EQ(line[122], 1);
    EXPECT_EQ(line[191], 0); // black
}

TEST_F(Picture, GoldenNumber)
{
    select(maker::SMALL, fourcc("NV12"));
    rings(8);
    make_buffers(6);
    enable();
    pass(6 * period_ns());
    // Frame 5: bits 2 and 0, cells 13 and 15 of the second row.
    const uint8_t *luma = buffers[5];
    for (uint32_t x = 0; x < 64; x++) {
        EXPECT_EQ(luma[x], 16);
        EXPECT_EQ(luma[7 * 64 + x], 16);
        uint8_t wanted = x / 4 == 13 || x / 4 == 15 ? 235 : 16;
        EXPECT_EQ(luma[8 * 64 + x], wanted);
        EXPECT_EQ(luma[15 * 64 + x], wanted);
    }
    const uint8_t *chroma = luma + 64 * 64;
    for (uint32_t n = 0; n < 8 * 64; n++) {
        ASSERT_EQ(chroma[n], 128);
    }
    // Line 16: position (x + 10) mod 64; at x = 0 that is yellow.
    EXPECT_EQ(luma[16 * 64], 162);
    EXPECT_EQ(chroma[8 * 64], 44);
    EXPECT_EQ(chroma[8 * 64 + 1], 142);
}

TEST_F(Picture, NumberReadsBackInEveryFormat)
{
    for (uint32_t format : FORMATS) {
        select(maker::SMALL, format);
        rings(8);
        make_buffers(8);
        enable();
        pass(8 * period_ns());
        for (uint32_t n = 0; n < 8; n++) {
            uint32_t number = 99;
            EXPECT_EQ(vdm_pattern_read_number(format, buffers[n], read(R_STRIDE), &number), 0);
            EXPECT_EQ(number, n);
        }
        uint32_t number;
        std::memset(buffers[0], 0xee, 64);
        std::memset(buffers[0] + 3 * read(R_STRIDE), 0x80, read(R_STRIDE));
        EXPECT_EQ(vdm_pattern_read_number(format, buffers[0], read(R_STRIDE), &number), -1);
        disable();
    }
    uint32_t number;
    EXPECT_EQ(vdm_pattern_read_number(fourcc("MJPG"), buffers[0], 64, &number), -1);
}

TEST_F(Picture, EveryFormatInManyWindows)
{
    struct {
        uint32_t mode, width, height, left, top, stride;
    } windows[] = {
        {maker::SMALL,    0,    0,   0,   0,   0 },
        {maker::SMALL,    32,   20,  6,   10,  5 },
        {maker::SMALL,    16,   16,  48,  48,  1 },
        {maker::SMALL,    62,   64,  2,   0,   0 },
        {maker::VGA,      0,    0,   0,   0,   32},
        {maker::VGA,      320,  240, 64,  4,   0 },
        {maker::VGA,      64,   48,  576, 432, 7 },
        {maker::ODD_BARS, 0,    0,   0,   0,   0 },
        {maker::ODD_BARS, 70,   18,  4,   2,   3 },
        {maker::LEAST,    0,    0,   0,   0,   0 },
        {maker::HD,       1900, 64,  20,  14,  64},
    };
    for (uint32_t format : FORMATS) {
        for (const auto &w : windows) {
            SCOPED_TRACE(testing::Message() << format << " " << w.mode << " " << w.width);
            select(w.mode, format, w.width, w.height, w.left, w.top, w.stride);
            compare();
        }
    }
}

TEST_F(Picture, PhasesOfALongRun)
{
    // Around the raster and back: 74 wide, so the pattern repeats every 37 frames.
    select(maker::ODD_BARS, fourcc("UYVY"), 40, 30, 20, 2);
    rings(64);
    make_buffers(64);
    enable();
    pass(64 * period_ns());
    for (uint32_t n = 0; n < 64; n++) {
        ASSERT_EQ(buffer(n), expected(n)) << n;
    }
}

TEST_F(Picture, LargestRaster)
{
    maker::Tables tables = maker::full();
    tables.modes[0] = {1, maker::ALL_FORMATS, 8192, 32, 16, 16, 2, 2, 0, 1};
    boot(maker::image(tables.bytes()));
    for (uint32_t format : FORMATS) {
        uint32_t pixel = format == fourcc("RGB3")                               ? 3
                         : format == fourcc("NV12") || format == fourcc("GREY") ? 1
                                                                                : 2;
        write(R_PIXEL_FORMAT, format);
        write(R_STRIDE, 8192 * pixel);
        ASSERT_EQ(read(R_CONFIG_STATUS), 0u);
        compare();
    }
}

TEST_F(Picture, ControlsOneByOne)
{
    struct {
        uint32_t place;
        int32_t value;
    } settings[] = {
        {maker::BRIGHTNESS, 0    },
        {maker::BRIGHTNESS, 255  },
        {maker::CONTRAST,   0    },
        {maker::CONTRAST,   128  },
        {maker::SATURATION, 0    },
        {maker::SATURATION, 128  },
        {maker::HUE,        90   },
        {maker::HUE,        -180 },
        {maker::HUE,        33   },
        {maker::GAIN,       0    },
        {maker::GAIN,       1023 },
        {maker::EXPOSURE,   1    },
        {maker::EXPOSURE,   10000},
        {maker::POWER_LINE, 2    }
    };
    for (const auto &s : settings) {
        uint32_t at = R_CONTROL + 4 * s.place;
        uint32_t before = read(at);
        write(at, static_cast<uint32_t>(s.value));
        ASSERT_EQ(read(at), static_cast<uint32_t>(s.value));
        for (uint32_t format : FORMATS) {
            SCOPED_TRACE(testing::Message() << s.place << "=" << s.value << " " << format);
            select(maker::ODD_BARS, format);
            compare(1);
        }
        write(at, before);
    }
}

TEST_F(Picture, GoldenControls)
{
    auto first_pixel = [&](uint32_t x) {
        select(maker::SMALL, fourcc("YUYV"));
        rings();
        make_buffers(1);
        enable();
        period();
        const uint8_t *pair = buffers[0] + 20 * 128 + 2 * x;
        disable();
        return std::array<int, 3>{pair[0], pair[1], pair[3]};
    };
    using Yuv = std::array<int, 3>;
    write(R_CONTROL + 4 * maker::BRIGHTNESS, 138);
    EXPECT_EQ(first_pixel(0), (Yuv{190, 128, 128}));
    write(R_CONTROL + 4 * maker::BRIGHTNESS, 0);
    EXPECT_EQ(first_pixel(56), (Yuv{1, 128, 128})); // 16 - 128, clipped
    write(R_CONTROL + 4 * maker::BRIGHTNESS, 128);
    write(R_CONTROL + 4 * maker::CONTRAST, 32);
    EXPECT_EQ(first_pixel(40), (Yuv{97, 100, 212})); // 128 + -63 * 32 / 64, towards zero
    write(R_CONTROL + 4 * maker::CONTRAST, 64);
    write(R_CONTROL + 4 * maker::SATURATION, 128);
    EXPECT_EQ(first_pixel(8), (Yuv{162, 1, 156})); // 128 + -84 * 2, clipped; 128 + 14 * 2
    write(R_CONTROL + 4 * maker::SATURATION, 64);
    write(R_CONTROL + 4 * maker::HUE, 90);
    EXPECT_EQ(first_pixel(8), (Yuv{162, 114, 44})); // u' = 128 - 14, v' = 128 - 84
    write(R_CONTROL + 4 * maker::HUE, 60);
    // c = 512, s = 887: u' = 128 + (-84 * 512 - 14 * 887) / 1024 = 128 - 54,
    // v' = 128 + (-84 * 887 + 14 * 512) / 1024 = 128 - 65.
    EXPECT_EQ(first_pixel(8), (Yuv{162, 74, 63}));
    write(R_CONTROL + 4 * maker::HUE, 0);
    write(R_CONTROL + 4 * maker::EXPOSURE, 50);
    write(R_CONTROL + 4 * maker::GAIN, 384);
    EXPECT_EQ(first_pixel(0), (Yuv{139, 128, 128})); // 16 + 82, then 16 + 82 * 384 / 256
    // In their order: 139, then 128 + 11 * 128 / 64, then + 10.
    write(R_CONTROL + 4 * maker::CONTRAST, 128);
    write(R_CONTROL + 4 * maker::BRIGHTNESS, 138);
    EXPECT_EQ(first_pixel(0), (Yuv{160, 128, 128}));
    // Saturation before hue: 162 44 142 to u -126 (clipped: 1), v 156, then turned by 90 degrees.
    write(R_CONTROL + 4 * maker::SATURATION, 128);
    write(R_CONTROL + 4 * maker::HUE, 90);
    EXPECT_EQ(first_pixel(8)[1], 128 - 28);
    EXPECT_EQ(first_pixel(8)[2], 128 - 127);
}

TEST_F(Picture, ControlsHoldForAWholeFrame)
{
    select(maker::SMALL, fourcc("YUYV"));
    write(R_WATERMARK, 8);
    rings();
    make_buffers(2);
    enable();
    pass(period_ns() / 2);
    int32_t values[9];
    for (uint32_t n = 0; n < 9; n++) {
        values[n] = static_cast<int32_t>(read(R_CONTROL + 4 * n));
    }
    write(R_CONTROL + 4 * maker::BRIGHTNESS, 250);
    pass(period_ns() * 2);
    EXPECT_EQ(buffer(0), expected(0, values));
    EXPECT_EQ(buffer(1), expected(1));
    EXPECT_NE(buffer(1), expected(1, values));
}

TEST_F(Picture, AutomaticExposureClimbsAndComesBack)
{
    write(R_CONTROL + 4 * maker::EXPOSURE_AUTO, 1);
    write(R_INT_MASK, F_INT_STATUS_CONTROL.mask());
    start(maker::LEAST, fourcc("GREY"), 0);
    pass(period_ns() / 2); // from here on look in the middle of a period
    std::vector<uint32_t> seen;
    for (int n = 0; n < 24; n++) {
        pass(16 * period_ns());
        seen.push_back(read(R_CONTROL + 4 * maker::EXPOSURE));
        EXPECT_EQ(read(R_CONTROL_CHANGED), 1u << maker::EXPOSURE) << n;
        EXPECT_EQ(read(R_INT_STATUS) & F_INT_STATUS_CONTROL.mask(), F_INT_STATUS_CONTROL.mask());
        write(R_CONTROL_CHANGED, 0xffffffff);
        write(R_INT_STATUS, F_INT_STATUS_CONTROL.mask());
    }
    const std::vector<uint32_t> wanted = {101, 102, 103, 104, 105, 106, 107, 108,
                                          107, 106, 105, 104, 103, 102, 101, 100,
                                          101, 102, 103, 104, 105, 106, 107, 108};
    EXPECT_EQ(seen, wanted);
}

TEST_F(Picture, GeneratorCoversTheSignal)
{
    vdm_set_signal(card, 0, VDM_SIGNAL_NONE);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL), V_INPUT_STATUS_SIGNAL_NONE);
    write(R_PATTERN, 1);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL), V_INPUT_STATUS_SIGNAL_LOCKED);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_DETECTED), read(R_TIMING_SELECT));
    start(maker::SMALL, fourcc("YUYV"), 2);
    period();
    EXPECT_EQ(completion(0).flags & X_COMPLETION_FLAGS_PATTERN, X_COMPLETION_FLAGS_PATTERN);
    EXPECT_EQ(buffer(0), expected(0));
}

TEST_F(Picture, ExpectedLineKnowsItsLimits)
{
    uint8_t line[256];
    EXPECT_EQ(vdm_expected_line(card, 0, 0, 64, nullptr, line), 0u);
    EXPECT_EQ(vdm_expected_line(card, 0, 1, 0, nullptr, line), 0u);
    EXPECT_EQ(vdm_expected_line(card, 0, 0, 63, nullptr, line), 128u);
    write(R_WIDTH, 1);
    EXPECT_EQ(vdm_expected_line(card, 0, 0, 0, nullptr, line), 0u);
}

} // namespace
