/* SPDX-License-Identifier: MIT */
/*
 * USB descriptors. Both product ids show the same interface; the Microsoft OS 2.0 set sits at the
 * device, which is right for a device of one interface, so Windows binds WinUSB without an INF.
 */
#include "vdm_private.h"

#define TYPE_DEVICE        1u
#define TYPE_CONFIGURATION 2u
#define TYPE_STRING        3u
#define TYPE_BOS           15u

struct writer {
    uint8_t *out;
    uint32_t at;
};

static void put(struct writer *writer, const uint8_t *bytes, uint32_t count)
{
    if (count <= VDM_DESCRIPTOR_MAX - writer->at) {
        memcpy(writer->out + writer->at, bytes, count);
        writer->at += count;
    }
}

#define PUT(writer, ...)                        \
    do {                                        \
        const uint8_t bytes_[] = {__VA_ARGS__}; \
        put(writer, bytes_, sizeof bytes_);     \
    } while (0)
#define WORD(value) (uint8_t)((value)&0xffu), (uint8_t)((uint32_t)(value) >> 8)

/* ASCII as UTF-16, without an end. */
static void put_text(struct writer *writer, const char *text)
{
    for (; *text != 0; text++) {
        PUT(writer, (uint8_t)*text, 0);
    }
}

static int super(const struct vdm_card *card)
{
    return card->config.usb_speed == VDM_USB_SUPER;
}

static void device(const struct vdm_card *card, struct writer *writer)
{
    const struct vdm_config *config = &card->config;
    uint16_t product = card->usb.running_id ? config->usb_product_run : config->usb_product_boot;

    PUT(writer, 18, TYPE_DEVICE, WORD(super(card) ? 0x0300u : 0x0210u), 0, 0, 0,
        super(card) ? 9 : 64, WORD(config->usb_vendor), WORD(product), WORD(VDM_RESET_REVISION), 1,
        2, 3, 1);
}

static void configuration(const struct vdm_card *card, struct writer *writer)
{
    uint32_t total = super(card) ? 9 + 9 + 2 * (7 + 6) : 9 + 9 + 2 * 7;

    PUT(writer, 9, TYPE_CONFIGURATION, WORD(total), 1, 1, 0, 0x80, super(card) ? 112 : 250);
    PUT(writer, 9, 4, 0, 0, 2, 0xff, 0, 0, 0);
    PUT(writer, 7, 5, 0x81, 2, WORD(super(card) ? 1024u : 512u), 0);
    if (super(card)) {
        PUT(writer, 6, 48, 15, 0, 0, 0); /* bursts of 16 packets */
    }
    PUT(writer, 7, 5, 0x82, 3, WORD(64u), 4); /* each millisecond */
    if (super(card)) {
        PUT(writer, 6, 48, 0, 0, WORD(64u));
    }
}

static void string(const struct vdm_card *card, uint32_t index, struct writer *writer)
{
    const struct vdm_config *config = &card->config;
    const char *text = index == 1   ? config->usb_manufacturer
                       : index == 2 ? config->usb_product
                                    : config->serial;

    PUT(writer, 0, TYPE_STRING);
    if (index == 0) {
        PUT(writer, WORD(0x0409u));
    } else {
        for (uint32_t n = 0; text[n] != 0 && n < 126; n++) {
            PUT(writer, (uint8_t)text[n], 0);
        }
    }
    writer->out[0] = (uint8_t)writer->at;
}

static void bos(const struct vdm_card *card, struct writer *writer)
{
    uint8_t set[VDM_DESCRIPTOR_MAX];
    uint32_t set_bytes = vdm_usb_ms_os_20(card, set);

    PUT(writer, 5, TYPE_BOS, WORD(5u + 7u + 10u + 28u), 3);
    PUT(writer, 7, 16, 2, 2, 0, 0, 0); /* USB 2.0 extension: no link power management */
    PUT(writer, 10, 16, 3, 0, WORD(0x000cu), 2, 10, WORD(0x07ffu)); /* high speed and up */
    PUT(writer, 28, 16, 5, 0, 0xdf, 0x60, 0xdd, 0xd8, 0x89, 0x45, 0xc7, 0x4c, 0x9c, 0xd2, 0x65,
        0x9d, 0x9e, 0x64, 0x8a, 0x9f, 0x00, 0x00, 0x03, 0x06, WORD(set_bytes),
        VDM_X_USB_REQUEST_REQUEST_MS_OS_20, 0);
}

uint32_t vdm_usb_ms_os_20(const struct vdm_card *card, uint8_t out[VDM_DESCRIPTOR_MAX])
{
    struct writer writer = {out, 0};
    const char *guid = card->config.usb_interface_guid;
    size_t guid_bytes = 2u * (strlen(guid) + 2u); /* a list: its item ends in 0, and so does it */
    const char *name = "DeviceInterfaceGUIDs";
    uint32_t name_bytes = 42;

    if (guid_bytes > 256) {
        return 0;
    }
    PUT(&writer, WORD(10u), WORD(0u), 0, 0, 3, 6, WORD(0u));
    PUT(&writer, WORD(20u), WORD(3u), 'W', 'I', 'N', 'U', 'S', 'B', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    PUT(&writer, WORD(10u + name_bytes + (uint32_t)guid_bytes), WORD(4u), WORD(7u),
        WORD(name_bytes));
    put_text(&writer, name);
    PUT(&writer, 0, 0, WORD((uint32_t)guid_bytes));
    put_text(&writer, guid);
    PUT(&writer, 0, 0, 0, 0);
    vdm_put16(out + 8, writer.at);
    return writer.at;
}

uint32_t vdm_usb_descriptor(const struct vdm_card *card, uint32_t type, uint32_t index,
                            uint8_t out[VDM_DESCRIPTOR_MAX])
{
    struct writer writer = {out, 0};

    if (type == TYPE_DEVICE && index == 0) {
        device(card, &writer);
    } else if (type == TYPE_CONFIGURATION && index == 0) {
        configuration(card, &writer);
    } else if (type == TYPE_STRING && index <= 3) {
        string(card, index, &writer);
    } else if (type == TYPE_BOS && index == 0) {
        bos(card, &writer);
    }
    return writer.at;
}
