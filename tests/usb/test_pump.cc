/* SPDX-License-Identifier: MIT */
/*
 * Who handles libusb's events: the thread that waits for frames, as long as it comes regularly and all it gave is asked for;
 * else the library's. Whoever it is, nothing is lost, and every wait ends.
 */
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <numeric>
#include <thread>

#include "../support/patience.h"
#include "fixture.h"
#include "late_frame.h"

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool PlatformReady(vdc_handle handle, int timeout_ms); /* the conformance suite's */

namespace {

constexpr uint64_t BUFFERS = 4;
const milliseconds AWAY(800); /* more than twice what makes the library's thread take over */

class UsbPump : public UsbTest {
  protected:
    fake_usb_card *Capture(const char *id = "usb:A1")
    {
        fake_usb_card *card = Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
        Open(id);
        vdc_stream_config config = Small();
        config.buffer_count = BUFFERS;
        Stream(config);
        Look();
        Start();
        Take(5);
        return card;
    }
    /* Of the callbacks while `act` runs, how many were on this thread, and on others. */
    void Count(const std::function<void()> &act)
    {
        uint64_t here_before = fake_usb_callbacks(1), all_before = fake_usb_callbacks(0);
        act();
        here = fake_usb_callbacks(1) - here_before;
        others = fake_usb_callbacks(0) - all_before - here;
    }
    /* All buffers in hand: nothing comes any more. */
    void Hold()
    {
        for (const vdc_frame *&frame : held)
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 5000)) << vdc_error_text();
    }
    void GiveBack()
    {
        for (const vdc_frame *&frame : held) {
            if (frame) {
                EXPECT_EQ(VDC_OK, vdc_stream_release(stream, frame)) << vdc_error_text();
            }
            frame = nullptr;
        }
    }
    /* All buffers in hand, and the control thread's request without an answer for its second: until then nothing on the bus
     * ends a wait. */
    void Silence()
    {
        if (!held[0])
            Hold();
        uint64_t before = fake_usb_failures();
        fake_usb_fail_transfer(0, 1, LIBUSB_TRANSFER_TIMED_OUT);
        while (fake_usb_failures() == before)
            ASSERT_EQ(VDC_E_TIMEOUT, TakeToTheEnd(20));
    }
    /* A wait that only `act`, of another thread, can end. */
    int WaitsUntil(const std::function<void()> &act)
    {
        std::atomic<bool> acted{false};
        steady_clock::time_point when;
        std::thread other([&] {
            std::this_thread::sleep_for(milliseconds(100));
            acted = true;
            when = steady_clock::now();
            act();
        });
        const vdc_frame *frame = nullptr;
        int status = vdc_stream_wait(&frame, stream, 60000);
        auto ended = steady_clock::now();
        EXPECT_TRUE(acted);
        other.join();
        slowest = std::max(slowest, ended - when);
        if (status == VDC_OK)
            vdc_stream_release(stream, frame);
        return status;
    }
    testing::AssertionResult Soon(const std::function<void()> &attempt)
    {
        return Patiently(3, [&] {
            slowest = {};
            attempt();
            Close();
            EXPECT_EQ(0u, fake_usb_reset());
            return slowest < milliseconds(300)
                       ? testing::AssertionSuccess()
                       : testing::AssertionFailure() << slowest.count() / 1000000 << " ms";
        });
    }
    uint64_t here = 0, others = 0;
    steady_clock::duration slowest{};
    const vdc_frame *held[BUFFERS] = {};
};

