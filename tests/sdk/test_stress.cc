// SPDX-License-Identifier: MIT
// Many threads at one stream while it starts, stops, is cancelled and unplugged. Made for the thread
// sanitizer; without it, it still finds hangs, broken sums and breaches of the backends' contract.
#include "fixture.h"

#include <functional>

namespace {

class Stress : public SdkTest {
  protected:
    /* Runs `body` again and again on a thread until the test is over. */
    void spawn(const std::function<void()> &body)
    {
        threads_.emplace_back([this, body] {
            while (!over_) {
                body();
            }
        });
    }

    void finish()
    {
        over_ = true;
        for (std::thread &thread : threads_) {
            thread.join();
        }
    }

    std::atomic<bool> over_{false};
    std::atomic<uint64_t> frames_{0};
    std::vector<std::thread> threads_;
};

TEST_F(Stress, AllAtOnce)
{
    open_stream(4);
    fake_.instant = false;
    spawn([this] {
        fake_.complete();
        std::this_thread::yield();
    });
    for (int waiter = 0; waiter < 2; waiter++) {
        spawn([this] {
            const vdc_frame *frame;
            int status = vdc_stream_wait(&frame, stream_, 1);
            if (status == VDC_OK) {
                frames_++;
                EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame));
            } else {
                EXPECT_TRUE(status == VDC_E_TIMEOUT || status == VDC_E_BUSY ||
                            status == VDC_E_STATE || status == VDC_E_CANCELLED)
                    << vdc_status_name(status);
            }
        });
    }
    spawn([this] {
        int64_t value;
        vdc_list *list;
        EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 5));
        EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
        EXPECT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
        vdc_list_destroy(list);
        EXPECT_NE(nullptr, vdc_device_get_info(device_));
    });
    spawn([this] {
        vdc_stream_info info = VDC_STREAM_INFO_INIT;
        vdc_handle handle;
        expect_sum(stats());
        EXPECT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
        EXPECT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
        readable(handle);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
    });
    for (int turn = 0; turn < 150; turn++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (turn % 3 == 0) {
            vdc_stream_cancel(stream_);
        }
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    }
    finish();
    EXPECT_GT(frames_, 0u);
    EXPECT_FALSE(logged(VDC_LOG_ERROR, "impossible"));
}

void VDC_CALL count_frame(vdc_stream *stream, const vdc_frame *frame, int, void *user)
{
    vdc_stats stats = VDC_STATS_INIT;
    if (frame != nullptr) {
        ++*static_cast<std::atomic<uint64_t> *>(user);
        EXPECT_STATUS(VDC_OK, vdc_stream_release(stream, frame));
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream));
    }
}

TEST_F(Stress, CallbacksAndControls)
{
    open_stream(4, 0, count_frame, &frames_);
    fake_.instant = true;
    spawn([this] { vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 5); });
    spawn([this] { expect_sum(stats()); });
    for (int turn = 0; turn < 100; turn++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        expect_sum(stats());
    }
    finish();
    EXPECT_GT(frames_, 0u);
}

TEST_F(Stress, UnplugWhileAllThreadsAreInside)
{
    for (int turn = 0; turn < 30; turn++) {
        Fake fake; /* a device that is plugged in anew; the fixture's own is put aside */
        over_ = false;
        threads_.clear();
        start_stream(4);
        spawn([&fake] { fake.complete(); });
        spawn([this] { pass_frame(1); });
        spawn([this] { stats(); });
        spawn([this] { vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 5); });
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        fake.unplug();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 5));
        finish();
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        expect_sum(stats());
        vdc_stream_close(stream_);
        vdc_device_close(device_);
        stream_ = nullptr;
        device_ = nullptr;
        EXPECT_EQ(0, fake.breaches);
    }
}

TEST_F(Stress, Events)
{
    std::atomic<int> taken{0};
    open_device();
    for (int reader = 0; reader < 2; reader++) {
        spawn([&] {
            vdc_event event = VDC_EVENT_INIT;
            vdc_handle handle;
            EXPECT_STATUS(VDC_OK, vdc_context_get_handle(&handle, context_));
            if (vdc_context_wait_event(&event, context_, 1) == VDC_OK) {
                taken++;
            }
        });
    }
    for (int at = 0; at < 2000; at++) {
        vdi_device_event(fake_.device, VDC_EVENT_SIGNAL_CHANGED, 0, 0);
        if (at % 100 == 0) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    finish();
    EXPECT_GT(taken, 0);
}

} // namespace
