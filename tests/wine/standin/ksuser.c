/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for ksuser.dll. On Windows KsCreatePin opens a name below the filter's handle; Wine knows no
 * such names, so the device is opened once more and told, by a request that only the stand-in for
 * stream.sys knows, that this handle is a pin.
 */
#include <windows.h>
#include <winioctl.h>
#include <winternl.h>

/* Their import is what this file exports. */
#define KS_NO_CREATE_FUNCTIONS
#include <ks.h>

#include "standin.h"

static NTSTATUS open_again(HANDLE *out, HANDLE filter, ACCESS_MASK access)
{
    struct {
        UNICODE_STRING name;
        WCHAR text[512];
    } object;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    ULONG bytes;
    NTSTATUS status =
        NtQueryObject(filter, (OBJECT_INFORMATION_CLASS)1, &object, sizeof(object), &bytes);

    if (status != 0)
        return status;
    InitializeObjectAttributes(&attributes, &object.name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtCreateFile(out, access | SYNCHRONIZE, &attributes, &io, NULL, 0,
                        FILE_SHARE_READ | FILE_SHARE_WRITE, FILE_OPEN, 0, NULL, 0);
}

DWORD WINAPI KsCreatePin(HANDLE filter, KSPIN_CONNECT *connect, ACCESS_MASK access, HANDLE *out);

__declspec(dllexport) DWORD WINAPI
    KsCreatePin(HANDLE filter, KSPIN_CONNECT *connect, ACCESS_MASK access, HANDLE *out)
{
    DWORD bytes =
        (DWORD)sizeof(*connect) + ((const KSDATAFORMAT *)(const void *)(connect + 1))->FormatSize;
    OVERLAPPED wait = {0};
    HANDLE pin = NULL;
    NTSTATUS status = open_again(&pin, filter, access);
    DWORD done, result = ERROR_SUCCESS;

    if (status != 0)
        return RtlNtStatusToDosError(status);
    wait.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!DeviceIoControl(pin, IOCTL_STANDIN_PIN, connect, bytes, NULL, 0, NULL, &wait) &&
        GetLastError() != ERROR_IO_PENDING)
        result = GetLastError();
    else if (!GetOverlappedResult(pin, &wait, &done, TRUE))
        result = GetLastError();
    CloseHandle(wait.hEvent);
    if (result == ERROR_SUCCESS)
        *out = pin;
    else
        CloseHandle(pin);
    return result;
}
