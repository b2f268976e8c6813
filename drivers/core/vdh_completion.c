/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What lies in shared memory: segments and completions. A completion is believed only if its VALID
 * word, its place in the ring, its sequence arithmetic and the descriptor it answers all agree.
 */
#include "vdh_capture.h"
#include "vdh_access.h"

#define VALID_KEY 0x2bd1c0deu
#define COMPLETION_FLAGS                                                        \
    (VDH_B_COMPLETION_FLAGS_DMA_ERROR | VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR | \
     VDH_B_COMPLETION_FLAGS_SOURCE_CHANGED | VDH_B_COMPLETION_FLAGS_PATTERN |   \
     VDH_B_COMPLETION_FLAGS_BOTTOM_FIRST)
#define COMPLETION_FAILED (VDH_B_COMPLETION_FLAGS_DMA_ERROR | VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR)

void vdh_segment_put(uint8_t *segments, uint32_t index, uint64_t address, uint32_t length)
{
    uint8_t *at = segments + (size_t)index * VDH_S_SEGMENT;

    vdh_put_u64(at + VDH_O_SEGMENT_ADDRESS, address);
    vdh_put_u32(at + VDH_O_SEGMENT_LENGTH, length);
    vdh_put_u32(at + VDH_O_SEGMENT_FLAGS, 0);
}

void vdh_segment_put_link(uint8_t *segments, uint32_t index, uint64_t address, uint32_t count)
{
    vdh_segment_put(segments, index, address, count);
    vdh_put_u32(segments + (size_t)index * VDH_S_SEGMENT + VDH_O_SEGMENT_FLAGS,
                VDH_B_SEGMENT_FLAGS_LINK);
}

static uint32_t valid_bits(uint32_t sequence)
{
    return (sequence ^ VALID_KEY) << 1;
}

/* What a record says, and whether it can say so by itself. */
static int decode(struct vdh_completion *out, const uint8_t *bytes)
{
    uint32_t reserved = 0;

    out->sequence = vdh_get_u32(bytes + VDH_O_COMPLETION_SEQUENCE);
    out->tag = vdh_get_u32(bytes + VDH_O_COMPLETION_TAG);
    out->ticks = vdh_get_u64(bytes + VDH_O_COMPLETION_TICKS);
    out->end_ticks = vdh_get_u64(bytes + VDH_O_COMPLETION_END_TICKS);
    out->bytes = vdh_get_u32(bytes + VDH_O_COMPLETION_BYTES);
    out->flags = vdh_get_u32(bytes + VDH_O_COMPLETION_FLAGS);
    out->dropped_fifo = vdh_get_u32(bytes + VDH_O_COMPLETION_DROPPED_FIFO);
    out->dropped_no_buffer = vdh_get_u32(bytes + VDH_O_COMPLETION_DROPPED_NO_BUFFER);
    out->dropped_no_signal = vdh_get_u32(bytes + VDH_O_COMPLETION_DROPPED_NO_SIGNAL);
    out->dropped_dma = vdh_get_u32(bytes + VDH_O_COMPLETION_DROPPED_DMA);
    for (uint32_t i = 0; i < 12u; i += 4u)
        reserved |= vdh_get_u32(bytes + VDH_O_COMPLETION_RESERVED + i);
    if (((vdh_get_u32(bytes + VDH_O_COMPLETION_VALID) ^ valid_bits(out->sequence)) >> 1) != 0 ||
        (out->flags & ~(uint32_t)COMPLETION_FLAGS) != 0 || reserved)
        return VDH_E_IO;
    return VDH_OK;
}

static uint64_t lost_before(const struct vdh_completion *record)
{
    return (uint64_t)record->dropped_fifo + record->dropped_no_buffer + record->dropped_no_signal +
           record->dropped_dma;
}

/* Whether a record can follow those before it and answer its descriptor. */
static int fits(const struct vdh_capture *capture, const struct vdh_completion *record)
{
    const uint8_t *asked =
        capture->descriptors.bytes +
        (size_t)(capture->completed & (capture->descriptor_count - 1u)) * VDH_S_DESCRIPTOR;
    int whole = (record->flags & (uint32_t)COMPLETION_FAILED) == 0;

    return capture->completed != capture->written &&
           record->sequence - capture->next_sequence == lost_before(record) &&
           record->tag == vdh_get_u32(asked + VDH_O_DESCRIPTOR_TAG) &&
           record->bytes <= vdh_get_u32(asked + VDH_O_DESCRIPTOR_CAPACITY) &&
           (whole ? record->bytes == capture->frame_bytes : record->bytes <= capture->frame_bytes);
}

int vdh_capture_complete(struct vdh_capture *capture, struct vdh_completion *out)
{
    struct vdh_device *device = capture->device;
    struct vdh_completion record;
    const uint8_t *at;
    uint32_t valid;
    uint32_t pass;
    int result;

    if (!capture->completion_count)
        return VDH_AGAIN;
    at = capture->completions.bytes +
         (size_t)(capture->completed & (capture->completion_count - 1u)) * VDH_S_COMPLETION;
    /* 1 in the first pass through the ring, then 0, and so on: the count is a power of two. */
    pass = capture->completed & capture->completion_count ? 0u : 1u;
    valid = vdh_get_u32(at + VDH_O_COMPLETION_VALID);
    if ((valid & 1u) != pass)
        return VDH_AGAIN;
    device->io->acquire(device->context);
    result = decode(&record, at);
    device->io->acquire(device->context);
    if (result || vdh_get_u32(at + VDH_O_COMPLETION_VALID) != valid || !fits(capture, &record)) {
        vdh_access_trace(device, "impossible completion", capture->completed, record.sequence);
        return VDH_E_IO;
    }
    capture->completed++;
    capture->next_sequence = record.sequence + 1u;
    *out = record;
    /* A failure here loses nothing: the next write carries the whole count. */
    if (capture->phase == VDH_CAPTURE_RUNS)
        vdh_access_put(device, VDH_R_COMPLETION_TAKEN, capture->completed & 0xffffu, &result);
    return VDH_OK;
}

int vdh_completion_decode(struct vdh_completion *out, const uint8_t *bytes, uint32_t count)
{
    if (count != VDH_S_COMPLETION)
        return VDH_E_INVALID;
    if (decode(out, bytes) || out->tag != 0 || lost_before(out) > out->sequence)
        return VDH_E_IO;
    return VDH_OK;
}
