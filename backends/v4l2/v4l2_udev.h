/* SPDX-License-Identifier: MIT */
/* Nodes by libudev, their coming and going, and who holds one: the part of the system's table that is more
 * than a call. */
#ifndef V4L2_UDEV_H
#define V4L2_UDEV_H

#include "v4l2_system.h"

int v4l2_udev_enumerate(v4l2_found_fn found, void *user);
int v4l2_udev_monitor_open(struct v4l2_monitor **out, int *fd, const char **kind);
int v4l2_udev_monitor_read(struct v4l2_monitor *monitor, struct v4l2_change *out);
void v4l2_udev_monitor_close(struct v4l2_monitor *monitor);
void v4l2_udev_holder(char *text, size_t size, const char *path);

#endif
