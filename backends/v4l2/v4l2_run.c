/* SPDX-License-Identifier: MIT */
/*
 * The path of a frame: three system calls, as in a bare loop (poll, DQBUF, QBUF), and no allocation, no copy, no
 * look at a clock but the cheap one. A wait that only polls leaves the first of them away.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <string.h>

/* A node that shows an error and has no frame is asked again after so long, not at once. */
#define NAP_MS 20
/* A wait that ends before has a timer of the kernel's: one that rings ever so often is no gain. */
#define TIMER_LEAST_MS 1000
/* More than that the kernel cannot hold at a stop. */
#define DRAIN_MAX 64
#define NS_PER_MS 1000000

static int push(struct v4l2_stream *st, struct vdi_buffer *buffer)
{
    struct v4l2_slot *slot = buffer->priv;
    struct v4l2_buffer *request = &slot->request;
    int error;

    request->flags = 0;
    request->bytesused = 0;
    slot->queued_ns = v4l2_system->coarse_ns();
    slot->alone = atomic_fetch_add(&st->at_driver, 1) == 0;
    atomic_store_explicit(&slot->queued, 1, memory_order_release);
    error = v4l2_call(st->device->fd, VIDIOC_QBUF, request);
    if (error != 0) {
        atomic_store_explicit(&slot->queued, 0, memory_order_release);
        atomic_fetch_sub(&st->at_driver, 1);
    }
    return error;
}

int v4l2_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct v4l2_stream *st = stream->priv;
    int error;

    if (!atomic_load_explicit(&st->running, memory_order_relaxed)) {
        if (st->early_count == V4L2_BUFFERS_MAX) {
            return vdi_error(VDC_E_RANGE, "queueing a buffer on \"%s\": V4L2 takes %u",
                             st->device->info.id, V4L2_BUFFERS_MAX);
        }
        st->early[st->early_count++] = buffer;
        return VDC_OK;
    }
    error = push(st, buffer);
    return error == 0 ? VDC_OK : v4l2_failure(st->device, error, "queueing a buffer");
}

/* ---- Start ---- */

static int start_failure(struct v4l2_stream *st, int error, const char *what)
{
    if (error == EINVAL) {
        return vdi_error(VDC_E_IO,
                         "%s on \"%s\": the driver refuses; it may want more buffers than %u, or "
                         "buffers of another alignment",
                         what, st->device->info.id, (unsigned)st->attached);
    }
    return v4l2_failure(st->device, error, what);
}

int v4l2_start(struct vdi_stream *stream)
{
    struct v4l2_stream *st = stream->priv;
    struct v4l2_device *device = st->device;
    uint32_t count = st->attached;
    int type = (int)device->type;
    int error = 0;

    v4l2_system->event_clear(st->wake_fd);
    atomic_store(&st->woken, 0);
    atomic_store(&st->at_driver, 0);
    st->left_first = st->left_count = 0;
    v4l2_account_reset(st);
    memset(&st->card_counts, 0, sizeof(st->card_counts));
    atomic_store(&device->source_changed, 0);
    if (st->memory != V4L2_MEMORY_MMAP && count != st->granted) {
        error = v4l2_buffers_request(st, &count);
        if (error == 0 && count < st->attached) {
            error = ENOBUFS;
        }
    }
    atomic_store(&st->running, 1);
    for (uint32_t at = 0; error == 0 && at < st->early_count; at++) {
        error = push(st, st->early[at]);
    }
    st->early_count = 0;
    if (error != 0) {
        return start_failure(st, error, "queueing the first buffers");
    }
    error = v4l2_records_start(device, &st->records);
    if (error == 0) {
        error = v4l2_call(device->fd, VIDIOC_STREAMON, &type);
    }
    if (error != 0) {
        return start_failure(st, error, "starting the stream");
    }
    v4l2_watch_streaming(device, 1);
    return VDC_OK;
}

/* ---- Take ---- */

static int impossible(struct v4l2_stream *st, uint32_t index)
{
    return vdi_error(VDC_E_IO,
                     "taking a frame of \"%s\": its driver handed out buffer %u, which it did not "
                     "have; see the kernel's log, and start again",
                     st->device->info.id, (unsigned)index);
}

