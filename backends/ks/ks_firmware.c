/* SPDX-License-Identifier: MIT */
/*
 * Firmware of Vidicon's card: the driver does the work and says how far it is; here a thread waits for its end. Whatever the
 * outcome, modes and controls are read anew: they are the running firmware's.
 */
#include "ks.h"

#include <stdlib.h>

#include "ks_tables.h"

#define LOOK_NS     INT64_C(2000000)
#define PATIENCE_NS INT64_C(120000000000)
#define NO_SLOT     2u

/* clang-format off */
const struct ks_image_check ks_image_checks[KS_IMAGE_CHECKS] = {
    {"NONE", "Nothing was refused"},
    {"INCOMPLETE", "Fewer bytes arrived than FW_LENGTH says, or than a header has"},
    {"MAGIC", "Does not begin with the image magic"},
    {"HEADER_CRC", "The header's CRC-32 does not match"},
    {"HEADER_FORMAT", "Unknown header version or size, reserved bits set"},
    {"TARGET", "Made for another board"},
    {"TOO_OLD", "Version below FW_VERSION_MIN"},
    {"TOO_NEW", "Version above FW_VERSION_MAX"},
    {"LENGTH", "Lengths in the header contradict each other or the number of bytes received"},
    {"BODY_CRC", "The body's CRC-32 does not match"},
    {"SHA256", "The body's SHA-256 does not match"},
    {"TABLES", "Mode or control tables are malformed"},
    {"NO_IMAGE", "The slot is empty"},
    {"WATCHDOG", "The firmware did not come up in time"},
};
/* clang-format on */

static int refused(const struct ks_device *device, uint32_t error, const char *tried)
{
    if (error < KS_IMAGE_CHECKS) {
        return vdi_error(VDC_E_FIRMWARE, "ks:%s: %s: the image was refused, check %s: %s",
                         device->id, tried, ks_image_checks[error].name,
                         ks_image_checks[error].help);
    }
    return vdi_error(VDC_E_FIRMWARE, "ks:%s: %s: the image was refused, check %u", device->id,
                     tried, (unsigned)error);
}

static int read_status(const struct ks_device *device, struct vdw_firmware_status *out)
{
    return ks_error(device,
                    ks_own_get(device, VDW_PROPERTY_FIRMWARE_STATUS, 0, 0, out, sizeof(*out)),
                    "asking for its firmware");
}

static uint32_t slot_state(const struct vdw_firmware_status *status, uint32_t slot)
{
    if (!status->has_flash) {
        return VDC_SLOT_ABSENT;
    }
    switch (status->slot_holds[slot]) {
    case KS_SLOT_EMPTY:
        return VDC_SLOT_EMPTY;
    case KS_SLOT_GOOD:
        return VDC_SLOT_GOOD;
    default:
        return VDC_SLOT_BAD;
    }
}

static int firmware_info(struct vdi_device *base, vdc_firmware_info *out)
{
    struct ks_device *device = ks_device_of(base);
    struct vdw_firmware_status status;
    int result = read_status(device, &status);

    if (result != VDC_OK) {
        return result;
    }
    out->running = status.runs ? status.version : 0;
    out->source = status.runs && status.source <= VDC_FIRMWARE_SLOT_B
                      ? status.source
                      : (uint32_t)VDC_FIRMWARE_NONE; /* the same numbers */
    out->on_trial = status.trial;
    out->fell_back = status.fell_back;
    out->active_slot = status.has_flash && status.active_slot <= 2 ? status.active_slot : 0;
    for (uint32_t slot = 0; slot < 2; slot++) {
        out->slot_state[slot] = slot_state(&status, slot);
        out->slot_version[slot] = status.has_flash ? status.slot_version[slot] : 0;
    }
    out->required_min = device->identity.version_min;
    out->required_max = device->identity.version_max;
    out->capacity_bytes = device->identity.capacity_bytes;
    out->target = device->identity.target;
    return VDC_OK;
}

/* ---- Commands ---- */

struct progress {
    vdc_progress_fn tell;
    void *user;
    uint64_t total;
};

