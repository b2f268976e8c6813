/* SPDX-License-Identifier: MIT */
/*
 * The bare loop: frames straight from the hardware model, as the simplest driver would take them. What
 * the library costs is measured against it.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bare;

/* A card that runs YUYV of this size with four buffers. NULL, and a line on standard error. */
struct bare *bare_open(uint32_t width, uint32_t height, uint32_t interval_num,
                       uint32_t interval_den);
/* The next frame; gives back the one before. Its number goes to *sequence. */
const uint8_t *bare_next(struct bare *bare, uint32_t *sequence);
void bare_close(struct bare *bare);

#ifdef __cplusplus
}
#endif

#endif
