/* SPDX-License-Identifier: MIT */
/* Streams of any filter: buffers, frames and their accounts, waiting, waking, polling, stopping, unplug. */
#include <chrono>
#include <cstring>
#include <thread>

#include "../sdk/handles.h"
#include "fixture.h"

namespace {

class KsStream : public KsTest {
  protected:
    void SetUp() override
    {
        KsTest::SetUp();
        fake_.plug_camera();
        open();
    }
};

TEST_F(KsStream, FramesGoStraightIntoTheBuffers)
{
    std::vector<std::vector<uint8_t>> memory(3, std::vector<uint8_t>(320 * 240 * 2 + 1));
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.memory = VDC_MEMORY_CALLER;
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    for (auto &one : memory) {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = one.data() + 1; /* of any alignment */
        buffer.capacity_bytes = one.size() - 1;
        ASSERT_STATUS(VDC_OK, vdc_stream_add_buffer(stream_, &buffer));
    }
    start();
    EXPECT_EQ((std::vector<uint32_t>{KS_STATE_ACQUIRE, KS_STATE_PAUSE, KS_STATE_RUN}),
              fake_.states);
    EXPECT_EQ(3u, fake_.most_in_flight);
    for (unsigned i = 0; i < 7; i++) {
        vdc_frame got = frame();
        EXPECT_EQ(memory[i % 3].data() + 1, got.planes[0]);
        EXPECT_EQ(fake_.filled[i], got.planes[0]);
        EXPECT_EQ(i, got.planes[0][got.used_bytes - 1]);
        EXPECT_EQ(i, got.sequence);
        EXPECT_EQ(0u, got.flags);
        EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, got.error_bound_ns);
        EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_MONOTONIC), got.clock);
    }
    fake_.states.clear();
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ((std::vector<uint32_t>{KS_STATE_PAUSE, KS_STATE_ACQUIRE, KS_STATE_STOP}),
              fake_.states);
    vdc_stats now = stats();
    EXPECT_EQ(7u, now.delivered);
    EXPECT_EQ(7u, now.produced);
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_SEQUENCE), now.produced_basis);
    EXPECT_EQ(0u, now.copies + now.in_flight);
}

TEST_F(KsStream, TheFormatOfTheConnection)
{
    vdc_format wanted = VDC_FORMAT_INIT;
    wanted.fourcc = VDC_FOURCC_MJPEG;
    vdc_negotiation got = VDC_NEGOTIATION_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&got, device_, &wanted));
    stream(&got.format);
    ks_connect connect;
    ks_format format;
    ks_video video;
    ASSERT_EQ(sizeof(connect) + sizeof(format) + sizeof(video), fake_.connect.size());
    std::memcpy(&connect, fake_.connect.data(), sizeof(connect));
    std::memcpy(&format, fake_.connect.data() + sizeof(connect), sizeof(format));
    std::memcpy(&video, fake_.connect.data() + sizeof(connect) + sizeof(format), sizeof(video));
    EXPECT_TRUE(ks_guid_same(&ks_interface_standard, &connect.interface.set));
    EXPECT_TRUE(ks_guid_same(&ks_medium_standard, &connect.medium.set));
    EXPECT_EQ(sizeof(format) + sizeof(video), format.bytes);
    EXPECT_TRUE(ks_guid_same(&ks_type_video, &format.major));
    EXPECT_TRUE(ks_guid_same(&ks_specifier_video, &format.specifier));
    EXPECT_EQ(0x47504a4du, format.sub.a);
    EXPECT_EQ(640, video.bitmap.width);
    EXPECT_EQ(333333, video.head.interval_100ns);
    /* Compressed: as long as the driver says, at most what a buffer holds. */
    start();
    fake_.used_bytes = 1234;
    EXPECT_EQ(1234u, frame().used_bytes);
}

TEST_F(KsStream, FramingOfThePin)
{
    fake_.has_framing = true;
    fake_.framing.alignment_mask = 63;
    fake_.framing.frame_bytes = 320 * 240 * 2 + 512;
    stream();
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(320u * 240 * 2 + 512, info.frame_bytes);
    close();
    open();
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.memory = VDC_MEMORY_CALLER;
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    std::vector<uint8_t> memory(320 * 240 * 2 + 1024);
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.data =
        reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(memory.data()) + 63) / 64 * 64 + 1);
    buffer.capacity_bytes = info.frame_bytes;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_add_buffer(stream_, &buffer));
    /* What makes no sense is not asked of anybody. */
    close();
    fake_.framing.alignment_mask = 62;
    fake_.framing.frame_bytes = UINT32_MAX;
    open();
    stream();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(320u * 240 * 2, info.frame_bytes);
}

