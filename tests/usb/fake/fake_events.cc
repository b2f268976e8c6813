// SPDX-License-Identifier: MIT
//
// Transfers as libusb's users see them, and the handling of events: one thread a context at a
// time, callbacks without a lock.
#include "fake_private.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <new>
#include <utility>

namespace fake {

static thread_local uint64_t callbacks_here;

// Callbacks may be under way only while the context is busy, on its handler's thread.
static void deliver(Lock &lock, libusb_context *context, Transfer *transfer)
{
    libusb_transfer *shown = &transfer->shown;
    uint8_t flags = shown->flags;

    context->done.remove(transfer);
    transfer->state = State::Idle;
    shown->status = transfer->status;
    shown->actual_length = static_cast<int>(transfer->actual);
    if (transfer->internal) {
        transfer->delivered = 1;
        return;
    }
    world().callbacks++;
    callbacks_here++;
    lock.guard().unlock();
    if ((flags & LIBUSB_TRANSFER_FREE_BUFFER) != 0) {
        free(shown->buffer);
    }
    shown->callback(shown);
    if ((flags & LIBUSB_TRANSFER_FREE_TRANSFER) != 0) {
        libusb_free_transfer(shown);
    }
    lock.guard().lock();
}

static bool wants(const Listener &listener, const Message &message)
{
    const uint8_t *d = message.device->device_descriptor;
    auto same = [](int wanted, int value) {
        return wanted == LIBUSB_HOTPLUG_MATCH_ANY || wanted == value;
    };

    return !listener.gone && (listener.events & message.event) != 0 &&
           same(listener.vendor, d[8] | d[9] << 8) && same(listener.product, d[10] | d[11] << 8) &&
           same(listener.device_class, d[4]);
}

static void tell(Lock &lock, libusb_context *context, Listener *listener, const Message &message)
{
    if (!wants(*listener, message)) {
        return;
    }
    auto callback = listener->callback;
    void *user = listener->user;
    lock.guard().unlock();
    int enough = callback(context, message.device, message.event, user);
    lock.guard().lock();
    listener->gone = listener->gone || enough != 0;
}

static void deliver_message(Lock &lock, libusb_context *context)
{
    Message message = context->messages.front();

    context->messages.pop_front();
    for (Listener &listener : context->listeners) {
        tell(lock, context, &listener, message);
    }
    context->listeners.remove_if([](const Listener &listener) { return listener.gone; });
    let_go(message.device);
}

static bool deliver_all(Lock &lock, libusb_context *context)
{
    bool did = false;
    size_t ready = 0;

    while (!context->messages.empty()) {
        deliver_message(lock, context);
        did = true;
    }
    // What is submitted in a callback waits for the next time.
    for (Transfer *at = context->done.first; at != nullptr; at = at->next) {
        ready++;
    }
    for (; ready > 0 && context->done.first != nullptr; ready--) {
        deliver(lock, context, context->done.first);
        did = true;
    }
    return did;
}

// As libusb does it: one thread handles events, for one round; the others sleep until that round is over, whatever it
// brought. `completed` is looked at when a round begins or a sleep does, and an interruption ends one round of whoever
// handles events then, or next.
int handle_events(Lock &lock, libusb_context *context, uint64_t timeout_ns, const int *completed)
{
    auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);

    if (context->busy && context->handler == std::this_thread::get_id()) {
        complain("events are handled within a callback");
        return LIBUSB_ERROR_BUSY;
    }
    // A program may set it from another thread, as long as it interrupts then.
    if (completed != nullptr && __atomic_load_n(completed, __ATOMIC_ACQUIRE) != 0) {
        return 0;
    }
    if (context->busy) {
        (void)context->turned.wait_until(lock.guard(), deadline);
        return 0;
    }
    context->busy = true;
    context->handler = std::this_thread::get_id();
    for (;;) {
        bool told = std::exchange(context->interrupted, false);

        if (deliver_all(lock, context) || told) {
            break;
        }
        if (context->news.wait_until(lock.guard(), deadline) == std::cv_status::timeout &&
            context->messages.empty() && context->done.first == nullptr && !context->interrupted) {
            break;
        }
    }
    context->busy = false;
    context->turned.notify_all();
    return 0;
}

void handle_until_done(Lock &lock, Transfer *transfer)
{
    while (!transfer->delivered) {
        (void)handle_events(lock, transfer->context, 100 * MS, &transfer->delivered);
    }
}

} // namespace fake

using namespace fake;

// ---- Transfers ----

struct libusb_transfer *libusb_alloc_transfer(int iso_packets)
{
    Lock lock;

    if (begin_call(__func__) != 0 || iso_packets < 0) {
        return nullptr;
    }
    void *memory = calloc(1, sizeof(Transfer) + static_cast<size_t>(iso_packets) *
                                                    sizeof(libusb_iso_packet_descriptor));
    if (memory == nullptr) {
        return nullptr;
    }
    auto *transfer = new (memory) Transfer;
    transfer->shown.num_iso_packets = iso_packets;
    transfer->next_live = world().transfers;
    world().transfers = transfer;
    return &transfer->shown;
}

