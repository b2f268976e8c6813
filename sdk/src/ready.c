/* SPDX-License-Identifier: MIT */
/* The pollable handle of a stream: readable while wait would not time out.
 * That is while the backend has something, or while wait would fail at once. The lock is a leaf, since
 * backends report from under their own locks. */
#include "internal.h"

int vdi_ready_create(struct vdi_ready *ready)
{
    ready->pollable = NULL;
    ready->backend = 0;
    ready->forced = 1; /* not started */
    ready->shown = 0;
    return vdi_mutex_create(&ready->lock);
}

void vdi_ready_destroy(struct vdi_ready *ready)
{
    vdi_pollable_destroy(ready->pollable);
    vdi_mutex_destroy(ready->lock);
}

/* With the lock held: one system call for each change, none without one. */
static void show(struct vdi_ready *ready)
{
    int now = ready->backend || ready->forced;

    if (ready->pollable == NULL || now == ready->shown) {
        return;
    }
    ready->shown = now;
    if (now) {
        vdi_pollable_set(ready->pollable);
    } else {
        vdi_pollable_clear(ready->pollable);
    }
}

void vdi_ready_force(struct vdi_ready *ready, int forced)
{
    vdi_mutex_lock(ready->lock);
    ready->forced = forced;
    show(ready);
    vdi_mutex_unlock(ready->lock);
}

void vdi_ready_restart(struct vdi_ready *ready)
{
    vdi_mutex_lock(ready->lock);
    ready->backend = 0;
    show(ready);
    vdi_mutex_unlock(ready->lock);
}

void vdi_stream_set_ready(struct vdi_stream *base, int is_ready)
{
    struct vdi_ready *ready = &vdi_stream_of(base)->ready;

    vdi_mutex_lock(ready->lock);
    ready->backend = is_ready != 0;
    show(ready);
    vdi_mutex_unlock(ready->lock);
}

/* With device->call held, so that there is one of it. */
static int make_handle(vdc_stream *stream, const char *function)
{
    const struct vdi_backend *backend = stream->device->base.backend;
    struct vdi_ready *ready = &stream->ready;
    unsigned serial = vdi_error_serial();
    struct vdi_pollable *pollable;
    vdc_handle native = VDI_NO_HANDLE;
    int status = backend->poll_begin(&stream->base, &native);

    if (status == VDC_OK) {
        status = vdi_pollable_create(&pollable, native);
    }
    if (status != VDC_OK) {
        return vdi_backend_status(status, serial, function, vdi_device_id(stream->device));
    }
    vdi_mutex_lock(ready->lock);
    ready->pollable = pollable;
    show(ready);
    vdi_mutex_unlock(ready->lock);
    return VDC_OK;
}

VDC_API(int) vdc_stream_get_handle(vdc_handle *out, vdc_stream *stream)
{
    static const char function[] = "vdc_stream_get_handle";
    vdc_device *device;
    int status = vdi_check_stream(stream, function);
    int first = 0;

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    device = stream->device;
    if (stream->on_frame != NULL) {
        return vdi_error(VDC_E_STATE,
                         "%s on \"%s\": the stream delivers by callback; open it without on_frame",
                         function, vdi_device_id(device));
    }
    vdi_mutex_lock(device->call);
    if (stream->ready.pollable == NULL) {
        status = make_handle(stream, function);
    }
    if (status == VDC_OK) {
        *out = vdi_pollable_handle(stream->ready.pollable);
    } else if (status == VDC_E_GONE) {
        first = vdi_device_mark_gone(device);
    }
    vdi_mutex_unlock(device->call);
    if (first) {
        vdi_device_log_gone(device);
    }
    return status;
}
