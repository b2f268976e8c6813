/* SPDX-License-Identifier: MIT */
/*
 * The signals that the driver's code raises: registers and privileged instructions, which are
 * carried out; everything else, which is named. Handlers nest, since an interrupt may be delivered
 * from within one.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "bus.h"
#include "cpu.h"
#include "driver.h"
#include "memory.h"
#include "pe.h"
#include "report.h"

#define TRAP_PROTECTION 13
#define HANG_QUARTERS   4 /* of a second of its own time */

static volatile sig_atomic_t watching;
static unsigned hang_quarters;
static const uint8_t *last_ip;

void driver_stop_watching(void)
{
    watching = 0;
}

void driver_is_at(const uint8_t *ip)
{
    last_ip = ip;
}

void driver_describe(char *text, size_t bytes)
{
    int length =
        snprintf(text, bytes, "%s, level %u",
                 driver_frame ? driver_frame->name : "outside of the driver", driver_level);

    if (last_ip && length > 0 && (size_t)length < bytes)
        snprintf(text + length, bytes - (size_t)length, ", image at 0x%llx",
                 (unsigned long long)pe_linked_address(last_ip));
}

static _Noreturn void name_fault(const uint8_t *address, const char *how)
{
    const struct memory_block *block = memory_find(address);
    const struct dma_buffer *picture = dma_find_kernel(address);

    if (block) {
        long long at = address - block->bytes;

        if (block->state == MEMORY_BORROWED)
            report_fail(CHECK_SRB_LATE, "%s of byte %lld of a %s after its completion", how, at,
                        block->kind);
        if (block->state == MEMORY_FREED)
            report_fail(CHECK_BAD_MEMORY, "%s of byte %lld of a %s that was freed", how, at,
                        block->kind);
        report_fail(CHECK_OVERRUN, "%s of byte %lld of a %s of %zu bytes", how, at, block->kind,
                    block->size);
    }
    if (picture)
        report_fail(CHECK_COPY, "%s of byte %td of a picture by the processor", how,
                    address - picture->kernel);
    if (address >= bus.bar && address < bus.bar + BUS_BAR_BYTES)
        report_fail(CHECK_UNMACROED_ACCESS, "%s of register 0x%tx by a plain pointer", how,
                    address - bus.bar);
    if (pe_contains(address))
        report_fail(CHECK_BAD_MEMORY, "%s of the image at 0x%llx, against its protection", how,
                    (unsigned long long)pe_linked_address(address));
    report_fail(CHECK_BAD_MEMORY, "%s at %p, where nothing is", how, (const void *)address);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *state = context;
    greg_t *registers = state->uc_mcontext.gregs;
    const uint8_t *ip = (const uint8_t *)registers[ARCH_IP];

    if (!watching) {
        signal(number, SIG_DFL);
        return;
    }
    if (pe_contains(ip))
        last_ip = ip;
    if (registers[REG_TRAPNO] == TRAP_PROTECTION) {
        if (pe_contains(ip) && cpu_privileged(registers))
            return;
        report_fail(CHECK_INSTRUCTION, "a privileged instruction or wild address: %02x %02x %02x",
                    ip[0], ip[1], ip[2]);
    }
    if (pe_contains(ip) && cpu_access(registers, info->si_addr))
        return;
    name_fault(info->si_addr, ip == info->si_addr      ? "execution"
                              : registers[REG_ERR] & 2 ? "a write"
                                                       : "a read");
}

static void on_error(int number, siginfo_t *info, void *context)
{
    (void)info;
    if (!watching) {
        signal(number, SIG_DFL);
        return;
    }
    last_ip = (const uint8_t *)((ucontext_t *)context)->uc_mcontext.gregs[ARCH_IP];
    report_fail(CHECK_INSTRUCTION, "signal %d", number);
}

/* An entry point that does not end, and touches no register meanwhile. */
static void on_quarter(int number)
{
    static uint64_t last_entries;

    (void)number;
    if (!watching || !driver_frame || driver_entries != last_entries)
        hang_quarters = 0;
    last_entries = driver_entries;
    if (++hang_quarters > HANG_QUARTERS && !coverage_is_on())
        report_fail(CHECK_ENDLESS, "%s does not end", driver_frame ? driver_frame->name : "?");
}

void driver_watch(void)
{
    struct sigaction action;
    struct itimerval every_quarter = {
        {0, 250000},
        {0, 250000}
    };

    memset(&action, 0, sizeof(action));
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    action.sa_sigaction = on_error;
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGFPE, &action, NULL);
    action.sa_flags = 0;
    action.sa_handler = on_quarter;
    sigaction(SIGVTALRM, &action, NULL);
    setitimer(ITIMER_VIRTUAL, &every_quarter, NULL);
    watching = 1;
}
