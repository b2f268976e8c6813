/* SPDX-License-Identifier: MIT */
/* Contexts: the table of backends, hotplug, the list of devices.
 * Hotplug is watched only from the first question for events on: who never asks, never pays. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#include "vidicon_brand.h"

#define VDI_BACKEND(name) extern const struct vdi_backend vdi_backend_##name;
#include "backend_list.inc"
#undef VDI_BACKEND

static const struct vdi_backend *const shipped[] = {
#define VDI_BACKEND(name) &vdi_backend_##name,
#include "backend_list.inc"
#undef VDI_BACKEND
    NULL};

#define TEXT_OF(number) #number
#define VERSION_TEXT(major, minor, patch) \
    VIDICON_BRAND_PACKAGE_NAME " " TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

VDC_API(uint32_t) vdc_version(void)
{
    return VDC_VERSION;
}

VDC_API(const char *) vdc_version_text(void)
{
    return VERSION_TEXT(VDC_VERSION_MAJOR, VDC_VERSION_MINOR, VDC_VERSION_PATCH);
}

static int read_config(vdc_context_config *config, const vdc_context_config *given)
{
    static const char function[] = "vdc_context_create";
    int status;

    memset(config, 0, sizeof(*config));
    if (given == NULL) {
        return VDC_OK;
    }
    status = vdi_check_size(given->size, sizeof(*given), "vdc_context_config", function);
    if (status == VDC_OK) {
        status = vdi_copy_in(config, sizeof(*config), given, "vdc_context_config", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    if (config->log_level > VDC_LOG_DEBUG) {
        return vdi_error(VDC_E_INVALID, "%s: log_level is %u; the last one is VDC_LOG_DEBUG, %d",
                         function, (unsigned)config->log_level, VDC_LOG_DEBUG);
    }
    if (config->simulated_cards > VDI_SIMULATED_MAX) {
        return vdi_error(VDC_E_INVALID, "%s: simulated_cards is %u; ask for %d at most", function,
                         (unsigned)config->simulated_cards, VDI_SIMULATED_MAX);
    }
    if (config->reserved != 0) {
        return vdi_error(VDC_E_INVALID, "%s: reserved is not 0; use VDC_CONTEXT_CONFIG_INIT",
                         function);
    }
    return VDC_OK;
}

static void free_parts(struct vdi_context *base)
{
    vdi_events_destroy(base->events);
    vdi_log_destroy(&base->log);
    vdi_mutex_destroy(base->lock);
}

VDC_API(int) vdc_context_create(vdc_context **out, const vdc_context_config *config)
{
    static const char function[] = "vdc_context_create";
    vdc_context_config wanted;
    vdc_context *context;
    int status = vdi_check_pointer(out, "out", function);

    if (status == VDC_OK) {
        status = read_config(&wanted, config);
    }
    if (status != VDC_OK) {
        return status;
    }
    context = calloc(1, sizeof(*context));
    if (context == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a context", function);
    }
    context->base.simulated_cards = wanted.simulated_cards;
    status = vdi_mutex_create(&context->base.lock);
    if (status == VDC_OK) {
        status = vdi_log_create(&context->base.log, &wanted);
    }
    if (status == VDC_OK) {
        status = vdi_events_create(&context->base.events);
    }
    for (size_t at = 0; status == VDC_OK && shipped[at] != NULL; at++) {
        status = vdi_context_add_backend(context, shipped[at]);
    }
    if (status != VDC_OK) {
        free_parts(&context->base);
        free(context);
        return status;
    }
    context->base.magic = VDI_MAGIC_CONTEXT;
    *out = context;
    return VDC_OK;
}

int vdi_context_add_backend(vdc_context *context, const struct vdi_backend *backend)
{
    if (context->base.backend_count == VDI_BACKENDS_MAX) {
        return vdi_error(VDC_E_RANGE, "no place for another backend than the %d there are",
                         VDI_BACKENDS_MAX);
    }
    context->base.backends[context->base.backend_count++] = backend;
    return VDC_OK;
}

VDC_API(void) vdc_context_destroy(vdc_context *context)
{
    static const char function[] = "vdc_context_destroy";
    struct vdi_context *base;
    unsigned open_devices;

    if (context == NULL || vdi_check_context(context, function) != VDC_OK) {
        return;
    }
    base = &context->base;
    if (vdi_check_no_callback(function) != VDC_OK) {
        vdi_log(base, VDC_LOG_ERROR, "%s", vdc_error_text());
        return;
    }
    vdi_mutex_lock(base->lock);
    open_devices = base->open_devices;
    vdi_mutex_unlock(base->lock);
    if (open_devices != 0) {
        vdi_error(VDC_E_BUSY, "%s: %u of its devices are open; close them first", function,
                  open_devices);
        vdi_log(base, VDC_LOG_ERROR, "%s", vdc_error_text());
        return;
    }
    for (size_t at = 0; at < base->backend_count; at++) {
        if (base->watched & (1u << at)) {
            (void)base->backends[at]->watch(base, &base->watch_state[at], 0);
        }
    }
    base->magic = 0;
    free_parts(base);
    vdi_handle_retire(context);
}

void vdi_context_count_device(vdc_context *context, int change)
{
    vdi_mutex_lock(context->base.lock);
    context->base.open_devices += (unsigned)change;
    vdi_mutex_unlock(context->base.lock);
}

uint32_t vdi_context_simulated_cards(const struct vdi_context *context)
{
    return context->simulated_cards;
}

void vdi_context_watch(vdc_context *context)
{
    struct vdi_context *base = &context->base;
    uint32_t failed = 0;

    vdi_mutex_lock(base->lock);
    if (!base->watching) {
        base->watching = 1;
        for (size_t at = 0; at < base->backend_count; at++) {
            if (base->backends[at]->watch == NULL) {
                continue;
            }
            if (base->backends[at]->watch(base, &base->watch_state[at], 1) == VDC_OK) {
                base->watched |= 1u << at;
            } else {
                failed |= 1u << at;
            }
        }
    }
    vdi_mutex_unlock(base->lock);
    for (size_t at = 0; failed != 0 && at < base->backend_count; at++) {
        if (failed & (1u << at)) {
            vdi_log(base, VDC_LOG_WARNING, "backend %s tells no arrivals and removals: %s",
                    base->backends[at]->name, vdc_error_text());
        }
    }
}

VDC_API(int) vdc_context_list_devices(vdc_list **out, vdc_context *context)
{
    static const char function[] = "vdc_context_list_devices";
    struct vdi_sink sink = {NULL, NULL};
    int failure = VDC_OK;
    int status = vdi_check_context(context, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_list_create(&sink.list, VDI_LIST_DEVICE);
    }
    if (status != VDC_OK) {
        return status;
    }
    for (size_t at = 0; at < context->base.backend_count; at++) {
        const struct vdi_backend *backend = context->base.backends[at];
        unsigned serial = vdi_error_serial();

        if (backend->simulated && context->base.simulated_cards == 0) {
            continue;
        }
        sink.backend = backend;
        status = vdi_backend_status(backend->list(&context->base, &sink), serial, function,
                                    backend->name);
        if (status != VDC_OK) {
            vdi_log(&context->base, VDC_LOG_WARNING, "backend %s cannot list its devices: %s",
                    backend->name, vdc_error_text());
            failure = failure == VDC_OK ? status : failure;
        }
    }
    /* One backend's trouble must not hide the devices of the others. */
    if (failure == VDC_E_NO_MEMORY || (failure != VDC_OK && vdc_list_count(sink.list) == 0)) {
        vdc_list_destroy(sink.list);
        return failure;
    }
    *out = sink.list;
    return VDC_OK;
}
