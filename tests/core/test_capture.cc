/* SPDX-License-Identifier: MIT */
/*
 * The capture engine over a card that is only memory: what is written into the rings, which
 * completions are believed, and that stop always ends with the card away from the buffers.
 */
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "fake.h"

namespace {

enum { IDLE, RUNNING, STOPPING, HALTED };

class Capture : public ::testing::Test {
  protected:
    void SetUp() override { make(); }
    void make(uint32_t descriptor_count = 4, uint32_t completion_count = 8)
    {
        if (card) {
            EXPECT_EQ(card->watch.violations, 0u) << card->watch.report;
        }
        card = std::make_unique<FakeCard>();
        ASSERT_EQ(card->attach(), VDH_OK);
        card->adopt(small_tables());
        card->reg(VDH_R_FRAME_BYTES) = 1000;
        card->on_write = [this](uint32_t offset, uint32_t value) {
            if (offset == VDH_R_DOORBELL) {
                doorbell = value;
            }
            if (offset == VDH_R_COMPLETION_TAKEN) {
                taken = value;
            }
            if (offset == VDH_R_CAPTURE_CONTROL) {
                card->reg(VDH_R_CAPTURE_STATUS) = value ? RUNNING : IDLE;
            }
            if (offset == VDH_R_RESET) {
                resets++;
                card->reg(VDH_R_CAPTURE_STATUS) = IDLE;
                for (uint32_t reg = VDH_R_FRAMES_PRODUCED; reg <= VDH_R_DROPPED_DMA; reg += 4) {
                    card->reg(reg) = 0;
                }
            }
        };
        descriptor_bytes.assign(descriptor_count * VDH_S_DESCRIPTOR, 0xee);
        completion_bytes.assign(completion_count * VDH_S_COMPLETION, 0xee);
        descriptors = {descriptor_bytes.data(), 0x123456780040ull, descriptor_count * 32};
        completions = {completion_bytes.data(), 0x2000, completion_count * 64};
        sequence = 0;
        slot = 0;
    }
    int set_up()
    {
        return any_level(*card, 8, [&] {
            return vdh_capture_set_up(&capture, &card->device, &descriptors, &completions);
        });
    }
    int queue(uint32_t tag)
    {
        return any_level(*card, 1, [&] { return vdh_capture_queue(&capture, 0x10, 1, 2000, tag); });
    }
    int start(uint32_t watermark = 0)
    {
        return any_level(*card, 4, [&] { return vdh_capture_start(&capture, watermark); });
    }
    int complete()
    {
        return any_level(*card, 1, [&] { return vdh_capture_complete(&capture, &got); });
    }
    int stop()
    {
        return run(*card, &now_us, [&](uint64_t now, uint32_t *again) {
            return vdh_capture_stop_step(&capture, now, again);
        });
    }
    /* What the card writes; VALID by its definition in the layout table. */
    uint8_t *put(uint32_t tag, uint32_t lost_fifo = 0)
    {
        uint32_t count = completions.size / VDH_S_COMPLETION;
        uint8_t *at = completion_bytes.data() + slot % count * VDH_S_COMPLETION;
        sequence += lost_fifo;
        memset(at, 0, VDH_S_COMPLETION);
        vdh_put_u32(at + VDH_O_COMPLETION_SEQUENCE, sequence);
        vdh_put_u32(at + VDH_O_COMPLETION_TAG, tag);
        vdh_put_u64(at + VDH_O_COMPLETION_TICKS, 0x100000000ull + sequence);
        vdh_put_u32(at + VDH_O_COMPLETION_BYTES, 1000);
        vdh_put_u32(at + VDH_O_COMPLETION_DROPPED_FIFO, lost_fifo);
        uint32_t pass = slot / count % 2 ? 0 : 1;
        vdh_put_u32(at + VDH_O_COMPLETION_VALID, (sequence ^ 0x2bd1c0deu) << 1 | pass);
        sequence++;
        slot++;
        return at;
    }
    void ready()
    {
        ASSERT_EQ(set_up(), VDH_OK);
        for (uint32_t tag = 100; tag < 104; tag++) {
            ASSERT_EQ(queue(tag), VDH_OK);
        }
        ASSERT_EQ(start(), VDH_OK);
    }
    void TearDown() override { EXPECT_EQ(card->watch.violations, 0u) << card->watch.report; }

