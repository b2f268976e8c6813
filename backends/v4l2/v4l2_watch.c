/* SPDX-License-Identifier: MIT */
/*
 * One thread for each context whose application asks for events: nodes that come and go, and the events of
 * open devices. While a device streams, whoever waits for its frames sees its events, too: polling for
 * events alone would wake this thread at every frame, so it only looks in now and then.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KNOWN_MAX   64
#define POLLED_MAX  34 /* the monitor, the wake-up, and so many devices */
#define LOST_MAX    8
#define LOOK_IN_NS  INT64_C(1000000000)
#define NS_PER_MS   INT64_C(1000000)
#define MONITOR_TRY 4096

struct known {
    char path[64];
    char id[128];
};

struct v4l2_watcher {
    struct v4l2_watcher *next;
    struct vdi_context *context;
    vdi_thread *thread;
    struct v4l2_monitor *monitor;
    int monitor_fd;
    int wake_fd;
    atomic_int over;
    struct known known[KNOWN_MAX]; /* the thread's own */
    size_t known_count;
    char lost[LOST_MAX][64]; /* nodes that stay behind without their device; under the lock */
    size_t lost_count;
};

/* Guards both lists. Devices are told from under it; that asks only for the library's leaf locks. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct v4l2_device *devices;
static struct v4l2_watcher *watchers;

/* With the lock held. Whether there is one. */
static int wake_watcher_of(const struct v4l2_device *device)
{
    int found = 0;

    for (struct v4l2_watcher *watcher = watchers; watcher != NULL; watcher = watcher->next) {
        if (watcher->context == device->outer->context) {
            v4l2_system->event_set(watcher->wake_fd);
            found = 1;
        }
    }
    return found;
}

void v4l2_watch_add(struct v4l2_device *device)
{
    pthread_mutex_lock(&lock);
    device->next = devices;
    devices = device;
    if (wake_watcher_of(device)) {
        v4l2_events_subscribe_read_only(device);
    }
    pthread_mutex_unlock(&lock);
}

void v4l2_watch_remove(struct v4l2_device *device)
{
    struct v4l2_device **at;

    pthread_mutex_lock(&lock);
    for (at = &devices; *at != NULL && *at != device; at = &(*at)->next) {
    }
    if (*at != NULL) {
        *at = device->next;
        (void)wake_watcher_of(device);
    }
    pthread_mutex_unlock(&lock);
}

void v4l2_watch_streaming(struct v4l2_device *device, int streaming)
{
    pthread_mutex_lock(&lock);
    device->streaming = streaming;
    (void)wake_watcher_of(device);
    pthread_mutex_unlock(&lock);
}

void v4l2_watch_lost(struct v4l2_device *device)
{
    int told = 0;

    pthread_mutex_lock(&lock);
    for (struct v4l2_watcher *watcher = watchers; watcher != NULL; watcher = watcher->next) {
        if (watcher->lost_count < LOST_MAX) {
            snprintf(watcher->lost[watcher->lost_count++], sizeof(watcher->lost[0]), "%s",
                     device->node.path);
            v4l2_system->event_set(watcher->wake_fd);
        }
        told |= watcher->context == device->outer->context;
    }
    if (!told && !device->lost) {
        vdi_context_device_event(device->outer->context, VDC_EVENT_DEVICE_REMOVED, device->info.id);
    }
    device->lost = 1;
    pthread_mutex_unlock(&lock);
}

/* ---- Nodes ---- */

static void bid_farewell(struct v4l2_watcher *watcher, const char *path)
{
    for (size_t at = 0; at < watcher->known_count; at++) {
        if (strcmp(watcher->known[at].path, path) == 0) {
            vdi_context_device_event(watcher->context, VDC_EVENT_DEVICE_REMOVED,
                                     watcher->known[at].id);
            watcher->known[at] = watcher->known[--watcher->known_count];
            return;
        }
    }
}

