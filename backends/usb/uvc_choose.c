/* SPDX-License-Identifier: MIT */
/*
 * From a wish to what the descriptors have. Intervals are compared as the fractions that they were rounded from: a camera that
 * says 333333 means a thirtieth of a second, and who wishes 1/30 must get it.
 */
#include "uvc_probe.h"

#include <string.h>

/* ---- Intervals ---- */

static uint32_t divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* Makers cut off, round up, or multiply what was cut off: half a second came as 4999998. */
static int rounds_to(uint64_t num, uint64_t den, uint32_t interval)
{
    uint64_t exact = num * UVC_HNS_PER_S / den;
    uint64_t apart = exact > interval ? exact - interval : interval - exact;

    return apart <= 1 + interval / 1000000;
}

vdc_fraction uvc_interval_fraction(uint32_t interval)
{
    vdc_fraction out = {0, 0};
    uint32_t common;

    if (interval == 0) {
        return out;
    }
    for (uint32_t rate = 1; rate <= 1000; rate++) {
        if (rounds_to(1, rate, interval)) {
            return (vdc_fraction){1, rate};
        }
    }
    for (uint32_t rate = 24; rate <= 240; rate++) {
        if (rounds_to(1001, UINT64_C(1000) * rate, interval)) {
            return (vdc_fraction){1001, 1000 * rate};
        }
    }
    common = divisor(interval, UVC_HNS_PER_S);
    out.num = interval / common;
    out.den = UVC_HNS_PER_S / common;
    return out;
}

uint32_t uvc_interval_of(vdc_fraction interval)
{
    uint64_t value;

    if (interval.num == 0 || interval.den == 0) {
        return 0;
    }
    value = (uint64_t)interval.num * UVC_HNS_PER_S / interval.den;
    return value > UINT32_MAX ? 0 : (uint32_t)value;
}

/* a < b, exactly. */
static int shorter(vdc_fraction a, vdc_fraction b)
{
    return (uint64_t)a.num * b.den < (uint64_t)b.num * a.den;
}

/* A range: the wish itself, on a step where there are steps, never shorter. */
static uint32_t nearest_in_range(const uint32_t *range, vdc_fraction wish)
{
    uint64_t wanted = ((uint64_t)wish.num * UVC_HNS_PER_S) / wish.den;
    uint64_t steps;

    if (wanted <= range[0]) {
        return range[0];
    }
    if (wanted >= range[1]) {
        return range[1];
    }
    if (range[2] == 0) {
        return (uint32_t)wanted;
    }
    steps = (wanted - range[0] + range[2] - 1) / range[2];
    wanted = range[0] + steps * range[2];
    return wanted > range[1] ? range[1] : (uint32_t)wanted;
}

static uint32_t nearest_interval(const struct uvc_camera *camera, const struct uvc_frame *frame,
                                 vdc_fraction wish)
{
    const uint32_t *list = camera->intervals + frame->interval_first;
    uint32_t best = 0, longest = 0;

    if (wish.num == 0 || wish.den == 0) {
        return frame->default_interval;
    }
    if (frame->continuous) {
        return nearest_in_range(list, wish);
    }
    for (uint32_t i = 0; i < frame->interval_count; i++) {
        if (list[i] > longest) {
            longest = list[i];
        }
        if (!shorter(uvc_interval_fraction(list[i]), wish) && (best == 0 || list[i] < best)) {
            best = list[i];
        }
    }
    return best != 0 ? best : longest;
}

/* ---- Sizes ---- */

static uint64_t area(const struct uvc_frame *frame)
{
    return (uint64_t)frame->width * frame->height;
}

/* Whether `frame` suits the wish better than `best`. */
static int better(const struct uvc_frame *frame, const struct uvc_frame *best,
                  const vdc_format *wish)
{
    int enough = frame->width >= wish->width_px && frame->height >= wish->height_px;
    int best_enough;

    if (!best) {
        return 1;
    }
    best_enough = best->width >= wish->width_px && best->height >= wish->height_px;
    if (enough != best_enough) {
        return enough;
    }
    return enough ? area(frame) < area(best) : area(frame) > area(best);
}

static const struct uvc_frame *nearest_frame(const struct uvc_camera *camera,
                                             const struct uvc_format *format,
                                             const vdc_format *wish)
{
    const struct uvc_frame *best = NULL;

    for (uint32_t i = 0; i < format->frame_count; i++) {
        const struct uvc_frame *frame = &camera->frames[format->frame_first + i];

        if (wish->width_px == 0 && wish->height_px == 0) {
            if (frame->index == format->default_frame) {
                return frame;
            }
        } else if (better(frame, best, wish)) {
            best = frame;
        }
    }
    return best;
}

/* ---- The choice ---- */

static uint32_t gcd_or_one(uint32_t a, uint32_t b)
{
    uint32_t common = divisor(a, b);

    return common == 0 ? 1 : common;
}

/* The picture's aspect over that of its grid. */
static vdc_fraction pixel_aspect(const struct uvc_format *format, const struct uvc_frame *frame)
{
    vdc_fraction out = {0, 0};
    uint32_t num, den, common;

    if (format->aspect_x == 0 || format->aspect_y == 0) {
        return out;
    }
    num = (uint32_t)format->aspect_x * frame->height;
    den = (uint32_t)format->aspect_y * frame->width;
    common = gcd_or_one(num, den);
    out.num = num / common;
    out.den = den / common;
    return out;
}

