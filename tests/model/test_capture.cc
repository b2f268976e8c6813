// SPDX-License-Identifier: MIT
//
// The capture engine: its clock, its accounts, starting and stopping, signals and the watermark.
#include "test_card.h"

namespace {

class Capture : public TestCard {
  protected:
    void SetUp() override
    {
        TestCard::SetUp();
        boot();
    }
    uint32_t signal() { return field(R_INPUT_STATUS, F_INPUT_STATUS_SIGNAL); }
};

TEST_F(Capture, FramesFollowTheClock)
{
    start(maker::SMALL, fourcc("YUYV"), 8);
    uint64_t began = vdm_now_ns(card);
    for (uint32_t n = 0; n < 8; n++) {
        vdm_advance(card, began + n * 10 * MS + 9375 * US - 100);
        EXPECT_FALSE(completion(n).is_valid(0)) << n; // it comes at 15/16
        vdm_advance(card, began + n * 10 * MS + 9375 * US + 100);
        Completion c = completion(n);
        ASSERT_TRUE(c.is_valid(0)) << n;
        EXPECT_EQ(c.sequence, n);
        EXPECT_EQ(c.tag, 0x1000 + n);
        EXPECT_EQ(c.end_ticks - c.ticks, 270000u * 15 / 16);
        EXPECT_EQ(c.ticks - completion(0).ticks, n * 270000u);
        EXPECT_EQ(read(R_FRAMES_PRODUCED), n + 1);
    }
    check_sums();
}

TEST_F(Capture, IntervalsAreExactInTheLongRun)
{
    select(maker::SMALL, fourcc("YUYV"));
    write(R_INTERVAL_NUM, 1001);
    write(R_INTERVAL_DEN, 30000);
    rings(4096);
    make_buffers(0);
    enable();
    pass(1001 * SECOND);
    // 30000 periods have ended, give or take the one that begins now.
    EXPECT_NEAR(read(R_FRAMES_PRODUCED), 30000.0, 1.0);
    const vdm_ledger_frame &last = ledger().frames[(ledger().frame_count - 1) % VDM_LEDGER_FRAMES];
    EXPECT_NEAR(static_cast<double>(
                    last.start_ns -
                    ledger().frames[(ledger().frame_count - 3001) % VDM_LEDGER_FRAMES].start_ns),
                100.1e9, 100.0);
}

TEST_F(Capture, FractionsOfATickAddUp)
{
    maker::Tables tables = maker::full();
    tables.intervals[0] = {1, 7001}; // 3856.59 ticks
    boot(maker::image(tables.bytes()));
    write(R_MODE_SELECT, maker::LEAST);
    write(R_WIDTH, 16);
    write(R_HEIGHT, 16);
    ASSERT_EQ(read(R_CONFIG_STATUS), 0u);
    rings();
    make_buffers(0);
    enable();
    pass(100 * SECOND);
    EXPECT_NEAR(read(R_FRAMES_PRODUCED), 700100.0, 1.0);
}

TEST_F(Capture, ProducedAtTheEndOfThePeriodOnly)
{
    start(maker::SMALL, fourcc("YUYV"), 8);
    pass(9 * MS);
    EXPECT_EQ(read(R_FRAMES_PRODUCED), 0u);
    write(R_CAPTURE_CONTROL, 0); // in the middle: neither produced nor lost
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_STOPPING);
    pass(20 * MS);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_STOPPED.mask(), 0u);
    EXPECT_EQ(read(R_FRAMES_PRODUCED), 0u);
    EXPECT_FALSE(completion(0).is_valid(0));
    check_sums();
}

