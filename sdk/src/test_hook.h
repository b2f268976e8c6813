/* SPDX-License-Identifier: MIT */
/* The one door of the library for tests: a backend that is not shipped.
 * Hidden from the shared library; tests link the static one. */
#ifndef VDI_TEST_HOOK_H
#define VDI_TEST_HOOK_H

#include "backend.h"

/* One more backend of this context, behind the others. Before anything is listed or opened. */
int vdi_context_add_backend(vdc_context *context, const struct vdi_backend *backend);

#endif
