/* SPDX-License-Identifier: MIT */
/*
 * Formats and their negotiation. What is listed is what the driver enumerates; what is negotiated is what
 * TRY_FMT makes of the nearest listed one, so that a stream gets exactly that.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <string.h>

/* Sizes of one entry: from the smallest to the largest in steps. */
struct sizes {
    uint32_t min[2], max[2], step[2]; /* width, height */
};

typedef int (*sizes_fn)(const struct sizes *sizes, void *user);

static int sound(const struct sizes *sizes)
{
    for (int side = 0; side < 2; side++) {
        if (sizes->min[side] == 0 || sizes->min[side] > sizes->max[side] ||
            sizes->max[side] > V4L2_SIDE_MAX || sizes->step[side] == 0) {
            return 0;
        }
    }
    return 1;
}

/* A driver that lists no sizes has those that TRY_FMT grants: from the smallest to the largest. */
static int probe_sizes(struct v4l2_device *device, uint32_t fourcc, sizes_fn each, void *user)
{
    struct v4l2_shape small = {.fourcc = fourcc, .width = 1, .height = 1, .planes = 1};
    struct v4l2_shape large = {
        .fourcc = fourcc, .width = V4L2_SIDE_MAX, .height = V4L2_SIDE_MAX, .planes = 1};
    struct sizes sizes;
    int error = v4l2_shape_call(device, V4L2_SHAPE_TRY, &small);

    if (error == 0) {
        error = v4l2_shape_call(device, V4L2_SHAPE_TRY, &large);
    }
    if (error != 0) {
        large = device->favourite;
        small = large;
    }
    sizes = (struct sizes){
        .min = {small.width, small.height},
          .max = {large.width, large.height},
          .step = {1,           1           }
    };
    if (sizes.min[0] < sizes.max[0] && sizes.min[1] < sizes.max[1]) {
        struct v4l2_shape next = {
            .fourcc = fourcc, .width = small.width + 1, .height = small.height + 1, .planes = 1};

        if (v4l2_shape_call(device, V4L2_SHAPE_TRY, &next) == 0 && next.width > small.width &&
            next.height > small.height) {
            sizes.step[0] = next.width - small.width;
            sizes.step[1] = next.height - small.height;
        }
    }
    if (error == ENODEV || !sound(&sizes)) {
        return error == ENODEV ? ENODEV : EPROTO;
    }
    return each(&sizes, user);
}

/* Calls `each` until it returns other than 0, and returns that; or an errno if there is no size at all. */
static int each_size(struct v4l2_device *device, uint32_t fourcc, sizes_fn each, void *user)
{
    uint32_t seen = 0;

    for (uint32_t at = 0; at < V4L2_SIZES_MAX; at++) {
        struct v4l2_frmsizeenum entry;
        struct sizes sizes;
        int result;

        memset(&entry, 0, sizeof(entry));
        entry.index = at;
        entry.pixel_format = fourcc;
        result = v4l2_call(device->fd, VIDIOC_ENUM_FRAMESIZES, &entry);
        if (result == ENODEV) {
            return result;
        }
        if (result != 0) {
            break;
        }
        if (entry.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
            sizes = (struct sizes){
                .min = {entry.discrete.width, entry.discrete.height},
                .max = {entry.discrete.width, entry.discrete.height},
                .step = {1,                    1                    }
            };
        } else {
            sizes = (struct sizes){
                .min = {entry.stepwise.min_width,  entry.stepwise.min_height },
                .max = {entry.stepwise.max_width,  entry.stepwise.max_height },
                .step = {entry.stepwise.step_width, entry.stepwise.step_height}
            };
        }
        for (int side = 0; side < 2; side++) {
            sizes.max[side] = sizes.max[side] > V4L2_SIDE_MAX ? V4L2_SIDE_MAX : sizes.max[side];
        }
        if (sound(&sizes)) {
            seen++;
            result = each(&sizes, user);
            if (result != 0) {
                return result;
            }
        }
        if (entry.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            break;
        }
    }
    return seen != 0 ? 0 : probe_sizes(device, fourcc, each, user);
}

