/* SPDX-License-Identifier: MIT */
/*
 * Controls: their values, and the automatic exposure that moves one of them. A button holds
 * nothing; its presses are only in the ledger.
 */
#include "vdm_private.h"

#define EXPOSURE_PERIODS 16u
#define EXPOSURE_STEPS   8

static const uint8_t *control_at(const struct vdm_tables *tables, uint32_t n)
{
    return vdm_tables_record(tables, VDM_CONTROL, n);
}

static int32_t signed_at(const uint8_t *at)
{
    return (int32_t)vdm_get32(at);
}

/* Place of the control with that id, or VDM_CONTROLS_MAX. */
static uint32_t find(const struct vdm_tables *tables, uint32_t id)
{
    for (uint32_t n = 0; n < tables->count[VDM_CONTROL]; n++) {
        if (vdm_get16(control_at(tables, n) + VDM_M_CONTROL_ID) == id) {
            return n;
        }
    }
    return VDM_CONTROLS_MAX;
}

void vdm_control_grade(struct vdm_grade *out, const struct vdm_tables *tables,
                       const int32_t *values)
{
    static const uint8_t ids[VDM_EFFECTS] = {
        [VDM_EXPOSURE] = VDM_X_CONTROL_ID_EXPOSURE,
        [VDM_GAIN] = VDM_X_CONTROL_ID_GAIN,
        [VDM_CONTRAST] = VDM_X_CONTROL_ID_CONTRAST,
        [VDM_BRIGHTNESS] = VDM_X_CONTROL_ID_BRIGHTNESS,
        [VDM_SATURATION] = VDM_X_CONTROL_ID_SATURATION,
        [VDM_HUE] = VDM_X_CONTROL_ID_HUE,
    };

    memset(out, 0, sizeof *out);
    for (uint32_t effect = 0; effect < VDM_EFFECTS; effect++) {
        uint32_t n = find(tables, ids[effect]);
        int divides = effect != VDM_BRIGHTNESS && effect != VDM_HUE;

        if (n == VDM_CONTROLS_MAX) {
            continue;
        }
        out->base[effect] = signed_at(control_at(tables, n) + VDM_M_CONTROL_DEFAULT);
        out->value[effect] = divides && out->base[effect] == 0 ? 0 : values[n];
    }
}

static int fits(const uint8_t *control, int32_t value)
{
    int32_t least = signed_at(control + VDM_M_CONTROL_MINIMUM);

    return value >= least && value <= signed_at(control + VDM_M_CONTROL_MAXIMUM) &&
           ((int64_t)value - least) % signed_at(control + VDM_M_CONTROL_STEP) == 0;
}

static void set(struct vdm_card *card, uint32_t n, int32_t value)
{
    if (card->control[n] != value) {
        card->control[n] = value;
        vdm_control_grade(&card->grade, &card->tables, card->control);
    }
}

void vdm_control_start(struct vdm_card *card)
{
    memset(card->control, 0, sizeof card->control);
    for (uint32_t n = 0; n < card->tables.count[VDM_CONTROL]; n++) {
        card->control[n] = signed_at(control_at(&card->tables, n) + VDM_M_CONTROL_DEFAULT);
    }
    vdm_control_grade(&card->grade, &card->tables, card->control);
    card->control_changed = 0;
    card->exposure_falls = 0;
}

void vdm_control_write(struct vdm_card *card, uint32_t n, int32_t value)
{
    const uint8_t *control = control_at(&card->tables, n);

    if (n >= card->tables.count[VDM_CONTROL] ||
        (vdm_get16(control + VDM_M_CONTROL_FLAGS) & VDM_X_CONTROL_FLAGS_READ_ONLY) != 0) {
        return;
    }
    if (vdm_get16(control + VDM_M_CONTROL_TYPE) == VDM_X_CONTROL_TYPE_BUTTON) {
        card->ledger.button_presses++;
    } else if (fits(control, value)) {
        set(card, n, value);
    }
}

/* The card's own doing. 1 if that was a change. */
int vdm_control_change(struct vdm_card *card, uint32_t n, int32_t value)
{
    if (!card->boot.runs || n >= card->tables.count[VDM_CONTROL] ||
        !fits(control_at(&card->tables, n), value) || card->control[n] == value) {
        return 0;
    }
    set(card, n, value);
    card->control_changed |= 1u << n;
    vdm_irq_raise(card, VDM_MASK(INT_STATUS, CONTROL));
    return 1;
}

/* A period begins: the automatic exposure climbs to default + 8 steps and comes back. */
void vdm_control_period(struct vdm_card *card, uint32_t sequence)
{
    uint32_t automatic;
    uint32_t exposure;
    const uint8_t *control;
    int64_t step;
    int64_t bottom;
    int64_t top;
    int64_t value;

    if (sequence == 0 || sequence % EXPOSURE_PERIODS != 0) {
        return;
    }
    automatic = find(&card->tables, VDM_X_CONTROL_ID_EXPOSURE_AUTO);
    exposure = find(&card->tables, VDM_X_CONTROL_ID_EXPOSURE);
    if (automatic == VDM_CONTROLS_MAX || exposure == VDM_CONTROLS_MAX ||
        card->control[automatic] != 1) {
        return;
    }
    control = control_at(&card->tables, exposure);
    step = signed_at(control + VDM_M_CONTROL_STEP);
    bottom = signed_at(control + VDM_M_CONTROL_DEFAULT);
    top = bottom + EXPOSURE_STEPS * step;
    if (top > signed_at(control + VDM_M_CONTROL_MAXIMUM)) {
        top = signed_at(control + VDM_M_CONTROL_MAXIMUM);
    }
    value = card->control[exposure];
    if (value + step > top) {
        card->exposure_falls = 1;
    }
    if (value - step < bottom) {
        card->exposure_falls = 0;
    }
    value += card->exposure_falls ? -step : step;
    if (value <= INT32_MAX) {
        vdm_control_change(card, exposure, (int32_t)value);
    }
}
