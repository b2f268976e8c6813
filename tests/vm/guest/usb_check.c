/* SPDX-License-Identifier: MIT */
/*
 * Captures from the USB card by a bare libusb loop: usb_check high|super IMAGE [NAME=VALUE]...
 *   width=640     of the picture          frames=20       good ones to wait for
 *   transfer=BYTES  of each (64 KiB)      count=8         transfers under way
 *   devmem=1      memory of the kernel    verify=0        no comparison: how fast it goes
 *   seconds=60    to give up after        event=1         an event must come by the other endpoint
 *   hold=1        start and only say so when the card goes
 * Compares every byte with a model of its own, which is told the same. Prints what came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "usb_check.h"
#include "usb_twin.h"
#include "vdh_layouts.h"
#include "vdh_regs.h"

#define TRANSFERS_MOST 32
#define TRAILER        64u
#define VALID_MASK     0x2bd1c0deu

struct stream {
    struct usb_card card;
    struct usb_twin *twin;
    struct libusb_transfer *transfers[TRANSFERS_MOST];
    uint8_t *memory[TRANSFERS_MOST];
    uint32_t width, frames_wanted, transfer_bytes, count, seconds;
    int devmem, verify, event, hold, speed;
    uint32_t frame_bytes, padded;
    uint8_t *frame;
    uint32_t filled;

    uint32_t under_way, next;
    int ending, gone, damaged, has_event;
    uint64_t frames, bad, lost, damages, stalls, bytes;
};

/* ---- What comes ---- */

static void end_frame(struct stream *stream, const uint8_t *trailer)
{
    uint32_t sequence = vdh_get_u32(trailer + VDH_O_COMPLETION_SEQUENCE);
    uint32_t valid = vdh_get_u32(trailer + VDH_O_COMPLETION_VALID);

    if (valid >> 1 != ((sequence ^ VALID_MASK) & 0x7fffffffu) || sequence < stream->next) {
        stream->damages++;
        return;
    }
    stream->lost += sequence - stream->next;
    stream->next = sequence + 1;
    stream->frames++;
    if (stream->verify && !usb_twin_agrees(stream->twin, stream->frame, sequence))
        stream->bad++;
}

static void take(struct stream *stream, const uint8_t *data, uint32_t bytes)
{
    int ends = bytes < stream->transfer_bytes;
    uint32_t picture = ends && bytes >= TRAILER ? bytes - TRAILER : bytes;

    stream->bytes += bytes;
    if (stream->filled + picture > stream->padded) {
        stream->damaged = 1;
    } else {
        if (stream->verify)
            memcpy(stream->frame + stream->filled, data, picture);
        stream->filled += picture;
    }
    if (!ends)
        return;
    if (stream->damaged || bytes % 512 != TRAILER || stream->filled != stream->padded)
        stream->damages++;
    else
        end_frame(stream, data + picture);
    stream->filled = 0;
    stream->damaged = 0;
}

static void LIBUSB_CALL ended(struct libusb_transfer *transfer)
{
    struct stream *stream = transfer->user_data;

    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        take(stream, transfer->buffer, (uint32_t)transfer->actual_length);
        break;
    case LIBUSB_TRANSFER_STALL:
        stream->stalls++;
        stream->damaged = 1;
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        stream->gone = 1;
        break;
    default:
        break;
    }
    /* After a stall none is sent again before the halt is cleared. */
    if (transfer->status != LIBUSB_TRANSFER_COMPLETED || stream->ending || stream->gone ||
        libusb_submit_transfer(transfer))
        stream->under_way--;
}

static void LIBUSB_CALL event_came(struct libusb_transfer *transfer)
{
    struct stream *stream = transfer->user_data;

    if (transfer->status == LIBUSB_TRANSFER_COMPLETED && transfer->actual_length == 32 &&
        (vdh_get_u32(transfer->buffer) & (1u << 8)) != 0)
        stream->has_event = 1;
    stream->under_way--;
}

/* ---- The loop ---- */

static int handle(struct stream *stream, uint32_t ms)
{
    struct timeval timeout = {ms / 1000, ms % 1000 * 1000};
    int result = libusb_handle_events_timeout(stream->card.context, &timeout);

    return result ? usb_fail("handling events", result) : 0;
}

