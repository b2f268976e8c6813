// SPDX-License-Identifier: MIT
// The template backend through the public interface: a newcomer's copy begins with something that works.
#include <gtest/gtest.h>

#include "handles.h"

extern "C" {
#include "test_hook.h"
extern const struct vdi_backend vdi_backend_template;
}

namespace {

class Template : public ::testing::Test {
  protected:
    void SetUp() override
    {
        ASSERT_EQ(VDC_OK, vdc_context_create(&context_, nullptr));
        ASSERT_EQ(VDC_OK, vdi_context_add_backend(context_, &vdi_backend_template));
        ASSERT_EQ(VDC_OK, vdc_device_open(&device_, context_, "template:", 0)) << vdc_error_text();
    }

    void TearDown() override
    {
        vdc_stream_close(stream_);
        vdc_device_close(device_);
        vdc_context_destroy(context_);
    }

    void expect_account()
    {
        vdc_stats stats = VDC_STATS_INIT;
        ASSERT_EQ(VDC_OK, vdc_stream_get_stats(&stats, stream_));
        uint64_t sum = stats.delivered;
        for (uint64_t dropped : stats.dropped) {
            sum += dropped;
        }
        EXPECT_EQ(stats.produced, sum);
        EXPECT_EQ(0u, stats.dropped[VDC_DROP_UNKNOWN]);
        EXPECT_EQ(0u, stats.in_flight);
    }

    vdc_context *context_ = nullptr;
    vdc_device *device_ = nullptr;
    vdc_stream *stream_ = nullptr;
    const vdc_frame *frame_ = nullptr;
};

TEST_F(Template, Opens)
{
    vdc_device *other = nullptr;
    EXPECT_STREQ("template:one", vdc_device_get_info(device_)->id);
    EXPECT_EQ(VDC_OK, vdc_device_open(&other, context_, "template:one", 0));
    vdc_device_close(other);
    EXPECT_EQ(VDC_E_NOT_FOUND, vdc_device_open(&other, context_, "template:two", 0));
}

TEST_F(Template, FramesAreAsBrightAsTheControlSays)
{
    ASSERT_EQ(VDC_OK, vdc_stream_open(&stream_, device_, nullptr)) << vdc_error_text();
    ASSERT_EQ(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 200));
    EXPECT_EQ(VDC_E_RANGE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 256));
    ASSERT_EQ(VDC_OK, vdc_stream_start(stream_));
    for (uint64_t at = 0; at < 5; at++) {
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame_, stream_, 5000)) << vdc_error_text();
        EXPECT_EQ(64u * 48, frame_->used_bytes);
        EXPECT_EQ(200, frame_->planes[0][0]);
        EXPECT_EQ(200, frame_->planes[0][64 * 48 - 1]);
        ASSERT_EQ(VDC_OK, vdc_stream_release(stream_, frame_));
    }
    ASSERT_EQ(VDC_OK, vdc_stream_stop(stream_));
    expect_account();
}

TEST_F(Template, AHeldBufferCostsFramesAndTheyAreCounted)
{
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    const vdc_frame *next;
    config.buffer_count = 1;
    ASSERT_EQ(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    ASSERT_EQ(VDC_OK, vdc_stream_start(stream_));
    ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame_, stream_, 5000));
    EXPECT_EQ(VDC_E_TIMEOUT, vdc_stream_wait(&next, stream_, 100));
    ASSERT_EQ(VDC_OK, vdc_stream_release(stream_, frame_));
    ASSERT_EQ(VDC_OK, vdc_stream_wait(&next, stream_, 5000));
    EXPECT_GE(next->dropped[VDC_DROP_NO_BUFFER], 1u);
    EXPECT_EQ(next->sequence, next->dropped[VDC_DROP_NO_BUFFER] + 1);
    ASSERT_EQ(VDC_OK, vdc_stream_stop(stream_));
    expect_account();
}

TEST_F(Template, CanBePolled)
{
    vdc_handle handle;
    ASSERT_EQ(VDC_OK, vdc_stream_open(&stream_, device_, nullptr));
    ASSERT_EQ(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    ASSERT_EQ(VDC_OK, vdc_stream_start(stream_));
    EXPECT_TRUE(handle_is_ready(handle, 5000));
    EXPECT_EQ(VDC_OK, vdc_stream_wait(&frame_, stream_, 0));
    vdc_stream_cancel(stream_);
    EXPECT_TRUE(handle_is_ready(handle, 0));
}

} // namespace
