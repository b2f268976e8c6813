/* SPDX-License-Identifier: MIT */
/*
 * A stream: reads in flight in the system, complete frames for the library. Who waits also reaps; only when somebody polls a
 * handle there is a thread for it, since Windows cannot join two handles into one.
 */
#ifndef KS_STREAM_H
#define KS_STREAM_H

#include "ks.h"

#define KS_SAMPLES 32u

/* A reading of the card's counter, and the host's time in the middle of it. */
struct ks_sample {
    uint64_t ticks;
    int64_t host_ns;
    int64_t half_ns;
};

/* What a filter said of the frames of a run. */
struct ks_tally {
    uint64_t produced;
    uint64_t dropped[VDC_DROP_SLOTS];
};

/* `priv` of a buffer: its read and the header that the driver fills. */
struct ks_buffer {
    struct ks_read read;
    struct {
        struct ks_stream_header stream;
        struct ks_frame_info frame;
        struct vdw_frame_info own;
    } header;
    uint32_t in_flight;
    uint32_t ended; /* reaped, but another that was sent before it was not */
    uint32_t pending;
};

/* `priv` of the stream. */
struct ks_stream {
    struct ks_device *device;
    struct vdi_stream *stream;
    struct ks_handle *pin;
    uint32_t own;
    uint32_t damaged_too;
    uint32_t exact; /* a frame has frame_bytes, no more and no less */
    uint32_t frame_bytes;
    uint32_t alignment_bytes;
    uint32_t header_bytes;

    vdi_mutex *lock; /* for all that follows */
    vdi_cond *changed;
    vdi_thread *thread;
    vdi_thread *sender; /* ks_send.c; NULL: reads are sent by whoever queues */
    vdi_cond *to_send;
    struct vdi_buffer *unsent[KS_READS_MAX];
    uint32_t unsent_first, unsent_count, sender_ends;
    uint32_t state; /* enum ks_state, of the pin */
    uint32_t running, stopping, polled, reaping, woken, gone;
    uint32_t failure; /* enum ks_result that ended the run */
    uint32_t errors;  /* reads in a row that failed */
    uint32_t in_flight;
    struct vdi_buffer *sent[KS_READS_MAX]; /* of Vidicon's driver, the oldest first */
    uint32_t sent_first, sent_count;
    struct vdi_buffer *pending[KS_READS_MAX]; /* queued before start */
    uint32_t pending_count;
    struct vdi_completion done[KS_READS_MAX];
    uint32_t done_first, done_count;

    /* ks_account.c */
    struct ks_tally seen;   /* by what came with frames */
    struct ks_tally report; /* by the driver's counters */
    uint64_t damaged[VDC_DROP_SLOTS];
    uint32_t untold[VDC_DROP_SLOTS];
    uint32_t untold_flags;
    uint64_t next_sequence;
    uint64_t base; /* own: of the capture in progress */
    uint32_t capture;
    uint32_t frames;   /* that came, good or bad */
    uint32_t numbered; /* plain: picture numbers make sense */
    int64_t first_picture, first_dropped, last_picture;
    struct vdi_timebase time;
    struct ks_sample samples[KS_SAMPLES]; /* the last ones that agree, a ring */
    uint32_t sample_count;                /* ever taken */
    uint64_t counter_hz;
    int64_t sample_ns; /* when the next one is due */
    int64_t look_ns;   /* and the next look at controls and signal */
    uint32_t jumped;
    uint64_t current_from; /* frames before this one have ticks from before the counter jumped */
};

static inline struct ks_stream *ks_stream_of(const struct vdi_stream *stream)
{
    return stream->priv;
}

/* ks_stream.c */
int ks_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                   struct vdi_stream_layout *layout);
void ks_stream_close(struct vdi_stream *stream);
int ks_attach(struct vdi_buffer *buffer);
void ks_detach(struct vdi_buffer *buffer);
int ks_start(struct vdi_stream *stream);
int ks_stop(struct vdi_stream *stream);

/* ks_read.c */
int ks_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);
int ks_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void ks_wake(struct vdi_stream *stream);
int ks_poll_begin(struct vdi_stream *stream, vdc_handle *native);
/* With the lock held. */
uint32_t ks_read_submit(struct ks_stream *st, struct vdi_buffer *buffer);
void ks_read_take(struct ks_stream *st, struct ks_read *read);
void ks_read_ready(struct ks_stream *st);
void ks_read_fail(struct ks_stream *st, uint32_t result);
/* Without the lock. */
int ks_reaper_start(struct ks_stream *st);
void ks_reaper_stop(struct ks_stream *st);

/* ks_send.c. With the lock held: KS_OK if the read is, or will be, in flight. */
uint32_t ks_send(struct ks_stream *st, struct vdi_buffer *buffer);
/* Those that were not sent yet will not be. */
void ks_send_forget(struct ks_stream *st);
/* Without the lock. */
int ks_sender_start(struct ks_stream *st);
void ks_sender_stop(struct ks_stream *st);

/* ks_event.c: at start, and whenever look_ns has come. Only of Vidicon's card. */
void ks_events_begin(struct ks_stream *st);
void ks_events_look(struct ks_stream *st);

/* ks_time.c. Only of Vidicon's card. */
struct ks_reading {
    uint32_t valid;
    uint64_t ticks;
    int64_t before_ns, after_ns; /* between these */
    uint64_t counter_hz;         /* 0: not known */
};
/* Asks the driver; without the lock, since that takes its time. */
struct ks_reading ks_time_read(const struct ks_stream *st);
/* With the lock held, all of these. */
void ks_time_sample(struct ks_stream *st, const struct ks_reading *reading);
void ks_time_reset(struct ks_stream *st);
void ks_time_put(struct ks_stream *st, const struct vdw_frame_info *info,
                 struct vdi_completion *out);

/* ks_account.c; with the lock held. */
void ks_account_reset(struct ks_stream *st);
/* What the headers of a completed read say, into *out. */
void ks_account_frame(struct ks_stream *st, const struct ks_buffer *buffer,
                      struct vdi_completion *out);
/* Moves the losses not yet told into *out, or adds a damaged frame that nobody wants to them. */
void ks_account_tell(struct ks_stream *st, struct vdi_completion *out);
void ks_account_keep(struct ks_stream *st, const struct vdi_completion *bad);
int ks_account_read(struct ks_stream *st); /* whether `report` is of now */
int ks_counts(struct vdi_stream *stream, struct vdi_counts *out);

#endif
