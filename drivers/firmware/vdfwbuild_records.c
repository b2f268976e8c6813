/* SPDX-License-Identifier: MIT */
/*
 * Each kind of group in a description, as a record of bytes. Whether the numbers make sense is the
 * checker's business; here only what has to be found by name is looked up.
 */
#include "vdfwbuild_reader.h"

#include <inttypes.h>
#include <string.h>

/* Appends an empty record that stands at `setting`, NULL if there is no more room. */
static uint8_t *add_record(const struct fw_reader *reader, enum fw_record record,
                           const config_setting_t *setting)
{
    struct fw_tables *tables = &reader->out->tables;
    struct fw_source *source = reader->out->source;
    uint32_t index = tables->count[record];

    if (index >= fw_limits[record].maximum) {
        fw_fail(reader, setting, "more than %" PRIu32 " %s: leave some out",
                fw_limits[record].maximum, fw_limits[record].list);
        return NULL;
    }
    tables->count[record]++;
    source->records[record][index] = setting;
    return tables->records[record] + (size_t)index * fw_limits[record].bytes;
}

/* Number of the record with that name, or -1. The name comes first in each kind of record. */
static int find_record(const struct fw_tables *tables, enum fw_record record, const char *name)
{
    for (uint32_t i = 0; i < tables->count[record]; i++) {
        if (strcmp((const char *)tables->records[record] + (size_t)i * fw_limits[record].bytes,
                   name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int fw_read_timing(const struct fw_reader *reader, const config_setting_t *group)
{
    static const char *what = "a timing";
    uint8_t *out = add_record(reader, FW_TIMING, group);
    const config_setting_t *interval;
    const config_setting_t *clock = config_setting_get_member(group, "pixel_clock_khz");
    uint8_t name[24] = {0};
    int64_t khz = 0;

    if (!out ||
        fw_check_keys(reader, group, what,
                      "name kind flags width height interval pixel_clock_khz") != 0 ||
        fw_read_name(reader, group, what, name, sizeof name) != 0) {
        return -1;
    }
    if (find_record(&reader->out->tables, FW_TIMING, (const char *)name) >= 0) {
        return fw_fail(reader, group, "there is a timing \"%s\" already: give it another name",
                       (const char *)name);
    }
    memcpy(out + VDH_O_TIMING_NAME, name, sizeof name);
    if (fw_read_value(reader, group, what, "kind", "INPUT", "KIND", out + VDH_O_TIMING_KIND) != 0 ||
        fw_read_bits(reader, config_setting_get_member(group, "flags"), "TIMING", "FLAGS",
                     out + VDH_O_TIMING_FLAGS) != 0 ||
        fw_read_u16(reader, group, what, "width", -1, out + VDH_O_TIMING_WIDTH) != 0 ||
        fw_read_u16(reader, group, what, "height", -1, out + VDH_O_TIMING_HEIGHT) != 0 ||
        fw_need(reader, group, what, "interval", &interval) != 0 ||
        fw_read_interval(reader, interval, out + VDH_O_TIMING_INTERVAL_NUM) != 0) {
        return -1;
    }
    if (clock && fw_read_number(reader, clock, 0, UINT32_MAX, &khz) != 0) {
        return -1;
    }
    vdh_put_u32(out + VDH_O_TIMING_PIXEL_CLOCK_KHZ, (uint32_t)khz);
    return 0;
}

static int timing_number(const struct fw_reader *reader, const config_setting_t *setting,
                         const char *name)
{
    int number = name ? find_record(&reader->out->tables, FW_TIMING, name) : -1;

    if (number < 0) {
        return fw_fail(reader, setting,
                       "no timing is called \"%s\": describe it in \"timings\" first",
                       name ? name : "?");
    }
    return number;
}

int fw_read_input(const struct fw_reader *reader, const config_setting_t *group)
{
    static const char *what = "an input";
    uint8_t *out = add_record(reader, FW_INPUT, group);
    const config_setting_t *timings;
    const config_setting_t *chosen = config_setting_get_member(group, "default");
    int first = 0;

    if (!out || fw_check_keys(reader, group, what, "name kind timings default") != 0 ||
        fw_read_name(reader, group, what, out + VDH_O_INPUT_NAME, 32) != 0 ||
        fw_read_value(reader, group, what, "kind", "INPUT", "KIND", out + VDH_O_INPUT_KIND) != 0 ||
        fw_need(reader, group, what, "timings", &timings) != 0) {
        return -1;
    }
    if (find_record(&reader->out->tables, FW_INPUT, (const char *)out) + 1 !=
        (int)reader->out->tables.count[FW_INPUT]) {
        return fw_fail(reader, group, "there is an input \"%s\" already: give it another name",
                       (const char *)out);
    }
    if (!config_setting_is_array(timings) || config_setting_length(timings) < 1) {
        return fw_fail(reader, timings, "expected names of timings in brackets, at least one");
    }
    for (int i = 0; i < config_setting_length(timings); i++) {
        const char *name = config_setting_get_string_elem(timings, i);
        int number = timing_number(reader, timings, name);

        if (number < 0) {
            return -1;
        }
        first = i == 0 ? number : first;
        if (number != first + i) {
            return fw_fail(
                reader, timings,
                "timing \"%s\" does not follow the one before it in \"timings\": an input "
                "has neighbours only, move them together",
                name);
        }
    }
    vdh_put_u16(out + VDH_O_INPUT_TIMING_FIRST, (uint16_t)first);
    vdh_put_u16(out + VDH_O_INPUT_TIMING_COUNT, (uint16_t)config_setting_length(timings));
    if (chosen) {
        first = timing_number(reader, chosen, config_setting_get_string(chosen));
        if (first < 0) {
            return -1;
        }
    }
    vdh_put_u16(out + VDH_O_INPUT_TIMING_DEFAULT, (uint16_t)first);
    return 0;
}

static int read_mode_inputs(const struct fw_reader *reader, const config_setting_t *setting,
                            uint8_t *out)
{
    uint32_t bits = 0;

    if (!config_setting_is_array(setting)) {
        return fw_fail(reader, setting, "expected names of inputs in brackets");
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *name = config_setting_get_string_elem(setting, i);
        int number = name ? find_record(&reader->out->tables, FW_INPUT, name) : -1;

        if (number < 0) {
            return fw_fail(reader, setting, "no input is called \"%s\"", name ? name : "?");
        }
        bits |= 1u << number;
    }
    vdh_put_u16(out, (uint16_t)bits);
    return 0;
}

/* A mode's run of intervals: one that is in the table already serves several modes. */
static int read_mode_intervals(const struct fw_reader *reader, const config_setting_t *setting,
                               uint8_t *mode)
{
    struct fw_tables *tables = &reader->out->tables;
    uint8_t run[FW_RECORD_MAX_COUNT][VDH_S_INTERVAL];
    int count = config_setting_length(setting);
    uint32_t first = 0;

    if (!config_setting_is_array(setting) || count < 1 || count > (int)FW_RECORD_MAX_COUNT) {
        return fw_fail(reader, setting, "expected intervals in brackets, at least one");
    }
    for (int i = 0; i < count; i++) {
        if (fw_read_interval(reader, config_setting_get_elem(setting, (unsigned)i), run[i]) != 0) {
            return -1;
        }
    }
    while (first + (uint32_t)count <= tables->count[FW_INTERVAL] &&
           memcmp(tables->records[FW_INTERVAL] + (size_t)first * VDH_S_INTERVAL, run,
                  (size_t)count * VDH_S_INTERVAL) != 0) {
        first++;
    }
    if (first + (uint32_t)count > tables->count[FW_INTERVAL]) {
        first = tables->count[FW_INTERVAL];
        for (int i = 0; i < count; i++) {
            uint8_t *out = add_record(reader, FW_INTERVAL, setting);

            if (!out) {
                return -1;
            }
            memcpy(out, run[i], VDH_S_INTERVAL);
        }
    }
    vdh_put_u16(mode + VDH_O_MODE_INTERVAL_FIRST, (uint16_t)first);
    vdh_put_u16(mode + VDH_O_MODE_INTERVAL_COUNT, (uint16_t)count);
    return 0;
}

int fw_read_mode(const struct fw_reader *reader, const config_setting_t *group)
{
    static const char *what = "a mode";
    uint8_t *out = add_record(reader, FW_MODE, group);
    const config_setting_t *inputs;
    const config_setting_t *formats;
    const config_setting_t *intervals;

    if (!out ||
        fw_check_keys(reader, group, what,
                      "inputs formats width height width_min height_min width_step height_step "
                      "intervals") != 0 ||
        fw_need(reader, group, what, "inputs", &inputs) != 0 ||
        read_mode_inputs(reader, inputs, out + VDH_O_MODE_INPUTS) != 0 ||
        fw_need(reader, group, what, "formats", &formats) != 0 ||
        fw_read_bits(reader, formats, "MODE", "FORMATS", out + VDH_O_MODE_FORMATS) != 0 ||
        fw_read_u16(reader, group, what, "width", -1, out + VDH_O_MODE_WIDTH) != 0 ||
        fw_read_u16(reader, group, what, "height", -1, out + VDH_O_MODE_HEIGHT) != 0) {
        return -1;
    }
    /* Without a smallest size, the mode has one size. */
    if (fw_read_u16(reader, group, what, "width_min", vdh_get_u16(out + VDH_O_MODE_WIDTH),
                    out + VDH_O_MODE_WIDTH_MIN) != 0 ||
        fw_read_u16(reader, group, what, "height_min", vdh_get_u16(out + VDH_O_MODE_HEIGHT),
                    out + VDH_O_MODE_HEIGHT_MIN) != 0 ||
        fw_read_u16(reader, group, what, "width_step", 2, out + VDH_O_MODE_WIDTH_STEP) != 0 ||
        fw_read_u16(reader, group, what, "height_step", 2, out + VDH_O_MODE_HEIGHT_STEP) != 0 ||
        fw_need(reader, group, what, "intervals", &intervals) != 0) {
        return -1;
    }
    return read_mode_intervals(reader, intervals, out);
}

static int read_menu(const struct fw_reader *reader, const config_setting_t *control,
                     const config_setting_t *menu, uint8_t *out)
{
    int count = config_setting_length(menu);

    if (!config_setting_is_array(menu)) {
        return fw_fail(reader, menu, "expected names of menu entries in brackets");
    }
    vdh_put_u16(out + VDH_O_CONTROL_MENU_FIRST, (uint16_t)reader->out->tables.count[FW_MENU]);
    vdh_put_u16(out + VDH_O_CONTROL_MENU_COUNT, (uint16_t)count);
    for (int i = 0; i < count; i++) {
        const char *name = config_setting_get_string_elem(menu, i);
        uint8_t *entry = add_record(reader, FW_MENU, control);

        if (!entry) {
            return -1;
        }
        if (!name || strlen(name) == 0 || strlen(name) >= VDH_S_MENU) {
            return fw_fail(reader, menu, "a menu entry is a name of 1 to %d bytes", VDH_S_MENU - 1);
        }
        memcpy(entry, name, strlen(name) + 1);
    }
    return 0;
}

int fw_read_control(const struct fw_reader *reader, const config_setting_t *group)
{
    static const char *what = "a control";
    uint8_t *out = add_record(reader, FW_CONTROL, group);
    const config_setting_t *menu = config_setting_get_member(group, "menu");
    const config_setting_t *needed;
    int32_t maximum = 0;

    if (!out ||
        fw_check_keys(reader, group, what,
                      "id type flags name minimum maximum step default menu") != 0 ||
        fw_read_value(reader, group, what, "id", "CONTROL", "ID", out + VDH_O_CONTROL_ID) != 0 ||
        fw_read_value(reader, group, what, "type", "CONTROL", "TYPE", out + VDH_O_CONTROL_TYPE) !=
            0 ||
        fw_read_bits(reader, config_setting_get_member(group, "flags"), "CONTROL", "FLAGS",
                     out + VDH_O_CONTROL_FLAGS) != 0 ||
        fw_read_name(reader, group, what, out + VDH_O_CONTROL_NAME, 32) != 0) {
        return -1;
    }
    if (menu && read_menu(reader, group, menu, out) != 0) {
        return -1;
    }
    /* What the type prescribes need not be written. */
    switch (vdh_get_u16(out + VDH_O_CONTROL_TYPE)) {
    case VDH_L_CONTROL_TYPE_BOOLEAN:
        maximum = 1;
        break;
    case VDH_L_CONTROL_TYPE_MENU:
        maximum = menu ? config_setting_length(menu) - 1 : 0;
        break;
    case VDH_L_CONTROL_TYPE_INTEGER:
        if (fw_need(reader, group, what, "minimum", &needed) != 0 ||
            fw_need(reader, group, what, "maximum", &needed) != 0 ||
            fw_need(reader, group, what, "default", &needed) != 0) {
            return -1;
        }
        break;
    default:
        break;
    }
    if (fw_read_s32(reader, group, "minimum", 0, out + VDH_O_CONTROL_MINIMUM) != 0 ||
        fw_read_s32(reader, group, "maximum", maximum, out + VDH_O_CONTROL_MAXIMUM) != 0 ||
        fw_read_s32(reader, group, "step", 1, out + VDH_O_CONTROL_STEP) != 0) {
        return -1;
    }
    return fw_read_s32(reader, group, "default", 0, out + VDH_O_CONTROL_DEFAULT);
}
