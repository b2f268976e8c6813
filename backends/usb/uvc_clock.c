/* SPDX-License-Identifier: MIT */
/*
 * The timebase of the library keeps the best single sample; here each is wide (as long as its transfer was under way) and there
 * are thousands, so they are cut with each other: the true moment lies in all of them.
 */
#include "uvc_clock.h"

#include <string.h>

#define NS_PER_S INT64_C(1000000000)
#define SOF_WRAP 2048u
/* The bus counts milliseconds in 11 bits; a pause longer than this says nothing about how often they wrapped. */
#define SOF_GAP_NS (NS_PER_S)
/* So long a comparison of the two clocks is worth something: 2 ms of rounding in it are 0.1 %. */
#define RATE_CHECK_MS 2000u
#define RATE_OFF_PPM  5000u
/* No camera needs longer from exposure to the bus. */
#define LATE_NS (5 * NS_PER_S)

void uvc_clock_init(struct uvc_clock *clock, uint32_t hz, int trust_sof)
{
    memset(clock, 0, sizeof(*clock));
    vdi_timebase_init(&clock->base, hz, UVC_CLOCK_PPM);
    clock->trust_sof = trust_sof != 0;
}

/* ---- Samples ---- */

static void lose_basis(struct uvc_clock *clock)
{
    clock->base.jumped |= clock->base.valid;
    clock->base.valid = 0;
    clock->state = UVC_CLOCK_NO_BASIS;
    clock->have_sof = 0;
}

static void count_jump(struct uvc_clock *clock)
{
    lose_basis(clock);
    if (++clock->jumps >= UVC_CLOCK_JUMPS_MAX) {
        clock->state = UVC_CLOCK_DISTRUSTED;
    }
}

/* Half the counter's range in ns: a longer pause could hide a wrap. */
static int64_t half_range_ns(uint32_t hz)
{
    return (int64_t)((UINT64_C(1) << 31) / hz) * NS_PER_S;
}

/* Widens the 32 bits. 0: the counter went back; it begins anew. */
static int widen(struct uvc_clock *clock, uint32_t stc, int64_t now_ns)
{
    uint32_t step = stc - (uint32_t)clock->stc;

    if (!clock->have_stc) {
        clock->have_stc = 1;
        clock->stc = (UINT64_C(1) << 32) + stc; /* a PTS just before it is no wrap below zero */
        return 1;
    }
    if (now_ns - clock->last_ns >= half_range_ns(clock->base.hz)) {
        clock->gaps++;
        lose_basis(clock);
        clock->stc += step;
        return 1;
    }
    if (step > UINT32_MAX / 2) {
        clock->backwards++;
        clock->stc = clock->stc + (UINT64_C(1) << 32) + step; /* a new stretch, above all before */
        return 0;
    }
    clock->stc += step;
    return 1;
}

/* The camera's rate against the bus' milliseconds: a wrong dwClockFrequency shows here. 0: it is wrong. */
static int rate_is_right(struct uvc_clock *clock, uint16_t sof, int64_t now_ns)
{
    uint64_t ticks, expected, apart;

    if (!clock->trust_sof) {
        return 1;
    }
    if (!clock->have_sof || now_ns - clock->last_ns >= SOF_GAP_NS) {
        clock->have_sof = 1;
        clock->sof = sof;
        clock->sof_total_ms = 0;
        clock->sof_stc = clock->stc;
        return 1;
    }
    clock->sof_total_ms += (uint32_t)(sof - clock->sof) % SOF_WRAP;
    clock->sof = sof;
    if (clock->sof_total_ms < RATE_CHECK_MS) {
        return 1;
    }
    ticks = clock->stc - clock->sof_stc;
    expected = clock->sof_total_ms * clock->base.hz / 1000;
    apart = ticks > expected ? ticks - expected : expected - ticks;
    clock->sof_total_ms = 0;
    clock->sof_stc = clock->stc;
    return apart <= expected / 1000000 * RATE_OFF_PPM + clock->base.hz / 500;
}

/* Cuts what was known, brought forward to now, with the new pair; 0 if they do not meet. */
static int cut(struct vdi_timebase *base, uint64_t ticks, int64_t before_ns, int64_t after_ns)
{
    int64_t tick_ns = NS_PER_S / base->hz + 1;
    int64_t low = before_ns - tick_ns, high = after_ns + tick_ns;
    int64_t host, bound;

    if (base->valid) {
        vdi_timebase_map(base, ticks, &host, &bound);
        if (bound == VDC_ERROR_UNKNOWN_NS) {
            return 0;
        }
        low = host - bound > low ? host - bound : low;
        high = host + bound < high ? host + bound : high;
        if (low > high) {
            return 0;
        }
    }
    base->valid = 1;
    base->ticks = ticks;
    base->host_ns = low + (high - low) / 2;
    base->half_ns = (high - low + 1) / 2;
    return 1;
}

void uvc_clock_sample(struct uvc_clock *clock, uint32_t stc, uint16_t sof, int64_t before_ns,
                      int64_t after_ns)
{
    int went_on;

    if (clock->base.hz == 0 || clock->state >= UVC_CLOCK_DISTRUSTED || after_ns < before_ns ||
        before_ns < 0 || after_ns > INT64_MAX / 2) {
        return;
    }
    clock->samples++;
    went_on = widen(clock, stc, after_ns);
    if (went_on && !rate_is_right(clock, sof, after_ns)) {
        lose_basis(clock);
        clock->state = UVC_CLOCK_WRONG_RATE;
    } else if (!went_on || !cut(&clock->base, clock->stc, before_ns, after_ns)) {
        count_jump(clock);
    } else {
        clock->state = UVC_CLOCK_GOOD;
    }
    clock->last_ns = after_ns;
}

/* ---- Frames ---- */

int uvc_clock_ticks(const struct uvc_clock *clock, uint32_t pts, uint64_t *ticks)
{
    uint32_t back = (uint32_t)clock->stc - pts;

    *ticks = 0;
    if (clock->state != UVC_CLOCK_GOOD) {
        return 0;
    }
    /* Before the last SCR as a rule, in one half of the range; a little after it, in the other. */
    *ticks = back <= UINT32_MAX / 2 ? clock->stc - back : clock->stc + (pts - (uint32_t)clock->stc);
    return 1;
}

void uvc_clock_map(struct uvc_clock *clock, uint32_t pts, int has_pts, int64_t arrived_ns,
                   int64_t *host_ns, int64_t *error_bound_ns)
{
    uint64_t ticks;

    *error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (has_pts && uvc_clock_ticks(clock, pts, &ticks)) {
        vdi_timebase_map(&clock->base, ticks, host_ns, error_bound_ns);
        /* A picture begins before its first bytes arrive, and not ages before. */
        if (*error_bound_ns != VDC_ERROR_UNKNOWN_NS &&
            (*host_ns - *error_bound_ns > arrived_ns ||
             *host_ns + *error_bound_ns < arrived_ns - LATE_NS)) {
            clock->odd_times++;
            *error_bound_ns = VDC_ERROR_UNKNOWN_NS;
        }
    }
    if (*error_bound_ns == VDC_ERROR_UNKNOWN_NS) {
        *host_ns = arrived_ns;
    }
}
