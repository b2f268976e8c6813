/* SPDX-License-Identifier: MIT */
/* Buffers: who has each one, and the frame it is shown as.
 * Frames are made when a buffer is, so that handing one out writes a few numbers and no more. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static int give_memory(vdc_stream *stream, struct vdi_slot *slot, const vdc_buffer *given)
{
    const struct vdi_stream_ops *extra = stream->device->base.backend->extra;
    size_t bytes = stream->layout.frame_bytes;

    slot->base.dmabuf_fd = -1;
    if (stream->memory == VDC_MEMORY_CALLER) {
        slot->base.data = given->data;
        slot->base.capacity_bytes = given->capacity_bytes;
        return VDC_OK;
    }
    if (stream->memory == VDC_MEMORY_DMABUF) {
        slot->base.dmabuf_fd = given->dmabuf_fd;
        slot->base.offset_bytes = given->offset_bytes;
        slot->base.capacity_bytes = given->capacity_bytes;
        return VDC_OK;
    }
    if (extra != NULL && extra->allocate != NULL) {
        int status = extra->allocate(&slot->base, bytes);

        slot->from_backend = status == VDC_OK;
        return status;
    }
    slot->pages = vdi_pages_allocate(bytes, stream->layout.alignment_bytes);
    if (slot->pages == NULL) {
        return vdi_error(VDC_E_NO_MEMORY,
                         "no memory for a frame of %zu bytes; open the stream with fewer "
                         "buffers or a smaller format",
                         bytes);
    }
    slot->base.data = slot->pages;
    slot->base.capacity_bytes = bytes;
    return VDC_OK;
}

static void free_slot(vdc_stream *stream, struct vdi_slot *slot)
{
    if (slot->from_backend) {
        stream->device->base.backend->extra->free(&slot->base);
    }
    vdi_pages_free(slot->pages);
    free(slot->base.priv);
    free(slot);
}

static void show_frame(vdc_stream *stream, struct vdi_slot *slot, void *user)
{
    const struct vdi_stream_layout *layout = &stream->layout;
    vdc_frame *frame = &slot->frame;

    frame->plane_count = layout->plane_count;
    frame->layout = layout->planes;
    frame->buffer = slot->base.index;
    frame->buffer_user = user;
    for (uint32_t at = 0; at < layout->plane_count && slot->base.data != NULL; at++) {
        frame->planes[at] = slot->base.data + layout->planes[at].offset_bytes;
    }
}

/* With device->call held and the stream stopped. */
int vdi_slot_create(vdc_stream *stream, const vdc_buffer *given)
{
    const struct vdi_backend *backend = stream->device->base.backend;
    struct vdi_slot *slot = calloc(1, sizeof(*slot));
    int status;

    if (slot == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a buffer");
    }
    slot->base.stream = &stream->base;
    slot->base.memory = stream->memory;
    slot->base.index = stream->slot_count;
    slot->base.priv = calloc(1, backend->buffer_size != 0 ? backend->buffer_size : 1);
    status = slot->base.priv != NULL ? give_memory(stream, slot, given)
                                     : vdi_error(VDC_E_NO_MEMORY, "no memory for a buffer");
    if (status == VDC_OK) {
        status = backend->attach(&slot->base);
    }
    if (status != VDC_OK) {
        free_slot(stream, slot);
        return status;
    }
    show_frame(stream, slot, given != NULL ? given->user : NULL);
    vdi_mutex_lock(stream->lock);
    stream->slots[stream->slot_count++] = slot;
    vdi_mutex_unlock(stream->lock);
    return VDC_OK;
}

void vdi_slots_destroy(vdc_stream *stream)
{
    while (stream->slot_count > 0) {
        struct vdi_slot *slot = stream->slots[--stream->slot_count];

        stream->device->base.backend->detach(&slot->base);
        free_slot(stream, slot);
    }
}

