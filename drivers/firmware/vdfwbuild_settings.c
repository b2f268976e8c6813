/* SPDX-License-Identifier: MIT */
/*
 * Keys of a description, one function for each type of value. Each prints its own message, with
 * the file and the line, and says what would have been right.
 */
#include "vdfwbuild_reader.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void fw_print_place(const struct fw_description *description, const config_setting_t *setting,
                    FILE *errors)
{
    const char *file = setting ? config_setting_source_file(setting) : NULL;
    unsigned line = setting ? config_setting_source_line(setting) : 0;

    fprintf(errors, "%s:%u: ", file ? file : description->path, line ? line : 1);
}

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int fw_fail(const struct fw_reader *reader, const config_setting_t *setting, const char *format,
                ...)
{
    va_list args;

    fw_print_place(reader->out, setting, reader->errors);
    va_start(args, format);
    vfprintf(reader->errors, format, args);
    va_end(args);
    fputc('\n', reader->errors);
    return -1;
}

/* Every key of `group` must be in `keys`, a list separated by spaces: typing errors stay found. */
int fw_check_keys(const struct fw_reader *reader, const config_setting_t *group, const char *what,
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
            return fw_fail(reader, member, "%s has no key \"%s\"; its keys are: %s", what, name,
                           keys);
        }
    }
    return 0;
}

int fw_need(const struct fw_reader *reader, const config_setting_t *group, const char *what,
            const char *key, const config_setting_t **out)
{
    *out = config_setting_get_member(group, key);
    if (!*out) {
        return fw_fail(reader, group, "%s lacks \"%s\": add it", what, key);
    }
    return 0;
}

int fw_read_text(const struct fw_reader *reader, const config_setting_t *setting, const char **out)
{
    *out = config_setting_get_string(setting);
    if (!*out) {
        return fw_fail(reader, setting, "expected a text in quotation marks");
    }
    return 0;
}

/* A text into `size` bytes, zeros behind it. */
int fw_read_name(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                 uint8_t *out, size_t size)
{
    const config_setting_t *setting;
    const char *text;

    if (fw_need(reader, group, what, "name", &setting) != 0 ||
        fw_read_text(reader, setting, &text) != 0) {
        return -1;
    }
    if (strlen(text) == 0 || strlen(text) >= size) {
        return fw_fail(reader, setting, "the name \"%s\" has %zu bytes: it may have 1 to %zu", text,
                       strlen(text), size - 1);
    }
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

int fw_read_number(const struct fw_reader *reader, const config_setting_t *setting, int64_t least,
                   int64_t most, int64_t *out)
{
    int type = config_setting_type(setting);

    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        return fw_fail(reader, setting, "expected a whole number");
    }
    *out = config_setting_get_int64(setting);
    if (type == CONFIG_TYPE_INT && config_setting_get_format(setting) == CONFIG_FORMAT_HEX) {
        *out &= UINT32_MAX; /* libconfig reads 0xFFFFFFFF as -1. */
    }
    if (*out < least || *out > most) {
        return fw_fail(reader, setting,
                       "%" PRId64 " is out of range: %" PRId64 " to %" PRId64 " fit here", *out,
                       least, most);
    }
    return 0;
}

/* An unsigned 16-bit key; where it is missing, `otherwise`, or an error if that is negative. */
int fw_read_u16(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                const char *key, int32_t otherwise, uint8_t *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    int64_t number = otherwise;

    if (!setting && otherwise < 0) {
        return fw_need(reader, group, what, key, &setting);
    }
    if (setting && fw_read_number(reader, setting, 0, UINT16_MAX, &number) != 0) {
        return -1;
    }
    vdh_put_u16(out, (uint16_t)number);
    return 0;
}

int fw_read_s32(const struct fw_reader *reader, const config_setting_t *group, const char *key,
                int32_t otherwise, uint8_t *out)
{
    const config_setting_t *setting = config_setting_get_member(group, key);
    int64_t number = otherwise;

    if (setting && fw_read_number(reader, setting, INT32_MIN, INT32_MAX, &number) != 0) {
        return -1;
    }
    vdh_put_u32(out, (uint32_t)number);
    return 0;
}

/* "1001/60000" into two 32-bit words. */
int fw_read_interval(const struct fw_reader *reader, const config_setting_t *setting, uint8_t *out)
{
    const char *text;
    unsigned long num;
    unsigned long den;
    char *end;

    if (fw_read_text(reader, setting, &text) != 0) {
        return -1;
    }
    num = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (num == 0 || *end != '/' || end[1] < '0' || end[1] > '9') {
        return fw_fail(reader, setting, "\"%s\" is no interval: write seconds as \"1/60\"", text);
    }
    den = strtoul(end + 1, &end, 10);
    if (*end != '\0' || num > UINT32_MAX || den > UINT32_MAX) {
        return fw_fail(reader, setting, "\"%s\" is no interval: write seconds as \"1/60\"", text);
    }
    vdh_put_u32(out, (uint32_t)num);
    vdh_put_u32(out + 4, (uint32_t)den);
    return 0;
}

/* A name of the layout table, as a number. */
int fw_read_value(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                  const char *key, const char *layout, const char *member, uint8_t *out)
{
    const config_setting_t *setting;
    const char *text;
    char known[200];
    uint32_t value;

    if (fw_need(reader, group, what, key, &setting) != 0 ||
        fw_read_text(reader, setting, &text) != 0) {
        return -1;
    }
    if (fw_name_value(&value, layout, member, text, known, sizeof known) != 0) {
        return fw_fail(reader, setting, "unknown %s \"%s\"; known are: %s", key, text, known);
    }
    vdh_put_u16(out, (uint16_t)value);
    return 0;
}

/* An array of names of bits. */
int fw_read_bits(const struct fw_reader *reader, const config_setting_t *setting,
                 const char *layout, const char *member, uint8_t *out)
{
    uint32_t bits = 0;

    if (!setting) {
        return 0;
    }
    if (!config_setting_is_array(setting)) {
        return fw_fail(reader, setting, "expected names in brackets: [ \"...\", \"...\" ]");
    }
    for (int i = 0; i < config_setting_length(setting); i++) {
        const char *text = config_setting_get_string_elem(setting, i);
        char known[200];
        uint32_t bit;

        if (fw_name_bit(&bit, layout, member, text ? text : "", known, sizeof known) != 0) {
            return fw_fail(reader, setting, "unknown name \"%s\"; known are: %s", text ? text : "?",
                           known);
        }
        bits |= 1u << bit;
    }
    vdh_put_u16(out, (uint16_t)bits);
    return 0;
}
