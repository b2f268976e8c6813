/* SPDX-License-Identifier: MIT */
/*
 * What the files of the kernel streaming backend share. A filter is "own" if it answers to Vidicon's property set; all
 * others are plain, and everything that is said of them comes from the standard sets.
 */
#ifndef KS_H
#define KS_H

#include <stdatomic.h>

#include "backend.h"
#include "ks_abi.h"
#include "ks_range.h"
#include "ks_system.h"
#include "vdw_interface.h"

#define KS_INTERVALS_MAX 8192u /* of all modes together */
#define KS_MODES_MAX     1024u
#define KS_CONTROLS_MAX  64u
#define KS_READS_MAX     64u /* the library's limit of buffers */
#define KS_FOUND_MOST    64u

/* ---- Device ---- */

struct ks_device;

/* A control and how it is reached. */
struct ks_control {
    vdc_control_info info; /* menu: not here, see ks_control_list() */
    char name[32];
    uint32_t place; /* enum ks_place */
    uint32_t
        property; /* of its set; or a bit of VideoControl's mode; or the number in Vidicon's set */
    uint32_t menu_count;
    int64_t last; /* as the application knows it */
};
enum ks_place {
    KS_PLACE_PROCAMP = 0,
    KS_PLACE_CAMERA = 1,
    KS_PLACE_PROCAMP_AUTO = 2,
    KS_PLACE_CAMERA_AUTO = 3,
    KS_PLACE_FLIP = 4,
    KS_PLACE_OWN = 5,
    KS_PLACE_PATTERN = 6
};

/* A frame interval, and how the driver writes it. */
struct ks_interval {
    vdc_fraction s;
    int64_t hundred_ns;
};

struct ks_stream;

/* `priv` of the device. */
struct ks_device {
    const struct ks_system *system;
    struct vdi_device *device;
    struct ks_handle *filter;
    char id[128];
    char location[128];
    char name[64];
    uint32_t pin;
    struct ks_mode *modes;
    uint32_t mode_count;
    struct ks_interval *intervals;
    uint32_t interval_count;
    struct ks_control *controls;
    uint32_t control_count;
    struct vdw_register_info *registers; /* NULL: not asked for yet */
    uint32_t register_count;
    struct ks_stream *stream;
    vdi_mutex *values; /* for the controls and their `last`, against ks_event.c */

    uint32_t own;
    struct vdw_identity identity;

    /* ks_event.c; with the lock `values`. */
    uint32_t known; /* 0: what follows, and `last`, are read before anything is told */
    uint32_t signal_changes;
    struct vdw_firmware_status firmware;
    _Atomic uint32_t operating; /* its own doing is no news */
    _Atomic uint32_t stale;     /* other firmware runs than was read of */

    /* ks_watch.c */
    struct ks_device *next;
    void *listener;
    _Atomic uint32_t heard; /* 1: the driver tells of controls and signal */
    uint32_t lost;
};

static inline struct ks_device *ks_device_of(const struct vdi_device *device)
{
    return device->priv;
}

/* ks_list.c */
int ks_list(struct vdi_context *context, struct vdi_sink *sink);
/* The id, without "ks:", of an interface path. */
void ks_make_id(char id[128], const char *path);
/* The filters that may capture video, each once. *count of them; free() the array. */
struct ks_found {
    char id[128]; /* without "ks:" */
    struct ks_interface interface;
};
int ks_find_all(struct ks_found **out, uint32_t *count);
void ks_describe(struct vdi_device_info *info, const struct ks_found *found);

/* ks_watch.c: open devices, and contexts that want to hear of them. */
int ks_watch(struct vdi_context *context, void **state, int on);
int ks_watch_add(struct ks_device *device);
void ks_watch_remove(struct ks_device *device);
/* A call found it gone: told once. */
void ks_watch_lost(const struct ks_device *device);

