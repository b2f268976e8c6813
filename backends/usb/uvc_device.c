/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a camera, and its two threads: one handles libusb's events, the other makes the requests that nobody waits
 * for. The descriptors are read anew at each open, and nothing of an earlier one is believed.
 */
#include "uvc_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vidicon_brand.h"

#define REQUEST_BYTES 4096u
#define QUIT_SERVICE  1
#define QUIT_EVENTS   2 /* once no transfer is left */

void uvc_enter(struct uvc_device *camera)
{
    vdi_mutex_lock(camera->control);
}

void uvc_leave(struct uvc_device *camera)
{
    vdi_mutex_unlock(camera->control);
}

void uvc_lock(struct uvc_device *camera)
{
    vdi_mutex_lock(camera->lock);
}

void uvc_unlock(struct uvc_device *camera)
{
    vdi_mutex_unlock(camera->lock);
}

void uvc_lost(struct uvc_device *camera)
{
    if (atomic_exchange(&camera->gone, 1))
        return;
    vdi_log(camera->device->context, VDC_LOG_WARNING, "%s: it was unplugged", camera->id);
    usb_hotplug_lost(camera->device->context, camera->id);
    if (camera->capture)
        usb_outbox_tell(&camera->capture->box);
    vdi_cond_signal_all(camera->cond);
    vdi_cond_signal_all(camera->alarm);
}

/* ---- Threads ---- */

static void run_events(void *argument)
{
    struct uvc_device *camera = argument;

    usb_events_handle(camera->context, &camera->quit, QUIT_EVENTS, camera->lock, camera->alarm);
}

static void run_service(void *argument)
{
    struct uvc_device *camera = argument;

    uvc_lock(camera);
    while (atomic_load(&camera->quit) < QUIT_SERVICE) {
        int64_t due = atomic_load(&camera->gone) ? INT64_MAX
                      : uvc_status_due(camera)   ? 0
                                                 : uvc_stream_due(camera);

        if (due > vdi_now_ns()) {
            (void)vdi_cond_wait(camera->alarm, camera->lock, due);
            continue;
        }
        uvc_unlock(camera);
        uvc_enter(camera);
        uvc_stream_serve(camera);
        uvc_status_serve(camera);
        uvc_leave(camera);
        uvc_lock(camera);
    }
    uvc_unlock(camera);
}

/* ---- What it is ---- */

static void apply_quirks(struct uvc_device *camera)
{
    for (uint32_t bit = 1; bit && bit <= UVC_QUIRK_NO_SELECTOR; bit <<= 1) {
        if (camera->quirks & bit)
            vdi_log(camera->device->context, VDC_LOG_INFO, "%s: a known camera: %s", camera->id,
                    uvc_quirk_words(bit));
    }
    for (uint32_t i = 0; i < camera->camera->format_count; i++) {
        struct uvc_format *format = &camera->camera->formats[i];

        if (camera->quirks & UVC_QUIRK_GREY && format->fourcc == VDC_FOURCC_YUYV) {
            format->fourcc = VDC_FOURCC_GREY;
            format->bits_per_pixel = 8;
        }
    }
    if (camera->quirks & UVC_QUIRK_SHORT_PROBE)
        camera->camera->version = 0x0100;
}

static void tell_notes(const struct uvc_device *camera)
{
    const struct uvc_camera *parsed = camera->camera;

    for (uint32_t i = 0; i < parsed->note_count && i < UVC_NOTES_MAX; i++) {
        char text[200];

        (void)uvc_note_text(text, sizeof(text), &parsed->notes[i]);
        vdi_log(camera->device->context, VDC_LOG_DEBUG, "%s: %s", camera->id, text);
    }
}

/* libusb and the kernel read no more than this in one request; a camera that has more is read through its node. */
static int read_config(struct uvc_device *camera, uint8_t *bytes)
{
    int got = libusb_get_descriptor(camera->handle, LIBUSB_DT_CONFIG, 0, bytes, REQUEST_BYTES);

    if (got >= 4 && (bytes[2] | bytes[3] << 8) > got) {
        libusb_device *device = libusb_get_device(camera->handle);
        size_t whole =
            usb_platform_descriptors(bytes, UVC_CONFIG_BYTES, libusb_get_bus_number(device),
                                     libusb_get_device_address(device));

        got = whole > (size_t)got ? (int)whole : got;
    }
    return got;
}

