/* SPDX-License-Identifier: MIT */
/*
 * Which instructions ran. The trap flag stops the processor after each one; calls out of the image
 * are let run at full speed, by way of a return address of our own with a breakpoint at it.
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

static const char *output;
static uint8_t *seen;   /* one byte for each byte of the image */
static uint8_t *resume; /* the breakpoint that imports return to */
static uintptr_t returns[DEPTH];
static unsigned depth;
static const uint8_t *last;
static uint32_t point_period;
static uint32_t point_left;

int coverage_is_on(void)
{
    return output != NULL;
}

void coverage_points(uint32_t period)
{
    point_period = point_left = period;
}

static void mark(const uint8_t *ip)
{
    if (!seen)
        seen = calloc(1, pe_image.bytes);
    seen[ip - pe_image.base] = 1;
    if (driver_frame)
        driver_frame->instructions++;
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

static void on_step(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    const uint8_t *ip = (const uint8_t *)registers[ARCH_IP];

    (void)number;
    (void)info;
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
    mark(ip);
    if (point_period && --point_left == 0) {
        point_left = 1 + report_random(point_period);
        driver_point();
        /* What ran meanwhile had steps of its own. */
        last = ip;
    }
}

void coverage_start(const char *path)
{
    struct sigaction action;

    output = path;
    resume = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(resume, 0xcc, 4096);
    mprotect(resume, 4096, PROT_READ | PROT_EXEC);
    memset(&action, 0, sizeof(action));
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    action.sa_sigaction = on_step;
    sigaction(SIGTRAP, &action, NULL);
}

void coverage_resume(void)
{
    if (output) {
        last = NULL;
        ARCH_STEP_ON();
    }
}

void coverage_pause(void)
{
    if (output)
        ARCH_STEP_OFF();
}

void coverage_write(void)
{
    FILE *file;

    if (!output || !seen || strcmp(output, "/dev/null") == 0)
        return;
    file = fopen(output, "a");
    if (!file)
        report_fail("coverage", "%s cannot be written", output);
    for (size_t i = 0; i < pe_image.bytes; i++) {
        if (seen[i])
            fprintf(file, "%llx\n", (unsigned long long)pe_linked_address(pe_image.base + i));
    }
    fclose(file);
}
