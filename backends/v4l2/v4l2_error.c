/* SPDX-License-Identifier: MIT */
/*
 * From errno to a status and a text that says what to do. The same number means different things at
 * different calls; what is special is said where it happens, this is the rest.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Signals come one at a time; whoever interrupts more often than that is no signal. */
#define INTERRUPTS_MAX 1000

int v4l2_call(int fd, unsigned long request, void *argument)
{
    for (int turn = 0; turn < INTERRUPTS_MAX; turn++) {
        int error;

        if (v4l2_system->ioctl(fd, request, argument) >= 0) {
            return 0;
        }
        error = errno;
        if (error != EINTR) {
            return error != 0 ? error : EIO;
        }
    }
    return EINTR;
}

int v4l2_status_of(int error)
{
    switch (error) {
    case ENODEV:
    case ENXIO:
        return VDC_E_GONE;
    case EBUSY:
        return VDC_E_BUSY;
    case ENOMEM:
    case ENOBUFS:
        return VDC_E_NO_MEMORY;
    case EACCES:
    case EPERM:
        return VDC_E_PERMISSION;
    case EINVAL:
    case ERANGE:
        return VDC_E_RANGE;
    case ENOTTY:
    case EOPNOTSUPP:
        return VDC_E_UNSUPPORTED;
    default:
        return VDC_E_IO;
    }
}

static const char *advice(int error)
{
    switch (error) {
    case ENOSPC:
        return "; the bus has no room for that stream: take a smaller format or another USB port";
    case EACCES:
    case EPERM:
        return "; the user needs access to the node, by the group \"video\" for instance";
    case EIO:
        return "; the driver could not do it: see the kernel's log, and start again";
    case EPIPE:
        return "; the source has ended the stream: start it again";
    case ENOLINK:
        return "; the input has no signal";
    default:
        return "";
    }
}

static const char *words(int error)
{
    return error == EPROTO ? "what the driver says is impossible" : strerror(error);
}

int v4l2_failure(const struct v4l2_device *device, int error, const char *what)
{
    const char *id = device->info.id;
    const char *path = device->node.path;

    if (error == EBUSY) {
        char holder[64] = "";

        v4l2_system->holder(holder, sizeof(holder), path);
        return vdi_error(VDC_E_BUSY,
                         "%s on \"%s\" (%s): %s%s has it in use; stop that, then try again", what,
                         id, path, holder[0] != '\0' ? "the process " : "another program", holder);
    }
    if (error == ENODEV || error == ENXIO) {
        return vdi_error(VDC_E_GONE, "%s on \"%s\" (%s): the device was unplugged; close it", what,
                         id, path);
    }
    return vdi_error(v4l2_status_of(error), "%s on \"%s\" (%s): %s%s", what, id, path, words(error),
                     advice(error));
}
