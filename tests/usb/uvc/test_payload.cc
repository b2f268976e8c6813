// SPDX-License-Identifier: MIT
// Headers, and frames out of packets: against the frames that were sent, and against a naive reading of the same packets.
#include <gtest/gtest.h>

#include "stream.h"

#include <memory>
#include <string>

extern "C" {
#include "uvc_desc.h"
#include "vidicon/vidicon.h"
}

namespace {

// Runs an assembler over packets, with a buffer of exactly a frame for each frame.
class Host {
  public:
    explicit Host(const Options &chosen, bool bulk = false, uvc_assembler_config extra = {})
        : options(chosen), bulk_(bulk)
    {
        uvc_assembler_config config = extra;

        config.kind = options.jpeg ? UVC_KIND_MJPEG : UVC_KIND_UNCOMPRESSED;
        config.exact_bytes = options.jpeg ? 0 : static_cast<uint32_t>(options.frame_bytes);
        config.max_payload_bytes = static_cast<uint32_t>(options.payload_bytes);
        uvc_assembler_init(&assembler, &config);
        renew();
    }

    void take(const std::vector<Packet> &packets)
    {
        for (const Packet &packet : packets) {
            take(packet);
        }
    }
    void take(const Packet &packet)
    {
        // Memory of its very length.
        std::unique_ptr<uint8_t[]> copy(new uint8_t[packet.bytes.size() + 1]);
        size_t at = 0, part;

        std::copy(packet.bytes.begin(), packet.bytes.end(), copy.get());
        if (!bulk_) {
            give(copy.get(), packet.bytes.size(), packet, true);
            return;
        }
        do { // 256 bytes a transfer, the last one shorter
            part = std::min<size_t>(256, packet.bytes.size() - at);
            give(copy.get() + at, part, packet, part < 256);
            at += part;
        } while (part == 256 && at < packet.bytes.size());
    }
    std::vector<Bytes> good() const
    {
        std::vector<Bytes> out;

        for (size_t i = 0; i < results.size(); i++) {
            if (results[i].fault == UVC_FAULT_NONE) {
                out.push_back(contents[i]);
            }
        }
        return out;
    }

    Options options;
    uvc_assembler assembler;
    std::vector<uvc_result> results;
    std::vector<Bytes> contents;
    bool no_buffers = false;

  private:
    void renew()
    {
        buffer_.reset(new uint8_t[options.frame_bytes]);
        EXPECT_EQ(1, uvc_assembler_set_buffer(&assembler, no_buffers ? nullptr : buffer_.get(),
                                              options.frame_bytes));
    }
    void give(const uint8_t *bytes, size_t count, const Packet &packet, bool ends)
    {
        for (int turn = 0;; turn++) {
            uvc_result result = {};
            uint32_t lost = packet.lost ? UVC_FAULT_LOST : UVC_FAULT_NONE;
            uvc_step step =
                bulk_
                    ? uvc_assembler_transfer(&assembler, &result, bytes, count, ends, lost, ++now_)
                    : uvc_assembler_packet(&assembler, &result, bytes, count, lost, ++now_);

            ASSERT_LT(turn, 2) << "one packet ends one frame at most before it";
            if (step == UVC_GOES_ON) {
                return;
            }
            results.push_back(result);
            ASSERT_LE(result.used_bytes, options.frame_bytes);
            contents.emplace_back(buffer_.get(),
                                  buffer_.get() + (no_buffers ? 0 : result.used_bytes));
            renew();
            if (step == UVC_ENDED) {
                return;
            }
        }
    }