/* Frames and the answers of requests, too; the control is a stream of which not all is asked for at once. */
TEST_F(UsbPump, TheWaitingThreadHandlesItsFrames)
{
    for (const char *id : {"usb:A1", "usb:A1?devmem=off"}) {
        bool alone = std::strchr(id, '?') == nullptr;
        fake_usb_card *card = Capture(id);
        Count([this] { Take(30); });
        if (alone) {
            EXPECT_GE(here, 28u);
            EXPECT_LE(others, 2u) << "those that a request met";
        } else {
            EXPECT_EQ(0u, here);
            EXPECT_GE(others, 28u);
        }
        StopAndCompare(card);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
}

/* As many frames as it gave buffers are there, and follow the last one, however long it was away; when it is away for
 * long the library's thread has brought them. */
TEST_F(UsbPump, NothingIsLostWhileItComputes)
{
    for (milliseconds away : {milliseconds(150), AWAY}) {
        EXPECT_TRUE(Patiently(5, [&] {
            testing::AssertionResult result = testing::AssertionSuccess();
            fake_usb_card *card = Capture();
            for (int turn = 0; turn < 3; turn++) {
                Take(3);
                uint64_t next = last.sequence + 1;
                std::this_thread::sleep_for(away);
                Count([&] {
                    for (uint64_t i = 0; i < BUFFERS; i++) {
                        int status = vdc_stream_wait(&held[i], stream, 0);
                        if (status != VDC_OK)
                            held[i] = nullptr;
                        if (status != VDC_OK || held[i]->sequence != next + i)
                            result = testing::AssertionFailure()
                                     << vdc_status_name(status) << " for " << next + i;
                    }
                });
                if (away == AWAY && here != 0)
                    result = testing::AssertionFailure() << here << " by the waiting thread";
                GiveBack();
            }
            StopAndCompare(card);
            Close();
            EXPECT_EQ(0u, fake_usb_reset());
            return result;
        }));
    }
}

/* Nor is anything brought to a wait that is over. */
TEST_F(UsbPump, BehindAWaitInVain)
{
    fake_usb_card *card = Capture();
    const vdc_frame *frame = nullptr;
    Hold();
    uint64_t next = held[BUFFERS - 1]->sequence + 1;
    EXPECT_EQ(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream, 30));
    GiveBack();
    std::this_thread::sleep_for(AWAY);
    for (const vdc_frame *&got : held) {
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&got, stream, 5000)) << vdc_error_text();
        EXPECT_EQ(got->sequence - next,
                  std::accumulate(std::begin(got->dropped), std::end(got->dropped), 0u));
        next = got->sequence + 1;
    }
    GiveBack();
    StopAndCompare(card);
}

/* It has what another thread brought, though it had given up to be brought anything. */
TEST_F(UsbPump, WhatComesJustBehindIt)
{
    EXPECT_TRUE(Patiently(5, [] {
        uint64_t taken = 0;
        auto begun = steady_clock::now();
        EXPECT_EQ(VDC_OK, late_frame_wait(4711, &taken));
        EXPECT_EQ(4711u, taken);
        return steady_clock::now() - begun < milliseconds(700)
                   ? testing::AssertionSuccess()
                   : testing::AssertionFailure() << "with the next round only";
    }));
}

/* By waits that do not wait, too. */
TEST_F(UsbPump, PollsGetEveryFrame)
{
    fake_usb_card *card = Capture();
    auto end = steady_clock::now() + milliseconds(30000);
    uint64_t next = last.sequence + 1, misses = 0;
    for (int got = 0; got < 40 && steady_clock::now() < end;) {
        const vdc_frame *frame = nullptr;
        int status = vdc_stream_wait(&frame, stream, 0);
        if (status == VDC_E_TIMEOUT) {
            misses++;
            std::this_thread::sleep_for(milliseconds(1));
            continue;
        }
        ASSERT_EQ(VDC_OK, status) << vdc_error_text();
        EXPECT_LE(next, frame->sequence);
        next = frame->sequence + 1;
        vdc_stream_release(stream, frame);
        got++;
    }
    EXPECT_GE(next, 40u);
    EXPECT_GT(misses, 0u);
    StopAndCompare(card);
}

TEST_F(UsbPump, AWaitHasAnEnd)
{
    Capture();
    Hold();
    for (int timeout_ms : {0, 1, 30, 300}) {
        const vdc_frame *frame = nullptr;
        auto begun = steady_clock::now();
        EXPECT_EQ(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream, timeout_ms));
        EXPECT_GE(steady_clock::now() - begun, milliseconds(timeout_ms));
        EXPECT_LT(steady_clock::now() - begun, milliseconds(20000));
    }
    GiveBack();
    Take(5);
}