/* Bytes a pixel of the first plane, and what all planes have, in eighths of it. */
static int plane_shape(uint32_t fourcc, uint32_t *pixel_bytes, uint32_t *eighths)
{
    /* clang-format off */
    static const struct {
        uint32_t fourcc;
        uint8_t pixel_bytes, eighths;
    } shapes[] = {
        { VDC_FOURCC_YUYV, 2, 8 },
        { VDC_FOURCC_UYVY, 2, 8 },
        { VDC_FOURCC('Y', 'V', 'Y', 'U'), 2, 8 },
        { VDC_FOURCC_NV12, 1, 12 },
        { VDC_FOURCC('N', 'V', '2', '1'), 1, 12 },
        { VDC_FOURCC('Y', 'U', '1', '2'), 1, 12 },
        { VDC_FOURCC('Y', 'V', '1', '2'), 1, 12 },
        { VDC_FOURCC('P', '0', '1', '0'), 2, 12 },
        { VDC_FOURCC('M', '4', '2', '0'), 1, 12 },
        { VDC_FOURCC_GREY, 1, 8 },
        { VDC_FOURCC('B', 'A', '8', '1'), 1, 8 },
        { VDC_FOURCC('Y', '1', '6', ' '), 2, 8 },
        { VDC_FOURCC('Y', '1', '0', ' '), 2, 8 },
        { VDC_FOURCC('Y', '1', '2', ' '), 2, 8 },
        { VDC_FOURCC('Z', '1', '6', ' '), 2, 8 },
        { VDC_FOURCC('R', 'G', 'B', 'P'), 2, 8 },
        { VDC_FOURCC('B', 'G', 'R', '3'), 3, 8 },
        { VDC_FOURCC('X', 'R', '2', '4'), 4, 8 },
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        if (shapes[i].fourcc == fourcc) {
            *pixel_bytes = shapes[i].pixel_bytes;
            *eighths = shapes[i].eighths;
            return 1;
        }
    }
    return 0;
}

/* Sizes of known formats are computed, those of others follow bBitsPerPixel, which some cameras leave 0: then it is theirs. */
static void measure(struct uvc_choice *out)
{
    uint64_t pixels = area(out->frame);
    uint32_t pixel_bytes = 0, eighths = 0;
    uint64_t bytes;

    out->exact_bytes = 0;
    out->most_bytes = out->frame->max_frame_bytes;
    if (out->format->kind != UVC_KIND_UNCOMPRESSED) {
        return;
    }
    if (plane_shape(out->format->fourcc, &pixel_bytes, &eighths)) {
        out->picture.stride_bytes = out->frame->width * pixel_bytes;
        bytes = pixels * pixel_bytes * eighths / 8;
    } else if (out->format->bits_per_pixel != 0) {
        bytes = (pixels * out->format->bits_per_pixel + 7) / 8;
    } else {
        bytes = out->frame->max_frame_bytes;
    }
    if (bytes <= UVC_FRAME_BYTES_MAX) {
        out->exact_bytes = (uint32_t)bytes;
        out->most_bytes = (uint32_t)bytes;
    }
}

void uvc_describe(struct uvc_choice *out, const struct uvc_format *format,
                  const struct uvc_frame *frame, uint32_t interval)
{
    memset(out, 0, sizeof(*out));
    out->format = format;
    out->frame = frame;
    out->interval = interval;
    out->picture.fourcc = format->fourcc;
    out->picture.width_px = frame->width;
    out->picture.height_px = frame->height;
    out->picture.interval_s = uvc_interval_fraction(interval);
    out->picture.field = format->field;
    out->picture.primaries = format->primaries;
    out->picture.transfer = format->transfer;
    out->picture.matrix = format->matrix;
    out->picture.range = format->range;
    out->picture.pixel_aspect = pixel_aspect(format, frame);
    measure(out);
}

int uvc_choose(struct uvc_choice *out, const struct uvc_camera *camera,
               const struct uvc_stream *stream, const vdc_format *wish)
{
    const struct uvc_format *format = NULL;
    const struct uvc_frame *frame = NULL;

    /* A code may come twice, with other sizes each: the better frame wins, the first where they are equal. */
    for (uint32_t i = 0; i < stream->format_count; i++) {
        const struct uvc_format *other = &camera->formats[stream->format_first + i];
        const struct uvc_frame *found;

        if (other->frame_count == 0 || (wish->fourcc != 0 && other->fourcc != wish->fourcc) ||
            (format && other->fourcc != format->fourcc)) {
            continue;
        }
        found = nearest_frame(camera, other, wish);
        if (!format || (wish->width_px != 0 && better(found, frame, wish))) {
            format = other;
            frame = found;
        }
    }
    if (!format) {
        return 0;
    }
    uvc_describe(out, format, frame, nearest_interval(camera, frame, wish->interval_s));
    return 1;
}

void uvc_probe_wish(struct uvc_probe *out, const struct uvc_choice *choice)
{
    memset(out, 0, sizeof(*out));
    out->hint = 1; /* keep the interval, change the rest if you must */
    out->format = choice->format->index;
    out->frame = choice->frame->index;
    out->interval = choice->interval;
}