    bool bulk_;
    int64_t now_ = 0;
    std::unique_ptr<uint8_t[]> buffer_;
};

// ---- Headers ----

TEST(Header, AllCombinations)
{
    for (unsigned count = 0; count <= 16; count++) {
        std::unique_ptr<uint8_t[]> bytes(new uint8_t[count ? count : 1]);

        for (unsigned i = 0; i < count; i++) {
            bytes[i] = static_cast<uint8_t>(i);
        }
        for (unsigned info = 0; info < 256; info++) {
            unsigned least = 2 + (info & UVC_HEADER_PTS ? 4 : 0) + (info & UVC_HEADER_SCR ? 6 : 0);

            for (unsigned length = 0; length <= 14; length++) {
                uvc_header header;

                bytes[0] = static_cast<uint8_t>(length);
                if (count > 1) {
                    bytes[1] = static_cast<uint8_t>(info);
                }
                int ok = uvc_header_parse(&header, bytes.get(), count);

                ASSERT_EQ(count >= 2 && length >= 2 && length <= count, ok != 0);
                if (ok) {
                    ASSERT_EQ(length < least, header.cut != 0) << info << " " << length;
                }
                if (ok && header.has_pts) {
                    ASSERT_EQ(0x05040302u, header.pts);
                }
                if (ok && header.has_scr && header.has_pts) {
                    ASSERT_EQ(0x09080706u, header.stc);
                    ASSERT_EQ(0x30a, header.sof) << "11 bits of 0x0b0a";
                }
            }
        }
    }
}

TEST(Fault, EachHasANameAndADrop)
{
    for (uint32_t fault = 1; fault < UVC_FAULTS; fault++) {
        EXPECT_STRNE("?", uvc_fault_name(fault));
        EXPECT_LT(uvc_fault_drop(fault), unsigned{VDC_DROP_SLOTS});
        EXPECT_NE(unsigned{VDC_DROP_UNKNOWN}, uvc_fault_drop(fault));
    }
    EXPECT_EQ(unsigned{VDC_DROP_SLOTS}, uvc_fault_drop(UVC_FAULT_NONE));
    EXPECT_EQ(unsigned{VDC_DROP_DAMAGED}, uvc_fault_drop(UVC_FAULT_ERROR_BIT));
}

// ---- One mischief at a time ----

struct Expected {
    Mischief mischief;
    uint32_t fault; // of that one frame
};

void check_each(const Options &options, bool bulk)
{
    const Expected all[] = {
        {NONE,       UVC_FAULT_NONE     },
        {VANISH,     UVC_FAULT_SHORT    },
        {LOST,       UVC_FAULT_LOST     },
        {ERROR_BIT,  UVC_FAULT_ERROR_BIT},
        {NO_EOF,     UVC_FAULT_NONE     },
        {BAD_HEADER, UVC_FAULT_HEADER   },
        {CUT,        UVC_FAULT_SHORT    },
        {TWICE,      UVC_FAULT_LONG     },
        {ZERO,       UVC_FAULT_NONE     },
        {BARE,       UVC_FAULT_NONE     },
        {CUT_PTS,    UVC_FAULT_NONE     },
        {STILL,      UVC_FAULT_NONE     },
    };
    for (const Expected &one : all) {
        Camera camera(options, 7);
        Host host(options, bulk);

        for (int n = 0; n < 9; n++) {
            host.take(camera.frame(n == 4 ? one.mischief : NONE));
        }
        SCOPED_TRACE(one.mischief);
        EXPECT_EQ(1, camera.injected[one.mischief] % 8);
        ASSERT_EQ(9u, host.results.size());
        // A header that cannot be read in the frame's very first packet belongs to no frame yet: then it is short.
        if (host.results[4].fault != UVC_FAULT_SHORT || one.fault == UVC_FAULT_NONE) {
            EXPECT_EQ(one.fault, host.results[4].fault) << uvc_fault_name(host.results[4].fault);
        }
        for (uint32_t n = 0; n < 9; n++) {
            if (n != 4 || one.fault == UVC_FAULT_NONE) {
                EXPECT_EQ(UVC_FAULT_NONE, host.results[n].fault) << n;
                EXPECT_EQ(picture(n, options.frame_bytes, options.jpeg), host.contents[n]) << n;
            }
        }
        EXPECT_EQ(one.mischief == NO_EOF, host.assembler.counts.end_missing == 1);
        EXPECT_EQ(one.mischief == CUT_PTS, host.assembler.counts.cut_headers == 1);
        EXPECT_EQ(one.mischief == STILL, host.assembler.counts.still == 1);
        EXPECT_EQ(0u, host.assembler.counts.id_stuck);
    }
}

TEST(Frames, OneMischiefCostsOneFrame)
{
    check_each(Options(), false);
}

TEST(Frames, OneMischiefCostsOneFrameInBulk)
{
    check_each(Options(), true);
}

TEST(Frames, StuckIdIsCountedAndCostsNothing)
{
    Options options;
    options.fid_stuck = true;
    Camera camera(options);
    Host host(options);

    for (int n = 0; n < 20; n++) {
        host.take(camera.frame(NONE));
    }
    EXPECT_EQ(20u, host.good().size());
    EXPECT_EQ(19u, host.assembler.counts.id_stuck);
}

TEST(Frames, StuckIdAndNoEndRunTogetherAndAreLong)
{
    Options options;
    options.fid_stuck = true;
    Camera camera(options);
    Host host(options);

    host.take(camera.frame(NONE));
    host.take(camera.frame(NO_EOF));
    host.take(camera.frame(NONE));
    host.take(camera.frame(NONE));
    ASSERT_EQ(3u, host.results.size());
    EXPECT_EQ(UVC_FAULT_LONG, host.results[1].fault);
    EXPECT_EQ(UVC_FAULT_NONE, host.results[2].fault);
}

TEST(Frames, TwoThatRunTogetherToTheRightSizeAreFoundByTheirTime)
{
    Options options;
    options.frame_bytes = 5000; // ten payloads
    for (bool times : {true, false}) {
        options.with_times = times;
        options.payload_bytes = 512;
        Camera camera(options);
        Host host(options);
        std::vector<Packet> first, last;

        for (int n = 0; n < 4; n++) {
            host.take(camera.frame(NONE));
        }
        // Exactly one frame's worth is lost, from the middle of one to the middle of the next but one.
        first = camera.frame(NONE);
        camera.frame(NONE);
        last = camera.frame(NONE);
        first.resize(4);
        last.erase(last.begin(), last.begin() + 4);
        host.take(first);
        host.take(last);
        ASSERT_EQ(5u, host.results.size());
        // Without a time nothing tells them apart, which is why the bound of what is promised lies here.
        EXPECT_EQ(times ? UVC_FAULT_MIXED : UVC_FAULT_NONE, host.results[4].fault);
    }
}

TEST(Frames, CamerasThatStampEveryPayloadAreNotPunished)
{
    Options options;
    options.pts_each_payload = true;
    Camera camera(options);
    Host host(options);

    for (int n = 0; n < 20; n++) {
        host.take(camera.frame(NONE));
    }
    EXPECT_EQ(20u, host.good().size());
}

TEST(Frames, NoBufferIsCountedAsThat)
{
    Options options;
    Camera camera(options);
    Host host(options);

    host.take(camera.frame(NONE));
    host.no_buffers = true;
    for (int n = 0; n < 3; n++) {
        host.take(camera.frame(NONE));
    }
    EXPECT_EQ(2u, host.assembler.counts.faults[UVC_FAULT_NO_BUFFER])
        << "one buffer was there already";
    host.no_buffers = false;
    host.take(camera.frame(NONE));
    host.take(camera.frame(NONE));
    EXPECT_EQ(UVC_FAULT_NONE, host.results.back().fault);
    EXPECT_EQ(0u, host.assembler.counts.overflow_bytes);
}

TEST(Frames, PicturesNeedBothEnds)
{
    Options options;
    options.jpeg = true;
    Camera camera(options);
    Host host(options);
    std::vector<Packet> packets = camera.frame(NONE);

    host.take(packets);
    packets.front().bytes[12] = 0;
    for (Packet &packet : packets) {
        packet.bytes[1] ^= 1;
    }
    host.take(packets);
    packets = camera.frame(NONE);
    camera.number++;
    packets = camera.frame(NONE);
    packets.back().bytes.resize(packets.back().bytes.size() - 1);
    packets.back().bytes[1] |= UVC_HEADER_EOF;
    host.take(packets);
    ASSERT_EQ(3u, host.results.size());
    EXPECT_EQ(UVC_FAULT_NONE, host.results[0].fault);
    EXPECT_EQ(UVC_FAULT_PICTURE, host.results[1].fault) << "no beginning";
    EXPECT_EQ(UVC_FAULT_PICTURE, host.results[2].fault) << "no end";
}

TEST(Frames, PaddingBehindAPictureIsAllowed)
{
    Options options;
    options.jpeg = true;
    options.frame_bytes = 9500;
    Camera camera(options);
    Host host(options);
    std::vector<Packet> packets;

    camera.options.frame_bytes = 5000;
    packets = camera.frame(NONE);
    packets.back().bytes.insert(packets.back().bytes.end(), 1000, 0);
    host.take(packets);
    packets = camera.frame(NONE);
    packets.back().bytes.insert(packets.back().bytes.end(), 4096, 0);
    host.take(packets);
    EXPECT_EQ(UVC_FAULT_NONE, host.results[0].fault);
    EXPECT_EQ(UVC_FAULT_PICTURE, host.results[1].fault) << "more than anybody pads";
}

TEST(Frames, QuirkOfPicturesWithoutEnd)
{
    Options options;
    options.jpeg = true;
    options.fid_stuck = true;
    uvc_assembler_config quirk = {};
    quirk.soi_begins = 1;
    Camera camera(options);
    Host host(options, false, quirk), without(options);

    for (int n = 0; n < 4; n++) {
        std::vector<Packet> packets = camera.frame(NO_EOF);

        host.take(packets);
        without.take(packets);
    }
    EXPECT_EQ(3u, host.good().size());
    EXPECT_EQ(0u, without.results.size());
}

TEST(Frames, AbandonedOnesCountAsNothing)
{
    Options options;
    Camera camera(options);
    Host host(options);
    std::vector<Packet> packets = camera.frame(NONE);

    EXPECT_EQ(0, uvc_assembler_abandon(&host.assembler));
    packets.resize(3);
    host.take(packets);
    EXPECT_EQ(0, uvc_assembler_set_buffer(&host.assembler, nullptr, 0)) << "not within a frame";
    EXPECT_EQ(1, uvc_assembler_abandon(&host.assembler));
    EXPECT_EQ(0u, host.assembler.counts.frames);
    host.take(camera.frame(NONE));
    EXPECT_EQ(1u, host.good().size());
}

TEST(Frames, BulkPayloadsThatFillTheirSizeEndWithoutAShortTransfer)
{
    Options options;
    options.frame_bytes = 2 * (512 - 12);
    options.payload_bytes = 512;
    Camera camera(options);
    Host host(options, true);

    for (int n = 0; n < 5; n++) {
        host.take(camera.frame(NONE));
    }
    EXPECT_EQ(5u, host.good().size());
}

// ---- Many at a time ----

struct Tally {
    std::map<Mischief, int> injected;
    int frames = 0, good = 0, disagreements = 0;
};

Tally run(uint32_t seed, Options options, bool bulk, bool planted)
{
    Camera camera(options, seed);
    Host host(options, bulk);
    std::vector<Packet> all;
    Tally tally;

    for (int n = 0; n < 200; n++) {
        std::vector<Packet> packets = camera.frame(
            camera.random() % 3 ? NONE : static_cast<Mischief>(camera.random() % KINDS));

        all.insert(all.end(), packets.begin(), packets.end());
    }
    host.take(all);
    // Whatever is good was sent, whole and in this order. Nobody can say so of a compressed picture: bytes missing from its
    // middle, without the bus having told, leave it both ends.
    uint32_t number = 0;
    for (const Bytes &bytes : options.jpeg ? std::vector<Bytes>() : host.good()) {
        while (number < 200 && bytes != picture(number, options.frame_bytes, options.jpeg)) {
            number++;
        }
        EXPECT_LT(number, 200u) << "seed " << seed << ": a frame that nobody sent";
        number++;
    }
    std::vector<Read> reading = read_naively(all, planted);
    tally.disagreements += reading.size() != host.results.size();
    for (size_t i = 0; i < reading.size() && i < host.results.size(); i++) {
        const Read &mine = reading[i];

        // The naive reading has no eye for time: frames that ran together are too long for it.
        tally.disagreements +=
            mine.fault(options) != host.results[i].fault &&
            (host.results[i].fault != UVC_FAULT_MIXED || mine.fault(options) == UVC_FAULT_NONE);
        tally.disagreements += mine.missing_end != (host.results[i].end_missing != 0);
        if (mine.fault(options) == UVC_FAULT_NONE) {
            tally.disagreements += mine.bytes != host.contents[i];
        }
    }
    tally.injected = camera.injected;
    tally.frames = static_cast<int>(host.results.size());
    tally.good = static_cast<int>(host.good().size());
    EXPECT_EQ(host.assembler.counts.frames, host.results.size());
    EXPECT_EQ(host.assembler.counts.good, host.good().size());
    return tally;
}

TEST(Random, AgreesWithTheNaiveReading)
{
    Tally sum;

    for (uint32_t seed = 1; seed <= 10; seed++) {
        Options options;

        options.jpeg = seed % 3 == 0;
        options.fid_stuck = seed % 5 == 0;
        options.payload_bytes = 300 + seed * 111;
        Tally one = run(seed, options, false, false);

        EXPECT_EQ(0, one.disagreements) << "seed " << seed;
        for (const auto &entry : one.injected) {
            sum.injected[entry.first] += entry.second;
        }
        sum.good += one.good;
        sum.frames += one.frames;
    }
    for (int kind = 0; kind < KINDS; kind++) {
        EXPECT_GT(sum.injected[static_cast<Mischief>(kind)], 10) << kind;
    }
    EXPECT_GT(sum.good, 1000);
    EXPECT_GT(sum.frames - sum.good, 150);
}

TEST(Random, BulkGivesWhatWasSent)
{
    for (uint32_t seed = 1; seed <= 4; seed++) {
        Tally one = run(seed, Options(), true, false);

        EXPECT_GT(one.good, 100);
    }
}

TEST(Control, APlantedMisreadingIsNoticed)
{
    EXPECT_GT(run(1, Options(), false, true).disagreements, 0);
}

} // namespace
