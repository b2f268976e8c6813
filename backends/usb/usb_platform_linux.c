/* SPDX-License-Identifier: MIT */
/*
 * What only Linux has: usbfs and its memory limit, udev and its rules. Where no udev tells libusb of changes (a container, a
 * small system), a context of libusb sees for ever what was there when it was made, though it claims to have hotplug.
 */
#include "usb.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PARAMETER "/sys/module/usbcore/parameters/usbfs_memory_mb"
#define DEVICES   "/sys/bus/usb/devices"

uint64_t usb_platform_budget_bytes(void)
{
    FILE *file = fopen(PARAMETER, "r");
    unsigned long megabytes = 0;
    char text[32];

    if (!file)
        return 0;
    if (fgets(text, sizeof(text), file))
        megabytes = strtoul(text, NULL, 10);
    fclose(file);
    return (megabytes & UINT32_MAX) * UINT64_C(1048576);
}

const char *usb_platform_permission_text(void)
{
    return "install the udev rule 60-vidicon.rules, then plug it in again";
}

/* A device that comes back at its place has the same name there, but another inode. */
uint64_t usb_platform_bus_mark(void)
{
    DIR *devices = opendir(DEVICES);
    const struct dirent *entry;
    uint64_t mark = 1;

    if (!devices)
        return 0;
    while ((entry = readdir(devices)) != NULL) {
        uint64_t one = (uint64_t)entry->d_ino * UINT64_C(0x9e3779b97f4a7c15);

        for (const char *at = entry->d_name; *at; at++)
            one = (one ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
        mark += one; /* in whatever order they come */
    }
    closedir(devices);
    return mark ? mark : 1;
}

static void name_node(char *path, size_t room, uint8_t bus, uint8_t address)
{
    (void)snprintf(path, room, "/dev/bus/usb/%03u/%03u", (unsigned)bus, (unsigned)address);
}

/* A node reads as the device's descriptor and all configurations behind it. */
size_t usb_platform_descriptors(uint8_t *out, size_t room, uint8_t bus, uint8_t address)
{
    char path[64];
    ssize_t got = 0;
    size_t used = 0, whole;
    int file;

    name_node(path, sizeof(path), bus, address);
    file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    if (lseek(file, LIBUSB_DT_DEVICE_SIZE, SEEK_SET) == LIBUSB_DT_DEVICE_SIZE) {
        while (used < room && (got = read(file, out + used, room - used)) > 0)
            used += (size_t)got;
    }
    close(file);
    whole = used >= 4 ? (size_t)out[2] | (size_t)out[3] << 8 : 0;
    return whole <= used ? whole : 0;
}

int usb_platform_open(libusb_device_handle **out, int *file, libusb_context *context, uint8_t bus,
                      uint8_t address)
{
    char path[64];
    int code;

    name_node(path, sizeof(path), bus, address);
    *file = open(path, O_RDWR | O_CLOEXEC);
    if (*file < 0)
        return errno == EACCES || errno == EPERM ? LIBUSB_ERROR_ACCESS : LIBUSB_ERROR_NO_DEVICE;
    code = libusb_wrap_sys_device(context, *file, out);
    if (code) {
        usb_platform_close(*file);
        *file = -1;
    }
    return code;
}

void usb_platform_close(int file)
{
    if (file >= 0)
        close(file);
}

void usb_platform_strings(struct usb_strings *out, const struct usb_place *place)
{
    usb_strings_read(out, DEVICES, place);
}
