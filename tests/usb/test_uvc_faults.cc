/* SPDX-License-Identifier: MIT */
/* What cameras do wrong: each fault of the model, on each transport that has it, ends under its own cause, and no wrong picture is
 * called good. */
#include <chrono>
#include <thread>

#include "uvc_fixture.h"

static const uint64_t AT = 3; /* the frame that it happens to */

class UvcFaults : public UvcTest {
  protected:
    /* Frames under one fault; it must have come about `times` times. */
    vdc_stats Under(const UvcForm &form, camera_fault fault, uint64_t times = 1,
                    uint32_t code = VDC_FOURCC_YUYV)
    {
        vdc_stats stats = VDC_STATS_INIT;
        std::string serial = "F" + std::to_string(++plugged);
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(code == VDC_FOURCC_YUYV ? Wish() : Wish(code, 640, 360));
        Plant(card, fault, AT);
        Start();
        next = 0;
        numbers.clear();
        said = 0;
        Take(8);
        stats = Stop(card);
        EXPECT_LE(Bad(stats), said) << "each loss is told by the frame after it";
        EXPECT_GE(Sum(stats) - stats.delivered, said);
        EXPECT_EQ(times, Ledger(card).injected[fault]) << "the fault did not happen so";
        Close();
        return stats;
    }
    /* Another camera, and its first three frames. */
    fake_usb_card *CaptureFromAnother(const UvcForm &form, const char *series)
    {
        std::string serial = series + std::to_string(++plugged);
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Stream(Wish());
        Start();
        next = 0;
        Take(3);
        return card;
    }
    bool Delivered(uint64_t number) const
    {
        for (uint64_t one : numbers) {
            if (one == number)
                return true;
        }
        return false;
    }
    static uint64_t Bad(const vdc_stats &stats)
    {
        uint64_t sum = 0;
        for (int cause : {VDC_DROP_BUS, VDC_DROP_DAMAGED, VDC_DROP_SHORT, VDC_DROP_LONG,
                          VDC_DROP_MALFORMED, VDC_DROP_STALL, VDC_DROP_OVERRUN})
            sum += stats.dropped[cause];
        return sum;
    }
    int plugged = 0;
};

static const UvcForm forms[] = {
    {CAMERA_HIGH,  true },
    {CAMERA_SUPER, true },
    {CAMERA_HIGH,  false},
    {CAMERA_SUPER, false}
};

/* The negative control of all the others. */
TEST_F(UvcFaults, NothingPlantedLosesNothing)
{
    for (const UvcForm &form : forms) {
        vdc_stats stats = Under(form, CAMERA_STALL_STREAM, form.bulk ? 1 : 0);
        EXPECT_EQ(form.bulk ? 1u : 0u, Bad(stats));
    }
}

TEST_F(UvcFaults, FramesThatAreGoodAllTheSame)
{
    for (const UvcForm &form : forms) {
        for (camera_fault fault : {CAMERA_FID_STUCK, CAMERA_NO_EOF, CAMERA_SCR_BACK}) {
            SCOPED_TRACE(fault);
            vdc_stats stats = Under(form, fault);
            EXPECT_EQ(0u, Bad(stats));
            EXPECT_TRUE(Delivered(AT));
        }
    }
    for (const UvcForm &form : {forms[2], forms[3]}) {
        vdc_stats stats = Under(form, CAMERA_ZERO_PACKETS);
        EXPECT_EQ(0u, Bad(stats));
        EXPECT_TRUE(Delivered(AT));
    }
}

/* Each fault of the camera that costs a frame, and the only cause that it may be counted under. */
TEST_F(UvcFaults, EachHasItsOwnCause)
{
    const struct {
        camera_fault fault;
        vdc_drop cause;
        bool iso, bulk;
    } faults[] = {
        {CAMERA_ERROR_BIT,    VDC_DROP_DAMAGED,   true,  true },
        {CAMERA_SHORT_FRAME,  VDC_DROP_SHORT,     true,  true },
        {CAMERA_LONG_FRAME,   VDC_DROP_LONG,      true,  true },
        {CAMERA_BAD_HEADER,   VDC_DROP_MALFORMED, true,  true },
        {CAMERA_LOST_PACKET,  VDC_DROP_SHORT,     true,  false},
        {CAMERA_STALL_STREAM, VDC_DROP_STALL,     false, true },
    };
    for (const UvcForm &form : forms) {
        for (const auto &one : faults) {
            if (!(form.bulk ? one.bulk : one.iso))
                continue;
            SCOPED_TRACE(one.fault);
            vdc_stats stats = Under(form, one.fault);
            EXPECT_EQ(1u, stats.dropped[one.cause]);
            EXPECT_EQ(1u, Bad(stats)) << "and no other";
            EXPECT_FALSE(Delivered(AT));
        }
    }
}

TEST_F(UvcFaults, AnEndpointThatOnlyStallsFails)
{
    fake_usb_card *card = Plug(forms[1]);
    Open();
    Stream(Wish());
    Plant(card, CAMERA_STALL_STREAM, 0, 1000000);
    Start();
    const vdc_frame *frame = nullptr;
    EXPECT_EQ(VDC_E_IO, vdc_stream_wait(&frame, stream, 20000));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "stalls")) << vdc_error_text();
    EXPECT_EQ(VDC_OK, vdc_stream_stop(stream)) << vdc_error_text();
}

