/* SPDX-License-Identifier: MIT */
/*
 * One simulated card: the model is the card, the core is its driver, this is the machine between
 * them: bus, interrupts, time and one lock. Nobody reaches around the core to the model.
 */
#ifndef SIM_CARD_H
#define SIM_CARD_H

#include <stdatomic.h>

#include "backend.h"
#include "sim_options.h"
#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_device.h"
#include "vdh_flash.h"
#include "vdh_irq.h"
#include "vdm.h"

struct sim_stream;

#define SIM_NEVER       UINT64_MAX
#define SIM_MS          UINT64_C(1000000)
#define SIM_BUFFERS_MAX 64u
#define SIM_REGIONS_MAX (2u + 2u * SIM_BUFFERS_MAX)
#define SIM_SAMPLE_NS   (50 * SIM_MS) /* an idle stream samples the card's time this often */

#define SIM_EVENTS                                                                  \
    (VDH_EVENT_FRAME | VDH_EVENT_WATERMARK | VDH_EVENT_SOURCE | VDH_EVENT_CONTROL | \
     VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_ERROR)

/* Memory that the card may reach now, as behind an IOMMU. */
struct sim_region {
    uint64_t address;
    uint64_t bytes;
    uint8_t readable; /* by the card */
    uint8_t writable;
};

struct sim_card {
    struct sim_options options;
    struct vdi_device *device;
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

    /* Its driver. */
    struct vdh_io io;
    struct vdh_device core;
    uint8_t *tables;
    const uint8_t *image; /* what is uploaded, NULL for none */
    size_t image_bytes;
    int image_is_file;
    int ready;     /* boot ended well */
    int restarted; /* it started anew during capture: to be brought up again */
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
    atomic_uint waiting; /* threads that want the lock */
};

struct sim_device {
    struct sim_card *card;
};

static inline struct sim_card *sim_card_of(struct vdi_device *device)
{
    return ((struct sim_device *)device->priv)->card;
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

/* ---- sim_boot.c: from power-on to running firmware -------------------------------------------------- */

/* The core's result as a status; sets the error text: what was tried, on which card, and why not. */
int sim_error(struct sim_card *card, int result, const char *tried);
/* What a driver does when it finds the card: firmware from flash, or else upload it. The card is
 * `ready` afterwards, or LIMITED and state_text says why. Fails only for a card that is gone. */
int sim_boot_bring_up(struct sim_card *card);
/* One boot to its end: a result of the core. Progress is told without the lock. */
int sim_boot_run(struct sim_card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                 enum vdh_image_error *why, vdc_progress_fn progress, void *user);
/* The image that the library carries in its data segment. */
void sim_boot_default_image(const uint8_t **image, size_t *bytes);
/* Tells the library what the device is now. */
void sim_boot_tell(struct sim_card *card);
/* Fills in what is known of card `number` without opening it. */
void sim_boot_describe(struct vdi_device_info *out, uint32_t number);

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

/* ---- sim_device.c, sim_controls.c, sim_firmware.c, sim_registers.c ------------------------------------ */

extern const struct vdi_input_ops sim_input_ops;
extern const struct vdi_firmware_ops sim_firmware_ops;
extern const struct vdi_register_ops sim_register_ops;

int sim_device_formats(struct vdi_device *device, struct vdi_sink *sink);
int sim_device_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed);
int sim_controls_list(struct vdi_device *device, struct vdi_sink *sink);
int sim_controls_get(struct vdi_device *device, uint32_t control, int64_t *value);
int sim_controls_set(struct vdi_device *device, uint32_t control, int64_t value);
/* The card moved some of them: an event for each. */
void sim_controls_moved(struct sim_card *card);

/* The nearest format that the card has, as the library's and as the core's; *changed: vdc_changed. */
struct vdh_format;
int sim_format_adjust(struct sim_card *card, vdc_format *format, struct vdh_format *core,
                      uint32_t *changed);
void sim_format_from_core(vdc_format *out, const struct vdh_device *core,
                          const struct vdh_format *format);

#endif