int vdi_slots_queue_free(vdc_stream *stream)
{
    for (uint32_t at = 0; at < stream->slot_count; at++) {
        struct vdi_slot *slot = stream->slots[at];

        if (slot->state == VDI_SLOT_FREE) {
            int status = stream->device->base.backend->queue(&stream->base, &slot->base);

            if (status != VDC_OK) {
                return status;
            }
            slot->state = VDI_SLOT_QUEUED;
        }
    }
    return VDC_OK;
}

void vdi_slots_reclaim(vdc_stream *stream)
{
    for (uint32_t at = 0; at < stream->slot_count; at++) {
        if (stream->slots[at]->state == VDI_SLOT_QUEUED) {
            stream->slots[at]->state = VDI_SLOT_FREE;
        }
    }
}

struct vdi_slot *vdi_slot_completed(vdc_stream *stream, struct vdi_buffer *buffer)
{
    struct vdi_slot *slot =
        buffer->index < stream->slot_count ? stream->slots[buffer->index] : NULL;

    return slot != NULL && &slot->base == buffer && slot->state == VDI_SLOT_QUEUED ? slot : NULL;
}

/* ---- Buffers of the caller ---- */

static int check_buffer(vdc_stream *stream, const vdc_buffer *buffer, const char *function)
{
    const char *id = vdi_device_id(stream->device);
    size_t needed = stream->layout.frame_bytes;

    if (buffer->capacity_bytes < needed) {
        return vdi_error(VDC_E_INVALID,
                         "%s on \"%s\": a buffer of %zu bytes; a frame needs %zu, as "
                         "vdc_stream_info.frame_bytes says",
                         function, id, buffer->capacity_bytes, needed);
    }
    if (stream->memory == VDC_MEMORY_DMABUF) {
        if (buffer->dmabuf_fd < 0) {
            return vdi_error(VDC_E_INVALID, "%s on \"%s\": dmabuf_fd is %d, which is no descriptor",
                             function, id, (int)buffer->dmabuf_fd);
        }
        return VDC_OK;
    }
    if (buffer->data == NULL) {
        return vdi_error(VDC_E_INVALID,
                         "%s on \"%s\": data is NULL; the stream was opened for memory of "
                         "the caller",
                         function, id);
    }
    for (uint32_t at = 0; at < stream->slot_count; at++) {
        const struct vdi_buffer *other = &stream->slots[at]->base;
        uintptr_t begin = (uintptr_t)buffer->data;
        uintptr_t other_begin = (uintptr_t)other->data;

        if (begin < other_begin + other->capacity_bytes &&
            other_begin < begin + buffer->capacity_bytes) {
            return vdi_error(VDC_E_INVALID, "%s on \"%s\": the memory overlaps that of buffer %u",
                             function, id, (unsigned)at);
        }
    }
    return VDC_OK;
}

static int add_buffer(vdc_stream *stream, const vdc_buffer *buffer, const char *function)
{
    const char *id = vdi_device_id(stream->device);
    unsigned serial;
    int state, status;

    vdi_mutex_lock(stream->lock);
    state = stream->state;
    vdi_mutex_unlock(stream->lock);
    if (state != VDI_STOPPED) {
        return vdi_error(VDC_E_STATE, "%s on \"%s\": the stream runs; stop it first", function, id);
    }
    if (stream->memory == VDC_MEMORY_LIBRARY) {
        return vdi_error(VDC_E_STATE,
                         "%s on \"%s\": the stream has memory of the library; open it with "
                         "VDC_MEMORY_CALLER or VDC_MEMORY_DMABUF",
                         function, id);
    }
    if (stream->slot_count == VDI_BUFFERS_MAX) {
        return vdi_error(VDC_E_RANGE, "%s on \"%s\": it has %d buffers, and takes no more",
                         function, id, VDI_BUFFERS_MAX);
    }
    status = check_buffer(stream, buffer, function);
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    return vdi_backend_status(vdi_slot_create(stream, buffer), serial, function, id);
}

