/* SPDX-License-Identifier: MIT */
/*
 * From power-on to running firmware, and what the device then says about itself. Opening must
 * always work: whatever fails here leaves a card that is LIMITED and says why.
 */
#include "card.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Errors ---- */

int card_error(struct card *card, int result, const char *tried)
{
    const struct card_host *host = card->host;

    switch (result) {
    case VDH_OK:
        return VDC_OK;
    case VDH_E_GONE:
        host->lost(card);
        return vdi_error(VDC_E_GONE, "%s: %s: %s; close it", card->id, tried, host->gone);
    case VDH_E_INVALID:
        return vdi_error(VDC_E_INVALID, "%s: %s: an argument makes no sense", card->id, tried);
    case VDH_E_RANGE:
        return vdi_error(VDC_E_RANGE, "%s: %s: the running firmware does not offer that", card->id,
                         tried);
    case VDH_E_STATE:
        return vdi_error(VDC_E_STATE, "%s: %s: not now: it captures, or no firmware runs", card->id,
                         tried);
    case VDH_E_TIMEOUT:
        return vdi_error(VDC_E_IO, "%s: %s: waited in vain for %s", card->id, tried,
                         card->core.waited_for);
    case VDH_E_FIRMWARE:
        return vdi_error(VDC_E_FIRMWARE, "%s: %s: %s refused the image", card->id, tried,
                         host->noun);
    case VDH_E_TABLES:
        return vdi_error(VDC_E_FIRMWARE, "%s: %s: the firmware's tables are malformed", card->id,
                         tried);
    case VDH_E_UNKNOWN:
        return vdi_error(VDC_E_UNSUPPORTED,
                         "%s: %s: its registers are of a kind that this library does not know",
                         card->id, tried);
    case VDH_E_DENIED:
        return vdi_error(VDC_E_PERMISSION, "%s: %s: the driver does not allow it", card->id, tried);
    default:
        return vdi_error(VDC_E_IO, "%s: %s: %s (%s)", card->id, tried, host->failed(card),
                         vdh_result_name(result));
    }
}

VDI_PRINTF(2, 3) static void explain(struct card *card, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(card->state_text, sizeof(card->state_text), format, arguments);
    va_end(arguments);
}

/* Why no firmware runs. */
static void explain_result(struct card *card, int result, enum vdh_image_error why)
{
    const char *it = card->host->it;

    switch (result) {
    case VDH_E_FIRMWARE:
        explain(card, "Firmware %s was refused, check %s: %s.",
                card->image_is_file ? card->image_name : "(the library's own)",
                vdh_image_error_name(why), vdh_image_error_text(why));
        break;
    case VDH_E_STATE:
        if (why != VDH_IMAGE_OK)
            explain(card, "No firmware runs; %s refused its last image, check %s. Load one.", it,
                    vdh_image_error_name(why));
        else
            explain(card, "No firmware runs, and none was given. Load one.");
        break;
    case VDH_E_TIMEOUT:
        explain(card, "The boot timed out waiting for %s. Load firmware, or open %s again.",
                card->core.waited_for, it);
        break;
    case VDH_E_TABLES:
        explain(card, "The running firmware's tables are malformed. Load other firmware.");
        break;
    default:
        explain(card, "The boot failed (%s). Load firmware, or open %s again.",
                vdh_result_name(result), it);
        break;
    }
}

/* ---- Boot ---- */

int card_steps(struct card *card, int (*step)(void *work, uint64_t now_us, uint32_t *again_us),
               void *work, const struct card_progress *progress)
{
    const struct card_host *host = card->host;
    uint32_t told = 0;
    int result;

    do {
        uint32_t again_us = 0;

        result = step(work, host->now_us(card), &again_us);
        if (progress && progress->tell && *progress->done_bytes != told) {
            told = *progress->done_bytes;
            host->unlock(card);
            progress->tell(told, progress->bytes, progress->user);
            host->lock(card);
        }
        if (result == VDH_AGAIN)
            host->pause(card, again_us);
    } while (result == VDH_AGAIN);
    return result;
}

