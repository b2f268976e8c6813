/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the fake share. One lock for the whole world of buses; callbacks of the program
 * are made without it. Nothing is allocated while transfers run, so that tests can count.
 */
#ifndef FAKE_PRIVATE_H
#define FAKE_PRIVATE_H

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include "fake_usb.h"
}

namespace fake {

constexpr uint64_t MS = 1000000;
constexpr int ENDPOINTS = 16;
constexpr std::align_val_t MODEL_ALIGNMENT{64}; // what vdm_create() asks for

struct Transfer;

// A chain of transfers, in order.
struct Queue {
    Transfer *first = nullptr;
    Transfer *last = nullptr;

    void append(Transfer *transfer);
    void remove(Transfer *transfer);
};

enum class State { Idle, Queued, Done };

// What stands before each libusb_transfer, which ends in an array without a size.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
struct Transfer {
    Transfer *next_live = nullptr; // of all that are allocated
    Transfer *next = nullptr;      // in a queue
    State state = State::Idle;
    bool internal = false; // of a synchronous call
    bool hangs = false;    // never completes by itself
    int delivered = 0;     // of an internal one
    libusb_device_handle *handle = nullptr;
    libusb_context *context = nullptr;
    uint64_t deadline_ns = 0; // 0: none
    libusb_transfer_status status = LIBUSB_TRANSFER_COMPLETED;
    uint32_t actual = 0;
    // As they were when it was submitted.
    uint8_t *buffer = nullptr;
    uint32_t length = 0;
    uint8_t endpoint = 0;
    uint64_t hash = 0; // of what the device has not written yet
    uint64_t submitted_ns = 0;

    libusb_transfer shown{}; // last: packets follow
};
#pragma GCC diagnostic pop

struct Message {
    libusb_device *device;
    libusb_hotplug_event event;
};

struct Listener {
    libusb_hotplug_callback_handle handle;
    int events, vendor, product, device_class;
    libusb_hotplug_callback_fn callback;
    void *user;
    bool gone;
};

} // namespace fake

struct libusb_context {
    std::list<libusb_device *> devices; // attached; each holds a reference
    std::deque<fake::Message> messages; // each holds a reference
    std::list<fake::Listener> listeners;
    int next_listener = 1;
    fake::Queue done;
    std::condition_variable news;   // for the handler
    std::condition_variable turned; // its round is over
    bool busy = false;              // somebody handles events
    std::thread::id handler;
    bool interrupted = false;
    uint32_t handles = 0;
    uint32_t references = 0; // to devices, held by the program
};

struct libusb_device {
    libusb_context *context;
    fake_usb_card *card; // may be gone, or attached anew as another device
    uint32_t references; // the program's and the fake's
    bool attached;
    uint8_t bus, address;
    std::array<uint8_t, 7> ports;
    uint8_t port_count;
    vdm_usb_speed speed;
    uint8_t device_descriptor[18];
    std::vector<uint8_t> configuration;
    std::vector<uint8_t> bos;
};

struct libusb_device_handle {
    libusb_device *device;
    uint32_t claimed = 0; // interfaces, one bit each
    bool auto_detach = false;
    bool detached = false; // the kernel's driver was taken away by this handle
    uint32_t in_flight = 0;
};

struct fake_usb_card {
    fake_usb_options options;
    std::vector<uint8_t> flash;
    void *memory = nullptr;
    vdm_card *model = nullptr; // or
    struct camera *camera = nullptr;
    camera_config wire{};  // of a camera
    uint8_t alternate = 0; // of its streaming interface
    bool slept = false;    // that is 0 because the system slept, which a program cannot know yet
    uint64_t bus_ns = 0;   // up to where its isochronous packets were asked for
    vdm_host host{};
    vdm_config config{};
    bool attached = false;  // as the model says
    bool announced = false; // as libusb's users were told
    bool rejoined = false;  // it left and came back since they were told
    uint8_t address = 0;
    bool kernel_driver = false; // bound now
    libusb_device_handle *claimant = nullptr;
    bool captures = false;     // as was last written to it
    uint64_t epoch_ns = 0;     // of its time 0 on the host's clock
    uint64_t last_bulk_ns = 0; // when a bulk transfer last waited, on the host's clock
    uint64_t last_look_ns = 0; // when the bus thread last looked at it
    uint64_t spent_at_ns = 0;  // the bucket of the speed limit
    uint64_t tokens = 0;
    fake::Queue queues[fake::ENDPOINTS]; // IN endpoints by number
};

