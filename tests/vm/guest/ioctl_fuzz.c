/* SPDX-License-Identifier: MIT */
/*
 * ioctl_fuzz SECONDS SEED NODE...: V4L2's and the driver's own ioctls with structures that are nearly right, from one
 * process a node, beside mmap, read, poll and more handles. Also built for 32 bits, where the kernel translates. What
 * it finds shows in the kernel's log; it fails itself only if it reached too little.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vdl_interface.h"

#define ROOM        4096 /* of a structure; none is so large */
#define ARENA       65536
#define HANDLES     4
#define FIELDS      5
#define REACHED_LOW 25 /* different ioctls that must have worked at least once */

/* What a member of a structure is likely to be. */
enum kind {
    NONE,
    TYPE,
    MEMORY,
    COUNT,
    INDEX,
    FOURCC,
    SIZE,
    CONTROL,
    POINTER,
    EVENT,
    TARGET,
    OFFSET
};

struct field {
    enum kind kind;
    size_t at;
};

struct call {
    unsigned long number;
    const char *name;
    unsigned weight;
    struct field fields[FIELDS];
};

#define AT(type, member) offsetof(struct type, member)
#define CALL(name, weight, ...) \
    {                           \
        name, #name, weight,    \
        {                       \
            __VA_ARGS__         \
        }                       \
    }

