/* SPDX-License-Identifier: MIT */
/*
 * Picture shapes: v4l2_pix_format and v4l2_pix_format_mplane as one, and what they say in the library's words.
 * A driver's lengths are checked here, once, against what the picture needs.
 */
#include "v4l2_device.h"

#include <errno.h>
#include <string.h>

/* ---- To and from the driver ---- */

static void put_single(struct v4l2_format *format, const struct v4l2_shape *shape)
{
    struct v4l2_pix_format *pix = &format->fmt.pix;

    pix->width = shape->width;
    pix->height = shape->height;
    pix->pixelformat = shape->fourcc;
    pix->field = shape->field;
    pix->bytesperline = shape->stride[0];
    pix->priv = V4L2_PIX_FMT_PRIV_MAGIC; /* the members behind it are in use */
}

static void put_multi(struct v4l2_format *format, const struct v4l2_shape *shape)
{
    struct v4l2_pix_format_mplane *pix = &format->fmt.pix_mp;

    pix->width = shape->width;
    pix->height = shape->height;
    pix->pixelformat = shape->fourcc;
    pix->field = shape->field;
    pix->num_planes = (uint8_t)shape->planes;
    for (uint32_t at = 0; at < shape->planes; at++) {
        pix->plane_fmt[at].bytesperline = shape->stride[at];
    }
}

static void get_single(struct v4l2_shape *shape, const struct v4l2_format *format)
{
    const struct v4l2_pix_format *pix = &format->fmt.pix;
    int extended = pix->priv == V4L2_PIX_FMT_PRIV_MAGIC;

    *shape = (struct v4l2_shape){
        .fourcc = pix->pixelformat,
        .width = pix->width,
        .height = pix->height,
        .field = pix->field,
        .colorspace = pix->colorspace,
        .encoding = extended ? pix->ycbcr_enc : V4L2_YCBCR_ENC_DEFAULT,
        .quantization = extended ? pix->quantization : V4L2_QUANTIZATION_DEFAULT,
        .transfer = extended ? pix->xfer_func : V4L2_XFER_FUNC_DEFAULT,
        .planes = 1,
        .stride = {pix->bytesperline},
        .bytes = {pix->sizeimage},
    };
}

static void get_multi(struct v4l2_shape *shape, const struct v4l2_format *format)
{
    const struct v4l2_pix_format_mplane *pix = &format->fmt.pix_mp;

    *shape = (struct v4l2_shape){
        .fourcc = pix->pixelformat,
        .width = pix->width,
        .height = pix->height,
        .field = pix->field,
        .colorspace = pix->colorspace,
        .encoding = pix->ycbcr_enc,
        .quantization = pix->quantization,
        .transfer = pix->xfer_func,
        .planes = pix->num_planes,
    };
    for (uint32_t at = 0; at < shape->planes && at < VDC_PLANES_MAX; at++) {
        shape->stride[at] = pix->plane_fmt[at].bytesperline;
        shape->bytes[at] = pix->plane_fmt[at].sizeimage;
    }
}

static int is_possible(const struct v4l2_shape *shape)
{
    uint64_t sum = 0;

    if (shape->fourcc == 0 || shape->width == 0 || shape->height == 0 || shape->planes == 0 ||
        shape->planes > VDC_PLANES_MAX || shape->width > V4L2_SIDE_MAX ||
        shape->height > V4L2_SIDE_MAX) {
        return 0;
    }
    for (uint32_t at = 0; at < shape->planes; at++) {
        if (shape->bytes[at] == 0) {
            return 0;
        }
        sum += shape->bytes[at];
    }
    return sum <= V4L2_BYTES_MAX;
}

int v4l2_shape_call(struct v4l2_device *device, int call, struct v4l2_shape *shape)
{
    static const unsigned long requests[] = {
        [V4L2_SHAPE_GET] = VIDIOC_G_FMT,
        [V4L2_SHAPE_TRY] = VIDIOC_TRY_FMT,
        [V4L2_SHAPE_SET] = VIDIOC_S_FMT,
    };
    struct v4l2_format format;
    int error;

    memset(&format, 0, sizeof(format));
    format.type = device->type;
    if (call != V4L2_SHAPE_GET && device->multi_planar) {
        put_multi(&format, shape);
    } else if (call != V4L2_SHAPE_GET) {
        put_single(&format, shape);
    }
    error = v4l2_call(device->fd, requests[call], &format);
    if (error != 0) {
        return error;
    }
    if (device->multi_planar) {
        get_multi(shape, &format);
    } else {
        get_single(shape, &format);
    }
    return is_possible(shape) ? 0 : EPROTO;
}

/* ---- In the library's words ---- */

