/* SPDX-License-Identifier: MIT */
/*
 * Controls in Microsoft's sets, with the ranges of the running firmware, and VideoControl. Exposure
 * there is the logarithm to base 2 of seconds, so only whole powers of two of it can be said.
 */
#include "vdw.h"

#define NOT_THERE      0xffffffffu
#define PER_SECOND     10000 /* the card counts exposure in 100 us */
#define EXPOSURE_LEAST (-13)
#define EXPOSURE_MOST  3
#define TYPE_I4        3 /* VT_I4 */

static const GUID type_general = VDW_GUID(STATIC_KSPROPTYPESETID_General);

/* ---- Which control is which property ---- */

static const struct {
    uint16_t control; /* CONTROL.ID */
    uint16_t camera;
    uint32_t property;
} places[] = {
    {VDH_L_CONTROL_ID_BRIGHTNESS, 0, KSPROPERTY_VIDEOPROCAMP_BRIGHTNESS         },
    {VDH_L_CONTROL_ID_CONTRAST,   0, KSPROPERTY_VIDEOPROCAMP_CONTRAST           },
    {VDH_L_CONTROL_ID_HUE,        0, KSPROPERTY_VIDEOPROCAMP_HUE                },
    {VDH_L_CONTROL_ID_SATURATION, 0, KSPROPERTY_VIDEOPROCAMP_SATURATION         },
    {VDH_L_CONTROL_ID_GAIN,       0, KSPROPERTY_VIDEOPROCAMP_GAIN               },
    {VDH_L_CONTROL_ID_POWER_LINE, 0, KSPROPERTY_VIDEOPROCAMP_POWERLINE_FREQUENCY},
    {VDH_L_CONTROL_ID_EXPOSURE,   1, KSPROPERTY_CAMERACONTROL_EXPOSURE          },
};
#define PLACES ((uint32_t)(sizeof(places) / sizeof(places[0])))

_Static_assert(PLACES <= VDW_CONTROLS_KS, "every place has its range");

/* The card's number of a control; NOT_THERE if the firmware has none. */
static uint32_t find_control(struct vdh_control_info *out, const struct vdh_tables *tables,
                             uint32_t id)
{
    for (uint32_t i = 0; i < tables->control_count; i++) {
        if (vdh_tables_control(out, tables, i) == VDH_OK && out->id == id)
            return i;
    }
    return NOT_THERE;
}

/* ---- Exposure ---- */

/* 2^power seconds in the card's unit. */
static int32_t exposure_units(int32_t power)
{
    return power >= 0 ? PER_SECOND << power : PER_SECOND >> -power;
}

/* The power nearest below a value of the card. */
static int32_t exposure_power(int32_t units)
{
    int32_t power = EXPOSURE_MOST;

    while (power > EXPOSURE_LEAST && exposure_units(power) > units)
        power--;
    return power;
}

/* To the nearest value that the control can take. */
static int32_t on_step(const struct vdh_control_info *info, int32_t value)
{
    if (value <= info->minimum)
        return info->minimum;
    if (value >= info->maximum)
        value = info->maximum;
    return value - (int32_t)(((uint32_t)value - (uint32_t)info->minimum) % (uint32_t)info->step);
}

/* ---- Ranges, for KSPROPERTY_TYPE_BASICSUPPORT ---- */

static void put_values(struct vdw_device *device, uint32_t at, uint32_t camera, uint32_t control,
                       const struct vdh_control_info *info)
{
    KSPROPERTY_VALUES *values = &device->ks_controls[at].values;
    KSPROPERTY_MEMBERSLIST *members = device->ks_controls[at].members;
    KSPROPERTY_STEPPING_LONG *stepping = &device->ks_controls[at].stepping;
    int32_t minimum = info->minimum;
    int32_t maximum = info->maximum;

    device->ks_controls[at].control = control;
    stepping->SteppingDelta = (ULONG)info->step;
    device->ks_controls[at].default_value = info->def;
    if (camera) {
        minimum = exposure_power(info->minimum);
        maximum = exposure_power(info->maximum);
        stepping->SteppingDelta = 1;
        device->ks_controls[at].default_value = exposure_power(info->def);
    }
    stepping->Reserved = 0;
    stepping->Bounds.SignedMinimum = minimum;
    stepping->Bounds.SignedMaximum = maximum;

    memset(members, 0, 2u * sizeof(*members));
    members[0].MembersHeader.MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    members[0].MembersHeader.MembersSize = sizeof(*stepping);
    members[0].MembersHeader.MembersCount = 1;
    members[0].Members = stepping;
    members[1].MembersHeader.MembersFlags = KSPROPERTY_MEMBER_VALUES;
    members[1].MembersHeader.MembersSize = sizeof(LONG);
    members[1].MembersHeader.MembersCount = 1;
    members[1].MembersHeader.Flags = KSPROPERTY_MEMBER_FLAG_DEFAULT;
    members[1].Members = &device->ks_controls[at].default_value;
    memset(values, 0, sizeof(*values));
    values->PropTypeSet.Set = type_general;
    values->PropTypeSet.Id = TYPE_I4;
    values->MembersListCount = 2;
    values->MembersList = members;
}

