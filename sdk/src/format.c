/* SPDX-License-Identifier: MIT */
/* Planes of the known pixel formats.
 * All sums are in 64 bits: no 32-bit width, height and stride can overflow them. */
#include "internal.h"

#include <string.h>

#define FRAME_BYTES_MAX (UINT64_C(1) << 31)

struct shape {
    uint32_t fourcc;
    uint32_t pixel_bytes; /* of the first plane */
    uint32_t width_even;
    uint32_t height_even;
    uint32_t chroma_plane; /* a second plane of half the lines and the same stride */
};

static const struct shape shapes[] = {
    {VDC_FOURCC_YUYV,  2, 1, 0, 0},
    {VDC_FOURCC_UYVY,  2, 1, 0, 0},
    {VDC_FOURCC_NV12,  1, 1, 1, 1},
    {VDC_FOURCC_RGB24, 3, 0, 0, 0},
    {VDC_FOURCC_GREY,  1, 0, 0, 0},
};

static const struct shape *find_shape(uint32_t fourcc)
{
    for (size_t at = 0; at < sizeof(shapes) / sizeof(shapes[0]); at++) {
        if (shapes[at].fourcc == fourcc) {
            return &shapes[at];
        }
    }
    return NULL;
}

static int check_format(const struct shape *shape, const vdc_format *format)
{
    static const char function[] = "vdc_format_layout";
    char name[5];

    vdc_fourcc_text(name, format->fourcc);
    if (shape == NULL) {
        return vdi_error(VDC_E_INVALID,
                         "%s: the layout of pixel format \"%s\" is not known; for a stream, ask "
                         "vdc_stream_get_info()",
                         function, name);
    }
    if (format->width_px == 0 || format->height_px == 0) {
        return vdi_error(VDC_E_INVALID, "%s: the size %ux%u is empty", function,
                         (unsigned)format->width_px, (unsigned)format->height_px);
    }
    if ((shape->width_even && format->width_px % 2 != 0) ||
        (shape->height_even && format->height_px % 2 != 0)) {
        return vdi_error(VDC_E_INVALID, "%s: %ux%u is odd, and %s needs an even width%s", function,
                         (unsigned)format->width_px, (unsigned)format->height_px, name,
                         shape->height_even ? " and height" : "");
    }
    return VDC_OK;
}

VDC_API(int)
vdc_format_layout(vdc_plane_layout planes[VDC_PLANES_MAX], uint32_t *plane_count,
                  size_t *total_bytes, const vdc_format *format)
{
    static const char function[] = "vdc_format_layout";
    const struct shape *shape;
    uint64_t line, stride, total, first;
    int status = vdi_check_pointer(planes, "planes", function);

    if (status == VDC_OK) {
        status = vdi_check_pointer(plane_count, "plane_count", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_pointer(total_bytes, "total_bytes", function);
    }
    if (status == VDC_OK) {
        status = vdi_check_pointer(format, "format", function);
    }
    if (status != VDC_OK) {
        return status;
    }
    shape = find_shape(format->fourcc);
    status = check_format(shape, format);
    if (status != VDC_OK) {
        return status;
    }
    line = (uint64_t)format->width_px * shape->pixel_bytes;
    stride = format->stride_bytes != 0 ? format->stride_bytes : line;
    if (stride < line) {
        return vdi_error(VDC_E_INVALID, "%s: a stride of %u bytes, and a line of %ux%u has %llu",
                         function, (unsigned)format->stride_bytes, (unsigned)format->width_px,
                         (unsigned)format->height_px, (unsigned long long)line);
    }
    /* stride < 2^34 and lines < 2^33: the product of the two cannot be trusted in 64 bits. */
    if (stride > FRAME_BYTES_MAX / format->height_px) {
        return vdi_error(VDC_E_INVALID, "%s: a frame of %ux%u goes beyond 2 GiB", function,
                         (unsigned)format->width_px, (unsigned)format->height_px);
    }
    first = stride * format->height_px;
    total = shape->chroma_plane ? first + first / 2 : first;
    if (total > FRAME_BYTES_MAX) {
        return vdi_error(VDC_E_INVALID, "%s: a frame of %ux%u goes beyond 2 GiB", function,
                         (unsigned)format->width_px, (unsigned)format->height_px);
    }
    memset(planes, 0, VDC_PLANES_MAX * sizeof(planes[0]));
    planes[0].stride_bytes = (uint32_t)stride;
    planes[0].line_bytes = (uint32_t)line;
    planes[0].lines = format->height_px;
    if (shape->chroma_plane) {
        planes[1] = planes[0];
        planes[1].offset_bytes = (size_t)first;
        planes[1].lines = format->height_px / 2;
    }
    *plane_count = shape->chroma_plane ? 2 : 1;
    *total_bytes = (size_t)total;
    return VDC_OK;
}

VDC_API(void) vdc_fourcc_text(char text[5], uint32_t fourcc)
{
    if (text == NULL) {
        (void)vdi_check_pointer(text, "text", "vdc_fourcc_text");
        return;
    }
    for (int at = 0; at < 4; at++) {
        uint32_t letter = (fourcc >> (8 * at)) & 0xff;

        text[at] = letter >= 0x20 && letter < 0x7f ? (char)letter : '.';
    }
    text[4] = '\0';
}