static int boot_step(void *work, uint64_t now_us, uint32_t *again_us)
{
    return vdh_boot_step(work, now_us, again_us);
}

int card_boot_steps(struct card *card, struct vdh_boot *boot, size_t bytes,
                    vdc_progress_fn progress, void *user)
{
    const struct card_progress told = {&boot->uploaded_bytes, bytes, progress, user};

    return card_steps(card, boot_step, boot, &told);
}

int card_boot_once(struct card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                   enum vdh_image_error *why, vdc_progress_fn progress, void *user)
{
    struct vdh_boot boot;
    int result;

    vdh_boot_start(&boot, &card->core, image, (uint32_t)bytes, card->tables, flags);
    result = card_boot_steps(card, &boot, bytes, progress, user);
    *why = boot.error;
    return result;
}

int card_boot_bring_up(struct card *card)
{
    const struct card_host *host = card->host;
    uint32_t flags = card->image_is_file ? (uint32_t)VDH_BOOT_REPLACE : 0u;
    enum vdh_image_error why = VDH_IMAGE_OK;
    enum vdh_image_error ignored;
    int result = VDH_E_IO;

    card->ready = 0;
    card->state_text[0] = 0;
    /* VDH_E_IO: the card started anew on the way, as after a power failure; once more then. */
    for (uint32_t attempt = 0; attempt < 2 && result == VDH_E_IO; attempt++) {
        result = host->greet(card, attempt);
        /* What does not even answer cannot be opened; what leaves just now may be starting. */
        if (result && result != VDH_E_GONE)
            return card_error(card, result, "asking what it is");
        result = host->boot(card, card->image, card->image_bytes, flags, &why, NULL, NULL);
    }
    if (result == VDH_E_FIRMWARE) {
        /* What ran before, in flash for instance, may still run. */
        explain_result(card, result, why);
        result = host->boot(card, NULL, 0, 0, &ignored, NULL, NULL);
        if (result == VDH_OK)
            vdi_log(card->device->context, VDC_LOG_WARNING, "%s: %s", card->id, card->state_text);
    } else if (result != VDH_OK) {
        explain_result(card, result, why);
    }
    /* Who had it before may have died while it captured. */
    if (result == VDH_OK && host->outlives) {
        result = vdh_reset(&card->core, VDH_V_RESET_KIND_ENGINE);
        if (result != VDH_OK)
            explain_result(card, result, why);
    }
    if (result == VDH_E_GONE)
        return card_error(card, result, "booting it");
    card->ready = result == VDH_OK;
    if (card->ready) {
        card->state_text[0] = 0;
        vdi_log(card->device->context, VDC_LOG_INFO, "%s: firmware %u.%u.%u runs", card->id,
                (unsigned)(card->core.running_version >> 24),
                (unsigned)(card->core.running_version >> 16 & 0xffu),
                (unsigned)(card->core.running_version & 0xffffu));
    } else {
        vdi_log(card->device->context, VDC_LOG_WARNING, "%s: limited: %s", card->id,
                card->state_text);
    }
    card_boot_tell(card);
    return VDC_OK;
}

/* ---- What the device is ---- */

void card_boot_tell(struct card *card)
{
    const struct vdh_identity *identity = &card->core.identity;
    struct vdi_device_info info;

    memset(&info, 0, sizeof(info));
    card->host->describe(card, &info);
    (void)snprintf(info.serial, sizeof(info.serial), "%s", identity->serial);
    info.time_hz = identity->time_hz;
    if (card->ready) {
        info.caps |= VDC_CAP_INPUTS | VDC_CAP_TIMINGS;
        if (vdh_field_get(identity->caps, VDH_F_CAPS_CROP))
            info.caps |= VDC_CAP_CROP;
        if (card->host->tells_progress && vdh_field_get(identity->caps, VDH_F_CAPS_WATERMARK))
            info.caps |= VDC_CAP_PROGRESS;
    } else {
        info.limited = 1;
        memcpy(info.state_text, card->state_text, sizeof(info.state_text));
    }
    vdi_device_set_info(card->device, &info);
}
