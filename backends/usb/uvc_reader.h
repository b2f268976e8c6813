/* SPDX-License-Identifier: MIT */
/* The parser's own state, between its two files: uvc_desc.c walks and reads the control half, uvc_formats.c the streams. */
#ifndef UVC_READER_H
#define UVC_READER_H

#include "uvc_desc.h"

enum uvc_part { UVC_PART_NONE = 0, UVC_PART_CONTROL = 1, UVC_PART_STREAM = 2 };

struct uvc_reader {
    struct uvc_camera *camera;
    const uint8_t *config, *end;
    enum uvc_speed speed;
    enum uvc_part part; /* where the walk is */
    uint8_t interface_id, alternate;
    uint32_t collection_count;
    uint8_t collection[256];
    struct uvc_stream *stream;      /* that of the interface */
    struct uvc_format *format;      /* that frames belong to; NULL while they are skipped */
    struct uvc_alternate *endpoint; /* that a companion belongs to */
    uint32_t skipping;              /* subtype of the frames of a format that was left out */
};

void uvc_reader_note(struct uvc_reader *reader, uint32_t kind, const uint8_t *at, const char *what,
                     const char *why);
/* An interface of the function's streams begins; `at` is its descriptor, 9 bytes at least. */
void uvc_reader_stream(struct uvc_reader *reader, const uint8_t *at);
/* A class descriptor of it, 3 bytes at least. */
void uvc_reader_format(struct uvc_reader *reader, const uint8_t *at, uint32_t length);
void uvc_reader_endpoint(struct uvc_reader *reader, const uint8_t *at, uint32_t length);
void uvc_reader_companion(struct uvc_reader *reader, const uint8_t *at, uint32_t length);
/* What a colour matching descriptor says, or 0 for each. */
void uvc_reader_colour(struct uvc_format *format, uint32_t primaries, uint32_t transfer,
                       uint32_t matrix);
/* 1 if something can be captured. */
int uvc_reader_finish(struct uvc_reader *reader);

#endif
