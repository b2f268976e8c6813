/* SPDX-License-Identifier: MIT */
/* Systems without usbfs and udev: Windows, macOS. */
#include "usb.h"

#include <string.h>

uint64_t usb_platform_budget_bytes(void)
{
    return 0;
}

int usb_platform_streams(char *node, size_t size, const char *port)
{
    /* Where drivers cannot be detached a camera in use cannot be opened anyway. */
    (void)node;
    (void)size;
    (void)port;
    return 0;
}

const char *usb_platform_permission_text(void)
{
    return "the system lets this user not open it, or another program has it";
}

uint64_t usb_platform_bus_mark(void)
{
    return 0;
}

int usb_platform_open(libusb_device_handle **out, int *file, libusb_context *context, uint8_t bus,
                      uint8_t address)
{
    (void)out;
    (void)file;
    (void)context;
    (void)bus;
    (void)address;
    return LIBUSB_ERROR_NOT_SUPPORTED;
}

void usb_platform_close(int file)
{
    (void)file;
}

void usb_platform_strings(struct usb_strings *out, const struct usb_place *place)
{
    memset(out, 0, sizeof(*out));
    (void)place;
}

size_t usb_platform_descriptors(uint8_t *out, size_t room, uint8_t bus, uint8_t address)
{
    (void)out;
    (void)room;
    (void)bus;
    (void)address;
    return 0;
}
