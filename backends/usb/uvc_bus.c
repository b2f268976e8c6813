/* SPDX-License-Identifier: MIT */
/*
 * Time on the bus that isochronous cameras of this program have reserved. What shares a port of the root hub shares its link for
 * certain, whatever the host controller can do; of other ports, and other programs, only the system knows, and it has the last word.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uvc_device.h"

#define BUSES 128u
#define PORTS 32u
/* Of each microframe's 125 us, USB 2.0 5.5.4 and USB 3.2 8.12.1.1 lend so much to periodic transfers. */
#define HIGH_MOST_NS  UINT32_C(100000)
#define SUPER_MOST_NS UINT32_C(112500)
#define SUPER_PACKET  1024u
#define SUPER_BESIDE  44u /* headers, framing and acknowledgement of a packet */

static _Atomic(uint32_t) taken[2][BUSES][PORTS];

/* The link to a port of the root hub: "3-2.1" is port 2 of bus 3. */
static _Atomic(uint32_t) *place(const struct uvc_device *camera)
{
    const char *port = strchr(camera->port, '-');
    unsigned long number = port ? strtoul(port + 1, NULL, 10) : 0;

    return &taken[camera->speed >= LIBUSB_SPEED_SUPER][camera->bus % BUSES][number % PORTS];
}

/* USB 2.0, 5.11.3: so long take its packets in one microframe, bit stuffing at its worst included. 2083 ps a bit, and
 * 38 bytes around each packet. */
static uint32_t high_ns(const struct uvc_alternate *alternate)
{
    uint64_t each = alternate->packet_bytes * UINT64_C(8) * 7u / 6u;

    return (uint32_t)(alternate->packets * (UINT64_C(633232) + 2083u * (each + 3u)) / 1000u);
}

static uint32_t super_ns(const struct uvc_alternate *alternate)
{
    uint32_t packets = (alternate->interval_bytes + SUPER_PACKET - 1u) / SUPER_PACKET;

    return (alternate->interval_bytes + packets * SUPER_BESIDE) * 2u;
}

/* Those that come in every nth microframe need not meet. */
static uint32_t need_of(const struct uvc_device *camera, const struct uvc_alternate *alternate)
{
    uint32_t exponent = alternate->interval ? alternate->interval - 1u : 0;

    if (alternate->transfer != UVC_TRANSFER_ISO || camera->speed < LIBUSB_SPEED_HIGH)
        return 0;
    return (camera->speed >= LIBUSB_SPEED_SUPER ? super_ns(alternate) : high_ns(alternate)) >>
           (exponent > 15u ? 15u : exponent);
}

int uvc_bus_reserve(struct uvc_capture *capture, char *why, size_t size)
{
    const struct uvc_device *camera = capture->camera;
    uint32_t most = camera->speed >= LIBUSB_SPEED_SUPER ? SUPER_MOST_NS : HIGH_MOST_NS;
    uint32_t need = need_of(camera, capture->alternate);
    uint32_t before = atomic_fetch_add(place(camera), need);

    capture->reserved_ns = need;
    if (!before || before + need <= most)
        return 0;
    uvc_bus_release(capture);
    (void)snprintf(
        why, size,
        "alternate setting %u takes %u ns of each 125000 ns on the bus; other cameras of "
        "this program behind the same port take %u ns, and all together may have %u; "
        "take a smaller picture, a longer interval or another port of the computer",
        (unsigned)capture->alternate->number, (unsigned)need, (unsigned)before, (unsigned)most);
    return -1;
}

void uvc_bus_release(struct uvc_capture *capture)
{
    if (capture->reserved_ns)
        (void)atomic_fetch_sub(place(capture->camera), capture->reserved_ns);
    capture->reserved_ns = 0;
}
