/* SPDX-License-Identifier: MIT */
/*
 * Buffers: the driver's memory mapped, the caller's lent, dma-bufs imported and exported. A picture whose planes
 * have memory of their own is mapped so that they lie one behind the other, as the library wants them.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

int v4l2_buffers_request(struct v4l2_stream *st, uint32_t *count)
{
    struct v4l2_requestbuffers request;
    int error;

    memset(&request, 0, sizeof(request));
    request.count = *count;
    request.type = st->device->type;
    request.memory = st->memory;
    error = v4l2_call(st->device->fd, VIDIOC_REQBUFS, &request);
    if (error == 0) {
        st->granted = request.count < V4L2_BUFFERS_MAX ? request.count : V4L2_BUFFERS_MAX;
        *count = st->granted;
    }
    return error;
}

/* What is asked for with each call of this buffer. */
static void prepare(struct v4l2_stream *st, struct vdi_buffer *buffer)
{
    struct v4l2_slot *slot = buffer->priv;
    struct v4l2_buffer *request = &slot->request;
    uint32_t planes = st->shape.planes;

    memset(request, 0, sizeof(*request));
    memset(slot->planes, 0, sizeof(slot->planes));
    request->index = buffer->index;
    request->type = st->device->type;
    request->memory = st->memory;
    if (st->device->multi_planar) {
        request->m.planes = slot->planes;
        request->length = planes;
        for (uint32_t at = 0; at < planes; at++) {
            slot->planes[at].length = at + 1 < planes
                                          ? st->shape.bytes[at]
                                          : (uint32_t)(buffer->capacity_bytes - st->piece[at]);
            if (st->memory == V4L2_MEMORY_USERPTR) {
                slot->planes[at].m.userptr = (unsigned long)(buffer->data + st->piece[at]);
            } else if (st->memory == V4L2_MEMORY_DMABUF) {
                slot->planes[at].m.fd = buffer->dmabuf_fd;
            }
        }
        return;
    }
    request->length = (uint32_t)buffer->capacity_bytes;
    if (st->memory == V4L2_MEMORY_USERPTR) {
        request->m.userptr = (unsigned long)buffer->data;
    } else if (st->memory == V4L2_MEMORY_DMABUF) {
        request->m.fd = buffer->dmabuf_fd;
    }
}

int v4l2_attach(struct vdi_buffer *buffer)
{
    struct v4l2_stream *st = buffer->stream->priv;
    struct v4l2_slot *slot = buffer->priv;
    const char *id = st->device->info.id;

    if (buffer->index >= V4L2_BUFFERS_MAX) {
        return vdi_error(VDC_E_RANGE, "adding a buffer to \"%s\": V4L2 takes %u, and no more", id,
                         V4L2_BUFFERS_MAX);
    }
    if (buffer->memory == VDC_MEMORY_DMABUF &&
        (buffer->offset_bytes != 0 || st->shape.planes > 1)) {
        return vdi_error(
            VDC_E_UNSUPPORTED,
            "adding a buffer to \"%s\": V4L2 writes to the start of a dma-buf, and all "
            "planes to one; give it at offset 0",
            id);
    }
    if (buffer->capacity_bytes > V4L2_BYTES_MAX) {
        buffer->capacity_bytes = (size_t)V4L2_BYTES_MAX; /* lengths there have 32 bits */
    }
    atomic_init(&slot->queued, 0);
    prepare(st, buffer);
    st->buffers[buffer->index] = buffer;
    st->attached = buffer->index + 1;
    return VDC_OK;
}

void v4l2_detach(struct vdi_buffer *buffer)
{
    struct v4l2_stream *st = buffer->stream->priv;

    st->buffers[buffer->index] = NULL;
    st->attached = buffer->index; /* they go in the reverse order of their coming */
}

/* ---- Memory ---- */

static int unmap_and(struct v4l2_slot *slot, int error)
{
    if (slot->map != NULL) {
        v4l2_system->unmap(slot->map, slot->map_bytes);
    }
    slot->map = NULL;
    return error;
}

