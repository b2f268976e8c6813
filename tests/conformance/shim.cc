/* SPDX-License-Identifier: MIT */
/*
 * The lies, and the calls that tell them. A frame that is altered is a copy, which the shim takes back at
 * release. Lies begin with the third frame of a stream, so that something right comes first.
 */
#define CONFORMANCE_SHIM_INSIDE
#include "shim.h"
#include "shim_inside.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace shim {

namespace {

struct Lie {
    const char *name;
    const char *caught_by; /* the case that must fail */
};

const Lie kLies[] = {
    {"flip-pixel",           "Pictures.NumbersFollowOneAnother"        },
    {"swap-frames",          "Accounts.TimesAndNumbersRise"            },
    {"lose-frame",           "Delivery.Waits"                          },
    {"hide-drop",            "Accounts.FifoOverflow"                   },
    {"hide-drop-in-stats",   "Accounts.FifoOverflow"                   },
    {"count-one-more",       "Delivery.Waits"                          },
    {"still-in-flight",      "Delivery.Waits"                          },
    {"unknown-cause",        "Accounts.RefusedDma"                     },
    {"wrong-cause",          "Accounts.SignalLossWithOverflow"         },
    {"stale-time",           "Accounts.TimesAndNumbersRise"            },
    {"time-back",            "Accounts.TimesAndNumbersRise"            },
    {"other-clock",          "Accounts.TimesAndNumbersRise"            },
    {"no-bound",             "Accounts.ClockAndBound"                  },
    {"hide-time-jump",       "Accounts.TimeJumpIsTold"                 },
    {"copy-frame",           "CallerMemory.AddressesAreTheCallers"     },
    {"touch-after-stop",     "CallerMemory.UntouchedAfterStop"         },
    {"touch-guard",          "CallerMemory.AddressesAreTheCallers"     },
    {"touch-held",           "CallerMemory.HeldFramesAreNotOverwritten"},
    {"wrong-stride",         "Pictures.EveryFormatAtThreeSizes"        },
    {"ready-when-not",       "Handles.Exact"                           },
    {"not-ready-when-it-is", "Handles.DriveALoop"                      },
    {"never-ready",          "Handles.BeginInMidStream"                },
    {"lose-event",           "Controls.DeviceChangesAreEvents"         },
    {"deaf-cancel",          "Delivery.CancelWakesTheWaiter"           },
    {"slow-poll",            "Delivery.ZeroTimeoutReturnsAtOnce"       },
    {"early-timeout",        "Delivery.TimeoutIsKept"                  },
    {"release-twice",        "Delivery.ReleaseTwiceOrForeign"          },
    {"second-waiter",        "Delivery.SecondWaiterIsBusy"             },
    {"time-out-when-gone",   "Unplug.WhileWaiting"                     },
    {"new-ids",              "Devices.ListIsStable"                    },
    {"list-simulated",       "Devices.SimulatedOnlyWhenAsked"          },
    {"open-simulated",       "Devices.SimulatedOnlyWhenAsked"          },
    {"restless-answer",      "Formats.AnyGivesTheFavourite"            },
    {"take-any-value",       "Controls.OutOfRangeIsRefused"            },
    {"forget-value",         "Controls.ReadBackWhatWasSet"             },
    {"lines-too-soon",       "Progress.LinesGrowAndAreFinal"           },
    {"wrong-register",       "Service.Registers"                       },
    {"hang",                 "Delivery.StopWakesTheWaiter"             },
};

std::string lie;
std::atomic<uint64_t> told{0};
std::atomic<uint64_t> released{0};
std::mutex mutex; /* for what follows */

struct Copy {
    vdc_frame frame;
    const vdc_frame *real;
    std::vector<uint8_t> pixels;
};
struct State {
    uint64_t frames = 0;
    int64_t first_time = 0;
    const vdc_frame *later = nullptr; /* swapped */
    std::vector<vdc_buffer> buffers;
};
std::map<vdc_stream *, State> streams;
std::vector<std::unique_ptr<Copy>> copies;
std::vector<std::thread> threads;

struct Joiner {
    ~Joiner()
    {
        for (std::thread &thread : threads)
            thread.join();
    }
} joiner;

const vdc_frame *Altered(const vdc_frame *real, vdc_stream *stream)
{
    State &state = streams[stream];
    ++state.frames;
    if (state.frames == 1)
        state.first_time = real->host_time_ns;
    bool late = state.frames >= 3;
    uint64_t lost = 0;
    for (uint32_t count : real->dropped)
        lost += count;

    auto copy = std::make_unique<Copy>();
    copy->frame = *real;
    copy->real = real;
    vdc_frame &frame = copy->frame;
    uint64_t before = told;
    if (late && Tell("flip-pixel")) {
        copy->pixels.assign(real->planes[0], real->planes[0] + real->used_bytes);
        copy->pixels[real->used_bytes / 2] ^= 1;
        for (uint32_t i = 0; i < frame.plane_count; ++i)
            frame.planes[i] = copy->pixels.data() + (real->planes[i] - real->planes[0]);
    }
    if (late && Tell("copy-frame")) {
        copy->pixels.assign(real->planes[0], real->planes[0] + real->used_bytes);
        for (uint32_t i = 0; i < frame.plane_count; ++i)
            frame.planes[i] = copy->pixels.data() + (real->planes[i] - real->planes[0]);
    }
    if (lost && Tell("hide-drop")) {
        std::memset(frame.dropped, 0, sizeof frame.dropped);
        frame.flags &= ~static_cast<uint32_t>(VDC_FRAME_DISCONTINUITY);
    }
    if (lost && Tell("wrong-cause")) {
        std::memset(frame.dropped, 0, sizeof frame.dropped);
        frame.dropped[VDC_DROP_BUS] = static_cast<uint32_t>(lost);
    }
    if (late && Tell("stale-time"))
        frame.device_ticks = 0, frame.host_time_ns = state.first_time;
    if (state.frames == 7 && Tell("time-back"))
        frame.host_time_ns = state.first_time - 1;
    if (state.frames == 7 && Tell("other-clock"))
        frame.clock = frame.clock == VDC_CLOCK_MONOTONIC ? VDC_CLOCK_VIRTUAL : VDC_CLOCK_MONOTONIC;
    if (late && Tell("no-bound"))
        frame.error_bound_ns = VDC_ERROR_UNKNOWN_NS;
    if ((frame.flags & VDC_FRAME_TIME_JUMP) && Tell("hide-time-jump"))
        frame.flags &= ~static_cast<uint32_t>(VDC_FRAME_TIME_JUMP);
    if (told == before)
        return real;
    copies.push_back(std::move(copy));
    return &copies.back()->frame;
}

/* The library's own frame behind what the suite holds. */
const vdc_frame *Real(const vdc_frame *frame)
{
    for (size_t i = 0; i < copies.size(); ++i)
        if (&copies[i]->frame == frame) {
            const vdc_frame *real = copies[i]->real;
            copies.erase(copies.begin() + static_cast<ptrdiff_t>(i));
            return real;
        }
    return frame;
}

void Later(int ms, void (*act)(uint8_t *), uint8_t *data)
{
    threads.emplace_back([=] {
        std::this_thread::sleep_for(std::chrono::milliseconds(ms));
        act(data);
    });
}

} // namespace

