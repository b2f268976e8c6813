// SPDX-License-Identifier: MIT
//
// Flash slots: store, trial, commit, roll back, fall back; and a power cut at every byte that any
// of them programs.
#include "test_card.h"

namespace {

constexpr uint32_t STORE = V_FLASH_COMMAND_CODE_STORE, COMMIT = V_FLASH_COMMAND_CODE_COMMIT,
                   ROLL_BACK = V_FLASH_COMMAND_CODE_ROLL_BACK, ERASE = V_FLASH_COMMAND_CODE_ERASE;

class Flash : public TestCard {
  protected:
    Bytes one = maker::image(maker::tiny().bytes(), 0x01000001);
    Bytes two = maker::image(maker::tiny().bytes(), 0x02000002);

    uint32_t slot_state(uint32_t slot)
    {
        return field(R_FLASH_STATUS, slot == 0 ? F_FLASH_STATUS_SLOT_A : F_FLASH_STATUS_SLOT_B);
    }
    uint32_t active() { return field(R_FLASH_STATUS, F_FLASH_STATUS_ACTIVE); }
    uint32_t source() { return field(R_BOOT_STATUS, F_BOOT_STATUS_SOURCE); }
    bool trial() { return field(R_BOOT_STATUS, F_BOOT_STATUS_TRIAL) != 0; }
    bool fell_back() { return field(R_BOOT_STATUS, F_BOOT_STATUS_FELL_BACK) != 0; }
    // Slot A active with image `one`, running.
    void settle_on_a()
    {
        stage(one);
        ASSERT_EQ(flash_op(STORE, 0), 0u);
        boot_slot(0);
        ASSERT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
        ASSERT_EQ(flash_op(COMMIT), 0u);
    }
};

TEST_F(Flash, StoreTrialCommit)
{
    EXPECT_EQ(read(R_FLASH_STATUS), 0u);
    settle_on_a();
    EXPECT_EQ(active(), V_FLASH_STATUS_ACTIVE_SLOT_A);
    EXPECT_EQ(slot_state(0), V_FLASH_STATUS_SLOT_A_GOOD);
    EXPECT_EQ(read(R_SLOT_VERSION), 0x01000001u);
    EXPECT_EQ(read(R_SLOT_VERSION + 4), 0u);
    EXPECT_FALSE(trial());
    EXPECT_EQ(read(R_FLASH_PROGRESS), one.size());

    stage(two);
    EXPECT_EQ(flash_op(STORE, 0), V_FLASH_STATUS_ERROR_SLOT); // active
    EXPECT_EQ(flash_op(STORE, 1), 0u);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_RUNNING); // no longer receiving
    boot_slot(1);
    settle_boot();
    EXPECT_EQ(source(), V_BOOT_STATUS_SOURCE_SLOT_B);
    EXPECT_TRUE(trial());
    EXPECT_EQ(flash_op(STORE, 1), V_FLASH_STATUS_ERROR_SLOT); // running
    EXPECT_EQ(flash_op(ERASE, 1), V_FLASH_STATUS_ERROR_SLOT);

    vdm_power_cycle(card); // before a commit
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(read(R_FW_VERSION), 0x01000001u);
    EXPECT_FALSE(trial());
    EXPECT_FALSE(fell_back());

    boot_slot(1);
    settle_boot();
    EXPECT_EQ(flash_op(COMMIT), 0u);
    EXPECT_FALSE(trial());
    EXPECT_EQ(flash_op(COMMIT), V_FLASH_STATUS_ERROR_SLOT); // no trial any more
    write(R_RESET, V_RESET_KIND_CARD | F_RESET_KEY.put(V_RESET_KEY_MAGIC));
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(read(R_FW_VERSION), 0x02000002u);

    EXPECT_EQ(flash_op(ROLL_BACK), 0u);
    EXPECT_EQ(active(), V_FLASH_STATUS_ACTIVE_SLOT_A);
    EXPECT_EQ(read(R_FW_VERSION), 0x02000002u); // at the next boot
    vdm_power_cycle(card);
    settle_boot();
    EXPECT_EQ(read(R_FW_VERSION), 0x01000001u);
    EXPECT_EQ(flash_op(ERASE, 1), 0u);
    EXPECT_EQ(slot_state(1), V_FLASH_STATUS_SLOT_A_EMPTY);
    EXPECT_EQ(flash_op(ROLL_BACK), V_FLASH_STATUS_ERROR_SLOT);
}

