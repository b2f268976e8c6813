/* SPDX-License-Identifier: MIT */
/*
 * The table of the USB backend. Behind it stand two drivers, one for the card and one for cameras of the USB Video Class; which of
 * them a device has is settled when it is opened, and each is a table of the same form.
 */
#include "usb.h"
#include "usb_stream.h"
#include "uvc_device.h"

static const struct vdi_stream_ops card_stream = {
    .allocate = usb_buffer_allocate,
    .free = usb_buffer_free,
};

static const struct vdi_backend card = {
    .extra = &card_stream,
    .close = usb_close,
    .formats = card_formats,
    .negotiate = card_negotiate,
    .controls = card_controls,
    .get_control = card_get_control,
    .set_control = card_set_control,
    .stream_open = usb_stream_open,
    .stream_close = usb_stream_close,
    .attach = usb_buffer_attach,
    .detach = usb_buffer_detach,
    .start = usb_stream_start,
    .queue = usb_stream_queue,
    .wait = usb_stream_wait,
    .wake = usb_stream_wake,
    .stop = usb_stream_stop,
    .counts = usb_stream_counts,
    .poll_begin = usb_stream_poll_begin,
};

static const struct vdi_stream_ops camera_stream = {
    .allocate = uvc_buffer_allocate,
    .free = uvc_buffer_free,
};

static const struct vdi_backend camera = {
    .extra = &camera_stream,
    .close = uvc_close,
    .formats = uvc_formats,
    .negotiate = uvc_negotiate,
    .controls = uvc_controls_list,
    .get_control = uvc_get_control,
    .set_control = uvc_set_control,
    .stream_open = uvc_stream_open,
    .stream_close = uvc_stream_close,
    .attach = uvc_buffer_attach,
    .detach = uvc_buffer_detach,
    .start = uvc_stream_start,
    .queue = uvc_stream_queue,
    .wait = uvc_stream_wait,
    .wake = uvc_stream_wake,
    .stop = uvc_stream_stop,
    .counts = uvc_stream_counts,
    .poll_begin = uvc_stream_poll_begin,
};

static const struct vdi_backend *driver(const struct vdi_device *device)
{
    const struct usb_device *own = device->priv;

    return own->camera ? &camera : &card;
}

/* ---- The device ---- */

static int open_either(struct vdi_device *device, const char *path)
{
    int result = usb_open(device, path);

    return result == VDC_E_NOT_FOUND ? uvc_open(device, path) : result;
}

static void close_either(struct vdi_device *device)
{
    driver(device)->close(device);
}

static int formats(struct vdi_device *device, struct vdi_sink *sink)
{
    return driver(device)->formats(device, sink);
}

static int negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed)
{
    return driver(device)->negotiate(device, format, changed);
}

static int controls(struct vdi_device *device, struct vdi_sink *sink)
{
    return driver(device)->controls(device, sink);
}

static int get_control(struct vdi_device *device, uint32_t control, int64_t *value)
{
    return driver(device)->get_control(device, control, value);
}

static int set_control(struct vdi_device *device, uint32_t control, int64_t value)
{
    return driver(device)->set_control(device, control, value);
}

/* ---- The stream ---- */

static int stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                       struct vdi_stream_layout *layout)
{
    return driver(stream->device)->stream_open(stream, config, layout);
}

static void stream_close(struct vdi_stream *stream)
{
    driver(stream->device)->stream_close(stream);
}

static int allocate(struct vdi_buffer *buffer, size_t bytes)
{
    return driver(buffer->stream->device)->extra->allocate(buffer, bytes);
}

static void free_memory(struct vdi_buffer *buffer)
{
    driver(buffer->stream->device)->extra->free(buffer);
}

static int attach(struct vdi_buffer *buffer)
{
    return driver(buffer->stream->device)->attach(buffer);
}

static void detach(struct vdi_buffer *buffer)
{
    driver(buffer->stream->device)->detach(buffer);
}

static int start(struct vdi_stream *stream)
{
    return driver(stream->device)->start(stream);
}

static int queue(struct vdi_stream *stream, struct vdi_buffer *buffer)
{
    return driver(stream->device)->queue(stream, buffer);
}

static int wait(struct vdi_stream *stream, struct vdi_completion *out, int64_t deadline_ns)
{
    return driver(stream->device)->wait(stream, out, deadline_ns);
}

static void wake(struct vdi_stream *stream)
{
    driver(stream->device)->wake(stream);
}

static int stop(struct vdi_stream *stream)
{
    return driver(stream->device)->stop(stream);
}

static int counts(struct vdi_stream *stream, struct vdi_counts *out)
{
    return driver(stream->device)->counts(stream, out);
}

static int poll_begin(struct vdi_stream *stream, vdc_handle *native)
{
    return driver(stream->device)->poll_begin(stream, native);
}

/* ---- The table. Firmware, registers and inputs are the card's, extensions a camera's: neither has the other's caps. ---- */

static const struct vdi_stream_ops stream_ops = {
    .allocate = allocate,
    .free = free_memory,
};

union any_stream {
    struct usb_stream card;
    struct uvc_capture camera;
};

union any_buffer {
    struct usb_buffer card;
    struct uvc_buffer camera;
};

const struct vdi_backend vdi_backend_usb = {
    .name = "usb",
    .device_size = sizeof(struct usb_device),
    .stream_size = sizeof(union any_stream),
    .buffer_size = sizeof(union any_buffer),
    .firmware = &card_firmware_ops,
    .registers = &card_register_ops,
    .extensions = &uvc_extension_ops,
    .inputs = &card_input_ops,
    .extra = &stream_ops,
    .list = usb_list,
    .watch = usb_watch,
    .open = open_either,
    .close = close_either,
    .formats = formats,
    .negotiate = negotiate,
    .controls = controls,
    .get_control = get_control,
    .set_control = set_control,
    .stream_open = stream_open,
    .stream_close = stream_close,
    .attach = attach,
    .detach = detach,
    .start = start,
    .queue = queue,
    .wait = wait,
    .wake = wake,
    .stop = stop,
    .counts = counts,
    .poll_begin = poll_begin,
};
