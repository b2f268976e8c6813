// SPDX-License-Identifier: MIT
//
// Cards on the fake's buses: power, time, coming and going. A thread is the bus: it moves data
// while nobody is within libusb, as a kernel would.
#include "fake_private.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "../../model/card_map.h"
#include "vidicon_brand.h"

namespace fake {

constexpr uint64_t SECOND = 1000 * MS;
// At full speed a card that captures for nobody goes on at the host's pace after so long.
constexpr uint64_t PATIENCE_NS = 10 * SECOND;

static void attachment(void *context, int attached)
{
    auto *card = static_cast<fake_usb_card *>(context);

    card->rejoined = card->rejoined || !attached;
    card->attached = attached != 0;
    if (!attached) {
        card->captures = false;
    }
}

void catch_up(fake_usb_card *card)
{
    if (card->model != nullptr && card->options.rate == FAKE_USB_REAL) {
        vdm_advance(card->model, now_ns() - card->epoch_ns);
    }
    announce(card);
}

// When the bus thread has to look again, on the host's clock.
static uint64_t live(fake_usb_card *card, uint64_t now)
{
    bool wanted = card->queues[1].first != nullptr;
    uint64_t due;

    if (card->camera != nullptr) {
        announce(card);
        return pump_camera(card);
    }
    if (wanted) {
        card->last_bulk_ns = now;
    }
    if (card->options.rate == FAKE_USB_REAL) {
        vdm_advance(card->model, now - card->epoch_ns);
        announce(card);
        pump(card);
        due = std::min(vdm_next_event_ns(card->model), pump_due_ns(card));
        return due == UINT64_MAX ? due : card->epoch_ns + due;
    }
    if (card->captures && !wanted) {
        if (now - card->last_bulk_ns < PATIENCE_NS) {
            due = card->last_bulk_ns + PATIENCE_NS;
        } else {
            vdm_advance(card->model, vdm_now_ns(card->model) + (now - card->last_look_ns));
            due = now + MS;
        }
    } else {
        due = std::min(vdm_next_event_ns(card->model), pump_due_ns(card));
        if (due != UINT64_MAX) {
            vdm_advance(card->model, due);
            due = now;
        }
    }
    card->last_look_ns = now;
    announce(card);
    pump(card);
    return due;
}

static uint64_t expire(Queue *queue, uint64_t now)
{
    uint64_t due = UINT64_MAX;

    for (Transfer *transfer = queue->first, *next; transfer != nullptr; transfer = next) {
        next = transfer->next;
        if (transfer->deadline_ns != 0 && transfer->deadline_ns <= now) {
            finish(transfer, LIBUSB_TRANSFER_TIMED_OUT);
        } else if (transfer->deadline_ns != 0) {
            due = std::min(due, transfer->deadline_ns);
        }
    }
    return due;
}

static void run_bus()
{
    World &w = world();
    std::unique_lock<std::mutex> guard(w.lock);

    while (!w.ending) {
        uint64_t now = now_ns();
        uint64_t due = now + SECOND;

        for (auto &card : w.cards) {
            due = std::min(due, live(card.get(), now));
            for (Queue &queue : card->queues) {
                due = std::min(due, expire(&queue, now));
            }
        }
        if (due > now) {
            w.wake.wait_for(guard, std::chrono::nanoseconds(due - now));
        } else if (w.waiting.load() != 0) {
            // A mutex need not be fair; a short sleep is.
            w.wake.wait_for(guard, std::chrono::microseconds(20));
        } else {
            guard.unlock();
            guard.lock();
        }
    }
}

void start_bus()
{
    World &w = world();

    if (!w.runs) {
        w.runs = true;
        w.bus = std::thread(run_bus);
    }
}

void wake_bus()
{
    world().wake.notify_all();
}

// ---- Coming and going ----

void pull_out(fake_usb_card *card)
{
    catch_up(card);
    if (card->model != nullptr) {
        vdm_unplug(card->model);
    }
    card->attached = false;
    card->captures = false;
    announce(card);
}

static int ask(fake_usb_card *card, uint8_t type, uint8_t request, uint16_t value, uint16_t length,
               uint8_t *data)
{
    const uint8_t setup[8] = {
        type, request, static_cast<uint8_t>(value & 0xff),  static_cast<uint8_t>(value >> 8),
        0,    0,       static_cast<uint8_t>(length & 0xff), static_cast<uint8_t>(length >> 8)};

    return card->camera != nullptr ? control_camera(card, setup, data)
                                   : vdm_usb_control(card->model, setup, data);
}

// One device for libusb, as a context sees it.
void meet(libusb_context *context, fake_usb_card *card, bool tell)
{
    auto *device = new libusb_device{};
    uint8_t data[4096];
    int count;

    device->context = context;
    device->card = card;
    device->references = 1;
    device->attached = true;
    device->bus = card->options.bus;
    device->address = card->address;
    device->speed = card->options.speed;
    for (uint8_t port : card->options.ports) {
        if (port != 0) {
            device->ports[device->port_count++] = port;
        }
    }
    (void)ask(card, 0x80, 6, 0x0100, 18, device->device_descriptor);
    count = ask(card, 0x80, 6, 0x0200, sizeof data, data);
    device->configuration.assign(data, data + std::max(count, 0));
    count = ask(card, 0x80, 6, 0x0f00, sizeof data, data);
    device->bos.assign(data, data + std::max(count, 0));
    world().devices.push_back(device);
    context->devices.push_back(device);
    if (tell && !context->listeners.empty()) {
        device->references++;
        context->messages.push_back({device, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED});
        context->news.notify_all();
    }
}

static void part(libusb_context *context, fake_usb_card *card)
{
    for (auto at = context->devices.begin(); at != context->devices.end(); ++at) {
        libusb_device *device = *at;

        if (device->card != card) {
            continue;
        }
        device->attached = false;
        context->devices.erase(at);
        if (!context->listeners.empty()) {
            context->messages.push_back({device, LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT});
        } else {
            let_go(device);
        }
        context->news.notify_all();
        return;
    }
}

void announce(fake_usb_card *card)
{
    World &w = world();

    if (card->announced && (card->rejoined || !card->attached)) {
        card->announced = false;
        card->claimant = nullptr;
        finish_all(card, LIBUSB_TRANSFER_NO_DEVICE);
        for (libusb_context *context : w.contexts) {
            part(context, card);
        }
    }
    card->rejoined = false;
    if (!card->announced && card->attached &&
        (card->camera != nullptr || !vdm_is_gone(card->model))) {
        card->announced = true;
        card->kernel_driver = card->options.kernel_driver != 0;
        card->address = w.next_address;
        w.next_address = static_cast<uint8_t>(w.next_address % 127 + 1);
        (void)ask(card, 0x00, 9, 1, 0, nullptr);
        for (libusb_context *context : w.contexts) {
            meet(context, card, true);
        }
    }
}

static void request(fake_usb_card *card, uint8_t code, uint32_t index, const uint8_t *data,
                    uint32_t length)
{
    uint8_t copy[4096];
    uint8_t setup[8] = {map::X_USB_REQUEST_TYPE_OUT, code};

    map::put16(setup + 4, index);
    map::put16(setup + 6, length);
    std::memcpy(copy, data, length);
    (void)vdm_usb_control(card->model, setup, copy);
}

// Firmware that already runs when the card is plugged in.
static void boot(fake_usb_card *card)
{
    uint8_t word[4];
    auto size = static_cast<uint32_t>(card->options.image_bytes);

    map::put32(word, size);
    request(card, map::X_USB_REQUEST_REQUEST_WRITE, map::R_FW_LENGTH, word, 4);
    map::put32(word, map::V_BOOT_COMMAND_CODE_STAGE);
    request(card, map::X_USB_REQUEST_REQUEST_WRITE, map::R_BOOT_COMMAND, word, 4);
    for (uint32_t at = 0; at < size; at += 4096) {
        request(card, map::X_USB_REQUEST_REQUEST_FW_DATA, 0, card->options.image + at,
                std::min<uint32_t>(size - at, 4096));
    }
    map::put32(word, map::V_BOOT_COMMAND_CODE_BOOT_STAGED);
    request(card, map::X_USB_REQUEST_REQUEST_WRITE, map::R_BOOT_COMMAND, word, 4);
    while (vdm_next_event_ns(card->model) != UINT64_MAX && vdm_now_ns(card->model) < 10 * SECOND) {
        vdm_advance(card->model, vdm_next_event_ns(card->model));
    }
    card->rejoined = false;
}

} // namespace fake

