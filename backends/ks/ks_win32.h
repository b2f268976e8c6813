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

/* ks_win32.c: a request on a filter or pin, to its end. */
struct ks_handle;
DWORD ks_control_file(struct ks_handle *handle, DWORD code, void *in, uint32_t in_bytes, void *out,
                      uint32_t out_bytes, uint32_t *returned);

/* ks_watch_win32.c */
uint32_t ks_watch_begin(void **out, void (*changed)(void *user, const char *arrived), void *user);
void ks_watch_end(void *watch);

/* ks_event_win32.c */
struct ks_property;
uint32_t ks_listen(void **out, uint64_t *accepted, struct ks_handle *filter,
                   const struct ks_property *events, uint32_t count,
                   void (*happened)(void *user, uint32_t event), void *user);
void ks_unlisten(void *listener);

#endif
