/* SPDX-License-Identifier: MIT */
/*
 * The core captures from the executable hardware: every line of every frame is what the model says
 * it must be, in pieces of any alignment, and every counter is what its private ledger says.
 */
#include "card.h"

namespace {

using CardCapture = Card;

TEST_F(CardCapture, EveryFormatByEveryBody)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        ready(body);
        for (uint32_t i = 0; i < 5; i++) {
            vdh_format asked = format(vdh_format_fourcc(i));
            good = failed = 0;
            next_sequence = 0;
            ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
            take(asked, 20);
            EXPECT_EQ(good, 20u) << "body " << body << " format " << i;
            stop_and_reconcile();
            EXPECT_EQ(h->refused, 0u);
            EXPECT_GT(h->interrupts, 0u);
        }
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
}

TEST_F(CardCapture, WindowsStridesAndLargePictures)
{
    ready(HOST_MEMORY);
    for (vdh_format asked : {
             vdh_format{VDH_FOURCC_YUYV,  0, 66,   64,   2,   4,   200,  {1, 60}      },
             vdh_format{VDH_FOURCC_NV12,  0, 1022, 502,  898, 578, 1025, {1, 50}      },
             vdh_format{VDH_FOURCC_RGB24, 0, 1920, 1080, 0,   0,   5760, {1, 60}      },
             vdh_format{VDH_FOURCC_GREY,  1, 1280, 720,  0,   0,   4096, {1001, 60000}}
    }) {
        good = 0;
        ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
        take(asked, 4);
        EXPECT_EQ(good, 4u);
        stop_and_reconcile();
    }
}

TEST_F(CardCapture, ControlsAndPattern)
{
    ready(HOST_MEMORY);
    int result;
    HOST_ANY_LEVEL(result, h, 1, vdh_control_set(&h->device, 0, 160)); /* brightness */
    ASSERT_EQ(result, VDH_OK);
    HOST_ANY_LEVEL(result, h, 1, vdh_control_set(&h->device, 3, -40)); /* hue */
    ASSERT_EQ(result, VDH_OK);
    int32_t value = 0;
    HOST_ANY_LEVEL(result, h, 1, vdh_control_get(&h->device, 3, &value));
    ASSERT_EQ(result, VDH_OK);
    EXPECT_EQ(value, -40);
    vdm_set_signal(h->card, 0, VDM_SIGNAL_NONE);
    HOST_ANY_LEVEL(result, h, 1, vdh_pattern_enable(&h->device, 1));
    ASSERT_EQ(result, VDH_OK);
    vdh_signal signal;
    HOST_ANY_LEVEL(result, h, 1, vdh_input_read_signal(&h->device, &signal));
    ASSERT_EQ(result, VDH_OK);
    EXPECT_EQ(signal.state, uint32_t(VDH_V_INPUT_STATUS_SIGNAL_LOCKED));
    vdh_format asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 5);
    EXPECT_EQ(good, 5u);
    EXPECT_NE(last.flags & VDH_B_COMPLETION_FLAGS_PATTERN, 0u);
    stop_and_reconcile();
}

TEST_F(CardCapture, NothingChangesWhileCapturing)
{
    ready(HOST_MEMORY);
    vdh_format asked = format();
    int result;
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    HOST_ANY_LEVEL(result, h, 12, vdh_format_set(&h->device, &asked));
    EXPECT_EQ(result, VDH_E_STATE);
    HOST_ANY_LEVEL(result, h, 2, vdh_input_select(&h->device, 1));
    EXPECT_EQ(result, VDH_E_STATE);
    vdh_capture second;
    HOST_ANY_LEVEL(result, h, 8,
                   vdh_capture_set_up(&second, &h->device, &h->descriptors, &h->completions));
    EXPECT_EQ(result, VDH_E_STATE);
    take(asked, 3);
    stop_and_reconcile();
    HOST_ANY_LEVEL(result, h, 2, vdh_input_select(&h->device, 1));
    EXPECT_EQ(result, VDH_OK);
}

TEST_F(CardCapture, WithoutBuffersFramesAreLostByThatName)
{
    ready(HOST_MEMORY);
    vdh_format asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    host_advance(h, 100000); /* 24 periods for 8 buffers */
    take(asked, 10);
    EXPECT_EQ(good, 10u);
    stop_and_reconcile();
    EXPECT_GE(counts.dropped_no_buffer, 12u);
}

