/* SPDX-License-Identifier: MIT */
/*
 * The rules for tables, section 5 of docs/hardware.md, applied to bytes. Descriptions are checked
 * here too, after they became bytes: one set of rules, and each problem names its record and key.
 */
#include "vdfwbuild.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

struct checker {
    const uint8_t *tables;
    uint32_t count[FW_RECORDS];
    struct fw_problem *problem;
};

#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
static int
bad(const struct checker *checker, int record, uint32_t index, const char *key, const char *format,
    ...)
{
    struct fw_problem *problem = checker->problem;
    va_list args;

    problem->check = "TABLES";
    problem->record = record;
    problem->index = index;
    problem->key = key;
    va_start(args, format);
    vsnprintf(problem->text, sizeof problem->text, format, args);
    va_end(args);
    return -1;
}

uint32_t fw_tables_offset(const uint8_t *tables, enum fw_record record)
{
    uint32_t offset = VDH_S_TABLES;

    for (int i = 0; i < (int)record; i++) {
        offset += fw_limits[i].bytes * vdh_get_u16(tables + fw_limits[i].count_offset);
    }
    return offset;
}

static const uint8_t *record_at(const struct checker *checker, enum fw_record record,
                                uint32_t index)
{
    return checker->tables + fw_tables_offset(checker->tables, record) +
           (size_t)index * fw_limits[record].bytes;
}

