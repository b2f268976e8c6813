/* SPDX-License-Identifier: MIT */
/*
 * From a device on the bus to running firmware. It leaves the bus when firmware starts, so one boot
 * is several of the core's: up to GONE, then on the device that comes back, without an image.
 */
#include "usb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vidicon_brand.h"

#define ROUNDS_MOST     6u /* handles in one boot: a boot ROM, flash, upload, one loss of power */
#define BUDGET_ACCESSES 16384u
#define BUDGET_BYTES    65536u
#define IDENTITY_BYTES  (VDH_R_TIME_TOLERANCE + 4u)

/* ---- Errors ---- */

int usb_error(struct usb_card *card, int result, const char *tried)
{
    switch (result) {
    case VDH_OK:
        return VDC_OK;
    case VDH_E_GONE:
        usb_card_lock(card);
        usb_card_lost(card);
        usb_card_unlock(card);
        return vdi_error(VDC_E_GONE, "%s: %s: it was unplugged; close it", card->id, tried);
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
        return vdi_error(VDC_E_FIRMWARE, "%s: %s: the device refused the image", card->id, tried);
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
        return vdi_error(VDC_E_IO, "%s: %s: a request failed or went unanswered (%s)", card->id,
                         tried, vdh_result_name(result));
    }
}

VDI_PRINTF(2, 3) static void explain(struct usb_card *card, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(card->state_text, sizeof(card->state_text), format, arguments);
    va_end(arguments);
}

static void explain_result(struct usb_card *card, int result, enum vdh_image_error why)
{
    switch (result) {
    case VDH_E_FIRMWARE:
        explain(card, "Firmware %.60s was refused, check %s: %s.",
                card->image_is_file ? card->options.firmware : "(the library's own)",
                vdh_image_error_name(why), vdh_image_error_text(why));
        break;
    case VDH_E_STATE:
        if (why != VDH_IMAGE_OK)
            explain(card, "No firmware runs; it refused its last image, check %s. Load one.",
                    vdh_image_error_name(why));
        else
            explain(card, "No firmware runs, and none was given. Load one.");
        break;
    case VDH_E_TIMEOUT:
        explain(card, "The boot timed out waiting for %s. Load firmware, or open it again.",
                card->core.waited_for);
        break;
    case VDH_E_TABLES:
        explain(card, "The running firmware's tables are malformed. Load other firmware.");
        break;
    default:
        explain(card, "The boot failed (%s). Load firmware, or open it again.",
                vdh_result_name(result));
        break;
    }
}

/* ---- One boot ---- */

void usb_boot_pause(struct usb_card *card, uint32_t microseconds)
{
    const uint32_t awaited = VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_STOPPED;
    int64_t deadline = vdi_now_ns() + microseconds * INT64_C(1000);

    if (!microseconds)
        return;
    usb_card_lock(card);
    while (!(card->news & awaited) && !card->link.lost &&
           !vdi_cond_wait(card->cond, card->lock, deadline)) {
    }
    card->news &= ~awaited;
    usb_card_unlock(card);
}

int usb_boot_attach(struct usb_card *card)
{
    const struct vdh_budget budget = {BUDGET_ACCESSES, BUDGET_BYTES};
    int result = usb_io_read_ahead(card, 0, IDENTITY_BYTES);

    if (!result)
        result = vdh_attach(&card->core, &card->io, card, VDH_TRANSPORT_SLOW, &budget);
    usb_io_forget(card);
    if (!result)
        result = vdh_interrupts_enable(&card->core, USB_EVENTS);
    return result;
}

/* On one handle. */
static int boot_once(struct usb_card *card, struct vdh_boot *boot, size_t bytes,
                     vdc_progress_fn progress, void *user)
{
    uint32_t told = 0;
    int result;

    do {
        uint32_t again_us = 0;

        result = vdh_boot_step(boot, (uint64_t)vdi_now_ns() / 1000u, &again_us);
        if (progress && boot->uploaded_bytes != told) {
            told = boot->uploaded_bytes;
            usb_card_leave(card);
            progress(told, bytes, user);
            usb_card_enter(card);
        }
        if (result == VDH_AGAIN)
            usb_boot_pause(card, again_us);
    } while (result == VDH_AGAIN);
    return result;
}

