/* SPDX-License-Identifier: MIT */
/*
 * Every fault of the model through the public API, in virtual and in real time: each wait ends,
 * no delivered frame differs, the account equals the ledger, and the fault was really injected.
 */
#include "../support/patience.h"
#include "support.h"

#include <chrono>
#include <cstring>
#include <ostream>

namespace {

enum Expect : uint32_t {
    PLAIN = 0,
    GONE = 1 << 0,   /* ends with VDC_E_GONE */
    BROKEN = 1 << 1, /* ends with VDC_E_IO, and works again after stop and start */
    SILENT = 1 << 2, /* no more frames: a wait times out */
    STOP_FAILS = 1 << 3,
    INFERRED = 1 << 4,  /* the counters lie: the account is inferred from sequences */
    ALL_FRAMES = 1 << 5 /* nothing may be lost */
};

struct Fault {
    const char *script; /* the first kind in it is the one that must be injected */
    uint32_t expect;
    uint64_t drop;  /* so many at least are lost, */
    uint32_t cause; /* by this cause */
    std::string Kind() const
    {
        return std::string(script).substr(0, std::string(script).find('@'));
    }
};

void PrintTo(const Fault &fault, std::ostream *out)
{
    *out << fault.script;
}

const Fault faults[] = {
    {"unplug@frame=20",                                                                  GONE,       0, 0                   },
    {"unplug@frame=0",                                                                   GONE,       0, 0                   },
    {"unplug@time=60000",                                                                GONE,       0, 0                   },
    {"signal-loss@frame=20,ms=50",                                                       PLAIN,      5, VDC_DROP_NO_SIGNAL  },
    {"signal-loss@time=60000,ms=50",                                                     PLAIN,      5, VDC_DROP_NO_SIGNAL  },
    {"signal-loss@frame=20,ms=100000",                                                   SILENT,     5, VDC_DROP_NO_SIGNAL  },
    {"source-change@frame=20,timing=2",                                                  SILENT,     5, VDC_DROP_NO_SIGNAL  },
    {"fifo-overflow@frame=20",                                                           PLAIN,      1, VDC_DROP_DEVICE_FIFO},
    {"fifo-overflow@frame=0,count=7",                                                    PLAIN,      7, VDC_DROP_DEVICE_FIFO},
    {"dma-error@frame=20,count=3",                                                       PLAIN,      3, VDC_DROP_DMA        },
    {"dma-nowhere@frame=20,count=2",                                                     PLAIN,      2, VDC_DROP_DMA        },
    {"ring-error@frame=20",                                                              BROKEN,     1, VDC_DROP_DMA        },
    {"irq-lost@frame=20,count=5",                                                        ALL_FRAMES, 0, 0                   },
    {"irq-lost@frame=0,count=0",                                                         ALL_FRAMES, 0, 0                   },
    {"irq-late@frame=20,us=3000,count=3",                                                ALL_FRAMES, 0, 0                   },
    {"irq-late@frame=20,us=30000",                                                       PLAIN,      0, 0                   },
    {"irq-storm@frame=20,n=100",                                                         ALL_FRAMES, 0, 0                   },
    {"irq-storm@frame=20,n=100000",                                                      ALL_FRAMES, 0, 0                   },
    {"torn-completion@frame=20,count=4",                                                 ALL_FRAMES, 0, 0                   },
    {"power-cut@frame=20",                                                               BROKEN,     0, 0                   },
    {"power-cut@frame=0",                                                                BROKEN,     0, 0                   },
    {"power-cut@time=60000",                                                             BROKEN,     0, 0                   },
    {"stop-slow@frame=0,count=100",                                                      PLAIN,      0, 0                   },
    {"stop-never@frame=0,count=100",                                                     PLAIN,      0, 0                   },
    {"reg-stuck@time=60000,reg=INT_STATUS,value=0",                                      ALL_FRAMES, 0, 0                   },
    {"reg-stuck@time=60000,reg=INT_STATUS,value=0x1ff",                                  PLAIN,      0, 0                   },
    {"reg-stuck@time=60000,reg=CAPTURE_STATUS,value=1",                                  STOP_FAILS, 0, 0                   },
    {"reg-stuck@time=60000,reg=FRAMES_GOOD,value=3",                                     INFERRED,   0, 0                   },
    {"reg-stuck@time=60000,reg=FRAMES_PRODUCED,value=100000",                            INFERRED,   0, 0                   },
    {"reg-stuck@time=60000,reg=TIME_HI,value=0xffffffff",                                PLAIN,      0, 0                   },
    {"reg-stuck@time=60000,reg=TIME_LO,value=7",                                         PLAIN,      0, 0                   },
    {"reg-stuck@time=60000,reg=ERROR_STATUS,value=0x3f;fifo-overflow@frame=30",          BROKEN,     0, 0                   },
    {"reg-stuck@time=60000,reg=BOOT_STATUS,value=0xffffffff;signal-loss@frame=20,ms=50", PLAIN,      0,
     0                                                                                                                      },
    {"time-jump@frame=20,ticks=27000000",                                                ALL_FRAMES, 0, 0                   },
    {"time-jump@frame=20,ticks=-1000000",                                                ALL_FRAMES, 0, 0                   },
    {"time-jump@time=60000,ticks=5000",                                                  ALL_FRAMES, 0, 0                   },
};

class Faults : public testing::TestWithParam<std::tuple<const char *, Fault>> {};

TEST_P(Faults, EndsWellAndIsExplained)
{
    auto [rate, fault] = GetParam();
    auto begin = std::chrono::steady_clock::now();
    bool timed = std::strstr(fault.script, "time=") != nullptr;
    std::unique_ptr<Card> opened;
    CaptureOptions options;
    Capture capture;

    options.timeout_ms = 300;
    options.later = timed ? fault.script : "";
    /* Where the machine is late, a real card has no buffer for the very frame, which no fault hits then. A fault that
     * was not injected proves nothing. */
    EXPECT_TRUE(Patiently(rate == std::string("real") ? 5 : 1, [&, rate = rate, fault = fault] {
        opened.reset();
        opened = std::make_unique<Card>(std::string("rate=") + rate +
                                        (timed ? "" : std::string("&faults=") + fault.script));
        if (opened->status || opened->OpenStream(Thumbnail()) != VDC_OK)
            return testing::AssertionFailure() << opened->error << vdc_error_text();
        opened->stray_expected = fault.Kind() == "dma-nowhere" ? 2 : 0; /* its count */
        capture = RunCapture(*opened, options);
        EXPECT_EQ(capture.wrong, 0u);
        uint64_t injected = Injected(*capture.ledger, fault.Kind());
        RecordProperty("injected", std::to_string(injected));
        if (injected && capture.stats.dropped[fault.cause] >= fault.drop)
            return testing::AssertionSuccess();
        return testing::AssertionFailure()
               << "injected " << injected << ", lost " << capture.stats.dropped[fault.cause];
    }));
    ASSERT_TRUE(capture.ledger);
    Card &card = *opened;
    std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    EXPECT_LT(took.count(), 40.0) << "it hung";

    if (fault.expect & GONE) {
        EXPECT_EQ(capture.end, VDC_E_GONE) << capture.error;
    } else if (fault.expect & BROKEN) {
        EXPECT_EQ(capture.end, VDC_E_IO) << capture.error;
    } else if (fault.expect & SILENT) {
        EXPECT_EQ(capture.end, VDC_E_TIMEOUT) << capture.error;
    } else {
        EXPECT_EQ(capture.end, VDC_OK) << capture.error;
    }
    if (capture.start_failed) {
        EXPECT_NE(fault.expect & (GONE | BROKEN), 0u);
    } else if (fault.expect & STOP_FAILS) {
        EXPECT_EQ(capture.stop, VDC_E_IO);
        EXPECT_NE(capture.error.find("CAPTURE_STATUS"), std::string::npos) << capture.error;
    } else {
        EXPECT_EQ(capture.stop, VDC_OK) << capture.error;
    }

    bool partial = fault.expect & (GONE | INFERRED) || fault.Kind() == "power-cut";
    if (!capture.start_failed) {
        EXPECT_EQ(capture.stats.delivered, capture.frames.size());
        EXPECT_GE(capture.stats.produced, capture.stats.delivered);
        EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger, partial), "");
        EXPECT_EQ(
            capture.stats.produced_basis,
            static_cast<uint32_t>(fault.expect & INFERRED ? VDC_BASIS_SEQUENCE : VDC_BASIS_DEVICE));
    }
    if (fault.expect & ALL_FRAMES) {
        uint64_t lost = 0;
        for (uint32_t i = 0; i < VDC_DROP_SLOTS; i++)
            lost += i == VDC_DROP_STOPPED ? 0 : capture.stats.dropped[i];
        /* Where the machine itself is late, a real card runs out of buffers. */
        EXPECT_EQ(lost -
                      (rate == std::string("real") ? capture.stats.dropped[VDC_DROP_NO_BUFFER] : 0),
                  0u);
    }
    if (fault.expect & BROKEN) {
        options.frames = 10;
        options.ahead = false;
        options.later.clear();
        Capture again = RunCapture(card, options);
        EXPECT_EQ(again.end, VDC_OK) << again.error;
        EXPECT_EQ(again.frames.size(), 10u);
        EXPECT_EQ(again.wrong, 0u);
        EXPECT_EQ(AccountDifferences(again.stats, *again.ledger), "");
    }
}

