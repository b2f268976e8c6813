/* SPDX-License-Identifier: MIT */
/*
 * The steps that scenarios are made of, as the class driver and an application would take them.
 */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "memory.h"
#include "report.h"

struct scene_options scene_options;

void scene_expect(nt_status status, nt_status wanted, const char *what)
{
    if (status != wanted)
        report_fail(CHECK_STATUS, "%s: 0x%08x, not 0x%08x", what, status, wanted);
}

void scene_load(void)
{
    if (!bus.card)
        bus_power_on();
    driver_watch();
    class_load(scene_options.sys, scene_options.test_driver,
               scene_options.test_driver[0] || scene_options.test_driver[1]
                   ? sizeof(scene_options.test_driver)
                   : 0);
}

nt_status scene_device(uint32_t command)
{
    return class_do(class_request_create(command, NULL));
}

struct sc_header *scene_info(struct class_request **request)
{
    struct class_request *r = class_request_create(SRB_GET_STREAM_INFO, NULL);
    uint32_t bytes = class.config->descriptor_size;
    struct sc_header *out = class_request_part(r, bytes, "stream descriptor");

    r->srb->u.streams = out;
    r->srb->bytes = bytes;
    class_send(r);
    scene_expect(class_wait(r), STATUS_SUCCESS, "GET_STREAM_INFO");
    /* The class driver keeps it; here the caller reads it and lets it go. */
    memory_give(out);
    class.event_sets = out->events;
    class.event_set_count = out->event_sets;
    class.event_routine = out->event_routine;
    *request = r;
    return out;
}

void scene_begin(void)
{
    struct class_request *request;

    scene_load();
    class_add_device(scene_options.ranges);
    request = class_request_create(SRB_INITIALIZE_DEVICE, NULL);
    request->srb->u.config = class.config;
    scene_expect(class_do(request), STATUS_SUCCESS, "INITIALIZE_DEVICE");
    (void)scene_info(&request);
    class_request_free(request);
    scene_expect(scene_device(SRB_INITIALIZATION_COMPLETE), STATUS_SUCCESS,
                 "INITIALIZATION_COMPLETE");
}

void scene_end(void)
{
    class_run_for(100000000);
    class_check_idle();
    scene_expect(scene_device(SRB_UNINITIALIZE_DEVICE), STATUS_SUCCESS, "UNINITIALIZE_DEVICE");
    class_run_for(100000000);
    class_remove_device();
    class_run_for(100000000);
    class_unload();
}

struct class_stream *scene_open(unsigned number, const void *format, size_t format_bytes,
                                nt_status *status)
{
    struct class_stream *stream = NULL;
    struct sc_object *object = memory_allocate_zeroed(sizeof(*object), 16, "stream object");
    struct class_request *request;

    for (unsigned i = 0; i < CLASS_STREAMS && !stream; i++) {
        if (!class.streams[i].object)
            stream = &class.streams[i];
    }
    memset(stream, 0, sizeof(*stream));
    stream->data.name = "the stream's data queue";
    stream->control.name = "the stream's control queue";
    stream->data.ready = stream->control.ready = 1;
    object->size = sizeof(*object);
    object->number = number;
    object->device = class.extension;
    if (class.init.stream_extension)
        object->extension =
            memory_allocate_zeroed(class.init.stream_extension, 16, "stream extension");
    stream->object = object;
    request = class_request_create(SRB_OPEN_STREAM, NULL);
    request->srb->object = object;
    if (format) {
        void *copy = class_request_part(request, format_bytes, "format");

        memcpy(copy, format, format_bytes);
        request->srb->u.format = copy;
    }
    *status = class_do(request);
    if (*status == STATUS_SUCCESS)
        return stream;
    if (object->extension)
        memory_free(object->extension);
    memory_free(object);
    stream->object = NULL;
    return NULL;
}

struct class_request *scene_close_request(struct class_stream *stream)
{
    struct class_request *request = class_request_create(SRB_CLOSE_STREAM, NULL);

    request->srb->object = stream->object;
    return request;
}

void scene_close_done(struct class_stream *stream)
{
    struct sc_object *object = stream->object;

    /* What never reached the driver is the class driver's to end. */
    while (stream->data.first)
        class_cancel(stream->data.first);
    while (stream->control.first)
        class_cancel(stream->control.first);
    if (class_find_sent(SRB_READ_DATA))
        report_fail(CHECK_SRB_NEVER, "a read outlives its stream");
    if (stream->timer.armed || stream->callback.armed)
        report_fail(CHECK_LEAK, "a timer or a callback outlives its stream");
    stream->object = NULL;
    if (object->extension)
        memory_free(object->extension);
    memory_free(object);
}

