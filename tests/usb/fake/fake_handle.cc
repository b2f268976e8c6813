// SPDX-License-Identifier: MIT
//
// Handles: open and closed, interfaces, the requests that are calls of their own, device memory.
#include "fake_private.h"

#include <algorithm>
#include <cstdlib>

using namespace fake;

int libusb_open(libusb_device *asked, libusb_device_handle **out)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_device *device = find_device(__func__, asked);

    if (result != 0 || device == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    if (!device->attached) {
        return LIBUSB_ERROR_NO_DEVICE;
    }
    if (device->card->options.no_access) {
        return LIBUSB_ERROR_ACCESS;
    }
    auto *handle = new libusb_device_handle;
    handle->device = device;
    hold(device);
    device->context->handles++;
    world().handles.push_back(handle);
    *out = handle;
    return 0;
}

// Gives back interfaces, one bit each.
static void release(libusb_device_handle *handle, uint32_t interfaces)
{
    fake_usb_card *card = handle->device->card;

    if (handle->claimed == 0) {
        return;
    }
    handle->claimed &= ~interfaces;
    if (handle->claimed == 0 && card->claimant == handle) {
        card->claimant = nullptr;
    }
    if (handle->claimed == 0 && handle->detached && handle->device->attached) {
        card->kernel_driver = true;
        handle->detached = false;
    }
}

void libusb_close(libusb_device_handle *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    if (asked == nullptr) {
        return;
    }
    libusb_device_handle *handle = find_handle(__func__, asked);
    if (handle == nullptr) {
        return;
    }
    libusb_context *context = handle->device->context;
    uint32_t undelivered = 0;
    for (Transfer *at = context->done.first; at != nullptr; at = at->next) {
        undelivered += at->handle == handle ? 1 : 0;
    }
    if (handle->in_flight + undelivered > 0) {
        complain("libusb_close: %u transfers are under way", handle->in_flight + undelivered);
        return;
    }
    release(handle, ~0u);
    context->handles--;
    world().handles.remove(handle);
    let_go(handle->device);
    delete handle;
}

libusb_device *libusb_get_device(libusb_device_handle *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device_handle *handle = find_handle(__func__, asked);
    return handle != nullptr ? handle->device : nullptr;
}

libusb_device_handle *libusb_open_device_with_vid_pid(libusb_context *context, uint16_t vendor,
                                                      uint16_t product)
{
    libusb_device **list;
    libusb_device_handle *handle = nullptr;
    ssize_t count = libusb_get_device_list(context, &list);

    for (ssize_t n = 0; n < count && handle == nullptr; n++) {
        const uint8_t *d = list[n]->device_descriptor;
        if ((d[8] | d[9] << 8) == vendor && (d[10] | d[11] << 8) == product) {
            (void)libusb_open(list[n], &handle);
        }
    }
    if (count >= 0) {
        libusb_free_device_list(list, 1);
    }
    return handle;
}

// Begins a call on a handle: 0 and *out, or the error.
static int begin_handle(const char *function, libusb_device_handle *asked,
                        libusb_device_handle **out)
{
    int result = begin_call(function);

    *out = find_handle(function, asked);
    if (result != 0 || *out == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    return (*out)->device->attached ? 0 : LIBUSB_ERROR_NO_DEVICE;
}

int libusb_claim_interface(libusb_device_handle *asked, int number)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result != 0) {
        return result;
    }
    fake_usb_card *card = handle->device->card;
    if (number < 0 || number > (card->camera != nullptr ? 1 : 0)) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    if ((handle->claimed & 1u << number) != 0) {
        return 0;
    }
    if (card->kernel_driver && handle->auto_detach) {
        card->kernel_driver = false;
        handle->detached = true;
    }
    if (card->kernel_driver || (card->claimant != nullptr && card->claimant != handle)) {
        return LIBUSB_ERROR_BUSY;
    }
    card->claimant = handle;
    handle->claimed |= 1u << number;
    return 0;
}

int libusb_release_interface(libusb_device_handle *asked, int number)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (handle == nullptr || number < 0 || number > 1 || (handle->claimed & 1u << number) == 0) {
        return handle == nullptr ? result : LIBUSB_ERROR_NOT_FOUND;
    }
    release(handle, 1u << number);
    return result;
}

