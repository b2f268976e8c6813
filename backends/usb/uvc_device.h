/* SPDX-License-Identifier: MIT */
/*
 * An open camera of the USB Video Class. `control` may be held over a request and comes first; `lock` guards what callbacks touch
 * and is never held over anything that waits for the bus.
 */
#ifndef UVC_DEVICE_H
#define UVC_DEVICE_H

#include "usb.h"
#include "usb_outbox.h"
#include "uvc_clock.h"
#include "uvc_control.h"
#include "uvc_desc.h"
#include "uvc_payload.h"
#include "uvc_probe.h"
#include "uvc_quirks.h"

#define UVC_BUFFERS_MAX     64u
#define UVC_PIECES_MAX      16u
#define UVC_STATUS_BYTES    16u
#define UVC_NEWS_MAX        16u
#define UVC_REQUEST_MS      1000u
#define UVC_CONFIG_BYTES    65535u
#define UVC_INTERFACES_MAX  2u
#define UVC_ERRORS_IN_A_ROW 16u

struct uvc_capture;

/* The status endpoint; under `lock`. */
struct uvc_status {
    struct libusb_transfer *transfer;
    uint8_t bytes[UVC_STATUS_BYTES];
    int flies;
    int halted;
    uint32_t errors; /* in a row */
    struct uvc_event news[UVC_NEWS_MAX];
    uint32_t news_count;
    uint64_t news_lost;
};

struct uvc_device {
    struct usb_options options;
    struct vdi_device *device;
    libusb_context *context;
    libusb_device_handle *handle;
    struct vdi_device_info info;
    char id[128];
    char port[48]; /* "1-2.3": bus and ports */
    uint8_t bus;
    int speed;
    atomic_int gone;
    atomic_int quit;

    vdi_mutex *control;
    vdi_mutex *lock;
    vdi_cond *cond;  /* of those who wait for frames or the end of transfers */
    vdi_cond *alarm; /* of the service thread */
    vdi_thread *events_thread;
    vdi_thread *service_thread;

    struct uvc_camera *camera; /* as parsed */
    const struct uvc_stream *source;
    struct uvc_chain chain;
    uint32_t quirks;
    uint32_t claimed; /* bit n: the interface n of the two */

    struct uvc_status status;
    struct uvc_capture *capture; /* the open stream */
};

struct uvc_buffer {
    struct vdi_buffer *buffer;
    uint8_t *memory; /* ours */
    int queued;
};

/* A transfer and its memory. */
struct uvc_piece {
    struct uvc_capture *capture;
    struct libusb_transfer *native;
    uint8_t *memory;
    libusb_device_handle *lender; /* its memory is libusb's; NULL: ours */
    size_t lent_bytes;
    int64_t asked_ns;
    int flies;
};

struct uvc_trouble {
    uint64_t errors, stalls, overruns, lost_packets;
};

struct uvc_capture {
    struct uvc_device *camera;
    struct vdi_stream *stream;
    struct uvc_choice choice;
    struct uvc_probe probe; /* what is committed */
    const struct uvc_alternate *alternate;
    uint32_t frame_bytes;
    int damaged_too;

    /* Transfers. */
    struct uvc_piece pieces[UVC_PIECES_MAX];
    uint32_t piece_count, piece_bytes, packets; /* packets: 0 for bulk */
    uint32_t flying;
    uint32_t errors; /* in a row */
    int running, stopping;
    int halted; /* the service thread clears the endpoint */
    uint32_t halts;
    int lost;             /* the system took its transfers; the service thread begins anew */
    uint32_t losses;      /* in a row, without a frame between */
    uint32_t reserved_ns; /* of the bus */
    struct uvc_trouble trouble;

    /* Frames. */
    struct uvc_assembler assembler;
    struct uvc_clock clock;
    uint64_t clock_losses; /* how often its basis was lost, as last told */
    uint32_t untimed;      /* so many frames may have begun before it was */
    int64_t last_host_ns;  /* of the frame handed over last */
    uint64_t last_ticks;   /* the same */
    struct uvc_buffer *current;
    struct uvc_buffer *queue[UVC_BUFFERS_MAX];
    uint32_t queue_first, queue_count;
    uint64_t frames; /* seen to their end */
    uint64_t dropped[VDC_DROP_SLOTS];
    uint32_t untold[VDC_DROP_SLOTS];

    /* Delivery. */
    struct usb_outbox box;
};

static inline struct uvc_device *uvc_device_of(struct vdi_device *device)
{
    return ((struct usb_device *)device->priv)->camera;
}

static inline struct uvc_capture *uvc_capture_of(struct vdi_stream *stream)
{
    return stream->priv;
}

static inline enum uvc_speed uvc_speed_of(const struct uvc_device *camera)
{
    if (camera->speed >= LIBUSB_SPEED_SUPER)
        return UVC_SPEED_SUPER;
    return camera->speed == LIBUSB_SPEED_HIGH ? UVC_SPEED_HIGH : UVC_SPEED_FULL;
}

