/* SPDX-License-Identifier: MIT */
/* What every stream on the core does when it opens and when its engine ends. */
#include "card.h"

#include <string.h>

/* The window of the picture that was asked for. */
static int crop_to(struct card *card, const vdc_rect *crop, struct vdh_format *format)
{
    uint32_t line = vdh_format_line_bytes(format->fourcc, format->width);

    if (crop->left_px > format->width || crop->width_px > format->width - crop->left_px ||
        crop->top_px > format->height || crop->height_px > format->height - crop->top_px)
        return vdi_error(VDC_E_RANGE, "%s: the window leaves the picture of %ux%u", card->id,
                         (unsigned)format->width, (unsigned)format->height);
    format->width = crop->width_px;
    format->height = crop->height_px;
    format->left += crop->left_px;
    format->top += crop->top_px;
    /* A stride that was asked for stays; the smallest one shrinks with the window. */
    if (format->stride_bytes == line)
        format->stride_bytes = vdh_format_line_bytes(format->fourcc, format->width);
    return VDC_OK;
}

/* The picture that was asked for, as the core's, and then the window of it. */
static int choose(struct card *card, const struct vdi_stream_config *config,
                  struct vdh_format *format, struct vdi_stream_layout *layout)
{
    vdc_format wanted = config->format;
    uint32_t changed = 0;
    int result = card_format_adjust(card, &wanted, format, &changed);

    if (result)
        return result;
    if (changed)
        return vdi_error(VDC_E_RANGE,
                         "%s: it has no such format (differences 0x%x); negotiate first", card->id,
                         (unsigned)changed);
    layout->crop.width_px = format->width;
    layout->crop.height_px = format->height;
    if (config->crop.width_px) {
        result = crop_to(card, &config->crop, format);
        if (result)
            return result;
        layout->crop = config->crop;
    }
    card_format_from_core(&layout->format, &card->core, format);
    return VDC_OK;
}

int card_stream_format(struct card *card, int taken, const struct vdi_stream_config *config,
                       struct vdh_format *format, struct vdi_stream_layout *layout)
{
    int result;

    memset(layout, 0, sizeof(*layout));
    if (taken)
        return vdi_error(VDC_E_BUSY, "%s: it has a stream already; close that first", card->id);
    if (!card->ready)
        return vdi_error(VDC_E_FIRMWARE, "%s: it cannot capture: %s", card->id, card->state_text);
    result = choose(card, config, format, layout);
    /* The card has the last word about windows. */
    if (!result)
        result = card_error(card, vdh_format_set(&card->core, format), "setting the format");
    if (!result)
        result = vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes,
                                   &layout->format);
    return result;
}

static int stop_step(void *work, uint64_t now_us, uint32_t *again_us)
{
    return vdh_capture_stop_step(work, now_us, again_us);
}

int card_stream_end(struct card *card, struct vdh_capture *capture)
{
    return card_steps(card, stop_step, capture, NULL);
}
