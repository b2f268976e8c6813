/* SPDX-License-Identifier: MIT */
/*
 * A capture from open to close. Everything is computed at open, so that a format that cannot work is refused there with the
 * arithmetic; the camera is committed to it at each start, since a stop may make it forget.
 */
#include "uvc_device.h"

#include <stdio.h>
#include <string.h>

#define HALTS_MOST 64u /* between two starts: an endpoint that does nothing but stall is broken */

/* ---- Open and close ---- */

/* A known camera asks for more than it sends: what its frames need, and a tenth more. */
static void lower_payload(struct uvc_capture *capture)
{
    uint64_t need = (uint64_t)capture->choice.exact_bytes * UVC_HNS_PER_S;

    if (!(capture->camera->quirks & UVC_QUIRK_BANDWIDTH) || !capture->choice.exact_bytes ||
        !capture->choice.interval)
        return;
    need = need / capture->choice.interval / 8000u * 11u / 10u + 256u;
    if (need < capture->probe.max_payload_bytes)
        capture->probe.max_payload_bytes = (uint32_t)need;
}

static int choose(struct uvc_capture *capture, const struct vdi_stream_config *config)
{
    struct uvc_device *camera = capture->camera;
    const vdc_format *wanted = &config->format;
    char why[400] = "";
    int result = uvc_nearest(camera, &capture->choice, wanted);

    if (!result)
        result = uvc_negotiate_probe(camera, &capture->choice, &capture->probe);
    if (result)
        return result;
    if (capture->choice.picture.fourcc != wanted->fourcc ||
        capture->choice.picture.width_px != wanted->width_px ||
        capture->choice.picture.height_px != wanted->height_px)
        return vdi_error(VDC_E_RANGE, "%s: it has no such format; negotiate first", camera->id);
    lower_payload(capture);
    capture->alternate = uvc_carrier(camera, &capture->choice, &capture->probe, why, sizeof(why));
    if (!capture->alternate)
        return vdi_error(VDC_E_RANGE, "%s: this cannot work: %s", camera->id, why);
    if (uvc_transfer_plan(capture, why, sizeof(why)) || uvc_bus_reserve(capture, why, sizeof(why)))
        return vdi_error(VDC_E_RANGE, "%s: this cannot work: %s", camera->id, why);
    return VDC_OK;
}

static int lay_out(struct uvc_capture *capture, struct vdi_stream_layout *layout)
{
    const struct uvc_choice *choice = &capture->choice;

    layout->format = choice->picture;
    layout->crop.width_px = choice->picture.width_px;
    layout->crop.height_px = choice->picture.height_px;
    layout->frame_bytes =
        choice->exact_bytes ? choice->exact_bytes : capture->probe.max_frame_bytes;
    capture->frame_bytes = (uint32_t)layout->frame_bytes;
    if (choice->format->kind == UVC_KIND_UNCOMPRESSED &&
        vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes,
                          &layout->format) == VDC_OK) {
        if (layout->frame_bytes != capture->frame_bytes)
            return vdi_error(VDC_E_IO, "%s: a frame has %zu bytes, and by its code it needs %u",
                             capture->camera->id, layout->frame_bytes,
                             (unsigned)capture->frame_bytes);
        return VDC_OK;
    }
    /* Bytes without lines. */
    layout->plane_count = 1;
    memset(layout->planes, 0, sizeof(layout->planes));
    return VDC_OK;
}

int uvc_stream_open(struct vdi_stream *stream, const struct vdi_stream_config *config,
                    struct vdi_stream_layout *layout)
{
    struct uvc_device *camera = uvc_device_of(stream->device);
    struct uvc_capture *capture = uvc_capture_of(stream);
    int result = VDC_OK;

    memset(layout, 0, sizeof(*layout));
    capture->camera = camera;
    capture->stream = stream;
    usb_outbox_init(&capture->box, stream, camera->id, camera->lock, camera->cond, &camera->gone,
                    &capture->running);
    capture->damaged_too = config->damaged_too != 0;
    uvc_enter(camera);
    if (camera->capture)
        result = vdi_error(VDC_E_BUSY, "%s: it has a stream already; close that first", camera->id);
    else
        result = choose(capture, config);
    if (!result)
        result = lay_out(capture, layout);
    if (!result)
        result = uvc_transfer_create(capture);
    if (result) {
        uvc_bus_release(capture);
        uvc_transfer_destroy(capture);
    } else {
        vdi_log(camera->device->context, VDC_LOG_DEBUG,
                "%s: alternate setting %u, %u transfers of %u bytes", camera->id,
                (unsigned)capture->alternate->number, (unsigned)capture->piece_count,
                (unsigned)capture->piece_bytes);
        uvc_lock(camera);
        camera->capture = capture;
        uvc_unlock(camera);
    }
    uvc_leave(camera);
    return result;
}

