/* SPDX-License-Identifier: MIT */
/*
 * Which calls of the driver are worth the steps: a scenario runs once at full speed, then again. Of
 * calls to one entry that asked the same of the system, in the same order, and of the card as often,
 * the ones that took longest are stepped; so a rare dear call is not missed, and a frequent cheap one
 * not stepped a thousand times; nor one again in the next scenario that was no dearer there. Nothing but
 * the order of calls goes from one run to the other.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "driver.h"
#include "report.h"

#define KINDS 4096 /* of calls, at most half of them used */
#define TOP   8    /* of them that are kept */

/* How many of a kind: of one scenario; and after how many it must be dearer than ever. */
struct measure {
    unsigned top;
    unsigned often;
};

static const struct measure all[2] = {
    {TOP, 12},
    {3,   6 }  /* at PASSIVE_LEVEL, which has time */
};
static const struct measure few[2] = {
    {2, 3},
    {1, 1}
};

struct kind {
    uint64_t signature; /* 0: free */
    uint64_t known;     /* the longest of earlier scenarios */
    unsigned stepped;
    int passive;
    uint64_t ticks[TOP];
    uint64_t call[TOP]; /* its number among all entries; the longest first */
};

struct picks {
    unsigned count;
    struct kind kinds[KINDS];
};

static struct picks *picks;
static const struct measure *measures = all;
static enum { OFF, LOOKING, STEPPING } mode;
static uint64_t *calls; /* sorted */
static size_t call_count;
static size_t next;

/* Both runs of a scenario are children of one process. */
void pick_create(int only_few)
{
    measures = only_few ? few : all;
    if (!picks)
        picks =
            mmap(NULL, sizeof(*picks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (picks == MAP_FAILED)
        exit(2);
    for (size_t i = 0; i < KINDS; i++) {
        memset(picks->kinds[i].ticks, 0, sizeof(picks->kinds[i].ticks));
        memset(picks->kinds[i].call, 0, sizeof(picks->kinds[i].call));
    }
}

void pick_look(void)
{
    mode = LOOKING;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;

    return *left < *right ? -1 : *left > *right;
}

void pick_step(void)
{
    mode = STEPPING;
    calls = calloc((size_t)KINDS * TOP, sizeof(*calls));
    for (size_t i = 0; i < KINDS; i++) {
        struct kind *kind = &picks->kinds[i];
        const struct measure *measure = &measures[kind->passive];

        for (size_t k = 0; k < measure->top; k++) {
            if (kind->call[k] && (kind->stepped < measure->often || kind->ticks[k] > kind->known)) {
                calls[call_count++] = kind->call[k];
                kind->stepped++;
            }
        }
        if (kind->ticks[0] > kind->known)
            kind->known = kind->ticks[0];
    }
    qsort(calls, call_count, sizeof(*calls), by_number);
}

int pick_is_stepped(uint64_t call)
{
    while (next < call_count && calls[next] < call)
        next++;
    return next < call_count && calls[next] == call;
}

int pick_is_on(void)
{
    return mode == STEPPING;
}

static uint64_t mixed(uint64_t signature, uint64_t with)
{
    return (signature ^ with) * 0x9e3779b97f4a7c15ull + (signature >> 29);
}

/* Of the processor, for this process alone: others may have it in between. */
static uint64_t ticks_now(void)
{
    struct timespec t;

    if (mode != LOOKING)
        return 0;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void pick_begin(struct driver_frame *frame)
{
    frame->call = driver_entries;
    frame->signature = mixed((uintptr_t)frame->name, frame->level);
    frame->begun = ticks_now();
}

void pick_asked(struct driver_frame *frame, const char *what)
{
    frame->signature = mixed(frame->signature, (uintptr_t)what);
}

void pick_end(struct driver_frame *frame)
{
    uint64_t ticks = ticks_now() - frame->begun;
    uint64_t signature = mixed(frame->signature, frame->accesses) | 1;
    size_t at = signature % KINDS;
    struct kind *kind;
    size_t k = TOP;

    if (frame->outer)
        frame->outer->begun += ticks; /* what came between is not its own */
    if (mode != LOOKING)
        return;
    while (picks->kinds[at].signature && picks->kinds[at].signature != signature)
        at = (at + 1) % KINDS;
    kind = &picks->kinds[at];
    if (!kind->signature && ++picks->count > KINDS / 2)
        report_fail("coverage", "more than %d kinds of calls", KINDS / 2);
    kind->signature = signature;
    kind->passive = frame->level < LEVEL_DISPATCH;
    while (k > 0 && ticks > kind->ticks[k - 1])
        k--;
    if (k == TOP)
        return;
    for (size_t i = TOP - 1; i > k; i--) {
        kind->ticks[i] = kind->ticks[i - 1];
        kind->call[i] = kind->call[i - 1];
    }
    kind->ticks[k] = ticks;
    kind->call[k] = frame->call;
}
