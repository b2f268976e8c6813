/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Controls, by their number in the firmware's table. */
#ifndef VDH_CONTROL_H
#define VDH_CONTROL_H

#include "vdh_device.h"

/* 1 access each. VDH_E_RANGE: no such control, or a value off its range or step. VDH_E_DENIED: read
 * only. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_control_get(struct vdh_device *device, uint32_t control,
                                             int32_t *value);
VDH_ANY_LEVEL VDH_LOCKED int vdh_control_set(struct vdh_device *device, uint32_t control,
                                             int32_t value);

/* Which controls the card changed by itself since the last call: bit n is control n. 2 accesses. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_control_changed(struct vdh_device *device, uint32_t *mask);

#endif
