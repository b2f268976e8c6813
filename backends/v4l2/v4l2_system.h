/* SPDX-License-Identifier: MIT */
/*
 * All that this backend asks of the system, as one table, so that everything above it is tested without a
 * device, on a scripted fake one. Calls that can fail return -1 and set errno, as the system's own do.
 */
#ifndef V4L2_SYSTEM_H
#define V4L2_SYSTEM_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A video node as the system knows it, unopened. Texts are "" where it knows none. */
struct v4l2_node {
    char path[64];      /* "/dev/video0" */
    char name[64];      /* for people */
    char model[48];     /* "046d:0825", with a serial number the device's own name */
    char serial[32];    /* printable, no blanks */
    char location[128]; /* place on its bus: "usb-0000:00:14.0-2:1.0", "pci-0000:00:03.0" */
    uint32_t index;     /* which node of its device, from 0 */
};

/* A node came or went. */
struct v4l2_change {
    int removed;
    char path[64];
};

struct v4l2_monitor;

typedef int (*v4l2_found_fn)(const struct v4l2_node *node, void *user);

struct v4l2_system {
    int (*open)(const char *path); /* read and write, non-blocking, close on exec */
    int (*close)(int fd);
    int (*ioctl)(int fd, unsigned long request, void *argument);
    void *(*map)(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset);
    int (*unmap)(void *address, size_t bytes);
    int (*poll)(struct pollfd *fds, unsigned count, int timeout_ms);
    /* For who waits again and again: the kernel knows once what to look at, and a turn costs less than poll(). The
     * node (frames and events), an event descriptor and a timer, in this order; *revents are as of poll(). */
    int (*watch_create)(int node_fd, int event_fd, int timer_fd);
    int (*watch_wait)(int watch_fd, short revents[3], int timeout_ms);
    int (*timer_create)(void);
    void (*timer_set)(int fd,
                      int64_t at_ns); /* readable from then on, as vdi_now_ns() counts; 0: never */
    int (*event_create)(void); /* a descriptor that is readable while it was set and not cleared */
    void (*event_set)(int fd);
    void (*event_clear)(int fd);
    int64_t (*coarse_ns)(void); /* the monotonic clock, cheaply; late by up to coarse_error_ns */
    int64_t coarse_error_ns;

    /* Calls `found` for each video node, in an order that stays. Ends early if it returns other than 0, with that. */
    int (*enumerate)(v4l2_found_fn found, void *user);
    /* Watches for nodes that come and go. *kind says how. */
    int (*monitor_open)(struct v4l2_monitor **out, int *fd, const char **kind);
    /* 1: a change; 0: no more for now. */
    int (*monitor_read)(struct v4l2_monitor *monitor, struct v4l2_change *out);
    void (*monitor_close)(struct v4l2_monitor *monitor);
    /* Which other process has the node open: "ffmpeg (4711)", "" if it cannot be told. */
    void (*holder)(char *text, size_t size, const char *path);
};

extern const struct v4l2_system v4l2_system_linux;
/* The one in use; only tests change it, while no context lives. */
extern const struct v4l2_system *v4l2_system;

#endif
