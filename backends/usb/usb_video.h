/* SPDX-License-Identifier: MIT */
/* The parts of usb_platform_streams() on Linux, for tests. */
#ifndef USB_VIDEO_H
#define USB_VIDEO_H

#include <stddef.h>

/* Whether somebody else has buffers of it. */
int usb_video_is_busy(const char *node);
/* 1 and its path if one of the video nodes of the device at `port` ("1-2.3") is busy. */
int usb_video_find_busy(char *out, size_t size, const char *sys, const char *dev, const char *port,
                        int (*is_busy)(const char *node));

#endif
