/* SPDX-License-Identifier: MIT */
#include "qmp.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define REPLY_MS   5000
#define RELEASE_MS 12000 /* a guest's driver may have to wait for its own time-outs */

/* One conversation; each request has its own, as QEMU serves one at a time anyway. */
struct talk {
    int socket;
    char buffer[16384];
    size_t used;
};

static long long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The next line into `line`; 0, or -1 at the deadline or the end. */
static int next_line(struct talk *talk, char *line, size_t room, long long deadline)
{
    for (;;) {
        char *end = memchr(talk->buffer, '\n', talk->used);
        struct pollfd wait = {.fd = talk->socket, .events = POLLIN};
        long long left = deadline - now_ms();
        ssize_t got;

        if (end) {
            size_t length = (size_t)(end - talk->buffer);

            if (length >= room)
                return -1;
            memcpy(line, talk->buffer, length);
            line[length] = '\0';
            talk->used -= length + 1;
            memmove(talk->buffer, end + 1, talk->used);
            return 0;
        }
        if (talk->used == sizeof talk->buffer || left <= 0 || poll(&wait, 1, (int)left) <= 0)
            return -1;
        got = read(talk->socket, talk->buffer + talk->used, sizeof talk->buffer - talk->used);
        if (got <= 0)
            return -1;
        talk->used += (size_t)got;
    }
}

/* Sends, and waits for what is no event. 0 returned, 1 an error of class DeviceNotFound, -1 else. */
static int ask(struct talk *talk, const char *request, const char **what)
{
    static char line[sizeof talk->buffer];
    long long deadline = now_ms() + REPLY_MS;

    *what = "QEMU does not answer";
    if (send(talk->socket, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request))
        return -1;
    while (!next_line(talk, line, sizeof line, deadline)) {
        if (strncmp(line, "{\"return\"", 9) == 0)
            return 0;
        if (strncmp(line, "{\"error\"", 8) == 0) {
            (void)fprintf(stderr, "qmp: %s\n", line);
            *what = "QEMU refused";
            return strstr(line, "DeviceNotFound") ? 1 : -1;
        }
    }
    return -1;
}

static int start(struct talk *talk, const char *path, const char **what)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char line[1024];

    *what = "QEMU's control socket does not answer";
    talk->used = 0;
    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    talk->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (talk->socket < 0)
        return -1;
    if (connect(talk->socket, (struct sockaddr *)&address, sizeof address) ||
        next_line(talk, line, sizeof line, now_ms() + REPLY_MS) ||
        ask(talk, "{\"execute\":\"qmp_capabilities\"}\n", what)) {
        (void)close(talk->socket);
        return -1;
    }
    return 0;
}

int qmp_device_add(const char *qmp_path, unsigned number, const char *card_path, const char **what)
{
    static struct talk talk;
    char request[512];
    int result;

    /* The path is the rig's own, without anything that JSON would take amiss. */
    if (snprintf(request, sizeof request,
                 "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-user-pci\","
                 "\"id\":\"card%u\",\"bus\":\"pci.0\",\"socket\":{\"type\":\"unix\","
                 "\"path\":\"%s\"}}}\n",
                 number, card_path) >= (int)sizeof request ||
        start(&talk, qmp_path, what))
        return -1;
    result = ask(&talk, request, what);
    (void)close(talk.socket);
    return result ? -1 : 0;
}

int qmp_device_del(const char *qmp_path, unsigned number, const char **what)
{
    static struct talk talk;
    static char line[sizeof talk.buffer];
    char request[128], device[32];
    long long deadline;
    int result;

    (void)snprintf(request, sizeof request,
                   "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"card%u\"}}\n", number);
    (void)snprintf(device, sizeof device, "\"card%u\"", number);
    if (start(&talk, qmp_path, what))
        return -1;
    result = ask(&talk, request, what);
    if (result == 0) {
        result = -1;
        *what = "the guest does not let go of the card";
        deadline = now_ms() + RELEASE_MS;
        while (result && !next_line(&talk, line, sizeof line, deadline)) {
            if (strstr(line, "\"DEVICE_DELETED\"") && strstr(line, device))
                result = 0;
        }
    }
    (void)close(talk.socket);
    return result < 0 ? -1 : 0;
}
