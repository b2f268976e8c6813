/* SPDX-License-Identifier: MIT */
/*
 * The bus between core and model: registers through memory or ports, DMA through a table of what
 * is mapped. In real time every access lets time go on first, as it does on a real bus.
 */
#include "sim_card.h"

#include <string.h>

static void catch_up(struct sim_card *card)
{
    if (!sim_is_max(card))
        vdm_advance(card->model, (uint64_t)(vdi_now_ns() - card->epoch_ns));
}

/* ---- Memory body ---- */

static int memory_read(void *context, uint32_t offset, uint32_t *value)
{
    struct sim_card *card = context;

    catch_up(card);
    *value = vdm_read(card->model, offset);
    return VDH_OK;
}

static int memory_write(void *context, uint32_t offset, uint32_t value)
{
    struct sim_card *card = context;

    /* The core promises that a write orders the stores before it. */
    atomic_thread_fence(memory_order_release);
    catch_up(card);
    vdm_write(card->model, offset, value);
    return VDH_OK;
}

static int memory_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    struct sim_card *card = context;
    uint8_t *out = bytes;

    catch_up(card);
    for (uint32_t i = 0; i + 4 <= count; i += 4)
        vdh_put_u32(out + i, vdm_read(card->model, offset + i));
    return VDH_OK;
}

static int memory_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    struct sim_card *card = context;
    const uint8_t *in = bytes;
    uint8_t last[4] = {0, 0, 0, 0};
    uint32_t whole = count & ~3u;

    catch_up(card);
    for (uint32_t i = 0; i < whole; i += 4)
        vdm_write(card->model, offset + i, vdh_get_u32(in + i));
    if (whole < count) {
        memcpy(last, in + whole, count - whole);
        vdm_write(card->model, offset + whole, vdh_get_u32(last));
    }
    return VDH_OK;
}

/* ---- Ports body ---- */

/* The port that is register `offset`, or -1: it goes through INDEX and DATA. */
static int direct_port(uint32_t offset)
{
    switch (offset) {
    case VDH_R_INT_STATUS:
        return VDH_O_PORTS_INT_STATUS;
    case VDH_R_INT_MASK:
        return VDH_O_PORTS_INT_MASK;
    case VDH_R_DOORBELL:
        return VDH_O_PORTS_DOORBELL;
    case VDH_R_COMPLETION_TAKEN:
        return VDH_O_PORTS_COMPLETION_TAKEN;
    default:
        return -1;
    }
}

static int port_read(void *context, uint32_t offset, uint32_t *value)
{
    struct sim_card *card = context;
    int port = direct_port(offset);

    catch_up(card);
    if (port < 0) {
        vdm_port_write(card->model, VDH_O_PORTS_INDEX, 4, offset);
        port = VDH_O_PORTS_DATA;
    }
    *value = vdm_port_read(card->model, (uint32_t)port, 4);
    return VDH_OK;
}

static int port_write(void *context, uint32_t offset, uint32_t value)
{
    struct sim_card *card = context;
    int port = direct_port(offset);

    atomic_thread_fence(memory_order_release);
    catch_up(card);
    if (port < 0) {
        vdm_port_write(card->model, VDH_O_PORTS_INDEX, 4, offset);
        port = VDH_O_PORTS_DATA;
    }
    vdm_port_write(card->model, (uint32_t)port, 4, value);
    return VDH_OK;
}

/* Only the TABLES window is read so; DATA moves INDEX on by itself there. */
static int port_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    struct sim_card *card = context;
    uint8_t *out = bytes;

    catch_up(card);
    vdm_port_write(card->model, VDH_O_PORTS_INDEX, 4, offset);
    for (uint32_t i = 0; i + 4 <= count; i += 4)
        vdh_put_u32(out + i, vdm_port_read(card->model, VDH_O_PORTS_DATA, 4));
    return VDH_OK;
}

