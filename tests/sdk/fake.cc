// SPDX-License-Identifier: MIT
// The fake's stream and script; its table is in fake_table.cc.
#include "fake.h"

#include "handles.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

Fake *Fake::current;

Fake::Fake()
{
    vdi_mutex_create(&lock_);
    vdi_cond_create(&changed_);
    current = this;
}

Fake::~Fake()
{
    end_linger();
    vdi_cond_destroy(changed_);
    vdi_mutex_destroy(lock_);
    if (native_handle_ != -1) {
        handle_destroy(native_handle_);
    }
    current = nullptr;
}

Fake::Serial::Serial(std::atomic<int> &count) : count_(count)
{
    if (count_.fetch_add(1) != 0) {
        Fake::current->breaches++;
    }
}

Fake::Serial::~Serial()
{
    count_--;
}

int Fake::step(FakeCall call, const char *name)
{
    int status = fail[call].load();

    if (status == VDC_OK && gone_ && call != FAKE_STOP && call != FAKE_COUNTS &&
        call != FAKE_POLL_BEGIN) {
        status = VDC_E_GONE;
    }
    if (status == VDC_OK || silent) {
        return status;
    }
    return vdi_error(status, "fake: %s fails as told", name);
}

int Fake::open(struct vdi_device *opened, const char *path)
{
    struct vdi_device_info info = {};
    int status = step(FAKE_OPEN, "open");

    opened_path = path;
    last_open_flags = opened->open_flags;
    if (status != VDC_OK) {
        return status;
    }
    snprintf(info.id, sizeof(info.id), "%s:%s", opened->backend->name, *path != 0 ? path : "0");
    snprintf(info.name, sizeof(info.name), "Fake");
    info.caps = caps;
    info.limited = limited;
    snprintf(info.state_text, sizeof(info.state_text), "%s", limited ? "no firmware" : "");
    info.time_hz = 1000000;
    vdi_device_set_info(opened, &info);
    device = opened;
    context = opened->context;
    return VDC_OK;
}

int Fake::stream_open(const struct vdi_stream_config *config, struct vdi_stream_layout *layout)
{
    int status = step(FAKE_STREAM_OPEN, "stream_open");

    if (status != VDC_OK) {
        return status;
    }
    last_config = *config;
    layout->format = config->format;
    layout->crop = config->crop;
    if (config->crop.width_px != 0) {
        layout->format.width_px = config->crop.width_px;
        layout->format.height_px = config->crop.height_px;
        layout->format.stride_bytes = 0;
    } else {
        layout->crop = {0, 0, config->format.width_px, config->format.height_px};
    }
    return vdc_format_layout(layout->planes, &layout->plane_count, &layout->frame_bytes,
                             &layout->format);
}

/* With lock_ held. */
void Fake::tell()
{
    bool ready = done_count_ != 0 || gone_ || woken_;

    if (!polled_) {
        return;
    }
    if (!native) {
        vdi_stream_set_ready(stream_, ready);
    } else if (ready != native_set_) {
        native_set_ = ready;
        if (handle_set(native_handle_, ready) != 0) {
            breaches++;
        }
    }
}

/* With lock_ held. */
void Fake::push(struct vdi_buffer *buffer, uint32_t damage)
{
    struct vdi_completion *completion = &done_[(done_first_ + done_count_++) % 128];

    memset(completion, 0, sizeof(*completion));
    completion->buffer = buffer;
    completion->damage = damage;
    memcpy(completion->dropped, pending_, sizeof(pending_));
    memset(pending_, 0, sizeof(pending_));
    if (buffer != nullptr) {
        completion->used_bytes = buffer->capacity_bytes;
        completion->sequence = sequence_++;
        completion->device_ticks = completion->sequence * 1000;
        completion->host_time_ns = vdi_now_ns();
        completion->end_time_ns = completion->host_time_ns - late_ns;
        completion->error_bound_ns = 1000;
        completion->clock = VDC_CLOCK_MONOTONIC;
    } else {
        completion->end_time_ns = INT64_MIN;
    }
    tell();
    vdi_cond_signal_all(changed_);
}

bool Fake::complete(uint32_t damage)
{
    bool taken;

    vdi_mutex_lock(lock_);
    if (!running_) {
        vdi_mutex_unlock(lock_);
        return false;
    }
    counts_.produced++;
    taken = queue_count_ != 0 && !gone_;
    if (taken) {
        struct vdi_buffer *buffer = queue_[queue_first_];
        queue_first_ = (queue_first_ + 1) % 64;
        queue_count_--;
        push(buffer, damage);
    } else {
        counts_.dropped[VDC_DROP_NO_BUFFER]++;
        pending_[VDC_DROP_NO_BUFFER]++;
        sequence_++;
    }
    vdi_mutex_unlock(lock_);
    return taken;
}

void Fake::report(uint32_t cause, uint32_t count)
{
    report_later(cause, count);
    vdi_mutex_lock(lock_);
    push(nullptr, VDC_DROP_SLOTS);
    vdi_mutex_unlock(lock_);
}

void Fake::report_later(uint32_t cause, uint32_t count)
{
    vdi_mutex_lock(lock_);
    counts_.produced += count;
    counts_.dropped[cause] += count;
    pending_[cause] += count;
    sequence_ += count;
    vdi_mutex_unlock(lock_);
}

void Fake::unplug()
{
    vdi_mutex_lock(lock_);
    gone_ = true;
    tell();
    vdi_cond_signal_all(changed_);
    vdi_mutex_unlock(lock_);
}

