/* SPDX-License-Identifier: MIT */
#include "guest_card.h"

#include <cstdlib>
#include <sstream>

GuestCard::GuestCard(unsigned number) : number_(number), line_(vmr_rig_open()) {}

GuestCard::~GuestCard()
{
    vmr_rig_close(line_);
}

bool GuestCard::Call(const std::string &word, const std::string &rest, std::string *why)
{
    std::string request = word + " " + std::to_string(number_) + (rest.empty() ? "" : " ") + rest;
    answer_[0] = '\0';
    if (line_ < 0 || vmr_rig_call(line_, answer_, sizeof answer_, "%s", request.c_str()) != 0) {
        *why = line_ < 0 ? "there is no rig around this machine" : answer_;
        return false;
    }
    return true;
}

bool GuestCard::Value(const char *name, uint64_t *value) const
{
    return vmr_rig_value(answer_, name, value) == 0;
}

bool GuestCard::Counts(std::map<std::string, uint64_t> *out, std::string *why)
{
    out->clear();
    if (!Call("injected", "", why))
        return false;
    std::istringstream words(answer_);
    std::string word;
    while (words >> word) {
        size_t at = word.find('=');
        if (at != std::string::npos)
            (*out)[word.substr(0, at)] = std::strtoull(word.c_str() + at + 1, nullptr, 10);
    }
    return true;
}

bool GuestCard::BeginCounts(std::string *why)
{
    return Counts(&before_, why);
}

bool GuestCard::ReadLedger(Ledger *out, std::string *why)
{
    const struct {
        const char *name;
        uint64_t *value;
    } numbers[] = {
        {"capture_produced",  &out->produced },
        {"capture_good",      &out->good     },
        {"capture_fifo",      &out->fifo     },
        {"capture_no_buffer", &out->no_buffer},
        {"capture_no_signal", &out->no_signal},
        {"capture_dma",       &out->dma      },
        {"capture_usb",       &out->usb      }
    };
    if (!Call("ledger", "", why))
        return false;
    for (const auto &number : numbers) {
        if (!Value(number.name, number.value)) {
            *why = std::string("the rig's ledger has no ") + number.name;
            return false;
        }
    }
    std::map<std::string, uint64_t> now;
    if (!Counts(&now, why))
        return false;
    for (const auto &kind : now)
        out->injected[kind.first] = kind.second - before_[kind.first];
    return true;
}
