/* SPDX-License-Identifier: MIT */
/*
 * Captures by bare V4L2 ioctls and compares every byte of every picture with the data sheet's test
 * pattern, read here for a third time. Says how many came, differed, and were missing.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <linux/videodev2.h>

#define BUFFERS_MOST 32
#define PAGE         4096u

enum memory { MEMORY_MMAP, MEMORY_USERPTR, MEMORY_SCATTER, MEMORY_READ };

struct options {
    const char *device;
    const char *save; /* the last picture goes there */
    uint32_t fourcc;
    uint32_t width, height;
    uint32_t frames;
    uint32_t buffers;
    uint32_t offset; /* of the picture in its pages, with memory of our own */
    enum memory memory;
    int any_picture; /* a source that is not the pattern */
    int may_drop;
};

struct check {
    struct options options;
    int video;
    struct v4l2_pix_format format;
    uint8_t *memory[BUFFERS_MOST];
    uint8_t *line; /* as it must be */
    uint32_t frames, bad, missing;
    uint32_t next;
};

static int complain(const char *what)
{
    (void)printf("%s: %s\n", what, strerror(errno));
    return -1;
}

/* ---- The pattern ---- */

static const uint8_t bars[8][3] = {
    {180, 128, 128},
    {162, 44,  142},
    {131, 156, 44 },
    {112, 72,  58 },
    {84,  184, 198},
    {65,  100, 212},
    {35,  212, 114},
    {16,  128, 128}
};

/* Y, U, V of pixel (x, y) of picture n. */
static void pixel(uint8_t out[3], uint32_t width, uint32_t n, uint32_t x, uint32_t y)
{
    uint32_t bar = (x + 2 * n) % width / (width / 8);

    memcpy(out, bars[bar < 8 ? bar : 7], 3);
    if (x < 64 && y < 16) {
        uint32_t bit = 31 - (y / 8 * 16 + x / 4);

        out[0] = n >> bit & 1 ? 235 : 16;
        out[1] = 128;
        out[2] = 128;
    }
}

