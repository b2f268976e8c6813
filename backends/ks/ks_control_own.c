/* SPDX-License-Identifier: MIT */
/*
 * Controls of Vidicon's card through its own set, with the firmware's exact ranges; and the test pattern, which is a
 * register of the card rather than of its firmware.
 */
#include "ks.h"

#include <stdio.h>

#include "ks_tables.h"

#define MENU_MOST 128u

/* The numbers of the data sheet are the public ones; what the library does not know is a vendor's. */
static uint32_t public_id(uint32_t id)
{
    return id <= KS_CONTROL_ID_LAST ? id : VDC_CONTROL_VENDOR + (id & 0xffffu);
}

static int add_one(struct ks_device *device, uint32_t index, struct vdw_control *from)
{
    struct ks_control control;
    vdc_control_info *info = &control.info;

    memset(&control, 0, sizeof(control));
    from->name[sizeof(from->name) - 1] = 0;
    if (from->type < VDC_CONTROL_INTEGER || from->type > VDC_CONTROL_BUTTON ||
        from->minimum > from->maximum || from->default_value < from->minimum ||
        from->default_value > from->maximum) {
        vdi_log(device->device->context, VDC_LOG_WARNING, "ks:%s: control %u makes no sense",
                device->id, (unsigned)index);
        return VDC_OK;
    }
    control.place = KS_PLACE_OWN;
    control.property = index;
    control.menu_count = from->type == VDC_CONTROL_MENU ? from->menu_count : 0;
    (void)snprintf(control.name, sizeof(control.name), "%s", from->name);
    info->id = public_id(from->id);
    info->type = from->type;
    info->flags = (from->flags & 1u ? (uint32_t)VDC_CONTROL_VOLATILE : 0u) |
                  (from->flags & 2u ? (uint32_t)VDC_CONTROL_READ_ONLY : 0u);
    info->minimum = from->minimum;
    info->maximum = from->maximum;
    info->step = from->step > 0 ? from->step : 1;
    info->default_value = from->default_value;
    return ks_control_add(device, &control);
}

int ks_control_own_load(struct ks_device *device)
{
    int status = VDC_OK;

    for (uint32_t i = 0;
         i < device->identity.control_count && i < KS_CONTROLS_MAX && status == VDC_OK; i++) {
        struct vdw_control control;
        uint32_t result =
            ks_own_get(device, VDW_PROPERTY_CONTROL_INFO, i, 0, &control, sizeof(control));

        if (result != KS_OK) {
            return ks_error(device, result, "asking for its controls");
        }
        status = add_one(device, i, &control);
    }
    if (status == VDC_OK && device->identity.caps & KS_CAPS_PATTERN) {
        struct ks_control control;

        memset(&control, 0, sizeof(control));
        control.place = KS_PLACE_PATTERN;
        control.info.id = VDC_CONTROL_TEST_PATTERN;
        control.info.type = VDC_CONTROL_BOOLEAN;
        control.info.maximum = 1;
        control.info.step = 1;
        (void)snprintf(control.name, sizeof(control.name), "Test pattern");
        status = ks_control_add(device, &control);
    }
    return status;
}

int ks_control_own_list(const struct ks_device *device, const struct ks_control *control,
                        struct vdi_sink *sink)
{
    char names[MENU_MOST][32];
    vdc_menu_item items[MENU_MOST];
    vdc_control_info info = control->info;
    uint32_t count = 0;

    while (count < control->menu_count && count < MENU_MOST) {
        uint32_t result = ks_own_get(device, VDW_PROPERTY_MENU_NAME, control->property, count,
                                     names[count], sizeof(names[count]));

        if (result != KS_OK) {
            return ks_error(device, result, "asking for a menu");
        }
        names[count][sizeof(names[count]) - 1] = 0;
        items[count].value = count;
        items[count].name = names[count];
        count++;
    }
    info.name = control->name;
    info.menu = count != 0 ? items : NULL;
    info.menu_count = count;
    return vdi_sink_control(sink, &info);
}

uint32_t ks_control_own_get(struct ks_device *device, const struct ks_control *control,
                            int64_t *value)
{
    int32_t got = 0;
    uint32_t word = 0;
    uint32_t result;

    if (control->place == KS_PLACE_PATTERN) {
        result = ks_register_get(device, KS_PATTERN_REGISTER, &word);
        *value = word & 1u;
        return result;
    }
    result = ks_own_get(device, VDW_PROPERTY_CONTROL, control->property, 0, &got, sizeof(got));
    *value = got;
    return result;
}

uint32_t ks_control_own_set(const struct ks_device *device, const struct ks_control *control,
                            int64_t value)
{
    int32_t number = (int32_t)value;
    uint32_t on = value != 0;

    if (control->place == KS_PLACE_PATTERN) {
        return ks_own_set(device, VDW_PROPERTY_PATTERN, 0, &on, sizeof(on));
    }
    if (value < INT32_MIN || value > INT32_MAX) {
        return KS_INVALID_PARAMETER;
    }
    return ks_own_set(device, VDW_PROPERTY_CONTROL, control->property, &number, sizeof(number));
}
