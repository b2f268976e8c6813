/* SPDX-License-Identifier: MIT */
#include "vfu.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void take_fds(struct msghdr *message, int *fds, size_t *fd_count)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
        size_t count;

        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t n = 0; n < count; n++) {
            int fd;

            memcpy(&fd, CMSG_DATA(part) + n * sizeof fd, sizeof fd);
            if (*fd_count < VFU_FDS_MOST)
                fds[(*fd_count)++] = fd;
            else
                (void)close(fd);
        }
    }
}

static int receive(int socket, uint8_t *bytes, size_t count, int *fds, size_t *fd_count)
{
    size_t done = 0;

    while (done < count) {
        union {
            char bytes[CMSG_SPACE(VFU_FDS_MOST * sizeof(int))];
            struct cmsghdr align;
        } control;
        struct iovec vector = {.iov_base = bytes + done, .iov_len = count - done};
        struct msghdr message = {.msg_iov = &vector,
                                 .msg_iovlen = 1,
                                 .msg_control = control.bytes,
                                 .msg_controllen = sizeof control.bytes};
        ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 && done == 0 ? 0 : -1;
        take_fds(&message, fds, fd_count);
        done += (size_t)got;
    }
    return 1;
}

int vfu_receive(int socket, uint8_t *message, size_t *length, int *fds, size_t *fd_count)
{
    struct vfu_header header;
    int result;

    *fd_count = 0;
    result = receive(socket, message, sizeof header, fds, fd_count);
    if (result <= 0)
        return result;
    memcpy(&header, message, sizeof header);
    if (header.size < sizeof header || header.size > VFU_MESSAGE_MOST)
        return -1;
    *length = header.size;
    if (header.size == sizeof header)
        return 1;
    result = receive(socket, message + sizeof header, header.size - sizeof header, fds, fd_count);
    return result == 1 ? 1 : -1;
}

int vfu_send(int socket, const uint8_t *message, size_t length)
{
    while (length > 0) {
        ssize_t done = send(socket, message, length, MSG_NOSIGNAL);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        message += done;
        length -= (size_t)done;
    }
    return 0;
}
