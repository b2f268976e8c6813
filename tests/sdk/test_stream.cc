// SPDX-License-Identifier: MIT
// A stream's life: what it is opened with, the order of calls, start, stop and cancel.
#include "fixture.h"

#include <cstring>
#include <functional>

namespace {

class Stream : public SdkTest {
  protected:
    int open_with(const vdc_stream_config &config)
    {
        vdc_stream_close(stream_);
        stream_ = nullptr;
        if (device_ == nullptr) {
            open_device();
        }
        return vdc_stream_open(&stream_, device_, &config);
    }

    const vdc_frame *frame_ = nullptr;
    vdc_stream_config config_ = VDC_STREAM_CONFIG_INIT;
    vdc_stream_info info_ = VDC_STREAM_INFO_INIT;
};

TEST_F(Stream, DefaultsAreTheFavourite)
{
    open_device();
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, nullptr));
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info_, stream_));
    EXPECT_EQ(4u, info_.buffer_count);
    EXPECT_EQ(VDC_FOURCC_YUYV, info_.format.fourcc);
    EXPECT_EQ(64u * 48 * 2, info_.frame_bytes);
    EXPECT_EQ(64u, info_.crop.width_px);
    EXPECT_EQ(1u, info_.plane_count);
    EXPECT_EQ(60u, fake_.last_config.format.interval_s.den) << "the backend gets a complete format";
}

TEST_F(Stream, TheFormatMustBeOneOfTheDevice)
{
    config_.format.fourcc = VDC_FOURCC_NV12;
    EXPECT_STATUS(VDC_OK, open_with(config_)) << "the rest is any";
    config_.format.width_px = 1920;
    config_.format.height_px = 1080;
    EXPECT_STATUS(VDC_E_RANGE, open_with(config_));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "64x48, the nearest to 1920x1080"))
        << vdc_error_text();
    vdc_negotiation result = VDC_NEGOTIATION_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&result, device_, &config_.format));
    config_.format = result.format;
    EXPECT_STATUS(VDC_OK, open_with(config_));
}

TEST_F(Stream, ConfigsThatCannotBe)
{
    struct {
        const char *what;
        int status;
        std::function<void(vdc_stream_config &)> spoil;
    } cases[] = {
        {"flags",           VDC_E_INVALID, [](vdc_stream_config &c) { c.flags = 2; }             },
        {"reserved",        VDC_E_INVALID, [](vdc_stream_config &c) { c.reserved = 1; }          },
        {"memory",          VDC_E_INVALID, [](vdc_stream_config &c) { c.memory = 3; }            },
        {"buffers",         VDC_E_INVALID, [](vdc_stream_config &c) { c.buffer_count = 65; }     },
        {"half a crop",     VDC_E_INVALID, [](vdc_stream_config &c) { c.crop.width_px = 8; }     },
        {"half a size",     VDC_E_INVALID, [](vdc_stream_config &c) { c.format.width_px = 8; }   },
        {"format.reserved", VDC_E_INVALID, [](vdc_stream_config &c) { c.format.reserved[0] = 1; }},
        {"crop outside",    VDC_E_RANGE,
         [](vdc_stream_config &c) {
             c.crop = {60, 0, 8, 8};
         }                                                                                       },
        {"crop wraps",      VDC_E_RANGE,
         [](vdc_stream_config &c) {
             c.crop = {0, 0xfffffff8, 8, 16};
         }                                                                                       },
        {"watermark",       VDC_E_RANGE,   [](vdc_stream_config &c) { c.watermark_lines = 49; }  },
    };
    for (const auto &item : cases) {
        vdc_stream_config config = config_;
        item.spoil(config);
        EXPECT_STATUS(item.status, open_with(config)) << item.what;
    }
    config_.crop = {16, 16, 16, 16};
    config_.watermark_lines = 48;
    EXPECT_STATUS(VDC_OK, open_with(config_));
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info_, stream_));
    EXPECT_EQ(16u * 16 * 2, info_.frame_bytes);
}

