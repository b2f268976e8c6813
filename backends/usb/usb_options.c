/* SPDX-License-Identifier: MIT */
/* "SERIAL?transfer_bytes=1048576&devmem=off". An id option wins over the environment. */
#include "usb_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACKET         1024u
#define TRANSFER_LEAST PACKET
#define TRANSFER_MOST  (16u * 1024u * 1024u)
#define IN_FLIGHT_MOST (256u * 1024u * 1024u)
#define RETURN_MS      3000u
#define RETURN_MOST_MS 60000u

static int number(const char *text, uint32_t least, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;

    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > most)
            return -1;
    }
    if (value < least)
        return -1;
    *out = (uint32_t)value;
    return 0;
}

int usb_options_set(struct usb_options *out, const char *name, const char *value)
{
    uint32_t got = 0;

    if (strcmp(name, "transfer_bytes") == 0) {
        if (number(value, TRANSFER_LEAST, TRANSFER_MOST, &got) || got % PACKET)
            return -1;
        out->transfer_bytes = got;
    } else if (strcmp(name, "in_flight_bytes") == 0) {
        if (number(value, 2 * PACKET, IN_FLIGHT_MOST, &got))
            return -1;
        out->in_flight_bytes = got;
    } else if (strcmp(name, "return_ms") == 0) {
        return number(value, 1, RETURN_MOST_MS, &out->return_ms);
    } else if (strcmp(name, "devmem") == 0) {
        if (strcmp(value, "auto") == 0)
            out->devmem = USB_AUTO;
        else if (strcmp(value, "on") == 0)
            out->devmem = USB_ON;
        else if (strcmp(value, "off") == 0)
            out->devmem = USB_OFF;
        else
            return -1;
    } else if (strcmp(name, "firmware") == 0) {
        if (!*value || strlen(value) >= sizeof(out->firmware))
            return -1;
        (void)snprintf(out->firmware, sizeof(out->firmware), "%s",
                       strcmp(value, "embedded") == 0 ? "" : value);
    } else {
        return -1;
    }
    return 0;
}

static int refuse(char *why, size_t size, const char *what, const char *value)
{
    (void)snprintf(
        why, size,
        "%s \"%.40s\"; there are transfer_bytes and in_flight_bytes (multiples of 1024), "
        "devmem=auto|on|off, firmware=FILE|none|embedded, return_ms",
        what, value);
    return -1;
}

static int from_environment(struct usb_options *out, char *why, size_t size)
{
    static const char *const names[][2] = {
        {"VIDICON_USB_TRANSFER_BYTES",  "transfer_bytes" },
        {"VIDICON_USB_IN_FLIGHT_BYTES", "in_flight_bytes"},
        {"VIDICON_USB_DEVMEM",          "devmem"         },
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i][0]);

        if (value && usb_options_set(out, names[i][1], value))
            return refuse(why, size, names[i][0], value);
    }
    return 0;
}

int usb_options_parse(struct usb_options *out, const char *text, char *why, size_t why_size)
{
    const char *at = strchr(text, '?');
    size_t length = at ? (size_t)(at - text) : strlen(text);

    memset(out, 0, sizeof(*out));
    out->return_ms = RETURN_MS;
    if (length >= sizeof(out->path))
        return refuse(why, why_size, "too long a name", text);
    memcpy(out->path, text, length);
    if (from_environment(out, why, why_size))
        return -1;
    while (at) {
        char item[320];
        const char *begin = at + 1;
        const char *end = strchr(begin, '&');
        size_t bytes = end ? (size_t)(end - begin) : strlen(begin);
        char *value;

        if (bytes >= sizeof(item))
            return refuse(why, why_size, "too long an option", begin);
        memcpy(item, begin, bytes);
        item[bytes] = 0;
        value = strchr(item, '=');
        if (!value)
            return refuse(why, why_size, "an option without a value", item);
        *value++ = 0;
        if (usb_options_set(out, item, value))
            return refuse(why, why_size, "unknown option or wrong value", item);
        at = end;
    }
    return 0;
}
