/* SPDX-License-Identifier: MIT */
/*
 * Requests for frames: the queue, and the way of the SRB's scatter/gather list into the card's own
 * lists of segments. No frame is copied; the card writes to the pages of the application.
 */
#include "vdw.h"

/* ---- The pool of chunks ---- */

void vdw_read_pool(struct vdw_device *device)
{
    for (uint32_t i = 0; i < device->chunk_count; i++)
        device->chunk_next[i] = (uint8_t)(i + 1u < device->chunk_count ? i + 1u : VDW_NO_CHUNK);
    device->chunk_free = 0;
    device->chunks_free = device->chunk_count;
}

static uint8_t take_chunk(struct vdw_device *device)
{
    uint8_t chunk = device->chunk_free;

    device->chunk_free = device->chunk_next[chunk];
    device->chunk_next[chunk] = VDW_NO_CHUNK;
    device->chunks_free--;
    return chunk;
}

void vdw_read_free(struct vdw_device *device, uint8_t chunk)
{
    for (uint32_t i = 0; i < VDW_CHUNKS && chunk != VDW_NO_CHUNK; i++) {
        uint8_t next = device->chunk_next[chunk];

        device->chunk_next[chunk] = device->chunk_free;
        device->chunk_free = chunk;
        device->chunks_free++;
        chunk = next;
    }
}

/* ---- Scatter/gather ---- */

/* A place in the list of an SRB. */
struct place {
    const KSSCATTER_GATHER *elements;
    uint32_t count;
    uint32_t index;
    uint32_t offset; /* in that element */
};

static uint32_t left_in_element(const struct place *at)
{
    return at->elements[at->index].Length - at->offset;
}

/* Moves on by `bytes`; 0 if the list ends before. */
static int skip(struct place *at, uint32_t bytes)
{
    while (at->index < at->count) {
        uint32_t left = left_in_element(at);

        if (bytes < left) {
            at->offset += bytes;
            return 1;
        }
        bytes -= left;
        at->offset = 0;
        at->index++;
    }
    return bytes == 0;
}

/* Elements that hold something, for `bytes` from here on; 0 if the list ends before. */
static uint32_t count_segments(struct place at, uint32_t bytes)
{
    uint32_t segments = 0;

    for (; bytes > 0 && at.index < at.count; at.index++, at.offset = 0) {
        uint32_t left = left_in_element(&at);

        segments += left != 0;
        bytes -= left < bytes ? left : bytes;
    }
    return bytes == 0 ? segments : 0;
}

/* A block holds 256 segments; where the list goes on, the last is a link. */
static uint32_t count_chunks(uint32_t segments)
{
    return segments <= VDW_CHUNK_SEGMENTS ? 1u : (segments - 2u) / (VDW_CHUNK_SEGMENTS - 1u) + 1u;
}

PKSSTREAM_HEADER vdw_read_header(PHW_STREAM_REQUEST_BLOCK srb, uint32_t buffer)
{
    uint8_t *at = (uint8_t *)srb->CommandData.DataBufferArray;

    /* With extensions each is as long as it says; all of them were checked when it came. */
    for (uint32_t i = 0; i < buffer; i++)
        at += ((PKSSTREAM_HEADER)(void *)at)->Size;
    return (PKSSTREAM_HEADER)(void *)at;
}

static void find_place(struct place *at, PHW_STREAM_REQUEST_BLOCK srb, uint32_t buffer)
{
    at->elements = srb->ScatterGatherBuffer;
    at->count = srb->NumberOfScatterGatherElements;
    at->index = 0;
    at->offset = 0;
    for (uint32_t i = 0; i < buffer; i++)
        (void)skip(at, vdw_read_header(srb, i)->FrameExtent);
    /* Over empty elements. */
    (void)skip(at, 0);
}

