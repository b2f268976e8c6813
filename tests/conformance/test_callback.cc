/* SPDX-License-Identifier: MIT */
/*
 * Delivery by callback: everything is allowed in it but stop, close and destroy. The account is kept
 * on the callback's thread and read after stop, when no callback runs any more.
 */
#include <atomic>
#include <functional>
#include <mutex>

#include "suite.h"

class Callbacks : public Case {
  protected:
    struct Seen {
        std::atomic<int> frames{0};
        std::atomic<int> ends{0};
        std::atomic<int> end_status{0};
        std::atomic<bool> inside{false};
        std::atomic<bool> overlapped{false};
    };

    void OpenCallback(vdc_frame_fn function)
    {
        MUST(Open());
        vdc_stream_config config = SmallConfig();
        config.on_frame = function;
        config.user = this;
        MUST(OpenStream(config));
    }
    /* A device may take minutes for so many frames, but not kPatienceMs for one. */
    bool Reach(const std::atomic<int> &counter, int wanted)
    {
        Stopwatch watch;
        int before = counter;
        while (before < wanted && watch.Ms() < kPatienceMs) {
            SleepMs(1);
            if (counter != before)
                watch = Stopwatch();
            before = counter;
        }
        return before >= wanted;
    }
    static void VDC_CALL Count(vdc_stream *stream, const vdc_frame *frame, int status, void *user)
    {
        Callbacks *self = static_cast<Callbacks *>(user);
        if (self->seen_.inside.exchange(true))
            self->seen_.overlapped = true;
        if (status != VDC_OK) {
            EXPECT_EQ(frame, nullptr);
            self->seen_.end_status = status;
            ++self->seen_.ends;
        } else {
            EXPECT_EQ(self->seen_.ends, 0) << "a frame after the end";
            self->account.Frame(frame);
            if (!self->act_ || self->act_(stream, frame))
                EXPECT_VDC_OK(vdc_stream_release(stream, frame));
            ++self->seen_.frames;
        }
        self->seen_.inside = false;
    }
    Seen seen_;
    std::function<bool(vdc_stream *, const vdc_frame *)> act_; /* true: release it then */
};

TEST_F(Callbacks, Deliver)
{
    MUST(OpenCallback(Count));
    MUST(Start());
    EXPECT_TRUE(Reach(seen_.frames, Times(100, 1000)));
    MUST(Stop());
    EXPECT_FALSE(seen_.overlapped) << "one at a time";
    int after = seen_.frames;
    SleepMs(50);
    EXPECT_EQ(seen_.frames, after) << "none after stop has returned";
    EXPECT_EQ(seen_.ends, 0) << "a stop is not an end by itself";
    MUST(CompareWithLedger());
}

TEST_F(Callbacks, WaitAndHandleAreRefused)
{
    MUST(OpenCallback(Count));
    MUST(Start());
    const vdc_frame *frame = nullptr;
    vdc_handle handle = 0;
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, stream, 1000));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_get_handle(&handle, stream));
    EXPECT_TRUE(Reach(seen_.frames, 3));
    MUST(Stop());
}

