/* SPDX-License-Identifier: MIT */
/*
 * Formats for the application, and the nearest to a wish, both out of the modes that were found when the device was
 * opened: asking costs the driver nothing.
 */
#include "ks.h"

#define RATES_SHOWN 256u
#define STRIDE_MAX  65535u

static int no_modes(const struct ks_device *device)
{
    if (device->own && device->identity.limited) {
        return vdi_error(VDC_E_FIRMWARE,
                         "ks:%s: only firmware and registers work until firmware "
                         "is loaded",
                         device->id);
    }
    return vdi_error(VDC_E_UNSUPPORTED, "ks:%s: it has no pin that gives video", device->id);
}

int ks_formats(struct vdi_device *base, struct vdi_sink *sink)
{
    struct ks_device *device = ks_device_of(base);
    int status = ks_device_renew(device);

    if (status == VDC_OK && device->mode_count == 0) {
        status = no_modes(device);
    }
    for (uint32_t i = 0; i < device->mode_count && status == VDC_OK; i++) {
        const struct ks_mode *mode = &device->modes[i];
        vdc_fraction intervals[RATES_SHOWN];
        uint32_t count = mode->interval_count < RATES_SHOWN ? mode->interval_count : RATES_SHOWN;
        vdc_format_info info;

        memset(&info, 0, sizeof(info));
        memset(intervals, 0, sizeof(intervals[0]));
        for (uint32_t k = 0; k < count; k++) {
            intervals[k] = device->intervals[mode->interval_first + k].s;
        }
        info.fourcc = mode->fourcc;
        info.compressed = mode->compressed;
        info.width_min_px = mode->width_min;
        info.width_max_px = mode->width_max;
        info.width_step_px = mode->width_step;
        info.height_min_px = mode->height_min;
        info.height_max_px = mode->height_max;
        info.height_step_px = mode->height_step;
        info.intervals_s = intervals;
        info.interval_count = count;
        info.interval_range = mode->interval_range;
        info.field = mode->field;
        info.primaries = mode->primaries;
        info.transfer = mode->transfer;
        info.matrix = mode->matrix;
        info.range = mode->range;
        status = vdi_sink_format(sink, &info);
    }
    return status;
}

/* ---- Sizes ---- */

/* The smallest size on one axis that is not below the wish; 0 if there is none. */
static uint32_t axis_size(uint32_t wish, uint32_t least, uint32_t most, uint32_t step,
                          uint32_t favourite)
{
    uint64_t size;

    if (wish == 0) {
        return favourite;
    }
    if (wish > most) {
        return 0;
    }
    if (wish <= least) {
        return least;
    }
    size = least + ((uint64_t)wish - least + step - 1) / step * step;
    return size > most ? most : (uint32_t)size;
}

static uint32_t mode_width(const struct ks_mode *mode, uint32_t wish)
{
    return axis_size(wish, mode->width_min, mode->width_max, mode->width_step, mode->width);
}

static uint32_t mode_height(const struct ks_mode *mode, uint32_t wish)
{
    return axis_size(wish, mode->height_min, mode->height_max, mode->height_step, mode->height);
}

static int mode_allows(const struct ks_mode *mode, uint32_t fourcc, uint32_t width, uint32_t height)
{
    return mode->fourcc == fourcc && mode_width(mode, width) == width &&
           mode_height(mode, height) == height;
}

static uint64_t area(uint32_t width, uint32_t height)
{
    return (uint64_t)width * height;
}

/* Pixel format and size: the smallest that holds the wish, else the largest. The first of equals. */
static void settle_size(const struct ks_device *device, vdc_format *format)
{
    int any = format->width_px == 0 && format->height_px == 0;
    const struct ks_mode *best = NULL;
    const struct ks_mode *largest = NULL;
    uint32_t width = 0;
    uint32_t height = 0;

    for (uint32_t i = 0; i < device->mode_count; i++) {
        const struct ks_mode *mode = &device->modes[i];
        uint32_t w = mode_width(mode, format->width_px);
        uint32_t h = mode_height(mode, format->height_px);

        if (format->fourcc != 0 && mode->fourcc != format->fourcc) {
            continue;
        }
        if (largest == NULL || area(mode->width_max, mode->height_max) >
                                   area(largest->width_max, largest->height_max)) {
            largest = mode;
        }
        if (w != 0 && h != 0 && (best == NULL || (!any && area(w, h) < area(width, height)))) {
            best = mode;
            width = w;
            height = h;
        }
    }
    if (best == NULL) {
        best = largest;
        width = largest->width_max;
        height = largest->height_max;
    }
    format->fourcc = best->fourcc;
    format->width_px = width;
    format->height_px = height;
}

/* ---- Intervals ---- */

static int is_shorter(vdc_fraction a, vdc_fraction b)
{
    return (uint64_t)a.num * b.den < (uint64_t)b.num * a.den;
}

static int is_same(vdc_fraction a, vdc_fraction b)
{
    return !is_shorter(a, b) && !is_shorter(b, a);
}