/* Entry `index` of the driver's list: 0, EINVAL past its end, or another errno. */
static int format_at(struct v4l2_device *device, uint32_t index, struct v4l2_fmtdesc *entry)
{
    if (index >= V4L2_FORMATS_MAX) {
        return EINVAL;
    }
    memset(entry, 0, sizeof(*entry));
    entry->index = index;
    entry->type = device->type;
    return v4l2_call(device->fd, VIDIOC_ENUM_FMT, entry);
}

void v4l2_favourite(struct v4l2_device *device)
{
    struct v4l2_shape shape;

    memset(&device->favourite, 0, sizeof(device->favourite));
    if (v4l2_shape_call(device, V4L2_SHAPE_GET, &shape) == 0) {
        device->favourite = shape;
    }
}

/* ---- The list ---- */

struct listing {
    struct v4l2_device *device;
    struct vdi_sink *sink;
    uint32_t fourcc, compressed, standard;
    int status; /* of the library */
};

/* Stops the enumeration by itself, as no errno is below 0. */
#define STOPPED (-1)

static int list_sizes(const struct sizes *sizes, void *user)
{
    struct listing *listing = user;
    vdc_fraction intervals[V4L2_INTERVALS_MAX];
    struct v4l2_shape shape = {
        .fourcc = listing->fourcc, .width = sizes->max[0], .height = sizes->max[1], .planes = 1};
    vdc_format format = VDC_FORMAT_INIT;
    vdc_format_info info;
    uint32_t range = 0;

    memset(&info, 0, sizeof(info));
    info.fourcc = listing->fourcc;
    info.compressed = listing->compressed;
    info.width_min_px = sizes->min[0];
    info.width_max_px = sizes->max[0];
    info.width_step_px = sizes->step[0];
    info.height_min_px = sizes->min[1];
    info.height_max_px = sizes->max[1];
    info.height_step_px = sizes->step[1];
    if (v4l2_shape_call(listing->device, V4L2_SHAPE_TRY, &shape) == 0) {
        v4l2_shape_describe(&format, &shape, listing->standard);
        info.field = format.field;
        info.primaries = format.primaries;
        info.transfer = format.transfer;
        info.matrix = format.matrix;
        info.range = format.range;
    }
    info.interval_count = v4l2_intervals(listing->device, intervals, V4L2_INTERVALS_MAX, &range,
                                         listing->fourcc, sizes->max[0], sizes->max[1]);
    info.intervals_s = intervals;
    info.interval_range = range;
    listing->status = vdi_sink_format(listing->sink, &info);
    return listing->status == VDC_OK ? 0 : STOPPED;
}

int v4l2_formats(struct vdi_device *outer, struct vdi_sink *sink)
{
    struct v4l2_device *device = outer->priv;
    struct listing listing = {device, sink, 0, 0, v4l2_standard(device), VDC_OK};
    struct v4l2_fmtdesc entry;
    int error = 0;

    for (uint32_t at = 0; error == 0; at++) {
        error = format_at(device, at, &entry);
        if (error != 0) {
            break;
        }
        if (entry.pixelformat == 0) {
            continue;
        }
        listing.fourcc = entry.pixelformat;
        listing.compressed = (entry.flags & V4L2_FMT_FLAG_COMPRESSED) != 0;
        error = each_size(device, entry.pixelformat, list_sizes, &listing);
        if (error == EPROTO) {
            error = 0; /* one format without a sound size does not hide the others */
        }
    }
    if (listing.status != VDC_OK) {
        return listing.status;
    }
    return error == 0 || error == EINVAL ? VDC_OK
                                         : v4l2_failure(device, error, "listing its formats");
}

/* ---- Negotiation ---- */

struct choice {
    uint32_t wish[2];
    uint32_t best[2];
    int reaches; /* the best one is not below the wish */
};

static uint32_t nearest_side(uint32_t min, uint32_t max, uint32_t step, uint32_t wish)
{
    uint64_t up;

    if (wish <= min) {
        return min;
    }
    up = min + ((uint64_t)wish - min + step - 1) / step * step;
    return up < max ? (uint32_t)up : max;
}

