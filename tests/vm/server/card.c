/* SPDX-License-Identifier: MIT */
#include "card_private.h"
#include "../protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS  UINT64_C(1000000000)
#define CLIP_BYTES (UINT64_C(256) << 20)

uint64_t host_now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

/* ---- Time ---- */

/* Does it capture, and is there a descriptor for the present or the next frame? */
static int has_room(const struct card *card)
{
    const struct vdm_ledger *ledger = vdm_get_ledger(card->model);
    uint64_t used =
        ledger->capture.by_cause[VDM_CAUSE_GOOD] + ledger->capture.by_cause[VDM_CAUSE_DMA];

    if (card->wire)
        return card->engine.running && card->wire->is_asked(card);
    return card->engine.running && ((card->engine.queued - used) & 0xffffu) != 0;
}

static int hurries(const struct card *card)
{
    return card->rate == CARD_RATE_MAX && has_room(card);
}

static int holds(const struct card *card)
{
    return card->rate == CARD_RATE_PATIENT && card->engine.running && !has_room(card);
}

void card_catch_up(struct card *card)
{
    uint64_t now = host_now_ns();
    uint64_t next = vdm_next_event_ns(card->model);

    if (hurries(card) && next != UINT64_MAX && next > now - card->epoch_ns)
        card->epoch_ns = now - next;
    /* A thread that was kept waiting may be several frames behind: each needs its own look. */
    while (card->rate == CARD_RATE_PATIENT && card->engine.running) {
        next = vdm_next_event_ns(card->model);
        if (holds(card))
            card->epoch_ns = now - vdm_now_ns(card->model);
        if (holds(card) || next > now - card->epoch_ns)
            break;
        vdm_advance(card->model, next);
        card_settle(card);
    }
    /* What a USB card has room for is taken from it as soon as it is there. */
    while (card->wire && (next = vdm_next_event_ns(card->model)) <= now - card->epoch_ns) {
        vdm_advance(card->model, next);
        card_settle(card);
    }
    vdm_advance(card->model, now - card->epoch_ns);
    card_settle(card);
}

uint64_t card_next_ns(struct card *card)
{
    uint64_t now = host_now_ns() - card->epoch_ns;
    uint64_t next = vdm_next_event_ns(card->model);
    uint64_t due = card->wire ? card->wire->due_ns(card) : UINT64_MAX;

    if (holds(card))
        return SECOND_NS;
    next = due < next ? due : next;
    if (hurries(card) || next <= now)
        return 0;
    return next - now < SECOND_NS ? next - now : SECOND_NS;
}

/* ---- The thread ---- */

static void wake(struct card *card)
{
    const uint64_t one = 1;

    (void)!write(card->wake, &one, sizeof one);
}

/* What was sent and not read is taken out first: else the other end finds its connection reset, over which QEMU ends itself. */
static void close_client(int client)
{
    uint8_t unread[4096];

    (void)shutdown(client, SHUT_RDWR);
    while (recv(client, unread, sizeof unread, MSG_DONTWAIT) > 0) {
    }
    (void)close(client);
}

static void hang_up(struct card *card)
{
    if (card->client >= 0)
        close_client(card->client);
    if (card->wire)
        card->wire->end(card);
    else
        vfu_end(&card->vfu);
    card->client = -1;
    memset(&card->engine, 0, sizeof card->engine);
}

