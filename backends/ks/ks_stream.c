/* SPDX-License-Identifier: MIT */
/*
 * A stream from open to close. The pin exists as long as the stream, since that is what keeps others out; its state goes
 * STOP, ACQUIRE, PAUSE, RUN and back, one step at a time, and reads are sent from PAUSE on.
 */
#include "ks_stream.h"

#include <stddef.h>

#define ALIGNMENT_MOST 4096u
#define DRAIN_NS       INT64_C(5000000000)

/* ---- Open and close ---- */

/* How the pin wants its memory; nothing if it does not say, or nothing that makes sense. */
static void ask_framing(struct ks_stream *st, uint32_t *frame_bytes)
{
    const struct ks_property request =
        ks_property_of(&ks_set_connection, KS_CONNECTION_FRAMING, KS_TYPE_GET);
    struct ks_framing framing;

    st->alignment_bytes = 1;
    if (ks_get(st->device, st->pin, &request, sizeof(request), &framing, sizeof(framing)) !=
        KS_OK) {
        return;
    }
    if ((framing.alignment_mask & (framing.alignment_mask + 1)) == 0 &&
        framing.alignment_mask < ALIGNMENT_MOST) {
        st->alignment_bytes = framing.alignment_mask + 1;
    }
    if (framing.frame_bytes <= INT32_MAX && framing.frame_bytes > *frame_bytes) {
        *frame_bytes = framing.frame_bytes;
    }
}

/* A window of the picture; the smallest stride shrinks with it. */
static int cut(const struct ks_device *device, vdc_format *format, vdc_rect *window,
               const vdc_rect *crop)
{
    uint32_t line = ks_line_bytes(format->fourcc, format->width_px);

    *window = (vdc_rect){0, 0, format->width_px, format->height_px};
    if (crop->width_px == 0) {
        return VDC_OK;
    }
    if (crop->left_px > format->width_px || crop->width_px > format->width_px - crop->left_px ||
        crop->top_px > format->height_px || crop->height_px > format->height_px - crop->top_px) {
        return vdi_error(VDC_E_RANGE, "ks:%s: the window leaves the picture of %ux%u", device->id,
                         (unsigned)format->width_px, (unsigned)format->height_px);
    }
    *window = *crop;
    format->width_px = crop->width_px;
    format->height_px = crop->height_px;
    if (format->stride_bytes == line) {
        format->stride_bytes = ks_line_bytes(format->fourcc, format->width_px);
    }
    return VDC_OK;
}

/* Planes of what is known; of all else one plane of bytes, as long as the pin says. */
static int lay_out(struct ks_stream *st, const struct ks_mode *mode,
                   struct vdi_stream_layout *layout)
{
    uint32_t frame_bytes = 0;
    int known =
        !mode->compressed && vdc_format_layout(layout->planes, &layout->plane_count,
                                               &layout->frame_bytes, &layout->format) == VDC_OK;

    if (!known) {
        memset(layout->planes, 0, sizeof(layout->planes));
        layout->plane_count = 1;
        layout->frame_bytes = mode->sample_bytes;
        layout->planes[0].stride_bytes = layout->format.stride_bytes;
        layout->planes[0].lines = layout->format.height_px;
    }
    if (layout->frame_bytes <= INT32_MAX) {
        frame_bytes = (uint32_t)layout->frame_bytes;
    }
    ask_framing(st, &frame_bytes);
    if (frame_bytes == 0) {
        return vdi_error(VDC_E_IO, "ks:%s: it does not say how large a frame is", st->device->id);
    }
    st->exact = (uint32_t)(known && frame_bytes == layout->frame_bytes);
    layout->frame_bytes = frame_bytes;
    layout->alignment_bytes = st->alignment_bytes;
    st->frame_bytes = frame_bytes;
    return VDC_OK;
}

static int make_pin(struct ks_stream *st, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout)
{
    struct ks_device *device = st->device;
    const struct ks_mode *mode = NULL;
    vdc_rect window;
    int status = ks_format_find(device, &mode, &config->format);

    layout->format = config->format;
    if (status == VDC_OK) {
        status = cut(device, &layout->format, &window, &config->crop);
    }
    if (status == VDC_OK) {
        status = ks_connect(device, &st->pin, mode, &layout->format, &window);
    }
    if (status != VDC_OK) {
        return status;
    }
    layout->crop = window;
    st->own = mode->own;
    st->header_bytes =
        (uint32_t)(offsetof(struct ks_buffer, header.own) - offsetof(struct ks_buffer, header));
    if (st->own) {
        st->header_bytes += (uint32_t)sizeof(struct vdw_frame_info);
    }
    return lay_out(st, mode, layout);
}

int ks_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                   struct vdi_stream_layout *layout)
{
    struct ks_device *device = ks_device_of(stream->device);
    struct ks_stream *st = ks_stream_of(stream);
    int status;

    if (device->stream != NULL) {
        return vdi_error(VDC_E_BUSY, "ks:%s: it has a stream already; close that first",
                         device->id);
    }
    st->device = device;
    st->stream = stream;
    st->damaged_too = config->damaged_too;
    status = vdi_mutex_create(&st->lock);
    if (status == VDC_OK) {
        status = vdi_cond_create(&st->changed);
    }
    if (status == VDC_OK) {
        status = make_pin(st, config, layout);
    }
    if (status != VDC_OK) {
        ks_stream_close(stream);
        return status;
    }
    if (st->own) {
        vdi_timebase_init(&st->time, device->identity.time_hz, device->identity.time_tolerance_ppm);
    }
    device->stream = st;
    return VDC_OK;
}

