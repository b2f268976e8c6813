/* SPDX-License-Identifier: MIT */
/* What the Windows files of the backend share, and the only place that draws in the system's headers. */
#ifndef KS_WIN32_H
#define KS_WIN32_H

#include <stddef.h>
#include <stdint.h>
#include <windows.h>

/* In the order of the bits of enum ks_category. */
#define KS_CATEGORIES 4
extern const GUID ks_category_guids[KS_CATEGORIES];

/* ks_pin_win32.c: the pin that `connect`, a KSPIN_CONNECT and the format behind it, describes. */
DWORD ks_pin_create(HANDLE *out, HANDLE filter, void *connect);

/* ks_watch_win32.c */
uint32_t ks_watch_begin(void **out, void (*changed)(void *user), void *user);
void ks_watch_end(void *watch);

#endif
