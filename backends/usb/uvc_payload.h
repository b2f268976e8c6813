/* SPDX-License-Identifier: MIT */
/*
 * Frames out of payloads. A frame has no length and no number on the bus: it ends by a bit that may be missing, or when another
 * bit flips that may be stuck. So a frame counts as good only if it is whole by its own content; every other one ends here under a
 * named fault. Nothing is ever written past the buffer, whatever comes.
 */
#ifndef UVC_PAYLOAD_H
#define UVC_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "uvc_desc.h"

/* bmHeaderInfo. */
enum uvc_header_bit {
    UVC_HEADER_FID = 1 << 0,
    UVC_HEADER_EOF = 1 << 1,
    UVC_HEADER_PTS = 1 << 2,
    UVC_HEADER_SCR = 1 << 3,
    UVC_HEADER_STI = 1 << 5,
    UVC_HEADER_ERR = 1 << 6,
    UVC_HEADER_EOH = 1 << 7
};

struct uvc_header {
    uint8_t bytes; /* of the header */
    uint8_t info;  /* enum uvc_header_bit */
    uint8_t has_pts, has_scr;
    uint8_t
        cut; /* 1: the header is too short for what its bits announce; those fields count as absent */
    uint32_t pts;
    uint32_t stc; /* of the SCR */
    uint16_t sof; /* of the SCR: 11 bits */
};

/* 1: *out is read; 0: shorter than 2 bytes, or longer than the payload. */
int uvc_header_parse(struct uvc_header *out, const uint8_t *bytes, size_t count);

/* Why a frame is not good. */
enum uvc_fault {
    UVC_FAULT_NONE = 0,
    UVC_FAULT_SHORT = 1,     /* bytes are missing, or it has none */
    UVC_FAULT_LONG = 2,      /* more bytes than a frame has, or than the buffer holds */
    UVC_FAULT_ERROR_BIT = 3, /* the camera says that it is damaged */
    UVC_FAULT_HEADER = 4,    /* a payload of it had a senseless header */
    UVC_FAULT_LOST = 5,      /* the bus lost a packet of it */
    UVC_FAULT_PICTURE = 6,   /* no beginning or no end of a JPEG picture */
    UVC_FAULT_MIXED = 7,     /* its time changed on the way: two frames run together */
    UVC_FAULT_NO_BUFFER = 8, /* nowhere to put it */
    UVC_FAULT_STALL = 9,     /* the endpoint halted within it */
    UVC_FAULT_OVERRUN =
        10, /* a packet of it was longer than the endpoint's, or than what was asked for */
    UVC_FAULTS = 11
};
const char *uvc_fault_name(uint32_t fault);
/* The vdc_drop that it is counted under; VDC_DROP_SLOTS for none. */
uint32_t uvc_fault_drop(uint32_t fault);

/* What an assembler is told once. */
struct uvc_assembler_config {
    uint32_t kind;              /* enum uvc_format_kind */
    uint32_t exact_bytes;       /* of an uncompressed frame; 0 for compressed ones */
    uint32_t max_payload_bytes; /* bulk: where a payload ends if no short transfer ends it */
    uint32_t no_fid;            /* quirk: the frame id says nothing, only the end bit does */
    uint32_t soi_begins;        /* quirk: a payload that begins a JPEG picture begins a frame */
};

/* A finished frame. */
struct uvc_result {
    size_t used_bytes;
    uint32_t fault; /* enum uvc_fault */
    uint32_t has_pts;
    uint32_t pts;
    uint32_t end_missing; /* it ended by the next one's beginning */
    uint64_t copied_bytes;
    int64_t first_ns; /* arrival of its first payload */
};

struct uvc_counts {
    uint64_t frames; /* ended, good or not */
    uint64_t good;   /* of these */
    uint64_t faults[UVC_FAULTS];
    uint64_t end_missing; /* without an end bit */
    uint64_t id_stuck;    /* data behind an end bit under the same frame id */
    uint64_t payloads;
    uint64_t empty; /* payloads without data, zero-length packets included */
    uint64_t still; /* payloads of still images, left out */
    uint64_t cut_headers;
    uint64_t copied_bytes;
    uint64_t overflow_bytes; /* that found no room */
};

/* Any members but `counts` and `last` are its own. */
struct uvc_assembler {
    struct uvc_assembler_config config;
    struct uvc_counts counts;
    struct uvc_header last; /* of the last payload that had one; for the clock */
    uint8_t *buffer;
    size_t capacity;
    size_t used;
    uint64_t copied;
    uint64_t arrived; /* bytes that came for the frame, with or without room */
    int64_t first_ns;
    uint32_t fault, pts, has_pts, steady;
    uint8_t open, fid, fid_known, ended, pts_moved, no_buffer;
    uint8_t bulk_open, bulk_skip; /* inside a payload; whose bytes are left out */
    uint32_t bulk_bytes;
    uint8_t bulk_info;
};

/* Begins anew; counts too. */
void uvc_assembler_init(struct uvc_assembler *assembler, const struct uvc_assembler_config *config);
/* Where the next frame goes; NULL: nowhere. 0: a frame is in progress, which keeps what it began with. */
int uvc_assembler_set_buffer(struct uvc_assembler *assembler, uint8_t *buffer, size_t capacity);

/* What a packet did. */
enum uvc_step {
    UVC_GOES_ON = 0, /* no frame has ended */
    /* A frame has ended with this packet: *result is it. */
    UVC_ENDED = 1,
    /* A frame has ended before this packet: *result is it. Set the next buffer, then hand in the same packet again. */
    UVC_ENDED_BEFORE = 2
};

/* One isochronous packet, which is one payload. `lost`: 0, or the enum uvc_fault under which the bus reports it; then `count` bytes
 * may be anything. */
enum uvc_step uvc_assembler_packet(struct uvc_assembler *assembler, struct uvc_result *result,
                                   const uint8_t *bytes, size_t count, uint32_t lost,
                                   int64_t now_ns);
/* One bulk transfer, a part of a payload; none may reach over max_payload_bytes. `ends`: it came short, so the payload ends with it. */
enum uvc_step uvc_assembler_transfer(struct uvc_assembler *assembler, struct uvc_result *result,
                                     const uint8_t *bytes, size_t count, int ends, uint32_t lost,
                                     int64_t now_ns);
/* Gives up a frame in progress, say at stop: 1 if there was one. It counts as nothing, since the camera had not finished it. */
int uvc_assembler_abandon(struct uvc_assembler *assembler);

#endif
