/* SPDX-License-Identifier: MIT */
/* What only Linux has: usbfs and its memory limit, udev and its rules. */
#include "usb.h"

#include <stdio.h>
#include <stdlib.h>

#define PARAMETER "/sys/module/usbcore/parameters/usbfs_memory_mb"

uint64_t usb_platform_budget_bytes(void)
{
    FILE *file = fopen(PARAMETER, "r");
    unsigned long megabytes = 0;
    char text[32];

    if (!file)
        return 0;
    if (fgets(text, sizeof(text), file))
        megabytes = strtoul(text, NULL, 10);
    fclose(file);
    return (megabytes & UINT32_MAX) * UINT64_C(1048576);
}

const char *usb_platform_permission_text(void)
{
    return "install the udev rule 60-vidicon.rules, then plug it in again";
}
