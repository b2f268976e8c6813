/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite's rig of UVC cameras on the fake bus: "uvc-hs-iso", "uvc-hs-bulk", "uvc-ss-iso", "uvc-ss-bulk". Each case finds
 * a new camera of the same serial number.
 */
#include "rig_uvc.h"

#include <cstdlib>
#include <cstring>

#include "fake_usb.h"

namespace {

class UvcRig : public Rig {
  public:
    explicit UvcRig(const std::string &kind)
        : super_(kind.find("-ss") != std::string::npos),
          bulk_(kind.find("bulk") != std::string::npos)
    {
    }

    const char *Name() const override { return "uvc"; }
    std::string Id() const override { return "usb:CAM1"; }
    bool Arm(const std::string &script, std::string *why) override
    {
        if (!script.empty()) {
            *why = "the script is the card's; what cameras do wrong is in usb.uvc_faults";
            return false;
        }
        if (card_)
            fake_usb_unplug(card_);
        camera_config config = {static_cast<uint32_t>(super_ ? CAMERA_SUPER : CAMERA_HIGH),
                                bulk_ ? 1u : 0u,
                                0,
                                0x6666,
                                0x0003,
                                "CAM1",
                                1};
        card_ = fake_usb_plug_camera(&config);
        *why = "no memory for a camera";
        /* Behind the making of the fake's world, so before its end, and before this rig's, which is why
         * that leaves the camera alone: what is left behind is a failure. */
        static int once = std::atexit([] {
            if (fake_usb_reset() != 0)
                std::_Exit(3);
        });
        (void)once;
        return card_ != nullptr;
    }
    bool Option(const std::string &, std::string *why) override
    {
        *why = "the option is the card's";
        return false;
    }
    bool Unplug(std::string *) override
    {
        fake_usb_unplug(card_);
        return true;
    }
    bool Replug(std::string *) override
    {
        fake_usb_replug(card_);
        return true;
    }
    bool ReadLedger(Ledger *, std::string *why) override
    {
        *why = "a camera tells nobody what it left out; usb.uvc compares frame by frame";
        return false;
    }
    bool Pattern() const override { return false; }
    bool OnDemand() const override { return false; }

  private:
    bool super_, bulk_;
    fake_usb_card *card_ = nullptr;
};

} // namespace

std::unique_ptr<Rig> MakeUvcRig(const std::string &kind)
{
    return std::make_unique<UvcRig>(kind);
}
