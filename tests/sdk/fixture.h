/* SPDX-License-Identifier: MIT */
/* A context with the fake backend, and short ways to what most tests need. */
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "fake.h"
#include "handles.h"

/* gtest's own macro copies the text after the call that is tested. */
#define EXPECT_STATUS(expected, call) \
    EXPECT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()
#define ASSERT_STATUS(expected, call) \
    ASSERT_STREQ(vdc_status_name(expected), vdc_status_name(call)) << vdc_error_text()

struct LogLine {
    int level;
    std::string text;
};

class SdkTest : public ::testing::Test {
  protected:
    static void VDC_CALL take_log(int level, const char *line, void *user)
    {
        static_cast<SdkTest *>(user)->log_.push_back({level, line});
    }

    void SetUp() override
    {
        vdc_context_config config = VDC_CONTEXT_CONFIG_INIT;
        config.log = take_log;
        config.log_user = this;
        config.log_level = VDC_LOG_DEBUG;
        ASSERT_STATUS(VDC_OK, vdc_context_create(&context_, &config));
        ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context_, Fake::table()));
        ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context_, Fake::simulated()));
        ASSERT_STATUS(VDC_OK, vdi_context_add_backend(context_, Fake::with_memory()));
    }

    void TearDown() override
    {
        vdc_stream_close(stream_);
        vdc_device_close(device_);
        vdc_context_destroy(context_);
        EXPECT_EQ(0, fake_.breaches) << "calls of the backend broke the contract";
    }

    void open_device(const char *id = "fake:0", uint32_t flags = 0)
    {
        ASSERT_STATUS(VDC_OK, vdc_device_open(&device_, context_, id, flags));
    }

    void open_stream(uint32_t buffers = 4, uint32_t flags = 0, vdc_frame_fn on_frame = nullptr,
                     void *user = nullptr)
    {
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.buffer_count = buffers;
        config.flags = flags;
        config.on_frame = on_frame;
        config.user = user;
        if (device_ == nullptr) {
            open_device();
        }
        ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    }

    void start_stream(uint32_t buffers = 4, uint32_t flags = 0, vdc_frame_fn on_frame = nullptr,
                      void *user = nullptr)
    {
        open_stream(buffers, flags, on_frame, user);
        ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    }

    /* Waits for one frame and gives it back. */
    int pass_frame(int timeout_ms = 0)
    {
        const vdc_frame *frame;
        int status = vdc_stream_wait(&frame, stream_, timeout_ms);
        return status == VDC_OK ? vdc_stream_release(stream_, frame) : status;
    }

    vdc_stats stats()
    {
        vdc_stats stats = VDC_STATS_INIT;
        EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream_));
        return stats;
    }

    /* The sum that must hold at any time, if the device tells what it produced. */
    static void expect_sum(const vdc_stats &stats)
    {
        uint64_t sum = stats.delivered + stats.in_flight;
        for (uint64_t dropped : stats.dropped) {
            sum += dropped;
        }
        EXPECT_EQ(stats.produced, sum);
    }

    static bool readable(vdc_handle handle, int timeout_ms = 0)
    {
        return handle_is_ready(handle, timeout_ms);
    }

    void await_waiter() const
    {
        while (!fake_.in_wait()) {
            std::this_thread::yield();
        }
    }

    bool logged(int level, const std::string &part) const
    {
        for (const LogLine &line : log_) {
            if (line.level == level && line.text.find(part) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    Fake fake_;
    std::vector<LogLine> log_; /* the library writes one line at a time */
    vdc_context *context_ = nullptr;
    vdc_device *device_ = nullptr;
    vdc_stream *stream_ = nullptr;
};
