// SPDX-License-Identifier: MIT
//
// Transfers between submission and completion: control requests at once, the IN endpoints as the
// model has something for them, in the order of submission.
#include "fake_private.h"

#include <algorithm>
#include <chrono>

#include "../../model/card_map.h"

#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(at, bytes) ((void)0)
#endif

namespace fake {

constexpr uint64_t SECOND = 1000 * MS;
constexpr uint64_t BUCKET_MS = 2; // of data may come at once under a speed limit
constexpr uint8_t SCRIBBLE = 0xdb;
constexpr int SETUP = 8;

void Queue::append(Transfer *transfer)
{
    transfer->next = nullptr;
    (last != nullptr ? last->next : first) = transfer;
    last = transfer;
}

void Queue::remove(Transfer *transfer)
{
    Transfer *before = nullptr;

    for (Transfer *at = first; at != nullptr; before = at, at = at->next) {
        if (at == transfer) {
            (before != nullptr ? before->next : first) = at->next;
            last = last == at ? before : last;
            return;
        }
    }
}

// FNV-1a over words: a buffer that its owner changes while it is lent.
uint64_t hash_bytes(const uint8_t *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t at = 0;

    for (; count - at >= 8; at += 8) {
        uint64_t word;
        std::memcpy(&word, bytes + at, 8);
        hash = (hash ^ word) * 0x100000001b3u;
    }
    for (; at < count; at++) {
        hash = (hash ^ bytes[at]) * 0x100000001b3u;
    }
    // Nobody needs to have written anything into a buffer that is to be read into.
    (void)VALGRIND_MAKE_MEM_DEFINED(&hash, sizeof hash);
    return hash;
}

static bool is_in(const Transfer *transfer)
{
    return (transfer->endpoint & 0x0f) != 0;
}

static uint64_t rest_hash(const Transfer *transfer)
{
    return hash_bytes(transfer->buffer + transfer->actual, transfer->length - transfer->actual);
}

static void check_untouched(Transfer *transfer)
{
    if (transfer->shown.buffer != transfer->buffer ||
        transfer->shown.length != static_cast<int>(transfer->length) ||
        transfer->shown.endpoint != transfer->endpoint) {
        complain("a transfer was changed while it was under way");
    } else if (is_in(transfer) && transfer->hash != rest_hash(transfer)) {
        complain("a buffer was written to while its transfer was under way");
    }
    transfer->hash = is_in(transfer) ? rest_hash(transfer) : 0;
}

// ---- The end of a transfer ----

void finish(Transfer *transfer, libusb_transfer_status status)
{
    World &w = world();
    fake_usb_card *card = transfer->handle->device->card;
    TransferTrap &trap = w.fail_transfer[transfer->endpoint % ENDPOINTS];

    bool lengthens = trap.status == LIBUSB_TRANSFER_COMPLETED && trap.bytes > transfer->actual;
    bool counts = trap.left != 0 && !(lengthens && transfer->actual == transfer->length);

    if (status == LIBUSB_TRANSFER_COMPLETED && counts && --trap.left == 0) {
        w.failures++;
        trap.left = --trap.times != 0 ? 1 : 0;
        uint32_t bytes = std::min(trap.bytes, transfer->length);
        if (bytes > transfer->actual) {
            std::memset(transfer->buffer + transfer->actual, SCRIBBLE, bytes - transfer->actual);
        }
        transfer->actual = bytes;
        transfer->hash = is_in(transfer) ? rest_hash(transfer) : 0;
        if (trap.status == LIBUSB_TRANSFER_TIMED_OUT) {
            transfer->hangs = true;
            return;
        }
        status = trap.status;
    }
    if (status == LIBUSB_TRANSFER_COMPLETED && transfer->actual < transfer->length &&
        (transfer->shown.flags & LIBUSB_TRANSFER_SHORT_NOT_OK) != 0) {
        status = LIBUSB_TRANSFER_ERROR;
    }
    if (is_in(transfer)) {
        check_untouched(transfer);
        if (status == LIBUSB_TRANSFER_CANCELLED || status == LIBUSB_TRANSFER_TIMED_OUT) {
            // What is not said to have come means nothing, and may be written to the very last.
            std::memset(transfer->buffer + transfer->actual, SCRIBBLE,
                        transfer->length - transfer->actual);
        }
    }
    card->queues[transfer->endpoint % ENDPOINTS].remove(transfer);
    transfer->state = State::Done;
    transfer->status = status;
    transfer->handle->in_flight--;
    w.in_flight--;
    w.bytes_in_flight -= transfer->length;
    transfer->context->done.append(transfer);
    transfer->context->news.notify_all();
}

void finish_all(fake_usb_card *card, libusb_transfer_status status)
{
    for (Queue &queue : card->queues) {
        while (queue.first != nullptr) {
            finish(queue.first, status);
        }
    }
}

// ---- Data ----

static uint32_t packet_bytes(const fake_usb_card *card)
{
    return card->options.speed == VDM_USB_SUPER ? 1024 : 512;
}

static void fill_bucket(fake_usb_card *card)
{
    uint64_t now = vdm_now_ns(card->model);
    uint64_t rate = card->options.bytes_per_s;
    uint64_t most = std::max<uint64_t>(rate * BUCKET_MS / 1000, 2 * packet_bytes(card));
    uint64_t passed = std::min(now - card->spent_at_ns, SECOND);
    uint64_t tokens = passed * (rate / 1000) / MS; // less than a packet is lost to rounding

    if (rate != 0 && tokens > 0) {
        card->tokens = std::min(card->tokens + tokens, most);
        card->spent_at_ns = now;
    }
}

uint64_t pump_due_ns(const fake_usb_card *card)
{
    uint64_t rate = card->options.bytes_per_s / 1000;

    if (rate == 0 || card->queues[1].first == nullptr || card->tokens >= packet_bytes(card)) {
        return UINT64_MAX;
    }
    return vdm_now_ns(card->model) + 16 * packet_bytes(card) * MS / rate + 1;
}

// Moves what there is room for; true if more may be there.
static bool move_bulk(fake_usb_card *card, Transfer *transfer)
{
    uint8_t odd[1024];
    uint32_t packet = packet_bytes(card);
    uint32_t room = transfer->length - transfer->actual;
    uint32_t whole = room / packet * packet;
    uint8_t *to = whole != 0 ? transfer->buffer + transfer->actual : odd;
    int end = 0;

    if (card->options.bytes_per_s != 0) {
        if (card->tokens < packet) {
            return false;
        }
        whole = std::min(whole, static_cast<uint32_t>(card->tokens / packet * packet));
    }
    if (transfer->hash != rest_hash(transfer)) {
        complain("a buffer was written to while its transfer was under way");
    }
    int got = vdm_usb_bulk_in(card->model, to, whole != 0 ? whole : packet, &end);
    if (got == VDM_USB_NAK || got == VDM_USB_GONE) {
        transfer->hash = rest_hash(transfer);
        return false;
    }
    if (got < 0) {
        transfer->hash = rest_hash(transfer);
        finish(transfer, LIBUSB_TRANSFER_STALL);
        return true;
    }
    card->tokens -= std::min<uint64_t>(card->tokens, static_cast<uint64_t>(got));
    if (to == odd) {
        std::memcpy(transfer->buffer + transfer->actual, odd,
                    std::min(static_cast<uint32_t>(got), room));
    }
    transfer->actual += std::min(static_cast<uint32_t>(got), room);
    transfer->hash = rest_hash(transfer);
    if (static_cast<uint32_t>(got) > room) {
        finish(transfer, LIBUSB_TRANSFER_OVERFLOW);
    } else if (end || transfer->actual == transfer->length) {
        finish(transfer, LIBUSB_TRANSFER_COMPLETED);
    }
    return true;
}

static bool move_event(fake_usb_card *card, Transfer *transfer)
{
    uint8_t packet[64];
    int got = vdm_usb_interrupt_in(card->model, packet);

    if (got == VDM_USB_NAK || got == VDM_USB_GONE) {
        return false;
    }
    if (got < 0) {
        finish(transfer, LIBUSB_TRANSFER_STALL);
        return true;
    }
    if (transfer->hash != rest_hash(transfer)) {
        complain("a buffer was written to while its transfer was under way");
    }
    uint32_t count = std::min(static_cast<uint32_t>(got), transfer->length);
    std::memcpy(transfer->buffer, packet, count);
    transfer->actual = count;
    transfer->hash = rest_hash(transfer);
    finish(transfer, static_cast<uint32_t>(got) > transfer->length ? LIBUSB_TRANSFER_OVERFLOW
                                                                   : LIBUSB_TRANSFER_COMPLETED);
    return true;
}

void pump(fake_usb_card *card)
{
    if (!card->announced || card->camera != nullptr) {
        return;
    }
    fill_bucket(card);
    for (int number = 1; number <= 2; number++) {
        Transfer *transfer;

        while ((transfer = card->queues[number].first) != nullptr && !transfer->hangs) {
            if (!(number == 1 ? move_bulk : move_event)(card, transfer)) {
                break;
            }
        }
    }
    announce(card);
}

// ---- Control requests ----

int control(fake_usb_card *card, const uint8_t setup[8], uint8_t *data)
{
    uint32_t at = map::get16(setup + 4), end = at + map::get16(setup + 6);

    catch_up(card);
    world().controls++;
    if (card->camera != nullptr) {
        return card->announced ? control_camera(card, setup, data) : VDM_USB_GONE;
    }
    if (setup[0] == map::X_USB_REQUEST_TYPE_OUT && setup[1] == map::X_USB_REQUEST_REQUEST_WRITE &&
        at <= map::R_CAPTURE_CONTROL && end >= map::R_CAPTURE_CONTROL + 4) {
        card->captures = (data[map::R_CAPTURE_CONTROL - at] & 1) != 0;
        card->last_bulk_ns = card->last_look_ns = now_ns();
    }
    int result = card->announced ? vdm_usb_control(card->model, setup, data) : VDM_USB_GONE;
    announce(card);
    return result;
}

static void carry_out(fake_usb_card *card, Transfer *transfer)
{
    int result = control(card, transfer->buffer, transfer->buffer + SETUP);

    if (card->camera != nullptr && result == CAMERA_SILENT) {
        transfer->hangs = true;
        return;
    }
    if (transfer->state != State::Queued) {
        return; // It left the bus over this: all that was under way has ended.
    }
    transfer->actual = result > 0 ? static_cast<uint32_t>(result) : 0;
    finish(transfer, result == VDM_USB_GONE ? LIBUSB_TRANSFER_NO_DEVICE
                     : result < 0           ? LIBUSB_TRANSFER_STALL
                                            : LIBUSB_TRANSFER_COMPLETED);
}

// ---- Submission ----

static int refuse(Transfer *transfer)
{
    libusb_device_handle *handle = transfer->handle;
    World &w = world();

    if (transfer->shown.type == LIBUSB_TRANSFER_TYPE_CONTROL) {
        if (transfer->length < SETUP ||
            transfer->length - SETUP < map::get16(transfer->buffer + 6)) {
            complain("a control transfer is shorter than its set-up packet says");
            return LIBUSB_ERROR_INVALID_PARAM;
        }
    } else if (handle->device->card->camera != nullptr) {
        int result = refuse_camera(transfer);

        if (result != 0) {
            return result;
        }
    } else if (!handle->claimed) {
        complain("a transfer on endpoint %02x, whose interface is not claimed", transfer->endpoint);
        return LIBUSB_ERROR_NOT_FOUND;
    } else if (transfer->endpoint != 0x81 && transfer->endpoint != 0x82) {
        return LIBUSB_ERROR_NOT_FOUND;
    } else if (transfer->shown.type != (transfer->endpoint == 0x81
                                            ? LIBUSB_TRANSFER_TYPE_BULK
                                            : LIBUSB_TRANSFER_TYPE_INTERRUPT)) {
        complain("a transfer on endpoint %02x of another type", transfer->endpoint);
        return LIBUSB_ERROR_INVALID_PARAM;
    }
    if (!handle->device->attached) {
        return LIBUSB_ERROR_NO_DEVICE;
    }
    if (w.memory_budget != 0 && w.bytes_in_flight + transfer->length > w.memory_budget) {
        return LIBUSB_ERROR_NO_MEM;
    }
    return 0;
}

int submit(Transfer *transfer)
{
    World &w = world();
    libusb_device_handle *handle = transfer->shown.dev_handle;
    fake_usb_card *card;
    int result;

    transfer->handle = handle;
    transfer->context = handle->device->context;
    transfer->buffer = transfer->shown.buffer;
    transfer->length = static_cast<uint32_t>(std::max(transfer->shown.length, 0));
    transfer->endpoint =
        transfer->shown.type == LIBUSB_TRANSFER_TYPE_CONTROL ? 0 : transfer->shown.endpoint;
    result = refuse(transfer);
    if (result != 0) {
        return result;
    }
    card = handle->device->card;
    transfer->actual = 0;
    transfer->hangs = false;
    transfer->submitted_ns = now_ns();
    transfer->state = State::Queued;
    transfer->deadline_ns =
        transfer->shown.timeout != 0 ? now_ns() + transfer->shown.timeout * MS : 0;
    transfer->hash = is_in(transfer) ? rest_hash(transfer) : 0;
    handle->in_flight++;
    w.in_flight++;
    w.bytes_in_flight += transfer->length;
    card->queues[transfer->endpoint % ENDPOINTS].append(transfer);
    if (transfer->endpoint == 0) {
        carry_out(card, transfer);
    }
    wake_bus();
    return 0;
}

} // namespace fake
