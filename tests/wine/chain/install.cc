// SPDX-License-Identifier: MIT
// The shipped INF: read by Wine's parser, and installed for a device that bears the card's id. Wants
// VIDICON_PACKAGE, the package's folder, and leaves the device installed for who runs next.
#include <gtest/gtest.h>

#include <windows.h>
#include <setupapi.h>
#include <newdev.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "vidicon_brand.h"

namespace {

const GUID kMedia = {
    0x4d36e96c, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}
};

std::string Package()
{
    const char *folder = std::getenv("VIDICON_PACKAGE");
    return folder ? folder : "";
}

std::string InfPath()
{
    return Package() + "\\" VIDICON_BRAND_WINDOWS_DRIVER_NAME ".inf";
}

std::string HardwareId()
{
    char text[64];
    std::snprintf(text, sizeof(text), "PCI\\VEN_%04X&DEV_%04X", VIDICON_BRAND_PCI_VENDOR_ID,
                  VIDICON_BRAND_PCI_DEVICE_ID);
    return text;
}

/* 0, or the number of the line that Wine's parser complains of. */
UINT BadLine(const std::string &path)
{
    UINT line = 0;
    HINF inf = SetupOpenInfFileA(path.c_str(), nullptr, INF_STYLE_WIN4, &line);
    if (inf == INVALID_HANDLE_VALUE)
        return line ? line : 1;
    SetupCloseInfFile(inf);
    return 0;
}

TEST(Inf, IsReadByTheParser)
{
    EXPECT_EQ(BadLine(InfPath()), 0u);
}

TEST(Inf, TheParserNamesTheLineOfADefect)
{
    std::ifstream in(InfPath(), std::ios::binary);
    std::string line, whole;
    UINT number = 0, broken = 0;
    while (std::getline(in, line)) {
        number++;
        if (line.rfind("[SourceDisksFiles.amd64]", 0) == 0) {
            line = "[SourceDisksFiles.amd64\r";
            broken = number;
        }
        whole += line + "\n";
    }
    ASSERT_GT(broken, 0u);
    char folder[MAX_PATH];
    GetTempPathA(sizeof(folder), folder);
    std::string copy = std::string(folder) + "broken.inf";
    std::ofstream(copy, std::ios::binary) << whole;
    EXPECT_EQ(BadLine(copy), broken);
    DeleteFileA(copy.c_str());
}

class Install : public ::testing::Test {
  protected:
    void SetUp() override
    {
        set_ = SetupDiCreateDeviceInfoList(&kMedia, nullptr);
        device_.cbSize = sizeof(device_);
    }
    void TearDown() override { SetupDiDestroyDeviceInfoList(set_); }
    HDEVINFO set_;
    SP_DEVINFO_DATA device_;
};

/* What Windows does when the card is found, and a person names the INF. */
TEST_F(Install, TheDriverIsBoundToTheCardsId)
{
    std::string id = HardwareId();
    ASSERT_TRUE(
        SetupDiCreateDeviceInfoA(set_, "ROOT\\CARD\\0000", &kMedia, nullptr, nullptr, 0, &device_))
        << GetLastError();
    std::string list = id + '\0' + '\0';
    ASSERT_TRUE(SetupDiSetDeviceRegistryPropertyA(set_, &device_, SPDRP_HARDWAREID,
                                                  reinterpret_cast<const BYTE *>(list.data()),
                                                  static_cast<DWORD>(list.size())));
    ASSERT_TRUE(SetupDiCallClassInstaller(DIF_REGISTERDEVICE, set_, &device_)) << GetLastError();
    BOOL reboot = FALSE;
    ASSERT_TRUE(UpdateDriverForPlugAndPlayDevicesA(nullptr, id.c_str(), InfPath().c_str(),
                                                   INSTALLFLAG_FORCE, &reboot))
        << std::hex << GetLastError();
    EXPECT_FALSE(reboot);
}

std::string Bytes(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
}

TEST_F(Install, TheFileIsTheOneThatShips)
{
    std::string shipped = Bytes(Package() + "\\amd64\\" VIDICON_BRAND_WINDOWS_DRIVER_NAME ".sys");
    ASSERT_GT(shipped.size(), 4096u);
    EXPECT_TRUE(shipped == Bytes("C:\\windows\\system32\\drivers\\" //
                                 VIDICON_BRAND_WINDOWS_DRIVER_NAME ".sys"));
}

TEST_F(Install, TheServiceRuns)
{
    SC_HANDLE manager = OpenSCManagerA(nullptr, nullptr, SC_MANAGER_CONNECT);
    SC_HANDLE service =
        OpenServiceA(manager, VIDICON_BRAND_WINDOWS_SERVICE_NAME, SERVICE_QUERY_STATUS);
    ASSERT_NE(service, nullptr) << GetLastError();
    SERVICE_STATUS status;
    ASSERT_TRUE(QueryServiceStatus(service, &status));
    EXPECT_EQ(status.dwServiceType, static_cast<DWORD>(SERVICE_KERNEL_DRIVER));
    EXPECT_EQ(status.dwCurrentState, static_cast<DWORD>(SERVICE_RUNNING));
    CloseServiceHandle(service);
    CloseServiceHandle(manager);
}

TEST_F(Install, TheDriverKeyHasItsValues)
{
    ASSERT_TRUE(SetupDiOpenDeviceInfoA(set_, "ROOT\\CARD\\0000", nullptr, 0, &device_));
    HKEY key =
        SetupDiOpenDevRegKey(set_, &device_, DICS_FLAG_GLOBAL, 0, DIREG_DRV, KEY_QUERY_VALUE);
    ASSERT_NE(key, reinterpret_cast<HKEY>(INVALID_HANDLE_VALUE)) << GetLastError();
    char text[64] = "?";
    DWORD bytes = sizeof(text), type = 0;
    EXPECT_EQ(RegQueryValueExA(key, "FirmwareFile", nullptr, &type, reinterpret_cast<BYTE *>(text),
                               &bytes),
              ERROR_SUCCESS);
    EXPECT_EQ(type, static_cast<DWORD>(REG_SZ));
    EXPECT_STREQ(text, "");
    RegCloseKey(key);
}

} // namespace
