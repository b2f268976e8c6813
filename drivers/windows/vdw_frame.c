/* SPDX-License-Identifier: MIT */
/*
 * Completions: what became of a frame, into the headers of the request that asked for it. A frame
 * that the card could not write comes back empty and says so; it is never passed off as a picture.
 */
#include "vdw.h"

#define FRAME_FAILED \
    ((uint32_t)VDH_B_COMPLETION_FLAGS_DMA_ERROR | (uint32_t)VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR)

static uint32_t lost_before(const struct vdh_completion *frame)
{
    return frame->dropped_fifo + frame->dropped_no_buffer + frame->dropped_no_signal +
           frame->dropped_dma;
}

static void put_time(struct vdw_stream *stream, KSSTREAM_HEADER *header,
                     const struct vdh_completion *frame, uint64_t now)
{
    struct vdw_device *device = stream->device;
    uint64_t at = vdw_clock_counter_at(device, frame->ticks, now);
    LONGLONG duration = vdw_format_interval_100ns(&stream->format.interval);

    header->PresentationTime.Numerator = 1;
    header->PresentationTime.Denominator = 1;
    header->Duration = duration;
    header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DURATIONVALID;
    /* Without a basis there is no time: an application does better with none than with a guess. */
    if (at == 0)
        return;
    header->PresentationTime.Time = (LONGLONG)vdw_clock_stream_time(stream, at);
    header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
}

/* As much of the extension as the header has room for. */
static void put_extension(struct vdw_stream *stream, KSSTREAM_HEADER *header,
                          const struct vdh_completion *frame, uint64_t now)
{
    uint8_t *at = (uint8_t *)header + sizeof(KSSTREAM_HEADER);
    uint32_t room = header->Size - (uint32_t)sizeof(KSSTREAM_HEADER);
    KS_FRAME_INFO info;
    struct vdw_frame_info own;

    if (room < sizeof(info))
        return;
    memset(&info, 0, sizeof(info));
    info.ExtendedHeaderSize = sizeof(info);
    info.dwFrameFlags = KS_VIDEO_FLAG_FRAME;
    info.PictureNumber = (LONGLONG)stream->pictures;
    info.DropCount = (LONGLONG)stream->dropped;
    if (!stream->own || room < sizeof(info) + sizeof(own)) {
        memcpy(at, &info, sizeof(info));
        return;
    }
    info.ExtendedHeaderSize = sizeof(info) + sizeof(own);
    memcpy(at, &info, sizeof(info));
    own.size = sizeof(own);
    own.flags = frame->flags;
    own.ticks = frame->ticks;
    own.end_ticks = frame->end_ticks;
    own.arrival_counter = now;
    own.sequence = frame->sequence;
    own.capture = stream->counts.captures;
    own.dropped_fifo = frame->dropped_fifo;
    own.dropped_no_buffer = frame->dropped_no_buffer;
    own.dropped_no_signal = frame->dropped_no_signal;
    own.dropped_dma = frame->dropped_dma;
    memcpy(at + sizeof(info), &own, sizeof(own));
}

static void deliver(struct vdw_device *device, const struct vdh_completion *frame)
{
    struct vdw_stream *stream = device->stream;
    struct vdw_slot *slot = &device->slots[device->slot_first];
    struct vdw_request *request = slot->request;
    KSSTREAM_HEADER *header = vdw_read_header(request->srb, slot->buffer);
    int failed = (frame->flags & FRAME_FAILED) != 0;
    uint32_t lost = lost_before(frame);
    uint64_t now = vdw_clock_counter();

    stream->pictures += 1u + (uint64_t)lost;
    stream->dropped += lost + (failed ? 1u : 0u);
    stream->frames_since_watch++;
    stream->torn = 0;
    stream->revivals = 0;
    header->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT;
    if (stream->discontinuity || lost || failed)
        header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    if (stream->discontinuity)
        header->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_TIMEDISCONTINUITY;
    stream->discontinuity = 0;
    header->DataUsed = failed ? 0 : frame->bytes;
    header->TypeSpecificFlags = 0;
    put_time(stream, header, frame, now);
    put_extension(stream, header, frame, now);
    if (!failed) {
        stream->counts.delivered++;
        stream->bytes += frame->bytes;
    }

    (void)vdw_read_took(device);
    if (request->done == request->buffers)
        vdw_read_finish(stream, request, STATUS_SUCCESS);
}

int vdw_frame_collect(struct vdw_device *device, uint32_t most)
{
    int result = VDH_OK;

    if (!device->stream)
        return VDH_OK;
    for (uint32_t i = 0; i < most && result == VDH_OK && device->slot_count > 0; i++) {
        struct vdh_completion frame;

        result = vdh_capture_complete(&device->capture, &frame);
        if (result == VDH_OK)
            deliver(device, &frame);
        else if (result == VDH_AGAIN)
            return VDH_OK;
    }
    return result == VDH_OK && device->slot_count > 0 ? VDH_AGAIN : result;
}
