/* SPDX-License-Identifier: MIT */
#include "rig_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../protocol.h"

#define PORTS   "/sys/class/virtio-ports"
#define LOOK_MS 10

/* There is no udev in the guest to name the port: look for it in sysfs. */
int vmr_rig_open(void)
{
    DIR *folder = opendir(PORTS);
    struct dirent *entry;
    int rig = -1;

    if (!folder)
        return -1;
    while (rig < 0 && (entry = readdir(folder)) != NULL) {
        char path[sizeof PORTS + sizeof entry->d_name + 8];
        char name[64] = "";
        FILE *file;

        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof path, PORTS "/%s/name", entry->d_name);
        file = fopen(path, "re");
        if (!file)
            continue;
        if (fgets(name, sizeof name, file))
            name[strcspn(name, "\n")] = '\0';
        (void)fclose(file);
        if (strcmp(name, VMR_PORT_NAME) != 0)
            continue;
        (void)snprintf(path, sizeof path, "/dev/%s", entry->d_name);
        /* One program at a time has it; another one's request does not take longer than this. */
        for (int ms = 0; ms <= VMR_ANSWER_MS; ms += LOOK_MS) {
            rig = open(path, O_RDWR | O_CLOEXEC);
            if (rig >= 0 || errno != EBUSY)
                break;
            (void)usleep(LOOK_MS * 1000);
        }
    }
    (void)closedir(folder);
    return rig;
}

void vmr_rig_close(int rig)
{
    if (rig >= 0)
        (void)close(rig);
}

static int say(char *answer, size_t room, const char *text)
{
    if (answer && room)
        (void)snprintf(answer, room, "%s", text);
    return -1;
}

static int send_all(int rig, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t done = write(rig, bytes, count);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

static int receive_line(int rig, char *line, size_t room)
{
    size_t used = 0;

    while (used + 1 < room) {
        struct pollfd wait = {.fd = rig, .events = POLLIN};
        ssize_t got;

        if (poll(&wait, 1, VMR_ANSWER_MS) <= 0)
            return -1;
        got = read(rig, line + used, room - 1 - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        used += (size_t)got;
        line[used] = '\0';
        if (line[used - 1] == '\n') {
            line[used - 1] = '\0';
            return 0;
        }
    }
    return -1;
}

int vmr_rig_call(int rig, char *answer, size_t room, const char *request, ...)
{
    char line[VMR_LINE_BYTES];
    va_list arguments;
    int length;

    va_start(arguments, request);
    length = vsnprintf(line, sizeof line - 1, request, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line - 1 || strchr(line, '\n'))
        return say(answer, room, "the request does not fit on a line");
    line[length] = '\n';
    if (send_all(rig, line, (size_t)length + 1) || receive_line(rig, line, sizeof line))
        return say(answer, room, "the rig does not answer");
    if (strncmp(line, "ok", 2) == 0 && (line[2] == '\0' || line[2] == ' ')) {
        (void)say(answer, room, line[2] ? line + 3 : "");
        return 0;
    }
    return say(answer, room, strncmp(line, "error ", 6) == 0 ? line + 6 : line);
}

int vmr_rig_value(const char *answer, const char *name, uint64_t *value)
{
    size_t length = strlen(name);

    for (const char *at = answer; at && *at; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (strncmp(at, name, length) == 0 && at[length] == '=') {
            char *end;

            errno = 0;
            *value = strtoull(at + length + 1, &end, 10);
            return errno || end == at + length + 1 ? -1 : 0;
        }
    }
    return -1;
}
