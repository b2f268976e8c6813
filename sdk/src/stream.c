/* SPDX-License-Identifier: MIT */
/* A stream's life: start, stop, cancel.
 * Stop first gets the waiter out without any lock held that the waiter's callback could want, and only then
 * ends the device's access to buffers. */
#include "internal.h"

#include <stddef.h>

/* More reports of losses than that at a stop, and the backend is broken. */
#define DRAIN_MAX 1024

vdc_stream *vdi_stream_of(struct vdi_stream *base)
{
    return (vdc_stream *)(void *)((char *)base - offsetof(vdc_stream, base));
}

void vdi_stream_kick(vdc_stream *stream)
{
    if (stream->waiting && stream->countable) {
        stream->device->base.backend->wake(&stream->base);
    }
}

static int set_state(vdc_stream *stream, int state)
{
    stream->state = state;
    vdi_cond_signal_all(stream->changed);
    return state;
}

/* Takes what was complete when the device stopped. With device->call held and nobody else at the stream. */
static void drain(vdc_stream *stream)
{
    const struct vdi_backend *backend = stream->device->base.backend;

    for (int turn = 0; turn < DRAIN_MAX; turn++) {
        struct vdi_completion completion = vdi_nothing_yet;
        struct vdi_slot *slot;
        int status = backend->wait(&stream->base, &completion, 0);

        if (status == VDC_E_CANCELLED) {
            continue; /* a wake that found nobody */
        }
        if (status != VDC_OK) {
            return;
        }
        vdi_mutex_lock(stream->lock);
        vdi_account_report(&stream->account, completion.dropped);
        slot = completion.buffer != NULL ? vdi_slot_completed(stream, completion.buffer) : NULL;
        if (slot != NULL) {
            slot->state = VDI_SLOT_FREE;
            vdi_account_lose(&stream->account, completion.damage < VDC_DROP_SLOTS &&
                                                       !(stream->flags & VDC_STREAM_DAMAGED_TOO)
                                                   ? completion.damage
                                                   : VDC_DROP_STOPPED);
        }
        vdi_mutex_unlock(stream->lock);
    }
    vdi_log(&stream->device->context->base, VDC_LOG_ERROR,
            "\"%s\": its backend goes on handing out frames after the stop",
            vdi_device_id(stream->device));
}

/* Ends what backend->start began, or tried to. With device->call held. */
static int end_backend(vdc_stream *stream)
{
    vdc_device *device = stream->device;
    int status;

    vdi_mutex_lock(stream->lock);
    stream->countable = 0;
    vdi_mutex_unlock(stream->lock);
    status = device->base.backend->stop(&stream->base);
    if (status == VDC_E_GONE) {
        (void)vdi_device_mark_gone(device);
        status = VDC_OK;
    }
    drain(stream);
    vdi_mutex_lock(stream->lock);
    vdi_slots_reclaim(stream);
    vdi_mutex_unlock(stream->lock);
    return status;
}

static int begin_backend(vdc_stream *stream)
{
    int status;

    vdi_mutex_lock(stream->lock);
    status = vdi_slots_queue_free(stream);
    vdi_mutex_unlock(stream->lock);
    if (status == VDC_OK) {
        status = stream->device->base.backend->start(&stream->base);
    }
    if (status == VDC_OK && stream->on_frame != NULL) {
        status = vdi_thread_create(&stream->thread, vdi_stream_deliver, stream, "vidicon-frames");
    }
    if (status != VDC_OK) {
        return status;
    }
    vdi_mutex_lock(stream->lock);
    /* Frames held since before the last stop may have come back meanwhile. */
    status = vdi_slots_queue_free(stream);
    if (status == VDC_OK) {
        stream->countable = 1;
        vdi_ready_force(&stream->ready, stream->cancelled);
        (void)set_state(stream, VDI_RUNNING);
    }
    vdi_mutex_unlock(stream->lock);
    return status;
}

