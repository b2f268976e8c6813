/* SPDX-License-Identifier: MIT */
/*
 * Events of kernel streaming: each has an event of the system that the driver sets, and one thread waits for all. The driver
 * knows an enabled event by the place of its KSEVENTDATA, and forgets all of a handle's when asked without one.
 */
#include "ks_win32.h"

#include <winioctl.h>

#include <ks.h>
#include <stdlib.h>

#include "ks_abi.h"
#include "ks_system.h"

struct listener {
    HANDLE thread;
    struct ks_handle *filter;
    void (*happened)(void *user, uint32_t event);
    void *user;
    DWORD count; /* of the next two; the first is the one that ends the thread */
    HANDLE signals[KS_EVENTS_MOST + 1];
    uint32_t events[KS_EVENTS_MOST + 1];
    KSEVENTDATA data[KS_EVENTS_MOST + 1];
};

_Static_assert(KS_EVENTS_MOST + 1 <= MAXIMUM_WAIT_OBJECTS, "one thread waits for all");

static DWORD WINAPI run(void *argument)
{
    struct listener *listener = argument;
    DWORD which;

    listener->happened(listener->user, KS_EVENT_BEGIN);
    while ((which = WaitForMultipleObjects(listener->count, listener->signals, FALSE, INFINITE)) !=
               WAIT_OBJECT_0 &&
           which < WAIT_OBJECT_0 + listener->count) {
        listener->happened(listener->user, listener->events[which - WAIT_OBJECT_0]);
    }
    return 0;
}

static void destroy(struct listener *listener)
{
    uint32_t returned;

    if (listener->thread != NULL) {
        SetEvent(listener->signals[0]);
        WaitForSingleObject(listener->thread, INFINITE);
        CloseHandle(listener->thread);
    }
    (void)ks_control_file(listener->filter, IOCTL_KS_DISABLE_EVENT, NULL, 0, NULL, 0, &returned);
    for (DWORD i = 0; i < listener->count; i++) {
        CloseHandle(listener->signals[i]);
    }
    free(listener);
}

static DWORD add_signal(struct listener *listener, uint32_t event)
{
    HANDLE signal = CreateEventW(NULL, FALSE, FALSE, NULL);

    if (signal == NULL) {
        return GetLastError();
    }
    listener->events[listener->count] = event;
    listener->signals[listener->count++] = signal;
    return ERROR_SUCCESS;
}

static DWORD enable(struct listener *listener, const struct ks_property *wanted, uint32_t event)
{
    DWORD result = add_signal(listener, event);
    KSEVENTDATA *data = &listener->data[listener->count - 1];
    struct ks_property request = *wanted;
    uint32_t returned;

    if (result != ERROR_SUCCESS) {
        return result;
    }
    data->NotificationType = KSEVENTF_EVENT_HANDLE;
    data->EventHandle.Event = listener->signals[listener->count - 1];
    result = ks_control_file(listener->filter, IOCTL_KS_ENABLE_EVENT, &request, sizeof(request),
                             data, sizeof(*data), &returned);
    if (result != ERROR_SUCCESS) {
        CloseHandle(listener->signals[--listener->count]);
    }
    return result;
}

uint32_t ks_listen(void **out, uint64_t *accepted, struct ks_handle *filter,
                   const struct ks_property *events, uint32_t count,
                   void (*happened)(void *user, uint32_t event), void *user)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    DWORD result;

    *accepted = 0;
    if (listener == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    listener->filter = filter;
    listener->happened = happened;
    listener->user = user;
    result = add_signal(listener, 0);
    for (uint32_t i = 0; i < count && i < KS_EVENTS_MOST && listener->count != 0; i++) {
        DWORD one = enable(listener, &events[i], i);

        if (one == ERROR_SUCCESS) {
            *accepted |= UINT64_C(1) << i;
        } else {
            result = one;
        }
    }
    if (*accepted != 0) {
        listener->thread = CreateThread(NULL, 0, run, listener, 0, NULL);
        result = listener->thread != NULL ? ERROR_SUCCESS : GetLastError();
    }
    if (listener->thread == NULL) {
        *accepted = 0;
        destroy(listener);
        return result != ERROR_SUCCESS ? result : ERROR_SET_NOT_FOUND;
    }
    *out = listener;
    return ERROR_SUCCESS;
}

void ks_unlisten(void *listener)
{
    destroy(listener);
}
