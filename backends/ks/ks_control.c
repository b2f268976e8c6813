/* SPDX-License-Identifier: MIT */
/*
 * Controls of any filter: the standard sets VideoProcAmp, CameraControl and VideoControl. A property with an automatic mode is
 * two controls here. Exposure there is the logarithm to base 2 of seconds, so only powers of two are kept.
 */
#include "ks.h"

#include <stdio.h>
#include <stdlib.h>

#define EXPOSURE_LEAST      (-13)
#define EXPOSURE_MOST       15
#define EXPOSURE_PER_SECOND 10000 /* the library counts it in 100 us */
#define CAMERA_EXPOSURE     4
#define PROCAMP_WHITE       7
#define PROCAMP_POWER_LINE  13

/* The control's number, or 0 for one of this backend's own: VDC_CONTROL_VENDOR, the set, the property. */
static const struct {
    uint32_t place, property, id;
    const char *name;
} levels[] = {
    {KS_PLACE_PROCAMP, 0,                  VDC_CONTROL_BRIGHTNESS, "Brightness"            },
    {KS_PLACE_PROCAMP, 1,                  VDC_CONTROL_CONTRAST,   "Contrast"              },
    {KS_PLACE_PROCAMP, 2,                  VDC_CONTROL_HUE,        "Hue"                   },
    {KS_PLACE_PROCAMP, 3,                  VDC_CONTROL_SATURATION, "Saturation"            },
    {KS_PLACE_PROCAMP, 4,                  0,                      "Sharpness"             },
    {KS_PLACE_PROCAMP, 5,                  0,                      "Gamma"                 },
    {KS_PLACE_PROCAMP, 6,                  0,                      "Colour"                },
    {KS_PLACE_PROCAMP, PROCAMP_WHITE,      0,                      "White balance"         },
    {KS_PLACE_PROCAMP, 8,                  0,                      "Backlight compensation"},
    {KS_PLACE_PROCAMP, 9,                  VDC_CONTROL_GAIN,       "Gain"                  },
    {KS_PLACE_PROCAMP, PROCAMP_POWER_LINE, VDC_CONTROL_POWER_LINE, "Power line"            },
    {KS_PLACE_CAMERA,  0,                  0,                      "Pan"                   },
    {KS_PLACE_CAMERA,  1,                  0,                      "Tilt"                  },
    {KS_PLACE_CAMERA,  2,                  0,                      "Roll"                  },
    {KS_PLACE_CAMERA,  3,                  0,                      "Zoom"                  },
    {KS_PLACE_CAMERA,  CAMERA_EXPOSURE,    VDC_CONTROL_EXPOSURE,   "Exposure"              },
    {KS_PLACE_CAMERA,  5,                  0,                      "Iris"                  },
    {KS_PLACE_CAMERA,  6,                  0,                      "Focus"                 },
};
#define LEVELS (sizeof(levels) / sizeof(levels[0]))

static const char *const power_lines[] = {"Off", "50 Hz", "60 Hz", "Automatic"};
#define POWER_LINES 4

static uint32_t vendor_id(uint32_t place, uint32_t property)
{
    return VDC_CONTROL_VENDOR + place * 0x100u + property;
}

int ks_control_add(struct ks_device *device, const struct ks_control *control)
{
    if (device->controls == NULL) {
        device->controls = calloc(KS_CONTROLS_MAX, sizeof(*device->controls));
        if (device->controls == NULL) {
            return vdi_error(VDC_E_NO_MEMORY, "ks:%s: no memory for its controls", device->id);
        }
    }
    if (device->control_count < KS_CONTROLS_MAX) {
        device->controls[device->control_count++] = *control;
    }
    return VDC_OK;
}

/* ---- Levels ---- */

static struct ks_level level_of(uint32_t place, uint32_t property, uint32_t flags)
{
    struct ks_level level;

    memset(&level, 0, sizeof(level));
    level.property =
        ks_property_of(place == KS_PLACE_CAMERA || place == KS_PLACE_CAMERA_AUTO ? &ks_set_camera
                                                                                 : &ks_set_procamp,
                       property, flags);
    return level;
}

static uint32_t get_level(const struct ks_device *device, struct ks_level *level, uint32_t place,
                          uint32_t property)
{
    const struct ks_level request = level_of(place, property, KS_TYPE_GET);

    return ks_get(device, device->filter, &request, sizeof(request), level, sizeof(*level));
}

static uint32_t set_level(const struct ks_device *device, uint32_t place, uint32_t property,
                          int32_t value, uint32_t flags)
{
    struct ks_level request = level_of(place, property, KS_TYPE_SET);

    request.value = value;
    request.flags = flags;
    return ks_set(device, device->filter, &request, sizeof(request), &request, sizeof(request));
}

