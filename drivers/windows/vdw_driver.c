/* SPDX-License-Identifier: MIT */
/*
 * DriverEntry, and the doors through which the class driver comes in. With its synchronization on,
 * all of them but the clock's run at the interrupt's level, one at a time; see docs/windows.md.
 */
#include "vdw.h"

/* Called by name from the loader of drivers. */
NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path);

void vdw_begin_entry(struct vdw_device *device)
{
    device->stalled_us = 0;
}

NTSTATUS vdw_status(int result)
{
    switch (result) {
    case VDH_OK:
        return STATUS_SUCCESS;
    case VDH_AGAIN:
        return STATUS_PENDING;
    case VDH_E_GONE:
        return STATUS_DEVICE_REMOVED;
    case VDH_E_INVALID:
    case VDH_E_RANGE:
        return STATUS_INVALID_PARAMETER;
    case VDH_E_STATE:
        return STATUS_INVALID_DEVICE_STATE;
    case VDH_E_TIMEOUT:
        return STATUS_IO_TIMEOUT;
    case VDH_E_FIRMWARE:
    case VDH_E_TABLES:
        return STATUS_INVALID_IMAGE_FORMAT;
    case VDH_E_UNKNOWN:
        return STATUS_NO_SUCH_DEVICE;
    case VDH_E_FULL:
        return STATUS_INSUFFICIENT_RESOURCES;
    case VDH_E_DENIED:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_IO_DEVICE_ERROR;
    }
}

void vdw_complete_device(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    PVOID extension = srb->HwDeviceExtension;

    srb->Status = status;
    StreamClassDeviceNotification(DeviceRequestComplete, extension, srb);
    StreamClassDeviceNotification(ReadyForNextDeviceRequest, extension);
}

void vdw_complete_control(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    PHW_STREAM_OBJECT object = srb->StreamObject;

    srb->Status = status;
    StreamClassStreamNotification(StreamRequestComplete, object, srb);
    StreamClassStreamNotification(ReadyForNextStreamControlRequest, object);
}

void vdw_complete_read(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    srb->Status = status;
    StreamClassStreamNotification(StreamRequestComplete, srb->StreamObject, srb);
}

void STREAMAPI vdw_receive_device(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_device *device = srb->HwDeviceExtension;

    vdw_begin_entry(device);
    vdw_device_request(device, srb);
}

void STREAMAPI vdw_receive_control(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_stream *stream = srb->StreamObject->HwStreamExtension;

    vdw_begin_entry(stream->device);
    vdw_stream_control(stream, srb);
}

void STREAMAPI vdw_receive_data(PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_stream *stream = srb->StreamObject->HwStreamExtension;
    PHW_STREAM_OBJECT object = srb->StreamObject;

    vdw_begin_entry(stream->device);
    if (srb->Command == SRB_READ_DATA) {
        vdw_read_request(stream, srb);
    } else {
        srb->ActualBytesTransferred = 0;
        vdw_complete_read(srb, STATUS_NOT_IMPLEMENTED);
    }
    /* Many reads wait here, but not any number: each has its share in the cost of ending them all. */
    if (stream->reads < VDW_READS_MAX)
        StreamClassStreamNotification(ReadyForNextStreamDataRequest, object);
    else
        stream->full = 1;
}

/* Reads that the card may be writing to end when it has let go of them. Whatever else is held ends by
 * itself, after a bounded time; to end it sooner would leave the card half-way. */
static void end_early(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    struct vdw_device *device = srb->HwDeviceExtension;

    vdw_begin_entry(device);
    if (!vdw_read_end(device, srb, status))
        srb->TimeoutCounter = srb->TimeoutOriginal;
}

static void STREAMAPI cancel(PHW_STREAM_REQUEST_BLOCK srb)
{
    end_early(srb, STATUS_CANCELLED);
}

static void STREAMAPI time_out(PHW_STREAM_REQUEST_BLOCK srb)
{
    end_early(srb, STATUS_IO_TIMEOUT);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    HW_INITIALIZATION_DATA data;

    memset(&data, 0, sizeof(data));
    data.HwInitializationDataSize = sizeof(data);
    data.HwInterrupt = vdw_interrupt;
    data.HwReceivePacket = vdw_receive_device;
    data.HwCancelPacket = cancel;
    data.HwRequestTimeoutHandler = time_out;
    data.DeviceExtensionSize = sizeof(struct vdw_device);
    data.PerRequestExtensionSize = sizeof(struct vdw_request);
    data.PerStreamExtensionSize = sizeof(struct vdw_stream);
    data.FilterInstanceExtensionSize = 0;
    data.BusMasterDMA = TRUE;
    data.Dma24BitAddresses = FALSE;
    data.BufferAlignment = 1; /* the card takes any byte */
    /* Few requests need PASSIVE_LEVEL: the class driver keeps entries apart. */
    data.TurnOffSynchronization = FALSE;
    data.DmaBufferSize = VDW_DMA_BYTES;
    return StreamClassRegisterMinidriver(driver, registry_path, &data);
}
