/* SPDX-License-Identifier: MIT */
/**
 * @file vidicon.h
 * @brief Find a capture device, open it, take frames from it.
 *
 * Four rules hold for every function and are not repeated below.
 *  - Results.   VDC_OK or a negative ::vdc_status. Out-parameters come first and are written only
 *               on VDC_OK. vdc_error_text() then says, for this thread, what was tried, on what,
 *               and what to do.
 *  - Ownership. What `_create`, `_open` or `_list_…` gives, the matching `_destroy` or `_close`
 *               takes back; these accept NULL. A pointer to const is borrowed, until the call that
 *               its comment names.
 *  - Threads.   Every function works from any thread at any time, also while another thread waits,
 *               with two exceptions: nobody may use an object while or after it is destroyed or
 *               closed, and one thread at a time waits on a stream (a second one gets VDC_E_BUSY).
 *               A callback may call everything but stop, close and destroy (of a list it may),
 *               which then return VDC_E_STATE, or do nothing and log an error. The log and progress
 *               callbacks may call less: see there.
 *  - Units.     In the name: _px, _bytes, _ms, _ns. Intervals are exact fractions. A timeout of 0
 *               polls, a negative one waits without end.
 *
 * A struct that the caller fills or offers begins with `size`: set it to sizeof, the INIT macros
 * do. A struct that the library hands out by pointer may grow at its end. An all-zero member is
 * always a sound default. A config that is longer than the library knows is taken if the rest is
 * zero, else VDC_E_UNSUPPORTED.
 *
 * A handle that is NULL, or was closed a short while ago, gives VDC_E_INVALID; do not count on the
 * latter.
 *
 * A device that was unplugged is gone for good, also when it is plugged in again: open it anew.
 * Until then every call on it and on its stream returns VDC_E_GONE at once, with these exceptions:
 * frames that were complete can still be taken; vdc_stream_release(), _stop(), _cancel(),
 * _get_info() and _get_stats(), vdc_device_get_info() and the two closes work as ever; a handle
 * given before stays valid, and readable.
 */
#ifndef VIDICON_VIDICON_H
#define VIDICON_VIDICON_H

#include <stddef.h>
#include <stdint.h>

#include "vidicon/controls.h"
#include "vidicon/export.h"
#include "vidicon/formats.h"
#include "vidicon/lists.h"
#include "vidicon/stats.h"
#include "vidicon/version.h"

VDC_BEGIN_DECLS

typedef struct vdc_context vdc_context; /**< The library in this program; usually one. */
typedef struct vdc_list vdc_list;       /**< A snapshot: devices, formats, controls, … */
typedef struct vdc_device vdc_device;   /**< One open device. */
typedef struct vdc_stream vdc_stream;   /**< Capture from a device, running or not. */

/** Something poll() or WaitForSingleObject() takes: a file descriptor, on Windows a HANDLE. */
typedef intptr_t vdc_handle;

/** Results. Values never change their meaning and are never reused. */
enum vdc_status {
    VDC_OK = 0,             /**< Done. */
    VDC_E_INVALID = -1,     /**< An argument breaks the documented contract. */
    VDC_E_NO_MEMORY = -2,   /**< Memory ran out. */
    VDC_E_NOT_FOUND = -3,   /**< No such device, control, register or buffer. */
    VDC_E_BUSY = -4,        /**< Another program, stream or thread has it. */
    VDC_E_GONE = -5,        /**< The device was unplugged, see above: close it. */
    VDC_E_TIMEOUT = -6,     /**< Nothing came in time. */
    VDC_E_CANCELLED = -7,   /**< vdc_stream_cancel() was called. */
    VDC_E_UNSUPPORTED = -8, /**< This device, backend or platform cannot do that. */
    VDC_E_STATE = -9, /**< Right call, wrong moment: not started, already open, in a callback, … */
    VDC_E_IO = -10,   /**< The bus, the driver or the operating system failed. */
    VDC_E_PERMISSION = -11, /**< The operating system or the open mode does not allow it. */
    VDC_E_FIRMWARE = -12,   /**< A firmware image was refused, or none runs. */
    VDC_E_RANGE = -13       /**< A value outside of what the device offers. */
};

