/* SPDX-License-Identifier: MIT */
/**
 * @file lists.h
 * @brief What lists show: devices, formats, controls, inputs, timings.
 */
#ifndef VIDICON_LISTS_H
#define VIDICON_LISTS_H

#include <stddef.h>
#include <stdint.h>

#include "vidicon/formats.h"

/** What a device offers. */
enum vdc_device_cap {
    VDC_CAP_FIRMWARE = 1 << 0,      /**< vidicon/service.h: firmware. */
    VDC_CAP_REGISTERS = 1 << 1,     /**< vidicon/service.h: registers. */
    VDC_CAP_INPUTS = 1 << 2,        /**< Inputs can be listed and selected, the signal asked. */
    VDC_CAP_TIMINGS = 1 << 3,       /**< Standards or DV timings can be listed and set. */
    VDC_CAP_CROP = 1 << 4,          /**< A stream may take a window of the picture. */
    VDC_CAP_PROGRESS = 1 << 5,      /**< Sub-frame delivery. */
    VDC_CAP_CALLER_MEMORY = 1 << 6, /**< Buffers may be the caller's memory. */
    VDC_CAP_DMABUF_IMPORT = 1 << 7, /**< Buffers may be dma-bufs. */
    VDC_CAP_DMABUF_EXPORT = 1 << 8, /**< Buffers can be exported as dma-bufs. */
    VDC_CAP_DEVICE_TIME = 1 << 9,   /**< Frames carry the device's own counter. */
    VDC_CAP_SIMULATED = 1 << 10,    /**< No hardware: the picture is made up. */
    VDC_CAP_EXTENSIONS = 1 << 11    /**< vidicon/service.h: extension units. */
};

/** Whether a device can capture. */
enum vdc_device_state {
    VDC_DEVICE_PRESENT = 0, /**< Seen, not open. */
    VDC_DEVICE_READY = 1,   /**< Open and able to capture. */
    VDC_DEVICE_LIMITED = 2, /**< Open, but only firmware and registers work; see `state_text`. */
    VDC_DEVICE_GONE = 3     /**< Unplugged. */
};

/** A device. From a list: borrowed until the list is destroyed. From an open device: until it is
 * closed. */
typedef struct vdc_device_info {
    const char *id;       /**< "backend:…": opens this device, also after a replug. */
    const char *name;     /**< For people. UTF-8. */
    const char *serial;   /**< Serial number, "" if none. */
    const char *location; /**< Bus path for people, "" if unknown. */
    const char *backend;  /**< "sim", "v4l2", "usb", "ks". */
    uint32_t caps;        /**< Any of ::vdc_device_cap; from a list, as far as known. */
    uint32_t state; /**< ::vdc_device_state when the list was made or the info was asked for. */
    const char *state_text; /**< Why it is limited, else "". */
    uint32_t time_hz;       /**< Ticks per second of the device's counter, 0 if none. */
    uint32_t reserved;      /**< 0. */
} vdc_device_info;

/** Intervals and sizes of one pixel format. */
typedef struct vdc_format_info {
    uint32_t fourcc;         /**< Pixel format. */
    uint32_t compressed;     /**< 1 if it is a compressed one. */
    uint32_t width_min_px;   /**< Smallest width, */
    uint32_t width_max_px;   /**< largest (the same: only this one), */
    uint32_t width_step_px;  /**< and the step from the smallest; the largest is always allowed. */
    uint32_t height_min_px;  /**< The same for the height. */
    uint32_t height_max_px;  /**< The same for the height. */
    uint32_t height_step_px; /**< The same for the height. */
    const vdc_fraction *intervals_s; /**< Frame intervals at these sizes, the preferred first. */
    size_t interval_count;           /**< How many; 2 with `interval_range`. */
    uint32_t interval_range; /**< 1: the two are shortest and longest, and all between will do. */
    uint32_t field;          /**< ::vdc_field, and so on: what it is delivered with. */
    uint32_t primaries;      /**< ::vdc_primaries. */
    uint32_t transfer;       /**< ::vdc_transfer. */
    uint32_t matrix;         /**< ::vdc_matrix. */
    uint32_t range;          /**< ::vdc_range. */
} vdc_format_info;

/** A value of a menu control. Fixed for ever: a menu is an array of them. */
typedef struct vdc_menu_item {
    int64_t value;    /**< For vdc_device_set_control(). */
    const char *name; /**< For people. */
} vdc_menu_item;

/** A control. */
typedef struct vdc_control_info {
    uint32_t id;               /**< ::vdc_control. */
    uint32_t type;             /**< ::vdc_control_type. */
    uint32_t flags;            /**< ::vdc_control_flag. */
    uint32_t reserved;         /**< 0. */
    const char *name;          /**< For people. */
    int64_t minimum;           /**< Smallest value. */
    int64_t maximum;           /**< Largest value. */
    int64_t step;              /**< At least 1. */
    int64_t default_value;     /**< What the device starts with. */
    const vdc_menu_item *menu; /**< Items of a menu, else NULL. */
    size_t menu_count;         /**< How many. */
} vdc_control_info;

/** What kind of signal an input takes. */
enum vdc_input_kind {
    VDC_INPUT_DIGITAL = 0, /**< Its timings are DV timings. */
    VDC_INPUT_ANALOG = 1,  /**< Its timings are video standards. */
    VDC_INPUT_CAMERA = 2   /**< A sensor; it has no timings. */
};

/** An input connector. */
typedef struct vdc_input_info {
    uint32_t id;      /**< For vdc_device_select_input(). */
    uint32_t kind;    /**< ::vdc_input_kind. */
    const char *name; /**< For people. */
} vdc_input_info;

/** A video standard or DV timing. */
typedef struct vdc_timing_info {
    uint32_t id;             /**< For vdc_device_set_timing(). */
    uint32_t kind;           /**< ::vdc_input_kind it belongs to. */
    const char *name;        /**< For people: "1080p60", "PAL". */
    uint32_t width_px;       /**< Active pixels. */
    uint32_t height_px;      /**< Active lines. */
    vdc_fraction interval_s; /**< Time between frames. */
    uint32_t interlaced;     /**< 1 if a frame has two fields. */
    uint32_t reserved;       /**< 0. */
    uint64_t pixel_clock_hz; /**< 0 if it has none. */
} vdc_timing_info;

#endif