VDC_API(int) vdc_stream_add_buffer(vdc_stream *stream, const vdc_buffer *buffer)
{
    static const char function[] = "vdc_stream_add_buffer";
    vdc_buffer given;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(buffer, "buffer", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_size(buffer->size, sizeof(*buffer), "vdc_buffer", function);
    }
    if (status == VDC_OK) {
        status = vdi_copy_in(&given, sizeof(given), buffer, "vdc_buffer", function);
    }
    if (status == VDC_OK) {
        status = vdi_device_enter(stream->device, function, VDI_ENTER_ANY);
    }
    if (status != VDC_OK) {
        return status;
    }
    return vdi_device_leave(stream->device, function, add_buffer(stream, &given, function));
}

VDC_API(int) vdc_stream_export_buffer(int *out, vdc_stream *stream, uint32_t index)
{
    static const char function[] = "vdc_stream_export_buffer";
    const struct vdi_stream_ops *extra;
    vdc_device *device;
    int fd = -1;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_device_enter(stream->device, function, VDI_ENTER_ANY);
    }
    if (status != VDC_OK) {
        return status;
    }
    device = stream->device;
    extra = device->base.backend->extra;
    if (!(vdi_device_caps(device) & VDC_CAP_DMABUF_EXPORT) || extra == NULL ||
        extra->export_dmabuf == NULL) {
        status =
            vdi_error(VDC_E_UNSUPPORTED, "%s on \"%s\": its buffers cannot be exported as dma-bufs",
                      function, vdi_device_id(device));
    } else if (index >= stream->slot_count) {
        status =
            vdi_error(VDC_E_NOT_FOUND, "%s on \"%s\": there is no buffer %u; it has %u", function,
                      vdi_device_id(device), (unsigned)index, (unsigned)stream->slot_count);
    } else {
        unsigned serial = vdi_error_serial();

        status = extra->export_dmabuf(&stream->slots[index]->base, &fd);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    }
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        *out = fd;
    }
    return status;
}

/* ---- Back to the device ---- */

VDC_API(int) vdc_stream_release(vdc_stream *stream, const vdc_frame *frame)
{
    static const char function[] = "vdc_stream_release";
    struct vdi_slot *slot = NULL;
    unsigned serial;
    int first = 0;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(frame, "frame", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    vdi_mutex_lock(stream->lock);
    /* Addresses only: what the caller gives may be no frame at all. */
    for (uint32_t at = 0; at < stream->slot_count && slot == NULL; at++) {
        if (&stream->slots[at]->frame == frame) {
            slot = stream->slots[at];
        }
    }
    if (slot == NULL || slot->state != VDI_SLOT_HELD) {
        vdi_mutex_unlock(stream->lock);
        return vdi_error(VDC_E_INVALID, "%s on \"%s\": that is %s; release each frame once",
                         function, vdi_device_id(stream->device),
                         slot == NULL ? "not a frame of this stream" : "not a frame you hold now");
    }
    slot->state = VDI_SLOT_FREE;
    if (stream->state == VDI_RUNNING && !atomic_load(&stream->device->gone)) {
        status = stream->device->base.backend->queue(&stream->base, &slot->base);
        if (status == VDC_OK) {
            slot->state = VDI_SLOT_QUEUED;
        } else if (status == VDC_E_GONE) {
            /* The frame is given back all the same; the next wait tells. */
            first = vdi_device_mark_gone(stream->device);
            vdi_stream_kick(stream);
            vdi_ready_force(&stream->ready, 1);
            status = VDC_OK;
        }
    }
    vdi_mutex_unlock(stream->lock);
    if (first) {
        vdi_device_log_gone(stream->device);
    }
    return status == VDC_OK
               ? VDC_OK
               : vdi_backend_status(status, serial, function, vdi_device_id(stream->device));
}
