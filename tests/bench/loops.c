/* SPDX-License-Identifier: MIT */
/*
 * The callback path counts on the library's thread and sleeps here on a condition, woken once: a
 * thread that looked again and again would be measured itself.
 */
#include "loops.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    uint64_t wanted;
    uint64_t seen;
    uint64_t first;
    uint64_t last;
    int over;
} calls = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static int fail(const char *what, int status)
{
    (void)fprintf(stderr, "%s: %s: %s\n", what, vdc_status_name(status), vdc_error_text());
    return -1;
}

/* The consumer's own part, the same for all paths. It looks at no pixel, unless the control says so. */
static inline uint64_t consume(const vdc_frame *frame)
{
#ifdef BENCH_PLANTED_COPY
    static uint8_t *copy;

    copy = realloc(copy, frame->used_bytes);
    for (size_t i = 0; i < frame->used_bytes; i++)
        copy[i] = frame->planes[0][i];
#endif
    return frame->sequence;
}

static void VDC_CALL count(vdc_stream *stream, const vdc_frame *frame, int status, void *user)
{
    (void)user;
    if (status == VDC_OK && __atomic_load_n(&calls.over, __ATOMIC_ACQUIRE) == 0) {
        calls.last = consume(frame);
        calls.first = calls.seen ? calls.first : calls.last;
        if (++calls.seen < calls.wanted) {
            (void)vdc_stream_release(stream, frame);
            return;
        }
    }
    if (status == VDC_OK)
        (void)vdc_stream_release(stream, frame);
    if (__atomic_load_n(&calls.over, __ATOMIC_ACQUIRE) != 0)
        return;
    (void)pthread_mutex_lock(&calls.mutex);
    __atomic_store_n(&calls.over, status == VDC_OK ? 1 : -1, __ATOMIC_RELEASE);
    (void)pthread_cond_signal(&calls.cond);
    (void)pthread_mutex_unlock(&calls.mutex);
}

int loop_open(struct loop *loop, const char *id, enum loop_path path, uint32_t width,
              uint32_t height, uint32_t interval_num, uint32_t interval_den)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    vdc_format wish;
    int status;

    memset(loop, 0, sizeof(*loop));
    memset(&wish, 0, sizeof(wish));
    wish.fourcc = VDC_FOURCC_YUYV;
    wish.width_px = width;
    wish.height_px = height;
    wish.interval_s.num = interval_num;
    wish.interval_s.den = interval_den;
    loop->path = path;
    status = vdc_context_create(&loop->context, NULL);
    if (!status)
        status = vdc_device_open(&loop->device, loop->context, id, 0);
    if (!status)
        status = vdc_device_negotiate(&answer, loop->device, &wish);
    if (!status && answer.changed) {
        (void)fprintf(stderr, "%s: %s\n", id, answer.reason);
        return -1;
    }
    config.format = answer.format;
    if (path == LOOP_CALLBACK)
        config.on_frame = count;
    if (!status)
        status = vdc_stream_open(&loop->stream, loop->device, &config);
    if (!status)
        status = vdc_stream_get_info(&info, loop->stream);
    if (!status && path == LOOP_HANDLE)
        status = vdc_stream_get_handle(&loop->handle, loop->stream);
    /* The callback path starts with each run: it would count while nobody asks. */
    if (!status && path != LOOP_CALLBACK)
        status = vdc_stream_start(loop->stream);
    loop->frame_bytes = (uint32_t)info.frame_bytes;
    return status ? fail(id, status) : 0;
}

NOINLINE int64_t loop_wait_steady(vdc_stream *stream, uint64_t frames);
NOINLINE int64_t loop_wait_steady(vdc_stream *stream, uint64_t frames)
{
    const vdc_frame *frame;
    uint64_t first = 0;
    uint64_t last = 0;

    for (uint64_t i = 0; i < frames; i++) {
        int status = vdc_stream_wait(&frame, stream, -1);

        if (status)
            return fail("wait", status);
        last = consume(frame);
        first = i ? first : last;
        (void)vdc_stream_release(stream, frame);
    }
    return (int64_t)(last - first + 1 - frames);
}

NOINLINE int64_t loop_handle_steady(vdc_stream *stream, vdc_handle handle, uint64_t frames);
NOINLINE int64_t loop_handle_steady(vdc_stream *stream, vdc_handle handle, uint64_t frames)
{
    struct pollfd item = {(int)handle, POLLIN, 0};
    const vdc_frame *frame;
    uint64_t first = 0;
    uint64_t last = 0;

    for (uint64_t i = 0; i < frames; i++) {
        int status;

        (void)poll(&item, 1, -1);
        status = vdc_stream_wait(&frame, stream, 0);
        if (status)
            return fail("wait after poll", status);
        last = consume(frame);
        first = i ? first : last;
        (void)vdc_stream_release(stream, frame);
    }
    return (int64_t)(last - first + 1 - frames);
}

static int64_t run_callback(vdc_stream *stream, uint64_t frames)
{
    int status;

    calls.wanted = frames;
    calls.seen = 0;
    calls.over = 0;
    status = vdc_stream_start(stream);
    if (status)
        return fail("start", status);
    (void)pthread_mutex_lock(&calls.mutex);
    while (!calls.over)
        (void)pthread_cond_wait(&calls.cond, &calls.mutex);
    (void)pthread_mutex_unlock(&calls.mutex);
    (void)vdc_stream_stop(stream);
    return calls.over < 0 ? -1 : (int64_t)(calls.last - calls.first + 1 - frames);
}

int64_t loop_run(struct loop *loop, uint64_t frames)
{
    if (loop->path == LOOP_CALLBACK)
        return run_callback(loop->stream, frames);
    if (loop->path == LOOP_HANDLE)
        return loop_handle_steady(loop->stream, loop->handle, frames);
    return loop_wait_steady(loop->stream, frames);
}

void loop_close(struct loop *loop)
{
    vdc_stream_close(loop->stream);
    vdc_device_close(loop->device);
    vdc_context_destroy(loop->context);
    memset(loop, 0, sizeof(*loop));
}

int64_t loop_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t loop_switches(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_nvcsw;
}

int64_t loop_resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file)
        return 0;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    (void)fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}
