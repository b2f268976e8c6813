/* SPDX-License-Identifier: MIT */
/*
 * What is on the bus, and what it is called: by its serial number, else by its port. Where the system knows serial numbers they are
 * its own; elsewhere they are read through a handle, and who may not open a device sees it by its port.
 */
#include "usb.h"

#include <stdio.h>
#include <string.h>

#include "vidicon_brand.h"

#define SERIAL_TRIES  3
#define PORTS_MAX     7
#define SEATS_MAX     64
#define VIDEO_CONTROL 1 /* a subclass */

int usb_context_create(libusb_context **out)
{
    int code = libusb_init(out);

    if (code == LIBUSB_ERROR_NO_MEM)
        return vdi_error(VDC_E_NO_MEMORY, "usb: no memory for libusb");
    /* A container, say. Nobody looks further for a device that cannot be there. */
    if (code)
        return vdi_error(VDC_E_NOT_FOUND, "usb: this system shows no USB bus: %s",
                         libusb_error_name(code));
    return VDC_OK;
}

int usb_find_error(const char *id, int code, const char *tried)
{
    switch (code) {
    case LIBUSB_ERROR_ACCESS:
        return vdi_error(VDC_E_PERMISSION, "%s: %s: no permission; %s", id, tried,
                         usb_platform_permission_text());
    case LIBUSB_ERROR_BUSY:
        return vdi_error(VDC_E_BUSY, "%s: %s: another program has it", id, tried);
    case LIBUSB_ERROR_NO_DEVICE:
        return vdi_error(VDC_E_GONE, "%s: %s: it was unplugged", id, tried);
    case LIBUSB_ERROR_NO_MEM:
        return vdi_error(VDC_E_NO_MEMORY, "%s: %s: no memory", id, tried);
    case LIBUSB_ERROR_NOT_SUPPORTED:
        return vdi_error(
            VDC_E_UNSUPPORTED,
            "%s: %s: its driver does not let libusb in; on Windows that must be WinUSB", id, tried);
    default:
        return vdi_error(VDC_E_IO, "%s: %s: %s", id, tried, libusb_error_name(code));
    }
}

/* ---- One device ---- */

/* Whether one of its interfaces is the control interface of a video function. */
static int has_video(libusb_device *device)
{
    struct libusb_config_descriptor *config = NULL;
    int has = 0;

    if (libusb_get_config_descriptor(device, 0, &config))
        return 0;
    for (uint8_t i = 0; i < config->bNumInterfaces && !has; i++) {
        const struct libusb_interface *face = &config->interface[i];

        has = face->num_altsetting > 0 &&
              face->altsetting[0].bInterfaceClass == LIBUSB_CLASS_VIDEO &&
              face->altsetting[0].bInterfaceSubClass == VIDEO_CONTROL;
    }
    libusb_free_config_descriptor(config);
    return has;
}

/* Descriptors decide. A device whose class is another one as a whole is no camera. */
static enum usb_kind kind_of(libusb_device *device,
                             const struct libusb_device_descriptor *descriptor)
{
    if (descriptor->idVendor == VIDICON_BRAND_USB_VENDOR_ID &&
        (descriptor->idProduct == VIDICON_BRAND_USB_BOOT_PRODUCT_ID ||
         descriptor->idProduct == VIDICON_BRAND_USB_PRODUCT_ID))
        return USB_KIND_VENDOR;
    if ((descriptor->bDeviceClass == LIBUSB_CLASS_PER_INTERFACE ||
         descriptor->bDeviceClass == LIBUSB_CLASS_VIDEO ||
         descriptor->bDeviceClass == LIBUSB_CLASS_MISCELLANEOUS) &&
        has_video(device))
        return USB_KIND_UVC;
    return USB_KIND_NONE;
}

