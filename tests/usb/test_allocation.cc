/* SPDX-License-Identifier: MIT */
/*
 * What a frame costs in memory: no allocation by any thread, on each way of delivery, and the caller's own bytes. libusb allocates
 * for a synchronous request, which the clock's samples are: those come by time and not by frames, and are left out by number.
 */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <poll.h>

#include "allocations.h"
#include "fixture.h"
#include "uvc_fixture.h"

namespace {

constexpr uint64_t kOfARequest = 2; /* the fake's buffer, given and taken */

struct Way {
    const char *name;
    bool callback, handle;
};
const Way ways[] = {
    {"wait",     false, false},
    {"callback", true,  false},
    {"handle",   false, true }
};

struct Marks {
    int warm = 0, frames = 0;
    bool plant = false; /* the control: one allocation */
    std::atomic<int> seen{0};
    uint64_t allocations = 0, requests = 0;
    uint64_t after_allocations = 0, after_requests = 0;
    std::atomic<bool> done{false};
    std::mutex lock;
    std::condition_variable changed;
    bool strange = false;
    const uint8_t *memory = nullptr;
    size_t each = 0;
    int buffers = 0;

    void Count(const vdc_frame *frame)
    {
        int number = seen++;
        auto at = static_cast<size_t>(frame->planes[0] - memory);
        strange = strange || at % each != 0 || at / each != frame->buffer ||
                  frame->buffer >= static_cast<uint32_t>(buffers);
        if (number == warm) {
            requests = fake_usb_calls("libusb_control_transfer");
            allocations = allocations_so_far();
        }
        if (plant && number == warm + 1) {
            void *volatile one = malloc(1);
            free(one);
        }
        if (number == warm + frames) {
            after_allocations = allocations_so_far();
            after_requests = fake_usb_calls("libusb_control_transfer");
            std::lock_guard<std::mutex> hold(lock);
            done = true;
            changed.notify_one();
        }
    }
    uint64_t Own() const
    {
        uint64_t theirs = (after_requests - requests) * kOfARequest;
        uint64_t all = after_allocations - allocations;
        return all > theirs ? all - theirs : 0;
    }
};

void VDC_CALL OnFrame(vdc_stream *stream, const vdc_frame *frame, int, void *user)
{
    if (!frame)
        return;
    static_cast<Marks *>(user)->Count(frame);
    vdc_stream_release(stream, frame);
}

/* Runs a stream of the caller's buffers on the open device in one way. */
void Capture(vdc_device *device, vdc_stream_config config, const Way &way, Marks *marks,
             vdc_stats *stats)
{
    vdc_stream *stream = nullptr;
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    vdc_handle handle = -1;
    config.memory = VDC_MEMORY_CALLER;
    config.on_frame = way.callback ? OnFrame : nullptr;
    config.user = marks;
    ASSERT_EQ(VDC_OK, vdc_stream_open(&stream, device, &config)) << vdc_error_text();
    ASSERT_EQ(VDC_OK, vdc_stream_get_info(&info, stream));
    std::vector<uint8_t> memory(info.frame_bytes * 6);
    marks->memory = memory.data();
    marks->each = info.frame_bytes;
    marks->buffers = 6;
    for (int i = 0; i < 6; i++) {
        vdc_buffer buffer = VDC_BUFFER_INIT;
        buffer.data = memory.data() + static_cast<size_t>(i) * info.frame_bytes;
        buffer.capacity_bytes = info.frame_bytes;
        ASSERT_EQ(VDC_OK, vdc_stream_add_buffer(stream, &buffer)) << vdc_error_text();
    }
    if (way.handle) {
        ASSERT_EQ(VDC_OK, vdc_stream_get_handle(&handle, stream));
    }
    ASSERT_EQ(VDC_OK, vdc_stream_start(stream)) << vdc_error_text();
    while (!marks->done) {
        const vdc_frame *frame = nullptr;
        if (way.callback) {
            std::unique_lock<std::mutex> hold(marks->lock);
            ASSERT_TRUE(marks->changed.wait_for(hold, std::chrono::seconds(60),
                                                [marks] { return marks->done.load(); }));
            continue;
        }
        if (way.handle) {
            struct pollfd one = {static_cast<int>(handle), POLLIN, 0};
            ASSERT_EQ(1, poll(&one, 1, 10000));
        }
        ASSERT_EQ(VDC_OK, vdc_stream_wait(&frame, stream, way.handle ? 0 : 10000))
            << vdc_error_text();
        marks->Count(frame);
        ASSERT_EQ(VDC_OK, vdc_stream_release(stream, frame));
    }
    EXPECT_EQ(VDC_OK, vdc_stream_stop(stream)) << vdc_error_text();
    EXPECT_EQ(VDC_OK, vdc_stream_get_stats(stats, stream));
    vdc_stream_close(stream);
}

class CardAllocation : public UsbTest {};
class CameraAllocation : public UvcTest {};

TEST_F(CardAllocation, NoneAndNoCopyOnEachWay)
{
    Plug(VDM_USB_SUPER, "A1", FAKE_USB_REAL);
    Open();
    vdc_stream_config config = Small();
    config.format.fourcc = VDC_FOURCC_YUYV;
    config.format.interval_s = {1, 240};
    for (const Way &way : ways) {
        for (bool plant : {false, true}) {
            SCOPED_TRACE(std::string(way.name) + (plant ? ", the control" : ""));
            Marks marks;
            marks.warm = 20;
            marks.frames = 60;
            marks.plant = plant;
            vdc_stats stats = VDC_STATS_INIT;
            Capture(device, config, way, &marks, &stats);
            EXPECT_EQ(plant ? 2u : 0u, marks.Own());
            EXPECT_FALSE(marks.strange) << "a frame is not where the caller wanted it";
            EXPECT_EQ(0u, stats.copies);
            EXPECT_EQ(0u, stats.copied_bytes);
        }
    }
}

TEST_F(CameraAllocation, NoneAndOneCopyOnEachWay)
{
    for (const UvcForm &form : {
             UvcForm{CAMERA_HIGH,  false},
             UvcForm{CAMERA_SUPER, true }
    }) {
        Plug(form, form.bulk ? "B" : "I");
        Open(form.bulk ? "usb:B" : "usb:I");
        for (const Way &way : ways) {
            SCOPED_TRACE(std::string(way.name) + (form.bulk ? ", bulk" : ", isochronous"));
            Marks marks;
            marks.warm = 4;
            marks.frames = 20;
            vdc_stats stats = VDC_STATS_INIT;
            Capture(device, Wish(), way, &marks, &stats);
            EXPECT_EQ(0u, marks.Own());
            EXPECT_FALSE(marks.strange) << "a frame is not where the caller wanted it";
            EXPECT_EQ(stats.delivered, stats.copies) << "from behind the payloads' headers";
            EXPECT_EQ(stats.delivered * 320 * 240 * 2, stats.copied_bytes);
        }
        Close();
    }
}

} // namespace
