/* SPDX-License-Identifier: MIT */
/*
 * The card's time on the host's clock. The stated tolerance is a promise, and counters jump, so a
 * frame has a time only between two samples: what these two leave open is the least its bound can be.
 */
#include "card.h"

#define TICK_NS(hz) ((int64_t)(1000000000u / (hz)) + 1)

void card_clock_reset(struct card_clock *clock)
{
    clock->base.valid = 0;
    clock->base.jumped = 0;
    clock->count = 0;
}

int card_clock_feed(struct card_clock *clock, uint64_t ticks, int64_t before, int64_t after,
                    int64_t apart_ns)
{
    struct card_sample sample = {ticks, before + (after - before) / 2, (after - before + 1) / 2};

    vdi_timebase_sample(&clock->base, ticks, before, after);
    if (clock->base.jumped)
        return 1;
    sample.half_ns += TICK_NS(clock->base.hz);
    /* Close ones replace each other: the ring has to reach back over a late interrupt. */
    if (clock->count > 1 &&
        sample.host_ns - clock->samples[(clock->count - 2) % CARD_SAMPLES].host_ns < apart_ns)
        clock->count--;
    clock->samples[clock->count++ % CARD_SAMPLES] = sample;
    return 0;
}

/* The newest sample against the last one before the frame: unknown if there is none, or if the two contradict each other. */
static int64_t measured_between(const struct card_clock *clock, uint64_t ticks)
{
    uint32_t oldest = clock->count > CARD_SAMPLES ? clock->count - CARD_SAMPLES : 0;
    const struct card_sample *last = &clock->samples[(clock->count - 1) % CARD_SAMPLES];
    int64_t expected;
    int64_t bound;
    int64_t apart;

    for (uint32_t i = clock->count; i-- > oldest;) {
        const struct card_sample *sample = &clock->samples[i % CARD_SAMPLES];
        struct vdi_timebase from;

        if (sample->ticks > ticks)
            continue;
        from = clock->base;
        from.ticks = sample->ticks;
        from.host_ns = sample->host_ns;
        from.half_ns = sample->half_ns;
        vdi_timebase_map(&from, last->ticks, &expected, &bound);
        apart = last->host_ns > expected ? last->host_ns - expected : expected - last->host_ns;
        if (bound == VDC_ERROR_UNKNOWN_NS || apart > bound + last->half_ns)
            return VDC_ERROR_UNKNOWN_NS;
        return apart + sample->half_ns + last->half_ns;
    }
    return VDC_ERROR_UNKNOWN_NS;
}

/* How far off a frame's time can be by what was measured alone. Most frames come behind the newest sample. */
static int64_t measured(const struct card_clock *clock, uint64_t ticks)
{
    const struct card_sample *last;

    if (!clock->count)
        return VDC_ERROR_UNKNOWN_NS;
    last = &clock->samples[(clock->count - 1) % CARD_SAMPLES];
    return last->ticks <= ticks ? 2 * last->half_ns : measured_between(clock, ticks);
}

void card_clock_map(const struct card_clock *clock, uint64_t ticks, struct vdi_completion *out)
{
    int64_t least = measured(clock, ticks);

    out->device_ticks = ticks;
    out->host_time_ns = 0;
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (least != VDC_ERROR_UNKNOWN_NS)
        vdi_timebase_map(&clock->base, ticks, &out->host_time_ns, &out->error_bound_ns);
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS && out->error_bound_ns < least)
        out->error_bound_ns = least;
}

int64_t card_clock_end_ns(const struct card_clock *clock, uint64_t ticks)
{
    int64_t host_ns;
    int64_t bound;

    vdi_timebase_map(&clock->base, ticks, &host_ns, &bound);
    return bound == VDC_ERROR_UNKNOWN_NS ? INT64_MIN : host_ns;
}
