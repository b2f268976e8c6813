/* SPDX-License-Identifier: MIT */
/*
 * The published headers against the table of offsets, for the compiler that builds the driver.
 * With ABI_CONTROL one line is wrong, and must not compile.
 */
#include <strmini.h>
typedef WCHAR TCHAR; /* ksmedia.h expects it */
#include <ksmedia.h>

#include <stddef.h>

#define PICK(on_amd64, on_i686) (sizeof(void *) == 8 ? (on_amd64) : (on_i686))
#define ABI_SIZE(ours, theirs, on_amd64, on_i686) \
    _Static_assert(sizeof(theirs) == PICK(on_amd64, on_i686), #theirs);
#define ABI_AT(ours, member, theirs, name, on_amd64, on_i686) \
    _Static_assert(offsetof(theirs, name) == PICK(on_amd64, on_i686), #theirs "." #name);
#include "abi_table.def"

#ifdef ABI_CONTROL
_Static_assert(offsetof(HW_STREAM_REQUEST_BLOCK, Status) == 4, "the planted line");
#endif
