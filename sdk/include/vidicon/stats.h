/* SPDX-License-Identifier: MIT */
/**
 * @file stats.h
 * @brief What became of every frame: causes of loss, and the account of a stream.
 */
#ifndef VIDICON_STATS_H
#define VIDICON_STATS_H

#include <stdint.h>

/** Reasons for which frames are lost. An index in the `dropped` arrays. */
enum vdc_drop {
    VDC_DROP_DEVICE_FIFO = 0, /**< The device's FIFO overflowed: the bus was too slow. */
    VDC_DROP_NO_BUFFER = 1,   /**< No free buffer: the application holds them too long. */
    VDC_DROP_NO_SIGNAL = 2,   /**< The input had no stable signal. */
    VDC_DROP_DMA = 3,         /**< The host refused the device's memory access. */
    VDC_DROP_BUS = 4,         /**< Lost on the way, on USB for instance, and not as 9 to 13. */
    VDC_DROP_DAMAGED = 5,     /**< Came marked as damaged, and was not wanted so. */
    VDC_DROP_STOPPED = 6,     /**< Complete, but stop came before it was taken. */
    VDC_DROP_GONE = 7,        /**< Lost with the device. */
    VDC_DROP_UNKNOWN = 8,     /**< Missing without a cause: what the sum lacks. */
    VDC_DROP_SHORT = 9,       /**< Came with fewer bytes than a frame has. */
    VDC_DROP_LONG = 10,       /**< Came with more, or ran into the next one. */
    VDC_DROP_MALFORMED = 11,  /**< Its record, header or ends cannot be true. */
    VDC_DROP_STALL = 12,      /**< The device halted its endpoint within it. */
    VDC_DROP_OVERRUN = 13,    /**< The device sent more at once than it was asked for: babble. */
    VDC_DROP_SLOTS = 16       /**< Size of the arrays; the rest is 0. */
};

/** Where the number of produced frames comes from. */
enum vdc_basis {
    VDC_BASIS_UNKNOWN = 0,  /**< The device does not tell; `produced` is 0 and means nothing. */
    VDC_BASIS_SEQUENCE = 1, /**< Inferred from gaps in the sequence numbers. */
    VDC_BASIS_DEVICE = 2    /**< The device's own count. */
};

/** Slots of the latency histogram. */
#define VDC_LATENCY_SLOTS 32

/**
 * The account of a stream since its start, also after its stop. Set `size` before.
 * produced = delivered + all of dropped + in_flight; in_flight is 0 once it is stopped.
 */
typedef struct vdc_stats {
    /** sizeof(vdc_stats). */
    uint32_t size;
    /** ::vdc_basis. */
    uint32_t produced_basis;
    /** Frames that the device made or should have made; never computed from the rest. */
    uint64_t produced;
    /** Frames handed to the application. */
    uint64_t delivered;
    /** Not yet delivered or lost. */
    uint64_t in_flight;
    /** Lost frames by ::vdc_drop. */
    uint64_t dropped[VDC_DROP_SLOTS];
    /** Delivered frames that were copied on their way. */
    uint64_t copies;
    /** Bytes copied. */
    uint64_t copied_bytes;
    /** Frames by the time from their end to their delivery: slot 0 counts those below 1 us, slot n
     * those from 2^(n-1) us on, below 2^n. */
    uint64_t latency_us[VDC_LATENCY_SLOTS];
} vdc_stats;

/* clang-format off */
/** Statistics to be filled. */
#define VDC_STATS_INIT { sizeof(vdc_stats), 0, 0, 0, 0, { 0 }, 0, 0, { 0 } }
/* clang-format on */

#endif
