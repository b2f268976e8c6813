/* SPDX-License-Identifier: MIT */
/*
 * Powers a card on, keeps its time and serves its interrupts. At rate=max time is a number that
 * goes on only inside calls; at rate=real it is the host's, and every call catches up first.
 */
#include "sim_card.h"
#include "sim_stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vdh_control.h"
#include "vdh_default_image.h"

#define CALL_NS         SIM_MS /* what a call takes at rate=max while nothing is captured */
#define SERVE_MOST      256u
#define INTERRUPTS_MOST 128u /* messages not served yet; more of them merge */

static const uint8_t *align64(const void *memory)
{
    return (const uint8_t *)memory + (64u - (uintptr_t)memory % 64u) % 64u;
}

/* ---- Time ---- */

uint64_t sim_card_now(struct sim_card *card)
{
    if (!sim_is_max(card))
        return (uint64_t)(vdi_now_ns() - card->epoch_ns);
    return vdm_now_ns(card->model);
}

int64_t sim_card_host_ns(const struct sim_card *card, uint64_t model_ns)
{
    return sim_is_max(card) ? (int64_t)model_ns : card->epoch_ns + (int64_t)model_ns;
}

void sim_card_live(struct sim_card *card, uint64_t to_ns)
{
    uint64_t now = sim_card_now(card);

    if (!sim_is_max(card)) {
        vdm_advance(card->model, now);
        sim_card_serve(card);
        sim_stream_tick(card);
        sim_card_serve(card);
        return;
    }
    do {
        uint64_t next = vdm_next_event_ns(card->model);
        uint64_t due = sim_stream_due(card);

        next = next < due ? next : due;
        next = next < to_ns ? next : to_ns;
        vdm_advance(card->model, next > now ? next : now);
        sim_card_serve(card);
        sim_stream_tick(card);
        now = vdm_now_ns(card->model);
    } while (now < to_ns);
}

void sim_card_yield(struct sim_card *card)
{
    /* A mutex need not be fair; a short sleep is. */
    if (atomic_load_explicit(&card->waiting, memory_order_relaxed))
        (void)vdi_cond_wait(card->alarm, card->lock, vdi_now_ns() + 50000);
}

void sim_card_pause(struct sim_card *card, uint32_t microseconds)
{
    int64_t deadline;

    if (sim_is_max(card)) {
        /* An entry into the driver takes time, too: so no loop of steps can go on for ever. */
        sim_card_live(card, vdm_now_ns(card->model) +
                                (microseconds ? microseconds : 1u) * UINT64_C(1000));
        sim_card_yield(card);
        return;
    }
    sim_card_live(card, 0);
    if (microseconds == 0) {
        sim_card_yield(card);
        return;
    }
    deadline = vdi_now_ns() + microseconds * INT64_C(1000);
    card->news = 0;
    sim_clock_nudge(card);
    while (!card->news && !card->gone && !vdi_cond_wait(card->cond, card->lock, deadline))
        ;
}

/* ---- The lock ---- */

void sim_card_lock(struct sim_card *card)
{
    atomic_fetch_add_explicit(&card->waiting, 1, memory_order_relaxed);
    vdi_mutex_lock(card->lock);
    atomic_fetch_sub_explicit(&card->waiting, 1, memory_order_relaxed);
}

void sim_card_enter(struct sim_card *card)
{
    sim_card_lock(card);
    if (!sim_is_max(card))
        sim_card_live(card, 0);
    else if (!sim_stream_runs(card))
        sim_card_live(card, vdm_now_ns(card->model) + CALL_NS);
}

void sim_card_leave(struct sim_card *card)
{
    sim_card_serve(card);
    sim_clock_nudge(card);
    vdi_mutex_unlock(card->lock);
}

void sim_card_tell(struct sim_card *card)
{
    if (card->in_thread)
        card->untold = 1;
    else
        vdi_cond_signal_all(card->cond);
}

/* ---- Interrupts ---- */

