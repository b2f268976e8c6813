/* SPDX-License-Identifier: MIT */
/*
 * Who handles libusb's events. By itself the device's events thread does; while a program waits for one frame after the other, the
 * waiting thread does, and nobody else is woken for a frame. The events thread is parked then, and only looks now and then whether
 * the other one still comes, and keeps its deadline for it. `lock` is the device's own.
 */
#ifndef USB_PUMP_H
#define USB_PUMP_H

#include <libusb.h>
#include <stdatomic.h>

#include "backend_host.h"

#define USB_PUMP_REQUEST_BYTES 64u

struct usb_pump {
    libusb_context *context;
    int has_timer; /* libusb minds the timeouts of transfers however long a round is */
    vdi_mutex *lock;
    vdi_cond *turn; /* of the events thread while it is parked */
    /* Both are what libusb's `completed` points to: not 0 keeps a thread from events, or sends it back to look. */
    atomic_int parked;   /* the events thread is, or will be in a moment */
    atomic_int ended;    /* there may be news for the thread in wait */
    atomic_int inside;   /* a thread in wait is within libusb */
    int64_t deadline_ns; /* of that thread */
    uint32_t visits;     /* of threads in wait */
    uint32_t visits_seen;
    int64_t look_ns; /* when the parked thread looks whether there were any */
    int64_t seen_ns; /* when that was last so */

    /* A request of another thread, meanwhile; one at a time. */
    struct libusb_transfer *request;
    uint8_t bytes[LIBUSB_CONTROL_SETUP_SIZE + USB_PUMP_REQUEST_BYTES];
    int asks;
    vdi_cond *answered;
};

/* VDC_OK, or an error text. */
int usb_pump_create(struct usb_pump *pump, libusb_context *context, vdi_mutex *lock);
void usb_pump_destroy(struct usb_pump *pump);
/* The events thread: until *quit is `until`, which usb_pump_quit() has it notice. */
void usb_pump_run(struct usb_pump *pump, const atomic_int *quit, int until);
void usb_pump_quit(struct usb_pump *pump);
/* The same without a pump. `alarm` ends the pause after an error. */
void usb_events_handle(libusb_context *context, const atomic_int *quit, int until, vdi_mutex *lock,
                       vdi_cond *alarm);

/* libusb_control_transfer(), one at a time. That would handle events itself, and each frame that it met would be handed on: while a
 * thread in wait handles them, that one brings the answer. */
int usb_pump_request(struct usb_pump *pump, libusb_device_handle *handle, uint8_t type,
                     uint8_t code, uint16_t index, void *bytes, uint16_t count, unsigned most_ms);

/* ---- With `lock` held ---- */

static inline int usb_pump_parked(const struct usb_pump *pump)
{
    return atomic_load(&pump->parked);
}

/* Of a thread in wait: handles what comes in one go, and parks the events thread. Lets `lock` go for good, and returns at any time; at
 * `deadline_ns` at the latest, if that is in the past without waiting. */
void usb_pump_turn(struct usb_pump *pump, int64_t deadline_ns);
/* What that thread waits for may be there: in a callback, and anywhere else. */
void usb_pump_came(struct usb_pump *pump);
void usb_pump_wake(struct usb_pump *pump);
/* The events thread handles them again, from now on. */
void usb_pump_resume(struct usb_pump *pump);

#endif
