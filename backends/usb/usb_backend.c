/* SPDX-License-Identifier: MIT */
/* The table of the USB backend. */
#include "usb.h"
#include "usb_stream.h"

static const struct vdi_stream_ops stream_ops = {
    .allocate = usb_buffer_allocate,
    .free = usb_buffer_free,
};

const struct vdi_backend vdi_backend_usb = {
    .name = "usb",
    .device_size = sizeof(struct card_device),
    .stream_size = sizeof(struct usb_stream),
    .buffer_size = sizeof(struct usb_buffer),
    .firmware = &card_firmware_ops,
    .registers = &card_register_ops,
    .inputs = &card_input_ops,
    .extra = &stream_ops,
    .list = usb_list,
    .watch = usb_watch,
    .open = usb_open,
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
