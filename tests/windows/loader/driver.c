/* SPDX-License-Identifier: MIT */
/*
 * Frames, levels, budgets. A spin lock raises to DISPATCH_LEVEL, where nothing but an interrupt can
 * come between; so the locks need no owner, only a count.
 */
#include "driver.h"

#include "report.h"

struct driver_frame *driver_frame;
unsigned driver_level;
unsigned driver_locks;
uint64_t driver_entries;
void (*driver_at_point)(void);
uint64_t (*driver_clock)(void);

uint64_t driver_now_ns(void)
{
    return driver_clock ? driver_clock() : 0;
}

void driver_enter(struct driver_frame *frame, const char *name, enum driver_place place,
                  unsigned level)
{
    *frame = (struct driver_frame){.outer = driver_frame,
                                   .name = name,
                                   .place = place,
                                   .outer_level = driver_level,
                                   .level = level,
                                   .locks = driver_locks};
    driver_entries++;
    if (driver_frame)
        report->preemptions++;
    driver_frame = frame;
    driver_level = level;
    report_note(NOTE_ENTERED, name, level, 0);
    pick_begin(frame);
    frame->stepped = coverage_resume(report_calls(name));
}

static uint32_t access_budget(const struct driver_frame *frame)
{
    if (frame->place == PLACE_INTERRUPT)
        return DRIVER_ISR_ACCESSES;
    return frame->level >= LEVEL_DEVICE ? DRIVER_HIGH_ACCESSES : DRIVER_OTHER_ACCESSES;
}

void driver_leave(struct driver_frame *frame)
{
    if (frame->stepped)
        coverage_pause();
    pick_end(frame);
    if (driver_level != frame->level)
        report_fail(CHECK_IRQL_KEPT, "%s began at level %u and ends at %u", frame->name,
                    frame->level, driver_level);
    if (driver_locks != frame->locks)
        report_fail(CHECK_LOCK, "%s ends with a spin lock held", frame->name);
    /* Only now: a loop without a counter does not get here, and has a name of its own. */
    if (frame->accesses > access_budget(frame))
        report_fail(CHECK_ACCESS_BUDGET, "%s: %u register accesses, at most %u are allowed",
                    frame->name, frame->accesses, access_budget(frame));
    if (frame->level >= LEVEL_DEVICE && frame->instructions > DRIVER_HIGH_INSTRUCTIONS)
        report_fail(CHECK_INSTRUCTIONS, "%s at level %u: %llu instructions, at most %u are allowed",
                    frame->name, frame->level, (unsigned long long)frame->instructions,
                    DRIVER_HIGH_INSTRUCTIONS);
    report_note(NOTE_LEFT, frame->name, frame->accesses, frame->stall_us);
    report_cost(frame->name, frame->level, frame->accesses, frame->stall_us, frame->stepped,
                frame->instructions);
    driver_frame = frame->outer;
    driver_level = frame->outer_level;
}

void driver_count_access(void)
{
    if (!driver_frame)
        report_fail(CHECK_ACCESS_BUDGET, "a register access outside of every entry point");
    if (++driver_frame->accesses > DRIVER_ENDLESS)
        report_fail(CHECK_ENDLESS, "%s: %u register accesses", driver_frame->name,
                    driver_frame->accesses);
}

void driver_count_stall(uint32_t us)
{
    if (!driver_frame)
        report_fail(CHECK_STALL_BUDGET, "a stall outside of every entry point");
    driver_frame->stall_us += us;
    if (driver_frame->stall_us > DRIVER_STALL_BUDGET_US)
        report_fail(CHECK_STALL_BUDGET, "%s stalls for %u us", driver_frame->name,
                    driver_frame->stall_us);
}

void driver_raise_level(unsigned level, const char *what)
{
    if (level < driver_level || level > LEVEL_HIGH)
        report_fail(CHECK_IRQL, "%s: from %u to %u", what, driver_level, level);
    driver_level = level;
}

void driver_lower_level(unsigned level, const char *what)
{
    if (level > driver_level)
        report_fail(CHECK_IRQL, "%s: from %u to %u", what, driver_level, level);
    if (driver_frame && level < driver_frame->level)
        report_fail(CHECK_IRQL, "%s: to %u, below the %u that %s began at", what, level,
                    driver_frame->level, driver_frame->name);
    driver_level = level;
    driver_point();
}

void driver_require_level(unsigned most, const char *what)
{
    if (driver_level > most)
        report_fail(CHECK_IRQL, "%s at level %u in %s; at most %u is allowed", what, driver_level,
                    driver_frame ? driver_frame->name : "the loader", most);
    if (driver_frame)
        pick_asked(driver_frame, what);
}

void driver_point(void)
{
    if (driver_frame && driver_at_point)
        driver_at_point();
}