static void name_port(struct usb_seat *seat)
{
    uint8_t ports[PORTS_MAX];
    int count = libusb_get_port_numbers(seat->device, ports, PORTS_MAX);
    int used = snprintf(seat->port, sizeof(seat->port), "%u", (unsigned)seat->bus);

    for (int i = 0; i < count && used > 0 && (size_t)used < sizeof(seat->port); i++)
        used += snprintf(seat->port + used, sizeof(seat->port) - (size_t)used, "%c%u",
                         i == 0 ? '-' : '.', (unsigned)ports[i]);
}

/* Only what can stand in an id, and cannot be taken for a port. */
static int is_plain(const char *serial)
{
    if (!*serial || strncmp(serial, "port-", 5) == 0)
        return 0;
    for (; *serial; serial++) {
        if (!((*serial >= '0' && *serial <= '9') || (*serial >= 'A' && *serial <= 'Z') ||
              (*serial >= 'a' && *serial <= 'z') || strchr("-._", *serial)))
            return 0;
    }
    return 1;
}

/* Asked for again if it fails: a device whose serial number cannot be read has another name. */
static void read_serial(struct usb_seat *seat, libusb_device_handle *handle)
{
    unsigned char text[sizeof(seat->serial)];
    int length = LIBUSB_ERROR_IO;

    for (int tries = 0; tries < SERIAL_TRIES && length < 0 && length != LIBUSB_ERROR_NO_DEVICE;
         tries++)
        length =
            libusb_get_string_descriptor_ascii(handle, seat->serial_index, text, (int)sizeof(text));
    if (length <= 0 || (size_t)length >= sizeof(text))
        return;
    memcpy(seat->serial, text, (size_t)length);
    seat->serial[length] = 0;
}

static void read_product(struct usb_seat *seat, libusb_device_handle *handle)
{
    unsigned char text[sizeof(seat->product)];
    int length =
        libusb_get_string_descriptor_ascii(handle, seat->product_index, text, sizeof(text));

    if (length <= 0 || (size_t)length >= sizeof(text))
        return;
    memcpy(seat->product, text, (size_t)length);
    seat->product[length] = 0;
}

/* What it may be called must not hang on whether it answers just now. */
static void ask_system(struct usb_seat *seat, const struct libusb_device_descriptor *descriptor)
{
    const struct usb_place place = {seat->port, seat->bus, seat->address, descriptor->idVendor,
                                    descriptor->idProduct};
    struct usb_strings known;

    usb_platform_strings(&known, &place);
    if (seat->serial_index)
        memcpy(seat->serial, known.serial, sizeof(seat->serial));
    if (seat->product_index)
        memcpy(seat->product, known.product, sizeof(seat->product));
}

static void read_strings(struct usb_seat *seat, const struct libusb_device_descriptor *descriptor)
{
    libusb_device_handle *handle = NULL;

    if (!seat->serial_index && !seat->product_index && seat->kind != USB_KIND_UVC)
        return;
    ask_system(seat, descriptor);
    seat->refused = libusb_open(seat->device, &handle);
    if (!seat->refused) {
        if (seat->serial_index && !seat->serial[0])
            read_serial(seat, handle);
        if (seat->product_index && !seat->product[0])
            read_product(seat, handle);
        libusb_close(handle);
    }
    if (!is_plain(seat->serial))
        seat->serial[0] = 0;
}

/*
 * A camera whose driver is the system's own, where libusb cannot take that away (Windows): the backend of
 * that driver lists it, and nobody could open it here. Of a composite device libusb then finds no part.
 */
static int is_taken(const struct usb_seat *seat)
{
    return seat->kind == USB_KIND_UVC &&
           (seat->refused == LIBUSB_ERROR_NOT_SUPPORTED || seat->refused == LIBUSB_ERROR_NOT_FOUND);
}

