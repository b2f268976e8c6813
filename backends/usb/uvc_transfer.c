/* SPDX-License-Identifier: MIT */
/*
 * Transfers: a ring of equal ones, whose packets go through the assembler in the order in which they were asked for. Each payload
 * has a header in front of its data, so what comes is copied once into the application's buffer; nothing can be received around it.
 */
#include "uvc_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ISO_TRANSFER_NS  (4 * USB_MS)  /* of the bus, that one transfer covers */
#define ISO_QUEUE_NS     (48 * USB_MS) /* and all of them: how late a host may be */
#define ISO_PACKETS_MOST 128u          /* a transfer of Linux has no more */
#define BULK_MOST        (UINT32_C(512) * 1024u)
#define BULK_PIECES      8u
#define PIECES_LEAST     2u
#define LOSSES_MOST      3u /* of the stream, without a frame between */

/* ---- How many, of which size ---- */

/* Time from one packet to the next. */
static int64_t service_ns(const struct uvc_capture *capture)
{
    uint32_t exponent = capture->alternate->interval ? capture->alternate->interval - 1u : 0;
    int64_t frame = capture->camera->speed >= LIBUSB_SPEED_HIGH ? 125000 : USB_MS;

    return frame << (exponent > 15u ? 15u : exponent);
}

static void plan_iso(struct uvc_capture *capture)
{
    int64_t step = service_ns(capture);
    int64_t count = ISO_TRANSFER_NS / step;
    int64_t pieces;

    count = count < 1 ? 1 : count > ISO_PACKETS_MOST ? ISO_PACKETS_MOST : count;
    pieces = ISO_QUEUE_NS / (count * step);
    capture->packets = (uint32_t)count;
    capture->piece_bytes = capture->packets * capture->alternate->interval_bytes;
    capture->piece_count = pieces < PIECES_LEAST     ? PIECES_LEAST
                           : pieces > UVC_PIECES_MAX ? UVC_PIECES_MAX
                                                     : (uint32_t)pieces;
}

/* No transfer may reach over the end of a payload, so the size of one is a part of a payload's without rest: the largest that is not
 * beyond `most`. A payload whose size is no multiple of the packet's ends with a short packet anyway. */
static uint32_t bulk_piece(uint32_t payload, uint32_t packet, uint32_t most)
{
    uint32_t packets = (payload + packet - 1) / packet;

    if (payload % packet)
        return packets * packet <= most ? packets * packet : most / packet * packet;
    for (uint32_t parts = 1; parts < packets; parts++) {
        if (packets % parts == 0 && packets / parts * packet <= most)
            return packets / parts * packet;
    }
    return packet;
}

static void plan_bulk(struct uvc_capture *capture)
{
    uint32_t packet = capture->alternate->packet_bytes ? capture->alternate->packet_bytes : 512u;

    capture->packets = 0;
    capture->piece_bytes = bulk_piece(capture->probe.max_payload_bytes, packet, BULK_MOST);
    capture->piece_count = BULK_PIECES;
    /* Small payloads, as many as keep the bus busy. */
    if (capture->piece_bytes < BULK_MOST / UVC_PIECES_MAX)
        capture->piece_count = UVC_PIECES_MAX;
}

int uvc_transfer_plan(struct uvc_capture *capture, char *why, size_t size)
{
    uint64_t budget = usb_platform_budget_bytes();
    uint64_t most = budget / 4u * 3u; /* a quarter stays for others */
    uint64_t all;

    if (capture->alternate->transfer == UVC_TRANSFER_ISO)
        plan_iso(capture);
    else
        plan_bulk(capture);
    all = (uint64_t)capture->piece_count * capture->piece_bytes;
    while (budget && all > most && capture->piece_count > PIECES_LEAST)
        all = (uint64_t)--capture->piece_count * capture->piece_bytes;
    if (budget && all > most) {
        (void)snprintf(why, size,
                       "%u transfers of %u bytes are %llu bytes, and three quarters of the %llu "
                       "that this system lends to all transfers are %llu",
                       (unsigned)capture->piece_count, (unsigned)capture->piece_bytes,
                       (unsigned long long)all, (unsigned long long)budget,
                       (unsigned long long)most);
        return -1;
    }
    return 0;
}

/* ---- What comes ---- */

