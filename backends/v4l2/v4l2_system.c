/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls on Linux. Nothing is decided here; every decision stands above, under test.
 * ioctl takes its request as unsigned long in glibc and as int in musl: the cast is the table's.
 */
#include "v4l2_system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "v4l2_udev.h"

static int open_node(const char *path)
{
    return open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static int control(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument);
}

static void *map(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset)
{
    return mmap(address, bytes, protection, flags, fd, offset);
}

static int wait_for(struct pollfd *fds, unsigned count, int timeout_ms)
{
    return poll(fds, count, timeout_ms);
}

static int event_create(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static void event_set(int fd)
{
    const uint64_t one = 1;
    ssize_t written;

    do {
        written = write(fd, &one, sizeof(one));
    } while (written < 0 && errno == EINTR);
}

static void event_clear(int fd)
{
    uint64_t count;
    ssize_t taken;

    do {
        taken = read(fd, &count, sizeof(count));
    } while (taken < 0 && errno == EINTR);
}

static int64_t coarse_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

const struct v4l2_system v4l2_system_linux = {
    .open = open_node,
    .close = close,
    .ioctl = control,
    .map = map,
    .unmap = munmap,
    .poll = wait_for,
    .event_create = event_create,
    .event_set = event_set,
    .event_clear = event_clear,
    .coarse_ns = coarse_ns,
    .coarse_error_ns = 10000000, /* a tick of the slowest kernel, 100 Hz */
    .enumerate = v4l2_udev_enumerate,
    .monitor_open = v4l2_udev_monitor_open,
    .monitor_read = v4l2_udev_monitor_read,
    .monitor_close = v4l2_udev_monitor_close,
    .holder = v4l2_udev_holder,
};

const struct v4l2_system *v4l2_system = &v4l2_system_linux;
