/* SPDX-License-Identifier: MIT */
/* The camera's own state, between its files. */
#ifndef VIDICON_CAMERA_INSIDE_H
#define VIDICON_CAMERA_INSIDE_H

#include "camera.h"

#define CAMERA_PLANTED_MAX 16u
#define CAMERA_FRAME_MAX   (1920u * 1080u * 2u + 64u)
#define CAMERA_UNIT        2u /* processing */
#define CAMERA_TERMINAL    1u
#define CAMERA_EXTENSION   3u

struct camera_mode {
    uint8_t format, frame; /* indices of the descriptors */
    uint16_t width, height;
};

struct camera_planted {
    enum camera_fault fault;
    uint64_t at, count;
};

/* Values of the controls. */
struct camera_values {
    int16_t brightness;
    uint8_t power_line;
    uint8_t exposure_mode; /* 1 manual, 8 automatic */
    uint32_t exposure;
    uint8_t extension[4];
};

struct camera {
    struct camera_config config;
    struct camera_ledger ledger;
    struct camera_values values;
    struct camera_planted planted[CAMERA_PLANTED_MAX];
    uint32_t planted_count;
    uint8_t descriptors[2048];
    size_t descriptor_bytes;
    uint8_t probe[34], commit[34];
    uint8_t error; /* why the last request was refused */
    uint8_t status[4][16];
    uint32_t status_bytes[4], status_count;

    /* the stream */
    uint8_t streaming, alternate, stalled;
    struct camera_mode mode;
    uint32_t payload_bytes;
    int64_t start_ns, interval_ns; /* start_ns < 0: with the first packet */
    uint64_t sensor_frame;         /* the next one that the sensor makes */
    uint8_t *frame;                /* being sent */
    size_t frame_bytes, sent;
    uint64_t number; /* of the frame being sent, from 0 in each stream */
    uint8_t sending, fid, payload_index, empties;
    uint32_t pts;
    size_t bulk_left;  /* of the payload under way */
    uint8_t bulk_full; /* it has the agreed size, so that nothing need end it */
    uint8_t bulk_zero; /* the payload filled its request: a packet of 0 ends it */
};

extern const struct camera_mode camera_modes[];
extern const uint32_t camera_mode_count;
#define CAMERA_INTERVALS 3u

/* How many of the modes this camera has at its speed. */
int camera_has_mode(const struct camera *camera, const struct camera_mode *mode);
/* The intervals of a mode, the shortest one first. */
const uint32_t *camera_intervals(const struct camera *camera, const struct camera_mode *mode);
uint32_t camera_most_bytes(const struct camera_mode *mode);
void camera_build(struct camera *camera);
/* 1 and counted if the fault is due at `at`. */
int camera_due(struct camera *camera, enum camera_fault fault, uint64_t at);
/* Negotiation: what the camera makes of a wish. */
void camera_settle(const struct camera *camera, uint8_t probe[34]);
void camera_stream_begin(struct camera *camera);
void camera_stream_end(struct camera *camera);

static inline uint16_t camera_get16(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t camera_get32(const uint8_t *at)
{
    return camera_get16(at) | (uint32_t)camera_get16(at + 2) << 16;
}

static inline void camera_put32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

#endif