INSTANTIATE_TEST_SUITE_P(All, Faults,
                         testing::Combine(testing::Values("max", "real"),
                                          testing::ValuesIn(faults)));

/* Each kind that this body of the card can have stands in one of the tables of this folder. */
TEST(FaultKinds, NoneIsForgotten)
{
    const std::vector<std::string> elsewhere = {
        "control-change", "boot-never-ready", "boot-hang", "stage-corrupt", "stage-lost",
        "flash-stuck",    "usb-short",        "usb-stall", "usb-corrupt"};

    for (uint32_t i = 0; vdm_fault_name(i); i++) {
        bool here = false;
        for (const Fault &fault : faults)
            here |= fault.Kind() == vdm_fault_name(i);
        for (const std::string &name : elsewhere)
            here |= name == vdm_fault_name(i);
        EXPECT_TRUE(here) << vdm_fault_name(i);
    }
}

TEST(Fault, LostInterruptsAreFoundByLooking)
{
    for (const char *rate : {"rate=max", "rate=real"}) {
        Card card(std::string(rate) + "&faults=irq-lost@frame=5,count=10");
        ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
        CaptureOptions options;
        options.frames = 30;
        Capture capture = RunCapture(card, options);
        EXPECT_EQ(capture.frames.size(), 30u) << capture.error;
        /* Looking also acknowledges, so the next ones interrupt again: each was lost by itself. Who looks late, in real
         * time on a loaded machine, finds several at once. */
        bool on_time = rate == std::string("rate=max");
        EXPECT_GE(Injected(*capture.ledger, "irq-lost"), on_time ? 5u : 1u);
        EXPECT_GE(card.Report().polled_completions, on_time ? 5u : 1u);
        EXPECT_LE(card.Report().polled_completions, on_time ? 12u : 30u);
    }
}

