/* SPDX-License-Identifier: MIT */
/*
 * Attach, interrupts, time, raw registers, inputs and controls: the right accesses, no others, and
 * every failure named. Whatever reads as all ones is either a value or the end of the card.
 */
#include <gtest/gtest.h>

#include "fake.h"

namespace {

TEST(Attach, ReadsTheIdentity)
{
    FakeCard card;
    card.reg(VDH_R_INT_MASK) = 0x1ff;
    ASSERT_EQ(card.attach(), VDH_OK);
    EXPECT_STREQ(card.device.identity.serial, "VC000042");
    EXPECT_EQ(card.device.identity.target, 7u);
    EXPECT_EQ(card.device.identity.version_max, 0x01ffffffu);
    EXPECT_EQ(card.device.identity.capacity_bytes, 0x40000u);
    EXPECT_EQ(card.device.identity.time_hz, 27000000u);
    EXPECT_EQ(card.reg(VDH_R_INT_MASK), 0u);
    unsigned writes = 0;
    for (const Access &access : card.log) {
        writes += access.kind == 'w';
    }
    EXPECT_EQ(writes, 1u);
    EXPECT_EQ(card.watch.violations, 0u) << card.watch.report;
}

TEST(Attach, RefusesWhatItDoesNotKnow)
{
    struct Case {
        uint32_t offset, value;
        int result;
    };
    const Case cases[] = {
        {VDH_R_ARCH_ID,        0,          VDH_E_UNKNOWN},
        {VDH_R_ARCH_ID,        0x31434457, VDH_E_UNKNOWN},
        {VDH_R_ARCH_ID,        0xffffffff, VDH_E_GONE   },
        {VDH_R_REVISION,       0x200,      VDH_E_UNKNOWN},
        {VDH_R_REVISION,       0x1ff,      VDH_OK       },
        {VDH_R_TIME_HZ,        0,          VDH_E_IO     },
        {VDH_R_TIME_HZ,        0xffffffff, VDH_E_IO     },
        {VDH_R_TIME_TOLERANCE, 1000001,    VDH_E_IO     },
        {VDH_R_FW_VERSION_MAX, 0xffffffff, VDH_OK       },
        {VDH_R_FW_CAPACITY,    0,          VDH_OK       }
    };
    for (const Case &one : cases) {
        FakeCard card;
        card.reg(one.offset) = one.value;
        EXPECT_EQ(card.attach(), one.result) << one.offset;
        EXPECT_EQ(card.watch.violations, 0u) << card.watch.report;
    }
}

TEST(Attach, UnplugAndFailureAtEveryAccess)
{
    for (int at = 0; at < 14; at++) {
        FakeCard card;
        int left = at;
        card.on_read = [&](uint32_t) {
            if (left-- == 0) {
                card.gone = true;
            }
        };
        EXPECT_EQ(card.attach(), at < 13 ? VDH_E_GONE : VDH_OK) << at;
        FakeCard failing;
        failing.fail_after = at;
        EXPECT_EQ(failing.attach(), VDH_E_IO) << at;
        EXPECT_EQ(failing.log.size(), size_t(at));
    }
}

TEST(Attach, SerialIsPrintable)
{
    FakeCard card;
    memcpy(&card.reg(VDH_R_SERIAL), "AB\x01\xff%n~\x7f\"9012345", 16);
    ASSERT_EQ(card.attach(), VDH_OK);
    EXPECT_STREQ(card.device.identity.serial, "AB??%n~?\"9012345");
}

TEST(Interrupt, ReadsAndAcknowledges)
{
    FakeCard card;
    uint32_t events = 77;
    ASSERT_EQ(card.attach(), VDH_OK);
    auto call = [&] { return vdh_interrupt(&card.device, &events); };
    EXPECT_EQ(isr(card, 1, call), VDH_OK);
    EXPECT_EQ(events, 0u);
    card.reg(VDH_R_INT_STATUS) = VDH_EVENT_FRAME | VDH_EVENT_ERROR;
    EXPECT_EQ(isr(card, 2, call), VDH_OK);
    EXPECT_EQ(events, uint32_t(VDH_EVENT_FRAME | VDH_EVENT_ERROR));
    EXPECT_EQ(card.reg(VDH_R_INT_STATUS), 0u);
    card.gone = true;
    EXPECT_EQ(isr(card, 1, call), VDH_E_GONE);
    EXPECT_EQ(events, uint32_t(VDH_EVENT_GONE));
    card.gone = false;
    card.reg(VDH_R_INT_STATUS) = 1;
    card.fail_after = 1;
    EXPECT_EQ(isr(card, 2, call), VDH_E_IO);
    EXPECT_EQ(events, 1u);
    card.fail_after = 0;
    EXPECT_EQ(isr(card, 2, call), VDH_E_IO);
    EXPECT_EQ(events, 0u);
    EXPECT_EQ(card.watch.violations, 0u) << card.watch.report;

    FakeCard usb(VDH_TRANSPORT_SLOW);
    ASSERT_EQ(usb.attach(), VDH_OK);
    EXPECT_EQ(isr(usb, 0, [&] { return vdh_interrupt(&usb.device, &events); }), VDH_E_STATE);
}

TEST(Interrupt, MaskTakesOnlyEvents)
{
    FakeCard card;
    ASSERT_EQ(card.attach(), VDH_OK);
    EXPECT_EQ(any_level(card, 1, [&] { return vdh_interrupts_enable(&card.device, 0xffffffff); }),
              VDH_OK);
    EXPECT_EQ(card.reg(VDH_R_INT_MASK), uint32_t(VDH_EVENT_ALL));
}

TEST(Interrupt, UsbEventPacket)
{
    uint8_t packet[32];
    vdh_usb_event event;
    for (int i = 0; i < 32; i++) {
        packet[i] = uint8_t(i + 1);
    }
    ASSERT_EQ(vdh_usb_event_decode(&event, packet, 32), VDH_OK);
    EXPECT_EQ(event.events, 0x04030201u & VDH_EVENT_ALL);
    EXPECT_EQ(event.boot_status, 0x08070605u);
    EXPECT_EQ(event.frames_produced, 0x18171615u);
    EXPECT_EQ(event.ticks, 0x201f1e1d1c1b1a19ull);
    EXPECT_EQ(vdh_usb_event_decode(&event, packet, 31), VDH_E_INVALID);
    EXPECT_EQ(vdh_usb_event_decode(&event, packet, 0), VDH_E_INVALID);
}

TEST(Device, Time)
{
    FakeCard card;
    uint64_t ticks = 0;
    ASSERT_EQ(card.attach(), VDH_OK);
    auto call = [&] { return vdh_time_read(&card.device, &ticks); };
    card.reg(VDH_R_TIME_LO) = 0xffffffff; /* a value like any other */
    card.reg(VDH_R_TIME_HI) = 5;
    EXPECT_EQ(any_level(card, 3, call), VDH_OK);
    EXPECT_EQ(card.watch.accesses, 3u);
    EXPECT_EQ(ticks, 0x5ffffffffull);
    card.gone = true;
    EXPECT_EQ(any_level(card, 3, call), VDH_E_GONE);
    EXPECT_EQ(ticks, 0x5ffffffffull);

    FakeCard usb(VDH_TRANSPORT_SLOW);
    ASSERT_EQ(usb.attach(), VDH_OK);
    usb.reg(VDH_R_TIME_LO) = 1;
    usb.reg(VDH_R_TIME_HI) = 2;
    usb.log.clear();
    EXPECT_EQ(any_level(usb, 2, [&] { return vdh_time_read(&usb.device, &ticks); }), VDH_OK);
    EXPECT_EQ(ticks, 0x200000001ull);
    EXPECT_EQ(usb.log.size(), 1u);
    EXPECT_EQ(usb.watch.violations, 0u) << usb.watch.report;
}

TEST(Device, Reset)
{
    FakeCard card;
    std::vector<uint32_t> written;
    ASSERT_EQ(card.attach(), VDH_OK);
    card.adopt(small_tables());
    card.on_write = [&](uint32_t, uint32_t value) { written.push_back(value); };
    EXPECT_EQ(any_level(card, 1, [&] { return vdh_reset(&card.device, 1); }), VDH_OK);
    EXPECT_NE(card.device.tables.bytes, nullptr);
    EXPECT_EQ(any_level(card, 1, [&] { return vdh_reset(&card.device, 2); }), VDH_OK);
    EXPECT_EQ(card.device.tables.bytes, nullptr);
    EXPECT_EQ(any_level(card, 0, [&] { return vdh_reset(&card.device, 3); }), VDH_E_INVALID);
    EXPECT_EQ(written, (std::vector<uint32_t>{0xb0070001u, 0xb0070002u}));
}

TEST(Device, UserRegistersAreTheTables)
{
    FakeCard card;
    ASSERT_EQ(card.attach(), VDH_OK);
    unsigned readable = 0, writable = 0;
    for (uint32_t offset = 0; offset < VDH_R_SPACE + 64; offset++) {
        const vdh_reg_info *info = vdh_reg_find(offset);
        bool may_read = offset % 4 == 0 && info && info->user != VDH_USER_NONE;
        bool may_write = offset % 4 == 0 && info && info->user == VDH_USER_WRITE;
        uint32_t value = 0;
        card.log.clear();
        EXPECT_EQ(any_level(card, 1, [&] { return vdh_user_read(&card.device, offset, &value); }),
                  may_read ? VDH_OK : VDH_E_DENIED);
        EXPECT_EQ(any_level(card, 1, [&] { return vdh_user_write(&card.device, offset, 1); }),
                  may_write ? VDH_OK : VDH_E_DENIED);
        EXPECT_EQ(card.log.size(), size_t(may_read) + may_write);
        readable += may_read;
        writable += may_write;
    }
    EXPECT_GT(readable, 60u);
    EXPECT_GT(writable, 30u);
    /* A register may hold all ones; a card that is gone cannot. */
    uint32_t value = 0;
    card.reg(VDH_R_SCRATCH) = 0xffffffff;
    EXPECT_EQ(any_level(card, 1, [&] { return vdh_user_read(&card.device, 12, &value); }), VDH_OK);
    EXPECT_EQ(value, 0xffffffffu);
    card.gone = true;
    EXPECT_EQ(any_level(card, 1, [&] { return vdh_user_read(&card.device, 12, &value); }),
              VDH_E_GONE);
    EXPECT_EQ(card.watch.violations, 0u) << card.watch.report;
}

class Running : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(card.attach(), VDH_OK);
        card.adopt(small_tables());
        card.log.clear();
    }
    void TearDown() override { EXPECT_EQ(card.watch.violations, 0u) << card.watch.report; }
    FakeCard card;
};

