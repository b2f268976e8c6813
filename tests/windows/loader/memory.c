/* SPDX-License-Identifier: MIT */
/*
 * Guarded blocks: a mapping each. Freed ones are kept without access until many more have been
 * freed, since the error is to touch them late.
 */
#include "memory.h"

#include <string.h>
#include <sys/mman.h>
#include <stdlib.h>

#include "report.h"

#define PAGE       4096u
#define KEPT       512u
#define KEPT_BYTES (32u << 20)
#define FILL       0xcd
#define MARGIN     0xa7

static struct memory_block *blocks;
static unsigned freed_count;
static size_t freed_bytes;
static unsigned starve_after;
static unsigned starve_count;

static void fill_margin(struct memory_block *block)
{
    uint8_t *begin = block->map + PAGE;
    uint8_t *end = block->map + block->map_bytes - PAGE;

    memset(begin, MARGIN, (size_t)(block->bytes - begin));
    memset(block->bytes + block->size, MARGIN, (size_t)(end - block->bytes) - block->size);
}

static int is_margin(const uint8_t *begin, const uint8_t *end)
{
    return begin == end ||
           (*begin == MARGIN && memcmp(begin, begin + 1, (size_t)(end - begin) - 1) == 0);
}

static void check_margin(const struct memory_block *block)
{
    const uint8_t *begin = block->map + PAGE;
    const uint8_t *end = block->map + block->map_bytes - PAGE;

    if (is_margin(begin, block->bytes) && is_margin(block->bytes + block->size, end))
        return;
    for (const uint8_t *p = begin; p < end; p++) {
        if (p == block->bytes)
            p += block->size;
        if (p < end && *p != MARGIN)
            report_fail(CHECK_OVERRUN, "byte %td of a %s of %zu bytes was written",
                        p - block->bytes, block->kind, block->size);
    }
}

void *memory_allocate(size_t size, size_t align, const char *kind)
{
    struct memory_block *block = calloc(1, sizeof(*block));
    size_t room = (size + PAGE - 1) / PAGE * PAGE;

    if (room == 0)
        room = PAGE;
    block->map_bytes = room + 2 * PAGE;
    block->map = mmap(NULL, block->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block->map == MAP_FAILED || mprotect(block->map + PAGE, room, PROT_READ | PROT_WRITE)) {
        report_fail("memory", "no memory for a %s of %zu bytes", kind, size);
    }
    block->bytes = block->map + PAGE + ((room - size) & ~(align - 1));
    block->size = size;
    block->kind = kind;
    memset(block->bytes, FILL, size);
    fill_margin(block);
    block->next = blocks;
    blocks = block;
    return block->bytes;
}

void *memory_allocate_zeroed(size_t size, size_t align, const char *kind)
{
    return memset(memory_allocate(size, align, kind), 0, size);
}

struct memory_block *memory_block_of(const void *bytes)
{
    struct memory_block *block = blocks;

    while (block && (block->bytes != bytes || block->state == MEMORY_FREED))
        block = block->next;
    return block;
}

static void protect(struct memory_block *block, int access)
{
    mprotect(block->map + PAGE, block->map_bytes - 2 * PAGE, access);
}

/* The oldest freed blocks go; the list has the newest first. */
static void forget_old(void)
{
    unsigned kept = 0;
    size_t bytes = 0;
    struct memory_block **at = &blocks;

    while (*at) {
        struct memory_block *block = *at;

        if (block->state == MEMORY_FREED &&
            (++kept > KEPT / 2 || (bytes += block->map_bytes) > KEPT_BYTES / 2)) {
            *at = block->next;
            munmap(block->map, block->map_bytes);
            freed_bytes -= block->map_bytes;
            freed_count--;
            free(block);
        } else {
            at = &block->next;
        }
    }
}

void memory_free(void *bytes)
{
    struct memory_block *block = memory_block_of(bytes);

    if (!block)
        report_fail(CHECK_BAD_MEMORY, "%p is freed, but no such block is allocated", bytes);
    if (block->state == MEMORY_BORROWED)
        protect(block, PROT_READ | PROT_WRITE);
    check_margin(block);
    protect(block, PROT_NONE);
    block->state = MEMORY_FREED;
    freed_bytes += block->map_bytes;
    if (++freed_count > KEPT || freed_bytes > KEPT_BYTES)
        forget_old();
}

void memory_take(void *bytes)
{
    struct memory_block *block = memory_block_of(bytes);

    check_margin(block);
    protect(block, PROT_NONE);
    block->state = MEMORY_BORROWED;
}

void memory_give(void *bytes)
{
    struct memory_block *block = memory_block_of(bytes);

    protect(block, PROT_READ | PROT_WRITE);
    block->state = MEMORY_LIVE;
}

const struct memory_block *memory_find(const void *address)
{
    const uint8_t *p = address;
    const struct memory_block *block = blocks;

    while (block && (p < block->map || p >= block->map + block->map_bytes))
        block = block->next;
    return block;
}

void memory_check(void)
{
    for (const struct memory_block *block = blocks; block; block = block->next) {
        if (block->state == MEMORY_LIVE)
            check_margin(block);
    }
}

size_t memory_pool_bytes(void)
{
    size_t bytes = 0;

    for (const struct memory_block *block = blocks; block; block = block->next) {
        if (block->pool && block->state != MEMORY_FREED)
            bytes += block->size;
    }
    return bytes;
}

void memory_check_leaks(void)
{
    for (const struct memory_block *block = blocks; block; block = block->next) {
        if (block->pool && block->state != MEMORY_FREED)
            report_fail(CHECK_LEAK, "%zu bytes of pool with tag %.4s are left", block->size,
                        (const char *)&block->tag);
    }
}

void memory_starve(unsigned after, unsigned count)
{
    starve_after = after;
    starve_count = count;
}

int memory_is_starved(void)
{
    if (starve_after > 0) {
        starve_after--;
        return 0;
    }
    if (starve_count == 0)
        return 0;
    starve_count--;
    return 1;
}
