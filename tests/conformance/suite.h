/* SPDX-License-Identifier: MIT */
/*
 * What all cases share: the device under test, the rules that hold for every frame and every stop, and
 * the word for "this does not apply". A case that does not apply says why and appears in the matrix;
 * nothing else may be skipped.
 */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "rig.h"
#include "shim.h"

/* The rig of this run. */
Rig &TheRig();
/* `small`, or `full` with VIDICON_LONG. */
int Times(int small, int full);
/* The same for frames that come so far apart: of slow devices, in real time, a third. */
int Frames(int small, int full, int64_t interval_us);
/* How long something may take that must come, and how much a machine under load may be late. */
constexpr int kPatienceMs = 10000;
constexpr int kSlackMs = 1500;

int64_t NowMs();
void SleepMs(int ms);

/* Readiness of a stream's or a context's handle; platform file. */
bool PlatformReady(vdc_handle handle, int timeout_ms);
/* Of so many frames, how many may come just between such a look and the wait behind it. */
int PlatformOvertaken(int frames);
bool Ready(vdc_handle handle, int timeout_ms);

/* Ends the case as "not applicable: reason". */
#define NOT_APPLICABLE(reason)                                                  \
    do {                                                                        \
        ::testing::Test::RecordProperty("not_applicable", std::string(reason)); \
        GTEST_SKIP() << "not applicable: " << std::string(reason);              \
    } while (0)
#define NEEDS_CAP(bit, words)                           \
    do {                                                \
        if (!(Info().caps & (bit)))                     \
            NOT_APPLICABLE("the device has no " words); \
    } while (0)
#define MUST(call) ASSERT_NO_FATAL_FAILURE(call)

/* A call that must give this status; the message has the library's own words. */
::testing::AssertionResult Gives(int wanted, int status, const char *call);
#define EXPECT_STATUS(wanted, call) EXPECT_TRUE(Gives(wanted, call, #call))
#define ASSERT_STATUS(wanted, call) ASSERT_TRUE(Gives(wanted, call, #call))
#define ASSERT_VDC_OK(call)         ASSERT_STATUS(VDC_OK, call)
#define EXPECT_VDC_OK(call)         EXPECT_STATUS(VDC_OK, call)

/* Takes longer than it may. */
class Stopwatch {
  public:
    Stopwatch() : begun_(NowMs()) {}
    int64_t Ms() const { return NowMs() - begun_; }

  private:
    int64_t begun_;
};

/* Watches over the frames of one stream, from start to stop. Not for several threads at once. */
class Account {
  public:
    void Begin(const vdc_stream_info &info, uint32_t caps, uint32_t flags);
    /* Every rule that holds for every frame. */
    void Frame(const vdc_frame *frame);
    /* The stream has stopped: the sum is right, and agrees with what was seen. */
    void Stopped(const vdc_stats &stats, bool gone);
    /* The sums agree with the card's ledger. */
    void Compare(const vdc_stats &stats, const Ledger &ledger, bool gone);

    uint64_t delivered = 0;
    uint64_t dropped[VDC_DROP_SLOTS] = {};
    int64_t bound_max_ns = 0;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;

  private:
    uint32_t caps_ = 0;
    uint32_t flags_ = 0;
    uint64_t copies_ = 0;
    uint64_t copied_bytes_ = 0;
    uint64_t sequence_ = 0;
    uint64_t ticks_ = 0;
    int64_t time_ns_ = INT64_MIN;
    uint32_t clock_ = 0;
};

uint64_t Sum(const uint32_t (&dropped)[VDC_DROP_SLOTS]);
uint64_t Sum(const uint64_t (&dropped)[VDC_DROP_SLOTS]);
vdc_stats StatsOf(vdc_stream *stream);

class Case : public ::testing::Test {
  protected:
    void SetUp() override;
    void TearDown() override;

    /* The device of the rig, as the rig is set. */
    void Open(uint32_t flags = 0);
    /* Closes stream and device, if open. */
    void Close();
    const vdc_device_info &Info() { return *vdc_device_get_info(device); }

    /* A config with a small size, so that cases are quick; tests of pictures choose themselves. */
    vdc_stream_config SmallConfig();
    void OpenStream(const vdc_stream_config &config);
    /* Open(), then OpenStream(SmallConfig()). */
    void OpenSmall();
    /* Caller memory: `count` buffers of the stream's size; the fixture keeps them. */
    void AddMemory(unsigned count);

    void Start();
    /* Takes a frame and checks it. NULL after a failure. */
    const vdc_frame *Take(int timeout_ms = kPatienceMs);
    void Give(const vdc_frame *frame);
    void TakeAndGive(int count);
    /* Stops and checks the account. */
    void Stop(bool gone = false);
    /* Closes, and compares the last account with the ledger, if the rig has one. */
    void CompareWithLedger();

    /* Puts a fault script in force for the next open; not applicable if the rig cannot. */
    bool Arm(const std::string &script, std::string *why) { return TheRig().Arm(script, why); }
    /* Drains the events of the context, until `kind` comes (true) or the time is up. */
    bool WaitForEvent(uint32_t kind, vdc_event *out, int timeout_ms = kPatienceMs);
    /* Microseconds of a frame, at least 1. */
    int64_t IntervalUs() const;

    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    Account account;
    vdc_stats stats = VDC_STATS_INIT;
    std::vector<std::vector<uint8_t>> memory;

  private:
    uint32_t stream_flags_ = 0;
    bool stopped_ = false;
    bool gone_ = false;
};

#define ARM(script)                       \
    do {                                  \
        std::string why_;                 \
        if (!TheRig().Arm(script, &why_)) \
            NOT_APPLICABLE(why_);         \
    } while (0)
#define OPTION(option)                       \
    do {                                     \
        std::string why_;                    \
        if (!TheRig().Option(option, &why_)) \
            NOT_APPLICABLE(why_);            \
    } while (0)

#endif
