/* SPDX-License-Identifier: MIT */
/* What this program's own objects, the library among them, ask of the allocator: shared libraries below them are not counted. */
#ifndef COUNTED_H
#define COUNTED_H

#include <stdint.h>

/* Blocks taken, changed and given back so far, by any thread. */
uint64_t counted_so_far(void);

#endif
