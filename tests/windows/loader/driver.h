/* SPDX-License-Identifier: MIT */
/*
 * The driver as it runs: which entry point, at which level, what it has cost so far. Entries nest,
 * as an interrupt does over what it interrupts; each pays for itself.
 */
#ifndef LOADER_DRIVER_H
#define LOADER_DRIVER_H

#include <stddef.h>
#include <stdint.h>

enum driver_level {
    LEVEL_PASSIVE = 0,
    LEVEL_APC = 1,
    LEVEL_DISPATCH = 2,
    LEVEL_DEVICE = 8,
    LEVEL_HIGH = 15
};

/* Where the class driver calls from, which says what may be called back. */
enum driver_place {
    PLACE_LOAD, /* DriverEntry */
    PLACE_HIGH, /* synchronised by the class driver */
    PLACE_INTERRUPT,
    PLACE_DISPATCH, /* a callback at dispatch priority */
    PLACE_LOW,      /* a callback at low priority */
    PLACE_ALONE     /* any other with synchronisation turned off */
};

#define DRIVER_STALL_BUDGET_US 10u
#define DRIVER_ISR_ACCESSES    6u
#define DRIVER_HIGH_ACCESSES   32u   /* 10 to 20 us at 250 to 500 ns each */
#define DRIVER_OTHER_ACCESSES  1024u /* below the device's level: half a millisecond */
/* Of the driver's own, in calls that were stepped: 10 us of a processor that does one a nanosecond. */
#define DRIVER_HIGH_INSTRUCTIONS 10000u
#define DRIVER_ENDLESS           50000u

struct driver_frame {
    struct driver_frame *outer;
    const char *name; /* static */
    enum driver_place place;
    unsigned outer_level;
    unsigned level;
    uint32_t accesses;
    uint32_t stall_us;
    uint64_t instructions;
    int stepped;
    uint64_t locks; /* spin locks held when it began */
    uint64_t call;  /* its number among all entries */
    uint64_t begun;
    uint64_t signature; /* of what it asked */
};

extern struct driver_frame *driver_frame; /* the innermost one; NULL outside of the driver */
extern unsigned driver_level;
extern unsigned driver_locks;
extern uint64_t driver_entries; /* ever made */

/* Around each call into the driver. Leaving compares level and locks, and the cost with the budget. */
void driver_enter(struct driver_frame *frame, const char *name, enum driver_place place,
                  unsigned level);
void driver_leave(struct driver_frame *frame);

/* Costs. They fail with the name of the budget at once. */
void driver_count_access(void);
void driver_count_stall(uint32_t us);

/* KeRaiseIrql and its like; `what` names the call for the failure. */
void driver_raise_level(unsigned level, const char *what);
void driver_lower_level(unsigned level, const char *what);

/* At the begin of an import: fails with "wrong-irql" above `most`. */
void driver_require_level(unsigned most, const char *what);
/* A place where something else may happen first: an interrupt, or what runs below. */
void driver_point(void);

/* Set by the class driver: what may happen at a point. */
extern void (*driver_at_point)(void);
extern uint64_t (*driver_clock)(void);
uint64_t driver_now_ns(void);

/* ---- trap.c ---- */

void driver_watch(void);
void driver_stop_watching(void);
/* The instruction of the driver that is being carried out, for failures. */
void driver_is_at(const uint8_t *ip);
/* "StrMini..., image+0x1234". */
void driver_describe(char *text, size_t bytes);

/* ---- coverage.c ---- */

/* Counts instructions in some calls of each entry point: the first few, and one of `every` later; or,
 * if that is 0, in those that were picked. */
void coverage_steps(unsigned every);
int coverage_is_on(void);
/* Begins to step a call if this one (`calls` before it) is to be; 1 if so. */
int coverage_resume(uint64_t calls);
void coverage_pause(void);
/* Lines: `all` holds the address of each, `out` takes those that ran. */
void coverage_lines(const char *all, const char *out);
/* Once the image is in its place. */
void coverage_plant(void);
/* Whether the code stays writable, for its breakpoints. */
int coverage_is_planted(void);
void coverage_write(void);

/* ---- pick.c ---- */

/* Before the two runs of a scenario, how many of a kind; in the first; in the second. */
void pick_create(int only_few);
void pick_look(void);
void pick_step(void);
int pick_is_on(void);
/* Asked in the order of the calls. */
int pick_is_stepped(uint64_t call);
void pick_begin(struct driver_frame *frame);
void pick_asked(struct driver_frame *frame, const char *what);
void pick_end(struct driver_frame *frame);

#endif
