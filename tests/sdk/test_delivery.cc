// SPDX-License-Identifier: MIT
// What a frame carries, and the three ways it comes: wait, callback, pollable handle.
#include "fixture.h"

#include <functional>

namespace {

class Delivery : public SdkTest {
  protected:
    const vdc_frame *frame_ = nullptr;
};

TEST_F(Delivery, WhatAFrameCarries)
{
    start_stream();
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(0u, reinterpret_cast<uintptr_t>(frame_->planes[0]) % 4096) << "whole pages";
    EXPECT_EQ(nullptr, frame_->planes[1]);
    EXPECT_EQ(1u, frame_->plane_count);
    EXPECT_EQ(64u * 48 * 2, frame_->used_bytes);
    EXPECT_EQ(0u, frame_->flags);
    EXPECT_EQ(0u, frame_->sequence);
    EXPECT_EQ(uint32_t{VDC_CLOCK_MONOTONIC}, frame_->clock);
    EXPECT_EQ(1000, frame_->error_bound_ns);
    EXPECT_EQ(0u, frame_->buffer);
    ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, frame_));
}

TEST_F(Delivery, TheOldestFirst)
{
    start_stream();
    for (int at = 0; at < 4; at++) {
        EXPECT_TRUE(fake_.complete());
    }
    for (uint64_t at = 0; at < 4; at++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
        EXPECT_EQ(at, frame_->sequence);
    }
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
}

TEST_F(Delivery, LossesAreToldWithTheNextFrame)
{
    start_stream();
    fake_.report_later(VDC_DROP_DEVICE_FIFO, 2);
    fake_.complete(VDC_DROP_DMA); /* damaged, and not wanted so */
    fake_.report(VDC_DROP_NO_SIGNAL, 1);
    fake_.complete();
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(2u, frame_->dropped[VDC_DROP_DEVICE_FIFO]);
    EXPECT_EQ(1u, frame_->dropped[VDC_DROP_DMA]);
    EXPECT_EQ(1u, frame_->dropped[VDC_DROP_NO_SIGNAL]);
    EXPECT_EQ(uint32_t{VDC_FRAME_DISCONTINUITY}, frame_->flags);
    EXPECT_EQ(4u, frame_->sequence);
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(0u, frame_->flags);
    EXPECT_EQ(0u, frame_->dropped[VDC_DROP_DEVICE_FIFO]);
    EXPECT_EQ(2u, fake_.queued()) << "the damaged one's buffer is in use again";
}

TEST_F(Delivery, DamagedFramesIfWanted)
{
    start_stream(4, VDC_STREAM_DAMAGED_TOO);
    EXPECT_EQ(1u, fake_.last_config.damaged_too);
    fake_.complete(VDC_DROP_BUS);
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(uint32_t{VDC_FRAME_DAMAGED}, frame_->flags);
    EXPECT_EQ(1u, stats().delivered);
    EXPECT_EQ(0u, stats().dropped[VDC_DROP_BUS]) << "delivered is not lost";
}

TEST_F(Delivery, APollSkipsWhatIsNotWanted)
{
    start_stream(8);
    for (int at = 0; at < 5; at++) {
        fake_.complete(VDC_DROP_DAMAGED);
    }
    fake_.complete();
    EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(5u, frame_->sequence);
    fake_.complete(VDC_DROP_DAMAGED);
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
}

TEST_F(Delivery, AnErrorOfTheBackendComesThrough)
{
    start_stream();
    fake_.fail[FAKE_WAIT] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, vdc_stream_wait(&frame_, stream_, 0));
    fake_.fail[FAKE_WAIT] = VDC_OK;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    fake_.fail[FAKE_QUEUE] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, vdc_stream_release(stream_, frame_));
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream_, frame_)) << "given back all the same";
}

TEST_F(Delivery, FramesOfOthers)
{
    vdc_frame own = {};
    start_stream();
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    own = *frame_;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream_, &own)) << "a copy";
    EXPECT_STATUS(VDC_E_INVALID,
                  vdc_stream_release(stream_, reinterpret_cast<const vdc_frame *>(16)));
    EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame_));
}

/* ---- The handle ---- */

class Handle : public Delivery, public ::testing::WithParamInterface<bool> {
  protected:
    /* Readable exactly while a poll would not time out; asks the handle before and after. */
    void expect_exact(bool expected)
    {
        const vdc_frame *frame;
        EXPECT_EQ(expected, readable(handle_));
        int status = vdc_stream_wait(&frame, stream_, 0);
        EXPECT_EQ(expected, status != VDC_E_TIMEOUT) << vdc_status_name(status);
        if (status == VDC_OK) {
            vdc_stream_release(stream_, frame);
        }
    }

    vdc_handle handle_ = -1;
};

TEST_P(Handle, IsExact)
{
    vdc_handle same;
    fake_.native = GetParam();
    open_stream();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle_, stream_));
    expect_exact(true); /* not started: an error at once */
    for (int run = 0; run < 3; run++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&same, stream_));
        EXPECT_EQ(handle_, same);
        expect_exact(false);
        fake_.complete();
        EXPECT_TRUE(readable(handle_)) << "level-triggered";
        fake_.complete();
        expect_exact(true);
        expect_exact(true);
        expect_exact(false);
        if (run == 1) {
            vdc_stream_cancel(stream_);
            expect_exact(true);
        }
        fake_.complete(); /* left behind */
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        expect_exact(true);
    }
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    expect_exact(false);
    fake_.complete();
    fake_.unplug();
    expect_exact(true); /* what was complete */
    expect_exact(true); /* gone */
    expect_exact(true);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    expect_exact(true);
}

