/* SPDX-License-Identifier: MIT */
/*
 * The driver's part of a capture: interrupts, completions, and a watchdog for those that got lost.
 * Whatever found a completion, it is taken here, and at once.
 */
#include "sim_stream.h"

#include <stdio.h>
#include <string.h>

#define BAD_RETRY_NS   UINT64_C(100000)
#define BAD_TIMEOUT_NS (20 * SIM_MS)

void sim_complete_fail(struct sim_stream *st, const char *why)
{
    if (st->failure)
        return;
    st->failure = VDC_E_IO;
    (void)snprintf(st->failure_text, sizeof(st->failure_text), "%s", why);
    vdi_log(st->card->base.device->context, VDC_LOG_ERROR, "sim:%u: %s", st->card->options.card,
            why);
    sim_delivery_ready(st);
    sim_card_tell(st->card);
}

/* ---- Completions ---- */

static int is_damaged(const struct vdh_completion *completion)
{
    return (completion->flags & (uint32_t)(VDH_B_COMPLETION_FLAGS_DMA_ERROR |
                                           VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR)) != 0;
}

/* 1 if there is something to hand out. */
static uint32_t take(struct sim_stream *st, const struct vdh_completion *completion)
{
    struct vdi_buffer *buffer = st->buffers[completion->tag];
    struct vdi_completion *out = &st->done[(st->done_first + st->done_count) % SIM_BUFFERS_MAX];

    sim_buffer_take(st, buffer);
    if (completion->flags & (uint32_t)VDH_B_COMPLETION_FLAGS_SOURCE_CHANGED)
        st->untold_flags |= VDC_FRAME_SOURCE_CHANGED;
    if (is_damaged(completion) && !st->damaged_too) {
        /* Nobody wants it: back to the card with the buffer; the loss is told with the next frame. */
        sim_account_lost(st, completion);
        if (st->running && !st->stopping && !st->card->gone)
            (void)sim_buffer_give(st, buffer);
        return 0;
    }
    memset(out, 0, sizeof(*out));
    out->buffer = buffer;
    out->damage = VDC_DROP_SLOTS;
    out->used_bytes = completion->bytes;
    if (is_damaged(completion)) {
        out->damage = VDC_DROP_DMA;
        out->flags |= VDC_FRAME_DAMAGED;
    }
    out->flags |= st->untold_flags;
    st->untold_flags = 0;
    if (completion->flags & (uint32_t)VDH_B_COMPLETION_FLAGS_PATTERN)
        out->flags |= VDC_FRAME_TEST_PATTERN;
    sim_account_completion(st, completion, out);
    sim_time_put(st, completion, out);
    st->done_count++;
    return 1;
}

uint32_t sim_complete_collect(struct sim_stream *st)
{
    uint64_t now = sim_card_now(st->card);
    uint32_t seen = 0;
    uint32_t taken = 0;

    if (!st->capture.device)
        return 0;
    for (;;) {
        struct vdh_completion completion;
        int result = vdh_capture_complete(&st->capture, &completion);

        if (result == VDH_AGAIN)
            break;
        if (result != VDH_OK) {
            if (!st->bad_since_ns)
                st->bad_since_ns = now;
            else if (now - st->bad_since_ns > BAD_TIMEOUT_NS)
                sim_complete_fail(st, "the completion ring holds an impossible record; stop and "
                                      "start again");
            st->watch_ns = now + BAD_RETRY_NS;
            break;
        }
        st->bad_since_ns = 0;
        if (seen++ == 0 && st->running && !st->card->gone)
            sim_time_sample(st);
        if (completion.tag >= SIM_BUFFERS_MAX || !st->buffers[completion.tag]) {
            sim_complete_fail(st, "a completion names no buffer");
            break;
        }
        taken += take(st, &completion);
    }
    if (seen)
        st->watch_ns = now + 2 * st->interval_ns;
    if (taken) {
        sim_delivery_ready(st);
        if (!sim_is_max(st->card) || st->polled)
            sim_card_tell(st->card);
    }
    return taken;
}

/* ---- What sets it off ---- */

void sim_stream_interrupt(struct sim_card *card, uint32_t events)
{
    struct sim_stream *st = card->stream;
    uint32_t errors = 0;

    if (events & VDH_EVENT_FRAME)
        (void)sim_complete_collect(st);
    if (events & VDH_EVENT_WATERMARK)
        sim_card_tell(card);
    if (events & VDH_EVENT_ERROR && st->running &&
        vdh_capture_errors(&st->capture, &errors) == VDH_OK) {
        vdi_log(card->base.device->context, VDC_LOG_DEBUG, "sim:%u: capture errors 0x%x",
                card->options.card, (unsigned)errors);
        if (errors & vdh_field_mask(VDH_F_ERROR_STATUS_RING)) {
            (void)sim_complete_collect(st);
            sim_complete_fail(st, "the card could not reach its rings and halted; stop and start "
                                  "again");
        }
    }
}

/* Whether the card still captures; if not, the stream ends. */
static void check_alive(struct sim_stream *st)
{
    struct vdh_device *core = &st->card->base.core;
    struct vdh_boot_status boot;
    uint32_t state = 0;
    int result = vdh_boot_read_status(core, &boot);

    if (!result)
        result = vdh_user_read(core, VDH_R_CAPTURE_STATUS, &state);
    if (result == VDH_E_GONE) {
        st->card->gone = 1;
        return;
    }
    if (result)
        return;
    state = vdh_field_get(state, VDH_F_CAPTURE_STATUS_STATE);
    if (!boot.runs || state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE)
        sim_complete_fail(st,
                          "the card started anew during capture, as after a loss of power; stop "
                          "and start again");
    else if (state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_HALTED)
        sim_complete_fail(st,
                          "the card could not reach its rings and halted; stop and start again");
}

uint64_t sim_stream_due(const struct sim_card *card)
{
    const struct sim_stream *st = card->stream;

    if (!st || !st->running || st->stopping || st->failure || card->gone)
        return SIM_NEVER;
    return st->watch_ns < st->sample_ns ? st->watch_ns : st->sample_ns;
}

void sim_stream_tick(struct sim_card *card)
{
    struct sim_stream *st = card->stream;
    uint64_t now;

    if (sim_stream_due(card) == SIM_NEVER)
        return;
    now = sim_card_now(card);
    if (now >= st->watch_ns) {
        uint64_t before = st->next_sequence;
        uint64_t found;

        st->watch_ns = now + 2 * st->interval_ns;
        sim_card_look(card);
        (void)sim_complete_collect(st);
        found = st->next_sequence - before;
        card->polled_completions += found;
        if (!found) {
            check_alive(st);
            sim_account_read(st);
        }
    }
    if (now >= st->sample_ns)
        sim_time_sample(st);
}

void sim_stream_gone(struct sim_card *card)
{
    struct sim_stream *st = card->stream;

    if (!st)
        return;
    /* What was complete is still in our memory. */
    (void)sim_complete_collect(st);
    sim_delivery_ready(st);
}

int sim_stream_runs(const struct sim_card *card)
{
    return card->stream && card->stream->running;
}

int sim_stream_starves(const struct sim_card *card)
{
    const struct sim_stream *st = card->stream;

    return st && st->running && !st->stopping && st->polled && !st->done_count && st->at_card &&
           !st->failure && !card->gone;
}