/* A buffer that came back, with all that is known of it. A status. */
static int complete(struct v4l2_stream *st, struct vdi_completion *out,
                    const struct v4l2_buffer *came)
{
    struct vdi_buffer *buffer = came->index < V4L2_BUFFERS_MAX ? st->buffers[came->index] : NULL;
    struct v4l2_slot *slot = buffer != NULL ? buffer->priv : NULL;
    struct vdl_frame_meta meta;
    int told;

    if (slot == NULL || !atomic_load_explicit(&slot->queued, memory_order_acquire)) {
        return impossible(st, came->index);
    }
    atomic_store_explicit(&slot->queued, 0, memory_order_relaxed);
    atomic_fetch_sub(&st->at_driver, 1);
    out->buffer = buffer;
    told = st->records.fd >= 0 && v4l2_records_take(&st->records, &meta, came->sequence);
    v4l2_account_frame(st, out, slot, came, told ? &meta : NULL);
    return VDC_OK;
}

/* A driver may notice that its device is gone before the system does, and then only fails. */
static int is_gone(const struct v4l2_stream *st)
{
    struct v4l2_capability capability;

    memset(&capability, 0, sizeof(capability));
    return v4l2_call(st->device->fd, VIDIOC_QUERYCAP, &capability) == ENODEV ||
           v4l2_card_is_gone(st->device->fd);
}

/* VDC_E_TIMEOUT: there is none now. */
static int take(struct v4l2_stream *st, struct vdi_completion *out)
{
    struct v4l2_buffer came;
    struct v4l2_plane planes[VDC_PLANES_MAX];
    int error;

    memset(&came, 0, sizeof(came));
    came.type = st->device->type;
    came.memory = st->memory;
    if (st->device->multi_planar) {
        memset(planes, 0, sizeof(planes));
        came.m.planes = planes;
        came.length = st->shape.planes;
    }
    error = v4l2_call(st->device->fd, VIDIOC_DQBUF, &came);
    if (error == EAGAIN) {
        return VDC_E_TIMEOUT;
    }
    if (error == EINVAL) {
        return vdi_error(VDC_E_IO, "taking a frame of \"%s\": its driver has stopped; start again",
                         st->device->info.id);
    }
    if (error == EIO && is_gone(st)) {
        error = ENODEV;
    }
    if (error == ENODEV) {
        v4l2_watch_lost(st->device);
    }
    if (error != 0) {
        return v4l2_failure(st->device, error, "taking a frame");
    }
    came.m.planes = st->device->multi_planar ? planes : came.m.planes;
    return complete(st, out, &came);
}

static int was_woken(struct v4l2_stream *st)
{
    if (!atomic_load_explicit(&st->woken, memory_order_relaxed) ||
        !atomic_exchange(&st->woken, 0)) {
        return 0;
    }
    v4l2_system->event_clear(st->wake_fd);
    return 1;
}

/* Until the deadline, rounded up, in what poll() takes. 0: it has passed. */
static int timeout_of(int64_t deadline_ns)
{
    int64_t left_ms;

    if (deadline_ns == INT64_MAX) {
        return -1;
    }
    if (deadline_ns <= 0) {
        return 0;
    }
    deadline_ns -= vdi_now_ns();
    if (deadline_ns <= 0) {
        return 0;
    }
    left_ms = deadline_ns / NS_PER_MS + (deadline_ns % NS_PER_MS != 0);
    return left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
}

/* The kernel sets up a timer for each wait that has an end, and takes it away with each frame. Our own stays: it ends a wait at its
 * deadline or before that, and the rest is then waited for anew. */
static int timeout_for(struct v4l2_stream *st, int64_t deadline_ns)
{
    int timeout_ms;

    if (deadline_ns >= st->timer_ns) {
        return -1;
    }
    timeout_ms = timeout_of(deadline_ns);
    if (timeout_ms < TIMER_LEAST_MS) {
        return timeout_ms;
    }
    st->timer_ns = deadline_ns;
    v4l2_system->timer_set(st->timer_fd, deadline_ns);
    return -1;
}

static void stop_timer(struct v4l2_stream *st)
{
    st->timer_ns = INT64_MAX;
    v4l2_system->timer_set(st->timer_fd, 0);
}

/* What was complete at the stop. */
static int take_left(struct v4l2_stream *st, struct vdi_completion *out)
{
    if (st->left_count == 0) {
        return st->gone ? VDC_E_GONE : VDC_E_TIMEOUT;
    }
    *out = st->left[st->left_first++];
    st->left_count--;
    return VDC_OK;
}

