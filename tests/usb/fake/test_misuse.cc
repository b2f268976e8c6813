// SPDX-License-Identifier: MIT
//
// What a program does wrong is noticed, each in its own words; and what a test asks to go wrong
// does, as often as was asked. These are the fake's negative controls.
#include "blunt.h"

namespace {

class Misuse : public Blunt {
  protected:
    void SetUp() override
    {
        Blunt::SetUp();
        plug_running();
        open();
    }
    void cancel(Once *once)
    {
        EXPECT_EQ(libusb_cancel_transfer(once->transfer), 0);
        EXPECT_TRUE(until([&] { return once->ends == 1; }));
    }
};

TEST_F(Misuse, RightUseIsSilent)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    cancel(&event);
    EXPECT_EQ(event.status, LIBUSB_TRANSFER_CANCELLED);
    EXPECT_EQ(libusb_cancel_transfer(event.transfer), LIBUSB_ERROR_NOT_FOUND);
    EXPECT_EQ(fake_usb_complaints(), 0u);
    EXPECT_EQ(fake_usb_in_flight(), 0u);
}

TEST_F(Misuse, FreeingWhatIsUnderWay)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    libusb_free_transfer(event.transfer);
    expect_wrong("free_transfer: it is under way");
    cancel(&event);
}

TEST_F(Misuse, SubmittingTwice)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    EXPECT_EQ(event.submit(), LIBUSB_ERROR_BUSY);
    expect_wrong("under way already");
    cancel(&event);
}

TEST_F(Misuse, FreeingTwice)
{
    libusb_transfer *transfer = libusb_alloc_transfer(0);
    libusb_free_transfer(transfer);
    libusb_free_transfer(transfer);
    expect_wrong("it is freed");
}

TEST_F(Misuse, HandleAfterClose)
{
    libusb_device_handle *closed = handle;
    libusb_close(handle);
    handle = nullptr;
    EXPECT_EQ(libusb_claim_interface(closed, 0), LIBUSB_ERROR_INVALID_PARAM);
    expect_wrong("it is closed");
    libusb_close(closed);
    expect_wrong("it is closed");
}

TEST_F(Misuse, ClosingWithTransfersUnderWay)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    libusb_close(handle);
    expect_wrong("libusb_close: 1 transfers");
    ASSERT_EQ(libusb_cancel_transfer(event.transfer), 0);
    libusb_close(handle); // cancelled, but nobody has been told
    expect_wrong("libusb_close: 1 transfers");
    EXPECT_TRUE(until([&] { return event.ends == 1; }));
}

TEST_F(Misuse, AfterExit)
{
    libusb_exit(context);
    expect_wrong("1 handles are open");
    libusb_close(handle);
    handle = nullptr;
    libusb_exit(context);
    libusb_device **list;
    EXPECT_EQ(libusb_get_device_list(context, &list), LIBUSB_ERROR_INVALID_PARAM);
    context = nullptr;
    expect_wrong("libusb_exit ended it");
    libusb_interrupt_event_handler(nullptr);
    expect_wrong("no default context");
}

TEST_F(Misuse, DeviceKeptAndDeviceLost)
{
    libusb_device *device = libusb_ref_device(libusb_get_device(handle));
    libusb_close(handle);
    handle = nullptr;
    libusb_exit(context);
    context = nullptr;
    expect_wrong("1 references");
    libusb_unref_device(device);
    expect_wrong("no reference holds it");
}

TEST_F(Misuse, BufferWrittenUnderWay)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    event.bytes[5] ^= 1;
    cancel(&event);
    expect_wrong("a buffer was written to");
    // What a cancelled transfer had room for means nothing.
    EXPECT_EQ(event.bytes[63], 0xdb);
}

TEST_F(Misuse, TransferChangedUnderWay)
{
    Once event(handle, 0x82, 64);
    ASSERT_EQ(event.submit(), 0);
    event.transfer->length = 32;
    cancel(&event);
    expect_wrong("changed while it was under way");
    event.transfer->length = 64;
}

