/* SPDX-License-Identifier: MIT */
/* Devices: found by id, opened, described, closed.
 * Descriptions are never changed in place: the application may be reading the one it was given. */
#include "internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

vdc_device *vdi_device_of(struct vdi_device *base)
{
    return (vdc_device *)(void *)((char *)base - offsetof(vdc_device, base));
}

/* ---- Its description ---- */

void vdi_device_set_info(struct vdi_device *base, const struct vdi_device_info *info)
{
    vdc_device *device = vdi_device_of(base);
    struct vdi_info_node *node = calloc(1, sizeof(*node));

    if (node == NULL) {
        vdi_log(base->context, VDC_LOG_ERROR, "no memory for the description of \"%s\"", info->id);
        return;
    }
    node->raw = *info;
    node->raw.caps |= base->backend->simulated ? VDC_CAP_SIMULATED : 0u;
    node->shown = (vdc_device_info){
        .id = node->raw.id,
        .name = node->raw.name,
        .serial = node->raw.serial,
        .location = node->raw.location,
        .backend = base->backend->name,
        .caps = node->raw.caps,
        .state = info->limited ? VDC_DEVICE_LIMITED : VDC_DEVICE_READY,
        .state_text = node->raw.state_text,
        .time_hz = info->time_hz,
    };
    node->shown_gone = node->shown;
    node->shown_gone.state = VDC_DEVICE_GONE;
    node->shown_gone.state_text = "unplugged";
    vdi_mutex_lock(device->info_lock);
    node->next = device->infos;
    device->infos = node;
    base->info = &node->raw;
    vdi_mutex_unlock(device->info_lock);
    atomic_store(&device->controls_stale, 1);
}

static struct vdi_info_node *newest_info(vdc_device *device)
{
    struct vdi_info_node *node;

    vdi_mutex_lock(device->info_lock);
    node = device->infos;
    vdi_mutex_unlock(device->info_lock);
    return node;
}

uint32_t vdi_device_caps(vdc_device *device)
{
    return newest_info(device)->raw.caps;
}

const char *vdi_device_id(vdc_device *device)
{
    const struct vdi_info_node *node = newest_info(device);

    return node != NULL ? node->raw.id : "";
}

VDC_API(const vdc_device_info *) vdc_device_get_info(vdc_device *device)
{
    struct vdi_info_node *node;

    if (vdi_check_device(device, "vdc_device_get_info") != VDC_OK) {
        return NULL;
    }
    node = newest_info(device);
    return atomic_load(&device->gone) ? &node->shown_gone : &node->shown;
}

/* ---- Calls of its backend ---- */

int vdi_device_mark_gone(vdc_device *device)
{
    return atomic_exchange(&device->gone, 1) == 0;
}

void vdi_device_log_gone(vdc_device *device)
{
    vdi_log(&device->context->base, VDC_LOG_WARNING, "device \"%s\" is gone",
            vdi_device_id(device));
}

int vdi_device_gone_error(vdc_device *device, const char *function)
{
    return vdi_error(VDC_E_GONE,
                     "%s on \"%s\": the device was unplugged; close it, and open it again when it "
                     "is back",
                     function, vdi_device_id(device));
}

static int check_entry(vdc_device *device, const char *function)
{
    const struct vdi_thread_state *thread = vdi_this_thread();
    int status = vdi_check_device(device, function);

    if (status != VDC_OK) {
        return status;
    }
    if (thread->in_log != 0 || thread->busy_device == device) {
        return vdi_error(VDC_E_STATE,
                         "%s on \"%s\": a log or progress callback must not call the device",
                         function, vdi_device_id(device));
    }
    if (atomic_load(&device->gone)) {
        return vdi_device_gone_error(device, function);
    }
    return VDC_OK;
}

