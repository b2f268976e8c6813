/* SPDX-License-Identifier: MIT */
/*
 * Capture without faults: every pixel format, both bodies, scatter/gather, zero copies, several
 * cards at once, and that both comparers report what is planted.
 */
#include "support.h"

#include <atomic>
#include <cstring>
#include <thread>

namespace {

class Formats : public testing::TestWithParam<std::tuple<const char *, const char *, uint32_t>> {};

TEST_P(Formats, EveryFrameIsTheModels)
{
    auto [rate, more, fourcc] = GetParam();
    Card card(std::string("rate=") + rate + more);
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    ASSERT_EQ(card.OpenStream(Thumbnail(fourcc)), VDC_OK) << vdc_error_text();

    CaptureOptions options;
    options.frames = 24;
    Capture capture = RunCapture(card, options);
    EXPECT_EQ(capture.end, VDC_OK) << capture.error;
    EXPECT_EQ(capture.frames.size(), 24u);
    EXPECT_EQ(capture.wrong, 0u);
    EXPECT_EQ(AccountDifferences(capture.stats, *capture.ledger), "");
    EXPECT_EQ(capture.stats.produced_basis, static_cast<uint32_t>(VDC_BASIS_DEVICE));
    EXPECT_EQ(capture.stats.copies, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    All, Formats,
    testing::Combine(testing::Values("max", "real"),
                     testing::Values("", "&body=ports", "&segment_bytes=1000", "&segment_bytes=7"),
                     testing::Values(VDC_FOURCC_YUYV, VDC_FOURCC_UYVY, VDC_FOURCC_NV12,
                                     VDC_FOURCC_RGB24, VDC_FOURCC_GREY)));

/* The comparers themselves: what they would overlook is planted here. */
TEST(Control, AFlippedBitIsReported)
{
    Card card("rate=max");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    ASSERT_EQ(vdc_stream_start(card.stream), VDC_OK);
    const vdc_frame *frame = nullptr;
    ASSERT_EQ(vdc_stream_wait(&frame, card.stream, 1000), VDC_OK) << vdc_error_text();
    EXPECT_EQ(FrameDifferences(card, frame), 0u);

    auto *byte = const_cast<uint8_t *>(frame->planes[0]) + 64 * 128 - 1;
    *byte ^= 1;
    EXPECT_EQ(FrameDifferences(card, frame), 1u);
    *byte ^= 1;
    vdc_frame later = *frame;
    later.sequence++;
    EXPECT_GT(FrameDifferences(card, &later), 0u);
    later = *frame;
    later.used_bytes--;
    EXPECT_EQ(FrameDifferences(card, &later), 1u);
    EXPECT_EQ(vdc_stream_stop(card.stream), VDC_OK);
}

TEST(Control, AWrongTermIsReported)
{
    Card card("rate=max&faults=fifo-overflow@frame=3,count=2");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    CaptureOptions options;
    options.frames = 10;
    Capture capture = RunCapture(card, options);
    ASSERT_EQ(AccountDifferences(capture.stats, *capture.ledger), "");

    for (size_t i = 0; i < 6; i++) {
        vdc_stats stats = capture.stats;
        uint64_t *terms[] = {&stats.produced,
                             &stats.delivered,
                             &stats.dropped[VDC_DROP_DEVICE_FIFO],
                             &stats.dropped[VDC_DROP_NO_BUFFER],
                             &stats.dropped[VDC_DROP_NO_SIGNAL],
                             &stats.dropped[VDC_DROP_UNKNOWN]};
        *terms[i] += 1;
        EXPECT_NE(AccountDifferences(stats, *capture.ledger), "") << i;
    }
    /* A frame under the wrong cause leaves the sum as it was. */
    vdc_stats stats = capture.stats;
    stats.dropped[VDC_DROP_DEVICE_FIFO]--;
    stats.dropped[VDC_DROP_NO_SIGNAL]++;
    EXPECT_NE(AccountDifferences(stats, *capture.ledger), "");
}

TEST(Capture, DeliveredAddressesAreThoseGiven)
{
    Card card("rate=max");
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    vdc_format format = Thumbnail();
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    ASSERT_EQ(vdc_device_negotiate(&negotiation, card.device, &format), VDC_OK);
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format = negotiation.format;
    config.memory = VDC_MEMORY_CALLER;
    ASSERT_EQ(vdc_stream_open(&card.stream, card.device, &config), VDC_OK) << vdc_error_text();

    /* Memory of any alignment, with a fence on either side. */
    const size_t frame_bytes = 64 * 64 * 2, fence = 61, buffers = 5;
    std::vector<std::vector<uint8_t>> memory(buffers,
                                             std::vector<uint8_t>(frame_bytes + 2 * fence, 0xa5));
    for (auto &bytes : memory) {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = bytes.data() + fence;
        buffer.capacity_bytes = frame_bytes;
        buffer.user = &bytes;
        ASSERT_EQ(vdc_stream_add_buffer(card.stream, &buffer), VDC_OK) << vdc_error_text();
    }
    ASSERT_EQ(vdc_stream_start(card.stream), VDC_OK) << vdc_error_text();
    for (int i = 0; i < 100; i++) {
        const vdc_frame *frame = nullptr;
        ASSERT_EQ(vdc_stream_wait(&frame, card.stream, 1000), VDC_OK) << vdc_error_text();
        auto &bytes = *static_cast<std::vector<uint8_t> *>(frame->buffer_user);
        EXPECT_EQ(frame->planes[0], bytes.data() + fence);
        EXPECT_EQ(frame->copied_bytes, 0u);
        EXPECT_EQ(frame->flags & VDC_FRAME_COPIED, 0u);
        EXPECT_EQ(FrameDifferences(card, frame), 0u);
        ASSERT_EQ(vdc_stream_release(card.stream, frame), VDC_OK);
    }
    ASSERT_EQ(vdc_stream_stop(card.stream), VDC_OK);
    for (auto &bytes : memory) {
        for (size_t i = 0; i < fence; i++) {
            EXPECT_EQ(bytes[i], 0xa5);
            EXPECT_EQ(bytes[bytes.size() - 1 - i], 0xa5);
        }
    }
    /* After stop nobody writes there, whatever the card still believes. */
    auto before = memory;
    WithModel(0, [](vdm_card *model) { vdm_advance(model, vdm_now_ns(model) + 1000000000u); });
    EXPECT_EQ(memory, before);
    EXPECT_EQ(card.Report().mapped_regions, 0u);
}

TEST(Capture, PaddingAndWindows)
{
    Card card("rate=max&segment_bytes=333");
    ASSERT_EQ(card.status, VDC_OK) << card.error;
    vdc_format format = {};
    format.fourcc = VDC_FOURCC_NV12;
    format.width_px = 1920;
    format.height_px = 1080;
    vdc_negotiation negotiation = VDC_NEGOTIATION_INIT;
    ASSERT_EQ(vdc_device_negotiate(&negotiation, card.device, &format), VDC_OK);
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format = negotiation.format;
    config.crop = {18, 6, 322, 242};
    ASSERT_EQ(vdc_stream_open(&card.stream, card.device, &config), VDC_OK) << vdc_error_text();
    CaptureOptions options;
    options.frames = 5;
    Capture capture = RunCapture(card, options);
    EXPECT_EQ(capture.frames.size(), 5u) << capture.error;
    EXPECT_EQ(capture.wrong, 0u);
    vdc_stream_close(card.stream);
    card.stream = nullptr;

    config.crop = {0, 0, 0, 0};
    config.format.stride_bytes += 70;
    ASSERT_EQ(vdc_stream_open(&card.stream, card.device, &config), VDC_OK) << vdc_error_text();
    capture = RunCapture(card, options);
    EXPECT_EQ(capture.frames.size(), 5u) << capture.error;
    EXPECT_EQ(capture.wrong, 0u);
}

TEST(Capture, SixteenCardsAtOnce)
{
    std::atomic<int> good{0};
    std::vector<std::thread> threads;

    for (uint32_t n = 0; n < 16; n++) {
        threads.emplace_back([n, &good] {
            Card card(n % 2 ? "rate=max" : "rate=real", n);
            if (card.status || card.OpenStream(Thumbnail()))
                return;
            CaptureOptions options;
            options.frames = 20;
            options.timeout_ms = 10000;
            Capture capture = RunCapture(card, options);
            good += capture.frames.size() == 20 && capture.wrong == 0 &&
                    AccountDifferences(capture.stats, *capture.ledger).empty();
        });
    }
    for (auto &thread : threads)
        thread.join();
    EXPECT_EQ(good, 16);
}

TEST(Capture, TheSameCardTwiceIsBusy)
{
    Card card("rate=max", 3);
    ASSERT_EQ(card.status, VDC_OK);
    vdc_device *second = nullptr;
    EXPECT_EQ(vdc_device_open(&second, card.context, "sim:3?rate=real", 0), VDC_E_BUSY);
    EXPECT_NE(std::string(vdc_error_text()).find("open already"), std::string::npos);
    ASSERT_EQ(vdc_device_open(&second, card.context, "sim:4?rate=max", 0), VDC_OK);
    vdc_device_close(second);
}

TEST(Capture, BadOptionsAreRefusedWithAReason)
{
    const struct {
        const char *options;
        int status;
        const char *says;
    } bad[] = {
        {"colour=1",                         VDC_E_INVALID,   "known are"        },
        {"faults=melt@frame=1",              VDC_E_INVALID,   "character 0"      },
        {"faults=unplug@frame=1;irq-lost@x", VDC_E_INVALID,   "docs/hardware.md" },
        {"source=/nowhere/clip.y4m",         VDC_E_NOT_FOUND, "/nowhere/clip.y4m"},
        {"firmware=/nowhere/fw",             VDC_E_NOT_FOUND, "/nowhere/fw"      },
    };

    for (const auto &b : bad) {
        Card card(b.options);
        EXPECT_EQ(card.status, b.status) << b.options << ": " << card.error;
        EXPECT_NE(card.error.find(b.says), std::string::npos) << card.error;
    }
    Card card("rate=max"); /* and the place is free again */
    EXPECT_EQ(card.status, VDC_OK) << card.error;
}

TEST(Capture, TheLedgerIsWrittenAtStop)
{
    Scratch file("ledger.json");
    Card card("rate=max&ledger=" + file.Escaped() + "&faults=fifo-overflow@frame=2");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    CaptureOptions options;
    options.frames = 7;
    Capture capture = RunCapture(card, options);
    std::vector<uint8_t> bytes = file.Read();
    std::string text(bytes.begin(), bytes.end());
    EXPECT_NE(text.find("\"capture\": {\"produced\": 8, \"good\": 7, \"fifo\": 1"),
              std::string::npos)
        << text.substr(0, 600);
    EXPECT_NE(text.find("\"fifo-overflow\": 1"), std::string::npos);
    EXPECT_EQ(text.substr(text.size() - 5), " ]\n}\n");
}

/* Held back by the application, time stands still at rate=max: nothing is lost to a slow thread. */
TEST(Capture, AtRateMaxASlowConsumerLosesNothing)
{
    Card card("rate=max");
    ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
    ASSERT_EQ(vdc_stream_start(card.stream), VDC_OK);
    std::vector<const vdc_frame *> held(4);
    for (auto &frame : held)
        ASSERT_EQ(vdc_stream_wait(&frame, card.stream, 1000), VDC_OK);
    std::thread releaser([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        vdc_stream_release(card.stream, held[0]);
    });
    const vdc_frame *frame = nullptr;
    EXPECT_EQ(vdc_stream_wait(&frame, card.stream, 5000), VDC_OK) << vdc_error_text();
    releaser.join();
    EXPECT_EQ(frame->sequence, 4u);

    /* But a wait that nothing answers takes its time, on both clocks. */
    const vdc_frame *none = nullptr;
    EXPECT_EQ(vdc_stream_wait(&none, card.stream, 100), VDC_E_TIMEOUT);
    EXPECT_EQ(vdc_stream_release(card.stream, frame), VDC_OK);
    ASSERT_EQ(vdc_stream_wait(&frame, card.stream, 1000), VDC_OK);
    EXPECT_GE(frame->dropped[VDC_DROP_NO_BUFFER], 23u);
    EXPECT_LE(frame->dropped[VDC_DROP_NO_BUFFER], 25u);
    EXPECT_EQ(vdc_stream_stop(card.stream), VDC_OK);
    EXPECT_EQ(AccountDifferences(card.Stats(), *Ledger(0)), "");
}

TEST(Capture, ACancelledWaitWithoutEndReturns)
{
    for (const char *rate : {"rate=max", "rate=real"}) {
        for (int hold : {0, 1}) {
            Card card(std::string(rate) + "&faults=signal-loss@frame=5,ms=100000");
            ASSERT_EQ(card.OpenStream(Thumbnail()), VDC_OK) << vdc_error_text();
            ASSERT_EQ(vdc_stream_start(card.stream), VDC_OK);
            std::thread canceller([&] {
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
                vdc_stream_cancel(card.stream);
            });
            int result = VDC_OK;
            while (result == VDC_OK) {
                const vdc_frame *frame = nullptr;
                result = vdc_stream_wait(&frame, card.stream, -1);
                if (result == VDC_OK && !hold)
                    vdc_stream_release(card.stream, frame);
            }
            EXPECT_EQ(result, VDC_E_CANCELLED) << rate;
            canceller.join();
            EXPECT_EQ(vdc_stream_stop(card.stream), VDC_OK);
            EXPECT_EQ(AccountDifferences(card.Stats(), *Ledger(0)), "") << rate;
        }
    }
}

} /* namespace */
