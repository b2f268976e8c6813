/* SPDX-License-Identifier: MIT */
/* A frame that another thread brings when the one in wait has left libusb already, and not looked yet. */
#ifndef LATE_FRAME_H
#define LATE_FRAME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a wait of twenty seconds says that gets it, a vdc_status, and the sequence of what it took. */
int late_frame_wait(uint64_t sequence, uint64_t *taken);

#ifdef __cplusplus
}
#endif

#endif
