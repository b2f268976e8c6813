/* SPDX-License-Identifier: MIT */
/* What card.h leaves to a backend, for a simulated card: its lock and time, and what it is called. */
#include "sim_card.h"

#include <stdio.h>
#include <string.h>

#include "vidicon_brand.h"

void sim_host_describe(struct vdi_device_info *out, uint32_t number)
{
    memset(out, 0, sizeof(*out));
    (void)snprintf(out->id, sizeof(out->id), "sim:%u", (unsigned)number);
    (void)snprintf(out->name, sizeof(out->name), "%s (simulated)", VIDICON_BRAND_PRODUCT_NAME);
    sim_options_default_serial(out->serial, number);
    (void)snprintf(out->location, sizeof(out->location), "simulated card %u", (unsigned)number);
    out->caps = VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_CALLER_MEMORY | VDC_CAP_DEVICE_TIME |
                VDC_CAP_SIMULATED;
}

static void describe(struct card *card, struct vdi_device_info *out)
{
    sim_host_describe(out, sim_card_from(card)->options.card);
}

static void enter(struct card *card)
{
    sim_card_enter(sim_card_from(card));
}

static void leave(struct card *card)
{
    sim_card_leave(sim_card_from(card));
}

static void unlock(struct card *card)
{
    vdi_mutex_unlock(sim_card_from(card)->lock);
}

static void lock(struct card *card)
{
    sim_card_lock(sim_card_from(card));
}

static uint64_t now_us(struct card *card)
{
    return sim_card_now(sim_card_from(card)) / 1000u;
}

static void pause(struct card *card, uint32_t microseconds)
{
    sim_card_pause(sim_card_from(card), microseconds);
}

static void lost(struct card *card)
{
    sim_card_from(card)->gone = 1;
}

/* A card that started anew has forgotten which interrupts it was to send. */
static int greet(struct card *card, uint32_t attempt)
{
    (void)attempt;
    (void)vdh_interrupts_enable(&card->core, card->host->events);
    return VDH_OK;
}

static void flash_changed(struct card *card)
{
    sim_card_save_flash(sim_card_from(card));
}

static const char *failed(struct card *card)
{
    (void)card;
    return "the card failed on the way, as after a loss of power";
}

const struct card_host sim_host = {
    .events = VDH_EVENT_FRAME | VDH_EVENT_WATERMARK | VDH_EVENT_SOURCE | VDH_EVENT_CONTROL |
              VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_ERROR,
    .absent_body = VDH_BODY_USB,
    .tells_progress = 1,
    .noun = "the card",
    .it = "the card",
    .gone = "the card was pulled out",
    .failed = failed,
    .enter = enter,
    .leave = leave,
    .unlock = unlock,
    .lock = lock,
    .now_us = now_us,
    .pause = pause,
    .lost = lost,
    .describe = describe,
    .greet = greet,
    .boot = card_boot_once,
    .flash_changed = flash_changed,
};
