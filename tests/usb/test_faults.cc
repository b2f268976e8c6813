/* SPDX-License-Identifier: MIT */
/* What goes wrong on the wire: each ends in a named cause, and no wrong frame is called good. */
#include "fixture.h"

class UsbFaults : public UsbTest {};

/* One thing that goes wrong, and the only cause that it may be counted under. */
struct Fault {
    const char *name;
    const char *script, *kind; /* of the model; or */
    uint64_t nth;              /* the transfer that ends with */
    libusb_transfer_status status;
    uint32_t bytes; /* COMPLETED: so many */
    vdc_drop cause;
    uint64_t times;
    uint32_t width;
};

const Fault faults[] = {
    {"short frames",
     "usb-short@packet=5;usb-short@packet=20,count=2", "usb-short",
     0,                                                                  {},
     0,                                                                                                         VDC_DROP_SHORT,
     3,                                                                                                                                64 },
    {"stalls",
     "usb-stall@packet=5;usb-stall@packet=30",         "usb-stall",
     0,                                                                  {},
     0,                                                                                                         VDC_DROP_STALL,
     2,                                                                                                                                64 },
    {"impossible records",
     "usb-corrupt@packet=7,count=3",                   "usb-corrupt",
     0,                                                                  {},
     0,                                                                                                         VDC_DROP_MALFORMED,
     3,                                                                                                                                64 },
    {"a short large frame",   "usb-short@packet=9",    "usb-short",   0, {},                        0,          VDC_DROP_SHORT,     1, 480},
    {"a stall in many parts", "usb-stall@packet=9",    "usb-stall",   0, {},                        0,          VDC_DROP_STALL,     1, 480},
    {"an empty packet",       nullptr,                 nullptr,       3, LIBUSB_TRANSFER_COMPLETED, 0,          VDC_DROP_SHORT,     1, 64 },
    {"no end of a frame",     nullptr,                 nullptr,       4, LIBUSB_TRANSFER_COMPLETED, UINT32_MAX, VDC_DROP_LONG,
     1,                                                                                                                                64 },
    {"babble",                nullptr,                 nullptr,       3, LIBUSB_TRANSFER_OVERFLOW,  0,          VDC_DROP_OVERRUN,   1, 64 },
    {"a failed transfer",     nullptr,                 nullptr,       3, LIBUSB_TRANSFER_ERROR,     0,          VDC_DROP_BUS,       1, 64 },
    {"a cancelled transfer",  nullptr,                 nullptr,       3, LIBUSB_TRANSFER_CANCELLED, 0,          VDC_DROP_BUS,       1,
     64                                                                                                                                   },
    {"nothing",               nullptr,                 nullptr,       0, LIBUSB_TRANSFER_COMPLETED, 0,          VDC_DROP_UNKNOWN,   0,
     64                                                                                                                                   }, /* the control */
};

TEST_F(UsbFaults, EachHasItsOwnCause)
{
    for (const Fault &fault : faults) {
        SCOPED_TRACE(fault.name);
        std::string serial = "F" + std::to_string(&fault - faults);
        fake_usb_card *card = Plug(VDM_USB_SUPER, serial.c_str());
        const char *what = "";
        ASSERT_EQ(0, fake_usb_faults(card, fault.script ? fault.script : "", &what)) << what;
        Open(("usb:" + serial).c_str());
        Stream(Small(fault.width, fault.width));
        Look();
        uint64_t before = fake_usb_failures();
        Start();
        Take(5);
        if (fault.nth && fault.status == LIBUSB_TRANSFER_COMPLETED)
            fake_usb_resize_transfer(0x81, fault.nth, fault.bytes);
        else if (fault.nth)
            fake_usb_fail_transfer(0x81, fault.nth, fault.status);
        Take(40);
        vdc_stats stats = StopAndCompare(card);
        EXPECT_EQ(fault.times,
                  fault.script ? fake_usb_injected(card, fault.kind) : fake_usb_failures() - before)
            << "the fault did not happen so";
        EXPECT_GE(stats.dropped[fault.cause], fault.times);
        for (int cause : {VDC_DROP_BUS, VDC_DROP_SHORT, VDC_DROP_LONG, VDC_DROP_MALFORMED,
                          VDC_DROP_STALL, VDC_DROP_OVERRUN}) {
            EXPECT_TRUE(cause == fault.cause || stats.dropped[cause] == 0)
                << stats.dropped[cause] << " by " << vdc_drop_name(static_cast<uint32_t>(cause));
        }
        Close();
    }
}