/* The waiting thread has no timer of its own beyond the library's next look at it, which is 250 ms behind its coming back. */
TEST_F(UsbPump, TheLibraryKeepsADeadline)
{
    const milliseconds timeout(500);
    EXPECT_TRUE(Soon([&] {
        Capture();
        Hold();
        std::this_thread::sleep_for(milliseconds(300));
        Silence();
        const vdc_frame *frame = nullptr;
        auto begun = steady_clock::now();
        EXPECT_EQ(VDC_E_TIMEOUT,
                  vdc_stream_wait(&frame, stream, static_cast<int>(timeout.count())));
        slowest = steady_clock::now() - begun - timeout;
        EXPECT_GE(slowest, milliseconds(0));
        GiveBack();
    }));
}

/* With -1 milliseconds, into which libusb turns this, the kernel has no timer to set up for a frame. Where libusb would miss the
 * timeouts of requests meanwhile, a round is short. */
TEST_F(UsbPump, ARoundHasNoEndOfItsOwn)
{
    for (bool timer : {true, false}) {
        fake_usb_set_timer(timer);
        fake_usb_card *card = Capture();
        (void)fake_usb_longest_round_us();
        for (int i = 0; i < 30; i++)
            EXPECT_EQ(VDC_OK, TakeToTheEnd(20000, 1));
        uint64_t longest_us = fake_usb_longest_round_us();
        if (timer && sizeof(timeval::tv_sec) > 4)
            EXPECT_EQ(UINT64_C(4294967295000), longest_us);
        else if (timer)
            EXPECT_EQ(UINT64_C(2147482295000), longest_us);
        else
            EXPECT_LE(longest_us, UINT64_C(1000000));
        StopAndCompare(card);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
}

TEST_F(UsbPump, OtherThreadsEndAWait)
{
    EXPECT_TRUE(Soon([this] {
        Capture();
        Silence();
        EXPECT_EQ(VDC_OK, WaitsUntil([this] { GiveBack(); }));
    }));
    EXPECT_TRUE(Soon([this] {
        Capture();
        Silence();
        EXPECT_EQ(VDC_E_CANCELLED, WaitsUntil([this] { vdc_stream_cancel(stream); }));
        GiveBack();
    }));
    EXPECT_TRUE(Soon([this] {
        fake_usb_card *card = Capture();
        Silence();
        EXPECT_EQ(VDC_E_GONE, WaitsUntil([card] { fake_usb_unplug(card); }));
        GiveBack();
    }));
}

/* A transfer that is refused is a failure behind the doubt. */
TEST_F(UsbPump, AFailureEndsAWait)
{
    Capture();
    Hold();
    fake_usb_refuse_transfer(0x81, 1, LIBUSB_ERROR_IO);
    EXPECT_EQ(VDC_E_IO, WaitsUntil([this] { GiveBack(); }));
}

/* Requests of another thread are answered, whether the waiting one stays, goes meanwhile or was never there. */
TEST_F(UsbPump, RequestsMeanwhile)
{
    fake_usb_card *card = Capture();
    std::atomic<int> asked{0};
    std::atomic<bool> enough{false};
    std::thread other([&] {
        while (!enough) {
            Stats();
            asked++;
        }
    });
    Take(20);
    EXPECT_GE(asked, 1);
    for (int before = asked; asked < before + 3;) {
        std::this_thread::sleep_for(milliseconds(1));
    }
    enough = true;
    other.join();
    StopAndCompare(card);
}

/* One that is never answered ends after its second, though the waiting thread left behind its beginning. */
TEST_F(UsbPump, ARequestWithoutAnswerEnds)
{
    Capture();
    Hold();
    fake_usb_fail_transfer(0, 1, LIBUSB_TRANSFER_TIMED_OUT);
    const vdc_frame *frame = nullptr;
    std::thread other([this] {
        std::this_thread::sleep_for(milliseconds(100));
        Stats();
    });
    EXPECT_EQ(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream, 200));
    auto begun = steady_clock::now();
    other.join();
    EXPECT_LT(steady_clock::now() - begun, milliseconds(20000));
    EXPECT_EQ(1u, fake_usb_failures());
    GiveBack();
    Take(5);
}

