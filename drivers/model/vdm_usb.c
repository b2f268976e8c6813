/* SPDX-License-Identifier: MIT */
/*
 * The USB body: requests, the two IN endpoints, and leaving the bus to come back under another id.
 * The card buffers frames by what they show, not by their bytes: a picture is made when it is read.
 */
#include "vdm_private.h"

#define HALT_FEATURE 0u
#define BULK_IN      0x81u
#define INTERRUPT_IN 0x82u
#define STRAY_BYTES  13u /* what a transfer that ends early ends with */

/* ---- Coming and going ------------------------------------------------------------------------ */

static void forget_host(struct vdm_card *card)
{
    card->usb.configuration = 0;
    card->usb.bulk_halted = 0;
    card->usb.interrupt_halted = 0;
    vdm_usb_discard(card);
}

static void leave(struct vdm_card *card)
{
    int attached = card->usb.attached;

    forget_host(card);
    card->usb.attached = 0;
    vdm_timer_set(card, VDM_TIMER_ATTACH, card->now_ns + VDM_REPLUG_NS);
    if (attached && card->host.attachment != NULL) {
        card->host.attachment(card->config.context, 0);
    }
}

void vdm_usb_attach_event(struct vdm_card *card)
{
    card->usb.attached = 1;
    if (card->host.attachment != NULL) {
        card->host.attachment(card->config.context, 1);
    }
}

/* Power came back. */
void vdm_usb_power_on(struct vdm_card *card, int was_attached)
{
    if (card->config.body == VDM_BODY_USB) {
        card->usb.attached = was_attached;
        leave(card);
    }
}

/* Firmware runs now, or none does any more. */
void vdm_usb_firmware(struct vdm_card *card, int runs)
{
    if (card->config.body == VDM_BODY_USB && (runs || card->usb.running_id)) {
        card->usb.running_id = runs;
        leave(card);
    }
}

void vdm_usb_reset(struct vdm_card *card)
{
    if (!card->gone && card->config.body == VDM_BODY_USB) {
        forget_host(card);
    }
}

/* ---- The frame buffer ------------------------------------------------------------------------ */

static struct vdm_usb_slot *filling(struct vdm_card *card)
{
    for (uint32_t n = 0; n < VDM_USB_FRAMES; n++) {
        if (card->usb.slot[n].state == VDM_SLOT_FILLING) {
            return &card->usb.slot[n];
        }
    }
    return NULL;
}

int vdm_usb_slot_take(struct vdm_card *card)
{
    struct vdm_usb *usb = &card->usb;

    for (uint32_t n = 0; n < VDM_USB_FRAMES; n++) {
        struct vdm_usb_slot *slot = &usb->slot[(usb->head + n) % VDM_USB_FRAMES];

        if (slot->state == VDM_SLOT_FREE) {
            slot->state = VDM_SLOT_FILLING;
            return 1;
        }
    }
    return 0;
}

void vdm_usb_slot_fill(struct vdm_card *card, const uint8_t record[VDM_BYTES_COMPLETION])
{
    struct vdm_usb_slot *slot = filling(card);

    if (slot != NULL) {
        slot->state = VDM_SLOT_FULL;
        slot->frame = card->capture.frame;
        slot->ledger = card->ledger.frame_count; /* the entry that is about to be made */
        memcpy(slot->completion, record, sizeof slot->completion);
    }
}

void vdm_usb_slot_drop(struct vdm_card *card)
{
    struct vdm_usb_slot *slot = filling(card);

    if (slot != NULL) {
        slot->state = VDM_SLOT_FREE;
    }
}

/* A frame that was good for the card did not reach the host. */
static void lost_on_bus(struct vdm_card *card, const struct vdm_usb_slot *slot)
{
    struct vdm_ledger *ledger = &card->ledger;

    ledger->by_cause[VDM_CAUSE_GOOD]--;
    ledger->by_cause[VDM_CAUSE_USB]++;
    ledger->capture.by_cause[VDM_CAUSE_GOOD]--;
    ledger->capture.by_cause[VDM_CAUSE_USB]++;
    if (ledger->frame_count - slot->ledger <= VDM_LEDGER_FRAMES) {
        ledger->frames[slot->ledger % VDM_LEDGER_FRAMES].cause = VDM_CAUSE_USB;
    }
}

