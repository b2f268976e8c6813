/* SPDX-License-Identifier: MIT */
/* Firmware, registers and extension units: vidicon/service.h.
 * Of all calls these alone work on a device that is LIMITED. */
#include "internal.h"

/* ---- Firmware ---- */

struct progress {
    vdc_progress_fn call;
    void *user;
};

/* Between library and application: marks the thread, so that a call of the device from there is refused instead
 * of waiting for itself. */
static void VDC_CALL pass_progress(uint64_t done, uint64_t total, void *user)
{
    const struct progress *progress = user;
    struct vdi_thread_state *thread = vdi_this_thread();

    if (progress->call != NULL) {
        thread->in_callback++;
        progress->call(done, total, progress->user);
        thread->in_callback--;
    }
}

/* The device entered, and its firmware functions; or left again. */
static int enter_firmware(const struct vdi_firmware_ops **ops, vdc_device *device,
                          const char *function, int what)
{
    int status = vdi_device_enter(device, function, what);

    if (status != VDC_OK) {
        return status;
    }
    *ops = device->base.backend->firmware;
    if (*ops == NULL || !(vdi_device_caps(device) & VDC_CAP_FIRMWARE)) {
        status = vdi_error(VDC_E_UNSUPPORTED,
                           "%s on \"%s\": the firmware of this device cannot be reached; look for "
                           "VDC_CAP_FIRMWARE in vdc_device_info.caps first",
                           function, vdi_device_id(device));
        return vdi_device_leave(device, function, status);
    }
    return VDC_OK;
}

static int leave_firmware(vdc_device *device, const char *function, int status, unsigned serial)
{
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    atomic_store(&device->controls_stale, 1);
    return vdi_device_leave(device, function, status);
}

VDC_API(int) vdc_device_get_firmware(vdc_firmware_info *out, vdc_device *device)
{
    static const char function[] = "vdc_device_get_firmware";
    const struct vdi_firmware_ops *ops;
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_firmware_info", function);
    }
    if (status == VDC_OK) {
        status = enter_firmware(&ops, device, function, VDI_ENTER_ANY);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->info(&device->base, &info);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        vdi_copy_out(out, &info, sizeof(info));
    }
    return status;
}

static int check_image(const void *image, size_t image_bytes, const char *function)
{
    int status = vdi_check_pointer(image, "image", function);

    if (status == VDC_OK && image_bytes == 0) {
        status = vdi_error(VDC_E_INVALID, "%s: an image of 0 bytes; pass the whole file", function);
    }
    return status;
}

enum destination { TO_RAM, TO_FLASH };