static uint32_t field_of(uint32_t field, uint32_t standard)
{
    switch (field) {
    case V4L2_FIELD_NONE:
        return VDC_FIELD_PROGRESSIVE;
    case V4L2_FIELD_INTERLACED: /* the standard says which field is older */
        return standard & V4L2_STD_525_60 ? VDC_FIELD_BOTTOM_FIRST : VDC_FIELD_TOP_FIRST;
    case V4L2_FIELD_INTERLACED_TB:
        return VDC_FIELD_TOP_FIRST;
    case V4L2_FIELD_INTERLACED_BT:
        return VDC_FIELD_BOTTOM_FIRST;
    default:
        return VDC_FIELD_ANY;
    }
}

static uint32_t primaries_of(uint32_t colorspace)
{
    switch (colorspace) {
    case V4L2_COLORSPACE_REC709:
    case V4L2_COLORSPACE_SRGB:
    case V4L2_COLORSPACE_JPEG:
        return VDC_PRIMARIES_BT709;
    case V4L2_COLORSPACE_SMPTE170M:
    case V4L2_COLORSPACE_SMPTE240M:
        return VDC_PRIMARIES_BT601;
    case V4L2_COLORSPACE_470_SYSTEM_BG:
        return VDC_PRIMARIES_BT470BG;
    case V4L2_COLORSPACE_BT2020:
        return VDC_PRIMARIES_BT2020;
    default:
        return VDC_PRIMARIES_ANY;
    }
}

static uint32_t transfer_of(uint32_t transfer, uint32_t colorspace)
{
    if (transfer == V4L2_XFER_FUNC_DEFAULT && colorspace != V4L2_COLORSPACE_DEFAULT) {
        transfer = V4L2_MAP_XFER_FUNC_DEFAULT(colorspace);
    }
    switch (transfer) {
    case V4L2_XFER_FUNC_709:
        return colorspace == V4L2_COLORSPACE_SMPTE170M ? VDC_TRANSFER_BT601 : VDC_TRANSFER_BT709;
    case V4L2_XFER_FUNC_SRGB:
        return VDC_TRANSFER_SRGB;
    case V4L2_XFER_FUNC_NONE:
        return VDC_TRANSFER_LINEAR;
    case V4L2_XFER_FUNC_SMPTE2084:
        return VDC_TRANSFER_PQ;
    default:
        return VDC_TRANSFER_ANY;
    }
}

static int is_rgb(uint32_t fourcc)
{
    static const uint32_t codes[] = {
        V4L2_PIX_FMT_RGB24,  V4L2_PIX_FMT_BGR24,  V4L2_PIX_FMT_RGB565, V4L2_PIX_FMT_RGB555,
        V4L2_PIX_FMT_XRGB32, V4L2_PIX_FMT_ARGB32, V4L2_PIX_FMT_RGBX32, V4L2_PIX_FMT_RGBA32,
        V4L2_PIX_FMT_XBGR32, V4L2_PIX_FMT_ABGR32, V4L2_PIX_FMT_BGRX32, V4L2_PIX_FMT_BGRA32,
        V4L2_PIX_FMT_RGB32,  V4L2_PIX_FMT_BGR32,
    };

    for (size_t at = 0; at < sizeof(codes) / sizeof(codes[0]); at++) {
        if (codes[at] == fourcc) {
            return 1;
        }
    }
    return 0;
}

static uint32_t matrix_of(const struct v4l2_shape *shape)
{
    uint32_t encoding = shape->encoding;

    if (is_rgb(shape->fourcc)) {
        return VDC_MATRIX_RGB;
    }
    if (encoding == V4L2_YCBCR_ENC_DEFAULT && shape->colorspace != V4L2_COLORSPACE_DEFAULT) {
        encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(shape->colorspace);
    }
    switch (encoding) {
    case V4L2_YCBCR_ENC_601:
    case V4L2_YCBCR_ENC_XV601:
        return VDC_MATRIX_BT601;
    case V4L2_YCBCR_ENC_709:
    case V4L2_YCBCR_ENC_XV709:
        return VDC_MATRIX_BT709;
    case V4L2_YCBCR_ENC_BT2020:
        return VDC_MATRIX_BT2020;
    default:
        return VDC_MATRIX_ANY;
    }
}

static uint32_t range_of(const struct v4l2_shape *shape)
{
    uint32_t range = shape->quantization;

    if (range == V4L2_QUANTIZATION_DEFAULT && shape->colorspace != V4L2_COLORSPACE_DEFAULT) {
        range = V4L2_MAP_QUANTIZATION_DEFAULT(is_rgb(shape->fourcc), shape->colorspace,
                                              shape->encoding);
    }
    return range == V4L2_QUANTIZATION_FULL_RANGE  ? VDC_RANGE_FULL
           : range == V4L2_QUANTIZATION_LIM_RANGE ? VDC_RANGE_LIMITED
                                                  : VDC_RANGE_ANY;
}

/* They have no stride, whatever some drivers say. */
static int is_compressed(uint32_t fourcc)
{
    return fourcc == VDC_FOURCC_MJPEG || fourcc == VDC_FOURCC_H264 || fourcc == VDC_FOURCC_HEVC ||
           fourcc == V4L2_PIX_FMT_JPEG;
}