static const struct call calls[] = {
    CALL(VIDIOC_QUERYCAP, 1, {NONE, 0}),
    CALL(VIDIOC_ENUM_FMT, 2, {INDEX, AT(v4l2_fmtdesc, index)}, {TYPE, AT(v4l2_fmtdesc, type)}),
    CALL(VIDIOC_G_FMT, 2, {TYPE, AT(v4l2_format, type)}),
    CALL(VIDIOC_S_FMT, 6, {TYPE, AT(v4l2_format, type)}, {SIZE, AT(v4l2_format, fmt.pix.width)},
         {SIZE, AT(v4l2_format, fmt.pix.height)}, {FOURCC, AT(v4l2_format, fmt.pix.pixelformat)},
         {SIZE, AT(v4l2_format, fmt.pix.bytesperline)}),
    CALL(VIDIOC_TRY_FMT, 4, {TYPE, AT(v4l2_format, type)}, {SIZE, AT(v4l2_format, fmt.pix.width)},
         {SIZE, AT(v4l2_format, fmt.pix.height)}, {FOURCC, AT(v4l2_format, fmt.pix.pixelformat)},
         {SIZE, AT(v4l2_format, fmt.pix.bytesperline)}),
    CALL(VIDIOC_REQBUFS, 8, {COUNT, AT(v4l2_requestbuffers, count)},
         {TYPE, AT(v4l2_requestbuffers, type)}, {MEMORY, AT(v4l2_requestbuffers, memory)}),
    CALL(VIDIOC_CREATE_BUFS, 4, {COUNT, AT(v4l2_create_buffers, count)},
         {MEMORY, AT(v4l2_create_buffers, memory)}, {TYPE, AT(v4l2_create_buffers, format.type)},
         {SIZE, AT(v4l2_create_buffers, format.fmt.pix.sizeimage)}),
    CALL(VIDIOC_QUERYBUF, 4, {INDEX, AT(v4l2_buffer, index)}, {TYPE, AT(v4l2_buffer, type)},
         {POINTER, AT(v4l2_buffer, m)}),
    CALL(VIDIOC_QBUF, 20, {INDEX, AT(v4l2_buffer, index)}, {TYPE, AT(v4l2_buffer, type)},
         {MEMORY, AT(v4l2_buffer, memory)}, {POINTER, AT(v4l2_buffer, m)},
         {SIZE, AT(v4l2_buffer, length)}),
    CALL(VIDIOC_DQBUF, 12, {TYPE, AT(v4l2_buffer, type)}, {MEMORY, AT(v4l2_buffer, memory)},
         {POINTER, AT(v4l2_buffer, m)}),
    CALL(VIDIOC_PREPARE_BUF, 4, {INDEX, AT(v4l2_buffer, index)}, {TYPE, AT(v4l2_buffer, type)},
         {MEMORY, AT(v4l2_buffer, memory)}, {POINTER, AT(v4l2_buffer, m)},
         {SIZE, AT(v4l2_buffer, length)}),
    CALL(VIDIOC_EXPBUF, 3, {TYPE, AT(v4l2_exportbuffer, type)},
         {INDEX, AT(v4l2_exportbuffer, index)}, {INDEX, AT(v4l2_exportbuffer, plane)}),
    CALL(VIDIOC_STREAMON, 10, {TYPE, 0}),
    CALL(VIDIOC_STREAMOFF, 6, {TYPE, 0}),
    CALL(VIDIOC_G_PARM, 2, {TYPE, AT(v4l2_streamparm, type)}),
    CALL(VIDIOC_S_PARM, 3, {TYPE, AT(v4l2_streamparm, type)},
         {SIZE, AT(v4l2_streamparm, parm.capture.timeperframe.numerator)},
         {SIZE, AT(v4l2_streamparm, parm.capture.timeperframe.denominator)}),
    CALL(VIDIOC_G_STD, 1, {NONE, 0}),
    CALL(VIDIOC_S_STD, 2, {OFFSET, 0}),
    CALL(VIDIOC_ENUMSTD, 1, {INDEX, AT(v4l2_standard, index)}),
    CALL(VIDIOC_QUERYSTD, 1, {NONE, 0}),
    CALL(VIDIOC_ENUMINPUT, 2, {INDEX, AT(v4l2_input, index)}),
    CALL(VIDIOC_G_INPUT, 1, {NONE, 0}),
    CALL(VIDIOC_S_INPUT, 3, {INDEX, 0}),
    CALL(VIDIOC_G_CTRL, 2, {CONTROL, AT(v4l2_control, id)}),
    CALL(VIDIOC_S_CTRL, 4, {CONTROL, AT(v4l2_control, id)}, {SIZE, AT(v4l2_control, value)}),
    CALL(VIDIOC_QUERYCTRL, 2, {CONTROL, AT(v4l2_queryctrl, id)}),
    CALL(VIDIOC_QUERY_EXT_CTRL, 2, {CONTROL, AT(v4l2_query_ext_ctrl, id)}),
    CALL(VIDIOC_QUERYMENU, 2, {CONTROL, AT(v4l2_querymenu, id)},
         {INDEX, AT(v4l2_querymenu, index)}),
    CALL(VIDIOC_G_EXT_CTRLS, 3, {COUNT, AT(v4l2_ext_controls, count)},
         {POINTER, AT(v4l2_ext_controls, controls)}),
    CALL(VIDIOC_S_EXT_CTRLS, 4, {COUNT, AT(v4l2_ext_controls, count)},
         {POINTER, AT(v4l2_ext_controls, controls)}),
    CALL(VIDIOC_TRY_EXT_CTRLS, 3, {COUNT, AT(v4l2_ext_controls, count)},
         {POINTER, AT(v4l2_ext_controls, controls)}),
    CALL(VIDIOC_G_SELECTION, 2, {TYPE, AT(v4l2_selection, type)},
         {TARGET, AT(v4l2_selection, target)}),
    CALL(VIDIOC_S_SELECTION, 4, {TYPE, AT(v4l2_selection, type)},
         {TARGET, AT(v4l2_selection, target)}, {SIZE, AT(v4l2_selection, r.left)},
         {SIZE, AT(v4l2_selection, r.width)}, {SIZE, AT(v4l2_selection, r.height)}),
    CALL(VIDIOC_CROPCAP, 1, {TYPE, AT(v4l2_cropcap, type)}),
    CALL(VIDIOC_S_CROP, 2, {TYPE, AT(v4l2_crop, type)}, {SIZE, AT(v4l2_crop, c.width)},
         {SIZE, AT(v4l2_crop, c.height)}),
    CALL(VIDIOC_ENUM_FRAMESIZES, 2, {INDEX, AT(v4l2_frmsizeenum, index)},
         {FOURCC, AT(v4l2_frmsizeenum, pixel_format)}),
    CALL(VIDIOC_ENUM_FRAMEINTERVALS, 2, {INDEX, AT(v4l2_frmivalenum, index)},
         {FOURCC, AT(v4l2_frmivalenum, pixel_format)}, {SIZE, AT(v4l2_frmivalenum, width)},
         {SIZE, AT(v4l2_frmivalenum, height)}),
    CALL(VIDIOC_ENUM_DV_TIMINGS, 1, {INDEX, AT(v4l2_enum_dv_timings, index)}),
    CALL(VIDIOC_G_DV_TIMINGS, 2, {NONE, 0}),
    CALL(VIDIOC_S_DV_TIMINGS, 3, {SIZE, AT(v4l2_dv_timings, bt.width)},
         {SIZE, AT(v4l2_dv_timings, bt.height)}),
    CALL(VIDIOC_QUERY_DV_TIMINGS, 1, {NONE, 0}),
    CALL(VIDIOC_DV_TIMINGS_CAP, 1, {INDEX, AT(v4l2_dv_timings_cap, pad)}),
    CALL(VIDIOC_SUBSCRIBE_EVENT, 3, {EVENT, AT(v4l2_event_subscription, type)},
         {CONTROL, AT(v4l2_event_subscription, id)}),
    CALL(VIDIOC_UNSUBSCRIBE_EVENT, 2, {EVENT, AT(v4l2_event_subscription, type)},
         {CONTROL, AT(v4l2_event_subscription, id)}),
    CALL(VIDIOC_DQEVENT, 2, {NONE, 0}),
    CALL(VIDIOC_G_PRIORITY, 1, {NONE, 0}),
    CALL(VIDIOC_S_PRIORITY, 1, {INDEX, 0}),
    CALL(VIDIOC_LOG_STATUS, 1, {NONE, 0}),
    CALL(VIDIOC_G_EDID, 1, {INDEX, AT(v4l2_edid, blocks)}, {POINTER, AT(v4l2_edid, edid)}),
    CALL(VIDIOC_DBG_G_REGISTER, 1, {OFFSET, AT(v4l2_dbg_register, reg)}),
    CALL(VIDIOC_DBG_S_REGISTER, 1, {OFFSET, AT(v4l2_dbg_register, reg)}),
    CALL(VIDIOC_G_TUNER, 1, {INDEX, AT(v4l2_tuner, index)}),
    CALL(VDL_IOC_IDENTITY, 1, {NONE, 0}),
    CALL(VDL_IOC_REGISTER_INFO, 2, {INDEX, AT(vdl_register_info, index)}),
    CALL(VDL_IOC_REGISTER_READ, 4, {OFFSET, 0}),
    CALL(VDL_IOC_REGISTER_WRITE, 4, {OFFSET, 0}, {SIZE, 4}),
    CALL(VDL_IOC_TIME, 1, {NONE, 0}),
    CALL(VDL_IOC_COUNTS, 2, {NONE, 0}),
    CALL(VDL_IOC_SIGNAL, 1, {NONE, 0}),
    CALL(VDL_IOC_TIMING, 2, {INDEX, AT(vdl_timing, index)}),
    CALL(VDL_IOC_MODE, 2, {INDEX, AT(vdl_mode, index)}),
    CALL(VDL_IOC_TIMING_SELECT, 2, {INDEX, 0}),
    CALL(VDL_IOC_FIRMWARE_STATUS, 1, {NONE, 0}),
    CALL(VDL_IOC_FIRMWARE_COMMAND, 1, {INDEX, AT(vdl_firmware_command, code)},
         {INDEX, AT(vdl_firmware_command, slot)}, {SIZE, AT(vdl_firmware_command, image_bytes)},
         {POINTER, AT(vdl_firmware_command, image)}),
};

