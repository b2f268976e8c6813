/* SPDX-License-Identifier: MIT */
/*
 * amd64: the access macros are inline there, so registers are reached by plain moves on a page without
 * access, ports and the level by instructions that only a kernel may use. Each is decoded and done.
 */
#include "cpu.h"

#include <string.h>

#include "bus.h"
#include "driver.h"
#include "report.h"
#include "shortcut.h"

/* Where every amd64 Windows maps its page of system time. */
#define SHARED_DATA 0xfffff78000000000ull

static const int general[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                REG_R12, REG_R13, REG_R14, REG_R15};

/* A move between a register (or a constant) and memory. */
struct move {
    unsigned length; /* of the instruction */
    unsigned bytes;  /* moved */
    unsigned wide;   /* bytes of the register written */
    int write;
    int number; /* of the register */
    int constant;
    int sign;
    uint64_t value;
};

static uint64_t little(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;

    memcpy(&value, p, bytes);
    return value;
}

static int decode(const uint8_t *begin, struct move *out)
{
    const uint8_t *p = begin;
    unsigned rex = 0;
    unsigned size = 4;
    unsigned op;
    unsigned mode;

    memset(out, 0, sizeof(*out));
    if (*p == 0x66) {
        size = 2;
        p++;
    }
    if ((*p & 0xf0) == 0x40)
        rex = *p++;
    if (rex & 8)
        size = 8;
    out->bytes = size;
    out->wide = size;
    op = *p++;
    switch (op) {
    case 0x8a:
    case 0x88:
        out->bytes = out->wide = 1;
        out->write = op == 0x88;
        break;
    case 0x8b:
    case 0x89:
        out->write = op == 0x89;
        break;
    case 0xc6:
    case 0xc7:
        if (op == 0xc6)
            out->bytes = 1;
        out->write = out->constant = 1;
        break;
    case 0xa0: /* an address in the instruction, to or from the accumulator */
    case 0xa1:
    case 0xa2:
    case 0xa3:
        if (!(op & 1))
            out->bytes = out->wide = 1;
        out->write = op >= 0xa2;
        out->length = (unsigned)(p - begin) + 8;
        return 1;
    case 0x0f:
        op = *p++;
        if (op != 0xb6 && op != 0xb7 && op != 0xbe && op != 0xbf)
            return 0;
        out->bytes = op & 1 ? 2 : 1;
        out->sign = op >= 0xbe;
        break;
    default:
        return 0;
    }
    mode = *p++;
    if (mode >> 6 == 3)
        return 0;
    out->number = (int)((mode >> 3 & 7) | (rex & 4 ? 8 : 0));
    if ((mode & 7) == 4) {
        if (mode >> 6 == 0 && (*p & 7) == 5)
            p += 4;
        p++;
    } else if (mode >> 6 == 0 && (mode & 7) == 5) {
        p += 4;
    }
    p += mode >> 6 == 1 ? 1 : mode >> 6 == 2 ? 4 : 0;
    if (out->constant) {
        unsigned bytes = out->bytes == 8 ? 4 : out->bytes;

        out->value = little(p, bytes);
        if (out->bytes == 8)
            out->value = (uint64_t)(int64_t)(int32_t)out->value;
        p += bytes;
    }
    out->length = (unsigned)(p - begin);
    return 1;
}

static void set(greg_t *registers, int number, uint64_t value, unsigned bytes)
{
    greg_t *place = &registers[general[number]];

    if (bytes >= 4) /* a 32-bit write clears the upper half */
        *place = bytes == 8 ? (greg_t)value : (greg_t)(uint32_t)value;
    else
        memcpy(place, &value, bytes);
}

static uint64_t system_time(uint32_t offset, unsigned bytes)
{
    uint64_t time = nt_interrupt_time();
    uint64_t value = offset < 0x14 ? time : NT_EPOCH + time;

    driver_point();
    switch (offset) {
    case 0x08: /* InterruptTime, SystemTime: low, high, high again */
    case 0x14:
        return bytes == 8 ? value : (uint32_t)value;
    case 0x0c:
    case 0x10:
    case 0x18:
    case 0x1c:
        return value >> 32;
    case 0x320: /* TickCount, of 15.625 ms */
        return time / 156250;
    default:
        report_fail(CHECK_INSTRUCTION, "byte 0x%x of the shared page", offset);
    }
}

