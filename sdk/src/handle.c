/* SPDX-License-Identifier: MIT */
/* Checks that open nearly every public function, and the way structs with a `size` pass.
 * The memory of a closed handle is kept a while, so that its late use is told, not felt. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define RETIRED_MAX 32

static _Atomic(void *) retired[RETIRED_MAX];
static atomic_uint retired_next;

void vdi_handle_retire(void *memory)
{
    unsigned at = atomic_fetch_add(&retired_next, 1u) % RETIRED_MAX;

    free(atomic_exchange(&retired[at], memory));
}

static int check_handle(const uint32_t *magic, uint32_t expected, const char *name,
                        const char *function)
{
    if (magic == NULL) {
        return vdi_error(VDC_E_INVALID, "%s: the %s is NULL; pass what opened or created it",
                         function, name);
    }
    if (*magic != expected) {
        return vdi_error(VDC_E_INVALID, "%s: the %s was closed before, or is none; open it anew",
                         function, name);
    }
    return VDC_OK;
}

int vdi_check_context(const vdc_context *context, const char *function)
{
    return check_handle(context != NULL ? &context->base.magic : NULL, VDI_MAGIC_CONTEXT, "context",
                        function);
}

int vdi_check_device(const vdc_device *device, const char *function)
{
    return check_handle(device != NULL ? &device->magic : NULL, VDI_MAGIC_DEVICE, "device",
                        function);
}

int vdi_check_stream(const vdc_stream *stream, const char *function)
{
    return check_handle(stream != NULL ? &stream->magic : NULL, VDI_MAGIC_STREAM, "stream",
                        function);
}

int vdi_check_pointer(const void *pointer, const char *name, const char *function)
{
    if (pointer == NULL) {
        return vdi_error(VDC_E_INVALID, "%s: `%s` is NULL; pass the address of one", function,
                         name);
    }
    return VDC_OK;
}

int vdi_check_no_callback(const char *function)
{
    if (vdi_this_thread()->in_callback != 0) {
        return vdi_error(VDC_E_STATE,
                         "%s: not from a callback of the library, which it would wait for; call "
                         "vdc_stream_cancel() there and this function from another thread",
                         function);
    }
    return VDC_OK;
}

int vdi_check_size(uint32_t size, size_t first, const char *name, const char *function)
{
    if (size < first || size > VDI_STRUCT_MAX) {
        return vdi_error(VDC_E_INVALID,
                         "%s: the size of a %s is given as %u; set it to sizeof(%s), at least %zu",
                         function, name, (unsigned)size, name, first);
    }
    return VDC_OK;
}

static uint32_t read_size(const void *from)
{
    uint32_t size;

    memcpy(&size, from, sizeof(size));
    return size;
}

int vdi_copy_in(void *to, size_t to_bytes, const void *from, const char *name, const char *function)
{
    const unsigned char *bytes = from;
    size_t given = read_size(from);

    for (size_t at = to_bytes; at < given; at++) {
        if (bytes[at] != 0) {
            return vdi_error(VDC_E_UNSUPPORTED,
                             "%s: the %s asks for something that only a newer library than %s "
                             "knows, at its byte %zu",
                             function, name, vdc_version_text(), at);
        }
    }
    memset(to, 0, to_bytes);
    memcpy(to, from, given < to_bytes ? given : to_bytes);
    return VDC_OK;
}

void vdi_copy_out(void *to, const void *from, size_t from_bytes)
{
    uint32_t size = read_size(to);
    size_t known = size < from_bytes ? size : from_bytes;

    memcpy((char *)to + sizeof(size), (const char *)from + sizeof(size), known - sizeof(size));
    memset((char *)to + known, 0, size - known);
}
