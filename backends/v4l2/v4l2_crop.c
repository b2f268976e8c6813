/* SPDX-License-Identifier: MIT */
/*
 * Crop by selection. The library's window is one of the unscaled picture, so the format must have the size of the
 * driver's rectangle. Where size and window depend on each other, drivers differ in which one must be set
 * first; what counts is what both are in the end.
 */
#include "v4l2_stream.h"

#include <errno.h>
#include <string.h>

static int selection(struct v4l2_device *device, int set, uint32_t target, struct v4l2_rect *rect)
{
    struct v4l2_selection call;
    int error;

    memset(&call, 0, sizeof(call));
    call.type = V4L2_BUF_TYPE_VIDEO_CAPTURE; /* also of multi-planar nodes */
    call.target = target;
    call.r = *rect;
    error = v4l2_call(device->fd, set ? VIDIOC_S_SELECTION : VIDIOC_G_SELECTION, &call);
    if (error == 0) {
        *rect = call.r;
    }
    return error;
}

/* A device that scales has no unscaled picture of each size: asked for twice its raster, it grants that. (The project's
 * card does not scale, but goes to another of its modes then.) */
static int scales(struct v4l2_device *device, const struct v4l2_rect *raster)
{
    struct v4l2_shape shape = device->favourite;

    if (raster->width > V4L2_SIDE_MAX / 2 || raster->height > V4L2_SIDE_MAX / 2) {
        return 1;
    }
    shape.width = raster->width * 2;
    shape.height = raster->height * 2;
    memset(shape.stride, 0, sizeof(shape.stride));
    return v4l2_shape_call(device, V4L2_SHAPE_TRY, &shape) != 0 || shape.width > raster->width ||
           shape.height > raster->height;
}

/* Whether it can be set shows only in setting it, to what it is. */
void v4l2_crop_probe(struct v4l2_device *device)
{
    struct v4l2_rect raster, rect;
    int error;

    memset(&raster, 0, sizeof(raster));
    memset(&rect, 0, sizeof(rect));
    device->has_crop = 0;
    if (selection(device, 0, V4L2_SEL_TGT_CROP_DEFAULT, &raster) == 0 &&
        selection(device, 0, V4L2_SEL_TGT_CROP, &rect) == 0 &&
        (device->card.present || !scales(device, &raster))) {
        error = selection(device, 1, V4L2_SEL_TGT_CROP, &rect);
        device->has_crop = error == 0 || error == EBUSY;
    }
}

static int same(const struct v4l2_rect *a, const struct v4l2_rect *b)
{
    return a->left == b->left && a->top == b->top && a->width == b->width && a->height == b->height;
}

static int try_order(struct v4l2_stream *st, const struct v4l2_rect *wish, int size_first)
{
    struct v4l2_device *device = st->device;
    struct v4l2_shape shape = st->shape;
    struct v4l2_rect rect = *wish;
    int error = 0;

    shape.width = wish->width;
    shape.height = wish->height;
    memset(shape.stride, 0, sizeof(shape.stride));
    if (size_first) {
        error = v4l2_shape_call(device, V4L2_SHAPE_SET, &shape);
    }
    if (error == 0) {
        error = selection(device, 1, V4L2_SEL_TGT_CROP, &rect);
    }
    if (error == 0) {
        shape.width = wish->width;
        shape.height = wish->height;
        error = v4l2_shape_call(device, V4L2_SHAPE_SET, &shape);
    }
    if (error == 0) {
        error = selection(device, 0, V4L2_SEL_TGT_CROP, &rect);
    }
    if (error == 0 && (!same(&rect, wish) || shape.width != wish->width ||
                       shape.height != wish->height || shape.fourcc != st->shape.fourcc)) {
        return ERANGE;
    }
    if (error == 0) {
        st->shape = shape;
    }
    return error;
}

int v4l2_crop_set(struct v4l2_stream *st, const vdc_rect *crop)
{
    struct v4l2_device *device = st->device;
    struct v4l2_rect wish, now;
    int error;

    memset(&st->whole, 0, sizeof(st->whole));
    memset(&now, 0, sizeof(now));
    error = selection(device, 0, V4L2_SEL_TGT_CROP_DEFAULT, &st->whole);
    if (error == 0) {
        error = selection(device, 0, V4L2_SEL_TGT_CROP, &now);
    }
    if (error != 0) {
        return v4l2_failure(device, error, "cropping");
    }
    if (now.width != st->shape.width || now.height != st->shape.height) {
        return vdi_error(VDC_E_RANGE,
                         "cropping on \"%s\": the picture of %ux%u is scaled from %ux%u, and only "
                         "an unscaled one can be cropped",
                         device->info.id, (unsigned)st->shape.width, (unsigned)st->shape.height,
                         (unsigned)now.width, (unsigned)now.height);
    }
    if (now.left < 0 || now.top < 0 || (uint32_t)now.left > V4L2_SIDE_MAX ||
        (uint32_t)now.top > V4L2_SIDE_MAX) {
        return v4l2_failure(device, EPROTO, "cropping");
    }
    /* The library has checked that the window lies in the picture. */
    wish = (struct v4l2_rect){now.left + (int32_t)crop->left_px, now.top + (int32_t)crop->top_px,
                              crop->width_px, crop->height_px};
    st->cropped = 1;
    error = try_order(st, &wish, 0);
    if (error != 0 && error != ENODEV && error != EBUSY) {
        error = try_order(st, &wish, 1);
    }
    if (error == ERANGE || error == EINVAL) {
        return vdi_error(
            VDC_E_RANGE,
            "cropping on \"%s\": the device cannot do exactly %ux%u at %u,%u; try even "
            "or larger numbers",
            device->info.id, (unsigned)crop->width_px, (unsigned)crop->height_px,
            (unsigned)crop->left_px, (unsigned)crop->top_px);
    }
    return error == 0 ? VDC_OK : v4l2_failure(device, error, "cropping");
}

void v4l2_crop_reset(struct v4l2_stream *st)
{
    if (st->cropped) {
        (void)selection(st->device, 1, V4L2_SEL_TGT_CROP, &st->whole);
    }
    st->cropped = 0;
}
