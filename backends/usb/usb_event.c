/* SPDX-License-Identifier: MIT */
/*
 * The interrupt endpoint. Its packets carry the interrupt status, so nobody reads it; what they set
 * off is done by the control thread, since a callback may not wait for the bus.
 */
#include "usb.h"

#include "usb_stream.h"

#define ERRORS_MOST 8

static void take_packet(struct usb_card *card, const struct libusb_transfer *transfer)
{
    struct vdh_usb_event event;

    if (transfer->actual_length < 0 ||
        vdh_usb_event_decode(&event, card->link.event_bytes, (uint32_t)transfer->actual_length))
        return;
    card->news |= event.events;
    if (event.events & VDH_EVENT_CONTROL)
        card->moved |= event.control_changed;
    if (card->stream)
        usb_account_event(card->stream, event.frames_produced);
    /* Lost frames are told by an event each, too. */
    if (event.events & USB_TOLD_LATER)
        vdi_cond_signal_all(card->alarm);
    if (event.events & (VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_STOPPED))
        vdi_cond_signal_all(card->cond);
}

/* With `lock` held. If that is refused the control thread begins anew with the endpoint, as behind a halt. */
static void submit_again(struct usb_card *card)
{
    struct usb_link *link = &card->link;
    int code;

    if (link->lost || link->event_halted || link->event_errors >= ERRORS_MOST)
        return;
    code = usb_event_submit(card);
    if (code && code != LIBUSB_ERROR_NO_DEVICE) {
        link->event_errors++;
        link->event_halted = 1;
        vdi_cond_signal_all(card->alarm);
    }
}

static void LIBUSB_CALL event_done(struct libusb_transfer *transfer)
{
    struct usb_card *card = transfer->user_data;

    usb_card_lock(card);
    card->link.event_flies = 0;
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        card->link.event_errors = 0;
        take_packet(card, transfer);
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        card->link.lost = 1;
        if (!card->moving)
            usb_card_lost(card);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        break;
    case LIBUSB_TRANSFER_STALL:
        card->link.event_halted = 1;
        vdi_cond_signal_all(card->alarm);
        break;
    default:
        card->link.event_errors++;
        break;
    }
    submit_again(card);
    if (!card->link.event_flies)
        vdi_cond_signal_all(card->cond);
    usb_card_unlock(card);
}

int usb_event_submit(struct usb_card *card)
{
    int code;

    libusb_fill_interrupt_transfer(card->link.event, card->link.handle, USB_EVENT_IN,
                                   card->link.event_bytes, USB_EVENT_BYTES, event_done, card, 0);
    code = libusb_submit_transfer(card->link.event);
    card->link.event_flies = code == 0;
    return code;
}

void usb_event_tell(struct usb_card *card, uint32_t events, uint32_t moved)
{
    if (card->link.event_halted && card->link.handle && !card->link.lost) {
        int code = libusb_clear_halt(card->link.handle, USB_EVENT_IN);

        usb_card_lock(card);
        card->link.event_halted = 0;
        card->link.event_errors++;
        if (!code)
            submit_again(card);
        usb_card_unlock(card);
    }
    if (events & VDH_EVENT_SOURCE)
        vdi_device_event(card->base.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
    if (events & VDH_EVENT_CONTROL && card->base.ready)
        card_controls_moved(&card->base, moved);
}