static int pause_a_little(void)
{
    vdi_mutex *lock = NULL;
    vdi_cond *never = NULL;
    int64_t until = vdi_now_ns() + LOOK_NS;
    int status = vdi_mutex_create(&lock);

    if (status == VDC_OK) {
        status = vdi_cond_create(&never);
    }
    if (status == VDC_OK) {
        vdi_mutex_lock(lock);
        while (!vdi_cond_wait(never, lock, until)) {
        }
        vdi_mutex_unlock(lock);
    }
    vdi_cond_destroy(never);
    vdi_mutex_destroy(lock);
    return status;
}

/* Until the operation has ended and, with `boots`, firmware runs or its start has failed. */
static int finish(const struct ks_device *device, const struct progress *progress,
                  const char *tried, int boots)
{
    int64_t deadline_ns = vdi_now_ns() + PATIENCE_NS;
    struct vdw_firmware_status status;
    uint32_t told = 0;
    int result;

    for (;;) {
        result = read_status(device, &status);
        if (result != VDC_OK) {
            return result;
        }
        if (progress->tell != NULL && status.done_bytes > told &&
            status.done_bytes <= progress->total) {
            told = status.done_bytes;
            progress->tell(told, progress->total, progress->user);
        }
        if (status.state != VDW_FIRMWARE_BUSY && (!boots || status.runs)) {
            break;
        }
        if (vdi_now_ns() > deadline_ns) {
            return vdi_error(VDC_E_IO, "ks:%s: %s: it does not come to an end", device->id, tried);
        }
        result = pause_a_little();
        if (result != VDC_OK) {
            return result;
        }
    }
    if (status.state == VDW_FIRMWARE_REFUSED) {
        return refused(device, status.image_error, tried);
    }
    if (status.state == VDW_FIRMWARE_FAILED) {
        return vdi_error(VDC_E_IO, "ks:%s: %s: the driver failed with result %d", device->id, tried,
                         (int)status.result);
    }
    return VDC_OK;
}

static int command(struct ks_device *device, uint32_t code, uint32_t slot, const uint8_t *image,
                   size_t bytes, const char *tried)
{
    struct vdw_firmware_command head = {code, slot, (uint32_t)bytes, 0};
    uint8_t *whole;
    uint32_t result;

    if (bytes > device->identity.capacity_bytes) {
        return refused(device, KS_IMAGE_CHECK_LENGTH, tried);
    }
    whole = malloc(sizeof(head) + bytes);
    if (whole == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "ks:%s: %s: no memory", device->id, tried);
    }
    memcpy(whole, &head, sizeof(head));
    if (bytes != 0) {
        memcpy(whole + sizeof(head), image, bytes);
    }
    atomic_store(&device->operating, 1);
    result = ks_own_set(device, VDW_PROPERTY_FIRMWARE_COMMAND, 0, whole,
                        (uint32_t)(sizeof(head) + bytes));
    free(whole);
    return ks_error(device, result, tried);
}

