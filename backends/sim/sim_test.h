/* SPDX-License-Identifier: MIT */
/*
 * What tests that link the static library may do behind the public API's back: look at the model
 * of an open card, pull it out, plug it in. Cards go by their number, the one in "sim:3".
 */
#ifndef SIM_TEST_H
#define SIM_TEST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "vdm.h"

/* Calls `call` with the model of the open card `number` while nobody else has it: for its ledger, for
 * vdm_expected_line, vdm_set_signal, … 0, or -1 if the card is not open. */
typedef void (*vdi_sim_model_fn)(struct vdm_card *model, void *user);
int vdi_sim_with_model(uint32_t number, vdi_sim_model_fn call, void *user);

struct vdi_sim_counts {
    int64_t epoch_ns;             /* host time of the card's true time 0; 0 at rate=max */
    uint64_t stray_accesses;      /* by DMA, to memory that was not the card's at that moment */
    uint64_t spurious_interrupts; /* messages that nothing had caused */
    uint64_t polled_completions;  /* found by looking, since no interrupt told of them */
    uint32_t mapped_regions;      /* pieces of memory that the card may reach now */
};
int vdi_sim_report(struct vdi_sim_counts *out, uint32_t number);

/* Pulls card `number` out (0) or plugs it in (1), open or not. One pulled out so stays out. */
int vdi_sim_plug(uint32_t number, int in);
/* A closed card becomes as new: its flash is empty, it is plugged in. */
void vdi_sim_forget(uint32_t number);

#ifdef __cplusplus
}
#endif

#endif
