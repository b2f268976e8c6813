/* SPDX-License-Identifier: MIT */
/*
 * Leader and follower over libusb, which lets one thread handle events and wakes the others behind each of its rounds.
 * libusb_interrupt_event_handler() ends the round of whoever handles events then, which a synchronous request of another thread may be:
 * so what a thread must not sleep through is also in the `completed` that libusb looks at once that thread's own round begins.
 */
#include "usb_pump.h"

#include <string.h>

#define EVENTS_TURN_S 1
#define TURN_MOST_US  999999
#define PAUSE_NS      (10 * INT64_C(1000000))
#define AWAY_NS       (250 * INT64_C(1000000))
#define REGULAR_NS    (1000 * INT64_C(1000000))
#define ANSWER_NS     (100 * INT64_C(1000000)) /* without anybody in wait meanwhile */

int usb_pump_create(struct usb_pump *pump, libusb_context *context, vdi_mutex *lock)
{
    pump->context = context;
    pump->has_timer = libusb_pollfds_handle_timeouts(context);
    pump->lock = lock;
    atomic_init(&pump->parked, 0);
    atomic_init(&pump->ended, 0);
    atomic_init(&pump->inside, 0);
    pump->request = libusb_alloc_transfer(0);
    if (!pump->request)
        return vdi_error(VDC_E_NO_MEMORY, "usb: no memory for a transfer");
    if (vdi_cond_create(&pump->turn))
        return VDC_E_NO_MEMORY;
    return vdi_cond_create(&pump->answered);
}

void usb_pump_destroy(struct usb_pump *pump)
{
    libusb_free_transfer(pump->request);
    vdi_cond_destroy(pump->turn);
    vdi_cond_destroy(pump->answered);
}

/* libusb reads a plain int, under a lock of its own that whoever sets it takes behind that. */
static int *as_completed(atomic_int *flag)
{
    return (int *)flag;
}

/* libusb's error, if it is one to pause for: it cannot be helped, but it must not burn a processor either. */
static int handle(libusb_context *context, struct timeval *most, int *completed)
{
    int code = libusb_handle_events_timeout_completed(context, most, completed);

    return code == LIBUSB_ERROR_INTERRUPTED ? 0 : code;
}

/* ---- The events thread ---- */

void usb_events_handle(libusb_context *context, const atomic_int *quit, int until, vdi_mutex *lock,
                       vdi_cond *alarm)
{
    while (atomic_load(quit) < until) {
        struct timeval most = {EVENTS_TURN_S, 0};

        if (handle(context, &most, NULL)) {
            vdi_mutex_lock(lock);
            (void)vdi_cond_wait(alarm, lock, vdi_now_ns() + PAUSE_NS);
            vdi_mutex_unlock(lock);
        }
    }
}

/* What the parked thread does each time it wakes up. */
static void look(struct usb_pump *pump, int64_t now_ns)
{
    int came = pump->visits != pump->visits_seen;
    int inside = atomic_load(&pump->inside);

    if (now_ns < pump->look_ns)
        return;
    if (came || inside)
        pump->seen_ns = now_ns;
    if (now_ns - pump->seen_ns >= AWAY_NS) {
        usb_pump_resume(pump);
        return;
    }
    /* Its deadline is over; or nothing came for long, and it had better look for itself. */
    if (inside && (!came || now_ns >= pump->deadline_ns))
        usb_pump_wake(pump);
    pump->visits_seen = pump->visits;
    /* Each look wakes a thread: who is in wait now has come regularly, or will not leave soon. */
    pump->look_ns = now_ns + (inside ? REGULAR_NS : AWAY_NS);
    if (inside && pump->deadline_ns > now_ns && pump->deadline_ns < pump->look_ns)
        pump->look_ns = pump->deadline_ns;
}

void usb_pump_run(struct usb_pump *pump, const atomic_int *quit, int until)
{
    vdi_mutex_lock(pump->lock);
    while (atomic_load(quit) < until) {
        struct timeval most = {EVENTS_TURN_S, 0};
        int code;

        if (atomic_load(&pump->parked)) {
            (void)vdi_cond_wait(pump->turn, pump->lock, pump->look_ns);
            if (atomic_load(&pump->parked))
                look(pump, vdi_now_ns());
            continue;
        }
        vdi_mutex_unlock(pump->lock);
        code = handle(pump->context, &most, as_completed(&pump->parked));
        vdi_mutex_lock(pump->lock);
        if (code)
            (void)vdi_cond_wait(pump->turn, pump->lock, vdi_now_ns() + PAUSE_NS);
    }
    vdi_mutex_unlock(pump->lock);
}

void usb_pump_quit(struct usb_pump *pump)
{
    vdi_mutex_lock(pump->lock);
    usb_pump_resume(pump);
    vdi_mutex_unlock(pump->lock);
    libusb_interrupt_event_handler(pump->context);
}

