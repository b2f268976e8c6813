/* SPDX-License-Identifier: MIT */
/* The set-ups and the table of the scripted filters; the answers to properties are in fake_property.cc. */
#include "fake_filter.h"

#include <algorithm>
#include <chrono>
#include <cstring>

extern "C" {
#include "backend_host.h"
}

/* A handle is a number: 1 the filter, 2 its pin. */
static char handles[3];
static ks_handle *const filter_handle = reinterpret_cast<ks_handle *>(&handles[1]);
static ks_handle *const pin_handle = reinterpret_cast<ks_handle *>(&handles[2]);

FakeKs &fake_ks()
{
    static FakeKs fake;
    return fake;
}

Range::Range(uint32_t code, int32_t width, int32_t height, int64_t interval_100ns)
    : head{}, header{}
{
    head.range.major = ks_type_video;
    head.range.sub = ks_subtype_code;
    head.range.sub.a = code;
    head.range.specifier = ks_specifier_video;
    head.range.sample_bytes = static_cast<uint32_t>(width * height * 2);
    head.fixed_size = 1;
    head.caps.output_min[0] = head.caps.output_max[0] = width;
    head.caps.output_min[1] = head.caps.output_max[1] = height;
    head.caps.output_step[0] = head.caps.output_step[1] = 1;
    head.caps.interval_min_100ns = head.caps.interval_max_100ns = interval_100ns;
    header.head.interval_100ns = interval_100ns;
    header.bitmap.bytes = sizeof(header.bitmap);
    header.bitmap.width = width;
    header.bitmap.height = height;
    header.bitmap.planes = 1;
    header.bitmap.bits = 16;
    header.bitmap.compression = code;
    header.bitmap.image_bytes = head.range.sample_bytes;
}

Bytes Range::bytes() const
{
    Range copy = *this;
    Bytes tail;
    if (second) {
        copy.head.range.specifier = ks_specifier_video2;
        tail = bytes_of(header);
    } else {
        ks_video first = {header.head, header.bitmap};
        tail = bytes_of(first);
    }
    copy.head.range.bytes = static_cast<uint32_t>(sizeof(copy.head) + tail.size());
    Bytes out = bytes_of(copy.head);
    append(&out, tail);
    return out;
}

Bytes list_of(const std::vector<Bytes> &items)
{
    Bytes out(sizeof(ks_items));
    for (const Bytes &item : items) {
        out.resize((out.size() + 7) / 8 * 8);
        append(&out, item);
    }
    ks_items head = {static_cast<uint32_t>(out.size()), static_cast<uint32_t>(items.size())};
    std::memcpy(out.data(), &head, sizeof(head));
    return out;
}

/* ---- Set-ups ---- */

void FakeKs::reset()
{
    interfaces.clear();
    pins.clear();
    levels.clear();
    flips = flipped = 0;
    rates.clear();
    framing = {};
    has_framing = has_card = false;
    card = {};
    fail_after = -1;
    fail_once = false;
    calls = injected = 0;
    lie_about_bytes = INT64_MIN;
    cancel_is_slow = false;
    live = true;
    frames_left = UINT32_MAX;
    used_bytes = UINT32_MAX;
    read_result = 0;
    picture = dropped = 0;
    options = 0;
    no_info = false;
    own = {};
    events.clear();
    deaf = false;
    heard = 0;
    needs_thread = false;
    submitters.clear();
    most_in_flight = 0;
    states.clear();
    connect.clear();
    filled.clear();
    open_handles = watches = wakes = 0;
    breaches.clear();
    enumerate_result = 0;
    flying_.clear();
    ended_.clear();
    woken_ = 0;
    state_ = 0;
    pin_open_ = false;
}

static ks_interface interface_of(uint32_t category, const char *path, const char *name)
{
    ks_interface out = {};
    out.category = category;
    std::snprintf(out.path, sizeof(out.path), "%s", path);
    std::snprintf(out.name, sizeof(out.name), "%s", name);
    std::snprintf(out.location, sizeof(out.location), "Port_#0001.Hub_#0002");
    return out;
}

