/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as firmware tables. The core and the builder must agree whether they are well formed,
 * and every getter must stay inside them for every number.
 */
#include "vdfwbuild.h"
#include "vdh_tables.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t far[] = {0xffff, 0x10000, 0x7fffffff, 0xffffffff};

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Names come out terminated, whatever the bytes. */
static void require_name(const char *name, size_t room)
{
    require(memchr(name, 0, room) != NULL);
}

static void read_inputs(const struct vdh_tables *tables)
{
    struct vdh_input_info input;
    struct vdh_timing_info timing;

    for (uint32_t i = 0; i < tables->input_count; i++) {
        require(vdh_tables_input(&input, tables, i) == VDH_OK);
        require_name(input.name, sizeof input.name);
        require(vdh_tables_timing(&timing, tables, input.timing_default) == VDH_OK);
        require(timing.kind == input.kind && timing.interval_num != 0 && timing.interval_den != 0);
        require_name(timing.name, sizeof timing.name);
    }
    require(vdh_tables_input(&input, tables, tables->input_count) == VDH_E_RANGE);
    require(vdh_tables_timing(&timing, tables, tables->timing_count) == VDH_E_RANGE);
}

static void read_modes(const struct vdh_tables *tables)
{
    struct vdh_mode_info mode;
    struct vdh_interval interval;

    for (uint32_t i = 0; i < tables->mode_count; i++) {
        require(vdh_tables_mode(&mode, tables, i) == VDH_OK);
        require(mode.width_min >= 16 && mode.width_min <= mode.width && mode.width <= 8192);
        for (uint32_t j = 0; j < mode.interval_count; j++) {
            require(vdh_tables_interval(&interval, tables, mode.interval_first + j) == VDH_OK);
            require(interval.num != 0 && interval.den != 0);
        }
    }
    require(vdh_tables_mode(&mode, tables, tables->mode_count) == VDH_E_RANGE);
    require(vdh_tables_interval(&interval, tables, tables->interval_count) == VDH_E_RANGE);
}

static void read_controls(const struct vdh_tables *tables)
{
    struct vdh_control_info control;
    char name[32];

    for (uint32_t i = 0; i < tables->control_count; i++) {
        require(vdh_tables_control(&control, tables, i) == VDH_OK);
        require(control.minimum <= control.def && control.def <= control.maximum);
        require_name(control.name, sizeof control.name);
        for (uint32_t j = 0; j < control.menu_count; j++) {
            require(vdh_tables_menu(name, tables, i, j) == VDH_OK);
            require_name(name, sizeof name);
        }
        require(vdh_tables_menu(name, tables, i, control.menu_count) == VDH_E_RANGE);
    }
    require(vdh_tables_control(&control, tables, tables->control_count) == VDH_E_RANGE);
    require(vdh_tables_menu(name, tables, tables->control_count, 0) == VDH_E_RANGE);
}

static void read_far(const struct vdh_tables *tables)
{
    struct vdh_input_info input;
    struct vdh_mode_info mode;
    struct vdh_control_info control;
    char name[32];

    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        require(vdh_tables_input(&input, tables, far[i]) == VDH_E_RANGE);
        require(vdh_tables_mode(&mode, tables, far[i]) == VDH_E_RANGE);
        require(vdh_tables_control(&control, tables, far[i]) == VDH_E_RANGE);
        require(vdh_tables_menu(name, tables, 0, far[i]) == VDH_E_RANGE);
        require(vdh_tables_menu(name, tables, far[i], far[i]) == VDH_E_RANGE);
    }
}

static void check(const uint8_t *bytes, uint32_t count)
{
    struct fw_problem problem;
    struct vdh_tables tables;
    int core = vdh_tables_parse(&tables, bytes, count);
    int builder = fw_tables_check(bytes, count, &problem);

    require((core == VDH_OK) == (builder == 0));
    if (core == VDH_OK) {
        read_inputs(&tables);
        read_modes(&tables);
        read_controls(&tables);
    }
    /* Also of tables that were refused: all zero then, so nothing is there to read. */
    read_far(&tables);
}

/* Makes the head right, so that the records are reached. */
static void repair(uint8_t *bytes, uint32_t count)
{
    uint32_t total = VDH_S_TABLES;

    if (count < VDH_S_TABLES) {
        return;
    }
    for (int i = 0; i < FW_RECORDS; i++) {
        total += vdh_get_u16(bytes + fw_limits[i].count_offset) * fw_limits[i].bytes;
    }
    vdh_put_u32(bytes + VDH_O_TABLES_MAGIC, VDH_L_TABLES_MAGIC_TABLES);
    vdh_put_u16(bytes + VDH_O_TABLES_FORMAT, VDH_L_TABLES_FORMAT_V1);
    vdh_put_u16(bytes + VDH_O_TABLES_HEADER_BYTES, VDH_S_TABLES);
    vdh_put_u32(bytes + VDH_O_TABLES_TOTAL_BYTES, total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size ? size : 1);

    if (!bytes) {
        return 0;
    }
    if (size != 0) {
        memcpy(bytes, data, size);
    }
    check(bytes, (uint32_t)size);
    repair(bytes, (uint32_t)size);
    check(bytes, (uint32_t)size);
    free(bytes);
    return 0;
}
