/* SPDX-License-Identifier: MIT */
/*
 * Words for the numbers of the interface, the same ones in text and in JSON.
 */
#include "tool.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A newer library may know values that these tables do not. */
static const char *name_of(const char *const *names, size_t count, uint32_t value)
{
    return value < count && names[value] ? names[value] : "unknown";
}

const char *tool_cap_name(unsigned bit)
{
    static const char *const names[] = {"firmware",      "registers",     "inputs",
                                        "timings",       "crop",          "progress",
                                        "caller-memory", "dmabuf-import", "dmabuf-export",
                                        "device-time",   "simulated",     "extensions"};

    return bit < COUNT(names) ? names[bit] : NULL;
}

const char *tool_state_name(uint32_t state)
{
    static const char *const names[] = {"present", "ready", "limited", "gone"};

    return name_of(names, COUNT(names), state);
}

const char *tool_signal_name(uint32_t state)
{
    static const char *const names[] = {"unknown", "none", "unstable", "locked", "mismatch"};

    return name_of(names, COUNT(names), state);
}

const char *tool_input_kind_name(uint32_t kind)
{
    static const char *const names[] = {"digital", "analog", "camera"};

    return name_of(names, COUNT(names), kind);
}

const char *tool_control_type_name(uint32_t type)
{
    static const char *const names[] = {NULL, "integer", "boolean", "menu", "button"};

    return name_of(names, COUNT(names), type);
}

const char *tool_control_flag_name(unsigned bit)
{
    static const char *const names[] = {"read-only", "volatile", "inactive"};

    return bit < COUNT(names) ? names[bit] : NULL;
}

const char *tool_slot_name(uint32_t state)
{
    static const char *const names[] = {"absent", "empty", "good", "bad"};

    return name_of(names, COUNT(names), state);
}

const char *tool_source_name(uint32_t source)
{
    static const char *const names[] = {"none", "ram", "slot-a", "slot-b"};

    return name_of(names, COUNT(names), source);
}

const char *tool_field_name(uint32_t field)
{
    static const char *const names[] = {"unknown", "progressive", "top-first", "bottom-first"};

    return name_of(names, COUNT(names), field);
}

const char *tool_matrix_name(uint32_t matrix)
{
    switch (matrix) {
    case VDC_MATRIX_BT709:
        return "bt709";
    case VDC_MATRIX_BT601:
        return "bt601";
    case VDC_MATRIX_BT2020:
        return "bt2020";
    case VDC_MATRIX_RGB:
        return "rgb";
    default:
        return "unknown";
    }
}

const char *tool_range_name(uint32_t range)
{
    static const char *const names[] = {"unknown", "limited", "full"};

    return name_of(names, COUNT(names), range);
}

const char *tool_basis_name(uint32_t basis)
{
    static const char *const names[] = {"unknown", "sequence", "device"};

    return name_of(names, COUNT(names), basis);
}

const char *tool_drop_help(uint32_t cause)
{
    static const char *const help[] = {
        "the device's FIFO overflowed: the bus was too slow",
        "no free buffer: the output was too slow, or more --buffers would help",
        "the input had no stable signal",
        "the host refused the device's memory access",
        "lost or damaged on the way",
        "came marked as damaged",
        "complete, but the capture ended before they were taken",
        "lost with the device",
        "missing without a cause",
    };

    return cause < COUNT(help) ? help[cause] : "";
}

void tool_version_text(char text[16], uint32_t version)
{
    if (version == 0) {
        memcpy(text, "none", 5);
        return;
    }
    snprintf(text, 16, "%u.%u.%u", (unsigned)(version >> 24), (unsigned)(version >> 16 & 0xff),
             (unsigned)(version & 0xffff));
}

void tool_rate_text(char text[16], vdc_fraction interval_s)
{
    if (interval_s.num == 0) {
        memcpy(text, "any", 4);
        return;
    }
    snprintf(text, 16, "%.2f", (double)interval_s.den / (double)interval_s.num);

    /* 60.00 is 60, but 29.97 stays. */
    size_t length = strlen(text);
    if (length > 3 && strcmp(text + length - 3, ".00") == 0) {
        text[length - 3] = '\0';
    }
}

void tool_format_text(char text[80], const vdc_format *format)
{
    char fourcc[5], rate[16];

    vdc_fourcc_text(fourcc, format->fourcc);
    tool_rate_text(rate, format->interval_s);
    snprintf(text, 80, "%s %ux%u, %s frames a second", fourcc, (unsigned)format->width_px,
             (unsigned)format->height_px, rate);
}
