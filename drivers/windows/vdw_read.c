/* SPDX-License-Identifier: MIT */
/*
 * Requests for frames: the queue, and the way of the SRB's scatter/gather list into the card's own
 * lists of segments. No frame is copied; the card writes to the pages of the application. A list is
 * written in pieces ahead of its turn: a picture may lie in thousands of places, and an entry at the
 * interrupt's level has 10 to 20 us.
 */
#include "vdw.h"

#define HEADER_MOST  0x10000u
#define HEADER_ALIGN 8u

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

/* ---- A list for the card ---- */

PKSSTREAM_HEADER vdw_read_header(PHW_STREAM_REQUEST_BLOCK srb, uint32_t buffer)
{
    uint8_t *at = (uint8_t *)srb->CommandData.DataBufferArray;

    /* With extensions each is as long as it says; all of them were checked when it came. */
    for (uint32_t i = 0; i < buffer; i++)
        at += ((PKSSTREAM_HEADER)(void *)at)->Size;
    return (PKSSTREAM_HEADER)(void *)at;
}

static uint8_t *chunk_at(const struct vdw_device *device, uint8_t chunk)
{
    return device->chunks + chunk * VDW_CHUNK_BYTES;
}

static uint64_t chunk_address(const struct vdw_device *device, uint8_t chunk)
{
    return device->chunks_address + chunk * VDW_CHUNK_BYTES;
}

static void drop_list(struct vdw_device *device)
{
    if (device->list.request)
        vdw_read_free(device, device->list.first);
    device->list.request = NULL;
}

/* VDH_E_FULL: not now. */
static int begin_list(struct vdw_device *device, struct vdw_request *request)
{
    struct vdw_list *list = &device->list;

    if (device->slots_ready == VDW_RING || device->chunks_free == 0)
        return VDH_E_FULL;
    list->request = request;
    list->left = device->stream->frame_bytes;
    list->first = take_chunk(device);
    list->last = list->first;
    list->before = VDW_NO_CHUNK;
    list->index = 0;
    return VDH_OK;
}

/* One segment more. Where a block is full and the list goes on, its last place is a link. */
static int put_segment(struct vdw_device *device, uint64_t address, uint32_t bytes)
{
    struct vdw_list *list = &device->list;

    if (list->index == VDW_CHUNK_SEGMENTS - 1u && bytes < list->left) {
        uint8_t more;

        if (device->chunks_free == 0)
            return VDH_E_FULL;
        more = take_chunk(device);
        /* How many follow is known at the end; as long as it is not the end, a block is full. */
        vdh_segment_put_link(chunk_at(device, list->last), list->index, chunk_address(device, more),
                             VDW_CHUNK_SEGMENTS);
        device->chunk_next[list->last] = more;
        list->before = list->last;
        list->last = more;
        list->index = 0;
    }
    vdh_segment_put(chunk_at(device, list->last), list->index++, address, bytes);
    list->left -= bytes;
    return VDH_OK;
}

/* The list is whole: it waits for its turn. */
static void end_list(struct vdw_device *device)
{
    struct vdw_list *list = &device->list;
    struct vdw_request *request = list->request;
    struct vdw_slot *slot = &device->slots[(device->slot_first + device->slots_ready) % VDW_RING];

    if (list->before != VDW_NO_CHUNK)
        vdh_segment_put_link(chunk_at(device, list->before), VDW_CHUNK_SEGMENTS - 1u,
                             chunk_address(device, list->last), list->index);
    slot->request = request;
    slot->buffer = request->listed;
    slot->chunk = list->first;
    slot->segments = list->before == VDW_NO_CHUNK ? list->index : VDW_CHUNK_SEGMENTS;
    device->slots_ready++;
    list->request = NULL;
    /* The next buffer begins where this one ends, not where the picture does. */
    request->skip =
        vdw_read_header(request->srb, request->listed)->FrameExtent - device->stream->frame_bytes;
    request->listed++;
    if (request->listed == request->buffers)
        device->stream->unlisted = request->next;
}

/* Where a request has several buffers its list must be split, and nothing but the order says where.
 * The class driver can tell the address of any byte: it must be the one that was found. */
static int splits_right(struct vdw_device *device, const struct vdw_request *request,
                        uint64_t address)
{
    ULONG length = 0;
    STREAM_PHYSICAL_ADDRESS there = StreamClassGetPhysicalAddress(
        device, request->srb, vdw_read_header(request->srb, request->listed)->Data, SRBDataBuffer,
        &length);

    return (uint64_t)there.QuadPart == address;
}

