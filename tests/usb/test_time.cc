/* SPDX-License-Identifier: MIT */
/*
 * The true start of every frame, as the model's ledger has it, lies within the bound of what the library says; or there
 * is no bound. And how soon there is a first one.
 */
#include <chrono>
#include <cstdlib>
#include <thread>

#include "../support/patience.h"
#include "fixture.h"

namespace {

int64_t NowNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/* What the library said of a frame. */
struct Said {
    uint64_t sequence;
    int64_t host_ns, bound_ns;
    uint32_t flags;
};

class UsbTime : public UsbTest {
  protected:
    /* The card's true time, and the host's then; how wide the narrowest reading of some was. */
    static int64_t ReadClocks(fake_usb_card *card, int64_t *true_ns, int64_t *host_ns)
    {
        int64_t least = INT64_MAX;
        for (int i = 0; i < 20; i++) {
            uint64_t inside = 0;
            int64_t before = NowNs();
            fake_usb_inside(
                card,
                [](vdm_card *model, void *out) {
                    *static_cast<uint64_t *>(out) = vdm_now_ns(model);
                },
                &inside);
            int64_t after = NowNs();
            if (after - before < least) {
                least = after - before;
                *true_ns = static_cast<int64_t>(inside);
                *host_ns = before + (after - before) / 2;
            }
        }
        return least;
    }
    void Watch(int count)
    {
        for (int i = 0; i < count; i++) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 5000)) << vdc_error_text();
            said.push_back(
                {frame->sequence, frame->host_time_ns, frame->error_bound_ns, frame->flags});
            vdc_stream_release(stream, frame);
        }
    }
    /* Compares with the ledger; `off_ns` moves the truth: the control. */
    void Judge(fake_usb_card *card, int64_t off_ns = 0)
    {
        int64_t true_ns = 0, host_ns = 0;
        int64_t slack_ns = ReadClocks(card, &true_ns, &host_ns);
        static vdm_ledger ledger;
        fake_usb_ledger(card, &ledger);
        ASSERT_LE(ledger.frame_count, VDM_LEDGER_FRAMES);
        std::map<uint64_t, int64_t> truth; /* on the host's clock */
        for (uint32_t i = 0; i < ledger.frame_count; i++) {
            const vdm_ledger_frame &frame = ledger.frames[i];
            truth[frame.sequence] = static_cast<int64_t>(frame.start_ns) - true_ns + host_ns;
        }
        known = unknown = flagged = outside = 0;
        for (const Said &one : said) {
            flagged += (one.flags & VDC_FRAME_TIME_JUMP) != 0;
            if (one.bound_ns == VDC_ERROR_UNKNOWN_NS) {
                unknown++;
                continue;
            }
            known++;
            ASSERT_TRUE(truth.count(one.sequence)) << one.sequence;
            int64_t off = std::abs(one.host_ns - truth[one.sequence] - off_ns);
            outside += off > one.bound_ns + slack_ns;
            worst_ns = std::max(worst_ns, off);
        }
    }
    /* So many frames of a new card whose counter jumps `phase` of an interval within the third one behind the first `before`. */
    fake_usb_card *Jump(const std::string &serial, int64_t ticks, double phase, int count,
                        int before = 1)
    {
        fake_usb_card *card = Plug(VDM_USB_SUPER, serial.c_str(), FAKE_USB_REAL);
        Open(("usb:" + serial).c_str());
        vdc_stream_config config = Small();
        config.format.interval_s = {1, 24}; /* the slowest */
        Stream(config);
        vdc_stream_info info = VDC_STREAM_INFO_INIT;
        EXPECT_EQ(VDC_OK, vdc_stream_get_info(&info, stream));
        double interval_us = 1e6 * info.format.interval_s.num / info.format.interval_s.den;
        said.clear();
        Start();
        Watch(before);
        if (ticks) {
            static vdm_ledger ledger;
            fake_usb_ledger(card, &ledger);
            double start_us = static_cast<double>(ledger.frames[before - 1].start_ns) / 1000;
            std::string script =
                "time-jump@time=" +
                std::to_string(static_cast<int64_t>(start_us + (3 + phase) * interval_us)) +
                ",ticks=" + std::to_string(ticks);
            const char *what = "";
            EXPECT_EQ(0, fake_usb_faults(card, script.c_str(), &what)) << what;
        }
        Watch(count - before);
        EXPECT_EQ(VDC_OK, vdc_stream_stop(stream));
        EXPECT_EQ(ticks ? 1u : 0u, fake_usb_injected(card, "time-jump"));
        return card;
    }
    /* Told, and no time is further off than it says; and that was the last of this card. */
    void ExpectOvercome(fake_usb_card *card)
    {
        Judge(card);
        EXPECT_EQ(0, outside) << worst_ns;
        EXPECT_GE(flagged, 1);
        EXPECT_LE(unknown, 4);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
    std::vector<Said> said;
    int known = 0, unknown = 0, flagged = 0, outside = 0;
    int64_t worst_ns = 0;
};

