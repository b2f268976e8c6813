/* SPDX-License-Identifier: MIT */
/*
 * The seven callbacks over memory registers, I/O ports and control transfers. Written from the data
 * sheet alone, as a driver would be.
 */
#include "host_bus.h"

#include <stdio.h>
#include <stdlib.h>

#include "vdh_layouts.h"

/* What an access costs in true time. */
#define MEMORY_NS  250u
#define PORT_NS    1000u
#define CONTROL_NS 125000u

static void pass(struct host *host, uint64_t ns)
{
    vdm_advance(host->card, vdm_now_ns(host->card) + ns);
}

/* ---- Memory ---- */

static int memory_read(void *context, uint32_t offset, uint32_t *value)
{
    struct host *host = context;

    pass(host, MEMORY_NS);
    *value = vdm_read(host->card, offset);
    return VDH_OK;
}

static int memory_write(void *context, uint32_t offset, uint32_t value)
{
    struct host *host = context;

    pass(host, MEMORY_NS);
    vdm_write(host->card, offset, value);
    return VDH_OK;
}

static int memory_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    uint32_t value;

    for (uint32_t i = 0; i < count; i += 4) {
        (void)memory_read(context, offset + i, &value);
        vdh_put_u32((uint8_t *)bytes + i, value);
    }
    return VDH_OK;
}

/* The last bytes of an odd image, padded with zeros. */
static uint32_t word_at(const uint8_t *bytes, uint32_t at, uint32_t count)
{
    uint8_t word[4] = {0, 0, 0, 0};

    memcpy(word, bytes + at, count - at < 4 ? count - at : 4);
    return vdh_get_u32(word);
}

static int memory_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += 4)
        (void)memory_write(context, offset + i, word_at(bytes, i, count));
    return VDH_OK;
}

/* ---- Ports ---- */

/* The port of a register that has one, else -1. */
static int direct_port(uint32_t offset)
{
    switch (offset) {
    case VDH_R_INT_STATUS:
        return VDH_O_PORTS_INT_STATUS;
    case VDH_R_INT_MASK:
        return VDH_O_PORTS_INT_MASK;
    case VDH_R_DOORBELL:
        return VDH_O_PORTS_DOORBELL;
    case VDH_R_COMPLETION_TAKEN:
        return VDH_O_PORTS_COMPLETION_TAKEN;
    default:
        return -1;
    }
}

static int port_read(void *context, uint32_t offset, uint32_t *value)
{
    struct host *host = context;
    int port = direct_port(offset);

    pass(host, PORT_NS);
    if (port < 0) {
        vdm_port_write(host->card, VDH_O_PORTS_INDEX, 4, offset);
        port = VDH_O_PORTS_DATA;
    }
    *value = vdm_port_read(host->card, (uint32_t)port, 4);
    return VDH_OK;
}

static int port_write(void *context, uint32_t offset, uint32_t value)
{
    struct host *host = context;
    int port = direct_port(offset);

    pass(host, PORT_NS);
    if (port < 0) {
        vdm_port_write(host->card, VDH_O_PORTS_INDEX, 4, offset);
        port = VDH_O_PORTS_DATA;
    }
    vdm_port_write(host->card, (uint32_t)port, 4, value);
    return VDH_OK;
}

static int port_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    struct host *host = context;

    vdm_port_write(host->card, VDH_O_PORTS_INDEX, 4, offset);
    for (uint32_t i = 0; i < count; i += 4) {
        pass(host, PORT_NS);
        vdh_put_u32((uint8_t *)bytes + i, vdm_port_read(host->card, VDH_O_PORTS_DATA, 4));
    }
    return VDH_OK;
}

static int port_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    struct host *host = context;

    if (offset != VDH_R_FW_WINDOW)
        abort();
    for (uint32_t i = 0; i < count; i += 2) {
        pass(host, PORT_NS);
        vdm_port_write(host->card, VDH_O_PORTS_FW_DATA, 2, word_at(bytes, i, count) & 0xffff);
    }
    return VDH_OK;
}

/* ---- USB ---- */

