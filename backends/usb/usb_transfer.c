/* SPDX-License-Identifier: MIT */
/*
 * Asynchronous transfers into the application's buffers. Transfers of one endpoint end in the order
 * in which they were asked for, so the oldest buffer is always the one that is being received.
 */
#include "usb_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_BYTES  2048u /* twice USB_PAD_BYTES */
#define TRIES_MOST  16u   /* recoveries in a row */
#define FRAMES_SKIP 4u    /* so many frames' bytes without an end: there is none */

static void LIBUSB_CALL piece_done(struct libusb_transfer *transfer);

int usb_transfer_create(struct usb_stream *st)
{
    st->piece_count = 0;
    st->next_piece = 0;
    st->side_memory = malloc((size_t)st->plan.piece_count * SIDE_BYTES);
    if (!st->side_memory)
        return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for transfers", st->card->base.id);
    for (uint32_t i = 0; i < st->plan.piece_count; i++) {
        struct usb_piece *piece = &st->pieces[i];

        piece->st = st;
        piece->native = libusb_alloc_transfer(0);
        piece->side = st->side_memory + (size_t)i * SIDE_BYTES;
        piece->flies = 0;
        if (!piece->native)
            return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for transfers", st->card->base.id);
        st->piece_count++;
    }
    return VDC_OK;
}

void usb_transfer_destroy(struct usb_stream *st)
{
    for (uint32_t i = 0; i < st->piece_count; i++)
        libusb_free_transfer(st->pieces[i].native);
    st->piece_count = 0;
    free(st->side_memory);
    st->side_memory = NULL;
}

/* ---- Asking ---- */

static int submit(struct usb_stream *st, struct usb_piece *piece, uint8_t *data, uint32_t bytes)
{
    struct usb_card *card = st->card;
    int code;

    libusb_fill_bulk_transfer(piece->native, card->link.handle, USB_BULK_IN, data, (int)bytes,
                              piece_done, piece, 0);
    code = libusb_submit_transfer(piece->native);
    if (!code) {
        piece->flies = 1;
        st->flying++;
        st->flying_bytes += bytes;
        return 0;
    }
    if (code == LIBUSB_ERROR_NO_DEVICE) {
        usb_card_lost(card);
    } else if (code == LIBUSB_ERROR_NO_MEM && st->flying) {
        /* Others use the system's memory for transfers, too: go on with what there is. */
        st->plan.in_flight_bytes = (uint32_t)st->flying_bytes;
    } else {
        char why[160];

        (void)snprintf(why, sizeof(why),
                       "a transfer of %u bytes was refused (%s), with none in flight",
                       (unsigned)bytes, libusb_error_name(code));
        usb_outbox_doubt(&st->box, why);
        vdi_cond_signal_all(card->alarm);
    }
    return -1;
}

static int may_ask(const struct usb_stream *st)
{
    return st->running && !st->stopping && !st->box.failure && !st->halted && !st->card->link.lost;
}

void usb_transfer_pump(struct usb_stream *st)
{
    if (st->recovering || !may_ask(st))
        return;
    while (st->filled < st->queue_count) {
        struct usb_buffer *own = st->queue[(st->queue_first + st->filled) % USB_BUFFERS_MAX];
        struct usb_piece *piece = &st->pieces[st->next_piece];
        uint32_t bytes = usb_frame_piece(&own->shape, st->fill_offset);
        int last = bytes == 0;
        int beside = last && own->shape.beside;

        if (last)
            bytes = own->shape.last_bytes;
        if (piece->flies || (st->flying && st->flying_bytes + bytes > st->plan.in_flight_bytes))
            return;
        piece->own = own;
        piece->last = last;
        if (submit(st, piece, beside ? piece->side : own->buffer->data + st->fill_offset, bytes))
            return;
        st->next_piece = st->next_piece + 1 < st->piece_count ? st->next_piece + 1 : 0;
        if (last) {
            st->filled++;
            st->fill_offset = 0;
        } else {
            st->fill_offset += bytes;
        }
    }
}

