/* SPDX-License-Identifier: MIT */
/*
 * The amd64 side of the loader: one calling convention for everything that the image calls.
 */
#ifndef LOADER_ARCH_H
#define LOADER_ARCH_H

#include <signal.h>
#include <ucontext.h>

#define NT_API   __attribute__((ms_abi))
#define NT_CDECL __attribute__((ms_abi))
#define NT_FAST  __attribute__((ms_abi))

#define ARCH_NAME       "amd64"
#define ARCH_MACHINE    0x8664
#define ARCH_POINTER    8
#define ARCH_RELOCATION 10 /* IMAGE_REL_BASED_DIR64 */
#define ARCH_OPTIONAL   0x20b
#define ARCH_DIRECTORY  112 /* offset of the data directories in the optional header */

#define ARCH_IP REG_RIP
#define ARCH_SP REG_RSP

typedef __builtin_ms_va_list nt_va_list;
#define nt_va_start(list, last) __builtin_ms_va_start(list, last)
#define nt_va_end(list)         __builtin_ms_va_end(list)

/* The trap flag makes the processor stop after each instruction. */
#define ARCH_STEP_ON()  __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq" ::: "cc", "memory")
#define ARCH_STEP_OFF() __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" ::: "cc", "memory")

#endif
