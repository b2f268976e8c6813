// SPDX-License-Identifier: MIT
// The fake device's ioctls. What is asked of it on the path of a frame allocates nothing.
#include "fake_v4l2.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

uint32_t Clamp(uint32_t value, uint32_t min, uint32_t max, uint32_t step)
{
    if (value <= min)
        return min;
    uint64_t down = min + (static_cast<uint64_t>(value) - min) / step * step;
    return down < max ? static_cast<uint32_t>(down) : max;
}

bool Compressed(uint32_t fourcc)
{
    return fourcc == V4L2_PIX_FMT_MJPEG;
}

v4l2_dv_timings Timings(int index)
{
    v4l2_dv_timings timings = {};
    timings.type = V4L2_DV_BT_656_1120;
    v4l2_bt_timings &bt = timings.bt;
    bt.width = index ? 1280 : 640;
    bt.height = index ? 720 : 480;
    bt.pixelclock = index ? 74250000 : 25200000;
    bt.hfrontporch = index ? 370 : 160;
    bt.vfrontporch = index ? 30 : 45;
    return timings;
}

} // namespace

int FakeV4l2::Ioctl(int fd, unsigned long request, void *argument)
{
    std::lock_guard<std::mutex> guard(mutex_);
    ++calls;
    ++seen[request];
    if (unplug_at_call && calls >= unplug_at_call && !gone_) {
        gone_ = true;
        ++injected;
        changed_.notify_all();
    }
    if (!files_.count(fd))
        return EBADF;
    if (gone_)
        return ENODEV;
    if (fail_request == request && fail_times != 0 && fail_after-- <= 0) {
        fail_times -= fail_times > 0;
        ++injected;
        return fail_error;
    }
    int error = Answer(fd, request, argument);
    if (error == 0 && after)
        error = after(request, argument);
    return error;
}

std::vector<FakeV4l2::Told>::iterator FakeV4l2::FindEvent(const std::string &path)
{
    auto at = events_.begin();
    while (at != events_.end() && !at->path.empty() && at->path != path)
        ++at;
    return at;
}

int FakeV4l2::Answer(int fd, unsigned long request, void *argument)
{
    switch (request) {
    case VIDIOC_QUERYCAP: {
        auto *capability = static_cast<v4l2_capability *>(argument);
        std::strcpy(reinterpret_cast<char *>(capability->driver), "fake");
        std::strcpy(reinterpret_cast<char *>(capability->card), "Fake camera");
        std::strcpy(reinterpret_cast<char *>(capability->bus_info), "fake:0");
        capability->capabilities = capabilities | V4L2_CAP_DEVICE_CAPS;
        capability->device_caps = capabilities;
        return 0;
    }
    case VIDIOC_ENUM_FMT: {
        auto *entry = static_cast<v4l2_fmtdesc *>(argument);
        if (entry->index >= fourccs.size())
            return EINVAL;
        entry->pixelformat = fourccs[entry->index];
        entry->flags = Compressed(entry->pixelformat) ? V4L2_FMT_FLAG_COMPRESSED : 0;
        return 0;
    }
    case VIDIOC_ENUM_FRAMESIZES: {
        auto *entry = static_cast<v4l2_frmsizeenum *>(argument);
        if (entry->index >= sizes.size())
            return EINVAL;
        const FakeSize &size = sizes[entry->index];
        entry->type = size.type;
        if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE)
            entry->discrete = {size.min_w, size.min_h};
        else
            entry->stepwise = {size.min_w, size.max_w, size.step_w,
                               size.min_h, size.max_h, size.step_h};
        return 0;
    }
    case VIDIOC_ENUM_FRAMEINTERVALS: {
        auto *entry = static_cast<v4l2_frmivalenum *>(argument);
        if (entry->index >= intervals.size())
            return EINVAL;
        entry->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        entry->discrete = intervals[entry->index];
        return 0;
    }
    case VIDIOC_G_FMT:
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
        return FormatCall(request, static_cast<v4l2_format *>(argument));
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM: {
        auto *parm = static_cast<v4l2_streamparm *>(argument);
        if (request == VIDIOC_G_PARM)
            parm->parm.capture.timeperframe = {1, 30};
        parm->parm.capture.capability = V4L2_CAP_TIMEPERFRAME;
        return 0;
    }
    case VIDIOC_SUBSCRIBE_EVENT:
        subscribed.insert(static_cast<v4l2_event_subscription *>(argument)->type);
        return 0;
    case VIDIOC_DQEVENT: {
        auto told = FindEvent(files_[fd]);
        if (told == events_.end())
            return ENOENT;
        *static_cast<v4l2_event *>(argument) = told->event;
        events_.erase(told);
        return 0;
    }
    case VIDIOC_QUERY_EXT_CTRL:
    case VIDIOC_QUERYMENU:
    case VIDIOC_G_EXT_CTRLS:
    case VIDIOC_S_EXT_CTRLS:
        return ControlCall(request, argument);
    case VIDIOC_REQBUFS:
    case VIDIOC_QUERYBUF:
    case VIDIOC_QBUF:
    case VIDIOC_DQBUF:
    case VIDIOC_STREAMON:
    case VIDIOC_STREAMOFF:
    case VIDIOC_EXPBUF:
        return BufferCall(request, argument);
    default:
        return InputCall(request, argument);
    }
}