/** "VDC_E_GONE" and so on. Static, never NULL. */
VDC_API(const char *) vdc_status_name(int status);

/** What this thread's last failed call tried, on what, and what to do. UTF-8, never NULL; borrowed
 * until this thread's next failing call; a timeout is one. Do not parse it. */
VDC_API(const char *) vdc_error_text(void);

/* ---- Context -------------------------------------------------------------------------------- */

/** Importance of a log line. */
enum vdc_log_level {
    VDC_LOG_NONE = 0,    /**< Nothing. */
    VDC_LOG_ERROR = 1,   /**< Something failed. */
    VDC_LOG_WARNING = 2, /**< Something is odd. */
    VDC_LOG_INFO = 3,    /**< Devices open, firmware boots. */
    VDC_LOG_DEBUG = 4    /**< What the hardware does. */
};

/** Takes a log line: UTF-8, no newline, borrowed during the call. From any thread, one at a time.
 * It must not call the library, since anything may be locked: most calls return VDC_E_STATE, the
 * rest may never return. */
typedef void(VDC_CALL *vdc_log_fn)(int level, const char *line, void *user);

/** How a context is made. Start from ::VDC_CONTEXT_CONFIG_INIT. */
typedef struct vdc_context_config {
    uint32_t size;            /**< sizeof(vdc_context_config). */
    uint32_t simulated_cards; /**< So many simulated cards, sim:0 and on, are listed; at most 16. */
    vdc_log_fn log;           /**< NULL: no log. */
    void *log_user;           /**< Handed to `log`. */
    uint32_t log_level;       /**< ::vdc_log_level: the least important line wanted. */
    uint32_t reserved;        /**< 0. */
} vdc_context_config;

/* clang-format off */
/** A config that changes nothing. */
#define VDC_CONTEXT_CONFIG_INIT { sizeof(vdc_context_config), 0, NULL, NULL, VDC_LOG_NONE, 0 }
/* clang-format on */

/** Makes a context. @param config NULL for the defaults. */
VDC_API(int) vdc_context_create(vdc_context **out, const vdc_context_config *config);

/** Destroys a context. Its devices must be closed before: otherwise it does nothing and logs an
 * error. Lists may outlive it. */
VDC_API(void) vdc_context_destroy(vdc_context *context);

/* ---- Lists ---------------------------------------------------------------------------------- */

/** Lists the devices that are present now. Simulated cards only as the context's config says. What
 * one backend cannot list is logged, and an error only if nothing else was found. */
VDC_API(int) vdc_context_list_devices(vdc_list **out, vdc_context *context);
/** Lists the formats of the selected input, the preferred first. */
VDC_API(int) vdc_device_list_formats(vdc_list **out, vdc_device *device);
/** Lists the controls. */
VDC_API(int) vdc_device_list_controls(vdc_list **out, vdc_device *device);
/** Lists the inputs. */
VDC_API(int) vdc_device_list_inputs(vdc_list **out, vdc_device *device);
/** Lists the timings of the selected input. */
VDC_API(int) vdc_device_list_timings(vdc_list **out, vdc_device *device);
/** Number of items; 0 for NULL. */
VDC_API(size_t) vdc_list_count(const vdc_list *list);
/** Item `index` of a list of devices; NULL past its end or if it lists something else. Borrowed
 * until the list is destroyed; so are those of the next four. */
VDC_API(const vdc_device_info *) vdc_list_device_at(const vdc_list *list, size_t index);
/** Item of a list of formats. */
VDC_API(const vdc_format_info *) vdc_list_format_at(const vdc_list *list, size_t index);
/** Item of a list of controls. */
VDC_API(const vdc_control_info *) vdc_list_control_at(const vdc_list *list, size_t index);
/** Item of a list of inputs. */
VDC_API(const vdc_input_info *) vdc_list_input_at(const vdc_list *list, size_t index);
/** Item of a list of timings. */
VDC_API(const vdc_timing_info *) vdc_list_timing_at(const vdc_list *list, size_t index);
/** Destroys a list of any kind. */
VDC_API(void) vdc_list_destroy(vdc_list *list);

/* ---- Events --------------------------------------------------------------------------------- */