static void next_transfer(struct vdm_card *card)
{
    struct vdm_usb *usb = &card->usb;

    usb->slot[usb->head].state = VDM_SLOT_FREE;
    usb->head = (usb->head + 1u) % VDM_USB_FRAMES;
    usb->position = 0;
    usb->transfer_faults = 0;
}

void vdm_usb_discard(struct vdm_card *card)
{
    struct vdm_usb *usb = &card->usb;

    for (uint32_t n = 0; n < VDM_USB_FRAMES; n++) {
        if (usb->slot[n].state == VDM_SLOT_FULL && !(n == usb->head && usb->spoilt)) {
            lost_on_bus(card, &usb->slot[n]);
        }
        usb->slot[n].state = VDM_SLOT_FREE;
    }
    usb->head = 0;
    usb->position = 0;
    usb->transfer_faults = 0;
    usb->spoilt = 0;
}

/* ---- Bulk IN --------------------------------------------------------------------------------- */

static void begin_transfer(struct vdm_card *card)
{
    card->usb.transfer_faults = vdm_fault_trigger(card, VDM_AT_PACKET, ++card->transfers);
}

/* The fault has had its effect: this frame is lost, whatever still comes of it. */
static void spoil(struct vdm_card *card, enum vdm_fault_kind kind)
{
    card->ledger.injected[kind]++;
    card->usb.spoilt = 1;
    lost_on_bus(card, &card->usb.slot[card->usb.head]);
}

static uint32_t trailer(struct vdm_card *card, uint8_t *data)
{
    struct vdm_usb *usb = &card->usb;

    memcpy(data, usb->slot[usb->head].completion, VDM_BYTES_COMPLETION);
    if ((usb->transfer_faults & vdm_fault_bit(VDM_FAULT_USB_CORRUPT)) != 0) {
        data[VDM_M_COMPLETION_VALID + 1] ^= 0x10u;
        spoil(card, VDM_FAULT_USB_CORRUPT);
    }
    usb->spoilt = 0;
    next_transfer(card);
    return VDM_BYTES_COMPLETION;
}

int vdm_usb_bulk_in(struct vdm_card *card, uint8_t *data, uint32_t room, int *packet_end)
{
    struct vdm_usb *usb = &card->usb;
    struct vdm_usb_slot *slot = &usb->slot[usb->head];
    uint32_t packet = card->config.usb_speed == VDM_USB_SUPER ? 1024 : 512;
    uint32_t cut = vdm_fault_bit(VDM_FAULT_USB_SHORT) | vdm_fault_bit(VDM_FAULT_USB_STALL);
    uint32_t end = (card->frame_bytes + VDM_USB_PAD - 1u) / VDM_USB_PAD * VDM_USB_PAD;
    uint32_t moved;

    *packet_end = 0;
    if (card->gone || !usb->attached) {
        return VDM_USB_GONE;
    }
    if (usb->bulk_halted) {
        return VDM_USB_STALL;
    }
    if (usb->configuration == 0 || slot->state != VDM_SLOT_FULL || room == 0) {
        return room == 0 ? 0 : VDM_USB_NAK;
    }
    if (usb->position == 0) {
        begin_transfer(card);
        if (card->gone) {
            return VDM_USB_GONE;
        }
    }
    cut &= usb->transfer_faults;
    if (cut != 0) {
        end = end / 2u / packet * packet;
    }
    moved = end - usb->position < room ? end - usb->position : room;
    vdm_picture_read(card, &slot->frame, usb->position, data, moved);
    usb->position += moved;
    if (usb->position < end || room - moved < VDM_BYTES_COMPLETION) {
        return (int)moved;
    }
    if ((cut & vdm_fault_bit(VDM_FAULT_USB_STALL)) != 0) {
        spoil(card, VDM_FAULT_USB_STALL);
        usb->bulk_halted = 1;
        return moved != 0 ? (int)moved : VDM_USB_STALL;
    }
    *packet_end = 1;
    if (cut != 0) {
        spoil(card, VDM_FAULT_USB_SHORT);
        usb->spoilt = 0;
        memset(data + moved, 0, STRAY_BYTES);
        next_transfer(card);
        return (int)(moved + STRAY_BYTES);
    }
    return (int)(moved + trailer(card, data + moved));
}

/* ---- Interrupt IN ---------------------------------------------------------------------------- */

