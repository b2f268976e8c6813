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

/* What was left open is chosen so that the link carries it: the interval first, then the size. What
 * was asked for stays, and stream_open says why it cannot work. */
static int choose(struct usb_card *card, vdc_format *format, uint32_t *changed)
{
    vdc_format wish = *format;
    struct vdh_format core;
    struct vdh_mode_info mode;
    int result = usb_format_adjust(card, format, &core, changed);

    if (result || wish.interval_s.num || link_carries(card, &core))
        return result;
    for (uint32_t i = 0; slow_down(card, &core); i++) {
        vdc_format smaller = wish;

        if (wish.width_px || wish.height_px || vdh_tables_mode(&mode, &card->core.tables, i))
            return VDC_OK;
        smaller.width_px = mode.width;
        smaller.height_px = mode.height;
        result = usb_format_adjust(card, &smaller, &core, changed);
        if (result)
            return result;
    }
    wish.width_px = core.width;
    wish.height_px = core.height;
    wish.interval_s.num = core.interval.num;
    wish.interval_s.den = core.interval.den;
    *format = wish;
    return usb_format_adjust(card, format, &core, changed);
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

static int list_mode(struct vdi_sink *sink, const struct vdh_device *core,
                     const struct vdh_mode_info *mode)
{
    static vdc_fraction no_intervals[1];
    vdc_fraction intervals[256];
    vdc_format_info info;
    int windows = vdh_field_get(core->identity.caps, VDH_F_CAPS_CROP) != 0;
    uint32_t count = 0;

    while (count < mode->interval_count && count < 256) {
        struct vdh_interval interval;

        if (vdh_tables_interval(&interval, &core->tables, mode->interval_first + count))
            break;
        intervals[count].num = interval.num;
        intervals[count++].den = interval.den;
    }
    memset(&info, 0, sizeof(info));
    info.width_min_px = windows ? mode->width_min : mode->width;
    info.width_max_px = mode->width;
    info.width_step_px = mode->width_step;
    info.height_min_px = windows ? mode->height_min : mode->height;
    info.height_max_px = mode->height;
    info.height_step_px = mode->height_step;
    info.intervals_s = count ? intervals : no_intervals;
    info.interval_count = count;
    info.field = field_of(core);
    for (uint32_t i = 0; vdh_format_fourcc(i); i++) {
        int result;

        if (!(mode->formats >> i & 1u))
            continue;
        info.fourcc = vdh_format_fourcc(i);
        info.matrix = matrix_of(info.fourcc);
        info.range = range_of(info.fourcc);
        result = vdi_sink_format(sink, &info);
        if (result)
            return result;
    }
    return VDC_OK;
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
            result = list_mode(sink, &card->core, &mode);
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
