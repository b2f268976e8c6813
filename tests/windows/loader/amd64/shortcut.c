/* SPDX-License-Identifier: MIT */
/*
 * Stores to registers without a signal each. A signal costs microseconds, and an upload of firmware is
 * 17,000 stores, all by one instruction. WRITE_REGISTER_ULONG of wdm.h leaves behind a store and a
 * fence, together long enough for a jump to code that calls bus_write, does the fence and jumps back.
 * The first store at each place is met by a signal all the same; what does not look exactly like that
 * always is, and so is everything in runs that count instructions.
 */
#include "shortcut.h"

#include <string.h>
#include <sys/mman.h>

#include "bus.h"
#include "driver.h"
#include "pe.h"

#define PAGE   4096u
#define WINDOW 2048 /* jumps to the fence would come from its own function */
#define FENCE  6    /* lock orl $1, x(%rsp) */
#define JUMP   5
#define MOST   160 /* bytes of one shortcut; it takes 130 */

/* Where a store was and what is to be run behind it, which its jump has overwritten. */
static struct {
    const uint8_t *ip;
    const uint8_t *rest;
} made[PAGE / MOST];
static unsigned made_count;
static uint8_t *room; /* a page within a jump's reach */

/* Called on the driver's stack, as a handler would be. */
static void store(uint8_t *address, uint32_t value, const uint8_t *ip)
{
    driver_is_at(ip);
    if (address >= bus.bar && address < bus.bar + BUS_BAR_BYTES)
        bus_write((uint32_t)(address - bus.bar), 4, value);
    else
        memcpy(address, &value, 4); /* elsewhere it fails, or does not, as it would have */
}

struct code {
    uint8_t *at;
};

static void put(struct code *code, const void *bytes, size_t count)
{
    memcpy(code->at, bytes, count);
    code->at += count;
}

static void put_push(struct code *code, unsigned number)
{
    const uint8_t bytes[] = {0x41, (uint8_t)(0x50 | (number & 7))};

    if (number & 8)
        put(code, bytes, 2);
    else
        put(code, bytes + 1, 1);
}

static void put_address(struct code *code, const void *prefix, const void *address)
{
    uint64_t value = (uintptr_t)address;

    put(code, prefix, 2);
    put(code, &value, 8);
}

static void put_jump(struct code *code, const uint8_t *target)
{
    int32_t distance = (int32_t)(target - (code->at + JUMP));

    put(code, "\xe9", 1);
    put(code, &distance, 4);
}

/* `address` and `value`: the registers of the store. Nothing but the stack below is changed. Returns
 * what is run after it. */
static const uint8_t *write_code(struct code *code, const uint8_t *ip, unsigned length,
                                 unsigned address, unsigned value)
{
    void (*target)(uint8_t *, uint32_t, const uint8_t *) = store;
    const uint8_t *rest;
    void *pointer;

    memcpy(&pointer, &target, sizeof(pointer));
    put_push(code, value);
    put_push(code, address);
    put(code, "\x9c\xfc", 2);                         /* pushfq; cld */
    put(code, "\x50\x51\x52\x56\x57", 5);             /* push rax, rcx, rdx, rsi, rdi */
    put(code, "\x41\x50\x41\x51\x41\x52\x41\x53", 8); /* push r8, r9, r10, r11 */
    put(code, "\x55\x48\x89\xe5", 4);                 /* push rbp; mov rsp, rbp */
    put(code, "\x48\x81\xec\x00\x02\x00\x00", 7);     /* sub $512, rsp */
    put(code, "\x48\x83\xe4\xc0", 4);                 /* and $-64, rsp */
    put(code, "\x48\x0f\xae\x04\x24", 5);             /* fxsave64 (rsp) */
    put(code, "\x48\x8b\x7d\x58\x8b\x75\x60", 7);     /* mov 88(rbp), rdi; 96(rbp), esi */
    put_address(code, "\x48\xba", ip);                /* mov $ip, rdx */
    put_address(code, "\x48\xb8", pointer);           /* mov $store, rax */
    put(code, "\xff\xd0\x48\x0f\xae\x0c\x24", 7);     /* call *rax; fxrstor64 (rsp) */
    put(code, "\x48\x89\xec\x5d", 4);                 /* mov rbp, rsp; pop rbp */
    put(code, "\x41\x5b\x41\x5a\x41\x59\x41\x58", 8); /* pop r11, r10, r9, r8 */
    put(code, "\x5f\x5e\x5a\x59\x58\x9d", 6);         /* pop rdi, rsi, rdx, rcx, rax; popfq */
    put(code, "\x48\x8d\x64\x24\x10", 5);             /* lea 16(rsp), rsp */
    rest = code->at;
    put(code, ip + length, FENCE);
    put_jump(code, ip + length + FENCE);
    return rest;
}

