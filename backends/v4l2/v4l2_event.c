/* SPDX-License-Identifier: MIT */
/*
 * V4L2 events of an open device: the source changed, a control changed by somebody else, the module's own.
 * Who takes them is whoever looks first, the thread that waits for frames or the watcher's.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <string.h>

/* The kernel keeps a few; a driver that always has another one must not keep us. */
#define EVENTS_MAX 256

static int subscribe(struct v4l2_device *device, uint32_t type, uint32_t id)
{
    struct v4l2_event_subscription wish;

    memset(&wish, 0, sizeof(wish));
    wish.type = type;
    wish.id = id;
    return v4l2_call(device->fd, VIDIOC_SUBSCRIBE_EVENT, &wish);
}

/* `user`: V4L2_CTRL_FLAG_READ_ONLY for those, or 0 for the others. */
static int subscribe_control(struct v4l2_device *device, const struct v4l2_query_ext_ctrl *entry,
                             void *user)
{
    const uint32_t *kind = user;

    if (entry->type != V4L2_CTRL_TYPE_BUTTON && !(entry->flags & V4L2_CTRL_FLAG_HAS_PAYLOAD) &&
        (entry->flags & V4L2_CTRL_FLAG_READ_ONLY) == *kind) {
        (void)subscribe(device, V4L2_EVENT_CTRL, entry->id);
    }
    return 0;
}

/* What a driver does not have, it does not tell. */
void v4l2_events_subscribe(struct v4l2_device *device)
{
    uint32_t kind = 0;

    (void)subscribe(device, V4L2_EVENT_SOURCE_CHANGE, 0);
    (void)subscribe(device, V4L2_EVENT_EOS, 0);
    if (device->card.present) {
        (void)subscribe(device, VDL_EVENT_FIRMWARE, 0);
        (void)subscribe(device, VDL_EVENT_ERROR, 0);
    }
    (void)v4l2_controls_each(device, subscribe_control, &kind);
}

/* A driver may write to a control that it alone can set with every frame, as vivid does, and each time is a wake-up. */
void v4l2_events_subscribe_read_only(struct v4l2_device *device)
{
    uint32_t kind = V4L2_CTRL_FLAG_READ_ONLY;

    (void)v4l2_controls_each(device, subscribe_control, &kind);
}

static void tell(struct v4l2_device *device, const struct v4l2_event *event)
{
    uint32_t control;

    switch (event->type) {
    case V4L2_EVENT_SOURCE_CHANGE:
        atomic_fetch_add(&device->changes, 1);
        atomic_store(&device->source_changed, 1);
        vdi_device_event(device->outer, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
        break;
    case V4L2_EVENT_CTRL:
        if (event->u.ctrl.changes & V4L2_EVENT_CTRL_CH_VALUE) {
            int64_t value = event->u.ctrl.type == V4L2_CTRL_TYPE_INTEGER64 ? event->u.ctrl.value64
                                                                           : event->u.ctrl.value;

            control = v4l2_control_public(device, event->id);
            vdi_device_event(device->outer, VDC_EVENT_CONTROL_CHANGED, control,
                             v4l2_control_value(event->id, control, value));
        }
        break;
    case V4L2_EVENT_EOS:
        vdi_log(device->outer->context, VDC_LOG_INFO, "\"%s\": its source has ended",
                device->info.id);
        break;
    case VDL_EVENT_FIRMWARE:
        vdi_device_event(device->outer, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
        break;
    case VDL_EVENT_ERROR:
        vdi_log(device->outer->context, VDC_LOG_WARNING,
                "\"%s\": the driver had to start the card's capture anew", device->info.id);
        break;
    default:
        break;
    }
}

void v4l2_events_take(struct v4l2_device *device)
{
    pthread_mutex_lock(&device->events_lock);
    for (int turn = 0; turn < EVENTS_MAX; turn++) {
        struct v4l2_event event;

        memset(&event, 0, sizeof(event));
        if (v4l2_call(device->fd, VIDIOC_DQEVENT, &event) != 0) {
            break;
        }
        tell(device, &event);
    }
    pthread_mutex_unlock(&device->events_lock);
}
