/* SPDX-License-Identifier: MIT */
/*
 * Delivery: wait, wake, poll, progress. At rate=real a wait sleeps until the card's thread has
 * something. At rate=max the waiting thread itself lets the card live, so nothing is handed over.
 */
#include "sim_stream.h"

#include <string.h>

#define POLL_PERIODS 2u                   /* frame periods that a poll may let pass */
#define PATIENCE_NS  UINT64_C(1000000000) /* of card time; a wait that gets nothing goes slow then */
#define SLOW_NS      INT64_C(20000000)
#define TURNS        64u /* between two looks at whether others want the lock */
#define NOTHING_YET  1   /* no status: go on waiting */

/* ---- Readiness ---- */

/* Whether a wait would end at once. */
static int is_ready(const struct sim_stream *st)
{
    return st->done_count != 0 || st->card->gone || st->failure != 0 ||
           atomic_load_explicit(&st->wake, memory_order_relaxed) != 0;
}

void sim_delivery_ready(struct sim_stream *st)
{
    int ready;

    if (!st->polled)
        return;
    ready = is_ready(st);
    if (ready == st->told_ready)
        return;
    if (ready && st->card->in_thread) {
        st->card->untold = 1;
        return;
    }
    st->told_ready = ready;
    if (ready || !st->card->telling) {
        vdi_stream_set_ready(st->stream, ready);
        return;
    }
    /* What the card's thread is about to tell is no longer true: it must not do so behind this. */
    vdi_mutex_lock(st->card->tell_lock);
    st->card->tell_void = 1;
    vdi_stream_set_ready(st->stream, 0);
    vdi_mutex_unlock(st->card->tell_lock);
}

void sim_delivery_tell(struct sim_card *card)
{
    struct sim_stream *st = card->stream;
    int ready = st && st->polled && is_ready(st);

    card->untold = 0;
    card->telling = 1;
    card->tell_void = 0;
    if (ready)
        st->told_ready = 1;
    vdi_mutex_unlock(card->lock);
    if (ready) {
        /* Whoever takes the last frame meanwhile tells that, and makes this void. */
        vdi_mutex_lock(card->tell_lock);
        if (!card->tell_void)
            vdi_stream_set_ready(st->stream, 1);
        vdi_mutex_unlock(card->tell_lock);
    }
    vdi_cond_signal_all(card->cond);
    sim_card_lock(card);
    card->telling = 0;
}

/* One event of the card's life, or what lies before `limit_ns`. */
static void turn(struct sim_card *card, uint64_t limit_ns)
{
    uint64_t next = vdm_next_event_ns(card->model);
    uint64_t due = sim_stream_due(card);
    uint64_t now = vdm_now_ns(card->model);

    next = next < due ? next : due;
    next = next < limit_ns ? next : limit_ns;
    vdm_advance(card->model, next > now ? next : now);
    sim_card_serve(card);
    sim_stream_tick(card);
}

static int can_live(const struct sim_stream *st)
{
    return st->running && !st->stopping && !st->failure && !st->card->gone;
}

/* Lets the card live until something is complete, or until `limit_ns`. */
static void live(struct sim_stream *st, uint64_t limit_ns)
{
    struct sim_card *card = st->card;
    uint32_t turns = 0;

    while (!st->done_count && can_live(st) && vdm_now_ns(card->model) < limit_ns &&
           !atomic_load_explicit(&st->wake, memory_order_relaxed)) {
        turn(card, limit_ns);
        if (++turns % TURNS == 0)
            sim_card_yield(card);
    }
}

void sim_delivery_fill(struct sim_stream *st)
{
    if (sim_is_max(st->card) && st->polled && st->at_card)
        live(st, vdm_now_ns(st->card->model) + POLL_PERIODS * st->interval_ns);
}

void sim_delivery_pump(struct sim_card *card)
{
    if (sim_stream_starves(card))
        sim_delivery_fill(card->stream);
}

int sim_stream_poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    struct sim_stream *st = sim_stream_of(stream);
    int result = VDC_OK;

    (void)native; /* The library's own will do. */
    if (sim_is_max(st->card))
        result = sim_clock_start(st->card);
    sim_card_lock(st->card);
    if (!result) {
        st->polled = 1;
        st->told_ready = -1;
        sim_delivery_ready(st);
        sim_delivery_fill(st);
    }
    sim_card_leave(st->card);
    return result;
}

/* ---- Wait ---- */

/* What ends a wait without looking further; NOTHING_YET if nothing does. */
static int outcome(struct sim_stream *st, struct vdi_completion *out)
{
    if (atomic_exchange(&st->wake, 0)) {
        sim_delivery_ready(st);
        return vdi_error(VDC_E_CANCELLED, "sim:%u: the wait was cancelled", st->card->options.card);
    }
    if (st->done_count && out) {
        *out = st->done[st->done_first];
        st->done_first = (st->done_first + 1) % SIM_BUFFERS_MAX;
        st->done_count--;
        sim_delivery_fill(st);
        sim_delivery_ready(st);
        return VDC_OK;
    }
    if (st->card->gone)
        return vdi_error(VDC_E_GONE, "sim:%u: the card was pulled out; stop and close it",
                         st->card->options.card);
    if (st->failure)
        return vdi_error(st->failure, "sim:%u: %s", st->card->options.card, st->failure_text);
    if (!st->running)
        return VDC_E_TIMEOUT;
    return NOTHING_YET;
}

