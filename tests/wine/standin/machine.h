/* SPDX-License-Identifier: MIT */
/*
 * What the stand-in class driver is built on: user-mode Windows (machine.c, trap.c) and the card
 * (card.c), in plain C types, since the headers of drivers and of programs do not mix.
 */
#ifndef STANDIN_MACHINE_H
#define STANDIN_MACHINE_H

#include <stddef.h>
#include <stdint.h>

/* ---- machine.c ---- */

/* Starts the one thread that enters the minidriver. It calls `turn`, which does what is due and
 * returns the time of machine_now_ns() at which more will be, then waits for that or for machine_wake(). */
int machine_start(uint64_t (*turn)(void));
void machine_wake(void);
void machine_lock(void);
void machine_unlock(void);
uint64_t machine_now_ns(void);
void machine_log(const char *format, ...);

/* An event that one thread waits for, at most so long: 1 if it came. */
void *machine_event_create(void);
void machine_event_set(void *event);
int machine_event_wait(void *event, uint32_t timeout_ms);
void machine_event_destroy(void *event);
/* The event of another process; NULL if it is none. */
void *machine_event_borrow(void *process, void *event);

/* Whole pages, zeroed; without access if `trapped`. */
void *machine_pages_create(size_t bytes, int trapped);
void machine_pages_destroy(void *pages);

/* The memory of another process. */
void *machine_process_open(uint32_t id);
void machine_process_close(void *process);
int machine_process_write(void *process, uint64_t address, const void *bytes, size_t size);

/* ---- trap.c ---- */

/* From now on a move from or to these addresses goes to the card. */
int trap_install(const void *registers, size_t bytes);
uint64_t trap_count(void);

/* ---- card.c ---- */

#define CARD_REGISTERS_BYTES 4096u

struct card_account;
/* A new card, powered on. */
int card_insert(void);
void card_unplug(void);
int card_is_gone(void); /* pulled out, by that or by its fault script */
int card_set_faults(const char *script, size_t length);
void card_read_account(struct card_account *out);
/* The card lives until `now_ns`; returns when it next has something to do. */
uint64_t card_advance(uint64_t now_ns);
/* 1 if it sent an interrupt since the last call. */
int card_take_interrupt(void);
/* Registers, by the trap. */
uint32_t card_read(uint32_t offset);
void card_write(uint32_t offset, uint32_t value);
/* Configuration space; 0 if it does not reach so far. */
int card_configure(int read, void *bytes, uint32_t offset, uint32_t length);
/* Memory that the card may reach, and no longer. Bus addresses are those of the memory plus
 * CARD_BUS_OFFSET: a driver that takes one for the other is refused. */
#define CARD_BUS_OFFSET 0x100000000000ull
int card_allow(const void *memory, size_t bytes);
void card_forbid(const void *memory);
/* Bytes from `address` on that lie in one piece; 0 if the card may not go there. */
size_t card_reach(const void *memory);

#endif
