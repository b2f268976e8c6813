/* SPDX-License-Identifier: MIT */
/* What stands behind the '?' of an id, and in the environment. Pure: no device. */
#ifndef USB_OPTIONS_H
#define USB_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum usb_choice { USB_AUTO, USB_ON, USB_OFF };

struct usb_options {
    char path[128];          /* what names the device, "" for the first */
    char firmware[256];      /* a file, "none", or "" for the embedded image */
    uint32_t transfer_bytes; /* 0: chosen by usb_tune.c; a multiple of 1024 */
    uint32_t in_flight_bytes;
    uint32_t return_ms; /* how long a device may take to come back to the bus */
    enum usb_choice devmem;
};

/* 0, or -1 and `why`. */
int usb_options_parse(struct usb_options *out, const char *text, char *why, size_t why_size);
/* One setting by name; `value` is terminated. 0, or -1 if there is no such or its value is wrong. */
int usb_options_set(struct usb_options *out, const char *name, const char *value);

#endif
