/* SPDX-License-Identifier: MIT */
/*
 * Raw frames one after the other, without padding at the ends of lines; compressed and unknown
 * formats as they come.
 */
#include "tool_output.h"

static int takes(uint32_t fourcc)
{
    (void)fourcc;
    return 1;
}

static int begin(struct tool_output *output)
{
    (void)output; /* There is no header. */
    return 0;
}

static int write_frame(struct tool_output *output, const vdc_frame *frame)
{
    const vdc_stream_info *info = &output->info;

    if (info->planes[0].line_bytes == 0) {
        return tool_output_put(output, frame->planes[0], frame->used_bytes);
    }
    for (uint32_t p = 0; p < info->plane_count; p++) {
        const vdc_plane_layout *plane = &info->planes[p];
        const uint8_t *line = frame->planes[p];

        if (plane->stride_bytes == plane->line_bytes) {
            size_t bytes = (size_t)plane->line_bytes * plane->lines;
            if (tool_output_put(output, line, bytes) != 0) {
                return -1;
            }
            continue;
        }
        for (uint32_t y = 0; y < plane->lines; y++, line += plane->stride_bytes) {
            if (tool_output_put(output, line, plane->line_bytes) != 0) {
                return -1;
            }
        }
    }
    return 0;
}

const struct tool_writer tool_writer_raw = {
    .name = "raw",
    .takes = takes,
    .takes_text = "every format",
    .begin = begin,
    .write = write_frame,
};
