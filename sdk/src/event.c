/* SPDX-License-Identifier: MIT */
/* The context's queue of events.
 * The place behind the last one is kept for LOST, so that it stands where the events are missing. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (VDI_EVENTS_MAX + 1)

struct vdi_events {
    vdi_mutex *lock;
    vdi_cond *arrived;
    struct vdi_pollable *pollable; /* NULL until somebody asks */
    size_t first;
    size_t count;
    vdc_event ring[SLOTS];
};

int vdi_events_create(struct vdi_events **out)
{
    struct vdi_events *events = calloc(1, sizeof(*events));
    int status;

    if (events == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for the queue of events");
    }
    status = vdi_mutex_create(&events->lock);
    if (status == VDC_OK) {
        status = vdi_cond_create(&events->arrived);
    }
    if (status != VDC_OK) {
        vdi_events_destroy(events);
        return status;
    }
    *out = events;
    return VDC_OK;
}

void vdi_events_destroy(struct vdi_events *events)
{
    if (events == NULL) {
        return;
    }
    vdi_pollable_destroy(events->pollable);
    vdi_cond_destroy(events->arrived);
    vdi_mutex_destroy(events->lock);
    free(events);
}

static vdc_event *next_slot(struct vdi_events *events)
{
    return &events->ring[(events->first + events->count++) % SLOTS];
}

static void push(struct vdi_events *events, uint32_t kind, const char *id, uint32_t control,
                 int64_t value)
{
    vdc_event event = {.size = sizeof(event), .kind = kind, .control = control, .value = value};

    snprintf(event.device_id, sizeof(event.device_id), "%s", id != NULL ? id : "");
    vdi_mutex_lock(events->lock);
    if (events->count < VDI_EVENTS_MAX) {
        *next_slot(events) = event;
    } else if (events->ring[(events->first + events->count - 1) % SLOTS].kind != VDC_EVENT_LOST) {
        *next_slot(events) = (vdc_event){.size = sizeof(event), .kind = VDC_EVENT_LOST};
    }
    if (events->count == 1 && events->pollable != NULL) {
        vdi_pollable_set(events->pollable);
    }
    vdi_cond_signal_all(events->arrived);
    vdi_mutex_unlock(events->lock);
}

void vdi_device_event(struct vdi_device *device, uint32_t kind, uint32_t control, int64_t value)
{
    vdc_device *outer = vdi_device_of(device);

    if (kind == VDC_EVENT_FIRMWARE_CHANGED) {
        atomic_store(&outer->controls_stale, 1);
    }
    push(device->context->events, kind, vdi_device_id(outer), control, value);
}

void vdi_context_device_event(struct vdi_context *context, uint32_t kind, const char *id)
{
    push(context->events, kind, id, 0, 0);
}

VDC_API(int) vdc_context_wait_event(vdc_event *out, vdc_context *context, int timeout_ms)
{
    static const char function[] = "vdc_context_wait_event";
    struct vdi_events *events;
    vdc_event event;
    int64_t deadline_ns;
    int status = vdi_check_context(context, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(vdc_event), "vdc_event", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    vdi_context_watch(context);
    events = context->base.events;
    deadline_ns = vdi_deadline(timeout_ms);
    vdi_mutex_lock(events->lock);
    while (events->count == 0) {
        if (timeout_ms == 0 || vdi_cond_wait(events->arrived, events->lock, deadline_ns)) {
            if (events->count != 0) {
                break;
            }
            vdi_mutex_unlock(events->lock);
            return vdi_error(VDC_E_TIMEOUT, "%s: no event within %d ms", function, timeout_ms);
        }
    }
    event = events->ring[events->first];
    events->first = (events->first + 1) % SLOTS;
    events->count--;
    if (events->count == 0 && events->pollable != NULL) {
        vdi_pollable_clear(events->pollable);
    }
    vdi_mutex_unlock(events->lock);
    vdi_copy_out(out, &event, sizeof(event));
    return VDC_OK;
}

VDC_API(int) vdc_context_get_handle(vdc_handle *out, vdc_context *context)
{
    static const char function[] = "vdc_context_get_handle";
    struct vdi_events *events;
    int status = vdi_check_context(context, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    vdi_context_watch(context);
    events = context->base.events;
    vdi_mutex_lock(events->lock);
    if (events->pollable == NULL) {
        status = vdi_pollable_create(&events->pollable, VDI_NO_HANDLE);
        if (status == VDC_OK && events->count != 0) {
            vdi_pollable_set(events->pollable);
        }
    }
    if (status == VDC_OK) {
        *out = vdi_pollable_handle(events->pollable);
    }
    vdi_mutex_unlock(events->lock);
    return status;
}
