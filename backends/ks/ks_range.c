/* SPDX-License-Identifier: MIT */
/*
 * Reading data ranges. Many drivers fill them carelessly, so what can be understood is used and the rest does without: a
 * range with a senseless step has one size, one with senseless intervals has its favourite.
 */
#include "ks_range.h"

#define HNS_PER_S    10000000
#define INTERVAL_MAX (INT64_C(3600) * HNS_PER_S)
#define ALIGNMENT    8u

#define CODE(a, b, c, d) VDC_FOURCC(a, b, c, d)

/* ---- The list ---- */

const uint8_t *ks_range_next(const uint8_t *list, size_t list_bytes, size_t *offset,
                             uint32_t *item_bytes)
{
    size_t at = *offset;
    uint32_t bytes;

    if (at > list_bytes || list_bytes - at < sizeof(bytes)) {
        return NULL;
    }
    memcpy(&bytes, list + at, sizeof(bytes));
    if (bytes < sizeof(struct ks_items) || bytes > list_bytes - at) {
        return NULL;
    }
    *item_bytes = bytes;
    *offset = at + bytes + (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT;
    return list + at;
}

/* ---- Pixel formats ---- */

/* By the system's code the library's, and bytes a pixel in the first plane; 0: compressed. */
static const struct {
    uint32_t code, fourcc, pixel_bytes;
} codes[] = {
    {CODE('Y',         'U',  'Y',            '2'),                         VDC_FOURCC_YUYV,2          },
    {CODE('Y',         'U',  'Y',            'V'),                         VDC_FOURCC_YUYV,2          },
    {CODE('U',         'Y',  'V',            'Y'),                         VDC_FOURCC_UYVY,2          },
    {CODE('H',         'D',  'Y',            'C'),                         VDC_FOURCC_UYVY,2          },
    {CODE('Y',         'V',  'Y',            'U'),                         CODE('Y','V',         'Y', 'U'), 2},
    {CODE('N',            'V',               '1',                             '2'),                                                  VDC_FOURCC_NV12,1},
    {CODE('N', 'V',    '2',                  '1'),CODE('N','V',                                '2', '1'), 1},
    {CODE('I',        '4',         '2',                    '0'),                                                       CODE('Y','U','1', '2'), 1},
    {CODE('I',      'Y','U','V'),CODE('Y','U','1', '2'), 1},
    {CODE('Y',               'V',                   '1',                          '2'),                                              CODE('Y','V','1', '2'), 1},
    {CODE('P',             '0',              '1',                        '0'),                                                   CODE('P',                                                                                                 '0',                                                                                                                                                                                                                             '1', '0'), 2},
    {CODE('Y',             '8','0','0'),VDC_FOURCC_GREY,1},
    {CODE('G',                'R',             'E',            'Y'),                        VDC_FOURCC_GREY,1},
    {CODE('Y',             '8',             ' ',                          ' '),                                                      VDC_FOURCC_GREY,1},
    {CODE('Y',            '1', '6',                                       ' '),                                                                                                                CODE('Y',                                                                                             '1',                                                                                                                                 '6', ' '), 2},
    {CODE('R',            'G', 'B',   '3'),        VDC_FOURCC_RGB24,     3                                                                                                                                                           },
    {CODE('H',            '2', '6','5'),VDC_FOURCC_HEVC,0                                                                                                                                                                                             },
};
#define CODES (sizeof(codes) / sizeof(codes[0]))

/* Of Windows' own RGB formats blue lies first, and lines come bottom up unless the height is negative. */
static const struct {
    const struct ks_guid *sub;
    uint32_t fourcc, pixel_bytes;
} rgbs[] = {
    {&ks_subtype_rgb24,  CODE('B', 'G', 'R', '3'), 3},
    {&ks_subtype_rgb32,  CODE('X', 'R', '2', '4'), 4},
    {&ks_subtype_argb32, CODE('A', 'R', '2', '4'), 4},
    {&ks_subtype_rgb565, CODE('R', 'G', 'B', 'P'), 2},
    {&ks_subtype_rgb555, CODE('R', 'G', 'B', 'O'), 2},
};
#define RGBS (sizeof(rgbs) / sizeof(rgbs[0]))

static int printable(uint32_t code)
{
    for (int at = 0; at < 4; at++) {
        uint32_t letter = code >> (8 * at) & 0xffu;

        if (letter < 0x20 || letter > 0x7e) {
            return 0;
        }
    }
    return 1;
}

uint32_t ks_fourcc_of(const struct ks_guid *sub)
{
    struct ks_guid tail = *sub;

    for (size_t i = 0; i < RGBS; i++) {
        if (ks_guid_same(sub, rgbs[i].sub)) {
            return rgbs[i].fourcc;
        }
    }
    tail.a = 0;
    if (!ks_guid_same(&tail, &ks_subtype_code) || !printable(sub->a)) {
        return 0;
    }
    for (size_t i = 0; i < CODES; i++) {
        if (codes[i].code == sub->a) {
            return codes[i].fourcc;
        }
    }
    return sub->a;
}

/* Bytes a pixel of the first plane; 0 for what is not made of lines that are known here. */
static uint32_t pixel_bytes(uint32_t fourcc)
{
    for (size_t i = 0; i < CODES; i++) {
        if (codes[i].fourcc == fourcc) {
            return codes[i].pixel_bytes;
        }
    }
    for (size_t i = 0; i < RGBS; i++) {
        if (rgbs[i].fourcc == fourcc) {
            return rgbs[i].pixel_bytes;
        }
    }
    return 0;
}

uint32_t ks_line_bytes(uint32_t fourcc, uint32_t width)
{
    uint32_t bytes = pixel_bytes(fourcc);

    return bytes == 0 || width > UINT32_MAX / bytes ? 0 : width * bytes;
}

static int is_rgb(uint32_t fourcc)
{
    for (size_t i = 0; i < RGBS; i++) {
        if (rgbs[i].fourcc == fourcc) {
            return 1;
        }
    }
    return fourcc == VDC_FOURCC_RGB24;
}

uint32_t ks_stride_bytes(const struct ks_mode *mode, uint32_t width)
{
    uint32_t line = ks_line_bytes(mode->fourcc, width);

    /* Lines of Windows' bitmaps end on four bytes. */
    if (is_rgb(mode->fourcc) && mode->fourcc != VDC_FOURCC_RGB24 && line <= UINT32_MAX - 3) {
        line = (line + 3) & ~UINT32_C(3);
    }
    return mode->compressed ? 0 : line;
}

/* ---- Intervals ---- */

static uint64_t divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Drivers round down or to the nearest. */
static int rounds_to(uint64_t num, uint64_t den, int64_t interval_100ns)
{
    uint64_t scaled = num * HNS_PER_S;
    uint64_t wanted = (uint64_t)interval_100ns;

    return scaled / den == wanted || (scaled + den / 2) / den == wanted;
}

vdc_fraction ks_interval_fraction(int64_t interval_100ns)
{
    vdc_fraction out = {0, 0};
    uint64_t common;

    if (interval_100ns <= 0 || interval_100ns > INTERVAL_MAX) {
        return out;
    }
    for (uint32_t rate = 1; rate <= 240; rate++) {
        if (rounds_to(1, rate, interval_100ns)) {
            return (vdc_fraction){1, rate};
        }
        if (rounds_to(1001, UINT64_C(1000) * rate, interval_100ns)) {
            return (vdc_fraction){1001, 1000 * rate};
        }
    }
    common = divisor((uint64_t)interval_100ns, HNS_PER_S);
    if ((uint64_t)interval_100ns / common > UINT32_MAX) { /* above 429 s with an odd rest */
        interval_100ns = interval_100ns / HNS_PER_S * HNS_PER_S;
        common = HNS_PER_S;
    }
    out.num = (uint32_t)((uint64_t)interval_100ns / common);
    out.den = (uint32_t)(HNS_PER_S / common);
    return out;
}

int64_t ks_interval_100ns(vdc_fraction interval)
{
    if (interval.num == 0 || interval.den == 0) {
        return 0;
    }
    return (int64_t)((uint64_t)interval.num * HNS_PER_S / interval.den);
}

static int sane_interval(int64_t value)
{
    return value > 0 && value <= INTERVAL_MAX;
}

static void read_intervals(struct ks_mode *out, const struct ks_caps *caps)
{
    int64_t least = caps->interval_min_100ns;
    int64_t most = caps->interval_max_100ns;

    out->interval_100ns = out->header.head.interval_100ns;
    if (!sane_interval(least) || !sane_interval(most) || least > most) {
        least = out->interval_100ns;
        most = out->interval_100ns;
    }
    if (!sane_interval(least)) {
        least = most = 0; /* it has no rate of its own */
    }
    out->interval_min_100ns = least;
    out->interval_max_100ns = most;
    if (out->interval_100ns < least || out->interval_100ns > most) {
        out->interval_100ns = least;
    }
}

/* ---- Sizes ---- */

static int sane_side(int32_t value)
{
    return value > 0 && (uint32_t)value <= KS_SIDE_MAX;
}

/* One axis: the favourite alone, unless the range makes sense and the favourite is in it. */
static void read_axis(uint32_t *least, uint32_t *most, uint32_t *step, uint32_t favourite,
                      int32_t minimum, int32_t maximum, int32_t granularity)
{
    *least = favourite;
    *most = favourite;
    *step = 1;
    if (!sane_side(minimum) || !sane_side(maximum) || !sane_side(granularity) ||
        (uint32_t)minimum > favourite || (uint32_t)maximum < favourite) {
        return;
    }
    *least = (uint32_t)minimum;
    *most = (uint32_t)maximum;
    *step = (uint32_t)granularity;
}

static uint32_t magnitude(int32_t value)
{
    return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

/* 4:2:2, packed. */
static int is_half_wide(uint32_t fourcc)
{
    return fourcc == VDC_FOURCC_YUYV || fourcc == VDC_FOURCC_UYVY;
}

/* Only even sizes of an axis; 0 if the favourite is odd. */
static int keep_even(uint32_t *least, uint32_t *most, uint32_t *step, uint32_t favourite)
{
    if (favourite % 2 != 0) {
        return 0;
    }
    if (*least % 2 != 0) {
        *least = favourite;
    }
    *most -= *most % 2;
    *step *= *step % 2 + 1;
    return 1;
}

/* Half of a pair of pixels is no picture, whatever a range says. */
static int keep_pairs(struct ks_mode *out)
{
    int wide = is_half_wide(out->fourcc) || out->fourcc == VDC_FOURCC_NV12;

    if (wide && !keep_even(&out->width_min, &out->width_max, &out->width_step, out->width)) {
        return 0;
    }
    return out->fourcc != VDC_FOURCC_NV12 ||
           keep_even(&out->height_min, &out->height_max, &out->height_step, out->height);
}

/* ---- Colour and fields ---- */

/* Bits 8 and on of the second header's control flags are DXVA_ExtendedFormat, in order: chroma siting 4, nominal range 3,
 * matrix 3, lighting 4, primaries 5, transfer 5. The numbers are Windows' own. */
static void read_colour(struct ks_mode *out)
{
    static const uint8_t ranges[8] = {[1] = VDC_RANGE_FULL, [2] = VDC_RANGE_LIMITED};
    static const uint8_t matrices[8] = {
        [1] = VDC_MATRIX_BT709,
        [2] = VDC_MATRIX_BT601,
        [4] = VDC_MATRIX_BT2020,
        [5] = VDC_MATRIX_BT2020,
    };
    static const uint8_t primaries[32] = {
        [2] = VDC_PRIMARIES_BT709, [4] = VDC_PRIMARIES_BT470BG, [5] = VDC_PRIMARIES_BT601,
        [6] = VDC_PRIMARIES_BT601, [8] = VDC_PRIMARIES_BT601,   [9] = VDC_PRIMARIES_BT2020,
    };
    static const uint8_t transfers[32] = {
        [1] = VDC_TRANSFER_LINEAR, [5] = VDC_TRANSFER_BT709,  [7] = VDC_TRANSFER_SRGB,
        [12] = VDC_TRANSFER_BT709, [13] = VDC_TRANSFER_BT709, [15] = VDC_TRANSFER_PQ,
        [16] = VDC_TRANSFER_HLG,
    };
    /* By bits: 1 chroma planes aligned, 2 cosited vertically, 4 horizontally; 8 is progressive chroma. */
    static const uint8_t sites[8] = {
        [1] = VDC_CHROMA_CENTER, [5] = VDC_CHROMA_LEFT, [7] = VDC_CHROMA_TOP_LEFT};
    uint32_t flags = out->header.control;

    if (is_rgb(out->fourcc)) {
        out->matrix = VDC_MATRIX_RGB;
        out->range = VDC_RANGE_FULL;
    }
    if (!out->second || !(flags & KS_COLOUR_PRESENT)) {
        return;
    }
    if (!is_rgb(out->fourcc)) {
        out->chroma_site = sites[flags >> 8 & 7u];
        if (is_half_wide(out->fourcc) && out->chroma_site == VDC_CHROMA_TOP_LEFT) {
            out->chroma_site = VDC_CHROMA_LEFT;
        }
        out->range = ranges[flags >> 12 & 7u];
        out->matrix = matrices[flags >> 15 & 7u];
    }
    out->primaries = primaries[flags >> 22 & 31u];
    out->transfer = transfers[flags >> 27 & 31u];
}

static void read_field(struct ks_mode *out)
{
    uint32_t flags = out->header.interlace;

    out->field = VDC_FIELD_ANY;
    if (!out->second) {
        return;
    }
    out->field = !(flags & KS_INTERLACED)       ? VDC_FIELD_PROGRESSIVE
                 : (flags & KS_ONE_FIELD)       ? VDC_FIELD_ANY
                 : (flags & KS_FIELD_ONE_FIRST) ? VDC_FIELD_TOP_FIRST
                                                : VDC_FIELD_BOTTOM_FIRST;
    if (out->header.aspect_x <= 0xffffu && out->header.aspect_y <= 0xffffu) {
        out->aspect_x = out->header.aspect_x;
        out->aspect_y = out->header.aspect_y;
    }
}

/* ---- The range ---- */

/* Either form of the header into the second; 0 if the range is too short for it. */
static int read_header(struct ks_mode *out, const struct ks_format *format, const uint8_t *bytes,
                       size_t count)
{
    struct ks_video video;

    memset(&out->header, 0, sizeof(out->header));
    out->second = (uint32_t)ks_guid_same(&format->specifier, &ks_specifier_video2);
    if (out->second) {
        if (count < sizeof(struct ks_video_range) + sizeof(out->header)) {
            return 0;
        }
        memcpy(&out->header, bytes + sizeof(struct ks_video_range), sizeof(out->header));
        return 1;
    }
    if (!ks_guid_same(&format->specifier, &ks_specifier_video) ||
        count < sizeof(struct ks_video_range) + sizeof(video)) {
        return 0;
    }
    memcpy(&video, bytes + sizeof(struct ks_video_range), sizeof(video));
    out->header.head = video.head;
    out->header.bitmap = video.bitmap;
    return 1;
}

int ks_range_parse(struct ks_mode *out, const uint8_t *bytes, size_t count)
{
    struct ks_video_range range;
    uint32_t height;

    memset(out, 0, sizeof(*out));
    if (count < sizeof(range)) {
        return 0;
    }
    memcpy(&range, bytes, sizeof(range));
    if (range.range.bytes > count || range.range.bytes < sizeof(range) ||
        !ks_guid_same(&range.range.major, &ks_type_video) ||
        !read_header(out, &range.range, bytes, range.range.bytes)) {
        return 0;
    }
    out->sub = range.range.sub;
    out->fourcc = ks_fourcc_of(&out->sub);
    height = magnitude(out->header.bitmap.height);
    if (out->fourcc == 0 || !sane_side(out->header.bitmap.width) || height == 0 ||
        height > KS_SIDE_MAX) {
        return 0;
    }
    out->compressed = pixel_bytes(out->fourcc) == 0;
    out->width = (uint32_t)out->header.bitmap.width;
    out->height = height;
    read_axis(&out->width_min, &out->width_max, &out->width_step, out->width,
              range.caps.output_min[0], range.caps.output_max[0], range.caps.output_step[0]);
    read_axis(&out->height_min, &out->height_max, &out->height_step, out->height,
              range.caps.output_min[1], range.caps.output_max[1], range.caps.output_step[1]);
    out->sample_bytes = range.range.sample_bytes > out->header.bitmap.image_bytes
                            ? range.range.sample_bytes
                            : out->header.bitmap.image_bytes;
    read_intervals(out, &range.caps);
    read_field(out);
    read_colour(out);
    return keep_pairs(out);
}
