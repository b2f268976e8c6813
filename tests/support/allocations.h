/* SPDX-License-Identifier: MIT */
/*
 * Counts what the whole process asks of the C library's allocator. A program that links
 * vidicon_test_allocations has it: its functions stand before glibc's, for shared libraries too.
 */
#ifndef VIDICON_TEST_ALLOCATIONS_H
#define VIDICON_TEST_ALLOCATIONS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Blocks taken, changed and given back so far, by any thread. */
uint64_t allocations_so_far(void);

#ifdef __cplusplus
}
#endif

#endif
