/* SPDX-License-Identifier: MIT */
/*
 * Descriptions: libconfig text in, records of bytes out. This file knows keys, types and names;
 * whether the numbers make sense is the checker's business, once they are bytes.
 */
#include "vdfwbuild.h"

#include <inttypes.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)

struct reader {
    struct fw_description *out;
    FILE *errors;
};

struct source {
    config_t config;
    const config_setting_t *records[FW_RECORDS][FW_RECORD_MAX_COUNT];
};

/* ---- Messages ------------------------------------------------------------------------------ */

static void print_place(const struct fw_description *description, const config_setting_t *setting,
                        FILE *errors)
{
    const char *file = setting ? config_setting_source_file(setting) : NULL;
    unsigned line = setting ? config_setting_source_line(setting) : 0;

    fprintf(errors, "%s:%u: ", file ? file : description->path, line ? line : 1);
}

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int fail(const struct reader *reader, const config_setting_t *setting, const char *format,
                ...)
{
    va_list args;

    print_place(reader->out, setting, reader->errors);
    va_start(args, format);
    vfprintf(reader->errors, format, args);
    va_end(args);
    fputc('\n', reader->errors);
    return -1;
}

void fw_description_locate(const struct fw_description *description,
                           const struct fw_problem *problem, FILE *errors)
{
    struct source *source = description->source;
    const config_setting_t *at = config_root_setting(&source->config);
    const config_setting_t *key;

    if (problem->record >= 0) {
        const config_setting_t *record = source->records[problem->record][problem->index];

        at = record ? record : config_setting_get_member(at, fw_limits[problem->record].list);
    }
    key = at && problem->key && config_setting_is_group(at)
              ? config_setting_get_member(at, problem->key)
              : NULL;
    print_place(description, key ? key : at, errors);
}

/* ---- Keys ----------------------------------------------------------------------------------- */

/* Every key of `group` must be in `keys`, a list separated by spaces: typing errors stay found. */
static int check_keys(const struct reader *reader, const config_setting_t *group, const char *what,
                      const char *keys)
{
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(member);
        size_t length = strlen(name);
        const char *at = keys;

        while ((at = strstr(at, name)) != NULL) {
            if ((at == keys || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) {
                break;
            }
            at += length;
        }
        if (!at) {
            return fail(reader, member, "%s has no key \"%s\"; its keys are: %s", what, name, keys);
        }
    }
    return 0;
}

static int need(const struct reader *reader, const config_setting_t *group, const char *what,
                const char *key, const config_setting_t **out)
{
    *out = config_setting_get_member(group, key);
    if (!*out) {
        return fail(reader, group, "%s lacks \"%s\": add it", what, key);
    }
    return 0;
}

static int read_text(const struct reader *reader, const config_setting_t *setting, const char **out)
{
    *out = config_setting_get_string(setting);
    if (!*out) {
        return fail(reader, setting, "expected a text in quotation marks");
    }
    return 0;
}

/* A text into `size` bytes, zeros behind it. */
static int read_name(const struct reader *reader, const config_setting_t *group, const char *what,
                     uint8_t *out, size_t size)
{
    const config_setting_t *setting;
    const char *text;

    if (need(reader, group, what, "name", &setting) != 0 ||
        read_text(reader, setting, &text) != 0) {
        return -1;
    }
    if (strlen(text) == 0 || strlen(text) >= size) {
        return fail(reader, setting, "the name \"%s\" has %zu bytes: it may have 1 to %zu", text,
                    strlen(text), size - 1);
    }
    memcpy(out, text, strlen(text));
    return 0;
}

static int read_number(const struct reader *reader, const config_setting_t *setting, int64_t least,
                       int64_t most, int64_t *out)
{
    int type = config_setting_type(setting);

    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        return fail(reader, setting, "expected a whole number");
    }
    *out = config_setting_get_int64(setting);
    if (*out < least || *out > most) {
        return fail(reader, setting, "%" PRId64 " is out of range: %" PRId64 " to %" PRId64
                    " fit here", *out, least, most);
    }
    return 0;
}

