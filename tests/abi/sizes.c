/* SPDX-License-Identifier: MIT */
/* Compiles only if each public struct has the size that sizes.def gives for this compiler. */
#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#define VDC_SIZE(type, wide, narrow) \
    typedef char size_of_##type[sizeof(type) == (sizeof(void *) == 8 ? (wide) : (narrow)) ? 1 : -1];
#include "sizes.def"
