/* SPDX-License-Identifier: MIT */
/* The faults that fault_check knows, see fault_cases.c. */
#ifndef FAULT_CHECK_H
#define FAULT_CHECK_H

#include <stddef.h>
#include <stdint.h>

enum place { IN_STREAM, IN_PROBE, AT_START, AT_STOP };

enum outcome {
    PASSES,   /* all goes on, and the account is the ledger's */
    RESTARTS, /* the engine was started anew: what the card forgot may be missing from the account */
    MISMATCHES, /* no frame until the old signal is back, and the signal's state says why */
    JUMPS,      /* a frame says that time lost its basis */
    CHANGES,    /* a control did, by an event */
    LEAVES,     /* GONE */
    BOOTS,      /* the card comes up all the same */
    LIMITED,    /* it does not, and says so; it can be opened */
    NO_DRIVER   /* probe says no */
};

struct fault {
    const char *name;
    const char *kind;
    const char *trigger;
    uint64_t at; /* from now on, where triggers count from the card's making */
    const char *keys;
    enum place place;
    enum outcome outcome;
    int cause; /* of the frames that it costs; -1: none */
};

extern const struct fault faults[];
extern const size_t fault_count;

#endif