void uvc_stream_close(struct vdi_stream *stream)
{
    struct uvc_capture *capture = uvc_capture_of(stream);
    struct uvc_device *camera = capture->camera;

    uvc_enter(camera);
    uvc_lock(camera);
    if (camera->capture == capture)
        camera->capture = NULL;
    uvc_unlock(camera);
    uvc_bus_release(capture);
    uvc_transfer_destroy(capture);
    uvc_leave(camera);
}

/* ---- A failure in doubt ---- */

static void look_whether_gone(void *argument)
{
    struct uvc_capture *capture = argument;

    uvc_ask_for_nothing(capture->camera);
    uvc_lock(capture->camera);
    usb_outbox_settle(&capture->box);
    uvc_unlock(capture->camera);
}

/* ---- Start ---- */

static void reset_run(struct uvc_capture *capture)
{
    struct uvc_assembler_config config;

    memset(&config, 0, sizeof(config));
    config.kind = capture->choice.format->kind;
    config.exact_bytes = capture->choice.exact_bytes;
    config.max_payload_bytes = capture->probe.max_payload_bytes;
    config.no_fid = (capture->camera->quirks & UVC_QUIRK_NO_FID) != 0;
    config.soi_begins = (capture->camera->quirks & UVC_QUIRK_SOI) != 0;
    uvc_assembler_init(&capture->assembler, &config);
    uvc_clock_init(&capture->clock, capture->probe.clock_hz,
                   !(capture->camera->quirks & UVC_QUIRK_BAD_SOF));
    capture->clock_losses = 0;
    capture->untimed = 0;
    capture->last_ticks = 0;
    capture->last_host_ns = 0;
    capture->stopping = 0;
    capture->halted = 0;
    capture->halts = 0;
    capture->lost = 0;
    capture->losses = 0;
    capture->errors = 0;
    uvc_delivery_reset(capture);
}

/* The system refuses a setting for which there is no time left on the bus, and has no word of its own for that. */
static int no_room(struct uvc_capture *capture, int code)
{
    return vdi_error(
        VDC_E_BUSY,
        "%s: starting its stream: %s: the system has no room on the bus for %u bytes in each "
        "interval of alternate setting %u beside what others reserved; take a smaller "
        "picture, a longer interval or another port of the computer",
        capture->camera->id, libusb_error_name(code), (unsigned)capture->alternate->interval_bytes,
        (unsigned)capture->alternate->number);
}

static int begin_on_bus(struct uvc_capture *capture)
{
    struct uvc_device *camera = capture->camera;
    int iso = capture->alternate->transfer == UVC_TRANSFER_ISO;
    int result = uvc_commit(camera, &capture->probe);
    int code = 0;

    if (result)
        return result;
    /* Of a bulk endpoint: whatever its last user left it in. */
    code = iso ? uvc_set_alternate(camera, capture->alternate->number)
               : uvc_clear_halt(camera, camera->source->endpoint);
    if (iso && code == LIBUSB_ERROR_OTHER)
        return no_room(capture, code);
    return code ? uvc_failed(camera, code, "starting its stream") : VDC_OK;
}

static int end_on_bus(struct uvc_capture *capture)
{
    if (capture->alternate->transfer == UVC_TRANSFER_ISO)
        return uvc_set_alternate(capture->camera, 0);
    return uvc_clear_halt(capture->camera, capture->camera->source->endpoint);
}

int uvc_stream_start(struct vdi_stream *stream)
{
    struct uvc_capture *capture = uvc_capture_of(stream);
    struct uvc_device *camera = capture->camera;
    int begun;
    int result;

    uvc_enter(camera);
    uvc_lock(camera);
    reset_run(capture);
    uvc_unlock(camera);
    result = begin_on_bus(capture);
    begun = !result;
    uvc_lock(camera);
    if (begun) {
        capture->running = 1;
        uvc_transfer_begin(capture);
        usb_outbox_decide(&capture->box, look_whether_gone, capture);
        if (capture->box.failure) {
            result = usb_outbox_ended(&capture->box);
            capture->stopping = 1;
            uvc_transfer_drain(capture);
            capture->stopping = 0;
            capture->running = 0;
        }
    }
    usb_outbox_tell(&capture->box);
    uvc_unlock(camera);
    if (result && begun)
        (void)end_on_bus(capture);
    uvc_leave(camera);
    return result;
}

