// SPDX-License-Identifier: MIT
//
// Scatter and gather: segments of every length and alignment, chains of links, and the descriptors
// that a hostile or hasty driver might hand over.
#include <random>

#include "test_card.h"

namespace {

class Dma : public TestCard {
  protected:
    void SetUp() override
    {
        TestCard::SetUp();
        boot();
        select(maker::SMALL, fourcc("NV12"), 0, 0, 0, 0, 3);
        rings();
    }
    // A list of segments over one buffer, cut at `cuts`, in blocks of `block` with links between.
    Bytes run_with(const std::vector<uint32_t> &lengths, uint32_t block)
    {
        uint32_t total = 0;
        uint64_t bus = BUFFERS + 5; // of any alignment
        std::vector<std::pair<uint64_t, uint32_t>> pieces;
        for (uint32_t length : lengths) {
            region(bus, length, 0xee);
            pieces.push_back({bus, length});
            total += length;
            bus += length + 0x123457; // far apart, so that nothing is contiguous by chance
        }
        uint64_t list = LISTS;
        for (size_t at = 0; at < pieces.size();) {
            size_t here = std::min<size_t>(block, pieces.size() - at);
            bool last = at + here == pieces.size();
            uint32_t count = static_cast<uint32_t>(here + (last ? 0 : 1));
            uint8_t *to = region(list, count * L_SEGMENT);
            for (size_t n = 0; n < here; n++) {
                put_segment(to + n * L_SEGMENT, pieces[at + n].first, pieces[at + n].second);
            }
            if (at == 0) {
                put_descriptor(list, count, total);
            }
            at += here;
            if (!last) {
                size_t next = std::min<size_t>(block, pieces.size() - at);
                put_segment(to + here * L_SEGMENT, list + 0x100000,
                            static_cast<uint32_t>(next + (at + next == pieces.size() ? 0 : 1)),
                            X_SEGMENT_FLAGS_LINK);
            }
            list += 0x100000;
        }
        ring_doorbell();
        enable();
        period();
        Completion c = completion(0);
        EXPECT_TRUE(c.is_valid(0));
        EXPECT_EQ(c.flags, 0u);
        Bytes out;
        for (const auto &piece : pieces) {
            const uint8_t *from = regions.at(piece.first).bytes;
            out.insert(out.end(), from, from + piece.second);
        }
        EXPECT_EQ(c.bytes, read(R_FRAME_BYTES));
        Bytes rest(out.begin() + c.bytes, out.end());
        EXPECT_EQ(rest, Bytes(rest.size(), 0xee)); // not one byte too many
        out.resize(c.bytes);
        return out;
    }
    // One bad descriptor; the completion says so and the next frame is good.
    void refuse(const std::function<void()> &queue_bad, uint32_t flag, Field error)
    {
        make_buffers(0);
        queue_bad();
        queue(1);
        enable();
        pass(2 * period_ns());
        Completion bad = completion(0);
        ASSERT_TRUE(bad.is_valid(0));
        EXPECT_EQ(bad.flags, flag);
        EXPECT_EQ(bad.lost_before(), 0u);
        EXPECT_EQ(read(R_ERROR_STATUS), error.mask());
        EXPECT_NE(read(R_INT_STATUS) & F_INT_STATUS_ERROR.mask(), 0u);
        Completion good = completion(1);
        ASSERT_TRUE(good.is_valid(0));
        EXPECT_EQ(good.flags, 0u);
        EXPECT_EQ(good.sequence, 1u);
        EXPECT_EQ(good.lost_before(), 0u);
        EXPECT_EQ(read(R_DROPPED_DMA), 1u);
        EXPECT_EQ(buffer(1), expected(1));
        check_sums();
    }
};

TEST_F(Dma, AwkwardSegments)
{
    uint32_t frame = read(R_FRAME_BYTES);
    std::mt19937 random(3);
    for (int round = 0; round < 40; round++) {
        std::vector<uint32_t> lengths;
        uint32_t most = round % 4 == 0 ? 3 : round % 4 == 1 ? 70 : round % 4 == 2 ? 500 : 9000;
        for (uint32_t total = 0; total < frame; total += lengths.back()) {
            lengths.push_back(1 + random() % most);
        }
        regions.clear();
        rings();
        write(R_WATERMARK, round % 3 == 0 ? 5 : 0);
        ASSERT_EQ(run_with(lengths, 1 + random() % 80), expected(0)) << round;
        disable();
    }
}

TEST_F(Dma, AHostThatGivesOnlyPages)
{
    largest_dma = 4096;
    EXPECT_EQ(run_with({read(R_FRAME_BYTES)}, 4), expected(0));
}

TEST_F(Dma, BytesBehindTheFrameAreLeftAlone)
{
    EXPECT_EQ(run_with({100, read(R_FRAME_BYTES) + 5000}, 1), expected(0));
}

TEST_F(Dma, CapacityTooSmall)
{
    refuse([&] { put_descriptor(LISTS, 1, read(R_FRAME_BYTES) - 1); },
           X_COMPLETION_FLAGS_BAD_DESCRIPTOR, F_ERROR_STATUS_DESCRIPTOR);
    EXPECT_EQ(completion(0).bytes, 0u);
}

TEST_F(Dma, ReservedBytesSet)
{
    refuse(
        [&] {
            put_descriptor(LISTS, 1, read(R_FRAME_BYTES));
            descriptors[M_DESCRIPTOR_RESERVED + 11] = 1;
        },
        X_COMPLETION_FLAGS_BAD_DESCRIPTOR, F_ERROR_STATUS_DESCRIPTOR);
}

TEST_F(Dma, SegmentsTooShort)
{
    refuse(
        [&] {
            put_segment(region(LISTS + 0x10000, 16), BUFFERS, 100);
            put_descriptor(LISTS + 0x10000, 1, read(R_FRAME_BYTES));
        },
        X_COMPLETION_FLAGS_BAD_DESCRIPTOR, F_ERROR_STATUS_DESCRIPTOR);
    EXPECT_EQ(completion(0).bytes, 100u);
}

TEST_F(Dma, MalformedSegments)
{
    struct {
        uint64_t list;
        uint32_t count, length, flags;
    } cases[] = {
        {LISTS + 0x10000, 0, 0,     0},
        {LISTS + 0x10008, 1, 20000, 0},
        {LISTS + 0x10000, 1, 0,     0},
        {LISTS + 0x10000, 1, 20000, 2},
        {LISTS + 0x10000, 1, 0,     1},
        {LISTS + 0x10000, 2, 20000, 1}
    };
    for (const auto &c : cases) {
        regions.clear();
        rings();
        refuse(
            [&] {
                uint8_t *at = region(LISTS + 0x10000, 64);
                put_segment(at, BUFFERS, c.length, c.flags);
                put_descriptor(c.list, c.count, read(R_FRAME_BYTES));
            },
            X_COMPLETION_FLAGS_BAD_DESCRIPTOR, F_ERROR_STATUS_DESCRIPTOR);
        write(R_ERROR_STATUS, 0xffffffff);
        disable();
    }
}

TEST_F(Dma, AnEndlessChainOfLinksEnds)
{
    refuse(
        [&] {
            put_segment(region(LISTS + 0x10000, 16), LISTS + 0x10000, 1, X_SEGMENT_FLAGS_LINK);
            put_descriptor(LISTS + 0x10000, 1, read(R_FRAME_BYTES));
        },
        X_COMPLETION_FLAGS_BAD_DESCRIPTOR, F_ERROR_STATUS_DESCRIPTOR);
}

TEST_F(Dma, RefusedPicture)
{
    refuse(
        [&] {
            uint8_t *at = region(LISTS + 0x10000, 32);
            put_segment(at, BUFFERS + 0x70000000, 50);
            put_segment(at + 16, 0x999000000000ull, 20000);
            put_descriptor(LISTS + 0x10000, 2, read(R_FRAME_BYTES));
        },
        X_COMPLETION_FLAGS_DMA_ERROR, F_ERROR_STATUS_DMA);
    EXPECT_EQ(completion(0).bytes, 50u);
    EXPECT_EQ(read(R_ERROR_ADDRESS_HI), 0x9990u);
    EXPECT_EQ(read(R_ERROR_ADDRESS_LO), 0u);
}

TEST_F(Dma, RefusedSegmentList)
{
    refuse([&] { put_descriptor(0x888000000000ull, 1, read(R_FRAME_BYTES)); },
           X_COMPLETION_FLAGS_DMA_ERROR, F_ERROR_STATUS_DMA);
    EXPECT_EQ(read(R_ERROR_ADDRESS_HI), 0x8880u);
}

TEST_F(Dma, RefusedRingHalts)
{
    make_buffers(4);
    regions.erase(DESCRIPTORS);
    enable();
    pass(35 * MS);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
    EXPECT_EQ(read(R_ERROR_STATUS), F_ERROR_STATUS_RING.mask());
    EXPECT_EQ(read(R_ERROR_ADDRESS_HI), DESCRIPTORS >> 32);
    EXPECT_EQ(read(R_DROPPED_DMA), 3u); // periods go on
    check_sums();
    disable();
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
    enable();
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
    write(R_RESET, V_RESET_KIND_ENGINE | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_IDLE);
    start(maker::SMALL, fourcc("YUYV"));
    pass(10 * MS);
    EXPECT_EQ(read(R_FRAMES_GOOD), 1u);
}

TEST_F(Dma, RefusedCompletionRingHalts)
{
    make_buffers(4);
    regions.erase(COMPLETIONS);
    enable();
    pass(10 * MS);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
    EXPECT_EQ(read(R_DROPPED_DMA), 1u);
    EXPECT_EQ(read(R_ERROR_ADDRESS_HI), COMPLETIONS >> 32);
    check_sums();
}

TEST_F(Dma, AHostWithoutDma)
{
    host.dma = nullptr;
    create();
    boot();
    rings();
    put_descriptor(LISTS, 1, 100);
    ring_doorbell();
    enable();
    pass(20 * MS);
    EXPECT_EQ(engine(), V_CAPTURE_STATUS_STATE_HALTED);
}

} // namespace
