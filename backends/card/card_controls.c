/* SPDX-License-Identifier: MIT */
/*
 * Controls: those of the firmware's table under their public numbers, and the test pattern, which
 * is a register of the card rather than of its firmware.
 */
#include "card.h"

#include <string.h>

#include "vdh_control.h"
#include "vdh_input.h"

#define NO_CONTROL UINT32_MAX

/* The numbers of the data sheet are the public ones; what the library does not know is a vendor's. */
static uint32_t public_id(uint32_t id)
{
    return id <= VDH_L_CONTROL_ID_WHITE_BALANCE ? id : VDC_CONTROL_VENDOR + id;
}

static int has_pattern(const struct card *card)
{
    return vdh_field_get(card->core.identity.caps, VDH_F_CAPS_PATTERN) != 0;
}

static uint32_t find(const struct card *card, uint32_t control)
{
    struct vdh_control_info info;

    for (uint32_t i = 0; !vdh_tables_control(&info, &card->core.tables, i); i++) {
        if (public_id(info.id) == control)
            return i;
    }
    return NO_CONTROL;
}

static int absent(struct card *card, uint32_t control)
{
    if (!card->ready)
        return vdi_error(VDC_E_FIRMWARE, "%s: it has no controls now: %s", card->id,
                         card->state_text);
    return vdi_error(VDC_E_NOT_FOUND, "%s: the running firmware has no control %u", card->id,
                     (unsigned)control);
}

static int list_one(struct card *card, struct vdi_sink *sink, uint32_t index,
                    const struct vdh_control_info *control)
{
    vdc_menu_item items[128];
    char names[128][32];
    vdc_control_info info;
    uint32_t count = 0;

    memset(&info, 0, sizeof(info));
    info.id = public_id(control->id);
    info.type = control->type; /* the same numbers */
    if (control->flags & VDH_B_CONTROL_FLAGS_READ_ONLY)
        info.flags |= VDC_CONTROL_READ_ONLY;
    if (control->flags & VDH_B_CONTROL_FLAGS_VOLATILE)
        info.flags |= VDC_CONTROL_VOLATILE;
    info.name = control->name;
    info.minimum = control->minimum;
    info.maximum = control->maximum;
    info.step = control->step;
    info.default_value = control->def;
    while (control->type == VDH_L_CONTROL_TYPE_MENU && count < control->menu_count && count < 128 &&
           !vdh_tables_menu(names[count], &card->core.tables, index, count)) {
        items[count].value = count;
        items[count].name = names[count];
        count++;
    }
    info.menu = count ? items : NULL;
    info.menu_count = count;
    return vdi_sink_control(sink, &info);
}

int card_controls(struct vdi_device *device, struct vdi_sink *sink)
{
    struct card *card = card_of(device);
    struct vdh_control_info control;
    int result = VDC_OK;

    card->host->enter(card);
    if (!card->ready)
        result = absent(card, 0);
    for (uint32_t i = 0; !result && !vdh_tables_control(&control, &card->core.tables, i); i++)
        result = list_one(card, sink, i, &control);
    if (!result && has_pattern(card)) {
        vdc_control_info info;

        memset(&info, 0, sizeof(info));
        info.id = VDC_CONTROL_TEST_PATTERN;
        info.type = VDC_CONTROL_BOOLEAN;
        info.name = "Test pattern";
        info.maximum = 1;
        info.step = 1;
        result = vdi_sink_control(sink, &info);
    }
    card->host->leave(card);
    return result;
}

int card_get_control(struct vdi_device *device, uint32_t control, int64_t *value)
{
    struct card *card = card_of(device);
    uint32_t index;
    int result;

    card->host->enter(card);
    index = find(card, control);
    if (card->ready && control == VDC_CONTROL_TEST_PATTERN && has_pattern(card)) {
        uint32_t raw = 0;

        result = card_error(card, vdh_user_read(&card->core, VDH_R_PATTERN, &raw),
                            "reading the test pattern");
        *value = vdh_field_get(raw, VDH_F_PATTERN_ENABLE);
    } else if (!card->ready || index == NO_CONTROL) {
        result = absent(card, control);
    } else {
        int32_t got = 0;

        result = card_error(card, vdh_control_get(&card->core, index, &got), "reading a control");
        *value = got;
    }
    card->host->leave(card);
    return result;
}

int card_set_control(struct vdi_device *device, uint32_t control, int64_t value)
{
    struct card *card = card_of(device);
    uint32_t index;
    int result;

    card->host->enter(card);
    index = find(card, control);
    if (card->ready && control == VDC_CONTROL_TEST_PATTERN && has_pattern(card))
        result = card_error(card, vdh_pattern_enable(&card->core, value != 0),
                            "setting the test pattern");
    else if (!card->ready || index == NO_CONTROL)
        result = absent(card, control);
    else if (value < INT32_MIN || value > INT32_MAX)
        result = card_error(card, VDH_E_RANGE, "setting a control");
    else
        result = card_error(card, vdh_control_set(&card->core, index, (int32_t)value),
                            "setting a control");
    card->host->leave(card);
    return result;
}

void card_controls_moved(struct card *card, uint32_t mask)
{
    struct vdh_control_info info;
    int32_t value;

    for (uint32_t i = 0; i < VDH_CONTROLS_MAX && mask >> i; i++) {
        if (mask >> i & 1u && !vdh_tables_control(&info, &card->core.tables, i) &&
            !vdh_control_get(&card->core, i, &value))
            vdi_device_event(card->device, VDC_EVENT_CONTROL_CHANGED, public_id(info.id), value);
    }
}
