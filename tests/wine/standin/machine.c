/* SPDX-License-Identifier: MIT */
/*
 * The user-mode side: Wine's drivers are programs, in a process of their own. One thread plays all the
 * levels and queues of a kernel; it is the only one that enters the minidriver.
 */
#include <windows.h>

#include <stdarg.h>
#include <stdio.h>

#include "machine.h"

static CRITICAL_SECTION lock;
static HANDLE wake;
static uint64_t (*engine_turn)(void);

static DWORD WINAPI engine(void *context)
{
    (void)context;
    for (;;) {
        uint64_t due = engine_turn();
        uint64_t now = machine_now_ns();
        uint64_t wait_ms = due > now ? (due - now + 999999) / 1000000 : 0;

        if (wait_ms > 0)
            WaitForSingleObject(wake, wait_ms < 1000 ? (DWORD)wait_ms : 1000);
    }
    return 0;
}

int machine_start(uint64_t (*turn)(void))
{
    HANDLE thread;

    InitializeCriticalSection(&lock);
    wake = CreateEventW(NULL, FALSE, FALSE, NULL);
    engine_turn = turn;
    thread = wake ? CreateThread(NULL, 0, engine, NULL, 0, NULL) : NULL;
    if (thread)
        CloseHandle(thread);
    return thread ? 0 : -1;
}

void machine_wake(void)
{
    SetEvent(wake);
}

void machine_lock(void)
{
    EnterCriticalSection(&lock);
}

void machine_unlock(void)
{
    LeaveCriticalSection(&lock);
}

uint64_t machine_now_ns(void)
{
    static LARGE_INTEGER hz;
    LARGE_INTEGER now;

    if (hz.QuadPart == 0)
        QueryPerformanceFrequency(&hz);
    QueryPerformanceCounter(&now);
    return (uint64_t)(now.QuadPart / hz.QuadPart) * 1000000000u +
           (uint64_t)(now.QuadPart % hz.QuadPart) * 1000000000u / (uint64_t)hz.QuadPart;
}

/* To a file of the prefix, since a service has neither a console nor the rig's environment. */
void machine_log(const char *format, ...)
{
    static FILE *file;
    va_list arguments;

    if (!file && !(file = fopen("C:\\standin.log", "a")))
        return;
    va_start(arguments, format);
    fprintf(file, "%10.3f ms ", (double)machine_now_ns() / 1e6);
    vfprintf(file, format, arguments);
    fputc('\n', file);
    fflush(file);
    va_end(arguments);
}

void *machine_event_create(void)
{
    return CreateEventW(NULL, TRUE, FALSE, NULL);
}

void machine_event_set(void *event)
{
    SetEvent(event);
}

int machine_event_wait(void *event, uint32_t timeout_ms)
{
    return WaitForSingleObject(event, timeout_ms) == WAIT_OBJECT_0;
}

void machine_event_destroy(void *event)
{
    CloseHandle(event);
}

void *machine_event_borrow(void *process, void *event)
{
    HANDLE own = NULL;

    if (!DuplicateHandle(process, event, GetCurrentProcess(), &own, EVENT_MODIFY_STATE, FALSE, 0))
        return NULL;
    return own;
}

void *machine_pages_create(size_t bytes, int trapped)
{
    return VirtualAlloc(NULL, bytes, MEM_COMMIT | MEM_RESERVE,
                        trapped ? PAGE_NOACCESS : PAGE_READWRITE);
}

void machine_pages_destroy(void *pages)
{
    VirtualFree(pages, 0, MEM_RELEASE);
}

void *machine_process_open(uint32_t id)
{
    return OpenProcess(PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE, FALSE, id);
}

void machine_process_close(void *process)
{
    CloseHandle(process);
}

int machine_process_write(void *process, uint64_t address, const void *bytes, size_t size)
{
    SIZE_T done = 0;

    return WriteProcessMemory(process, (void *)(uintptr_t)address, bytes, size, &done) &&
           done == size;
}
