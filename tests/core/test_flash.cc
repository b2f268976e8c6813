/* SPDX-License-Identifier: MIT */
/* Flash: which slot is written, how a store ends, commit and roll back within their accesses. */
#include <gtest/gtest.h>

#include <memory>

#include "fake.h"

namespace {

enum { EMPTY, GOOD, BAD };

uint32_t flash(uint32_t busy, uint32_t active, uint32_t a, uint32_t b, uint32_t error = 0)
{
    return busy | active << 1 | a << 4 | b << 6 | error << 16;
}

uint32_t running_from(uint32_t source)
{
    return 4u | (source ? 1u << 4 : 0) | source << 5;
}

class Flash : public ::testing::Test {
  protected:
    void SetUp() override { make(); }
    void make(vdh_transport transport = VDH_TRANSPORT_FAST)
    {
        if (card) {
            EXPECT_EQ(card->watch.violations, 0u) << card->watch.report;
        }
        card = std::make_unique<FakeCard>(transport);
        ASSERT_EQ(card->attach(), VDH_OK);
        image = make_image(small_tables(), 0x01050000);
        command = 0;
        card->reg(VDH_R_FLASH_STATUS) = flash(0, 1, GOOD, EMPTY);
        card->reg(VDH_R_BOOT_STATUS) = running_from(2);
        progress = {400, 800, 1200};
        after = flash(0, 1, GOOD, GOOD);
        card->on_write = [this](uint32_t offset, uint32_t value) {
            if (offset == VDH_R_BOOT_COMMAND && value == 1) {
                card->reg(VDH_R_BOOT_STATUS) = 1u | 1u << 4 | 2u << 5;
            }
            if (offset == VDH_R_FLASH_COMMAND) {
                command = value;
                if ((value & 0xff) == 1) {
                    card->reg(VDH_R_FLASH_STATUS) = after;
                    for (size_t i = 0; i < progress.size(); i++) {
                        card->script[VDH_R_FLASH_STATUS].push_back(flash(1, 1, GOOD, BAD));
                    }
                    card->script[VDH_R_FLASH_PROGRESS] = progress;
                    card->reg(VDH_R_SLOT_VERSION + 4 * (value >> 8 & 1)) = 0x01050000;
                }
            }
        };
        card->log.clear();
    }
    int go()
    {
        vdh_flash_store_start(&store, &card->device, image.data(), uint32_t(image.size()));
        return run(*card, &now_us, [&](uint64_t now, uint32_t *again) {
            return vdh_flash_store_step(&store, now, again);
        });
    }
    int commit()
    {
        return any_level(*card, 8, [&] { return vdh_flash_commit(&card->device); });
    }
    void TearDown() override { EXPECT_EQ(card->watch.violations, 0u) << card->watch.report; }

