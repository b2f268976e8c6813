/* SPDX-License-Identifier: MIT */
/* Cameras through the whole backend: listed, opened, every format in every form of transport. */
#include <chrono>
#include <thread>

#include "uvc_fixture.h"

static const UvcForm forms[] = {
    {CAMERA_HIGH,  true },
    {CAMERA_SUPER, true },
    {CAMERA_HIGH,  false},
    {CAMERA_SUPER, false}
};

TEST_F(UvcTest, IsListedByItsOwnName)
{
    Plug(forms[0]);
    Plug(forms[3], "");
    vdc_list *list = nullptr;
    ASSERT_EQ(VDC_OK, vdc_context_list_devices(&list, context));
    ASSERT_EQ(2u, vdc_list_count(list));
    const vdc_device_info *first = vdc_list_device_at(list, 0),
                          *second = vdc_list_device_at(list, 1);
    EXPECT_STREQ("usb:CAM1", first->id);
    EXPECT_STREQ("UVC camera", first->name);
    EXPECT_STREQ("CAM1", first->serial);
    EXPECT_STREQ("usb:port-2-2", second->id);
    vdc_list_destroy(list);
}

TEST_F(UvcTest, FramesOverBulk)
{
    fake_usb_card *card = Plug(forms[0]);
    Open();
    Stream(Wish());
    Start();
    Take(5);
    vdc_stats stats = Stop(card);
    EXPECT_EQ(stats.delivered, stats.copies) << "a header stands before each payload";
    EXPECT_TRUE(last.flags & VDC_FRAME_COPIED);
}

TEST_F(UvcTest, EveryFormatInEveryForm)
{
    const struct {
        uint32_t fourcc, width, height;
    } pictures[] = {
        {VDC_FOURCC_YUYV,  640,  360 },
        {VDC_FOURCC_YUYV,  320,  240 },
        {VDC_FOURCC_NV12,  640,  360 },
        {VDC_FOURCC_MJPEG, 640,  360 },
        {VDC_FOURCC_MJPEG, 1920, 1080},
        {VDC_FOURCC_H264,  1280, 720 }
    };
    for (const UvcForm &form : forms) {
        std::string serial = "F" + std::to_string(&form - forms);
        fake_usb_card *card = Plug(form, serial.c_str());
        for (const auto &one : pictures) {
            SCOPED_TRACE(serial + ", " + std::to_string(one.width) + ", format " +
                         std::to_string(&one - pictures));
            Open(("usb:" + serial).c_str());
            Stream(Wish(one.fourcc, one.width, one.height));
            EXPECT_EQ(one.fourcc, fourcc);
            EXPECT_EQ(one.width, width);
            Start();
            next = 0;
            Take(4);
            vdc_stats stats = Stop(card);
            EXPECT_EQ(0u, Sum(stats) - stats.delivered - stats.dropped[VDC_DROP_STOPPED] -
                              stats.dropped[VDC_DROP_NO_BUFFER])
                << "nothing was planted";
            Close();
        }
    }
}

TEST_F(UvcTest, FullPicturesOverSuperSpeed)
{
    for (bool bulk : {true, false}) {
        std::string serial = bulk ? "B" : "I";
        fake_usb_card *card = Plug({CAMERA_SUPER, bulk}, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Wish(VDC_FOURCC_YUYV, 1920, 1080));
        Start();
        next = 0;
        Take(5);
        Stop(card);
        Close();
    }
}

TEST_F(UvcTest, WhatTheBusCannotCarryIsRefusedWithTheArithmetic)
{
    Plug(forms[2]);
    Open();
    vdc_stream_config config = Wish(VDC_FOURCC_YUYV, 1280, 720);
    config.format.interval_s = {1, 30};
    EXPECT_EQ(VDC_E_RANGE, vdc_stream_open(&stream, device, &config));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "this cannot work")) << vdc_error_text();
    /* 1280 x 720 x 2 x 30 bytes a second against 3072 in each of 8000 microframes. */
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "3072")) << vdc_error_text();
    /* The device is as usable as before. */
    Stream(Wish());
    Start();
    Take(2);
}

TEST_F(UvcTest, WithoutAWishTheRateIsOneThatTheBusCarries)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish(VDC_FOURCC_YUYV, 1280, 720));
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_EQ(VDC_OK, vdc_stream_get_info(&info, stream));
    EXPECT_EQ(1u, info.format.interval_s.num);
    EXPECT_EQ(10u, info.format.interval_s.den);
    Start();
    Take(2);
    Stop(card);
}

