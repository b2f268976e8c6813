/* SPDX-License-Identifier: MIT */
/*
 * What the suite may do to the device behind the library's back: plug, signal, faults, and the card's
 * private ledger. A new backend brings a rig of its own; what a rig cannot do is "not applicable".
 * The plain rig can do nothing and serves any device.
 */
#ifndef CONFORMANCE_RIG_H
#define CONFORMANCE_RIG_H

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "vidicon/vidicon.h"

/* The card's own account of its last capture, as the hardware model keeps it. */
struct Ledger {
    uint64_t produced = 0;
    uint64_t good = 0;
    uint64_t fifo = 0;
    uint64_t no_buffer = 0;
    uint64_t no_signal = 0;
    uint64_t dma = 0;
    uint64_t usb = 0;
    std::map<std::string, uint64_t> injected; /* by kind of fault */
};

class Rig {
  public:
    virtual ~Rig() = default;
    virtual const char *Name() const = 0;

    /* The id that opens the device; by Arm() it may get another one, for the next open. */
    virtual std::string Id() const = 0;
    /* Puts a fault script (docs/hardware.md, section 10) in force from the next open on, or none for "".
     * false: *why says why this rig cannot. */
    virtual bool Arm(const std::string &script, std::string *why) = 0;
    /* Other qualities of the device, in the backend's own words, such as "firmware=none". */
    virtual bool Option(const std::string &option, std::string *why) = 0;

    /* At once, while the device is open. */
    virtual bool Unplug(std::string *why) = 0;
    virtual bool Replug(std::string *why) = 0;

    /* The ledger of the capture that ended last, readable once the device is closed. */
    virtual bool ReadLedger(Ledger *out, std::string *why) = 0;

    /* The picture is the pattern of docs/hardware.md, section 7. */
    virtual bool Pattern() const = 0;
    /* Time stands still while nobody waits: no frame comes without somebody who asks. */
    virtual bool OnDemand() const = 0;
    /* A look at the handle takes a good part of a frame's time, as on an emulated processor that others share. */
    virtual bool SlowToLook() const { return false; }
    /* By which cause (enum vdc_drop) the device counts what it had no buffer for. */
    virtual uint32_t StarvationCause() const { return VDC_DROP_NO_BUFFER; }
};

/* By name: "sim", "plain", on Linux "card", "vivid", "usb" and "camera", on Windows "standin", or "" to choose by the id. NULL if
 * there is none of that name. */
std::unique_ptr<Rig> MakeRig(const std::string &name, const std::string &id);

#endif
