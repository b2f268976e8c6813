// SPDX-License-Identifier: MIT
// Frames, every byte of which must be the test pattern of docs/hardware.md, section 7.
#include "device.h"

#include <cstdlib>

namespace {

constexpr uint32_t kYuyv = 0x56595559, kNv12 = 0x3231564e, kGrey = 0x59455247, kRgb = 0x33424752;
constexpr unsigned kReads = 4;

#define MUST(call) ASSERT_NO_FATAL_FAILURE(call)

unsigned Times(unsigned plain, unsigned full)
{
    const char *value = std::getenv("VIDICON_LONG");
    return value && value[0] == '1' ? full : plain;
}

class Frames : public ::testing::Test {
  protected:
    void SetUp() override { filter_.OpenFirst(); }

    void Begin(uint32_t fourcc, bool own)
    {
        ASSERT_TRUE(filter_.Find(&format_, fourcc, own));
        ASSERT_EQ(pin_.Create(filter_, format_, kReads), 0u);
        ASSERT_EQ(pin_.SetState(KSSTATE_PAUSE), 0u);
        for (unsigned i = 0; i < kReads; i++)
            ASSERT_EQ(pin_.Submit(i), 0u);
        ASSERT_EQ(pin_.SetState(KSSTATE_RUN), 0u);
        taken_ = 0;
    }

    /* Takes `frames`, in order; counts wrong ones and those that are missing in between. */
    void Capture(unsigned frames)
    {
        for (unsigned end = taken_ + frames; taken_ < end; taken_++) {
            Read &read = *pin_.reads[taken_ % kReads];
            uint32_t number = 0;
            ASSERT_EQ(pin_.Wait(taken_ % kReads), 0u) << "frame " << taken_;
            ASSERT_EQ(read.block.header.DataUsed, read.picture.size());
            ASSERT_TRUE(NumberOf(format_, read.picture, &number)) << "frame " << taken_;
            if (taken_ > 0)
                missing_ += number - last_ - 1;
            last_ = number;
            size_t bad = WrongBytes(format_, read.picture, number);
            wrong_ += bad != 0;
            wrong_bytes_ += bad;
            Check(read, taken_);
            ASSERT_EQ(pin_.Submit(taken_ % kReads), 0u);
        }
    }

    virtual void Check(const Read &, unsigned) {}

    void End()
    {
        ASSERT_EQ(pin_.SetState(KSSTATE_STOP), 0u);
        for (unsigned i = 0; i < kReads; i++) {
            if (pin_.reads[i]->pending) {
                DWORD result = pin_.Wait(i);
                EXPECT_TRUE(result == 0u || result == ERROR_OPERATION_ABORTED ||
                            result == ERROR_CANCELLED)
                    << result;
            }
        }
    }

