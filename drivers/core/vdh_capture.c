/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The capture engine: rings, buffers, start, stop, counters. Whenever ENABLE may have reached the
 * card, the capture counts as running, so that stop ends its DMA even after a failed start.
 */
#include "vdh_capture.h"
#include "vdh_access.h"

enum phase { NEW, SET_UP, RUNS = VDH_CAPTURE_RUNS, STOPPING, RESETTING, STOPPED };

#define RING_ALIGN       64u
#define RING_LEAST       2u
#define RING_MOST        4096u
#define POLL_FIRST_US    200u
#define POLL_US          1000u
#define RESET_TIMEOUT_US 10000u

/* Entries of a ring, 0 if it is none. */
static uint32_t ring_count(const struct vdh_dma_memory *ring, uint32_t entry_bytes)
{
    uint32_t count = ring->size / entry_bytes;

    if (!ring->bytes || ring->size % entry_bytes != 0 || count < RING_LEAST || count > RING_MOST ||
        (count & (count - 1u)) != 0 || (uint32_t)ring->address % RING_ALIGN != 0)
        return 0;
    return count;
}

int vdh_capture_set_up(struct vdh_capture *capture, struct vdh_device *device,
                       const struct vdh_dma_memory *descriptors,
                       const struct vdh_dma_memory *completions)
{
    int rings = vdh_field_get(device->identity.revision, VDH_F_REVISION_BODY) !=
                (uint32_t)VDH_V_REVISION_BODY_USB;
    int result;

    memset(capture, 0, sizeof(*capture));
    capture->device = device;
    if (!device->tables.bytes)
        return VDH_E_STATE;
    if (rings != (descriptors && completions))
        return VDH_E_INVALID;
    if (rings) {
        capture->descriptors = *descriptors;
        capture->completions = *completions;
        capture->descriptor_count = ring_count(descriptors, VDH_S_DESCRIPTOR);
        capture->completion_count = ring_count(completions, VDH_S_COMPLETION);
        if (!capture->descriptor_count || capture->completion_count < capture->descriptor_count)
            return VDH_E_INVALID;
    }
    result = vdh_access_idle(device);
    if (rings && !result) {
        memset(descriptors->bytes, 0, descriptors->size);
        memset(completions->bytes, 0, completions->size);
        vdh_access_put(device, VDH_R_DESC_BASE_LO, (uint32_t)descriptors->address, &result);
        vdh_access_put(device, VDH_R_DESC_BASE_HI, (uint32_t)(descriptors->address >> 32), &result);
        vdh_access_put(device, VDH_R_DESC_COUNT, capture->descriptor_count, &result);
        vdh_access_put(device, VDH_R_COMPLETION_BASE_LO, (uint32_t)completions->address, &result);
        vdh_access_put(device, VDH_R_COMPLETION_BASE_HI, (uint32_t)(completions->address >> 32),
                       &result);
        vdh_access_put(device, VDH_R_COMPLETION_COUNT, capture->completion_count, &result);
    }
    if (!result)
        capture->phase = SET_UP;
    return result;
}

int vdh_capture_queue(struct vdh_capture *capture, uint64_t segments, uint32_t count,
                      uint32_t capacity, uint32_t tag)
{
    uint8_t *at;
    int result = VDH_OK;

    if ((capture->phase != SET_UP && capture->phase != RUNS) || !capture->descriptor_count)
        return VDH_E_STATE;
    if ((uint32_t)segments % VDH_S_SEGMENT != 0 || count == 0 || capacity == 0)
        return VDH_E_INVALID;
    if (capture->written - capture->completed >= capture->descriptor_count)
        return VDH_E_FULL;
    at = capture->descriptors.bytes +
         (size_t)(capture->written & (capture->descriptor_count - 1u)) * VDH_S_DESCRIPTOR;
    memset(at, 0, VDH_S_DESCRIPTOR);
    vdh_put_u64(at + VDH_O_DESCRIPTOR_SEGMENTS_ADDRESS, segments);
    vdh_put_u32(at + VDH_O_DESCRIPTOR_SEGMENTS_COUNT, count);
    vdh_put_u32(at + VDH_O_DESCRIPTOR_TAG, tag);
    vdh_put_u32(at + VDH_O_DESCRIPTOR_CAPACITY, capacity);
    vdh_access_put(capture->device, VDH_R_DOORBELL, (capture->written + 1u) & 0xffffu, &result);
    if (!result)
        capture->written++;
    return result;
}

int vdh_capture_start(struct vdh_capture *capture, uint32_t watermark)
{
    struct vdh_device *device = capture->device;
    uint32_t bytes;
    uint32_t state;
    int result = VDH_OK;

    if (capture->phase != SET_UP)
        return VDH_E_STATE;
    if (watermark && !vdh_field_get(device->identity.caps, VDH_F_CAPS_WATERMARK))
        return VDH_E_RANGE;
    /* 0 if it cannot run: then nothing was started, and nothing need be undone. */
    bytes = vdh_access_get(device, VDH_R_FRAME_BYTES, &result);
    if (!result && bytes == 0)
        result = VDH_E_RANGE;
    vdh_access_put(device, VDH_R_WATERMARK, watermark, &result);
    if (result)
        return result;
    capture->frame_bytes = bytes;
    capture->running = 1;
    capture->phase = RUNS;
    vdh_access_put(device, VDH_R_CAPTURE_CONTROL, vdh_field_set(0, VDH_F_CAPTURE_CONTROL_ENABLE, 1),
                   &result);
    state = vdh_field_get(vdh_access_get(device, VDH_R_CAPTURE_STATUS, &result),
                          VDH_F_CAPTURE_STATUS_STATE);
    if (!result && state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE) {
        capture->running = 0;
        capture->phase = SET_UP;
        result = VDH_E_RANGE;
    }
    /* HALTED counts as started: stop then resets the engine. */
    vdh_access_trace(device, "capture starts", bytes, (uint32_t)result);
    return result;
}

