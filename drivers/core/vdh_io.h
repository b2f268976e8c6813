/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the core asks of its host: seven callbacks, and how its functions may be called.
 * Locks, memory, threads and timers stay with the host; waiting is not among the callbacks.
 */
#ifndef VDH_IO_H
#define VDH_IO_H

#include "vdh_types.h"

/* Every function of the core carries one mark of each kind in its declaration. They say nothing to
 * the compiler; the test core.marks requires them, and tests/core/guard.h holds functions to them:
 *
 * VDH_ANY_LEVEL  callable in any context, the interrupt routine's included: a bounded, small
 *                number of register accesses, stated beside it.
 * VDH_STEP       callable only where long work is started: a workqueue, a DPC-level callback,
 *                a thread. Keeps to vdh_device.budget in each entry all the same.
 *
 * VDH_ISR        touches nothing but what it documents; may run at any moment, also while a
 *                function marked VDH_LOCKED runs on the same device.
 * VDH_LOCKED     the host serialises all functions so marked, per device.
 * VDH_PURE       touches no device; needs no lock.
 *
 * The numbers of accesses stated beside functions count one more for each register that reads all
 * ones where that could be its value: ARCH_ID then tells a value from a card that is gone.
 */
#define VDH_ANY_LEVEL
#define VDH_STEP
#define VDH_ISR
#define VDH_LOCKED
#define VDH_PURE

/* Results. Errors are negative; a sequence stops at its first one. */
enum vdh_result {
    VDH_OK = 0,
    VDH_AGAIN = 1,       /* A step is not done; call it again after *again_us. */
    VDH_E_IO = -1,       /* A callback failed, or a register read back impossible. */
    VDH_E_GONE = -2,     /* The card is unplugged: registers read all ones. */
    VDH_E_INVALID = -3,  /* An argument breaks the contract. */
    VDH_E_RANGE = -4,    /* A value the card or the firmware's tables do not allow. */
    VDH_E_STATE = -5,    /* Not now: capture runs, no firmware runs, an operation is busy. */
    VDH_E_TIMEOUT = -6,  /* A bounded wait ended; vdh_device.waited_for names it. */
    VDH_E_FIRMWARE = -7, /* An image was refused; see enum vdh_image_error. */
    VDH_E_TABLES = -8,   /* The running firmware's tables are malformed. */
    VDH_E_UNKNOWN = -9,  /* Not a card this core knows. */
    VDH_E_FULL = -10,    /* No room in the descriptor ring. */
    VDH_E_DENIED = -11   /* The register table does not let user space do that. */
};

/*
 * The seven callbacks. The first four return VDH_OK, VDH_E_IO or VDH_E_GONE and may fail at any
 * call: over USB each is a transfer. Register offsets are those of vdh_regs.def.
 */
struct vdh_io {
    /* Reads or writes one 32-bit register. A write orders every store to memory before it: when
     * the card sees the write, its DMA sees those stores. */
    int (*read)(void *context, uint32_t offset, uint32_t *value);
    int (*write)(void *context, uint32_t offset, uint32_t value);

    /* Moves `count` bytes from or to the window at `offset` (FW_WINDOW, TABLES): register by
     * register on memory, a 16-bit port on I/O ports, one control request on USB. `count` is a
     * multiple of 4, except in the last write_block of an image, which may then be followed by
     * zeros up to the next multiple. At most 1024 bytes, on a slow transport 4096 for a write_block.
     * Reads begin inside the window and do not leave it.
     * On a slow transport read_block is also asked for 8 bytes at TIME_LATCH: latch the time counter
     * and read it, low half first. On USB that is the request TIME. */
    int (*read_block)(void *context, uint32_t offset, void *bytes, uint32_t count);
    int (*write_block)(void *context, uint32_t offset, const void *bytes, uint32_t count);

    /* Burns at most 10 us in one entry from the host, all calls together. */
    void (*stall_us)(void *context, uint32_t microseconds);

    /* Orders the read of a completion's VALID word before the reads after it. */
    void (*acquire)(void *context);

    /* Tells the host what happened, for its log. `event` is a static string. NULL: nobody listens. */
    void (*trace)(void *context, const char *event, uint32_t a, uint32_t b);
};

/* What one entry from the host may cost. A step that needs more returns VDH_AGAIN, in 0 us. */
struct vdh_budget {
    uint32_t accesses; /* register accesses; a block counts one per 4 bytes. At least 16. */
    uint32_t bytes;    /* bytes hashed, copied or parsed. At least 64. */
};

#endif