TEST_F(Stream, WhatTheDeviceLacks)
{
    fake_.caps = 0;
    for (int what = 0; what < 4; what++) {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        if (what < 2) {
            config.memory = what == 0 ? VDC_MEMORY_CALLER : VDC_MEMORY_DMABUF;
        } else if (what == 2) {
            config.crop = {0, 0, 16, 16};
        } else {
            config.watermark_lines = 8;
        }
        EXPECT_STATUS(VDC_E_UNSUPPORTED, open_with(config)) << what;
    }
    EXPECT_STATUS(VDC_OK, open_with(config_));
    int fd;
    vdc_progress progress = VDC_PROGRESS_INIT;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_export_buffer(&fd, stream_, 0));
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_wait_progress(&progress, stream_, 0));
}

TEST_F(Stream, OneAtATime)
{
    vdc_stream *other = nullptr;
    open_stream();
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_open(&other, device_, nullptr));
    vdc_stream_close(stream_);
    stream_ = nullptr;
    EXPECT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, nullptr));
}

TEST_F(Stream, AFailedOpenLeavesNothing)
{
    open_device();
    for (FakeCall call : {FAKE_NEGOTIATE, FAKE_STREAM_OPEN, FAKE_ATTACH}) {
        fake_.fail[call] = VDC_E_IO;
        EXPECT_STATUS(VDC_E_IO, vdc_stream_open(&stream_, device_, nullptr));
        fake_.fail[call] = VDC_OK;
    }
    EXPECT_EQ(nullptr, stream_);
    EXPECT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, nullptr));
}

TEST_F(Stream, WrongOrder)
{
    open_stream();
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame_, stream_, -1)) << "not started";
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(stream_));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame_, stream_, -1));
    EXPECT_EQ(nullptr, frame_);
}

TEST_F(Stream, StartsThatFail)
{
    open_stream();
    for (FakeCall call : {FAKE_QUEUE, FAKE_START}) {
        fake_.fail[call] = VDC_E_IO;
        EXPECT_STATUS(VDC_E_IO, vdc_stream_start(stream_));
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame_, stream_, 0));
        fake_.fail[call] = VDC_OK;
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_)) << "nothing was left behind";
        EXPECT_EQ(4u, fake_.queued());
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    }
}

TEST_F(Stream, AStopThatFailsStopsAllTheSame)
{
    start_stream();
    fake_.fail[FAKE_STOP] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, vdc_stream_stop(stream_));
    fake_.fail[FAKE_STOP] = VDC_OK;
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_STATUS(VDC_OK, vdc_stream_start(stream_));
}

TEST_F(Stream, StartAndStopAHundredTimes)
{
    open_stream();
    for (int turn = 0; turn < 100; turn++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        EXPECT_EQ(4u, fake_.queued());
        fake_.complete();
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
        EXPECT_EQ(0u, frame_->sequence);
        ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, frame_));
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_EQ(1u, stats().delivered);
    }
}

TEST_F(Stream, FramesHeldOverAStop)
{
    const vdc_frame *held;
    start_stream(2);
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&held, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(0u, held->sequence) << "as it was";
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(1u, fake_.queued()) << "not the one that is held";
    ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, held));
    EXPECT_EQ(2u, fake_.queued());
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream_, held)) << "once";
}

TEST_F(Stream, StopWakesTheWaiter)
{
    start_stream();
    std::thread waiter([this] {
        const vdc_frame *frame;
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait(&frame, stream_, -1));
    });
    await_waiter();
    EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    waiter.join();
}

TEST_F(Stream, CloseStops)
{
    start_stream();
    vdc_stream_close(stream_);
    stream_ = nullptr;
    EXPECT_EQ(1, fake_.stops);
    EXPECT_EQ(4, fake_.detached);
}

/* ---- Cancel ---- */

TEST_F(Stream, CancelIsStickyUntilTheNextStart)
{
    start_stream();
    fake_.complete();
    vdc_stream_cancel(stream_);
    for (int turn = 0; turn < 3; turn++) {
        EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame_, stream_, turn - 1));
    }
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame_, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
    fake_.complete();
    EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
}

TEST_F(Stream, CancelWakesTheWaiter)
{
    start_stream();
    std::thread waiter([this] {
        const vdc_frame *frame;
        EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream_, -1));
        EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream_, -1));
    });
    await_waiter();
    vdc_stream_cancel(stream_);
    waiter.join();
}

