/* SPDX-License-Identifier: MIT */
/*
 * The rules of the frame sum, time and numbers, checked on every frame of every case. The gap in the
 * numbers must equal the losses that are told with the frame after it.
 */
#include "suite.h"

#include <cstring>

uint64_t Sum(const uint32_t (&dropped)[VDC_DROP_SLOTS])
{
    uint64_t sum = 0;
    for (uint32_t count : dropped)
        sum += count;
    return sum;
}

uint64_t Sum(const uint64_t (&dropped)[VDC_DROP_SLOTS])
{
    uint64_t sum = 0;
    for (uint64_t count : dropped)
        sum += count;
    return sum;
}

void Account::Begin(const vdc_stream_info &stream_info, uint32_t caps, uint32_t flags)
{
    info = stream_info;
    caps_ = caps;
    flags_ = flags;
}

void Account::Frame(const vdc_frame *frame)
{
    SCOPED_TRACE("frame with sequence " + std::to_string(frame->sequence));
    uint64_t lost = Sum(frame->dropped);
    uint64_t expected = delivered ? sequence_ + 1 + lost : lost;
    EXPECT_EQ(frame->sequence, expected) << "the gap before a frame must equal its losses";
    EXPECT_EQ((frame->flags & VDC_FRAME_DISCONTINUITY) != 0, lost > 0);
    EXPECT_EQ(frame->dropped[VDC_DROP_UNKNOWN], 0u);
    for (int cause = 0; cause < VDC_DROP_SLOTS; ++cause)
        dropped[cause] += frame->dropped[cause];

    if (!(flags_ & VDC_STREAM_DAMAGED_TOO))
        EXPECT_EQ(frame->flags & VDC_FRAME_DAMAGED, 0u);
    EXPECT_EQ((frame->flags & VDC_FRAME_COPIED) != 0, frame->copied_bytes != 0);
    copies_ += frame->copied_bytes != 0;
    copied_bytes_ += frame->copied_bytes;

    EXPECT_LT(frame->buffer, info.buffer_count);
    EXPECT_EQ(frame->plane_count, info.plane_count);
    EXPECT_EQ(std::memcmp(frame->layout, info.planes, sizeof(info.planes)), 0);
    EXPECT_LE(frame->used_bytes, info.frame_bytes);
    if (info.format.stride_bytes && !(frame->flags & VDC_FRAME_DAMAGED))
        EXPECT_EQ(frame->used_bytes, info.frame_bytes);
    if (info.memory != VDC_MEMORY_DMABUF) {
        ASSERT_NE(frame->planes[0], nullptr);
        for (uint32_t i = 0; i < frame->plane_count && i < VDC_PLANES_MAX; ++i)
            EXPECT_EQ(
                frame->planes[i] - frame->planes[0],
                static_cast<ptrdiff_t>(info.planes[i].offset_bytes - info.planes[0].offset_bytes));
    }

    if (delivered) {
        EXPECT_EQ(frame->clock, clock_) << "the clock may not change within a start";
        if (frame->error_bound_ns != VDC_ERROR_UNKNOWN_NS)
            EXPECT_GE(frame->host_time_ns, time_ns_) << "host time went back";
        if ((caps_ & VDC_CAP_DEVICE_TIME) && !(frame->flags & VDC_FRAME_TIME_JUMP))
            EXPECT_GT(frame->device_ticks, ticks_) << "device time must go on";
    }
    EXPECT_TRUE(frame->error_bound_ns >= 0 || frame->error_bound_ns == VDC_ERROR_UNKNOWN_NS)
        << frame->error_bound_ns;
    if (frame->clock == VDC_CLOCK_NONE)
        EXPECT_EQ(frame->error_bound_ns, VDC_ERROR_UNKNOWN_NS);
    EXPECT_LE(frame->clock, static_cast<uint32_t>(VDC_CLOCK_VIRTUAL));
    if (frame->error_bound_ns > bound_max_ns)
        bound_max_ns = frame->error_bound_ns;

    ++delivered;
    sequence_ = frame->sequence;
    ticks_ = frame->device_ticks;
    if (frame->error_bound_ns != VDC_ERROR_UNKNOWN_NS)
        time_ns_ = frame->host_time_ns;
    clock_ = frame->clock;
}

void Account::Stopped(const vdc_stats &stats, bool gone)
{
    uint64_t lost = Sum(stats.dropped);
    EXPECT_EQ(stats.in_flight, 0u) << "nothing is in flight after a stop";
    EXPECT_EQ(stats.delivered, delivered) << "delivered";
    EXPECT_EQ(stats.dropped[VDC_DROP_UNKNOWN], 0u) << "a loss without a cause";
    for (int cause = VDC_DROP_OVERRUN + 1; cause < VDC_DROP_SLOTS; ++cause)
        EXPECT_EQ(stats.dropped[cause], 0u);
    if (stats.produced_basis == VDC_BASIS_UNKNOWN)
        EXPECT_EQ(stats.produced, 0u);
    else
        EXPECT_EQ(stats.produced, stats.delivered + lost)
            << "produced = delivered + dropped, basis " << stats.produced_basis;
    for (int cause = 0; cause < VDC_DROP_SLOTS; ++cause)
        EXPECT_GE(stats.dropped[cause], dropped[cause])
            << vdc_drop_name(static_cast<uint32_t>(cause)) << " as told with the frames";
    if (!gone)
        EXPECT_EQ(stats.dropped[VDC_DROP_GONE], 0u);
    EXPECT_EQ(stats.copies, copies_);
    EXPECT_EQ(stats.copied_bytes, copied_bytes_);
    uint64_t timed = 0;
    for (uint64_t count : stats.latency_us)
        timed += count;
    EXPECT_LE(timed, stats.delivered) << "the histogram holds delivered frames only";
}

void Account::Compare(const vdc_stats &stats, const Ledger &ledger, bool gone)
{
    if (gone) { /* the device's last report stands, and it may be older than the ledger */
        EXPECT_LE(stats.produced, ledger.produced);
        EXPECT_LE(stats.delivered, ledger.good);
        return;
    }
    EXPECT_EQ(stats.produced, ledger.produced) << "produced, in the card's ledger";
    EXPECT_EQ(stats.dropped[VDC_DROP_DEVICE_FIFO], ledger.fifo);
    EXPECT_EQ(stats.dropped[VDC_DROP_NO_BUFFER], ledger.no_buffer);
    EXPECT_EQ(stats.dropped[VDC_DROP_NO_SIGNAL], ledger.no_signal);
    EXPECT_EQ(stats.dropped[VDC_DROP_DMA], ledger.dma);
    uint64_t whole = stats.delivered;
    for (int cause : {VDC_DROP_STOPPED, VDC_DROP_BUS, VDC_DROP_DAMAGED, VDC_DROP_SHORT,
                      VDC_DROP_LONG, VDC_DROP_MALFORMED, VDC_DROP_STALL, VDC_DROP_OVERRUN})
        whole += stats.dropped[cause];
    EXPECT_EQ(whole, ledger.good + ledger.usb) << "frames that left the card whole";
}
