/* SPDX-License-Identifier: MIT */
/*
 * What a frame costs on a V4L2 node: nanoseconds of processor time by a bare loop or by the library, behind the first
 * frames; or by any program, once it takes its frames. An emulator that counts instructions makes that time exact, see
 * docs/performance.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/videodev2.h>

#include "vidicon/vidicon.h"

#define BUFFERS 4u
#define WARM    20u /* frames before what is measured */

/* About a fifth of what a bare loop takes a frame: a turn has six instructions. */
#define PLANTED_TURNS 300u

static int fail(const char *what)
{
    (void)fprintf(stderr, "%s: %s\n", what, strerror(errno));
    return 1;
}

/* Called with every frame's number, from 0; the last call prints. */
static void count(uint32_t frame, uint32_t frames)
{
    static int64_t begun;
    struct timespec now;

    if (frame != WARM && frame != frames)
        return;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    if (frame == WARM)
        begun = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    else
        (void)printf("%" PRId64 "\n", (now.tv_sec * INT64_C(1000000000) + now.tv_nsec - begun) /
                                          (int64_t)(frames - WARM));
}

/* ---- The bare loop ---- */

struct node {
    int fd;
    uint32_t type;
};

static int call(int fd, unsigned long request, void *argument)
{
    int result;

    do {
        result = ioctl(fd, request, argument);
    } while (result < 0 && errno == EINTR);
    return result;
}

static int queue(const struct node *node, uint32_t index)
{
    struct v4l2_buffer buffer = {.type = node->type, .memory = V4L2_MEMORY_MMAP, .index = index};

    return call(node->fd, VIDIOC_QBUF, &buffer);
}

static int take(const struct node *node, struct v4l2_buffer *buffer)
{
    memset(buffer, 0, sizeof(*buffer));
    buffer->type = node->type;
    buffer->memory = V4L2_MEMORY_MMAP;
    return call(node->fd, VIDIOC_DQBUF, buffer);
}

static int start(struct node *node, const char *path, uint32_t type)
{
    struct v4l2_requestbuffers request = {
        .count = BUFFERS, .type = type, .memory = V4L2_MEMORY_MMAP};

    if (node->fd < 0)
        node->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    node->type = type;
    if (node->fd < 0 || call(node->fd, VIDIOC_REQBUFS, &request))
        return -1;
    for (uint32_t n = 0; n < request.count; n++) {
        struct v4l2_buffer buffer = {.type = type, .memory = V4L2_MEMORY_MMAP, .index = n};

        if (call(node->fd, VIDIOC_QUERYBUF, &buffer) ||
            mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, node->fd,
                 buffer.m.offset) == MAP_FAILED ||
            queue(node, n))
            return -1;
    }
    return call(node->fd, VIDIOC_STREAMON, &type);
}

static int set_format(const struct node *video, uint32_t width, uint32_t height)
{
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};

    if (call(video->fd, VIDIOC_G_FMT, &format))
        return -1;
    format.fmt.pix.width = width;
    format.fmt.pix.height = height;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    format.fmt.pix.bytesperline = 0;
    if (call(video->fd, VIDIOC_S_FMT, &format))
        return -1;
    errno = ERANGE;
    return format.fmt.pix.width == width && format.fmt.pix.height == height ? 0 : -1;
}

/* poll, DQBUF, QBUF; with a second node, its record is taken and given back with each picture. */
static int bare(const char *path, const char *records_path, uint32_t width, uint32_t height,
                uint32_t frames)
{
    struct node video = {.fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    struct node records = {.fd = -1};
    struct v4l2_buffer buffer;

    if (video.fd < 0 || set_format(&video, width, height))
        return fail(path);
    if (records_path && start(&records, records_path, V4L2_BUF_TYPE_META_CAPTURE))
        return fail(records_path);
    if (start(&video, path, V4L2_BUF_TYPE_VIDEO_CAPTURE))
        return fail(path);
    for (uint32_t n = 0; n < frames;) {
        struct pollfd wait = {.fd = video.fd, .events = POLLIN};

        if (poll(&wait, 1, -1) < 0 && errno != EINTR)
            return fail("poll");
        if (take(&video, &buffer)) {
            if (errno == EAGAIN)
                continue;
            return fail("DQBUF");
        }
        count(n++, frames);
        if (queue(&video, buffer.index))
            return fail("QBUF");
        /* The driver hands out a picture's record before the picture. */
        if (records_path && (take(&records, &buffer) || queue(&records, buffer.index)))
            return fail("the record");
    }
    count(frames, frames);
    return 0;
}

/* ---- The library ---- */

static int complain(const char *what, int status)
{
    (void)fprintf(stderr, "%s: %s: %s\n", what, vdc_status_name(status), vdc_error_text());
    return 1;
}

static void plant(void)
{
    volatile uint32_t turn = 0;

    while (turn < PLANTED_TURNS)
        turn++;
}

static int library(const char *id, uint32_t width, uint32_t height, uint32_t frames, int planted)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_format wish;
    int status;

    memset(&wish, 0, sizeof(wish));
    wish.fourcc = VDC_FOURCC_YUYV;
    wish.width_px = width;
    wish.height_px = height;
    status = vdc_context_create(&context, NULL);
    if (status == VDC_OK)
        status = vdc_device_open(&device, context, id, 0);
    if (status == VDC_OK)
        status = vdc_device_negotiate(&answer, device, &wish);
    config.format = answer.format;
    config.buffer_count = BUFFERS;
    if (status == VDC_OK)
        status = vdc_stream_open(&stream, device, &config);
    if (status == VDC_OK)
        status = vdc_stream_start(stream);
    if (status != VDC_OK || answer.format.width_px != width || answer.format.height_px != height)
        return complain(id, status);
    for (uint32_t n = 0; n < frames; n++) {
        const vdc_frame *frame;

        status = vdc_stream_wait(&frame, stream, -1);
        if (status != VDC_OK)
            return complain("wait", status);
        count(n, frames);
        if (planted)
            plant();
        (void)vdc_stream_release(stream, frame);
    }
    count(frames, frames);
    (void)vdc_stream_stop(stream);
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return 0;
}