using Input = Running;
using Control = Running;

TEST_F(Input, Select)
{
    auto select = [&](uint32_t input) {
        return any_level(card, 2, [&] { return vdh_input_select(&card.device, input); });
    };
    auto timing = [&](uint32_t number) {
        return any_level(card, 2, [&] { return vdh_timing_select(&card.device, number); });
    };
    EXPECT_EQ(select(0), VDH_OK);
    EXPECT_EQ(card.device.timing, 1u);
    EXPECT_EQ(timing(0), VDH_OK);
    EXPECT_EQ(card.device.timing, 0u);
    EXPECT_EQ(timing(2), VDH_E_RANGE); /* the other input's */
    EXPECT_EQ(select(1), VDH_OK);
    EXPECT_EQ(card.device.timing, 2u);
    EXPECT_EQ(timing(1), VDH_E_RANGE);
    EXPECT_EQ(timing(0xffffffff), VDH_E_RANGE);
    EXPECT_EQ(select(2), VDH_E_RANGE);
    card.reg(VDH_R_CAPTURE_STATUS) = VDH_V_CAPTURE_STATUS_STATE_RUNNING;
    EXPECT_EQ(select(0), VDH_E_STATE);
    EXPECT_EQ(card.device.input, 1u);
    EXPECT_EQ(timing(2), VDH_E_STATE);
    card.gone = true;
    EXPECT_EQ(select(0), VDH_E_GONE);
    card.device.tables = {};
    EXPECT_EQ(select(0), VDH_E_STATE);
    EXPECT_EQ(timing(0), VDH_E_STATE);
}