/** What happened. */
enum vdc_event_kind {
    VDC_EVENT_DEVICE_ARRIVED = 1,  /**< A device can be opened. */
    VDC_EVENT_DEVICE_REMOVED = 2,  /**< A device was unplugged; if open, it is GONE. */
    VDC_EVENT_SIGNAL_CHANGED = 3,  /**< Signal or source timing of an open device changed. */
    VDC_EVENT_CONTROL_CHANGED = 4, /**< A control of an open device changed, not by this program. */
    VDC_EVENT_FIRMWARE_CHANGED = 5, /**< Other firmware runs: ask again for formats and controls. */
    VDC_EVENT_LOST = 6 /**< The queue (256 events) overflowed: ask for the present state. */
};

/** An event. Set `size` before asking for one. */
typedef struct vdc_event {
    uint32_t size;       /**< sizeof(vdc_event). */
    uint32_t kind;       /**< ::vdc_event_kind. */
    char device_id[128]; /**< The device's id, as in its info: "sim:0" without options. */
    uint32_t control;    /**< For CONTROL_CHANGED: which. */
    uint32_t reserved;   /**< 0. */
    int64_t value;       /**< For CONTROL_CHANGED: its value then. */
} vdc_event;

/* clang-format off */
/** An event to be filled. */
#define VDC_EVENT_INIT { sizeof(vdc_event), 0, { 0 }, 0, 0, 0 }
/* clang-format on */

/** Takes the next event of any device of the context: hotplug, signal, controls, firmware. Hotplug
 * is watched from the first call of this or the next function on (so that who never asks pays
 * nothing): make one, with timeout 0, before you list devices, and none slips in between. */
VDC_API(int) vdc_context_wait_event(vdc_event *out, vdc_context *context, int timeout_ms);

/** A handle that is readable (signalled) exactly while an event waits. Never read from it or close
 * it; it is the context's, until it is destroyed. */
VDC_API(int) vdc_context_get_handle(vdc_handle *out, vdc_context *context);

/* ---- Devices -------------------------------------------------------------------------------- */

/** How a device is opened. */
enum vdc_open_flag {
    /** Registers and extension units may be read and written (vidicon/service.h). */
    VDC_OPEN_REGISTERS = 1 << 0
};

/**
 * Opens a device. This works even if it cannot capture, say for want of firmware: its info then
 * says LIMITED, why, and vidicon/service.h repairs it.
 * @param id     An id from a list; "usb:", "v4l2:" or another prefix for the first device of a
 *               backend; "sim:0" and options (docs/simulator.md) for a simulated card; NULL for the
 *               first real device that is listed, never a simulated one.
 * @param flags  Any of ::vdc_open_flag.
 * @return VDC_E_NOT_FOUND, VDC_E_BUSY, VDC_E_PERMISSION, VDC_E_INVALID (options of the id),
 *         VDC_E_IO.
 */
VDC_API(int) vdc_device_open(vdc_device **out, vdc_context *context, const char *id,
                             uint32_t flags);

/** Closes a device; its streams must be closed before: otherwise it does nothing and logs an
 * error. */
VDC_API(void) vdc_device_close(vdc_device *device);

/** What is open, as of now: another firmware or an unplug show in what the next call gives.
 * Borrowed until the device is closed; NULL for NULL. */
VDC_API(const vdc_device_info *) vdc_device_get_info(vdc_device *device);

/** What the selected input receives. */
enum vdc_signal_state {
    VDC_SIGNAL_UNKNOWN = 0,  /**< The device cannot tell. */
    VDC_SIGNAL_NONE = 1,     /**< Nothing. */
    VDC_SIGNAL_UNSTABLE = 2, /**< Something, but no stable timing. */
    VDC_SIGNAL_LOCKED = 3,   /**< A stable signal, of the selected timing. */
    VDC_SIGNAL_MISMATCH = 4  /**< A stable signal of another timing: set that one to capture it. */
};

/** Id of no timing. */
#define VDC_TIMING_NONE 0xffffffffu

