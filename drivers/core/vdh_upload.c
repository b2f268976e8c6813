/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Image bytes into the staging RAM. Nobody asks FW_RECEIVED how many arrived: the card compares
 * that itself and names the refusal INCOMPLETE.
 */
#include "vdh_upload.h"
#include "vdh_access.h"
#include "vdh_boot.h"

/* The largest write_block: the window of the registers, a control transfer of a slow transport. */
#define BLOCK_MAX_FAST 1024u
#define BLOCK_MAX_SLOW 4096u

void vdh_upload_rules(struct vdh_image_rules *out, const struct vdh_device *device)
{
    out->target = device->identity.target;
    out->version_min = device->identity.version_min;
    out->version_max = device->identity.version_max;
    out->capacity_bytes = device->identity.capacity_bytes;
}

int vdh_upload_begin(struct vdh_device *device, uint32_t image_bytes, enum vdh_image_error *error)
{
    struct vdh_boot_status status;
    int result = VDH_OK;

    vdh_access_put(device, VDH_R_FW_LENGTH, image_bytes, &result);
    vdh_access_put(device, VDH_R_BOOT_COMMAND,
                   vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_STAGE),
                   &result);
    if (!result)
        result = vdh_boot_read_status(device, &status);
    if (result)
        return result;
    if (status.state == (uint32_t)VDH_V_BOOT_STATUS_STATE_RECEIVING)
        return VDH_OK;
    *error = status.error;
    return status.error == VDH_IMAGE_OK ? VDH_E_IO : VDH_E_FIRMWARE;
}

int vdh_upload_step(struct vdh_device *device, const uint8_t *image, uint32_t image_bytes,
                    uint32_t *position)
{
    uint32_t most = device->transport == VDH_TRANSPORT_SLOW ? BLOCK_MAX_SLOW : BLOCK_MAX_FAST;
    uint32_t accesses = vdh_access_budget_accesses(device);
    uint32_t budget = vdh_access_budget_bytes(device) & ~3u;
    int result = VDH_OK;

    if (budget / 4u > accesses)
        budget = accesses * 4u;
    while (!result && *position < image_bytes && budget > 0) {
        uint32_t piece = image_bytes - *position;

        if (piece > budget)
            piece = budget;
        if (piece > most)
            piece = most;
        result =
            device->io->write_block(device->context, VDH_R_FW_WINDOW, image + *position, piece);
        if (!result)
            *position += piece;
        /* A block of an odd length is the last one. */
        budget -= piece < budget ? piece : budget;
    }
    return !result && *position < image_bytes ? VDH_AGAIN : result;
}
