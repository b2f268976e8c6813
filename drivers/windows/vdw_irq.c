/* SPDX-License-Identifier: MIT */
/*
 * The interrupt: two accesses by the core's decoder, a frame or two, and everything else is left to
 * the callback. A watch on the stream's timer finds what came without an interrupt, or did not come.
 */
#include "vdw.h"

#define WATCH_FRAMES    3u
#define WATCH_QUEUES    3u
#define SAMPLE_EVERY_US 1000000u
#define TORN_MOST       16u
#define TORN_RETRY_US   1000u

/* Takes frames and gives buffers. */
static void move_frames(struct vdw_device *device, uint32_t frames, uint32_t queues)
{
    int result;

    if (device->engine != VDW_ENGINE_RUNS)
        return;
    result = vdw_frame_collect(device, frames);
    if (result == VDH_E_IO) {
        struct vdw_stream *stream = device->stream;

        /* Records were seen torn for 100 us; one that stays so is a card out of step. */
        if (++stream->torn > TORN_MOST) {
            stream->recycle = 1;
            vdw_work_request(device, VDW_WORK_STEP);
        } else {
            vdw_work_after(device, TORN_RETRY_US);
        }
    }
    if (vdw_read_feed(device, queues) == VDH_AGAIN || result == VDH_AGAIN)
        vdw_work_request(device, VDW_WORK_COLLECT);
}

/* What the events ask for beyond frames. */
static void note(struct vdw_device *device, uint32_t events)
{
    const uint32_t slow = (uint32_t)VDH_EVENT_SOURCE | (uint32_t)VDH_EVENT_CONTROL |
                          (uint32_t)VDH_EVENT_ERROR | (uint32_t)VDH_EVENT_GONE;
    uint32_t work = 0;

    device->events |= events & slow;
    if (events & slow)
        work |= VDW_WORK_EVENTS;
    if (events &
        ((uint32_t)VDH_EVENT_BOOT | (uint32_t)VDH_EVENT_FLASH | (uint32_t)VDH_EVENT_STOPPED))
        work |= VDW_WORK_STEP;
    if (work)
        vdw_work_request(device, work);
    /* A limited card stirs: whatever it runs now is taken up. */
    if ((events & (uint32_t)VDH_EVENT_BOOT) && !device->ready &&
        device->boot_phase == VDW_BOOT_IDLE && device->update == VDW_UPDATE_NONE &&
        !device->leaving && !device->suspending)
        vdw_boot_begin_present(device, 0);
}

/* At most 6 accesses: 2 for the status, 1 a frame, 1 a buffer. */
BOOLEAN STREAMAPI vdw_interrupt(PVOID extension)
{
    struct vdw_device *device = extension;
    uint32_t events = 0;

    if (!device->attached || device->gone || device->asleep)
        return FALSE;
    vdw_begin_entry(device);
    (void)vdh_interrupt(&device->core, &events);
    if (events == 0)
        return FALSE;
    note(device, events);
    /* All ones are an empty slot; the interrupt is somebody else's. */
    if (events & (uint32_t)VDH_EVENT_GONE)
        return FALSE;
    if (events & (uint32_t)VDH_EVENT_FRAME)
        move_frames(device, VDW_ISR_FRAMES, VDW_ISR_QUEUES);
    return TRUE;
}

void vdw_irq_events(struct vdw_device *device)
{
    uint32_t events = device->events;
    uint32_t value = 0;
    int result = VDH_OK;

    device->events = 0;
    if (device->gone || device->asleep)
        return;
    if (events & (uint32_t)VDH_EVENT_GONE) {
        /* Once more, from a register that cannot be all ones. */
        result = vdh_user_read(&device->core, VDH_R_ARCH_ID, &value);
    }
    if (!result && (events & (uint32_t)VDH_EVENT_SOURCE))
        vdw_event_signal(device, VDW_EVENT_SIGNAL);
    if (!result && (events & (uint32_t)VDH_EVENT_CONTROL) && device->ready) {
        result = vdh_control_changed(&device->core, &value);
        if (!result && value)
            vdw_event_signal(device, VDW_EVENT_CONTROL);
    }
    if (!result && (events & (uint32_t)VDH_EVENT_ERROR) && device->engine == VDW_ENGINE_RUNS) {
        result = vdh_capture_errors(&device->capture, &value);
        if (!result && (value & vdh_field_mask(VDH_F_ERROR_STATUS_RING)) && device->stream) {
            /* The engine is halted: the stop step resets it, and the next start begins anew. */
            device->stream->recycle = 1;
            vdw_work_request(device, VDW_WORK_STEP);
        }
        if (!result && value)
            vdw_event_signal(device, VDW_EVENT_ERROR);
    }
    if (result == VDH_E_GONE)
        vdw_device_gone(device);
}

/* Nothing came for a while: is the engine still at it? */
static void look_at_engine(struct vdw_device *device)
{
    uint32_t value = 0;
    uint32_t state;
    int result = vdh_user_read(&device->core, VDH_R_CAPTURE_STATUS, &value);

    if (result == VDH_E_GONE) {
        vdw_device_gone(device);
        return;
    }
    state = vdh_field_get(value, VDH_F_CAPTURE_STATUS_STATE);
    if (result || state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_HALTED) {
        device->stream->recycle = 1;
        vdw_work_request(device, VDW_WORK_STEP);
    } else if (state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE) {
        /* It started anew, as after a loss of power, and touches nothing. */
        vdw_engine_recover(device);
    }
}

/* At most 15 accesses. */
void STREAMAPI vdw_irq_watch(PVOID context)
{
    struct vdw_device *device = context;
    struct vdw_stream *stream = device->stream;
    uint32_t events = 0;

    vdw_begin_entry(device);
    if (!stream || device->gone || device->asleep || device->engine != VDW_ENGINE_RUNS)
        return;
    (void)vdh_interrupt(&device->core, &events);
    note(device, events);
    move_frames(device, WATCH_FRAMES, WATCH_QUEUES);
    if (stream->frames_since_watch == 0 && device->engine == VDW_ENGINE_RUNS)
        look_at_engine(device);
    stream->frames_since_watch = 0;
    if (device->engine == VDW_ENGINE_RUNS) {
        uint64_t old = vdw_clock_counter() - device->base_counter;

        if (vdw_clock_100ns(old, device->counter_hz) > SAMPLE_EVERY_US * 10u) {
            (void)vdw_clock_sample(device);
            if (stream->master)
                vdw_work_request(device, VDW_WORK_MASTER);
        }
        vdw_work_watch(stream);
    }
    (void)vdw_device_settle(device);
}