size_t Fake::queued()
{
    vdi_mutex_lock(lock_);
    size_t count = queue_count_;
    vdi_mutex_unlock(lock_);
    return count;
}

size_t Fake::waiting_frames()
{
    vdi_mutex_lock(lock_);
    size_t count = done_count_;
    vdi_mutex_unlock(lock_);
    return count;
}

int Fake::start(struct vdi_stream *stream)
{
    int status = step(FAKE_START, "start");

    starts++;
    vdi_mutex_lock(lock_);
    stream_ = stream;
    woken_ = false;
    running_ = true;
    sequence_ = 0;
    counts_ = {};
    memset(pending_, 0, sizeof(pending_));
    vdi_mutex_unlock(lock_);
    return status;
}

int Fake::queue(struct vdi_buffer *buffer)
{
    int status = step(FAKE_QUEUE, "queue");

    queues++;
    if (status != VDC_OK) {
        return status;
    }
    vdi_mutex_lock(lock_);
    if (queue_count_ == 64) {
        breaches++;
    } else {
        queue_[(queue_first_ + queue_count_++) % 64] = buffer;
    }
    vdi_cond_signal_all(changed_);
    vdi_mutex_unlock(lock_);
    return VDC_OK;
}

int Fake::wait(struct vdi_completion *out, int64_t deadline_ns)
{
    Serial once(in_wait_);
    int status = fail[FAKE_WAIT].load();

    if (status != VDC_OK) {
        return silent ? status : vdi_error(status, "fake: wait fails as told");
    }
    vdi_mutex_lock(lock_);
    for (;;) {
        if (woken_) {
            woken_ = false;
            tell();
            status = VDC_E_CANCELLED;
            break;
        }
        if (done_count_ == 0 && instant && running_ && queue_count_ != 0 && !gone_) {
            struct vdi_buffer *buffer = queue_[queue_first_];
            queue_first_ = (queue_first_ + 1) % 64;
            queue_count_--;
            counts_.produced++;
            push(buffer, VDC_DROP_SLOTS);
        }
        if (done_count_ != 0) {
            *out = done_[done_first_];
            done_first_ = (done_first_ + 1) % 128;
            done_count_--;
            tell();
            break;
        }
        if (gone_) {
            status = VDC_E_GONE;
            break;
        }
        if (deadline_ns <= vdi_now_ns() || vdi_cond_wait(changed_, lock_, deadline_ns)) {
            if (done_count_ == 0 && !woken_ && !gone_) {
                status = VDC_E_TIMEOUT;
                break;
            }
        }
    }
    vdi_mutex_unlock(lock_);
    return status;
}

int Fake::progress(vdc_progress *out, int64_t deadline_ns)
{
    Serial once(in_wait_);
    int status = step(FAKE_PROGRESS, "progress");

    vdi_mutex_lock(lock_);
    if (status == VDC_OK && done_count_ != 0) {
        status = VDC_E_STATE;
    } else if (status == VDC_OK && queue_count_ == 0) {
        while (!woken_ && !gone_ && deadline_ns > vdi_now_ns()) {
            vdi_cond_wait(changed_, lock_, deadline_ns);
        }
        status = woken_ ? VDC_E_CANCELLED : gone_ ? VDC_E_GONE : VDC_E_TIMEOUT;
        woken_ = false;
    } else if (status == VDC_OK) {
        out->buffer = queue_[queue_first_]->index;
        out->data = queue_[queue_first_]->data;
        out->lines = 8;
        out->sequence = sequence_;
    }
    vdi_mutex_unlock(lock_);
    return status;
}

void Fake::wake()
{
    wakes++;
    vdi_mutex_lock(lock_);
    if (!running_) {
        breaches++;
    }
    woken_ = true;
    tell();
    vdi_cond_signal_all(changed_);
    vdi_mutex_unlock(lock_);
}

void Fake::end_linger()
{
    lingering_ = false;
    vdi_thread_join(lingerer_);
    lingerer_ = nullptr;
}

void Fake::linger_body(void *self)
{
    Fake *fake = static_cast<Fake *>(self);

    for (uint8_t value = 0; fake->lingering_; value++) {
        __atomic_store_n(fake->victim_->data, value, __ATOMIC_RELAXED);
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
}

int Fake::stop()
{
    int status = step(FAKE_STOP, "stop");

    stops++;
    if (in_wait_ != 0) {
        breaches++;
    }
    vdi_mutex_lock(lock_);
    running_ = false;
    if (linger && queue_count_ != 0) {
        victim_ = queue_[queue_first_];
        lingering_ = true;
        vdi_thread_create(&lingerer_, linger_body, this, "lingerer");
    }
    counts_.produced += forget.load();
    queue_count_ = 0;
    if (gone_ && status == VDC_OK) {
        status = VDC_E_GONE;
    }
    vdi_mutex_unlock(lock_);
    return status;
}

int Fake::counts(struct vdi_counts *out)
{
    int status = fail[FAKE_COUNTS].load();

    vdi_mutex_lock(lock_);
    *out = counts_;
    out->basis = basis;
    if (lie) {
        out->produced /= 2;
    }
    vdi_mutex_unlock(lock_);
    return status;
}

int Fake::poll_begin(struct vdi_stream *stream, vdc_handle *native_out)
{
    int status = step(FAKE_POLL_BEGIN, "poll_begin");

    if (status != VDC_OK) {
        return status;
    }
    vdi_mutex_lock(lock_);
    stream_ = stream;
    polled_ = true;
    if (native) {
        native_handle_ = handle_create();
        *native_out = native_handle_;
    }
    tell();
    vdi_mutex_unlock(lock_);
    return VDC_OK;
}
