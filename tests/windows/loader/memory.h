/* SPDX-License-Identifier: MIT */
/*
 * Memory that the driver is given. Each block ends at a page without access, so that one byte too
 * many is seen as it happens; what lies before it is checked when it is freed.
 */
#ifndef LOADER_MEMORY_H
#define LOADER_MEMORY_H

#include <stddef.h>
#include <stdint.h>

enum memory_state {
    MEMORY_LIVE,
    MEMORY_BORROWED, /* not the driver's now: an SRB after its completion */
    MEMORY_FREED
};

struct memory_block {
    struct memory_block *next;
    uint8_t *map;
    size_t map_bytes;
    uint8_t *bytes;
    size_t size;
    enum memory_state state;
    const char *kind; /* static */
    uint32_t tag;     /* of pool */
    int pool;         /* the driver allocated it, and must free it */
};

/* Filled with 0xcd; aligned to `align`, a power of two up to 4096. Never NULL. */
void *memory_allocate(size_t size, size_t align, const char *kind);
void *memory_allocate_zeroed(size_t size, size_t align, const char *kind);
struct memory_block *memory_block_of(const void *bytes);
/* Takes it from the driver for good; kept for a while, so that a late access is named. */
void memory_free(void *bytes);
/* Takes it from the driver, and gives it back. */
void memory_take(void *bytes);
void memory_give(void *bytes);
/* The block or its guard around an address, freed ones included. NULL if there is none. */
const struct memory_block *memory_find(const void *address);
/* Looks at the bytes around every live block; fails with "overrun". */
void memory_check(void);
/* Fails with "leak" if the driver still holds pool. */
void memory_check_leaks(void);
size_t memory_pool_bytes(void);
/* At the next allocation from pool, and `count` - 1 after that, there is none. */
void memory_starve(unsigned after, unsigned count);
int memory_is_starved(void);

#endif