TEST_F(KsStream, BusyForASecondStream)
{
    stream();
    vdc_stream *second = nullptr;
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_open(&second, device_, nullptr));
}

TEST_F(KsStream, LostPicturesAreCounted)
{
    stream();
    start();
    fake_.picture = 3; /* two were lost before the first; numbers begin at 1 */
    fake_.dropped = 2;
    vdc_frame first = frame();
    EXPECT_EQ(2u, first.sequence);
    EXPECT_EQ(2u, first.dropped[VDC_DROP_UNKNOWN]);
    EXPECT_TRUE(first.flags & VDC_FRAME_DISCONTINUITY);
    fake_.picture = 7;
    vdc_frame later = frame();
    EXPECT_EQ(6u, later.sequence);
    EXPECT_EQ(3u, later.dropped[VDC_DROP_UNKNOWN]);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    vdc_stats now = stats();
    EXPECT_EQ(7u, now.produced);
    EXPECT_EQ(2u, now.delivered);
    EXPECT_EQ(5u, now.dropped[VDC_DROP_UNKNOWN]);
}

TEST_F(KsStream, PictureNumbersThatMakeNoSense)
{
    for (int64_t picture : {INT64_C(-1), INT64_MIN, INT64_MAX, INT64_C(5)}) {
        stream();
        start();
        EXPECT_EQ(0u, frame().sequence);
        fake_.picture = picture;
        EXPECT_EQ(picture == 5 ? 5u : 1u, frame().sequence);
        fake_.picture = picture == 5 ? 5 : 2; /* again, or back */
        EXPECT_EQ(picture == 5 ? 6u : 2u, frame().sequence);
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_UNKNOWN), stats().produced_basis);
        vdc_stream_close(stream_);
        stream_ = nullptr;
        fake_.picture = 0;
    }
    fake_.no_info = true;
    stream();
    start();
    frame();
    fake_.options = KS_OPTION_DISCONTINUITY;
    EXPECT_TRUE(frame().flags & VDC_FRAME_DISCONTINUITY);
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_UNKNOWN), stats().produced_basis);
}

TEST_F(KsStream, ShortAndOverlongFramesAreDamaged)
{
    for (uint32_t bytes : {0u, 1000u, 320u * 240 * 2 + 1, UINT32_MAX - 1}) {
        stream();
        start();
        fake_.live = false;
        fake_.used_bytes = bytes;
        fake_.end_read();
        fake_.used_bytes = UINT32_MAX;
        fake_.end_read();
        vdc_frame got = frame();
        EXPECT_EQ(320u * 240 * 2, got.used_bytes);
        EXPECT_EQ(1u, got.dropped[VDC_DROP_BUS]) << bytes;
        EXPECT_EQ(4u, fake_.reads_in_flight()) << "the buffer went back into use";
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        vdc_stats now = stats();
        EXPECT_EQ(2u, now.produced);
        EXPECT_EQ(1u, now.delivered);
        EXPECT_EQ(1u, now.dropped[VDC_DROP_BUS]);
        vdc_stream_close(stream_);
        stream_ = nullptr;
        fake_.live = true;
        fake_.picture = 0;
    }
    stream(nullptr, VDC_STREAM_DAMAGED_TOO);
    start();
    fake_.used_bytes = 1000;
    vdc_frame got = frame();
    EXPECT_EQ(1000u, got.used_bytes);
    EXPECT_TRUE(got.flags & VDC_FRAME_DAMAGED);
    fake_.used_bytes = UINT32_MAX - 1;
    EXPECT_EQ(0u, frame().used_bytes);
}

TEST_F(KsStream, TimeoutCancelAndStart)
{
    stream();
    start();
    fake_.live = false;
    const vdc_frame *got = nullptr;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&got, stream_, 0));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&got, stream_, 20));
    std::thread canceller([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        vdc_stream_cancel(stream_);
    });
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&got, stream_, -1));
    canceller.join();
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&got, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    fake_.live = true;
    start();
    frame();
}

TEST_F(KsStream, CancelRaces)
{
    stream();
    for (int round = 0; round < 200; round++) {
        start();
        std::thread canceller([this, round] {
            for (volatile int i = 0; i < round * 50; i = i + 1) {
            }
            vdc_stream_cancel(stream_);
        });
        const vdc_frame *got = nullptr;
        int status;
        while ((status = vdc_stream_wait(&got, stream_, 2000)) == VDC_OK)
            vdc_stream_release(stream_, got);
        EXPECT_STATUS(VDC_E_CANCELLED, status);
        canceller.join();
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    }
}

