/* SPDX-License-Identifier: MIT */
/*
 * What the library does for a backend: errors, log, lists, events, readiness, time, threads. All of it works from any
 * thread.
 */
#ifndef VDI_BACKEND_HOST_H
#define VDI_BACKEND_HOST_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "vidicon/service.h"
#include "vidicon/vidicon.h"

struct vdi_context;
struct vdi_device;
struct vdi_stream;
struct vdi_sink;

#if defined(__clang__)
#define VDI_PRINTF(text, first) __attribute__((format(printf, text, first)))
#elif defined(__GNUC__) /* the C standard's formats, on Windows too */
#define VDI_PRINTF(text, first) __attribute__((format(gnu_printf, text, first)))
#else
#define VDI_PRINTF(text, first)
#endif

/* ---- Errors and log ---- */

/* Sets this thread's error text and returns `status`: `return vdi_error(VDC_E_BUSY, "…")`. The text names what was tried, on
 * what, and what to do. */
int vdi_error(int status, const char *format, ...) VDI_PRINTF(2, 3);
/* A log line; formatted only if somebody listens to `level`. */
void vdi_log(struct vdi_context *context, int level, const char *format, ...) VDI_PRINTF(3, 4);

/* ---- What a device is ---- */

struct vdi_device_info {
    char id[128]; /* "backend:…" */
    char name[64];
    char serial[32];
    char location[128];
    uint32_t caps;    /* enum vdc_device_cap */
    uint32_t limited; /* 1: cannot capture; state_text says why */
    char state_text[160];
    uint32_t time_hz;
};
/* In open: what was opened. Again later when it changes, say when firmware was loaded. Copied. */
void vdi_device_set_info(struct vdi_device *device, const struct vdi_device_info *info);

/* ---- Lists: each call adds a copy of one item. VDC_E_NO_MEMORY is the only failure. ---- */

int vdi_sink_device(struct vdi_sink *sink, const struct vdi_device_info *info);
int vdi_sink_format(struct vdi_sink *sink, const vdc_format_info *info);
int vdi_sink_control(struct vdi_sink *sink, const vdc_control_info *info);
int vdi_sink_input(struct vdi_sink *sink, const vdc_input_info *info);
int vdi_sink_timing(struct vdi_sink *sink, const vdc_timing_info *info);
int vdi_sink_register(struct vdi_sink *sink, const vdc_register_info *info);
int vdi_sink_extension(struct vdi_sink *sink, const vdc_extension_info *info);

/* ---- Events ---- */

/* `kind` and, for a control, which and its value. */
void vdi_device_event(struct vdi_device *device, uint32_t kind, uint32_t control, int64_t value);
/* VDC_EVENT_DEVICE_ARRIVED or _REMOVED. */
void vdi_context_device_event(struct vdi_context *context, uint32_t kind, const char *id);
/* How many simulated cards the context lists. */
uint32_t vdi_context_simulated_cards(const struct vdi_context *context);

/* Whether wait with a past deadline would not time out; after poll_begin, on every change. */
void vdi_stream_set_ready(struct vdi_stream *stream, int ready);

/* ---- Time ---- */

/* VDC_CLOCK_MONOTONIC. */
int64_t vdi_now_ns(void);

/*
 * From device ticks to host time with an error bound. Feed it pairs (ticks read between two host times); it keeps
 * the one that is best for now, widens it by the device's stated tolerance, and notices when samples contradict
 * each other: then the basis is lost, the bound unknown, and the next sample begins anew.
 */
struct vdi_timebase {
    uint32_t hz;
    uint32_t tolerance_ppm;
    uint32_t valid;
    uint32_t jumped; /* set when the basis was lost; the reader clears it */
    uint64_t ticks;  /* of the sample in use */
    int64_t host_ns; /* middle of its host times */
    int64_t half_ns; /* half their distance, plus one tick */
};
void vdi_timebase_init(struct vdi_timebase *base, uint32_t hz, uint32_t tolerance_ppm);
void vdi_timebase_sample(struct vdi_timebase *base, uint64_t ticks, int64_t before_ns,
                         int64_t after_ns);
/* Host time of `ticks` and the bound, VDC_ERROR_UNKNOWN_NS (and host time 0) without a basis. */
void vdi_timebase_map(const struct vdi_timebase *base, uint64_t ticks, int64_t *host_ns,
                      int64_t *error_bound_ns);

/* ---- Threads: thin names for what the platform has ---- */

typedef struct vdi_mutex vdi_mutex;
typedef struct vdi_cond vdi_cond;
typedef struct vdi_thread vdi_thread;

int vdi_mutex_create(vdi_mutex **out);
void vdi_mutex_destroy(vdi_mutex *mutex);
void vdi_mutex_lock(vdi_mutex *mutex);
void vdi_mutex_unlock(vdi_mutex *mutex);

int vdi_cond_create(vdi_cond **out);
void vdi_cond_destroy(vdi_cond *cond);
void vdi_cond_signal_all(vdi_cond *cond);
/* Waits until signalled or vdi_now_ns() reaches deadline_ns (INT64_MAX: no end): 1 if it was the deadline. May wake
 * for no reason. */
int vdi_cond_wait(vdi_cond *cond, vdi_mutex *mutex, int64_t deadline_ns);

int vdi_thread_create(vdi_thread **out, void (*run)(void *), void *argument, const char *name);
/* Waits for its end and frees it. */
void vdi_thread_join(vdi_thread *thread);
/* 1 if the caller is that thread. */
int vdi_thread_is_current(const vdi_thread *thread);

/* A whole file, read only, mapped or read: for firmware and clips. */
int vdi_file_open(const uint8_t **bytes, size_t *size, const char *path);
void vdi_file_close(const uint8_t *bytes, size_t size);
/* Replaces a file's content at once or not at all. */
int vdi_file_write(const char *path, const void *bytes, size_t size);

#endif
