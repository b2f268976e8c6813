/* SPDX-License-Identifier: MIT */
/*
 * The library over the fake bus: what tests of the card and of cameras have in common. Each test ends with a bus on
 * which nothing was left behind or used wrongly.
 */
#ifndef USB_LIBRARY_H
#define USB_LIBRARY_H

#include <climits>
#include <cstdint>

#include <gtest/gtest.h>

#include "fake_usb.h"
#include "vidicon/vidicon.h"

class UsbLibrary : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_EQ(VDC_OK, vdc_context_create(&context, nullptr)); }
    void TearDown() override
    {
        Close();
        vdc_context_destroy(context);
        EXPECT_EQ(0u, fake_usb_reset());
    }

    void Start() { ASSERT_EQ(VDC_OK, vdc_stream_start(stream)) << vdc_error_text(); }
    vdc_stats Stats()
    {
        vdc_stats stats = VDC_STATS_INIT;
        EXPECT_EQ(VDC_OK, vdc_stream_get_stats(&stats, stream)) << vdc_error_text();
        return stats;
    }
    /* What `produced` must be once nothing is in flight. */
    static uint64_t Sum(const vdc_stats &stats)
    {
        uint64_t sum = stats.delivered;
        for (uint64_t lost : stats.dropped)
            sum += lost;
        return sum;
    }
    void Close()
    {
        vdc_stream_close(stream);
        stream = nullptr;
        vdc_device_close(device);
        device = nullptr;
    }

    /* Opens, opens a stream, starts: the first status that is not VDC_OK ends it. */
    int Begin(const char *id, const vdc_stream_config &config)
    {
        int status = vdc_device_open(&device, context, id, 0);
        if (status == VDC_OK)
            status = vdc_stream_open(&stream, device, &config);
        if (status == VDC_OK)
            status = vdc_stream_start(stream);
        return status;
    }

    /* Gives frames back unseen until a wait brings none (or `most` came), and says how it ended. */
    int TakeToTheEnd(int timeout_ms, int most = INT_MAX)
    {
        int status = VDC_OK;
        for (int i = 0; status == VDC_OK && i < most; i++) {
            const vdc_frame *frame = nullptr;
            status = vdc_stream_wait(&frame, stream, timeout_ms);
            if (status == VDC_OK)
                vdc_stream_release(stream, frame);
        }
        return status;
    }

    /* A life of some frames, whose device leaves at the nth call of libusb (of `function`) and is plugged in again at the end. Whether
     * the call was reached. */
    bool LeavesAt(fake_usb_card *card, uint64_t nth, const char *id,
                  const vdc_stream_config &config, int frames, uint32_t timeout_ms,
                  const char *function = nullptr)
    {
        fake_usb_unplug_at_call(card, function, nth);
        uint64_t before = fake_usb_failures();
        int status = Begin(id, config);
        if (status == VDC_OK)
            status = TakeToTheEnd(static_cast<int>(timeout_ms), frames);
        if (status == VDC_OK)
            status = vdc_stream_stop(stream);
        EXPECT_TRUE(status == VDC_OK || status == VDC_E_GONE || status == VDC_E_NOT_FOUND)
            << "call " << nth << ": " << vdc_status_name(status) << ": " << vdc_error_text();
        bool reached = fake_usb_failures() > before;
        if (stream && reached) {
            vdc_stream_stop(stream);
            vdc_stats stats = Stats();
            EXPECT_EQ(stats.produced, Sum(stats)) << "call " << nth;
        }
        Close();
        reached = fake_usb_failures() > before;
        fake_usb_unplug_at_call(card, nullptr, 0);
        fake_usb_unplug(card);
        fake_usb_replug(card);
        return reached;
    }

    /* The nth call of libusb, or of one function of it, fails: a status with words, and nothing left behind. Whether
     * it came to that. */
    bool FailsAt(uint64_t nth, const char *id, const vdc_stream_config &config,
                 const char *function = nullptr)
    {
        fake_usb_fail_call(function, nth, LIBUSB_ERROR_IO);
        int status = Begin(id, config);
        fake_usb_fail_call(nullptr, 0, 0);
        calls_failed += fake_usb_failures();
        if (status != VDC_OK) {
            EXPECT_STRNE("", vdc_error_text()) << "call " << nth;
        }
        Close();
        EXPECT_EQ(0u, fake_usb_reset()) << "call " << nth;
        return status != VDC_OK;
    }

    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    vdc_frame last = {};
    uint64_t calls_failed = 0; /* by FailsAt() */
    uint32_t fourcc = 0;
};

#endif
