/* SPDX-License-Identifier: MIT */
/*
 * Kernel streaming's structures, constants and GUIDs, as ks.h and ksmedia.h of Windows have them, so that all but
 * ks_win32.c compiles anywhere. That file checks every size and place here against the system's own headers.
 */
#ifndef KS_ABI_H
#define KS_ABI_H

#include <stdint.h>
#include <string.h>

struct ks_guid {
    uint32_t a;
    uint16_t b, c;
    uint8_t d[8];
};

/* ---- Properties ---- */

struct ks_property {
    struct ks_guid set;
    uint32_t id;
    uint32_t flags;
};

#define KS_TYPE_GET          1u
#define KS_TYPE_SET          2u
#define KS_TYPE_BASICSUPPORT 0x200u

/* KSEVENT has the same form. */
#define KS_EVENT_ENABLE      1u
#define KS_EVENT_DEVICE_LOST 0u /* of ks_event_device */

enum ks_pin_property {
    KS_PIN_CTYPES = 1,
    KS_PIN_DATAFLOW = 2,
    KS_PIN_DATARANGES = 3,
    KS_PIN_COMMUNICATION = 7,
    KS_PIN_CATEGORY = 11
};
#define KS_DATAFLOW_OUT         2u
#define KS_COMMUNICATION_NONE   0u
#define KS_COMMUNICATION_BRIDGE 4u

enum ks_connection_property { KS_CONNECTION_STATE = 0, KS_CONNECTION_FRAMING = 3 };

enum ks_state { KS_STATE_STOP = 0, KS_STATE_ACQUIRE, KS_STATE_PAUSE, KS_STATE_RUN };

/* KSP_PIN */
struct ks_pin_request {
    struct ks_property property;
    uint32_t pin;
    uint32_t reserved;
};

/* KSALLOCATOR_FRAMING */
struct ks_framing {
    uint32_t requirements;
    uint32_t pool;
    uint32_t frames;
    uint32_t frame_bytes;
    uint32_t alignment_mask;
    uint32_t reserved;
};

/* KSPROPERTY_VIDEOPROCAMP_S and KSPROPERTY_CAMERACONTROL_S, which are the same. */
struct ks_level {
    struct ks_property property;
    int32_t value;
    uint32_t flags;
    uint32_t capabilities;
    uint32_t padding;
};
#define KS_LEVEL_AUTO   1u
#define KS_LEVEL_MANUAL 2u

/* KSPROPERTY_DESCRIPTION, KSPROPERTY_MEMBERSHEADER, KSPROPERTY_STEPPING_LONG */
struct ks_description {
    uint32_t access;
    uint32_t description_bytes;
    struct ks_property type;
    uint32_t member_lists;
    uint32_t reserved;
};
struct ks_members {
    uint32_t kind;
    uint32_t bytes;
    uint32_t count;
    uint32_t flags;
};
#define KS_MEMBERS_RANGES         1u
#define KS_MEMBERS_STEPPED_RANGES 2u
#define KS_MEMBERS_VALUES         3u
#define KS_MEMBERS_DEFAULT        1u
struct ks_stepping {
    uint32_t step;
    uint32_t reserved;
    int32_t minimum;
    int32_t maximum;
};

enum ks_video_property { KS_VIDEO_CAPS = 0, KS_VIDEO_FRAME_RATES = 2, KS_VIDEO_MODE = 3 };
/* KSPROPERTY_VIDEOCONTROL_CAPS_S and _MODE_S */
struct ks_video_mode {
    struct ks_property property;
    uint32_t pin;
    uint32_t bits;
};
#define KS_VIDEO_FLIP_HORIZONTAL 1u
#define KS_VIDEO_FLIP_VERTICAL   2u
/* KSPROPERTY_VIDEOCONTROL_FRAME_RATES_S */
struct ks_video_rates {
    struct ks_property property;
    uint32_t pin;
    uint32_t range;
    int32_t width;
    int32_t height;
};

/* KSMULTIPLE_ITEM */
struct ks_items {
    uint32_t bytes;
    uint32_t count;
};

/* ---- Formats ---- */

/* KSDATAFORMAT and KSDATARANGE */
struct ks_format {
    uint32_t bytes;
    uint32_t flags;
    uint32_t sample_bytes;
    uint32_t reserved;
    struct ks_guid major;
    struct ks_guid sub;
    struct ks_guid specifier;
};
#define KS_FORMAT_ATTRIBUTES 2u /* the next item is a list of attributes */

