/* SPDX-License-Identifier: MIT */
/* Text of a dump to bytes. */
#include "dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 262144

struct line {
    uint8_t bytes[256];
    unsigned count;
    unsigned length; /* as set by =, or 0 */
};

static int add_number(struct line *line, unsigned long value, unsigned width)
{
    if (line->count + width > 255 || (width < 4 && value >> (8 * width) != 0)) {
        return 0;
    }
    for (unsigned i = 0; i < width; i++) {
        line->bytes[line->count++] = (uint8_t)(value >> (8 * i));
    }
    return 1;
}

static int add_guid(struct line *line, const char *digits)
{
    if (strlen(digits) != 32) {
        return 0;
    }
    for (unsigned i = 0; i < 16; i++) {
        char pair[3] = {digits[2 * i], digits[2 * i + 1], 0};
        char *end;
        unsigned long value = strtoul(pair, &end, 16);

        if (*end != '\0' || !add_number(line, value, 1)) {
            return 0;
        }
    }
    return 1;
}

static int add_word(struct line *line, const char *word)
{
    const char *digits = word + (strchr("xwdg=", word[0]) != NULL);
    unsigned long value;
    char *end;

    if (word[0] == 'g') {
        return add_guid(line, digits);
    }
    value = strtoul(digits, &end, word[0] == 'x' ? 16 : strncmp(digits, "0x", 2) == 0 ? 16 : 10);
    if (*end != '\0' || end == digits) {
        return 0;
    }
    if (word[0] == '=') {
        line->length = (unsigned)value + 256;
        return value < 256;
    }
    return add_number(line, value, word[0] == 'w' ? 2 : word[0] == 'd' ? 4 : 1);
}

/* One line into *line; 0 if it is wrong. */
static int read_line(struct line *line, char *text)
{
    char *remark = strchr(text, '#');
    char *at = text;

    if (remark) {
        *remark = '\0';
    }
    line->count = 1;
    line->length = 0;
    while (*(at += strspn(at, " \t\r")) != '\0') {
        size_t length = strcspn(at, " \t\r");
        char after = at[length];

        at[length] = '\0';
        if (!add_word(line, at)) {
            return 0;
        }
        at[length] = after;
        at += length;
    }
    line->bytes[0] = (uint8_t)(line->length != 0 ? line->length - 256 : line->count);
    return 1;
}

long uvc_dump_parse(uint8_t *out, size_t max, const char *text, unsigned *line)
{
    size_t total = 0;

    for (*line = 1; *text != '\0'; ++*line) {
        size_t length = strcspn(text, "\n");
        struct line one;
        char copy[1024];

        if (length >= sizeof(copy)) {
            return -1;
        }
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (!read_line(&one, copy) || (one.count > 1 && one.count > max - total)) {
            return -1;
        }
        if (one.count > 1) {
            memcpy(out + total, one.bytes, one.count);
            total += one.count;
        }
        text += length + (text[length] == '\n');
    }
    return (long)total;
}

long uvc_dump_read(uint8_t *out, size_t max, const char *path, unsigned *line)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(TEXT_MAX);
    long result = -1;

    *line = 0;
    if (file && text) {
        text[fread(text, 1, TEXT_MAX - 1, file)] = '\0';
        result = uvc_dump_parse(out, max, text, line);
    }
    if (file) {
        fclose(file);
    }
    free(text);
    return result;
}