/* Writes the list of segments; the caller knows that there are chunks enough. */
static uint8_t write_segments(struct vdw_device *device, struct place at, uint32_t bytes,
                              uint32_t segments)
{
    uint8_t first = take_chunk(device);
    uint8_t chunk = first;
    uint32_t index = 0;

    for (; bytes > 0 && at.index < at.count; at.index++, at.offset = 0) {
        uint32_t left = left_in_element(&at);
        uint64_t address = (uint64_t)at.elements[at.index].PhysicalAddress.QuadPart + at.offset;

        if (left == 0)
            continue;
        left = left < bytes ? left : bytes;
        if (index == VDW_CHUNK_SEGMENTS - 1u && segments > 1u) {
            uint8_t more = take_chunk(device);

            vdh_segment_put_link(device->chunks + chunk * VDW_CHUNK_BYTES, index,
                                 device->chunks_address + more * VDW_CHUNK_BYTES,
                                 segments < VDW_CHUNK_SEGMENTS ? segments : VDW_CHUNK_SEGMENTS);
            device->chunk_next[chunk] = more;
            chunk = more;
            index = 0;
        }
        vdh_segment_put(device->chunks + chunk * VDW_CHUNK_BYTES, index, address, left);
        index++;
        segments--;
        bytes -= left;
    }
    return first;
}

/* ---- A request comes ---- */

/* Where a request has several buffers its list must be split, and nothing but the order says where.
 * The class driver can tell the address of any byte: it must be the one that was found. */
static int splits_right(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, uint32_t buffer,
                        const struct place *at)
{
    ULONG length = 0;
    STREAM_PHYSICAL_ADDRESS address = StreamClassGetPhysicalAddress(
        device, srb, vdw_read_header(srb, buffer)->Data, SRBDataBuffer, &length);

    return address.QuadPart == at->elements[at->index].PhysicalAddress.QuadPart + at->offset;
}

