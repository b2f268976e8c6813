/* SPDX-License-Identifier: MIT */
/*
 * The card's thread. At rate=real it is the hardware: it sleeps until the card's next event, lets it
 * happen and serves the interrupt. At rate=max it exists only for a polled stream that starves.
 */
#include "sim_card.h"
#include "sim_stream.h"

#define PUMP_NS INT64_C(20000000) /* between two tries to feed a starving stream */

/* Host time at which the thread must look again. */
static int64_t next_look(struct sim_card *card)
{
    uint64_t next;
    uint64_t due;

    if (sim_is_max(card))
        return sim_stream_starves(card) ? vdi_now_ns() + PUMP_NS : INT64_MAX;
    next = vdm_next_event_ns(card->model);
    due = sim_stream_due(card);
    next = next < due ? next : due;
    card->thread_wakes_ns = next;
    return next == SIM_NEVER ? INT64_MAX : card->epoch_ns + (int64_t)next;
}

static void run(void *argument)
{
    struct sim_card *card = argument;

    sim_card_lock(card);
    while (!card->quit) {
        if (sim_is_max(card)) {
            sim_delivery_pump(card);
        } else {
            card->in_thread = 1;
            sim_card_live(card, 0);
            card->in_thread = 0;
            if (card->untold)
                sim_delivery_tell(card);
        }
        /* Behind time it would never sleep, and nobody else would get the lock. */
        sim_card_yield(card);
        if (!card->quit)
            (void)vdi_cond_wait(card->alarm, card->lock, next_look(card));
    }
    vdi_mutex_unlock(card->lock);
}

int sim_clock_start(struct sim_card *card)
{
    if (card->thread)
        return VDC_OK;
    return vdi_thread_create(&card->thread, run, card, "sim card");
}

void sim_clock_stop(struct sim_card *card)
{
    if (!card->thread)
        return;
    sim_card_lock(card);
    card->quit = 1;
    vdi_cond_signal_all(card->alarm);
    vdi_mutex_unlock(card->lock);
    vdi_thread_join(card->thread);
    card->thread = NULL;
}

void sim_clock_nudge(struct sim_card *card)
{
    uint64_t next;
    uint64_t due;

    if (!card->thread)
        return;
    if (sim_is_max(card)) {
        if (sim_stream_starves(card))
            vdi_cond_signal_all(card->alarm);
        return;
    }
    next = vdm_next_event_ns(card->model);
    due = sim_stream_due(card);
    if ((next < due ? next : due) < card->thread_wakes_ns)
        vdi_cond_signal_all(card->alarm);
}
