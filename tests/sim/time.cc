/* SPDX-License-Identifier: MIT */
/*
 * Time with an error bound: the true start of every frame, as the model's ledger has it, lies
 * within the bound of what the library says; or there is no bound, and never silently a wrong one.
 */
#include "support.h"

#include <algorithm>

namespace {

struct Judgement {
    size_t known = 0;
    size_t unknown = 0;
    size_t flagged = 0;
    size_t outside = 0; /* the truth is not where the frame says it is */
    int64_t worst_ns = 0;
    std::vector<int64_t> bounds;
    int64_t Median() const
    {
        std::vector<int64_t> sorted = bounds;
        std::sort(sorted.begin(), sorted.end());
        return sorted.empty() ? -1 : sorted[sorted.size() / 2];
    }
};

Judgement Judge(const Capture &capture, int64_t epoch_ns)
{
    Judgement out;
    std::map<uint64_t, uint64_t> truth;
    const vdm_ledger &ledger = *capture.ledger;
    uint32_t count = std::min<uint32_t>(ledger.frame_count, VDM_LEDGER_FRAMES);

    for (uint32_t i = 0; i < count; i++) {
        const vdm_ledger_frame &frame =
            ledger.frames[(ledger.frame_count - count + i) % VDM_LEDGER_FRAMES];
        truth[frame.sequence] = frame.start_ns;
    }
    for (const Seen &frame : capture.frames) {
        out.flagged += (frame.flags & VDC_FRAME_TIME_JUMP) != 0;
        if (frame.error_bound_ns == VDC_ERROR_UNKNOWN_NS) {
            out.unknown++;
            continue;
        }
        EXPECT_TRUE(truth.count(frame.sequence)) << frame.sequence;
        int64_t off = frame.host_time_ns - (epoch_ns + static_cast<int64_t>(truth[frame.sequence]));
        off = off < 0 ? -off : off;
        out.known++;
        out.outside += off > frame.error_bound_ns;
        out.worst_ns = std::max(out.worst_ns, off);
        out.bounds.push_back(frame.error_bound_ns);
    }
    return out;
}

Judgement Measure(const std::string &options, size_t frames, Capture *capture = nullptr,
                  vdc_fraction interval = {1, 240})
{
    Card card(options);
    EXPECT_EQ(card.status, VDC_OK) << card.error;
    vdc_format format = Thumbnail();
    format.interval_s = interval;
    EXPECT_EQ(card.OpenStream(format), VDC_OK) << vdc_error_text();
    CaptureOptions how;
    how.frames = frames;
    how.compare = false;
    Capture own = RunCapture(card, how);
    EXPECT_EQ(own.frames.size(), frames) << own.error;
    Judgement judgement = Judge(own, card.Report().epoch_ns);
    if (capture)
        *capture = std::move(own);
    return judgement;
}

class Drift : public testing::TestWithParam<std::tuple<const char *, int>> {};

TEST_P(Drift, TheTruthLiesWithinTheBound)
{
    auto [rate, ppm] = GetParam();
    bool real = rate == std::string("rate=real");
    Capture capture;
    Judgement j = Measure(rate + std::string("&drift_ppm=") + std::to_string(ppm),
                          real ? 240 : 3000, &capture);
    EXPECT_EQ(j.outside, 0u);
    EXPECT_EQ(j.unknown, 0u);
    EXPECT_EQ(j.flagged, 0u);
    EXPECT_LT(j.Median(), 100000) << "median bound in ns";
    RecordProperty("median_ns", static_cast<int>(j.Median()));
    RecordProperty("worst_ns", static_cast<int>(j.worst_ns));
    for (size_t i = 1; i < capture.frames.size(); i++)
        EXPECT_GT(capture.frames[i].host_time_ns, capture.frames[i - 1].host_time_ns);
    for (const Seen &frame : capture.frames)
        EXPECT_EQ(frame.clock,
                  static_cast<uint32_t>(real ? VDC_CLOCK_MONOTONIC : VDC_CLOCK_VIRTUAL));
}

INSTANTIATE_TEST_SUITE_P(Rates, Drift,
                         testing::Combine(testing::Values("rate=max", "rate=real"),
                                          testing::Values(-100, -37, 0, 1, 100)));

TEST(Time, LateInterruptsDoNotMoveIt)
{
    for (const char *ppm : {"-100", "0", "100"}) {
        for (const char *late : {"us=2000", "us=50000", "us=500000,count=1"}) {
            std::string script = std::string("&faults=irq-late@frame=10,") + late;
            if (std::string(late).find("count") == std::string::npos)
                script += ",count=40";
            Capture capture;
            Judgement j =
                Measure(std::string("rate=real&drift_ppm=") + ppm + script, 120, &capture);
            EXPECT_GT(Injected(*capture.ledger, "irq-late"), 0u);
            EXPECT_EQ(j.outside, 0u) << ppm << late;
            EXPECT_EQ(j.unknown, 0u) << ppm << late;
        }
    }
}

TEST(Time, DriftBeyondTheToleranceIsNeverSilent)
{
    for (const char *rate : {"rate=max", "rate=real"}) {
        for (int ppm : {-5000, -1000, 1000, 5000, 50000}) {
            Judgement j = Measure(rate + std::string("&drift_ppm=") + std::to_string(ppm), 120,
                                  nullptr, {1, 60});
            EXPECT_EQ(j.outside, 0u) << rate << ppm << " worst " << j.worst_ns;
            EXPECT_GT(j.unknown, 0u) << rate << ppm;
            EXPECT_GT(j.flagged, 0u) << rate << ppm;
        }
    }
}

TEST(Time, AJumpIsFlaggedAndOvercome)
{
    for (const char *rate : {"rate=max", "rate=real"}) {
        for (const char *jump :
             {"27000000", "-27000000", "2700", "-2700", "100000", "-100000", "1000000000000"}) {
            for (const char *when : {"frame=20", "frame=0", "time=101000", "time=102000"}) {
                Capture capture;
                Judgement j =
                    Measure(std::string(rate) + "&faults=time-jump@" + when + ",ticks=" + jump, 80,
                            &capture);
                EXPECT_EQ(Injected(*capture.ledger, "time-jump"), 1u);
                EXPECT_EQ(j.outside, 0u) << rate << jump << when << " worst " << j.worst_ns;
                EXPECT_LE(j.unknown, 4u) << rate << jump << when;
                EXPECT_GE(j.flagged + (when[0] == 't' ? 1 : 0), 1u) << rate << jump << when;
            }
        }
    }
}

/* The judge itself: a bound that is too small is reported. */
TEST(TimeControl, AWrongTimeIsReported)
{
    Capture capture;
    Judgement j = Measure("rate=max", 20, &capture);
    ASSERT_EQ(j.outside, 0u);
    capture.frames[7].host_time_ns += capture.frames[7].error_bound_ns + 200;
    EXPECT_EQ(Judge(capture, 0).outside, 1u);
    capture.frames[9].error_bound_ns = 0;
    capture.frames[9].host_time_ns += 1;
    EXPECT_GE(Judge(capture, 0).outside, 1u);
}

} /* namespace */
