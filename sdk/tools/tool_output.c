/* SPDX-License-Identifier: MIT */
/*
 * Opens, counts and closes the output. A full disk often shows only when a file is closed, so
 * closing can fail too.
 */
#include "tool_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if !VIDICON_WITH_YUV
const struct tool_writer tool_writer_y4m = {.name = "y4m", .absent = "built without libyuv"};
#endif
#if !VIDICON_WITH_PNG
const struct tool_writer tool_writer_png = {.name = "png", .absent = "built without PNG"};
#endif

static const struct tool_writer *const writers[] = {&tool_writer_y4m, &tool_writer_png,
                                                    &tool_writer_raw};

const struct tool_writer *tool_writer_find(const char *type, const char *path)
{
    const char *dot = strrchr(path, '.');

    if (!type && strcmp(path, "-") == 0) {
        type = tool_writer_y4m.name;
    }
    if (!type && dot) {
        type = dot + 1;
    }
    for (size_t i = 0; type && i < sizeof(writers) / sizeof(writers[0]); i++) {
        if (strcmp(type, writers[i]->name) == 0) {
            return writers[i];
        }
    }
    return NULL;
}

int tool_output_error(const struct tool_output *output, const char *what)
{
    tool_error("%s: %s: %s", output->path, what, strerror(errno));
    return -1;
}

int tool_output_open(struct tool_output *output, const struct tool_writer *writer, const char *path,
                     const vdc_stream_info *info, uint64_t frames_wanted)
{
    memset(output, 0, sizeof(*output));
    output->writer = writer;
    output->path = path;
    output->info = *info;
    output->frames_wanted = frames_wanted;

    if (strcmp(path, "-") == 0) {
        output->file = stdout;
        tool_set_binary(stdout);
    } else if (writer != &tool_writer_png) {
        /* Pictures are files of their own and are opened one by one. */
        output->file = fopen(path, "wb");
        if (!output->file) {
            return tool_output_error(output, "cannot be opened");
        }
    }
    return writer->begin(output);
}

int tool_output_put(struct tool_output *output, const void *bytes, size_t count)
{
    if (fwrite(bytes, 1, count, output->file) != count) {
        return tool_output_error(output, "cannot be written");
    }
    output->bytes_written += count;
    return 0;
}

int tool_output_write(struct tool_output *output, const vdc_frame *frame)
{
    if (output->writer->write(output, frame) != 0) {
        return -1;
    }
    output->frames_written++;
    return 0;
}

int tool_output_close(struct tool_output *output)
{
    int result = 0;

    if (output->file == stdout) {
        result = fflush(stdout);
    } else if (output->file) {
        result = fclose(output->file);
    }
    output->file = NULL;
    free(output->pixels);
    free(output->scratch);
    output->pixels = output->scratch = NULL;
    return result == 0 ? 0 : tool_output_error(output, "cannot be written");
}
