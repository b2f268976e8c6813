/* SPDX-License-Identifier: MIT */
/*
 * Which nodes capture, and what they are called. An id is made of the device's serial number, else of its place
 * on the bus: /dev/videoN is a matter of who came first, and is no id, but opens all the same.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIST_MAX 64

struct found {
    struct v4l2_node node;
    struct vdi_device_info info;
};

/* All nodes that capture. */
struct survey {
    struct found devices[LIST_MAX];
    size_t count;
};

static void make_id(struct vdi_device_info *info, const struct v4l2_node *node, int by_place)
{
    char index[16] = "";

    if (node->index != 0) {
        snprintf(index, sizeof(index), "/%u", (unsigned)node->index);
    }
    if (by_place || info->serial[0] == '\0' || node->model[0] == '\0') {
        snprintf(info->id, sizeof(info->id), "v4l2:%.100s%s", node->location, index);
    } else {
        snprintf(info->id, sizeof(info->id), "v4l2:%.47s-%.31s%s", node->model, info->serial,
                 index);
    }
}

/* Texts of drivers: up to their size without an end, and any byte. */
static void take_text(char *to, size_t size, const unsigned char *from, size_t from_size)
{
    size_t used = 0;

    while (used < from_size && from[used] != '\0' && used + 1 < size) {
        to[used] = from[used] < 0x20 || from[used] >= 0x7f ? '?' : (char)from[used];
        used++;
    }
    to[used] = '\0';
}

int v4l2_describe_open(struct vdi_device_info *info, uint32_t *capabilities,
                       const struct v4l2_node *node, int fd)
{
    struct v4l2_capability capability;
    uint32_t caps;
    int error;

    memset(&capability, 0, sizeof(capability));
    error = v4l2_call(fd, VIDIOC_QUERYCAP, &capability);
    if (error != 0) {
        return error;
    }
    caps = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                          : capability.capabilities;
    if (!(caps & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_CAPTURE_MPLANE)) ||
        (caps & (V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_M2M_MPLANE))) {
        return V4L2_NO_CAPTURE;
    }
    if (v4l2_card_is_gone(fd)) {
        return ENODEV;
    }
    memset(info, 0, sizeof(*info));
    take_text(info->name, sizeof(info->name), capability.card, sizeof(capability.card));
    if (info->name[0] == '\0') {
        snprintf(info->name, sizeof(info->name), "%s",
                 node->name[0] != '\0' ? node->name : "capture device");
    }
    snprintf(info->serial, sizeof(info->serial), "%s", node->serial);
    if (info->serial[0] == '\0') {
        v4l2_card_serial(info->serial, sizeof(info->serial), fd);
    }
    snprintf(info->location, sizeof(info->location), "%s", node->location);
    make_id(info, node, 0);
    *capabilities = caps;
    return 0;
}

int v4l2_describe(struct vdi_device_info *info, const struct v4l2_node *node)
{
    uint32_t capabilities = 0;
    int fd = v4l2_system->open(node->path);
    int error;

    if (fd < 0) {
        return errno != 0 ? errno : EIO;
    }
    error = v4l2_describe_open(info, &capabilities, node, fd);
    v4l2_system->close(fd);
    return error;
}

static int take_node(const struct v4l2_node *node, void *user)
{
    struct survey *survey = user;
    struct found *found = &survey->devices[survey->count];

    if (survey->count == LIST_MAX) {
        return 1;
    }
    if (v4l2_describe(&found->info, node) != 0) {
        return 0; /* no capture device, or not ours to open: opening it by its path says why */
    }
    found->node = *node;
    survey->count++;
    return 0;
}

/* Some makers give every device the same serial number, and some drivers all their devices one place: then the place
 * tells them apart, and at last their order. */
static void tell_apart(struct survey *survey, int by_place)
{
    for (size_t at = 0; at < survey->count; at++) {
        char id[sizeof(survey->devices[at].info.id)];
        unsigned more = 0;

        memcpy(id, survey->devices[at].info.id, sizeof(id));
        for (size_t other = at + 1; other < survey->count; other++) {
            struct vdi_device_info *info = &survey->devices[other].info;

            if (strcmp(info->id, id) != 0) {
                continue;
            }
            more++;
            if (by_place) {
                make_id(info, &survey->devices[other].node, 1);
            } else {
                snprintf(info->id, sizeof(info->id), "%.110s+%u", id, more);
            }
        }
        if (more != 0 && by_place) {
            make_id(&survey->devices[at].info, &survey->devices[at].node, 1);
        }
    }
}

static int make_survey(struct survey *survey)
{
    survey->count = 0;
    if (v4l2_system->enumerate(take_node, survey) < 0) {
        return vdi_error(VDC_E_IO, "the video nodes cannot be listed: %s", strerror(errno));
    }
    tell_apart(survey, 1);
    tell_apart(survey, 0);
    return VDC_OK;
}

int v4l2_list(struct vdi_context *context, struct vdi_sink *sink)
{
    struct survey survey;
    int status = make_survey(&survey);

    (void)context;
    for (size_t at = 0; status == VDC_OK && at < survey.count; at++) {
        status = vdi_sink_device(sink, &survey.devices[at].info);
    }
    return status;
}

int v4l2_each(void (*each)(const struct v4l2_node *, const char *, void *), void *user)
{
    struct survey survey;
    int status = make_survey(&survey);

    for (size_t at = 0; status == VDC_OK && at < survey.count; at++) {
        each(&survey.devices[at].node, survey.devices[at].info.id, user);
    }
    return status;
}

struct search {
    const char *path;
    struct v4l2_node *out;
};

static int match_path(const struct v4l2_node *node, void *user)
{
    struct search *search = user;

    if (strcmp(node->path, search->path) != 0) {
        return 0;
    }
    *search->out = *node;
    return 1;
}

/* `id` has room for what vdi_device_info.id holds; "" if the node is listed nowhere. */
int v4l2_find(struct v4l2_node *out, char *id, const char *path)
{
    struct search search = {path, out};
    struct survey survey;
    int status = make_survey(&survey);

    if (status != VDC_OK) {
        return status;
    }
    for (size_t at = 0; at < survey.count; at++) {
        const struct found *found = &survey.devices[at];

        if (path[0] == '\0' || strcmp(found->info.id + strlen("v4l2:"), path) == 0 ||
            strcmp(found->node.path, path) == 0) {
            *out = found->node;
            memcpy(id, found->info.id, sizeof(found->info.id));
            return VDC_OK;
        }
    }
    id[0] = '\0';
    if (path[0] == '/' && v4l2_system->enumerate(match_path, &search) == 1) {
        return VDC_OK; /* it could not be opened, or captures nothing: opening it says so */
    }
    if (path[0] == '\0') {
        return vdi_error(VDC_E_NOT_FOUND,
                         "there is no V4L2 capture device here; plug one in, or load its driver");
    }
    return vdi_error(VDC_E_NOT_FOUND,
                     "there is no device \"v4l2:%.100s\" now; list the devices to see their ids",
                     path);
}
