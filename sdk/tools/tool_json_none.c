/* SPDX-License-Identifier: MIT */
/* In place of tool_json.c where the JSON library is missing. */
#include "tool.h"

int tool_json_available(void)
{
    tool_error("this program was built without JSON");
    return 0;
}

int tool_json_list(FILE *file, const vdc_list *devices)
{
    (void)file, (void)devices;
    return TOOL_FAILED;
}

int tool_json_info(FILE *file, const struct tool_device *device)
{
    (void)file, (void)device;
    return TOOL_FAILED;
}

int tool_json_report(FILE *file, const struct tool_report *report)
{
    (void)file, (void)report;
    return TOOL_FAILED;
}