/** State of the selected input. Set `size` before asking for it. */
typedef struct vdc_signal {
    uint32_t size;            /**< sizeof(vdc_signal). */
    uint32_t state;           /**< ::vdc_signal_state. */
    uint32_t input;           /**< Id of the selected input. */
    uint32_t selected_timing; /**< Id of the timing that is captured, or VDC_TIMING_NONE. */
    uint32_t detected_timing; /**< Id of the timing that arrives, or VDC_TIMING_NONE. */
    uint32_t changes;         /**< Grows with every change. */
} vdc_signal;

/* clang-format off */
/** A signal state to be filled. */
#define VDC_SIGNAL_INIT { sizeof(vdc_signal), 0, 0, 0, 0, 0 }
/* clang-format on */

/** Asks what the selected input receives. VDC_E_UNSUPPORTED without VDC_CAP_INPUTS. */
VDC_API(int) vdc_device_get_signal(vdc_signal *out, vdc_device *device);
/** Selects an input, and its default timing. VDC_E_RANGE: none of vdc_device_list_inputs().
 * VDC_E_UNSUPPORTED without VDC_CAP_INPUTS. VDC_E_BUSY while a stream is open. */
VDC_API(int) vdc_device_select_input(vdc_device *device, uint32_t input);
/** Selects the standard or DV timing to expect. VDC_E_RANGE: none of vdc_device_list_timings().
 * VDC_E_UNSUPPORTED without VDC_CAP_TIMINGS. VDC_E_BUSY while a stream is open. */
VDC_API(int) vdc_device_set_timing(vdc_device *device, uint32_t timing);

/** Reads a control. VDC_E_NOT_FOUND: the device has none of that number. */
VDC_API(int) vdc_device_get_control(int64_t *out, vdc_device *device, uint32_t control);
/** Sets a control; in force from the next frame on, at the latest. VDC_E_RANGE: off its range or
 * step. VDC_E_PERMISSION: it is read only. */
VDC_API(int) vdc_device_set_control(vdc_device *device, uint32_t control, int64_t value);

/** What a negotiation changed. */
enum vdc_changed {
    VDC_CHANGED_FOURCC = 1 << 0,   /**< Another pixel format. */
    VDC_CHANGED_SIZE = 1 << 1,     /**< Another width or height. */
    VDC_CHANGED_INTERVAL = 1 << 2, /**< Another frame interval. */
    VDC_CHANGED_STRIDE = 1 << 3,   /**< Another stride. */
    VDC_CHANGED_FIELD = 1 << 4,    /**< Another field order. */
    VDC_CHANGED_COLOUR = 1 << 5    /**< Another colour space, range or matrix. */
};

/** Outcome of a negotiation. Set `size` before. */
typedef struct vdc_negotiation {
    uint32_t size; /**< sizeof(vdc_negotiation). */
    /** Any of ::vdc_changed; 0: as wanted. What was 0 in the wish never counts. */
    uint32_t changed;
    vdc_format format; /**< Complete; vdc_stream_open() takes it. */
    char reason[160];  /**< For people: what was changed and why; "" if nothing was. */
} vdc_negotiation;

/* clang-format off */
/** A negotiation to be filled. */
#define VDC_NEGOTIATION_INIT \
    { sizeof(vdc_negotiation), 0, VDC_FORMAT_INIT, { 0 } }
/* clang-format on */

/**
 * Finds the format of the device that is nearest to a wish. Asks only, sets nothing. Nearest: first
 * the pixel format, then the smallest size not below the wish (else the largest), then the nearest
 * interval not shorter than the wish.
 * @param wanted  Members that are 0 mean any; NULL means all any.
 */
VDC_API(int) vdc_device_negotiate(vdc_negotiation *out, vdc_device *device,
                                  const vdc_format *wanted);

/* ---- Streams -------------------------------------------------------------------------------- */

/** Flags of a frame. */
enum vdc_frame_flag {
    VDC_FRAME_DAMAGED = 1 << 0,        /**< Parts are wrong; only with VDC_STREAM_DAMAGED_TOO. */
    VDC_FRAME_COPIED = 1 << 1,         /**< The library or a driver had to copy it. */
    VDC_FRAME_DISCONTINUITY = 1 << 2,  /**< Frames are missing before this one, see `dropped`. */
    VDC_FRAME_SOURCE_CHANGED = 1 << 3, /**< The signal changed since the frame before. */
    VDC_FRAME_TEST_PATTERN = 1 << 4,   /**< Made by the device, not by its input. */
    VDC_FRAME_TIME_JUMP = 1 << 5       /**< The device's time lost its basis before this frame. */
};

