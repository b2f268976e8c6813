/* SPDX-License-Identifier: MIT */
/* What a device does that is just leaving, a moment before the system says so, is not called a failure; of one that stays it is. */
#include <chrono>
#include <thread>

#include "fixture.h"
#include "uvc_fixture.h"

using std::chrono::milliseconds;
using std::chrono::steady_clock;

static const milliseconds PATIENCE(500);

bool PlatformReady(vdc_handle handle, int timeout_ms); /* the conformance suite's */

/* Over a card or a camera. */
template <typename Base> class Leaving : public Base {
  protected:
    /* What was armed has come about so often. */
    static void Await(uint64_t failures)
    {
        auto end = steady_clock::now() + milliseconds(10000);
        while (fake_usb_failures() < failures && steady_clock::now() < end)
            std::this_thread::sleep_for(milliseconds(1));
        ASSERT_GE(fake_usb_failures(), failures);
    }
    /* In doubt nobody is told anything. */
    void Undecided() { EXPECT_EQ(VDC_E_TIMEOUT, this->TakeToTheEnd(20)) << vdc_error_text(); }
    /* It leaves within the patience. */
    void Leaves(fake_usb_card *card)
    {
        Undecided();
        fake_usb_unplug(card);
        EXPECT_EQ(VDC_E_GONE, this->TakeToTheEnd(5000)) << vdc_error_text();
        vdc_stream_stop(this->stream);
        vdc_stats stats = this->Stats();
        EXPECT_EQ(stats.produced, this->Sum(stats));
        EXPECT_EQ(0u, stats.in_flight);
    }
    /* It stays, and fails when patience is at its end: counted from `begun`, before the refusal. */
    void Stays(steady_clock::time_point begun, const char *words)
    {
        Undecided();
        EXPECT_EQ(VDC_E_IO, this->TakeToTheEnd(5000));
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), words)) << vdc_error_text();
        EXPECT_GE(steady_clock::now() - begun, PATIENCE);
        EXPECT_EQ(VDC_OK, vdc_stream_stop(this->stream)) << vdc_error_text();
    }
    /* Nobody but the request says that it is gone. */
    void IsSaidToBeGone()
    {
        fake_usb_fail_call("libusb_control_transfer", 1, LIBUSB_ERROR_NO_DEVICE);
        EXPECT_EQ(VDC_E_GONE, this->TakeToTheEnd(5000)) << vdc_error_text();
    }
    void StopsAtOnce()
    {
        auto begun = steady_clock::now();
        EXPECT_EQ(VDC_OK, vdc_stream_stop(this->stream)) << vdc_error_text();
        EXPECT_LT(steady_clock::now() - begun, PATIENCE);
    }
    /* Nothing is left of an earlier doubt. */
    void StartsAtOnce()
    {
        auto begun = steady_clock::now();
        this->Start();
        EXPECT_LT(steady_clock::now() - begun, PATIENCE / 2);
    }
};

class UsbLeave : public Leaving<UsbTest> {
  protected:
    fake_usb_card *Refused()
    {
        fake_usb_card *card = CaptureInRealTime();
        uint64_t before = fake_usb_failures();
        begun = steady_clock::now();
        fake_usb_refuse_transfer(0x81, 1, LIBUSB_ERROR_IO);
        Take(
            1); /* All buffers may be asked for: the next transfer is that of one that is given back. */
        Await(before + 1);
        return card;
    }
    fake_usb_card *StaysHalted()
    {
        fake_usb_card *card = CaptureInRealTime();
        uint64_t before = fake_usb_failures();
        begun = steady_clock::now();
        fake_usb_fail_call("libusb_clear_halt", 1, LIBUSB_ERROR_IO);
        fake_usb_fail_transfer(0x81, 1, LIBUSB_TRANSFER_STALL);
        Await(before + 2);
        return card;
    }
    void CapturesAgain(fake_usb_card *card)
    {
        StartsAtOnce();
        Take(5);
        StopAndCompare(card);
    }
    steady_clock::time_point begun;
};

