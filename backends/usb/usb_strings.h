/* SPDX-License-Identifier: MIT */
/*
 * Strings of a device as the system read them when the device came. They are there while the device is busy or asleep, and for who
 * may not open it.
 */
#ifndef USB_STRINGS_H
#define USB_STRINGS_H

#include <stdint.h>

/* A device, by all that libusb and the system both say of it. */
struct usb_place {
    const char *port; /* "1-2.3" */
    uint8_t bus;
    uint8_t address;
    uint16_t vendor;
    uint16_t product;
};

/* As libusb_get_string_descriptor_ascii() gives them, cut off where it cuts them off; "" if not known. */
struct usb_strings {
    char serial[32];
    char product[64];
};

/* Of Linux: by its list of devices, which tests put elsewhere. */
void usb_strings_read(struct usb_strings *out, const char *devices, const struct usb_place *place);

#endif
