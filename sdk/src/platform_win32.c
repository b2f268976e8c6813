/* SPDX-License-Identifier: MIT */
/* Threads, time, files and pollable handles of Windows.
 * Paths are UTF-8 here and UTF-16 there. Two handles cannot be waited for as one; names of threads
 * are for debuggers and left out. */
#include "platform.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define NS_PER_S INT64_C(1000000000)

struct vdi_mutex {
    SRWLOCK native;
};

struct vdi_cond {
    CONDITION_VARIABLE native;
};

struct vdi_thread {
    HANDLE native;
    DWORD id;
    void (*run)(void *);
    void *argument;
};

struct vdi_pollable {
    HANDLE event;
};

struct vdi_thread_state *vdi_this_thread(void)
{
    static _Thread_local struct vdi_thread_state state;

    return &state;
}

int64_t vdi_now_ns(void)
{
    LARGE_INTEGER count, hz;

    QueryPerformanceFrequency(&hz);
    QueryPerformanceCounter(&count);
    return count.QuadPart / hz.QuadPart * NS_PER_S +
           count.QuadPart % hz.QuadPart * NS_PER_S / hz.QuadPart;
}

/* ---- Locks and threads ---- */

int vdi_mutex_create(vdi_mutex **out)
{
    vdi_mutex *mutex = malloc(sizeof(*mutex));

    if (mutex == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a mutex");
    }
    InitializeSRWLock(&mutex->native);
    *out = mutex;
    return VDC_OK;
}

void vdi_mutex_destroy(vdi_mutex *mutex)
{
    free(mutex);
}

void vdi_mutex_lock(vdi_mutex *mutex)
{
    AcquireSRWLockExclusive(&mutex->native);
}

void vdi_mutex_unlock(vdi_mutex *mutex)
{
    ReleaseSRWLockExclusive(&mutex->native);
}

int vdi_cond_create(vdi_cond **out)
{
    vdi_cond *cond = malloc(sizeof(*cond));

    if (cond == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a condition");
    }
    InitializeConditionVariable(&cond->native);
    *out = cond;
    return VDC_OK;
}

void vdi_cond_destroy(vdi_cond *cond)
{
    free(cond);
}

void vdi_cond_signal_all(vdi_cond *cond)
{
    WakeAllConditionVariable(&cond->native);
}

int vdi_cond_wait(vdi_cond *cond, vdi_mutex *mutex, int64_t deadline_ns)
{
    DWORD wait_ms = INFINITE;

    if (deadline_ns != INT64_MAX) {
        int64_t now_ns = vdi_now_ns();
        int64_t left_ms = deadline_ns > now_ns ? (deadline_ns - now_ns + 999999) / 1000000 : 0;

        /* A wait cut short is one that wakes for no reason. */
        wait_ms = left_ms < 1000000 ? (DWORD)left_ms : 1000000;
    }
    SleepConditionVariableSRW(&cond->native, &mutex->native, wait_ms, 0);
    return deadline_ns != INT64_MAX && vdi_now_ns() >= deadline_ns;
}

static DWORD WINAPI run_thread(void *argument)
{
    vdi_thread *thread = argument;

    thread->run(thread->argument);
    return 0;
}

int vdi_thread_create(vdi_thread **out, void (*run)(void *), void *argument, const char *name)
{
    vdi_thread *thread = calloc(1, sizeof(*thread));

    if (thread == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for thread \"%s\"", name);
    }
    thread->run = run;
    thread->argument = argument;
    thread->native = CreateThread(NULL, 0, run_thread, thread, 0, &thread->id);
    if (thread->native == NULL) {
        free(thread);
        return vdi_error(VDC_E_NO_MEMORY, "the system refuses to start thread \"%s\": error %lu",
                         name, GetLastError());
    }
    *out = thread;
    return VDC_OK;
}

void vdi_thread_join(vdi_thread *thread)
{
    if (thread != NULL) {
        WaitForSingleObject(thread->native, INFINITE);
        CloseHandle(thread->native);
        free(thread);
    }
}

int vdi_thread_is_current(const vdi_thread *thread)
{
    return thread != NULL && thread->id == GetCurrentThreadId();
}

/* ---- Pollable handles ---- */

int vdi_pollable_create(struct vdi_pollable **out, vdc_handle native)
{
    struct vdi_pollable *pollable;

    if (native != VDI_NO_HANDLE) {
        return vdi_error(VDC_E_UNSUPPORTED, "this system cannot wait for two handles as one");
    }
    pollable = malloc(sizeof(*pollable));
    if (pollable == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for a pollable handle");
    }
    pollable->event = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (pollable->event == NULL) {
        free(pollable);
        return vdi_error(VDC_E_IO, "no event object: error %lu", GetLastError());
    }
    *out = pollable;
    return VDC_OK;
}

void vdi_pollable_destroy(struct vdi_pollable *pollable)
{
    if (pollable != NULL) {
        CloseHandle(pollable->event);
        free(pollable);
    }
}

void vdi_pollable_set(struct vdi_pollable *pollable)
{
    SetEvent(pollable->event);
}

void vdi_pollable_clear(struct vdi_pollable *pollable)
{
    ResetEvent(pollable->event);
}

