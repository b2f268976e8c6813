/* SPDX-License-Identifier: MIT */
/*
 * Firmware: what runs, what is stored, load, update, commit, roll back. Whatever fails on the way,
 * the device is brought up again at the end by the same policy as at its opening.
 */
#include "usb.h"

#include <string.h>

#define BUSY_MOST 1000u /* looks at a flash operation that ends within 1 ms */
#define BUSY_US   100u

static uint32_t slot_state(uint32_t state)
{
    switch (state) {
    case VDH_V_FLASH_STATUS_SLOT_A_EMPTY:
        return VDC_SLOT_EMPTY;
    case VDH_V_FLASH_STATUS_SLOT_A_GOOD:
        return VDC_SLOT_GOOD;
    default:
        return VDC_SLOT_BAD;
    }
}

static int firmware_info(struct vdi_device *device, vdc_firmware_info *out)
{
    struct usb_card *card = usb_card_of(device);
    const struct vdh_identity *identity = &card->core.identity;
    struct vdh_boot_status boot;
    struct vdh_flash_status flash;
    uint32_t version = 0;
    int result;

    memset(&flash, 0, sizeof(flash));
    usb_card_enter(card);
    result = vdh_boot_read_status(&card->core, &boot);
    if (!result)
        result = vdh_user_read(&card->core, VDH_R_FW_VERSION, &version);
    if (!result && vdh_field_get(identity->caps, VDH_F_CAPS_FLASH)) {
        result = vdh_flash_read_status(&card->core, &flash);
        for (uint32_t i = 0; i < 2 && !result; i++) {
            out->slot_state[i] = slot_state(flash.slot[i]);
            out->slot_version[i] = flash.version[i];
        }
    }
    if (!result) {
        out->running = version;
        out->source = boot.runs ? boot.source : (uint32_t)VDC_FIRMWARE_NONE; /* the same numbers */
        out->on_trial = boot.trial;
        out->fell_back = boot.fell_back;
        out->active_slot = flash.active;
        out->required_min = identity->version_min;
        out->required_max = identity->version_max;
        out->capacity_bytes = identity->capacity_bytes;
        out->target = identity->target;
    }
    result = usb_error(card, result, "asking for its firmware");
    usb_card_leave(card);
    return result;
}

/* A card that hangs in a boot takes no command but a reset. */
static void unstick(struct usb_card *card)
{
    struct vdh_boot_status boot;

    if (vdh_boot_read_status(&card->core, &boot) == VDH_OK &&
        (boot.state == VDH_V_BOOT_STATUS_STATE_BOOTING ||
         boot.state == VDH_V_BOOT_STATUS_STATE_CHECKING))
        (void)vdh_reset(&card->core, VDH_V_RESET_KIND_CARD);
}

