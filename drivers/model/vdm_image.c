/* SPDX-License-Identifier: MIT */
/*
 * The boot ROM's checks of a firmware image, in the order of the data sheet: the first failure
 * names the refusal. No length in the image is used before it has been compared.
 */
#include "vdm_private.h"

#define ERROR(name) VDM_V_BOOT_STATUS_ERROR_##name

static int form_good(const uint8_t *image)
{
    for (uint32_t n = 0; n < 20; n++) {
        if (image[VDM_M_IMAGE_RESERVED + n] != 0) {
            return 0;
        }
    }
    return vdm_get16(image + VDM_M_IMAGE_FORMAT) == VDM_X_IMAGE_FORMAT_V1 &&
           vdm_get16(image + VDM_M_IMAGE_HEADER_BYTES) == VDM_BYTES_IMAGE &&
           vdm_get32(image + VDM_M_IMAGE_VERSION) != 0 && image[VDM_M_IMAGE_NAME + 31] == 0;
}

static int lengths_good(const uint8_t *image, uint32_t length)
{
    uint64_t tables = vdm_get32(image + VDM_M_IMAGE_TABLES_OFFSET);
    uint64_t tables_end = tables + vdm_get32(image + VDM_M_IMAGE_TABLES_BYTES);
    uint64_t code = vdm_get32(image + VDM_M_IMAGE_CODE_OFFSET);
    uint64_t code_end = code + vdm_get32(image + VDM_M_IMAGE_CODE_BYTES);

    return vdm_get32(image + VDM_M_IMAGE_TOTAL_BYTES) == length && tables % 4u == 0 &&
           code % 4u == 0 && tables >= VDM_BYTES_IMAGE && code >= VDM_BYTES_IMAGE &&
           tables_end > tables && tables_end - tables <= VDM_TABLES_MAX && tables_end <= code &&
           code_end == length;
}

uint32_t vdm_image_check(const struct vdm_card *card, const uint8_t *image, uint32_t received,
                         uint32_t length)
{
    struct vdm_tables tables;
    uint8_t digest[32];
    uint32_t body;

    if (length < VDM_BYTES_IMAGE || received < length) {
        return ERROR(INCOMPLETE);
    }
    if (vdm_get32(image + VDM_M_IMAGE_MAGIC) != (uint32_t)VDM_X_IMAGE_MAGIC_IMAGE) {
        return ERROR(MAGIC);
    }
    if (vdm_get32(image + VDM_M_IMAGE_HEADER_CRC32) != vdm_crc32(image, VDM_M_IMAGE_HEADER_CRC32)) {
        return ERROR(HEADER_CRC);
    }
    if (!form_good(image)) {
        return ERROR(HEADER_FORMAT);
    }
    if (vdm_get32(image + VDM_M_IMAGE_TARGET) != card->config.target) {
        return ERROR(TARGET);
    }
    if (vdm_get32(image + VDM_M_IMAGE_VERSION) < card->config.version_min) {
        return ERROR(TOO_OLD);
    }
    if (vdm_get32(image + VDM_M_IMAGE_VERSION) > card->config.version_max) {
        return ERROR(TOO_NEW);
    }
    if (!lengths_good(image, length)) {
        return ERROR(LENGTH);
    }
    body = length - VDM_BYTES_IMAGE;
    if (vdm_get32(image + VDM_M_IMAGE_BODY_CRC32) != vdm_crc32(image + VDM_BYTES_IMAGE, body)) {
        return ERROR(BODY_CRC);
    }
    vdm_sha256(digest, image + VDM_BYTES_IMAGE, body);
    if (memcmp(digest, image + VDM_M_IMAGE_BODY_SHA256, sizeof digest) != 0) {
        return ERROR(SHA256);
    }
    if (!vdm_tables_parse(&tables, image + vdm_get32(image + VDM_M_IMAGE_TABLES_OFFSET),
                          vdm_get32(image + VDM_M_IMAGE_TABLES_BYTES))) {
        return ERROR(TABLES);
    }
    return ERROR(NONE);
}
