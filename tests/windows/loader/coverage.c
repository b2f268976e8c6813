/* SPDX-License-Identifier: MIT */
/*
 * Which lines ran: a breakpoint at the first instruction of each, gone once it was hit. How many
 * instructions: by single-stepping, which costs microseconds each, so only some calls are stepped.
 * Calls out of the image run at full speed, by way of a return address of our own.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "driver.h"
#include "pe.h"
#include "report.h"

#define DEPTH     64
#define TRAP_FLAG 0x100

#define STEP_FIRST 3 /* calls of each entry point are stepped, and one of so many after that */

enum { PLAIN, PLANTED, HIT };

static const char *hits;   /* where the addresses of lines that ran go */
static const char *wanted; /* the addresses of all lines */
static int stepping;
static unsigned step_every;
static uint8_t *planted; /* for each byte of the image: what a breakpoint stands for, */
static uint8_t *state;   /* and whether there is one, or was */
static uint8_t *resume;  /* the breakpoint that imports return to */
static uintptr_t returns[DEPTH];
static unsigned depth;
static const uint8_t *last;

int coverage_is_on(void)
{
    return stepping;
}

/* A breakpoint of ours: the instruction is put back and runs. */
static int hit(const uint8_t *ip)
{
    size_t at = (size_t)(ip - pe_image.base);

    if (!state || !pe_contains(ip) || state[at] != PLANTED)
        return 0;
    pe_image.base[at] = planted[at];
    state[at] = HIT;
    return 1;
}

/* The driver has just left the image. By a call, it will be back: then the steps go on. */
static void leave_image(greg_t *registers)
{
    uintptr_t *top = (uintptr_t *)registers[ARCH_SP];

    registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    /* A return to the loader has taken its address from the stack already. */
    if (!last || *last == 0xc3 || *last == 0xc2 || !pe_contains((const void *)*top))
        return;
    if (depth == DEPTH)
        report_fail("coverage", "calls out of the driver are %d deep", DEPTH);
    returns[depth++] = *top;
    *top = (uintptr_t)resume;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *ip = (const uint8_t *)registers[ARCH_IP];

    (void)number;
    (void)info;
    if (hit(ip - 1)) {
        registers[ARCH_IP]--;
        return;
    }
    if (ip == resume + 1 && depth > 0) {
        registers[ARCH_IP] = (greg_t)returns[--depth];
        registers[REG_EFL] |= TRAP_FLAG;
        ip = (const uint8_t *)registers[ARCH_IP];
    } else if (!pe_contains(ip)) {
        /* On the way in there are a few instructions of the loader's own. */
        if (last)
            leave_image(registers);
        last = NULL;
        return;
    }
    last = ip;
    if (driver_frame)
        driver_frame->instructions++;
}

static void take_traps(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof(action));
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    action.sa_sigaction = on_trap;
    sigaction(SIGTRAP, &action, NULL);
}

void coverage_steps(unsigned every)
{
    stepping = 1;
    step_every = every;
    resume = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(resume, 0xcc, 4096);
    mprotect(resume, 4096, PROT_READ | PROT_EXEC);
    take_traps();
}

void coverage_lines(const char *all, const char *out)
{
    wanted = all;
    hits = out;
    take_traps();
}

/* The code is made writable for it, so the check of its protection is not for these runs. */
void coverage_plant(void)
{
    FILE *file = wanted ? fopen(wanted, "r") : NULL;
    unsigned long long address;

    if (!wanted)
        return;
    if (!file)
        report_fail("coverage", "%s cannot be read", wanted);
    planted = calloc(1, pe_image.bytes);
    state = calloc(1, pe_image.bytes);
    while (fscanf(file, "%llx", &address) == 1) {
        size_t at = (size_t)(address - pe_image.preferred);
        size_t page = at & ~(size_t)4095;

        if (at >= pe_image.bytes || state[at] == PLANTED)
            continue;
        mprotect(pe_image.base + page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
        planted[at] = pe_image.base[at];
        pe_image.base[at] = 0xcc;
        state[at] = PLANTED;
    }
    fclose(file);
}

int coverage_is_planted(void)
{
    return state != NULL;
}

int coverage_resume(uint64_t calls)
{
    if (!stepping ||
        (pick_is_on() ? !pick_is_stepped(driver_entries)
                      : calls >= STEP_FIRST && (step_every == 0 || calls % step_every != 0)))
        return 0;
    last = NULL;
    ARCH_STEP_ON();
    return 1;
}

void coverage_pause(void)
{
    ARCH_STEP_OFF();
}

void coverage_write(void)
{
    FILE *file = hits ? fopen(hits, "a") : NULL;

    if (!hits || !state)
        return;
    if (!file)
        report_fail("coverage", "%s cannot be written", hits);
    for (size_t i = 0; i < pe_image.bytes; i++) {
        if (state[i] == HIT)
            fprintf(file, "%llx\n", (unsigned long long)pe_linked_address(pe_image.base + i));
    }
    fclose(file);
}
