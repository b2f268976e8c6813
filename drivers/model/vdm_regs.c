/* SPDX-License-Identifier: MIT */
/*
 * The register file. Who may be seen when is decided from the table in one place, so that no
 * register can forget it; what is left for each register is what it shows and what it does.
 */
#include "vdm_private.h"

const struct vdm_reg vdm_reg_table[VDM_REGS] = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    {#reg, offset, count, VDM_ACCESS_##access, VDM_WHEN_##when, VDM_IN_##body, (uint32_t)(reset)},
#include "../core/vdh_regs.def"
};

static uint32_t caps(const struct vdm_card *card)
{
    uint32_t value = VDM_MASK(CAPS, CROP) | VDM_MASK(CAPS, PATTERN);

    if (card->config.flash != NULL) {
        value |= VDM_MASK(CAPS, FLASH);
    }
    if (card->config.body == VDM_BODY_PCIE) {
        value |= VDM_MASK(CAPS, WATERMARK) | VDM_MASK(CAPS, PORTS);
    } else if (card->config.usb_speed == VDM_USB_SUPER) {
        value |= VDM_MASK(CAPS, SUPERSPEED);
    }
    return value;
}

static uint32_t table_word(const struct vdm_card *card, uint32_t n)
{
    uint64_t at = (uint64_t)card->reg[VDM_ID_TABLES_PAGE] * 1024u + (uint64_t)n * 4u;
    uint32_t value = 0;

    for (uint32_t byte = 0; byte < 4 && at + byte < card->tables.total; byte++) {
        value |= (uint32_t)card->tables.bytes[at + byte] << (8u * byte);
    }
    return value;
}

uint32_t vdm_reg_input_status(const struct vdm_card *card)
{
    return VDM_PUT(INPUT_STATUS, SIGNAL, card->signal) |
           VDM_PUT(INPUT_STATUS, MISMATCH, card->mismatch) |
           VDM_PUT(INPUT_STATUS, DETECTED, card->detected) |
           VDM_PUT(INPUT_STATUS, CHANGES, card->changes);
}

/* What register `id`, element `n`, shows. */
static uint32_t value_of(const struct vdm_card *card, uint32_t id, uint32_t n)
{
    const struct vdm_capture *capture = &card->capture;

    switch (id) {
    case VDM_ID_REVISION:
        return card->reg[id] | (card->config.body == VDM_BODY_USB ? VDM_IS(REVISION, BODY, USB)
                                                                  : VDM_IS(REVISION, BODY, PCIE));
    case VDM_ID_CAPS:
        return caps(card);
    case VDM_ID_SERIAL:
        return vdm_get32((const uint8_t *)card->config.serial + (size_t)4u * n);
    case VDM_ID_TARGET:
        return card->config.target;
    case VDM_ID_BOOT_STATUS:
        return vdm_boot_status(card);
    case VDM_ID_FW_RECEIVED:
        return card->boot.received;
    case VDM_ID_FW_VERSION:
        return card->boot.version;
    case VDM_ID_FW_VERSION_MIN:
        return card->config.version_min;
    case VDM_ID_FW_VERSION_MAX:
        return card->config.version_max;
    case VDM_ID_FLASH_STATUS:
        return vdm_flash_status(card);
    case VDM_ID_FLASH_PROGRESS:
        return card->flash.progress;
    case VDM_ID_SLOT_VERSION: {
        uint32_t version = 0;

        return vdm_slot_version(card, n, &version) ? version : 0;
    }
    case VDM_ID_INT_STATUS:
        return card->int_status;
    case VDM_ID_INT_MASK:
        return card->int_mask;
    case VDM_ID_TIME_LO:
        return (uint32_t)card->latched;
    case VDM_ID_TIME_HI:
        return (uint32_t)(card->latched >> 32);
    case VDM_ID_INPUT_STATUS:
        return vdm_reg_input_status(card);
    case VDM_ID_FRAME_BYTES:
        return card->frame_bytes;
    case VDM_ID_CONFIG_STATUS:
        return card->config_status;
    case VDM_ID_CONTROL_CHANGED:
        return card->control_changed;
    case VDM_ID_CONTROL:
        return (uint32_t)card->control[n];
    case VDM_ID_CAPTURE_CONTROL:
        return VDM_PUT(CAPTURE_CONTROL, ENABLE, capture->enable);
    case VDM_ID_CAPTURE_STATUS:
        return VDM_PUT(CAPTURE_STATUS, STATE, capture->state);
    case VDM_ID_PROGRESS:
        return VDM_PUT(PROGRESS, LINES, capture->progress) |
               VDM_PUT(PROGRESS, TAG, capture->frame.tag);
    case VDM_ID_FRAMES_PRODUCED:
        return capture->produced;
    case VDM_ID_FRAMES_GOOD:
        return capture->by_cause[VDM_CAUSE_GOOD];
    case VDM_ID_DROPPED_FIFO:
        return capture->by_cause[VDM_CAUSE_FIFO];
    case VDM_ID_DROPPED_NO_BUFFER:
        return capture->by_cause[VDM_CAUSE_NO_BUFFER];
    case VDM_ID_DROPPED_NO_SIGNAL:
        return capture->by_cause[VDM_CAUSE_NO_SIGNAL];
    case VDM_ID_DROPPED_DMA:
        return capture->by_cause[VDM_CAUSE_DMA];
    case VDM_ID_TABLES_LENGTH:
        return card->tables.total;
    case VDM_ID_TABLES:
        return table_word(card, n);
    default:
        return card->reg[id];
    }
}

