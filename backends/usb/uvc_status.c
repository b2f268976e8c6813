/* SPDX-License-Identifier: MIT */
/*
 * The status endpoint: controls that change by themselves. Its packets are only noted in the callback; what they set off is asked
 * by the service thread, since a callback may not wait for the bus.
 */
#include "uvc_device.h"

#include <string.h>

#define ERRORS_MOST 8u

static void take_packet(struct uvc_device *camera, const struct libusb_transfer *transfer)
{
    struct uvc_status *status = &camera->status;
    struct uvc_event event;

    if (transfer->actual_length <= 0 ||
        !uvc_event_parse(&event, status->bytes, (size_t)transfer->actual_length))
        return;
    if (status->news_count < UVC_NEWS_MAX)
        status->news[status->news_count++] = event;
    else
        status->news_lost++;
    vdi_cond_signal_all(camera->alarm);
}

static void LIBUSB_CALL status_done(struct libusb_transfer *transfer)
{
    struct uvc_device *camera = transfer->user_data;
    struct uvc_status *status = &camera->status;

    uvc_lock(camera);
    status->flies = 0;
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        status->errors = 0;
        take_packet(camera, transfer);
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        uvc_lost(camera);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        break;
    case LIBUSB_TRANSFER_STALL:
        status->halted = 1;
        vdi_cond_signal_all(camera->alarm);
        break;
    default:
        status->errors++;
        break;
    }
    if (!status->halted)
        (void)uvc_status_submit(camera);
    if (!status->flies)
        vdi_cond_signal_all(camera->cond);
    uvc_unlock(camera);
}

int uvc_status_submit(struct uvc_device *camera)
{
    struct uvc_status *status = &camera->status;
    int code;

    if (atomic_load(&camera->gone) || atomic_load(&camera->quit) || status->errors >= ERRORS_MOST)
        return 0;
    libusb_fill_interrupt_transfer(status->transfer, camera->handle,
                                   camera->camera->status_endpoint, status->bytes, UVC_STATUS_BYTES,
                                   status_done, camera, 0);
    code = libusb_submit_transfer(status->transfer);
    status->flies = code == 0;
    return code;
}

int uvc_status_due(const struct uvc_device *camera)
{
    return camera->status.news_count != 0 || camera->status.halted;
}

/* ---- What came ---- */

static void tell(struct uvc_device *camera, const struct uvc_event *event,
                 const struct uvc_control *control)
{
    int64_t value = 0;

    if (event->kind == UVC_EVENT_VALUE &&
        uvc_value_decode(&value, control, event->bytes, event->count))
        value = uvc_value_public(control, value);
    else if (uvc_control_read(camera, control->id, &value))
        return;
    vdi_device_event(camera->device, VDC_EVENT_CONTROL_CHANGED, control->id, value);
}

static void look_at(struct uvc_device *camera, const struct uvc_event *event)
{
    const struct uvc_control *control;

    if (event->kind == UVC_EVENT_FAILURE) {
        vdi_log(camera->device->context, VDC_LOG_WARNING,
                "%s: a request that it had accepted failed afterwards: unit %u, selector %u",
                camera->id, (unsigned)event->origin, (unsigned)event->selector);
        return;
    }
    if (event->kind == UVC_EVENT_BUTTON) {
        vdi_log(camera->device->context, VDC_LOG_INFO, "%s: its button was %s", camera->id,
                event->count && event->bytes[0] ? "pressed" : "released");
        return;
    }
    for (uint32_t nth = 0; (control = uvc_event_control(event, &camera->chain, nth)); nth++)
        tell(camera, event, control);
}

void uvc_status_serve(struct uvc_device *camera)
{
    struct uvc_status *status = &camera->status;
    struct uvc_event news[UVC_NEWS_MAX];
    uint32_t count;
    int halted;

    uvc_lock(camera);
    count = status->news_count;
    memcpy(news, status->news, sizeof(news));
    status->news_count = 0;
    halted = status->halted;
    uvc_unlock(camera);
    for (uint32_t i = 0; i < count; i++)
        look_at(camera, &news[i]);
    if (halted) {
        int code = uvc_clear_halt(camera, camera->camera->status_endpoint);

        uvc_lock(camera);
        status->halted = 0;
        status->errors++;
        if (!code)
            (void)uvc_status_submit(camera);
        uvc_unlock(camera);
    }
}
