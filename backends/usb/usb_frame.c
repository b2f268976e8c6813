/* SPDX-License-Identifier: MIT */
/*
 * Frames and their records. A record is believed only if its length, its VALID word, its sequence
 * and its sums agree with each other and with what came before; the zeros between are not looked at.
 */
#include "usb_frame.h"

#include <string.h>

#define FAILED (VDH_B_COMPLETION_FLAGS_DMA_ERROR | VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR)

int usb_frame_shape(struct usb_shape *out, uint32_t frame_bytes, uint64_t room,
                    uint32_t transfer_bytes)
{
    uint32_t tail = frame_bytes % USB_PAD_BYTES;

    memset(out, 0, sizeof(*out));
    if (frame_bytes == 0 || frame_bytes > UINT32_MAX - 2u * USB_PAD_BYTES || room < frame_bytes ||
        transfer_bytes == 0 || transfer_bytes % USB_PAD_BYTES)
        return -1;
    out->frame_bytes = frame_bytes;
    out->padded_bytes = frame_bytes - tail + (tail ? USB_PAD_BYTES : 0u);
    out->transfer_bytes = transfer_bytes;
    out->last_offset = out->padded_bytes;
    out->beside = room < (uint64_t)out->padded_bytes + USB_PAD_BYTES;
    if (!out->beside) {
        out->last_offset = (out->padded_bytes - 1u) / transfer_bytes * transfer_bytes;
    } else if (room < out->padded_bytes) {
        out->last_offset -= USB_PAD_BYTES;
        out->tail_bytes = tail;
    }
    out->last_bytes = out->padded_bytes - out->last_offset + USB_PAD_BYTES;
    return 0;
}

uint32_t usb_frame_waste(const struct usb_shape *shape)
{
    uint32_t room = shape->beside ? shape->last_offset : shape->padded_bytes;

    return room < shape->transfer_bytes ? room : shape->transfer_bytes;
}

static uint64_t lost_before(const struct vdh_completion *record)
{
    return (uint64_t)record->dropped_fifo + record->dropped_no_buffer + record->dropped_no_signal +
           record->dropped_dma;
}

enum usb_verdict usb_frame_last(struct vdh_completion *out, const struct usb_shape *shape,
                                const uint8_t *data, uint32_t got, uint32_t next)
{
    uint32_t begin = shape->last_bytes - USB_PAD_BYTES; /* where the packet begins */
    uint32_t ahead;

    if (got >= shape->last_bytes)
        return USB_LONG;
    if (got != begin + USB_TRAILER_BYTES)
        return USB_SHORT;
    if (vdh_completion_decode(out, data + begin, USB_TRAILER_BYTES) != VDH_OK)
        return USB_REFUSED;
    ahead = out->sequence - next;
    if (ahead > USB_FRAMES_APART || lost_before(out) > ahead || out->bytes != shape->frame_bytes ||
        (out->flags & (uint32_t)FAILED) != 0)
        return USB_REFUSED;
    return USB_WHOLE;
}
