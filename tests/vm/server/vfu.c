/* SPDX-License-Identifier: MIT */
#include "vfu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <linux/vfio.h>

#define HEADER sizeof(struct vfu_header)

/* A message's fields, unaligned as they are. */
static uint32_t get32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t get64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

/* What a command works on: its payload, and where its answer goes. */
struct call {
    struct vfu *vfu;
    const uint8_t *in;
    size_t length;
    int *fds;
    size_t fd_count;
    uint8_t *out;
    size_t out_length;
};

static void answer(struct call *call, const void *bytes, size_t count)
{
    memcpy(call->out, bytes, count);
    call->out_length = count;
}

/* ---- Interrupts ---- */

static void signal_fd(int fd)
{
    const uint64_t one = 1;

    /* It does not block. A counter that is full is an interrupt that is pending anyway. */
    if (fd >= 0)
        (void)!write(fd, &one, sizeof one);
}

void vfu_send_msi(struct vfu *vfu)
{
    signal_fd(vfu->msi_fd);
}

static void show_line(struct vfu *vfu)
{
    if (!vfu->intx_line || vfu->intx_masked || vfu->intx_fd < 0)
        return;
    vfu->intx_masked = 1;
    signal_fd(vfu->intx_fd);
}

void vfu_set_line(struct vfu *vfu, int level)
{
    vfu->intx_line = level;
    show_line(vfu);
}

static void take_fd(int *place, int *fd)
{
    if (*place >= 0)
        (void)close(*place);
    *place = -1;
    if (fd && *fd >= 0) {
        int flags = fcntl(*fd, F_GETFL);

        if (flags < 0 || fcntl(*fd, F_SETFL, flags | O_NONBLOCK) < 0)
            return;
        *place = *fd;
        *fd = -1;
    }
}

static int set_irqs(struct call *call)
{
    struct vfu *vfu = call->vfu;
    uint32_t flags, action, data, index, count;
    int on;

    if (call->length < 20)
        return EINVAL;
    flags = get32(call->in + 4);
    action = flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
    data = flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
    index = get32(call->in + 8);
    count = get32(call->in + 16);
    if (index >= VFU_IRQS || get32(call->in + 12) != 0 || count > 1)
        return EINVAL;
    if (index != VFIO_PCI_INTX_IRQ_INDEX && index != VFIO_PCI_MSI_IRQ_INDEX)
        return count ? EINVAL : 0;
    if (data != VFIO_IRQ_SET_DATA_NONE && data != VFIO_IRQ_SET_DATA_BOOL &&
        data != VFIO_IRQ_SET_DATA_EVENTFD)
        return EINVAL;
    if (data == VFIO_IRQ_SET_DATA_BOOL && call->length < 20u + count)
        return EINVAL;
    on = count &&
         (data == VFIO_IRQ_SET_DATA_NONE || (data == VFIO_IRQ_SET_DATA_BOOL && call->in[20]));
    if (action == VFIO_IRQ_SET_ACTION_TRIGGER) {
        int *place = index == VFIO_PCI_MSI_IRQ_INDEX ? &vfu->msi_fd : &vfu->intx_fd;

        if (data == VFIO_IRQ_SET_DATA_EVENTFD || !count) {
            take_fd(place, count && call->fd_count ? &call->fds[0] : NULL);
            if (index == VFIO_PCI_INTX_IRQ_INDEX) {
                vfu->intx_masked = 0;
                show_line(vfu);
            }
        } else if (on) {
            signal_fd(*place);
        }
        return 0;
    }
    if (index != VFIO_PCI_INTX_IRQ_INDEX || data == VFIO_IRQ_SET_DATA_EVENTFD)
        return ENOTSUP;
    if (action == VFIO_IRQ_SET_ACTION_MASK)
        vfu->intx_masked |= on;
    else if (action == VFIO_IRQ_SET_ACTION_UNMASK && on)
        vfu->intx_masked = 0;
    else if (action != VFIO_IRQ_SET_ACTION_UNMASK)
        return EINVAL;
    show_line(vfu);
    return 0;
}

static int irq_info(struct call *call)
{
    struct vfio_irq_info info = {.argsz = sizeof info};

    if (call->length < sizeof info)
        return EINVAL;
    info.index = get32(call->in + 8);
    if (info.index >= VFU_IRQS)
        return EINVAL;
    if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
        info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
    else if (info.index == VFIO_PCI_MSI_IRQ_INDEX)
        info.flags = VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE;
    info.count = info.flags != 0;
    answer(call, &info, sizeof info);
    return 0;
}

/* ---- The device and its regions ---- */

static int version(struct call *call)
{
    static const char capabilities[] =
        "{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":4096}}";
    uint8_t numbers[4] = {0, 0, 0, 0}; /* 0.0, or 0.1 if the other side knows that */

    if (call->length < 4 || get32(call->in) << 16 != 0)
        return EINVAL;
    numbers[2] = get32(call->in) >> 16 != 0;
    /* Their capabilities ask nothing of a server this simple. */
    answer(call, numbers, sizeof numbers);
    memcpy(call->out + sizeof numbers, capabilities, sizeof capabilities);
    call->out_length += sizeof capabilities;
    call->vfu->negotiated = 1;
    return 0;
}