nt_status scene_close(struct class_stream *stream)
{
    nt_status status = class_do(scene_close_request(stream));

    scene_close_done(stream);
    return status;
}

nt_status scene_state(struct class_stream *stream, enum ks_state state)
{
    struct class_request *request = class_request_create(SRB_SET_STREAM_STATE, stream);

    request->srb->u.state = state;
    return class_do(request);
}

void scene_flush(struct class_stream *stream)
{
    scene_expect(class_do(class_request_create(SRB_BEGIN_FLUSH, stream)), STATUS_SUCCESS,
                 "BEGIN_FLUSH");
    if (class_find_sent(SRB_READ_DATA))
        report_fail(CHECK_EARLY, "a flush is told done, and a read is still with the driver");
}

nt_status scene_power(enum nt_power state)
{
    struct class_request *request = class_request_create(SRB_CHANGE_POWER_STATE, NULL);
    nt_status status;

    request->srb->u.power = state;
    if (state == POWER_D0) {
        vdm_power_cycle(bus.card);
        bus.powered = 1;
    }
    status = class_do(request);
    if (state != POWER_D0)
        bus.powered = 0;
    return status;
}

/* The application's read of one picture: header, list, buffer. */
struct class_request *scene_read_request(struct class_stream *stream, struct dma_buffer *picture,
                                         enum dma_shape shape)
{
    struct class_request *request = class_request_create(SRB_READ_DATA, stream);
    uint32_t header_bytes = (uint32_t)sizeof(struct ks_header) + stream->object->media_specific;
    uint32_t room = picture->page_count * 8 + 16;
    struct sc_segment *list = malloc(room * sizeof(*list));
    struct sc_srb *srb = request->srb;

    request->headers = class_request_part(request, header_bytes, "stream header");
    request->headers->size = header_bytes;
    request->headers->extent = (uint32_t)picture->size;
    request->headers->data = picture->kernel;
    if (stream->object->media_specific >= 4)
        memcpy(request->headers + 1, &stream->object->media_specific, 4);
    srb->u.data = request->headers;
    srb->buffers = 1;
    srb->bytes = (uint32_t)picture->size;
    srb->timeout = srb->timeout_original = class.timeout_s;
    request->picture[0] = picture;
    picture->live = 1;
    picture->written = 0;
    if (stream->object->dma) {
        srb->segment_count = dma_list(picture, shape, list, room);
        srb->pages = picture->page_count;
        srb->segments =
            class_request_part(request, srb->segment_count * sizeof(*list), "scatter/gather list");
        memcpy(srb->segments, list, srb->segment_count * sizeof(*list));
    }
    dma_allow_processor(picture, stream->object->pio);
    free(list);
    return request;
}

struct class_request *scene_property_request(struct class_stream *stream,
                                             const struct nt_guid *guid, uint32_t id, int set,
                                             const void *more, uint32_t more_bytes,
                                             const void *value, uint32_t bytes)
{
    uint32_t command = stream ? (set ? SRB_SET_STREAM_PROPERTY : SRB_GET_STREAM_PROPERTY)
                              : (set ? SRB_SET_DEVICE_PROPERTY : SRB_GET_DEVICE_PROPERTY);
    struct class_request *request = class_request_create(command, stream);
    struct sc_property *info = class_request_part(request, sizeof(*info), "descriptor");

    info->property = class_request_part(request, sizeof(*info->property) + more_bytes, "property");
    info->property->set = *guid;
    info->property->id = id;
    info->property->flags = set ? 2 : 1;
    if (more_bytes)
        memcpy(info->property + 1, more, more_bytes);
    info->input_size = (uint32_t)sizeof(*info->property) + more_bytes;
    info->output_size = bytes;
    info->info = class_request_part(request, bytes ? bytes : 1, "value");
    if (set && bytes)
        memcpy(info->info, value, bytes);
    request->srb->u.property = info;
    request->srb->bytes = bytes;
    return request;
}

nt_status scene_property_call(struct class_stream *stream, const struct nt_guid *guid, uint32_t id,
                              int set, const void *more, uint32_t more_bytes, void *value,
                              uint32_t bytes, uint32_t *used)
{
    struct class_request *request =
        scene_property_request(stream, guid, id, set, more, more_bytes, value, bytes);
    nt_status status;

    class_send(request);
    status = class_wait(request);
    memory_give(request->parts[2]);
    if (!set && bytes)
        memcpy(value, request->parts[2], bytes);
    *used = request->result.bytes;
    class_request_free(request);
    return status;
}
