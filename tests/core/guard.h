/* SPDX-License-Identifier: MIT */
/*
 * Stands between the core and any vdh_io and keeps it to its marks: an interrupt routine touches
 * INT_STATUS only, and nobody else writes it, an entry keeps to its accesses, bytes and stalls, a slow transport never polls.
 */
#ifndef TESTS_CORE_GUARD_H
#define TESTS_CORE_GUARD_H

#ifdef __cplusplus
extern "C" {
#endif

#include "vdh_device.h"

enum guard_mark { GUARD_OUTSIDE, GUARD_ISR, GUARD_ANY_LEVEL, GUARD_STEP, GUARD_PURE };

struct guard {
    const struct vdh_io *io; /* the host proper */
    void *context;
    enum vdh_transport transport;

    enum guard_mark mark; /* of the entry in progress */
    uint32_t limit;       /* its accesses */
    uint32_t bytes_limit; /* its bytes in blocks */
    uint32_t accesses;    /* made so far */
    uint32_t bytes;       /* moved in blocks */
    uint32_t stall_us;
    uint32_t acquires;
    uint32_t seen[64]; /* offsets read in this entry, on a slow transport */
    uint32_t seen_count;

    uint32_t worst_accesses; /* of all entries */
    uint32_t worst_stall_us;
    uint32_t entries;
    uint32_t violations;
    char report[256]; /* the first violation */
};

/* The io to hand to vdh_attach, with the guard as its context. */
extern const struct vdh_io guard_io;

void guard_init(struct guard *guard, const struct vdh_io *io, void *context,
                enum vdh_transport transport);

/* Around every call into the core. `limit` is what the header states beside the function; a step
 * and its bytes keep to the budget. */
void guard_enter(struct guard *guard, enum guard_mark mark, uint32_t limit, uint32_t bytes_limit);
void guard_leave(struct guard *guard);

#ifdef __cplusplus
}
#endif

#endif