static int consider(const struct sizes *sizes, void *user)
{
    struct choice *choice = user;
    uint32_t size[2];
    uint64_t area, best = (uint64_t)choice->best[0] * choice->best[1];
    int reaches;

    for (int side = 0; side < 2; side++) {
        size[side] =
            nearest_side(sizes->min[side], sizes->max[side], sizes->step[side], choice->wish[side]);
    }
    reaches = size[0] >= choice->wish[0] && size[1] >= choice->wish[1];
    area = (uint64_t)size[0] * size[1];
    if (best == 0 || (reaches && !choice->reaches) ||
        (reaches == choice->reaches && (reaches ? area < best : area > best))) {
        choice->best[0] = size[0];
        choice->best[1] = size[1];
        choice->reaches = reaches;
    }
    return 0;
}

/* The pixel format: the one wished for, else the device's favourite, else its first. */
static int choose_fourcc(struct v4l2_device *device, uint32_t *fourcc)
{
    uint32_t first = 0, favourite = 0;
    struct v4l2_fmtdesc entry;
    int error;

    for (uint32_t at = 0; (error = format_at(device, at, &entry)) == 0; at++) {
        if (*fourcc != 0 && entry.pixelformat == *fourcc) {
            return 0;
        }
        first = first != 0 ? first : entry.pixelformat;
        if (entry.pixelformat == device->favourite.fourcc) {
            favourite = entry.pixelformat;
        }
    }
    *fourcc = favourite != 0 ? favourite : first;
    if (error == ENODEV) {
        return error;
    }
    return *fourcc != 0 ? 0 : EPROTO;
}

static vdc_fraction choose_interval(struct v4l2_device *device, const struct v4l2_shape *shape,
                                    vdc_fraction wish)
{
    vdc_fraction list[V4L2_INTERVALS_MAX];
    uint32_t range = 0;
    uint32_t count = v4l2_intervals(device, list, V4L2_INTERVALS_MAX, &range, shape->fourcc,
                                    shape->width, shape->height);

    return v4l2_interval_nearest(list, count, range, wish);
}

/* Of an unscaled picture: V4L2 has y over x of what it calls the sampling, we have width over height. */
static vdc_fraction pixel_aspect(struct v4l2_device *device, const struct v4l2_shape *shape)
{
    struct v4l2_cropcap cropcap;

    memset(&cropcap, 0, sizeof(cropcap));
    cropcap.type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    if (v4l2_call(device->fd, VIDIOC_CROPCAP, &cropcap) != 0 ||
        cropcap.pixelaspect.numerator == 0 || cropcap.pixelaspect.denominator == 0 ||
        cropcap.defrect.width != shape->width || cropcap.defrect.height != shape->height) {
        return (vdc_fraction){0, 0};
    }
    return (vdc_fraction){cropcap.pixelaspect.denominator, cropcap.pixelaspect.numerator};
}

int v4l2_negotiate(struct vdi_device *outer, vdc_format *format, uint32_t *changed)
{
    struct v4l2_device *device = outer->priv;
    struct choice choice = {
        .wish = {format->width_px, format->height_px}
    };
    struct v4l2_shape shape;
    vdc_format answer = VDC_FORMAT_INIT;
    int error;

    (void)changed; /* the library compares */
    if (choice.wish[0] == 0) {
        choice.wish[0] = device->favourite.width;
        choice.wish[1] = device->favourite.height;
    }
    v4l2_shape_wish(&shape, format);
    error = choose_fourcc(device, &shape.fourcc);
    if (error == 0) {
        error = each_size(device, shape.fourcc, consider, &choice);
    }
    if (error == 0) {
        uint32_t fourcc = shape.fourcc;

        shape.width = choice.best[0];
        shape.height = choice.best[1];
        error = v4l2_shape_call(device, V4L2_SHAPE_TRY, &shape);
        if (error == EINVAL || error == ENOTTY) {
            shape = device->favourite; /* it cannot be asked, so it can only stay as it is */
            error = shape.fourcc == fourcc ? 0 : EPROTO;
        }
    }
    if (error != 0) {
        return v4l2_failure(device, error, "finding a format");
    }
    v4l2_shape_describe(&answer, &shape, v4l2_standard(device));
    answer.interval_s = choose_interval(device, &shape, format->interval_s);
    answer.pixel_aspect = pixel_aspect(device, &shape);
    *format = answer;
    return VDC_OK;
}
