/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Picture formats. A request is settled in stages (pixel format and size, interval, mode, corner,
 * stride); each takes what the one before gave as fixed, which makes the result a fixed point.
 */
#include "vdh_format.h"
#include "vdh_access.h"

#define STRIDE_MAX 65535u
#define NO_MODE    0xffffffffu

static const uint32_t fourccs[] = {VDH_FOURCC_YUYV, VDH_FOURCC_UYVY, VDH_FOURCC_NV12,
                                   VDH_FOURCC_RGB24, VDH_FOURCC_GREY};
#define FOURCCS ((uint32_t)(sizeof(fourccs) / sizeof(fourccs[0])))

uint32_t vdh_format_fourcc(uint32_t index)
{
    return index < FOURCCS ? fourccs[index] : 0;
}

int vdh_format_index(uint32_t fourcc)
{
    for (uint32_t i = 0; i < FOURCCS; i++) {
        if (fourccs[i] == fourcc)
            return (int)i;
    }
    return -1;
}

uint32_t vdh_format_line_bytes(uint32_t fourcc, uint32_t width)
{
    uint32_t per_pixel;

    switch (fourcc) {
    case VDH_FOURCC_YUYV:
    case VDH_FOURCC_UYVY:
        per_pixel = 2;
        break;
    case VDH_FOURCC_RGB24:
        per_pixel = 3;
        break;
    case VDH_FOURCC_NV12:
    case VDH_FOURCC_GREY:
        per_pixel = 1;
        break;
    default:
        return 0;
    }
    return width > 0xffffffffu / per_pixel ? 0 : width * per_pixel;
}

uint32_t vdh_format_frame_bytes(uint32_t fourcc, uint32_t stride_bytes, uint32_t height)
{
    uint64_t bytes = (uint64_t)stride_bytes * height;

    if (vdh_format_index(fourcc) < 0)
        return 0;
    if (fourcc == VDH_FOURCC_NV12)
        bytes += (uint64_t)stride_bytes * (height / 2u);
    return bytes > 0xffffffffu ? 0 : (uint32_t)bytes;
}

/* Mode `index` as this card and input have it: without CROP the raster is the only window. Does not
 * say VDH_OK for a mode of another input, or one without the pixel format (0: any). */
static int get_mode(struct vdh_mode_info *out, const struct vdh_device *device, uint32_t index,
                    uint32_t fourcc)
{
    int result = vdh_tables_mode(out, &device->tables, index);
    int bit = vdh_format_index(fourcc);

    if (result)
        return result;
    if (device->input > 15u || !(out->inputs >> device->input & 1u) ||
        (fourcc && (bit < 0 || !(out->formats >> bit & 1u))) || !(out->formats & 0x1fu))
        return VDH_E_RANGE;
    if (!vdh_field_get(device->identity.caps, VDH_F_CAPS_CROP)) {
        out->width_min = out->width;
        out->height_min = out->height;
    }
    return VDH_OK;
}

/* The smallest size on one axis that is not below the request; 0 if there is none. */
static uint32_t axis_size(uint32_t request, uint32_t least, uint32_t most, uint32_t step)
{
    uint32_t size;

    if (request == 0)
        return most;
    if (request > most)
        return 0;
    if (request <= least)
        return least;
    size = least + (request - least + step - 1u) / step * step;
    return size > most ? most : size;
}

/* The corner on one axis that is nearest to the request. */
static uint32_t axis_corner(uint32_t request, uint32_t size, uint32_t raster, uint32_t step)
{
    uint32_t most = (raster - size) / step * step;
    uint32_t corner;

    if (request >= most)
        return most;
    corner = request / step * step;
    return request - corner > step / 2u ? corner + step : corner;
}

static int mode_allows(const struct vdh_mode_info *mode, uint32_t width, uint32_t height)
{
    return axis_size(width, mode->width_min, mode->width, mode->width_step) == width &&
           axis_size(height, mode->height_min, mode->height, mode->height_step) == height;
}

static uint32_t apart(uint32_t a, uint32_t b)
{
    return a > b ? a - b : b - a;
}

/* a < b. No member reaches 2^32, so the products fit. */
static int is_shorter(const struct vdh_interval *a, const struct vdh_interval *b)
{
    return (uint64_t)a->num * b->den < (uint64_t)b->num * a->den;
}

static int is_same(const struct vdh_interval *a, const struct vdh_interval *b)
{
    return !is_shorter(a, b) && !is_shorter(b, a);
}

/* Whether `a` answers a request better than `b`. */
static int is_nearer(const struct vdh_interval *a, const struct vdh_interval *b,
                     const struct vdh_interval *request)
{
    if (is_shorter(a, request) != is_shorter(b, request))
        return !is_shorter(a, request);
    return is_shorter(a, request) ? is_shorter(b, a) : is_shorter(a, b);
}