VDW_PASSIVE void vdw_control_build(struct vdw_device *device)
{
    uint32_t cameras = 0;

    device->ks_control_count = 0;
    device->procamp_count = 0;
    for (uint32_t i = 0; i < PLACES; i++) {
        struct vdh_control_info info;
        uint32_t control = find_control(&info, &device->info_tables, places[i].control);
        uint32_t at = device->ks_control_count;
        KSPROPERTY_ITEM *item;

        if (control == NOT_THERE)
            continue;
        put_values(device, at, places[i].camera, control, &info);
        item = places[i].camera ? &device->camera_items[cameras++]
                                : &device->procamp_items[device->procamp_count++];
        memset(item, 0, sizeof(*item));
        item->PropertyId = places[i].property;
        item->GetSupported = TRUE;
        item->SetSupported = TRUE;
        /* Both sets have structures of the same shape. */
        item->MinProperty = sizeof(KSPROPERTY_VIDEOPROCAMP_S);
        item->MinData = sizeof(KSPROPERTY_VIDEOPROCAMP_S);
        item->Values = &device->ks_controls[at].values;
        device->ks_control_count++;
    }
}

/* ---- Get and set ---- */

int vdw_control_put(struct vdw_device *device, uint32_t control, int32_t value)
{
    struct vdh_control_info info;
    int result = vdh_control_set(&device->core, control, value);

    /* Kept, to be put back after a loss of power. */
    if (!result && vdh_tables_control(&info, &device->core.tables, control) == VDH_OK &&
        info.type != VDH_L_CONTROL_TYPE_BUTTON) {
        device->controls_set |= 1u << control;
        device->control_values[control] = value;
    }
    return result;
}

static NTSTATUS get_auto(struct vdw_device *device, uint32_t *is_auto, uint32_t *control)
{
    struct vdh_control_info info;
    int32_t value = 0;
    int result = VDH_OK;

    *is_auto = 0;
    *control = find_control(&info, &device->core.tables, VDH_L_CONTROL_ID_EXPOSURE_AUTO);
    if (*control != NOT_THERE)
        result = vdh_control_get(&device->core, *control, &value);
    *is_auto = value != 0;
    return vdw_status(result);
}

/* At most 2 accesses. */
NTSTATUS vdw_control_property(struct vdw_property_call *call, uint32_t camera)
{
    struct vdw_device *device = call->device;
    KSPROPERTY_VIDEOPROCAMP_S data;
    struct vdh_control_info info;
    uint32_t control = NOT_THERE;
    uint32_t auto_control = NOT_THERE;
    uint32_t is_auto = 0;
    int32_t value = 0;
    NTSTATUS status = vdw_property_room(call, sizeof(data));
    int result;

    if (status != STATUS_SUCCESS)
        return status;
    for (uint32_t i = 0; i < PLACES; i++) {
        if (places[i].camera == camera && places[i].property == call->id)
            control = find_control(&info, &device->core.tables, places[i].control);
    }
    if (!device->ready)
        return STATUS_DEVICE_NOT_READY;
    if (control == NOT_THERE)
        return STATUS_NOT_FOUND;
    memcpy(&data, call->value, sizeof(data));
    if (camera)
        status = get_auto(device, &is_auto, &auto_control);
    if (status != STATUS_SUCCESS)
        return status;

    if (call->set) {
        uint32_t want = (data.Flags & KSPROPERTY_VIDEOPROCAMP_FLAGS_AUTO) != 0;

        if (want && auto_control == NOT_THERE)
            return STATUS_INVALID_PARAMETER;
        if (auto_control != NOT_THERE && want != is_auto) {
            result = vdw_control_put(device, auto_control, (int32_t)want);
            if (result || want)
                return vdw_status(result);
        } else if (want) {
            return STATUS_SUCCESS;
        }
        value = data.Value;
        if (camera) {
            if (value < EXPOSURE_LEAST || value > EXPOSURE_MOST)
                return STATUS_INVALID_PARAMETER;
            value = on_step(&info, exposure_units(value));
        }
        return vdw_status(vdw_control_put(device, control, value));
    }
    result = vdh_control_get(&device->core, control, &value);
    if (result)
        return vdw_status(result);
    data.Value = camera ? exposure_power(value) : value;
    data.Flags =
        is_auto ? KSPROPERTY_VIDEOPROCAMP_FLAGS_AUTO : KSPROPERTY_VIDEOPROCAMP_FLAGS_MANUAL;
    data.Capabilities = KSPROPERTY_VIDEOPROCAMP_FLAGS_MANUAL |
                        (auto_control != NOT_THERE ? KSPROPERTY_VIDEOPROCAMP_FLAGS_AUTO : 0);
    memcpy(call->value, &data, sizeof(data));
    call->used_bytes = sizeof(data);
    return STATUS_SUCCESS;
}

/* ---- VideoControl ---- */