static int look_at(struct usb_seat *seat, libusb_device *device)
{
    struct libusb_device_descriptor descriptor;

    memset(seat, 0, sizeof(*seat));
    if (libusb_get_device_descriptor(device, &descriptor))
        return 0;
    seat->device = device;
    seat->kind = kind_of(device, &descriptor);
    if (seat->kind == USB_KIND_NONE)
        return 0;
    seat->running =
        seat->kind == USB_KIND_VENDOR && descriptor.idProduct == VIDICON_BRAND_USB_PRODUCT_ID;
    seat->speed = libusb_get_device_speed(device);
    seat->bus = libusb_get_bus_number(device);
    seat->address = libusb_get_device_address(device);
    seat->serial_index = descriptor.iSerialNumber;
    if (seat->kind == USB_KIND_UVC)
        seat->product_index = descriptor.iProduct;
    name_port(seat);
    read_strings(seat, &descriptor);
    if (is_taken(seat))
        return 0;
    if (seat->serial[0])
        (void)snprintf(seat->id, sizeof(seat->id), "usb:%s", seat->serial);
    else
        (void)snprintf(seat->id, sizeof(seat->id), "usb:port-%s", seat->port);
    return 1;
}

/* ---- All of them ---- */

int usb_find_each(libusb_context *context, int (*each)(const struct usb_seat *seat, void *user),
                  void *user)
{
    libusb_device **devices = NULL;
    ssize_t count = libusb_get_device_list(context, &devices);
    char ids[SEATS_MAX][sizeof(((struct usb_seat *)0)->id)];
    size_t known = 0;
    int result = 0;

    if (count < 0)
        return usb_find_error("usb:", (int)count, "listing the devices");
    for (ssize_t i = 0; i < count && !result; i++) {
        struct usb_seat seat;

        if (!look_at(&seat, devices[i]))
            continue;
        /* Two of the same serial number: the second one goes by its port. */
        for (size_t k = 0; k < known; k++) {
            if (strcmp(ids[k], seat.id) == 0)
                (void)snprintf(seat.id, sizeof(seat.id), "usb:port-%s", seat.port);
        }
        if (known < SEATS_MAX)
            memcpy(ids[known++], seat.id, sizeof(seat.id));
        result = each(&seat, user);
    }
    libusb_free_device_list(devices, 1);
    return result;
}

int usb_find_matches(const struct usb_seat *seat, const char *path, size_t length)
{
    if (length == 0)
        return 1;
    if (strlen(seat->id) == length + 4 && strncmp(seat->id + 4, path, length) == 0)
        return 1;
    return length > 5 && strncmp(path, "port-", 5) == 0 && strlen(seat->port) == length - 5 &&
           strncmp(seat->port, path + 5, length - 5) == 0;
}

void usb_find_describe(struct vdi_device_info *out, const struct usb_seat *seat)
{
    memset(out, 0, sizeof(*out));
    memcpy(out->id, seat->id, sizeof(out->id));
    memcpy(out->serial, seat->serial, sizeof(out->serial));
    (void)snprintf(out->location, sizeof(out->location), "USB port %s", seat->port);
    if (seat->kind == USB_KIND_UVC) {
        (void)snprintf(out->name, sizeof(out->name), "%s",
                       seat->product[0] ? seat->product : "USB camera");
        out->caps = VDC_CAP_CALLER_MEMORY | VDC_CAP_DEVICE_TIME;
        return;
    }
    (void)snprintf(out->name, sizeof(out->name), "%s (USB)", VIDICON_BRAND_PRODUCT_NAME);
    out->caps = VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_CALLER_MEMORY | VDC_CAP_DEVICE_TIME;
}

static int list_one(const struct usb_seat *seat, void *user)
{
    struct vdi_device_info info;

    usb_find_describe(&info, seat);
    return vdi_sink_device(user, &info);
}

int usb_list(struct vdi_context *context, struct vdi_sink *sink)
{
    libusb_context *own = NULL;
    int result = usb_context_create(&own);

    if (result == VDC_E_NOT_FOUND) {
        vdi_log(context, VDC_LOG_DEBUG, "usb: this system shows no USB bus");
        return VDC_OK;
    }
    if (result)
        return result;
    result = usb_find_each(own, list_one, sink);
    libusb_exit(own);
    return result;
}
