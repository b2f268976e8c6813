/* SPDX-License-Identifier: MIT */
#ifndef VMR_CARD_PRIVATE_H
#define VMR_CARD_PRIVATE_H

#include <pthread.h>

#include "card.h"
#include "pci_config.h"
#include "vfu.h"

/* What the server itself looks at of what the driver writes, to judge the pictures' memory. */
struct engine_view {
    uint64_t completion_base;
    uint64_t completion_bytes;
    uint32_t queued; /* doorbell */
    int running;
};

/* Another wire than vfio-user's: that of a USB card. All with the lock held. */
struct card_wire {
    int (*begin)(struct card *card); /* card->client is there; -1 ends the connection */
    int (*read)(struct card *card);
    void (*settle)(struct card *card);
    void (*end)(struct card *card);
    void (*destroy)(struct card *card);
    int (*is_asked)(const struct card *card); /* for a frame */
    int (*wants_to_write)(const struct card *card);
    uint64_t (*due_ns)(const struct card *card); /* of the model's time */
};

struct card {
    uint32_t number;
    const struct card_wire *wire; /* NULL: vfio-user */
    struct redir *redir;
    pthread_mutex_t lock;
    pthread_t thread;
    int listener;
    int client;
    int wake; /* an eventfd: something changed that the thread has to look at */
    int ending;
    int pulled;

    struct vfu vfu;
    struct pci_config config;
    struct vdm_card *model;
    struct vdm_host host;
    struct vdm_config model_config;
    uint8_t *flash;
    uint8_t *clip;

    /* The model's time is host time less epoch_ns; a run at full speed moves the epoch. */
    uint64_t epoch_ns;
    enum card_rate rate;
    struct engine_view engine;

    uint32_t flip_every;
    uint64_t flipped;
    uint8_t *flip_at; /* to be turned over once it is written */
    uint64_t frames_written;

    /* The frame being written. */
    uint64_t write_end;
    uint32_t pieces;
    uint64_t frames;
    uint32_t segments_min;
    uint32_t segments_max;
    uint64_t high; /* segments above 4 GiB */
};

uint64_t host_now_ns(void);
/* With the lock held: lets the model live until now. */
void card_catch_up(struct card *card);
/* Nanoseconds until the model wants to live again; at most a second. */
uint64_t card_next_ns(struct card *card);

/* The model's callbacks and the vfio-user device's functions. */
void card_bus_init(struct card *card);
extern const struct vfu_ops card_vfu_ops;
/* Ends what was begun on behalf of the driver; with the lock held. */
void card_settle(struct card *card);

/* Makes it a USB card, with a wire: 0, or -1 if this build has none. */
int card_usb_init(struct card *card);

#endif
