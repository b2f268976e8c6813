/* SPDX-License-Identifier: MIT */
/*
 * The class driver: queues of requests, timers, callbacks of other priority, cancellation, timeouts,
 * and the ownership of every SRB. One thread plays them all; what could run beside the driver on a
 * real machine is run at the points where it could come between.
 */
#ifndef LOADER_CLASS_H
#define LOADER_CLASS_H

#include "abi.h"
#include "bus.h"

#define CLASS_STREAMS    4
#define CLASS_NEVER_NS   30000000000ull /* no request may take longer than that */
#define CLASS_EXPIRED_NS 5000000000ull  /* nor go on so long after its timeout */
#define CLASS_BUFFERS    8
#define STATUS_PENDING   0x00000103u

struct class_request;

struct class_queue {
    const char *name;
    struct class_request *first; /* waiting; oldest first */
    struct class_request *last;
    int ready;     /* the driver asked for the next one */
    unsigned sent; /* with the driver */
};

struct class_slot { /* a timer or a callback: one a stream, one for the device */
    sc_routine routine;
    void *context;
    uint64_t due_ns;
    enum sc_priority priority;
    int armed;
    int running;
};

struct class_stream {
    struct sc_object *object; /* NULL while it is closed */
    struct class_queue data;
    struct class_queue control;
    struct class_slot timer;
    struct class_slot callback;
};

enum class_state { CLASS_NEW, CLASS_WAITING, CLASS_SENT, CLASS_DONE };

struct class_request {
    struct class_request *next;
    struct class_request *all; /* every request that is not freed */
    struct class_queue *queue;
    struct class_stream *stream; /* NULL: a device request */
    enum class_state state;
    struct sc_srb *srb;
    struct sc_srb result; /* as it was when it was completed */
    uint32_t command;
    uint64_t sent_ns;
    uint64_t ended;      /* number of its completion */
    uint64_t expired_ns; /* when the driver was told that it takes too long */
    void *extension;
    struct dma_buffer *extension_dma;
    /* Blocks that go with the SRB: taken from the driver with it. */
    void *parts[8];
    unsigned part_count;
    /* Reads. */
    struct dma_buffer *picture[CLASS_BUFFERS];
    struct ks_header *headers;
    uint8_t headers_copy[2048];
    void (*done)(struct class_request *request); /* then it is freed, unless `keep` */
    void *context;
    int keep;
};

struct class_event { /* one that somebody listens to */
    struct class_event *next;
    struct class_stream *stream; /* NULL: the device's */
    struct ks_event_entry *entry;
    uint64_t signals;
};

struct class {
    struct sc_init init;
    int synchronized;
    unsigned high; /* level of synchronised entries */
    void *extension;
    struct sc_config *config;
    void *dma_memory;
    struct dma_buffer *dma;
    struct class_queue device;
    struct class_slot timer;
    struct class_slot callback;
    struct class_stream streams[CLASS_STREAMS];
    uint64_t tick_ns; /* timers fire on multiples of it */
    uint64_t next_second_ns;
    uint32_t timeout_s;   /* of the reads sent from now on; 0: none */
    unsigned preempt;     /* 1 in so many points is used; 0: none */
    uint64_t signals[32]; /* device events signalled, by number, whether anybody listens or not */
    const struct ks_event_set *event_sets; /* as the device shows them */
    uint32_t event_set_count;
    sc_event_routine event_routine;
    struct class_event *events;
    unsigned reenumerations;
    int removed;            /* the device extension is gone */
    unsigned refuse_config; /* so many calls of StreamClassReadWriteConfig fail */
    int hold_interrupts;    /* 1: they wait, as on a machine that is busy elsewhere */
    uint64_t turns;
};

extern struct class class;

/* Loads the driver and calls its DriverEntry, with that registry path if it is not empty. */
void class_load(const char *path, const uint16_t *registry, uint16_t registry_bytes);
void class_unload(void);

/* Gives the device resources and a place in the world; then send INITIALIZE_DEVICE. */
void class_add_device(unsigned ranges);
void class_remove_device(void);

/* A request for the device (stream NULL) or a stream, with a zeroed SRB. */
struct class_request *class_request_create(uint32_t command, struct class_stream *stream);
/* A block that belongs to it. */
void *class_request_part(struct class_request *request, size_t size, const char *kind);
void class_send(struct class_request *request);
void class_request_free(struct class_request *request);
/* HwCancelPacket, if the driver has it. */
void class_cancel(struct class_request *request);

/* One thing that is due now. 0 if there is none. */
int class_turn(void);
/* One thing, or time until there is one. */
void class_step(void);
/* What is due, and time, until then. */
void class_run_until(uint64_t to_ns);
void class_run_for(uint64_t ns);
/* Until it is completed. Its status. */
nt_status class_wait(struct class_request *request);
/* Sends, waits, frees. */
nt_status class_do(struct class_request *request);
/* Requests that the driver has now. */
unsigned class_outstanding(void);
struct class_request *class_find_sent(uint32_t command);
struct class_request *class_find_srb(const struct sc_srb *srb);
/* A second of every request in the driver's hands. */
void class_count_down(void);
/* Fails if a request was never completed or a queue never made ready. */
void class_check_idle(void);

/* ---- class_event.c ---- */

/* Listens to event `id` of set number `set` of the device. NULL if the driver refuses: *status. */
struct class_event *class_event_enable(uint32_t set, uint32_t id, nt_status *status);
void class_event_disable(struct class_event *event);
/* All who listen to the event of the device (stream NULL) or the stream. */
void class_event_signal(const struct class_stream *stream, const struct nt_guid *set, uint32_t id);
void class_event_signal_one(const struct ks_event_entry *entry);
struct ks_event_entry *class_event_next(const struct class_stream *stream,
                                        const struct nt_guid *set, uint32_t id,
                                        const struct ks_event_entry *after);

/* ---- class_entry.c: into the driver ---- */

void class_enter_srb(struct class_request *request);
void class_enter_slot(struct class_slot *slot, const char *name, enum sc_priority priority);
void class_enter_interrupt(void);
void class_enter_timeouts(void);
void class_enter_cancel(struct class_request *request);
void class_enter_timeout(struct class_request *request);
nt_status class_enter_event(struct sc_event *descriptor);
const char *class_command_name(uint32_t command, int is_stream);

/* ---- class_calls.c: out of it ---- */

void class_complete(struct class_request *request);

#endif
