/* SPDX-License-Identifier: MIT */
/* What card.h leaves to a backend, for a device on the bus: locks, time, and what it is called. */
#include "usb.h"

#include <string.h>

static void enter(struct card *card)
{
    usb_card_enter(usb_card_from(card));
}

static void leave(struct card *card)
{
    usb_card_leave(usb_card_from(card));
}

static uint64_t now_us(struct card *card)
{
    (void)card;
    return (uint64_t)vdi_now_ns() / 1000u;
}

static void pause(struct card *base, uint32_t microseconds)
{
    const uint32_t awaited = VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_STOPPED;
    struct usb_card *card = usb_card_from(base);
    int64_t deadline = vdi_now_ns() + microseconds * INT64_C(1000);

    if (!microseconds)
        return;
    usb_card_lock(card);
    while (!(card->news & awaited) && !card->link.lost &&
           !vdi_cond_wait(card->cond, card->lock, deadline)) {
    }
    card->news &= ~awaited;
    usb_card_unlock(card);
}

static void lost(struct card *base)
{
    struct usb_card *card = usb_card_from(base);

    usb_card_lock(card);
    usb_card_lost(card);
    usb_card_unlock(card);
}

static void describe(struct card *base, struct vdi_device_info *out)
{
    const struct usb_card *card = usb_card_from(base);
    struct usb_seat seat;

    memset(&seat, 0, sizeof(seat));
    memcpy(seat.id, base->id, sizeof(seat.id));
    memcpy(seat.port, card->port, sizeof(seat.port));
    usb_find_describe(out, &seat);
}

static void moving(struct card *card, int on)
{
    usb_boot_moving(usb_card_from(card), on);
}

static const char *failed(struct card *base)
{
    switch (usb_card_from(base)->request_error) {
    case LIBUSB_ERROR_TIMEOUT:
        return "a request was not answered within a second";
    case LIBUSB_ERROR_PIPE:
        return "it refused a request";
    case LIBUSB_ERROR_OVERFLOW:
        return "its answer to a request was too long";
    case 0:
        return "its answer to a request was too short";
    default:
        return "a request failed on the bus";
    }
}

const struct card_host usb_host = {
    .events =
        VDH_EVENT_SOURCE | VDH_EVENT_CONTROL | VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_STOPPED,
    .absent_body = VDH_BODY_PCIE,
    .outlives = 1,
    .noun = "the device",
    .it = "it",
    .gone = "it was unplugged",
    .failed = failed,
    .enter = enter,
    .leave = leave,
    .unlock = leave,
    .lock = enter,
    .now_us = now_us,
    .pause = pause,
    .lost = lost,
    .describe = describe,
    .greet = usb_boot_greet,
    .boot = usb_boot_run,
    .moving = moving,
    .carries = usb_format_carries,
    .negotiate = usb_format_negotiate,
};
