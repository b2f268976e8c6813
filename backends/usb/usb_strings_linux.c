/* SPDX-License-Identifier: MIT */
/*
 * What sysfs says of a device. A device that left and came back is another folder: with one held open all answers are of the same
 * device, which its numbers must prove to be the one that was asked for.
 */
#include "usb_strings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A string has 126 characters at most, of three bytes each. */
#define TEXT_BYTES 512

/* Its length without the newline, which the kernel always writes; -1 if it cannot be had. */
static int read_text(char out[TEXT_BYTES], int folder, const char *name)
{
    int file = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (file < 0)
        return -1;
    /* It waits for whoever works on the device; a signal may come first. */
    do {
        got = read(file, out, TEXT_BYTES);
    } while (got < 0 && errno == EINTR);
    close(file);
    if (got < 1 || got == TEXT_BYTES || out[got - 1] != '\n' || memchr(out, 0, (size_t)got))
        return -1;
    out[got - 1] = 0;
    return (int)got - 1;
}

static int is_number(int folder, const char *name, int base, unsigned long number)
{
    char text[TEXT_BYTES];
    char *end = NULL;

    return read_text(text, folder, name) > 0 && strtoul(text, &end, base) == number && !*end;
}

/* The kernel's text is UTF-8, libusb's has a '?' for each unit of UTF-16: who is not ASCII is left to libusb. */
static void take_text(char *out, size_t room, int folder, const char *name)
{
    char text[TEXT_BYTES];
    int length = read_text(text, folder, name);
    size_t used = length < 0 ? 0 : (size_t)length < room ? (size_t)length : room - 1;

    for (size_t i = 0; i < used; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return;
    }
    memcpy(out, text, used);
}

void usb_strings_read(struct usb_strings *out, const char *devices, const struct usb_place *place)
{
    char path[256];
    int length = snprintf(path, sizeof(path), "%s/%s", devices, place->port);
    int folder;

    memset(out, 0, sizeof(*out));
    if (length < 0 || (size_t)length >= sizeof(path))
        return;
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return;
    if (is_number(folder, "busnum", 10, place->bus) &&
        is_number(folder, "devnum", 10, place->address) &&
        is_number(folder, "idVendor", 16, place->vendor) &&
        is_number(folder, "idProduct", 16, place->product)) {
        take_text(out->serial, sizeof(out->serial), folder, "serial");
        take_text(out->product, sizeof(out->product), folder, "product");
    }
    close(folder);
}
