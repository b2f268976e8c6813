/* SPDX-License-Identifier: MIT */
/*
 * Every fault of capture in the data sheet, through the core: its symptom, its cause in the account,
 * and a counter that shows that it was really injected. test_card_boot.cc has those of the boot.
 */
#include "card.h"

#include <set>

namespace {

class CardFaults : public Card {
  protected:
    /* Captures `frames` good frames with a fault in force, and reconciles. */
    void capture(const std::string &fault, unsigned frames = 30, host_body body = HOST_MEMORY)
    {
        ready(body);
        asked = format();
        ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
        script(fault);
        h->events = 0;
        take(asked, frames);
        if (fault.rfind("stop-", 0) != 0) {
            EXPECT_GE(injected(fault.substr(0, fault.find('@'))), 1u) << fault;
        }
    }
    uint32_t errors()
    {
        uint32_t value = 0;
        int result;
        HOST_ANY_LEVEL(result, h, 2, vdh_capture_errors(&h->capture, &value));
        EXPECT_EQ(result, VDH_OK);
        return value;
    }
    vdh_format asked = {};
};

TEST_F(CardFaults, FifoOverflow)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        capture("fifo-overflow@frame=5,count=3", 30, body);
        if (body != HOST_USB) {
            EXPECT_NE(errors() & vdh_field_mask(VDH_F_ERROR_STATUS_FIFO), 0u);
        }
        stop_and_reconcile();
        EXPECT_GE(counts.dropped_fifo, 3u);
        good = failed = 0;
        dropped[0] = dropped[1] = dropped[2] = dropped[3] = 0;
    }
}

TEST_F(CardFaults, SignalLoss)
{
    capture("signal-loss@frame=5,ms=50");
    EXPECT_NE(h->events & VDH_EVENT_SOURCE, 0u);
    stop_and_reconcile();
    EXPECT_GE(counts.dropped_no_signal, 11u);
    EXPECT_EQ(good, counts.good);
}

TEST_F(CardFaults, SignalLossIsSeen)
{
    ready(HOST_MEMORY, "signal-loss@time=0,ms=50");
    vdh_signal signal;
    int result;
    HOST_ANY_LEVEL(result, h, 1, vdh_input_read_signal(&h->device, &signal));
    ASSERT_EQ(result, VDH_OK);
    EXPECT_GE(injected("signal-loss"), 1u);
    EXPECT_NE(signal.state, uint32_t(VDH_V_INPUT_STATUS_SIGNAL_LOCKED));
    host_advance(h, 200000);
    HOST_ANY_LEVEL(result, h, 1, vdh_input_read_signal(&h->device, &signal));
    EXPECT_EQ(signal.state, uint32_t(VDH_V_INPUT_STATUS_SIGNAL_LOCKED));
    EXPECT_GE(signal.changes, 2u);
}

TEST_F(CardFaults, SourceChange)
{
    ready(HOST_MEMORY);
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    script("source-change@frame=5,timing=2");
    h->events = 0;
    take(asked, 20, 300000);
    EXPECT_EQ(injected("source-change"), 1u);
    EXPECT_NE(h->events & VDH_EVENT_SOURCE, 0u);
    vdh_signal signal;
    int result;
    HOST_ANY_LEVEL(result, h, 1, vdh_input_read_signal(&h->device, &signal));
    ASSERT_EQ(result, VDH_OK);
    EXPECT_EQ(signal.detected, 2u);
    EXPECT_EQ(signal.mismatch, 1u);
    stop_and_reconcile();
    EXPECT_GT(counts.dropped_no_signal, 10u);
    /* The new timing is accepted, and pictures come again. */
    HOST_ANY_LEVEL(result, h, 2, vdh_timing_select(&h->device, 2));
    ASSERT_EQ(result, VDH_OK);
    good = failed = 0;
    dropped[2] = 0;
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 5);
    EXPECT_EQ(good, 5u);
    stop_and_reconcile();
}

TEST_F(CardFaults, DmaError)
{
    capture("dma-error@frame=5,count=2");
    EXPECT_EQ(failed, 2u);
    EXPECT_NE(errors() & vdh_field_mask(VDH_F_ERROR_STATUS_DMA), 0u);
    EXPECT_NE(h->events & VDH_EVENT_ERROR, 0u);
    stop_and_reconcile();
    EXPECT_EQ(counts.dropped_dma, 2u);
}

TEST_F(CardFaults, DmaNowhere)
{
    capture("dma-nowhere@frame=5");
    EXPECT_EQ(failed, 1u);
    EXPECT_GE(h->refused, 1u);
    stop_and_reconcile();
}

TEST_F(CardFaults, RingErrorHaltsAndStopResets)
{
    ready(HOST_MEMORY);
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    script("ring-error@frame=5");
    take(asked, 30, 100000);
    EXPECT_EQ(injected("ring-error"), 1u);
    EXPECT_LE(good, 6u);
    EXPECT_NE(errors() & vdh_field_mask(VDH_F_ERROR_STATUS_RING), 0u);
    stop_and_reconcile();
    EXPECT_GT(counts.dropped_dma, 0u);
    /* And it captures again. */
    good = failed = 0;
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 5);
    EXPECT_EQ(good, 5u);
    stop_and_reconcile();
}

TEST_F(CardFaults, LostAndLateInterrupts)
{
    capture("irq-lost@frame=5,count=4");
    EXPECT_EQ(good, 30u);
    stop_and_reconcile();
    good = 0;
    capture("irq-late@frame=5,us=3000,count=4");
    EXPECT_EQ(good, 30u);
    stop_and_reconcile();
}

TEST_F(CardFaults, InterruptStorm)
{
    capture("irq-storm@frame=5,n=200");
    EXPECT_GE(h->idle_interrupts, 190u);
    EXPECT_EQ(good, 30u);
    stop_and_reconcile();
}

