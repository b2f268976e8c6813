/* SPDX-License-Identifier: MIT */
/*
 * Events of the device: the list of who listens, IOCTL_KS_ENABLE_EVENT and IOCTL_KS_DISABLE_EVENT. A listener's event object
 * belongs to another process and is borrowed from there. Only device events that set an event object are modelled, and
 * only the end of all of a handle's at once: a request's place in the other process is not seen here.
 */
#include <stdlib.h>
#include <string.h>

#include "class.h"

struct listening {
    struct listening *next;
    struct file *file;
    void *event;
    KSEVENT_ENTRY entry;
    KSEVENTDATA data;
};

static struct listening *list;

static void tell_minidriver(struct listening *one, BOOLEAN enable, ULONG set, NTSTATUS *status)
{
    HW_EVENT_DESCRIPTOR descriptor;

    memset(&descriptor, 0, sizeof(descriptor));
    descriptor.Enable = enable;
    descriptor.EventEntry = &one->entry;
    descriptor.EventData = &one->data;
    descriptor.DeviceExtension = standin.extension;
    descriptor.EnableEventSetIndex = set;
    *status = standin.descriptor->StreamHeader.DeviceEventRoutine(&descriptor);
}

static const KSEVENT_ITEM *find(const KSEVENT *event, ULONG *set)
{
    const HW_STREAM_HEADER *header = &standin.descriptor->StreamHeader;

    for (*set = 0; *set < header->NumDevEventArrayEntries; ++*set) {
        const KSEVENT_SET *one = &header->DeviceEventsArray[*set];

        for (ULONG i = 0; memcmp(one->Set, &event->Set, sizeof(GUID)) == 0 && i < one->EventsCount;
             i++) {
            if (one->EventItem[i].EventId == event->Id)
                return &one->EventItem[i];
        }
    }
    return NULL;
}

static NTSTATUS enable(struct file *file, const KSEVENT *event, const KSEVENTDATA *data)
{
    ULONG set;
    const KSEVENT_ITEM *item = find(event, &set);
    struct listening *one;
    NTSTATUS status;

    if (!item)
        return STATUS_NOT_FOUND;
    if (event->Flags != KSEVENT_TYPE_ENABLE || data->NotificationType != KSEVENTF_EVENT_HANDLE)
        return STATUS_INVALID_PARAMETER;
    one = calloc(1, sizeof(*one));
    if (!one)
        return STATUS_INSUFFICIENT_RESOURCES;
    one->file = file;
    one->data = *data;
    one->entry.EventData = &one->data;
    one->entry.NotificationType = data->NotificationType;
    one->entry.EventSet = &standin.descriptor->StreamHeader.DeviceEventsArray[set];
    one->entry.EventItem = item;
    one->event = machine_event_borrow(file->process, data->EventHandle.Event);
    if (one->event)
        tell_minidriver(one, TRUE, set, &status);
    else
        status = STATUS_INVALID_HANDLE;
    if (status != STATUS_SUCCESS) {
        if (one->event)
            machine_event_destroy(one->event);
        free(one);
        return status;
    }
    one->next = list;
    list = one;
    return STATUS_SUCCESS;
}

void event_enable(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);
    const KSEVENT *event = at->Parameters.DeviceIoControl.Type3InputBuffer;
    const KSEVENTDATA *data = job->irp->UserBuffer;
    NTSTATUS status = STATUS_INVALID_BUFFER_SIZE;

    if (standin.state != DEVICE_RUNS || !standin.descriptor)
        status = STATUS_DEVICE_REMOVED;
    else if (event && data && at->Parameters.DeviceIoControl.InputBufferLength >= sizeof(*event) &&
             at->Parameters.DeviceIoControl.OutputBufferLength >= sizeof(*data))
        status = enable(job->file, event, data);
    file_end(job, status, 0);
}

void event_forget(const struct file *file)
{
    struct listening **at = &list;

    while (*at) {
        struct listening *one = *at;
        NTSTATUS status;

        if (one->file != file) {
            at = &one->next;
            continue;
        }
        *at = one->next;
        /* Of a device that was put in anew the minidriver knows nothing. */
        if (standin.state == DEVICE_RUNS && standin.descriptor)
            tell_minidriver(one, FALSE, 0, &status);
        machine_event_destroy(one->event);
        free(one);
    }
}

void event_disable(struct job *job)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(job->irp);

    if (at->Parameters.DeviceIoControl.InputBufferLength != 0) {
        file_end(job, STATUS_NOT_SUPPORTED, 0);
        return;
    }
    event_forget(job->file);
    file_end(job, STATUS_SUCCESS, 0);
}

void event_signal(const GUID *set, ULONG id)
{
    for (const struct listening *one = list; one; one = one->next) {
        if (one->entry.EventItem->EventId == id &&
            memcmp(one->entry.EventSet->Set, set, sizeof(*set)) == 0)
            machine_event_set(one->event);
    }
}
