/* SPDX-License-Identifier: MIT */
/*
 * Bus master: rings, descriptors, and the walk along a frame's segments. What the host hands out is
 * only good until the next call into it, so nothing is kept from one access to the next.
 */
#include "vdm_private.h"

#include <stdatomic.h>

#define VALID_KEY 0x2bd1c0deu
#define BUS_PAGE  4096u
#define NOWHERE   0xdeadbeef5a5a5000u /* an address that no host gives out */

static uint64_t reg64(const struct vdm_card *card, uint32_t low, uint32_t high)
{
    return (uint64_t)card->reg[high] << 32 | card->reg[low];
}

static uint64_t descriptor_ring(const struct vdm_card *card)
{
    return reg64(card, VDM_ID_DESC_BASE_LO, VDM_ID_DESC_BASE_HI);
}

static uint64_t completion_ring(const struct vdm_card *card)
{
    return reg64(card, VDM_ID_COMPLETION_BASE_LO, VDM_ID_COMPLETION_BASE_HI);
}

static int count_sound(uint32_t count)
{
    return count >= 2 && count <= 4096 && (count & (count - 1u)) == 0;
}

int vdm_dma_rings_sound(const struct vdm_card *card)
{
    return descriptor_ring(card) % 64u == 0 && completion_ring(card) % 64u == 0 &&
           count_sound(card->reg[VDM_ID_DESC_COUNT]) &&
           count_sound(card->reg[VDM_ID_COMPLETION_COUNT]);
}

int vdm_dma_descriptor_waits(const struct vdm_card *card)
{
    return card->capture.rung != card->capture.consumed;
}

int vdm_dma_completion_room(const struct vdm_card *card)
{
    uint32_t waiting = (card->capture.written - card->capture.taken) & 0xffffu;

    return waiting < card->reg[VDM_ID_COMPLETION_COUNT];
}

/* ---- Accesses -------------------------------------------------------------------------------- */

/* Up to *length bytes at `address`: a host may be able to give no more than a page at once. */
static void *map(struct vdm_card *card, uint64_t address, uint32_t *length, int write)
{
    uint32_t in_page = BUS_PAGE - (uint32_t)(address % BUS_PAGE);
    void *at;

    if (card->host.dma == NULL) {
        return NULL;
    }
    at = card->host.dma(card->config.context, address, *length, write);
    if (at == NULL && in_page < *length) {
        *length = in_page;
        at = card->host.dma(card->config.context, address, in_page, write);
    }
    return at;
}

static void refused(struct vdm_card *card, uint64_t address)
{
    card->reg[VDM_ID_ERROR_ADDRESS_LO] = (uint32_t)address;
    card->reg[VDM_ID_ERROR_ADDRESS_HI] = (uint32_t)(address >> 32);
}

static int read_host(struct vdm_card *card, uint64_t address, uint8_t *out, uint32_t count)
{
    while (count > 0) {
        uint32_t run = count;
        const void *from = map(card, address, &run, 0);

        if (from == NULL) {
            refused(card, address);
            return -1;
        }
        memcpy(out, from, run);
        card->ledger.dma_bytes += run;
        address += run;
        out += run;
        count -= run;
    }
    return 0;
}

/* ---- Descriptors and segments ---------------------------------------------------------------- */

static void malformed(struct vdm_card *card)
{
    card->capture.frame.cause = VDM_CAUSE_DMA;
    card->capture.frame.flags |= VDM_X_COMPLETION_FLAGS_BAD_DESCRIPTOR;
    vdm_capture_error(card, VDM_MASK(ERROR_STATUS, DESCRIPTOR));
}

static void aborted(struct vdm_card *card)
{
    card->capture.frame.cause = VDM_CAUSE_DMA;
    card->capture.frame.flags |= VDM_X_COMPLETION_FLAGS_DMA_ERROR;
    vdm_capture_error(card, VDM_MASK(ERROR_STATUS, DMA));
}

/* 1 if a block of segments may stand there. */
static int block_begin(struct vdm_walk *walk, uint64_t address, uint32_t count)
{
    walk->list = address;
    walk->list_left = count;
    walk->fetched = 0;
    walk->next = 0;
    return address % 16u == 0 && count != 0;
}

static int walk_begin(struct vdm_walk *walk, uint64_t list, uint32_t count)
{
    walk->position = 0;
    walk->left = 0;
    walk->seen = 0;
    return block_begin(walk, list, count);
}