int libusb_set_auto_detach_kernel_driver(libusb_device_handle *asked, int enable)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (handle != nullptr && result == 0) {
        handle->auto_detach = enable != 0;
    }
    return result;
}

int libusb_kernel_driver_active(libusb_device_handle *asked, int)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    return result != 0 ? result : handle->device->card->kernel_driver ? 1 : 0;
}

int libusb_detach_kernel_driver(libusb_device_handle *asked, int)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result == 0 && !handle->device->card->kernel_driver) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    if (result == 0) {
        handle->device->card->kernel_driver = false;
    }
    return result;
}

int libusb_attach_kernel_driver(libusb_device_handle *asked, int)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result == 0 && handle->claimed) {
        return LIBUSB_ERROR_BUSY;
    }
    if (result == 0 && handle->device->card->options.kernel_driver) {
        handle->device->card->kernel_driver = true;
    }
    return result;
}

// A request without data, beside the transfers.
static int standard_request(libusb_device_handle *handle, uint8_t type, uint8_t request,
                            uint16_t value, uint16_t index)
{
    uint8_t setup[8], none[1];

    libusb_fill_control_setup(setup, type, request, value, index, 0);
    int result = control(handle->device->card, setup, none);
    wake_bus();
    return result >= 0              ? 0
           : result == VDM_USB_GONE ? LIBUSB_ERROR_NO_DEVICE
                                    : LIBUSB_ERROR_NOT_FOUND;
}

int libusb_clear_halt(libusb_device_handle *asked, unsigned char endpoint)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    return result != 0 ? result : standard_request(handle, 0x02, 1, 0, endpoint);
}

int libusb_set_interface_alt_setting(libusb_device_handle *asked, int number, int setting)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result == 0 && (number < 0 || number > 1 || (handle->claimed & 1u << number) == 0)) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    return result != 0 ? result
                       : standard_request(handle, 0x01, 11, static_cast<uint16_t>(setting),
                                          static_cast<uint16_t>(number));
}

int libusb_set_configuration(libusb_device_handle *asked, int number)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result == 0 && handle->device->card->claimant != nullptr) {
        return LIBUSB_ERROR_BUSY;
    }
    return result != 0
               ? result
               : standard_request(handle, 0x00, 9, static_cast<uint16_t>(std::max(number, 0)), 0);
}

int libusb_get_configuration(libusb_device_handle *asked, int *number)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);
    uint8_t setup[8], data[1] = {0};

    if (result == 0) {
        libusb_fill_control_setup(setup, 0x80, 8, 0, 0, 1);
        result = control(handle->device->card, setup, data) == 1 ? 0 : LIBUSB_ERROR_NO_DEVICE;
        *number = data[0];
    }
    return result;
}

int libusb_reset_device(libusb_device_handle *asked)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result != 0) {
        return result;
    }
    fake_usb_card *card = handle->device->card;
    finish_all(card, LIBUSB_TRANSFER_CANCELLED);
    catch_up(card);
    if (card->camera == nullptr) {
        vdm_usb_reset(card->model);
    }
    return standard_request(handle, 0x00, 9, 1, 0);
}

unsigned char *libusb_dev_mem_alloc(libusb_device_handle *asked, size_t length)
{
    Lock lock;
    libusb_device_handle *handle;
    int result = begin_handle(__func__, asked, &handle);

    if (result != 0 || !world().dev_memory || length == 0) {
        return nullptr;
    }
    auto *memory = static_cast<unsigned char *>(malloc(length));
    if (memory != nullptr) {
        world().dev_mem[memory] = length;
    }
    return memory;
}

int libusb_dev_mem_free(libusb_device_handle *asked, unsigned char *buffer, size_t length)
{
    Lock lock;

    (void)begin_call(__func__, false);
    (void)find_handle(__func__, asked);
    auto found = world().dev_mem.find(buffer);
    if (found == world().dev_mem.end() || found->second != length) {
        complain("libusb_dev_mem_free: no such block");
        return LIBUSB_ERROR_INVALID_PARAM;
    }
    world().dev_mem.erase(found);
    free(buffer);
    return 0;
}