/* ---- Any program ---- */

static int64_t spent_ns(clockid_t clock)
{
    struct timespec now = {0, 0};

    (void)clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void doze(int64_t ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&left, &left) && errno == EINTR) {
    }
}

/* What a source made so far: a number of frames a second by our own time, or what the command prints behind
 * "produced=". On a busy host an emulated clock lags behind a source with a clock of its own. */
static double frames_of(const char *source)
{
    char line[2048] = "", *end, *at;
    double rate = strtod(source, &end);
    FILE *output;

    if (*end == '\0')
        return (double)spent_ns(CLOCK_MONOTONIC) * 1e-9 * rate;
    output = popen(source, "re");
    if (!output)
        return 0;
    at = fgets(line, sizeof(line), output) ? strstr(line, "produced=") : NULL;
    (void)pclose(output);
    return at ? strtod(at + strlen("produced="), NULL) : 0;
}

/* Begins once the program has stopped starting: half a second in which it took a fifth of the processor at most, three
 * times. */
static int steady(int64_t *frame_ns, pid_t child, unsigned seconds, const char *source)
{
    clockid_t clock;
    int64_t used;
    double frames;

    if (clock_getcpuclockid(child, &clock))
        return fail("its clock");
    for (unsigned turn = 0, calm = 0; calm < 3; turn++) {
        used = spent_ns(clock);
        doze(500);
        calm = spent_ns(clock) - used < 100000000 ? calm + 1 : 0;
        if (turn == 240 || waitpid(child, NULL, WNOHANG) != 0) {
            (void)fprintf(stderr, "it does not get to its frames\n");
            return 1;
        }
    }
    /* One that waits for its files looks calm as well: of three turns the smallest. */
    *frame_ns = INT64_MAX;
    for (unsigned turn = 0; turn < 3; turn++) {
        frames = frames_of(source);
        used = spent_ns(clock);
        doze((int64_t)seconds * 1000);
        used = spent_ns(clock) - used;
        frames = frames_of(source) - frames;
        if (frames < 1) {
            (void)fprintf(stderr, "no frames came\n");
            return 1;
        }
        if ((double)used / frames < (double)*frame_ns)
            *frame_ns = (int64_t)((double)used / frames);
    }
    return 0;
}

static int watch(unsigned seconds, const char *source, char **command)
{
    pid_t child = fork();
    int64_t frame_ns = 0;
    int result;

    if (child < 0)
        return fail("fork");
    if (child == 0) {
        int output = open("/dev/null", O_RDWR);

        if (output >= 0) {
            (void)dup2(output, STDIN_FILENO);
            (void)dup2(output, STDOUT_FILENO);
        }
        (void)execvp(command[0], command);
        (void)fail(command[0]);
        _exit(127);
    }
    result = steady(&frame_ns, child, seconds, source);
    /* One that has ended meanwhile took no frames. */
    if (!result && waitpid(child, NULL, WNOHANG) != 0) {
        (void)fprintf(stderr, "%s: it has ended\n", command[0]);
        result = 1;
    } else if (!result) {
        (void)printf("%" PRId64 "\n", frame_ns);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return result;
}

int main(int argc, char **argv)
{
    uint32_t width = 0, height = 0, frames = 0;

    if (argc > 4 && strcmp(argv[1], "watch") == 0)
        return watch((unsigned)strtoul(argv[2], NULL, 10), argv[3], argv + 4);
    if (argc >= 5 && sscanf(argv[3], "%" SCNu32 "x%" SCNu32, &width, &height) == 2)
        frames = (uint32_t)strtoul(argv[4], NULL, 10);
    if (frames <= WARM)
        frames = 0;
    if (frames && strcmp(argv[1], "bare") == 0)
        return bare(argv[2], argc > 5 ? argv[5] : NULL, width, height, frames);
    if (frames && strcmp(argv[1], "library") == 0)
        return library(argv[2], width, height, frames, 0);
    if (frames && strcmp(argv[1], "planted") == 0)
        return library(argv[2], width, height, frames, 1);
    (void)fprintf(
        stderr, "guest_bench bare NODE WxH FRAMES [RECORDS-NODE]: nanoseconds a frame\n"
                "guest_bench library|planted ID WxH FRAMES: nanoseconds a frame\n"
                "guest_bench watch SECONDS SOURCE PROGRAM ARGUMENT...: the same, of any program;\n"
                "SOURCE is frames a second, or a command that prints produced=COUNT\n");
    return 2;
}
