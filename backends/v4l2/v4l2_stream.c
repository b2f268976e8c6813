/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a stream: format, interval, window, and the claim, which is the driver's buffers. Buffers stay
 * allocated from open to close: a node without any would start read() mode when somebody polls it.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <string.h>

static int refuse(const struct v4l2_device *device, const struct v4l2_shape *shape)
{
    char got[5];

    vdc_fourcc_text(got, shape->fourcc);
    return vdi_error(VDC_E_RANGE,
                     "opening a stream on \"%s\": its driver changed its mind and offers %ux%u %s; "
                     "negotiate again",
                     device->info.id, (unsigned)shape->width, (unsigned)shape->height, got);
}

static int set_format(struct v4l2_stream *st, const struct vdi_stream_config *config,
                      struct vdi_stream_layout *layout)
{
    struct v4l2_device *device = st->device;
    int error;

    v4l2_shape_wish(&st->shape, &config->format);
    error = v4l2_shape_call(device, V4L2_SHAPE_SET, &st->shape);
    if (error != 0) {
        return v4l2_failure(device, error, "setting its format");
    }
    if (st->shape.fourcc != config->format.fourcc || st->shape.width != config->format.width_px ||
        st->shape.height != config->format.height_px) {
        return refuse(device, &st->shape);
    }
    layout->format = config->format;
    error = v4l2_interval_set(device, &layout->format.interval_s);
    if (error != 0) {
        return v4l2_failure(device, error, "setting its frame interval");
    }
    if (config->crop.width_px != 0) {
        int status = v4l2_crop_set(st, &config->crop);

        if (status != VDC_OK) {
            return status;
        }
    }
    v4l2_shape_describe(&layout->format, &st->shape, v4l2_standard(device));
    layout->crop = config->crop;
    layout->crop.width_px = st->shape.width;
    layout->crop.height_px = st->shape.height;
    if (layout->format.interval_s.den != 0) {
        uint64_t ns =
            UINT64_C(1000000000) * layout->format.interval_s.num / layout->format.interval_s.den;

        st->interval_ns = ns < (uint64_t)INT64_C(3600000000000) ? (int64_t)ns : 0;
    }
    return VDC_OK;
}

static int make_layout(struct v4l2_stream *st, struct vdi_stream_layout *layout)
{
    int error = v4l2_shape_layout(layout, st->piece, &st->shape);

    if (error != 0) {
        return v4l2_failure(st->device, error, "laying out its frames");
    }
    /* Where a line has no length, only the driver knows what a whole picture is. */
    st->frame_bytes = layout->planes[0].line_bytes != 0 ? layout->frame_bytes : 0;
    if (st->shape.planes == 1 && st->memory != V4L2_MEMORY_MMAP) {
        layout->frame_bytes = st->shape.bytes[0]; /* the driver takes no smaller buffer */
    }
    return VDC_OK;
}

/* A driver that cannot give memory writes to ours. */
static uint32_t memory_for(const struct v4l2_device *device, uint32_t memory)
{
    if (memory == VDC_MEMORY_DMABUF) {
        return V4L2_MEMORY_DMABUF;
    }
    return memory == VDC_MEMORY_CALLER || !(device->io & V4L2_IO_MMAP) ? V4L2_MEMORY_USERPTR
                                                                       : V4L2_MEMORY_MMAP;
}

static int claim_buffers(struct v4l2_stream *st, uint32_t wanted)
{
    uint32_t count = wanted;
    int error;

    if (wanted > V4L2_BUFFERS_MAX) {
        return vdi_error(VDC_E_RANGE, "opening a stream on \"%s\": %u buffers; V4L2 takes %u",
                         st->device->info.id, (unsigned)wanted, V4L2_BUFFERS_MAX);
    }
    error = v4l2_buffers_request(st, &count);
    if (error != 0) {
        return v4l2_failure(st->device, error, "asking the driver for buffers");
    }
    if (count < wanted && st->memory == V4L2_MEMORY_MMAP) {
        return vdi_error(VDC_E_NO_MEMORY,
                         "opening a stream on \"%s\": the driver has memory for %u of %u buffers; "
                         "take fewer or a smaller format",
                         st->device->info.id, (unsigned)count, (unsigned)wanted);
    }
    return VDC_OK;
}

int v4l2_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                     struct vdi_stream_layout *layout)
{
    struct v4l2_stream *st = stream->priv;
    int status;

    st->device = stream->device->priv;
    st->wake_fd = st->timer_fd = st->watch_fd = -1;
    st->timer_ns = INT64_MAX;
    st->records.fd = -1;
    atomic_init(&st->woken, 0);
    atomic_init(&st->running, 0);
    atomic_init(&st->at_driver, 0);
    st->memory = memory_for(st->device, config->memory);
    status = set_format(st, config, layout);
    if (status == VDC_OK) {
        status = make_layout(st, layout);
    }
    if (status == VDC_OK) {
        status = claim_buffers(st, config->buffer_count);
    }
    if (status == VDC_OK) {
        st->wake_fd = v4l2_system->event_create();
        if (st->wake_fd >= 0) {
            st->timer_fd = v4l2_system->timer_create();
        }
        if (st->timer_fd >= 0) {
            st->watch_fd = v4l2_system->watch_create(st->device->fd, st->wake_fd, st->timer_fd);
        }
        if (st->watch_fd < 0) {
            status = vdi_error(VDC_E_IO, "no event descriptor: %s", strerror(errno));
        }
    }
    if (status != VDC_OK) {
        v4l2_stream_close(stream);
        return status;
    }
    v4l2_records_open(st->device, &st->records);
    return VDC_OK;
}

static void close_own(int *fd)
{
    if (*fd >= 0) {
        v4l2_system->close(*fd);
    }
    *fd = -1;
}

/* Also ends what only began to open. The device is left as it was found, for the next one. */
void v4l2_stream_close(struct vdi_stream *stream)
{
    struct v4l2_stream *st = stream->priv;
    struct v4l2_device *device = st->device;
    uint32_t none = 0;

    v4l2_records_close(&st->records);
    close_own(&st->watch_fd);
    close_own(&st->timer_fd);
    close_own(&st->wake_fd);
    if (device->fd < 0) {
        return;
    }
    if (st->granted != 0) {
        (void)v4l2_buffers_request(st, &none);
    }
    v4l2_crop_reset(st);
    if (device->favourite.fourcc != 0) {
        struct v4l2_shape shape = device->favourite;

        (void)v4l2_shape_call(device, V4L2_SHAPE_SET, &shape);
    }
}
