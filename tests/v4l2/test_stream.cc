// SPDX-License-Identifier: MIT
// Frames: numbers, times, lengths, losses and their causes, memory, waking, stopping.
#include "fixture.h"

#include <chrono>
#include <cstring>
#include <thread>

#include <poll.h>

#include "../support/patience.h"

namespace {

class Stream : public V4l2Test {};

TEST_F(Stream, FramesComeAndReconcile)
{
    Start();
    for (uint64_t at = 0; at < 100; at++) {
        vdc_frame frame = Pass();
        EXPECT_EQ(at, frame.sequence);
        EXPECT_EQ(640u * 480 * 2, frame.used_bytes);
        EXPECT_EQ(0u, frame.copied_bytes);
        EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_MONOTONIC), frame.clock);
        EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, frame.error_bound_ns) << "nobody says how late a stamp is";
    }
    vdc_stats stats = StopAndReconcile();
    EXPECT_EQ(100u, stats.delivered);
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_SEQUENCE), stats.produced_basis);
}

TEST_F(Stream, WhatIsCompleteAtStopIsCounted)
{
    Start();
    Pass();
    fake_.Complete();
    fake_.Complete();
    vdc_stats stats = StopAndReconcile();
    EXPECT_EQ(2u, stats.dropped[VDC_DROP_STOPPED]);
}

/* All buffers are full for a while: what is missing afterwards is missing for want of one. */
TEST_F(Stream, LateApplicationIsNoBuffer)
{
    Start(3);
    Pass();
    for (int at = 0; at < 3; at++)
        fake_.Complete();
    fake_.Miss(5);
    for (int at = 0; at < 3; at++) {
        const vdc_frame *frame = Take();
        EXPECT_EQ(0u, frame->dropped[VDC_DROP_NO_BUFFER]);
        Give(frame);
    }
    vdc_frame after = Pass();
    EXPECT_EQ(5u, after.dropped[VDC_DROP_NO_BUFFER]);
    EXPECT_EQ(0u, after.dropped[VDC_DROP_BUS]);
    EXPECT_TRUE(after.flags & VDC_FRAME_DISCONTINUITY);
    EXPECT_EQ(9u, after.sequence);
    EXPECT_EQ(5u, StopAndReconcile().dropped[VDC_DROP_NO_BUFFER]);
}

/* Empty buffers were there all the time: the frames got lost on the way. */
TEST_F(Stream, JumpOfTheSequenceIsTheBus)
{
    Start();
    Pass();
    Pass();
    fake_.Miss(7);
    vdc_frame after = Pass();
    EXPECT_EQ(7u, after.dropped[VDC_DROP_BUS]);
    EXPECT_EQ(0u, after.dropped[VDC_DROP_NO_BUFFER]);
    EXPECT_EQ(7u, StopAndReconcile().dropped[VDC_DROP_BUS]);
}

/* Half the gap before a buffer came back, half after it. */
TEST_F(Stream, MixedGapIsSplit)
{
    Start(1);
    Pass();
    fake_.Complete();
    const vdc_frame *held = Take();
    fake_.Miss(4);
    Give(held);
    fake_.Miss(3);
    vdc_frame after = Pass();
    EXPECT_EQ(7u, after.dropped[VDC_DROP_BUS] + after.dropped[VDC_DROP_NO_BUFFER]);
    EXPECT_NEAR(4.0, after.dropped[VDC_DROP_NO_BUFFER], 1.0);
    StopAndReconcile();
}

/* A driver that keeps full buffers for itself: the next frames find none. */
TEST_F(Stream, DriverThatReturnsLateIsNoBuffer)
{
    Start(2);
    Pass();
    fake_.Miss(0);
    fake_.Complete(); /* stamped now, and handed out much later */
    fake_.Complete();
    fake_.Miss(6);
    Give(Take());
    Give(Take());
    vdc_frame after = Pass();
    EXPECT_EQ(6u, after.dropped[VDC_DROP_NO_BUFFER]);
    StopAndReconcile();
}

TEST_F(Stream, WithoutStampsTheQueueDecides)
{
    fake_.time_flags = V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN;
    Start(2);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_NONE), Pass().clock);
    fake_.Miss(3);
    EXPECT_EQ(3u, Pass().dropped[VDC_DROP_BUS]) << "the driver had another buffer";
    fake_.Complete();
    fake_.Complete();
    const vdc_frame *one = Take(), *two = Take();
    fake_.Miss(2);
    Give(one);
    Give(two);
    EXPECT_EQ(2u, Pass().dropped[VDC_DROP_NO_BUFFER]) << "it had none";
    StopAndReconcile();
}

