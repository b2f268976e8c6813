/* SPDX-License-Identifier: MIT */
/* Windows with kernel streaming filters, scripted: answers the backend's table of system calls. One test at a time sets it up;
 * each call of the system is a place where a fault can strike. */
#pragma once

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern "C" {
#include "ks_abi.h"
#include "ks_system.h"
#include "vdw_interface.h"
}

using Bytes = std::vector<uint8_t>;

/* The bytes of anything. */
template <class T> Bytes bytes_of(const T &value)
{
    Bytes out(sizeof(value));
    std::memcpy(out.data(), &value, sizeof(value));
    return out;
}

inline void append(Bytes *out, const Bytes &more)
{
    size_t at = out->size();
    out->resize(at + more.size());
    if (!more.empty())
        std::memcpy(out->data() + at, more.data(), more.size());
}

/* A data range, to be altered before it is listed. */
struct Range {
    ks_video_range head;
    ks_video2 header;
    bool second = false;

    Range(uint32_t code, int32_t width, int32_t height, int64_t interval_100ns = 333333);
    Bytes bytes() const;
};

/* KSMULTIPLE_ITEM and the ranges behind it, each on 8 bytes. */
Bytes list_of(const std::vector<Bytes> &items);

struct FakePin {
    uint32_t flow = KS_DATAFLOW_OUT;
    uint32_t communication = 1; /* sink */
    ks_guid category = ks_category_capture;
    std::vector<Bytes> ranges;
};

struct FakeLevel {
    int32_t value, minimum, maximum;
    uint32_t step;
    int32_t standard;
    uint32_t flags = KS_LEVEL_MANUAL;
    uint32_t capabilities = KS_LEVEL_MANUAL;
};

/* Vidicon's card behind its driver. */
struct FakeCard {
    vdw_identity identity;
    vdw_firmware_status firmware;
    std::vector<vdw_input> inputs;
    std::vector<vdw_timing> timings;
    std::vector<vdw_mode> modes;
    std::vector<vdw_interval> intervals; /* of every mode */
    std::vector<vdw_control> controls;
    std::vector<int32_t> values;
    std::map<uint32_t, uint32_t> registers; /* by offset; others are denied */
    std::vector<vdw_register_info> names;
    vdw_signal signal;
    vdw_counts counts;
    uint32_t input, timing;
    uint64_t ticks;       /* that its counter, of 1 ns, is ahead of the host's clock */
    uint32_t store_error; /* BOOT and STORE end REFUSED with it */
};

class FakeKs {
  public:
    /* ---- Set-up ---- */
    void reset();
    /* A plain camera: YUYV and MJPEG at two sizes. */
    void plug_camera();
    void plug_card();

    std::vector<ks_interface> interfaces;
    std::vector<FakePin> pins;
    std::map<std::pair<bool, uint32_t>, FakeLevel> levels; /* {is camera, property} */
    uint32_t flips = 0, flipped = 0;                       /* VideoControl */
    std::vector<int64_t> rates;
    ks_framing framing{};
    bool has_framing = false;
    bool has_card = false;
    FakeCard card{};

    /* ---- Faults ---- */
    /* After so many system calls that can fail, every one gives this, or only the one. */
    int64_t fail_after = -1;
    uint32_t fail_with = 0;
    bool fail_once = false;
    uint64_t calls = 0, injected = 0;
    /* What a property claims to have written; INT64_MIN: the truth. */
    int64_t lie_about_bytes = INT64_MIN;
    bool cancel_is_slow = false; /* cancelled reads come only after a wake of the test */

    /* ---- Events ---- */
    /* That the driver takes: {first number of the set, id}; a card its own four. */
    std::set<std::pair<uint32_t, uint32_t>> events;
    bool deaf = false; /* a card takes none */
    /* The driver tells of one: false if nobody listens for it. Heard by the time it returns. */
    bool happen(const ks_guid &set, uint32_t id);
    int listeners = 0, heard = 0;

    /* ---- Threads ---- */
    bool needs_thread = false;            /* reads do */
    std::set<std::thread::id> submitters; /* that sent reads */

    /* ---- Frames ---- */
    bool live = true; /* a frame ends whenever somebody reaps and the pin runs */
    uint32_t frames_left = UINT32_MAX;
    uint32_t used_bytes = UINT32_MAX; /* DataUsed; UINT32_MAX: all of the buffer */
    uint32_t read_result = 0;
    int64_t picture = 0, dropped = 0; /* of the next frame's KS_FRAME_INFO */
    uint32_t options = 0;
    bool no_info = false;
    vdw_frame_info own{};

    /* Ends the oldest read in flight, as the members above say: false if there is none. */
    bool end_read();
    /* Those that ended are told of in the opposite order. */
    void shuffle();
    uint64_t ticks_now() const;
    /* What has been seen. */
    size_t reads_in_flight();
    size_t most_in_flight = 0;
    std::vector<uint32_t> states; /* that the pin was set to */
    std::vector<uint8_t> connect; /* of the pin */
    std::vector<void *> filled;   /* Data of each read that ended well */
    int open_handles = 0, watches = 0, wakes = 0;
    void notify(const char *arrived = nullptr); /* an interface came or went */
    std::string breaches;                       /* of the seam's rules; must stay empty */

    /* ---- The table ---- */
    uint32_t open(ks_handle **out, const char *path);
    uint32_t create_pin(ks_handle **out, void *connect, uint32_t bytes);
    void close(ks_handle *handle);
    uint32_t property(const void *request, uint32_t request_bytes, void *value,
                      uint32_t value_bytes, uint32_t *returned);
    uint32_t submit(ks_read *read);
    uint32_t reap(ks_read **out, int64_t deadline_ns);
    void wake();
    void cancel();
    uint32_t listen(void **out, uint64_t *accepted, const ks_property *wanted, uint32_t count,
                    void (*happened)(void *, uint32_t), void *user);
    void unlisten(void *listener);

    std::mutex mutex;
    std::condition_variable changed;
    uint32_t enumerate_result = 0;
    void (*watcher)(void *, const char *) = nullptr;
    void *watcher_user = nullptr;

  private:
    bool strike(uint32_t *result);
    bool end_one();
    uint32_t answer(const ks_property &property, const uint8_t *request, uint32_t request_bytes,
                    uint8_t *in, uint32_t in_bytes, Bytes *out);
    uint32_t answer_pin(const ks_property &property, const uint8_t *request, uint32_t bytes,
                        Bytes *out);
    uint32_t answer_level(const ks_property &property, const uint8_t *in, uint32_t in_bytes,
                          Bytes *out);
    uint32_t answer_video(const ks_property &property, const uint8_t *request, uint32_t bytes,
                          Bytes *out);
    uint32_t answer_card(const ks_property &property, const uint8_t *request, uint32_t bytes,
                         const uint8_t *in, uint32_t in_bytes, Bytes *out);
    uint32_t set_card(uint32_t id, uint32_t index, const uint8_t *in, uint32_t in_bytes);
    uint32_t command(const vdw_firmware_command &what);
    struct Listener;
    std::vector<Listener *> listening_;
    std::deque<ks_read *> flying_;
    std::deque<ks_read *> ended_;
    int woken_ = 0;
    uint32_t state_ = 0;
    bool pin_open_ = false;
};

/* The one that there is. */
FakeKs &fake_ks();
