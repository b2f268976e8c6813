/* SPDX-License-Identifier: MIT */
/*
 * Readiness of a handle by WaitForSingleObject(). The twin of platform_posix.cc. Only a time-out
 * counts as not ready, so that an error cannot hide.
 */
#include <windows.h>

#include "suite.h"

bool PlatformReady(vdc_handle handle, int timeout_ms)
{
    DWORD timeout = timeout_ms < 0 ? INFINITE : static_cast<DWORD>(timeout_ms);
    return WaitForSingleObject(reinterpret_cast<HANDLE>(handle), timeout) != WAIT_TIMEOUT;
}

/* Under Wine each look is a question to another process, which takes its time. */
int PlatformOvertaken(int frames)
{
    return frames / 2;
}
