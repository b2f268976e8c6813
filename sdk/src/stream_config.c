/* SPDX-License-Identifier: MIT */
/* Opening and closing a stream: what is wanted against what the device can do.
 * The format goes through the same negotiation as the application's, so that "exactly" means one thing. */
#include "internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char open_name[] = "vdc_stream_open";

static int read_config(vdc_stream_config *config, const vdc_stream_config *given)
{
    int status;

    memset(config, 0, sizeof(*config));
    if (given == NULL) {
        return VDC_OK;
    }
    status = vdi_check_size(given->size, sizeof(*given), "vdc_stream_config", open_name);
    if (status == VDC_OK) {
        status = vdi_copy_in(config, sizeof(*config), given, "vdc_stream_config", open_name);
    }
    if (status == VDC_OK) {
        status = vdi_check_wish(&config->format, open_name);
    }
    if (status != VDC_OK) {
        return status;
    }
    if ((config->flags & ~(uint32_t)VDC_STREAM_DAMAGED_TOO) || config->reserved != 0) {
        return vdi_error(VDC_E_INVALID,
                         "%s: flags 0x%x or reserved hold bits without a meaning; use "
                         "VDC_STREAM_CONFIG_INIT",
                         open_name, (unsigned)config->flags);
    }
    if (config->memory > VDC_MEMORY_DMABUF) {
        return vdi_error(VDC_E_INVALID, "%s: memory is %u, which is no vdc_memory", open_name,
                         (unsigned)config->memory);
    }
    if (config->buffer_count > VDI_BUFFERS_MAX) {
        return vdi_error(VDC_E_INVALID, "%s: %u buffers; at most %d", open_name,
                         (unsigned)config->buffer_count, VDI_BUFFERS_MAX);
    }
    if ((config->crop.width_px == 0) != (config->crop.height_px == 0)) {
        return vdi_error(VDC_E_INVALID,
                         "%s: a crop of %ux%u; give both, or 0x0 for the whole picture", open_name,
                         (unsigned)config->crop.width_px, (unsigned)config->crop.height_px);
    }
    return VDC_OK;
}

static int check_caps(vdc_device *device, const vdc_stream_config *config)
{
    const struct vdi_stream_ops *extra = device->base.backend->extra;
    uint32_t caps = vdi_device_caps(device);
    const char *lacking = NULL;

    if (config->memory == VDC_MEMORY_CALLER && !(caps & VDC_CAP_CALLER_MEMORY)) {
        lacking = "write to memory of the caller; use VDC_MEMORY_LIBRARY";
    } else if (config->memory == VDC_MEMORY_DMABUF && !(caps & VDC_CAP_DMABUF_IMPORT)) {
        lacking = "write to dma-bufs; use VDC_MEMORY_LIBRARY";
    } else if (config->crop.width_px != 0 && !(caps & VDC_CAP_CROP)) {
        lacking = "crop; leave `crop` zero";
    } else if (config->watermark_lines != 0 &&
               (!(caps & VDC_CAP_PROGRESS) || extra == NULL || extra->progress == NULL)) {
        lacking = "deliver parts of a frame; leave `watermark_lines` zero";
    }
    if (lacking != NULL) {
        return vdi_error(VDC_E_UNSUPPORTED, "%s on \"%s\": the device cannot %s", open_name,
                         vdi_device_id(device), lacking);
    }
    return VDC_OK;
}

