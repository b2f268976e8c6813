/* SPDX-License-Identifier: MIT */
/*
 * One handle of a device, from open to close, and the way from one to the next: when firmware starts
 * the device leaves the bus and comes back at the same port, under another id and address.
 */
#include "usb.h"

#include <string.h>

#define INTERFACE   0
#define LOOK_AGAIN  (10 * USB_MS)
#define ANEW_BEHIND (100 * USB_MS)

/* It belongs to the link from here on, with `file`, if all went well. */
static int take(struct usb_card *card, libusb_device_handle *handle, int file)
{
    int configuration = 0;
    int code;

    /* Given back at release. Where there are no kernel drivers to detach it fails, and that is fine. */
    (void)libusb_set_auto_detach_kernel_driver(handle, 1);
    code = libusb_get_configuration(handle, &configuration);
    if (!code && configuration == 0)
        code = libusb_set_configuration(handle, 1);
    if (!code)
        code = libusb_claim_interface(handle, INTERFACE);
    if (!code && !card->link.event) {
        card->link.event = libusb_alloc_transfer(0);
        if (!card->link.event)
            code = LIBUSB_ERROR_NO_MEM;
    }
    if (code) {
        libusb_close(handle);
        usb_platform_close(file);
        return code;
    }
    usb_card_lock(card);
    card->link.handle = handle;
    card->link.file = file;
    card->link.lost = 0;
    card->link.event_halted = 0;
    card->link.event_errors = 0;
    card->news = 0;
    code = usb_event_submit(card);
    usb_card_unlock(card);
    if (code)
        usb_link_close(card);
    return code;
}

int usb_link_open(struct usb_card *card, libusb_device *device)
{
    libusb_device_handle *handle = NULL;
    int code = libusb_open(device, &handle);

    return code ? code : take(card, handle, -1);
}

/* Every transfer that was submitted comes back, cancelled if nothing else: libusb's promise, and the
 * only reason why this wait has no end of its own. */
void usb_link_close(struct usb_card *card)
{
    libusb_device_handle *handle;

    usb_card_lock(card);
    handle = card->link.handle;
    card->link.lost = 1; /* nothing is submitted any more */
    if (card->link.event_flies)
        (void)libusb_cancel_transfer(card->link.event);
    while (card->link.event_flies)
        (void)vdi_cond_wait(card->cond, card->lock, INT64_MAX);
    card->link.handle = NULL;
    usb_card_unlock(card);
    usb_io_forget(card);
    if (handle) {
        (void)libusb_release_interface(handle, INTERFACE);
        libusb_close(handle);
        usb_platform_close(card->link.file);
    }
}

/* ---- Coming back ---- */

struct search {
    struct usb_card *card;
    int anew; /* by a context that is not the card's */
    int code;
};

static int open_elsewhere(struct usb_card *card, const struct usb_seat *seat)
{
    libusb_device_handle *handle = NULL;
    int file = -1;
    int code = usb_platform_open(&handle, &file, card->context, seat->bus, seat->address);

    return code ? code : take(card, handle, file);
}

static int try_seat(const struct usb_seat *seat, void *user)
{
    struct search *search = user;
    struct usb_card *card = search->card;

    if (seat->kind != USB_KIND_VENDOR || strcmp(seat->port, card->port) != 0)
        return 0;
    /* Another device at this port is another device. */
    if (seat->serial[0] && card->serial[0] && strcmp(seat->serial, card->serial) != 0)
        return 0;
    search->code = search->anew ? open_elsewhere(card, seat) : usb_link_open(card, seat->device);
    if (!search->code)
        card->speed = seat->speed;
    return 1;
}

/* The card's context may never hear of changes; a new one sees what is there. */
static void look_anew(struct search *search)
{
    libusb_context *other = NULL;

    if (libusb_init(&other))
        return;
    search->anew = 1;
    (void)usb_find_each(other, try_seat, search);
    search->anew = 0;
    libusb_exit(other);
}

int usb_link_return(struct usb_card *card)
{
    int64_t begun = vdi_now_ns();
    int64_t deadline = begun + (int64_t)card->options.return_ms * USB_MS;
    struct search search = {card, 0, LIBUSB_ERROR_NOT_FOUND};
    uint64_t seen = 0;

    usb_link_close(card);
    for (;;) {
        uint64_t mark = usb_platform_bus_mark();

        search.code = LIBUSB_ERROR_NOT_FOUND;
        (void)usb_find_each(card->context, try_seat, &search);
        if (search.code == LIBUSB_ERROR_NOT_FOUND && mark != seen &&
            vdi_now_ns() - begun > ANEW_BEHIND) {
            look_anew(&search);
            /* What was there and could not be opened is looked at again. */
            if (search.code == LIBUSB_ERROR_NOT_FOUND)
                seen = mark;
        }
        if (!search.code)
            return VDH_OK;
        if (vdi_now_ns() >= deadline)
            break;
        /* Not there yet; or udev has not given it to us yet. */
        usb_card_lock(card);
        (void)vdi_cond_wait(card->cond, card->lock, vdi_now_ns() + LOOK_AGAIN);
        usb_card_unlock(card);
    }
    vdi_log(card->base.device->context, VDC_LOG_WARNING,
            "%s: it left the bus and did not come back: %s", card->base.id,
            libusb_error_name(search.code));
    return VDH_E_GONE;
}