static void take(struct uvc_capture *capture, const struct uvc_piece *piece, const uint8_t *bytes,
                 size_t count, int ends, uint32_t lost, int64_t now_ns)
{
    enum uvc_step step;

    do {
        struct uvc_result result;

        uvc_delivery_supply(capture);
        step = capture->packets
                   ? uvc_assembler_packet(&capture->assembler, &result, bytes, count, lost, now_ns)
                   : uvc_assembler_transfer(&capture->assembler, &result, bytes, count, ends, lost,
                                            now_ns);
        if (capture->assembler.last.has_scr) {
            uvc_clock_sample(&capture->clock, capture->assembler.last.stc,
                             capture->assembler.last.sof, piece->asked_ns, now_ns);
            capture->assembler.last.has_scr = 0;
        }
        if (step != UVC_GOES_ON)
            uvc_delivery_frame(capture, &result, now_ns);
    } while (step == UVC_ENDED_BEFORE);
}

/* What a frame is called from which the bus keeps something back. */
static uint32_t fault_of(int status)
{
    return status == LIBUSB_TRANSFER_COMPLETED  ? UVC_FAULT_NONE
           : status == LIBUSB_TRANSFER_OVERFLOW ? UVC_FAULT_OVERRUN
           : status == LIBUSB_TRANSFER_STALL    ? UVC_FAULT_STALL
                                                : UVC_FAULT_LOST;
}

/* Of a transfer that failed as a whole, `all`, the packets may tell of an earlier one. */
static void take_packets(struct uvc_capture *capture, const struct uvc_piece *piece, uint32_t all,
                         int64_t now_ns)
{
    const struct libusb_transfer *native = piece->native;
    const uint8_t *at = piece->memory;

    for (int i = 0; i < native->num_iso_packets; i++) {
        const struct libusb_iso_packet_descriptor *packet = &native->iso_packet_desc[i];
        uint32_t lost = all ? all : fault_of(packet->status);
        uint32_t count =
            packet->actual_length < packet->length ? packet->actual_length : packet->length;

        capture->trouble.lost_packets += lost != UVC_FAULT_NONE;
        take(capture, piece, at, count, 1, lost, now_ns);
        at += packet->length;
    }
}

static void take_piece(struct uvc_capture *capture, const struct uvc_piece *piece)
{
    const struct libusb_transfer *native = piece->native;
    uint32_t lost = fault_of(native->status);
    int64_t now_ns = vdi_now_ns();
    size_t count = native->actual_length > 0 ? (size_t)native->actual_length : 0;

    if (capture->packets)
        take_packets(capture, piece, lost, now_ns);
    else
        take(capture, piece, piece->memory, count, lost || count < capture->piece_bytes, lost,
             now_ns);
}

/* ---- Coming back ---- */

static void submit(struct uvc_piece *piece);

/* All that a camera does that is just leaving, too. */
static void fail(struct uvc_capture *capture, const char *why)
{
    usb_outbox_doubt(&capture->box, why);
    vdi_cond_signal_all(capture->camera->alarm);
}

static void count_error(struct uvc_capture *capture)
{
    capture->trouble.errors++;
    if (++capture->errors == UVC_ERRORS_IN_A_ROW)
        fail(capture,
             "one transfer after the other fails; stop and start again, or plug it in again");
}

/* Nobody cancels but we; a system that was suspended does, and then the stream must begin anew. */
static void lose(struct uvc_capture *capture, const char *why)
{
    if (capture->lost)
        return;
    if (++capture->losses > LOSSES_MOST) {
        fail(capture, why);
        return;
    }
    capture->lost = 1;
    (void)uvc_assembler_abandon(&capture->assembler);
    vdi_cond_signal_all(capture->camera->alarm);
}

static void judge(struct uvc_capture *capture, const struct uvc_piece *piece)
{
    switch (piece->native->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        capture->errors = 0;
        take_piece(capture, piece);
        break;
    case LIBUSB_TRANSFER_NO_DEVICE:
        uvc_lost(capture->camera);
        break;
    case LIBUSB_TRANSFER_CANCELLED:
        lose(capture, "the system ended its transfers again and again; stop and start again");
        break;
    case LIBUSB_TRANSFER_STALL:
        /* Those behind it stall too; what the first one cut off is lost. */
        if (!capture->halted) {
            capture->trouble.stalls++;
            capture->halted = 1;
            take(capture, piece, piece->memory, 0, 1, UVC_FAULT_STALL, vdi_now_ns());
        }
        break;
    case LIBUSB_TRANSFER_OVERFLOW:
        capture->trouble.overruns++;
        take_piece(capture, piece);
        count_error(capture);
        break;
    default:
        take_piece(capture, piece);
        count_error(capture);
        break;
    }
}

