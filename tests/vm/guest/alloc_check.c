/* SPDX-License-Identifier: MIT */
/*
 * alloc_check boot|probe|stream|records|open [MOST [STRIDE]]: lets each allocation of the kernel fail in turn, the
 * first, the second and so on, until one try needs no more (/proc/thread-self/fail-nth, of kernels with fault
 * injection). After each failure the same must work without one. With a STRIDE above 1 only each so manieth fails, and
 * the clock chooses the first.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vdl_interface.h"
#include "vidicon_brand.h"

#define DEVICES   "/sys/bus/pci/devices"
#define DRIVER    "/sys/bus/pci/drivers/" VIDICON_BRAND_LINUX_DRIVER_NAME
#define FAILSLAB  "/sys/kernel/debug/failslab"
#define FAILPAGES "/sys/kernel/debug/fail_page_alloc"
#define BUFFERS   4u

static int nth = -1; /* fail-nth of this thread */
static char card[64], node[2][80];

static int complain(const char *what)
{
    (void)printf("%s: %s\n", what, strerror(errno));
    return -1;
}

static int put(const char *path, const char *text)
{
    size_t length = strlen(text);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    int done = file >= 0 && write(file, text, length) == (ssize_t)length;
    int error = errno;

    if (file >= 0)
        (void)close(file);
    errno = error;
    return done ? 0 : -1;
}

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

/* From here on the nth allocation of this thread fails; 0: none. */
static int arm(unsigned which)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%u", which);

    return pwrite(nth, text, (size_t)length, 0) == length ? 0 : complain("fail-nth");
}

/* Whether the allocation was reached: it counts down, and stands at 0 once one has failed. */
static int disarm(void)
{
    char text[16] = "";

    if (pread(nth, text, sizeof text - 1, 0) <= 0)
        return complain("fail-nth");
    if (arm(0))
        return -1;
    return strtol(text, NULL, 10) == 0;
}

/* ---- The card ---- */

static unsigned long attribute(const char *device, const char *name)
{
    char path[640], text[32] = "";
    FILE *file;

    (void)snprintf(path, sizeof path, DEVICES "/%s/%s", device, name);
    file = fopen(path, "re");
    if (!file)
        return ~0ul;
    if (!fgets(text, sizeof text, file))
        text[0] = '\0';
    (void)fclose(file);
    return strtoul(text, NULL, 0);
}

static int find_card(void)
{
    DIR *folder = opendir(DEVICES);
    struct dirent *entry;

    while (folder && !card[0] && (entry = readdir(folder)) != NULL) {
        if (attribute(entry->d_name, "vendor") == VIDICON_BRAND_PCI_VENDOR_ID &&
            attribute(entry->d_name, "device") == VIDICON_BRAND_PCI_DEVICE_ID)
            (void)snprintf(card, sizeof card, "%.60s", entry->d_name);
    }
    if (folder)
        (void)closedir(folder);
    return card[0] ? 0 : -1;
}

static void find_nodes(void)
{
    char path[512];
    DIR *folder;
    struct dirent *entry;

    node[0][0] = node[1][0] = '\0';
    (void)snprintf(path, sizeof path, DEVICES "/%s/video4linux", card);
    folder = opendir(path);
    while (folder && (entry = readdir(folder)) != NULL) {
        unsigned long index;

        (void)snprintf(path, sizeof path, "video4linux/%.200s/index", entry->d_name);
        index = attribute(card, path);
        if (entry->d_name[0] == 'v' && index < 2)
            (void)snprintf(node[index], sizeof node[index], "/dev/%.60s", entry->d_name);
    }
    if (folder)
        (void)closedir(folder);
}

/* Both nodes, and firmware that runs. */
static int ready(void)
{
    for (int tries = 0; tries < 600; tries++) {
        struct vdl_identity identity = {0};
        int file;

        find_nodes();
        file = node[0][0] && node[1][0] ? open(node[0], O_RDWR | O_CLOEXEC) : -1;
        if (file >= 0) {
            int good = ioctl(file, VDL_IOC_IDENTITY, &identity) == 0 && !identity.limited;

            (void)close(file);
            if (good)
                return 0;
        }
        sleep_ms(50);
    }
    errno = ETIMEDOUT;
    return complain("the card does not come up");
}

static int bound(void)
{
    char path[512];

    (void)snprintf(path, sizeof path, DRIVER "/%s", card);
    return access(path, F_OK) == 0;
}

/* ---- What is tried ---- */

/* -1: it failed, with errno. -2: for a reason that is none. */
static int probe(void)
{
    static char path[] = DRIVER "/bind";

    return put(path, card);
}

static int undo_probe(void)
{
    return bound() && put(DRIVER "/unbind", card) ? complain("unbind") : 0;
}

