/* SPDX-License-Identifier: MIT */
/*
 * Memory that the host controller writes and the program reads (libusb_dev_mem_alloc): the kernel copies nothing. On some machines it
 * is not cached, and reading it takes longer than a copy, so it is measured before it is used.
 */
#include "usb.h"

#include <stdlib.h>
#include <string.h>

#include "usb_tune.h"

#define PROBE_BYTES  (UINT32_C(512) * 1024u)
#define PROBE_ROUNDS 4
#define SLOWER_MOST  3 /* times, than memory of any other kind */

/* The best of a few copies. */
static int64_t read_ns(uint8_t *to, const uint8_t *from)
{
    int64_t best = INT64_MAX;

    for (int i = 0; i < PROBE_ROUNDS; i++) {
        int64_t begin = vdi_now_ns();
        int64_t took;

        memcpy(to, from, PROBE_BYTES);
        took = vdi_now_ns() - begin;
        best = took < best ? took : best;
    }
    return best;
}

static int probe(struct vdi_context *context, const char *id, libusb_device_handle *handle)
{
    uint8_t *mapped = libusb_dev_mem_alloc(handle, PROBE_BYTES);
    uint8_t *plain = malloc(PROBE_BYTES);
    uint8_t *to = malloc(PROBE_BYTES);
    int fast = 0;

    if (mapped && plain && to) {
        int64_t ordinary;
        int64_t special;

        memset(mapped, 1, PROBE_BYTES);
        memset(plain, 1, PROBE_BYTES);
        memset(to, 1, PROBE_BYTES);
        ordinary = read_ns(to, plain);
        special = read_ns(to, mapped);
        fast = special <= SLOWER_MOST * (ordinary + 1000);
        vdi_log(context, VDC_LOG_DEBUG,
                "%s: %u bytes of device memory are read in %lld us, of ordinary in %lld: %s", id,
                (unsigned)PROBE_BYTES, (long long)(special / 1000), (long long)(ordinary / 1000),
                fast ? "used" : "not used");
    }
    if (mapped)
        (void)libusb_dev_mem_free(handle, mapped, PROBE_BYTES);
    free(plain);
    free(to);
    return fast;
}

int usb_devmem_lends(libusb_device_handle *handle, size_t bytes)
{
    uint8_t *memory = libusb_dev_mem_alloc(handle, bytes);

    if (memory)
        (void)libusb_dev_mem_free(handle, memory, bytes);
    return memory != NULL;
}

int usb_devmem_is_fast(struct vdi_context *context, const char *id, libusb_device_handle *handle,
                       uint8_t bus)
{
    int fast = usb_tune_devmem(bus);

    if (fast < 0) {
        fast = probe(context, id, handle);
        usb_tune_devmem_set(bus, fast);
    }
    return fast;
}
