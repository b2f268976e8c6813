// SPDX-License-Identifier: MIT
//
// The tests' own reading of the register and layout tables. A field is two numbers here, its lowest
// bit and its width: get() and put() are all the arithmetic there is.
#ifndef VIDICON_TESTS_MODEL_CARD_MAP_H
#define VIDICON_TESTS_MODEL_CARD_MAP_H

#include <cstdint>
#include <cstring>
#include <vector>

namespace map {

// Offsets: R_INT_STATUS.
enum Register : uint32_t {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) R_##reg = offset,
#include "../../drivers/core/vdh_regs.def"
};

struct Field {
    uint32_t low;
    uint32_t width;
    uint32_t mask() const { return static_cast<uint32_t>(((1ull << width) - 1) << low); }
    uint32_t get(uint32_t word) const { return (word & mask()) >> low; }
    uint32_t put(uint32_t value) const { return (value << low) & mask(); }
};

// Fields: F_BOOT_STATUS_STATE.
#define VDH_FIELD(reg, field, msb, lsb, help) \
    constexpr Field F_##reg##_##field{lsb, (msb) - (lsb) + 1};
#include "../../drivers/core/vdh_regs.def"

// Values of fields: V_BOOT_STATUS_STATE_RUNNING.
enum Value : uint32_t {
#define VDH_VALUE(reg, field, name, value, help) V_##reg##_##field##_##name = value,
#include "../../drivers/core/vdh_regs.def"
};

enum class Access { RO, RW, WO, W1C };
enum class When { BOOT, RUN };
enum class Body { BOTH, PCIE, USB };

struct Row {
    const char *name;
    uint32_t offset, count;
    Access access;
    When when;
    Body body;
    uint32_t reset;
};
inline const std::vector<Row> &rows()
{
    static const std::vector<Row> all = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    {#reg, offset, count, Access::access, When::when, Body::body, reset},
#include "../../drivers/core/vdh_regs.def"
    };
    return all;
}

// Layouts: L_SEGMENT (bytes), M_SEGMENT_LENGTH (offset), X_INPUT_KIND_ANALOG (value or bit mask).
enum Layout : uint32_t {
#define VDH_LAYOUT(layout, bytes, help) L_##layout = bytes,
#include "../../drivers/core/vdh_layouts.def"
};
enum Member : uint32_t {
#define VDH_MEMBER(layout, member, offset, type, help) M_##layout##_##member = offset,
#include "../../drivers/core/vdh_layouts.def"
};
enum MemberValue : uint32_t {
#define VDH_MEMBER_VALUE(layout, member, name, value, help) X_##layout##_##member##_##name = value,
#include "../../drivers/core/vdh_layouts.def"
};
enum MemberBit : uint32_t {
#define VDH_MEMBER_BIT(layout, member, name, bit, help) X_##layout##_##member##_##name = 1u << bit,
#include "../../drivers/core/vdh_layouts.def"
};

inline uint32_t get16(const uint8_t *at)
{
    return static_cast<uint32_t>(at[0] | at[1] << 8);
}
inline uint32_t get32(const uint8_t *at)
{
    return get16(at) | get16(at + 2) << 16;
}
inline uint64_t get64(const uint8_t *at)
{
    return get32(at) | static_cast<uint64_t>(get32(at + 4)) << 32;
}
inline void put16(uint8_t *at, uint32_t value)
{
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}
inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, value);
    put16(at + 2, value >> 16);
}
inline void put64(uint8_t *at, uint64_t value)
{
    put32(at, static_cast<uint32_t>(value));
    put32(at + 4, static_cast<uint32_t>(value >> 32));
}

constexpr uint32_t fourcc(const char (&code)[5])
{
    return static_cast<uint32_t>(code[0]) | static_cast<uint32_t>(code[1]) << 8 |
           static_cast<uint32_t>(code[2]) << 16 | static_cast<uint32_t>(code[3]) << 24;
}

} // namespace map

#endif
