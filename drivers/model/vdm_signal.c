/* SPDX-License-Identifier: MIT */
/*
 * Inputs and what arrives at them. The world sets `source`; losing the lock is seen at once,
 * gaining it takes 20 ms. The pattern covers the signal but does not stop it from changing.
 */
#include "vdm_private.h"

#define SIGNAL(name)     VDM_V_INPUT_STATUS_SIGNAL_##name
#define ARRIVAL_NONE     0x100u
#define ARRIVAL_UNSTABLE 0x101u
#define ARRIVAL_UNKNOWN  0x102u /* nothing was looked at yet */
#define DETECTED_NONE    255u

static const uint8_t *selected(const struct vdm_card *card)
{
    return vdm_tables_record(&card->tables, VDM_INPUT, card->reg[VDM_ID_INPUT_SELECT]);
}

static uint32_t default_timing(const struct vdm_card *card)
{
    return vdm_get16(selected(card) + VDM_M_INPUT_TIMING_DEFAULT);
}

static uint32_t look(const struct vdm_card *card)
{
    int32_t source = card->source[card->reg[VDM_ID_INPUT_SELECT]];

    if (card->now_ns < card->loss_until_ns || source == VDM_SIGNAL_NONE) {
        return ARRIVAL_NONE;
    }
    if (source == VDM_SIGNAL_DEFAULT) {
        return default_timing(card);
    }
    if (source < 0 || (uint32_t)source >= card->tables.count[VDM_TIMING]) {
        return ARRIVAL_UNSTABLE;
    }
    return (uint32_t)source;
}

int vdm_signal_ok(const struct vdm_card *card)
{
    return card->signal == SIGNAL(LOCKED) && !card->mismatch;
}

void vdm_signal_update(struct vdm_card *card)
{
    uint32_t timing = card->reg[VDM_ID_TIMING_SELECT];
    uint32_t signal = card->raw_signal;
    uint32_t detected = signal == SIGNAL(LOCKED) ? card->arrival : DETECTED_NONE;
    uint32_t mismatch;

    if (card->reg[VDM_ID_PATTERN] != 0) {
        signal = SIGNAL(LOCKED);
        detected = timing;
    }
    mismatch = signal == SIGNAL(LOCKED) && detected != timing;
    if (signal == card->signal && detected == card->detected && mismatch == card->mismatch) {
        return;
    }
    card->signal = signal;
    card->detected = detected;
    card->mismatch = mismatch;
    card->changes++;
    card->capture.source_changed = 1;
    if (!vdm_signal_ok(card) && card->capture.frame.cause == VDM_CAUSE_GOOD) {
        card->capture.frame.cause = VDM_CAUSE_NO_SIGNAL;
    }
    vdm_irq_raise(card, VDM_MASK(INT_STATUS, SOURCE));
}

void vdm_signal_arrive(struct vdm_card *card)
{
    uint32_t arrival;

    if (!card->boot.runs) {
        return;
    }
    arrival = look(card);
    if (arrival != card->arrival) {
        card->arrival = arrival;
        card->lock_ns = VDM_NEVER;
        card->raw_signal = SIGNAL(UNSTABLE);
        if (arrival == ARRIVAL_NONE) {
            card->raw_signal = SIGNAL(NONE);
        } else if (arrival != ARRIVAL_UNSTABLE) {
            card->lock_ns = card->now_ns + VDM_LOCK_NS;
        }
        vdm_timer_set(card, VDM_TIMER_SIGNAL, card->lock_ns);
    }
    vdm_signal_update(card);
}

/* The lock was gained, or a loss that a fault brought about is over. */
void vdm_signal_event(struct vdm_card *card)
{
    if (!card->boot.runs) {
        return;
    }
    vdm_signal_arrive(card);
    if (card->now_ns >= card->lock_ns) {
        card->lock_ns = VDM_NEVER;
        card->raw_signal = SIGNAL(LOCKED);
        vdm_signal_update(card);
    }
}

void vdm_signal_lose(struct vdm_card *card, uint64_t ms)
{
    card->loss_until_ns = card->now_ns + ms * 1000000u;
    vdm_timer_set(card, VDM_TIMER_LOSS, card->loss_until_ns);
    vdm_signal_arrive(card);
}

/* Firmware starts: what is there already counts as seen, not as a change. */
void vdm_signal_start(struct vdm_card *card)
{
    card->reg[VDM_ID_TIMING_SELECT] = default_timing(card);
    card->arrival = look(card);
    card->lock_ns = VDM_NEVER;
    card->raw_signal = card->arrival == ARRIVAL_NONE       ? SIGNAL(NONE)
                       : card->arrival == ARRIVAL_UNSTABLE ? SIGNAL(UNSTABLE)
                                                           : SIGNAL(LOCKED);
    card->signal = card->raw_signal;
    card->detected = card->signal == SIGNAL(LOCKED) ? card->arrival : DETECTED_NONE;
    card->mismatch =
        card->signal == SIGNAL(LOCKED) && card->detected != card->reg[VDM_ID_TIMING_SELECT];
    card->changes = 0;
}

void vdm_signal_select_input(struct vdm_card *card, uint32_t input)
{
    if (input >= card->tables.count[VDM_INPUT]) {
        return;
    }
    if (card->reg[VDM_ID_INPUT_SELECT] != input) {
        card->reg[VDM_ID_INPUT_SELECT] = input;
        card->arrival = ARRIVAL_UNKNOWN;
    }
    card->reg[VDM_ID_TIMING_SELECT] = default_timing(card);
    vdm_signal_arrive(card);
}

void vdm_signal_select_timing(struct vdm_card *card, uint32_t timing)
{
    uint32_t first = vdm_get16(selected(card) + VDM_M_INPUT_TIMING_FIRST);
    uint32_t count = vdm_get16(selected(card) + VDM_M_INPUT_TIMING_COUNT);

    if (timing >= first && timing < first + count) {
        card->reg[VDM_ID_TIMING_SELECT] = timing;
        vdm_signal_update(card);
    }
}

void vdm_set_signal(struct vdm_card *card, uint32_t input, int32_t timing)
{
    if (input < VDM_INPUTS_MAX) {
        card->source[input] = timing;
        if (!card->gone) {
            vdm_signal_arrive(card);
        }
    }
}
