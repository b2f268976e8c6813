/* SPDX-License-Identifier: MIT */
/*
 * The fixture: opens, starts, takes, stops, and closes whatever a case leaves open. Each stop is followed
 * by the check of the account, whatever the case is about.
 */
#include "suite.h"

#include <cstdlib>
#include <thread>

int Times(int small, int full)
{
    const char *text = std::getenv("VIDICON_LONG");
    return text && *text && std::string(text) != "0" ? full : small;
}

int Frames(int small, int full, int64_t interval_us)
{
    return Times(interval_us > 8000 && !TheRig().OnDemand() ? (small + 2) / 3 : small, full);
}

int64_t NowMs()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

void SleepMs(int ms)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

bool Ready(vdc_handle handle, int timeout_ms)
{
    return shim::Ready(PlatformReady(handle, timeout_ms));
}

::testing::AssertionResult Gives(int wanted, int status, const char *call)
{
    if (status == wanted)
        return ::testing::AssertionSuccess();
    auto result = ::testing::AssertionFailure();
    result << call << " gave " << vdc_status_name(status) << ", not " << vdc_status_name(wanted);
    if (status != VDC_OK)
        result << ": " << vdc_error_text();
    return result;
}

vdc_stats StatsOf(vdc_stream *stream)
{
    vdc_stats stats = VDC_STATS_INIT;
    EXPECT_VDC_OK(vdc_stream_get_stats(&stats, stream));
    return stats;
}

void Case::SetUp()
{
    std::string why;
    TheRig().Arm("", &why);
    ASSERT_VDC_OK(vdc_context_create(&context, nullptr));
}

void Case::TearDown()
{
    Close();
    vdc_context_destroy(context);
    context = nullptr;
    std::string why;
    TheRig().Option("", &why);
    TheRig().Arm("", &why);
}

void Case::Open(uint32_t flags)
{
    ASSERT_EQ(device, nullptr);
    ASSERT_VDC_OK(vdc_device_open(&device, context, TheRig().Id().c_str(), flags));
    ASSERT_NE(device, nullptr);
    ASSERT_NE(vdc_device_get_info(device), nullptr);
}

void Case::Close()
{
    vdc_stream_close(stream);
    stream = nullptr;
    vdc_device_close(device);
    device = nullptr;
    memory.clear();
}

vdc_stream_config Case::SmallConfig()
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    vdc_format wish = {};
    wish.width_px = 64;
    wish.height_px = 64;
    wish.interval_s = {1, 240}; /* as fast as the device can */
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    if (vdc_device_negotiate(&answer, device, &wish) == VDC_OK)
        config.format = answer.format;
    return config;
}

void Case::OpenStream(const vdc_stream_config &config)
{
    ASSERT_VDC_OK(vdc_stream_open(&stream, device, &config));
    info = VDC_STREAM_INFO_INIT;
    ASSERT_VDC_OK(vdc_stream_get_info(&info, stream));
    stream_flags_ = config.flags;
    stopped_ = false;
}

void Case::OpenSmall()
{
    MUST(Open());
    MUST(OpenStream(SmallConfig()));
}

void Case::AddMemory(unsigned count)
{
    for (unsigned i = 0; i < count; ++i) {
        memory.emplace_back(info.frame_bytes, uint8_t{0});
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = memory.back().data();
        buffer.capacity_bytes = memory.back().size();
        ASSERT_VDC_OK(vdc_stream_add_buffer(stream, &buffer));
    }
    ASSERT_VDC_OK(vdc_stream_get_info(&info, stream));
    ASSERT_EQ(info.buffer_count, count);
}

void Case::Start()
{
    info = VDC_STREAM_INFO_INIT;
    ASSERT_VDC_OK(vdc_stream_get_info(&info, stream));
    account = Account();
    account.Begin(info, Info().caps, stream_flags_);
    stopped_ = false;
    ASSERT_VDC_OK(vdc_stream_start(stream));
}

const vdc_frame *Case::Take(int timeout_ms)
{
    const vdc_frame *frame = nullptr;
    int status = vdc_stream_wait(&frame, stream, timeout_ms);
    EXPECT_TRUE(Gives(VDC_OK, status, "vdc_stream_wait()"));
    if (status != VDC_OK)
        return nullptr;
    EXPECT_NE(frame, nullptr);
    if (frame)
        account.Frame(frame);
    return frame;
}

void Case::Give(const vdc_frame *frame)
{
    EXPECT_VDC_OK(vdc_stream_release(stream, frame));
}

void Case::TakeAndGive(int count)
{
    for (int i = 0; i < count; ++i) {
        const vdc_frame *frame = Take();
        ASSERT_NE(frame, nullptr) << "frame " << i << " of " << count;
        MUST(Give(frame));
    }
}

void Case::Stop(bool gone)
{
    Stopwatch watch;
    int status = vdc_stream_stop(stream);
    EXPECT_TRUE(status == VDC_OK || (gone && status == VDC_E_GONE))
        << vdc_status_name(status) << ": " << vdc_error_text();
    EXPECT_LT(watch.Ms(), kPatienceMs) << "stop took too long";
    stats = StatsOf(stream);
    account.Stopped(stats, gone);
    stopped_ = true;
    gone_ = gone;
}

void Case::CompareWithLedger()
{
    ASSERT_TRUE(stopped_);
    Close();
    Ledger ledger;
    std::string why;
    if (TheRig().ReadLedger(&ledger, &why))
        account.Compare(stats, ledger, gone_);
    else
        ::testing::Test::RecordProperty("without", "the ledger: " + why);
}

bool Case::WaitForEvent(uint32_t kind, vdc_event *out, int timeout_ms)
{
    Stopwatch watch;
    for (;;) {
        vdc_event event = VDC_EVENT_INIT;
        int64_t left = timeout_ms - watch.Ms();
        int status = vdc_context_wait_event(&event, context, left > 0 ? static_cast<int>(left) : 0);
        if (status != VDC_OK)
            return false;
        if (event.kind == kind) {
            *out = event;
            return true;
        }
        EXPECT_NE(event.kind, static_cast<uint32_t>(VDC_EVENT_LOST));
    }
}

int64_t Case::IntervalUs() const
{
    const vdc_fraction &interval = info.format.interval_s;
    int64_t us = interval.den ? static_cast<int64_t>(interval.num) * 1000000 / interval.den : 0;
    return us > 0 ? us : 1;
}
