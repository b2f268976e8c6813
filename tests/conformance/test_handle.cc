/* SPDX-License-Identifier: MIT */
/*
 * The pollable handles: ready exactly while a zero-timeout wait would not time out. "Not ready" may be
 * overtaken by a frame that comes just then, so that direction is counted where time runs by itself.
 */
#include <thread>

#include "../support/patience.h"
#include "suite.h"

class Handles : public Case {
  protected:
    void OpenHandle()
    {
        MUST(OpenSmall());
        ASSERT_VDC_OK(vdc_stream_get_handle(&handle_, stream));
    }
    /* Poll, then wait(0): did they agree? Gives the frame back at once, or keeps it. */
    void Check(bool keep)
    {
        bool ready = Ready(handle_, 0);
        const vdc_frame *frame = nullptr;
        int status = vdc_stream_wait(&frame, stream, 0);
        ++checks_;
        if (ready) {
            ASSERT_NE(status, VDC_E_TIMEOUT) << "ready, but the wait timed out; check " << checks_;
        } else if (status != VDC_E_TIMEOUT) {
            ++overtaken_;
            ASSERT_FALSE(TheRig().OnDemand()) << "not ready, but the wait had something";
        }
        if (status != VDC_OK)
            return;
        ++frames_;
        account.Frame(frame);
        if (keep)
            held_.push_back(frame);
        else
            MUST(Give(frame));
    }
    void GiveAll()
    {
        for (const vdc_frame *frame : held_)
            MUST(Give(frame));
        held_.clear();
    }
    /* Polls now and then while `frames` come: with pauses between the checks one hardly ever comes just between poll and
     * wait. Pauses of the machine bring poll and frame together; a handle that is told late loses most of them. */
    void PollNowAndThen(int frames)
    {
        uint32_t random = 54321;
        frames_ = overtaken_ = 0;
        MUST(Start());
        while (frames_ < frames) {
            random = random * 1664525u + 1013904223u;
            SleepMs(static_cast<int>((random >> 24) % 3));
            MUST(Check(false));
        }
        MUST(Stop());
    }
    vdc_handle handle_ = 0;
    int checks_ = 0, frames_ = 0, overtaken_ = 0;
    std::vector<const vdc_frame *> held_;
};

TEST_F(Handles, Exact)
{
    MUST(OpenHandle());
    MUST(Start());
    const int checks = Times(4000, 40000), frames = Times(60, 600);
    uint32_t random = 12345;
    while (checks_ < checks || frames_ < frames) {
        random = random * 1664525u + 1013904223u;
        bool keep = (random >> 24) % 3 == 0 && held_.size() < info.buffer_count;
        MUST(Check(keep));
        if ((random >> 16) % 7 == 0 || held_.size() == info.buffer_count) {
            /* With every buffer held nothing can come. */
            if (held_.size() == info.buffer_count)
                for (int i = 0; i < 3; ++i)
                    MUST(Check(false));
            MUST(GiveAll());
        }
    }
    MUST(GiveAll());
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Handles, TellsInTime)
{
    if (TheRig().OnDemand())
        NOT_APPLICABLE("time stands still while nobody waits: Handles.Exact sees both directions");
    MUST(OpenHandle());
    EXPECT_TRUE(Patiently(5, [this] {
        PollNowAndThen(Frames(100, 1000, IntervalUs()));
        int most = TheRig().SlowToLook() ? frames_ / 2 : PlatformOvertaken(frames_);
        if (!HasFatalFailure() && overtaken_ <= most)
            return testing::AssertionSuccess();
        return testing::AssertionFailure()
               << overtaken_ << " of " << frames_ << " frames came before their handle";
    }));
}

