/* SPDX-License-Identifier: MIT */
/*
 * What a filter says of its frames: numbers, losses, time. Vidicon's driver says it twice, with each frame and by counters;
 * whichever is further stands. Any other filter has at most a picture number, and what is missing there has no cause.
 */
#include "ks_stream.h"

#include "ks_tables.h"

#define LOST_MOST INT64_C(1000000000) /* in one gap */

void ks_account_reset(struct ks_stream *st)
{
    memset(&st->seen, 0, sizeof(st->seen));
    memset(&st->report, 0, sizeof(st->report));
    memset(st->damaged, 0, sizeof(st->damaged));
    memset(st->untold, 0, sizeof(st->untold));
    st->untold_flags = 0;
    st->next_sequence = 0;
    st->base = 0;
    st->capture = 0;
    st->frames = 0;
    st->numbered = !st->own;
    st->current_from = 0;
    ks_time_reset(st);
}

static void lose(struct ks_stream *st, uint32_t cause, uint64_t count)
{
    st->seen.dropped[cause] += count;
    st->untold[cause] +=
        count > UINT32_MAX - st->untold[cause] ? UINT32_MAX - st->untold[cause] : (uint32_t)count;
}

/* ---- Frames of Vidicon's driver ---- */

static void take_own(struct ks_stream *st, const struct vdw_frame_info *info,
                     struct vdi_completion *out)
{
    uint64_t sequence;
    uint32_t step;

    if (info->capture != st->capture) {
        st->capture = info->capture; /* the driver had to begin anew */
        st->base = st->next_sequence;
        st->current_from = 0;
    }
    step = info->sequence - (uint32_t)(st->next_sequence - st->base);
    sequence = st->next_sequence + (step > INT32_MAX ? 0 : step); /* never backwards */
    st->next_sequence = sequence + 1;
    st->seen.produced = st->next_sequence;
    lose(st, VDC_DROP_DEVICE_FIFO, info->dropped_fifo);
    lose(st, VDC_DROP_NO_BUFFER, info->dropped_no_buffer);
    lose(st, VDC_DROP_NO_SIGNAL, info->dropped_no_signal);
    lose(st, VDC_DROP_DMA, info->dropped_dma);
    out->sequence = sequence;
    if (info->flags & (uint32_t)KS_COMPLETION_SOURCE_CHANGED) {
        st->untold_flags |= VDC_FRAME_SOURCE_CHANGED;
    }
    if (info->flags & (uint32_t)KS_COMPLETION_PATTERN) {
        out->flags |= VDC_FRAME_TEST_PATTERN;
    }
    ks_time_put(st, info, out);
}

/* ---- Frames of any other driver ---- */

/* Picture numbers count from the pin's start and include what was lost. One that does not go up ends the belief in them. */
static void take_plain(struct ks_stream *st, const struct ks_buffer *buffer,
                       struct vdi_completion *out)
{
    const struct ks_frame_info *info = &buffer->header.frame;
    int64_t picture = info->picture;

    if (st->frames == 0) {
        int64_t lost = info->dropped > 0 && info->dropped <= picture ? info->dropped : 0;

        st->numbered = info->bytes >= sizeof(*info) && picture >= 0 && lost < LOST_MOST;
        st->last_picture = st->numbered ? picture - lost - 1 : 0;
    }
    if (st->numbered && (picture <= st->last_picture ||
                         (uint64_t)picture - (uint64_t)st->last_picture > LOST_MOST)) {
        st->numbered = 0;
    }
    if (st->numbered) {
        uint64_t lost = (uint64_t)(picture - st->last_picture - 1);

        lose(st, VDC_DROP_UNKNOWN, lost);
        st->next_sequence += lost;
        st->last_picture = picture;
    }
    out->sequence = st->next_sequence++;
    st->seen.produced = st->next_sequence;
    if (st->frames != 0 && buffer->header.stream.options & KS_OPTION_DISCONTINUITY) {
        out->flags |= VDC_FRAME_DISCONTINUITY;
    }
    out->clock = VDC_CLOCK_MONOTONIC;
    out->host_time_ns = vdi_now_ns(); /* when it came: all that is known */
    out->error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    out->end_time_ns = INT64_MIN;
}

void ks_account_frame(struct ks_stream *st, const struct ks_buffer *buffer,
                      struct vdi_completion *out)
{
    if (st->own && buffer->header.own.size >= sizeof(buffer->header.own)) {
        take_own(st, &buffer->header.own, out);
    } else {
        take_plain(st, buffer, out);
    }
    st->frames += st->frames != UINT32_MAX;
}

void ks_account_tell(struct ks_stream *st, struct vdi_completion *out)
{
    out->flags |= st->untold_flags;
    memcpy(out->dropped, st->untold, sizeof(out->dropped));
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        if (st->untold[cause] != 0) {
            out->flags |= VDC_FRAME_DISCONTINUITY;
        }
    }
    st->untold_flags = 0;
    memset(st->untold, 0, sizeof(st->untold));
}

void ks_account_keep(struct ks_stream *st, const struct vdi_completion *bad)
{
    st->untold_flags |= bad->flags & (uint32_t)(VDC_FRAME_DISCONTINUITY | VDC_FRAME_TIME_JUMP);
    lose(st, bad->damage, 1);
}

/* ---- The account ---- */

int ks_account_read(struct ks_stream *st)
{
    struct vdw_counts counts;
    uint32_t result;

    if (!st->own || st->gone) {
        return 0;
    }
    result = ks_own_get(st->device, VDW_PROPERTY_COUNTS, 0, 0, &counts, sizeof(counts));
    if (ks_is_gone(result)) {
        st->gone = 1;
    }
    /* One that went backwards, or that lacks a part, says less than the one before. */
    if (result != KS_OK || counts.incomplete != 0 || counts.produced < st->report.produced ||
        counts.produced != counts.good + counts.dropped_fifo + counts.dropped_no_buffer +
                               counts.dropped_no_signal + counts.dropped_dma) {
        return 0;
    }
    st->report.produced = counts.produced;
    st->report.dropped[VDC_DROP_DEVICE_FIFO] = counts.dropped_fifo;
    st->report.dropped[VDC_DROP_NO_BUFFER] = counts.dropped_no_buffer;
    st->report.dropped[VDC_DROP_NO_SIGNAL] = counts.dropped_no_signal;
    st->report.dropped[VDC_DROP_DMA] = counts.dropped_dma;
    return 1;
}

int ks_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct ks_stream *st = ks_stream_of(stream);
    const struct ks_tally *best;

    vdi_mutex_lock(st->lock);
    if (st->running) {
        (void)ks_account_read(st);
    }
    best = st->own && st->report.produced >= st->seen.produced ? &st->report : &st->seen;
    out->basis = st->own ? VDC_BASIS_DEVICE : st->numbered ? VDC_BASIS_SEQUENCE : VDC_BASIS_UNKNOWN;
    out->produced = best->produced;
    memcpy(out->dropped, best->dropped, sizeof(out->dropped));
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS && best == &st->report; cause++) {
        uint64_t told =
            st->damaged[cause]; /* damaged frames that were handed out: the library counts them */

        out->dropped[cause] -= told < out->dropped[cause] ? told : out->dropped[cause];
    }
    /* What was lost on the way to us the card knows nothing of. */
    if (best == &st->report) {
        out->dropped[VDC_DROP_BUS] = st->seen.dropped[VDC_DROP_BUS];
    }
    vdi_mutex_unlock(st->lock);
    return VDC_OK;
}
