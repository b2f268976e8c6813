/* SPDX-License-Identifier: MIT */
/* Is what came a frame of the test camera (tests/usb/camera), byte by byte, and which? For every program that reads it. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stddef.h>
#include <stdint.h>

#include "camera.h"

struct judge {
    enum camera_format format;
    uint32_t width, height;
    size_t bytes;     /* of an uncompressed frame */
    uint8_t *picture; /* number 0, or room for one that is compressed */
    uint32_t next;    /* the lowest number that can come */
    /* the account */
    uint64_t good, bad, lost, shorts;
    uint64_t
        again; /* good ones that do not follow what came before: repeated, or out of their order */
    uint32_t first; /* number of the first good one */
};

/* 0, or -1: no memory, or not a format or size of the camera's. `code`: YUYV, NV12, MJPG or H264. */
int judge_init(struct judge *judge, const char *code, uint32_t width, uint32_t height);
void judge_end(struct judge *judge);
/* Counts it; 1 if it is good, with its number in *number. Numbers only grow within a stream. */
int judge_frame(struct judge *judge, const uint8_t *bytes, size_t count, uint32_t *number);

#endif
