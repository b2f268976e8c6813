/* SPDX-License-Identifier: MIT */
/* What the rig asks of the stand-ins, on \\.\VidiconStandin; IOCTL_STANDIN_PIN comes on a filter's handle. */
#ifndef STANDIN_STANDIN_H
#define STANDIN_STANDIN_H

#include <stdint.h>

#define STANDIN_CODE(n) CTL_CODE(FILE_DEVICE_KS, n, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* From ksuser's stand-in: this handle becomes a pin. Input: KSPIN_CONNECT and what follows it. */
#define IOCTL_STANDIN_PIN STANDIN_CODE(0x800)
/* The card is pulled out now. */
#define IOCTL_STANDIN_UNPLUG STANDIN_CODE(0x810)
/* It is taken out and another one, new, is put in and started; no pin may be open. */
#define IOCTL_STANDIN_RESTART STANDIN_CODE(0x811)
/* Input: a fault script, docs/hardware.md section 10. Empty: no faults. */
#define IOCTL_STANDIN_FAULTS STANDIN_CODE(0x812)
/* Output: struct card_account. */
#define IOCTL_STANDIN_ACCOUNT STANDIN_CODE(0x813)
/* The next frame gets a wrong bit on its way to the application. */
#define IOCTL_STANDIN_FLIP STANDIN_CODE(0x814)

/* The hardware model's private ledger, of the present or last capture. */
struct card_account {
    uint64_t produced;
    uint64_t good;
    uint64_t dropped[5]; /* FIFO, no buffer, no signal, DMA, USB */
    struct {
        char name[24];
        uint64_t count; /* since the card was put in */
    } injected[32];
};

#endif