static int allocate(struct stream *stream)
{
    stream->frame = calloc(1, stream->padded + 1024u);
    for (uint32_t n = 0; n < stream->count; n++) {
        stream->memory[n] = stream->devmem
                                ? libusb_dev_mem_alloc(stream->card.handle, stream->transfer_bytes)
                                : malloc(stream->transfer_bytes);
        stream->transfers[n] = libusb_alloc_transfer(0);
        if (!stream->memory[n] || !stream->transfers[n] || !stream->frame)
            return usb_fail("memory for transfers", (long long)stream->transfer_bytes);
        libusb_fill_bulk_transfer(stream->transfers[n], stream->card.handle, 0x81,
                                  stream->memory[n], (int)stream->transfer_bytes, ended, stream, 0);
    }
    return 0;
}

static int submit_all(struct stream *stream)
{
    for (uint32_t n = 0; n < stream->count; n++) {
        int result = libusb_submit_transfer(stream->transfers[n]);

        if (result == LIBUSB_ERROR_NO_DEVICE)
            stream->gone = 1;
        else if (result)
            return usb_fail("submitting", result);
        if (result)
            break;
        stream->under_way++;
    }
    return 0;
}

static int await_event(struct stream *stream)
{
    static uint8_t packet[64];
    struct libusb_transfer *transfer = libusb_alloc_transfer(0);
    uint64_t end = usb_now_ns() + UINT64_C(10000000000);
    int result;

    libusb_fill_interrupt_transfer(transfer, stream->card.handle, 0x82, packet, sizeof packet,
                                   event_came, stream, 0);
    result = libusb_submit_transfer(transfer);
    if (result)
        return usb_fail("submitting for an event", result);
    stream->under_way++;
    if (usb_set(&stream->card, VDH_R_INT_MASK, 1u << 8) ||
        usb_set(&stream->card, VDH_R_INT_TEST, 1))
        return 1;
    while (stream->under_way && usb_now_ns() < end) {
        if (handle(stream, 100))
            return 1;
    }
    libusb_free_transfer(transfer);
    return stream->has_event ? 0 : usb_fail("no event came", 0);
}

static int run(struct stream *stream)
{
    uint64_t end = usb_now_ns() + stream->seconds * UINT64_C(1000000000);

    if (submit_all(stream) || usb_set(&stream->card, VDH_R_CAPTURE_CONTROL, 1))
        return 1;
    while (stream->frames < stream->frames_wanted && !stream->gone) {
        if (usb_now_ns() > end)
            return usb_fail("too few frames in time", (long long)stream->frames);
        if (handle(stream, 100))
            return 1;
        if (!stream->under_way && !stream->gone) {
            int result = libusb_clear_halt(stream->card.handle, 0x81);

            /* A transfer may see a card that was pulled as a stall. */
            if (result == LIBUSB_ERROR_NO_DEVICE)
                stream->gone = 1;
            else if (result)
                return usb_fail("clearing the halt", result);
            if (result)
                break;
            stream->filled = 0;
            stream->damaged = 0;
            if (submit_all(stream))
                return 1;
        }
    }
    return 0;
}

static void stop(struct stream *stream)
{
    uint64_t end = usb_now_ns() + UINT64_C(10000000000);

    stream->ending = 1;
    if (!stream->gone)
        (void)usb_set(&stream->card, VDH_R_CAPTURE_CONTROL, 0);
    for (uint32_t n = 0; n < stream->count; n++) {
        if (stream->transfers[n])
            (void)libusb_cancel_transfer(stream->transfers[n]);
    }
    while (stream->under_way && usb_now_ns() < end)
        (void)handle(stream, 100);
    for (uint32_t n = 0; n < stream->count && !stream->under_way; n++) {
        libusb_free_transfer(stream->transfers[n]);
        if (stream->devmem && stream->memory[n])
            (void)libusb_dev_mem_free(stream->card.handle, stream->memory[n],
                                      stream->transfer_bytes);
        else
            free(stream->memory[n]);
    }
    free(stream->frame);
}