void libusb_free_transfer(struct libusb_transfer *shown)
{
    Lock lock;

    (void)begin_call(__func__, false);
    if (shown == nullptr) {
        return;
    }
    Transfer *transfer = find_transfer(__func__, shown);
    if (transfer == nullptr) {
        return;
    }
    if (transfer->state != State::Idle) {
        complain("libusb_free_transfer: it is under way");
        return;
    }
    if ((shown->flags & LIBUSB_TRANSFER_FREE_BUFFER) != 0) {
        free(shown->buffer);
    }
    Transfer **at = &world().transfers;
    while (*at != transfer) {
        at = &(*at)->next_live;
    }
    *at = transfer->next_live;
    transfer->~Transfer();
    free(transfer);
}

int libusb_submit_transfer(struct libusb_transfer *shown)
{
    Lock lock;
    int result = begin_call(__func__);
    Transfer *transfer = find_transfer(__func__, shown);

    if (result != 0 || transfer == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    if (transfer->state != State::Idle) {
        complain("libusb_submit_transfer: it is under way already");
        return LIBUSB_ERROR_BUSY;
    }
    if (find_handle(__func__, shown->dev_handle) == nullptr) {
        return LIBUSB_ERROR_INVALID_PARAM;
    }
    Refusal &refusal = world().refuse[shown->endpoint % ENDPOINTS];
    if (refusal.left != 0 && --refusal.left == 0) {
        world().failures++;
        return refusal.error;
    }
    return submit(transfer);
}

int libusb_cancel_transfer(struct libusb_transfer *shown)
{
    Lock lock;
    int result = begin_call(__func__);
    Transfer *transfer = find_transfer(__func__, shown);

    if (result != 0 || transfer == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_NOT_FOUND;
    }
    if (transfer->state != State::Queued) {
        return LIBUSB_ERROR_NOT_FOUND;
    }
    finish(transfer, LIBUSB_TRANSFER_CANCELLED);
    return 0;
}

// ---- Synchronous ones ----

static int synchronous(Lock &lock, Transfer *transfer)
{
    libusb_context *context = transfer->shown.dev_handle->device->context;

    if (context->busy && context->handler == std::this_thread::get_id()) {
        complain("a synchronous transfer within a callback");
        return LIBUSB_ERROR_BUSY;
    }
    transfer->internal = true;
    int result = submit(transfer);
    if (result != 0) {
        return result;
    }
    handle_until_done(lock, transfer);
    switch (transfer->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return 0;
    case LIBUSB_TRANSFER_TIMED_OUT:
        return LIBUSB_ERROR_TIMEOUT;
    case LIBUSB_TRANSFER_STALL:
        return LIBUSB_ERROR_PIPE;
    case LIBUSB_TRANSFER_OVERFLOW:
        return LIBUSB_ERROR_OVERFLOW;
    case LIBUSB_TRANSFER_NO_DEVICE:
        return LIBUSB_ERROR_NO_DEVICE;
    default:
        return LIBUSB_ERROR_IO;
    }
}

static int transfer_now(const char *function, libusb_device_handle *handle, uint8_t endpoint,
                        unsigned char *data, int length, int *actual, unsigned timeout,
                        uint8_t type)
{
    Lock lock;
    Transfer transfer;
    int result = begin_call(function);

    if (actual != nullptr) {
        *actual = 0;
    }
    if (result == 0 && find_handle(function, handle) == nullptr) {
        result = LIBUSB_ERROR_INVALID_PARAM;
    }
    if (result != 0) {
        return result;
    }
    transfer.shown.dev_handle = handle;
    transfer.shown.endpoint = endpoint;
    transfer.shown.type = type;
    transfer.shown.timeout = timeout;
    transfer.shown.buffer = data;
    transfer.shown.length = length;
    result = synchronous(lock, &transfer);
    if (actual != nullptr) {
        *actual = static_cast<int>(transfer.actual);
    }
    return result;
}

int libusb_control_transfer(libusb_device_handle *handle, uint8_t type, uint8_t request,
                            uint16_t value, uint16_t index, unsigned char *data, uint16_t length,
                            unsigned int timeout)
{
    constexpr uint16_t most = 4096; // as on Linux
    std::vector<uint8_t> whole(8u + length);
    int actual = 0;

    if (length > most)
        return LIBUSB_ERROR_INVALID_PARAM;

    libusb_fill_control_setup(whole.data(), type, request, value, index, length);
    if ((type & LIBUSB_ENDPOINT_IN) == 0 && length != 0) {
        std::memcpy(whole.data() + 8, data, length);
    }
    int result = transfer_now(__func__, handle, 0, whole.data(), static_cast<int>(whole.size()),
                              &actual, timeout, LIBUSB_TRANSFER_TYPE_CONTROL);
    if (result == 0 && (type & LIBUSB_ENDPOINT_IN) != 0 && actual > 0) {
        std::memcpy(data, whole.data() + 8, static_cast<size_t>(actual));
    }
    return result != 0 ? result : actual;
}

int libusb_bulk_transfer(libusb_device_handle *handle, unsigned char endpoint, unsigned char *data,
                         int length, int *actual, unsigned int timeout)
{
    return transfer_now(__func__, handle, endpoint, data, length, actual, timeout,
                        LIBUSB_TRANSFER_TYPE_BULK);
}

int libusb_interrupt_transfer(libusb_device_handle *handle, unsigned char endpoint,
                              unsigned char *data, int length, int *actual, unsigned int timeout)
{
    return transfer_now(__func__, handle, endpoint, data, length, actual, timeout,
                        LIBUSB_TRANSFER_TYPE_INTERRUPT);
}

// ---- Events ----

int libusb_handle_events_timeout_completed(libusb_context *asked, struct timeval *timeout,
                                           int *completed)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_context *context = find_context(__func__, asked);

    if (result != 0 || context == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    world().longest_round_us =
        std::max(world().longest_round_us, static_cast<uint64_t>(timeout->tv_sec) * 1000000 +
                                               static_cast<uint64_t>(timeout->tv_usec));
    return handle_events(lock, context,
                         static_cast<uint64_t>(timeout->tv_sec) * 1000 * MS +
                             static_cast<uint64_t>(timeout->tv_usec) * 1000,
                         completed);
}

int libusb_pollfds_handle_timeouts(libusb_context *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    return find_context(__func__, asked) != nullptr && world().timer;
}

int libusb_handle_events_timeout(libusb_context *context, struct timeval *timeout)
{
    return libusb_handle_events_timeout_completed(context, timeout, nullptr);
}

int libusb_handle_events_completed(libusb_context *context, int *completed)
{
    struct timeval minute = {60, 0};

    return libusb_handle_events_timeout_completed(context, &minute, completed);
}

int libusb_handle_events(libusb_context *context)
{
    return libusb_handle_events_completed(context, nullptr);
}

void libusb_interrupt_event_handler(libusb_context *asked)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_context *context = find_context(__func__, asked);
    if (context != nullptr) {
        context->interrupted = true;
        context->news.notify_all();
    }
}