static int send_image(vdc_device *device, const void *image, size_t image_bytes,
                      vdc_progress_fn progress, void *user, enum destination destination,
                      const char *function)
{
    struct progress passed = {progress, user};
    const struct vdi_firmware_ops *ops;
    unsigned serial;
    int status = check_image(image, image_bytes, function);

    if (status == VDC_OK) {
        status = enter_firmware(&ops, device, function, VDI_ENTER_IDLE);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    vdi_this_thread()->busy_device = device;
    status = (destination == TO_RAM ? ops->load : ops->update)(&device->base, image, image_bytes,
                                                               pass_progress, &passed);
    vdi_this_thread()->busy_device = NULL;
    return leave_firmware(device, function, status, serial);
}

VDC_API(int)
vdc_device_load_firmware(vdc_device *device, const void *image, size_t image_bytes,
                         vdc_progress_fn progress, void *user)
{
    return send_image(device, image, image_bytes, progress, user, TO_RAM,
                      "vdc_device_load_firmware");
}

VDC_API(int)
vdc_device_update_firmware(vdc_device *device, const void *image, size_t image_bytes,
                           vdc_progress_fn progress, void *user)
{
    return send_image(device, image, image_bytes, progress, user, TO_FLASH,
                      "vdc_device_update_firmware");
}

VDC_API(int) vdc_device_commit_firmware(vdc_device *device)
{
    static const char function[] = "vdc_device_commit_firmware";
    const struct vdi_firmware_ops *ops;
    int status = enter_firmware(&ops, device, function, VDI_ENTER_ANY);
    unsigned serial = vdi_error_serial();

    if (status != VDC_OK) {
        return status;
    }
    return leave_firmware(device, function, ops->commit(&device->base), serial);
}

VDC_API(int) vdc_device_roll_back_firmware(vdc_device *device)
{
    static const char function[] = "vdc_device_roll_back_firmware";
    const struct vdi_firmware_ops *ops;
    int status = enter_firmware(&ops, device, function, VDI_ENTER_IDLE);
    unsigned serial = vdi_error_serial();

    if (status != VDC_OK) {
        return status;
    }
    return leave_firmware(device, function, ops->roll_back(&device->base), serial);
}

/* ---- Registers ---- */

/* Either is for who opened the device for it. */
static int enter_service(vdc_device *device, const void *ops, uint32_t cap, const char *what,
                         const char *function)
{
    int status = VDC_OK;

    if (ops == NULL || !(vdi_device_caps(device) & cap)) {
        status = vdi_error(VDC_E_UNSUPPORTED,
                           "%s on \"%s\": the %s of this device cannot be reached; look at "
                           "vdc_device_info.caps first",
                           function, vdi_device_id(device), what);
    } else if (!(device->base.open_flags & VDC_OPEN_REGISTERS)) {
        status = vdi_error(VDC_E_PERMISSION,
                           "%s on \"%s\": the device was not opened for it; open it with "
                           "VDC_OPEN_REGISTERS",
                           function, vdi_device_id(device));
    }
    return status == VDC_OK ? VDC_OK : vdi_device_leave(device, function, status);
}

static int enter_registers(const struct vdi_register_ops **ops, vdc_device *device,
                           const char *function)
{
    int status = vdi_device_enter(device, function, VDI_ENTER_ANY);

    if (status != VDC_OK) {
        return status;
    }
    *ops = device->base.backend->registers;
    return enter_service(device, *ops, VDC_CAP_REGISTERS, "registers", function);
}

VDC_API(int) vdc_device_list_registers(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_registers";
    const struct vdi_register_ops *ops;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = enter_registers(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = vdi_list_fill(out, device, VDI_LIST_REGISTER, ops->list);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}

VDC_API(int)
vdc_device_read_register(uint32_t *out, vdc_device *device, const char *name, uint32_t index)
{
    static const char function[] = "vdc_device_read_register";
    const struct vdi_register_ops *ops;
    uint32_t value = 0;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(name, "name", function);
    }
    if (status == VDC_OK) {
        status = enter_registers(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->read(&device->base, name, index, &value);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        *out = value;
    }
    return status;
}

VDC_API(int)
vdc_device_write_register(vdc_device *device, const char *name, uint32_t index, uint32_t value)
{
    static const char function[] = "vdc_device_write_register";
    const struct vdi_register_ops *ops;
    unsigned serial;
    int status = vdi_check_pointer(name, "name", function);

    if (status == VDC_OK) {
        status = enter_registers(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->write(&device->base, name, index, value);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}

/* ---- Extension units ---- */

static int enter_extensions(const struct vdi_extension_ops **ops, vdc_device *device,
                            const char *function)
{
    int status = vdi_device_enter(device, function, VDI_ENTER_ANY);

    if (status != VDC_OK) {
        return status;
    }
    *ops = device->base.backend->extensions;
    return enter_service(device, *ops, VDC_CAP_EXTENSIONS, "extension units", function);
}

VDC_API(int) vdc_device_list_extensions(vdc_list **out, vdc_device *device)
{
    static const char function[] = "vdc_device_list_extensions";
    const struct vdi_extension_ops *ops;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = enter_extensions(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = vdi_list_fill(out, device, VDI_LIST_EXTENSION, ops->list);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}

VDC_API(int)
vdc_device_get_extension(vdc_extension_control *out, vdc_device *device, uint32_t unit,
                         uint32_t selector)
{
    static const char function[] = "vdc_device_get_extension";
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    const struct vdi_extension_ops *ops;
    unsigned serial;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_extension_control", function);
    }
    if (status == VDC_OK) {
        status = enter_extensions(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->describe(&device->base, unit, selector, &control);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    status = vdi_device_leave(device, function, status);
    if (status == VDC_OK) {
        vdi_copy_out(out, &control, sizeof(control));
    }
    return status;
}

static int check_bytes(const void *data, size_t bytes, const char *name, const char *function)
{
    int status = vdi_check_pointer(data, name, function);

    if (status == VDC_OK && bytes == 0) {
        status =
            vdi_error(VDC_E_INVALID,
                      "%s: a value of 0 bytes; vdc_device_get_extension() says how many", function);
    }
    return status;
}

VDC_API(int)
vdc_device_read_extension(void *out, size_t bytes, vdc_device *device, uint32_t unit,
                          uint32_t selector, uint32_t value)
{
    static const char function[] = "vdc_device_read_extension";
    const struct vdi_extension_ops *ops;
    unsigned serial;
    int status = check_bytes(out, bytes, "out", function);

    if (status == VDC_OK && value > VDC_EXTENSION_DEFAULT) {
        status = vdi_error(VDC_E_INVALID, "%s: there is no value %u of a control", function,
                           (unsigned)value);
    }
    if (status == VDC_OK) {
        status = enter_extensions(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->read(&device->base, unit, selector, value, out, bytes);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}

VDC_API(int)
vdc_device_write_extension(vdc_device *device, uint32_t unit, uint32_t selector, const void *data,
                           size_t bytes)
{
    static const char function[] = "vdc_device_write_extension";
    const struct vdi_extension_ops *ops;
    unsigned serial;
    int status = check_bytes(data, bytes, "data", function);

    if (status == VDC_OK) {
        status = enter_extensions(&ops, device, function);
    }
    if (status != VDC_OK) {
        return status;
    }
    serial = vdi_error_serial();
    status = ops->write(&device->base, unit, selector, data, bytes);
    status = vdi_backend_status(status, serial, function, vdi_device_id(device));
    return vdi_device_leave(device, function, status);
}
