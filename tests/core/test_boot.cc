/* SPDX-License-Identifier: MIT */
/*
 * The boot step against every way in which a card can answer, hang, lie or vanish; with the
 * smallest budget, and on a transport that must not poll.
 */
#include <gtest/gtest.h>

#include <memory>

#include "fake.h"

namespace {

enum { IDLE, RECEIVING, CHECKING, BOOTING, RUNNING, REFUSED };
enum { NONE, RAM, SLOT_A, SLOT_B };

uint32_t status(uint32_t state, uint32_t runs, uint32_t source, uint32_t error = 0)
{
    uint32_t value = vdh_field_set(0, VDH_F_BOOT_STATUS_STATE, state);
    value = vdh_field_set(value, VDH_F_BOOT_STATUS_RUNS, runs);
    value = vdh_field_set(value, VDH_F_BOOT_STATUS_SOURCE, source);
    return vdh_field_set(value, VDH_F_BOOT_STATUS_ERROR, error);
}

class Boot : public ::testing::Test {
  protected:
    void make(vdh_transport transport = VDH_TRANSPORT_FAST, vdh_budget budget = {16, 64})
    {
        if (card) {
            EXPECT_EQ(card->watch.violations, 0u) << card->watch.report;
        }
        card = std::make_unique<FakeCard>(transport, budget);
        ASSERT_EQ(card->attach(), VDH_OK);
        tables = small_tables();
        image = make_image(tables);
        card->reg(VDH_R_BOOT_STATUS) = status(IDLE, 0, NONE);
        card->on_write = [this](uint32_t offset, uint32_t value) {
            if (offset == VDH_R_BOOT_COMMAND && value == 1) {
                card->reg(VDH_R_BOOT_STATUS) = status(RECEIVING, 0, NONE);
            }
            if (offset == VDH_R_BOOT_COMMAND && value == 2) {
                card->tables = tables;
                card->run_firmware();
                card->script[VDH_R_BOOT_STATUS] = after_boot;
            }
        };
        card->log.clear();
    }
    int go(bool with_image = true, uint32_t flags = 0)
    {
        vdh_boot_start(&boot, &card->device, with_image ? image.data() : nullptr,
                       uint32_t(image.size()), card->memory.data(), flags);
        return run(*card, &now_us,
                   [&](uint64_t now, uint32_t *again) { return vdh_boot_step(&boot, now, again); });
    }
    void TearDown() override
    {
        EXPECT_EQ(card->watch.violations, 0u) << card->watch.report;
        EXPECT_EQ(card->watch.worst_stall_us, 0u);
    }

