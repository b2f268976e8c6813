/* SPDX-License-Identifier: MIT */
/*
 * Firmware of the project's card, by its module's ioctls. An operation goes on in the kernel; here it is watched
 * to its end, and its progress told.
 */
#include "v4l2_card.h"

#include <errno.h>
#include <string.h>

#include "v4l2_device.h"

#define LOOK_MS     5
#define SETTLE_NS   INT64_C(3000000000)
#define PATIENCE_NS INT64_C(120000000000)

static int get_status(struct v4l2_device *device, struct vdl_firmware_status *out)
{
    int error;

    memset(out, 0, sizeof(*out));
    error = v4l2_call(device->fd, VDL_IOC_FIRMWARE_STATUS, out);
    return error == 0 ? VDC_OK : v4l2_failure(device, error, "asking for its firmware");
}

static uint32_t slot_state(const struct vdl_firmware_status *status, uint32_t slot)
{
    static const uint32_t states[] = {VDC_SLOT_EMPTY, VDC_SLOT_GOOD, VDC_SLOT_BAD};

    if (!status->has_flash) {
        return VDC_SLOT_ABSENT;
    }
    return status->slot_holds[slot] < 3 ? states[status->slot_holds[slot]] : VDC_SLOT_BAD;
}

static int info(struct vdi_device *outer, vdc_firmware_info *out)
{
    struct v4l2_device *device = outer->priv;
    const struct vdl_identity *identity = &device->card.identity;
    struct vdl_firmware_status status;
    int result = get_status(device, &status);

    if (result != VDC_OK) {
        return result;
    }
    out->running = status.runs ? status.version : 0;
    out->source = status.runs ? status.source : (uint32_t)VDC_FIRMWARE_NONE; /* the same numbers */
    out->on_trial = status.trial;
    out->fell_back = status.fell_back;
    out->active_slot = status.active_slot;
    for (uint32_t slot = 0; slot < 2; slot++) {
        out->slot_state[slot] = slot_state(&status, slot);
        out->slot_version[slot] = status.slot_version[slot];
    }
    out->required_min = identity->version_min;
    out->required_max = identity->version_max;
    out->capacity_bytes = identity->capacity_bytes;
    out->target = identity->target;
    return VDC_OK;
}

/* What runs now may offer other things. */
static void look_again(struct v4l2_device *device)
{
    struct vdl_identity identity;

    memset(&identity, 0, sizeof(identity));
    if (v4l2_call(device->fd, VDL_IOC_IDENTITY, &identity) == 0) {
        device->card.identity = identity;
        v4l2_card_describe(device, &device->info);
        v4l2_inputs_probe(device);
        v4l2_favourite(device);
        vdi_device_set_info(device->outer, &device->info);
    }
}

static int begin_failure(struct v4l2_device *device, int error, const char *what)
{
    switch (error) {
    case EFBIG:
    case EINVAL:
        return vdi_error(VDC_E_FIRMWARE, "%s on \"%s\": the image was refused, check LENGTH", what,
                         device->info.id);
    case EBUSY:
        return vdi_error(VDC_E_BUSY,
                         "%s on \"%s\": a program captures from it, or another operation goes on",
                         what, device->info.id);
    case EPERM:
    case EACCES:
        return vdi_error(VDC_E_PERMISSION, "%s on \"%s\": only the administrator may", what,
                         device->info.id);
    default:
        return v4l2_failure(device, error, what);
    }
}

/* The checks of an image by their numbers in BOOT_STATUS.ERROR, as the data sheet has them. */
static const char *refusal(uint32_t error)
{
    static const char *const checks[] = {
        "no check failed",
        "INCOMPLETE, fewer bytes arrived than it says it has",
        "MAGIC, it is no firmware image",
        "HEADER_CRC, the header's CRC-32 does not match",
        "HEADER_FORMAT, an unknown header version or size, or reserved bits are set",
        "TARGET, it is made for another board",
        "TOO_OLD, its version is below what the card runs",
        "TOO_NEW, its version is above what the card runs",
        "LENGTH, the lengths in the header contradict each other or that of the image",
        "BODY_CRC, the body's CRC-32 does not match",
        "SHA256, the body's SHA-256 does not match",
        "TABLES, the mode or control tables are malformed",
        "NO_IMAGE, the slot is empty",
        "WATCHDOG, the firmware did not come up in time"};

    return error < sizeof(checks) / sizeof(checks[0])
               ? checks[error]
               : "a check that this library does not know; see the kernel's log";
}

