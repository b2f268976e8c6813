/* SPDX-License-Identifier: MIT */
/*
 * Controls, asked of the camera each time: its ranges may change with its state. One that does not answer is left out of the list,
 * and after a few such the list fails, so that a dead camera does not hold anybody for minutes.
 */
#include "uvc_device.h"

#include <string.h>

#define SILENT_MOST 2u

static struct uvc_request request_of(const struct uvc_device *camera, enum uvc_request_code code,
                                     const struct uvc_control *control, const struct uvc_unit *unit)
{
    return uvc_request_make(code, control->selector, unit->id, camera->camera->control_interface,
                            code == UVC_GET_INFO ? 1u : control->bytes);
}

/* ---- The list ---- */

struct listing {
    struct uvc_device *camera;
    struct vdi_sink *sink;
    uint32_t silent; /* requests without an answer */
};

/* 0, or libusb's error if it is no use to go on. */
static int ask(struct listing *listing, struct uvc_answer *out, enum uvc_request_code code,
               const struct uvc_control *control, const struct uvc_unit *unit)
{
    int got =
        uvc_request(listing->camera, request_of(listing->camera, code, control, unit), out->bytes);

    out->count = got > 0 ? (uint32_t)got : 0;
    if (got == LIBUSB_ERROR_TIMEOUT)
        listing->silent++;
    if (got == LIBUSB_ERROR_NO_DEVICE || listing->silent > SILENT_MOST)
        return got;
    return 0;
}

static int list_one(const struct uvc_control *control, const struct uvc_unit *unit, void *user)
{
    struct listing *listing = user;
    struct uvc_answers answers;
    struct uvc_range range;
    int code;

    memset(&answers, 0, sizeof(answers));
    code = ask(listing, &answers.info, UVC_GET_INFO, control, unit);
    if (!code)
        code = ask(listing, &answers.min, UVC_GET_MIN, control, unit);
    if (!code)
        code = ask(listing, &answers.max, UVC_GET_MAX, control, unit);
    if (!code)
        code = ask(listing, &answers.res, UVC_GET_RES, control, unit);
    if (!code)
        code = ask(listing, &answers.def, UVC_GET_DEF, control, unit);
    if (code)
        return uvc_failed(listing->camera, code, "asking for the range of a control");
    if (!uvc_range_make(&range, control, &answers, listing->camera->camera->version)) {
        vdi_log(listing->camera->device->context, VDC_LOG_DEBUG,
                "%s: \"%s\" is left out: its answers make no range", listing->camera->id,
                control->name);
        return VDC_OK;
    }
    return vdi_sink_control(listing->sink, &range.info);
}

int uvc_controls_list(struct vdi_device *device, struct vdi_sink *sink)
{
    struct uvc_device *camera = uvc_device_of(device);
    struct listing listing = {camera, sink, 0};
    int result;

    uvc_enter(camera);
    result = uvc_controls_each(&camera->chain, list_one, &listing);
    uvc_leave(camera);
    return result;
}

/* ---- Values ---- */

static int find(struct uvc_device *camera, const struct uvc_control **control,
                const struct uvc_unit **unit, uint32_t id)
{
    *control = uvc_control_find(unit, &camera->chain, id);
    return *control
               ? VDC_OK
               : vdi_error(VDC_E_NOT_FOUND, "%s: it has no control %u", camera->id, (unsigned)id);
}

static int read_whole(struct uvc_device *camera, uint8_t bytes[UVC_CONTROL_BYTES_MAX],
                      const struct uvc_control *control, const struct uvc_unit *unit)
{
    int got = uvc_request(camera, request_of(camera, UVC_GET_CUR, control, unit), bytes);

    if (got < 0)
        return uvc_failed(camera, got, "reading a control");
    if (got < control->bytes)
        return vdi_error(VDC_E_IO, "%s: reading \"%s\": it answered with %d bytes, %u are due",
                         camera->id, control->name, got, (unsigned)control->bytes);
    return VDC_OK;
}

int uvc_control_read(struct uvc_device *camera, uint32_t id, int64_t *value)
{
    uint8_t bytes[UVC_CONTROL_BYTES_MAX] = {0};
    const struct uvc_control *control;
    const struct uvc_unit *unit;
    int result = find(camera, &control, &unit, id);

    if (!result)
        result = read_whole(camera, bytes, control, unit);
    if (!result && !uvc_value_decode(value, control, bytes, control->bytes))
        result = vdi_error(VDC_E_IO, "%s: reading \"%s\": no value", camera->id, control->name);
    if (!result)
        *value = uvc_value_public(control, *value);
    return result;
}

int uvc_get_control(struct vdi_device *device, uint32_t id, int64_t *value)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result;

    uvc_enter(camera);
    result = uvc_control_read(camera, id, value);
    uvc_leave(camera);
    return result;
}

/* What a camera's exposure mode may be is its step's bits. */
static uint32_t modes_of(struct uvc_device *camera, const struct uvc_control *control,
                         const struct uvc_unit *unit)
{
    uint8_t bytes[UVC_CONTROL_BYTES_MAX] = {0};

    if (control->id != VDC_CONTROL_EXPOSURE_AUTO ||
        uvc_request(camera, request_of(camera, UVC_GET_RES, control, unit), bytes) < 1)
        return 0;
    return bytes[0];
}

/* A control that another one overrides may be set, and that has no effect. Cameras refuse it instead. */
static int is_overridden(struct uvc_device *camera, const struct uvc_control *control,
                         const struct uvc_unit *unit)
{
    uint8_t info = 0;

    return uvc_request(camera, request_of(camera, UVC_GET_INFO, control, unit), &info) == 1 &&
           info & UVC_INFO_DISABLED_AUTO;
}

static int write(struct uvc_device *camera, uint32_t id, int64_t value)
{
    uint8_t bytes[UVC_CONTROL_BYTES_MAX] = {0};
    const struct uvc_control *control;
    const struct uvc_unit *unit;
    int result = find(camera, &control, &unit, id);
    int code;

    /* The other half of a pair stays as it is. */
    if (!result && control->width < control->bytes)
        result = read_whole(camera, bytes, control, unit);
    if (result)
        return result;
    value = uvc_value_camera(control, value, modes_of(camera, control, unit));
    if (!uvc_value_encode(bytes, control, value))
        return vdi_error(VDC_E_RANGE, "%s: setting \"%s\": %lld does not fit", camera->id,
                         control->name, (long long)value);
    code = uvc_request(camera, request_of(camera, UVC_SET_CUR, control, unit), bytes);
    if (code >= 0)
        return VDC_OK;
    result = uvc_failed(camera, code, "setting a control");
    return code == LIBUSB_ERROR_PIPE && is_overridden(camera, control, unit) ? VDC_OK : result;
}

int uvc_set_control(struct vdi_device *device, uint32_t id, int64_t value)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result;

    uvc_enter(camera);
    result = write(camera, id, value);
    uvc_leave(camera);
    return result;
}