TEST_P(Handle, AskedForWhileFramesWait)
{
    fake_.native = GetParam();
    start_stream();
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle_, stream_));
    expect_exact(true);
    expect_exact(false);
}

TEST_P(Handle, WakesWhoPolls)
{
    fake_.native = GetParam();
    start_stream();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle_, stream_));
    for (int what = 0; what < 3; what++) {
        EXPECT_FALSE(readable(handle_));
        std::thread later([=] {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            if (what == 0) {
                fake_.complete();
            } else if (what == 1) {
                vdc_stream_cancel(stream_);
            } else {
                fake_.unplug();
            }
        });
        EXPECT_TRUE(readable(handle_, 10000));
        later.join();
        expect_exact(true);
        if (what == 1) {
            ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
            ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        }
    }
}

/* Told of readiness by the backend, or joined with a handle of its own. */
INSTANTIATE_TEST_SUITE_P(Native, Handle,
                         ::testing::ValuesIn(handles_can_be_joined() ? std::vector{false, true}
                                                                     : std::vector{false}),
                         ::testing::PrintToStringParamName());

TEST_F(Delivery, AnotherCallThatFindsTheDeviceGoneMakesTheHandleReadable)
{
    vdc_handle handle;
    start_stream();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    fake_.fail[FAKE_SET_CONTROL] = VDC_E_GONE;
    EXPECT_FALSE(readable(handle));
    EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
    EXPECT_TRUE(readable(handle));
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame_, stream_, 0));
}

TEST_F(Delivery, HandlesThatCannotBe)
{
    vdc_handle handle = -1;
    open_stream();
    fake_.fail[FAKE_POLL_BEGIN] = VDC_E_UNSUPPORTED;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_get_handle(&handle, stream_));
    EXPECT_EQ(-1, handle);
}

/* ---- Callbacks ---- */

struct Seen {
    std::atomic<int> frames{0};
    std::atomic<int> last{1};
    std::atomic<int> ends{0};
    std::atomic<bool> keep{false};
    std::function<void(vdc_stream *)> inside;
};

void VDC_CALL take(vdc_stream *stream, const vdc_frame *frame, int status, void *user)
{
    Seen *seen = static_cast<Seen *>(user);
    if (seen->inside) {
        seen->inside(stream);
    }
    if (frame != nullptr) {
        seen->frames++;
        if (!seen->keep) {
            EXPECT_STATUS(VDC_OK, vdc_stream_release(stream, frame));
        }
    } else {
        seen->last = status;
        seen->ends++;
    }
}

void await(const std::function<bool()> &condition)
{
    bool met = condition();
    for (int turn = 0; turn < 10000 && !met; turn++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        met = condition();
    }
    EXPECT_TRUE(met);
}

TEST_F(Delivery, ByCallback)
{
    Seen seen;
    vdc_handle handle;
    start_stream(4, 0, take, &seen);
    for (int at = 1; at <= 100; at++) {
        await([&] { return fake_.queued() != 0; });
        EXPECT_TRUE(fake_.complete());
        await([&] { return seen.frames == at; });
    }
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_get_handle(&handle, stream_));
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(0, seen.ends) << "who stops it knows";
    EXPECT_EQ(100u, stats().delivered);
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_)) << "again";
    fake_.complete();
    await([&] { return seen.frames == 101; });
}

TEST_F(Delivery, TheCallbackHearsOfCancelAndUnplugOnce)
{
    Seen seen;
    start_stream(4, 0, take, &seen);
    vdc_stream_cancel(stream_);
    await([&] { return seen.ends == 1; });
    EXPECT_EQ(VDC_E_CANCELLED, seen.last);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    fake_.complete();
    await([&] { return seen.frames == 1; });
    fake_.unplug();
    await([&] { return seen.ends == 2; });
    EXPECT_EQ(VDC_E_GONE, seen.last);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(2, seen.ends);
}

TEST_F(Delivery, ACallbackMayCallAllButStopCloseAndDestroy)
{
    Seen seen;
    std::atomic<bool> done{false};
    seen.inside = [&](vdc_stream *stream) {
        int64_t value;
        vdc_list *list;
        vdc_stats stats = VDC_STATS_INIT;
        if (done) {
            return;
        }
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(stream));
        vdc_stream_close(stream);
        vdc_device_close(device_);
        vdc_context_destroy(context_);
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(stream));
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream));
        EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
        EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
        EXPECT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
        vdc_list_destroy(list);
        EXPECT_EQ(0u, vdc_list_count(list));
        done = true;
    };
    start_stream(4, 0, take, &seen);
    fake_.complete();
    await([&] { return done.load(); });
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "vdc_stream_close: not from a callback"));
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "vdc_device_close: not from a callback"));
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "vdc_context_destroy: not from a callback"));
}

/* Stop waits for the callback, and the callback may meanwhile need all that stop could be holding. */
TEST_F(Delivery, StopWaitsForTheCallbackWithoutHoldingAnything)
{
    Seen seen;
    std::atomic<bool> inside{false}, finished{false};
    seen.inside = [&](vdc_stream *stream) {
        vdc_stats stats = VDC_STATS_INIT;
        inside = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream));
        finished = true;
    };
    start_stream(4, 0, take, &seen);
    fake_.complete();
    await([&] { return inside.load(); });
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_TRUE(finished);
}

TEST_F(Delivery, AStartThatFailsCallsNobody)
{
    Seen seen;
    open_stream(4, 0, take, &seen);
    fake_.fail[FAKE_START] = VDC_E_GONE;
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_start(stream_));
    EXPECT_EQ(0, seen.ends + seen.frames);
}

} // namespace
