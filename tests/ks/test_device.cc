/* SPDX-License-Identifier: MIT */
/* Finding, opening, describing: ids, pins, formats, controls of any filter. */
#include <cstring>
#include <map>

#include "fixture.h"

namespace {

const char kCameraId[] = "ks:usb#vid_aa&pid_bb&mi_00#6&1234&0&0000\\global";

class KsDevice : public KsTest {
  protected:
    std::vector<std::string> ids()
    {
        vdc_list *list = nullptr;
        std::vector<std::string> out;
        EXPECT_STATUS(VDC_OK, vdc_context_list_devices(&list, context_));
        for (size_t i = 0; i < vdc_list_count(list); i++)
            out.push_back(vdc_list_device_at(list, i)->id);
        vdc_list_destroy(list);
        return out;
    }
    ks_interface other(uint32_t category, const std::string &path)
    {
        ks_interface out = {};
        out.category = category;
        std::snprintf(out.path, sizeof(out.path), "%s", path.c_str());
        return out;
    }
};

TEST_F(KsDevice, ListedOnceForAllItsCategories)
{
    fake_.plug_camera();
    fake_.interfaces.push_back(other(KS_CATEGORY_CAPTURE, "\\\\?\\usb#mic#1#{65e8773d}\\wave"));
    fake_.interfaces.push_back(other(KS_CATEGORY_AUDIO, "\\\\?\\USB#mic#1#{6994ad04}\\wave"));
    EXPECT_EQ(std::vector<std::string>{kCameraId}, ids());
}

TEST_F(KsDevice, LongIdsEndInAHash)
{
    std::string path = "\\\\?\\" + std::string(200, 'x') + "#{65e8773d}";
    fake_.interfaces.push_back(other(KS_CATEGORY_CAPTURE, path + "\\a"));
    fake_.interfaces.push_back(other(KS_CATEGORY_CAPTURE, path + "\\b"));
    std::vector<std::string> found = ids();
    ASSERT_EQ(2u, found.size());
    EXPECT_NE(found[0], found[1]);
    EXPECT_LT(found[0].size(), 128u);
    EXPECT_EQ(found, ids());
}

TEST_F(KsDevice, OpensByIdByPathAndFirst)
{
    fake_.plug_camera();
    for (const char *id : {kCameraId, "ks:"}) {
        ASSERT_STATUS(VDC_OK, vdc_device_open(&device_, context_, id, 0));
        EXPECT_STREQ(kCameraId, vdc_device_get_info(device_)->id);
        EXPECT_STREQ("Camera", vdc_device_get_info(device_)->name);
        EXPECT_STREQ("Port_#0001.Hub_#0002", vdc_device_get_info(device_)->location);
        EXPECT_EQ(static_cast<uint32_t>(VDC_DEVICE_READY), vdc_device_get_info(device_)->state);
        close();
    }
    std::string path = std::string("ks:") + fake_.interfaces[0].path;
    EXPECT_STATUS(VDC_OK, vdc_device_open(&device_, context_, path.c_str(), 0));
    vdc_device *none = nullptr;
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&none, context_, "ks:nobody", 0));
}

TEST_F(KsDevice, NothingThere)
{
    EXPECT_TRUE(ids().empty());
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, "ks:", 0));
    fake_.enumerate_result = KS_NOT_ENOUGH_MEMORY;
    EXPECT_STATUS(VDC_E_IO, vdc_device_open(&device_, context_, "ks:", 0));
}

TEST_F(KsDevice, WithoutVideoItIsLimited)
{
    fake_.plug_camera();
    fake_.pins[0].flow = 1;
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, "ks:", 0));
    ASSERT_STATUS(VDC_OK, vdc_device_open(&device_, context_, kCameraId, 0));
    EXPECT_EQ(static_cast<uint32_t>(VDC_DEVICE_LIMITED), vdc_device_get_info(device_)->state);
}

