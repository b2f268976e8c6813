/* SPDX-License-Identifier: MIT */
/*
 * The device: initialise, uninitialise, power, removal, paging out. What takes time is held here
 * until the steps are through; a device that went away is polite to the last request.
 */
#include "vdw.h"

/* ---- Requests that wait ---- */

static void hold(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    PHW_STREAM_REQUEST_BLOCK *at = &device->held;

    while (*at)
        at = &(*at)->NextSRB;
    srb->NextSRB = NULL;
    srb->TimeoutCounter = 0; /* the steps have bounds of their own */
    *at = srb;
}

/* Nothing of ours is in the card and no callback is on its way. */
static int still(const struct vdw_device *device)
{
    return device->engine == VDW_ENGINE_OFF && device->boot_phase == VDW_BOOT_IDLE &&
           device->update == VDW_UPDATE_NONE && !device->calling;
}

void vdw_device_interrupts(struct vdw_device *device)
{
    if (device->attached)
        (void)vdh_interrupts_enable(&device->core, device->quiet ? 0 : VDW_EVENTS);
}

void vdw_device_wake(struct vdw_device *device)
{
    if (!device->quiet || device->asleep || device->leaving)
        return;
    device->quiet = 0;
    vdw_device_interrupts(device);
}

/* Whether a held request may be completed, and with what. */
static int is_over(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS *status)
{
    *status = STATUS_SUCCESS;
    switch (srb->Command) {
    case SRB_INITIALIZE_DEVICE:
        if (device->gone)
            *status = STATUS_NO_SUCH_DEVICE;
        return device->gone || (device->boot_phase == VDW_BOOT_IDLE && !device->building);
    case SRB_CLOSE_STREAM:
        return vdw_stream_close(device);
    case SRB_CHANGE_POWER_STATE:
        if (srb->CommandData.DeviceState == PowerDeviceD0)
            return device->gone || device->boot_phase == VDW_BOOT_IDLE;
        if (!device->gone && !still(device))
            return 0;
        device->quiet = 1;
        vdw_device_interrupts(device);
        vdw_work_cancel(device);
        device->suspending = 0;
        device->asleep = 1;
        return 1;
    case SRB_PAGING_OUT_DRIVER:
    case SRB_UNINITIALIZE_DEVICE:
        if (!still(device))
            return 0;
        if (device->image && srb->Command == SRB_UNINITIALIZE_DEVICE) {
            vdw_work_request(device, VDW_WORK_FREE);
            return 0;
        }
        device->quiet = 1;
        vdw_device_interrupts(device);
        vdw_work_cancel(device);
        if (srb->Command == SRB_UNINITIALIZE_DEVICE)
            device->attached = 0;
        return 1;
    default:
        return 1;
    }
}

int vdw_device_settle(struct vdw_device *device)
{
    PHW_STREAM_REQUEST_BLOCK *at = &device->held;

    while (*at) {
        PHW_STREAM_REQUEST_BLOCK srb = *at;
        NTSTATUS status;
        int last;

        if (!is_over(device, srb, &status)) {
            at = &srb->NextSRB;
            continue;
        }
        last = srb->Command == SRB_UNINITIALIZE_DEVICE;
        *at = srb->NextSRB;
        srb->NextSRB = NULL;
        vdw_complete_device(srb, status);
        if (last)
            return 0; /* the extension may be gone already */
        at = &device->held;
    }
    return 1;
}

void vdw_device_gone(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;

    if (device->gone)
        return;
    device->gone = 1;
    device->ready = 0;
    vdw_work_cancel(device);
    vdw_boot_abort(device);
    if (device->update != VDW_UPDATE_NONE && device->update != VDW_UPDATE_COPY)
        vdw_firmware_end(device, VDH_E_GONE, 0);
    if (stream) {
        StreamClassScheduleTimer(stream->object, device, 0, NULL, NULL);
        stream->failed = STATUS_DEVICE_REMOVED;
        /* Bus mastering that is being cut right now is ended by its callback. */
        if (device->engine != VDW_ENGINE_OFF &&
            (device->engine != VDW_ENGINE_CUTTING || device->cut_again_us))
            vdw_engine_lost(device);
        if (device->engine == VDW_ENGINE_OFF)
            vdw_read_flush(device, STATUS_DEVICE_REMOVED);
        vdw_stream_settle(stream);
    }
}

/* ---- Initialise ---- */

static int find_registers(struct vdw_device *device, PPORT_CONFIGURATION_INFORMATION config)
{
    for (ULONG i = 0; i < config->NumberOfAccessRanges && config->AccessRanges; i++) {
        const ACCESS_RANGE *range = &config->AccessRanges[i];
        ULONG_PTR start = (ULONG_PTR)range->RangeStart.QuadPart;

        /* The class driver has mapped memory already: the start is an address to be used. */
        if (range->RangeInMemory && range->RangeLength >= VDH_R_SPACE && !device->memory)
            device->memory = (PUCHAR)start;
        else if (!range->RangeInMemory && range->RangeLength >= VDH_S_PORTS && !device->ports)
            device->ports = (PUCHAR)start;
    }
    return device->memory || device->ports;
}

