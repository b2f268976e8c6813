/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Constants of the register table: VDH_R_<register> is an offset, VDH_F_<register>_<field> a field
 * that carries its register, VDH_V_<register>_<field>_<name> a value of a field, VDH_D_<register>
 * the value after a reset.
 */
#ifndef VDH_REGS_H
#define VDH_REGS_H

#include "vdh_io.h"

enum vdh_reg {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) VDH_R_##reg = (offset),
#include "vdh_regs.def"
    VDH_R_SPACE = 0x1000 /* Size of the register space in bytes. */
};

/* bits 30..16 offset, 15..8 lowest bit, 7..0 width */
enum vdh_field {
#define VDH_FIELD(reg, field, msb, lsb, help) \
    VDH_F_##reg##_##field = (VDH_R_##reg << 16) | ((lsb) << 8) | ((msb) - (lsb) + 1),
#include "vdh_regs.def"
    VDH_F_END
};

enum vdh_value {
#define VDH_VALUE(reg, field, name, value, help) VDH_V_##reg##_##field##_##name = (value),
#include "vdh_regs.def"
    VDH_V_END
};

enum vdh_default {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) VDH_D_##reg = (reset),
#include "vdh_regs.def"
    VDH_D_END
};

/* The mask of a field in its register. */
static inline uint32_t vdh_field_mask(enum vdh_field field)
{
    return (0xffffffffu >> (32u - ((uint32_t)field & 0xffu))) << (((uint32_t)field >> 8) & 0xffu);
}

static inline uint32_t vdh_field_get(uint32_t value, enum vdh_field field)
{
    return (value & vdh_field_mask(field)) >> (((uint32_t)field >> 8) & 0xffu);
}

/* `value` with the field set to x. */
static inline uint32_t vdh_field_set(uint32_t value, enum vdh_field field, uint32_t x)
{
    uint32_t mask = vdh_field_mask(field);

    return (value & ~mask) | ((x << (((uint32_t)field >> 8) & 0xffu)) & mask);
}

/* The table as data, for dumps and for checks of what user space may do. */
enum vdh_access { VDH_ACCESS_RO, VDH_ACCESS_RW, VDH_ACCESS_WO, VDH_ACCESS_W1C };
enum vdh_user { VDH_USER_NONE, VDH_USER_READ, VDH_USER_WRITE };
enum vdh_body { VDH_BODY_BOTH, VDH_BODY_PCIE, VDH_BODY_USB };
enum vdh_when { VDH_WHEN_BOOT, VDH_WHEN_RUN };

struct vdh_reg_info {
    const char *name;
    uint16_t offset;
    uint16_t count;
    uint8_t access; /* enum vdh_access */
    uint8_t when;   /* enum vdh_when */
    uint8_t body;   /* enum vdh_body */
    uint8_t user;   /* enum vdh_user */
    uint32_t reset;
    const char *help;
};

/* Entry `index` of the table, NULL past its end. */
VDH_ANY_LEVEL VDH_PURE const struct vdh_reg_info *vdh_reg_at(uint32_t index);

/* The register that covers `offset`, or of that name; NULL if there is none. */
VDH_ANY_LEVEL VDH_PURE const struct vdh_reg_info *vdh_reg_find(uint32_t offset);
VDH_ANY_LEVEL VDH_PURE const struct vdh_reg_info *vdh_reg_find_name(const char *name);

#endif
