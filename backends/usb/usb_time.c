/* SPDX-License-Identifier: MIT */
/*
 * The device's time on the host's clock. A reading is a control request, so its bound is half of
 * that. Frames follow one another at exactly the interval: ticks that do not are of a counter that jumped.
 */
#include "usb_stream.h"

#define SETTLE_NS   (1000 * USB_MS) /* from the start, and from a jump that frames show */
#define OFTEN_NS    (50 * USB_MS)   /* between two samples then */
#define LEAST_NS    (500 * USB_MS)  /* and later */
#define MOST_NS     (2000 * USB_MS)
#define SELDOM_NS   (16000 * USB_MS) /* of a counter that is no clock */
#define RETRY_NS    (5 * USB_MS)
#define EXACT_TICKS 4
#define NS_PER_S    UINT64_C(1000000000)

/* So long do frames take. Times numerator they stay below 2^48; by whole and remainder, since times hz they may not. */
static uint64_t ticks_of(const struct usb_stream *st, uint64_t frames)
{
    uint64_t hz = st->card->base.core.identity.time_hz;
    uint64_t den = st->format.interval.den;
    uint64_t parts = frames * st->format.interval.num;

    return den ? parts / den * hz + parts % den * hz / den : 0;
}

void usb_time_reset(struct usb_stream *st)
{
    st->frame_ticks = ticks_of(st, 1);
    card_clock_reset(&st->clock);
    st->settled_ns = vdi_now_ns() + SETTLE_NS;
}

/* A reading leaves half of its request open, and the bound grows from there by the stated tolerance: once it has grown by
 * as much again, by 100 us in a second at 100 ppm, the next reading is worth its request. `instead`: that long, if not 0. */
static int64_t until_next(const struct usb_stream *st, int64_t now, int64_t instead)
{
    const struct vdi_timebase *base = &st->clock.base;
    int64_t until;

    if (!base->valid || now < st->settled_ns)
        return OFTEN_NS;
    if (instead)
        return instead;
    if (!base->tolerance_ppm || base->half_ns > MOST_NS)
        return MOST_NS;
    until = base->half_ns * 1000000 / base->tolerance_ppm;
    return until < LEAST_NS ? LEAST_NS : until > MOST_NS ? MOST_NS : until;
}

/*
 * The counter jumped: the frames that the device made before the reading, and the one then in progress, have ticks of
 * the counter as it was, and after a jump back these look like later ones. How many there are, the device says.
 */
static void find_first_current(struct usb_stream *st)
{
    int known = usb_account_read(st) == 0;

    usb_card_lock(st->card);
    if (known)
        st->current_from = st->report.produced + 1;
    else
        st->sample_due_ns = vdi_now_ns() + RETRY_NS;
    usb_card_unlock(st->card);
}

/* Two readings that contradict each other: how long the next one has time. Frames show a jump, too, and have it looked for. If they go
 * on as they should, the clock is off by more than it says, and looking often is no help; if it is off by more than any
 * oscillator is, it counts something else, as in a card that makes frames as fast as they are taken. */
static int64_t after_contradiction(const struct vdi_timebase *base, uint64_t ticks, int64_t now)
{
    uint64_t away_us = (uint64_t)(now - base->host_ns) / 1000;
    uint64_t expected = away_us <= UINT32_MAX ? away_us * base->hz / 1000000 : 0;
    uint64_t got = ticks - base->ticks;
    uint64_t apart = got > expected ? got - expected : expected - got;

    return expected && apart > expected / 64 ? SELDOM_NS : MOST_NS;
}

void usb_time_sample(struct usb_stream *st)
{
    struct usb_card *card = st->card;
    uint64_t ticks = 0;
    int64_t before = vdi_now_ns();
    int result = vdh_time_read(&card->base.core, &ticks);
    int64_t after = vdi_now_ns();
    int64_t instead = 0;
    int unknown;

    usb_card_lock(card);
    if (result == VDH_E_GONE)
        usb_card_lost(card);
    if (!result && card_clock_feed(&st->clock, ticks, before, after, 0)) {
        instead = after_contradiction(&st->clock.base, ticks, after);
        card_clock_reset(&st->clock);
        st->jumped = 1;
        st->current_from = UINT64_MAX;
        (void)card_clock_feed(&st->clock, ticks, before, after, 0);
    }
    st->sample_due_ns = after + until_next(st, after, instead);
    unknown = st->current_from == UINT64_MAX;
    usb_card_unlock(card);
    if (unknown)
        find_first_current(st);
}

/* Whether the counter went on between the last frame and this one as frames do. */
static int goes_on(const struct usb_stream *st, uint64_t sequence, uint64_t ticks)
{
    uint64_t frames = sequence - st->last_sequence;
    uint64_t expected = st->frame_ticks;
    uint64_t got = ticks - st->last_ticks;

    if (!st->has_last)
        return 1;
    if (frames > UINT32_MAX || st->format.interval.den == 0)
        return 1;
    if (frames != 1)
        expected = ticks_of(st, frames);
    return got + EXACT_TICKS >= expected && got <= expected + EXACT_TICKS;
}

/* As the frame began, and it took so long: INT64_MIN if either is not known. */
static int64_t end_time(const struct usb_stream *st, const struct vdh_completion *record,
                        const struct vdi_completion *out)
{
    uint64_t took = record->end_ticks - record->ticks;

    if (out->error_bound_ns == VDC_ERROR_UNKNOWN_NS || took > UINT32_MAX)
        return INT64_MIN;
    return out->host_time_ns + (int64_t)(took * NS_PER_S / st->card->base.core.identity.time_hz);
}

void usb_time_put(struct usb_stream *st, const struct vdh_completion *record,
                  struct vdi_completion *out)
{
    if (!goes_on(st, out->sequence, record->ticks)) {
        usb_time_reset(st);
        st->jumped = 1;
        st->sample_due_ns = 0;
        vdi_cond_signal_all(st->card->alarm);
    }
    st->has_last = 1;
    st->last_sequence = out->sequence;
    st->last_ticks = record->ticks;
    card_clock_map(&st->clock, record->ticks, out);
    out->end_time_ns = end_time(st, record, out);
    if (out->sequence < st->current_from) {
        out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
        out->end_time_ns = INT64_MIN;
    }
    out->clock = VDC_CLOCK_MONOTONIC;
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS) {
        /* Two times in the wrong order: one of them is off by more than it says. */
        if (out->host_time_ns < st->last_host_ns)
            out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
        else
            st->last_host_ns = out->host_time_ns;
    }
    if (out->error_bound_ns == VDC_ERROR_UNKNOWN_NS)
        out->host_time_ns = 0;
    if (st->jumped)
        out->flags |= VDC_FRAME_TIME_JUMP;
    st->jumped = 0;
}
