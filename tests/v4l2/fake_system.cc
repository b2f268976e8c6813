// SPDX-License-Identifier: MIT
// The fake device's part of the system: descriptors, memory, poll, nodes that come and go.
#include "fake_v4l2.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>

namespace {

FakeV4l2 *the;

/* The clock of timers, and of the library. */
int64_t Now()
{
    timespec now = {};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

} // namespace

struct FakeTable {
    static int Fail(int error)
    {
        errno = error;
        return -1;
    }
    static int Open(const char *path)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        for (const v4l2_node &node : the->nodes)
            if (!the->gone_ && !std::strcmp(node.path, path)) {
                the->files_[the->next_fd_] = path;
                return the->next_fd_++;
            }
        return Fail(the->gone_ ? ENODEV : ENOENT);
    }
    static int Close(int fd)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->raised_.erase(fd);
        the->timers_.erase(fd);
        if (!the->files_.count(fd))
            return Fail(EBADF);
        bool node = the->files_[fd][0] == '/';
        the->files_.erase(fd);
        bool last = true;
        for (const auto &file : the->files_)
            last &= file.second[0] != '/';
        if (node && last) { /* as the kernel does with the last handle */
            the->streaming_ = false;
            the->count_ = the->queue_count_ = the->done_count_ = 0;
        }
        return 0;
    }
    static int Ioctl(int fd, unsigned long request, void *argument)
    {
        int error = the->Ioctl(fd, request, argument);
        return error ? Fail(error) : 0;
    }
    static void *Map(void *address, size_t bytes, int, int flags, int fd, int64_t)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        if (fd >= 0 && (the->gone_ || !the->files_.count(fd))) {
            errno = ENODEV;
            return MAP_FAILED;
        }
        if (flags & MAP_FIXED)
            return address; /* within what was reserved */
        void *memory = bytes && bytes < (1u << 30)
                           ? std::aligned_alloc(4096, (bytes + 4095) & ~4095ul)
                           : nullptr;
        if (!memory) {
            errno = ENOMEM;
            return MAP_FAILED;
        }
        std::memset(memory, 0x10, bytes);
        the->maps_[memory] = bytes;
        return memory;
    }
    static int Unmap(void *address, size_t)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        if (the->maps_.erase(address) == 0)
            return Fail(EINVAL);
        std::free(address);
        return 0;
    }
    static bool Look(pollfd *fds, unsigned count, int *ready)
    {
        *ready = 0;
        for (unsigned at = 0; at < count; ++at) {
            pollfd &fd = fds[at];
            fd.revents = 0;
            auto file = the->files_.find(fd.fd);
            if (file == the->files_.end()) {
                fd.revents = POLLNVAL;
            } else if (file->second == "event") {
                fd.revents = the->raised_.count(fd.fd) ? POLLIN : 0;
            } else if (file->second == "timer") {
                int64_t rings = the->timers_[fd.fd];
                fd.revents = rings && rings <= Now() ? POLLIN : 0;
            } else if (file->second == "monitor") {
                fd.revents = the->changes_.empty() ? 0 : POLLIN;
            } else if (the->gone_) {
                fd.revents = POLLERR | POLLHUP | POLLPRI;
            } else {
                if (the->FindEvent(file->second) != the->events_.end())
                    fd.revents |= fd.events & POLLPRI;
                if (the->streaming_ && (the->done_count_ || (the->instant && the->queue_count_)))
                    fd.revents |= fd.events & POLLIN;
                if ((the->sick || !the->streaming_) && (fd.events & POLLIN))
                    fd.revents |= POLLERR;
            }
            *ready += fd.revents != 0;
        }
        return *ready != 0;
    }
    static int Poll(pollfd *fds, unsigned count, int timeout_ms)
    {
        std::unique_lock<std::mutex> guard(the->mutex_);
        int ready = 0;
        ++the->polls;
        const int64_t end = timeout_ms < 0 ? INT64_MAX : Now() + int64_t{timeout_ms} * 1000000;
        while (!Look(fds, count, &ready) && Now() < end) {
            int64_t next = end;
            for (unsigned at = 0; at < count; ++at)
                if (auto timer = the->timers_.find(fds[at].fd);
                    timer != the->timers_.end() && timer->second)
                    next = std::min(next, timer->second);
            if (next == INT64_MAX)
                the->changed_.wait(guard);
            else
                the->changed_.wait_for(guard, std::chrono::nanoseconds(next - Now()));
        }
        return ready;
    }
    static int WatchCreate(int node, int event, int timer)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        if (!the->files_.count(node) || !the->files_.count(timer))
            return Fail(EBADF);
        the->files_[the->next_fd_] = "watch";
        the->watches_[the->next_fd_] = {node, event, timer};
        return the->next_fd_++;
    }
    /* As the kernel does it: what was closed is not looked at any more. */
    static int WatchWait(int watch, short revents[3], int timeout_ms)
    {
        pollfd fds[3] = {};
        unsigned which[3] = {}, count = 0;
        {
            std::lock_guard<std::mutex> guard(the->mutex_);
            if (!the->files_.count(watch))
                return Fail(EBADF);
            the->longest_ms =
                timeout_ms < 0 || the->longest_ms < 0 ? -1 : std::max(the->longest_ms, timeout_ms);
            for (unsigned at = 0; at < 3; ++at) {
                int fd = the->watches_[watch][at];
                short events = static_cast<short>(at ? POLLIN : POLLIN | POLLPRI);
                if (the->files_.count(fd)) {
                    which[count] = at;
                    fds[count++] = {fd, events, 0};
                }
            }
        }
        int ready = Poll(fds, count, timeout_ms);
        revents[0] = revents[1] = revents[2] = 0;
        for (unsigned at = 0; at < count; ++at)
            revents[which[at]] = fds[at].revents;
        return ready;
    }
    static int TimerCreate()
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->files_[the->next_fd_] = "timer";
        the->timers_[the->next_fd_] = 0;
        return the->next_fd_++;
    }
    static void TimerSet(int fd, int64_t at_ns)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        ++the->timers_set;
        the->timers_[fd] = at_ns;
        the->changed_.notify_all();
    }
    static int EventCreate()
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->files_[the->next_fd_] = "event";
        return the->next_fd_++;
    }
    static void EventSet(int fd)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->raised_.insert(fd);
        the->changed_.notify_all();
    }
    static void EventClear(int fd)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->raised_.erase(fd);
    }
    static int64_t Coarse() { return the->now_ns; }
    static int Enumerate(v4l2_found_fn found, void *user)
    {
        std::vector<v4l2_node> nodes;
        {
            std::lock_guard<std::mutex> guard(the->mutex_);
            nodes = the->nodes;
        }
        for (const v4l2_node &node : nodes)
            if (int result = found(&node, user))
                return result;
        return 0;
    }
    static int MonitorOpen(v4l2_monitor **out, int *fd, const char **kind)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        the->files_[the->next_fd_] = "monitor";
        *fd = the->next_fd_++;
        *kind = "the fake";
        *out = reinterpret_cast<v4l2_monitor *>(static_cast<intptr_t>(*fd));
        return 0;
    }
    static int MonitorRead(v4l2_monitor *, v4l2_change *out)
    {
        std::lock_guard<std::mutex> guard(the->mutex_);
        if (the->changes_.empty())
            return 0;
        *out = the->changes_.front();
        the->changes_.erase(the->changes_.begin());
        return 1;
    }
    static void MonitorClose(v4l2_monitor *monitor)
    {
        if (monitor)
            Close(static_cast<int>(reinterpret_cast<intptr_t>(monitor)));
    }
    static void Holder(char *text, size_t size, const char *)
    {
        std::snprintf(text, size, "%s", the->held_by.c_str());
    }
    static const struct v4l2_system table;
};

