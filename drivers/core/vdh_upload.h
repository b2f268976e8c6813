/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Inside the core: the image bytes on their way into the staging RAM, for boot and for flash. */
#ifndef VDH_UPLOAD_H
#define VDH_UPLOAD_H

#include "vdh_device.h"
#include "vdh_image.h"

/* What the card of `device` accepts. */
VDH_ANY_LEVEL VDH_PURE void vdh_upload_rules(struct vdh_image_rules *out,
                                             const struct vdh_device *device);

/* Tells the boot ROM how many bytes will come. VDH_E_FIRMWARE with *error if it refuses. 3 accesses. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_upload_begin(struct vdh_device *device, uint32_t image_bytes,
                                              enum vdh_image_error *error);

/* Sends what the budget allows, from *position on. VDH_OK once all is sent, else VDH_AGAIN. */
VDH_STEP VDH_LOCKED int vdh_upload_step(struct vdh_device *device, const uint8_t *image,
                                        uint32_t image_bytes, uint32_t *position);

#endif
