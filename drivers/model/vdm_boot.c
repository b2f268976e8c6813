/* SPDX-License-Identifier: MIT */
/*
 * The boot ROM: staging, checking, booting, and what it falls back to. An image is judged when its
 * check ends, not when it begins, so a refusal costs the old firmware nothing.
 */
#include "vdm_private.h"

#define STATE(name) VDM_V_BOOT_STATUS_STATE_##name
#define ERROR(name) VDM_V_BOOT_STATUS_ERROR_##name

static void set_state(struct vdm_card *card, uint32_t state)
{
    if (card->boot.state != state) {
        card->boot.state = state;
        vdm_irq_raise(card, VDM_MASK(INT_STATUS, BOOT));
    }
}

static void rest(struct vdm_card *card)
{
    set_state(card, card->boot.runs ? STATE(RUNNING) : STATE(IDLE));
}

uint32_t vdm_boot_status(const struct vdm_card *card)
{
    const struct vdm_boot *boot = &card->boot;
    uint32_t source = boot->runs ? (uint32_t)boot->running + VDM_V_BOOT_STATUS_SOURCE_RAM
                                 : VDM_V_BOOT_STATUS_SOURCE_NONE;

    return VDM_PUT(BOOT_STATUS, STATE, boot->state) | VDM_PUT(BOOT_STATUS, RUNS, boot->runs) |
           VDM_PUT(BOOT_STATUS, SOURCE, source) | VDM_PUT(BOOT_STATUS, TRIAL, boot->trial) |
           VDM_PUT(BOOT_STATUS, FELL_BACK, boot->fell_back) |
           VDM_PUT(BOOT_STATUS, ERROR, boot->error);
}

static uint32_t slot_of(enum vdm_origin origin)
{
    return origin == VDM_FROM_SLOT_B ? 1 : 0;
}

static void begin_check(struct vdm_card *card, enum vdm_origin origin)
{
    card->boot.origin = origin;
    if (origin != VDM_FROM_RAM) {
        card->boot.tried |= 1u << slot_of(origin);
    }
    vdm_timer_set(card, VDM_TIMER_BOOT, card->now_ns + VDM_CHECK_NS);
    set_state(card, STATE(CHECKING));
}

/* The boot policy: the active slot, then the other one if it is good, each once. */
static void follow_policy(struct vdm_card *card)
{
    uint32_t active = VDM_GET(vdm_flash_status(card), FLASH_STATUS, ACTIVE);

    card->boot.by_policy = 1;
    if (active != VDM_V_FLASH_STATUS_ACTIVE_NONE) {
        uint32_t first = active - VDM_V_FLASH_STATUS_ACTIVE_SLOT_A;
        uint32_t second = 1u - first;

        if ((card->boot.tried & 1u << first) == 0) {
            begin_check(card, first == 0 ? VDM_FROM_SLOT_A : VDM_FROM_SLOT_B);
            return;
        }
        if ((card->boot.tried & 1u << second) == 0 &&
            vdm_flash_slot_state(card, second) == VDM_V_FLASH_STATUS_SLOT_A_GOOD) {
            begin_check(card, second == 0 ? VDM_FROM_SLOT_A : VDM_FROM_SLOT_B);
            return;
        }
    }
    if (card->boot.error != ERROR(NONE)) {
        set_state(card, STATE(REFUSED));
    } else {
        rest(card);
    }
}

void vdm_boot_power_on(struct vdm_card *card)
{
    follow_policy(card);
}

static void fail(struct vdm_card *card, uint32_t error)
{
    card->boot.error = error;
    if (card->boot.by_policy) {
        follow_policy(card);
    } else {
        set_state(card, STATE(REFUSED));
    }
}

/* The image that is meant; its bytes in *image. BOOT_STATUS.ERROR. */
static uint32_t check(struct vdm_card *card, const uint8_t **image)
{
    struct vdm_boot *boot = &card->boot;
    uint32_t slot = slot_of(boot->origin);
    uint32_t length;
    uint32_t error;

    if (boot->origin == VDM_FROM_RAM) {
        *image = card->stage;
        return vdm_image_check(card, card->stage, boot->received, boot->length);
    }
    if (vdm_flash_slot_state(card, slot) == VDM_V_FLASH_STATUS_SLOT_A_EMPTY) {
        return ERROR(NO_IMAGE);
    }
    *image = vdm_flash_image(card, slot, &length);
    if (*image == NULL) {
        return ERROR(INCOMPLETE);
    }
    error = vdm_image_check(card, *image, length, length);
    card->flash.damaged[slot] = error != ERROR(NONE);
    return error;
}

static void stop_firmware(struct vdm_card *card)
{
    vdm_capture_reset(card);
    card->boot.runs = 0;
    card->boot.trial = 0;
    card->boot.version = 0;
    card->tables.total = 0;
    vdm_timer_set(card, VDM_TIMER_SIGNAL, VDM_NEVER);
}

