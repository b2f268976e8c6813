/* SPDX-License-Identifier: MIT */
/* A camera's controls: their ranges, their values, and what they tell by themselves. */
#include "uvc_fixture.h"

static const UvcForm form = {CAMERA_HIGH, true};

class UvcControls : public UvcTest {
  protected:
    void SetUp() override
    {
        UvcTest::SetUp();
        card = Plug(form);
        Open();
    }
    int64_t Get(uint32_t id)
    {
        int64_t value = -1;
        EXPECT_EQ(VDC_OK, vdc_device_get_control(&value, device, id)) << vdc_error_text();
        return value;
    }
    bool NextEvent(vdc_event *event)
    {
        *event = VDC_EVENT_INIT;
        return vdc_context_wait_event(event, context, 3000) == VDC_OK;
    }
    fake_usb_card *card = nullptr;
};

TEST_F(UvcControls, ListHasRangesMenusAndDefaults)
{
    vdc_list *list = nullptr;
    ASSERT_EQ(VDC_OK, vdc_device_list_controls(&list, device)) << vdc_error_text();
    ASSERT_EQ(4u, vdc_list_count(list));
    for (size_t i = 0; i < 4; i++) {
        const vdc_control_info *info = vdc_list_control_at(list, i);
        if (info->id == VDC_CONTROL_BRIGHTNESS) {
            EXPECT_EQ(-64, info->minimum);
            EXPECT_EQ(64, info->maximum);
            EXPECT_EQ(0, info->default_value);
        } else if (info->id == VDC_CONTROL_POWER_LINE) {
            EXPECT_EQ((uint32_t)VDC_CONTROL_MENU, info->type);
            EXPECT_EQ(3u, info->menu_count);
            EXPECT_EQ(2, info->default_value);
        } else if (info->id == VDC_CONTROL_EXPOSURE) {
            EXPECT_EQ(10000, info->maximum);
            EXPECT_TRUE(info->flags & VDC_CONTROL_INACTIVE) << "the camera chooses it";
        } else {
            EXPECT_EQ((uint32_t)VDC_CONTROL_EXPOSURE_AUTO, info->id);
            EXPECT_EQ(1, info->default_value);
        }
    }
    vdc_list_destroy(list);
}

TEST_F(UvcControls, ValuesGoThere)
{
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_BRIGHTNESS, -17))
        << vdc_error_text();
    EXPECT_EQ(-17, Get(VDC_CONTROL_BRIGHTNESS));
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_POWER_LINE, 1))
        << vdc_error_text();
    EXPECT_EQ(1, Get(VDC_CONTROL_POWER_LINE));
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, 0))
        << vdc_error_text();
    EXPECT_EQ(0, Get(VDC_CONTROL_EXPOSURE_AUTO));
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_EXPOSURE, 500))
        << vdc_error_text();
    EXPECT_EQ(500, Get(VDC_CONTROL_EXPOSURE));
    EXPECT_EQ(VDC_E_RANGE, vdc_device_set_control(device, VDC_CONTROL_BRIGHTNESS, 65));
    EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_set_control(device, VDC_CONTROL_HUE, 0));
}

TEST_F(UvcControls, PicturesFollowWhileItStreams)
{
    Stream(Wish());
    Start();
    Take(2);
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_BRIGHTNESS, 40))
        << vdc_error_text();
    bool brighter = false;
    for (int i = 0; i < 10 && !brighter; i++) {
        const vdc_frame *frame = nullptr;
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, 10000)) << vdc_error_text();
        picture.resize(320 * 240 * 2);
        for (uint64_t number = next; number < next + 16 && !brighter; number++) {
            camera_picture(picture.data(), picture.size(), CAMERA_YUYV, 320, 240,
                           static_cast<uint32_t>(number), 40);
            brighter = std::memcmp(frame->planes[0], picture.data(), picture.size()) == 0;
        }
        vdc_stream_release(stream, frame);
    }
    EXPECT_TRUE(brighter);
    Stop(card);
}

TEST_F(UvcControls, ChangesAreTold)
{
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, 0))
        << vdc_error_text();
    vdc_event event;
    bool told = false;
    while (!told && NextEvent(&event)) {
        told = event.kind == VDC_EVENT_CONTROL_CHANGED && event.control == VDC_CONTROL_EXPOSURE;
    }
    ASSERT_TRUE(told);
    EXPECT_EQ(156, event.value);
    EXPECT_STREQ("usb:CAM1", event.device_id);
    EXPECT_GE(Ledger(card).events, 1u);
}

TEST_F(UvcControls, ARefusalHasTheCamerasReason)
{
    EXPECT_EQ(0, Get(VDC_CONTROL_BRIGHTNESS)) << "and the list is read";
    Plant(card, CAMERA_STALL_CONTROL, 0);
    int64_t value = 0;
    EXPECT_NE(VDC_OK, vdc_device_get_control(&value, device, VDC_CONTROL_BRIGHTNESS));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "the camera refuses it: "))
        << vdc_error_text();
    EXPECT_EQ(1u, Ledger(card).injected[CAMERA_STALL_CONTROL]);
    EXPECT_EQ(0, Get(VDC_CONTROL_BRIGHTNESS)) << "and then it works";
}

TEST_F(UvcControls, ANeverAnsweredRequestEnds)
{
    EXPECT_EQ(0, Get(VDC_CONTROL_BRIGHTNESS)) << "and the list is read";
    Plant(card, CAMERA_NO_ANSWER, 0);
    int64_t value = 0;
    EXPECT_EQ(VDC_E_IO, vdc_device_get_control(&value, device, VDC_CONTROL_BRIGHTNESS));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "did not answer")) << vdc_error_text();
    EXPECT_EQ(1u, Ledger(card).injected[CAMERA_NO_ANSWER]);
    EXPECT_EQ(0, Get(VDC_CONTROL_BRIGHTNESS));
}

TEST_F(UvcControls, ACameraThatNeverAnswersEndsTheList)
{
    Plant(card, CAMERA_NO_ANSWER, 0, 1000);
    vdc_list *list = nullptr;
    EXPECT_EQ(VDC_E_IO, vdc_device_list_controls(&list, device));
    EXPECT_LE(Ledger(card).injected[CAMERA_NO_ANSWER], 3u) << "it is not asked for minutes";
}

TEST_F(UvcControls, AShortAnswerIsNoValue)
{
    EXPECT_EQ(0, Get(VDC_CONTROL_BRIGHTNESS)) << "and the list is read";
    Plant(card, CAMERA_SHORT_ANSWER, 0);
    int64_t value = 0;
    EXPECT_EQ(VDC_E_IO, vdc_device_get_control(&value, device, VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(1u, Ledger(card).injected[CAMERA_SHORT_ANSWER]);
}

TEST_F(UvcControls, AStalledStatusEndpointIsCleared)
{
    fake_usb_fail_transfer(0x83, 1, LIBUSB_TRANSFER_STALL);
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, 0))
        << vdc_error_text();
    /* The packet that the stall took is lost; the next one is told. */
    vdc_event event;
    bool told = false;
    for (int64_t on = 1; on >= 0 && !told; on--) {
        ASSERT_EQ(VDC_OK, vdc_device_set_control(device, VDC_CONTROL_EXPOSURE_AUTO, on))
            << vdc_error_text();
        while (!told && NextEvent(&event)) {
            told = event.control == VDC_CONTROL_EXPOSURE;
        }
    }
    EXPECT_TRUE(told);
    EXPECT_EQ(1u, fake_usb_failures());
}
