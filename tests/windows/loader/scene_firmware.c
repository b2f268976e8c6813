/* SPDX-License-Identifier: MIT */
/*
 * Firmware by the driver's own property: booted, stored, tried, committed, rolled back; a bad image
 * is refused by name; and the faults that flash can have.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "report.h"
#include "vdh_regs.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

#define OLD_VERSION 0x01000000u
#define NEW_VERSION 0x01010000u

static const struct nt_guid own_set = VDW_SET_GUID_INIT;
static uint8_t *command_bytes;
static uint32_t image_bytes;

void scene_firmware_image(unsigned which)
{
    FILE *file = fopen(scene_options.firmware[which], "rb");

    if (!file)
        report_fail(CHECK_STATUS, "no firmware image (--old, --new)");
    free(command_bytes);
    command_bytes = calloc(1, 1 << 20);
    image_bytes =
        (uint32_t)fread(command_bytes + sizeof(struct vdw_firmware_command), 1, 1 << 19, file);
    fclose(file);
}

void scene_firmware_spoil(void)
{
    command_bytes[sizeof(struct vdw_firmware_command) + image_bytes / 2] ^= 1;
}

struct class_request *scene_firmware_request(uint32_t code, uint32_t slot, int with_image)
{
    struct vdw_firmware_command *head = (struct vdw_firmware_command *)(void *)command_bytes;

    head->code = code;
    head->slot = slot;
    head->image_bytes = with_image ? image_bytes : 0;
    return scene_property_request(NULL, &own_set, VDW_PROPERTY_FIRMWARE_COMMAND, 1, NULL, 0,
                                  command_bytes, (uint32_t)sizeof(*head) + head->image_bytes);
}

struct vdw_firmware_status scene_firmware_status(void)
{
    struct vdw_firmware_status status;
    uint32_t used;

    scene_expect(scene_property_call(NULL, &own_set, VDW_PROPERTY_FIRMWARE_STATUS, 0, NULL, 0,
                                     &status, sizeof(status), &used),
                 STATUS_SUCCESS, "FIRMWARE_STATUS");
    return status;
}

static nt_status command(uint32_t code, uint32_t slot, int with_image)
{
    return class_do(scene_firmware_request(code, slot, with_image));
}

static struct vdw_firmware_status finish(uint32_t wanted, const char *what)
{
    struct vdw_firmware_status status = scene_firmware_status();

    for (unsigned i = 0; i < 300 && status.state == VDW_FIRMWARE_BUSY; i++) {
        class_run_for(100000000);
        status = scene_firmware_status();
    }
    if (status.state != wanted)
        report_fail(CHECK_STATUS, "%s ends in state %u, result %d, error %u", what, status.state,
                    status.result, status.image_error);
    return status;
}

static void run_command(uint32_t code, uint32_t slot, int with_image, uint32_t version,
                        const char *what)
{
    scene_expect(command(code, slot, with_image), STATUS_SUCCESS, what);
    class_run_for(1000000000);
    (void)finish(VDW_FIRMWARE_DONE, what);
    if (version && vdm_read(bus.card, VDH_R_FW_VERSION) != version)
        report_fail(CHECK_STATUS, "%s: 0x%08x runs", what, vdm_read(bus.card, VDH_R_FW_VERSION));
}

void scene_flash_make(void)
{
    bus.config.flash = malloc(VDM_FLASH_BYTES);
    memset(bus.config.flash, 0xff, VDM_FLASH_BYTES);
}

void scene_flash_fill(void)
{
    struct vdw_firmware_status status;

    scene_firmware_image(1);
    run_command(VDW_FIRMWARE_STORE, 0, 1, 0, "STORE");
    status = scene_firmware_status();
    run_command(VDW_FIRMWARE_BOOT_SLOT, status.slot_version[0] ? 0 : 1, 0, NEW_VERSION,
                "BOOT_SLOT");
    run_command(VDW_FIRMWARE_COMMIT, 0, 0, NEW_VERSION, "COMMIT");
}

void scene_flash_told(const char *what)
{
    if (vdh_field_get(vdm_read(bus.card, VDH_R_FLASH_STATUS), VDH_F_FLASH_STATUS_BUSY))
        report_fail(CHECK_EARLY, "%s is told done, and the card is busy", what);
}

static void begin(void)
{
    scene_flash_make();
    scene_begin();
    class_run_for(2000000000);
    scene_firmware_image(0);
}

static void commands(void)
{
    struct vdw_firmware_status status;
    unsigned slot;

    begin();
    run_command(VDW_FIRMWARE_BOOT, 0, 1, OLD_VERSION, "BOOT");
    run_command(VDW_FIRMWARE_RESTORE, 0, 0, NEW_VERSION, "RESTORE");
    run_command(VDW_FIRMWARE_STORE, 0, 1, NEW_VERSION, "STORE");
    status = finish(VDW_FIRMWARE_DONE, "STORE");
    slot = status.slot_version[0] ? 0 : 1;
    run_command(VDW_FIRMWARE_BOOT_SLOT, slot, 0, OLD_VERSION, "BOOT_SLOT");
    run_command(VDW_FIRMWARE_COMMIT, 0, 0, OLD_VERSION, "COMMIT");
    scene_expect(command(VDW_FIRMWARE_BOOT_SLOT, 7, 0), STATUS_INVALID_PARAMETER, "slot 7");
    scene_expect(command(99, 0, 0), STATUS_INVALID_PARAMETER, "command 99");
    scene_expect(command(VDW_FIRMWARE_BOOT, 0, 0), STATUS_INVALID_PARAMETER, "BOOT of nothing");
    class_run_for(1000000000);

    /* A bad image is refused by name, and what ran still runs. */
    scene_firmware_spoil();
    scene_expect(command(VDW_FIRMWARE_BOOT, 0, 1), STATUS_SUCCESS, "BOOT of a bad image");
    class_run_for(2000000000);
    status = finish(VDW_FIRMWARE_REFUSED, "BOOT of a bad image");
    if (status.image_error == 0 || vdm_read(bus.card, VDH_R_FW_VERSION) != OLD_VERSION)
        report_fail(CHECK_STATUS, "a bad image: error %u", status.image_error);
    scene_end();
}