TEST_F(Stream, ErrorFlagIsDamaged)
{
    Start();
    Pass();
    const vdc_frame *frame = nullptr;
    fake_.Complete(V4L2_BUF_FLAG_ERROR);
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, 0)) << "kept back";
    EXPECT_EQ(1u, Pass().dropped[VDC_DROP_DAMAGED]);
    EXPECT_EQ(1u, StopAndReconcile().dropped[VDC_DROP_DAMAGED]);
}

TEST_F(Stream, DamagedOnRequest)
{
    Start(4, VDC_STREAM_DAMAGED_TOO);
    EXPECT_TRUE(Pass(V4L2_BUF_FLAG_ERROR).flags & VDC_FRAME_DAMAGED);
    EXPECT_EQ(0u, StopAndReconcile().dropped[VDC_DROP_DAMAGED]);
}

TEST_F(Stream, LyingLengthsAreDamaged)
{
    Start();
    const vdc_frame *frame = nullptr;
    const uint32_t lies[] = {0, 1, 640 * 480 * 2 - 1, 640 * 480 * 2 + 1, UINT32_MAX};
    for (uint32_t lie : lies) {
        fake_.Complete(0, [lie](v4l2_buffer *buffer) { buffer->bytesused = lie; });
        EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, 0)) << lie;
    }
    EXPECT_EQ(5u, StopAndReconcile().dropped[VDC_DROP_DAMAGED]);
}

TEST_F(Stream, CompressedFramesAreAsLongAsTheyAre)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format.fourcc = VDC_FOURCC_MJPEG;
    Open();
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(1234u, Pass(0, [](v4l2_buffer *buffer) { buffer->bytesused = 1234; }).used_bytes);
    StopAndReconcile();
}

TEST_F(Stream, ForeignBuffersAreAnError)
{
    Start(2);
    const vdc_frame *frame = nullptr;
    for (uint32_t index : {2u, 31u, 32u, UINT32_MAX}) {
        fake_.Complete(0, [index](v4l2_buffer *buffer) { buffer->index = index; });
        EXPECT_STATUS(VDC_E_IO, vdc_stream_wait(&frame, stream_, 0)) << index;
        vdc_stream_stop(stream_);
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    }
    fake_.Complete();
    uint32_t twice = Take()->buffer;
    fake_.Complete(0, [twice](v4l2_buffer *buffer) { buffer->index = twice; });
    EXPECT_STATUS(VDC_E_IO, vdc_stream_wait(&frame, stream_, 0)) << "the application has it";
}

TEST_F(Stream, SequenceWraps)
{
    Start();
    fake_.sequence = UINT32_MAX - 1;
    EXPECT_EQ(0u, Pass().sequence) << "a driver that does not begin at 0";
    EXPECT_EQ(1u, Pass().sequence);
    EXPECT_EQ(2u, Pass().sequence) << "behind the wrap";
    fake_.Miss(2);
    EXPECT_EQ(5u, Pass().sequence);
    EXPECT_EQ(6u, StopAndReconcile().produced);
}

TEST_F(Stream, LossesBeforeTheFirstFrameCount)
{
    Start();
    fake_.Miss(3);
    vdc_frame first = Pass();
    EXPECT_EQ(3u, first.sequence);
    EXPECT_EQ(3u, first.dropped[VDC_DROP_BUS]);
    StopAndReconcile();
}

TEST_F(Stream, DriverThatDoesNotCountHasNoBasis)
{
    Start();
    for (uint64_t at = 0; at < 5; at++)
        EXPECT_EQ(at, Pass(0, [](v4l2_buffer *buffer) { buffer->sequence = 0; }).sequence);
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_UNKNOWN), StopAndReconcile().produced_basis);
}

TEST_F(Stream, ANumberThatComesTwiceIsASlip)
{
    Start();
    const uint32_t numbers[] = {0, 1, 1, 2, 3, 3, 4};
    uint64_t at = 0;
    for (uint32_t number : numbers)
        EXPECT_EQ(at++,
                  Pass(0, [number](v4l2_buffer *buffer) { buffer->sequence = number; }).sequence);
    vdc_stats stats = StopAndReconcile();
    EXPECT_EQ(7u, stats.produced);
    EXPECT_EQ(static_cast<uint32_t>(VDC_BASIS_SEQUENCE), stats.produced_basis);
}

