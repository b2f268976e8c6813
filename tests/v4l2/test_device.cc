// SPDX-License-Identifier: MIT
// Nodes and ids, formats, controls, inputs, events: what a driver says, in the library's words.
#include "fixture.h"

#include <cstring>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using Ids = std::vector<std::string>;

class Device : public V4l2Test {
  protected:
    std::vector<std::string> List()
    {
        std::vector<std::string> ids;
        vdc_list *list = nullptr;
        EXPECT_STATUS(VDC_OK, vdc_context_list_devices(&list, context_));
        for (size_t at = 0; at < vdc_list_count(list); at++)
            ids.push_back(vdc_list_device_at(list, at)->id);
        vdc_list_destroy(list);
        return ids;
    }
    v4l2_node Node(const char *path, const char *serial, const char *location, uint32_t index = 0)
    {
        v4l2_node node = fake_.nodes[0];
        std::strcpy(node.path, path);
        std::strcpy(node.serial, serial);
        std::strcpy(node.location, location);
        node.index = index;
        return node;
    }
    vdc_negotiation Ask(uint32_t width, uint32_t height, vdc_fraction interval = {0, 0})
    {
        vdc_negotiation answer = VDC_NEGOTIATION_INIT;
        vdc_format wish = VDC_FORMAT_INIT;
        wish.width_px = width;
        wish.height_px = height;
        wish.interval_s = interval;
        EXPECT_STATUS(VDC_OK, vdc_device_negotiate(&answer, device_, &wish));
        return answer;
    }
};

TEST_F(Device, IdIsTheSerialNumberElseThePlace)
{
    EXPECT_EQ((Ids{"v4l2:1d6b:0102-SN1"}), List());
    fake_.nodes[0] = Node("/dev/video0", "", "usb-0000:00:14.0-2:1.0");
    EXPECT_EQ((Ids{"v4l2:usb-0000:00:14.0-2:1.0"}), List());
}

TEST_F(Device, EqualSerialNumbersFallBackToThePlace)
{
    fake_.nodes.push_back(Node("/dev/video2", "SN1", "usb-0000:00:14.0-3:1.0"));
    EXPECT_EQ((Ids{"v4l2:usb-0000:00:14.0-2:1.0", "v4l2:usb-0000:00:14.0-3:1.0"}), List());
    fake_.nodes[1] = Node("/dev/video2", "SN1", "usb-0000:00:14.0-2:1.0");
    EXPECT_EQ((Ids{"v4l2:usb-0000:00:14.0-2:1.0", "v4l2:usb-0000:00:14.0-2:1.0+1"}), List());
}

TEST_F(Device, OpensByIdByPathAndByOrder)
{
    fake_.nodes.push_back(Node("/dev/video1", "SN1", "usb-0000:00:14.0-2:1.0", 1));
    for (const char *id : {"v4l2:1d6b:0102-SN1", "v4l2:/dev/video0", "v4l2:"}) {
        Open(id);
        EXPECT_STREQ("v4l2:1d6b:0102-SN1", vdc_device_get_info(device_)->id);
        Close();
    }
    Open("v4l2:/dev/video1");
    EXPECT_STREQ("v4l2:1d6b:0102-SN1/1", vdc_device_get_info(device_)->id);
    Close();
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, "v4l2:nobody", 0));
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, "v4l2:/dev/video9", 0));
    EXPECT_STATUS(VDC_E_INVALID, vdc_device_open(&device_, context_, "v4l2:?speed=high", 0));
}

TEST_F(Device, OnlyCaptureIsListed)
{
    for (uint32_t capability : {V4L2_CAP_VIDEO_OUTPUT, V4L2_CAP_META_CAPTURE,
                                V4L2_CAP_VIDEO_M2M | V4L2_CAP_VIDEO_CAPTURE}) {
        fake_.capabilities = capability | V4L2_CAP_STREAMING;
        EXPECT_TRUE(List().empty()) << capability;
        EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, "v4l2:/dev/video0", 0));
    }
    fake_.capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_READWRITE;
    EXPECT_STATUS(VDC_E_UNSUPPORTED, vdc_device_open(&device_, context_, "v4l2:", 0));
}

