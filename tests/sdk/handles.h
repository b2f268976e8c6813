/* SPDX-License-Identifier: MIT */
/* What the tests do with handles, on each system: poll one, and make one for a backend to give out. */
#pragma once

#include "vidicon/vidicon.h"

/* Whether it is ready within so many milliseconds; negative: without end. */
bool handle_is_ready(vdc_handle handle, int timeout_ms);

/* Whether the library can wait for a backend's own handle as well. */
bool handles_can_be_joined();
/* One for the backend, not ready at first; VDI_NO_HANDLE where they cannot be joined. */
vdc_handle handle_create();
/* Makes it ready or not, to be called when that changes: 0, or -1. */
int handle_set(vdc_handle handle, bool ready);
void handle_destroy(vdc_handle handle);