    std::unique_ptr<FakeCard> card;
    std::vector<uint8_t> tables, image;
    std::deque<uint32_t> after_boot; /* what BOOT_STATUS reads after BOOT_STAGED */
    vdh_boot boot = {};
    uint64_t now_us = 1000;
};

TEST_F(Boot, UploadsAndReadsTheTables)
{
    for (vdh_budget budget : {
             vdh_budget{16,     64    },
             {17,     67    },
             {64,     4096  },
             {100000, 100000},
             {0,      0     }
    }) {
        make(VDH_TRANSPORT_FAST, budget);
        if (budget.accesses == 0) {
            card->watch.violations = 0;
        }
        card->device.budget = budget.accesses ? budget : vdh_budget{16, 64};
        image = make_image(tables, 0x01000000, 20001); /* many blocks, the last one odd */
        after_boot = {status(CHECKING, 0, NONE), status(CHECKING, 0, NONE),
                      status(BOOTING, 0, NONE)};
        EXPECT_EQ(go(), VDH_OK);
        EXPECT_EQ(card->received, image);
        EXPECT_EQ(boot.uploaded_bytes, image.size());
        EXPECT_EQ(card->device.running_version, 0x01000000u);
        EXPECT_EQ(card->device.tables.mode_count, 3);
        EXPECT_EQ(memcmp(card->memory.data(), tables.data(), tables.size()), 0);
        EXPECT_EQ(card->reg(VDH_R_FW_LENGTH), image.size());
        uint32_t again;
        EXPECT_EQ(vdh_boot_step(&boot, now_us, &again), VDH_E_INVALID); /* it is over */
    }
}

TEST_F(Boot, SlowTransportOneTryAStep)
{
    make(VDH_TRANSPORT_SLOW, {4096, 16384});
    image = make_image(tables, 0x01000000, 20001);
    after_boot = {status(CHECKING, 0, NONE), status(BOOTING, 0, NONE), status(BOOTING, 0, NONE)};
    EXPECT_EQ(go(), VDH_OK);
    EXPECT_EQ(card->received, image);
}

TEST_F(Boot, RunningFirmwareIsKept)
{
    make();
    card->tables = tables;
    card->run_firmware();
    card->reg(VDH_R_INPUT_SELECT) = 1;
    card->reg(VDH_R_TIMING_SELECT) = 2;
    EXPECT_EQ(go(), VDH_OK);
    EXPECT_TRUE(card->received.empty());
    EXPECT_EQ(card->device.input, 1u);
    EXPECT_EQ(card->device.timing, 2u);
    EXPECT_EQ(go(true, VDH_BOOT_REPLACE), VDH_OK);
    EXPECT_EQ(card->received, image);
    /* Kept as well after a refusal that it survived. */
    card->reg(VDH_R_BOOT_STATUS) = status(REFUSED, 1, RAM, VDH_IMAGE_BODY_CRC);
    EXPECT_EQ(go(false), VDH_OK);
    EXPECT_EQ(boot.error, VDH_IMAGE_OK);
}

TEST_F(Boot, NothingRunsAndNothingToUpload)
{
    make();
    EXPECT_EQ(go(false), VDH_E_STATE);
    card->reg(VDH_R_BOOT_STATUS) = status(REFUSED, 0, NONE, VDH_IMAGE_NO_IMAGE);
    EXPECT_EQ(go(false), VDH_E_STATE);
    EXPECT_EQ(boot.error, VDH_IMAGE_NO_IMAGE);
}

TEST_F(Boot, BadImageNeverReachesTheCard)
{
    make();
    image[200] ^= 1;
    EXPECT_EQ(go(), VDH_E_FIRMWARE);
    EXPECT_EQ(boot.error, VDH_IMAGE_BODY_CRC);
    for (const Access &access : card->log) {
        EXPECT_EQ(access.kind, 'r');
    }
}

TEST_F(Boot, CardRefusesTheLength)
{
    make();
    card->on_write = [this](uint32_t offset, uint32_t) {
        if (offset == VDH_R_BOOT_COMMAND) {
            card->reg(VDH_R_BOOT_STATUS) = status(REFUSED, 0, NONE, VDH_IMAGE_LENGTH);
        }
    };
    EXPECT_EQ(go(), VDH_E_FIRMWARE);
    EXPECT_EQ(boot.error, VDH_IMAGE_LENGTH);
    EXPECT_TRUE(card->received.empty());
    card->on_write = nullptr; /* a card that ignores the command */
    card->reg(VDH_R_BOOT_STATUS) = status(IDLE, 0, NONE);
    EXPECT_EQ(go(), VDH_E_IO);
}

TEST_F(Boot, CardRefusesTheImage)
{
    for (uint32_t runs = 0; runs < 2; runs++) {
        for (uint32_t error = 1; error <= VDH_IMAGE_WATCHDOG; error++) {
            make();
            after_boot = {status(CHECKING, runs, runs), status(REFUSED, runs, runs, error)};
            EXPECT_EQ(go(true, VDH_BOOT_REPLACE), VDH_E_FIRMWARE);
            EXPECT_EQ(boot.error, vdh_image_error(error));
            EXPECT_EQ(card->device.tables.bytes, nullptr);
        }
    }
    make();
    after_boot = {status(REFUSED, 0, NONE, 14)};
    EXPECT_EQ(go(), VDH_E_FIRMWARE);
    EXPECT_EQ(boot.error, VDH_IMAGE_UNKNOWN);
}

/* The watchdog stopped the new firmware and the policy started a slot: not what was asked for. */
TEST_F(Boot, WatchdogFallsBack)
{
    make();
    after_boot = {status(BOOTING, 0, NONE), status(CHECKING, 0, NONE, VDH_IMAGE_WATCHDOG),
                  status(BOOTING, 0, NONE, VDH_IMAGE_WATCHDOG),
                  status(RUNNING, 1, SLOT_A, VDH_IMAGE_WATCHDOG)};
    EXPECT_EQ(go(), VDH_E_FIRMWARE);
    EXPECT_EQ(boot.error, VDH_IMAGE_WATCHDOG);
    card->reg(VDH_R_BOOT_STATUS) = status(RUNNING, 1, SLOT_A, VDH_IMAGE_WATCHDOG);
    EXPECT_EQ(go(false), VDH_OK);
}

TEST_F(Boot, PowerFailureOnTheWay)
{
    for (uint32_t now : {status(IDLE, 0, NONE), status(RUNNING, 1, SLOT_A),
                         status(RECEIVING, 0, NONE), status(7, 0, NONE)}) {
        make();
        after_boot = {status(BOOTING, 0, NONE), now};
        EXPECT_EQ(go(), VDH_E_IO) << now;
    }
}

TEST_F(Boot, WaitsAreBoundedAndNamed)
{
    for (uint32_t state : {CHECKING, BOOTING}) {
        make();
        uint64_t from = now_us;
        card->on_write = [this, state](uint32_t offset, uint32_t value) {
            if (offset == VDH_R_BOOT_COMMAND) {
                card->reg(VDH_R_BOOT_STATUS) =
                    status(value == 1 ? uint32_t(RECEIVING) : state, 0, NONE);
            }
        };
        EXPECT_EQ(go(), VDH_E_TIMEOUT);
        uint64_t bound = state == CHECKING ? VDH_BOOT_CHECK_TIMEOUT_US : VDH_BOOT_START_TIMEOUT_US;
        EXPECT_GE(now_us - from, bound);
        EXPECT_LT(now_us - from, bound + 100000);
        EXPECT_NE(strstr(card->device.waited_for, state == CHECKING ? "CHECKING" : "BOOTING"),
                  nullptr);
        /* The same for a card that was busy when the host came. */
        from = now_us;
        card->reg(VDH_R_BOOT_STATUS) = status(state, 0, NONE);
        EXPECT_EQ(go(false), VDH_E_TIMEOUT);
        EXPECT_GE(now_us - from, bound);
    }
}

TEST_F(Boot, SlotBootIsJudgedByItsResult)
{
    make();
    card->tables = tables;
    card->run_firmware();
    /* Without the flag an old refusal is history, with it the result. */
    card->reg(VDH_R_BOOT_STATUS) = status(REFUSED, 1, SLOT_A, VDH_IMAGE_SHA256);
    EXPECT_EQ(go(false), VDH_OK);
    EXPECT_EQ(go(false, VDH_BOOT_COMMANDED), VDH_E_FIRMWARE);
    EXPECT_EQ(boot.error, VDH_IMAGE_SHA256);
    card->reg(VDH_R_BOOT_STATUS) = status(RUNNING, 1, SLOT_B);
    card->script[VDH_R_BOOT_STATUS] = {status(CHECKING, 1, SLOT_A), status(BOOTING, 0, NONE)};
    EXPECT_EQ(go(false, VDH_BOOT_COMMANDED), VDH_OK);
}

TEST_F(Boot, TablesAreNotTrusted)
{
    make();
    card->tables = tables;
    card->run_firmware();
    for (uint32_t length : {0u, 31u, 16385u, 0x80000000u, 0xffffffffu}) {
        card->reg(VDH_R_TABLES_LENGTH) = length;
        EXPECT_EQ(go(false), VDH_E_TABLES) << length;
        EXPECT_EQ(card->device.tables.bytes, nullptr);
    }
    card->reg(VDH_R_TABLES_LENGTH) = VDH_TABLES_MAX_BYTES;
    EXPECT_EQ(go(false), VDH_OK); /* longer than the tables, but no more than the buffer */
    card->reg(VDH_R_TABLES_LENGTH) = uint32_t(tables.size()) - 3;
    EXPECT_EQ(go(false), VDH_E_TABLES);
    card->reg(VDH_R_TABLES_LENGTH) = uint32_t(tables.size());
    card->tables[8] = 9;
    EXPECT_EQ(go(false), VDH_E_TABLES);
    card->tables = tables;
    card->reg(VDH_R_INPUT_SELECT) = 2;
    EXPECT_EQ(go(false), VDH_E_IO);
    card->reg(VDH_R_INPUT_SELECT) = 0;
    card->reg(VDH_R_TIMING_SELECT) = 3;
    EXPECT_EQ(go(false), VDH_E_IO);
    card->reg(VDH_R_TIMING_SELECT) = 0;
    card->reg(VDH_R_FW_VERSION) = 0;
    EXPECT_EQ(go(false), VDH_E_IO);
}

/* Pulled out, or failing, at every single access: the boot ends, and says which of the two it was. */
TEST_F(Boot, EndsAtEveryAccess)
{
    make(VDH_TRANSPORT_FAST, {64, 1024});
    ASSERT_EQ(go(), VDH_OK);
    size_t accesses = card->log.size();
    ASSERT_GT(accesses, 15u);
    for (size_t at = 0; at < accesses; at++) {
        make(VDH_TRANSPORT_FAST, {64, 1024});
        card->fail_after = int(at);
        EXPECT_EQ(go(), VDH_E_IO) << at;
        make(VDH_TRANSPORT_FAST, {64, 1024});
        card->fail_after = int(at);
        card->fail_with = VDH_E_GONE;
        EXPECT_EQ(go(), VDH_E_GONE) << at;
    }
    for (int reads = 0; reads < 9; reads++) {
        make(VDH_TRANSPORT_FAST, {64, 1024});
        int left = reads;
        card->on_read = [&](uint32_t) {
            if (left-- == 0) {
                card->gone = true;
            }
        };
        int result = go();
        EXPECT_EQ(result, reads < 7 ? VDH_E_GONE : VDH_OK) << reads;
    }
    make();
    card->tables = tables;
    card->run_firmware();
    card->on_read = [&](uint32_t offset) {
        if (offset == VDH_R_TABLES_LENGTH) {
            card->on_write = [&](uint32_t, uint32_t) { card->gone = true; }; /* at TABLES_PAGE */
        }
    };
    EXPECT_EQ(go(false), VDH_E_GONE);
}

} // namespace