/* While a pin captures no firmware is changed; a second command waits for the first. */
static void busy(void)
{
    struct capture_format format;

    begin();
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 66, 64);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture_start();
    capture_frames(2);
    scene_expect(command(VDW_FIRMWARE_BOOT, 0, 1), STATUS_DEVICE_BUSY, "BOOT while capturing");
    capture_stop();
    capture_close();
    scene_expect(command(VDW_FIRMWARE_STORE, 0, 1), STATUS_SUCCESS, "STORE");
    scene_expect(command(VDW_FIRMWARE_BOOT, 0, 1), STATUS_DEVICE_BUSY, "BOOT while storing");
    (void)finish(VDW_FIRMWARE_DONE, "STORE");
    scene_end();
}

/* A fault of the flash ends the command by name, and the next one works. */
static void flash_under(const char *fault)
{
    struct vdw_firmware_status status;

    begin();
    scene_fault_script(fault);
    scene_expect(command(VDW_FIRMWARE_STORE, 0, 1), STATUS_SUCCESS, fault);
    class_run_for(5000000000ull);
    status = scene_firmware_status();
    if (status.state != VDW_FIRMWARE_FAILED && status.state != VDW_FIRMWARE_REFUSED)
        report_fail(CHECK_STATUS, "%s: STORE ends in state %u", fault, status.state);
    if (scene_fault_count() == 0)
        report_fail("script", "%s: nothing was injected", fault);
    scene_fault_script("");
    class_run_for(15000000000ull);
    run_command(VDW_FIRMWARE_STORE, 0, 1, 0, "STORE after a fault");
    scene_end();
}

/* ---- The record: which slot is active ---- */

/* COMMIT or ROLL_BACK, watched so often that it cannot be told done before it is. */
static struct vdw_firmware_status record(uint32_t code, uint32_t wanted, const char *what)
{
    struct vdw_firmware_status status;
    nt_status told;
    unsigned looks = 0;

    /* The fault may strike while the command itself still looks. */
    told = command(code, 0, 0);
    if (told != STATUS_IO_DEVICE_ERROR || wanted != VDW_FIRMWARE_FAILED)
        scene_expect(told, STATUS_SUCCESS, what);
    do {
        status = scene_firmware_status();
        if (status.state == VDW_FIRMWARE_BUSY)
            class_run_for(10000);
    } while (status.state == VDW_FIRMWARE_BUSY && looks++ < 1000000);
    scene_flash_told(what);
    if (status.state != wanted)
        report_fail(CHECK_STATUS, "%s ends in state %u, not %u, result %d", what, status.state,
                    wanted, status.result);
    return status;
}

/* Power goes and comes: then the active slot runs, and nothing is on trial. */
static void cycle(uint32_t active, uint32_t version, const char *what)
{
    struct vdw_firmware_status status;

    scene_expect(scene_power(POWER_D3), STATUS_SUCCESS, "D3");
    class_run_for(1000000000);
    scene_expect(scene_power(POWER_D0), STATUS_SUCCESS, "D0");
    class_run_for(3000000000);
    status = scene_firmware_status();
    if (!status.runs || status.trial || status.active_slot != active || status.version != version)
        report_fail(CHECK_STATUS, "%s: after a power cycle slot %u is active, 0x%08x runs", what,
                    status.active_slot, status.version);
}

