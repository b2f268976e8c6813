/* SPDX-License-Identifier: MIT */
/*
 * dmabuf_check: frames of the card into dma-bufs of somebody else (udmabuf), and dma-bufs of the driver's buffers, both
 * through the library, in a guest of tests/vm (suite/dmabuf.sh). Every picture is compared where the other side sees it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fault_rig.h"
#include "vidicon/vidicon.h"

#define BUFFERS 4
#define BYTES   8192u /* 64 x 64 YUYV, and whole pages */
#define FRAMES  60

static vdc_context *context;
static vdc_device *device;
static vdc_stream *stream;

static int fail(const char *what)
{
    printf("%s: %s\n", what, vdc_error_text());
    return -1;
}

static int fail_here(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    return -1;
}

/* Memory that is no driver's: a file's pages. The dma-buf's descriptor, and where we see it. */
static int make_dmabuf(uint8_t **view)
{
    struct udmabuf_create create = {.size = BYTES, .flags = UDMABUF_FLAGS_CLOEXEC};
    int driver = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
    int file = memfd_create("frame", MFD_ALLOW_SEALING | MFD_CLOEXEC);
    int result;

    if (driver < 0 || file < 0 || ftruncate(file, BYTES) ||
        fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK)) {
        return fail_here("udmabuf");
    }
    *view = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    create.memfd = (uint32_t)file;
    result = ioctl(driver, UDMABUF_CREATE, &create);
    (void)close(driver);
    (void)close(file);
    return *view == MAP_FAILED || result < 0 ? fail_here("UDMABUF_CREATE") : result;
}

static int open_stream(uint32_t memory)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;

    config.format.fourcc = VDC_FOURCC_YUYV;
    config.format.width_px = 64;
    config.format.height_px = 64;
    config.memory = memory;
    if (vdc_device_negotiate(&answer, device, &config.format) == VDC_OK) {
        config.format = answer.format;
    }
    return vdc_stream_open(&stream, device, &config) == VDC_OK ? 0 : fail("opening a stream");
}

/* Pictures as `views` shows them, without a copy. */
static int frames_are_right(uint8_t *const views[BUFFERS])
{
    vdc_stats stats = VDC_STATS_INIT;
    unsigned used = 0;

    if (vdc_stream_start(stream) != VDC_OK) {
        return fail("start");
    }
    for (int n = 0; n < FRAMES; n++) {
        const vdc_frame *frame = NULL;
        uint32_t number;

        if (vdc_stream_wait(&frame, stream, 5000) != VDC_OK) {
            return fail("wait");
        }
        if (frame->buffer >= BUFFERS || frame->used_bytes != BYTES ||
            !fault_picture_is_right(views[frame->buffer], 128, &number) ||
            number != frame->sequence) {
            printf("frame %llu in buffer %u is not in the dma-buf\n",
                   (unsigned long long)frame->sequence, frame->buffer);
            return -1;
        }
        used |= 1u << frame->buffer;
        memset(views[frame->buffer], 0, BYTES);
        (void)vdc_stream_release(stream, frame);
    }
    if (vdc_stream_stop(stream) != VDC_OK || vdc_stream_get_stats(&stats, stream) != VDC_OK ||
        stats.copies || used != (1u << BUFFERS) - 1) {
        printf("%llu copies, buffers %#x\n", (unsigned long long)stats.copies, used);
        return -1;
    }
    return 0;
}

static int import(void)
{
    uint8_t *views[BUFFERS];

    if (open_stream(VDC_MEMORY_DMABUF)) {
        return -1;
    }
    for (int n = 0; n < BUFFERS; n++) {
        vdc_buffer buffer = VDC_BUFFER_INIT;

        buffer.dmabuf_fd = make_dmabuf(&views[n]);
        buffer.capacity_bytes = BYTES;
        if (buffer.dmabuf_fd < 0) {
            return -1;
        }
        if (vdc_stream_add_buffer(stream, &buffer) != VDC_OK) {
            return fail("a buffer");
        }
    }
    return frames_are_right(views);
}

static int export(void)
{
    uint8_t *views[BUFFERS];

    if (open_stream(VDC_MEMORY_LIBRARY)) {
        return -1;
    }
    for (uint32_t n = 0; n < BUFFERS; n++) {
        int fd = -1;

        if (vdc_stream_export_buffer(&fd, stream, n) != VDC_OK) {
            return fail("export");
        }
        views[n] = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        (void)close(fd);
        if (views[n] == MAP_FAILED) {
            return fail_here("a dma-buf's mmap");
        }
    }
    return frames_are_right(views);
}

int main(int argc, char **argv)
{
    char path[80], id[96];
    int result = -1;

    if (argc != 2 || fault_rig_open() || fault_driver_node(path, sizeof path, 30000)) {
        printf("dmabuf_check import|export\n");
        return 2;
    }
    (void)snprintf(id, sizeof id, "v4l2:%s", path);
    if (vdc_context_create(&context, NULL) == VDC_OK &&
        vdc_device_open(&device, context, id, 0) == VDC_OK) {
        result = strcmp(argv[1], "import") == 0 ? import() : export();
    } else {
        (void)fail("opening");
    }
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return result ? 1 : 0;
}
