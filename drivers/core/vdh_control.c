/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Controls. The card ignores a value it does not like, without a word, so every value is checked
 * here against the tables; what the card shows is checked as well.
 */
#include "vdh_control.h"
#include "vdh_access.h"

static int find(struct vdh_control_info *out, const struct vdh_device *device, uint32_t control)
{
    if (!device->tables.bytes)
        return VDH_E_STATE;
    return vdh_tables_control(out, &device->tables, control);
}

int vdh_control_get(struct vdh_device *device, uint32_t control, int32_t *value)
{
    struct vdh_control_info info;
    int result = find(&info, device, control);
    uint32_t raw;
    int32_t got;

    if (result)
        return result;
    raw = vdh_access_get(device, VDH_R_CONTROL + control * 4u, &result);
    memcpy(&got, &raw, sizeof(got));
    if (!result && (got < info.minimum || got > info.maximum))
        result = VDH_E_IO;
    if (!result)
        *value = got;
    return result;
}

int vdh_control_set(struct vdh_device *device, uint32_t control, int32_t value)
{
    struct vdh_control_info info;
    int result = find(&info, device, control);

    if (result)
        return result;
    if (info.flags & VDH_B_CONTROL_FLAGS_READ_ONLY)
        return VDH_E_DENIED;
    if (info.type == VDH_L_CONTROL_TYPE_BUTTON)
        value = 0; /* Any write acts, and 0 is in range. */
    if (value < info.minimum || value > info.maximum ||
        ((uint32_t)value - (uint32_t)info.minimum) % (uint32_t)info.step != 0)
        return VDH_E_RANGE;
    vdh_access_put(device, VDH_R_CONTROL + control * 4u, (uint32_t)value, &result);
    return result;
}

int vdh_control_changed(struct vdh_device *device, uint32_t *mask)
{
    int result = device->tables.bytes ? VDH_OK : VDH_E_STATE;
    uint32_t count = device->tables.control_count;
    uint32_t value = vdh_access_get(device, VDH_R_CONTROL_CHANGED, &result);

    if (count < 32u)
        value &= (1u << count) - 1u;
    if (value)
        vdh_access_put(device, VDH_R_CONTROL_CHANGED, value, &result);
    if (!result)
        *mask = value;
    return result;
}
