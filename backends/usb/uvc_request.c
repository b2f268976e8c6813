/* SPDX-License-Identifier: MIT */
/*
 * Requests to a camera, all with `control` held, each with an end in time. A refused one is followed by the question why, which is
 * the only way to learn it.
 */
#include "uvc_device.h"

#include <string.h>

static int not_gone(struct uvc_device *camera, int code)
{
    if (code == LIBUSB_ERROR_NO_DEVICE) {
        uvc_lock(camera);
        uvc_lost(camera);
        uvc_unlock(camera);
    }
    return code;
}

int uvc_request(struct uvc_device *camera, struct uvc_request request, uint8_t *bytes)
{
    int moved;

    if (atomic_load(&camera->gone))
        return LIBUSB_ERROR_NO_DEVICE;
    moved = libusb_control_transfer(camera->handle, request.type, request.request, request.value,
                                    request.index, bytes, request.bytes, UVC_REQUEST_MS);
    return not_gone(camera, moved);
}

int uvc_clear_halt(struct uvc_device *camera, uint8_t endpoint)
{
    if (atomic_load(&camera->gone))
        return LIBUSB_ERROR_NO_DEVICE;
    return not_gone(camera, libusb_clear_halt(camera->handle, endpoint));
}

int uvc_set_alternate(struct uvc_device *camera, uint32_t number)
{
    if (atomic_load(&camera->gone))
        return LIBUSB_ERROR_NO_DEVICE;
    return not_gone(camera, libusb_set_interface_alt_setting(
                                camera->handle, camera->source->interface_id, (int)number));
}

void uvc_ask_for_nothing(struct uvc_device *camera)
{
    const struct uvc_request status = {LIBUSB_ENDPOINT_IN, LIBUSB_REQUEST_GET_STATUS, 0, 0, 2};
    uint8_t bytes[2];

    (void)uvc_request(camera, status, bytes);
}

int uvc_failed(struct uvc_device *camera, int code, const char *tried)
{
    uint8_t why = 0;

    switch (code) {
    case LIBUSB_ERROR_NO_DEVICE:
        (void)not_gone(camera, code);
        return vdi_error(VDC_E_GONE, "%s: %s: it was unplugged", camera->id, tried);
    case LIBUSB_ERROR_TIMEOUT:
        return vdi_error(VDC_E_IO, "%s: %s: it did not answer within %u ms; plug it in again",
                         camera->id, tried, UVC_REQUEST_MS);
    case LIBUSB_ERROR_PIPE:
        if (uvc_request(camera,
                        uvc_request_make(UVC_GET_CUR, UVC_VC_REQUEST_ERROR, 0,
                                         camera->camera->control_interface, 1),
                        &why) == 1 &&
            why)
            return vdi_error(uvc_error_status(why), "%s: %s: the camera refuses it: %s", camera->id,
                             tried, uvc_error_words(why));
        return vdi_error(VDC_E_IO, "%s: %s: the camera refuses it, and does not say why",
                         camera->id, tried);
    default:
        return usb_find_error(camera->id, code, tried);
    }
}

/* ---- Probe and commit ---- */

static struct uvc_request stream_request(const struct uvc_device *camera,
                                         enum uvc_request_code code, uint32_t selector)
{
    return uvc_request_make(code, selector, 0, camera->source->interface_id,
                            uvc_probe_bytes(camera->camera->version));
}

static int settle(struct uvc_device *camera, struct uvc_probe *answer, const struct uvc_probe *wish)
{
    uint8_t bytes[UVC_PROBE_BYTES_MAX];
    int got;

    (void)uvc_probe_encode(bytes, wish, camera->camera->version);
    got = uvc_request(camera, stream_request(camera, UVC_SET_CUR, UVC_VS_PROBE), bytes);
    if (got >= 0)
        got = uvc_request(camera, stream_request(camera, UVC_GET_CUR, UVC_VS_PROBE), bytes);
    if (got < 0)
        return uvc_failed(camera, got, "agreeing on a format");
    if (!uvc_probe_decode(answer, bytes, (size_t)got))
        return vdi_error(VDC_E_IO,
                         "%s: agreeing on a format: it answered with %d bytes, %u are due",
                         camera->id, got, (unsigned)uvc_probe_bytes(camera->camera->version));
    return VDC_OK;
}

int uvc_negotiate_probe(struct uvc_device *camera, struct uvc_choice *choice,
                        struct uvc_probe *answer)
{
    struct uvc_probe wish;
    uint32_t mended = 0;
    char why[256] = "";
    int result;

    uvc_probe_wish(&wish, choice);
    if (camera->quirks & UVC_QUIRK_FRAME_BYTES)
        wish.max_frame_bytes = choice->most_bytes;
    result = settle(camera, answer, &wish);
    if (result)
        return result;
    if (!uvc_probe_check(answer, &mended, choice, camera->camera, camera->source, why, sizeof(why)))
        return vdi_error(VDC_E_IO, "%s: agreeing on a format: %s", camera->id, why);
    if (mended)
        vdi_log(camera->device->context, VDC_LOG_DEBUG,
                "%s: its answer to a probe was put right (0x%x)", camera->id, (unsigned)mended);
    return VDC_OK;
}

int uvc_commit(struct uvc_device *camera, const struct uvc_probe *probe)
{
    uint8_t bytes[UVC_PROBE_BYTES_MAX];
    int code;

    (void)uvc_probe_encode(bytes, probe, camera->camera->version);
    code = uvc_request(camera, stream_request(camera, UVC_SET_CUR, UVC_VS_COMMIT), bytes);
    return code < 0 ? uvc_failed(camera, code, "committing to a format") : VDC_OK;
}
