/* SPDX-License-Identifier: MIT */
/*
 * Power, time, interrupts, DMA, and the step functions' loops. Every register access takes time, so
 * that the card lives on while the core works.
 */
#include "host.h"
#include "host_bus.h"

#include <stdio.h>
#include <stdlib.h>

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void *host_dma(void *context, uint64_t address, uint32_t length, int write)
{
    struct host *host = context;

    if (host->quiet)
        host->intruded++;
    for (unsigned i = 0; i < host->region_count; i++) {
        struct host_region *region = &host->regions[i];

        if (address >= region->address && address - region->address < region->size &&
            length <= region->size - (address - region->address) && (region->writable || !write))
            return region->bytes + (address - region->address);
    }
    host->refused++;
    return NULL;
}

static void host_interrupt(void *context)
{
    struct host *host = context;

    host->messages++;
    host->pending++;
}

static void host_attachment(void *context, int attached)
{
    struct host *host = context;

    host->attached = attached;
    host->attachments++;
}

static const struct vdm_host model_host = {host_dma, host_interrupt, host_attachment};

struct host *host_create(enum host_body body)
{
    struct host *host = must(calloc(1, sizeof(*host)));

    host->body = body;
    host->budget.accesses = 64;
    host->budget.bytes = 1024;
    if (body == HOST_USB) {
        host->budget.accesses = 2048;
        host->budget.bytes = 8192;
    }
    host->next_address = 0x1000000000ull;
    vdm_config_default(&host->config);
    if (body == HOST_USB)
        host->config.body = VDM_BODY_USB;
    host->config.host = &model_host;
    host->config.context = host;
    host->flash = must(malloc(VDM_FLASH_BYTES));
    memset(host->flash, 0xff, VDM_FLASH_BYTES);
    return host;
}

static void free_buffers(struct host *host)
{
    for (unsigned i = 0; i < host->region_count; i++)
        free(host->regions[i].bytes);
    host->region_count = 0;
    for (unsigned i = 0; i < HOST_RING; i++) {
        free(host->buffers[i]);
        host->buffers[i] = NULL;
    }
}

void host_destroy(struct host *host)
{
    if (!host)
        return;
    free_buffers(host);
    free(host->card_storage);
    free(host->flash);
    free(host);
}

int host_power_on(struct host *host)
{
    size_t bytes = (vdm_card_bytes() + 63) & ~(size_t)63;

    /* Aligned by hand: Windows has no aligned_alloc. */
    host->card_storage = must(malloc(bytes + 63));
    host->card_memory = (uint8_t *)(((uintptr_t)host->card_storage + 63) & ~(uintptr_t)63);
    host->attached = 1;
    host->card = vdm_create(host->card_memory, bytes, &host->config);
    guard_init(&host->guard, &host_bus_io[host->body], host,
               host->body == HOST_USB ? VDH_TRANSPORT_SLOW : VDH_TRANSPORT_FAST);
    return host->card ? 0 : -1;
}

uint64_t host_now_us(const struct host *host)
{
    return vdm_now_ns(host->card) / 1000u;
}

static void deliver_usb(struct host *host)
{
    uint8_t packet[64];
    int bytes;

    while (host->attached && (bytes = vdm_usb_interrupt_in(host->card, packet)) > 0) {
        if (vdh_usb_event_decode(&host->last_event, packet, (uint32_t)bytes) == VDH_OK)
            host->events |= host->last_event.events;
        host->interrupts++;
    }
}

/* Never from within an entry, nor from within a callback of the card. */
static void deliver(struct host *host)
{
    if (host->body == HOST_USB) {
        deliver_usb(host);
        return;
    }
    while (host->pending > 0) {
        uint32_t events;

        host->pending--;
        host->interrupts++;
        guard_enter(&host->guard, GUARD_ISR, 2, 0);
        (void)vdh_interrupt(&host->device, &events);
        guard_leave(&host->guard);
        if (events == 0)
            host->idle_interrupts++;
        host->events |= events;
    }
}

uint32_t host_wait(struct host *host, uint32_t events, uint64_t us)
{
    uint64_t end = vdm_now_ns(host->card) + us * 1000u;

    deliver(host);
    while (!(host->events & events) && vdm_now_ns(host->card) < end) {
        uint64_t next = vdm_next_event_ns(host->card);

        if (next <= vdm_now_ns(host->card))
            next = vdm_now_ns(host->card) + 1;
        vdm_advance(host->card, next < end ? next : end);
        deliver(host);
    }
    return host->events & events;
}

void host_advance(struct host *host, uint64_t us)
{
    (void)host_wait(host, 0, us);
}