    Filter filter_;
    Pin pin_;
    Format format_;
    unsigned taken_ = 0, wrong_ = 0;
    size_t wrong_bytes_ = 0;
    uint32_t last_ = 0, missing_ = 0;
};

TEST_F(Frames, EveryFrameIsThePattern)
{
    for (uint32_t fourcc : {kYuyv, kNv12, kGrey, kRgb}) {
        MUST(Begin(fourcc, false));
        MUST(Capture(Times(20, 600)));
        MUST(End());
        pin_.Close();
        pin_.reads.clear();
        EXPECT_EQ(wrong_, 0u) << std::hex << fourcc;
    }
}

/* The negative control of all of this file. */
TEST_F(Frames, OneWrongBitIsReported)
{
    MUST(Begin(kYuyv, false));
    MUST(Capture(8));
    EXPECT_EQ(wrong_, 0u);
    ASSERT_TRUE(Standin(IOCTL_STANDIN_FLIP));
    MUST(Capture(8));
    MUST(End());
    EXPECT_EQ(wrong_, 1u);
    EXPECT_EQ(wrong_bytes_, 1u);
}

class OwnFrames : public Frames {
  protected:
    void Check(const Read &read, unsigned index) override
    {
        EXPECT_EQ(read.block.own.size, sizeof(read.block.own));
        if (index > 0) {
            uint32_t drops = read.block.own.dropped_fifo + read.block.own.dropped_no_buffer +
                             read.block.own.dropped_no_signal + read.block.own.dropped_dma;
            EXPECT_EQ(read.block.own.sequence, sequence_ + 1 + drops);
            EXPECT_GT(read.block.own.ticks, ticks_);
            dropped_ += drops;
        }
        sequence_ = read.block.own.sequence;
        ticks_ = read.block.own.ticks;
    }
    uint32_t sequence_ = 0, dropped_ = 0;
    uint64_t ticks_ = 0;
};

/* The card's counts, the frames' own and the model's private ledger agree. */
TEST_F(OwnFrames, EveryMissingFrameIsExplained)
{
    struct vdw_counts counts = {};
    struct card_account account = {};
    MUST(Begin(kYuyv, true));
    MUST(Capture(10));
    Sleep(200); /* every buffer is full by then: some are lost */
    unsigned before = dropped_;
    MUST(Capture(10));
    EXPECT_GT(dropped_, before);
    EXPECT_EQ(missing_, dropped_) << "in the pixels, and as the driver says";
    MUST(End());
    ASSERT_EQ(filter_.Get(VDW_PROPERTY_COUNTS, &counts), 0u);
    ASSERT_TRUE(Standin(IOCTL_STANDIN_ACCOUNT, "", &account, sizeof(account)));
    EXPECT_EQ(wrong_, 0u);
    EXPECT_EQ(counts.produced, account.produced);
    EXPECT_EQ(counts.good, account.good);
    EXPECT_EQ(counts.dropped_no_buffer, account.dropped[1]);
    EXPECT_EQ(counts.produced, counts.good + counts.dropped_fifo + counts.dropped_no_buffer +
                                   counts.dropped_no_signal + counts.dropped_dma);
    EXPECT_GE(counts.delivered, 20u);
}

TEST_F(Frames, StatesGoUpAndDownAndUpAgain)
{
    for (int run = 0; run < 3; run++) {
        KSSTATE state;
        MUST(Begin(kYuyv, false));
        ASSERT_EQ(pin_.State(&state), 0u);
        EXPECT_EQ(state, KSSTATE_RUN);
        MUST(Capture(4));
        MUST(End());
        ASSERT_EQ(pin_.State(&state), 0u);
        EXPECT_EQ(state, KSSTATE_STOP);
        pin_.Close();
        pin_.reads.clear();
    }
    EXPECT_EQ(wrong_, 0u);
}

TEST_F(Frames, ClosedWhileItRuns)
{
    MUST(Begin(kYuyv, false));
    MUST(Capture(4));
    pin_.Close();
    /* Their memory is the driver's until they end. */
    for (const auto &read : pin_.reads)
        EXPECT_EQ(WaitForSingleObject(read->overlapped.hEvent, 5000), WAIT_OBJECT_0);
    pin_.reads.clear();
    MUST(Begin(kYuyv, false));
    MUST(Capture(4));
    MUST(End());
    EXPECT_EQ(wrong_, 0u);
}

TEST_F(Frames, ReadsThatAreCancelledEnd)
{
    MUST(Begin(kYuyv, false));
    MUST(Capture(4));
    ASSERT_TRUE(CancelIoEx(pin_.handle, nullptr));
    for (unsigned i = 0; i < kReads; i++)
        EXPECT_NE(pin_.Wait(i), static_cast<DWORD>(WAIT_TIMEOUT));
    for (unsigned i = 0; i < kReads; i++)
        ASSERT_EQ(pin_.Submit(i), 0u);
    MUST(Capture(8));
    MUST(End());
    EXPECT_EQ(wrong_, 0u);
}

TEST_F(Frames, ASecondPinIsRefused)
{
    MUST(Begin(kYuyv, false));
    Pin second;
    EXPECT_NE(second.Create(filter_, format_, 1), 0u);
    MUST(Capture(4));
    MUST(End());
}

TEST_F(Frames, WithoutAStateThereAreNone)
{
    ASSERT_TRUE(filter_.Find(&format_, kYuyv, false));
    ASSERT_EQ(pin_.Create(filter_, format_, 1), 0u);
    ASSERT_EQ(pin_.Submit(0), 0u);
    EXPECT_NE(pin_.Wait(0), 0u) << "refused, in the state stop";
}

} // namespace
