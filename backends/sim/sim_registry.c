/* SPDX-License-Identifier: MIT */
/*
 * The simulated cards of this process: sixteen places, each with what must outlive an open handle:
 * flash, and whether the card is plugged in. Made at first use, since no backend is ever initialised.
 */
#include "sim_card.h"
#include "sim_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    struct sim_card *card; /* open */
    uint8_t *flash;        /* NULL: as new */
    int out;               /* not plugged in */
    int held_out;          /* by a test: closing does not plug it in again */
};

static _Atomic(vdi_mutex *) registry_lock;
static struct place places[SIM_CARDS];
static struct vdi_context **watchers;
static size_t watcher_count;

static int lock_registry(void)
{
    vdi_mutex *lock = atomic_load(&registry_lock);
    vdi_mutex *other = NULL;

    if (!lock) {
        if (vdi_mutex_create(&lock))
            return vdi_error(VDC_E_NO_MEMORY, "no memory for the list of simulated cards");
        if (!atomic_compare_exchange_strong(&registry_lock, &other, lock)) {
            vdi_mutex_destroy(lock);
            lock = other;
        }
    }
    vdi_mutex_lock(lock);
    return VDC_OK;
}

static void unlock_registry(void)
{
    vdi_mutex_unlock(atomic_load(&registry_lock));
}

/* To every context that lists the card, and to the one that has it open. */
static void tell(uint32_t number, uint32_t kind, struct vdi_context *owner)
{
    char id[16];
    int told = 0;

    (void)snprintf(id, sizeof(id), "sim:%u", (unsigned)number);
    for (size_t i = 0; i < watcher_count; i++) {
        if (watchers[i] == owner || number < vdi_context_simulated_cards(watchers[i])) {
            vdi_context_device_event(watchers[i], kind, id);
            told |= watchers[i] == owner;
        }
    }
    if (owner && !told)
        vdi_context_device_event(owner, kind, id);
}

static int is_blank(const uint8_t *flash)
{
    for (size_t i = 0; i < VDM_FLASH_BYTES; i++) {
        if (flash[i] != 0xff)
            return 0;
    }
    return 1;
}

int sim_registry_claim(struct sim_card *card, uint8_t **flash)
{
    struct place *place = &places[card->options.card];
    int result = lock_registry();

    if (result)
        return result;
    if (place->card) {
        result = vdi_error(VDC_E_BUSY,
                           "sim:%u: this card is open already; close it first, or open "
                           "another one",
                           card->options.card);
    } else if (place->out) {
        result =
            vdi_error(VDC_E_NOT_FOUND, "sim:%u: this card is not plugged in", card->options.card);
    } else if (flash && !place->flash) {
        place->flash = malloc(VDM_FLASH_BYTES);
        if (place->flash)
            memset(place->flash, 0xff, VDM_FLASH_BYTES);
        else
            result =
                vdi_error(VDC_E_NO_MEMORY, "sim:%u: no memory for its flash", card->options.card);
    }
    if (!result) {
        place->card = card;
        card->claimed = 1;
        if (flash)
            *flash = place->flash;
    }
    unlock_registry();
    return result;
}

void sim_registry_release(struct sim_card *card)
{
    uint32_t number = card->options.card;
    struct place *place = &places[number];

    if (!card->claimed || lock_registry())
        return;
    place->card = NULL;
    if (place->flash && is_blank(place->flash)) {
        free(place->flash);
        place->flash = NULL;
    }
    if (place->out && !place->held_out) {
        place->out = 0;
        tell(number, VDC_EVENT_DEVICE_ARRIVED, card->base.device->context);
    }
    unlock_registry();
}

void sim_registry_removed(struct sim_card *card)
{
    if (lock_registry())
        return;
    places[card->options.card].out = 1;
    tell(card->options.card, VDC_EVENT_DEVICE_REMOVED, card->base.device->context);
    unlock_registry();
}

int sim_registry_list(struct vdi_context *context, struct vdi_sink *sink)
{
    uint32_t count = vdi_context_simulated_cards(context);
    int result = lock_registry();

    if (result)
        return result;
    for (uint32_t i = 0; i < count && i < SIM_CARDS && !result; i++) {
        struct vdi_device_info info;

        if (places[i].out)
            continue;
        sim_host_describe(&info, i);
        result = vdi_sink_device(sink, &info);
    }
    unlock_registry();
    return result;
}

int sim_registry_watch(struct vdi_context *context, void **state, int on)
{
    struct vdi_context **more;
    int result = lock_registry();

    (void)state; /* the cards of a process are in one place, and so are their watchers */

    if (result)
        return result;
    if (on) {
        more = realloc(watchers, (watcher_count + 1) * sizeof(struct vdi_context *));
        if (more) {
            watchers = more;
            watchers[watcher_count++] = context;
        } else {
            result = vdi_error(VDC_E_NO_MEMORY, "no memory to watch the simulated cards");
        }
    } else {
        for (size_t i = 0; i < watcher_count; i++) {
            if (watchers[i] == context) {
                watchers[i] = watchers[--watcher_count];
                break;
            }
        }
        if (watcher_count == 0) {
            free(watchers);
            watchers = NULL;
        }
    }
    unlock_registry();
    return result;
}

/* ---- For tests ---- */

static struct sim_card *open_card(uint32_t number)
{
    struct sim_card *card = NULL;

    if (number < SIM_CARDS && !lock_registry()) {
        card = places[number].card;
        unlock_registry();
    }
    return card;
}

int vdi_sim_with_model(uint32_t number, vdi_sim_model_fn call, void *user)
{
    struct sim_card *card = open_card(number);

    if (!card)
        return -1;
    sim_card_lock(card);
    sim_card_live(card, vdm_now_ns(card->model));
    call(card->model, user);
    sim_card_leave(card);
    return 0;
}

int vdi_sim_report(struct vdi_sim_counts *out, uint32_t number)
{
    struct sim_card *card = open_card(number);

    if (!card)
        return -1;
    sim_card_lock(card);
    out->epoch_ns = sim_card_host_ns(card, 0);
    out->stray_accesses = card->stray_accesses;
    out->spurious_interrupts = card->spurious_interrupts;
    out->polled_completions = card->polled_completions;
    out->mapped_regions = card->region_count;
    vdi_mutex_unlock(card->lock);
    return 0;
}

int vdi_sim_plug(uint32_t number, int in)
{
    struct sim_card *card;

    if (number >= SIM_CARDS || lock_registry())
        return -1;
    card = places[number].card;
    places[number].held_out = !in;
    if (in == places[number].out && !card) {
        places[number].out = !in;
        tell(number, in ? VDC_EVENT_DEVICE_ARRIVED : VDC_EVENT_DEVICE_REMOVED, NULL);
    }
    unlock_registry();
    /* An open card is pulled out by force, and noticed as any other. */
    if (card && !in) {
        sim_card_lock(card);
        vdm_unplug(card->model);
        sim_card_leave(card);
    }
    return 0;
}

void vdi_sim_forget(uint32_t number)
{
    if (number >= SIM_CARDS || lock_registry())
        return;
    if (!places[number].card) {
        free(places[number].flash);
        memset(&places[number], 0, sizeof(places[number]));
    }
    unlock_registry();
}