/* Only while everything is asked for, and in step: then nothing is lost while the program is away and nobody handles events. */
void usb_transfer_lead(struct usb_stream *st)
{
    st->box.leads = st->plan.whole && may_ask(st) && !st->recovering && !st->box.polled &&
                    st->filled == st->queue_count;
    if (!st->box.leads)
        usb_pump_resume(&st->card->pump);
}

/* ---- Getting into step again ---- */

static void cancel_all(struct usb_stream *st)
{
    for (uint32_t i = 0; i < st->piece_count; i++) {
        if (st->pieces[i].flies)
            (void)libusb_cancel_transfer(st->pieces[i].native);
    }
}

/* One transfer at a time, since the one behind a frame's end would take the start of the next. */
static void skip(struct usb_stream *st)
{
    struct usb_piece *piece = &st->pieces[0];
    struct usb_buffer *own = st->queue_count ? st->queue[st->queue_first] : NULL;
    uint32_t bytes = own ? usb_frame_waste(&own->shape) : 0u;

    piece->own = NULL;
    piece->last = 0;
    (void)submit(st, piece, bytes ? own->buffer->data : piece->side, bytes ? bytes : SIDE_BYTES);
}

/* With nothing in flight: ask for frames again, or read on to the end of the one in progress. */
static void resume(struct usb_stream *st)
{
    st->filled = 0;
    st->fill_offset = 0;
    if (st->halted)
        vdi_cond_signal_all(st->card->alarm); /* The control thread clears it. */
    if (!may_ask(st))
        return;
    if (st->in_step) {
        st->recovering = 0;
        usb_transfer_pump(st);
        return;
    }
    if (st->skipped_bytes > (uint64_t)FRAMES_SKIP * (st->frame_bytes + SIDE_BYTES)) {
        usb_outbox_fail(&st->box, "frames have no end; stop and start again");
        return;
    }
    skip(st);
}

void usb_transfer_recover(struct usb_stream *st, uint32_t cause, int halted)
{
    st->halted |= halted;
    if (st->stopping || st->box.failure || st->card->link.lost)
        return;
    if (!st->recovering) {
        st->recovering = 1;
        st->cause = cause;
        st->skipped_bytes = 0;
        if (++st->tries > TRIES_MOST) {
            char why[160];

            (void)snprintf(why, sizeof(why),
                           "one frame after the other is broken on the bus, the last one by %s; "
                           "stop and start again, or use another port",
                           vdc_drop_name(cause));
            usb_outbox_fail(&st->box, why);
        }
    }
    cancel_all(st);
    if (!st->flying)
        resume(st);
    usb_transfer_lead(st);
}

void usb_transfer_cleared(struct usb_stream *st, int code)
{
    st->halted = 0;
    if (code == LIBUSB_ERROR_NO_DEVICE)
        usb_card_lost(st->card);
    else if (code)
        usb_outbox_doubt(&st->box, "the endpoint stays halted; stop and start again");
    else if (!st->flying)
        resume(st);
    usb_transfer_lead(st);
}

void usb_transfer_drain(struct usb_stream *st)
{
    cancel_all(st);
    while (st->flying)
        (void)vdi_cond_wait(st->card->cond, st->card->lock, INT64_MAX);
}

/* ---- What came ---- */

static void next_buffer(struct usb_stream *st)
{
    st->queue_first = (st->queue_first + 1) % USB_BUFFERS_MAX;
    st->queue_count--;
    st->filled -= st->filled ? 1u : 0u;
}

/* Its frame is lost, it is not: it waits for another one. */
static void to_the_end(struct usb_stream *st, struct usb_buffer *own)
{
    next_buffer(st);
    st->queue[(st->queue_first + st->queue_count++) % USB_BUFFERS_MAX] = own;
}