/* The range and default out of the answer to a question for basic support: lists of members behind a head. */
static int read_range(struct ks_stepping *out, int32_t *standard, const uint8_t *bytes,
                      uint32_t count)
{
    size_t at = sizeof(struct ks_description);
    struct ks_description head;
    int found = 0;

    if (count < sizeof(head)) {
        return 0;
    }
    memcpy(&head, bytes, sizeof(head));
    for (uint32_t i = 0; i < head.member_lists && count - at >= sizeof(struct ks_members); i++) {
        struct ks_members members;
        uint64_t size;

        memcpy(&members, bytes + at, sizeof(members));
        at += sizeof(members);
        size = (uint64_t)members.bytes * members.count;
        if (size > count - at) {
            return 0;
        }
        if (members.kind == KS_MEMBERS_STEPPED_RANGES && !(members.flags & KS_MEMBERS_DEFAULT) &&
            size >= sizeof(*out)) {
            memcpy(out, bytes + at, sizeof(*out));
            found = 1;
        }
        if (members.kind == KS_MEMBERS_VALUES && members.flags & KS_MEMBERS_DEFAULT &&
            size >= sizeof(*standard)) {
            memcpy(standard, bytes + at, sizeof(*standard));
        }
        at += (size_t)size;
    }
    return found && out->minimum <= out->maximum;
}

static int64_t exposure_units(int32_t power)
{
    int64_t units =
        power >= 0 ? (int64_t)EXPOSURE_PER_SECOND << power : (int64_t)EXPOSURE_PER_SECOND >> -power;

    return units > 0 ? units : 1;
}

/* The power nearest to so many units. */
static int32_t exposure_power(int64_t units)
{
    int32_t power = EXPOSURE_LEAST;

    while (power < EXPOSURE_MOST && exposure_units(power + 1) <= units) {
        power++;
    }
    if (power < EXPOSURE_MOST &&
        exposure_units(power + 1) - units < units - exposure_units(power)) {
        power++;
    }
    return power;
}

static int32_t bounded_power(int32_t power)
{
    return power < EXPOSURE_LEAST ? EXPOSURE_LEAST : power > EXPOSURE_MOST ? EXPOSURE_MOST : power;
}

static int is_exposure(const struct ks_control *control)
{
    return control->place == KS_PLACE_CAMERA && control->property == CAMERA_EXPOSURE;
}

static int is_power_line(uint32_t place, uint32_t property)
{
    return place == KS_PLACE_PROCAMP && property == PROCAMP_POWER_LINE;
}

static void put_range(struct ks_control *control, const struct ks_stepping *range, int32_t standard)
{
    vdc_control_info *info = &control->info;

    info->type = VDC_CONTROL_INTEGER;
    info->minimum = range->minimum;
    info->maximum = range->maximum;
    info->step = range->step != 0 ? range->step : 1;
    if (standard < range->minimum || standard > range->maximum ||
        (standard - info->minimum) % info->step != 0) {
        standard = range->minimum;
    }
    info->default_value = standard;
    if (is_exposure(control)) {
        info->minimum = exposure_units(bounded_power(range->minimum));
        info->maximum = exposure_units(bounded_power(range->maximum));
        info->step = 1;
        info->default_value = exposure_units(bounded_power(standard));
    } else if (is_power_line(control->place, control->property) && range->minimum >= 0 &&
               range->maximum < POWER_LINES) {
        info->type = VDC_CONTROL_MENU;
        info->step = 1;
        control->menu_count = (uint32_t)(range->maximum - range->minimum) + 1;
    } else if (range->minimum == 0 && range->maximum == 1) {
        info->type = VDC_CONTROL_BOOLEAN;
        info->step = 1;
    }
}

static int add_auto(struct ks_device *device, const struct ks_control *level)
{
    struct ks_control control = *level;

    control.place = level->place == KS_PLACE_CAMERA ? (uint32_t)KS_PLACE_CAMERA_AUTO
                                                    : (uint32_t)KS_PLACE_PROCAMP_AUTO;
    control.menu_count = 0;
    control.info.id = is_exposure(level) ? (uint32_t)VDC_CONTROL_EXPOSURE_AUTO
                                         : vendor_id(control.place, control.property);
    control.info.type = VDC_CONTROL_BOOLEAN;
    control.info.flags = 0;
    control.info.minimum = 0;
    control.info.maximum = 1;
    control.info.step = 1;
    control.info.default_value = 1;
    (void)snprintf(control.name, sizeof(control.name), "%.24s, auto", level->name);
    return ks_control_add(device, &control);
}