static void welcome(struct card *card)
{
    const struct timeval patience = {.tv_sec = 10};
    int client = accept4(card->listener, NULL, NULL, SOCK_CLOEXEC);

    if (client < 0)
        return;
    /* A message that begins and does not go on must not hold the card for ever. */
    (void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (card->pulled) {
        close_client(client);
        return;
    }
    card->client = client;
    if (!card->wire) {
        vfu_begin(&card->vfu);
        pci_config_init(&card->config);
        return;
    }
    pthread_mutex_lock(&card->lock);
    if (card->wire->begin(card))
        hang_up(card);
    pthread_mutex_unlock(&card->lock);
}

static void serve_wire(struct card *card)
{
    pthread_mutex_lock(&card->lock);
    card_catch_up(card);
    if (card->wire->read(card))
        hang_up(card);
    card_settle(card);
    pthread_mutex_unlock(&card->lock);
}

static void serve_message(struct card *card)
{
    uint8_t message[VFU_MESSAGE_MOST];
    uint8_t reply[VFU_MESSAGE_MOST];
    int fds[VFU_FDS_MOST];
    size_t length = 0, fd_count = 0;
    int result = vfu_receive(card->client, message, &length, fds, &fd_count);

    pthread_mutex_lock(&card->lock);
    if (result == 1) {
        card_catch_up(card);
        result = vfu_handle(&card->vfu, message, length, fds, fd_count, reply);
        card_settle(card);
        if (result > 0)
            result = vfu_send(card->client, reply, (size_t)result);
    } else {
        result = -1;
    }
    if (result < 0)
        hang_up(card);
    pthread_mutex_unlock(&card->lock);
    for (size_t n = 0; n < fd_count; n++) {
        if (fds[n] >= 0)
            (void)close(fds[n]);
    }
}

static void *live(void *context)
{
    struct card *card = context;

    for (;;) {
        struct pollfd wait[3] = {
            {.fd = card->wake, .events = POLLIN},
            {.events = POLLIN               },
            {.events = POLLIN}
        };
        struct timespec timeout;
        uint64_t next;
        uint64_t count;

        pthread_mutex_lock(&card->lock);
        if (card->ending) {
            hang_up(card);
            pthread_mutex_unlock(&card->lock);
            return NULL;
        }
        if (card->pulled)
            hang_up(card);
        card_catch_up(card);
        next = card_next_ns(card);
        /* One at a time: the next one waits until this one has left, which a busy host may notice late. */
        wait[1].fd = card->client < 0 ? card->listener : -1;
        wait[2].fd = card->client;
        if (card->wire && card->wire->wants_to_write(card))
            wait[2].events |= POLLOUT;
        pthread_mutex_unlock(&card->lock);

        timeout.tv_sec = (time_t)(next / SECOND_NS);
        timeout.tv_nsec = (long)(next % SECOND_NS);
        if (ppoll(wait, 3, &timeout, NULL) <= 0)
            continue;
        if (wait[0].revents)
            (void)!read(card->wake, &count, sizeof count);
        if (wait[1].revents)
            welcome(card);
        if (wait[2].revents && card->client == wait[2].fd) {
            if (card->wire)
                serve_wire(card);
            else
                serve_message(card);
        }
    }
}

/* ---- Beginning and end ---- */

static int listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0)
        return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4)) {
        (void)close(listener);
        return -1;
    }
    return listener;
}

static struct card *fail(struct card *card, const char *what)
{
    (void)fprintf(stderr, "card: %s: %s\n", what, strerror(errno));
    free(card->model);
    free(card->flash);
    free(card);
    return NULL;
}

struct card *card_start(uint32_t number, const char *path)
{
    struct card *card = calloc(1, sizeof *card);
    size_t bytes = (vdm_card_bytes() + 63u) / 64u * 64u;
    void *memory = aligned_alloc(64, bytes);

    if (!card) {
        free(memory);
        return NULL;
    }
    card->number = number;
    card->client = -1;
    card->flash = malloc(VDM_FLASH_BYTES);
    if (!memory || !card->flash)
        return fail(card, "memory");
    memset(card->flash, 0xff, VDM_FLASH_BYTES);
    card_bus_init(card);
    vfu_begin(&card->vfu);
    vdm_config_default(&card->model_config);
    (void)snprintf(card->model_config.serial, sizeof card->model_config.serial, "VMRIG%011u",
                   number);
    card->model_config.flash = card->flash;
    card->model_config.host = &card->host;
    card->model_config.context = card;
    if (number >= VMR_PCI_CARDS && card_usb_init(card))
        return fail(card, "the USB card");
    card->epoch_ns = host_now_ns();
    card->model = vdm_create(memory, bytes, &card->model_config);
    if (!card->model)
        return fail(card, "the model");
    card->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    card->listener = listen_at(path);
    if (card->wake < 0 || card->listener < 0)
        return fail(card, path);
    (void)pthread_mutex_init(&card->lock, NULL);
    if (pthread_create(&card->thread, NULL, live, card))
        return fail(card, "thread");
    return card;
}

void card_end(struct card *card)
{
    pthread_mutex_lock(&card->lock);
    card->ending = 1;
    pthread_mutex_unlock(&card->lock);
    wake(card);
    (void)pthread_join(card->thread, NULL);
    if (card->wire)
        card->wire->destroy(card);
    (void)close(card->listener);
    (void)close(card->wake);
    free(card->model);
    free(card->flash);
    free(card->clip);
    free(card);
}

/* ---- What tests do to it ---- */

