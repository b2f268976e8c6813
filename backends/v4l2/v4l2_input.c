/* SPDX-License-Identifier: MIT */
/*
 * Inputs, their signal, and the standard or DV timings to expect. The number of a timing is its place in the
 * driver's own list, of DV timings or of standards, whichever the selected input has.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Any status that says that something is amiss, but not that there is nothing. */
#define UNSTABLE_BITS                                                                         \
    (V4L2_IN_ST_NO_COLOR | V4L2_IN_ST_NO_H_LOCK | V4L2_IN_ST_NO_V_LOCK | V4L2_IN_ST_NO_SYNC | \
     V4L2_IN_ST_NO_EQU | V4L2_IN_ST_NO_CARRIER)

#define INPUTS_MAX  64u
#define TIMINGS_MAX 512u

static int current_input(struct v4l2_device *device, struct v4l2_input *out)
{
    int index = 0;
    int error = v4l2_call(device->fd, VIDIOC_G_INPUT, &index);

    memset(out, 0, sizeof(*out));
    if (error == 0 && index < 0) {
        error = EPROTO;
    }
    if (error == 0) {
        out->index = (uint32_t)index;
        error = v4l2_call(device->fd, VIDIOC_ENUMINPUT, out);
    }
    return error;
}

/* What the selected input has; asked again after another one was selected. */
static void probe_timings(struct v4l2_device *device)
{
    struct v4l2_dv_timings timings;
    struct v4l2_enum_dv_timings entry;
    v4l2_std_id standard = 0;

    memset(&timings, 0, sizeof(timings));
    memset(&entry, 0, sizeof(entry));
    device->has_dv = v4l2_call(device->fd, VIDIOC_G_DV_TIMINGS, &timings) == 0 &&
                     v4l2_call(device->fd, VIDIOC_ENUM_DV_TIMINGS, &entry) == 0;
    device->has_standards =
        !device->has_dv && v4l2_call(device->fd, VIDIOC_G_STD, &standard) == 0 && standard != 0;
}

void v4l2_inputs_probe(struct v4l2_device *device)
{
    struct v4l2_input input;

    device->has_inputs = current_input(device, &input) == 0;
    probe_timings(device);
}

uint32_t v4l2_standard(struct v4l2_device *device)
{
    v4l2_std_id standard = 0;

    if (!device->has_standards || v4l2_call(device->fd, VIDIOC_G_STD, &standard) != 0) {
        return 0;
    }
    return (uint32_t)standard;
}

static uint32_t kind_of(const struct v4l2_input *input)
{
    if (input->capabilities & V4L2_IN_CAP_DV_TIMINGS) {
        return VDC_INPUT_DIGITAL;
    }
    return input->std != 0 || input->type == V4L2_INPUT_TYPE_TUNER ? VDC_INPUT_ANALOG
                                                                   : VDC_INPUT_CAMERA;
}

static void clean(char *text, size_t size)
{
    text[size - 1] = '\0';
    for (size_t at = 0; text[at] != '\0'; at++) {
        unsigned char letter = (unsigned char)text[at];

        text[at] = letter < 0x20 || letter >= 0x7f ? '?' : text[at];
    }
}

static int list_inputs(struct vdi_device *outer, struct vdi_sink *sink)
{
    struct v4l2_device *device = outer->priv;
    int status = VDC_OK;

    for (uint32_t at = 0; status == VDC_OK && at < INPUTS_MAX; at++) {
        struct v4l2_input input;
        vdc_input_info info;
        int error;

        memset(&input, 0, sizeof(input));
        input.index = at;
        error = v4l2_call(device->fd, VIDIOC_ENUMINPUT, &input);
        if (error == ENODEV) {
            return v4l2_failure(device, error, "listing its inputs");
        }
        if (error != 0) {
            break;
        }
        clean((char *)input.name, sizeof(input.name));
        info = (vdc_input_info){at, kind_of(&input),
                                input.name[0] != '\0' ? (const char *)input.name : "input"};
        status = vdi_sink_input(sink, &info);
    }
    return status;
}

static int select_input(struct vdi_device *outer, uint32_t input)
{
    struct v4l2_device *device = outer->priv;
    int index = (int)input;
    int error = input > INT32_MAX ? EINVAL : v4l2_call(device->fd, VIDIOC_S_INPUT, &index);

    if (error == EINVAL) {
        return vdi_error(VDC_E_RANGE, "selecting an input of \"%s\": it has no input %u",
                         device->info.id, (unsigned)input);
    }
    if (error != 0) {
        return v4l2_failure(device, error, "selecting an input");
    }
    probe_timings(device);
    v4l2_favourite(device);
    return VDC_OK;
}

/* ---- Timings ---- */

