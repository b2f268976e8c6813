/* SPDX-License-Identifier: MIT */
/*
 * From any state of the card to running firmware: the core's boot step, driven by the device's timer
 * and callback. The registry's file first, then the embedded image, then what the card has; a card
 * that takes none of them is limited, not lost.
 */
#include "vdw.h"
#include "vdh_default_image.h"

#define TRIES_MAX       2u
#define RESTORE_AT_ONCE 6u
#define LOOKS_MAX       8u
#define LOOK_EVERY_US   1000000u

static void enter(struct vdw_device *device, enum vdw_boot_phase phase, const uint8_t *image,
                  uint32_t bytes, uint32_t flags)
{
    device->ready = 0;
    device->boot_phase = phase;
    device->boot_flags = flags;
    vdh_boot_start(&device->boot, &device->core, image, bytes, device->tables, flags);
    vdw_device_interrupts(device);
    vdw_work_request(device, VDW_WORK_STEP);
}

static void boot_embedded(struct vdw_device *device, uint32_t replace)
{
    enter(device, VDW_BOOT_EMBEDDED, vdh_default_image, vdh_default_image_bytes,
          replace ? (uint32_t)VDH_BOOT_REPLACE : 0u);
}

void vdw_boot_begin(struct vdw_device *device, uint32_t replace)
{
    device->boot_tries = 0;
    device->boot_looks = 0;
    device->boot_for_update = 0;
    device->boot_flags = replace ? (uint32_t)VDH_BOOT_REPLACE : 0u;
    device->ready = 0;
    device->boot_phase = VDW_BOOT_FILE;
    vdw_work_request(device, VDW_WORK_LOAD);
}

void vdw_boot_loaded(struct vdw_device *device)
{
    if (device->boot_phase != VDW_BOOT_FILE)
        return;
    if (device->image) {
        enter(device, VDW_BOOT_IMAGE, device->image, device->image_bytes, device->boot_flags);
        return;
    }
    if (device->file_state == VDW_FILE_MISSING)
        vdw_event_signal(device, VDW_EVENT_FIRMWARE);
    /* What is in flash is not replaced by the embedded image. */
    boot_embedded(device, 0);
}

void vdw_boot_begin_present(struct vdw_device *device, uint32_t commanded)
{
    device->boot_tries = 0;
    enter(device, VDW_BOOT_PRESENT, NULL, 0, commanded ? (uint32_t)VDH_BOOT_COMMANDED : 0u);
}

void vdw_boot_begin_image(struct vdw_device *device)
{
    device->boot_tries = 0;
    enter(device, VDW_BOOT_IMAGE, device->image, device->image_bytes, VDH_BOOT_REPLACE);
}

void vdw_boot_abort(struct vdw_device *device)
{
    device->boot_phase = VDW_BOOT_IDLE;
    device->boot_for_update = 0;
}

/* ---- The end of one attempt ---- */

static void end(struct vdw_device *device, int result)
{
    uint32_t for_update = device->boot_for_update;

    device->boot_phase = VDW_BOOT_IDLE;
    device->boot_for_update = 0;
    device->boot_result = result;
    device->ready = result == VDH_OK;
    if (device->stream && !device->ready)
        device->stream->failed = STATUS_DEVICE_NOT_READY;
    /* Limited, for now: slow firmware, or a card that lies, may come round. A few looks cost nothing. */
    if (!device->ready && device->boot_looks < LOOKS_MAX) {
        device->boot_looks++;
        device->boot_look_at_us = vdw_clock_us(device) + LOOK_EVERY_US;
        vdw_work_after(device, LOOK_EVERY_US);
    }
    vdw_info_changed(device);
    if (for_update)
        vdw_firmware_end(device, device->update_result, device->update_error);
    else
        vdw_event_signal(device, VDW_EVENT_FIRMWARE);
    vdw_work_request(device, VDW_WORK_STEP | (device->image && !for_update ? VDW_WORK_FREE : 0));
}

