/* SPDX-License-Identifier: MIT */
/* Threads, time, files and pollable handles of POSIX systems.
 * Linux has eventfd, and epoll joins two handles into one; elsewhere a pipe does the first alone. */
#include "platform.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#endif

#define NS_PER_S INT64_C(1000000000)

struct vdi_mutex {
    pthread_mutex_t native;
};

struct vdi_cond {
    pthread_cond_t native;
};

struct vdi_thread {
    pthread_t native;
    void (*run)(void *);
    void *argument;
    char name[16];
};

struct vdi_thread_state *vdi_this_thread(void)
{
    static _Thread_local struct vdi_thread_state state;

    return &state;
}

int64_t vdi_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* ---- Locks and threads ---- */

int vdi_mutex_create(vdi_mutex **out)
{
    vdi_mutex *mutex = malloc(sizeof(*mutex));

    if (mutex == NULL || pthread_mutex_init(&mutex->native, NULL) != 0) {
        free(mutex);
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a mutex");
    }
    *out = mutex;
    return VDC_OK;
}

void vdi_mutex_destroy(vdi_mutex *mutex)
{
    if (mutex != NULL) {
        pthread_mutex_destroy(&mutex->native);
        free(mutex);
    }
}

void vdi_mutex_lock(vdi_mutex *mutex)
{
    pthread_mutex_lock(&mutex->native);
}

void vdi_mutex_unlock(vdi_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->native);
}

int vdi_cond_create(vdi_cond **out)
{
    vdi_cond *cond = malloc(sizeof(*cond));
    pthread_condattr_t attributes;
    int failed;

    if (cond == NULL || pthread_condattr_init(&attributes) != 0) {
        free(cond);
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a condition");
    }
#ifndef __APPLE__
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
#endif
    failed = pthread_cond_init(&cond->native, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed) {
        free(cond);
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a condition");
    }
    *out = cond;
    return VDC_OK;
}

void vdi_cond_destroy(vdi_cond *cond)
{
    if (cond != NULL) {
        pthread_cond_destroy(&cond->native);
        free(cond);
    }
}

void vdi_cond_signal_all(vdi_cond *cond)
{
    pthread_cond_broadcast(&cond->native);
}

int vdi_cond_wait(vdi_cond *cond, vdi_mutex *mutex, int64_t deadline_ns)
{
    struct timespec until;

    if (deadline_ns == INT64_MAX) {
        pthread_cond_wait(&cond->native, &mutex->native);
        return 0;
    }
    if (deadline_ns < 0) {
        deadline_ns = 0;
    }
#ifdef __APPLE__
    deadline_ns -= vdi_now_ns();
    if (deadline_ns < 0) {
        return 1;
    }
    until.tv_sec = deadline_ns / NS_PER_S;
    until.tv_nsec = deadline_ns % NS_PER_S;
    return pthread_cond_timedwait_relative_np(&cond->native, &mutex->native, &until) == ETIMEDOUT;
#else
    until.tv_sec = deadline_ns / NS_PER_S;
    until.tv_nsec = deadline_ns % NS_PER_S;
    return pthread_cond_timedwait(&cond->native, &mutex->native, &until) == ETIMEDOUT;
#endif
}

static void *run_thread(void *argument)
{
    vdi_thread *thread = argument;

#ifdef __linux__
    pthread_setname_np(pthread_self(), thread->name);
#endif
    thread->run(thread->argument);
    return NULL;
}

int vdi_thread_create(vdi_thread **out, void (*run)(void *), void *argument, const char *name)
{
    vdi_thread *thread = calloc(1, sizeof(*thread));
    int failure;

    if (thread == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for thread \"%s\"", name);
    }
    thread->run = run;
    thread->argument = argument;
    snprintf(thread->name, sizeof(thread->name), "%s", name);
    failure = pthread_create(&thread->native, NULL, run_thread, thread);
    if (failure != 0) {
        free(thread);
        return vdi_error(VDC_E_NO_MEMORY, "the system refuses to start thread \"%s\": %s", name,
                         strerror(failure));
    }
    *out = thread;
    return VDC_OK;
}