static int knows(const struct v4l2_watcher *watcher, const char *path)
{
    for (size_t at = 0; at < watcher->known_count; at++) {
        if (strcmp(watcher->known[at].path, path) == 0) {
            return 1;
        }
    }
    return 0;
}

static void learn(struct v4l2_watcher *watcher, const char *path, const char *id)
{
    struct known *known = &watcher->known[watcher->known_count];

    if (watcher->known_count < KNOWN_MAX && !knows(watcher, path)) {
        snprintf(known->path, sizeof(known->path), "%s", path);
        snprintf(known->id, sizeof(known->id), "%s", id);
        watcher->known_count++;
    }
}

static void learn_present(const struct v4l2_node *node, const char *id, void *user)
{
    learn(user, node->path, id);
}

/* A node may show up before it can be opened; then its next change tells. */
static void greet(struct v4l2_watcher *watcher, const char *path)
{
    struct v4l2_node node;
    char id[sizeof(watcher->known[0].id)];

    if (!knows(watcher, path) && v4l2_find(&node, id, path) == VDC_OK && id[0] != '\0') {
        learn(watcher, path, id);
        vdi_context_device_event(watcher->context, VDC_EVENT_DEVICE_ARRIVED, id);
    }
}

static void take_lost(struct v4l2_watcher *watcher)
{
    pthread_mutex_lock(&lock);
    while (watcher->lost_count > 0) {
        bid_farewell(watcher, watcher->lost[--watcher->lost_count]);
    }
    pthread_mutex_unlock(&lock);
}

static void take_changes(struct v4l2_watcher *watcher)
{
    struct v4l2_change change;

    for (int turn = 0;
         turn < MONITOR_TRY && v4l2_system->monitor_read(watcher->monitor, &change) == 1; turn++) {
        if (change.removed) {
            bid_farewell(watcher, change.path);
        } else {
            greet(watcher, change.path);
        }
    }
}

/* ---- The thread ---- */

struct polled {
    struct pollfd fds[POLLED_MAX];
    struct v4l2_device *of[POLLED_MAX];
    unsigned count;
    int look_in; /* some device must be looked at without being polled */
};

/* Until the next look at those, however many events the others have. */
static int look_in_ms(const struct polled *polled, int64_t next_ns)
{
    int64_t left_ns = next_ns - vdi_now_ns();

    if (!polled->look_in) {
        return -1;
    }
    return left_ns > 0 ? (int)(left_ns / NS_PER_MS) + 1 : 0;
}

static void gather(struct v4l2_watcher *watcher, struct polled *polled)
{
    polled->fds[0] = (struct pollfd){watcher->wake_fd, POLLIN, 0};
    polled->fds[1] = (struct pollfd){watcher->monitor_fd, POLLIN, 0};
    polled->count = 2;
    polled->look_in = 0;
    pthread_mutex_lock(&lock);
    for (struct v4l2_device *device = devices; device != NULL; device = device->next) {
        if (device->outer->context != watcher->context) {
            continue;
        }
        if (device->streaming || device->unpollable || polled->count == POLLED_MAX) {
            polled->look_in = 1;
            continue;
        }
        polled->of[polled->count] = device;
        polled->fds[polled->count++] = (struct pollfd){device->fd, POLLPRI, 0};
    }
    pthread_mutex_unlock(&lock);
}

static int is_open(const struct v4l2_device *wanted)
{
    const struct v4l2_device *device = devices;

    while (device != NULL && device != wanted) {
        device = device->next;
    }
    return device != NULL;
}

