/* SPDX-License-Identifier: MIT */
/*
 * The plain rig, for any device at all, and the choice of a rig by name. The simulated card's rig is in
 * rig_sim.cc, those of V4L2 devices in rig_v4l2.cc, that of Windows in rig_standin.cc.
 */
#include "rig.h"

std::unique_ptr<Rig> MakeSimRig(const std::string &id);
/* In the file that the build takes for this system. */
std::unique_ptr<Rig> MakePlatformRig(const std::string &name, const std::string &id);

namespace {

class PlainRig : public Rig {
  public:
    explicit PlainRig(const std::string &id) : id_(id) {}
    const char *Name() const override { return "plain"; }
    std::string Id() const override { return id_; }
    bool Arm(const std::string &script, std::string *why) override
    {
        *why = "this rig injects no faults";
        return script.empty();
    }
    bool Option(const std::string &option, std::string *why) override
    {
        *why = "this rig sets no options";
        return option.empty();
    }
    bool Unplug(std::string *why) override
    {
        *why = "this rig cannot unplug";
        return false;
    }
    bool Replug(std::string *why) override { return Unplug(why); }
    bool ReadLedger(Ledger *, std::string *why) override
    {
        *why = "this device has no ledger";
        return false;
    }
    bool Pattern() const override { return false; }
    bool OnDemand() const override { return false; }

  private:
    std::string id_;
};

} // namespace

std::unique_ptr<Rig> MakeRig(const std::string &name, const std::string &id)
{
    bool sim = id.compare(0, 4, "sim:") == 0;
    if (name == "sim" || (name.empty() && sim))
        return MakeSimRig(id);
    if (name == "plain" || name.empty())
        return std::make_unique<PlainRig>(id);
    return MakePlatformRig(name, id);
}