int vdm_usb_interrupt_in(struct vdm_card *card, uint8_t data[64])
{
    struct vdm_usb *usb = &card->usb;
    uint32_t told = card->int_status & card->int_mask;

    if (card->gone || !usb->attached) {
        return VDM_USB_GONE;
    }
    if (usb->interrupt_halted) {
        return VDM_USB_STALL;
    }
    if (usb->configuration == 0) {
        return VDM_USB_NAK;
    }
    if (usb->empty_events > 0) {
        usb->empty_events--;
        told = 0;
    } else if (told == 0 || usb->event_held) {
        return VDM_USB_NAK;
    }
    vdm_put32(data + VDM_M_USB_EVENT_INT_STATUS, told);
    vdm_put32(data + VDM_M_USB_EVENT_BOOT_STATUS, vdm_boot_status(card));
    vdm_put32(data + VDM_M_USB_EVENT_INPUT_STATUS,
              card->boot.runs ? vdm_reg_input_status(card) : 0);
    vdm_put32(data + VDM_M_USB_EVENT_CONTROL_CHANGED, card->control_changed);
    vdm_put32(data + VDM_M_USB_EVENT_ERROR_STATUS, card->reg[VDM_ID_ERROR_STATUS]);
    vdm_put32(data + VDM_M_USB_EVENT_FRAMES_PRODUCED, card->capture.produced);
    vdm_put64(data + VDM_M_USB_EVENT_TICKS, vdm_ticks(card) + (uint64_t)card->jump_ticks);
    card->int_status &= ~told;
    card->control_changed = 0;
    card->reg[VDM_ID_ERROR_STATUS] = 0;
    card->ledger.interrupts++;
    return VDM_BYTES_USB_EVENT;
}

/* ---- Control requests ------------------------------------------------------------------------ */

struct setup {
    uint32_t type;
    uint32_t request;
    uint32_t value;
    uint32_t index;
    uint32_t length;
};

/* At most what was asked for. */
static int answer(const struct setup *setup, uint8_t *data, const uint8_t *bytes, uint32_t count)
{
    count = count < setup->length ? count : setup->length;
    memcpy(data, bytes, count);
    return (int)count;
}

static int *halted(struct vdm_card *card, uint32_t endpoint)
{
    return endpoint == BULK_IN        ? &card->usb.bulk_halted
           : endpoint == INTERRUPT_IN ? &card->usb.interrupt_halted
                                      : NULL;
}

static int set_halt(struct vdm_card *card, const struct setup *setup, int halt)
{
    int *state = halted(card, setup->index & 0xffu);

    if (state == NULL || setup->value != HALT_FEATURE) {
        return (setup->index & 0x7fu) == 0 && setup->value == HALT_FEATURE ? 0 : VDM_USB_STALL;
    }
    if (!halt && state == &card->usb.bulk_halted && card->usb.spoilt) {
        card->usb.spoilt = 0;
        next_transfer(card); /* the stalled transfer is not resumed */
    }
    *state = halt;
    return 0;
}

static int get_status(struct vdm_card *card, const struct setup *setup, uint8_t *data)
{
    uint8_t status[2] = {0, 0};

    if (setup->type == 0x82u) {
        const int *state = halted(card, setup->index & 0xffu);

        if (state == NULL && (setup->index & 0x7fu) != 0) {
            return VDM_USB_STALL;
        }
        status[0] = state != NULL && *state ? 1 : 0;
    }
    return answer(setup, data, status, sizeof status);
}