void ks_stream_close(struct vdi_stream *stream)
{
    struct ks_stream *st = ks_stream_of(stream);

    if (st->pin != NULL) {
        st->device->system->close(st->pin);
    }
    vdi_cond_destroy(st->changed);
    vdi_mutex_destroy(st->lock);
    if (st->device->stream == st) {
        st->device->stream = NULL;
    }
    memset(st, 0, sizeof(*st));
}

int ks_attach(struct vdi_buffer *buffer)
{
    struct ks_stream *st = ks_stream_of(buffer->stream);

    if ((uintptr_t)buffer->data % st->alignment_bytes != 0) {
        return vdi_error(VDC_E_INVALID, "ks:%s: the driver wants buffers on multiples of %u bytes",
                         st->device->id, (unsigned)st->alignment_bytes);
    }
    if (buffer->capacity_bytes < st->frame_bytes) {
        return vdi_error(VDC_E_INVALID, "ks:%s: a buffer needs %u bytes", st->device->id,
                         (unsigned)st->frame_bytes);
    }
    return VDC_OK;
}

void ks_detach(struct vdi_buffer *buffer)
{
    (void)buffer;
}

/* ---- Start and stop ---- */

static uint32_t set_state(struct ks_stream *st, uint32_t state)
{
    const struct ks_property request =
        ks_property_of(&ks_set_connection, KS_CONNECTION_STATE, KS_TYPE_SET);
    uint32_t value = state;
    uint32_t result = ks_set(st->device, st->pin, &request, sizeof(request), &value, sizeof(value));

    if (result == KS_OK) {
        st->state = state;
    }
    return result;
}

static void reset_run(struct ks_stream *st)
{
    st->stopping = 0;
    st->woken = 0;
    st->failure = KS_OK;
    st->errors = 0;
    st->done_first = 0;
    st->done_count = 0;
    ks_account_reset(st);
}

/* Every buffer that was queued before, with the lock held. */
static uint32_t submit_pending(struct ks_stream *st)
{
    uint32_t result = KS_OK;

    for (uint32_t i = 0; i < st->pending_count; i++) {
        struct ks_buffer *own = st->pending[i]->priv;

        own->pending = 0;
        if (result == KS_OK) {
            result = ks_read_submit(st, st->pending[i]);
        }
    }
    st->pending_count = 0;
    return result;
}

int ks_start(struct vdi_stream *stream)
{
    struct ks_stream *st = ks_stream_of(stream);
    struct ks_reading reading = {0, 0, 0, 0, 0};
    uint32_t result;
    int status;

    vdi_mutex_lock(st->lock);
    reset_run(st);
    vdi_mutex_unlock(st->lock);
    status = ks_sender_start(st);
    if (status != VDC_OK) {
        return status;
    }
    if (st->own) {
        ks_events_begin(st);
    }
    result = set_state(st, KS_STATE_ACQUIRE);
    if (result == KS_OK) {
        result = set_state(st, KS_STATE_PAUSE);
    }
    if (result == KS_OK && st->own) {
        reading = ks_time_read(st);
    }
    vdi_mutex_lock(st->lock);
    if (result == KS_OK) {
        st->running = 1;
        result = submit_pending(st);
    }
    if (result == KS_OK && st->own) {
        ks_time_sample(st, &reading);
    }
    vdi_mutex_unlock(st->lock);
    if (result == KS_OK) {
        result = set_state(st, KS_STATE_RUN);
    }
    status = ks_error(st->device, result, "starting capture");
    if (status == VDC_OK && st->polled) {
        status = ks_reaper_start(st);
    }
    vdi_mutex_lock(st->lock);
    ks_read_ready(st);
    vdi_mutex_unlock(st->lock);
    return status;
}

/* Until the system has let go of every buffer: it may write to them as long as it has not. */
static void drain(struct ks_stream *st)
{
    while (st->in_flight != 0) {
        struct ks_read *read = NULL;
        uint32_t result;

        st->device->system->cancel(st->pin);
        vdi_mutex_unlock(st->lock);
        result = st->device->system->reap(st->pin, &read, vdi_now_ns() + DRAIN_NS);
        vdi_mutex_lock(st->lock);
        if (result == KS_OK) {
            ks_read_take(st, read);
        } else if (result != KS_WOKEN) {
            vdi_log(st->device->device->context, VDC_LOG_ERROR,
                    "ks:%s: the driver holds %u buffers and does not let go; waiting",
                    st->device->id, (unsigned)st->in_flight);
        }
    }
}

int ks_stop(struct vdi_stream *stream)
{
    struct ks_stream *st = ks_stream_of(stream);
    uint32_t result = KS_OK;

    vdi_mutex_lock(st->lock);
    st->stopping = 1;
    ks_send_forget(st);
    (void)ks_account_read(st);
    vdi_mutex_unlock(st->lock);
    ks_reaper_stop(st);
    while (st->state > KS_STATE_STOP && result == KS_OK) {
        result = set_state(st, st->state - 1);
    }
    vdi_mutex_lock(st->lock);
    drain(st);
    (void)ks_account_read(st);
    if (ks_is_gone(result)) {
        st->gone = 1;
    }
    for (uint32_t i = 0; i < st->pending_count; i++) {
        ((struct ks_buffer *)st->pending[i]->priv)->pending = 0;
    }
    st->pending_count = 0;
    st->running = 0;
    st->woken = 0;
    st->state = KS_STATE_STOP;
    ks_read_ready(st);
    vdi_mutex_unlock(st->lock);
    ks_sender_stop(st);
    return st->gone ? VDC_OK : ks_error(st->device, result, "stopping capture");
}
