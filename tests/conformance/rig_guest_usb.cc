/* SPDX-License-Identifier: MIT */
/*
 * Rigs for USB devices in a guest. "usb": the project's card, number 4 or 5 of the machine's rig, as its serial number says. Each case finds it
 * with power freshly on and its flash as new, as the simulated one is at each open. "camera", or "camera:WORD,WORD": the UVC camera, new
 * for each case, with those words for its server.
 */
#include <algorithm>
#include <cstring>

#include "guest_card.h"
#include "suite.h"

std::unique_ptr<Rig> MakeGuestUsbRig(const std::string &name, const std::string &id);

namespace {

bool IsListed(const std::string &id)
{
    vdc_context *context = nullptr;
    vdc_list *list = nullptr;
    bool found = false;
    if (vdc_context_create(&context, nullptr) == VDC_OK &&
        vdc_context_list_devices(&list, context) == VDC_OK) {
        for (uint32_t i = 0; i < vdc_list_count(list); i++)
            found |= id == vdc_list_device_at(list, i)->id;
        vdc_list_destroy(list);
    }
    if (context)
        vdc_context_destroy(context);
    return found;
}

bool AwaitListed(const std::string &id, std::string *why)
{
    Stopwatch watch;
    while (!IsListed(id)) {
        if (watch.Ms() > kPatienceMs) {
            *why = "it was plugged in, and is not listed";
            return false;
        }
        SleepMs(20);
    }
    return true;
}

std::string WithoutOptions(const std::string &id)
{
    return id.substr(0, id.find('?'));
}

class GuestUsbRig : public Rig {
  public:
    explicit GuestUsbRig(const std::string &id)
        : id_(WithoutOptions(id)), card_(id_.back() == '4' ? 4 : 5)
    {
    }
    const char *Name() const override { return "usb"; }
    std::string Id() const override
    {
        fresh_ = false; /* whoever asks opens it */
        return id_ + (option_.empty() ? "" : "?") + option_;
    }
    bool Arm(const std::string &script, std::string *why) override
    {
        /* docs/hardware.md, section 10, names the symptoms; these have none on a bus without DMA. */
        for (const char *kind : {"dma-error", "dma-nowhere", "ring-error", "torn-completion"}) {
            if (script.find(kind) != std::string::npos) {
                *why = "there is no DMA on USB";
                return false;
            }
        }
        if (script.find("irq-l") != std::string::npos) {
            *why = "on USB no frame waits for an interrupt";
            return false;
        }
        if (script.find("@write=") != std::string::npos) {
            *why = "on USB a capture writes no register; usb.unplug does it at any call of libusb";
            return false;
        }
        if (!card_.Call("faults", "", why))
            return false;
        if (!fresh_ &&
            (!Renew(why) || !card_.Call("signal", "0 -1", why) || !AwaitListed(id_, why)))
            return false;
        /* A fault may come about in one that nobody opens. */
        fresh_ = script.empty();
        return card_.Call("faults", script, why) && card_.BeginCounts(why);
    }
    bool Option(const std::string &option, std::string *) override
    {
        option_ = option;
        return true;
    }
    bool Unplug(std::string *why) override
    {
        in_ = fresh_ = false;
        return card_.Call("pull", "", why);
    }
    bool Replug(std::string *why) override
    {
        fresh_ = false;
        in_ = card_.Call("plug", "", why) && AwaitListed(id_, why);
        return in_;
    }
    bool ReadLedger(Ledger *out, std::string *why) override { return card_.ReadLedger(out, why); }
    bool Pattern() const override { return true; }
    bool OnDemand() const override { return false; }
    bool SlowToLook() const override { return true; }
    uint32_t StarvationCause() const override { return VDC_DROP_DEVICE_FIFO; }

  private:
    /* One that is in leaves the bus by itself when its power comes back, which is quicker than to be plugged in. */
    bool Renew(std::string *why)
    {
        uint64_t before = 0, now = 0;
        Stopwatch watch;
        in_ = in_ && IsListed(id_);
        if (!card_.Call("usb", "", why) || !card_.Value("connects", &before) ||
            !card_.Call("erase", "", why))
            return false;
        if (!in_)
            return Replug(why);
        while (card_.Call("usb", "", why) && card_.Value("connects", &now) && now == before) {
            if (watch.Ms() > kPatienceMs)
                return Replug(why);
            SleepMs(10);
        }
        return now != before;
    }

    std::string id_, option_;
    GuestCard card_;
    bool in_ = false;
    mutable bool fresh_ = false; /* nobody has opened it since its power came back */
};

class GuestCameraRig : public Rig {
  public:
    GuestCameraRig(const std::string &words, const std::string &id)
        : id_(WithoutOptions(id)), words_(words), line_(vmr_rig_open())
    {
        std::replace(words_.begin(), words_.end(), ',', ' ');
    }
    ~GuestCameraRig() override { vmr_rig_close(line_); }
    const char *Name() const override { return "camera"; }
    std::string Id() const override
    {
        fresh_ = false;
        return id_;
    }
    bool Arm(const std::string &script, std::string *why) override
    {
        if (!script.empty()) {
            *why = "the script is the card's; what cameras do wrong is in usb.uvc_faults";
            return false;
        }
        return fresh_ || Replug(why);
    }
    bool Option(const std::string &option, std::string *why) override
    {
        *why = "the option is the card's";
        return option.empty();
    }
    bool Unplug(std::string *why) override
    {
        fresh_ = false;
        return Call("camera pull", why);
    }
    bool Replug(std::string *why) override
    {
        fresh_ = Call("camera plug" + words_, why) && AwaitListed(id_, why);
        return fresh_;
    }
    bool ReadLedger(Ledger *, std::string *why) override
    {
        *why = "a camera tells nobody what it left out; usb.uvc compares frame by frame";
        return false;
    }
    bool Pattern() const override { return false; }
    bool OnDemand() const override { return false; }
    bool SlowToLook() const override { return true; }

  private:
    bool Call(const std::string &request, std::string *why)
    {
        char answer[VMR_LINE_BYTES] = "";
        if (line_ >= 0 && vmr_rig_call(line_, answer, sizeof answer, "%s", request.c_str()) == 0)
            return true;
        *why = line_ < 0 ? "there is no rig around this machine" : answer;
        return false;
    }

    std::string id_, words_;
    int line_;
    mutable bool fresh_ = false; /* nobody has opened it since it was plugged in */
};

} // namespace

std::unique_ptr<Rig> MakeGuestUsbRig(const std::string &name, const std::string &id)
{
    const size_t length = std::strlen("camera");
    if (name == "usb")
        return std::make_unique<GuestUsbRig>(id);
    if (name.compare(0, length, "camera") == 0 && (name.size() == length || name[length] == ':'))
        return std::make_unique<GuestCameraRig>(
            name.size() == length ? "" : " " + name.substr(length + 1), id);
    return nullptr;
}
