/* SPDX-License-Identifier: MIT */
/*
 * The core boots the executable hardware: by memory, ports and USB, from RAM and from flash, and
 * through every fault of boot and flash. Opening always works, at least in a state to be repaired.
 */
#include "card.h"

namespace {

class CardBoot : public Card {
  protected:
    void expect_running(uint32_t wanted)
    {
        EXPECT_EQ(status().runs, 1u);
        EXPECT_EQ(h->device.running_version, wanted);
        EXPECT_NE(h->device.tables.bytes, nullptr);
    }
    vdh_boot_status status()
    {
        vdh_boot_status out = {};
        int result;
        HOST_ANY_LEVEL(result, h, 1, vdh_boot_read_status(&h->device, &out));
        EXPECT_EQ(result, VDH_OK);
        return out;
    }
    vdh_flash_status flash()
    {
        vdh_flash_status out = {};
        int result;
        HOST_ANY_LEVEL(result, h, 4, vdh_flash_read_status(&h->device, &out));
        EXPECT_EQ(result, VDH_OK);
        return out;
    }
    int commit()
    {
        int result;
        HOST_ANY_LEVEL(result, h, 8, vdh_flash_commit(&h->device));
        if (result == VDH_AGAIN) {
            host_advance(h, 2000);
            result = flash().error ? VDH_E_STATE : VDH_OK;
        }
        return result;
    }
    int boot_slot(uint32_t slot)
    {
        int result;
        HOST_ANY_LEVEL(result, h, 1, vdh_flash_boot_slot(&h->device, slot));
        if (result) {
            return result;
        }
        return host_boot(h, nullptr, 0, VDH_BOOT_COMMANDED, &last_boot);
    }
    int store() { return host_store(h, vdh_default_image, vdh_default_image_bytes, &last_store); }
    /* The card as it is after its power failed: attached anew. */
    int again() { return host_attach(h); }

    const uint32_t version = vdh_get_u32(vdh_default_image + VDH_O_IMAGE_VERSION);
    vdh_flash_store last_store = {};
};

TEST_F(CardBoot, FromRamByEveryBody)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        power(body);
        EXPECT_EQ(h->device.identity.target, h->config.target);
        EXPECT_EQ(h->device.tables.bytes, nullptr);
        ASSERT_EQ(boot(), VDH_OK) << body;
        expect_running(version);
        EXPECT_EQ(h->device.tables.mode_count, 7);
        EXPECT_EQ(memcmp(h->tables, vdh_default_image + 128, 32), 0);
        EXPECT_EQ(status().source, uint32_t(VDH_V_BOOT_STATUS_SOURCE_RAM));
        EXPECT_EQ(h->device.input, 0u);
        vdh_input_info input;
        ASSERT_EQ(vdh_tables_input(&input, &h->device.tables, 0), VDH_OK);
        EXPECT_EQ(h->device.timing, input.timing_default);
        EXPECT_EQ(h->guard.worst_stall_us, 0u);
        /* A second boot finds the firmware and uploads nothing. */
        uint64_t writes = vdm_get_ledger(h->card)->register_writes;
        ASSERT_EQ(boot(), VDH_OK);
        EXPECT_LT(vdm_get_ledger(h->card)->register_writes - writes, 40u);
        if (body != HOST_USB) {
            ASSERT_EQ(boot(VDH_BOOT_REPLACE), VDH_OK);
        }
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
}

TEST_F(CardBoot, WithTheSmallestBudget)
{
    power(HOST_PORTS);
    h->device.budget = {16, 64};
    ASSERT_EQ(boot(), VDH_OK);
    EXPECT_LE(h->guard.worst_accesses, 18u);
    expect_running(version);
}

TEST_F(CardBoot, Time)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        power(body);
        host_advance(h, 500000);
        uint64_t ticks[2];
        for (uint64_t &one : ticks) {
            int result;
            HOST_ANY_LEVEL(result, h, 3, vdh_time_read(&h->device, &one));
            ASSERT_EQ(result, VDH_OK);
            host_advance(h, 1000000);
        }
        EXPECT_GT(ticks[0], 27000000u / 2 - 100);
        EXPECT_NEAR(double(ticks[1] - ticks[0]), 27e6, 27e6 * 0.001);
    }
}