/** Which clock a host time is on. */
enum vdc_clock {
    /** No host time. */
    VDC_CLOCK_NONE = 0,
    /** CLOCK_MONOTONIC; QueryPerformanceCounter on Windows; mach time on macOS. */
    VDC_CLOCK_MONOTONIC = 1,
    /** A simulated card's own time at rate=max: from its power-on. */
    VDC_CLOCK_VIRTUAL = 2
};

/** An error bound that is not known. */
#define VDC_ERROR_UNKNOWN_NS ((int64_t)-1)

/** A frame. Borrowed until vdc_stream_release(). */
typedef struct vdc_frame {
    /** First byte of each plane: the start of its buffer plus the offset in `layout`. NULL for
     * memory that this process cannot reach. */
    const uint8_t *planes[VDC_PLANES_MAX];
    /** Bytes of the frame, from the first byte of plane 0 on. The way to know how long a compressed
     * one is. */
    size_t used_bytes;
    /** How many planes. */
    uint32_t plane_count;
    /** Any of ::vdc_frame_flag. */
    uint32_t flags;
    /** Frame number since start, from 0; lost frames have numbers, too. */
    uint64_t sequence;
    /** The device's counter at the start of the frame; see time_hz in its info. */
    uint64_t device_ticks;
    /** The same moment on the host's clock. */
    int64_t host_time_ns;
    /** The true moment lies within plus or minus this of it; or VDC_ERROR_UNKNOWN_NS. */
    int64_t error_bound_ns;
    /** ::vdc_clock of host_time_ns; the same for all frames of a start. */
    uint32_t clock;
    /** Index of its buffer. */
    uint32_t buffer;
    /** vdc_buffer.user of its buffer. */
    void *buffer_user;
    /** Bytes that were copied on its way, 0 if none. */
    uint64_t copied_bytes;
    /** Frames lost between the frame before and this one, by ::vdc_drop. */
    uint32_t dropped[VDC_DROP_SLOTS];
    /** Strides and lines of each plane: vdc_stream_info.planes again. Valid as long as the
     * frame. */
    const vdc_plane_layout *layout;
} vdc_frame;

/** Whose memory the buffers are. */
enum vdc_memory {
    VDC_MEMORY_LIBRARY = 0, /**< The library allocates. */
    VDC_MEMORY_CALLER = 1,  /**< The caller's, given by vdc_stream_add_buffer(); at most 64. */
    VDC_MEMORY_DMABUF = 2   /**< dma-bufs, given by vdc_stream_add_buffer(); at most 64. */
};

/** A buffer of the caller's. Start from ::VDC_BUFFER_INIT. */
typedef struct vdc_buffer {
    /** sizeof(vdc_buffer). */
    uint32_t size;
    /** For VDC_MEMORY_DMABUF: the caller's, open until the stream is closed; else -1. */
    int32_t dmabuf_fd;
    /** For VDC_MEMORY_CALLER: the memory, any alignment. Valid until the stream is closed. */
    void *data;
    /** At least vdc_stream_info.frame_bytes. */
    size_t capacity_bytes;
    /** For VDC_MEMORY_DMABUF: where in it the buffer begins. */
    size_t offset_bytes;
    /** Comes back in each frame. */
    void *user;
} vdc_buffer;

/* clang-format off */
/** A buffer to be filled. */
#define VDC_BUFFER_INIT { sizeof(vdc_buffer), -1, NULL, 0, 0, NULL }
/* clang-format on */

/**
 * Takes a frame on a thread of the library. Calls come one at a time, in the order of the frames.
 * The frame is the application's until it calls vdc_stream_release(), here or later and on any
 * thread. When the stream ends by itself (VDC_E_GONE, VDC_E_IO) or is cancelled, it is called a
 * last time without a frame.
 * @param frame   NULL if status is not VDC_OK.
 */
typedef void(VDC_CALL *vdc_frame_fn)(vdc_stream *stream, const vdc_frame *frame, int status,
                                     void *user);

