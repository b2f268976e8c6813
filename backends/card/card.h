/* SPDX-License-Identifier: MIT */
/*
 * A card whose driver is the core in user space: what its backends have in common. A backend embeds
 * struct card as the first member of its own, and fills in what it does its own way.
 */
#ifndef CARD_H
#define CARD_H

#include "backend.h"
#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_device.h"
#include "vdh_flash.h"
#include "vdh_format.h"
#include "vdh_irq.h"

struct card;

/* What differs from one backend to the next. Called with the card entered unless it says otherwise;
 * what may be NULL says so, too. */
struct card_host {
    uint32_t events;           /* VDH_EVENT_* to be told of */
    enum vdh_body absent_body; /* registers of that body are none of this card's */
    int outlives;              /* it stays powered when its user dies, who may have captured */
    int tells_progress;        /* through its watermark */

    /* Words of error texts. */
    const char *noun;                         /* "the device" */
    const char *it;                           /* the same, or "it" where the backend says it so */
    const char *gone;                         /* what became of it, when it is no longer there */
    const char *(*failed)(struct card *card); /* what happened to the last access that failed */

    /* A call of the library begins and ends. */
    void (*enter)(struct card *card);
    void (*leave)(struct card *card);
    /* The lock alone, given up and taken back in the middle of a call. */
    void (*unlock)(struct card *card);
    void (*lock)(struct card *card);
    uint64_t (*now_us)(struct card *card);
    /* Lets time pass, or less if boot or flash has news; gives the lock up meanwhile. */
    void (*pause)(struct card *card, uint32_t microseconds);
    /* The core said so. */
    void (*lost)(struct card *card);
    /* Whatever can be told of it without asking it. */
    void (*describe)(struct card *card, struct vdi_device_info *out);
    /* Before attempt 0 and 1 at bringing it up: a result of the core. */
    int (*greet)(struct card *card, uint32_t attempt);
    /* One boot to its end: card_boot_once(), or more than that. */
    int (*boot)(struct card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                enum vdh_image_error *why, vdc_progress_fn progress, void *user);
    /* From now on (1), or no longer (0), it may vanish and come back; nests. May be NULL. */
    void (*moving)(struct card *card, int moving);
    /* Its flash may hold other bytes now. May be NULL. */
    void (*flash_changed)(struct card *card);
    /* Whether frames get through at this interval. NULL: they always do. */
    int (*carries)(const struct card *card, const struct vdh_format *format);
    /* card_format_adjust() as far as `carries` goes along. NULL: that alone. */
    int (*negotiate)(struct card *card, vdc_format *format, uint32_t *changed);
};

struct card {
    const struct card_host *host;
    struct vdi_device *device;
    char id[128]; /* as error texts begin */

    struct vdh_device core;
    uint8_t *tables;      /* VDH_TABLES_MAX_BYTES */
    const uint8_t *image; /* what is uploaded, NULL for none */
    size_t image_bytes;
    int image_is_file;
    char image_name[160]; /* of the file, for state_text */
    int ready;            /* boot ended well */
    char state_text[160]; /* why not */
};

/* What a backend's vdi_device keeps. */
struct card_device {
    struct card *card;
};

static inline struct card *card_of(struct vdi_device *device)
{
    return ((struct card_device *)device->priv)->card;
}

/* ---- card_boot.c: from power-on to running firmware ---- */

/* The core's result as a status; sets the error text: on which card, what was tried, why not. */
int card_error(struct card *card, int result, const char *tried);
/* What a driver does when it finds the card: firmware from flash, or else upload it. The card is
 * `ready` afterwards, or LIMITED and state_text says why. Fails only for one that does not answer. */
int card_boot_bring_up(struct card *card);
/* One boot of the core to its end. Progress is told without the lock. */
int card_boot_once(struct card *card, const uint8_t *image, size_t bytes, uint32_t flags,
                   enum vdh_image_error *why, vdc_progress_fn progress, void *user);
/* The same for a boot that was started already. */
int card_boot_steps(struct card *card, struct vdh_boot *boot, size_t bytes,
                    vdc_progress_fn progress, void *user);
/* Tells the library what the device is now. */
void card_boot_tell(struct card *card);

/* Work of the core that goes in steps, to its end. `progress` may be NULL. */
struct card_progress {
    const uint32_t *done_bytes; /* the work keeps it */
    size_t bytes;
    vdc_progress_fn tell; /* NULL: nobody asked */
    void *user;
};
int card_steps(struct card *card, int (*step)(void *work, uint64_t now_us, uint32_t *again_us),
               void *work, const struct card_progress *progress);

/* ---- card_firmware.c, card_registers.c, card_inputs.c, card_controls.c ---- */

extern const struct vdi_firmware_ops card_firmware_ops;
extern const struct vdi_register_ops card_register_ops;
extern const struct vdi_input_ops card_input_ops;

int card_controls(struct vdi_device *device, struct vdi_sink *sink);
int card_get_control(struct vdi_device *device, uint32_t control, int64_t *value);
int card_set_control(struct vdi_device *device, uint32_t control, int64_t value);
/* The card moved those of `mask`: an event for each. */
void card_controls_moved(struct card *card, uint32_t mask);

/* ---- card_format.c ---- */

/* The error of what needs firmware while none runs. */
int card_limited(struct card *card);
int card_formats(struct vdi_device *device, struct vdi_sink *sink);
int card_negotiate(struct vdi_device *device, vdc_format *format, uint32_t *changed);
/* The nearest format that the card has, as the library's and the core's; *changed: vdc_changed. */
int card_format_adjust(struct card *card, vdc_format *format, struct vdh_format *core,
                       uint32_t *changed);
void card_format_from_core(vdc_format *out, const struct vdh_device *core,
                           const struct vdh_format *format);

/* ---- card_stream.c ---- */

/* Opening a stream, as far as it is the core's: chooses and sets the format, and fills in *layout.
 * `taken`: the card has a stream already. */
int card_stream_format(struct card *card, int taken, const struct vdi_stream_config *config,
                       struct vdh_format *format, struct vdi_stream_layout *layout);
/* Ends whatever the engine does: a result of the core. */
int card_stream_end(struct card *card, struct vdh_capture *capture);

/* ---- card_time.c: a capture's clock ---- */

/* One reading of the card's counter: the host's time then, and how far off that can be. */
struct card_sample {
    uint64_t ticks;
    int64_t host_ns;
    int64_t half_ns;
};
#define CARD_SAMPLES 32u

struct card_clock {
    struct vdi_timebase base;
    struct card_sample samples[CARD_SAMPLES]; /* the last ones that agree, a ring */
    uint32_t count;                           /* ever taken */
};

void card_clock_reset(struct card_clock *clock);
/* Takes a reading between two host times; one within `apart_ns` of the last but one replaces the last.
 * 1 if it contradicts those before: then the clock is to be reset. */
int card_clock_feed(struct card_clock *clock, uint64_t ticks, int64_t before, int64_t after,
                    int64_t apart_ns);
/* Ticks, host time and bound of a frame, or none. */
void card_clock_map(const struct card_clock *clock, uint64_t ticks, struct vdi_completion *out);
/* Host time of its end, INT64_MIN: unknown. */
int64_t card_clock_end_ns(const struct card_clock *clock, uint64_t ticks);

#endif
