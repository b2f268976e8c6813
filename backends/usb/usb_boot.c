/* SPDX-License-Identifier: MIT */
/*
 * From a device on the bus to running firmware. It leaves the bus when firmware starts, so one boot
 * is several of the core's: up to GONE, then on the device that comes back, without an image.
 */
#include "usb.h"

#define ROUNDS_MOST     6u /* handles in one boot: a boot ROM, flash, upload, one loss of power */
#define BUDGET_ACCESSES 16384u
#define BUDGET_BYTES    65536u
#define IDENTITY_BYTES  (VDH_R_TIME_TOLERANCE + 4u)

static int attach(struct usb_card *card)
{
    const struct vdh_budget budget = {BUDGET_ACCESSES, BUDGET_BYTES};
    int result = usb_io_read_ahead(card, 0, IDENTITY_BYTES);

    if (!result)
        result = vdh_attach(&card->base.core, &card->io, card, VDH_TRANSPORT_SLOW, &budget);
    usb_io_forget(card);
    if (!result)
        result = vdh_interrupts_enable(&card->base.core, card->base.host->events);
    return result;
}

int usb_boot_greet(struct card *base, uint32_t attempt)
{
    struct usb_card *card = usb_card_from(base);
    int result;

    if (attempt)
        return VDH_OK;
    usb_boot_moving(card, 1);
    result = attach(card);
    if (result == VDH_E_IO)
        result = attach(card);
    usb_boot_moving(card, 0);
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
    usb_hotplug_moving(card->base.id, moving);
}

int usb_boot_run(struct card *base, const uint8_t *image, size_t bytes, uint32_t flags,
                 enum vdh_image_error *why, vdc_progress_fn progress, void *user)
{
    struct usb_card *card = usb_card_from(base);
    struct vdh_boot boot;
    int sent = (flags & (uint32_t)VDH_BOOT_COMMANDED) != 0;
    int result = VDH_E_GONE;

    usb_boot_moving(card, 1);
    for (uint32_t round = 0; round < ROUNDS_MOST; round++) {
        uint32_t use = sent ? (uint32_t)VDH_BOOT_COMMANDED : flags;

        vdh_boot_start(&boot, &base->core, sent ? NULL : image, sent ? 0u : (uint32_t)bytes,
                       base->tables, use);
        result = card->link.lost ? VDH_E_GONE : card_boot_steps(base, &boot, bytes, progress, user);
        if (result != VDH_E_GONE)
            break;
        if (boot.commanded)
            sent = 1;
        result = usb_link_return(card);
        if (!result)
            result = attach(card);
        if (result && result != VDH_E_GONE)
            break;
        if (result && !card->link.handle)
            break;
    }
    usb_boot_moving(card, 0);
    *why = boot.error;
    return result;
}
