/* SPDX-License-Identifier: MIT */
/*
 * Pin creation, the one thing that is not a call of the system proper: KsCreatePin lives in ksuser.dll, which is looked up
 * when it is needed, so that the library loads where there is none.
 */
#include "ks_win32.h"

typedef DWORD(WINAPI *create_pin_fn)(HANDLE filter, void *connect, ACCESS_MASK access, HANDLE *pin);

/* By its full name: Windows 7 knows LOAD_LIBRARY_SEARCH_SYSTEM32 only with an update, and a plain name would be looked for
 * beside the program first. */
static HMODULE load(void)
{
    static const WCHAR name[] = L"\\ksuser.dll";
    WCHAR path[MAX_PATH + sizeof(name) / sizeof(name[0])];
    UINT chars = GetSystemDirectoryW(path, MAX_PATH);

    if (chars == 0 || chars >= MAX_PATH) {
        return NULL;
    }
    memcpy(path + chars, name, sizeof(name));
    return LoadLibraryExW(path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
}

DWORD ks_pin_create(HANDLE *out, HANDLE filter, void *connect)
{
    HMODULE module = load();
    FARPROC address = module != NULL ? GetProcAddress(module, "KsCreatePin") : NULL;
    create_pin_fn create;
    DWORD result;

    if (address == NULL) {
        result = GetLastError();
        if (module != NULL) {
            FreeLibrary(module);
        }
        return result != ERROR_SUCCESS ? result : ERROR_PROC_NOT_FOUND;
    }
    memcpy(&create, &address, sizeof(create));
    result = create(filter, connect, GENERIC_READ, out);
    FreeLibrary(module);
    return result;
}
