/* SPDX-License-Identifier: MIT */
#include "usb_twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdh_layouts.h"
#include "vdh_regs.h"
#include "vdm.h"

#define IMAGE_MOST  (1u << 20)
#define TABLES_MOST 16384u
#define BOOT_NS     UINT64_C(10000000000)
#define YUYV        0x56595559u

struct usb_twin {
    struct vdm_card *card;
    void *memory;
    uint32_t stride, height;
    uint8_t line[8192 * 4];
};

/* ---- The mode ---- */

int usb_mode_registers(const uint8_t *tables, uint32_t bytes, uint32_t width,
                       int (*set)(void *context, uint32_t offset, uint32_t value), void *context)
{
    uint32_t modes, intervals, count;

    if (bytes < 32)
        return -1;
    count = vdh_get_u16(tables + VDH_O_TABLES_MODE_COUNT);
    modes = 32u + vdh_get_u16(tables + VDH_O_TABLES_INPUT_COUNT) * 48u +
            vdh_get_u16(tables + VDH_O_TABLES_TIMING_COUNT) * 48u;
    intervals = modes + count * 32u;
    for (uint32_t n = 0; n < count; n++) {
        const uint8_t *mode = tables + modes + n * 32u;
        uint32_t at;

        if (modes + (n + 1) * 32u > bytes)
            return -1;
        at = intervals + vdh_get_u16(mode + VDH_O_MODE_INTERVAL_FIRST) * 8u;
        if (vdh_get_u16(mode + VDH_O_MODE_WIDTH) != width || at + 8u > bytes)
            continue;
        return set(context, VDH_R_MODE_SELECT, n) || set(context, VDH_R_PIXEL_FORMAT, YUYV) ||
                       set(context, VDH_R_WIDTH, width) ||
                       set(context, VDH_R_HEIGHT, vdh_get_u16(mode + VDH_O_MODE_HEIGHT)) ||
                       set(context, VDH_R_STRIDE, width * 2u) ||
                       set(context, VDH_R_INTERVAL_NUM, vdh_get_u32(tables + at)) ||
                       set(context, VDH_R_INTERVAL_DEN, vdh_get_u32(tables + at + 4)) ||
                       set(context, VDH_R_PATTERN, 1)
                   ? -1
                   : 0;
    }
    return -1;
}

/* ---- The model: a PCI Express one, whose registers need no bus ---- */

static int set(void *context, uint32_t offset, uint32_t value)
{
    vdm_write(((struct usb_twin *)context)->card, offset, value);
    return 0;
}

static int boot(struct usb_twin *twin, const uint8_t *image, size_t size)
{
    struct vdm_card *card = twin->card;

    vdm_write(card, VDH_R_FW_LENGTH, (uint32_t)size);
    vdm_write(card, VDH_R_BOOT_COMMAND,
              vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_STAGE));
    for (size_t at = 0; at < size; at += 4)
        vdm_write(card, VDH_R_FW_WINDOW, vdh_get_u32(image + at));
    vdm_write(card, VDH_R_BOOT_COMMAND,
              vdh_field_set(0, VDH_F_BOOT_COMMAND_CODE, VDH_V_BOOT_COMMAND_CODE_BOOT_STAGED));
    vdm_advance(card, BOOT_NS);
    return vdh_field_get(vdm_read(card, VDH_R_BOOT_STATUS), VDH_F_BOOT_STATUS_RUNS) ? 0 : -1;
}

static int configure(struct usb_twin *twin, uint32_t width)
{
    static uint8_t tables[TABLES_MOST];
    uint32_t bytes = vdm_read(twin->card, VDH_R_TABLES_LENGTH);

    for (uint32_t at = 0; at < bytes && at < sizeof tables; at += 4) {
        vdm_write(twin->card, VDH_R_TABLES_PAGE, at / 1024u);
        vdh_put_u32(tables + at, vdm_read(twin->card, VDH_R_TABLES + at % 1024u));
    }
    if (bytes > sizeof tables || usb_mode_registers(tables, bytes, width, set, twin))
        return -1;
    twin->stride = vdm_read(twin->card, VDH_R_STRIDE);
    twin->height = vdm_read(twin->card, VDH_R_HEIGHT);
    return vdm_read(twin->card, VDH_R_CONFIG_STATUS) ? -1 : 0;
}

struct usb_twin *usb_twin_create(const char *image, uint32_t width)
{
    static const struct vdm_host host; /* nobody asks it for memory */
    static uint8_t bytes[IMAGE_MOST];
    struct vdm_config config;
    struct usb_twin *twin = calloc(1, sizeof *twin);
    size_t room = (vdm_card_bytes() + 63u) / 64u * 64u, size = 0;
    FILE *file = fopen(image, "rbe");

    if (file) {
        size = fread(bytes, 1, sizeof bytes - 4u, file);
        (void)fclose(file);
    }
    vdm_config_default(&config);
    config.host = &host;
    if (twin && (twin->memory = aligned_alloc(64, room)) != NULL)
        twin->card = vdm_create(twin->memory, room, &config);
    if (!twin || !twin->card || !size || boot(twin, bytes, size) || configure(twin, width)) {
        usb_twin_destroy(twin);
        return NULL;
    }
    return twin;
}

void usb_twin_destroy(struct usb_twin *twin)
{
    if (twin)
        free(twin->memory);
    free(twin);
}

/* The pattern's lines differ at those of the frame number, 8 each; from 16 on all are alike. */
int usb_twin_agrees(struct usb_twin *twin, const uint8_t *frame, uint32_t sequence)
{
    for (uint32_t line = 0; line < twin->height; line++) {
        if ((line == 0 || line == 8 || line == 16) &&
            vdm_expected_line(twin->card, sequence, 0, line, NULL, twin->line) != twin->stride)
            return 0;
        if (memcmp(frame + (size_t)line * twin->stride, twin->line, twin->stride) != 0)
            return 0;
    }
    return 1;
}