static int hidden(const struct vdm_card *card, const struct vdm_reg *reg)
{
    if (reg->when == VDM_WHEN_RUN && !card->boot.runs) {
        return 1;
    }
    return (reg->body == VDM_IN_PCIE && card->config.body != VDM_BODY_PCIE) ||
           (reg->body == VDM_IN_USB && card->config.body != VDM_BODY_USB);
}

/* VDM_ID_ of the register at `offset`, or VDM_REGS. */
static uint32_t find(const struct vdm_card *card, uint32_t offset)
{
    if (offset % 4u != 0 || offset >= 4u * sizeof card->reg_at || card->reg_at[offset / 4u] == 0) {
        return VDM_REGS;
    }
    return card->reg_at[offset / 4u] - 1u;
}

uint32_t vdm_reg_read(struct vdm_card *card, uint32_t offset)
{
    uint32_t id = find(card, offset);
    uint32_t value = 0;

    card->ledger.register_reads++;
    if (card->faults.watched != 0) {
        vdm_fault_trigger(card, VDM_AT_READ, card->ledger.register_reads);
    }
    if (card->gone) {
        return 0xffffffffu;
    }
    if (id < VDM_REGS && !hidden(card, &vdm_reg_table[id]) &&
        vdm_reg_table[id].access != VDM_ACCESS_WO) {
        value = value_of(card, id, (offset - vdm_reg_table[id].offset) / 4u);
    }
    return card->faults.stuck == 0 ? value : vdm_fault_stuck(card, offset, value);
}

static void reset_write(struct vdm_card *card, uint32_t value)
{
    if (VDM_GET(value, RESET, KEY) != VDM_V_RESET_KEY_MAGIC) {
        return;
    }
    if (VDM_GET(value, RESET, KIND) == VDM_V_RESET_KIND_ENGINE) {
        vdm_capture_reset(card);
    } else if (VDM_GET(value, RESET, KIND) == VDM_V_RESET_KIND_CARD) {
        vdm_card_reset(card);
    }
}