static uint64_t cpu_ns(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static int capture(struct stream *stream, const char *image)
{
    uint64_t began, used;
    int result;

    if (usb_open(&stream->card, stream->speed, 10) ||
        usb_boot(&stream->card, stream->speed, image) ||
        usb_select(&stream->card, stream->width, &stream->frame_bytes))
        return 1;
    stream->padded = (stream->frame_bytes + 1023u) / 1024u * 1024u;
    stream->twin = stream->verify ? usb_twin_create(image, stream->width) : NULL;
    if (stream->verify && !stream->twin)
        return usb_fail("a model of our own", 0);
    if (stream->event && await_event(stream))
        return 1;
    result = allocate(stream);
    began = usb_now_ns();
    used = cpu_ns();
    result = result || run(stream);
    began = usb_now_ns() - began;
    used = cpu_ns() - used;
    stop(stream);
    (void)printf(
        "frames=%llu bad=%llu lost=%llu damaged=%llu stalls=%llu gone=%d bytes=%llu "
        "kb_per_s=%llu cpu_ns_per_mb=%llu under_way=%u\n",
        (unsigned long long)stream->frames, (unsigned long long)stream->bad,
        (unsigned long long)stream->lost, (unsigned long long)stream->damages,
        (unsigned long long)stream->stalls, stream->gone, (unsigned long long)stream->bytes,
        (unsigned long long)(began ? stream->bytes * 1000000 / began : 0),
        (unsigned long long)(stream->bytes > 1000000 ? used / (stream->bytes / 1000000) : 0),
        stream->under_way);
    if (stream->under_way)
        return usb_fail("transfers that never ended", stream->under_way);
    if (stream->hold)
        return stream->gone ? result : usb_fail("the card is still there", 0);
    return result || stream->bad || stream->gone;
}

static int parse(struct stream *stream, int argc, char **argv)
{
    const struct {
        const char *name;
        uint32_t *value;
    } numbers[] = {
        {"width",    &stream->width         },
        {"frames",   &stream->frames_wanted },
        {"transfer", &stream->transfer_bytes},
        {"count",    &stream->count         },
        {"seconds",  &stream->seconds       }
    };
    const struct {
        const char *name;
        int *value;
    } switches[] = {
        {"devmem", &stream->devmem},
        {"verify", &stream->verify},
        {"event",  &stream->event },
        {"hold",   &stream->hold  }
    };

    for (int n = 3; n < argc; n++) {
        size_t length = strcspn(argv[n], "=");
        int known = 0;

        for (size_t k = 0; k < sizeof numbers / sizeof numbers[0] && argv[n][length]; k++) {
            if (strncmp(argv[n], numbers[k].name, length) == 0 && !numbers[k].name[length]) {
                *numbers[k].value = (uint32_t)strtoul(argv[n] + length + 1, NULL, 0);
                known = 1;
            }
        }
        for (size_t k = 0; k < sizeof switches / sizeof switches[0] && argv[n][length]; k++) {
            if (strncmp(argv[n], switches[k].name, length) == 0 && !switches[k].name[length]) {
                *switches[k].value = atoi(argv[n] + length + 1);
                known = 1;
            }
        }
        if (!known)
            return usb_fail(argv[n], 0);
    }
    return stream->count == 0 || stream->count > TRANSFERS_MOST || stream->transfer_bytes == 0 ||
           stream->transfer_bytes % 1024 != 0;
}

int main(int argc, char **argv)
{
    static struct stream stream = {.width = 640,
                                   .frames_wanted = 20,
                                   .transfer_bytes = 65536,
                                   .count = 8,
                                   .seconds = 60,
                                   .verify = 1};
    int result;

    if (argc < 3 || parse(&stream, argc, argv)) {
        (void)fprintf(stderr, "usb_check high|super IMAGE [NAME=VALUE]...\n");
        return 2;
    }
    stream.speed = strcmp(argv[1], "super") == 0 ? LIBUSB_SPEED_SUPER : LIBUSB_SPEED_HIGH;
    result = capture(&stream, argv[2]);
    usb_twin_destroy(stream.twin);
    if (!stream.under_way)
        usb_close(&stream.card);
    return result ? 1 : 0;
}