int vdi_device_enter(vdc_device *device, const char *function, int what)
{
    struct vdi_info_node *node;
    int status = check_entry(device, function);

    if (status != VDC_OK) {
        return status;
    }
    vdi_mutex_lock(device->call);
    node = newest_info(device);
    if (atomic_load(&device->gone)) {
        status = vdi_device_gone_error(device, function);
    } else if ((what & VDI_ENTER_CAPTURE) && node->raw.limited) {
        status = vdi_error(VDC_E_FIRMWARE,
                           "%s on \"%s\": the device is LIMITED (%s); give it firmware "
                           "by vdc_device_load_firmware()",
                           function, node->raw.id, node->raw.state_text);
    } else if ((what & VDI_ENTER_IDLE) && device->stream != NULL) {
        status = vdi_error(VDC_E_BUSY, "%s on \"%s\": a stream is open on it; close that first",
                           function, node->raw.id);
    }
    if (status != VDC_OK) {
        vdi_mutex_unlock(device->call);
    }
    return status;
}

int vdi_device_leave(vdc_device *device, const char *function, int status)
{
    int first = 0;

    if (status == VDC_E_GONE) {
        first = vdi_device_mark_gone(device);
        if (device->stream != NULL) {
            vdi_mutex_lock(device->stream->lock);
            vdi_stream_kick(device->stream);
            vdi_mutex_unlock(device->stream->lock);
            vdi_ready_force(&device->stream->ready, 1);
        }
    }
    vdi_mutex_unlock(device->call);
    if (first) {
        vdi_device_log_gone(device);
    }
    return status == VDC_E_GONE ? vdi_device_gone_error(device, function) : status;
}

/* ---- Open and close ---- */

static void free_device(vdc_device *device)
{
    device->magic = 0;
    while (device->infos != NULL) {
        struct vdi_info_node *next = device->infos->next;

        free(device->infos);
        device->infos = next;
    }
    vdc_list_destroy(device->controls);
    vdi_mutex_destroy(device->info_lock);
    vdi_mutex_destroy(device->call);
    free(device->base.priv);
    vdi_handle_retire(device);
}

static int make_device(vdc_device **out, vdc_context *context, const struct vdi_backend *backend,
                       uint32_t flags)
{
    vdc_device *device = calloc(1, sizeof(*device));
    int status;

    if (device == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "vdc_device_open: no memory for a device");
    }
    device->context = context;
    device->base.backend = backend;
    device->base.context = &context->base;
    device->base.open_flags = flags;
    device->base.priv = calloc(1, backend->device_size != 0 ? backend->device_size : 1);
    atomic_init(&device->gone, 0);
    atomic_init(&device->controls_stale, 1);
    status = device->base.priv != NULL
                 ? vdi_mutex_create(&device->call)
                 : vdi_error(VDC_E_NO_MEMORY, "vdc_device_open: no memory for a device");
    if (status == VDC_OK) {
        status = vdi_mutex_create(&device->info_lock);
    }
    if (status != VDC_OK) {
        free_device(device);
        return status;
    }
    *out = device;
    return VDC_OK;
}

static int open_by(vdc_device **out, vdc_context *context, const struct vdi_backend *backend,
                   const char *id, uint32_t flags)
{
    static const char function[] = "vdc_device_open";
    unsigned serial = vdi_error_serial();
    vdc_device *device = NULL;
    int status = make_device(&device, context, backend, flags);

    if (device == NULL) {
        return status;
    }
    status = backend->open(&device->base, id + strlen(backend->name) + 1);
    status = vdi_backend_status(status, serial, function, id);
    if (status == VDC_OK && device->infos == NULL) {
        backend->close(&device->base);
        status = vdi_error(VDC_E_IO, "%s on \"%s\": backend %s described no device", function, id,
                           backend->name);
    }
    if (status != VDC_OK) {
        free_device(device);
        return status;
    }
    device->magic = VDI_MAGIC_DEVICE;
    vdi_context_count_device(context, 1);
    vdi_log(&context->base, VDC_LOG_INFO, "opened \"%s\", %s%s%s", vdi_device_id(device),
            device->base.info->name, device->base.info->limited ? ", LIMITED: " : "",
            device->base.info->limited ? device->base.info->state_text : "");
    *out = device;
    return VDC_OK;
}

