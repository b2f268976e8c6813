/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing, and the two threads of an open device: one handles libusb's events, so that
 * callbacks come whether anybody waits or not; one makes the requests that nobody waits for.
 */
#include "usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usb_stream.h"
#include "vdh_default_image.h"
#include "vidicon_brand.h"

#define QUIT_CONTROL 1
#define QUIT_EVENTS  2 /* once no transfer is left */

void usb_card_enter(struct usb_card *card)
{
    /* Who holds it may wait for an answer that nobody brings, as the thread that waited for frames is this one. */
    usb_card_lock(card);
    if (card->pump.asks && !card->pump.inside)
        usb_pump_resume(&card->pump);
    usb_card_unlock(card);
    vdi_mutex_lock(card->control);
}

void usb_card_leave(struct usb_card *card)
{
    vdi_mutex_unlock(card->control);
}

void usb_card_lost(struct usb_card *card)
{
    card->link.lost = 1;
    if (atomic_exchange(&card->gone, 1))
        return;
    vdi_log(card->base.device->context, VDC_LOG_WARNING, "%s: it was unplugged", card->base.id);
    usb_hotplug_lost(card->base.device->context, card->base.id);
    if (card->stream)
        usb_outbox_tell(&card->stream->box);
    usb_pump_resume(&card->pump);
    usb_pump_wake(&card->pump);
    vdi_cond_signal_all(card->cond);
    vdi_cond_signal_all(card->alarm);
}

/* ---- Threads ---- */

static void run_events(void *argument)
{
    struct usb_card *card = argument;

    usb_pump_run(&card->pump, &card->quit, QUIT_EVENTS);
}

static void run_control(void *argument)
{
    struct usb_card *card = argument;

    usb_card_lock(card);
    while (atomic_load(&card->quit) < QUIT_CONTROL) {
        int64_t due = usb_stream_due(card);
        uint32_t events = card->news & USB_TOLD_LATER;
        uint32_t moved;
        int over = 0;

        if (card->moving) {
            /* Whoever moves it holds `control` for long, and looks at the news itself. */
            (void)vdi_cond_wait(card->alarm, card->lock, vdi_now_ns() + 100 * USB_MS);
            continue;
        }
        if (!events && !card->link.event_halted && due > vdi_now_ns())
            over = vdi_cond_wait(card->alarm, card->lock, due);
        events = card->news & USB_TOLD_LATER;
        moved = card->moved;
        if (!over && !events && !card->link.event_halted && usb_stream_due(card) > vdi_now_ns())
            continue;
        card->news &= ~(uint32_t)USB_TOLD_LATER;
        card->moved = 0;
        usb_card_unlock(card);
        usb_card_enter(card);
        usb_event_tell(card, events, moved);
        usb_stream_serve(card);
        usb_card_leave(card);
        usb_card_lock(card);
    }
    usb_card_unlock(card);
}

/* ---- Opening ---- */

struct choice {
    struct usb_card *card;
    libusb_device *device;
    int busy; /* libusb's error of the last one that could not be had */
};

static void take_seat(struct usb_card *card, const struct usb_seat *seat)
{
    memcpy(card->base.id, seat->id, sizeof(card->base.id));
    memcpy(card->serial, seat->serial, sizeof(card->serial));
    memcpy(card->port, seat->port, sizeof(card->port));
    card->speed = seat->speed;
    card->bus = seat->bus;
}

static int choose(const struct usb_seat *seat, void *user)
{
    struct choice *choice = user;

    if (seat->kind != USB_KIND_VENDOR ||
        !usb_find_matches(seat, choice->card->options.path, strlen(choice->card->options.path)))
        return 0;
    take_seat(choice->card, seat);
    choice->busy = usb_link_open(choice->card, seat->device);
    if (!choice->busy)
        return 1;
    /* Without an id the next one may be free. */
    return choice->card->options.path[0] != 0;
}

static int find_and_link(struct usb_card *card)
{
    struct choice choice = {card, NULL, 0};
    int result = usb_find_each(card->context, choose, &choice);

    if (result < 0)
        return result;
    if (choice.busy)
        return usb_find_error(card->base.id, choice.busy, "opening it");
    if (!card->link.handle)
        return vdi_error(VDC_E_NOT_FOUND,
                         "usb:%s: no such device is plugged in; \"" VIDICON_BRAND_TOOL_NAME
                         " list\" shows what is",
                         card->options.path);
    return VDC_OK;
}