TEST(Fault, AStormIsCountedAndHarmless)
{
    Card card("rate=max&faults=irq-storm@frame=5,n=100");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    EXPECT_EQ(RunCapture(card).frames.size(), 60u);
    EXPECT_GE(card.Report().spurious_interrupts, 99u);
}

/* Unplug at any register access: nothing hangs, everything closes. Boot takes thousands of them,
 * of which some sixty must do; behind it each one counts. */
class UnplugAtAccess : public testing::TestWithParam<const char *> {};

TEST_P(UnplugAtAccess, NothingHangs)
{
    std::string trigger = GetParam();
    uint64_t boot = 0;
    size_t injected = 0, opened = 0;
    {
        Card card("rate=max");
        boot = trigger == "read" ? Ledger(0)->register_reads : Ledger(0)->register_writes;
    }
    /* The upload is many thousand accesses of one kind: a few of them. Of the rest every fifth, or all. */
    uint64_t stride = Long() ? 1 : 5;
    uint64_t leap = Long() ? 97 : 397;
    for (uint64_t n = 1; n<boot + 150; n += n> 40 && n + leap < boot ? leap : stride) {
        Card card("rate=max&faults=unplug@" + trigger + "=" + std::to_string(n));
        if (card.status) {
            EXPECT_TRUE(card.status == VDC_E_GONE || card.status == VDC_E_NOT_FOUND)
                << card.status << ": " << card.error;
            injected++;
            continue;
        }
        opened++;
        int result = card.OpenStream(Thumbnail());
        if (result) {
            injected++;
            EXPECT_EQ(result, VDC_E_GONE) << vdc_error_text();
            continue;
        }
        CaptureOptions options;
        options.timeout_ms = 100;
        options.frames = 60;
        Capture capture = RunCapture(card, options);
        EXPECT_EQ(capture.end, VDC_E_GONE) << n << ": " << capture.error;
        EXPECT_EQ(capture.wrong, 0u);
        injected += Injected(*capture.ledger, "unplug");
        if (!capture.start_failed) {
            EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger, true), "") << n;
        }
    }
    RecordProperty("injected", static_cast<int>(injected));
    EXPECT_GT(opened, Long() ? 100u : 20u);
    EXPECT_GT(injected, Long() ? 150u : 30u);
}

