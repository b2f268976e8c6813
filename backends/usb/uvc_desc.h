/* SPDX-License-Identifier: MIT */
/*
 * What a camera says of itself: the class-specific descriptors of a USB video function, as plain numbers. A device may write
 * anything: what is in here has been checked, what was refused or skipped stands in the notes, by name and place.
 */
#ifndef UVC_DESC_H
#define UVC_DESC_H

#include <stddef.h>
#include <stdint.h>

#include "vidicon/formats.h"

#define UVC_STREAMS_MAX    8u
#define UVC_FORMATS_MAX    32u
#define UVC_FRAMES_MAX     256u
#define UVC_INTERVALS_MAX  2048u
#define UVC_ALTERNATES_MAX 64u
#define UVC_UNITS_MAX      64u
#define UVC_PINS_MAX       16u
#define UVC_CONTROLS_MAX   32u /* bytes of a unit's bitmap */
#define UVC_NOTES_MAX      32u

#define UVC_HNS_PER_S 10000000u /* frame intervals are in 100 ns */

enum uvc_speed { UVC_SPEED_FULL = 1, UVC_SPEED_HIGH = 2, UVC_SPEED_SUPER = 3 };

/* Why a descriptor was not taken, or only in part. */
enum uvc_note_kind {
    UVC_NOTE_REFUSED = 1, /* wrong: left out */
    UVC_NOTE_SKIPPED = 2, /* right, but nothing for this backend */
    UVC_NOTE_MENDED = 3,  /* wrong, and used all the same, as `why` says */
    UVC_NOTE_FULL = 4     /* no room left for it */
};

struct uvc_note {
    uint32_t offset; /* in the configuration */
    uint32_t kind;   /* enum uvc_note_kind */
    uint8_t interface_id, type, subtype, length;
    const char *what; /* static: which descriptor */
    const char *why;  /* static */
};

/* The bytes bDescriptorSubtype has for them. */
enum uvc_unit_kind {
    UVC_INPUT_TERMINAL = 2,
    UVC_OUTPUT_TERMINAL = 3,
    UVC_SELECTOR_UNIT = 4,
    UVC_PROCESSING_UNIT = 5,
    UVC_EXTENSION_UNIT = 6,
    UVC_ENCODING_UNIT = 7
};

#define UVC_TERMINAL_STREAMING 0x0101u
#define UVC_TERMINAL_CAMERA    0x0201u

struct uvc_unit {
    uint8_t id;
    uint8_t kind;           /* enum uvc_unit_kind */
    uint16_t terminal_type; /* of terminals */
    uint8_t source_count;
    uint8_t sources[UVC_PINS_MAX];
    uint8_t control_bytes; /* used of `controls` */
    uint8_t controls[UVC_CONTROLS_MAX];
    uint8_t guid[16];      /* of extension units, as it lies in the descriptor */
    uint8_t control_count; /* of extension units: what it says, for information */
};

/* Frame intervals are numbers in uvc_camera.intervals: a list, or shortest, longest and step. */
struct uvc_frame {
    uint8_t index;
    uint8_t continuous;
    uint16_t width, height;
    uint16_t interval_first, interval_count; /* 3 if continuous */
    uint32_t default_interval;
    uint32_t max_frame_bytes; /* as it says; 0 if it does not */
    uint32_t bytes_per_line;  /* of frame-based formats, as it says */
};

enum uvc_format_kind {
    UVC_KIND_UNCOMPRESSED = 1,
    UVC_KIND_MJPEG = 2,
    UVC_KIND_FRAME_BASED = 3 /* passed through: H.264 and others */
};

struct uvc_format {
    uint8_t index;
    uint8_t kind; /* enum uvc_format_kind */
    uint8_t bits_per_pixel;
    uint8_t default_frame; /* an index that exists */
    uint8_t declared_frames;
    uint8_t variable_size;
    uint32_t fourcc; /* the library's */
    uint16_t frame_first, frame_count;
    uint32_t field, primaries, transfer, matrix, range; /* enums of vidicon/formats.h */
    uint8_t aspect_x, aspect_y;                         /* of the picture; 0 if not said */
};

enum uvc_transfer { UVC_TRANSFER_ISO = 1, UVC_TRANSFER_BULK = 2 };

struct uvc_alternate {
    uint8_t number;
    uint8_t transfer;        /* enum uvc_transfer */
    uint8_t interval;        /* iso: every 2^(interval - 1) frames or microframes */
    uint8_t packets;         /* iso: transactions in one of those */
    uint16_t packet_bytes;   /* the endpoint's packet */
    uint32_t interval_bytes; /* iso: the most in one service interval; bulk: packet_bytes */
};

struct uvc_stream {
    uint8_t interface_id;
    uint8_t endpoint;
    uint8_t terminal; /* id of its output terminal */
    uint8_t has_header;
    uint8_t still_method;
    uint16_t format_first, format_count;
    uint16_t alternate_first, alternate_count;
};

struct uvc_camera {
    uint16_t version; /* 0x0100, 0x0110 or 0x0150: as it is to be spoken to */
    uint8_t control_interface;
    uint8_t status_endpoint; /* 0: none */
    uint16_t status_bytes;
    uint8_t status_interval;
    uint32_t clock_hz; /* dwClockFrequency */
    uint32_t stream_count, format_count, frame_count, interval_count, alternate_count, unit_count;
    struct uvc_stream streams[UVC_STREAMS_MAX];
    struct uvc_format formats[UVC_FORMATS_MAX];
    struct uvc_frame frames[UVC_FRAMES_MAX];
    uint32_t intervals[UVC_INTERVALS_MAX];
    struct uvc_alternate alternates[UVC_ALTERNATES_MAX];
    struct uvc_unit units[UVC_UNITS_MAX];
    struct uvc_note notes[UVC_NOTES_MAX];
    uint32_t note_count;  /* all; the first UVC_NOTES_MAX are kept */
    uint32_t lost_items;  /* what found no room */
    uint32_t descriptors; /* looked at in this function */
};

/* VideoControl interfaces of a configuration, in order, the first `max` of them; how many there are. */
uint32_t uvc_find_controls(uint8_t *interfaces, uint32_t max, const uint8_t *config, size_t bytes);

/* Reads the function of one VideoControl interface. 1: *out describes a camera with at least one format that can be captured;
 * 0: it does not, and the notes say why. *out is filled in either case. */
int uvc_parse(struct uvc_camera *out, const uint8_t *config, size_t bytes,
              uint8_t control_interface, enum uvc_speed speed);

/* A note as one line: "refused: MJPEG frame at byte 213 of interface 1: …". What snprintf returns. */
int uvc_note_text(char *text, size_t size, const struct uvc_note *note);

/* The library's code of a format's GUID; 0 if it is not known. */
uint32_t uvc_fourcc_of(const uint8_t guid[16]);
int uvc_is_rgb(uint32_t fourcc);

const struct uvc_unit *uvc_unit_find(const struct uvc_camera *camera, uint8_t id);
/* 1 if bit `bit` of its bitmap is set. */
int uvc_unit_has(const struct uvc_unit *unit, uint32_t bit);

/* The units behind a stream, from its output terminal to its sources, then the extension units that hang on them. */
struct uvc_chain {
    uint32_t count;
    const struct uvc_unit *units[UVC_UNITS_MAX];
    uint32_t cycles;   /* sources that were there already, where the graph is no tree */
    uint32_t dangling; /* sources that do not exist */
};
void uvc_chain_walk(struct uvc_chain *out, const struct uvc_camera *camera,
                    const struct uvc_stream *stream);

#endif
