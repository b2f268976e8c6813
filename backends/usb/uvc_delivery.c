/* SPDX-License-Identifier: MIT */
/*
 * Buffers in, frames out, and the account. A frame has no number on the bus, so it gets the one in which its end was seen, bad ones
 * included: `produced` counts the frames that showed on the bus, and what the camera left out by itself is not in it.
 */
#include "uvc_device.h"

#include <stdlib.h>
#include <string.h>

/* ---- Buffers ---- */

int uvc_buffer_allocate(struct vdi_buffer *buffer, size_t bytes)
{
    struct uvc_buffer *own = buffer->priv;

    own->memory = calloc(1, bytes);
    if (!own->memory)
        return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a frame of %zu bytes",
                         uvc_capture_of(buffer->stream)->camera->id, bytes);
    buffer->data = own->memory;
    buffer->capacity_bytes = bytes;
    return VDC_OK;
}

void uvc_buffer_free(struct vdi_buffer *buffer)
{
    struct uvc_buffer *own = buffer->priv;

    free(own->memory);
    own->memory = NULL;
    buffer->data = NULL;
}

int uvc_buffer_attach(struct vdi_buffer *buffer)
{
    struct uvc_capture *capture = uvc_capture_of(buffer->stream);
    struct uvc_buffer *own = buffer->priv;

    own->buffer = buffer;
    own->queued = 0;
    if (buffer->index >= UVC_BUFFERS_MAX || !buffer->data ||
        buffer->capacity_bytes < capture->frame_bytes)
        return vdi_error(VDC_E_INVALID,
                         "%s: buffer %u cannot take a frame: %zu bytes are there, %u are needed",
                         capture->camera->id, (unsigned)buffer->index, buffer->capacity_bytes,
                         (unsigned)capture->frame_bytes);
    return VDC_OK;
}

void uvc_buffer_detach(struct vdi_buffer *buffer)
{
    struct uvc_capture *capture = uvc_capture_of(buffer->stream);
    struct uvc_buffer *own = buffer->priv;
    uint32_t kept = 0;

    uvc_lock(capture->camera);
    for (uint32_t i = 0; i < capture->queue_count; i++) {
        struct uvc_buffer *one = capture->queue[(capture->queue_first + i) % UVC_BUFFERS_MAX];

        if (one != own)
            capture->queue[(capture->queue_first + kept++) % UVC_BUFFERS_MAX] = one;
    }
    capture->queue_count = kept;
    own->queued = 0;
    uvc_unlock(capture->camera);
}

int uvc_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct uvc_capture *capture = uvc_capture_of(stream);
    struct uvc_buffer *own = buffer->priv;

    uvc_lock(capture->camera);
    if (!own->queued && !capture->stopping && capture->queue_count < UVC_BUFFERS_MAX) {
        own->queued = 1;
        capture->queue[(capture->queue_first + capture->queue_count++) % UVC_BUFFERS_MAX] = own;
    }
    uvc_unlock(capture->camera);
    return VDC_OK;
}

void uvc_delivery_supply(struct uvc_capture *capture)
{
    struct uvc_buffer *own;

    if (capture->current || !capture->queue_count)
        return;
    own = capture->queue[capture->queue_first];
    if (!uvc_assembler_set_buffer(&capture->assembler, own->buffer->data,
                                  own->buffer->capacity_bytes))
        return;
    capture->queue_first = (capture->queue_first + 1) % UVC_BUFFERS_MAX;
    capture->queue_count--;
    capture->current = own;
}

/* ---- Frames ---- */

/* In whose payloads the jump was seen, and the one that the sensor took meanwhile: their times may be of the clock before it, and
 * after a jump back these look like later ones. */
#define UNTIMED_FRAMES 2u

/* The camera's counter, as wide as it takes: also where nobody knows what it means on the host's clock. */
static uint64_t ticks_of(const struct uvc_capture *capture, uint32_t pts)
{
    uint64_t last = capture->last_ticks;
    uint32_t step = pts - (uint32_t)last;
    uint64_t ticks;

    if (uvc_clock_ticks(&capture->clock, pts, &ticks) && ticks > last)
        return ticks;
    if (last == 0)
        return (UINT64_C(1) << 32) + pts; /* as the clock begins */
    return step != 0 && step <= UINT32_MAX / 2 ? last + step : last + 1;
}

