/* SPDX-License-Identifier: MIT */
/*
 * What the controls do to Y, U and V, as tables for whole pictures. Every step divides towards zero
 * and clips by itself, so two controls that cancel out on paper need not cancel out here.
 */
#include "vdm_private.h"

/* sin of 0 to 90 degrees, times 1024, to the nearest. */
static const int16_t quarter[91] = {
    0,    18,   36,   54,   71,   89,   107,  125,  143,  160,  178,  195, 213, 230, 248,  265,
    282,  299,  316,  333,  350,  367,  384,  400,  416,  433,  449,  465, 481, 496, 512,  527,
    543,  558,  573,  587,  602,  616,  630,  644,  658,  672,  685,  698, 711, 724, 737,  749,
    761,  773,  784,  796,  807,  818,  828,  839,  849,  859,  868,  878, 887, 896, 904,  912,
    920,  928,  935,  943,  949,  956,  962,  968,  974,  979,  984,  989, 994, 998, 1002, 1005,
    1008, 1011, 1014, 1016, 1018, 1020, 1022, 1023, 1023, 1024, 1024,
};

int32_t vdm_grade_sine(int32_t degrees)
{
    degrees %= 360;
    if (degrees < 0) {
        degrees += 360;
    }
    if (degrees >= 180) {
        return -vdm_grade_sine(degrees - 180);
    }
    return quarter[degrees <= 90 ? degrees : 180 - degrees];
}

static uint8_t clip(int64_t value)
{
    return (uint8_t)(value < 1 ? 1 : value > 254 ? 254 : value);
}

static uint8_t scale(uint8_t value, int32_t about, const struct vdm_grade *grade,
                     enum vdm_effect effect)
{
    if (grade->value[effect] == grade->base[effect]) {
        return value;
    }
    return clip(about + (int64_t)(value - about) * grade->value[effect] / grade->base[effect]);
}

static uint8_t luma(uint8_t y, const struct vdm_grade *grade)
{
    y = scale(y, 16, grade, VDM_EXPOSURE);
    y = scale(y, 16, grade, VDM_GAIN);
    y = scale(y, 128, grade, VDM_CONTRAST);
    if (grade->value[VDM_BRIGHTNESS] != grade->base[VDM_BRIGHTNESS]) {
        y = clip((int64_t)y + grade->value[VDM_BRIGHTNESS] - grade->base[VDM_BRIGHTNESS]);
    }
    return y;
}

/* Makes the tables of cache->grade. */
void vdm_grade_prepare(struct vdm_cache *cache)
{
    cache->neutral = memcmp(cache->grade.value, cache->grade.base, sizeof cache->grade.base) == 0;
    for (uint32_t n = 0; n < 256; n++) {
        cache->luma_of[n] = luma((uint8_t)n, &cache->grade);
        cache->saturation_of[n] = scale((uint8_t)n, 128, &cache->grade, VDM_SATURATION);
    }
}

void vdm_grade_uv(const struct vdm_cache *cache, uint8_t *u, uint8_t *v)
{
    int64_t turn = (int64_t)cache->grade.value[VDM_HUE] - cache->grade.base[VDM_HUE];
    int32_t degrees = (int32_t)(turn % 360);
    int32_t du = cache->saturation_of[*u] - 128;
    int32_t dv = cache->saturation_of[*v] - 128;

    *u = cache->saturation_of[*u];
    *v = cache->saturation_of[*v];
    if (turn != 0) {
        int32_t c = vdm_grade_sine(degrees + 90);
        int32_t s = vdm_grade_sine(degrees);

        *u = clip(128 + (du * c - dv * s) / 1024);
        *v = clip(128 + (du * s + dv * c) / 1024);
    }
}

static uint8_t full(int32_t value)
{
    return (uint8_t)(value < 0 ? 0 : value >= 256 * 256 ? 255 : value >> 8);
}

void vdm_grade_rgb(uint8_t out[3], int32_t y, int32_t u, int32_t v)
{
    y = 298 * (y - 16) + 128;
    u -= 128;
    v -= 128;
    out[0] = full(y + 409 * v);
    out[1] = full(y - 100 * u - 208 * v);
    out[2] = full(y + 516 * u);
}