TEST_F(Device, NothingHereCostsNothing)
{
    fake_.nodes.clear();
    EXPECT_TRUE(List().empty());
    EXPECT_EQ(0u, fake_.calls);
    EXPECT_STATUS(VDC_E_NOT_FOUND, vdc_device_open(&device_, context_, nullptr, 0));
}

TEST_F(Device, DiscreteFormats)
{
    Open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    ASSERT_EQ(4u, vdc_list_count(list));
    const vdc_format_info *first = vdc_list_format_at(list, 0);
    EXPECT_EQ(VDC_FOURCC_YUYV, first->fourcc);
    EXPECT_EQ(640u, first->width_min_px);
    EXPECT_EQ(640u, first->width_max_px);
    EXPECT_EQ(2u, first->interval_count);
    EXPECT_EQ(static_cast<uint32_t>(VDC_PRIMARIES_BT709), first->primaries);
    EXPECT_EQ(static_cast<uint32_t>(VDC_TRANSFER_SRGB), first->transfer);
    EXPECT_EQ(static_cast<uint32_t>(VDC_FIELD_PROGRESSIVE), first->field);
    EXPECT_EQ(1u, vdc_list_format_at(list, 2)->compressed);
    vdc_list_destroy(list);
}

TEST_F(Device, NegotiationFollowsTheRule)
{
    Open();
    EXPECT_EQ(640u, Ask(0, 0).format.width_px) << "its favourite";
    EXPECT_EQ(64u, Ask(10, 10).format.width_px);
    EXPECT_EQ(640u, Ask(65, 10).format.width_px) << "the smallest not below";
    EXPECT_EQ(640u, Ask(5000, 5000).format.width_px) << "else the largest";
    EXPECT_EQ(15u, Ask(64, 48, {1, 20}).format.interval_s.den) << "not shorter than the wish";
    EXPECT_EQ(15u, Ask(64, 48, {1, 1}).format.interval_s.den);
    EXPECT_EQ(30u, Ask(64, 48, {1, 1000}).format.interval_s.den);
    EXPECT_EQ(0u, fake_.seen[VIDIOC_S_FMT]) << "it only asks";
}

TEST_F(Device, RangesOfSizes)
{
    for (uint32_t type : {V4L2_FRMSIZE_TYPE_STEPWISE, V4L2_FRMSIZE_TYPE_CONTINUOUS}) {
        fake_.sizes = {
            {type, 32, 1000, 8, 16, 500, 4}
        };
        Open();
        EXPECT_EQ(104u, Ask(97, 20).format.width_px);
        EXPECT_EQ(20u, Ask(97, 20).format.height_px);
        EXPECT_EQ(1000u, Ask(4000000000u, 20).format.width_px);
        Close();
    }
}

/* Lies about sizes must end as an error, or be left out, never as a picture of that size. */
TEST_F(Device, LyingFormats)
{
    int lies = 0;
    const std::vector<std::function<void(v4l2_pix_format *)>> kinds = {
        [](v4l2_pix_format *pix) { pix->sizeimage = 0; },
        [](v4l2_pix_format *pix) { pix->sizeimage = UINT32_MAX; },
        [](v4l2_pix_format *pix) { pix->width = 0; },
        [](v4l2_pix_format *pix) { pix->height = 0; },
        [](v4l2_pix_format *pix) { pix->width = UINT32_MAX; },
        [](v4l2_pix_format *pix) { pix->pixelformat = 0; },
        [](v4l2_pix_format *pix) { pix->sizeimage = 100; },
        [](v4l2_pix_format *pix) { pix->bytesperline = UINT32_MAX; },
        [](v4l2_pix_format *pix) { pix->bytesperline = 1; },
    };
    for (const auto &lie : kinds) {
        fake_.after = nullptr;
        Open();
        fake_.after = [&](unsigned long request, void *argument) {
            if (request == VIDIOC_TRY_FMT || request == VIDIOC_S_FMT) {
                lie(&static_cast<v4l2_format *>(argument)->fmt.pix);
                ++lies;
            }
            return 0;
        };
        vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
        config.format.fourcc = VDC_FOURCC_YUYV;
        int status = vdc_stream_open(&stream_, device_, &config);
        EXPECT_NE(VDC_OK, status);
        EXPECT_STRNE("", vdc_error_text());
        Close();
    }
    EXPECT_GE(lies, 9);
}

