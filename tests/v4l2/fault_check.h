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
    FAILS,      /* the capture ends with an error: the card does not come up any more */
    BOOTS,      /* the card comes up all the same */
    LIMITED,    /* it does not, and says so; it can be opened */
    NO_DRIVER   /* probe says no */
};

struct fault {
    const char *name;
    const char *kind;
    const char *trigger;
    uint64_t at;      /* from now on, where triggers count from the card's making */
    const char *keys; /* and what strikes besides; boot=+N there counts from now on, too */
    enum place place;
    enum outcome outcome;
    int cause; /* of the frames that it costs; -1: none */
};

extern const struct fault faults[];
extern const size_t fault_count;

struct fault_ledger;

/* Where its trigger stands now, if that counts from the card's making. */
uint64_t fault_stands_at(const struct fault *fault, const struct fault_ledger *now);
/* Its script, for a trigger at `at`. */
void fault_write_script(char *script, size_t room, const struct fault *fault, uint64_t at,
                        const struct fault_ledger *now);

#endif