/* From STOPPED to STARTING, if it may be. */
static int claim_start(vdc_stream *stream, const char *function)
{
    const char *id = vdi_device_id(stream->device);
    int status = VDC_OK;

    vdi_mutex_lock(stream->lock);
    if (stream->state != VDI_STOPPED) {
        status = vdi_error(VDC_E_STATE, "%s on \"%s\": the stream runs already; stop it first",
                           function, id);
    } else if (stream->slot_count == 0) {
        status = vdi_error(VDC_E_STATE,
                           "%s on \"%s\": the stream has no buffers; give it some by "
                           "vdc_stream_add_buffer()",
                           function, id);
    } else {
        stream->cancelled = 0;
        vdi_account_reset(&stream->account);
        vdi_ready_restart(&stream->ready);
        (void)set_state(stream, VDI_STARTING);
    }
    vdi_mutex_unlock(stream->lock);
    return status;
}

VDC_API(int) vdc_stream_start(vdc_stream *stream)
{
    static const char function[] = "vdc_stream_start";
    vdc_device *device;
    unsigned serial;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_device_enter(stream->device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    device = stream->device;
    status = claim_start(stream, function);
    if (status != VDC_OK) {
        return vdi_device_leave(device, function, status);
    }
    serial = vdi_error_serial();
    status = vdi_backend_status(begin_backend(stream), serial, function, vdi_device_id(device));
    if (status != VDC_OK) {
        vdi_thread *thread = stream->thread;

        stream->thread = NULL;
        (void)end_backend(stream);
        vdi_mutex_lock(stream->lock);
        stream->account.final = 1;
        (void)set_state(stream, VDI_STOPPED);
        vdi_mutex_unlock(stream->lock);
        vdi_thread_join(thread);
    }
    return vdi_device_leave(device, function, status);
}

/* From RUNNING to STOPPING, with the waiter gone; waits for other starts and stops to end. */
static int claim_stop(vdc_stream *stream, const char *function)
{
    vdi_mutex_lock(stream->lock);
    while (stream->state == VDI_STARTING || stream->state == VDI_STOPPING) {
        (void)vdi_cond_wait(stream->changed, stream->lock, INT64_MAX);
    }
    if (stream->state == VDI_STOPPED) {
        vdi_mutex_unlock(stream->lock);
        return vdi_error(VDC_E_STATE, "%s on \"%s\": the stream does not run", function,
                         vdi_device_id(stream->device));
    }
    (void)set_state(stream, VDI_STOPPING);
    vdi_ready_force(&stream->ready, 1);
    vdi_stream_kick(stream);
    while (stream->thread == NULL && stream->waiting) {
        (void)vdi_cond_wait(stream->changed, stream->lock, INT64_MAX);
    }
    vdi_mutex_unlock(stream->lock);
    vdi_thread_join(stream->thread);
    stream->thread = NULL;
    return VDC_OK;
}

int vdi_stream_stop(vdc_stream *stream)
{
    static const char function[] = "vdc_stream_stop";
    vdc_device *device = stream->device;
    unsigned serial;
    int status = claim_stop(stream, function);

    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    vdi_mutex_lock(device->call);
    status = vdi_backend_status(end_backend(stream), serial, function, vdi_device_id(device));
    vdi_mutex_lock(stream->lock);
    stream->countable = 1; /* once more, for the last report */
    vdi_account_finish(stream, atomic_load(&device->gone));
    stream->countable = 0;
    vdi_mutex_unlock(stream->lock);
    vdi_account_log(stream);
    vdi_mutex_lock(stream->lock);
    (void)set_state(stream, VDI_STOPPED);
    vdi_mutex_unlock(stream->lock);
    vdi_mutex_unlock(device->call);
    return status;
}

VDC_API(int) vdc_stream_stop(vdc_stream *stream)
{
    static const char function[] = "vdc_stream_stop";
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_no_callback(function);
    }
    return status == VDC_OK ? vdi_stream_stop(stream) : status;
}

VDC_API(void) vdc_stream_cancel(vdc_stream *stream)
{
    if (stream == NULL || vdi_check_stream(stream, "vdc_stream_cancel") != VDC_OK) {
        return;
    }
    vdi_mutex_lock(stream->lock);
    stream->cancelled = 1;
    vdi_stream_kick(stream);
    vdi_ready_force(&stream->ready, 1);
    vdi_mutex_unlock(stream->lock);
}
