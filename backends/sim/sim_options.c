/* SPDX-License-Identifier: MIT */
/*
 * Parser of "0?source=clip.y4m&rate=max": one table of keys, each with the function that takes its
 * decoded value. A key given twice is an error, since either value would surprise somebody.
 */
#include "sim_options.h"

#include <stdio.h>
#include <string.h>

/* The longest decoded value of any key. */
#define VALUE_MAX SIM_FAULTS_MAX

struct parser {
    struct sim_options *out;
    const char *text;
    size_t length;
    char *why;
    size_t why_size;
    char value[VALUE_MAX]; /* decoded, terminated, without 0 inside */
    size_t value_length;
};

struct key {
    const char *name;
    const char *form; /* of its value, for people */
    int (*take)(struct parser *parser);
};

static int refuse(struct parser *parser, const char *what, size_t at)
{
    if (parser->why_size)
        (void)snprintf(parser->why, parser->why_size, "%s, at character %zu", what, at);
    return -1;
}

/* Decimal, or hexadecimal after 0x, with a minus sign if `minimum` allows one. */
static int number(const char *text, int64_t minimum, int64_t maximum, int64_t *out)
{
    int negative = text[0] == '-';
    const char *at = text + negative;
    uint32_t base = 10;
    int64_t value = 0;

    if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
        base = 16;
        at += 2;
    }
    if (!*at)
        return -1;
    for (; *at; at++) {
        uint32_t digit;

        if (*at >= '0' && *at <= '9')
            digit = (uint32_t)(*at - '0');
        else if (base == 16 && *at >= 'a' && *at <= 'f')
            digit = (uint32_t)(*at - 'a') + 10;
        else if (base == 16 && *at >= 'A' && *at <= 'F')
            digit = (uint32_t)(*at - 'A') + 10;
        else
            return -1;
        value = value * (int64_t)base + (int64_t)digit;
        if (value > INT64_C(0xffffffff))
            return -1;
    }
    if (negative)
        value = -value;
    if (value < minimum || value > maximum)
        return -1;
    *out = value;
    return 0;
}

static int take_path(struct parser *parser, char path[SIM_PATH_MAX])
{
    if (parser->value_length >= SIM_PATH_MAX)
        return -1;
    memcpy(path, parser->value, parser->value_length + 1);
    return 0;
}

static int take_source(struct parser *parser)
{
    if (strcmp(parser->value, "pattern") == 0)
        return 0;
    return take_path(parser, parser->out->source);
}

static int take_source_format(struct parser *parser)
{
    static const struct {
        const char *name;
        enum sim_raw format;
    } names[] = {
        {"YUYV",  SIM_RAW_YUYV },
        {"UYVY",  SIM_RAW_UYVY },
        {"NV12",  SIM_RAW_NV12 },
        {"RGB24", SIM_RAW_RGB24},
        {"GREY",  SIM_RAW_GREY },
        {"I420",  SIM_RAW_I420 },
        {"I422",  SIM_RAW_I422 },
        {"I444",  SIM_RAW_I444 },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(parser->value, names[i].name) == 0) {
            parser->out->source_format = names[i].format;
            return 0;
        }
    }
    return -1;
}

static int take_source_size(struct parser *parser)
{
    char *cross = strchr(parser->value, 'x');
    int64_t width;
    int64_t height;

    if (!cross)
        return -1;
    *cross = 0;
    if (number(parser->value, 1, SIM_SIDE_MAX, &width) ||
        number(cross + 1, 1, SIM_SIDE_MAX, &height))
        return -1;
    parser->out->source_width = (uint32_t)width;
    parser->out->source_height = (uint32_t)height;
    return 0;
}

static int take_rate(struct parser *parser)
{
    if (strcmp(parser->value, "real") == 0)
        parser->out->rate = SIM_RATE_REAL;
    else if (strcmp(parser->value, "max") == 0)
        parser->out->rate = SIM_RATE_MAX;
    else
        return -1;
    return 0;
}

