/* SPDX-License-Identifier: MIT */
/*
 * The core's callbacks over control requests. A block is one request; registers that the core reads
 * one after the other can be read ahead in one, and each copy is handed out once.
 */
#include "usb.h"

#include <string.h>

#define WRITE_MOST 64u

int usb_io_result(struct usb_card *card, int code)
{
    if (code >= 0)
        return VDH_OK;
    if (code != LIBUSB_ERROR_NO_DEVICE)
        return VDH_E_IO;
    usb_card_lock(card);
    card->link.lost = 1;
    usb_card_unlock(card);
    return VDH_E_GONE;
}

/* Exactly `count` bytes, or an error. */
static int request(struct usb_card *card, uint8_t type, uint8_t code, uint32_t index, void *bytes,
                   uint32_t count)
{
    int64_t begin = vdi_now_ns();
    int64_t took;
    int moved;

    if (!card->link.handle || card->link.lost)
        return VDH_E_GONE;
    (void)atomic_fetch_add(&card->requests, 1u);
    moved = usb_pump_request(&card->pump, card->link.handle, type, code, (uint16_t)index, bytes,
                             (uint16_t)count, USB_CONTROL_MS);
    if (moved < 0) {
        card->request_error = moved;
        return usb_io_result(card, moved);
    }
    took = vdi_now_ns() - begin;
    if (!card->request_ns || took < card->request_ns)
        card->request_ns = took;
    if ((uint32_t)moved == count)
        return VDH_OK;
    card->request_error = 0;
    return VDH_E_IO;
}

static int in(struct usb_card *card, uint8_t code, uint32_t index, void *bytes, uint32_t count)
{
    return request(card, VDH_L_USB_REQUEST_TYPE_IN, code, index, bytes, count);
}

static int out(struct usb_card *card, uint8_t code, uint32_t index, const void *bytes,
               uint32_t count)
{
    return request(card, VDH_L_USB_REQUEST_TYPE_OUT, code, index, (void *)(uintptr_t)bytes, count);
}

/* ---- Read ahead ---- */

void usb_io_forget(struct usb_card *card)
{
    card->ahead_bytes = 0;
}

int usb_io_read_ahead(struct usb_card *card, uint32_t offset, uint32_t bytes)
{
    int result;

    usb_io_forget(card);
    if (bytes > sizeof(card->ahead))
        return VDH_E_INVALID;
    result = in(card, VDH_L_USB_REQUEST_REQUEST_READ, offset, card->ahead, bytes);
    if (!result) {
        card->ahead_offset = offset;
        card->ahead_bytes = bytes;
        memset(card->ahead_used, 0, sizeof(card->ahead_used));
    }
    return result;
}

static int take_ahead(struct usb_card *card, uint32_t offset, uint32_t *value)
{
    uint32_t at = offset - card->ahead_offset;

    if (offset < card->ahead_offset || at + 4u > card->ahead_bytes || card->ahead_used[at / 4u])
        return 0;
    card->ahead_used[at / 4u] = 1;
    *value = vdh_get_u32(card->ahead + at);
    return 1;
}

/* ---- The seven ---- */

static int io_read(void *context, uint32_t offset, uint32_t *value)
{
    struct usb_card *card = context;
    uint8_t bytes[4];
    int result;

    if (take_ahead(card, offset, value))
        return VDH_OK;
    result = in(card, VDH_L_USB_REQUEST_REQUEST_READ, offset, bytes, sizeof(bytes));
    if (!result)
        *value = vdh_get_u32(bytes);
    return result;
}

static int io_write(void *context, uint32_t offset, uint32_t value)
{
    struct usb_card *card = context;
    uint8_t bytes[4];

    vdh_put_u32(bytes, value);
    return out(card, VDH_L_USB_REQUEST_REQUEST_WRITE, offset, bytes, sizeof(bytes));
}

static int io_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    struct usb_card *card = context;

    if (offset == VDH_R_TIME_LATCH)
        return in(card, VDH_L_USB_REQUEST_REQUEST_TIME, 0, bytes, count);
    return in(card, VDH_L_USB_REQUEST_REQUEST_READ, offset, bytes, count);
}

static int io_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    struct usb_card *card = context;
    const uint8_t *from = bytes;
    int result = VDH_OK;

    if (offset >= VDH_R_FW_WINDOW)
        return out(card, VDH_L_USB_REQUEST_REQUEST_FW_DATA, 0, bytes, count);
    while (count && !result) {
        uint32_t piece = count < WRITE_MOST ? count : WRITE_MOST;

        result = out(card, VDH_L_USB_REQUEST_REQUEST_WRITE, offset, from, piece);
        offset += piece;
        from += piece;
        count -= piece;
    }
    return result;
}

static void io_stall(void *context, uint32_t microseconds)
{
    /* The core does not stall on a slow transport. */
    (void)context;
    (void)microseconds;
}

static void io_acquire(void *context)
{
    (void)context;
    atomic_thread_fence(memory_order_acquire);
}

static void io_trace(void *context, const char *event, uint32_t a, uint32_t b)
{
    struct usb_card *card = context;

    vdi_log(card->base.device->context, VDC_LOG_DEBUG, "%s: %s (0x%x, 0x%x)", card->base.id, event,
            (unsigned)a, (unsigned)b);
}

void usb_io_init(struct usb_card *card)
{
    card->io.read = io_read;
    card->io.write = io_write;
    card->io.read_block = io_read_block;
    card->io.write_block = io_write_block;
    card->io.stall_us = io_stall;
    card->io.acquire = io_acquire;
    card->io.trace = io_trace;
}