using namespace fake;

void fake_usb_defaults(struct fake_usb_options *options)
{
    *options = {};
    options->speed = VDM_USB_SUPER;
    options->rate = FAKE_USB_REAL;
    options->bus = 2;
    options->boot_ns = 30 * MS;
}

struct fake_usb_card *fake_usb_plug(const struct fake_usb_options *options)
{
    Lock lock;
    World &w = world();
    auto card = std::make_unique<fake_usb_card>();
    size_t bytes = (vdm_card_bytes() + 63) / 64 * 64;

    if (options != nullptr) {
        card->options = *options;
    } else {
        fake_usb_defaults(&card->options);
    }
    w.cards_made++;
    if (card->options.ports[0] == 0) {
        card->options.ports[0] = static_cast<uint8_t>(w.cards_made);
    }
    card->flash.assign(VDM_FLASH_BYTES, 0xff);
    card->memory = ::operator new(bytes, MODEL_ALIGNMENT, std::nothrow);
    card->host.attachment = attachment;
    vdm_config_default(&card->config);
    card->config.body = VDM_BODY_USB;
    card->config.usb_speed = card->options.speed;
    card->config.usb_vendor = VIDICON_BRAND_USB_VENDOR_ID;
    card->config.usb_product_boot = VIDICON_BRAND_USB_BOOT_PRODUCT_ID;
    card->config.usb_product_run = VIDICON_BRAND_USB_PRODUCT_ID;
    card->config.usb_manufacturer = VIDICON_BRAND_VENDOR_NAME;
    card->config.usb_product = VIDICON_BRAND_PRODUCT_NAME;
    card->config.usb_interface_guid = "{" VIDICON_BRAND_DEVICE_INTERFACE_GUID "}";
    (void)snprintf(card->config.serial, sizeof card->config.serial, "%s", card->options.serial);
    if (card->config.serial[0] == 0) {
        (void)snprintf(card->config.serial, sizeof card->config.serial, "FAKE%04u", w.cards_made);
    }
    card->config.drift_ppm = card->options.drift_ppm;
    card->config.boot_ns = card->options.boot_ns;
    card->config.flash = card->flash.data();
    card->config.host = &card->host;
    card->config.context = card.get();
    card->epoch_ns = now_ns();
    card->model =
        card->memory != nullptr ? vdm_create(card->memory, bytes, &card->config) : nullptr;
    if (card->model == nullptr) {
        ::operator delete(card->memory, MODEL_ALIGNMENT);
        return nullptr;
    }
    card->attached = true;
    if (card->options.image != nullptr) {
        boot(card.get());
    }
    card->epoch_ns = now_ns() - vdm_now_ns(card->model);
    card->spent_at_ns = vdm_now_ns(card->model);
    card->last_look_ns = card->last_bulk_ns = now_ns();
    announce(card.get());
    start_bus();
    w.cards.push_back(std::move(card));
    wake_bus();
    return w.cards.back().get();
}

