/* SPDX-License-Identifier: MIT */
/*
 * Formats: whatever is asked for, the adjusted format is one that vdh_format_set accepts, and
 * adjusting it again changes nothing.
 */
#include <gtest/gtest.h>

#include <random>

#include "fake.h"

namespace {

/* A card that computes FRAME_BYTES as its data sheet says. */
class Picture : public FakeCard {
  public:
    explicit Picture(const std::vector<uint8_t> &tables_bytes = small_tables())
    {
        EXPECT_EQ(attach(), VDH_OK);
        adopt(tables_bytes);
        on_read = [this](uint32_t offset) {
            if (offset == VDH_R_FRAME_BYTES) {
                reg(offset) = vdh_format_frame_bytes(reg(VDH_R_PIXEL_FORMAT), reg(VDH_R_STRIDE),
                                                     reg(VDH_R_HEIGHT));
            }
        };
    }
    int set(const vdh_format &format)
    {
        return any_level(*this, 12, [&] { return vdh_format_set(&device, &format); });
    }
    int adjust(vdh_format &format, uint32_t *changed)
    {
        guard_enter(&watch, GUARD_PURE, 0, 0);
        int result = vdh_format_adjust(&device, &format, changed);
        guard_leave(&watch);
        return result;
    }
};

bool same(const vdh_format &a, const vdh_format &b)
{
    return a.fourcc == b.fourcc && a.mode == b.mode && a.width == b.width && a.height == b.height &&
           a.left == b.left && a.top == b.top && a.stride_bytes == b.stride_bytes &&
           a.interval.num == b.interval.num && a.interval.den == b.interval.den;
}

std::string text(const vdh_format &f)
{
    return std::to_string(f.fourcc) + " mode " + std::to_string(f.mode) + " " +
           std::to_string(f.width) + "x" + std::to_string(f.height) + "+" + std::to_string(f.left) +
           "+" + std::to_string(f.top) + " stride " + std::to_string(f.stride_bytes) + " " +
           std::to_string(f.interval.num) + "/" + std::to_string(f.interval.den);
}

TEST(Format, AnythingIsTheFirstMode)
{
    Picture card;
    vdh_format format = {};
    uint32_t changed = 99;
    ASSERT_EQ(card.adjust(format, &changed), VDH_OK);
    EXPECT_TRUE(same(format, {
                                 VDH_FOURCC_YUYV, 0, 1920, 1080, 0, 0, 3840, {1, 60}
    }));
    EXPECT_EQ(changed, 0u);
    EXPECT_EQ(card.set(format), VDH_OK);
    EXPECT_EQ(card.reg(VDH_R_STRIDE), 3840u);
    EXPECT_EQ(card.watch.accesses, 12u);
}

TEST(Format, TheNearest)
{
    struct Case {
        vdh_format asked, got;
        uint32_t changed;
    };
    const uint32_t y = VDH_FOURCC_YUYV;
    const Case cases[] = {
  /* a mode of that raster rather than a window of a larger one */
        {{y, 0, 640, 480, 0, 0, 0, {0, 0}},                   {y, 1, 640, 480, 0, 0, 1280, {1, 30}},   0               },
 /* the next larger window; 648 is only in the steps of mode 0 */
        {{y, 0, 641, 480, 0, 0, 0, {0, 0}},
         {y, 0, 648, 480, 0, 0, 1296, {1, 60}},
         VDH_CHANGED_SIZE                                                                                              },
        {{y, 0, 1, 1, 0, 0, 0, {0, 0}},                       {y, 0, 64, 64, 0, 0, 128, {1, 60}},      VDH_CHANGED_SIZE},
 /* nothing is as large */
        {{y, 0, 4096, 2160, 0, 0, 0, {0, 0}},
         {y, 0, 1920, 1080, 0, 0, 3840, {1, 60}},
         VDH_CHANGED_SIZE                                                                                              },
        {{y, 0, 0, 1081, 0, 0, 0, {0, 0}},
         {y, 0, 1920, 1080, 0, 0, 3840, {1, 60}},
         VDH_CHANGED_SIZE                                                                                              },
 /* a format that no mode has; one that only mode 0 has */
        {{0x12345678, 0, 640, 480, 0, 0, 0, {0, 0}},
         {y, 1, 640, 480, 0, 0, 1280, {1, 30}},
         VDH_CHANGED_FOURCC                                                                                            },
        {{VDH_FOURCC_GREY, 0, 640, 480, 0, 0, 0, {0, 0}},
         {VDH_FOURCC_GREY, 0, 640, 480, 0, 0, 640, {1, 60}},
         0                                                                                                             },
 /* intervals: nearest not shorter, over every mode of the size; else the longest */
        {{y, 0, 640, 480, 0, 0, 0, {1, 60}},                  {y, 0, 640, 480, 0, 0, 1280, {1, 60}},   0               },
        {{y, 0, 640, 480, 0, 0, 0, {1, 50}},
         {y, 1, 640, 480, 0, 0, 1280, {1, 30}},
         VDH_CHANGED_INTERVAL                                                                                          },
        {{y, 0, 640, 480, 0, 0, 0, {2, 60}},                  {y, 1, 640, 480, 0, 0, 1280, {1, 30}},   0               },
        {{y, 0, 640, 480, 0, 0, 0, {1, 1}},
         {y, 1, 640, 480, 0, 0, 1280, {1001, 30000}},
         VDH_CHANGED_INTERVAL                                                                                          },
        {{y, 0, 640, 480, 0, 0, 0, {0xffffffff, 0xfffffffe}},
         {y, 1, 640, 480, 0, 0, 1280, {1001, 30000}},
         VDH_CHANGED_INTERVAL                                                                                          },
 /* a corner that only mode 0 has, to the nearest step, and one beyond it */
        {{y, 0, 640, 480, 600, 301, 0, {0, 0}},
         {y, 0, 640, 480, 600, 300, 1280, {1, 60}},
         VDH_CHANGED_CROP                                                                                              },
        {{y, 0, 640, 480, 5000, 0xffffffff, 0, {0, 0}},
         {y, 0, 640, 480, 1280, 600, 1280, {1, 60}},
         VDH_CHANGED_CROP                                                                                              },
 /* a mode that was asked for */
        {{y, 1, 0, 0, 0, 0, 0, {0, 0}},                       {y, 1, 640, 480, 0, 0, 1280, {1, 30}},   0               },
        {{y, 0xffffffff, 0, 0, 0, 0, 0, {0, 0}},              {y, 0, 1920, 1080, 0, 0, 3840, {1, 60}}, 0               },
 /* strides */
        {{y, 0, 640, 480, 0, 0, 1279, {0, 0}},
         {y, 1, 640, 480, 0, 0, 1280, {1, 30}},
         VDH_CHANGED_STRIDE                                                                                            },
        {{y, 0, 640, 480, 0, 0, 1281, {0, 0}},                {y, 1, 640, 480, 0, 0, 1281, {1, 30}},   0               },
        {{y, 0, 640, 480, 0, 0, 65536, {0, 0}},
         {y, 1, 640, 480, 0, 0, 65535, {1, 30}},
         VDH_CHANGED_STRIDE                                                                                            },
    };
    Picture card;
    for (const Case &one : cases) {
        vdh_format format = one.asked;
        uint32_t changed = 99;
        ASSERT_EQ(card.adjust(format, &changed), VDH_OK);
        EXPECT_TRUE(same(format, one.got)) << text(one.asked) << " gave " << text(format);
        EXPECT_EQ(changed, one.changed) << text(one.asked);
        EXPECT_EQ(card.set(format), VDH_OK) << text(format);
    }
}

TEST(Format, WithoutCropOnlyRasters)
{
    Picture card;
    card.device.identity.caps &= ~vdh_field_mask(VDH_F_CAPS_CROP);
    vdh_format format = {
        VDH_FOURCC_YUYV, 0, 320, 240, 8, 8, 0, {0, 0}
    };
    uint32_t changed;
    ASSERT_EQ(card.adjust(format, &changed), VDH_OK);
    EXPECT_TRUE(same(format,
                     {
                         VDH_FOURCC_YUYV, 1, 640, 480, 0, 0, 1280, {1, 30}
    }))
        << text(format);
    format.left = 16;
    EXPECT_EQ(card.set(format), VDH_E_RANGE);
    format = {
        VDH_FOURCC_YUYV, 1, 320, 240, 0, 0, 640, {1, 30}
    };
    EXPECT_EQ(card.set(format), VDH_E_RANGE);
}

/* Tables with many modes that overlap in size, interval and format, to make ties likely. */
std::vector<uint8_t> random_tables(std::mt19937 &random)
{
    std::vector<uint8_t> base = small_tables();
    std::vector<uint8_t> modes;
    unsigned count = unsigned(random() % 6 + 1);
    const unsigned sizes[] = {16, 64, 66, 320, 640, 1920, 8192};
    for (unsigned i = 0; i < count; i++) {
        uint8_t mode[VDH_S_MODE] = {};
        unsigned w = sizes[random() % 7], h = sizes[random() % 7];
        vdh_put_u16(mode + 0, uint16_t(random() % 3 + 1));
        vdh_put_u16(mode + 2, uint16_t(1u << random() % 5 | 1u << random() % 5));
        vdh_put_u16(mode + 4, uint16_t(w));
        vdh_put_u16(mode + 6, uint16_t(h));
        vdh_put_u16(mode + 8, uint16_t(random() % 2 ? w : 16));
        vdh_put_u16(mode + 10, uint16_t(random() % 2 ? h : 16));
        vdh_put_u16(mode + 12, uint16_t(random() % 10 * 2 + 2));
        vdh_put_u16(mode + 14, uint16_t(random() % 10 * 2 + 2));
        unsigned first = unsigned(random() % 4);
        vdh_put_u16(mode + 16, uint16_t(first));
        vdh_put_u16(mode + 18, uint16_t(random() % (4 - first) + 1));
        modes.insert(modes.end(), mode, mode + VDH_S_MODE);
    }
    std::vector<uint8_t> out(base.begin(), base.begin() + 272);
    out.insert(out.end(), modes.begin(), modes.end());
    out.insert(out.end(), base.begin() + 368, base.end());
    vdh_put_u16(&out[VDH_O_TABLES_MODE_COUNT], uint16_t(count));
    vdh_put_u32(&out[VDH_O_TABLES_TOTAL_BYTES], uint32_t(out.size()));
    return out;
}

TEST(Format, AdjustedIsAcceptedAndStays)
{
    std::mt19937 random(1);
    unsigned tried = 0, impossible = 0;
    auto size = [&] {
        const uint32_t some[] = {0,   1,    16,   63,   64,   321,       640,
                                 648, 1080, 1920, 8192, 9000, 0xffffffff};
        return random() % 3 ? some[random() % 13] : uint32_t(random() % 2000);
    };
    for (int round = 0; round < 1500; round++) {
        Picture card(random_tables(random));
        ASSERT_NE(card.device.tables.bytes, nullptr);
        if (random() % 4 == 0) {
            card.device.identity.caps &= ~vdh_field_mask(VDH_F_CAPS_CROP);
        }
        card.device.input = uint32_t(random() % 2);
        for (int n = 0; n < 12; n++) {
            const uint32_t nums[] = {0, 1, 1, 2, 1001, 0xffffffff};
            const uint32_t dens[] = {0, 60, 30, 25, 30000, 0xfffffffe, 50};
            vdh_format asked = {
                random() % 3 ? vdh_format_fourcc(uint32_t(random() % 6)) : 0x20202020u,
                uint32_t(random() % 8),
                size(),
                size(),
                random() % 2 ? 0 : size(),
                random() % 2 ? 0 : size(),
                random() % 2 ? 0 : size(),
                {nums[random() % 6], dens[random() % 7]}
            };
            vdh_format got = asked;
            uint32_t changed, again;
            if (card.adjust(got, &changed) != VDH_OK) {
                impossible++; /* no mode has this input */
                continue;
            }
            ASSERT_EQ(card.set(got), VDH_OK) << text(asked) << " gave " << text(got);
            vdh_format second = got;
            ASSERT_EQ(card.adjust(second, &again), VDH_OK);
            ASSERT_TRUE(same(got, second))
                << text(asked) << " gave " << text(got) << ", then " << text(second);
            ASSERT_EQ(again, 0u);
            tried++;
        }
    }
    EXPECT_GT(tried, 10000u);
    EXPECT_GT(impossible, 0u);
}

TEST(Format, SetRefusesWhatIsNotExact)
{
    Picture card;
    const vdh_format good = {
        VDH_FOURCC_NV12, 0, 640, 480, 8, 2, 640, {1, 30}
    };
    ASSERT_EQ(card.set(good), VDH_OK);
    std::vector<vdh_format> bad(13, good);
    bad[0].fourcc = 0;
    bad[1].fourcc = VDH_FOURCC('J', 'P', 'E', 'G');
    bad[2].mode = 3;
    bad[3].mode = 2; /* of the other input */
    bad[4].width = 641;
    bad[5].height = 62;
    bad[6].left = 4;
    bad[7].top = 602;
    bad[8].stride_bytes = 639;
    bad[9].stride_bytes = 65536;
    bad[10].interval = {1, 25};
    bad[11].interval = {1, 0};
    bad[12].width = 0;
    for (size_t i = 0; i < bad.size(); i++) {
        card.log.clear();
        EXPECT_EQ(card.set(bad[i]), VDH_E_RANGE) << i;
        EXPECT_TRUE(card.log.empty()) << i;
    }
}

TEST(Format, SetOverACardThatDisagrees)
{
    Picture card;
    const vdh_format good = {
        VDH_FOURCC_NV12, 0, 640, 480, 8, 2, 700, {2, 60}
    };
    ASSERT_EQ(card.set(good), VDH_OK);
    EXPECT_EQ(card.reg(VDH_R_FRAME_BYTES), 700u * 720u);
    EXPECT_EQ(card.reg(VDH_R_INTERVAL_DEN), 30u); /* as the table writes it */
    card.reg(VDH_R_CONFIG_STATUS) = 4;
    EXPECT_EQ(card.set(good), VDH_E_IO);
    card.reg(VDH_R_CONFIG_STATUS) = 0;
    card.script[VDH_R_FRAME_BYTES] = {123};
    EXPECT_EQ(card.set(good), VDH_E_IO);
    card.reg(VDH_R_CAPTURE_STATUS) = VDH_V_CAPTURE_STATUS_STATE_RUNNING;
    card.log.clear();
    EXPECT_EQ(card.set(good), VDH_E_STATE);
    EXPECT_EQ(card.log.size(), 1u);
    card.gone = true;
    EXPECT_EQ(card.set(good), VDH_E_GONE);
    card.device.tables = {};
    EXPECT_EQ(card.set(good), VDH_E_STATE);
    vdh_format format = good;
    uint32_t changed;
    EXPECT_EQ(card.adjust(format, &changed), VDH_E_STATE);
}

TEST(Format, Bytes)
{
    EXPECT_EQ(vdh_format_line_bytes(VDH_FOURCC_YUYV, 720), 1440u);
    EXPECT_EQ(vdh_format_line_bytes(VDH_FOURCC_RGB24, 8192), 24576u);
    EXPECT_EQ(vdh_format_line_bytes(VDH_FOURCC_RGB24, 0xffffffff), 0u);
    EXPECT_EQ(vdh_format_line_bytes(1, 100), 0u);
    EXPECT_EQ(vdh_format_frame_bytes(VDH_FOURCC_NV12, 1920, 1080), 3110400u);
    EXPECT_EQ(vdh_format_frame_bytes(VDH_FOURCC_GREY, 65536, 65536), 0u);
    EXPECT_EQ(vdh_format_frame_bytes(1, 1, 1), 0u);
}

} // namespace
