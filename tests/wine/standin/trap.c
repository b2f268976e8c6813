/* SPDX-License-Identifier: MIT */
/*
 * On amd64 the register macros are plain moves. The registers' page has no access: each move faults, and
 * the handler, first in the process, carries it out on the card. Only moves of 32 bits are known,
 * since the card has no other; the loader of tests/windows does the same with signals.
 */
#include <windows.h>

#include "machine.h"

static uintptr_t first, last;
static volatile LONG64 count;

/* Number of a register in an instruction to its place in a CONTEXT, which has the same order. */
static DWORD64 *place_of(CONTEXT *context, unsigned number)
{
    return &context->Rax + number;
}

/* Length of the instruction, or 0 if it is no 32-bit move between memory and a register or constant. */
static unsigned decode(const uint8_t *ip, int *writes, int *constant, unsigned *number)
{
    const uint8_t *p = ip;
    unsigned rex = 0, mode, base;

    if ((*p & 0xf0) == 0x40)
        rex = *p++;
    if (rex & 8 || (*p != 0x8b && *p != 0x89 && *p != 0xc7))
        return 0;
    *writes = *p != 0x8b;
    *constant = *p == 0xc7;
    mode = *++p;
    if (mode >> 6 == 3)
        return 0;
    p++;
    *number = (mode >> 3 & 7) | (rex & 4 ? 8 : 0);
    base = mode & 7;
    if (base == 4)
        base = *p++ & 7;
    if (mode >> 6 == 1)
        p += 1;
    else if (mode >> 6 == 2 || base == 5)
        p += 4;
    return (unsigned)(p - ip) + (*constant ? 4 : 0);
}

static LONG WINAPI on_fault(EXCEPTION_POINTERS *fault)
{
    const EXCEPTION_RECORD *record = fault->ExceptionRecord;
    CONTEXT *context = fault->ContextRecord;
    const uint8_t *ip = (const uint8_t *)(uintptr_t)context->Rip;
    uintptr_t address;
    unsigned length, number;
    int writes, constant;

    if (record->ExceptionCode != (DWORD)EXCEPTION_ACCESS_VIOLATION || record->NumberParameters < 2)
        return EXCEPTION_CONTINUE_SEARCH;
    address = (uintptr_t)record->ExceptionInformation[1];
    if (address < first || address >= last)
        return EXCEPTION_CONTINUE_SEARCH;
    length = decode(ip, &writes, &constant, &number);
    if (length == 0 || address % 4 != 0) {
        machine_log("no move of a register: %02x %02x %02x %02x", ip[0], ip[1], ip[2], ip[3]);
        return EXCEPTION_CONTINUE_SEARCH;
    }
    InterlockedIncrement64(&count);
    if (writes)
        card_write((uint32_t)(address - first),
                   constant ? *(const uint32_t *)(const void *)(ip + length - 4)
                            : (uint32_t)*place_of(context, number));
    else
        *place_of(context, number) = card_read((uint32_t)(address - first));
    context->Rip += length;
    return EXCEPTION_CONTINUE_EXECUTION;
}

int trap_install(const void *registers, size_t bytes)
{
    first = (uintptr_t)registers;
    last = first + bytes;
    return AddVectoredExceptionHandler(1, on_fault) ? 0 : -1;
}

uint64_t trap_count(void)
{
    return (uint64_t)InterlockedAdd64(&count, 0);
}