static void start(struct vdm_card *card, const uint8_t *image)
{
    uint32_t tables = vdm_get32(image + VDM_M_IMAGE_TABLES_OFFSET);
    uint64_t wait_ns = card->config.boot_ns;
    uint32_t faults;

    stop_firmware(card);
    memcpy(card->table_bytes, image + tables, vdm_get32(image + VDM_M_IMAGE_TABLES_BYTES));
    card->boot.starting = vdm_get32(image + VDM_M_IMAGE_VERSION);
    card->boot.watchdog = wait_ns > VDM_WATCHDOG_NS;
    set_state(card, STATE(BOOTING));
    faults = vdm_fault_trigger(card, VDM_AT_BOOT, ++card->ledger.boots);
    if (card->gone || card->cut) {
        return;
    }
    if ((faults & vdm_fault_bit(VDM_FAULT_BOOT_NEVER_READY)) != 0) {
        card->ledger.injected[VDM_FAULT_BOOT_NEVER_READY]++;
        return;
    }
    if ((faults & vdm_fault_bit(VDM_FAULT_BOOT_HANG)) != 0) {
        card->ledger.injected[VDM_FAULT_BOOT_HANG]++;
        card->boot.watchdog = 1;
    }
    vdm_timer_set(card, VDM_TIMER_BOOT,
                  card->now_ns + (card->boot.watchdog ? VDM_WATCHDOG_NS : wait_ns));
}

static void come_up(struct vdm_card *card)
{
    struct vdm_boot *boot = &card->boot;

    for (uint32_t n = 0; n < VDM_REGS; n++) {
        if (vdm_reg_table[n].when == VDM_WHEN_RUN) {
            card->reg[n] = vdm_reg_table[n].reset;
        }
    }
    vdm_tables_parse(&card->tables, card->table_bytes, VDM_TABLES_MAX);
    boot->runs = 1;
    boot->running = boot->origin;
    boot->version = boot->starting;
    boot->trial = boot->origin != VDM_FROM_RAM &&
                  VDM_GET(vdm_flash_status(card), FLASH_STATUS, ACTIVE) !=
                      slot_of(boot->origin) + VDM_V_FLASH_STATUS_ACTIVE_SLOT_A;
    if (boot->by_policy && boot->error != ERROR(NONE)) {
        boot->fell_back = 1;
    }
    memset(&card->capture, 0, sizeof card->capture);
    vdm_control_start(card);
    vdm_signal_start(card);
    vdm_window_start(card);
    set_state(card, STATE(RUNNING));
    vdm_usb_firmware(card, 1);
}

void vdm_boot_event(struct vdm_card *card)
{
    const uint8_t *image = NULL;
    uint32_t error;

    if (card->boot.state == STATE(CHECKING)) {
        error = check(card, &image);
        if (error != ERROR(NONE)) {
            fail(card, error);
        } else {
            start(card, image);
        }
    } else if (card->boot.watchdog) {
        card->boot.by_policy = 1;
        vdm_usb_firmware(card, 0);
        fail(card, ERROR(WATCHDOG));
    } else {
        come_up(card);
    }
}

static void stage(struct vdm_card *card)
{
    uint32_t length = card->reg[VDM_ID_FW_LENGTH];

    card->boot.error = ERROR(NONE);
    card->boot.received = 0;
    card->boot.arrived = 0;
    card->boot.length = length;
    if (length == 0 || length > VDM_STAGE_BYTES) {
        card->boot.error = ERROR(LENGTH);
        set_state(card, STATE(REFUSED));
    } else {
        set_state(card, STATE(RECEIVING));
    }
}

void vdm_boot_command(struct vdm_card *card, uint32_t value)
{
    struct vdm_boot *boot = &card->boot;
    uint32_t code = VDM_GET(value, BOOT_COMMAND, CODE);

    if (boot->state == STATE(CHECKING) || boot->state == STATE(BOOTING) ||
        card->flash.step != VDM_FLASH_IDLE) {
        return;
    }
    if (code == VDM_V_BOOT_COMMAND_CODE_STAGE) {
        stage(card);
    } else if (code == VDM_V_BOOT_COMMAND_CODE_BOOT_STAGED ||
               code == VDM_V_BOOT_COMMAND_CODE_BOOT_SLOT) {
        boot->error = ERROR(NONE);
        boot->tried = 0;
        boot->by_policy = 0;
        begin_check(card, code == VDM_V_BOOT_COMMAND_CODE_BOOT_STAGED ? VDM_FROM_RAM
                          : VDM_GET(value, BOOT_COMMAND, SLOT) == 0   ? VDM_FROM_SLOT_A
                                                                      : VDM_FROM_SLOT_B);
    }
}

void vdm_boot_stage(struct vdm_card *card, const uint8_t *bytes, uint32_t count)
{
    struct vdm_boot *boot = &card->boot;
    int watched = (card->faults.watched & 1u << VDM_AT_STAGE) != 0;

    if (boot->state != STATE(RECEIVING)) {
        return;
    }
    for (uint32_t n = 0; n < count && boot->arrived < boot->length; n++) {
        uint32_t faults = 0;
        uint8_t byte = bytes[n];

        if (watched) {
            faults = vdm_fault_trigger(card, VDM_AT_STAGE, boot->arrived);
            if (card->gone || card->cut) {
                return;
            }
        }
        boot->arrived++;
        if ((faults & vdm_fault_bit(VDM_FAULT_STAGE_LOST)) != 0) {
            card->ledger.injected[VDM_FAULT_STAGE_LOST]++;
            continue;
        }
        if ((faults & vdm_fault_bit(VDM_FAULT_STAGE_CORRUPT)) != 0) {
            card->ledger.injected[VDM_FAULT_STAGE_CORRUPT]++;
            byte ^= 1u;
        }
        card->stage[boot->received++] = byte;
    }
}

void vdm_boot_end_staging(struct vdm_card *card)
{
    if (card->boot.state == STATE(RECEIVING)) {
        rest(card);
    }
}

uint32_t vdm_boot_check_staged(struct vdm_card *card)
{
    uint32_t error = vdm_image_check(card, card->stage, card->boot.received, card->boot.length);

    if (error != ERROR(NONE)) {
        card->boot.error = error;
        set_state(card, STATE(REFUSED));
    }
    return error;
}