TEST_F(UsbFaults, OneAfterTheOtherEndsByName)
{
    fake_usb_card *card = Plug();
    const char *what = "";
    ASSERT_EQ(0, fake_usb_faults(card, "usb-stall@packet=5,count=100000", &what)) << what;
    Open();
    Stream(Small());
    Look();
    Start();
    EXPECT_EQ(VDC_E_IO, TakeToTheEnd(20000)) << vdc_error_text();
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "STALL")) << vdc_error_text();
    EXPECT_GE(StopAndCompare(card).dropped[VDC_DROP_STALL], 16u);
}

TEST_F(UsbFaults, SilentEndpointIsWokenUp)
{
    fake_usb_card *card = CaptureInRealTime();
    fake_usb_fail_transfer(0x81, 1, LIBUSB_TRANSFER_TIMED_OUT);
    Take(30);
    EXPECT_EQ(1u, fake_usb_failures());
    StopAndCompare(card);
}

/* The transfer that waits for the next event is refused behind the first one: the next is heard all the same. */
TEST_F(UsbFaults, EventsAreHeardBehindARefusal)
{
    fake_usb_card *card = CaptureInRealTime();
    const char *what = nullptr;
    int value = 40;
    for (int refused : {0, 1, 0}) {
        SCOPED_TRACE(refused);
        vdm_ledger ledger;
        fake_usb_ledger(card, &ledger);
        fake_usb_refuse_transfer(0x82, static_cast<uint64_t>(refused), LIBUSB_ERROR_IO);
        std::string script = "control-change@frame=" + std::to_string(ledger.capture.produced + 3) +
                             ",control=0,value=" + std::to_string(++value);
        ASSERT_EQ(0, fake_usb_faults(card, script.c_str(), &what)) << what;
        vdc_event event = VDC_EVENT_INIT;
        do
            ASSERT_EQ(VDC_OK, vdc_context_wait_event(&event, context, 3000)) << vdc_error_text();
        while (event.kind != VDC_EVENT_CONTROL_CHANGED);
    }
    EXPECT_EQ(1u, fake_usb_failures());
    EXPECT_EQ(3u, fake_usb_injected(card, "control-change"));
}

/* Each ends in time, and by its own name where it is not simply asked again. */
TEST_F(UsbFaults, RequestsThatFail)
{
    const struct {
        libusb_transfer_status status;
        const char *words;
    } ends[] = {
        {LIBUSB_TRANSFER_TIMED_OUT, "was not answered" },
        {LIBUSB_TRANSFER_STALL,     "refused a request"},
        {LIBUSB_TRANSFER_ERROR,     "failed on the bus"},
        {LIBUSB_TRANSFER_COMPLETED, "too short"        }
    };
    for (const auto &end : ends) {
        SCOPED_TRACE(end.words);
        fake_usb_card *card = Plug();
        Open();
        Stream(Small());
        Look();
        uint64_t before = fake_usb_failures();
        if (end.status == LIBUSB_TRANSFER_COMPLETED)
            fake_usb_resize_transfer(0, 1, 1);
        else
            fake_usb_fail_transfer(0, 1, end.status);
        EXPECT_EQ(VDC_E_IO, vdc_stream_start(stream));
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), end.words)) << vdc_error_text();
        EXPECT_EQ(before + 1, fake_usb_failures());
        vdc_stream_stop(stream);
        Start();
        Take(3);
        StopAndCompare(card);
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
}

TEST_F(UsbFaults, AnOpeningThatIsNeverAnsweredEnds)
{
    uint64_t failed = 0;
    for (uint64_t nth = 1; nth < 30; nth += 7) {
        Plug();
        fake_usb_fail_transfer(0, nth, LIBUSB_TRANSFER_TIMED_OUT);
        int status = vdc_device_open(&device, context, "usb:A1", 0);
        EXPECT_TRUE(status == VDC_OK || status == VDC_E_IO || status == VDC_E_NOT_FOUND)
            << nth << ": " << vdc_status_name(status) << ": " << vdc_error_text();
        failed += fake_usb_failures();
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
    EXPECT_GE(failed, 4u);
}

TEST_F(UsbFaults, EveryCallThatCanFail)
{
    /* Whatever fails in opening and starting: a status with words, nothing left behind, and it works
     * again afterwards. */
    for (uint64_t nth = 1; nth < 120; nth += nth < 40 ? 1 : 7) {
        Plug();
        (void)FailsAt(nth, "usb:A1", Small());
    }
    EXPECT_EQ(51u, calls_failed) << "each of these calls is reached";
}

TEST_F(UsbFaults, WhatOpeningAndStartingNeedIsTold)
{
    /* By function, since which call is which depends on the threads. A request is asked again. */
    for (const char *function : {"libusb_get_device_list", "libusb_claim_interface",
                                 "libusb_alloc_transfer", "libusb_submit_transfer"}) {
        Plug();
        EXPECT_TRUE(FailsAt(1, "usb:A1", Small(), function)) << function;
    }
    EXPECT_EQ(4u, calls_failed);
}
