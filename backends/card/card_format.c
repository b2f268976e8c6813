/* SPDX-License-Identifier: MIT */
/*
 * Formats. What there is stands in the running firmware's tables, and what gets through the backend says;
 * colours are those of the data sheet, which are the same for every mode.
 */
#include "card.h"

#include <string.h>

int card_limited(struct card *card)
{
    return vdi_error(VDC_E_FIRMWARE, "%s: only firmware and registers work: %s", card->id,
                     card->state_text);
}

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

void card_format_from_core(vdc_format *out, const struct vdh_device *core,
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

int card_format_adjust(struct card *card, vdc_format *format, struct vdh_format *core,
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
        return card_error(card, result, "negotiating a format");
    card_format_from_core(format, &card->core, core);
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

int card_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed)
{
    struct card *card = card_of(device);
    struct vdh_format core;
    int result;

    card->host->enter(card);
    if (!card->ready)
        result = card_limited(card);
    else if (card->host->negotiate)
        result = card->host->negotiate(card, format, changed);
    else
        result = card_format_adjust(card, format, &core, changed);
    card->host->leave(card);
    return result;
}

/* The intervals of a mode at which frames of this size get through; how many. */
static uint32_t carried(vdc_fraction intervals[256], const struct card *card,
                        const struct vdh_mode_info *mode, struct vdh_format *format)
{
    uint32_t count = 0;

    format->stride_bytes = vdh_format_line_bytes(format->fourcc, format->width);
    for (uint32_t i = 0; i < mode->interval_count && count < 256; i++) {
        if (vdh_tables_interval(&format->interval, &card->core.tables, mode->interval_first + i))
            break;
        if (!card->host->carries || card->host->carries(card, format)) {
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

/* What gets through at no interval is not offered; a range ends where that begins. */
static int list_one(struct vdi_sink *sink, const struct card *card,
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

static int list_mode(struct vdi_sink *sink, const struct card *card,
                     const struct vdh_mode_info *mode)
{
    int result = VDC_OK;

    for (uint32_t i = 0; !result && vdh_format_fourcc(i); i++) {
        if (mode->formats >> i & 1u)
            result = list_one(sink, card, mode, vdh_format_fourcc(i));
    }
    return result;
}

int card_formats(struct vdi_device *device, struct vdi_sink *sink)
{
    struct card *card = card_of(device);
    struct vdh_mode_info mode;
    int result = VDC_OK;

    card->host->enter(card);
    if (!card->ready)
        result = card_limited(card);
    for (uint32_t i = 0; !result && !vdh_tables_mode(&mode, &card->core.tables, i); i++) {
        if (card->core.input < 16 && mode.inputs >> card->core.input & 1u)
            result = list_mode(sink, card, &mode);
    }
    card->host->leave(card);
    return result;
}
