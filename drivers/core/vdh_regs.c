/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The register table as data: names for dumps, rights for user space. The order is the table's;
 * a register array is one entry.
 */
#include "vdh_regs.h"

static const struct vdh_reg_info regs[] = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    {#reg,                                                                 \
     (offset),                                                             \
     (count),                                                              \
     VDH_ACCESS_##access,                                                  \
     VDH_WHEN_##when,                                                      \
     VDH_BODY_##body,                                                      \
     VDH_USER_##user,                                                      \
     (reset),                                                              \
     help},
#include "vdh_regs.def"
};

const struct vdh_reg_info *vdh_reg_at(uint32_t index)
{
    return index < sizeof(regs) / sizeof(regs[0]) ? &regs[index] : NULL;
}

const struct vdh_reg_info *vdh_reg_find(uint32_t offset)
{
    for (uint32_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
        /* Below the first register the difference wraps and is too large as well. */
        if (offset - regs[i].offset < (uint32_t)regs[i].count * 4u)
            return &regs[i];
    }
    return NULL;
}

static int same_name(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct vdh_reg_info *vdh_reg_find_name(const char *name)
{
    for (uint32_t i = 0; i < sizeof(regs) / sizeof(regs[0]); i++) {
        if (same_name(regs[i].name, name))
            return &regs[i];
    }
    return NULL;
}
