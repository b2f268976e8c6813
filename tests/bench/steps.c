/* SPDX-License-Identifier: MIT */
/*
 * steps PATH WIDTH HEIGHT FRAMES: one path (wait, callback, handle) and nothing else, to be run under
 * callgrind. The first frames, with their page faults and symbol look-ups, come before the steady
 * loop of the path. Prints how many were delivered: the callback's go on until they are stopped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loops.h"

int main(int argc, char **argv)
{
    static const char *const names[] = {"wait", "callback", "handle"}; /* as enum loop_path */
    uint64_t frames = argc == 5 ? strtoull(argv[4], NULL, 10) : 0;
    vdc_stats stats = VDC_STATS_INIT;
    struct loop loop;
    uint32_t path = 0;

    while (frames && path < 3 && strcmp(argv[1], names[path]) != 0)
        path++;
    if (!frames || path == 3)
        return 2;
    if (loop_open(&loop, "sim:0?rate=max", (enum loop_path)path,
                  (uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10), 1,
                  60))
        return 1;
    for (int i = 0; i < 8 && path != LOOP_CALLBACK; i++) {
        const vdc_frame *frame;

        if (vdc_stream_wait(&frame, loop.stream, -1) || vdc_stream_release(loop.stream, frame))
            return 1;
    }
    if (loop_run(&loop, frames) != 0 || vdc_stream_get_stats(&stats, loop.stream))
        return 1;
    printf("%llu\n", (unsigned long long)stats.delivered);
    loop_close(&loop);
    return 0;
}