/* Only FW_WINDOW is written so: a port of 16 bits takes its place. */
static int port_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    struct sim_card *card = context;
    const uint8_t *in = bytes;

    if (offset < VDH_R_FW_WINDOW)
        return VDH_E_IO;
    catch_up(card);
    for (uint32_t i = 0; i < count; i += 2) {
        uint32_t high = i + 1 < count ? in[i + 1] : 0u;

        vdm_port_write(card->model, VDH_O_PORTS_FW_DATA, 2, in[i] | high << 8);
    }
    return VDH_OK;
}

/* ---- The rest of what the core asks ---- */

static void stall(void *context, uint32_t microseconds)
{
    struct sim_card *card = context;
    int64_t end;

    if (sim_is_max(card)) {
        vdm_advance(card->model, vdm_now_ns(card->model) + microseconds * UINT64_C(1000));
        return;
    }
    /* At most 10 us in all: this is what a driver does, too. */
    end = vdi_now_ns() + microseconds * INT64_C(1000);
    while (vdi_now_ns() < end)
        atomic_signal_fence(memory_order_seq_cst);
}

static void acquire(void *context)
{
    (void)context;
    atomic_thread_fence(memory_order_acquire);
}

static void trace(void *context, const char *event, uint32_t a, uint32_t b)
{
    struct sim_card *card = context;

    vdi_log(card->base.device->context, VDC_LOG_DEBUG, "sim:%u: %s (0x%x, 0x%x)",
            card->options.card, event, (unsigned)a, (unsigned)b);
}

/* ---- DMA ---- */

static int reaches(const struct sim_region *region, uint64_t address, uint32_t length, int write)
{
    return address >= region->address && address - region->address < region->bytes &&
           length <= region->bytes - (address - region->address) &&
           (write ? region->writable : region->readable);
}

static void *dma(void *context, uint64_t address, uint32_t length, int write)
{
    struct sim_card *card = context;

    if (card->region_hint < card->region_count &&
        reaches(&card->regions[card->region_hint], address, length, write))
        return (void *)(uintptr_t)address;
    for (uint32_t i = 0; i < card->region_count; i++) {
        if (reaches(&card->regions[i], address, length, write)) {
            card->region_hint = i;
            return (void *)(uintptr_t)address;
        }
    }
    /* Not in the table: a target abort, and no harm done. */
    card->stray_accesses++;
    vdi_log(card->base.device->context, VDC_LOG_WARNING,
            "sim:%u: the card was refused %s of %u bytes at 0x%llx", card->options.card,
            write ? "a write" : "a read", (unsigned)length, (unsigned long long)address);
    return NULL;
}

static void interrupt(void *context)
{
    struct sim_card *card = context;

    card->interrupts++;
}

static void attachment(void *context, int attached)
{
    struct sim_card *card = context;

    if (!attached)
        card->gone = 1;
}

void sim_io_map(struct sim_card *card, const void *bytes, uint64_t size, int readable, int writable)
{
    struct sim_region *region;

    if (card->region_count == SIM_REGIONS_MAX)
        return; /* Cannot be: two rings, and two regions a buffer. */
    region = &card->regions[card->region_count++];
    region->address = (uint64_t)(uintptr_t)bytes;
    region->bytes = size;
    region->readable = readable != 0;
    region->writable = writable != 0;
}

void sim_io_unmap(struct sim_card *card, const void *bytes)
{
    for (uint32_t i = 0; i < card->region_count; i++) {
        if (card->regions[i].address == (uint64_t)(uintptr_t)bytes) {
            card->regions[i] = card->regions[--card->region_count];
            return;
        }
    }
}

void sim_io_unmap_all(struct sim_card *card)
{
    card->region_count = 0;
}

void sim_io_init(struct sim_card *card)
{
    int ports = card->options.body == SIM_BODY_PORTS;

    card->io.read = ports ? port_read : memory_read;
    card->io.write = ports ? port_write : memory_write;
    card->io.read_block = ports ? port_read_block : memory_read_block;
    card->io.write_block = ports ? port_write_block : memory_write_block;
    card->io.stall_us = stall;
    card->io.acquire = acquire;
    card->io.trace = trace;
    card->host.dma = dma;
    card->host.interrupt = interrupt;
    card->host.attachment = attachment;
}