static int end_failure(struct v4l2_device *device, const struct vdl_firmware_status *status,
                       const char *what)
{
    int error = status->error < 0 ? -status->error : EIO;

    if (status->state == VDL_FIRMWARE_REFUSED) {
        return vdi_error(VDC_E_FIRMWARE,
                         "%s on \"%s\": the image was refused: %s; what ran before still runs",
                         what, device->info.id, refusal(status->image_error));
    }
    if (error ==
        EBUSY) { /* the card's state, not another program: begin_failure() tells of those */
        return vdi_error(
            VDC_E_STATE,
            "%s on \"%s\": not in the state it is in; firmware on trial is first to be "
            "committed or rolled back",
            what, device->info.id);
    }
    return v4l2_failure(device, error, what);
}

/* Until the driver has brought up whatever it brings up: 1 if firmware runs then. */
static int settles(struct v4l2_device *device)
{
    int64_t end_ns = vdi_now_ns() + SETTLE_NS;
    struct vdl_firmware_status status;

    do {
        struct vdl_identity identity;

        memset(&status, 0, sizeof(status));
        memset(&identity, 0, sizeof(identity));
        if (v4l2_call(device->fd, VDL_IOC_FIRMWARE_STATUS, &status) != 0 ||
            v4l2_call(device->fd, VDL_IOC_IDENTITY, &identity) != 0) {
            return 0;
        }
        if (status.runs && !identity.limited) {
            return 1;
        }
        (void)v4l2_system->poll(NULL, 0, LOOK_MS);
    } while (vdi_now_ns() < end_ns);
    return 0;
}

/* The driver may still be at the end of the operation before; no stream is open here, so that passes. */
static int begin_command(struct v4l2_device *device, struct vdl_firmware_command *command)
{
    int64_t end_ns = vdi_now_ns() + SETTLE_NS;
    int error;

    do {
        error = v4l2_call(device->fd, VDL_IOC_FIRMWARE_COMMAND, command);
        if (error == EBUSY) {
            (void)v4l2_system->poll(NULL, 0, LOOK_MS);
        }
    } while (error == EBUSY && vdi_now_ns() < end_ns);
    return error;
}

/* One operation from its beginning to its end. */
static int operate(struct v4l2_device *device, const struct vdl_firmware_command *command,
                   const char *what, vdc_progress_fn progress, void *user)
{
    int64_t end_ns = vdi_now_ns() + PATIENCE_NS;
    struct vdl_firmware_command copy = *command;
    struct vdl_firmware_status status;
    uint32_t told = 0;
    int error, result;

    error = begin_command(device, &copy);
    if (error != 0) {
        return begin_failure(device, error, what);
    }
    for (;;) {
        result = get_status(device, &status);
        if (result != VDC_OK) {
            return result;
        }
        if (progress != NULL && status.done_bytes > told &&
            status.done_bytes <= command->image_bytes) {
            told = status.done_bytes;
            progress(told, command->image_bytes, user);
        }
        if (status.state != VDL_FIRMWARE_BUSY) {
            break;
        }
        if (vdi_now_ns() > end_ns) {
            return vdi_error(VDC_E_IO, "%s on \"%s\": no end after two minutes", what,
                             device->info.id);
        }
        (void)v4l2_system->poll(NULL, 0, LOOK_MS);
    }
    look_again(device);
    return status.state == VDL_FIRMWARE_DONE ? VDC_OK : end_failure(device, &status, what);
}

/* After a failure the driver brings up what ran before; if it cannot, the card is brought up as when its module was
 * loaded. The text of the failure stays. */
static int or_restore(struct v4l2_device *device, int result)
{
    const struct vdl_firmware_command restore = {.code = VDL_FIRMWARE_RESTORE};
    struct vdl_firmware_command copy = restore;

    if (result == VDC_E_GONE || result == VDC_E_BUSY || result == VDC_E_PERMISSION) {
        return result;
    }
    if (!settles(device) && begin_command(device, &copy) == 0 && !settles(device)) {
        vdi_log(device->outer->context, VDC_LOG_ERROR, "\"%s\": no firmware runs any more",
                device->info.id);
    }
    look_again(device);
    return result;
}

