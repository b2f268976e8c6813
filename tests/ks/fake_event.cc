/* SPDX-License-Identifier: MIT */
/* Events of the scripted filters: each listener has a thread, as on Windows. */
#include "fake_filter.h"

#include <algorithm>
#include <memory>

struct FakeKs::Listener {
    std::vector<ks_property> wanted;
    uint64_t accepted = 0;
    void (*happened)(void *, uint32_t) = nullptr;
    void *user = nullptr;
    std::deque<uint32_t> queue = {KS_EVENT_BEGIN};
    bool busy = false, over = false;
    std::thread thread;
};

uint32_t FakeKs::listen(void **out, uint64_t *accepted, const ks_property *wanted, uint32_t count,
                        void (*happened)(void *, uint32_t), void *user)
{
    std::lock_guard<std::mutex> guard(mutex);
    uint32_t result = KS_OK;
    *accepted = 0;
    if (count > KS_EVENTS_MOST)
        breaches += "too many events; ";
    if (strike(&result))
        return result;
    auto one = std::make_unique<Listener>();
    for (uint32_t i = 0; i < count; i++) {
        bool taken = events.count({wanted[i].set.a, wanted[i].id}) != 0 ||
                     (has_card && !deaf && ks_guid_same(&wanted[i].set, &ks_set_own));
        if (wanted[i].flags != KS_EVENT_ENABLE)
            breaches += "an event is asked for wrongly; ";
        if (!strike(&result) && taken)
            *accepted |= uint64_t{1} << i;
    }
    if (*accepted == 0)
        return result != KS_OK ? result : static_cast<uint32_t>(KS_SET_NOT_FOUND);
    one->wanted.assign(wanted, wanted + count);
    one->accepted = *accepted;
    one->happened = happened;
    one->user = user;
    Listener *self = one.get();
    one->thread = std::thread([this, self] {
        std::unique_lock<std::mutex> lock(mutex);
        while (!self->over) {
            if (self->queue.empty()) {
                changed.wait(lock);
                continue;
            }
            uint32_t event = self->queue.front();
            self->queue.pop_front();
            self->busy = true;
            lock.unlock();
            self->happened(self->user, event);
            lock.lock();
            self->busy = false;
            changed.notify_all();
        }
    });
    listening_.push_back(self);
    listeners++;
    *out = one.release();
    return KS_OK;
}

void FakeKs::unlisten(void *listener)
{
    Listener *self = static_cast<Listener *>(listener);
    {
        std::lock_guard<std::mutex> guard(mutex);
        self->over = true;
        listening_.erase(std::find(listening_.begin(), listening_.end(), self));
        listeners--;
        changed.notify_all();
    }
    self->thread.join();
    delete self;
}

bool FakeKs::happen(const ks_guid &set, uint32_t id)
{
    std::unique_lock<std::mutex> lock(mutex);
    bool any = false;
    for (Listener *one : listening_) {
        for (uint32_t i = 0; i < one->wanted.size(); i++) {
            if (one->accepted >> i & 1 && one->wanted[i].id == id &&
                ks_guid_same(&one->wanted[i].set, &set)) {
                one->queue.push_back(i);
                any = true;
            }
        }
        changed.notify_all();
        changed.wait(lock, [&] { return one->queue.empty() && !one->busy; });
    }
    heard += any;
    return any;
}
