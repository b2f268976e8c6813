// SPDX-License-Identifier: MIT
// The path of a frame: no allocation, no copy, and no more system calls than a bare loop makes.
#include "fixture.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void __libc_free(void *);
}

namespace {

std::atomic<uint64_t> allocations;

} // namespace

extern "C" {
__attribute__((visibility("default"))) void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *realloc(void *old, size_t size)
{
    allocations++;
    return __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void free(void *memory)
{
    allocations += memory != nullptr;
    __libc_free(memory);
}
}

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
    uint64_t before = allocations;
    Run(kFrames, 1000);
    Run(kFrames, 0);
    EXPECT_EQ(0u, allocations - before);
    vdc_stats stats = StopAndReconcile();
    EXPECT_EQ(0u, stats.copied_bytes);
    EXPECT_GE(stats.delivered, 2u * kFrames);
}

TEST_F(Allocation, ControlOfTheCounter)
{
    uint64_t before = allocations;
    void *volatile memory = malloc(1);
    free(memory);
    EXPECT_EQ(2u, allocations - before);
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
