/* SPDX-License-Identifier: MIT */
/*
 * From power-on to a card that can be opened, and what the driver says of itself then; firmware from
 * a file, and what becomes of a bad one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "memory.h"
#include "nt.h"
#include "pe.h"
#include "report.h"
#include "vdh_image.h"
#include "vdh_regs.h"
#include "vdw_interface.h"

static uint32_t running(void)
{
    return vdm_read(bus.card, VDH_R_FW_VERSION);
}

static void expect_version(uint32_t version)
{
    class_run_for(2000000000);
    if (running() != version)
        report_fail(CHECK_STATUS, "firmware 0x%08x runs, not 0x%08x", running(), version);
}

static void boot_plain(void)
{
    scene_begin();
    expect_version(0x01010000);
    printf("%u imports, %u relocations, %u sections, %zu bytes\n", pe_image.imports,
           pe_image.relocations, pe_image.sections, pe_image.file_bytes);
    scene_end();
}

static void boot_formats(void)
{
    static struct capture_format ranges[MAX_RANGES];
    struct capture_format format;
    unsigned count;

    scene_begin();
    class_run_for(2000000000);
    count = capture_ranges(ranges);
    for (unsigned i = 0; i < count; i++) {
        capture_intersect(&format, i);
        if (format.code != ranges[i].code || format.width != ranges[i].width ||
            format.height != ranges[i].height)
            report_fail(CHECK_STATUS, "range %u gives another format", i);
    }
    printf("%u data ranges\n", count);
    scene_end();
}

/* ---- Firmware from a file ---- */

static uint8_t *image;
static size_t image_bytes;

static void read_image(unsigned which)
{
    FILE *file = fopen(scene_options.firmware[which], "rb");

    image = malloc(1 << 20);
    if (!file)
        report_fail(CHECK_STATUS, "no firmware image (--old, --new)");
    image_bytes = fread(image, 1, 1 << 20, file);
    fclose(file);
    nt_registry_name = "FirmwareFile";
    nt_registry_value = "capture.vdfw";
    nt_file.path = "\\drivers\\capture.vdfw";
    nt_file.bytes = image;
    nt_file.size = image_bytes;
}

static void expect_file(uint32_t state, uint32_t error, const char *when)
{
    struct vdw_firmware_status status = scene_firmware_status();

    if (status.file_state != state || status.file_error != error)
        report_fail(CHECK_STATUS, "%s: file state %u, error %u, not %u, %u", when,
                    status.file_state, status.file_error, state, error);
}

/* At the start nobody can listen yet, but the status stands; when the card is brought up once more,
 * those who listen are told. */
static void boot_with_file(uint32_t version, uint32_t state, uint32_t error)
{
    struct class_event *event;
    nt_status status;

    scene_begin();
    expect_version(version);
    expect_file(state, error, "at the start");
    event = class_event_enable(0, VDW_EVENT_FIRMWARE, &status);
    scene_expect(status, STATUS_SUCCESS, "enabling an event");
    scene_firmware_image(1);
    scene_expect(class_do(scene_firmware_request(VDW_FIRMWARE_RESTORE, 0, 0)), STATUS_SUCCESS,
                 "RESTORE");
    expect_version(version);
    expect_file(state, error, "after RESTORE");
    /* One for the file that was not used, one for the firmware that runs. */
    if (event->signals < (state == VDW_FILE_RUNS ? 1u : 2u))
        report_fail(CHECK_STATUS, "%llu signals of the firmware event",
                    (unsigned long long)event->signals);
    class_event_disable(event);
    scene_end();
}

#define OLD 0x01000000u
#define NEW 0x01010000u /* the embedded one */

static void file_good(void)
{
    read_image(0);
    boot_with_file(OLD, VDW_FILE_RUNS, 0);
    if (nt_files_read == 0)
        report_fail(CHECK_STATUS, "the file was not read");
}

static void file_missing(void)
{
    read_image(0);
    nt_file.path = "\\elsewhere.vdfw";
    boot_with_file(NEW, VDW_FILE_MISSING, 0);
}

static void file_unreadable(void)
{
    read_image(0);
    nt_file.read_status = STATUS_IO_DEVICE_ERROR;
    boot_with_file(NEW, VDW_FILE_MISSING, 0);
}

static void file_truncated(void)
{
    read_image(0);
    nt_file.size = image_bytes / 2;
    boot_with_file(NEW, VDW_FILE_REFUSED, VDH_IMAGE_LENGTH);
}

static void file_empty(void)
{
    read_image(0);
    nt_file.size = 0;
    boot_with_file(NEW, VDW_FILE_MISSING, 0);
}

static void file_corrupt(void)
{
    read_image(0);
    image[image_bytes / 3] ^= 0x10;
    boot_with_file(NEW, VDW_FILE_REFUSED, VDH_IMAGE_BODY_CRC);
}

static void file_too_old(void)
{
    read_image(0);
    bus.config.version_min = NEW;
    boot_with_file(NEW, VDW_FILE_REFUSED, VDH_IMAGE_TOO_OLD);
}

static void file_no_firmware(void)
{
    read_image(0);
    memset(image, 'x', image_bytes);
    boot_with_file(NEW, VDW_FILE_REFUSED, VDH_IMAGE_MAGIC);
}

static void file_no_pool(void)
{
    read_image(0);
    memory_starve(0, 1000000);
    boot_with_file(NEW, VDW_FILE_MISSING, 0);
}

const struct scene scene_boot[] = {
    {"boot.plain",            boot_plain      },
    {"boot.formats",          boot_formats    },
    {"boot.file-good",        file_good       },
    {"boot.file-missing",     file_missing    },
    {"boot.file-unreadable",  file_unreadable },
    {"boot.file-truncated",   file_truncated  },
    {"boot.file-empty",       file_empty      },
    {"boot.file-corrupt",     file_corrupt    },
    {"boot.file-too-old",     file_too_old    },
    {"boot.file-no-firmware", file_no_firmware},
    {"boot.file-no-pool",     file_no_pool    },
    {NULL,                    NULL            }
};
