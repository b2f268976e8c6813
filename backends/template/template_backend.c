/* SPDX-License-Identifier: MIT */
/* The smallest whole backend, to be copied: compiled and run by the tests, never shipped.
 * This file finds, opens and describes the one device; template_stream.c makes its frames. */
#include "template.h"

#include <stdio.h>
#include <string.h>

/* An id must mean the same device after a replug: a serial number or a place on the bus, never a count. */
static const char path_of_device[] = "one";

static void describe(struct vdi_device_info *info)
{
    memset(info, 0, sizeof(*info));
    snprintf(info->id, sizeof(info->id), "template:%s", path_of_device);
    snprintf(info->name, sizeof(info->name), "Template device");
    snprintf(info->location, sizeof(info->location), "nowhere");
    /* Say only what is true: the library refuses for you what is not in here. */
    info->caps = VDC_CAP_CALLER_MEMORY;
}

static int list(struct vdi_context *context, struct vdi_sink *sink)
{
    struct vdi_device_info info;

    (void)context;
    describe(&info);
    return vdi_sink_device(sink, &info);
}

/* The private struct is there already, all zero. Nothing is to be freed when this fails. */
static int open_device(struct vdi_device *device, const char *path)
{
    struct template_device *priv = device->priv;
    struct vdi_device_info info;

    /* "" asks for the first device. */
    if (path[0] != '\0' && strcmp(path, path_of_device) != 0) {
        return vdi_error(VDC_E_NOT_FOUND,
                         "there is no device \"template:%s\"; the only one is \"template:%s\"",
                         path, path_of_device);
    }
    atomic_init(&priv->brightness, 128);
    describe(&info);
    vdi_device_set_info(device, &info);
    return VDC_OK;
}

static void close_device(struct vdi_device *device)
{
    (void)device; /* what open_device() took from the system would go back here */
}

static void favourite(vdc_format *format)
{
    memset(format, 0, sizeof(*format));
    format->fourcc = VDC_FOURCC_GREY;
    format->width_px = TEMPLATE_WIDTH_PX;
    format->height_px = TEMPLATE_HEIGHT_PX;
    format->interval_s = (vdc_fraction){1, 30};
    format->stride_bytes = TEMPLATE_WIDTH_PX;
    format->field = VDC_FIELD_PROGRESSIVE;
    format->range = VDC_RANGE_FULL;
}

static int formats(struct vdi_device *device, struct vdi_sink *sink)
{
    static const vdc_fraction interval = {1, 30};
    const vdc_format_info info = {
        .fourcc = VDC_FOURCC_GREY,
        .width_min_px = TEMPLATE_WIDTH_PX,
        .width_max_px = TEMPLATE_WIDTH_PX,
        .width_step_px = 1,
        .height_min_px = TEMPLATE_HEIGHT_PX,
        .height_max_px = TEMPLATE_HEIGHT_PX,
        .height_step_px = 1,
        .intervals_s = &interval, /* copied */
        .interval_count = 1,
        .field = VDC_FIELD_PROGRESSIVE,
        .range = VDC_RANGE_FULL,
    };

    (void)device;
    return vdi_sink_format(sink, &info);
}

/* One format: whatever is wished for, this is the nearest. The library tells the application what differs. */
static int negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed)
{
    (void)device;
    (void)changed;
    favourite(format);
    return VDC_OK;
}

static int controls(struct vdi_device *device, struct vdi_sink *sink)
{
    const vdc_control_info info = {
        .id = VDC_CONTROL_BRIGHTNESS,
        .type = VDC_CONTROL_INTEGER,
        .name = "Brightness",
        .minimum = 0,
        .maximum = 255,
        .step = 1,
        .default_value = 128,
    };

    (void)device;
    return vdi_sink_control(sink, &info);
}

/* The library has checked the number and the value against controls(). */
static int get_control(struct vdi_device *device, uint32_t control, int64_t *value)
{
    struct template_device *priv = device->priv;

    (void)control;
    *value = atomic_load(&priv->brightness);
    return VDC_OK;
}

static int set_control(struct vdi_device *device, uint32_t control, int64_t value)
{
    struct template_device *priv = device->priv;

    (void)control;
    atomic_store(&priv->brightness, (int)value);
    return VDC_OK;
}

/* The name of the table is vdi_backend_ and that of vidicon_add_backend(). */
extern const struct vdi_backend vdi_backend_template;
const struct vdi_backend vdi_backend_template = {
    .name = "template",
    .simulated = 1, /* a made-up picture must be asked for by name; real hardware says 0 */
    .device_size = sizeof(struct template_device),
    .stream_size = sizeof(struct template_stream),
    .buffer_size = 0,
    .list = list,
    .watch = NULL, /* it never comes or goes */
    .open = open_device,
    .close = close_device,
    .formats = formats,
    .negotiate = negotiate,
    .controls = controls,
    .get_control = get_control,
    .set_control = set_control,
    .stream_open = template_stream_open,
    .stream_close = template_stream_close,
    .attach = template_attach,
    .detach = template_detach,
    .start = template_start,
    .queue = template_queue,
    .wait = template_wait,
    .wake = template_wake,
    .stop = template_stop,
    .counts = template_counts,
    .poll_begin = template_poll_begin,
};
