/* SPDX-License-Identifier: MIT */
/* What only Linux has: usbfs and its memory limit, udev and its rules. */
#include "usb.h"

#include <stdio.h>

#define PARAMETER "/sys/module/usbcore/parameters/usbfs_memory_mb"

uint64_t usb_platform_budget_bytes(void)
{
    FILE *file = fopen(PARAMETER, "r");
    unsigned megabytes = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%u", &megabytes) != 1)
        megabytes = 0;
    fclose(file);
    return (uint64_t)megabytes * 1024u * 1024u;
}

const char *usb_platform_permission_text(void)
{
    return "install the udev rule 60-vidicon.rules, then plug it in again";
}
