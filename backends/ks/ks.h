/* SPDX-License-Identifier: MIT */
/*
 * What the files of the kernel streaming backend share. A filter is "own" if it answers to Vidicon's property set; all
 * others are plain, and everything that is said of them comes from the standard sets.
 */
#ifndef KS_H
#define KS_H

#include "backend.h"
#include "ks_abi.h"
#include "ks_range.h"
#include "ks_system.h"
#include "vdw_interface.h"

#define KS_INTERVALS_MAX 8192u /* of all modes together */
#define KS_MODES_MAX     1024u
#define KS_CONTROLS_MAX  64u
#define KS_READS_MAX     64u /* the library's limit of buffers */

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
    int32_t last; /* of Vidicon's card: as the application knows it */
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
    struct ks_stream *stream;
    vdi_mutex *values; /* for `last` of the controls, and what is set meanwhile */

    uint32_t own;
    uint32_t signal_changes;
    struct vdw_identity identity;
};

static inline struct ks_device *ks_device_of(const struct vdi_device *device)
{
    return device->priv;
}

/* ks_list.c */
int ks_list(struct vdi_context *context, struct vdi_sink *sink);
int ks_watch(struct vdi_context *context, void **state, int on);
/* The filters that may capture video, each once. *count of them; free() the array. */
struct ks_found {
    char id[128]; /* without "ks:" */
    struct ks_interface interface;
};
int ks_find_all(struct ks_found **out, uint32_t *count);
void ks_describe(struct vdi_device_info *info, const struct ks_found *found);

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
int ks_control_add(struct ks_device *device, const struct ks_control *control);
int ks_control_own_load(struct ks_device *device);
int ks_control_own_list(const struct ks_device *device, const struct ks_control *control,
                        struct vdi_sink *sink);
int ks_control_own_get(struct ks_device *device, const struct ks_control *control, int64_t *value);
int ks_control_own_set(struct ks_device *device, struct ks_control *control, int64_t value);

/* ks_own.c: Vidicon's property set. */
uint32_t ks_own_get(const struct ks_device *device, uint32_t property, uint32_t index,
                    uint32_t item, void *value, uint32_t bytes);
uint32_t ks_own_set(const struct ks_device *device, uint32_t property, uint32_t index, void *value,
                    uint32_t bytes);
/* Asks who it is: own stays 0 if it is another maker's. */
int ks_own_identify(struct ks_device *device);
int ks_own_modes(struct ks_device *device);
extern const struct vdi_input_ops ks_input_ops;

/* ks_firmware.c, ks_registers.c */
extern const struct vdi_firmware_ops ks_firmware_ops;
extern const struct vdi_register_ops ks_register_ops;

/* ks_device.c: reads everything anew, after opening and when other firmware runs. */
int ks_device_refresh(struct ks_device *device);

#endif