/* The complete format, if the device can do what is given of it. */
static int settle_format(vdc_format *format, vdc_device *device, const vdc_stream_config *config)
{
    vdc_negotiation result = VDC_NEGOTIATION_INIT;
    const vdc_rect *crop = &config->crop;
    const char *id = vdi_device_id(device);
    int status = vdi_negotiate(&result, device, &config->format);

    if (status != VDC_OK) {
        return status;
    }
    if (result.changed != 0) {
        return vdi_error(VDC_E_RANGE,
                         "%s on \"%s\": not a format of the device; it offers %s; take what "
                         "vdc_device_negotiate() gives",
                         open_name, id, result.reason);
    }
    if ((uint64_t)crop->left_px + crop->width_px > result.format.width_px ||
        (uint64_t)crop->top_px + crop->height_px > result.format.height_px) {
        return vdi_error(VDC_E_RANGE,
                         "%s on \"%s\": the crop %ux%u at %u,%u leaves the picture of %ux%u",
                         open_name, id, (unsigned)crop->width_px, (unsigned)crop->height_px,
                         (unsigned)crop->left_px, (unsigned)crop->top_px,
                         (unsigned)result.format.width_px, (unsigned)result.format.height_px);
    }
    if (config->watermark_lines > result.format.height_px) {
        return vdi_error(VDC_E_RANGE, "%s on \"%s\": a watermark of %u lines, and a frame has %u",
                         open_name, id, (unsigned)config->watermark_lines,
                         (unsigned)result.format.height_px);
    }
    *format = result.format;
    return VDC_OK;
}

static int check_layout(const struct vdi_stream_layout *layout, const char *id)
{
    int good = layout->plane_count >= 1 && layout->plane_count <= VDC_PLANES_MAX &&
               layout->frame_bytes != 0 && layout->format.width_px != 0 &&
               layout->format.height_px != 0 &&
               (layout->alignment_bytes & (layout->alignment_bytes - 1)) == 0;

    for (uint32_t at = 0; good && at < layout->plane_count; at++) {
        const vdc_plane_layout *plane = &layout->planes[at];
        uint64_t end = plane->offset_bytes;

        if (plane->lines != 0) {
            end += (uint64_t)plane->stride_bytes * (plane->lines - 1) + plane->line_bytes;
        }
        good = end <= layout->frame_bytes;
    }
    if (!good) {
        return vdi_error(VDC_E_IO, "%s on \"%s\": its backend gave an impossible layout", open_name,
                         id);
    }
    return VDC_OK;
}

static void free_stream(vdc_stream *stream)
{
    stream->magic = 0;
    vdi_ready_destroy(&stream->ready);
    vdi_cond_destroy(stream->changed);
    vdi_mutex_destroy(stream->lock);
    free(stream->base.priv);
    vdi_handle_retire(stream);
}

static int make_stream(vdc_stream **out, vdc_device *device, const vdc_stream_config *config)
{
    size_t private_bytes = device->base.backend->stream_size;
    vdc_stream *stream = calloc(1, sizeof(*stream));
    int status;

    if (stream == NULL) {
        return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a stream", open_name);
    }
    stream->device = device;
    stream->flags = config->flags;
    stream->memory = config->memory;
    stream->watermark_lines = config->watermark_lines;
    stream->on_frame = config->on_frame;
    stream->user = config->user;
    stream->base.device = &device->base;
    stream->base.priv = calloc(1, private_bytes != 0 ? private_bytes : 1);
    snprintf(stream->timeout_text, sizeof(stream->timeout_text),
             "vdc_stream_wait on \"%.80s\": no frame came in time; see vdc_stream_get_stats()",
             vdi_device_id(device));
    status = stream->base.priv != NULL
                 ? vdi_mutex_create(&stream->lock)
                 : vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a stream", open_name);
    if (status == VDC_OK) {
        status = vdi_cond_create(&stream->changed);
    }
    if (status == VDC_OK) {
        status = vdi_ready_create(&stream->ready);
    }
    if (status != VDC_OK) {
        free_stream(stream);
        return status;
    }
    *out = stream;
    return VDC_OK;
}

