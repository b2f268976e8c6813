/* SPDX-License-Identifier: MIT */
/*
 * event_check NODE: frame-sync events come one for each frame, and before it; a second program on the node is
 * told EBUSY, and none of its tries disturbs the first.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vdl_interface.h"

#define BUFFERS 4u
#define FRAMES  30u

static int complain(const char *what)
{
    (void)printf("%s: %s\n", what, strerror(errno));
    return -1;
}

static int start(int node)
{
    struct v4l2_event_subscription sync = {.type = V4L2_EVENT_FRAME_SYNC};
    struct v4l2_requestbuffers request = {
        .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE;

    format.fmt.pix.width = 640;
    format.fmt.pix.height = 480;
    format.fmt.pix.pixelformat = V4L2_PIX_FMT_YUYV;
    if (ioctl(node, VIDIOC_S_FMT, &format) || ioctl(node, VIDIOC_SUBSCRIBE_EVENT, &sync) ||
        ioctl(node, VIDIOC_REQBUFS, &request))
        return complain("setting up");
    for (uint32_t n = 0; n < request.count; n++) {
        struct v4l2_buffer buffer = {.index = n, .type = type, .memory = V4L2_MEMORY_MMAP};

        if (ioctl(node, VIDIOC_QBUF, &buffer))
            return complain("QBUF");
    }
    return ioctl(node, VIDIOC_STREAMON, &type) ? complain("STREAMON") : 0;
}

static int busy(int node, unsigned long number, void *argument, const char *what)
{
    if (ioctl(node, number, argument) < 0 && errno == EBUSY)
        return 0;
    (void)printf("%s of another program: %s instead of EBUSY\n", what, strerror(errno));
    return -1;
}

/* Another handle, as another program has it. */
static int intrude(const char *path)
{
    struct v4l2_requestbuffers request = {
        .count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct vdl_firmware_command command = {.code = VDL_FIRMWARE_RESTORE};
    uint32_t type = V4L2_BUF_TYPE_VIDEO_CAPTURE, input = 1, timing = 0;
    int node = open(path, O_RDWR | O_CLOEXEC), bad = 0;

    if (node < 0 || ioctl(node, VIDIOC_G_FMT, &format))
        return complain("another handle");
    format.fmt.pix.width = 1280;
    format.fmt.pix.height = 720;
    bad |= busy(node, VIDIOC_REQBUFS, &request, "REQBUFS");
    bad |= busy(node, VIDIOC_STREAMON, &type, "STREAMON");
    bad |= busy(node, VIDIOC_S_FMT, &format, "S_FMT");
    bad |= busy(node, VIDIOC_S_INPUT, &input, "S_INPUT");
    bad |= busy(node, VDL_IOC_TIMING_SELECT, &timing, "the timing's choice");
    bad |= busy(node, VDL_IOC_FIRMWARE_COMMAND, &command, "a firmware command");
    (void)close(node);
    return bad ? -1 : 0;
}

static int frames(int node)
{
    uint32_t syncs = 0, last = 0;

    for (uint32_t taken = 0; taken < FRAMES;) {
        struct pollfd wait = {.fd = node, .events = POLLIN | POLLPRI};
        struct v4l2_event event;
        struct v4l2_buffer buffer = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                     .memory = V4L2_MEMORY_MMAP};

        if (poll(&wait, 1, 10000) <= 0)
            return complain("neither frame nor event");
        while (wait.revents & POLLPRI && ioctl(node, VIDIOC_DQEVENT, &event) == 0) {
            if (event.type != V4L2_EVENT_FRAME_SYNC)
                continue;
            if (syncs && event.u.frame_sync.frame_sequence <= last) {
                (void)printf("sync of frame %u after %u\n", event.u.frame_sync.frame_sequence,
                             last);
                return -1;
            }
            last = event.u.frame_sync.frame_sequence;
            syncs++;
            if (!event.pending)
                break;
        }
        if (!(wait.revents & POLLIN))
            continue;
        if (ioctl(node, VIDIOC_DQBUF, &buffer))
            return complain("DQBUF");
        if (taken && last < buffer.sequence) {
            (void)printf("frame %u before its sync, the last was %u\n", buffer.sequence, last);
            return -1;
        }
        taken++;
        if (ioctl(node, VIDIOC_QBUF, &buffer))
            return complain("QBUF");
    }
    (void)printf("frames=%u syncs=%u\n", FRAMES, syncs);
    return syncs + 2 >= FRAMES ? 0 : -1;
}

int main(int argc, char **argv)
{
    int node = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC | O_NONBLOCK) : -1, result;

    if (node < 0) {
        (void)printf("event_check NODE\n");
        return 2;
    }
    result = start(node) || intrude(argv[1]) || frames(node) ? 1 : 0;
    (void)close(node);
    return result;
}
