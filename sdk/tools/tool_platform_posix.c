/* SPDX-License-Identifier: MIT */
/* Terminal and clock on POSIX systems. */
#include "tool.h"

#include <time.h>
#include <unistd.h>

int tool_is_terminal(FILE *file)
{
    return isatty(fileno(file));
}

void tool_set_binary(FILE *file)
{
    (void)file; /* Files hold bytes here. */
}

int64_t tool_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
