/* SPDX-License-Identifier: MIT */
/*
 * The card's time on the host's clock. The stated tolerance is a promise, and counters jump, so a
 * frame has a time only between two samples: what these two leave open is the least its bound can be.
 */
#include "sim_stream.h"

#define TRIES       3u
#define NARROW_NS   INT64_C(5000)    /* a sample that nobody interrupted */
#define APART_NS    INT64_C(1000000) /* between samples that are worth remembering */
#define TICK_NS(hz) ((int64_t)(1000000000u / (hz)) + 1)

void sim_time_reset(struct sim_stream *st)
{
    st->base.valid = 0;
    st->base.jumped = 0;
    st->sample_count = 0;
    st->jumped = 0;
}

static int64_t host_now(const struct sim_card *card)
{
    return sim_is_max(card) ? sim_card_host_ns(card, vdm_now_ns(card->model)) : vdi_now_ns();
}

/* The narrowest of a few readings of the counter between two of the host's clock. */
static int read_time(struct sim_stream *st, uint64_t *ticks, int64_t *before, int64_t *after)
{
    struct sim_card *card = st->card;

    for (uint32_t i = 0; i < TRIES; i++) {
        int64_t first = host_now(card);
        uint64_t value = 0;
        int result = vdh_time_read(&card->base.core, &value);
        int64_t last = host_now(card);

        if (result)
            return result;
        if (i == 0 || last - first < *after - *before) {
            *ticks = value;
            *before = first;
            *after = last;
        }
        if (*after - *before <= NARROW_NS)
            break;
    }
    return VDH_OK;
}

static const struct sim_sample *newest(const struct sim_stream *st)
{
    return &st->samples[(st->sample_count - 1) % SIM_SAMPLES];
}

/* 1 if the reading contradicts those before. */
static int feed(struct sim_stream *st)
{
    struct sim_sample sample;
    int64_t before = 0;
    int64_t after = 0;

    if (read_time(st, &sample.ticks, &before, &after))
        return 0;
    vdi_timebase_sample(&st->base, sample.ticks, before, after);
    if (st->base.jumped)
        return 1;
    sample.host_ns = before + (after - before) / 2;
    sample.half_ns = (after - before + 1) / 2 + TICK_NS(st->base.hz);
    /* Close ones replace each other: the ring has to reach back over a late interrupt. */
    if (st->sample_count > 1 &&
        sample.host_ns - st->samples[(st->sample_count - 2) % SIM_SAMPLES].host_ns < APART_NS)
        st->sample_count--;
    st->samples[st->sample_count++ % SIM_SAMPLES] = sample;
    return 0;
}

void sim_time_sample(struct sim_stream *st)
{
    st->sample_ns = sim_card_now(st->card) + SIM_SAMPLE_NS;
    if (feed(st)) {
        /* Begin anew at once: frames that begin from here on may have a time again. */
        sim_time_reset(st);
        st->jumped = 1;
        (void)feed(st);
    }
}

/*
 * How far off a frame's time can be by what was measured alone: the newest sample against the last
 * one before the frame. VDC_ERROR_UNKNOWN_NS if there is none, or if the two contradict each other.
 */
static int64_t measured(const struct sim_stream *st, uint64_t ticks)
{
    struct vdi_timebase from = st->base;
    uint32_t oldest = st->sample_count > SIM_SAMPLES ? st->sample_count - SIM_SAMPLES : 0;
    const struct sim_sample *last;
    int64_t expected;
    int64_t bound;
    int64_t apart;

    if (!st->sample_count)
        return VDC_ERROR_UNKNOWN_NS;
    last = newest(st);
    for (uint32_t i = st->sample_count; i-- > oldest;) {
        const struct sim_sample *sample = &st->samples[i % SIM_SAMPLES];

        if (sample->ticks > ticks)
            continue;
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

void sim_time_put(struct sim_stream *st, const struct vdh_completion *completion,
                  struct vdi_completion *out)
{
    int64_t least = measured(st, completion->ticks);
    int64_t bound;

    out->device_ticks = completion->ticks;
    out->clock = sim_is_max(st->card) ? VDC_CLOCK_VIRTUAL : VDC_CLOCK_MONOTONIC;
    out->host_time_ns = 0;
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (least != VDC_ERROR_UNKNOWN_NS)
        vdi_timebase_map(&st->base, completion->ticks, &out->host_time_ns, &out->error_bound_ns);
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS && out->error_bound_ns < least)
        out->error_bound_ns = least;
    if (st->jumped)
        out->flags |= VDC_FRAME_TIME_JUMP;
    st->jumped = 0;

    if (sim_is_max(st->card)) {
        /* On the host's clock the frame ended when it was asked for: just now. */
        out->end_time_ns = vdi_now_ns();
    } else {
        vdi_timebase_map(&st->base, completion->end_ticks, &out->end_time_ns, &bound);
        if (bound == VDC_ERROR_UNKNOWN_NS)
            out->end_time_ns = INT64_MIN;
    }
}
