/* SPDX-License-Identifier: MIT */
/*
 * What the running firmware offers: formats, inputs, timings. All of it is read from its tables;
 * colours are those of the data sheet, which are the same for every mode.
 */
#include "usb.h"

#include <string.h>

#include "vdh_format.h"
#include "vdh_input.h"
#include "usb_tune.h"

static int limited(struct usb_card *card)
{
    return vdi_error(VDC_E_FIRMWARE, "%s: only firmware and registers work: %s", card->id,
                     card->state_text);
}

/* ---- Formats ---- */

/* The data sheet makes Y, U, V by BT.601 in limited range, and R, G, B from them in full range. It
 * says nothing of primaries and transfer. */
static uint32_t matrix_of(uint32_t fourcc)
{
    return fourcc == VDH_FOURCC_RGB24 ? VDC_MATRIX_RGB : VDC_MATRIX_BT601;
}

static uint32_t range_of(uint32_t fourcc)
{
    return fourcc == VDH_FOURCC_RGB24 ? VDC_RANGE_FULL : VDC_RANGE_LIMITED;
}

/* U and V are those of the even pixel, in NV12 of the even line. */
static uint32_t chroma_site_of(uint32_t fourcc)
{
    switch (fourcc) {
    case VDH_FOURCC_NV12:
        return VDC_CHROMA_TOP_LEFT;
    case VDH_FOURCC_YUYV:
    case VDH_FOURCC_UYVY:
        return VDC_CHROMA_LEFT;
    default:
        return VDC_CHROMA_ANY;
    }
}

/* The SD rasters have the pixels of BT.601, all others square ones. */
static vdc_fraction pixel_aspect_of(const struct vdh_device *core, uint32_t mode)
{
    vdc_fraction aspect = {1, 1};
    struct vdh_mode_info raster;

    if (vdh_tables_mode(&raster, &core->tables, mode) == VDH_OK && raster.width == 720) {
        aspect.num = raster.height == 576 ? 12 : 10;
        aspect.den = 11;
    }
    return aspect;
}

static uint32_t field_of(const struct vdh_device *core)
{
    struct vdh_timing_info timing;

    if (vdh_tables_timing(&timing, &core->tables, core->timing) == VDH_OK &&
        timing.flags & VDH_B_TIMING_FLAGS_INTERLACED)
        return VDC_FIELD_TOP_FIRST;
    return VDC_FIELD_PROGRESSIVE;
}

void usb_format_from_core(vdc_format *out, const struct vdh_device *core,
                          const struct vdh_format *format)
{
    memset(out, 0, sizeof(*out));
    out->fourcc = format->fourcc;
    out->width_px = format->width;
    out->height_px = format->height;
    out->interval_s.num = format->interval.num;
    out->interval_s.den = format->interval.den;
    out->stride_bytes = format->stride_bytes;
    out->field = field_of(core);
    out->matrix = matrix_of(format->fourcc);
    out->range = range_of(format->fourcc);
    out->chroma_site = chroma_site_of(format->fourcc);
    out->pixel_aspect = pixel_aspect_of(core, format->mode);
}

int usb_format_adjust(struct usb_card *card, vdc_format *format, struct vdh_format *core,
                      uint32_t *changed)
{
    vdc_format wanted = *format;
    uint32_t differs = 0;
    int result;

    memset(core, 0, sizeof(*core));
    core->fourcc = wanted.fourcc;
    core->width = wanted.width_px;
    core->height = wanted.height_px;
    core->stride_bytes = wanted.stride_bytes;
    core->interval.num = wanted.interval_s.num;
    core->interval.den = wanted.interval_s.den;
    result = vdh_format_adjust(&card->core, core, &differs);
    if (result)
        return usb_error(card, result, "negotiating a format");
    usb_format_from_core(format, &card->core, core);
    *changed = 0;
    if (differs & VDH_CHANGED_FOURCC)
        *changed |= VDC_CHANGED_FOURCC;
    if (differs & VDH_CHANGED_SIZE)
        *changed |= VDC_CHANGED_SIZE;
    if (differs & VDH_CHANGED_INTERVAL)
        *changed |= VDC_CHANGED_INTERVAL;
    if (differs & VDH_CHANGED_STRIDE)
        *changed |= VDC_CHANGED_STRIDE;
    if (wanted.field && wanted.field != format->field)
        *changed |= VDC_CHANGED_FIELD;
    if ((wanted.matrix && wanted.matrix != format->matrix) ||
        (wanted.range && wanted.range != format->range) || wanted.primaries || wanted.transfer)
        *changed |= VDC_CHANGED_COLOUR;
    return VDC_OK;
}

