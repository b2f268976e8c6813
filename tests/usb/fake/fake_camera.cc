// SPDX-License-Identifier: MIT
//
// UVC cameras on the fake's buses: the camera model asked for its packets at the bus' pace. A packet that no transfer waits for is
// not asked for, as on a real bus.
#include <algorithm>
#include <cstdio>

#include "fake_private.h"

namespace fake {

constexpr uint64_t MICROFRAME_NS = 125000;
constexpr uint64_t BULK_TURN_NS = 4 * MICROFRAME_NS; // how often a silent bulk endpoint is asked
constexpr int STANDARD_IN = 0x80;

static void check_hash(const Transfer *transfer)
{
    if (transfer->hash !=
        hash_bytes(transfer->buffer + transfer->actual, transfer->length - transfer->actual)) {
        complain("a buffer was written to while its transfer was under way");
    }
}

static void arrived(Transfer *transfer, uint32_t count)
{
    transfer->actual = count;
    transfer->hash = hash_bytes(transfer->buffer + count, transfer->length - count);
    finish(transfer, LIBUSB_TRANSFER_COMPLETED);
}

static void move_status(fake_usb_card *card)
{
    Transfer *transfer;

    while ((transfer = card->queues[CAMERA_STATUS_ENDPOINT & 15].first) != nullptr &&
           !transfer->hangs) {
        uint8_t packet[64];
        size_t count =
            camera_status(card->camera, packet, std::min<size_t>(transfer->length, sizeof packet));

        if (count == 0) {
            return;
        }
        check_hash(transfer);
        std::memcpy(transfer->buffer, packet, count);
        arrived(transfer, static_cast<uint32_t>(count));
    }
}

static uint64_t move_bulk(fake_usb_card *card)
{
    Transfer *transfer;

    while ((transfer = card->queues[1].first) != nullptr && !transfer->hangs) {
        card->bus_ns = std::max(card->bus_ns, transfer->submitted_ns);
        check_hash(transfer);
        int got = camera_bulk(card->camera, static_cast<int64_t>(card->bus_ns), transfer->buffer,
                              transfer->length);
        if (got == CAMERA_SILENT) {
            /* The bus lives on while this thread does not: no frame is skipped for that. */
            if (card->bus_ns + MICROFRAME_NS > now_ns()) {
                return card->bus_ns + BULK_TURN_NS;
            }
            card->bus_ns += MICROFRAME_NS;
            continue;
        }
        if (got == CAMERA_STALLS) {
            finish(transfer, LIBUSB_TRANSFER_STALL);
        } else {
            arrived(transfer, static_cast<uint32_t>(got));
        }
    }
    return UINT64_MAX;
}

static void fill_packets(fake_usb_card *card, Transfer *transfer, uint64_t begin)
{
    TransferTrap &trap = world().fail_packet;
    uint32_t at = 0;

    for (int i = 0; i < transfer->shown.num_iso_packets; i++) {
        libusb_iso_packet_descriptor &packet = transfer->shown.iso_packet_desc[i];
        auto when = static_cast<int64_t>(begin + static_cast<uint64_t>(i) * MICROFRAME_NS);

        packet.actual_length = static_cast<unsigned>(
            camera_iso_packet(card->camera, when, transfer->buffer + at, packet.length));
        packet.status = LIBUSB_TRANSFER_COMPLETED;
        if (packet.actual_length != 0 && trap.left != 0 && --trap.left == 0) {
            world().failures++;
            packet.actual_length = 0;
            packet.status = trap.status;
        }
        at += packet.length;
    }
}

static uint64_t move_iso(fake_usb_card *card)
{
    Transfer *transfer;

    while ((transfer = card->queues[1].first) != nullptr && !transfer->hangs) {
        uint64_t begin = std::max(card->bus_ns, transfer->submitted_ns);
        uint64_t end =
            begin + static_cast<uint64_t>(transfer->shown.num_iso_packets) * MICROFRAME_NS;

        if (end > now_ns()) {
            return end;
        }
        check_hash(transfer);
        fill_packets(card, transfer, begin);
        card->bus_ns = end;
        arrived(transfer, transfer->length);
    }
    return UINT64_MAX;
}

uint64_t pump_camera(fake_usb_card *card)
{
    if (!card->announced) {
        return UINT64_MAX;
    }
    move_status(card);
    return card->wire.bulk != 0 ? move_bulk(card) : move_iso(card);
}

// ---- Requests ----

static int set_interface(fake_usb_card *card, uint8_t interface_id, uint8_t alternate)
{
    if (interface_id == 1 && card->queues[1].first != nullptr) {
        complain("an alternate setting is chosen while transfers are under way");
    }
    if (!camera_set_alternate(card->camera, interface_id, alternate)) {
        return -1;
    }
    if (interface_id == 1) {
        card->alternate = alternate;
        card->slept = false;
    }
    return 0;
}

// Bytes, -1 for a stall, CAMERA_SILENT for no answer.
int control_camera(fake_usb_card *card, const uint8_t setup[8], uint8_t *data)
{
    int kind = setup[0] & 0x60;

    if (kind != 0) {
        int result = camera_control(card->camera, setup, data);
        wake_bus();
        return result;
    }
    if ((setup[0] & STANDARD_IN) != 0 && setup[1] == LIBUSB_REQUEST_GET_DESCRIPTOR) {
        size_t count = camera_descriptor(card->camera, setup[3], setup[2], data,
                                         static_cast<size_t>(setup[6] | setup[7] << 8));
        return count != 0 ? static_cast<int>(count) : -1;
    }
    if ((setup[0] & STANDARD_IN) != 0 && setup[1] == LIBUSB_REQUEST_GET_CONFIGURATION) {
        data[0] = 1;
        return 1;
    }
    switch (setup[1]) {
    case LIBUSB_REQUEST_SET_CONFIGURATION:
        return 0;
    case LIBUSB_REQUEST_SET_INTERFACE:
        return set_interface(card, setup[4], setup[2]);
    case LIBUSB_REQUEST_CLEAR_FEATURE:
        if (setup[4] == CAMERA_VIDEO_ENDPOINT) {
            camera_clear_halt(card->camera);
        }
        return 0;
    default:
        return -1;
    }
}

// Why a transfer on an endpoint of a camera cannot be; 0 if it can.
int refuse_camera(const Transfer *transfer)
{
    const fake_usb_card *card = transfer->handle->device->card;
    bool video = transfer->endpoint == CAMERA_VIDEO_ENDPOINT;
    const libusb_transfer &shown = transfer->shown;
    uint32_t sum = 0;

    if (!video && transfer->endpoint != CAMERA_STATUS_ENDPOINT) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    if ((transfer->handle->claimed & (video ? 2u : 1u)) == 0) {
        complain("a transfer on endpoint %02x, whose interface is not claimed", transfer->endpoint);
        return LIBUSB_ERROR_NOT_FOUND;
    }
    if (shown.type != (!video                 ? LIBUSB_TRANSFER_TYPE_INTERRUPT
                       : card->wire.bulk != 0 ? LIBUSB_TRANSFER_TYPE_BULK
                                              : LIBUSB_TRANSFER_TYPE_ISOCHRONOUS)) {
        complain("a transfer on endpoint %02x of another type", transfer->endpoint);
        return LIBUSB_ERROR_INVALID_PARAM;
    }
    if (shown.type != LIBUSB_TRANSFER_TYPE_ISOCHRONOUS) {
        return 0;
    }
    if (card->alternate == 0) {
        if (!card->slept) {
            complain("an isochronous transfer in alternate setting 0, which has no endpoint");
        }
        return LIBUSB_ERROR_NOT_FOUND;
    }
    for (int i = 0; i < shown.num_iso_packets; i++) {
        static const uint32_t most[2][5] = {
            {0, 512,  1024, 2400,  3072 },
            {0, 1024, 4096, 16384, 49152}
        };

        sum += shown.iso_packet_desc[i].length;
        if (shown.iso_packet_desc[i].length >
            most[card->wire.speed == CAMERA_SUPER][card->alternate]) {
            complain("an isochronous packet of %u bytes, more than alternate setting %u carries",
                     shown.iso_packet_desc[i].length, card->alternate);
            return LIBUSB_ERROR_INVALID_PARAM;
        }
    }
    if (shown.num_iso_packets == 0 || sum != transfer->length) {
        complain("isochronous packets of %u bytes in a transfer of %u", sum, transfer->length);
        return LIBUSB_ERROR_INVALID_PARAM;
    }
    return 0;
}

} // namespace fake

