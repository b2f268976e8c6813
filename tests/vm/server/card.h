/* SPDX-License-Identifier: MIT */
/*
 * One card of the rig: the model behind a vfio-user socket, on a thread of its own, in real time.
 * The functions here may be called from any thread and take the card's lock.
 */
#ifndef VMR_CARD_H
#define VMR_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "vdm.h"

struct card;

/* Powers card `number` on and listens at `path`. NULL and a message on stderr. */
struct card *card_start(uint32_t number, const char *path);
void card_end(struct card *card);

/* It is in the machine: reads are answered. Power is freshly on. */
void card_plug_in(struct card *card);
/* The connection ends at once and none is taken until card_plug_in(). */
void card_pull(struct card *card);
void card_power_cycle(struct card *card);
/* The same, and its flash is as new. */
void card_erase(struct card *card);

/* 0, or -1 and *what is wrong. */
int card_set_faults(struct card *card, const char *script, const char **what);
int card_set_signal(struct card *card, uint32_t input, int32_t timing, const char **what);
int card_set_clip(struct card *card, const char *path, enum vdm_clip_layout layout, uint32_t width,
                  uint32_t height, const char **what);
void card_set_pattern(struct card *card);
void card_set_flip(struct card *card, uint32_t every);

/* How the card's time goes on, see ../protocol.h. */
enum card_rate { CARD_RATE_REAL, CARD_RATE_MAX, CARD_RATE_PATIENT };
void card_set_rate(struct card *card, enum card_rate rate);

struct card_usb_report {
    uint64_t controls, bulk_requests, bulk_bytes, events, cancelled, connects, hung, refused,
        pending;
};
/* Does this build have them? */
int card_usb_is_there(void);
/* Of USB cards: 0, or -1 if this is none. */
int card_set_limit(struct card *card, uint64_t bytes_per_s);
int card_set_hang(struct card *card, uint64_t nth);
int card_look_usb(struct card *card, struct card_usb_report *report);

struct card_report {
    struct vdm_ledger ledger;
    uint64_t model_ns;
    uint64_t host_ns;
    uint64_t refused;
    uint64_t flipped;
    uint64_t frames; /* written, since segments were last asked */
    uint32_t segments_min;
    uint32_t segments_max;
    uint64_t high; /* segments above 4 GiB, of all those frames */
    uint64_t messages;
    uint64_t errors;
};
/* Brought up to the present moment. With `restart` the segments are counted anew. */
void card_look(struct card *card, struct card_report *report, int restart);
int card_slot_version(struct card *card, uint32_t slot, uint32_t *version);

#endif
