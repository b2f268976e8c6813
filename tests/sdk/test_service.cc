// SPDX-License-Identifier: MIT
// Firmware and registers.
#include "fixture.h"

#include <cstring>

#include "vidicon/service.h"

namespace {

class Service : public SdkTest {};

TEST_F(Service, Firmware)
{
    struct Probe {
        vdc_device *device;
        uint64_t done = 0;
        int inner = VDC_OK;
    } probe;
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    auto progress = [](uint64_t done, uint64_t, void *user) {
        Probe *seen = static_cast<Probe *>(user);
        int64_t value;
        seen->done = done;
        seen->inner = vdc_device_get_control(&value, seen->device, VDC_CONTROL_BRIGHTNESS);
    };
    vdc_event event = VDC_EVENT_INIT;

    open_device();
    probe.device = device_;
    ASSERT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
    EXPECT_EQ(0x01000000u, info.running);
    EXPECT_STATUS(VDC_OK, vdc_device_load_firmware(device_, "abc", 3, progress, &probe));
    EXPECT_EQ(3u, probe.done);
    EXPECT_STATUS(VDC_E_STATE, probe.inner) << "refused, instead of waiting for itself";
    EXPECT_STATUS(VDC_OK, vdc_context_wait_event(&event, context_, 0));
    EXPECT_EQ(uint32_t{VDC_EVENT_FIRMWARE_CHANGED}, event.kind);
    EXPECT_STATUS(VDC_OK, vdc_device_update_firmware(device_, "abc", 3, nullptr, nullptr));
    fake_.fail[FAKE_FIRMWARE] = VDC_E_FIRMWARE;
    EXPECT_STATUS(VDC_E_FIRMWARE, vdc_device_update_firmware(device_, "abc", 3, nullptr, nullptr));
    int64_t value;
    EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
}

TEST_F(Service, FirmwareWaitsForStreamsToClose)
{
    vdc_firmware_info info = VDC_FIRMWARE_INFO_INIT;
    open_stream();
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_load_firmware(device_, "abc", 3, nullptr, nullptr));
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_update_firmware(device_, "abc", 3, nullptr, nullptr));
    EXPECT_STATUS(VDC_E_BUSY, vdc_device_roll_back_firmware(device_));
    EXPECT_STATUS(VDC_OK, vdc_device_commit_firmware(device_));
    EXPECT_STATUS(VDC_OK, vdc_device_get_firmware(&info, device_));
}

TEST_F(Service, RegistersOnlyIfOpenedForThem)
{
    uint32_t value = 0;
    vdc_list *list = nullptr;
    open_device();
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_list_registers(&list, device_));
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_read_register(&value, device_, "SCRATCH", 0));
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_write_register(device_, "SCRATCH", 0, 1));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "VDC_OPEN_REGISTERS"));
    vdc_device_close(device_);
    open_device("fake:0", VDC_OPEN_REGISTERS);
    ASSERT_STATUS(VDC_OK, vdc_device_list_registers(&list, device_));
    EXPECT_STREQ("SCRATCH", vdc_list_register_at(list, 0)->name);
    EXPECT_STATUS(VDC_OK, vdc_device_read_register(&value, device_, "SCRATCH", 0));
    EXPECT_EQ(77u, value);
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_read_register(&value, device_, "NONE", 0));
    EXPECT_STATUS(VDC_OK, vdc_device_write_register(device_, "SCRATCH", 0, 1));
    vdc_list_destroy(list);
}

TEST_F(Service, ExtensionsOnlyIfOpenedForThem)
{
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    uint8_t bytes[4] = {9, 9, 9, 9};
    vdc_list *list = nullptr;
    open_device();
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_list_extensions(&list, device_));
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_get_extension(&control, device_, 9, 1));
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_read_extension(bytes, 4, device_, 9, 1, 0));
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_write_extension(device_, 9, 1, bytes, 4));
    EXPECT_NE(nullptr, strstr(vdc_error_text(), "VDC_OPEN_REGISTERS"));
    EXPECT_EQ(9, bytes[0]);
    vdc_device_close(device_);
    open_device("fake:0", VDC_OPEN_REGISTERS);
    ASSERT_STATUS(VDC_OK, vdc_device_list_extensions(&list, device_));
    ASSERT_NE(nullptr, vdc_list_extension_at(list, 0));
    EXPECT_EQ(9u, vdc_list_extension_at(list, 0)->unit);
    EXPECT_EQ(nullptr, vdc_list_extension_at(list, 1));
    EXPECT_EQ(nullptr, vdc_list_register_at(list, 0)) << "a list of something else";
    vdc_list_destroy(list);
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_get_extension(&control, device_, 8, 1));
    EXPECT_STATUS(VDC_OK, vdc_device_get_extension(&control, device_, 9, 1));
    EXPECT_EQ(4u, control.bytes);
    EXPECT_STATUS(VDC_OK, vdc_device_read_extension(bytes, 4, device_, 9, 1, VDC_EXTENSION_STEP));
    EXPECT_EQ(3, bytes[3]);
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_read_extension(bytes, 4, device_, 9, 1, 5));
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_read_extension(bytes, 0, device_, 9, 1, 0));
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_write_extension(device_, 9, 1, bytes, 0));
    EXPECT_STATUS(VDC_OK, vdc_device_write_extension(device_, 9, 1, bytes, 4));
}

} // namespace
