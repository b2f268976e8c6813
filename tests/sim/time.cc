/* SPDX-License-Identifier: MIT */
/*
 * Time with an error bound: the true start of every frame, as the model's ledger has it, lies
 * within the bound of what the library says; or there is no bound, and never silently a wrong one.
 */
#include "../support/patience.h"
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
                          real ? 120 : 3000, &capture);
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
    for (const char *ppm : {"-100", "100"}) {
        for (const char *late : {"us=2000", "us=50000", "us=500000,count=1"}) {
            std::string script = std::string("&faults=irq-late@frame=10,") + late;
            if (std::string(late).find("count") == std::string::npos)
                script += ",count=40";
            Judgement j;
            /* Late for the very frame, a busy machine leaves it without a buffer, and the fault undone. */
            EXPECT_TRUE(Patiently(
                5,
                [&] {
                    Capture capture;
                    j = Measure(std::string("rate=real&drift_ppm=") + ppm + script, 60, &capture);
                    if (Injected(*capture.ledger, "irq-late"))
                        return testing::AssertionSuccess();
                    return testing::AssertionFailure() << "no interrupt was late";
                }))
                << ppm << late;
            EXPECT_EQ(j.outside, 0u) << ppm << late;
            EXPECT_EQ(j.unknown, 0u) << ppm << late;
        }
    }
}

/* In real time a small drift hides in what a busy machine takes for a reading: only large ones there. */
TEST(Time, DriftBeyondTheToleranceIsNeverSilent)
{
    for (const char *rate : {"rate=max", "rate=real"}) {
        bool real = rate == std::string("rate=real");
        for (int ppm : {-5000, -1000, 1000, 5000, 50000}) {
            if (real && std::abs(ppm) < 5000)
                continue;
            Judgement j = Measure(rate + std::string("&drift_ppm=") + std::to_string(ppm),
                                  real ? 60 : 120, nullptr, {1, 60});
            EXPECT_EQ(j.outside, 0u) << rate << ppm << " worst " << j.worst_ns;
            EXPECT_GT(j.unknown, 0u) << rate << ppm;
            EXPECT_GT(j.flagged, 0u) << rate << ppm;
        }
    }
}

void ExpectOvercome(const std::string &options, const char *jump, const std::string &when,
                    size_t unknown_most, size_t frames)
{
    Capture capture;
    std::string fault = "time-jump@" + when + ",ticks=" + jump;
    Judgement j = Measure(options + fault, frames, &capture);
    EXPECT_EQ(Injected(*capture.ledger, "time-jump"), 1u) << options << fault;
    EXPECT_EQ(j.outside, 0u) << options << fault << " worst " << j.worst_ns;
    EXPECT_LE(j.unknown, unknown_most) << options << fault;
    /* What is timed from power on may in real time be over when the capture begins. */
    bool may_be_early = when[0] == 't' && options.find("rate=real") == 0;
    EXPECT_GE(j.flagged + (may_be_early ? 1 : 0), 1u) << options << fault;
}

TEST(Time, AJumpIsFlaggedAndOvercome)
{
    for (const char *jump :
         {"27000000", "-27000000", "2700", "-2700", "100000", "-100000", "1000000000000"}) {
        for (const char *when : {"frame=20", "frame=0", "time=101000", "time=102000"})
            ExpectOvercome("rate=max&faults=", jump, when, 4, 80);
        /* A machine that is late finds all buffers full at once, and the frame after them begun. */
        for (const char *when : {"frame=20", "time=101000"})
            ExpectOvercome("rate=real&faults=", jump, when, 10, 40);
    }
}

/* At every phase of a frame, found on time or late: the ticks of a frame that had begun before the
 * counter jumped back look like those of a later one. */
TEST(Time, AJumpInAFrameIsOvercome)
{
    for (const char *late : {"0", "300", "1500", "3000"}) {
        for (const char *jump : {"100000", "-50000", "-100000", "-200000", "-1000000"}) {
            for (int us = 100000; us < 104200; us += 700)
                ExpectOvercome(std::string("rate=max&faults=irq-late@frame=10,count=40,us=") +
                                   late + ";",
                               jump, "time=" + std::to_string(us), 4, 60);
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

TEST(TimeControl, PatienceEnds)
{
    int tries = 0;
    auto only = [&tries](int good) {
        return [&tries, good] {
            return ++tries == good ? testing::AssertionSuccess() : testing::AssertionFailure();
        };
    };
    EXPECT_TRUE(Patiently(3, only(3)));
    EXPECT_EQ(tries, 3);
    tries = 0;
    EXPECT_FALSE(Patiently(3, only(4)));
    EXPECT_EQ(tries, 3);
}

} /* namespace */
