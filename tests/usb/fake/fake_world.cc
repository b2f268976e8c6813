// SPDX-License-Identifier: MIT
//
// The world of the fake: who is in it, what a test sets, what was done wrong.
#include "fake_private.h"

#include <chrono>
#include <cstdarg>
#include <cstdio>

namespace fake {

World &world()
{
    static World the_world;
    return the_world;
}

uint64_t now_ns()
{
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::steady_clock::now().time_since_epoch())
                                     .count());
}

void complain(const char *format, ...)
{
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    world().complaints.emplace_back(text);
}

// ---- Calls ----

static bool sets_off(Trap *trap, const char *function)
{
    if (trap->left == 0 || (!trap->function.empty() && trap->function != function)) {
        return false;
    }
    if (--trap->left != 0) {
        return false;
    }
    trap->left = --trap->times != 0 ? 1 : 0;
    return true;
}

static void count_call(const char *function)
{
    for (auto &entry : world().calls) {
        if (entry.function == nullptr) {
            entry = {function, 0};
        }
        if (entry.function == function || std::strcmp(entry.function, function) == 0) {
            entry.count++;
            return;
        }
    }
}

int begin_call(const char *function, bool can_fail)
{
    World &w = world();

    w.all_calls++;
    count_call(function);
    if (sets_off(&w.unplug, function)) {
        w.failures++;
        pull_out(w.unplug.card);
    }
    if (can_fail && sets_off(&w.fail, function)) {
        w.failures++;
        return w.fail.error;
    }
    return 0;
}

void give_back(const char *function, uint32_t *count)
{
    if (*count == 0) {
        complain("%s: more than there were", function);
        return;
    }
    --*count;
}

libusb_context *find_context(const char *function, libusb_context *context)
{
    World &w = world();

    if (context == nullptr) {
        if (w.standard == nullptr) {
            complain("%s: there is no default context (before libusb_init, or after libusb_exit)",
                     function);
        }
        return w.standard;
    }
    for (libusb_context *known : w.contexts) {
        if (known == context) {
            return known;
        }
    }
    complain("%s: this context is none, or libusb_exit ended it", function);
    return nullptr;
}

libusb_device *find_device(const char *function, libusb_device *device)
{
    for (libusb_device *known : world().devices) {
        if (known == device) {
            return known;
        }
    }
    complain("%s: this device is none, or no reference holds it any more", function);
    return nullptr;
}

libusb_device_handle *find_handle(const char *function, libusb_device_handle *handle)
{
    for (libusb_device_handle *known : world().handles) {
        if (known == handle) {
            return known;
        }
    }
    complain("%s: this handle is none, or it is closed", function);
    return nullptr;
}

Transfer *find_transfer(const char *function, libusb_transfer *transfer)
{
    for (Transfer *known = world().transfers; known != nullptr; known = known->next_live) {
        if (&known->shown == transfer) {
            return known;
        }
    }
    complain("%s: this transfer is none, or it is freed", function);
    return nullptr;
}

} // namespace fake

using namespace fake;

// ---- What a test sets and asks ----

static void arm(Trap *trap, const char *function, uint64_t nth)
{
    trap->left = nth;
    trap->times = 1;
    trap->function = function != nullptr ? function : "";
}

void fake_usb_fail_call(const char *function, uint64_t nth, int error)
{
    fake_usb_fail_calls(function, nth, 1, error);
}

void fake_usb_fail_calls(const char *function, uint64_t nth, uint64_t times, int error)
{
    Lock lock;

    arm(&world().fail, function, nth);
    world().fail.times = times;
    world().fail.error = error;
}

void fake_usb_refuse_transfer(uint8_t endpoint, uint64_t nth, int error)
{
    Lock lock;

    world().refuse[endpoint % ENDPOINTS] = {nth, error};
}

void fake_usb_unplug_at_call(struct fake_usb_card *card, const char *function, uint64_t nth)
{
    Lock lock;

    arm(&world().unplug, function, nth);
    world().unplug.card = card;
}

void fake_usb_fail_transfer(uint8_t endpoint, uint64_t nth, enum libusb_transfer_status status)
{
    Lock lock;

    world().fail_transfer[endpoint % ENDPOINTS] = {nth, status, 0};
}

void fake_usb_fail_transfers(uint8_t endpoint, uint64_t nth, uint64_t times,
                             enum libusb_transfer_status status)
{
    Lock lock;

    world().fail_transfer[endpoint % ENDPOINTS] = {nth, status, 0, times};
}