uint64_t fake_usb_longest_round_us(void)
{
    Lock lock;
    uint64_t longest = world().longest_round_us;

    world().longest_round_us = 0;
    return longest;
}

uint64_t fake_usb_callbacks(int here)
{
    Lock lock;

    return here ? callbacks_here : world().callbacks;
}

// ---- Hotplug ----

int libusb_hotplug_register_callback(libusb_context *asked, int events, int flags, int vendor,
                                     int product, int device_class,
                                     libusb_hotplug_callback_fn callback, void *user,
                                     libusb_hotplug_callback_handle *handle)
{
    Lock lock;
    int result = begin_call(__func__);
    libusb_context *context = find_context(__func__, asked);

    if (result != 0 || context == nullptr) {
        return result != 0 ? result : LIBUSB_ERROR_INVALID_PARAM;
    }
    if (!world().hotplug) {
        return LIBUSB_ERROR_NOT_SUPPORTED;
    }
    context->listeners.push_back(
        {context->next_listener++, events, vendor, product, device_class, callback, user, false});
    if (handle != nullptr) {
        *handle = context->listeners.back().handle;
    }
    if ((flags & LIBUSB_HOTPLUG_ENUMERATE) != 0) {
        std::vector<libusb_device *> there(context->devices.begin(), context->devices.end());
        for (libusb_device *device : there) {
            device->references++;
            tell(lock, context, &context->listeners.back(),
                 {device, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED});
            let_go(device);
        }
    }
    return 0;
}

static Listener *find_listener(libusb_context *context, libusb_hotplug_callback_handle handle)
{
    for (Listener &listener : context->listeners) {
        if (listener.handle == handle && !listener.gone) {
            return &listener;
        }
    }
    return nullptr;
}

void libusb_hotplug_deregister_callback(libusb_context *asked,
                                        libusb_hotplug_callback_handle handle)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_context *context = find_context(__func__, asked);
    Listener *listener = context != nullptr ? find_listener(context, handle) : nullptr;
    if (listener != nullptr) {
        listener->gone = true; // It may be what calls us.
    }
}

void *libusb_hotplug_get_user_data(libusb_context *asked, libusb_hotplug_callback_handle handle)
{
    Lock lock;

    (void)begin_call(__func__, false);
    libusb_context *context = find_context(__func__, asked);
    Listener *listener = context != nullptr ? find_listener(context, handle) : nullptr;
    return listener != nullptr ? listener->user : nullptr;
}
