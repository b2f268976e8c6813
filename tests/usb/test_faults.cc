/* SPDX-License-Identifier: MIT */
/* What goes wrong on the wire: each ends in a named cause, and no wrong frame is called good. */
#include "fixture.h"

class UsbFaults : public UsbTest {
  protected:
    /* Frames under a script; the kind must have come about. */
    vdc_stats Under(const char *script, const char *kind, int frames, uint32_t width = 64)
    {
        fake_usb_card *card = Plug();
        const char *what = "";
        EXPECT_EQ(0, fake_usb_faults(card, script, &what)) << what;
        Open();
        Stream(Small(width, width));
        Look();
        Start();
        Take(frames);
        vdc_stats stats = StopAndCompare(card);
        injected = fake_usb_injected(card, kind);
        EXPECT_GT(injected, 0u) << "the fault never happened";
        return stats;
    }
    uint64_t injected = 0;
};

TEST_F(UsbFaults, ShortFrames)
{
    vdc_stats stats = Under("usb-short@packet=5;usb-short@packet=20,count=2", "usb-short", 60);
    EXPECT_EQ(3u, injected);
    EXPECT_GE(stats.dropped[VDC_DROP_BUS], 3u);
}

TEST_F(UsbFaults, StalledEndpoint)
{
    vdc_stats stats = Under("usb-stall@packet=5;usb-stall@packet=30", "usb-stall", 60);
    EXPECT_EQ(2u, injected);
    EXPECT_GE(stats.dropped[VDC_DROP_BUS], 2u);
}

TEST_F(UsbFaults, ImpossibleRecords)
{
    vdc_stats stats = Under("usb-corrupt@packet=7,count=3", "usb-corrupt", 60);
    EXPECT_EQ(3u, injected);
    EXPECT_GE(stats.dropped[VDC_DROP_BUS], 3u);
    EXPECT_LE(stats.dropped[VDC_DROP_BUS], 5u) << "three, and what lay in the card at the stop";
}

TEST_F(UsbFaults, LargeFramesInManyTransfers)
{
    vdc_stats stats =
        Under("usb-short@packet=3;usb-stall@packet=9;usb-corrupt@packet=14", "usb-stall", 20, 480);
    EXPECT_GE(stats.dropped[VDC_DROP_BUS], 3u);
}

TEST_F(UsbFaults, NothingInjectedLosesNothing)
{
    fake_usb_card *card = Plug();
    Open();
    Stream(Small());
    Look();
    Start();
    Take(60);
    vdc_stats stats = StopAndCompare(card);
    EXPECT_LE(stats.dropped[VDC_DROP_BUS], 2u) << "what lay in the card when it was stopped";
}

TEST_F(UsbFaults, TransfersThatEndBadly)
{
    for (auto status : {LIBUSB_TRANSFER_STALL, LIBUSB_TRANSFER_OVERFLOW, LIBUSB_TRANSFER_ERROR}) {
        std::string serial = "F" + std::to_string(status);
        fake_usb_card *card = Plug(VDM_USB_SUPER, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Small());
        Look();
        Start();
        uint64_t before = fake_usb_failures();
        Take(5);
        fake_usb_fail_transfer(0x81, 3, status);
        Take(40);
        EXPECT_EQ(before + 1, fake_usb_failures()) << status;
        StopAndCompare(card);
        Close();
    }
}

TEST_F(UsbFaults, SilentEndpointIsWokenUp)
{
    fake_usb_card *card = Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
    Open();
    Stream(Small());
    Look();
    Start();
    Take(5);
    fake_usb_fail_transfer(0x81, 1, LIBUSB_TRANSFER_TIMED_OUT);
    Take(30);
    EXPECT_EQ(1u, fake_usb_failures());
    StopAndCompare(card);
}

TEST_F(UsbFaults, RequestsThatAreNeverAnswered)
{
    Plug();
    fake_usb_fail_transfer(0, 1, LIBUSB_TRANSFER_TIMED_OUT);
    int status = vdc_device_open(&device, context, "usb:A1", 0);
    EXPECT_TRUE(status == VDC_OK || status == VDC_E_IO || status == VDC_E_NOT_FOUND)
        << vdc_status_name(status);
}

TEST_F(UsbFaults, EveryCallThatCanFail)
{
    /* Whatever fails in opening and starting: a status with words, nothing left behind, and it works
     * again afterwards. */
    uint64_t failed = 0;
    for (uint64_t nth = 1; nth < 120; nth += nth < 40 ? 1 : 7) {
        Plug();
        failed += FailsAt(nth, "usb:A1", Small());
    }
    EXPECT_GT(failed, 10u);
}