TEST_F(Stream, Stamps)
{
    int64_t soe, eof;
    Start();
    soe = fake_.now_ns;
    EXPECT_EQ(soe / 1000, Pass().host_time_ns / 1000);
    StopAndReconcile();
    fake_.time_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_EOF;
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    eof = fake_.now_ns;
    EXPECT_NEAR(static_cast<double>(eof - 33333333), static_cast<double>(Pass().host_time_ns), 1000)
        << "its start, not its end";
    StopAndReconcile();
    for (uint32_t flags : {V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN, V4L2_BUF_FLAG_TIMESTAMP_COPY}) {
        fake_.time_flags = flags;
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        vdc_frame frame = Pass();
        EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_NONE), frame.clock);
        EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, frame.error_bound_ns);
        StopAndReconcile();
    }
}

/* A stamp that cannot be is replaced, flagged, and never takes time backwards; the clock stays. */
TEST_F(Stream, ImpossibleStamps)
{
    Start();
    int64_t last = Pass().host_time_ns;
    const timeval lies[] = {
        {-1,        0      },
        {INT64_MAX, 0      },
        {5,         2000000},
        {0,         0      },
        {1,         0      },
        {1 << 30,   0      }
    };
    for (const timeval &lie : lies) {
        vdc_frame frame = Pass(0, [&](v4l2_buffer *buffer) { buffer->timestamp = lie; });
        EXPECT_TRUE(frame.flags & VDC_FRAME_TIME_JUMP) << lie.tv_sec;
        EXPECT_GE(frame.host_time_ns, last);
        EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_MONOTONIC), frame.clock);
        last = frame.host_time_ns;
    }
    vdc_frame frame = Pass(0, [](v4l2_buffer *buffer) {
        buffer->flags = (buffer->flags & ~static_cast<uint32_t>(V4L2_BUF_FLAG_TIMESTAMP_MASK)) |
                        V4L2_BUF_FLAG_TIMESTAMP_COPY;
    });
    EXPECT_EQ(static_cast<uint32_t>(VDC_CLOCK_MONOTONIC), frame.clock) << "it never changes";
    StopAndReconcile();
}

/* ---- Waiting ---- */

TEST_F(Stream, CancelAndTimeout)
{
    const vdc_frame *frame = nullptr;
    Start();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, 0));
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, 20));
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        vdc_stream_cancel(stream_);
    });
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame, stream_, -1));
    other.join();
    StopAndReconcile();
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    Pass();
    StopAndReconcile();
}

/* Frames that come cost no timer each: one is set up in a while, and still every wait ends when it should. */
TEST_F(Stream, OneTimerForManyWaits)
{
    using std::chrono::milliseconds;
    using std::chrono::steady_clock;
    const vdc_frame *frame = nullptr;
    Start();
    fake_.instant = true;
    for (int i = 0; i < 200; i++) {
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame, stream_, 1200));
        ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, frame));
    }
    EXPECT_EQ(-1, fake_.longest_ms);
    EXPECT_GE(fake_.timers_set, 1u);
    EXPECT_LE(fake_.timers_set, 2u);
    fake_.instant = false;
    /* Short; long; short while the timer of a longer one runs; behind one that rang and nobody was there. */
    const struct {
        int before_ms, away_ms, timeout_ms;
    } cases[] = {
        {0,    0,    30  },
        {0,    0,    1100},
        {5000, 0,    40  },
        {1000, 1050, 1020}
    };
    for (const auto &one : cases) {
        EXPECT_TRUE(Patiently(3, [&] {
            if (one.before_ms) {
                fake_.instant = true;
                EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame, stream_, one.before_ms));
                fake_.instant = false;
                EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame));
            }
            std::this_thread::sleep_for(milliseconds(one.away_ms));
            auto begun = steady_clock::now();
            EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, one.timeout_ms));
            auto late = steady_clock::now() - begun - milliseconds(one.timeout_ms);
            EXPECT_GE(late, milliseconds(0)) << one.timeout_ms;
            return late < milliseconds(300) ? testing::AssertionSuccess()
                                            : testing::AssertionFailure() << one.timeout_ms;
        }));
    }
    StopAndReconcile();
}

TEST_F(Stream, UnplugWakesTheWaiter)
{
    const vdc_frame *frame = nullptr;
    Start();
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        fake_.Unplug();
    });
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame, stream_, -1));
    other.join();
    EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    vdc_event event;
    ASSERT_TRUE(NextEvent(VDC_EVENT_DEVICE_REMOVED, &event)) << "though nobody watched before";
    EXPECT_STREQ("v4l2:1d6b:0102-SN1", event.device_id);
    EXPECT_FALSE(NextEvent(VDC_EVENT_DEVICE_REMOVED, &event, 50)) << "once";
}