static uint32_t site_of(uint32_t fourcc)
{
    switch (fourcc) {
    case VDC_FOURCC_YUYV:
    case VDC_FOURCC_UYVY:
    case VDC_FOURCC_NV12:
        return VDC_CHROMA_LEFT; /* what V4L2 says of all its subsampled formats but JPEG */
    default:
        return VDC_CHROMA_ANY;
    }
}

void v4l2_shape_describe(vdc_format *format, const struct v4l2_shape *shape, uint32_t standard)
{
    format->fourcc = shape->fourcc;
    format->width_px = shape->width;
    format->height_px = shape->height;
    format->stride_bytes = is_compressed(shape->fourcc) ? 0 : shape->stride[0];
    format->field = field_of(shape->field, standard);
    format->primaries = primaries_of(shape->colorspace);
    format->transfer = transfer_of(shape->transfer, shape->colorspace);
    format->matrix = matrix_of(shape);
    format->range = range_of(shape);
    format->chroma_site = site_of(shape->fourcc);
}

void v4l2_shape_wish(struct v4l2_shape *shape, const vdc_format *format)
{
    static const uint32_t fields[] = {
        [VDC_FIELD_ANY] = V4L2_FIELD_ANY,
        [VDC_FIELD_PROGRESSIVE] = V4L2_FIELD_NONE,
        [VDC_FIELD_TOP_FIRST] = V4L2_FIELD_INTERLACED_TB,
        [VDC_FIELD_BOTTOM_FIRST] = V4L2_FIELD_INTERLACED_BT,
    };

    memset(shape, 0, sizeof(*shape));
    shape->fourcc = format->fourcc;
    shape->width = format->width_px;
    shape->height = format->height_px;
    shape->field =
        format->field < sizeof(fields) / sizeof(fields[0]) ? fields[format->field] : V4L2_FIELD_ANY;
    shape->stride[0] = format->stride_bytes;
    shape->planes = 1;
}

/* ---- Planes ---- */

/* Formats of which each plane has memory of its own: the second one has 1/h of the lines. */
static uint32_t second_plane_divisor(uint32_t fourcc)
{
    switch (fourcc) {
    case V4L2_PIX_FMT_NV12M:
    case V4L2_PIX_FMT_NV21M:
    case V4L2_PIX_FMT_YUV420M:
    case V4L2_PIX_FMT_YVU420M:
        return 2;
    case V4L2_PIX_FMT_NV16M:
    case V4L2_PIX_FMT_NV61M:
    case V4L2_PIX_FMT_YUV422M:
    case V4L2_PIX_FMT_YUV444M:
        return 1;
    default:
        return 0;
    }
}

static int layout_pieces(struct vdi_stream_layout *layout, size_t piece[VDC_PLANES_MAX],
                         const struct v4l2_shape *shape)
{
    uint32_t divisor = second_plane_divisor(shape->fourcc);
    uint64_t page = 4096, at_byte = 0;

    layout->plane_count = shape->planes;
    for (uint32_t at = 0; at < shape->planes; at++) {
        vdc_plane_layout *plane = &layout->planes[at];
        uint32_t lines = at == 0 ? shape->height : divisor != 0 ? shape->height / divisor : 0;

        piece[at] = (size_t)at_byte;
        plane->offset_bytes = (size_t)at_byte;
        if (divisor != 0 && shape->stride[at] != 0 &&
            (uint64_t)shape->stride[at] * lines <= shape->bytes[at]) {
            plane->stride_bytes = shape->stride[at];
            plane->line_bytes = shape->stride[at];
            plane->lines = lines;
        }
        layout->frame_bytes = (size_t)(at_byte + shape->bytes[at]);
        at_byte += (shape->bytes[at] + page - 1) / page * page;
    }
    return at_byte <= V4L2_BYTES_MAX ? 0 : EPROTO;
}

int v4l2_shape_layout(struct vdi_stream_layout *layout, size_t piece[VDC_PLANES_MAX],
                      const struct v4l2_shape *shape)
{
    vdc_format tight = layout->format;

    memset(layout->planes, 0, sizeof(layout->planes));
    memset(piece, 0, VDC_PLANES_MAX * sizeof(piece[0]));
    if (shape->planes > 1) {
        return layout_pieces(layout, piece, shape);
    }
    if (vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes,
                          &layout->format) == VDC_OK) {
        return layout->frame_bytes <= shape->bytes[0] ? 0 : EPROTO;
    }
    tight.stride_bytes = 0;
    if (vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes, &tight) ==
        VDC_OK) {
        return EPROTO; /* the format is known, and its stride cannot be */
    }
    memset(layout->planes, 0, sizeof(layout->planes));
    layout->plane_count = 1;
    layout->frame_bytes = shape->bytes[0];
    if (layout->format.stride_bytes != 0) {
        if ((uint64_t)shape->stride[0] * shape->height > shape->bytes[0]) {
            return EPROTO;
        }
        layout->planes[0].stride_bytes = shape->stride[0];
        layout->planes[0].lines = shape->height;
    }
    return 0;
}
