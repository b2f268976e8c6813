// SPDX-License-Identifier: MIT
//
// Contexts, what they are asked of themselves, and device lists.
#include "fake_private.h"

#include <cstdlib>

namespace fake {

void hold(libusb_device *device)
{
    device->references++;
}

void let_go(libusb_device *device)
{
    if (--device->references == 0) {
        world().devices.remove(device);
        delete device;
    }
}

} // namespace fake

using namespace fake;

// ---- Contexts ----

int libusb_init(libusb_context **out)
{
    Lock lock;
    World &w = world();
    int result = begin_call(__func__);

    if (result != 0) {
        return result;
    }
    if (out == nullptr && w.standard != nullptr) {
        w.standard_users++;
        return 0;
    }
    auto *context = new libusb_context;
    w.contexts.push_back(context);
    for (auto &card : w.cards) {
        catch_up(card.get());
        if (card->announced) {
            meet(context, card.get(), false);
        }
    }
    if (out != nullptr) {
        *out = context;
    } else {
        w.standard = context;
        w.standard_users = 1;
    }
    return 0;
}

void libusb_exit(libusb_context *asked)
{
    Lock lock;
    World &w = world();

    (void)begin_call(__func__, false);
    libusb_context *context = find_context(__func__, asked);
    if (context == nullptr || (context == w.standard && --w.standard_users > 0)) {
        return;
    }
    if (context->busy) {
        complain("libusb_exit: somebody handles events");
        return;
    }
    if (context->handles > 0) {
        complain("libusb_exit: %u handles are open", context->handles);
        return;
    }
    if (context->references > 0) {
        complain("libusb_exit: %u references to devices are held", context->references);
    }
    // Each holds its device, and freeing it looks there.
    for (const Transfer *at = w.transfers; at != nullptr; at = at->next_live) {
        if (at->context == context) {
            complain("libusb_exit: a transfer that it carried is not freed");
        }
    }
    for (const Message &message : context->messages) {
        let_go(message.device);
    }
    for (libusb_device *device : context->devices) {
        let_go(device);
    }
    for (auto at = w.devices.begin(); at != w.devices.end();) {
        libusb_device *device = *at++;
        if (device->context == context) {
            w.devices.remove(device);
            delete device;
        }
    }
    w.standard = w.standard == context ? nullptr : w.standard;
    w.contexts.remove(context);
    delete context;
}

int libusb_set_option(libusb_context *, enum libusb_option, ...)
{
    Lock lock;

    return begin_call(__func__);
}

void libusb_set_debug(libusb_context *, int)
{
    Lock lock;

    (void)begin_call(__func__, false);
}

void libusb_set_log_cb(libusb_context *, libusb_log_cb, int)
{
    Lock lock;

    (void)begin_call(__func__, false);
}

const struct libusb_version *libusb_get_version(void)
{
    static const libusb_version version = {1, 0, 26, 0, "", "fake"};

    return &version;
}

int libusb_has_capability(uint32_t capability)
{
    Lock lock;

    (void)begin_call(__func__, false);
    switch (capability) {
    case LIBUSB_CAP_HAS_HOTPLUG:
        return world().hotplug ? 1 : 0;
    case LIBUSB_CAP_HAS_CAPABILITY:
    case LIBUSB_CAP_SUPPORTS_DETACH_KERNEL_DRIVER:
        return 1;
    default:
        return 0;
    }
}

static const struct {
    int code;
    const char *name, *text;
} errors[] = {
    {LIBUSB_SUCCESS,             "LIBUSB_SUCCESS",             "Success"                },
    {LIBUSB_ERROR_IO,            "LIBUSB_ERROR_IO",            "Input/Output Error"     },
    {LIBUSB_ERROR_INVALID_PARAM, "LIBUSB_ERROR_INVALID_PARAM", "Invalid parameter"      },
    {LIBUSB_ERROR_ACCESS,        "LIBUSB_ERROR_ACCESS",        "Access denied"          },
    {LIBUSB_ERROR_NO_DEVICE,     "LIBUSB_ERROR_NO_DEVICE",     "No such device"         },
    {LIBUSB_ERROR_NOT_FOUND,     "LIBUSB_ERROR_NOT_FOUND",     "Entity not found"       },
    {LIBUSB_ERROR_BUSY,          "LIBUSB_ERROR_BUSY",          "Resource busy"          },
    {LIBUSB_ERROR_TIMEOUT,       "LIBUSB_ERROR_TIMEOUT",       "Operation timed out"    },
    {LIBUSB_ERROR_OVERFLOW,      "LIBUSB_ERROR_OVERFLOW",      "Overflow"               },
    {LIBUSB_ERROR_PIPE,          "LIBUSB_ERROR_PIPE",          "Pipe error"             },
    {LIBUSB_ERROR_INTERRUPTED,   "LIBUSB_ERROR_INTERRUPTED",   "System call interrupted"},
    {LIBUSB_ERROR_NO_MEM,        "LIBUSB_ERROR_NO_MEM",        "Insufficient memory"    },
    {LIBUSB_ERROR_NOT_SUPPORTED, "LIBUSB_ERROR_NOT_SUPPORTED", "Operation not supported"},
    {LIBUSB_ERROR_OTHER,         "LIBUSB_ERROR_OTHER",         "Other error"            },
};

const char *libusb_error_name(int code)
{
    for (const auto &error : errors) {
        if (error.code == code) {
            return error.name;
        }
    }
    return "**UNKNOWN**";
}

const char *libusb_strerror(int code)
{
    for (const auto &error : errors) {
        if (error.code == code) {
            return error.text;
        }
    }
    return "Other error";
}

// ---- Lists ----

ssize_t libusb_get_device_list(libusb_context *asked, libusb_device ***list)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_context *context = find_context(__func__, asked);
    size_t count = 0;

    if (result != 0 || context == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    for (auto &card : world().cards) {
        catch_up(card.get());
    }
    auto **out =
        static_cast<libusb_device **>(calloc(context->devices.size() + 1, sizeof(libusb_device *)));
    if (out == nullptr) {
        return LIBUSB_ERROR_NO_MEM;
    }
    for (libusb_device *device : context->devices) {
        hold(device);
        context->references++;
        out[count++] = device;
    }
    world().lists++;
    *list = out;
    return static_cast<ssize_t>(count);
}

static void unref(const char *function, libusb_device *asked)
{
    libusb_device *device = find_device(function, asked);

    if (device != nullptr) {
        device->context->references--;
        let_go(device);
    }
}

void libusb_free_device_list(libusb_device **list, int unref_devices)
{
    Lock lock;

    (void)begin_call(__func__, false);
    if (list == nullptr) {
        return;
    }
    for (libusb_device **at = list; unref_devices && *at != nullptr; at++) {
        unref(__func__, *at);
    }
    give_back(__func__, &world().lists);
    free(list);
}

libusb_device *libusb_ref_device(libusb_device *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    if (device != nullptr) {
        hold(device);
        device->context->references++;
    }
    return asked;
}

void libusb_unref_device(libusb_device *device)
{
    Lock lock;

    (void)begin_call(__func__, false);
    unref(__func__, device);
}