/* Whether something in the code around may jump to `target`; data that looks like it counts too. */
static int is_target(const uint8_t *target)
{
    const uint8_t *end = pe_image.base + pe_image.bytes;
    const uint8_t *from = target - pe_image.base > WINDOW ? target - WINDOW : pe_image.base;
    const uint8_t *to = end - target > WINDOW ? target + WINDOW : end - JUMP;

    for (const uint8_t *p = from; p < to; p++) {
        int32_t distance;

        memcpy(&distance, p + 1, sizeof(distance));
        if (p + 2 + (int8_t)p[1] == target && (p[0] == 0xeb || (p[0] & 0xf0) == 0x70))
            return 1;
        if (p + 5 + distance == target && (p[0] == 0xe9 || (p[0] & 0xf0) == 0x80))
            return 1;
    }
    return 0;
}

static int has_room(const uint8_t *ip)
{
    if (!room) {
        room = mmap(pe_image.base - (64u << 10), PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return room != MAP_FAILED && made_count < PAGE / MOST && ip - room < 1 << 30 &&
           room - ip < 1 << 30;
}

static const uint8_t *make(uint8_t *ip)
{
    static const uint8_t fence[] = {0xf0, 0x83, 0x4c, 0x24};
    unsigned rex = (*ip & 0xf0) == 0x40 ? *ip : 0;
    const uint8_t *p = ip + (rex ? 1 : 0);
    unsigned length = (unsigned)(p - ip) + 2;
    uint8_t *page = ip - (uintptr_t)ip % PAGE;
    size_t bytes = (uintptr_t)ip % PAGE + JUMP > PAGE ? 2 * PAGE : PAGE;
    unsigned value = (p[1] >> 3 & 7) | (rex & 4 ? 8 : 0);
    unsigned address = (p[1] & 7) | (rex & 1 ? 8 : 0);
    const uint8_t *rest;
    struct code code;

    /* mov r32, (r64), without an offset, the stack pointer, or 64 bits; and the fence. */
    if (coverage_is_on() || rex & 8 || p[0] != 0x89 || p[1] >> 6 != 0 || (address & 7) == 4 ||
        (address & 7) == 5 || value == 4 || !pe_contains(p + 7) ||
        memcmp(p + 2, fence, sizeof(fence)) != 0 || p[7] != 1)
        return NULL;
    if (!has_room(ip) || is_target(p + 2) ||
        mprotect(page, bytes, PROT_READ | PROT_WRITE | PROT_EXEC))
        return NULL;
    code.at = room + (size_t)made_count * MOST;
    rest = write_code(&code, ip, length, address, value);
    code.at = ip;
    put_jump(&code, room + (size_t)made_count * MOST);
    mprotect(page, bytes, PROT_READ | PROT_EXEC | (coverage_is_planted() ? PROT_WRITE : 0));
    made[made_count].ip = ip;
    made[made_count++].rest = rest;
    return rest;
}

const uint8_t *shortcut_make(uint8_t *ip, const uint8_t *behind)
{
    const uint8_t *rest;

    /* What came in between may have made it already. */
    for (unsigned i = 0; i < made_count; i++) {
        if (made[i].ip == ip && *ip == 0xe9)
            return made[i].rest;
    }
    rest = make(ip);
    return rest ? rest : behind;
}
