/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Picture formats: what the tables allow, what a request becomes, how many bytes a frame has. */
#ifndef VDH_FORMAT_H
#define VDH_FORMAT_H

#include "vdh_device.h"

/* Four-character codes: the first letter in the lowest byte. */
#define VDH_FOURCC(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define VDH_FOURCC_YUYV  VDH_FOURCC('Y', 'U', 'Y', 'V')
#define VDH_FOURCC_UYVY  VDH_FOURCC('U', 'Y', 'V', 'Y')
#define VDH_FOURCC_NV12  VDH_FOURCC('N', 'V', '1', '2')
#define VDH_FOURCC_RGB24 VDH_FOURCC('R', 'G', 'B', '3')
#define VDH_FOURCC_GREY  VDH_FOURCC('G', 'R', 'E', 'Y')

struct vdh_format {
    uint32_t fourcc;
    uint32_t mode;  /* number in the mode table */
    uint32_t width; /* of the window */
    uint32_t height;
    uint32_t left; /* its corner in the mode's raster */
    uint32_t top;
    uint32_t stride_bytes; /* of every plane */
    struct vdh_interval interval;
};

/* What vdh_format_adjust changed. */
enum {
    VDH_CHANGED_FOURCC = 1 << 0,
    VDH_CHANGED_SIZE = 1 << 1,
    VDH_CHANGED_INTERVAL = 1 << 2,
    VDH_CHANGED_STRIDE = 1 << 3,
    VDH_CHANGED_CROP = 1 << 4
};

/* The pixel format of bit `index` in MODE.FORMATS: its code, 0 past the end; and back, or -1. */
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_format_fourcc(uint32_t index);
VDH_ANY_LEVEL VDH_PURE int vdh_format_index(uint32_t fourcc);

/* Bytes of a line of the first plane, without padding; 0 for an unknown code. */
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_format_line_bytes(uint32_t fourcc, uint32_t width);
/* Bytes of a frame with this stride; 0 if unknown or beyond 32 bits. */
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_format_frame_bytes(uint32_t fourcc, uint32_t stride_bytes,
                                                       uint32_t height);

/* Makes *format one that the selected input can deliver, as near to the request as there is: first
 * the pixel format (else the mode's first), then the smallest size not below the request (else the
 * largest), then the nearest interval not shorter (else the longest there is below), then the
 * corner and the stride. Members that are 0 mean "any". `mode` only chooses between modes that serve
 * the rest equally well; else the nearest corner decides, then the least cropping. *changed gets
 * VDH_CHANGED_* bits; what was "any" never counts as changed. A format that comes out of this goes
 * through it unchanged. No access. VDH_E_RANGE: the input has no mode. VDH_E_STATE before boot. */
VDH_ANY_LEVEL VDH_PURE int vdh_format_adjust(const struct vdh_device *device,
                                             struct vdh_format *format, uint32_t *changed);

/* Writes the format and reads back FRAME_BYTES and CONFIG_STATUS: at most 12 accesses. VDH_E_RANGE
 * unless it is exactly one that the tables allow; VDH_E_STATE before boot and while capture runs;
 * VDH_E_IO if the card disagrees. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_format_set(struct vdh_device *device,
                                            const struct vdh_format *format);

#endif