TEST_F(Stream, CancelWhileItStarts)
{
    open_stream();
    for (int round = 0; round < 300; round++) {
        int before = fake_.starts;
        std::thread starter([this] { EXPECT_STATUS(VDC_OK, vdc_stream_start(stream_)); });
        std::thread waiter([this] {
            const vdc_frame *frame;
            int status;
            do {
                status = vdc_stream_wait(&frame, stream_, 5000);
            } while (status == VDC_E_STATE);
            EXPECT_STATUS(VDC_E_CANCELLED, status);
        });
        while (fake_.starts == before) {
            std::this_thread::yield();
        }
        vdc_stream_cancel(stream_);
        starter.join();
        waiter.join();
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    }
}

TEST_F(Stream, CancelBeforeStartIsForgotten)
{
    open_stream();
    vdc_stream_cancel(stream_);
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame_, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0));
}

/* ---- Threads ---- */

TEST_F(Stream, OneWaiterAtATime)
{
    start_stream();
    std::thread waiter([this] {
        const vdc_frame *frame;
        EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame, stream_, -1));
        EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame));
    });
    await_waiter();
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_wait(&frame_, stream_, -1));
    fake_.complete();
    waiter.join();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 0)) << "free again";
}

TEST_F(Stream, AllElseWorksWhileOneWaits)
{
    const vdc_frame *held;
    start_stream();
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&held, stream_, 0));
    std::thread waiter([this] {
        const vdc_frame *frame;
        EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream_, -1));
    });
    await_waiter();
    int64_t value;
    vdc_list *list;
    vdc_handle handle;
    EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, held));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 50));
    EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
    EXPECT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    vdc_list_destroy(list);
    EXPECT_EQ(1u, stats().delivered);
    EXPECT_STATUS(VDC_OK, vdc_stream_get_info(&info_, stream_));
    EXPECT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    EXPECT_NE(nullptr, vdc_device_get_info(device_));
    EXPECT_TRUE(fake_.in_wait());
    vdc_stream_cancel(stream_);
    waiter.join();
}

TEST_F(Stream, TwoStops)
{
    start_stream();
    std::atomic<int> stopped{0}, refused{0};
    auto stop = [&] {
        int status = vdc_stream_stop(stream_);
        (status == VDC_OK ? stopped : refused)++;
    };
    std::thread first(stop), second(stop);
    first.join();
    second.join();
    EXPECT_EQ(1, stopped);
    EXPECT_EQ(1, refused);
    EXPECT_EQ(1, fake_.stops);
}

TEST_F(Stream, Timeouts)
{
    start_stream();
    auto begin = std::chrono::steady_clock::now();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame_, stream_, 30));
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(30));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "vdc_stream_wait on \"fake:0\""));
}

TEST_F(Stream, Progress)
{
    vdc_progress progress = VDC_PROGRESS_INIT;
    config_.watermark_lines = 8;
    EXPECT_STATUS(VDC_OK, open_with(config_));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait_progress(&progress, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_OK, vdc_stream_wait_progress(&progress, stream_, 0));
    EXPECT_EQ(8u, progress.lines);
    fake_.complete();
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait_progress(&progress, stream_, 0));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "complete frame"));
    vdc_stream_cancel(stream_);
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait_progress(&progress, stream_, 0));
}

TEST_F(Stream, StopWakesAWaitForProgress)
{
    config_.watermark_lines = 8;
    config_.memory = VDC_MEMORY_CALLER;
    EXPECT_STATUS(VDC_OK, open_with(config_));
    std::vector<uint8_t> memory(64 * 48 * 2);
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.data = memory.data();
    buffer.capacity_bytes = memory.size();
    ASSERT_STATUS(VDC_OK, vdc_stream_add_buffer(stream_, &buffer));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    std::thread waiter([this] {
        vdc_progress progress = VDC_PROGRESS_INIT;
        EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait_progress(&progress, stream_, -1));
    });
    await_waiter();
    EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    waiter.join();
}

} // namespace