bool Is(const char *name)
{
    return lie == name;
}

bool Tell(const char *name)
{
    if (!Is(name))
        return false;
    ++told;
    return true;
}

void Count()
{
    ++told;
}

bool Break(const std::string &name)
{
    lie = name;
    if (name.empty())
        return true;
    for (const Lie &known : kLies)
        if (name == known.name)
            return true;
    return false;
}

uint64_t Told()
{
    return told;
}

uint64_t Released()
{
    return released;
}

void List()
{
    for (const Lie &known : kLies)
        std::printf("%s %s\n", known.name, known.caught_by);
}

bool Ready(bool truth)
{
    static std::atomic<uint64_t> calls{0};
    ++calls;
    if (!truth && calls % 5 == 0 && Tell("ready-when-not"))
        return true;
    if (truth && calls % 5 == 0 && Tell("not-ready-when-it-is"))
        return false;
    if (truth && Tell("never-ready"))
        return false;
    return truth;
}

int Wait(const vdc_frame **out, vdc_stream *stream, int timeout_ms)
{
    if (timeout_ms > 20 && Is("early-timeout")) {
        int status = vdc_stream_wait(out, stream, 5);
        told += status == VDC_E_TIMEOUT;
        return status;
    }
    if (Is("second-waiter")) {
        int status = vdc_stream_wait(out, stream, timeout_ms);
        return status == VDC_E_BUSY && Tell("second-waiter") ? VDC_E_TIMEOUT : status;
    }
    if (timeout_ms != 0 && Tell("hang"))
        std::this_thread::sleep_for(std::chrono::hours(1));
    if (timeout_ms == 0 && told < 2 && Tell("slow-poll"))
        std::this_thread::sleep_for(std::chrono::milliseconds(600));
    if (Is("swap-frames") && out) {
        std::lock_guard<std::mutex> lock(mutex);
        State &state = streams[stream];
        if (state.later) {
            *out = state.later;
            state.later = nullptr;
            return VDC_OK;
        }
        const vdc_frame *first = nullptr, *second = nullptr;
        int status = vdc_stream_wait(&first, stream, timeout_ms);
        if (status != VDC_OK)
            return status;
        *out = first;
        if (++state.frames == 5 && vdc_stream_wait(&second, stream, 500) == VDC_OK) {
            ++told;
            *out = second;
            state.later = first;
        }
        return VDC_OK;
    }
    const vdc_frame *frame = nullptr;
    int status = vdc_stream_wait(out ? &frame : nullptr, stream, timeout_ms);
    if (status == VDC_E_GONE && Tell("time-out-when-gone"))
        return VDC_E_TIMEOUT;
    if (status != VDC_OK)
        return status;
    if (Is("lose-frame")) {
        State &state = streams[stream];
        if (++state.frames == 5) {
            ++told;
            vdc_stream_release(stream, frame);
            return Wait(out, stream, timeout_ms);
        }
    }
    if (lie.empty()) {
        *out = frame;
        return VDC_OK;
    }
    std::lock_guard<std::mutex> lock(mutex);
    *out = Altered(frame, stream);
    State &state = streams[stream];
    if (state.frames >= 3 && state.buffers.size() > frame->buffer) {
        const vdc_buffer &buffer = state.buffers[frame->buffer];
        uint8_t *data = static_cast<uint8_t *>(buffer.data);
        if (Tell("touch-guard"))
            data[buffer.capacity_bytes] ^= 1;
        if (state.frames == 8 && Tell("touch-held"))
            for (const vdc_buffer &other : state.buffers)
                static_cast<uint8_t *>(other.data)[1] ^= 1;
    }
    return VDC_OK;
}

