/* SPDX-License-Identifier: MIT */
/*
 * A host in C for the core over the executable hardware, by memory registers, I/O ports or USB. It
 * keeps the core to its marks (guard.h), delivers interrupts, and answers DMA from its own memory.
 */
#ifndef TESTS_CORE_HOST_H
#define TESTS_CORE_HOST_H

#include "guard.h"

#ifdef __cplusplus
extern "C" {
#endif

#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_control.h"
#include "vdh_flash.h"
#include "vdh_format.h"
#include "vdh_image.h"
#include "vdh_input.h"
#include "vdh_irq.h"
#include "vdm.h"

enum host_body { HOST_MEMORY, HOST_PORTS, HOST_USB };

#define HOST_REGIONS 512
#define HOST_RING    8
#define HOST_PIECES  4096

struct host_region {
    uint64_t address;
    uint8_t *bytes; /* of exactly `size`, so that sanitizers see a byte too many */
    uint32_t size;
    int writable; /* by the card */
};

struct host {
    enum host_body body;
    struct vdm_config config; /* may be changed before host_power_on */
    struct vdm_card *card;
    void *card_memory;
    void *card_storage; /* where card_memory lies */
    uint8_t *flash;
    struct guard guard;
    struct vdh_device device;
    struct vdh_budget budget;
    uint8_t tables[VDH_TABLES_MAX_BYTES];

    /* Interrupts and the bus. */
    unsigned messages;        /* MSI messages the card sent */
    unsigned interrupts;      /* ISR runs */
    unsigned idle_interrupts; /* that found nothing */
    int pending;
    uint32_t events; /* VDH_EVENT_* since the test last zeroed it */
    struct vdh_usb_event last_event;
    int attached;
    unsigned attachments;

    /* Memory the card reaches. */
    struct host_region regions[HOST_REGIONS];
    unsigned region_count;
    uint64_t next_address;
    unsigned refused; /* DMA outside of it */
    int quiet;        /* 1: the card must not touch memory now */
    unsigned intruded;

    unsigned traces;
    char last_trace[96];

    /* A capture: rings and HOST_RING buffers, see host_capture_open. */
    struct vdh_capture capture;
    struct vdh_dma_memory descriptors;
    struct vdh_dma_memory completions;
    struct host_buffer *buffers[HOST_RING];
};

/* A frame buffer in scattered pieces of odd sizes and alignments, described by linked blocks. */
struct host_piece {
    uint64_t address;
    uint8_t *bytes;
    uint32_t size;
};
struct host_buffer {
    uint32_t bytes;
    uint32_t piece_count;
    struct host_piece pieces[HOST_PIECES];
    uint64_t list_address; /* first block of segments */
    uint32_t list_count;
};

/* A host with a card that is not powered yet. Never NULL: it aborts without memory. */
struct host *host_create(enum host_body body);
void host_destroy(struct host *host);

/* Powers the card on. 0, or -1 if the config makes no sense. */
int host_power_on(struct host *host);

/* True time passes; interrupts are delivered as it does. */
void host_advance(struct host *host, uint64_t us);
uint64_t host_now_us(const struct host *host);
/* Lets time pass until one of `events` has happened or `us` are over; the events that did. */
uint32_t host_wait(struct host *host, uint32_t events, uint64_t us);

/* The core's functions, each under its mark. */
int host_attach(struct host *host);
/* Runs the boot step to its end; on USB through the device's return under its other identity. */
int host_boot(struct host *host, const uint8_t *image, uint32_t bytes, uint32_t flags,
              struct vdh_boot *boot);
int host_store(struct host *host, const uint8_t *image, uint32_t bytes,
               struct vdh_flash_store *store);
int host_stop(struct host *host);

/* Memory that the card reaches, zeroed, at an address of alignment `align` plus `off`. */
struct host_region *host_dma_alloc(struct host *host, uint32_t size, uint32_t align, uint32_t off,
                                   int writable);
struct host_buffer *host_buffer_create(struct host *host, uint32_t bytes, uint32_t seed);
/* Copies `count` bytes from `offset` on out of the pieces. */
void host_buffer_read(const struct host_buffer *buffer, uint32_t offset, uint8_t *out,
                      uint32_t count);

/* Sets the format, makes rings and buffers for it, queues all and starts (no queues on USB). */
int host_capture_open(struct host *host, const struct vdh_format *format, uint32_t watermark);
int host_queue(struct host *host, uint32_t tag);
/* Waits up to `us` for a completion. Tags are buffer numbers. */
int host_complete(struct host *host, struct vdh_completion *out, uint64_t us);
/* The next frame of the bulk endpoint: `out` has `bytes` of room for the picture. VDH_E_IO: damaged,
 * VDH_AGAIN: none within `us`. */
int host_usb_frame(struct host *host, uint8_t *out, uint32_t bytes, struct vdh_completion *record,
                   uint64_t us);
/* Compares a picture with what the model expects of source frame `sequence`: the first line that
 * differs, counted over all planes, or -1. Padding must be 0. */
int host_compare(struct host *host, const struct vdh_format *format, const uint8_t *picture,
                 uint32_t sequence);

/* Calls under a mark, for a test's own use of the core. */
#define HOST_ANY_LEVEL(result, host, accesses, call)                    \
    do {                                                                \
        guard_enter(&(host)->guard, GUARD_ANY_LEVEL, (accesses), 1024); \
        (result) = (call);                                              \
        guard_leave(&(host)->guard);                                    \
    } while (0)

#ifdef __cplusplus
}
#endif

#endif
