/* SPDX-License-Identifier: MIT */
/*
 * The checks. A read of all ones earns one more access, for the look at ARCH_ID that the contract
 * allows; everything else counts.
 */
#include "guard.h"

#include <stdio.h>

#include "vdh_regs.h"

#define STALL_MOST_US 10u

static void violate(struct guard *guard, const char *what, uint32_t a, uint32_t b)
{
    if (guard->violations++ == 0)
        snprintf(guard->report, sizeof(guard->report), "%s (0x%x, %u)", what, (unsigned)a,
                 (unsigned)b);
}

static void count(struct guard *guard, uint32_t offset, uint32_t accesses)
{
    guard->accesses += accesses;
    if (guard->mark == GUARD_OUTSIDE || guard->mark == GUARD_PURE)
        violate(guard, "access outside an entry that may", offset, 0);
    if (guard->mark == GUARD_ISR && offset != VDH_R_INT_STATUS)
        violate(guard, "the interrupt routine touches another register", offset, 0);
    if (guard->accesses > guard->limit)
        violate(guard, "too many accesses in one entry", offset, guard->accesses);
}

static int guard_read(void *context, uint32_t offset, uint32_t *value)
{
    struct guard *guard = context;
    int result;

    count(guard, offset, 1);
    if (guard->transport == VDH_TRANSPORT_SLOW && offset != VDH_R_ARCH_ID) {
        for (uint32_t i = 0; i < guard->seen_count; i++) {
            if (guard->seen[i] == offset)
                violate(guard, "a slow transport polls", offset, 0);
        }
        if (guard->seen_count < 64)
            guard->seen[guard->seen_count++] = offset;
    }
    result = guard->io->read(guard->context, offset, value);
    if (!result && *value == 0xffffffffu && offset != VDH_R_ARCH_ID)
        guard->limit++;
    return result;
}

static int guard_write(void *context, uint32_t offset, uint32_t value)
{
    struct guard *guard = context;

    count(guard, offset, 1);
    /* Reading it has no effect; writing it takes events away from the interrupt routine. */
    if (guard->mark != GUARD_ISR && offset == VDH_R_INT_STATUS)
        violate(guard, "the interrupt routine's register written by another", offset, value);
    return guard->io->write(guard->context, offset, value);
}

static void count_block(struct guard *guard, uint32_t offset, uint32_t bytes, uint32_t most)
{
    count(guard, offset, (bytes + 3) / 4);
    guard->bytes += bytes;
    if (guard->bytes > guard->bytes_limit)
        violate(guard, "too many bytes in one entry", offset, guard->bytes);
    if (bytes == 0 || bytes > most)
        violate(guard, "a block of a size that no host promises", offset, bytes);
}

static int guard_read_block(void *context, uint32_t offset, void *bytes, uint32_t size)
{
    struct guard *guard = context;
    int time = offset == VDH_R_TIME_LATCH && size == 8 && guard->transport == VDH_TRANSPORT_SLOW;

    count_block(guard, offset, size, 1024);
    if (!time && (size % 4 != 0 || offset < VDH_R_TABLES || offset + size > VDH_R_SPACE))
        violate(guard, "a block read outside the window", offset, size);
    return guard->io->read_block(guard->context, offset, bytes, size);
}

static int guard_write_block(void *context, uint32_t offset, const void *bytes, uint32_t size)
{
    struct guard *guard = context;

    count_block(guard, offset, size, guard->transport == VDH_TRANSPORT_SLOW ? 4096 : 1024);
    if (offset != VDH_R_FW_WINDOW)
        violate(guard, "a block written outside the window", offset, size);
    return guard->io->write_block(guard->context, offset, bytes, size);
}

static void guard_stall_us(void *context, uint32_t microseconds)
{
    struct guard *guard = context;

    guard->stall_us += microseconds;
    if (guard->transport == VDH_TRANSPORT_SLOW)
        violate(guard, "a slow transport stalls", microseconds, 0);
    if (guard->mark != GUARD_ANY_LEVEL && guard->mark != GUARD_STEP)
        violate(guard, "a stall where none may be", microseconds, 0);
    if (guard->stall_us > STALL_MOST_US)
        violate(guard, "too long a stall in one entry", guard->stall_us, 0);
    guard->io->stall_us(guard->context, microseconds);
}

static void guard_acquire(void *context)
{
    struct guard *guard = context;

    guard->acquires++;
    guard->io->acquire(guard->context);
}

static void guard_trace(void *context, const char *event, uint32_t a, uint32_t b)
{
    struct guard *guard = context;

    if (guard->mark == GUARD_ISR)
        violate(guard, "the interrupt routine traces", a, b);
    if (guard->io->trace)
        guard->io->trace(guard->context, event, a, b);
}

const struct vdh_io guard_io = {guard_read,     guard_write,   guard_read_block, guard_write_block,
                                guard_stall_us, guard_acquire, guard_trace};

void guard_init(struct guard *guard, const struct vdh_io *io, void *context,
                enum vdh_transport transport)
{
    memset(guard, 0, sizeof(*guard));
    guard->io = io;
    guard->context = context;
    guard->transport = transport;
}

void guard_enter(struct guard *guard, enum guard_mark mark, uint32_t limit, uint32_t bytes_limit)
{
    if (guard->mark != GUARD_OUTSIDE && mark != GUARD_ISR)
        violate(guard, "entered twice", (uint32_t)mark, 0);
    guard->mark = mark;
    guard->limit = limit;
    guard->bytes_limit = bytes_limit;
    guard->accesses = 0;
    guard->bytes = 0;
    guard->stall_us = 0;
    guard->seen_count = 0;
    guard->entries++;
}

void guard_leave(struct guard *guard)
{
    if (guard->accesses > guard->worst_accesses)
        guard->worst_accesses = guard->accesses;
    if (guard->stall_us > guard->worst_stall_us)
        guard->worst_stall_us = guard->stall_us;
    guard->mark = GUARD_OUTSIDE;
}