TEST_F(Flash, EveryOperationEndsWithAnEvent)
{
    write(R_INT_MASK, F_INT_STATUS_FLASH.mask());
    stage(one);
    uint64_t before = interrupts;
    auto ended = [&] {
        write(R_INT_STATUS, 0xffffffff);
        return interrupts - std::exchange(before, interrupts);
    };
    flash_op(STORE, 0);
    EXPECT_EQ(ended(), 1u);
    flash_op(COMMIT);
    EXPECT_EQ(ended(), 1u);
    boot_slot(0);
    settle_boot();
    write(R_FLASH_COMMAND, COMMIT);
    pass(MS);
    EXPECT_EQ(field(R_FLASH_STATUS, F_FLASH_STATUS_BUSY), 0u);
    EXPECT_EQ(ended(), 1u);
    flash_op(ROLL_BACK);
    EXPECT_EQ(ended(), 1u);
    flash_op(ERASE, 1);
    EXPECT_EQ(ended(), 1u);
    Bytes bad = one;
    bad.back() ^= 1;
    stage(bad);
    EXPECT_EQ(flash_op(STORE, 1), V_FLASH_STATUS_ERROR_IMAGE);
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_BODY_CRC);
    EXPECT_EQ(state(), V_BOOT_STATUS_STATE_REFUSED);
    EXPECT_TRUE(runs());
    EXPECT_EQ(slot_state(1), V_FLASH_STATUS_SLOT_A_EMPTY);
    EXPECT_EQ(ended(), 1u);
}

TEST_F(Flash, ProgressCounts)
{
    config.flash_ns_per_byte = 10000;
    create();
    stage(one);
    write(R_FLASH_COMMAND, STORE);
    uint32_t last = 0;
    uint32_t steps = 0;
    while (field(R_FLASH_STATUS, F_FLASH_STATUS_BUSY)) {
        pass(500 * US);
        uint32_t now = read(R_FLASH_PROGRESS);
        EXPECT_GE(now, last);
        steps += now != last;
        last = now;
    }
    EXPECT_GT(steps, 4u);
    EXPECT_EQ(last, one.size());
}

TEST_F(Flash, WhileBusyNothingElseIsTaken)
{
    stage(one);
    write(R_FLASH_COMMAND, STORE);
    write(R_FLASH_COMMAND, ERASE | F_FLASH_COMMAND_SLOT.put(1));
    write(R_BOOT_COMMAND, V_BOOT_COMMAND_CODE_STAGE);
    write(R_FW_WINDOW, 0);
    for (int n = 0; n < 100; n++) {
        pass(MS);
    }
    EXPECT_EQ(slot_state(0), V_FLASH_STATUS_SLOT_A_GOOD);
    EXPECT_EQ(read(R_FW_RECEIVED), one.size());
}

TEST_F(Flash, WithoutFlash)
{
    config.flash = nullptr;
    create();
    stage(one);
    EXPECT_EQ(flash_op(STORE, 0), V_FLASH_STATUS_ERROR_SLOT);
    boot_slot(0);
    settle_boot();
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_NO_IMAGE);
    boot(one);
}

TEST_F(Flash, ADamagedActiveSlotFallsBack)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    flash[200] ^= 4; // within slot A
    vdm_power_cycle(card);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(read(R_FW_VERSION), 0x02000002u);
    EXPECT_TRUE(fell_back());
    EXPECT_TRUE(trial());
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_BODY_CRC);
    EXPECT_EQ(slot_state(0), V_FLASH_STATUS_SLOT_A_BAD);
    EXPECT_EQ(flash_op(COMMIT), 0u); // and can stay there
    vdm_power_cycle(card);
    settle_boot();
    EXPECT_FALSE(fell_back());
    EXPECT_EQ(read(R_FW_VERSION), 0x02000002u);

    flash[0x40000 + 200] ^= 4;
    vdm_power_cycle(card);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_REFUSED);
    EXPECT_FALSE(runs());
    boot(one); // still opens
}

TEST_F(Flash, AHangingTrialFallsBack)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    script("boot-hang@boot=2");
    boot_slot(1);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
    EXPECT_EQ(read(R_FW_VERSION), 0x01000001u);
    EXPECT_TRUE(fell_back());
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_WATCHDOG);
    EXPECT_FALSE(trial());
    EXPECT_EQ(injected("boot-hang"), 1u);
}

TEST_F(Flash, AHangingActiveSlotFallsBackOnce)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    script("boot-hang@boot=2,count=2");
    vdm_power_cycle(card);
    EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_REFUSED);
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_WATCHDOG);
    EXPECT_EQ(injected("boot-hang"), 2u);
    EXPECT_FALSE(runs());
}

TEST_F(Flash, AStuckBitIsFound)
{
    stage(one);
    script("flash-stuck@flash=100");
    EXPECT_EQ(flash_op(STORE, 0), V_FLASH_STATUS_ERROR_PROGRAM);
    EXPECT_EQ(injected("flash-stuck"), 1u);
    EXPECT_EQ(slot_state(0), V_FLASH_STATUS_SLOT_A_BAD);
    boot_slot(0);
    settle_boot();
    EXPECT_EQ(boot_error(), V_BOOT_STATUS_ERROR_INCOMPLETE);
    EXPECT_EQ(flash_op(STORE, 0), 0u);
}