void fake_usb_unplug(struct fake_usb_card *card)
{
    Lock lock;

    pull_out(card);
}

void fake_usb_replug(struct fake_usb_card *card)
{
    Lock lock;

    catch_up(card);
    if (card->camera != nullptr) {
        card->rejoined = true;
        card->attached = true;
        (void)camera_set_alternate(card->camera, 1, 0);
        card->alternate = 0;
    } else {
        vdm_power_cycle(card->model);
    }
    announce(card);
    wake_bus();
}

void fake_usb_change(struct fake_usb_card *card, const struct fake_usb_options *options)
{
    Lock lock;

    catch_up(card);
    card->options.no_access = options->no_access;
    card->options.kernel_driver = options->kernel_driver;
    card->options.bytes_per_s = options->bytes_per_s;
    card->options.rate = options->rate;
    if (card->model != nullptr) {
        card->epoch_ns = now_ns() - vdm_now_ns(card->model);
        card->spent_at_ns = vdm_now_ns(card->model);
    }
    card->tokens = 0;
    wake_bus();
}

uint16_t fake_usb_product(struct fake_usb_card *card)
{
    Lock lock;
    uint8_t descriptor[18];

    catch_up(card);
    if (!card->announced || ask(card, 0x80, 6, 0x0100, 18, descriptor) != 18) {
        return 0;
    }
    return static_cast<uint16_t>(descriptor[10] | descriptor[11] << 8);
}

uint8_t fake_usb_address(struct fake_usb_card *card)
{
    Lock lock;

    catch_up(card);
    return card->announced ? card->address : 0;
}

int fake_usb_faults(struct fake_usb_card *card, const char *script, const char **what)
{
    Lock lock;
    size_t at;

    catch_up(card);
    int result = vdm_fault_script(card->model, script, std::strlen(script), &at, what);
    announce(card);
    wake_bus();
    return result;
}

uint64_t fake_usb_injected(struct fake_usb_card *card, const char *name)
{
    Lock lock;

    catch_up(card);
    for (uint32_t kind = 0; kind < VDM_FAULT_KINDS && vdm_fault_name(kind) != nullptr; kind++) {
        if (std::strcmp(vdm_fault_name(kind), name) == 0) {
            return vdm_get_ledger(card->model)->injected[kind];
        }
    }
    return UINT64_MAX;
}

void fake_usb_ledger(struct fake_usb_card *card, struct vdm_ledger *out)
{
    Lock lock;

    catch_up(card);
    *out = *vdm_get_ledger(card->model);
}

void fake_usb_inside(struct fake_usb_card *card, void (*act)(struct vdm_card *model, void *context),
                     void *context)
{
    Lock lock;

    catch_up(card);
    act(card->model, context);
    announce(card);
    wake_bus();
}