/*
 * The device is enabled beside the driver, which then only counts itself in: what the kernel's ACPI asks for while it
 * looks up the interrupt, some thousands of allocations, is not the driver's.
 */
static int enable_device(void)
{
    char path[512];

    (void)snprintf(path, sizeof path, DEVICES "/%s/enable", card);
    return put(path, "1") ? complain("enable") : 0;
}

static int video = -1;

static int stream_on(const char *path, uint32_t type)
{
    struct v4l2_requestbuffers request = {
        .count = BUFFERS, .type = type, .memory = V4L2_MEMORY_MMAP};

    video = open(path, O_RDWR | O_CLOEXEC);
    if (video < 0 || ioctl(video, VIDIOC_REQBUFS, &request))
        return -1;
    for (uint32_t n = 0; n < request.count; n++) {
        struct v4l2_buffer buffer = {.index = n, .type = type, .memory = V4L2_MEMORY_MMAP};

        if (ioctl(video, VIDIOC_QBUF, &buffer))
            return -1;
    }
    return ioctl(video, VIDIOC_STREAMON, &type);
}

static int stream(void)
{
    return stream_on(node[0], V4L2_BUF_TYPE_VIDEO_CAPTURE);
}

static int records(void)
{
    return stream_on(node[1], V4L2_BUF_TYPE_META_CAPTURE);
}

/* Handles, events and controls. */
static int open_node(void)
{
    struct v4l2_event_subscription control = {.type = V4L2_EVENT_CTRL, .id = V4L2_CID_BRIGHTNESS};
    struct v4l2_event_subscription sync = {.type = V4L2_EVENT_FRAME_SYNC};
    struct v4l2_event_subscription error = {.type = VDL_EVENT_ERROR};
    struct v4l2_ext_control value = {.id = V4L2_CID_BRIGHTNESS, .value = 128};
    struct v4l2_ext_controls values = {.count = 1, .controls = &value};

    video = open(node[0], O_RDWR | O_CLOEXEC);
    return video < 0 || ioctl(video, VIDIOC_SUBSCRIBE_EVENT, &control) ||
                   ioctl(video, VIDIOC_SUBSCRIBE_EVENT, &sync) ||
                   ioctl(video, VIDIOC_SUBSCRIBE_EVENT, &error) ||
                   ioctl(video, VIDIOC_S_EXT_CTRLS, &values)
               ? -1
               : 0;
}

static int close_node(void)
{
    if (video >= 0)
        (void)close(video);
    video = -1;
    return 0;
}

/* A picture has to come. */
static int picture(void)
{
    struct pollfd wait = {.fd = video, .events = POLLIN};
    struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};

    if (poll(&wait, 1, 20000) <= 0 || ioctl(video, VIDIOC_DQBUF, &buffer))
        return complain("no picture");
    return buffer.flags & V4L2_BUF_FLAG_ERROR ? complain("a damaged picture") : 0;
}

static int nothing(void)
{
    return 0;
}

static const struct trial {
    const char *name;
    int (*act)(void);
    int (*prove)(void); /* that it worked */
    int (*undo)(void);
    unsigned every; /* so many, one is proved: a boot of the card takes long */
} trials[] = {
    {"probe",   probe,     ready,   undo_probe, 24},
    {"stream",  stream,    picture, close_node, 8 },
    {"records", records,   nothing, close_node, 8 },
    {"open",    open_node, nothing, close_node, 8 },
};

/* ---- The boot, in the kernel's own threads ---- */

/* All that may carry out the driver's work may fail. */
static void mark_workers(void)
{
    DIR *folder = opendir("/proc");
    struct dirent *entry;

    while (folder && (entry = readdir(folder)) != NULL) {
        char path[320], name[64] = "";
        FILE *file;

        (void)snprintf(path, sizeof path, "/proc/%.200s/comm", entry->d_name);
        file = entry->d_name[0] > '0' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
        if (!file)
            continue;
        if (!fgets(name, sizeof name, file))
            name[0] = '\0';
        (void)fclose(file);
        (void)snprintf(path, sizeof path, "/proc/%.200s/make-it-fail", entry->d_name);
        if (strncmp(name, "kworker/u", 9) == 0)
            (void)put(path, "1");
    }
    if (folder)
        (void)closedir(folder);
}

static int set_slab(unsigned interval, int times)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", interval);
    if (put(FAILSLAB "/interval", text))
        return -1;
    (void)snprintf(text, sizeof text, "%d", times);
    return put(FAILSLAB "/task-filter", "Y") || put(FAILSLAB "/times", text) ||
                   put(FAILSLAB "/probability", times ? "100" : "0")
               ? -1
               : 0;
}