using namespace fake;

struct fake_usb_card *fake_usb_plug_camera(const struct camera_config *config)
{
    Lock lock;
    World &w = world();
    auto card = std::make_unique<fake_usb_card>();

    fake_usb_defaults(&card->options);
    card->options.speed = config->speed == CAMERA_SUPER ? VDM_USB_SUPER : VDM_USB_HIGH;
    card->options.kernel_driver = 1;
    card->wire = *config;
    card->camera = camera_create(config);
    if (card->camera == nullptr) {
        return nullptr;
    }
    w.cards_made++;
    card->options.ports[w.hub ? 1 : 0] = static_cast<uint8_t>(w.cards_made);
    card->options.ports[0] = w.hub ? 1 : card->options.ports[0];
    card->attached = true;
    announce(card.get());
    start_bus();
    w.cards.push_back(std::move(card));
    wake_bus();
    return w.cards.back().get();
}

void fake_usb_with_camera(struct fake_usb_card *card,
                          void (*act)(struct camera *camera, void *context), void *context)
{
    Lock lock;

    act(card->camera, context);
    wake_bus();
}

void fake_usb_set_hub(int there)
{
    Lock lock;

    world().hub = there != 0;
}

void fake_usb_suspend(struct fake_usb_card *card)
{
    Lock lock;

    catch_up(card);
    finish_all(card, LIBUSB_TRANSFER_CANCELLED);
    if (card->camera != nullptr) {
        (void)camera_set_alternate(card->camera, 1, 0);
        card->alternate = 0;
        card->slept = true;
    } else {
        const uint8_t configure[8] = {0, 9, 1};
        vdm_usb_reset(card->model);
        (void)control(card, configure, nullptr);
    }
    wake_bus();
}

void fake_usb_fail_packet(uint64_t nth, enum libusb_transfer_status status)
{
    Lock lock;

    world().fail_packet = {nth, status, 0};
}

int fake_usb_kernel_driver(struct fake_usb_card *card)
{
    Lock lock;

    return card->kernel_driver ? 1 : 0;
}