/* The backend's stream and the library's buffers; all or nothing. */
static int claim(vdc_stream *stream, const vdc_stream_config *config, const vdc_format *format)
{
    vdc_device *device = stream->device;
    const struct vdi_backend *backend = device->base.backend;
    const char *id = vdi_device_id(device);
    unsigned serial = vdi_error_serial();
    struct vdi_stream_config wanted = {
        .format = *format,
        .crop = config->crop,
        .memory = config->memory,
        .buffer_count = config->buffer_count != 0 ? config->buffer_count : VDI_BUFFERS_DEFAULT,
        .watermark_lines = config->watermark_lines,
        .damaged_too = (config->flags & VDC_STREAM_DAMAGED_TOO) != 0,
    };
    int status = backend->stream_open(&stream->base, &wanted, &stream->layout);

    status =
        vdi_range_advice(vdi_backend_status(status, serial, open_name, id),
                         "vdc_device_list_formats() lists sizes and their steps, also of windows");
    if (status != VDC_OK) {
        return status;
    }
    status = check_layout(&stream->layout, id);
    serial = vdi_error_serial();
    for (uint32_t at = 0;
         status == VDC_OK && config->memory == VDC_MEMORY_LIBRARY && at < wanted.buffer_count;
         at++) {
        status = vdi_backend_status(vdi_slot_create(stream, NULL), serial, open_name, id);
    }
    if (status != VDC_OK) {
        vdi_slots_destroy(stream);
        backend->stream_close(&stream->base);
    }
    return status;
}

static int open_stream(vdc_stream **out, vdc_device *device, const vdc_stream_config *config)
{
    vdc_stream *stream = NULL;
    vdc_format format;
    int status;

    if (device->stream != NULL) {
        return vdi_error(VDC_E_BUSY, "%s on \"%s\": it has a stream already; close that first",
                         open_name, vdi_device_id(device));
    }
    status = check_caps(device, config);
    if (status == VDC_OK) {
        status = settle_format(&format, device, config);
    }
    if (status == VDC_OK) {
        status = make_stream(&stream, device, config);
    }
    if (stream == NULL) {
        return status;
    }
    status = claim(stream, config, &format);
    if (status != VDC_OK) {
        free_stream(stream);
        return status;
    }
    stream->magic = VDI_MAGIC_STREAM;
    device->stream = stream;
    *out = stream;
    return VDC_OK;
}

VDC_API(int) vdc_stream_open(vdc_stream **out, vdc_device *device, const vdc_stream_config *config)
{
    vdc_stream_config wanted;
    int status = vdi_check_pointer(out, "out", open_name);

    if (status == VDC_OK) {
        status = read_config(&wanted, config);
    }
    if (status == VDC_OK) {
        status = vdi_device_enter(device, open_name, VDI_ENTER_CAPTURE);
    }
    if (status != VDC_OK) {
        return status;
    }
    return vdi_device_leave(device, open_name, open_stream(out, device, &wanted));
}

VDC_API(void) vdc_stream_close(vdc_stream *stream)
{
    static const char function[] = "vdc_stream_close";
    vdc_device *device;
    int running;

    if (stream == NULL || vdi_check_stream(stream, function) != VDC_OK) {
        return;
    }
    device = stream->device;
    if (vdi_check_no_callback(function) != VDC_OK) {
        vdi_log(&device->context->base, VDC_LOG_ERROR, "%s", vdc_error_text());
        return;
    }
    vdi_mutex_lock(stream->lock);
    running = stream->state != VDI_STOPPED;
    vdi_mutex_unlock(stream->lock);
    if (running) {
        (void)vdi_stream_stop(stream);
    }
    vdi_mutex_lock(device->call);
    vdi_slots_destroy(stream);
    device->base.backend->stream_close(&stream->base);
    device->stream = NULL;
    vdi_mutex_unlock(device->call);
    free_stream(stream);
}

VDC_API(int) vdc_stream_get_info(vdc_stream_info *out, vdc_stream *stream)
{
    static const char function[] = "vdc_stream_get_info";
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    int status = vdi_check_stream(stream, function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(out, "out", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_size(out->size, sizeof(*out), "vdc_stream_info", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    info.plane_count = stream->layout.plane_count;
    info.format = stream->layout.format;
    info.crop = stream->layout.crop;
    info.frame_bytes = stream->layout.frame_bytes;
    memcpy(info.planes, stream->layout.planes, sizeof(info.planes));
    info.memory = stream->memory;
    vdi_mutex_lock(stream->lock);
    info.buffer_count = stream->slot_count;
    vdi_mutex_unlock(stream->lock);
    vdi_copy_out(out, &info, sizeof(info));
    return VDC_OK;
}
