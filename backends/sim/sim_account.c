/* SPDX-License-Identifier: MIT */
/*
 * What the card says it produced and lost. It says so twice: in completions, which survive it, and
 * in counters, which do not. Whichever of the two is further stands: that is its last report.
 */
#include "sim_stream.h"

#include <string.h>

#define READS_MOST 4u

void sim_account_reset(struct sim_stream *st)
{
    memset(&st->seen, 0, sizeof(st->seen));
    memset(&st->report, 0, sizeof(st->report));
    memset(st->untold, 0, sizeof(st->untold));
    st->untold_flags = 0;
    st->damaged = 0;
    st->contradicts = 0;
    st->next_sequence = 0;
}

/* What every completion says, whatever becomes of its frame. Losses wait in st->untold. */
static uint64_t note(struct sim_stream *st, const struct vdh_completion *completion)
{
    /* The core has checked that sequences go up by what was lost. */
    uint32_t step = completion->sequence - (uint32_t)st->next_sequence;
    uint64_t sequence = st->next_sequence + step;

    st->next_sequence = sequence + 1;
    st->seen.produced = st->next_sequence;
    st->seen.fifo += completion->dropped_fifo;
    st->seen.no_buffer += completion->dropped_no_buffer;
    st->seen.no_signal += completion->dropped_no_signal;
    st->seen.dma += completion->dropped_dma;
    st->untold[VDC_DROP_DEVICE_FIFO] += completion->dropped_fifo;
    st->untold[VDC_DROP_NO_BUFFER] += completion->dropped_no_buffer;
    st->untold[VDC_DROP_NO_SIGNAL] += completion->dropped_no_signal;
    st->untold[VDC_DROP_DMA] += completion->dropped_dma;
    return sequence;
}

void sim_account_completion(struct sim_stream *st, const struct vdh_completion *completion,
                            struct vdi_completion *out)
{
    out->sequence = note(st, completion);
    memcpy(out->dropped, st->untold, sizeof(out->dropped));
    memset(st->untold, 0, sizeof(st->untold));
    for (uint32_t i = 0; i < VDC_DROP_SLOTS; i++) {
        if (out->dropped[i])
            out->flags |= VDC_FRAME_DISCONTINUITY;
    }
    if (out->damage != VDC_DROP_SLOTS)
        st->damaged++;
}

void sim_account_lost(struct sim_stream *st, const struct vdh_completion *completion)
{
    (void)note(st, completion);
    st->seen.dma++;
    st->untold[VDC_DROP_DMA]++;
}

/* A counter of 32 bits, carried on to 64. */
static void extend(uint64_t *value, uint32_t now)
{
    *value += (uint32_t)(now - (uint32_t)*value);
}

void sim_account_read(struct sim_stream *st)
{
    struct vdh_capture_counts counts;

    if (st->card->gone || !st->capture.device)
        return;
    /* While frames end, the counters are of different moments: read until they agree. */
    for (uint32_t i = 0; i < READS_MOST; i++) {
        int result = vdh_capture_read_counts(&st->capture, &counts);

        if (result == VDH_E_GONE)
            st->card->gone = 1;
        /* What counts backwards has forgotten: the report stands as it was. */
        if (result || counts.produced - (uint32_t)st->report.produced > UINT32_MAX / 2)
            return;
        if (counts.produced == counts.good + counts.dropped_fifo + counts.dropped_no_buffer +
                                   counts.dropped_no_signal + counts.dropped_dma) {
            extend(&st->report.produced, counts.produced);
            extend(&st->report.fifo, counts.dropped_fifo);
            extend(&st->report.no_buffer, counts.dropped_no_buffer);
            extend(&st->report.no_signal, counts.dropped_no_signal);
            extend(&st->report.dma, counts.dropped_dma);
            st->contradicts = 0;
            return;
        }
    }
    st->contradicts = 1;
}

int sim_stream_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct sim_stream *st = sim_stream_of(stream);
    const struct sim_account *best;

    sim_card_lock(st->card);
    sim_account_read(st);
    /* Behind the counters, so that no damaged frame they count is missing among the completions. */
    (void)sim_complete_collect(st);
    sim_delivery_ready(st);
    memset(out, 0, sizeof(*out));
    best = !st->contradicts && st->report.produced >= st->seen.produced ? &st->report : &st->seen;
    out->basis = st->contradicts ? VDC_BASIS_SEQUENCE : VDC_BASIS_DEVICE;
    out->produced = best->produced;
    out->dropped[VDC_DROP_DEVICE_FIFO] = best->fifo;
    out->dropped[VDC_DROP_NO_BUFFER] = best->no_buffer;
    out->dropped[VDC_DROP_NO_SIGNAL] = best->no_signal;
    out->dropped[VDC_DROP_DMA] = best->dma;
    /* Damaged frames that were handed out are counted by the library. */
    if (best == &st->report)
        out->dropped[VDC_DROP_DMA] -= st->damaged < best->dma ? st->damaged : best->dma;
    sim_card_leave(st->card);
    return VDC_OK;
}
