/* SPDX-License-Identifier: MIT */
/*
 * At rate=real the card has a thread of its own, so a frame is handed over from thread to thread:
 * that may put the application's thread to sleep once a frame, and not a second time on a lock.
 */
#include <poll.h>
#include <sys/resource.h>

#include "support.h"

namespace {

constexpr int kFrames = 120;

int64_t Sleeps()
{
    struct rusage usage {};

    EXPECT_EQ(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_nvcsw;
}

enum class Path { kWait, kHandle };

class Wakes : public testing::TestWithParam<Path> {
  protected:
    /* How often the thread went to sleep for kFrames frames. */
    static int64_t Measure(Card &card)
    {
        vdc_handle handle = -1;
        if (GetParam() == Path::kHandle) {
            EXPECT_EQ(vdc_stream_get_handle(&handle, card.stream), VDC_OK) << vdc_error_text();
        }
        EXPECT_EQ(vdc_stream_start(card.stream), VDC_OK) << vdc_error_text();
        int64_t before = 0;
        for (int i = -5; i < kFrames; i++) {
            const vdc_frame *frame = nullptr;
            if (i == 0)
                before = Sleeps();
            if (GetParam() == Path::kHandle) {
                pollfd entry = {static_cast<int>(handle), POLLIN, 0};
                EXPECT_EQ(poll(&entry, 1, 5000), 1);
            }
            EXPECT_EQ(vdc_stream_wait(&frame, card.stream, 5000), VDC_OK) << vdc_error_text();
            if (frame == nullptr)
                break;
            EXPECT_EQ(vdc_stream_release(card.stream, frame), VDC_OK) << vdc_error_text();
        }
        int64_t after = Sleeps();
        EXPECT_EQ(vdc_stream_stop(card.stream), VDC_OK) << vdc_error_text();
        return after - before;
    }
};

/* A busy machine lets threads meet at a lock by chance, now and then: never in each of five turns,
 * unless every frame does it. */
TEST_P(Wakes, OnceAFrame)
{
    Card card("rate=real");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    int64_t least = INT64_MAX;
    for (int turn = 0; turn < 5 && least > kFrames + kFrames / 20; turn++)
        least = std::min(least, Measure(card));
    EXPECT_LE(least, kFrames + kFrames / 20);
    RecordProperty("sleeps", std::to_string(least));
    printf("%d frames, %lld sleeps\n", kFrames, static_cast<long long>(least));
}

INSTANTIATE_TEST_SUITE_P(All, Wakes, testing::Values(Path::kWait, Path::kHandle),
                         [](const auto &path) {
                             return path.param == Path::kWait ? "Wait" : "Handle";
                         });

} // namespace
