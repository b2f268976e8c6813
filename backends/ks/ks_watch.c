/* SPDX-License-Identifier: MIT */
/*
 * Who comes and goes, for contexts that ask for events, and for their open devices a listener each. A device that a call finds
 * gone is told of at once; its interface may still be listed then, so until that has gone, too, or has come anew, the list
 * is not believed.
 *
 * Locks: `values` of a device, or a stream's, may be held when the registry's is taken, never the other way round.
 */
#include "ks.h"

#include <stdio.h>
#include <stdlib.h>

struct ids {
    char id[KS_FOUND_MOST][128];
    uint32_t count;
};

/* What is present as far as a context has been told. */
struct ks_watching {
    struct ks_watching *next;
    struct vdi_context *context;
    void *native;
    struct ids present;
    struct ids departed; /* told gone, and still listed */
};

static _Atomic(vdi_mutex *) registry_lock;
static struct ks_device *devices;
static struct ks_watching *watchings;

/* Made at first use, since no backend is ever initialised. */
static int lock_registry(void)
{
    vdi_mutex *lock = atomic_load(&registry_lock);
    vdi_mutex *other = NULL;

    if (lock == NULL) {
        int status = vdi_mutex_create(&lock);

        if (status != VDC_OK) {
            return status;
        }
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

/* ---- Sets of ids ---- */

static int has(const struct ids *ids, const char *id)
{
    for (uint32_t i = 0; i < ids->count; i++) {
        if (strcmp(ids->id[i], id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void add(struct ids *ids, const char *id)
{
    if (ids->count < KS_FOUND_MOST && !has(ids, id)) {
        (void)snprintf(ids->id[ids->count++], sizeof(ids->id[0]), "%s", id);
    }
}

/* 1 if it was there. */
static int take_out(struct ids *ids, const char *id)
{
    for (uint32_t i = 0; i < ids->count; i++) {
        if (strcmp(ids->id[i], id) == 0) {
            ids->count--;
            memmove(ids->id[i], ids->id[ids->count], sizeof(ids->id[i]));
            return 1;
        }
    }
    return 0;
}

static void public_id(char out[128], const char *id)
{
    (void)snprintf(out, 128, "ks:%.120s", id);
}

/* What is there now; 0 if that cannot be told. */
static int list_present(struct ids *out)
{
    struct ks_found *found = NULL;
    uint32_t count = 0;
    char id[128];

    out->count = 0;
    if (ks_find_all(&found, &count) != VDC_OK) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        public_id(id, found[i].id);
        add(out, id);
    }
    free(found);
    return 1;
}

/* ---- With the lock ---- */

static int is_watched(const struct vdi_context *context)
{
    for (const struct ks_watching *at = watchings; at != NULL; at = at->next) {
        if (at->context == context) {
            return 1;
        }
    }
    return 0;
}

static void begin_listening(struct ks_device *device)
{
    struct ks_property events[KS_EVENTS_MOST];
    uint32_t count = ks_events_wanted(device, events);
    uint64_t accepted = 0;

    if (device->listener == NULL && count != 0 &&
        device->system->listen(&device->listener, &accepted, device->filter, events, count,
                               ks_events_happened, device) != KS_OK) {
        device->listener = NULL;
    }
    atomic_store(&device->heard,
                 (uint32_t)(device->listener != NULL && ks_events_suffice(device, accepted)));
}

/* Those of the context that were lost before it was watched have been told of already. */
static void begin_present(struct ks_watching *watching)
{
    char id[128];

    (void)list_present(&watching->present);
    for (const struct ks_device *at = devices; at != NULL; at = at->next) {
        public_id(id, at->id);
        if (at->lost && at->device->context == watching->context &&
            take_out(&watching->present, id)) {
            add(&watching->departed, id);
        }
    }
}

static void told_gone(const char *id)
{
    char own[128];

    for (struct ks_device *at = devices; at != NULL; at = at->next) {
        public_id(own, at->id);
        if (strcmp(own, id) == 0) {
            at->lost = 1;
        }
    }
}

/* ---- Devices ---- */

int ks_watch_add(struct ks_device *device)
{
    int status = lock_registry();

    if (status != VDC_OK) {
        return status;
    }
    device->next = devices;
    devices = device;
    if (is_watched(device->device->context)) {
        begin_listening(device);
    }
    unlock_registry();
    return VDC_OK;
}

void ks_watch_remove(struct ks_device *device)
{
    struct ks_device **at = &devices;

    if (lock_registry() != VDC_OK) {
        return;
    }
    while (*at != NULL && *at != device) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = device->next;
    }
    unlock_registry();
    /* Its thread may want the lock. */
    if (device->listener != NULL) {
        device->system->unlisten(device->listener);
        device->listener = NULL;
    }
    atomic_store(&device->heard, 0);
}

void ks_watch_lost(const struct ks_device *device)
{
    struct ks_device *own = NULL;
    int told = 0;
    char id[128];

    if (lock_registry() != VDC_OK) {
        return;
    }
    for (struct ks_device *at = devices; at != NULL; at = at->next) {
        own = at == device ? at : own;
    }
    /* One that is still being opened is nobody's loss. */
    if (own != NULL && !own->lost) {
        public_id(id, own->id);
        told_gone(id);
        for (struct ks_watching *at = watchings; at != NULL; at = at->next) {
            if (take_out(&at->present, id)) {
                vdi_context_device_event(at->context, VDC_EVENT_DEVICE_REMOVED, id);
                add(&at->departed, id);
            }
            told |= at->context == own->device->context;
        }
        if (!told) {
            vdi_context_device_event(own->device->context, VDC_EVENT_DEVICE_REMOVED, id);
        }
    }
    unlock_registry();
}

/* ---- Contexts ---- */

/* A notice only says that something changed; what did, the difference of two lists says. */
static void compare(struct ks_watching *watching, const char *arrived, struct ids *now)
{
    struct ids *before = &watching->present;

    for (uint32_t i = watching->departed.count; i-- > 0;) {
        char id[128];

        memcpy(id, watching->departed.id[i], sizeof(id));
        if (!has(now, id) || strcmp(id, arrived) == 0) {
            (void)take_out(&watching->departed, id);
        } else {
            (void)take_out(now, id);
        }
    }
    for (uint32_t i = 0; i < before->count; i++) {
        if (!has(now, before->id[i])) {
            told_gone(before->id[i]);
            vdi_context_device_event(watching->context, VDC_EVENT_DEVICE_REMOVED, before->id[i]);
        }
    }
    for (uint32_t i = 0; i < now->count; i++) {
        if (!has(before, now->id[i])) {
            vdi_context_device_event(watching->context, VDC_EVENT_DEVICE_ARRIVED, now->id[i]);
        }
    }
    *before = *now;
}

static void changed(void *user, const char *arrived)
{
    struct ids *now = calloc(1, sizeof(*now));
    char plain[128];
    char id[128] = "";

    if (arrived != NULL) {
        ks_make_id(plain, arrived);
        public_id(id, plain);
    }
    if (now == NULL || lock_registry() != VDC_OK) {
        free(now);
        return;
    }
    if (list_present(now)) {
        compare(user, id, now);
    }
    unlock_registry();
    free(now);
}

static int begin(struct vdi_context *context, void **state)
{
    struct ks_watching *watching = calloc(1, sizeof(*watching));
    uint32_t result;
    int status;

    if (watching == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory to watch for capture filters");
    }
    watching->context = context;
    status = lock_registry();
    if (status != VDC_OK) {
        free(watching);
        return status;
    }
    result = ks_system_table()->watch(&watching->native, changed, watching);
    if (result != KS_OK) {
        unlock_registry();
        free(watching);
        return vdi_error(VDC_E_IO, "Windows does not tell of devices: error %u", (unsigned)result);
    }
    begin_present(watching);
    watching->next = watchings;
    watchings = watching;
    for (struct ks_device *at = devices; at != NULL; at = at->next) {
        if (at->device->context == context) {
            begin_listening(at);
        }
    }
    unlock_registry();
    *state = watching;
    return VDC_OK;
}

/* All devices of the context are closed by now. */
static void end(struct ks_watching *watching)
{
    struct ks_watching **at = &watchings;

    ks_system_table()->unwatch(watching->native);
    if (lock_registry() == VDC_OK) {
        while (*at != NULL && *at != watching) {
            at = &(*at)->next;
        }
        if (*at != NULL) {
            *at = watching->next;
        }
        unlock_registry();
    }
    free(watching);
}

int ks_watch(struct vdi_context *context, void **state, int on)
{
    if (on) {
        return begin(context, state);
    }
    if (*state != NULL) {
        end(*state);
        *state = NULL;
    }
    return VDC_OK;
}
