/* SPDX-License-Identifier: MIT */
/* A context over the fake V4L2 device, and short ways to what most tests need. */
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "vidicon/vidicon.h"

#include "fake_v4l2.h"

#define EXPECT_STATUS(expected, call) \
    EXPECT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()
#define ASSERT_STATUS(expected, call) \
    ASSERT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()

class V4l2Test : public ::testing::Test {
  protected:
    static void VDC_CALL TakeLog(int, const char *line, void *user)
    {
        static_cast<V4l2Test *>(user)->log_ += std::string(line) + "\n";
    }
    void SetUp() override
    {
        vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
        config.log = TakeLog;
        config.log_user = this;
        config.log_level = VDC_LOG_DEBUG;
        ASSERT_STATUS(VDC_OK, vdc_context_create(&context_, &config));
    }
    void TearDown() override
    {
        Close();
        vdc_context_destroy(context_);
        EXPECT_EQ(0u, fake_.OpenFiles()) << "descriptors leak";
        EXPECT_EQ(0u, fake_.Maps()) << "mappings leak";
    }
    void Close()
    {
        vdc_stream_close(stream_);
        stream_ = nullptr;
        vdc_device_close(device_);
        device_ = nullptr;
    }
    void Open(const char *id = "v4l2:")
    {
        ASSERT_STATUS(VDC_OK, vdc_device_open(&device_, context_, id, 0));
    }
    void OpenStream(uint32_t buffers = 4, uint32_t flags = 0, uint32_t memory = VDC_MEMORY_LIBRARY)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.buffer_count = buffers;
        config.flags = flags;
        config.memory = memory;
        if (device_ == nullptr)
            Open();
        ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    }
    void Start(uint32_t buffers = 4, uint32_t flags = 0)
    {
        OpenStream(buffers, flags);
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    }
    /* The frame that is complete now. */
    const vdc_frame *Take()
    {
        const vdc_frame *frame = nullptr;
        EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame, stream_, 0));
        return frame;
    }
    void Give(const vdc_frame *frame) { EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame)); }
    /* Completes, takes and gives back: a copy of what the frame said. */
    vdc_frame Pass(uint32_t flags = 0, const std::function<void(v4l2_buffer *)> &change = nullptr)
    {
        EXPECT_TRUE(fake_.Complete(flags, change));
        const vdc_frame *frame = Take();
        vdc_frame copy = frame ? *frame : vdc_frame{};
        if (frame)
            Give(frame);
        return copy;
    }
    vdc_stats Stats()
    {
        vdc_stats stats = VDC_STATS_INIT;
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream_));
        return stats;
    }
    vdc_stats StopAndReconcile()
    {
        EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
        vdc_stats stats = Stats();
        uint64_t sum = stats.delivered;
        for (uint64_t dropped : stats.dropped)
            sum += dropped;
        if (stats.produced_basis != VDC_BASIS_UNKNOWN)
            EXPECT_EQ(stats.produced, sum);
        EXPECT_EQ(0u, stats.in_flight);
        EXPECT_EQ(0u, stats.dropped[VDC_DROP_UNKNOWN]);
        EXPECT_EQ(0u, stats.copies);
        return stats;
    }
    bool NextEvent(uint32_t kind, vdc_event *out, int timeout_ms = 3000)
    {
        *out = VDC_EVENT_INIT;
        while (vdc_context_wait_event(out, context_, timeout_ms) == VDC_OK)
            if (out->kind == kind)
                return true;
        return false;
    }

    FakeV4l2 fake_;
    vdc_context *context_ = nullptr;
    vdc_device *device_ = nullptr;
    vdc_stream *stream_ = nullptr;
    std::string log_;
};
