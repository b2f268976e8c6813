/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Flash slots: status, the store step, trial boot, commit and roll back. The core picks the slot,
 * so that no caller can ask for the one that runs.
 */
#include "vdh_flash.h"
#include "vdh_access.h"
#include "vdh_boot.h"
#include "vdh_upload.h"

enum phase { LOOK, CHECK, BEGIN, SEND, WAIT, OVER };

#define POLL_US         2000u
#define COMMIT_READS    6u
#define COMMIT_STALL_US 2u

static int has_flash(const struct vdh_device *device)
{
    return vdh_field_get(device->identity.caps, VDH_F_CAPS_FLASH) ? VDH_OK : VDH_E_STATE;
}

/* Everything but versions and progress. 1 access. */
static int read_state(struct vdh_device *device, struct vdh_flash_status *out)
{
    int result = VDH_OK;
    uint32_t value = vdh_access_get(device, VDH_R_FLASH_STATUS, &result);

    out->busy = vdh_field_get(value, VDH_F_FLASH_STATUS_BUSY);
    out->active = vdh_field_get(value, VDH_F_FLASH_STATUS_ACTIVE);
    out->slot[0] = vdh_field_get(value, VDH_F_FLASH_STATUS_SLOT_A);
    out->slot[1] = vdh_field_get(value, VDH_F_FLASH_STATUS_SLOT_B);
    out->error = vdh_field_get(value, VDH_F_FLASH_STATUS_ERROR);
    if (!result && (out->active > (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_B ||
                    out->slot[0] > (uint32_t)VDH_V_FLASH_STATUS_SLOT_A_BAD ||
                    out->slot[1] > (uint32_t)VDH_V_FLASH_STATUS_SLOT_A_BAD))
        result = VDH_E_IO;
    return result;
}

int vdh_flash_read_status(struct vdh_device *device, struct vdh_flash_status *out)
{
    struct vdh_flash_status status;
    int result = has_flash(device);

    if (!result)
        result = read_state(device, &status);
    status.version[0] = vdh_access_get(device, VDH_R_SLOT_VERSION, &result);
    status.version[1] = vdh_access_get(device, VDH_R_SLOT_VERSION + 4u, &result);
    status.stored_bytes = vdh_access_get(device, VDH_R_FLASH_PROGRESS, &result);
    if (!result)
        *out = status;
    return result;
}

void vdh_flash_store_start(struct vdh_flash_store *store, struct vdh_device *device,
                           const uint8_t *image, uint32_t image_bytes)
{
    memset(store, 0, sizeof(*store));
    store->device = device;
    store->image = image;
    store->image_bytes = image ? image_bytes : 0;
}

static int may_write(const struct vdh_flash_status *flash, const struct vdh_boot_status *boot,
                     uint32_t slot)
{
    return flash->active != (uint32_t)VDH_V_FLASH_STATUS_ACTIVE_SLOT_A + slot &&
           (!boot->runs || boot->source != (uint32_t)VDH_V_BOOT_STATUS_SOURCE_SLOT_A + slot);
}

/* The slot to write: one that may be, rather one that holds nothing good. 2 if there is none. */
static uint32_t pick_slot(const struct vdh_flash_status *flash, const struct vdh_boot_status *boot)
{
    uint32_t picked = 2;

    for (uint32_t slot = 0; slot < 2u; slot++) {
        if (!may_write(flash, boot, slot))
            continue;
        if (picked == 2u || (flash->slot[picked] == (uint32_t)VDH_V_FLASH_STATUS_SLOT_A_GOOD &&
                             flash->slot[slot] != (uint32_t)VDH_V_FLASH_STATUS_SLOT_A_GOOD))
            picked = slot;
    }
    return picked;
}

static int look(struct vdh_flash_store *store, uint64_t now_us, uint32_t *again_us)
{
    struct vdh_device *device = store->device;
    struct vdh_flash_status flash;
    struct vdh_boot_status boot;
    struct vdh_image_rules rules;
    int result = has_flash(device);

    if (!result)
        result = read_state(device, &flash);
    if (!result)
        result = vdh_boot_read_status(device, &boot);
    if (result)
        return result;
    if (flash.busy || boot.state == (uint32_t)VDH_V_BOOT_STATUS_STATE_CHECKING ||
        boot.state == (uint32_t)VDH_V_BOOT_STATUS_STATE_BOOTING) {
        if (store->deadline_us == 0)
            store->deadline_us = now_us + VDH_FLASH_STALL_TIMEOUT_US;
        if (now_us >= store->deadline_us)
            return vdh_access_timeout(device, "FLASH_STATUS.BUSY and BOOT_STATUS.STATE to be free");
        *again_us = POLL_US;
        return VDH_AGAIN;
    }
    store->slot = pick_slot(&flash, &boot);
    if (store->slot > 1u)
        return VDH_E_STATE;
    vdh_upload_rules(&rules, device);
    vdh_image_check_start(&store->check, store->image, store->image_bytes, &rules);
    store->phase = CHECK;
    return VDH_AGAIN;
}

static int send(struct vdh_flash_store *store, uint64_t now_us, uint32_t *again_us)
{
    uint32_t command = vdh_field_set(0, VDH_F_FLASH_COMMAND_CODE, VDH_V_FLASH_COMMAND_CODE_STORE);
    int result = vdh_upload_step(store->device, store->image, store->image_bytes, &store->position);

    if (result != VDH_OK)
        return result;
    vdh_access_put(store->device, VDH_R_FLASH_COMMAND,
                   vdh_field_set(command, VDH_F_FLASH_COMMAND_SLOT, store->slot), &result);
    if (result)
        return result;
    store->deadline_us = now_us + VDH_FLASH_STALL_TIMEOUT_US;
    store->phase = WAIT;
    *again_us = POLL_US;
    return VDH_AGAIN;
}

/* What the card says of an operation that is over. */
static int ended(struct vdh_flash_store *store, const struct vdh_flash_status *flash)
{
    struct vdh_boot_status boot;
    int result = VDH_OK;

    switch (flash->error) {
    case VDH_V_FLASH_STATUS_ERROR_NONE:
        break;
    case VDH_V_FLASH_STATUS_ERROR_IMAGE:
        result = vdh_boot_read_status(store->device, &boot);
        if (!result) {
            store->error = boot.error;
            result = VDH_E_FIRMWARE;
        }
        return result;
    case VDH_V_FLASH_STATUS_ERROR_SLOT:
        return VDH_E_STATE;
    default:
        return VDH_E_IO;
    }
    /* A card that lost power meanwhile reports no error either: believe only what it holds. */
    if (vdh_access_get(store->device, VDH_R_SLOT_VERSION + store->slot * 4u, &result) !=
            store->check.info.version ||
        flash->slot[store->slot] != (uint32_t)VDH_V_FLASH_STATUS_SLOT_A_GOOD)
        result = result ? result : VDH_E_IO;
    if (!result)
        store->stored_bytes = store->image_bytes;
    return result;
}

static int wait_stored(struct vdh_flash_store *store, uint64_t now_us, uint32_t *again_us)
{
    struct vdh_flash_status flash;
    uint32_t stored;
    int result = read_state(store->device, &flash);

    if (result)
        return result;
    if (!flash.busy)
        return ended(store, &flash);
    stored = vdh_access_get(store->device, VDH_R_FLASH_PROGRESS, &result);
    if (result)
        return result;
    if (stored > store->stored_bytes && stored <= store->image_bytes) {
        store->stored_bytes = stored;
        store->deadline_us = now_us + VDH_FLASH_STALL_TIMEOUT_US;
    }
    if (now_us >= store->deadline_us)
        return vdh_access_timeout(store->device, "FLASH_PROGRESS to grow");
    *again_us = POLL_US;
    return VDH_AGAIN;
}

int vdh_flash_store_step(struct vdh_flash_store *store, uint64_t now_us, uint32_t *again_us)
{
    int result;

    *again_us = 0;
    switch (store->phase) {
    case LOOK:
        result = look(store, now_us, again_us);
        break;
    case CHECK:
        result = vdh_image_check_step(&store->check, vdh_access_budget_bytes(store->device));
        store->error = store->check.error;
        if (result == VDH_OK) {
            store->phase = BEGIN;
            result = VDH_AGAIN;
        }
        break;
    case BEGIN:
        result = vdh_upload_begin(store->device, store->image_bytes, &store->error);
        if (result == VDH_OK) {
            store->phase = SEND;
            result = VDH_AGAIN;
        }
        break;
    case SEND:
        result = send(store, now_us, again_us);
        break;
    case WAIT:
        result = wait_stored(store, now_us, again_us);
        break;
    default:
        return VDH_E_INVALID;
    }
    if (result != VDH_AGAIN)
        store->phase = OVER;
    return result;
}

int vdh_flash_boot_slot(struct vdh_device *device, uint32_t slot)
{
    uint32_t value = vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_BOOT_SLOT);
    int result = has_flash(device);

    if (slot > 1u)
        return VDH_E_INVALID;
    vdh_access_put(device, VDH_R_BOOT_COMMAND, vdh_field_set(value, VDH_F_BOOT_COMMAND_SLOT, slot),
                   &result);
    return result;
}

