/* SPDX-License-Identifier: MIT */
/* What the three files that read descriptions share; apart, so that only they see libconfig. */
#ifndef VDFWBUILD_READER_H
#define VDFWBUILD_READER_H

#include "vdfwbuild.h"

#include <libconfig.h>

struct fw_reader {
    struct fw_description *out;
    FILE *errors;
};

/* The parsed text, and where each record stands in it. */
struct fw_source {
    config_t config;
    const config_setting_t *records[FW_RECORDS][FW_RECORD_MAX_COUNT];
};

/* ---- Values of keys (vdfwbuild_settings.c): 0, or -1 and a message was printed ------------------ */

/* Prints "file:line: ", the beginning of a message about `setting`. */
void fw_print_place(const struct fw_description *description, const config_setting_t *setting,
                    FILE *errors);

/* Prints a message about `setting`. Always -1. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
int fw_fail(const struct fw_reader *reader, const config_setting_t *setting, const char *format,
            ...);

/* Every key of `group` must be in `keys`, a list separated by spaces: typing errors are found. */
int fw_check_keys(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                  const char *keys);

/* The member `key`, which must be there; `what` is the group's name for people. */
int fw_need(const struct fw_reader *reader, const config_setting_t *group, const char *what,
            const char *key, const config_setting_t **out);

int fw_read_text(const struct fw_reader *reader, const config_setting_t *setting, const char **out);
int fw_read_number(const struct fw_reader *reader, const config_setting_t *setting, int64_t least,
                   int64_t most, int64_t *out);

/* The member "name" into `size` bytes, zeros behind it. */
int fw_read_name(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                 uint8_t *out, size_t size);

/* A number, little endian; where the key is missing, `otherwise`. With an `otherwise` below 0 the
 * unsigned one must be there. */
int fw_read_u16(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                const char *key, int32_t otherwise, uint8_t *out);
int fw_read_s32(const struct fw_reader *reader, const config_setting_t *group, const char *key,
                int32_t otherwise, uint8_t *out);

/* "1001/60000" into two 32-bit words. */
int fw_read_interval(const struct fw_reader *reader, const config_setting_t *setting, uint8_t *out);

/* A name of the layout table as its number; an array of names as bits, none if `setting` is NULL. */
int fw_read_value(const struct fw_reader *reader, const config_setting_t *group, const char *what,
                  const char *key, const char *layout, const char *member, uint8_t *out);
int fw_read_bits(const struct fw_reader *reader, const config_setting_t *setting,
                 const char *layout, const char *member, uint8_t *out);

/* ---- Groups (vdfwbuild_records.c): each appends a record ---------------------------------------- */

int fw_read_timing(const struct fw_reader *reader, const config_setting_t *group);
int fw_read_input(const struct fw_reader *reader, const config_setting_t *group);
int fw_read_mode(const struct fw_reader *reader, const config_setting_t *group);
int fw_read_control(const struct fw_reader *reader, const config_setting_t *group);

#endif
