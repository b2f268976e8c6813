/* SPDX-License-Identifier: MIT */
/*
 * Named failures, the trail, the table of costs. A failure leaves by _exit: the driver's frames on
 * the stack cannot be unwound, and signal handlers may stand between.
 */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"

#define TRAIL 48

struct report *report;
uint64_t report_seed = 1;

struct note {
    uint64_t at_ns;
    enum report_note what;
    const char *name;
    uint32_t first;
    uint32_t second;
    char said[120];
};

static struct note trail[TRAIL];
static uint64_t trail_count;
static int trace;
static uint64_t state = 1;

void report_create(void)
{
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    trace = getenv("VIDICON_TRACE") != NULL;
}

static void print_note(const struct note *note, const char *begin)
{
    fprintf(stderr, "%s%12.3f us  ", begin, (double)note->at_ns / 1e3);
    switch (note->what) {
    case NOTE_ENTERED:
        fprintf(stderr, "> %s at level %u\n", note->name, note->first);
        break;
    case NOTE_LEFT:
        fprintf(stderr, "< %s: %u accesses, %u us\n", note->name, note->first, note->second);
        break;
    case NOTE_COMPLETED:
        fprintf(stderr, "%s completed: 0x%08x\n", note->name, note->first);
        break;
    case NOTE_TIMER:
        fprintf(stderr, "%s in %u us\n", note->name, note->first);
        break;
    case NOTE_SAID:
        fprintf(stderr, "driver (%u): %s\n", note->first, note->said);
        break;
    }
}

void report_note(enum report_note what, const char *name, uint32_t first, uint32_t second)
{
    struct note *note = &trail[trail_count++ % TRAIL];

    note->at_ns = driver_now_ns();
    note->what = what;
    note->name = name;
    note->first = first;
    note->second = second;
    if (what == NOTE_SAID)
        snprintf(note->said, sizeof(note->said), "%s", name);
    if (trace)
        print_note(note, "");
}

void report_fail(const char *check, const char *format, ...)
{
    char where[128];
    va_list arguments;

    /* What was touched on the way here must not start another failure. */
    driver_stop_watching();
    snprintf(report->check, sizeof(report->check), "%s", check);
    va_start(arguments, format);
    vsnprintf(report->text, sizeof(report->text), format, arguments);
    va_end(arguments);
    driver_describe(where, sizeof(where));
    if (!getenv("VIDICON_QUIET")) {
        uint64_t from = trail_count > TRAIL ? trail_count - TRAIL : 0;

        for (uint64_t i = from; i < trail_count; i++)
            print_note(&trail[i % TRAIL], "    ");
    }
    printf("FAILED %s: %s (%s; seed %llu)\n", check, report->text, where,
           (unsigned long long)report_seed);
    fflush(stdout);
    _exit(1);
}

uint64_t report_calls(const char *entry)
{
    uint64_t calls = 0;

    for (uint32_t i = 0; i < report->entry_count; i++) {
        if (strcmp(report->entries[i].name, entry) == 0)
            calls += report->entries[i].calls;
    }
    return calls;
}

void report_cost(const char *entry, uint32_t level, uint32_t accesses, uint32_t stall_us,
                 int stepped, uint64_t instructions)
{
    struct report_entry *e = report->entries;
    struct report_entry *end = e + report->entry_count;

    while (e < end && (strcmp(e->name, entry) != 0 || e->level != level))
        e++;
    if (e == end) {
        if (report->entry_count == REPORT_ENTRIES)
            return;
        report->entry_count++;
        snprintf(e->name, sizeof(e->name), "%s", entry);
        e->level = level;
    }
    e->calls++;
    e->stepped += stepped ? 1u : 0u;
    if (accesses > e->accesses)
        e->accesses = accesses;
    if (stall_us > e->stall_us)
        e->stall_us = stall_us;
    if (instructions > e->instructions)
        e->instructions = instructions;
}

/* What is most pressed for time first. */
static int by_level(const void *a, const void *b)
{
    const struct report_entry *left = a;
    const struct report_entry *right = b;

    if (left->level != right->level)
        return left->level < right->level ? 1 : -1;
    return strcmp(left->name, right->name);
}

static void sort_costs(void)
{
    qsort(report->entries, report->entry_count, sizeof(report->entries[0]), by_level);
}

void report_print_costs(void)
{
    sort_costs();
    printf("%-30s %5s %10s %9s %9s %9s %13s\n", "entry point", "level", "calls", "accesses",
           "stall us", "stepped", "instructions");
    for (uint32_t i = 0; i < report->entry_count; i++) {
        const struct report_entry *e = &report->entries[i];

        printf("%-30s %5u %10llu %9u %9u %9llu ", e->name, e->level, (unsigned long long)e->calls,
               e->accesses, e->stall_us, (unsigned long long)e->stepped);
        if (e->stepped)
            printf("%13llu\n", (unsigned long long)e->instructions);
        else
            printf("%13s\n", "-");
    }
    printf(
        "(the most of any one call; instructions: the driver's own, of calls that were stepped)\n");
}

int report_save_costs(const char *path)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return -1;
    sort_costs();
    for (uint32_t i = 0; i < report->entry_count; i++) {
        const struct report_entry *e = &report->entries[i];

        fprintf(file, "%s|%u|%llu|%u|%u|%llu|%llu\n", e->name, e->level,
                (unsigned long long)e->calls, e->accesses, e->stall_us,
                (unsigned long long)e->stepped, (unsigned long long)e->instructions);
    }
    return fclose(file);
}

void report_seed_set(uint64_t seed)
{
    report_seed = seed;
    state = seed * 0x9e3779b97f4a7c15ull + 0x632be59bd9b4e019ull;
    if (state == 0)
        state = 1;
}

uint32_t report_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (uint32_t)((state >> 11) % below) : 0;
}
