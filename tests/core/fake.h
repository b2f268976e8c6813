/* SPDX-License-Identifier: MIT */
/*
 * A card that is an array of registers, with hooks for what a test wants it to do. It knows nothing
 * of the hardware: what a register answers is what the test put there.
 */
#ifndef TESTS_CORE_FAKE_H
#define TESTS_CORE_FAKE_H

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "guard.h"

extern "C" {
#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_control.h"
#include "vdh_flash.h"
#include "vdh_format.h"
#include "vdh_image.h"
#include "vdh_input.h"
#include "vdh_irq.h"
#include "vdh_regs.h"
#include "vdh_tables.h"
}

struct Access {
    char kind; /* r w R W (blocks) */
    uint32_t offset;
    uint32_t value; /* bytes for a block */
};

class FakeCard {
  public:
    explicit FakeCard(vdh_transport transport = VDH_TRANSPORT_FAST, vdh_budget budget = {16, 64});

    uint32_t &reg(uint32_t offset) { return regs_[offset / 4]; }
    /* What the next reads of a register give, before its value counts again. */
    std::map<uint32_t, std::deque<uint32_t>> script;
    std::function<void(uint32_t offset, uint32_t value)> on_write;
    std::function<void(uint32_t offset)> on_read; /* before the value is taken */
    std::function<void()> on_acquire;
    int fail_after = -1; /* accesses until every callback fails with fail_with */
    int fail_with = VDH_E_IO;
    bool gone = false;
    std::vector<uint8_t> tables;   /* what the TABLES window shows */
    std::vector<uint8_t> received; /* what came through FW_WINDOW */
    std::vector<Access> log;
    std::vector<std::string> traced;

    guard watch;
    vdh_device device;
    std::vector<uint8_t> memory; /* for vdh_boot.tables */

    int attach();
    /* Puts `bytes` in as the tables of running firmware, without a boot. */
    void adopt(const std::vector<uint8_t> &bytes);
    /* Registers that a running engine answers with. */
    void run_firmware();

    static const vdh_io io;

    int read(uint32_t offset, uint32_t *value);
    int write(uint32_t offset, uint32_t value);
    int read_block(uint32_t offset, uint8_t *bytes, uint32_t count);
    int write_block(uint32_t offset, const uint8_t *bytes, uint32_t count);

  private:
    bool fails();
    uint32_t regs_[VDH_R_SPACE / 4] = {};
    vdh_budget budget_;
};

/* A call into the core with its mark and its stated accesses. */
template <typename Call> auto any_level(FakeCard &card, uint32_t accesses, Call call)
{
    guard_enter(&card.watch, GUARD_ANY_LEVEL, accesses, 1024);
    auto result = call();
    guard_leave(&card.watch);
    return result;
}

template <typename Call> auto isr(FakeCard &card, uint32_t accesses, Call call)
{
    guard_enter(&card.watch, GUARD_ISR, accesses, 0);
    auto result = call();
    guard_leave(&card.watch);
    return result;
}

template <typename Call> auto step(FakeCard &card, Call call)
{
    guard_enter(&card.watch, GUARD_STEP, card.device.budget.accesses, card.device.budget.bytes);
    auto result = call();
    guard_leave(&card.watch);
    return result;
}

/* Runs a step function to its end, by its own clock. */
template <typename Step> int run(FakeCard &card, uint64_t *now_us, Step call, int most = 1000000)
{
    int result = VDH_AGAIN;
    for (int i = 0; i < most && result == VDH_AGAIN; i++) {
        uint32_t again_us = 12345678;
        result = step(card, [&] { return call(*now_us, &again_us); });
        *now_us += again_us;
    }
    return result;
}

/* Good tables and images to be spoiled. */
std::vector<uint8_t> small_tables();
std::vector<uint8_t> make_image(const std::vector<uint8_t> &tables, uint32_t version = 0x01000000,
                                uint32_t code_bytes = 40);
/* Makes the checksums of a changed image right again, so that a later check sees the change. */
void seal_header(std::vector<uint8_t> &image);
void seal_body(std::vector<uint8_t> &image);

#endif
