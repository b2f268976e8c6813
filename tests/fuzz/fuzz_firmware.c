/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a firmware image, as they come and with their hashes made right. Besides not
 * crashing, the core, the card and the builder must refuse for the same reason.
 */
#include "readings.h"
#include "vdh_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_PLANTED_OVERRUN
/* The planted bug, for the control: a header is believed that nobody compared with the length. */
static void believe_header(const uint8_t *image, uint32_t bytes)
{
    struct vdh_tables tables;

    if (bytes >= VDH_S_IMAGE && vdh_crc32(0, image, VDH_O_IMAGE_HEADER_CRC32) ==
                                    vdh_get_u32(image + VDH_O_IMAGE_HEADER_CRC32)) {
        (void)vdh_tables_parse(&tables, image + vdh_get_u32(image + VDH_O_IMAGE_TABLES_OFFSET),
                               vdh_get_u32(image + VDH_O_IMAGE_TABLES_BYTES));
    }
}
#endif

static void check_readings(const uint8_t *image, uint32_t bytes)
{
    struct vdh_image_info info;
    struct vdh_tables tables;
    uint32_t core = readings_core(image, bytes, &info);
    uint32_t card = readings_card(image, bytes);
    uint32_t builder = readings_builder(image, bytes);

#ifdef FUZZ_PLANTED_READING
    /* The planted bug of the other control: one reader takes no names beyond ASCII. */
    for (size_t i = 0; i < sizeof info.name && builder == 0; i++) {
        builder = (unsigned char)info.name[i] > 127 ? VDH_IMAGE_HEADER_FORMAT : 0;
    }
#endif
    if (core != card || core != builder) {
        fprintf(stderr, "readings differ: core %s, card %s, builder %s\n",
                vdh_image_error_name((enum vdh_image_error)core),
                vdh_image_error_name((enum vdh_image_error)card),
                vdh_image_error_name((enum vdh_image_error)builder));
        abort();
    }
    /* What passed the check can be read, and lies inside. */
    if (core == 0 &&
        (info.tables_offset > bytes || info.tables_bytes > bytes - info.tables_offset ||
         vdh_tables_parse(&tables, image + info.tables_offset, info.tables_bytes) != VDH_OK)) {
        fprintf(stderr, "an image that was accepted has bad tables\n");
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* A copy of just that size: a byte read behind it is seen. */
    uint8_t *image = malloc(size ? size : 1);

    if (!image) {
        return 0;
    }
    if (size != 0) {
        memcpy(image, data, size);
    }
    check_readings(image, (uint32_t)size);
    readings_repair(image, (uint32_t)size);
#ifdef FUZZ_PLANTED_OVERRUN
    believe_header(image, (uint32_t)size);
#endif
    check_readings(image, (uint32_t)size);
    free(image);
    return 0;
}
