/* SPDX-License-Identifier: MIT */
/* Scenarios: each runs in a process of its own and ends well, or by a named check. */
#ifndef LOADER_SCENE_H
#define LOADER_SCENE_H

#include "class.h"

struct scene {
    const char *name;
    void (*run)(void);
};

struct scene_options {
    const char *sys;
    const char *firmware[2]; /* older and newer image */
    uint16_t test_driver[2]; /* what the test driver is told: its kind, the rule it breaks */
    unsigned ranges;
    uint64_t count; /* 0: the scenario's own; of scripts or frames */
    int is_long;
};

extern struct scene_options scene_options;

/* Each list ends with a NULL name. */
extern const struct scene scene_small[];
extern const struct scene scene_boot[];
extern const struct scene scene_capture[];
extern const struct scene scene_read[];
extern const struct scene scene_property[];
extern const struct scene scene_register[];
extern const struct scene scene_hostile[];
extern const struct scene scene_firmware[];
extern const struct scene scene_event[];
extern const struct scene scene_point[];
extern const struct scene scene_control[];
extern const struct scene scene_fault[];
extern const struct scene scene_script[];
extern const struct scene scene_srb[];

/* The steps that every scenario begins and ends with. */
void scene_load(void);
void scene_begin(void); /* to INITIALIZATION_COMPLETE */
void scene_end(void);   /* UNINITIALIZE_DEVICE, unload, leaks */
struct class_stream *scene_open(unsigned number, const void *format, size_t format_bytes,
                                nt_status *status);
nt_status scene_close(struct class_stream *stream);
/* Its parts: the request, and what follows its end. */
struct class_request *scene_close_request(struct class_stream *stream);
void scene_close_done(struct class_stream *stream);
nt_status scene_state(struct class_stream *stream, enum ks_state state);
/* BEGIN_FLUSH, to its end; fails with "told-early" if the driver still has a read then. */
void scene_flush(struct class_stream *stream);
nt_status scene_device(uint32_t command);
nt_status scene_power(enum nt_power state);
struct sc_header *scene_info(struct class_request **request);
/* Fails with "status" unless they are equal. */
void scene_expect(nt_status status, nt_status wanted, const char *what);
struct class_request *scene_read_request(struct class_stream *stream, struct dma_buffer *picture,
                                         enum dma_shape shape);

/* One get (`set` 0) or set; `more` bytes follow the property, and begin with the selector. *used: the
 * bytes of the value that came back. */
nt_status scene_property_call(struct class_stream *stream, const struct nt_guid *guid, uint32_t id,
                              int set, const void *more, uint32_t more_bytes, void *value,
                              uint32_t bytes, uint32_t *used);
/* The same as a request, not yet sent. The value is its third part. */
struct class_request *scene_property_request(struct class_stream *stream,
                                             const struct nt_guid *guid, uint32_t id, int set,
                                             const void *more, uint32_t more_bytes,
                                             const void *value, uint32_t bytes);

/* ---- Firmware, by the driver's own properties ---- */

struct vdw_firmware_status;
/* Gives the card a flash, before it is made; then, with the device up, puts firmware into it: from now
 * on the card comes up by itself, without an upload. */
void scene_flash_make(void);
void scene_flash_fill(void);
/* Fails with "told-early" if the card is still at a flash operation, which was told done. */
void scene_flash_told(const char *what);
/* Reads the image (0: older, 1: newer) that the next command carries. */
void scene_firmware_image(unsigned which);
void scene_firmware_spoil(void);
struct class_request *scene_firmware_request(uint32_t code, uint32_t slot, int with_image);
struct vdw_firmware_status scene_firmware_status(void);

/* ---- Faults of the card ---- */

void scene_fault_script(const char *text);
/* Adds what was injected since the last call to the report; the sum. */
uint64_t scene_fault_count(void);

#endif
