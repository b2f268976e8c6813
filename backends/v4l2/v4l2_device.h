/* SPDX-License-Identifier: MIT */
/*
 * What the files of the V4L2 backend share: an open device, its picture shape, and which file does what.
 * Whatever a driver says is hostile: it is checked where it is read, and nowhere else.
 */
#ifndef V4L2_DEVICE_H
#define V4L2_DEVICE_H

#include <linux/videodev2.h>
#include <pthread.h>
#include <stdatomic.h>

#include "backend.h"

#include "v4l2_card.h"
#include "v4l2_system.h"

/* More than that, and the driver is broken: no list is without end. */
#define V4L2_FORMATS_MAX   256u
#define V4L2_SIZES_MAX     1024u
#define V4L2_INTERVALS_MAX 256u
#define V4L2_MENU_MAX      256u
#define V4L2_BUFFERS_MAX   32u /* VIDEO_MAX_FRAME */
#define V4L2_SIDE_MAX      0x8000u
/* No frame beyond 2 GiB, as vdc_format_layout() has it. */
#define V4L2_BYTES_MAX ((uint64_t)1 << 31)

/* Beside errno values, all of which are above 0: what a node is not. */
#define V4L2_NO_CAPTURE   (-2)
#define V4L2_NO_STREAMING (-3)

enum v4l2_io { V4L2_IO_MMAP = 1, V4L2_IO_USERPTR = 2, V4L2_IO_DMABUF = 4 };

/* A picture as the driver has it, single-planar or multi-planar. */
struct v4l2_shape {
    uint32_t fourcc, width, height;
    uint32_t field, colorspace, encoding, quantization, transfer;
    uint32_t planes; /* pieces of memory; 1 for single-planar */
    uint32_t stride[VDC_PLANES_MAX];
    uint32_t bytes[VDC_PLANES_MAX]; /* sizeimage */
};

/* `priv` of the device. */
struct v4l2_device {
    struct vdi_device *outer;
    int fd;
    uint32_t type; /* of buffers */
    uint32_t multi_planar;
    uint32_t io; /* enum v4l2_io */
    uint32_t has_inputs, has_dv, has_standards, has_crop;
    struct v4l2_node node;
    struct v4l2_shape
        favourite; /* what it was set to when it was opened, or by its input's choice */
    struct vdi_device_info info;
    struct v4l2_card card; /* what only the project's own module has */

    /* Events, for which the waiter and the watcher's thread ask. */
    pthread_mutex_t events_lock;
    atomic_uint changes;        /* of the source, since it was opened */
    atomic_uint source_changed; /* and not yet told with a frame */
    atomic_uint waits;          /* so that the watcher sees that somebody asks */
    /* Under the watcher's lock. */
    struct v4l2_device *next;
    int streaming;
    int lost;
    int unpollable; /* its node shows an error whenever it is polled for events alone */
    unsigned waits_seen;
};

/* ---- v4l2_error.c ---- */

/* 0, or the errno; what was interrupted is tried again. */
int v4l2_call(int fd, unsigned long request, void *argument);
/* A status and its text for `error`, an errno of trying `what` on the device. */
int v4l2_failure(const struct v4l2_device *device, int error, const char *what);
int v4l2_status_of(int error);

/* ---- v4l2_find.c ---- */

int v4l2_list(struct vdi_context *context, struct vdi_sink *sink);
/* Finds a node by the id behind "v4l2:", or its path. `id`: 128 bytes, its whole id, "" for a node that is not listed. */
int v4l2_find(struct v4l2_node *out, char *id, const char *path);
/* Every node that captures, and its id. */
int v4l2_each(void (*each)(const struct v4l2_node *node, const char *id, void *user), void *user);
/* Whether a node captures pictures; opens it for a moment. Fills the info but for the caps, and the id. */
int v4l2_describe(struct vdi_device_info *info, const struct v4l2_node *node);
/* The same for an open one. 0, an errno, or V4L2_NO_CAPTURE. */
int v4l2_describe_open(struct vdi_device_info *info, uint32_t *capabilities,
                       const struct v4l2_node *node, int fd);

