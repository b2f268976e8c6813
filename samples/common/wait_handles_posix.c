/* SPDX-License-Identifier: MIT */
/* The handles are file descriptors. They are only polled, never read from. */
#include "wait_handles.h"

#include <errno.h>
#include <poll.h>

int wait_handles(int *ready, const vdc_handle *handles, int count, int timeout_ms)
{
    struct pollfd polls[WAIT_HANDLES_MAX];
    int result;

    if (count < 1 || count > WAIT_HANDLES_MAX) {
        return -1;
    }
    for (int i = 0; i < count; i++) {
        polls[i].fd = (int)handles[i];
        polls[i].events = POLLIN;
        polls[i].revents = 0;
    }
    result = poll(polls, (nfds_t)count, timeout_ms);
    if (result < 0) {
        return errno == EINTR ? 0 : -1;
    }
    for (int i = 0; i < count; i++) {
        ready[i] = polls[i].revents != 0;
    }
    return result;
}