/* A write to a register whose access has been found good. */
static void act(struct vdm_card *card, uint32_t id, uint32_t n, uint32_t value)
{
    uint8_t bytes[4];

    switch (id) {
    case VDM_ID_RESET:
        reset_write(card, value);
        break;
    case VDM_ID_BOOT_COMMAND:
        vdm_boot_command(card, value);
        break;
    case VDM_ID_FLASH_COMMAND:
        vdm_flash_command(card, value);
        break;
    case VDM_ID_FW_WINDOW:
        vdm_put32(bytes, value);
        vdm_boot_stage(card, bytes, sizeof bytes);
        break;
    case VDM_ID_INT_STATUS:
        vdm_irq_acknowledge(card, value);
        break;
    case VDM_ID_INT_MASK:
        vdm_irq_unmask(card, value);
        break;
    case VDM_ID_INT_TEST:
        vdm_irq_raise(card, VDM_MASK(INT_STATUS, TEST));
        break;
    case VDM_ID_ERROR_STATUS:
        card->reg[id] &= ~value;
        break;
    case VDM_ID_TIME_LATCH:
        card->latched = vdm_ticks(card) + (uint64_t)card->jump_ticks;
        break;
    case VDM_ID_PATTERN:
        card->reg[id] = value & VDM_MASK(PATTERN, ENABLE);
        vdm_signal_update(card);
        break;
    case VDM_ID_CONTROL_CHANGED:
        card->control_changed &= ~value;
        break;
    case VDM_ID_CONTROL:
        vdm_control_write(card, n, (int32_t)value);
        break;
    case VDM_ID_CAPTURE_CONTROL:
        vdm_capture_control(card, value);
        break;
    case VDM_ID_DOORBELL:
        card->capture.rung = value & 0xffffu;
        break;
    case VDM_ID_COMPLETION_TAKEN:
        card->capture.taken = value & 0xffffu;
        break;
    default:
        card->reg[id] = value;
        break;
    }
}

/* Registers that the table says are ignored while capturing. */
static void set_up(struct vdm_card *card, uint32_t id, uint32_t value)
{
    if (!vdm_capture_idle(card)) {
        return;
    }
    switch (id) {
    case VDM_ID_INPUT_SELECT:
        vdm_signal_select_input(card, value);
        break;
    case VDM_ID_TIMING_SELECT:
        vdm_signal_select_timing(card, value);
        break;
    case VDM_ID_DESC_COUNT:
        card->reg[id] = value;
        card->capture.rung = 0;
        card->capture.consumed = 0;
        break;
    case VDM_ID_COMPLETION_COUNT:
        card->reg[id] = value;
        card->capture.written = 0;
        card->capture.taken = 0;
        break;
    default:
        card->reg[id] = value;
        break;
    }
    vdm_window_update(card);
}

void vdm_reg_write(struct vdm_card *card, uint32_t offset, uint32_t value)
{
    uint32_t id = find(card, offset);

    card->ledger.register_writes++;
    if (card->faults.watched != 0) {
        vdm_fault_trigger(card, VDM_AT_WRITE, card->ledger.register_writes);
    }
    if (card->gone || id == VDM_REGS || hidden(card, &vdm_reg_table[id]) ||
        vdm_reg_table[id].access == VDM_ACCESS_RO) {
        return;
    }
    switch (id) {
    case VDM_ID_INPUT_SELECT:
    case VDM_ID_TIMING_SELECT:
    case VDM_ID_PIXEL_FORMAT:
    case VDM_ID_MODE_SELECT:
    case VDM_ID_WIDTH:
    case VDM_ID_HEIGHT:
    case VDM_ID_CROP_LEFT:
    case VDM_ID_CROP_TOP:
    case VDM_ID_STRIDE:
    case VDM_ID_INTERVAL_NUM:
    case VDM_ID_INTERVAL_DEN:
    case VDM_ID_WATERMARK:
    case VDM_ID_DESC_BASE_LO:
    case VDM_ID_DESC_BASE_HI:
    case VDM_ID_DESC_COUNT:
    case VDM_ID_COMPLETION_BASE_LO:
    case VDM_ID_COMPLETION_BASE_HI:
    case VDM_ID_COMPLETION_COUNT:
        set_up(card, id, value);
        break;
    default:
        act(card, id, (offset - vdm_reg_table[id].offset) / 4u, value);
        break;
    }
}
