/* SPDX-License-Identifier: MIT */
/*
 * YUV4MPEG2: a text header, then planes of whole frames. It knows no packed formats, so 4:2:2
 * frames are taken apart.
 */
#include "tool_output.h"

#include <stdlib.h>

/* NV12 has its chroma beside the left pixel, as MPEG-2 has. */
static const char *chroma_of(uint32_t fourcc)
{
    switch (fourcc) {
    case VDC_FOURCC_NV12:
        return "420mpeg2";
    case VDC_FOURCC_GREY:
        return "mono";
    default:
        return "422";
    }
}

static char interlace_of(uint32_t field)
{
    switch (field) {
    case VDC_FIELD_PROGRESSIVE:
        return 'p';
    case VDC_FIELD_TOP_FIRST:
        return 't';
    case VDC_FIELD_BOTTOM_FIRST:
        return 'b';
    default:
        return '?';
    }
}

static const char *range_of(uint32_t range)
{
    switch (range) {
    case VDC_RANGE_LIMITED:
        return " XCOLORRANGE=LIMITED";
    case VDC_RANGE_FULL:
        return " XCOLORRANGE=FULL";
    default:
        return "";
    }
}

static int begin(struct tool_output *output)
{
    const vdc_format *format = &output->info.format;
    char header[128];

    output->pixels = malloc(tool_planar_bytes(format));
    if (!output->pixels) {
        return tool_output_error(output, "a frame");
    }
    /* A rate is the interval upside down. 0:0 is an unknown shape of pixels, here as there. */
    int length = snprintf(header, sizeof(header), "YUV4MPEG2 W%u H%u F%u:%u I%c A%u:%u C%s%s\n",
                          (unsigned)format->width_px, (unsigned)format->height_px,
                          (unsigned)format->interval_s.den, (unsigned)format->interval_s.num,
                          interlace_of(format->field), (unsigned)format->pixel_aspect.num,
                          (unsigned)format->pixel_aspect.den, chroma_of(format->fourcc),
                          range_of(format->range));
    return tool_output_put(output, header, (size_t)length);
}

static int write_frame(struct tool_output *output, const vdc_frame *frame)
{
    if (tool_to_planar(output->pixels, &output->info, frame) != 0) {
        return -1;
    }
    if (tool_output_put(output, "FRAME\n", 6) != 0) {
        return -1;
    }
    return tool_output_put(output, output->pixels, tool_planar_bytes(&output->info.format));
}

const struct tool_writer tool_writer_y4m = {
    .name = "y4m",
    .takes = tool_is_yuv,
    .takes_text = "YUYV, UYVY, NV12 and GREY",
    .begin = begin,
    .write = write_frame,
};
