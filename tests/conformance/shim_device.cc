/* SPDX-License-Identifier: MIT */
/*
 * The other half of the shim: lies about devices, formats, controls and events. See shim.cc for those
 * about frames, and for the list of all.
 */
#define CONFORMANCE_SHIM_INSIDE
#include "shim.h"
#include "shim_inside.h"

#include <cstring>

namespace shim {

namespace {

vdc_device_info altered;
std::string altered_id;
int lists;

} // namespace

int ListDevices(vdc_list **out, vdc_context *context)
{
    ++lists;
    if (Is("list-simulated")) {
        /* A list of a context that was told to show simulated cards. It is leaked: this is a lie. */
        static vdc_context *other;
        vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
        config.simulated_cards = 1;
        if (!other && vdc_context_create(&other, &config) != VDC_OK)
            return VDC_E_NO_MEMORY;
        Count();
        return vdc_context_list_devices(out, other);
    }
    return vdc_context_list_devices(out, context);
}

const vdc_device_info *ListDeviceAt(const vdc_list *list, size_t index)
{
    const vdc_device_info *item = vdc_list_device_at(list, index);
    if (item && Tell("new-ids")) {
        altered = *item;
        altered_id = std::string(item->id) + "#" + std::to_string(lists);
        altered.id = altered_id.c_str();
        return &altered;
    }
    return item;
}

int DeviceOpen(vdc_device **out, vdc_context *context, const char *id, uint32_t flags)
{
    if (!id && Tell("open-simulated"))
        id = "sim:0";
    return vdc_device_open(out, context, id, flags);
}

int ListFormats(vdc_list **out, vdc_device *device)
{
    return vdc_device_list_formats(out, device);
}

int WaitEvent(vdc_event *out, vdc_context *context, int timeout_ms)
{
    int status = vdc_context_wait_event(out, context, timeout_ms);
    if (status == VDC_OK && out->kind == VDC_EVENT_CONTROL_CHANGED && Tell("lose-event"))
        return WaitEvent(out, context, timeout_ms);
    return status;
}

int GetControl(int64_t *out, vdc_device *device, uint32_t control)
{
    int status = vdc_device_get_control(out, device, control);
    if (status == VDC_OK && *out != 0 && Tell("forget-value"))
        *out = 0;
    return status;
}

int SetControl(vdc_device *device, uint32_t control, int64_t value)
{
    int status = vdc_device_set_control(device, control, value);
    return status == VDC_E_RANGE && Tell("take-any-value") ? VDC_OK : status;
}

int Negotiate(vdc_negotiation *out, vdc_device *device, const vdc_format *wanted)
{
    int status = vdc_device_negotiate(out, device, wanted);
    if (status == VDC_OK && wanted && wanted->width_px && Tell("restless-answer"))
        out->format.width_px += 2;
    return status;
}

int ReadRegister(uint32_t *out, vdc_device *device, const char *name, uint32_t index)
{
    int status = vdc_device_read_register(out, device, name, index);
    if (status == VDC_OK && Tell("wrong-register"))
        *out ^= 0x10;
    return status;
}

} // namespace shim