TEST_F(Misuse, EventsWithinACallback)
{
    struct Inside {
        libusb_context *context;
        libusb_device_handle *handle;
        int events, control;
        bool done;
    } inside = {context, handle, 0, 0, false};
    libusb_transfer *transfer = libusb_alloc_transfer(0);
    uint8_t bytes[64];
    libusb_fill_interrupt_transfer(
        transfer, handle, 0x82, bytes, 64,
        [](libusb_transfer *ended) {
            auto *in = static_cast<Inside *>(ended->user_data);
            struct timeval none = {0, 0};
            uint8_t data[4];
            in->events = libusb_handle_events_timeout(in->context, &none);
            in->control = libusb_control_transfer(in->handle, 0xc0, 1, 0, 0, data, 4, 100);
            in->done = true;
        },
        &inside, 0);
    ASSERT_EQ(libusb_submit_transfer(transfer), 0);
    ASSERT_EQ(libusb_cancel_transfer(transfer), 0);
    ASSERT_TRUE(until([&] { return inside.done; }));
    EXPECT_EQ(inside.events, LIBUSB_ERROR_BUSY);
    EXPECT_EQ(inside.control, LIBUSB_ERROR_BUSY);
    ASSERT_EQ(fake_usb_complaints(), 2u);
    EXPECT_NE(std::string(fake_usb_complaint(0)).find("events are handled"), std::string::npos);
    EXPECT_NE(std::string(fake_usb_complaint(1)).find("synchronous"), std::string::npos);
    wrongs = 2;
    libusb_free_transfer(transfer);
}

TEST_F(Misuse, EndpointOfAnUnclaimedInterface)
{
    ASSERT_EQ(libusb_release_interface(handle, 0), 0);
    Once event(handle, 0x82, 64);
    EXPECT_EQ(event.submit(), LIBUSB_ERROR_NOT_FOUND);
    expect_wrong("not claimed");
}

TEST_F(Misuse, LeaksAreCounted)
{
    libusb_config_descriptor *config;
    libusb_device **list;
    (void)libusb_alloc_transfer(0);
    ASSERT_NE(libusb_dev_mem_alloc(handle, 4096), nullptr);
    ASSERT_EQ(libusb_get_config_descriptor(libusb_get_device(handle), 0, &config), 0);
    ASSERT_EQ(libusb_get_device_list(context, &list), 1);
    handle = nullptr;
    context = nullptr;
    // Context, handle, transfer, block, descriptor, list.
    EXPECT_EQ(fake_usb_reset(), 6u);
    libusb_free_config_descriptor(config);
    libusb_free_device_list(list, 0);
    expect_wrong("libusb_free_config_descriptor: more than");
    expect_wrong("libusb_free_device_list: more than");
}

// ---- What a test asks for ----

TEST_F(Misuse, TheNthCallFails)
{
    fake_usb_fail_call("libusb_submit_transfer", 2, LIBUSB_ERROR_IO);
    Once first(handle, 0x82, 64), second(handle, 0x82, 64);
    EXPECT_EQ(first.submit(), 0);
    EXPECT_EQ(second.submit(), LIBUSB_ERROR_IO);
    EXPECT_EQ(fake_usb_failures(), 1u);
    EXPECT_EQ(fake_usb_calls("libusb_submit_transfer"), 2u);
    cancel(&first);
    fake_usb_fail_call(nullptr, 1, LIBUSB_ERROR_NO_MEM);
    EXPECT_EQ(libusb_alloc_transfer(0), nullptr);
    EXPECT_EQ(fake_usb_failures(), 2u);
    fake_usb_refuse_transfer(0x81, 2, LIBUSB_ERROR_IO);
    Once other(handle, 0x81, 1024);
    EXPECT_EQ(other.submit(), 0);
    EXPECT_EQ(first.submit(), 0);
    cancel(&other);
    cancel(&first);
    EXPECT_EQ(other.submit(), LIBUSB_ERROR_IO);
    EXPECT_EQ(fake_usb_failures(), 3u);
    fake_usb_fail_calls("libusb_submit_transfer", 1, 2, LIBUSB_ERROR_IO);
    EXPECT_EQ(second.submit(), LIBUSB_ERROR_IO);
    EXPECT_EQ(second.submit(), LIBUSB_ERROR_IO);
    EXPECT_EQ(second.submit(), 0);
    EXPECT_EQ(fake_usb_failures(), 5u);
    cancel(&second);
}

TEST_F(Misuse, UnplugAtTheNthCall)
{
    fake_usb_unplug_at_call(card, "libusb_control_transfer", 3);
    EXPECT_EQ(set(map::R_SCRATCH, 1), 4);
    EXPECT_EQ(set(map::R_SCRATCH, 2), 4);
    EXPECT_EQ(set(map::R_SCRATCH, 3), LIBUSB_ERROR_NO_DEVICE);
    EXPECT_EQ(fake_usb_failures(), 1u);
}