// What power loss at byte `byte` of `operation` leaves must be one of the two versions.
class PowerCut : public Flash {
  protected:
    // Bytes that `operation` programs.
    uint64_t cost(const std::function<void()> &operation)
    {
        Bytes before = flash;
        uint64_t n = 1;
        // Found by cutting ever later until no cut happens.
        for (;; n++) {
            flash = before;
            create();
            settle_boot();
            script("power-cut@flash=" + std::to_string(n));
            operation();
            if (injected("power-cut") == 0) {
                break;
            }
            check(n);
        }
        flash = before;
        return n - 1;
    }
    std::function<void(uint64_t)> after;
    void check(uint64_t n)
    {
        EXPECT_NE(settle_boot(), V_BOOT_STATUS_STATE_IDLE);
        ASSERT_TRUE(runs()) << n;
        EXPECT_FALSE(fell_back()) << n;
        after(n);
    }
};

TEST_F(PowerCut, DuringStore)
{
    settle_on_a();
    uint64_t good = 0;
    after = [&](uint64_t n) {
        ASSERT_EQ(read(R_FW_VERSION), 0x01000001u) << n;
        ASSERT_EQ(active(), V_FLASH_STATUS_ACTIVE_SLOT_A);
        ASSERT_EQ(read(R_SLOT_VERSION), 0x01000001u);
        good += slot_state(1) == V_FLASH_STATUS_SLOT_A_GOOD;
        if (n > 32 && n <= 32 + two.size()) {
            ASSERT_EQ(slot_state(1), V_FLASH_STATUS_SLOT_A_BAD) << n;
        }
        if (n % 97 == 0) { // and it can be mended
            stage(two);
            ASSERT_EQ(flash_op(STORE, 1), 0u);
            boot_slot(1);
            ASSERT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
            ASSERT_EQ(read(R_FW_VERSION), 0x02000002u);
        }
    };
    uint64_t bytes = cost([&] {
        stage(two);
        flash_op(STORE, 1);
    });
    EXPECT_EQ(bytes, 32 + two.size() + 32);
    EXPECT_LE(good, 1u); // at most the very last byte of the record
}

TEST_F(PowerCut, DuringStoreOverAnOldImage)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    Bytes three = maker::image(maker::tiny().bytes(), 0x03000003);
    after = [&](uint64_t n) {
        ASSERT_EQ(read(R_FW_VERSION), 0x01000001u) << n;
        uint32_t version = read(R_SLOT_VERSION + 4);
        ASSERT_TRUE(version == 0 || version == 0x02000002u || version == 0x03000003u);
        if (version != 0) {
            boot_slot(1);
            ASSERT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING) << n;
        }
    };
    EXPECT_EQ(cost([&] {
                  stage(three);
                  flash_op(STORE, 1);
              }),
              64 + three.size());
}

TEST_F(PowerCut, DuringCommitAndRollBack)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    uint32_t seen[2] = {};
    after = [&](uint64_t n) {
        uint32_t version = read(R_FW_VERSION);
        ASSERT_TRUE(version == 0x01000001u || version == 0x02000002u) << n;
        seen[version == 0x02000002u]++;
    };
    EXPECT_EQ(cost([&] {
                  boot_slot(1);
                  settle_boot();
                  flash_op(COMMIT);
              }),
              32u);
    EXPECT_GT(seen[0], 28u);
    EXPECT_EQ(cost([&] { flash_op(ROLL_BACK); }), 32u);
}

TEST_F(PowerCut, DuringErase)
{
    settle_on_a();
    stage(two);
    ASSERT_EQ(flash_op(STORE, 1), 0u);
    after = [&](uint64_t n) { ASSERT_EQ(read(R_FW_VERSION), 0x01000001u) << n; };
    EXPECT_EQ(cost([&] { flash_op(ERASE, 1); }), 32u);
}

TEST_F(PowerCut, ByTheHostInTheMiddle)
{
    settle_on_a();
    stage(two);
    config.flash_ns_per_byte = 1000;
    for (uint64_t us = 0; us < 2500; us += 50) {
        create();
        settle_boot();
        stage(two);
        write(R_FLASH_COMMAND, STORE | F_FLASH_COMMAND_SLOT.put(1));
        pass(us * US);
        vdm_power_cycle(card);
        EXPECT_EQ(settle_boot(), V_BOOT_STATUS_STATE_RUNNING);
        EXPECT_EQ(read(R_FW_VERSION), 0x01000001u);
    }
}

TEST_F(Flash, GarbageInFlashIsNoRecord)
{
    for (uint32_t seed = 1; seed < 50; seed++) {
        uint32_t x = seed;
        for (size_t n = 2 * 0x40000; n < flash.size(); n++) {
            x = x * 1664525 + 1013904223;
            flash[n] = static_cast<uint8_t>(x >> 24);
        }
        create();
        EXPECT_EQ(read(R_FLASH_STATUS), 0u);
        EXPECT_EQ(state(), V_BOOT_STATUS_STATE_IDLE);
    }
}

} // namespace
