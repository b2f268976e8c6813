/* SPDX-License-Identifier: MIT */
/*
 * The i686 side of the loader: stdcall for most, cdecl where arguments vary, fastcall for spin
 * locks. There the access macros are imports, so that an access without them is seen.
 */
#ifndef LOADER_ARCH_H
#define LOADER_ARCH_H

#include <signal.h>
#include <stdarg.h>
#include <ucontext.h>

#define NT_API   __attribute__((stdcall))
#define NT_CDECL __attribute__((cdecl))
#define NT_FAST  __attribute__((fastcall))

#define ARCH_NAME       "i686"
#define ARCH_MACHINE    0x14c
#define ARCH_POINTER    4
#define ARCH_RELOCATION 3 /* IMAGE_REL_BASED_HIGHLOW */
#define ARCH_OPTIONAL   0x10b
#define ARCH_DIRECTORY  96

#define ARCH_IP REG_EIP
#define ARCH_SP REG_ESP

typedef va_list nt_va_list;
#define nt_va_start(list, last) va_start(list, last)
#define nt_va_end(list)         va_end(list)

#define ARCH_STEP_ON()  __asm__ volatile("pushfl; orl $0x100, (%%esp); popfl" ::: "cc", "memory")
#define ARCH_STEP_OFF() __asm__ volatile("pushfl; andl $~0x100, (%%esp); popfl" ::: "cc", "memory")

#endif
