/* SPDX-License-Identifier: MIT */
/*
 * The pin: opening, states, formats, flushing, closing. A state is confirmed when the engine is where
 * the state wants it, so an application that stops gets its memory back before it hears of it.
 */
#include "vdw.h"

NTSTATUS vdw_stream_open(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb)
{
    PHW_STREAM_OBJECT object = srb->StreamObject;
    struct vdw_stream *stream;
    struct vdh_format format;
    uint32_t own = 0;
    NTSTATUS status;

    if (!object || object->StreamNumber >= VDW_STREAMS || !object->HwStreamExtension)
        return STATUS_INVALID_PARAMETER;
    if (device->gone)
        return STATUS_DEVICE_REMOVED;
    if (device->leaving || device->asleep || !device->ready || device->update != VDW_UPDATE_NONE)
        return STATUS_DEVICE_NOT_READY;
    if (device->stream)
        return STATUS_TOO_MANY_NODES;
    status = vdw_format_parse(device, srb->CommandData.OpenFormat, &format, &own);
    if (status != STATUS_SUCCESS)
        return status;

    stream = object->HwStreamExtension;
    memset(stream, 0, sizeof(*stream));
    stream->device = device;
    stream->object = object;
    stream->state = KSSTATE_STOP;
    stream->confirmed = KSSTATE_STOP;
    stream->format = format;
    stream->frame_bytes = vdh_format_frame_bytes(format.fourcc, format.stride_bytes, format.height);
    stream->own = own;
    stream->discontinuity = 1;
    object->ReceiveDataPacket = vdw_receive_data;
    object->ReceiveControlPacket = vdw_receive_control;
    object->Dma = TRUE;
    object->Pio = FALSE;
    object->Allocator = FALSE;
    object->StreamHeaderWorkspace = 0;
    object->StreamHeaderMediaSpecific =
        (ULONG)(sizeof(KS_FRAME_INFO) + (own ? sizeof(struct vdw_frame_info) : 0u));
    object->HwClockObject.HwClockFunction = vdw_clock_function;
    object->HwClockObject.ClockSupportFlags = CLOCK_SUPPORT_CAN_RETURN_STREAM_TIME;
    device->stream = stream;
    vdw_device_wake(device);
    return STATUS_SUCCESS;
}

int vdw_stream_close(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;

    if (!stream)
        return 1;
    /* A callback on its way may read the master clock for this very stream. */
    if (device->engine != VDW_ENGINE_OFF || device->calling)
        return 0;
    StreamClassScheduleTimer(stream->object, device, 0, NULL, NULL);
    vdw_read_flush(device, STATUS_CANCELLED);
    if (stream->control) {
        PHW_STREAM_REQUEST_BLOCK srb = stream->control;

        stream->control = NULL;
        vdw_complete_control(srb, STATUS_CANCELLED);
    }
    device->stream = NULL;
    return 1;
}

/* ---- States ---- */

/* What a confirmed state means for time. */
static void confirm(struct vdw_stream *stream)
{
    stream->confirmed = stream->state;
    vdw_clock_run(stream, stream->state == KSSTATE_RUN);
    if (stream->state == KSSTATE_STOP) {
        vdw_clock_reset(stream);
        stream->discontinuity = 1;
    }
}

void vdw_stream_settle(struct vdw_stream *stream)
{
    struct vdw_device *device = stream->device;
    PHW_STREAM_REQUEST_BLOCK srb = stream->control;
    NTSTATUS status = stream->failed;

    /* A flush is over when the card has let go of the last read, wherever the engine is then. */
    if (srb && srb->Command == SRB_BEGIN_FLUSH) {
        if (!stream->first) {
            stream->control = NULL;
            vdw_complete_control(srb, STATUS_SUCCESS);
        }
        return;
    }
    if (!vdw_engine_settled(device))
        return;
    if (device->engine == VDW_ENGINE_OFF &&
        (stream->state == KSSTATE_STOP || stream->state == KSSTATE_ACQUIRE))
        vdw_read_flush(device, STATUS_CANCELLED);
    if (!srb)
        return;
    stream->control = NULL;
    /* Back to a standing state always works, however little is left of the card. */
    if (stream->state == KSSTATE_STOP || stream->state == KSSTATE_ACQUIRE)
        status = STATUS_SUCCESS;
    if (status == STATUS_SUCCESS)
        confirm(stream);
    vdw_complete_control(srb, status);
}

