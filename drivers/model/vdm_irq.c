/* SPDX-License-Identifier: MIT */
/*
 * Interrupt status, mask and messages. A message says only that there is something to read; the
 * rule that a write which leaves an unmasked bit set sends another one is why none is ever lost.
 */
#include "vdm_private.h"

static void message(struct vdm_card *card)
{
    if (card->config.body == VDM_BODY_USB) {
        card->usb.event_held = 0; /* the endpoint is polled, see vdm_usb_interrupt_in */
        return;
    }
    card->ledger.interrupts++;
    if (card->host.interrupt != NULL) {
        card->host.interrupt(card->config.context);
    }
}

void vdm_irq_raise(struct vdm_card *card, uint32_t bits)
{
    uint32_t fresh = bits & ~card->int_status;

    card->int_status |= bits;
    if ((fresh & card->int_mask) != 0) {
        message(card);
    }
}

void vdm_irq_acknowledge(struct vdm_card *card, uint32_t bits)
{
    card->int_status &= ~bits;
    if ((card->int_status & card->int_mask) != 0) {
        message(card);
    }
}

void vdm_irq_unmask(struct vdm_card *card, uint32_t mask)
{
    uint32_t uncovered = card->int_status & mask & ~card->int_mask;

    card->int_mask = mask;
    if (uncovered != 0) {
        message(card);
    }
}

int vdm_interrupt_line(const struct vdm_card *card)
{
    return !card->gone && (card->int_status & card->int_mask) != 0;
}

/* A completion was written: its event, unless a fault takes or delays the message. */
void vdm_irq_frame(struct vdm_card *card)
{
    uint32_t bit = VDM_MASK(INT_STATUS, FRAME);
    uint32_t faults = card->capture.frame.faults;
    int told = (card->int_mask & bit) != 0 && (card->int_status & bit) == 0;

    if (told && (faults & vdm_fault_bit(VDM_FAULT_IRQ_LOST)) != 0) {
        card->ledger.injected[VDM_FAULT_IRQ_LOST]++;
    } else if (told && (faults & vdm_fault_bit(VDM_FAULT_IRQ_LATE)) != 0 &&
               card->late_count < VDM_LATE_MAX) {
        card->ledger.injected[VDM_FAULT_IRQ_LATE]++;
        card->late_ns[card->late_count++] = card->now_ns + (uint64_t)card->capture.late_us * 1000u;
        vdm_timer_set(card, VDM_TIMER_LATE, card->late_ns[0]);
    } else {
        vdm_irq_raise(card, bit);
        return;
    }
    card->int_status |= bit;
    card->usb.event_held = 1;
}

void vdm_irq_late_event(struct vdm_card *card)
{
    card->late_count--;
    memmove(card->late_ns, card->late_ns + 1, card->late_count * sizeof card->late_ns[0]);
    if (card->late_count != 0) {
        vdm_timer_set(card, VDM_TIMER_LATE, card->late_ns[0]);
    }
    message(card);
}

void vdm_irq_storm(struct vdm_card *card, uint64_t messages)
{
    if (card->config.body == VDM_BODY_USB) {
        card->usb.empty_events += (uint32_t)messages;
        return;
    }
    for (uint64_t n = 0; n < messages; n++) {
        message(card);
    }
}