static void handle(struct sim_card *card, uint32_t events)
{
    uint32_t moved = 0;

    if (events & (VDH_EVENT_BOOT | VDH_EVENT_FLASH)) {
        card->news = 1;
        sim_card_tell(card);
    }
    if (events & VDH_EVENT_SOURCE)
        vdi_device_event(card->base.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
    if (events & VDH_EVENT_CONTROL && !vdh_control_changed(&card->base.core, &moved))
        card_controls_moved(&card->base, moved);
    if (events & VDH_EVENT_GONE)
        card->gone = 1;
    if (card->stream && (events & (VDH_EVENT_FRAME | VDH_EVENT_WATERMARK | VDH_EVENT_ERROR)))
        sim_stream_interrupt(card, events);
}

void sim_card_look(struct sim_card *card)
{
    uint32_t events = 0;

    (void)vdh_interrupt(&card->base.core, &events);
    handle(card, events);
}

void sim_card_serve(struct sim_card *card)
{
    if (card->interrupts > INTERRUPTS_MOST)
        card->interrupts = INTERRUPTS_MOST;
    for (uint32_t i = 0; card->interrupts && i < SERVE_MOST; i++) {
        uint32_t events = 0;
        int result;

        card->interrupts--;
        result = vdh_interrupt(&card->base.core, &events);
        if (result == VDH_OK && events == 0)
            card->spurious_interrupts++;
        handle(card, events);
    }
    if (card->gone && !card->gone_told) {
        card->gone_told = 1;
        card->interrupts = 0;
        sim_stream_gone(card);
        sim_registry_removed(card);
        sim_card_tell(card);
    }
}

/* ---- Power on ---- */

static int load_source(struct sim_card *card)
{
    static const struct {
        enum sim_raw raw;
        enum vdm_clip_layout layout;
    } layouts[] = {
        {SIM_RAW_YUYV,  VDM_CLIP_YUYV },
        {SIM_RAW_UYVY,  VDM_CLIP_UYVY },
        {SIM_RAW_NV12,  VDM_CLIP_NV12 },
        {SIM_RAW_RGB24, VDM_CLIP_RGB24},
        {SIM_RAW_GREY,  VDM_CLIP_GREY },
        {SIM_RAW_I420,  VDM_CLIP_420  },
        {SIM_RAW_I422,  VDM_CLIP_422  },
        {SIM_RAW_I444,  VDM_CLIP_444  },
    };
    const struct sim_options *options = &card->options;
    struct vdm_clip clip;
    const char *what = "no such layout";
    int result;

    if (!options->source[0])
        return VDC_OK;
    result = vdi_file_open(&card->source, &card->source_bytes, options->source);
    if (result)
        return result;
    if (options->source_format == SIM_RAW_NONE) {
        result = vdm_clip_parse_y4m(&clip, card->source, card->source_bytes, &what);
    } else {
        result = -1;
        for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
            if (layouts[i].raw == options->source_format)
                result = vdm_clip_raw(&clip, card->source, card->source_bytes, layouts[i].layout,
                                      options->source_width, options->source_height, &what);
        }
    }
    if (!result && vdm_set_clip(card->model, &clip)) {
        what = "the card does not take it";
        result = -1;
    }
    if (result)
        return vdi_error(VDC_E_INVALID,
                         "sim:%u: cannot show \"%s\" as its source: %s. It takes Y4M files of 8 "
                         "bits, and raw files with source_format and source_size.",
                         options->card, options->source, what);
    return VDC_OK;
}

static int load_image(struct sim_card *card)
{
    const struct sim_options *options = &card->options;
    int result;

    if (options->no_firmware)
        return VDC_OK;
    if (!options->firmware[0]) {
        card->base.image = vdh_default_image;
        card->base.image_bytes = vdh_default_image_bytes;
        return VDC_OK;
    }
    result = vdi_file_open(&card->base.image, &card->base.image_bytes, options->firmware);
    card->base.image_is_file = result == VDC_OK;
    (void)snprintf(card->base.image_name, sizeof(card->base.image_name), "%.159s",
                   options->firmware);
    return result;
}

static int load_flash(struct sim_card *card)
{
    const uint8_t *bytes;
    size_t size;
    uint8_t *flash;
    int result;

    if (!card->options.flash[0])
        return sim_registry_claim(card, &card->flash);
    result = sim_registry_claim(card, NULL);
    if (result)
        return result;
    flash = malloc(VDM_FLASH_BYTES);
    if (!flash)
        return vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for its flash", card->options.card);
    memset(flash, 0xff, VDM_FLASH_BYTES);
    card->flash = flash;
    card->flash_is_file = 1;
    if (vdi_file_open(&bytes, &size, card->options.flash) == VDC_OK) {
        if (size == VDM_FLASH_BYTES)
            memcpy(flash, bytes, size);
        vdi_file_close(bytes, size);
        if (size != VDM_FLASH_BYTES)
            return vdi_error(VDC_E_INVALID,
                             "sim:%u: \"%s\" has %zu bytes and is not the flash of a card, which "
                             "has %u. Name another file; a new one is made.",
                             card->options.card, card->options.flash, size, VDM_FLASH_BYTES);
    }
    return VDC_OK;
}

