/* SPDX-License-Identifier: MIT */
/*
 * A camera's time to the host's, with a bound. A payload's SCR holds the camera's clock at the moment of sending; the host knows only
 * that this moment lies after it asked for the data and before the data was there. Many such pairs together narrow it down. What
 * contradicts itself has no bound, and neither has a camera without SCR.
 */
#ifndef UVC_CLOCK_H
#define UVC_CLOCK_H

#include "backend_host.h"

/* UVC states no tolerance for the camera's clock; USB's own is 500 ppm, and cameras derive theirs from it or from a crystal. */
#define UVC_CLOCK_PPM 500u
/* After so many contradictions the clock is no longer believed. */
#define UVC_CLOCK_JUMPS_MAX 8u

enum uvc_clock_state {
    UVC_CLOCK_NO_BASIS = 0, /* no SCR yet, or the camera sends none */
    UVC_CLOCK_GOOD = 1,
    UVC_CLOCK_DISTRUSTED = 2, /* it contradicted itself too often */
    UVC_CLOCK_WRONG_RATE = 3  /* its rate is not what it says, by the bus' own frames */
};

struct uvc_clock {
    struct vdi_timebase base; /* between samples; its `jumped` tells of a lost basis */
    uint32_t state;           /* enum uvc_clock_state */
    uint32_t trust_sof;       /* 0: the camera's frame counter is known to be wrong */
    uint32_t have_stc;
    uint64_t stc;    /* the last, widened to 64 bits */
    int64_t last_ns; /* when it came */
    uint32_t have_sof;
    uint16_t sof;          /* the last */
    uint64_t sof_total_ms; /* since the reference */
    uint64_t sof_stc;      /* camera's clock at the reference */
    uint64_t samples, backwards, jumps, gaps, odd_times;
};

void uvc_clock_init(struct uvc_clock *clock, uint32_t hz, int trust_sof);
/* An SCR that the camera sent between the two host times. */
void uvc_clock_sample(struct uvc_clock *clock, uint32_t stc, uint16_t sof, int64_t before_ns,
                      int64_t after_ns);
/* A frame's PTS, widened: the device ticks of the frame; 0 and return 0 without a basis. */
int uvc_clock_ticks(const struct uvc_clock *clock, uint32_t pts, uint64_t *ticks);
/* Host time of a frame whose first payload came at `arrived_ns`, and its bound. Without a basis, or if the frame's time cannot be
 * true, that is the arrival itself, and the bound VDC_ERROR_UNKNOWN_NS. */
void uvc_clock_map(struct uvc_clock *clock, uint32_t pts, int has_pts, int64_t arrived_ns,
                   int64_t *host_ns, int64_t *error_bound_ns);

#endif
