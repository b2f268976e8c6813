/* SPDX-License-Identifier: MIT */
/*
 * Registers by name. The driver tells which there are and what a program may do with them; it is asked once, at their first
 * use, and what makes no sense is left out.
 */
#include "ks.h"

#include <stdlib.h>

#define REGISTERS_MOST 512u
#define OFFSET_MOST    (1u << 20)

static int sane(struct vdw_register_info *info)
{
    info->name[sizeof(info->name) - 1] = '\0';
    info->help[sizeof(info->help) - 1] = '\0';
    return info->name[0] != '\0' && info->count >= 1 && info->count <= REGISTERS_MOST &&
           info->offset % 4 == 0 && info->offset < OFFSET_MOST;
}

static uint32_t load(struct ks_device *device)
{
    uint32_t most = device->identity.register_count < REGISTERS_MOST
                        ? device->identity.register_count
                        : REGISTERS_MOST;
    struct vdw_register_info *all;
    uint32_t count = 0;

    if (device->registers != NULL) {
        return KS_OK;
    }
    all = calloc(most + 1, sizeof(*all));
    if (all == NULL) {
        return KS_NOT_ENOUGH_MEMORY;
    }
    for (uint32_t i = 0; i < most; i++) {
        uint32_t result =
            ks_own_get(device, VDW_PROPERTY_REGISTER_INFO, i, 0, &all[count], sizeof(all[count]));

        if (result != KS_OK) {
            free(all);
            return result;
        }
        count += (uint32_t)sane(&all[count]);
    }
    device->registers = all;
    device->register_count = count;
    return KS_OK;
}

static int list_registers(struct vdi_device *base, struct vdi_sink *sink)
{
    struct ks_device *device = ks_device_of(base);
    int status = ks_error(device, load(device), "asking for its registers");

    for (uint32_t i = 0; i < device->register_count && status == VDC_OK; i++) {
        const struct vdw_register_info *from = &device->registers[i];
        vdc_register_info info = {from->name, from->help, from->offset, from->count, 0, 0};

        info.access |= from->access & VDW_REGISTER_READ ? (uint32_t)VDC_REGISTER_READ : 0u;
        info.access |= from->access & VDW_REGISTER_WRITE ? (uint32_t)VDC_REGISTER_WRITE : 0u;
        status = vdi_sink_register(sink, &info);
    }
    return status;
}

static const struct vdw_register_info *find(const struct ks_device *device, const char *name)
{
    for (uint32_t i = 0; i < device->register_count; i++) {
        if (strcmp(device->registers[i].name, name) == 0) {
            return &device->registers[i];
        }
    }
    return NULL;
}

uint32_t ks_register_get(struct ks_device *device, const char *name, uint32_t *value)
{
    uint32_t result = load(device);
    const struct vdw_register_info *info = find(device, name);

    if (result != KS_OK || info == NULL) {
        return result != KS_OK ? result : (uint32_t)KS_NOT_FOUND;
    }
    return ks_own_get(device, VDW_PROPERTY_REGISTER, info->offset, 0, value, sizeof(*value));
}

static int find_register(struct ks_device *device, const char *name, uint32_t index,
                         uint32_t *offset)
{
    uint32_t result = load(device);
    const struct vdw_register_info *info = find(device, name);

    if (result != KS_OK) {
        return ks_error(device, result, "asking for its registers");
    }
    if (info == NULL) {
        return vdi_error(VDC_E_NOT_FOUND, "ks:%s: a program sees no register %s", device->id, name);
    }
    if (index >= info->count) {
        return vdi_error(VDC_E_RANGE, "ks:%s: register %s has the numbers 0 to %u", device->id,
                         name, (unsigned)info->count - 1u);
    }
    *offset = info->offset + index * 4u;
    return VDC_OK;
}

static int answer(const struct ks_device *device, uint32_t result, const char *name,
                  const char *tried)
{
    if (result == KS_ACCESS_DENIED) {
        return vdi_error(VDC_E_PERMISSION, "ks:%s: a program may not do that to register %s",
                         device->id, name);
    }
    return ks_error(device, result, tried);
}

static int read_register(struct vdi_device *base, const char *name, uint32_t index, uint32_t *value)
{
    struct ks_device *device = ks_device_of(base);
    uint32_t offset = 0;
    int status = find_register(device, name, index, &offset);

    if (status != VDC_OK) {
        return status;
    }
    return answer(device,
                  ks_own_get(device, VDW_PROPERTY_REGISTER, offset, 0, value, sizeof(*value)), name,
                  "reading a register");
}

static int write_register(struct vdi_device *base, const char *name, uint32_t index, uint32_t value)
{
    struct ks_device *device = ks_device_of(base);
    uint32_t offset = 0;
    int status = find_register(device, name, index, &offset);

    if (status != VDC_OK) {
        return status;
    }
    return answer(device, ks_own_set(device, VDW_PROPERTY_REGISTER, offset, &value, sizeof(value)),
                  name, "writing a register");
}

const struct vdi_register_ops ks_register_ops = {
    .list = list_registers,
    .read = read_register,
    .write = write_register,
};
