/* SPDX-License-Identifier: MIT */
/* Delivery: whole frames to whoever waits or polls. One signal a frame, none for a transfer. */
#include "usb_outbox.h"

#include <stdio.h>
#include <string.h>

#define NOTHING_YET 1 /* no status: go on waiting */
/* A hub is asked at least every 256 ms what changed at its ports, and until then a device that is pulled out only fails, not always
 * by NO DEVICE; a busy system tells of it a little later. */
#define PATIENCE_NS (500 * INT64_C(1000000))
#define LOOK_NS     (50 * INT64_C(1000000))

void usb_outbox_init(struct usb_outbox *box, struct vdi_stream *stream, const char *id,
                     vdi_mutex *lock, vdi_cond *cond, const atomic_int *gone, const int *running)
{
    box->stream = stream;
    box->id = id;
    box->lock = lock;
    box->cond = cond;
    box->gone = gone;
    box->running = running;
    atomic_init(&box->taken, 0);
}

void usb_outbox_reset(struct usb_outbox *box)
{
    atomic_store(&box->taken, 0);
    box->first = 0;
    box->count = 0;
    box->failure = 0;
    box->doubt_ns = 0;
    box->woken = 0;
}

struct vdi_completion *usb_outbox_next(struct usb_outbox *box)
{
    struct vdi_completion *out;

    if (box->taker)
        return box->taker;
    out = &box->done[(box->first + box->count) % USB_OUTBOX_MAX];
    memset(out, 0, sizeof(*out));
    return out;
}

void usb_outbox_put(struct usb_outbox *box)
{
    if (box->pump)
        usb_pump_came(box->pump);
    if (box->taker) {
        box->taker = NULL;
        atomic_store(&box->taken, 1);
        return;
    }
    box->count++;
    usb_outbox_tell(box);
    vdi_cond_signal_all(box->cond);
}

void usb_outbox_tell(struct usb_outbox *box)
{
    int failed = box->failure != 0 && !box->doubt_ns;
    int ready = box->count != 0 || atomic_load(box->gone) || failed || box->woken;

    if (!box->polled || ready == box->told_ready)
        return;
    box->told_ready = ready;
    vdi_stream_set_ready(box->stream, ready);
}

static void keep(struct usb_outbox *box, const char *why)
{
    box->failure = VDC_E_IO;
    (void)snprintf(box->failure_text, sizeof(box->failure_text), "%s", why);
}

/* Whoever is in wait has to look. */
static void rouse(struct usb_outbox *box)
{
    if (box->pump)
        usb_pump_wake(box->pump);
    vdi_cond_signal_all(box->cond);
}

static void believe(struct usb_outbox *box)
{
    box->doubt_ns = 0;
    vdi_log(box->stream->device->context, VDC_LOG_ERROR, "%s: %s", box->id, box->failure_text);
    usb_outbox_tell(box);
    rouse(box);
}

void usb_outbox_fail(struct usb_outbox *box, const char *why)
{
    if (box->failure)
        return;
    keep(box, why);
    believe(box);
}

void usb_outbox_doubt(struct usb_outbox *box, const char *why)
{
    if (box->failure)
        return;
    keep(box, why);
    box->look_ns = vdi_now_ns();
    box->doubt_ns = box->look_ns + PATIENCE_NS;
}

int64_t usb_outbox_due(const struct usb_outbox *box)
{
    return box->doubt_ns && !atomic_load(box->gone) ? box->look_ns : INT64_MAX;
}

void usb_outbox_settle(struct usb_outbox *box)
{
    int64_t now = vdi_now_ns();

    if (!box->doubt_ns || atomic_load(box->gone))
        return;
    box->look_ns = now + LOOK_NS;
    if (now >= box->doubt_ns)
        believe(box);
}

void usb_outbox_decide(struct usb_outbox *box, void (*look)(void *user), void *user)
{
    int64_t due;

    while ((due = usb_outbox_due(box)) != INT64_MAX) {
        if (!vdi_cond_wait(box->cond, box->lock, due))
            continue;
        vdi_mutex_unlock(box->lock);
        look(user);
        vdi_mutex_lock(box->lock);
    }
}

int usb_outbox_ended(const struct usb_outbox *box)
{
    if (atomic_load(box->gone))
        return vdi_error(VDC_E_GONE, "%s: it was unplugged; stop and close it", box->id);
    if (box->failure && !box->doubt_ns)
        return vdi_error(box->failure, "%s: %s", box->id, box->failure_text);
    return VDC_OK;
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

/* Whether the frame went straight to the thread that asks. */
static int has_taken(struct usb_outbox *box)
{
    int taken = atomic_load(&box->taken);

    if (taken)
        atomic_store(&box->taken, 0);
    return taken;
}

static int outcome(struct usb_outbox *box, struct vdi_completion *out)
{
    int ended;

    if (has_taken(box))
        return VDC_OK;
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
    ended = usb_outbox_ended(box);
    if (ended)
        return ended;
    return *box->running ? NOTHING_YET : VDC_E_TIMEOUT;
}

static int is_over(int64_t deadline_ns)
{
    return deadline_ns != INT64_MAX && vdi_now_ns() >= deadline_ns;
}

/* Who only polls finds what the events thread left, or handles events if nobody else does. */
static int leads(const struct usb_outbox *box, int64_t deadline_ns)
{
    return box->pump && box->leads && (usb_pump_parked(box->pump) || !is_over(deadline_ns));
}

int usb_outbox_wait(struct usb_outbox *box, struct vdi_completion *out, int64_t deadline_ns)
{
    int turned = 0, over = 0;
    int result;

    vdi_mutex_lock(box->lock);
    while ((result = outcome(box, out)) == NOTHING_YET && !over) {
        /* A turn that brought a frame costs no look at the clock. */
        if (turned && is_over(deadline_ns))
            break;
        turned = leads(box, deadline_ns);
        if (turned) {
            box->taker = out;
            usb_pump_turn(box->pump, deadline_ns);
            if (has_taken(box))
                return VDC_OK;
            vdi_mutex_lock(box->lock);
            box->taker = NULL;
        } else {
            over = vdi_cond_wait(box->cond, box->lock, deadline_ns);
        }
    }
    vdi_mutex_unlock(box->lock);
    return result == NOTHING_YET ? VDC_E_TIMEOUT : result;
}

void usb_outbox_wake(struct usb_outbox *box)
{
    vdi_mutex_lock(box->lock);
    box->woken = 1;
    usb_outbox_tell(box);
    rouse(box);
    vdi_mutex_unlock(box->lock);
}
