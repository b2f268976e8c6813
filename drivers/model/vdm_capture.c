/* SPDX-License-Identifier: MIT */
/*
 * The capture engine: the frame clock, what becomes of each period, and the accounts of it. A frame
 * is judged once, at 15/16 of its period; until then everything about it may still change.
 */
#include "vdm_private.h"

#define STATE(name) VDM_V_CAPTURE_STATUS_STATE_##name
#define ERROR(name) VDM_MASK(ERROR_STATUS, name)

int vdm_capture_idle(const struct vdm_card *card)
{
    return card->capture.state == STATE(IDLE);
}

void vdm_capture_error(struct vdm_card *card, uint32_t bits)
{
    card->reg[VDM_ID_ERROR_STATUS] |= bits;
    vdm_irq_raise(card, VDM_MASK(INT_STATUS, ERROR));
}

static void at_ticks(struct vdm_card *card, enum vdm_phase phase, uint64_t ticks)
{
    card->capture.phase = phase;
    vdm_timer_set(card, VDM_TIMER_CAPTURE, vdm_ticks_to_ns(card, ticks));
}

static int on_usb(const struct vdm_card *card)
{
    return card->config.body == VDM_BODY_USB;
}

/* ---- A period -------------------------------------------------------------------------------- */

static void halt(struct vdm_card *card)
{
    card->capture.state = STATE(HALTED);
    card->capture.frame.cause = VDM_CAUSE_DMA;
    card->capture.frame.taken = 0;
    vdm_capture_error(card, ERROR(RING));
}

static void lose(struct vdm_card *card, enum vdm_cause cause, uint32_t error)
{
    card->capture.frame.cause = cause;
    if (error != 0) {
        vdm_capture_error(card, error);
    }
}

/* What the card decides at the start of a period. */
static void decide(struct vdm_card *card)
{
    struct vdm_frame *frame = &card->capture.frame;

    if (card->capture.state == STATE(HALTED)) {
        lose(card, VDM_CAUSE_DMA, 0);
    } else if (!vdm_signal_ok(card)) {
        lose(card, VDM_CAUSE_NO_SIGNAL, 0);
    } else if (!on_usb(card) && !vdm_dma_descriptor_waits(card)) {
        lose(card, VDM_CAUSE_NO_BUFFER, 0);
    } else if (!on_usb(card) && !vdm_dma_completion_room(card)) {
        lose(card, VDM_CAUSE_NO_BUFFER, ERROR(COMPLETION_FULL));
    } else if ((frame->faults & vdm_fault_bit(VDM_FAULT_FIFO_OVERFLOW)) != 0) {
        card->ledger.injected[VDM_FAULT_FIFO_OVERFLOW]++;
        lose(card, VDM_CAUSE_FIFO, ERROR(FIFO));
    } else if (on_usb(card)) {
        frame->taken = vdm_usb_slot_take(card);
        if (!frame->taken) {
            lose(card, VDM_CAUSE_FIFO, ERROR(FIFO));
        }
    } else if (vdm_dma_take(card) != 0) {
        halt(card);
    } else {
        frame->taken = 1;
    }
}

/* 15/16 of the period, or the part of it in which `lines` of the frame's lines arrive. */
static uint64_t arrival_ticks(const struct vdm_card *card, uint32_t lines)
{
    return card->capture.frame.start_ticks +
           card->capture.length_ticks * 15u / 16u * lines / card->window.height;
}

static void plan(struct vdm_card *card)
{
    const struct vdm_capture *capture = &card->capture;
    uint32_t watermark = card->reg[VDM_ID_WATERMARK];
    uint32_t height = card->window.height;

    if (watermark != 0 && watermark <= height - capture->lines && capture->frame.taken &&
        capture->frame.cause == VDM_CAUSE_GOOD && !on_usb(card)) {
        at_ticks(card, VDM_PHASE_LINES, arrival_ticks(card, capture->lines + watermark));
    } else {
        at_ticks(card, VDM_PHASE_END, arrival_ticks(card, height));
    }
}

/* Faults of this frame that are about the end of the capture, or need a number of their own. */
static void plan_stop(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    uint32_t faults = capture->frame.faults;

    if ((faults & vdm_fault_bit(VDM_FAULT_STOP_SLOW)) != 0) {
        capture->stop_ns = vdm_fault_key(card, VDM_FAULT_STOP_SLOW, VDM_KEY_MS) * 1000000u;
    }
    if ((faults & vdm_fault_bit(VDM_FAULT_STOP_NEVER)) != 0) {
        capture->stop_ns = VDM_NEVER;
    }
    if ((faults & vdm_fault_bit(VDM_FAULT_IRQ_LATE)) != 0) {
        capture->late_us = (uint32_t)vdm_fault_key(card, VDM_FAULT_IRQ_LATE, VDM_KEY_US);
    }
}

