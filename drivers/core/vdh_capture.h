/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The capture engine: rings, buffers, start, stop, completions. The host allocates the rings and
 * the lists of segments in memory that the card reaches; the core fills them.
 */
#ifndef VDH_CAPTURE_H
#define VDH_CAPTURE_H

#include "vdh_device.h"
#include "vdh_layouts.h"

/* Memory that host and card share. */
struct vdh_dma_memory {
    uint8_t *bytes;
    uint64_t address; /* where the card finds it */
    uint32_t size;    /* in bytes */
};

/* The card's own account since capture started. */
struct vdh_capture_counts {
    uint32_t produced;
    uint32_t good;
    uint32_t dropped_fifo;
    uint32_t dropped_no_buffer;
    uint32_t dropped_no_signal;
    uint32_t dropped_dma;
};

struct vdh_capture {
    struct vdh_device *device;
    struct vdh_dma_memory descriptors; /* a power of two, 2 to 4096, of VDH_S_DESCRIPTOR */
    struct vdh_dma_memory
        completions; /* the same of VDH_S_COMPLETION, not fewer than descriptors */
    uint32_t descriptor_count;
    uint32_t completion_count;
    uint32_t written;   /* descriptors written since set up, 32 bits, wraps */
    uint32_t completed; /* completions taken since set up, wraps */
    uint32_t next_sequence;
    uint32_t frame_bytes; /* of this capture */
    uint32_t running;
    uint64_t deadline_us;
    uint8_t phase;
    uint8_t counts_kept;              /* `counts` are final */
    struct vdh_capture_counts counts; /* as last read */
};

/* What became of a frame, in the host's byte order. */
struct vdh_completion {
    uint32_t sequence;
    uint32_t tag;
    uint64_t ticks;
    uint64_t end_ticks;
    uint32_t bytes;
    uint32_t flags; /* VDH_B_COMPLETION_FLAGS_* */
    uint32_t dropped_fifo;
    uint32_t dropped_no_buffer;
    uint32_t dropped_no_signal;
    uint32_t dropped_dma;
};

/* The phase in which the card is told of completions taken. The others are the core's own. */
#define VDH_CAPTURE_RUNS 2

/* Hands the rings to the card: at most 8 accesses. The engine must be idle, else VDH_E_STATE. Zeroes
 * both rings. Each capture needs it anew. VDH_E_INVALID: size or alignment (64) of a ring. On USB
 * there are no rings and both are NULL: 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_set_up(struct vdh_capture *capture,
                                                struct vdh_device *device,
                                                const struct vdh_dma_memory *descriptors,
                                                const struct vdh_dma_memory *completions);

/* Writes segment `index` of a block at `segments` (a multiple of 16). No device access. */
VDH_ANY_LEVEL VDH_PURE void vdh_segment_put(uint8_t *segments, uint32_t index, uint64_t address,
                                            uint32_t length);
/* The same for the last of a block: the list goes on at another block of `count` segments. */
VDH_ANY_LEVEL VDH_PURE void vdh_segment_put_link(uint8_t *segments, uint32_t index,
                                                 uint64_t address, uint32_t count);

/* Gives the card (not on USB) a buffer of `capacity` bytes: its segments lie at bus address `segments`, the first
 * block has `count` of them. The host must not touch segments or buffer until the completion with
 * this tag, or until stop has ended. 1 access. VDH_E_FULL: as many are out as the ring holds.
 * VDH_E_INVALID: `segments` is no multiple of 16, or a count is 0. Allowed after set_up, before start
 * and while running; VDH_E_STATE otherwise. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_queue(struct vdh_capture *capture, uint64_t segments,
                                               uint32_t count, uint32_t capacity, uint32_t tag);

/* Starts. `watermark` lines between progress events, 0 for none. At most 4 accesses. VDH_E_RANGE:
 * the card rejects its configuration, or has no watermark. VDH_E_STATE: not set up, or it runs. After
 * any error run the stop step, whether ENABLE reached the card or not. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_start(struct vdh_capture *capture, uint32_t watermark);

/* Takes the next completion if there is one: VDH_OK, else VDH_AGAIN. No register access unless one
 * was taken while capture runs, then 1. VDH_E_IO: the ring holds an impossible record; it is not
 * consumed, and since records were seen torn for 100 us, the host asks again a few times. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_complete(struct vdh_capture *capture,
                                                  struct vdh_completion *out);

/* Decodes the trailing packet of a frame on USB, with those checks that need no ring. VDH_E_IO: it is
 * impossible. VDH_E_INVALID: it is not VDH_S_COMPLETION bytes. *out is only worth something with VDH_OK. */
VDH_ANY_LEVEL VDH_PURE int vdh_completion_decode(struct vdh_completion *out, const uint8_t *bytes,
                                                 uint32_t count);

/* Lines of the frame in progress that are in memory. 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_progress(struct vdh_capture *capture, uint32_t *tag_low,
                                                  uint32_t *lines);

/* Reads ERROR_STATUS and clears it: 2 accesses. VDH_B-style bits are those of the register. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_errors(struct vdh_capture *capture, uint32_t *errors);

#define VDH_CAPTURE_STOP_TIMEOUT_US 1000000u

/* Stops: clears ENABLE, waits until the engine is idle, keeps its counters; resets the engine if it
 * does not become idle in time, or is halted. VDH_AGAIN as ever; VDH_EVENT_STOPPED is a reason to
 * call early. A failing callback is tried again until the time is up. Not running: VDH_OK at once. After VDH_OK, VDH_E_GONE or VDH_E_TIMEOUT the card holds
 * no buffer any more (after a timeout: the engine reset was refused, the bus must be cut). Completions
 * may still be taken afterwards. */
VDH_STEP VDH_LOCKED int vdh_capture_stop_step(struct vdh_capture *capture, uint64_t now_us,
                                              uint32_t *again_us);

/* The card's counters: 6 accesses, none after stop, which keeps them (an engine reset may clear the
 * registers). Consistent with each other only when the engine is idle. VDH_E_IO: the card forgot them,
 * having started anew. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_capture_read_counts(struct vdh_capture *capture,
                                                     struct vdh_capture_counts *out);

#endif