/* Reads all descriptors and takes the first function, and its first stream, that can be captured. */
static int read_descriptors(struct uvc_device *camera)
{
    struct libusb_device_descriptor device;
    uint8_t *bytes = malloc(UVC_CONFIG_BYTES);
    uint8_t faces[8];
    uint32_t count;
    int sound = 0;
    int got;

    camera->camera = calloc(1, sizeof(*camera->camera));
    if (!bytes || !camera->camera) {
        free(bytes);
        return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for its descriptors", camera->id);
    }
    got = libusb_get_device_descriptor(libusb_get_device(camera->handle), &device);
    if (!got)
        got = read_config(camera, bytes);
    if (got < 0) {
        free(bytes);
        return uvc_failed(camera, got, "reading its descriptors");
    }
    count = uvc_find_controls(faces, sizeof(faces), bytes, (size_t)got);
    for (uint32_t i = 0; i < count && i < sizeof(faces) && !sound; i++)
        sound = uvc_parse(camera->camera, bytes, (size_t)got, faces[i], uvc_speed_of(camera));
    free(bytes);
    tell_notes(camera);
    for (uint32_t i = 0; sound && i < camera->camera->stream_count && !camera->source; i++) {
        if (camera->camera->streams[i].format_count && camera->camera->streams[i].alternate_count)
            camera->source = &camera->camera->streams[i];
    }
    if (!camera->source)
        return vdi_error(VDC_E_UNSUPPORTED,
                         "%s: its descriptors have no format that can be captured; the log says "
                         "what is wrong with them",
                         camera->id);
    camera->quirks = uvc_quirks_of(device.idVendor, device.idProduct);
    if (camera->quirks & UVC_QUIRK_OWN_PAYLOAD)
        return vdi_error(VDC_E_UNSUPPORTED, "%s: a known camera: %s", camera->id,
                         uvc_quirk_words(UVC_QUIRK_OWN_PAYLOAD));
    apply_quirks(camera);
    uvc_chain_walk(&camera->chain, camera->camera, camera->source);
    return VDC_OK;
}

/* ---- Interfaces ---- */

static int face_of(const struct uvc_device *camera, uint32_t which)
{
    return which ? camera->source->interface_id : camera->camera->control_interface;
}

static int claim(struct uvc_device *camera)
{
    for (uint32_t which = 0; which < UVC_INTERFACES_MAX; which++) {
        int code = libusb_claim_interface(camera->handle, face_of(camera, which));

        if (code)
            return uvc_failed(camera, code, "claiming its interfaces");
        camera->claimed |= 1u << which;
    }
    return VDC_OK;
}

static void release(struct uvc_device *camera)
{
    /* The kernel's driver looks at the control interface first, so that one is given back last. */
    for (uint32_t which = UVC_INTERFACES_MAX; which-- > 0;) {
        if (camera->claimed & 1u << which)
            (void)libusb_release_interface(camera->handle, face_of(camera, which));
    }
    camera->claimed = 0;
}

/* ---- Opening ---- */

struct choice {
    struct uvc_device *camera;
    int busy; /* libusb's error of the last one that could not be had */
};

static int choose(const struct usb_seat *seat, void *user)
{
    struct choice *choice = user;
    struct uvc_device *camera = choice->camera;
    const char *path = camera->options.path;

    if (seat->kind != USB_KIND_UVC || !usb_find_matches(seat, path, strlen(path)))
        return 0;
    memcpy(camera->id, seat->id, sizeof(camera->id));
    memcpy(camera->port, seat->port, sizeof(camera->port));
    camera->bus = seat->bus;
    camera->speed = seat->speed;
    choice->busy = libusb_open(seat->device, &camera->handle);
    if (!choice->busy) {
        usb_find_describe(&camera->info, seat);
        return 1;
    }
    /* Without an id the next one may be free. */
    return path[0] != 0;
}

static int find(struct uvc_device *camera)
{
    struct choice choice = {camera, 0};
    int result = usb_find_each(camera->context, choose, &choice);

    if (result < 0)
        return result;
    if (camera->handle)
        return VDC_OK;
    if (choice.busy)
        return usb_find_error(camera->id, choice.busy, "opening it");
    return vdi_error(VDC_E_NOT_FOUND,
                     "usb:%s: no such device is plugged in; \"" VIDICON_BRAND_TOOL_NAME
                     " list\" shows what is",
                     camera->options.path);
}

