/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for hal.dll: Wine's own ends the process where the minidriver stalls. It has only what
 * the minidriver imports.
 */
#include <windows.h>

LONG WINAPI NtQueryPerformanceCounter(LARGE_INTEGER *counter, LARGE_INTEGER *hz);
LARGE_INTEGER WINAPI KeQueryPerformanceCounter(LARGE_INTEGER *hz);
void WINAPI KeStallExecutionProcessor(ULONG us);

__declspec(dllexport) LARGE_INTEGER WINAPI KeQueryPerformanceCounter(LARGE_INTEGER *hz)
{
    LARGE_INTEGER now, ignored;

    NtQueryPerformanceCounter(&now, hz ? hz : &ignored);
    return now;
}

__declspec(dllexport) void WINAPI KeStallExecutionProcessor(ULONG us)
{
    LARGE_INTEGER hz, begin = KeQueryPerformanceCounter(&hz);
    LONGLONG ticks = (hz.QuadPart * us + 999999) / 1000000;

    while (KeQueryPerformanceCounter(NULL).QuadPart - begin.QuadPart < ticks)
        YieldProcessor();
}
