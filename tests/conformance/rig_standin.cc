/* SPDX-License-Identifier: MIT */
/*
 * The Windows driver's card under Wine, in the stand-in for stream.sys (tests/wine/standin), which takes
 * fault scripts once the driver has started, pulls the card out and shows its ledger.
 */
#include <windows.h>
#include <winioctl.h>

#include "rig.h"
#include "standin.h"

namespace {

class StandinRig : public Rig {
  public:
    explicit StandinRig(const std::string &id) : id_(id) {}
    const char *Name() const override { return "standin"; }
    std::string Id() const override { return id_; }
    bool Arm(const std::string &script, std::string *why) override
    {
        if (script.find("@write=") != std::string::npos) {
            *why = "the driver makes thousands of accesses before anybody can open it";
            return false;
        }
        if ((!script.empty() || used_) && !Replug(why))
            return false;
        used_ = !script.empty();
        return script.empty() || Ask(IOCTL_STANDIN_FAULTS, script, nullptr, 0, why);
    }
    bool Option(const std::string &option, std::string *why) override
    {
        *why = "this rig sets no options";
        return option.empty();
    }
    bool Unplug(std::string *why) override
    {
        used_ = true;
        return Ask(IOCTL_STANDIN_UNPLUG, "", nullptr, 0, why);
    }
    bool Replug(std::string *why) override
    {
        used_ = false;
        return Ask(IOCTL_STANDIN_RESTART, "", nullptr, 0, why);
    }
    bool ReadLedger(Ledger *out, std::string *why) override
    {
        struct card_account account;
        if (!Ask(IOCTL_STANDIN_ACCOUNT, "", &account, sizeof(account), why))
            return false;
        out->produced = account.produced;
        out->good = account.good;
        out->fifo = account.dropped[0];
        out->no_buffer = account.dropped[1];
        out->no_signal = account.dropped[2];
        out->dma = account.dropped[3];
        out->usb = account.dropped[4];
        for (const auto &kind : account.injected)
            if (kind.name[0])
                out->injected[kind.name] = kind.count;
        return true;
    }
    bool Pattern() const override { return true; }
    bool OnDemand() const override { return false; }

  private:
    static bool Ask(DWORD code, std::string in, void *out, DWORD bytes, std::string *why)
    {
        HANDLE standin = CreateFileA("\\\\.\\VidiconStandin", GENERIC_READ | GENERIC_WRITE, 0,
                                     nullptr, OPEN_EXISTING, 0, nullptr);
        DWORD done = 0;
        bool good = standin != INVALID_HANDLE_VALUE &&
                    DeviceIoControl(standin, code, in.empty() ? nullptr : &in[0],
                                    static_cast<DWORD>(in.size()), out, bytes, &done, nullptr);
        *why = "the stand-in for stream.sys refuses: error " + std::to_string(GetLastError());
        if (standin != INVALID_HANDLE_VALUE)
            CloseHandle(standin);
        return good;
    }
    std::string id_;
    bool used_ = false; /* the card is not as it was */
};

} // namespace

std::unique_ptr<Rig> MakePlatformRig(const std::string &name, const std::string &id)
{
    return name == "standin" ? std::make_unique<StandinRig>(id) : nullptr;
}
