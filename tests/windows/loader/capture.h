/* SPDX-License-Identifier: MIT */
/*
 * An application that captures: a format from the driver's own ranges, buffers, reads in flight, and
 * each picture compared with the one the card was to show.
 */
#ifndef LOADER_CAPTURE_H
#define LOADER_CAPTURE_H

#include "scene.h"

#define CAPTURE_READS 32
#define FORMAT_BYTES  184 /* the longest: header, picture, our own part */
#define FORMAT_PLAIN  152 /* KS_DATAFORMAT_VIDEOINFOHEADER */
#define MAX_RANGES    128

#define CODE(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

struct capture_format {
    uint8_t bytes[FORMAT_BYTES];
    uint32_t size;
    uint32_t code; /* of the bitmap header */
    uint32_t width;
    uint32_t height;
    uint32_t picture_bytes;
    int own; /* with the driver's own specifier */
};

/* The ranges that the driver shows: how many. */
unsigned capture_ranges(struct capture_format out[MAX_RANGES]);
/* Asks for the best format in range `index`, as an application does: size first, then the format. */
void capture_intersect(struct capture_format *out, unsigned index);
/* A window of the first mode that has the code. */
void capture_window(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height);
/* The same, with the driver's own specifier if `own`. */
void capture_window_of(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height,
                       int own);
/* The first plain range with that code and size. */
void capture_choose(struct capture_format *out, uint32_t code, uint32_t width, uint32_t height,
                    int own);

struct capture {
    struct class_stream *stream;
    struct capture_format format;
    struct dma_buffer *pictures[CAPTURE_READS];
    enum dma_shape shape;
    unsigned reads;     /* kept in flight */
    int again;          /* a read that ends is sent once more */
    int compare;        /* 0: no, 1: the next with every line, 2: lines that repeat by the first */
    int faulty;         /* frames may be lost */
    int lossy;          /* and the driver may not hear of some that reached memory */
    uint64_t delivered; /* whole pictures */
    uint64_t empty;     /* reads that ended well without one */
    uint64_t cancelled;
    uint64_t failed;
    uint64_t gaps; /* discontinuities told */
    int64_t last_picture;
    int64_t dropped; /* as the last frame told */
    /* The account, from capture_start on. */
    uint32_t next_good;          /* place in the ledger */
    uint64_t lost[VDM_CAUSES];   /* by the ledger, up to there */
    uint64_t told[VDM_CAUSES];   /* by struct vdw_frame_info */
    uint32_t told_capture;       /* the driver's number of the capture that frames came from */
    uint64_t before[VDM_CAUSES]; /* in the ledger at the start; produced and captures likewise */
    uint64_t before_produced;
    uint64_t before_captures;
};

extern struct capture capture;

/* Opens the pin and makes buffers for `reads` reads, `offset` bytes into a page. */
void capture_open(const struct capture_format *format, unsigned reads, enum dma_shape shape,
                  size_t offset);
/* STOP to RUN, with the reads queued in PAUSE. */
void capture_start(void);
/* Until so many pictures more have arrived; fails if they do not. */
void capture_frames(uint64_t count);
/* RUN to STOP; every read is back. Compares the counts with the ledger. */
void capture_stop(void);
void capture_close(void);
/* 0 if the bytes are picture `number`; *plane and *line say where they differ. */
int capture_differs(const uint8_t *picture, uint32_t number, uint32_t *plane, uint32_t *line);
/* Sends the read of a buffer that is with the application. */
void capture_send(unsigned which);

/* ---- account.c ---- */

void capture_account_begin(void);
/* The ledger's next frame that reached memory. What lies before it was lost, and is counted. */
const struct vdm_ledger_frame *capture_next_good(void);
/* What a completed read tells of losses, against what the ledger has up to its frame. */
void capture_told(const struct ks_frame_info *info, int good);
/* After capture_stop: what was delivered, and the driver's counts by cause, against the ledger. Where
 * records may be lost (capture.lossy) within bounds. */
void capture_account(void);

#endif