#define CALLS (sizeof calls / sizeof calls[0])

/* Shared with the parent: how often each call was made, and worked. */
struct tally {
    uint64_t made[CALLS];
    uint64_t worked[CALLS];
};

static struct tally *tally;
static uint64_t state;
static uint8_t *arena;
static const char *node;
static int handles[HANDLES];

/* ---- Chance ---- */

static uint32_t any(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 20);
}

static uint32_t below(uint32_t most)
{
    return any() % most;
}

#define ONE_OF(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

static uint32_t likely(enum kind kind)
{
    static const uint32_t types[] = {1, 1, 1, 13, 13, 2, 9, 0, 14, 0x80000000u};
    static const uint32_t counts[] = {0, 1, 2, 4, 4, 5};
    static const uint32_t fourccs[] = {V4L2_PIX_FMT_YUYV,
                                       V4L2_PIX_FMT_UYVY,
                                       V4L2_PIX_FMT_NV12,
                                       V4L2_PIX_FMT_RGB24,
                                       V4L2_PIX_FMT_GREY,
                                       VDL_META_FMT,
                                       0};
    static const uint32_t sizes[] = {0,  1,   2,   16,   60,   64,   480,         640,
                                     80, 720, 128, 1280, 8192, 4096, 0x7fffffffu, 0xffffffffu};
    static const uint32_t events[] = {
        V4L2_EVENT_ALL,     V4L2_EVENT_CTRL, V4L2_EVENT_FRAME_SYNC, V4L2_EVENT_SOURCE_CHANGE,
        VDL_EVENT_FIRMWARE, VDL_EVENT_ERROR, V4L2_EVENT_EOS,        0x7fffffff};
    static const uint32_t indices[] = {0, 0, 1, 1, 2, 3, 4, 5, 8, 31, 32, 255, 0xffffffffu};

    switch (kind) {
    case TYPE:
        return ONE_OF(types);
    case MEMORY:
        return below(6);
    case COUNT:
        return ONE_OF(counts);
    case INDEX:
        return ONE_OF(indices);
    case FOURCC:
        return ONE_OF(fourccs);
    case EVENT:
        return ONE_OF(events);
    case TARGET:
        return below(4) ? below(4) : below(0x110);
    case CONTROL:
        return (below(2) ? V4L2_CID_BASE : V4L2_CID_CAMERA_CLASS_BASE) + below(48) +
               (below(4) ? 0 : V4L2_CTRL_FLAG_NEXT_CTRL);
    case OFFSET:
        return below(8) ? below(0x400) * 4 : any();
    default:
        return ONE_OF(sizes);
    }
}

