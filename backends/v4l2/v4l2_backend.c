/* SPDX-License-Identifier: MIT */
/*
 * The table of the V4L2 backend, and opening and closing a device. Whatever an open device cannot do shows in its
 * caps, asked once here; no question changes what another program may have set.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Which memory the driver takes; those that are too old to say so are asked one by one. */
static void probe_io(struct v4l2_device *device)
{
    static const struct {
        uint32_t memory, bit, io;
    } ways[] = {
        {V4L2_MEMORY_MMAP,    V4L2_BUF_CAP_SUPPORTS_MMAP,    V4L2_IO_MMAP   },
        {V4L2_MEMORY_USERPTR, V4L2_BUF_CAP_SUPPORTS_USERPTR, V4L2_IO_USERPTR},
        {V4L2_MEMORY_DMABUF,  V4L2_BUF_CAP_SUPPORTS_DMABUF,  V4L2_IO_DMABUF },
    };

    device->io = 0;
    for (size_t at = 0; at < sizeof(ways) / sizeof(ways[0]); at++) {
        struct v4l2_requestbuffers request;
        int error;

        memset(&request, 0, sizeof(request));
        request.type = device->type;
        request.memory = ways[at].memory;
        error = v4l2_call(device->fd, VIDIOC_REQBUFS, &request);
        if (error == EBUSY) {
            device->io = V4L2_IO_MMAP; /* another program streams: take what nearly all have */
            return;
        }
        if (error == 0 && request.capabilities != 0) {
            for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
                device->io |= request.capabilities & ways[way].bit ? ways[way].io : 0;
            }
            return;
        }
        device->io |= error == 0 ? ways[at].io : 0;
    }
}

static void fill_caps(struct v4l2_device *device)
{
    uint32_t caps = device->info.caps;

    caps |= device->has_inputs ? (uint32_t)VDC_CAP_INPUTS : 0u;
    caps |= device->has_inputs && (device->has_dv || device->has_standards)
                ? (uint32_t)VDC_CAP_TIMINGS
                : 0u;
    caps |= device->has_crop ? (uint32_t)VDC_CAP_CROP : 0u;
    caps |= device->io & V4L2_IO_USERPTR ? (uint32_t)VDC_CAP_CALLER_MEMORY : 0u;
    caps |= device->io & V4L2_IO_DMABUF ? (uint32_t)VDC_CAP_DMABUF_IMPORT : 0u;
    caps |= device->io & V4L2_IO_MMAP && device->io & V4L2_IO_DMABUF
                ? (uint32_t)VDC_CAP_DMABUF_EXPORT
                : 0u; /* the frameworks that import also export */
    device->info.caps = caps;
    v4l2_card_describe(device, &device->info);
}

static int open_failure(const char *id, const struct v4l2_node *node, int error)
{
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return vdi_error(VDC_E_NOT_FOUND, "opening \"%s\": %s is gone; list the devices again", id,
                         node->path);
    case EACCES:
    case EPERM:
        return vdi_error(VDC_E_PERMISSION,
                         "opening \"%s\": no access to %s; the user needs it, by the group "
                         "\"video\" for instance",
                         id, node->path);
    case V4L2_NO_CAPTURE:
        return vdi_error(VDC_E_NOT_FOUND, "opening \"%s\": %s captures no pictures", id,
                         node->path);
    case EBUSY: {
        char holder[64] = "";

        v4l2_system->holder(holder, sizeof(holder), node->path);
        return vdi_error(VDC_E_BUSY, "opening \"%s\": %s has %s in use; stop that, then try again",
                         id, holder[0] != '\0' ? holder : "another program", node->path);
    }
    default:
        return vdi_error(v4l2_status_of(error) == VDC_E_NO_MEMORY ? VDC_E_NO_MEMORY : VDC_E_IO,
                         "opening \"%s\": %s: %s", id, node->path, strerror(error));
    }
}

/* What stands behind a '?' in an id: metadata=on or off. */
static int read_options(char *path, size_t size, int *records, const char *id)
{
    const char *options = strchr(id, '?');
    size_t length = options != NULL ? (size_t)(options - id) : strlen(id);

    *records = 1;
    if (length >= size) {
        return vdi_error(VDC_E_NOT_FOUND, "there is no device \"v4l2:%.100s…\"", id);
    }
    memcpy(path, id, length);
    path[length] = '\0';
    if (options == NULL) {
        return VDC_OK;
    }
    if (strcmp(options, "?metadata=off") == 0) {
        *records = 0;
    } else if (strcmp(options, "?metadata=on") != 0) {
        return vdi_error(VDC_E_INVALID,
                         "opening \"v4l2:%.100s\": the one option there is is ?metadata=on or "
                         "?metadata=off",
                         id);
    }
    return VDC_OK;
}