static void serve(struct v4l2_watcher *watcher, const struct polled *polled, int look_in)
{
    pthread_mutex_lock(&lock);
    for (unsigned at = 2; at < polled->count; at++) {
        short seen = polled->fds[at].revents;

        if (seen == 0 || !is_open(polled->of[at])) {
            continue;
        }
        if (seen & POLLPRI) {
            v4l2_events_take(polled->of[at]);
        }
        if (seen & (POLLERR | POLLHUP | POLLNVAL)) {
            polled->of[at]->unpollable = 1; /* it would be ready for ever */
        }
    }
    for (struct v4l2_device *device = devices; look_in && device != NULL; device = device->next) {
        unsigned waits = atomic_load(&device->waits);

        if (device->outer->context == watcher->context &&
            (device->unpollable || (device->streaming && waits == device->waits_seen))) {
            v4l2_events_take(device);
        }
        device->waits_seen = waits;
    }
    pthread_mutex_unlock(&lock);
}

static void run(void *argument)
{
    struct v4l2_watcher *watcher = argument;
    int64_t next_ns = vdi_now_ns() + LOOK_IN_NS;

    while (!atomic_load(&watcher->over)) {
        struct polled polled;
        int ready, due;

        gather(watcher, &polled);
        ready = v4l2_system->poll(polled.fds, polled.count, look_in_ms(&polled, next_ns));
        if (ready < 0 && errno != EINTR) {
            return; /* the system is out of memory: no more events, and nothing else is lost */
        }
        if (ready < 0) {
            continue;
        }
        if (polled.fds[0].revents != 0) {
            v4l2_system->event_clear(watcher->wake_fd);
            take_lost(watcher);
        }
        if (polled.fds[1].revents != 0) {
            take_changes(watcher);
        }
        due = vdi_now_ns() >= next_ns;
        serve(watcher, &polled, due);
        if (due) {
            next_ns = vdi_now_ns() + LOOK_IN_NS;
        }
    }
}

static void free_watcher(struct v4l2_watcher *watcher)
{
    v4l2_system->monitor_close(watcher->monitor);
    if (watcher->wake_fd >= 0) {
        v4l2_system->close(watcher->wake_fd);
    }
    free(watcher);
}

static int begin(struct vdi_context *context, void **state)
{
    struct v4l2_watcher *watcher = calloc(1, sizeof(*watcher));
    const char *kind = "";
    int status;

    if (watcher == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory to watch video nodes");
    }
    watcher->context = context;
    atomic_init(&watcher->over, 0);
    watcher->wake_fd = v4l2_system->event_create();
    if (watcher->wake_fd < 0 ||
        v4l2_system->monitor_open(&watcher->monitor, &watcher->monitor_fd, &kind) < 0) {
        status = vdi_error(VDC_E_IO, "video nodes cannot be watched: %s", strerror(errno));
        free_watcher(watcher);
        return status;
    }
    vdi_log(context, VDC_LOG_INFO, "V4L2 devices are watched by %s", kind);
    /* Watched from here on: what comes while the present ones are learnt is not lost. */
    (void)v4l2_each(learn_present, watcher);
    status = vdi_thread_create(&watcher->thread, run, watcher, "vidicon-v4l2");
    if (status != VDC_OK) {
        free_watcher(watcher);
        return status;
    }
    pthread_mutex_lock(&lock);
    watcher->next = watchers;
    watchers = watcher;
    for (struct v4l2_device *device = devices; device != NULL; device = device->next) {
        if (device->outer->context == context) {
            v4l2_events_subscribe_read_only(device);
        }
    }
    v4l2_system->event_set(watcher->wake_fd); /* for devices that were opened meanwhile */
    pthread_mutex_unlock(&lock);
    *state = watcher;
    return VDC_OK;
}

static void end(struct v4l2_watcher *watcher)
{
    struct v4l2_watcher **at;

    pthread_mutex_lock(&lock);
    for (at = &watchers; *at != NULL && *at != watcher; at = &(*at)->next) {
    }
    if (*at != NULL) {
        *at = watcher->next;
    }
    pthread_mutex_unlock(&lock);
    atomic_store(&watcher->over, 1);
    v4l2_system->event_set(watcher->wake_fd);
    vdi_thread_join(watcher->thread);
    free_watcher(watcher);
}

int v4l2_watch(struct vdi_context *context, void **state, int on)
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
