/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The boot step: look, check, upload, start, wait, read the tables. One phase an entry, which keeps
 * every entry within the smallest budget; only blocks and hashing use what the host offers beyond.
 */
#include "vdh_boot.h"
#include "vdh_access.h"
#include "vdh_upload.h"

enum phase {
    LOOK,
    CHECK,
    BEGIN,
    SEND,
    WAIT_CHECKED,
    WAIT_STARTED,
    LENGTH,
    READ_PAGES,
    PARSE,
    FINISH,
    OVER
};

#define TABLES_PAGE_BYTES 1024u
#define POLL_CHECK_US     500u
#define POLL_START_US     5000u

static uint32_t get_bits(uint32_t value, enum vdh_field field)
{
    return vdh_field_get(value, field);
}

int vdh_boot_read_status(struct vdh_device *device, struct vdh_boot_status *out)
{
    int result = VDH_OK;
    uint32_t value = vdh_access_get(device, VDH_R_BOOT_STATUS, &result);
    uint32_t error;

    if (!result &&
        get_bits(value, VDH_F_BOOT_STATUS_STATE) > (uint32_t)VDH_V_BOOT_STATUS_STATE_REFUSED)
        result = VDH_E_IO;
    if (result)
        return result;
    out->state = get_bits(value, VDH_F_BOOT_STATUS_STATE);
    out->runs = get_bits(value, VDH_F_BOOT_STATUS_RUNS);
    out->source = get_bits(value, VDH_F_BOOT_STATUS_SOURCE);
    out->trial = get_bits(value, VDH_F_BOOT_STATUS_TRIAL);
    out->fell_back = get_bits(value, VDH_F_BOOT_STATUS_FELL_BACK);
    error = get_bits(value, VDH_F_BOOT_STATUS_ERROR);
    out->error =
        error > (uint32_t)VDH_IMAGE_WATCHDOG ? VDH_IMAGE_UNKNOWN : (enum vdh_image_error)error;
    return VDH_OK;
}

void vdh_boot_start(struct vdh_boot *boot, struct vdh_device *device, const uint8_t *image,
                    uint32_t image_bytes, uint8_t *tables, uint32_t flags)
{
    memset(boot, 0, sizeof(*boot));
    boot->device = device;
    boot->image = image;
    boot->image_bytes = image ? image_bytes : 0;
    boot->tables = tables;
    boot->flags = flags;
    boot->commanded = (flags & VDH_BOOT_COMMANDED) != 0;
    memset(&device->tables, 0, sizeof(device->tables));
    device->running_version = 0;
}

/* Sets the time by which the next phase must be over. */
static void wait_in(struct vdh_boot *boot, uint8_t phase, uint64_t now_us, uint32_t timeout_us)
{
    boot->phase = phase;
    boot->deadline_us = now_us + timeout_us;
}

/* The card is busy, for as long as the present phase allows. */
static int wait_busy(struct vdh_boot *boot, const struct vdh_boot_status *status, uint64_t now_us,
                     uint32_t *again_us)
{
    if (status->state == (uint32_t)VDH_V_BOOT_STATUS_STATE_BOOTING && boot->phase != WAIT_STARTED)
        wait_in(boot, WAIT_STARTED, now_us, VDH_BOOT_START_TIMEOUT_US);
    else if (boot->phase == LOOK)
        wait_in(boot, WAIT_CHECKED, now_us, VDH_BOOT_CHECK_TIMEOUT_US);
    if (now_us >= boot->deadline_us)
        return vdh_access_timeout(boot->device, boot->phase == WAIT_STARTED
                                                    ? "BOOT_STATUS.STATE to leave BOOTING"
                                                    : "BOOT_STATUS.STATE to leave CHECKING");
    *again_us = boot->phase == WAIT_STARTED ? POLL_START_US : POLL_CHECK_US;
    return VDH_AGAIN;
}

/* The card is not busy, and this boot (or its caller) gave it an image or a slot to start. */
static int settled(struct vdh_boot *boot, const struct vdh_boot_status *status)
{
    /* After a watchdog the boot policy may have started a slot; ERROR still says what happened. */
    if (status->error != VDH_IMAGE_OK)
        return VDH_E_FIRMWARE;
    if (status->state != (uint32_t)VDH_V_BOOT_STATUS_STATE_RUNNING || !status->runs ||
        (boot->image && status->source != (uint32_t)VDH_V_BOOT_STATUS_SOURCE_RAM))
        return VDH_E_IO;
    boot->phase = LENGTH;
    return VDH_AGAIN;
}

static int look(struct vdh_boot *boot, uint64_t now_us, uint32_t *again_us)
{
    struct vdh_boot_status status;
    int result = vdh_boot_read_status(boot->device, &status);

    if (result)
        return result;
    if (status.state == (uint32_t)VDH_V_BOOT_STATUS_STATE_CHECKING ||
        status.state == (uint32_t)VDH_V_BOOT_STATUS_STATE_BOOTING)
        return wait_busy(boot, &status, now_us, again_us);
    boot->error = status.error;
    if (boot->commanded)
        return settled(boot, &status);
    if (status.runs && !(boot->image && (boot->flags & VDH_BOOT_REPLACE))) {
        boot->error = VDH_IMAGE_OK;
        boot->phase = LENGTH;
    } else if (!boot->image) {
        return VDH_E_STATE;
    } else {
        struct vdh_image_rules rules;

        vdh_upload_rules(&rules, boot->device);
        vdh_image_check_start(&boot->check, boot->image, boot->image_bytes, &rules);
        boot->error = VDH_IMAGE_OK;
        boot->phase = CHECK;
    }
    return VDH_AGAIN;
}

