/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * From any state of the card to running firmware with its tables read: one step function.
 * Opening a card must always work, so a failure leaves the card identified and repairable.
 */
#ifndef VDH_BOOT_H
#define VDH_BOOT_H

#include "vdh_device.h"
#include "vdh_image.h"

struct vdh_boot {
    struct vdh_device *device;
    const uint8_t *image; /* the host's, unchanged until the step ends; NULL: upload nothing */
    uint32_t image_bytes;
    uint8_t *tables; /* the host's: VDH_TABLES_MAX_BYTES, kept as long as the device */
    uint32_t flags;  /* VDH_BOOT_* */

    /* Results. */
    enum vdh_image_error error; /* after VDH_E_FIRMWARE */
    uint32_t uploaded_bytes;    /* progress */

    /* Progress of the step; the host does not touch it. */
    struct vdh_image_check check;
    uint64_t deadline_us;
    struct vdh_tables_check tables_check;
    uint32_t position;
    uint32_t tables_bytes;
    uint8_t phase;
    uint8_t commanded; /* a refusal seen from now on is this boot's result */
};

enum {
    VDH_BOOT_REPLACE = 1 << 0,  /* upload the image even if firmware runs already */
    VDH_BOOT_COMMANDED = 1 << 1 /* vdh_flash_boot_slot was just called: a refusal is its result */
};

/* The bounds of the waits inside, from the first step that waits. */
#define VDH_BOOT_CHECK_TIMEOUT_US 2000000u
#define VDH_BOOT_START_TIMEOUT_US 5000000u

/* Forgets device->tables, no access. */
VDH_ANY_LEVEL VDH_LOCKED void vdh_boot_start(struct vdh_boot *boot, struct vdh_device *device,
                                             const uint8_t *image, uint32_t image_bytes,
                                             uint8_t *tables, uint32_t flags);

/* One step. VDH_AGAIN: call again after *again_us (0: as soon as may be), or when the interrupt
 * reports VDH_EVENT_BOOT. VDH_OK: firmware runs, device->tables is valid. VDH_E_STATE: no firmware
 * runs and there was no image to upload (boot->error then says what the boot ROM last refused).
 * VDH_E_FIRMWARE: refused, boot->error says why; older firmware may still run: a second boot without
 * an image finds out. VDH_E_IO: the card started anew on the way, as after a power failure.
 * On USB the device leaves the bus when firmware starts: the host ends this boot at VDH_E_GONE and
 * runs another one, without an image, on the device that comes back. */
VDH_STEP VDH_LOCKED int vdh_boot_step(struct vdh_boot *boot, uint64_t now_us, uint32_t *again_us);

/* The state of the boot ROM in one read. */
struct vdh_boot_status {
    uint32_t state;  /* VDH_V_BOOT_STATUS_STATE_* */
    uint32_t source; /* VDH_V_BOOT_STATUS_SOURCE_* */
    uint32_t runs;
    uint32_t trial;
    uint32_t fell_back;
    enum vdh_image_error error;
};
VDH_ANY_LEVEL VDH_LOCKED int vdh_boot_read_status(struct vdh_device *device,
                                                  struct vdh_boot_status *out);

#endif
