/* SPDX-License-Identifier: MIT */
/*
 * Eight bars that move left, and 32 cells with the picture's number. Packed formats and NV12 take the
 * chroma of the even pixel, counted on the raster.
 */
#include "pattern.h"

#include "vidicon/formats.h"

namespace {

struct Colour {
    int y, u, v;
};

const Colour kBars[8] = {
    {180, 128, 128},
    {162, 44,  142},
    {131, 156, 44 },
    {112, 72,  58 },
    {84,  184, 198},
    {65,  100, 212},
    {35,  212, 114},
    {16,  128, 128}
};

Colour At(const Picture &picture, uint32_t number, uint32_t x, uint32_t y)
{
    if (x < 64 && y < kAlikeFrom) {
        uint32_t bit = 31 - (y / 8 * 16 + x / 4);
        return {(number >> bit) & 1 ? 235 : 16, 128, 128};
    }
    uint64_t moved = (x + 2 * static_cast<uint64_t>(number)) % picture.raster_width;
    uint64_t bar = moved / (picture.raster_width / 8);
    return kBars[bar < 7 ? bar : 7];
}

uint8_t Clip(int value)
{
    return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
}

} // namespace

std::vector<uint8_t> PatternLine(const Picture &picture, uint32_t number, uint32_t plane,
                                 uint32_t line)
{
    std::vector<uint8_t> out;
    uint32_t y = picture.top + line * (plane ? 2 : 1);
    for (uint32_t i = 0; i < picture.width; ++i) {
        uint32_t x = picture.left + i;
        Colour pixel = At(picture, number, x, y);
        Colour even = At(picture, number, x & ~1u, y);
        uint8_t luma = Clip(pixel.y), chroma = Clip(x & 1 ? even.v : even.u);
        switch (picture.fourcc) {
        case VDC_FOURCC_YUYV:
            out.push_back(luma);
            out.push_back(chroma);
            break;
        case VDC_FOURCC_UYVY:
            out.push_back(chroma);
            out.push_back(luma);
            break;
        case VDC_FOURCC_NV12:
            out.push_back(plane ? chroma : luma);
            break;
        case VDC_FOURCC_GREY:
            out.push_back(luma);
            break;
        case VDC_FOURCC_RGB24: {
            int c = 298 * (pixel.y - 16) + 128, d = pixel.u - 128, e = pixel.v - 128;
            out.push_back(Clip((c + 409 * e) >> 8));
            out.push_back(Clip((c - 100 * d - 208 * e) >> 8));
            out.push_back(Clip((c + 516 * d) >> 8));
            break;
        }
        default:
            return {};
        }
    }
    return out;
}

bool PatternNumber(uint32_t fourcc, const uint8_t *data, uint32_t stride_bytes, uint32_t *number)
{
    uint32_t step = 1, first = 0;
    if (fourcc == VDC_FOURCC_YUYV || fourcc == VDC_FOURCC_UYVY)
        step = 2;
    if (fourcc == VDC_FOURCC_RGB24)
        step = 3;
    if (fourcc == VDC_FOURCC_UYVY)
        first = 1;
    uint32_t value = 0;
    for (uint32_t cell = 0; cell < 32; ++cell) {
        uint32_t y = cell / 16 * 8 + 4, x = cell % 16 * 4 + 2;
        uint8_t luma = data[static_cast<size_t>(y) * stride_bytes + x * step + first];
        if (luma > 40 && luma < 200)
            return false;
        value = value << 1 | (luma >= 200);
    }
    *number = value;
    return true;
}