const struct v4l2_system FakeTable::table = {
    FakeTable::Open,         FakeTable::Close,       FakeTable::Ioctl,
    FakeTable::Map,          FakeTable::Unmap,       FakeTable::Poll,
    FakeTable::WatchCreate,  FakeTable::WatchWait,   FakeTable::TimerCreate,
    FakeTable::TimerSet,     FakeTable::EventCreate, FakeTable::EventSet,
    FakeTable::EventClear,   FakeTable::Coarse,      1000000,
    FakeTable::Enumerate,    FakeTable::MonitorOpen, FakeTable::MonitorRead,
    FakeTable::MonitorClose, FakeTable::Holder,
};

FakeV4l2::FakeV4l2() : real_(v4l2_system)
{
    now_ns = (Now() / 1000000000 - 1000) * 1000000000; /* never in the future */
    if (now_ns < 1000000000)
        now_ns = 1000000000;
    v4l2_node node = {};
    std::strcpy(node.path, "/dev/video0");
    std::strcpy(node.name, "Fake camera");
    std::strcpy(node.model, "1d6b:0102");
    std::strcpy(node.serial, "SN1");
    std::strcpy(node.location, "usb-0000:00:14.0-2:1.0");
    nodes.push_back(node);
    Reset();
    the = this;
    v4l2_system = &FakeTable::table;
}

FakeV4l2::~FakeV4l2()
{
    v4l2_system = real_;
    the = nullptr;
}

void FakeV4l2::Reset()
{
    Fill(&format_, fourccs[0], sizes[0].max_w, sizes[0].max_h, 0);
    crop_ = {0, 0, sizes[0].max_w, sizes[0].max_h};
}

bool FakeV4l2::Complete(uint32_t flags, const std::function<void(v4l2_buffer *)> &change)
{
    std::lock_guard<std::mutex> guard(mutex_);
    return CompleteLocked(flags, change);
}

void FakeV4l2::Miss(uint32_t count)
{
    std::lock_guard<std::mutex> guard(mutex_);
    sequence += count;
    now_ns += interval_ns * count;
}

void FakeV4l2::Event(const v4l2_event &event, const std::string &path)
{
    std::lock_guard<std::mutex> guard(mutex_);
    events_.push_back({event, path});
    changed_.notify_all();
}

void FakeV4l2::Unplug()
{
    std::lock_guard<std::mutex> guard(mutex_);
    gone_ = true;
    changed_.notify_all();
}

void FakeV4l2::Plug(const v4l2_node &node)
{
    std::lock_guard<std::mutex> guard(mutex_);
    nodes.push_back(node);
    v4l2_change change = {};
    std::strcpy(change.path, node.path);
    changes_.push_back(change);
    changed_.notify_all();
}

void FakeV4l2::PullNode(const std::string &path)
{
    std::lock_guard<std::mutex> guard(mutex_);
    v4l2_change change = {};
    change.removed = 1;
    std::snprintf(change.path, sizeof(change.path), "%s", path.c_str());
    changes_.push_back(change);
    for (size_t at = 0; at < nodes.size(); ++at)
        if (path == nodes[at].path) {
            nodes.erase(nodes.begin() + static_cast<long>(at));
            break;
        }
    changed_.notify_all();
}

size_t FakeV4l2::OpenFiles()
{
    std::lock_guard<std::mutex> guard(mutex_);
    return files_.size();
}

size_t FakeV4l2::Maps()
{
    std::lock_guard<std::mutex> guard(mutex_);
    return maps_.size();
}