/* ---- uvc_device.c ---- */

int uvc_open(struct vdi_device *device, const char *path);
void uvc_close(struct vdi_device *device);
void uvc_enter(struct uvc_device *camera); /* takes `control` */
void uvc_leave(struct uvc_device *camera);
void uvc_lock(struct uvc_device *camera);
void uvc_unlock(struct uvc_device *camera);
/* With `lock` held: it is gone for good; wakes everybody. */
void uvc_lost(struct uvc_device *camera);

/* ---- uvc_request.c: with `control` held ---- */

/* Bytes moved, or libusb's error. */
int uvc_request(struct uvc_device *camera, struct uvc_request request, uint8_t *bytes);
/* For libusb's error the status and its text; after a stall the camera's own reason is asked for. */
int uvc_failed(struct uvc_device *camera, int code, const char *tried);
int uvc_clear_halt(struct uvc_device *camera, uint8_t endpoint);
/* A request that every device answers: one that is gone is known to be after it. */
void uvc_ask_for_nothing(struct uvc_device *camera);
int uvc_set_alternate(struct uvc_device *camera, uint32_t number);
/* Asks the camera for a choice, and brings both in line with its answer. */
int uvc_negotiate_probe(struct uvc_device *camera, struct uvc_choice *choice,
                        struct uvc_probe *answer);
int uvc_commit(struct uvc_device *camera, const struct uvc_probe *probe);

/* ---- uvc_list.c ---- */

int uvc_formats(struct vdi_device *device, struct vdi_sink *sink);
int uvc_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed);
/* The setting that carries it; NULL: none does, and why has the arithmetic. */
const struct uvc_alternate *uvc_carrier(const struct uvc_device *camera,
                                        const struct uvc_choice *choice,
                                        const struct uvc_probe *probe, char *why, size_t size);
/* The nearest choice to a wish. */
int uvc_nearest(struct uvc_device *camera, struct uvc_choice *choice, const vdc_format *wish);

/* ---- uvc_settings.c ---- */

int uvc_controls_list(struct vdi_device *device, struct vdi_sink *sink);
int uvc_get_control(struct vdi_device *device, uint32_t control, int64_t *value);
int uvc_set_control(struct vdi_device *device, uint32_t control, int64_t value);

/* With `control` held. */
int uvc_control_read(struct uvc_device *camera, uint32_t control, int64_t *value);

/* ---- uvc_extension.c ---- */

extern const struct vdi_extension_ops uvc_extension_ops;
/* Whether the stream's chain has any. */
int uvc_extension_any(const struct uvc_device *camera);

/* ---- uvc_status.c ---- */

/* With `lock` held. */
int uvc_status_submit(struct uvc_device *camera);
int uvc_status_due(const struct uvc_device *camera);
/* The service thread's, with `control` held. */
void uvc_status_serve(struct uvc_device *camera);

/* ---- uvc_stream.c ---- */

int uvc_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout);
void uvc_stream_close(struct vdi_stream *stream);
int uvc_stream_start(struct vdi_stream *stream);
int uvc_stream_stop(struct vdi_stream *stream);
/* The service thread's: when it is wanted (with `lock` held), and its work (with `control` held). */
int64_t uvc_stream_due(const struct uvc_device *camera);
void uvc_stream_serve(struct uvc_device *camera);

/* ---- uvc_bus.c ---- */

/* Time on the bus for its alternate setting; the refusal has the arithmetic. */
int uvc_bus_reserve(struct uvc_capture *capture, char *why, size_t size);
void uvc_bus_release(struct uvc_capture *capture);

/* ---- uvc_transfer.c ---- */

/* How many of which size; the refusal has the arithmetic. */
int uvc_transfer_plan(struct uvc_capture *capture, char *why, size_t size);
int uvc_transfer_create(struct uvc_capture *capture);
void uvc_transfer_destroy(struct uvc_capture *capture);
/* With `lock` held. */
void uvc_transfer_begin(struct uvc_capture *capture);
void uvc_transfer_drain(struct uvc_capture *capture);

/* ---- uvc_delivery.c ---- */

int uvc_buffer_attach(struct vdi_buffer *buffer);
void uvc_buffer_detach(struct vdi_buffer *buffer);
int uvc_buffer_allocate(struct vdi_buffer *buffer, size_t bytes);
void uvc_buffer_free(struct vdi_buffer *buffer);
int uvc_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer);
int uvc_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns);
void uvc_stream_wake(struct vdi_stream *stream);
int uvc_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native);
int uvc_stream_counts(struct vdi_stream *stream, struct vdi_counts *out);
/* With `lock` held. */
void uvc_delivery_reset(struct uvc_capture *capture);
/* Gives the assembler a buffer if it has none and takes one. */
void uvc_delivery_supply(struct uvc_capture *capture);
/* A frame has ended. */
void uvc_delivery_frame(struct uvc_capture *capture, const struct uvc_result *result,
                        int64_t now_ns);

#endif
