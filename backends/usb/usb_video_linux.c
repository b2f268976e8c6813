/* SPDX-License-Identifier: MIT */
/*
 * Whether another program streams from a camera through the kernel's driver, before that is taken away from it. The driver says so
 * to who asks it for no buffers at all: that changes nothing, and is refused while somebody else has some.
 */
#include "usb_video.h"
#include "usb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/videodev2.h>

int usb_video_is_busy(const char *node)
{
    struct v4l2_requestbuffers none;
    int file = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int busy;

    if (file < 0)
        return errno == EBUSY;
    memset(&none, 0, sizeof(none));
    none.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    none.memory = V4L2_MEMORY_MMAP;
    busy = ioctl(file, VIDIOC_REQBUFS, &none) < 0 && errno == EBUSY;
    (void)close(file);
    return busy;
}

/* The nodes of one interface: 1 and its path if one is busy. */
static int look_in(char *out, size_t size, const char *folder, const char *dev,
                   int (*is_busy)(const char *node))
{
    DIR *nodes = opendir(folder);
    struct dirent *entry;
    int found = 0;

    while (nodes && !found && (entry = readdir(nodes))) {
        if (strncmp(entry->d_name, "video", 5) != 0)
            continue;
        (void)snprintf(out, size, "%s/%.32s", dev, entry->d_name);
        found = is_busy(out);
    }
    if (nodes)
        (void)closedir(nodes);
    return found;
}

int usb_video_find_busy(char *out, size_t size, const char *sys, const char *dev, const char *port,
                        int (*is_busy)(const char *node))
{
    DIR *devices = opendir(sys);
    size_t length = strlen(port);
    struct dirent *entry;
    char folder[512];
    int found = 0;

    /* Interfaces are "PORT:CONFIGURATION.NUMBER". */
    while (devices && !found && (entry = readdir(devices))) {
        if (strncmp(entry->d_name, port, length) != 0 || entry->d_name[length] != ':')
            continue;
        (void)snprintf(folder, sizeof(folder), "%s/%.64s/video4linux", sys, entry->d_name);
        found = look_in(out, size, folder, dev, is_busy);
    }
    if (devices)
        (void)closedir(devices);
    return found;
}

int usb_platform_streams(char *node, size_t size, const char *port)
{
    return usb_video_find_busy(node, size, "/sys/bus/usb/devices", "/dev", port, usb_video_is_busy);
}
