/* SPDX-License-Identifier: MIT */
#include "late_frame.h"

#include <string.h>

#include "usb_outbox.h"

#define MS INT64_C(1000000)

struct meeting {
    struct usb_outbox box;
    struct usb_pump pump;
    uint64_t sequence;
};

static void pause(vdi_mutex *lock, vdi_cond *cond)
{
    vdi_mutex_lock(lock);
    (void)vdi_cond_wait(cond, lock, vdi_now_ns() + 50 * MS);
    vdi_mutex_unlock(lock);
}

/* Sends it out of libusb with the lock held, for which it then has to wait; and only then the frame comes. */
static void bring(void *argument)
{
    struct meeting *meeting = argument;
    struct usb_outbox *box = &meeting->box;
    vdi_mutex *own = NULL;
    vdi_cond *never = NULL;

    if (vdi_mutex_create(&own) == 0 && vdi_cond_create(&never) == 0) {
        while (!atomic_load(&meeting->pump.inside))
            pause(own, never);
        vdi_mutex_lock(box->lock);
        usb_pump_wake(&meeting->pump);
        pause(own, never);
        usb_outbox_next(box)->sequence = meeting->sequence;
        usb_outbox_put(box);
        vdi_mutex_unlock(box->lock);
    }
    vdi_cond_destroy(never);
    vdi_mutex_destroy(own);
}

int late_frame_wait(uint64_t sequence, uint64_t *taken)
{
    static struct meeting meeting;
    struct vdi_completion completion;
    libusb_context *context = NULL;
    vdi_mutex *lock = NULL;
    vdi_cond *cond = NULL;
    vdi_thread *thread = NULL;
    atomic_int gone;
    int running = 1;
    int result = libusb_init(&context);

    memset(&meeting, 0, sizeof(meeting));
    memset(&completion, 0, sizeof(completion));
    atomic_init(&gone, 0);
    meeting.sequence = sequence;
    if (!result)
        result = vdi_mutex_create(&lock);
    if (!result)
        result = vdi_cond_create(&cond);
    if (!result)
        result = usb_pump_create(&meeting.pump, context, lock);
    if (!result) {
        usb_outbox_init(&meeting.box, NULL, "late", lock, cond, &gone, &running);
        meeting.pump.has_timer = 0; /* nobody keeps deadlines here */
        meeting.box.pump = &meeting.pump;
        meeting.box.leads = 1;
        result = vdi_thread_create(&thread, bring, &meeting, "late");
    }
    if (!result)
        result = usb_outbox_wait(&meeting.box, &completion, vdi_now_ns() + 20000 * MS);
    vdi_thread_join(thread);
    usb_pump_destroy(&meeting.pump);
    vdi_cond_destroy(cond);
    vdi_mutex_destroy(lock);
    libusb_exit(context);
    *taken = completion.sequence;
    return result;
}
