// SPDX-License-Identifier: MIT
// What a program hears of an open card without a stream, through the library and the driver's events.
#include "device.h"
#include "vidicon/vidicon.h"

namespace {

constexpr int kPatienceMs = 15000;

class Heard : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(VDC_OK, vdc_context_create(&context_, nullptr));
        EXPECT_EQ(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 0));
        ASSERT_EQ(VDC_OK, vdc_device_open(&device_, context_, "ks:", 0)) << vdc_error_text();
        id_ = vdc_device_get_info(device_)->id;
    }
    void TearDown() override
    {
        vdc_device_close(device_);
        vdc_context_destroy(context_);
    }
    bool Next(uint32_t kind)
    {
        EXPECT_EQ(VDC_OK, vdc_context_wait_event(&event_, context_, kPatienceMs))
            << vdc_error_text();
        EXPECT_EQ(kind, event_.kind);
        EXPECT_EQ(id_, event_.device_id);
        return event_.kind == kind;
    }
    vdc_context *context_ = nullptr;
    vdc_device *device_ = nullptr;
    vdc_event event_ = VDC_EVENT_INIT;
    std::string id_;
};

TEST_F(Heard, RemovalAndArrival)
{
    ASSERT_TRUE(Standin(IOCTL_STANDIN_UNPLUG));
    ASSERT_TRUE(Next(VDC_EVENT_DEVICE_REMOVED));
    int64_t value = 0;
    EXPECT_EQ(VDC_E_GONE, vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(VDC_E_TIMEOUT, vdc_context_wait_event(&event_, context_, 0)) << "told once";
    ASSERT_TRUE(Standin(IOCTL_STANDIN_RESTART));
    ASSERT_TRUE(Next(VDC_EVENT_DEVICE_ARRIVED));
}

/* A card that was just put in loses its signal in the third second of its life. */
class HeardAnew : public Heard {
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(Standin(IOCTL_STANDIN_RESTART));
        ASSERT_TRUE(Standin(IOCTL_STANDIN_FAULTS, "signal-loss@time=3000000,ms=500"));
        for (int i = 0; i < 100 && Interfaces(KSCATEGORY_CAPTURE).size() != 1; i++)
            Sleep(20);
        Heard::SetUp();
    }
    void TearDown() override
    {
        Heard::TearDown();
        EXPECT_TRUE(Standin(IOCTL_STANDIN_FAULTS, ""));
    }
};

TEST_F(HeardAnew, TheSignal)
{
    while (vdc_context_wait_event(&event_, context_, kPatienceMs) == VDC_OK &&
           event_.kind != VDC_EVENT_SIGNAL_CHANGED) {
        EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_DEVICE_ARRIVED), event_.kind); /* a late notice */
    }
    EXPECT_EQ(static_cast<uint32_t>(VDC_EVENT_SIGNAL_CHANGED), event_.kind) << vdc_error_text();
    EXPECT_EQ(id_, event_.device_id);
}

} // namespace
