/* SPDX-License-Identifier: MIT */
/* What the files of the library share.
 * Order of locks: device->call, stream->lock, then one leaf (events, log, info, ready). A backend may
 * hold its own locks when it asks for a leaf, so under a leaf nothing is called but the platform. */
#ifndef VDI_INTERNAL_H
#define VDI_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>

#include "backend.h"
#include "platform.h"
#include "test_hook.h"

#define VDI_BACKENDS_MAX    16
#define VDI_BUFFERS_MAX     64
#define VDI_BUFFERS_DEFAULT 4
#define VDI_EVENTS_MAX      256
#define VDI_SIMULATED_MAX   16
/* A `size` beyond this was not set at all. */
#define VDI_STRUCT_MAX 4096

/* First word of each handle; 0 once it is closed. */
enum vdi_magic {
    VDI_MAGIC_CONTEXT = 0x43434456,
    VDI_MAGIC_DEVICE = 0x44434456,
    VDI_MAGIC_STREAM = 0x53434456,
    VDI_MAGIC_LIST = 0x4c434456
};

struct vdi_log {
    vdc_log_fn write;
    void *user;
    int level;
    vdi_mutex *lock;
};

struct vdi_events;

struct vdi_context {
    uint32_t magic;
    uint32_t simulated_cards;
    const struct vdi_backend *backends[VDI_BACKENDS_MAX];
    size_t backend_count;
    vdi_mutex *lock; /* guards the rest; held while backends are told to watch */
    unsigned open_devices;
    uint32_t watched;                    /* bit n: backend n watches */
    void *watch_state[VDI_BACKENDS_MAX]; /* theirs */
    int watching;
    struct vdi_log log;
    struct vdi_events *events;
};

struct vdc_context {
    struct vdi_context base;
};

/* One state of a device's description. Old ones live on, since the application may read them. */
struct vdi_info_node {
    struct vdi_info_node *next;
    struct vdi_device_info raw;
    vdc_device_info shown;
    vdc_device_info shown_gone;
};

struct vdc_device {
    uint32_t magic;
    struct vdi_device base;
    vdc_context *context;
    vdi_mutex *call; /* held in every call of the backend but wait, progress, queue, counts, wake */
    vdi_mutex *info_lock;
    struct vdi_info_node *infos; /* newest first */
    atomic_int gone;
    atomic_int controls_stale;
    vdc_list *controls; /* under `call`; what controls are checked against */
    vdc_stream *stream; /* under `call` */
};

enum vdi_slot_state {
    VDI_SLOT_FREE,   /* the library's */
    VDI_SLOT_QUEUED, /* the device's */
    VDI_SLOT_HELD    /* the application's */
};

/* A buffer and the frame it is shown as. */
struct vdi_slot {
    struct vdi_buffer base;
    int state;
    int from_backend; /* its memory came from extra->allocate */
    void *pages;      /* its memory came from vdi_pages_allocate() */
    vdc_frame frame;
};

/* Under the stream's lock. See stats.c. */
struct vdi_account {
    uint64_t delivered;
    uint64_t copies;
    uint64_t copied_bytes;
    uint64_t reported[VDC_DROP_SLOTS]; /* by completions; counts.dropped has them too */
    uint64_t own[VDC_DROP_SLOTS];      /* counted here: damage, stopped, gone, unknown */
    uint64_t latency_us[VDC_LATENCY_SLOTS];
    struct vdi_counts counts; /* the device's last report */
    uint64_t next_sequence;
    uint32_t pending[VDC_DROP_SLOTS]; /* lost since the last delivered frame */
    int any_pending;
    int final;
};

/* Readiness of the pollable handle. Its lock is a leaf: backends come here. */
struct vdi_ready {
    vdi_mutex *lock;
    struct vdi_pollable *pollable; /* NULL until somebody asks */
    int backend;                   /* the backend has something */
    int forced;                    /* wait would return an error at once */
    int shown;
};

enum vdi_stream_state { VDI_STOPPED, VDI_STARTING, VDI_RUNNING, VDI_STOPPING };

struct vdc_stream {
    uint32_t magic;
    uint32_t flags;
    struct vdi_stream base;
    vdc_device *device;
    vdc_frame_fn on_frame;
    void *user;
    uint32_t memory;
    uint32_t watermark_lines;
    struct vdi_stream_layout layout;

    vdi_mutex *lock;   /* guards what follows */
    vdi_cond *changed; /* the state changed, or the waiter left while it was STOPPING */
    /* Changed under the lock, but for a waiter's coming: it says so, then looks at the other two; whoever changes these, then looks
     * for a waiter. */
    atomic_int waiting; /* a thread is in the backend's wait or progress */
    atomic_int state;   /* enum vdi_stream_state */
    atomic_int cancelled;
    int countable; /* the backend's counts may be called: from start to its stop */
    struct vdi_slot *slots[VDI_BUFFERS_MAX];
    uint32_t slot_count;
    struct vdi_account account;

    vdi_thread *thread; /* of delivery by callback; start to stop */
    struct vdi_ready ready;
    char timeout_text[192];
};

/* handle.c */
int vdi_check_context(const vdc_context *context, const char *function);
int vdi_check_device(const vdc_device *device, const char *function);
int vdi_check_stream(const vdc_stream *stream, const char *function);
/* VDC_E_INVALID if `pointer` is NULL. */
int vdi_check_pointer(const void *pointer, const char *name, const char *function);
/* VDC_E_STATE if the application's callback is on this thread's stack. */
int vdi_check_no_callback(const char *function);
/* `size` of a struct whose first version had `first` bytes. */
int vdi_check_size(uint32_t size, size_t first, const char *name, const char *function);
/* Copies a struct in: what is not given is 0, what is not known must be. */
int vdi_copy_in(void *to, size_t to_bytes, const void *from, const char *name,
                const char *function);