void FakeV4l2::Fill(v4l2_format *format, uint32_t fourcc, uint32_t width, uint32_t height,
                    uint32_t stride)
{
    uint32_t line = width * (planes > 1 ? 1 : 2);
    if (stride < line || stride > 4 * line)
        stride = line;
    uint32_t bytes = Compressed(fourcc) ? width * height : stride * height;
    if (capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) {
        v4l2_pix_format_mplane &pix = format->fmt.pix_mp;
        pix.width = width;
        pix.height = height;
        pix.pixelformat = fourcc;
        pix.field = V4L2_FIELD_NONE;
        pix.colorspace = V4L2_COLORSPACE_REC709;
        pix.num_planes = static_cast<uint8_t>(planes);
        for (uint32_t at = 0; at < planes; ++at)
            pix.plane_fmt[at] = {at ? bytes / 2 : bytes, stride, {}};
        return;
    }
    v4l2_pix_format &pix = format->fmt.pix;
    pix.width = width;
    pix.height = height;
    pix.pixelformat = fourcc;
    pix.field = V4L2_FIELD_NONE;
    pix.bytesperline = Compressed(fourcc) ? 0 : stride;
    pix.sizeimage = bytes;
    pix.colorspace = V4L2_COLORSPACE_SRGB;
    pix.priv = V4L2_PIX_FMT_PRIV_MAGIC;
}