static NTSTATUS check(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_device *device = stream->device;

    if (device->gone)
        return STATUS_DEVICE_REMOVED;
    if (stream->closing || (stream->state != KSSTATE_PAUSE && stream->state != KSSTATE_RUN))
        return STATUS_INVALID_DEVICE_STATE;
    if (stream->failed != STATUS_SUCCESS)
        return stream->failed;
    if (srb->NumberOfBuffers == 0 || srb->NumberOfBuffers > VDW_BUFFERS_MAX ||
        !srb->CommandData.DataBufferArray || !srb->ScatterGatherBuffer || !srb->SRBExtension)
        return STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < srb->NumberOfBuffers; i++) {
        const KSSTREAM_HEADER *header = vdw_read_header(srb, i);
        struct place at;
        uint32_t segments;

        if (header->Size < sizeof(KSSTREAM_HEADER) || header->Size > 0x10000u)
            return STATUS_INVALID_PARAMETER;
        if (header->FrameExtent < stream->frame_bytes)
            return STATUS_BUFFER_TOO_SMALL;
        find_place(&at, srb, i);
        segments = count_segments(at, stream->frame_bytes);
        if (segments == 0 || (i > 0 && !splits_right(device, srb, i, &at)))
            return STATUS_INVALID_PARAMETER;
        if (count_chunks(segments) > device->chunk_count)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

void vdw_read_request(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    struct vdw_device *device = stream->device;
    struct vdw_request *request = srb->SRBExtension;
    NTSTATUS status = check(stream, srb);

    if (status != STATUS_SUCCESS) {
        vdw_complete_read(srb, status);
        return;
    }
    srb->TimeoutCounter = 0; /* a signal may be long in coming */
    request->next = NULL;
    request->srb = srb;
    request->buffers = srb->NumberOfBuffers;
    request->given = 0;
    request->done = 0;
    request->ends = STATUS_PENDING;
    if (stream->last)
        stream->last->next = request;
    else
        stream->first = request;
    stream->last = request;
    if (vdw_read_feed(device, VDW_STEP_QUEUES) == VDH_AGAIN)
        vdw_work_request(device, VDW_WORK_COLLECT);
}

/* ---- To the card, and back ---- */

/* VDH_E_FULL: not now. */
static int give(struct vdw_device *device, struct vdw_request *request)
{
    uint32_t index = (device->slot_first + device->slot_count) % VDW_RING;
    struct vdw_slot *slot = &device->slots[index];
    uint32_t bytes = device->stream->frame_bytes;
    uint32_t segments;
    struct place at;
    int result;

    if (device->slot_count == VDW_RING)
        return VDH_E_FULL;
    find_place(&at, request->srb, request->given);
    segments = count_segments(at, bytes);
    if (count_chunks(segments) > device->chunks_free)
        return VDH_E_FULL;
    slot->request = request;
    slot->buffer = request->given;
    slot->chunk = write_segments(device, at, bytes, segments);
    result = vdh_capture_queue(
        &device->capture, device->chunks_address + slot->chunk * VDW_CHUNK_BYTES,
        segments < VDW_CHUNK_SEGMENTS ? segments : VDW_CHUNK_SEGMENTS, bytes, index);
    if (result) {
        vdw_read_free(device, slot->chunk);
        return result;
    }
    device->slot_count++;
    request->given++;
    return VDH_OK;
}

int vdw_read_feed(struct vdw_device *device, uint32_t most)
{
    struct vdw_stream *stream = device->stream;
    struct vdw_request *request;
    uint32_t given = 0;

    if (!stream || device->gone || stream->recycle ||
        (device->engine != VDW_ENGINE_ARMED && device->engine != VDW_ENGINE_RUNS))
        return VDH_OK;
    request = stream->first;
    while (request) {
        int result;

        if (request->given == request->buffers || request->ends != STATUS_PENDING) {
            request = request->next;
            continue;
        }
        if (given == most)
            return VDH_AGAIN;
        result = give(device, request);
        if (result == VDH_E_FULL)
            return VDH_OK; /* the next frame makes room */
        if (result)
            return result;
        given++;
    }
    return VDH_OK;
}

void vdw_read_unqueue(struct vdw_device *device)
{
    for (; device->slot_count > 0; device->slot_count--) {
        struct vdw_slot *slot = &device->slots[device->slot_first];

        vdw_read_free(device, slot->chunk);
        slot->request->given = slot->request->done;
        slot->request = NULL;
        device->slot_first = (device->slot_first + 1u) % VDW_RING;
    }
    device->slot_first = 0;
}

/* Takes it out of the queue and completes it. */
void vdw_read_finish(struct vdw_stream *stream, struct vdw_request *request, NTSTATUS status)
{
    struct vdw_request **at = &stream->first;
    struct vdw_request *before = NULL;

    while (*at && *at != request) {
        before = *at;
        at = &(*at)->next;
    }
    if (!*at)
        return;
    *at = request->next;
    if (stream->last == request)
        stream->last = before;
    vdw_complete_read(request->srb, status);
}

void vdw_read_flush(struct vdw_device *device, NTSTATUS status)
{
    struct vdw_stream *stream = device->stream;
    struct vdw_request *request = stream ? stream->first : NULL;

    while (request) {
        struct vdw_request *next = request->next;

        if (request->ends != STATUS_PENDING)
            vdw_read_finish(stream, request, request->ends);
        else if (status != STATUS_PENDING)
            vdw_read_finish(stream, request, status);
        request = next;
    }
}

int vdw_read_end(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status)
{
    struct vdw_stream *stream = device->stream;
    struct vdw_request *request = stream ? stream->first : NULL;

    while (request && request->srb != srb)
        request = request->next;
    if (!request)
        return 0;
    if (request->given == request->done) {
        vdw_read_finish(stream, request, status);
        return 1;
    }
    /* The card has a buffer of it. An engine that stands is told to forget; one that runs has to be
     * stopped first. */
    request->ends = status;
    stream->recycle = 1;
    vdw_work_request(device, VDW_WORK_STEP);
    return 1;
}
