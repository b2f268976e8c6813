/* SPDX-License-Identifier: MIT */
/* Inputs, signals and timings, as the running firmware's tables and its registers tell them. */
#include "card.h"

#include <string.h>

#include "vdh_input.h"

static int list_inputs(struct vdi_device *device, struct vdi_sink *sink)
{
    struct card *card = card_of(device);
    struct vdh_input_info input;
    int result = VDC_OK;

    card->host->enter(card);
    if (!card->ready)
        result = card_limited(card);
    for (uint32_t i = 0; !result && !vdh_tables_input(&input, &card->core.tables, i); i++) {
        vdc_input_info info = {
            i, input.kind == VDH_L_INPUT_KIND_ANALOG ? VDC_INPUT_ANALOG : VDC_INPUT_DIGITAL,
            input.name};

        result = vdi_sink_input(sink, &info);
    }
    card->host->leave(card);
    return result;
}

static int select_input(struct vdi_device *device, uint32_t input)
{
    struct card *card = card_of(device);
    int result;

    card->host->enter(card);
    result = card->ready
                 ? card_error(card, vdh_input_select(&card->core, input), "selecting an input")
                 : card_limited(card);
    card->host->leave(card);
    return result;
}

static int read_signal(struct vdi_device *device, vdc_signal *out)
{
    struct card *card = card_of(device);
    struct vdh_signal signal = {0, 0, VDH_TIMING_NONE, 0};
    int result;

    card->host->enter(card);
    result = card->ready ? card_error(card, vdh_input_read_signal(&card->core, &signal),
                                      "reading the signal")
                         : card_limited(card);
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
    card->host->leave(card);
    return result;
}

static int list_timings(struct vdi_device *device, struct vdi_sink *sink)
{
    struct card *card = card_of(device);
    const struct vdh_tables *tables = &card->core.tables;
    struct vdh_input_info input;
    int result = VDC_OK;

    card->host->enter(card);
    if (!card->ready)
        result = card_limited(card);
    if (!result)
        result =
            card_error(card, vdh_tables_input(&input, tables, card->core.input), "listing timings");
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
    card->host->leave(card);
    return result;
}

static int set_timing(struct vdi_device *device, uint32_t timing)
{
    struct card *card = card_of(device);
    int result;

    card->host->enter(card);
    result = card->ready
                 ? card_error(card, vdh_timing_select(&card->core, timing), "selecting a timing")
                 : card_limited(card);
    card->host->leave(card);
    return result;
}

const struct vdi_input_ops card_input_ops = {
    .list = list_inputs,
    .select = select_input,
    .signal = read_signal,
    .timings = list_timings,
    .set_timing = set_timing,
};
