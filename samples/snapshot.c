/* SPDX-License-Identifier: MIT */
/*
 * Takes a picture and writes it as PNG. Shows negotiation, a stream of one frame, the planes of
 * a frame, and conversion to RGB by libyuv with the right matrix.
 *
 *     snapshot picture.png                          from the first real device
 *     snapshot "sim:0?rate=max" picture.png         from a simulated card
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libyuv.h>
#include <png.h>

#include "vidicon/vidicon.h"

/* libyuv's RGB24 is B G R in memory. With U and V exchanged, "Yvu" constants give R G B. */
static const struct YuvConstants *constants_for(const vdc_format *format)
{
    int full = format->range == VDC_RANGE_FULL;

    switch (format->matrix) {
    case VDC_MATRIX_BT709:
        return full ? &kYvuF709Constants : &kYvuH709Constants;
    case VDC_MATRIX_BT2020:
        return full ? &kYvuV2020Constants : &kYvu2020Constants;
    default:
        return full ? &kYvuJPEGConstants : &kYvuI601Constants;
    }
}

/* Fills `rgb`, 3 bytes a pixel. `i422` is room for a frame of 4:2:2 planes. */
static int to_rgb(uint8_t *rgb, uint8_t *i422, const vdc_format *format, const vdc_frame *frame)
{
    const struct YuvConstants *constants = constants_for(format);
    int width = (int)format->width_px, height = (int)format->height_px;
    int stride = (int)frame->layout[0].stride_bytes, half = (width + 1) / 2;
    const uint8_t *pixels = frame->planes[0];
    uint8_t *u = i422 + (size_t)width * (size_t)height, *v = u + (size_t)half * (size_t)height;

    switch (format->fourcc) {
    case VDC_FOURCC_YUYV:
        YUY2ToI422(pixels, stride, i422, width, u, half, v, half, width, height);
        break;
    case VDC_FOURCC_UYVY:
        UYVYToI422(pixels, stride, i422, width, u, half, v, half, width, height);
        break;
    case VDC_FOURCC_GREY:
        CopyPlane(pixels, stride, i422, width, width, height);
        memset(u, 128, 2 * (size_t)half * (size_t)height);
        break;
    case VDC_FOURCC_NV12: /* Its U V pairs read as V U are the exchange. */
        return NV21ToRGB24Matrix(pixels, stride, frame->planes[1],
                                 (int)frame->layout[1].stride_bytes, rgb, width * 3, constants,
                                 width, height);
    case VDC_FOURCC_RGB24:
        CopyPlane(pixels, stride, rgb, width * 3, width * 3, height);
        return 0;
    default:
        return -1;
    }
    return I422ToRGB24Matrix(i422, width, v, half, u, half, rgb, width * 3, constants, width,
                             height);
}

static int write_png(const char *path, const vdc_format *format, const vdc_frame *frame)
{
    size_t width = format->width_px, height = format->height_px;
    uint8_t *rgb = malloc(width * height * 3), *i422 = malloc((width + 1) * height * 2);
    png_image image = {0};
    int written = 0;

    image.version = PNG_IMAGE_VERSION;
    image.width = format->width_px;
    image.height = format->height_px;
    image.format = PNG_FORMAT_RGB;
    if (!rgb || !i422 || to_rgb(rgb, i422, format, frame) != 0) {
        fprintf(stderr, "the picture cannot be converted to RGB\n");
    } else if (!png_image_write_to_file(&image, path, 0, rgb, 0, NULL)) {
        fprintf(stderr, "%s: %s\n", path, image.message);
    } else {
        printf("%s: %ux%u\n", path, (unsigned)image.width, (unsigned)image.height);
        written = 1;
    }
    free(rgb);
    free(i422);
    return written;
}

int main(int argc, char **argv)
{
    vdc_context *context = NULL;
    vdc_device *device = NULL;
    vdc_stream *stream = NULL;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    vdc_format wish = {0};
    const vdc_frame *frame = NULL;
    int written = 0;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: snapshot [ID] FILE.png\n");
        return 2;
    }
    wish.fourcc = VDC_FOURCC_YUYV; /* Nearly every device has it; all else may be anything. */

    /* Without an id the first real device is opened, never a simulated one. */
    int status = vdc_context_create(&context, NULL);
    if (status == VDC_OK) {
        status = vdc_device_open(&device, context, argc > 2 ? argv[1] : NULL, 0);
    }
    if (status == VDC_OK) {
        status = vdc_device_negotiate(&negotiation, device, &wish);
    }
    if (status == VDC_OK) {
        config.format = negotiation.format;
        status = vdc_stream_open(&stream, device, &config);
    }
    if (status == VDC_OK) {
        status = vdc_stream_start(stream);
    }
    if (status == VDC_OK) {
        status = vdc_stream_wait(&frame, stream, 3000);
    }
    if (status == VDC_OK) {
        written = write_png(argv[argc - 1], &config.format, frame);
        vdc_stream_release(stream, frame);
    } else {
        fprintf(stderr, "%s\n", vdc_error_text());
    }

    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