TEST_F(Input, Signal)
{
    vdh_signal signal = {};
    auto read = [&] {
        return any_level(card, 1, [&] { return vdh_input_read_signal(&card.device, &signal); });
    };
    card.reg(VDH_R_INPUT_STATUS) = 0xabcd0106;
    EXPECT_EQ(read(), VDH_OK);
    EXPECT_EQ(signal.state, uint32_t(VDH_V_INPUT_STATUS_SIGNAL_LOCKED));
    EXPECT_EQ(signal.mismatch, 1u);
    EXPECT_EQ(signal.detected, 1u);
    EXPECT_EQ(signal.changes, 0xabcdu);
    card.reg(VDH_R_INPUT_STATUS) = 0x0000ff00;
    EXPECT_EQ(read(), VDH_OK);
    EXPECT_EQ(signal.detected, VDH_TIMING_NONE);
    for (uint32_t impossible : {0x0000ff03u, 0x00000302u, 0xffffffffu}) {
        card.reg(VDH_R_INPUT_STATUS) = impossible;
        EXPECT_EQ(read(), VDH_E_IO);
    }
    card.gone = true;
    EXPECT_EQ(read(), VDH_E_GONE);
    card.device.tables = {};
    EXPECT_EQ(read(), VDH_E_STATE);
}