static void judge(struct usb_stream *st, struct usb_piece *piece, uint32_t asked, uint32_t got)
{
    struct usb_buffer *own = piece->own;
    struct vdh_completion record;
    uint32_t cause = VDC_DROP_LONG;
    enum usb_verdict verdict;

    if (piece->last)
        verdict = usb_frame_last(&record, &own->shape, piece->native->buffer, got,
                                 (uint32_t)st->next_sequence);
    else
        verdict = usb_frame_direct(asked, got);
    st->in_step = piece->last && verdict != USB_LONG;
    switch (verdict) {
    case USB_WHOLE:
        if (!piece->last)
            return;
        if (own->shape.tail_bytes)
            memcpy(own->buffer->data + own->shape.last_offset, piece->side, own->shape.tail_bytes);
        st->tries = 0;
        own->queued = 0;
        next_buffer(st);
        usb_delivery_frame(st, own, &record, own->shape.tail_bytes);
        return;
    case USB_REFUSED:
        st->trouble.refused++;
        st->broken[VDC_DROP_MALFORMED]++;
        to_the_end(st, own);
        return;
    case USB_SHORT:
        st->trouble.shorts++;
        st->broken[VDC_DROP_SHORT]++;
        st->in_step = 1;
        cause = VDC_DROP_SHORT;
        break;
    case USB_LONG:
        /* The one that it ran into is counted where its end is found. */
        st->trouble.longs++;
        st->broken[VDC_DROP_LONG]++;
        break;
    }
    usb_transfer_recover(st, cause, 0);
}

/* What comes while the wire is out of step only tells where it is. */
static void step(struct usb_stream *st, const struct libusb_transfer *transfer)
{
    uint32_t got = transfer->actual_length > 0 ? (uint32_t)transfer->actual_length : 0u;
    int full = got >= (uint32_t)transfer->length;

    st->skipped_bytes += got;
    if (transfer->status == LIBUSB_TRANSFER_COMPLETED && !full) {
        st->broken[st->cause]++;
        st->in_step = 1;
    } else if (got) {
        st->in_step = 0;
    }
}

static void LIBUSB_CALL piece_done(struct libusb_transfer *transfer)
{
    struct usb_piece *piece = transfer->user_data;
    struct usb_stream *st = piece->st;
    struct usb_card *card = st->card;
    uint32_t got = transfer->actual_length > 0 ? (uint32_t)transfer->actual_length : 0u;
    uint32_t cause = VDC_DROP_SLOTS;

    usb_card_lock(card);
    piece->flies = 0;
    st->flying--;
    st->flying_bytes -= (uint32_t)transfer->length;
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        if (st->recovering)
            step(st, transfer);
        else if (piece->own)
            judge(st, piece, (uint32_t)transfer->length, got);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        if (st->recovering)
            step(st, transfer);
        /* Nobody cancels but we; on some systems a reset of the bus does, and where in a frame it was nobody knows. */
        if (!st->recovering) {
            st->in_step = 0;
            usb_transfer_recover(st, VDC_DROP_BUS, 0);
        }
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        card->link.lost = 1;
        if (!card->moving)
            usb_card_lost(card);
        break;
    case LIBUSB_TRANSFER_STALL:
        /* The rest of the frame is gone; behind the halt a new one begins. */
        if (!st->halted) {
            st->trouble.stalls++;
            st->broken[VDC_DROP_STALL]++;
        }
        st->in_step = 1;
        cause = VDC_DROP_STALL;
        break;
    case LIBUSB_TRANSFER_OVERFLOW:
        st->trouble.overruns++;
        st->broken[VDC_DROP_OVERRUN]++;
        st->in_step = 0;
        cause = VDC_DROP_OVERRUN;
        break;
    default:
        st->trouble.errors++;
        st->in_step = 0;
        cause = VDC_DROP_BUS;
        break;
    }
    if (cause < VDC_DROP_SLOTS)
        usb_transfer_recover(st, cause, 1);
    if (st->recovering && !st->flying)
        resume(st);
    usb_transfer_more(st);
    if (transfer->status != LIBUSB_TRANSFER_COMPLETED)
        usb_transfer_lead(st);
    /* Those who wait for the last one, at a stop. */
    if (!st->flying && (st->stopping || !st->running))
        vdi_cond_signal_all(card->cond);
    usb_card_unlock(card);
}