/* Maps `count` pieces of the driver's memory, each at its place; an errno. */
static int map_pieces(struct v4l2_stream *st, struct v4l2_slot *slot, const uint32_t *length,
                      const uint32_t *offset)
{
    uint32_t last = st->shape.planes - 1;
    void *base;

    if (st->shape.planes == 0 || st->shape.planes > VDC_PLANES_MAX) {
        return EPROTO;
    }
    for (uint32_t at = 0; at <= last; at++) {
        if (length[at] < st->shape.bytes[at] || length[at] > V4L2_BYTES_MAX) {
            return EPROTO;
        }
    }
    slot->map_bytes = st->piece[last] + length[last];
    if (last == 0) {
        base = v4l2_system->map(NULL, slot->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                                st->device->fd, offset[0]);
        if (base == MAP_FAILED) {
            return errno;
        }
        slot->map = base;
        return 0;
    }
    /* A room for all of them, which they then take. */
    base = v4l2_system->map(NULL, slot->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        return errno;
    }
    slot->map = base;
    for (uint32_t at = 0; at <= last; at++) {
        size_t bytes = at < last ? st->shape.bytes[at] : length[at];

        if (v4l2_system->map(slot->map + st->piece[at], bytes, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_FIXED, st->device->fd, offset[at]) == MAP_FAILED) {
            return unmap_and(slot, errno);
        }
    }
    return 0;
}

static int map_buffer(struct v4l2_stream *st, struct v4l2_slot *slot, uint32_t index)
{
    struct v4l2_buffer query;
    struct v4l2_plane planes[VDC_PLANES_MAX];
    uint32_t length[VDC_PLANES_MAX] = {0};
    uint32_t offset[VDC_PLANES_MAX] = {0};
    int error;

    memset(&query, 0, sizeof(query));
    memset(planes, 0, sizeof(planes));
    query.index = index;
    query.type = st->device->type;
    query.memory = st->memory;
    if (st->device->multi_planar) {
        query.m.planes = planes;
        query.length = st->shape.planes;
    }
    error = v4l2_call(st->device->fd, VIDIOC_QUERYBUF, &query);
    if (error != 0) {
        return error;
    }
    for (uint32_t at = 0; at < st->shape.planes; at++) {
        length[at] = st->device->multi_planar ? planes[at].length : query.length;
        offset[at] = st->device->multi_planar ? planes[at].m.mem_offset : query.m.offset;
    }
    return map_pieces(st, slot, length, offset);
}

int v4l2_allocate(struct vdi_buffer *buffer, size_t bytes)
{
    struct v4l2_stream *st = buffer->stream->priv;
    struct v4l2_slot *slot = buffer->priv;
    int error;

    if (st->memory == V4L2_MEMORY_MMAP) {
        error = buffer->index < st->granted ? map_buffer(st, slot, buffer->index) : ENOBUFS;
    } else {
        void *base = v4l2_system->map(NULL, bytes, PROT_READ | PROT_WRITE,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        error = base == MAP_FAILED ? ENOMEM : 0;
        slot->map = base == MAP_FAILED ? NULL : base;
        slot->map_bytes = bytes;
    }
    if (error != 0) {
        return v4l2_failure(st->device, error, "mapping a buffer");
    }
    buffer->data = slot->map;
    buffer->capacity_bytes = slot->map_bytes;
    return VDC_OK;
}

void v4l2_free(struct vdi_buffer *buffer)
{
    (void)unmap_and(buffer->priv, 0);
}

int v4l2_export(struct vdi_buffer *buffer, int *fd)
{
    struct v4l2_stream *st = buffer->stream->priv;
    struct v4l2_exportbuffer request;
    int error;

    if (st->memory != V4L2_MEMORY_MMAP || st->shape.planes > 1) {
        return vdi_error(VDC_E_UNSUPPORTED,
                         "exporting a buffer of \"%s\": only memory of the driver in one piece can "
                         "be; open the stream with VDC_MEMORY_LIBRARY",
                         st->device->info.id);
    }
    memset(&request, 0, sizeof(request));
    request.type = st->device->type;
    request.index = buffer->index;
    request.flags = O_CLOEXEC | O_RDWR;
    error = v4l2_call(st->device->fd, VIDIOC_EXPBUF, &request);
    if (error != 0) {
        return v4l2_failure(st->device, error, "exporting a buffer");
    }
    *fd = request.fd;
    return VDC_OK;
}