/* Finds `value` in a mode, or the nearest to it. VDH_OK if there is an equal one. */
static int find_interval(struct vdh_interval *out, const struct vdh_device *device,
                         const struct vdh_mode_info *mode, const struct vdh_interval *value)
{
    for (uint32_t i = 0; i < mode->interval_count; i++) {
        struct vdh_interval one;

        (void)vdh_tables_interval(&one, &device->tables, mode->interval_first + i);
        if (i > 0 && !is_nearer(&one, out, value))
            continue;
        *out = one;
        if (is_same(out, value))
            return VDH_OK;
    }
    return VDH_E_RANGE;
}

/* Stage 1: the size, and the pixel format if it was any. The preferred mode is asked first. */
static int settle_size(const struct vdh_device *device, struct vdh_format *format,
                       uint32_t preferred)
{
    uint32_t best_area = 0;
    uint32_t largest_area = 0;
    uint32_t best_mode = NO_MODE;
    uint32_t largest_mode = NO_MODE;
    uint32_t width = 0;
    uint32_t height = 0;
    int any = format->width == 0 && format->height == 0;
    struct vdh_mode_info mode;

    if (any && preferred != 0 && get_mode(&mode, device, preferred, format->fourcc) == VDH_OK)
        best_mode = preferred;
    for (uint32_t i = 0; i < device->tables.mode_count; i++) {
        uint32_t w;
        uint32_t h;

        if (get_mode(&mode, device, i, format->fourcc) != VDH_OK)
            continue;
        w = axis_size(format->width, mode.width_min, mode.width, mode.width_step);
        h = axis_size(format->height, mode.height_min, mode.height, mode.height_step);
        if ((uint32_t)mode.width * mode.height > largest_area) {
            largest_area = (uint32_t)mode.width * mode.height;
            largest_mode = i;
        }
        /* Any size: the first mode's. */
        if (w && h && (best_mode == NO_MODE || (!any && w * h < best_area))) {
            best_area = w * h;
            best_mode = i;
            width = w;
            height = h;
        }
    }
    if (best_mode == NO_MODE && largest_mode == NO_MODE)
        return VDH_E_RANGE;
    (void)get_mode(&mode, device, best_mode == NO_MODE ? largest_mode : best_mode, 0);
    format->width = width ? width : mode.width;
    format->height = height ? height : mode.height;
    for (uint32_t i = 0; i < FOURCCS && !format->fourcc; i++) {
        if (mode.formats >> i & 1u)
            format->fourcc = fourccs[i];
    }
    return VDH_OK;
}

/* Stage 2: the interval nearest to the request, over all modes of this size. Any: stage 3 knows. */
static void settle_interval(const struct vdh_device *device, struct vdh_format *format)
{
    struct vdh_interval request = format->interval;
    int found = 0;

    if (request.num == 0 || request.den == 0)
        return;
    for (uint32_t i = 0; i < device->tables.mode_count; i++) {
        struct vdh_mode_info mode;
        struct vdh_interval one;

        if (get_mode(&mode, device, i, format->fourcc) != VDH_OK ||
            !mode_allows(&mode, format->width, format->height))
            continue;
        (void)find_interval(&one, device, &mode, &request);
        if (!found || is_nearer(&one, &format->interval, &request))
            format->interval = one;
        found = 1;
        /* None is nearer than the request itself; this runs where instructions count. */
        if (is_same(&format->interval, &request))
            return;
    }
}

/* Stage 3: the mode. The preferred one; else the one whose corner is nearest; else the one that
 * crops least. */
static void settle_mode(const struct vdh_device *device, struct vdh_format *format,
                        uint32_t preferred)
{
    uint32_t best_off = 0;
    uint32_t best_area = 0;
    uint32_t best = NO_MODE;
    int any = format->interval.num == 0 || format->interval.den == 0;

    for (uint32_t i = 0; i < device->tables.mode_count; i++) {
        struct vdh_mode_info mode;
        struct vdh_interval one;
        uint32_t off;
        uint32_t area;

        if (get_mode(&mode, device, i, format->fourcc) != VDH_OK ||
            !mode_allows(&mode, format->width, format->height))
            continue;
        /* 16383 is more than any corner can be off the raster, and keeps the sum small. */
        off = apart(format->left < 16383u ? format->left : 16383u,
                    axis_corner(format->left, format->width, mode.width, mode.width_step)) +
              apart(format->top < 16383u ? format->top : 16383u,
                    axis_corner(format->top, format->height, mode.height, mode.height_step));
        area = (uint32_t)mode.width * mode.height;
        /* The interval last: it costs the most to look up. */
        if ((best == NO_MODE || (i == preferred && preferred != 0) ||
             (!(best == preferred && preferred != 0) &&
              (off < best_off || (off == best_off && area < best_area)))) &&
            (any || find_interval(&one, device, &mode, &format->interval) == VDH_OK)) {
            best = i;
            best_off = off;
            best_area = area;
        }
    }
    format->mode = best;
}

