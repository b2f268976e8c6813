// SPDX-License-Identifier: MIT
//
// The card's own time: its speed, its drift, what survives a reset, and that idling costs nothing.
#include <chrono>

#include "test_card.h"

namespace {

class Time : public TestCard {
  protected:
    uint64_t now()
    {
        write(R_TIME_LATCH, 0);
        return read(R_TIME_LO) | static_cast<uint64_t>(read(R_TIME_HI)) << 32;
    }
};

TEST_F(Time, CountsAtItsNominalSpeed)
{
    EXPECT_EQ(now(), 0u);
    pass(SECOND);
    EXPECT_EQ(now(), 27000000u);
    pass(1000000ull * SECOND); // past 2^32
    EXPECT_EQ(now(), 27000000ull * 1000001);
    uint64_t latched = read(R_TIME_LO);
    pass(SECOND);
    EXPECT_EQ(read(R_TIME_LO), latched); // until the next latch
}

TEST_F(Time, Drifts)
{
    for (int32_t ppm : {-100, -37, 1, 100, 400, -500000}) {
        config.drift_ppm = ppm;
        create();
        pass(1000 * SECOND);
        EXPECT_EQ(now(), 27ull * 1000 * static_cast<uint64_t>(1000000 + ppm)) << ppm;
    }
    config.drift_ppm = 500001;
    EXPECT_EQ(vdm_create(memory, vdm_card_bytes(), &config), nullptr);
}

TEST_F(Time, FramesDriftWithTheCounter)
{
    config.drift_ppm = 100;
    create();
    boot();
    start(maker::SMALL, fourcc("YUYV"), 0);
    pass(100 * SECOND);
    // 10000 periods of the card's own 10 ms are 1 s of true time ahead by 100 ppm.
    EXPECT_NEAR(read(R_FRAMES_PRODUCED), 10001.0, 1.0);
    const vdm_ledger &l = ledger();
    const vdm_ledger_frame &a = l.frames[(l.frame_count - 1) % VDM_LEDGER_FRAMES];
    const vdm_ledger_frame &b = l.frames[(l.frame_count - 1001) % VDM_LEDGER_FRAMES];
    EXPECT_NEAR(static_cast<double>(a.start_ns - b.start_ns), 10e9 / 1.0001, 100.0);
}

TEST_F(Time, TicksAreTheTrueTime)
{
    config.drift_ppm = 83;
    create();
    pass(123456789);
    boot();
    start(maker::SMALL, fourcc("YUYV"), 8);
    pass(85 * MS);
    for (uint32_t n = 0; n < 8; n++) {
        Completion c = completion(n);
        double ns = static_cast<double>(c.ticks) / (27.0 * 1.000083) * 1000.0;
        EXPECT_NEAR(ns, static_cast<double>(ledger().frames[n].start_ns), 40.0);
    }
}

TEST_F(Time, SurvivesResetsButNotPower)
{
    pass(SECOND);
    write(R_RESET, V_RESET_KIND_CARD | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(read(R_TIME_LO), 0u); // the latch is a register like others
    EXPECT_EQ(now(), 27000000u);
    boot();
    EXPECT_GT(now(), 27000000u);
    vdm_power_cycle(card);
    EXPECT_EQ(now(), 0u);
    EXPECT_GT(vdm_now_ns(card), SECOND);
}

TEST_F(Time, EarlierTimesDoNothing)
{
    pass(SECOND);
    vdm_advance(card, 5);
    EXPECT_EQ(vdm_now_ns(card), SECOND);
}

TEST_F(Time, NextEventIsNeverMissed)
{
    boot();
    EXPECT_EQ(vdm_next_event_ns(card), UINT64_MAX);
    start(maker::SMALL, fourcc("YUYV"), 8);
    uint32_t events = 0;
    while (read(R_FRAMES_PRODUCED) < 8) {
        uint64_t next = vdm_next_event_ns(card);
        ASSERT_NE(next, UINT64_MAX);
        vdm_advance(card, next);
        ASSERT_GT(vdm_next_event_ns(card), next);
        events++;
    }
    EXPECT_EQ(events, 16u); // a start and an end each
}

TEST_F(Time, IdlingIsFree)
{
    boot();
    auto began = std::chrono::steady_clock::now();
    pass(1000000ull * SECOND);
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(100));
}

TEST_F(Time, CreateRefusesNonsense)
{
    EXPECT_EQ(vdm_create(nullptr, vdm_card_bytes(), &config), nullptr);
    EXPECT_EQ(vdm_create(memory, vdm_card_bytes() - 1, &config), nullptr);
    EXPECT_EQ(vdm_create(static_cast<uint8_t *>(memory) + 1, vdm_card_bytes(), &config), nullptr);
    vdm_config bad = config;
    bad.host = nullptr;
    EXPECT_EQ(vdm_create(memory, vdm_card_bytes(), &bad), nullptr);
    bad = config;
    bad.serial[16] = 'x';
    EXPECT_EQ(vdm_create(memory, vdm_card_bytes(), &bad), nullptr);
    bad = config;
    bad.body = VDM_BODY_USB;
    bad.usb_product = nullptr;
    EXPECT_EQ(vdm_create(memory, vdm_card_bytes(), &bad), nullptr);
    EXPECT_LE(vdm_card_bytes(), 1024u * 1024u);
    EXPECT_NE(vdm_create(memory, vdm_card_bytes(), &config), nullptr);
}

} // namespace
