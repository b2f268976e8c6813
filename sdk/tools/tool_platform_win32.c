/* SPDX-License-Identifier: MIT */
/* Terminal and clock on Windows. */
#include "tool.h"

#include <fcntl.h>
#include <io.h>
#include <windows.h>

int tool_is_terminal(FILE *file)
{
    return _isatty(_fileno(file));
}

void tool_set_binary(FILE *file)
{
    _setmode(_fileno(file), _O_BINARY);
}

int64_t tool_now_ms(void)
{
    return (int64_t)GetTickCount64();
}