static int with_image(struct v4l2_device *device, uint32_t code, const uint8_t *image, size_t bytes,
                      const char *what, vdc_progress_fn progress, void *user)
{
    struct vdl_firmware_command command = {
        .code = code, .image_bytes = (uint32_t)bytes, .image = (uintptr_t)image};

    if (bytes == 0 || bytes > device->card.identity.capacity_bytes) {
        return begin_failure(device, EFBIG, what);
    }
    return operate(device, &command, what, progress, user);
}

static int load(struct vdi_device *outer, const uint8_t *image, size_t bytes,
                vdc_progress_fn progress, void *user)
{
    struct v4l2_device *device = outer->priv;

    return or_restore(device, with_image(device, VDL_FIRMWARE_BOOT, image, bytes,
                                         "loading firmware", progress, user));
}

/* Starts what was stored. After a loss of power the active slot runs, and nothing else tells of it. */
static int start_stored(struct v4l2_device *device)
{
    static const char what[] = "starting the new firmware";
    struct vdl_firmware_command boot = {.code = VDL_FIRMWARE_BOOT_SLOT};
    struct vdl_firmware_status stored, now;
    int result = get_status(device, &stored);

    if (result != VDC_OK) {
        return result;
    }
    if (stored.stored_slot < 1 || stored.stored_slot > 2) {
        return vdi_error(VDC_E_IO, "%s on \"%s\": its driver does not say where it is", what,
                         device->info.id);
    }
    boot.slot = stored.stored_slot - 1;
    result = operate(device, &boot, what, NULL, NULL);
    if (result == VDC_OK) {
        result = get_status(device, &now);
    }
    if (result == VDC_OK && (!now.runs || now.source != VDC_FIRMWARE_SLOT_A + boot.slot ||
                             now.version != stored.slot_version[boot.slot])) {
        result = vdi_error(VDC_E_IO, "%s on \"%s\": other firmware runs than was stored", what,
                           device->info.id);
    }
    return result;
}

static int update(struct vdi_device *outer, const uint8_t *image, size_t bytes,
                  vdc_progress_fn progress, void *user)
{
    struct v4l2_device *device = outer->priv;
    struct vdl_firmware_status before;
    int result = get_status(device, &before);

    if (result != VDC_OK) {
        return result;
    }
    if (!before.has_flash) {
        return vdi_error(VDC_E_UNSUPPORTED, "updating firmware on \"%s\": it has no flash",
                         device->info.id);
    }
    result =
        with_image(device, VDL_FIRMWARE_STORE, image, bytes, "updating firmware", progress, user);
    if (result == VDC_OK) {
        result = start_stored(device);
    }
    return or_restore(device, result);
}

static int commit(struct vdi_device *outer)
{
    struct v4l2_device *device = outer->priv;
    const struct vdl_firmware_command command = {.code = VDL_FIRMWARE_COMMIT};
    struct vdl_firmware_status status;
    int result = get_status(device, &status);

    if (result == VDC_OK && !status.trial) {
        return vdi_error(VDC_E_STATE,
                         "\"%s\": no firmware is on trial, so there is nothing to commit",
                         device->info.id);
    }
    return result == VDC_OK ? operate(device, &command, "committing firmware", NULL, NULL) : result;
}

static int roll_back(struct vdi_device *outer)
{
    struct v4l2_device *device = outer->priv;
    const struct vdl_firmware_command command = {.code = VDL_FIRMWARE_ROLL_BACK};
    const struct vdl_firmware_command restart = {.code = VDL_FIRMWARE_RESTORE};
    struct vdl_firmware_status status;
    int result = get_status(device, &status);

    if (result != VDC_OK) {
        return result;
    }
    /* A trial ends by the restart alone. */
    if (!(status.runs && status.trial)) {
        uint32_t other = status.active_slot == 1;

        if (!status.has_flash || status.slot_holds[other] != 1) {
            return vdi_error(VDC_E_STATE, "\"%s\": the other slot holds no good image to return to",
                             device->info.id);
        }
        result = operate(device, &command, "rolling firmware back", NULL, NULL);
    }
    return result == VDC_OK ? operate(device, &restart, "restarting the card", NULL, NULL) : result;
}

const struct vdi_firmware_ops v4l2_firmware_ops = {
    .info = info,
    .load = load,
    .update = update,
    .commit = commit,
    .roll_back = roll_back,
};
