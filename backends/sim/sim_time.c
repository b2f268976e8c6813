/* SPDX-License-Identifier: MIT */
/* The card's counter read against the host's clock, or at rate=max against the card's true time. */
#include "sim_stream.h"

#define TRIES     3u
#define NARROW_NS INT64_C(5000)    /* a sample that nobody interrupted */
#define APART_NS  INT64_C(1000000) /* between samples that are worth remembering */

void sim_time_reset(struct sim_stream *st)
{
    card_clock_reset(&st->clock);
    st->jumped = 0;
    st->in_progress = 0;
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

/* 1 if the reading contradicts those before. */
static int feed(struct sim_stream *st)
{
    uint64_t ticks = 0;
    int64_t before = 0;
    int64_t after = 0;

    if (read_time(st, &ticks, &before, &after))
        return 0;
    return card_clock_feed(&st->clock, ticks, before, after, APART_NS);
}

void sim_time_sample(struct sim_stream *st)
{
    st->sample_ns = sim_card_now(st->card) + SIM_SAMPLE_NS;
    if (feed(st)) {
        /* Begin anew at once: frames that begin from here on may have a time again. */
        sim_time_reset(st);
        st->jumped = 1;
        st->in_progress = 1;
        (void)feed(st);
    }
}

static uint64_t newest(const struct card_clock *clock)
{
    return clock->count ? clock->samples[(clock->count - 1) % CARD_SAMPLES].ticks : 0;
}

/*
 * Whether ticks can be of the counter as it runs now. Not those of a frame that lay complete when the
 * clock began anew, nor of the one then in progress, the first that a later sample finds: they began
 * before, and after a jump back their ticks may look like later ones.
 */
static int is_current(struct sim_stream *st, uint64_t ticks)
{
    if (st->in_progress) {
        st->in_progress = st->clock.count < 2;
        return 0;
    }
    /* Nothing that is complete begins after the last sample, unless the sample itself took so long. */
    if (newest(&st->clock) < ticks && st->running && !st->card->gone)
        sim_time_sample(st);
    return newest(&st->clock) >= ticks;
}

void sim_time_put(struct sim_stream *st, const struct vdh_completion *completion,
                  struct vdi_completion *out)
{
    int current = is_current(st, completion->ticks);

    card_clock_map(&st->clock, completion->ticks, out);
    if (!current) {
        out->host_time_ns = 0;
        out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    }
    out->clock = sim_is_max(st->card) ? VDC_CLOCK_VIRTUAL : VDC_CLOCK_MONOTONIC;
    if (st->jumped)
        out->flags |= VDC_FRAME_TIME_JUMP;
    st->jumped = 0;
    /* At rate=max the frame ended, on the host's clock, when it was asked for: just now. */
    out->end_time_ns =
        sim_is_max(st->card) ? vdi_now_ns() : card_clock_end_ns(&st->clock, completion->end_ticks);
}
