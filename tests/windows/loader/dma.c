/* SPDX-License-Identifier: MIT */
/*
 * Physical memory for the card: buffers scattered over pages with made-up addresses, most above
 * 4 GiB. The driver sees a picture only through a second mapping, which stays closed unless the pin
 * asked for it: a copy by the processor cannot go unseen.
 */
#include "bus.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "memory.h"
#include "report.h"

#define PAGE 4096u

static struct dma_buffer *buffers;
static uint64_t next_frame = 0x00080000; /* at 2 GiB, so that some lie below 4 GiB */

static void lay_out(struct dma_buffer *buffer, enum dma_shape shape)
{
    uint32_t n = buffer->page_count;

    buffer->frames = calloc(n, sizeof(*buffer->frames));
    buffer->first_frame = next_frame;
    next_frame += n + 3;
    if (next_frame > 0x000f0000 && next_frame < 0x00100000)
        next_frame = 0x40123456; /* far above 4 GiB from now on */
    for (uint32_t i = 0; i < n; i++)
        buffer->frames[i] = i;
    if (shape == DMA_ONE)
        return;
    for (uint32_t i = 0; i + 1 < n; i++) {
        /* DMA_RUNS leaves three pages of four where they are. */
        if (shape == DMA_PAGES || shape == DMA_SHATTERED || report_random(4) == 0) {
            uint32_t k = i + report_random(n - i);
            uint32_t other = buffer->frames[k];

            buffer->frames[k] = buffer->frames[i];
            buffer->frames[i] = other;
        }
    }
}

static struct dma_buffer *add(size_t size, size_t offset, const char *kind)
{
    struct dma_buffer *buffer = calloc(1, sizeof(*buffer));

    buffer->size = size;
    buffer->offset = offset % PAGE;
    buffer->page_count = (uint32_t)((buffer->offset + size + PAGE - 1) / PAGE);
    buffer->kind = kind;
    buffer->writable = 1;
    buffer->next = buffers;
    buffers = buffer;
    return buffer;
}

struct dma_buffer *dma_create(size_t size, size_t offset, enum dma_shape shape)
{
    struct dma_buffer *buffer = add(size, offset, "picture buffer");
    int fd = memfd_create("picture", 0);

    buffer->map_bytes = (size_t)buffer->page_count * PAGE;
    if (fd < 0 || ftruncate(fd, (off_t)buffer->map_bytes))
        report_fail("memory", "no memory for a picture");
    buffer->map[0] = mmap(NULL, buffer->map_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    buffer->map[1] = mmap(NULL, buffer->map_bytes, PROT_NONE, MAP_SHARED, fd, 0);
    close(fd);
    if (buffer->map[0] == MAP_FAILED || buffer->map[1] == MAP_FAILED)
        report_fail("memory", "no room for a picture");
    buffer->bytes = (uint8_t *)buffer->map[0] + buffer->offset;
    buffer->kernel = (uint8_t *)buffer->map[1] + buffer->offset;
    lay_out(buffer, shape);
    return buffer;
}

struct dma_buffer *dma_register(void *bytes, size_t size, int one, const char *kind)
{
    struct dma_buffer *buffer = add(size, (uintptr_t)bytes % PAGE, kind);

    buffer->bytes = bytes;
    buffer->live = 1;
    lay_out(buffer, one ? DMA_ONE : DMA_PAGES);
    return buffer;
}

void dma_destroy(struct dma_buffer *buffer)
{
    struct dma_buffer **at = &buffers;

    while (*at != buffer)
        at = &(*at)->next;
    *at = buffer->next;
    if (buffer->map_bytes) {
        munmap(buffer->map[0], buffer->map_bytes);
        munmap(buffer->map[1], buffer->map_bytes);
    }
    free(buffer->frames);
    free(buffer);
}

void dma_allow_processor(struct dma_buffer *buffer, int allow)
{
    mprotect(buffer->map[1], buffer->map_bytes, allow ? PROT_READ | PROT_WRITE : PROT_NONE);
}

uint64_t dma_address(const struct dma_buffer *buffer, size_t at, uint32_t *length)
{
    size_t place = buffer->offset + at;
    uint32_t page = (uint32_t)(place / PAGE);
    size_t end = (size_t)(page + 1) * PAGE;
    uint32_t next = page;

    while (next + 1 < buffer->page_count && buffer->frames[next + 1] == buffer->frames[next] + 1) {
        next++;
        end += PAGE;
    }
    if (end > buffer->offset + buffer->size)
        end = buffer->offset + buffer->size;
    *length = (uint32_t)(end - place);
    return (buffer->first_frame + buffer->frames[page]) * PAGE + place % PAGE;
}

uint32_t dma_list(const struct dma_buffer *buffer, enum dma_shape shape, struct sc_segment *list,
                  uint32_t room)
{
    uint32_t count = 0;
    size_t at = 0;

    while (at < buffer->size) {
        uint32_t length;
        uint64_t address = dma_address(buffer, at, &length);

        if (shape == DMA_SHATTERED && count + buffer->page_count + 8 < room && length > 1)
            length = report_random(4) ? 1 + report_random(length) : 1;
        if (count == room)
            report_fail("memory", "a scatter/gather list of more than %u entries", room);
        memset(&list[count], 0, sizeof(list[count]));
        list[count].address = address;
        list[count++].length = length;
        at += length;
    }
    return count;
}

struct dma_buffer *dma_find_kernel(const void *address)
{
    const uint8_t *p = address;
    struct dma_buffer *buffer = buffers;

    while (buffer && !(buffer->map_bytes && p >= (uint8_t *)buffer->map[1] &&
                       p < (uint8_t *)buffer->map[1] + buffer->map_bytes))
        buffer = buffer->next;
    return buffer;
}

struct dma_buffer *dma_find_bytes(const void *address)
{
    const uint8_t *p = address;
    struct dma_buffer *buffer = buffers;

    while (buffer && (p < buffer->bytes || p >= buffer->bytes + buffer->size))
        buffer = buffer->next;
    return buffer;
}

/* The byte of the buffer at a physical address; its size if that is none of them. */
static size_t place_of(const struct dma_buffer *buffer, uint64_t address)
{
    uint64_t frame = address / PAGE;
    uint32_t page = 0;
    size_t place;

    if (frame < buffer->first_frame || frame >= buffer->first_frame + buffer->page_count)
        return buffer->size;
    while (buffer->frames[page] != frame - buffer->first_frame)
        page++;
    place = (size_t)page * PAGE + address % PAGE;
    return place < buffer->offset ? buffer->size : place - buffer->offset;
}

void *dma_reach(uint64_t address, uint32_t length, int write)
{
    for (struct dma_buffer *buffer = buffers; buffer; buffer = buffer->next) {
        size_t at = place_of(buffer, address);
        uint32_t together;

        if (at >= buffer->size)
            continue;
        if (!buffer->live)
            report_fail(CHECK_DMA_LATE, "the card reaches for a %s that was given back, byte %zu",
                        buffer->kind, at);
        (void)dma_address(buffer, at, &together);
        if (length > together) {
            if (bus.strange_dma)
                break;
            report_fail(CHECK_DMA, "%u bytes at byte %zu of a %s, where %u lie together", length,
                        at, buffer->kind, together);
        }
        if (write)
            buffer->written += length;
        return buffer->bytes + at;
    }
    bus.refused++;
    if (!bus.strange_dma)
        report_fail(CHECK_DMA, "the card reaches for 0x%llx, which nobody gave it",
                    (unsigned long long)address);
    return NULL;
}
