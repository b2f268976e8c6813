/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Firmware in flash: two slots, one of them active. An update stores into the other slot, boots it
 * on trial, and commits; whatever fails on the way, the active slot still runs at the next boot.
 */
#ifndef VDH_FLASH_H
#define VDH_FLASH_H

#include "vdh_device.h"
#include "vdh_image.h"

struct vdh_flash_status {
    uint32_t busy;
    uint32_t active;     /* VDH_V_FLASH_STATUS_ACTIVE_* */
    uint32_t slot[2];    /* VDH_V_FLASH_STATUS_SLOT_A_* */
    uint32_t version[2]; /* 0 unless good */
    uint32_t error;      /* VDH_V_FLASH_STATUS_ERROR_* */
    uint32_t stored_bytes;
};

/* 4 accesses. This and everything below: VDH_E_STATE on a card without flash. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_flash_read_status(struct vdh_device *device,
                                                   struct vdh_flash_status *out);

/* Stores an image in the slot that is neither active nor running. */
struct vdh_flash_store {
    struct vdh_device *device;
    const uint8_t *image;
    uint32_t image_bytes;

    enum vdh_image_error error; /* after VDH_E_FIRMWARE */
    uint32_t slot;              /* where it goes: 0 is A, 1 is B; valid after the first step */
    uint32_t stored_bytes;      /* progress, of image_bytes */

    struct vdh_image_check check;
    uint64_t deadline_us;
    uint32_t position; /* bytes sent to the staging RAM */
    uint8_t phase;
};

/* A STORE must show progress within this time, again and again. */
#define VDH_FLASH_STALL_TIMEOUT_US 2000000u

VDH_ANY_LEVEL VDH_LOCKED void vdh_flash_store_start(struct vdh_flash_store *store,
                                                    struct vdh_device *device, const uint8_t *image,
                                                    uint32_t image_bytes);

/* VDH_AGAIN: call again after *again_us or at VDH_EVENT_FLASH. VDH_OK: the slot holds the image.
 * VDH_E_STATE: no slot is free to be written (the other one runs). VDH_E_FIRMWARE: refused, see
 * store->error. VDH_E_IO: a byte did not read back, or the card started anew; the slot is BAD. */
VDH_STEP VDH_LOCKED int vdh_flash_store_step(struct vdh_flash_store *store, uint64_t now_us,
                                             uint32_t *again_us);

/* Starts the image in `slot`, on trial unless it is the active slot; then run the boot step without
 * an image. 1 access. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_flash_boot_slot(struct vdh_device *device, uint32_t slot);

/* COMMIT and ROLL_BACK end within the call: at most 8 accesses and 10 us of stall on a fast
 * transport; VDH_AGAIN if the card is still busy then (or the transport is slow): read the status
 * later. VDH_E_STATE if the card refuses, or is busy with something else. */
VDH_ANY_LEVEL VDH_LOCKED int vdh_flash_commit(struct vdh_device *device);
VDH_ANY_LEVEL VDH_LOCKED int vdh_flash_roll_back(struct vdh_device *device);

#endif
