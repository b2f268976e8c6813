/* SPDX-License-Identifier: MIT */
/*
 * The test camera through libuvc, beside the library: peer_libuvc WxH FRAMES [compare] [hold]. YUYV at 30 frames a second. Prints what
 * usb_stream prints of the same things. With "hold" it goes on until three seconds bring no frame, and says whether libuvc told why.
 */
#include <libuvc/libuvc.h>

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"

#define WARM       10u
#define SILENCE_MS 3000u
#define TURN_US    10000u

static struct judge judge;
static atomic_uint frames;
static uint64_t wanted, warm_ns, end_ns, bytes;
static int compare;

static uint64_t cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* On libuvc's own thread. */
static void take(uvc_frame_t *frame, void *user)
{
    unsigned count = atomic_load(&frames) + 1;
    uint32_t number = 0;

    (void)user;
    if (count > wanted && wanted)
        return;
    if (compare)
        (void)judge_frame(&judge, frame->data, frame->data_bytes, &number);
    if (count == WARM)
        warm_ns = cpu_ns();
    if (count > WARM)
        bytes += frame->data_bytes;
    if (count == wanted)
        end_ns = cpu_ns();
    atomic_store(&frames, count);
}

static int fail(const char *what, uvc_error_t error)
{
    (void)printf("%s: %s\n", what, uvc_strerror(error));
    return 1;
}

/* Until all frames came, or none does any more: 0, or 1. */
static int await(void)
{
    unsigned before = 0;

    for (unsigned silent = 0; silent < SILENCE_MS * 1000 / TURN_US; silent++) {
        unsigned now = atomic_load(&frames);

        if (wanted && now >= wanted)
            return 0;
        if (now != before)
            silent = 0;
        before = now;
        (void)usleep(TURN_US);
    }
    return 1;
}

int main(int argc, char **argv)
{
    uint32_t width = 0, height = 0;
    uvc_context_t *context = NULL;
    uvc_device_t *device = NULL;
    uvc_device_handle_t *handle = NULL;
    uvc_stream_ctrl_t control;
    uvc_error_t error;
    int hold = 0, silent;

    if (argc < 3 || sscanf(argv[1], "%" SCNu32 "x%" SCNu32, &width, &height) != 2)
        return 2;
    for (int n = 3; n < argc; n++) {
        compare |= strcmp(argv[n], "compare") == 0;
        hold |= strcmp(argv[n], "hold") == 0;
    }
    wanted = hold ? 0 : strtoull(argv[2], NULL, 0);
    if (judge_init(&judge, "YUYV", width, height))
        return 2;
    error = uvc_init(&context, NULL);
    if (!error)
        error = uvc_find_device(context, &device, 0x6666, 0x0003, NULL);
    if (!error)
        error = uvc_open(device, &handle);
    if (error)
        return fail("opening", error);
    error = uvc_get_stream_ctrl_format_size(handle, &control, UVC_FRAME_FORMAT_YUYV, (int)width,
                                            (int)height, 30);
    if (!error)
        error = uvc_start_streaming(handle, &control, take, NULL, 0);
    if (error)
        return fail("the stream", error);
    silent = await();
    (void)printf("frames=%u bad=%" PRIu64 " shorts=%" PRIu64 " lost=%" PRIu64 " again=%" PRIu64
                 " first=%u silent=%d cpu_ns_per_frame=%" PRIu64 "\n",
                 atomic_load(&frames), judge.bad, judge.shorts, judge.lost, judge.again,
                 (unsigned)judge.first, silent,
                 end_ns > warm_ns && wanted > WARM ? (end_ns - warm_ns) / (wanted - WARM) : 0);
    (void)fflush(stdout);
    uvc_stop_streaming(handle);
    uvc_close(handle);
    uvc_unref_device(device);
    uvc_exit(context);
    (void)puts("closed=1");
    judge_end(&judge);
    return silent && !hold;
}
