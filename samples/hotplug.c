/* SPDX-License-Identifier: MIT */
/*
 * Watches devices come and go. Those named on the command line it opens, so that changes of
 * their signal, controls and firmware are told too.
 *
 *     hotplug 60                                    for a minute
 *     hotplug 2 "sim:0?faults=signal-loss@time=300000,ms=200"
 *                                                   a simulated card loses its signal once
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vidicon/vidicon.h"

enum { DEVICES_MAX = 16 };

/* Events carry the id that the device's info has, which may be shorter than what it was opened by. */
static vdc_device *find_device(vdc_device *const *devices, int count, const char *id)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(vdc_device_get_info(devices[i])->id, id) == 0) {
            return devices[i];
        }
    }
    return NULL;
}

static const char *signal_text(vdc_device *device)
{
    static const char *const names[] = {"unknown", "none", "unstable", "locked", "mismatch"};
    vdc_signal signal = VDC_SIGNAL_INIT;

    if (!device || vdc_device_get_signal(&signal, device) != VDC_OK ||
        signal.state > VDC_SIGNAL_MISMATCH) {
        return "not known";
    }
    return names[signal.state];
}

static void print_event(const vdc_event *event, vdc_device *device)
{
    switch (event->kind) {
    case VDC_EVENT_DEVICE_ARRIVED:
        printf("%s arrived\n", event->device_id);
        break;
    case VDC_EVENT_DEVICE_REMOVED:
        printf("%s was removed\n", event->device_id);
        break;
    case VDC_EVENT_SIGNAL_CHANGED: /* An event says that it changed; ask for what it is now. */
        printf("%s: the signal changed, it is %s\n", event->device_id, signal_text(device));
        break;
    case VDC_EVENT_CONTROL_CHANGED:
        printf("%s: control %u is now %" PRId64 "\n", event->device_id, (unsigned)event->control,
               event->value);
        break;
    case VDC_EVENT_FIRMWARE_CHANGED:
        printf("%s: other firmware runs\n", event->device_id);
        break;
    case VDC_EVENT_LOST:
        printf("events were lost: list the devices anew\n");
        break;
    default: /* A newer library may know more. */
        printf("%s: event %u\n", event->device_id, (unsigned)event->kind);
        break;
    }
    fflush(stdout);
}

/* Begins the watch, and only then looks at what is there: so nothing slips in between. */
static int begin(vdc_context *context)
{
    vdc_handle handle;
    vdc_list *list = NULL;

    int status = vdc_context_get_handle(&handle, context);
    if (status == VDC_OK) {
        status = vdc_context_list_devices(&list, context);
    }
    for (size_t i = 0; i < vdc_list_count(list); i++) {
        printf("%s is here\n", vdc_list_device_at(list, i)->id);
    }
    vdc_list_destroy(list);
    return status;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *devices[DEVICES_MAX] = {NULL};
    int count = 0, status;

    if (argc < 2 || argc - 2 > DEVICES_MAX) {
        fprintf(stderr, "usage: hotplug SECONDS [ID]...\n");
        return 2;
    }
    time_t end = time(NULL) + (time_t)strtoul(argv[1], NULL, 10);

    status = vdc_context_create(&context, NULL);
    if (status == VDC_OK) {
        status = begin(context);
    }
    for (int i = 2; i < argc && status == VDC_OK; i++) {
        status = vdc_device_open(&devices[count], context, argv[i], 0);
        count += status == VDC_OK;
    }
    while (status == VDC_OK && time(NULL) < end) {
        vdc_event event = VDC_EVENT_INIT;

        status = vdc_context_wait_event(&event, context, 500);
        if (status == VDC_OK) {
            print_event(&event, find_device(devices, count, event.device_id));
        } else if (status == VDC_E_TIMEOUT) {
            status = VDC_OK; /* Nothing happened. */
        }
    }
    if (status != VDC_OK) {
        fprintf(stderr, "%s\n", vdc_error_text());
    }

    while (count > 0) {
        vdc_device_close(devices[--count]);
    }
    vdc_context_destroy(context);
    return status == VDC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
