/* SPDX-License-Identifier: MIT */
/*
 * Firmware: what runs, what is stored, load, update, commit, roll back. Whatever fails on the way,
 * the card is brought up again at the end by the same policy as at its opening.
 */
#include "card.h"

#include <string.h>

#define BUSY_MOST 1000u /* looks at a flash operation that ends within 1 ms */
#define BUSY_US   100u

static void moving(struct card *card, int on)
{
    if (card->host->moving)
        card->host->moving(card, on);
}

static void flash_changed(struct card *card)
{
    if (card->host->flash_changed)
        card->host->flash_changed(card);
}

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
    struct card *card = card_of(device);
    const struct vdh_identity *identity = &card->core.identity;
    struct vdh_boot_status boot;
    struct vdh_flash_status flash;
    uint32_t version = 0;
    int result;

    memset(&flash, 0, sizeof(flash));
    card->host->enter(card);
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
    result = card_error(card, result, "asking for its firmware");
    card->host->leave(card);
    return result;
}

/* A card that hangs in a boot takes no command but a reset. */
static void unstick(struct card *card)
{
    struct vdh_boot_status boot;

    if (vdh_boot_read_status(&card->core, &boot) == VDH_OK &&
        (boot.state == VDH_V_BOOT_STATUS_STATE_BOOTING ||
         boot.state == VDH_V_BOOT_STATUS_STATE_CHECKING))
        (void)vdh_reset(&card->core, VDH_V_RESET_KIND_CARD);
}

/* The outcome of an attempt at other firmware: `result` of the core, and why it was refused. */
static int conclude(struct card *card, int result, enum vdh_image_error why, const char *tried)
{
    uint32_t before = card->core.running_version;
    int status;

    if (result == VDH_OK) {
        card->ready = 1;
        card->state_text[0] = 0;
        card_boot_tell(card);
        vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
        flash_changed(card);
        return VDC_OK;
    }
    flash_changed(card);
    if (result != VDH_E_GONE) {
        /* What ran before may run still, or again: find out, and read its tables anew. */
        if (result == VDH_E_TIMEOUT)
            unstick(card);
        status = card_boot_bring_up(card);
        if (status)
            return status;
        if (card->core.running_version != before)
            vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    if (result == VDH_E_FIRMWARE)
        return vdi_error(VDC_E_FIRMWARE, "%s: %s: the image was refused, check %s: %s", card->id,
                         tried, vdh_image_error_name(why), vdh_image_error_text(why));
    return card_error(card, result, tried);
}

static int load(struct vdi_device *device, const uint8_t *image, size_t bytes,
                vdc_progress_fn progress, void *user)
{
    struct card *card = card_of(device);
    enum vdh_image_error why = VDH_IMAGE_OK;
    int result;

    card->host->enter(card);
    moving(card, 1);
    if (!card->ready)
        unstick(card);
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX; /* Far beyond any card: refused as too long. */
    (void)vdh_interrupts_enable(&card->core, card->host->events);
    result = card->host->boot(card, image, bytes, VDH_BOOT_REPLACE, &why, progress, user);
    result = conclude(card, result, why, "loading firmware");
    moving(card, 0);
    card->host->leave(card);
    return result;
}

static int store_step(void *work, uint64_t now_us, uint32_t *again_us)
{
    return vdh_flash_store_step(work, now_us, again_us);
}

/* After a loss of power the active slot runs, and nothing else tells of it. */
static int runs_slot(struct card *card, uint32_t slot)
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
    struct card *card = card_of(device);
    enum vdh_image_error why = VDH_IMAGE_OK;
    struct vdh_flash_store writing;
    struct card_progress told = {&writing.stored_bytes, 0, progress, user};
    int result;

    card->host->enter(card);
    moving(card, 1);
    if (!card->ready)
        unstick(card);
    if (bytes > UINT32_MAX)
        bytes = UINT32_MAX;
    told.bytes = bytes;
    (void)vdh_interrupts_enable(&card->core, card->host->events);
    /* Into the slot that is free, as far as the core can tell. */
    vdh_flash_store_start(&writing, &card->core, image, (uint32_t)bytes);
    result = card_steps(card, store_step, &writing, &told);
    why = writing.error;
    if (result == VDH_OK)
        result = vdh_flash_boot_slot(&card->core, writing.slot);
    if (result == VDH_OK)
        result = card->host->boot(card, NULL, 0, VDH_BOOT_COMMANDED, &why, NULL, NULL);
    if (result == VDH_OK)
        result = runs_slot(card, writing.slot);
    result = conclude(card, result, why, "updating firmware");
    moving(card, 0);
    card->host->leave(card);
    return result;
}

/* COMMIT and ROLL_BACK may take longer than the core waits. */
static int finish_command(struct card *card, int result)
{
    struct vdh_flash_status flash;

    for (uint32_t i = 0; i < BUSY_MOST && result == VDH_AGAIN; i++) {
        card->host->pause(card, BUSY_US);
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
    struct card *card = card_of(device);
    int result;

    card->host->enter(card);
    result = finish_command(card, vdh_flash_commit(&card->core));
    if (result == VDH_E_STATE)
        result = vdi_error(VDC_E_STATE,
                           "%s: no firmware is on trial, so there is nothing to "
                           "commit",
                           card->id);
    else
        result = card_error(card, result, "committing firmware");
    flash_changed(card);
    card->host->leave(card);
    return result;
}

static int roll_back(struct vdi_device *device)
{
    struct card *card = card_of(device);
    struct vdh_boot_status boot;
    int result;

    card->host->enter(card);
    moving(card, 1);
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
        result = card_error(card, result, "rolling firmware back");
        if (!result)
            result = card_boot_bring_up(card);
        if (!result)
            vdi_device_event(card->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    flash_changed(card);
    moving(card, 0);
    card->host->leave(card);
    return result;
}

const struct vdi_firmware_ops card_firmware_ops = {
    .info = firmware_info,
    .load = load,
    .update = update,
    .commit = commit,
    .roll_back = roll_back,
};