/* Fetches the oldest descriptor. -1 if the ring cannot be read. */
int vdm_dma_take(struct vdm_card *card)
{
    struct vdm_capture *capture = &card->capture;
    uint32_t place = capture->consumed & (card->reg[VDM_ID_DESC_COUNT] - 1u);
    uint8_t descriptor[VDM_BYTES_DESCRIPTOR];
    uint64_t list;
    uint32_t count;
    int sound;

    if (read_host(card, descriptor_ring(card) + (uint64_t)place * sizeof descriptor, descriptor,
                  sizeof descriptor) != 0) {
        return -1;
    }
    capture->frame.tag = vdm_get32(descriptor + VDM_M_DESCRIPTOR_TAG);
    list = vdm_get64(descriptor + VDM_M_DESCRIPTOR_SEGMENTS_ADDRESS);
    count = vdm_get32(descriptor + VDM_M_DESCRIPTOR_SEGMENTS_COUNT);
    sound = walk_begin(&capture->walk, list, count) && walk_begin(&capture->walk_uv, list, count);
    for (uint32_t n = VDM_M_DESCRIPTOR_RESERVED; n < sizeof descriptor; n++) {
        sound = sound && descriptor[n] == 0;
    }
    if (!sound || vdm_get32(descriptor + VDM_M_DESCRIPTOR_CAPACITY) < card->frame_bytes) {
        malformed(card);
    }
    return 0;
}

/* Makes walk->left at least 1, or gives the frame up. */
static void next_segment(struct vdm_card *card, struct vdm_walk *walk)
{
    while (walk->left == 0) {
        const uint8_t *segment;
        uint64_t address;
        uint32_t length;
        uint32_t flags;

        if (walk->list_left == 0 || ++walk->seen > VDM_SEGMENTS_MAX) {
            malformed(card);
            return;
        }
        if (walk->next == walk->fetched) {
            walk->next = 0;
            walk->fetched =
                walk->list_left < VDM_SEGMENTS_FETCH ? walk->list_left : VDM_SEGMENTS_FETCH;
            if (read_host(card, walk->list, walk->segments, walk->fetched * VDM_BYTES_SEGMENT) !=
                0) {
                aborted(card);
                return;
            }
            walk->list += (uint64_t)walk->fetched * VDM_BYTES_SEGMENT;
        }
        segment = walk->segments + (size_t)walk->next * VDM_BYTES_SEGMENT;
        address = vdm_get64(segment + VDM_M_SEGMENT_ADDRESS);
        length = vdm_get32(segment + VDM_M_SEGMENT_LENGTH);
        flags = vdm_get32(segment + VDM_M_SEGMENT_FLAGS);
        walk->next++;
        walk->list_left--;
        if (flags == 0 && length != 0) {
            walk->address = address;
            walk->left = length;
        } else if (flags != VDM_X_SEGMENT_FLAGS_LINK || walk->list_left != 0 ||
                   !block_begin(walk, address, length)) {
            malformed(card);
            return;
        }
    }
}

static void step(struct vdm_walk *walk, uint32_t run)
{
    walk->position += run;
    walk->address += run;
    walk->left -= run;
}

/* The fault: an address that was never given to the card. The access is really made, so that the
 * host's own checks are exercised; should the host let it pass, nothing is written all the same. */
static void go_nowhere(struct vdm_card *card)
{
    if (card->host.dma != NULL) {
        card->host.dma(card->config.context, NOWHERE, BUS_PAGE, 1);
    }
    card->ledger.injected[VDM_FAULT_DMA_NOWHERE]++;
    refused(card, NOWHERE);
    aborted(card);
}

/* Writes the frame's bytes from where the walk stands up to `until`. */
static void fill(struct vdm_card *card, struct vdm_walk *walk, uint32_t until)
{
    struct vdm_frame *frame = &card->capture.frame;
    int breaks = (frame->faults & vdm_fault_bit(VDM_FAULT_DMA_ERROR)) != 0;

    while (frame->cause == VDM_CAUSE_GOOD && walk->position < until) {
        uint32_t run = until - walk->position;
        uint8_t *to;

        next_segment(card, walk);
        if (frame->cause != VDM_CAUSE_GOOD) {
            return;
        }
        run = run < walk->left ? run : walk->left;
        if (breaks && frame->bytes >= card->frame_bytes / 2u) {
            card->ledger.injected[VDM_FAULT_DMA_ERROR]++;
            refused(card, walk->address);
            aborted(card);
            return;
        }
        if (breaks && run > card->frame_bytes / 2u - frame->bytes) {
            run = card->frame_bytes / 2u - frame->bytes;
        }
        to = map(card, walk->address, &run, 1);
        if (to == NULL) {
            refused(card, walk->address);
            aborted(card);
            return;
        }
        vdm_picture_read(card, frame, walk->position, to, run);
        card->ledger.dma_bytes += run;
        frame->bytes += run;
        step(walk, run);
    }
}

