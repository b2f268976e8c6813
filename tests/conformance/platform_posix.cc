/* SPDX-License-Identifier: MIT */
/*
 * Readiness of a handle by poll(). The only file of the suite that calls the system; its twin is
 * platform_windows.cc. An error of poll counts as ready, so that it cannot hide.
 */
#include <poll.h>

#include "suite.h"

bool PlatformReady(vdc_handle handle, int timeout_ms)
{
    pollfd item = {};
    item.fd = static_cast<int>(handle);
    item.events = POLLIN;
    return poll(&item, 1, timeout_ms) != 0;
}

int PlatformOvertaken(int frames)
{
    return 3 + frames / 10;
}
