/* SPDX-License-Identifier: MIT */
/*
 * The bulk endpoint. QEMU ends itself if answers come in another order than its requests did, and
 * asks for nothing at all (0 bytes) after it was cancelled: that takes no data.
 */
#include <string.h>

#include "redir_private.h"

#define BULK_IN      0x81u
#define SECOND_NS    UINT64_C(1000000000)
#define BUCKET_MS    5u          /* of data may go at once under a limit */
#define OUTPUT_MOST  (32u << 20) /* not taken by the peer yet: then no more is made */
#define PACKETS_STEP 32u         /* a limit is kept in steps of so many packets */

static uint32_t packet_bytes(const struct redir *redir)
{
    return redir->speed == VDM_USB_SUPER ? 1024 : 512;
}

void redir_bulk_answer(struct redir *redir, uint64_t id, uint8_t status, uint8_t *data,
                       uint32_t length)
{
    struct usb_redir_bulk_packet_header header = {.endpoint = BULK_IN,
                                                  .status = status,
                                                  .length = (uint16_t)(length & 0xffffu),
                                                  .length_high = (uint16_t)(length >> 16)};

    usbredirparser_send_bulk_packet(redir->parser, id, &header, length ? data : NULL, (int)length);
}

void redir_bulk_ask(struct redir *redir, uint64_t id, uint32_t length)
{
    struct redir_request *request;

    if (length > REDIR_REQUEST_MOST || redir->count == REDIR_PENDING_MOST) {
        redir->report.refused++;
        redir_bulk_answer(redir, id, usb_redir_inval, NULL, 0);
        return;
    }
    request = &redir->pending[(redir->first + redir->count) % REDIR_PENDING_MOST];
    request->id = id;
    request->length = length;
    request->cancelled = 0;
    redir->count++;
    redir->report.bulk_requests++;
}

int redir_bulk_cancel(struct redir *redir, uint64_t id)
{
    for (uint32_t n = 0; n < redir->count; n++) {
        struct redir_request *request = &redir->pending[(redir->first + n) % REDIR_PENDING_MOST];

        if (request->id == id && !request->cancelled) {
            request->cancelled = 1;
            return 1;
        }
    }
    return 0;
}

void redir_bulk_forget(struct redir *redir)
{
    redir->first = 0;
    redir->count = 0;
    redir->filled = 0;
}

static void end_first(struct redir *redir, uint8_t status)
{
    const struct redir_request *request = &redir->pending[redir->first];

    redir_bulk_answer(redir, request->id, status, redir->data, redir->filled);
    redir->report.bulk_bytes += redir->filled;
    redir->first = (redir->first + 1) % REDIR_PENDING_MOST;
    redir->count--;
    redir->filled = 0;
}

/* ---- The limit ---- */

static void fill_bucket(struct redir *redir)
{
    uint64_t now = vdm_now_ns(redir->model);
    uint64_t most = redir->limit * BUCKET_MS / 1000;
    uint64_t passed = now - redir->spent_at_ns < SECOND_NS ? now - redir->spent_at_ns : SECOND_NS;
    uint64_t tokens = passed * (redir->limit / 1000) / 1000000;

    if (most < (uint64_t)PACKETS_STEP * packet_bytes(redir))
        most = (uint64_t)PACKETS_STEP * packet_bytes(redir);
    if (redir->limit && tokens) {
        redir->tokens = redir->tokens + tokens < most ? redir->tokens + tokens : most;
        redir->spent_at_ns = now;
    }
}

uint64_t redir_due_ns(const struct redir *redir)
{
    uint64_t step = (uint64_t)PACKETS_STEP * packet_bytes(redir);

    if (!redir->limit || !redir->count || redir->tokens >= step)
        return UINT64_MAX;
    return vdm_now_ns(redir->model) + (step - redir->tokens) * 1000000 / (redir->limit / 1000) + 1;
}

void redir_set_limit(struct redir *redir, uint64_t bytes_per_s)
{
    redir->limit = bytes_per_s / 1000 * 1000;
    redir->tokens = 0;
    redir->spent_at_ns = vdm_now_ns(redir->model);
}

/* ---- Data ---- */

/* How much may be moved for the first request now: whole packets, at least one if any. */
static uint32_t room(const struct redir *redir, uint32_t left)
{
    uint32_t packet = packet_bytes(redir);
    uint32_t whole = left / packet * packet;

    if (!whole)
        whole = packet; /* what does not fit is babble */
    if (!redir->limit)
        return whole;
    if (redir->tokens < (uint64_t)PACKETS_STEP * packet && redir->tokens < whole)
        return 0;
    return redir->tokens < whole ? (uint32_t)(redir->tokens / packet * packet) : whole;
}

/* 1 if something changed. */
static int move_first(struct redir *redir)
{
    const struct redir_request *request = &redir->pending[redir->first];
    uint32_t left = request->length - redir->filled, most;
    int end = 0, got;

    if (request->cancelled) {
        redir->filled = 0;
        end_first(redir, usb_redir_cancelled);
        return 1;
    }
    if (!left) {
        end_first(redir, usb_redir_success);
        return 1;
    }
    most = room(redir, left);
    if (!most)
        return 0;
    /* The memory has a packet more than the longest request. */
    got = vdm_usb_bulk_in(redir->model, redir->data + redir->filled, most, &end);
    if (got == VDM_USB_NAK || got == VDM_USB_GONE)
        return 0;
    if (got < 0) {
        end_first(redir, usb_redir_stall);
        return 1;
    }
    redir->tokens -= redir->tokens < (uint32_t)got ? redir->tokens : (uint32_t)got;
    if ((uint32_t)got > left) {
        redir->filled += left;
        end_first(redir, usb_redir_babble);
        return 1;
    }
    redir->filled += (uint32_t)got;
    if (end || redir->filled == request->length)
        end_first(redir, usb_redir_success);
    return 1;
}

void redir_bulk_move(struct redir *redir)
{
    fill_bucket(redir);
    while (redir->count && redir->announced &&
           usbredirparser_get_bufferered_output_size(redir->parser) < OUTPUT_MOST) {
        if (!move_first(redir))
            return;
    }
}
