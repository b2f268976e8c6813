/* SPDX-License-Identifier: MIT */
/*
 * Frame intervals: listed by the driver, or told by its capture parameters, by the DV timings or by the video
 * standard. Fractions come from the driver and may hold any 32-bit number, so all comparing is in 64 bits.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <string.h>

int v4l2_interval_compare(vdc_fraction a, vdc_fraction b)
{
    uint64_t left = (uint64_t)a.num * b.den;
    uint64_t right = (uint64_t)b.num * a.den;

    return left < right ? -1 : left > right;
}

static vdc_fraction fraction(uint64_t num, uint64_t den)
{
    uint64_t a = num, b = den;

    while (b != 0) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }
    if (a > 1) {
        num /= a;
        den /= a;
    }
    while (num > UINT32_MAX || den > UINT32_MAX) {
        num >>= 1;
        den >>= 1;
    }
    return num != 0 && den != 0 ? (vdc_fraction){(uint32_t)num, (uint32_t)den}
                                : (vdc_fraction){0, 0};
}

vdc_fraction v4l2_interval_of_timings(const struct v4l2_bt_timings *bt)
{
    uint64_t width = (uint64_t)bt->width + bt->hfrontporch + bt->hsync + bt->hbackporch;
    const uint64_t most = UINT64_C(2) * V4L2_SIDE_MAX;
    uint64_t height = (uint64_t)bt->height + bt->vfrontporch + bt->vsync + bt->vbackporch;

    if (bt->interlaced) {
        height += (uint64_t)bt->il_vfrontporch + bt->il_vsync + bt->il_vbackporch;
    }
    if (width > most || height > most) {
        return (vdc_fraction){0, 0};
    }
    return fraction(width * height, bt->pixelclock);
}

/* The interval without a choice: what the source has. */
static vdc_fraction only_interval(struct v4l2_device *device)
{
    struct v4l2_streamparm parm;
    struct v4l2_dv_timings timings;
    struct v4l2_standard standard;
    v4l2_std_id id = 0;

    memset(&parm, 0, sizeof(parm));
    parm.type = device->type;
    if (v4l2_call(device->fd, VIDIOC_G_PARM, &parm) == 0 &&
        parm.parm.capture.timeperframe.numerator != 0 &&
        parm.parm.capture.timeperframe.denominator != 0) {
        return fraction(parm.parm.capture.timeperframe.numerator,
                        parm.parm.capture.timeperframe.denominator);
    }
    memset(&timings, 0, sizeof(timings));
    if (device->has_dv && v4l2_call(device->fd, VIDIOC_G_DV_TIMINGS, &timings) == 0) {
        return v4l2_interval_of_timings(&timings.bt);
    }
    if (device->has_standards && v4l2_call(device->fd, VIDIOC_G_STD, &id) == 0) {
        memset(&standard, 0, sizeof(standard));
        while (standard.index < V4L2_INTERVALS_MAX &&
               v4l2_call(device->fd, VIDIOC_ENUMSTD, &standard) == 0) {
            if (standard.id & id) {
                return fraction(standard.frameperiod.numerator, standard.frameperiod.denominator);
            }
            standard.index++;
        }
    }
    return (vdc_fraction){0, 0};
}

static int is_interval(const struct v4l2_fract *given)
{
    return given->numerator != 0 && given->denominator != 0;
}

uint32_t v4l2_intervals(struct v4l2_device *device, vdc_fraction *out, uint32_t most,
                        uint32_t *range, uint32_t fourcc, uint32_t width, uint32_t height)
{
    uint32_t count = 0;

    *range = 0;
    for (uint32_t at = 0; at < V4L2_INTERVALS_MAX && count < most; at++) {
        struct v4l2_frmivalenum entry;

        memset(&entry, 0, sizeof(entry));
        entry.index = at;
        entry.pixel_format = fourcc;
        entry.width = width;
        entry.height = height;
        if (v4l2_call(device->fd, VIDIOC_ENUM_FRAMEINTERVALS, &entry) != 0) {
            break;
        }
        if (entry.type == V4L2_FRMIVAL_TYPE_DISCRETE) {
            if (is_interval(&entry.discrete)) {
                out[count++] = fraction(entry.discrete.numerator, entry.discrete.denominator);
            }
            continue;
        }
        if (most >= 2 && is_interval(&entry.stepwise.min) && is_interval(&entry.stepwise.max)) {
            out[0] = fraction(entry.stepwise.min.numerator, entry.stepwise.min.denominator);
            out[1] = fraction(entry.stepwise.max.numerator, entry.stepwise.max.denominator);
            if (v4l2_interval_compare(out[0], out[1]) <= 0) {
                *range = 1;
                return 2;
            }
        }
        break;
    }
    if (count == 0 && most > 0) {
        out[0] = only_interval(device);
        count = out[0].num != 0;
    }
    return count;
}

/* The nearest that is not shorter than the wish, else the longest; the preferred one without a wish. */
vdc_fraction v4l2_interval_nearest(const vdc_fraction *list, uint32_t count, uint32_t range,
                                   vdc_fraction wish)
{
    vdc_fraction best = {0, 0}, longest = {0, 0};

    if (count == 0 || wish.num == 0 || wish.den == 0) {
        return count != 0 ? list[0] : best;
    }
    if (range) {
        if (v4l2_interval_compare(wish, list[0]) <= 0) {
            return list[0];
        }
        return v4l2_interval_compare(wish, list[1]) >= 0 ? list[1] : wish;
    }
    for (uint32_t at = 0; at < count; at++) {
        if (longest.num == 0 || v4l2_interval_compare(list[at], longest) > 0) {
            longest = list[at];
        }
        if (v4l2_interval_compare(list[at], wish) >= 0 &&
            (best.num == 0 || v4l2_interval_compare(list[at], best) < 0)) {
            best = list[at];
        }
    }
    return best.num != 0 ? best : longest;
}

int v4l2_interval_set(struct v4l2_device *device, vdc_fraction *interval)
{
    struct v4l2_streamparm parm;
    int error;

    if (interval->num == 0) {
        return 0;
    }
    memset(&parm, 0, sizeof(parm));
    parm.type = device->type;
    error = v4l2_call(device->fd, VIDIOC_G_PARM, &parm);
    if (error == 0 && (parm.parm.capture.capability & V4L2_CAP_TIMEPERFRAME)) {
        parm.parm.capture.timeperframe.numerator = interval->num;
        parm.parm.capture.timeperframe.denominator = interval->den;
        error = v4l2_call(device->fd, VIDIOC_S_PARM, &parm);
        if (error == 0 && is_interval(&parm.parm.capture.timeperframe)) {
            *interval = fraction(parm.parm.capture.timeperframe.numerator,
                                 parm.parm.capture.timeperframe.denominator);
        }
    }
    /* What cannot be set is as it is: that was the offer. */
    return error == ENODEV || error == EBUSY ? error : 0;
}
