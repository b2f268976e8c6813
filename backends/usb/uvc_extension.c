/* SPDX-License-Identifier: MIT */
/*
 * Extension units: values that only the camera's maker knows, as bytes. How long one is only the camera can say, so it is asked each
 * time, and neither what it says nor what it then sends is believed beyond the memory that the caller gave.
 */
#include "uvc_device.h"

#include <string.h>

int uvc_extension_any(const struct uvc_device *camera)
{
    for (uint32_t i = 0; i < camera->chain.count; i++) {
        if (camera->chain.units[i]->kind == UVC_EXTENSION_UNIT)
            return 1;
    }
    return 0;
}

static int list(struct vdi_device *device, struct vdi_sink *sink)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result = VDC_OK;

    for (uint32_t i = 0; i < camera->chain.count && !result; i++) {
        vdc_extension_info info;

        if (camera->chain.units[i]->kind != UVC_EXTENSION_UNIT)
            continue;
        uvc_extension_describe(&info, camera->chain.units[i]);
        result = vdi_sink_extension(sink, &info);
    }
    return result;
}

/* ---- With `control` held ---- */

static int ask(struct uvc_device *camera, enum uvc_request_code code, uint32_t unit,
               uint32_t selector, uint8_t *bytes, uint32_t count)
{
    return uvc_request(
        camera, uvc_request_make(code, selector, unit, camera->camera->control_interface, count),
        bytes);
}

static int describe_inside(struct uvc_device *camera, uint32_t unit, uint32_t selector,
                           vdc_extension_control *out)
{
    uint8_t length[2] = {0};
    uint8_t info = 0;
    int got;

    if (!uvc_extension_find(&camera->chain, unit, selector))
        return vdi_error(VDC_E_NOT_FOUND, "%s: it has no extension unit %u with a control %u",
                         camera->id, (unsigned)unit, (unsigned)selector);
    got = ask(camera, UVC_GET_LEN, unit, selector, length, sizeof(length));
    if (got < 0)
        return uvc_failed(camera, got, "asking for the length of an extension's control");
    out->bytes = uvc_extension_length(length, (size_t)got);
    if (!out->bytes)
        return vdi_error(VDC_E_IO,
                         "%s: the length that it tells of control %u of unit %u is none (%d bytes: "
                         "%02x %02x)",
                         camera->id, (unsigned)selector, (unsigned)unit, got, length[0], length[1]);
    got = ask(camera, UVC_GET_INFO, unit, selector, &info, 1);
    if (got < 0)
        return uvc_failed(camera, got, "asking what may be done to an extension's control");
    if (got != 1)
        return vdi_error(VDC_E_IO, "%s: it does not say what may be done to control %u of unit %u",
                         camera->id, (unsigned)selector, (unsigned)unit);
    out->access = (info & UVC_INFO_GET ? (uint32_t)VDC_REGISTER_READ : 0u) |
                  (info & UVC_INFO_SET ? (uint32_t)VDC_REGISTER_WRITE : 0u);
    return VDC_OK;
}

/* What it is now must be what the caller takes it for. */
static int check(struct uvc_device *camera, uint32_t unit, uint32_t selector, uint32_t access,
                 size_t bytes)
{
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    int result = describe_inside(camera, unit, selector, &control);

    if (result)
        return result;
    if (!(control.access & access))
        return vdi_error(VDC_E_PERMISSION, "%s: control %u of unit %u cannot be %s", camera->id,
                         (unsigned)selector, (unsigned)unit,
                         access == (uint32_t)VDC_REGISTER_READ ? "read" : "written");
    if (control.bytes != bytes)
        return vdi_error(VDC_E_RANGE, "%s: control %u of unit %u has %u bytes, not %zu", camera->id,
                         (unsigned)selector, (unsigned)unit, (unsigned)control.bytes, bytes);
    return VDC_OK;
}

static int read_inside(struct uvc_device *camera, uint32_t unit, uint32_t selector, uint32_t value,
                       uint8_t *data, uint32_t bytes)
{
    static const enum uvc_request_code codes[] = {UVC_GET_CUR, UVC_GET_MIN, UVC_GET_MAX,
                                                  UVC_GET_RES, UVC_GET_DEF};
    uint8_t answer[UVC_EXTENSION_BYTES_MAX];
    int got = ask(camera, codes[value], unit, selector, answer, bytes);

    if (got < 0)
        return uvc_failed(camera, got, "reading an extension's control");
    if ((uint32_t)got != bytes)
        return vdi_error(VDC_E_IO, "%s: control %u of unit %u came with %d bytes, %u are due",
                         camera->id, (unsigned)selector, (unsigned)unit, got, (unsigned)bytes);
    memcpy(data, answer, bytes);
    return VDC_OK;
}

static int write_inside(struct uvc_device *camera, uint32_t unit, uint32_t selector,
                        const uint8_t *data, uint32_t bytes)
{
    uint8_t copy[UVC_EXTENSION_BYTES_MAX];
    int got;

    memcpy(copy, data, bytes);
    got = ask(camera, UVC_SET_CUR, unit, selector, copy, bytes);
    if (got < 0)
        return uvc_failed(camera, got, "writing an extension's control");
    if ((uint32_t)got != bytes)
        return vdi_error(VDC_E_IO, "%s: it took %d bytes of the %u of control %u of unit %u",
                         camera->id, got, (unsigned)bytes, (unsigned)selector, (unsigned)unit);
    return VDC_OK;
}

/* ---- The table ---- */

static int describe(struct vdi_device *device, uint32_t unit, uint32_t selector,
                    vdc_extension_control *out)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result;

    uvc_enter(camera);
    result = describe_inside(camera, unit, selector, out);
    uvc_leave(camera);
    return result;
}

static int read(struct vdi_device *device, uint32_t unit, uint32_t selector, uint32_t value,
                uint8_t *data, size_t bytes)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result;

    uvc_enter(camera);
    result = check(camera, unit, selector, VDC_REGISTER_READ, bytes);
    if (!result)
        result = read_inside(camera, unit, selector, value, data, (uint32_t)bytes);
    uvc_leave(camera);
    return result;
}

static int write(struct vdi_device *device, uint32_t unit, uint32_t selector, const uint8_t *data,
                 size_t bytes)
{
    struct uvc_device *camera = uvc_device_of(device);
    int result;

    uvc_enter(camera);
    result = check(camera, unit, selector, VDC_REGISTER_WRITE, bytes);
    if (!result)
        result = write_inside(camera, unit, selector, data, (uint32_t)bytes);
    uvc_leave(camera);
    return result;
}

const struct vdi_extension_ops uvc_extension_ops = {
    .list = list,
    .describe = describe,
    .read = read,
    .write = write,
};
