/* SPDX-License-Identifier: MIT */
/*
 * Setting up is left to the core; the loop is by hand. It polls the completion ring, takes no interrupt
 * and keeps no books: less than this no driver can do.
 */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_default_image.h"
#include "vdh_format.h"
#include "vdm.h"

#define BUFFERS 4u

struct bare {
    struct vdm_card *model;
    struct vdh_device device;
    struct vdh_capture capture;
    uint8_t tables[VDH_TABLES_MAX_BYTES];
    uint8_t *memory;      /* of the card */
    uint8_t *shared;      /* rings and segments */
    uint8_t *descriptors; /* in it */
    uint8_t *completions;
    uint8_t *segments;
    uint8_t *data[BUFFERS];
    uint32_t frame_bytes;
    uint32_t taken;
    uint32_t written;
};

static void *dma(void *context, uint64_t address, uint32_t length, int write)
{
    (void)context;
    (void)length;
    (void)write;
    return (void *)(uintptr_t)address;
}

static int read_register(void *context, uint32_t offset, uint32_t *value)
{
    *value = vdm_read(((struct bare *)context)->model, offset);
    return VDH_OK;
}

static int write_register(void *context, uint32_t offset, uint32_t value)
{
    vdm_write(((struct bare *)context)->model, offset, value);
    return VDH_OK;
}

static int read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i + 4 <= count; i += 4)
        vdh_put_u32((uint8_t *)bytes + i, vdm_read(((struct bare *)context)->model, offset + i));
    return VDH_OK;
}

static int write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += 4) {
        uint8_t word[4] = {0, 0, 0, 0};

        memcpy(word, (const uint8_t *)bytes + i, count - i < 4 ? count - i : 4);
        vdm_write(((struct bare *)context)->model, offset + i, vdh_get_u32(word));
    }
    return VDH_OK;
}

static void nothing(void *context)
{
    (void)context;
}

static void stall(void *context, uint32_t microseconds)
{
    (void)context;
    (void)microseconds;
}

static const struct vdh_io io = {read_register, write_register, read_block, write_block,
                                 stall,         nothing,        NULL};

static int boot(struct bare *bare)
{
    const struct vdh_budget budget = {1024, 65536};
    struct vdh_boot boot;
    int result = vdh_attach(&bare->device, &io, bare, VDH_TRANSPORT_FAST, &budget);

    if (result)
        return result;
    vdh_boot_start(&boot, &bare->device, vdh_default_image, vdh_default_image_bytes, bare->tables,
                   0);
    for (;;) {
        uint32_t again_us = 0;

        result = vdh_boot_step(&boot, vdm_now_ns(bare->model) / 1000, &again_us);
        if (result != VDH_AGAIN)
            return result;
        vdm_advance(bare->model, vdm_now_ns(bare->model) + (again_us + 1) * UINT64_C(1000));
    }
}

static int start(struct bare *bare, uint32_t width, uint32_t height, uint32_t num, uint32_t den)
{
    struct vdh_format format = {
        VDH_FOURCC_YUYV, 0, width, height, 0, 0, 0, {num, den}
    };
    struct vdh_dma_memory descriptors;
    struct vdh_dma_memory completions;
    uint32_t changed;
    int result = vdh_format_adjust(&bare->device, &format, &changed);

    if (!result && changed)
        result = VDH_E_RANGE;
    if (!result)
        result = vdh_format_set(&bare->device, &format);
    bare->frame_bytes = vdh_format_frame_bytes(VDH_FOURCC_YUYV, format.stride_bytes, height);
    bare->shared = aligned_alloc(4096, 4096);
    if (result || !bare->shared)
        return result ? result : VDH_E_IO;
    memset(bare->shared, 0, 4096);
    bare->descriptors = bare->shared;
    bare->completions = bare->shared + 1024;
    bare->segments = bare->shared + 2048;
    descriptors.bytes = bare->descriptors;
    descriptors.address = (uintptr_t)bare->descriptors;
    descriptors.size = BUFFERS * VDH_S_DESCRIPTOR;
    completions.bytes = bare->completions;
    completions.address = (uintptr_t)bare->completions;
    completions.size = BUFFERS * VDH_S_COMPLETION;
    result = vdh_capture_set_up(&bare->capture, &bare->device, &descriptors, &completions);
    for (uint32_t i = 0; i < BUFFERS && !result; i++) {
        uint8_t *segment = bare->segments + (size_t)i * VDH_S_SEGMENT;

        bare->data[i] = aligned_alloc(4096, (bare->frame_bytes + 4095u) & ~4095u);
        if (!bare->data[i])
            return VDH_E_IO;
        memset(bare->data[i], 0, bare->frame_bytes);
        vdh_segment_put(segment, 0, (uintptr_t)bare->data[i], bare->frame_bytes);
        result = vdh_capture_queue(&bare->capture, (uintptr_t)segment, 1, bare->frame_bytes, i);
    }
    bare->written = BUFFERS;
    return result ? result : vdh_capture_start(&bare->capture, 0);
}

struct bare *bare_open(uint32_t width, uint32_t height, uint32_t interval_num,
                       uint32_t interval_den)
{
    static const struct vdm_host host = {dma, nothing, NULL};
    struct vdm_config config;
    struct bare *bare = calloc(1, sizeof(*bare));
    size_t bytes = (vdm_card_bytes() + 63u) & ~(size_t)63u;
    int result = VDH_E_IO;

    if (!bare)
        return NULL;
    vdm_config_default(&config);
    config.host = &host;
    config.context = bare;
    bare->memory = aligned_alloc(64, bytes);
    bare->model = bare->memory ? vdm_create(bare->memory, bytes, &config) : NULL;
    if (bare->model)
        result = boot(bare);
    if (!result)
        result = start(bare, width, height, interval_num, interval_den);
    if (result) {
        (void)fprintf(stderr, "bare loop: %s\n", vdh_result_name(result));
        bare_close(bare);
        return NULL;
    }
    return bare;
}

const uint8_t *bare_next(struct bare *bare, uint32_t *sequence)
{
    const uint8_t *record = bare->completions + (bare->taken % BUFFERS) * VDH_S_COMPLETION;
    uint32_t pass = bare->taken / BUFFERS % 2 == 0;
    uint32_t tag;

    /* The frame before goes back: its descriptor still stands in the ring, at the same place. */
    if (bare->taken) {
        bare->written++;
        vdm_write(bare->model, VDH_R_DOORBELL, bare->written & 0xffffu);
    }
    while ((vdh_get_u32(record + VDH_O_COMPLETION_VALID) & 1u) != pass)
        vdm_advance(bare->model, vdm_next_event_ns(bare->model));
    *sequence = vdh_get_u32(record + VDH_O_COMPLETION_SEQUENCE);
    tag = vdh_get_u32(record + VDH_O_COMPLETION_TAG);
    bare->taken++;
    vdm_write(bare->model, VDH_R_COMPLETION_TAKEN, bare->taken & 0xffffu);
    return bare->data[tag % BUFFERS];
}

void bare_close(struct bare *bare)
{
    if (!bare)
        return;
    free(bare->memory);
    free(bare->shared);
    for (uint32_t i = 0; i < BUFFERS; i++)
        free(bare->data[i]);
    free(bare);
}
