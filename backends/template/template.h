/* SPDX-License-Identifier: MIT */
/* What the two files of the template share. Its device is a clock: grey frames of 64x48, thirty a second,
 * each as bright as its control says. */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdatomic.h>

#include "backend.h"

#define TEMPLATE_WIDTH_PX    64
#define TEMPLATE_HEIGHT_PX   48
#define TEMPLATE_FRAME_BYTES ((size_t)TEMPLATE_WIDTH_PX * TEMPLATE_HEIGHT_PX)
#define TEMPLATE_INTERVAL_NS 33333333
#define TEMPLATE_BUFFERS_MAX 64

/* `priv` of the device. */
struct template_device {
    atomic_int brightness; /* set from one thread while another makes frames */
    int streaming;
};

/* `priv` of the stream. */
struct template_stream {
    vdi_mutex *lock;
    vdi_cond *changed;
    vdi_thread *thread;
    int running;
    int woken;
    int polled;
    struct vdi_buffer *queue[TEMPLATE_BUFFERS_MAX]; /* empty buffers, the oldest first */
    unsigned queue_first, queue_count;
    struct vdi_completion done[TEMPLATE_BUFFERS_MAX]; /* complete frames, the oldest first */
    unsigned done_first, done_count;
    uint32_t dropped; /* for want of a buffer, since the last complete frame */
    uint64_t produced;
    uint64_t dropped_total;
};

int template_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                         struct vdi_stream_layout *layout);
void template_stream_close(struct vdi_stream *stream);
int template_attach(struct vdi_buffer *buffer);
void template_detach(struct vdi_buffer *buffer);
int template_start(struct vdi_stream *stream);
int template_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);
int template_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void template_wake(struct vdi_stream *stream);
int template_stop(struct vdi_stream *stream);
int template_counts(struct vdi_stream *stream, struct vdi_counts *out);
int template_poll_begin(struct vdi_stream *stream, vdc_handle *native);

#endif
