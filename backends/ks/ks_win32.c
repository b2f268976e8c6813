/* SPDX-License-Identifier: MIT */
/*
 * The system table on Windows. A pin has a completion port of its own: it brings reads in the order in which they ended, and a
 * packet without a read wakes whoever waits. Requests that are waited for at once set the low bit of their event, which
 * keeps them out of the port.
 */
#include "ks_win32.h"

#include <ks.h>
#include <ksmedia.h>
#include <setupapi.h>
#include <stdlib.h>
#include <winioctl.h>

#include "backend_host.h"
#include "ks_system.h"

#define KEY_READ_ENDED 1
#define KEY_WAKE       2
#define WAIT_MOST_MS   0x7fffffff

struct ks_handle {
    HANDLE file;
    HANDLE port; /* of a pin */
};

_Static_assert(sizeof(OVERLAPPED) <= sizeof(((struct ks_read *)0)->system), "room for it");

/* ---- Filters ---- */

static uint32_t wrap(struct ks_handle **out, HANDLE file)
{
    struct ks_handle *handle = calloc(1, sizeof(*handle));

    if (handle == NULL) {
        CloseHandle(file);
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    handle->file = file;
    *out = handle;
    return KS_OK;
}

static uint32_t open_filter(struct ks_handle **out, const char *path)
{
    WCHAR wide[512];
    HANDLE file;

    if (MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, 512) == 0) {
        return ERROR_PATH_NOT_FOUND;
    }
    file = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
    return file == INVALID_HANDLE_VALUE ? GetLastError() : wrap(out, file);
}

static void close_handle(struct ks_handle *handle)
{
    CloseHandle(handle->file);
    if (handle->port != NULL) {
        CloseHandle(handle->port);
    }
    free(handle);
}

DWORD ks_control_file(struct ks_handle *handle, DWORD code, void *in, uint32_t in_bytes, void *out,
                      uint32_t out_bytes, uint32_t *returned)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    OVERLAPPED overlapped;
    DWORD bytes = 0;
    DWORD result = ERROR_SUCCESS;

    *returned = 0;
    if (event == NULL) {
        return GetLastError();
    }
    memset(&overlapped, 0, sizeof(overlapped));
    overlapped.hEvent = (HANDLE)((ULONG_PTR)event | 1);
    if (!DeviceIoControl(handle->file, code, in, in_bytes, out, out_bytes, &bytes, &overlapped)) {
        result = GetLastError();
    }
    if (result == ERROR_IO_PENDING) {
        WaitForSingleObject(event, INFINITE);
        result = GetOverlappedResult(handle->file, &overlapped, &bytes, FALSE) ? ERROR_SUCCESS
                                                                               : GetLastError();
    }
    if (result == ERROR_MORE_DATA && bytes == 0) {
        bytes = (DWORD)overlapped.InternalHigh; /* what it needs */
    }
    CloseHandle(event);
    *returned = bytes;
    return result;
}

static uint32_t property(struct ks_handle *handle, const void *request, uint32_t request_bytes,
                         void *value, uint32_t value_bytes, uint32_t *returned)
{
    return ks_control_file(handle, IOCTL_KS_PROPERTY, (void *)(ULONG_PTR)request, request_bytes,
                           value, value_bytes, returned);
}

/* ---- Pins ---- */

static uint32_t create_pin(struct ks_handle **out, struct ks_handle *filter, void *connect,
                           uint32_t connect_bytes)
{
    HANDLE file = NULL;
    DWORD result = ks_pin_create(&file, filter->file, connect);
    struct ks_handle *pin;

    (void)connect_bytes; /* the format in it says how long it is */
    if (result != ERROR_SUCCESS) {
        return result;
    }
    result = wrap(&pin, file);
    if (result != KS_OK) {
        return result;
    }
    pin->port = CreateIoCompletionPort(file, NULL, KEY_READ_ENDED, 0);
    if (pin->port == NULL) {
        result = GetLastError();
        close_handle(pin);
        return result;
    }
    *out = pin;
    return KS_OK;
}

