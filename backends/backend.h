/* SPDX-License-Identifier: MIT */
/*
 * What a backend must do; the library does the rest. This header is the porting manual: copy
 * backends/template, fill the table, add one line to backends/CMakeLists.txt, run the conformance suite.
 * The table of backend NAME is `const struct vdi_backend vdi_backend_NAME`.
 *
 * The library checks arguments, owns handles, buffers and accounting, and keeps this order for every device:
 *   list … open → (ask and set) → stream_open → attach each buffer → queue some → start → wait/queue … →
 *   stop → (start again) → stream_close → close.
 *
 * Threads. Calls on one device never overlap, except that on a started stream
 *   - one thread at a time is in wait (or progress), while others may call queue, counts and wake (these three one at a
 *     time), poll_begin, and anything of the device but the other stream functions;
 *   - wake may come at any moment from start to stop. One that finds no wait is kept for the next; start forgets it.
 * The library never holds a lock of its own that a backend could need when it calls one, and a backend may
 * call the functions of backend_host.h from any thread, holding any lock of its own.
 *
 * Errors. A function returns VDC_OK or a vdc_status, and on failure has said why by vdi_error(). VDC_E_GONE from any
 * function turns the device GONE for good; close and stop must still work then and must still end all
 * access to buffers. The library then wakes the thread in wait.
 */
#ifndef VDI_BACKEND_H
#define VDI_BACKEND_H

#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#include "backend_host.h"

/* One open device. The library allocates it with `device_size` zeroed bytes at `priv`. */
struct vdi_device {
    const struct vdi_backend *backend;
    struct vdi_context *context;
    void *priv;
    uint32_t open_flags; /* enum vdc_open_flag */
    /* Filled by open, through vdi_device_set_info(); read by the library. */
    struct vdi_device_info *info;
};

/* One stream. The library allocates it with `stream_size` zeroed bytes at `priv`. */
struct vdi_stream {
    struct vdi_device *device;
    void *priv;
};

/* One buffer of a stream, with `buffer_size` zeroed bytes at `priv`. Constant from attach on. */
struct vdi_buffer {
    struct vdi_stream *stream;
    void *priv;
    uint32_t index;
    uint32_t memory; /* enum vdc_memory */
    uint8_t *data;   /* NULL for a dma-buf; the backend may set it in attach if it maps it */
    size_t capacity_bytes;
    int dmabuf_fd; /* -1 if it is none */
    size_t offset_bytes;
};

/* What a stream is to be. The library has checked it against the caps and filled in defaults. */
struct vdi_stream_config {
    vdc_format format;        /* of the whole picture; complete, from negotiate */
    vdc_rect crop;            /* width 0: none */
    uint32_t memory;          /* enum vdc_memory */
    uint32_t buffer_count;    /* for library memory; the caller's may be more, up to 64 */
    uint32_t watermark_lines; /* 0: off */
    uint32_t damaged_too;     /* 0: damaged frames are not delivered; see poll_begin */
};

/* What stream_open made of it. */
struct vdi_stream_layout {
    vdc_format format; /* delivered */
    vdc_rect crop;     /* width and height not 0 */
    uint32_t plane_count;
    vdc_plane_layout planes[VDC_PLANES_MAX];
    size_t frame_bytes;
    size_t alignment_bytes; /* of buffers that the library allocates; 0: any */
};

/* What wait brings. The library hands it in all zero but for these: damage is VDC_DROP_SLOTS, error_bound_ns and end_time_ns
 * are unknown. */
struct vdi_completion {
    struct vdi_buffer *buffer; /* the library's again. NULL: only a report of losses */
    uint32_t flags;            /* enum vdc_frame_flag */
    uint32_t
        damage; /* VDC_DROP_SLOTS: a good frame. Else the vdc_drop under which a bad one is counted, already
                                   included neither in `dropped` here nor anywhere else */
    size_t used_bytes;
    uint64_t sequence; /* 64 bits wide: the backend extends narrower ones */
    uint64_t device_ticks;
    int64_t host_time_ns; /* start of the frame */
    int64_t error_bound_ns;
    int64_t end_time_ns; /* its end, on vdi_now_ns(), for the latency; INT64_MIN if not known */
    uint32_t clock;      /* enum vdc_clock */
    uint64_t copied_bytes;
    uint32_t dropped[VDC_DROP_SLOTS]; /* lost between the completion before this one and this one */
};

