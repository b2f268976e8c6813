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
    unsigned ranges;
    uint64_t count; /* 0: the scenario's own; of scripts or frames */
    int is_long;
};

extern struct scene_options scene_options;

/* Each list ends with a NULL name. */
extern const struct scene scene_small[];
extern const struct scene scene_boot[];
extern const struct scene scene_capture[];
extern const struct scene scene_property[];
extern const struct scene scene_control[];
extern const struct scene scene_fault[];
extern const struct scene scene_script[];

/* The steps that every scenario begins and ends with. */
void scene_load(void);
void scene_begin(void); /* to INITIALIZATION_COMPLETE */
void scene_end(void);   /* UNINITIALIZE_DEVICE, unload, leaks */
struct class_stream *scene_open(unsigned number, const void *format, size_t format_bytes,
                                nt_status *status);
nt_status scene_close(struct class_stream *stream);
nt_status scene_state(struct class_stream *stream, enum ks_state state);
nt_status scene_device(uint32_t command);
nt_status scene_power(enum nt_power state);
struct sc_header *scene_info(struct class_request **request);
/* Fails with "status" unless they are equal. */
void scene_expect(nt_status status, nt_status wanted, const char *what);
struct class_request *scene_read(struct class_stream *stream, struct dma_buffer *picture,
                                 enum dma_shape shape);

#endif
