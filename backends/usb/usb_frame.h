/* SPDX-License-Identifier: MIT */
/*
 * A frame on the wire: FRAME_BYTES, zeros up to a multiple of 1024, and a packet of 64 bytes that
 * says what it was. Pure: which bytes are whose, and whether to believe them. Hostile input.
 */
#ifndef USB_FRAME_H
#define USB_FRAME_H

#include "vdh_capture.h"

#define USB_PAD_BYTES     1024u
#define USB_TRAILER_BYTES VDH_S_COMPLETION
#define USB_FRAMES_APART  UINT32_C(0x40000000) /* a sequence further on than this is a wrong one */

/* How a frame is read: pieces of `transfer_bytes` into the buffer, then one that has the packet at its end. That one goes
 * into the buffer, too, if there is room for it, or into memory beside it. */
struct usb_shape {
    uint32_t frame_bytes;
    uint32_t padded_bytes;   /* on the wire, without the packet */
    uint32_t transfer_bytes; /* a multiple of 1024 */
    uint32_t last_offset;    /* where in the frame the last transfer begins */
    uint32_t last_bytes;     /* to ask for in it: the rest of the frame, padding, packet */
    int beside;              /* it does not land in the buffer */
    uint32_t tail_bytes;     /* of the frame, that land beside the buffer */
};

/* `room` is what the buffer may take: the frame itself, or the padding too, or USB_PAD_BYTES for the packet behind it. 0, or
 * -1 if the numbers make no sense. */
int usb_frame_shape(struct usb_shape *out, uint32_t frame_bytes, uint64_t room,
                    uint32_t transfer_bytes);
/* The next transfer at `offset` of the payload; 0 if only the last one is left. */
static inline uint32_t usb_frame_piece(const struct usb_shape *shape, uint32_t offset)
{
    uint32_t left = offset < shape->last_offset ? shape->last_offset - offset : 0;

    return left < shape->transfer_bytes ? left : shape->transfer_bytes;
}
/* What a transfer may put into the buffer whose bytes nobody wants; 0 if the buffer is too small. */
uint32_t usb_frame_waste(const struct usb_shape *shape);

/* What a transfer of the frame was. */
enum usb_verdict {
    USB_WHOLE,  /* as it should be */
    USB_SHORT,  /* the frame ended early: what comes next is another one */
    USB_LONG,   /* no end where it should be: what comes next is unknown */
    USB_REFUSED /* whole, but its record is impossible: what comes next is another frame */
};

/* A transfer into the buffer: `asked` bytes, of which `got` came. */
static inline enum usb_verdict usb_frame_direct(uint32_t asked, uint32_t got)
{
    return got == asked ? USB_WHOLE : got < asked ? USB_SHORT : USB_LONG;
}
/* The last one: `data` holds `got` bytes. `next` is the sequence that follows what came before. *out is the record of a USB_WHOLE,
 * and worth nothing with another verdict. */
enum usb_verdict usb_frame_last(struct vdh_completion *out, const struct usb_shape *shape,
                                const uint8_t *data, uint32_t got, uint32_t next);

#endif