int FakeV4l2::FormatCall(unsigned long request, v4l2_format *format)
{
    if (request == VIDIOC_G_FMT) {
        *format = format_;
        return 0;
    }
    if (request == VIDIOC_S_FMT && count_)
        return EBUSY;
    bool multi = (capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
    uint32_t fourcc = multi ? format->fmt.pix_mp.pixelformat : format->fmt.pix.pixelformat;
    uint32_t width = multi ? format->fmt.pix_mp.width : format->fmt.pix.width;
    uint32_t height = multi ? format->fmt.pix_mp.height : format->fmt.pix.height;
    uint32_t stride =
        multi ? format->fmt.pix_mp.plane_fmt[0].bytesperline : format->fmt.pix.bytesperline;
    bool known = false;
    for (uint32_t code : fourccs)
        known |= code == fourcc;
    if (!known)
        fourcc = fourccs[0];
    uint32_t best_w = 0, best_h = 0;
    uint64_t best = UINT64_MAX;
    for (const FakeSize &size : sizes) {
        uint32_t w = Clamp(width, size.min_w, size.max_w, size.step_w);
        uint32_t h = Clamp(height, size.min_h, size.max_h, size.step_h);
        uint64_t far = static_cast<uint64_t>(w > width ? w - width : width - w) +
                       (h > height ? h - height : height - h);
        if (far < best) {
            best = far;
            best_w = w;
            best_h = h;
        }
    }
    Fill(format, fourcc, best_w, best_h, stride);
    if (request == VIDIOC_S_FMT)
        format_ = *format;
    return 0;
}

int FakeV4l2::ControlCall(unsigned long request, void *argument)
{
    if (request == VIDIOC_QUERYMENU) {
        auto *item = static_cast<v4l2_querymenu *>(argument);
        for (const FakeControl &control : controls)
            if (control.id == item->id && item->index <= control.maximum && item->index != 2) {
                std::strcpy(reinterpret_cast<char *>(item->name), item->index ? "One" : "Zero");
                return 0;
            }
        return EINVAL;
    }
    if (request == VIDIOC_QUERY_EXT_CTRL) {
        auto *entry = static_cast<v4l2_query_ext_ctrl *>(argument);
        bool next = (entry->id & V4L2_CTRL_FLAG_NEXT_CTRL) != 0;
        uint32_t id = entry->id & ~(V4L2_CTRL_FLAG_NEXT_CTRL | V4L2_CTRL_FLAG_NEXT_COMPOUND);
        for (const FakeControl &control : controls) { /* sorted by id */
            if (next ? control.id <= id : control.id != id)
                continue;
            std::memset(entry, 0, sizeof(*entry));
            entry->id = control.id;
            entry->type = control.type;
            entry->flags = control.flags;
            std::strcpy(entry->name, control.name);
            entry->minimum = control.minimum;
            entry->maximum = control.maximum;
            entry->step = static_cast<uint64_t>(control.step);
            entry->default_value = control.def;
            return 0;
        }
        return EINVAL;
    }
    auto *all = static_cast<v4l2_ext_controls *>(argument);
    for (FakeControl &control : controls) {
        if (control.id != all->controls[0].id)
            continue;
        bool wide = control.type == V4L2_CTRL_TYPE_INTEGER64;
        v4l2_ext_control &one = all->controls[0];
        if (request == VIDIOC_S_EXT_CTRLS)
            control.value = wide ? one.value64 : one.value;
        else if (wide)
            one.value64 = control.value;
        else
            one.value = static_cast<int32_t>(control.value);
        return 0;
    }
    return EINVAL;
}

int FakeV4l2::InputCall(unsigned long request, void *argument)
{
    switch (request) {
    case VIDIOC_G_INPUT:
        *static_cast<int *>(argument) = 0;
        return has_inputs ? 0 : ENOTTY;
    case VIDIOC_S_INPUT:
        return has_inputs && *static_cast<int *>(argument) == 0 ? 0 : EINVAL;
    case VIDIOC_ENUMINPUT: {
        auto *input = static_cast<v4l2_input *>(argument);
        if (!has_inputs || input->index != 0)
            return EINVAL;
        std::strcpy(reinterpret_cast<char *>(input->name), "Socket");
        input->type = V4L2_INPUT_TYPE_CAMERA;
        input->capabilities = has_dv ? V4L2_IN_CAP_DV_TIMINGS : 0;
        return 0;
    }
    case VIDIOC_G_DV_TIMINGS:
    case VIDIOC_QUERY_DV_TIMINGS:
        *static_cast<v4l2_dv_timings *>(argument) = Timings(timing_);
        return has_dv ? 0 : ENOTTY;
    case VIDIOC_S_DV_TIMINGS:
        timing_ = static_cast<v4l2_dv_timings *>(argument)->bt.width == 1280;
        return has_dv ? 0 : ENOTTY;
    case VIDIOC_ENUM_DV_TIMINGS: {
        auto *entry = static_cast<v4l2_enum_dv_timings *>(argument);
        if (entry->index > 1)
            return EINVAL;
        entry->timings = Timings(static_cast<int>(entry->index));
        return has_dv ? 0 : ENOTTY;
    }
    case VIDIOC_G_SELECTION:
    case VIDIOC_S_SELECTION: {
        auto *selection = static_cast<v4l2_selection *>(argument);
        if (!has_selection)
            return ENOTTY;
        if (request == VIDIOC_S_SELECTION) {
            if (count_)
                return EBUSY;
            crop_ = selection->r;
            Fill(&format_, format_.fmt.pix.pixelformat, crop_.width, crop_.height, 0);
        }
        selection->r = selection->target == V4L2_SEL_TGT_CROP
                           ? crop_
                           : v4l2_rect{0, 0, sizes[0].max_w, sizes[0].max_h};
        return 0;
    }
    default:
        return ENOTTY;
    }
}

/* ---- Buffers ---- */

int FakeV4l2::BufferCall(unsigned long request, void *argument)
{
    auto *buffer = static_cast<v4l2_buffer *>(argument);
    bool multi = (capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) != 0;
    switch (request) {
    case VIDIOC_REQBUFS: {
        auto *wish = static_cast<v4l2_requestbuffers *>(argument);
        uint32_t bit = wish->memory == V4L2_MEMORY_MMAP      ? V4L2_BUF_CAP_SUPPORTS_MMAP
                       : wish->memory == V4L2_MEMORY_USERPTR ? V4L2_BUF_CAP_SUPPORTS_USERPTR
                                                             : V4L2_BUF_CAP_SUPPORTS_DMABUF;
        wish->capabilities = buffer_caps;
        if (!(buffer_caps & bit))
            return EINVAL;
        if (streaming_)
            return EBUSY;
        wish->count = wish->count < 32 ? wish->count : 32;
        count_ = wish->count;
        memory_ = wish->memory;
        if (count_)
            last_request = *wish;
        return 0;
    }
    case VIDIOC_QUERYBUF:
        if (buffer->index >= count_)
            return EINVAL;
        if (!multi) {
            buffer->length = format_.fmt.pix.sizeimage;
            buffer->m.offset = buffer->index << 16;
            return 0;
        }
        for (uint32_t at = 0; at < planes; ++at) {
            buffer->m.planes[at].length = format_.fmt.pix_mp.plane_fmt[at].sizeimage;
            buffer->m.planes[at].m.mem_offset = (buffer->index << 16) + at;
        }
        return 0;
    case VIDIOC_QBUF:
        if (buffer->index >= count_ || queue_count_ == queue_.size())
            return EINVAL;
        ++queued;
        told_[buffer->index] = *buffer;
        queue_[(queue_first_ + queue_count_++) % queue_.size()] = buffer->index;
        changed_.notify_all();
        return 0;
    case VIDIOC_DQBUF: {
        if (!streaming_)
            return EINVAL;
        if (instant && done_count_ == 0)
            CompleteLocked(0, nullptr);
        if (done_count_ == 0)
            return EAGAIN;
        const Done &done = done_[done_first_];
        v4l2_plane *keep = buffer->m.planes;
        *buffer = done.buffer;
        if (multi) {
            buffer->m.planes = keep;
            std::memcpy(keep, done.planes, planes * sizeof(v4l2_plane));
        }
        done_first_ = (done_first_ + 1) % static_cast<uint32_t>(done_.size());
        --done_count_;
        ++dequeued;
        return 0;
    }
    case VIDIOC_STREAMON:
        streaming_ = true;
        sequence = 0;
        return 0;
    case VIDIOC_STREAMOFF:
        streaming_ = false;
        queue_count_ = done_count_ = 0;
        return 0;
    default:
        static_cast<v4l2_exportbuffer *>(argument)->fd = 77;
        return 0;
    }
}

bool FakeV4l2::CompleteLocked(uint32_t flags, const std::function<void(v4l2_buffer *)> &change)
{
    if (!streaming_ || queue_count_ == 0 || done_count_ == done_.size())
        return false;
    uint32_t index = queue_[queue_first_];
    Done &done = done_[(done_first_ + done_count_++) % done_.size()];
    queue_first_ = (queue_first_ + 1) % static_cast<uint32_t>(queue_.size());
    --queue_count_;
    done.buffer = told_[index];
    done.buffer.flags = time_flags | flags;
    done.buffer.sequence = sequence++;
    done.buffer.field = V4L2_FIELD_NONE;
    done.buffer.timestamp.tv_sec = now_ns / 1000000000;
    done.buffer.timestamp.tv_usec = now_ns % 1000000000 / 1000;
    if (!instant)
        now_ns += interval_ns;
    if (capabilities & V4L2_CAP_VIDEO_CAPTURE_MPLANE) {
        for (uint32_t at = 0; at < planes; ++at) {
            done.planes[at] = v4l2_plane{};
            done.planes[at].bytesused = format_.fmt.pix_mp.plane_fmt[at].sizeimage;
        }
        done.buffer.m.planes = done.planes;
    } else {
        done.buffer.bytesused = format_.fmt.pix.sizeimage;
    }
    if (change)
        change(&done.buffer);
    changed_.notify_all();
    return true;
}