static void begin_period(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    struct vdm_frame *frame = &capture->frame;

    frame->sequence = capture->next_sequence++;
    frame->start_ticks = capture->period_ticks;
    frame->start_ns = vdm_ticks_to_ns(card, frame->start_ticks);
    frame->cause = VDM_CAUSE_GOOD;
    frame->taken = 0;
    frame->tag = 0;
    frame->flags = 0;
    frame->faults = 0;
    frame->bytes = 0;
    capture->lines = 0;
    capture->progress = 0;
    if (card->faults.watched != 0) {
        frame->faults = vdm_fault_trigger(card, VDM_AT_FRAME, frame->sequence);
        if (card->gone || card->cut) {
            return;
        }
        plan_stop(card);
    }
    vdm_control_period(card, frame->sequence);
    frame->ticks = frame->start_ticks + (uint64_t)card->jump_ticks;
    frame->grade = card->grade;
    frame->pattern = card->reg[VDM_ID_PATTERN] != 0;
    decide(card);
    plan(card);
}

static void lines_arrive(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    uint32_t lines = capture->lines + card->reg[VDM_ID_WATERMARK];

    vdm_dma_fill(card, lines);
    capture->lines = lines;
    if (capture->frame.cause == VDM_CAUSE_GOOD) {
        capture->progress = lines;
        vdm_irq_raise(card, VDM_MASK(INT_STATUS, WATERMARK));
    }
    plan(card);
}

/* ---- Its end --------------------------------------------------------------------------------- */

static void make_record(const struct vdm_card *card, uint8_t record[VDM_BYTES_COMPLETION])
{
    const struct vdm_capture *capture = &card->capture;
    const struct vdm_frame *frame = &capture->frame;
    uint32_t flags = frame->flags;

    flags |= frame->pattern ? VDM_X_COMPLETION_FLAGS_PATTERN : 0u;
    flags |= capture->source_changed ? VDM_X_COMPLETION_FLAGS_SOURCE_CHANGED : 0u;
    memset(record, 0, VDM_BYTES_COMPLETION);
    vdm_put32(record + VDM_M_COMPLETION_SEQUENCE, frame->sequence);
    vdm_put32(record + VDM_M_COMPLETION_TAG, frame->tag);
    vdm_put64(record + VDM_M_COMPLETION_TICKS, frame->ticks);
    vdm_put64(record + VDM_M_COMPLETION_END_TICKS, vdm_ticks(card) + (uint64_t)card->jump_ticks);
    vdm_put32(record + VDM_M_COMPLETION_BYTES, frame->bytes);
    vdm_put32(record + VDM_M_COMPLETION_FLAGS, flags);
    vdm_put32(record + VDM_M_COMPLETION_DROPPED_FIFO, capture->since[VDM_CAUSE_FIFO]);
    vdm_put32(record + VDM_M_COMPLETION_DROPPED_NO_BUFFER, capture->since[VDM_CAUSE_NO_BUFFER]);
    vdm_put32(record + VDM_M_COMPLETION_DROPPED_NO_SIGNAL, capture->since[VDM_CAUSE_NO_SIGNAL]);
    vdm_put32(record + VDM_M_COMPLETION_DROPPED_DMA, capture->since[VDM_CAUSE_DMA]);
}

/* The frame's completion, by ring or by trailing packet. 1 if it could be given. */
static int complete(struct vdm_card *card)
{
    struct vdm_frame *frame = &card->capture.frame;
    uint8_t record[VDM_BYTES_COMPLETION];

    if (on_usb(card)) {
        frame->bytes = card->frame_bytes;
        make_record(card, record);
        vdm_put32(record + VDM_M_COMPLETION_VALID, vdm_dma_valid(frame->sequence, 1));
        vdm_usb_slot_fill(card, record);
    } else {
        make_record(card, record);
        if (vdm_dma_complete(card, record) != 0) {
            halt(card);
            return 0;
        }
    }
    memset(card->capture.since, 0, sizeof card->capture.since);
    card->capture.source_changed = 0;
    return 1;
}

static void account(struct vdm_card *card)
{
    struct vdm_ledger *ledger = &card->ledger;
    const struct vdm_frame *frame = &card->capture.frame;
    struct vdm_ledger_frame *entry = &ledger->frames[ledger->frame_count % VDM_LEDGER_FRAMES];

    card->capture.produced++;
    card->capture.by_cause[frame->cause]++;
    ledger->produced++;
    ledger->by_cause[frame->cause]++;
    ledger->capture.produced++;
    ledger->capture.by_cause[frame->cause]++;
    entry->sequence = frame->sequence;
    entry->cause = frame->cause;
    entry->start_ns = frame->start_ns;
    entry->end_ns = card->now_ns;
    entry->source_frame = frame->sequence;
    entry->tag = frame->tag;
    ledger->frame_count++;
}