/* rep movs, from or to the card. */
static int move_string(greg_t *registers, const uint8_t *p, const uint8_t *address)
{
    uint8_t *from = (uint8_t *)registers[REG_RSI];
    uint8_t *to = (uint8_t *)registers[REG_RDI];
    uint32_t word;

    if (p[0] != 0xf3 || p[1] != 0xa5)
        return 0;
    while (registers[REG_RCX] > 0) {
        if (address >= bus.bar && to >= bus.bar && to < bus.bar + BUS_BAR_BYTES) {
            memcpy(&word, from, 4);
            bus_write((uint32_t)(to - bus.bar), 4, word);
        } else if (from >= bus.bar && from < bus.bar + BUS_BAR_BYTES) {
            word = bus_read((uint32_t)(from - bus.bar), 4);
            memcpy(to, &word, 4);
        } else {
            return 0;
        }
        from += 4;
        to += 4;
        registers[REG_RCX]--;
    }
    registers[REG_RSI] = (greg_t)from;
    registers[REG_RDI] = (greg_t)to;
    registers[REG_RIP] += 2;
    return 1;
}

int cpu_access(greg_t *registers, const void *address)
{
    const uint8_t *ip = (const uint8_t *)registers[REG_RIP];
    uint64_t shared = (uintptr_t)address - SHARED_DATA;
    int is_card =
        (const uint8_t *)address >= bus.bar && (const uint8_t *)address < bus.bar + BUS_BAR_BYTES;
    uint32_t offset = (uint32_t)((const uint8_t *)address - bus.bar);
    struct move move;
    uint64_t value;

    if (!is_card && shared >= 0x1000)
        return 0;
    if (is_card && move_string(registers, ip, address))
        return 1;
    if (!decode(ip, &move) || (!is_card && move.write))
        report_fail(CHECK_INSTRUCTION, "%02x %02x %02x %02x on a register of the card", ip[0],
                    ip[1], ip[2], ip[3]);
    registers[REG_RIP] += move.length;
    if (move.write) {
        value = move.constant ? move.value : (uint64_t)registers[general[move.number]];
        bus_write(offset, move.bytes, (uint32_t)value);
        registers[REG_RIP] =
            (greg_t)shortcut_make((uint8_t *)(uintptr_t)ip, (const uint8_t *)registers[REG_RIP]);
        return 1;
    }
    value = is_card ? bus_read(offset, move.bytes) : system_time((uint32_t)shared, move.bytes);
    if (move.sign)
        value =
            move.bytes == 1 ? (uint64_t)(int64_t)(int8_t)value : (uint64_t)(int64_t)(int16_t)value;
    set(registers, move.number, value, move.wide);
    return 1;
}

static void port_string(greg_t *registers, int out, unsigned bytes, int repeat)
{
    uint32_t port = (uint16_t)registers[REG_RDX];
    int address = out ? REG_RSI : REG_RDI;

    while (!repeat || registers[REG_RCX] > 0) {
        uint32_t value = 0;

        if (out) {
            memcpy(&value, (const void *)registers[address], bytes);
            bus_port_write(port, bytes, value);
        } else {
            value = bus_port_read(port, bytes);
            memcpy((void *)registers[address], &value, bytes);
        }
        registers[address] += bytes;
        if (!repeat)
            return;
        registers[REG_RCX]--;
    }
}

int cpu_privileged(greg_t *registers)
{
    const uint8_t *begin = (const uint8_t *)registers[REG_RIP];
    const uint8_t *p = begin;
    uint32_t port = (uint16_t)registers[REG_RDX];
    unsigned bytes = 4;
    unsigned rex = 0;
    int repeat = 0;
    int number;

    for (; *p == 0x66 || *p == 0xf3; p++) {
        if (*p == 0x66)
            bytes = 2;
        else
            repeat = 1;
    }
    if ((*p & 0xf0) == 0x40)
        rex = *p++;
    switch (*p++) {
    case 0xec:
    case 0xed:
        bytes = p[-1] == 0xec ? 1 : bytes;
        set(registers, 0, bus_port_read(port, bytes), bytes);
        break;
    case 0xee:
    case 0xef:
        bytes = p[-1] == 0xee ? 1 : bytes;
        bus_port_write(
            port, bytes,
            (uint32_t)((uint64_t)registers[REG_RAX] & (0xffffffffu >> (32 - 8 * bytes))));
        break;
    case 0x6d:
    case 0x6f:
        port_string(registers, p[-1] == 0x6f, bytes, repeat);
        break;
    case 0x0f: /* mov to or from cr8: the level */
        if ((*p != 0x20 && *p != 0x22) || !(rex & 4) || (p[1] & 0x38))
            return 0;
        number = (p[1] & 7) | (rex & 1 ? 8 : 0);
        registers[REG_RIP] += p + 2 - begin;
        if (*p == 0x20) {
            registers[general[number]] = (greg_t)driver_level;
        } else {
            unsigned level = (unsigned)registers[general[number]];

            if (level >= driver_level)
                driver_raise_level(level, "KeRaiseIrql");
            else
                driver_lower_level(level, "KeLowerIrql");
        }
        return 1;
    default:
        return 0;
    }
    registers[REG_RIP] += p - begin;
    return 1;
}

const struct nt_export cpu_exports[] = {
    {NULL, NULL, NULL}
};
