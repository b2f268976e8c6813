/* SPDX-License-Identifier: MIT */
/*
 * Controls: V4L2's under the library's numbers where the meaning is the same, under their V4L2 number otherwise.
 * What has no number for a value, compound controls and strings, is left out and named in the log.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONTROLS_MAX 1024u

uint32_t v4l2_control_public(const struct v4l2_device *device, uint32_t cid)
{
    switch (cid) {
    case V4L2_CID_BRIGHTNESS:
        return VDC_CONTROL_BRIGHTNESS;
    case V4L2_CID_CONTRAST:
        return VDC_CONTROL_CONTRAST;
    case V4L2_CID_SATURATION:
        return VDC_CONTROL_SATURATION;
    case V4L2_CID_HUE:
        return VDC_CONTROL_HUE;
    case V4L2_CID_GAIN:
        return VDC_CONTROL_GAIN;
    case V4L2_CID_EXPOSURE_ABSOLUTE:
        return VDC_CONTROL_EXPOSURE;
    case V4L2_CID_EXPOSURE_AUTO:
        return VDC_CONTROL_EXPOSURE_AUTO;
    case V4L2_CID_POWER_LINE_FREQUENCY:
        return VDC_CONTROL_POWER_LINE;
    case V4L2_CID_DO_WHITE_BALANCE:
        return VDC_CONTROL_WHITE_BALANCE;
    case V4L2_CID_TEST_PATTERN:
        /* A menu of patterns elsewhere, with 0 for none; a switch on the project's card. */
        return device->card.present ? VDC_CONTROL_TEST_PATTERN : cid;
    default:
        return cid;
    }
}

static uint32_t cid_of(const struct v4l2_device *device, uint32_t control)
{
    static const uint32_t cids[] = {
        V4L2_CID_BRIGHTNESS,
        V4L2_CID_CONTRAST,
        V4L2_CID_SATURATION,
        V4L2_CID_HUE,
        V4L2_CID_GAIN,
        V4L2_CID_EXPOSURE_ABSOLUTE,
        V4L2_CID_EXPOSURE_AUTO,
        V4L2_CID_TEST_PATTERN,
        V4L2_CID_POWER_LINE_FREQUENCY,
        V4L2_CID_DO_WHITE_BALANCE,
    };

    for (size_t at = 0; at < sizeof(cids) / sizeof(cids[0]); at++) {
        if (v4l2_control_public(device, cids[at]) == control) {
            return cids[at];
        }
    }
    return control;
}

/* EXPOSURE_AUTO is a menu there, of which one item is "manual", and a switch here. */
int64_t v4l2_control_value(uint32_t cid, uint32_t control, int64_t value)
{
    (void)cid;
    if (control == VDC_CONTROL_EXPOSURE_AUTO) {
        return value != V4L2_EXPOSURE_MANUAL;
    }
    return control == VDC_CONTROL_TEST_PATTERN ? value != 0 : value;
}

static int is_number(uint32_t type)
{
    switch (type) {
    case V4L2_CTRL_TYPE_INTEGER:
    case V4L2_CTRL_TYPE_INTEGER64:
    case V4L2_CTRL_TYPE_BOOLEAN:
    case V4L2_CTRL_TYPE_MENU:
    case V4L2_CTRL_TYPE_INTEGER_MENU:
    case V4L2_CTRL_TYPE_BUTTON:
    case V4L2_CTRL_TYPE_BITMASK:
        return 1;
    default:
        return 0;
    }
}

/* Of a driver that is too old for VIDIOC_QUERY_EXT_CTRL. */
static int query_old(struct v4l2_device *device, struct v4l2_query_ext_ctrl *out)
{
    struct v4l2_queryctrl old;
    int error;

    memset(&old, 0, sizeof(old));
    old.id = out->id & ~(uint32_t)V4L2_CTRL_FLAG_NEXT_COMPOUND;
    error = v4l2_call(device->fd, VIDIOC_QUERYCTRL, &old);
    if (error != 0) {
        return error;
    }
    memset(out, 0, sizeof(*out));
    out->id = old.id;
    out->type = old.type;
    memcpy(out->name, old.name, sizeof(old.name));
    out->minimum = old.minimum;
    out->maximum = old.maximum;
    out->step = old.step > 0 ? (uint64_t)old.step : 0;
    out->default_value = old.default_value;
    out->flags = old.flags;
    return 0;
}

static int query(struct v4l2_device *device, struct v4l2_query_ext_ctrl *out)
{
    uint32_t id = out->id;
    int error = v4l2_call(device->fd, VIDIOC_QUERY_EXT_CTRL, out);

    if (error == ENOTTY) {
        memset(out, 0, sizeof(*out));
        out->id = id;
        error = query_old(device, out);
    }
    out->name[sizeof(out->name) - 1] = '\0';
    return error;
}