/* Stage 4: what depends on the mode alone. */
static void settle_rest(const struct vdh_device *device, struct vdh_format *format)
{
    struct vdh_mode_info mode;
    uint32_t line = vdh_format_line_bytes(format->fourcc, format->width);

    (void)get_mode(&mode, device, format->mode, format->fourcc);
    if (format->interval.num == 0 || format->interval.den == 0)
        (void)vdh_tables_interval(&format->interval, &device->tables, mode.interval_first);
    format->left = axis_corner(format->left, format->width, mode.width, mode.width_step);
    format->top = axis_corner(format->top, format->height, mode.height, mode.height_step);
    if (format->stride_bytes < line)
        format->stride_bytes = line;
    if (format->stride_bytes > STRIDE_MAX)
        format->stride_bytes = STRIDE_MAX;
}

static uint32_t changes(const struct vdh_format *asked, const struct vdh_format *got)
{
    uint32_t changed = 0;

    if (asked->fourcc && asked->fourcc != got->fourcc)
        changed |= VDH_CHANGED_FOURCC;
    if ((asked->width && asked->width != got->width) ||
        (asked->height && asked->height != got->height))
        changed |= VDH_CHANGED_SIZE;
    if (asked->interval.num && asked->interval.den && !is_same(&asked->interval, &got->interval))
        changed |= VDH_CHANGED_INTERVAL;
    if (asked->stride_bytes && asked->stride_bytes != got->stride_bytes)
        changed |= VDH_CHANGED_STRIDE;
    if ((asked->left && asked->left != got->left) || (asked->top && asked->top != got->top))
        changed |= VDH_CHANGED_CROP;
    return changed;
}

int vdh_format_adjust(const struct vdh_device *device, struct vdh_format *format, uint32_t *changed)
{
    struct vdh_format got = *format;
    struct vdh_mode_info mode;
    uint32_t offered = 0;
    int result;

    if (!device->tables.bytes)
        return VDH_E_STATE;
    for (uint32_t i = 0; i < device->tables.mode_count && !offered; i++)
        offered = get_mode(&mode, device, i, got.fourcc) == VDH_OK;
    if (!offered)
        got.fourcc = 0;
    result = settle_size(device, &got, format->mode);
    if (result)
        return result;
    settle_interval(device, &got);
    settle_mode(device, &got, format->mode);
    settle_rest(device, &got);
    *changed = changes(format, &got);
    *format = got;
    return VDH_OK;
}

/* Exactly what the tables allow, nothing to be adjusted. *interval: as the table writes it. */
static int check(const struct vdh_device *device, const struct vdh_format *format,
                 struct vdh_interval *interval)
{
    struct vdh_mode_info mode;
    uint32_t line = vdh_format_line_bytes(format->fourcc, format->width);

    if (!device->tables.bytes)
        return VDH_E_STATE;
    if (format->fourcc == 0 || get_mode(&mode, device, format->mode, format->fourcc) != VDH_OK)
        return VDH_E_RANGE;
    if (format->width == 0 || format->height == 0 ||
        !mode_allows(&mode, format->width, format->height) ||
        axis_corner(format->left, format->width, mode.width, mode.width_step) != format->left ||
        axis_corner(format->top, format->height, mode.height, mode.height_step) != format->top ||
        format->stride_bytes < line || format->stride_bytes > STRIDE_MAX ||
        format->interval.num == 0 || format->interval.den == 0 ||
        find_interval(interval, device, &mode, &format->interval) != VDH_OK)
        return VDH_E_RANGE;
    return VDH_OK;
}

int vdh_format_set(struct vdh_device *device, const struct vdh_format *format)
{
    struct vdh_interval interval = {0, 0};
    int result = check(device, format, &interval);
    uint32_t bytes;
    uint32_t status;

    if (!result)
        result = vdh_access_idle(device);
    vdh_access_put(device, VDH_R_PIXEL_FORMAT, format->fourcc, &result);
    vdh_access_put(device, VDH_R_MODE_SELECT, format->mode, &result);
    vdh_access_put(device, VDH_R_WIDTH, format->width, &result);
    vdh_access_put(device, VDH_R_HEIGHT, format->height, &result);
    vdh_access_put(device, VDH_R_CROP_LEFT, format->left, &result);
    vdh_access_put(device, VDH_R_CROP_TOP, format->top, &result);
    vdh_access_put(device, VDH_R_STRIDE, format->stride_bytes, &result);
    vdh_access_put(device, VDH_R_INTERVAL_NUM, interval.num, &result);
    vdh_access_put(device, VDH_R_INTERVAL_DEN, interval.den, &result);
    bytes = vdh_access_get(device, VDH_R_FRAME_BYTES, &result);
    status = vdh_access_get(device, VDH_R_CONFIG_STATUS, &result);
    if (!result &&
        (status != 0 ||
         bytes != vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height))) {
        vdh_access_trace(device, "card rejects format", status, bytes);
        result = VDH_E_IO;
    }
    return result;
}
