/* SPDX-License-Identifier: MIT */
/* Where libusb cannot take a device from its driver, as on Windows: whose it is then. */
#include "fixture.h"
#include "uvc_fixture.h"

namespace {

std::vector<std::string> Listed(vdc_context *context)
{
    std::vector<std::string> ids;
    vdc_list *list = nullptr;
    EXPECT_EQ(VDC_OK, vdc_context_list_devices(&list, context)) << vdc_error_text();
    for (size_t i = 0; i < vdc_list_count(list); i++)
        ids.push_back(vdc_list_device_at(list, i)->id);
    vdc_list_destroy(list);
    return ids;
}

class TakenCamera : public UvcTest {};
class TakenCard : public UsbTest {};

/* It is listed by the backend of its driver, and an open without an id must not stop at it. */
TEST_F(TakenCamera, IsNotListedTwice)
{
    for (int error : {LIBUSB_ERROR_NOT_SUPPORTED, LIBUSB_ERROR_NOT_FOUND}) {
        fake_usb_card *card = Plug({CAMERA_HIGH, false});
        ASSERT_EQ(std::vector<std::string>{"usb:CAM1"}, Listed(context));
        fake_usb_fail_call("libusb_open", 1, error);
        EXPECT_TRUE(Listed(context).empty());
        fake_usb_fail_call("libusb_open", 1, error);
        EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_open(&device, context, nullptr, 0));
        EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "sim:0")) << vdc_error_text();
        EXPECT_EQ(std::vector<std::string>{"usb:CAM1"}, Listed(context));
        fake_usb_unplug(card);
    }
}

/* Who may merely not open it sees it all the same. */
TEST_F(TakenCamera, IsListedWithoutPermission)
{
    Plug({CAMERA_HIGH, false});
    fake_usb_fail_call("libusb_open", 1, LIBUSB_ERROR_ACCESS);
    std::vector<std::string> ids = Listed(context);
    ASSERT_EQ(1u, ids.size());
    EXPECT_EQ(0u, ids[0].find("usb:port-")) << ids[0];
}

/* No other backend has the card on USB: it is shown, and the error says what is missing. */
TEST_F(TakenCard, IsListedAndSaysWhy)
{
    Plug();
    fake_usb_fail_call("libusb_open", 1, LIBUSB_ERROR_NOT_SUPPORTED);
    std::vector<std::string> ids = Listed(context);
    ASSERT_EQ(1u, ids.size());
    EXPECT_EQ(0u, ids[0].find("usb:port-")) << ids[0];
    fake_usb_fail_call("libusb_open", 2,
                       LIBUSB_ERROR_NOT_SUPPORTED); /* the first one asks its serial number */
    EXPECT_EQ(VDC_E_UNSUPPORTED, vdc_device_open(&device, context, ids[0].c_str(), 0));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "WinUSB")) << vdc_error_text();
}

} // namespace
