/* SPDX-License-Identifier: MIT */
/*
 * private_check NODE: what the driver's own ioctls say, as text, and what they refuse. Built for 64 and 32 bits: both
 * must print the same.
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

static int node;
static int bad;

/* 1 if it works. */
static int ask(const char *what, unsigned long number, void *bytes)
{
    if (ioctl(node, number, bytes) == 0)
        return 1;
    (void)printf("%s: %s\n", what, strerror(errno));
    return 0;
}

static void must(const char *what, unsigned long number, void *bytes)
{
    bad += !ask(what, number, bytes);
}

static void must_not(const char *what, unsigned long number, void *bytes, int error)
{
    if (ioctl(node, number, bytes) == 0 || errno != error) {
        (void)printf("%s: %s instead of %s\n", what, strerror(errno), strerror(error));
        bad++;
    }
}

static void identity(void)
{
    struct vdl_identity own;

    memset(&own, 0x5a, sizeof own);
    must("identity", VDL_IOC_IDENTITY, &own);
    (void)printf("%s, interface %u, node %u, limited %u, revision %#x, caps %#x, target %#x\n",
                 own.serial, own.interface_version, own.node, own.limited, own.revision, own.caps,
                 own.target);
    (void)printf("versions %#x to %#x, %u bytes, %u Hz, %u ppm, inputs %u, timings %u, modes %u, "
                 "controls %u\n",
                 own.version_min, own.version_max, own.capacity_bytes, own.time_hz,
                 own.time_tolerance_ppm, own.input_count, own.timing_count, own.mode_count,
                 own.control_count);
}

static void registers(void)
{
    struct vdl_register_info info = {0};
    struct vdl_register reg = {0};

    for (info.index = 0; ioctl(node, VDL_IOC_REGISTER_INFO, &info) == 0; info.index++) {
        (void)printf("register %u: %s, %#x, %u, %u, %s\n", info.index, info.name, info.offset,
                     info.count, info.access, info.help);
        reg.offset = info.offset;
        must(info.name, VDL_IOC_REGISTER_READ, &reg);
        if (strcmp(info.name, "ARCH_ID") == 0)
            (void)printf("%#x\n", reg.value);
        if (strcmp(info.name, "SCRATCH") == 0) {
            reg.value = 0xcafe1234u;
            must("a register's write", VDL_IOC_REGISTER_WRITE, &reg);
            reg.value = 0;
            must("its read", VDL_IOC_REGISTER_READ, &reg);
            bad += reg.value != 0xcafe1234u;
        } else if (!(info.access & 2)) {
            must_not(info.name, VDL_IOC_REGISTER_WRITE, &reg, EACCES);
        }
    }
    reg.offset = 0xfffffffcu;
    must_not("a register that is none", VDL_IOC_REGISTER_READ, &reg, EACCES);
}

static void tables(void)
{
    struct vdl_timing timing = {0};
    struct vdl_mode mode = {0};
    uint32_t number;

    for (number = 0; timing.index = number, ioctl(node, VDL_IOC_TIMING, &timing) == 0; number++)
        (void)printf("timing %u: %s, %u, %u, %ux%u, %u/%u, %u kHz, %u, %#x\n", timing.index,
                     timing.name, timing.kind, timing.flags, timing.width_px, timing.height_px,
                     timing.interval_num, timing.interval_den, timing.pixel_clock_khz,
                     timing.selected, timing.input_mask);
    must_not("the select of no timing", VDL_IOC_TIMING_SELECT, &number, EINVAL);
    for (number = 0; mode.index = number, ioctl(node, VDL_IOC_MODE, &mode) == 0; number++)
        (void)printf("mode %u: %#x, %#x, %ux%u, %ux%u, %ux%u, %u\n", mode.index, mode.inputs,
                     mode.formats, mode.width_px, mode.height_px, mode.width_min_px,
                     mode.height_min_px, mode.width_step_px, mode.height_step_px,
                     mode.interval_count);
}

static void live(void)
{
    struct vdl_time time = {0}, later = {0};
    struct vdl_counts counts;
    struct vdl_signal signal = {0};

    must("time", VDL_IOC_TIME, &time);
    must("time", VDL_IOC_TIME, &later);
    bad += time.before_ns > time.after_ns || later.ticks <= time.ticks ||
           later.before_ns < time.after_ns;
    memset(&counts, 0x5a, sizeof counts);
    must("counts", VDL_IOC_COUNTS, &counts);
    bad += counts.produced != counts.good + counts.dropped_fifo + counts.dropped_no_buffer +
                                  counts.dropped_no_signal + counts.dropped_dma;
    (void)printf("delivered %llu, damaged %llu, captures %u, incomplete %u\n",
                 (unsigned long long)counts.delivered, (unsigned long long)counts.damaged,
                 counts.captures, counts.incomplete);
    must("signal", VDL_IOC_SIGNAL, &signal);
    (void)printf("signal %u, mismatch %u, detected %u\n", signal.state, signal.mismatch,
                 signal.detected);
}

