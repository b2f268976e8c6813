/* SPDX-License-Identifier: MIT */
/* Any bytes as a camera's answer to a probe, and as that camera: a length, so many bytes of answer, then a configuration. */
#include <stdlib.h>
#include <string.h>

#include "uvc_probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct uvc_camera camera;

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check_choice(const struct uvc_choice *choice)
{
    require(choice->picture.width_px == choice->frame->width);
    require(choice->picture.interval_s.num != 0 && choice->picture.interval_s.den != 0);
    require(choice->exact_bytes <= UVC_FRAME_BYTES_MAX);
}

static void negotiate(const struct uvc_stream *stream, const struct uvc_probe *answer)
{
    const struct uvc_alternate *alternate;
    struct uvc_probe copy = *answer;
    struct uvc_choice choice;
    vdc_format wish;
    uint32_t mended;
    char why[256];

    memset(&wish, 0, sizeof(wish));
    wish.width_px = answer->quality;
    wish.height_px = answer->window;
    wish.interval_s.num = answer->clock_hz;
    wish.interval_s.den = answer->interval;
    if (!uvc_choose(&choice, &camera, stream, &wish)) {
        return;
    }
    check_choice(&choice);
    if (!uvc_probe_check(&copy, &mended, &choice, &camera, stream, why, sizeof(why))) {
        require(strlen(why) > 10);
        return;
    }
    check_choice(&choice);
    require(copy.max_frame_bytes > 0 && copy.max_frame_bytes <= UVC_FRAME_BYTES_MAX);
    require(choice.exact_bytes == 0 || copy.max_frame_bytes == choice.exact_bytes);
    require(copy.max_payload_bytes > 0 && copy.interval > 0);
    alternate = uvc_choose_alternate(&camera, stream, &copy, why, sizeof(why));
    require(alternate != NULL || strlen(why) > 10);
    if (alternate) {
        require(alternate->transfer == UVC_TRANSFER_BULK ||
                alternate->interval_bytes >= copy.max_payload_bytes);
        uvc_rate_check(&choice, &copy, alternate, UVC_SPEED_HIGH, why, sizeof(why));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct uvc_probe answer;
    size_t count = size > 0 && data[0] < size ? data[0] : 0;
    uint8_t *bytes = malloc(count ? count : 1); /* of its very length */
    uint8_t again[UVC_PROBE_BYTES_MAX];

    if (!bytes || size == 0) {
        free(bytes);
        return 0;
    }
    memcpy(bytes, data + 1, count);
    if (uvc_probe_decode(&answer, bytes, count)) {
        uint32_t taken = count >= 48 ? 48 : count >= 34 ? 34 : 26;

        uvc_probe_encode(again, &answer, 0x0150);
        require(memcmp(again, bytes, taken) == 0);
        if (uvc_parse(&camera, data + 1 + count, size - 1 - count, 0, UVC_SPEED_HIGH)) {
            for (uint32_t i = 0; i < camera.stream_count; i++) {
                negotiate(&camera.streams[i], &answer);
            }
        }
    }
    free(bytes);
    return 0;
}
