/* SPDX-License-Identifier: MIT */
/* Formats, inputs, timings and controls of an open device.
 * Values are checked here, against the backend's own list, so that all backends refuse alike. */
#include "internal.h"

static int need(vdc_device *device, uint32_t cap, int there, const char *function, const char *what)
{
    if (!(vdi_device_caps(device) & cap) || !there) {
        return vdi_error(VDC_E_UNSUPPORTED,
                         "%s on \"%s\": the device has no %s; see the caps of its "
                         "info",
                         function, vdi_device_id(device), what);
    }
    return VDC_OK;
}

static int need_inputs(vdc_device *device, const char *function)
{
    return need(device, VDC_CAP_INPUTS, device->base.backend->inputs != NULL, function,
                "inputs to choose from");
}

static int need_timings(vdc_device *device, const char *function)
{
    const struct vdi_input_ops *ops = device->base.backend->inputs;

    return need(device, VDC_CAP_TIMINGS,
                ops != NULL && ops->timings != NULL && ops->set_timing != NULL, function,
                "timings to choose from");
}

/* ---- Lists ---- */

/* With the device entered: fills a list and leaves. */
static int list_and_leave(vdc_list **out, vdc_device *device, int kind,
                          int (*ask)(struct vdi_device *, struct vdi_sink *), const char *function)
{
    unsigned serial = vdi_error_serial();
    int status = vdi_list_fill(out, device, kind, ask);

    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}

VDC_API(int) vdc_device_list_formats(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_formats";
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    return list_and_leave(out, device, VDI_LIST_FORMAT, device->base.backend->formats, function);
}

VDC_API(int) vdc_device_list_controls(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_controls";
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    return list_and_leave(out, device, VDI_LIST_CONTROL, device->base.backend->controls, function);
}

VDC_API(int) vdc_device_list_inputs(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_inputs";
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    status = need_inputs(device, function);
    if (status != VDC_OK) {
        return vdi_device_leave(device, function, status);
    }
    return list_and_leave(out, device, VDI_LIST_INPUT, device->base.backend->inputs->list,
                          function);
}

VDC_API(int) vdc_device_list_timings(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_timings";
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    status = need_timings(device, function);
    if (status != VDC_OK) {
        return vdi_device_leave(device, function, status);
    }
    return list_and_leave(out, device, VDI_LIST_TIMING, device->base.backend->inputs->timings,
                          function);
}

/* ---- Inputs ---- */

VDC_API(int) vdc_device_get_signal(vdc_signal *out, vdc_device *device)
{
    static const char function[] = "vdc_device_get_signal";
    vdc_signal signal = VDC_SIGNAL_INIT;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(vdc_signal), "vdc_signal", function);
    }
    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    signal.selected_timing = signal.detected_timing = VDC_TIMING_NONE;
    status = need_inputs(device, function);
    if (status == VDC_OK) {
        serial = vdi_error_serial();
        status = device->base.backend->inputs->signal(&device->base, &signal);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    }
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        vdi_copy_out(out, &signal, sizeof(signal));
    }
    return status;
}

VDC_API(int) vdc_device_select_input(vdc_device *device, uint32_t input)
{
    static const char function[] = "vdc_device_select_input";
    unsigned serial = vdi_error_serial();
    int status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE | VDI_ENTER_IDLE);

    if (status != VDC_OK) {
        return status;
    }
    status = need_inputs(device, function);
    if (status == VDC_OK) {
        status = device->base.backend->inputs->select(&device->base, input);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
        status = vdi_range_advice(status, "vdc_device_list_inputs() lists those it has");
        atomic_store(&device->controls_stale, 1);
    }
    return vdi_device_leave(device, function, status);
}

VDC_API(int) vdc_device_set_timing(vdc_device *device, uint32_t timing)
{
    static const char function[] = "vdc_device_set_timing";
    unsigned serial = vdi_error_serial();
    int status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE | VDI_ENTER_IDLE);

    if (status != VDC_OK) {
        return status;
    }
    status = need_timings(device, function);
    if (status == VDC_OK) {
        status = device->base.backend->inputs->set_timing(&device->base, timing);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
        status = vdi_range_advice(status, "vdc_device_list_timings() lists those of its input");
    }
    return vdi_device_leave(device, function, status);
}

