/* SPDX-License-Identifier: MIT */
/* A card that is booted and captures, for the tests of the core over the executable hardware. */
#ifndef TESTS_CORE_CARD_H
#define TESTS_CORE_CARD_H

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "host.h"

extern "C" {
#include "vdh_default_image.h"
}

class Card : public ::testing::Test {
  protected:
    void TearDown() override;

    /* Makes a host, powers the card on, attaches; `script` is in force from then on. */
    void power(host_body body, const std::string &script = "", bool flash = true);
    int boot(uint32_t flags = 0);
    /* power() and boot() */
    void ready(host_body body, const std::string &script = "");
    void script(const std::string &text);
    uint64_t injected(const std::string &kind);
    uint64_t injected_in_all();

    vdh_format format(uint32_t fourcc = VDH_FOURCC_YUYV, uint32_t width = 64, uint32_t height = 64,
                      uint32_t den = 240);
    /* Takes completions until `frames` good ones are compared, requeueing; other ones are counted. */
    void take(const vdh_format &asked, unsigned frames, uint64_t timeout_us = 2000000);
    /* Stops and compares every counter with the card's private ledger. */
    void stop_and_reconcile(int expected = VDH_OK);

    host *h = nullptr;
    vdh_boot last_boot = {};
    vdh_capture_counts counts = {};
    /* What take() saw. */
    unsigned good = 0, failed = 0, torn = 0, lost_on_bus = 0;
    uint64_t dropped[4] = {}; /* fifo, no buffer, no signal, dma: by the completions */
    uint32_t next_sequence = 0;
    vdh_completion last = {};
};

#endif