TEST_F(Capture, WithoutBuffersFramesAreLostByName)
{
    start(maker::SMALL, fourcc("YUYV"), 2);
    pass(59500 * US); // between the end of a frame and the start of the next
    EXPECT_EQ(read(R_FRAMES_GOOD), 2u);
    EXPECT_EQ(read(R_DROPPED_NO_BUFFER), 4u);
    queue(1);
    pass(10 * MS);
    Completion c = completion(2);
    ASSERT_TRUE(c.is_valid(0));
    EXPECT_EQ(c.sequence, 6u);
    EXPECT_EQ(c.no_buffer, 4u);
    EXPECT_EQ(buffer(2), expected(6));
    queue(1);
    pass(10 * MS);
    ASSERT_TRUE(completion(3).is_valid(0));
    EXPECT_EQ(completion(3).lost_before(), 0u); // those were told already
    check_sums();
}

TEST_F(Capture, FullCompletionRing)
{
    select(maker::SMALL, fourcc("YUYV"));
    rings(2);
    make_buffers(2);
    enable();
    pass(19500 * US);
    queue(2);
    pass(30 * MS);
    EXPECT_EQ(read(R_DROPPED_NO_BUFFER), 3u);
    EXPECT_EQ(read(R_ERROR_STATUS), F_ERROR_STATUS_COMPLETION_FULL.mask());
    Completion c = completion(0);
    ASSERT_TRUE(take(&c));
    pass(10 * MS);
    c = completion(0);
    EXPECT_TRUE(c.is_valid(1)); // the second pass through the ring
    EXPECT_EQ(c.sequence, 5u);
    EXPECT_EQ(c.no_buffer, 3u);
    check_sums();
}

TEST_F(Capture, ManyPassesThroughTheRings)
{
    start(maker::LEAST, fourcc("GREY"), 4);
    uint32_t next = 0;
    for (uint32_t n = 0; n < 70000; n++) { // past 2^16 in every count
        period();
        Completion c = completion(0);
        ASSERT_TRUE(take(&c)) << n;
        ASSERT_EQ(c.sequence, next++);
        ASSERT_EQ(c.tag, 0x1000 + n);
        queue(1);
    }
    check_sums();
}

TEST_F(Capture, StartsOnlyWithASoundConfiguration)
{
    select(maker::SMALL, fourcc("YUYV"));
    auto refused_start = [&] {
        write(R_ERROR_STATUS, 0xffffffff);
        enable();
        bool refused_now = read(R_ERROR_STATUS) == F_ERROR_STATUS_CONFIG.mask() &&
                           engine() == V_CAPTURE_STATUS_STATE_IDLE && read(R_CAPTURE_CONTROL) == 0;
        return refused_now;
    };
    EXPECT_TRUE(refused_start()); // no rings at all
    rings();
    write(R_WIDTH, 1);
    EXPECT_TRUE(refused_start());
    write(R_WIDTH, 64);
    for (uint32_t count : {0u, 1u, 3u, 8192u, 0x80000000u}) {
        write(R_DESC_COUNT, count);
        EXPECT_TRUE(refused_start()) << count;
    }
    write(R_DESC_COUNT, 8);
    write(R_COMPLETION_BASE_LO, 32);
    EXPECT_TRUE(refused_start());
    write(R_COMPLETION_BASE_LO, 0);
    EXPECT_FALSE(refused_start());
}

TEST_F(Capture, SetUpRegistersRestWhileCapturing)
{
    start(maker::SMALL, fourcc("YUYV"), 4);
    for (Register reg : {R_INPUT_SELECT, R_TIMING_SELECT, R_PIXEL_FORMAT, R_MODE_SELECT, R_WIDTH,
                         R_HEIGHT, R_CROP_LEFT, R_CROP_TOP, R_STRIDE, R_INTERVAL_NUM,
                         R_INTERVAL_DEN, R_WATERMARK, R_DESC_BASE_LO, R_DESC_BASE_HI, R_DESC_COUNT,
                         R_COMPLETION_BASE_LO, R_COMPLETION_BASE_HI, R_COMPLETION_COUNT}) {
        uint32_t before = read(reg);
        write(reg, before ^ 1);
        EXPECT_EQ(read(reg), before) << reg;
    }
    enable(); // again: nothing happens
    pass(40 * MS);
    EXPECT_EQ(read(R_FRAMES_GOOD), 4u);
}