/* ---- Controls ---- */

/* With the device entered. The list is asked for anew after other firmware or another input. */
static int find_control(const vdc_control_info **out, vdc_device *device, uint32_t control,
                        const char *function)
{
    unsigned serial = vdi_error_serial();
    const vdc_control_info *info;

    if (atomic_exchange(&device->controls_stale, 0) || device->controls == NULL) {
        int status;

        vdc_list_destroy(device->controls);
        device->controls = NULL;
        status = vdi_list_fill(&device->controls, device, VDI_LIST_CONTROL,
                               device->base.backend->controls);
        if (status != VDC_OK) {
            return vdi_backend_status(status, serial, function, vdi_device_id(device));
        }
    }
    for (size_t at = 0; (info = vdc_list_control_at(device->controls, at)) != NULL; at++) {
        if (info->id == control) {
            *out = info;
            return VDC_OK;
        }
    }
    return vdi_error(
        VDC_E_NOT_FOUND,
        "%s on \"%s\": it has no control %u; vdc_device_list_controls() names those it has",
        function, vdi_device_id(device), (unsigned)control);
}

static int check_menu(const vdc_control_info *info, int64_t value, const char *function,
                      const char *id)
{
    for (size_t at = 0; at < info->menu_count; at++) {
        if (info->menu[at].value == value) {
            return VDC_OK;
        }
    }
    return vdi_error(VDC_E_RANGE,
                     "%s on \"%s\": %s has no menu item of value %lld; "
                     "vdc_device_list_controls() has its menu",
                     function, id, info->name, (long long)value);
}

static int check_value(vdc_device *device, const vdc_control_info *info, int64_t value,
                       const char *function)
{
    const char *id = vdi_device_id(device);
    uint64_t step = info->step > 1 ? (uint64_t)info->step : 1;

    if (info->flags & VDC_CONTROL_READ_ONLY) {
        return vdi_error(VDC_E_PERMISSION, "%s on \"%s\": %s is read only", function, id,
                         info->name);
    }
    if (info->type == VDC_CONTROL_BUTTON) {
        return VDC_OK;
    }
    if (info->type == VDC_CONTROL_MENU) {
        return check_menu(info, value, function, id);
    }
    /* As unsigned numbers the difference cannot overflow. */
    if (value < info->minimum || value > info->maximum ||
        ((uint64_t)value - (uint64_t)info->minimum) % step != 0) {
        return vdi_error(
            VDC_E_RANGE,
            "%s on \"%s\": %s cannot be %lld; it goes from %lld to %lld in steps of %llu", function,
            id, info->name, (long long)value, (long long)info->minimum, (long long)info->maximum,
            (unsigned long long)step);
    }
    return VDC_OK;
}

VDC_API(int) vdc_device_get_control(int64_t *out, vdc_device *device, uint32_t control)
{
    static const char function[] = "vdc_device_get_control";
    const vdc_control_info *info = NULL;
    int64_t value = 0;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    status = find_control(&info, device, control, function);
    if (info != NULL && info->type != VDC_CONTROL_BUTTON) {
        unsigned serial = vdi_error_serial();

        status = device->base.backend->get_control(&device->base, control, &value);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    }
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        *out = value;
    }
    return status;
}

VDC_API(int) vdc_device_set_control(vdc_device *device, uint32_t control, int64_t value)
{
    static const char function[] = "vdc_device_set_control";
    const vdc_control_info *info = NULL;
    int status = vdi_device_enter(device, function, VDI_ENTER_CAPTURE);

    if (status != VDC_OK) {
        return status;
    }
    status = find_control(&info, device, control, function);
    if (info != NULL) {
        status = check_value(device, info, value, function);
    }
    if (status == VDC_OK) {
        unsigned serial = vdi_error_serial();

        status = device->base.backend->set_control(&device->base, control, value);
        status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    }
    return vdi_device_leave(device, function, status);
}