static int same_timings(const struct v4l2_dv_timings *a, const struct v4l2_dv_timings *b)
{
    const struct v4l2_bt_timings *x = &a->bt, *y = &b->bt;

    return x->width == y->width && x->height == y->height && x->interlaced == y->interlaced &&
           x->polarities == y->polarities && x->pixelclock == y->pixelclock &&
           x->hfrontporch == y->hfrontporch && x->hsync == y->hsync &&
           x->hbackporch == y->hbackporch && x->vfrontporch == y->vfrontporch &&
           x->vsync == y->vsync && x->vbackporch == y->vbackporch;
}

/* What arrives is measured, so its clock is not exact to the hertz, nor its porches to the pixel. */
static int similar_timings(const struct v4l2_dv_timings *a, const struct v4l2_dv_timings *b)
{
    vdc_fraction x = v4l2_interval_of_timings(&a->bt), y = v4l2_interval_of_timings(&b->bt);
    double one, other;

    if (a->bt.width != b->bt.width || a->bt.height != b->bt.height ||
        a->bt.interlaced != b->bt.interlaced || x.den == 0 || y.den == 0) {
        return 0;
    }
    one = (double)x.num / x.den;
    other = (double)y.num / y.den;
    return one < other * 1.0004 && other < one * 1.0004; /* 60 and 59.94 differ by a thousandth */
}

static int timing_at(struct v4l2_device *device, uint32_t index, struct v4l2_enum_dv_timings *out)
{
    memset(out, 0, sizeof(*out));
    out->index = index;
    return index < TIMINGS_MAX ? v4l2_call(device->fd, VIDIOC_ENUM_DV_TIMINGS, out) : EINVAL;
}

static uint32_t find_timings(struct v4l2_device *device, const struct v4l2_dv_timings *timings,
                             int (*equal)(const struct v4l2_dv_timings *,
                                          const struct v4l2_dv_timings *))
{
    struct v4l2_enum_dv_timings entry;

    for (uint32_t at = 0; timing_at(device, at, &entry) == 0; at++) {
        if (equal(&entry.timings, timings)) {
            return at;
        }
    }
    return VDC_TIMING_NONE;
}

static int standard_at(struct v4l2_device *device, uint32_t index, struct v4l2_standard *out)
{
    memset(out, 0, sizeof(*out));
    out->index = index;
    return index < TIMINGS_MAX ? v4l2_call(device->fd, VIDIOC_ENUMSTD, out) : EINVAL;
}

/* The standard whose set of variants is the smallest that holds all of `id`, or else meets it. */
static uint32_t find_standard(struct v4l2_device *device, v4l2_std_id id)
{
    struct v4l2_standard entry;
    uint32_t meets = VDC_TIMING_NONE;

    for (uint32_t at = 0; standard_at(device, at, &entry) == 0; at++) {
        if (entry.id == id) {
            return at;
        }
        if ((entry.id & id) != 0 && meets == VDC_TIMING_NONE) {
            meets = at;
        }
    }
    return meets;
}

static int list_dv(struct v4l2_device *device, struct vdi_sink *sink)
{
    struct v4l2_enum_dv_timings entry;
    int status = VDC_OK;

    for (uint32_t at = 0; status == VDC_OK && timing_at(device, at, &entry) == 0; at++) {
        const struct v4l2_bt_timings *bt = &entry.timings.bt;
        vdc_fraction interval = v4l2_interval_of_timings(bt);
        vdc_timing_info info;
        char name[64];

        if (interval.num == 0 || bt->width == 0 || bt->height == 0) {
            continue;
        }
        snprintf(name, sizeof(name), "%ux%u%s%.2f", (unsigned)bt->width, (unsigned)bt->height,
                 bt->interlaced ? "i" : "p",
                 (double)interval.den / interval.num * (bt->interlaced ? 2 : 1));
        memset(&info, 0, sizeof(info));
        info.id = at;
        info.kind = VDC_INPUT_DIGITAL;
        info.name = name;
        info.width_px = bt->width;
        info.height_px = bt->height;
        info.interval_s = interval;
        info.interlaced = bt->interlaced != 0;
        info.pixel_clock_hz = bt->pixelclock;
        status = vdi_sink_timing(sink, &info);
    }
    return status;
}

static int list_standards(struct v4l2_device *device, struct vdi_sink *sink)
{
    struct v4l2_standard entry;
    int status = VDC_OK;

    for (uint32_t at = 0; status == VDC_OK && standard_at(device, at, &entry) == 0; at++) {
        vdc_timing_info info;

        clean((char *)entry.name, sizeof(entry.name));
        if (entry.frameperiod.numerator == 0 || entry.frameperiod.denominator == 0) {
            continue;
        }
        memset(&info, 0, sizeof(info));
        info.id = at;
        info.kind = VDC_INPUT_ANALOG;
        info.name = entry.name[0] != '\0' ? (const char *)entry.name : "standard";
        info.width_px = 720; /* ITU-R BT.601; V4L2 does not say */
        info.height_px = entry.id & V4L2_STD_525_60 ? 480 : 576;
        info.interval_s =
            (vdc_fraction){entry.frameperiod.numerator, entry.frameperiod.denominator};
        info.interlaced = 1;
        status = vdi_sink_timing(sink, &info);
    }
    return status;
}

