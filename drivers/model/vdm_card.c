/* SPDX-License-Identifier: MIT */
/*
 * The card as a whole: creation, its life in time, resets and power. Time is true time; the card's
 * own counter runs at its drifting speed and is only ever computed, never stepped.
 */
#include "vdm_private.h"

#include <stddef.h>

#define SECOND_NS 1000000000u

void vdm_config_default(struct vdm_config *config)
{
    memset(config, 0, sizeof *config);
    config->body = VDM_BODY_PCIE;
    config->usb_speed = VDM_USB_SUPER;
    memcpy(config->serial, "0000000000000001", sizeof config->serial);
    config->target = 1;
    config->version_min = 0x01000000u;
    config->version_max = 0xffffffffu;
    /* No identity: that is the builder's. */
    config->usb_manufacturer = "";
    config->usb_product = "";
    config->usb_interface_guid = "{00000000-0000-0000-0000-000000000000}";
    config->boot_ns = 30000000u;
    config->flash_ns_per_byte = 1000u;
}

size_t vdm_card_bytes(void)
{
    return sizeof(struct vdm_card);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void find_next(struct vdm_card *card)
{
    uint64_t next = card->timer_ns[0];

    for (uint32_t n = 1; n < VDM_TIMERS; n++) {
        if (card->timer_ns[n] < next) {
            next = card->timer_ns[n];
        }
    }
    card->next_ns = next;
}

void vdm_timer_set(struct vdm_card *card, enum vdm_timer timer, uint64_t at_ns)
{
    uint64_t before = card->timer_ns[timer];

    card->timer_ns[timer] = at_ns;
    if (at_ns <= card->next_ns) {
        card->next_ns = at_ns;
    } else if (before == card->next_ns) {
        find_next(card);
    }
}

uint64_t vdm_ticks(const struct vdm_card *card)
{
    uint64_t since = card->now_ns - card->power_on_ns;

    return since / SECOND_NS * card->ticks_per_s +
           since % SECOND_NS * card->ticks_per_s / SECOND_NS;
}

/* The first nanosecond at which the counter shows `ticks`. */
uint64_t vdm_ticks_to_ns(const struct vdm_card *card, uint64_t ticks)
{
    uint64_t part = ticks % card->ticks_per_s * SECOND_NS;

    return card->power_on_ns + ticks / card->ticks_per_s * SECOND_NS +
           (part + card->ticks_per_s - 1) / card->ticks_per_s;
}

static void happen(struct vdm_card *card, enum vdm_timer timer)
{
    switch (timer) {
    case VDM_TIMER_FAULT:
        vdm_fault_time_event(card);
        break;
    case VDM_TIMER_SIGNAL:
    case VDM_TIMER_LOSS:
        vdm_signal_event(card);
        break;
    case VDM_TIMER_BOOT:
        vdm_boot_event(card);
        break;
    case VDM_TIMER_FLASH:
        vdm_flash_event(card);
        break;
    case VDM_TIMER_ATTACH:
        vdm_usb_attach_event(card);
        break;
    case VDM_TIMER_TORN:
        vdm_dma_torn_event(card);
        break;
    case VDM_TIMER_CAPTURE:
        vdm_capture_event(card);
        break;
    case VDM_TIMER_LATE:
        vdm_irq_late_event(card);
        break;
    case VDM_TIMERS:
        break;
    }
}

void vdm_advance(struct vdm_card *card, uint64_t to_ns)
{
    while (card->next_ns <= to_ns) {
        uint32_t timer = 0;

        while (card->timer_ns[timer] != card->next_ns) {
            timer++;
        }
        if (card->next_ns > card->now_ns) {
            card->now_ns = card->next_ns;
        }
        card->timer_ns[timer] = VDM_NEVER;
        find_next(card);
        happen(card, (enum vdm_timer)timer);
        vdm_settle(card);
    }
    if (to_ns > card->now_ns) {
        card->now_ns = to_ns;
    }
    vdm_flash_sync(card);
}

uint64_t vdm_now_ns(const struct vdm_card *card)
{
    return card->now_ns;
}

uint64_t vdm_next_event_ns(const struct vdm_card *card)
{
    return card->next_ns;
}

/* ---- Power and resets ------------------------------------------------------------------------ */

/* All that a card reset takes back; the time counter goes on. */
static void reset_state(struct vdm_card *card)
{
    uint64_t now_ns = card->now_ns;
    int64_t jump_ticks = card->jump_ticks;

    memset(card, 0, offsetof(struct vdm_card, lasting));
    card->now_ns = now_ns;
    card->jump_ticks = jump_ticks;
    for (uint32_t n = 0; n < VDM_TIMERS; n++) {
        card->timer_ns[n] = VDM_NEVER;
    }
    card->next_ns = VDM_NEVER;
    for (uint32_t n = 0; n < VDM_REGS; n++) {
        card->reg[n] = vdm_reg_table[n].reset;
    }
}

void vdm_card_reset(struct vdm_card *card)
{
    struct vdm_usb usb = card->usb;
    uint64_t attach_ns = card->timer_ns[VDM_TIMER_ATTACH];

    vdm_usb_discard(card);
    reset_state(card);
    usb.empty_events = 0;
    usb.event_held = 0;
    memset(usb.slot, 0, sizeof usb.slot);
    usb.head = 0;
    usb.position = 0;
    usb.transfer_faults = 0;
    usb.spoilt = 0;
    card->usb = usb;
    vdm_timer_set(card, VDM_TIMER_ATTACH, attach_ns);
    vdm_fault_arm(card);
    vdm_flash_load(card);
    vdm_usb_firmware(card, 0);
    vdm_boot_power_on(card);
}

static void power_on(struct vdm_card *card)
{
    card->jump_ticks = 0;
    reset_state(card);
    card->power_on_ns = card->now_ns;
    vdm_fault_arm(card);
    vdm_flash_load(card);
    vdm_boot_power_on(card);
}

void vdm_power_cycle(struct vdm_card *card)
{
    int attached = card->usb.attached;
    int was_gone = card->gone;

    card->cut = 0;
    card->gone = 0;
    vdm_usb_discard(card);
    power_on(card);
    vdm_usb_power_on(card, attached);
    if (was_gone && card->config.body == VDM_BODY_PCIE && card->host.attachment != NULL) {
        card->host.attachment(card->config.context, 1);
    }
}

void vdm_settle(struct vdm_card *card)
{
    if (card->cut) {
        card->cut = 0;
        if (!card->gone) {
            vdm_power_cycle(card);
        }
    }
}

void vdm_unplug(struct vdm_card *card)
{
    int attached = card->config.body == VDM_BODY_PCIE || card->usb.attached;

    if (card->gone) {
        return;
    }
    vdm_usb_discard(card);
    reset_state(card);
    card->gone = 1;
    if (attached && card->host.attachment != NULL) {
        card->host.attachment(card->config.context, 0);
    }
}

int vdm_is_gone(const struct vdm_card *card)
{
    return card->gone;
}

struct vdm_card *vdm_create(void *memory, size_t bytes, const struct vdm_config *config)
{
    struct vdm_card *card = memory;

    if (memory == NULL || bytes < sizeof *card || config->host == NULL ||
        (uintptr_t)memory % 64 != 0 || config->drift_ppm < -500000 || config->drift_ppm > 500000 ||
        config->serial[16] != 0 ||
        (config->body != VDM_BODY_PCIE && config->body != VDM_BODY_USB) ||
        (config->body == VDM_BODY_USB &&
         (config->usb_manufacturer == NULL || config->usb_product == NULL ||
          config->usb_interface_guid == NULL))) {
        return NULL;
    }
    memset(card, 0, sizeof *card);
    card->config = *config;
    card->host = *config->host;
    card->config.host = &card->host;
    card->ticks_per_s = VDM_RESET_TIME_HZ / 1000000u * (uint64_t)(1000000 + config->drift_ppm);
    for (uint32_t n = 0; n < VDM_INPUTS_MAX; n++) {
        card->source[n] = VDM_SIGNAL_DEFAULT;
    }
    for (uint32_t n = 0; n < VDM_REGS; n++) {
        for (uint32_t k = 0; k < vdm_reg_table[n].count; k++) {
            card->reg_at[vdm_reg_table[n].offset / 4u + k] = (uint8_t)(n + 1);
        }
    }
    power_on(card);
    card->usb.attached = 1;
    return card;
}

const struct vdm_ledger *vdm_get_ledger(const struct vdm_card *card)
{
    return &card->ledger;
}