void vdi_thread_join(vdi_thread *thread)
{
    if (thread != NULL) {
        pthread_join(thread->native, NULL);
        free(thread);
    }
}

int vdi_thread_is_current(const vdi_thread *thread)
{
    return thread != NULL && pthread_equal(thread->native, pthread_self());
}

/* ---- Pollable handles ---- */

struct vdi_pollable {
    int read_fd;
    int write_fd; /* the same for an eventfd */
    int shown_fd; /* what is given out: an epoll over read_fd and the native one, or read_fd */
};

static void close_pollable(struct vdi_pollable *pollable)
{
    if (pollable->shown_fd >= 0 && pollable->shown_fd != pollable->read_fd) {
        close(pollable->shown_fd);
    }
    if (pollable->write_fd >= 0 && pollable->write_fd != pollable->read_fd) {
        close(pollable->write_fd);
    }
    if (pollable->read_fd >= 0) {
        close(pollable->read_fd);
    }
    free(pollable);
}

#ifdef __linux__
static int open_pollable(struct vdi_pollable *pollable, vdc_handle native)
{
    struct epoll_event event = {.events = EPOLLIN};

    pollable->read_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pollable->write_fd = pollable->read_fd;
    pollable->shown_fd = pollable->read_fd;
    if (pollable->read_fd < 0) {
        return vdi_error(VDC_E_IO, "no event descriptor: %s", strerror(errno));
    }
    if (native == VDI_NO_HANDLE) {
        return VDC_OK;
    }
    pollable->shown_fd = epoll_create1(EPOLL_CLOEXEC);
    if (pollable->shown_fd < 0 ||
        epoll_ctl(pollable->shown_fd, EPOLL_CTL_ADD, pollable->read_fd, &event) != 0 ||
        epoll_ctl(pollable->shown_fd, EPOLL_CTL_ADD, (int)native, &event) != 0) {
        return vdi_error(VDC_E_IO, "no epoll descriptor over handle %d: %s", (int)native,
                         strerror(errno));
    }
    return VDC_OK;
}
#else
static int open_pollable(struct vdi_pollable *pollable, vdc_handle native)
{
    int ends[2];

    if (native != VDI_NO_HANDLE) {
        return vdi_error(VDC_E_UNSUPPORTED, "this system cannot poll two handles as one");
    }
    if (pipe(ends) != 0) {
        return vdi_error(VDC_E_IO, "no pipe: %s", strerror(errno));
    }
    for (int at = 0; at < 2; at++) {
        fcntl(ends[at], F_SETFD, FD_CLOEXEC);
        fcntl(ends[at], F_SETFL, O_NONBLOCK);
    }
    pollable->read_fd = ends[0];
    pollable->write_fd = ends[1];
    pollable->shown_fd = ends[0];
    return VDC_OK;
}
#endif

int vdi_pollable_create(struct vdi_pollable **out, vdc_handle native)
{
    struct vdi_pollable *pollable = malloc(sizeof(*pollable));
    int status;

    if (pollable == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a pollable handle");
    }
    pollable->read_fd = pollable->write_fd = pollable->shown_fd = -1;
    status = open_pollable(pollable, native);
    if (status != VDC_OK) {
        close_pollable(pollable);
        return status;
    }
    *out = pollable;
    return VDC_OK;
}

void vdi_pollable_destroy(struct vdi_pollable *pollable)
{
    if (pollable != NULL) {
        close_pollable(pollable);
    }
}

/* Eight bytes are what an eventfd takes; to a pipe they are as good as one. They cannot fail: the owner
 * never sets twice or clears twice. */
void vdi_pollable_set(struct vdi_pollable *pollable)
{
    const uint64_t one = 1;
    ssize_t written;

    do {
        written = write(pollable->write_fd, &one, sizeof(one));
    } while (written < 0 && errno == EINTR);
}