TEST_F(Device, SizesThatCannotBeAreLeftOut)
{
    fake_.sizes.insert(fake_.sizes.begin(), {V4L2_FRMSIZE_TYPE_DISCRETE, 0, 0, 1, 480, 480, 1});
    fake_.sizes.insert(fake_.sizes.begin(),
                       {V4L2_FRMSIZE_TYPE_DISCRETE, UINT32_MAX, UINT32_MAX, 1, 480, 480, 1});
    fake_.intervals.insert(fake_.intervals.begin(), {0, 30});
    fake_.intervals.insert(fake_.intervals.begin(), {1, 0});
    Open();
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_formats(&list, device_));
    EXPECT_EQ(4u, vdc_list_count(list));
    for (size_t at = 0; at < vdc_list_count(list); at++) {
        EXPECT_GT(vdc_list_format_at(list, at)->width_min_px, 0u);
        EXPECT_EQ(2u, vdc_list_format_at(list, at)->interval_count);
    }
    vdc_list_destroy(list);
}

TEST_F(Device, FormatThatChangesWhenItIsSet)
{
    Open();
    fake_.after = [](unsigned long request, void *argument) {
        if (request == VIDIOC_S_FMT)
            static_cast<v4l2_format *>(argument)->fmt.pix.width = 320;
        return 0;
    };
    EXPECT_STATUS(VDC_E_RANGE, vdc_stream_open(&stream_, device_, nullptr));
}

/* ---- Controls ---- */

class Controls : public Device {
  protected:
    void SetUp() override
    {
        fake_.controls = {
            {V4L2_CID_BRIGHTNESS,           V4L2_CTRL_TYPE_INTEGER,   0,                          "Brightness", -64,       64,         2, 0, 10        },
            {V4L2_CID_POWER_LINE_FREQUENCY, V4L2_CTRL_TYPE_MENU,      0,                          "Power line", 0,         3,          1, 1, 1         },
            {0x0098f001,                    V4L2_CTRL_TYPE_INTEGER64, 0,                          "Wide",       INT64_MIN, INT64_MAX,  1, 0, 5         },
            {0x0098f002,                    V4L2_CTRL_TYPE_U8,        V4L2_CTRL_FLAG_HAS_PAYLOAD, "Matrix",     0,         9,          1, 0, 0         },
            {0x0098f003,                    V4L2_CTRL_TYPE_BITMASK,   0,                          "Bits",       0,         0xffffffff, 0, 0, 0x80000001},
            {0x0098f004,                    V4L2_CTRL_TYPE_INTEGER,   V4L2_CTRL_FLAG_DISABLED,    "Off",        0,         9,          1, 0, 0         },
            {V4L2_CID_EXPOSURE_AUTO,        V4L2_CTRL_TYPE_MENU,      0,                          "Auto",       0,         3,          1, 0,
             V4L2_EXPOSURE_MANUAL                                                                                                                      },
        };
        Device::SetUp();
        Open();
    }
    int64_t Get(uint32_t control)
    {
        int64_t value = -1;
        EXPECT_STATUS(VDC_OK, vdc_device_get_control(&value, device_, control));
        return value;
    }
};

