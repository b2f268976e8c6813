/* SPDX-License-Identifier: MIT */
/*
 * Arrival and removal of capture filters: WM_DEVICECHANGE to a window that is never seen, on a thread of its own. Notices
 * without a window exist only in newer systems. The window is of a class that every system has, so that none is left
 * registered when the library is unloaded.
 */
#include "ks_win32.h"

#include <dbt.h>
#include <stdlib.h>

struct watch {
    HANDLE thread;
    HANDLE ready;
    DWORD id;
    DWORD result;
    HWND window;
    HDEVNOTIFY notices[KS_CATEGORIES];
    void (*changed)(void *user, const char *arrived);
    void *user;
};

static void tell(const struct watch *watch, WPARAM what, const DEV_BROADCAST_DEVICEINTERFACE_W *of)
{
    char path[512] = "";
    int arrived =
        what == DBT_DEVICEARRIVAL && of != NULL &&
        of->dbcc_devicetype == DBT_DEVTYP_DEVICEINTERFACE &&
        WideCharToMultiByte(CP_UTF8, 0, of->dbcc_name, -1, path, sizeof(path), NULL, NULL) != 0;

    watch->changed(watch->user, arrived ? path : NULL);
}

static LRESULT CALLBACK take_message(HWND window, UINT message, WPARAM what, LPARAM more)
{
    struct watch *watch = (struct watch *)GetWindowLongPtrW(window, GWLP_USERDATA);

    if (message == WM_DEVICECHANGE) {
        if (watch != NULL && (what == DBT_DEVICEARRIVAL || what == DBT_DEVICEREMOVECOMPLETE)) {
            tell(watch, what, (const DEV_BROADCAST_DEVICEINTERFACE_W *)more);
        }
        return TRUE;
    }
    return DefWindowProcW(window, message, what, more);
}

/* All categories, or the error. */
static DWORD ask_for_notices(struct watch *watch)
{
    for (uint32_t i = 0; i < KS_CATEGORIES; i++) {
        DEV_BROADCAST_DEVICEINTERFACE_W filter;

        memset(&filter, 0, sizeof(filter));
        filter.dbcc_size = sizeof(filter);
        filter.dbcc_devicetype = DBT_DEVTYP_DEVICEINTERFACE;
        filter.dbcc_classguid = ks_category_guids[i];
        watch->notices[i] =
            RegisterDeviceNotificationW(watch->window, &filter, DEVICE_NOTIFY_WINDOW_HANDLE);
        if (watch->notices[i] == NULL) {
            return GetLastError();
        }
    }
    return ERROR_SUCCESS;
}

static DWORD open_window(struct watch *watch)
{
    watch->window =
        CreateWindowExW(0, L"STATIC", NULL, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL, NULL, NULL);
    if (watch->window == NULL) {
        return GetLastError();
    }
    SetWindowLongPtrW(watch->window, GWLP_USERDATA, (LONG_PTR)watch);
    SetWindowLongPtrW(watch->window, GWLP_WNDPROC, (LONG_PTR)take_message);
    return ask_for_notices(watch);
}

static DWORD WINAPI run(void *argument)
{
    struct watch *watch = argument;
    MSG message;

    /* Makes the queue that ks_watch_end() posts to. */
    PeekMessageW(&message, NULL, WM_USER, WM_USER, PM_NOREMOVE);
    watch->result = open_window(watch);
    SetEvent(watch->ready);
    while (watch->result == ERROR_SUCCESS && GetMessageW(&message, NULL, 0, 0) > 0) {
        DispatchMessageW(&message);
    }
    for (uint32_t i = 0; i < KS_CATEGORIES; i++) {
        if (watch->notices[i] != NULL) {
            UnregisterDeviceNotification(watch->notices[i]);
        }
    }
    if (watch->window != NULL) {
        DestroyWindow(watch->window);
    }
    return 0;
}

static void destroy(struct watch *watch)
{
    if (watch->thread != NULL) {
        WaitForSingleObject(watch->thread, INFINITE);
        CloseHandle(watch->thread);
    }
    if (watch->ready != NULL) {
        CloseHandle(watch->ready);
    }
    free(watch);
}

uint32_t ks_watch_begin(void **out, void (*changed)(void *user, const char *arrived), void *user)
{
    struct watch *watch = calloc(1, sizeof(*watch));
    DWORD result;

    if (watch == NULL) {
        return ERROR_NOT_ENOUGH_MEMORY;
    }
    watch->changed = changed;
    watch->user = user;
    watch->ready = CreateEventW(NULL, TRUE, FALSE, NULL);
    watch->thread = watch->ready != NULL ? CreateThread(NULL, 0, run, watch, 0, &watch->id) : NULL;
    if (watch->thread == NULL) {
        result = GetLastError();
        destroy(watch);
        return result;
    }
    WaitForSingleObject(watch->ready, INFINITE);
    result = watch->result;
    if (result != ERROR_SUCCESS) {
        destroy(watch);
        return result;
    }
    *out = watch;
    return ERROR_SUCCESS;
}

void ks_watch_end(void *argument)
{
    struct watch *watch = argument;

    PostThreadMessageW(watch->id, WM_QUIT, 0, 0);
    destroy(watch);
}
