// SPDX-License-Identifier: MIT
// A whole session under every fault at every call: each ioctl failing with each errno, once or for ever, interruptions,
// and an unplug before each call. Whatever comes of it is a named status; nothing hangs, nothing leaks.
#include "fixture.h"

#include <cerrno>
#include <cstring>

namespace {

class Faults : public V4l2Test {
  protected:
    void Note(int status)
    {
        EXPECT_STRNE("?", vdc_status_name(status)) << status;
        if (status != VDC_OK)
            EXPECT_STRNE("", vdc_error_text());
        worst_ = status != VDC_OK ? status : worst_;
    }
    /* What an application does, from beginning to end; goes on wherever it can. */
    void Session()
    {
        vdc_list *list = nullptr;
        vdc_signal signal = VDC_SIGNAL_INIT;
        int64_t value = 0;

        worst_ = VDC_OK;
        delivered_ = 0;
        Note(vdc_context_list_devices(&list, context_));
        vdc_list_destroy(list);
        int status = vdc_device_open(&device_, context_, "v4l2:", 0);
        Note(status);
        if (status != VDC_OK)
            return;
        using ListFn = int (*)(vdc_list **, vdc_device *);
        for (ListFn ask : {ListFn(vdc_device_list_formats), ListFn(vdc_device_list_controls),
                           ListFn(vdc_device_list_inputs)}) {
            list = nullptr;
            Note(ask(&list, device_));
            vdc_list_destroy(list);
        }
        Note(vdc_device_get_signal(&signal, device_));
        Note(vdc_device_get_control(&value, device_, VDC_CONTROL_BRIGHTNESS));
        Note(vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 5));
        status = vdc_stream_open(&stream_, device_, nullptr);
        Note(status);
        for (int round = 0; status == VDC_OK && round < 2; round++) {
            int started = vdc_stream_start(stream_);
            Note(started);
            for (int at = 0; started == VDC_OK && at < 3; at++) {
                const vdc_frame *frame = nullptr;
                int waited = vdc_stream_wait(&frame, stream_, at == 0 ? 0 : 30);
                Note(waited);
                if (waited == VDC_OK) {
                    delivered_++;
                    Note(vdc_stream_release(stream_, frame));
                }
            }
            if (started == VDC_OK) {
                Note(vdc_stream_stop(stream_));
                vdc_stats stats = VDC_STATS_INIT;
                Note(vdc_stream_get_stats(&stats, stream_));
                EXPECT_EQ(0u, stats.in_flight);
                EXPECT_EQ(0u, stats.copies);
            }
        }
        Close();
    }
    void SetUp() override
    {
        fake_.instant = true;
        fake_.has_dv = true;
        fake_.has_selection = true;
        fake_.controls = {
            {V4L2_CID_BRIGHTNESS,           V4L2_CTRL_TYPE_INTEGER, 0, "Brightness", 0, 64, 1, 0, 10},
            {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU,    0, "Power line", 0, 3,  1, 1, 1 },
        };
        V4l2Test::SetUp();
    }
    int worst_ = VDC_OK;
    int delivered_ = 0;
};

TEST_F(Faults, SessionIsWholeWithoutOne)
{
    Session();
    EXPECT_EQ(VDC_OK, worst_) << vdc_error_text();
    EXPECT_EQ(6, delivered_);
    EXPECT_GT(fake_.seen.size(), 20u) << "it asks for much";
    EXPECT_EQ(0u, fake_.injected);
}

TEST_F(Faults, EachCallWithEachErrno)
{
    Session();
    std::map<unsigned long, uint64_t> requests = fake_.seen;
    const int errors[] = {EPERM,  ENOENT, EIO,    ENXIO,   EBADF,   EAGAIN, ENOMEM,
                          EACCES, EFAULT, EBUSY,  ENODEV,  EINVAL,  ENOSPC, EPIPE,
                          ERANGE, ENOTTY, EPROTO, ENODATA, ENOLINK, 0x7fff};
    uint64_t sessions = 0;
    for (const auto &request : requests)
        for (int error : errors)
            for (int times : {1, -1}) {
                fake_.fail_request = request.first;
                fake_.fail_error = error;
                fake_.fail_after = 0;
                fake_.fail_times = times;
                uint64_t before = fake_.injected;
                Session();
                Close();
                sessions++;
                EXPECT_GT(fake_.injected, before);
                ASSERT_EQ(0u, fake_.OpenFiles()) << request.first << " " << error;
                ASSERT_EQ(0u, fake_.Maps()) << request.first << " " << error;
                if (HasFailure())
                    FAIL() << "request " << std::hex << request.first << ", errno " << std::dec
                           << error << ", times " << times;
            }
    RecordProperty("sessions", static_cast<int>(sessions));
    RecordProperty("injected", static_cast<int>(fake_.injected));
    printf("[   info   ] %llu sessions, %llu failures injected\n",
           static_cast<unsigned long long>(sessions),
           static_cast<unsigned long long>(fake_.injected));
    fake_.fail_request = 0;
    Session();
    EXPECT_EQ(VDC_OK, worst_) << "and it still works: " << vdc_error_text();
}

