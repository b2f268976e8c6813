/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Inputs. The card ignores a selection while it captures, without a word, so the state of the
 * engine is asked first; the driver's copy of the selection then stays true.
 */
#include "vdh_input.h"
#include "vdh_access.h"

static int booted(const struct vdh_device *device)
{
    return device->tables.bytes ? VDH_OK : VDH_E_STATE;
}

int vdh_input_select(struct vdh_device *device, uint32_t input)
{
    struct vdh_input_info info;
    int result = booted(device);

    if (!result)
        result = vdh_tables_input(&info, &device->tables, input);
    if (result)
        return result;
    result = vdh_access_idle(device);
    vdh_access_put(device, VDH_R_INPUT_SELECT, input, &result);
    if (!result) {
        device->input = input;
        device->timing = info.timing_default;
    }
    return result;
}

int vdh_input_read_signal(struct vdh_device *device, struct vdh_signal *out)
{
    struct vdh_signal signal;
    int result = booted(device);
    uint32_t value = vdh_access_get(device, VDH_R_INPUT_STATUS, &result);

    signal.state = vdh_field_get(value, VDH_F_INPUT_STATUS_SIGNAL);
    signal.mismatch = vdh_field_get(value, VDH_F_INPUT_STATUS_MISMATCH);
    signal.detected = vdh_field_get(value, VDH_F_INPUT_STATUS_DETECTED);
    signal.changes = vdh_field_get(value, VDH_F_INPUT_STATUS_CHANGES);
    if (!result &&
        (signal.state > (uint32_t)VDH_V_INPUT_STATUS_SIGNAL_LOCKED ||
         (signal.detected != VDH_TIMING_NONE && signal.detected >= device->tables.timing_count)))
        result = VDH_E_IO;
    if (!result)
        *out = signal;
    return result;
}

int vdh_timing_select(struct vdh_device *device, uint32_t timing)
{
    struct vdh_input_info info;
    int result = booted(device);

    if (!result)
        result = vdh_tables_input(&info, &device->tables, device->input);
    if (!result && (timing < info.timing_first || timing - info.timing_first >= info.timing_count))
        result = VDH_E_RANGE;
    if (!result)
        result = vdh_access_idle(device);
    vdh_access_put(device, VDH_R_TIMING_SELECT, timing, &result);
    if (!result)
        device->timing = timing;
    return result;
}

int vdh_pattern_enable(struct vdh_device *device, uint32_t enable)
{
    int result = booted(device);

    if (!result && !vdh_field_get(device->identity.caps, VDH_F_CAPS_PATTERN))
        result = VDH_E_RANGE;
    vdh_access_put(device, VDH_R_PATTERN, vdh_field_set(0, VDH_F_PATTERN_ENABLE, enable ? 1u : 0u),
                   &result);
    return result;
}
