// SPDX-License-Identifier: MIT
// Opening by id, descriptions, controls and negotiation.
#include "fixture.h"

#include <cstring>

namespace {

class Device : public SdkTest {
  protected:
    /* The tests that count devices must not meet shipped backends. */
    int open(const char *id, uint32_t flags = 0)
    {
        vdc_device_close(device_);
        device_ = nullptr;
        return vdc_device_open(&device_, context_, id, flags);
    }

    int set(uint32_t control, int64_t value)
    {
        return vdc_device_set_control(device_, control, value);
    }

    vdc_negotiation result_ = VDC_NEGOTIATION_INIT;
};

TEST_F(Device, OpensById)
{
    EXPECT_STATUS(VDC_OK, open("fake:some/where"));
    EXPECT_EQ("some/where", fake_.opened_path);
    EXPECT_STATUS(VDC_OK, open("fake:"));
    EXPECT_EQ("", fake_.opened_path);
    EXPECT_STATUS(VDC_OK, open("fakesim:0?a=b:c")) << "the first colon ends the name";
    EXPECT_EQ("0?a=b:c", fake_.opened_path);
    EXPECT_TRUE(vdc_device_get_info(device_)->caps & VDC_CAP_SIMULATED);
}

TEST_F(Device, UnknownBackendsAreToldWithTheKnown)
{
    for (const char *id : {"nothing:0", "", "fake", "fak:0", ":", "FAKE:0"}) {
        EXPECT_STATUS(VDC_E_NOT_FOUND, open(id)) << id;
        EXPECT_NE(nullptr, strstr(vdc_error_text(), "fake:, fakesim:")) << vdc_error_text();
    }
}

TEST_F(Device, WithoutAnIdTheFirstRealOne)
{
    fake_.ids = {"fake:7", "fake:8"};
    EXPECT_STATUS(VDC_OK, open(nullptr));
    EXPECT_STREQ("fake:7", vdc_device_get_info(device_)->id);
}

TEST_F(Device, WithoutAnIdNeverASimulatedOne)
{
    vdc_context *context;
    fake_.listed_caps = VDC_CAP_SIMULATED; /* a real backend over a simulated device */
    EXPECT_STATUS(VDC_E_NOT_FOUND, open(nullptr));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "sim:0")) << vdc_error_text();
    fake_.listed_caps = 0;
    fake_.ids = {};
    EXPECT_STATUS(VDC_E_NOT_FOUND, open(nullptr));
    fake_.fail[FAKE_LIST] = VDC_E_PERMISSION;
    EXPECT_STATUS(VDC_E_PERMISSION, open(nullptr)) << "why nothing was found";
    fake_.fail[FAKE_LIST] = VDC_OK;
    fake_.ids = {"fake:0"};
    fake_.fail[FAKE_OPEN] = VDC_E_BUSY;
    EXPECT_STATUS(VDC_E_BUSY, open(nullptr));
    vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
    config.simulated_cards = 2;
    ASSERT_STATUS(VDC_OK, vdc_context_create(&context, &config));
    ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context, Fake::simulated()));
    fake_.fail[FAKE_OPEN] = VDC_OK;
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context, nullptr, 0))
        << "listed or not";
    vdc_context_destroy(context);
}

TEST_F(Device, UnknownFlags)
{
    EXPECT_STATUS(VDC_E_INVALID, open("fake:0", 2));
    EXPECT_STATUS(VDC_OK, open("fake:0", VDC_OPEN_REGISTERS));
    EXPECT_EQ(uint32_t{VDC_OPEN_REGISTERS}, fake_.last_open_flags);
}

TEST_F(Device, CloseRefusesWhileAStreamIsOpen)
{
    open_stream();
    vdc_device_close(device_);
    EXPECT_TRUE(logged(VDC_LOG_ERROR, "vdc_device_close on \"fake:0\": a stream is open"));
    EXPECT_STATUS(VDC_OK, vdc_stream_start(stream_));
}

TEST_F(Device, AnOldDescriptionStaysReadable)
{
    open_device();
    const vdc_device_info *old = vdc_device_get_info(device_);
    struct vdi_device_info changed = *fake_.device->info;
    strcpy(changed.name, "Renamed");
    vdi_device_set_info(fake_.device, &changed);
    EXPECT_STREQ("Fake", old->name);
    EXPECT_STREQ("Renamed", vdc_device_get_info(device_)->name);
    EXPECT_EQ(uint32_t{VDC_DEVICE_READY}, old->state);
}

/* ---- Controls ---- */

TEST_F(Device, ControlsAreCheckedAgainstTheirList)
{
    open_device();
    EXPECT_STATUS(VDC_E_NOT_FOUND, set(999, 0));
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_BRIGHTNESS, -10));
    EXPECT_EQ(-10, fake_.control_value);
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_BRIGHTNESS, 100));
    for (int64_t value : {int64_t{-11}, int64_t{101}, int64_t{-9}, INT64_MIN, INT64_MAX}) {
        EXPECT_STATUS(VDC_E_RANGE, set(VDC_CONTROL_BRIGHTNESS, value)) << value;
    }
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "from -10 to 100 in steps of 5"));
    EXPECT_EQ(100, fake_.control_value) << "the backend saw none of them";
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_EXPOSURE_AUTO, 1));
    EXPECT_STATUS(VDC_E_RANGE, set(VDC_CONTROL_EXPOSURE_AUTO, 2));
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_POWER_LINE, 3));
    EXPECT_STATUS(VDC_E_RANGE, set(VDC_CONTROL_POWER_LINE, 4)) << "between two items";
    EXPECT_STATUS(VDC_E_PERMISSION, set(VDC_CONTROL_GAIN, 1));
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_WHITE_BALANCE, 12345));
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_VENDOR, INT64_MIN)) << "the widest range there is";
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_VENDOR, INT64_MAX));
    EXPECT_STATUS(VDC_E_RANGE, set(VDC_CONTROL_VENDOR, INT64_MAX - 1));
}