static uint8_t clip(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* Line y of plane 0 or 1 into check->line; its bytes. Of two pixels that share their chroma, it is
 * that of the even one. */
static uint32_t make_line(struct check *check, uint32_t n, uint32_t plane, uint32_t y)
{
    uint32_t width = check->format.width, from = plane ? 2 * y : y;
    uint8_t *out = check->line;

    for (uint32_t x = 0; x < width; x++) {
        uint8_t own[3], even[3];
        int luma, blue, red;

        pixel(own, width, n, x, from);
        pixel(even, width, n, x & ~1u, from);
        switch (check->options.fourcc) {
        case V4L2_PIX_FMT_YUYV:
            *out++ = own[0];
            *out++ = even[1 + x % 2];
            break;
        case V4L2_PIX_FMT_UYVY:
            *out++ = even[1 + x % 2];
            *out++ = own[0];
            break;
        case V4L2_PIX_FMT_NV12:
            *out++ = plane ? even[1 + x % 2] : own[0];
            break;
        case V4L2_PIX_FMT_RGB24:
            luma = 298 * (own[0] - 16);
            blue = own[1] - 128;
            red = own[2] - 128;
            *out++ = clip((luma + 409 * red + 128) >> 8);
            *out++ = clip((luma - 100 * blue - 208 * red + 128) >> 8);
            *out++ = clip((luma + 516 * blue + 128) >> 8);
            break;
        default: /* grey */
            *out++ = own[0];
            break;
        }
    }
    return (uint32_t)(out - check->line);
}

static int plane_is_right(struct check *check, const uint8_t *at, uint32_t n, uint32_t plane,
                          uint32_t lines)
{
    uint32_t stride = check->format.bytesperline, bytes = 0;

    for (uint32_t y = 0; y < lines; y++) {
        /* The number's lines differ from each other at 8, the rest are alike. */
        if (y == 0 || y == (plane ? 4 : 8) || y == (plane ? 8 : 16))
            bytes = make_line(check, n, plane, y);
        if (memcmp(at + (size_t)y * stride, check->line, bytes) != 0) {
            uint32_t x = 0;

            while (at[(size_t)y * stride + x] == check->line[x])
                x++;
            (void)printf("picture %u, plane %u, line %u, byte %u: %02x instead of %02x\n", n, plane,
                         y, x, at[(size_t)y * stride + x], check->line[x]);
            return 0;
        }
    }
    return 1;
}

static int picture_is_right(struct check *check, const uint8_t *at, uint32_t n)
{
    uint32_t height = check->format.height;

    if (!plane_is_right(check, at, n, 0, height))
        return 0;
    return check->options.fourcc != V4L2_PIX_FMT_NV12 ||
           plane_is_right(check, at + (size_t)check->format.bytesperline * height, n, 1,
                          height / 2);
}

/* ---- Memory ---- */

/*
 * Pages of a file, mapped one by one and each far from the one before it in the file: whatever the
 * kernel does, neighbours in the picture are no neighbours in memory.
 */
static uint8_t *scattered(uint32_t bytes)
{
    uint32_t pages = (bytes + PAGE - 1) / PAGE + 1;
    uint32_t step = pages % 7 ? 7 : pages % 11 ? 11 : 13;
    int file = memfd_create("frame", MFD_CLOEXEC);
    uint8_t *place, *fill;

    if (file < 0 || ftruncate(file, (off_t)pages * PAGE))
        return NULL;
    fill = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    place = mmap(NULL, (size_t)pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fill == MAP_FAILED || place == MAP_FAILED)
        return NULL;
    memset(fill, 0x55, (size_t)pages * PAGE);
    (void)munmap(fill, (size_t)pages * PAGE);
    for (uint32_t n = 0; n < pages; n++) {
        if (mmap(place + (size_t)n * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                 file, (off_t)((uint64_t)n * step % pages * PAGE)) == MAP_FAILED)
            return NULL;
    }
    (void)close(file);
    return place;
}

static uint8_t *own_memory(const struct check *check)
{
    uint32_t bytes = check->format.sizeimage + check->options.offset;
    uint8_t *memory;

    if (check->options.memory == MEMORY_SCATTER)
        memory = scattered(bytes);
    else
        memory = aligned_alloc(PAGE, (bytes + PAGE - 1) / PAGE * PAGE);
    return memory ? memory + check->options.offset : NULL;
}

static int queue(struct check *check, uint32_t index)
{
    struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .index = index};

    buffer.memory = check->options.memory == MEMORY_MMAP ? V4L2_MEMORY_MMAP : V4L2_MEMORY_USERPTR;
    if (buffer.memory == V4L2_MEMORY_USERPTR) {
        buffer.m.userptr = (unsigned long)check->memory[index];
        buffer.length = check->format.sizeimage;
    }
    return ioctl(check->video, VIDIOC_QBUF, &buffer) ? complain("QBUF") : 0;
}

static int prepare(struct check *check)
{
    struct v4l2_requestbuffers request = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};

    request.count = check->options.buffers;
    request.memory = check->options.memory == MEMORY_MMAP ? V4L2_MEMORY_MMAP : V4L2_MEMORY_USERPTR;
    if (ioctl(check->video, VIDIOC_REQBUFS, &request))
        return complain("REQBUFS");
    if (request.count > BUFFERS_MOST)
        return complain("too many buffers");
    check->options.buffers = request.count;
    for (uint32_t n = 0; n < request.count; n++) {
        struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .index = n};

        if (check->options.memory == MEMORY_MMAP) {
            if (ioctl(check->video, VIDIOC_QUERYBUF, &buffer))
                return complain("QUERYBUF");
            check->memory[n] = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED,
                                    check->video, buffer.m.offset);
            if (check->memory[n] == MAP_FAILED)
                return complain("mmap");
        } else {
            check->memory[n] = own_memory(check);
            if (!check->memory[n])
                return complain("memory");
        }
        if (queue(check, n))
            return -1;
    }
    return 0;
}