static void LIBUSB_CALL piece_done(struct libusb_transfer *native)
{
    struct uvc_piece *piece = native->user_data;
    struct uvc_capture *capture = piece->capture;
    struct uvc_device *camera = capture->camera;

    uvc_lock(camera);
    piece->flies = 0;
    capture->flying--;
    if (!capture->stopping)
        judge(capture, piece);
    submit(piece);
    if (!capture->flying) {
        vdi_cond_signal_all(camera->cond);
        vdi_cond_signal_all(camera->alarm);
    }
    uvc_unlock(camera);
}

static void submit(struct uvc_piece *piece)
{
    struct uvc_capture *capture = piece->capture;
    struct uvc_device *camera = capture->camera;
    int code;

    if (!capture->running || capture->stopping || capture->halted || capture->lost ||
        capture->box.failure || atomic_load(&camera->gone))
        return;
    if (capture->packets) {
        libusb_fill_iso_transfer(piece->native, camera->handle, camera->source->endpoint,
                                 piece->memory, (int)capture->piece_bytes, (int)capture->packets,
                                 piece_done, piece, 0);
        libusb_set_iso_packet_lengths(piece->native, capture->alternate->interval_bytes);
    } else {
        libusb_fill_bulk_transfer(piece->native, camera->handle, camera->source->endpoint,
                                  piece->memory, (int)capture->piece_bytes, piece_done, piece, 0);
    }
    piece->asked_ns = vdi_now_ns();
    code = libusb_submit_transfer(piece->native);
    piece->flies = code == 0;
    capture->flying += (uint32_t)piece->flies;
    if (code == LIBUSB_ERROR_NO_DEVICE) {
        uvc_lost(camera);
    } else if (code) {
        char why[160];

        (void)snprintf(why, sizeof(why), "asking for %u bytes: %s; stop and start again",
                       (unsigned)capture->piece_bytes, libusb_error_name(code));
        if (capture->frames)
            lose(capture, why);
        else
            fail(capture, why);
    }
}

/* ---- From stream to stream ---- */

static int want_devmem(const struct uvc_device *camera)
{
    if (!camera->handle || camera->options.devmem == USB_OFF)
        return 0;
    return camera->options.devmem == USB_ON ||
           usb_devmem_is_fast(camera->device->context, camera->id, camera->handle, camera->bus);
}

/* Each byte is read once, so memory that the controller writes itself spares a copy, and for isochronous transfers the gaps'
 * clearing, too. */
int uvc_transfer_create(struct uvc_capture *capture)
{
    libusb_device_handle *lender = want_devmem(capture->camera) ? capture->camera->handle : NULL;

    for (uint32_t i = 0; i < capture->piece_count; i++) {
        struct uvc_piece *piece = &capture->pieces[i];

        piece->capture = capture;
        piece->native = libusb_alloc_transfer((int)capture->packets);
        piece->memory = lender ? libusb_dev_mem_alloc(lender, capture->piece_bytes) : NULL;
        piece->lender = piece->memory ? lender : NULL;
        piece->lent_bytes = capture->piece_bytes;
        if (!piece->memory)
            piece->memory = malloc(capture->piece_bytes);
        if (!piece->native || !piece->memory)
            return vdi_error(VDC_E_NO_MEMORY, "%s: no memory for %u transfers of %u bytes",
                             capture->camera->id, (unsigned)capture->piece_count,
                             (unsigned)capture->piece_bytes);
    }
    return VDC_OK;
}

void uvc_transfer_destroy(struct uvc_capture *capture)
{
    for (uint32_t i = 0; i < UVC_PIECES_MAX; i++) {
        struct uvc_piece *piece = &capture->pieces[i];

        if (piece->native)
            libusb_free_transfer(piece->native);
        if (piece->lender)
            (void)libusb_dev_mem_free(piece->lender, piece->memory, piece->lent_bytes);
        else
            free(piece->memory);
        memset(piece, 0, sizeof(*piece));
    }
}

void uvc_transfer_begin(struct uvc_capture *capture)
{
    for (uint32_t i = 0; i < capture->piece_count; i++) {
        if (!capture->pieces[i].flies)
            submit(&capture->pieces[i]);
    }
}

/* Every transfer that was submitted comes back, cancelled if nothing else: libusb's promise, and the only reason why this wait has
 * no end of its own. */
void uvc_transfer_drain(struct uvc_capture *capture)
{
    for (uint32_t i = 0; i < capture->piece_count; i++) {
        if (capture->pieces[i].flies)
            (void)libusb_cancel_transfer(capture->pieces[i].native);
    }
    while (capture->flying)
        (void)vdi_cond_wait(capture->camera->cond, capture->camera->lock, INT64_MAX);
}