/* Goes on with the list under way, for at most `*most` elements of the SRB's. VDH_E_RANGE: they end
 * before the picture, or lie otherwise than the class driver says. */
static int write_list(struct vdw_device *device, uint32_t *most)
{
    struct vdw_list *list = &device->list;
    struct vdw_request *request = list->request;
    PHW_STREAM_REQUEST_BLOCK srb = request->srb;

    for (; list->left > 0; (*most)--) {
        const KSSCATTER_GATHER *element = &srb->ScatterGatherBuffer[request->element];
        uint32_t room;
        uint32_t take;

        if (request->element >= srb->NumberOfScatterGatherElements)
            return VDH_E_RANGE;
        if (*most == 0)
            return VDH_AGAIN;
        room = element->Length - request->offset;
        take = room < list->left ? room : list->left;
        if (request->skip > 0) {
            take = room < request->skip ? room : request->skip;
            request->skip -= take;
        } else if (take > 0) {
            uint64_t address = (uint64_t)element->PhysicalAddress.QuadPart + request->offset;
            int result = VDH_OK;

            if (request->listed > 0 && list->left == device->stream->frame_bytes &&
                !splits_right(device, request, address))
                return VDH_E_RANGE;
            result = put_segment(device, address, take);
            if (result)
                return result;
        }
        request->offset += take;
        if (request->offset == element->Length) {
            request->element++;
            request->offset = 0;
        }
    }
    return VDH_OK;
}

int vdw_read_list(struct vdw_device *device)
{
    struct vdw_stream *stream = device->stream;
    uint32_t most = VDW_ENTRY_SEGMENTS;

    for (uint32_t i = 0; stream && stream->unlisted; i++) {
        struct vdw_request *request = stream->unlisted;
        int result = VDH_OK;

        if (i == VDW_ENTRY_LISTS)
            return VDH_AGAIN;
        if (!device->list.request)
            result = begin_list(device, request);
        if (!result)
            result = write_list(device, &most);
        if (result == VDH_AGAIN)
            return result;
        if (!result) {
            end_list(device);
        } else if (result == VDH_E_FULL && device->slots_ready > 0) {
            return VDH_OK; /* the next frame makes room */
        } else {
            (void)vdw_read_end(device, request->srb,
                               result == VDH_E_FULL ? STATUS_INSUFFICIENT_RESOURCES
                                                    : STATUS_INVALID_PARAMETER);
            return VDH_AGAIN;
        }
    }
    return VDH_OK;
}

/* ---- A request comes ---- */

static NTSTATUS check(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb)
{
    if (stream->device->gone)
        return STATUS_DEVICE_REMOVED;
    if (stream->flushing)
        return STATUS_DEVICE_NOT_READY;
    if (stream->closing || (stream->state != KSSTATE_PAUSE && stream->state != KSSTATE_RUN))
        return STATUS_INVALID_DEVICE_STATE;
    if (stream->failed != STATUS_SUCCESS)
        return stream->failed;
    if (srb->NumberOfBuffers == 0 || srb->NumberOfBuffers > VDW_BUFFERS_MAX ||
        !srb->CommandData.DataBufferArray || !srb->ScatterGatherBuffer ||
        srb->NumberOfScatterGatherElements == 0 || !srb->SRBExtension)
        return STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < srb->NumberOfBuffers; i++) {
        const KSSTREAM_HEADER *header = vdw_read_header(srb, i);

        if (header->Size < sizeof(KSSTREAM_HEADER) || header->Size > HEADER_MOST ||
            header->Size % HEADER_ALIGN != 0)
            return STATUS_INVALID_PARAMETER;
        if (header->FrameExtent < stream->frame_bytes)
            return STATUS_BUFFER_TOO_SMALL;
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
    memset(request, 0, sizeof(*request));
    request->srb = srb;
    request->buffers = srb->NumberOfBuffers;
    request->ends = STATUS_PENDING;
    if (stream->last)
        stream->last->next = request;
    else
        stream->first = request;
    stream->last = request;
    stream->reads++;
    if (!stream->unlisted)
        stream->unlisted = request;
    if (vdw_read_list(device) == VDH_AGAIN)
        vdw_work_request(device, VDW_WORK_LIST);
    if (vdw_read_feed(device, VDW_STEP_QUEUES) == VDH_AGAIN)
        vdw_work_request(device, VDW_WORK_COLLECT);
}

/* ---- To the card, and back ---- */

