/* SPDX-License-Identifier: MIT */
/* Systems without usbfs and udev. */
#include "usb.h"

uint64_t usb_platform_budget_bytes(void)
{
    return 0;
}

const char *usb_platform_permission_text(void)
{
    return "the system lets this user not open it";
}
