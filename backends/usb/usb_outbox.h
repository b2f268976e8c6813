/* SPDX-License-Identifier: MIT */
/*
 * Frames that are done, until they are taken; and who waits for them. The card's stream and a camera's have one each. `lock` guards
 * it all; it is the device's own.
 */
#ifndef USB_OUTBOX_H
#define USB_OUTBOX_H

#include <stdatomic.h>

#include "backend.h"
#include "backend_host.h"
#include "usb_pump.h"

#define USB_OUTBOX_MAX 64u

struct usb_outbox {
    struct vdi_stream *stream;
    const char *id; /* of the device, for messages */
    vdi_mutex *lock;
    vdi_cond *cond;
    const atomic_int *gone; /* the device is */
    const int *running;     /* the stream is */
    struct usb_pump
        *pump; /* of a thread in wait that may handle events itself; NULL: it never may */
    int leads; /* it may now */

    /* Of the thread that handles events: what comes first goes there, and whether it has is known without `lock`. */
    struct vdi_completion *taker;
    atomic_int taken;
    struct vdi_completion done[USB_OUTBOX_MAX];
    uint32_t first, count;
    int failure; /* a vdc_status: the stream has failed, until it is stopped */
    char failure_text[200];
    /* In doubt, as the device may just be leaving: until when nobody is told of the failure, or 0; and when it is asked next. */
    int64_t doubt_ns, look_ns;
    int woken, polled, told_ready;
};

void usb_outbox_init(struct usb_outbox *box, struct vdi_stream *stream, const char *id,
                     vdi_mutex *lock, vdi_cond *cond, const atomic_int *gone, const int *running);

/* With `lock` held: */
void usb_outbox_reset(struct usb_outbox *box);
/* A cleared place for the next frame, which usb_outbox_put() then hands out. */
struct vdi_completion *usb_outbox_next(struct usb_outbox *box);
void usb_outbox_put(struct usb_outbox *box);
/* Tells whoever polls, if anything is different. */
void usb_outbox_tell(struct usb_outbox *box);
/* The first of several reasons stays. */
void usb_outbox_fail(struct usb_outbox *box, const char *why);
/* The same of what a device that is just leaving does, too: the stream asks for nothing more from now on, but whoever waits is told
 * only when it is known whether the device is gone. The caller wakes up the thread that finds out. */
void usb_outbox_doubt(struct usb_outbox *box, const char *why);
/* When that thread has to ask the device for anything; INT64_MAX: there is no doubt. */
int64_t usb_outbox_due(const struct usb_outbox *box);
/* It has asked. A device that still is there has failed, when patience is at its end. */
void usb_outbox_settle(struct usb_outbox *box);
/* Asks in that thread's place until nothing is in doubt: of who keeps it from its work. `look` asks, and settles, without `lock`. */
void usb_outbox_decide(struct usb_outbox *box, void (*look)(void *user), void *user);
/* What ended the stream, with its text; VDC_OK: nothing, or it is in doubt. */
int usb_outbox_ended(const struct usb_outbox *box);

/* The backend's calls, without `lock`: */
int usb_outbox_wait(struct usb_outbox *box, struct vdi_completion *out, int64_t deadline_ns);
void usb_outbox_wake(struct usb_outbox *box);
int usb_outbox_poll_begin(struct usb_outbox *box);

#endif
