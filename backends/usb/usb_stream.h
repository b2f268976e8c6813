/* SPDX-License-Identifier: MIT */
/*
 * Capture: transfers, frames, time and the account. What callbacks touch is under the card's `lock`;
 * what asks the device is under `control`, taken first.
 */
#ifndef USB_STREAM_H
#define USB_STREAM_H

#include "usb.h"
#include "usb_frame.h"
#include "usb_outbox.h"
#include "usb_tune.h"

#define USB_BUFFERS_MAX 64u
#define USB_PIECES_MAX  128u

struct usb_stream;

struct usb_buffer {
    struct vdi_buffer *buffer;
    struct usb_shape shape;
    uint8_t *memory; /* ours, of `memory_bytes` */
    size_t memory_bytes;
    libusb_device_handle *lender; /* it is libusb's device memory */
    int queued;
};

/* One transfer, and memory for what does not belong in a buffer. */
struct usb_piece {
    struct usb_stream *st;
    struct libusb_transfer *native;
    struct usb_buffer *own; /* NULL: what comes is thrown away */
    uint8_t *side;
    int last; /* of its frame */
    int flies;
};

struct usb_account {
    uint64_t produced;
    uint64_t good;
    uint64_t fifo;
    uint64_t no_buffer;
    uint64_t no_signal;
    uint64_t dma;
};

/* How often something went wrong on the wire. */
struct usb_trouble {
    uint64_t shorts;   /* frames that ended early */
    uint64_t longs;    /* frames without an end */
    uint64_t refused;  /* impossible records */
    uint64_t stalls;   /* the endpoint halted */
    uint64_t overruns; /* more came than was asked for */
    uint64_t errors;   /* transfers that failed or timed out */
    uint64_t silences; /* the device had frames, and none came */
};

struct usb_stream {
    struct usb_card *card;
    struct vdi_stream *stream;
    struct vdh_format format;
    uint32_t frame_bytes;
    uint64_t interval_ns;
    struct vdh_capture capture;
    struct usb_plan plan;
    int devmem; /* buffers of ours come from the device's memory */

    /* Transfers. */
    struct usb_piece pieces[USB_PIECES_MAX];
    uint32_t piece_count;
    uint32_t next_piece; /* they end in the order in which they were asked for */
    uint8_t *side_memory;
    struct usb_buffer *queue[USB_BUFFERS_MAX]; /* the oldest is being received */
    uint32_t queue_first;
    uint32_t queue_count;
    uint32_t filled;      /* so many of them are asked for as a whole */
    uint32_t fill_offset; /* and so many bytes of the next one */
    uint32_t flying;
    uint64_t flying_bytes;
    int running;
    int stopping;

    /* Recovery. */
    int recovering; /* no frame is believed until the wire is in step again */
    int halted;     /* the control thread has to clear the endpoint */
    uint32_t cause; /* enum vdc_drop: what put it out of step */
    int in_step;    /* what comes next is the start of a frame */
    uint64_t skipped_bytes;
    uint32_t tries; /* in a row, without a good frame */
    struct usb_trouble trouble;

    /* Delivery. */
    struct usb_outbox box;

    /* Account. */
    uint64_t next_sequence;
    struct usb_account seen;         /* by records */
    struct usb_account report;       /* by counters */
    uint64_t broken[VDC_DROP_SLOTS]; /* frames that nobody can use, since the last good one */
    uint64_t told[VDC_DROP_SLOTS];   /* such frames, as the ones behind them say */
    uint64_t untold;                 /* missing before a frame, and nobody saw them */
    uint64_t good;
    int final; /* the report is that of a stopped engine */
    uint32_t untold_flags;

    /* Time. */
    struct card_clock clock;
    int64_t sample_due_ns;
    int64_t settled_ns;    /* from then on samples are seldom */
    int64_t watch_ns;      /* when it is asked whether frames come */
    uint64_t watched_good; /* and how many there were the last time */
    uint64_t frame_ticks;  /* from one frame to the next */
    uint64_t last_ticks;
    uint64_t last_sequence;
    int has_last;
    int64_t last_host_ns;  /* of the last frame that had a time */
    uint64_t current_from; /* frames before this one have ticks from before the counter jumped */
    int jumped;
};

static inline struct usb_stream *usb_stream_of(struct vdi_stream *stream)
{
    return stream->priv;
}

/* ---- usb_stream.c ---- */

int usb_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout);
void usb_stream_close(struct vdi_stream *stream);
int usb_stream_start(struct vdi_stream *stream);
int usb_stream_stop(struct vdi_stream *stream);
/* The control thread's: when it is wanted (under `lock`), and its work (under `control`). */
int64_t usb_stream_due(const struct usb_card *card);
void usb_stream_serve(struct usb_card *card);

/* ---- usb_buffer.c ---- */

int usb_buffer_attach(struct vdi_buffer *buffer);
void usb_buffer_detach(struct vdi_buffer *buffer);
int usb_buffer_allocate(struct vdi_buffer *buffer, size_t bytes);
void usb_buffer_free(struct vdi_buffer *buffer);
int usb_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);

/* ---- usb_transfer.c: all with `lock` held ---- */

int usb_transfer_create(struct usb_stream *st);
void usb_transfer_destroy(struct usb_stream *st);
/* Asks for as much as there is room for. */
void usb_transfer_pump(struct usb_stream *st);
/* Says anew whether a program in wait may handle the events itself: behind whatever changes what is asked for. */
void usb_transfer_lead(struct usb_stream *st);
/* Both, where nothing but the queue is another one: on the path of each frame. */
static inline void usb_transfer_more(struct usb_stream *st)
{
    if (st->filled < st->queue_count)
        usb_transfer_pump(st);
    if (st->box.leads != (st->filled == st->queue_count))
        usb_transfer_lead(st);
}
/* Ends every transfer and waits for it. */
void usb_transfer_drain(struct usb_stream *st);
/* The wire is out of step, or stands still: begins to put that right. What is lost meanwhile, is by `cause`. */
void usb_transfer_recover(struct usb_stream *st, uint32_t cause, int halted);
/* The control thread has cleared the endpoint. */
void usb_transfer_cleared(struct usb_stream *st, int code);

/* ---- usb_delivery.c ---- */

int usb_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void usb_stream_wake(struct vdi_stream *stream);
int usb_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native);
/* With `lock` held. */
/* A whole frame. `copied` bytes of it were. */
void usb_delivery_frame(struct usb_stream *st, struct usb_buffer *own,
                        const struct vdh_completion *record, uint32_t copied);

/* ---- usb_account.c ---- */

void usb_account_reset(struct usb_stream *st);
/* A record, with `lock` held. */
void usb_account_record(struct usb_stream *st, const struct vdh_completion *record,
                        struct vdi_completion *out);
void usb_account_event(struct usb_stream *st, uint32_t produced);
/* Asks the device; with `control` held. A result of the core. */
int usb_account_read(struct usb_stream *st);
int usb_stream_counts(struct vdi_stream *stream, struct vdi_counts *out);

/* ---- usb_time.c ---- */

void usb_time_reset(struct usb_stream *st);
/* Reads the device's counter; with `control` held. */
void usb_time_sample(struct usb_stream *st);
/* With `lock` held. */
void usb_time_put(struct usb_stream *st, const struct vdh_completion *record,
                  struct vdi_completion *out);

#endif