/* ---- What a register has in common with a control ---- */

static uint32_t find_register(const char *name)
{
    struct vdl_register_info info = {0};

    for (info.index = 0; ioctl(node, VDL_IOC_REGISTER_INFO, &info) == 0; info.index++) {
        if (strcmp(info.name, name) == 0)
            return info.offset;
    }
    (void)printf("no register %s\n", name);
    bad++;
    return 0;
}

/* Writes it; on the picture node the control has that value, then. */
static void write_register(const char *name, uint32_t value, uint32_t control)
{
    struct vdl_register reg = {.offset = find_register(name), .value = value};
    struct v4l2_control told = {.id = control};

    must(name, VDL_IOC_REGISTER_WRITE, &reg);
    if (ioctl(node, VIDIOC_G_CTRL, &told) == 0 ? told.value != (int32_t)value : errno != ENOTTY) {
        (void)printf("%s is %u, its control %d\n", name, value, told.value);
        bad++;
    }
}

/* The pattern stays on when firmware has started anew: at the second event, the first was the end of the command. */
static void pattern_is_kept(void)
{
    struct vdl_register reg = {.offset = find_register("PATTERN")};
    struct pollfd event = {.fd = node, .events = POLLPRI};
    struct v4l2_event told;

    for (int n = 0; n < 2; n++) {
        if (poll(&event, 1, 20000) != 1)
            break;
        must("an event", VIDIOC_DQEVENT, &told);
    }
    must("the pattern", VDL_IOC_REGISTER_READ, &reg);
    if (reg.value != 1) {
        (void)printf("the pattern was not put back\n");
        bad++;
    }
    write_register("PATTERN", 0, V4L2_CID_TEST_PATTERN);
}

/* An image that is none goes all the way by its address, and is refused by its name. */
static void firmware(void)
{
    static uint8_t image[256];
    struct vdl_firmware_status status;
    struct vdl_firmware_command command = {
        .code = VDL_FIRMWARE_BOOT, .image_bytes = sizeof image, .image = (uintptr_t)image};

    must("a bad image", VDL_IOC_FIRMWARE_COMMAND, &command);
    for (int tries = 0; tries < 1000; tries++) {
        memset(&status, 0x5a, sizeof status);
        must("firmware status", VDL_IOC_FIRMWARE_STATUS, &status);
        if (status.state != VDL_FIRMWARE_BUSY)
            break;
        (void)usleep(10000);
    }
    (void)printf("firmware: runs %u, version %#x, state %u, error %d, image %u, file %u, "
                 "embedded %#x\n",
                 status.runs, status.version, status.state, status.error, status.image_error,
                 status.file_state, status.embedded_version);
    bad += status.state != VDL_FIRMWARE_REFUSED || !status.runs;
    command.image = 1;
    must_not("an image nowhere", VDL_IOC_FIRMWARE_COMMAND, &command, EFAULT);
    command.image_bytes = 0xffffffffu;
    must_not("an image too large", VDL_IOC_FIRMWARE_COMMAND, &command, EFBIG);
    command.code = 77;
    must_not("a command that is none", VDL_IOC_FIRMWARE_COMMAND, &command, EINVAL);
    must_not("an ioctl that is none", _IOWR('V', BASE_VIDIOC_PRIVATE + 40, struct vdl_time),
             &command, ENOTTY);
}

int main(int argc, char **argv)
{
    node = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
    if (node < 0) {
        (void)printf("private_check NODE\n");
        return 2;
    }
    identity();
    registers();
    tables();
    live();
    must("events of firmware", VIDIOC_SUBSCRIBE_EVENT,
         &(struct v4l2_event_subscription){.type = VDL_EVENT_FIRMWARE});
    write_register("CONTROL", 7, V4L2_CID_BRIGHTNESS);
    write_register("CONTROL", 128, V4L2_CID_BRIGHTNESS); /* as it was */
    write_register("PATTERN", 1, V4L2_CID_TEST_PATTERN);
    firmware();
    pattern_is_kept();
    (void)close(node);
    (void)printf("%d wrong\n", bad);
    return bad ? 1 : 0;
}