static int add_level(struct ks_device *device, size_t which)
{
    const struct ks_level request =
        level_of(levels[which].place, levels[which].property, KS_TYPE_BASICSUPPORT);
    struct ks_stepping range = {0, 0, 0, 0};
    struct ks_control control;
    struct ks_level now;
    uint8_t *bytes = NULL;
    uint32_t count = 0;
    int32_t standard = INT32_MIN;
    int known;
    int status;

    if (get_level(device, &now, levels[which].place, levels[which].property) != KS_OK ||
        ks_get_all(device, &request, sizeof(request), &bytes, &count) != KS_OK) {
        return VDC_OK; /* it has none */
    }
    known = read_range(&range, &standard, bytes, count);
    free(bytes);
    if (!known) {
        return VDC_OK;
    }
    memset(&control, 0, sizeof(control));
    control.place = levels[which].place;
    control.property = levels[which].property;
    control.info.id =
        levels[which].id != 0 ? levels[which].id : vendor_id(control.place, control.property);
    (void)snprintf(control.name, sizeof(control.name), "%s", levels[which].name);
    put_range(&control, &range, standard);
    if (now.capabilities & KS_LEVEL_AUTO) {
        control.info.flags |= VDC_CONTROL_VOLATILE;
        if (!(now.capabilities & KS_LEVEL_MANUAL)) {
            control.info.flags |= VDC_CONTROL_READ_ONLY;
        }
    }
    status = ks_control_add(device, &control);
    return status == VDC_OK && now.capabilities & KS_LEVEL_AUTO ? add_auto(device, &control)
                                                                : status;
}

/* ---- Flips ---- */

static uint32_t video_mode(const struct ks_device *device, uint32_t property, uint32_t flags,
                           uint32_t *bits)
{
    struct ks_video_mode request;
    struct ks_video_mode value;
    uint32_t result;

    memset(&request, 0, sizeof(request));
    request.property = ks_property_of(&ks_set_video, property, flags);
    request.pin = device->pin;
    request.bits = *bits;
    value = request;
    if (flags == KS_TYPE_SET) {
        return ks_set(device, device->filter, &request, sizeof(request), &value, sizeof(value));
    }
    result = ks_get(device, device->filter, &request, sizeof(request), &value, sizeof(value));
    *bits = value.bits;
    return result;
}

static int add_flips(struct ks_device *device)
{
    static const char *const names[] = {"Mirror", "Upside down"};
    uint32_t can = 0;
    int status = VDC_OK;

    if (video_mode(device, KS_VIDEO_CAPS, KS_TYPE_GET, &can) != KS_OK) {
        return VDC_OK;
    }
    for (uint32_t i = 0; i < 2 && status == VDC_OK; i++) {
        struct ks_control control;

        if (!(can >> i & 1u)) {
            continue;
        }
        memset(&control, 0, sizeof(control));
        control.place = KS_PLACE_FLIP;
        control.property = 1u << i;
        control.info.id = vendor_id(KS_PLACE_FLIP, i);
        control.info.type = VDC_CONTROL_BOOLEAN;
        control.info.maximum = 1;
        control.info.step = 1;
        (void)snprintf(control.name, sizeof(control.name), "%s", names[i]);
        status = ks_control_add(device, &control);
    }
    return status;
}

int ks_controls_load(struct ks_device *device)
{
    int status = VDC_OK;

    device->control_count = 0;
    if (device->own) {
        return ks_control_own_load(device);
    }
    for (size_t i = 0; i < LEVELS && status == VDC_OK; i++) {
        status = add_level(device, i);
    }
    return status == VDC_OK ? add_flips(device) : status;
}

/* ---- The three functions of the contract ---- */

static int list_one(const struct ks_device *device, const struct ks_control *control,
                    struct vdi_sink *sink)
{
    vdc_menu_item items[POWER_LINES];
    vdc_control_info info = control->info;

    if (control->place == KS_PLACE_OWN) {
        return ks_control_own_list(device, control, sink);
    }
    info.name = control->name;
    for (uint32_t i = 0; i < control->menu_count && i < POWER_LINES; i++) {
        items[i].value = info.minimum + i;
        items[i].name = power_lines[info.minimum + i];
    }
    info.menu = control->menu_count != 0 ? items : NULL;
    info.menu_count = control->menu_count;
    return vdi_sink_control(sink, &info);
}