/* The card as it is now, whatever came of the attempt; `result` is that of the attempt. */
static int conclude(struct ks_device *device, uint32_t before, int result)
{
    struct vdw_firmware_status status;
    char *text = result != VDC_OK ? strdup(vdc_error_text()) : NULL;
    int refreshed;

    atomic_store(&device->operating, 0);
    refreshed = result == VDC_E_GONE ? VDC_OK : ks_device_refresh(device);

    if (refreshed == VDC_OK && result != VDC_E_GONE && read_status(device, &status) == VDC_OK &&
        (result == VDC_OK || status.version != before)) {
        vdi_device_event(device->device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    }
    if (result != VDC_OK) {
        result = vdi_error(result, "%s", text != NULL ? text : "firmware was not changed");
    }
    free(text);
    return result != VDC_OK ? result : refreshed;
}

static int load(struct vdi_device *base, const uint8_t *image, size_t bytes, vdc_progress_fn tell,
                void *user)
{
    static const char tried[] = "loading firmware";
    struct ks_device *device = ks_device_of(base);
    const struct progress progress = {tell, user, bytes};
    struct vdw_firmware_status before;
    int result = read_status(device, &before);

    if (result != VDC_OK) {
        return result;
    }
    result = command(device, VDW_FIRMWARE_BOOT, 0, image, bytes, tried);
    if (result == VDC_OK) {
        result = finish(device, &progress, tried, 0);
    }
    return conclude(device, before.version, result);
}

/* The slot that the driver will store to: neither active nor running, rather one that holds nothing good. */
static uint32_t free_slot(const struct vdw_firmware_status *status)
{
    uint32_t picked = NO_SLOT;

    for (uint32_t slot = 0; slot < 2; slot++) {
        if (status->active_slot == slot + 1 ||
            (status->runs && status->source == VDC_FIRMWARE_SLOT_A + slot)) {
            continue;
        }
        if (picked == NO_SLOT || slot_state(status, picked) == VDC_SLOT_GOOD) {
            picked = slot;
        }
    }
    return picked;
}

static int start_slot(struct ks_device *device, uint32_t slot, const char *tried)
{
    const struct progress none = {NULL, NULL, 0};
    struct vdw_firmware_status status;
    int result = command(device, VDW_FIRMWARE_BOOT_SLOT, slot, NULL, 0, tried);

    if (result == VDC_OK) {
        result = finish(device, &none, tried, 1);
    }
    if (result == VDC_OK) {
        result = read_status(device, &status);
    }
    /* After a loss of power the active slot runs, and nothing else tells of it. */
    if (result == VDC_OK && (!status.runs || status.source != VDC_FIRMWARE_SLOT_A + slot)) {
        result = vdi_error(VDC_E_IO, "ks:%s: %s: other firmware runs than was stored", device->id,
                           tried);
    }
    return result;
}

static int update(struct vdi_device *base, const uint8_t *image, size_t bytes, vdc_progress_fn tell,
                  void *user)
{
    static const char tried[] = "updating firmware";
    struct ks_device *device = ks_device_of(base);
    const struct progress progress = {tell, user, bytes};
    struct vdw_firmware_status before;
    uint32_t slot;
    int result = read_status(device, &before);

    if (result != VDC_OK) {
        return result;
    }
    slot = before.has_flash ? free_slot(&before) : NO_SLOT;
    if (slot == NO_SLOT) {
        return vdi_error(VDC_E_UNSUPPORTED, "ks:%s: %s: it has no free flash slot", device->id,
                         tried);
    }
    result = command(device, VDW_FIRMWARE_STORE, 0, image, bytes, tried);
    if (result == VDC_OK) {
        result = finish(device, &progress, tried, 0);
    }
    if (result == VDC_OK) {
        result = start_slot(device, slot, tried);
    }
    return conclude(device, before.version, result);
}

static int commit(struct vdi_device *base)
{
    static const char tried[] = "committing firmware";
    const struct progress none = {NULL, NULL, 0};
    struct ks_device *device = ks_device_of(base);
    struct vdw_firmware_status status;
    int result = read_status(device, &status);

    if (result == VDC_OK && !(status.runs && status.trial)) {
        result = vdi_error(VDC_E_STATE,
                           "ks:%s: no firmware is on trial, so there is nothing to "
                           "commit",
                           device->id);
    }
    if (result == VDC_OK) {
        result = command(device, VDW_FIRMWARE_COMMIT, 0, NULL, 0, tried);
    }
    if (result == VDC_OK) {
        result = finish(device, &none, tried, 0);
    }
    atomic_store(&device->operating, 0);
    return result;
}

static int roll_back(struct vdi_device *base)
{
    static const char tried[] = "rolling firmware back";
    const struct progress none = {NULL, NULL, 0};
    struct ks_device *device = ks_device_of(base);
    struct vdw_firmware_status before;
    uint32_t other;
    int result = read_status(device, &before);

    if (result != VDC_OK) {
        return result;
    }
    if (!(before.runs && before.trial)) { /* a trial ends by the reset alone */
        other = before.active_slot == 1 ? 1 : 0;
        if (!before.has_flash || slot_state(&before, other) != VDC_SLOT_GOOD) {
            return vdi_error(VDC_E_STATE, "ks:%s: the other slot holds no good image to return to",
                             device->id);
        }
        result = command(device, VDW_FIRMWARE_ROLL_BACK, 0, NULL, 0, tried);
        if (result == VDC_OK) {
            result = finish(device, &none, tried, 0);
        }
    }
    if (result == VDC_OK) {
        result = command(device, VDW_FIRMWARE_RESTORE, 0, NULL, 0, tried);
    }
    if (result == VDC_OK) {
        result = finish(device, &none, tried, 1);
    }
    return conclude(device, before.version, result);
}

const struct vdi_firmware_ops ks_firmware_ops = {
    .info = firmware_info,
    .load = load,
    .update = update,
    .commit = commit,
    .roll_back = roll_back,
};
