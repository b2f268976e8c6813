/* SPDX-License-Identifier: MIT */
/*
 * Which formats the link carries. What it does not is not offered, and not agreed to: a capture that
 * cannot work is refused with the numbers.
 */
#include "usb.h"

#include <string.h>

#include "usb_tune.h"

static int is_super(const struct card *card)
{
    return ((const struct usb_card *)card)->speed >= LIBUSB_SPEED_SUPER;
}

/* Whether the link is fast enough. */
int usb_format_carries(const struct card *card, const struct vdh_format *format)
{
    uint32_t bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);

    return usb_tune_rate(bytes, format->interval.num, format->interval.den) <=
           usb_tune_link_bytes_s(is_super(card));
}

/* The first interval of its mode that the link carries; VDH_E_RANGE if none. */
static int slow_down(const struct card *card, struct vdh_format *format)
{
    struct vdh_mode_info mode;

    if (vdh_tables_mode(&mode, &card->core.tables, format->mode))
        return VDH_E_RANGE;
    for (uint32_t i = 0; i < mode.interval_count; i++) {
        if (!vdh_tables_interval(&format->interval, &card->core.tables, mode.interval_first + i) &&
            usb_format_carries(card, format))
            return VDH_OK;
    }
    return VDH_E_RANGE;
}

static int too_fast(const struct card *card, const struct vdh_format *format)
{
    struct usb_load load;
    char why[400];

    memset(&load, 0, sizeof(load));
    load.frame_bytes = vdh_format_frame_bytes(format->fourcc, format->stride_bytes, format->height);
    load.interval_num = format->interval.num;
    load.interval_den = format->interval.den;
    load.super = is_super(card);
    why[0] = 0;
    (void)usb_tune_check(&load, why, sizeof(why));
    return vdi_error(VDC_E_RANGE, "%s: this cannot work: %s", card->id, why);
}

/* The largest size of any mode at which the link carries this pixel format; VDC_E_RANGE if none. */
static int shrink(struct card *card, const vdc_format *wish, struct vdh_format *out)
{
    uint64_t best = 0;
    struct vdh_mode_info mode;

    for (uint32_t i = 0; !vdh_tables_mode(&mode, &card->core.tables, i); i++) {
        uint64_t area = (uint64_t)mode.width * mode.height;
        vdc_format smaller = *wish;
        struct vdh_format core;
        uint32_t changed = 0;

        smaller.width_px = mode.width;
        smaller.height_px = mode.height;
        smaller.stride_bytes = 0;
        if (area <= best || card_format_adjust(card, &smaller, &core, &changed) ||
            slow_down(card, &core))
            continue;
        best = area;
        *out = core;
    }
    return best ? VDC_OK : VDC_E_RANGE;
}

/* What was left open, or has to be changed anyhow, is chosen so that the link carries it: first the
 * interval, then the size. Exactly what was asked for, if it cannot be, is refused with the numbers. */
int usb_format_negotiate(struct card *card, vdc_format *format, uint32_t *changed)
{
    const uint32_t exact = VDC_CHANGED_INTERVAL | VDC_CHANGED_SIZE | VDC_CHANGED_FOURCC;
    vdc_format wish = *format;
    struct vdh_format core;
    struct vdh_format offered;
    uint32_t ignored = 0;
    int result = card_format_adjust(card, format, &core, changed);

    if (result || usb_format_carries(card, &core))
        return result;
    offered = core;
    if ((wish.interval_s.num && !(*changed & exact)) ||
        (slow_down(card, &core) && shrink(card, &wish, &core)))
        return too_fast(card, &offered);
    *format = wish;
    format->fourcc = core.fourcc;
    format->width_px = core.width;
    format->height_px = core.height;
    format->interval_s.num = core.interval.num;
    format->interval_s.den = core.interval.den;
    return card_format_adjust(card, format, &core, &ignored);
}