static int standard(struct vdm_card *card, const struct setup *setup, uint8_t *data)
{
    uint8_t bytes[VDM_DESCRIPTOR_MAX];
    uint32_t count;

    switch (setup->type << 8 | setup->request) {
    case 0x8000: /* GET_STATUS of device, interface, endpoint */
    case 0x8100:
    case 0x8200:
        return get_status(card, setup, data);
    case 0x0001: /* CLEAR_FEATURE and SET_FEATURE of the device: remote wake-up is not there, but
                    the power management of a SuperSpeed link is the host's to switch */
    case 0x0003:
    case 0x0103:
    case 0x0005: /* SET_ADDRESS is the bus controller's */
    case 0x0030: /* SET_SEL, SET_ISOCH_DELAY: nothing here depends on them */
    case 0x0031:
        return (int)(setup->type < 0x80u ? setup->length : 0);
    case 0x0201:
        return set_halt(card, setup, 0);
    case 0x0203:
        return set_halt(card, setup, 1);
    case 0x8006: /* GET_DESCRIPTOR */
        count = vdm_usb_descriptor(card, setup->value >> 8, setup->value & 0xffu, bytes);
        return count != 0 ? answer(setup, data, bytes, count) : VDM_USB_STALL;
    case 0x8008: /* GET_CONFIGURATION */
        return answer(setup, data, &card->usb.configuration, 1);
    case 0x0009: /* SET_CONFIGURATION */
        if (setup->value > 1) {
            return VDM_USB_STALL;
        }
        forget_host(card);
        card->usb.configuration = (uint8_t)setup->value;
        return 0;
    case 0x810a: /* GET_INTERFACE */
        bytes[0] = 0;
        return answer(setup, data, bytes, 1);
    case 0x010b: /* SET_INTERFACE */
        return setup->value == 0 && setup->index == 0 ? 0 : VDM_USB_STALL;
    default:
        return VDM_USB_STALL;
    }
}

static int read_registers(struct vdm_card *card, const struct setup *setup, uint8_t *data)
{
    if (setup->length % 4u != 0 || setup->length > 1024 || setup->value != 0) {
        return VDM_USB_STALL;
    }
    for (uint32_t at = 0; at < setup->length; at += 4) {
        vdm_put32(data + at, vdm_reg_read(card, setup->index + at));
        if (card->gone) {
            return VDM_USB_GONE;
        }
    }
    return (int)setup->length;
}

static int write_registers(struct vdm_card *card, const struct setup *setup, const uint8_t *data)
{
    if (setup->length % 4u != 0 || setup->length > 64 || setup->value != 0) {
        return VDM_USB_STALL;
    }
    for (uint32_t at = 0; at < setup->length; at += 4) {
        vdm_reg_write(card, setup->index + at, vdm_get32(data + at));
        if (card->gone) {
            return VDM_USB_GONE;
        }
    }
    return (int)setup->length;
}

static int vendor(struct vdm_card *card, const struct setup *setup, uint8_t *data)
{
    uint8_t bytes[VDM_DESCRIPTOR_MAX];
    uint32_t count;

    switch (setup->type << 8 | setup->request) {
    case VDM_X_USB_REQUEST_TYPE_IN << 8 | VDM_X_USB_REQUEST_REQUEST_READ:
        return read_registers(card, setup, data);
    case VDM_X_USB_REQUEST_TYPE_OUT << 8 | VDM_X_USB_REQUEST_REQUEST_WRITE:
        return write_registers(card, setup, data);
    case VDM_X_USB_REQUEST_TYPE_OUT << 8 | VDM_X_USB_REQUEST_REQUEST_FW_DATA:
        if (setup->length > 4096 || setup->value != 0) {
            return VDM_USB_STALL;
        }
        vdm_boot_stage(card, data, setup->length);
        return card->gone ? VDM_USB_GONE : (int)setup->length;
    case VDM_X_USB_REQUEST_TYPE_IN << 8 | VDM_X_USB_REQUEST_REQUEST_TIME:
        card->latched = vdm_ticks(card) + (uint64_t)card->jump_ticks;
        vdm_put64(bytes, card->latched);
        return answer(setup, data, bytes, 8);
    case VDM_X_USB_REQUEST_TYPE_IN << 8 | VDM_X_USB_REQUEST_REQUEST_MS_OS_20:
        count = vdm_usb_ms_os_20(card, bytes);
        return setup->index == 7 && count != 0 ? answer(setup, data, bytes, count) : VDM_USB_STALL;
    default:
        return VDM_USB_STALL;
    }
}

int vdm_usb_control(struct vdm_card *card, const uint8_t setup[8], uint8_t *data)
{
    struct setup request = {setup[0], setup[1], vdm_get16(setup + 2), vdm_get16(setup + 4),
                            vdm_get16(setup + 6)};
    int result;

    if (card->gone || !card->usb.attached || card->config.body != VDM_BODY_USB) {
        return VDM_USB_GONE;
    }
    if ((request.type & 0x60u) == 0x40u) {
        result = vendor(card, &request, data);
    } else {
        result = standard(card, &request, data);
    }
    vdm_settle(card);
    return result;
}
