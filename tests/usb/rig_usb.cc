/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite's rig on the fake bus: device "hs" or "ss". Each case finds a new card of the same serial number, as a simulated one is new at each open.
 */
#include <cstdlib>
#include <cstring>

extern "C" {
#include "vdm.h"
}
#include "fake_usb.h"

#include "../conformance/rig.h"
#include "rig_uvc.h"
#include "vidicon/vidicon.h"

namespace {

class UsbRig : public Rig {
  public:
    explicit UsbRig(const std::string &kind) : high_(kind.find("hs") == 0) {}

    const char *Name() const override { return "usb"; }
    std::string Id() const override
    {
        return "usb:RIG1" + (option_.empty() ? option_ : "?" + option_);
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
        for (const char *kind : {"irq-lost", "irq-late"}) {
            if (script.find(kind) != std::string::npos) {
                *why = "on USB no frame waits for an interrupt";
                return false;
            }
        }
        if (script.find("@write=") != std::string::npos) {
            *why = "on USB a capture writes no register; usb.unplug does it at any call of libusb";
            return false;
        }
        Out();
        if (!In(why))
            return false;
        const char *what = "";
        if (!script.empty() && fake_usb_faults(card_, script.c_str(), &what) != 0) {
            *why = what;
            return false;
        }
        return true;
    }
    bool Option(const std::string &option, std::string *) override
    {
        option_ = option;
        return true;
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
    bool ReadLedger(Ledger *out, std::string *) override
    {
        static vdm_ledger ledger;
        fake_usb_ledger(card_, &ledger);
        out->produced = ledger.capture.produced;
        out->good = ledger.capture.by_cause[VDM_CAUSE_GOOD];
        out->fifo = ledger.capture.by_cause[VDM_CAUSE_FIFO];
        out->no_buffer = ledger.capture.by_cause[VDM_CAUSE_NO_BUFFER];
        out->no_signal = ledger.capture.by_cause[VDM_CAUSE_NO_SIGNAL];
        out->dma = ledger.capture.by_cause[VDM_CAUSE_DMA];
        out->usb = ledger.capture.by_cause[VDM_CAUSE_USB];
        out->injected.clear();
        for (uint32_t i = 0; const char *name = vdm_fault_name(i); ++i)
            out->injected[name] = ledger.injected[i];
        return true;
    }
    bool Pattern() const override { return true; }
    bool OnDemand() const override { return false; }
    uint32_t StarvationCause() const override { return VDC_DROP_DEVICE_FIFO; }

  private:
    void Out()
    {
        if (card_)
            fake_usb_unplug(card_);
        card_ = nullptr;
    }
    bool In(std::string *why)
    {
        fake_usb_options options;
        fake_usb_defaults(&options);
        options.speed = high_ ? VDM_USB_HIGH : VDM_USB_SUPER;
        options.rate = FAKE_USB_REAL; /* USB hardware lives by itself */
        options.boot_ns = 5000000;    /* a hundred cases wait for it */
        options.bus = 1;
        options.ports[0] = 1;
        std::strncpy(options.serial, "RIG1", sizeof(options.serial) - 1);
        card_ = fake_usb_plug(&options);
        *why = "the model would not have these options";
        /* Behind the making of the fake's world, so before its end, and before this rig's, which is why
         * that leaves the card alone: what is left behind is a failure. */
        static int once = std::atexit([] {
            if (fake_usb_reset() != 0)
                std::_Exit(3);
        });
        (void)once;
        return card_ != nullptr;
    }

    bool high_;
    std::string option_;
    fake_usb_card *card_ = nullptr;
};

} // namespace

std::unique_ptr<Rig> MakeRig(const std::string &, const std::string &id)
{
    if (id.find("uvc") == 0)
        return MakeUvcRig(id);
    return std::make_unique<UsbRig>(id);
}
