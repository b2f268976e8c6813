/* SPDX-License-Identifier: MIT */
/* Handles are descriptors here; one with a state is an eventfd. */
#include "handles.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool handle_is_ready(vdc_handle handle, int timeout_ms)
{
    struct pollfd fd = {static_cast<int>(handle), POLLIN, 0};
    return poll(&fd, 1, timeout_ms) == 1;
}

bool handles_can_be_joined()
{
    return true;
}

vdc_handle handle_create()
{
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

int handle_set(vdc_handle handle, bool ready)
{
    uint64_t value = 1;
    int fd = static_cast<int>(handle);
    return (ready ? write(fd, &value, 8) : read(fd, &value, 8)) == 8 ? 0 : -1;
}

void handle_destroy(vdc_handle handle)
{
    close(static_cast<int>(handle));
}
