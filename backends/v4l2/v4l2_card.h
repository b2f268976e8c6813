/* SPDX-License-Identifier: MIT */
/*
 * What the project's own module tells beyond plain V4L2: who it is, its account, its time, its signal, its
 * firmware and registers, and a record for each frame on a node of its own.
 */
#ifndef V4L2_CARD_H
#define V4L2_CARD_H

#include "backend.h"

#include "vdl_interface.h"

struct v4l2_device;
struct v4l2_stream;

struct v4l2_card {
    int present;     /* the node is of this module */
    int use_records; /* it has a node with a record for each frame, and nobody declined */
    char record_path[64];
    struct vdl_identity identity;
};

#define V4L2_RECORDS_MAX 32u

/* A stream's records. There are as many buffers for them as for pictures, so none is lost for want of one. */
struct v4l2_records {
    int fd; /* -1: none are read */
    uint32_t count;
    void *memory[V4L2_RECORDS_MAX];
    size_t bytes[V4L2_RECORDS_MAX];
    int ahead; /* a record was read before its picture */
    struct vdl_frame_meta next;
    struct vdi_timebase base;
    uint64_t sampled_ticks;
    uint64_t last_ticks;
    int64_t last_host_ns;
};

/* ---- v4l2_card.c ---- */

/* Looks whether an open node is of the module, and for its other node. */
void v4l2_card_probe(struct v4l2_device *device, int records);
/* What it adds to the description. */
void v4l2_card_describe(const struct v4l2_device *device, struct vdi_device_info *info);
/* Whether the card no longer answers, though its nodes are still there. */
int v4l2_card_is_gone(int fd);
/* Serial number of a card's node; "" if it is none of a card. */
void v4l2_card_serial(char *serial, size_t size, int fd);
int v4l2_card_signal(struct v4l2_device *device, vdc_signal *out);
int v4l2_card_timings(struct v4l2_device *device, struct vdi_sink *sink);
int v4l2_card_set_timing(struct v4l2_device *device, uint32_t timing);
/* Puts the card's own counters in the place of what was inferred, where they tell more. */
void v4l2_card_counts(struct v4l2_stream *st, struct vdi_counts *out);

/* ---- v4l2_records.c: opened and closed with a stream, started before and stopped behind it ---- */

void v4l2_records_open(struct v4l2_device *device, struct v4l2_records *records);
void v4l2_records_close(struct v4l2_records *records);
/* An errno. */
int v4l2_records_start(struct v4l2_device *device, struct v4l2_records *records);
void v4l2_records_stop(struct v4l2_records *records);
/* The record of the picture with this V4L2 sequence number: 1 if it came. */
int v4l2_records_take(struct v4l2_records *records, struct vdl_frame_meta *out, uint32_t sequence);
/* The time of a frame by its record, and its flags. */
void v4l2_records_time(struct v4l2_device *device, struct v4l2_records *records,
                       const struct vdl_frame_meta *meta, struct vdi_completion *out);

extern const struct vdi_firmware_ops v4l2_firmware_ops;
extern const struct vdi_register_ops v4l2_register_ops;

#endif
