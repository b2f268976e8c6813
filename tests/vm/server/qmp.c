/* SPDX-License-Identifier: MIT */
#include "qmp.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../protocol.h"

#define REPLY_MS   5000
#define RELEASE_MS 12000 /* a guest's driver may have to wait for its own time-outs */

/* One conversation; each request has its own, as QEMU serves one at a time anyway. */
struct talk {
    int socket;
    char buffer[16384];
    size_t used;
    char leaves[32]; /* the device whose DEVICE_DELETED is waited for, with its quotes; or empty */
    int left;        /* it came: before or behind the answer to device_del, as it happens */
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
            if (talk->leaves[0] && strstr(line, "\"DEVICE_DELETED\"") && strstr(line, talk->leaves))
                talk->left = 1;
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
    talk->leaves[0] = '\0';
    talk->left = 0;
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

static int ask_in(struct talk *talk, const char **what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int ask_in(struct talk *talk, const char **what, const char *format, ...)
{
    char request[512];
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(request, sizeof request, format, arguments);
    va_end(arguments);
    *what = "the request is too long";
    return length < 0 || length >= (int)sizeof request ? -1 : ask(talk, request, what);
}

/* On a controller that is there from the first such card on. The socket is a character device of
 * its own. */
static int add_usb(struct talk *talk, unsigned number, const char *card_path, const char **what)
{
    (void)ask_in(talk, what,
                 "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"qemu-xhci\","
                 "\"id\":\"usb\",\"bus\":\"pci.0\"}}\n");
    if (ask_in(talk, what,
               "{\"execute\":\"chardev-add\",\"arguments\":{\"id\":\"wire%u\",\"backend\":"
               "{\"type\":\"socket\",\"data\":{\"server\":false,\"addr\":"
               "{\"type\":\"unix\",\"data\":{\"path\":\"%s\"}}}}}}\n",
               number, card_path))
        return -1;
    return ask_in(talk, what,
                  "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"usb-redir\","
                  "\"id\":\"card%u\",\"bus\":\"usb.0\",\"chardev\":\"wire%u\"}}\n",
                  number, number);
}

/* It went with its device, unless there was none. */
static void remove_wire(struct talk *talk, unsigned number)
{
    const char *what;

    (void)ask_in(talk, &what,
                 "{\"execute\":\"chardev-remove\",\"arguments\":{\"id\":\"wire%u\"}}\n", number);
}

int qmp_device_add(const char *qmp_path, unsigned number, const char *card_path, const char **what)
{
    static struct talk talk;
    int result;

    if (start(&talk, qmp_path, what))
        return -1;
    /* The path is the rig's own, without anything that JSON would take amiss. */
    if (number >= VMR_PCI_CARDS)
        result = add_usb(&talk, number, card_path, what);
    else
        result = ask_in(&talk, what,
                        "{\"execute\":\"device_add\",\"arguments\":{\"driver\":\"vfio-user-pci\","
                        "\"id\":\"card%u\",\"bus\":\"pci.0\",\"socket\":{\"type\":\"unix\","
                        "\"path\":\"%s\"}}}\n",
                        number, card_path);
    (void)close(talk.socket);
    return result ? -1 : 0;
}

int qmp_device_del(const char *qmp_path, unsigned number, const char **what)
{
    static struct talk talk;
    static char line[sizeof talk.buffer];
    char request[128];
    long long deadline;
    int result;

    (void)snprintf(request, sizeof request,
                   "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"card%u\"}}\n", number);
    if (start(&talk, qmp_path, what))
        return -1;
    (void)snprintf(talk.leaves, sizeof talk.leaves, "\"card%u\"", number);
    result = ask(&talk, request, what);
    if (result == 0) {
        *what = "the guest does not let go of the card";
        deadline = now_ms() + RELEASE_MS;
        while (!talk.left && !next_line(&talk, line, sizeof line, deadline))
            ;
        result = talk.left ? 0 : -1;
    }
    if (number >= VMR_PCI_CARDS)
        remove_wire(&talk, number);
    (void)close(talk.socket);
    return result < 0 ? -1 : 0;
}
