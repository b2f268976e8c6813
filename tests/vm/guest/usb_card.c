/* SPDX-License-Identifier: MIT */
/* See usb_check.h. Nothing of the SDK and of the core but the tables. */
#include "usb_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "usb_twin.h"
#include "vdh_layouts.h"
#include "vdh_regs.h"
#include "vidicon_brand.h"

#define TIMEOUT_MS  2000
#define POLL_US     40000 /* a libusb begun anew costs an emulated processor much */
#define IMAGE_MOST  (1 << 20)
#define TABLES_MOST 16384u

uint64_t usb_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int usb_fail(const char *what, long long got)
{
    (void)printf("%s: %lld (%s)\n", what, got, got < 0 ? libusb_error_name((int)got) : "");
    return 1;
}

static int try_device(struct usb_card *card, libusb_device *device, int speed)
{
    struct libusb_device_descriptor descriptor;
    int result;

    if (libusb_get_device_descriptor(device, &descriptor) ||
        descriptor.idVendor != VIDICON_BRAND_USB_VENDOR_ID ||
        (descriptor.idProduct != VIDICON_BRAND_USB_PRODUCT_ID &&
         descriptor.idProduct != VIDICON_BRAND_USB_BOOT_PRODUCT_ID) ||
        libusb_get_device_speed(device) != speed)
        return -1;
    result = libusb_open(device, &card->handle);
    if (result)
        return result;
    result = libusb_claim_interface(card->handle, 0);
    if (!result &&
        libusb_get_string_descriptor_ascii(card->handle, descriptor.iSerialNumber,
                                           (unsigned char *)card->serial, sizeof card->serial) < 0)
        result = LIBUSB_ERROR_IO;
    if (result) {
        libusb_close(card->handle);
        card->handle = NULL;
        return result;
    }
    card->product = descriptor.idProduct;
    card->speed = speed;
    return 0;
}

static int find(struct usb_card *card, int speed)
{
    libusb_device **list;
    ssize_t count = libusb_get_device_list(card->context, &list);
    int result = LIBUSB_ERROR_NOT_FOUND;

    for (ssize_t n = 0; n < count && result; n++)
        result = try_device(card, list[n], speed);
    if (count >= 0)
        libusb_free_device_list(list, 1);
    return result;
}

int usb_open(struct usb_card *card, int speed, unsigned seconds)
{
    uint64_t end = usb_now_ns() + seconds * UINT64_C(1000000000);
    int result;

    for (;;) {
        /* Anew each time: nobody tells libusb in a guest without udev that a device came. */
        usb_close(card);
        if ((result = libusb_init(&card->context)) != 0)
            return usb_fail("libusb_init", result);
        if ((result = find(card, speed)) == 0)
            return 0;
        if (usb_now_ns() > end)
            return usb_fail("no card at this speed", result);
        (void)usleep(POLL_US);
    }
}

void usb_close(struct usb_card *card)
{
    if (card->handle)
        libusb_close(card->handle);
    if (card->context)
        libusb_exit(card->context);
    memset(card, 0, sizeof *card);
}

int usb_get(struct usb_card *card, uint32_t offset, uint32_t *value)
{
    uint8_t data[4] = {0};
    int got = libusb_control_transfer(card->handle, VDH_L_USB_REQUEST_TYPE_IN,
                                      VDH_L_USB_REQUEST_REQUEST_READ, 0, (uint16_t)offset, data,
                                      sizeof data, TIMEOUT_MS);

    if (got != (int)sizeof data)
        return usb_fail("reading a register", got);
    *value = vdh_get_u32(data);
    return 0;
}

int usb_set(struct usb_card *card, uint32_t offset, uint32_t value)
{
    uint8_t data[4];
    int got;

    vdh_put_u32(data, value);
    got = libusb_control_transfer(card->handle, VDH_L_USB_REQUEST_TYPE_OUT,
                                  VDH_L_USB_REQUEST_REQUEST_WRITE, 0, (uint16_t)offset, data,
                                  sizeof data, TIMEOUT_MS);
    return got == (int)sizeof data ? 0 : usb_fail("writing a register", got);
}

static int upload(struct usb_card *card, const char *file)
{
    static uint8_t image[IMAGE_MOST];
    FILE *stream = fopen(file, "rbe");
    size_t size = stream ? fread(image, 1, sizeof image, stream) : 0;

    if (stream)
        (void)fclose(stream);
    if (!size)
        return usb_fail("no firmware image in the file", 0);
    if (usb_set(card, VDH_R_FW_LENGTH, (uint32_t)size) ||
        usb_set(card, VDH_R_BOOT_COMMAND,
                vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_STAGE)))
        return 1;
    for (size_t at = 0; at < size; at += 4096) {
        uint16_t count = (uint16_t)(size - at < 4096 ? size - at : 4096);
        int got = libusb_control_transfer(card->handle, VDH_L_USB_REQUEST_TYPE_OUT,
                                          VDH_L_USB_REQUEST_REQUEST_FW_DATA, 0, 0, image + at,
                                          count, TIMEOUT_MS);

        if (got != count)
            return usb_fail("sending firmware", got);
    }
    return usb_set(card, VDH_R_BOOT_COMMAND,
                   vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_BOOT_STAGED));
}

int usb_boot(struct usb_card *card, int speed, const char *file)
{
    char serial[sizeof card->serial];
    uint64_t end;

    if (card->product == VIDICON_BRAND_USB_PRODUCT_ID)
        return 0;
    memcpy(serial, card->serial, sizeof serial);
    if (upload(card, file))
        return 1;
    end = usb_now_ns() + UINT64_C(10000000000);
    while (card->product != VIDICON_BRAND_USB_PRODUCT_ID) {
        if (usb_now_ns() > end)
            return usb_fail("it does not come back under its other id", card->product);
        if (usb_open(card, speed, 10))
            return 1;
    }
    return strcmp(serial, card->serial) == 0 ? 0 : usb_fail("it has another serial number", 0);
}

static int set(void *context, uint32_t offset, uint32_t value)
{
    return usb_set(context, offset, value);
}

int usb_select(struct usb_card *card, uint32_t width, uint32_t *frame_bytes)
{
    static uint8_t tables[TABLES_MOST];
    uint32_t bytes, status;

    if (usb_get(card, VDH_R_TABLES_LENGTH, &bytes))
        return 1;
    if (bytes > sizeof tables)
        return usb_fail("tables too long", bytes);
    for (uint32_t at = 0; at < bytes; at += 1024) {
        uint16_t count = (uint16_t)(bytes - at < 1024 ? (bytes - at + 3) / 4 * 4 : 1024);
        int got;

        if (usb_set(card, VDH_R_TABLES_PAGE, at / 1024u))
            return 1;
        got = libusb_control_transfer(card->handle, VDH_L_USB_REQUEST_TYPE_IN,
                                      VDH_L_USB_REQUEST_REQUEST_READ, 0, VDH_R_TABLES, tables + at,
                                      count, TIMEOUT_MS);
        if (got != count)
            return usb_fail("reading the tables", got);
    }
    if (usb_mode_registers(tables, bytes, width, set, card))
        return usb_fail("no mode of this width", width);
    if (usb_get(card, VDH_R_CONFIG_STATUS, &status) ||
        usb_get(card, VDH_R_FRAME_BYTES, frame_bytes))
        return 1;
    return status ? usb_fail("the card cannot show this mode", status) : 0;
}
