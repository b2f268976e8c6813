/* SPDX-License-Identifier: MIT */
/*
 * The table of system calls on Linux. Nothing is decided here; every decision stands above, under test.
 * ioctl takes its request as unsigned long in glibc and as int in musl: the cast is the table's.
 */
#include "v4l2_system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "v4l2_udev.h"

#define NS_PER_S 1000000000

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

static int watch_add(int watch_fd, int fd, uint32_t which, uint32_t events)
{
    struct epoll_event event;

    event.events = events;
    event.data.u64 = which;
    return epoll_ctl(watch_fd, EPOLL_CTL_ADD, fd, &event);
}

static int watch_create(int node_fd, int event_fd, int timer_fd)
{
    int watch_fd = epoll_create1(EPOLL_CLOEXEC);

    if (watch_fd >= 0 && (watch_add(watch_fd, node_fd, 0, EPOLLIN | EPOLLPRI) != 0 ||
                          watch_add(watch_fd, event_fd, 1, EPOLLIN) != 0 ||
                          watch_add(watch_fd, timer_fd, 2, EPOLLIN) != 0)) {
        int error = errno;

        close(watch_fd);
        errno = error;
        return -1;
    }
    return watch_fd;
}

/* The bits of both calls are the same. */
static int watch_wait(int watch_fd, short revents[3], int timeout_ms)
{
    struct epoll_event events[3];
    int count = epoll_wait(watch_fd, events, 3, timeout_ms);

    revents[0] = revents[1] = revents[2] = 0;
    for (int at = 0; at < count; at++) {
        revents[events[at].data.u64] = (short)events[at].events;
    }
    return count;
}

static int timer_make(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

static void timer_set(int fd, int64_t at_ns)
{
    const struct itimerspec at = {
        .it_value = {.tv_sec = (time_t)(at_ns / NS_PER_S), .tv_nsec = (long)(at_ns % NS_PER_S)}
    };

    (void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
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
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

const struct v4l2_system v4l2_system_linux = {
    .open = open_node,
    .close = close,
    .ioctl = control,
    .map = map,
    .unmap = munmap,
    .poll = wait_for,
    .watch_create = watch_create,
    .watch_wait = watch_wait,
    .timer_create = timer_make,
    .timer_set = timer_set,
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
