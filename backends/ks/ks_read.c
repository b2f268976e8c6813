/* SPDX-License-Identifier: MIT */
/*
 * Reads: sending, taking what became of them, waiting. A frame lies in the application's buffer when its read is reaped;
 * nothing here allocates or copies.
 */
#include "ks_stream.h"

#include <stddef.h>

#define ERRORS_MOST 8u /* reads in a row that may fail before the run is given up */

/* ---- With the lock held ---- */

void ks_read_ready(struct ks_stream *st)
{
    if (st->polled) {
        vdi_stream_set_ready(st->stream, st->done_count != 0 || st->gone || st->failure != KS_OK ||
                                             st->woken != 0);
    }
}

static void fail(struct ks_stream *st, uint32_t result)
{
    if (ks_is_gone(result)) {
        st->gone = 1;
    } else if (st->failure == KS_OK) {
        st->failure = result;
    }
}

/* Whoever waits looks again. */
static void nudge(struct ks_stream *st)
{
    ks_read_ready(st);
    if (st->reaping) {
        st->device->system->wake(st->pin);
    }
    vdi_cond_signal_all(st->changed);
}

void ks_read_fail(struct ks_stream *st, uint32_t result)
{
    fail(st, result);
    nudge(st);
}

uint32_t ks_read_submit(struct ks_stream *st, struct vdi_buffer *buffer)
{
    struct ks_buffer *own = buffer->priv;
    uint32_t result;

    memset(&own->header, 0, sizeof(own->header));
    own->header.stream.bytes = st->header_bytes;
    own->header.stream.time_numerator = 1;
    own->header.stream.time_denominator = 1;
    own->header.stream.extent_bytes = st->frame_bytes;
    own->header.stream.data = buffer->data;
    own->header.frame.bytes = st->header_bytes -
                              (uint32_t)offsetof(struct ks_buffer, header.frame) +
                              (uint32_t)offsetof(struct ks_buffer, header);
    memset(&own->read, 0, sizeof(own->read));
    own->read.header = &own->header;
    own->read.header_bytes = st->header_bytes;
    own->read.user = buffer;
    result = ks_send(st, buffer);
    if (result == KS_OK) {
        own->in_flight = 1;
        st->in_flight++;
        if (st->own) {
            st->sent[(st->sent_first + st->sent_count++) % KS_READS_MAX] = buffer;
        }
    } else {
        fail(st, result);
    }
    return result;
}

/* How a frame that came is wrong; VDC_DROP_SLOTS: it is not. */
static uint32_t damage_of(struct ks_stream *st, const struct ks_buffer *own)
{
    uint32_t used = own->header.stream.used_bytes;

    if (used > st->frame_bytes) {
        vdi_log(st->device->device->context, VDC_LOG_ERROR,
                "ks:%s: the driver says that it wrote %u bytes to a buffer of %u", st->device->id,
                (unsigned)used, (unsigned)st->frame_bytes);
        return VDC_DROP_BUS;
    }
    /* The driver says why a frame is empty; where it says nothing at all its header got lost. */
    if (used == 0 && st->own && own->header.own.size != 0) {
        return VDC_DROP_DMA;
    }
    return used == 0 || (st->exact && used < st->frame_bytes) ? VDC_DROP_BUS : VDC_DROP_SLOTS;
}

static void take_frame(struct ks_stream *st, struct vdi_buffer *buffer)
{
    struct ks_buffer *own = buffer->priv;
    struct vdi_completion *out = &st->done[(st->done_first + st->done_count) % KS_READS_MAX];

    memset(out, 0, sizeof(*out));
    out->buffer = buffer;
    out->damage = damage_of(st, own);
    out->used_bytes =
        own->header.stream.used_bytes <= st->frame_bytes ? own->header.stream.used_bytes : 0;
    ks_account_frame(st, own, out);
    if (out->damage != VDC_DROP_SLOTS && !st->damaged_too) {
        /* Nobody wants it: back into use at once; the loss is told with the next frame. */
        ks_account_keep(st, out);
        if (!st->stopping && !st->gone && st->failure == KS_OK) {
            (void)ks_read_submit(st, buffer);
        }
        return;
    }
    if (out->damage != VDC_DROP_SLOTS) {
        out->flags |= VDC_FRAME_DAMAGED;
        st->damaged[out->damage]++;
    }
    ks_account_tell(st, out);
    st->done_count++;
}