TEST_F(KsDevice, TheCapturePinComesFirst)
{
    fake_.plug_camera();
    FakePin capture = fake_.pins[0], preview = fake_.pins[0], still = fake_.pins[0];
    preview.category = ks_category_preview;
    preview.ranges = {Range(0x32595559, 160, 120).bytes()};
    still.category = ks_category_still;
    still.ranges = {Range(0x32595559, 2560, 1920).bytes()};
    FakePin in = capture;
    in.flow = 1;
    fake_.pins = {in, still, preview, capture};
    open();
    stream();
    uint32_t pin = 0;
    std::memcpy(&pin, fake_.connect.data() + offsetof(ks_connect, pin), sizeof(pin));
    EXPECT_EQ(3u, pin);
    close();
    fake_.pins = {in, still, preview};
    open();
    stream();
    std::memcpy(&pin, fake_.connect.data() + offsetof(ks_connect, pin), sizeof(pin));
    EXPECT_EQ(2u, pin);
}

TEST_F(KsDevice, Formats)
{
    fake_.plug_camera();
    fake_.rates = {333333, 2000000, 1000000, 5000000 /* beyond the range */};
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    ASSERT_EQ(3u, vdc_list_count(list));
    const vdc_format_info *large = vdc_list_format_at(list, 1);
    EXPECT_EQ(VDC_FOURCC_YUYV, large->fourcc);
    EXPECT_EQ(640u, large->width_max_px);
    EXPECT_EQ(0u, large->interval_range);
    ASSERT_EQ(3u, large->interval_count);
    EXPECT_EQ(30u, large->intervals_s[0].den);
    EXPECT_EQ(5u, large->intervals_s[1].den);
    EXPECT_EQ(1u, vdc_list_format_at(list, 0)->interval_count);
    EXPECT_EQ(1u, vdc_list_format_at(list, 2)->compressed);
    vdc_list_destroy(list);
}

TEST_F(KsDevice, AnyIntervalOfARange)
{
    fake_.plug_camera();
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    EXPECT_EQ(1u, vdc_list_format_at(list, 1)->interval_range);
    vdc_list_destroy(list);
    vdc_format wanted = VDC_FORMAT_INIT;
    wanted.width_px = 640;
    wanted.height_px = 480;
    wanted.interval_s = {1, 12};
    vdc_negotiation got = VDC_NEGOTIATION_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&got, device_, &wanted));
    EXPECT_EQ(0u, got.changed);
    stream(&got.format);
    ks_video video;
    std::memcpy(&video, fake_.connect.data() + sizeof(ks_connect) + sizeof(ks_format),
                sizeof(video));
    EXPECT_EQ(833333, video.head.interval_100ns);
}

TEST_F(KsDevice, TwinsInBothFormsAreOne)
{
    fake_.plug_camera();
    Range first(0x32595559, 640, 480), second(0x32595559, 640, 480);
    second.second = true;
    fake_.pins[0].ranges = {first.bytes(), second.bytes()};
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    ASSERT_EQ(1u, vdc_list_count(list));
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_PROGRESSIVE), vdc_list_format_at(list, 0)->field);
    vdc_list_destroy(list);
    stream();
    EXPECT_EQ(sizeof(ks_connect) + sizeof(ks_format) + sizeof(ks_video2), fake_.connect.size());
}

TEST_F(KsDevice, AttributesAreNoRanges)
{
    fake_.plug_camera();
    Range range(0x32595559, 640, 480), hidden(0x32595559, 320, 240);
    range.head.range.flags = KS_FORMAT_ATTRIBUTES;
    fake_.pins[0].ranges = {range.bytes(), hidden.bytes(), hidden.bytes()};
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    EXPECT_EQ(2u, vdc_list_count(list));
    vdc_list_destroy(list);
}