void FakeKs::plug_camera()
{
    interfaces.push_back(interface_of(
        KS_CATEGORY_CAPTURE, "\\\\?\\usb#vid_aa&pid_bb&mi_00#6&1234&0&0000#{65e8773d-8f56}\\global",
        "Camera"));
    interfaces.push_back(interface_of(
        KS_CATEGORY_VIDEO, "\\\\?\\USB#vid_aa&pid_bb&mi_00#6&1234&0&0000#{6994ad05-93ef}\\global",
        "Camera"));
    FakePin pin;
    Range small(0x32595559 /* YUY2 */, 320, 240), large(0x32595559, 640, 480);
    Range jpeg(0x47504a4d /* MJPG */, 640, 480);
    large.head.caps.interval_max_100ns = 2000000;
    pin.ranges = {small.bytes(), large.bytes(), jpeg.bytes()};
    pins.push_back(pin);
    levels[{false, 0}] = {16, 0, 255, 1, 128, KS_LEVEL_MANUAL, KS_LEVEL_MANUAL};
    levels[{true, 4}] = {-5, -11, -2, 1, -6, KS_LEVEL_AUTO, KS_LEVEL_AUTO | KS_LEVEL_MANUAL};
}

void FakeKs::plug_card()
{
    interfaces.push_back(
        interface_of(KS_CATEGORY_CAPTURE | KS_CATEGORY_VIDEO,
                     "\\\\?\\pci#ven_1&dev_2&subsys_3#3&267a616a&0&18#{65e8773d-8f56}", "Card"));
    has_card = true;
    vdw_identity &id = card.identity;
    id.interface_version = VDW_INTERFACE_VERSION;
    id.caps = 0x1f;
    id.version_min = 0x01000000;
    id.version_max = 0x02000000;
    id.capacity_bytes = 4096;
    id.time_hz = 1000000000;
    id.time_tolerance_ppm = 50;
    id.input_count = 2;
    id.timing_count = 2;
    id.mode_count = 2;
    id.control_count = 3;
    std::strcpy(id.serial, "VC0001");
    card.inputs.resize(2);
    std::strcpy(card.inputs[0].name, "SDI");
    std::strcpy(card.inputs[1].name, "Composite");
    card.inputs[0].timing_count = 1;
    card.inputs[1] = {"Composite", 1, 1, 1, 1};
    card.timings.push_back({"1080p60", 0, 0, 1920, 1080, 1, 60, 148500, 0});
    card.timings.push_back({"PAL", 1, 1, 720, 576, 1, 25, 0, 0});
    card.modes.push_back({1, 0x1f, 64, 48, 16, 16, 4, 2, 2, 0});
    card.modes.push_back({2, 0x01, 720, 576, 16, 16, 4, 2, 2, 0});
    card.intervals = {
        {1,    60   },
        {1001, 30000}
    };
    card.controls.push_back({VDC_CONTROL_BRIGHTNESS, 1, 0, 0, -128, 127, 1, 0, "Brightness"});
    card.controls.push_back({VDC_CONTROL_POWER_LINE, 3, 0, 3, 0, 2, 1, 1, "Power line"});
    card.controls.push_back({77, 4, 0, 0, 0, 0, 1, 0, "Vendor's button"});
    card.values = {5, 1, 0};
    card.registers = {
        {0x008, 0x1f},
        {0x00c, 42  },
        {0x10c, 0   }
    };
    card.names = {
        {0x008, 1, VDW_REGISTER_READ,                      0, "CAPS",    "What it can do"},
        {0x00c, 1, VDW_REGISTER_READ | VDW_REGISTER_WRITE, 0, "SCRATCH", "Anything"      },
        {0x10c, 1, VDW_REGISTER_READ,                      0, "PATTERN", "Bit 0: on"     },
        {0x200, 4, VDW_REGISTER_READ,                      0, "LATCH",   "Four of them"  },
    };
    id.register_count = static_cast<uint32_t>(card.names.size());
    card.signal = {2, 0, 0, 7};
    card.firmware.runs = 1;
    card.firmware.version = 0x01020003;
    card.firmware.source = 2;
    card.firmware.has_flash = 1;
    card.firmware.active_slot = 1;
    card.firmware.slot_holds[0] = 1;
    card.firmware.slot_version[0] = 0x01020003;
    own.size = sizeof(own);
    own.capture = 1;
}

