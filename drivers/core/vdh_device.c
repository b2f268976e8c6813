/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Attach, reset, raw registers, time, and the register access that every other file uses.
 * A vanished PCI card answers every read with ones, a USB one fails its transfers: both are GONE.
 */
#include "vdh_access.h"
#include "vdh_irq.h"

#define VDH_MAJOR_KNOWN       1u
#define VDH_TOLERANCE_MAX_PPM 1000000u

int vdh_access_present(struct vdh_device *device)
{
    uint32_t id = 0;
    int result = device->io->read(device->context, VDH_R_ARCH_ID, &id);

    if (!result && id == VDH_ALL_ONES)
        result = VDH_E_GONE;
    return result;
}

uint32_t vdh_access_get(struct vdh_device *device, uint32_t offset, int *result)
{
    uint32_t value = 0;

    if (*result)
        return 0;
    *result = device->io->read(device->context, offset, &value);
    if (!*result && value == VDH_ALL_ONES)
        *result = vdh_access_present(device);
    return *result ? 0 : value;
}

void vdh_access_put(struct vdh_device *device, uint32_t offset, uint32_t value, int *result)
{
    if (!*result)
        *result = device->io->write(device->context, offset, value);
}

int vdh_access_idle(struct vdh_device *device)
{
    int result = VDH_OK;
    uint32_t status = vdh_access_get(device, VDH_R_CAPTURE_STATUS, &result);

    if (!result && vdh_field_get(status, VDH_F_CAPTURE_STATUS_STATE) !=
                       (uint32_t)VDH_V_CAPTURE_STATUS_STATE_IDLE)
        result = VDH_E_STATE;
    return result;
}

int vdh_access_timeout(struct vdh_device *device, const char *what)
{
    device->waited_for = what;
    vdh_access_trace(device, what, 0, 0);
    return VDH_E_TIMEOUT;
}

uint32_t vdh_access_budget_accesses(const struct vdh_device *device)
{
    return device->budget.accesses < 16u ? 16u : device->budget.accesses;
}

uint32_t vdh_access_budget_bytes(const struct vdh_device *device)
{
    return device->budget.bytes < 64u ? 64u : device->budget.bytes;
}

void vdh_access_trace(struct vdh_device *device, const char *event, uint32_t a, uint32_t b)
{
    if (device->io->trace)
        device->io->trace(device->context, event, a, b);
}

/* Serial numbers are shown and compared by programs: only printable ASCII passes. */
static void read_serial(struct vdh_device *device, int *result)
{
    uint32_t word = 0;

    for (uint32_t i = 0; i < 16u; i++) {
        uint8_t byte;

        if (i % 4u == 0)
            word = vdh_access_get(device, VDH_R_SERIAL + i, result);
        byte = (uint8_t)(word >> (i % 4u * 8u));
        device->identity.serial[i] =
            (char)(byte == 0 || (byte >= 0x20 && byte < 0x7f) ? byte : '?');
    }
    device->identity.serial[16] = 0;
}

int vdh_attach(struct vdh_device *device, const struct vdh_io *io, void *context,
               enum vdh_transport transport, const struct vdh_budget *budget)
{
    struct vdh_identity *identity = &device->identity;
    uint32_t id = 0;
    int result;

    memset(device, 0, sizeof(*device));
    device->io = io;
    device->context = context;
    device->transport = transport;
    device->budget = *budget;
    device->waited_for = "";

    result = io->read(context, VDH_R_ARCH_ID, &id);
    if (!result && id == VDH_ALL_ONES)
        result = VDH_E_GONE;
    if (!result && id != (uint32_t)VDH_D_ARCH_ID)
        result = VDH_E_UNKNOWN;
    identity->revision = vdh_access_get(device, VDH_R_REVISION, &result);
    if (!result && vdh_field_get(identity->revision, VDH_F_REVISION_MAJOR) != VDH_MAJOR_KNOWN)
        result = VDH_E_UNKNOWN;
    identity->caps = vdh_access_get(device, VDH_R_CAPS, &result);
    read_serial(device, &result);
    identity->target = vdh_access_get(device, VDH_R_TARGET, &result);
    identity->version_min = vdh_access_get(device, VDH_R_FW_VERSION_MIN, &result);
    identity->capacity_bytes = vdh_access_get(device, VDH_R_FW_CAPACITY, &result);
    identity->time_hz = vdh_access_get(device, VDH_R_TIME_HZ, &result);
    identity->time_tolerance_ppm = vdh_access_get(device, VDH_R_TIME_TOLERANCE, &result);
    /* Last of the reads: an unplug on the way shows here, if not before. */
    identity->version_max = vdh_access_get(device, VDH_R_FW_VERSION_MAX, &result);
    /* Hosts divide by the first and multiply by the second. */
    if (!result && (identity->time_hz == 0 || identity->time_hz == VDH_ALL_ONES ||
                    identity->time_tolerance_ppm > VDH_TOLERANCE_MAX_PPM))
        result = VDH_E_IO;
    vdh_access_put(device, VDH_R_INT_MASK, 0, &result);
    return result;
}