TEST_F(Capture, StopForgetsDescriptorsAndStartsAnew)
{
    start(maker::SMALL, fourcc("YUYV"), 6);
    pass(25 * MS);
    disable();
    enable(); // without setting the rings up again: there are no descriptors left
    pass(30 * MS);
    EXPECT_EQ(read(R_DROPPED_NO_BUFFER), 3u);
    EXPECT_EQ(read(R_FRAMES_GOOD), 0u);
    disable();
    start(maker::SMALL, fourcc("YUYV"), 6);
    pass(20 * MS);
    EXPECT_EQ(completion(0).sequence, 0u);
    EXPECT_TRUE(completion(1).is_valid(0));
    EXPECT_EQ(ledger().captures, 3u);
    check_sums();
}

TEST_F(Capture, EngineResetStopsAtOnceAndKeepsTheAccount)
{
    start(maker::SMALL, fourcc("YUYV"), 6);
    pass(25 * MS);
    write(R_RESET, V_RESET_KIND_ENGINE | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    EXPECT_EQ(read(R_DESC_COUNT), 0u);
    EXPECT_EQ(read(R_WIDTH), 64u);
    EXPECT_EQ(read(R_FRAMES_PRODUCED), 2u);
    uint64_t moved = ledger().dma_bytes;
    pass(50 * MS);
    EXPECT_EQ(ledger().dma_bytes, moved);
    start(maker::SMALL, fourcc("YUYV"), 6);
    pass(20 * MS);
    EXPECT_EQ(read(R_FRAMES_GOOD), 2u);
}

TEST_F(Capture, SignalComesAndGoes)
{
    write(R_INT_STATUS, 0xffffffff);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_LOCKED);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_DETECTED), 1u);
    EXPECT_EQ(read(R_TIMING_SELECT), 1u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_CHANGES), 0u);
    vdm_set_signal(card, 0, VDM_SIGNAL_NONE);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_NONE);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_DETECTED), 255u);
    EXPECT_EQ(read(R_INT_STATUS), F_INT_STATUS_SOURCE.mask());
    vdm_set_signal(card, 0, 2);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_UNSTABLE);
    pass(20 * MS - 1);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_UNSTABLE);
    pass(1);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_LOCKED);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_DETECTED), 2u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_MISMATCH), 1u);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_CHANGES), 3u);
    write(R_TIMING_SELECT, 2);
    EXPECT_EQ(field(R_INPUT_STATUS, F_INPUT_STATUS_MISMATCH), 0u);
    write(R_TIMING_SELECT, 3); // not this input's
    write(R_TIMING_SELECT, 0xffffffff);
    EXPECT_EQ(read(R_TIMING_SELECT), 2u);
    write(R_INPUT_SELECT, 2);
    EXPECT_EQ(read(R_INPUT_SELECT), 0u);
    write(R_INPUT_SELECT, 1);
    EXPECT_EQ(read(R_TIMING_SELECT), 3u);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_UNSTABLE);
    pass(20 * MS);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_LOCKED);
    vdm_set_signal(card, 1, VDM_SIGNAL_UNSTABLE);
    pass(SECOND);
    EXPECT_EQ(signal(), V_INPUT_STATUS_SIGNAL_UNSTABLE);
}

TEST_F(Capture, SignalLostInMidFrameKeepsTheDescriptor)
{
    start(maker::SMALL, fourcc("YUYV"), 3);
    pass(14 * MS); // in frame 1
    vdm_set_signal(card, 0, VDM_SIGNAL_NONE);
    pass(1 * MS);
    vdm_set_signal(card, 0, VDM_SIGNAL_DEFAULT);
    pass(45 * MS); // locked again in the middle of frame 3
    Completion c = completion(1);
    ASSERT_TRUE(c.is_valid(0));
    EXPECT_EQ(c.sequence, 4u);
    EXPECT_EQ(c.tag, 0x1001u);
    EXPECT_EQ(c.no_signal, 3u);
    EXPECT_EQ(c.flags, X_COMPLETION_FLAGS_SOURCE_CHANGED);
    EXPECT_EQ(buffer(1), expected(4));
    pass(10 * MS);
    EXPECT_EQ(completion(2).flags, 0u);
    check_sums();
}