TEST_F(UsbLeave, ARefusalBeforeItLeaves)
{
    Leaves(Refused());
}

TEST_F(UsbLeave, ARefusalOfOneThatStays)
{
    fake_usb_card *card = Refused();
    Stays(begun, "was refused (LIBUSB_ERROR_IO)");
    CapturesAgain(card);
}

TEST_F(UsbLeave, ARequestSaysSo)
{
    Refused();
    IsSaidToBeGone();
}

TEST_F(UsbLeave, AHaltBeforeItLeaves)
{
    Leaves(StaysHalted());
}

TEST_F(UsbLeave, AHaltOfOneThatStays)
{
    fake_usb_card *card = StaysHalted();
    Stays(begun, "stays halted");
    CapturesAgain(card);
}

TEST_F(UsbLeave, AHandleIsReadyBehindTheDoubt)
{
    vdc_handle handle;
    Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
    Open();
    Stream(Small());
    Look();
    ASSERT_EQ(VDC_OK, vdc_stream_get_handle(&handle, stream)) << vdc_error_text();
    Start();
    Take(5);
    begun = steady_clock::now();
    fake_usb_refuse_transfer(0x81, 1, LIBUSB_ERROR_IO);
    Take(1);
    Await(1);
    /* It is ready for what was on its way, and for nothing else before patience is at its end. */
    int result = VDC_OK;
    while (result == VDC_OK && PlatformReady(handle, 5000))
        result = TakeToTheEnd(0, 1);
    EXPECT_EQ(VDC_E_IO, result) << vdc_error_text();
    EXPECT_GE(steady_clock::now() - begun, PATIENCE);
}

TEST_F(UsbLeave, StoppedInDoubt)
{
    fake_usb_card *card = Refused();
    StopsAtOnce();
    CapturesAgain(card);
    fake_usb_refuse_transfer(0x81, 1, LIBUSB_ERROR_IO);
    EXPECT_EQ(VDC_E_IO, vdc_stream_start(stream)) << "and a later one is told as ever";
}

TEST_F(UsbLeave, ClosedInDoubt)
{
    Refused();
    auto closing = steady_clock::now();
    Close();
    EXPECT_LT(steady_clock::now() - closing, PATIENCE);
}

TEST_F(UsbLeave, AtTheStart)
{
    for (bool leaves : {false, true}) {
        fake_usb_card *card = Plug();
        Open();
        Stream(Small());
        Look();
        fake_usb_refuse_transfer(0x81, 1, LIBUSB_ERROR_IO);
        begun = steady_clock::now();
        std::thread hand([card, leaves] {
            std::this_thread::sleep_for(milliseconds(100));
            if (leaves)
                fake_usb_unplug(card);
        });
        EXPECT_EQ(leaves ? VDC_E_GONE : VDC_E_IO, vdc_stream_start(stream)) << vdc_error_text();
        hand.join();
        if (!leaves) {
            EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "was refused")) << vdc_error_text();
            EXPECT_GE(steady_clock::now() - begun, PATIENCE);
            CapturesAgain(card);
        }
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
}

/* ---- Cameras ---- */

class UvcLeave : public Leaving<UvcTest> {
  protected:
    fake_usb_card *Capture(const UvcForm &form)
    {
        fake_usb_card *card = Plug(form);
        Open();
        Stream(Wish());
        Start();
        next = 0;
        Take(3);
        begun = steady_clock::now();
        return card;
    }
    /* So often that beginning anew does not help any more; an isochronous one refuses that itself. */
    fake_usb_card *Refused(const UvcForm &form)
    {
        fake_usb_card *card = Capture(form);
        uint64_t before = fake_usb_failures();
        fake_usb_fail_calls("libusb_submit_transfer", 1, 1000, LIBUSB_ERROR_IO);
        Await(before + (form.bulk ? 4 : 1));
        return card;
    }
    void CapturesAgain(fake_usb_card *card)
    {
        fake_usb_fail_call(nullptr, 0, 0);
        fake_usb_fail_transfer(0x81, 0, LIBUSB_TRANSFER_ERROR);
        StartsAtOnce();
        next = 0;
        Take(3);
        Stop(card);
    }
    void EndOfOne()
    {
        Close();
        EXPECT_EQ(0u, fake_usb_reset());
    }
    /* It leaves in doubt, or stays, fails with these words, and captures again. */
    void EndsEitherWay(bool leaves, fake_usb_card *card, const char *words)
    {
        if (leaves) {
            Leaves(card);
        } else {
            Stays(begun, words);
            CapturesAgain(card);
        }
        EndOfOne();
    }
    const UvcForm forms[2] = {
        {CAMERA_SUPER, true },
        {CAMERA_HIGH,  false}
    };
    steady_clock::time_point begun;
};

