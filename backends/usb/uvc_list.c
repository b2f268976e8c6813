/* SPDX-License-Identifier: MIT */
/*
 * Formats as the descriptors have them, and the nearest to a wish. The camera is asked about it too: what it answers is what a
 * stream will get.
 */
#include "uvc_device.h"

#include <string.h>

#define LISTED_INTERVALS_MAX 64u
#define SLOWER_MOST          16 /* rates that are tried */

static uint32_t intervals_of(vdc_fraction out[LISTED_INTERVALS_MAX],
                             const struct uvc_camera *camera, const struct uvc_frame *frame)
{
    const uint32_t *list = camera->intervals + frame->interval_first;
    uint32_t count = 0;

    if (frame->continuous) {
        out[0] = uvc_interval_fraction(list[0]);
        out[1] = uvc_interval_fraction(list[1]);
        return 2;
    }
    out[count++] = uvc_interval_fraction(frame->default_interval);
    for (uint32_t i = 0; i < frame->interval_count && count < LISTED_INTERVALS_MAX; i++) {
        if (list[i] != frame->default_interval)
            out[count++] = uvc_interval_fraction(list[i]);
    }
    return count;
}

static int list_frame(struct vdi_sink *sink, const struct uvc_camera *camera,
                      const struct uvc_format *format, const struct uvc_frame *frame)
{
    vdc_fraction intervals[LISTED_INTERVALS_MAX];
    struct uvc_choice choice;
    vdc_format_info info;

    uvc_describe(&choice, format, frame, frame->default_interval);
    memset(&info, 0, sizeof(info));
    info.fourcc = format->fourcc;
    info.compressed = format->kind != UVC_KIND_UNCOMPRESSED;
    info.width_min_px = frame->width;
    info.width_max_px = frame->width;
    info.width_step_px = 1;
    info.height_min_px = frame->height;
    info.height_max_px = frame->height;
    info.height_step_px = 1;
    info.interval_count = intervals_of(intervals, camera, frame);
    info.intervals_s = intervals;
    info.interval_range = frame->continuous;
    info.field = choice.picture.field;
    info.primaries = choice.picture.primaries;
    info.transfer = choice.picture.transfer;
    info.matrix = choice.picture.matrix;
    info.range = choice.picture.range;
    return vdi_sink_format(sink, &info);
}

/* The default frame of each format first. */
int uvc_formats(struct vdi_device *device, struct vdi_sink *sink)
{
    const struct uvc_device *own = uvc_device_of(device);
    const struct uvc_camera *camera = own->camera;
    int result = VDC_OK;

    for (uint32_t i = 0; i < own->source->format_count && !result; i++) {
        const struct uvc_format *format = &camera->formats[own->source->format_first + i];

        for (int rest = 0; rest < 2; rest++) {
            for (uint32_t k = 0; k < format->frame_count && !result; k++) {
                const struct uvc_frame *frame = &camera->frames[format->frame_first + k];

                if ((frame->index != format->default_frame) == rest)
                    result = list_frame(sink, camera, format, frame);
            }
        }
    }
    return result;
}

int uvc_nearest(struct uvc_device *camera, struct uvc_choice *choice, const vdc_format *wish)
{
    vdc_format any = *wish;

    if (uvc_choose(choice, camera->camera, camera->source, wish))
        return VDC_OK;
    any.fourcc = 0;
    if (uvc_choose(choice, camera->camera, camera->source, &any))
        return VDC_OK;
    return vdi_error(VDC_E_UNSUPPORTED, "%s: it has no format", camera->id);
}

const struct uvc_alternate *uvc_carrier(const struct uvc_device *camera,
                                        const struct uvc_choice *choice,
                                        const struct uvc_probe *probe, char *why, size_t size)
{
    const struct uvc_alternate *alternate =
        uvc_choose_alternate(camera->camera, camera->source, probe, why, size);

    if (!alternate || !uvc_rate_check(choice, probe, alternate, uvc_speed_of(camera), why, size))
        return NULL;
    return alternate;
}

/* The next longer interval of a frame, 0 if there is none. */
static uint32_t longer(const struct uvc_camera *camera, const struct uvc_choice *choice)
{
    const uint32_t *list = camera->intervals + choice->frame->interval_first;
    uint32_t best = 0;

    if (choice->frame->continuous) {
        if (choice->interval >= list[1])
            return 0;
        return choice->interval < list[1] / 2 ? choice->interval * 2 : list[1];
    }
    for (uint32_t i = 0; i < choice->frame->interval_count; i++) {
        if (list[i] > choice->interval && (!best || list[i] < best))
            best = list[i];
    }
    return best;
}

static int is_wish(const struct uvc_choice *choice, const vdc_format *wish)
{
    vdc_fraction got = choice->picture.interval_s;

    return (uint64_t)got.num * wish->interval_s.den == (uint64_t)wish->interval_s.num * got.den &&
           wish->interval_s.num;
}

/* Cameras offer rates that the bus does not carry. Who wished for another one, or for none, gets the next that it does; who wished
 * for just that one is refused at opening a stream, with the arithmetic. */
static int slow_down(struct uvc_device *camera, struct uvc_choice *choice, struct uvc_probe *answer)
{
    char why[256];
    uint32_t interval;
    int result = VDC_OK;

    for (int tries = 0; tries < SLOWER_MOST && !result; tries++) {
        if (uvc_carrier(camera, choice, answer, why, sizeof(why)))
            break;
        interval = longer(camera->camera, choice);
        if (!interval)
            break;
        uvc_describe(choice, choice->format, choice->frame, interval);
        result = uvc_negotiate_probe(camera, choice, answer);
    }
    return result;
}

int uvc_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed)
{
    struct uvc_device *camera = uvc_device_of(device);
    struct uvc_choice choice;
    struct uvc_probe answer;
    int result;

    (void)changed; /* The library compares. */
    uvc_enter(camera);
    result = uvc_nearest(camera, &choice, format);
    /* While it streams many cameras refuse the question; then the descriptors have to do. */
    if (!result && !(camera->capture && camera->capture->running)) {
        result = uvc_negotiate_probe(camera, &choice, &answer);
        if (!result && !is_wish(&choice, format))
            result = slow_down(camera, &choice, &answer);
    }
    uvc_leave(camera);
    if (!result)
        *format = choice.picture;
    return result;
}
