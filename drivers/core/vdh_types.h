/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Where the core's integer types come from: the only platform #if of the core. */
#ifndef VDH_TYPES_H
#define VDH_TYPES_H

#ifdef __KERNEL__
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#endif

#endif
