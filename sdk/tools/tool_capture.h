/* SPDX-License-Identifier: MIT */
/* What the command line of a capture says. */
#ifndef TOOL_CAPTURE_H
#define TOOL_CAPTURE_H

#include "tool_output.h"

struct tool_capture_options {
    const char *id; /* NULL: the first real device */
    const char *path;
    const char *input; /* number or name; NULL: as it is */
    const struct tool_writer *writer;
    vdc_format wanted; /* 0 is any */
    uint32_t frames;   /* 0: until interrupted */
    uint32_t buffers;
    uint32_t timeout_ms;
    int exact;
    int json;
    int quiet;
    int verbosity;
};

/* Reads the command line. TOOL_OK, or the message was given. */
int tool_capture_parse(struct tool_capture_options *out, int argc, char **argv);

#endif
