/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * One card: attach, reset, raw registers. struct vdh_device lives in the host's own device
 * structure; the core allocates nothing.
 */
#ifndef VDH_DEVICE_H
#define VDH_DEVICE_H

#include "vdh_io.h"
#include "vdh_regs.h"
#include "vdh_tables.h"

enum vdh_transport {
    VDH_TRANSPORT_FAST, /* memory or ports: short polls and stalls are allowed */
    VDH_TRANSPORT_SLOW  /* USB: one try a step, no stalls, no polls */
};

/* What vdh_attach read. Constant afterwards. */
struct vdh_identity {
    uint32_t revision;
    uint32_t caps;
    uint32_t target;
    uint32_t version_min;
    uint32_t version_max;
    uint32_t capacity_bytes;
    uint32_t time_hz;
    uint32_t time_tolerance_ppm;
    char serial[17];
};

struct vdh_device {
    const struct vdh_io *io;
    void *context;
    enum vdh_transport transport;
    struct vdh_budget budget; /* the host may change it between entries */
    struct vdh_identity identity;
    struct vdh_tables tables; /* valid once boot has ended well, all zero before */
    uint32_t running_version; /* register FW_VERSION as last read by boot */
    const char *waited_for;   /* what the last VDH_E_TIMEOUT waited for; static */
    uint32_t input;           /* last written: INPUT_SELECT */
    uint32_t timing;          /* TIMING_SELECT */
};

/* Binds the card and reads its identity; at most 16 accesses. VDH_E_UNKNOWN if it is no such
 * card or of a major revision this core does not know, VDH_E_GONE if all ones are read, VDH_E_IO if
 * TIME_HZ or TIME_TOLERANCE cannot be. Masks every interrupt. Changes nothing else. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_attach(struct vdh_device *device, const struct vdh_io *io,
                                        void *context, enum vdh_transport transport,
                                        const struct vdh_budget *budget);

/* RESET of kind VDH_V_RESET_KIND_ENGINE or _CARD. 1 access. After a card reset the firmware is
 * gone: run the boot step again. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_reset(struct vdh_device *device, uint32_t kind);

/* Lets the events in `events` (VDH_EVENT_*) interrupt. 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_interrupts_enable(struct vdh_device *device, uint32_t events);

/* A register for user space: VDH_E_DENIED unless the table allows it. 1 access. Outputs are written
 * only on VDH_OK, here and everywhere. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_user_read(struct vdh_device *device, uint32_t offset,
                                           uint32_t *value);
VDH_ANY_LEVEL VDH_LOCKED int vdh_user_write(struct vdh_device *device, uint32_t offset,
                                            uint32_t value);

/* Latches and reads the time counter. 3 accesses (slow transport: one read_block of TIME_LATCH). */
VDH_ANY_LEVEL VDH_LOCKED int vdh_time_read(struct vdh_device *device, uint64_t *ticks);

/* "VDH_E_TIMEOUT" and so on. Static, never NULL. */
VDH_ANY_LEVEL VDH_PURE const char *vdh_result_name(int result);

#endif
