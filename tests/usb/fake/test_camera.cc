// SPDX-License-Identifier: MIT
//
// Cameras on the fake bus: what a wrong user of them is told. Each is the negative control of a check that tests of the backend rely
// on.
#include <gtest/gtest.h>

#include <vector>

#include "fake_usb.h"

namespace {

class Cameras : public ::testing::Test {
  protected:
    void Plug(bool bulk)
    {
        camera_config config = {CAMERA_HIGH, bulk ? 1u : 0u, 0, 0x6666, 0x0003, "CAM1", 0};
        libusb_device **list = nullptr;

        ASSERT_NE(nullptr, fake_usb_plug_camera(&config));
        ASSERT_EQ(0, libusb_init(&context));
        ASSERT_EQ(1, libusb_get_device_list(context, &list));
        ASSERT_EQ(0, libusb_open(list[0], &handle));
        libusb_free_device_list(list, 1);
    }
    void Claim()
    {
        ASSERT_EQ(0, libusb_set_auto_detach_kernel_driver(handle, 1));
        ASSERT_EQ(0, libusb_claim_interface(handle, 0));
        ASSERT_EQ(0, libusb_claim_interface(handle, 1));
    }
    void TearDown() override
    {
        if (transfer != nullptr) {
            libusb_free_transfer(transfer);
        }
        libusb_close(handle);
        libusb_exit(context);
        EXPECT_EQ(expected, fake_usb_complaints());
        fake_usb_forgive();
        EXPECT_EQ(0u, fake_usb_reset());
    }
    static void LIBUSB_CALL Done(libusb_transfer *of) { *static_cast<int *>(of->user_data) = 1; }
    int Submit(int packets, unsigned packet_bytes)
    {
        transfer = libusb_alloc_transfer(packets);
        buffer.resize(static_cast<size_t>(packets) * packet_bytes);
        libusb_fill_iso_transfer(transfer, handle, CAMERA_VIDEO_ENDPOINT, buffer.data(),
                                 static_cast<int>(buffer.size()), packets, Done, &done, 0);
        libusb_set_iso_packet_lengths(transfer, packet_bytes);
        return libusb_submit_transfer(transfer);
    }
    void Finish()
    {
        while (!done) {
            libusb_handle_events_completed(context, &done);
        }
    }

    libusb_context *context = nullptr;
    libusb_device_handle *handle = nullptr;
    libusb_transfer *transfer = nullptr;
    std::vector<uint8_t> buffer;
    int done = 0;
    uint64_t expected = 0;
};

} // namespace

TEST_F(Cameras, TheKernelsDriverHoldsIt)
{
    Plug(false);
    EXPECT_EQ(LIBUSB_ERROR_BUSY, libusb_claim_interface(handle, 0));
    Claim();
    EXPECT_EQ(LIBUSB_ERROR_NOT_FOUND, libusb_claim_interface(handle, 2));
}

TEST_F(Cameras, PacketsComeInTheirTime)
{
    Plug(false);
    Claim();
    ASSERT_EQ(0, libusb_set_interface_alt_setting(handle, 1, 4));
    ASSERT_EQ(0, Submit(16, 3072));
    Finish();
    EXPECT_EQ(LIBUSB_TRANSFER_COMPLETED, transfer->status);
    EXPECT_GT(transfer->iso_packet_desc[0].actual_length, 12u);
    EXPECT_EQ(12, buffer[0]) << "a header stands first";
}

TEST_F(Cameras, NoEndpointInSettingZero)
{
    Plug(false);
    Claim();
    EXPECT_EQ(LIBUSB_ERROR_NOT_FOUND, Submit(4, 512));
    expected = 1;
}

TEST_F(Cameras, PacketsLargerThanTheSetting)
{
    Plug(false);
    Claim();
    ASSERT_EQ(0, libusb_set_interface_alt_setting(handle, 1, 1));
    EXPECT_EQ(LIBUSB_ERROR_INVALID_PARAM, Submit(4, 1024));
    expected = 1;
}

TEST_F(Cameras, TheSettingUnderATransfer)
{
    Plug(false);
    Claim();
    ASSERT_EQ(0, libusb_set_interface_alt_setting(handle, 1, 1));
    ASSERT_EQ(0, Submit(100, 512));
    EXPECT_EQ(0, libusb_set_interface_alt_setting(handle, 1, 0));
    ASSERT_EQ(0, libusb_cancel_transfer(transfer));
    Finish();
    EXPECT_EQ(LIBUSB_TRANSFER_CANCELLED, transfer->status);
    expected = 1;
}

TEST_F(Cameras, AnInterfaceThatNobodyClaimed)
{
    Plug(false);
    ASSERT_EQ(0, libusb_set_auto_detach_kernel_driver(handle, 1));
    ASSERT_EQ(0, libusb_claim_interface(handle, 0));
    EXPECT_EQ(LIBUSB_ERROR_NOT_FOUND, libusb_set_interface_alt_setting(handle, 1, 1));
    EXPECT_EQ(LIBUSB_ERROR_NOT_FOUND, Submit(4, 512));
    expected = 1;
}

TEST_F(Cameras, BulkIsNotIsochronous)
{
    Plug(true);
    Claim();
    EXPECT_EQ(LIBUSB_ERROR_INVALID_PARAM, Submit(4, 512));
    expected = 1;
}

TEST_F(Cameras, ABufferThatIsWrittenTo)
{
    Plug(false);
    Claim();
    ASSERT_EQ(0, libusb_set_interface_alt_setting(handle, 1, 1));
    ASSERT_EQ(0, Submit(100, 512));
    buffer[3] ^= 1;
    Finish();
    expected = 1;
}
