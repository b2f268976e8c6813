/* SPDX-License-Identifier: MIT */
/*
 * Buffers of the caller's: the frames lie at the addresses that were given, nothing beside them is
 * touched, and nothing at all once stop has returned.
 */
#include <algorithm>
#include <cstring>

#include "pattern.h"
#include "suite.h"

class CallerMemory : public Case {
  protected:
    static constexpr size_t kGuard = 4096;
    static constexpr uint8_t kCanary = 0xa5;

    void OpenCaller(vdc_frame_fn function = nullptr)
    {
        MUST(Open());
        vdc_stream_config config = SmallConfig();
        config.memory = VDC_MEMORY_CALLER;
        config.on_frame = function;
        if (!(Info().caps & VDC_CAP_CALLER_MEMORY)) {
            EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_open(&stream, device, &config));
            NOT_APPLICABLE("the device takes no memory of the caller's, and says so");
        }
        MUST(OpenStream(config));
    }
    /* A buffer at `misalign` bytes from a page, with guards around it. */
    void AddGuarded(size_t misalign, void *user)
    {
        size_t frame = info.frame_bytes;
        blocks_.emplace_back(frame + 2 * kGuard + 8192, kCanary);
        std::vector<uint8_t> &block = blocks_.back();
        uintptr_t page =
            (reinterpret_cast<uintptr_t>(block.data()) + kGuard + 4095) & ~uintptr_t{4095};
        uint8_t *data = reinterpret_cast<uint8_t *>(page) + misalign;
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = data;
        buffer.capacity_bytes = frame;
        buffer.user = user;
        ASSERT_VDC_OK(vdc_stream_add_buffer(stream, &buffer));
        data_.push_back(data);
    }
    void GuardsAreWhole()
    {
        for (size_t i = 0; i < blocks_.size(); ++i) {
            const uint8_t *begin = blocks_[i].data(), *end = begin + blocks_[i].size();
            auto touched = [](uint8_t byte) { return byte != kCanary; };
            EXPECT_EQ(std::find_if(begin, const_cast<const uint8_t *>(data_[i]), touched), data_[i])
                << "written before buffer " << i;
            EXPECT_EQ(std::find_if(const_cast<const uint8_t *>(data_[i]) + info.frame_bytes, end,
                                   touched),
                      end)
                << "written behind buffer " << i;
        }
    }
    void Poison()
    {
        for (uint8_t *data : data_)
            std::memset(data, kCanary, info.frame_bytes);
    }
    void StaysPoisoned()
    {
        Stopwatch watch;
        bool last; /* it begins after the time, however busy the machine is */
        do {
            last = watch.Ms() >= 100;
            for (size_t i = 0; i < data_.size(); ++i)
                for (size_t k = 0; k < info.frame_bytes; ++k)
                    ASSERT_EQ(data_[i][k], kCanary)
                        << "touched after stop: buffer " << i << ", byte " << k;
        } while (!last);
    }
    void TearDown() override
    {
        Case::TearDown(); /* the memory must outlive the stream */
        blocks_.clear();
    }
    std::vector<std::vector<uint8_t>> blocks_;
    std::vector<uint8_t *> data_;
};

#define OPEN_CALLER()                         \
    do {                                      \
        OpenCaller();                         \
        if (HasFatalFailure() || IsSkipped()) \
            return;                           \
    } while (0)

TEST_F(CallerMemory, AddressesAreTheCallers)
{
    OPEN_CALLER();
    int marks[5];
    for (int &mark : marks)
        MUST(AddGuarded(0, &mark));
    MUST(Start());
    EXPECT_EQ(info.buffer_count, 5u);
    for (int i = 0; i < Times(100, 1000); ++i) {
        const vdc_frame *frame = Take();
        ASSERT_NE(frame, nullptr);
        ASSERT_LT(frame->buffer, 5u);
        EXPECT_EQ(frame->planes[0], data_[frame->buffer] + info.planes[0].offset_bytes);
        EXPECT_EQ(frame->buffer_user, &marks[frame->buffer]);
        if (Info().caps & VDC_CAP_SIMULATED) {
            EXPECT_EQ(frame->copied_bytes, 0u) << "the card writes to where it is told";
        }
        MUST(Give(frame));
    }
    MUST(Stop());
    MUST(GuardsAreWhole());
    MUST(CompareWithLedger());
}