static int list_timings(struct vdi_device *outer, struct vdi_sink *sink)
{
    struct v4l2_device *device = outer->priv;

    if (device->card.present) {
        return v4l2_card_timings(device, sink);
    }
    return device->has_dv ? list_dv(device, sink) : list_standards(device, sink);
}

static int set_timing(struct vdi_device *outer, uint32_t timing)
{
    struct v4l2_device *device = outer->priv;
    struct v4l2_enum_dv_timings dv;
    struct v4l2_standard standard;
    int error;

    if (device->card.present) {
        error = v4l2_card_set_timing(device, timing);
    } else if (device->has_dv) {
        error = timing_at(device, timing, &dv);
        if (error == 0) {
            error = v4l2_call(device->fd, VIDIOC_S_DV_TIMINGS, &dv.timings);
        }
    } else {
        error = standard_at(device, timing, &standard);
        if (error == 0) {
            error = v4l2_call(device->fd, VIDIOC_S_STD, &standard.id);
        }
    }
    if (error == EINVAL) {
        return vdi_error(VDC_E_RANGE, "setting a timing of \"%s\": it has no timing %u",
                         device->info.id, (unsigned)timing);
    }
    if (error != 0) {
        return v4l2_failure(device, error, "setting a timing");
    }
    v4l2_favourite(device);
    return VDC_OK;
}

/* ---- Signal ---- */

static void digital_signal(struct v4l2_device *device, vdc_signal *out)
{
    struct v4l2_dv_timings selected, detected;
    int error;

    memset(&selected, 0, sizeof(selected));
    memset(&detected, 0, sizeof(detected));
    if (v4l2_call(device->fd, VIDIOC_G_DV_TIMINGS, &selected) == 0) {
        out->selected_timing = find_timings(device, &selected, same_timings);
    }
    error = v4l2_call(device->fd, VIDIOC_QUERY_DV_TIMINGS, &detected);
    if (error == ENOLINK) {
        out->state = VDC_SIGNAL_NONE;
    } else if (error == ENOLCK || error == ERANGE) {
        out->state = VDC_SIGNAL_UNSTABLE;
    } else if (error == 0) {
        out->detected_timing = find_timings(device, &detected, same_timings);
        if (out->detected_timing == VDC_TIMING_NONE) {
            out->detected_timing = find_timings(device, &detected, similar_timings);
        }
        out->state =
            similar_timings(&selected, &detected) ? VDC_SIGNAL_LOCKED : VDC_SIGNAL_MISMATCH;
        if (out->state == VDC_SIGNAL_LOCKED) {
            out->detected_timing = out->selected_timing;
        }
    }
}

static void analogue_signal(struct v4l2_device *device, vdc_signal *out)
{
    v4l2_std_id selected = 0, detected = 0;

    if (v4l2_call(device->fd, VIDIOC_G_STD, &selected) == 0) {
        out->selected_timing = find_standard(device, selected);
    }
    if (v4l2_call(device->fd, VIDIOC_QUERYSTD, &detected) != 0) {
        out->state = VDC_SIGNAL_LOCKED; /* the status had nothing against it */
        return;
    }
    if (detected == 0) {
        out->state = VDC_SIGNAL_NONE;
        return;
    }
    out->detected_timing =
        detected & selected ? out->selected_timing : find_standard(device, detected);
    out->state = detected & selected ? VDC_SIGNAL_LOCKED : VDC_SIGNAL_MISMATCH;
}

static int get_signal(struct vdi_device *outer, vdc_signal *out)
{
    struct v4l2_device *device = outer->priv;
    struct v4l2_input input;
    int error = current_input(device, &input);

    if (error != 0) {
        return v4l2_failure(device, error, "asking for its signal");
    }
    out->input = input.index;
    out->state = VDC_SIGNAL_UNKNOWN;
    out->changes = atomic_load(&device->changes);
    if (device->card.present) {
        return v4l2_card_signal(device, out);
    }
    if (input.status & (V4L2_IN_ST_NO_POWER | V4L2_IN_ST_NO_SIGNAL)) {
        out->state = VDC_SIGNAL_NONE;
    } else if (input.status & UNSTABLE_BITS) {
        out->state = VDC_SIGNAL_UNSTABLE;
    } else if (device->has_dv) {
        digital_signal(device, out);
    } else if (device->has_standards) {
        analogue_signal(device, out);
    }
    return VDC_OK;
}

const struct vdi_input_ops v4l2_input_ops = {
    .list = list_inputs,
    .select = select_input,
    .signal = get_signal,
    .timings = list_timings,
    .set_timing = set_timing,
};
