/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The interrupt routine's share: INT_STATUS, nothing else, no state. An all-ones read needs no
 * second look here, since most bits of INT_STATUS do not exist.
 */
#include "vdh_access.h"
#include "vdh_irq.h"

int vdh_interrupt(struct vdh_device *device, uint32_t *events)
{
    uint32_t status = 0;
    int result;

    *events = 0;
    if (device->transport == VDH_TRANSPORT_SLOW)
        return VDH_E_STATE;
    result = device->io->read(device->context, VDH_R_INT_STATUS, &status);
    if (result)
        return result;
    if (status == VDH_ALL_ONES) {
        *events = VDH_EVENT_GONE;
        return VDH_E_GONE;
    }
    status &= VDH_EVENT_ALL;
    if (status == 0)
        return VDH_OK;
    result = device->io->write(device->context, VDH_R_INT_STATUS, status);
    /* Reported even if the acknowledgement failed: seen twice is better than not at all. */
    *events = status;
    return result;
}

int vdh_usb_event_decode(struct vdh_usb_event *out, const uint8_t *packet, uint32_t count)
{
    if (count != VDH_S_USB_EVENT)
        return VDH_E_INVALID;
    out->events = vdh_get_u32(packet + VDH_O_USB_EVENT_INT_STATUS) & VDH_EVENT_ALL;
    out->boot_status = vdh_get_u32(packet + VDH_O_USB_EVENT_BOOT_STATUS);
    out->input_status = vdh_get_u32(packet + VDH_O_USB_EVENT_INPUT_STATUS);
    out->control_changed = vdh_get_u32(packet + VDH_O_USB_EVENT_CONTROL_CHANGED);
    out->error_status = vdh_get_u32(packet + VDH_O_USB_EVENT_ERROR_STATUS);
    out->frames_produced = vdh_get_u32(packet + VDH_O_USB_EVENT_FRAMES_PRODUCED);
    out->ticks = vdh_get_u64(packet + VDH_O_USB_EVENT_TICKS);
    return VDH_OK;
}