/* A frame's own calls, from the second frame on. */
TEST_F(Faults, FrameCallsWithEachErrno)
{
    uint64_t before = fake_.injected;
    for (unsigned long request : {VIDIOC_DQBUF, VIDIOC_QBUF})
        for (int error : {EIO, EINVAL, EPIPE, ENODEV, ENOMEM, EFAULT}) {
            fake_.fail_request = request;
            fake_.fail_error = error;
            fake_.fail_after = 5;
            fake_.fail_times = -1;
            Session();
            Close();
            EXPECT_NE(VDC_OK, worst_);
        }
    EXPECT_GE(fake_.injected - before, 12u);
}

TEST_F(Faults, InterruptionsAreTriedAgain)
{
    Session();
    std::map<unsigned long, uint64_t> requests = fake_.seen;
    for (const auto &request : requests) {
        fake_.fail_request = request.first;
        fake_.fail_error = EINTR;
        fake_.fail_after = 0;
        fake_.fail_times = 50;
        Session();
        EXPECT_EQ(VDC_OK, worst_) << request.first << ": " << vdc_error_text();
        EXPECT_EQ(6, delivered_);
    }
    EXPECT_EQ(50 * requests.size(), fake_.injected);
}

TEST_F(Faults, InterruptionsForEverEnd)
{
    fake_.fail_request = VIDIOC_DQBUF;
    fake_.fail_error = EINTR;
    Session();
    EXPECT_NE(VDC_OK, worst_);
    EXPECT_GT(fake_.injected, 1000u);
}

} // namespace

/* Each session has a fake of its own, since what was unplugged stays so. */
class FaultsUnplug : public ::testing::Test {};

namespace {

uint64_t SessionUnpluggedAt(uint64_t call, int *status_seen)
{
    FakeV4l2 fake;
    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    vdc_list *list = nullptr;
    const vdc_frame *frame = nullptr;
    auto note = [&](int status) {
        if (status != VDC_OK)
            *status_seen = status;
        return status;
    };

    fake.instant = true;
    fake.unplug_at_call = call;
    EXPECT_STATUS(VDC_OK, vdc_context_create(&context, nullptr));
    if (note(vdc_device_open(&device, context, "v4l2:", 0)) == VDC_OK) {
        if (note(vdc_device_list_formats(&list, device)) == VDC_OK)
            vdc_list_destroy(list);
        if (note(vdc_stream_open(&stream, device, nullptr)) == VDC_OK &&
            note(vdc_stream_start(stream)) == VDC_OK) {
            for (int at = 0; at < 3; at++)
                if (note(vdc_stream_wait(&frame, stream, 1000)) == VDC_OK)
                    note(vdc_stream_release(stream, frame));
            note(vdc_stream_stop(stream));
            vdc_stats stats = VDC_STATS_INIT;
            EXPECT_STATUS(VDC_OK, vdc_stream_get_stats(&stats, stream));
            uint64_t sum = stats.delivered;
            for (uint64_t dropped : stats.dropped)
                sum += dropped;
            EXPECT_EQ(stats.produced, sum) << "at call " << call;
        }
    }
    vdc_stream_close(stream);
    vdc_device_close(device);
    vdc_context_destroy(context);
    EXPECT_EQ(0u, fake.OpenFiles()) << "at call " << call;
    EXPECT_EQ(0u, fake.Maps()) << "at call " << call;
    return fake.unplug_at_call ? fake.injected : fake.calls;
}

TEST_F(FaultsUnplug, AtEachCall)
{
    int status = VDC_OK;
    uint64_t calls = SessionUnpluggedAt(0, &status);
    uint64_t injected = 0;
    EXPECT_EQ(VDC_OK, status);
    ASSERT_GT(calls, 50u);
    for (uint64_t at = 1; at <= calls; at++) {
        status = VDC_OK;
        injected += SessionUnpluggedAt(at, &status);
        EXPECT_TRUE(status == VDC_OK || status == VDC_E_GONE || status == VDC_E_NOT_FOUND)
            << "at call " << at << ": " << vdc_status_name(status);
    }
    EXPECT_EQ(calls, injected) << "each happened";
    printf("[   info   ] %llu unplugs\n", static_cast<unsigned long long>(injected));
}

} // namespace
