/* SPDX-License-Identifier: MIT */
/*
 * The cards of the rig. vidicon_vmserver FOLDER SECONDS [SHARE]: listens in FOLDER at card0.sock and
 * so on for QEMU, and at control.sock for requests; ends at SIGTERM, or after SECONDS. Leaves the rate of the host's
 * time stamp counter in FOLDER/tsc_khz, if it is of use.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../protocol.h"
#include "camera.h"
#include "card.h"
#include "clock.h"
#include "control.h"

#define CLIENTS 8

struct client {
    int socket;
    size_t used;
    char line[VMR_LINE_BYTES];
};

static int listen_in(const char *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0 ||
        snprintf(address.sun_path, sizeof address.sun_path, "%s/control.sock", folder) >=
            (int)sizeof address.sun_path ||
        bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, CLIENTS)) {
        (void)fprintf(stderr, "control.sock: %s\n", strerror(errno));
        return -1;
    }
    return listener;
}

static void drop(struct client *client)
{
    (void)close(client->socket);
    client->socket = -1;
    client->used = 0;
}

static void welcome(struct client *clients, int listener)
{
    int socket = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

    for (int n = 0; socket >= 0 && n < CLIENTS; n++) {
        if (clients[n].socket < 0) {
            clients[n].socket = socket;
            clients[n].used = 0;
            return;
        }
    }
    if (socket >= 0)
        (void)close(socket);
}

static void serve(struct control *control, struct client *client)
{
    char answer[VMR_LINE_BYTES];
    ssize_t got =
        read(client->socket, client->line + client->used, sizeof client->line - client->used);
    char *end;

    if (got <= 0) {
        drop(client);
        return;
    }
    client->used += (size_t)got;
    while ((end = memchr(client->line, '\n', client->used)) != NULL) {
        size_t length = (size_t)(end - client->line) + 1;

        *end = '\0';
        control_answer(control, client->line, answer, sizeof answer);
        (void)fprintf(stderr, "%s -> %s", client->line, answer);
        if (send(client->socket, answer, strlen(answer), MSG_NOSIGNAL) < 0) {
            drop(client);
            return;
        }
        client->used -= length;
        memmove(client->line, client->line + length, client->used);
    }
    if (client->used == sizeof client->line)
        drop(client);
}

static void loop(struct control *control, int listener, int signals)
{
    struct client clients[CLIENTS];

    for (int n = 0; n < CLIENTS; n++)
        clients[n].socket = -1;
    for (;;) {
        struct pollfd wait[2 + CLIENTS] = {
            {.fd = signals,  .events = POLLIN},
            {.fd = listener, .events = POLLIN}
        };

        for (int n = 0; n < CLIENTS; n++) {
            wait[2 + n].fd = clients[n].socket;
            wait[2 + n].events = POLLIN;
        }
        if (poll(wait, 2 + CLIENTS, -1) < 0)
            continue;
        if (wait[0].revents)
            return;
        for (int n = 0; n < CLIENTS; n++) {
            if (wait[2 + n].revents)
                serve(control, &clients[n]);
        }
        if (wait[1].revents)
            welcome(clients, listener);
    }
}

static void sum_up(const struct card_report *report)
{
    (void)fprintf(stderr,
                  "card: %llu messages, %llu refused as wrong, %llu interrupts, %llu frames of "
                  "%llu good\n",
                  (unsigned long long)report->messages, (unsigned long long)report->errors,
                  (unsigned long long)report->ledger.interrupts,
                  (unsigned long long)report->ledger.produced,
                  (unsigned long long)report->ledger.by_cause[VDM_CAUSE_GOOD]);
}

static void write_clock(const char *folder)
{
    unsigned long khz = clock_tsc_khz();
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/tsc_khz", folder);
    file = khz ? fopen(path, "we") : NULL;
    if (!file)
        return;
    (void)fprintf(file, "%lu\n", khz);
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    static struct card_report report;
    struct card *cards[VMR_CARDS] = {NULL};
    unsigned count = card_usb_is_there() ? VMR_CARDS : VMR_PCI_CARDS;
    struct control control = {.cards = cards, .count = count};
    sigset_t mask;
    int listener, signals;

    if (argc < 3) {
        (void)fprintf(stderr, "vidicon_vmserver FOLDER SECONDS [SHARE]\n");
        return 2;
    }
    control.folder = argv[1];
    control.share = argc > 3 ? argv[3] : NULL;
    (void)setvbuf(stderr, NULL, _IOLBF, 0);
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigaddset(&mask, SIGINT);
    (void)sigaddset(&mask, SIGALRM);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    (void)alarm((unsigned)strtoul(argv[2], NULL, 10));
    signals = signalfd(-1, &mask, SFD_CLOEXEC);
    for (unsigned n = 0; n < count; n++) {
        char path[256];

        (void)snprintf(path, sizeof path, "%s/card%u.sock", control.folder, n);
        cards[n] = card_start(n, path);
        if (!cards[n])
            return 1;
    }
    write_clock(control.folder);
    /* Made last: who finds it finds the cards, too. */
    listener = listen_in(control.folder);
    if (listener < 0 || signals < 0)
        return 1;
    loop(&control, listener, signals);
    (void)close(listener);
    rig_camera_end();
    for (unsigned n = 0; n < count; n++) {
        card_look(cards[n], &report, 0);
        if (report.messages)
            sum_up(&report);
        card_end(cards[n]);
    }
    return 0;
}