/** Flags of a stream. */
enum vdc_stream_flag {
    /** Deliver damaged frames too, flagged; else they are counted and kept back. */
    VDC_STREAM_DAMAGED_TOO = 1 << 0
};

/** A window. Fixed for ever. */
typedef struct vdc_rect {
    uint32_t left_px;   /**< Left edge. */
    uint32_t top_px;    /**< Top edge. */
    uint32_t width_px;  /**< Width; 0 for all. */
    uint32_t height_px; /**< Height; 0 for all. */
} vdc_rect;

/** How a stream is made. Start from ::VDC_STREAM_CONFIG_INIT. */
typedef struct vdc_stream_config {
    /** sizeof(vdc_stream_config). */
    uint32_t size;
    /** Any of ::vdc_stream_flag. */
    uint32_t flags;
    /** Exactly what the device can do, as negotiated; all zero: its favourite. */
    vdc_format format;
    /** Window of that picture to deliver; all zero: all of it. Needs VDC_CAP_CROP, and a format
     * with a range of sizes. */
    vdc_rect crop;
    /** For library memory; 0: 4. At most 64. */
    uint32_t buffer_count;
    /** ::vdc_memory. */
    uint32_t memory;
    /** Sub-frame delivery in steps of so many lines; 0: off. Needs VDC_CAP_PROGRESS. */
    uint32_t watermark_lines;
    /** 0. */
    uint32_t reserved;
    /** Delivery by callback; NULL: by vdc_stream_wait(). */
    vdc_frame_fn on_frame;
    /** Handed to `on_frame`. */
    void *user;
} vdc_stream_config;

/* clang-format off */
/** A config that asks for nothing in particular. */
#define VDC_STREAM_CONFIG_INIT \
    { sizeof(vdc_stream_config), 0, VDC_FORMAT_INIT, \
        { 0, 0, 0, 0 }, 0, VDC_MEMORY_LIBRARY, 0, 0, NULL, NULL }
/* clang-format on */

/** What a stream delivers. Set `size` before. */
typedef struct vdc_stream_info {
    uint32_t size;        /**< sizeof(vdc_stream_info). */
    uint32_t plane_count; /**< Planes of a frame. */
    vdc_format format;    /**< What is delivered: the window's size, the real stride. */
    vdc_rect crop;        /**< The window in the device's picture. */
    /** Bytes that a buffer needs; for compressed formats the most a frame may have. */
    size_t frame_bytes;
    /** Where the planes lie in a buffer. For compressed and unknown formats one plane with
     * line_bytes 0. */
    vdc_plane_layout planes[VDC_PLANES_MAX];
    uint32_t buffer_count; /**< Buffers that the stream has now. */
    uint32_t memory;       /**< ::vdc_memory. */
} vdc_stream_info;

/* clang-format off */
/** A stream info to be filled. */
#define VDC_STREAM_INFO_INIT \
    { sizeof(vdc_stream_info), 0, VDC_FORMAT_INIT, \
        { 0, 0, 0, 0 }, 0, \
        { { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 }, { 0, 0, 0, 0, 0 } }, 0, 0 }
/* clang-format on */

/**
 * Opens a stream: fixes format, memory and the way of delivery. A device has one at a time.
 * @param config  NULL for the defaults. Members of its format that are 0 mean any; the others must
 *                be as negotiated.
 * @return VDC_E_RANGE: not a format of the device (negotiate first). VDC_E_BUSY: this or another
 *         program has a stream on it. VDC_E_FIRMWARE: the device is LIMITED. VDC_E_UNSUPPORTED:
 *         memory, crop or watermark.
 */
VDC_API(int) vdc_stream_open(vdc_stream **out, vdc_device *device, const vdc_stream_config *config);

/** Stops, if need be, and closes a stream; frames still held become invalid. */
VDC_API(void) vdc_stream_close(vdc_stream *stream);

/** What the stream delivers, and how large buffers must be. */
VDC_API(int) vdc_stream_get_info(vdc_stream_info *out, vdc_stream *stream);

/** Gives the stream a buffer of the caller's; buffers are numbered from 0. VDC_E_INVALID: smaller
 * than vdc_stream_info.frame_bytes, or it overlaps another one. VDC_E_RANGE: there are 64, or as
 * many as the driver takes: that of V4L2 may take 32. VDC_E_STATE while it runs, and with library
 * memory. */