static void set_state(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_device *device = stream->device;
    KSSTATE state = srb->CommandData.StreamState;

    if (state < KSSTATE_STOP || state > KSSTATE_RUN) {
        vdw_complete_control(srb, STATUS_INVALID_PARAMETER);
        return;
    }
    if (stream->control || stream->closing) {
        vdw_complete_control(srb, STATUS_INVALID_DEVICE_STATE);
        return;
    }
    if (stream->confirmed == KSSTATE_STOP && state != KSSTATE_STOP) {
        memset(&stream->counts, 0, sizeof(stream->counts));
        stream->pictures = 0;
        stream->dropped = 0;
        stream->bytes = 0;
    }
    stream->state = state;
    stream->revivals = 0;
    if (!device->gone)
        stream->failed = device->ready || device->boot_phase != VDW_BOOT_IDLE
                             ? STATUS_SUCCESS
                             : STATUS_DEVICE_NOT_READY;
    stream->control = srb;
    srb->TimeoutCounter = 0;
    /* This one may do a first step at once; the rest comes by the callback. */
    vdw_step(device);
}

/* ---- Formats ---- */

static NTSTATUS set_format(struct vdw_stream *stream, const KSDATAFORMAT *data)
{
    struct vdh_format format;
    uint32_t own = 0;
    NTSTATUS status;

    if (stream->confirmed != KSSTATE_STOP || stream->state != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    status = vdw_format_parse(stream->device, data, &format, &own);
    if (status != STATUS_SUCCESS)
        return status;
    /* The extension of the headers was settled when the pin was opened. */
    if (own != stream->own)
        return STATUS_NO_MATCH;
    stream->format = format;
    stream->frame_bytes = vdh_format_frame_bytes(format.fourcc, format.stride_bytes, format.height);
    return STATUS_SUCCESS;
}

/* The class driver is told where the format is, and copies it as far as its own request has room. */
static NTSTATUS get_format(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    vdw_format_write(stream->device, stream->format_block, &stream->format, stream->own);
    srb->CommandData.OpenFormat = (PKSDATAFORMAT)(void *)stream->format_block;
    srb->ActualBytesTransferred = vdw_format_bytes(stream->own);
    return STATUS_SUCCESS;
}

/* ---- The door ---- */

/* Reads that the card has end when it has let go, with all the others: to end them one by one would
 * cost more than an entry may. */
static void begin_flush(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_device *device = stream->device;

    stream->flushing = 1;
    stream->control = srb;
    srb->TimeoutCounter = 0;
    if (device->slot_count == 0) {
        vdw_read_flush(device, STATUS_CANCELLED);
    } else {
        for (struct vdw_request *at = stream->first; at; at = at->next) {
            if (at->ends == STATUS_PENDING)
                at->ends = STATUS_CANCELLED;
        }
        stream->unlisted = NULL;
        stream->recycle = 1;
        vdw_work_request(device, VDW_WORK_STEP);
    }
    vdw_stream_settle(stream);
}

void vdw_stream_control(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    NTSTATUS status = STATUS_SUCCESS;
    struct vdh_format ignored;
    uint32_t own = 0;

    switch (srb->Command) {
    case SRB_SET_STREAM_STATE:
        set_state(stream, srb);
        return;
    case SRB_GET_STREAM_STATE:
        srb->CommandData.StreamState = stream->confirmed;
        srb->ActualBytesTransferred = sizeof(KSSTATE);
        break;
    case SRB_GET_STREAM_PROPERTY:
        status = vdw_property_stream(stream, srb, 0);
        break;
    case SRB_SET_STREAM_PROPERTY:
        status = vdw_property_stream(stream, srb, 1);
        break;
    case SRB_PROPOSE_DATA_FORMAT:
        status = vdw_format_parse(stream->device, srb->CommandData.OpenFormat, &ignored, &own);
        if (status == STATUS_SUCCESS && own != stream->own)
            status = STATUS_NO_MATCH;
        break;
    case SRB_SET_DATA_FORMAT:
        status = set_format(stream, srb->CommandData.OpenFormat);
        break;
    case SRB_GET_DATA_FORMAT:
        status = get_format(stream, srb);
        break;
    case SRB_OPEN_MASTER_CLOCK:
    case SRB_INDICATE_MASTER_CLOCK:
        stream->master = srb->CommandData.MasterClockHandle;
        if (stream->master && stream->confirmed == KSSTATE_RUN)
            vdw_work_request(stream->device, VDW_WORK_MASTER);
        break;
    case SRB_CLOSE_MASTER_CLOCK:
        stream->master = NULL;
        break;
    case SRB_BEGIN_FLUSH:
        if (stream->control || stream->closing) {
            status = STATUS_INVALID_DEVICE_STATE;
            break;
        }
        begin_flush(stream, srb);
        return;
    case SRB_END_FLUSH:
        stream->flushing = 0;
        break;
    default:
        status = STATUS_NOT_IMPLEMENTED;
        break;
    }
    vdw_complete_control(srb, status);
}