TEST_F(Controls, MapAndReadBack)
{
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_controls(&list, device_));
    EXPECT_EQ(5u, vdc_list_count(list));
    const vdc_control_info *menu = vdc_list_control_at(list, 1);
    EXPECT_EQ(static_cast<uint32_t>(VDC_CONTROL_POWER_LINE), menu->id);
    EXPECT_EQ(3u, menu->menu_count) << "its hole is no item";
    vdc_list_destroy(list);
    EXPECT_NE(std::string::npos, log_.find("\"Matrix\" is left out")) << log_;

    EXPECT_EQ(10, Get(VDC_CONTROL_BRIGHTNESS));
    EXPECT_EQ(5, Get(0x0098f001));
    EXPECT_EQ(0x80000001, Get(0x0098f003));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, 0x0098f001, INT64_MIN));
    EXPECT_EQ(INT64_MIN, Get(0x0098f001));
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_control(device_, VDC_CONTROL_BRIGHTNESS, 3));
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_control(device_, VDC_CONTROL_POWER_LINE, 2));
    EXPECT_EQ(0, Get(VDC_CONTROL_EXPOSURE_AUTO));
    EXPECT_STATUS(VDC_OK, vdc_device_set_control(device_, VDC_CONTROL_EXPOSURE_AUTO, 1));
    EXPECT_EQ(1, Get(VDC_CONTROL_EXPOSURE_AUTO));
    EXPECT_EQ(V4L2_EXPOSURE_AUTO, fake_.controls[6].value);
}

TEST_F(Controls, ListsThatNeverEnd)
{
    fake_.after = [](unsigned long request, void *argument) {
        if (request == VIDIOC_QUERY_EXT_CTRL)
            static_cast<v4l2_query_ext_ctrl *>(argument)->id = V4L2_CID_BRIGHTNESS;
        return 0;
    };
    vdc_list *list = nullptr;
    EXPECT_STATUS(VDC_E_IO, vdc_device_list_controls(&list, device_));
}

TEST_F(Controls, EventsOfOthers)
{
    vdc_event event;
    v4l2_event change = {};
    change.type = V4L2_EVENT_CTRL;
    change.id = V4L2_CID_BRIGHTNESS;
    change.u.ctrl.changes = V4L2_EVENT_CTRL_CH_VALUE;
    change.u.ctrl.value = 42;
    EXPECT_FALSE(NextEvent(VDC_EVENT_CONTROL_CHANGED, &event, 0));
    EXPECT_EQ(1u, fake_.subscribed.count(V4L2_EVENT_CTRL));
    fake_.Event(change);
    ASSERT_TRUE(NextEvent(VDC_EVENT_CONTROL_CHANGED, &event));
    EXPECT_EQ(static_cast<uint32_t>(VDC_CONTROL_BRIGHTNESS), event.control);
    EXPECT_EQ(42, event.value);
    change.u.ctrl.changes = V4L2_EVENT_CTRL_CH_FLAGS;
    fake_.Event(change);
    EXPECT_FALSE(NextEvent(VDC_EVENT_CONTROL_CHANGED, &event, 100)) << "only values count";
}

TEST_F(Device, SourceChangeIsToldAndFlagged)
{
    vdc_event event;
    v4l2_event change = {};
    change.type = V4L2_EVENT_SOURCE_CHANGE;
    Start();
    EXPECT_FALSE(NextEvent(VDC_EVENT_SIGNAL_CHANGED, &event, 0));
    EXPECT_FALSE(Pass().flags & VDC_FRAME_SOURCE_CHANGED);
    fake_.Event(change);
    fake_.Complete();
    const vdc_frame *frame = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_stream_wait(&frame, stream_, 1000)); /* which sees both */
    EXPECT_TRUE(frame->flags & VDC_FRAME_SOURCE_CHANGED);
    Give(frame);
    EXPECT_TRUE(NextEvent(VDC_EVENT_SIGNAL_CHANGED, &event));
    EXPECT_FALSE(Pass().flags & VDC_FRAME_SOURCE_CHANGED) << "once";
    StopAndReconcile();
}

