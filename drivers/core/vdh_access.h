/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Register access for sequences, inside the core: a sequence holds its first error in a local and
 * skips what follows it. A read of all ones is checked against ARCH_ID, since it may be a value.
 */
#ifndef VDH_ACCESS_H
#define VDH_ACCESS_H

#include "vdh_device.h"

#define VDH_ALL_ONES 0xffffffffu

/* VDH_E_GONE if ARCH_ID reads all ones. 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_access_present(struct vdh_device *device);

/* 1 access, one more after all ones. 0 after an error. */
VDH_ANY_LEVEL VDH_LOCKED uint32_t vdh_access_get(struct vdh_device *device, uint32_t offset,
                                                 int *result);
/* 1 access. */
VDH_ANY_LEVEL VDH_LOCKED void vdh_access_put(struct vdh_device *device, uint32_t offset,
                                             uint32_t value, int *result);

/* VDH_OK if the capture engine is idle, else VDH_E_STATE. 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_access_idle(struct vdh_device *device);

/* VDH_E_TIMEOUT, and the name of what was waited for. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_access_timeout(struct vdh_device *device, const char *what);

/* The host's budget, raised to the least that the contract promises. */
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_access_budget_accesses(const struct vdh_device *device);
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_access_budget_bytes(const struct vdh_device *device);

VDH_ANY_LEVEL VDH_LOCKED void vdh_access_trace(struct vdh_device *device, const char *event,
                                               uint32_t a, uint32_t b);

#endif
