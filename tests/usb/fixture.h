/* SPDX-License-Identifier: MIT */
/* A context of the library over the fake bus, and what tests of the backend ask again and again. */
#ifndef USB_FIXTURE_H
#define USB_FIXTURE_H

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

extern "C" {
#include "vdm.h"
}
#include "library.h"

class UsbTest : public UsbLibrary {
  protected:
    fake_usb_card *Plug(vdm_usb_speed speed = VDM_USB_SUPER, const char *serial = "A1",
                        fake_usb_rate rate = FAKE_USB_MAX)
    {
        fake_usb_options options;
        fake_usb_defaults(&options);
        options.speed = speed;
        options.rate = rate;
        std::strncpy(options.serial, serial, sizeof(options.serial) - 1);
        return fake_usb_plug(&options);
    }
    void Open(const char *id = "usb:A1", uint32_t flags = 0)
    {
        ASSERT_EQ(VDC_OK, vdc_device_open(&device, context, id, flags)) << vdc_error_text();
    }
    static vdc_stream_config Small(uint32_t width = 64, uint32_t height = 64)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.format.width_px = width;
        config.format.height_px = height;
        return config;
    }
    void Stream(const vdc_stream_config &config)
    {
        ASSERT_EQ(VDC_OK, vdc_stream_open(&stream, device, &config)) << vdc_error_text();
    }
    /* Takes so many frames and gives them back; adds up what each says was lost before it. */
    void Take(int count)
    {
        for (int i = 0; i < count; i++) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 5000))
                << "frame " << i << ": " << vdc_error_text();
            uint32_t number = 0;
            EXPECT_EQ(0, vdm_pattern_read_number(fourcc, frame->planes[0], stride, &number));
            EXPECT_EQ(frame->sequence, number) << "a wrong picture was called good";
            last = *frame;
            EXPECT_EQ(VDC_OK, vdc_stream_release(stream, frame));
        }
    }
    void Look()
    {
        vdc_stream_info info = VDC_STREAM_INFO_INIT;
        ASSERT_EQ(VDC_OK, vdc_stream_get_info(&info, stream));
        fourcc = info.format.fourcc;
        stride = info.format.stride_bytes;
    }
    /* A card of its own time, a stream of small pictures, and the first five of them. */
    fake_usb_card *CaptureInRealTime()
    {
        fake_usb_card *card = Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
        Open();
        Stream(Small());
        Look();
        Start();
        Take(5);
        return card;
    }
    /* Stops; the sum reconciles, and every term is the card's ledger's. */
    vdc_stats StopAndCompare(fake_usb_card *card)
    {
        EXPECT_EQ(VDC_OK, vdc_stream_stop(stream)) << vdc_error_text();
        vdc_stats stats = Stats();
        vdm_ledger ledger;
        fake_usb_ledger(card, &ledger);
        EXPECT_EQ(stats.produced, Sum(stats));
        EXPECT_EQ(0u, stats.in_flight);
        EXPECT_EQ(0u, stats.dropped[VDC_DROP_UNKNOWN]);
        EXPECT_EQ((uint32_t)VDC_BASIS_DEVICE, stats.produced_basis);
        EXPECT_EQ(ledger.capture.produced, stats.produced);
        EXPECT_EQ(ledger.capture.by_cause[VDM_CAUSE_FIFO], stats.dropped[VDC_DROP_DEVICE_FIFO]);
        EXPECT_EQ(ledger.capture.by_cause[VDM_CAUSE_NO_SIGNAL], stats.dropped[VDC_DROP_NO_SIGNAL]);
        return stats;
    }

    uint32_t stride = 0;
};

#endif