/* ---- Capture ---- */

static int setup(struct check *check)
{
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};

    check->video = open(check->options.device, O_RDWR | O_CLOEXEC);
    if (check->video < 0)
        return complain(check->options.device);
    if (ioctl(check->video, VIDIOC_G_FMT, &format))
        return complain("G_FMT");
    if (check->options.width) {
        format.fmt.pix.width = check->options.width;
        format.fmt.pix.height = check->options.height;
    }
    format.fmt.pix.pixelformat = check->options.fourcc;
    format.fmt.pix.bytesperline = 0;
    if (ioctl(check->video, VIDIOC_S_FMT, &format))
        return complain("S_FMT");
    check->format = format.fmt.pix;
    if (format.fmt.pix.pixelformat != check->options.fourcc ||
        (check->options.width && (format.fmt.pix.width != check->options.width ||
                                  format.fmt.pix.height != check->options.height))) {
        (void)printf("the driver gives %ux%u of another size or format\n", format.fmt.pix.width,
                     format.fmt.pix.height);
        return -1;
    }
    check->line = malloc((size_t)format.fmt.pix.width * 4);
    return check->line ? 0 : -1;
}

static int save(const struct check *check, const uint8_t *picture)
{
    FILE *file = fopen(check->options.save, "wbe");
    size_t done;

    if (!file)
        return complain(check->options.save);
    done = fwrite(picture, 1, check->format.sizeimage, file);
    return fclose(file) || done != check->format.sizeimage ? complain(check->options.save) : 0;
}

/* A picture that has come, number `sequence` of the source. */
static int judge(struct check *check, const uint8_t *picture, uint32_t sequence, uint32_t bytes,
                 int damaged)
{
    if (sequence != check->next) {
        (void)printf("picture %u follows %u\n", sequence, check->next - 1);
        check->missing += sequence - check->next;
    }
    check->next = sequence + 1;
    check->frames++;
    if (damaged) {
        (void)printf("picture %u is marked as damaged\n", sequence);
        check->missing++;
        return 0;
    }
    if (bytes != check->format.sizeimage ||
        (!check->options.any_picture && !picture_is_right(check, picture, sequence)))
        check->bad++;
    if (check->options.save && check->frames == check->options.frames)
        return save(check, picture);
    return 0;
}

static int stream(struct check *check)
{
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

    if (prepare(check))
        return -1;
    if (ioctl(check->video, VIDIOC_STREAMON, &type))
        return complain("STREAMON");
    while (check->frames < check->options.frames) {
        struct pollfd wait = {.fd = check->video, .events = POLLIN};
        struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};

        if (poll(&wait, 1, 15000) <= 0)
            return complain("no picture came");
        buffer.memory =
            check->options.memory == MEMORY_MMAP ? V4L2_MEMORY_MMAP : V4L2_MEMORY_USERPTR;
        if (ioctl(check->video, VIDIOC_DQBUF, &buffer))
            return complain("DQBUF");
        if (buffer.index >= check->options.buffers)
            return complain("a buffer that does not exist");
        if (judge(check, check->memory[buffer.index], buffer.sequence, buffer.bytesused,
                  (buffer.flags & V4L2_BUF_FLAG_ERROR) != 0) ||
            queue(check, buffer.index))
            return -1;
    }
    return ioctl(check->video, VIDIOC_STREAMOFF, &type) ? complain("STREAMOFF") : 0;
}

