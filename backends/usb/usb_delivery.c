/* SPDX-License-Identifier: MIT */
/* A whole frame of the card, with its record, into the outbox. */
#include "usb_stream.h"

void usb_delivery_frame(struct usb_stream *st, struct usb_buffer *own,
                        const struct vdh_completion *record, uint32_t copied)
{
    struct vdi_completion *out = usb_outbox_next(&st->box);

    out->buffer = own->buffer;
    out->damage = VDC_DROP_SLOTS;
    out->used_bytes = st->frame_bytes;
    out->copied_bytes = copied;
    if (copied)
        out->flags |= VDC_FRAME_COPIED;
    if (record->flags & (uint32_t)VDH_B_COMPLETION_FLAGS_SOURCE_CHANGED)
        out->flags |= VDC_FRAME_SOURCE_CHANGED;
    if (record->flags & (uint32_t)VDH_B_COMPLETION_FLAGS_PATTERN)
        out->flags |= VDC_FRAME_TEST_PATTERN;
    usb_account_record(st, record, out);
    usb_time_put(st, record, out);
    usb_outbox_put(&st->box);
}

int usb_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct usb_stream *st = usb_stream_of(stream);
    int result = usb_outbox_poll_begin(&st->box);

    (void)native; /* The library's own will do. */
    usb_card_lock(st->card);
    usb_transfer_lead(st);
    usb_card_unlock(st->card);
    return result;
}

int usb_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    return usb_outbox_wait(&usb_stream_of(stream)->box, out, deadline_ns);
}

void usb_stream_wake(struct vdi_stream *stream)
{
    usb_outbox_wake(&usb_stream_of(stream)->box);
}
