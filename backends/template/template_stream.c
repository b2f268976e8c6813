/* SPDX-License-Identifier: MIT */
/* The stream of the template: a thread plays the device, two rings lie between it and the library.
 * A frame for which there is no buffer is lost, and counted: the device does not wait for anybody. */
#include "template.h"

#include <string.h>

/* The library has asked negotiate() before: the format is one of ours. When this fails, nothing may be left. */
int template_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                         struct vdi_stream_layout *layout)
{
    struct template_device *device = stream->device->priv;
    struct template_stream *priv = stream->priv;
    int status;

    if (device->streaming) {
        return vdi_error(VDC_E_BUSY, "the template device streams already");
    }
    layout->format = config->format;
    layout->crop = (vdc_rect){0, 0, config->format.width_px, config->format.height_px};
    status = vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes,
                               &config->format);
    if (status == VDC_OK) {
        status = vdi_mutex_create(&priv->lock);
    }
    if (status == VDC_OK) {
        status = vdi_cond_create(&priv->changed);
    }
    if (status != VDC_OK) {
        vdi_mutex_destroy(priv->lock);
        return status;
    }
    device->streaming = 1;
    return VDC_OK;
}

void template_stream_close(struct vdi_stream *stream)
{
    struct template_device *device = stream->device->priv;
    struct template_stream *priv = stream->priv;

    vdi_cond_destroy(priv->changed);
    vdi_mutex_destroy(priv->lock);
    device->streaming = 0;
}

/* Hardware would map or pin the buffer here, once, and not at every frame. */
int template_attach(struct vdi_buffer *buffer)
{
    (void)buffer;
    return VDC_OK;
}

void template_detach(struct vdi_buffer *buffer)
{
    (void)buffer;
}

/* What follows is called, or runs, with the lock held. */

static void tell_ready(struct vdi_stream *stream)
{
    struct template_stream *priv = stream->priv;

    if (priv->polled) {
        vdi_stream_set_ready(stream, priv->done_count != 0);
    }
}

/* One frame interval is over. */
static void make_frame(struct vdi_stream *stream, int64_t begin_ns, int64_t end_ns)
{
    struct template_device *device = stream->device->priv;
    struct template_stream *priv = stream->priv;
    uint64_t sequence = priv->produced++;
    struct vdi_completion *completion;
    struct vdi_buffer *buffer;

    if (priv->queue_count == 0) {
        priv->dropped++;
        priv->dropped_total++;
        return;
    }
    buffer = priv->queue[priv->queue_first];
    priv->queue_first = (priv->queue_first + 1) % TEMPLATE_BUFFERS_MAX;
    priv->queue_count--;
    memset(buffer->data, atomic_load(&device->brightness), TEMPLATE_FRAME_BYTES);

    completion = &priv->done[(priv->done_first + priv->done_count++) % TEMPLATE_BUFFERS_MAX];
    memset(completion, 0, sizeof(*completion));
    completion->buffer = buffer;
    completion->damage = VDC_DROP_SLOTS; /* a good frame */
    completion->used_bytes = TEMPLATE_FRAME_BYTES;
    completion->sequence = sequence;
    completion->host_time_ns = begin_ns;
    completion->error_bound_ns = 0; /* here the host's clock is the device's */
    completion->end_time_ns = end_ns;
    completion->clock = VDC_CLOCK_MONOTONIC;
    completion->dropped[VDC_DROP_NO_BUFFER] = priv->dropped;
    priv->dropped = 0;
    tell_ready(stream);
    vdi_cond_signal_all(priv->changed);
}

static void run(void *argument)
{
    struct vdi_stream *stream = argument;
    struct template_stream *priv = stream->priv;
    int64_t begin_ns = vdi_now_ns();

    vdi_mutex_lock(priv->lock);
    while (priv->running) {
        int64_t end_ns = begin_ns + TEMPLATE_INTERVAL_NS;

        if (vdi_now_ns() < end_ns) {
            (void)vdi_cond_wait(priv->changed, priv->lock, end_ns);
            continue; /* it may have been something else that woke it */
        }
        make_frame(stream, begin_ns, end_ns);
        begin_ns = end_ns;
    }
    vdi_mutex_unlock(priv->lock);
}

/* From here on each function takes the lock itself. */

int template_start(struct vdi_stream *stream)
{
    struct template_stream *priv = stream->priv;

    priv->running = 1;
    priv->woken = 0;
    priv->dropped = 0;
    priv->produced = 0;
    priv->dropped_total = 0;
    return vdi_thread_create(&priv->thread, run, stream, "template");
}

int template_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct template_stream *priv = stream->priv;

    vdi_mutex_lock(priv->lock);
    priv->queue[(priv->queue_first + priv->queue_count++) % TEMPLATE_BUFFERS_MAX] = buffer;
    vdi_mutex_unlock(priv->lock);
    return VDC_OK;
}

int template_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    struct template_stream *priv = stream->priv;
    int status = VDC_OK;

    vdi_mutex_lock(priv->lock);
    while (priv->done_count == 0 && !priv->woken && status == VDC_OK) {
        if (deadline_ns <= vdi_now_ns() || vdi_cond_wait(priv->changed, priv->lock, deadline_ns)) {
            status = VDC_E_TIMEOUT;
        }
    }
    if (priv->woken) {
        priv->woken = 0;
        status = VDC_E_CANCELLED;
    } else if (priv->done_count != 0) {
        *out = priv->done[priv->done_first];
        priv->done_first = (priv->done_first + 1) % TEMPLATE_BUFFERS_MAX;
        priv->done_count--;
        tell_ready(stream);
        status = VDC_OK;
    }
    vdi_mutex_unlock(priv->lock);
    return status;
}

void template_wake(struct vdi_stream *stream)
{
    struct template_stream *priv = stream->priv;

    vdi_mutex_lock(priv->lock);
    priv->woken = 1;
    vdi_cond_signal_all(priv->changed);
    vdi_mutex_unlock(priv->lock);
}

/* When this returns nothing writes to buffers, and none is queued. Complete frames stay, for wait to take. */
int template_stop(struct vdi_stream *stream)
{
    struct template_stream *priv = stream->priv;

    vdi_mutex_lock(priv->lock);
    priv->running = 0;
    vdi_cond_signal_all(priv->changed);
    vdi_mutex_unlock(priv->lock);
    vdi_thread_join(priv->thread);
    priv->thread = NULL; /* stop may also follow a start that failed */
    priv->queue_count = 0;
    return VDC_OK;
}

int template_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct template_stream *priv = stream->priv;

    vdi_mutex_lock(priv->lock);
    out->basis = VDC_BASIS_DEVICE;
    out->produced = priv->produced;
    out->dropped[VDC_DROP_NO_BUFFER] = priv->dropped_total;
    vdi_mutex_unlock(priv->lock);
    return VDC_OK;
}

/* A device with a handle of its own would put it into *native instead, on Linux. */
int template_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct template_stream *priv = stream->priv;

    (void)native;
    vdi_mutex_lock(priv->lock);
    priv->polled = 1;
    tell_ready(stream);
    vdi_mutex_unlock(priv->lock);
    return VDC_OK;
}
