/* SPDX-License-Identifier: MIT */
/* The linker puts these in the place of the allocator's functions (--wrap). libusb allocates for each transfer, and that is not ours. */
#include "counted.h"

#include <stdatomic.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
void __wrap_free(void *block);

static _Atomic uint64_t counted;

uint64_t counted_so_far(void)
{
    return counted;
}

void *__wrap_malloc(size_t size)
{
    counted++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    counted++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    counted++;
    return __real_realloc(block, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    counted++;
    return __real_aligned_alloc(alignment, size);
}

int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    counted++;
    return __real_posix_memalign(out, alignment, size);
}

void __wrap_free(void *block)
{
    counted += block != NULL;
    __real_free(block);
}
