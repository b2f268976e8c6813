/* SPDX-License-Identifier: MIT */
/*
 * Registers of the project's card by name. The module lists what a program may reach, and enforces it.
 */
#include "v4l2_card.h"

#include <errno.h>
#include <string.h>

#include "v4l2_device.h"

#define REGISTERS_MAX 4096u

static int entry_at(struct v4l2_device *device, uint32_t index, struct vdl_register_info *out)
{
    int error;

    memset(out, 0, sizeof(*out));
    out->index = index;
    error = index < REGISTERS_MAX ? v4l2_call(device->fd, VDL_IOC_REGISTER_INFO, out) : EINVAL;
    out->name[sizeof(out->name) - 1] = '\0';
    out->help[sizeof(out->help) - 1] = '\0';
    return error;
}

static int list(struct vdi_device *outer, struct vdi_sink *sink)
{
    struct v4l2_device *device = outer->priv;
    struct vdl_register_info entry;
    int status = VDC_OK;
    int error = 0;

    for (uint32_t at = 0; status == VDC_OK; at++) {
        vdc_register_info info;

        error = entry_at(device, at, &entry);
        if (error != 0) {
            break;
        }
        info = (vdc_register_info){entry.name,  entry.help,   entry.offset,
                                   entry.count, entry.access, 0}; /* the same bits */
        status = vdi_sink_register(sink, &info);
    }
    return status != VDC_OK || error == 0 || error == EINVAL
               ? status
               : v4l2_failure(device, error, "listing registers");
}

static int find(struct v4l2_device *device, const char *name, uint32_t index, uint32_t *offset)
{
    struct vdl_register_info entry;
    int error = 0;

    for (uint32_t at = 0; error == 0; at++) {
        error = entry_at(device, at, &entry);
        if (error != 0 || strcmp(entry.name, name) != 0) {
            continue;
        }
        if (index >= entry.count) {
            return vdi_error(VDC_E_RANGE, "\"%s\": register %s has the numbers 0 to %u",
                             device->info.id, name, (unsigned)(entry.count - 1));
        }
        *offset = entry.offset + index * 4u;
        return VDC_OK;
    }
    if (error != EINVAL) {
        return v4l2_failure(device, error, "finding a register");
    }
    return vdi_error(VDC_E_NOT_FOUND, "\"%s\": it has no register %s", device->info.id, name);
}

static int refused(struct v4l2_device *device, int error, const char *name, const char *what)
{
    if (error == EACCES || error == EPERM) {
        return vdi_error(VDC_E_PERMISSION, "%s of \"%s\": the driver does not allow it for %s",
                         what, device->info.id, name);
    }
    return v4l2_failure(device, error, what);
}

static int read_one(struct vdi_device *outer, const char *name, uint32_t index, uint32_t *value)
{
    struct v4l2_device *device = outer->priv;
    struct vdl_register call = {0, 0};
    int status = find(device, name, index, &call.offset);
    int error;

    if (status != VDC_OK) {
        return status;
    }
    error = v4l2_call(device->fd, VDL_IOC_REGISTER_READ, &call);
    if (error != 0) {
        return refused(device, error, name, "reading a register");
    }
    *value = call.value;
    return VDC_OK;
}

static int write_one(struct vdi_device *outer, const char *name, uint32_t index, uint32_t value)
{
    struct v4l2_device *device = outer->priv;
    struct vdl_register call = {0, value};
    int status = find(device, name, index, &call.offset);
    int error;

    if (status != VDC_OK) {
        return status;
    }
    error = v4l2_call(device->fd, VDL_IOC_REGISTER_WRITE, &call);
    return error == 0 ? VDC_OK : refused(device, error, name, "writing a register");
}

const struct vdi_register_ops v4l2_register_ops = {
    .list = list,
    .read = read_one,
    .write = write_one,
};