TEST_F(UvcTest, TheSmallestSettingThatCarriesItIsChosen)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish(VDC_FOURCC_MJPEG, 640, 360));
    Start();
    Take(2);
    EXPECT_EQ(1u, fake_usb_calls("libusb_set_interface_alt_setting"));
    Stop(card);
    EXPECT_EQ(2u, fake_usb_calls("libusb_set_interface_alt_setting")) << "back to setting 0";
}

TEST_F(UvcTest, StartsAgain)
{
    for (const UvcForm &form : {forms[1], forms[2]}) {
        std::string serial = form.bulk ? "B" : "I";
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Wish());
        for (int i = 0; i < 3; i++) {
            Start();
            next = 0;
            Take(3);
            EXPECT_EQ(0u, numbers[numbers.size() - 3]) << "the first frame of a start is there";
            Stop(card);
        }
        Close();
    }
}

TEST_F(UvcTest, CallersMemory)
{
    fake_usb_card *card = Plug(forms[3]);
    Open();
    vdc_stream_config config = Wish();
    config.memory = VDC_MEMORY_CALLER;
    Stream(config);
    std::vector<std::vector<uint8_t>> memory(4, std::vector<uint8_t>(320 * 240 * 2));
    for (auto &one : memory) {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = one.data();
        buffer.capacity_bytes = one.size();
        ASSERT_EQ(VDC_OK, vdc_stream_add_buffer(stream, &buffer)) << vdc_error_text();
    }
    Start();
    Take(5);
    Stop(card);
}

TEST_F(UvcTest, TimeHasABound)
{
    for (const UvcForm &form : {forms[1], forms[2]}) {
        std::string serial = form.bulk ? "B" : "I";
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        EXPECT_EQ(CAMERA_HZ, vdc_device_get_info(device)->time_hz);
        Stream(Wish());
        Start();
        next = 0;
        Take(8);
        EXPECT_EQ((uint32_t)VDC_CLOCK_MONOTONIC, last.clock);
        ASSERT_NE(VDC_ERROR_UNKNOWN_NS, last.error_bound_ns);
        /* The model's clock is the host's own, in ticks of 48 MHz cut to microseconds. */
        uint32_t host = static_cast<uint32_t>(static_cast<uint64_t>(last.host_time_ns / 1000) *
                                              (CAMERA_HZ / 1000000));
        int64_t apart = static_cast<int32_t>(host - static_cast<uint32_t>(last.device_ticks));
        apart = (apart < 0 ? -apart : apart) / (CAMERA_HZ / 1000000);
        EXPECT_LE(apart, last.error_bound_ns / 1000 + 2) << "the true time is within the bound";
        Stop(card);
        Close();
    }
}

/* A frame that may have begun before the camera's clock jumped has no bound. */
TEST_F(UvcTest, AJumpOfTheClockLeavesNoBound)
{
    const uint64_t at =
        4; /* at its beginning the clock is 10 s behind: one jump to there, and one back */
    for (const UvcForm &form : {forms[1], forms[2]}) {
        std::string serial = form.bulk ? "B" : "I";
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Wish());
        Plant(card, CAMERA_SCR_BACK, at);
        Start();
        for (uint64_t number = 0; number < at + 6; number++) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
            bool known = frame->error_bound_ns != VDC_ERROR_UNKNOWN_NS;
            bool suspect = frame->sequence >= at && frame->sequence <= at + 1;
            if (frame->sequence > 0) {
                EXPECT_EQ(suspect, !known) << frame->sequence;
            }
            EXPECT_EQ(frame->sequence == at, (frame->flags & VDC_FRAME_TIME_JUMP) != 0);
            vdc_stream_release(stream, frame);
        }
        EXPECT_EQ(1u, Ledger(card).injected[CAMERA_SCR_BACK]);
        Stop(card);
        Close();
    }
}

/* A clock that contradicted itself too often is believed no more; the device's own count goes on all the same. */
TEST_F(UvcTest, TicksGoOnWithoutABasis)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish());
    Plant(card, CAMERA_SCR_BACK, 2, 10);
    Start();
    uint64_t ticks = 0;
    bool known = true;
    for (int i = 0; i < 18; i++) {
        const vdc_frame *frame = nullptr;
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
        EXPECT_GT(frame->device_ticks, ticks) << i;
        ticks = frame->device_ticks;
        known = frame->error_bound_ns != VDC_ERROR_UNKNOWN_NS;
        vdc_stream_release(stream, frame);
    }
    EXPECT_FALSE(known) << "it is still believed";
    EXPECT_EQ(10u, Ledger(card).injected[CAMERA_SCR_BACK]);
    Stop(card);
}

