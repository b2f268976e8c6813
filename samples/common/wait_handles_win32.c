/* SPDX-License-Identifier: MIT */
/* The handles are events. A wait tells the first that is signalled, so the others are asked too. */
#include "wait_handles.h"

#include <windows.h>

int wait_handles(int *ready, const vdc_handle *handles, int count, int timeout_ms)
{
    HANDLE objects[WAIT_HANDLES_MAX];
    int result = 0;

    if (count < 1 || count > WAIT_HANDLES_MAX) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        objects[i] = (HANDLE)handles[i];
        ready[i] = 0;
    }
    DWORD timeout = timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms;
    DWORD waited = WaitForMultipleObjects((DWORD)count, objects, FALSE, timeout);
    if (waited == WAIT_TIMEOUT) {
        return 0;
    }
    if (waited == WAIT_FAILED) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        ready[i] = WaitForSingleObject(objects[i], 0) == WAIT_OBJECT_0;
        result += ready[i];
    }
    return result;
}