/* The device's own account of a stream since start. */
struct vdi_counts {
    uint32_t basis; /* enum vdc_basis */
    uint64_t produced;
    uint64_t dropped
        [VDC_DROP_SLOTS]; /* all that the device lost, those in completions included; not `damage` */
};

/* VDC_CAP_FIRMWARE. As the public functions of vidicon/service.h; no stream is open. */
struct vdi_firmware_ops {
    int (*info)(struct vdi_device *device, vdc_firmware_info *out);
    int (*load)(struct vdi_device *device, const uint8_t *image, size_t bytes,
                vdc_progress_fn progress, void *user);
    int (*update)(struct vdi_device *device, const uint8_t *image, size_t bytes,
                  vdc_progress_fn progress, void *user);
    int (*commit)(struct vdi_device *device);
    int (*roll_back)(struct vdi_device *device);
};

/* VDC_CAP_REGISTERS. The library has checked nothing but VDC_OPEN_REGISTERS. */
struct vdi_register_ops {
    int (*list)(struct vdi_device *device,
                struct vdi_sink *sink); /* vdi_sink_register() for each */
    int (*read)(struct vdi_device *device, const char *name, uint32_t index, uint32_t *value);
    int (*write)(struct vdi_device *device, const char *name, uint32_t index, uint32_t value);
};

/* VDC_CAP_EXTENSIONS. The library has checked VDC_OPEN_REGISTERS and `value`; of `bytes` only that it is not 0. */
struct vdi_extension_ops {
    int (*list)(struct vdi_device *device,
                struct vdi_sink *sink); /* vdi_sink_extension() for each */
    int (*describe)(struct vdi_device *device, uint32_t unit, uint32_t selector,
                    vdc_extension_control *out);
    int (*read)(struct vdi_device *device, uint32_t unit, uint32_t selector, uint32_t value,
                uint8_t *data, size_t bytes);
    int (*write)(struct vdi_device *device, uint32_t unit, uint32_t selector, const uint8_t *data,
                 size_t bytes);
};

/* VDC_CAP_INPUTS, and VDC_CAP_TIMINGS for the last two. */
struct vdi_input_ops {
    int (*list)(struct vdi_device *device, struct vdi_sink *sink); /* vdi_sink_input() for each */
    int (*select)(struct vdi_device *device, uint32_t input);
    int (*signal)(struct vdi_device *device, vdc_signal *out);
    int (*timings)(struct vdi_device *device, struct vdi_sink *sink); /* vdi_sink_timing() */
    int (*set_timing)(struct vdi_device *device, uint32_t timing);
};

/* Whatever else only some have; each may be NULL. */
struct vdi_stream_ops {
    /* VDC_CAP_PROGRESS: as wait, but for another watermark of the frame in progress. VDC_E_STATE if a completion waits. */
    int (*progress)(struct vdi_stream *stream, vdc_progress *out, int64_t deadline_ns);
    /* VDC_CAP_DMABUF_EXPORT: a new descriptor. */
    int (*export_dmabuf)(struct vdi_buffer *buffer, int *fd);
    /* Memory for VDC_MEMORY_LIBRARY that suits the device better than plain pages: sets data and capacity; freed after
     * detach. */
    int (*allocate)(struct vdi_buffer *buffer, size_t bytes);
    void (*free)(struct vdi_buffer *buffer);
};

/* A backend: a static const table. */
struct vdi_backend {
    const char *name;   /* "v4l2": the part of every id before the colon */
    uint32_t simulated; /* 1: never listed or opened unless asked for by name */
    size_t device_size; /* private bytes; the library allocates and zeroes them */
    size_t stream_size;
    size_t buffer_size;

