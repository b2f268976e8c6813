/* SPDX-License-Identifier: MIT */
/* A scriptable backend: every function can be told to fail, every frame is made by the test.
 * It also checks what the contract promises to backends, and counts each breach. */
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

extern "C" {
#include "test_hook.h"
}

enum FakeCall {
    FAKE_LIST,
    FAKE_WATCH,
    FAKE_OPEN,
    FAKE_FORMATS,
    FAKE_NEGOTIATE,
    FAKE_CONTROLS,
    FAKE_GET_CONTROL,
    FAKE_SET_CONTROL,
    FAKE_STREAM_OPEN,
    FAKE_ATTACH,
    FAKE_START,
    FAKE_QUEUE,
    FAKE_WAIT,
    FAKE_STOP,
    FAKE_COUNTS,
    FAKE_POLL_BEGIN,
    FAKE_FIRMWARE,
    FAKE_REGISTERS,
    FAKE_INPUTS,
    FAKE_PROGRESS,
    FAKE_EXPORT,
    FAKE_CALLS
};

constexpr uint32_t kAllCaps = VDC_CAP_FIRMWARE | VDC_CAP_REGISTERS | VDC_CAP_EXTENSIONS |
                              VDC_CAP_INPUTS | VDC_CAP_TIMINGS | VDC_CAP_CROP | VDC_CAP_PROGRESS |
                              VDC_CAP_CALLER_MEMORY | VDC_CAP_DMABUF_IMPORT | VDC_CAP_DMABUF_EXPORT;

class Fake {
  public:
    Fake();
    ~Fake();
    Fake(const Fake &) = delete;
    Fake &operator=(const Fake &) = delete;

    /* The script. */
    std::atomic<int> fail[FAKE_CALLS] = {}; /* a status: the call fails with it */
    std::atomic<bool> silent{false};        /* failures leave no text */
    uint32_t caps = kAllCaps;
    bool limited = false;
    std::vector<std::string> ids{"fake:0"}; /* what is listed */
    uint32_t listed_caps = 0;
    std::atomic<bool> instant{false}; /* wait makes a frame whenever there is a buffer */
    bool native = false;              /* poll_begin gives a handle of its own */
    std::atomic<bool> linger{false};  /* writes to a buffer after stop */
    std::atomic<uint64_t> forget{0};  /* that many frames are produced and never seen again */
    std::atomic<bool> lie{false};     /* reports fewer produced than were handed out */
    std::atomic<int64_t> late_ns{0};  /* so long ago did frames end that come now */
    uint32_t basis = VDC_BASIS_DEVICE;

    /* The device's side. */
    bool complete(
        uint32_t damage = VDC_DROP_SLOTS); /* false: no buffer, so it is lost; or not running */
    void report(uint32_t cause, uint32_t count);       /* losses without a frame */
    void report_later(uint32_t cause, uint32_t count); /* with the next frame */
    void unplug();
    void end_linger();
    size_t queued();
    size_t waiting_frames();
    bool in_wait() const { return in_wait_.load() != 0; }

    /* What it saw. */
    std::atomic<int> breaches{0};
    std::atomic<int> starts{0}, stops{0}, wakes{0}, queues{0}, detached{0}, watches{0};
    std::string opened_path;
    uint32_t last_open_flags = 0;
    int64_t control_value = 10;
    struct vdi_stream_config last_config = {};
    struct vdi_device *device = nullptr;
    struct vdi_context *context = nullptr;

    static const struct vdi_backend *table();       /* named "fake" */
    static const struct vdi_backend *simulated();   /* named "fakesim" */
    static const struct vdi_backend *with_memory(); /* named "fakemem": extra->allocate */
    static Fake *current;

    /* Bodies of the table's functions. */
    int step(FakeCall call, const char *name);
    int open(struct vdi_device *device, const char *path);
    int stream_open(const struct vdi_stream_config *config, struct vdi_stream_layout *layout);
    int start(struct vdi_stream *stream);
    int queue(struct vdi_buffer *buffer);
    int wait(struct vdi_completion *out, int64_t deadline_ns);
    int progress(vdc_progress *out, int64_t deadline_ns);
    void wake();
    int stop();
    int counts(struct vdi_counts *out);
    int poll_begin(struct vdi_stream *stream, vdc_handle *native_out);
    struct Serial {
        explicit Serial(std::atomic<int> &count);
        ~Serial();
        std::atomic<int> &count_;
    };
    std::atomic<int> in_call_{0}, in_fast_{0}, in_wait_{0};

  private:
    void tell();
    void push(struct vdi_buffer *buffer, uint32_t damage);

    vdi_mutex *lock_ = nullptr;
    vdi_cond *changed_ = nullptr;
    struct vdi_stream *stream_ = nullptr;
    struct vdi_buffer *queue_[64];
    size_t queue_first_ = 0, queue_count_ = 0;
    struct vdi_completion done_[128];
    size_t done_first_ = 0, done_count_ = 0;
    uint32_t pending_[VDC_DROP_SLOTS] = {};
    struct vdi_counts counts_ = {};
    uint64_t sequence_ = 0;
    bool woken_ = false, running_ = false, polled_ = false;
    std::atomic<bool> gone_{false};
    vdc_handle native_handle_ = -1;
    bool native_set_ = false;
    vdi_thread *lingerer_ = nullptr;
    struct vdi_buffer *victim_ = nullptr;
    std::atomic<bool> lingering_{false};
    static void linger_body(void *self);
};
