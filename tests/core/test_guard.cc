/* SPDX-License-Identifier: MIT */
/* The guard itself: each rule broken on purpose must be reported, else it guards nothing. */
#include <gtest/gtest.h>

#include "fake.h"

namespace {

template <typename Act>
std::string broken(guard_mark mark, uint32_t limit, Act act,
                   vdh_transport transport = VDH_TRANSPORT_FAST)
{
    FakeCard card(transport);
    guard_enter(&card.watch, mark, limit, 64);
    act(&card.watch);
    guard_leave(&card.watch);
    return card.watch.violations ? card.watch.report : "";
}

uint32_t value;
uint8_t block[4096];

TEST(Guard, ReportsEachRule)
{
    auto read = [](uint32_t offset) {
        return [offset](guard *g) { guard_io.read(g, offset, &value); };
    };
    auto write = [](uint32_t offset) {
        return [offset](guard *g) { guard_io.write(g, offset, 1); };
    };
    auto stall = [](uint32_t us, unsigned times) {
        return [us, times](guard *g) {
            for (unsigned i = 0; i < times; i++) {
                guard_io.stall_us(g, us);
            }
        };
    };
    EXPECT_EQ(broken(GUARD_ANY_LEVEL, 1, read(VDH_R_CAPS)), "");
    EXPECT_NE(broken(GUARD_ANY_LEVEL, 0, read(VDH_R_CAPS)), "");
    EXPECT_NE(broken(GUARD_OUTSIDE, 9, read(VDH_R_CAPS)), "");
    EXPECT_NE(broken(GUARD_PURE, 9, write(VDH_R_CAPS)), "");
    EXPECT_EQ(broken(GUARD_ISR, 2, read(VDH_R_INT_STATUS)), "");
    EXPECT_NE(broken(GUARD_ISR, 2, write(VDH_R_INT_MASK)), "");
    EXPECT_NE(broken(GUARD_ANY_LEVEL, 2, write(VDH_R_INT_STATUS)), "");
    EXPECT_EQ(broken(GUARD_STEP, 2, read(VDH_R_INT_STATUS)), "");
    EXPECT_NE(broken(GUARD_ISR, 2, stall(1, 1)), "");
    EXPECT_NE(broken(GUARD_ISR, 2, [](guard *g) { guard_io.trace(g, "x", 0, 0); }), "");
    EXPECT_EQ(broken(GUARD_STEP, 0, stall(2, 5)), "");
    EXPECT_NE(broken(GUARD_STEP, 0, stall(2, 6)), "");
    EXPECT_NE(broken(GUARD_STEP, 0, stall(1, 1), VDH_TRANSPORT_SLOW), "");
    auto poll = [](guard *g) {
        guard_io.read(g, VDH_R_BOOT_STATUS, &value);
        guard_io.read(g, VDH_R_BOOT_STATUS, &value);
    };
    EXPECT_EQ(broken(GUARD_STEP, 2, poll), "");
    EXPECT_NE(broken(GUARD_STEP, 2, poll, VDH_TRANSPORT_SLOW), "");
    auto send = [](uint32_t bytes) {
        return [bytes](guard *g) { guard_io.write_block(g, VDH_R_FW_WINDOW, block, bytes); };
    };
    EXPECT_EQ(broken(GUARD_STEP, 16, send(64)), "");
    EXPECT_NE(broken(GUARD_STEP, 16, send(68)), "");
    EXPECT_NE(broken(GUARD_STEP, 15, send(64)), "");
    EXPECT_NE(broken(GUARD_STEP, 16, send(0)), "");
    EXPECT_NE(
        broken(GUARD_STEP, 16, [](guard *g) { guard_io.read_block(g, VDH_R_SPACE - 4, block, 8); }),
        "");
    auto twice = [](guard *g) { guard_enter(g, GUARD_STEP, 1, 1); };
    EXPECT_NE(broken(GUARD_STEP, 1, twice), "");
}

} // namespace