void vdi_pollable_clear(struct vdi_pollable *pollable)
{
    uint64_t count;
    ssize_t taken;

    do {
        taken = read(pollable->read_fd, &count, sizeof(count));
    } while (taken < 0 && errno == EINTR);
}

vdc_handle vdi_pollable_handle(const struct vdi_pollable *pollable)
{
    return pollable->shown_fd;
}

/* ---- Memory and files ---- */

/* Writing a large frame into small pages takes half as long again: large ones are asked for. */
void *vdi_pages_allocate(size_t bytes, size_t alignment_bytes)
{
    const size_t large = (size_t)2 << 20;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *memory;

    if (alignment_bytes < page) {
        alignment_bytes = page;
    }
    if (bytes > SIZE_MAX - large) {
        return NULL;
    }
    if (bytes >= large) {
        size_t whole = (bytes + large - 1) / large * large;

        if (alignment_bytes < large) {
            alignment_bytes = large;
        }
        if (whole - bytes <= bytes / 16) {
            bytes = whole; /* the last page as well, where little is lost by it */
        }
    }
    bytes = (bytes + page - 1) / page * page;
    if (posix_memalign(&memory, alignment_bytes, bytes) != 0) {
        return NULL;
    }
#ifdef MADV_HUGEPAGE
    if (bytes >= large) {
        (void)madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: small ones do as well */
    }
#endif
    return memory;
}

void vdi_pages_free(void *memory)
{
    free(memory);
}

static int file_error(const char *tried, const char *path)
{
    int failure = errno;
    int status = VDC_E_IO;

    if (failure == ENOENT || failure == ENOTDIR) {
        status = VDC_E_NOT_FOUND;
    } else if (failure == EACCES || failure == EPERM || failure == EROFS) {
        status = VDC_E_PERMISSION;
    }
    return vdi_error(status, "cannot %s file \"%s\": %s", tried, path, strerror(failure));
}

int vdi_file_open(const uint8_t **bytes, size_t *size, const char *path)
{
    static const uint8_t empty[1];
    struct stat status;
    void *mapped;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return file_error("open", path);
    }
    if (fstat(fd, &status) != 0) {
        close(fd);
        return file_error("look at", path);
    }
    if (!S_ISREG(status.st_mode)) {
        close(fd);
        return vdi_error(VDC_E_INVALID, "\"%s\" is not a regular file", path);
    }
    if (status.st_size == 0) {
        close(fd);
        *bytes = empty;
        *size = 0;
        return VDC_OK;
    }
    mapped = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED) {
        return file_error("map", path);
    }
    *bytes = mapped;
    *size = (size_t)status.st_size;
    return VDC_OK;
}

void vdi_file_close(const uint8_t *bytes, size_t size)
{
    if (bytes != NULL && size != 0) {
        munmap((void *)(uintptr_t)bytes, size);
    }
}

static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);

        if (written < 0 && errno != EINTR) {
            return -1;
        }
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        }
    }
    return fsync(fd);
}

int vdi_file_write(const char *path, const void *bytes, size_t size)
{
    size_t length = strlen(path);
    char *scratch = malloc(length + sizeof(".XXXXXX"));
    int status = VDC_OK;
    int fd;

    if (scratch == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory to write file \"%s\"", path);
    }
    memcpy(scratch, path, length);
    memcpy(scratch + length, ".XXXXXX", sizeof(".XXXXXX"));
    fd = mkstemp(scratch);
    if (fd < 0) {
        status = file_error("create", scratch);
        free(scratch);
        return status;
    }
    if (write_all(fd, bytes, size) != 0 || fchmod(fd, 0644) != 0) {
        status = file_error("write", scratch);
    }
    if (close(fd) != 0 && status == VDC_OK) {
        status = file_error("close", scratch);
    }
    if (status == VDC_OK && rename(scratch, path) != 0) {
        status = file_error("replace", path);
    }
    if (status != VDC_OK) {
        unlink(scratch);
    }
    free(scratch);
    return status;
}