void usb_boot_moving(struct usb_card *card, int moving)
{
    usb_card_lock(card);
    card->moving += moving ? 1u : (uint32_t)-1;
    /* What left meanwhile, and was not waited for, is gone. */
    if (!card->moving && card->link.lost)
        usb_card_lost(card);
    vdi_cond_signal_all(card->alarm);
    usb_card_unlock(card);
    usb_hotplug_moving(card->id, moving);
}

int usb_boot_run(struct usb_card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                 enum vdh_image_error *why, vdc_progress_fn progress, void *user)
{
    struct vdh_boot boot;
    int sent = (flags & (uint32_t)VDH_BOOT_COMMANDED) != 0;
    int result = VDH_E_GONE;

    usb_boot_moving(card, 1);
    for (uint32_t round = 0; round < ROUNDS_MOST; round++) {
        uint32_t use = sent ? (uint32_t)VDH_BOOT_COMMANDED : flags;

        vdh_boot_start(&boot, &card->core, sent ? NULL : image, sent ? 0u : (uint32_t)bytes,
                       card->tables, use);
        result = card->link.lost ? VDH_E_GONE : boot_once(card, &boot, bytes, progress, user);
        if (result != VDH_E_GONE)
            break;
        if (boot.commanded)
            sent = 1;
        result = usb_link_return(card);
        if (!result)
            result = usb_boot_attach(card);
        if (result && result != VDH_E_GONE)
            break;
        if (result && !card->link.handle)
            break;
    }
    usb_boot_moving(card, 0);
    *why = boot.error;
    return result;
}

int usb_boot_bring_up(struct usb_card *card)
{
    uint32_t flags = card->image_is_file ? (uint32_t)VDH_BOOT_REPLACE : 0u;
    enum vdh_image_error why = VDH_IMAGE_OK;
    enum vdh_image_error ignored;
    int result;

    card->ready = 0;
    card->state_text[0] = 0;
    usb_boot_moving(card, 1);
    result = usb_boot_attach(card);
    if (result == VDH_E_IO)
        result = usb_boot_attach(card);
    usb_boot_moving(card, 0);
    /* What does not even answer cannot be opened; what leaves just now may be starting. */
    if (result && result != VDH_E_GONE)
        return usb_error(card, result, "asking what it is");
    result = usb_boot_run(card, card->image, card->image_bytes, flags, &why, NULL, NULL);
    if (result == VDH_E_IO)
        result = usb_boot_run(card, card->image, card->image_bytes, flags, &why, NULL, NULL);
    if (result == VDH_E_FIRMWARE) {
        explain_result(card, result, why);
        result = usb_boot_run(card, NULL, 0, 0, &ignored, NULL, NULL);
        if (result == VDH_OK)
            vdi_log(card->device->context, VDC_LOG_WARNING, "%s: %s", card->id, card->state_text);
    } else if (result != VDH_OK) {
        explain_result(card, result, why);
    }
    /* Who had it before may have died while it captured. */
    if (result == VDH_OK) {
        result = vdh_reset(&card->core, VDH_V_RESET_KIND_ENGINE);
        if (result != VDH_OK)
            explain_result(card, result, why);
    }
    if (result == VDH_E_GONE)
        return usb_error(card, result, "booting it");
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
    usb_boot_tell(card);
    return VDC_OK;
}

/* ---- What the device is ---- */

void usb_boot_tell(struct usb_card *card)
{
    const struct vdh_identity *identity = &card->core.identity;
    struct usb_seat seat;
    struct vdi_device_info info;

    memset(&seat, 0, sizeof(seat));
    memcpy(seat.id, card->id, sizeof(seat.id));
    memcpy(seat.port, card->port, sizeof(seat.port));
    usb_find_describe(&info, &seat);
    (void)snprintf(info.serial, sizeof(info.serial), "%s", identity->serial);
    info.time_hz = identity->time_hz;
    if (card->ready) {
        info.caps |= VDC_CAP_INPUTS | VDC_CAP_TIMINGS;
        if (vdh_field_get(identity->caps, VDH_F_CAPS_CROP))
            info.caps |= VDC_CAP_CROP;
    } else {
        info.limited = 1;
        memcpy(info.state_text, card->state_text, sizeof(info.state_text));
    }
    vdi_device_set_info(card->device, &info);
}
