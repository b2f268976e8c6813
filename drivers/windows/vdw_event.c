/* SPDX-License-Identifier: MIT */
/*
 * Events of the device: that something changed. What changed, programs read from the properties; the
 * class driver keeps the list of who listens.
 */
#include "vdw.h"

static const KSEVENT_ITEM items[VDW_EVENT_COUNT] = {
    {VDW_EVENT_SIGNAL,   sizeof(KSEVENTDATA), 0, NULL, NULL, NULL},
    {VDW_EVENT_CONTROL,  sizeof(KSEVENTDATA), 0, NULL, NULL, NULL},
    {VDW_EVENT_FIRMWARE, sizeof(KSEVENTDATA), 0, NULL, NULL, NULL},
    {VDW_EVENT_ERROR,    sizeof(KSEVENTDATA), 0, NULL, NULL, NULL},
};

const KSEVENT_SET vdw_event_sets[1] = {
    {&vdw_set_own, VDW_EVENT_COUNT, items},
};

/* The class driver adds and removes the entry itself, and only for items of the set above; this does
 * not rely on it. To stop listening always works. */
NTSTATUS STREAMAPI vdw_event_routine(PHW_EVENT_DESCRIPTOR descriptor)
{
    struct vdw_device *device = (struct vdw_device *)(void *)descriptor->DeviceExtension;

    if (!descriptor->Enable)
        return STATUS_SUCCESS;
    if (descriptor->EnableEventSetIndex != 0 || !descriptor->EventEntry ||
        !descriptor->EventEntry->EventItem ||
        descriptor->EventEntry->EventItem->EventId >= VDW_EVENT_COUNT)
        return STATUS_NOT_FOUND;
    if (device->gone)
        return STATUS_DEVICE_REMOVED;
    vdw_device_wake(device);
    return STATUS_SUCCESS;
}

void vdw_event_signal(struct vdw_device *device, enum vdw_event event)
{
    /* Before the class driver has the tables there is nobody to listen. */
    if (!device->info_shown)
        return;
    StreamClassDeviceNotification(SignalMultipleDeviceEvents, device, &vdw_set_own, (ULONG)event);
}
