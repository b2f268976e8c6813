/* SPDX-License-Identifier: MIT */
/* Handles are event objects here, and two cannot be waited for as one. */
#include "handles.h"

#include <windows.h>

bool handle_is_ready(vdc_handle handle, int timeout_ms)
{
    DWORD timeout = timeout_ms < 0 ? INFINITE : static_cast<DWORD>(timeout_ms);
    return WaitForSingleObject(reinterpret_cast<HANDLE>(handle), timeout) == WAIT_OBJECT_0;
}

bool handles_can_be_joined()
{
    return false;
}

vdc_handle handle_create()
{
    return -1;
}

int handle_set(vdc_handle, bool)
{
    return -1;
}

void handle_destroy(vdc_handle) {}