static void put_time(struct uvc_capture *capture, const struct uvc_result *result,
                     struct vdi_completion *out)
{
    uint64_t losses = capture->clock.jumps + capture->clock.backwards;
    int timed;

    if (losses != capture->clock_losses) {
        out->flags |= VDC_FRAME_TIME_JUMP;
        capture->untimed = UNTIMED_FRAMES;
    }
    capture->clock_losses = losses;
    timed = result->has_pts && !capture->untimed;
    capture->untimed -= capture->untimed != 0;
    if (result->has_pts)
        capture->last_ticks = out->device_ticks = ticks_of(capture, result->pts);
    uvc_clock_map(&capture->clock, result->pts, timed, result->first_ns, &out->host_time_ns,
                  &out->error_bound_ns);
    /* A frame without a basis has the time of its arrival, which may be later than the true one of the next. Times do not go
     * back: the bound takes in the difference. */
    if (out->host_time_ns < capture->last_host_ns) {
        if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS)
            out->error_bound_ns += capture->last_host_ns - out->host_time_ns;
        out->host_time_ns = capture->last_host_ns;
    }
    capture->last_host_ns = out->host_time_ns;
    out->clock = VDC_CLOCK_MONOTONIC;
}

static void hand_over(struct uvc_capture *capture, const struct uvc_result *result, uint32_t cause,
                      int64_t now_ns)
{
    struct vdi_completion *out = usb_outbox_next(&capture->box);

    out->buffer = capture->current->buffer;
    capture->current->queued = 0;
    capture->current = NULL;
    out->damage = cause;
    out->used_bytes = result->used_bytes;
    out->copied_bytes = result->copied_bytes;
    if (result->copied_bytes)
        out->flags |= VDC_FRAME_COPIED;
    out->sequence = capture->frames - 1;
    out->end_time_ns = now_ns;
    put_time(capture, result, out);
    memcpy(out->dropped, capture->untold, sizeof(out->dropped));
    memset(capture->untold, 0, sizeof(capture->untold));
    usb_outbox_put(&capture->box);
}

void uvc_delivery_frame(struct uvc_capture *capture, const struct uvc_result *result,
                        int64_t now_ns)
{
    uint32_t cause = uvc_fault_drop(result->fault);
    int good = cause >= VDC_DROP_SLOTS;

    capture->frames++;
    capture->losses = 0;
    if (capture->current && (good || (capture->damaged_too && result->used_bytes))) {
        hand_over(capture, result, cause, now_ns);
    } else {
        cause = good ? (uint32_t)VDC_DROP_NO_BUFFER : cause;
        capture->dropped[cause]++;
        capture->untold[cause]++;
        if (!good)
            vdi_log(capture->camera->device->context, VDC_LOG_DEBUG, "%s: frame %llu: %s",
                    capture->camera->id, (unsigned long long)(capture->frames - 1),
                    uvc_fault_name(result->fault));
    }
    /* The buffer of a frame that nobody gets takes the next one. */
    if (capture->current)
        (void)uvc_assembler_set_buffer(&capture->assembler, capture->current->buffer->data,
                                       capture->current->buffer->capacity_bytes);
    else
        (void)uvc_assembler_set_buffer(&capture->assembler, NULL, 0);
}

void uvc_delivery_reset(struct uvc_capture *capture)
{
    capture->frames = 0;
    memset(capture->dropped, 0, sizeof(capture->dropped));
    memset(capture->untold, 0, sizeof(capture->untold));
    memset(&capture->trouble, 0, sizeof(capture->trouble));
    capture->current = NULL;
    usb_outbox_reset(&capture->box);
}

int uvc_stream_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct uvc_capture *capture = uvc_capture_of(stream);

    memset(out, 0, sizeof(*out));
    uvc_lock(capture->camera);
    out->basis = VDC_BASIS_SEQUENCE;
    out->produced = capture->frames;
    memcpy(out->dropped, capture->dropped, sizeof(out->dropped));
    uvc_unlock(capture->camera);
    return VDC_OK;
}

/* ---- Waiting ---- */

int uvc_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    (void)native; /* The library's own will do. */
    return usb_outbox_poll_begin(&uvc_capture_of(stream)->box);
}

int uvc_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    return usb_outbox_wait(&uvc_capture_of(stream)->box, out, deadline_ns);
}

void uvc_stream_wake(struct vdi_stream *stream)
{
    usb_outbox_wake(&uvc_capture_of(stream)->box);
}