static int prepare(struct uvc_device *camera)
{
    int result = vdi_mutex_create(&camera->control);

    if (!result)
        result = vdi_mutex_create(&camera->lock);
    if (!result)
        result = vdi_cond_create(&camera->cond);
    if (!result)
        result = vdi_cond_create(&camera->alarm);
    if (!result)
        result = usb_context_create(&camera->context);
    return result;
}

static int bring_up(struct uvc_device *camera)
{
    int configuration = 0;
    int result;
    char node[96];

    /* Opening takes it away from whoever has it by the kernel's driver, without a word to them. */
    if (usb_platform_streams(node, sizeof(node), camera->port))
        return vdi_error(VDC_E_BUSY, "%s: another program streams from it by %s; end that first",
                         camera->id, node);
    /* Given back at release. Where there are no kernel drivers to detach it fails, and that is fine. */
    (void)libusb_set_auto_detach_kernel_driver(camera->handle, 1);
    result = libusb_get_configuration(camera->handle, &configuration);
    if (!result && configuration == 0)
        result = libusb_set_configuration(camera->handle, 1);
    if (result)
        return uvc_failed(camera, result, "configuring it");
    result = read_descriptors(camera);
    if (!result)
        result = claim(camera);
    if (result)
        return result;
    camera->info.time_hz = camera->camera->clock_hz;
    if (uvc_extension_any(camera))
        camera->info.caps |= VDC_CAP_EXTENSIONS;
    vdi_device_set_info(camera->device, &camera->info);
    result = vdi_thread_create(&camera->events_thread, run_events, camera, "vidicon-uvc");
    if (!result && camera->camera->status_endpoint) {
        camera->status.transfer = libusb_alloc_transfer(0);
        if (!camera->status.transfer)
            return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for a transfer", camera->id);
        uvc_lock(camera);
        configuration = uvc_status_submit(camera);
        uvc_unlock(camera);
        if (configuration)
            result = uvc_failed(camera, configuration, "listening to its status endpoint");
    }
    if (!result)
        result = vdi_thread_create(&camera->service_thread, run_service, camera, "vidicon-uvc-ctl");
    return result;
}

static void destroy(struct uvc_device *camera)
{
    if (camera->service_thread) {
        atomic_store(&camera->quit, QUIT_SERVICE);
        uvc_lock(camera);
        vdi_cond_signal_all(camera->alarm);
        uvc_unlock(camera);
        vdi_thread_join(camera->service_thread);
    }
    if (camera->events_thread) {
        uvc_lock(camera);
        atomic_store(&camera->quit, QUIT_SERVICE);
        if (camera->status.flies)
            (void)libusb_cancel_transfer(camera->status.transfer);
        /* It comes back, cancelled if nothing else: libusb's promise. */
        while (camera->status.flies)
            (void)vdi_cond_wait(camera->cond, camera->lock, INT64_MAX);
        uvc_unlock(camera);
        atomic_store(&camera->quit, QUIT_EVENTS);
        libusb_interrupt_event_handler(camera->context);
        vdi_thread_join(camera->events_thread);
    }
    if (camera->status.transfer)
        libusb_free_transfer(camera->status.transfer);
    if (camera->handle) {
        release(camera);
        libusb_close(camera->handle);
    }
    if (camera->context)
        libusb_exit(camera->context);
    free(camera->camera);
    vdi_cond_destroy(camera->alarm);
    vdi_cond_destroy(camera->cond);
    vdi_mutex_destroy(camera->lock);
    vdi_mutex_destroy(camera->control);
    free(camera);
}

int uvc_open(struct vdi_device *device, const char *path)
{
    struct usb_device *own = device->priv;
    struct uvc_device *camera = calloc(1, sizeof(*camera));
    char why[320];
    int result;

    if (!camera)
        return vdi_error(VDC_E_NO_MEMORY, "usb:%.64s: no memory to open it", path);
    camera->device = device;
    atomic_init(&camera->gone, 0);
    atomic_init(&camera->quit, 0);
    if (usb_options_parse(&camera->options, path, why, sizeof(why)))
        result = vdi_error(VDC_E_INVALID, "cannot open usb:%.64s: %s", path, why);
    else
        result = prepare(camera);
    if (!result)
        result = find(camera);
    if (!result)
        result = bring_up(camera);
    if (result) {
        destroy(camera);
        return result;
    }
    own->camera = camera;
    return VDC_OK;
}

void uvc_close(struct vdi_device *device)
{
    struct usb_device *own = device->priv;

    if (own->camera)
        destroy(own->camera);
    own->camera = NULL;
}
