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
    (void)command(VDW_FIRMWARE_ROLL_BACK, 0, 0); /* the other slot is empty */
    class_run_for(1000000000);
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

static void flash_stuck(void)
{
    flash_under("flash-stuck@flash=20000");
}

static void flash_power(void)
{
    flash_under("power-cut@flash=30000");
}

const struct scene scene_firmware[] = {
    {"firmware.commands",    commands   },
    {"firmware.busy",        busy       },
    {"firmware.flash-stuck", flash_stuck},
    {"firmware.power-cut",   flash_power},
    {NULL,                   NULL       }
};
