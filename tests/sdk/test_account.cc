// SPDX-License-Identifier: MIT
// The sum: produced = delivered + dropped by cause + in flight, with backends that lose, lie and vanish.
#include "fixture.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace {

class Account : public SdkTest {
  protected:
    const vdc_frame *frame_ = nullptr;
};

TEST_F(Account, NothingBeforeTheStart)
{
    open_stream();
    vdc_stats zero = VDC_STATS_INIT;
    vdc_stats now = stats();
    EXPECT_EQ(0, memcmp(&zero, &now, sizeof(zero)));
}

TEST_F(Account, EveryTermHasItsPlace)
{
    start_stream(4);
    fake_.complete();
    EXPECT_EQ(1u, stats().in_flight) << "complete, not taken";
    EXPECT_STATUS(VDC_OK, pass_frame());
    fake_.complete(VDC_DROP_DAMAGED);
    fake_.complete(VDC_DROP_DMA);
    fake_.report_later(VDC_DROP_DEVICE_FIFO, 3);
    fake_.complete();
    expect_sum(stats());
    EXPECT_STATUS(VDC_OK, pass_frame());
    for (int at = 0; at < 6; at++) {
        fake_.complete(); /* four buffers, so two find none */
    }
    expect_sum(stats());
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    vdc_stats end = stats();
    expect_sum(end);
    EXPECT_EQ(uint32_t{VDC_BASIS_DEVICE}, end.produced_basis);
    EXPECT_EQ(13u, end.produced);
    EXPECT_EQ(3u, end.delivered);
    EXPECT_EQ(0u, end.in_flight);
    EXPECT_EQ(1u, end.dropped[VDC_DROP_DAMAGED]);
    EXPECT_EQ(1u, end.dropped[VDC_DROP_DMA]);
    EXPECT_EQ(3u, end.dropped[VDC_DROP_DEVICE_FIFO]);
    EXPECT_EQ(2u, end.dropped[VDC_DROP_NO_BUFFER]);
    EXPECT_EQ(3u, end.dropped[VDC_DROP_STOPPED]);
    EXPECT_EQ(0u, end.dropped[VDC_DROP_UNKNOWN]);
    EXPECT_FALSE(logged(VDC_LOG_WARNING, ""));
    EXPECT_FALSE(logged(VDC_LOG_ERROR, ""));
}

TEST_F(Account, BeginsAnewWithEachStart)
{
    start_stream();
    fake_.complete();
    EXPECT_STATUS(VDC_OK, pass_frame());
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(1u, stats().delivered) << "of the last run";
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_EQ(0u, stats().delivered);
    EXPECT_EQ(0u, stats().produced);
}

/* Controls: backends that break the sum must be seen to. */

TEST_F(Account, AFrameLostWithoutAWordIsUnknown)
{
    start_stream();
    fake_.forget = 2;
    fake_.complete();
    EXPECT_STATUS(VDC_OK, pass_frame());
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(2u, stats().dropped[VDC_DROP_UNKNOWN]);
    expect_sum(stats());
    EXPECT_TRUE(logged(VDC_LOG_WARNING, "2 of 3 frames are missing without a cause"));
}

TEST_F(Account, AnImpossibleCountIsAnErrorAndIsShown)
{
    start_stream();
    fake_.lie = true;
    for (int at = 0; at < 4; at++) {
        fake_.complete();
        EXPECT_STATUS(VDC_OK, pass_frame());
    }
    EXPECT_EQ(0u, stats().in_flight);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(2u, stats().produced) << "as the backend says, and not mended";
    EXPECT_EQ(4u, stats().delivered);
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "4 frames delivered or lost, and only 2 produced"));
}

TEST_F(Account, WithoutABasisNothingIsInferred)
{
    fake_.basis = VDC_BASIS_UNKNOWN;
    start_stream();
    fake_.complete();
    fake_.complete();
    EXPECT_STATUS(VDC_OK, pass_frame());
    EXPECT_EQ(0u, stats().in_flight);
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(0u, stats().produced);
    EXPECT_EQ(1u, stats().delivered);
    EXPECT_EQ(1u, stats().dropped[VDC_DROP_STOPPED]);
    EXPECT_EQ(0u, stats().dropped[VDC_DROP_UNKNOWN]);
}

TEST_F(Account, ABackendThatCannotCount)
{
    start_stream();
    fake_.complete();
    EXPECT_EQ(1u, stats().produced);
    fake_.fail[FAKE_COUNTS] = VDC_E_IO;
    fake_.complete();
    EXPECT_EQ(1u, stats().produced) << "the last report stands";
}

TEST_F(Account, LossesThatOnlyCompletionsTell)
{
    start_stream();
    fake_.fail[FAKE_COUNTS] = VDC_E_IO; /* so the report stays empty */
    fake_.report_later(VDC_DROP_BUS, 2);
    fake_.complete();
    EXPECT_STATUS(VDC_OK, pass_frame());
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(2u, stats().dropped[VDC_DROP_BUS]) << "they happened";
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "2 lost by BUS"));
}