static int take_body(struct parser *parser)
{
    if (strcmp(parser->value, "memory") == 0)
        parser->out->body = SIM_BODY_MEMORY;
    else if (strcmp(parser->value, "ports") == 0)
        parser->out->body = SIM_BODY_PORTS;
    else
        return -1;
    return 0;
}

/* Only its length is checked here: the model knows the kinds of faults, and says what is wrong. */
static int take_faults(struct parser *parser)
{
    memcpy(parser->out->faults, parser->value, parser->value_length + 1);
    return 0;
}

static int take_flash(struct parser *parser)
{
    return take_path(parser, parser->out->flash);
}

static int take_ledger(struct parser *parser)
{
    return take_path(parser, parser->out->ledger);
}

static int take_firmware(struct parser *parser)
{
    if (strcmp(parser->value, "none") == 0) {
        parser->out->no_firmware = 1;
        return 0;
    }
    return take_path(parser, parser->out->firmware);
}

static int take_drift(struct parser *parser)
{
    int64_t value;

    if (number(parser->value, -100000, 100000, &value))
        return -1;
    parser->out->drift_ppm = (int32_t)value;
    return 0;
}

static int take_boot(struct parser *parser)
{
    int64_t value;

    if (number(parser->value, 0, 60000, &value))
        return -1;
    parser->out->boot_ms = (uint32_t)value;
    return 0;
}

static int take_serial(struct parser *parser)
{
    if (parser->value_length >= SIM_SERIAL_MAX)
        return -1;
    for (size_t i = 0; i < parser->value_length; i++) {
        if (parser->value[i] < 0x21 || parser->value[i] > 0x7e)
            return -1;
    }
    memcpy(parser->out->serial, parser->value, parser->value_length + 1);
    return 0;
}

static int take_segment(struct parser *parser)
{
    int64_t value;

    if (number(parser->value, 0, 0x7fffffff, &value))
        return -1;
    parser->out->segment_bytes = (uint32_t)value;
    return 0;
}

