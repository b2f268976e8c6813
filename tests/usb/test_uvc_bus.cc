/* SPDX-License-Identifier: MIT */
/* What cameras share: the bus with each other, themselves with the kernel's driver, and the system's sleep. */
#include "fixture.h"
#include "uvc_fixture.h"

static const UvcForm forms[] = {
    {CAMERA_HIGH,  true },
    {CAMERA_SUPER, true },
    {CAMERA_HIGH,  false},
    {CAMERA_SUPER, false}
};

class UvcBus : public UvcTest {
  protected:
    /* Frames that are pictures of the camera's, in any order. */
    void TakeAny(int count)
    {
        for (int i = 0; i < count; i++) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
            uint64_t number = 0;
            while (number < 128 && !Is(frame, number))
                number++;
            EXPECT_LT(number, 128u) << "frame " << i << " is none of the camera's";
            EXPECT_EQ(VDC_OK, vdc_stream_release(stream, frame));
        }
    }
    /* A second camera, its stream opened: the status. */
    int OpenSecond()
    {
        vdc_stream_config config = Wish();
        int status = vdc_device_open(&other, context, "usb:TWO", 0);
        if (status == VDC_OK)
            status = vdc_stream_open(&second, other, &config);
        return status;
    }
    void CloseSecond()
    {
        vdc_stream_close(second);
        vdc_device_close(other);
        second = nullptr;
        other = nullptr;
    }
    vdc_device *other = nullptr;
    vdc_stream *second = nullptr;
};

/* Each takes 3 packets of 1024 bytes a microframe: 3 x (633 + 2.083 x (3 + 1024 x 8 x 7 / 6)) ns; 100 us are to be had. */
TEST_F(UvcBus, TwoBehindOnePortAreRefusedBeforeTheStart)
{
    fake_usb_set_hub(1);
    fake_usb_card *card = Plug(forms[2], "ONE", true);
    Plug(forms[2], "TWO", true);
    Open("usb:ONE");
    Stream(Wish());
    EXPECT_EQ(VDC_E_RANGE, OpenSecond());
    for (const char *words : {"alternate setting 4", "61640 ns", "125000", "100000"})
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), words)) << vdc_error_text();
    CloseSecond();
    /* The first one is not disturbed, and what it gives back can be had. */
    Start();
    Take(2);
    Stop(card);
    Close();
    EXPECT_EQ(VDC_OK, OpenSecond()) << vdc_error_text();
    CloseSecond();
}

TEST_F(UvcBus, OnPortsOfTheirOwnBothRun)
{
    Plug(forms[2], "ONE", true);
    Plug(forms[2], "TWO", true);
    Open("usb:ONE");
    Stream(Wish());
    EXPECT_EQ(VDC_OK, OpenSecond()) << vdc_error_text();
    CloseSecond();
}

TEST_F(UvcBus, WhatTheSystemRefusesIsNamed)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish());
    fake_usb_fail_call("libusb_set_interface_alt_setting", 1, LIBUSB_ERROR_OTHER);
    EXPECT_EQ(VDC_E_BUSY, vdc_stream_start(stream));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "no room on the bus")) << vdc_error_text();
    Start();
    Take(2);
    Stop(card);
}

TEST_F(UvcBus, SleepsAndGoesOn)
{
    for (const UvcForm &form : forms) {
        SCOPED_TRACE(&form - forms);
        std::string serial = "S" + std::to_string(&form - forms);
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Wish());
        Start();
        next = 0;
        Take(3);
        for (int i = 0; i < 3; i++) {
            fake_usb_suspend(card);
            /* More than can have been complete before it; the camera numbers anew behind it. */
            TakeAny(7);
        }
        EXPECT_GE(Ledger(card).begun, 3u + 3u * 3u);
        Stop(card);
        Close();
    }
}

TEST_F(UvcBus, ASleepThatACameraDoesNotSurviveEndsByName)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish());
    Start();
    Take(3);
    Plant(card, CAMERA_STALL_CONTROL, 0, 1000);
    fake_usb_suspend(card);
    EXPECT_EQ(VDC_E_IO, TakeToTheEnd(10000));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "as after a suspend")) << vdc_error_text();
    vdc_stream_stop(stream);
    vdc_stats stats = Stats();
    EXPECT_EQ(stats.produced, Sum(stats));
}

class CardBus : public UsbTest {};

/* The card is reset by it: the stream ends by name, or goes on; a new start works. */
TEST_F(CardBus, SleepsAndStartsAgain)
{
    fake_usb_card *card = CaptureInRealTime();
    fake_usb_suspend(card);
    int status = TakeToTheEnd(10000, 120);
    EXPECT_TRUE(status == VDC_OK || status == VDC_E_IO || status == VDC_E_GONE)
        << vdc_status_name(status);
    if (status != VDC_OK) {
        EXPECT_STRNE("", vdc_error_text());
    }
    RecordProperty("after", status);
    vdc_stream_stop(stream);
    vdc_stats stats = Stats();
    EXPECT_EQ(stats.produced, Sum(stats));
    EXPECT_EQ(0u, stats.in_flight);
    if (status != VDC_E_GONE) {
        EXPECT_EQ(VDC_OK, vdc_stream_start(stream)) << vdc_error_text();
        Take(3);
    }
}