/* Whether `a` answers a wish better than `b`: not shorter than it, then the nearest. */
static int is_nearer(vdc_fraction a, vdc_fraction b, vdc_fraction wish)
{
    if (is_shorter(a, wish) != is_shorter(b, wish)) {
        return !is_shorter(a, wish);
    }
    return is_shorter(a, wish) ? is_shorter(b, a) : is_shorter(a, b);
}

/* The nearest interval of a mode; the favourite for no wish. 0/0 if it has none. */
static vdc_fraction mode_interval(const struct ks_device *device, const struct ks_mode *mode,
                                  vdc_fraction wish)
{
    const struct ks_interval *list;
    vdc_fraction best = {0, 0};

    if (mode->interval_count == 0) {
        return best;
    }
    list = &device->intervals[mode->interval_first];
    if (wish.num == 0 || wish.den == 0) {
        return mode->interval_range ? ks_interval_fraction(mode->interval_100ns) : list[0].s;
    }
    if (mode->interval_range && !is_shorter(wish, list[0].s) && !is_shorter(list[1].s, wish)) {
        return wish;
    }
    best = list[0].s;
    for (uint32_t i = 1; i < mode->interval_count; i++) {
        if (is_nearer(list[i].s, best, wish)) {
            best = list[i].s;
        }
    }
    return best;
}

/* Over all modes of this size; among equals the one with the smallest raster, so that a window is cut the least. */
static const struct ks_mode *settle_interval(const struct ks_device *device, vdc_format *format)
{
    vdc_fraction wish = format->interval_s;
    const struct ks_mode *best = NULL;

    for (uint32_t i = 0; i < device->mode_count; i++) {
        const struct ks_mode *mode = &device->modes[i];
        vdc_fraction interval;
        int wins;

        if (!mode_allows(mode, format->fourcc, format->width_px, format->height_px)) {
            continue;
        }
        interval = mode_interval(device, mode, wish);
        if (best == NULL) {
            wins = 1;
        } else if (interval.den != 0 && wish.den != 0 && wish.num != 0 &&
                   !is_same(interval, format->interval_s)) {
            wins = is_nearer(interval, format->interval_s, wish);
        } else {
            wins =
                area(mode->width_max, mode->height_max) < area(best->width_max, best->height_max);
        }
        if (wins) {
            best = mode;
            format->interval_s = interval;
        }
    }
    return best;
}

/* ---- The rest ---- */

/* Of a pixel: the picture's aspect over its size. */
static vdc_fraction pixel_aspect(const struct ks_mode *mode, const vdc_format *format)
{
    /* Vidicon's card cuts a smaller size out of its raster; others scale. */
    uint64_t num = (uint64_t)mode->aspect_x * (mode->own ? mode->height : format->height_px);
    uint64_t den = (uint64_t)mode->aspect_y * (mode->own ? mode->width : format->width_px);
    uint64_t a = num;
    uint64_t b = den;

    if (num == 0 || den == 0) {
        return (vdc_fraction){0, 0};
    }
    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    return (vdc_fraction){(uint32_t)(num / a), (uint32_t)(den / a)};
}

static const struct ks_mode *settle(const struct ks_device *device, vdc_format *format)
{
    const struct ks_mode *mode;
    uint32_t stride;
    int offered = 0;

    for (uint32_t i = 0; i < device->mode_count; i++) {
        offered |= device->modes[i].fourcc == format->fourcc;
    }
    if (!offered) {
        format->fourcc = 0;
    }
    settle_size(device, format);
    mode = settle_interval(device, format);
    stride = ks_stride_bytes(mode, format->width_px);
    if (!mode->own || format->stride_bytes < stride) {
        format->stride_bytes = stride;
    }
    if (mode->own && format->stride_bytes > STRIDE_MAX) {
        format->stride_bytes = STRIDE_MAX;
    }
    format->field = mode->field;
    format->primaries = mode->primaries;
    format->transfer = mode->transfer;
    format->matrix = mode->matrix;
    format->range = mode->range;
    format->chroma_site = mode->chroma_site;
    format->pixel_aspect = pixel_aspect(mode, format);
    format->reserved[0] = 0;
    format->reserved[1] = 0;
    return mode;
}

int ks_negotiate(struct vdi_device *base, vdc_format *format, uint32_t *changed)
{
    struct ks_device *device = ks_device_of(base);
    int status = ks_device_renew(device);

    (void)changed; /* the library compares */
    if (status != VDC_OK) {
        return status;
    }
    if (device->mode_count == 0) {
        return no_modes(device);
    }
    (void)settle(device, format);
    return VDC_OK;
}

int ks_format_find(const struct ks_device *device, const struct ks_mode **out,
                   const vdc_format *format)
{
    vdc_format nearest = *format;

    if (device->mode_count == 0) {
        return no_modes(device);
    }
    *out = settle(device, &nearest);
    if (nearest.fourcc != format->fourcc || nearest.width_px != format->width_px ||
        nearest.height_px != format->height_px || nearest.stride_bytes != format->stride_bytes ||
        !is_same(nearest.interval_s, format->interval_s)) {
        return vdi_error(VDC_E_RANGE, "ks:%s: it has no such format; negotiate first", device->id);
    }
    return VDC_OK;
}