INSTANTIATE_TEST_SUITE_P(Each, UnplugAtAccess, testing::Values("read", "write"));

TEST(Fault, ControlChangeIsToldAndSeen)
{
    Card card("rate=max&faults=control-change@frame=20,control=0,value=90");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();

    std::vector<int32_t> before(32, 0), after;
    for (uint32_t id : {1, 2, 3, 4, 5, 6, 7, 8}) {
        int64_t value = 0;
        ASSERT_EQ(vdc_device_get_control(&value, card.device, id), VDC_OK) << vdc_error_text();
        before[id - 1] = static_cast<int32_t>(value);
    }
    after = before;
    after[0] = 90;
    CaptureOptions options;
    options.controls = [&](const vdc_frame *frame) {
        return frame->sequence < 20 ||
                       (frame->sequence == 20 && FrameDifferences(card, frame, &before) == 0)
                   ? &before
                   : &after;
    };
    Capture capture = RunCapture(card, options);
    EXPECT_EQ(capture.frames.size(), 60u) << capture.error;
    EXPECT_EQ(capture.wrong, 0u);
    EXPECT_EQ(Injected(*capture.ledger, "control-change"), 1u);
    vdc_event event = VDC_EVENT_INIT;
    ASSERT_EQ(vdc_context_wait_event(&event, card.context, 0), VDC_OK) << vdc_error_text();
    EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_CONTROL_CHANGED));
    EXPECT_EQ(event.control, static_cast<uint32_t>(VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(event.value, 90);
}

TEST(Fault, ASourceChangeCanBeFollowed)
{
    Card card("rate=max&faults=source-change@frame=20,timing=2");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    CaptureOptions options;
    options.timeout_ms = 100;
    Capture capture = RunCapture(card, options);
    EXPECT_EQ(capture.end, VDC_E_TIMEOUT);
    vdc_stream_close(card.stream);
    card.stream = nullptr;

    vdc_event event = VDC_EVENT_INIT;
    ASSERT_EQ(vdc_context_wait_event(&event, card.context, 0), VDC_OK);
    EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_SIGNAL_CHANGED));
    vdc_signal signal = VDC_SIGNAL_INIT;
    ASSERT_EQ(vdc_device_get_signal(&signal, card.device), VDC_OK);
    EXPECT_EQ(signal.state, static_cast<uint32_t>(VDC_SIGNAL_MISMATCH));
    EXPECT_EQ(signal.detected_timing, 2u);
    ASSERT_EQ(vdc_device_set_timing(card.device, 2), VDC_OK) << vdc_error_text();
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    options.frames = 10;
    capture = RunCapture(card, options);
    EXPECT_EQ(capture.frames.size(), 10u) << capture.error;
    EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger), "");
}

