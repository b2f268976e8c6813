/* SPDX-License-Identifier: MIT */
/*
 * The capture engine, brought one step at a time to where the pin wants it. Every change of state,
 * cancellation, sleep and fault is the same thing here: another goal, and steps towards it.
 */
#include "vdw.h"

#define REVIVALS_MAX   2u
#define DRAINS_MAX     4u
#define DRAIN_RETRY_US 1000u
#define DRAIN_AT_ONCE  4u
#define CUT_RETRY_US   100000u

static enum vdw_engine find_goal(const struct vdw_device *device)
{
    const struct vdw_stream *stream = device->stream;

    if (!stream || device->gone || device->asleep || !device->ready || device->suspending ||
        device->leaving || device->boot_phase != VDW_BOOT_IDLE ||
        device->update != VDW_UPDATE_NONE || stream->closing || stream->recycle ||
        stream->failed != STATUS_SUCCESS)
        return VDW_ENGINE_OFF;
    if (stream->state == KSSTATE_RUN)
        return VDW_ENGINE_RUNS;
    return stream->state == KSSTATE_PAUSE ? VDW_ENGINE_ARMED : VDW_ENGINE_OFF;
}

int vdw_engine_settled(const struct vdw_device *device)
{
    /* A card that is being brought up, or is asleep, is on its way back to its goal. */
    if (device->stream && device->stream->failed == STATUS_SUCCESS && !device->gone &&
        (device->boot_phase != VDW_BOOT_IDLE || device->stream->recycle))
        return 0;
    return device->engine == find_goal(device);
}

/* ---- The card has let go ---- */

static void add_counts(struct vdw_device *device)
{
    struct vdw_counts *sum = &device->stream->counts;
    struct vdh_capture_counts counts;

    if (vdh_capture_read_counts(&device->capture, &counts) != VDH_OK) {
        sum->incomplete++;
        return;
    }
    sum->produced += counts.produced;
    sum->good += counts.good;
    sum->dropped_fifo += counts.dropped_fifo;
    sum->dropped_no_buffer += counts.dropped_no_buffer;
    sum->dropped_no_signal += counts.dropped_no_signal;
    sum->dropped_dma += counts.dropped_dma;
}

static void now_off(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;

    device->engine = VDW_ENGINE_OFF;
    device->cut_again_us = 0;
    device->base_valid = 0;
    vdw_read_unqueue(device);
    if (!stream)
        return;
    stream->recycle = 0;
    stream->torn = 0;
    stream->discontinuity = 1;
    vdw_read_flush(device, STATUS_PENDING);
    if (stream->failed != STATUS_SUCCESS)
        vdw_read_flush(device, stream->failed);
}

void vdw_engine_lost(struct vdw_device *device)
{
    if (device->engine == VDW_ENGINE_OFF)
        return;
    if (device->stream && device->engine >= VDW_ENGINE_RUNS) {
        /* What came before the end is whole, and its memory is ours. */
        for (uint32_t i = 0; i < VDW_RING && vdw_frame_collect(device, 1) == VDH_AGAIN; i++)
            continue;
        /* After a stop the core keeps the counts; else the last reading of them stands. */
        if (device->engine != VDW_ENGINE_CUTTING)
            device->stream->counts.incomplete++;
        else
            add_counts(device);
    }
    now_off(device);
}

/* The card does not do as it should: bring it up anew, a few times. */
void vdw_engine_recover(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;

    vdw_engine_lost(device);
    if (!stream || device->gone)
        return;
    if (stream->revivals >= REVIVALS_MAX) {
        stream->failed = STATUS_IO_DEVICE_ERROR;
        vdw_read_flush(device, stream->failed);
        vdw_stream_settle(stream);
        return;
    }
    stream->revivals++;
    (void)vdh_reset(&device->core, VDH_V_RESET_KIND_ENGINE);
    vdw_boot_begin(device, 0);
}

void vdw_engine_cut(struct vdw_device *device)
{
    if (device->engine != VDW_ENGINE_CUTTING) {
        /* It was to be given back; without it no frame comes. */
        if (device->cut_done && !device->gone) {
            device->cut = 1;
            vdw_engine_recover(device);
        }
    } else if (device->cut_done || device->gone) {
        vdw_engine_lost(device);
    } else {
        /* The card may write at any time: the pages stay its own, however long that takes. */
        device->cut_again_us = vdw_clock_us(device) + CUT_RETRY_US;
        vdw_work_after(device, CUT_RETRY_US);
    }
}

/* ---- Steps ---- */

/* Nothing to be done while the passive callback is under way. */
static void cut_again(struct vdw_device *device)
{
    uint64_t now = vdw_clock_us(device);

    if (device->cut_again_us && now >= device->cut_again_us) {
        device->cut_again_us = 0;
        vdw_work_request(device, VDW_WORK_CUT);
    } else if (device->cut_again_us) {
        vdw_work_after(device, (uint32_t)(device->cut_again_us - now));
    }
}

