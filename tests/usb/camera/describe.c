/* SPDX-License-Identifier: MIT */
/* The camera's descriptors: UVC 1.1, at high speed or SuperSpeed, isochronous or bulk. */
#include <string.h>

#include "inside.h"

const struct camera_mode camera_modes[] = {
    {CAMERA_YUYV,  1, 640,  360 },
    {CAMERA_YUYV,  2, 320,  240 },
    {CAMERA_YUYV,  3, 1280, 720 },
    {CAMERA_YUYV,  4, 1920, 1080},
    {CAMERA_NV12,  1, 640,  360 },
    {CAMERA_NV12,  2, 1280, 720 },
    {CAMERA_MJPEG, 1, 640,  360 },
    {CAMERA_MJPEG, 2, 1920, 1080},
    {CAMERA_H264,  1, 1280, 720 },
};
const uint32_t camera_mode_count = sizeof(camera_modes) / sizeof(camera_modes[0]);

const uint32_t *camera_intervals(const struct camera *camera, const struct camera_mode *mode)
{
    static const uint32_t usual[CAMERA_INTERVALS] = {333333, 666666, 1000000};
    static const uint32_t quick[CAMERA_INTERVALS] = {83333, 333333, 1000000};

    return camera->config.quick && mode->width == 320 ? quick : usual;
}

/* A full picture of two bytes a pixel is too much for high speed. */
int camera_has_mode(const struct camera *camera, const struct camera_mode *mode)
{
    return camera->config.speed == CAMERA_SUPER || mode->format != CAMERA_YUYV || mode->frame < 4;
}

uint32_t camera_most_bytes(const struct camera_mode *mode)
{
    uint32_t pixels = (uint32_t)mode->width * mode->height;

    return mode->format == CAMERA_YUYV   ? pixels * 2
           : mode->format == CAMERA_NV12 ? pixels * 3 / 2
                                         : pixels;
}

struct list {
    uint8_t *out;
    size_t count;
};

/* A descriptor: its length is counted. `widths` says how wide each value is: 1, 2 or 4. */
static size_t add(struct list *list, const char *widths, const uint32_t *values)
{
    size_t start = list->count++;

    for (size_t i = 0; widths[i] != '\0'; i++) {
        for (int byte = 0; byte < widths[i] - '0'; byte++) {
            list->out[list->count++] = (uint8_t)(values[i] >> (8 * byte));
        }
    }
    list->out[start] = (uint8_t)(list->count - start);
    return start;
}
#define ADD(list, widths, ...) add(list, widths, (const uint32_t[]){__VA_ARGS__})

static void set_total(struct list *list, size_t place, size_t from)
{
    size_t total = list->count - from;

    list->out[place] = (uint8_t)total;
    list->out[place + 1] = (uint8_t)(total >> 8);
}

static void add_control(struct list *list)
{
    size_t start;

    ADD(list, "11111111", 4, 0, 0, 1, 14, 1, 0, 0);
    start = list->count;
    ADD(list, "1122411", 0x24, 1, 0x0110, 0, CAMERA_HZ, 1, 1);
    /* exposure mode and time */
    ADD(list, "1112112221111", 0x24, 2, CAMERA_TERMINAL, 0x0201, 0, 0, 0, 0, 0, 3, 0x0a, 0, 0);
    /* brightness, power line frequency */
    ADD(list, "1111211111", 0x24, 5, CAMERA_UNIT, CAMERA_TERMINAL, 0, 2, 0x01, 0x04, 0, 0);
    ADD(list, "1114444111111", 0x24, 6, CAMERA_EXTENSION, 0x11223344, 0x55667788, 0x99aabbcc,
        0xddeeff00, 1, 1, CAMERA_UNIT, 1, 0x01, 0);
    ADD(list, "1112111", 0x24, 3, 4, 0x0101, 0, CAMERA_EXTENSION, 0);
    set_total(list, start + 5, start);
}

static void add_status_endpoint(struct list *list, int super)
{
    ADD(list, "11121", 5, CAMERA_STATUS_ENDPOINT, 3, 16, 7);
    if (super) {
        ADD(list, "1112", 0x30, 0, 0, 16);
    }
    ADD(list, "112", 0x25, 3, 16);
}

static void add_frames(struct list *list, const struct camera *camera, uint8_t format)
{
    uint32_t subtype = format == CAMERA_MJPEG ? 7 : format == CAMERA_H264 ? 17 : 5;

    for (uint32_t i = 0; i < camera_mode_count; i++) {
        const struct camera_mode *mode = &camera_modes[i];
        const uint32_t *intervals = camera_intervals(camera, mode);
        uint32_t bytes = camera_most_bytes(mode);

        if (mode->format != format || !camera_has_mode(camera, mode)) {
            continue;
        }
        if (format == CAMERA_H264) {
            ADD(list, "11112244414444", 0x24, subtype, mode->frame, 0, mode->width, mode->height,
                bytes * 8, bytes * 240, intervals[0], 3, 0, intervals[0], intervals[1],
                intervals[2]);
        } else {
            ADD(list, "11112244441444", 0x24, subtype, mode->frame, 0, mode->width, mode->height,
                bytes * 80, bytes * 240, bytes, intervals[0], 3, intervals[0], intervals[1],
                intervals[2]);
        }
    }
    ADD(list, "11111", 0x24, 13, 1, 1, 4);
}

static uint32_t frames_of(const struct camera *camera, uint8_t format)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < camera_mode_count; i++) {
        count += camera_modes[i].format == format && camera_has_mode(camera, &camera_modes[i]);
    }
    return count;
}

