/* SPDX-License-Identifier: MIT */
/*
 * A V4L2 device that exists only in the table of system calls: it answers as the API says, completes frames when it
 * is told to, and fails, lies, stalls or goes away on request. It counts what it did.
 */
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <linux/videodev2.h>

extern "C" {
#include "v4l2_system.h"
}

struct FakeSize {
    uint32_t type; /* V4L2_FRMSIZE_TYPE_* */
    uint32_t min_w, max_w, step_w, min_h, max_h, step_h;
};

struct FakeControl {
    uint32_t id, type, flags;
    const char *name;
    int64_t minimum, maximum, step, def, value;
};

class FakeV4l2 {
  public:
    FakeV4l2();
    ~FakeV4l2();
    FakeV4l2(const FakeV4l2 &) = delete;
    FakeV4l2 &operator=(const FakeV4l2 &) = delete;

    /* ---- What it is; set before it is opened ---- */
    std::vector<v4l2_node> nodes;
    uint32_t capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    std::vector<uint32_t> fourccs{V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_MJPEG};
    std::vector<FakeSize> sizes{
        {V4L2_FRMSIZE_TYPE_DISCRETE, 640, 640, 1, 480, 480, 1},
        {V4L2_FRMSIZE_TYPE_DISCRETE, 64,  64,  1, 48,  48,  1}
    };
    std::vector<v4l2_fract> intervals{
        {1, 30},
        {1, 15}
    };
    std::vector<FakeControl> controls;
    uint32_t planes = 1;
    bool has_inputs = true, has_dv = false, has_selection = false;
    uint32_t buffer_caps =
        V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_USERPTR | V4L2_BUF_CAP_SUPPORTS_DMABUF;
    uint32_t time_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_TSTAMP_SRC_SOE;
    std::string held_by;

    /* ---- What it does ---- */
    bool sick = false;    /* poll shows an error, and there is no frame */
    bool instant = false; /* a frame is complete whenever a buffer is there */
    uint32_t sequence = 0;
    int64_t interval_ns = 33333333;
    /* Sees and may change what an ioctl answered; may return an errno. Not called when it failed already. */
    std::function<int(unsigned long, void *)> after;
    /* Completes the oldest queued buffer. `change` may alter what DQBUF says of it. false: there was none. */
    bool Complete(uint32_t flags = 0, const std::function<void(v4l2_buffer *)> &change = nullptr);
    /* So many frames found no buffer, or got lost. Time goes on. */
    void Miss(uint32_t count);
    /* Of that node, or of whoever asks first. */
    void Event(const v4l2_event &event, const std::string &path = "");
    /* After another shape: what it is set to at first. */
    void Reset();
    void Unplug();
    void Plug(const v4l2_node &node);
    void PullNode(const std::string &path);

    /* ---- Faults ---- */
    unsigned long fail_request = 0; /* this ioctl fails */
    int fail_error = 0;             /* with this errno */
    int fail_after = 0;             /* from the call after so many on */
    int fail_times = -1;            /* so often; below 0: always */
    uint64_t unplug_at_call = 0;    /* 0: never */

    /* ---- What happened ---- */
    uint64_t calls = 0, injected = 0, polls = 0, queued = 0, dequeued = 0;
    std::map<unsigned long, uint64_t>
        seen; /* ioctls; its keys are made at the first call of each */
    size_t OpenFiles();
    size_t Maps();
    uint64_t timers_set = 0;
    int longest_ms = 0; /* that a wait for frames was given; -1: without an end */
    std::set<uint32_t> subscribed;
    v4l2_requestbuffers last_request = {};

    /* Time of the fake's own frames, which begins now. */
    int64_t now_ns;

  private:
    friend struct FakeTable;
    struct Done {
        v4l2_buffer buffer;
        v4l2_plane planes[4];
    };
    int Ioctl(int fd, unsigned long request, void *argument);
    int Answer(int fd, unsigned long request, void *argument);
    int FormatCall(unsigned long request, v4l2_format *format);
    int ControlCall(unsigned long request, void *argument);
    int BufferCall(unsigned long request, void *argument);
    int InputCall(unsigned long request, void *argument);
    bool CompleteLocked(uint32_t flags, const std::function<void(v4l2_buffer *)> &change);
    void Fill(v4l2_format *format, uint32_t fourcc, uint32_t width, uint32_t height,
              uint32_t stride);

    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<int, std::string> files_;          /* descriptor to what it is */
    std::map<int, std::array<int, 3>> watches_; /* of them, which are waited for together */
    std::map<int, int64_t> timers_;             /* when a timer rings, 0: never */
    std::set<int> raised_;                      /* event descriptors that are set */
    std::map<void *, size_t> maps_;
    int next_fd_ = 1000;
    bool gone_ = false, streaming_ = false;
    v4l2_format format_ = {};
    v4l2_rect crop_ = {};
    uint32_t memory_ = 0, count_ = 0;
    std::array<v4l2_buffer, 32> told_ = {};
    std::array<uint32_t, 32> queue_ = {};
    uint32_t queue_first_ = 0, queue_count_ = 0;
    std::array<Done, 32> done_ = {};
    uint32_t done_first_ = 0, done_count_ = 0;
    struct Told {
        v4l2_event event;
        std::string path;
    };
    /* The next event for an open node, or the end. */
    std::vector<Told>::iterator FindEvent(const std::string &path);

    std::vector<Told> events_;
    std::vector<v4l2_change> changes_;
    int timing_ = 0;
    const struct v4l2_system *real_;
};