TEST_F(Device, ControlsAreRead)
{
    int64_t value = 0;
    open_device();
    EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(10, value);
    EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_WHITE_BALANCE));
    EXPECT_EQ(0, value) << "a button reads 0";
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_get_control(&value, device_, 999));
}

TEST_F(Device, TheListOfControlsIsCachedUntilFirmwareChanges)
{
    open_device();
    ASSERT_STATUS(VDC_OK, set(VDC_CONTROL_BRIGHTNESS, 0));
    fake_.fail[FAKE_CONTROLS] = VDC_E_IO;
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_BRIGHTNESS, 5)) << "not asked again";
    vdi_device_event(fake_.device, VDC_EVENT_FIRMWARE_CHANGED, 0, 0);
    EXPECT_STATUS(VDC_E_IO, set(VDC_CONTROL_BRIGHTNESS, 5));
    fake_.fail[FAKE_CONTROLS] = VDC_OK;
    EXPECT_STATUS(VDC_OK, set(VDC_CONTROL_BRIGHTNESS, 5)) << "asked again after a failure";
}

TEST_F(Device, Inputs)
{
    vdc_list *list;
    vdc_signal signal = VDC_SIGNAL_INIT;
    open_device();
    ASSERT_STATUS(VDC_OK, vdc_device_list_inputs(&list, device_));
    EXPECT_STREQ("Composite", vdc_list_input_at(list, 0)->name);
    vdc_list_destroy(list);
    ASSERT_STATUS(VDC_OK, vdc_device_list_timings(&list, device_));
    EXPECT_STREQ("PAL", vdc_list_timing_at(list, 0)->name);
    vdc_list_destroy(list);
    ASSERT_STATUS(VDC_OK, vdc_device_get_signal(&signal, device_));
    EXPECT_EQ(uint32_t{VDC_SIGNAL_LOCKED}, signal.state);
    EXPECT_EQ(VDC_TIMING_NONE, signal.selected_timing) << "what a backend leaves alone is unknown";
    EXPECT_STATUS(VDC_OK, vdc_device_select_input(device_, 7));
    open_stream();
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_select_input(device_, 7));
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_set_timing(device_, 3));
}

/* ---- Negotiation ---- */

TEST_F(Device, NegotiationExplainsItself)
{
    vdc_format wanted = {};
    open_device();
    EXPECT_STATUS(VDC_OK, vdc_device_negotiate(&result_, device_, nullptr));
    EXPECT_EQ(0u, result_.changed) << "no wish, no change";
    EXPECT_STREQ("", result_.reason);
    EXPECT_EQ(VDC_FOURCC_YUYV, result_.format.fourcc);

    wanted.fourcc = VDC_FOURCC_RGB24;
    wanted.width_px = 1920;
    wanted.height_px = 1080;
    wanted.interval_s = {1, 240};
    wanted.range = VDC_RANGE_FULL;
    EXPECT_STATUS(VDC_OK, vdc_device_negotiate(&result_, device_, &wanted));
    EXPECT_EQ(
        uint32_t{VDC_CHANGED_FOURCC | VDC_CHANGED_SIZE | VDC_CHANGED_INTERVAL | VDC_CHANGED_COLOUR},
        result_.changed);
    EXPECT_NE(nullptr, strstr(result_.reason, "YUYV, since it has no RGB3")) << result_.reason;
    EXPECT_NE(nullptr, strstr(result_.reason, "64x48")) << result_.reason;
    EXPECT_NE(nullptr, strstr(result_.reason, "1/60 s")) << result_.reason;
    EXPECT_STATUS(VDC_OK, vdc_device_negotiate(&result_, device_, &result_.format));
    EXPECT_EQ(0u, result_.changed) << "the outcome is a fixed point";
}

TEST_F(Device, EqualIntervalsAreNoChange)
{
    vdc_format wanted = {};
    open_device();
    wanted.interval_s = {1000000000, 60000000000u % 4294967296u};
    wanted.interval_s = {50, 3000};
    EXPECT_STATUS(VDC_OK, vdc_device_negotiate(&result_, device_, &wanted));
    EXPECT_EQ(0u, result_.changed);
}

TEST_F(Device, ImpossibleWishes)
{
    vdc_format wanted = {};
    open_device();
    wanted.reserved[1] = 1;
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_negotiate(&result_, device_, &wanted));
    wanted = {};
    wanted.interval_s = {1, 0};
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_negotiate(&result_, device_, &wanted));
    wanted = {};
    wanted.height_px = 48;
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_negotiate(&result_, device_, &wanted));
}

} // namespace
