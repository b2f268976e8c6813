/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Firmware images as bytes: parse, check, and say which check failed. No length in an image is
 * trusted. The order of the checks is part of the contract: it is the boot ROM's own, so that a
 * host refuses an image for the same reason as the card would.
 */
#ifndef VDH_IMAGE_H
#define VDH_IMAGE_H

#include "vdh_io.h"
#include "vdh_tables.h"

/* The numbers are those of the values of BOOT_STATUS.ERROR. */
enum vdh_image_error {
    VDH_IMAGE_OK = 0,
    VDH_IMAGE_INCOMPLETE = 1,
    VDH_IMAGE_MAGIC = 2,
    VDH_IMAGE_HEADER_CRC = 3,
    VDH_IMAGE_HEADER_FORMAT = 4,
    VDH_IMAGE_TARGET = 5,
    VDH_IMAGE_TOO_OLD = 6,
    VDH_IMAGE_TOO_NEW = 7,
    VDH_IMAGE_LENGTH = 8,
    VDH_IMAGE_BODY_CRC = 9,
    VDH_IMAGE_SHA256 = 10,
    VDH_IMAGE_TABLES = 11,
    VDH_IMAGE_NO_IMAGE = 12,
    VDH_IMAGE_WATCHDOG = 13,
    VDH_IMAGE_UNKNOWN = 255 /* a card refused for a reason that this core does not know */
};

/* What the card accepts; from registers TARGET, FW_VERSION_MIN, _MAX and FW_CAPACITY. */
struct vdh_image_rules {
    uint32_t target;
    uint32_t version_min;
    uint32_t version_max;
    uint32_t capacity_bytes;
};

struct vdh_image_info {
    uint32_t target;
    uint32_t version;
    uint32_t total_bytes;
    uint32_t tables_offset;
    uint32_t tables_bytes;
    char name[32];
};

struct vdh_sha256 {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
};

/* CRC-32 of IEEE 802.3; start with 0, feed the result back to go on. */
VDH_ANY_LEVEL VDH_PURE uint32_t vdh_crc32(uint32_t crc, const uint8_t *bytes, uint32_t count);
VDH_ANY_LEVEL VDH_PURE void vdh_sha256_start(struct vdh_sha256 *sha);
VDH_ANY_LEVEL VDH_PURE void vdh_sha256_add(struct vdh_sha256 *sha, const uint8_t *bytes,
                                           uint32_t count);
VDH_ANY_LEVEL VDH_PURE void vdh_sha256_end(struct vdh_sha256 *sha, uint8_t digest[32]);

/* A check in progress. `image` stays the host's and must not change until the check ends. */
struct vdh_image_check {
    const uint8_t *image;
    uint32_t bytes;
    struct vdh_image_rules rules;
    struct vdh_image_info info; /* valid from the end of the header checks on */
    enum vdh_image_error error; /* when a step has returned VDH_E_FIRMWARE */
    uint32_t position;
    uint32_t crc;
    struct vdh_sha256 sha;
    struct vdh_tables_check tables;
    uint8_t phase;
};

VDH_ANY_LEVEL VDH_PURE void vdh_image_check_start(struct vdh_image_check *check,
                                                  const uint8_t *image, uint32_t bytes,
                                                  const struct vdh_image_rules *rules);

/* VDH_OK: the image is good. VDH_AGAIN: call again, at most `budget_bytes` (at least 64) were hashed.
 * VDH_E_FIRMWARE: refused, see check->error. */
VDH_STEP VDH_PURE int vdh_image_check_step(struct vdh_image_check *check, uint32_t budget_bytes);

/* "TARGET" and so on, and a sentence for people. Static, never NULL. */
VDH_ANY_LEVEL VDH_PURE const char *vdh_image_error_name(enum vdh_image_error error);
VDH_ANY_LEVEL VDH_PURE const char *vdh_image_error_text(enum vdh_image_error error);

#endif
