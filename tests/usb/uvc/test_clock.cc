// SPDX-License-Identifier: MIT
// Camera time to host time: the true moment lies within the bound, and what contradicts itself has none.
#include <gtest/gtest.h>

#include <random>

extern "C" {
#include "uvc_clock.h"
#include "vidicon/vidicon.h"
}

namespace {

constexpr int64_t MS = 1000000;

// A camera whose clock is off by so many ppm, behind transfers of 4 ms of which 8 are in flight.
struct World {
    World(uint32_t hz, int ppm, uint32_t seed, uint32_t start = 0)
        : rate(hz * (1 + ppm * 1e-6)), offset(start), random(seed)
    {
    }
    uint64_t ticks(int64_t ns) const
    {
        return offset + static_cast<uint64_t>(static_cast<double>(ns) * 1e-9 * rate);
    }
    uint16_t sof(int64_t ns) const { return static_cast<uint16_t>(ns / MS % 2048); }
    // A payload sent at `ns`: asked for up to 32 ms before, seen up to 3 ms later.
    void sample(uvc_clock *clock, int64_t ns)
    {
        int64_t before = ns - static_cast<int64_t>(random() % (32 * MS));
        int64_t after = ns + static_cast<int64_t>(random() % (3 * MS));

        uvc_clock_sample(clock, static_cast<uint32_t>(ticks(ns)), sof(ns), before < 0 ? 0 : before,
                         after);
    }
    double rate;
    uint64_t offset;
    std::mt19937 random;
};

TEST(Clock, TheTrueTimeLiesWithinTheBound)
{
    int64_t widest = 0;
    int frames = 0;

    for (uint32_t hz : {1000000u, 13500000u, 48000000u, 300000000u}) {
        for (int ppm : {-400, 0, 400}) {
            // Close to the wrap, so that the counter's 32 bits run over early.
            World world(hz, ppm, hz + static_cast<uint32_t>(ppm + 500), 0xfff00000u);
            uvc_clock clock;

            uvc_clock_init(&clock, hz, 1);
            for (int64_t frame = 1; frame < 900; frame++) { // 30 s
                int64_t start = frame * 33 * MS, host, bound;

                for (int64_t at = start + 5 * MS; at < start + 30 * MS; at += 4 * MS) {
                    world.sample(&clock, at);
                }
                uvc_clock_map(&clock, static_cast<uint32_t>(world.ticks(start)), 1, start + 8 * MS,
                              &host, &bound);
                ASSERT_NE(VDC_ERROR_UNKNOWN_NS, bound) << hz << " " << ppm << " frame " << frame;
                ASSERT_LE(std::abs(host - start), bound) << hz << " " << ppm << " frame " << frame;
                widest = frame > 30 ? std::max(widest, bound) : widest;
                frames++;
            }
            EXPECT_EQ(0u, clock.jumps + clock.backwards + clock.odd_times);
            EXPECT_EQ(UVC_CLOCK_GOOD, static_cast<int>(clock.state));
        }
    }
    EXPECT_EQ(12 * 899, frames);
    EXPECT_LT(widest, 5 * MS) << "many wide samples make a narrower one";
    EXPECT_GT(widest, 0);
}

// The control: a clock that is off by more than its tolerance is caught, by contradiction or by the bus' own time.
TEST(Clock, ARateThatIsWrongIsNotBelieved)
{
    for (int trust_sof : {0, 1}) {
        World world(48000000, 200000, 1); // a fifth too fast
        uvc_clock clock;
        int64_t host, bound;

        uvc_clock_init(&clock, 48000000, trust_sof);
        for (int64_t at = 40 * MS; at < 4000 * MS; at += 4 * MS) {
            world.sample(&clock, at);
        }
        EXPECT_GE(clock.state, unsigned{UVC_CLOCK_DISTRUSTED});
        uvc_clock_map(&clock, static_cast<uint32_t>(world.ticks(3990 * MS)), 1, 4000 * MS, &host,
                      &bound);
        EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
        EXPECT_EQ(4000 * MS, host) << "its arrival";
    }
    // A wrong rate that samples alone would take long to contradict: 1 %, seen against the frames of the bus.
    World world(48000000, 10000, 1);
    uvc_clock clock;

    uvc_clock_init(&clock, 48000000, 1);
    for (int64_t at = 40 * MS; at < 4000 * MS && clock.state < UVC_CLOCK_DISTRUSTED; at += 4 * MS) {
        uvc_clock_sample(&clock, static_cast<uint32_t>(world.ticks(at)), world.sof(at),
                         at < 200 * MS ? 0 : at - 200 * MS, at + 200 * MS);
    }
    EXPECT_EQ(unsigned{UVC_CLOCK_WRONG_RATE}, clock.state);
    EXPECT_EQ(0u, clock.jumps);
}

TEST(Clock, AFrameCounterThatIsKnownToBeWrongIsNotUsed)
{
    for (int trust : {1, 0}) {
        World world(48000000, 0, 1);
        uvc_clock clock;

        uvc_clock_init(&clock, 48000000, trust);
        for (int64_t at = 40 * MS; at < 8000 * MS; at += 4 * MS) {
            uvc_clock_sample(&clock, static_cast<uint32_t>(world.ticks(at)),
                             static_cast<uint16_t>(world.random() % 2048), at - MS, at + MS);
        }
        EXPECT_EQ(trust ? UVC_CLOCK_WRONG_RATE : UVC_CLOCK_GOOD, static_cast<int>(clock.state));
    }
}

TEST(Clock, GoingBackLosesTheBasisAndBeginsAnew)
{
    World world(48000000, 0, 1);
    uvc_clock clock;
    int64_t host, bound;
    uint64_t before, after;

    uvc_clock_init(&clock, 48000000, 1);
    for (int64_t at = 40 * MS; at < 400 * MS; at += 4 * MS) {
        world.sample(&clock, at);
    }
    ASSERT_EQ(1, uvc_clock_ticks(&clock, static_cast<uint32_t>(world.ticks(396 * MS)), &before));
    uvc_clock_sample(&clock, static_cast<uint32_t>(world.ticks(100 * MS)), world.sof(400 * MS),
                     399 * MS, 401 * MS);
    EXPECT_EQ(1u, clock.backwards);
    EXPECT_EQ(1u, clock.base.jumped) << "the next frame says so";
    uvc_clock_map(&clock, 0, 1, 402 * MS, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
    // From there on it counts on from 100 ms.
    for (int64_t at = 404 * MS; at < 500 * MS; at += 4 * MS) {
        uvc_clock_sample(&clock, static_cast<uint32_t>(world.ticks(at - 300 * MS)), world.sof(at),
                         at - MS, at + MS);
    }
    ASSERT_EQ(1, uvc_clock_ticks(&clock, static_cast<uint32_t>(world.ticks(190 * MS)), &after));
    EXPECT_GT(after, before) << "wide ticks never go back";
    uvc_clock_map(&clock, static_cast<uint32_t>(world.ticks(190 * MS)), 1, 495 * MS, &host, &bound);
    ASSERT_NE(VDC_ERROR_UNKNOWN_NS, bound);
    EXPECT_LE(std::abs(host - 490 * MS), bound);
}

TEST(Clock, AfterTooManyJumpsNothingIsBelieved)
{
    World world(48000000, 0, 1);
    uvc_clock clock;

    uvc_clock_init(&clock, 48000000, 1);
    for (int64_t at = 40 * MS; at < 400 * MS; at += 4 * MS) {
        uvc_clock_sample(&clock, static_cast<uint32_t>(world.random()), 0, at - MS, at + MS);
    }
    EXPECT_EQ(unsigned{UVC_CLOCK_DISTRUSTED}, clock.state);
    EXPECT_EQ(unsigned{UVC_CLOCK_JUMPS_MAX}, clock.jumps);
}

TEST(Clock, WithoutScrOrClockOrTimeTheBoundIsUnknown)
{
    World world(48000000, 0, 1);
    uvc_clock clock;
    int64_t host = 0, bound = 0;

    uvc_clock_init(&clock, 48000000, 1);
    uvc_clock_map(&clock, 5, 1, 77, &host, &bound);
    EXPECT_EQ(77, host);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound);
    uvc_clock_sample(&clock, 5, 5, 100 * MS, 101 * MS);
    uvc_clock_map(&clock, 5, 0, 78, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound) << "the frame has no time";

    uvc_clock_init(&clock, 0, 1);
    uvc_clock_sample(&clock, 5, 5, 100 * MS, 101 * MS);
    uvc_clock_map(&clock, 5, 1, 77, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound) << "its clock has no rate";
}

TEST(Clock, TimesThatCannotBeTrueHaveNoBound)
{
    World world(1000000, 0, 1);
    uvc_clock clock;
    int64_t host, bound;

    uvc_clock_init(&clock, 1000000, 1);
    for (int64_t at = 40 * MS; at < 400 * MS; at += 4 * MS) {
        world.sample(&clock, at);
    }
    uvc_clock_map(&clock, static_cast<uint32_t>(world.ticks(900 * MS)), 1, 400 * MS, &host, &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound) << "it begins after its first bytes came";
    uvc_clock_map(&clock, static_cast<uint32_t>(world.ticks(0) - 60000000), 1, 400 * MS, &host,
                  &bound);
    EXPECT_EQ(VDC_ERROR_UNKNOWN_NS, bound) << "a minute ago";
    EXPECT_EQ(2u, clock.odd_times);
}

TEST(Clock, ALongPauseLosesTheBasis)
{
    World world(300000000, 0, 1);
    uvc_clock clock;

    uvc_clock_init(&clock, 300000000, 1);
    world.sample(&clock, 40 * MS);
    world.sample(&clock, 20000 * MS); // the counter wrapped once, or twice
    EXPECT_EQ(1u, clock.gaps);
    EXPECT_EQ(0u, clock.jumps);
    EXPECT_EQ(unsigned{UVC_CLOCK_GOOD}, clock.state);
}

TEST(Clock, HostileNumbersDoNoHarm)
{
    std::mt19937_64 random(1);

    for (int turn = 0; turn < 2000; turn++) {
        uvc_clock clock;

        uvc_clock_init(&clock, static_cast<uint32_t>(random() >> (random() % 64)), 1);
        for (int n = 0; n < 20; n++) {
            int64_t before = static_cast<int64_t>(random() >> (random() % 64));
            int64_t after = static_cast<int64_t>(random() >> (random() % 64)), host, bound;

            uvc_clock_sample(&clock, static_cast<uint32_t>(random()),
                             static_cast<uint16_t>(random() % 2048), before, after);
            uvc_clock_map(&clock, static_cast<uint32_t>(random()), 1, after / 2, &host, &bound);
            ASSERT_GE(bound, VDC_ERROR_UNKNOWN_NS);
        }
    }
}

} // namespace
