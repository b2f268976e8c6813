/* SPDX-License-Identifier: MIT */
/*
 * Our structures against the table of offsets. abi_theirs.c does the same with the headers that
 * the driver is built with.
 */
#include "abi.h"

#define PICK(on_amd64, on_i686) (sizeof(void *) == 8 ? (on_amd64) : (on_i686))
#define ABI_SIZE(ours, theirs, on_amd64, on_i686) \
    _Static_assert(sizeof(struct ours) == PICK(on_amd64, on_i686), #theirs);
#define ABI_AT(ours, member, theirs, name, on_amd64, on_i686) \
    _Static_assert(offsetof(struct ours, member) == PICK(on_amd64, on_i686), #theirs "." #name);
#include "abi_table.def"
