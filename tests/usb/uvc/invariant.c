/* SPDX-License-Identifier: MIT */
/* Every index in bounds, every frame with a size and an interval, every list within its parent's. */
#include "invariant.h"

#include <string.h>

#define REQUIRE(condition) \
    if (!(condition)) {    \
        return #condition; \
    }

static const char *check_frame(const struct uvc_camera *camera, const struct uvc_frame *frame)
{
    const uint32_t *list = camera->intervals + frame->interval_first;
    int found = 0;

    REQUIRE(frame->width > 0 && frame->height > 0 && frame->index > 0)
    REQUIRE(frame->interval_count > 0)
    REQUIRE((uint32_t)frame->interval_first + frame->interval_count <= camera->interval_count)
    if (frame->continuous) {
        REQUIRE(frame->interval_count == 3 && list[0] > 0 && list[0] < list[1])
        REQUIRE(frame->default_interval >= list[0] && frame->default_interval <= list[1])
        return NULL;
    }
    for (uint32_t i = 0; i < frame->interval_count; i++) {
        REQUIRE(list[i] > 0)
        found |= list[i] == frame->default_interval;
    }
    REQUIRE(found)
    return NULL;
}

static const char *check_format(const struct uvc_camera *camera, const struct uvc_format *format)
{
    int found = format->frame_count == 0;

    REQUIRE(format->fourcc != 0 && format->index > 0)
    REQUIRE(format->kind >= UVC_KIND_UNCOMPRESSED && format->kind <= UVC_KIND_FRAME_BASED)
    REQUIRE((uint32_t)format->frame_first + format->frame_count <= camera->frame_count)
    for (uint32_t i = 0; i < format->frame_count; i++) {
        const struct uvc_frame *frame = &camera->frames[format->frame_first + i];
        const char *wrong = check_frame(camera, frame);

        if (wrong) {
            return wrong;
        }
        found |= frame->index == format->default_frame;
        for (uint32_t k = 0; k < i; k++) {
            REQUIRE(camera->frames[format->frame_first + k].index != frame->index)
        }
    }
    REQUIRE(found)
    return NULL;
}

static const char *check_stream(const struct uvc_camera *camera, const struct uvc_stream *stream)
{
    REQUIRE((uint32_t)stream->format_first + stream->format_count <= camera->format_count)
    REQUIRE((uint32_t)stream->alternate_first + stream->alternate_count <= camera->alternate_count)
    for (uint32_t i = 0; i < stream->alternate_count; i++) {
        const struct uvc_alternate *one = &camera->alternates[stream->alternate_first + i];

        REQUIRE(one->packet_bytes > 0 && one->packet_bytes <= 1024 && one->packets > 0)
        REQUIRE(one->interval_bytes > 0 && one->interval_bytes <= 1024 * 16 * 6 * 2)
        REQUIRE(one->transfer == UVC_TRANSFER_BULK || (one->interval >= 1 && one->interval <= 16))
    }
    return NULL;
}

static const char *check_unit(const struct uvc_camera *camera, const struct uvc_unit *unit)
{
    REQUIRE(unit->id != 0 && uvc_unit_find(camera, unit->id) == unit)
    REQUIRE(unit->source_count <= UVC_PINS_MAX && unit->control_bytes <= UVC_CONTROLS_MAX)
    return NULL;
}

const char *uvc_invariant(const struct uvc_camera *camera)
{
    const char *wrong = NULL;
    struct uvc_chain chain;

    REQUIRE(camera->stream_count <= UVC_STREAMS_MAX && camera->format_count <= UVC_FORMATS_MAX)
    REQUIRE(camera->frame_count <= UVC_FRAMES_MAX && camera->unit_count <= UVC_UNITS_MAX)
    REQUIRE(camera->interval_count <= UVC_INTERVALS_MAX)
    REQUIRE(camera->alternate_count <= UVC_ALTERNATES_MAX)
    REQUIRE(camera->version == 0x100 || camera->version == 0x110 || camera->version == 0x150)
    for (uint32_t i = 0; i < camera->format_count && !wrong; i++) {
        wrong = check_format(camera, &camera->formats[i]);
    }
    for (uint32_t i = 0; i < camera->unit_count && !wrong; i++) {
        wrong = check_unit(camera, &camera->units[i]);
    }
    for (uint32_t i = 0; i < camera->stream_count && !wrong; i++) {
        wrong = check_stream(camera, &camera->streams[i]);
        uvc_chain_walk(&chain, camera, &camera->streams[i]);
        REQUIRE(chain.count <= camera->unit_count)
    }
    return wrong;
}
