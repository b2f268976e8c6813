/* SPDX-License-Identifier: MIT */
/*
 * Values, ranges and extension units. Cameras answer with a step of 0, a default outside of their range, a minimum above the
 * maximum: what can be put right is, what cannot leaves the control out.
 */
#include "uvc_control.h"

#include <string.h>

#include "uvc_bytes.h"

#define CT UVC_INPUT_TERMINAL
#define PU UVC_PROCESSING_UNIT
/* Kinds in the numbers. */
#define OF_CT 1
#define OF_PU 2

#define INTEGER VDC_CONTROL_INTEGER
#define BOOLEAN VDC_CONTROL_BOOLEAN
#define MENU    VDC_CONTROL_MENU

/* UVC 1.5, tables, 4.2.2.1 and 4.2.2.3. Relative controls are left out: they have no value that could be read. */
/* clang-format off */
const struct uvc_control uvc_controls[] = {
    { VDC_CONTROL_BRIGHTNESS,            PU, 0x02,  0, 2, 0, 2, 1, INTEGER, "Brightness" },
    { VDC_CONTROL_CONTRAST,              PU, 0x03,  1, 2, 0, 2, 0, INTEGER, "Contrast" },
    { VDC_CONTROL_SATURATION,            PU, 0x07,  3, 2, 0, 2, 0, INTEGER, "Saturation" },
    { VDC_CONTROL_HUE,                   PU, 0x06,  2, 2, 0, 2, 1, INTEGER, "Hue" },
    { VDC_CONTROL_GAIN,                  PU, 0x04,  9, 2, 0, 2, 0, INTEGER, "Gain" },
    { VDC_CONTROL_EXPOSURE,              CT, 0x04,  3, 4, 0, 4, 0, INTEGER, "Exposure time" },
    { VDC_CONTROL_EXPOSURE_AUTO,         CT, 0x02,  1, 1, 0, 1, 0, BOOLEAN, "Exposure, automatic" },
    { VDC_CONTROL_POWER_LINE,            PU, 0x05, 10, 1, 0, 1, 0, MENU,    "Power line frequency" },
    { UVC_CONTROL_ID(OF_PU, 0x08, 0),    PU, 0x08,  4, 2, 0, 2, 0, INTEGER, "Sharpness" },
    { UVC_CONTROL_ID(OF_PU, 0x09, 0),    PU, 0x09,  5, 2, 0, 2, 0, INTEGER, "Gamma" },
    { UVC_CONTROL_ID(OF_PU, 0x0a, 0),    PU, 0x0a,  6, 2, 0, 2, 0, INTEGER, "White balance temperature" },
    { UVC_CONTROL_ID(OF_PU, 0x0b, 0),    PU, 0x0b, 12, 1, 0, 1, 0, BOOLEAN, "White balance temperature, automatic" },
    { UVC_CONTROL_ID(OF_PU, 0x0c, 0),    PU, 0x0c,  7, 4, 0, 2, 0, INTEGER, "White balance, blue" },
    { UVC_CONTROL_ID(OF_PU, 0x0c, 1),    PU, 0x0c,  7, 4, 2, 2, 0, INTEGER, "White balance, red" },
    { UVC_CONTROL_ID(OF_PU, 0x0d, 0),    PU, 0x0d, 13, 1, 0, 1, 0, BOOLEAN, "White balance, automatic" },
    { UVC_CONTROL_ID(OF_PU, 0x01, 0),    PU, 0x01,  8, 2, 0, 2, 0, INTEGER, "Backlight compensation" },
    { UVC_CONTROL_ID(OF_PU, 0x10, 0),    PU, 0x10, 11, 1, 0, 1, 0, BOOLEAN, "Hue, automatic" },
    { UVC_CONTROL_ID(OF_PU, 0x0e, 0),    PU, 0x0e, 14, 2, 0, 2, 0, INTEGER, "Digital multiplier" },
    { UVC_CONTROL_ID(OF_PU, 0x0f, 0),    PU, 0x0f, 15, 2, 0, 2, 0, INTEGER, "Digital multiplier limit" },
    { UVC_CONTROL_ID(OF_PU, 0x11, 0),    PU, 0x11, 16, 1, 0, 1, 0, INTEGER, "Analogue video standard" },
    { UVC_CONTROL_ID(OF_PU, 0x12, 0),    PU, 0x12, 17, 1, 0, 1, 0, INTEGER, "Analogue video lock" },
    { UVC_CONTROL_ID(OF_PU, 0x13, 0),    PU, 0x13, 18, 1, 0, 1, 0, BOOLEAN, "Contrast, automatic" },
    { UVC_CONTROL_ID(OF_CT, 0x01, 0),    CT, 0x01,  0, 1, 0, 1, 0, BOOLEAN, "Progressive scan" },
    { UVC_CONTROL_ID(OF_CT, 0x03, 0),    CT, 0x03,  2, 1, 0, 1, 0, BOOLEAN, "Exposure may change the frame rate" },
    { UVC_CONTROL_ID(OF_CT, 0x06, 0),    CT, 0x06,  5, 2, 0, 2, 0, INTEGER, "Focus" },
    { UVC_CONTROL_ID(OF_CT, 0x08, 0),    CT, 0x08, 17, 1, 0, 1, 0, BOOLEAN, "Focus, automatic" },
    { UVC_CONTROL_ID(OF_CT, 0x09, 0),    CT, 0x09,  7, 2, 0, 2, 0, INTEGER, "Iris" },
    { UVC_CONTROL_ID(OF_CT, 0x0b, 0),    CT, 0x0b,  9, 2, 0, 2, 0, INTEGER, "Zoom" },
    { UVC_CONTROL_ID(OF_CT, 0x0d, 0),    CT, 0x0d, 11, 8, 0, 4, 1, INTEGER, "Pan" },
    { UVC_CONTROL_ID(OF_CT, 0x0d, 1),    CT, 0x0d, 11, 8, 4, 4, 1, INTEGER, "Tilt" },
    { UVC_CONTROL_ID(OF_CT, 0x0f, 0),    CT, 0x0f, 13, 2, 0, 2, 1, INTEGER, "Roll" },
    { UVC_CONTROL_ID(OF_CT, 0x11, 0),    CT, 0x11, 18, 1, 0, 1, 0, BOOLEAN, "Privacy shutter" },
};
/* clang-format on */
const uint32_t uvc_control_count = sizeof(uvc_controls) / sizeof(uvc_controls[0]);