void sim_card_save_flash(struct sim_card *card)
{
    if (card->flash_is_file && card->model &&
        vdi_file_write(card->options.flash, card->flash, VDM_FLASH_BYTES) != VDC_OK)
        vdi_log(card->base.device->context, VDC_LOG_ERROR,
                "sim:%u: cannot write its flash to \"%s\"", card->options.card,
                card->options.flash);
}

static int power_on(struct sim_card *card)
{
    struct vdh_budget budget = {1024, 65536}; /* a thread's: nobody waits for it */
    size_t error_at = 0;
    const char *what = "";
    int result;

    vdm_config_default(&card->config);
    memcpy(card->config.serial, card->options.serial, sizeof(card->options.serial));
    card->config.drift_ppm = card->options.drift_ppm;
    card->config.boot_ns = card->options.boot_ms * SIM_MS;
    card->config.flash = card->flash;
    card->config.host = &card->host;
    card->config.context = card;
    card->memory = malloc(vdm_card_bytes() + 64u);
    if (!card->memory)
        return vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for the card", card->options.card);
    sim_io_init(card);
    card->epoch_ns = vdi_now_ns();
    card->model =
        vdm_create((void *)(uintptr_t)align64(card->memory), vdm_card_bytes(), &card->config);
    if (!card->model)
        return vdi_error(VDC_E_INVALID, "sim:%u: no card can be built to these options",
                         card->options.card);
    if (card->options.faults[0] && vdm_fault_script(card->model, card->options.faults,
                                                    strlen(card->options.faults), &error_at, &what))
        return vdi_error(VDC_E_INVALID,
                         "sim:%u: fault script, character %zu: %s. docs/hardware.md lists the "
                         "kinds of faults and their keys.",
                         card->options.card, error_at, what);
    result = load_source(card);
    if (result)
        return result;
    result = vdh_attach(&card->base.core, &card->io, card, VDH_TRANSPORT_FAST, &budget);
    /* A card that does not answer at all is not there. */
    if (result == VDH_E_GONE)
        return vdi_error(VDC_E_NOT_FOUND, "sim:%u: the card was pulled out", card->options.card);
    if (result)
        return vdi_error(VDC_E_IO, "sim:%u: does not identify itself (%s)", card->options.card,
                         vdh_result_name(result));
    return VDC_OK;
}

int sim_card_create(struct sim_card **out, struct vdi_device *device,
                    const struct sim_options *options)
{
    struct sim_card *card = calloc(1, sizeof(*card));
    int result;

    if (!card)
        return vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for the card", options->card);
    card->options = *options;
    card->base.host = &sim_host;
    card->base.device = device;
    (void)snprintf(card->base.id, sizeof(card->base.id), "sim:%u", (unsigned)options->card);
    atomic_init(&card->waiting, 0);
    card->base.tables = malloc(VDH_TABLES_MAX_BYTES);
    result = !card->base.tables || vdi_mutex_create(&card->lock) ||
                     vdi_mutex_create(&card->tell_lock) || vdi_cond_create(&card->cond) ||
                     vdi_cond_create(&card->alarm)
                 ? vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for the card", options->card)
                 : VDC_OK;
    if (!result)
        result = load_flash(card);
    if (!result)
        result = load_image(card);
    if (!result)
        result = power_on(card);
    if (!result && !sim_is_max(card))
        result = sim_clock_start(card);
    if (!result) {
        sim_card_lock(card);
        result = card_boot_bring_up(&card->base);
        sim_card_leave(card);
    }
    if (result) {
        sim_card_destroy(card);
        return result;
    }
    *out = card;
    return VDC_OK;
}

void sim_card_destroy(struct sim_card *card)
{
    sim_clock_stop(card);
    if (card->model) {
        sim_ledger_write(card);
        sim_card_save_flash(card);
    }
    sim_registry_release(card);
    free(card->memory);
    free(card->base.tables);
    if (card->flash_is_file)
        free(card->flash);
    if (card->source)
        vdi_file_close(card->source, card->source_bytes);
    if (card->base.image_is_file)
        vdi_file_close(card->base.image, card->base.image_bytes);
    if (card->alarm)
        vdi_cond_destroy(card->alarm);
    if (card->cond)
        vdi_cond_destroy(card->cond);
    if (card->lock)
        vdi_mutex_destroy(card->lock);
    if (card->tell_lock)
        vdi_mutex_destroy(card->tell_lock);
    free(card);
}