int host_attach(struct host *host)
{
    int result;

    if (host->body == HOST_USB && host_bus_configure(host))
        return VDH_E_GONE;
    HOST_ANY_LEVEL(
        result, host, 16,
        vdh_attach(&host->device, &guard_io, &host->guard, host->guard.transport, &host->budget));
    if (!result)
        HOST_ANY_LEVEL(result, host, 1, vdh_interrupts_enable(&host->device, VDH_EVENT_ALL));
    return result;
}

enum which { BOOT, STORE, STOP };

static int run_step(struct host *host, enum which which, void *state)
{
    int result = VDH_AGAIN;

    for (unsigned i = 0; i < 10000000u && result == VDH_AGAIN; i++) {
        uint64_t now_us = host_now_us(host);
        uint32_t again_us = 0xdeadbeef;

        guard_enter(&host->guard, GUARD_STEP, host->device.budget.accesses,
                    host->device.budget.bytes);
        if (which == BOOT)
            result = vdh_boot_step(state, now_us, &again_us);
        else if (which == STORE)
            result = vdh_flash_store_step(state, now_us, &again_us);
        else
            result = vdh_capture_stop_step(state, now_us, &again_us);
        guard_leave(&host->guard);
        if (result == VDH_AGAIN)
            host_advance(host, again_us);
    }
    return result;
}

int host_boot(struct host *host, const uint8_t *image, uint32_t bytes, uint32_t flags,
              struct vdh_boot *boot)
{
    int result;
    unsigned tries = 0;

    vdh_boot_start(boot, &host->device, image, bytes, host->tables, flags);
    result = run_step(host, BOOT, boot);
    while (result == VDH_E_GONE && host->body == HOST_USB && tries++ < 3) {
        /* It has left the bus; if firmware starts, it comes back. */
        for (unsigned i = 0; i < 10000 && (!host->attached || host_bus_configure(host)); i++)
            host_advance(host, 1000);
        if (!host->attached || vdm_is_gone(host->card))
            return VDH_E_GONE;
        result = host_attach(host);
        if (result)
            return result;
        vdh_boot_start(boot, &host->device, NULL, 0, host->tables, 0);
        result = run_step(host, BOOT, boot);
    }
    return result;
}

int host_store(struct host *host, const uint8_t *image, uint32_t bytes,
               struct vdh_flash_store *store)
{
    vdh_flash_store_start(store, &host->device, image, bytes);
    return run_step(host, STORE, store);
}

int host_stop(struct host *host)
{
    int result = run_step(host, STOP, &host->capture);

    /* From here on the buffers are the host's. */
    host->quiet = 1;
    return result;
}

struct host_region *host_dma_alloc(struct host *host, uint32_t size, uint32_t align, uint32_t off,
                                   int writable)
{
    struct host_region *region;

    if (host->region_count == HOST_REGIONS)
        abort();
    region = &host->regions[host->region_count++];
    region->bytes = must(calloc(1, size));
    region->size = size;
    region->writable = writable;
    /* A hole behind each, so that running over its end is a refused access. */
    region->address = (host->next_address + align - 1) / align * align + off;
    host->next_address = region->address + size + 4096;
    return region;
}

struct host_buffer *host_buffer_create(struct host *host, uint32_t bytes, uint32_t seed)
{
    static const uint32_t sizes[] = {1, 3, 4095, 64, 7, 4096, 1021, 65537, 2, 16384};
    struct host_buffer *buffer = must(calloc(1, sizeof(*buffer)));
    uint32_t left = bytes;
    uint32_t block_of = 2 + seed % 5; /* segments in a block, the link included */
    struct host_region *list;
    struct host_region *arena;
    uint32_t blocks;
    uint32_t at = 0;

    buffer->bytes = bytes;
    /* All pieces in one region, apart from each other by a byte that must stay as it is. */
    arena = host_dma_alloc(host, bytes + HOST_PIECES, 4096, 1 + seed % 63, 1);
    memset(arena->bytes, 0xc3, arena->size);
    while (left > 0) {
        struct host_piece *piece = &buffer->pieces[buffer->piece_count];
        uint32_t size = sizes[(seed + buffer->piece_count * 7) % 10];

        if (buffer->piece_count++ >= 60 || size > left)
            size = left;
        piece->bytes = arena->bytes + at;
        piece->address = arena->address + at;
        piece->size = size;
        at += size + 1;
        left -= size;
    }
    blocks = (buffer->piece_count + block_of - 2) / (block_of - 1);
    list = host_dma_alloc(host, blocks * block_of * VDH_S_SEGMENT, 16, 0, 0);
    buffer->list_address = list->address;
    buffer->list_count = block_of;
    for (uint32_t block = 0, next = 0; block < blocks; block++) {
        uint8_t *segments = list->bytes + block * block_of * VDH_S_SEGMENT;
        uint32_t count = 0;

        while (count < block_of - 1 && next < buffer->piece_count) {
            vdh_segment_put(segments, count++, buffer->pieces[next].address,
                            buffer->pieces[next].size);
            next++;
        }
        if (block + 1 < blocks) {
            uint32_t follows = buffer->piece_count - next;

            follows = follows > block_of - 1 ? block_of : follows;
            vdh_segment_put_link(segments, count,
                                 list->address + (block + 1) * block_of * VDH_S_SEGMENT, follows);
        } else if (block == 0) {
            buffer->list_count = count;
        }
    }
    return buffer;
}