#define CODE(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static void add_formats(struct list *list, const struct camera *camera)
{
    size_t start = list->count;

    ADD(list, "111211111111111", 0x24, 1, 4, 0, CAMERA_VIDEO_ENDPOINT, 0, 4, 0, 0, 0, 1, 0, 0, 0,
        0);
    ADD(list, "11114444111111", 0x24, 4, CAMERA_YUYV, frames_of(camera, CAMERA_YUYV),
        CODE('Y', 'U', 'Y', '2'), 0x00100000, 0xaa000080, 0x719b3800, 16, 1, 16, 9, 0, 0);
    add_frames(list, camera, CAMERA_YUYV);
    ADD(list, "11114444111111", 0x24, 4, CAMERA_NV12, frames_of(camera, CAMERA_NV12),
        CODE('N', 'V', '1', '2'), 0x00100000, 0xaa000080, 0x719b3800, 12, 1, 16, 9, 0, 0);
    add_frames(list, camera, CAMERA_NV12);
    ADD(list, "1111111111", 0x24, 6, CAMERA_MJPEG, frames_of(camera, CAMERA_MJPEG), 0, 1, 16, 9, 0,
        0);
    add_frames(list, camera, CAMERA_MJPEG);
    ADD(list, "111144441111111", 0x24, 16, CAMERA_H264, frames_of(camera, CAMERA_H264),
        CODE('H', '2', '6', '4'), 0x00100000, 0xaa000080, 0x719b3800, 0, 1, 16, 9, 0, 0, 1);
    add_frames(list, camera, CAMERA_H264);
    set_total(list, start + 4, start);
}

/* Bytes in each alternate setting of the isochronous endpoint, from 1 on. */
static void add_alternates(struct list *list, int super)
{
    for (uint32_t number = 1; number <= 4; number++) {
        static const uint32_t packets[] = {0, 1, 1, 3, 3};
        static const uint32_t sizes[] = {0, 512, 1024, 800, 1024};

        ADD(list, "11111111", 4, 1, number, 1, 14, 2, 0, 0);
        if (!super) {
            ADD(list, "11121", 5, CAMERA_VIDEO_ENDPOINT, 5,
                sizes[number] | (packets[number] - 1) << 11, 1);
            continue;
        }
        ADD(list, "11121", 5, CAMERA_VIDEO_ENDPOINT, 5, 1024, 1);
        /* 1, 4, 16 and 48 packets in an interval */
        ADD(list, "1112", 0x30,
            number == 1   ? 0
            : number == 2 ? 3
                          : 15,
            number == 4 ? 2 : 0,
            number == 1   ? 1024
            : number == 2 ? 4096
            : number == 3 ? 16384
                          : 49152);
    }
}

void camera_build(struct camera *camera)
{
    int super = camera->config.speed == CAMERA_SUPER;
    struct list list = {camera->descriptors, 0};

    ADD(&list, "1211111", 2, 0, 2, 1, 0, 0x80, super ? 112 : 250);
    ADD(&list, "1111111", 11, 0, 2, 14, 3, 0, 0);
    add_control(&list);
    add_status_endpoint(&list, super);
    ADD(&list, "11111111", 4, 1, 0, camera->config.bulk != 0, 14, 2, 0, 0);
    add_formats(&list, camera);
    if (camera->config.bulk) {
        ADD(&list, "11121", 5, CAMERA_VIDEO_ENDPOINT, 2, super ? 1024 : 512, 0);
        if (super) {
            ADD(&list, "1112", 0x30, 15, 0, 0);
        }
    } else {
        add_alternates(&list, super);
    }
    set_total(&list, 2, 0);
    camera->descriptor_bytes = list.count;
}

/* ---- What is asked for ---- */

static size_t device_descriptor(const struct camera *camera, uint8_t out[18])
{
    int super = camera->config.speed == CAMERA_SUPER;
    const uint8_t all[18] = {18,
                             1,
                             0,
                             super ? 3 : 2,
                             0xef,
                             2,
                             1,
                             super ? 9 : 64,
                             (uint8_t)camera->config.vendor,
                             (uint8_t)(camera->config.vendor >> 8),
                             (uint8_t)camera->config.product,
                             (uint8_t)(camera->config.product >> 8),
                             0,
                             1,
                             1,
                             2,
                             3,
                             1};

    memcpy(out, all, sizeof(all));
    return sizeof(all);
}

static size_t string_descriptor(const struct camera *camera, uint8_t index, uint8_t *out)
{
    const char *text = index == 1 ? "Test" : index == 2 ? "UVC camera" : camera->config.serial;
    size_t count = strlen(text);

    if (index > 3) {
        return 0;
    }
    if (index == 0) {
        memcpy(out, "\x04\x03\x09\x04", 4);
        return 4;
    }
    out[0] = (uint8_t)(2 + 2 * count);
    out[1] = 3;
    for (size_t i = 0; i < count; i++) {
        out[2 + 2 * i] = (uint8_t)text[i];
        out[3 + 2 * i] = 0;
    }
    return out[0];
}

size_t camera_descriptor(const struct camera *camera, uint8_t type, uint8_t index, uint8_t *out,
                         size_t max)
{
    static const uint8_t object_store[] = {5, 15, 22, 0, 2, 7,    16, 2, 2,  0,    0,
                                           0, 10, 16, 3, 0, 0x0e, 0,  3, 10, 0xff, 7};
    uint8_t all[256];
    const uint8_t *from = all;
    size_t count = 0;

    if (type == 1) {
        count = device_descriptor(camera, all);
    } else if (type == 2 && index == 0) {
        from = camera->descriptors;
        count = camera->descriptor_bytes;
    } else if (type == 3) {
        count = string_descriptor(camera, index, all);
    } else if (type == 15 && camera->config.speed == CAMERA_SUPER) {
        from = object_store;
        count = sizeof(object_store);
    }
    count = count < max ? count : max;
    memcpy(out, from, count);
    return count;
}