int Release(vdc_stream *stream, const vdc_frame *frame)
{
    ++released;
    if (lie.empty())
        return vdc_stream_release(stream, frame);
    std::lock_guard<std::mutex> lock(mutex);
    int status = vdc_stream_release(stream, Real(frame));
    return status == VDC_E_INVALID && frame && Tell("release-twice") ? VDC_OK : status;
}

int WaitProgress(vdc_progress *out, vdc_stream *stream, int timeout_ms)
{
    int status = vdc_stream_wait_progress(out, stream, timeout_ms);
    vdc_stream_info info = VDC_STREAM_INFO_INIT;
    if (status == VDC_OK && Is("lines-too-soon") && vdc_stream_get_info(&info, stream) == VDC_OK &&
        out->lines < info.format.height_px) {
        ++told;
        out->lines = info.format.height_px;
    }
    return status;
}

int Start(vdc_stream *stream)
{
    std::lock_guard<std::mutex> lock(mutex);
    streams[stream].frames = 0;
    return vdc_stream_start(stream);
}

int Stop(vdc_stream *stream)
{
    int status = vdc_stream_stop(stream);
    std::lock_guard<std::mutex> lock(mutex);
    State &state = streams[stream];
    if (!state.buffers.empty() && Tell("touch-after-stop"))
        Later(
            40, [](uint8_t *data) { *data ^= 1; }, static_cast<uint8_t *>(state.buffers[0].data));
    return status;
}

void Cancel(vdc_stream *stream)
{
    if (!told && Tell("deaf-cancel"))
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));
    vdc_stream_cancel(stream);
}

int AddBuffer(vdc_stream *stream, const vdc_buffer *buffer)
{
    int status = vdc_stream_add_buffer(stream, buffer);
    std::lock_guard<std::mutex> lock(mutex);
    if (status == VDC_OK)
        streams[stream].buffers.push_back(*buffer);
    return status;
}

int StreamOpen(vdc_stream **out, vdc_device *device, const vdc_stream_config *config)
{
    int status = vdc_stream_open(out, device, config);
    std::lock_guard<std::mutex> lock(mutex);
    if (status == VDC_OK)
        streams[*out] = State();
    return status;
}

void StreamClose(vdc_stream *stream)
{
    vdc_stream_close(stream);
    std::lock_guard<std::mutex> lock(mutex);
    streams.erase(stream);
    for (std::thread &thread : threads)
        thread.join();
    threads.clear();
}

int StreamInfo(vdc_stream_info *out, vdc_stream *stream)
{
    int status = vdc_stream_get_info(out, stream);
    if (status == VDC_OK && Tell("wrong-stride")) {
        out->planes[0].stride_bytes += 2;
        out->format.stride_bytes += 2;
    }
    return status;
}

int Stats(vdc_stats *out, vdc_stream *stream)
{
    int status = vdc_stream_get_stats(out, stream);
    if (status != VDC_OK)
        return status;
    if (out->dropped[VDC_DROP_DEVICE_FIFO] && Tell("hide-drop-in-stats"))
        out->dropped[VDC_DROP_DEVICE_FIFO] = 0;
    if (out->dropped[VDC_DROP_DMA] && Tell("unknown-cause")) {
        out->dropped[VDC_DROP_UNKNOWN] = out->dropped[VDC_DROP_DMA];
        out->dropped[VDC_DROP_DMA] = 0;
    }
    if (out->dropped[VDC_DROP_NO_SIGNAL] && Tell("wrong-cause")) {
        out->dropped[VDC_DROP_BUS] += out->dropped[VDC_DROP_NO_SIGNAL];
        out->dropped[VDC_DROP_NO_SIGNAL] = 0;
    }
    if (Tell("count-one-more"))
        ++out->produced;
    if (Tell("still-in-flight")) {
        ++out->in_flight;
        ++out->produced;
    }
    return status;
}

} // namespace shim
