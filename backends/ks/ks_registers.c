/* SPDX-License-Identifier: MIT */
/* Registers by name, out of the data sheet's table. What a program may do the driver decides: the table only tells. */
#include "ks.h"

/* clang-format off */
enum { WHO_NONE = 0, WHO_READ = 1, WHO_WRITE = 2 };
enum { ON_BOTH = 0, ON_PCIE = 1, ON_USB = 2 };

static const struct {
    const char *name, *help;
    uint32_t offset, count;
    uint8_t user, body;
} registers[] = {
#define VDH_REG(reg, offset, count, access, when, body, user, reset, help) \
    { #reg, help, offset, count, WHO_##user, ON_##body },
#include "vdh_regs.def"
};
/* clang-format on */
#define REGISTERS (sizeof(registers) / sizeof(registers[0]))

static int list_registers(struct vdi_device *device, struct vdi_sink *sink)
{
    int status = VDC_OK;

    (void)device;
    for (size_t i = 0; i < REGISTERS && status == VDC_OK; i++) {
        vdc_register_info info = {registers[i].name,  registers[i].help, registers[i].offset,
                                  registers[i].count, VDC_REGISTER_READ, 0};

        if (registers[i].user == WHO_NONE || registers[i].body == ON_USB) {
            continue;
        }
        info.access |= registers[i].user == WHO_WRITE ? (uint32_t)VDC_REGISTER_WRITE : 0u;
        status = vdi_sink_register(sink, &info);
    }
    return status;
}

static int find_register(const struct ks_device *device, const char *name, uint32_t index,
                         uint32_t *offset)
{
    for (size_t i = 0; i < REGISTERS; i++) {
        if (strcmp(registers[i].name, name) != 0 || registers[i].body == ON_USB) {
            continue;
        }
        if (index >= registers[i].count) {
            return vdi_error(VDC_E_RANGE, "ks:%s: register %s has the numbers 0 to %u", device->id,
                             name, (unsigned)registers[i].count - 1u);
        }
        *offset = registers[i].offset + index * 4u;
        return VDC_OK;
    }
    return vdi_error(VDC_E_NOT_FOUND, "ks:%s: it has no register %s", device->id, name);
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
