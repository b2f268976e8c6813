/* SPDX-License-Identifier: MIT */
/* Delivery: whole frames to whoever waits or polls. One signal a frame, none for a transfer. */
#include "usb_outbox.h"

#include <stdio.h>
#include <string.h>

#define NOTHING_YET 1 /* no status: go on waiting */

void usb_outbox_init(struct usb_outbox *box, struct vdi_stream *stream, const char *id,
                     vdi_mutex *lock, vdi_cond *cond, const atomic_int *gone, const int *running)
{
    box->stream = stream;
    box->id = id;
    box->lock = lock;
    box->cond = cond;
    box->gone = gone;
    box->running = running;
}

void usb_outbox_reset(struct usb_outbox *box)
{
    box->first = 0;
    box->count = 0;
    box->failure = 0;
    box->woken = 0;
}

struct vdi_completion *usb_outbox_next(struct usb_outbox *box)
{
    struct vdi_completion *out = &box->done[(box->first + box->count) % USB_OUTBOX_MAX];

    memset(out, 0, sizeof(*out));
    return out;
}

void usb_outbox_put(struct usb_outbox *box)
{
    box->count++;
    usb_outbox_tell(box);
    vdi_cond_signal_all(box->cond);
}

void usb_outbox_tell(struct usb_outbox *box)
{
    int ready = box->count != 0 || atomic_load(box->gone) || box->failure != 0 || box->woken;

    if (!box->polled || ready == box->told_ready)
        return;
    box->told_ready = ready;
    vdi_stream_set_ready(box->stream, ready);
}

void usb_outbox_fail(struct usb_outbox *box, const char *why)
{
    if (box->failure)
        return;
    box->failure = VDC_E_IO;
    (void)snprintf(box->failure_text, sizeof(box->failure_text), "%s", why);
    vdi_log(box->stream->device->context, VDC_LOG_ERROR, "%s: %s", box->id, why);
    usb_outbox_tell(box);
    vdi_cond_signal_all(box->cond);
}

int usb_outbox_poll_begin(struct usb_outbox *box)
{
    vdi_mutex_lock(box->lock);
    box->polled = 1;
    box->told_ready = -1;
    usb_outbox_tell(box);
    vdi_mutex_unlock(box->lock);
    return VDC_OK;
}

static int outcome(struct usb_outbox *box, struct vdi_completion *out)
{
    if (box->woken) {
        box->woken = 0;
        usb_outbox_tell(box);
        return vdi_error(VDC_E_CANCELLED, "%s: the wait was cancelled", box->id);
    }
    if (box->count) {
        *out = box->done[box->first];
        box->first = (box->first + 1) % USB_OUTBOX_MAX;
        box->count--;
        usb_outbox_tell(box);
        return VDC_OK;
    }
    if (atomic_load(box->gone))
        return vdi_error(VDC_E_GONE, "%s: it was unplugged; stop and close it", box->id);
    if (box->failure)
        return vdi_error(box->failure, "%s: %s", box->id, box->failure_text);
    return *box->running ? NOTHING_YET : VDC_E_TIMEOUT;
}

int usb_outbox_wait(struct usb_outbox *box, struct vdi_completion *out, int64_t deadline_ns)
{
    int over = 0;
    int result;

    vdi_mutex_lock(box->lock);
    while ((result = outcome(box, out)) == NOTHING_YET && !over)
        over = vdi_cond_wait(box->cond, box->lock, deadline_ns);
    vdi_mutex_unlock(box->lock);
    return result == NOTHING_YET ? VDC_E_TIMEOUT : result;
}

void usb_outbox_wake(struct usb_outbox *box)
{
    vdi_mutex_lock(box->lock);
    box->woken = 1;
    usb_outbox_tell(box);
    vdi_cond_signal_all(box->cond);
    vdi_mutex_unlock(box->lock);
}
