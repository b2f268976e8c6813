/* SPDX-License-Identifier: MIT */
/* A USB card by bare libusb, for usb_check and usb_loop. Everything returns 0, or says what failed. */
#ifndef USB_CHECK_H
#define USB_CHECK_H

#include <libusb.h>
#include <stdint.h>

struct usb_card {
    libusb_context *context;
    libusb_device_handle *handle;
    uint16_t product;
    int speed;
    char serial[32];
};

uint64_t usb_now_ns(void);
int usb_fail(const char *what, long long got);

/* Opens the card at that speed (LIBUSB_SPEED_*), whichever id it has, within `seconds`. */
int usb_open(struct usb_card *card, int speed, unsigned seconds);
void usb_close(struct usb_card *card);
/* Brings firmware up from `file` if none runs: the card comes back under its other id. */
int usb_boot(struct usb_card *card, int speed, const char *file);

int usb_get(struct usb_card *card, uint32_t offset, uint32_t *value);
int usb_set(struct usb_card *card, uint32_t offset, uint32_t value);
/* The first mode of that width, in YUYV, with the pattern. */
int usb_select(struct usb_card *card, uint32_t width, uint32_t *frame_bytes);

#endif