/* Mostly memory of our own, with what may stand there; at times an address that is none. */
static void *pointer(void)
{
    uint32_t at = below(ARENA / 2) & ~7u;

    switch (below(12)) {
    case 0:
        return NULL;
    case 1:
        /* The kernel's memory, or the first pages, where nothing is. */
        return (void *)(sizeof(void *) == 8 ? ~(uintptr_t)0 - any() : (uintptr_t)any() % 0x8000u);
    case 2:
        return arena + ARENA - below(64); /* runs into a page that is not there */
    default:
        for (uint32_t n = 0; n < 64; n += 4) {
            uint32_t value = likely(CONTROL);

            memcpy(arena + at + n, &value, 4);
            n += 4 * below(6);
        }
        return arena + at;
    }
}

/* ---- One call ---- */

static void fill(const struct call *call, uint8_t *bytes)
{
    uint32_t size = _IOC_SIZE(call->number);

    memset(bytes, 0, ROOM);
    for (uint32_t n = 0; n < FIELDS && call->fields[n].kind != NONE; n++) {
        const struct field *field = &call->fields[n];

        if (field->kind == POINTER) {
            void *value = pointer();

            memcpy(bytes + field->at, &value, sizeof value);
        } else {
            uint32_t value = likely(field->kind);

            memcpy(bytes + field->at, &value, sizeof value);
        }
    }
    /* Now and then something where nothing belongs. */
    if (size >= 4 && below(5) == 0) {
        uint32_t value = below(2) ? any() : below(8), at = below(size / 4) * 4;

        memcpy(bytes + at, &value, 4);
    }
}

/* What would only take all of the guest's memory is no finding. */
static void spare_memory(const struct call *call, uint8_t *bytes)
{
    if (call->number == VIDIOC_CREATE_BUFS) {
        struct v4l2_create_buffers *create = (void *)bytes;

        create->count &= 3u;
        create->format.fmt.pix.sizeimage &= 0xfffffu;
        create->format.fmt.meta.buffersize &= 0xfffffu;
    } else if (call->number == VIDIOC_REQBUFS) {
        ((struct v4l2_requestbuffers *)(void *)bytes)->count &= 7u;
    } else if (call->number == VIDIOC_S_FMT) {
        struct v4l2_format *format = (void *)bytes;

        if (format->fmt.pix.width > 1920)
            format->fmt.pix.width &= 0x3ffu;
        if (format->fmt.pix.height > 1080)
            format->fmt.pix.height &= 0x3ffu;
    }
}

static void make_call(uint32_t which)
{
    static uint8_t bytes[ROOM];
    const struct call *call = &calls[which];
    int result;

    fill(call, bytes);
    spare_memory(call, bytes);
    /* A structure that ends where memory does, and one that is not there at all. */
    if (below(50) == 0)
        result = ioctl(handles[below(HANDLES)], call->number, pointer());
    else
        result = ioctl(handles[below(HANDLES)], call->number, bytes);
    __atomic_add_fetch(&tally->made[which], 1, __ATOMIC_RELAXED);
    if (result < 0)
        return;
    __atomic_add_fetch(&tally->worked[which], 1, __ATOMIC_RELAXED);
    if (call->number == VIDIOC_EXPBUF) {
        int file = ((struct v4l2_exportbuffer *)(void *)bytes)->fd;

        if (file > 2)
            (void)close(file);
    }
}

