/* SPDX-License-Identifier: MIT */
/*
 * Clips as the card's source: every delivered byte is the file's, Y4M and raw; and files that are
 * neither are refused with a reason.
 */
#include "support.h"

#include <cstring>

namespace {

const uint32_t W = 64, H = 64, FRAMES = 7;

/* Bytes that differ everywhere, within what video may hold. */
uint8_t Sample(uint32_t frame, uint32_t plane, uint32_t x, uint32_t y)
{
    return static_cast<uint8_t>(16 + (frame * 31 + plane * 57 + x * 7 + y * 13) % 220);
}

void AddPlane(std::vector<uint8_t> *out, uint32_t frame, uint32_t plane, uint32_t w, uint32_t h)
{
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            out->push_back(Sample(frame, plane, x, y));
}

void AddText(std::vector<uint8_t> *out, const std::string &text)
{
    out->insert(out->end(), text.begin(), text.end());
}

std::vector<uint8_t> Y4m(const char *colour, uint32_t cw, uint32_t ch)
{
    std::vector<uint8_t> out;
    AddText(&out, "YUV4MPEG2 W64 H64 F30:1 Ip A1:1 C" + std::string(colour) + "\n");
    for (uint32_t n = 0; n < FRAMES; n++) {
        AddText(&out, "FRAME\n");
        AddPlane(&out, n, 0, W, H);
        if (cw) {
            AddPlane(&out, n, 1, cw, ch);
            AddPlane(&out, n, 2, cw, ch);
        }
    }
    return out;
}

struct Clip {
    const char *name;
    std::string more;
    std::vector<uint8_t> bytes;
    uint32_t fourcc;
    /* The byte at `at` of frame n. */
    std::function<uint8_t(uint32_t n, size_t at)> byte;
};

/* NV12 out of planar 4:2:0, YUYV out of planar 4:2:2, … with the test's own hands. */
uint8_t Nv12(uint32_t n, size_t at)
{
    if (at < W * H)
        return Sample(n, 0, at % W, static_cast<uint32_t>(at / W));
    at -= W * H;
    return Sample(n, 1 + at % 2, at % W / 2, static_cast<uint32_t>(at / W));
}

uint8_t Yuyv(uint32_t n, size_t at)
{
    uint32_t y = static_cast<uint32_t>(at / (2 * W)), x = at % (2 * W);
    return x % 2 == 0 ? Sample(n, 0, x / 2, y) : Sample(n, 1 + x % 4 / 2, x / 4, y);
}

uint8_t Grey(uint32_t n, size_t at)
{
    return Sample(n, 0, at % W, static_cast<uint32_t>(at / W));
}

uint8_t Raw(const std::vector<uint8_t> &bytes, uint32_t n, size_t at)
{
    return bytes[n * (bytes.size() / FRAMES) + at];
}

void ExpectClip(const Clip &clip, const char *rate)
{
    Scratch file("clip & 100%.bin");
    file.Write(clip.bytes);
    Card card(std::string(rate) + "&source=" + file.Escaped() + clip.more);
    ASSERT_EQ(card.status, VDC_OK) << clip.name << ": " << card.error;
    ASSERT_EQ(card.OpenStream(Thumbnail(clip.fourcc)), VDC_OK) << vdc_error_text();
    ASSERT_EQ(vdc_stream_start(card.stream), VDC_OK) << vdc_error_text();
    size_t differ = 0;
    for (uint32_t i = 0; i < 3 * FRAMES; i++) {
        const vdc_frame *frame = nullptr;
        ASSERT_EQ(vdc_stream_wait(&frame, card.stream, 1000), VDC_OK) << vdc_error_text();
        EXPECT_EQ(frame->flags & VDC_FRAME_TEST_PATTERN, 0u);
        uint32_t n = static_cast<uint32_t>(frame->sequence % FRAMES);
        for (size_t at = 0; at < frame->used_bytes; at++)
            differ += frame->planes[0][at] != clip.byte(n, at);
        ASSERT_EQ(vdc_stream_release(card.stream, frame), VDC_OK);
    }
    EXPECT_EQ(differ, 0u) << clip.name;
    EXPECT_EQ(vdc_stream_stop(card.stream), VDC_OK);
    EXPECT_EQ(AccountDifferences(card.Stats(), *Ledger(0)), "");
}

std::vector<uint8_t> RawBytes(size_t frame_bytes)
{
    std::vector<uint8_t> out;
    for (uint32_t n = 0; n < FRAMES; n++)
        AddPlane(&out, n, 3, static_cast<uint32_t>(frame_bytes), 1);
    return out;
}

TEST(Source, Y4mAndRawAreDeliveredBitByBit)
{
    std::vector<uint8_t> raw2 = RawBytes(W * H * 2), raw3 = RawBytes(W * H * 3),
                         raw15 = RawBytes(W * H * 3 / 2), raw1 = RawBytes(W * H);
    auto of = [](const std::vector<uint8_t> &bytes) {
        return [&bytes](uint32_t n, size_t at) { return Raw(bytes, n, at); };
    };
    const std::string size = "&source_size=64x64&source_format=";
    const Clip clips[] = {
        {"y4m 4:2:0", "",              Y4m("420jpeg", W / 2,             H / 2),       VDC_FOURCC_NV12, Nv12},
        {"y4m 4:2:2",       "",                      Y4m("422",                         W / 2,                                  H),                VDC_FOURCC_YUYV, Yuyv},
        {"y4m mono",         "",         Y4m("mono",                  0,  0),VDC_FOURCC_GREY, Grey},
        {"raw YUYV", size + "YUYV",       raw2, VDC_FOURCC_YUYV,  of(raw2)                    },
        {"raw UYVY",  size + "UYVY",    raw2,       VDC_FOURCC_UYVY,         of(raw2)           },
        {"raw NV12",  size + "NV12",   raw15,         VDC_FOURCC_NV12,     of(raw15)},
        {"raw RGB24",  size + "RGB24",   raw3,         VDC_FOURCC_RGB24,   of(raw3) },
        {"raw GREY", size + "GREY", raw1,        VDC_FOURCC_GREY, of(raw1)  },
    };

    for (const Clip &clip : clips) {
        ExpectClip(clip, "rate=max");
        ExpectClip(clip, "rate=max&segment_bytes=97");
        ExpectClip(clip, "rate=real");
    }
}

TEST(Source, WhatIsNoClipIsRefused)
{
    std::vector<uint8_t> good = Y4m("420jpeg", W / 2, H / 2);
    const std::vector<std::vector<uint8_t>> bad = {
        {   },
        { 'Y', 'U', 'V'},
        std::vector<uint8_t>(good.begin(), good.begin() + 40),
        std::vector<uint8_t>(5000, 'x'),
    };

    for (const auto &bytes : bad) {
        Scratch file("bad.y4m");
        file.Write(bytes);
        Card card("rate=max&source=" + file.Escaped());
        EXPECT_EQ(card.status, VDC_E_INVALID) << bytes.size();
        EXPECT_NE(card.error.find("Y4M"), std::string::npos) << card.error;
    }
    Scratch file("short.raw");
    file.Write(std::vector<uint8_t>(100, 1));
    Card card("rate=max&source=" + file.Escaped() + "&source_format=YUYV&source_size=64x64");
    EXPECT_EQ(card.status, VDC_E_INVALID) << card.error;
}

} /* namespace */
