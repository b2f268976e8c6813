/* SPDX-License-Identifier: MIT */
/* What differs between the two processors: who carries out an access to the card. */
#ifndef LOADER_CPU_H
#define LOADER_CPU_H

#include <stdint.h>

#include "arch.h"
#include "nt.h"

/* Carries out the faulting instruction if it moves between registers of the processor and of the
 * card (or the page of system time), and goes behind it. 0 if it is anything else. */
int cpu_access(greg_t *registers, const void *address);
/* The same for port instructions and for those that read or set the level. */
int cpu_privileged(greg_t *registers);

/* Imports that only this processor has, closed by one without a name. */
extern const struct nt_export cpu_exports[];

#endif
