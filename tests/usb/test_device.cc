/* SPDX-License-Identifier: MIT */
/* Finding, opening, firmware, hotplug: everything but frames. */
#include <chrono>

#include "fixture.h"
#include "vidicon/service.h"
extern "C" {
#include "vdh_default_image.h"
}

using UsbDevice = UsbTest;

TEST_F(UsbDevice, ListsBySerialElseByPort)
{
    Plug(VDM_USB_SUPER, "A1");
    fake_usb_options options;
    fake_usb_defaults(&options);
    options.no_access = 1;
    options.bus = 3;
    options.ports[0] = 2;
    options.ports[1] = 5;
    options.ports[2] = 0;
    std::strncpy(options.serial, "B2", sizeof(options.serial) - 1);
    fake_usb_plug(&options);
    vdc_list *list = nullptr;
    ASSERT_EQ(VDC_OK, vdc_context_list_devices(&list, context));
    std::map<std::string, std::string> found;
    for (size_t i = 0; i < vdc_list_count(list); i++) {
        const vdc_device_info *info = vdc_list_device_at(list, i);
        if (std::strcmp(info->backend, "usb") == 0)
            found[info->id] = info->state_text;
    }
    vdc_list_destroy(list);
    EXPECT_EQ(2u, found.size());
    EXPECT_EQ(1u, found.count("usb:A1"));
    ASSERT_EQ(1u, found.count("usb:port-3-2.5"));
    EXPECT_EQ(VDC_E_PERMISSION, vdc_device_open(&device, context, "usb:port-3-2.5", 0));
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), ADVICE)) << vdc_error_text();
}

/* Each request that fails once, in turn: the device keeps its name. */
TEST_F(UsbDevice, AReadingThatFailsDoesNotRenameIt)
{
    Plug();
    for (uint64_t nth = 1; nth <= 2; nth++) {
        uint64_t before = fake_usb_failures();
        fake_usb_fail_transfer(0, nth, LIBUSB_TRANSFER_ERROR);
        Open("usb:A1?firmware=none");
        EXPECT_EQ(before + 1, fake_usb_failures());
        Close();
    }
}

TEST_F(UsbDevice, UnknownIdsAndOptions)
{
    Plug();
    EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_open(&device, context, "usb:Z9", 0));
    for (const char *id :
         {"usb:A1?transfer_bytes=1000", "usb:A1?devmem=perhaps", "usb:A1?nonsense=1",
          "usb:A1?transfer_bytes", "usb:A1?in_flight_bytes=99999999999"})
        EXPECT_EQ(VDC_E_INVALID, vdc_device_open(&device, context, id, 0)) << id;
}

TEST_F(UsbDevice, OneOwnerAtATime)
{
    Plug();
    Open();
    vdc_device *second = nullptr;
    EXPECT_EQ(VDC_E_BUSY, vdc_device_open(&second, context, "usb:A1", 0)) << vdc_error_text();
}

TEST_F(UsbDevice, SeveralOnOneBus)
{
    fake_usb_card *cards[3];
    vdc_device *devices[3];
    vdc_stream *streams[3];
    const char *serials[3] = {"M1", "M2", "M3"};
    vdc_stream_config config = Small();
    for (int i = 0; i < 3; i++) {
        cards[i] = Plug(VDM_USB_SUPER, serials[i]);
        std::string id = std::string("usb:") + serials[i];
        ASSERT_EQ(VDC_OK, vdc_device_open(&devices[i], context, id.c_str(), 0)) << vdc_error_text();
        ASSERT_EQ(VDC_OK, vdc_stream_open(&streams[i], devices[i], &config));
        ASSERT_EQ(VDC_OK, vdc_stream_start(streams[i]));
    }
    for (int round = 0; round < 10; round++) {
        for (vdc_stream *each : streams) {
            const vdc_frame *frame = nullptr;
            ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, each, 5000)) << vdc_error_text();
            vdc_stream_release(each, frame);
        }
    }
    for (int i = 0; i < 3; i++) {
        stream = streams[i];
        StopAndCompare(cards[i]);
        vdc_stream_close(streams[i]);
        vdc_device_close(devices[i]);
    }
    stream = nullptr;
}