/* ---- Faults ---- */

/* With the mutex. True: this call is struck. */
bool FakeKs::strike(uint32_t *result)
{
    bool hit = fail_after >= 0 && (fail_once ? calls == static_cast<uint64_t>(fail_after)
                                             : calls >= static_cast<uint64_t>(fail_after));
    calls++;
    if (hit) {
        injected++;
        *result = fail_with;
    }
    return hit;
}

/* ---- Handles ---- */

uint32_t FakeKs::open(ks_handle **out, const char *path)
{
    std::lock_guard<std::mutex> guard(mutex);
    uint32_t result = KS_OK;
    if (strike(&result))
        return result;
    for (const ks_interface &one : interfaces) {
        if (std::strcmp(one.path, path) == 0) {
            open_handles++;
            *out = filter_handle;
            return KS_OK;
        }
    }
    return KS_FILE_NOT_FOUND;
}

uint32_t FakeKs::create_pin(ks_handle **out, void *data, uint32_t bytes)
{
    std::lock_guard<std::mutex> guard(mutex);
    uint32_t result = KS_OK;
    if (strike(&result))
        return result;
    if (pin_open_)
        return KS_TOO_MANY_NAMES;
    const uint8_t *at = static_cast<const uint8_t *>(data);
    connect.assign(at, at + bytes);
    pin_open_ = true;
    state_ = 0;
    open_handles++;
    *out = pin_handle;
    return KS_OK;
}

void FakeKs::close(ks_handle *handle)
{
    std::lock_guard<std::mutex> guard(mutex);
    open_handles--;
    if (handle == pin_handle) {
        if (!flying_.empty() || !ended_.empty())
            breaches += "a pin was closed with reads in flight; ";
        pin_open_ = false;
        woken_ = 0;
    }
}

/* ---- Reads ---- */

uint32_t FakeKs::submit(ks_read *read)
{
    std::lock_guard<std::mutex> guard(mutex);
    uint32_t result = KS_OK;
    if (strike(&result))
        return result;
    const ks_stream_header *header = static_cast<const ks_stream_header *>(read->header);
    if (state_ < KS_STATE_PAUSE)
        breaches += "a read was sent to a pin that stands; ";
    if (header->bytes != read->header_bytes || header->data == nullptr)
        breaches += "a read's header is wrong; ";
    submitters.insert(std::this_thread::get_id());
    flying_.push_back(read);
    most_in_flight = std::max(most_in_flight, flying_.size());
    changed.notify_all();
    return KS_OK;
}

bool FakeKs::end_one()
{
    if (flying_.empty())
        return false;
    ks_read *read = flying_.front();
    flying_.pop_front();
    ks_stream_header *header = static_cast<ks_stream_header *>(read->header);
    read->result = read_result;
    if (read_result == KS_OK) {
        uint32_t used = used_bytes == UINT32_MAX ? header->extent_bytes : used_bytes;
        header->used_bytes = used;
        header->options = options;
        std::memset(header->data, static_cast<int>(filled.size() & 0xff),
                    std::min(used, header->extent_bytes));
        ks_frame_info *info = reinterpret_cast<ks_frame_info *>(header + 1);
        if (!no_info) {
            info->bytes = read->header_bytes - static_cast<uint32_t>(sizeof(*header));
            info->picture = picture;
            picture = picture == INT64_MAX ? 0 : picture + 1;
            info->dropped = dropped;
        } else {
            info->bytes = 0;
        }
        if (has_card && read->header_bytes > sizeof(*header) + sizeof(*info)) {
            std::memcpy(info + 1, &own, sizeof(own));
            own.sequence++;
        }
        filled.push_back(header->data);
    }
    ended_.push_back(read);
    changed.notify_all();
    return true;
}

