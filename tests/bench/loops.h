/* SPDX-License-Identifier: MIT */
/*
 * Capture through the public API, on each of the three paths, counted in frames. The steady loop of
 * each path is a function of its own, so that a profiler can be told to look at nothing else.
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <stdint.h>

#include "vidicon/vidicon.h"

#ifdef __cplusplus
extern "C" {
#endif

enum loop_path { LOOP_WAIT, LOOP_CALLBACK, LOOP_HANDLE };

struct loop {
    vdc_context *context;
    vdc_device *device;
    vdc_stream *stream;
    enum loop_path path;
    vdc_handle handle;
    uint32_t frame_bytes;
};

/* Opens the device and starts a YUYV stream of this size. 0, or -1 and a line on standard error. */
int loop_open(struct loop *loop, const char *id, enum loop_path path, uint32_t width,
              uint32_t height, uint32_t interval_num, uint32_t interval_den);
/* Takes `frames` frames and gives them back. The sum of their numbers' differences, less one: 0 if none
 * is missing; -1 after a failure. */
int64_t loop_run(struct loop *loop, uint64_t frames);
void loop_close(struct loop *loop);

/* Time, ns; resident memory, bytes; how often threads of this process gave up the processor to wait. */
int64_t loop_now_ns(void);
int64_t loop_switches(void);
int64_t loop_resident_bytes(void);

#ifdef __cplusplus
}
#endif

#endif
