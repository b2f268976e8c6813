/* SPDX-License-Identifier: MIT */
/*
 * libusb without a bus: a program that links vidicon_fake_usb in libusb's place finds there what
 * tests plug in, the model in its USB body, and UVC cameras. Whoever uses it wrongly is written down; a test asks
 * fake_usb_complaints(), or fake_usb_reset() at its end, which adds what was left behind.
 *
 * All functions may be called from any thread, also while others are within libusb.
 */
#ifndef FAKE_USB_H
#define FAKE_USB_H

#include <libusb.h>
#include <stddef.h>
#include <stdint.h>

#include "camera.h"
#include "vdm.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fake_usb_card;

/* How a card's time goes on. MAX: while it captures, only as long as a bulk transfer waits for it,
 * and then at once (after ten seconds without one, at the pace of the host's clock); otherwise from
 * event to event, so that firmware starts at once. */
enum fake_usb_rate { FAKE_USB_REAL, FAKE_USB_MAX };

struct fake_usb_options {
    enum vdm_usb_speed speed;
    enum fake_usb_rate rate;
    char serial[17];
    uint8_t bus;
    uint8_t ports[7]; /* from the root hub, ended by 0 */
    uint64_t boot_ns;
    int32_t drift_ppm;
    uint64_t bytes_per_s; /* of bulk IN, in the card's time; 0: no limit */
    int kernel_driver;    /* one of the kernel's holds the interface at first */
    int no_access;        /* opening says LIBUSB_ERROR_ACCESS */
    const uint8_t *image; /* firmware that runs when it is plugged in; NULL: the boot loader */
    size_t image_bytes;
};
/* SuperSpeed, real time, on a port of its own, 30 ms of boot time; the serial is empty: plugging in
 * gives it one that no other card has. */
void fake_usb_defaults(struct fake_usb_options *options);

/* A new card, with empty flash, powered on. It stays known until fake_usb_reset(). NULL options:
 * the defaults. NULL if the model will not have them. */
struct fake_usb_card *fake_usb_plug(const struct fake_usb_options *options);
/* Pulls it out; every transfer ends with NO_DEVICE. */
void fake_usb_unplug(struct fake_usb_card *card);
/* Plugs a card in again that is out (or takes its power away for a moment): flash, true time and
 * ledger go on. */
void fake_usb_replug(struct fake_usb_card *card);
/* Changes what may change while it is plugged in: no_access, kernel_driver, rate, bytes_per_s. */
void fake_usb_change(struct fake_usb_card *card, const struct fake_usb_options *options);
/* Is it there for libusb now, and under which product id (0: not there)? */
uint16_t fake_usb_product(struct fake_usb_card *card);
/* The address it got; another one each time it comes. */
uint8_t fake_usb_address(struct fake_usb_card *card);

/* 0, or -1 and *what. Replaces the script in force. */
int fake_usb_faults(struct fake_usb_card *card, const char *script, const char **what);
/* How often a fault of this name came about since power-on; UINT64_MAX for an unknown name. */
uint64_t fake_usb_injected(struct fake_usb_card *card, const char *name);
void fake_usb_ledger(struct fake_usb_card *card, struct vdm_ledger *out);
/* Anything else of the model: `act` is called with the card brought up to now and nobody else in
 * it. It must not call libusb or the fake. */
void fake_usb_inside(struct fake_usb_card *card, void (*act)(struct vdm_card *model, void *context),
                     void *context);

/* ---- Cameras: the same handle, for what is not of the card's model ---------------------------- */

/* A camera, with a driver of the kernel's on it, on a port of its own; in real time. */
struct fake_usb_card *fake_usb_plug_camera(const struct camera_config *config);
/* Cameras plugged in from now on hang on one hub at the first port of the bus. */
void fake_usb_set_hub(int there);
/* The system sleeps and wakes up: every transfer ends as cancelled, and the device is reset, alternate setting included. */
void fake_usb_suspend(struct fake_usb_card *card);
/* `act` is called with nobody else in it. It must not call libusb or the fake. */
void fake_usb_with_camera(struct fake_usb_card *card,
                          void (*act)(struct camera *camera, void *context), void *context);
