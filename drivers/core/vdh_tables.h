/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The tables of the running firmware: what the card can do. Parsed once, then read by number.
 */
#ifndef VDH_TABLES_H
#define VDH_TABLES_H

#include "vdh_io.h"
#include "vdh_layouts.h"

#define VDH_TABLES_MAX_BYTES 16384u
#define VDH_CONTROLS_MAX     32u

/* A checked view of table bytes, which stay the host's and must not change. */
struct vdh_tables {
    const uint8_t *bytes;
    uint16_t input_count;
    uint16_t timing_count;
    uint16_t mode_count;
    uint16_t interval_count;
    uint16_t control_count;
    uint16_t menu_count;
};

struct vdh_input_info {
    char name[32];
    uint16_t kind; /* VDH_L_INPUT_KIND_* */
    uint16_t timing_first;
    uint16_t timing_count;
    uint16_t timing_default;
};

struct vdh_timing_info {
    char name[24];
    uint16_t kind;
    uint16_t flags; /* VDH_B_TIMING_FLAGS_* */
    uint16_t width;
    uint16_t height;
    uint32_t interval_num;
    uint32_t interval_den;
    uint32_t pixel_clock_khz;
};

struct vdh_mode_info {
    uint16_t inputs;
    uint16_t formats; /* VDH_B_MODE_FORMATS_* */
    uint16_t width;
    uint16_t height;
    uint16_t width_min;
    uint16_t height_min;
    uint16_t width_step;
    uint16_t height_step;
    uint16_t interval_first;
    uint16_t interval_count;
};

struct vdh_interval {
    uint32_t num;
    uint32_t den;
};

struct vdh_control_info {
    uint16_t id;    /* VDH_L_CONTROL_ID_* */
    uint16_t type;  /* VDH_L_CONTROL_TYPE_* */
    uint16_t flags; /* VDH_B_CONTROL_FLAGS_* */
    uint16_t menu_first;
    uint16_t menu_count;
    int32_t minimum;
    int32_t maximum;
    int32_t step;
    int32_t def;
    char name[32];
};

/* A check in progress. `bytes` stay the host's and must not change. */
struct vdh_tables_check {
    const uint8_t *bytes;
    uint32_t count;
    struct vdh_tables view; /* the result, once a step has returned VDH_OK */
    uint32_t offset;
    uint16_t index;
    uint8_t section;
};

/* Checks every count, reference, range and string of the tables, record by record. */
VDH_ANY_LEVEL VDH_PURE void vdh_tables_check_start(struct vdh_tables_check *check,
                                                   const uint8_t *bytes, uint32_t count);
/* VDH_OK: well formed. VDH_AGAIN: call again, at most `budget_bytes` (at least 64) were looked at.
 * VDH_E_TABLES if anything is wrong. */
VDH_STEP VDH_PURE int vdh_tables_check_step(struct vdh_tables_check *check, uint32_t budget_bytes);

/* The same in one call, at most 16384 bytes: for threads and tests. VDH_E_TABLES if anything is wrong;
 * *out is then all zero. */
VDH_STEP VDH_PURE int vdh_tables_parse(struct vdh_tables *out, const uint8_t *bytes,
                                       uint32_t count);

/* Entry `index`; VDH_E_RANGE past the end. Strings come out terminated. */
VDH_ANY_LEVEL VDH_PURE int vdh_tables_input(struct vdh_input_info *out,
                                            const struct vdh_tables *tables, uint32_t index);
VDH_ANY_LEVEL VDH_PURE int vdh_tables_timing(struct vdh_timing_info *out,
                                             const struct vdh_tables *tables, uint32_t index);
VDH_ANY_LEVEL VDH_PURE int vdh_tables_mode(struct vdh_mode_info *out,
                                           const struct vdh_tables *tables, uint32_t index);
VDH_ANY_LEVEL VDH_PURE int vdh_tables_interval(struct vdh_interval *out,
                                               const struct vdh_tables *tables, uint32_t index);
VDH_ANY_LEVEL VDH_PURE int vdh_tables_control(struct vdh_control_info *out,
                                              const struct vdh_tables *tables, uint32_t index);
/* The name of entry `item` of the menu of control `control`. */
VDH_ANY_LEVEL VDH_PURE int vdh_tables_menu(char name[32], const struct vdh_tables *tables,
                                           uint32_t control, uint32_t item);

#endif