static int control(struct host *host, uint8_t type, uint8_t request, uint32_t value, uint32_t index,
                   uint8_t *data, uint32_t length)
{
    uint8_t setup[VDH_S_USB_REQUEST];
    int moved;

    setup[VDH_O_USB_REQUEST_TYPE] = type;
    setup[VDH_O_USB_REQUEST_REQUEST] = request;
    vdh_put_u16(setup + VDH_O_USB_REQUEST_VALUE, (uint16_t)value);
    vdh_put_u16(setup + VDH_O_USB_REQUEST_INDEX, (uint16_t)index);
    vdh_put_u16(setup + VDH_O_USB_REQUEST_LENGTH, (uint16_t)length);
    if (!host->attached)
        return VDH_E_GONE;
    pass(host, CONTROL_NS);
    if (!host->attached)
        return VDH_E_GONE;
    moved = vdm_usb_control(host->card, setup, data);
    if (moved == VDM_USB_GONE)
        return VDH_E_GONE;
    return moved == (int)length ? VDH_OK : VDH_E_IO;
}

int host_bus_configure(struct host *host)
{
    vdm_usb_reset(host->card);
    return control(host, 0, 9, 1, 0, NULL, 0); /* SET_CONFIGURATION, USB 2.0 table 9-4 */
}

static int usb_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    if (offset == VDH_R_TIME_LATCH)
        return control(context, VDH_L_USB_REQUEST_TYPE_IN, VDH_L_USB_REQUEST_REQUEST_TIME, 0, 0,
                       bytes, count);
    return control(context, VDH_L_USB_REQUEST_TYPE_IN, VDH_L_USB_REQUEST_REQUEST_READ, 0, offset,
                   bytes, count);
}

static int usb_read(void *context, uint32_t offset, uint32_t *value)
{
    uint8_t bytes[4];
    int result = usb_read_block(context, offset, bytes, sizeof(bytes));

    if (!result)
        *value = vdh_get_u32(bytes);
    return result;
}

static int usb_write(void *context, uint32_t offset, uint32_t value)
{
    uint8_t bytes[4];

    vdh_put_u32(bytes, value);
    return control(context, VDH_L_USB_REQUEST_TYPE_OUT, VDH_L_USB_REQUEST_REQUEST_WRITE, 0, offset,
                   bytes, sizeof(bytes));
}

static int usb_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    uint8_t copy[4096];

    if (offset != VDH_R_FW_WINDOW || count > sizeof(copy))
        abort();
    memcpy(copy, bytes, count);
    return control(context, VDH_L_USB_REQUEST_TYPE_OUT, VDH_L_USB_REQUEST_REQUEST_FW_DATA, 0, 0,
                   copy, count);
}

/* ---- All ---- */

static void stall_us(void *context, uint32_t microseconds)
{
    pass(context, microseconds * 1000u);
}

static void acquire(void *context)
{
    (void)context;
}

static void trace(void *context, const char *event, uint32_t a, uint32_t b)
{
    struct host *host = context;

    host->traces++;
    snprintf(host->last_trace, sizeof(host->last_trace), "%s %u %u", event, (unsigned)a,
             (unsigned)b);
}

const struct vdh_io host_bus_io[3] = {
    {memory_read, memory_write, memory_read_block, memory_write_block, stall_us, acquire, trace},
    {port_read,   port_write,   port_read_block,   port_write_block,   stall_us, acquire, trace},
    {usb_read,    usb_write,    usb_read_block,    usb_write_block,    stall_us, acquire, trace},
};

int host_usb_frame(struct host *host, uint8_t *out, uint32_t bytes, struct vdh_completion *record,
                   uint64_t us)
{
    uint32_t room = (bytes + 1023) / 1024 * 1024 + 1024;
    uint8_t *transfer = malloc(room);
    uint64_t end = host_now_us(host) + us;
    uint32_t got = 0;
    int packet_end = 0;
    int result = VDH_OK;

    while (!packet_end && !result) {
        int moved = got < room
                        ? vdm_usb_bulk_in(host->card, transfer + got, room - got, &packet_end)
                        : VDM_USB_STALL;

        if (moved >= 0)
            got += (uint32_t)moved;
        else if (moved == VDM_USB_NAK && host_now_us(host) < end)
            host_advance(host, 200);
        else if (moved == VDM_USB_NAK)
            result = got ? VDH_E_IO : VDH_AGAIN;
        else if (moved == VDM_USB_GONE)
            result = VDH_E_GONE;
        else { /* CLEAR_FEATURE ENDPOINT_HALT, and the rest of the frame is lost */
            (void)control(host, 2, 1, 0, 0x81, NULL, 0);
            result = VDH_E_IO;
        }
    }
    if (!result && got != room - 1024 + VDH_S_COMPLETION)
        result = VDH_E_IO;
    if (!result)
        result = vdh_completion_decode(record, transfer + room - 1024, VDH_S_COMPLETION);
    if (!result && record->bytes != bytes)
        result = VDH_E_IO;
    if (!result)
        memcpy(out, transfer, bytes);
    free(transfer);
    return result;
}