/* Is a driver of the kernel's on it now? */
int fake_usb_kernel_driver(struct fake_usb_card *card);
/* The nth isochronous packet with data comes without it, under this status. */
void fake_usb_fail_packet(uint64_t nth, enum libusb_transfer_status status);

/* ---- What goes wrong on the bus --------------------------------------------------------------- */

/* From now on, the nth call of libusb functions that can fail (of the one named `function` alone,
 * if it is not NULL), from 1, does nothing and returns `error`, or NULL where it returns a pointer.
 * One at a time; 0 disarms it. */
void fake_usb_fail_call(const char *function, uint64_t nth, int error);
/* And those behind it, until so many have failed. */
void fake_usb_fail_calls(const char *function, uint64_t nth, uint64_t times, int error);
/* From now on, the nth transfer that is asked for on that endpoint is refused with `error`. */
void fake_usb_refuse_transfer(uint8_t endpoint, uint64_t nth, int error);
/* The card is pulled out at the beginning of the nth call of any libusb function (of `function`). */
void fake_usb_unplug_at_call(struct fake_usb_card *card, const char *function, uint64_t nth);
/* The nth transfer on that endpoint that would complete well ends with this status and without data.
 * TIMED_OUT: it never completes by itself. Endpoint 0: control transfers, which are answered or not. */
void fake_usb_fail_transfer(uint8_t endpoint, uint64_t nth, enum libusb_transfer_status status);
/* And those behind it, until so many have. */
void fake_usb_fail_transfers(uint8_t endpoint, uint64_t nth, uint64_t times,
                             enum libusb_transfer_status status);
/* The nth transfer on that endpoint that would complete well comes with so many bytes: cut off, or with rubbish behind what the
 * device sent, at most as many as were
 * asked for (of those that come full anyway none counts then). Takes the place of the one before. */
void fake_usb_resize_transfer(uint8_t endpoint, uint64_t nth, uint32_t bytes);
/* How often any of these came about since fake_usb_reset(). */
uint64_t fake_usb_failures(void);

/* The system has no hotplug; libusb_dev_mem_alloc() finds none; bytes of transfers under way at most
 * (0: no limit), above which submitting says LIBUSB_ERROR_NO_MEM. */
void fake_usb_set_hotplug(int there);
void fake_usb_set_dev_mem(int there);
/* Timeouts of transfers count however long a round of events is; without (0), only where a round ends in time. */
void fake_usb_set_timer(int there);
void fake_usb_set_memory_budget(uint64_t bytes);

/* ---- What happened --------------------------------------------------------------------------- */

/* Calls of a function ("libusb_open"), or of all of them for NULL, since fake_usb_reset(). */
uint64_t fake_usb_calls(const char *function);
/* Control transfers carried out, whoever asked, but for those of plugging in. */
uint64_t fake_usb_controls(void);
/* Callbacks of transfers: those on the calling thread in its life, or on all since fake_usb_reset(). */
uint64_t fake_usb_callbacks(int here);
/* How long a round of events may have been at most, since the last question. */
uint64_t fake_usb_longest_round_us(void);
/* Transfers under way now, on all devices. */
uint64_t fake_usb_in_flight(void);

/* Wrong use so far, counted, and in words: the nth, from 0, or NULL. The words stay until
 * fake_usb_reset(). */
uint64_t fake_usb_complaints(void);
const char *fake_usb_complaint(uint64_t n);
/* Forgets all complaints: of a test that made them on purpose. */
void fake_usb_forgive(void);
/* The end of a test: what is still open, allocated or under way is a complaint, too. All cards are
 * gone after it, and every setting is as at the start. Returns how many complaints there were, each
 * of which it prints. Nobody else may be within libusb. */
uint64_t fake_usb_reset(void);

#ifdef __cplusplus
}
#endif

#endif
