/* SPDX-License-Identifier: MIT */
/*
 * Results of the system as the library's, and properties asked for with care: what a driver claims to have written is
 * compared with what there was room for.
 */
#include "ks.h"

#include <stdlib.h>

#define ALL_FIRST (16u << 10)
#define ALL_MOST  (1u << 20)
#define ALL_TRIES 8

int ks_is_gone(uint32_t result)
{
    switch (result) {
    case KS_FILE_NOT_FOUND: /* STATUS_NO_SUCH_DEVICE on older systems */
    case KS_NO_SUCH_DEVICE:
    case KS_DEV_NOT_EXIST:
    case KS_NOT_CONNECTED:
    case KS_DEVICE_REMOVED:
        return 1;
    default:
        return 0;
    }
}

static int status_of(uint32_t result)
{
    if (ks_is_gone(result)) {
        return VDC_E_GONE;
    }
    switch (result) {
    case KS_OK:
        return VDC_OK;
    case KS_ACCESS_DENIED:
        return VDC_E_PERMISSION;
    case KS_NOT_ENOUGH_MEMORY:
    case KS_NO_SYSTEM_RESOURCES:
        return VDC_E_NO_MEMORY;
    case KS_BUSY:
    case KS_SHARING_VIOLATION:
    case KS_TOO_MANY_NAMES:
        return VDC_E_BUSY;
    case KS_INVALID_FUNCTION:
    case KS_NOT_SUPPORTED:
    case KS_NOT_FOUND:
    case KS_SET_NOT_FOUND:
        return VDC_E_UNSUPPORTED;
    case KS_NO_MATCH:
    case KS_INVALID_PARAMETER:
        return VDC_E_RANGE;
    default:
        return VDC_E_IO;
    }
}

int ks_error(const struct ks_device *device, uint32_t result, const char *tried)
{
    int status = status_of(result);

    switch (status) {
    case VDC_OK:
        return VDC_OK;
    case VDC_E_GONE:
        ks_watch_lost(device);
        return vdi_error(status, "ks:%s: %s: the device was unplugged (error %u); close it",
                         device->id, tried, (unsigned)result);
    case VDC_E_BUSY:
        return vdi_error(status,
                         "ks:%s: %s: it is in use (error %u); close the other program or stream",
                         device->id, tried, (unsigned)result);
    case VDC_E_PERMISSION:
        return vdi_error(status,
                         "ks:%s: %s: Windows refuses it (error %u); look at the camera's privacy "
                         "settings",
                         device->id, tried, (unsigned)result);
    default:
        return vdi_error(status, "ks:%s: %s: the driver answered with error %u", device->id, tried,
                         (unsigned)result);
    }
}

struct ks_property ks_property_of(const struct ks_guid *set, uint32_t id, uint32_t flags)
{
    struct ks_property property = {*set, id, flags};

    return property;
}

uint32_t ks_get(const struct ks_device *device, struct ks_handle *handle, const void *request,
                uint32_t request_bytes, void *value, uint32_t bytes)
{
    uint32_t returned = 0;
    uint32_t result;

    memset(value, 0, bytes);
    result = device->system->property(handle, request, request_bytes, value, bytes, &returned);
    if (result == KS_OK && returned != bytes) {
        return KS_GEN_FAILURE;
    }
    return result;
}

uint32_t ks_set(const struct ks_device *device, struct ks_handle *handle, const void *request,
                uint32_t request_bytes, void *value, uint32_t bytes)
{
    uint32_t returned = 0;

    return device->system->property(handle, request, request_bytes, value, bytes, &returned);
}

uint32_t ks_get_all(const struct ks_device *device, const void *request, uint32_t request_bytes,
                    uint8_t **out, uint32_t *bytes)
{
    uint32_t room = ALL_FIRST;

    for (int tries = 0; tries < ALL_TRIES; tries++) {
        uint8_t *memory = calloc(1, room);
        uint32_t returned = 0;
        uint32_t result;

        if (memory == NULL) {
            return KS_NOT_ENOUGH_MEMORY;
        }
        result = device->system->property(device->filter, request, request_bytes, memory, room,
                                          &returned);
        if (result == KS_OK && returned <= room) {
            *out = memory;
            *bytes = returned;
            return KS_OK;
        }
        free(memory);
        if (result == KS_OK) {
            return KS_GEN_FAILURE;
        }
        if ((result != KS_MORE_DATA && result != KS_INSUFFICIENT_BUFFER) || room == ALL_MOST) {
            return result;
        }
        room = returned > room ? returned : room * 2;
        room = room > ALL_MOST ? ALL_MOST : room;
    }
    return KS_MORE_DATA;
}
