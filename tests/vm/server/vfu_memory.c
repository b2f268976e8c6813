/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory, as the other side shares it. A file that could shrink under us would kill the
 * server by a signal, so only files sealed against it are mapped.
 */
#include "vfu.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int overlaps(const struct vfu *vfu, uint64_t address, uint64_t size)
{
    for (size_t n = 0; n < vfu->map_count; n++) {
        const struct vfu_map *map = &vfu->maps[n];

        if (address < map->address + map->size && map->address < address + size)
            return 1;
    }
    return 0;
}

int vfu_map_add(struct vfu *vfu, uint64_t address, uint64_t size, uint64_t offset, int writable,
                int fd)
{
    struct vfu_map *map = &vfu->maps[vfu->map_count];
    void *memory = NULL;

    if (size == 0 || address > UINT64_MAX - size || overlaps(vfu, address, size))
        return EINVAL;
    if (vfu->map_count == VFU_MAPS_MOST)
        return ENOSPC;
    if (fd >= 0) {
        struct stat status;
        int seals = fcntl(fd, F_GET_SEALS);

        if (seals < 0 || !(seals & F_SEAL_SHRINK))
            return EPERM;
        if (fstat(fd, &status) || status.st_size < 0 || offset > (uint64_t)status.st_size ||
            size > (uint64_t)status.st_size - offset)
            return EINVAL;
        memory = mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd,
                      (off_t)offset);
        if (memory == MAP_FAILED)
            return errno;
    }
    map->address = address;
    map->size = size;
    map->memory = memory;
    map->writable = writable;
    vfu->map_count++;
    return 0;
}

static void drop(struct vfu *vfu, size_t n)
{
    if (vfu->maps[n].memory)
        (void)munmap(vfu->maps[n].memory, vfu->maps[n].size);
    vfu->maps[n] = vfu->maps[--vfu->map_count];
}

int vfu_map_remove(struct vfu *vfu, uint64_t address, uint64_t size)
{
    for (size_t n = 0; n < vfu->map_count; n++) {
        if (vfu->maps[n].address == address && vfu->maps[n].size == size) {
            drop(vfu, n);
            return 0;
        }
    }
    return ENOENT;
}

void vfu_map_remove_all(struct vfu *vfu)
{
    while (vfu->map_count)
        drop(vfu, vfu->map_count - 1);
}

void *vfu_dma(struct vfu *vfu, uint64_t address, uint32_t length, int write)
{
    for (size_t n = 0; n < vfu->map_count; n++) {
        const struct vfu_map *map = &vfu->maps[n];

        if (address < map->address || address - map->address >= map->size)
            continue;
        if (length > map->size - (address - map->address) || !map->memory ||
            (write && !map->writable))
            break;
        return map->memory + (address - map->address);
    }
    vfu->refused++;
    return NULL;
}