/* A boot that did not end well: what comes next. */
static void next(struct vdw_device *device, int result)
{
    enum vdw_boot_phase phase = device->boot_phase;

    if (result == VDH_E_IO && device->boot_tries < TRIES_MAX) {
        /* The card started anew on the way: the same once more. */
        device->boot_tries++;
        enter(device, phase, device->boot.image, device->boot.image_bytes, device->boot_flags);
        return;
    }
    device->boot_error = device->boot.error;
    if (device->boot_for_update &&
        (phase != VDW_BOOT_PRESENT || (device->boot_flags & (uint32_t)VDH_BOOT_COMMANDED))) {
        /* What ran before may still run. */
        device->update_result = result;
        device->update_error = (uint32_t)device->boot.error;
        enter(device, VDW_BOOT_PRESENT, NULL, 0, 0);
    } else if (phase == VDW_BOOT_IMAGE) {
        device->file_state = result == VDH_E_FIRMWARE ? VDW_FILE_REFUSED : VDW_FILE_FAILED;
        device->file_error = (uint32_t)device->boot.error;
        vdw_event_signal(device, VDW_EVENT_FIRMWARE);
        boot_embedded(device, 0);
    } else if (phase == VDW_BOOT_EMBEDDED && result == VDH_E_FIRMWARE) {
        enter(device, VDW_BOOT_PRESENT, NULL, 0, 0);
    } else {
        end(device, result);
    }
}

/* ---- Put back what programs had set, after a loss of power or other firmware ---- */

static void restore_input(struct vdw_device *device)
{
    int result = VDH_OK;

    if (device->input_set)
        result = vdh_input_select(&device->core, device->input);
    if (!result && device->timing_set)
        (void)vdh_timing_select(&device->core, device->input_timing);
    if (device->pattern)
        (void)vdh_pattern_enable(&device->core, 1);
}

static void restore(struct vdw_device *device)
{
    uint32_t written = 0;

    if (device->restore_at == 0)
        restore_input(device);
    while (device->restore_at < VDH_CONTROLS_MAX && written < RESTORE_AT_ONCE) {
        uint32_t control = device->restore_at++;

        if (!(device->controls_set >> control & 1u))
            continue;
        /* Other firmware may not have it, or not that far: then its default stands. */
        (void)vdh_control_set(&device->core, control, device->control_values[control]);
        written++;
    }
    if (device->restore_at >= VDH_CONTROLS_MAX)
        end(device, VDH_OK);
    else
        vdw_work_request(device, VDW_WORK_STEP);
}

void vdw_boot_look_again(struct vdw_device *device)
{
    if (device->ready || !device->boot_look_at_us || device->gone || device->asleep ||
        device->suspending || device->leaving || device->update != VDW_UPDATE_NONE)
        return;
    if (vdw_clock_us(device) < device->boot_look_at_us) {
        vdw_work_after(device, LOOK_EVERY_US / 4u);
        return;
    }
    device->boot_look_at_us = 0;
    vdw_boot_begin_present(device, 0);
}

void vdw_boot_step(struct vdw_device *device)
{
    uint32_t again_us = 0;
    int result;

    if (device->boot_phase == VDW_BOOT_FILE)
        return; /* the passive callback is under way */
    if (device->boot_phase == VDW_BOOT_CONTROLS) {
        restore(device);
        return;
    }
    result = vdh_boot_step(&device->boot, vdw_clock_us(device), &again_us);
    if (result == VDH_AGAIN) {
        vdw_work_after(device, again_us);
    } else if (result == VDH_E_GONE) {
        vdw_device_gone(device);
    } else if (result == VDH_OK) {
        if (device->boot_phase == VDW_BOOT_IMAGE && !device->boot_for_update)
            device->file_state = VDW_FILE_RUNS;
        device->restore_at = 0;
        device->boot_phase = VDW_BOOT_CONTROLS;
        vdw_work_request(device, VDW_WORK_STEP);
    } else {
        next(device, result);
    }
}
