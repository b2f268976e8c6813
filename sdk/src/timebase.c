/* SPDX-License-Identifier: MIT */
/* Device ticks to host time, with a bound that holds.
 * Integers only. Whole seconds and the rest go separate ways, so that no product exceeds 64 bits;
 * what is too far away for them has no bound rather than a wrong one. */
#include "internal.h"

#include <string.h>

#define NS_PER_S UINT64_C(1000000000)
/* Some 146 years: beyond, nothing is mapped. Sums of a few such stay within 63 bits. */
#define FAR_NS (UINT64_C(1) << 62)

void vdi_timebase_init(struct vdi_timebase *base, uint32_t hz, uint32_t tolerance_ppm)
{
    memset(base, 0, sizeof(*base));
    base->hz = hz;
    base->tolerance_ppm = tolerance_ppm < 500000 ? tolerance_ppm : 500000;
}

/* Nanoseconds of a distance in ticks, rounded down; FAR_NS if it is farther. */
static uint64_t ticks_to_ns(uint64_t ticks, uint32_t hz)
{
    uint64_t seconds = ticks / hz;

    if (seconds >= FAR_NS / NS_PER_S - 1) {
        return FAR_NS;
    }
    return seconds * NS_PER_S + ticks % hz * NS_PER_S / hz;
}

/*
 * How far off the host's view of `ns` can be, rounded up. A device clock that is fast by e shows
 * ns = true * (1 + e), so true is within ns / (1 - tolerance): divided by 10^6 - ppm, not by 10^6.
 * With at most half a million ppm that is not more than `ns` and one.
 */
static uint64_t drift_ns(uint64_t ns, uint32_t ppm)
{
    uint64_t divisor = 1000000 - ppm;
    uint64_t whole = ns / divisor;

    if (ppm == 0) {
        return 0;
    }
    return whole * ppm + ns % divisor * ppm / divisor + 1;
}

void vdi_timebase_map(const struct vdi_timebase *base, uint64_t ticks, int64_t *host_ns,
                      int64_t *error_bound_ns)
{
    uint64_t forward = ticks - base->ticks;
    int back = forward > UINT64_MAX / 2;
    uint64_t away, drift;
    int64_t host;

    *host_ns = 0;
    *error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (!base->valid) {
        return;
    }
    away = ticks_to_ns(back ? 0 - forward : forward, base->hz);
    drift = drift_ns(away, base->tolerance_ppm);
    if (away >= FAR_NS || drift >= FAR_NS / 2) {
        return;
    }
    host = base->host_ns;
    if (back ? host < INT64_MIN + (int64_t)away : host > INT64_MAX - (int64_t)away) {
        return;
    }
    *host_ns = back ? host - (int64_t)away : host + (int64_t)away;
    /* One more for the nanosecond that ticks_to_ns() cut off. */
    *error_bound_ns = base->half_ns + (int64_t)drift + 1;
}

void vdi_timebase_sample(struct vdi_timebase *base, uint64_t ticks, int64_t before_ns,
                         int64_t after_ns)
{
    uint64_t width = (uint64_t)after_ns - (uint64_t)before_ns;
    int64_t middle, half, expected, bound;

    if (base->hz == 0 || after_ns < before_ns || width >= FAR_NS / 4) {
        return;
    }
    middle = before_ns + (int64_t)(width / 2);
    half = (int64_t)(width - width / 2 + (NS_PER_S + base->hz - 1) / base->hz);
    if (base->valid) {
        uint64_t apart;

        vdi_timebase_map(base, ticks, &expected, &bound);
        apart = middle > expected ? (uint64_t)middle - (uint64_t)expected
                                  : (uint64_t)expected - (uint64_t)middle;
        /* Both say where the true time lies; if the two places do not meet, one of them is wrong,
         * and nobody can tell which. */
        if (bound == VDC_ERROR_UNKNOWN_NS || apart > (uint64_t)half + (uint64_t)bound) {
            base->valid = 0;
            base->jumped = 1;
            return;
        }
        if (half > bound) {
            return;
        }
    }
    base->valid = 1;
    base->ticks = ticks;
    base->host_ns = middle;
    base->half_ns = half;
}