/* An unsigned 16-bit key; where it is missing, `otherwise`, or an error if that is negative. */
static int read_u16(const struct reader *reader, const config_setting_t *group, const char *what,
                    const char *key, int32_t otherwise, uint8_t *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    int64_t number = otherwise;

    if (!setting && otherwise < 0) {
        return need(reader, group, what, key, &setting);
    }
    if (setting && read_number(reader, setting, 0, UINT16_MAX, &number) != 0) {
        return -1;
    }
    vdh_put_u16(out, (uint16_t)number);
    return 0;
}

static int read_s32(const struct reader *reader, const config_setting_t *group, const char *key,
                    int32_t otherwise, uint8_t *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    int64_t number = otherwise;

    if (setting && read_number(reader, setting, INT32_MIN, INT32_MAX, &number) != 0) {
        return -1;
    }
    vdh_put_u32(out, (uint32_t)number);
    return 0;
}

/* "1001/60000" into two 32-bit words. */
static int read_interval(const struct reader *reader, const config_setting_t *setting, uint8_t *out)
{
    const char *text;
    unsigned long num;
    unsigned long den;
    char *end;

    if (read_text(reader, setting, &text) != 0) {
        return -1;
    }
    num = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (num == 0 || *end != '/' || end[1] < '0' || end[1] > '9') {
        return fail(reader, setting, "\"%s\" is no interval: write seconds as \"1/60\"", text);
    }
    den = strtoul(end + 1, &end, 10);
    if (*end != '\0' || num > UINT32_MAX || den > UINT32_MAX) {
        return fail(reader, setting, "\"%s\" is no interval: write seconds as \"1/60\"", text);
    }
    vdh_put_u32(out, (uint32_t)num);
    vdh_put_u32(out + 4, (uint32_t)den);
    return 0;
}

/* A name of the layout table, as a number. */
static int read_value(const struct reader *reader, const config_setting_t *group, const char *what,
                      const char *key, const char *layout, const char *member, uint8_t *out)
{
    const config_setting_t *setting;
    const char *text;
    char known[200];
    uint32_t value;

    if (need(reader, group, what, key, &setting) != 0 || read_text(reader, setting, &text) != 0) {
        return -1;
    }
    if (fw_name_value(&value, layout, member, text, known, sizeof known) != 0) {
        return fail(reader, setting, "unknown %s \"%s\"; known are: %s", key, text, known);
    }
    vdh_put_u16(out, (uint16_t)value);
    return 0;
}

/* An array of names of bits. */
static int read_bits(const struct reader *reader, const config_setting_t *setting,
                     const char *layout, const char *member, uint8_t *out)
{
    uint32_t bits = 0;

    if (!setting) {
        return 0;
    }
    if (!config_setting_is_array(setting)) {
        return fail(reader, setting, "expected names in brackets: [ \"...\", \"...\" ]");
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *text = config_setting_get_string_elem(setting, i);
        char known[200];
        uint32_t bit;

        if (fw_name_bit(&bit, layout, member, text ? text : "", known, sizeof known) != 0) {
            return fail(reader, setting, "unknown name \"%s\"; known are: %s", text ? text : "?",
                        known);
        }
        bits |= 1u << bit;
    }
    vdh_put_u16(out, (uint16_t)bits);
    return 0;
}

/* ---- Records ---------------------------------------------------------------------------------- */

/* Appends an empty record that stands at `setting`, NULL if there is no more room. */
static uint8_t *add_record(const struct reader *reader, enum fw_record record,
                           const config_setting_t *setting)
{
    struct fw_tables *tables = &reader->out->tables;
    struct source *source = reader->out->source;
    uint32_t index = tables->count[record];

    if (index >= fw_limits[record].maximum) {
        fail(reader, setting, "too many %ss: there is room for %" PRIu32,
             fw_limits[record].singular, fw_limits[record].maximum);
        return NULL;
    }
    tables->count[record]++;
    source->records[record][index] = setting;
    return tables->records[record] + index * fw_limits[record].bytes;
}

