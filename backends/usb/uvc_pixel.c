/* SPDX-License-Identifier: MIT */
/*
 * From a format's GUID and its colour matching descriptor to the library's words. Uncompressed formats name no range of sample
 * values: it stays unknown.
 */
#include <string.h>

#include "uvc_bytes.h"
#include "uvc_reader.h"

/* ---- Pixel formats ---- */

#define CODE(a, b, c, d) VDC_FOURCC(a, b, c, d)

/* Most GUIDs are a code and this tail. Two makers' tails differ: Apple's first camera left four bytes out, and
 * infrared formats have a 2 in the third group. */
static const uint8_t tail[12] = {0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71};
static const uint8_t tail_isight[12] = {0, 0, 0x10, 0, 0x80, 0, 0, 0, 0, 0x38, 0x9b, 0x71};
static const uint8_t tail_infrared[12] = {2, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71};
static const uint8_t tail_rgb[12] = {0x4f, 0x52, 0xce, 0x11, 0x9f, 0x53,
                                     0,    0x20, 0xaf, 0x0b, 0xa7, 0x70};

struct known_code {
    uint32_t code, fourcc;
};

/* Codes that have another name in the library; the rest keep their own. */
/* clang-format off */
static const struct known_code codes[] = {
    { CODE('Y', 'U', 'Y', '2'), VDC_FOURCC_YUYV },
    { CODE('Y', 'U', 'Y', 'V'), VDC_FOURCC_YUYV },
    { CODE('H', 'D', 'Y', 'C'), VDC_FOURCC_UYVY },
    { CODE('I', '4', '2', '0'), CODE('Y', 'U', '1', '2') },
    { CODE('Y', '8', '0', '0'), VDC_FOURCC_GREY },
    { CODE('Y', '8', ' ', ' '), VDC_FOURCC_GREY },
    { CODE('B', 'Y', '8', ' '), CODE('B', 'A', '8', '1') },
    { CODE('H', '2', '6', '5'), VDC_FOURCC_HEVC },
};
static const struct known_code infrareds[] = {
    { 0x32, VDC_FOURCC_GREY },
    { 0x51, CODE('Y', '1', '6', ' ') },
};
static const struct known_code rgbs[] = {
    { 0xe436eb7b, CODE('R', 'G', 'B', 'P') },
    { 0xe436eb7d, CODE('B', 'G', 'R', '3') },
    { 0xe436eb7e, CODE('X', 'R', '2', '4') },
};
/* clang-format on */
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t look_up(const struct known_code *table, size_t count, uint32_t code, uint32_t other)
{
    for (size_t i = 0; i < count; i++) {
        if (table[i].code == code) {
            return table[i].fourcc;
        }
    }
    return other;
}

static int printable(const uint8_t *letters)
{
    for (int i = 0; i < 4; i++) {
        if (letters[i] < 0x20 || letters[i] > 0x7e) {
            return 0;
        }
    }
    return 1;
}

uint32_t uvc_fourcc_of(const uint8_t guid[16])
{
    uint32_t code = uvc_get32(guid);

    if (memcmp(guid + 4, tail_rgb, sizeof(tail_rgb)) == 0) {
        return look_up(rgbs, COUNT(rgbs), code, 0);
    }
    if (memcmp(guid + 4, tail_infrared, sizeof(tail_infrared)) == 0) {
        return look_up(infrareds, COUNT(infrareds), code, 0);
    }
    if ((memcmp(guid + 4, tail, sizeof(tail)) != 0 &&
         memcmp(guid + 4, tail_isight, sizeof(tail_isight)) != 0) ||
        !printable(guid)) {
        return 0;
    }
    return look_up(codes, COUNT(codes), code, code);
}

int uvc_is_rgb(uint32_t fourcc)
{
    for (size_t i = 0; i < COUNT(rgbs); i++) {
        if (rgbs[i].fourcc == fourcc) {
            return 1;
        }
    }
    return 0;
}

/* ---- Colour ---- */

/* Without a colour matching descriptor, and for values that it leaves open, these hold by the standard (UVC 1.5, 3.9.2.6). */
void uvc_reader_colour(struct uvc_format *format, uint32_t primaries, uint32_t transfer,
                       uint32_t matrix)
{
    static const uint8_t known_primaries[] = {VDC_PRIMARIES_BT709, VDC_PRIMARIES_BT709,
                                              VDC_PRIMARIES_ANY,   VDC_PRIMARIES_BT470BG,
                                              VDC_PRIMARIES_BT601, VDC_PRIMARIES_BT601};
    static const uint8_t known_transfers[] = {
        VDC_TRANSFER_BT709, VDC_TRANSFER_BT709, VDC_TRANSFER_ANY,    VDC_TRANSFER_ANY,
        VDC_TRANSFER_BT601, VDC_TRANSFER_ANY,   VDC_TRANSFER_LINEAR, VDC_TRANSFER_SRGB};
    static const uint8_t known_matrices[] = {VDC_MATRIX_BT601, VDC_MATRIX_BT709, VDC_MATRIX_ANY,
                                             VDC_MATRIX_BT601, VDC_MATRIX_BT601, VDC_MATRIX_ANY};

    format->primaries = primaries < COUNT(known_primaries) ? known_primaries[primaries] : 0;
    format->transfer = transfer < COUNT(known_transfers) ? known_transfers[transfer] : 0;
    format->matrix = matrix < COUNT(known_matrices) ? known_matrices[matrix] : 0;
    if (uvc_is_rgb(format->fourcc)) {
        format->matrix = VDC_MATRIX_RGB;
        format->range = VDC_RANGE_FULL;
    } else if (format->fourcc == VDC_FOURCC_GREY) {
        format->matrix = VDC_MATRIX_ANY;
    } else if (format->kind == UVC_KIND_MJPEG) {
        format->range = VDC_RANGE_FULL; /* JPEG's own */
    }
}
