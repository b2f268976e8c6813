/* SPDX-License-Identifier: MIT */
/*
 * From what a device delivers to planes and to RGB. libyuv's "RGB24" is B G R in memory: with U
 * and V exchanged and the mirrored ("Yvu") constants it becomes R G B.
 */
#include "tool_output.h"

#include <stdlib.h>
#include <string.h>

#include <libyuv.h>

int tool_is_yuv(uint32_t fourcc)
{
    return fourcc == VDC_FOURCC_YUYV || fourcc == VDC_FOURCC_UYVY || fourcc == VDC_FOURCC_NV12 ||
           fourcc == VDC_FOURCC_GREY;
}

int tool_is_picture(uint32_t fourcc)
{
    return tool_is_yuv(fourcc) || fourcc == VDC_FOURCC_RGB24;
}

/* Planes one after the other without padding; no chroma lines if there is no chroma. */
struct planes {
    uint8_t *y, *u, *v;
    int width, height;
    int chroma_width, chroma_lines;
};

static void measure(struct planes *planes, const vdc_format *format)
{
    planes->width = (int)format->width_px;
    planes->height = (int)format->height_px;
    planes->chroma_width = (planes->width + 1) / 2;
    planes->chroma_lines = planes->height;
    if (format->fourcc == VDC_FOURCC_NV12) {
        planes->chroma_lines = (planes->height + 1) / 2;
    } else if (!tool_is_yuv(format->fourcc) || format->fourcc == VDC_FOURCC_GREY) {
        planes->chroma_lines = 0;
    }
}

static size_t chroma_bytes(const struct planes *planes)
{
    return (size_t)planes->chroma_width * (size_t)planes->chroma_lines;
}

static void lay_out(struct planes *planes, uint8_t *planar, const vdc_format *format)
{
    measure(planes, format);
    planes->y = planar;
    planes->u = planar + (size_t)format->width_px * format->height_px;
    planes->v = planes->u + chroma_bytes(planes);
}

size_t tool_planar_bytes(const vdc_format *format)
{
    struct planes planes;

    measure(&planes, format);
    return (size_t)format->width_px * format->height_px + 2 * chroma_bytes(&planes);
}

int tool_to_planar(uint8_t *planar, const vdc_stream_info *info, const vdc_frame *frame)
{
    const uint8_t *source = frame->planes[0];
    int stride = (int)info->planes[0].stride_bytes;
    struct planes to;
    int failed = -1;

    lay_out(&to, planar, &info->format);
    switch (info->format.fourcc) {
    case VDC_FOURCC_YUYV:
        failed = YUY2ToI422(source, stride, to.y, to.width, to.u, to.chroma_width, to.v,
                            to.chroma_width, to.width, to.height);
        break;
    case VDC_FOURCC_UYVY:
        failed = UYVYToI422(source, stride, to.y, to.width, to.u, to.chroma_width, to.v,
                            to.chroma_width, to.width, to.height);
        break;
    case VDC_FOURCC_NV12:
        failed =
            NV12ToI420(source, stride, frame->planes[1], (int)info->planes[1].stride_bytes, to.y,
                       to.width, to.u, to.chroma_width, to.v, to.chroma_width, to.width, to.height);
        break;
    case VDC_FOURCC_GREY:
        CopyPlane(source, stride, to.y, to.width, to.width, to.height);
        failed = 0;
        break;
    default:
        break;
    }
    if (failed) {
        tool_error("frames of this format cannot be converted; try --type raw");
        return -1;
    }
    return 0;
}

/* A device that does not say gets what is usual: BT.709 from 720 lines on, limited range. */
static const struct YuvConstants *constants_for(const vdc_format *format)
{
    int full = format->range == VDC_RANGE_FULL;
    uint32_t matrix = format->matrix;

    if (matrix == VDC_MATRIX_ANY) {
        matrix = format->height_px >= 720 ? VDC_MATRIX_BT709 : VDC_MATRIX_BT601;
    }
    switch (matrix) {
    case VDC_MATRIX_BT709:
        return full ? &kYvuF709Constants : &kYvuH709Constants;
    case VDC_MATRIX_BT2020:
        return full ? &kYvuV2020Constants : &kYvu2020Constants;
    default:
        return full ? &kYvuJPEGConstants : &kYvuI601Constants;
    }
}

/* Luma becomes grey; U and V of one line serve all of them. */
static int grey_to_rgb(uint8_t *rgb, const struct planes *from,
                       const struct YuvConstants *constants)
{
    uint8_t *neutral = malloc((size_t)from->chroma_width);
    int failed;

    if (!neutral) {
        return -1;
    }
    memset(neutral, 128, (size_t)from->chroma_width);
    failed = I422ToRGB24Matrix(from->y, from->width, neutral, 0, neutral, 0, rgb, from->width * 3,
                               constants, from->width, from->height);
    free(neutral);
    return failed;
}

int tool_to_rgb(uint8_t *rgb, uint8_t *planar, const vdc_stream_info *info, const vdc_frame *frame)
{
    const vdc_format *format = &info->format;
    const struct YuvConstants *constants = constants_for(format);
    struct planes from;
    int failed;

    lay_out(&from, planar, format);
    if (format->fourcc == VDC_FOURCC_RGB24) {
        CopyPlane(frame->planes[0], (int)info->planes[0].stride_bytes, rgb, from.width * 3,
                  from.width * 3, from.height);
        return 0;
    }
    if (tool_to_planar(planar, info, frame) != 0) {
        return -1;
    }
    if (format->fourcc == VDC_FOURCC_GREY) {
        failed = grey_to_rgb(rgb, &from, constants);
    } else if (format->fourcc == VDC_FOURCC_NV12) {
        failed = I420ToRGB24Matrix(from.y, from.width, from.v, from.chroma_width, from.u,
                                   from.chroma_width, rgb, from.width * 3, constants, from.width,
                                   from.height);
    } else {
        failed = I422ToRGB24Matrix(from.y, from.width, from.v, from.chroma_width, from.u,
                                   from.chroma_width, rgb, from.width * 3, constants, from.width,
                                   from.height);
    }
    if (failed) {
        tool_error("the picture could not be converted");
        return -1;
    }
    return 0;
}