/* The first device that is no simulation, as the backends list them. */
static int open_first(vdc_device **out, vdc_context *context, uint32_t flags)
{
    static const char function[] = "vdc_device_open";
    struct vdi_context *base = &context->base;
    int failure = VDC_OK;

    for (size_t at = 0; at < base->backend_count; at++) {
        struct vdi_sink sink = {NULL, base->backends[at]};
        const vdc_device_info *info;
        unsigned serial = vdi_error_serial();
        int status;

        if (sink.backend->simulated) {
            continue;
        }
        status = vdi_list_create(&sink.list, VDI_LIST_DEVICE);
        if (status != VDC_OK) {
            return status;
        }
        status = vdi_backend_status(sink.backend->list(base, &sink), serial, function,
                                    sink.backend->name);
        if (status != VDC_OK && failure == VDC_OK) {
            failure = status;
        }
        for (size_t n = 0; (info = vdc_list_device_at(sink.list, n)) != NULL; n++) {
            if (!(info->caps & VDC_CAP_SIMULATED)) {
                status = open_by(out, context, sink.backend, info->id, flags);
                vdc_list_destroy(sink.list);
                return status;
            }
        }
        vdc_list_destroy(sink.list);
    }
    if (failure != VDC_OK) {
        return failure;
    }
    return vdi_error(VDC_E_NOT_FOUND,
                     "%s: there is no capture device here; plug one in, or open \"sim:0\" for a "
                     "simulated card",
                     function);
}

static int no_such_backend(const vdc_context *context, const char *id)
{
    char known[160] = "";
    size_t used = 0;

    for (size_t at = 0; at < context->base.backend_count; at++) {
        int more = snprintf(known + used, sizeof(known) - used, "%s%s:", at != 0 ? ", " : "",
                            context->base.backends[at]->name);

        if (more < 0 || (size_t)more >= sizeof(known) - used) {
            break;
        }
        used += (size_t)more;
    }
    return vdi_error(
        VDC_E_NOT_FOUND,
        "vdc_device_open on \"%.100s\": no backend has that name; an id begins with one "
        "of %s",
        id, known);
}

VDC_API(int)
vdc_device_open(vdc_device **out, vdc_context *context, const char *id, uint32_t flags)
{
    static const char function[] = "vdc_device_open";
    int status = vdi_check_context(context, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    if (flags & ~(uint32_t)VDC_OPEN_REGISTERS) {
        return vdi_error(VDC_E_INVALID, "%s: flags 0x%x hold bits that are no vdc_open_flag",
                         function, (unsigned)flags);
    }
    if (id == NULL) {
        return open_first(out, context, flags);
    }
    for (size_t at = 0; at < context->base.backend_count; at++) {
        const struct vdi_backend *backend = context->base.backends[at];
        size_t length = strlen(backend->name);

        if (strncmp(id, backend->name, length) == 0 && id[length] == ':') {
            return open_by(out, context, backend, id, flags);
        }
    }
    return no_such_backend(context, id);
}

VDC_API(void) vdc_device_close(vdc_device *device)
{
    static const char function[] = "vdc_device_close";
    vdc_context *context;
    int status;

    if (device == NULL || vdi_check_device(device, function) != VDC_OK) {
        return;
    }
    context = device->context;
    status = vdi_check_no_callback(function);
    if (status == VDC_OK) {
        vdi_mutex_lock(device->call);
        if (device->stream != NULL) {
            status = vdi_error(VDC_E_BUSY, "%s on \"%s\": a stream is open on it; close that first",
                               function, vdi_device_id(device));
        }
        vdi_mutex_unlock(device->call);
    }
    if (status != VDC_OK) {
        vdi_log(&context->base, VDC_LOG_ERROR, "%s", vdc_error_text());
        return;
    }
    device->base.backend->close(&device->base);
    free_device(device);
    vdi_context_count_device(context, -1);
}