TEST_F(Capture, WatermarkBringsLinesAsTheyArrive)
{
    for (uint32_t lines : {1u, 7u, 16u, 64u, 65u}) {
        for (uint32_t format : {fourcc("YUYV"), fourcc("NV12")}) {
            SCOPED_TRACE(testing::Message() << lines << " " << format);
            select(maker::SMALL, format);
            write(R_WATERMARK, lines);
            rings();
            make_buffers(1);
            write(R_INT_STATUS, 0xffffffff);
            enable();
            uint64_t began = vdm_now_ns(card);
            Bytes wanted = expected(0);
            uint32_t stride = read(R_STRIDE);
            for (uint32_t n = lines; n <= 64; n += lines) {
                uint64_t due = began + 9375 * US * n / 64;
                vdm_advance(card, due - 200);
                ASSERT_EQ(read(R_INT_STATUS) & F_INT_STATUS_WATERMARK.mask(), 0u);
                ASSERT_EQ(field(R_PROGRESS, F_PROGRESS_LINES), n - lines);
                vdm_advance(card, due + 200);
                ASSERT_NE(read(R_INT_STATUS) & F_INT_STATUS_WATERMARK.mask(), 0u) << n;
                write(R_INT_STATUS, F_INT_STATUS_WATERMARK.mask());
                ASSERT_EQ(field(R_PROGRESS, F_PROGRESS_LINES), n);
                ASSERT_EQ(field(R_PROGRESS, F_PROGRESS_TAG), 0x1000u);
                ASSERT_EQ(std::memcmp(buffers[0], wanted.data(), n * stride), 0);
                if (n < 64) {
                    ASSERT_EQ(buffers[0][n * stride], 0xee);
                }
                if (format == fourcc("NV12")) { // and the U V pairs that belong to them
                    uint32_t pairs = (n + 1) / 2 * stride;
                    size_t plane = 64 * stride;
                    ASSERT_EQ(std::memcmp(buffers[0] + plane, &wanted[plane], pairs), 0);
                    ASSERT_TRUE(pairs == 32 * stride || buffers[0][plane + pairs] == 0xee);
                }
            }
            pass(10 * MS);
            ASSERT_TRUE(completion(0).is_valid(0));
            ASSERT_EQ(buffer(0), wanted);
            disable();
        }
    }
}

TEST_F(Capture, WithoutWatermarkNothingComesEarly)
{
    start(maker::SMALL, fourcc("YUYV"), 1);
    pass(9 * MS);
    EXPECT_EQ(buffers[0][0], 0xee);
    EXPECT_EQ(field(R_PROGRESS, F_PROGRESS_LINES), 0u);
    pass(1 * MS);
    EXPECT_NE(buffers[0][0], 0xee);
}

TEST_F(Capture, LedgerRemembersEachFrame)
{
    start(maker::SMALL, fourcc("YUYV"), 2);
    uint64_t began = vdm_now_ns(card);
    pass(40 * MS);
    ASSERT_EQ(ledger().frame_count, 4u);
    for (uint32_t n = 0; n < 4; n++) {
        const vdm_ledger_frame &frame = ledger().frames[n];
        EXPECT_EQ(frame.sequence, n);
        EXPECT_EQ(frame.cause, n < 2 ? 0u + VDM_CAUSE_GOOD : 0u + VDM_CAUSE_NO_BUFFER);
        EXPECT_NEAR(static_cast<double>(frame.start_ns), static_cast<double>(began + n * 10 * MS),
                    40);
        EXPECT_NEAR(static_cast<double>(frame.end_ns - frame.start_ns), 9.375e6, 40);
        EXPECT_EQ(frame.source_frame, n);
    }
}

} // namespace
