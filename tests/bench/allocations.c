/* SPDX-License-Identifier: MIT */
/*
 * No allocation a frame, on any path, by any thread of the process: the allocators of the program stand
 * before the system's, for the shared library too. `allocations --control` plants one a frame, which must be seen.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocations.h"
#include "loops.h"

#define WARM_UP 200
#define FRAMES  1000

static int planted;
static void *volatile sink;
static uint64_t before;
static uint64_t after;
static int seen;

/* One frame of any path. 1 when enough were seen. */
static int take(vdc_stream *stream, const vdc_frame *frame)
{
    if (seen == WARM_UP)
        before = allocations_so_far();
    if (seen == WARM_UP + FRAMES)
        after = allocations_so_far();
    if (planted) {
        free(sink);
        sink = malloc(16);
    }
    (void)vdc_stream_release(stream, frame);
    return __atomic_add_fetch(&seen, 1, __ATOMIC_RELEASE) > WARM_UP + FRAMES;
}

static void VDC_CALL on_frame(vdc_stream *stream, const vdc_frame *frame, int status, void *user)
{
    (void)user;
    if (status == VDC_OK)
        (void)take(stream, frame);
}

static int run(const char *name, const char *id, enum loop_path path)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    vdc_format wish;
    const vdc_frame *frame;
    struct pollfd item = {-1, POLLIN, 0};
    vdc_handle handle;
    int status;

    memset(&wish, 0, sizeof(wish));
    wish.width_px = 64;
    wish.height_px = 64;
    status = vdc_context_create(&context, NULL);
    if (!status)
        status = vdc_device_open(&device, context, id, 0);
    if (!status)
        status = vdc_device_negotiate(&answer, device, &wish);
    config.format = answer.format;
    config.on_frame = path == LOOP_CALLBACK ? on_frame : NULL;
    if (!status)
        status = vdc_stream_open(&stream, device, &config);
    if (!status && path == LOOP_HANDLE) {
        status = vdc_stream_get_handle(&handle, stream);
        item.fd = (int)handle;
    }
    seen = 0;
    if (!status)
        status = vdc_stream_start(stream);
    while (!status && __atomic_load_n(&seen, __ATOMIC_ACQUIRE) <= WARM_UP + FRAMES) {
        if (path == LOOP_CALLBACK) {
            (void)poll(NULL, 0, 1);
            continue;
        }
        if (path == LOOP_HANDLE)
            (void)poll(&item, 1, -1);
        status = vdc_stream_wait(&frame, stream, path == LOOP_HANDLE ? 0 : -1);
        if (!status && take(stream, frame))
            break;
    }
    if (status) {
        (void)printf("FAILED: %s: %s: %s\n", name, vdc_status_name(status), vdc_error_text());
        exit(2);
    }
    (void)vdc_stream_stop(stream);
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    (void)printf("%-28s %llu allocations in %d frames\n", name,
                 (unsigned long long)(after - before), FRAMES);
    return after != before;
}

int main(int argc, char **argv)
{
    int found = 0;

    planted = argc > 1 && strcmp(argv[1], "--control") == 0;
    found += run("wait", "sim:0?rate=max", LOOP_WAIT);
    found += run("callback", "sim:0?rate=max", LOOP_CALLBACK);
    found += run("handle", "sim:0?rate=max", LOOP_HANDLE);
    found += run("wait, I/O ports", "sim:0?rate=max&body=ports", LOOP_WAIT);
    found += run("wait, 100-byte segments", "sim:0?rate=max&segment_bytes=100", LOOP_WAIT);
    if (planted) {
        (void)printf("%d of 5 planted allocations seen\n", found);
        return found == 5 ? 0 : 1;
    }
    return found ? 1 : 0;
}