/* ---- Requests ---- */

struct uvc_request uvc_request_make(enum uvc_request_code code, uint32_t selector, uint32_t unit,
                                    uint32_t interface_id, uint32_t bytes)
{
    struct uvc_request request;

    request.type = code & 0x80 ? 0xa1 : 0x21; /* class, interface */
    request.request = (uint8_t)code;
    request.value = (uint16_t)(selector << 8);
    request.index = (uint16_t)((unit & 0xff) << 8 | (interface_id & 0xff));
    request.bytes = (uint16_t)bytes;
    return request;
}

/* ---- What there is ---- */

static const struct uvc_unit *unit_with(const struct uvc_chain *chain,
                                        const struct uvc_control *control)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct uvc_unit *unit = chain->units[i];

        if (unit->kind == control->unit_kind && uvc_unit_has(unit, control->bit) &&
            (unit->kind != CT || unit->terminal_type == UVC_TERMINAL_CAMERA)) {
            return unit;
        }
    }
    return NULL;
}

const struct uvc_control *uvc_control_find(const struct uvc_unit **unit,
                                           const struct uvc_chain *chain, uint32_t id)
{
    for (uint32_t i = 0; i < uvc_control_count; i++) {
        if (uvc_controls[i].id == id) {
            *unit = unit_with(chain, &uvc_controls[i]);
            return *unit ? &uvc_controls[i] : NULL;
        }
    }
    return NULL;
}

