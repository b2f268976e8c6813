/* SPDX-License-Identifier: MIT */
/*
 * Where captured frames go: a file of one of the writers' kinds. Functions that fail have said why
 * on standard error and return -1; otherwise 0.
 */
#ifndef TOOL_OUTPUT_H
#define TOOL_OUTPUT_H

#include "tool.h"

struct tool_writer;

struct tool_output {
    const struct tool_writer *writer;
    const char *path;       /* "-" is standard output */
    FILE *file;             /* open while capturing, for all writers but that of pictures */
    vdc_stream_info info;   /* of what is written */
    uint64_t frames_wanted; /* 0: until interrupted */
    uint64_t frames_written;
    uint64_t bytes_written;
    uint8_t *pixels;  /* a converted frame */
    uint8_t *scratch; /* what the conversion needs on its way */
};

struct tool_writer {
    const char *name;   /* what --type takes, and the ending of file names */
    const char *absent; /* why it is not built in, else NULL; then the rest is NULL */
    /* Whether it can write frames of a pixel format. */
    int (*takes)(uint32_t fourcc);
    /* The formats it can write, for people. */
    const char *takes_text;
    int (*begin)(struct tool_output *output);
    int (*write)(struct tool_output *output, const vdc_frame *frame);
};

extern const struct tool_writer tool_writer_y4m;
extern const struct tool_writer tool_writer_png;
extern const struct tool_writer tool_writer_raw;

/* The writer named `type`, or, if that is NULL, the one that the ending of `path` names ("-": y4m).
 * NULL, and nothing said, if there is none. */
const struct tool_writer *tool_writer_find(const char *type, const char *path);

int tool_output_open(struct tool_output *output, const struct tool_writer *writer, const char *path,
                     const vdc_stream_info *info, uint64_t frames_wanted);
int tool_output_write(struct tool_output *output, const vdc_frame *frame);
/* Also after a failure. Fails if what was written did not reach the file. */
int tool_output_close(struct tool_output *output);

/* For writers: bytes to `file`, counted. */
int tool_output_put(struct tool_output *output, const void *bytes, size_t count);
/* "FILE: what: reason of errno". -1. */
int tool_output_error(const struct tool_output *output, const char *what);

/* ---- Conversion by libyuv (tool_convert.c) ---- */

/* Whether it can be converted to planes, and to RGB. */
int tool_is_yuv(uint32_t fourcc);
int tool_is_picture(uint32_t fourcc);
/* Bytes of the planes without padding, 4:2:2, 4:2:0 or luma alone as the format has them. */
size_t tool_planar_bytes(const vdc_format *format);
int tool_to_planar(uint8_t *planar, const vdc_stream_info *info, const vdc_frame *frame);
/* R G B, 3 bytes a pixel. `planar` is room for tool_planar_bytes(). */
int tool_to_rgb(uint8_t *rgb, uint8_t *planar, const vdc_stream_info *info, const vdc_frame *frame);

#endif