static void enter(struct card *card)
{
    pthread_mutex_lock(&card->lock);
    card_catch_up(card);
}

static void leave(struct card *card)
{
    card_settle(card);
    pthread_mutex_unlock(&card->lock);
    wake(card);
}

void card_plug_in(struct card *card)
{
    enter(card);
    card->pulled = 0;
    vdm_power_cycle(card->model);
    memset(&card->engine, 0, sizeof card->engine);
    leave(card);
}

void card_pull(struct card *card)
{
    enter(card);
    card->pulled = 1;
    /* What already waits in the socket must not be served any more, either. */
    if (card->client >= 0)
        (void)shutdown(card->client, SHUT_RDWR);
    leave(card);
}

void card_power_cycle(struct card *card)
{
    enter(card);
    vdm_power_cycle(card->model);
    memset(&card->engine, 0, sizeof card->engine);
    leave(card);
}

void card_erase(struct card *card)
{
    enter(card);
    memset(card->flash, 0xff, VDM_FLASH_BYTES);
    leave(card);
    card_power_cycle(card);
}

int card_set_faults(struct card *card, const char *script, const char **what)
{
    size_t at;
    int result;

    enter(card);
    result = vdm_fault_script(card->model, script, strlen(script), &at, what);
    leave(card);
    return result;
}

int card_set_signal(struct card *card, uint32_t input, int32_t timing, const char **what)
{
    if (input >= 8 || timing < VDM_SIGNAL_UNSTABLE) {
        *what = "no such input or timing";
        return -1;
    }
    enter(card);
    vdm_set_signal(card->model, input, timing);
    leave(card);
    return 0;
}

static uint8_t *read_file(const char *path, size_t *size, const char **what)
{
    struct stat status;
    uint8_t *bytes = NULL;
    size_t done = 0;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    *what = "the file cannot be read";
    if (file < 0)
        return NULL;
    if (!fstat(file, &status) && S_ISREG(status.st_mode) && status.st_size > 0 &&
        (uint64_t)status.st_size <= CLIP_BYTES)
        bytes = malloc((size_t)status.st_size);
    while (bytes && done < (size_t)status.st_size) {
        ssize_t got = read(file, bytes + done, (size_t)status.st_size - done);

        if (got <= 0) {
            free(bytes);
            bytes = NULL;
            break;
        }
        done += (size_t)got;
    }
    (void)close(file);
    *size = done;
    return bytes;
}

int card_set_clip(struct card *card, const char *path, enum vdm_clip_layout layout, uint32_t width,
                  uint32_t height, const char **what)
{
    struct vdm_clip clip;
    size_t size = 0;
    uint8_t *bytes = read_file(path, &size, what);

    if (!bytes)
        return -1;
    if (vdm_clip_raw(&clip, bytes, size, layout, width, height, what)) {
        free(bytes);
        return -1;
    }
    enter(card);
    if (vdm_set_clip(card->model, &clip)) {
        leave(card);
        free(bytes);
        *what = "the model does not take this clip";
        return -1;
    }
    free(card->clip);
    card->clip = bytes;
    leave(card);
    return 0;
}

void card_set_pattern(struct card *card)
{
    enter(card);
    (void)vdm_set_clip(card->model, NULL);
    free(card->clip);
    card->clip = NULL;
    leave(card);
}

void card_set_flip(struct card *card, uint32_t every)
{
    enter(card);
    card->flip_every = every;
    leave(card);
}

void card_set_rate(struct card *card, enum card_rate rate)
{
    enter(card);
    card->rate = rate;
    leave(card);
}

void card_look(struct card *card, struct card_report *report, int restart)
{
    enter(card);
    report->ledger = *vdm_get_ledger(card->model);
    report->model_ns = vdm_now_ns(card->model);
    report->host_ns = report->model_ns + card->epoch_ns;
    report->refused = card->vfu.refused;
    report->flipped = card->flipped;
    report->frames = card->frames;
    report->segments_min = card->segments_min;
    report->segments_max = card->segments_max;
    report->high = card->high;
    report->messages = card->vfu.messages;
    report->errors = card->vfu.errors;
    if (restart) {
        card->frames = 0;
        card->segments_min = 0;
        card->segments_max = 0;
        card->high = 0;
    }
    leave(card);
}

int card_slot_version(struct card *card, uint32_t slot, uint32_t *version)
{
    int good;

    enter(card);
    good = vdm_slot_version(card->model, slot, version);
    leave(card);
    return good;
}
