/* SPDX-License-Identifier: MIT */
/*
 * The simulated card's rig: everything is an option of the id (docs/simulator.md). The ledger is a file
 * that the backend writes; a card is new at each open, which is its replug.
 */
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "rig.h"

namespace {

std::string Escaped(const std::string &text)
{
    static const char digits[] = "0123456789abcdef";
    std::string out;
    for (unsigned char c : text) {
        if (c == '&' || c == '%' || c == '?' || c < 0x21) {
            out += '%';
            out += digits[c >> 4];
            out += digits[c & 15];
        } else {
            out += static_cast<char>(c);
        }
    }
    return out;
}

/* The number behind "key": in JSON text, looked for from `at` on. */
bool Number(const std::string &text, const std::string &key, size_t at, uint64_t *out)
{
    size_t found = text.find('"' + key + '"', at);
    if (found == std::string::npos)
        return false;
    found = text.find_first_of("0123456789", found + key.size() + 2);
    if (found == std::string::npos)
        return false;
    *out = std::strtoull(text.c_str() + found, nullptr, 10);
    return true;
}

class SimRig : public Rig {
  public:
    explicit SimRig(const std::string &id) : id_(id)
    {
        std::random_device random;
        ledger_ = std::filesystem::temp_directory_path() /
                  ("conformance-ledger-" + std::to_string(random()) + ".json");
    }
    ~SimRig() override { Forget(); }

    const char *Name() const override { return "sim"; }
    std::string Id() const override
    {
        std::string id = id_;
        id += id.find('?') == std::string::npos ? '?' : '&';
        id += "ledger=" + Escaped(ledger_.generic_string());
        if (!script_.empty())
            id += "&faults=" + Escaped(script_);
        if (!option_.empty())
            id += "&" + option_;
        return id;
    }
    bool Arm(const std::string &script, std::string *) override
    {
        script_ = script;
        Forget();
        return true;
    }
    bool Option(const std::string &option, std::string *) override
    {
        option_ = option;
        return true;
    }
    bool Unplug(std::string *why) override
    {
        *why = "a simulated card is pulled out by its fault script";
        return false;
    }
    bool Replug(std::string *) override { return true; }
    bool ReadLedger(Ledger *out, std::string *why) override;
    bool Pattern() const override { return id_.find("source=") == std::string::npos; }
    bool OnDemand() const override { return id_.find("rate=max") != std::string::npos; }

  private:
    void Forget()
    {
        std::error_code ignored;
        std::filesystem::remove(ledger_, ignored);
    }
    std::string id_, script_, option_;
    std::filesystem::path ledger_;
};

bool SimRig::ReadLedger(Ledger *out, std::string *why)
{
    std::ifstream file(ledger_);
    std::stringstream stream;
    stream << file.rdbuf();
    std::string text = stream.str();
    *why = "the ledger file is missing or has another form";
    size_t capture = text.find("\"capture\"");
    if (capture == std::string::npos)
        return false;
    const struct {
        const char *key;
        uint64_t *value;
    } numbers[] = {
        {"produced",  &out->produced },
        {"good",      &out->good     },
        {"fifo",      &out->fifo     },
        {"no_buffer", &out->no_buffer},
        {"no_signal", &out->no_signal},
        {"dma",       &out->dma      },
        {"usb",       &out->usb      }
    };
    for (const auto &number : numbers)
        if (!Number(text, number.key, capture, number.value))
            return false;
    size_t injected = text.find("\"injected\"");
    if (injected == std::string::npos)
        return false;
    size_t end = text.find('}', injected);
    size_t at = text.find('{', injected);
    while ((at = text.find('"', at)) < end) {
        size_t close = text.find('"', at + 1);
        std::string kind = text.substr(at + 1, close - at - 1);
        Number(text, kind, at, &out->injected[kind]);
        at = close + 1;
    }
    return true;
}

} // namespace

std::unique_ptr<Rig> MakeSimRig(const std::string &id)
{
    return std::make_unique<SimRig>(id);
}