int vdw_read_feed(struct vdw_device *device, uint32_t most)
{
    if (!device->stream || device->gone || device->stream->recycle ||
        (device->engine != VDW_ENGINE_ARMED && device->engine != VDW_ENGINE_RUNS))
        return VDH_OK;
    for (uint32_t given = 0; device->slot_count < device->slots_ready; given++) {
        uint32_t index = (device->slot_first + device->slot_count) % VDW_RING;
        const struct vdw_slot *slot = &device->slots[index];
        int result;

        if (given == most)
            return VDH_AGAIN;
        result = vdh_capture_queue(&device->capture, chunk_address(device, slot->chunk),
                                   slot->segments, device->stream->frame_bytes, index);
        if (result)
            return result;
        device->slot_count++;
        slot->request->given++;
    }
    return VDH_OK;
}

void vdw_read_unqueue(struct vdw_device *device)
{
    /* Their lists are as good as they were. */
    while (device->slot_count > 0) {
        device->slot_count--;
        device->slots[(device->slot_first + device->slot_count) % VDW_RING].request->given--;
    }
}

struct vdw_request *vdw_read_took(struct vdw_device *device)
{
    struct vdw_slot *slot = &device->slots[device->slot_first];
    struct vdw_request *request = slot->request;

    vdw_read_free(device, slot->chunk);
    slot->request = NULL;
    device->slot_first = (device->slot_first + 1u) % VDW_RING;
    device->slot_count--;
    device->slots_ready--;
    request->done++;
    if (device->stream->unlisted)
        vdw_work_request(device, VDW_WORK_LIST);
    return request;
}

/* Lists of requests that end are forgotten; the card has none of them. */
static void forget_lists(struct vdw_device *device)
{
    uint32_t kept = device->slot_count;

    for (uint32_t i = kept; i < device->slots_ready; i++) {
        struct vdw_slot slot = device->slots[(device->slot_first + i) % VDW_RING];

        if (slot.request->ends == STATUS_PENDING)
            device->slots[(device->slot_first + kept++) % VDW_RING] = slot;
        else
            vdw_read_free(device, slot.chunk);
    }
    device->slots_ready = kept;
    if (device->list.request && device->list.request->ends != STATUS_PENDING)
        drop_list(device);
}

/* ---- A request ends ---- */

/* Out of the queue; `before` is the one before it. */
static void unlink_request(struct vdw_stream *stream, struct vdw_request *request,
                           struct vdw_request *before)
{
    if (before)
        before->next = request->next;
    else
        stream->first = request->next;
    if (stream->last == request)
        stream->last = before;
    if (stream->unlisted == request)
        stream->unlisted = request->next;
    stream->reads--;
}

static void complete(struct vdw_stream *stream, struct vdw_request *request, NTSTATUS status)
{
    PHW_STREAM_REQUEST_BLOCK srb = request->srb;
    PHW_STREAM_OBJECT object = stream->object;

    /* Nothing is in the buffers that no frame came to. */
    for (uint32_t i = request->done; i < request->buffers; i++) {
        vdw_read_header(srb, i)->DataUsed = 0;
        vdw_read_header(srb, i)->OptionsFlags = 0;
    }
    vdw_complete_read(srb, status);
    if (stream->full) {
        stream->full = 0;
        StreamClassStreamNotification(ReadyForNextStreamDataRequest, object);
    }
}

void vdw_read_finish(struct vdw_stream *stream, struct vdw_request *request, NTSTATUS status)
{
    struct vdw_request *before = NULL;
    struct vdw_request *at = stream->first;

    while (at && at != request) {
        before = at;
        at = at->next;
    }
    if (!at)
        return;
    unlink_request(stream, request, before);
    complete(stream, request, status);
}

void vdw_read_flush(struct vdw_device *device, NTSTATUS status)
{
    struct vdw_stream *stream = device->stream;
    struct vdw_request *request = stream ? stream->first : NULL;
    struct vdw_request *before = NULL;

    for (struct vdw_request *at = request; at && status != STATUS_PENDING; at = at->next) {
        if (at->ends == STATUS_PENDING)
            at->ends = status;
    }
    if (request)
        forget_lists(device);
    while (request) {
        struct vdw_request *next = request->next;

        if (request->ends != STATUS_PENDING) {
            unlink_request(stream, request, before);
            complete(stream, request, request->ends);
        } else {
            before = request;
        }
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
    request->ends = status;
    if (stream->unlisted == request)
        stream->unlisted = request->next;
    if (request->given == request->done) {
        forget_lists(device);
        vdw_read_finish(stream, request, status);
        return 1;
    }
    /* The card has a buffer of it. An engine that stands is told to forget; one that runs has to be
     * stopped first. */
    stream->recycle = 1;
    vdw_work_request(device, VDW_WORK_STEP);
    return 1;
}
