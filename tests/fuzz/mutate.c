/* SPDX-License-Identifier: MIT */
/*
 * Mutations for images and tables: mostly numbers changed where they stand. libFuzzer's own move
 * bytes about, and hardly any structure of fixed offsets survives that.
 */
#include "vdh_layouts.h"

#include <stddef.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Another value than the present one: near it, at an edge of some type, or any. */
static uint32_t other(uint32_t present, uint32_t *state)
{
    static const uint32_t edges[] = {0,      1,      2,       15,         16,         127,
                                     128,    255,    256,     0x2000,     0x2002,     0x7fff,
                                     0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff};

    switch (next(state) % 4) {
    case 0:
        return present + 1;
    case 1:
        return present - 1;
    case 2:
        return edges[next(state) % (sizeof edges / sizeof edges[0])];
    default:
        return next(state);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    uint32_t state = (seed * 2654435769u) | 1;
    size_t at;

    if (size < 8 || next(&state) % 4 == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    at = next(&state) % (size - 3);
    switch (next(&state) % 3) {
    case 0:
        data[at] = (uint8_t)other(data[at], &state);
        break;
    case 1:
        vdh_put_u16(data + at, (uint16_t)other(vdh_get_u16(data + at), &state));
        break;
    default:
        vdh_put_u32(data + at, other(vdh_get_u32(data + at), &state));
    }
    return size;
}