/* A handle is ready without anybody in wait, from the first call on. */
TEST_F(UsbPump, PollingBehindWaiting)
{
    fake_usb_card *card = Capture();
    Hold();
    vdc_handle handle;
    std::thread other([&] { ASSERT_EQ(VDC_OK, vdc_stream_get_handle(&handle, stream)); });
    other.join();
    EXPECT_FALSE(PlatformReady(handle, 0));
    Count([&] {
        GiveBack();
        EXPECT_TRUE(PlatformReady(handle, 20000));
        Take(10);
        EXPECT_TRUE(PlatformReady(handle, 20000));
    });
    EXPECT_EQ(0u, here);
    EXPECT_GE(others, 10u);
    StopAndCompare(card);
}

TEST_F(UsbPump, PollingWhileAThreadWaits)
{
    Capture();
    Hold();
    vdc_handle handle;
    EXPECT_EQ(VDC_OK, WaitsUntil([&] {
                  ASSERT_EQ(VDC_OK, vdc_stream_get_handle(&handle, stream));
                  GiveBack();
              }));
    EXPECT_TRUE(PlatformReady(handle, 20000));
    Count([this] { Take(10); });
    EXPECT_EQ(0u, here);
}

/* Behind a wait nobody handles events; to stop, to close and to go on with all that needs somebody who does. */
TEST_F(UsbPump, StopAndCloseBehindAWait)
{
    fake_usb_card *card = Capture();
    for (int i = 0; i < 10; i++) {
        StopAndCompare(card);
        Start();
        Take(1 + i % 3);
    }
    Close();
    Open();
    Stream(Small());
    Look();
    Start();
    Take(3);
}

/* A frame that ends early, with the waiting thread at work and away: what comes behind it is in order. */
TEST_F(UsbPump, ABrokenFrame)
{
    for (milliseconds away : {milliseconds(0), AWAY}) {
        fake_usb_card *card = Capture();
        uint64_t before = last.sequence;
        fake_usb_resize_transfer(0x81, 2, 1000);
        std::this_thread::sleep_for(away);
        Take(12);
        EXPECT_GT(last.sequence, before + 12);
        EXPECT_EQ(1u, fake_usb_failures());
        StopAndCompare(card);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
}

/* One transfer a frame into memory that libusb maps, all at once; where there is none, smaller ones, as many as carry two frames. */
TEST_F(UsbPump, WhatIsAskedForFollowsTheMemory)
{
    for (bool mapped : {true, false}) {
        EXPECT_TRUE(Patiently(3, [&] {
            fake_usb_set_dev_mem(mapped);
            Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
            Open();
            vdc_stream_config config = Small(1920, 1080);
            config.buffer_count = BUFFERS;
            Stream(config);
            Start();
            uint64_t asked = fake_usb_in_flight() - 1; /* the event's */
            Close();
            EXPECT_EQ(0u, fake_usb_reset());
            return (mapped ? asked == BUFFERS : asked >= 8)
                       ? testing::AssertionSuccess()
                       : testing::AssertionFailure() << asked << " transfers";
        }));
    }
}

/* Everybody at once, for a thread sanitizer to look at. */
TEST_F(UsbPump, AllAtOnce)
{
    fake_usb_card *card = Capture();
    std::atomic<bool> enough{false};
    std::thread asks([&] {
        while (!enough)
            Stats();
    });
    std::thread cancels([&] {
        while (!enough) {
            vdc_stream_cancel(stream);
            std::this_thread::sleep_for(milliseconds(7));
        }
    });
    for (int turn = 0; turn < 15; turn++) {
        int status = TakeToTheEnd(turn % 3 ? 5000 : 0, 10);
        EXPECT_TRUE(status == VDC_OK || status == VDC_E_TIMEOUT || status == VDC_E_CANCELLED);
        if (status == VDC_E_CANCELLED) {
            EXPECT_EQ(VDC_OK, vdc_stream_stop(stream));
            Start();
        }
    }
    enough = true;
    asks.join();
    cancels.join();
    StopAndCompare(card);
}

} // namespace
