/* SPDX-License-Identifier: MIT */
/*
 * Firmware and registers. A device without firmware must open all the same, say what is the matter,
 * and let itself be looked at.
 */
#include <cstring>

#include "suite.h"

class Service : public Case {
  protected:
    bool HasRegister(const char *name)
    {
        vdc_list *list = nullptr;
        EXPECT_VDC_OK(vdc_device_list_registers(&list, device));
        bool has = false;
        for (size_t i = 0; i < vdc_list_count(list); ++i)
            has = has || std::strcmp(vdc_list_register_at(list, i)->name, name) == 0;
        vdc_list_destroy(list);
        return has;
    }
};

TEST_F(Service, FirmwareInfo)
{
    MUST(Open());
    vdc_firmware_info firmware = VDC_FIRMWARE_INFO_INIT;
    if (!(Info().caps & VDC_CAP_FIRMWARE)) {
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_get_firmware(&firmware, device));
        NOT_APPLICABLE("the device has no firmware of its own, and says so");
    }
    ASSERT_VDC_OK(vdc_device_get_firmware(&firmware, device));
    EXPECT_NE(firmware.running, 0u);
    EXPECT_NE(firmware.source, static_cast<uint32_t>(VDC_FIRMWARE_NONE));
    EXPECT_LE(firmware.required_min, firmware.running);
    EXPECT_GE(firmware.required_max, firmware.running);
    EXPECT_GT(firmware.capacity_bytes, 0u);
}

TEST_F(Service, BadFirmwareIsRefused)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_FIRMWARE, "firmware");
    vdc_firmware_info before = VDC_FIRMWARE_INFO_INIT, after = VDC_FIRMWARE_INFO_INIT;
    ASSERT_VDC_OK(vdc_device_get_firmware(&before, device));
    std::vector<uint8_t> image(4096, 0x11);
    EXPECT_STATUS(VDC_E_FIRMWARE,
                  vdc_device_load_firmware(device, image.data(), image.size(), nullptr, nullptr));
    EXPECT_STRNE(vdc_error_text(), "");
    EXPECT_STATUS(VDC_E_FIRMWARE,
                  vdc_device_update_firmware(device, image.data(), image.size(), nullptr, nullptr));
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_load_firmware(device, nullptr, 100, nullptr, nullptr));
    ASSERT_VDC_OK(vdc_device_get_firmware(&after, device));
    EXPECT_EQ(before.running, after.running) << "what ran before still runs";
    MUST(OpenStream(SmallConfig()));
    EXPECT_STATUS(VDC_E_BUSY,
                  vdc_device_load_firmware(device, image.data(), image.size(), nullptr, nullptr));
    MUST(Start());
    MUST(TakeAndGive(3));
    MUST(Stop());
}

TEST_F(Service, NothingToCommit)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_FIRMWARE, "firmware");
    vdc_firmware_info firmware = VDC_FIRMWARE_INFO_INIT;
    ASSERT_VDC_OK(vdc_device_get_firmware(&firmware, device));
    if (firmware.on_trial)
        NOT_APPLICABLE("a trial is going on");
    EXPECT_STATUS(VDC_E_STATE, vdc_device_commit_firmware(device));
}

TEST_F(Service, WithoutFirmwareItOpensLimited)
{
    OPTION("firmware=none");
    MUST(Open());
    EXPECT_EQ(Info().state, static_cast<uint32_t>(VDC_DEVICE_LIMITED));
    EXPECT_STRNE(Info().state_text, "");
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    EXPECT_STATUS(VDC_E_FIRMWARE, vdc_stream_open(&stream, device, &config));
    EXPECT_STRNE(vdc_error_text(), "");
    vdc_firmware_info firmware = VDC_FIRMWARE_INFO_INIT;
    ASSERT_VDC_OK(vdc_device_get_firmware(&firmware, device));
    EXPECT_EQ(firmware.running, 0u);
    EXPECT_EQ(firmware.source, static_cast<uint32_t>(VDC_FIRMWARE_NONE));
    EXPECT_GT(firmware.capacity_bytes, 0u);
    Close();
    MUST(Open(VDC_OPEN_REGISTERS));
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_registers(&list, device));
    EXPECT_GT(vdc_list_count(list), 0u);
    vdc_list_destroy(list);
}

