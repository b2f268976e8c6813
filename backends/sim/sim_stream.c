/* SPDX-License-Identifier: MIT */
/*
 * A capture from open to close. Every start writes the whole configuration anew, since a reset of
 * the engine or a loss of power may have taken it; every stop ends by cutting the bus.
 */
#include "sim_stream.h"

#include <stdlib.h>
#include <string.h>

#include "vdh_input.h"

#define RING_ENTRIES SIM_BUFFERS_MAX /* so many buffers may be out, so many completions wait */
#define RING_ALIGN   64u
#define TELLING_NS   INT64_C(50000) /* between two looks at whether the card's thread has told */

static int make_rings(struct sim_stream *st)
{
    uint32_t descriptors = RING_ENTRIES * VDH_S_DESCRIPTOR;
    uint32_t completions = RING_ENTRIES * VDH_S_COMPLETION;
    uint8_t *at;

    st->ring_memory = calloc(1, descriptors + completions + RING_ALIGN);
    if (!st->ring_memory)
        return vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for the rings",
                         st->card->options.card);
    at = st->ring_memory;
    at += (RING_ALIGN - (uintptr_t)at % RING_ALIGN) % RING_ALIGN;
    st->descriptors.bytes = at;
    st->descriptors.address = (uint64_t)(uintptr_t)at;
    st->descriptors.size = descriptors;
    st->completions.bytes = at + descriptors;
    st->completions.address = (uint64_t)(uintptr_t)(at + descriptors);
    st->completions.size = completions;
    return VDC_OK;
}

int sim_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout)
{
    struct sim_card *card = sim_card_of(stream->device);
    struct sim_stream *st = sim_stream_of(stream);
    int result;

    st->card = card;
    st->stream = stream;
    atomic_init(&st->wake, 0);
    sim_card_enter(card);
    result = card_stream_format(&card->base, card->stream != NULL, config, &st->format, layout);
    if (!result)
        result = make_rings(st);
    if (!result) {
        st->frame_bytes = (uint32_t)layout->frame_bytes;
        st->watermark = config->watermark_lines;
        st->damaged_too = config->damaged_too;
        st->interval_ns = (uint64_t)st->format.interval.num * 1000000000u / st->format.interval.den;
        vdi_timebase_init(&st->clock.base, card->base.core.identity.time_hz,
                          card->base.core.identity.time_tolerance_ppm);
        card->stream = st;
    }
    sim_card_leave(card);
    return result;
}

void sim_stream_close(struct vdi_stream *stream)
{
    struct sim_stream *st = sim_stream_of(stream);
    struct sim_card *card = st->card;

    sim_card_lock(card);
    while (card->telling)
        (void)vdi_cond_wait(card->cond, card->lock, vdi_now_ns() + TELLING_NS);
    if (card->stream == st)
        card->stream = NULL;
    sim_card_leave(card);
    free(st->ring_memory);
    st->ring_memory = NULL;
}

/* ---- Start ---- */

