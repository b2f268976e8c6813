/* SPDX-License-Identifier: MIT */
/*
 * The device goes away at every awkward moment. Each call then returns at once, the waiter wakes, the
 * account stands, closing works, and the same id opens the device when it is back.
 */
#include <atomic>
#include <thread>

#include "suite.h"

class Unplug : public Case {
  protected:
    /* After GONE: everything returns at once, and says so where it needs the device. */
    void EverythingSaysGone()
    {
        Stopwatch watch;
        int64_t value = 0;
        const vdc_frame *frame = nullptr;
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame, stream, -1));
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame, stream, 0));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_control(&value, device, VDC_CONTROL_BRIGHTNESS));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device, VDC_CONTROL_BRIGHTNESS, value));
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_negotiate(&answer, device, nullptr));
        if (Info().caps & VDC_CAP_INPUTS) {
            vdc_signal signal = VDC_SIGNAL_INIT;
            EXPECT_STATUS(VDC_E_GONE, vdc_device_get_signal(&signal, device));
        }
        EXPECT_VDC_OK(vdc_stream_get_stats(&stats, stream));
        EXPECT_VDC_OK(vdc_stream_get_info(&info, stream));
        EXPECT_NE(vdc_device_get_info(device), nullptr);
        EXPECT_LT(watch.Ms(), kSlackMs) << "at once";
        EXPECT_STREQ(vdc_status_name(VDC_E_GONE), "VDC_E_GONE");
    }
    /* Waits for frames until the device is gone. */
    void TakeUntilGone()
    {
        Stopwatch watch;
        for (;;) {
            ASSERT_LT(watch.Ms(), kPatienceMs) << "it never went";
            const vdc_frame *frame = nullptr;
            int status = vdc_stream_wait(&frame, stream, kPatienceMs);
            if (status != VDC_OK) {
                ASSERT_STATUS(VDC_E_GONE, status);
                return;
            }
            account.Frame(frame);
            MUST(Give(frame));
        }
    }
    void OpensAgain()
    {
        std::string why;
        Close();
        TheRig().Arm("", &why);
        if (!TheRig().Replug(&why))
            NOT_APPLICABLE(why);
        Stopwatch watch;
        int status;
        do {
            status = vdc_device_open(&device, context, TheRig().Id().c_str(), 0);
        } while (status == VDC_E_NOT_FOUND && watch.Ms() < kPatienceMs);
        ASSERT_VDC_OK(status);
        MUST(OpenStream(SmallConfig()));
        MUST(Start());
        MUST(TakeAndGive(3));
        MUST(Stop());
    }
};

TEST_F(Unplug, WhileWaiting)
{
    ARM("unplug@frame=20");
    MUST(OpenSmall());
    std::string id = Info().id;
    MUST(Start());
    MUST(TakeUntilGone());
    EXPECT_LE(account.delivered, 21u);
    MUST(EverythingSaysGone());
    vdc_event event;
    ASSERT_TRUE(WaitForEvent(VDC_EVENT_DEVICE_REMOVED, &event));
    EXPECT_EQ(id, event.device_id);
    MUST(Stop(true));
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_start(stream));
    MUST(CompareWithLedger());
}

TEST_F(Unplug, ThenReplugged)
{
    ARM("unplug@frame=5");
    MUST(OpenSmall());
    std::string id = Info().id;
    MUST(Start());
    MUST(TakeUntilGone());
    MUST(Stop(true));
    MUST(OpensAgain());
    if (!IsSkipped())
        EXPECT_EQ(id, Info().id) << "the id survives a replug";
}

TEST_F(Unplug, WithoutFrames)
{
    ARM("unplug@frame=0");
    MUST(OpenSmall());
    account.Begin(info, Info().caps, 0);
    int status = vdc_stream_start(stream);
    ASSERT_TRUE(status == VDC_OK || status == VDC_E_GONE) << vdc_status_name(status);
    if (status == VDC_E_GONE) {
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_start(stream));
        return; /* it was gone before the start had ended */
    }
    MUST(TakeUntilGone());
    EXPECT_EQ(account.delivered, 0u);
    MUST(EverythingSaysGone());
    MUST(Stop(true));
}

TEST_F(Unplug, InCallbacks)
{
    static std::atomic<int> ends, last;
    ends = 0;
    last = 0;
    ARM("unplug@frame=10");
    MUST(Open());
    vdc_stream_config config = SmallConfig();
    config.user = &account;
    config.on_frame = [](vdc_stream *of, const vdc_frame *frame, int status, void *user) {
        if (status == VDC_OK) {
            static_cast<Account *>(user)->Frame(frame);
            SleepMs(5);
            EXPECT_VDC_OK(vdc_stream_release(of, frame)) << "also when it has gone meanwhile";
        } else {
            last = status;
            ++ends;
        }
    };
    MUST(OpenStream(config));
    MUST(Start());
    Stopwatch watch;
    while (!ends && watch.Ms() < kPatienceMs)
        SleepMs(1);
    EXPECT_EQ(ends, 1) << "one last call without a frame";
    EXPECT_EQ(last, VDC_E_GONE);
    MUST(Stop(true));
    EXPECT_EQ(ends, 1);
}

TEST_F(Unplug, WhilePolled)
{
    ARM("unplug@frame=10");
    MUST(OpenSmall());
    vdc_handle handle = 0;
    ASSERT_VDC_OK(vdc_stream_get_handle(&handle, stream));
    MUST(Start());
    int status = VDC_OK;
    for (int i = 0; status == VDC_OK && i < 100; ++i) {
        ASSERT_TRUE(Ready(handle, kPatienceMs)) << "it must wake who polls";
        const vdc_frame *frame = nullptr;
        status = vdc_stream_wait(&frame, stream, 0);
        if (status == VDC_OK) {
            account.Frame(frame);
            MUST(Give(frame));
        }
    }
    EXPECT_STATUS(VDC_E_GONE, status);
    EXPECT_TRUE(Ready(handle, 0)) << "and stay ready";
    MUST(Stop(true));
}