TEST_F(Service, ExtensionsOrASayingSo)
{
    MUST(Open(VDC_OPEN_REGISTERS));
    vdc_list *list = nullptr;
    vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
    uint8_t bytes[4] = {};
    if (!(Info().caps & VDC_CAP_EXTENSIONS)) {
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_list_extensions(&list, device));
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_get_extension(&control, device, 1, 1));
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_read_extension(bytes, 4, device, 1, 1, 0));
        EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_write_extension(device, 1, 1, bytes, 4));
        NOT_APPLICABLE("the device has no extension units, and says so");
    }
    ASSERT_VDC_OK(vdc_device_list_extensions(&list, device));
    EXPECT_GT(vdc_list_count(list), 0u);
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_extension_info *unit = vdc_list_extension_at(list, i);
        for (uint32_t selector = 0; selector < 256; ++selector) {
            int status = vdc_device_get_extension(&control, device, unit->unit, selector);
            if (!(unit->selectors[selector / 32] >> selector % 32 & 1)) {
                EXPECT_STATUS(VDC_E_NOT_FOUND, status);
            } else if (status == VDC_OK) {
                EXPECT_GT(control.bytes, 0u);
                EXPECT_LE(control.bytes, 4096u);
            }
        }
    }
    vdc_list_destroy(list);
    Close();
    MUST(Open());
    EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_write_extension(device, 1, 1, bytes, 4));
}

TEST_F(Service, RegistersNeedPermission)
{
    MUST(Open());
    vdc_list *list = nullptr;
    uint32_t value = 0;
    int wanted = Info().caps & VDC_CAP_REGISTERS ? VDC_E_PERMISSION : VDC_E_UNSUPPORTED;
    auto refused = [wanted](int status) {
        return status == wanted || (wanted == VDC_E_UNSUPPORTED && status == VDC_E_PERMISSION);
    };
    EXPECT_TRUE(refused(vdc_device_list_registers(&list, device))) << vdc_error_text();
    EXPECT_TRUE(refused(vdc_device_read_register(&value, device, "SCRATCH", 0)));
    EXPECT_TRUE(refused(vdc_device_write_register(device, "SCRATCH", 0, 1)));
    EXPECT_EQ(list, nullptr);
    if (!(Info().caps & VDC_CAP_REGISTERS))
        NOT_APPLICABLE("the device shows no registers, and says so");
}

TEST_F(Service, Registers)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_REGISTERS, "registers");
    Close();
    MUST(Open(VDC_OPEN_REGISTERS));
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_registers(&list, device));
    ASSERT_GT(vdc_list_count(list), 0u);
    int readable = 0, closed = 0;
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_register_info *item = vdc_list_register_at(list, i);
        ASSERT_NE(item, nullptr);
        SCOPED_TRACE(item->name);
        EXPECT_STRNE(item->name, "");
        EXPECT_STRNE(item->help, "");
        EXPECT_GT(item->count, 0u);
        uint32_t value = 0;
        if (item->access & VDC_REGISTER_READ) {
            ++readable;
            EXPECT_VDC_OK(vdc_device_read_register(&value, device, item->name, item->count - 1));
            EXPECT_STATUS(VDC_E_RANGE,
                          vdc_device_read_register(&value, device, item->name, item->count));
        }
        if (!(item->access & VDC_REGISTER_WRITE)) {
            ++closed;
            EXPECT_STATUS(VDC_E_PERMISSION, vdc_device_write_register(device, item->name, 0, 0));
        }
    }
    vdc_list_destroy(list);
    EXPECT_GT(readable, 0);
    EXPECT_GT(closed, 0);
    uint32_t value = 0;
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_read_register(&value, device, "NO_SUCH", 0));
    if (HasRegister("SCRATCH"))
        for (uint32_t pattern : {0x12345678u, 0u, 0xdeadbeefu, 0x55aa55aau}) {
            EXPECT_VDC_OK(vdc_device_write_register(device, "SCRATCH", 0, pattern));
            EXPECT_VDC_OK(vdc_device_read_register(&value, device, "SCRATCH", 0));
            EXPECT_EQ(value, pattern);
        }
}

TEST_F(Service, NothingThatSteersMemoryIsWritable)
{
    MUST(Open());
    NEEDS_CAP(VDC_CAP_REGISTERS, "registers");
    Close();
    MUST(Open(VDC_OPEN_REGISTERS));
    vdc_list *list = nullptr;
    ASSERT_VDC_OK(vdc_device_list_registers(&list, device));
    for (size_t i = 0; i < vdc_list_count(list); ++i) {
        const vdc_register_info *item = vdc_list_register_at(list, i);
        if (!(item->access & VDC_REGISTER_WRITE))
            continue;
        std::string name = item->name;
        for (const char *part :
             {"DESC", "COMPLETION", "INT_", "DOORBELL", "ENABLE", "RESET", "BOOT", "FLASH", "FW_"})
            EXPECT_EQ(name.find(part), std::string::npos) << name << " is writable";
    }
    vdc_list_destroy(list);
}
