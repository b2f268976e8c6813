/* SPDX-License-Identifier: MIT */
/* Cards whose wire is usb-redir: what tests/usb/redir needs of the server. */
#include <sys/socket.h>

#include "card_private.h"
#include "redir.h"
#include "vidicon_brand.h"

#include "../protocol.h"

static void attachment(void *context, int attached)
{
    struct card *card = context;

    redir_attachment(card->redir, attached);
}

static int begin(struct card *card)
{
    redir_set_model(card->redir, card->model);
    return redir_begin(card->redir, card->client);
}

static int read_wire(struct card *card)
{
    card->vfu.messages++;
    return redir_read(card->redir);
}

static void settle(struct card *card)
{
    /* Not ended here: others may be at work on the connection. Its thread finds it closed. */
    if (redir_settle(card->redir) && card->client >= 0)
        (void)shutdown(card->client, SHUT_RDWR);
    card->engine.running = redir_captures(card->redir);
}

static void end(struct card *card)
{
    redir_end(card->redir);
}

static void destroy(struct card *card)
{
    redir_destroy(card->redir);
}

static int is_asked(const struct card *card)
{
    return redir_is_asked(card->redir);
}

static int wants_to_write(const struct card *card)
{
    return redir_wants_to_write(card->redir);
}

static uint64_t due_ns(const struct card *card)
{
    return redir_due_ns(card->redir);
}

static const struct card_wire wire = {begin,   read_wire, settle,         end,
                                      destroy, is_asked,  wants_to_write, due_ns};

int card_usb_is_there(void)
{
    return 1;
}

int card_usb_init(struct card *card)
{
    struct vdm_config *config = &card->model_config;

    config->body = VDM_BODY_USB;
    config->usb_speed = card->number == VMR_PCI_CARDS ? VDM_USB_HIGH : VDM_USB_SUPER;
    config->usb_vendor = VIDICON_BRAND_USB_VENDOR_ID;
    config->usb_product_boot = VIDICON_BRAND_USB_BOOT_PRODUCT_ID;
    config->usb_product_run = VIDICON_BRAND_USB_PRODUCT_ID;
    config->usb_manufacturer = VIDICON_BRAND_VENDOR_NAME;
    config->usb_product = VIDICON_BRAND_PRODUCT_NAME;
    config->usb_interface_guid = "{" VIDICON_BRAND_DEVICE_INTERFACE_GUID "}";
    card->host.dma = NULL;
    card->host.interrupt = NULL;
    card->host.attachment = attachment;
    card->redir = redir_create(config->usb_speed);
    card->wire = &wire;
    return card->redir ? 0 : -1;
}

/* ---- What tests do to it, with the lock taken ---- */

int card_set_limit(struct card *card, uint64_t bytes_per_s)
{
    if (!card->wire)
        return -1;
    pthread_mutex_lock(&card->lock);
    card_catch_up(card);
    redir_set_model(card->redir, card->model);
    redir_set_limit(card->redir, bytes_per_s);
    pthread_mutex_unlock(&card->lock);
    return 0;
}

int card_set_hang(struct card *card, uint64_t nth)
{
    if (!card->wire)
        return -1;
    pthread_mutex_lock(&card->lock);
    redir_set_hang(card->redir, nth);
    pthread_mutex_unlock(&card->lock);
    return 0;
}

int card_look_usb(struct card *card, struct card_usb_report *report)
{
    struct redir_report now;

    if (!card->wire)
        return -1;
    pthread_mutex_lock(&card->lock);
    redir_look(card->redir, &now);
    pthread_mutex_unlock(&card->lock);
    *report = (struct card_usb_report){now.controls, now.bulk_requests, now.bulk_bytes,
                                       now.events,   now.cancelled,     now.connects,
                                       now.hung,     now.refused,       now.pending};
    return 0;
}
