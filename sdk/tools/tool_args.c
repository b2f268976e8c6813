/* SPDX-License-Identifier: MIT */
/*
 * Messages, and arguments from text. Numbers are taken whole or not at all: "60x" is no 60.
 */
#include "tool.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void tool_error(const char *format, ...)
{
    va_list arguments;

    fputs(TOOL_NAME ": ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

int tool_failed(int status)
{
    tool_error("%s (%s)", vdc_error_text(), vdc_status_name(status));
    return status == VDC_E_NOT_FOUND ? TOOL_NO_DEVICE : TOOL_FAILED;
}

int tool_usage(const char *format, ...)
{
    va_list arguments;

    fputs(TOOL_NAME ": ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputs("\nTry '" TOOL_NAME " --help'.\n", stderr);
    return TOOL_USAGE;
}

/* A decimal number at *text, which moves on behind it. No sign, no space. */
static int take_number(uint32_t *out, const char **text)
{
    char *end = NULL;
    unsigned long long value;

    if (**text < '0' || **text > '9') {
        return -1;
    }
    errno = 0;
    value = strtoull(*text, &end, 10);
    if (errno != 0 || value > UINT32_MAX) {
        return -1;
    }
    *out = (uint32_t)value;
    *text = end;
    return 0;
}

int tool_parse_number(uint32_t *out, const char *text, uint32_t minimum, uint32_t maximum)
{
    uint32_t value;

    if (take_number(&value, &text) != 0 || *text != '\0' || value < minimum || value > maximum) {
        return -1;
    }
    *out = value;
    return 0;
}

int tool_parse_fourcc(uint32_t *out, const char *text)
{
    static const struct {
        const char *name;
        uint32_t fourcc;
    } aliases[] = {
  /* The names that other programs have for these. */
        {"RGB24", VDC_FOURCC_RGB24},
        {"MJPEG", VDC_FOURCC_MJPEG},
        {"H264",  VDC_FOURCC_H264 },
        {"YUY2",  VDC_FOURCC_YUYV },
        {"GRAY",  VDC_FOURCC_GREY },
    };

    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
        if (strcmp(text, aliases[i].name) == 0) {
            *out = aliases[i].fourcc;
            return 0;
        }
    }
    if (strlen(text) != 4) {
        return -1;
    }
    *out = VDC_FOURCC((uint8_t)text[0], (uint8_t)text[1], (uint8_t)text[2], (uint8_t)text[3]);
    return 0;
}

int tool_parse_size(uint32_t *width, uint32_t *height, const char *text)
{
    uint32_t w, h;

    if (take_number(&w, &text) != 0 || *text++ != 'x' || take_number(&h, &text) != 0 ||
        *text != '\0' || w == 0 || h == 0) {
        return -1;
    }
    *width = w;
    *height = h;
    return 0;
}

int tool_parse_fraction(vdc_fraction *out, const char *text)
{
    vdc_fraction value = {0, 1};

    if (take_number(&value.num, &text) != 0) {
        return -1;
    }
    if (*text == '/' && (text++, take_number(&value.den, &text) != 0)) {
        return -1;
    }
    if (*text != '\0' || value.num == 0 || value.den == 0) {
        return -1;
    }
    *out = value;
    return 0;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

int tool_parse_rate(vdc_fraction *interval_s, const char *text)
{
    vdc_fraction rate;
    uint32_t whole, part, scale = 1;
    uint64_t thousandths;

    if (tool_parse_fraction(&rate, text) == 0) {
        interval_s->num = rate.den;
        interval_s->den = rate.num;
        return 0;
    }
    if (take_number(&whole, &text) != 0 || *text++ != '.' || whole > 1000000) {
        return -1;
    }
    const char *digits = text;
    if (take_number(&part, &text) != 0 || *text != '\0' || text - digits > 3) {
        return -1;
    }
    for (const char *digit = digits; digit < text; digit++) {
        scale *= 10;
    }
    thousandths = (uint64_t)whole * 1000 + (uint64_t)part * 1000 / scale;
    if (thousandths == 0) {
        return -1;
    }

    /* 59.94 means 60000/1001, as 23.976 means 24000/1001: the rates of television. */
    uint64_t nominal = thousandths / 1000 + 1;
    uint64_t exact = nominal * 1000000 / 1001;
    if (thousandths + 10 >= exact && thousandths <= exact + 10) {
        interval_s->num = 1001;
        interval_s->den = (uint32_t)(nominal * 1000);
    } else {
        uint32_t divisor = common_divisor(1000, (uint32_t)thousandths);
        interval_s->num = 1000 / divisor;
        interval_s->den = (uint32_t)thousandths / divisor;
    }
    return 0;
}

static void VDC_CALL print_log(int level, const char *line, void *user)
{
    static const char *const names[] = {"", "error", "warning", "info", "debug"};

    (void)user;
    fprintf(stderr, "[%s] %s\n", level >= 0 && level <= VDC_LOG_DEBUG ? names[level] : "?", line);
}

int tool_context_create(vdc_context **out, uint32_t simulated_cards, int verbosity)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;

    config.simulated_cards = simulated_cards;
    if (verbosity > 0) {
        config.log = print_log;
        config.log_level = verbosity > 1 ? VDC_LOG_DEBUG : VDC_LOG_INFO;
    }
    return vdc_context_create(out, &config);
}
