/* SPDX-License-Identifier: MIT */
/* A card in the machine around this guest: its rig's line (tests/vm/protocol.h), its ledger. For the rigs of all its bodies. */
#ifndef CONFORMANCE_GUEST_CARD_H
#define CONFORMANCE_GUEST_CARD_H

#include <map>
#include <string>

#include "../vm/guest/rig_client.h"
#include "../vm/protocol.h"
#include "rig.h"

class GuestCard {
  public:
    explicit GuestCard(unsigned number);
    ~GuestCard();
    GuestCard(const GuestCard &) = delete;
    GuestCard &operator=(const GuestCard &) = delete;

    /* "WORD NUMBER REST"; what it answers is in Answer(). */
    bool Call(const std::string &word, const std::string &rest, std::string *why);
    bool Value(const char *name, uint64_t *value) const;
    /* Faults are counted from here on. */
    bool BeginCounts(std::string *why);
    bool ReadLedger(Ledger *out, std::string *why);

  private:
    bool Counts(std::map<std::string, uint64_t> *out, std::string *why);

    unsigned number_;
    int line_;
    char answer_[VMR_LINE_BYTES] = "";
    std::map<std::string, uint64_t> before_;
};

#endif