/* Whether the link is fast enough. */
static int link_carries(const struct usb_card *card, const struct vdh_format *format)
{
    uint32_t bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);

    return usb_tune_rate(bytes, format->interval.num, format->interval.den) <=
           usb_tune_link_bytes_s(card->speed >= LIBUSB_SPEED_SUPER);
}

/* The first interval of its mode that the link carries; VDH_E_RANGE if none. */
static int slow_down(const struct usb_card *card, struct vdh_format *format)
{
    struct vdh_mode_info mode;

    if (vdh_tables_mode(&mode, &card->core.tables, format->mode))
        return VDH_E_RANGE;
    for (uint32_t i = 0; i < mode.interval_count; i++) {
        if (!vdh_tables_interval(&format->interval, &card->core.tables, mode.interval_first + i) &&
            link_carries(card, format))
            return VDH_OK;
    }
    return VDH_E_RANGE;
}

static int too_fast(const struct usb_card *card, const struct vdh_format *format)
{
    struct usb_load load;
    char why[400];

    memset(&load, 0, sizeof(load));
    load.frame_bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);
    load.interval_num = format->interval.num;
    load.interval_den = format->interval.den;
    load.super = card->speed >= LIBUSB_SPEED_SUPER;
    why[0] = 0;
    (void)usb_tune_check(&load, why, sizeof(why));
    return vdi_error(VDC_E_RANGE, "%s: this cannot work: %s", card->id, why);
}

/* The largest size of any mode at which the link carries this pixel format; VDC_E_RANGE if none. */
static int shrink(struct usb_card *card, const vdc_format *wish, struct vdh_format *out)
{
    uint64_t best = 0;
    struct vdh_mode_info mode;

    for (uint32_t i = 0; !vdh_tables_mode(&mode, &card->core.tables, i); i++) {
        uint64_t area = (uint64_t)mode.width * mode.height;
        vdc_format smaller = *wish;
        struct vdh_format core;
        uint32_t changed = 0;

        smaller.width_px = mode.width;
        smaller.height_px = mode.height;
        smaller.stride_bytes = 0;
        if (area <= best || usb_format_adjust(card, &smaller, &core, &changed) ||
            slow_down(card, &core))
            continue;
        best = area;
        *out = core;
    }
    return best ? VDC_OK : VDC_E_RANGE;
}

/* What was left open, or has to be changed anyhow, is chosen so that the link carries it: first the
 * interval, then the size. Exactly what was asked for, if it cannot be, is refused with the numbers. */
static int choose(struct usb_card *card, vdc_format *format, uint32_t *changed)
{
    const uint32_t exact = VDC_CHANGED_INTERVAL | VDC_CHANGED_SIZE | VDC_CHANGED_FOURCC;
    vdc_format wish = *format;
    struct vdh_format core;
    struct vdh_format offered;
    uint32_t ignored = 0;
    int result = usb_format_adjust(card, format, &core, changed);

    if (result || link_carries(card, &core))
        return result;
    offered = core;
    if ((wish.interval_s.num && !(*changed & exact)) ||
        (slow_down(card, &core) && shrink(card, &wish, &core)))
        return too_fast(card, &offered);
    *format = wish;
    format->fourcc = core.fourcc;
    format->width_px = core.width;
    format->height_px = core.height;
    format->interval_s.num = core.interval.num;
    format->interval_s.den = core.interval.den;
    return usb_format_adjust(card, format, &core, &ignored);
}