TEST_F(UsbDevice, WithoutFirmwareItIsLimited)
{
    Plug();
    Open("usb:A1?firmware=none");
    EXPECT_EQ((uint32_t)VDC_DEVICE_LIMITED, vdc_device_get_info(device)->state);
    EXPECT_STRNE("", vdc_device_get_info(device)->state_text);
    EXPECT_EQ(VDC_E_FIRMWARE, vdc_stream_open(&stream, device, nullptr));
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    EXPECT_EQ(VDC_OK, vdc_device_get_firmware(&info, device)) << vdc_error_text();
    EXPECT_EQ(0u, info.running);
    uint8_t rubbish[256] = {1, 2, 3};
    EXPECT_EQ(VDC_E_FIRMWARE,
              vdc_device_load_firmware(device, rubbish, sizeof(rubbish), nullptr, nullptr));
    EXPECT_EQ((uint32_t)VDC_DEVICE_LIMITED, vdc_device_get_info(device)->state);
    /* The right one: it leaves the bus, comes back, and the handle is the same. */
    EXPECT_EQ(VDC_OK, vdc_device_load_firmware(device, vdh_default_image, vdh_default_image_bytes,
                                               nullptr, nullptr))
        << vdc_error_text();
    EXPECT_EQ((uint32_t)VDC_DEVICE_READY, vdc_device_get_info(device)->state);
    Stream(Small());
    Look();
    Start();
    Take(3);
}

TEST_F(UsbDevice, TooFastForTheLink)
{
    Plug(VDM_USB_HIGH);
    Open();
    vdc_negotiation answer = VDC_NEGOTIATION_INIT;
    ASSERT_EQ(VDC_OK, vdc_device_negotiate(&answer, device, nullptr)) << vdc_error_text();
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format.width_px = 1920;
    config.format.height_px = 1080;
    config.format.interval_s = {1, 60};
    EXPECT_EQ(VDC_E_RANGE, vdc_stream_open(&stream, device, &config));
    /* 1920 x 1080 x 2, a multiple of 1024, and 64, sixty times a second. */
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "248835840")) << vdc_error_text();
    EXPECT_NE(nullptr, std::strstr(vdc_error_text(), "53248000")) << vdc_error_text();
}

TEST_F(UsbDevice, FewRequests)
{
    Plug();
    Open();
    uint64_t opening = fake_usb_controls();
    EXPECT_LT(opening, 160u);
    Stream(Small());
    uint64_t before = fake_usb_controls();
    Look();
    Start();
    uint64_t starting = fake_usb_controls() - before;
    EXPECT_LT(starting, 40u);
    Take(200);
    RecordProperty("opening", static_cast<int>(opening));
    RecordProperty("starting", static_cast<int>(starting));
}

class UsbNews : public UsbTest {
  protected:
    /* The next event of a device, "" if none comes. */
    std::string Next(int timeout_ms)
    {
        vdc_event event = VDC_EVENT_INIT;
        while (vdc_context_wait_event(&event, context, timeout_ms) == VDC_OK) {
            if (std::strncmp(event.device_id, "usb:", 4) == 0)
                return std::string(event.kind == VDC_EVENT_DEVICE_ARRIVED ? "+" : "-") +
                       event.device_id;
        }
        return "";
    }
};

class UsbHotplug : public UsbNews, public ::testing::WithParamInterface<int> {};

TEST_P(UsbHotplug, TellsOfComingAndGoing)
{
    fake_usb_set_hotplug(GetParam());
    EXPECT_EQ("", Next(50));
    fake_usb_card *card = Plug();
    EXPECT_EQ("+usb:A1", Next(5000));
    /* That it leaves the bus when its firmware starts is nobody's business. */
    Open();
    EXPECT_EQ("", Next(700));
    Close();
    fake_usb_unplug(card);
    EXPECT_EQ("-usb:A1", Next(5000));
    fake_usb_replug(card);
    EXPECT_EQ("+usb:A1", Next(5000));
}

INSTANTIATE_TEST_SUITE_P(Both, UsbHotplug, ::testing::Values(1, 0));

/* Whoever is told of a device opens it, so it is told of when that can be done; at last even if it cannot. */
TEST_F(UsbNews, IsToldOfOnceAndWhenItCanBeOpened)
{
    fake_usb_options options;
    fake_usb_defaults(&options);
    options.rate = FAKE_USB_MAX;
    options.no_access = 1;
    std::strncpy(options.serial, "B2", sizeof(options.serial) - 1);
    EXPECT_EQ("", Next(50));
    fake_usb_card *card = fake_usb_plug(&options);
    EXPECT_EQ("", Next(300));
    options.no_access = 0;
    fake_usb_change(card, &options);
    EXPECT_EQ("+usb:B2", Next(5000));
    Open("usb:B2");
    Close();
    EXPECT_EQ("", Next(700));
}

TEST_F(UsbNews, IsToldOfAtLastIfItCannotBeOpened)
{
    fake_usb_options options;
    fake_usb_defaults(&options);
    options.no_access = 1;
    EXPECT_EQ("", Next(50));
    fake_usb_card *card = fake_usb_plug(&options);
    EXPECT_EQ(0u, Next(10000).find("+usb:port-"));
    fake_usb_unplug(card);
    EXPECT_EQ(0u, Next(5000).find("-usb:port-"));
}
