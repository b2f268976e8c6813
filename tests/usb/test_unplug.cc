/* SPDX-License-Identifier: MIT */
/* Unplug at any call of libusb: everything comes back, closing works, the same id opens it again. */
#include <chrono>
#include <cstdlib>
#include <thread>

#include "fixture.h"

class UsbUnplug : public UsbTest {
  protected:
    /* One life of a device, that ends at the nth call. Whether the call was reached. */
    bool At(uint64_t nth, const char *function = nullptr)
    {
        fake_usb_card *card = Plug();
        bool reached = LeavesAt(card, nth, "usb:A1?return_ms=200", Small(), 6, 5000, function);
        int status = VDC_E_NOT_FOUND;
        /* It takes a moment to be seen on the bus again. */
        for (int i = 0; i < 200 && status != VDC_OK; i++) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            status = vdc_device_open(&device, context, "usb:A1", 0);
        }
        EXPECT_EQ(VDC_OK, status) << "call " << nth << ": " << vdc_error_text();
        Close();
        EXPECT_EQ(0u, fake_usb_reset()) << "call " << nth;
        return reached;
    }
};

TEST_F(UsbUnplug, AtAnyCall)
{
    const uint64_t step = std::getenv("VIDICON_LONG") ? 1 : 9;
    uint64_t reached = 0;
    uint64_t missed = 0;
    for (uint64_t nth = 1; missed < 3 && nth < 2000; nth += step) {
        if (At(nth))
            reached++;
        else
            missed++;
    }
    EXPECT_GT(reached, 10u);
    RecordProperty("unplugs", static_cast<int>(reached));
}

TEST_F(UsbUnplug, AtEachStage)
{
    const struct {
        const char *stage, *function;
        uint64_t nth;
    } stages[] = {
        {"before the upload",   "libusb_claim_interface",  1 },
        {"early in the upload", "libusb_control_transfer", 8 },
        {"late in the upload",  "libusb_control_transfer", 30},
        {"while it comes back", "libusb_get_device_list",  2 },
        {"after the upload",    "libusb_claim_interface",  2 },
        {"before the start",    "libusb_clear_halt",       1 },
        {"the first transfer",  "libusb_submit_transfer",  3 },
        {"within a frame",      "libusb_submit_transfer",  10},
        {"at stop or close",    "libusb_cancel_transfer",  1 }
    };
    const int rounds = std::getenv("VIDICON_LONG") ? 100 : 3;
    for (const auto &one : stages) {
        SCOPED_TRACE(one.stage);
        for (int i = 0; i < rounds; i++)
            EXPECT_TRUE(At(one.nth, one.function)) << "it never came to that";
    }
    /* The control: what never happens is not reached. */
    EXPECT_FALSE(At(1000000));
}

TEST_F(UsbUnplug, WhileItWaits)
{
    fake_usb_card *card = CaptureInRealTime();
    fake_usb_unplug(card);
    EXPECT_EQ(VDC_E_GONE, TakeToTheEnd(5000));
    vdc_stream_stop(stream);
    vdc_stats stats = Stats();
    EXPECT_GE(stats.delivered, 5u);
    EXPECT_EQ(0u, stats.in_flight);
}