/* Goes on to byte `until` without writing. */
static void skip(struct vdm_card *card, struct vdm_walk *walk, uint32_t until)
{
    while (card->capture.frame.cause == VDM_CAUSE_GOOD && walk->position < until) {
        uint32_t run = until - walk->position;

        next_segment(card, walk);
        step(walk, run < walk->left ? run : walk->left);
    }
}

/* Has the first `lines` lines of the picture in memory, with the U V pairs that belong to them:
 * those of a second plane lie elsewhere, so a second walk goes there. */
void vdm_dma_fill(struct vdm_card *card, uint32_t lines)
{
    struct vdm_capture *capture = &card->capture;
    const struct vdm_window *window = &card->window;
    uint32_t first_plane = window->height * window->stride;

    if (capture->frame.cause == VDM_CAUSE_GOOD &&
        (capture->frame.faults & vdm_fault_bit(VDM_FAULT_DMA_NOWHERE)) != 0) {
        go_nowhere(card);
    }
    if (window->format != VDM_NV12) {
        fill(card, &capture->walk, lines * window->stride);
    } else if (lines == window->height && capture->walk.position == 0) {
        fill(card, &capture->walk, card->frame_bytes); /* all at once needs no second walk */
    } else {
        fill(card, &capture->walk, lines * window->stride);
        skip(card, &capture->walk_uv, first_plane);
        fill(card, &capture->walk_uv, first_plane + (lines + 1u) / 2u * window->stride);
    }
}

/* ---- Completions ----------------------------------------------------------------------------- */

/* One store where memory allows it, after everything before it. */
static void store_valid(uint8_t *to, uint32_t valid)
{
    uint8_t bytes[4];

    vdm_put32(bytes, valid);
    atomic_thread_fence(memory_order_release);
    if ((uintptr_t)to % sizeof valid == 0) {
        memcpy(&valid, bytes, sizeof valid);
        *(volatile uint32_t *)(void *)to = valid;
    } else {
        memcpy(to, bytes, sizeof bytes);
    }
}

uint32_t vdm_dma_valid(uint32_t sequence, uint32_t pass)
{
    return (sequence ^ VALID_KEY) << 1 | pass;
}

/* Writes a completion but for VALID, which is added here. -1 if the ring cannot be written. */
int vdm_dma_complete(struct vdm_card *card, const uint8_t record[VDM_BYTES_COMPLETION])
{
    struct vdm_capture *capture = &card->capture;
    uint32_t count = card->reg[VDM_ID_COMPLETION_COUNT];
    uint32_t pass = (capture->written & count) == 0 ? 1 : 0;
    uint64_t address =
        completion_ring(card) + (uint64_t)(capture->written & (count - 1u)) * VDM_BYTES_COMPLETION;
    uint32_t valid = vdm_dma_valid(capture->frame.sequence, pass);
    uint32_t run = VDM_BYTES_COMPLETION;
    uint8_t *to;

    if ((capture->frame.faults & vdm_fault_bit(VDM_FAULT_RING_ERROR)) != 0) {
        card->ledger.injected[VDM_FAULT_RING_ERROR]++;
        refused(card, address);
        return -1;
    }
    to = map(card, address, &run, 1); /* 64 bytes at a multiple of 64: never cut */
    if (to == NULL) {
        refused(card, address);
        return -1;
    }
    memcpy(to, record, VDM_M_COMPLETION_VALID);
    if ((capture->frame.faults & vdm_fault_bit(VDM_FAULT_TORN_COMPLETION)) != 0) {
        card->ledger.injected[VDM_FAULT_TORN_COMPLETION]++;
        store_valid(to + VDM_M_COMPLETION_VALID, vdm_dma_valid(~capture->frame.sequence, pass));
        capture->torn_address = address + VDM_M_COMPLETION_VALID;
        capture->torn_valid = valid;
        vdm_timer_set(card, VDM_TIMER_TORN, card->now_ns + VDM_TORN_NS);
    } else {
        store_valid(to + VDM_M_COMPLETION_VALID, valid);
    }
    card->ledger.dma_bytes += VDM_BYTES_COMPLETION;
    capture->written = (capture->written + 1u) & 0xffffu;
    capture->consumed = (capture->consumed + 1u) & 0xffffu;
    return 0;
}

void vdm_dma_torn_event(struct vdm_card *card)
{
    uint32_t run = 4;
    uint8_t *to = map(card, card->capture.torn_address, &run, 1);

    if (to != NULL) {
        store_valid(to, card->capture.torn_valid);
    }
}
