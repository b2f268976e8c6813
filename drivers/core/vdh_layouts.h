/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Constants of the memory, file and wire layouts: VDH_S_<layout> is a size, VDH_O_<layout>_<member>
 * an offset, VDH_B_<layout>_<member>_<bit> a mask, VDH_L_<layout>_<member>_<name> a value.
 * Structures are read and written byte by byte: no overlays, so no alignment and no byte order.
 */
#ifndef VDH_LAYOUTS_H
#define VDH_LAYOUTS_H

#include "vdh_types.h"

enum vdh_layout_size {
#define VDH_LAYOUT(layout, bytes, help) VDH_S_##layout = (bytes),
#include "vdh_layouts.def"
    VDH_S_END
};

enum vdh_layout_offset {
#define VDH_MEMBER(layout, member, offset, type, help) VDH_O_##layout##_##member = (offset),
#include "vdh_layouts.def"
    VDH_O_END
};

enum vdh_layout_bit {
#define VDH_MEMBER_BIT(layout, member, name, bit, help) \
    VDH_B_##layout##_##member##_##name = 1 << (bit),
#include "vdh_layouts.def"
    VDH_B_END
};

enum vdh_layout_value {
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    VDH_L_##layout##_##member##_##name = (value),
#include "vdh_layouts.def"
    VDH_L_END
};

static inline uint16_t vdh_get_u16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t vdh_get_u32(const uint8_t *bytes)
{
    return (uint32_t)vdh_get_u16(bytes) | (uint32_t)vdh_get_u16(bytes + 2) << 16;
}

static inline uint64_t vdh_get_u64(const uint8_t *bytes)
{
    return (uint64_t)vdh_get_u32(bytes) | (uint64_t)vdh_get_u32(bytes + 4) << 32;
}

static inline void vdh_put_u16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

static inline void vdh_put_u32(uint8_t *bytes, uint32_t value)
{
    vdh_put_u16(bytes, (uint16_t)value);
    vdh_put_u16(bytes + 2, (uint16_t)(value >> 16));
}

static inline void vdh_put_u64(uint8_t *bytes, uint64_t value)
{
    vdh_put_u32(bytes, (uint32_t)value);
    vdh_put_u32(bytes + 4, (uint32_t)(value >> 32));
}

#endif
