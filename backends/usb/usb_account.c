/* SPDX-License-Identifier: MIT */
/*
 * What the device says it produced and lost. A record that is lost on the bus takes with it what it
 * knew of losses before it; the counters still know, and after a stop they say which was which.
 */
#include "usb_stream.h"

#include <string.h>

void usb_account_reset(struct usb_stream *st)
{
    memset(&st->seen, 0, sizeof(st->seen));
    memset(&st->report, 0, sizeof(st->report));
    st->next_sequence = 0;
    memset(st->broken, 0, sizeof(st->broken));
    memset(st->told, 0, sizeof(st->told));
    st->untold = 0;
    st->good = 0;
    st->final = 0;
    memset(&st->trouble, 0, sizeof(st->trouble));
}

/* Frames are missing, at least as many as the record tells of. */
static void record_gap(struct usb_stream *st, const struct vdh_completion *record,
                       struct vdi_completion *out, uint64_t gap)
{
    uint64_t lost = (uint64_t)record->dropped_fifo + record->dropped_no_buffer +
                    record->dropped_no_signal + record->dropped_dma;
    /* So many are not explained by the record; those seen broken are for certain. */
    uint64_t rest = gap - lost;

    out->flags |= VDC_FRAME_DISCONTINUITY;
    out->dropped[VDC_DROP_DEVICE_FIFO] = record->dropped_fifo;
    out->dropped[VDC_DROP_NO_BUFFER] = record->dropped_no_buffer;
    out->dropped[VDC_DROP_NO_SIGNAL] = record->dropped_no_signal;
    out->dropped[VDC_DROP_DMA] = record->dropped_dma;
    for (uint32_t cause = 0; rest && cause < VDC_DROP_SLOTS; cause++) {
        uint64_t broken = rest < st->broken[cause] ? rest : st->broken[cause];

        out->dropped[cause] += (uint32_t)broken;
        st->told[cause] += broken;
        rest -= broken;
    }
    st->untold += rest;
    st->seen.fifo += record->dropped_fifo;
    st->seen.no_buffer += record->dropped_no_buffer;
    st->seen.no_signal += record->dropped_no_signal;
    st->seen.dma += record->dropped_dma;
}

void usb_account_record(struct usb_stream *st, const struct vdh_completion *record,
                        struct vdi_completion *out)
{
    uint64_t gap = (uint32_t)(record->sequence - (uint32_t)st->next_sequence);

    out->sequence = st->next_sequence + gap;
    if (gap)
        record_gap(st, record, out, gap);
    memset(st->broken, 0, sizeof(st->broken));
    st->next_sequence = out->sequence + 1;
    st->seen.produced = st->next_sequence;
    st->good++;
}

/* A counter of 32 bits, carried on to 64. */
static void extend(uint64_t *value, uint32_t now)
{
    *value += (uint32_t)(now - (uint32_t)*value);
}

/* What counts backwards has forgotten. */
static int forgot(const struct usb_stream *st, uint32_t produced)
{
    return produced - (uint32_t)st->report.produced > UINT32_MAX / 2;
}

void usb_account_event(struct usb_stream *st, uint32_t produced)
{
    if (st->running && !st->final && st->report.produced && !forgot(st, produced))
        extend(&st->report.produced, produced);
}

int usb_account_read(struct usb_stream *st)
{
    struct usb_card *card = st->card;
    struct vdh_capture_counts counts;
    int result = VDH_OK;

    if (atomic_load(&card->gone) || !st->capture.device)
        return VDH_E_GONE;
    /* One request: the counters are of one moment. */
    if (!st->capture.counts_kept)
        result = usb_io_read_ahead(card, VDH_R_FRAMES_PRODUCED,
                                   VDH_R_DROPPED_DMA + 4u - VDH_R_FRAMES_PRODUCED);
    if (!result)
        result = vdh_capture_read_counts(&st->capture, &counts);
    usb_io_forget(card);
    usb_card_lock(card);
    if (result == VDH_E_GONE)
        usb_card_lost(card);
    if (!result && !forgot(st, counts.produced)) {
        extend(&st->report.produced, counts.produced);
        extend(&st->report.good, counts.good);
        extend(&st->report.fifo, counts.dropped_fifo);
        extend(&st->report.no_buffer, counts.dropped_no_buffer);
        extend(&st->report.no_signal, counts.dropped_no_signal);
        extend(&st->report.dma, counts.dropped_dma);
        st->final = st->capture.counts_kept;
    }
    usb_card_unlock(card);
    return result;
}

static uint64_t more(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Of what the card called good and nobody got: the broken ones that no frame followed, then those that were missing before
 * a frame. What is left came after the last one, and was on its way when it was stopped. */
static void settle(const struct usb_stream *st, struct vdi_counts *out)
{
    uint64_t rest = st->report.good > st->good ? st->report.good - st->good : 0;

    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++)
        rest -= least(rest, st->told[cause]);
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++) {
        uint64_t broken = least(rest, st->broken[cause]);

        out->dropped[cause] += broken;
        rest -= broken;
    }
    out->dropped[VDC_DROP_BUS] += least(rest, st->untold);
    out->dropped[st->recovering ? st->cause : (uint32_t)VDC_DROP_STOPPED] +=
        rest - least(rest, st->untold);
}

int usb_stream_counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    struct usb_stream *st = usb_stream_of(stream);

    usb_card_enter(st->card);
    if (st->running)
        (void)usb_account_read(st);
    usb_card_leave(st->card);
    memset(out, 0, sizeof(*out));
    usb_card_lock(st->card);
    out->basis = VDC_BASIS_DEVICE;
    out->produced = more(st->report.produced, st->seen.produced);
    out->dropped[VDC_DROP_DEVICE_FIFO] = more(st->report.fifo, st->seen.fifo);
    out->dropped[VDC_DROP_NO_BUFFER] = more(st->report.no_buffer, st->seen.no_buffer);
    out->dropped[VDC_DROP_NO_SIGNAL] = more(st->report.no_signal, st->seen.no_signal);
    out->dropped[VDC_DROP_DMA] = more(st->report.dma, st->seen.dma);
    /* Good for the card, and never here: only once it stands still is that a loss and not a journey. */
    for (uint32_t cause = 0; cause < VDC_DROP_SLOTS; cause++)
        out->dropped[cause] += st->told[cause];
    if (st->final)
        settle(st, out);
    usb_card_unlock(st->card);
    return VDC_OK;
}
