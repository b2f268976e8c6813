/* SPDX-License-Identifier: MIT */
/*
 * A PCI device at the far end of a vfio-user socket: the messages, without the socket. What arrives is
 * taken for hostile: each length, offset, count and descriptor is checked before it is used, and what
 * makes no sense is answered with an errno or, where the stream itself is broken, ends the connection.
 */
#ifndef VMR_VFU_H
#define VMR_VFU_H

#include <stddef.h>
#include <stdint.h>

#define VFU_MESSAGE_MOST  8192u /* header included, either way */
#define VFU_TRANSFER_MOST 4096u /* bytes of a region read or written at once */
#define VFU_FDS_MOST      8u
#define VFU_MAPS_MOST     256u
#define VFU_REGIONS       9u /* BARs 0 to 5, ROM, configuration space, VGA */
#define VFU_CONFIG_REGION 7u
#define VFU_IRQS          5u /* INTx, MSI, MSI-X, error, request */

enum vfu_command {
    VFU_VERSION = 1,
    VFU_DMA_MAP = 2,
    VFU_DMA_UNMAP = 3,
    VFU_DEVICE_INFO = 4,
    VFU_REGION_INFO = 5,
    VFU_REGION_IO_FDS = 6,
    VFU_IRQ_INFO = 7,
    VFU_SET_IRQS = 8,
    VFU_REGION_READ = 9,
    VFU_REGION_WRITE = 10,
    VFU_DEVICE_RESET = 13
};

#define VFU_FLAG_TYPE     0x0fu
#define VFU_FLAG_REPLY    0x01u
#define VFU_FLAG_NO_REPLY 0x10u
#define VFU_FLAG_ERROR    0x20u

struct vfu_header {
    uint16_t id;
    uint16_t command;
    uint32_t size; /* of the whole message */
    uint32_t flags;
    uint32_t error;
};

/* What the device does. Offsets and counts lie within the region. */
struct vfu_ops {
    void (*read)(void *context, uint32_t region, uint32_t offset, uint8_t *bytes, uint32_t count);
    void (*write)(void *context, uint32_t region, uint32_t offset, const uint8_t *bytes,
                  uint32_t count);
    void (*reset)(void *context);
};

struct vfu_map {
    uint64_t address;
    uint64_t size;
    uint8_t *memory; /* NULL: known, but not to be reached */
    int writable;
};

struct vfu {
    const struct vfu_ops *ops;
    void *context;
    uint32_t region_bytes[VFU_REGIONS];
    struct vfu_map maps[VFU_MAPS_MOST];
    size_t map_count;
    int negotiated;
    int msi_fd;
    int intx_fd;
    int intx_line;   /* level of the line */
    int intx_masked; /* by the guest's side, or by the last message until it says go on */
    uint64_t refused;
    uint64_t messages;
    uint64_t errors;
};

/* A connection's beginning; `ops`, `context` and region_bytes are the caller's to set before. */
void vfu_begin(struct vfu *vfu);
/* Its end: unmaps and closes all. */
void vfu_end(struct vfu *vfu);

/* One whole message, of `length` bytes, at least a header. Bytes of the answer in `reply` (room for
 * VFU_MESSAGE_MOST), 0 if there is none, or -1 if the connection has to end. Descriptors that are
 * kept are set to -1 in `fds`; the others stay the caller's. */
int vfu_handle(struct vfu *vfu, const uint8_t *message, size_t length, int *fds, size_t fd_count,
               uint8_t *reply);

/* Where the device may reach `length` bytes at `address`, or NULL (which is counted). */
void *vfu_dma(struct vfu *vfu, uint64_t address, uint32_t length, int write);

void vfu_send_msi(struct vfu *vfu);
void vfu_set_line(struct vfu *vfu, int level);

/* The maps; an errno, or 0. */
int vfu_map_add(struct vfu *vfu, uint64_t address, uint64_t size, uint64_t offset, int writable,
                int fd);
int vfu_map_remove(struct vfu *vfu, uint64_t address, uint64_t size);
void vfu_map_remove_all(struct vfu *vfu);

/* The socket: 1 and a whole message; 0 at its end; -1 if what came is no message. */
int vfu_receive(int socket, uint8_t *message, size_t *length, int *fds, size_t *fd_count);
int vfu_send(int socket, const uint8_t *message, size_t length);

#endif
