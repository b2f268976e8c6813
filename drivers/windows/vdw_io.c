/* SPDX-License-Identifier: MIT */
/*
 * The core's seven callbacks over the macros of wdm.h. A card that is gone or asleep is not touched:
 * a sleeping one may have no power, and a removed one's addresses may belong to somebody else.
 */
#include "vdw.h"

static int reachable(const struct vdw_device *device)
{
    return !device->gone && !device->asleep;
}

/* ---- Memory body ---- */

static PULONG memory_at(const struct vdw_device *device, uint32_t offset)
{
    return (PULONG)(void *)(device->memory + offset);
}

static int memory_read(void *context, uint32_t offset, uint32_t *value)
{
    const struct vdw_device *device = context;

    if (!reachable(device))
        return VDH_E_GONE;
    *value = READ_REGISTER_ULONG(memory_at(device, offset));
    return VDH_OK;
}

static int memory_write(void *context, uint32_t offset, uint32_t value)
{
    const struct vdw_device *device = context;

    if (!reachable(device))
        return VDH_E_GONE;
    /* x86 keeps stores in order by itself; this keeps the compiler, and other processors, to it. */
    atomic_thread_fence(memory_order_release);
    WRITE_REGISTER_ULONG(memory_at(device, offset), value);
    return VDH_OK;
}

static int memory_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    const struct vdw_device *device = context;
    uint8_t *out = bytes;

    if (!reachable(device))
        return VDH_E_GONE;
    /* One by one: whether the buffer macros move on in the registers is told differently for
     * different processors. */
    for (uint32_t i = 0; i + 4u <= count; i += 4u)
        vdh_put_u32(out + i, READ_REGISTER_ULONG(memory_at(device, offset + i)));
    return VDH_OK;
}

static int memory_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    const struct vdw_device *device = context;
    const uint8_t *in = bytes;

    if (!reachable(device))
        return VDH_E_GONE;
    atomic_thread_fence(memory_order_release);
    for (uint32_t i = 0; i < count; i += 4u) {
        uint8_t word[4] = {0, 0, 0, 0};

        memcpy(word, in + i, count - i < 4u ? count - i : 4u);
        WRITE_REGISTER_ULONG(memory_at(device, offset + i), vdh_get_u32(word));
    }
    return VDH_OK;
}

/* ---- Ports body ---- */

static PULONG port_at(const struct vdw_device *device, uint32_t port)
{
    return (PULONG)(void *)(device->ports + port);
}

/* The port that is the register at `offset`, or DATA once INDEX says which. */
static PULONG port_of(const struct vdw_device *device, uint32_t offset)
{
    switch (offset) {
    case VDH_R_INT_STATUS:
        return port_at(device, VDH_O_PORTS_INT_STATUS);
    case VDH_R_INT_MASK:
        return port_at(device, VDH_O_PORTS_INT_MASK);
    case VDH_R_DOORBELL:
        return port_at(device, VDH_O_PORTS_DOORBELL);
    case VDH_R_COMPLETION_TAKEN:
        return port_at(device, VDH_O_PORTS_COMPLETION_TAKEN);
    default:
        /* The interrupt routine never comes here, so INDEX and DATA stay a pair. */
        WRITE_PORT_ULONG(port_at(device, VDH_O_PORTS_INDEX), offset);
        return port_at(device, VDH_O_PORTS_DATA);
    }
}

static int port_read(void *context, uint32_t offset, uint32_t *value)
{
    const struct vdw_device *device = context;

    if (!reachable(device))
        return VDH_E_GONE;
    *value = READ_PORT_ULONG(port_of(device, offset));
    return VDH_OK;
}

static int port_write(void *context, uint32_t offset, uint32_t value)
{
    const struct vdw_device *device = context;

    if (!reachable(device))
        return VDH_E_GONE;
    atomic_thread_fence(memory_order_release);
    WRITE_PORT_ULONG(port_of(device, offset), value);
    return VDH_OK;
}

/* Only the TABLES window is read so: INDEX moves on by itself there. */
static int port_read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    const struct vdw_device *device = context;
    uint8_t *out = bytes;

    if (!reachable(device))
        return VDH_E_GONE;
    WRITE_PORT_ULONG(port_at(device, VDH_O_PORTS_INDEX), offset);
    for (uint32_t i = 0; i + 4u <= count; i += 4u)
        vdh_put_u32(out + i, READ_PORT_ULONG(port_at(device, VDH_O_PORTS_DATA)));
    return VDH_OK;
}

/* Only the FW_WINDOW is written so: a port of 16 bits takes its place. */
static int port_write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    const struct vdw_device *device = context;
    const uint8_t *in = bytes;
    PUSHORT port = (PUSHORT)(void *)(device->ports + VDH_O_PORTS_FW_DATA);

    if (!reachable(device))
        return VDH_E_GONE;
    if (offset < VDH_R_FW_WINDOW)
        return VDH_E_IO;
    /* The macro only reads, though its type does not say so. */
    WRITE_PORT_BUFFER_USHORT(port, (PUSHORT)(ULONG_PTR)in, count / 2u);
    if (count % 2u != 0)
        WRITE_PORT_USHORT(port, in[count - 1u]);
    return VDH_OK;
}

/* ---- The rest ---- */

static void stall(void *context, uint32_t microseconds)
{
    struct vdw_device *device = context;

    /* The core promises 10 us an entry; a second guard costs nothing. */
    if (device->stalled_us + microseconds > 10u)
        return;
    device->stalled_us += microseconds;
    KeStallExecutionProcessor(microseconds);
}

static void acquire(void *context)
{
    (void)context;
    atomic_thread_fence(memory_order_acquire);
}

static const struct vdh_io memory_io = {
    memory_read, memory_write, memory_read_block, memory_write_block, stall, acquire, NULL,
};
static const struct vdh_io port_io = {
    port_read, port_write, port_read_block, port_write_block, stall, acquire, NULL,
};

int vdw_io_attach(struct vdw_device *device)
{
    static const struct vdh_budget budget = {VDW_ENTRY_ACCESSES, VDW_ENTRY_BYTES};

    return vdh_attach(&device->core, device->memory ? &memory_io : &port_io, device,
                      VDH_TRANSPORT_FAST, &budget);
}
