/* SPDX-License-Identifier: MIT */
/*
 * Creating the pin: KSPIN_CONNECT, the data format behind it, and for Vidicon's own filter what a data format cannot say.
 * A driver's header is given back as it came, but for what was chosen.
 */
#include "ks.h"

struct request {
    struct ks_connect connect;
    union {
        uint64_t aligned; /* formats begin on eight bytes */
        uint8_t
            bytes[sizeof(struct ks_format) + sizeof(struct ks_video2) + sizeof(struct vdw_format)];
    } format;
};

static uint32_t frame_bytes(const struct ks_mode *mode, const vdc_format *format)
{
    vdc_plane_layout planes[VDC_PLANES_MAX];
    uint32_t plane_count;
    size_t bytes = 0;
    uint64_t lines;

    if (!mode->compressed && vdc_format_layout(planes, &plane_count, &bytes, format) == VDC_OK) {
        return bytes > UINT32_MAX ? 0 : (uint32_t)bytes;
    }
    if (mode->width == format->width_px && mode->height == format->height_px &&
        mode->sample_bytes != 0) {
        return mode->sample_bytes;
    }
    lines = (uint64_t)format->width_px * format->height_px * mode->header.bitmap.bits / 8;
    return lines > UINT32_MAX ? 0 : (uint32_t)lines;
}

/* How the driver writes this interval. */
static int64_t hundred_ns(const struct ks_device *device, const struct ks_mode *mode,
                          vdc_fraction interval)
{
    int64_t value = ks_interval_100ns(interval);

    for (uint32_t i = 0; i < mode->interval_count; i++) {
        const struct ks_interval *one = &device->intervals[mode->interval_first + i];

        if (one->s.num == interval.num && one->s.den == interval.den) {
            return one->hundred_ns;
        }
    }
    if (mode->interval_range && value < mode->interval_min_100ns) {
        value = mode->interval_min_100ns;
    }
    return value;
}

static void choose(const struct ks_device *device, struct ks_video2 *header,
                   const struct ks_mode *mode, const vdc_format *format, const vdc_rect *window,
                   uint32_t bytes)
{
    struct ks_bitmap *bitmap = &header->bitmap;
    int fixed = format->width_px == mode->width && format->height_px == mode->height;

    *header = mode->header;
    header->head.interval_100ns = hundred_ns(device, mode, format->interval_s);
    if (fixed && !mode->own) {
        return;
    }
    memset(header->head.source, 0, sizeof(header->head.source));
    memset(header->head.target, 0, sizeof(header->head.target));
    bitmap->width = (int32_t)window->width_px;
    bitmap->height =
        mode->header.bitmap.height < 0 ? -(int32_t)window->height_px : (int32_t)window->height_px;
    bitmap->image_bytes = bytes;
}

static uint32_t write_format(const struct ks_device *device, uint8_t *out,
                             const struct ks_mode *mode, const vdc_format *format,
                             const vdc_rect *window)
{
    struct ks_format *head = (struct ks_format *)(void *)out;
    uint8_t *at = out + sizeof(*head);
    struct ks_video2 header;
    uint32_t bytes = frame_bytes(mode, format);

    choose(device, &header, mode, format, window, bytes);
    memset(head, 0, sizeof(*head));
    head->sample_bytes = bytes;
    head->major = ks_type_video;
    head->sub = mode->sub;
    if (mode->second) {
        head->specifier = ks_specifier_video2;
        memcpy(at, &header, sizeof(header));
        at += sizeof(header);
    } else {
        struct ks_video first = {header.head, header.bitmap};

        head->specifier = ks_specifier_video;
        memcpy(at, &first, sizeof(first));
        at += sizeof(first);
    }
    if (mode->own) {
        struct vdw_format own;

        memset(&own, 0, sizeof(own));
        own.size = sizeof(own);
        own.mode = mode->number;
        own.stride_bytes = format->stride_bytes;
        own.left_px = window->left_px;
        own.top_px = window->top_px;
        own.interval_num = format->interval_s.num;
        own.interval_den = format->interval_s.den;
        head->specifier = ks_set_own;
        memcpy(at, &own, sizeof(own));
        at += sizeof(own);
    }
    head->bytes = (uint32_t)(at - out);
    return head->bytes;
}

int ks_connect(struct ks_device *device, struct ks_handle **out, const struct ks_mode *mode,
               const vdc_format *format, const vdc_rect *window)
{
    struct request request;
    uint32_t bytes;
    uint32_t result;

    memset(&request, 0, sizeof(request));
    request.connect.interface = ks_property_of(&ks_interface_standard, 0, 0);
    request.connect.medium = ks_property_of(&ks_medium_standard, 0, 0);
    request.connect.pin = device->pin;
    request.connect.priority_class = KS_PRIORITY_NORMAL;
    request.connect.priority = 1;
    bytes = write_format(device, request.format.bytes, mode, format, window);
    result = device->system->create_pin(out, device->filter, &request,
                                        (uint32_t)offsetof(struct request, format) + bytes);
    /* Bandwidth and instances are both told as want of resources. */
    if (result == KS_NO_SYSTEM_RESOURCES) {
        result = KS_BUSY;
    }
    return ks_error(device, result, "opening its capture pin");
}