TEST_F(CardFaults, TornCompletion)
{
    ready(HOST_MEMORY);
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    script("torn-completion@frame=5,count=3");
    take(asked, 30);
    EXPECT_EQ(injected("torn-completion"), 3u);
    EXPECT_GT(torn, 0u);
    EXPECT_EQ(good, 30u);
    stop_and_reconcile();
}

TEST_F(CardFaults, SlowStop)
{
    capture("stop-slow@frame=5,ms=30", 10);
    uint64_t from = host_now_us(h);
    stop_and_reconcile();
    EXPECT_GE(host_now_us(h) - from, 25000u);
    EXPECT_EQ(injected("stop-slow"), 1u);
}

TEST_F(CardFaults, StopNeverEndsInAReset)
{
    capture("stop-never@frame=5", 10);
    uint64_t from = host_now_us(h);
    stop_and_reconcile();
    EXPECT_GE(host_now_us(h) - from, VDH_CAPTURE_STOP_TIMEOUT_US);
    EXPECT_EQ(injected("stop-never"), 1u);
    good = failed = 0;
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 5);
    EXPECT_EQ(good, 5u);
    stop_and_reconcile();
}

TEST_F(CardFaults, StuckEngineStatus)
{
    ready(HOST_MEMORY);
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    script("reg-stuck@time=0,reg=CAPTURE_STATUS,value=2,count=0");
    take(asked, 3);
    EXPECT_EQ(host_stop(h), VDH_E_TIMEOUT);
    EXPECT_GE(injected("reg-stuck"), 1u);
    EXPECT_NE(strstr(h->device.waited_for, "CAPTURE_STATUS"), nullptr);
}

TEST_F(CardFaults, ControlChange)
{
    ready(HOST_MEMORY);
    script("control-change@time=" + std::to_string(host_now_us(h) + 5000) + ",control=5,value=200");
    h->events = 0;
    EXPECT_NE(host_wait(h, VDH_EVENT_CONTROL, 100000), 0u);
    EXPECT_EQ(injected("control-change"), 1u);
    uint32_t mask = 0;
    int32_t value = 0;
    int result;
    HOST_ANY_LEVEL(result, h, 2, vdh_control_changed(&h->device, &mask));
    EXPECT_EQ(result, VDH_OK);
    EXPECT_EQ(mask, 1u << 5);
    HOST_ANY_LEVEL(result, h, 1, vdh_control_get(&h->device, 5, &value));
    EXPECT_EQ(result, VDH_OK);
    EXPECT_EQ(value, 200);
    HOST_ANY_LEVEL(result, h, 1, vdh_control_changed(&h->device, &mask));
    EXPECT_EQ(mask, 0u);
}

TEST_F(CardFaults, TimeJump)
{
    for (const char *ticks : {"5000000", "-5000000"}) {
        good = failed = 0;
        capture(std::string("time-jump@frame=5,ticks=") + ticks);
        EXPECT_EQ(good, 30u); /* records stay believable; the basis of time is the host's matter */
        stop_and_reconcile();
    }
}

TEST_F(CardFaults, PowerCutInCapture)
{
    ready(HOST_MEMORY, "power-cut@frame=5");
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 10, 100000);
    EXPECT_EQ(injected("power-cut"), 1u);
    EXPECT_LE(good, 6u);
    EXPECT_EQ(host_stop(h), VDH_OK); /* it is idle: there is nothing left that runs */
    int result;
    HOST_ANY_LEVEL(result, h, 6, vdh_capture_read_counts(&h->capture, &counts));
    EXPECT_EQ(result, VDH_E_IO); /* the card forgot, and the core says so */
    ASSERT_EQ(host_attach(h), VDH_OK);
    EXPECT_EQ(boot(), VDH_OK);
}

TEST_F(CardFaults, UnplugAtAFrame)
{
    ready(HOST_MEMORY, "unplug@frame=5");
    asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 10, 100000);
    EXPECT_EQ(injected("unplug"), 1u);
    EXPECT_EQ(host_stop(h), VDH_E_GONE);
}

TEST_F(CardFaults, UsbShortStallAndCorrupt)
{
    for (const char *fault : {"usb-short@packet=6", "usb-stall@packet=6", "usb-corrupt@packet=6"}) {
        good = failed = lost_on_bus = 0;
        ready(HOST_USB);
        asked = format();
        ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
        script(fault);
        take(asked, 20);
        std::string kind = std::string(fault).substr(0, std::string(fault).find('@'));
        EXPECT_EQ(injected(kind), 1u);
        EXPECT_EQ(good, 20u) << fault;
        EXPECT_GE(lost_on_bus, 1u) << fault;
        EXPECT_LE(lost_on_bus, 3u) << fault;
        stop_and_reconcile();
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
}

/* Every kind the model knows is named in a test of the core. */
TEST(CardFaultList, IsComplete)
{
    const std::set<std::string> tested = {
        "unplug",          "signal-loss", "source-change",    "fifo-overflow", "dma-error",
        "dma-nowhere",     "ring-error",  "irq-lost",         "irq-late",      "irq-storm",
        "torn-completion", "reg-stuck",   "boot-never-ready", "boot-hang",     "stage-corrupt",
        "stage-lost",      "power-cut",   "flash-stuck",      "stop-slow",     "stop-never",
        "control-change",  "time-jump",   "usb-short",        "usb-stall",     "usb-corrupt"};
    std::set<std::string> known;
    for (uint32_t i = 0; vdm_fault_name(i); i++) {
        known.insert(vdm_fault_name(i));
    }
    EXPECT_EQ(known, tested);
}

} // namespace