int v4l2_controls_each(struct v4l2_device *device,
                       int (*each)(struct v4l2_device *, const struct v4l2_query_ext_ctrl *,
                                   void *),
                       void *user)
{
    uint32_t last = 0;

    for (uint32_t turn = 0; turn < CONTROLS_MAX; turn++) {
        struct v4l2_query_ext_ctrl entry;
        int result;

        memset(&entry, 0, sizeof(entry));
        entry.id = last | V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND;
        result = query(device, &entry);
        if (result != 0) {
            return result == EINVAL || result == ENOTTY ? 0 : result;
        }
        if (entry.id <= last) {
            return EPROTO; /* a list that goes back never ends */
        }
        last = entry.id;
        if (entry.type == V4L2_CTRL_TYPE_CTRL_CLASS || (entry.flags & V4L2_CTRL_FLAG_DISABLED)) {
            continue;
        }
        result = each(device, &entry, user);
        if (result != 0) {
            return result;
        }
    }
    return 0;
}

/* ---- The list ---- */

struct menu {
    vdc_menu_item items[V4L2_MENU_MAX];
    char names[V4L2_MENU_MAX][32];
    size_t count;
};

static void fill_menu(struct v4l2_device *device, const struct v4l2_query_ext_ctrl *entry,
                      struct menu *menu)
{
    menu->count = 0;
    for (int64_t value = entry->minimum; value <= entry->maximum && menu->count < V4L2_MENU_MAX &&
                                         value - entry->minimum < V4L2_MENU_MAX;
         value++) {
        struct v4l2_querymenu item;
        char *name = menu->names[menu->count];

        memset(&item, 0, sizeof(item));
        item.id = entry->id;
        item.index = (uint32_t)value;
        if (v4l2_call(device->fd, VIDIOC_QUERYMENU, &item) != 0) {
            continue; /* menus have holes */
        }
        if (entry->type == V4L2_CTRL_TYPE_INTEGER_MENU) {
            snprintf(name, sizeof(menu->names[0]), "%lld", (long long)item.value);
        } else {
            item.name[sizeof(item.name) - 1] = '\0';
            snprintf(name, sizeof(menu->names[0]), "%s",
                     item.name[0] != '\0' ? (const char *)item.name : "?");
        }
        menu->items[menu->count].value = value;
        menu->items[menu->count].name = name;
        menu->count++;
    }
}

static uint32_t flags_of(uint32_t flags)
{
    return (flags & V4L2_CTRL_FLAG_READ_ONLY ? (uint32_t)VDC_CONTROL_READ_ONLY : 0u) |
           (flags & V4L2_CTRL_FLAG_VOLATILE ? (uint32_t)VDC_CONTROL_VOLATILE : 0u) |
           (flags & (V4L2_CTRL_FLAG_INACTIVE | V4L2_CTRL_FLAG_GRABBED)
                ? (uint32_t)VDC_CONTROL_INACTIVE
                : 0u);
}

static uint32_t type_of(const struct v4l2_query_ext_ctrl *entry, uint32_t control)
{
    if (control == VDC_CONTROL_EXPOSURE_AUTO || control == VDC_CONTROL_TEST_PATTERN) {
        return VDC_CONTROL_BOOLEAN;
    }
    switch (entry->type) {
    case V4L2_CTRL_TYPE_BOOLEAN:
        return VDC_CONTROL_BOOLEAN;
    case V4L2_CTRL_TYPE_MENU:
    case V4L2_CTRL_TYPE_INTEGER_MENU:
        return VDC_CONTROL_MENU;
    case V4L2_CTRL_TYPE_BUTTON:
        return VDC_CONTROL_BUTTON;
    default:
        return VDC_CONTROL_INTEGER;
    }
}

struct listing {
    struct vdi_sink *sink;
    int status;
};

static int list_one(struct v4l2_device *device, const struct v4l2_query_ext_ctrl *entry, void *user)
{
    struct listing *listing = user;
    struct menu menu;
    vdc_control_info info;

    if (!is_number(entry->type) || (entry->flags & V4L2_CTRL_FLAG_HAS_PAYLOAD)) {
        vdi_log(device->outer->context, VDC_LOG_DEBUG,
                "\"%s\": control \"%s\" is left out: its value is no number", device->info.id,
                entry->name);
        return 0;
    }
    memset(&info, 0, sizeof(info));
    info.id = v4l2_control_public(device, entry->id);
    info.type = type_of(entry, info.id);
    info.flags = flags_of(entry->flags);
    info.name = entry->name[0] != '\0' ? entry->name : "control";
    info.minimum = entry->minimum;
    info.maximum = entry->maximum;
    info.step = entry->step > 0 && entry->step <= INT64_MAX ? (int64_t)entry->step : 1;
    info.default_value = v4l2_control_value(entry->id, info.id, entry->default_value);
    if (info.type == VDC_CONTROL_BOOLEAN) {
        info.minimum = 0;
        info.maximum = 1;
        info.step = 1;
    } else if (entry->type == V4L2_CTRL_TYPE_BITMASK) {
        info.minimum = 0;
        info.maximum = (int64_t)(uint32_t)entry->maximum;
        info.default_value = (int64_t)(uint32_t)entry->default_value;
    } else if (info.type == VDC_CONTROL_MENU) {
        fill_menu(device, entry, &menu);
        info.step = 1;
        info.menu = menu.items;
        info.menu_count = menu.count;
        if (menu.count == 0) {
            return 0; /* nothing to choose */
        }
        info.minimum = menu.items[0].value;
        info.maximum = menu.items[menu.count - 1].value;
    }
    if (info.minimum > info.maximum) {
        return 0; /* no value would do */
    }
    listing->status = vdi_sink_control(listing->sink, &info);
    return listing->status == VDC_OK ? 0 : -1;
}