int vdh_reset(struct vdh_device *device, uint32_t kind)
{
    uint32_t value = vdh_field_set(0, VDH_F_RESET_KEY, VDH_V_RESET_KEY_MAGIC);
    int result = VDH_OK;

    if (kind != (uint32_t)VDH_V_RESET_KIND_ENGINE && kind != (uint32_t)VDH_V_RESET_KIND_CARD)
        return VDH_E_INVALID;
    vdh_access_put(device, VDH_R_RESET, vdh_field_set(value, VDH_F_RESET_KIND, kind), &result);
    if (!result && kind == (uint32_t)VDH_V_RESET_KIND_CARD) {
        memset(&device->tables, 0, sizeof(device->tables));
        device->running_version = 0;
    }
    return result;
}

int vdh_interrupts_enable(struct vdh_device *device, uint32_t events)
{
    int result = VDH_OK;

    vdh_access_put(device, VDH_R_INT_MASK, events & VDH_EVENT_ALL, &result);
    return result;
}

/* The register at exactly `offset` if user space may use it so. */
static int user_may(uint32_t offset, uint32_t least)
{
    const struct vdh_reg_info *info = offset % 4u ? NULL : vdh_reg_find(offset);

    return info && info->user >= least;
}

int vdh_user_read(struct vdh_device *device, uint32_t offset, uint32_t *value)
{
    int result = user_may(offset, VDH_USER_READ) ? VDH_OK : VDH_E_DENIED;
    uint32_t got = vdh_access_get(device, offset, &result);

    if (!result)
        *value = got;
    return result;
}

int vdh_user_write(struct vdh_device *device, uint32_t offset, uint32_t value)
{
    int result = user_may(offset, VDH_USER_WRITE) ? VDH_OK : VDH_E_DENIED;

    vdh_access_put(device, offset, value, &result);
    return result;
}

int vdh_time_read(struct vdh_device *device, uint64_t *ticks)
{
    uint8_t bytes[8];
    uint32_t low = 0;
    uint32_t high = 0;
    int result = VDH_OK;

    if (device->transport == VDH_TRANSPORT_SLOW) {
        result = device->io->read_block(device->context, VDH_R_TIME_LATCH, bytes, sizeof(bytes));
        if (!result)
            *ticks = vdh_get_u64(bytes);
        return result;
    }
    vdh_access_put(device, VDH_R_TIME_LATCH, 1, &result);
    /* The low half is all ones now and then, the high half never: only that one asks for ARCH_ID. */
    if (!result)
        result = device->io->read(device->context, VDH_R_TIME_LO, &low);
    high = vdh_access_get(device, VDH_R_TIME_HI, &result);
    if (!result)
        *ticks = (uint64_t)high << 32 | low;
    return result;
}

const char *vdh_result_name(int result)
{
    switch (result) {
    case VDH_OK:
        return "VDH_OK";
    case VDH_AGAIN:
        return "VDH_AGAIN";
    case VDH_E_IO:
        return "VDH_E_IO";
    case VDH_E_GONE:
        return "VDH_E_GONE";
    case VDH_E_INVALID:
        return "VDH_E_INVALID";
    case VDH_E_RANGE:
        return "VDH_E_RANGE";
    case VDH_E_STATE:
        return "VDH_E_STATE";
    case VDH_E_TIMEOUT:
        return "VDH_E_TIMEOUT";
    case VDH_E_FIRMWARE:
        return "VDH_E_FIRMWARE";
    case VDH_E_TABLES:
        return "VDH_E_TABLES";
    case VDH_E_UNKNOWN:
        return "VDH_E_UNKNOWN";
    case VDH_E_FULL:
        return "VDH_E_FULL";
    case VDH_E_DENIED:
        return "VDH_E_DENIED";
    default:
        return "not a result";
    }
}