int usb_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed)
{
    struct usb_card *card = usb_card_of(device);
    int result;

    usb_card_enter(card);
    result = card->ready ? choose(card, format, changed) : limited(card);
    usb_card_leave(card);
    return result;
}

/* The intervals of a mode at which the link carries frames of this size; how many. */
static uint32_t carried(vdc_fraction intervals[256], const struct usb_card *card,
                        const struct vdh_mode_info *mode, struct vdh_format *format)
{
    uint32_t count = 0;

    format->stride_bytes = vdh_format_line_bytes(format->fourcc, format->width);
    for (uint32_t i = 0; i < mode->interval_count && count < 256; i++) {
        if (vdh_tables_interval(&format->interval, &card->core.tables, mode->interval_first + i))
            break;
        if (link_carries(card, format)) {
            intervals[count].num = format->interval.num;
            intervals[count++].den = format->interval.den;
        }
    }
    return count;
}

/* `part` sixteenths of the largest size, on the step. */
static uint32_t part_of(uint32_t most, uint32_t least, uint32_t step, uint32_t part)
{
    uint32_t size = most * part / 16u;

    return size <= least ? least : least + (size - least) / step * step;
}

/* What the link does not carry at any interval is not offered; a range ends where that begins. */
static int list_one(struct vdi_sink *sink, const struct usb_card *card,
                    const struct vdh_mode_info *mode, uint32_t fourcc)
{
    int windows = vdh_field_get(card->core.identity.caps, VDH_F_CAPS_CROP) != 0;
    struct vdh_format largest;
    vdc_fraction intervals[256];
    vdc_format_info info;

    memset(&largest, 0, sizeof(largest));
    memset(&info, 0, sizeof(info));
    largest.fourcc = fourcc;
    largest.width = mode->width;
    largest.height = mode->height;
    info.interval_count = carried(intervals, card, mode, &largest);
    for (uint32_t part = 15; windows && part && !info.interval_count; part--) {
        largest.width = part_of(mode->width, mode->width_min, mode->width_step, part);
        largest.height = part_of(mode->height, mode->height_min, mode->height_step, part);
        info.interval_count = carried(intervals, card, mode, &largest);
    }
    if (!info.interval_count)
        return VDC_OK;
    info.fourcc = fourcc;
    info.width_min_px = windows ? mode->width_min : mode->width;
    info.width_max_px = largest.width;
    info.width_step_px = mode->width_step;
    info.height_min_px = windows ? mode->height_min : mode->height;
    info.height_max_px = largest.height;
    info.height_step_px = mode->height_step;
    info.intervals_s = intervals;
    info.field = field_of(&card->core);
    info.matrix = matrix_of(fourcc);
    info.range = range_of(fourcc);
    return vdi_sink_format(sink, &info);
}

static int list_mode(struct vdi_sink *sink, const struct usb_card *card,
                     const struct vdh_mode_info *mode)
{
    int result = VDC_OK;

    for (uint32_t i = 0; !result && vdh_format_fourcc(i); i++) {
        if (mode->formats >> i & 1u)
            result = list_one(sink, card, mode, vdh_format_fourcc(i));
    }
    return result;
}

int usb_formats(struct vdi_device *device, struct vdi_sink *sink)
{
    struct usb_card *card = usb_card_of(device);
    struct vdh_mode_info mode;
    int result = VDC_OK;

    usb_card_enter(card);
    if (!card->ready)
        result = limited(card);
    for (uint32_t i = 0; !result && !vdh_tables_mode(&mode, &card->core.tables, i); i++) {
        if (card->core.input < 16 && mode.inputs >> card->core.input & 1u)
            result = list_mode(sink, card, &mode);
    }
    usb_card_leave(card);
    return result;
}

/* ---- Inputs ---- */

