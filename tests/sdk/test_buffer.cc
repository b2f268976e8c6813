// SPDX-License-Identifier: MIT
// Whose memory a frame lies in, and that nobody touches it after the stop.
#include "fixture.h"

#include <unistd.h>

#include <cstring>

namespace {

constexpr size_t kFrame = 64 * 48 * 2;

class Buffers : public SdkTest {
  protected:
    void open_memory(uint32_t memory)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.memory = memory;
        open_device();
        ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    }

    int add(void *data, size_t size, void *user = nullptr)
    {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = data;
        buffer.capacity_bytes = size;
        buffer.user = user;
        return vdc_stream_add_buffer(stream_, &buffer);
    }

    const vdc_frame *frame_ = nullptr;
    std::vector<uint8_t> memory_ = std::vector<uint8_t>(4 * kFrame + 64);
};

TEST_F(Buffers, OfTheCaller)
{
    int mark;
    open_memory(VDC_MEMORY_CALLER);
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(stream_)) << "it has none";
    ASSERT_STATUS(VDC_OK, add(&memory_[3], kFrame + 1, &mark)) << "any alignment";
    ASSERT_STATUS(VDC_OK, add(&memory_[kFrame + 4], kFrame));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_E_STATE, add(&memory_[3 * kFrame], kFrame)) << "while it runs";
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(&memory_[3], frame_->planes[0]) << "there, and not a copy of it";
    EXPECT_EQ(&mark, frame_->buffer_user);
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(1u, frame_->plane_count);
    EXPECT_EQ(0, memcmp(frame_->layout, info.planes, sizeof(info.planes)));
    EXPECT_EQ(128u, frame_->layout[0].stride_bytes);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_OK, add(&memory_[3 * kFrame], kFrame)) << "when it is stopped again";
}

TEST_F(Buffers, Refused)
{
    open_memory(VDC_MEMORY_CALLER);
    EXPECT_STATUS(VDC_E_INVALID, add(nullptr, kFrame));
    EXPECT_STATUS(VDC_E_INVALID, add(memory_.data(), kFrame - 1));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "a frame needs 6144")) << vdc_error_text();
    ASSERT_STATUS(VDC_OK, add(memory_.data(), kFrame));
    EXPECT_STATUS(VDC_E_INVALID, add(memory_.data(), kFrame)) << "twice";
    EXPECT_STATUS(VDC_E_INVALID, add(&memory_[kFrame - 1], kFrame)) << "it overlaps";
    fake_.fail[FAKE_ATTACH] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, add(&memory_[kFrame], kFrame));
    fake_.fail[FAKE_ATTACH] = VDC_OK;
    EXPECT_STATUS(VDC_OK, add(&memory_[kFrame], kFrame));
}

TEST_F(Buffers, AtMostSixtyFour)
{
    std::vector<uint8_t> many(65 * kFrame);
    open_memory(VDC_MEMORY_CALLER);
    for (size_t at = 0; at < 64; at++) {
        ASSERT_STATUS(VDC_OK, add(&many[at * kFrame], kFrame));
    }
    EXPECT_STATUS(VDC_E_RANGE, add(&many[64 * kFrame], kFrame));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(64u, fake_.queued());
}

TEST_F(Buffers, OfTheLibraryAreNotAdded)
{
    open_stream();
    EXPECT_STATUS(VDC_E_STATE, add(memory_.data(), kFrame));
}

TEST_F(Buffers, DmaBufs)
{
    vdc_buffer buffer = VDC_BUFFER_INIT;
    int fd = -1;
    open_memory(VDC_MEMORY_DMABUF);
    buffer.capacity_bytes = kFrame;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_add_buffer(stream_, &buffer)) << "no descriptor";
    buffer.dmabuf_fd = 2;
    ASSERT_STATUS(VDC_OK, vdc_stream_add_buffer(stream_, &buffer));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_EQ(nullptr, frame_->planes[0]) << "out of this process' reach";
    EXPECT_EQ(48u, frame_->layout[0].lines) << "whoever can reach it needs to know";
    EXPECT_STATUS(VDC_OK, vdc_stream_export_buffer(&fd, stream_, 0));
    EXPECT_GE(fd, 0);
    close(fd);
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_stream_export_buffer(&fd, stream_, 1));
    fake_.fail[FAKE_EXPORT] = VDC_E_IO;
    EXPECT_STATUS(VDC_E_IO, vdc_stream_export_buffer(&fd, stream_, 0));
}

TEST_F(Buffers, OfTheBackend)
{
    open_device("fakemem:0");
    open_stream(2);
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    fake_.complete();
    EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    EXPECT_NE(nullptr, frame_->planes[0]);
}

/* ---- After the stop ---- */

/* Tells whether anybody writes to memory for a while. */
bool touched(const std::vector<uint8_t> &memory)
{
    auto sum = [&] {
        uint64_t value = 14695981039346656037u;
        for (const uint8_t &byte : memory) {
            value = (value ^ __atomic_load_n(&byte, __ATOMIC_RELAXED)) * 1099511628211u;
        }
        return value;
    };
    uint64_t before = sum();
    for (int turn = 0; turn < 20; turn++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (sum() != before) {
            return true;
        }
    }
    return false;
}

TEST_F(Buffers, NobodyTouchesThemAfterTheStop)
{
    open_memory(VDC_MEMORY_CALLER);
    ASSERT_STATUS(VDC_OK, add(memory_.data(), kFrame));
    for (bool linger : {false, true}) { /* the second one is the control */
        fake_.linger = linger;
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_EQ(linger, touched(memory_));
    }
    fake_.end_linger();
}

} // namespace
