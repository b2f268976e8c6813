// SPDX-License-Identifier: MIT
// No allocation for a frame: the C library's allocator, interposed and counted, on each way of delivery.
// Prints what a frame costs on top of a bare loop over the backend, for the reader; nothing hangs on it.
#include "fixture.h"

#include "allocations.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

extern "C" {
#include "platform.h"
}

namespace {

constexpr int kFrames = 1000;

class Allocation : public SdkTest {
  protected:
    void SetUp() override
    {
        SdkTest::SetUp();
        fake_.instant = true;
    }

    template <typename Body> static uint64_t counted(Body body)
    {
        uint64_t before = allocations_so_far();
        body();
        return allocations_so_far() - before;
    }
};

TEST_F(Allocation, Wait)
{
    start_stream();
    EXPECT_STATUS(VDC_OK, pass_frame());
    EXPECT_EQ(0u, counted([&] {
                  for (int at = 0; at < kFrames; at++) {
                      const vdc_frame *frame;
                      int status = vdc_stream_wait(&frame, stream_, at % 2 ? 0 : 1000);
                      status |= vdc_stream_release(stream_, frame);
                      if (status != VDC_OK) {
                          abort();
                      }
                  }
              }));
}

TEST_F(Allocation, TimeoutsAndStatistics)
{
    vdc_stats stats = VDC_STATS_INIT;
    fake_.instant = false;
    start_stream();
    EXPECT_STATUS(VDC_E_TIMEOUT, pass_frame());
    EXPECT_EQ(0u, counted([&] {
                  for (int at = 0; at < kFrames; at++) {
                      const vdc_frame *frame;
                      vdc_stream_wait(&frame, stream_, 0);
                      vdc_stream_get_stats(&stats, stream_);
                  }
              }));
}

TEST_F(Allocation, Handle)
{
    vdc_handle handle;
    fake_.instant = false;
    start_stream();
    ASSERT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    EXPECT_EQ(0u, counted([&] {
                  for (int at = 0; at < kFrames; at++) {
                      const vdc_frame *frame;
                      fake_.complete();
                      if (!handle_is_ready(handle, -1) ||
                          vdc_stream_wait(&frame, stream_, 0) != VDC_OK ||
                          vdc_stream_release(stream_, frame) != VDC_OK) {
                          abort();
                      }
                  }
              }));
}

struct Marks {
    std::atomic<int> frames{0};
    std::atomic<uint64_t> at_first{0}, at_last{0};
    bool allocate = false;
};

void VDC_CALL count_frame(vdc_stream *stream, const vdc_frame *frame, int, void *user)
{
    Marks *marks = static_cast<Marks *>(user);
    if (frame == nullptr) {
        return;
    }
    int number = marks->frames++;
    if (number == 1) {
        marks->at_first = allocations_so_far();
    } else if (number == 1 + kFrames) {
        marks->at_last = allocations_so_far();
    }
    if (marks->allocate && number == kFrames / 2) {
        void *volatile memory = malloc(1);
        free(memory);
    }
    vdc_stream_release(stream, frame);
}

TEST_F(Allocation, Callback)
{
    Marks marks;
    open_stream(4, 0, count_frame, &marks);
    for (bool allocate : {false, true}) { /* the second one is the control */
        marks.allocate = allocate;
        marks.frames = 0;
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
        while (marks.frames < kFrames + 2) {
            std::this_thread::yield();
        }
        ASSERT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        EXPECT_EQ(allocate ? 2u : 0u, marks.at_last - marks.at_first);
    }
}

TEST_F(Allocation, ControlOfTheCounters)
{
    EXPECT_EQ(2u, counted([] {
                  void *volatile memory = malloc(10);
                  free(memory);
              }));
    EXPECT_EQ(3u, counted([] {
                  void *volatile memory = calloc(1, 10);
                  memory = realloc(memory, 20);
                  free(memory);
              }));
    EXPECT_EQ(2u, counted([] { vdi_pages_free(vdi_pages_allocate(10, 0)); }));
}

template <typename Body> double ns_per_frame(Body body)
{
    double best = 1e9;
    for (int round = 0; round < 20; round++) {
        int64_t begin = vdi_now_ns();
        for (int at = 0; at < 5000; at++) {
            body();
        }
        double each = static_cast<double>(vdi_now_ns() - begin) / 5000;
        best = each < best ? each : best;
    }
    return best;
}

TEST_F(Allocation, CostOfAFrame)
{
    start_stream();
    const struct vdi_backend *table = Fake::table();
    struct vdi_stream *inner = nullptr;
    double whole = ns_per_frame([&] {
        const vdc_frame *frame;
        vdc_stream_wait(&frame, stream_, 1000);
        vdc_stream_release(stream_, frame);
    });
    double bare = ns_per_frame([&] {
        struct vdi_completion completion;
        table->wait(inner, &completion, vdi_now_ns() + 1000000000);
        table->queue(inner, completion.buffer);
    });
    printf("[   info   ] %.0f ns a frame, of which %.0f ns in the fake backend: the library adds "
           "%.0f ns\n",
           whole, bare, whole - bare);
    RecordProperty("library_ns_per_frame", static_cast<int>(whole - bare));
}

} // namespace