TEST_F(UvcLeave, ARefusalBeforeItLeaves)
{
    for (const UvcForm &form : forms) {
        EndsEitherWay(true, Refused(form), "");
    }
}

TEST_F(UvcLeave, ARefusalOfOneThatStays)
{
    for (const UvcForm &form : forms) {
        EndsEitherWay(false, Refused(form), form.bulk ? "LIBUSB_ERROR_IO" : "its stream was lost");
    }
}

TEST_F(UvcLeave, ARequestSaysSo)
{
    Refused(forms[0]);
    /* The requests of beginning anew are over: what comes asks whether it is there. */
    Undecided();
    IsSaidToBeGone();
}

TEST_F(UvcLeave, AHalt)
{
    for (bool leaves : {false, true}) {
        fake_usb_card *card = Capture(forms[0]);
        uint64_t before = fake_usb_failures();
        fake_usb_fail_call("libusb_clear_halt", 1, LIBUSB_ERROR_IO);
        fake_usb_fail_transfer(0x81, 1, LIBUSB_TRANSFER_STALL);
        Await(before + 2);
        EndsEitherWay(leaves, card, "clearing it does not help");
    }
}

TEST_F(UvcLeave, OneTransferAfterTheOther)
{
    for (bool leaves : {false, true}) {
        fake_usb_card *card = Capture(forms[1]);
        uint64_t before = fake_usb_failures();
        fake_usb_fail_transfers(0x81, 1, 1000, LIBUSB_TRANSFER_ERROR);
        Await(before + 16);
        EndsEitherWay(leaves, card, "one transfer after the other");
    }
}

TEST_F(UvcLeave, BeginningAnew)
{
    for (bool leaves : {false, true}) {
        fake_usb_card *card = Capture(forms[1]);
        uint64_t before = fake_usb_failures();
        fake_usb_fail_call("libusb_set_interface_alt_setting", 1, LIBUSB_ERROR_IO);
        fake_usb_suspend(card);
        Await(before + 1);
        EndsEitherWay(leaves, card, "as after a suspend");
    }
}

TEST_F(UvcLeave, StoppedInDoubt)
{
    for (const UvcForm &form : forms) {
        fake_usb_card *card = Refused(form);
        StopsAtOnce();
        CapturesAgain(card);
        EndOfOne();
    }
}

TEST_F(UvcLeave, ClosedInDoubt)
{
    Refused(forms[0]);
    auto closing = steady_clock::now();
    Close();
    EXPECT_LT(steady_clock::now() - closing, PATIENCE);
}

TEST_F(UvcLeave, AtTheStart)
{
    for (bool leaves : {false, true}) {
        fake_usb_card *card = Plug(forms[1]);
        Open();
        Stream(Wish());
        fake_usb_fail_call("libusb_submit_transfer", 2, LIBUSB_ERROR_IO);
        begun = steady_clock::now();
        std::thread hand([card, leaves] {
            std::this_thread::sleep_for(milliseconds(100));
            if (leaves)
                fake_usb_unplug(card);
        });
        EXPECT_EQ(leaves ? VDC_E_GONE : VDC_E_IO, vdc_stream_start(stream)) << vdc_error_text();
        hand.join();
        if (!leaves) {
            EXPECT_GE(steady_clock::now() - begun, PATIENCE);
            CapturesAgain(card);
        }
        EndOfOne();
    }
}
