/* SPDX-License-Identifier: MIT */
/*
 * The device's time on the host's clock. A reading is a control request, so its bound is half of
 * that. Frames follow one another at exactly the interval: ticks that do not are of a counter that jumped.
 */
#include "usb_stream.h"

#define TICK_NS(hz) ((int64_t)(1000000000u / (hz)) + 1)
#define SAMPLE_NS   (50 * USB_MS)
#define EXACT_TICKS 4

void usb_time_reset(struct usb_stream *st)
{
    st->base.valid = 0;
    st->base.jumped = 0;
    st->sample_count = 0;
}

/* 1 if the reading contradicts those before. */
static int feed(struct usb_stream *st, uint64_t ticks, int64_t before, int64_t after)
{
    struct usb_sample *sample;

    vdi_timebase_sample(&st->base, ticks, before, after);
    if (st->base.jumped)
        return 1;
    sample = &st->samples[st->sample_count++ % USB_SAMPLES];
    sample->ticks = ticks;
    sample->host_ns = before + (after - before) / 2;
    sample->half_ns = (after - before + 1) / 2 + TICK_NS(st->base.hz);
    return 0;
}

void usb_time_sample(struct usb_stream *st)
{
    struct usb_card *card = st->card;
    uint64_t ticks = 0;
    int64_t before = vdi_now_ns();
    int result = vdh_time_read(&card->base.core, &ticks);
    int64_t after = vdi_now_ns();

    usb_card_lock(card);
    st->sample_due_ns = after + SAMPLE_NS;
    if (result == VDH_E_GONE)
        usb_card_lost(card);
    if (!result && feed(st, ticks, before, after)) {
        usb_time_reset(st);
        st->jumped = 1;
        (void)feed(st, ticks, before, after);
    }
    usb_card_unlock(card);
}

/* How far off a frame's time can be by what was measured alone: the newest sample against the last
 * one before the frame. */
static int64_t measured(const struct usb_stream *st, uint64_t ticks)
{
    struct vdi_timebase from = st->base;
    uint32_t oldest = st->sample_count > USB_SAMPLES ? st->sample_count - USB_SAMPLES : 0;
    const struct usb_sample *last;

    if (!st->sample_count)
        return VDC_ERROR_UNKNOWN_NS;
    last = &st->samples[(st->sample_count - 1) % USB_SAMPLES];
    for (uint32_t i = st->sample_count; i-- > oldest;) {
        const struct usb_sample *sample = &st->samples[i % USB_SAMPLES];
        int64_t expected;
        int64_t bound;
        int64_t apart;

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

/* Whether the counter went on between the last frame and this one as frames do. */
static int goes_on(const struct usb_stream *st, uint64_t sequence, uint64_t ticks)
{
    uint64_t hz = st->card->base.core.identity.time_hz;
    uint64_t frames = sequence - st->last_sequence;
    uint64_t expected;
    uint64_t got = ticks - st->last_ticks;

    if (!st->has_last)
        return 1;
    if (frames > UINT32_MAX || st->format.interval.den == 0)
        return 1;
    /* Frames times numerator stay below 2^48; by whole and remainder, since times hz they may not. */
    expected =
        frames * st->format.interval.num / st->format.interval.den * hz +
        frames * st->format.interval.num % st->format.interval.den * hz / st->format.interval.den;
    return got + EXACT_TICKS >= expected && got <= expected + EXACT_TICKS;
}

void usb_time_put(struct usb_stream *st, const struct vdh_completion *record,
                  struct vdi_completion *out)
{
    int64_t least;
    int64_t bound;

    if (!goes_on(st, out->sequence, record->ticks)) {
        usb_time_reset(st);
        st->jumped = 1;
        st->sample_due_ns = 0;
        vdi_cond_signal_all(st->card->alarm);
    }
    st->has_last = 1;
    st->last_sequence = out->sequence;
    st->last_ticks = record->ticks;
    least = measured(st, record->ticks);
    out->device_ticks = record->ticks;
    out->clock = VDC_CLOCK_MONOTONIC;
    out->host_time_ns = 0;
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (least != VDC_ERROR_UNKNOWN_NS)
        vdi_timebase_map(&st->base, record->ticks, &out->host_time_ns, &out->error_bound_ns);
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS && out->error_bound_ns < least)
        out->error_bound_ns = least;
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
    st->frame_seen_ns = vdi_now_ns();
    vdi_timebase_map(&st->base, record->end_ticks, &out->end_time_ns, &bound);
    if (bound == VDC_ERROR_UNKNOWN_NS)
        out->end_time_ns = INT64_MIN;
}