    std::unique_ptr<FakeCard> card;
    std::vector<uint8_t> descriptor_bytes, completion_bytes;
    vdh_dma_memory descriptors, completions;
    vdh_capture capture = {};
    vdh_completion got = {};
    uint32_t doorbell = 0, taken = 0, resets = 0, sequence = 0, slot = 0;
    uint64_t now_us = 7;
};

TEST_F(Capture, SetUpHandsOverTheRings)
{
    EXPECT_EQ(set_up(), VDH_OK);
    EXPECT_EQ(card->reg(VDH_R_DESC_BASE_LO), 0x56780040u);
    EXPECT_EQ(card->reg(VDH_R_DESC_BASE_HI), 0x1234u);
    EXPECT_EQ(card->reg(VDH_R_DESC_COUNT), 4u);
    EXPECT_EQ(card->reg(VDH_R_COMPLETION_BASE_LO), 0x2000u);
    EXPECT_EQ(card->reg(VDH_R_COMPLETION_COUNT), 8u);
    EXPECT_EQ(std::count(completion_bytes.begin(), completion_bytes.end(), 0), 8 * 64);
    EXPECT_EQ(std::count(descriptor_bytes.begin(), descriptor_bytes.end(), 0), 4 * 32);
}

TEST_F(Capture, SetUpRefusesBadRings)
{
    struct Case {
        uint64_t address;
        uint32_t descriptor_bytes, completion_bytes;
    };
    std::vector<uint8_t> big(8192 * 64);
    for (const Case &one : {
             Case{0x1001, 128,       256      },
             {0x1020, 128,       256      },
             {0x1000, 0,         256      },
             {0x1000, 32,        256      },
             {0x1000, 96,        256      },
             {0x1000, 129,       256      },
             {0x1000, 8192 * 32, 4096 * 64},
             {0x1000, 128,       128      },
             {0x1000, 128,       255      },
             {0x1000, 128,       8192 * 64}
    }) {
        descriptors = {big.data(), one.address, one.descriptor_bytes};
        completions = {big.data(), one.address, one.completion_bytes};
        card->log.clear();
        EXPECT_EQ(set_up(), VDH_E_INVALID);
        EXPECT_TRUE(card->log.empty());
        EXPECT_EQ(queue(1), VDH_E_STATE);
        EXPECT_EQ(start(), VDH_E_STATE);
        EXPECT_EQ(complete(), VDH_AGAIN);
        EXPECT_EQ(stop(), VDH_OK);
    }
    make();
    card->reg(VDH_R_CAPTURE_STATUS) = STOPPING;
    EXPECT_EQ(set_up(), VDH_E_STATE);
    EXPECT_EQ(completion_bytes[0], 0xee);
    card->reg(VDH_R_CAPTURE_STATUS) = IDLE;
    EXPECT_EQ(
        any_level(*card, 8,
                  [&] { return vdh_capture_set_up(&capture, &card->device, nullptr, nullptr); }),
        VDH_E_INVALID);
    card->device.tables = {};
    EXPECT_EQ(set_up(), VDH_E_STATE);
}

TEST_F(Capture, QueueWritesDescriptors)
{
    ASSERT_EQ(set_up(), VDH_OK);
    for (uint32_t i = 0; i < 4; i++) {
        EXPECT_EQ(any_level(*card, 1,
                            [&] {
                                return vdh_capture_queue(&capture, 0xabcdef0123456780ull, 3, 5000,
                                                         70 + i);
                            }),
                  VDH_OK);
        EXPECT_EQ(doorbell, i + 1);
        const uint8_t *at = &descriptor_bytes[i * 32];
        EXPECT_EQ(vdh_get_u64(at), 0xabcdef0123456780ull);
        EXPECT_EQ(vdh_get_u32(at + 8), 3u);
        EXPECT_EQ(vdh_get_u32(at + 12), 70 + i);
        EXPECT_EQ(vdh_get_u32(at + 16), 5000u);
    }
    EXPECT_EQ(queue(1), VDH_E_FULL);
    auto bad = [&](uint64_t address, uint32_t count, uint32_t capacity) {
        return any_level(*card, 0,
                         [&] { return vdh_capture_queue(&capture, address, count, capacity, 1); });
    };
    EXPECT_EQ(bad(0x18, 1, 1), VDH_E_INVALID);
    EXPECT_EQ(bad(0x10, 0, 1), VDH_E_INVALID);
    EXPECT_EQ(bad(0x10, 1, 0), VDH_E_INVALID);
}

TEST_F(Capture, Segments)
{
    uint8_t bytes[48] = {};
    vdh_segment_put(bytes, 1, 0x1122334455667788ull, 0x99aabbcc);
    vdh_segment_put_link(bytes, 2, 0x40, 5);
    EXPECT_EQ(bytes[0], 0);
    EXPECT_EQ(vdh_get_u64(bytes + 16), 0x1122334455667788ull);
    EXPECT_EQ(vdh_get_u32(bytes + 24), 0x99aabbccu);
    EXPECT_EQ(vdh_get_u32(bytes + 28), 0u);
    EXPECT_EQ(vdh_get_u64(bytes + 32), 0x40u);
    EXPECT_EQ(vdh_get_u32(bytes + 40), 5u);
    EXPECT_EQ(vdh_get_u32(bytes + 44), 1u);
}

/* Many times round both rings, with losses, past 2^16 doorbells. */
TEST_F(Capture, CompletionsInOrderRoundTheRing)
{
    ready();
    EXPECT_EQ(complete(), VDH_AGAIN);
    uint32_t lost = 0;
    for (uint32_t i = 0; i < 70000; i++) {
        uint32_t drop = i % 11 == 3 ? i % 5 : 0;
        put(100 + i % 4, drop);
        lost += drop;
        ASSERT_EQ(complete(), VDH_OK) << i;
        ASSERT_EQ(got.sequence, i + lost);
        ASSERT_EQ(got.tag, 100 + i % 4);
        ASSERT_EQ(got.ticks, 0x100000000ull + i + lost);
        ASSERT_EQ(got.dropped_fifo, drop);
        ASSERT_EQ(taken, (i + 1) & 0xffff);
        ASSERT_EQ(complete(), VDH_AGAIN);
        ASSERT_EQ(queue(100 + i % 4), VDH_OK);
        ASSERT_EQ(doorbell, (i + 5) & 0xffff);
    }
}

TEST_F(Capture, SequenceWraps)
{
    ready();
    capture.next_sequence = sequence = 0xfffffffeu;
    for (uint32_t i = 0; i < 4; i++) {
        put(100 + i, i == 1 ? 2 : 0);
        EXPECT_EQ(complete(), VDH_OK) << i;
    }
    EXPECT_EQ(got.sequence, 3u);
}

/* Each way of being impossible: not consumed, and taken once it is right. */
TEST_F(Capture, ImpossibleRecords)
{
    struct Change {
        const char *what;
        unsigned at;
        uint32_t value;
    };
    const Change changes[] = {
        {"sequence behind VALID",          VDH_O_COMPLETION_SEQUENCE,     1                         },
        {"VALID of another sequence",      VDH_O_COMPLETION_VALID,        (5 ^ 0x2bd1c0deu) << 1 | 1},
        {"unknown tag",                    VDH_O_COMPLETION_TAG,          99                        },
        {"another descriptor's tag",       VDH_O_COMPLETION_TAG,          101                       },
        {"more bytes than a frame",        VDH_O_COMPLETION_BYTES,        1001                      },
        {"more bytes than the buffer",     VDH_O_COMPLETION_BYTES,        0xffffffff                },
        {"fewer bytes than a frame",       VDH_O_COMPLETION_BYTES,        999                       },
        {"unknown flag",                   VDH_O_COMPLETION_FLAGS,        0x20                      },
        {"reserved",                       VDH_O_COMPLETION_RESERVED + 8, 1                         },
        {"losses out of nothing",          VDH_O_COMPLETION_DROPPED_FIFO, 1                         },
        {"losses that add up by wrapping", VDH_O_COMPLETION_DROPPED_DMA,  0xffffffff                },
    };
    for (const Change &change : changes) {
        make();
        ready();
        uint8_t *at = put(100);
        uint32_t right = vdh_get_u32(at + change.at);
        vdh_put_u32(at + change.at, change.value);
        EXPECT_EQ(complete(), VDH_E_IO) << change.what;
        EXPECT_EQ(complete(), VDH_E_IO) << change.what;
        EXPECT_EQ(taken, 0u);
        vdh_put_u32(at + change.at, right);
        EXPECT_EQ(complete(), VDH_OK) << change.what;
        EXPECT_EQ(taken, 1u);
        taken = 0;
    }
    make();
    ready();
    uint8_t *at = put(100); /* wraps to the right sum: 2^32 lost and one too many */
    vdh_put_u32(at + VDH_O_COMPLETION_DROPPED_FIFO, 0xffffffff);
    vdh_put_u32(at + VDH_O_COMPLETION_DROPPED_DMA, 1);
    EXPECT_EQ(complete(), VDH_E_IO);
}

TEST_F(Capture, CompletionOfNothing)
{
    ASSERT_EQ(set_up(), VDH_OK);
    ASSERT_EQ(queue(100), VDH_OK);
    ASSERT_EQ(start(), VDH_OK);
    put(100);
    EXPECT_EQ(complete(), VDH_OK);
    put(0);
    EXPECT_EQ(complete(), VDH_E_IO); /* no descriptor is out */
    /* Nor is one when the ring still shows the descriptor of the round before. */
    make();
    ready();
    for (uint32_t i = 0; i < 4; i++) {
        put(100 + i);
        EXPECT_EQ(complete(), VDH_OK);
    }
    put(100);
    EXPECT_EQ(complete(), VDH_E_IO);
}

TEST_F(Capture, FailedFramesMayBeShort)
{
    ready();
    for (uint32_t flag :
         {VDH_B_COMPLETION_FLAGS_DMA_ERROR, VDH_B_COMPLETION_FLAGS_BAD_DESCRIPTOR}) {
        uint8_t *at = put(100 + (sequence & 3));
        vdh_put_u32(at + VDH_O_COMPLETION_BYTES, 17);
        vdh_put_u32(at + VDH_O_COMPLETION_FLAGS, flag);
        EXPECT_EQ(complete(), VDH_OK);
        EXPECT_EQ(got.flags, flag);
        EXPECT_EQ(got.bytes, 17u);
    }
}

/* VALID is read, then the barrier, then the rest, then VALID again. */
TEST_F(Capture, RecordThatChangesWhileItIsRead)
{
    ready();
    put(100);
    unsigned barriers = card->watch.acquires;
    EXPECT_EQ(complete(), VDH_OK);
    EXPECT_EQ(card->watch.acquires, barriers + 2);
    barriers = card->watch.acquires;
    EXPECT_EQ(complete(), VDH_AGAIN);
    EXPECT_EQ(card->watch.acquires, barriers);
    /* The record is overwritten after it was decoded: what was read must not be believed. */
    uint8_t *at = put(101);
    barriers = card->watch.acquires;
    card->on_acquire = [&] {
        if (card->watch.acquires == barriers + 2) {
            vdh_put_u32(at + VDH_O_COMPLETION_VALID, 1);
        }
    };
    EXPECT_EQ(complete(), VDH_E_IO);
}

TEST_F(Capture, AcknowledgementThatFailsLosesNothing)
{
    ready();
    put(100);
    card->fail_after = 0;
    EXPECT_EQ(complete(), VDH_OK);
    card->fail_after = -1;
    put(101);
    EXPECT_EQ(complete(), VDH_OK);
    EXPECT_EQ(taken, 2u);
}

TEST_F(Capture, StartSaysWhy)
{
    EXPECT_EQ(start(), VDH_E_STATE);
    ASSERT_EQ(set_up(), VDH_OK);
    card->reg(VDH_R_FRAME_BYTES) = 0;
    EXPECT_EQ(start(), VDH_E_RANGE);
    EXPECT_EQ(card->reg(VDH_R_CAPTURE_CONTROL), 0u);
    card->reg(VDH_R_FRAME_BYTES) = 1000;
    card->device.identity.caps = 0;
    EXPECT_EQ(start(8), VDH_E_RANGE);
    card->device.identity.caps = 0x1f;
    auto write = card->on_write;
    card->on_write = nullptr; /* a card that stays idle */
    EXPECT_EQ(start(), VDH_E_RANGE);
    EXPECT_EQ(capture.running, 0u);
    card->on_write = write;
    EXPECT_EQ(start(8), VDH_OK);
    EXPECT_EQ(card->reg(VDH_R_WATERMARK), 8u);
    EXPECT_EQ(start(), VDH_E_STATE);
    EXPECT_EQ(stop(), VDH_OK);
    EXPECT_EQ(start(), VDH_E_STATE); /* needs its rings anew */
    EXPECT_EQ(queue(1), VDH_E_STATE);
}

/* Whatever failed at start, stop leaves ENABLE at 0. */
TEST_F(Capture, StopAfterAFailedStart)
{
    for (int at = 0; at < 4; at++) {
        make();
        ASSERT_EQ(set_up(), VDH_OK);
        card->fail_after = at;
        EXPECT_EQ(start(), VDH_E_IO);
        card->fail_after = -1;
        EXPECT_EQ(stop(), VDH_OK);
        EXPECT_EQ(card->reg(VDH_R_CAPTURE_CONTROL), 0u);
        EXPECT_EQ(card->reg(VDH_R_CAPTURE_STATUS), 0u);
    }
}

TEST_F(Capture, StopKeepsTheCounts)
{
    ready();
    uint32_t value = 1;
    for (uint32_t reg = VDH_R_FRAMES_GOOD; reg <= VDH_R_DROPPED_DMA; reg += 4) {
        card->reg(reg) = value++;
    }
    card->reg(VDH_R_FRAMES_PRODUCED) = 15;
    vdh_capture_counts counts = {};
    EXPECT_EQ(any_level(*card, 6, [&] { return vdh_capture_read_counts(&capture, &counts); }),
              VDH_OK);
    EXPECT_EQ(counts.produced, 15u);
    EXPECT_EQ(stop(), VDH_OK);
    EXPECT_EQ(resets, 0u);
    card->gone = true;
    EXPECT_EQ(any_level(*card, 0, [&] { return vdh_capture_read_counts(&capture, &counts); }),
              VDH_OK);
    EXPECT_EQ(counts.good, 1u);
    EXPECT_EQ(counts.dropped_dma, 5u);
    put(100);
    EXPECT_EQ(any_level(*card, 0, [&] { return vdh_capture_complete(&capture, &got); }), VDH_OK);
}

TEST_F(Capture, CountsThatTheCardForgot)
{
    ready();
    put(100);
    ASSERT_EQ(complete(), VDH_OK);
    vdh_capture_counts counts = {};
    EXPECT_EQ(any_level(*card, 6, [&] { return vdh_capture_read_counts(&capture, &counts); }),
              VDH_E_IO);
    EXPECT_EQ(stop(), VDH_OK);
    EXPECT_EQ(any_level(*card, 6, [&] { return vdh_capture_read_counts(&capture, &counts); }),
              VDH_E_IO);
}

TEST_F(Capture, StopThatTakesTime)
{
    ready();
    auto write = card->on_write;
    int polls = 0;
    card->on_write = [&](uint32_t offset, uint32_t value) {
        write(offset, value);
        if (offset == VDH_R_CAPTURE_CONTROL) {
            card->reg(VDH_R_CAPTURE_STATUS) = ++polls < 20 ? STOPPING : IDLE;
        }
    };
    EXPECT_EQ(stop(), VDH_OK);
    EXPECT_EQ(resets, 0u);
    EXPECT_LT(now_us, 30000u);
}

TEST_F(Capture, StopByReset)
{
    for (uint32_t state : {uint32_t(STOPPING), uint32_t(HALTED), uint32_t(RUNNING)}) {
        make();
        ready();
        resets = 0;
        card->reg(VDH_R_FRAMES_PRODUCED) = 9;
        card->reg(VDH_R_DROPPED_DMA) = 9;
        auto write = card->on_write;
        card->on_write = [&, state](uint32_t offset, uint32_t value) {
            write(offset, value);
            if (offset == VDH_R_CAPTURE_CONTROL) {
                card->reg(VDH_R_CAPTURE_STATUS) = state;
            }
        };
        uint64_t from = now_us;
        EXPECT_EQ(stop(), VDH_OK);
        EXPECT_EQ(resets, 1u);
        if (state == HALTED) {
            EXPECT_LT(now_us - from, 10000u);
        } else {
            EXPECT_GE(now_us - from, VDH_CAPTURE_STOP_TIMEOUT_US);
        }
        /* The reset cleared the registers; the account is kept. */
        vdh_capture_counts counts = {};
        EXPECT_EQ(any_level(*card, 0, [&] { return vdh_capture_read_counts(&capture, &counts); }),
                  VDH_OK);
        EXPECT_EQ(counts.produced, 9u);
    }
}

TEST_F(Capture, StopThatNeverEndsEnds)
{
    ready();
    card->on_write = [&](uint32_t, uint32_t) { card->reg(VDH_R_CAPTURE_STATUS) = STOPPING; };
    EXPECT_EQ(stop(), VDH_E_TIMEOUT);
    EXPECT_STREQ(card->device.waited_for, "CAPTURE_STATUS.STATE to become IDLE");
    EXPECT_EQ(stop(), VDH_OK); /* over */
    make();
    ready();
    card->gone = true;
    EXPECT_EQ(stop(), VDH_E_GONE);
    make();
    ready();
    card->fail_after = 0; /* every access from now on */
    EXPECT_EQ(stop(), VDH_E_TIMEOUT);
    make();
    ready();
    card->fail_after = 0; /* only for a while */
    uint32_t again;
    EXPECT_EQ(step(*card, [&] { return vdh_capture_stop_step(&capture, now_us, &again); }),
              VDH_AGAIN);
    card->fail_after = -1;
    EXPECT_EQ(stop(), VDH_OK);
    EXPECT_EQ(card->reg(VDH_R_CAPTURE_STATUS), 0u);
}

TEST_F(Capture, ProgressAndErrors)
{
    ready();
    uint32_t tag = 0, lines = 0, errors = 77;
    card->reg(VDH_R_PROGRESS) = 0xabcd0123;
    EXPECT_EQ(any_level(*card, 1, [&] { return vdh_capture_progress(&capture, &tag, &lines); }),
              VDH_OK);
    EXPECT_EQ(tag, 0xabcdu);
    EXPECT_EQ(lines, 0x123u);
    auto call = [&] { return vdh_capture_errors(&capture, &errors); };
    EXPECT_EQ(any_level(*card, 1, call), VDH_OK);
    EXPECT_EQ(errors, 0u);
    card->reg(VDH_R_ERROR_STATUS) = 0x11;
    EXPECT_EQ(any_level(*card, 2, call), VDH_OK);
    EXPECT_EQ(errors, 0x11u);
    EXPECT_EQ(card->reg(VDH_R_ERROR_STATUS), 0u);
    card->gone = true;
    EXPECT_EQ(any_level(*card, 1, call), VDH_E_GONE);
}

TEST_F(Capture, UsbHasNoRings)
{
    FakeCard usb(VDH_TRANSPORT_SLOW);
    vdh_capture taken_by_usb;
    ASSERT_EQ(usb.attach(), VDH_OK);
    usb.adopt(small_tables());
    usb.reg(VDH_R_FRAME_BYTES) = 1000;
    usb.on_write = [&](uint32_t offset, uint32_t value) {
        if (offset == VDH_R_CAPTURE_CONTROL) {
            usb.reg(VDH_R_CAPTURE_STATUS) = value;
        }
    };
    EXPECT_EQ(any_level(usb, 1,
                        [&] {
                            return vdh_capture_set_up(&taken_by_usb, &usb.device, &descriptors,
                                                      &completions);
                        }),
              VDH_E_INVALID);
    EXPECT_EQ(
        any_level(usb, 1,
                  [&] { return vdh_capture_set_up(&taken_by_usb, &usb.device, nullptr, nullptr); }),
        VDH_OK);
    EXPECT_EQ(any_level(usb, 0, [&] { return vdh_capture_queue(&taken_by_usb, 16, 1, 1, 1); }),
              VDH_E_STATE);
    EXPECT_EQ(any_level(usb, 4, [&] { return vdh_capture_start(&taken_by_usb, 0); }), VDH_OK);
    EXPECT_EQ(any_level(usb, 0, [&] { return vdh_capture_complete(&taken_by_usb, &got); }),
              VDH_AGAIN);
    EXPECT_EQ(run(usb, &now_us,
                  [&](uint64_t now, uint32_t *again) {
                      return vdh_capture_stop_step(&taken_by_usb, now, again);
                  }),
              VDH_OK);
    EXPECT_EQ(usb.watch.violations, 0u) << usb.watch.report;
}

TEST_F(Capture, UsbRecordByItself)
{
    ready();
    put(0);
    std::vector<uint8_t> record(completion_bytes.begin(), completion_bytes.begin() + 64);
    EXPECT_EQ(vdh_completion_decode(&got, record.data(), 64), VDH_OK);
    EXPECT_EQ(vdh_completion_decode(&got, record.data(), 63), VDH_E_INVALID);
    EXPECT_EQ(vdh_completion_decode(&got, record.data(), 0), VDH_E_INVALID);
    unsigned refused = 0;
    for (unsigned at = 0; at < 64; at++) {
        std::vector<uint8_t> bad = record;
        bad[at] ^= 0x40;
        refused += vdh_completion_decode(&got, bad.data(), 64) == VDH_E_IO;
    }
    /* All but TICKS, END_TICKS and BYTES, about which a record alone says nothing. */
    EXPECT_EQ(refused, 64u - 8 - 8 - 4);
}

} // namespace