/* Copies a struct out, `size` of the caller kept: no more than it has room for, the rest zeroed. */
void vdi_copy_out(void *to, const void *from, size_t from_bytes);
/* Takes the memory of a closed handle, whose first word is 0, and frees it some closes later. */
void vdi_handle_retire(void *memory);

/* error.c */
unsigned vdi_error_serial(void);
/* A ready-made text; cheap. */
int vdi_error_copy(int status, const char *text);
/* VDC_E_RANGE of a backend gets a text that ends with the function to ask; others stay as they are. */
int vdi_range_advice(int status, const char *advice);
/* What a backend returned: a known status, and a text even if it gave none since `serial`. */
int vdi_backend_status(int status, unsigned serial, const char *function, const char *what);

/* context.c */
void vdi_context_count_device(vdc_context *context, int change);
void vdi_context_watch(vdc_context *context);

/* log.c */
int vdi_log_create(struct vdi_log *log, const vdc_context_config *config);
void vdi_log_destroy(struct vdi_log *log);

/* event.c */
int vdi_events_create(struct vdi_events **out);
void vdi_events_destroy(struct vdi_events *events);

/* list.c */
enum vdi_list_kind {
    VDI_LIST_DEVICE,
    VDI_LIST_FORMAT,
    VDI_LIST_CONTROL,
    VDI_LIST_INPUT,
    VDI_LIST_TIMING,
    VDI_LIST_REGISTER,
    VDI_LIST_EXTENSION
};
struct vdi_sink {
    vdc_list *list;
    const struct vdi_backend *backend;
};
int vdi_list_create(vdc_list **out, int kind);
/* A list of what the backend's `ask` gives. With device->call held. */
int vdi_list_fill(vdc_list **out, vdc_device *device, int kind,
                  int (*ask)(struct vdi_device *, struct vdi_sink *));

/* device.c */
enum vdi_enter {
    VDI_ENTER_ANY = 0,
    VDI_ENTER_CAPTURE = 1, /* refused while the device is LIMITED */
    VDI_ENTER_IDLE = 2     /* refused while a stream is open */
};
/* Checks the handle, takes device->call, refuses a device that is gone. */
int vdi_device_enter(vdc_device *device, const char *function, int what);
/* Gives it back; `status` as the backend or the library made it, with its text. */
int vdi_device_leave(vdc_device *device, const char *function, int status);
/* Gone from now on: 1 if it was not before. Log it by vdi_device_log_gone() outside of all locks. */
int vdi_device_mark_gone(vdc_device *device);
void vdi_device_log_gone(vdc_device *device);
int vdi_device_gone_error(vdc_device *device, const char *function);
uint32_t vdi_device_caps(vdc_device *device);
/* Its id; lives as long as the device. */
const char *vdi_device_id(vdc_device *device);
vdc_device *vdi_device_of(struct vdi_device *base);

/* negotiate.c */
int vdi_check_wish(const vdc_format *wanted, const char *function);
/* With device->call held. */
int vdi_negotiate(vdc_negotiation *out, vdc_device *device, const vdc_format *wanted);

/* buffer.c */
int vdi_slot_create(vdc_stream *stream, const vdc_buffer *given);
void vdi_slots_destroy(vdc_stream *stream);
/* The next three with stream->lock held. */
int vdi_slots_queue_free(vdc_stream *stream);
void vdi_slots_reclaim(vdc_stream *stream);
/* The slot of a completed buffer; NULL if the device did not have it. */
struct vdi_slot *vdi_slot_completed(vdc_stream *stream, struct vdi_buffer *buffer);

/* stats.c; with stream->lock held */
void vdi_account_reset(struct vdi_account *account);
void vdi_account_report(struct vdi_account *account, const uint32_t dropped[VDC_DROP_SLOTS]);
void vdi_account_lose(struct vdi_account *account, uint32_t cause);
void vdi_account_deliver(struct vdi_account *account, const struct vdi_completion *completion,
                         vdc_frame *frame);
void vdi_account_refresh(vdc_stream *stream);
/* Closes the account; then log what is wrong with it by vdi_account_log() outside of all locks. */
void vdi_account_finish(vdc_stream *stream, int gone);
void vdi_account_log(vdc_stream *stream);

/* wait.c */
/* What a backend's wait gets to fill in, see backend.h. */
extern const struct vdi_completion vdi_nothing_yet;
int vdi_stream_take(const vdc_frame **out, vdc_stream *stream, int64_t deadline_ns,
                    const char *function);
int64_t vdi_deadline(int timeout_ms);

/* deliver.c: body of the thread of delivery by callback */
void vdi_stream_deliver(void *stream);

/* stream.c */
/* Wakes the waiter if there is one, so that it looks again. stream->lock held. */
void vdi_stream_kick(vdc_stream *stream);
int vdi_stream_stop(vdc_stream *stream);

/* ready.c */
vdc_stream *vdi_stream_of(struct vdi_stream *base);
int vdi_ready_create(struct vdi_ready *ready);
void vdi_ready_destroy(struct vdi_ready *ready);
/* Whether wait would return an error at once. */
void vdi_ready_force(struct vdi_ready *ready, int forced);
/* The handle of a start shows nothing of the one before. */
void vdi_ready_restart(struct vdi_ready *ready);

#endif
