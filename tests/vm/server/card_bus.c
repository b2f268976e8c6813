/* SPDX-License-Identifier: MIT */
/* The model on its bus: registers and ports in, memory and interrupts out. */
#include "card_private.h"

#include <string.h>

#include <linux/pci_regs.h>

#include "vdh_regs.h"

/* ---- Memory ---- */

static void end_frame(struct card *card)
{
    if (!card->pieces)
        return;
    if (!card->frames || card->pieces < card->segments_min)
        card->segments_min = card->pieces;
    if (card->pieces > card->segments_max)
        card->segments_max = card->pieces;
    card->frames++;
    card->frames_written++;
    card->pieces = 0;
}

/* A bit of the picture is turned over once the model has written it, before the completion is. */
static void finish_flip(struct card *card)
{
    if (!card->flip_at)
        return;
    *card->flip_at ^= 0x10;
    card->flip_at = NULL;
    card->flipped++;
}

static void *dma(void *context, uint64_t address, uint32_t length, int write)
{
    struct card *card = context;
    uint64_t ring = address - card->engine.completion_base;
    uint8_t *memory;

    finish_flip(card);
    if (!pci_config_is_master(&card->config)) {
        card->vfu.refused++;
        return NULL;
    }
    memory = vfu_dma(&card->vfu, address, length, write);
    if (!write || !memory)
        return memory;
    if (address >= card->engine.completion_base && ring < card->engine.completion_bytes) {
        end_frame(card);
        return memory;
    }
    if (!card->pieces && card->flip_every && card->frames_written % card->flip_every == 0)
        card->flip_at = memory + length / 2;
    if (!card->pieces || address != card->write_end) {
        card->pieces++;
        card->high += address > UINT32_MAX;
    }
    card->write_end = address + length;
    return memory;
}

static void interrupt(void *context)
{
    struct card *card = context;

    finish_flip(card);
    if (pci_config_is_master(&card->config))
        vfu_send_msi(&card->vfu);
}

void card_settle(struct card *card)
{
    if (card->wire) {
        card->wire->settle(card);
        return;
    }
    finish_flip(card);
    vfu_set_line(&card->vfu,
                 vdm_interrupt_line(card->model) && pci_config_may_use_line(&card->config));
}

void card_bus_init(struct card *card)
{
    card->host.dma = dma;
    card->host.interrupt = interrupt;
    pci_config_init(&card->config);
    card->vfu.ops = &card_vfu_ops;
    card->vfu.context = card;
    card->vfu.region_bytes[0] = CARD_BAR0_BYTES;
    card->vfu.region_bytes[1] = CARD_BAR1_BYTES;
    card->vfu.region_bytes[VFU_CONFIG_REGION] = PCI_CONFIG_BYTES;
}

/* ---- Registers ---- */

static uint64_t with_low(uint64_t value, uint32_t low)
{
    return (value & ~(uint64_t)UINT32_MAX) | low;
}

static uint64_t with_high(uint64_t value, uint32_t high)
{
    return (value & UINT32_MAX) | (uint64_t)high << 32;
}

static void look_at(struct card *card, uint32_t offset, uint32_t value)
{
    struct engine_view *engine = &card->engine;

    switch (offset) {
    case VDH_R_COMPLETION_BASE_LO:
        engine->completion_base = with_low(engine->completion_base, value);
        break;
    case VDH_R_COMPLETION_BASE_HI:
        engine->completion_base = with_high(engine->completion_base, value);
        break;
    case VDH_R_COMPLETION_COUNT:
        engine->completion_bytes = value <= 4096 ? value * UINT64_C(64) : 0;
        break;
    case VDH_R_DESC_COUNT:
        engine->queued = 0;
        break;
    case VDH_R_DOORBELL:
        engine->queued = value & 0xffffu;
        break;
    case VDH_R_CAPTURE_CONTROL:
        engine->running = vdh_field_get(value, VDH_F_CAPTURE_CONTROL_ENABLE) != 0;
        break;
    case VDH_R_RESET:
        if (vdh_field_get(value, VDH_F_RESET_KEY) == VDH_V_RESET_KEY_MAGIC)
            engine->running = 0;
        break;
    default:
        break;
    }
}

/* Only whole words: what else arrives at a register reads all ones and writes nothing. */
static void read_region(void *context, uint32_t region, uint32_t offset, uint8_t *bytes,
                        uint32_t count)
{
    struct card *card = context;

    memset(bytes, 0xff, count);
    if (region == VFU_CONFIG_REGION) {
        /* The pin is told even then: QEMU asks for this byte when an interrupt goes from messages back to the
         * line, and ends itself over a pin that there is not. A driver has long read it. */
        if (!vdm_is_gone(card->model) || (offset == PCI_INTERRUPT_PIN && count == 1))
            pci_config_read(&card->config, offset, bytes, count);
    } else if (region == 0 && offset % 4 == 0 && count % 4 == 0) {
        for (uint32_t n = 0; n < count; n += 4) {
            uint32_t value = vdm_read(card->model, offset + n);

            memcpy(bytes + n, &value, sizeof value);
        }
    } else if (region == 1 && (count == 2 || count == 4)) {
        uint32_t value = vdm_port_read(card->model, offset, count);

        memcpy(bytes, &value, count);
    }
}

static void write_region(void *context, uint32_t region, uint32_t offset, const uint8_t *bytes,
                         uint32_t count)
{
    struct card *card = context;

    if (region == VFU_CONFIG_REGION) {
        if (!vdm_is_gone(card->model))
            pci_config_write(&card->config, offset, bytes, count);
    } else if (region == 0 && offset % 4 == 0 && count % 4 == 0) {
        for (uint32_t n = 0; n < count; n += 4) {
            uint32_t value;

            memcpy(&value, bytes + n, sizeof value);
            look_at(card, offset + n, value);
            vdm_write(card->model, offset + n, value);
        }
    } else if (region == 1 && (count == 2 || count == 4)) {
        uint32_t value = 0;

        memcpy(&value, bytes, count);
        vdm_port_write(card->model, offset, count, value);
    }
}

/* The bus's reset line. It takes no power away, so the card's time goes on. */
static void reset(void *context)
{
    struct card *card = context;

    pci_config_init(&card->config);
    memset(&card->engine, 0, sizeof card->engine);
    if (!vdm_is_gone(card->model))
        vdm_write(card->model, VDH_R_RESET,
                  vdh_field_set(vdh_field_set(0, VDH_F_RESET_KIND, VDH_V_RESET_KIND_CARD),
                                VDH_F_RESET_KEY, VDH_V_RESET_KEY_MAGIC));
}

const struct vfu_ops card_vfu_ops = {read_region, write_region, reset};