static int all_zero(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

static int check_reserved(const struct checker *checker, int record, uint32_t index,
                          const uint8_t *bytes, uint32_t count)
{
    if (!all_zero(bytes, count)) {
        return bad(checker, record, index, NULL, "reserved bytes are not 0");
    }
    return 0;
}

static int check_name(const struct checker *checker, enum fw_record record, uint32_t index,
                      const uint8_t *name, uint32_t size)
{
    if (name[size - 1] != 0) {
        return bad(checker, (int)record, index, "name", "the name does not end in 0");
    }
    return 0;
}

static int check_head(struct checker *checker, uint32_t count)
{
    const uint8_t *head = checker->tables;
    uint32_t total = VDH_S_TABLES;

    if (count < VDH_S_TABLES || count > FW_TABLES_MAX_BYTES) {
        return bad(checker, -1, 0, NULL, "%" PRIu32 " bytes: there must be from %d to %u", count,
                   VDH_S_TABLES, FW_TABLES_MAX_BYTES);
    }
    if (vdh_get_u32(head + VDH_O_TABLES_MAGIC) != VDH_L_TABLES_MAGIC_TABLES) {
        return bad(checker, -1, 0, NULL, "do not begin with the letters VDTB");
    }
    if (vdh_get_u16(head + VDH_O_TABLES_FORMAT) != VDH_L_TABLES_FORMAT_V1 ||
        vdh_get_u16(head + VDH_O_TABLES_HEADER_BYTES) != VDH_S_TABLES) {
        return bad(checker, -1, 0, NULL, "have an unknown format or size of head");
    }
    for (int i = 0; i < FW_RECORDS; i++) {
        const struct fw_limit *limit = &fw_limits[i];

        checker->count[i] = vdh_get_u16(head + limit->count_offset);
        if (checker->count[i] < limit->minimum || checker->count[i] > limit->maximum) {
            return bad(checker, i, 0, NULL,
                       "%" PRIu32 " %s: there must be from %" PRIu32 " to %" PRIu32,
                       checker->count[i], limit->list, limit->minimum, limit->maximum);
        }
        total += checker->count[i] * limit->bytes;
    }
    if (vdh_get_u32(head + VDH_O_TABLES_TOTAL_BYTES) != total) {
        return bad(checker, -1, 0, NULL, "TOTAL_BYTES is not %" PRIu32 ", head and records", total);
    }
    if (total > count) {
        return bad(checker, -1, 0, NULL, "%" PRIu32 " bytes of head and records are not all there",
                   total);
    }
    return check_reserved(checker, -1, 0, head + VDH_O_TABLES_RESERVED,
                          VDH_S_TABLES - VDH_O_TABLES_RESERVED);
}

static int check_kind(const struct checker *checker, enum fw_record record, uint32_t index,
                      uint32_t kind)
{
    if (!fw_value_name("INPUT", "KIND", kind)) {
        return bad(checker, (int)record, index, "kind", "unknown kind %" PRIu32, kind);
    }
    return 0;
}

static int check_input(const struct checker *checker, uint32_t index)
{
    const uint8_t *input = record_at(checker, FW_INPUT, index);
    uint32_t kind = vdh_get_u16(input + VDH_O_INPUT_KIND);
    uint32_t first = vdh_get_u16(input + VDH_O_INPUT_TIMING_FIRST);
    uint32_t count = vdh_get_u16(input + VDH_O_INPUT_TIMING_COUNT);
    uint32_t def = vdh_get_u16(input + VDH_O_INPUT_TIMING_DEFAULT);

    if (check_name(checker, FW_INPUT, index, input + VDH_O_INPUT_NAME, 32) != 0 ||
        check_kind(checker, FW_INPUT, index, kind) != 0) {
        return -1;
    }
    if (count < 1 || first + count > checker->count[FW_TIMING]) {
        return bad(checker, FW_INPUT, index, "timings",
                   "timings %" PRIu32 " to %" PRIu32 ": there are %" PRIu32
                   ", and an input needs at least one",
                   first, first + count, checker->count[FW_TIMING]);
    }
    if (def < first || def >= first + count) {
        return bad(checker, FW_INPUT, index, "default",
                   "the default timing is not one of the input's: name one of its timings");
    }
    for (uint32_t i = first; i < first + count; i++) {
        const uint8_t *timing = record_at(checker, FW_TIMING, i);

        if (vdh_get_u16(timing + VDH_O_TIMING_KIND) != kind) {
            return bad(checker, FW_INPUT, index, "timings",
                       "timing %" PRIu32 " (%.24s) is not of the input's kind", i,
                       (const char *)timing + VDH_O_TIMING_NAME);
        }
    }
    return check_reserved(checker, FW_INPUT, index, input + VDH_O_INPUT_RESERVED,
                          VDH_S_INPUT - VDH_O_INPUT_RESERVED);
}

/* A picture's width or height, or the smallest one. */
static int check_size(const struct checker *checker, enum fw_record record, uint32_t index,
                      const char *key, uint32_t size)
{
    if (size < 16 || size > 8192 || size % 2 != 0) {
        return bad(checker, (int)record, index, key,
                   "%s is %" PRIu32 ": it must be even, from 16 to 8192", key, size);
    }
    return 0;
}

static int check_interval(const struct checker *checker, enum fw_record record, uint32_t index,
                          const uint8_t *num_den)
{
    uint32_t num = vdh_get_u32(num_den);
    uint32_t den = vdh_get_u32(num_den + 4);

    if (num < 1 || num > 65535 || den < 1 || den > 65535) {
        return bad(checker, (int)record, index, "interval",
                   "interval %" PRIu32 "/%" PRIu32 ": both numbers must be from 1 to 65535", num,
                   den);
    }
    return 0;
}

static int check_timing(const struct checker *checker, uint32_t index)
{
    const uint8_t *timing = record_at(checker, FW_TIMING, index);

    if (check_name(checker, FW_TIMING, index, timing + VDH_O_TIMING_NAME, 24) != 0 ||
        check_kind(checker, FW_TIMING, index, vdh_get_u16(timing + VDH_O_TIMING_KIND)) != 0 ||
        check_size(checker, FW_TIMING, index, "width", vdh_get_u16(timing + VDH_O_TIMING_WIDTH)) !=
            0 ||
        check_size(checker, FW_TIMING, index, "height",
                   vdh_get_u16(timing + VDH_O_TIMING_HEIGHT)) != 0 ||
        check_interval(checker, FW_TIMING, index, timing + VDH_O_TIMING_INTERVAL_NUM) != 0) {
        return -1;
    }
    return check_reserved(checker, FW_TIMING, index, timing + VDH_O_TIMING_RESERVED,
                          VDH_S_TIMING - VDH_O_TIMING_RESERVED);
}

static int check_window(const struct checker *checker, uint32_t index, const char *keys[3],
                        uint32_t size, uint32_t min, uint32_t step)
{
    if (check_size(checker, FW_MODE, index, keys[0], size) != 0 ||
        check_size(checker, FW_MODE, index, keys[1], min) != 0) {
        return -1;
    }
    if (min > size) {
        return bad(checker, FW_MODE, index, keys[1],
                   "%s is %" PRIu32 ": it must not be above %s, %" PRIu32, keys[1], min, keys[0],
                   size);
    }
    if (step == 0 || step % 2 != 0) {
        return bad(checker, FW_MODE, index, keys[2], "%s is %" PRIu32 ": it must be even and not 0",
                   keys[2], step);
    }
    return 0;
}

static int check_mode(const struct checker *checker, uint32_t index)
{
    static const char *horizontal[3] = {"width", "width_min", "width_step"};
    static const char *vertical[3] = {"height", "height_min", "height_step"};
    const uint8_t *mode = record_at(checker, FW_MODE, index);
    uint32_t inputs = vdh_get_u16(mode + VDH_O_MODE_INPUTS);
    uint32_t formats = vdh_get_u16(mode + VDH_O_MODE_FORMATS);
    uint32_t first = vdh_get_u16(mode + VDH_O_MODE_INTERVAL_FIRST);
    uint32_t count = vdh_get_u16(mode + VDH_O_MODE_INTERVAL_COUNT);
    int known = 0;

    if ((inputs & ((1u << checker->count[FW_INPUT]) - 1)) == 0) {
        return bad(checker, FW_MODE, index, "inputs", "no input: name at least one that exists");
    }
    for (uint32_t bit = 0; bit < 16 && !known; bit++) {
        known = (formats >> bit & 1) != 0 && fw_bit_name("MODE", "FORMATS", bit);
    }
    if (!known) {
        return bad(checker, FW_MODE, index, "formats", "no known pixel format: name at least one");
    }
    if (check_window(checker, index, horizontal, vdh_get_u16(mode + VDH_O_MODE_WIDTH),
                     vdh_get_u16(mode + VDH_O_MODE_WIDTH_MIN),
                     vdh_get_u16(mode + VDH_O_MODE_WIDTH_STEP)) != 0 ||
        check_window(checker, index, vertical, vdh_get_u16(mode + VDH_O_MODE_HEIGHT),
                     vdh_get_u16(mode + VDH_O_MODE_HEIGHT_MIN),
                     vdh_get_u16(mode + VDH_O_MODE_HEIGHT_STEP)) != 0) {
        return -1;
    }
    if (count < 1 || first + count > checker->count[FW_INTERVAL]) {
        return bad(checker, FW_MODE, index, "intervals",
                   "intervals %" PRIu32 " to %" PRIu32 ": there are %" PRIu32
                   ", and a mode needs at least one",
                   first, first + count, checker->count[FW_INTERVAL]);
    }
    return check_reserved(checker, FW_MODE, index, mode + VDH_O_MODE_RESERVED,
                          VDH_S_MODE - VDH_O_MODE_RESERVED);
}

/* The menu of a control, and the ranges that its type prescribes. */
static int check_control_type(const struct checker *checker, uint32_t index, const uint8_t *control)
{
    uint32_t type = vdh_get_u16(control + VDH_O_CONTROL_TYPE);
    uint32_t first = vdh_get_u16(control + VDH_O_CONTROL_MENU_FIRST);
    uint32_t count = vdh_get_u16(control + VDH_O_CONTROL_MENU_COUNT);
    int32_t minimum = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MINIMUM);
    int32_t maximum = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MAXIMUM);
    int32_t step = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_STEP);
    int32_t largest = 0;

    if (!fw_value_name("CONTROL", "TYPE", type)) {
        return bad(checker, FW_CONTROL, index, "type", "unknown type %" PRIu32, type);
    }
    if (count != 0 && first + count > checker->count[FW_MENU]) {
        return bad(checker, FW_CONTROL, index, "menu",
                   "menu entries %" PRIu32 " to %" PRIu32 ": there are %" PRIu32, first,
                   first + count, checker->count[FW_MENU]);
    }
    if ((type == VDH_L_CONTROL_TYPE_MENU) != (count != 0)) {
        return bad(checker, FW_CONTROL, index, "menu",
                   "menu entries belong to a MENU, and it needs at least one");
    }
    switch (type) {
    case VDH_L_CONTROL_TYPE_BOOLEAN:
        largest = 1;
        break;
    case VDH_L_CONTROL_TYPE_MENU:
        largest = (int32_t)count - 1;
        break;
    case VDH_L_CONTROL_TYPE_BUTTON:
        step = 1; /* Of no consequence where there is one value. */
        break;
    default:
        return 0;
    }
    if (minimum != 0 || maximum != largest || step != 1) {
        const char *key = minimum != 0 ? "minimum" : maximum != largest ? "maximum" : "step";

        return bad(checker, FW_CONTROL, index, key,
                   "a control of this type goes from 0 to %" PRId32 " in steps of 1", largest);
    }
    return 0;
}