/* COMMIT or ROLL_BACK: 1 look, 1 command, at most 6 looks with 5 stalls between them. */
static int command(struct vdh_device *device, uint32_t code)
{
    struct vdh_flash_status status;
    uint32_t reads = device->transport == VDH_TRANSPORT_SLOW ? 0 : COMMIT_READS;
    int result = has_flash(device);

    if (!result)
        result = read_state(device, &status);
    if (!result && status.busy)
        result = VDH_E_STATE;
    vdh_access_put(device, VDH_R_FLASH_COMMAND, vdh_field_set(0, VDH_F_FLASH_COMMAND_CODE, code),
                   &result);
    if (result)
        return result;
    for (uint32_t i = 0; i < reads; i++) {
        if (i > 0)
            device->io->stall_us(device->context, COMMIT_STALL_US);
        result = read_state(device, &status);
        if (result)
            return result;
        if (!status.busy)
            return status.error == (uint32_t)VDH_V_FLASH_STATUS_ERROR_NONE ? VDH_OK : VDH_E_STATE;
    }
    return VDH_AGAIN;
}

int vdh_flash_commit(struct vdh_device *device)
{
    return command(device, VDH_V_FLASH_COMMAND_CODE_COMMIT);
}

int vdh_flash_roll_back(struct vdh_device *device)
{
    return command(device, VDH_V_FLASH_COMMAND_CODE_ROLL_BACK);
}