int uvc_controls_each(const struct uvc_chain *chain,
                      int (*each)(const struct uvc_control *control, const struct uvc_unit *unit,
                                  void *user),
                      void *user)
{
    for (uint32_t i = 0; i < uvc_control_count; i++) {
        const struct uvc_unit *unit = unit_with(chain, &uvc_controls[i]);
        int result = unit ? each(&uvc_controls[i], unit, user) : 0;

        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* ---- Values ---- */

int uvc_value_decode(int64_t *out, const struct uvc_control *control, const uint8_t *bytes,
                     size_t count)
{
    const uint8_t *at = bytes + control->offset;
    uint32_t raw;

    if (count < (size_t)control->offset + control->width) {
        return 0;
    }
    raw = control->width == 4 ? uvc_get32(at) : control->width == 2 ? uvc_get16(at) : at[0];
    *out = raw;
    if (control->is_signed && (raw >> (8 * control->width - 1) & 1) != 0) {
        *out -= INT64_C(1) << (8 * control->width);
    }
    return 1;
}

int uvc_value_encode(uint8_t bytes[UVC_CONTROL_BYTES_MAX], const struct uvc_control *control,
                     int64_t value)
{
    uint32_t bits = 8u * control->width;
    int64_t least = control->is_signed ? -(INT64_C(1) << (bits - 1)) : 0;
    int64_t most = (INT64_C(1) << (control->is_signed ? bits - 1 : bits)) - 1;

    if (value < least || value > most) {
        return 0;
    }
    for (uint32_t i = 0; i < control->width; i++) {
        bytes[control->offset + i] = (uint8_t)((uint64_t)value >> (8 * i));
    }
    return 1;
}

/* ---- Exposure mode: 1 manual, 2 automatic, 4 the time by hand, 8 the iris by hand ---- */

int64_t uvc_exposure_auto_of(uint8_t mode)
{
    return (mode & (2 | 8)) != 0;
}

/* Most cameras have no iris to move: theirs is 8, and 2 is refused. */
uint8_t uvc_exposure_mode_of(int64_t automatic, uint32_t modes)
{
    if (automatic) {
        return modes & 2 ? 2 : 8;
    }
    return modes & 1 || !(modes & 4) ? 1 : 4;
}

int64_t uvc_value_public(const struct uvc_control *control, int64_t value)
{
    if (control->id == VDC_CONTROL_EXPOSURE_AUTO) {
        return uvc_exposure_auto_of((uint8_t)value);
    }
    return control->type == BOOLEAN ? value != 0 : value;
}

int64_t uvc_value_camera(const struct uvc_control *control, int64_t value, uint32_t modes)
{
    if (control->id == VDC_CONTROL_EXPOSURE_AUTO) {
        return uvc_exposure_mode_of(value, modes);
    }
    return value;
}

/* ---- Ranges ---- */

static uint32_t flags_of(const struct uvc_answers *answers)
{
    uint8_t info = answers->info.count != 0 ? answers->info.bytes[0] : UVC_INFO_GET | UVC_INFO_SET;

    return (info & UVC_INFO_SET ? 0u : (uint32_t)VDC_CONTROL_READ_ONLY) |
           (info & UVC_INFO_AUTOUPDATE ? (uint32_t)VDC_CONTROL_VOLATILE : 0u) |
           (info & (UVC_INFO_DISABLED_AUTO | UVC_INFO_DISABLED_COMMIT)
                ? (uint32_t)VDC_CONTROL_INACTIVE
                : 0u);
}

/* A step that is 0, negative or longer than the range is 1; a default off the range is its nearest end. */
static void mend_range(struct uvc_range *out)
{
    vdc_control_info *info = &out->info;

    if (info->step < 1 || info->step > info->maximum - info->minimum) {
        out->mended |= info->step < 1 || info->minimum != info->maximum;
        info->step = 1;
    }
    if (info->default_value < info->minimum || info->default_value > info->maximum) {
        out->mended = 1;
        info->default_value = info->default_value < info->minimum ? info->minimum : info->maximum;
    }
    info->default_value -= (info->default_value - info->minimum) % info->step;
}

static int make_integer(struct uvc_range *out, const struct uvc_control *control,
                        const struct uvc_answers *answers)
{
    vdc_control_info *info = &out->info;

    if (!uvc_value_decode(&info->minimum, control, answers->min.bytes, answers->min.count) ||
        !uvc_value_decode(&info->maximum, control, answers->max.bytes, answers->max.count) ||
        info->minimum > info->maximum) {
        return 0;
    }
    if (!uvc_value_decode(&info->step, control, answers->res.bytes, answers->res.count)) {
        info->step = 0;
    }
    if (!uvc_value_decode(&info->default_value, control, answers->def.bytes, answers->def.count)) {
        out->mended = 1;
        info->default_value = info->minimum;
    }
    mend_range(out);
    return 1;
}

static int make_switch(struct uvc_range *out, const struct uvc_control *control,
                       const struct uvc_answers *answers)
{
    int64_t value = 0;

    out->info.maximum = 1;
    out->info.step = 1;
    if (control->id == VDC_CONTROL_EXPOSURE_AUTO) {
        /* Here GET_RES is a bitmap of the modes that exist. */
        out->modes = answers->res.count != 0 ? answers->res.bytes[0] & 15u : 0;
        if (out->modes == 0) {
            out->modes = 1 | 8;
            out->mended = 1;
        }
    }
    if (uvc_value_decode(&value, control, answers->def.bytes, answers->def.count)) {
        out->info.default_value = uvc_value_public(control, value);
    } else {
        out->mended = 1;
    }
    return 1;
}

/* The last item came with UVC 1.5; some cameras leave out the first. */
static int make_menu(struct uvc_range *out, const struct uvc_control *control,
                     const struct uvc_answers *answers, uint16_t version)
{
    static const char *const names[UVC_MENU_MAX] = {"Off", "50 Hz", "60 Hz", "Automatic"};
    vdc_control_info *info = &out->info;
    int64_t least = 0, most = version >= 0x0150 ? 3 : 2;
    int64_t value;

    if (uvc_value_decode(&value, control, answers->max.bytes, answers->max.count) && value >= 1 &&
        value <= 3) {
        most = value;
    }
    if (uvc_value_decode(&value, control, answers->min.bytes, answers->min.count) && value < most) {
        least = value;
    }
    for (value = least; value <= most; value++) {
        out->menu[info->menu_count].value = value;
        out->menu[info->menu_count].name = names[value];
        info->menu_count++;
    }
    info->menu = out->menu;
    info->minimum = least;
    info->maximum = most;
    info->step = 1;
    if (!uvc_value_decode(&info->default_value, control, answers->def.bytes, answers->def.count)) {
        out->mended = 1;
        info->default_value = least;
    }
    mend_range(out);
    return 1;
}

int uvc_range_make(struct uvc_range *out, const struct uvc_control *control,
                   const struct uvc_answers *answers, uint16_t version)
{
    memset(out, 0, sizeof(*out));
    out->info.id = control->id;
    out->info.type = control->type;
    out->info.name = control->name;
    out->info.flags = flags_of(answers);
    if (answers->info.count != 0 && !(answers->info.bytes[0] & UVC_INFO_GET)) {
        return 0; /* what cannot be read has no value here */
    }
    if (control->type == BOOLEAN) {
        return make_switch(out, control, answers);
    }
    return control->type == MENU ? make_menu(out, control, answers, version)
                                 : make_integer(out, control, answers);
}

/* ---- Extension units ---- */

const struct uvc_unit *uvc_extension_find(const struct uvc_chain *chain, uint32_t unit,
                                          uint32_t selector)
{
    for (uint32_t i = 0; i < chain->count; i++) {
        if (chain->units[i]->id == unit && chain->units[i]->kind == UVC_EXTENSION_UNIT &&
            selector >= 1 && uvc_unit_has(chain->units[i], selector - 1)) {
            return chain->units[i];
        }
    }
    return NULL;
}

void uvc_extension_describe(vdc_extension_info *out, const struct uvc_unit *unit)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->guid, unit->guid, sizeof(out->guid));
    out->unit = unit->id;
    for (uint32_t selector = 1; selector < 256; selector++) {
        if (uvc_unit_has(unit, selector - 1)) {
            out->selectors[selector / 32] |= UINT32_C(1) << selector % 32;
        }
    }
}

uint32_t uvc_extension_length(const uint8_t *bytes, size_t count)
{
    uint32_t length = count >= 2 ? uvc_get16(bytes) : 0;

    return length <= UVC_EXTENSION_BYTES_MAX ? length : 0;
}
