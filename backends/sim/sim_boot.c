/* SPDX-License-Identifier: MIT */
/*
 * From power-on to running firmware, and what the device then says about itself. Opening must
 * always work: whatever fails here leaves a card that is LIMITED and says why.
 */
#include "sim_card.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vdh_default_image.h"
#include "vdh_input.h"
#include "vidicon_brand.h"

void sim_boot_default_image(const uint8_t **image, size_t *bytes)
{
    *image = vdh_default_image;
    *bytes = vdh_default_image_bytes;
}

/* ---- Errors ---- */

int sim_error(struct sim_card *card, int result, const char *tried)
{
    uint32_t number = card->options.card;

    switch (result) {
    case VDH_OK:
        return VDC_OK;
    case VDH_E_GONE:
        card->gone = 1;
        return vdi_error(VDC_E_GONE, "sim:%u: %s: the card was pulled out; close it", number,
                         tried);
    case VDH_E_INVALID:
        return vdi_error(VDC_E_INVALID, "sim:%u: %s: an argument makes no sense", number, tried);
    case VDH_E_RANGE:
        return vdi_error(VDC_E_RANGE, "sim:%u: %s: the running firmware does not offer that",
                         number, tried);
    case VDH_E_STATE:
        return vdi_error(VDC_E_STATE, "sim:%u: %s: not now: it captures, or no firmware runs",
                         number, tried);
    case VDH_E_TIMEOUT:
        return vdi_error(VDC_E_IO, "sim:%u: %s: waited in vain for %s", number, tried,
                         card->core.waited_for);
    case VDH_E_FIRMWARE:
        return vdi_error(VDC_E_FIRMWARE, "sim:%u: %s: the card refused the image", number, tried);
    case VDH_E_TABLES:
        return vdi_error(VDC_E_FIRMWARE, "sim:%u: %s: the firmware's tables are malformed", number,
                         tried);
    case VDH_E_DENIED:
        return vdi_error(VDC_E_PERMISSION, "sim:%u: %s: the driver does not allow it", number,
                         tried);
    default:
        return vdi_error(VDC_E_IO,
                         "sim:%u: %s: the card failed on the way, as after a loss of power (%s)",
                         number, tried, vdh_result_name(result));
    }
}

/* ---- Boot ---- */

int sim_boot_run(struct sim_card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                 enum vdh_image_error *why, vdc_progress_fn progress, void *user)
{
    struct vdh_boot boot;
    uint32_t told = 0;
    int result;

    vdh_boot_start(&boot, &card->core, image, (uint32_t)bytes, card->tables, flags);
    do {
        uint32_t again_us = 0;

        result = vdh_boot_step(&boot, sim_card_now(card) / 1000u, &again_us);
        if (progress && boot.uploaded_bytes != told) {
            told = boot.uploaded_bytes;
            vdi_mutex_unlock(card->lock);
            progress(told, bytes, user);
            sim_card_lock(card);
        }
        if (result == VDH_AGAIN)
            sim_card_pause(card, again_us);
    } while (result == VDH_AGAIN);
    *why = boot.error;
    return result;
}

VDI_PRINTF(2, 3) static void explain(struct sim_card *card, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(card->state_text, sizeof(card->state_text), format, arguments);
    va_end(arguments);
}

/* Why no firmware runs. */
static void explain_result(struct sim_card *card, int result, enum vdh_image_error why)
{
    switch (result) {
    case VDH_E_FIRMWARE:
        explain(card, "Firmware %s was refused, check %s: %s.",
                card->image_is_file ? card->options.firmware : "(the library's own)",
                vdh_image_error_name(why), vdh_image_error_text(why));
        break;
    case VDH_E_STATE:
        if (why != VDH_IMAGE_OK)
            explain(card, "No firmware runs; the card refused its last image, check %s. Load one.",
                    vdh_image_error_name(why));
        else
            explain(card, "No firmware runs, and none was given. Load one.");
        break;
    case VDH_E_TIMEOUT:
        explain(card, "The boot timed out waiting for %s. Load firmware, or open the card again.",
                card->core.waited_for);
        break;
    case VDH_E_TABLES:
        explain(card, "The running firmware's tables are malformed. Load other firmware.");
        break;
    default:
        explain(card, "The boot failed (%s). Load firmware, or open the card again.",
                vdh_result_name(result));
        break;
    }
}