static int wait_real(struct sim_stream *st, struct vdi_completion *out, int64_t deadline_ns)
{
    int over = 0;

    for (;;) {
        int result = outcome(st, out);

        if (result != NOTHING_YET)
            return result;
        if (over)
            return VDC_E_TIMEOUT;
        over = vdi_cond_wait(st->card->cond, st->card->lock, deadline_ns);
    }
}

/*
 * At rate=max. Time stands still while the card has no buffer, as long as the deadline allows:
 * whoever works on the frames in other threads loses none. Then the rest of the wait's time passes.
 */
static int wait_max(struct sim_stream *st, struct vdi_completion *out, int64_t deadline_ns)
{
    struct sim_card *card = st->card;
    uint64_t begin = vdm_now_ns(card->model);
    int64_t left = INT64_MAX;
    uint64_t limit = SIM_NEVER;
    int expired = 0;
    int polls = 0;

    if (!st->done_count && deadline_ns != INT64_MAX) {
        left = deadline_ns - vdi_now_ns();
        polls = left <= 0;
        limit = begin + (polls ? POLL_PERIODS * st->interval_ns : (uint64_t)left);
    }
    for (;;) {
        int result = outcome(st, out);
        uint64_t now = vdm_now_ns(card->model);

        if (result != NOTHING_YET)
            return result;
        if (now >= limit || (polls && (st->polled || !st->at_card)))
            return VDC_E_TIMEOUT;
        if (!st->at_card && !expired) {
            expired = vdi_cond_wait(card->cond, card->lock, deadline_ns);
            if (!expired)
                continue;
            limit = now + (uint64_t)left;
        } else if (limit == SIM_NEVER && now - begin >= PATIENCE_NS) {
            /* Nothing for a second: no signal, say. Now as slowly as the host's own clock. */
            (void)vdi_cond_wait(card->cond, card->lock, vdi_now_ns() + SLOW_NS);
            live(st, now + (uint64_t)SLOW_NS);
            continue;
        }
        live(st, limit == SIM_NEVER ? begin + PATIENCE_NS : limit);
    }
}

int sim_stream_wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    struct sim_stream *st = sim_stream_of(stream);
    int result;

    sim_card_lock(st->card);
    if (sim_is_max(st->card))
        result = wait_max(st, out, deadline_ns);
    else
        result = wait_real(st, out, deadline_ns);
    vdi_mutex_unlock(st->card->lock);
    return result;
}

void sim_stream_wake(struct vdi_stream *stream)
{
    struct sim_stream *st = sim_stream_of(stream);

    /* Before the lock: a wait that lets the card live looks at it meanwhile. */
    atomic_store(&st->wake, 1);
    sim_card_lock(st->card);
    sim_delivery_ready(st);
    vdi_cond_signal_all(st->card->cond);
    vdi_mutex_unlock(st->card->lock);
}

/* ---- Progress ---- */

/* Whether the frame in progress has grown; fills *out then. */
static int has_grown(struct sim_stream *st, vdc_progress *out)
{
    uint32_t tag = 0, tag_after = 0;
    uint32_t lines = 0, lines_after = 0;
    struct vdi_buffer *buffer;

    if (vdh_capture_progress(&st->capture, &tag, &lines) || tag >= SIM_BUFFERS_MAX)
        return 0;
    buffer = st->buffers[tag];
    /* All lines: the frame is over, and its completion tells of it. */
    if (!buffer || !((struct sim_buffer *)buffer->priv)->at_card || lines == 0 ||
        lines >= st->format.height || (tag == st->progress_tag && lines == st->progress_lines))
        return 0;
    sim_account_read(st);
    /* The count is of a later moment: it numbers this frame only if the same one was in progress behind it. */
    if (vdh_capture_progress(&st->capture, &tag_after, &lines_after) || tag_after != tag ||
        lines_after < lines || lines_after >= st->format.height)
        return 0;
    st->progress_tag = tag;
    st->progress_lines = lines;
    out->buffer = buffer->index;
    out->data = buffer->data;
    out->lines = lines;
    out->sequence = st->report.produced;
    return 1;
}

static int progress_outcome(struct sim_stream *st, vdc_progress *out)
{
    if (st->done_count)
        return vdi_error(VDC_E_STATE, "sim:%u: a complete frame waits; take it first",
                         st->card->options.card);
    if (can_live(st) && has_grown(st, out))
        return VDC_OK;
    if (!can_live(st) || atomic_load(&st->wake))
        return outcome(st, NULL);
    return NOTHING_YET;
}

int sim_stream_progress(struct vdi_stream *stream, vdc_progress *out, int64_t deadline_ns)
{
    struct sim_stream *st = sim_stream_of(stream);
    struct sim_card *card = st->card;
    uint64_t limit = SIM_NEVER;
    int over = 0;
    int result;

    sim_card_lock(card);
    if (sim_is_max(card) && deadline_ns != INT64_MAX) {
        int64_t left = deadline_ns - vdi_now_ns();

        limit = vdm_now_ns(card->model) + (left > 0 ? (uint64_t)left : 0u);
    }
    while ((result = progress_outcome(st, out)) == NOTHING_YET && !over) {
        if (!sim_is_max(card) || !st->at_card) {
            over = vdi_cond_wait(card->cond, card->lock, deadline_ns);
        } else {
            over = vdm_now_ns(card->model) >= limit;
            turn(card, limit);
            sim_card_yield(card);
        }
    }
    vdi_mutex_unlock(card->lock);
    return result == NOTHING_YET ? VDC_E_TIMEOUT : result;
}