    /* Optional tables; the caps of a device say what holds for it. */
    const struct vdi_firmware_ops *firmware;
    const struct vdi_register_ops *registers;
    const struct vdi_extension_ops *extensions;
    const struct vdi_input_ops *inputs;
    const struct vdi_stream_ops *extra;

    /* Discovery. list: vdi_sink_device() for each device present. watch begins (on 1) and ends to report arrivals and
     * removals by vdi_context_device_event(), called once each per context; *state is the backend's own, kept for it from one
     * to the other. NULL if there is no hotplug. */
    int (*list)(struct vdi_context *context, struct vdi_sink *sink);
    int (*watch)(struct vdi_context *context, void **state, int on);

    /* `path` is the id behind "name:", "" for the first device. Fills the info. A device that answers at all opens. */
    int (*open)(struct vdi_device *device, const char *path);
    void (*close)(struct vdi_device *device);

    /* Formats of the selected input, the preferred first, by vdi_sink_format(). */
    int (*formats)(struct vdi_device *device, struct vdi_sink *sink);
    /* *format in: a wish, 0 is any. Out: complete. *changed: enum vdc_changed. The library makes the reason's text, and
     * compares wish and outcome itself: a backend may leave *changed alone. */
    int (*negotiate)(struct vdi_device *device, vdc_format *format, uint32_t *changed);

    /* Controls by vdi_sink_control(). The library has checked id, range, step and flags against that list. */
    int (*controls)(struct vdi_device *device, struct vdi_sink *sink);
    int (*get_control)(struct vdi_device *device, uint32_t control, int64_t *value);
    int (*set_control)(struct vdi_device *device, uint32_t control, int64_t value);

    /* Fixes the format, which negotiate gave and would leave alone (VDC_E_RANGE if the device changed its mind), and
     * claims the device for streaming (else VDC_E_BUSY). */
    int (*stream_open)(struct vdi_stream *stream, const struct vdi_stream_config *config,
                       struct vdi_stream_layout *layout);
    void (*stream_close)(struct vdi_stream *stream);

    /* Makes a buffer known, between stream_open and start; detach after stop, before stream_close. */
    int (*attach)(struct vdi_buffer *buffer);
    void (*detach)(struct vdi_buffer *buffer);

    /* Starts with the buffers queued so far (queue may come before start). If it fails, stop is called all the same. */
    int (*start)(struct vdi_stream *stream);
    /* Gives the device an empty buffer. No blocking, no allocation. */
    int (*queue)(struct vdi_stream *stream, struct vdi_buffer *buffer);
    /* Takes the oldest completion. deadline_ns is on vdi_now_ns(): in the past polls, INT64_MAX has no end. VDC_E_TIMEOUT,
     * VDC_E_CANCELLED (wake came), VDC_E_GONE, VDC_E_IO. No allocation. A device that is gone first hands
     * out what was complete. */
    int (*wait)(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
    /* Makes a wait in progress, or else the next one, return VDC_E_CANCELLED, once. */
    void (*wake)(struct vdi_stream *stream);
    /* Ends all access to buffers, then returns; no buffer is queued any more. Completions not taken are then
     * taken by wait with a past deadline, until it returns VDC_E_TIMEOUT or VDC_E_GONE; then counts is final. Nobody
     * is in wait when stop is called. VDC_E_GONE is no failure of stop. */
    int (*stop)(struct vdi_stream *stream);
    /* The device's account, running or stopped, gone or not: then its last report. */
    int (*counts)(struct vdi_stream *stream, struct vdi_counts *out);

    /* From this call on somebody polls: keep readiness exact. Either set *native to a handle that is readable exactly
     * while wait with a past deadline would not time out (on Linux only, where it is joined with the library's own), or
     * leave it and call vdi_stream_set_ready() now and on each change. Once for a stream, at any time while it is open, also
     * while a thread is in wait. What the application will not get, a damaged frame unless damaged_too and a mere report of
     * losses, should not make it ready: a backend that can puts the buffer back into use and tells the loss later. */
    int (*poll_begin)(struct vdi_stream *stream, vdc_handle *native);
};

#endif