const KSPROPERTY_ITEM vdw_video_items[3] = {
    {KSPROPERTY_VIDEOCONTROL_CAPS,
     {.GetSupported = TRUE},
     sizeof(KSPROPERTY_VIDEOCONTROL_CAPS_S),
     sizeof(KSPROPERTY_VIDEOCONTROL_CAPS_S),
     {.SetSupported = FALSE},
     NULL, 0,
     NULL, NULL,
     0},
    {KSPROPERTY_VIDEOCONTROL_ACTUAL_FRAME_RATE,
     {.GetSupported = TRUE},
     sizeof(KSPROPERTY_VIDEOCONTROL_ACTUAL_FRAME_RATE_S),
     sizeof(KSPROPERTY_VIDEOCONTROL_ACTUAL_FRAME_RATE_S),
     {.SetSupported = FALSE},
     NULL, 0,
     NULL, NULL,
     0},
    {KSPROPERTY_VIDEOCONTROL_FRAME_RATES,
     {.GetSupported = TRUE},
     sizeof(KSPROPERTY_VIDEOCONTROL_FRAME_RATES_S),
     0,                                                   {.SetSupported = FALSE},
     NULL, 0,
     NULL, NULL,
     0},
};

static NTSTATUS get_caps(struct vdw_property_call *call)
{
    KSPROPERTY_VIDEOCONTROL_CAPS_S out;
    NTSTATUS status = vdw_property_room(call, sizeof(out));

    if (status != STATUS_SUCCESS)
        return status;
    memcpy(&out, call->value, sizeof(out));
    out.VideoControlCaps = 0; /* it neither flips nor triggers */
    memcpy(call->value, &out, sizeof(out));
    call->used_bytes = sizeof(out);
    return STATUS_SUCCESS;
}

static NTSTATUS get_rate(struct vdw_property_call *call)
{
    KSPROPERTY_VIDEOCONTROL_ACTUAL_FRAME_RATE_S out;
    NTSTATUS status = vdw_property_room(call, sizeof(out));

    if (status != STATUS_SUCCESS)
        return status;
    if (!call->stream)
        return STATUS_INVALID_DEVICE_STATE;
    memcpy(&out, call->value, sizeof(out));
    if (out.StreamIndex >= VDW_STREAMS)
        return STATUS_INVALID_PARAMETER;
    out.CurrentActualFrameRate = vdw_format_interval_100ns(&call->stream->format.interval);
    out.CurrentMaxAvailableFrameRate = out.CurrentActualFrameRate;
    memcpy(call->value, &out, sizeof(out));
    call->used_bytes = sizeof(out);
    return STATUS_SUCCESS;
}

/* The intervals of the range that is asked for, as a KSMULTIPLE_ITEM of LONGLONG. */
static NTSTATUS get_rates(struct vdw_property_call *call)
{
    const struct vdh_tables *tables = &call->device->core.tables;
    KSPROPERTY_VIDEOCONTROL_FRAME_RATES_S in;
    KSMULTIPLE_ITEM head;
    struct vdh_mode_info mode;
    uint32_t found = NOT_THERE;
    NTSTATUS status;

    if (call->property_bytes < sizeof(in))
        return STATUS_INVALID_PARAMETER;
    memcpy(&in, call->property, sizeof(in));
    for (uint32_t i = 0; i < tables->mode_count && found == NOT_THERE; i++) {
        if (vdh_tables_mode(&mode, tables, i) == VDH_OK && call->device->core.input < 16u &&
            (mode.inputs >> call->device->core.input & 1u) && in.Dimensions.cx >= mode.width_min &&
            in.Dimensions.cx <= mode.width && in.Dimensions.cy >= mode.height_min &&
            in.Dimensions.cy <= mode.height)
            found = i;
    }
    if (found == NOT_THERE || in.StreamIndex >= VDW_STREAMS)
        return STATUS_INVALID_PARAMETER;
    head.Size = (ULONG)(sizeof(head) + mode.interval_count * sizeof(LONGLONG));
    head.Count = mode.interval_count;
    status = vdw_property_room(call, head.Size);
    if (status != STATUS_SUCCESS)
        return status;
    memcpy(call->value, &head, sizeof(head));
    for (uint32_t i = 0; i < mode.interval_count; i++) {
        struct vdh_interval one = {0, 1};
        LONGLONG time;

        (void)vdh_tables_interval(&one, tables, mode.interval_first + i);
        time = vdw_format_interval_100ns(&one);
        memcpy((uint8_t *)call->value + sizeof(head) + i * sizeof(time), &time, sizeof(time));
    }
    call->used_bytes = head.Size;
    return STATUS_SUCCESS;
}

NTSTATUS vdw_control_video(struct vdw_property_call *call)
{
    if (call->set)
        return STATUS_INVALID_DEVICE_REQUEST;
    switch (call->id) {
    case KSPROPERTY_VIDEOCONTROL_CAPS:
        return get_caps(call);
    case KSPROPERTY_VIDEOCONTROL_ACTUAL_FRAME_RATE:
        return get_rate(call);
    case KSPROPERTY_VIDEOCONTROL_FRAME_RATES:
        return get_rates(call);
    default:
        return STATUS_NOT_FOUND;
    }
}
