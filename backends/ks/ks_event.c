/* SPDX-License-Identifier: MIT */
/*
 * What Vidicon's card changes by itself: controls and the signal. While a stream runs they are looked at now and then, by
 * whoever waits for frames; what the application set is remembered, so that it is not told of its own doing.
 */
#include "ks_stream.h"

#define LOOK_NS INT64_C(40000000)

static int is_told(const struct ks_control *control)
{
    return control->place == KS_PLACE_OWN && control->info.type != VDC_CONTROL_BUTTON;
}

static int read_value(const struct ks_device *device, const struct ks_control *control,
                      int32_t *value)
{
    return ks_own_get(device, VDW_PROPERTY_CONTROL, control->property, 0, value, sizeof(*value)) ==
           KS_OK;
}

static void look_at_controls(struct ks_device *device, int tell)
{
    for (uint32_t i = 0; i < device->control_count; i++) {
        struct ks_control *control = &device->controls[i];
        int32_t value = 0;

        if (!is_told(control)) {
            continue;
        }
        vdi_mutex_lock(device->values);
        if (read_value(device, control, &value) && value != control->last) {
            control->last = value;
            if (tell) {
                vdi_device_event(device->device, VDC_EVENT_CONTROL_CHANGED, control->info.id,
                                 value);
            }
        }
        vdi_mutex_unlock(device->values);
    }
}

static void look_at_signal(struct ks_device *device, int tell)
{
    struct vdw_signal signal;

    if (ks_own_get(device, VDW_PROPERTY_SIGNAL, 0, 0, &signal, sizeof(signal)) == KS_OK &&
        signal.changes != device->signal_changes) {
        device->signal_changes = signal.changes;
        if (tell) {
            vdi_device_event(device->device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
        }
    }
}

void ks_events_begin(struct ks_stream *st)
{
    look_at_controls(st->device, 0);
    look_at_signal(st->device, 0);
    st->look_ns = vdi_now_ns() + LOOK_NS;
}

void ks_events_look(struct ks_stream *st)
{
    look_at_controls(st->device, 1);
    look_at_signal(st->device, 1);
    st->look_ns = vdi_now_ns() + LOOK_NS;
}