static void reopen(uint32_t which)
{
    if (handles[which] >= 0)
        (void)close(handles[which]);
    handles[which] = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

static void something_else(void)
{
    int file = handles[below(HANDLES)];
    struct pollfd wait = {.fd = file, .events = (short)below(0x40)};
    void *place;

    switch (below(6)) {
    case 0:
        reopen(below(HANDLES));
        break;
    case 1:
        (void)poll(&wait, 1, 5);
        break;
    case 2:
        (void)!read(file, arena, below(ARENA));
        break;
    case 3:
        (void)ioctl(file, any(), arena);
        break;
    case 4:
        (void)!write(file, arena, below(64));
        break;
    default:
        place = mmap(NULL, (below(300) + 1) * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file,
                     (off_t)(below(4) ? below(8) * 0x100000 : below(0x7fffff)) & ~0xfff);
        if (place != MAP_FAILED) {
            *(volatile uint8_t *)place = 1;
            (void)munmap(place, 4096); /* the rest goes with the process, or never fitted */
        }
        break;
    }
}

/* Buffers, started: without it, chance hardly ever streams. */
static void start(void)
{
    uint32_t type = below(2) ? V4L2_BUF_TYPE_VIDEO_CAPTURE : V4L2_BUF_TYPE_META_CAPTURE;
    struct v4l2_requestbuffers request = {.count = 4, .type = type, .memory = V4L2_MEMORY_MMAP};
    int file = handles[0];

    if (ioctl(file, VIDIOC_REQBUFS, &request))
        return;
    for (uint32_t n = 0; n < request.count; n++) {
        struct v4l2_buffer buffer = {.index = n, .type = type, .memory = V4L2_MEMORY_MMAP};

        (void)ioctl(file, VIDIOC_QBUF, &buffer);
    }
    (void)ioctl(file, VIDIOC_STREAMON, &type);
}

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fuzz(int seconds)
{
    int64_t end = now_ms() + (int64_t)seconds * 1000;
    uint32_t weights = 0;

    for (uint32_t n = 0; n < CALLS; n++)
        weights += calls[n].weight;
    for (uint32_t n = 0; n < HANDLES; n++) {
        handles[n] = -1;
        reopen(n);
    }
    for (uint32_t round = 0; round % 64 != 0 || now_ms() < end; round++) {
        uint32_t at = below(weights), which = 0;

        while (at >= calls[which].weight)
            at -= calls[which++].weight;
        make_call(which);
        if (round % 16 == 0)
            something_else();
        if (round % 97 == 0)
            start();
    }
}

static int report(const char *bits)
{
    uint64_t made = 0, worked = 0;
    uint32_t reached = 0;

    for (uint32_t n = 0; n < CALLS; n++) {
        made += tally->made[n];
        worked += tally->worked[n];
        reached += tally->worked[n] != 0;
        (void)printf("%s: %llu of %llu\n", calls[n].name, (unsigned long long)tally->worked[n],
                     (unsigned long long)tally->made[n]);
    }
    (void)printf("%s: %llu calls, %llu worked, %u of %u ioctls did\n", bits,
                 (unsigned long long)made, (unsigned long long)worked, reached, (unsigned)CALLS);
    return reached >= REACHED_LOW ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 3 ? strtoull(argv[2], NULL, 0) : 0;
    int status, bad = 0;

    if (argc < 4) {
        (void)fprintf(stderr, "ioctl_fuzz SECONDS SEED NODE...\n");
        return 2;
    }
    tally = mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    arena = mmap(NULL, ARENA + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (tally == MAP_FAILED || arena == MAP_FAILED || munmap(arena + ARENA, 4096))
        return 1;
    (void)printf("seed %llu\n", (unsigned long long)seed);
    (void)fflush(stdout);
    for (int n = 3; n < argc; n++) {
        if (fork() == 0) {
            node = argv[n];
            state = (seed + (uint64_t)n) * 0x9e3779b97f4a7c15u | 1u;
            fuzz((int)strtol(argv[1], NULL, 10));
            _exit(0);
        }
    }
    while (wait(&status) > 0)
        bad |= status != 0;
    if (bad) {
        (void)printf("a process died\n");
        return 1;
    }
    return report(sizeof(void *) == 4 ? "32 bits" : "64 bits");
}
