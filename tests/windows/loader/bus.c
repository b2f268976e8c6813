/* SPDX-License-Identifier: MIT */
/*
 * The card on its bus. What an access costs in time is a plain guess (posted writes and reads alike);
 * what matters is that it is not nothing, so that a loop over a register gets old.
 */
#include "bus.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "driver.h"
#include "report.h"
#include "vidicon_brand.h"

#define MEMORY_NS 250u
#define PORT_NS   1000u

struct bus bus;

static void *reach(void *context, uint64_t address, uint32_t length, int write)
{
    (void)context;
    if (!bus.dma_allowed || !bus.powered)
        return NULL;
    return dma_reach(address, length, write);
}

static void interrupt(void *context)
{
    (void)context;
    bus.irq_pending = 1;
}

static const struct vdm_host host = {reach, interrupt, NULL};

static void put16(unsigned at, uint32_t value)
{
    bus.config_space[at] = (uint8_t)value;
    bus.config_space[at + 1] = (uint8_t)(value >> 8);
}

void bus_create(void)
{
    vdm_config_default(&bus.config);
    bus.config.host = &host;
    bus.bar = mmap(NULL, BUS_BAR_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    put16(0, VIDICON_BRAND_PCI_VENDOR_ID);
    put16(2, VIDICON_BRAND_PCI_DEVICE_ID);
    put16(4, 0x0006); /* memory and bus master */
    bus.dma_allowed = 1;
    driver_clock = bus_now_ns;
}

void bus_power_on(void)
{
    size_t bytes = (vdm_card_bytes() + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, bytes);

    bus.card = vdm_create(memory, bytes, &bus.config);
    if (!bus.card)
        report_fail("card", "the card's configuration makes no sense");
    bus.powered = 1;
}

uint64_t bus_now_ns(void)
{
    return bus.card ? vdm_now_ns(bus.card) : 0;
}

void bus_pass(uint64_t ns)
{
    vdm_advance(bus.card, vdm_now_ns(bus.card) + ns);
}

int bus_interrupt_due(void)
{
    if (!bus.irq_connected)
        return 0;
    return bus.line ? bus.card && bus.powered && vdm_interrupt_line(bus.card) : bus.irq_pending;
}

/* 0 if nothing answers. */
static int begin(uint64_t cost_ns)
{
    driver_count_access();
    bus.accesses++;
    bus_pass(cost_ns);
    if (bus.powered)
        return 1;
    /* On a shared line the interrupt routine may be called at any time; it must look first. */
    report_fail(CHECK_POWER, "%s reaches for a card in a sleep state", driver_frame->name);
}

static void end(void)
{
    driver_point();
}

uint32_t bus_read(uint32_t offset, uint32_t bytes)
{
    uint32_t value = 0xffffffffu;

    if (bytes != 4 || offset % 4)
        report_fail(CHECK_INSTRUCTION, "register 0x%x read as %u bytes", offset, bytes);
    if (begin(MEMORY_NS))
        value = vdm_read(bus.card, offset);
    end();
    return value;
}

void bus_write(uint32_t offset, uint32_t bytes, uint32_t value)
{
    if (bytes != 4 || offset % 4)
        report_fail(CHECK_INSTRUCTION, "register 0x%x written as %u bytes", offset, bytes);
    if (begin(MEMORY_NS))
        vdm_write(bus.card, offset, value);
    end();
}

static uint32_t port_offset(uint32_t port)
{
    if (port < BUS_PORT || port >= BUS_PORT + BUS_PORT_BYTES)
        report_fail(CHECK_INSTRUCTION, "port 0x%x is not the card's", port);
    return port - BUS_PORT;
}

uint32_t bus_port_read(uint32_t port, uint32_t bytes)
{
    uint32_t value = 0xffffffffu;

    port = port_offset(port);
    if (begin(PORT_NS))
        value = vdm_port_read(bus.card, port, bytes);
    end();
    return value;
}

void bus_port_write(uint32_t port, uint32_t bytes, uint32_t value)
{
    port = port_offset(port);
    if (begin(PORT_NS))
        vdm_port_write(bus.card, port, bytes, value);
    end();
}