/* The outcome of an attempt at other firmware: `result` of the core, and why it was refused. */
static int conclude(struct usb_card *card, int result, enum vdh_image_error why, const char *tried)
{
    uint32_t before = card->core.running_version;
    int status;

    if (result == VDH_OK) {
        card->ready = 1;
        card->state_text[0] = 0;
        usb_boot_tell(card);
        vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
        return VDC_OK;
    }
    if (result != VDH_E_GONE) {
        /* What ran before may run still, or again: find out, and read its tables anew. */
        if (result == VDH_E_TIMEOUT)
            unstick(card);
        status = usb_boot_bring_up(card);
        if (status)
            return status;
        if (card->core.running_version != before)
            vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    if (result == VDH_E_FIRMWARE)
        return vdi_error(VDC_E_FIRMWARE, "%s: %s: the image was refused, check %s: %s", card->id,
                         tried, vdh_image_error_name(why), vdh_image_error_text(why));
    return usb_error(card, result, tried);
}

static int load(struct vdi_device *device, const uint8_t *image, size_t bytes,
                vdc_progress_fn progress, void *user)
{
    struct usb_card *card = usb_card_of(device);
    enum vdh_image_error why = VDH_IMAGE_OK;
    int result;

    usb_card_enter(card);
    usb_boot_moving(card, 1);
    if (!card->ready)
        unstick(card);
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX; /* Far beyond any card: refused as too long. */
    (void)vdh_interrupts_enable(&card->core, USB_EVENTS);
    result = usb_boot_run(card, image, bytes, VDH_BOOT_REPLACE, &why, progress, user);
    result = conclude(card, result, why, "loading firmware");
    usb_boot_moving(card, 0);
    usb_card_leave(card);
    return result;
}

/* Into the slot that is free, as far as the core can tell. */
static int store(struct usb_card *card, struct vdh_flash_store *out, const uint8_t *image,
                 size_t bytes, vdc_progress_fn progress, void *user)
{
    uint32_t told = 0;
    int result;

    vdh_flash_store_start(out, &card->core, image, (uint32_t)bytes);
    do {
        uint32_t again_us = 0;

        result = vdh_flash_store_step(out, (uint64_t)vdi_now_ns() / 1000u, &again_us);
        if (progress && out->stored_bytes != told) {
            told = out->stored_bytes;
            usb_card_leave(card);
            progress(told, bytes, user);
            usb_card_enter(card);
        }
        if (result == VDH_AGAIN)
            usb_boot_pause(card, again_us);
    } while (result == VDH_AGAIN);
    return result;
}

/* After a loss of power the active slot runs, and nothing else tells of it. */
static int runs_slot(struct usb_card *card, uint32_t slot)
{
    struct vdh_boot_status boot;
    int result = vdh_boot_read_status(&card->core, &boot);

    if (!result && boot.source != VDH_V_BOOT_STATUS_SOURCE_SLOT_A + slot)
        result = VDH_E_IO;
    return result;
}

static int update(struct vdi_device *device, const uint8_t *image, size_t bytes,
                  vdc_progress_fn progress, void *user)
{
    struct usb_card *card = usb_card_of(device);
    enum vdh_image_error why = VDH_IMAGE_OK;
    struct vdh_flash_store writing;
    int result;

    usb_card_enter(card);
    usb_boot_moving(card, 1);
    if (!card->ready)
        unstick(card);
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX;
    (void)vdh_interrupts_enable(&card->core, USB_EVENTS);
    result = store(card, &writing, image, bytes, progress, user);
    why = writing.error;
    if (result == VDH_OK)
        result = vdh_flash_boot_slot(&card->core, writing.slot);
    if (result == VDH_OK)
        result = usb_boot_run(card, NULL, 0, VDH_BOOT_COMMANDED, &why, NULL, NULL);
    if (result == VDH_OK)
        result = runs_slot(card, writing.slot);
    result = conclude(card, result, why, "updating firmware");
    usb_boot_moving(card, 0);
    usb_card_leave(card);
    return result;
}

/* COMMIT and ROLL_BACK may take longer than the core waits. */
static int finish_command(struct usb_card *card, int result)
{
    struct vdh_flash_status flash;

    for (uint32_t i = 0; i < BUSY_MOST && result == VDH_AGAIN; i++) {
        usb_boot_pause(card, BUSY_US);
        result = vdh_flash_read_status(&card->core, &flash);
        if (!result && flash.busy)
            result = VDH_AGAIN;
        else if (!result && flash.error)
            result = VDH_E_STATE;
    }
    if (result == VDH_AGAIN) {
        card->core.waited_for = "FLASH_STATUS.BUSY to be 0";
        result = VDH_E_TIMEOUT;
    }
    return result;
}

static int commit(struct vdi_device *device)
{
    struct usb_card *card = usb_card_of(device);
    int result;

    usb_card_enter(card);
    result = finish_command(card, vdh_flash_commit(&card->core));
    if (result == VDH_E_STATE)
        result = vdi_error(VDC_E_STATE,
                           "%s: no firmware is on trial, so there is nothing to "
                           "commit",
                           card->id);
    else
        result = usb_error(card, result, "committing firmware");
    usb_card_leave(card);
    return result;
}

static int roll_back(struct vdi_device *device)
{
    struct usb_card *card = usb_card_of(device);
    struct vdh_boot_status boot;
    int result;

    usb_card_enter(card);
    usb_boot_moving(card, 1);
    result = vdh_boot_read_status(&card->core, &boot);
    /* A trial ends by the reset alone. */
    if (!result && !(boot.runs && boot.trial))
        result = finish_command(card, vdh_flash_roll_back(&card->core));
    if (result == VDH_E_STATE) {
        result =
            vdi_error(VDC_E_STATE, "%s: the other slot holds no good image to return to", card->id);
    } else {
        if (!result)
            result = vdh_reset(&card->core, VDH_V_RESET_KIND_CARD);
        result = usb_error(card, result, "rolling firmware back");
        if (!result)
            result = usb_boot_bring_up(card);
        if (!result)
            vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    usb_boot_moving(card, 0);
    usb_card_leave(card);
    return result;
}

const struct vdi_firmware_ops usb_firmware_ops = {
    .info = firmware_info,
    .load = load,
    .update = update,
    .commit = commit,
    .roll_back = roll_back,
};