/* read() tells no sequence numbers: what the picture says must only grow. */
static int read_pictures(struct check *check)
{
    uint8_t *picture = malloc(check->format.sizeimage);

    while (picture && check->frames < check->options.frames) {
        ssize_t got = read(check->video, picture, check->format.sizeimage);
        uint32_t number = 0;

        if (got < 0)
            return complain("read");
        for (uint32_t bit = 0; bit < 32; bit++) {
            uint32_t at = (bit / 16 * 8) * check->format.bytesperline + bit % 16 * 4 * 2;

            number = number << 1 | (picture[at] > 128);
        }
        if (judge(check, picture, number, (uint32_t)got, 0))
            return -1;
    }
    free(picture);
    return 0;
}

static uint32_t fourcc_of(const char *text)
{
    if (strcmp(text, "RGB24") == 0)
        return V4L2_PIX_FMT_RGB24;
    if (strlen(text) != 4)
        return 0;
    return v4l2_fourcc((uint32_t)text[0], (uint32_t)text[1], (uint32_t)text[2], (uint32_t)text[3]);
}

static int parse(struct options *options, int argc, char **argv)
{
    static const char *const memories[] = {"mmap", "userptr", "scatter", "read"};

    *options = (struct options){.fourcc = V4L2_PIX_FMT_YUYV, .frames = 30, .buffers = 4};
    if (argc < 2)
        return -1;
    options->device = argv[1];
    for (int n = 2; n < argc; n++) {
        const char *value = strchr(argv[n], '=');
        size_t length = value ? (size_t)(value++ - argv[n]) : strlen(argv[n]);

        if (strcmp(argv[n], "any-picture") == 0) {
            options->any_picture = 1;
        } else if (strcmp(argv[n], "may-drop") == 0) {
            options->may_drop = 1;
        } else if (!value) {
            return -1;
        } else if (strncmp(argv[n], "size", length) == 0) {
            if (sscanf(value, "%ux%u", &options->width, &options->height) != 2)
                return -1;
        } else if (strncmp(argv[n], "format", length) == 0) {
            options->fourcc = fourcc_of(value);
        } else if (strncmp(argv[n], "frames", length) == 0) {
            options->frames = (uint32_t)strtoul(value, NULL, 10);
        } else if (strncmp(argv[n], "buffers", length) == 0) {
            options->buffers = (uint32_t)strtoul(value, NULL, 10);
        } else if (strncmp(argv[n], "offset", length) == 0) {
            options->offset = (uint32_t)strtoul(value, NULL, 10);
        } else if (strncmp(argv[n], "save", length) == 0) {
            options->save = value;
        } else if (strncmp(argv[n], "memory", length) == 0) {
            uint32_t kind = 0;

            while (kind < 4 && strcmp(value, memories[kind]) != 0)
                kind++;
            if (kind == 4)
                return -1;
            options->memory = (enum memory)kind;
        } else {
            return -1;
        }
    }
    return options->offset < PAGE && options->buffers <= BUFFERS_MOST ? 0 : -1;
}

int main(int argc, char **argv)
{
    static struct check check;
    struct timespec start, end;
    double seconds;
    int result;

    if (parse(&check.options, argc, argv)) {
        (void)fprintf(stderr,
                      "frame_check DEVICE [size=WxH] [format=YUYV|UYVY|NV12|RGB24|GREY] "
                      "[frames=N] [buffers=N] [memory=mmap|userptr|scatter|read] [offset=BYTES] "
                      "[save=FILE] [any-picture] [may-drop]\n");
        return 2;
    }
    if (setup(&check))
        return 1;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    result = check.options.memory == MEMORY_READ ? read_pictures(&check) : stream(&check);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
    (void)printf("frames=%u bad=%u missing=%u size=%ux%u rate=%.2f MB/s=%.0f\n", check.frames,
                 check.bad, check.missing, check.format.width, check.format.height,
                 check.frames / seconds, check.frames / seconds * check.format.sizeimage / 1e6);
    if (result || check.frames != check.options.frames || check.bad)
        return 1;
    return check.missing && !check.options.may_drop ? 1 : 0;
}