/* Nobody waits for the frames of the one that streams, and the other one never leaves the watcher alone. */
TEST_F(Device, EventsOfOneDeviceDoNotHideThoseOfAStreamingOne)
{
    vdc_event event;
    v4l2_event change = {}, chatter = {};
    vdc_device *other = nullptr;
    fake_.nodes.push_back(Node("/dev/video1", "SN2", "usb-0000:00:14.0-3:1.0"));
    fake_.controls = {
        {V4L2_CID_BRIGHTNESS, V4L2_CTRL_TYPE_INTEGER, 0, "Brightness", -64, 64, 1, 0, 10}
    };
    Open("v4l2:/dev/video0");
    ASSERT_STATUS(VDC_OK, vdc_device_open(&other, context_, "v4l2:/dev/video1", 0));
    EXPECT_FALSE(NextEvent(VDC_EVENT_SIGNAL_CHANGED, &event, 0));
    Start();
    change.type = V4L2_EVENT_SOURCE_CHANGE;
    fake_.Event(change, "/dev/video0");
    chatter.type = V4L2_EVENT_CTRL;
    chatter.id = V4L2_CID_BRIGHTNESS;
    chatter.u.ctrl.changes = V4L2_EVENT_CTRL_CH_VALUE;
    int heard = 0, told = 0;
    for (int turn = 0; turn < 50 && (!told || heard < 5); turn++) {
        fake_.Event(chatter, "/dev/video1");
        event = VDC_EVENT_INIT;
        while (vdc_context_wait_event(&event, context_, 100) == VDC_OK) {
            heard += event.kind == VDC_EVENT_CONTROL_CHANGED;
            told += event.kind == VDC_EVENT_SIGNAL_CHANGED;
            event = VDC_EVENT_INIT;
        }
    }
    EXPECT_GE(heard, 5) << "the other one was to be heard all the time";
    EXPECT_EQ(1, told);
    StopAndReconcile();
    vdc_device_close(other);
}

TEST_F(Device, DvTimings)
{
    fake_.has_dv = true;
    Open();
    EXPECT_TRUE(vdc_device_get_info(device_)->caps & VDC_CAP_TIMINGS);
    vdc_list *list = nullptr;
    ASSERT_STATUS(VDC_OK, vdc_device_list_timings(&list, device_));
    ASSERT_EQ(2u, vdc_list_count(list));
    EXPECT_STREQ("1280x720p60.00", vdc_list_timing_at(list, 1)->name);
    EXPECT_EQ(60u, vdc_list_timing_at(list, 1)->interval_s.den);
    vdc_list_destroy(list);
    vdc_signal signal = VDC_SIGNAL_INIT;
    ASSERT_STATUS(VDC_OK, vdc_device_set_timing(device_, 1));
    ASSERT_STATUS(VDC_OK, vdc_device_get_signal(&signal, device_));
    EXPECT_EQ(1u, signal.selected_timing);
    EXPECT_EQ(static_cast<uint32_t>(VDC_SIGNAL_LOCKED), signal.state);
    EXPECT_STATUS(VDC_E_RANGE, vdc_device_set_timing(device_, 2));
    const std::pair<int, int> states[] = {
        {ENOLINK, VDC_SIGNAL_NONE    },
        {ENOLCK,  VDC_SIGNAL_UNSTABLE},
        {ERANGE,  VDC_SIGNAL_UNSTABLE}
    };
    for (auto [error, state] : states) {
        fake_.fail_request = VIDIOC_QUERY_DV_TIMINGS;
        fake_.fail_error = error;
        ASSERT_STATUS(VDC_OK, vdc_device_get_signal(&signal, device_));
        EXPECT_EQ(static_cast<uint32_t>(state), signal.state);
    }
    EXPECT_EQ(3u, fake_.injected);
}

