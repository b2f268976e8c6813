/* SPDX-License-Identifier: MIT */
/*
 * The card in its slot: the hardware model, in real time. Used by the engine's thread alone, but for
 * what the class driver calls with the machine's lock held.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "standin.h"
#include "vdm.h"
#include "vidicon_brand.h"

#define WINDOWS 128

static struct vdm_card *card;
static struct vdm_config config;
static uint8_t space[256]; /* configuration space */
static uint8_t flash[VDM_FLASH_BYTES];
static uint64_t origin_ns;
static int interrupted;
static struct {
    uintptr_t first;
    size_t bytes;
} windows[WINDOWS];

size_t card_reach(const void *memory)
{
    uintptr_t at = (uintptr_t)memory;

    for (int i = 0; i < WINDOWS; i++) {
        if (at >= windows[i].first && at - windows[i].first < windows[i].bytes)
            return windows[i].bytes - (at - windows[i].first);
    }
    return 0;
}

static void *reach(void *context, uint64_t address, uint32_t length, int write)
{
    void *memory = (void *)(uintptr_t)(address - CARD_BUS_OFFSET);

    (void)context;
    (void)write;
    /* Bit 2 of the command register: the right to master the bus. */
    return (space[4] & 4) && card_reach(memory) >= length ? memory : NULL;
}

static void interrupt(void *context)
{
    (void)context;
    interrupted = 1;
}

static const struct vdm_host host = {reach, interrupt, NULL};

int card_insert(void)
{
    static void *memory;
    size_t bytes = (vdm_card_bytes() + 63) & ~(size_t)63;

    if (!memory)
        memory = machine_pages_create(bytes, 0);
    vdm_config_default(&config);
    config.host = &host;
    memset(flash, 0xff, sizeof(flash));
    config.flash = flash;
    card = memory ? vdm_create(memory, bytes, &config) : NULL;
    origin_ns = machine_now_ns();
    interrupted = 0;
    space[0] = (uint8_t)VIDICON_BRAND_PCI_VENDOR_ID;
    space[1] = (uint8_t)(VIDICON_BRAND_PCI_VENDOR_ID >> 8);
    space[2] = (uint8_t)VIDICON_BRAND_PCI_DEVICE_ID;
    space[3] = (uint8_t)(VIDICON_BRAND_PCI_DEVICE_ID >> 8);
    space[4] = 6; /* memory, and the bus */
    return card ? 0 : -1;
}

void card_unplug(void)
{
    vdm_unplug(card);
}

int card_is_gone(void)
{
    return vdm_is_gone(card);
}

int card_set_faults(const char *script, size_t length)
{
    size_t at = 0;
    const char *what = "";

    if (vdm_fault_script(card, script, length, &at, &what) == 0)
        return 0;
    machine_log("fault script, at %u: %s", (unsigned)at, what);
    return -1;
}

void card_read_account(struct card_account *out)
{
    const struct vdm_ledger *ledger = vdm_get_ledger(card);

    memset(out, 0, sizeof(*out));
    out->produced = ledger->capture.produced;
    out->good = ledger->capture.by_cause[VDM_CAUSE_GOOD];
    for (int i = 0; i < 5; i++)
        out->dropped[i] = ledger->capture.by_cause[VDM_CAUSE_FIFO + i];
    for (uint32_t i = 0; i < VDM_FAULT_KINDS && vdm_fault_name(i); i++) {
        strncpy(out->injected[i].name, vdm_fault_name(i), sizeof(out->injected[i].name) - 1);
        out->injected[i].count = ledger->injected[i];
    }
}

uint64_t card_advance(uint64_t now_ns)
{
    uint64_t to_ns = now_ns - origin_ns;
    uint64_t next_ns;

    while ((next_ns = vdm_next_event_ns(card)) <= to_ns && !interrupted)
        vdm_advance(card, next_ns);
    if (!interrupted)
        vdm_advance(card, to_ns);
    next_ns = vdm_next_event_ns(card);
    return next_ns == UINT64_MAX ? UINT64_MAX : next_ns + origin_ns;
}

int card_take_interrupt(void)
{
    int was = interrupted;

    interrupted = 0;
    return was;
}

static void pass_time(void)
{
    uint64_t to_ns = machine_now_ns() - origin_ns;

    if (to_ns > vdm_now_ns(card))
        vdm_advance(card, to_ns);
}

uint32_t card_read(uint32_t offset)
{
    pass_time();
    return vdm_read(card, offset);
}

void card_write(uint32_t offset, uint32_t value)
{
    pass_time();
    vdm_write(card, offset, value);
}

int card_configure(int read, void *bytes, uint32_t offset, uint32_t length)
{
    if (offset > sizeof(space) || length > sizeof(space) - offset)
        return 0;
    if (read)
        memcpy(bytes, space + offset, length);
    else
        memcpy(space + offset, bytes, length);
    return 1;
}

int card_allow(const void *memory, size_t bytes)
{
    for (int i = 0; i < WINDOWS; i++) {
        if (windows[i].bytes == 0) {
            windows[i].first = (uintptr_t)memory;
            windows[i].bytes = bytes;
            return 0;
        }
    }
    return -1;
}

void card_forbid(const void *memory)
{
    for (int i = 0; i < WINDOWS; i++) {
        if (windows[i].first == (uintptr_t)memory && windows[i].bytes != 0) {
            windows[i].first = 0;
            windows[i].bytes = 0;
        }
    }
}
