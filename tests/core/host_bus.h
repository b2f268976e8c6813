/* SPDX-License-Identifier: MIT */
/* The three ways to a card, for host.c. */
#ifndef TESTS_CORE_HOST_BUS_H
#define TESTS_CORE_HOST_BUS_H

#include "host.h"

extern const struct vdh_io host_bus_io[3]; /* by enum host_body; the context is a struct host */

/* USB: bus reset and SET_CONFIGURATION 1. Not 0 if the device is not there. */
int host_bus_configure(struct host *host);

#endif