TEST_F(UvcFaults, AProbeOfZeroes)
{
    for (const UvcForm &form : forms) {
        std::string serial = "Z" + std::to_string(&form - forms);
        fake_usb_card *card = Plug(form, serial.c_str());
        Open(("usb:" + serial).c_str());
        Plant(card, CAMERA_PROBE_ZERO, 0, 100);
        Stream(Wish());
        EXPECT_GE(Ledger(card).injected[CAMERA_PROBE_ZERO], 1u);
        Start();
        next = 0;
        Take(3);
        Stop(card);
        Close();
    }
}

/* Each request of open, start and stop in turn. */
TEST_F(UvcFaults, RequestsThatFail)
{
    for (camera_fault fault : {CAMERA_STALL_CONTROL, CAMERA_SHORT_ANSWER, CAMERA_NO_ANSWER}) {
        uint64_t injected = 0;
        for (uint64_t nth = 0; nth < 5; nth++) {
            SCOPED_TRACE(std::to_string(fault) + " at " + std::to_string(nth));
            std::string serial =
                "R" + std::to_string(static_cast<int>(fault)) + std::to_string(nth);
            fake_usb_card *card = Plug(forms[2], serial.c_str());
            Open(("usb:" + serial).c_str());
            Plant(card, fault, nth);
            vdc_stream_config config = Wish();
            int status = vdc_stream_open(&stream, device, &config);
            if (status == VDC_OK)
                status = vdc_stream_start(stream);
            if (status != VDC_OK) {
                EXPECT_STRNE("", vdc_error_text());
                EXPECT_NE(VDC_E_GONE, status);
            }
            vdc_stream_close(stream);
            stream = nullptr;
            injected += Ledger(card).injected[fault];
            /* Afterwards all is well. */
            Stream(Wish());
            Start();
            next = 0;
            Take(2);
            Stop(card);
            Close();
        }
        EXPECT_GE(injected, 2u);
    }
}

TEST_F(UvcFaults, CompressedFramesWithoutAnEnd)
{
    vdc_stats stats = Under(forms[2], CAMERA_SHORT_FRAME, 1, VDC_FOURCC_MJPEG);
    EXPECT_EQ(1u, stats.dropped[VDC_DROP_MALFORMED]);
    stats = Under(forms[1], CAMERA_ERROR_BIT, 0, VDC_FOURCC_MJPEG);
    EXPECT_EQ(0u, Bad(stats)) << "a small picture is one payload";
}

TEST_F(UvcFaults, TransfersThatEndBadly)
{
    const struct {
        libusb_transfer_status status;
        vdc_drop cause;
    } ends[] = {
        {LIBUSB_TRANSFER_STALL,    VDC_DROP_STALL  },
        {LIBUSB_TRANSFER_OVERFLOW, VDC_DROP_OVERRUN},
        {LIBUSB_TRANSFER_ERROR,    VDC_DROP_BUS    }
    };
    for (const UvcForm &form : {forms[1], forms[2]}) {
        for (const auto &end : ends) {
            SCOPED_TRACE(end.status);
            fake_usb_card *card = CaptureFromAnother(form, "T");
            uint64_t before = fake_usb_failures();
            /* Of a small picture on SuperSpeed 8 ms are data, and then nothing until the next one. */
            fake_usb_fail_transfer(0x81, form.bulk ? 4 : 1, end.status);
            Take(6);
            EXPECT_EQ(before + 1, fake_usb_failures());
            vdc_stats stats = Stop(card);
            if (form.bulk) {
                EXPECT_GE(stats.dropped[end.cause], 1u);
            }
            EXPECT_LE(Bad(stats) - stats.dropped[end.cause], 1u)
                << "a frame may lose its beginning with the end of the one before";
            Close();
        }
    }
}

TEST_F(UvcFaults, PacketsThatTheBusLost)
{
    const struct {
        libusb_transfer_status status;
        vdc_drop cause;
    } ends[] = {
        {LIBUSB_TRANSFER_ERROR,    VDC_DROP_BUS    },
        {LIBUSB_TRANSFER_OVERFLOW, VDC_DROP_OVERRUN}
    };
    for (const auto &end : ends) {
        SCOPED_TRACE(end.status);
        fake_usb_card *card = CaptureFromAnother(forms[2], "P");
        uint64_t before = fake_usb_failures();
        fake_usb_fail_packet(5, end.status);
        Take(6);
        EXPECT_EQ(before + 1, fake_usb_failures());
        vdc_stats stats = Stop(card);
        EXPECT_GE(stats.dropped[end.cause], 1u);
        EXPECT_LE(Bad(stats), 2u);
        Close();
    }
}