/* With the control: a millisecond off is seen. */
TEST_F(UsbTime, TheTruthLiesWithinTheBound)
{
    fake_usb_card *card = Jump("T0", 0, 0, 12);
    Judge(card);
    EXPECT_EQ(0, outside) << worst_ns;
    EXPECT_EQ(0, flagged);
    EXPECT_GE(known, 8);
    int64_t widest = 0;
    for (const Said &one : said)
        widest = std::max(widest, one.bound_ns == VDC_ERROR_UNKNOWN_NS ? 0 : one.bound_ns);
    Judge(card, 2 * widest + 1000000);
    EXPECT_EQ(known, outside);
}

/* A sample finds the jump while the frame is still in progress whose ticks are of the counter before it. */
TEST_F(UsbTime, AJumpInAFrameIsOvercome)
{
    for (int64_t ticks : {-100000, -1000000, -100000000, 1000000}) {
        for (double phase : {0.05, 0.15, 0.3, 0.7}) {
            SCOPED_TRACE(std::to_string(ticks) + " at " + std::to_string(phase));
            fake_usb_card *card =
                Jump("J" + std::to_string(-ticks) + std::to_string(static_cast<int>(phase * 10)),
                     ticks, phase, 10);
            ExpectOvercome(card);
        }
    }
}

/* By then samples are seldom: the frames show it. */
TEST_F(UsbTime, ALateJumpIsOvercome)
{
    for (int64_t ticks : {-100000, 1000000}) {
        SCOPED_TRACE(ticks);
        fake_usb_card *card = Jump("L" + std::to_string(-ticks), ticks, 0.3, 45, 35);
        ExpectOvercome(card);
    }
}

/* Frames that are missing take their time along: what follows them is in order. */
TEST_F(UsbTime, AGapIsNoJump)
{
    CaptureInRealTime();
    Watch(3);
    for (int turn = 0; turn < 3; turn++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        Watch(8);
    }
    uint64_t missing = 0;
    for (size_t i = 1; i < said.size(); i++) {
        missing += said[i].sequence - said[i - 1].sequence - 1;
        EXPECT_EQ(0u, said[i].flags & VDC_FRAME_TIME_JUMP) << said[i].sequence;
    }
    EXPECT_GT(missing, 0u) << "the control";
}

/* Often at first, which is the control, then only as its bound grows. */
TEST_F(UsbTime, TheClockIsLookedAtSeldom)
{
    auto asked = [this](int64_t least_ns, int64_t *took_ms) {
        int64_t begun = NowNs();
        uint64_t before = fake_usb_controls();
        while (NowNs() - begun < least_ns)
            Watch(1);
        *took_ms = (NowNs() - begun) / 1000000;
        return static_cast<int64_t>(fake_usb_controls() - before);
    };
    EXPECT_TRUE(Patiently(3, [&] {
        testing::AssertionResult result = testing::AssertionSuccess();
        CaptureInRealTime();
        int64_t took_ms = 0;
        int64_t at_first = asked(500000000, &took_ms);
        if (at_first <= took_ms / 250 + 2)
            result = testing::AssertionFailure() << at_first << " at first";
        (void)asked(1000000000, &took_ms);
        int64_t later = asked(2100000000, &took_ms);
        if (later < 1 || later > took_ms / 500 + 1)
            result = testing::AssertionFailure() << later << " in " << took_ms << " ms";
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
        return result;
    }));
}

/* A card that makes frames as fast as they are taken counts another time: that is seen, and then left alone for 16 s. */
TEST_F(UsbTime, WhatIsNoClockIsLookedAtSeldom)
{
    auto asked = [this](int64_t least_ns) {
        int64_t begun = NowNs();
        uint64_t before = fake_usb_controls();
        while (NowNs() - begun < least_ns)
            Watch(1);
        return fake_usb_controls() - before;
    };
    Plug(VDM_USB_SUPER, "A1");
    Open();
    Stream(Small());
    Start();
    EXPECT_GE(asked(1500000000), 8u) << "the control";
    EXPECT_LE(asked(5000000000), 3u);
}

/* From the bus to the first picture, firmware included, of a card that takes no time itself; one try of `hang` has a
 * request that is never answered. */
class UsbFirstFrame : public UsbTest {
  protected:
    testing::AssertionResult InTime(const std::string &serial, bool hang)
    {
        Plug(VDM_USB_SUPER, serial.c_str());
        if (hang)
            fake_usb_fail_transfer(0, 8, LIBUSB_TRANSFER_TIMED_OUT);
        int64_t begun = NowNs();
        int status = Begin(("usb:" + serial).c_str(), Small());
        if (status == VDC_OK)
            status = TakeToTheEnd(5000, 1);
        int64_t took_ms = (NowNs() - begun) / 1000000;
        if (status == VDC_OK)
            vdc_stream_stop(stream);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
        if (status == VDC_OK && took_ms < 1000) {
            RecordProperty("first_frame_ms", static_cast<int>(took_ms));
            return testing::AssertionSuccess();
        }
        return testing::AssertionFailure()
               << vdc_status_name(status) << " after " << took_ms << " ms";
    }
};

TEST_F(UsbFirstFrame, WithinASecondOfPlugging)
{
    int turn = 0;
    EXPECT_TRUE(Patiently(3, [&] { return InTime("P" + std::to_string(turn++), false); }));
    EXPECT_FALSE(InTime("H", true)) << "the control";
}

} // namespace
