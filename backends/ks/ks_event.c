/* SPDX-License-Identifier: MIT */
/*
 * What a device changes by itself: controls, the signal, its firmware. Where the driver tells of it by events of kernel
 * streaming, a listener hears them, stream or not; where it does not, Vidicon's card is looked at now and then by whoever waits
 * for frames. An event only says that something changed, so what it is now is read and compared with what was known: of two
 * changes in one moment the last one is told, and nothing of what the application set itself.
 */
#include "ks_stream.h"

#define LOOK_NS INT64_C(40000000)

/* A plain filter's events: this one, then one for each of its controls. */
#define PLAIN_LOST  0u
#define PLAIN_FIRST 1u

/* ---- Which events ---- */

static int is_level(const struct ks_control *control)
{
    return control->place == KS_PLACE_PROCAMP || control->place == KS_PLACE_CAMERA;
}

static struct ks_property event_of(const struct ks_guid *set, uint32_t id)
{
    struct ks_property event = {*set, id, KS_EVENT_ENABLE};

    return event;
}

/* Drivers that tell of a control do so by its property's set and number. */
uint32_t ks_events_wanted(const struct ks_device *device, struct ks_property out[KS_EVENTS_MOST])
{
    uint32_t count = 0;

    if (device->own) {
        while (count < VDW_EVENT_COUNT) {
            out[count] = event_of(&ks_set_own, count);
            count++;
        }
        return count;
    }
    out[count++] = event_of(&ks_event_device, KS_EVENT_DEVICE_LOST);
    for (uint32_t i = 0; i < device->control_count && count < KS_EVENTS_MOST; i++) {
        const struct ks_control *control = &device->controls[i];

        if (is_level(control)) {
            out[count++] =
                event_of(control->place == KS_PLACE_CAMERA ? &ks_set_camera : &ks_set_procamp,
                         control->property);
        }
    }
    return count;
}

int ks_events_suffice(const struct ks_device *device, uint64_t accepted)
{
    const uint64_t needed = UINT64_C(1) << VDW_EVENT_SIGNAL | UINT64_C(1) << VDW_EVENT_CONTROL;

    return device->own && (accepted & needed) == needed;
}

/* ---- Looks, with the lock `values`; they return enum ks_result ---- */

static int is_told(const struct ks_control *control)
{
    return control->info.type != VDC_CONTROL_BUTTON && control->place != KS_PLACE_PATTERN &&
           control->place != KS_PLACE_FLIP;
}

static uint32_t look_at_control(struct ks_device *device, struct ks_control *control, int tell)
{
    int64_t value = 0;
    uint32_t result;

    if (!is_told(control)) {
        return KS_OK;
    }
    result = ks_control_read(device, control, &value);
    if (result == KS_OK && value != control->last) {
        control->last = value;
        if (tell) {
            vdi_device_event(device->device, VDC_EVENT_CONTROL_CHANGED, control->info.id, value);
        }
    }
    return result;
}

static uint32_t look_at_controls(struct ks_device *device, int tell)
{
    uint32_t result = KS_OK;

    for (uint32_t i = 0; i < device->control_count && !ks_is_gone(result); i++) {
        result = look_at_control(device, &device->controls[i], tell);
    }
    return result;
}

static uint32_t look_at_signal(struct ks_device *device, int tell)
{
    struct vdw_signal signal;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_SIGNAL, 0, 0, &signal, sizeof(signal));

    if (result == KS_OK && signal.changes != device->signal_changes) {
        device->signal_changes = signal.changes;
        if (tell) {
            vdi_device_event(device->device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
        }
    }
    return result;
}

static uint32_t look_at_firmware(struct ks_device *device, int tell)
{
    struct vdw_firmware_status *known = &device->firmware;
    struct vdw_firmware_status now;
    uint32_t result = ks_own_get(device, VDW_PROPERTY_FIRMWARE_STATUS, 0, 0, &now, sizeof(now));

    if (result != KS_OK || atomic_load(&device->operating)) {
        return result;
    }
    if (tell &&
        (now.runs != known->runs || now.version != known->version || now.source != known->source)) {
        atomic_store(&device->stale, 1);
        vdi_device_event(device->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    *known = now;
    return result;
}

static uint32_t look_at_all(struct ks_device *device)
{
    int tell = (int)device->known;
    uint32_t result = look_at_controls(device, tell);

    if (device->own && !ks_is_gone(result)) {
        result = look_at_signal(device, tell);
    }
    if (device->own && !ks_is_gone(result)) {
        result = look_at_firmware(device, tell);
    }
    device->known = 1;
    return result;
}

/* ---- Events of the driver ---- */

static uint32_t take_own(struct ks_device *device, uint32_t event)
{
    struct vdw_identity identity;

    switch (event) {
    case VDW_EVENT_SIGNAL:
        return look_at_signal(device, 1);
    case VDW_EVENT_CONTROL:
        return look_at_controls(device, 1);
    case VDW_EVENT_FIRMWARE:
        return look_at_firmware(device, 1);
    default: /* an error: is it still there? */
        return ks_own_get(device, VDW_PROPERTY_IDENTITY, 0, 0, &identity, sizeof(identity));
    }
}

/* The control and its automatic mode are one property. */
static uint32_t take_plain(struct ks_device *device, uint32_t event)
{
    uint32_t at = PLAIN_FIRST;
    uint32_t result = KS_OK;

    if (event == PLAIN_LOST) {
        return KS_DEVICE_REMOVED;
    }
    for (uint32_t i = 0; i < device->control_count; i++) {
        struct ks_control *control = &device->controls[i];

        if (is_level(control) && at++ == event) {
            result = look_at_control(device, control, 1);
            if (i + 1 < device->control_count && result == KS_OK &&
                control[1].property == control->property && !is_level(&control[1])) {
                result = look_at_control(device, &control[1], 1);
            }
            break;
        }
    }
    return result;
}

void ks_events_happened(void *user, uint32_t event)
{
    struct ks_device *device = user;
    uint32_t result;

    vdi_mutex_lock(device->values);
    if (event == KS_EVENT_BEGIN || !device->known) {
        result = look_at_all(device);
    } else {
        result = device->own ? take_own(device, event) : take_plain(device, event);
    }
    vdi_mutex_unlock(device->values);
    if (ks_is_gone(result)) {
        ks_watch_lost(device);
    }
}

/* ---- Where the driver tells nothing ---- */

void ks_events_begin(struct ks_stream *st)
{
    if (!atomic_load(&st->device->heard)) {
        vdi_mutex_lock(st->device->values);
        st->device->known = 0;
        (void)look_at_all(st->device);
        vdi_mutex_unlock(st->device->values);
    }
    st->look_ns = vdi_now_ns() + LOOK_NS;
}

void ks_events_look(struct ks_stream *st)
{
    if (!atomic_load(&st->device->heard)) {
        vdi_mutex_lock(st->device->values);
        (void)look_at_all(st->device);
        vdi_mutex_unlock(st->device->values);
    }
    st->look_ns = vdi_now_ns() + LOOK_NS;
}