TEST_F(CardBoot, RefusalsOfTheCard)
{
    /* The host's check would find these first: they are made on the way. */
    struct Case {
        const char *script;
        int result;
        vdh_image_error error;
    };
    const Case cases[] = {
        {"stage-corrupt@stage=5000", VDH_E_FIRMWARE, VDH_IMAGE_BODY_CRC  },
        {"stage-corrupt@stage=90",   VDH_E_FIRMWARE, VDH_IMAGE_HEADER_CRC},
        {"stage-corrupt@stage=1",    VDH_E_FIRMWARE, VDH_IMAGE_MAGIC     },
        {"stage-lost@stage=300",     VDH_E_FIRMWARE, VDH_IMAGE_INCOMPLETE},
        {"boot-hang@boot=1",         VDH_E_FIRMWARE, VDH_IMAGE_WATCHDOG  },
        {"boot-never-ready@boot=1",  VDH_E_TIMEOUT,  VDH_IMAGE_OK        },
    };
    for (const Case &one : cases) {
        for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
            power(body, one.script, false);
            EXPECT_EQ(boot(), one.result) << one.script << " body " << body;
            EXPECT_STREQ(vdh_image_error_name(last_boot.error), vdh_image_error_name(one.error))
                << one.script;
            EXPECT_EQ(injected_in_all(), 1u) << one.script;
            if (one.result == VDH_E_TIMEOUT) {
                EXPECT_NE(strstr(h->device.waited_for, "BOOTING"), nullptr);
            }
            /* Nobody is locked out: the next try works. */
            if (one.result == VDH_E_TIMEOUT) {
                int result;
                HOST_ANY_LEVEL(result, h, 1, vdh_reset(&h->device, VDH_V_RESET_KIND_CARD));
                EXPECT_EQ(result, VDH_OK);
            }
            EXPECT_EQ(boot(), VDH_OK) << one.script << " body " << body;
            EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
        }
    }
}

TEST_F(CardBoot, FirmwareThatRunsSurvivesARefusal)
{
    power(HOST_MEMORY);
    ASSERT_EQ(boot(), VDH_OK);
    script("stage-corrupt@stage=5000");
    EXPECT_EQ(boot(VDH_BOOT_REPLACE), VDH_E_FIRMWARE);
    EXPECT_EQ(host_boot(h, nullptr, 0, 0, &last_boot), VDH_OK);
    expect_running(version);
}

TEST_F(CardBoot, PowerFailsAtManyPlaces)
{
    for (const char *fault : {"power-cut@stage=1", "power-cut@stage=2000", "power-cut@stage=60000",
                              "power-cut@boot=1"}) {
        for (host_body body : {HOST_MEMORY, HOST_PORTS}) {
            power(body, fault);
            int result = boot();
            EXPECT_TRUE(result == VDH_E_IO || result == VDH_E_FIRMWARE || result == VDH_E_GONE ||
                        result == VDH_E_TIMEOUT)
                << fault << ": " << vdh_result_name(result);
            EXPECT_EQ(injected("power-cut"), 1u) << fault;
            ASSERT_EQ(again(), VDH_OK);
            EXPECT_EQ(boot(), VDH_OK) << fault;
        }
    }
}

TEST_F(CardBoot, UnpluggedAtAnyAccess)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        power(body);
        uint64_t base = vdm_get_ledger(h->card)->register_reads;
        ASSERT_EQ(boot(), VDH_OK);
        uint64_t reads = vdm_get_ledger(h->card)->register_reads - base;
        ASSERT_GT(reads, 20u);
        for (uint64_t n = 1; n < reads; n += n < 20 ? 1 : 37) {
            power(body, "", false);
            uint64_t from = vdm_get_ledger(h->card)->register_reads;
            script("unplug@read=" + std::to_string(from + n));
            EXPECT_EQ(boot(), VDH_E_GONE) << "body " << body << " read " << n;
            EXPECT_EQ(injected("unplug"), 1u);
            EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
        }
    }
}

TEST_F(CardBoot, StuckRegisterEndsInANamedTimeout)
{
    /* 0x2: CHECKING, 0x3: BOOTING, for ever */
    power(HOST_MEMORY, "reg-stuck@time=0,reg=BOOT_STATUS,value=2");
    EXPECT_EQ(boot(), VDH_E_TIMEOUT);
    EXPECT_NE(strstr(h->device.waited_for, "BOOT_STATUS"), nullptr);
    EXPECT_GE(injected("reg-stuck"), 1u);
    power(HOST_MEMORY, "reg-stuck@time=0,reg=TABLES_LENGTH,value=0xfffffff0,count=0");
    EXPECT_EQ(boot(), VDH_E_TABLES);
    power(HOST_MEMORY, "reg-stuck@time=0,reg=BOOT_STATUS,value=0xffffffff,count=0");
    EXPECT_EQ(boot(), VDH_E_IO); /* the card is there, the register is not */
}

