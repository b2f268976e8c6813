/* SPDX-License-Identifier: MIT */
/*
 * Rigs for V4L2 devices in a guest. The project's card sits in a machine whose rig (tests/vm/protocol.h) runs the
 * hardware model: scripts, ledger and plug go over its line. The kernel's vivid can be unplugged by a control of its own.
 */
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest_card.h"
#include "suite.h"
#include "vdl_interface.h"
#include "vidicon_brand.h"

std::unique_ptr<Rig> MakePlatformRig(const std::string &name, const std::string &id);
/* rig_guest_usb.cc: NULL if the name is not one of its. */
std::unique_ptr<Rig> MakeGuestUsbRig(const std::string &name, const std::string &id);

namespace {

/* A node of the driver that captures pictures and whose card answers: its path, "" if there is none. */
std::string NodeOf(const std::string &driver)
{
    static const char folder[] = "/sys/class/video4linux";
    std::string found;
    DIR *nodes = opendir(folder);
    while (nodes) {
        dirent *entry = readdir(nodes);
        if (!entry)
            break;
        std::string path = std::string("/dev/") + entry->d_name;
        int fd = entry->d_name[0] == 'v' ? open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
        v4l2_capability capability = {};
        vdl_time time = {};
        if (fd >= 0 && ioctl(fd, VIDIOC_QUERYCAP, &capability) == 0 &&
            (ioctl(fd, VDL_IOC_TIME, &time) == 0 || errno != ENODEV) &&
            driver == reinterpret_cast<const char *>(capability.driver) &&
            (capability.device_caps & V4L2_CAP_VIDEO_CAPTURE) && (found.empty() || path < found))
            found = path;
        if (fd >= 0)
            close(fd);
    }
    if (nodes)
        closedir(nodes);
    return found;
}

class CardRig : public Rig {
  public:
    explicit CardRig(const std::string &id) : id_(id), card_(0) {}

    const char *Name() const override { return "card"; }
    std::string Id() const override { return id_; }
    bool Arm(const std::string &script, std::string *why) override
    {
        if (script.find("write=") != std::string::npos ||
            script.find("read=") != std::string::npos) {
            *why = "a kernel driver touches registers when the card is plugged in, not when it is "
                   "opened; tests/vm unplugs it there";
            return false;
        }
        return card_.Call("faults", script, why) && Present(why) && Restore(why) &&
               card_.BeginCounts(why);
    }
    bool Option(const std::string &option, std::string *why) override
    {
        *why = "a card that is plugged in has the qualities it has";
        return option.empty();
    }
    bool Unplug(std::string *why) override { return card_.Call("pull", "", why); }
    bool Replug(std::string *why) override { return Present(why); }
    bool ReadLedger(Ledger *out, std::string *why) override { return card_.ReadLedger(out, why); }
    bool Pattern() const override { return true; }
    bool OnDemand() const override { return false; }

  private:
    /* After an unplug the card is put in again, and its driver takes a moment. */
    bool Present(std::string *why)
    {
        if (!NodeOf(VIDICON_BRAND_LINUX_DRIVER_NAME).empty())
            return true;
        if (!card_.Call("plug", "", why))
            return false;
        Stopwatch watch;
        while (NodeOf(VIDICON_BRAND_LINUX_DRIVER_NAME).empty()) {
            if (watch.Ms() > kPatienceMs) {
                *why = "the card was plugged in, and its driver shows no node";
                return false;
            }
            SleepMs(20);
        }
        return true;
    }
    /* What a case leaves behind, sim forgets with each open: another source, another timing expected. */
    bool Restore(std::string *why)
    {
        if (!card_.Call("signal", "0 -1", why))
            return false;
        int fd = open(NodeOf(VIDICON_BRAND_LINUX_DRIVER_NAME).c_str(), O_RDWR | O_CLOEXEC);
        vdl_timing timing = {};
        while (fd >= 0 && timing_ < 0 && ioctl(fd, VDL_IOC_TIMING, &timing) == 0) {
            if (timing.selected)
                timing_ = static_cast<int>(timing.index);
            uint32_t next = timing.index + 1;
            timing = {};
            timing.index = next;
        }
        __u32 number = static_cast<__u32>(timing_);
        bool done = fd >= 0 && ioctl(fd, VDL_IOC_TIMING_SELECT, &number) == 0;
        *why = done ? "" : "the card's timing cannot be put back";
        if (fd >= 0)
            close(fd);
        return done;
    }
    std::string id_;
    GuestCard card_;
    int timing_ = -1; /* the one it was found with */
};

/* vivid: its "Disconnect" button; it connects again when its last handle is closed. */
class VividRig : public Rig {
  public:
    explicit VividRig(const std::string &id) : id_(id) {}
    const char *Name() const override { return "vivid"; }
    std::string Id() const override { return id_; }
    bool Arm(const std::string &script, std::string *why) override
    {
        *why = "vivid injects faults at once, not at a frame; tests/v4l2 does that";
        return script.empty();
    }
    bool Option(const std::string &option, std::string *why) override
    {
        *why = "vivid has the qualities it was loaded with";
        return option.empty();
    }
    bool Unplug(std::string *why) override
    {
        size_t colon = id_.find(':');
        int fd = open(id_.c_str() + colon + 1, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        bool pressed = fd >= 0 && Press(fd, "Disconnect");
        *why = pressed ? "" : "this vivid has no control Disconnect";
        if (fd >= 0)
            close(fd);
        return pressed;
    }
    bool Replug(std::string *) override { return true; }
    bool ReadLedger(Ledger *, std::string *why) override
    {
        *why = "vivid keeps no ledger";
        return false;
    }
    bool Pattern() const override { return false; }
    bool OnDemand() const override { return false; }

  private:
    static bool Press(int fd, const char *name)
    {
        v4l2_query_ext_ctrl query = {};
        query.id = V4L2_CTRL_FLAG_NEXT_CTRL;
        while (ioctl(fd, VIDIOC_QUERY_EXT_CTRL, &query) == 0) {
            if (std::strcmp(query.name, name) == 0) {
                v4l2_control press = {query.id, 1};
                return ioctl(fd, VIDIOC_S_CTRL, &press) == 0;
            }
            query.id |= V4L2_CTRL_FLAG_NEXT_CTRL;
        }
        return false;
    }
    std::string id_;
};

} // namespace

std::unique_ptr<Rig> MakePlatformRig(const std::string &name, const std::string &id)
{
    if (name == "card")
        return std::make_unique<CardRig>(id);
    if (name == "vivid")
        return std::make_unique<VividRig>(id);
    return MakeGuestUsbRig(name, id);
}
