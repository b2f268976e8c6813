/* SPDX-License-Identifier: MIT */
/*
 * The three readings of the data sheet's rules for images: the driver's, the card's, the builder's.
 * Each returns the number of BOOT_STATUS.ERROR, 0 if the image is good.
 */
#ifndef TESTS_FUZZ_READINGS_H
#define TESTS_FUZZ_READINGS_H

#include "vdh_image.h"

/* Made for this very image, except where it has none: so that no target or version is refused. */
struct vdh_image_rules readings_rules(const uint8_t *image, uint32_t bytes);

uint32_t readings_core(const uint8_t *image, uint32_t bytes, struct vdh_image_info *info);
uint32_t readings_card(const uint8_t *image, uint32_t bytes);
uint32_t readings_builder(const uint8_t *image, uint32_t bytes);

/* Makes the hashes right, so that what lies behind them is reached. */
void readings_repair(uint8_t *image, uint32_t bytes);

#endif