static int check_image(struct vdh_boot *boot)
{
    int result = vdh_image_check_step(&boot->check, vdh_access_budget_bytes(boot->device));

    if (result == VDH_OK) {
        boot->phase = BEGIN;
        result = VDH_AGAIN;
    } else if (result == VDH_E_FIRMWARE) {
        boot->error = boot->check.error;
    }
    return result;
}

static int send(struct vdh_boot *boot, uint64_t now_us, uint32_t *again_us)
{
    int result =
        vdh_upload_step(boot->device, boot->image, boot->image_bytes, &boot->uploaded_bytes);

    if (result != VDH_OK)
        return result;
    vdh_access_put(boot->device, VDH_R_BOOT_COMMAND,
                   vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_BOOT_STAGED),
                   &result);
    if (result)
        return result;
    boot->commanded = 1;
    wait_in(boot, WAIT_CHECKED, now_us, VDH_BOOT_CHECK_TIMEOUT_US);
    *again_us = POLL_CHECK_US;
    return VDH_AGAIN;
}

static int read_length(struct vdh_boot *boot)
{
    struct vdh_device *device = boot->device;
    int result = VDH_OK;
    uint32_t length = vdh_access_get(device, VDH_R_TABLES_LENGTH, &result);

    if (!result && (length < VDH_S_TABLES || length > VDH_TABLES_MAX_BYTES))
        result = VDH_E_TABLES;
    if (result)
        return result;
    boot->tables_bytes = length;
    boot->position = 0;
    boot->phase = READ_PAGES;
    return VDH_AGAIN;
}

/* One block of the tables. Two accesses of the budget are the page's and a look at ARCH_ID. */
static int read_tables(struct vdh_boot *boot)
{
    struct vdh_device *device = boot->device;
    uint32_t budget = vdh_access_budget_bytes(device) & ~3u;
    uint32_t accesses = vdh_access_budget_accesses(device) - 2u;
    uint32_t at = boot->position % TABLES_PAGE_BYTES;
    uint32_t piece = ((boot->tables_bytes + 3u) & ~3u) - boot->position;
    uint8_t *into = boot->tables + boot->position;
    int result = VDH_OK;

    if (budget / 4u > accesses)
        budget = accesses * 4u;
    if (piece > budget)
        piece = budget;
    if (piece > TABLES_PAGE_BYTES - at)
        piece = TABLES_PAGE_BYTES - at;
    vdh_access_put(device, VDH_R_TABLES_PAGE, boot->position / TABLES_PAGE_BYTES, &result);
    if (!result)
        result = device->io->read_block(device->context, VDH_R_TABLES + at, into, piece);
    if (!result && vdh_get_u32(into + piece - 4u) == VDH_ALL_ONES)
        result = vdh_access_present(device);
    if (result)
        return result;
    boot->position += piece;
    if (boot->position >= boot->tables_bytes) {
        vdh_tables_check_start(&boot->tables_check, boot->tables, boot->tables_bytes);
        boot->phase = PARSE;
    }
    return VDH_AGAIN;
}

static int parse_tables(struct vdh_boot *boot)
{
    int result = vdh_tables_check_step(&boot->tables_check, vdh_access_budget_bytes(boot->device));

    if (result == VDH_OK) {
        boot->phase = FINISH;
        result = VDH_AGAIN;
    }
    return result;
}

static int finish(struct vdh_boot *boot)
{
    struct vdh_device *device = boot->device;
    const struct vdh_tables *tables = &boot->tables_check.view;
    int result = VDH_OK;
    uint32_t version = vdh_access_get(device, VDH_R_FW_VERSION, &result);
    uint32_t input = vdh_access_get(device, VDH_R_INPUT_SELECT, &result);
    uint32_t timing = vdh_access_get(device, VDH_R_TIMING_SELECT, &result);

    if (!result && (version == 0 || input >= tables->input_count || timing >= tables->timing_count))
        result = VDH_E_IO;
    if (result)
        return result;
    device->tables = *tables;
    device->running_version = version;
    device->input = input;
    device->timing = timing;
    vdh_access_trace(device, "firmware runs", version, boot->tables_bytes);
    return VDH_OK;
}

int vdh_boot_step(struct vdh_boot *boot, uint64_t now_us, uint32_t *again_us)
{
    int result;

    *again_us = 0;
    switch (boot->phase) {
    case LOOK:
    case WAIT_CHECKED:
    case WAIT_STARTED:
        result = look(boot, now_us, again_us);
        break;
    case CHECK:
        result = check_image(boot);
        break;
    case BEGIN:
        result = vdh_upload_begin(boot->device, boot->image_bytes, &boot->error);
        if (!result) {
            boot->phase = SEND;
            result = VDH_AGAIN;
        }
        break;
    case SEND:
        result = send(boot, now_us, again_us);
        break;
    case LENGTH:
        result = read_length(boot);
        break;
    case READ_PAGES:
        result = read_tables(boot);
        break;
    case PARSE:
        result = parse_tables(boot);
        break;
    case FINISH:
        result = finish(boot);
        break;
    default:
        return VDH_E_INVALID;
    }
    if (result != VDH_AGAIN)
        boot->phase = OVER;
    if (result == VDH_E_FIRMWARE)
        vdh_access_trace(boot->device, "image refused", (uint32_t)boot->error, 0);
    return result;
}
