/* SPDX-License-Identifier: MIT */
/*
 * A description as a whole: libconfig text in, records of bytes out. The text is read here and
 * handed to libconfig in one piece, since its own reader ends the program on a folder's name.
 */
#include "vdfwbuild_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1u << 20)

void fw_description_locate(const struct fw_description *description,
                           const struct fw_problem *problem, FILE *errors)
{
    struct fw_source *source = description->source;
    const config_setting_t *at = config_root_setting(&source->config);
    const config_setting_t *key;

    if (problem->record >= 0) {
        const config_setting_t *record = source->records[problem->record][problem->index];

        at = record ? record : config_setting_get_member(at, fw_limits[problem->record].list);
    }
    key = at && problem->key && config_setting_is_group(at)
              ? config_setting_get_member(at, problem->key)
              : NULL;
    fw_print_place(description, key ? key : at, errors);
}

static int read_list(const struct fw_reader *reader, const config_setting_t *root, const char *key,
                     int (*read)(const struct fw_reader *, const config_setting_t *))
{
    const config_setting_t *list;

    if (fw_need(reader, root, "the description", key, &list) != 0) {
        return -1;
    }
    if (!config_setting_is_list(list)) {
        return fw_fail(reader, list, "expected a list: %s = ( { ... }, { ... } );", key);
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);

        if (!config_setting_is_group(group)) {
            return fw_fail(reader, group, "expected a group: { key = value; ... }");
        }
        if (read(reader, group) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Digits up to `end`, without leading zeros: 0, or -1. */
static int parse_number(uint32_t *out, const char **text, char end, uint32_t most)
{
    const char *at = *text;
    uint32_t number = 0;

    if (*at < '0' || *at > '9' || (*at == '0' && at[1] != end)) {
        return -1;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        number = number * 10 + (uint32_t)(*at - '0');
        if (number > most) {
            return -1;
        }
    }
    if (*at != end) {
        return -1;
    }
    *text = at + 1;
    *out = number;
    return 0;
}

int fw_version_parse(uint32_t *out, const char *text)
{
    uint32_t major;
    uint32_t minor;
    uint32_t patch;

    if (parse_number(&major, &text, '.', 255) != 0 || parse_number(&minor, &text, '.', 255) != 0 ||
        parse_number(&patch, &text, '\0', 65535) != 0) {
        return -1;
    }
    *out = major << 24 | minor << 16 | patch;
    return *out != 0 ? 0 : -1;
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

/* A whole file with a 0 behind it, to be freed. NULL: *why says so. */
static char *load(const char *path, size_t *bytes, const char **why)
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
        *why = failed ? "cannot be read: check the name and the rights" : "is larger than 1 MiB";
        free(text);
        return NULL;
    }
    text[*bytes] = '\0';
    return text;
}

/* code = { bytes = 65536; } or code = { file = "firmware.bin"; }, relative to the description. */
static int read_code(const struct fw_reader *reader, const config_setting_t *group)
{
    const config_setting_t *bytes = config_setting_get_member(group, "bytes");
    const config_setting_t *file = config_setting_get_member(group, "file");
    const char *slash = strrchr(reader->out->path, '/');
    int64_t number = 0;
    const char *name;
    const char *why;
    char path[4096];
    size_t length;

    if (!config_setting_is_group(group) || config_setting_length(group) != 1 || !bytes == !file) {
        return fw_fail(reader, group, "write code = { bytes = N; } or code = { file = \"...\"; }");
    }
    if (bytes) {
        if (fw_read_number(reader, bytes, 0, fw_capacity_bytes(), &number) != 0) {
            return -1;
        }
        return fw_code_fill(reader->out, (uint32_t)number) == 0
                   ? 0
                   : fw_fail(reader, bytes, "out of memory");
    }
    if (fw_read_text(reader, file, &name) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%.*s%s",
             slash && name[0] != '/' ? (int)(slash - reader->out->path + 1) : 0, reader->out->path,
             name);
    reader->out->code = (uint8_t *)load(path, &length, &why);
    reader->out->code_bytes = (uint32_t)length;
    return reader->out->code ? 0 : fw_fail(reader, file, "the code file \"%s\" %s", path, why);
}

static int read_root(const struct fw_reader *reader, const config_setting_t *root)
{
    static const char *what = "the description";
    struct fw_description *out = reader->out;
    const config_setting_t *setting;
    const char *text;
    int64_t target;

    if (fw_check_keys(reader, root, what,
                      "target version name timings inputs modes controls code") != 0 ||
        fw_need(reader, root, what, "target", &setting) != 0 ||
        fw_read_number(reader, setting, 0, UINT32_MAX, &target) != 0 ||
        fw_need(reader, root, what, "version", &setting) != 0 ||
        fw_read_text(reader, setting, &text) != 0) {
        return -1;
    }
    out->target = (uint32_t)target;
    if (fw_version_parse(&out->version, text) != 0) {
        return fw_fail(reader, setting,
                       "\"%s\" is no version: write \"1.0.0\", from 0.0.1 to 255.255.65535", text);
    }
    if (fw_read_name(reader, root, what, (uint8_t *)out->name, sizeof out->name) != 0 ||
        read_list(reader, root, "timings", fw_read_timing) != 0 ||
        read_list(reader, root, "inputs", fw_read_input) != 0 ||
        read_list(reader, root, "modes", fw_read_mode) != 0 ||
        read_list(reader, root, "controls", fw_read_control) != 0 ||
        fw_need(reader, root, what, "code", &setting) != 0) {
        return -1;
    }
    return read_code(reader, setting);
}

/* Parses the file into source->config: 0, or -1 and a message was printed. */
static int parse(struct fw_source *source, const char *path, FILE *errors)
{
    const char *slash = strrchr(path, '/');
    const char *why = NULL;
    char folder[4096];
    size_t bytes;
    char *text = load(path, &bytes, &why);
    int ok;

    if (!text) {
        fprintf(errors, "%s:1: %s\n", path, why);
        return -1;
    }
    if (strlen(text) != bytes) {
        fprintf(errors, "%s:1: not a text: it holds zero bytes\n", path);
        free(text);
        return -1;
    }
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    config_set_include_dir(&source->config, folder);
    ok = config_read_string(&source->config, text) == CONFIG_TRUE;
    free(text);
    if (!ok) {
        const char *file = config_error_file(&source->config);

        fprintf(errors, "%s:%d: %s\n", file ? file : path, config_error_line(&source->config),
                config_error_text(&source->config));
        return -1;
    }
    return 0;
}

int fw_description_read(struct fw_description *out, const char *path, FILE *errors)
{
    const struct fw_reader reader = {.out = out, .errors = errors};
    struct fw_source *source = calloc(1, sizeof *source);

    memset(out, 0, sizeof *out);
    out->path = path;
    out->source = source;
    if (!source) {
        fprintf(errors, "%s:1: out of memory\n", path);
        return -1;
    }
    config_init(&source->config);
    if (parse(source, path, errors) != 0) {
        return -1;
    }
    return read_root(&reader, config_root_setting(&source->config));
}

void fw_description_free(struct fw_description *description)
{
    struct fw_source *source = description->source;

    if (source) {
        config_destroy(&source->config);
        free(source);
    }
    free(description->code);
    memset(description, 0, sizeof *description);
}