void usb_pump_resume(struct usb_pump *pump)
{
    if (!atomic_load(&pump->parked))
        return;
    atomic_store(&pump->parked, 0);
    vdi_cond_signal_all(pump->turn);
    usb_pump_wake(pump);
}

/* ---- A thread in wait ---- */

/* 49.7 days, or half of that where a `long` is short: for whom the parked thread keeps the deadline. libusb hands it on in milliseconds
 * as an int, which makes it -1, and then the kernel needs no timer for a frame. */
static struct timeval forever(void)
{
    struct timeval most = {0, 295000};

    most.tv_sec = sizeof(most.tv_sec) > 4 ? 4294967 : 2147482;
    return most;
}

void usb_pump_turn(struct usb_pump *pump, int64_t deadline_ns)
{
    struct timeval most = forever();
    int code;

    if (!atomic_load(&pump->parked)) {
        atomic_store(&pump->parked, 1);
        pump->seen_ns = vdi_now_ns();
        pump->look_ns = pump->seen_ns + AWAY_NS;
        libusb_interrupt_event_handler(pump->context);
    }
    if (deadline_ns < pump->look_ns || !pump->has_timer) {
        int64_t left_us = (deadline_ns - vdi_now_ns()) / 1000;

        most.tv_sec = 0;
        most.tv_usec = left_us < 0 ? 0 : left_us > TURN_MOST_US ? TURN_MOST_US : (long)left_us;
    }
    atomic_store(&pump->ended, 0);
    atomic_store(&pump->inside, 1);
    pump->deadline_ns = deadline_ns;
    pump->visits++;
    vdi_mutex_unlock(pump->lock);
    code = handle(pump->context, &most, as_completed(&pump->ended));
    atomic_store(&pump->inside, 0);
    if (code) {
        vdi_mutex_lock(pump->lock);
        (void)vdi_cond_wait(pump->turn, pump->lock, vdi_now_ns() + PAUSE_NS);
        vdi_mutex_unlock(pump->lock);
    }
}

void usb_pump_came(struct usb_pump *pump)
{
    atomic_store(&pump->ended, 1);
}

void usb_pump_wake(struct usb_pump *pump)
{
    atomic_store(&pump->ended, 1);
    if (atomic_load(&pump->inside))
        libusb_interrupt_event_handler(pump->context);
}

/* ---- Requests meanwhile ---- */

static void LIBUSB_CALL request_done(struct libusb_transfer *transfer)
{
    struct usb_pump *pump = transfer->user_data;

    vdi_mutex_lock(pump->lock);
    pump->asks = 0;
    vdi_cond_signal_all(pump->answered);
    vdi_mutex_unlock(pump->lock);
}

static int outcome(const struct libusb_transfer *transfer)
{
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return transfer->actual_length;
    case LIBUSB_TRANSFER_TIMED_OUT:
        return LIBUSB_ERROR_TIMEOUT;
    case LIBUSB_TRANSFER_STALL:
        return LIBUSB_ERROR_PIPE;
    case LIBUSB_TRANSFER_NO_DEVICE:
        return LIBUSB_ERROR_NO_DEVICE;
    case LIBUSB_TRANSFER_OVERFLOW:
        return LIBUSB_ERROR_OVERFLOW;
    default:
        return LIBUSB_ERROR_IO;
    }
}

/* With `lock` held. Whoever is in wait may leave for long before the answer is there. */
static void await_answer(struct usb_pump *pump)
{
    while (pump->asks) {
        uint32_t visits = pump->visits;

        if (vdi_cond_wait(pump->answered, pump->lock, vdi_now_ns() + ANSWER_NS) &&
            !atomic_load(&pump->inside) && visits == pump->visits)
            usb_pump_resume(pump);
    }
}

int usb_pump_request(struct usb_pump *pump, libusb_device_handle *handle, uint8_t type,
                     uint8_t code, uint16_t index, void *bytes, uint16_t count, unsigned most_ms)
{
    uint8_t *data = pump->bytes + LIBUSB_CONTROL_SETUP_SIZE;
    int result;

    vdi_mutex_lock(pump->lock);
    if (!atomic_load(&pump->inside) || count > USB_PUMP_REQUEST_BYTES) {
        vdi_mutex_unlock(pump->lock);
        return libusb_control_transfer(handle, type, code, 0, index, bytes, count, most_ms);
    }
    libusb_fill_control_setup(pump->bytes, type, code, 0, index, count);
    if (!(type & LIBUSB_ENDPOINT_IN))
        memcpy(data, bytes, count);
    libusb_fill_control_transfer(pump->request, handle, pump->bytes, request_done, pump, most_ms);
    result = libusb_submit_transfer(pump->request);
    if (!result) {
        pump->asks = 1;
        await_answer(pump);
        result = outcome(pump->request);
        if (result > 0 && (type & LIBUSB_ENDPOINT_IN))
            memcpy(bytes, data, (size_t)result);
    }
    vdi_mutex_unlock(pump->lock);
    return result;
}
