/* SPDX-License-Identifier: MIT */
/* Taking frames: the path of every one, whether an application waits or a callback is fed.
 * One uncontended lock to take a frame, one to give it back, and no allocation. What is not to be
 * delivered goes back to the device. */
#include "internal.h"

/* A poll skips that many unwanted frames; a wake that is nobody's is forgiven that often. */
#define SKIPPED_MAX 128

int64_t vdi_deadline(int timeout_ms)
{
    if (timeout_ms < 0) {
        return INT64_MAX;
    }
    return timeout_ms == 0 ? 0 : vdi_now_ns() + (int64_t)timeout_ms * 1000000;
}

/* Whether there is something to wait for. In this order, so that a cancel that is not seen here finds a stream that runs, and wakes. */
static inline int look(const vdc_stream *stream)
{
    int state = stream->state;

    if (stream->cancelled) {
        return VDC_E_CANCELLED;
    }
    if (state == VDI_RUNNING) {
        return VDC_OK;
    }
    return atomic_load(&stream->device->gone) ? VDC_E_GONE : VDC_E_STATE;
}

const struct vdi_completion vdi_nothing_yet = {
    .damage = VDC_DROP_SLOTS,
    .error_bound_ns = VDC_ERROR_UNKNOWN_NS,
    .end_time_ns = INT64_MIN,
};

static void fill_frame(struct vdi_slot *slot, const struct vdi_completion *completion)
{
    vdc_frame *frame = &slot->frame;

    frame->used_bytes = completion->used_bytes;
    frame->flags = completion->flags;
    frame->sequence = completion->sequence;
    frame->device_ticks = completion->device_ticks;
    frame->host_time_ns = completion->host_time_ns;
    frame->error_bound_ns = completion->error_bound_ns;
    frame->clock = completion->clock;
    frame->copied_bytes = completion->copied_bytes;
    if (completion->damage < VDC_DROP_SLOTS) {
        frame->flags |= VDC_FRAME_DAMAGED;
    }
    if (completion->copied_bytes != 0) {
        frame->flags |= VDC_FRAME_COPIED;
    }
}

/* Books a completion. The frame, if it is one to deliver; a status if the backend or the device failed.
 * stream->lock held, as in the next functions. */
static int book(const vdc_frame **out, vdc_stream *stream, const struct vdi_completion *completion)
{
    struct vdi_slot *slot;
    int status;

    vdi_account_report(&stream->account, completion->dropped);
    if (completion->buffer == NULL) {
        return VDC_OK;
    }
    slot = vdi_slot_completed(stream, completion->buffer);
    if (slot == NULL) {
        return vdi_error(VDC_E_IO, "\"%s\": its backend handed out a buffer that it did not have",
                         vdi_device_id(stream->device));
    }
    if (completion->damage < VDC_DROP_SLOTS && !(stream->flags & VDC_STREAM_DAMAGED_TOO)) {
        vdi_account_lose(&stream->account, completion->damage);
        slot->state = VDI_SLOT_FREE;
        if (stream->state != VDI_RUNNING) {
            return VDC_OK;
        }
        status = stream->device->base.backend->queue(&stream->base, &slot->base);
        slot->state = status == VDC_OK ? VDI_SLOT_QUEUED : VDI_SLOT_FREE;
        return status;
    }
    fill_frame(slot, completion);
    vdi_account_deliver(&stream->account, completion, &slot->frame);
    slot->state = VDI_SLOT_HELD;
    *out = &slot->frame;
    return VDC_OK;
}

/* What became of a call of the backend: VDC_OK with *out, an end of the wait, or VDC_OK without: try again. */
static int settle(const vdc_frame **out, vdc_stream *stream, int status,
                  const struct vdi_completion *completion, int gone)
{
    if (status == VDC_OK) {
        status = book(out, stream, completion);
        return status == VDC_OK && *out == NULL ? look(stream) : status;
    }
    if (status == VDC_E_CANCELLED) {
        return look(stream);
    }
    return status == VDC_E_TIMEOUT && gone ? VDC_E_GONE : status;
}

static int explain(vdc_stream *stream, int status, unsigned serial, const char *function)
{
    const char *id = vdi_device_id(stream->device);

    switch (status) {
    case VDC_E_TIMEOUT:
        return vdi_error_copy(status, stream->timeout_text);
    case VDC_E_CANCELLED:
        return vdi_error(status, "%s on \"%s\": it was cancelled; the next start ends that",
                         function, id);
    case VDC_E_GONE:
        return vdi_device_gone_error(stream->device, function);
    case VDC_E_STATE:
        return vdi_error(status, "%s on \"%s\": the stream does not run; call vdc_stream_start()",
                         function, id);
    case VDC_E_BUSY:
        return vdi_error(status, "%s on \"%s\": another thread waits on this stream; one at a time",
                         function, id);
    default:
        return vdi_backend_status(status, serial, function, id);
    }
}