TEST_F(Device, ComesAndGoes)
{
    vdc_event event;
    v4l2_node second = Node("/dev/video5", "SN2", "usb-0000:00:14.0-9:1.0");
    EXPECT_FALSE(NextEvent(VDC_EVENT_DEVICE_ARRIVED, &event, 0)) << "those present do not arrive";
    fake_.Plug(second);
    ASSERT_TRUE(NextEvent(VDC_EVENT_DEVICE_ARRIVED, &event));
    EXPECT_STREQ("v4l2:1d6b:0102-SN2", event.device_id);
    fake_.PullNode("/dev/video5");
    fake_.Plug(second); /* at once: both are told */
    ASSERT_TRUE(NextEvent(VDC_EVENT_DEVICE_REMOVED, &event));
    EXPECT_STREQ("v4l2:1d6b:0102-SN2", event.device_id);
    EXPECT_TRUE(NextEvent(VDC_EVENT_DEVICE_ARRIVED, &event));
}

TEST_F(Device, CropWhereItIsExact)
{
    fake_.has_selection = true;
    fake_.sizes = {
        {V4L2_FRMSIZE_TYPE_STEPWISE, 16, 640, 2, 16, 480, 2}
    };
    Open();
    ASSERT_TRUE(vdc_device_get_info(device_)->caps & VDC_CAP_CROP);
    vdc_stream_config config = VDC_STREAM_CONFIG_INIT;
    config.format.fourcc = VDC_FOURCC_YUYV;
    config.crop = {32, 64, 128, 96};
    ASSERT_STATUS(VDC_OK, vdc_stream_open(&stream_, device_, &config));
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    ASSERT_STATUS(VDC_OK, vdc_stream_get_info(&info, stream_));
    EXPECT_EQ(128u, info.format.width_px);
    EXPECT_EQ(32u, info.crop.left_px);
    vdc_stream_close(stream_);
    stream_ = nullptr;
    fake_.after = [](unsigned long request, void *argument) {
        if (request == VIDIOC_S_SELECTION)
            static_cast<v4l2_selection *>(argument)->r.left += 2;
        return 0;
    };
    fake_.after = [](unsigned long request, void *argument) {
        auto *selection = static_cast<v4l2_selection *>(argument);
        if (request == VIDIOC_G_SELECTION && selection->r.width == 128)
            selection->r.left += 2;
        return 0;
    };
    EXPECT_STATUS(VDC_E_RANGE, vdc_stream_open(&stream_, device_, &config)) << "not quite there";
}

TEST_F(Device, BusyNamesWhoHasIt)
{
    fake_.held_by = "ffmpeg (4711)";
    Open();
    fake_.fail_request = VIDIOC_S_FMT;
    fake_.fail_error = EBUSY;
    EXPECT_STATUS(VDC_E_BUSY, vdc_stream_open(&stream_, device_, nullptr));
    EXPECT_NE(std::string::npos, std::string(vdc_error_text()).find("ffmpeg (4711)"))
        << vdc_error_text();
    EXPECT_NE(std::string::npos, std::string(vdc_error_text()).find("stop"));
    EXPECT_GE(fake_.injected, 1u);
}

/* The real table, as far as a machine without devices goes. */
TEST(System, FindsTheHolderOfAFile)
{
    std::string name = testing::TempDir() + "vidicon-holder-XXXXXX";
    char *path = name.data();
    int fd = mkstemp(path);
    ASSERT_GE(fd, 0);
    char text[64] = "x";
    v4l2_system_linux.holder(text, sizeof(text), path);
    EXPECT_STREQ("", text) << "this process does not count";
    int ends[2];
    ASSERT_EQ(0, pipe(ends));
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    v4l2_system_linux.holder(text, sizeof(text), path);
    EXPECT_NE(std::string::npos, std::string(text).find("(" + std::to_string(child) + ")")) << text;
    close(ends[0]);
    close(ends[1]);
    waitpid(child, nullptr, 0);
    close(fd);
    unlink(path);
}

TEST(System, WatchesNodes)
{
    v4l2_monitor *monitor = nullptr;
    int fd = -1;
    const char *kind = nullptr;
    v4l2_change change;
    ASSERT_EQ(0, v4l2_system_linux.monitor_open(&monitor, &fd, &kind));
    EXPECT_GE(fd, 0);
    EXPECT_EQ(0, v4l2_system_linux.monitor_read(monitor, &change));
    v4l2_system_linux.monitor_close(monitor);
}

} // namespace
