// SPDX-License-Identifier: MIT
// The path of a frame: no allocation, no copy, and no more system calls than a bare loop makes.
#include "fixture.h"

#include "allocations.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {

constexpr int kFrames = 1000;

class Allocation : public V4l2Test {
  protected:
    void SetUp() override
    {
        fake_.instant = true;
        V4l2Test::SetUp();
        Start();
        Run(10, 1000);
    }
    void Run(int frames, int timeout_ms)
    {
        for (int at = 0; at < frames; at++) {
            const vdc_frame *frame;
            if (vdc_stream_wait(&frame, stream_, timeout_ms) != VDC_OK ||
                frame->copied_bytes != 0 || vdc_stream_release(stream_, frame) != VDC_OK)
                abort();
        }
    }
};

TEST_F(Allocation, NoneForAFrame)
{
    uint64_t before = allocations_so_far();
    Run(kFrames, 1000);
    Run(kFrames, 0);
    EXPECT_EQ(0u, allocations_so_far() - before);
    vdc_stats stats = StopAndReconcile();
    EXPECT_EQ(0u, stats.copied_bytes);
    EXPECT_GE(stats.delivered, 2u * kFrames);
}

TEST_F(Allocation, ControlOfTheCounter)
{
    uint64_t before = allocations_so_far();
    void *volatile memory = malloc(1);
    free(memory);
    EXPECT_EQ(2u, allocations_so_far() - before);
}

TEST_F(Allocation, CallsOfAFrame)
{
    uint64_t calls = fake_.calls, polls = fake_.polls;
    Run(kFrames, -1);
    EXPECT_EQ(2u * kFrames, fake_.calls - calls) << "DQBUF and QBUF";
    EXPECT_EQ(1u * kFrames, fake_.polls - polls);
    calls = fake_.calls;
    polls = fake_.polls;
    Run(kFrames, 0);
    EXPECT_EQ(2u * kFrames, fake_.calls - calls);
    EXPECT_EQ(0u, fake_.polls - polls) << "a wait that only looks does not poll";
}

} // namespace
