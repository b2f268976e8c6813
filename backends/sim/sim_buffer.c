/* SPDX-License-Identifier: MIT */
/*
 * Buffers as the card sees them: a list of segments. A buffer is mapped only while the card has it,
 * so a write at any other moment is refused and counted.
 */
#include "sim_stream.h"

#include <stdlib.h>

#define BLOCK_SEGMENTS 64u /* in one block of a list, a link at its end included */
#define SEGMENTS_MOST  65536u

/* Segments and links for `pieces` pieces of memory. */
static uint32_t list_entries(uint32_t pieces)
{
    uint32_t entries = pieces;

    while (pieces > BLOCK_SEGMENTS) {
        pieces -= BLOCK_SEGMENTS - 1;
        entries++;
    }
    return entries;
}

static void fill_list(struct sim_buffer *own, const uint8_t *data, uint32_t bytes,
                      uint32_t piece_bytes, uint32_t pieces)
{
    uint32_t at = 0;
    uint32_t block = 0; /* where the present block begins */

    own->first_count = pieces < BLOCK_SEGMENTS ? pieces : BLOCK_SEGMENTS;
    while (pieces) {
        uint32_t length = bytes < piece_bytes ? bytes : piece_bytes;

        if (at - block == BLOCK_SEGMENTS - 1 && pieces > 1) {
            uint32_t next = pieces < BLOCK_SEGMENTS ? pieces : BLOCK_SEGMENTS;

            vdh_segment_put_link(
                own->segments, at,
                (uint64_t)(uintptr_t)(own->segments + (size_t)(at + 1) * VDH_S_SEGMENT), next);
            at++;
            block = at;
        }
        vdh_segment_put(own->segments, at++, (uint64_t)(uintptr_t)data, length);
        data += length;
        bytes -= length;
        pieces--;
    }
}

int sim_buffer_attach(struct vdi_buffer *buffer)
{
    struct sim_stream *st = sim_stream_of(buffer->stream);
    struct sim_card *card = st->card;
    struct sim_buffer *own = buffer->priv;
    uint32_t piece = card->options.segment_bytes;
    uint32_t pieces;

    if (buffer->index >= SIM_BUFFERS_MAX || !buffer->data ||
        buffer->capacity_bytes < st->frame_bytes)
        return vdi_error(
            VDC_E_INVALID,
            "sim:%u: buffer %u cannot take a frame: %zu bytes are there, %u are needed",
            card->options.card, (unsigned)buffer->index, buffer->capacity_bytes,
            (unsigned)st->frame_bytes);
    if (piece == 0 || piece > st->frame_bytes)
        piece = st->frame_bytes;
    pieces = (st->frame_bytes - 1u) / piece + 1u;
    if (pieces > SEGMENTS_MOST)
        return vdi_error(VDC_E_RANGE,
                         "sim:%u: segment_bytes=%u would cut a frame into %u segments; at most %u "
                         "can be",
                         card->options.card, (unsigned)piece, (unsigned)pieces, SEGMENTS_MOST);
    own->segments_bytes = (size_t)list_entries(pieces) * VDH_S_SEGMENT;
    own->memory = malloc(own->segments_bytes + VDH_S_SEGMENT);
    if (!own->memory)
        return vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for the segments of buffer %u",
                         card->options.card, (unsigned)buffer->index);
    own->segments = (uint8_t *)own->memory +
                    (VDH_S_SEGMENT - (uintptr_t)own->memory % VDH_S_SEGMENT) % VDH_S_SEGMENT;
    fill_list(own, buffer->data, st->frame_bytes, piece, pieces);
    sim_card_lock(card);
    st->buffers[buffer->index] = buffer;
    vdi_mutex_unlock(card->lock);
    return VDC_OK;
}

void sim_buffer_detach(struct vdi_buffer *buffer)
{
    struct sim_stream *st = sim_stream_of(buffer->stream);
    struct sim_buffer *own = buffer->priv;

    sim_card_lock(st->card);
    if (buffer->index < SIM_BUFFERS_MAX && st->buffers[buffer->index] == buffer)
        st->buffers[buffer->index] = NULL;
    for (uint32_t i = 0; i < st->pending_count; i++) {
        if (st->pending[i] == buffer) {
            st->pending_count--;
            for (uint32_t k = i; k < st->pending_count; k++)
                st->pending[k] = st->pending[k + 1];
            break;
        }
    }
    vdi_mutex_unlock(st->card->lock);
    free(own->memory);
    own->memory = NULL;
}

int sim_buffer_give(struct sim_stream *st, struct vdi_buffer *buffer)
{
    struct sim_buffer *own = buffer->priv;
    int result;

    sim_io_map(st->card, own->segments, own->segments_bytes, 1, 0);
    sim_io_map(st->card, buffer->data, st->frame_bytes, 0, 1);
    own->at_card = 1;
    st->at_card++;
    result = vdh_capture_queue(&st->capture, (uint64_t)(uintptr_t)own->segments, own->first_count,
                               st->frame_bytes, buffer->index);
    if (result)
        sim_buffer_take(st, buffer);
    return result;
}

void sim_buffer_take(struct sim_stream *st, struct vdi_buffer *buffer)
{
    struct sim_buffer *own = buffer->priv;

    if (!own->at_card)
        return;
    sim_io_unmap(st->card, own->segments);
    sim_io_unmap(st->card, buffer->data);
    own->at_card = 0;
    st->at_card--;
}
