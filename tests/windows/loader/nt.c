/* SPDX-License-Identifier: MIT */
/*
 * The kernel's routines that a minidriver may call, each with the highest level its documentation
 * allows. A memory routine may be called anywhere; most others not at the device's level.
 */
#include "nt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "abi.h"
#include "bus.h"
#include "cpu.h"
#include "driver.h"
#include "memory.h"
#include "report.h"

#define NON_PAGED_POOL    0u
#define NON_PAGED_POOL_NX 512u

uint64_t nt_interrupt_time(void)
{
    return bus_now_ns() / 100;
}

/* ---- Run-time routines ---- */

static NT_CDECL void *crt_memcpy(void *to, const void *from, size_t count)
{
    return memcpy(to, from, count);
}

static NT_CDECL void *crt_memmove(void *to, const void *from, size_t count)
{
    return memmove(to, from, count);
}

static NT_CDECL void *crt_memset(void *to, int value, size_t count)
{
    return memset(to, value, count);
}

static NT_CDECL int crt_memcmp(const void *a, const void *b, size_t count)
{
    return memcmp(a, b, count);
}

static NT_API void init_unicode_string(struct nt_string *out, const uint16_t *text)
{
    uint16_t length = 0;

    while (text && text[length])
        length++;
    out->length = (uint16_t)(2 * length);
    out->maximum = (uint16_t)(text ? 2 * length + 2 : 0);
    out->buffer = (void *)(uintptr_t)text;
}

static NT_CDECL uint32_t dbg_print(const char *format, ...)
{
    report_note(NOTE_SAID, format, 0, 0);
    return STATUS_SUCCESS;
}

/* ---- Pool ---- */

static void *pool(uint32_t type, size_t bytes, uint32_t tag)
{
    struct memory_block *block;
    void *out;

    if (bytes == 0)
        report_fail(CHECK_BAD_MEMORY, "a pool block of no bytes");
    driver_require_level(type == NON_PAGED_POOL || type == NON_PAGED_POOL_NX ? LEVEL_DISPATCH
                                                                             : LEVEL_APC,
                         "ExAllocatePoolWithTag");
    driver_point();
    if (memory_is_starved())
        return NULL;
    out = memory_allocate(bytes, ARCH_POINTER * 2, "pool block");
    block = memory_block_of(out);
    block->pool = 1;
    block->tag = tag;
    return out;
}

static NT_API void *allocate_pool(uint32_t type, size_t bytes, uint32_t tag)
{
    return pool(type, bytes, tag);
}

static NT_API void free_pool_tag(void *bytes, uint32_t tag)
{
    const struct memory_block *block = memory_block_of(bytes);

    driver_require_level(LEVEL_DISPATCH, "ExFreePoolWithTag");
    if (!block || !block->pool)
        report_fail(CHECK_BAD_MEMORY, "%p is freed to the pool, but is none of it", bytes);
    if (tag && block->tag != tag)
        report_fail(CHECK_BAD_MEMORY, "a pool block is freed under another tag");
    memory_free(bytes);
}

static NT_API void free_pool(void *bytes)
{
    free_pool_tag(bytes, 0);
}

/* ---- Time ---- */

static NT_API void stall(uint32_t us)
{
    driver_count_stall(us);
    bus_pass(us * 1000ull);
    driver_point();
}

static NT_API int64_t performance_counter(nt_s64 *frequency)
{
    if (frequency)
        *frequency = (int64_t)NT_COUNTER_HZ;
    return (int64_t)nt_interrupt_time();
}

static NT_API uint64_t interrupt_time(void)
{
    return nt_interrupt_time();
}

static NT_API void system_time(nt_u64 *out)
{
    *out = NT_EPOCH + nt_interrupt_time();
}

static NT_API nt_status delay_execution(uint8_t mode, uint8_t alertable, const nt_s64 *interval)
{
    (void)mode;
    (void)alertable;
    driver_require_level(LEVEL_APC, "KeDelayExecutionThread");
    if (*interval < 0)
        bus_pass((uint64_t) - *interval * 100);
    driver_point();
    return STATUS_SUCCESS;
}

/* ---- Spin locks; amd64 has some of them by other names ---- */

static NT_API uint8_t acquire_raise(void *lock)
{
    uint8_t old = (uint8_t)driver_level;

    (void)lock;
    driver_require_level(LEVEL_DISPATCH, "KeAcquireSpinLock");
    driver_raise_level(LEVEL_DISPATCH, "KeAcquireSpinLock");
    driver_locks++;
    return old;
}