static int describe(struct v4l2_device *device, const char *id)
{
    uint32_t capabilities = 0;
    int error = v4l2_describe_open(&device->info, &capabilities, &device->node, device->fd);

    if (error != 0) {
        return error;
    }
    if (id[0] != '\0') {
        snprintf(device->info.id, sizeof(device->info.id), "%s", id);
    }
    if (!(capabilities & V4L2_CAP_STREAMING)) {
        return V4L2_NO_STREAMING;
    }
    device->multi_planar = !(capabilities & V4L2_CAP_VIDEO_CAPTURE);
    device->type =
        device->multi_planar ? V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE : V4L2_BUF_TYPE_VIDEO_CAPTURE;
    return 0;
}

static void explore(struct v4l2_device *device, int records)
{
    v4l2_card_probe(device, records);
    v4l2_inputs_probe(device);
    v4l2_favourite(device);
    v4l2_crop_probe(device);
    probe_io(device);
    fill_caps(device);
    v4l2_events_subscribe(device);
}

static int open_device(struct vdi_device *outer, const char *wanted)
{
    struct v4l2_device *device = outer->priv;
    char id[sizeof(device->info.id)], path[sizeof(device->info.id)];
    int records, error;
    int status = read_options(path, sizeof(path), &records, wanted);

    if (status == VDC_OK) {
        status = v4l2_find(&device->node, id, path);
    }
    if (status != VDC_OK) {
        return status;
    }
    device->outer = outer;
    device->fd = v4l2_system->open(device->node.path);
    error = device->fd < 0 ? errno : describe(device, id);
    if (error != 0) {
        if (device->fd >= 0) {
            v4l2_system->close(device->fd);
        }
        if (error == V4L2_NO_STREAMING) {
            return vdi_error(VDC_E_UNSUPPORTED,
                             "opening \"v4l2:%.100s\": the driver of %s knows read() only, no "
                             "streaming",
                             path, device->node.path);
        }
        return open_failure(id[0] != '\0' ? id : device->node.path, &device->node, error);
    }
    pthread_mutex_init(&device->events_lock, NULL);
    atomic_init(&device->changes, 0);
    atomic_init(&device->source_changed, 0);
    atomic_init(&device->waits, 0);
    explore(device, records);
    vdi_device_set_info(outer, &device->info);
    v4l2_watch_add(device);
    return VDC_OK;
}

static void close_device(struct vdi_device *outer)
{
    struct v4l2_device *device = outer->priv;

    v4l2_watch_remove(device);
    if (device->fd >= 0) {
        v4l2_system->close(device->fd);
    }
    pthread_mutex_destroy(&device->events_lock);
}

static const struct vdi_stream_ops stream_ops = {
    .progress = NULL,
    .export_dmabuf = v4l2_export,
    .allocate = v4l2_allocate,
    .free = v4l2_free,
};

extern const struct vdi_backend vdi_backend_v4l2;
const struct vdi_backend vdi_backend_v4l2 = {
    .name = "v4l2",
    .simulated = 0,
    .device_size = sizeof(struct v4l2_device),
    .stream_size = sizeof(struct v4l2_stream),
    .buffer_size = sizeof(struct v4l2_slot),
    .firmware = &v4l2_firmware_ops,
    .registers = &v4l2_register_ops,
    .inputs = &v4l2_input_ops,
    .extra = &stream_ops,
    .list = v4l2_list,
    .watch = v4l2_watch,
    .open = open_device,
    .close = close_device,
    .formats = v4l2_formats,
    .negotiate = v4l2_negotiate,
    .controls = v4l2_controls,
    .get_control = v4l2_get_control,
    .set_control = v4l2_set_control,
    .stream_open = v4l2_stream_open,
    .stream_close = v4l2_stream_close,
    .attach = v4l2_attach,
    .detach = v4l2_detach,
    .start = v4l2_start,
    .queue = v4l2_queue,
    .wait = v4l2_wait,
    .wake = v4l2_wake,
    .stop = v4l2_stop,
    .counts = v4l2_counts,
    .poll_begin = v4l2_poll_begin,
};
