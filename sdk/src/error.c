/* SPDX-License-Identifier: MIT */
/* Result codes as text, and each thread's text about its last failure.
 * A text may be built from the one before, so it is made beside it and then put in place. */
#include "internal.h"

#include <stdio.h>
#include <string.h>

#define VDI_STATUS_LIST(X) \
    X(VDC_OK)              \
    X(VDC_E_INVALID)       \
    X(VDC_E_NO_MEMORY)     \
    X(VDC_E_NOT_FOUND)     \
    X(VDC_E_BUSY)          \
    X(VDC_E_GONE)          \
    X(VDC_E_TIMEOUT)       \
    X(VDC_E_CANCELLED)     \
    X(VDC_E_UNSUPPORTED)   \
    X(VDC_E_STATE)         \
    X(VDC_E_IO)            \
    X(VDC_E_PERMISSION)    \
    X(VDC_E_FIRMWARE)      \
    X(VDC_E_RANGE)

/* NULL for a status that is none. The compiler warns when the list lacks one. */
static const char *find_name(int status)
{
    switch ((enum vdc_status)status) {
#define VDI_STATUS_CASE(code) \
    case code:                \
        return #code;
        VDI_STATUS_LIST(VDI_STATUS_CASE)
#undef VDI_STATUS_CASE
    }
    return NULL;
}

VDC_API(const char *) vdc_status_name(int status)
{
    const char *name = find_name(status);

    return name != NULL ? name : "VDC_E_?";
}

VDC_API(const char *) vdc_error_text(void)
{
    return vdi_this_thread()->error_text;
}

static void set_text(const char *text)
{
    struct vdi_thread_state *state = vdi_this_thread();
    size_t length = strlen(text);

    if (length >= sizeof(state->error_text)) {
        length = sizeof(state->error_text) - 1;
    }
    memmove(state->error_text, text, length);
    state->error_text[length] = '\0';
    state->error_serial++;
}

int vdi_error(int status, const char *format, ...)
{
    char text[sizeof(((struct vdi_thread_state *)0)->error_text)];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(text, sizeof(text), format, arguments) < 0) {
        text[0] = '\0';
    }
    va_end(arguments);
    set_text(text);
    return status;
}

int vdi_error_copy(int status, const char *text)
{
    set_text(text);
    return status;
}

int vdi_range_advice(int status, const char *advice)
{
    return status == VDC_E_RANGE ? vdi_error(status, "%s; %s", vdc_error_text(), advice) : status;
}

unsigned vdi_error_serial(void)
{
    return vdi_this_thread()->error_serial;
}

int vdi_backend_status(int status, unsigned serial, const char *function, const char *what)
{
    if (status == VDC_OK) {
        return status;
    }
    if (find_name(status) == NULL) {
        return vdi_error(VDC_E_IO, "%s on \"%s\": its backend failed with the unknown status %d",
                         function, what, status);
    }
    if (serial == vdi_error_serial()) {
        return vdi_error(status, "%s on \"%s\": its backend failed with %s and said no more",
                         function, what, vdc_status_name(status));
    }
    return status;
}
