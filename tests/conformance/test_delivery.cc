/* SPDX-License-Identifier: MIT */
/*
 * Delivery by waiting: time-outs, cancel, stop, who may wait. To make a wait block, the cases hold every
 * buffer, since a fast device would otherwise always have a frame.
 */
#include <algorithm>
#include <atomic>
#include <thread>

#include "suite.h"

class Delivery : public Case {
  protected:
    /* Takes frames without giving them back, until no buffer is left. */
    void HoldAll()
    {
        held_.clear();
        while (held_.size() < info.buffer_count) {
            const vdc_frame *frame = Take();
            ASSERT_NE(frame, nullptr);
            held_.push_back(frame);
        }
    }
    void GiveAll()
    {
        for (const vdc_frame *frame : held_)
            MUST(Give(frame));
        held_.clear();
    }
    /* A thread that waits without end; its status and how long it took to come back. */
    struct Waiter {
        explicit Waiter(vdc_stream *stream)
            : thread([this, stream] {
                  waiting = true;
                  const vdc_frame *frame = nullptr;
                  status = vdc_stream_wait(&frame, stream, -1);
                  back_ms = NowMs();
              })
        {
            while (!waiting)
                std::this_thread::yield();
            SleepMs(20); /* it should be inside by now; cases are right if it is not */
        }
        ~Waiter() { Join(); }
        void Join()
        {
            if (thread.joinable())
                thread.join();
        }
        std::atomic<bool> waiting{false};
        int status = 1;
        int64_t back_ms = 0;
        std::thread thread;
    };
    std::vector<const vdc_frame *> held_;
};

TEST_F(Delivery, Waits)
{
    MUST(OpenSmall());
    MUST(Start());
    MUST(TakeAndGive(Frames(200, 2000, IntervalUs())));
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Delivery, NotBeforeStart)
{
    MUST(OpenSmall());
    const vdc_frame *frame = nullptr;
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, stream, 1000));
    MUST(Start());
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(stream)) << "it runs already";
    MUST(TakeAndGive(1));
    MUST(Stop());
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, stream, 1000));
    EXPECT_EQ(frame, nullptr);
}

TEST_F(Delivery, ZeroTimeoutReturnsAtOnce)
{
    MUST(OpenSmall());
    MUST(Start());
    int64_t longest = 0;
    for (int i = 0; i < Times(300, 3000); ++i) {
        const vdc_frame *frame = nullptr;
        Stopwatch watch;
        int status = vdc_stream_wait(&frame, stream, 0);
        longest = std::max(longest, watch.Ms());
        if (status == VDC_OK) {
            account.Frame(frame);
            MUST(Give(frame));
        } else {
            ASSERT_STATUS(VDC_E_TIMEOUT, status);
        }
    }
    EXPECT_LT(longest, 500);
    MUST(HoldAll());
    Stopwatch watch;
    const vdc_frame *none = nullptr;
    for (int i = 0; i < 20; ++i)
        ASSERT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&none, stream, 0));
    EXPECT_LT(watch.Ms(), 500) << "20 polls";
    MUST(GiveAll());
    MUST(Stop());
}

TEST_F(Delivery, TimeoutIsKept)
{
    MUST(OpenSmall());
    MUST(Start());
    MUST(HoldAll());
    for (int timeout : {1, 30, 100}) {
        const vdc_frame *frame = nullptr;
        Stopwatch watch;
        EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream, timeout));
        EXPECT_GE(watch.Ms(), timeout - 1);
        EXPECT_LT(watch.Ms(), timeout + kSlackMs);
    }
    MUST(GiveAll());
    MUST(TakeAndGive(3));
    MUST(Stop());
}

TEST_F(Delivery, CancelWakesTheWaiter)
{
    MUST(OpenSmall());
    int64_t longest = 0;
    for (int i = 0; i < Times(10, 100); ++i) {
        MUST(Start());
        MUST(HoldAll());
        {
            Waiter waiter(stream);
            int64_t now = NowMs();
            vdc_stream_cancel(stream);
            waiter.Join();
            EXPECT_STATUS(VDC_E_CANCELLED, waiter.status);
            longest = std::max(longest, waiter.back_ms - now);
        }
        const vdc_frame *frame = nullptr;
        for (int k = 0; k < 3; ++k)
            EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream, k ? 1000 : 0))
                << "until the next start";
        MUST(GiveAll());
        MUST(Stop());
    }
    EXPECT_LT(longest, kSlackMs);
}

TEST_F(Delivery, CancelBeforeTheWait)
{
    MUST(OpenSmall());
    MUST(Start());
    vdc_stream_cancel(stream);
    const vdc_frame *frame = nullptr;
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream, -1));
    MUST(Stop());
    MUST(Start());
    MUST(TakeAndGive(2));
    MUST(Stop());
}