TEST_F(KsDevice, Negotiates)
{
    const struct {
        uint32_t fourcc, width, height;
        uint32_t got_fourcc, got_width, changed;
    } cases[] = {
        {0,                0,    0,    VDC_FOURCC_YUYV,  320, 0                 },
        {VDC_FOURCC_MJPEG, 0,    0,    VDC_FOURCC_MJPEG, 640, 0                 },
        {VDC_FOURCC_YUYV,  400,  300,  VDC_FOURCC_YUYV,  640, VDC_CHANGED_SIZE  },
        {VDC_FOURCC_YUYV,  9999, 9999, VDC_FOURCC_YUYV,  640, VDC_CHANGED_SIZE  },
        {VDC_FOURCC_GREY,  320,  240,  VDC_FOURCC_YUYV,  320, VDC_CHANGED_FOURCC},
    };
    fake_.plug_camera();
    open();
    for (const auto &one : cases) {
        vdc_format wanted = VDC_FORMAT_INIT;
        wanted.fourcc = one.fourcc;
        wanted.width_px = one.width;
        wanted.height_px = one.height;
        vdc_negotiation got = VDC_NEGOTIATION_INIT, again = VDC_NEGOTIATION_INIT;
        ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&got, device_, &wanted));
        EXPECT_EQ(one.got_fourcc, got.format.fourcc);
        EXPECT_EQ(one.got_width, got.format.width_px);
        EXPECT_EQ(one.changed, got.changed);
        ASSERT_STATUS(VDC_OK, vdc_device_negotiate(&again, device_, &got.format));
        EXPECT_EQ(0u, again.changed);
    }
}

TEST_F(KsDevice, Controls)
{
    fake_.plug_camera();
    fake_.flips = KS_VIDEO_FLIP_VERTICAL;
    fake_.levels[{false, 13}] = {1, 0, 3, 1, 1};
    open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
    std::map<uint32_t, const vdc_control_info *> by_id;
    for (size_t i = 0; i < vdc_list_count(list); i++)
        by_id[vdc_list_control_at(list, i)->id] = vdc_list_control_at(list, i);
    ASSERT_EQ(5u, by_id.size());
    EXPECT_EQ(128, by_id[VDC_CONTROL_BRIGHTNESS]->default_value);
    EXPECT_EQ(255, by_id[VDC_CONTROL_BRIGHTNESS]->maximum);
    ASSERT_EQ(4u, by_id[VDC_CONTROL_POWER_LINE]->menu_count);
    EXPECT_STREQ("50 Hz", by_id[VDC_CONTROL_POWER_LINE]->menu[1].name);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CONTROL_BOOLEAN), by_id[VDC_CONTROL_EXPOSURE_AUTO]->type);
    /* 2^-2 s, and 2^-11 s, in 100 us. */
    EXPECT_EQ(2500, by_id[VDC_CONTROL_EXPOSURE]->maximum);
    EXPECT_EQ(4, by_id[VDC_CONTROL_EXPOSURE]->minimum);
    vdc_list_destroy(list);

    EXPECT_EQ(16, control(VDC_CONTROL_BRIGHTNESS));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 99));
    EXPECT_EQ(99, (fake_.levels[{false, 0}].value));
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 256));
    EXPECT_EQ(1, control(VDC_CONTROL_EXPOSURE_AUTO));
    EXPECT_EQ(312, control(VDC_CONTROL_EXPOSURE));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_EXPOSURE, 1300));
    EXPECT_EQ(-3, (fake_.levels[{true, 4}].value));
    EXPECT_EQ(0, control(VDC_CONTROL_EXPOSURE_AUTO));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_EXPOSURE_AUTO, 1));
    EXPECT_EQ(static_cast<uint32_t>(KS_LEVEL_AUTO), (fake_.levels[{true, 4}].flags));
    uint32_t flip = VDC_CONTROL_VENDOR + 0x401;
    EXPECT_EQ(0, control(flip));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, flip, 1));
    EXPECT_EQ(static_cast<uint32_t>(KS_VIDEO_FLIP_VERTICAL), fake_.flipped);
}

TEST_F(KsDevice, TellsOfArrivalAndRemoval)
{
    vdc_event event = VDC_EVENT_INIT;
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    fake_.notify();
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    fake_.plug_camera();
    fake_.notify();
    fake_.notify();
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 0));
    EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_DEVICE_ARRIVED), event.kind);
    EXPECT_STREQ(kCameraId, event.device_id);
    EXPECT_STATUS(VDC_E_TIMEOUT, vdc_context_wait_event(&event, context_, 0));
    fake_.interfaces.clear();
    fake_.notify();
    ASSERT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 0));
    EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_DEVICE_REMOVED), event.kind);
}

} // namespace
