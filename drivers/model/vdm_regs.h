/* SPDX-License-Identifier: MIT */
/*
 * The model's own constants, made from the register and layout tables and from nothing else.
 * All of them fit an int, so that plain enumerations do; masks are made where they are used.
 */
#ifndef VDM_REGS_H
#define VDM_REGS_H

#include <stdint.h>

/* VDM_R_name: offset in the register file. */
enum vdm_reg_offset {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) VDM_R_##reg = (offset),
#include "../core/vdh_regs.def"
};

/* VDM_ID_name: place in vdm_reg_table. */
enum vdm_reg_id {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) VDM_ID_##reg,
#include "../core/vdh_regs.def"
    VDM_REGS
};

/* VDM_COUNT_name and VDM_RESET_name. */
enum vdm_reg_facts {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    VDM_COUNT_##reg = (count), VDM_RESET_##reg = (int)(reset),
#include "../core/vdh_regs.def"
};

/* VDM_S_register_field: lowest bit. VDM_T_register_field: highest bit. */
enum vdm_field {
#define VDH_FIELD(reg, field, msb, lsb, help) \
    VDM_S_##reg##_##field = (lsb), VDM_T_##reg##_##field = (msb),
#include "../core/vdh_regs.def"
};

/* VDM_V_register_field_name. */
enum vdm_value {
#define VDH_VALUE(reg, field, name, value, help) VDM_V_##reg##_##field##_##name = (int)(value),
#include "../core/vdh_regs.def"
};

/* VDM_BYTES_layout, VDM_M_layout_member (offset), VDM_X_layout_member_name (value). */
enum vdm_layout {
#define VDH_LAYOUT(layout, bytes, help) VDM_BYTES_##layout = (bytes),
#include "../core/vdh_layouts.def"
};
enum vdm_member {
#define VDH_MEMBER(layout, member, offset, type, help) VDM_M_##layout##_##member = (offset),
#include "../core/vdh_layouts.def"
};
enum vdm_member_value {
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    VDM_X_##layout##_##member##_##name = (int)(value),
#include "../core/vdh_layouts.def"
};
enum vdm_member_bit {
#define VDH_MEMBER_BIT(layout, member, name, bit, help) \
    VDM_X_##layout##_##member##_##name = (int)(1u << (bit)),
#include "../core/vdh_layouts.def"
};

#define VDM_MASK(reg, field)                                                 \
    ((0xffffffffu >> (31 - (VDM_T_##reg##_##field - VDM_S_##reg##_##field))) \
     << VDM_S_##reg##_##field)
#define VDM_GET(word, reg, field) (((word)&VDM_MASK(reg, field)) >> VDM_S_##reg##_##field)
#define VDM_PUT(reg, field, value) \
    (((uint32_t)(value) << VDM_S_##reg##_##field) & VDM_MASK(reg, field))
#define VDM_IS(reg, field, name) VDM_PUT(reg, field, VDM_V_##reg##_##field##_##name)

enum vdm_reg_access { VDM_ACCESS_RO, VDM_ACCESS_RW, VDM_ACCESS_WO, VDM_ACCESS_W1C };
enum vdm_reg_when { VDM_WHEN_BOOT, VDM_WHEN_RUN };
enum vdm_reg_body { VDM_IN_BOTH, VDM_IN_PCIE, VDM_IN_USB };

struct vdm_reg {
    const char *name;
    uint16_t offset;
    uint16_t count;
    uint8_t access;
    uint8_t when;
    uint8_t body;
    uint32_t reset;
};
extern const struct vdm_reg vdm_reg_table[VDM_REGS];

#endif