namespace fake {

// A trap set by a test: at the nth event of a kind, something goes wrong.
struct Trap {
    uint64_t left = 0;  // 0: not set
    uint64_t times = 1; // in a row
    std::string function;
    int error = 0;
    fake_usb_card *card = nullptr;
};
struct TransferTrap {
    uint64_t left = 0;
    libusb_transfer_status status = LIBUSB_TRANSFER_COMPLETED;
    uint32_t bytes = 0; // if it completes all the same
    uint64_t times = 1; // in a row
};

struct Refusal {
    uint64_t left = 0;
    int error = 0;
};

struct World {
    std::mutex lock;
    std::condition_variable wake; // the bus thread's
    std::thread bus;
    bool runs = false, ending = false;
    std::atomic<uint32_t> waiting{0}; // threads that want the lock

    std::list<std::unique_ptr<fake_usb_card>> cards;
    std::list<libusb_context *> contexts;
    libusb_context *standard = nullptr; // what NULL means
    uint32_t standard_users = 0;
    std::list<libusb_device *> devices;
    std::list<libusb_device_handle *> handles;
    Transfer *transfers = nullptr;
    std::map<void *, size_t> dev_mem;
    uint32_t configs = 0, companions = 0, lists = 0; // given out
    uint32_t cards_made = 0;
    uint8_t next_address = 1;

    Trap fail, unplug;
    TransferTrap fail_transfer[ENDPOINTS], fail_packet;
    Refusal refuse[ENDPOINTS];
    uint64_t failures = 0;
    uint64_t controls = 0;
    uint64_t callbacks = 0;
    uint64_t in_flight = 0, bytes_in_flight = 0, memory_budget = 0;
    bool hotplug = true, dev_memory = true, timer = true, hub = false;
    uint64_t longest_round_us = 0; // that was asked for
    struct {
        const char *function;
        uint64_t count;
    } calls[96] = {};
    uint64_t all_calls = 0;
    std::vector<std::string> complaints;
};
World &world();

// Holds the lock, and tells the bus thread that somebody wanted it.
class Lock {
  public:
    Lock() : guard_(world().lock, std::defer_lock)
    {
        world().waiting.fetch_add(1);
        guard_.lock();
        world().waiting.fetch_sub(1);
    }
    std::unique_lock<std::mutex> &guard() { return guard_; }

  private:
    std::unique_lock<std::mutex> guard_;
};

uint64_t now_ns();

// ---- All of these with the lock held ----

void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A call of `function` begins: counts it, and sets traps off. The error it must fail with, or 0;
// functions that cannot fail do not look at it.
int begin_call(const char *function, bool can_fail = true);

// The context that `context` means, or NULL and a complaint.
libusb_context *find_context(const char *function, libusb_context *context);
libusb_device *find_device(const char *function, libusb_device *device);
libusb_device_handle *find_handle(const char *function, libusb_device_handle *handle);
Transfer *find_transfer(const char *function, libusb_transfer *transfer);

// One less of what was given out.
void give_back(const char *function, uint32_t *count);
void hold(libusb_device *device);
void let_go(libusb_device *device);
// The cards that came or went are told to every context.
void announce(fake_usb_card *card);
void meet(libusb_context *context, fake_usb_card *card, bool tell);

void start_bus();
void wake_bus();
void catch_up(fake_usb_card *card);
// Lets the endpoints of the card move what they can.
void pump(fake_usb_card *card);
uint64_t pump_due_ns(
    const fake_usb_card *card); // in the card's time; UINT64_MAX: nothing to wait for
void pull_out(fake_usb_card *card);
int control(fake_usb_card *card, const uint8_t setup[8], uint8_t *data);

// The same of a camera. When to look at its endpoints again, on the host's clock.
uint64_t pump_camera(fake_usb_card *card);
int control_camera(fake_usb_card *card, const uint8_t setup[8], uint8_t *data);
int refuse_camera(const Transfer *transfer);

// Out of its queue, and into that of the context.
void finish(Transfer *transfer, libusb_transfer_status status);
void finish_all(fake_usb_card *card, libusb_transfer_status status);
int submit(Transfer *transfer);
// Handles events until `completed`, or for `timeout_ns`. Lets the lock go meanwhile.
int handle_events(Lock &lock, libusb_context *context, uint64_t timeout_ns, const int *completed);
// Until a transfer of a synchronous call is done.
void handle_until_done(Lock &lock, Transfer *transfer);

uint64_t hash_bytes(const uint8_t *bytes, size_t count);

} // namespace fake

#endif
