/* SPDX-License-Identifier: MIT */
/*
 * The picture registers: whether they can run together, and the window they describe. Registers
 * hold any 32 bits, so every sum here is made in 64.
 */
#include "vdm_private.h"

static const struct {
    uint32_t fourcc;
    uint32_t mode_bit;
    uint32_t pixel_bytes;
} formats[VDM_FORMATS] = {
    [VDM_YUYV] = {0x56595559u, VDM_X_MODE_FORMATS_YUYV,  2},
    [VDM_UYVY] = {0x59565955u, VDM_X_MODE_FORMATS_UYVY,  2},
    [VDM_NV12] = {0x3231564eu, VDM_X_MODE_FORMATS_NV12,  1},
    [VDM_RGB24] = {0x33424752u, VDM_X_MODE_FORMATS_RGB24, 3},
    [VDM_GREY] = {0x59455247u, VDM_X_MODE_FORMATS_GREY,  1},
};

/* enum vdm_format, or -1. */
int vdm_window_format(uint32_t fourcc)
{
    for (int n = 0; n < VDM_FORMATS; n++) {
        if (formats[n].fourcc == fourcc) {
            return n;
        }
    }
    return -1;
}

uint32_t vdm_window_line_bytes(enum vdm_format format, uint32_t width)
{
    return width * formats[format].pixel_bytes;
}

static int size_wrong(uint32_t size, uint32_t least, uint32_t most, uint32_t step)
{
    return size != most && (size < least || size > most || (size - least) % step != 0);
}

static uint32_t interval_wrong(struct vdm_card *card, const uint8_t *mode)
{
    uint32_t first = vdm_get16(mode + VDM_M_MODE_INTERVAL_FIRST);
    uint32_t count = vdm_get16(mode + VDM_M_MODE_INTERVAL_COUNT);

    for (uint32_t n = first; n < first + count; n++) {
        const uint8_t *interval = vdm_tables_record(&card->tables, VDM_INTERVAL, n);

        if (vdm_get32(interval + VDM_M_INTERVAL_NUM) == card->reg[VDM_ID_INTERVAL_NUM] &&
            vdm_get32(interval + VDM_M_INTERVAL_DEN) == card->reg[VDM_ID_INTERVAL_DEN]) {
            return 0;
        }
    }
    return VDM_MASK(CONFIG_STATUS, INTERVAL);
}

static uint32_t picture_wrong(const struct vdm_card *card, const uint8_t *mode)
{
    const uint32_t *reg = card->reg;
    uint32_t raster_width = vdm_get16(mode + VDM_M_MODE_WIDTH);
    uint32_t raster_height = vdm_get16(mode + VDM_M_MODE_HEIGHT);
    uint32_t width_step = vdm_get16(mode + VDM_M_MODE_WIDTH_STEP);
    uint32_t height_step = vdm_get16(mode + VDM_M_MODE_HEIGHT_STEP);
    int format = vdm_window_format(reg[VDM_ID_PIXEL_FORMAT]);
    uint64_t line = 0;
    uint32_t wrong = 0;

    if (format < 0 || (vdm_get16(mode + VDM_M_MODE_FORMATS) & formats[format].mode_bit) == 0) {
        wrong |= VDM_MASK(CONFIG_STATUS, FORMAT);
    }
    if (size_wrong(reg[VDM_ID_WIDTH], vdm_get16(mode + VDM_M_MODE_WIDTH_MIN), raster_width,
                   width_step) ||
        size_wrong(reg[VDM_ID_HEIGHT], vdm_get16(mode + VDM_M_MODE_HEIGHT_MIN), raster_height,
                   height_step)) {
        wrong |= VDM_MASK(CONFIG_STATUS, SIZE);
    }
    if ((uint64_t)reg[VDM_ID_CROP_LEFT] + reg[VDM_ID_WIDTH] > raster_width ||
        (uint64_t)reg[VDM_ID_CROP_TOP] + reg[VDM_ID_HEIGHT] > raster_height ||
        reg[VDM_ID_CROP_LEFT] % width_step != 0 || reg[VDM_ID_CROP_TOP] % height_step != 0) {
        wrong |= VDM_MASK(CONFIG_STATUS, CROP);
    }
    if (format >= 0) {
        line = (uint64_t)reg[VDM_ID_WIDTH] * formats[format].pixel_bytes;
    }
    if (reg[VDM_ID_STRIDE] < line || reg[VDM_ID_STRIDE] > 65535u) {
        wrong |= VDM_MASK(CONFIG_STATUS, STRIDE);
    }
    return wrong;
}

void vdm_window_update(struct vdm_card *card)
{
    const uint32_t *reg = card->reg;
    uint32_t wrong = 0;
    const uint8_t *mode;

    card->frame_bytes = 0;
    if (reg[VDM_ID_MODE_SELECT] >= card->tables.count[VDM_MODE]) {
        card->config_status = VDM_MASK(CONFIG_STATUS, MODE);
        return;
    }
    mode = vdm_tables_record(&card->tables, VDM_MODE, reg[VDM_ID_MODE_SELECT]);
    if ((vdm_get16(mode + VDM_M_MODE_INPUTS) >> reg[VDM_ID_INPUT_SELECT] & 1u) == 0) {
        wrong |= VDM_MASK(CONFIG_STATUS, MODE);
    }
    card->config_status = wrong | picture_wrong(card, mode) | interval_wrong(card, mode);
    if (card->config_status != 0) {
        return;
    }
    card->window.format = (enum vdm_format)vdm_window_format(reg[VDM_ID_PIXEL_FORMAT]);
    card->window.raster_width = vdm_get16(mode + VDM_M_MODE_WIDTH);
    card->window.raster_height = vdm_get16(mode + VDM_M_MODE_HEIGHT);
    card->window.width = reg[VDM_ID_WIDTH];
    card->window.height = reg[VDM_ID_HEIGHT];
    card->window.left = reg[VDM_ID_CROP_LEFT];
    card->window.top = reg[VDM_ID_CROP_TOP];
    card->window.stride = reg[VDM_ID_STRIDE];
    card->frame_bytes = card->window.stride * card->window.height;
    if (card->window.format == VDM_NV12) {
        card->frame_bytes += card->window.stride * (card->window.height / 2u);
    }
}

/* What the registers hold when firmware starts. */
void vdm_window_start(struct vdm_card *card)
{
    const uint8_t *mode = vdm_tables_record(&card->tables, VDM_MODE, 0);
    const uint8_t *interval =
        vdm_tables_record(&card->tables, VDM_INTERVAL, vdm_get16(mode + VDM_M_MODE_INTERVAL_FIRST));
    uint32_t format = 0;

    while ((vdm_get16(mode + VDM_M_MODE_FORMATS) & formats[format].mode_bit) == 0) {
        format++;
    }
    card->reg[VDM_ID_PIXEL_FORMAT] = formats[format].fourcc;
    card->reg[VDM_ID_WIDTH] = vdm_get16(mode + VDM_M_MODE_WIDTH);
    card->reg[VDM_ID_HEIGHT] = vdm_get16(mode + VDM_M_MODE_HEIGHT);
    card->reg[VDM_ID_STRIDE] =
        vdm_window_line_bytes((enum vdm_format)format, card->reg[VDM_ID_WIDTH]);
    card->reg[VDM_ID_INTERVAL_NUM] = vdm_get32(interval + VDM_M_INTERVAL_NUM);
    card->reg[VDM_ID_INTERVAL_DEN] = vdm_get32(interval + VDM_M_INTERVAL_DEN);
    vdm_window_update(card);
}