/* Number of the record with that name, or -1. The name comes first in each kind of record. */
static int find_record(const struct fw_tables *tables, enum fw_record record, const char *name)
{
    for (uint32_t i = 0; i < tables->count[record]; i++) {
        if (strcmp((const char *)tables->records[record] + i * fw_limits[record].bytes, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int read_timing(const struct reader *reader, const config_setting_t *group)
{
    static const char *what = "a timing";
    uint8_t *out = add_record(reader, FW_TIMING, group);
    const config_setting_t *interval;
    const config_setting_t *clock = config_setting_get_member(group, "pixel_clock_khz");
    uint8_t name[24] = { 0 };
    int64_t khz = 0;

    if (!out ||
        check_keys(reader, group, what,
                   "name kind flags width height interval pixel_clock_khz") != 0 ||
        read_name(reader, group, what, name, sizeof name) != 0) {
        return -1;
    }
    if (find_record(&reader->out->tables, FW_TIMING, (const char *)name) >= 0) {
        return fail(reader, group, "there is a timing \"%s\" already: give it another name",
                    (const char *)name);
    }
    memcpy(out + VDH_O_TIMING_NAME, name, sizeof name);
    if (read_value(reader, group, what, "kind", "INPUT", "KIND", out + VDH_O_TIMING_KIND) != 0 ||
        read_bits(reader, config_setting_get_member(group, "flags"), "TIMING", "FLAGS",
                  out + VDH_O_TIMING_FLAGS) != 0 ||
        read_u16(reader, group, what, "width", -1, out + VDH_O_TIMING_WIDTH) != 0 ||
        read_u16(reader, group, what, "height", -1, out + VDH_O_TIMING_HEIGHT) != 0 ||
        need(reader, group, what, "interval", &interval) != 0 ||
        read_interval(reader, interval, out + VDH_O_TIMING_INTERVAL_NUM) != 0) {
        return -1;
    }
    if (clock && read_number(reader, clock, 0, UINT32_MAX, &khz) != 0) {
        return -1;
    }
    vdh_put_u32(out + VDH_O_TIMING_PIXEL_CLOCK_KHZ, (uint32_t)khz);
    return 0;
}

static int timing_number(const struct reader *reader, const config_setting_t *setting,
                         const char *name)
{
    int number = name ? find_record(&reader->out->tables, FW_TIMING, name) : -1;

    if (number < 0) {
        return fail(reader, setting, "no timing is called \"%s\": describe it in \"timings\" first",
                    name ? name : "?");
    }
    return number;
}

static int read_input(const struct reader *reader, const config_setting_t *group)
{
    static const char *what = "an input";
    uint8_t *out = add_record(reader, FW_INPUT, group);
    const config_setting_t *timings;
    const config_setting_t *chosen = config_setting_get_member(group, "default");
    int first = 0;

    if (!out || check_keys(reader, group, what, "name kind timings default") != 0 ||
        read_name(reader, group, what, out + VDH_O_INPUT_NAME, 32) != 0 ||
        read_value(reader, group, what, "kind", "INPUT", "KIND", out + VDH_O_INPUT_KIND) != 0 ||
        need(reader, group, what, "timings", &timings) != 0) {
        return -1;
    }
    if (!config_setting_is_array(timings) || config_setting_length(timings) < 1) {
        return fail(reader, timings, "expected names of timings in brackets, at least one");
    }
    for (int i = 0; i < config_setting_length(timings); i++) {
        const char *name = config_setting_get_string_elem(timings, i);
        int number = timing_number(reader, timings, name);

        if (number < 0) {
            return -1;
        }
        first = i == 0 ? number : first;
        if (number != first + i) {
            return fail(reader, timings,
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

static int read_mode_inputs(const struct reader *reader, const config_setting_t *setting,
                            uint8_t *out)
{
    uint32_t bits = 0;

    if (!config_setting_is_array(setting)) {
        return fail(reader, setting, "expected names of inputs in brackets");
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *name = config_setting_get_string_elem(setting, i);
        int number = name ? find_record(&reader->out->tables, FW_INPUT, name) : -1;

        if (number < 0) {
            return fail(reader, setting, "no input is called \"%s\"", name ? name : "?");
        }
        bits |= 1u << number;
    }
    vdh_put_u16(out, (uint16_t)bits);
    return 0;
}

/* A mode's run of intervals: one that is in the table already serves several modes. */
static int read_mode_intervals(const struct reader *reader, const config_setting_t *setting,
                               uint8_t *mode)
{
    struct fw_tables *tables = &reader->out->tables;
    uint8_t run[FW_RECORD_MAX_COUNT][VDH_S_INTERVAL];
    int count = config_setting_length(setting);
    uint32_t first = 0;

    if (!config_setting_is_array(setting) || count < 1 || count > (int)FW_RECORD_MAX_COUNT) {
        return fail(reader, setting, "expected intervals in brackets, at least one");
    }
    for (int i = 0; i < count; i++) {
        if (read_interval(reader, config_setting_get_elem(setting, (unsigned)i), run[i]) != 0) {
            return -1;
        }
    }
    while (first + (uint32_t)count <= tables->count[FW_INTERVAL] &&
           memcmp(tables->records[FW_INTERVAL] + first * VDH_S_INTERVAL, run,
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

static int read_mode(const struct reader *reader, const config_setting_t *group)
{
    static const char *what = "a mode";
    uint8_t *out = add_record(reader, FW_MODE, group);
    const config_setting_t *inputs;
    const config_setting_t *formats;
    const config_setting_t *intervals;

    if (!out ||
        check_keys(reader, group, what,
                   "inputs formats width height width_min height_min width_step height_step "
                   "intervals") != 0 ||
        need(reader, group, what, "inputs", &inputs) != 0 ||
        read_mode_inputs(reader, inputs, out + VDH_O_MODE_INPUTS) != 0 ||
        need(reader, group, what, "formats", &formats) != 0 ||
        read_bits(reader, formats, "MODE", "FORMATS", out + VDH_O_MODE_FORMATS) != 0 ||
        read_u16(reader, group, what, "width", -1, out + VDH_O_MODE_WIDTH) != 0 ||
        read_u16(reader, group, what, "height", -1, out + VDH_O_MODE_HEIGHT) != 0) {
        return -1;
    }
    /* Without a smallest size, the mode has one size. */
    if (read_u16(reader, group, what, "width_min", vdh_get_u16(out + VDH_O_MODE_WIDTH),
                 out + VDH_O_MODE_WIDTH_MIN) != 0 ||
        read_u16(reader, group, what, "height_min", vdh_get_u16(out + VDH_O_MODE_HEIGHT),
                 out + VDH_O_MODE_HEIGHT_MIN) != 0 ||
        read_u16(reader, group, what, "width_step", 2, out + VDH_O_MODE_WIDTH_STEP) != 0 ||
        read_u16(reader, group, what, "height_step", 2, out + VDH_O_MODE_HEIGHT_STEP) != 0 ||
        need(reader, group, what, "intervals", &intervals) != 0) {
        return -1;
    }
    return read_mode_intervals(reader, intervals, out);
}

static int read_menu(const struct reader *reader, const config_setting_t *control,
                     const config_setting_t *menu, uint8_t *out)
{
    int count = config_setting_length(menu);

    if (!config_setting_is_array(menu)) {
        return fail(reader, menu, "expected names of menu entries in brackets");
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
            return fail(reader, menu, "a menu entry is a name of 1 to %d bytes", VDH_S_MENU - 1);
        }
        memcpy(entry, name, strlen(name));
    }
    return 0;
}

static int read_control(const struct reader *reader, const config_setting_t *group)
{
    static const char *what = "a control";
    uint8_t *out = add_record(reader, FW_CONTROL, group);
    const config_setting_t *menu = config_setting_get_member(group, "menu");
    int32_t maximum = 0;

    if (!out ||
        check_keys(reader, group, what,
                   "id type flags name minimum maximum step default menu") != 0 ||
        read_value(reader, group, what, "id", "CONTROL", "ID", out + VDH_O_CONTROL_ID) != 0 ||
        read_value(reader, group, what, "type", "CONTROL", "TYPE", out + VDH_O_CONTROL_TYPE) != 0 ||
        read_bits(reader, config_setting_get_member(group, "flags"), "CONTROL", "FLAGS",
                  out + VDH_O_CONTROL_FLAGS) != 0 ||
        read_name(reader, group, what, out + VDH_O_CONTROL_NAME, 32) != 0) {
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
        if (need(reader, group, what, "minimum", &menu) != 0 ||
            need(reader, group, what, "maximum", &menu) != 0 ||
            need(reader, group, what, "default", &menu) != 0) {
            return -1;
        }
        break;
    default:
        break;
    }
    if (read_s32(reader, group, "minimum", 0, out + VDH_O_CONTROL_MINIMUM) != 0 ||
        read_s32(reader, group, "maximum", maximum, out + VDH_O_CONTROL_MAXIMUM) != 0 ||
        read_s32(reader, group, "step", 1, out + VDH_O_CONTROL_STEP) != 0) {
        return -1;
    }
    return read_s32(reader, group, "default", 0, out + VDH_O_CONTROL_DEFAULT);
}

/* ---- The whole -------------------------------------------------------------------------------- */

static int read_list(const struct reader *reader, const config_setting_t *root, const char *key,
                     int (*read)(const struct reader *, const config_setting_t *))
{
    const config_setting_t *list;

    if (need(reader, root, "the description", key, &list) != 0) {
        return -1;
    }
    if (!config_setting_is_list(list)) {
        return fail(reader, list, "expected a list: %s = ( { ... }, { ... } );", key);
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

        if (!config_setting_is_group(group)) {
            return fail(reader, group, "expected a group: { key = value; ... }");
        }
        if (read(reader, group) != 0) {
            return -1;
        }
    }
    return 0;
}

int fw_version_parse(uint32_t *out, const char *text)
{
    unsigned major;
    unsigned minor;
    unsigned patch;
    char end;
    char again[32];

    /* Printed back and compared, so that signs, blanks and leading zeros are refused. */
    if (strlen(text) >= sizeof again ||
        sscanf(text, "%3u.%3u.%5u%c", &major, &minor, &patch, &end) != 3 || major > 255 ||
        minor > 255 || patch > 65535) {
        return -1;
    }
    snprintf(again, sizeof again, "%u.%u.%u", major, minor, patch);
    *out = major << 24 | minor << 16 | patch;
    return strcmp(text, again) == 0 ? 0 : -1;
}

/* Xorshift, of Marsaglia, 2003: bytes that do not compress, the same on every machine. */
int fw_code_fill(struct fw_description *description, uint32_t bytes)
{
    uint32_t state = 0x56444657;
    uint8_t *code = malloc(bytes ? bytes : 1);

    if (!code) {
        return -1;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        code[i] = (uint8_t)(state >> 24);
    }
    free(description->code);
    description->code = code;
    description->code_bytes = bytes;
    return 0;
}

/* The whole file, with a 0 behind it. NULL: a message was printed. */
static char *load(const char *path, size_t *bytes, FILE *errors)
{
    FILE *file = fopen(path, "rb");
    char *text = file ? malloc(FILE_MAX_BYTES + 1) : NULL;
    int failed = !text;

    *bytes = text ? fread(text, 1, FILE_MAX_BYTES + 1, file) : 0;
    failed = failed || ferror(file) != 0;
    if (file) {
        fclose(file);
    }
    if (failed || *bytes > FILE_MAX_BYTES) {
        fprintf(errors, "%s:1: %s\n", path,
                failed ? "cannot be read: check the name and the rights" : "larger than 1 MiB");
        free(text);
        return NULL;
    }
    text[*bytes] = '\0';
    return text;
}

/* code = { bytes = 65536; } or code = { file = "firmware.bin"; }, relative to the description. */
static int read_code(const struct reader *reader, const config_setting_t *group)
{
    const config_setting_t *bytes = config_setting_get_member(group, "bytes");
    const config_setting_t *file = config_setting_get_member(group, "file");
    const char *slash = strrchr(reader->out->path, '/');
    int64_t number = 0;
    const char *name;
    char path[4096];
    size_t length;

    if (!config_setting_is_group(group) || check_keys(reader, group, "code", "bytes file") != 0 ||
        !bytes == !file) {
        return fail(reader, group, "write code = { bytes = N; } or code = { file = \"...\"; }");
    }
    if (bytes) {
        if (read_number(reader, bytes, 0, fw_capacity_bytes(), &number) != 0) {
            return -1;
        }
        return fw_code_fill(reader->out, (uint32_t)number) == 0
                   ? 0
                   : fail(reader, bytes, "out of memory");
    }
    if (read_text(reader, file, &name) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%.*s%s",
             slash && name[0] != '/' ? (int)(slash - reader->out->path + 1) : 0, reader->out->path,
             name);
    reader->out->code = (uint8_t *)load(path, &length, reader->errors);
    reader->out->code_bytes = (uint32_t)length;
    return reader->out->code ? 0 : fail(reader, file, "the code's file \"%s\" is missing", path);
}

static int read_root(const struct reader *reader, const config_setting_t *root)
{
    static const char *what = "the description";
    struct fw_description *out = reader->out;
    const config_setting_t *setting;
    const char *text;
    int64_t target;

    if (check_keys(reader, root, what,
                   "target version name timings inputs modes controls code") != 0 ||
        need(reader, root, what, "target", &setting) != 0 ||
        read_number(reader, setting, 0, UINT32_MAX, &target) != 0 ||
        need(reader, root, what, "version", &setting) != 0 ||
        read_text(reader, setting, &text) != 0) {
        return -1;
    }
    out->target = (uint32_t)target;
    if (fw_version_parse(&out->version, text) != 0 || out->version == 0) {
        return fail(reader, setting, "\"%s\" is no version: write \"1.0.0\", up to 255.255.65535",
                    text);
    }
    if (read_name(reader, root, what, (uint8_t *)out->name, sizeof out->name) != 0 ||
        read_list(reader, root, "timings", read_timing) != 0 ||
        read_list(reader, root, "inputs", read_input) != 0 ||
        read_list(reader, root, "modes", read_mode) != 0 ||
        read_list(reader, root, "controls", read_control) != 0 ||
        need(reader, root, what, "code", &setting) != 0) {
        return -1;
    }
    return read_code(reader, setting);
}

int fw_description_read(struct fw_description *out, const char *path, FILE *errors)
{
    const struct reader reader = { .out = out, .errors = errors };
    struct source *source;
    size_t bytes;
    char *text;
    int ok;

    memset(out, 0, sizeof *out);
    out->path = path;
    text = load(path, &bytes, errors);
    if (!text) {
        return -1;
    }
    source = calloc(1, sizeof *source);
    if (!source) {
        free(text);
        fprintf(errors, "%s:1: out of memory\n", path);
        return -1;
    }
    out->source = source;
    config_init(&source->config);
    ok = strlen(text) == bytes && config_read_string(&source->config, text) == CONFIG_TRUE;
    free(text);
    if (!ok) {
        const char *why = config_error_text(&source->config);

        fprintf(errors, "%s:%d: %s\n", path, why ? config_error_line(&source->config) : 1,
                why ? why : "not a text: it holds zero bytes");
        return -1;
    }
    return read_root(&reader, config_root_setting(&source->config));
}

void fw_description_free(struct fw_description *description)
{
    struct source *source = description->source;

    if (source) {
        config_destroy(&source->config);
        free(source);
    }
    free(description->code);
    memset(description, 0, sizeof *description);
}
