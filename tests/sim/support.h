/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the simulated card share: an open card, a capture whose every frame is compared
 * with the model, and the comparison of the library's account with the model's ledger.
 */
#ifndef SIM_SUPPORT_H
#define SIM_SUPPORT_H

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vidicon/service.h"
#include "vidicon/vidicon.h"

#include "sim_test.h"

/* VIDICON_LONG: the full counts. */
inline bool Long()
{
    return std::getenv("VIDICON_LONG") != nullptr;
}

/* Small and quick: the thumbnail mode at 240 frames a second. */
vdc_format Thumbnail(uint32_t fourcc = VDC_FOURCC_YUYV);

/* Runs `call` with the model of card `number`; fails the test if it is not open. */
void WithModel(uint32_t number, const std::function<void(vdm_card *)> &call);
std::unique_ptr<vdm_ledger> Ledger(uint32_t number);
uint64_t Injected(const vdm_ledger &ledger, const std::string &kind);

/* An open card, and what it takes to open one. Everything is closed at the end, and no DMA may have
 * gone astray unless the test says how much. */
class Card {
  public:
    /* "rate=max&faults=…" */
    explicit Card(const std::string &options, uint32_t number = 0, uint32_t flags = 0);
    ~Card();
    Card(const Card &) = delete;
    Card &operator=(const Card &) = delete;

    int OpenStream(const vdc_format &format, uint32_t flags = 0);
    /* The counts that the card's own bus keeps. */
    vdi_sim_counts Report() const;
    vdc_stats Stats() const;
    void Close();

    uint32_t number;
    int status = 0; /* of the open */
    std::string error;
    vdc_context *context = nullptr;
    vdc_device *device = nullptr;
    vdc_stream *stream = nullptr;
    uint64_t stray_expected = 0;
    std::vector<std::string> log;
};

/* A frame as the model would have it, padding included. */
std::vector<uint8_t> ExpectedFrame(const Card &card, uint64_t sequence,
                                   const std::vector<int32_t> *controls = nullptr);
/* Differing bytes of a delivered frame from what the model expects; padding must be 0. */
size_t FrameDifferences(const vdc_frame *frame, const std::vector<uint8_t> &expected);
size_t FrameDifferences(const Card &card, const vdc_frame *frame,
                        const std::vector<int32_t> *controls = nullptr);

/* What the library's account and the ledger of the last capture do not agree in; "" if nothing.
 * `partial`: the card went away, so the account may end before the ledger does. */
std::string AccountDifferences(const vdc_stats &stats, const vdm_ledger &ledger,
                               bool partial = false);

struct Seen {
    uint64_t sequence;
    int64_t host_time_ns;
    int64_t error_bound_ns;
    uint32_t clock;
    uint32_t flags;
};

/* One capture: waits for `frames` of them or for the end, compares each. */
struct Capture {
    std::vector<Seen> frames;
    size_t wrong = 0;    /* frames that differ */
    size_t timeouts = 0; /* waits that brought nothing */
    int end = VDC_OK;    /* what ended it */
    int stop = VDC_OK;
    bool start_failed = false; /* then there is nothing but `end` and the ledger */
    std::string error;
    vdc_stats stats = VDC_STATS_INIT;
    std::unique_ptr<vdm_ledger> ledger;
};
struct CaptureOptions {
    size_t frames = 60;
    int timeout_ms = 1000;
    size_t timeouts_most = 1; /* so many, then it ends */
    bool compare = true;
    bool ahead = true; /* expected frames are made before the start: the card may go */
    std::function<const std::vector<int32_t> *(const vdc_frame *)> controls;
    std::string later; /* a fault script; its times count from the start of the capture */
};
Capture RunCapture(Card &card, const CaptureOptions &options = CaptureOptions());

vdc_firmware_info FirmwareInfo(const Card &card);
/* Into flash, without progress: the status. */
int UpdateFirmware(Card &card, const std::vector<uint8_t> &image);

/* A file in the test's own folder, gone at the end. */
class Scratch {
  public:
    explicit Scratch(const std::string &name);
    ~Scratch();
    std::string path;
    std::string Escaped() const; /* for an option */
    void Write(const std::vector<uint8_t> &bytes) const;
    std::vector<uint8_t> Read() const;
};
std::string Escape(const std::string &text);
std::vector<uint8_t> ReadFile(const std::string &path);

#endif