static const struct key keys[] = {
    {"source",        "pattern, or the path of a Y4M or raw file",         take_source       },
    {"source_format", "YUYV, UYVY, NV12, RGB24, GREY, I420, I422 or I444", take_source_format},
    {"source_size",   "WIDTHxHEIGHT, 1 to 8192 each",                      take_source_size  },
    {"rate",          "real or max",                                       take_rate         },
    {"body",          "memory or ports",                                   take_body         },
    {"faults",        "a fault script, at most 4095 bytes",                take_faults       },
    {"flash",         "a path of at most 1023 bytes",                      take_flash        },
    {"ledger",        "a path of at most 1023 bytes",                      take_ledger       },
    {"firmware",      "none, or a path of at most 1023 bytes",             take_firmware     },
    {"drift_ppm",     "a number from -100000 to 100000",                   take_drift        },
    {"boot_ms",       "a number from 0 to 60000",                          take_boot         },
    {"serial",        "1 to 16 printable characters without blanks",       take_serial       },
    {"segment_bytes", "a number from 0 to 2147483647",                     take_segment      },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes text[from..to) into parser->value. */
static int decode(struct parser *parser, size_t from, size_t to)
{
    parser->value_length = 0;
    for (size_t i = from; i < to; i++) {
        char c = parser->text[i];

        if (c == '%') {
            int high = i + 1 < to ? hex_digit(parser->text[i + 1]) : -1;
            int low = i + 2 < to ? hex_digit(parser->text[i + 2]) : -1;

            if (high < 0 || low < 0)
                return refuse(parser,
                              "a % needs two hexadecimal digits behind it (%25 is the "
                              "percent sign itself)",
                              i);
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == 0)
            return refuse(parser, "a value cannot contain a zero byte", i);
        if (parser->value_length + 1 >= VALUE_MAX)
            return refuse(parser, "the value is too long", from);
        parser->value[parser->value_length++] = c;
    }
    parser->value[parser->value_length] = 0;
    return 0;
}

static int refuse_key(struct parser *parser, size_t from, size_t to)
{
    char text[320];
    size_t used;
    size_t shown = to - from < 32 ? to - from : 32;

    used = (size_t)snprintf(text, sizeof(text), "unknown option \"");
    for (size_t i = from; i < from + shown; i++) {
        char c = parser->text[i];

        text[used++] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    used += (size_t)snprintf(text + used, sizeof(text) - used, "\"; known are");
    for (size_t i = 0; i < KEYS; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s %s", i ? "," : "", keys[i].name);
    return refuse(parser, text, from);
}

/* One "key=value" in text[from..to). */
static int take_pair(struct parser *parser, size_t from, size_t to, uint32_t *seen)
{
    size_t equals = from;
    size_t index = 0;

    while (equals < to && parser->text[equals] != '=')
        equals++;
    while (index < KEYS && (strlen(keys[index].name) != equals - from ||
                            memcmp(keys[index].name, parser->text + from, equals - from) != 0))
        index++;
    if (index == KEYS)
        return refuse_key(parser, from, equals);
    if (*seen & 1u << index)
        return refuse(parser, "this option is given twice", from);
    *seen |= 1u << index;
    if (equals == to || equals + 1 == to)
        return refuse(parser, "an option needs a value: key=value", from);
    if (decode(parser, equals + 1, to))
        return -1;
    if (keys[index].take(parser)) {
        char text[160];

        (void)snprintf(text, sizeof(text), "%s must be %s", keys[index].name, keys[index].form);
        return refuse(parser, text, equals + 1);
    }
    return 0;
}

static int take_card(struct parser *parser, size_t to)
{
    uint32_t card = 0;

    for (size_t i = 0; i < to; i++) {
        char c = parser->text[i];

        if (c < '0' || c > '9')
            return refuse(parser, "a card is named by its number, options follow a '?'", i);
        card = card * 10 + (uint32_t)(c - '0');
        if (card >= SIM_CARDS)
            return refuse(parser, "simulated cards are numbered 0 to 15", 0);
    }
    parser->out->card = card;
    return 0;
}

/* What only holds for options together. */
static int check_whole(struct parser *parser)
{
    const struct sim_options *out = parser->out;
    int has_format = out->source_format != SIM_RAW_NONE;
    int has_size = out->source_width != 0;

    if (has_format != has_size)
        return refuse(parser, "source_format and source_size go together", parser->length);
    if (has_format && !out->source[0])
        return refuse(parser, "source_format describes a raw file, which source must name",
                      parser->length);
    return 0;
}

void sim_options_default_serial(char serial[SIM_SERIAL_MAX], uint32_t card)
{
    (void)snprintf(serial, SIM_SERIAL_MAX, "SIM%05u", (unsigned)(card % SIM_CARDS));
}

int sim_options_parse(struct sim_options *out, const char *text, size_t length, char *why,
                      size_t why_size)
{
    struct parser parser;
    uint32_t seen = 0;
    size_t at = 0;

    memset(out, 0, sizeof(*out));
    out->boot_ms = 30;
    parser.out = out;
    parser.text = text;
    parser.length = length;
    parser.why = why;
    parser.why_size = why_size;
    parser.value_length = 0;

    while (at < length && text[at] != '?')
        at++;
    if (take_card(&parser, at))
        return -1;
    while (at < length) {
        size_t from = ++at; /* behind '?' or '&' */

        while (at < length && text[at] != '&')
            at++;
        if (take_pair(&parser, from, at, &seen))
            return -1;
    }
    if (check_whole(&parser))
        return -1;
    if (!out->serial[0])
        sim_options_default_serial(out->serial, out->card);
    return 0;
}
