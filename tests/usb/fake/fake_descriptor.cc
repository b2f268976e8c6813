// SPDX-License-Identifier: MIT
//
// Descriptors, read out of what the device sent when it was plugged in.
#include "fake_private.h"

#include <algorithm>
#include <cstdlib>

using namespace fake;

namespace {

constexpr uint8_t INTERFACE = 4, ENDPOINT = 5, COMPANION = 48;

template <typename T> T *more(const T *items, size_t count)
{
    auto *grown = static_cast<T *>(
        realloc(const_cast<void *>(static_cast<const void *>(items)), (count + 1) * sizeof(T)));

    std::memset(static_cast<void *>(grown + count), 0, sizeof(T));
    return grown;
}

void append_extra(const unsigned char **extra, int *length, const uint8_t *at, size_t count)
{
    auto *grown = static_cast<unsigned char *>(
        realloc(const_cast<unsigned char *>(*extra), static_cast<size_t>(*length) + count));

    std::memcpy(grown + *length, at, count);
    *extra = grown;
    *length += static_cast<int>(count);
}

libusb_interface_descriptor *add_setting(libusb_config_descriptor *config, const uint8_t *at)
{
    auto *interfaces = const_cast<libusb_interface *>(config->interface);
    size_t n = 0;

    while (n < config->bNumInterfaces && interfaces[n].altsetting[0].bInterfaceNumber != at[2]) {
        n++;
    }
    if (n == config->bNumInterfaces) {
        interfaces = more(config->interface, n);
        config->interface = interfaces;
        config->bNumInterfaces++;
    }
    auto *settings =
        more(interfaces[n].altsetting, static_cast<size_t>(interfaces[n].num_altsetting));
    interfaces[n].altsetting = settings;
    auto *setting = &settings[interfaces[n].num_altsetting++];
    std::memcpy(setting, at, 9);
    setting->bNumEndpoints = 0;
    return setting;
}

libusb_endpoint_descriptor *add_endpoint(libusb_interface_descriptor *setting, const uint8_t *at)
{
    auto *endpoints = more(setting->endpoint, setting->bNumEndpoints);

    setting->endpoint = endpoints;
    auto *endpoint = &endpoints[setting->bNumEndpoints++];
    endpoint->bLength = at[0];
    endpoint->bDescriptorType = at[1];
    endpoint->bEndpointAddress = at[2];
    endpoint->bmAttributes = at[3];
    endpoint->wMaxPacketSize = static_cast<uint16_t>(at[4] | at[5] << 8);
    endpoint->bInterval = at[6];
    return endpoint;
}

libusb_config_descriptor *parse(const std::vector<uint8_t> &bytes)
{
    auto *config =
        static_cast<libusb_config_descriptor *>(calloc(1, sizeof(libusb_config_descriptor)));
    libusb_interface_descriptor *setting = nullptr;
    libusb_endpoint_descriptor *endpoint = nullptr;

    config->bLength = bytes[0];
    config->bDescriptorType = bytes[1];
    config->wTotalLength = static_cast<uint16_t>(bytes[2] | bytes[3] << 8);
    config->bConfigurationValue = bytes[5];
    config->iConfiguration = bytes[6];
    config->bmAttributes = bytes[7];
    config->MaxPower = bytes[8];
    for (size_t at = bytes[0]; at + 2 <= bytes.size() && bytes[at] >= 2; at += bytes[at]) {
        size_t length = std::min<size_t>(bytes[at], bytes.size() - at);

        if (bytes[at + 1] == INTERFACE && length >= 9) {
            setting = add_setting(config, &bytes[at]);
            endpoint = nullptr;
        } else if (bytes[at + 1] == ENDPOINT && length >= 7 && setting != nullptr) {
            endpoint = add_endpoint(setting, &bytes[at]);
        } else if (endpoint != nullptr) {
            append_extra(&endpoint->extra, &endpoint->extra_length, &bytes[at], length);
        } else if (setting != nullptr) {
            append_extra(&setting->extra, &setting->extra_length, &bytes[at], length);
        } else {
            append_extra(&config->extra, &config->extra_length, &bytes[at], length);
        }
    }
    return config;
}

void drop(const void *memory)
{
    free(const_cast<void *>(memory));
}

} // namespace

int libusb_get_device_descriptor(libusb_device *asked, struct libusb_device_descriptor *out)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_device *device = find_device(__func__, asked);

    if (result != 0 || device == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    static_assert(sizeof *out == 18, "as on the wire");
    std::memcpy(out, device->device_descriptor, sizeof *out);
    return 0;
}

int libusb_get_config_descriptor(libusb_device *asked, uint8_t index,
                                 struct libusb_config_descriptor **out)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_device *device = find_device(__func__, asked);

    if (result != 0 || device == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    if (index != 0 || device->configuration.size() < 9) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    *out = parse(device->configuration);
    world().configs++;
    return 0;
}

