// SPDX-License-Identifier: MIT
// The bound is a promise: with any drift within the tolerance the true time lies inside.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

extern "C" {
#include "backend.h"
}

namespace {

__extension__ typedef __int128 Wide;

/* A device counter that runs fast by `ppb`, from an odd beginning. */
struct Clock {
    uint32_t hz;
    int64_t ppb;
    uint64_t origin;
    /* Rounded down, as a counter does. */
    uint64_t ticks_at(int64_t true_ns) const
    {
        Wide scaled = static_cast<Wide>(true_ns) * hz * (1000000000 + ppb);
        return origin + static_cast<uint64_t>(scaled / 1000000000 / 1000000000);
    }
};

TEST(Timebase, UnknownWithoutASample)
{
    struct vdi_timebase base;
    int64_t host = 1, bound = 1;
    vdi_timebase_init(&base, 1000, 100);
    vdi_timebase_map(&base, 5, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
    EXPECT_EQ(0, host);
    vdi_timebase_init(&base, 0, 100);
    vdi_timebase_sample(&base, 5, 10, 20);
    vdi_timebase_map(&base, 5, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
    vdi_timebase_init(&base, 1000, 100);
    vdi_timebase_sample(&base, 5, 20, 10);
    EXPECT_FALSE(base.valid) << "a sample that ended before it began";
}

TEST(Timebase, Exact)
{
    struct vdi_timebase base;
    int64_t host, bound;
    vdi_timebase_init(&base, 1000000, 0);
    vdi_timebase_sample(&base, 5000, 1000000, 1000200);
    vdi_timebase_map(&base, 6000, &host, &bound);
    EXPECT_EQ(1000100 + 1000000, host);
    EXPECT_LE(bound, 100 + 1000 + 1);
    vdi_timebase_map(&base, 4000, &host, &bound);
    EXPECT_EQ(1000100 - 1000000, host) << "before the sample, too";
}

TEST(Timebase, TrueTimeIsWithinTheBound)
{
    std::mt19937_64 random(11);
    const uint32_t rates[] = {1, 1000, 90000, 1000000, 27000000, 125000000, 4000000000u};
    size_t mapped = 0;

    for (int run = 0; run < 400; run++) {
        uint32_t ppm = static_cast<uint32_t>(random() % 500);
        Clock clock = {rates[random() % 7], 0, random()};
        struct vdi_timebase base;
        int64_t now = 1 + static_cast<int64_t>(random() % 1000000000000);

        clock.ppb = ppm == 0 ? 0
                             : static_cast<int64_t>(random() % (2000 * ppm)) -
                                   1000 * static_cast<int64_t>(ppm);
        vdi_timebase_init(&base, clock.hz, ppm);
        for (int step = 0; step < 200; step++) {
            now += static_cast<int64_t>(random() % 50000000);
            if (random() % 4 == 0) {
                int64_t width = static_cast<int64_t>(random() % 200000);
                int64_t read = now + static_cast<int64_t>(random() % (width + 1));
                vdi_timebase_sample(&base, clock.ticks_at(read), now, now + width);
            }
            int64_t then = now - 1000000000 + static_cast<int64_t>(random() % 2000000000);
            int64_t host, bound;
            if (then < 0 || !base.valid) {
                continue;
            }
            vdi_timebase_map(&base, clock.ticks_at(then), &host, &bound);
            ASSERT_NE(VDC_ERROR_UNKNOWN_NS, bound);
            ASSERT_LE(std::llabs(host - then), bound)
                << "hz " << clock.hz << " ppm " << ppm << " ppb " << clock.ppb << " run " << run;
            mapped++;
        }
        EXPECT_FALSE(base.jumped) << "honest samples do not contradict each other";
    }
    EXPECT_GT(mapped, 50000u);
}

/* The control: a clock worse than its tolerance must leave the bound, or be found out. */
TEST(Timebase, ADriftBeyondTheToleranceIsNoticed)
{
    Clock clock = {1000000, 400000, 0}; /* 400 ppm fast */
    struct vdi_timebase base;
    vdi_timebase_init(&base, clock.hz, 50);
    bool noticed = false;
    for (int64_t now = 1000000000; now < 20000000000 && !noticed; now += 1000000000) {
        vdi_timebase_sample(&base, clock.ticks_at(now), now - 1000, now + 1000);
        noticed = base.jumped != 0;
    }
    EXPECT_TRUE(noticed);
}

TEST(Timebase, AJumpLosesTheBasisUntilTheNextSample)
{
    struct vdi_timebase base;
    int64_t host, bound;
    vdi_timebase_init(&base, 1000000, 50);
    vdi_timebase_sample(&base, 1000000, 0, 1000);
    vdi_timebase_sample(&base, 5, 1000000000, 1000001000); /* the counter began anew */
    EXPECT_TRUE(base.jumped);
    vdi_timebase_map(&base, 1000000, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
    base.jumped = 0;
    vdi_timebase_sample(&base, 1005, 1001000000, 1001001000);
    vdi_timebase_map(&base, 1005, &host, &bound);
    EXPECT_EQ(1001000500, host);
    EXPECT_FALSE(base.jumped);
}

TEST(Timebase, KeepsTheBetterSample)
{
    struct vdi_timebase base;
    vdi_timebase_init(&base, 1000000, 10);
    vdi_timebase_sample(&base, 1000, 1000000, 1000100);
    vdi_timebase_sample(&base, 2000, 1900000, 2100000); /* wide: a late reader */
    EXPECT_EQ(1000u, base.ticks);
    vdi_timebase_sample(&base, 3000, 3000000, 3000050);
    EXPECT_EQ(3000u, base.ticks);
}

TEST(Timebase, FarAwayIsUnknownNotWrong)
{
    std::mt19937_64 random(3);
    for (int turn = 0; turn < 100000; turn++) {
        struct vdi_timebase base;
        uint32_t hz = static_cast<uint32_t>(random() >> (32 + random() % 32)) | 1;
        uint32_t ppm = static_cast<uint32_t>(random() % 600000);
        int64_t at = static_cast<int64_t>(random() >> (random() % 63 + 1));
        uint64_t ticks = random(), other = random() >> (random() % 64);
        int64_t host, bound;
        vdi_timebase_init(&base, hz, ppm);
        vdi_timebase_sample(&base, ticks, at, at);
        vdi_timebase_map(&base, ticks + other, &host, &bound);
        if (bound == VDC_ERROR_UNKNOWN_NS) {
            continue;
        }
        Wide exact = at + static_cast<Wide>(static_cast<int64_t>(other)) * 1000000000 / hz;
        ASSERT_LE(exact > host ? exact - host : host - exact, 1) << "hz " << hz;
        ASSERT_GE(bound, 0);
    }
}

} // namespace