/* Damaged frames come only to those who want them, and count once either way. */
TEST(Fault, DamagedFramesOnRequest)
{
    for (uint32_t flags : {0u, static_cast<uint32_t>(VDC_STREAM_DAMAGED_TOO)}) {
        Card card("rate=max&faults=dma-error@frame=10,count=5");
        ASSERT_EQ(card.OpenStream(Thumbnail(), flags), VDC_OK) << vdc_error_text();
        CaptureOptions options;
        options.compare = false;
        Capture capture = RunCapture(card, options);
        size_t damaged = 0;
        for (const Seen &frame : capture.frames)
            damaged += (frame.flags & VDC_FRAME_DAMAGED) != 0;
        EXPECT_EQ(damaged, flags ? 5u : 0u);
        EXPECT_EQ(capture.stats.produced, capture.ledger->capture.produced);
        EXPECT_EQ(capture.stats.dropped[VDC_DROP_UNKNOWN], 0u);
        EXPECT_EQ(capture.stats.in_flight, 0u);
        if (!flags) {
            EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger), "");
        }
    }
}

TEST(Fault, AnUnpluggedCardComesBackUnderItsId)
{
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    vdc_context *watcher = nullptr;
    vdc_list *list = nullptr;
    vdc_event event = VDC_EVENT_INIT;
    config.simulated_cards = 3;
    ASSERT_EQ(vdc_context_create(&watcher, &config), VDC_OK);
    EXPECT_EQ(vdc_context_wait_event(&event, watcher, 0), VDC_E_TIMEOUT);
    {
        Card card("rate=max&faults=unplug@frame=3", 2);
        ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
        Capture capture = RunCapture(card);
        EXPECT_EQ(capture.end, VDC_E_GONE);
        ASSERT_EQ(vdc_context_wait_event(&event, watcher, 1000), VDC_OK) << vdc_error_text();
        EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_DEVICE_REMOVED));
        EXPECT_STREQ(event.device_id, "sim:2");
        ASSERT_EQ(vdc_context_wait_event(&event, card.context, 1000), VDC_OK);
        EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_DEVICE_REMOVED));
        ASSERT_EQ(vdc_context_list_devices(&list, watcher), VDC_OK);
        EXPECT_EQ(vdc_list_count(list), 2u);
        vdc_list_destroy(list);
    }
    ASSERT_EQ(vdc_context_wait_event(&event, watcher, 1000), VDC_OK);
    EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_DEVICE_ARRIVED));
    EXPECT_STREQ(event.device_id, "sim:2");
    ASSERT_EQ(vdc_context_list_devices(&list, watcher), VDC_OK);
    EXPECT_EQ(vdc_list_count(list), 3u);
    vdc_list_destroy(list);
    {
        Card card("rate=max", 2);
        EXPECT_EQ(card.status, VDC_OK) << card.error;
    }
    /* By hand, while nobody has it open. */
    vdi_sim_plug(1, 0);
    ASSERT_EQ(vdc_context_wait_event(&event, watcher, 1000), VDC_OK);
    EXPECT_EQ(event.kind, static_cast<uint32_t>(VDC_EVENT_DEVICE_REMOVED));
    {
        Card card("rate=max", 1);
        EXPECT_EQ(card.status, VDC_E_NOT_FOUND) << card.error;
    }
    vdi_sim_plug(1, 1);
    vdi_sim_forget(1);
    vdc_context_destroy(watcher);
}

} /* namespace */