int vdh_capture_progress(struct vdh_capture *capture, uint32_t *tag_low, uint32_t *lines)
{
    int result = VDH_OK;
    uint32_t value = vdh_access_get(capture->device, VDH_R_PROGRESS, &result);

    if (!result) {
        *tag_low = vdh_field_get(value, VDH_F_PROGRESS_TAG);
        *lines = vdh_field_get(value, VDH_F_PROGRESS_LINES);
    }
    return result;
}

int vdh_capture_errors(struct vdh_capture *capture, uint32_t *errors)
{
    int result = VDH_OK;
    uint32_t value = vdh_access_get(capture->device, VDH_R_ERROR_STATUS, &result);

    if (value)
        vdh_access_put(capture->device, VDH_R_ERROR_STATUS, value, &result);
    if (!result)
        *errors = value;
    return result;
}

static int read_counts(struct vdh_device *device, struct vdh_capture_counts *out)
{
    int result = VDH_OK;

    /* Produced comes last, so that it is never less than its parts were. */
    out->good = vdh_access_get(device, VDH_R_FRAMES_GOOD, &result);
    out->dropped_fifo = vdh_access_get(device, VDH_R_DROPPED_FIFO, &result);
    out->dropped_no_buffer = vdh_access_get(device, VDH_R_DROPPED_NO_BUFFER, &result);
    out->dropped_no_signal = vdh_access_get(device, VDH_R_DROPPED_NO_SIGNAL, &result);
    out->dropped_dma = vdh_access_get(device, VDH_R_DROPPED_DMA, &result);
    out->produced = vdh_access_get(device, VDH_R_FRAMES_PRODUCED, &result);
    return result;
}

/* A card that started anew on the way has forgotten what it produced. */
static int forgot(const struct vdh_capture *capture, const struct vdh_capture_counts *counts)
{
    return counts->produced < capture->next_sequence;
}

int vdh_capture_read_counts(struct vdh_capture *capture, struct vdh_capture_counts *out)
{
    struct vdh_capture_counts got;
    int result = VDH_OK;

    if (!capture->counts_kept) {
        result = read_counts(capture->device, &got);
        if (!result && forgot(capture, &got))
            result = VDH_E_IO;
        if (!result)
            capture->counts = got;
    }
    if (!result)
        *out = capture->counts;
    return result;
}

/* Keeps what the card counted before it is reset or forgets it. VDH_AGAIN while frames still end. */
static int keep_counts(struct vdh_capture *capture, uint64_t now_us)
{
    struct vdh_capture_counts got;
    int result;

    if (capture->counts_kept)
        return VDH_OK;
    result = read_counts(capture->device, &got);
    if (result || forgot(capture, &got))
        return result;
    if (got.produced != got.good + got.dropped_fifo + got.dropped_no_buffer +
                            got.dropped_no_signal + got.dropped_dma &&
        now_us < capture->deadline_us)
        return VDH_AGAIN;
    capture->counts = got;
    capture->counts_kept = 1;
    return VDH_OK;
}

/* One try of the present phase. VDH_OK once the engine is idle. */
static int stop_try(struct vdh_capture *capture, uint64_t now_us)
{
    struct vdh_device *device = capture->device;
    int result = VDH_OK;
    uint32_t state;

    if (capture->phase == RUNS) {
        capture->deadline_us = now_us + VDH_CAPTURE_STOP_TIMEOUT_US;
        capture->phase = STOPPING;
    }
    /* Every time: the write may have been what failed. */
    if (capture->phase == STOPPING)
        vdh_access_put(device, VDH_R_CAPTURE_CONTROL, 0, &result);
    state = vdh_field_get(vdh_access_get(device, VDH_R_CAPTURE_STATUS, &result),
                          VDH_F_CAPTURE_STATUS_STATE);
    if (result)
        return result;
    if (state == (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE)
        return keep_counts(capture, now_us);
    if (capture->phase != STOPPING ||
        (state != (uint32_t)VDH_V_CAPTURE_STATUS_STATE_HALTED && now_us < capture->deadline_us))
        return VDH_AGAIN;
    result = keep_counts(capture, now_us);
    if (!result)
        result = vdh_reset(device, VDH_V_RESET_KIND_ENGINE);
    if (result)
        return result;
    vdh_access_trace(device, "engine reset", state, 0);
    capture->phase = RESETTING;
    capture->deadline_us = now_us + RESET_TIMEOUT_US;
    return VDH_AGAIN;
}

int vdh_capture_stop_step(struct vdh_capture *capture, uint64_t now_us, uint32_t *again_us)
{
    int first = capture->phase == RUNS;
    uint8_t phase = capture->phase;
    int result;

    *again_us = 0;
    if (!capture->running)
        return VDH_OK;
    result = stop_try(capture, now_us);
    if (result == VDH_AGAIN || result == VDH_E_IO) {
        /* The end of one wait is the beginning of the next, or the end of all. */
        if (now_us < capture->deadline_us || phase != capture->phase) {
            *again_us = first ? POLL_FIRST_US : POLL_US;
            return VDH_AGAIN;
        }
        result = vdh_access_timeout(capture->device, "CAPTURE_STATUS.STATE to become IDLE");
    }
    capture->running = 0;
    capture->phase = STOPPED;
    return result;
}