static uint32_t submit(struct ks_handle *pin, struct ks_read *read)
{
    OVERLAPPED *overlapped = (OVERLAPPED *)(void *)read->system;
    DWORD result = ERROR_SUCCESS;

    memset(read->system, 0, sizeof(read->system));
    if (!DeviceIoControl(pin->file, IOCTL_KS_READ_STREAM, NULL, 0, read->header, read->header_bytes,
                         NULL, overlapped)) {
        result = GetLastError();
    }
    /* A packet comes also for one that ended at once, unless it failed. A warning is no failure. */
    return result == ERROR_IO_PENDING || result == ERROR_MORE_DATA ? KS_OK : result;
}

/* To the next millisecond, so that nothing times out before its deadline. */
static DWORD milliseconds(int64_t deadline_ns)
{
    int64_t left_ns;

    if (deadline_ns == INT64_MAX) {
        return INFINITE;
    }
    left_ns = deadline_ns - vdi_now_ns();
    if (left_ns <= 0) {
        return 0;
    }
    return left_ns / 1000000 >= WAIT_MOST_MS ? WAIT_MOST_MS : (DWORD)((left_ns + 999999) / 1000000);
}

static uint32_t reap(struct ks_handle *pin, struct ks_read **out, int64_t deadline_ns)
{
    for (;;) {
        DWORD wait_ms = milliseconds(deadline_ns);
        OVERLAPPED *overlapped = NULL;
        ULONG_PTR key = 0;
        DWORD bytes = 0;
        BOOL good = GetQueuedCompletionStatus(pin->port, &bytes, &key, &overlapped, wait_ms);

        if (overlapped != NULL) {
            struct ks_read *read = (struct ks_read *)(void *)((uint8_t *)overlapped -
                                                              offsetof(struct ks_read, system));

            read->result = good ? KS_OK : GetLastError();
            *out = read;
            return KS_OK;
        }
        if (good && key == KEY_WAKE) {
            return KS_WOKEN;
        }
        if (wait_ms == 0) {
            return KS_WAIT_TIMEOUT;
        }
    }
}

static void wake(struct ks_handle *pin)
{
    PostQueuedCompletionStatus(pin->port, 0, KEY_WAKE, NULL);
}

static void cancel(struct ks_handle *pin)
{
    CancelIoEx(pin->file, NULL);
}

/* ---- Listing ---- */

static void narrow(char *out, int room, const WCHAR *wide)
{
    if (WideCharToMultiByte(CP_UTF8, 0, wide, -1, out, room, NULL, NULL) == 0) {
        out[0] = '\0'; /* too long, or not text */
    }
}

/* The name that the driver's INF gave to this interface. */
static int read_interface_name(WCHAR *out, DWORD room_bytes, HDEVINFO set,
                               SP_DEVICE_INTERFACE_DATA *interface)
{
    HKEY key = SetupDiOpenDeviceInterfaceRegKey(set, interface, 0, KEY_READ);
    DWORD bytes = room_bytes - (DWORD)sizeof(WCHAR);
    DWORD type = 0;
    int good;

    if (key == INVALID_HANDLE_VALUE) {
        return 0;
    }
    good =
        RegQueryValueExW(key, L"FriendlyName", NULL, &type, (BYTE *)out, &bytes) == ERROR_SUCCESS &&
        type == REG_SZ && out[0] != 0;
    RegCloseKey(key);
    return good;
}

static void read_registry(char *out, int room, HDEVINFO set, SP_DEVINFO_DATA *device, DWORD what)
{
    WCHAR text[128] = {0};
    DWORD type = 0;

    if (SetupDiGetDeviceRegistryPropertyW(set, device, what, &type, (BYTE *)text,
                                          sizeof(text) - sizeof(WCHAR), NULL) &&
        type == REG_SZ) {
        narrow(out, room, text);
    }
}