/* ks_event.c */
/* The events that the driver is asked to tell of. How many. */
uint32_t ks_events_wanted(const struct ks_device *device, struct ks_property out[KS_EVENTS_MOST]);
int ks_events_suffice(const struct ks_device *device, uint64_t accepted);
/* `happened` of the system; the user is the device. */
void ks_events_happened(void *user, uint32_t event);

/* ks_error.c */
/* The library's status for a result of the system, with its text. */
int ks_error(const struct ks_device *device, uint32_t result, const char *tried);
/* Whether it says that the device is not there any more. */
int ks_is_gone(uint32_t result);
/* A property's value; KS_GEN_FAILURE unless the driver wrote exactly `bytes`. */
uint32_t ks_get(const struct ks_device *device, struct ks_handle *handle, const void *request,
                uint32_t request_bytes, void *value, uint32_t bytes);
uint32_t ks_set(const struct ks_device *device, struct ks_handle *handle, const void *request,
                uint32_t request_bytes, void *value, uint32_t bytes);
/* A value of unknown length, in memory that the caller frees. */
uint32_t ks_get_all(const struct ks_device *device, const void *request, uint32_t request_bytes,
                    uint8_t **out, uint32_t *bytes);
struct ks_property ks_property_of(const struct ks_guid *set, uint32_t id, uint32_t flags);

/* ks_pins.c: finds the pin and fills modes and intervals. */
int ks_pins_load(struct ks_device *device);
/* 0 if there is no room or memory. */
int ks_interval_add(struct ks_device *device, vdc_fraction interval, int64_t hundred_ns);
struct ks_mode *ks_mode_add(struct ks_device *device, const struct ks_mode *mode);

/* ks_format.c */
int ks_formats(struct vdi_device *device, struct vdi_sink *sink);
int ks_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed);
/* The mode behind a format that negotiate gave. */
int ks_format_find(const struct ks_device *device, const struct ks_mode **out,
                   const vdc_format *format);

/* ks_connect.c: creates the pin. */
int ks_connect(struct ks_device *device, struct ks_handle **out, const struct ks_mode *mode,
               const vdc_format *format, const vdc_rect *window);

/* ks_control.c, ks_control_own.c */
int ks_controls_load(struct ks_device *device);
int ks_controls(struct vdi_device *device, struct vdi_sink *sink);
int ks_get_control(struct vdi_device *device, uint32_t control, int64_t *value);
int ks_set_control(struct vdi_device *device, uint32_t control, int64_t value);
/* The value as the library has it; enum ks_result. */
uint32_t ks_control_read(struct ks_device *device, const struct ks_control *control,
                         int64_t *value);
int ks_control_add(struct ks_device *device, const struct ks_control *control);
int ks_control_own_load(struct ks_device *device);
int ks_control_own_list(const struct ks_device *device, const struct ks_control *control,
                        struct vdi_sink *sink);
uint32_t ks_control_own_get(struct ks_device *device, const struct ks_control *control,
                            int64_t *value);
uint32_t ks_control_own_set(const struct ks_device *device, const struct ks_control *control,
                            int64_t value);

/* ks_own.c: Vidicon's property set. */
uint32_t ks_own_get(const struct ks_device *device, uint32_t property, uint32_t index,
                    uint32_t item, void *value, uint32_t bytes);
uint32_t ks_own_set(const struct ks_device *device, uint32_t property, uint32_t index, void *value,
                    uint32_t bytes);
/* Asks who it is: own stays 0 if it is another maker's. */
int ks_own_identify(struct ks_device *device);
int ks_own_modes(struct ks_device *device);
extern const struct vdi_input_ops ks_input_ops;

/* ks_registers.c: the value of a register that a program may read. */
uint32_t ks_register_get(struct ks_device *device, const char *name, uint32_t *value);

/* ks_firmware.c, ks_registers.c */
extern const struct vdi_firmware_ops ks_firmware_ops;
extern const struct vdi_register_ops ks_register_ops;

/* ks_device.c: reads everything anew, after opening and when other firmware runs. */
int ks_device_refresh(struct ks_device *device);
/* The same, if other firmware has come to run by itself. */
int ks_device_renew(struct ks_device *device);

#endif
