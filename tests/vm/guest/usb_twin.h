/* SPDX-License-Identifier: MIT */
/* A model of the test's own, in the same state as the card's: what its pictures must be. */
#ifndef USB_TWIN_H
#define USB_TWIN_H

#include <stdint.h>

struct usb_twin;

/* With that firmware, in the mode and format that usb_select() takes. NULL if it does not boot. */
struct usb_twin *usb_twin_create(const char *image, uint32_t width);
void usb_twin_destroy(struct usb_twin *twin);
/* Is this frame `sequence` of a capture, byte for byte? */
int usb_twin_agrees(struct usb_twin *twin, const uint8_t *frame, uint32_t sequence);

/* The registers that show the pattern in the first mode of that width: `set` is called for each.
 * `tables` are the running firmware's. 0, or -1 if there is no such mode. */
int usb_mode_registers(const uint8_t *tables, uint32_t bytes, uint32_t width,
                       int (*set)(void *context, uint32_t offset, uint32_t value), void *context);

#endif