static void describe(struct ks_interface *out, HDEVINFO set, SP_DEVICE_INTERFACE_DATA *interface,
                     SP_DEVINFO_DATA *device)
{
    WCHAR name[128] = {0};

    if (read_interface_name(name, sizeof(name), set, interface)) {
        narrow(out->name, sizeof(out->name), name);
    }
    if (out->name[0] == '\0') {
        read_registry(out->name, sizeof(out->name), set, device, SPDRP_FRIENDLYNAME);
    }
    if (out->name[0] == '\0') {
        read_registry(out->name, sizeof(out->name), set, device, SPDRP_DEVICEDESC);
    }
    read_registry(out->location, sizeof(out->location), set, device, SPDRP_LOCATION_INFORMATION);
}

static void list_category(const GUID *guid, uint32_t category,
                          void (*found)(void *user, const struct ks_interface *interface),
                          void *user)
{
    HDEVINFO set = SetupDiGetClassDevsW(guid, NULL, NULL, DIGCF_PRESENT | DIGCF_DEVICEINTERFACE);
    SP_DEVICE_INTERFACE_DATA interface;

    if (set == INVALID_HANDLE_VALUE) {
        return;
    }
    interface.cbSize = sizeof(interface);
    for (DWORD i = 0; SetupDiEnumDeviceInterfaces(set, NULL, guid, i, &interface); i++) {
        union {
            SP_DEVICE_INTERFACE_DETAIL_DATA_W detail;
            uint8_t room[sizeof(DWORD) + 512 * sizeof(WCHAR)];
        } path;
        SP_DEVINFO_DATA device;
        struct ks_interface one;

        memset(&one, 0, sizeof(one));
        memset(&path, 0, sizeof(path));
        path.detail.cbSize = sizeof(path.detail);
        device.cbSize = sizeof(device);
        if (!SetupDiGetDeviceInterfaceDetailW(set, &interface, &path.detail, sizeof(path), NULL,
                                              &device)) {
            continue;
        }
        one.category = category;
        narrow(one.path, sizeof(one.path), path.detail.DevicePath);
        describe(&one, set, &interface, &device);
        if (one.path[0] != '\0') {
            found(user, &one);
        }
    }
    SetupDiDestroyDeviceInfoList(set);
}

/* clang-format off */
const GUID ks_category_guids[KS_CATEGORIES] = {
    { 0x65e8773d, 0x8f56, 0x11d0, { 0xa3, 0xb9, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96 } },
    { 0x6994ad05, 0x93ef, 0x11d0, { 0xa3, 0xcc, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96 } },
    { 0xe5323777, 0xf976, 0x4f5b, { 0x9b, 0x55, 0xb9, 0x46, 0x99, 0xc4, 0x6e, 0x44 } },
    { 0x6994ad04, 0x93ef, 0x11d0, { 0xa3, 0xcc, 0x00, 0xa0, 0xc9, 0x22, 0x31, 0x96 } },
};
/* clang-format on */

static uint32_t enumerate(void (*found)(void *user, const struct ks_interface *interface),
                          void *user)
{
    for (uint32_t i = 0; i < KS_CATEGORIES; i++) {
        list_category(&ks_category_guids[i], 1u << i, found, user);
    }
    return KS_OK;
}

/* Windows before Vista cancels a thread's requests when it ends; Wine forgets what was written to them. */
static int reads_need_thread(void)
{
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    DWORD version = GetVersion() & 0xff;

    return version < 6 || (ntdll != NULL && GetProcAddress(ntdll, "wine_get_version") != NULL);
}

static const struct ks_system table = {
    .enumerate = enumerate,
    .open = open_filter,
    .create_pin = create_pin,
    .close = close_handle,
    .property = property,
    .submit = submit,
    .reap = reap,
    .wake = wake,
    .cancel = cancel,
    .watch = ks_watch_begin,
    .unwatch = ks_watch_end,
    .listen = ks_listen,
    .unlisten = ks_unlisten,
    .reads_need_thread = reads_need_thread,
};

const struct ks_system *ks_system_table(void)
{
    return &table;
}