void fake_usb_resize_transfer(uint8_t endpoint, uint64_t nth, uint32_t bytes)
{
    Lock lock;

    world().fail_transfer[endpoint % ENDPOINTS] = {nth, LIBUSB_TRANSFER_COMPLETED, bytes};
}

uint64_t fake_usb_failures(void)
{
    Lock lock;

    return world().failures;
}

void fake_usb_set_hotplug(int there)
{
    Lock lock;

    world().hotplug = there != 0;
}

void fake_usb_set_timer(int there)
{
    Lock lock;

    world().timer = there != 0;
}

void fake_usb_set_dev_mem(int there)
{
    Lock lock;

    world().dev_memory = there != 0;
}

void fake_usb_set_memory_budget(uint64_t bytes)
{
    Lock lock;

    world().memory_budget = bytes;
}

uint64_t fake_usb_calls(const char *function)
{
    Lock lock;

    if (function == nullptr) {
        return world().all_calls;
    }
    for (auto &entry : world().calls) {
        if (entry.function != nullptr && std::strcmp(entry.function, function) == 0) {
            return entry.count;
        }
    }
    return 0;
}

uint64_t fake_usb_controls(void)
{
    Lock lock;

    return world().controls;
}

uint64_t fake_usb_in_flight(void)
{
    Lock lock;

    return world().in_flight;
}

uint64_t fake_usb_complaints(void)
{
    Lock lock;

    return world().complaints.size();
}

const char *fake_usb_complaint(uint64_t n)
{
    Lock lock;

    return n < world().complaints.size() ? world().complaints[n].c_str() : nullptr;
}

void fake_usb_forgive(void)
{
    Lock lock;

    world().complaints.clear();
}

// ---- The end of a test ----

static void complain_of(size_t count, const char *what)
{
    if (count > 0) {
        complain("left behind: %llu %s", static_cast<unsigned long long>(count), what);
    }
}

static void count_leftovers(World &w)
{
    size_t transfers = 0;

    for (Transfer *known = w.transfers; known != nullptr; known = known->next_live) {
        transfers++;
    }
    complain_of(w.contexts.size(), "contexts");
    complain_of(w.handles.size(), "open handles");
    complain_of(transfers, "transfers");
    complain_of(w.dev_mem.size(), "blocks of device memory");
    complain_of(w.configs, "configuration descriptors");
    complain_of(w.companions, "endpoint companions");
    complain_of(w.lists, "device lists");
}

static void free_leftovers(World &w)
{
    while (w.transfers != nullptr) {
        Transfer *next = w.transfers->next_live;
        w.transfers->~Transfer();
        free(w.transfers);
        w.transfers = next;
    }
    for (auto &block : w.dev_mem) {
        free(block.first);
    }
    for (libusb_device_handle *handle : w.handles) {
        delete handle;
    }
    for (libusb_device *device : w.devices) {
        delete device;
    }
    for (libusb_context *context : w.contexts) {
        delete context;
    }
    for (auto &card : w.cards) {
        ::operator delete(card->memory, MODEL_ALIGNMENT);
        camera_destroy(card->camera);
    }
}

uint64_t fake_usb_reset(void)
{
    World &w = world();

    {
        Lock lock;
        w.ending = true;
        w.wake.notify_all();
    }
    if (w.bus.joinable()) {
        w.bus.join();
    }
    Lock lock;
    count_leftovers(w);
    for (const std::string &text : w.complaints) {
        (void)fprintf(stderr, "fake libusb: %s\n", text.c_str());
    }
    uint64_t count = w.complaints.size();
    free_leftovers(w);
    w.cards.clear();
    w.contexts.clear();
    w.devices.clear();
    w.handles.clear();
    w.dev_mem.clear();
    w.complaints.clear();
    w.standard = nullptr;
    w.standard_users = 0;
    w.configs = w.companions = w.lists = 0;
    w.cards_made = 0;
    w.next_address = 1;
    w.fail = w.unplug = {};
    for (TransferTrap &trap : w.fail_transfer) {
        trap = {};
    }
    for (Refusal &refusal : w.refuse) {
        refusal = {};
    }
    w.fail_packet = {};
    w.failures = w.controls = w.callbacks = w.in_flight = w.bytes_in_flight = w.memory_budget =
        w.all_calls = 0;
    for (auto &entry : w.calls) {
        entry = {};
    }
    w.hotplug = w.dev_memory = w.timer = true;
    w.longest_round_us = 0;
    w.hub = false;
    w.runs = w.ending = false;
    return count;
}
