/* SPDX-License-Identifier: MIT */
/*
 * What the files of the tool share. It uses the public interface only, as any program would.
 * Functions that return int give one of tool_exit, unless they say otherwise.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdint.h>
#include <stdio.h>

#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#include "vidicon_brand.h"

#define TOOL_NAME VIDICON_BRAND_TOOL_NAME

#if defined(__GNUC__)
#define TOOL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TOOL_PRINTF(text, first)
#endif

/* What the program ends with; documented in its help, never renumbered. */
enum tool_exit {
    TOOL_OK = 0,
    TOOL_FAILED = 1,    /* device, library, file: the message says what */
    TOOL_USAGE = 2,     /* wrong arguments */
    TOOL_NO_DEVICE = 3, /* there is no such device */
    TOOL_SHORT = 4      /* capture ended before its last frame; the output holds those before */
};

/* ---- Commands: argv[0] is the command's name ---- */

int tool_list(int argc, char **argv);
int tool_info(int argc, char **argv);
int tool_capture(int argc, char **argv);
int tool_unit(int argc, char **argv);

/* ---- Messages and arguments (tool_args.c) ---- */

/* "vidicon: ..." on standard error, with a newline. */
void tool_error(const char *format, ...) TOOL_PRINTF(1, 2);
/* The same with the library's own text on its last failure. The exit status that suits it. */
int tool_failed(int status);
/* A wrong argument: the message and where the help is. TOOL_USAGE. */
int tool_usage(const char *format, ...) TOOL_PRINTF(1, 2);

/* Each takes all of `text` or fails: 0, or -1 and *out is not written. */
int tool_parse_number(uint32_t *out, const char *text, uint32_t minimum, uint32_t maximum);
int tool_parse_fourcc(uint32_t *out, const char *text);
int tool_parse_size(uint32_t *width, uint32_t *height, const char *text);
int tool_parse_fraction(vdc_fraction *out, const char *text);
/* A frame rate, "60", "59.94" or "60000/1001", as an interval in seconds. */
int tool_parse_rate(vdc_fraction *interval_s, const char *text);

/* A context; with `verbosity` 1 or 2 its log goes to standard error. A vdc_status. */
int tool_context_create(vdc_context **out, uint32_t simulated_cards, int verbosity);

/* ---- Names of the interface's numbers (tool_names.c) ---- */

const char *tool_cap_name(unsigned bit); /* NULL past the last one */
const char *tool_state_name(uint32_t state);
const char *tool_signal_name(uint32_t state);
const char *tool_input_kind_name(uint32_t kind);
const char *tool_control_type_name(uint32_t type);
const char *tool_control_flag_name(unsigned bit); /* NULL past the last one */
const char *tool_slot_name(uint32_t state);
const char *tool_source_name(uint32_t source);
const char *tool_field_name(uint32_t field);
const char *tool_matrix_name(uint32_t matrix);
const char *tool_range_name(uint32_t range);
const char *tool_basis_name(uint32_t basis);
const char *tool_drop_help(uint32_t cause); /* "" if there is nothing to say */

/* "1.1.0"; "none" for 0. */
void tool_version_text(char text[16], uint32_t version);
/* Frames a second, "59.94"; "any" for no interval. */
void tool_rate_text(char text[16], vdc_fraction interval_s);
/* "YUYV 1920x1080, 60 frames a second". */
void tool_format_text(char text[80], const vdc_format *format);

/* ---- What a device has (tool_info.c), and what a capture brought (tool_capture.c) ---- */

struct tool_device {
    vdc_device *device;
    const vdc_device_info *info;
    int has_firmware;
    int has_signal;
    vdc_firmware_info firmware;
    vdc_signal signal;
    vdc_list *inputs; /* lists are NULL where the device has no such thing */
    vdc_list *timings;
    vdc_list *formats;
    vdc_list *controls;
};

struct tool_report {
    const vdc_device_info *device;
    const char *path;
    const char *reason; /* what the negotiation changed, "" if nothing */
    int status;         /* how the capture ended: a vdc_status */
    int interrupted;    /* by the person at the keyboard */
    uint64_t frames_wanted;
    uint64_t frames_written;
    uint64_t bytes_written;
    int64_t elapsed_ms; /* from start to stop */
    vdc_format format;
    vdc_stats stats;
};

/* All that was lost, and whether produced = delivered + lost + in flight. */
uint64_t tool_stats_dropped(const vdc_stats *stats);
int tool_stats_reconcile(const vdc_stats *stats);

void tool_table_print(FILE *file, const struct tool_report *report);
/* A line that is drawn again and again; `last` ends it. */
void tool_progress_draw(FILE *file, uint64_t done, uint64_t wanted, int64_t elapsed_ms,
                        const vdc_stats *stats, int last);

/* ---- JSON (tool_json.c, or tool_json_none.c, which says that it was built without) ---- */

int tool_json_available(void);
int tool_json_list(FILE *file, const vdc_list *devices);
int tool_json_info(FILE *file, const struct tool_device *device);
int tool_json_report(FILE *file, const struct tool_report *report);

/* ---- The system (tool_platform_*.c) ---- */

int tool_is_terminal(FILE *file);
/* Standard output carries bytes from now on, not text. */
void tool_set_binary(FILE *file);
int64_t tool_now_ms(void);

#endif