TEST_F(Callbacks, MayCallEverythingElse)
{
    act_ = [this](vdc_stream *of, const vdc_frame *) {
        vdc_stream_info now = VDC_STREAM_INFO_INIT;
        vdc_stats counts = VDC_STATS_INIT;
        EXPECT_VDC_OK(vdc_stream_get_info(&now, of));
        EXPECT_VDC_OK(vdc_stream_get_stats(&counts, of));
        EXPECT_NE(vdc_device_get_info(device), nullptr);
        vdc_list *list = nullptr;
        EXPECT_VDC_OK(vdc_device_list_controls(&list, device));
        for (size_t i = 0; i < vdc_list_count(list); ++i) {
            const vdc_control_info *control = vdc_list_control_at(list, i);
            int64_t value = 0;
            EXPECT_VDC_OK(vdc_device_get_control(&value, device, control->id));
            if (control->type == VDC_CONTROL_INTEGER && !(control->flags & VDC_CONTROL_READ_ONLY))
                EXPECT_VDC_OK(vdc_device_set_control(device, control->id, value));
        }
        vdc_list_destroy(list);
        EXPECT_VDC_OK(vdc_device_list_formats(&list, device));
        vdc_list_destroy(list);
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;
        EXPECT_VDC_OK(vdc_device_negotiate(&answer, device, nullptr));
        vdc_event event = VDC_EVENT_INIT;
        int status = vdc_context_wait_event(&event, context, 0);
        EXPECT_TRUE(status == VDC_OK || status == VDC_E_TIMEOUT);
        if (Info().caps & VDC_CAP_INPUTS) {
            vdc_signal signal = VDC_SIGNAL_INIT;
            EXPECT_VDC_OK(vdc_device_get_signal(&signal, device));
        }
        vdc_device *second = nullptr;
        if (vdc_device_open(&second, context, "nosuchbackend:0", 0) == VDC_OK)
            vdc_device_close(second);
        return true;
    };
    MUST(OpenCallback(Count));
    MUST(Start());
    EXPECT_TRUE(Reach(seen_.frames, Times(10, 100)));
    MUST(Stop());
}

TEST_F(Callbacks, StopInsideIsRefused)
{
    act_ = [](vdc_stream *of, const vdc_frame *) {
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(of));
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(of));
        vdc_stream_close(of); /* does nothing, and says so in the log */
        const vdc_frame *frame = nullptr;
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, of, -1));
        return true;
    };
    MUST(OpenCallback(Count));
    MUST(Start());
    EXPECT_TRUE(Reach(seen_.frames, 5)) << "it goes on after the refusal";
    MUST(Stop());
}

TEST_F(Callbacks, FramesMayBeKept)
{
    std::mutex lock;
    std::vector<const vdc_frame *> kept;
    act_ = [&](vdc_stream *, const vdc_frame *frame) {
        std::lock_guard<std::mutex> guard(lock);
        kept.push_back(frame);
        return false;
    };
    MUST(OpenCallback(Count));
    MUST(Start());
    for (int given = 0; given < Times(20, 200);) {
        SleepMs(1);
        std::lock_guard<std::mutex> guard(lock);
        given += static_cast<int>(kept.size());
        for (const vdc_frame *frame : kept)
            EXPECT_VDC_OK(vdc_stream_release(stream, frame)); /* from this thread */
        kept.clear();
    }
    MUST(Stop());
    for (const vdc_frame *frame : kept)
        EXPECT_VDC_OK(vdc_stream_release(stream, frame)); /* held across stop */
    MUST(CompareWithLedger());
}

TEST_F(Callbacks, CancelEndsWithALastCall)
{
    MUST(OpenCallback(Count));
    for (int i = 0; i < Times(5, 50); ++i) {
        seen_.frames = 0;
        seen_.ends = 0;
        MUST(Start());
        EXPECT_TRUE(Reach(seen_.frames, 2));
        Stopwatch watch;
        vdc_stream_cancel(stream);
        EXPECT_TRUE(Reach(seen_.ends, 1));
        EXPECT_LT(watch.Ms(), kSlackMs);
        EXPECT_EQ(seen_.end_status, VDC_E_CANCELLED);
        MUST(Stop());
        EXPECT_EQ(seen_.ends, 1);
    }
}

TEST_F(Callbacks, CancelInside)
{
    act_ = [](vdc_stream *of, const vdc_frame *) {
        vdc_stream_cancel(of);
        return true;
    };
    MUST(OpenCallback(Count));
    MUST(Start());
    EXPECT_TRUE(Reach(seen_.ends, 1));
    EXPECT_EQ(seen_.end_status, VDC_E_CANCELLED);
    EXPECT_EQ(seen_.frames, 1);
    MUST(Stop());
}

TEST_F(Callbacks, StopsAndStartsAgain)
{
    MUST(OpenCallback(Count));
    for (int i = 0; i < Times(30, 100); ++i) {
        seen_.frames = 0;
        MUST(Start());
        if (i % 3)
            EXPECT_TRUE(Reach(seen_.frames, i % 3));
        MUST(Stop());
    }
}