/* The one waiter leaves; stop may be waiting for that. 1: it is the first that knows the device is gone. */
static inline int end_wait(vdc_stream *stream, int status)
{
    int first = 0;

    if (status == VDC_E_GONE) {
        first = vdi_device_mark_gone(stream->device);
        vdi_ready_force(&stream->ready, 1);
    }
    stream->waiting = 0;
    if (stream->state == VDI_STOPPING) {
        vdi_cond_signal_all(stream->changed);
    }
    return first;
}

/* One comes, without the lock. VDC_E_BUSY: there is one already; another status: there is nothing to wait for. */
static inline int begin_wait(vdc_stream *stream)
{
    int status;

    if (atomic_exchange(&stream->waiting, 1)) {
        return VDC_E_BUSY;
    }
    status = look(stream);
    if (status != VDC_OK) {
        vdi_mutex_lock(stream->lock);
        (void)end_wait(stream, status);
        vdi_mutex_unlock(stream->lock);
    }
    return status;
}

int vdi_stream_take(const vdc_frame **out, vdc_stream *stream, int64_t deadline_ns,
                    const char *function)
{
    const struct vdi_backend *backend = stream->device->base.backend;
    const vdc_frame *frame = NULL;
    unsigned serial = vdi_error_serial();
    unsigned skipped = 0;
    int first = 0;
    int status = begin_wait(stream);

    while (status == VDC_OK && frame == NULL) {
        struct vdi_completion completion = vdi_nothing_yet;
        /* A device that is gone hands out what it had, and has nothing to wait for. */
        int gone = atomic_load(&stream->device->gone);

        if (skipped++ > SKIPPED_MAX && vdi_now_ns() >= deadline_ns) {
            status = VDC_E_TIMEOUT;
        } else {
            status = backend->wait(&stream->base, &completion, gone ? 0 : deadline_ns);
        }
        vdi_mutex_lock(stream->lock);
        status = settle(&frame, stream, status, &completion, gone);
        if (status != VDC_OK || frame != NULL) {
            first = end_wait(stream, status);
        }
        vdi_mutex_unlock(stream->lock);
    }
    if (first) {
        vdi_device_log_gone(stream->device);
    }
    if (status != VDC_OK) {
        return explain(stream, status, serial, function);
    }
    *out = frame;
    return VDC_OK;
}

static int by_callback(const vdc_stream *stream, const char *function)
{
    if (stream->on_frame == NULL) {
        return VDC_OK;
    }
    return vdi_error(VDC_E_STATE,
                     "%s on \"%s\": the stream delivers by callback; open it without on_frame",
                     function, vdi_device_id(stream->device));
}

VDC_API(int) vdc_stream_wait(const vdc_frame **out, vdc_stream *stream, int timeout_ms)
{
    static const char function[] = "vdc_stream_wait";
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = by_callback(stream, function);
    }
    return status == VDC_OK ? vdi_stream_take(out, stream, vdi_deadline(timeout_ms), function)
                            : status;
}

/* With the checks made: as vdi_stream_take(), for a part of a frame. */
static int take_progress(vdc_progress *progress, vdc_stream *stream, int64_t deadline_ns,
                         const char *function)
{
    const struct vdi_stream_ops *extra = stream->device->base.backend->extra;
    unsigned serial = vdi_error_serial();
    unsigned skipped = 0;
    int first = 0;
    int complete = 0;
    int again = 1;
    int status = begin_wait(stream);

    while (status == VDC_OK && again) {
        int gone = atomic_load(&stream->device->gone);

        status = extra->progress(&stream->base, progress, gone ? 0 : deadline_ns);
        vdi_mutex_lock(stream->lock);
        again = status == VDC_E_CANCELLED && skipped++ < SKIPPED_MAX;
        if (again) {
            status = look(stream);
        } else if (gone && status == VDC_E_TIMEOUT) {
            status = VDC_E_GONE;
        }
        if (status != VDC_OK || !again) {
            complete = status == VDC_E_STATE && look(stream) == VDC_OK;
            first = end_wait(stream, status);
        }
        vdi_mutex_unlock(stream->lock);
    }
    if (first) {
        vdi_device_log_gone(stream->device);
    }
    if (complete) {
        return vdi_error(status,
                         "%s on \"%s\": a complete frame waits; take it by vdc_stream_wait() first",
                         function, vdi_device_id(stream->device));
    }
    return status == VDC_OK ? VDC_OK : explain(stream, status, serial, function);
}

VDC_API(int) vdc_stream_wait_progress(vdc_progress *out, vdc_stream *stream, int timeout_ms)
{
    static const char function[] = "vdc_stream_wait_progress";
    vdc_progress progress = VDC_PROGRESS_INIT;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_progress", function);
    }
    if (status == VDC_OK) {
        status = by_callback(stream, function);
    }
    if (status == VDC_OK && stream->watermark_lines == 0) {
        status = vdi_error(VDC_E_UNSUPPORTED,
                           "%s on \"%s\": the stream was opened without watermark_lines", function,
                           vdi_device_id(stream->device));
    }
    if (status == VDC_OK) {
        status = take_progress(&progress, stream, vdi_deadline(timeout_ms), function);
    }
    if (status == VDC_OK) {
        vdi_copy_out(out, &progress, sizeof(progress));
    }
    return status;
}
