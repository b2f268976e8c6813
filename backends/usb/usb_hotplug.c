/* SPDX-License-Identifier: MIT */
/*
 * Coming and going: one thread for each context that asks, which lists anew when libusb says that
 * something changed, or twice a second where libusb cannot say so (Windows). Both find the same. Where libusb
 * could say so but nobody tells it (Linux without udev), the system's own list is looked at every second.
 */
#include "usb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_MAX  64u
#define MOVING_MAX 16u
#define EVENTS_MS  1000
#define SETTLE_MS  100 /* after a change: what came may not be open to us yet */
#define SETTLES    20  /* so often; then it is told of all the same */
#define LIST_MS    500

struct watch {
    struct watch *next;
    struct vdi_context *context;
    libusb_context *usb;
    libusb_hotplug_callback_handle callback;
    int has_callback;
    vdi_thread *thread;
    atomic_int quit;
    atomic_int changed;
    uint64_t mark; /* of the bus, when it was listed last */
    int deaf;      /* it changed, and libusb did not say so */
    char known[KNOWN_MAX][128];
    uint32_t known_count;
};

struct finding {
    struct watch *watch;
    char ids[KNOWN_MAX][128];
    uint8_t refused[KNOWN_MAX]; /* it could not be opened */
    uint32_t count;
    int any_refused;
};

/* ---- Devices that leave only to come back ---- */

/* Guards all of these, and what each watch knows. */
static _Atomic(vdi_mutex *) shared_lock;
static struct watch *watches;
static char moving_ids[MOVING_MAX][128];
static uint32_t moving_counts[MOVING_MAX];

static vdi_mutex *take_lock(void)
{
    vdi_mutex *lock = atomic_load(&shared_lock);
    vdi_mutex *other = NULL;

    if (!lock) {
        if (vdi_mutex_create(&lock))
            return NULL;
        if (!atomic_compare_exchange_strong(&shared_lock, &other, lock)) {
            vdi_mutex_destroy(lock);
            lock = other;
        }
    }
    vdi_mutex_lock(lock);
    return lock;
}

void usb_hotplug_moving(const char *id, int moving)
{
    vdi_mutex *lock = take_lock();
    uint32_t free_place = MOVING_MAX;
    uint32_t i;

    if (!lock)
        return;
    for (i = 0; i < MOVING_MAX; i++) {
        if (moving_counts[i] && strcmp(moving_ids[i], id) == 0)
            break;
        if (!moving_counts[i] && free_place == MOVING_MAX)
            free_place = i;
    }
    if (moving && i == MOVING_MAX && free_place < MOVING_MAX) {
        i = free_place;
        (void)snprintf(moving_ids[i], sizeof(moving_ids[i]), "%s", id);
    }
    if (i < MOVING_MAX)
        moving_counts[i] += moving ? 1u : (uint32_t)-1;
    vdi_mutex_unlock(lock);
}

static int is_moving(const char *id)
{
    int moving = 0;

    for (uint32_t i = 0; i < MOVING_MAX; i++)
        moving |= moving_counts[i] && strcmp(moving_ids[i], id) == 0;
    return moving;
}

/* ---- What changed ---- */

static int has(const char (*ids)[128], uint32_t count, const char *id)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(ids[i], id) == 0)
            return 1;
    }
    return 0;
}

static int find_one(const struct usb_seat *seat, void *user)
{
    struct finding *finding = user;

    finding->any_refused |= seat->refused != 0;
    if (finding->count == KNOWN_MAX)
        return 0;
    finding->refused[finding->count] = seat->refused != 0;
    memcpy(finding->ids[finding->count++], seat->id, sizeof(seat->id));
    return 0;
}

/* With the lock held. 1 if it should look again soon, as it will if `patient`: whoever is told of a device opens it. */
static int differ(struct watch *watch, const struct finding *now, int tell, int patient)
{
    int again = 0;

    for (uint32_t i = 0; i < watch->known_count;) {
        const char *id = watch->known[i];

        if (has((const char(*)[128])now->ids, now->count, id)) {
            i++;
        } else if (is_moving(id)) {
            again = 1;
            i++;
        } else {
            vdi_context_device_event(watch->context, VDC_EVENT_DEVICE_REMOVED, id);
            watch->known_count--;
            memmove(watch->known[i], watch->known[watch->known_count], sizeof(watch->known[i]));
        }
    }
    for (uint32_t i = 0; i < now->count; i++) {
        if (has((const char(*)[128])watch->known, watch->known_count, now->ids[i]) ||
            watch->known_count == KNOWN_MAX || (patient && now->refused[i]))
            continue;
        memcpy(watch->known[watch->known_count++], now->ids[i], sizeof(now->ids[i]));
        if (tell)
            vdi_context_device_event(watch->context, VDC_EVENT_DEVICE_ARRIVED, now->ids[i]);
    }
    return again || now->any_refused;
}