TEST_F(UvcTest, NoBufferIsItsOwnCause)
{
    fake_usb_card *card = Plug(forms[1]);
    Open();
    vdc_stream_config config = Wish();
    config.buffer_count = 2;
    Stream(config);
    Start();
    const vdc_frame *held[2];
    for (auto &frame : held)
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    for (auto &frame : held)
        vdc_stream_release(stream, frame);
    next = 2;
    Take(1);
    vdc_stats stats = Stop(card);
    EXPECT_GE(stats.dropped[VDC_DROP_NO_BUFFER], 1u);
}

TEST_F(UvcTest, TheKernelsDriverComesBack)
{
    fake_usb_card *card = Plug(forms[0]);
    EXPECT_EQ(1, fake_usb_kernel_driver(card));
    Open();
    EXPECT_EQ(0, fake_usb_kernel_driver(card));
    Close();
    EXPECT_EQ(1, fake_usb_kernel_driver(card));
}

TEST_F(UvcTest, TwoAtOnce)
{
    fake_usb_card *one = Plug(forms[0], "ONE");
    fake_usb_card *two = Plug(forms[3], "TWO");
    Open("usb:ONE");
    Stream(Wish());
    vdc_device *other = nullptr;
    vdc_stream *second = nullptr;
    ASSERT_EQ(VDC_OK, vdc_device_open(&other, context, "usb:TWO", 0)) << vdc_error_text();
    vdc_stream_config config = Wish(VDC_FOURCC_NV12, 640, 360);
    ASSERT_EQ(VDC_OK, vdc_stream_open(&second, other, &config)) << vdc_error_text();
    Start();
    ASSERT_EQ(VDC_OK, vdc_stream_start(second)) << vdc_error_text();
    Take(4);
    const vdc_frame *frame = nullptr;
    ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, second, 10000)) << vdc_error_text();
    EXPECT_EQ(640u * 360u * 3u / 2u, frame->used_bytes);
    vdc_stream_release(second, frame);
    Stop(one);
    vdc_stream_close(second);
    vdc_device_close(other);
    EXPECT_EQ(1, fake_usb_kernel_driver(two));
}

TEST_F(UvcTest, FormatsAndNegotiation)
{
    Plug(forms[3]);
    Open();
    vdc_list *list = nullptr;
    ASSERT_EQ(VDC_OK, vdc_device_list_formats(&list, device));
    ASSERT_EQ(9u, vdc_list_count(list));
    const vdc_format_info *first = vdc_list_format_at(list, 0);
    EXPECT_EQ((uint32_t)VDC_FOURCC_YUYV, first->fourcc);
    EXPECT_EQ(640u, first->width_max_px);
    EXPECT_EQ(3u, first->interval_count);
    EXPECT_EQ(30u, first->intervals_s[0].den);
    EXPECT_EQ(1u, vdc_list_format_at(list, 8)->compressed);
    vdc_list_destroy(list);
    vdc_negotiation outcome = VDC_NEGOTIATION_INIT;
    vdc_format wish = VDC_FORMAT_INIT;
    wish.fourcc = VDC_FOURCC_RGB24;
    wish.width_px = 700;
    wish.height_px = 500;
    ASSERT_EQ(VDC_OK, vdc_device_negotiate(&outcome, device, &wish)) << vdc_error_text();
    EXPECT_TRUE(outcome.changed & VDC_CHANGED_FOURCC);
    EXPECT_TRUE(outcome.changed & VDC_CHANGED_SIZE);
    EXPECT_EQ(1280u, outcome.format.width_px);
}

TEST_F(UvcTest, ComesAndGoesAsEvents)
{
    vdc_event event = VDC_EVENT_INIT;
    /* The first question begins the watch. */
    EXPECT_EQ(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context, 0));
    fake_usb_card *card = Plug(forms[1]);
    ASSERT_EQ(VDC_OK, vdc_context_wait_event(&event, context, 5000));
    EXPECT_EQ((uint32_t)VDC_EVENT_DEVICE_ARRIVED, event.kind);
    EXPECT_STREQ("usb:CAM1", event.device_id);
    fake_usb_unplug(card);
    ASSERT_EQ(VDC_OK, vdc_context_wait_event(&event, context, 5000));
    EXPECT_EQ((uint32_t)VDC_EVENT_DEVICE_REMOVED, event.kind);
    EXPECT_STREQ("usb:CAM1", event.device_id);
    fake_usb_replug(card);
    ASSERT_EQ(VDC_OK, vdc_context_wait_event(&event, context, 5000));
    Open(event.device_id);
    Stream(Wish());
    Start();
    Take(2);
    Stop(card);
}