/* A node that is in error without a frame must not be asked in a circle. */
TEST_F(Stream, ErrorsAreNotPolledInACircle)
{
    const vdc_frame *frame = nullptr;
    Start();
    fake_.sick = true;
    uint64_t before = fake_.polls;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&frame, stream_, 200));
    EXPECT_LE(fake_.polls - before, 30u);
    EXPECT_GE(fake_.polls - before, 5u) << "the fault was there";
    fake_.sick = false;
    StopAndReconcile();
}

/* ---- Memory ---- */

TEST_F(Stream, CallerMemory)
{
    OpenStream(4, 0, VDC_MEMORY_CALLER);
    std::vector<std::vector<uint8_t>> memory(3, std::vector<uint8_t>(640 * 480 * 2));
    for (auto &bytes : memory) {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = bytes.data();
        buffer.capacity_bytes = bytes.size();
        ASSERT_STATUS(VDC_OK, vdc_stream_add_buffer(stream_, &buffer));
    }
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(3u, fake_.last_request.count);
    EXPECT_EQ(static_cast<uint32_t>(V4L2_MEMORY_USERPTR), fake_.last_request.memory);
    fake_.Complete();
    const vdc_frame *frame = Take();
    EXPECT_EQ(memory[frame->buffer].data(), frame->planes[0]);
    Give(frame);
    StopAndReconcile();
}

TEST_F(Stream, Dmabufs)
{
    OpenStream(4, 0, VDC_MEMORY_DMABUF);
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.dmabuf_fd = 5;
    buffer.capacity_bytes = 640 * 480 * 2 + 64;
    buffer.offset_bytes = 64;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_add_buffer(stream_, &buffer)) << "no offsets there";
    buffer.offset_bytes = 0;
    ASSERT_STATUS(VDC_OK, vdc_stream_add_buffer(stream_, &buffer));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(static_cast<uint32_t>(V4L2_MEMORY_DMABUF), fake_.last_request.memory);
    EXPECT_EQ(nullptr, Pass().planes[0]);
    StopAndReconcile();
    vdc_stream_close(stream_);
    stream_ = nullptr;
    OpenStream();
    int fd = -1;
    EXPECT_STATUS(VDC_OK, vdc_stream_export_buffer(&fd, stream_, 0));
    EXPECT_EQ(77, fd);
}

TEST_F(Stream, DriverWithoutMemoryOfItsOwnWritesToOurs)
{
    fake_.buffer_caps = V4L2_BUF_CAP_SUPPORTS_USERPTR;
    Start();
    EXPECT_EQ(static_cast<uint32_t>(V4L2_MEMORY_USERPTR), fake_.last_request.memory);
    EXPECT_NE(nullptr, Pass().planes[0]);
    StopAndReconcile();
}

/* Planes with memory of their own lie in one row all the same. */
TEST_F(Stream, PlanesOfTheirOwn)
{
    fake_.capabilities = V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING;
    fake_.fourccs = {V4L2_PIX_FMT_NV12M};
    fake_.planes = 2;
    fake_.Reset();
    Start();
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(2u, info.plane_count);
    EXPECT_EQ(240u, info.planes[1].lines);
    vdc_frame frame = Pass();
    EXPECT_EQ(info.planes[1].offset_bytes, static_cast<size_t>(frame.planes[1] - frame.planes[0]));
    EXPECT_EQ(info.frame_bytes, frame.used_bytes);
    const vdc_frame *none = nullptr;
    fake_.Complete(0, [](v4l2_buffer *buffer) { buffer->m.planes[1].data_offset = 16; });
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&none, stream_, 0));
    fake_.Complete(0, [](v4l2_buffer *buffer) { buffer->m.planes[0].bytesused = UINT32_MAX; });
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_stream_wait(&none, stream_, 0));
    EXPECT_EQ(2u, StopAndReconcile().dropped[VDC_DROP_DAMAGED]);
}

TEST_F(Stream, LyingBufferLengthsAreRefused)
{
    Open();
    fake_.after = [](unsigned long request, void *argument) {
        if (request == VIDIOC_QUERYBUF)
            static_cast<v4l2_buffer *>(argument)->length = 100;
        return 0;
    };
    EXPECT_STATUS(VDC_E_IO, vdc_stream_open(&stream_, device_, nullptr));
    EXPECT_EQ(0u, fake_.Maps());
}

} // namespace
