/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Inputs, signal detection, expected timing, test pattern. All refuse VDH_E_STATE before boot. */
#ifndef VDH_INPUT_H
#define VDH_INPUT_H

#include "vdh_device.h"

#define VDH_TIMING_NONE 255u

struct vdh_signal {
    uint32_t state;    /* VDH_V_INPUT_STATUS_SIGNAL_* */
    uint32_t mismatch; /* locked, but not to the selected timing */
    uint32_t detected; /* number in the timing table, or VDH_TIMING_NONE */
    uint32_t changes;  /* counts changes, 16 bits, wraps */
};

/* 1 or 2 accesses each. Selecting an input selects its default timing too. VDH_E_STATE while capture runs. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_input_select(struct vdh_device *device, uint32_t input);
VDH_ANY_LEVEL VDH_LOCKED int vdh_input_read_signal(struct vdh_device *device,
                                                   struct vdh_signal *out);
VDH_ANY_LEVEL VDH_LOCKED int vdh_timing_select(struct vdh_device *device, uint32_t timing);
VDH_ANY_LEVEL VDH_LOCKED int vdh_pattern_enable(struct vdh_device *device, uint32_t enable);

#endif