TEST_F(UvcFaults, DamagedOnesIfWanted)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    vdc_stream_config config = Wish();
    config.flags = VDC_STREAM_DAMAGED_TOO;
    Stream(config);
    Plant(card, CAMERA_ERROR_BIT, AT);
    Start();
    int damaged = 0;
    for (int i = 0; i < 8; i++) {
        const vdc_frame *frame = nullptr;
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
        if (frame->flags & VDC_FRAME_DAMAGED) {
            damaged++;
            EXPECT_EQ(AT, frame->sequence);
        }
        vdc_stream_release(stream, frame);
    }
    EXPECT_EQ(1, damaged);
    Stop(card);
}

TEST_F(UvcFaults, EveryCallThatCanFail)
{
    for (uint64_t nth = 1; nth < 60; nth += nth < 30 ? 1 : 5) {
        Plug(forms[nth % 4]);
        (void)FailsAt(nth, "usb:CAM1", Wish());
    }
    EXPECT_EQ(35u, calls_failed) << "each of these calls is reached";
}

TEST_F(UvcFaults, WhatOpeningAndStartingNeedIsTold)
{
    /* By function, since which call is which depends on the threads. */
    for (const char *function : {"libusb_get_device_list", "libusb_claim_interface",
                                 "libusb_alloc_transfer", "libusb_submit_transfer"}) {
        for (uint64_t nth = 1; nth <= 2; nth++) {
            Plug(forms[nth]);
            EXPECT_TRUE(FailsAt(nth, "usb:CAM1", Wish(), function)) << function << " " << nth;
        }
    }
    EXPECT_EQ(8u, calls_failed);
    /* The control: a camera without a driver of the system's needs none to be taken away. */
    Plug(forms[1]);
    EXPECT_FALSE(FailsAt(1, "usb:CAM1", Wish(), "libusb_detach_kernel_driver"));
    EXPECT_EQ(8u, calls_failed);
}

/* ---- Unplug ---- */

class UvcUnplug : public UvcTest {
  protected:
    bool At(uint64_t nth, const UvcForm &form, const char *function = nullptr)
    {
        fake_usb_card *card = Plug(form);
        bool reached = LeavesAt(card, nth, "usb:CAM1", Wish(), 2, 10000, function);
        EXPECT_EQ(VDC_OK, vdc_device_open(&device, context, "usb:CAM1", 0))
            << "call " << nth << ": " << vdc_error_text();
        Close();
        EXPECT_EQ(0u, fake_usb_reset()) << "call " << nth;
        return reached;
    }
};

TEST_F(UvcUnplug, AtAnyCall)
{
    const uint64_t step = std::getenv("VIDICON_LONG") ? 1 : 5;
    for (const UvcForm &form : {forms[0], forms[3]}) {
        uint64_t reached = 0;
        uint64_t missed = 0;
        for (uint64_t nth = 1; missed < 2 && nth < 1000; nth += step) {
            if (At(nth, form))
                reached++;
            else
                missed++;
        }
        EXPECT_GT(reached, 10u);
    }
}

TEST_F(UvcUnplug, AtEachStage)
{
    const struct {
        const char *stage, *function;
        uint64_t nth;
        bool iso, bulk;
    } stages[] = {
        {"claiming",           "libusb_claim_interface",           1,  true, true },
        {"the setting",        "libusb_set_interface_alt_setting", 1,  true, false},
        {"the first transfer", "libusb_submit_transfer",           2,  true, true },
        {"within a frame",     "libusb_submit_transfer",           17, true, true },
        {"at the stop",        "libusb_cancel_transfer",           1,  true, true },
    };
    const int rounds = std::getenv("VIDICON_LONG") ? 100 : 2;
    for (const UvcForm &form : {forms[0], forms[3]}) {
        for (const auto &one : stages) {
            if (!(form.bulk ? one.bulk : one.iso))
                continue;
            SCOPED_TRACE(std::string(one.stage) + (form.bulk ? ", bulk" : ", isochronous"));
            for (int i = 0; i < rounds; i++)
                EXPECT_TRUE(At(one.nth, form, one.function)) << "it never came to that";
        }
    }
    /* Each request: descriptors, probe, its answer, commit. Behind the last one nothing is reached: the control. */
    for (const UvcForm &form : {forms[0], forms[3]}) {
        for (int i = 0; i < rounds; i++) {
            uint64_t nth = 1;
            while (nth < 20 && At(nth, form, "libusb_control_transfer"))
                nth++;
            EXPECT_GE(nth, 4u);
            EXPECT_LT(nth, 20u);
        }
    }
}

TEST_F(UvcUnplug, WhileItWaits)
{
    fake_usb_card *card = Plug(forms[2]);
    Open();
    Stream(Wish());
    Start();
    Take(3);
    fake_usb_unplug(card);
    EXPECT_EQ(VDC_E_GONE, TakeToTheEnd(10000));
    vdc_stream_stop(stream);
    vdc_stats stats = Stats();
    EXPECT_EQ(stats.produced, Sum(stats));
    vdc_event event = VDC_EVENT_INIT;
    ASSERT_EQ(VDC_OK, vdc_context_wait_event(&event, context, 3000));
    EXPECT_EQ((uint32_t)VDC_EVENT_DEVICE_REMOVED, event.kind);
    EXPECT_STREQ("usb:CAM1", event.device_id);
}
