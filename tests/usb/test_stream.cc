/* SPDX-License-Identifier: MIT */
/* Frames through the whole backend: from a boot loader on the bus to an account that adds up. */
#include "fixture.h"

TEST_F(UsbTest, FromTheBootLoaderToFrames)
{
    fake_usb_card *card = Plug();
    Open();
    EXPECT_EQ((uint32_t)VDC_DEVICE_READY, vdc_device_get_info(device)->state)
        << vdc_device_get_info(device)->state_text;
    EXPECT_STREQ("usb:A1", vdc_device_get_info(device)->id);
    Stream(Small());
    Look();
    Start();
    Take(40);
    vdc_stats stats = StopAndCompare(card);
    EXPECT_GE(stats.delivered, 40u);
    EXPECT_EQ(0u, stats.copies);
}

TEST_F(UsbTest, EverySpeedAndSize)
{
    const struct {
        vdm_usb_speed speed;
        uint32_t width, height;
    } sizes[] = {
        {VDM_USB_HIGH,  640,  480 },
        {VDM_USB_SUPER, 1920, 1080},
        {VDM_USB_SUPER, 720,  576 }
    };
    for (const auto &size : sizes) {
        std::string serial = "S" + std::to_string(size.width) + std::to_string(size.speed);
        fake_usb_card *card = Plug(size.speed, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Small(size.width, size.height));
        Look();
        Start();
        Take(5);
        StopAndCompare(card);
        Close();
    }
}

TEST_F(UsbTest, StartsAgain)
{
    fake_usb_card *card = Plug();
    Open();
    Stream(Small());
    Look();
    for (int i = 0; i < 5; i++) {
        Start();
        Take(7);
        StopAndCompare(card);
    }
}
