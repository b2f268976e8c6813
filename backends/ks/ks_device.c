/* SPDX-License-Identifier: MIT */
/*
 * The table of the kernel streaming backend, and opening a filter by its id. A filter that answers at all opens; one without a
 * pin that gives video is LIMITED and never the first device.
 */
#include "ks.h"
#include "ks_stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "ks_tables.h"

static void forget(struct ks_device *device)
{
    free(device->modes);
    free(device->intervals);
    free(device->controls);
    free(device->registers);
    device->modes = NULL;
    device->intervals = NULL;
    device->controls = NULL;
    device->registers = NULL;
    device->mode_count = 0;
    device->interval_count = 0;
    device->control_count = 0;
    device->register_count = 0;
}

static void shut(struct ks_device *device)
{
    if (device->filter != NULL) {
        device->system->close(device->filter);
        device->filter = NULL;
    }
    forget(device);
}

static void describe(const struct ks_device *device)
{
    struct vdi_device_info info;

    memset(&info, 0, sizeof(info));
    (void)snprintf(info.id, sizeof(info.id), "ks:%.120s", device->id);
    (void)snprintf(info.name, sizeof(info.name), "%.63s", device->name);
    (void)snprintf(info.location, sizeof(info.location), "%.127s", device->location);
    info.caps = VDC_CAP_CALLER_MEMORY;
    if (device->own) {
        const struct vdw_identity *identity = &device->identity;

        (void)snprintf(info.serial, sizeof(info.serial), "%.23s", identity->serial);
        info.caps |= VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_INPUTS | VDC_CAP_TIMINGS |
                     VDC_CAP_DEVICE_TIME;
        info.caps |= identity->caps & KS_CAPS_CROP ? (uint32_t)VDC_CAP_CROP : 0u;
        info.time_hz = identity->time_hz;
    }
    info.limited = device->mode_count == 0;
    if (info.limited) {
        (void)snprintf(info.state_text, sizeof(info.state_text), "%s",
                       device->own && device->identity.limited
                           ? "no firmware runs; load one"
                           : "it has no pin that gives video in a known form");
    }
    vdi_device_set_info(device->device, &info);
}

static int read_anew(struct ks_device *device)
{
    int status = ks_own_identify(device);

    device->mode_count = 0;
    device->interval_count = 0;
    device->control_count = 0;
    device->known = 0;
    if (status == VDC_OK && !(device->own && device->identity.limited)) {
        status = device->own ? ks_own_modes(device) : ks_pins_load(device);
        if (status == VDC_OK) {
            status = ks_controls_load(device);
        }
    }
    return status;
}

int ks_device_refresh(struct ks_device *device)
{
    int status;

    atomic_store(&device->stale, 0);
    vdi_mutex_lock(device->values);
    status = read_anew(device);
    vdi_mutex_unlock(device->values);
    if (status == VDC_OK) {
        describe(device);
    }
    if (status == VDC_OK && atomic_load(&device->heard)) {
        ks_events_happened(device, KS_EVENT_BEGIN);
    }
    return status;
}

int ks_device_renew(struct ks_device *device)
{
    return atomic_load(&device->stale) ? ks_device_refresh(device) : VDC_OK;
}

static int open_path(struct ks_device *device, const struct ks_found *found)
{
    uint32_t result;
    int status;

    memcpy(device->id, found->id, sizeof(device->id));
    memcpy(device->name, found->interface.name, sizeof(device->name));
    memcpy(device->location, found->interface.location, sizeof(device->location));
    result = device->system->open(&device->filter, found->interface.path);
    if (result == KS_FILE_NOT_FOUND || result == KS_PATH_NOT_FOUND) {
        return vdi_error(VDC_E_NOT_FOUND, "ks:%s: it is not there any more", device->id);
    }
    if (result != KS_OK) {
        return ks_error(device, result, "opening it");
    }
    status = ks_device_refresh(device);
    if (status != VDC_OK) {
        shut(device);
    }
    return status;
}

/* The first that can capture; if none can, why the last could not. */
static int open_first(struct ks_device *device, const struct ks_found *found, uint32_t count)
{
    int status = vdi_error(VDC_E_NOT_FOUND, "there is no capture filter");

    for (uint32_t i = 0; i < count; i++) {
        status = open_path(device, &found[i]);
        if (status == VDC_OK && (device->own || device->mode_count != 0)) {
            return VDC_OK;
        }
        if (status == VDC_OK) {
            shut(device);
            status = vdi_error(VDC_E_NOT_FOUND, "no capture filter has a pin that gives video");
        }
    }
    return status;
}

static int open_device(struct vdi_device *base, const char *path)
{
    struct ks_device *device = ks_device_of(base);
    struct ks_found *found = NULL;
    uint32_t count = 0;
    int status;

    device->system = ks_system_table();
    device->device = base;
    status = ks_find_all(&found, &count);
    if (status == VDC_OK) {
        status = vdi_mutex_create(&device->values);
    }
    if (status != VDC_OK) {
        free(found);
        return status;
    }
    if (path[0] == '\0') {
        status = open_first(device, found, count);
    } else {
        status = vdi_error(VDC_E_NOT_FOUND, "there is no device \"ks:%.100s\"", path);
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(found[i].id, path) == 0 || strcmp(found[i].interface.path, path) == 0) {
                status = open_path(device, &found[i]);
                break;
            }
        }
    }
    free(found);
    if (status == VDC_OK) {
        status = ks_watch_add(device);
    }
    if (status != VDC_OK) {
        shut(device);
        vdi_mutex_destroy(device->values);
    }
    return status;
}

static void close_device(struct vdi_device *base)
{
    struct ks_device *device = ks_device_of(base);

    ks_watch_remove(device);
    shut(device);
    vdi_mutex_destroy(device->values);
}

extern const struct vdi_backend vdi_backend_ks;
const struct vdi_backend vdi_backend_ks = {
    .name = "ks",
    .simulated = 0,
    .device_size = sizeof(struct ks_device),
    .stream_size = sizeof(struct ks_stream),
    .buffer_size = sizeof(struct ks_buffer),
    .firmware = &ks_firmware_ops,
    .registers = &ks_register_ops,
    .inputs = &ks_input_ops,
    .list = ks_list,
    .watch = ks_watch,
    .open = open_device,
    .close = close_device,
    .formats = ks_formats,
    .negotiate = ks_negotiate,
    .controls = ks_controls,
    .get_control = ks_get_control,
    .set_control = ks_set_control,
    .stream_open = ks_stream_open,
    .stream_close = ks_stream_close,
    .attach = ks_attach,
    .detach = ks_detach,
    .start = ks_start,
    .queue = ks_queue,
    .wait = ks_wait,
    .wake = ks_wake,
    .stop = ks_stop,
    .counts = ks_counts,
    .poll_begin = ks_poll_begin,
};