/* Stores the image in hand and starts it on trial. The slot that it is in, as ACTIVE counts. */
static uint32_t try_slot(uint32_t version)
{
    struct vdw_firmware_status status;
    uint32_t slot;

    run_command(VDW_FIRMWARE_STORE, 0, 1, 0, "STORE");
    status = scene_firmware_status();
    slot = status.active_slot == 1 ? 1 : 0;
    if (status.slot_version[slot] != version)
        report_fail(CHECK_STATUS, "slot %u holds 0x%08x", slot, status.slot_version[slot]);
    run_command(VDW_FIRMWARE_BOOT_SLOT, slot, 0, version, "BOOT_SLOT");
    status = scene_firmware_status();
    if (!status.trial || status.active_slot == slot + 1)
        report_fail(CHECK_STATUS, "slot %u is not on trial", slot);
    return slot + 1;
}

static void expect_active(struct vdw_firmware_status status, uint32_t active, const char *what)
{
    if (status.trial || status.active_slot != active)
        report_fail(CHECK_STATUS, "%s: slot %u is active, trial %u", what, status.active_slot,
                    status.trial);
}

/* One slot with the older image, active; the other with the newer one, on trial. */
static uint32_t begin_trial(uint32_t *first)
{
    bus.config.flash_ns_per_byte = 10000; /* as slow as a record may be written */
    begin();
    *first = try_slot(OLD_VERSION);
    expect_active(record(VDW_FIRMWARE_COMMIT, VDW_FIRMWARE_DONE, "COMMIT"), *first, "COMMIT");
    scene_firmware_image(1);
    return try_slot(NEW_VERSION);
}

static void records(void)
{
    uint32_t first;
    uint32_t second;

    bus.config.flash_ns_per_byte = 10000;
    begin();
    scene_expect(command(VDW_FIRMWARE_COMMIT, 0, 0), STATUS_INVALID_DEVICE_STATE,
                 "COMMIT of what is not on trial");
    first = try_slot(OLD_VERSION);
    expect_active(record(VDW_FIRMWARE_COMMIT, VDW_FIRMWARE_DONE, "COMMIT"), first, "COMMIT");
    cycle(first, OLD_VERSION, "COMMIT");
    scene_expect(command(VDW_FIRMWARE_ROLL_BACK, 0, 0), STATUS_INVALID_DEVICE_STATE,
                 "ROLL_BACK to an empty slot");
    cycle(first, OLD_VERSION, "ROLL_BACK to an empty slot");
    scene_firmware_image(1);
    second = try_slot(NEW_VERSION);
    expect_active(record(VDW_FIRMWARE_COMMIT, VDW_FIRMWARE_DONE, "COMMIT"), second, "COMMIT");
    expect_active(record(VDW_FIRMWARE_ROLL_BACK, VDW_FIRMWARE_DONE, "ROLL_BACK"), first,
                  "ROLL_BACK");
    cycle(first, OLD_VERSION, "ROLL_BACK");
    scene_end();
}

/* A fault at byte n of the record: it is told, and what was active still is. Then it works. */
static void record_under(const char *fault, uint32_t stride)
{
    uint32_t first;
    uint32_t second = begin_trial(&first);
    char text[64];

    for (uint32_t n = 1; n <= 32; n += stride) {
        snprintf(text, sizeof(text), "%s@flash=%llu", fault,
                 (unsigned long long)vdm_get_ledger(bus.card)->programmed + n);
        scene_fault_script(text);
        (void)record(VDW_FIRMWARE_COMMIT, VDW_FIRMWARE_FAILED, text);
        if (scene_fault_count() == 0)
            report_fail("script", "%s: nothing was injected", text);
        scene_fault_script("");
        cycle(first, OLD_VERSION, text);
        run_command(VDW_FIRMWARE_BOOT_SLOT, second - 1, 0, NEW_VERSION, "BOOT_SLOT");
    }
    expect_active(record(VDW_FIRMWARE_COMMIT, VDW_FIRMWARE_DONE, "COMMIT"), second, "COMMIT");
    cycle(second, NEW_VERSION, "COMMIT after faults");
    scene_end();
}

static void record_stuck(void)
{
    record_under("flash-stuck", scene_options.is_long ? 1 : 7);
}

static void record_power(void)
{
    record_under("power-cut", scene_options.is_long ? 1 : 7);
}

static void flash_stuck(void)
{
    flash_under("flash-stuck@flash=20000");
}

static void flash_power(void)
{
    flash_under("power-cut@flash=30000");
}

const struct scene scene_firmware[] = {
    {"firmware.commands",     commands    },
    {"firmware.busy",         busy        },
    {"firmware.flash-stuck",  flash_stuck },
    {"firmware.power-cut",    flash_power },
    {"firmware.records",      records     },
    {"firmware.record-stuck", record_stuck},
    {"firmware.record-cut",   record_power},
    {NULL,                    NULL        }
};