static int check_control(const struct checker *checker, uint32_t index)
{
    const uint8_t *control = record_at(checker, FW_CONTROL, index);
    uint32_t id = vdh_get_u16(control + VDH_O_CONTROL_ID);
    int32_t minimum = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MINIMUM);
    int32_t maximum = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_MAXIMUM);
    int32_t step = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_STEP);
    int32_t def = (int32_t)vdh_get_u32(control + VDH_O_CONTROL_DEFAULT);

    if (id == 0) {
        return bad(checker, FW_CONTROL, index, "id", "id 0 is no control");
    }
    for (uint32_t i = 0; i < index; i++) {
        if (vdh_get_u16(record_at(checker, FW_CONTROL, i) + VDH_O_CONTROL_ID) == id) {
            return bad(checker, FW_CONTROL, index, "id",
                       "control %" PRIu32 " has this id already: each may be there once", i);
        }
    }
    if (check_name(checker, FW_CONTROL, index, control + VDH_O_CONTROL_NAME, 32) != 0) {
        return -1;
    }
    if (minimum > def || def > maximum) {
        return bad(checker, FW_CONTROL, index, "default",
                   "the default, %" PRId32 ", must lie from the minimum, %" PRId32
                   ", to the maximum, %" PRId32,
                   def, minimum, maximum);
    }
    if (step < 1) {
        return bad(checker, FW_CONTROL, index, "step", "step %" PRId32 ": it must be at least 1",
                   step);
    }
    if (((int64_t)def - minimum) % step != 0) {
        return bad(checker, FW_CONTROL, index, "default",
                   "the default, %" PRId32 ", is not a whole number of steps of %" PRId32
                   " above the minimum, %" PRId32,
                   def, step, minimum);
    }
    if (check_control_type(checker, index, control) != 0 ||
        check_reserved(checker, FW_CONTROL, index, control + VDH_O_CONTROL_RESERVED, 2) != 0) {
        return -1;
    }
    return check_reserved(checker, FW_CONTROL, index, control + VDH_O_CONTROL_RESERVED2,
                          VDH_S_CONTROL - VDH_O_CONTROL_RESERVED2);
}

int fw_tables_check(const uint8_t *tables, uint32_t count, struct fw_problem *problem)
{
    struct checker checker = {.tables = tables, .problem = problem};

    if (check_head(&checker, count) != 0) {
        return -1;
    }
    for (uint32_t i = 0; i < checker.count[FW_TIMING]; i++) {
        if (check_timing(&checker, i) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < checker.count[FW_INPUT]; i++) {
        if (check_input(&checker, i) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < checker.count[FW_INTERVAL]; i++) {
        if (check_interval(&checker, FW_INTERVAL, i, record_at(&checker, FW_INTERVAL, i)) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < checker.count[FW_MODE]; i++) {
        if (check_mode(&checker, i) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < checker.count[FW_MENU]; i++) {
        if (check_name(&checker, FW_MENU, i, record_at(&checker, FW_MENU, i), VDH_S_MENU) != 0) {
            return -1;
        }
    }
    for (uint32_t i = 0; i < checker.count[FW_CONTROL]; i++) {
        if (check_control(&checker, i) != 0) {
            return -1;
        }
    }
    return 0;
}
