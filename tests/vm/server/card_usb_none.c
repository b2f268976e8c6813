/* SPDX-License-Identifier: MIT */
/* For machines without libusbredirparser: there are no USB cards. */
#include "card_private.h"

int card_usb_is_there(void)
{
    return 0;
}

int card_usb_init(struct card *card)
{
    (void)card;
    return -1;
}

int card_set_limit(struct card *card, uint64_t bytes_per_s)
{
    (void)card;
    (void)bytes_per_s;
    return -1;
}

int card_set_hang(struct card *card, uint64_t nth)
{
    (void)card;
    (void)nth;
    return -1;
}

int card_look_usb(struct card *card, struct card_usb_report *report)
{
    (void)card;
    (void)report;
    return -1;
}