void host_buffer_read(const struct host_buffer *buffer, uint32_t offset, uint8_t *out,
                      uint32_t count)
{
    for (uint32_t i = 0; i < buffer->piece_count && count > 0; i++) {
        const struct host_piece *piece = &buffer->pieces[i];

        if (offset >= piece->size) {
            offset -= piece->size;
            continue;
        }
        uint32_t part = piece->size - offset < count ? piece->size - offset : count;
        memcpy(out, piece->bytes + offset, part);
        out += part;
        count -= part;
        offset = 0;
    }
}

int host_queue(struct host *host, uint32_t tag)
{
    struct host_buffer *buffer = host->buffers[tag];
    int result;

    HOST_ANY_LEVEL(result, host, 1,
                   vdh_capture_queue(&host->capture, buffer->list_address, buffer->list_count,
                                     buffer->bytes, tag));
    return result;
}

static struct vdh_dma_memory ring(struct host *host, uint32_t bytes, int writable)
{
    struct host_region *region = host_dma_alloc(host, bytes, 64, 0, writable);
    struct vdh_dma_memory memory = {region->bytes, region->address, region->size};

    return memory;
}

int host_capture_open(struct host *host, const struct vdh_format *format, uint32_t watermark)
{
    uint32_t bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);
    int rings = host->body != HOST_USB;
    int result;

    free_buffers(host);
    host->quiet = 0;
    HOST_ANY_LEVEL(result, host, 12, vdh_format_set(&host->device, format));
    if (rings) {
        host->descriptors = ring(host, HOST_RING * VDH_S_DESCRIPTOR, 0);
        host->completions = ring(host, 2 * HOST_RING * VDH_S_COMPLETION, 1);
    }
    if (!result)
        HOST_ANY_LEVEL(result, host, 8,
                       vdh_capture_set_up(&host->capture, &host->device,
                                          rings ? &host->descriptors : NULL,
                                          rings ? &host->completions : NULL));
    for (uint32_t i = 0; i < HOST_RING && rings && !result; i++) {
        host->buffers[i] = host_buffer_create(host, bytes, i * 13 + format->width);
        result = host_queue(host, i);
    }
    if (!result)
        HOST_ANY_LEVEL(result, host, 4, vdh_capture_start(&host->capture, watermark));
    return result;
}

int host_complete(struct host *host, struct vdh_completion *out, uint64_t us)
{
    uint64_t end = host_now_us(host) + us;
    int result;

    for (;;) {
        HOST_ANY_LEVEL(result, host, 1, vdh_capture_complete(&host->capture, out));
        if (result != VDH_AGAIN || host_now_us(host) >= end || vdm_is_gone(host->card))
            return result;
        host->events &= ~(uint32_t)VDH_EVENT_FRAME;
        /* A poll at least every 5 ms finds what a lost interrupt would have told. */
        (void)host_wait(host, VDH_EVENT_FRAME | VDH_EVENT_GONE, 5000);
    }
}

int host_compare(struct host *host, const struct vdh_format *format, const uint8_t *picture,
                 uint32_t sequence)
{
    uint8_t *line = must(malloc(65536));
    uint32_t number = 0;
    uint32_t planes = format->fourcc == VDH_FOURCC_NV12 ? 2 : 1;
    int differs = -1;

    for (uint32_t plane = 0; plane < planes && differs < 0; plane++) {
        uint32_t lines = plane ? format->height / 2 : format->height;

        for (uint32_t i = 0; i < lines && differs < 0; i++, number++) {
            const uint8_t *got = picture + (size_t)number * format->stride_bytes;
            uint32_t bytes = vdm_expected_line(host->card, sequence, plane, i, NULL, line);

            if (bytes == 0 || bytes > format->stride_bytes || memcmp(got, line, bytes) != 0)
                differs = (int)number;
            for (uint32_t k = bytes; k < format->stride_bytes && differs < 0; k++) {
                if (got[k] != 0)
                    differs = (int)number;
            }
        }
    }
    free(line);
    return differs;
}