/* What became of a buffer whose turn it is. */
static void settle(struct ks_stream *st, struct vdi_buffer *buffer)
{
    const struct ks_read *read = &((struct ks_buffer *)buffer->priv)->read;

    if (read->result == KS_OK) {
        st->errors = 0;
        take_frame(st, buffer);
    } else if (ks_is_gone(read->result)) {
        st->gone = 1;
    } else if (!st->stopping && !st->gone && st->failure == KS_OK) {
        /* A driver may give up a read, say when the signal changes; one that gives up all of them has failed. */
        if (++st->errors >= ERRORS_MOST) {
            fail(st, read->result);
        } else {
            (void)ks_read_submit(st, buffer);
        }
    }
}

/*
 * Vidicon's driver ends reads in the order in which they were sent; the system may tell of them in another, where several
 * threads send. Of other drivers nothing is known, so theirs are taken as they come.
 */
void ks_read_take(struct ks_stream *st, struct ks_read *read)
{
    struct vdi_buffer *buffer = read->user;
    struct ks_buffer *own = buffer->priv;

    own->in_flight = 0;
    st->in_flight--;
    own->ended = 1;
    while (st->own && st->sent_count != 0) {
        struct vdi_buffer *oldest = st->sent[st->sent_first];
        struct ks_buffer *at = oldest->priv;

        if (!at->ended) {
            break;
        }
        at->ended = 0;
        st->sent_first = (st->sent_first + 1) % KS_READS_MAX;
        st->sent_count--;
        settle(st, oldest);
    }
    if (!st->own) {
        own->ended = 0;
        settle(st, buffer);
    }
    ks_read_ready(st);
    vdi_cond_signal_all(st->changed);
}

/* Whether the driver is still to be asked things: not once the run ends. */
static int is_alive(const struct ks_stream *st)
{
    return st->own && !st->stopping && !st->gone;
}

/* One turn of whoever reaps. The lock is open while the system or the driver is asked: others look at what is there. */
static uint32_t reap(struct ks_stream *st, int64_t deadline_ns)
{
    int looks = st->own && !atomic_load(&st->device->heard);
    int64_t until_ns = looks && st->look_ns < deadline_ns ? st->look_ns : deadline_ns;
    struct ks_reading reading = {0, 0, 0, 0, 0};
    int alive = is_alive(st);
    struct ks_read *read = NULL;
    uint32_t result;

    vdi_mutex_unlock(st->lock);
    result = st->device->system->reap(st->pin, &read, until_ns);
    /* A frame's time lies between two samples: one before it is taken. */
    if (alive && (result == KS_OK || vdi_now_ns() >= st->sample_ns)) {
        reading = ks_time_read(st);
    }
    vdi_mutex_lock(st->lock);
    if (reading.after_ns != 0) {
        ks_time_sample(st, &reading);
    }
    if (result == KS_OK) {
        ks_read_take(st, read);
    }
    if (looks && is_alive(st) && vdi_now_ns() >= st->look_ns) {
        vdi_mutex_unlock(st->lock);
        ks_events_look(st);
        vdi_mutex_lock(st->lock);
    }
    return result == KS_WAIT_TIMEOUT && until_ns < deadline_ns ? KS_WOKEN : result;
}

/* ---- The library's calls ---- */

