/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Interrupts: read, acknowledge, tell the host what to look at. The only function of the core that
 * an interrupt routine calls; it touches INT_STATUS and nothing else.
 */
#ifndef VDH_IRQ_H
#define VDH_IRQ_H

#include "vdh_device.h"

enum {
    VDH_EVENT_FRAME = 1 << 0,
    VDH_EVENT_WATERMARK = 1 << 1,
    VDH_EVENT_SOURCE = 1 << 2,
    VDH_EVENT_CONTROL = 1 << 3,
    VDH_EVENT_BOOT = 1 << 4,
    VDH_EVENT_FLASH = 1 << 5,
    VDH_EVENT_ERROR = 1 << 6,
    VDH_EVENT_STOPPED = 1 << 7,
    VDH_EVENT_TEST = 1 << 8,
    VDH_EVENT_ALL = 0x1ff,
    VDH_EVENT_GONE = 1 << 30 /* not a register bit: all ones were read, the card is unplugged */
};

/* Reads and acknowledges: 2 accesses, 1 if nothing is pending (shared interrupts). *events becomes
 * the VDH_EVENT_* bits, 0 if the interrupt is not this card's. VDH_E_GONE comes with VDH_EVENT_GONE;
 * any other error with the bits that were read. VDH_E_STATE on a slow transport, where the status
 * comes in the event packet. */
VDH_ANY_LEVEL VDH_ISR int vdh_interrupt(struct vdh_device *device, uint32_t *events);

/* What a packet of the USB event endpoint says. */
struct vdh_usb_event {
    uint32_t events;
    uint32_t boot_status;
    uint32_t input_status;
    uint32_t control_changed;
    uint32_t error_status;
    uint32_t frames_produced;
    uint64_t ticks;
};

/* Decodes a packet; VDH_E_INVALID if it is not VDH_S_USB_EVENT bytes. */
VDH_ANY_LEVEL VDH_PURE int vdh_usb_event_decode(struct vdh_usb_event *out, const uint8_t *packet,
                                                uint32_t count);

#endif
