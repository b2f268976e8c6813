/* SPDX-License-Identifier: MIT */
/*
 * Sub-frame delivery: the lines of a frame in progress only grow, and what lies above them is final. The
 * bytes are kept at each step and compared with the complete frame.
 */
#include <algorithm>
#include <cstring>

#include "suite.h"

class Progress : public Case {
  protected:
    struct Part {
        uint64_t sequence;
        uint32_t buffer;
        uint32_t lines;
        std::vector<uint8_t> bytes;
    };

    void OpenProgress()
    {
        MUST(Open());
        vdc_stream_config config = SmallConfig();
        config.watermark_lines = kStep;
        if (!(Info().caps & VDC_CAP_PROGRESS)) {
            EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_open(&stream, device, &config));
            NOT_APPLICABLE("the device tells nothing of frames in progress, and says so");
        }
        MUST(OpenStream(config));
    }
    static constexpr uint32_t kStep = 16;
};

TEST_F(Progress, LinesGrowAndAreFinal)
{
    OpenProgress();
    if (HasFatalFailure() || IsSkipped())
        return;
    MUST(Start());
    std::vector<Part> parts;
    int compared = 0, frames = 0;
    const int wanted = Times(20, 200);
    Stopwatch watch;
    /* In real time a busy machine sees some frames only when they are whole. */
    while ((frames < wanted || (compared <= wanted && frames < 20 * wanted)) &&
           watch.Ms() < 6 * kPatienceMs) {
        vdc_progress progress = VDC_PROGRESS_INIT;
        int status = vdc_stream_wait_progress(&progress, stream, 1000);
        if (status == VDC_OK) {
            ASSERT_NE(progress.data, nullptr);
            ASSERT_LT(progress.buffer, info.buffer_count);
            EXPECT_LE(progress.lines, info.format.height_px);
            EXPECT_GT(progress.lines, 0u);
            if (!parts.empty() && parts.back().sequence == progress.sequence)
                EXPECT_GT(progress.lines, parts.back().lines);
            if (!parts.empty())
                EXPECT_GE(progress.sequence, parts.back().sequence);
            size_t bytes = static_cast<size_t>(progress.lines) * info.planes[0].stride_bytes;
            parts.push_back({progress.sequence, progress.buffer, progress.lines,
                             std::vector<uint8_t>(progress.data, progress.data + bytes)});
            continue;
        }
        ASSERT_STATUS(VDC_E_STATE, status) << "a complete frame waits";
        const vdc_frame *frame = Take(0);
        ASSERT_NE(frame, nullptr);
        ++frames;
        for (const Part &part : parts) {
            if (part.sequence != frame->sequence)
                continue;
            ++compared;
            EXPECT_EQ(part.buffer, frame->buffer);
            EXPECT_EQ(std::memcmp(part.bytes.data(), frame->planes[0], part.bytes.size()), 0)
                << "lines told as complete changed afterwards, frame " << frame->sequence << ", "
                << part.lines << " lines";
        }
        MUST(Give(frame));
        parts.erase(
            std::remove_if(parts.begin(), parts.end(),
                           [&](const Part &part) { return part.sequence <= frame->sequence; }),
            parts.end());
    }
    EXPECT_GE(frames, wanted);
    EXPECT_GT(compared, wanted) << "parts seen of " << frames << " frames";
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Progress, FramesComeWithoutIt)
{
    OpenProgress();
    if (HasFatalFailure() || IsSkipped())
        return;
    MUST(Start());
    MUST(TakeAndGive(20)); /* nobody has to ask for progress */
    MUST(Stop());
    MUST(CompareWithLedger());
}

TEST_F(Progress, CancelAndTimeout)
{
    OpenProgress();
    if (HasFatalFailure() || IsSkipped())
        return;
    vdc_progress progress = VDC_PROGRESS_INIT;
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_wait_progress(&progress, stream, 0)) << "not started";
    MUST(Start());
    vdc_stream_cancel(stream);
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait_progress(&progress, stream, -1));
    MUST(Stop());
}

TEST_F(Progress, NotWithoutWatermark)
{
    MUST(OpenSmall());
    MUST(Start());
    vdc_progress progress = VDC_PROGRESS_INIT;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_stream_wait_progress(&progress, stream, 0));
    MUST(TakeAndGive(2));
    MUST(Stop());
}