TEST_F(Misuse, TransfersFailAsAsked)
{
    uint8_t data[4];
    fake_usb_fail_transfer(0, 1, LIBUSB_TRANSFER_STALL);
    EXPECT_EQ(set(map::R_SCRATCH, 1), LIBUSB_ERROR_PIPE);
    EXPECT_EQ(set(map::R_SCRATCH, 1), 4);
    fake_usb_fail_transfers(0, 1, 2, LIBUSB_TRANSFER_STALL);
    EXPECT_EQ(set(map::R_SCRATCH, 1), LIBUSB_ERROR_PIPE);
    EXPECT_EQ(set(map::R_SCRATCH, 1), LIBUSB_ERROR_PIPE);
    EXPECT_EQ(set(map::R_SCRATCH, 1), 4);
    fake_usb_fail_transfer(0, 1, LIBUSB_TRANSFER_TIMED_OUT);
    auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(libusb_control_transfer(handle, 0xc0, 1, 0, 0, data, 4, 50), LIBUSB_ERROR_TIMEOUT);
    EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(50));
    EXPECT_EQ(set(map::R_SCRATCH, 1), 4);
    fake_usb_fail_transfer(1, 2, LIBUSB_TRANSFER_OVERFLOW);
    select(0);
    set(map::R_CAPTURE_CONTROL, 1);
    Once whole(handle, 0x81, 16384);
    for (int n = 1; n <= 3; n++) {
        ASSERT_EQ(whole.submit(), 0);
        ASSERT_TRUE(until([&] { return whole.ends == n; }));
        EXPECT_EQ(whole.status, n == 2 ? LIBUSB_TRANSFER_OVERFLOW : LIBUSB_TRANSFER_COMPLETED);
    }
    EXPECT_EQ(fake_usb_failures(), 5u);
}

TEST_F(Misuse, TransferTimesOut)
{
    Once event(handle, 0x82, 64, 30);
    ASSERT_EQ(event.submit(), 0);
    ASSERT_TRUE(until([&] { return event.ends == 1; }));
    EXPECT_EQ(event.status, LIBUSB_TRANSFER_TIMED_OUT);
    EXPECT_EQ(event.actual, 0);
}

TEST_F(Misuse, OddRoomOverflows)
{
    select(0);
    set(map::R_CAPTURE_CONTROL, 1);
    Once odd(handle, 0x81, 1500);
    ASSERT_EQ(odd.submit(), 0);
    ASSERT_TRUE(until([&] { return odd.ends == 1; }));
    EXPECT_EQ(odd.status, LIBUSB_TRANSFER_OVERFLOW);
}

TEST_F(Misuse, MemoryBudget)
{
    fake_usb_set_memory_budget(100);
    Once one(handle, 0x82, 64), two(handle, 0x82, 64);
    EXPECT_EQ(one.submit(), 0);
    EXPECT_EQ(two.submit(), LIBUSB_ERROR_NO_MEM);
    cancel(&one);
    fake_usb_set_dev_mem(0);
    EXPECT_EQ(libusb_dev_mem_alloc(handle, 64), nullptr);
}

// Submitters, a canceller, a handler of events and synchronous calls, all at once.
TEST_F(Misuse, ManyThreads)
{
    select(0);
    set(map::R_CAPTURE_CONTROL, 1);
    std::atomic<bool> ends{false};
    std::thread handler([&] {
        while (!ends) {
            struct timeval little = {0, 5000};
            (void)libusb_handle_events_timeout_completed(context, &little, nullptr);
        }
    });
    struct Again {
        std::atomic<int> left, under_way;
        static void ended(libusb_transfer *transfer)
        {
            auto *self = static_cast<Again *>(transfer->user_data);
            if (--self->left < 0 || libusb_submit_transfer(transfer) != 0) {
                self->under_way--;
            }
        }
    } again{{200}, {4}};
    libusb_transfer *transfers[4];
    std::vector<uint8_t> memory(4 * 16384);
    for (int n = 0; n < 4; n++) {
        transfers[n] = libusb_alloc_transfer(0);
        libusb_fill_bulk_transfer(transfers[n], handle, 0x81, &memory[n * 16384u], 16384,
                                  Again::ended, &again, 0);
        ASSERT_EQ(libusb_submit_transfer(transfers[n]), 0);
    }
    while (again.under_way > 0) {
        EXPECT_EQ(set(map::R_SCRATCH, 7), 4);
        (void)libusb_cancel_transfer(transfers[again.left & 3]);
    }
    ends = true;
    libusb_interrupt_event_handler(context);
    handler.join();
    for (libusb_transfer *transfer : transfers) {
        libusb_free_transfer(transfer);
    }
}

} // namespace
