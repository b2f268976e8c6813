/* SPDX-License-Identifier: MIT */
/*
 * Buffers. Those of the library have room for the padding and the packet behind it, so that a frame lands in them whole; those
 * of a caller end with the frame, and its last bytes are copied if it is no multiple of 1024.
 */
#include "usb_stream.h"

#include <stdlib.h>

/* ---- Memory ---- */

int usb_buffer_allocate(struct vdi_buffer *buffer, size_t bytes)
{
    struct usb_stream *st = usb_stream_of(buffer->stream);
    struct usb_buffer *own = buffer->priv;
    size_t padded = (bytes + USB_PAD_BYTES - 1) / USB_PAD_BYTES * USB_PAD_BYTES;
    size_t room = padded + USB_PAD_BYTES;

    usb_card_enter(st->card);
    if (st->devmem && st->card->link.handle && !st->card->link.lost)
        own->memory = libusb_dev_mem_alloc(st->card->link.handle, room);
    own->lender = own->memory ? st->card->link.handle : NULL;
    if (!own->lender && st->plan.whole) {
        /* Transfers into this one take memory of the system's. */
        st->plan.whole = 0;
        st->plan.in_flight_bytes = st->plan.apart_bytes;
    }
    usb_card_leave(st->card);
    if (!own->memory) {
        own->memory = calloc(1, room);
        if (!own->memory)
            return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a frame of %zu bytes",
                             st->card->base.id, bytes);
    }
    own->memory_bytes = room;
    buffer->data = own->memory;
    buffer->capacity_bytes = padded;
    return VDC_OK;
}

void usb_buffer_free(struct vdi_buffer *buffer)
{
    struct usb_buffer *own = buffer->priv;

    if (own->lender)
        (void)libusb_dev_mem_free(own->lender, own->memory, own->memory_bytes);
    else
        free(own->memory);
    own->memory = NULL;
    own->lender = NULL;
    buffer->data = NULL;
}

/* ---- Attach, detach, queue ---- */

int usb_buffer_attach(struct vdi_buffer *buffer)
{
    struct usb_stream *st = usb_stream_of(buffer->stream);
    struct usb_buffer *own = buffer->priv;
    uint64_t room = own->memory ? own->memory_bytes : st->frame_bytes;

    own->buffer = buffer;
    own->queued = 0;
    if (buffer->index >= USB_BUFFERS_MAX || !buffer->data ||
        buffer->capacity_bytes < st->frame_bytes ||
        usb_frame_shape(&own->shape, st->frame_bytes, room, st->plan.transfer_bytes))
        return vdi_error(VDC_E_INVALID,
                         "%s: buffer %u cannot take a frame: %zu bytes are there, %u are needed",
                         st->card->base.id, (unsigned)buffer->index, buffer->capacity_bytes,
                         (unsigned)st->frame_bytes);
    return VDC_OK;
}

void usb_buffer_detach(struct vdi_buffer *buffer)
{
    struct usb_stream *st = usb_stream_of(buffer->stream);
    struct usb_buffer *own = buffer->priv;
    uint32_t kept = 0;

    usb_card_lock(st->card);
    for (uint32_t i = 0; i < st->queue_count; i++) {
        struct usb_buffer *at = st->queue[(st->queue_first + i) % USB_BUFFERS_MAX];

        if (at != own)
            st->queue[(st->queue_first + kept++) % USB_BUFFERS_MAX] = at;
    }
    st->queue_count = kept;
    own->queued = 0;
    usb_card_unlock(st->card);
}

int usb_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct usb_stream *st = usb_stream_of(stream);
    struct usb_buffer *own = buffer->priv;

    usb_card_lock(st->card);
    if (!own->queued && !st->stopping && st->queue_count < USB_BUFFERS_MAX) {
        own->queued = 1;
        st->queue[(st->queue_first + st->queue_count++) % USB_BUFFERS_MAX] = own;
        usb_transfer_more(st);
    }
    usb_card_unlock(st->card);
    return VDC_OK;
}