static int find_memory(struct vdw_device *device)
{
    uint8_t *bytes = StreamClassGetDmaBuffer(device);
    ULONG length = 0;
    uint64_t address;

    if (!bytes)
        return 0;
    address =
        (uint64_t)StreamClassGetPhysicalAddress(device, NULL, bytes, DmaBuffer, &length).QuadPart;
    if (address % 64u != 0 || length < VDW_RINGS_BYTES + VDW_CHUNK_BYTES)
        return 0;
    device->descriptors.bytes = bytes;
    device->descriptors.address = address;
    device->descriptors.size = VDW_RING * VDH_S_DESCRIPTOR;
    device->completions.bytes = bytes + device->descriptors.size;
    device->completions.address = address + device->descriptors.size;
    device->completions.size = VDW_RING * VDH_S_COMPLETION;
    device->chunks = bytes + VDW_RINGS_BYTES;
    device->chunks_address = address + VDW_RINGS_BYTES;
    device->chunk_count = (length - VDW_RINGS_BYTES) / VDW_CHUNK_BYTES;
    if (device->chunk_count > VDW_CHUNKS)
        device->chunk_count = VDW_CHUNKS;
    vdw_read_pool(device);
    return 1;
}

static NTSTATUS initialize(struct vdw_device *device, PPORT_CONFIGURATION_INFORMATION config)
{
    LARGE_INTEGER hz;
    int result;

    if (!config)
        return STATUS_INVALID_PARAMETER;
    memset(device, 0, sizeof(*device));
    (void)KeQueryPerformanceCounter(&hz);
    device->counter_hz = (uint64_t)hz.QuadPart;
    device->physical = config->RealPhysicalDeviceObject ? config->RealPhysicalDeviceObject
                                                        : config->PhysicalDeviceObject;
    config->StreamDescriptorSize = VDW_DESCRIPTOR_BYTES;
    if (!find_registers(device, config))
        return STATUS_NO_SUCH_DEVICE;
    if (!find_memory(device))
        return STATUS_INSUFFICIENT_RESOURCES;
    result = vdw_io_attach(device);
    if (result)
        return result == VDH_E_IO ? STATUS_IO_DEVICE_ERROR : STATUS_NO_SUCH_DEVICE;
    device->attached = 1;
    vdw_boot_begin(device, 1);
    return STATUS_PENDING;
}

/* ---- Power ---- */

static NTSTATUS change_power(struct vdw_device *device, DEVICE_POWER_STATE state)
{
    if (state < PowerDeviceD0 || state > PowerDeviceD3)
        return STATUS_INVALID_PARAMETER;
    if (device->gone || !device->attached)
        return STATUS_SUCCESS;
    if (state != PowerDeviceD0) {
        if (device->asleep)
            return STATUS_SUCCESS;
        device->suspending = 1;
        vdw_boot_abort(device);
        if (device->update != VDW_UPDATE_NONE && device->update != VDW_UPDATE_COPY)
            vdw_firmware_end(device, VDH_E_STATE, 0);
        vdw_work_request(device, VDW_WORK_STEP);
        return STATUS_PENDING;
    }
    if (!device->asleep)
        return STATUS_SUCCESS;
    device->asleep = 0;
    device->quiet = 0;
    if (vdw_io_attach(device) != VDH_OK) {
        vdw_device_gone(device);
        return STATUS_SUCCESS; /* the system learns of the removal by itself */
    }
    /* Nothing is known of what the card still holds; firmware is uploaded only if none runs. */
    vdw_boot_begin(device, 0);
    return STATUS_PENDING;
}

/* ---- The door ---- */

static NTSTATUS dispatch(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    switch (srb->Command) {
    case SRB_INITIALIZE_DEVICE:
        return initialize(device, srb->CommandData.ConfigInfo);
    case SRB_UNINITIALIZE_DEVICE:
        device->leaving = 1;
        vdw_boot_abort(device);
        if (device->update != VDW_UPDATE_NONE && device->update != VDW_UPDATE_COPY)
            vdw_firmware_end(device, VDH_E_STATE, 0);
        vdw_work_request(device, VDW_WORK_STEP);
        return STATUS_PENDING;
    case SRB_PAGING_OUT_DRIVER:
        /* It comes only where nothing is open; a pin would be in the way for as long as it likes. */
        return device->stream ? STATUS_DEVICE_BUSY : STATUS_PENDING;
    case SRB_INITIALIZATION_COMPLETE:
    case SRB_NOTIFY_IDLE_STATE:
        return STATUS_SUCCESS;
    case SRB_CHANGE_POWER_STATE:
        return change_power(device, srb->CommandData.DeviceState);
    case SRB_SURPRISE_REMOVAL:
        vdw_device_gone(device);
        return STATUS_SUCCESS;
    case SRB_GET_STREAM_INFO:
        return vdw_info_fill(device, srb);
    case SRB_GET_DATA_INTERSECTION:
        return vdw_format_intersect(device, srb);
    case SRB_GET_DEVICE_PROPERTY:
        vdw_device_wake(device);
        return vdw_property_device(device, srb, 0);
    case SRB_SET_DEVICE_PROPERTY:
        vdw_device_wake(device);
        return vdw_property_device(device, srb, 1);
    case SRB_OPEN_STREAM:
        return vdw_stream_open(device, srb);
    case SRB_CLOSE_STREAM:
        if (!device->stream || srb->StreamObject != device->stream->object)
            return STATUS_INVALID_PARAMETER;
        device->stream->closing = 1;
        vdw_work_request(device, VDW_WORK_STEP);
        return STATUS_PENDING;
    default:
        return STATUS_NOT_IMPLEMENTED;
    }
}

void vdw_device_request(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    NTSTATUS status = dispatch(device, srb);

    if (status != STATUS_PENDING)
        vdw_complete_device(srb, status);
    else if (device->update_srb != srb)
        hold(device, srb);
    (void)vdw_device_settle(device);
}
