/* SPDX-License-Identifier: MIT */
/*
 * A stream: its buffers, its account, and the few numbers that the path of a frame touches. On that path one
 * thread waits while another queues; what both touch is atomic or belongs to the buffer.
 */
#ifndef V4L2_STREAM_H
#define V4L2_STREAM_H

#include "v4l2_device.h"

/* `priv` of a buffer. */
struct v4l2_slot {
    uint8_t *map; /* of the driver's memory, or of ours for it; NULL for the caller's */
    size_t map_bytes;
    struct v4l2_buffer request; /* ready to be queued */
    struct v4l2_plane planes[VDC_PLANES_MAX];
    /* Written before it is queued, read after it came back. */
    atomic_int queued;
    int64_t queued_ns; /* not later than that the driver had it */
    int alone;         /* the driver had no other one then */
};

/* What became of the frames since start; see v4l2_account.c. */
struct v4l2_account {
    int any;              /* some frame came */
    uint32_t raw;         /* its driver's number */
    uint32_t repeats;     /* how often in a row it was that of the frame before */
    uint64_t next;        /* the number of the next frame */
    int64_t start_ns;     /* host time of the newest frame, INT64_MIN if not known */
    uint32_t clock;       /* enum vdc_clock */
    int has_clock;        /* which is decided by the first frame */
    atomic_int uncounted; /* the driver does not count */
    _Atomic uint64_t produced;
    _Atomic uint64_t dropped[VDC_DROP_SLOTS];
    _Atomic uint64_t good;    /* whole pictures that came */
    _Atomic uint64_t damaged; /* others */
};

/* `priv` of the stream. */
struct v4l2_stream {
    struct v4l2_device *device;
    struct v4l2_shape shape;
    uint32_t memory; /* enum v4l2_memory */
    size_t piece[VDC_PLANES_MAX];
    size_t frame_bytes; /* of a whole uncompressed picture; 0 for a compressed one */
    int64_t interval_ns;
    int cropped;
    struct v4l2_rect whole; /* what the crop is set back to */
    uint32_t granted;       /* buffers that the driver knows */
    uint32_t attached;
    struct vdi_buffer *buffers[V4L2_BUFFERS_MAX];
    struct vdi_buffer *early[V4L2_BUFFERS_MAX]; /* queued before start */
    uint32_t early_count;
    int wake_fd;
    int timer_fd;
    int64_t timer_ns; /* when that is readable; INT64_MAX: never. Of the thread in wait */
    int watch_fd;     /* the node and these two, to be waited for */
    atomic_int woken;
    atomic_int running;
    atomic_uint at_driver;
    int gone;
    struct v4l2_account account;
    struct v4l2_records records;
    struct vdl_counts
        card_counts; /* the card's last report; under the library's lock of the stream */
    struct vdi_completion left[V4L2_BUFFERS_MAX]; /* complete when it was stopped */
    uint32_t left_first, left_count;
};

/* ---- v4l2_stream.c ---- */

int v4l2_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                     struct vdi_stream_layout *layout);
void v4l2_stream_close(struct vdi_stream *stream);

/* ---- v4l2_crop.c ---- */

void v4l2_crop_probe(struct v4l2_device *device);
int v4l2_crop_set(struct v4l2_stream *st, const vdc_rect *crop);
void v4l2_crop_reset(struct v4l2_stream *st);

/* ---- v4l2_buffer.c ---- */

/* REQBUFS: an errno. *count becomes what the driver gives. */
int v4l2_buffers_request(struct v4l2_stream *st, uint32_t *count);
int v4l2_attach(struct vdi_buffer *buffer);
void v4l2_detach(struct vdi_buffer *buffer);
int v4l2_allocate(struct vdi_buffer *buffer, size_t bytes);
void v4l2_free(struct vdi_buffer *buffer);
int v4l2_export(struct vdi_buffer *buffer, int *fd);

/* ---- v4l2_run.c ---- */

int v4l2_start(struct vdi_stream *stream);
int v4l2_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);
int v4l2_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void v4l2_wake(struct vdi_stream *stream);
int v4l2_stop(struct vdi_stream *stream);
int v4l2_counts(struct vdi_stream *stream, struct vdi_counts *out);
int v4l2_poll_begin(struct vdi_stream *stream, vdc_handle *native);

/* ---- v4l2_account.c ---- */

void v4l2_account_reset(struct v4l2_stream *st);
/* Number, time, length, and what is missing before it, of a buffer that came back; `meta` may be NULL. */
void v4l2_account_frame(struct v4l2_stream *st, struct vdi_completion *out,
                        const struct v4l2_slot *slot, const struct v4l2_buffer *came,
                        const struct vdl_frame_meta *meta);

#endif
