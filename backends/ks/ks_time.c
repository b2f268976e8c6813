/* SPDX-License-Identifier: MIT */
/*
 * The time of Vidicon's card on the host's clock. The stated tolerance is a promise, and counters jump, so a frame has a time
 * only between two samples: what these two leave open is the least its bound can be.
 */
#include "ks_stream.h"

#define NS_PER_S    INT64_C(1000000000)
#define SAMPLE_NS   (NS_PER_S / 20)  /* an idle stream samples so often */
#define APART_NS    INT64_C(1000000) /* between samples that are worth remembering */
#define LATE_NS     (60 * NS_PER_S)  /* a frame's end cannot have been longer ago */
#define TICK_NS(hz) (NS_PER_S / (int64_t)(hz) + 1)

void ks_time_reset(struct ks_stream *st)
{
    st->time.valid = 0;
    st->time.jumped = 0;
    st->sample_count = 0;
    st->sample_ns = 0;
    st->jumped = 0;
}

/* The performance counter as vdi_now_ns() has it. */
static int64_t counter_ns(uint64_t counter, uint64_t hz)
{
    uint64_t seconds = counter / hz;
    uint64_t rest = counter % hz;

    if (seconds > (uint64_t)(INT64_MAX / NS_PER_S) - 1 || hz > (uint64_t)(INT64_MAX / NS_PER_S)) {
        return INT64_MIN;
    }
    return (int64_t)(seconds * (uint64_t)NS_PER_S + rest * (uint64_t)NS_PER_S / hz);
}

/* The driver's readings of the counter are the narrower ones; where they do not lie within ours they are not believed. */
struct ks_reading ks_time_read(const struct ks_stream *st)
{
    struct ks_reading out = {0, 0, vdi_now_ns(), 0, 0};
    struct vdw_time time;
    uint32_t result = ks_own_get(st->device, VDW_PROPERTY_TIME, 0, 0, &time, sizeof(time));

    out.after_ns = vdi_now_ns();
    if (result != KS_OK || st->time.hz == 0) {
        return out;
    }
    if (time.counter_hz != 0) {
        int64_t first = counter_ns(time.counter_before, time.counter_hz);
        int64_t last = counter_ns(time.counter_after, time.counter_hz);

        if (first >= out.before_ns && first <= last && last <= out.after_ns) {
            out.before_ns = first;
            out.after_ns = last;
            out.counter_hz = time.counter_hz;
        }
    }
    out.ticks = time.ticks;
    out.valid = 1;
    return out;
}

static void feed(struct ks_stream *st, uint64_t ticks, int64_t before, int64_t after)
{
    struct ks_sample *sample;

    vdi_timebase_sample(&st->time, ticks, before, after);
    if (st->time.jumped) {
        return;
    }
    /* Close ones replace each other: the ring has to reach back over a late frame. */
    if (st->sample_count > 1 &&
        before - st->samples[(st->sample_count - 2) % KS_SAMPLES].host_ns < APART_NS) {
        st->sample_count--;
    }
    sample = &st->samples[st->sample_count++ % KS_SAMPLES];
    sample->ticks = ticks;
    sample->host_ns = before + (after - before) / 2;
    sample->half_ns = (after - before + 1) / 2 + TICK_NS(st->time.hz);
}

void ks_time_sample(struct ks_stream *st, const struct ks_reading *reading)
{
    if (reading->valid) {
        st->counter_hz = reading->counter_hz != 0 ? reading->counter_hz : st->counter_hz;
        feed(st, reading->ticks, reading->before_ns, reading->after_ns);
        if (st->time.jumped) {
            /* Begin anew at once: frames that begin from here on may have a time again. */
            ks_time_reset(st);
            st->jumped = 1;
            st->current_from = UINT64_MAX;
            feed(st, reading->ticks, reading->before_ns, reading->after_ns);
        }
    }
    /* Which frames have ticks of the counter as it was, the driver's count says: those until now and the one in progress. */
    if (st->current_from == UINT64_MAX && ks_account_read(st)) {
        st->current_from = st->report.produced + 1;
    }
    st->sample_ns = vdi_now_ns() + SAMPLE_NS;
}

/*
 * How far off a frame's time can be by what was measured alone: the newest sample against the last one before the frame.
 * VDC_ERROR_UNKNOWN_NS if there is none, or if the two contradict each other.
 */
static int64_t measured(const struct ks_stream *st, uint64_t ticks)
{
    uint32_t oldest = st->sample_count > KS_SAMPLES ? st->sample_count - KS_SAMPLES : 0;
    struct vdi_timebase from = st->time;
    const struct ks_sample *last;

    if (st->sample_count == 0) {
        return VDC_ERROR_UNKNOWN_NS;
    }
    last = &st->samples[(st->sample_count - 1) % KS_SAMPLES];
    for (uint32_t i = st->sample_count; i-- > oldest;) {
        const struct ks_sample *sample = &st->samples[i % KS_SAMPLES];
        int64_t expected;
        int64_t bound;
        int64_t apart;

        if (sample->ticks > ticks) {
            continue;
        }
        from.ticks = sample->ticks;
        from.host_ns = sample->host_ns;
        from.half_ns = sample->half_ns;
        vdi_timebase_map(&from, last->ticks, &expected, &bound);
        apart = last->host_ns > expected ? last->host_ns - expected : expected - last->host_ns;
        if (bound == VDC_ERROR_UNKNOWN_NS || apart > bound + last->half_ns) {
            return VDC_ERROR_UNKNOWN_NS;
        }
        return apart + sample->half_ns + last->half_ns;
    }
    return VDC_ERROR_UNKNOWN_NS;
}

void ks_time_put(struct ks_stream *st, const struct vdw_frame_info *info,
                 struct vdi_completion *out)
{
    /* After a jump back, ticks from before it look like those of a later frame. */
    int64_t least =
        out->sequence < st->current_from ? VDC_ERROR_UNKNOWN_NS : measured(st, info->ticks);
    int64_t now = vdi_now_ns();

    out->device_ticks = info->ticks;
    out->clock = VDC_CLOCK_MONOTONIC;
    out->host_time_ns = 0;
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if (least != VDC_ERROR_UNKNOWN_NS) {
        vdi_timebase_map(&st->time, info->ticks, &out->host_time_ns, &out->error_bound_ns);
    }
    if (out->error_bound_ns != VDC_ERROR_UNKNOWN_NS && out->error_bound_ns < least) {
        out->error_bound_ns = least;
    }
    if (st->jumped) {
        out->flags |= VDC_FRAME_TIME_JUMP;
        st->jumped = 0;
    }
    out->end_time_ns = INT64_MIN;
    if (st->counter_hz != 0) {
        int64_t arrival = counter_ns(info->arrival_counter, st->counter_hz);

        if (arrival <= now && arrival > now - LATE_NS) {
            out->end_time_ns = arrival;
        }
    }
}