VDC_API(int) vdc_stream_add_buffer(vdc_stream *stream, const vdc_buffer *buffer);

/** Starts capture. Statistics and sequence begin at 0. VDC_E_STATE: it runs already, or it has no
 * buffers. Buffers of frames that are still held join in when they are released. */
VDC_API(int) vdc_stream_start(vdc_stream *stream);

/** Stops capture. When it returns, also after an unplug, nobody writes to the buffers any more; a
 * thread in vdc_stream_wait() comes back with VDC_E_STATE, and a callback in progress has returned.
 * Frames that the application holds stay as they are. VDC_E_STATE: it does not run. After any other
 * error it is stopped all the same. */
VDC_API(int) vdc_stream_stop(vdc_stream *stream);

/** From now on every wait returns VDC_E_CANCELLED, the one in progress too, until the next start.
 * Any thread, but not a signal handler. */
VDC_API(void) vdc_stream_cancel(vdc_stream *stream);

/**
 * Takes the oldest frame that is complete. Frames held are not filled again: release them soon.
 * @return VDC_E_TIMEOUT, VDC_E_CANCELLED, VDC_E_IO; VDC_E_GONE, when all that was complete has been
 *         taken; VDC_E_STATE: not started, or delivery is by callback.
 */
VDC_API(int) vdc_stream_wait(const vdc_frame **out, vdc_stream *stream, int timeout_ms);

/** Gives a frame back, to be filled again. Works on a stopped stream and after an unplug, too.
 * VDC_E_INVALID: not a frame of this stream that is held. */
VDC_API(int) vdc_stream_release(vdc_stream *stream, const vdc_frame *frame);

/** A handle that is readable (signalled) exactly while vdc_stream_wait() with timeout 0 would not
 * time out: so also while that would fail, being cancelled, stopped or not started. It is the same
 * before, while and after the stream runs. Never read from it or close it; it is the stream's,
 * until it is closed. VDC_E_STATE with delivery by callback. A driver that cannot tell damaged
 * frames from good ones may raise it for one that is then not delivered: poll again. Take a few
 * frames each time and go back to poll: a source without a clock, such as sim at rate=max, always
 * has another one. */
VDC_API(int) vdc_stream_get_handle(vdc_handle *out, vdc_stream *stream);

/** How much of the frame in progress has arrived. Set `size` before. */
typedef struct vdc_progress {
    uint32_t size;   /**< sizeof(vdc_progress). */
    uint32_t buffer; /**< Index of the buffer it goes to. */
    /** Start of that buffer; only `lines` lines are valid, and only until the next start, or until
     * the frame after the one that this becomes is released. */
    const uint8_t *data;
    uint32_t lines;    /**< Complete lines in each full-height plane. */
    uint32_t reserved; /**< 0. */
    uint64_t sequence; /**< The number the frame will have, unless it is lost. */
} vdc_progress;

/* clang-format off */
/** Progress to be filled. */
#define VDC_PROGRESS_INIT { sizeof(vdc_progress), 0, NULL, 0, 0, 0 }
/* clang-format on */

/** Waits until the frame in progress has grown by another watermark. VDC_E_UNSUPPORTED unless the
 * stream was opened with watermark_lines. One thread, that of vdc_stream_wait(). VDC_E_STATE when a
 * complete frame waits: take that first. */
VDC_API(int) vdc_stream_wait_progress(vdc_progress *out, vdc_stream *stream, int timeout_ms);

/** A file descriptor of buffer `index` as a dma-buf; the caller closes it. VDC_E_UNSUPPORTED where
 * it cannot be. */
VDC_API(int) vdc_stream_export_buffer(int *out, vdc_stream *stream, uint32_t index);

/* ---- Statistics ----------------------------------------------------------------------------- */

/** The account up to now, or of the last run. Works after an unplug, too. */
VDC_API(int) vdc_stream_get_stats(vdc_stats *out, vdc_stream *stream);

/** "DEVICE_FIFO" and so on for a ::vdc_drop. Static, never NULL. */
VDC_API(const char *) vdc_drop_name(uint32_t cause);

VDC_END_DECLS

#endif