TEST_F(Unplug, WhileFramesAreHeld)
{
    ARM("unplug@frame=10");
    MUST(OpenSmall());
    MUST(Start());
    const vdc_frame *held = Take();
    ASSERT_NE(held, nullptr);
    std::vector<uint8_t> before(held->planes[0], held->planes[0] + held->used_bytes);
    MUST(TakeUntilGone());
    MUST(Stop(true));
    EXPECT_EQ(std::vector<uint8_t>(held->planes[0], held->planes[0] + held->used_bytes), before);
    MUST(Give(held));
    EXPECT_STATUS(VDC_E_INVALID, vdc_stream_release(stream, held));
}

TEST_F(Unplug, CloseWithFramesHeld)
{
    ARM("unplug@frame=10");
    MUST(OpenSmall());
    MUST(Start());
    ASSERT_NE(Take(), nullptr);
    MUST(TakeUntilGone());
    Stopwatch watch;
    Close(); /* without a stop, with a frame out */
    EXPECT_LT(watch.Ms(), kPatienceMs);
}

TEST_F(Unplug, CallerMemoryIsLeftAlone)
{
    ARM("unplug@frame=6");
    MUST(Open());
    NEEDS_CAP(VDC_CAP_CALLER_MEMORY, "caller memory");
    vdc_stream_config config = SmallConfig();
    config.memory = VDC_MEMORY_CALLER;
    MUST(OpenStream(config));
    MUST(AddMemory(4));
    MUST(Start());
    MUST(TakeUntilGone());
    MUST(Stop(true));
    for (std::vector<uint8_t> &bytes : memory)
        std::fill(bytes.begin(), bytes.end(), uint8_t{0x5a});
    SleepMs(100);
    for (const std::vector<uint8_t> &bytes : memory)
        for (uint8_t byte : bytes)
            ASSERT_EQ(byte, 0x5a);
}

/* Pulls the device out at the Nth register write, for many N: at opening, at stream_open, at start, at
 * stop. Whatever then fails must say GONE, and closing must work. */
TEST_F(Unplug, AtAnyRegisterWrite)
{
    int opened = 0, started = 0, stopped = 0, refused = 0;
    const int step = Times(3, 1);
    auto attempt = [&](int write) {
        std::string why;
        if (!TheRig().Arm("unplug@write=" + std::to_string(write), &why))
            return false;
        Stopwatch watch;
        int status = vdc_device_open(&device, context, TheRig().Id().c_str(), 0);
        if (status != VDC_OK) {
            ++refused;
            EXPECT_TRUE(status == VDC_E_GONE || status == VDC_E_NOT_FOUND)
                << "open: " << vdc_status_name(status) << ": " << vdc_error_text();
            EXPECT_EQ(device, nullptr);
        } else {
            ++opened;
            vdc_stream_config config = SmallConfig();
            status = vdc_stream_open(&stream, device, &config);
            if (status == VDC_OK)
                status = vdc_stream_start(stream);
            if (status == VDC_OK) {
                ++started;
                const vdc_frame *frame = nullptr;
                for (int i = 0; i < 3 && status == VDC_OK; ++i) {
                    status = vdc_stream_wait(&frame, stream, kPatienceMs);
                    if (status == VDC_OK)
                        vdc_stream_release(stream, frame);
                }
            }
            if (status == VDC_OK) {
                status = vdc_stream_stop(stream);
                stopped += status == VDC_OK;
            }
            EXPECT_TRUE(status == VDC_OK || status == VDC_E_GONE)
                << vdc_status_name(status) << ": " << vdc_error_text();
            Close();
        }
        EXPECT_LT(watch.Ms(), kPatienceMs) << "unplug at write " << write;
        return true;
    };

    std::string why;
    if (!TheRig().Arm("unplug@write=1", &why))
        NOT_APPLICABLE(why);
    /* The number of writes that opening takes, by doubling and halving. */
    int low = 1, high = 2;
    auto opens = [&](int write) {
        int before = opened;
        attempt(write);
        return opened > before;
    };
    while (high < 1 << 20 && !opens(high)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (opens(middle))
            high = middle;
        else
            low = middle;
    }
    ASSERT_LT(high, 1 << 20) << "it never opens";
    for (int write = 1; write < 40; write += step)
        attempt(write);
    /* How many writes a capture takes depends on how often the application comes to give a buffer back. */
    int from = high - 20 > 40 ? high - 20 : 40;
    for (int write = from; write < high + 60 || (started == stopped && write < high + 200);
         write += step)
        attempt(write);
    RecordProperty("note", std::to_string(refused) + " refused opens, " +
                               std::to_string(opened - started) + " failed starts, " +
                               std::to_string(started - stopped) + " failed captures");
    EXPECT_GT(refused, 0);
    EXPECT_GT(opened - started, 0);
    EXPECT_GT(started - stopped, 0) << "high " << high;
}

TEST_F(Unplug, ByTheRigWhileWaiting)
{
    std::string why;
    MUST(OpenSmall());
    MUST(Start());
    MUST(TakeAndGive(2));
    if (!TheRig().Unplug(&why))
        NOT_APPLICABLE(why);
    MUST(TakeUntilGone());
    MUST(EverythingSaysGone());
    MUST(Stop(true));
    MUST(OpensAgain());
}
