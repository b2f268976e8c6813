/* SPDX-License-Identifier: MIT */
/*
 * Pictures, each a PNG file. A capture of more than one numbers them: picture.png becomes
 * picture-0001.png and so on. On standard output they follow one another.
 */
#include "tool_output.h"

#include <stdlib.h>
#include <string.h>

#include <png.h>

static int begin(struct tool_output *output)
{
    const vdc_format *format = &output->info.format;

    output->pixels = malloc((size_t)format->width_px * format->height_px * 3);
    output->scratch = malloc(tool_planar_bytes(format));
    if (!output->pixels || !output->scratch) {
        return tool_output_error(output, "a picture");
    }
    return 0;
}

/* The name of the picture to be written next; the caller frees it. */
static char *next_name(const struct tool_output *output)
{
    const char *path = output->path;
    size_t length = strlen(path);
    size_t room = length + 32;
    char *name = malloc(room);

    if (!name) {
        return NULL;
    }
    if (output->frames_wanted == 1) {
        memcpy(name, path, length + 1);
        return name;
    }
    const char *dot = strrchr(path, '.');
    size_t stem = dot && !strpbrk(dot, "/\\") ? (size_t)(dot - path) : length;
    snprintf(name, room, "%.*s-%04llu%s", (int)stem, path,
             (unsigned long long)output->frames_written + 1, path + stem);
    return name;
}

static int write_picture(struct tool_output *output, png_image *image)
{
    if (output->file) {
        return png_image_write_to_stdio(image, output->file, 0, output->pixels, 0, NULL);
    }
    char *name = next_name(output);
    int written = name && png_image_write_to_file(image, name, 0, output->pixels, 0, NULL);
    free(name);
    return written;
}

static int write_frame(struct tool_output *output, const vdc_frame *frame)
{
    const vdc_format *format = &output->info.format;
    png_image image;

    if (tool_to_rgb(output->pixels, output->scratch, &output->info, frame) != 0) {
        return -1;
    }
    memset(&image, 0, sizeof(image));
    image.version = PNG_IMAGE_VERSION;
    image.width = format->width_px;
    image.height = format->height_px;
    image.format = PNG_FORMAT_RGB;
    if (!write_picture(output, &image)) {
        tool_error("%s: cannot be written: %s", output->path, image.message);
        return -1;
    }
    output->bytes_written += PNG_IMAGE_SIZE(image);
    return 0;
}

const struct tool_writer tool_writer_png = {
    .name = "png",
    .takes = tool_is_picture,
    .takes_text = "YUYV, UYVY, NV12, GREY and RGB24",
    .begin = begin,
    .write = write_frame,
};