vdc_handle vdi_pollable_handle(const struct vdi_pollable *pollable)
{
    return (vdc_handle)pollable->event;
}

/* ---- Memory and files ---- */

void *vdi_pages_allocate(size_t bytes, size_t alignment_bytes)
{
    const size_t page = 4096;

    if (alignment_bytes < page) {
        alignment_bytes = page;
    }
    if (bytes > SIZE_MAX - page) {
        return NULL;
    }
    return _aligned_malloc((bytes + page - 1) / page * page, alignment_bytes);
}

void vdi_pages_free(void *memory)
{
    _aligned_free(memory);
}

static int file_error(const char *tried, const char *path)
{
    DWORD failure = GetLastError();
    int status = VDC_E_IO;

    if (failure == ERROR_FILE_NOT_FOUND || failure == ERROR_PATH_NOT_FOUND) {
        status = VDC_E_NOT_FOUND;
    } else if (failure == ERROR_ACCESS_DENIED || failure == ERROR_WRITE_PROTECT) {
        status = VDC_E_PERMISSION;
    }
    return vdi_error(status, "cannot %s file \"%s\": error %lu", tried, path, failure);
}

/* `path` and `suffix` as UTF-16; the caller frees it. NULL without memory or with a path that is not UTF-8. */
static wchar_t *widen(const char *path, const wchar_t *suffix)
{
    int count = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
    wchar_t *wide = count > 0 ? malloc(((size_t)count + wcslen(suffix)) * sizeof(*wide)) : NULL;

    if (wide != NULL) {
        MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, count);
        wcscpy(wide + count - 1, suffix);
    }
    return wide;
}

/* Not mapped: a file that somebody has mapped cannot be replaced here. */
static int read_file(uint8_t **bytes, size_t *size, HANDLE file, const char *path)
{
    LARGE_INTEGER length;
    size_t done = 0;

    if (GetFileType(file) != FILE_TYPE_DISK) {
        return vdi_error(VDC_E_INVALID, "\"%s\" is no file but a device or a pipe", path);
    }
    if (!GetFileSizeEx(file, &length)) {
        return file_error("look at", path);
    }
    *size = (size_t)length.QuadPart;
    *bytes = (uint64_t)length.QuadPart > SIZE_MAX / 2 ? NULL : malloc(*size + 1);
    if (*bytes == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "no memory for file \"%s\"", path);
    }
    while (done < *size) {
        DWORD part = *size - done < 0x1000000 ? (DWORD)(*size - done) : 0x1000000;
        DWORD got = 0;

        if (!ReadFile(file, *bytes + done, part, &got, NULL)) {
            int status = file_error("read", path);

            free(*bytes);
            return status;
        }
        if (got == 0) { /* it has become shorter */
            *size = done;
        }
        done += got;
    }
    return VDC_OK;
}

int vdi_file_open(const uint8_t **bytes, size_t *size, const char *path)
{
    wchar_t *wide = widen(path, L"");
    DWORD attributes;
    HANDLE file;
    uint8_t *read = NULL;
    int status;

    if (wide == NULL) {
        return vdi_error(VDC_E_INVALID, "the path \"%s\" is not UTF-8", path);
    }
    attributes = GetFileAttributesW(wide);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0) {
        free(wide);
        return vdi_error(VDC_E_INVALID, "\"%s\" is a folder", path);
    }
    file = CreateFileW(wide, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                       FILE_ATTRIBUTE_NORMAL, NULL);
    free(wide);
    if (file == INVALID_HANDLE_VALUE) {
        return file_error("open", path);
    }
    status = read_file(&read, size, file, path);
    CloseHandle(file);
    if (status == VDC_OK) {
        *bytes = read;
    }
    return status;
}

void vdi_file_close(const uint8_t *bytes, size_t size)
{
    (void)size;
    free((void *)(uintptr_t)bytes);
}

static int write_all(const wchar_t *wide, const char *bytes, size_t size)
{
    HANDLE file =
        CreateFileW(wide, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    int good = 1;

    if (file == INVALID_HANDLE_VALUE) {
        return 0;
    }
    while (good && size > 0) {
        DWORD part = size < 0x1000000 ? (DWORD)size : 0x1000000;
        DWORD written = 0;

        good = WriteFile(file, bytes, part, &written, NULL) && written > 0;
        bytes += written;
        size -= written;
    }
    good = FlushFileBuffers(file) && good;
    return CloseHandle(file) && good;
}

int vdi_file_write(const char *path, const void *bytes, size_t size)
{
    wchar_t suffix[32];
    wchar_t *wide = widen(path, L"");
    wchar_t *scratch;
    int status = VDC_OK;

    swprintf(suffix, 32, L".%lx-%lx", GetCurrentProcessId(), GetCurrentThreadId());
    scratch = widen(path, suffix);
    if (wide == NULL || scratch == NULL) {
        free(wide);
        free(scratch);
        return vdi_error(VDC_E_INVALID, "the path \"%s\" is not UTF-8", path);
    }
    if (!write_all(scratch, bytes, size) ||
        !MoveFileExW(scratch, wide, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
        status = file_error("replace", path);
        DeleteFileW(scratch);
    }
    free(wide);
    free(scratch);
    return status;
}
