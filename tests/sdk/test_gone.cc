// SPDX-License-Identifier: MIT
// Unplugged: every call returns at once, the waiter wakes, what was complete is handed out, close works.
#include "fixture.h"

#include "vidicon/service.h"

namespace {

class Gone : public SdkTest {
  protected:
    /* All but what must go on working. */
    void expect_all_gone()
    {
        vdc_list *list = nullptr;
        vdc_signal signal = VDC_SIGNAL_INIT;
        vdc_negotiation result = VDC_NEGOTIATION_INIT;
        vdc_firmware_info firmware = VDC_FIRMWARE_INFO_INIT;
        vdc_buffer buffer = VDC_BUFFER_INIT;
        int64_t value;
        uint32_t word;
        int fd;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_formats(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_controls(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_inputs(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_timings(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_signal(&signal, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_select_input(device_, 7));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_set_timing(device_, 3));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_control(&value, device_, 1));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device_, 1, 0));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_negotiate(&result, device_, nullptr));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_firmware(&firmware, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_load_firmware(device_, "x", 1, nullptr, nullptr));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_update_firmware(device_, "x", 1, nullptr, nullptr));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_commit_firmware(device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_roll_back_firmware(device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_registers(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_read_register(&word, device_, "SCRATCH", 0));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_write_register(device_, "SCRATCH", 0, 0));
        vdc_extension_control control = VDC_EXTENSION_CONTROL_INIT;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_list_extensions(&list, device_));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_get_extension(&control, device_, 9, 1));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_read_extension(&word, 4, device_, 9, 1, 0));
        EXPECT_STATUS(VDC_E_GONE, vdc_device_write_extension(device_, 9, 1, "abcd", 4));
        EXPECT_EQ(uint32_t{VDC_DEVICE_GONE}, vdc_device_get_info(device_)->state);
        EXPECT_STREQ("unplugged", vdc_device_get_info(device_)->state_text);
        if (stream_ == nullptr) {
            EXPECT_STATUS(VDC_E_GONE, vdc_stream_open(&stream_, device_, nullptr));
            return;
        }
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_add_buffer(stream_, &buffer));
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_start(stream_));
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_export_buffer(&fd, stream_, 0));
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame_, stream_, -1));
    }

    const vdc_frame *frame_ = nullptr;
};

TEST_F(Gone, AnIdleDevice)
{
    open_device("fake:0", VDC_OPEN_REGISTERS);
    fake_.unplug();
    expect_all_gone();
    EXPECT_TRUE(logged(VDC_LOG_WARNING, "device \"fake:0\" is gone"));
}

TEST_F(Gone, AStoppedStream)
{
    open_stream();
    fake_.unplug();
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_start(stream_));
    expect_all_gone();
}

TEST_F(Gone, ARunningStream)
{
    const vdc_frame *held;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    vdc_handle handle;
    start_stream();
    for (int at = 0; at < 3; at++) {
        fake_.complete();
    }
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&held, stream_, 0));
    fake_.unplug();
    EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, -1)) << "what was complete";
    EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, frame_));
    EXPECT_STATUS(VDC_OK, vdc_stream_wait(&frame_, stream_, -1));
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame_, stream_, -1));
    EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, held));
    EXPECT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_STATUS(VDC_OK, vdc_stream_get_handle(&handle, stream_));
    EXPECT_TRUE(readable(handle));
    EXPECT_EQ(3u, stats().delivered);
    expect_all_gone();
    EXPECT_STATUS(VDC_OK, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_E_STATE, vdc_stream_stop(stream_));
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame_, stream_, -1));
}

TEST_F(Gone, ProgressAndCancel)
{
    vdc_progress progress = VDC_PROGRESS_INIT;
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.watermark_lines = 8;
    open_device();
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    ASSERT_STATUS(VDC_OK, vdc_stream_start(stream_));
    EXPECT_STATUS(VDC_OK, vdc_stream_wait_progress(&progress, stream_, 0));
    fake_.unplug();
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame_, stream_, -1));
    EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait_progress(&progress, stream_, -1));
    vdc_stream_cancel(stream_);
    EXPECT_STATUS(VDC_E_CANCELLED, vdc_stream_wait(&frame_, stream_, -1));
}

TEST_F(Gone, TheWaiterWakes)
{
    start_stream();
    std::thread waiter([this] {
        const vdc_frame *frame;
        EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame, stream_, -1));
    });
    await_waiter();
    fake_.unplug();
    waiter.join();
}

/* The backend's wait may know nothing of it yet when another call finds out. */
TEST_F(Gone, TheWaiterWakesWhenAnotherCallFindsOut)
{
    for (FakeCall call : {FAKE_SET_CONTROL, FAKE_QUEUE}) {
        const vdc_frame *held;
        start_stream();
        fake_.complete();
        ASSERT_STATUS(VDC_OK, vdc_stream_wait(&held, stream_, 0));
        std::thread waiter([this] {
            const vdc_frame *frame;
            EXPECT_STATUS(VDC_E_GONE, vdc_stream_wait(&frame, stream_, -1));
        });
        await_waiter();
        fake_.fail[call] = VDC_E_GONE;
        if (call == FAKE_QUEUE) {
            EXPECT_STATUS(VDC_OK, vdc_stream_release(stream_, held)) << "it is given back";
        } else {
            EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0));
        }
        waiter.join();
        fake_.fail[call] = VDC_OK;
        EXPECT_STATUS(VDC_E_GONE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 0))
            << "for good";
        vdc_stream_close(stream_);
        vdc_device_close(device_);
        stream_ = nullptr;
        device_ = nullptr;
    }
}

TEST_F(Gone, CloseWithoutStop)
{
    start_stream();
    fake_.unplug();
    vdc_stream_close(stream_);
    stream_ = nullptr;
    EXPECT_EQ(1, fake_.stops) << "access to buffers must end, gone or not";
}

} // namespace