int sim_boot_bring_up(struct sim_card *card)
{
    uint32_t flags = card->image_is_file ? (uint32_t)VDH_BOOT_REPLACE : 0u;
    enum vdh_image_error why = VDH_IMAGE_OK;
    enum vdh_image_error ignored;
    int result = VDH_E_IO;

    card->ready = 0;
    card->state_text[0] = 0;
    (void)vdh_interrupts_enable(&card->core, SIM_EVENTS);
    /* VDH_E_IO: the card started anew on the way, as after a power failure; once more then. */
    for (uint32_t attempt = 0; attempt < 2 && result == VDH_E_IO; attempt++) {
        if (attempt > 0)
            (void)vdh_interrupts_enable(&card->core, SIM_EVENTS);
        result = sim_boot_run(card, card->image, card->image_bytes, flags, &why, NULL, NULL);
    }
    if (result == VDH_E_FIRMWARE) {
        /* What ran before, in flash for instance, may still run. */
        explain_result(card, result, why);
        result = sim_boot_run(card, NULL, 0, 0, &ignored, NULL, NULL);
        if (result == VDH_OK)
            vdi_log(card->device->context, VDC_LOG_WARNING, "sim:%u: %s", card->options.card,
                    card->state_text);
    } else if (result != VDH_OK) {
        explain_result(card, result, why);
    }
    if (result == VDH_E_GONE) {
        card->gone = 1;
        return sim_error(card, result, "booting it");
    }
    card->ready = result == VDH_OK;
    if (card->ready) {
        card->state_text[0] = 0;
        vdi_log(card->device->context, VDC_LOG_INFO, "sim:%u: firmware %u.%u.%u runs",
                card->options.card, (unsigned)(card->core.running_version >> 24),
                (unsigned)(card->core.running_version >> 16 & 0xffu),
                (unsigned)(card->core.running_version & 0xffffu));
    } else {
        vdi_log(card->device->context, VDC_LOG_WARNING, "sim:%u: limited: %s", card->options.card,
                card->state_text);
    }
    sim_boot_tell(card);
    return VDC_OK;
}

/* ---- What the device is ---- */

void sim_boot_describe(struct vdi_device_info *out, uint32_t number)
{
    memset(out, 0, sizeof(*out));
    (void)snprintf(out->id, sizeof(out->id), "sim:%u", (unsigned)number);
    (void)snprintf(out->name, sizeof(out->name), "%s (simulated)", VIDICON_BRAND_PRODUCT_NAME);
    sim_options_default_serial(out->serial, number);
    (void)snprintf(out->location, sizeof(out->location), "simulated card %u", (unsigned)number);
    out->caps = VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_CALLER_MEMORY | VDC_CAP_DEVICE_TIME |
                VDC_CAP_SIMULATED;
}

void sim_boot_tell(struct sim_card *card)
{
    const struct vdh_identity *identity = &card->core.identity;
    struct vdi_device_info info;

    sim_boot_describe(&info, card->options.card);
    (void)snprintf(info.serial, sizeof(info.serial), "%s", identity->serial);
    info.time_hz = identity->time_hz;
    if (card->ready) {
        info.caps |= VDC_CAP_INPUTS | VDC_CAP_TIMINGS;
        if (vdh_field_get(identity->caps, VDH_F_CAPS_CROP))
            info.caps |= VDC_CAP_CROP;
        if (vdh_field_get(identity->caps, VDH_F_CAPS_WATERMARK))
            info.caps |= VDC_CAP_PROGRESS;
    } else {
        info.limited = 1;
        (void)snprintf(info.state_text, sizeof(info.state_text), "%s", card->state_text);
    }
    vdi_device_set_info(card->device, &info);
}
