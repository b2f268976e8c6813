/* SPDX-License-Identifier: MIT */
/* Delivery: whole frames to whoever waits or polls. One signal a frame, none for a transfer. */
#include "usb_stream.h"

#include <stdio.h>
#include <string.h>

#define NOTHING_YET 1 /* no status: go on waiting */

void usb_delivery_ready(struct usb_stream *st)
{
    int ready = st->done_count != 0 || st->card->gone || st->failure != 0 || st->woken;

    if (!st->polled || ready == st->told_ready)
        return;
    st->told_ready = ready;
    vdi_stream_set_ready(st->stream, ready);
}

void usb_delivery_fail(struct usb_stream *st, const char *why)
{
    if (st->failure)
        return;
    st->failure = VDC_E_IO;
    (void)snprintf(st->failure_text, sizeof(st->failure_text), "%s", why);
    vdi_log(st->card->base.device->context, VDC_LOG_ERROR, "%s: %s", st->card->base.id, why);
    usb_delivery_ready(st);
    vdi_cond_signal_all(st->card->cond);
}

void usb_delivery_frame(struct usb_stream *st, struct usb_buffer *own,
                        const struct vdh_completion *record, uint32_t copied)
{
    struct vdi_completion *out = &st->done[(st->done_first + st->done_count) % USB_BUFFERS_MAX];

    memset(out, 0, sizeof(*out));
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
    st->done_count++;
    usb_delivery_ready(st);
    vdi_cond_signal_all(st->card->cond);
}

int usb_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct usb_stream *st = usb_stream_of(stream);

    (void)native; /* The library's own will do. */
    usb_card_lock(st->card);
    st->polled = 1;
    st->told_ready = -1;
    usb_delivery_ready(st);
    usb_card_unlock(st->card);
    return VDC_OK;
}

static int outcome(struct usb_stream *st, struct vdi_completion *out)
{
    if (st->woken) {
        st->woken = 0;
        usb_delivery_ready(st);
        return vdi_error(VDC_E_CANCELLED, "%s: the wait was cancelled", st->card->base.id);
    }
    if (st->done_count) {
        *out = st->done[st->done_first];
        st->done_first = (st->done_first + 1) % USB_BUFFERS_MAX;
        st->done_count--;
        usb_delivery_ready(st);
        return VDC_OK;
    }
    if (st->card->gone)
        return vdi_error(VDC_E_GONE, "%s: it was unplugged; stop and close it", st->card->base.id);
    if (st->failure)
        return vdi_error(st->failure, "%s: %s", st->card->base.id, st->failure_text);
    return st->running ? NOTHING_YET : VDC_E_TIMEOUT;
}

int usb_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    struct usb_stream *st = usb_stream_of(stream);
    int over = 0;
    int result;

    usb_card_lock(st->card);
    while ((result = outcome(st, out)) == NOTHING_YET && !over)
        over = vdi_cond_wait(st->card->cond, st->card->lock, deadline_ns);
    usb_card_unlock(st->card);
    return result == NOTHING_YET ? VDC_E_TIMEOUT : result;
}

void usb_stream_wake(struct vdi_stream *stream)
{
    struct usb_stream *st = usb_stream_of(stream);

    usb_card_lock(st->card);
    st->woken = 1;
    usb_delivery_ready(st);
    vdi_cond_signal_all(st->card->cond);
    usb_card_unlock(st->card);
}