TEST_F(Delivery, SecondWaiterIsBusy)
{
    MUST(OpenSmall());
    MUST(Start());
    MUST(HoldAll());
    {
        Waiter waiter(stream);
        const vdc_frame *frame = nullptr;
        Stopwatch watch;
        EXPECT_STATUS(VDC_E_BUSY, vdc_stream_wait(&frame, stream, 5000));
        EXPECT_LT(watch.Ms(), kSlackMs) << "it does not wait for the other one";
        vdc_stream_cancel(stream);
    }
    MUST(GiveAll());
    MUST(Stop());
}

TEST_F(Delivery, StopWakesTheWaiter)
{
    MUST(OpenSmall());
    for (int i = 0; i < Times(10, 100); ++i) {
        MUST(Start());
        MUST(HoldAll());
        Waiter waiter(stream);
        int64_t now = NowMs();
        MUST(Stop());
        waiter.Join();
        EXPECT_STATUS(VDC_E_STATE, waiter.status);
        EXPECT_LT(waiter.back_ms - now, kSlackMs);
        MUST(GiveAll()); /* frames held stay as they are, and can be given back */
    }
}

TEST_F(Delivery, StopsAndStartsAgain)
{
    MUST(OpenSmall());
    for (int i = 0; i < 100; ++i) {
        MUST(Start());
        MUST(TakeAndGive(i % 4));
        MUST(Stop());
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(stream)) << "it does not run";
    }
}

TEST_F(Delivery, OneStreamADevice)
{
    MUST(OpenSmall());
    vdc_stream *second = nullptr;
    vdc_stream_config config = SmallConfig();
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_open(&second, device, &config));
    EXPECT_EQ(second, nullptr);
    vdc_stream_close(stream);
    stream = nullptr;
    MUST(OpenStream(config));
    MUST(Start());
    MUST(TakeAndGive(2));
    MUST(Stop());
}

TEST_F(Delivery, FramesHeldAcrossStop)
{
    MUST(OpenSmall());
    MUST(Start());
    const vdc_frame *frame = Take();
    ASSERT_NE(frame, nullptr);
    MUST(TakeAndGive(2));
    std::vector<uint8_t> before(frame->planes[0], frame->planes[0] + frame->used_bytes);
    MUST(Stop());
    SleepMs(50);
    EXPECT_EQ(std::vector<uint8_t>(frame->planes[0], frame->planes[0] + frame->used_bytes), before);
    MUST(Start());
    MUST(TakeAndGive(Times(20, 200)));
    EXPECT_EQ(std::vector<uint8_t>(frame->planes[0], frame->planes[0] + frame->used_bytes), before)
        << "a frame that is held is not filled again, a new start included";
    MUST(Give(frame));
    MUST(TakeAndGive(8));
    MUST(Stop());
}

TEST_F(Delivery, ReleaseTwiceOrForeign)
{
    MUST(OpenSmall());
    MUST(Start());
    const vdc_frame *frame = Take();
    ASSERT_NE(frame, nullptr);
    vdc_frame copy = *frame;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream, &copy)) << "not a frame of the library";
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream, nullptr));
    MUST(Give(frame));
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream, frame)) << "it was given back already";
    MUST(TakeAndGive(8));
    MUST(Stop());
}

TEST_F(Delivery, ReleaseFromAnotherThread)
{
    MUST(OpenSmall());
    MUST(Start());
    for (int i = 0; i < Times(20, 200); ++i) {
        const vdc_frame *frame = Take();
        ASSERT_NE(frame, nullptr);
        int status = 1;
        std::thread([&] { status = vdc_stream_release(stream, frame); }).join();
        ASSERT_STATUS(VDC_OK, status);
    }
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Delivery, OthersWorkWhileOneWaits)
{
    MUST(OpenSmall());
    MUST(Start());
    MUST(HoldAll());
    {
        Waiter waiter(stream);
        Stopwatch watch;
        for (int i = 0; i < 20; ++i) {
            vdc_stats now = StatsOf(stream);
            EXPECT_EQ(now.delivered, info.buffer_count);
            int64_t value = 0;
            int status = vdc_device_get_control(&value, device, VDC_CONTROL_BRIGHTNESS);
            EXPECT_TRUE(status == VDC_OK || status == VDC_E_NOT_FOUND) << vdc_error_text();
        }
        EXPECT_LT(watch.Ms(), kSlackMs) << "a waiting thread must not hold others up";
        vdc_stream_cancel(stream);
    }
    MUST(GiveAll());
    MUST(Stop());
}
