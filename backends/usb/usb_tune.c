/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of transfers. What is asked for must outlast the host's sleep between two looks;
 * how long that is, the shortest control request tells: it is one way to the device and back.
 */
#include "usb_tune.h"

#include <stdatomic.h>
#include <stdio.h>

#define PAD             UINT64_C(1024)
#define TRAILER         UINT64_C(64)
#define TRANSFER_HIGH   (UINT32_C(256) * 1024u)
#define TRANSFER_SUPER  (UINT32_C(1024) * 1024u)
#define TRANSFER_MAPPED (UINT32_C(4096) * 1024u) /* nothing is copied, so only their number costs */
#define LEAST_NS        UINT64_C(4000000)  /* of stream, in flight: below that frames are lost */
#define WANTED_NS       UINT64_C(20000000) /* the same, for comfort */
#define REQUESTS        UINT64_C(16)       /* round trips, on a slow host */
#define REQUEST_MOST_NS UINT64_C(10000000)
#define IN_FLIGHT_MOST  (UINT64_C(64) * 1024u * 1024u)
#define PIECES_LEAST    4u
#define PIECES_MOST     128u
#define BUSES           256u

static _Atomic(int) devmem_of[BUSES]; /* 0 unknown, 1 fast, 2 slow */
static _Atomic(int64_t) request_of[BUSES];

uint64_t usb_tune_link_bytes_s(int super)
{
    return super ? USB_SUPER_BYTES_S : USB_HIGH_BYTES_S;
}

static uint64_t wire_bytes(uint32_t frame_bytes)
{
    return (frame_bytes + PAD - 1u) / PAD * PAD + TRAILER;
}

uint64_t usb_tune_rate(uint32_t frame_bytes, uint32_t interval_num, uint32_t interval_den)
{
    return interval_num ? wire_bytes(frame_bytes) * interval_den / interval_num : 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Rounded up. */
static uint64_t multiple(uint64_t value, uint64_t of)
{
    return (value + of - 1u) / of * of;
}

int usb_tune_check(const struct usb_load *load, char *why, size_t size)
{
    uint64_t rate = usb_tune_rate(load->frame_bytes, load->interval_num, load->interval_den);
    uint64_t link = usb_tune_link_bytes_s(load->super);

    if (rate <= link)
        return 0;
    (void)snprintf(
        why, size,
        "%u bytes a frame, %llu on the wire, every %u/%u s are %llu bytes a second; a %s "
        "link carries %llu; take a longer interval, a smaller size or a smaller pixel "
        "format",
        (unsigned)load->frame_bytes, (unsigned long long)wire_bytes(load->frame_bytes),
        (unsigned)load->interval_num, (unsigned)load->interval_den, (unsigned long long)rate,
        load->super ? "SuperSpeed" : "high speed", (unsigned long long)link);
    return -1;
}

/* Transfers into memory of the controller take none of their own, so every buffer may be asked for at once. */
static void take_all(struct usb_plan *out, const struct usb_load *load, uint64_t padded)
{
    uint64_t bytes = load->buffer_count * (padded + PAD);
    uint64_t pieces = load->buffer_count * ((padded - 1u) / out->transfer_bytes + 1u);

    if (!load->buffer_count || bytes > IN_FLIGHT_MOST || pieces > PIECES_MOST)
        return;
    out->in_flight_bytes = (uint32_t)most(out->in_flight_bytes, bytes);
    out->piece_count = (uint32_t)most(out->piece_count, pieces);
    out->whole = 1;
}

int usb_tune_plan(struct usb_plan *out, const struct usb_load *load, char *why, size_t why_size)
{
    uint64_t rate = usb_tune_rate(load->frame_bytes, load->interval_num, load->interval_den);
    uint64_t padded = multiple(load->frame_bytes, PAD);
    uint64_t transfer = load->mapped  ? TRANSFER_MAPPED
                        : load->super ? TRANSFER_SUPER
                                      : TRANSFER_HIGH;
    uint64_t parts = load->mapped ? 2u : 4u;
    uint64_t trip = load->request_ns > 0 ? least((uint64_t)load->request_ns, REQUEST_MOST_NS) : 0;
    uint64_t needed = rate * LEAST_NS / UINT64_C(1000000000);
    uint64_t wanted;
    uint64_t room =
        load->budget_bytes > load->buffers_bytes ? load->budget_bytes - load->buffers_bytes : 0;

    if (usb_tune_check(load, why, why_size))
        return -1;
    wanted = rate * (WANTED_NS + REQUESTS * trip) / UINT64_C(1000000000);
    /* The card holds two frames, each read when it is complete: two in flight lose no time. */
    wanted = most(wanted, 2u * (padded + PAD));
    wanted = least(wanted, IN_FLIGHT_MOST);
    if (load->in_flight_bytes)
        wanted = load->in_flight_bytes;
    if (load->budget_bytes) {
        /* Half of what is free: other cameras want some, too. */
        if (room < 2u * needed) {
            (void)snprintf(
                why, why_size,
                "%llu bytes a second for %llu ms are %llu bytes in flight, twice that for two "
                "transfers; usbfs has %llu for all programs, of which buffers take %llu; raise "
                "usbcore.usbfs_memory_mb",
                (unsigned long long)rate, (unsigned long long)(LEAST_NS / 1000000u),
                (unsigned long long)needed, (unsigned long long)load->budget_bytes,
                (unsigned long long)load->buffers_bytes);
            return -1;
        }
        if (!load->in_flight_bytes)
            wanted = least(wanted, most(room / 2u, 2u * needed));
    }
    wanted = most(wanted, 4u * PAD);
    if (load->transfer_bytes)
        transfer = load->transfer_bytes;
    else
        transfer = least(transfer, most(wanted / parts / PAD * PAD, 16u * PAD));
    transfer = least(transfer, padded);
    out->transfer_bytes = (uint32_t)transfer;
    out->in_flight_bytes = (uint32_t)most(wanted, transfer + PAD);
    out->whole = 0;
    out->apart_bytes = out->in_flight_bytes;
    /* A frame is its transfers and one for its record. */
    out->piece_count = (uint32_t)least(
        most(out->in_flight_bytes / transfer + 2u * (out->in_flight_bytes / (padded + PAD)) + 2u,
             PIECES_LEAST),
        PIECES_MOST);
    if (load->mapped && !load->in_flight_bytes)
        take_all(out, load, padded);
    return 0;
}

int usb_tune_devmem(uint32_t bus)
{
    int known = atomic_load(&devmem_of[bus % BUSES]);

    return known ? known == 1 : -1;
}

void usb_tune_devmem_set(uint32_t bus, int fast)
{
    atomic_store(&devmem_of[bus % BUSES], fast ? 1 : 2);
}

int64_t usb_tune_request_ns(uint32_t bus, int64_t now_ns)
{
    int64_t kept = atomic_load(&request_of[bus % BUSES]);

    if (now_ns > 0 && (kept == 0 || now_ns < kept)) {
        atomic_store(&request_of[bus % BUSES], now_ns);
        kept = now_ns;
    }
    return kept;
}
