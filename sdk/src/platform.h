/* SPDX-License-Identifier: MIT */
/* What the library asks of the operating system beyond backend_host.h.
 * platform_posix.c and platform_win32.c answer; the build picks one. */
#ifndef VDI_PLATFORM_H
#define VDI_PLATFORM_H

#include "backend_host.h"

/* What the library keeps for each thread. Zero at first. */
struct vdi_thread_state {
    unsigned error_serial;   /* counts error texts, to tell a new one from an old one */
    unsigned in_callback;    /* the application's code runs on top of the library's */
    unsigned in_log;         /* the same, and any lock may be held below */
    const void *busy_device; /* whose progress callback runs */
    char error_text[480];
};
struct vdi_thread_state *vdi_this_thread(void);

/* A handle that anyone may poll, and that is readable from set to clear. With `native`, also while that one
 * is: VDC_E_UNSUPPORTED where the system cannot join two. */
struct vdi_pollable;
#define VDI_NO_HANDLE ((vdc_handle)-1)
int vdi_pollable_create(struct vdi_pollable **out, vdc_handle native);
void vdi_pollable_destroy(struct vdi_pollable *pollable);
void vdi_pollable_set(struct vdi_pollable *pollable);
void vdi_pollable_clear(struct vdi_pollable *pollable);
vdc_handle vdi_pollable_handle(const struct vdi_pollable *pollable);

/* Memory of whole pages; `alignment_bytes` is a power of two, or 0. NULL if there is none. */
void *vdi_pages_allocate(size_t bytes, size_t alignment_bytes);
void vdi_pages_free(void *memory);

#endif