/* ---- Stop ---- */

static void forget_queue(struct uvc_capture *capture)
{
    if (capture->current)
        capture->current->queued = 0;
    capture->current = NULL;
    for (uint32_t i = 0; i < capture->queue_count; i++)
        capture->queue[(capture->queue_first + i) % UVC_BUFFERS_MAX]->queued = 0;
    capture->queue_first = 0;
    capture->queue_count = 0;
}

static void tell_trouble(const struct uvc_capture *capture)
{
    const struct uvc_trouble *t = &capture->trouble;

    if (t->errors + t->stalls + t->overruns + t->lost_packets)
        vdi_log(capture->camera->device->context, VDC_LOG_WARNING,
                "%s: on the bus: %llu failed transfers, %llu stalls, %llu overruns, %llu lost "
                "packets",
                capture->camera->id, (unsigned long long)t->errors, (unsigned long long)t->stalls,
                (unsigned long long)t->overruns, (unsigned long long)t->lost_packets);
}

int uvc_stream_stop(struct vdi_stream *stream)
{
    struct uvc_capture *capture = uvc_capture_of(stream);
    struct uvc_device *camera = capture->camera;
    int was_running;
    int code = 0;
    int result = VDC_OK;

    uvc_enter(camera);
    uvc_lock(camera);
    was_running = capture->running;
    if (was_running) {
        capture->stopping = 1;
        uvc_transfer_drain(capture);
        /* The camera had not finished it: it counts as nothing. */
        (void)uvc_assembler_abandon(&capture->assembler);
        (void)uvc_assembler_set_buffer(&capture->assembler, NULL, 0);
        capture->running = 0;
        capture->stopping = 0;
        tell_trouble(capture);
    }
    forget_queue(capture);
    capture->box.woken = 0;
    usb_outbox_tell(&capture->box);
    vdi_cond_signal_all(camera->cond);
    uvc_unlock(camera);
    if (was_running && !atomic_load(&camera->gone))
        code = end_on_bus(capture);
    if (code && code != LIBUSB_ERROR_NO_DEVICE)
        result = uvc_failed(camera, code, "stopping its stream");
    uvc_leave(camera);
    return result;
}

/* ---- The service thread's part ---- */

int64_t uvc_stream_due(const struct uvc_device *camera)
{
    const struct uvc_capture *capture = camera->capture;

    if (!capture || !capture->running || capture->stopping)
        return INT64_MAX;
    if (capture->box.failure)
        return usb_outbox_due(&capture->box);
    return (capture->halted || capture->lost) && !capture->flying ? 0 : INT64_MAX;
}

/* After a suspend of the system the camera may have forgotten what was agreed on, and its setting. */
static void begin_anew(struct uvc_capture *capture)
{
    struct uvc_device *camera = capture->camera;
    int result = begin_on_bus(capture);
    char why[200];

    uvc_lock(camera);
    if (uvc_stream_due(camera) == 0) {
        capture->lost = 0;
        capture->halted = 0;
        if (result) {
            (void)snprintf(why, sizeof(why), "its stream was lost, as after a suspend: %.140s",
                           vdc_error_text());
            usb_outbox_doubt(&capture->box, why);
        } else {
            vdi_log(camera->device->context, VDC_LOG_WARNING,
                    "%s: its stream was lost, as after a suspend, and begins anew", camera->id);
            uvc_transfer_begin(capture);
        }
    }
    uvc_unlock(camera);
}

void uvc_stream_serve(struct uvc_device *camera)
{
    struct uvc_capture *capture;
    int code;
    int due;
    int doubted;
    int lost;

    uvc_lock(camera);
    capture = camera->capture;
    due = uvc_stream_due(camera) <= vdi_now_ns();
    doubted = due && capture->box.failure;
    lost = due && capture->lost;
    uvc_unlock(camera);
    if (!due)
        return;
    if (doubted) {
        look_whether_gone(capture);
        return;
    }
    if (lost) {
        begin_anew(capture);
        return;
    }
    code = uvc_clear_halt(camera, camera->source->endpoint);
    uvc_lock(camera);
    if (uvc_stream_due(camera) == 0) {
        capture->halted = 0;
        if (code || ++capture->halts > HALTS_MOST)
            usb_outbox_doubt(&capture->box,
                             "its endpoint stalls, and clearing it does not help; stop "
                             "and start again");
        else
            uvc_transfer_begin(capture);
    }
    uvc_unlock(camera);
}
