/* SPDX-License-Identifier: MIT */
#ifndef VMR_CLOCK_H
#define VMR_CLOCK_H

/* The rate of the host's time stamp counter in kHz, or 0 if it has none that always goes alike. */
unsigned long clock_tsc_khz(void);

#endif
