/* SPDX-License-Identifier: MIT */
/* Numbers of Vidicon's card that the driver passes on as the card has them, from the tables of the data sheet. */
#ifndef KS_TABLES_H
#define KS_TABLES_H

#include <stdint.h>

/* KS_REG_name: its offset. */
enum ks_registers {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) KS_REG_##reg = (offset),
#include "vdh_regs.def"
};

/* KS_BIT_register_field: its lowest bit. */
enum ks_caps_bits {
#define VDH_FIELD(reg, field, msb, lsb, help) KS_BIT_##reg##_##field = (lsb),
#include "vdh_regs.def"
};
/* KS_VALUE_register_field_name. */
enum ks_field_values {
#define VDH_VALUE(reg, field, name, value, help) KS_VALUE_##reg##_##field##_##name = (int)(value),
#include "vdh_regs.def"
};

#define KS_CAPS_FLASH   (1u << KS_BIT_CAPS_FLASH)
#define KS_CAPS_CROP    (1u << KS_BIT_CAPS_CROP)
#define KS_CAPS_PATTERN (1u << KS_BIT_CAPS_PATTERN)

/* KS_COMPLETION_FLAGS_name and the like. */
enum ks_member_bits {
#define VDH_MEMBER_BIT(layout, member, name, bit, help) \
    KS_##layout##_##member##_##name = (int)(1u << (bit)),
#include "vdh_layouts.def"
};

/* KS_CONTROL_ID_name and the like. */
enum ks_member_values {
#define VDH_MEMBER_VALUE(layout, member, name, value, help) \
    KS_##layout##_##member##_##name = (int)(value),
#include "vdh_layouts.def"
};

#endif
