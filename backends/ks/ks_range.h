/* SPDX-License-Identifier: MIT */
/*
 * Data ranges of a pin, as a driver wrote them, into modes. Any bytes may come: all lengths and numbers are checked here, and
 * what a mode says is within bounds.
 */
#ifndef KS_RANGE_H
#define KS_RANGE_H

#include <stddef.h>

#include "ks_abi.h"
#include "vidicon/formats.h"

#define KS_SIDE_MAX 32768u

/* Sizes of one pixel format, and how the pin is asked for it. */
struct ks_mode {
    uint32_t fourcc; /* the library's code */
    uint32_t compressed;
    uint32_t width, height; /* the favourite size */
    uint32_t width_min, width_max, width_step;
    uint32_t height_min, height_max, height_step;
    int64_t interval_100ns; /* the favourite */
    int64_t interval_min_100ns, interval_max_100ns;
    uint32_t interval_first, interval_count, interval_range; /* in the device's list */
    uint32_t field, primaries, transfer, matrix, range, chroma_site;
    uint32_t aspect_x, aspect_y; /* of the picture; 0 if not known */
    uint32_t sample_bytes;       /* the most a frame has, as far as the range says; else 0 */
    uint32_t number;             /* of the range in its pin's list; own: mode of the card plus 1 */
    uint32_t second;             /* 1: the header is the second form */
    uint32_t own;
    struct ks_guid sub;
    struct ks_video2
        header; /* as the driver wrote it; in the first form without what that has not */
};

/* The next item of a list, checked: its place and length, or 0 at the end or where the list is wrong. *offset begins with 0. */
const uint8_t *ks_range_next(const uint8_t *list, size_t list_bytes, size_t *offset,
                             uint32_t *item_bytes);
/* 1: *out is a mode; 0: something else than video that this backend can capture, or nonsense. */
int ks_range_parse(struct ks_mode *out, const uint8_t *bytes, size_t count);

/* 100 ns units as the fraction they were rounded from. */
vdc_fraction ks_interval_fraction(int64_t interval_100ns);
int64_t ks_interval_100ns(vdc_fraction interval);

/* The code of a subtype; 0 if it has none. */
uint32_t ks_fourcc_of(const struct ks_guid *sub);
/* Bytes of a line of an uncompressed format without padding, 0 if it is not known. */
uint32_t ks_line_bytes(uint32_t fourcc, uint32_t width);
uint32_t ks_stride_bytes(const struct ks_mode *mode, uint32_t width);

#endif
