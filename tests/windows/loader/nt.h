/* SPDX-License-Identifier: MIT */
/*
 * ntoskrnl.exe, HAL.dll and stream.sys as far as a stream class minidriver may need them. What is
 * not in the tables is an unknown import.
 */
#ifndef LOADER_NT_H
#define LOADER_NT_H

#include <stddef.h>
#include <stdint.h>

typedef void (*nt_routine)(void);

struct nt_export {
    const char *dll;
    const char *name;
    nt_routine function;
};

extern const struct nt_export nt_exports[];
extern const struct nt_export nt_file_exports[];
extern const struct nt_export class_exports[];

nt_routine nt_resolve(const char *dll, const char *name);

/* Time since start in 100 ns, and the day it started. */
uint64_t nt_interrupt_time(void);
#define NT_EPOCH      0x01dd000000000000ull
#define NT_COUNTER_HZ 10000000ull

/* ---- The registry key of the driver, and files ---- */

struct nt_file {
    const char *path; /* as the driver asks for it; ends are compared */
    const uint8_t *bytes;
    size_t size;
    uint32_t open_status; /* not 0: it cannot be opened */
    uint32_t read_status;
};

extern struct nt_file nt_file;       /* the one file there is */
extern const char *nt_registry_name; /* the one string value there is, NULL for none */
extern const char *nt_registry_value;
extern uint32_t nt_registry_type;
extern unsigned nt_files_read;
void nt_check_handles(void);

#endif