    std::unique_ptr<FakeCard> card;
    std::vector<uint8_t> image;
    std::deque<uint32_t> progress;
    uint32_t after = 0;
    uint32_t command = 0;
    vdh_flash_store store = {};
    uint64_t now_us = 50;
};

TEST_F(Flash, Stores)
{
    for (vdh_transport transport : {VDH_TRANSPORT_FAST, VDH_TRANSPORT_SLOW}) {
        make(transport);
        EXPECT_EQ(go(), VDH_OK);
        EXPECT_EQ(card->received, image);
        EXPECT_EQ(command, 0x101u);
        EXPECT_EQ(store.slot, 1u);
        EXPECT_EQ(store.stored_bytes, image.size());
    }
}

TEST_F(Flash, PicksTheSlotThatNeitherRunsNorIsActive)
{
    struct Case {
        uint32_t flash, source;
        int slot; /* -1: none is free */
    };
    const Case cases[] = {
        {flash(0, 1, GOOD,  GOOD),  2, 1 },
        {flash(0, 2, GOOD,  GOOD),  3, 0 },
        {flash(0, 1, GOOD,  GOOD),  1, 1 },
        {flash(0, 1, GOOD,  GOOD),  3, -1}, /* B on trial */
        {flash(0, 2, GOOD,  GOOD),  2, -1},
        {flash(0, 0, EMPTY, EMPTY), 1, 0 },
        {flash(0, 0, GOOD,  EMPTY), 1, 1 },
        {flash(0, 0, GOOD,  GOOD),  1, 0 },
        {flash(0, 0, BAD,   GOOD),  0, 0 },
        {flash(0, 0, GOOD,  GOOD),  2, 1 },
    };
    for (const Case &one : cases) {
        make();
        card->reg(VDH_R_FLASH_STATUS) = one.flash;
        card->reg(VDH_R_BOOT_STATUS) = running_from(one.source);
        after = flash(0, 1, GOOD, GOOD);
        EXPECT_EQ(go(), one.slot < 0 ? VDH_E_STATE : VDH_OK);
        if (one.slot >= 0) {
            EXPECT_EQ(store.slot, uint32_t(one.slot));
        } else {
            EXPECT_TRUE(card->received.empty());
        }
    }
}

TEST_F(Flash, HowAStoreEnds)
{
    struct Case {
        uint32_t after;
        uint32_t version;
        int result;
    };
    const Case cases[] = {
        {flash(0, 1, GOOD, GOOD, 0), 0x01050000, VDH_OK        },
        {flash(0, 1, GOOD, GOOD, 0), 0x01040000, VDH_E_IO      }, /* not what was stored */
        {flash(0, 1, GOOD, BAD,  0), 0,          VDH_E_IO      }, /* power failed */
        {flash(0, 1, GOOD, BAD,  1), 0,          VDH_E_FIRMWARE},
        {flash(0, 1, GOOD, BAD,  2), 0,          VDH_E_STATE   },
        {flash(0, 1, GOOD, BAD,  3), 0,          VDH_E_IO      },
        {flash(0, 1, GOOD, BAD,  9), 0,          VDH_E_IO      },
        {flash(0, 3, GOOD, BAD,  0), 0,          VDH_E_IO      },
        {flash(0, 1, GOOD, 3,    0), 0,          VDH_E_IO      },
    };
    for (const Case &one : cases) {
        make();
        after = one.after;
        card->on_read = [&](uint32_t offset) {
            if (offset == VDH_R_SLOT_VERSION + 4) {
                card->reg(offset) = one.version;
            }
            if (offset == VDH_R_BOOT_STATUS && command) {
                card->reg(offset) = 5u | uint32_t(VDH_IMAGE_INCOMPLETE) << 16;
            }
        };
        EXPECT_EQ(go(), one.result) << one.after;
        if (one.result == VDH_E_FIRMWARE) {
            EXPECT_EQ(store.error, VDH_IMAGE_INCOMPLETE);
        }
    }
    make();
    image[130] ^= 1;
    EXPECT_EQ(go(), VDH_E_FIRMWARE);
    EXPECT_EQ(store.error, VDH_IMAGE_BODY_CRC);
    EXPECT_TRUE(card->received.empty());
}

TEST_F(Flash, WaitsAreBounded)
{
    progress.clear();
    after = flash(1, 1, GOOD, BAD); /* busy for ever, no progress */
    uint64_t from = now_us;
    EXPECT_EQ(go(), VDH_E_TIMEOUT);
    EXPECT_GE(now_us - from, VDH_FLASH_STALL_TIMEOUT_US);
    EXPECT_LT(now_us - from, VDH_FLASH_STALL_TIMEOUT_US + 100000);
    EXPECT_STREQ(card->device.waited_for, "FLASH_PROGRESS to grow");
    /* Busy from the beginning. */
    EXPECT_EQ(go(), VDH_E_TIMEOUT);
    /* A little progress all the time is enough, as long as it takes. */
    make();
    progress.clear();
    after = flash(1, 1, GOOD, BAD);
    unsigned polls = 0;
    card->on_read = [&](uint32_t offset) {
        if (offset == VDH_R_FLASH_PROGRESS && ++polls % 900 == 0) {
            card->reg(offset)++;
        }
        if (polls == 5000) {
            card->reg(VDH_R_FLASH_STATUS) = flash(0, 1, GOOD, GOOD);
        }
    };
    from = now_us;
    EXPECT_EQ(go(), VDH_OK);
    EXPECT_GT(now_us - from, 2 * VDH_FLASH_STALL_TIMEOUT_US);
}

TEST_F(Flash, Status)
{
    vdh_flash_status status = {};
    card->reg(VDH_R_SLOT_VERSION) = 0x01000001;
    card->reg(VDH_R_SLOT_VERSION + 4) = 0x01000002;
    card->reg(VDH_R_FLASH_PROGRESS) = 99;
    auto call = [&] { return vdh_flash_read_status(&card->device, &status); };
    EXPECT_EQ(any_level(*card, 4, call), VDH_OK);
    EXPECT_EQ(status.active, 1u);
    EXPECT_EQ(status.slot[0], uint32_t(GOOD));
    EXPECT_EQ(status.version[1], 0x01000002u);
    EXPECT_EQ(status.stored_bytes, 99u);
    card->gone = true;
    EXPECT_EQ(any_level(*card, 4, call), VDH_E_GONE);
    card->device.identity.caps = 0;
    EXPECT_EQ(any_level(*card, 0, call), VDH_E_STATE);
    EXPECT_EQ(any_level(*card, 0, [&] { return vdh_flash_commit(&card->device); }), VDH_E_STATE);
    EXPECT_EQ(any_level(*card, 0, [&] { return vdh_flash_boot_slot(&card->device, 0); }),
              VDH_E_STATE);
    EXPECT_EQ(go(), VDH_E_STATE);
}

TEST_F(Flash, CommitAndRollBack)
{
    EXPECT_EQ(commit(), VDH_OK);
    EXPECT_EQ(command, 2u);
    EXPECT_EQ(any_level(*card, 8, [&] { return vdh_flash_roll_back(&card->device); }), VDH_OK);
    EXPECT_EQ(command, 3u);
    /* Busy for as long as a call may look, then refused, then busy before. */
    card->on_write = [&](uint32_t, uint32_t) {
        card->reg(VDH_R_FLASH_STATUS) = flash(1, 1, GOOD, GOOD);
    };
    EXPECT_EQ(commit(), VDH_AGAIN);
    EXPECT_EQ(card->watch.accesses, 8u);
    EXPECT_EQ(card->watch.stall_us, 10u);
    EXPECT_EQ(commit(), VDH_E_STATE);
    card->reg(VDH_R_FLASH_STATUS) = flash(0, 1, GOOD, GOOD);
    card->on_write = [&](uint32_t, uint32_t) {
        card->reg(VDH_R_FLASH_STATUS) = flash(0, 1, GOOD, GOOD, 2);
    };
    EXPECT_EQ(commit(), VDH_E_STATE);
    card->gone = true;
    EXPECT_EQ(commit(), VDH_E_GONE);
    make(VDH_TRANSPORT_SLOW);
    EXPECT_EQ(commit(), VDH_AGAIN);
    EXPECT_EQ(command, 2u);
}

TEST_F(Flash, BootSlot)
{
    std::vector<uint32_t> written;
    card->on_write = [&](uint32_t, uint32_t value) { written.push_back(value); };
    for (uint32_t slot = 0; slot < 3; slot++) {
        EXPECT_EQ(any_level(*card, 1, [&] { return vdh_flash_boot_slot(&card->device, slot); }),
                  slot < 2 ? VDH_OK : VDH_E_INVALID);
    }
    EXPECT_EQ(written, (std::vector<uint32_t>{0x003, 0x103}));
}

} // namespace