static int slab_has_failed(void)
{
    char text[16] = "";
    int file = open(FAILSLAB "/times", O_RDONLY | O_CLOEXEC);

    if (file < 0 || read(file, text, sizeof text - 1) <= 0)
        text[0] = '?';
    if (file >= 0)
        (void)close(file);
    return text[0] == '0';
}

/* Nodes, or a failure that was borne, and in any case a driver that lets go. */
static int boot(unsigned tries)
{
    unsigned failed = 0;

    for (unsigned n = 1; n <= tries; n++) {
        int waits = 100;

        mark_workers();
        if (set_slab(n, 1) || probe())
            return complain("probe");
        while (!slab_has_failed() && waits-- > 0) {
            find_nodes();
            sleep_ms(node[1][0] ? 100 : 20);
            waits -= node[1][0] ? 20 : 0;
        }
        failed += slab_has_failed() != 0;
        sleep_ms(100);
        if (set_slab(1, 0) || undo_probe())
            return complain("unbind");
        if (n % 6 == 0 && (probe() || ready() || undo_probe()))
            return complain("the next one without a failure");
    }
    (void)printf("allocations=%u of %u tries\n", failed, tries);
    return failed > tries / 2 && !probe() && !ready() ? 0 : -1;
}

/* ---- One after the other ---- */

/* 1: the nth allocation failed, 0: there are not so many, -1: what came of it is wrong. */
static int try_nth(const struct trial *trial, unsigned which)
{
    int result, error, reached;

    if (arm(which))
        return -1;
    result = trial->act();
    error = errno;
    reached = disarm();
    if (reached < 0)
        return -1;
    if (result && !reached) {
        errno = error;
        return complain("it fails, and no allocation did");
    }
    /* Whoever asks for memory may also say that there is no such thing, or that it is full; or that a region which it
     * cannot note down is another's. */
    if (result && error != ENOMEM && error != ENODEV && error != ENOSPC && error != EAGAIN &&
        error != EBUSY) {
        errno = error;
        return complain("without memory");
    }
    (void)printf("%u: %s\n", which, !reached ? "not reached" : result ? strerror(error) : "borne");
    if (!result && which % trial->every == 0 && trial->prove())
        return -1;
    return trial->undo() ? -1 : reached;
}

static int run(const struct trial *trial, unsigned most, unsigned stride)
{
    unsigned which = 1 + (unsigned)time(NULL) % stride, failed = 0;
    int result = 1;

    for (; which <= most && (result = try_nth(trial, which)) == 1; which += stride) {
        failed++;
        if (failed % trial->every == 0 && (trial->act() || trial->prove() || trial->undo()))
            return complain("the next one without a failure");
    }
    if (result < 0)
        return -1;
    if (result == 1) {
        (void)printf("more than %u allocations\n", most);
        return -1;
    }
    if (trial->act() || trial->prove() || trial->undo())
        return complain("the last one without a failure");
    (void)printf("allocations=%u, each failed once\n", failed);
    return failed > 0 ? 0 : -1;
}

/* The argument of that number, or what it is without; at least 1. */
static unsigned number(int argc, char **argv, int which, unsigned without)
{
    unsigned long value = which < argc ? strtoul(argv[which], NULL, 10) : without;

    return value < 1 || value > 100000 ? 1 : (unsigned)value;
}

int main(int argc, char **argv)
{
    static const char *const settings[][2] = {
        {FAILSLAB "/ignore-gfp-wait",  "N"},
        {FAILPAGES "/ignore-gfp-wait", "N"},
        {FAILPAGES "/min-order",       "0"},
        {FAILSLAB "/verbose",          "0"},
        {FAILPAGES "/verbose",         "0"}
    };

    nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
    if (argc < 2 || nth < 0 || find_card())
        return complain("this needs a card, and a kernel with fault injection") ? 1 : 0;
    for (size_t n = 0; n < sizeof settings / sizeof settings[0]; n++) {
        if (put(settings[n][0], settings[n][1]))
            return complain(settings[n][0]) ? 1 : 0;
    }
    if (strcmp(argv[1], "boot") == 0)
        return undo_probe() || boot(number(argc, argv, 2, 12)) ? 1 : 0;
    for (size_t n = 0; n < sizeof trials / sizeof trials[0]; n++) {
        if (strcmp(argv[1], trials[n].name) != 0)
            continue;
        if (trials[n].act == probe ? undo_probe() || enable_device() : ready())
            return 1;
        if (run(&trials[n], number(argc, argv, 2, 2000), number(argc, argv, 3, 1)))
            return 1;
        return trials[n].act == probe && (probe() || ready()) ? 1 : 0;
    }
    (void)fprintf(stderr, "alloc_check boot|probe|stream|records|open [MOST [STRIDE]]\n");
    return 2;
}
