/* SPDX-License-Identifier: MIT */
/*
 * The card and how the driver reaches it: registers in memory, I/O ports, DMA, its interrupt; and
 * time, which passes with accesses and stalls and when nothing else is to be done.
 */
#ifndef LOADER_BUS_H
#define LOADER_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "vdm.h"

#define BUS_BAR_BYTES  4096u
#define BUS_PORT       0x9000u
#define BUS_PORT_BYTES 256u

enum bus_ranges { BUS_MEMORY = 1, BUS_PORTS = 2 };

struct bus {
    struct vdm_config config; /* may be changed before bus_power_on */
    struct vdm_card *card;
    uint8_t *flash;
    uint8_t *bar; /* no access: each one traps */
    int powered;
    int irq_pending;
    int irq_connected;
    int line;        /* interrupts are the line's level, shared with other cards; else messages */
    int dma_allowed; /* bit 2 of the command register in configuration space */
    int strange_dma; /* 1: a fault of the script may send the card anywhere */
    uint64_t refused;
    uint64_t accesses;
    uint8_t config_space[256];
};

extern struct bus bus;

void bus_create(void);
void bus_power_on(void);
uint64_t bus_now_ns(void);
/* Time passes. */
void bus_pass(uint64_t ns);

/* The interrupt routine is to be called. */
int bus_interrupt_due(void);

/* An access by the driver. */
uint32_t bus_read(uint32_t offset, uint32_t bytes);
void bus_write(uint32_t offset, uint32_t bytes, uint32_t value);
uint32_t bus_port_read(uint32_t port, uint32_t bytes);
void bus_port_write(uint32_t port, uint32_t bytes, uint32_t value);

/* ---- dma.c ---- */

/* How a buffer lies in physical memory. */
enum dma_shape {
    DMA_ONE,       /* in one piece */
    DMA_PAGES,     /* no two pages side by side */
    DMA_RUNS,      /* some pages side by side */
    DMA_SHATTERED, /* each page cut again, at odd places, down to one byte */
    DMA_SHAPES
};

/* Memory that the card may reach. */
struct dma_buffer {
    struct dma_buffer *next;
    uint8_t *bytes;  /* as the application sees it */
    uint8_t *kernel; /* as the driver sees it, and may not touch without PIO */
    size_t size;
    size_t offset; /* of the first byte in its page */
    void *map[2];
    size_t map_bytes;
    uint32_t *frames; /* physical page of each page, from `first_frame` on */
    uint64_t first_frame;
    uint32_t page_count;
    int live; /* the card may be in it now */
    int writable;
    uint64_t written; /* bytes by the card */
    const char *kind;
};

/* A picture buffer. `offset` is the place of its first byte in a page. */
struct dma_buffer *dma_create(size_t size, size_t offset, enum dma_shape shape);
/* Makes memory of memory_allocate() reachable; it lies in one piece if `one`, else by pages. */
struct dma_buffer *dma_register(void *bytes, size_t size, int one, const char *kind);
void dma_destroy(struct dma_buffer *buffer);
/* Access by the driver to the kernel's view. */
void dma_allow_processor(struct dma_buffer *buffer, int allow);
/* The physical address of a byte, and how many follow it there. */
uint64_t dma_address(const struct dma_buffer *buffer, size_t at, uint32_t *length);
/* A scatter/gather list for all of it: entries written, at most `room`. */
uint32_t dma_list(const struct dma_buffer *buffer, enum dma_shape shape, struct sc_segment *list,
                  uint32_t room);
/* The buffer with that byte in its kernel's view. */
struct dma_buffer *dma_find_kernel(const void *address);
struct dma_buffer *dma_find_bytes(const void *address);
/* For the card. */
void *dma_reach(uint64_t address, uint32_t length, int write);

#endif
