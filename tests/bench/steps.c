/* SPDX-License-Identifier: MIT */
/*
 * steps WIDTH HEIGHT FRAMES: the wait path and nothing else, to be run under callgrind, which looks only
 * at loop_wait_steady(). The first frames, with their page faults and symbol look-ups, go by unseen.
 */
#include <stdio.h>
#include <stdlib.h>

#include "loops.h"

int64_t loop_wait_steady(vdc_stream *stream, uint64_t frames);

int main(int argc, char **argv)
{
    struct loop loop;
    uint64_t frames = argc == 4 ? strtoull(argv[3], NULL, 10) : 0;

    if (!frames)
        return 2;
    if (loop_open(&loop, "sim:0?rate=max", LOOP_WAIT, (uint32_t)strtoul(argv[1], NULL, 10),
                  (uint32_t)strtoul(argv[2], NULL, 10), 1, 60))
        return 1;
    for (int i = 0; i < 8; i++) {
        const vdc_frame *frame;

        if (vdc_stream_wait(&frame, loop.stream, -1) || vdc_stream_release(loop.stream, frame))
            return 1;
    }
    if (loop_wait_steady(loop.stream, frames) != 0)
        return 1;
    loop_close(&loop);
    return 0;
}
