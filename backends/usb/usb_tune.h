/* SPDX-License-Identifier: MIT */
/* How many transfers, how large, and whether it can work at all: arithmetic with a reason. */
#ifndef USB_TUNE_H
#define USB_TUNE_H

#include <stddef.h>
#include <stdint.h>

/* What a link carries as payload, in bytes a second: 13 packets of 512 in 125 us; and what is left of
 * 5 Gbit/s behind coding, headers and turn-around. */
#define USB_HIGH_BYTES_S  UINT64_C(53248000)
#define USB_SUPER_BYTES_S UINT64_C(400000000)

struct usb_plan {
    uint32_t transfer_bytes;
    uint32_t in_flight_bytes; /* asked for and not arrived, at most */
    uint32_t piece_count;
    int whole;            /* every buffer is asked for as soon as it is there */
    uint32_t apart_bytes; /* in flight, if that cannot be after all */
};

struct usb_load {
    uint32_t frame_bytes;
    uint32_t interval_num;
    uint32_t interval_den;
    int super;               /* SuperSpeed link */
    int mapped;              /* into memory of the controller: nothing is copied */
    uint32_t buffer_count;   /* of such memory; 0: not known */
    uint64_t budget_bytes;   /* for all transfers, 0: no limit known */
    uint64_t buffers_bytes;  /* of the budget, that buffers take */
    int64_t request_ns;      /* the shortest request this controller was seen to do */
    uint32_t transfer_bytes; /* asked for, 0: choose */
    uint32_t in_flight_bytes;
};

uint64_t usb_tune_link_bytes_s(int super);
/* Bytes a second on the wire. */
uint64_t usb_tune_rate(uint32_t frame_bytes, uint32_t interval_num, uint32_t interval_den);
/* Whether the link carries it at all: 0, or -1 and `why`, with the numbers. */
int usb_tune_check(const struct usb_load *load, char *why, size_t size);
/* The same, and by which transfers. */
int usb_tune_plan(struct usb_plan *out, const struct usb_load *load, char *why, size_t why_size);

/* ---- Kept per controller, as long as the process lives ---- */

/* Whether reading from memory that libusb maps is as fast as from any other: 1 yes, 0 no, -1 not known. */
int usb_tune_devmem(uint32_t bus);
void usb_tune_devmem_set(uint32_t bus, int fast);
/* The shortest request seen so far, `now_ns` included. */
int64_t usb_tune_request_ns(uint32_t bus, int64_t now_ns);

#endif
