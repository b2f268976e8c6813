/* SPDX-License-Identifier: MIT */
/*
 * The device's one callback and one timer. Work that cannot be done at interrupt level goes down to
 * PASSIVE or DISPATCH and comes back up, for only up there may the rest of the driver be touched.
 */
#include "vdw.h"

#define COLLECT_AT_ONCE 6u
#define TORN_RETRY_US   1000u
#define SHORT_WAY       ((uint32_t)VDW_WORK_COLLECT | (uint32_t)VDW_WORK_EVENTS | (uint32_t)VDW_WORK_LIST)

static void STREAMAPI run_high(PVOID context);

static VDW_PASSIVE void STREAMAPI run_passive(PVOID context)
{
    struct vdw_device *device = context;
    uint32_t work = device->passive_work;

    if (work & VDW_WORK_FREE)
        vdw_firmware_free(device);
    if (work & VDW_WORK_LOAD)
        vdw_firmware_load(device);
    if (work & VDW_WORK_COPY)
        vdw_firmware_copy(device);
    if (work & VDW_WORK_CUT)
        device->cut_done = vdw_firmware_cut(device, 0);
    if (work & VDW_WORK_ALLOW)
        device->cut_done = !vdw_firmware_cut(device, 1);
    if (work & VDW_WORK_MASTER)
        vdw_clock_read_master(device);
    if (work & VDW_WORK_BUILD)
        vdw_info_build(device);
    /* Last: the routine may run before this call returns. */
    StreamClassCallAtNewPriority(NULL, device, LowToHigh, run_high, device);
}

static VDW_BESIDE void STREAMAPI run_dispatch(PVOID context)
{
    StreamClassCallAtNewPriority(NULL, context, High, run_high, context);
}

/* Steps go by a worker thread, which lets others run between them; frames and events by a DPC. */
static void schedule(struct vdw_device *device)
{
    uint32_t passive = device->work & VDW_WORK_PASSIVE;

    if (device->calling || !device->work)
        return;
    device->calling = 1;
    if (passive || !(device->work & SHORT_WAY)) {
        device->work &= ~passive;
        device->passive_work = passive;
        StreamClassCallAtNewPriority(NULL, device, Low, run_passive, device);
    } else {
        StreamClassCallAtNewPriority(NULL, device, Dispatch, run_dispatch, device);
    }
}

void vdw_work_request(struct vdw_device *device, uint32_t work)
{
    device->work |= work;
    schedule(device);
}

static void collect(struct vdw_device *device)
{
    int result;

    if (device->engine != VDW_ENGINE_RUNS)
        return;
    result = vdw_frame_collect(device, COLLECT_AT_ONCE);
    if (result == VDH_E_IO)
        vdw_work_after(device, TORN_RETRY_US);
    if (vdw_read_feed(device, COLLECT_AT_ONCE) == VDH_AGAIN || result == VDH_AGAIN)
        device->work |= VDW_WORK_COLLECT;
}

static void write_lists(struct vdw_device *device)
{
    if (vdw_read_list(device) == VDH_AGAIN)
        device->work |= VDW_WORK_LIST;
    else if (vdw_read_feed(device, COLLECT_AT_ONCE) == VDH_AGAIN)
        device->work |= VDW_WORK_COLLECT;
}

/* What the passive part brought back. */
static void take_back(struct vdw_device *device, uint32_t done)
{
    if (done & VDW_WORK_LOAD)
        vdw_boot_loaded(device);
    if (done & VDW_WORK_COPY)
        vdw_firmware_copied(device);
    if (done & VDW_WORK_MASTER)
        vdw_clock_take_master(device);
    if (done & VDW_WORK_BUILD)
        vdw_info_built(device);
    if (done & (VDW_WORK_CUT | VDW_WORK_ALLOW))
        vdw_engine_cut(device);
    if (done)
        device->work |= VDW_WORK_STEP;
}

/* One thing an entry, so that none costs more than an entry may. */
static void STREAMAPI run_high(PVOID context)
{
    struct vdw_device *device = context;
    uint32_t done = device->passive_work;

    vdw_begin_entry(device);
    device->calling = 0;
    device->passive_work = 0;
    take_back(device, done);
    if (device->work & VDW_WORK_COLLECT) {
        device->work &= ~(uint32_t)VDW_WORK_COLLECT;
        collect(device);
    } else if (device->work & VDW_WORK_LIST) {
        device->work &= ~(uint32_t)VDW_WORK_LIST;
        write_lists(device);
    } else if (device->work & VDW_WORK_EVENTS) {
        device->work &= ~(uint32_t)VDW_WORK_EVENTS;
        vdw_irq_events(device);
    } else if (device->work & VDW_WORK_STEP) {
        device->work &= ~(uint32_t)VDW_WORK_STEP;
        vdw_step(device);
    }
    /* The last request of all takes the device away. */
    if (vdw_device_settle(device))
        schedule(device);
}

static void STREAMAPI timer_fires(PVOID context)
{
    struct vdw_device *device = context;

    vdw_begin_entry(device);
    device->timing = 0;
    if (device->engine == VDW_ENGINE_RUNS)
        vdw_work_request(device, VDW_WORK_COLLECT);
    vdw_step(device);
    (void)vdw_device_settle(device);
}

void vdw_work_after(struct vdw_device *device, uint32_t us)
{
    uint64_t at = vdw_clock_us(device) + us;

    if (us == 0) {
        vdw_work_request(device, VDW_WORK_STEP);
        return;
    }
    if (device->timing && device->timer_at_us <= at)
        return;
    device->timing = 1;
    device->timer_at_us = at;
    StreamClassScheduleTimer(NULL, device, us, timer_fires, device);
}

/* Twice the interval: a lost interrupt costs one frame's time, a silent card is found soon. */
void vdw_work_watch(struct vdw_stream *stream)
{
    uint64_t us = (uint64_t)vdw_format_interval_100ns(&stream->format.interval) / 5u;

    us = us < 20000u ? 20000u : us > 500000u ? 500000u : us;
    /* Not with the pin's memory for a context: the last tick might come when that is gone. */
    StreamClassScheduleTimer(stream->object, stream->device, (ULONG)us, vdw_irq_watch,
                             stream->device);
}

void vdw_work_cancel(struct vdw_device *device)
{
    if (device->timing)
        StreamClassScheduleTimer(NULL, device, 0, NULL, NULL);
    device->timing = 0;
}

void vdw_step(struct vdw_device *device)
{
    /* What is in the card comes out first. */
    if (!device->gone) {
        if (device->engine == VDW_ENGINE_OFF && device->boot_phase != VDW_BOOT_IDLE)
            vdw_boot_step(device);
        else if (device->engine == VDW_ENGINE_OFF && device->update != VDW_UPDATE_NONE)
            vdw_firmware_step(device);
        else
            vdw_engine_step(device);
        if (device->boot_phase == VDW_BOOT_IDLE)
            vdw_boot_look_again(device);
    }
    if (device->stream)
        vdw_stream_settle(device->stream);
}