TEST_F(Account, AfterAnUnplugTheRestIsGone)
{
    start_stream();
    fake_.complete();
    fake_.complete();
    EXPECT_STATUS(VDC_OK, pass_frame());
    fake_.forget = 3; /* on their way when it was pulled */
    fake_.unplug();
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    vdc_stats end = stats();
    expect_sum(end);
    EXPECT_EQ(5u, end.produced);
    EXPECT_EQ(1u, end.delivered);
    EXPECT_EQ(1u, end.dropped[VDC_DROP_STOPPED]) << "complete, and not taken";
    EXPECT_EQ(3u, end.dropped[VDC_DROP_GONE]);
    EXPECT_EQ(0u, end.dropped[VDC_DROP_UNKNOWN]);
}

TEST_F(Account, DamagedFramesLeftAtTheStop)
{
    start_stream();
    fake_.complete(VDC_DROP_BUS);
    fake_.complete();
    ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_EQ(1u, stats().dropped[VDC_DROP_BUS]) << "lost by its damage, not by the stop";
    EXPECT_EQ(1u, stats().dropped[VDC_DROP_STOPPED]);
    expect_sum(stats());
}

TEST_F(Account, LatencyIsCountedOncePerFrame)
{
    start_stream();
    for (int at = 0; at < 10; at++) {
        fake_.complete();
        if (at >= 5) {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
        EXPECT_STATUS(VDC_OK, pass_frame());
    }
    vdc_stats now = stats();
    uint64_t all = 0, slow = 0;
    for (int slot = 0; slot < VDC_LATENCY_SLOTS; slot++) {
        all += now.latency_us[slot];
        slow += slot >= 11 ? now.latency_us[slot] : 0; /* 1024 us and more */
    }
    EXPECT_EQ(10u, all);
    EXPECT_GE(slow, 5u);
}

/* In the middle of each slot, where a millisecond more is no other one; the last takes all that is beyond. */
TEST_F(Account, LatencyFindsItsSlot)
{
    start_stream();
    uint64_t before[VDC_LATENCY_SLOTS] = {};
    for (int bits = 14; bits <= 40; bits++) {
        fake_.late_ns = (INT64_C(3) << (bits - 2)) * 1000;
        fake_.complete();
        ASSERT_STATUS(VDC_OK, pass_frame());
        vdc_stats now = stats();
        for (int slot = 0; slot < VDC_LATENCY_SLOTS; slot++) {
            EXPECT_EQ(before[slot] + (slot == std::min(bits, VDC_LATENCY_SLOTS - 1)),
                      now.latency_us[slot])
                << bits << " bits, slot " << slot;
            before[slot] = now.latency_us[slot];
        }
    }
}

/* Whatever happens in whatever order, the sum holds at each step and the ledger agrees at the end. */
TEST_F(Account, RandomWalks)
{
    std::mt19937 random(5);
    open_stream(3);
    for (int walk = 0; walk < 200; walk++) {
        uint64_t ledger[VDC_DROP_SLOTS] = {};
        uint64_t produced = 0, delivered = 0;
        std::vector<const vdc_frame *> held;

        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        for (int step = 0; step < 60; step++) {
            uint32_t cause = random() % VDC_DROP_STOPPED;
            switch (random() % 5) {
            case 0:
            case 1:
                produced++;
                if (!fake_.complete()) {
                    ledger[VDC_DROP_NO_BUFFER]++;
                }
                break;
            case 2:
                produced++;
                ledger[fake_.complete(cause) ? cause : uint32_t{VDC_DROP_NO_BUFFER}]++;
                break;
            case 3:
                produced += 2;
                ledger[cause] += 2;
                fake_.report_later(cause, 2);
                break;
            default:
                if (vdc_stream_wait(&frame_, stream_, 0) == VDC_OK) {
                    delivered++;
                    held.push_back(frame_);
                }
                if (held.size() > 1) {
                    ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, held[0]));
                    held.erase(held.begin());
                }
            }
            expect_sum(stats());
        }
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        for (const vdc_frame *frame : held) {
            ASSERT_STATUS(VDC_OK, vdc_stream_release(stream_, frame));
        }
        vdc_stats end = stats();
        expect_sum(end);
        EXPECT_EQ(produced, end.produced);
        EXPECT_EQ(delivered, end.delivered);
        for (int cause = 0; cause < VDC_DROP_STOPPED; cause++) {
            EXPECT_EQ(ledger[cause], end.dropped[cause])
                << vdc_drop_name(static_cast<uint32_t>(cause));
        }
        EXPECT_EQ(0u, end.dropped[VDC_DROP_UNKNOWN]);
    }
    EXPECT_FALSE(logged(VDC_LOG_ERROR, ""));
}

} // namespace
