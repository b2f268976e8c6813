/* SPDX-License-Identifier: MIT */
/* The host's time stamp counter, which an emulated processor shows as its own. */
#include "clock.h"

#if HAS_TIME_STAMP_COUNTER
#include <cpuid.h>
#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

#define INVARIANT  (1u << 8)
#define SPAN_NS    30000000
#define TRIES      200
#define BETWEEN_NS 2000 /* closer than this, and the two were read at the same time */

struct moment {
    int64_t ns;
    uint64_t counter;
};

static int64_t now_ns(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* Both clocks at once; on a busy host not at the first try. */
static int look(struct moment *moment)
{
    for (int n = 0; n < TRIES; n++) {
        int64_t before = now_ns();

        moment->counter = __rdtsc();
        moment->ns = now_ns();
        if (moment->ns - before < BETWEEN_NS)
            return 1;
    }
    return 0;
}

unsigned long clock_tsc_khz(void)
{
    static const struct timespec span = {.tv_nsec = SPAN_NS};
    struct moment first, last;
    unsigned eax, ebx, ecx, edx;

    if (!__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) || !(edx & INVARIANT) || !look(&first))
        return 0;
    (void)nanosleep(&span, NULL);
    if (!look(&last) || last.counter <= first.counter || last.ns - first.ns < SPAN_NS)
        return 0;
    return (unsigned long)((double)(last.counter - first.counter) * 1e6 /
                           (double)(last.ns - first.ns));
}
#else
unsigned long clock_tsc_khz(void)
{
    return 0;
}
#endif
