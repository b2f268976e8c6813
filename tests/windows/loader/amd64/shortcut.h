/* SPDX-License-Identifier: MIT */
/* Stores to registers without a signal each. */
#ifndef LOADER_SHORTCUT_H
#define LOADER_SHORTCUT_H

#include <stdint.h>

/* The store at `ip` was met by a signal and carried out: from now on it goes to the card by a jump, if
 * it is one of those that wdm.h's macro leaves behind. Returns where to go on: `behind`, or where that
 * was moved to. */
const uint8_t *shortcut_make(uint8_t *ip, const uint8_t *behind);

#endif
