/* SPDX-License-Identifier: MIT */
/*
 * Waiting for several handles at once: poll() on POSIX systems, WaitForMultipleObjects() on
 * Windows. A program with an event loop of its own gives the handles to that instead.
 */
#ifndef WAIT_HANDLES_H
#define WAIT_HANDLES_H

#include "vidicon/vidicon.h"

enum { WAIT_HANDLES_MAX = 16 };

/* Waits until a handle is ready. ready[i] becomes 1 or 0. How many are; 0: timeout; -1: failure. */
int wait_handles(int *ready, const vdc_handle *handles, int count, int timeout_ms);

#endif