struct ks_bitmap {
    uint32_t bytes;
    int32_t width;
    int32_t height;
    uint16_t planes;
    uint16_t bits;
    uint32_t compression;
    uint32_t image_bytes;
    int32_t x_per_metre;
    int32_t y_per_metre;
    uint32_t colours;
    uint32_t important;
};

/* The head that KS_VIDEOINFOHEADER and KS_VIDEOINFOHEADER2 share. */
struct ks_video_head {
    int32_t source[4]; /* left, top, right, bottom */
    int32_t target[4];
    uint32_t bit_rate;
    uint32_t bit_error_rate;
    int64_t interval_100ns;
};
struct ks_video {
    struct ks_video_head head;
    struct ks_bitmap bitmap;
};
struct ks_video2 {
    struct ks_video_head head;
    uint32_t interlace;
    uint32_t copy_protect;
    uint32_t aspect_x;
    uint32_t aspect_y;
    uint32_t control;
    uint32_t reserved;
    struct ks_bitmap bitmap;
};
#define KS_INTERLACED      1u
#define KS_ONE_FIELD       2u
#define KS_FIELD_ONE_FIRST 4u
#define KS_COLOUR_PRESENT  0x80u

/* KS_VIDEO_STREAM_CONFIG_CAPS */
struct ks_caps {
    struct ks_guid guid;
    uint32_t standard;
    int32_t input[2];
    int32_t crop_min[2];
    int32_t crop_max[2];
    int32_t crop_step[2];
    int32_t crop_align[2];
    int32_t output_min[2];
    int32_t output_max[2];
    int32_t output_step[2];
    int32_t taps[4];
    uint32_t padding;
    int64_t interval_min_100ns;
    int64_t interval_max_100ns;
    int32_t rate_min;
    int32_t rate_max;
};

/* KS_DATARANGE_VIDEO up to the header. */
struct ks_video_range {
    struct ks_format range;
    int32_t fixed_size;
    int32_t temporal;
    uint32_t description;
    uint32_t memory;
    struct ks_caps caps;
};

/* ---- Pins and frames ---- */

/* KSPIN_CONNECT; the data format follows. */
struct ks_connect {
    struct ks_property interface;
    struct ks_property medium;
    uint32_t pin;
    void *to;
    uint32_t priority_class;
    uint32_t priority;
};
#define KS_PRIORITY_NORMAL 0x40000000u

/* KSSTREAM_HEADER */
struct ks_stream_header {
    uint32_t bytes;
    uint32_t type_flags;
    int64_t time;
    uint32_t time_numerator;
    uint32_t time_denominator;
    int64_t duration;
    uint32_t extent_bytes;
    uint32_t used_bytes;
    void *data;
    uint32_t options;
};
#define KS_OPTION_DISCONTINUITY 4u

/* KS_FRAME_INFO */
struct ks_frame_info {
    uint32_t bytes;
    uint32_t flags;
    int64_t picture;
    int64_t dropped;
    void *draw;
    void *surface;
    int32_t rect[4];
    uint32_t reserved[4];
};

/* ---- GUIDs ---- */

static inline int ks_guid_same(const struct ks_guid *a, const struct ks_guid *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

extern const struct ks_guid ks_set_pin;
extern const struct ks_guid ks_set_connection;
extern const struct ks_guid ks_set_procamp;
extern const struct ks_guid ks_set_camera;
extern const struct ks_guid ks_set_video;
extern const struct ks_guid ks_set_own; /* Vidicon's: properties and format specifier */
extern const struct ks_guid ks_event_device;
extern const struct ks_guid ks_interface_standard;
extern const struct ks_guid ks_medium_standard;
extern const struct ks_guid ks_type_video;
extern const struct ks_guid ks_specifier_video;
extern const struct ks_guid ks_specifier_video2;
extern const struct ks_guid ks_category_capture;
extern const struct ks_guid ks_category_preview;
extern const struct ks_guid ks_category_still;
extern const struct ks_guid ks_subtype_code; /* with the code in its first number */
extern const struct ks_guid ks_subtype_rgb24;
extern const struct ks_guid ks_subtype_rgb32;
extern const struct ks_guid ks_subtype_argb32;
extern const struct ks_guid ks_subtype_rgb565;
extern const struct ks_guid ks_subtype_rgb555;

#endif