/* ---- v4l2_watch.c ---- */

int v4l2_watch(struct vdi_context *context, void **state, int on);
void v4l2_watch_add(struct v4l2_device *device);
void v4l2_watch_remove(struct v4l2_device *device);
/* The device does not answer any more: it is told as removed, also to an application that did not watch so far, and also
 * if its node stays behind. */
void v4l2_watch_lost(struct v4l2_device *device);
void v4l2_watch_streaming(struct v4l2_device *device, int streaming);

/* ---- v4l2_event.c ---- */

void v4l2_events_subscribe(struct v4l2_device *device);
/* Those of controls that only the driver sets: for an application that asks for events. */
void v4l2_events_subscribe_read_only(struct v4l2_device *device);
/* Takes the events that wait and tells them. */
void v4l2_events_take(struct v4l2_device *device);

/* ---- v4l2_shape.c ---- */

enum v4l2_shape_call { V4L2_SHAPE_GET, V4L2_SHAPE_TRY, V4L2_SHAPE_SET };
/* G_FMT, TRY_FMT or S_FMT: 0, or an errno; EPROTO if what the driver says is impossible. */
int v4l2_shape_call(struct v4l2_device *device, int call, struct v4l2_shape *shape);
/* Field order, colour and stride of `shape` in the library's words. */
void v4l2_shape_describe(vdc_format *format, const struct v4l2_shape *shape, uint32_t standard);
void v4l2_shape_wish(struct v4l2_shape *shape, const vdc_format *format);
/* Planes in one buffer. `piece` is where each of its pieces of memory begins. */
int v4l2_shape_layout(struct vdi_stream_layout *layout, size_t piece[VDC_PLANES_MAX],
                      const struct v4l2_shape *shape);

/* ---- v4l2_format.c ---- */

int v4l2_formats(struct vdi_device *device, struct vdi_sink *sink);
int v4l2_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed);
/* Remembers what the device is set to as its favourite. */
void v4l2_favourite(struct v4l2_device *device);

/* ---- v4l2_interval.c ---- */

/* Frame intervals at a size, the first `most` of them. *range: two, and all between. */
uint32_t v4l2_intervals(struct v4l2_device *device, vdc_fraction *out, uint32_t most,
                        uint32_t *range, uint32_t fourcc, uint32_t width, uint32_t height);
vdc_fraction v4l2_interval_nearest(const vdc_fraction *list, uint32_t count, uint32_t range,
                                   vdc_fraction wish);
/* Sets one; *interval becomes what the driver then has, if it tells. */
int v4l2_interval_set(struct v4l2_device *device, vdc_fraction *interval);
vdc_fraction v4l2_interval_of_timings(const struct v4l2_bt_timings *bt);
/* < 0, 0, > 0 as a is shorter than, as long as, longer than b. */
int v4l2_interval_compare(vdc_fraction a, vdc_fraction b);

/* ---- v4l2_input.c ---- */

extern const struct vdi_input_ops v4l2_input_ops;
void v4l2_inputs_probe(struct v4l2_device *device);
uint32_t v4l2_standard(struct v4l2_device *device);

/* ---- v4l2_control.c, v4l2_control_map.c ---- */

int v4l2_controls(struct vdi_device *device, struct vdi_sink *sink);
int v4l2_get_control(struct vdi_device *device, uint32_t control, int64_t *value);
int v4l2_set_control(struct vdi_device *device, uint32_t control, int64_t value);
/* The library's number of a V4L2 control, and its value there. */
uint32_t v4l2_control_public(const struct v4l2_device *device, uint32_t cid);
int64_t v4l2_control_value(uint32_t cid, uint32_t control, int64_t value);
/* Calls `each` for every control that has a number for a value. */
int v4l2_controls_each(struct v4l2_device *device,
                       int (*each)(struct v4l2_device *, const struct v4l2_query_ext_ctrl *,
                                   void *),
                       void *user);

#endif
