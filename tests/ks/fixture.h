/* SPDX-License-Identifier: MIT */
/* The library over the kernel streaming backend over the scripted filters. */
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_filter.h"
#include "vidicon/service.h"
#include "vidicon/vidicon.h"

extern "C" {
#include "test_hook.h"
extern const struct vdi_backend vdi_backend_ks;
}

#define EXPECT_STATUS(expected, call) \
    EXPECT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()
#define ASSERT_STATUS(expected, call) \
    ASSERT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()

class KsTest : public ::testing::Test {
  protected:
    void SetUp() override
    {
        fake_.reset();
        ASSERT_STATUS(VDC_OK, vdc_context_create(&context_, nullptr));
#if !KS_IS_SHIPPED
        ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context_, &vdi_backend_ks));
#endif
    }
    void TearDown() override
    {
        close();
        vdc_context_destroy(context_);
        EXPECT_EQ("", fake_.breaches);
        EXPECT_EQ(0, fake_.open_handles);
        EXPECT_EQ(0, fake_.watches);
        EXPECT_EQ(0, fake_.listeners);
    }
    void close()
    {
        vdc_stream_close(stream_);
        stream_ = nullptr;
        vdc_device_close(device_);
        device_ = nullptr;
    }
    void open(uint32_t flags = 0)
    {
        ASSERT_STATUS(VDC_OK, vdc_device_open(&device_, context_, "ks:", flags));
    }
    void stream(const vdc_format *format = nullptr, uint32_t flags = 0, uint32_t buffers = 4)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.flags = flags;
        config.buffer_count = buffers;
        if (format)
            config.format = *format;
        ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    }
    void start()
    {
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    }
    /* Takes a frame and gives it back. */
    vdc_frame frame()
    {
        const vdc_frame *got = nullptr;
        vdc_frame copy{};
        EXPECT_STATUS(VDC_OK, vdc_stream_wait(&got, stream_, 2000));
        if (got) {
            copy = *got;
            vdc_stream_release(stream_, got);
        }
        return copy;
    }
    vdc_stats stats()
    {
        vdc_stats out = VDC_STATS_INIT;
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&out, stream_));
        return out;
    }
    int64_t control(uint32_t id)
    {
        int64_t value = INT64_MIN;
        EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, id));
        return value;
    }

    FakeKs &fake_ = fake_ks();
    vdc_context *context_ = nullptr;
    vdc_device *device_ = nullptr;
    vdc_stream *stream_ = nullptr;
};
