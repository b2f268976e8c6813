/* SPDX-License-Identifier: MIT */
/*
 * What the loader says: named checks that end a scenario, the trail that led there, and what each
 * entry point of the driver cost. All of it lies in memory shared by the scenarios' processes.
 */
#ifndef LOADER_REPORT_H
#define LOADER_REPORT_H

#include <stddef.h>
#include <stdint.h>

/* Every check has a name; the negative controls ask for it. */
#define CHECK_ACCESS_BUDGET    "access-budget"
#define CHECK_ACCOUNT          "account"
#define CHECK_BAD_MEMORY       "bad-memory"
#define CHECK_COPY             "processor-copy"
#define CHECK_DMA              "dma-outside"
#define CHECK_DMA_LATE         "dma-after-completion"
#define CHECK_EARLY            "told-early"
#define CHECK_ENDLESS          "endless-loop"
#define CHECK_EVENT            "event-unknown"
#define CHECK_IMAGE            "image"
#define CHECK_INSTRUCTION      "instruction"
#define CHECK_INSTRUCTIONS     "instruction-budget"
#define CHECK_IRQL             "wrong-irql"
#define CHECK_IRQL_KEPT        "irql-not-restored"
#define CHECK_LEAK             "leak"
#define CHECK_LOCK             "spin-lock"
#define CHECK_OVERRUN          "overrun"
#define CHECK_PICTURE          "picture"
#define CHECK_POWER            "access-without-power"
#define CHECK_PRIORITY         "wrong-priority"
#define CHECK_PRIORITY_BUSY    "callback-pending"
#define CHECK_QUEUE_READY      "queue-ready-unbalanced"
#define CHECK_QUEUE_STUCK      "queue-never-ready"
#define CHECK_SRB_LATE         "srb-after-completion"
#define CHECK_SRB_NEVER        "srb-never-completed"
#define CHECK_SRB_TWICE        "srb-completed-twice"
#define CHECK_SRB_UNKNOWN      "srb-unknown"
#define CHECK_STALL_BUDGET     "stall-budget"
#define CHECK_STATUS           "status"
#define CHECK_UNKNOWN_IMPORT   "unknown-import"
#define CHECK_UNMACROED_ACCESS "register-without-macro"

#define REPORT_ENTRIES 64

/* What entries of one kind at one level cost at most. */
struct report_entry {
    char name[32];
    uint32_t level;
    uint64_t calls;
    uint64_t stepped; /* of them */
    uint32_t accesses;
    uint32_t stall_us;
    uint64_t instructions;
};

#define REPORT_FAULTS 32

struct report {
    char check[40]; /* the one that failed */
    char text[400];
    uint32_t entry_count;
    struct report_entry entries[REPORT_ENTRIES];
    uint64_t scripts;
    uint64_t requests;
    uint64_t frames;
    uint64_t interrupts;
    uint64_t preemptions; /* entries made while another one stood still */
    uint64_t injected;
    uint64_t injected_by[REPORT_FAULTS]; /* kind of the card's faults */
    uint64_t points;                     /* moments at which a request was cancelled or timed out */
    uint64_t events;                     /* signals that reached an enabled event */
    uint64_t bytes_compared;
};

extern struct report *report;

/* Once, before the first scenario's process. */
void report_create(void);
/* Ends the scenario's process. */
_Noreturn void report_fail(const char *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of the trail, put into words if the scenario fails, or at once with VIDICON_TRACE. Names are
 * static, except what was said, which is copied. */
enum report_note {
    NOTE_ENTERED,   /* name, level */
    NOTE_LEFT,      /* name, accesses, us */
    NOTE_COMPLETED, /* name, status */
    NOTE_TIMER,     /* name, us */
    NOTE_SAID       /* text of the driver's own, its level */
};
void report_note(enum report_note what, const char *name, uint32_t first, uint32_t second);
void report_cost(const char *entry, uint32_t level, uint32_t accesses, uint32_t stall_us,
                 int stepped, uint64_t instructions);
uint64_t report_calls(const char *entry);
void report_print_costs(void);
/* Writes one line an entry: name|level|calls|accesses|stall|stepped|instructions. */
int report_save_costs(const char *path);

/* For scripts: the scenario's own randomness. */
extern uint64_t report_seed;
void report_seed_set(uint64_t seed);
uint32_t report_random(uint32_t below);

#endif