static int start(struct vdw_device *device)
{
    int result = vdw_clock_sample(device);

    if (!result)
        result = vdh_capture_start(&device->capture, 0);
    if (!result) {
        struct vdw_stream *stream = device->stream;

        device->engine = VDW_ENGINE_RUNS;
        device->captures++;
        stream->counts.captures++;
        stream->frames_since_watch = 0;
        vdw_work_watch(stream);
        if (stream->master)
            vdw_work_request(device, VDW_WORK_MASTER);
    } else if (device->capture.running) {
        /* ENABLE may have reached the card: what it started has to be stopped. */
        device->engine = VDW_ENGINE_STOPPING;
        device->stream->failed = vdw_status(result);
        vdw_work_request(device, VDW_WORK_STEP);
        result = VDH_OK;
    }
    return result;
}

static void stop(struct vdw_device *device)
{
    uint32_t again_us = 0;
    int result = vdh_capture_stop_step(&device->capture, vdw_clock_us(device), &again_us);

    if (result == VDH_AGAIN) {
        vdw_work_after(device, again_us);
    } else if (result == VDH_E_GONE) {
        vdw_device_gone(device);
    } else if (result == VDH_E_TIMEOUT) {
        /* It may still write: no buffer is given back before its bus mastering is off. */
        device->engine = VDW_ENGINE_CUTTING;
        device->cut = 1;
        vdw_work_request(device, VDW_WORK_CUT);
    } else {
        device->engine = VDW_ENGINE_DRAINING;
        device->drains = 0;
        vdw_work_request(device, VDW_WORK_STEP);
    }
}

static void drain(struct vdw_device *device)
{
    uint32_t before = device->slot_count;
    /* No access: capture is over, this reads memory. */
    int result = vdw_frame_collect(device, DRAIN_AT_ONCE);

    /* Ending what is left is dear enough for an entry of its own. */
    if ((result == VDH_OK || result == VDH_AGAIN) && device->slot_count < before) {
        vdw_work_request(device, VDW_WORK_STEP);
        return;
    }
    if (result == VDH_E_IO && device->drains++ < DRAINS_MAX) {
        vdw_work_after(device, DRAIN_RETRY_US);
        return;
    }
    add_counts(device);
    now_off(device);
    vdw_work_request(device, VDW_WORK_STEP);
}

/* Steps upwards. VDH_AGAIN: another one should follow. */
static int go_up(struct vdw_device *device, enum vdw_engine goal)
{
    struct vdw_stream *stream = device->stream;
    int result;

    switch (device->engine) {
    case VDW_ENGINE_OFF:
        if (device->cut) {
            device->cut = 0;
            vdw_work_request(device, VDW_WORK_ALLOW);
            return VDH_OK; /* its end brings the next step */
        }
        result = vdh_format_set(&device->core, &stream->format);
        if (!result)
            device->engine = VDW_ENGINE_FORMATTED;
        return result ? result : VDH_AGAIN;
    case VDW_ENGINE_FORMATTED:
        result = vdh_capture_set_up(&device->capture, &device->core, &device->descriptors,
                                    &device->completions);
        if (!result)
            device->engine = VDW_ENGINE_ARMED;
        return result ? result : VDH_AGAIN;
    default:
        /* The first frame finds every buffer that has come so far. */
        result = vdw_read_list(device);
        if (result == VDH_OK)
            result = vdw_read_feed(device, VDW_STEP_QUEUES);
        if (result == VDH_OK && goal == VDW_ENGINE_RUNS)
            result = start(device);
        return result;
    }
}

void vdw_engine_step(struct vdw_device *device)
{
    enum vdw_engine goal = find_goal(device);
    int result;

    switch (device->engine) {
    case VDW_ENGINE_OFF:
    case VDW_ENGINE_FORMATTED:
    case VDW_ENGINE_ARMED:
        if (goal == VDW_ENGINE_OFF) {
            /* The card was not started and touches nothing: it need not even be told. */
            now_off(device);
            if (find_goal(device) != VDW_ENGINE_OFF)
                vdw_work_request(device, VDW_WORK_STEP);
            return;
        }
        result = go_up(device, goal);
        if (result == VDH_AGAIN)
            vdw_work_request(device, VDW_WORK_STEP);
        else if (result == VDH_E_GONE)
            vdw_device_gone(device);
        else if (result != VDH_OK)
            vdw_engine_recover(device);
        return;
    case VDW_ENGINE_RUNS:
        if (goal == VDW_ENGINE_RUNS)
            return;
        StreamClassScheduleTimer(device->stream->object, device, 0, NULL, NULL);
        device->engine = VDW_ENGINE_STOPPING;
        stop(device);
        return;
    case VDW_ENGINE_STOPPING:
        stop(device);
        return;
    case VDW_ENGINE_DRAINING:
        drain(device);
        return;
    default:
        cut_again(device);
        return;
    }
}