static void end_period(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    struct vdm_frame *frame = &capture->frame;
    int completed = 0;

    if (frame->taken && !on_usb(card)) {
        vdm_dma_fill(card, card->window.height);
    }
    if (frame->taken && frame->cause == VDM_CAUSE_GOOD) {
        capture->progress = card->window.height;
    }
    if (frame->taken && (frame->cause == VDM_CAUSE_GOOD || frame->cause == VDM_CAUSE_DMA)) {
        completed = complete(card);
    } else if (frame->taken && on_usb(card)) {
        vdm_usb_slot_drop(card);
    }
    if (!completed) {
        capture->since[frame->cause]++;
    }
    account(card);
    frame->taken = 0;
    capture->period_ticks += capture->length_ticks;
    capture->carry += capture->rest;
    if (capture->carry >= capture->interval_den) {
        capture->carry -= capture->interval_den;
        capture->period_ticks++;
    }
    at_ticks(card, VDM_PHASE_START, capture->period_ticks);
    if (completed) {
        vdm_irq_frame(card);
    }
}

/* ---- Start and stop -------------------------------------------------------------------------- */

static void start(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    uint64_t ticks = (uint64_t)card->reg[VDM_ID_INTERVAL_NUM] * VDM_RESET_TIME_HZ;

    if (card->config_status != 0 || (!on_usb(card) && !vdm_dma_rings_sound(card))) {
        vdm_capture_error(card, ERROR(CONFIG));
        return;
    }
    capture->state = STATE(RUNNING);
    capture->enable = 1;
    capture->next_sequence = 0;
    capture->produced = 0;
    memset(capture->by_cause, 0, sizeof capture->by_cause);
    memset(capture->since, 0, sizeof capture->since);
    capture->source_changed = 0;
    capture->stop_ns = 0;
    capture->interval_den = card->reg[VDM_ID_INTERVAL_DEN];
    capture->length_ticks = ticks / capture->interval_den;
    capture->rest = (uint32_t)(ticks % capture->interval_den);
    capture->carry = 0;
    capture->period_ticks = vdm_ticks(card);
    card->ledger.captures++;
    memset(&card->ledger.capture, 0, sizeof card->ledger.capture);
    at_ticks(card, VDM_PHASE_START, capture->period_ticks);
}

static void stop(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    uint64_t wait_ns = VDM_STOP_NS;

    capture->enable = 0;
    capture->state = STATE(STOPPING);
    capture->frame.taken = 0;
    vdm_usb_discard(card);
    if (capture->stop_ns != 0) {
        wait_ns = capture->stop_ns;
        card->ledger.injected[wait_ns == VDM_NEVER ? VDM_FAULT_STOP_NEVER : VDM_FAULT_STOP_SLOW]++;
    }
    capture->phase = VDM_PHASE_STOP;
    vdm_timer_set(card, VDM_TIMER_CAPTURE,
                  wait_ns == VDM_NEVER ? VDM_NEVER : card->now_ns + wait_ns);
}

static void stopped(struct vdm_card *card)
{
    card->capture.state = STATE(IDLE);
    card->capture.consumed = card->capture.rung; /* what was not used is forgotten */
    vdm_irq_raise(card, VDM_MASK(INT_STATUS, STOPPED));
}

void vdm_capture_control(struct vdm_card *card, uint32_t value)
{
    struct vdm_capture *capture = &card->capture;

    if (VDM_GET(value, CAPTURE_CONTROL, ENABLE) != 0) {
        if (capture->state == STATE(IDLE)) {
            start(card);
        }
    } else if (capture->state == STATE(RUNNING)) {
        stop(card);
    } else if (capture->state == STATE(HALTED)) {
        capture->enable = 0;
        vdm_timer_set(card, VDM_TIMER_CAPTURE, VDM_NEVER);
    }
}

/* The counters stay: a driver that had to use force still wants its account. */
void vdm_capture_reset(struct vdm_card *card)
{
    static const uint8_t settings[] = {
        VDM_ID_WATERMARK,        VDM_ID_DESC_BASE_LO,       VDM_ID_DESC_BASE_HI,
        VDM_ID_DESC_COUNT,       VDM_ID_COMPLETION_BASE_LO, VDM_ID_COMPLETION_BASE_HI,
        VDM_ID_COMPLETION_COUNT,
    };
    struct vdm_capture *capture = &card->capture;

    vdm_timer_set(card, VDM_TIMER_CAPTURE, VDM_NEVER);
    vdm_timer_set(card, VDM_TIMER_TORN, VDM_NEVER);
    vdm_usb_discard(card);
    for (uint32_t n = 0; n < sizeof settings; n++) {
        card->reg[settings[n]] = vdm_reg_table[settings[n]].reset;
    }
    capture->state = STATE(IDLE);
    capture->enable = 0;
    capture->frame.taken = 0;
    capture->frame.tag = 0;
    capture->progress = 0;
    capture->stop_ns = 0;
    capture->rung = 0;
    capture->consumed = 0;
    capture->written = 0;
    capture->taken = 0;
}

void vdm_capture_event(struct vdm_card *card)
{
    switch (card->capture.phase) {
    case VDM_PHASE_START:
        begin_period(card);
        break;
    case VDM_PHASE_LINES:
        lines_arrive(card);
        break;
    case VDM_PHASE_END:
        end_period(card);
        break;
    case VDM_PHASE_STOP:
        stopped(card);
        break;
    }
}