static int device_info(struct call *call)
{
    const uint32_t info[4] = {sizeof info, VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
                              VFU_REGIONS, VFU_IRQS};

    if (call->length < sizeof info)
        return EINVAL;
    answer(call, info, sizeof info);
    return 0;
}

static int region_info(struct call *call)
{
    struct vfio_region_info info = {.argsz = sizeof info};

    if (call->length < sizeof info)
        return EINVAL;
    info.index = get32(call->in + 8);
    if (info.index >= VFU_REGIONS)
        return EINVAL;
    info.size = call->vfu->region_bytes[info.index];
    if (info.size)
        info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
    answer(call, &info, sizeof info);
    return 0;
}

static int region_access(struct call *call, int write)
{
    struct vfu *vfu = call->vfu;
    uint64_t offset;
    uint32_t region, count;

    if (call->length < 16)
        return EINVAL;
    offset = get64(call->in);
    region = get32(call->in + 8);
    count = get32(call->in + 12);
    if (region >= VFU_REGIONS || count > VFU_TRANSFER_MOST || offset > vfu->region_bytes[region] ||
        count > vfu->region_bytes[region] - offset)
        return EINVAL;
    if (write && call->length - 16 < count)
        return EINVAL;
    answer(call, call->in, 16);
    if (write) {
        vfu->ops->write(vfu->context, region, (uint32_t)offset, call->in + 16, count);
    } else {
        vfu->ops->read(vfu->context, region, (uint32_t)offset, call->out + 16, count);
        call->out_length += count;
    }
    return 0;
}

/* ---- Memory ---- */

static int dma_map(struct call *call)
{
    uint32_t flags;

    if (call->length < 32 || call->fd_count > 1)
        return EINVAL;
    flags = get32(call->in + 4);
    return vfu_map_add(call->vfu, get64(call->in + 16), get64(call->in + 24), get64(call->in + 8),
                       (flags & VFIO_DMA_MAP_FLAG_WRITE) != 0, call->fd_count ? call->fds[0] : -1);
}

static int dma_unmap(struct call *call)
{
    uint32_t flags;
    int error = 0;

    if (call->length < 24)
        return EINVAL;
    flags = get32(call->in + 4);
    if (flags & ~(uint32_t)VFIO_DMA_UNMAP_FLAG_ALL)
        return ENOTSUP;
    if (flags & VFIO_DMA_UNMAP_FLAG_ALL)
        vfu_map_remove_all(call->vfu);
    else
        error = vfu_map_remove(call->vfu, get64(call->in + 8), get64(call->in + 16));
    answer(call, call->in, 24);
    return error;
}

static int dispatch(struct call *call, uint32_t command)
{
    switch (command) {
    case VFU_DMA_MAP:
        return dma_map(call);
    case VFU_DMA_UNMAP:
        return dma_unmap(call);
    case VFU_DEVICE_INFO:
        return device_info(call);
    case VFU_REGION_INFO:
        return region_info(call);
    case VFU_IRQ_INFO:
        return irq_info(call);
    case VFU_SET_IRQS:
        return set_irqs(call);
    case VFU_REGION_READ:
        return region_access(call, 0);
    case VFU_REGION_WRITE:
        return region_access(call, 1);
    case VFU_DEVICE_RESET:
        call->vfu->ops->reset(call->vfu->context);
        return 0;
    default:
        return ENOTSUP;
    }
}

int vfu_handle(struct vfu *vfu, const uint8_t *message, size_t length, int *fds, size_t fd_count,
               uint8_t *reply)
{
    struct vfu_header header;
    struct call call = {.vfu = vfu, .fds = fds, .fd_count = fd_count, .out = reply + HEADER};
    int error;

    if (length < HEADER || length > VFU_MESSAGE_MOST)
        return -1;
    memcpy(&header, message, HEADER);
    if (header.size != length || (header.flags & VFU_FLAG_TYPE) != 0)
        return -1;
    if ((header.command == VFU_VERSION) == vfu->negotiated)
        return -1; /* version comes first, and once */
    call.in = message + HEADER;
    call.length = length - HEADER;
    vfu->messages++;
    error = header.command == VFU_VERSION ? version(&call) : dispatch(&call, header.command);
    vfu->errors += error != 0;
    if (header.flags & VFU_FLAG_NO_REPLY)
        return 0;
    header.flags = VFU_FLAG_REPLY | (error ? VFU_FLAG_ERROR : 0u);
    header.error = (uint32_t)error;
    header.size = (uint32_t)(HEADER + (error ? 0 : call.out_length));
    memcpy(reply, &header, HEADER);
    return (int)header.size;
}

void vfu_begin(struct vfu *vfu)
{
    vfu->map_count = 0;
    vfu->negotiated = 0;
    vfu->msi_fd = -1;
    vfu->intx_fd = -1;
    vfu->intx_masked = 0;
}

void vfu_end(struct vfu *vfu)
{
    vfu_map_remove_all(vfu);
    take_fd(&vfu->msi_fd, NULL);
    take_fd(&vfu->intx_fd, NULL);
}
