/* SPDX-License-Identifier: MIT */
/*
 * The three readings, each by the way its users have: the core's step function, an upload to a
 * card in the model, the builder's check. Nothing is shared between them but the tables.
 */
#include "readings.h"

#include "vdfwbuild.h"
#include "vdh_regs.h"
#include "vdm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vdh_image_rules readings_rules(const uint8_t *image, uint32_t bytes)
{
    struct vdh_image_rules rules = {1, 1, UINT32_MAX, fw_capacity_bytes()};

    if (bytes >= VDH_S_IMAGE) {
        rules.target = vdh_get_u32(image + VDH_O_IMAGE_TARGET);
    }
    return rules;
}

uint32_t readings_core(const uint8_t *image, uint32_t bytes, struct vdh_image_info *info)
{
    struct vdh_image_rules rules = readings_rules(image, bytes);
    struct vdh_image_check check;
    uint32_t budget = 64 + bytes % 700; /* so that steps end in all places */
    int result;

    vdh_image_check_start(&check, image, bytes, &rules);
    do {
        result = vdh_image_check_step(&check, budget);
    } while (result == VDH_AGAIN);
    *info = check.info;
    return result == VDH_OK ? 0 : (uint32_t)check.error;
}

/* Uploads through the window of a card that is new each time, and reads what its boot ROM says. */
uint32_t readings_card(const uint8_t *image, uint32_t bytes)
{
    static const struct vdm_host host; /* no memory, nobody to interrupt */
    static void *memory;
    struct vdh_image_rules rules = readings_rules(image, bytes);
    struct vdm_config config;
    struct vdm_card *card;
    uint32_t status;

    if (!memory) {
        memory = aligned_alloc(64, (vdm_card_bytes() + 63) / 64 * 64);
    }
    vdm_config_default(&config);
    config.host = &host;
    config.target = rules.target;
    config.version_min = rules.version_min;
    config.version_max = rules.version_max;
    card = vdm_create(memory, vdm_card_bytes(), &config);
    if (!card) {
        abort();
    }
    vdm_write(card, VDH_R_FW_LENGTH, bytes);
    vdm_write(card, VDH_R_BOOT_COMMAND, VDH_V_BOOT_COMMAND_CODE_STAGE);
    status = vdm_read(card, VDH_R_BOOT_STATUS);
    if (vdh_field_get(status, VDH_F_BOOT_STATUS_STATE) == VDH_V_BOOT_STATUS_STATE_REFUSED) {
        return vdh_field_get(status, VDH_F_BOOT_STATUS_ERROR); /* Of that length it takes none. */
    }
    for (uint32_t at = 0; at < bytes; at += 4) {
        uint8_t word[4] = {0};

        memcpy(word, image + at, bytes - at < 4 ? bytes - at : 4);
        vdm_write(card, VDH_R_FW_WINDOW, vdh_get_u32(word));
    }
    vdm_write(card, VDH_R_BOOT_COMMAND, VDH_V_BOOT_COMMAND_CODE_BOOT_STAGED);
    vdm_advance(card, 10000000u);
    status = vdm_read(card, VDH_R_BOOT_STATUS);
    return vdh_field_get(status, VDH_F_BOOT_STATUS_ERROR);
}

uint32_t readings_builder(const uint8_t *image, uint32_t bytes)
{
    struct fw_problem problem;

    if (fw_image_check(image, bytes, &problem) == 0) {
        return 0;
    }
    for (uint32_t error = 1; error <= VDH_IMAGE_WATCHDOG; error++) {
        if (strcmp(vdh_image_error_name((enum vdh_image_error)error), problem.check) == 0) {
            return error;
        }
    }
    fprintf(stderr, "the builder's refusal \"%s\" has no number\n", problem.check);
    abort();
}

void readings_repair(uint8_t *image, uint32_t bytes)
{
    struct fw_hashes hashes;

    if (bytes < VDH_S_IMAGE || fw_image_hash(&hashes, image, bytes) != 0) {
        return;
    }
    vdh_put_u32(image + VDH_O_IMAGE_MAGIC, VDH_L_IMAGE_MAGIC_IMAGE);
    vdh_put_u32(image + VDH_O_IMAGE_BODY_CRC32, hashes.body_crc32);
    memcpy(image + VDH_O_IMAGE_BODY_SHA256, hashes.body_sha256, sizeof hashes.body_sha256);
    if (fw_image_hash(&hashes, image, bytes) == 0) {
        vdh_put_u32(image + VDH_O_IMAGE_HEADER_CRC32, hashes.header_crc32);
    }
}