int ks_controls(struct vdi_device *base, struct vdi_sink *sink)
{
    struct ks_device *device = ks_device_of(base);
    int status = ks_device_renew(device);

    if (status != VDC_OK) {
        return status;
    }
    if (device->own && device->identity.limited) {
        return vdi_error(VDC_E_FIRMWARE, "ks:%s: it has no controls until firmware is loaded",
                         device->id);
    }
    for (uint32_t i = 0; i < device->control_count && status == VDC_OK; i++) {
        status = list_one(device, &device->controls[i], sink);
    }
    return status;
}

static struct ks_control *find(const struct ks_device *device, uint32_t id)
{
    for (uint32_t i = 0; i < device->control_count; i++) {
        if (device->controls[i].info.id == id) {
            return &device->controls[i];
        }
    }
    (void)vdi_error(VDC_E_NOT_FOUND, "ks:%s: it has no control %u", device->id, (unsigned)id);
    return NULL;
}

uint32_t ks_control_read(struct ks_device *device, const struct ks_control *control, int64_t *value)
{
    struct ks_level level;
    uint32_t bits = 0;
    uint32_t result;

    switch (control->place) {
    case KS_PLACE_OWN:
    case KS_PLACE_PATTERN:
        return ks_control_own_get(device, control, value);
    case KS_PLACE_FLIP:
        result = video_mode(device, KS_VIDEO_MODE, KS_TYPE_GET, &bits);
        *value = (bits & control->property) != 0;
        return result;
    default:
        result = get_level(device, &level, control->place, control->property);
        *value = level.value;
        if (control->place == KS_PLACE_PROCAMP_AUTO || control->place == KS_PLACE_CAMERA_AUTO) {
            *value = (level.flags & KS_LEVEL_AUTO) != 0;
        } else if (is_exposure(control)) {
            *value = exposure_units(bounded_power(level.value));
        }
        return result;
    }
}

int ks_get_control(struct vdi_device *base, uint32_t id, int64_t *value)
{
    struct ks_device *device = ks_device_of(base);
    const struct ks_control *control = find(device, id);

    if (control == NULL) {
        return VDC_E_NOT_FOUND;
    }
    return ks_error(device, ks_control_read(device, control, value), "reading a control");
}

/* Leaving the automatic mode keeps the value it has found. */
static uint32_t set_auto(const struct ks_device *device, const struct ks_control *control, int on)
{
    struct ks_level level;
    uint32_t result = get_level(device, &level, control->place, control->property);

    if (result != KS_OK) {
        return result;
    }
    return set_level(device, control->place, control->property, level.value,
                     on ? KS_LEVEL_AUTO : KS_LEVEL_MANUAL);
}

static uint32_t set_flip(const struct ks_device *device, const struct ks_control *control, int on)
{
    uint32_t bits = 0;
    uint32_t result = video_mode(device, KS_VIDEO_MODE, KS_TYPE_GET, &bits);

    bits = on ? bits | control->property : bits & ~control->property;
    return result == KS_OK ? video_mode(device, KS_VIDEO_MODE, KS_TYPE_SET, &bits) : result;
}

static uint32_t write_value(struct ks_device *device, const struct ks_control *control,
                            int64_t value)
{
    switch (control->place) {
    case KS_PLACE_OWN:
    case KS_PLACE_PATTERN:
        return ks_control_own_set(device, control, value);
    case KS_PLACE_FLIP:
        return set_flip(device, control, value != 0);
    case KS_PLACE_PROCAMP_AUTO:
    case KS_PLACE_CAMERA_AUTO:
        return set_auto(device, control, value != 0);
    default:
        return set_level(device, control->place, control->property,
                         is_exposure(control) ? exposure_power(value) : (int32_t)value,
                         KS_LEVEL_MANUAL);
    }
}

/* Setting a level leaves its automatic mode, which is no news either. */
static void remember(struct ks_device *device, struct ks_control *control, int64_t value)
{
    control->last = is_exposure(control) ? exposure_units(exposure_power(value)) : value;
    if ((control->place == KS_PLACE_PROCAMP || control->place == KS_PLACE_CAMERA) &&
        control + 1 < device->controls + device->control_count &&
        control[1].property == control->property && control[1].place == control->place + 2) {
        control[1].last = 0;
    }
}

int ks_set_control(struct vdi_device *base, uint32_t id, int64_t value)
{
    struct ks_device *device = ks_device_of(base);
    struct ks_control *control = find(device, id);
    uint32_t result;

    if (control == NULL) {
        return VDC_E_NOT_FOUND;
    }
    vdi_mutex_lock(device->values);
    result = write_value(device, control, value);
    if (result == KS_OK) {
        remember(device, control, value);
    }
    vdi_mutex_unlock(device->values);
    return ks_error(device, result, "setting a control");
}