int libusb_get_active_config_descriptor(libusb_device *device,
                                        struct libusb_config_descriptor **out)
{
    return libusb_get_config_descriptor(device, 0, out);
}

int libusb_get_config_descriptor_by_value(libusb_device *device, uint8_t value,
                                          struct libusb_config_descriptor **out)
{
    return value == 1 ? libusb_get_config_descriptor(device, 0, out) : LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
    Lock lock;

    (void)begin_call(__func__, false);
    if (config == nullptr) {
        return;
    }
    for (int i = 0; i < config->bNumInterfaces; i++) {
        const libusb_interface &face = config->interface[i];
        for (int s = 0; s < face.num_altsetting; s++) {
            const libusb_interface_descriptor &setting = face.altsetting[s];
            for (int e = 0; e < setting.bNumEndpoints; e++) {
                drop(setting.endpoint[e].extra);
            }
            drop(setting.endpoint);
            drop(setting.extra);
        }
        drop(face.altsetting);
    }
    drop(config->interface);
    drop(config->extra);
    free(config);
    give_back(__func__, &world().configs);
}

int libusb_get_ss_endpoint_companion_descriptor(
    libusb_context *, const struct libusb_endpoint_descriptor *endpoint,
    struct libusb_ss_endpoint_companion_descriptor **out)
{
    Lock lock;
    int result = begin_call(__func__);

    if (result != 0) {
        return result;
    }
    for (int at = 0; at + 6 <= endpoint->extra_length; at += endpoint->extra[at]) {
        const unsigned char *bytes = endpoint->extra + at;

        if (bytes[0] < 2) {
            break;
        }
        if (bytes[1] == COMPANION && bytes[0] >= 6) {
            *out = static_cast<libusb_ss_endpoint_companion_descriptor *>(calloc(1, sizeof **out));
            **out = {bytes[0], bytes[1], bytes[2], bytes[3],
                     static_cast<uint16_t>(bytes[4] | bytes[5] << 8)};
            world().companions++;
            return 0;
        }
    }
    return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_ss_endpoint_companion_descriptor(
    struct libusb_ss_endpoint_companion_descriptor *companion)
{
    Lock lock;

    (void)begin_call(__func__, false);
    if (companion != nullptr) {
        give_back(__func__, &world().companions);
        free(companion);
    }
}

int libusb_get_string_descriptor_ascii(libusb_device_handle *handle, uint8_t index,
                                       unsigned char *data, int length)
{
    uint8_t bytes[255];
    int written = 0;

    {
        Lock lock;
        int result = begin_call(__func__);

        if (result != 0 || index == 0) {
            return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
        }
    }
    int got = libusb_get_string_descriptor(handle, 0, 0, bytes, sizeof bytes);
    if (got < 4) {
        return got < 0 ? got : LIBUSB_ERROR_IO;
    }
    got = libusb_get_string_descriptor(
        handle, index, static_cast<uint16_t>(bytes[2] | bytes[3] << 8), bytes, sizeof bytes);
    if (got < 2 || bytes[1] != LIBUSB_DT_STRING || bytes[0] > got) {
        return got < 0 ? got : LIBUSB_ERROR_IO;
    }
    for (int at = 2; at + 1 < bytes[0] && written + 1 < length; at += 2) {
        data[written++] = bytes[at + 1] != 0 || bytes[at] >= 0x80 ? '?' : bytes[at];
    }
    data[written] = 0;
    return written;
}

// ---- Where it is, and how fast ----

uint8_t libusb_get_bus_number(libusb_device *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    return device != nullptr ? device->bus : 0;
}

uint8_t libusb_get_device_address(libusb_device *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    return device != nullptr ? device->address : 0;
}

uint8_t libusb_get_port_number(libusb_device *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    return device != nullptr ? device->ports[device->port_count - 1u] : 0;
}

int libusb_get_port_numbers(libusb_device *asked, uint8_t *ports, int room)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    if (device == nullptr || room < device->port_count) {
        return device == nullptr ? LIBUSB_ERROR_INVALID_PARAM : LIBUSB_ERROR_OVERFLOW;
    }
    std::memcpy(ports, device->ports.data(), device->port_count);
    return device->port_count;
}

libusb_device *libusb_get_parent(libusb_device *)
{
    Lock lock;

    (void)begin_call(__func__, false);
    return nullptr; // as on systems that show no hubs
}

int libusb_get_device_speed(libusb_device *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    return device == nullptr                ? LIBUSB_SPEED_UNKNOWN
           : device->speed == VDM_USB_SUPER ? LIBUSB_SPEED_SUPER
                                            : LIBUSB_SPEED_HIGH;
}

int libusb_get_max_packet_size(libusb_device *asked, unsigned char endpoint)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_device *device = find_device(__func__, asked);
    if (device == nullptr || (endpoint != 0x81 && endpoint != 0x82)) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    return endpoint == 0x82 ? 64 : device->speed == VDM_USB_SUPER ? 1024 : 512;
}