/* `tell` 0: only learns what is there. */
static int compare(struct watch *watch, struct finding *now, int tell, int patient)
{
    vdi_mutex *lock;
    libusb_context *usb = watch->usb;
    int again = 1;
    int failed;

    now->count = 0;
    now->any_refused = 0;
    if (watch->deaf && libusb_init(&usb))
        return 1;
    failed = usb_find_each(usb, find_one, now) != 0;
    if (watch->deaf)
        libusb_exit(usb);
    if (failed)
        return 1;
    lock = take_lock();
    if (lock) {
        again = differ(watch, now, tell, patient);
        vdi_mutex_unlock(lock);
    }
    return again;
}

void usb_hotplug_lost(struct vdi_context *context, const char *id)
{
    vdi_mutex *lock = take_lock();
    int knows = 0;

    if (!lock)
        return;
    for (struct watch *watch = watches; watch; watch = watch->next) {
        if (watch->context == context)
            knows |= has((const char(*)[128])watch->known, watch->known_count, id);
    }
    vdi_mutex_unlock(lock);
    if (!knows)
        vdi_context_device_event(context, VDC_EVENT_DEVICE_REMOVED, id);
}

/* ---- The thread ---- */

static int LIBUSB_CALL changed(libusb_context *usb, libusb_device *device,
                               libusb_hotplug_event event, void *user)
{
    struct watch *watch = user;

    (void)usb;
    (void)device;
    (void)event;
    atomic_store(&watch->changed, 1);
    return 0;
}

static void run(void *argument)
{
    struct watch *watch = argument;
    struct finding *finding = malloc(sizeof(*finding));
    int settles = 0;

    if (!finding)
        return;
    finding->watch = watch;
    while (!atomic_load(&watch->quit)) {
        int wait_ms = !watch->has_callback ? LIST_MS : settles ? SETTLE_MS : EVENTS_MS;
        struct timeval turn = {wait_ms / 1000, wait_ms % 1000 * 1000L};
        uint64_t mark;
        int changes;

        (void)libusb_handle_events_timeout_completed(watch->usb, &turn, NULL);
        changes = atomic_exchange(&watch->changed, 0);
        mark = watch->has_callback ? usb_platform_bus_mark() : 0;
        if (changes)
            watch->deaf = 0;
        else if (mark != watch->mark)
            changes = watch->deaf = 1;
        watch->mark = mark;
        if (changes)
            settles = SETTLES;
        else if (watch->has_callback && !settles)
            continue;
        /* What the system's list shows may not be complete yet, and nobody will say when it is. */
        if (!compare(watch, finding, 1, settles > 1) && !watch->deaf)
            settles = 0;
        else if (settles)
            settles--;
    }
    free(finding);
}

static void register_watch(struct watch *watch, int on)
{
    vdi_mutex *lock = take_lock();
    struct watch **at = &watches;

    if (!lock)
        return;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at)
        *at = watch->next;
    if (on) {
        watch->next = watches;
        watches = watch;
    }
    vdi_mutex_unlock(lock);
}

static void end(struct watch *watch)
{
    atomic_store(&watch->quit, 1);
    if (watch->thread) {
        libusb_interrupt_event_handler(watch->usb);
        vdi_thread_join(watch->thread);
    }
    register_watch(watch, 0);
    if (watch->has_callback)
        libusb_hotplug_deregister_callback(watch->usb, watch->callback);
    if (watch->usb)
        libusb_exit(watch->usb);
    free(watch);
}

static int begin(struct vdi_context *context, void **state)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    struct finding *finding = malloc(sizeof(*finding));
    int result = VDC_OK;

    if (!watch || !finding) {
        free(watch);
        free(finding);
        return vdi_error(VDC_E_NO_MEMORY, "usb: no memory to watch for devices");
    }
    watch->context = context;
    atomic_init(&watch->quit, 0);
    atomic_init(&watch->changed, 0);
    result = usb_context_create(&watch->usb);
    if (result == VDC_E_NOT_FOUND) {
        /* No bus, no news; that is no reason to be without news of other devices. */
        vdi_log(context, VDC_LOG_INFO, "USB devices are not watched: this system shows no USB bus");
        free(watch);
        free(finding);
        return VDC_OK;
    }
    if (!result && libusb_has_capability(LIBUSB_CAP_HAS_HOTPLUG))
        watch->has_callback =
            libusb_hotplug_register_callback(
                watch->usb, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                0, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                changed, watch, &watch->callback) == 0;
    if (!result) {
        vdi_log(context, VDC_LOG_INFO, "USB devices are watched by %s",
                watch->has_callback ? "libusb's hotplug" : "listing them twice a second");
        /* Watched from here on: what comes while the present ones are learnt is not lost. */
        finding->watch = watch;
        watch->mark = watch->has_callback ? usb_platform_bus_mark() : 0;
        (void)compare(watch, finding, 0, 0);
        register_watch(watch, 1);
        result = vdi_thread_create(&watch->thread, run, watch, "vidicon-usb-bus");
    }
    free(finding);
    if (result) {
        end(watch);
        return result;
    }
    *state = watch;
    return VDC_OK;
}

int usb_watch(struct vdi_context *context, void **state, int on)
{
    if (on)
        return begin(context, state);
    if (*state)
        end(*state);
    *state = NULL;
    return VDC_OK;
}