static NT_API void release_lower(void *lock, uint8_t level)
{
    (void)lock;
    driver_locks--;
    driver_lower_level(level, "KeReleaseSpinLock");
}

static NT_FAST void acquire_at_dispatch(void *lock)
{
    (void)lock;
    if (driver_level < LEVEL_DISPATCH)
        report_fail(CHECK_IRQL, "KeAcquireSpinLockAtDpcLevel at level %u", driver_level);
    driver_locks++;
}

static NT_FAST void release_at_dispatch(void *lock)
{
    (void)lock;
    driver_locks--;
    driver_point();
}

static NT_API uint8_t synchronize(void *interrupt, uint8_t(NT_API *routine)(void *), void *context)
{
    unsigned old = driver_level;
    uint8_t result;

    (void)interrupt;
    driver_require_level(LEVEL_DEVICE, "KeSynchronizeExecution");
    driver_level = LEVEL_DEVICE;
    result = routine(context);
    driver_lower_level(old, "KeSynchronizeExecution");
    return result;
}

/* ---- Resolving ---- */

const struct nt_export nt_exports[] = {
    {"ntoskrnl.exe", "memcpy",                         (nt_routine)crt_memcpy         },
    {"ntoskrnl.exe", "memmove",                        (nt_routine)crt_memmove        },
    {"ntoskrnl.exe", "memset",                         (nt_routine)crt_memset         },
    {"ntoskrnl.exe", "memcmp",                         (nt_routine)crt_memcmp         },
    {"ntoskrnl.exe", "RtlInitUnicodeString",           (nt_routine)init_unicode_string},
    {"ntoskrnl.exe", "DbgPrint",                       (nt_routine)dbg_print          },
    {"ntoskrnl.exe", "ExAllocatePoolWithTag",          (nt_routine)allocate_pool      },
    {"ntoskrnl.exe", "ExFreePoolWithTag",              (nt_routine)free_pool_tag      },
    {"ntoskrnl.exe", "ExFreePool",                     (nt_routine)free_pool          },
    {"ntoskrnl.exe", "KeQueryPerformanceCounter",      (nt_routine)performance_counter},
    {"HAL.dll",      "KeQueryPerformanceCounter",      (nt_routine)performance_counter},
    {"ntoskrnl.exe", "KeQueryInterruptTime",           (nt_routine)interrupt_time     },
    {"ntoskrnl.exe", "KeQuerySystemTime",              (nt_routine)system_time        },
    {"ntoskrnl.exe", "KeDelayExecutionThread",         (nt_routine)delay_execution    },
    {"HAL.dll",      "KeStallExecutionProcessor",      (nt_routine)stall              },
    {"ntoskrnl.exe", "KeStallExecutionProcessor",      (nt_routine)stall              },
    {"ntoskrnl.exe", "KeAcquireSpinLockRaiseToDpc",    (nt_routine)acquire_raise      },
    {"ntoskrnl.exe", "KeReleaseSpinLock",              (nt_routine)release_lower      },
    {"ntoskrnl.exe", "KeAcquireSpinLockAtDpcLevel",    (nt_routine)acquire_at_dispatch},
    {"ntoskrnl.exe", "KeReleaseSpinLockFromDpcLevel",  (nt_routine)release_at_dispatch},
    {"ntoskrnl.exe", "KefAcquireSpinLockAtDpcLevel",   (nt_routine)acquire_at_dispatch},
    {"ntoskrnl.exe", "KefReleaseSpinLockFromDpcLevel", (nt_routine)release_at_dispatch},
    {"ntoskrnl.exe", "KeSynchronizeExecution",         (nt_routine)synchronize        },
    {NULL,           NULL,                             NULL                           },
};

static nt_routine find(const struct nt_export *list, const char *dll, const char *name)
{
    for (; list->name; list++) {
        if (strcasecmp(list->dll, dll) == 0 && strcmp(list->name, name) == 0)
            return list->function;
    }
    return NULL;
}

nt_routine nt_resolve(const char *dll, const char *name)
{
    const struct nt_export *const tables[] = {cpu_exports, nt_exports, nt_file_exports,
                                              class_exports};

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        nt_routine function = find(tables[i], dll, name);

        if (function)
            return function;
    }
    return NULL;
}
