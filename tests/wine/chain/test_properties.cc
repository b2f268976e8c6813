// SPDX-License-Identifier: MIT
// The filter: its interfaces, and what it says of itself through the class driver.
#include "device.h"

namespace {

class Properties : public ::testing::Test {
  protected:
    void SetUp() override { filter_.OpenFirst(); }
    Filter filter_;
};

TEST_F(Properties, OneInterfaceInEachCategory)
{
    EXPECT_EQ(Interfaces(KSCATEGORY_CAPTURE).size(), 1u);
    EXPECT_EQ(Interfaces(KSCATEGORY_VIDEO).size(), 1u);
    EXPECT_EQ(Interfaces(GUID VIDICON_BRAND_DEVICE_INTERFACE_GUID_INIT).size(), 1u);
    EXPECT_EQ(Interfaces(KSCATEGORY_AUDIO).size(), 0u);
}

TEST_F(Properties, OnePinThatGivesFrames)
{
    ULONG count = 0, pin[2] = {0, 0};
    KSPIN_DATAFLOW flow = KSPIN_DATAFLOW_IN;
    EXPECT_EQ(filter_.Property(KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_GET, &count,
                               sizeof(count)),
              0u);
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(filter_.Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, KSPROPERTY_TYPE_GET, &flow,
                               sizeof(flow), nullptr, pin, sizeof(pin)),
              0u);
    EXPECT_EQ(flow, KSPIN_DATAFLOW_OUT);
    pin[0] = 1;
    EXPECT_EQ(filter_.Property(KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW, KSPROPERTY_TYPE_GET, &flow,
                               sizeof(flow), nullptr, pin, sizeof(pin)),
              static_cast<DWORD>(ERROR_INVALID_PARAMETER))
        << "there is no second pin";
}

TEST_F(Properties, TheCardHasBooted)
{
    struct vdw_identity identity = {};
    struct vdw_firmware_status status = {};
    ASSERT_EQ(filter_.Get(VDW_PROPERTY_IDENTITY, &identity), 0u);
    EXPECT_EQ(identity.interface_version, VDW_INTERFACE_VERSION);
    EXPECT_EQ(identity.limited, 0u);
    EXPECT_EQ(identity.body, 0u) << "memory registers";
    EXPECT_GT(identity.mode_count, 0u);
    ASSERT_EQ(filter_.Get(VDW_PROPERTY_FIRMWARE_STATUS, &status), 0u);
    EXPECT_EQ(status.runs, 1u);
    EXPECT_EQ(status.version, status.embedded_version);
    EXPECT_EQ(status.file_state, static_cast<uint32_t>(VDW_FILE_NONE));
}

TEST_F(Properties, EveryRangeHasAFormat)
{
    unsigned own = 0;
    std::vector<std::vector<uint8_t>> ranges = filter_.Ranges();
    ASSERT_GT(ranges.size(), 0u);
    for (const std::vector<uint8_t> &range : ranges) {
        Format format;
        ASSERT_EQ(filter_.Intersect(&format, range), 0u);
        EXPECT_EQ(reinterpret_cast<KSDATAFORMAT *>(format.bytes.data())->FormatSize,
                  format.bytes.size());
        EXPECT_GT(format.Video()->bmiHeader.biSizeImage, 0u);
        own += format.Own();
    }
    EXPECT_EQ(own * 2, ranges.size()) << "plain, and with the brand's specifier";
}

TEST_F(Properties, AWrongRequestIsRefused)
{
    uint8_t little[2];
    GUID nobody = {};
    EXPECT_EQ(filter_.Property(kOwnSet, VDW_PROPERTY_IDENTITY, KSPROPERTY_TYPE_GET, little,
                               sizeof(little)),
              static_cast<DWORD>(ERROR_INSUFFICIENT_BUFFER));
    EXPECT_NE(filter_.Property(nobody, 0, KSPROPERTY_TYPE_GET, little, sizeof(little)), 0u);
    EXPECT_NE(filter_.Control(IOCTL_KS_READ_STREAM, nullptr, 0, little, sizeof(little)), 0u)
        << "a filter gives no frames";
}

} // namespace