bool FakeKs::end_read()
{
    std::lock_guard<std::mutex> guard(mutex);
    return end_one();
}

void FakeKs::shuffle()
{
    std::lock_guard<std::mutex> guard(mutex);
    std::reverse(ended_.begin(), ended_.end());
}

size_t FakeKs::reads_in_flight()
{
    std::lock_guard<std::mutex> guard(mutex);
    return flying_.size();
}

uint32_t FakeKs::reap(ks_read **out, int64_t deadline_ns)
{
    std::unique_lock<std::mutex> guard(mutex);
    for (;;) {
        uint32_t gone = KS_OK;
        if (ended_.empty() && !flying_.empty() && state_ == KS_STATE_RUN && live && frames_left) {
            uint32_t before = read_result;
            if (strike(&gone))
                read_result = gone;
            frames_left -= frames_left != UINT32_MAX;
            end_one();
            read_result = before;
        }
        if (woken_ > 0) {
            woken_--;
            return KS_WOKEN;
        }
        if (!ended_.empty()) {
            *out = ended_.front();
            ended_.pop_front();
            return KS_OK;
        }
        if (deadline_ns == INT64_MAX) {
            changed.wait(guard);
            continue;
        }
        int64_t left = deadline_ns - vdi_now_ns();
        if (left <= 0)
            return KS_WAIT_TIMEOUT;
        changed.wait_for(guard, std::chrono::nanoseconds(left));
    }
}

void FakeKs::wake()
{
    std::lock_guard<std::mutex> guard(mutex);
    woken_++;
    wakes++;
    changed.notify_all();
}

void FakeKs::cancel()
{
    std::lock_guard<std::mutex> guard(mutex);
    if (cancel_is_slow) {
        cancel_is_slow = false; /* the next try succeeds */
        return;
    }
    uint32_t before = read_result;
    read_result = KS_OPERATION_ABORTED;
    while (end_one()) {
    }
    read_result = before;
}

void FakeKs::notify(const char *arrived)
{
    if (watcher)
        watcher(watcher_user, arrived);
}

/* ---- The table ---- */

static uint32_t enumerate(void (*found)(void *user, const ks_interface *interface), void *user)
{
    FakeKs &fake = fake_ks();
    for (const ks_interface &one : fake.interfaces)
        found(user, &one);
    return fake.enumerate_result;
}

static uint32_t watch(void **out, void (*changed)(void *user, const char *arrived), void *user)
{
    FakeKs &fake = fake_ks();
    fake.watcher = changed;
    fake.watcher_user = user;
    fake.watches++;
    *out = &fake;
    return KS_OK;
}

static void unwatch(void *)
{
    fake_ks().watcher = nullptr;
    fake_ks().watches--;
}

static const ks_system table = {
    enumerate,
    [](ks_handle **out, const char *path) { return fake_ks().open(out, path); },
    [](ks_handle **out, ks_handle *, void *connect, uint32_t bytes) {
        return fake_ks().create_pin(out, connect, bytes);
    },
    [](ks_handle *handle) { fake_ks().close(handle); },
    [](ks_handle *, const void *request, uint32_t request_bytes, void *value, uint32_t bytes,
       uint32_t *returned) {
        return fake_ks().property(request, request_bytes, value, bytes, returned);
    },
    [](ks_handle *, ks_read *read) { return fake_ks().submit(read); },
    [](ks_handle *, ks_read **out, int64_t deadline_ns) {
        return fake_ks().reap(out, deadline_ns);
    },
    [](ks_handle *) { fake_ks().wake(); },
    [](ks_handle *) { fake_ks().cancel(); },
    watch,
    unwatch,
    [](void **out, uint64_t *accepted, ks_handle *, const ks_property *events, uint32_t count,
       void (*happened)(void *, uint32_t),
       void *user) { return fake_ks().listen(out, accepted, events, count, happened, user); },
    [](void *listener) { fake_ks().unlisten(listener); },
    [] { return static_cast<int>(fake_ks().needs_thread); },
};

extern "C" const ks_system *ks_system_table(void)
{
    return &table;
}