int v4l2_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    struct v4l2_stream *st = stream->priv;
    if (!atomic_load_explicit(&st->running, memory_order_relaxed)) {
        return take_left(st, out);
    }
    for (;;) {
        int timeout_ms, ready, status;
        short seen[3];

        if (was_woken(st)) {
            return VDC_E_CANCELLED;
        }
        timeout_ms = timeout_for(st, deadline_ns);
        if (timeout_ms == 0) {
            return take(st, out);
        }
        atomic_fetch_add_explicit(&st->device->waits, 1, memory_order_relaxed);
        ready = v4l2_system->watch_wait(st->watch_fd, seen, timeout_ms);
        if (ready < 0 && errno != EINTR && errno != EAGAIN) {
            return v4l2_failure(st->device, errno, "waiting for a frame");
        }
        if (ready > 0 && seen[2] != 0) {
            stop_timer(st);
        }
        if (ready <= 0 || seen[0] == 0) {
            continue;
        }
        if (seen[0] & POLLPRI) {
            v4l2_events_take(st->device);
        }
        if (!(seen[0] & (POLLIN | POLLERR | POLLHUP | POLLNVAL))) {
            continue;
        }
        status = take(st, out);
        if (status != VDC_E_TIMEOUT) {
            return status;
        }
        if (!(seen[0] & POLLIN)) {
            struct pollfd wake = {st->wake_fd, POLLIN, 0};

            (void)v4l2_system->poll(&wake, 1, NAP_MS);
        }
    }
}

void v4l2_wake(struct vdi_stream *stream)
{
    struct v4l2_stream *st = stream->priv;

    /* In this order whoever sees the flag can clear the event, and no event stays without a flag. */
    v4l2_system->event_set(st->wake_fd);
    atomic_store(&st->woken, 1);
}

/* ---- Stop ---- */

/* STREAMOFF throws away what is complete, so it is taken before. */
static void save_complete(struct v4l2_stream *st)
{
    for (int turn = 0; turn < DRAIN_MAX && st->left_count < V4L2_BUFFERS_MAX; turn++) {
        struct vdi_completion *out = &st->left[st->left_count];

        memset(out, 0, sizeof(*out));
        out->damage = VDC_DROP_SLOTS;
        out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
        out->end_time_ns = INT64_MIN;
        if (take(st, out) != VDC_OK) {
            return;
        }
        st->left_count++;
    }
}

/* A driver may hold on to memory until the last handle of its node is closed; after an unplug that is the one way
 * to be sure that nobody writes any more. */
static void let_go(struct v4l2_stream *st)
{
    struct v4l2_device *device = st->device;

    st->gone = 1;
    v4l2_watch_remove(device);
    v4l2_records_close(&st->records);
    if (device->fd >= 0) {
        v4l2_system->close(device->fd);
    }
    device->fd = -1;
    st->granted = 0;
}

int v4l2_stop(struct vdi_stream *stream)
{
    struct v4l2_stream *st = stream->priv;
    struct v4l2_device *device = st->device;
    int type = (int)device->type;
    int error;

    st->early_count = 0;
    if (!atomic_load(&st->running)) {
        return VDC_OK; /* the start failed before anything was queued */
    }
    save_complete(st);
    error = v4l2_call(device->fd, VIDIOC_STREAMOFF, &type);
    if (error == 0) {
        v4l2_records_stop(&st->records);
    }
    atomic_store(&st->running, 0);
    for (uint32_t at = 0; at < st->attached; at++) {
        struct v4l2_slot *slot = st->buffers[at] != NULL ? st->buffers[at]->priv : NULL;

        if (slot != NULL) {
            atomic_store(&slot->queued, 0);
        }
    }
    v4l2_watch_streaming(device, 0);
    if (error == 0) {
        return VDC_OK;
    }
    let_go(st);
    if (error == ENODEV) {
        return VDC_E_GONE;
    }
    /* Closing has stopped it, too; the device must be opened anew. */
    return vdi_error(VDC_E_GONE,
                     "stopping the stream on \"%s\": its driver did not stop (%s), so its node was "
                     "closed; open the device again",
                     device->info.id, strerror(error));
}

/* ---- Account ---- */

int v4l2_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct v4l2_stream *st = stream->priv;
    struct v4l2_account *account = &st->account;

    /* In this order a frame that comes meanwhile is produced before it is lost. */
    for (int cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        out->dropped[cause] = atomic_load(&account->dropped[cause]);
    }
    out->produced = atomic_load(&account->produced);
    out->basis = atomic_load(&account->uncounted) ? VDC_BASIS_UNKNOWN : VDC_BASIS_SEQUENCE;
    if (st->device->card.present) {
        v4l2_card_counts(st, out);
    }
    return VDC_OK;
}

/* The node itself: readable while a frame is complete, and in error whenever the wait would fail. */
int v4l2_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct v4l2_stream *st = stream->priv;

    if (st->device->fd < 0) {
        return VDC_E_GONE;
    }
    *native = st->device->fd;
    return VDC_OK;
}
