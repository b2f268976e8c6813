/* SPDX-License-Identifier: MIT */
/*
 * One simulated card: the model is the card, the core is its driver, this is the machine between
 * them: bus, interrupts, time and one lock. Nobody reaches around the core to the model.
 */
#ifndef SIM_CARD_H
#define SIM_CARD_H

#include <stdatomic.h>

#include "card.h"
#include "sim_options.h"
#include "vdm.h"

struct sim_stream;

#define SIM_NEVER       UINT64_MAX
#define SIM_MS          UINT64_C(1000000)
#define SIM_BUFFERS_MAX 64u
#define SIM_REGIONS_MAX (2u + 2u * SIM_BUFFERS_MAX)
#define SIM_SAMPLE_NS   (50 * SIM_MS) /* an idle stream samples the card's time this often */

/* Memory that the card may reach now, as behind an IOMMU. */
struct sim_region {
    uint64_t address;
    uint64_t bytes;
    uint8_t readable; /* by the card */
    uint8_t writable;
};

struct sim_card {
    struct card base; /* its driver */
    struct sim_options options;
    vdi_mutex *lock; /* serialises everything below */
    vdi_cond *cond;  /* of those who wait on a stream, a boot or flash */

    /* The card. */
    void *memory;
    struct vdm_card *model;
    struct vdm_config config;
    struct vdm_host host;
    uint8_t *flash;
    int flash_is_file;
    const uint8_t *source; /* bytes of the clip */
    size_t source_bytes;
    int64_t epoch_ns; /* rate=real: when it was powered on */

    struct vdh_io io; /* of its driver */
    int restarted;    /* it started anew during capture: to be brought up again */
    char state_text[160];

    /* The bus. */
    struct sim_region regions[SIM_REGIONS_MAX];
    uint32_t region_count;
    uint32_t region_hint; /* where the last access fell */
    uint32_t interrupts;  /* messages not served yet */
    int gone;
    int gone_told;
    int news;    /* boot or flash reported something */
    int claimed; /* its place in the registry is taken */

    /* What went by; for tests and the log. */
    uint64_t stray_accesses; /* to memory that the card had been told to leave alone */
    uint64_t spurious_interrupts;
    uint64_t polled_completions; /* found without an interrupt */

    struct sim_stream *stream; /* the one that is open */

    /* rate=real: the hardware's own thread; rate=max: a slow one, once somebody polls. */
    vdi_thread *thread;
    vdi_cond *alarm;
    uint64_t thread_wakes_ns;
    int quit;
    int in_thread; /* it lets the card live, and tells of it when it has let go of the lock */
    int untold;    /* there is something to tell */
    int telling;   /* it tells, without the lock: no stream may leave */
    vdi_mutex *tell_lock;
    int tell_void;       /* what it is about to tell is no longer true; by tell_lock */
    atomic_uint waiting; /* threads that want the lock */
};

static inline struct sim_card *sim_card_from(struct card *base)
{
    return (struct sim_card *)base;
}

static inline struct sim_card *sim_card_of(struct vdi_device *device)
{
    return sim_card_from(card_of(device));
}

static inline int sim_is_max(const struct sim_card *card)
{
    return card->options.rate == SIM_RATE_MAX;
}

/* ---- sim_card.c: creation, the lock, time -------------------------------------------------------- */

/* Powers a card on. VDC_OK, or a status that vdi_error() has explained. */
int sim_card_create(struct sim_card **out, struct vdi_device *device,
                    const struct sim_options *options);
void sim_card_destroy(struct sim_card *card);

/* Every call from outside goes through these: the card's time is brought up to date, and whatever
 * that set off is served. At rate=max a call outside of a capture takes a millisecond. */
void sim_card_enter(struct sim_card *card);
void sim_card_leave(struct sim_card *card);
/* The lock alone, for calls on the path of a frame. */
void sim_card_lock(struct sim_card *card);

/* The rest needs the lock. Now, on the card's own true time. */
uint64_t sim_card_now(struct sim_card *card);
/* From the card's true time to the host time that frames carry. */
int64_t sim_card_host_ns(const struct sim_card *card, uint64_t model_ns);
/* Lets the card live until `to_ns` (rate=real: no further than now), and serves its interrupts. */
void sim_card_live(struct sim_card *card, uint64_t to_ns);
/* Lets `microseconds` pass, or less if an interrupt brings news; gives the lock up meanwhile. */
void sim_card_pause(struct sim_card *card, uint32_t microseconds);
/* Serves the interrupts that came, and a removal. */
void sim_card_serve(struct sim_card *card);
/* The same without a message. What it told of and nobody acknowledged would keep the card silent. */
void sim_card_look(struct sim_card *card);
/* Wakes whoever waits: now, or when the card's thread has let go of the lock, since a thread that
 * is woken under it would sleep again at once. */
void sim_card_tell(struct sim_card *card);
/* With flash=PATH: writes it. */
void sim_card_save_flash(struct sim_card *card);
/* Lets others have the lock for a moment, if some want it. */
void sim_card_yield(struct sim_card *card);

/* ---- sim_clock.c: the card's thread ---------------------------------------------------------------- */

int sim_clock_start(struct sim_card *card);
void sim_clock_stop(struct sim_card *card);
/* The card's next event may now come sooner than the thread believes. */
void sim_clock_nudge(struct sim_card *card);

/* ---- sim_io.c: the bus ----------------------------------------------------------------------------- */

void sim_io_init(struct sim_card *card);
void sim_io_map(struct sim_card *card, const void *bytes, uint64_t size, int readable,
                int writable);
void sim_io_unmap(struct sim_card *card, const void *bytes);
/* Now the card may reach nothing at all. */
void sim_io_unmap_all(struct sim_card *card);

/* ---- sim_host.c: what card.h asks of a backend ------------------------------------------------------ */

extern const struct card_host sim_host;
/* Fills in what is known of card `number` without opening it. */
void sim_host_describe(struct vdi_device_info *out, uint32_t number);

/* ---- sim_registry.c: the cards of this process ------------------------------------------------------ */

/* Claims a place. VDC_E_BUSY, VDC_E_NOT_FOUND (unplugged). *flash: VDM_FLASH_BYTES, kept here. */
int sim_registry_claim(struct sim_card *card, uint8_t **flash);
/* Gives it back; an unplugged card is plugged in again, unless a test holds it out. */
void sim_registry_release(struct sim_card *card);
void sim_registry_removed(struct sim_card *card);
int sim_registry_list(struct vdi_context *context, struct vdi_sink *sink);
int sim_registry_watch(struct vdi_context *context, void **state, int on);

/* ---- sim_ledger.c ------------------------------------------------------------------------------------ */

/* Writes the model's ledger where the option says; a failure is logged. */
void sim_ledger_write(struct sim_card *card);

#endif