static int take_image(struct usb_card *card)
{
    if (strcmp(card->options.firmware, "none") == 0)
        return VDC_OK;
    if (card->options.firmware[0]) {
        card->base.image_is_file = 1;
        (void)snprintf(card->base.image_name, sizeof(card->base.image_name), "%.60s",
                       card->options.firmware);
        return vdi_file_open(&card->base.image, &card->base.image_bytes, card->options.firmware);
    }
    card->base.image = vdh_default_image;
    card->base.image_bytes = vdh_default_image_bytes;
    return VDC_OK;
}

static int prepare(struct usb_card *card)
{
    int result = vdi_mutex_create(&card->control);

    if (!result)
        result = vdi_mutex_create(&card->lock);
    if (!result)
        result = vdi_cond_create(&card->cond);
    if (!result)
        result = vdi_cond_create(&card->alarm);
    if (!result)
        result = take_image(card);
    if (!result)
        result = usb_context_create(&card->context);
    if (!result)
        result = usb_pump_create(&card->pump, card->context, card->lock);
    card->base.tables = malloc(VDH_TABLES_MAX_BYTES);
    if (!result && !card->base.tables)
        result = vdi_error(VDC_E_NO_MEMORY, "usb: no memory to open a device");
    if (!result)
        result = vdi_thread_create(&card->events_thread, run_events, card, "vidicon-usb");
    return result;
}

static void destroy(struct usb_card *card)
{
    if (card->control_thread) {
        atomic_store(&card->quit, QUIT_CONTROL);
        usb_card_lock(card);
        vdi_cond_signal_all(card->alarm);
        usb_card_unlock(card);
        vdi_thread_join(card->control_thread);
    }
    /* The events are handled until the last transfer is back. */
    if (card->events_thread) {
        usb_link_close(card);
        atomic_store(&card->quit, QUIT_EVENTS);
        usb_pump_quit(&card->pump);
        vdi_thread_join(card->events_thread);
    }
    /* libusb's transfers end before their context. */
    usb_pump_destroy(&card->pump);
    if (card->link.event)
        libusb_free_transfer(card->link.event);
    if (card->context)
        libusb_exit(card->context);
    if (card->base.image_is_file && card->base.image)
        vdi_file_close(card->base.image, card->base.image_bytes);
    free(card->base.tables);
    vdi_cond_destroy(card->alarm);
    vdi_cond_destroy(card->cond);
    vdi_mutex_destroy(card->lock);
    vdi_mutex_destroy(card->control);
    free(card);
}

static int bring_up(struct usb_card *card)
{
    int result = find_and_link(card);

    if (!result) {
        usb_card_enter(card);
        result = card_boot_bring_up(&card->base);
        usb_card_leave(card);
    }
    if (!result)
        result = vdi_thread_create(&card->control_thread, run_control, card, "vidicon-usb-ctl");
    return result;
}

int usb_open(struct vdi_device *device, const char *path)
{
    struct card_device *own = device->priv;
    struct usb_card *card = calloc(1, sizeof(*card));
    char why[320];
    int result;

    if (!card)
        return vdi_error(VDC_E_NO_MEMORY, "usb:%.64s: no memory to open it", path);
    card->base.host = &usb_host;
    card->base.device = device;
    atomic_init(&card->gone, 0);
    atomic_init(&card->quit, 0);
    atomic_init(&card->requests, 0);
    usb_io_init(card);
    if (usb_options_parse(&card->options, path, why, sizeof(why)))
        result = vdi_error(VDC_E_INVALID, "cannot open usb:%.64s: %s", path, why);
    else
        result = prepare(card);
    if (!result)
        result = bring_up(card);
    if (result) {
        destroy(card);
        return result;
    }
    own->card = &card->base;
    return VDC_OK;
}

void usb_close(struct vdi_device *device)
{
    struct card_device *own = device->priv;

    if (own->card)
        destroy(usb_card_from(own->card));
    own->card = NULL;
}
