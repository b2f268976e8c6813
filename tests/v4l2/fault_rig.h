/* SPDX-License-Identifier: MIT */
/* What fault_check and firmware_check do behind the library's back, in a guest of tests/vm: the rig, the driver's binding. */
#ifndef FAULT_RIG_H
#define FAULT_RIG_H

#include <stddef.h>
#include <stdint.h>

/* The model's private ledger, since the rig started. */
struct fault_ledger {
    uint64_t produced, good, fifo, no_buffer, no_signal, dma;
    uint64_t reads, writes, boots, programmed;
};

/* All return 0, or -1 after saying why on the standard output. */
int fault_rig_open(void);
int fault_rig_arm(const char *script); /* "" for none */
int fault_rig_ask(const char *request);
int fault_rig_ledger(struct fault_ledger *out);
int fault_rig_injected(const char *kind, uint64_t *count);
int fault_rig_slot(unsigned slot, uint64_t *version); /* 0: no good image in it */

int fault_driver_unbind(void);
int fault_driver_bind(void);  /* -1: probe failed, and nothing is said */
int fault_driver_bound(void); /* 1 or 0 */
/* The picture node's path, once it is there; -1 after that time, without a word. */
int fault_driver_node(char *path, size_t room, int patience_ms);

uint64_t fault_now_ms(void);
void fault_sleep_ms(int ms);

/* Whether the 64 x 64 YUYV picture is the pattern, all of it; and its number. */
int fault_picture_is_right(const uint8_t *picture, uint32_t stride_bytes, uint32_t *number);

#endif