TEST_F(Input, Pattern)
{
    auto enable = [&](uint32_t on) {
        return any_level(card, 1, [&] { return vdh_pattern_enable(&card.device, on); });
    };
    EXPECT_EQ(enable(7), VDH_OK);
    EXPECT_EQ(card.reg(VDH_R_PATTERN), 1u);
    EXPECT_EQ(enable(0), VDH_OK);
    EXPECT_EQ(card.reg(VDH_R_PATTERN), 0u);
    card.device.identity.caps = 0;
    EXPECT_EQ(enable(1), VDH_E_RANGE);
    card.device.tables = {};
    EXPECT_EQ(enable(1), VDH_E_STATE);
}

TEST_F(Control, SetChecksRangeAndStep)
{
    auto set = [&](uint32_t control, int32_t value) {
        return any_level(card, 1, [&] { return vdh_control_set(&card.device, control, value); });
    };
    for (int32_t value : {-10, -5, 0, 15, 20}) {
        EXPECT_EQ(set(0, value), VDH_OK) << value;
    }
    for (int32_t value : {-11, -15, -9, 4, 21, 25, INT32_MAX, INT32_MIN}) {
        EXPECT_EQ(set(0, value), VDH_E_RANGE) << value;
    }
    EXPECT_EQ(set(1, 2), VDH_E_RANGE);
    EXPECT_EQ(set(2, 0), VDH_E_DENIED);
    EXPECT_EQ(set(4, 0), VDH_E_RANGE);
    EXPECT_EQ(set(0xffffffff, 0), VDH_E_RANGE);
    card.log.clear();
    EXPECT_EQ(set(3, 1), VDH_OK); /* a button takes any value */
    ASSERT_EQ(card.log.size(), 1u);
    EXPECT_EQ(card.log[0].offset, VDH_R_CONTROL + 12u);
    EXPECT_EQ(card.log[0].value, 0u);
    card.device.tables = {};
    EXPECT_EQ(set(0, 0), VDH_E_STATE);
}

TEST_F(Control, GetChecksWhatTheCardShows)
{
    int32_t value = 0;
    auto get = [&](uint32_t control) {
        return any_level(card, 1, [&] { return vdh_control_get(&card.device, control, &value); });
    };
    card.reg(VDH_R_CONTROL) = uint32_t(-10);
    EXPECT_EQ(get(0), VDH_OK);
    EXPECT_EQ(value, -10);
    card.reg(VDH_R_CONTROL) = uint32_t(-1); /* all ones, and a value */
    EXPECT_EQ(get(0), VDH_OK);
    EXPECT_EQ(value, -1);
    card.reg(VDH_R_CONTROL) = 21;
    EXPECT_EQ(get(0), VDH_E_IO);
    card.gone = true;
    EXPECT_EQ(get(0), VDH_E_GONE);
    EXPECT_EQ(get(9), VDH_E_RANGE);
    EXPECT_EQ(value, -1);
}

TEST_F(Control, Changed)
{
    uint32_t mask = 77;
    auto changed = [&] {
        return any_level(card, 2, [&] { return vdh_control_changed(&card.device, &mask); });
    };
    EXPECT_EQ(changed(), VDH_OK);
    EXPECT_EQ(mask, 0u);
    EXPECT_EQ(card.log.size(), 1u);
    card.reg(VDH_R_CONTROL_CHANGED) = 0x105;
    EXPECT_EQ(changed(), VDH_OK);
    EXPECT_EQ(mask, 5u); /* there are four controls */
    card.gone = true;
    EXPECT_EQ(changed(), VDH_E_GONE);
}

} // namespace