static int list_inputs(struct vdi_device *device, struct vdi_sink *sink)
{
    struct usb_card *card = usb_card_of(device);
    struct vdh_input_info input;
    int result = VDC_OK;

    usb_card_enter(card);
    if (!card->ready)
        result = limited(card);
    for (uint32_t i = 0; !result && !vdh_tables_input(&input, &card->core.tables, i); i++) {
        vdc_input_info info = {
            i, input.kind == VDH_L_INPUT_KIND_ANALOG ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL,
            input.name};

        result = vdi_sink_input(sink, &info);
    }
    usb_card_leave(card);
    return result;
}

static int select_input(struct vdi_device *device, uint32_t input)
{
    struct usb_card *card = usb_card_of(device);
    int result;

    usb_card_enter(card);
    result = card->ready
                 ? usb_error(card, vdh_input_select(&card->core, input), "selecting an input")
                 : limited(card);
    usb_card_leave(card);
    return result;
}

static int read_signal(struct vdi_device *device, vdc_signal *out)
{
    struct usb_card *card = usb_card_of(device);
    struct vdh_signal signal = {0, 0, VDH_TIMING_NONE, 0};
    int result;

    usb_card_enter(card);
    result = card->ready ? usb_error(card, vdh_input_read_signal(&card->core, &signal),
                                     "reading the signal")
                         : limited(card);
    if (!result) {
        if (signal.state == VDH_V_INPUT_STATUS_SIGNAL_NONE)
            out->state = VDC_SIGNAL_NONE;
        else if (signal.state == VDH_V_INPUT_STATUS_SIGNAL_UNSTABLE)
            out->state = VDC_SIGNAL_UNSTABLE;
        else
            out->state = signal.mismatch ? VDC_SIGNAL_MISMATCH : VDC_SIGNAL_LOCKED;
        out->input = card->core.input;
        out->selected_timing = card->core.timing;
        out->detected_timing =
            signal.detected == VDH_TIMING_NONE ? VDC_TIMING_NONE : signal.detected;
        out->changes = signal.changes;
    }
    usb_card_leave(card);
    return result;
}

static int list_timings(struct vdi_device *device, struct vdi_sink *sink)
{
    struct usb_card *card = usb_card_of(device);
    const struct vdh_tables *tables = &card->core.tables;
    struct vdh_input_info input;
    int result = VDC_OK;

    usb_card_enter(card);
    if (!card->ready)
        result = limited(card);
    if (!result)
        result =
            usb_error(card, vdh_tables_input(&input, tables, card->core.input), "listing timings");
    for (uint32_t i = 0; !result && i < input.timing_count; i++) {
        struct vdh_timing_info timing;
        vdc_timing_info info;

        if (vdh_tables_timing(&timing, tables, input.timing_first + i))
            break;
        memset(&info, 0, sizeof(info));
        info.id = input.timing_first + i;
        info.kind = timing.kind == VDH_L_INPUT_KIND_ANALOG ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL;
        info.name = timing.name;
        info.width_px = timing.width;
        info.height_px = timing.height;
        info.interval_s.num = timing.interval_num;
        info.interval_s.den = timing.interval_den;
        info.interlaced = (timing.flags & VDH_B_TIMING_FLAGS_INTERLACED) != 0;
        info.pixel_clock_hz = timing.pixel_clock_khz * UINT64_C(1000);
        result = vdi_sink_timing(sink, &info);
    }
    usb_card_leave(card);
    return result;
}

static int set_timing(struct vdi_device *device, uint32_t timing)
{
    struct usb_card *card = usb_card_of(device);
    int result;

    usb_card_enter(card);
    result = card->ready
                 ? usb_error(card, vdh_timing_select(&card->core, timing), "selecting a timing")
                 : limited(card);
    usb_card_leave(card);
    return result;
}

const struct vdi_input_ops usb_input_ops = {
    .list = list_inputs,
    .select = select_input,
    .signal = read_signal,
    .timings = list_timings,
    .set_timing = set_timing,
};