TEST_F(CardCapture, ManyRoundsOfTheRings)
{
    ready(HOST_PORTS);
    vdh_format asked = format(VDH_FOURCC_GREY);
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    take(asked, 300, 10000000);
    EXPECT_EQ(good, 300u);
    stop_and_reconcile();
}

TEST_F(CardCapture, WatermarkShowsLinesBeforeTheFrameIsWhole)
{
    ready(HOST_MEMORY);
    vdh_format asked = format(VDH_FOURCC_YUYV, 640, 480, 25);
    ASSERT_EQ(host_capture_open(h, &asked, 100), VDH_OK);
    unsigned seen = 0;
    std::vector<uint8_t> got(1280), expected(1280);
    for (int i = 0; i < 12; i++) {
        h->events = 0;
        if (!host_wait(h, VDH_EVENT_WATERMARK, 100000)) {
            break;
        }
        uint32_t tag = 0, lines = 0;
        int result;
        HOST_ANY_LEVEL(result, h, 1, vdh_capture_progress(&h->capture, &tag, &lines));
        ASSERT_EQ(result, VDH_OK);
        if (lines == 0 || lines >= asked.height || tag >= HOST_RING) {
            continue;
        }
        uint32_t sequence = uint32_t(vdm_get_ledger(h->card)->capture.produced);
        ASSERT_EQ(vdm_expected_line(h->card, sequence, 0, lines - 1, nullptr, expected.data()),
                  1280u);
        host_buffer_read(h->buffers[tag], (lines - 1) * asked.stride_bytes, got.data(), 1280);
        EXPECT_EQ(got, expected) << "line " << lines - 1 << " of frame " << sequence;
        seen++;
    }
    EXPECT_GT(seen, 3u);
    take(asked, 5);
    stop_and_reconcile();
}

TEST_F(CardCapture, TicksFollowTheInterval)
{
    for (host_body body : {HOST_MEMORY, HOST_USB}) {
        ready(body);
        vdh_format asked = format();
        ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
        uint64_t before = 0;
        uint32_t sequence = 0;
        for (int i = 0; i < 10; i++) {
            take(asked, 1);
            if (i > 0) {
                EXPECT_EQ((last.ticks - before) / (last.sequence - sequence), 112500u);
            }
            EXPECT_GT(last.end_ticks, last.ticks);
            before = last.ticks;
            sequence = last.sequence;
        }
        stop_and_reconcile();
    }
}

TEST_F(CardCapture, BufferThatIsTooSmall)
{
    ready(HOST_MEMORY);
    vdh_format asked = format();
    ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
    for (auto *buffer : h->buffers) {
        EXPECT_EQ(buffer->bytes, 64u * 128u);
    }
    take(asked, 2);
    /* From now on every queued buffer claims less than a frame. */
    for (auto *buffer : h->buffers) {
        buffer->bytes -= 1;
    }
    take(asked, 40, 200000);
    EXPECT_GT(failed, 0u);
    uint32_t errors = 0;
    int result;
    HOST_ANY_LEVEL(result, h, 2, vdh_capture_errors(&h->capture, &errors));
    EXPECT_EQ(result, VDH_OK);
    EXPECT_NE(errors & vdh_field_mask(VDH_F_ERROR_STATUS_DESCRIPTOR), 0u);
    stop_and_reconcile();
    EXPECT_EQ(counts.dropped_dma, failed);
}

TEST_F(CardCapture, UnpluggedInFullFlight)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        ready(body);
        vdh_format asked = format();
        good = 0;
        ASSERT_EQ(host_capture_open(h, &asked, 0), VDH_OK);
        take(asked, 3);
        vdm_unplug(h->card);
        take(asked, 5, 50000);
        EXPECT_LE(good, 4u);
        EXPECT_EQ(host_stop(h), VDH_E_GONE);
        EXPECT_EQ(host_stop(h), VDH_OK);
        uint64_t ticks;
        int result;
        HOST_ANY_LEVEL(result, h, 3, vdh_time_read(&h->device, &ticks));
        EXPECT_EQ(result, VDH_E_GONE);
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
}

} // namespace
