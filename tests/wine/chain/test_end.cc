// SPDX-License-Identifier: MIT
// The card goes, comes back, and boots other firmware.
#include "device.h"

#include <setupapi.h>

#include <cstdlib>
#include <cstring>

namespace {

constexpr uint32_t kYuyv = 0x56595559;

bool Until(bool (*done)(), int timeout_ms = 5000)
{
    for (int waited = 0; waited < timeout_ms; waited += 20) {
        if (done())
            return true;
        Sleep(20);
    }
    return done();
}

bool NoInterface()
{
    return Interfaces(KSCATEGORY_CAPTURE).empty();
}

bool OneInterface()
{
    return Interfaces(KSCATEGORY_CAPTURE).size() == 1;
}

TEST(Unplug, WhileItStreams)
{
    constexpr unsigned kReads = 4;
    {
        Filter filter;
        Pin pin;
        Format format;
        KSSTATE state;
        struct vdw_identity identity;
        filter.OpenFirst();
        ASSERT_TRUE(filter.Find(&format, kYuyv, false));
        ASSERT_EQ(pin.Create(filter, format, kReads), 0u);
        ASSERT_EQ(pin.SetState(KSSTATE_RUN), 0u);
        for (unsigned i = 0; i < kReads; i++)
            ASSERT_EQ(pin.Submit(i), 0u);
        ASSERT_EQ(pin.Wait(0), 0u);
        ASSERT_EQ(pin.Submit(0), 0u);
        ASSERT_TRUE(Standin(IOCTL_STANDIN_UNPLUG));
        unsigned gone = 0;
        for (unsigned i = 0; i < kReads; i++) {
            DWORD result = pin.Wait(i);
            EXPECT_NE(result, static_cast<DWORD>(WAIT_TIMEOUT)) << "a read never ends";
            gone += result == ERROR_DEVICE_REMOVED;
        }
        EXPECT_GT(gone, 0u);
        pin.Submit(0);
        if (pin.reads[0]->pending) {
            EXPECT_EQ(pin.Wait(0), static_cast<DWORD>(ERROR_DEVICE_REMOVED));
        }
        EXPECT_EQ(filter.Get(VDW_PROPERTY_IDENTITY, &identity),
                  static_cast<DWORD>(ERROR_DEVICE_REMOVED));
        state = KSSTATE_STOP;
        EXPECT_EQ(pin.Property(KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE,
                               KSPROPERTY_TYPE_SET, &state, sizeof(state)),
                  0u)
            << "back to rest always works";
        EXPECT_TRUE(Until(NoInterface));
    }
    ASSERT_TRUE(Standin(IOCTL_STANDIN_RESTART));
    ASSERT_TRUE(Until(OneInterface));
    Filter again;
    struct vdw_identity identity = {};
    again.OpenFirst();
    EXPECT_EQ(again.Get(VDW_PROPERTY_IDENTITY, &identity), 0u);
    EXPECT_EQ(identity.limited, 0u);
}

/* Writes FirmwareFile into the driver key, and restarts the card. */
void Name(const char *file)
{
    HDEVINFO set = SetupDiCreateDeviceInfoList(nullptr, nullptr);
    SP_DEVINFO_DATA device = {};
    device.cbSize = sizeof(device);
    ASSERT_TRUE(SetupDiOpenDeviceInfoA(set, "ROOT\\CARD\\0000", nullptr, 0, &device));
    HKEY key = SetupDiOpenDevRegKey(set, &device, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_SET_VALUE);
    ASSERT_NE(key, reinterpret_cast<HKEY>(INVALID_HANDLE_VALUE)) << GetLastError();
    EXPECT_EQ(RegSetValueExA(key, "FirmwareFile", 0, REG_SZ, reinterpret_cast<const BYTE *>(file),
                             static_cast<DWORD>(std::strlen(file) + 1)),
              ERROR_SUCCESS);
    RegCloseKey(key);
    SetupDiDestroyDeviceInfoList(set);
    ASSERT_TRUE(Standin(IOCTL_STANDIN_RESTART));
    ASSERT_TRUE(Until(OneInterface));
}

class FirmwareFile : public ::testing::Test {
  protected:
    void TearDown() override { Name(""); }
    struct vdw_firmware_status Status()
    {
        Filter filter;
        struct vdw_firmware_status status = {};
        filter.OpenFirst();
        EXPECT_EQ(filter.Get(VDW_PROPERTY_FIRMWARE_STATUS, &status), 0u);
        return status;
    }
};

/* Names are full ones: a plain name is one below \SystemRoot, which Wine's files do not know. */
TEST_F(FirmwareFile, NamedInTheRegistryIsLoaded)
{
    const char *image = std::getenv("VIDICON_OLD_IMAGE");
    ASSERT_NE(image, nullptr);
    Name((std::string("\\??\\") + image).c_str());
    struct vdw_firmware_status status = Status();
    EXPECT_EQ(status.file_state, static_cast<uint32_t>(VDW_FILE_RUNS));
    EXPECT_EQ(status.runs, 1u);
    EXPECT_NE(status.version, status.embedded_version);
}

TEST_F(FirmwareFile, MissingLeavesTheEmbeddedOne)
{
    Name("\\??\\C:\\no-such-file.vdfw");
    struct vdw_firmware_status status = Status();
    EXPECT_EQ(status.file_state, static_cast<uint32_t>(VDW_FILE_MISSING));
    EXPECT_EQ(status.runs, 1u);
    EXPECT_EQ(status.version, status.embedded_version);
}

/* A file that is no image: the driver itself. */
TEST_F(FirmwareFile, RefusedLeavesTheEmbeddedOne)
{
    Name("\\??\\C:\\windows\\system32\\drivers\\" VIDICON_BRAND_WINDOWS_DRIVER_NAME ".sys");
    struct vdw_firmware_status status = Status();
    EXPECT_EQ(status.file_state, static_cast<uint32_t>(VDW_FILE_REFUSED));
    EXPECT_NE(status.file_error, 0u);
    EXPECT_EQ(status.version, status.embedded_version);
}

} // namespace