TEST_F(CallerMemory, AnyAlignment)
{
    OPEN_CALLER();
    for (size_t misalign : {1u, 2u, 3u, 7u, 63u, 64u, 4095u})
        MUST(AddGuarded(misalign, nullptr));
    std::vector<bool> used(data_.size());
    MUST(Start());
    for (int i = 0; i < Times(100, 1000); ++i) {
        const vdc_frame *frame = Take();
        ASSERT_NE(frame, nullptr);
        used[frame->buffer] = true;
        EXPECT_EQ(frame->planes[0], data_[frame->buffer]);
        uint32_t number = 0;
        if (TheRig().Pattern() && info.format.width_px >= 64 && info.format.height_px >= 16 &&
            PatternNumber(info.format.fourcc, frame->planes[0], info.planes[0].stride_bytes,
                          &number))
            EXPECT_EQ(number, static_cast<uint32_t>(frame->sequence));
        MUST(Give(frame));
    }
    MUST(Stop());
    EXPECT_EQ(std::count(used.begin(), used.end(), true), static_cast<long>(used.size()))
        << "every buffer is used";
    MUST(GuardsAreWhole());
}

TEST_F(CallerMemory, UntouchedAfterStop)
{
    OPEN_CALLER();
    for (int i = 0; i < 4; ++i)
        MUST(AddGuarded(0, nullptr));
    for (int round = 0; round < Times(5, 50); ++round) {
        MUST(Start());
        MUST(TakeAndGive(round % 3 + 1));
        MUST(Stop());
        Poison();
        MUST(StaysPoisoned());
    }
    MUST(GuardsAreWhole());
}

TEST_F(CallerMemory, HeldFramesAreNotOverwritten)
{
    OPEN_CALLER();
    for (int i = 0; i < 4; ++i)
        MUST(AddGuarded(0, nullptr));
    MUST(Start());
    const vdc_frame *frame = Take();
    ASSERT_NE(frame, nullptr);
    std::vector<uint8_t> before(frame->planes[0], frame->planes[0] + frame->used_bytes);
    MUST(TakeAndGive(20));
    EXPECT_EQ(std::memcmp(before.data(), frame->planes[0], before.size()), 0);
    MUST(Give(frame));
    MUST(Stop());
}

TEST_F(CallerMemory, WrongBuffersAreRefused)
{
    OPEN_CALLER();
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_start(stream)) << "it has no buffers";
    std::vector<uint8_t> bytes(info.frame_bytes);
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.data = bytes.data();
    buffer.capacity_bytes = info.frame_bytes - 1;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_add_buffer(stream, &buffer)) << "one byte too small";
    buffer.capacity_bytes = info.frame_bytes;
    buffer.data = nullptr;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_add_buffer(stream, &buffer));
    buffer.data = bytes.data();
    buffer.size = 0;
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_add_buffer(stream, &buffer));
    MUST(AddGuarded(0, nullptr));
    MUST(AddGuarded(0, nullptr));
    MUST(Start());
    buffer.size = sizeof buffer;
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_add_buffer(stream, &buffer)) << "while it runs";
    MUST(TakeAndGive(4));
    MUST(Stop());
}

TEST_F(CallerMemory, NotForLibraryMemory)
{
    MUST(OpenSmall());
    std::vector<uint8_t> bytes(info.frame_bytes);
    vdc_buffer buffer = VDC_BUFFER_INIT;
    buffer.data = bytes.data();
    buffer.capacity_bytes = bytes.size();
    int status = vdc_stream_add_buffer(stream, &buffer);
    EXPECT_TRUE(status == VDC_E_STATE || status == VDC_E_INVALID) << vdc_status_name(status);
}

TEST_F(CallerMemory, DmabufWhereSupported)
{
    MUST(Open());
    vdc_stream_config config = SmallConfig();
    config.memory = VDC_MEMORY_DMABUF;
    if (!(Info().caps & VDC_CAP_DMABUF_IMPORT))
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_open(&stream, device, &config));
    config.memory = VDC_MEMORY_LIBRARY;
    if (stream == nullptr)
        MUST(OpenStream(config));
    int fd = -1;
    int status = vdc_stream_export_buffer(&fd, stream, 0);
    if (!(Info().caps & VDC_CAP_DMABUF_EXPORT)) {
        EXPECT_STATUS(VDC_E_UNSUPPORTED, status);
        NOT_APPLICABLE("the device exports no dma-bufs, and says so");
    }
    EXPECT_STATUS(VDC_OK, status);
    EXPECT_GE(fd, 0);
}
