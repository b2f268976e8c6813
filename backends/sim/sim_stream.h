/* SPDX-License-Identifier: MIT */
/*
 * Capture on a simulated card: buffers, rings, completions, time and the account. All of it is
 * called with the card's lock held; what the library calls takes it first.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include "sim_card.h"
#include "vdh_format.h"

/* How a buffer looks to the card. */
struct sim_buffer {
    void *memory;      /* of the segments */
    uint8_t *segments; /* the same, aligned */
    size_t segments_bytes;
    uint32_t first_count; /* segments in the first block */
    int at_card;
    int pending; /* queued before start */
};

/* What the card told of a capture, by way of completions or counters. */
struct sim_account {
    uint64_t produced;
    uint64_t fifo;
    uint64_t no_buffer;
    uint64_t no_signal;
    uint64_t dma; /* by completions: those without one of their own; by counters: all */
};

struct sim_stream {
    struct sim_card *card;
    struct vdi_stream *stream;
    struct vdh_format format;
    uint32_t frame_bytes;
    uint32_t watermark;
    uint32_t damaged_too;
    uint64_t interval_ns;

    void *ring_memory;
    struct vdh_dma_memory descriptors;
    struct vdh_dma_memory completions;
    struct vdh_capture capture;

    struct vdi_buffer *buffers[SIM_BUFFERS_MAX]; /* attached, by index */
    struct vdi_buffer *pending[SIM_BUFFERS_MAX]; /* queued before start, the oldest first */
    uint32_t pending_count;
    uint32_t at_card; /* how many buffers the card has */

    struct vdi_completion done[SIM_BUFFERS_MAX]; /* complete, not taken: a ring */
    uint32_t done_first;
    uint32_t done_count;

    int running;
    int stopping;
    int failure; /* status that ends the stream, 0: none */
    char failure_text[160];
    atomic_int wake;
    int polled;
    int told_ready; /* -1: nothing yet */

    uint64_t watch_ns;     /* when to look for completions without an interrupt */
    uint64_t bad_since_ns; /* an impossible completion stands in the ring since, 0: none does */

    /* Time. */
    struct card_clock clock;
    uint64_t sample_ns; /* when the next one is due */
    int jumped;         /* tell it with the next frame */
    int in_progress;    /* since the clock began anew no frame was found that had begun before */

    /* Account. */
    uint64_t next_sequence;
    struct sim_account seen;   /* by completions */
    struct sim_account report; /* by counters, as last read */
    uint64_t damaged;          /* damaged frames handed out */
    uint32_t untold_flags;
    uint32_t untold[VDC_DROP_SLOTS]; /* lost since the last frame that was handed out */
    int contradicts;                 /* the counters do not add up */

    /* Progress. */
    uint32_t progress_tag;
    uint32_t progress_lines;
};

static inline struct sim_stream *sim_stream_of(struct vdi_stream *stream)
{
    return stream->priv;
}

/* ---- sim_stream.c ---- */

int sim_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout);
void sim_stream_close(struct vdi_stream *stream);
int sim_stream_start(struct vdi_stream *stream);
int sim_stream_stop(struct vdi_stream *stream);
int sim_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);

/* ---- sim_buffer.c ---- */

int sim_buffer_attach(struct vdi_buffer *buffer);
void sim_buffer_detach(struct vdi_buffer *buffer);
/* Hands a buffer to the card, and takes it back. */
int sim_buffer_give(struct sim_stream *st, struct vdi_buffer *buffer);
void sim_buffer_take(struct sim_stream *st, struct vdi_buffer *buffer);

/* ---- sim_delivery.c ---- */

int sim_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void sim_stream_wake(struct vdi_stream *stream);
int sim_stream_progress(struct vdi_stream *stream, vdc_progress *out, int64_t deadline_ns);
int sim_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native);
/* Tells the library if readiness changed. */
void sim_delivery_ready(struct sim_stream *st);
/* Tells whoever waits, and the handle, without the lock, which it gives up meanwhile. */
void sim_delivery_tell(struct sim_card *card);
/* rate=max and polled: makes the next frame now, so that readiness is exact. */
void sim_delivery_fill(struct sim_stream *st);
/* The same for a stream that starves, from the card's thread. */
void sim_delivery_pump(struct sim_card *card);

/* ---- sim_complete.c: the driver's part ---- */

/* Takes what the completion ring holds; how many. */
uint32_t sim_complete_collect(struct sim_stream *st);
void sim_complete_fail(struct sim_stream *st, const char *why);
void sim_stream_interrupt(struct sim_card *card, uint32_t events);
void sim_stream_gone(struct sim_card *card);
/* When the driver wants to look at the card by itself, in the card's true time. */
uint64_t sim_stream_due(const struct sim_card *card);
void sim_stream_tick(struct sim_card *card);
int sim_stream_runs(const struct sim_card *card);
/* rate=max, polled: no frame is ready although the card could make one. */
int sim_stream_starves(const struct sim_card *card);

/* ---- sim_time.c ---- */

void sim_time_reset(struct sim_stream *st);
/* Reads the card's counter; behind each batch of completions, and now and then. */
void sim_time_sample(struct sim_stream *st);
/* Host time and bound of a frame, or none. */
void sim_time_put(struct sim_stream *st, const struct vdh_completion *completion,
                  struct vdi_completion *out);

/* ---- sim_account.c ---- */

void sim_account_reset(struct sim_stream *st);
void sim_account_completion(struct sim_stream *st, const struct vdh_completion *completion,
                            struct vdi_completion *out);
/* A completion whose frame is not handed out. */
void sim_account_lost(struct sim_stream *st, const struct vdh_completion *completion);
/* Reads the card's counters, if it still answers. */
void sim_account_read(struct sim_stream *st);
int sim_stream_counts(struct vdi_stream *stream, struct vdi_counts *out);

#endif
