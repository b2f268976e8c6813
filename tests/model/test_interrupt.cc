// SPDX-License-Identifier: MIT
//
// Interrupts: when a message is sent and when not, and that a driver which follows the rules sees
// every event whatever the moment.
#include <random>

#include "test_card.h"

namespace {

class Interrupt : public TestCard {};

TEST_F(Interrupt, AMessageWhenABitBecomesSet)
{
    write(R_INT_TEST, 1);
    EXPECT_EQ(interrupts, 0u); // masked
    EXPECT_EQ(read(R_INT_STATUS), F_INT_STATUS_TEST.mask());
    EXPECT_EQ(vdm_interrupt_line(card), 0);
    write(R_INT_MASK, F_INT_STATUS_TEST.mask()); // uncovers it
    EXPECT_EQ(interrupts, 1u);
    EXPECT_EQ(vdm_interrupt_line(card), 1);
    write(R_INT_TEST, 1); // is set already
    EXPECT_EQ(interrupts, 1u);
    write(R_INT_STATUS, F_INT_STATUS_TEST.mask());
    EXPECT_EQ(interrupts, 1u);
    EXPECT_EQ(vdm_interrupt_line(card), 0);
    write(R_INT_TEST, 1);
    EXPECT_EQ(interrupts, 2u);
    EXPECT_EQ(ledger().interrupts, 2u);
}

TEST_F(Interrupt, AMessageWhenAWriteLeavesABitSet)
{
    write(R_INT_MASK, 0x1ff);
    write(R_INT_TEST, 1);
    write(R_FW_LENGTH, 4);
    write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    EXPECT_EQ(interrupts, 2u);
    write(R_INT_STATUS, F_INT_STATUS_TEST.mask()); // BOOT stays
    EXPECT_EQ(interrupts, 3u);
    write(R_INT_STATUS, 0);
    EXPECT_EQ(interrupts, 4u);
    write(R_INT_MASK, 0x1ff); // nothing is uncovered
    EXPECT_EQ(interrupts, 4u);
    vdm_port_write(card, M_PORTS_INT_STATUS, 4, 0); // the same by port
    EXPECT_EQ(interrupts, 5u);
    write(R_INT_MASK, 0);
    write(R_INT_STATUS, 0);
    EXPECT_EQ(interrupts, 5u);
}

TEST_F(Interrupt, TheCompletionIsThereBeforeItsInterrupt)
{
    boot();
    write(R_INT_MASK, F_INT_STATUS_FRAME.mask());
    start(maker::SMALL, fourcc("YUYV"), 8);
    uint32_t seen = 0;
    on_interrupt = [&] {
        EXPECT_TRUE(completion(seen).is_valid(0));
        EXPECT_NE(buffers[seen][1], 0xee);
        seen++;
    };
    for (int n = 0; n < 8; n++) {
        period();
        write(R_INT_STATUS, F_INT_STATUS_FRAME.mask());
    }
    EXPECT_EQ(seen, 8u);
}

// A driver that acknowledges first and looks afterwards, at random moments, with events between any
// two of its accesses.
TEST_F(Interrupt, NoEventIsLost)
{
    boot();
    std::mt19937 random(5);
    write(R_INT_STATUS, 0xffffffff);
    write(R_INT_MASK, 0x1ff);
    start(maker::LEAST, fourcc("GREY"), 8);
    uint64_t served = interrupts;
    for (int n = 0; n < 3000; n++) {
        pass(random() % (12 * MS));
        if (interrupts == served) {
            continue;
        }
        served = interrupts;
        uint32_t status = read(R_INT_STATUS);
        pass(random() % (12 * MS)); // a frame may end here
        write(R_INT_STATUS, status);
        pass(random() % (12 * MS));
        Completion c = completion(0);
        while (take(&c)) {
            queue(1);
        }
    }
    // Whatever is still waiting has a message on its way.
    Completion c = completion(taken);
    if (c.is_valid(taken / ring)) {
        EXPECT_NE(interrupts, served);
    }
    pass(20 * MS);
    EXPECT_NE(interrupts, served);
    check_sums();
}

TEST_F(Interrupt, EveryFrameAfterAMaskedTime)
{
    boot();
    start(maker::SMALL, fourcc("YUYV"), 8);
    pass(35 * MS);
    EXPECT_EQ(interrupts, 0u);
    EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_FRAME.mask(), 0u);
    write(R_INT_MASK, F_INT_STATUS_FRAME.mask());
    EXPECT_EQ(interrupts, 1u);
}

} // namespace