int ks_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct ks_stream *st = ks_stream_of(stream);
    struct ks_buffer *own = buffer->priv;
    uint32_t result = KS_OK;

    vdi_mutex_lock(st->lock);
    if (!st->running) {
        if (!own->pending && st->pending_count < KS_READS_MAX) {
            own->pending = 1;
            st->pending[st->pending_count++] = buffer;
        }
    } else if (!own->in_flight && !own->ended && !st->stopping && !st->gone &&
               st->failure == KS_OK) {
        result = ks_read_submit(st, buffer);
        if (result != KS_OK) {
            nudge(st);
        }
    }
    vdi_mutex_unlock(st->lock);
    return ks_error(st->device, result, "queueing a buffer");
}

/* What ends a wait; 1 if nothing does yet. */
static int outcome(struct ks_stream *st, struct vdi_completion *out)
{
    if (st->woken) {
        st->woken = 0;
        ks_read_ready(st);
        return vdi_error(VDC_E_CANCELLED, "ks:%s: the wait was cancelled", st->device->id);
    }
    if (st->done_count != 0) {
        *out = st->done[st->done_first];
        st->done_first = (st->done_first + 1) % KS_READS_MAX;
        st->done_count--;
        ks_read_ready(st);
        return VDC_OK;
    }
    if (st->gone) {
        return ks_error(st->device, KS_DEVICE_REMOVED, "waiting for a frame");
    }
    if (st->failure != KS_OK) {
        return vdi_error(VDC_E_IO,
                         "ks:%s: waiting for a frame: the driver gives none (error %u); stop and "
                         "start again",
                         st->device->id, (unsigned)st->failure);
    }
    return st->running ? 1 : VDC_E_TIMEOUT;
}

int ks_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    struct ks_stream *st = ks_stream_of(stream);
    int over = 0;
    int status;

    vdi_mutex_lock(st->lock);
    while ((status = outcome(st, out)) == 1 && !over) {
        if (st->polled) {
            over = deadline_ns <= vdi_now_ns() || vdi_cond_wait(st->changed, st->lock, deadline_ns);
        } else {
            st->reaping = 1;
            over = reap(st, deadline_ns) == KS_WAIT_TIMEOUT;
            st->reaping = 0;
            vdi_cond_signal_all(st->changed);
        }
    }
    vdi_mutex_unlock(st->lock);
    return status == 1 ? VDC_E_TIMEOUT : status;
}

void ks_wake(struct vdi_stream *stream)
{
    struct ks_stream *st = ks_stream_of(stream);

    vdi_mutex_lock(st->lock);
    st->woken = 1;
    nudge(st);
    vdi_mutex_unlock(st->lock);
}

/* ---- The thread behind a polled handle ---- */

static void run_reaper(void *argument)
{
    struct ks_stream *st = argument;

    vdi_mutex_lock(st->lock);
    while (!st->stopping && !st->gone && st->failure == KS_OK) {
        (void)reap(st, INT64_MAX);
    }
    vdi_mutex_unlock(st->lock);
}

int ks_reaper_start(struct ks_stream *st)
{
    return st->thread == NULL ? vdi_thread_create(&st->thread, run_reaper, st, "vidicon ks")
                              : VDC_OK;
}

void ks_reaper_stop(struct ks_stream *st)
{
    if (st->thread != NULL) {
        st->device->system->wake(st->pin);
        vdi_thread_join(st->thread);
        st->thread = NULL;
    }
}

int ks_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct ks_stream *st = ks_stream_of(stream);
    int running;

    (void)native;
    vdi_mutex_lock(st->lock);
    st->polled = 1;
    /* A wait in progress leaves the reaping to the thread. */
    while (st->reaping) {
        st->device->system->wake(st->pin);
        (void)vdi_cond_wait(st->changed, st->lock, INT64_MAX);
    }
    ks_read_ready(st);
    running = (int)st->running;
    vdi_mutex_unlock(st->lock);
    return running ? ks_reaper_start(st) : VDC_OK;
}
