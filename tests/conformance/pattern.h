/* SPDX-License-Identifier: MIT */
/*
 * The test pattern of docs/hardware.md, section 7, read from the data sheet once more, so that neither the
 * card's nor the model's own code says what is right. Controls at their defaults.
 */
#ifndef CONFORMANCE_PATTERN_H
#define CONFORMANCE_PATTERN_H

#include <cstdint>
#include <vector>

struct Picture {
    uint32_t fourcc = 0;
    uint32_t raster_width = 0; /* the bars are laid out on the raster, the window cuts it */
    uint32_t left = 0;
    uint32_t top = 0;
    uint32_t width = 0;
};

/* From this line of the raster on, below the number, all lines of a plane are alike. */
constexpr uint32_t kAlikeFrom = 16;

/* A line of a plane of picture `number`, without padding; empty for a format it does not know. */
std::vector<uint8_t> PatternLine(const Picture &picture, uint32_t number, uint32_t plane,
                                 uint32_t line);

/* The frame number in the pixels, from the window's first plane; it must begin at (0, 0) and hold 64 x 16
 * pixels. False if a cell is neither one nor zero. */
bool PatternNumber(uint32_t fourcc, const uint8_t *data, uint32_t stride_bytes, uint32_t *number);

#endif
