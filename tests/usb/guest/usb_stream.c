/* SPDX-License-Identifier: MIT */
/*
 * Captures through the library and prints what came, for a guest: usb_stream ID FORMAT WxH FRAMES [NAME=VALUE]...
 *   compare=1      every byte with the test camera's pictures      interval=N  of 100 ns
 *   caller=1       into memory of the program's own                buffers=N   4 unless given
 *   save=FILE      the frame with number=N, 0 unless given         hold=1      until the device is gone
 *   lossy=1        frames may be missing, but none may be wrong    seconds=N   of patience, 20 unless given
 *   plant=1        the control of what is counted: a block and 4 KB of text a frame
 *   numbers=1      each picture's number, as it comes              warm=N      frames before it is counted, 10 unless given
 *   leak=1         the control of a leak checker: a block a frame that nobody gives back
 * Times are from the call that opens the device; instructions' worth is the process' time behind the first `warm` frames.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counted.h"
#include "judge.h"
#include "vidicon/vidicon.h"

#define BUFFERS_MOST 32u

static struct wish {
    uint32_t compare, interval, caller, buffers, number, hold, lossy, seconds, plant, numbers, leak,
        warm;
    const char *save;
} wish = {.buffers = 4, .seconds = 20, .warm = 10};

static struct result {
    uint64_t frames, open_ms, first_ms, cpu_ns, bytes, allocations, span_ns;
    uint8_t *memory;
} result;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int complain(const char *what, int status)
{
    (void)printf("%s: %s: %s\n", what, vdc_status_name(status), vdc_error_text());
    return 1;
}

static int add_buffers(vdc_stream *stream, uint32_t bytes)
{
    int status = VDC_OK;

    result.memory = malloc((size_t)wish.buffers * bytes);
    for (uint32_t n = 0; n < wish.buffers && result.memory && !status; n++) {
        vdc_buffer buffer = VDC_BUFFER_INIT;

        buffer.data = result.memory + (size_t)n * bytes;
        buffer.capacity_bytes = bytes;
        status = vdc_stream_add_buffer(stream, &buffer);
    }
    return result.memory ? status : VDC_E_NO_MEMORY;
}

static int open_stream(vdc_stream **stream, vdc_device *device, const char *code, uint32_t width,
                       uint32_t height)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    vdc_format format;
    int status;

    memset(&format, 0, sizeof(format));
    memcpy(&format.fourcc, code, sizeof(format.fourcc));
    format.width_px = width;
    format.height_px = height;
    format.interval_s.num = wish.interval;
    format.interval_s.den = wish.interval ? 10000000 : 0;
    status = vdc_device_negotiate(&answer, device, &format);
    if (!status && (answer.format.fourcc != format.fourcc || answer.format.width_px != width ||
                    answer.format.height_px != height))
        return complain("another format was granted", VDC_E_UNSUPPORTED);
    config.format = answer.format;
    config.buffer_count = wish.buffers;
    config.memory = wish.caller ? VDC_MEMORY_CALLER : VDC_MEMORY_LIBRARY;
    if (!status)
        status = vdc_stream_open(stream, device, &config);
    if (!status && wish.caller)
        status = vdc_stream_get_info(&info, *stream);
    if (!status && wish.caller)
        status = add_buffers(*stream, (uint32_t)info.frame_bytes);
    if (!status)
        status = vdc_stream_start(*stream);
    return status ? complain("the stream", status) : 0;
}

static int save(const vdc_frame *frame)
{
    FILE *file = fopen(wish.save, "wb");
    int failed = !file || fwrite(frame->planes[0], 1, frame->used_bytes, file) != frame->used_bytes;

    if (file && fclose(file))
        failed = 1;
    if (failed)
        (void)printf("%s cannot be written\n", wish.save);
    wish.save = NULL;
    return failed;
}

static void plant(void)
{
    volatile char *text = malloc(4096);

    for (unsigned n = 0; text && n < 4096; n++)
        text[n] = 'x';
    free((void *)(uintptr_t)text);
}

static void leak(void)
{
    volatile char *block = malloc(64);

    if (block)
        block[0] = 'x';
}

static int capture(vdc_stream *stream, struct judge *judge, uint64_t frames, uint64_t begun)
{
    uint64_t cpu = 0, allocations = 0, since = 0;

    while (result.frames < frames || wish.hold) {
        const vdc_frame *frame = NULL;
        int status = vdc_stream_wait(&frame, stream, (int32_t)wish.seconds * 1000);
        uint32_t number = UINT32_MAX;

        if (status == VDC_E_GONE && wish.hold)
            return 0;
        if (status)
            return complain("wait", status);
        if (result.frames++ == 0)
            result.first_ms = (now_ns(CLOCK_MONOTONIC) - begun) / 1000000;
        if (result.frames == wish.warm) {
            cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
            allocations = counted_so_far();
            since = now_ns(CLOCK_MONOTONIC);
        } else if (result.frames > wish.warm) {
            result.bytes += frame->used_bytes;
        }
        if (wish.plant)
            plant();
        if (wish.leak)
            leak();
        if (wish.compare)
            (void)judge_frame(judge, frame->planes[0], frame->used_bytes, &number);
        if (wish.numbers) {
            (void)printf("%u ", (unsigned)number);
            (void)fflush(stdout);
        }
        if (wish.save && (!wish.compare || number == wish.number) && save(frame))
            return 1;
        status = vdc_stream_release(stream, frame);
        if (status)
            return complain("release", status);
    }
    if (result.frames > wish.warm) {
        result.cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        result.allocations = counted_so_far() - allocations;
        result.span_ns = now_ns(CLOCK_MONOTONIC) - since;
    }
    return 0;
}

static int report(vdc_stream *stream, const struct judge *judge)
{
    vdc_stats stats = VDC_STATS_INIT;
    int status = vdc_stream_get_stats(&stats, stream);
    uint64_t dropped = 0, bus = stats.dropped[VDC_DROP_BUS];
    uint64_t measured = result.frames > wish.warm ? result.frames - wish.warm : 0;

    if (status)
        return complain("statistics", status);
    for (unsigned n = 0; n < VDC_DROP_SLOTS; n++)
        dropped += stats.dropped[n];
    for (unsigned n = VDC_DROP_SHORT; n <= VDC_DROP_OVERRUN; n++)
        bus += stats.dropped[n];
    (void)printf("frames=%" PRIu64 " bad=%" PRIu64 " lost=%" PRIu64 " again=%" PRIu64
                 " first=%u dropped=%" PRIu64 " bus=%" PRIu64 " copies=%" PRIu64
                 " copied_bytes=%" PRIu64 " open_ms=%" PRIu64 " first_ms=%" PRIu64
                 " kb_per_s=%" PRIu64 " allocations=%" PRIu64 " cpu_ns_per_frame=%" PRIu64
                 " cpu_ns_per_mb=%" PRIu64 "\n",
                 result.frames, judge->bad, judge->lost, judge->again, (unsigned)judge->first,
                 dropped, bus, stats.copies, stats.copied_bytes, result.open_ms, result.first_ms,
                 result.span_ns ? result.bytes * 1000000 / result.span_ns : 0, result.allocations,
                 measured ? result.cpu_ns / measured : 0,
                 result.bytes ? result.cpu_ns * 1000 / (result.bytes / 1000) : 0);
    return judge->bad != 0 || (!wish.lossy && !wish.hold && (judge->lost != 0 || dropped != 0));
}

static int parse(int argc, char **argv)
{
    const struct {
        const char *name;
        uint32_t *value;
    } numbers[] = {
        {"compare",  &wish.compare },
        {"interval", &wish.interval},
        {"caller",   &wish.caller  },
        {"buffers",  &wish.buffers },
        {"number",   &wish.number  },
        {"hold",     &wish.hold    },
        {"lossy",    &wish.lossy   },
        {"seconds",  &wish.seconds },
        {"plant",    &wish.plant   },
        {"numbers",  &wish.numbers },
        {"warm",     &wish.warm    },
        {"leak",     &wish.leak    }
    };

    for (int n = 5; n < argc; n++) {
        size_t length = strcspn(argv[n], "=");
        int known = strncmp(argv[n], "save=", 5) == 0;

        if (known)
            wish.save = argv[n] + 5;
        for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]) && argv[n][length]; k++) {
            if (strlen(numbers[k].name) == length &&
                strncmp(argv[n], numbers[k].name, length) == 0) {
                *numbers[k].value = (uint32_t)strtoul(argv[n] + length + 1, NULL, 0);
                known = 1;
            }
        }
        if (!known)
            return -1;
    }
    return wish.buffers > 0 && wish.buffers <= BUFFERS_MOST ? 0 : -1;
}

int main(int argc, char **argv)
{
    uint32_t width = 0, height = 0;
    uint64_t frames, begun;
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    struct judge judge;
    int status, failed;

    memset(&judge, 0, sizeof(judge));
    if (argc < 5 || strlen(argv[2]) != 4 ||
        sscanf(argv[3], "%" SCNu32 "x%" SCNu32, &width, &height) != 2 || parse(argc, argv) ||
        (wish.compare && judge_init(&judge, argv[2], width, height))) {
        (void)fprintf(stderr, "usb_stream ID FORMAT WxH FRAMES [NAME=VALUE]...\n");
        return 2;
    }
    frames = strtoull(argv[4], NULL, 0);
    status = vdc_context_create(&context, NULL);
    begun = now_ns(CLOCK_MONOTONIC);
    if (!status)
        status = vdc_device_open(&device, context, argv[1], 0);
    result.open_ms = (now_ns(CLOCK_MONOTONIC) - begun) / 1000000;
    failed = status ? complain("open", status)
                    : open_stream(&stream, device, argv[2], width, height) ||
                          capture(stream, &judge, frames, begun);
    if (stream && !failed)
        failed = report(stream, &judge);
    if (wish.save && !failed)
        failed = printf("frame %u did not come\n", (unsigned)wish.number) > 0;
    if (stream) {
        (void)vdc_stream_stop(stream);
        vdc_stream_close(stream);
    }
    if (device)
        vdc_device_close(device);
    vdc_context_destroy(context);
    free(result.memory);
    judge_end(&judge);
    return failed;
}