TEST_F(CardBoot, UpdateOnTrialAndCommit)
{
    for (host_body body : {HOST_MEMORY, HOST_PORTS, HOST_USB}) {
        power(body);
        ASSERT_EQ(boot(), VDH_OK);
        ASSERT_EQ(store(), VDH_OK) << body;
        EXPECT_EQ(last_store.stored_bytes, vdh_default_image_bytes);
        uint32_t stored = 0;
        EXPECT_EQ(vdm_slot_version(h->card, last_store.slot, &stored), 1);
        EXPECT_EQ(stored, version);
        EXPECT_EQ(commit(), VDH_E_STATE); /* it does not run yet */
        ASSERT_EQ(boot_slot(last_store.slot), VDH_OK);
        EXPECT_EQ(status().trial, 1u);
        EXPECT_EQ(status().source, uint32_t(VDH_V_BOOT_STATUS_SOURCE_SLOT_A) + last_store.slot);
        EXPECT_EQ(commit(), VDH_OK);
        EXPECT_EQ(status().trial, 0u);
        EXPECT_EQ(flash().active, 1u + last_store.slot);
        /* From now on it boots by itself. */
        vdm_power_cycle(h->card);
        host_advance(h, 100000);
        ASSERT_EQ(host_attach(h), VDH_OK);
        ASSERT_EQ(host_boot(h, nullptr, 0, 0, &last_boot), VDH_OK);
        expect_running(version);
        /* The other slot is the only one to be had; then neither. */
        uint32_t first = last_store.slot;
        ASSERT_EQ(store(), VDH_OK);
        EXPECT_NE(last_store.slot, first);
        ASSERT_EQ(boot_slot(last_store.slot), VDH_OK);
        EXPECT_EQ(store(), VDH_E_STATE);
        EXPECT_EQ(h->guard.violations, 0u) << h->guard.report;
    }
}

TEST_F(CardBoot, TrialEndsWithAReset)
{
    power(HOST_MEMORY);
    ASSERT_EQ(boot(), VDH_OK);
    ASSERT_EQ(store(), VDH_OK);
    ASSERT_EQ(boot_slot(last_store.slot), VDH_OK);
    ASSERT_EQ(commit(), VDH_OK);
    uint32_t active = last_store.slot;
    ASSERT_EQ(store(), VDH_OK);
    ASSERT_EQ(boot_slot(last_store.slot), VDH_OK);
    EXPECT_EQ(status().trial, 1u);
    int result;
    HOST_ANY_LEVEL(result, h, 1, vdh_reset(&h->device, VDH_V_RESET_KIND_CARD));
    EXPECT_EQ(result, VDH_OK);
    ASSERT_EQ(host_boot(h, nullptr, 0, 0, &last_boot), VDH_OK);
    EXPECT_EQ(status().source, uint32_t(VDH_V_BOOT_STATUS_SOURCE_SLOT_A) + active);
    EXPECT_EQ(status().trial, 0u);
    /* Roll back makes the other one active. */
    HOST_ANY_LEVEL(result, h, 8, vdh_flash_roll_back(&h->device));
    EXPECT_TRUE(result == VDH_OK || result == VDH_AGAIN) << vdh_result_name(result);
    host_advance(h, 2000);
    EXPECT_EQ(flash().active, 2u - active);
}

TEST_F(CardBoot, FlashFaults)
{
    power(HOST_MEMORY);
    ASSERT_EQ(boot(), VDH_OK);
    script("flash-stuck@flash=5000");
    EXPECT_EQ(store(), VDH_E_IO);
    EXPECT_EQ(injected("flash-stuck"), 1u);
    EXPECT_EQ(flash().slot[last_store.slot], uint32_t(VDH_V_FLASH_STATUS_SLOT_A_BAD));
    script("");
    EXPECT_EQ(store(), VDH_OK);

    for (uint64_t at : {1, 100, 4000, 40000}) {
        power(HOST_MEMORY);
        ASSERT_EQ(boot(), VDH_OK);
        script("power-cut@flash=" + std::to_string(at));
        int result = store();
        EXPECT_TRUE(result == VDH_E_IO || result == VDH_E_GONE || result == VDH_E_FIRMWARE)
            << vdh_result_name(result);
        EXPECT_EQ(injected("power-cut"), 1u);
        ASSERT_EQ(again(), VDH_OK);
        EXPECT_EQ(vdm_slot_version(h->card, last_store.slot, nullptr), 0);
        ASSERT_EQ(boot(), VDH_OK);
        EXPECT_EQ(store(), VDH_OK);
    }
}

TEST_F(CardBoot, SlotThatHangsFallsBack)
{
    power(HOST_MEMORY);
    ASSERT_EQ(boot(), VDH_OK);
    ASSERT_EQ(store(), VDH_OK);
    ASSERT_EQ(boot_slot(last_store.slot), VDH_OK);
    ASSERT_EQ(commit(), VDH_OK);
    ASSERT_EQ(store(), VDH_OK);
    script("boot-hang@boot=3"); /* after RAM and the first slot */
    int result = boot_slot(last_store.slot);
    EXPECT_EQ(injected("boot-hang"), 1u);
    EXPECT_EQ(result, VDH_E_FIRMWARE);
    EXPECT_EQ(last_boot.error, VDH_IMAGE_WATCHDOG);
    ASSERT_EQ(host_boot(h, nullptr, 0, 0, &last_boot), VDH_OK);
    EXPECT_EQ(status().fell_back, 1u);
    EXPECT_EQ(status().source, uint32_t(VDH_V_BOOT_STATUS_SOURCE_SLOT_A) + 1 - last_store.slot);
}

} // namespace