TEST_F(Handles, DriveALoop)
{
    MUST(OpenHandle());
    MUST(Start());
    for (int i = 0; i < Frames(100, 1000, IntervalUs()); ++i) {
        ASSERT_TRUE(Ready(handle_, kPatienceMs)) << "frame " << i;
        const vdc_frame *frame = Take(0);
        ASSERT_NE(frame, nullptr);
        MUST(Give(frame));
    }
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Handles, NotReadyWithoutBuffers)
{
    MUST(OpenHandle());
    MUST(Start());
    while (held_.size() < info.buffer_count) {
        const vdc_frame *frame = Take();
        ASSERT_NE(frame, nullptr);
        held_.push_back(frame);
    }
    EXPECT_FALSE(Ready(handle_, 50));
    MUST(GiveAll());
    EXPECT_TRUE(Ready(handle_, kPatienceMs));
    MUST(TakeAndGive(1));
    MUST(Stop());
}

TEST_F(Handles, SameThroughTheStreamsLife)
{
    MUST(OpenHandle());
    for (int i = 0; i < 5; ++i) {
        MUST(Start());
        EXPECT_TRUE(Ready(handle_, kPatienceMs));
        MUST(TakeAndGive(2));
        vdc_handle again = 0;
        ASSERT_VDC_OK(vdc_stream_get_handle(&again, stream));
        EXPECT_EQ(again, handle_);
        MUST(Stop());
    }
}

TEST_F(Handles, BeginInMidStream)
{
    MUST(OpenSmall());
    MUST(Start());
    MUST(TakeAndGive(5));
    ASSERT_VDC_OK(vdc_stream_get_handle(&handle_, stream));
    for (int i = 0; i < 200; ++i)
        MUST(Check(false));
    ASSERT_TRUE(Ready(handle_, kPatienceMs));
    MUST(TakeAndGive(5));
    MUST(Stop());
}

TEST_F(Handles, ReadyWhenTheWaitWouldFail)
{
    MUST(OpenHandle());
    EXPECT_TRUE(Ready(handle_, 0)) << "not started: the wait gives VDC_E_STATE, not a time-out";
    MUST(Start());
    MUST(TakeAndGive(1));
    std::thread later([this] {
        SleepMs(30);
        vdc_stream_cancel(stream);
    });
    const vdc_frame *frame = nullptr;
    Stopwatch watch;
    int status = VDC_OK;
    while (status == VDC_OK && watch.Ms() < kPatienceMs) {
        EXPECT_TRUE(Ready(handle_, kPatienceMs));
        status = vdc_stream_wait(&frame, stream, 0);
        if (status == VDC_OK) {
            account.Frame(frame);
            MUST(Give(frame));
        }
    }
    later.join();
    EXPECT_STATUS(VDC_E_CANCELLED, status);
    EXPECT_TRUE(Ready(handle_, 0)) << "cancelled, until the next start";
    MUST(Stop());
    EXPECT_TRUE(Ready(handle_, 0)) << "stopped: the wait gives VDC_E_STATE";
}

TEST_F(Handles, ContextHandle)
{
    vdc_handle events = 0, again = 0;
    ASSERT_VDC_OK(vdc_context_get_handle(&events, context));
    ASSERT_VDC_OK(vdc_context_get_handle(&again, context));
    EXPECT_EQ(events, again);
    vdc_event event = VDC_EVENT_INIT;
    while (vdc_context_wait_event(&event, context, 0) == VDC_OK) /* hotplug of this machine */
        ;
    EXPECT_FALSE(Ready(events, 0));
    Stopwatch watch;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context, 30));
    EXPECT_GE(watch.Ms(), 29);
    EXPECT_LT(watch.Ms(), 30 + kSlackMs);

    ARM("signal-loss@frame=3,ms=50");
    MUST(OpenSmall());
    MUST(Start());
    watch = Stopwatch();
    while (!Ready(events, 0) && watch.Ms() < kPatienceMs)
        MUST(TakeAndGive(1));
    for (int i = 0; i < 200; ++i) {
        bool ready = Ready(events, 0);
        int status = vdc_context_wait_event(&event, context, 0);
        if (ready)
            EXPECT_STATUS(VDC_OK, status);
        else if (status == VDC_OK && TheRig().OnDemand())
            ADD_FAILURE() << "an event waited, but the handle was not ready";
        MUST(TakeAndGive(1));
    }
    MUST(Stop());
}