/* After a loss of power the card has forgotten its firmware and all that was set. */
static int revive(struct sim_card *card)
{
    uint32_t input = card->base.core.input;
    uint32_t timing = card->base.core.timing;
    struct vdh_boot_status boot;
    int result = vdh_boot_read_status(&card->base.core, &boot);

    if (result)
        return card_error(&card->base, result, "starting capture");
    if (boot.runs && card->base.ready && !card->restarted)
        return VDC_OK;
    card->restarted = 0;
    result = card_boot_bring_up(&card->base);
    if (result)
        return result;
    if (!card->base.ready)
        return vdi_error(VDC_E_FIRMWARE, "sim:%u: it started anew and cannot capture: %s",
                         card->options.card, card->base.state_text);
    if (vdh_input_select(&card->base.core, input) == VDH_OK)
        (void)vdh_timing_select(&card->base.core, timing);
    vdi_device_event(card->base.device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    return VDC_OK;
}

static void unmap_buffers(struct sim_stream *st)
{
    for (uint32_t i = 0; i < SIM_BUFFERS_MAX; i++) {
        if (st->buffers[i])
            sim_buffer_take(st, st->buffers[i]);
    }
    sim_io_unmap_all(st->card);
}

static void reset_run(struct sim_stream *st)
{
    sim_account_reset(st);
    st->done_first = 0;
    st->done_count = 0;
    st->at_card = 0;
    st->stopping = 0;
    st->failure = 0;
    st->bad_since_ns = 0;
    sim_time_reset(st);
    st->progress_tag = UINT32_MAX;
    st->progress_lines = 0;
    atomic_store(&st->wake, 0);
}

int sim_stream_start(struct vdi_stream *stream)
{
    struct sim_stream *st = sim_stream_of(stream);
    struct sim_card *card = st->card;
    int result;

    sim_card_enter(card);
    reset_run(st);
    result = revive(card);
    if (!result)
        result = card_error(&card->base, vdh_format_set(&card->base.core, &st->format),
                            "setting the format");
    if (!result) {
        sim_io_map(card, st->descriptors.bytes, st->descriptors.size, 1, 0);
        sim_io_map(card, st->completions.bytes, st->completions.size, 0, 1);
        result = card_error(
            &card->base,
            vdh_capture_set_up(&st->capture, &card->base.core, &st->descriptors, &st->completions),
            "setting up the rings");
    }
    for (uint32_t i = 0; i < st->pending_count && !result; i++)
        result = card_error(&card->base, sim_buffer_give(st, st->pending[i]), "queueing a buffer");
    if (!result) {
        sim_time_sample(st);
        result = vdh_capture_start(&st->capture, st->watermark);
        if (result)
            (void)card_stream_end(&card->base, &st->capture);
        if (result == VDH_E_RANGE) {
            /* It took the same configuration a moment ago, so it has lost that since. */
            card->restarted = 1;
            result = vdi_error(VDC_E_IO,
                               "sim:%u: starting capture: the card forgot its configuration, as "
                               "after a loss of power; start again",
                               card->options.card);
        } else {
            result = card_error(&card->base, result, "starting capture");
        }
    }
    if (result) {
        unmap_buffers(st);
    } else {
        for (uint32_t i = 0; i < st->pending_count; i++)
            ((struct sim_buffer *)st->pending[i]->priv)->pending = 0;
        st->pending_count = 0;
        st->running = 1;
        st->watch_ns = sim_card_now(card) + 2 * st->interval_ns;
        sim_delivery_fill(st);
        sim_delivery_ready(st);
    }
    sim_card_leave(card);
    return result;
}

int sim_stream_queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    struct sim_stream *st = sim_stream_of(stream);
    struct sim_card *card = st->card;
    struct sim_buffer *own = buffer->priv;
    int result = VDC_OK;

    sim_card_lock(card);
    if (!st->running) {
        if (!own->pending && st->pending_count < SIM_BUFFERS_MAX) {
            own->pending = 1;
            st->pending[st->pending_count++] = buffer;
        }
    } else if (!own->at_card && !st->stopping && !card->gone && !st->failure) {
        result = card_error(&card->base, sim_buffer_give(st, buffer), "queueing a buffer");
        if (sim_is_max(card)) {
            sim_delivery_fill(st);
            /* A wait may stand still for want of a buffer. */
            if (st->at_card == 1 && !st->polled)
                vdi_cond_signal_all(card->cond);
        }
    }
    sim_card_leave(card);
    return result;
}

/* ---- Stop ---- */

int sim_stream_stop(struct vdi_stream *stream)
{
    struct sim_stream *st = sim_stream_of(stream);
    struct sim_card *card = st->card;
    int result = VDH_OK;

    sim_card_lock(card);
    if (st->running) {
        st->stopping = 1;
        if (!card->gone)
            sim_account_read(st);
        /* Ends whatever the card does with our memory. */
        result = card_stream_end(&card->base, &st->capture);
        /* A torn record becomes whole within moments; it stands in our memory, not in the card. */
        for (uint32_t i = 0; i < 10 && !sim_complete_collect(st) && st->bad_since_ns; i++)
            sim_card_pause(card, 50);
        sim_account_read(st);
        st->running = 0;
        card->restarted |= st->failure != 0;
        unmap_buffers(st);
        sim_ledger_write(card);
    }
    for (uint32_t i = 0; i < st->pending_count; i++)
        ((struct sim_buffer *)st->pending[i]->priv)->pending = 0;
    st->pending_count = 0;
    atomic_store(&st->wake, 0);
    sim_delivery_ready(st);
    vdi_cond_signal_all(card->cond);
    sim_card_leave(card);
    /* A card that is gone has stopped; wait tells the rest. */
    return result == VDH_E_GONE ? VDC_OK : card_error(&card->base, result, "stopping capture");
}