TEST_F(KsStream, StopTakesAllBuffersBack)
{
    stream();
    start();
    fake_.live = false;
    fake_.end_read();
    fake_.cancel_is_slow = false;
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(0u, fake_.reads_in_flight());
    vdc_stats now = stats();
    EXPECT_EQ(1u, now.produced);
    EXPECT_EQ(1u, now.dropped[VDC_DROP_STOPPED]);
    fake_.live = true;
    start();
    EXPECT_EQ(0u, frame().sequence);
}

/* A driver that lets go late: stop comes back only then. */
TEST_F(KsStream, StopWaitsForTheLastRead)
{
    stream();
    start();
    fake_.live = false;
    fake_.cancel_is_slow = true;
    std::thread slow([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        while (fake_.end_read()) {
        }
    });
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(0u, fake_.reads_in_flight());
    slow.join();
}

TEST_F(KsStream, TheHandleIsReadyExactlyWhileAFrameWaits)
{
    for (bool late : {false, true}) {
        vdc_handle handle = 0;
        stream();
        fake_.live = false;
        if (!late) {
            ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
        }
        start();
        if (late) {
            ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
        }
        for (int i = 0; i < 3; i++) {
            EXPECT_FALSE(handle_is_ready(handle, 0));
            fake_.end_read();
            ASSERT_TRUE(handle_is_ready(handle, 2000));
            frame();
        }
        vdc_stream_cancel(stream_);
        EXPECT_TRUE(handle_is_ready(handle, 0));
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_TRUE(handle_is_ready(handle, 0));
        vdc_stream_close(stream_);
        stream_ = nullptr;
        fake_.live = true;
        fake_.picture = 0;
    }
}

/* The one who waits hands over to the thread when somebody begins to poll. */
TEST_F(KsStream, PollingBeginsWhileAnotherWaits)
{
    stream();
    start();
    fake_.live = false;
    std::thread waiter([this] { frame(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    vdc_handle handle = 0;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    fake_.end_read();
    waiter.join();
    EXPECT_FALSE(handle_is_ready(handle, 0));
}

TEST_F(KsStream, UnplugWakesTheWaiter)
{
    for (bool polled : {false, true}) {
        vdc_handle handle = 0;
        if (polled) {
            close();
            open();
        }
        stream();
        start();
        fake_.live = false;
        if (polled) {
            ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
        }
        std::thread puller([this] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            fake_.end_read();
            std::lock_guard<std::mutex> guard(fake_.mutex);
            fake_.fail_after = 0;
            fake_.fail_with = KS_DEVICE_REMOVED;
            fake_.live = true;
            fake_.changed.notify_all();
        });
        if (polled) {
            EXPECT_TRUE(handle_is_ready(handle, 2000));
        }
        frame(); /* complete before the unplug */
        const vdc_frame *got = nullptr;
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&got, stream_, 2000));
        puller.join();
        EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        vdc_stream_close(stream_);
        stream_ = nullptr;
        int64_t value;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
        fake_.fail_after = -1;
        fake_.live = true;
    }
}

/* Every buffer is with the application when the plug is pulled: the next one queued tells. */
TEST_F(KsStream, UnplugWithoutAReadInFlight)
{
    stream(nullptr, 0, 2);
    start();
    const vdc_frame *held[2] = {nullptr, nullptr};
    for (auto &one : held)
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&one, stream_, 2000));
    fake_.fail_after = 0;
    fake_.fail_with = KS_NOT_CONNECTED;
    std::thread waiter([this] {
        const vdc_frame *got = nullptr;
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&got, stream_, 5000));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    for (auto &one : held)
        vdc_stream_release(stream_, one);
    waiter.join();
}

/* A read that the driver gives up goes back; a driver that gives up all of them ends the stream. */
TEST_F(KsStream, ReadsThatFail)
{
    stream();
    start();
    fake_.live = false;
    fake_.read_result = KS_IO_DEVICE;
    for (int i = 0; i < 3; i++)
        fake_.end_read();
    fake_.read_result = KS_OK;
    fake_.live = true;
    frame();
    fake_.read_result = KS_IO_DEVICE;
    const vdc_frame *got = nullptr;
    EXPECT_STATUS(VDC_E_IO, vdc_stream_wait(&got, stream_, 2000));
    EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    fake_.read_result = KS_OK;
    start();
    frame();
}

} // namespace