int v4l2_controls(struct vdi_device *outer, struct vdi_sink *sink)
{
    struct v4l2_device *device = outer->priv;
    struct listing listing = {sink, VDC_OK};
    int error = v4l2_controls_each(device, list_one, &listing);

    if (listing.status != VDC_OK) {
        return listing.status;
    }
    return error == 0 ? VDC_OK : v4l2_failure(device, error, "listing its controls");
}

/* ---- Values ---- */

/* One control by the extended call, which knows 64 bits and classes, or else by the old one. */
static int exchange(struct v4l2_device *device, int set, uint32_t cid, int64_t *value)
{
    struct v4l2_query_ext_ctrl entry;
    struct v4l2_ext_control one;
    struct v4l2_ext_controls all;
    struct v4l2_control old;
    int wide, error;

    memset(&entry, 0, sizeof(entry));
    entry.id = cid;
    error = query(device, &entry);
    if (error != 0) {
        return error;
    }
    wide = entry.type == V4L2_CTRL_TYPE_INTEGER64;
    if (!is_number(entry.type) || (entry.flags & V4L2_CTRL_FLAG_HAS_PAYLOAD)) {
        return EINVAL;
    }
    memset(&one, 0, sizeof(one));
    one.id = cid;
    if (wide) {
        one.value64 = *value;
    } else {
        one.value = (int32_t)(uint32_t)(uint64_t)*value;
    }
    memset(&all, 0, sizeof(all));
    all.count = 1;
    all.controls = &one;
    error = v4l2_call(device->fd, set ? VIDIOC_S_EXT_CTRLS : VIDIOC_G_EXT_CTRLS, &all);
    if (error == ENOTTY) {
        old = (struct v4l2_control){.id = cid, .value = one.value};
        error = v4l2_call(device->fd, set ? VIDIOC_S_CTRL : VIDIOC_G_CTRL, &old);
        one.value = old.value;
    }
    if (error == 0) {
        *value = wide                                   ? one.value64
                 : entry.type == V4L2_CTRL_TYPE_BITMASK ? (int64_t)(uint32_t)one.value
                                                        : one.value;
    }
    return error;
}

static int control_failure(struct v4l2_device *device, int error, uint32_t control,
                           const char *what)
{
    if (error == EINVAL) {
        return vdi_error(VDC_E_NOT_FOUND, "%s of \"%s\": it has no control %u now", what,
                         device->info.id, (unsigned)control);
    }
    if (error == EBUSY) {
        return vdi_error(
            VDC_E_BUSY, "%s of \"%s\": control %u cannot change now; stop the stream and try again",
            what, device->info.id, (unsigned)control);
    }
    return v4l2_failure(device, error, what);
}

int v4l2_get_control(struct vdi_device *outer, uint32_t control, int64_t *value)
{
    struct v4l2_device *device = outer->priv;
    uint32_t cid = cid_of(device, control);
    int64_t got = 0;
    int error = exchange(device, 0, cid, &got);

    if (error != 0) {
        return control_failure(device, error, control, "reading a control");
    }
    *value = v4l2_control_value(cid, control, got);
    return VDC_OK;
}

/* Which automatic a camera has differs: the full one, or that of the time alone. */
static int64_t automatic_exposure(struct v4l2_device *device)
{
    struct v4l2_querymenu item;

    memset(&item, 0, sizeof(item));
    item.id = V4L2_CID_EXPOSURE_AUTO;
    item.index = V4L2_EXPOSURE_AUTO;
    return v4l2_call(device->fd, VIDIOC_QUERYMENU, &item) == 0 ? V4L2_EXPOSURE_AUTO
                                                               : V4L2_EXPOSURE_APERTURE_PRIORITY;
}

int v4l2_set_control(struct vdi_device *outer, uint32_t control, int64_t value)
{
    struct v4l2_device *device = outer->priv;
    uint32_t cid = cid_of(device, control);
    int error;

    if (control == VDC_CONTROL_EXPOSURE_AUTO) {
        value = value != 0 ? automatic_exposure(device) : V4L2_EXPOSURE_MANUAL;
    }
    error = exchange(device, 1, cid, &value);
    return error == 0 ? VDC_OK : control_failure(device, error, control, "setting a control");
}
