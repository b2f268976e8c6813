/* SPDX-License-Identifier: MIT */
/*
 * The flash: two slots, and a record of which is active and what each holds. The record is kept in
 * two sectors, written alternately, so that every change of it is all or nothing; a slot's being
 * GOOD is part of it, and is the last thing that a STORE writes.
 */
#include "vdm_private.h"

#define ERROR(name)    VDM_V_FLASH_STATUS_ERROR_##name
#define HOLDS(name)    VDM_V_FLASH_STATUS_SLOT_A_##name
#define RECORD_MAGIC   0x52464456u /* the letters VDFR */
#define RECORD_CRC     28u
#define RECORD_BYTE_NS 10000u /* at most, so that COMMIT ends within 1 ms */

static uint32_t sector_at(uint32_t sector)
{
    return 2u * VDM_SLOT_BYTES + sector * VDM_RECORD_SECTOR;
}

static void record_pack(uint8_t out[VDM_RECORD_BYTES], const struct vdm_record_content *content)
{
    memset(out, 0, VDM_RECORD_BYTES);
    vdm_put32(out, RECORD_MAGIC);
    vdm_put32(out + 4, content->counter);
    out[8] = (uint8_t)content->active;
    out[9] = (uint8_t)content->state[0];
    out[10] = (uint8_t)content->state[1];
    vdm_put32(out + 12, content->length[0]);
    vdm_put32(out + 16, content->length[1]);
    vdm_put32(out + RECORD_CRC, vdm_crc32(out, RECORD_CRC));
}

static int record_unpack(struct vdm_record_content *out, const uint8_t *record)
{
    out->counter = vdm_get32(record + 4);
    out->active = record[8];
    for (uint32_t slot = 0; slot < 2; slot++) {
        out->state[slot] = record[9 + slot];
        out->length[slot] = vdm_get32(record + 12 + (size_t)4u * slot);
        if (out->state[slot] > HOLDS(BAD) || out->length[slot] > VDM_SLOT_BYTES) {
            return 0;
        }
    }
    return vdm_get32(record) == RECORD_MAGIC && out->active <= VDM_V_FLASH_STATUS_ACTIVE_SLOT_B &&
           vdm_get32(record + RECORD_CRC) == vdm_crc32(record, RECORD_CRC);
}

void vdm_flash_load(struct vdm_card *card)
{
    struct vdm_flash *flash = &card->flash;
    int found = 0;

    memset(flash, 0, sizeof *flash);
    flash->sector = 1;
    for (uint32_t sector = 0; sector < 2 && card->config.flash != NULL; sector++) {
        struct vdm_record_content content;

        if (record_unpack(&content, card->config.flash + sector_at(sector)) &&
            (!found || (int32_t)(content.counter - flash->content.counter) > 0)) {
            flash->content = content;
            flash->sector = sector;
            found = 1;
        }
    }
}

uint32_t vdm_flash_slot_state(const struct vdm_card *card, uint32_t slot)
{
    uint32_t state = card->flash.content.state[slot];

    return state == HOLDS(GOOD) && card->flash.damaged[slot] ? HOLDS(BAD) : state;
}

/* NULL if the record does not call it good. */
const uint8_t *vdm_flash_image(const struct vdm_card *card, uint32_t slot, uint32_t *length)
{
    *length = card->flash.content.length[slot];
    return card->flash.content.state[slot] == HOLDS(GOOD)
               ? card->config.flash + (size_t)slot * VDM_SLOT_BYTES
               : NULL;
}

int vdm_slot_version(const struct vdm_card *card, uint32_t slot, uint32_t *version)
{
    if (card->gone || slot > 1 || vdm_flash_slot_state(card, slot) != HOLDS(GOOD)) {
        return 0;
    }
    *version = vdm_get32(card->config.flash + (size_t)slot * VDM_SLOT_BYTES + VDM_M_IMAGE_VERSION);
    return 1;
}

uint32_t vdm_flash_status(const struct vdm_card *card)
{
    const struct vdm_flash *flash = &card->flash;

    return VDM_PUT(FLASH_STATUS, BUSY, flash->step != VDM_FLASH_IDLE) |
           VDM_PUT(FLASH_STATUS, ACTIVE, flash->content.active) |
           VDM_PUT(FLASH_STATUS, SLOT_A, vdm_flash_slot_state(card, 0)) |
           VDM_PUT(FLASH_STATUS, SLOT_B, vdm_flash_slot_state(card, 1)) |
           VDM_PUT(FLASH_STATUS, ERROR, flash->error);
}

/* ---- Programming ----------------------------------------------------------------------------- */

/* When the bytes up to the next fault, or all, are programmed. */
static void arm(struct vdm_card *card)
{
    struct vdm_flash *flash = &card->flash;
    uint64_t fault = vdm_fault_next_flash(card); /* counted from 1, over all ever programmed */
    uint64_t until = flash->length;

    if (fault > card->ledger.programmed && fault - card->ledger.programmed < until - flash->done) {
        until = flash->done + (fault - card->ledger.programmed);
    }
    vdm_timer_set(card, VDM_TIMER_FLASH, flash->start_ns + until * flash->byte_ns);
}

static void program(struct vdm_card *card, enum vdm_flash_step step, uint32_t target,
                    const uint8_t *source, uint32_t length, uint32_t byte_ns)
{
    struct vdm_flash *flash = &card->flash;

    flash->step = step;
    flash->source = source;
    flash->target = target;
    flash->length = length;
    flash->done = 0;
    flash->byte_ns = byte_ns;
    flash->start_ns = card->now_ns;
    arm(card);
}

static void program_record(struct vdm_card *card, enum vdm_flash_step step)
{
    struct vdm_flash *flash = &card->flash;
    uint32_t target = sector_at(1u - flash->sector);
    uint32_t byte_ns = card->config.flash_ns_per_byte;

    flash->wanted.counter = flash->content.counter + 1u;
    record_pack(flash->record, &flash->wanted);
    memset(card->config.flash + target, 0xff, VDM_RECORD_SECTOR);
    program(card, step, target, flash->record, VDM_RECORD_BYTES,
            byte_ns < RECORD_BYTE_NS ? byte_ns : RECORD_BYTE_NS);
}

/* Byte by byte where a fault may strike, in runs elsewhere. */
void vdm_flash_sync(struct vdm_card *card)
{
    struct vdm_flash *flash = &card->flash;
    uint64_t due = flash->length;

    if (flash->step == VDM_FLASH_IDLE || flash->step == VDM_FLASH_CHECK || card->gone) {
        return;
    }
    if (flash->byte_ns != 0 && (card->now_ns - flash->start_ns) / flash->byte_ns < due) {
        due = (card->now_ns - flash->start_ns) / flash->byte_ns;
    }
    while (flash->done < due) {
        uint8_t *to = card->config.flash + flash->target + flash->done;
        uint64_t fault = vdm_fault_next_flash(card);
        uint64_t run = due - flash->done;
        uint32_t struck;

        if (fault > card->ledger.programmed + 1) {
            run = fault - card->ledger.programmed - 1 < run ? fault - card->ledger.programmed - 1
                                                            : run;
            memcpy(to, flash->source + flash->done, (size_t)run);
            card->ledger.programmed += run;
            flash->done += (uint32_t)run;
        } else {
            *to = flash->source[flash->done];
            struck = vdm_fault_trigger(card, VDM_AT_FLASH, ++card->ledger.programmed);
            if (card->gone || card->cut) {
                *to |= 0x0f; /* half of its bits made it */
                return;
            }
            if ((struck & vdm_fault_bit(VDM_FAULT_FLASH_STUCK)) != 0) {
                card->ledger.injected[VDM_FAULT_FLASH_STUCK]++;
                *to ^= 1u;
            }
            flash->done++;
        }
        if (flash->step == VDM_FLASH_IMAGE) {
            flash->progress = flash->done;
        }
    }
}

/* ---- Operations ------------------------------------------------------------------------------ */

static void finish(struct vdm_card *card, uint32_t error)
{
    card->flash.step = VDM_FLASH_IDLE;
    card->flash.error = error;
    vdm_irq_raise(card, VDM_MASK(INT_STATUS, FLASH));
}

static void mark(struct vdm_card *card, uint32_t state, uint32_t length, enum vdm_flash_step step)
{
    struct vdm_flash *flash = &card->flash;

    flash->wanted = flash->content;
    flash->wanted.state[flash->slot] = state;
    flash->wanted.length[flash->slot] = length;
    program_record(card, step);
}

/* The present run of bytes is in flash. */
static void run_done(struct vdm_card *card)
{
    struct vdm_flash *flash = &card->flash;
    int read_back = memcmp(card->config.flash + flash->target, flash->source, flash->length) == 0;

    if (!read_back) {
        finish(card, ERROR(PROGRAM));
        return;
    }
    if (flash->step == VDM_FLASH_IMAGE) {
        mark(card, HOLDS(GOOD), flash->length, VDM_FLASH_RECORD);
        return;
    }
    flash->content = flash->wanted;
    flash->sector = 1u - flash->sector;
    flash->damaged[flash->slot] = 0;
    if (flash->step == VDM_FLASH_MARK) {
        memset(card->config.flash + (size_t)flash->slot * VDM_SLOT_BYTES, 0xff, VDM_SLOT_BYTES);
        program(card, VDM_FLASH_IMAGE, flash->slot * VDM_SLOT_BYTES, card->stage, card->boot.length,
                card->config.flash_ns_per_byte);
        return;
    }
    if (flash->content.state[flash->slot] == HOLDS(EMPTY)) {
        memset(card->config.flash + (size_t)flash->slot * VDM_SLOT_BYTES, 0xff, VDM_SLOT_BYTES);
    }
    if (card->boot.trial &&
        (uint32_t)card->boot.running == flash->content.active) { /* both count slots from 1 */
        card->boot.trial = 0;
    }
    finish(card, ERROR(NONE));
}

void vdm_flash_event(struct vdm_card *card)
{
    struct vdm_flash *flash = &card->flash;

    if (flash->step == VDM_FLASH_CHECK) {
        if (vdm_boot_check_staged(card) != VDM_V_BOOT_STATUS_ERROR_NONE) {
            finish(card, ERROR(IMAGE));
        } else {
            mark(card, HOLDS(BAD), 0, VDM_FLASH_MARK);
        }
        return;
    }
    vdm_flash_sync(card);
    if (card->gone || card->cut) {
        return;
    }
    if (flash->done == flash->length) {
        run_done(card);
    } else {
        arm(card);
    }
}

static int slot_in_use(const struct vdm_card *card, uint32_t slot)
{
    return card->flash.content.active == slot + VDM_V_FLASH_STATUS_ACTIVE_SLOT_A ||
           (card->boot.runs && (uint32_t)card->boot.running == slot + VDM_FROM_SLOT_A);
}

/* Makes `slot` the active one. */
static void activate(struct vdm_card *card, uint32_t slot)
{
    struct vdm_flash *flash = &card->flash;

    flash->slot = slot;
    flash->wanted = flash->content;
    flash->wanted.active = slot + VDM_V_FLASH_STATUS_ACTIVE_SLOT_A;
    program_record(card, VDM_FLASH_RECORD);
}

void vdm_flash_command(struct vdm_card *card, uint32_t value)
{
    struct vdm_flash *flash = &card->flash;
    uint32_t code = VDM_GET(value, FLASH_COMMAND, CODE);
    uint32_t slot = VDM_GET(value, FLASH_COMMAND, SLOT);
    uint32_t other = 2u - flash->content.active; /* of the active slot */

    if (flash->step != VDM_FLASH_IDLE || card->boot.state == VDM_V_BOOT_STATUS_STATE_CHECKING ||
        card->boot.state == VDM_V_BOOT_STATUS_STATE_BOOTING ||
        code < VDM_V_FLASH_COMMAND_CODE_STORE || code > VDM_V_FLASH_COMMAND_CODE_ERASE) {
        return;
    }
    flash->error = ERROR(NONE);
    if (code == VDM_V_FLASH_COMMAND_CODE_STORE) {
        flash->progress = 0;
    }
    if (card->config.flash == NULL) {
        finish(card, ERROR(SLOT));
        return;
    }
    if (code == VDM_V_FLASH_COMMAND_CODE_COMMIT && card->boot.trial) {
        activate(card, (uint32_t)card->boot.running - VDM_FROM_SLOT_A);
    } else if (code == VDM_V_FLASH_COMMAND_CODE_ROLL_BACK &&
               flash->content.active != VDM_V_FLASH_STATUS_ACTIVE_NONE &&
               vdm_flash_slot_state(card, other) == HOLDS(GOOD)) {
        activate(card, other);
    } else if (code == VDM_V_FLASH_COMMAND_CODE_STORE && !slot_in_use(card, slot)) {
        flash->slot = slot;
        flash->step = VDM_FLASH_CHECK;
        vdm_boot_end_staging(card);
        vdm_timer_set(card, VDM_TIMER_FLASH, card->now_ns + VDM_CHECK_NS);
    } else if (code == VDM_V_FLASH_COMMAND_CODE_ERASE && !slot_in_use(card, slot)) {
        flash->slot = slot;
        mark(card, HOLDS(EMPTY), 0, VDM_FLASH_RECORD);
    } else {
        finish(card, ERROR(SLOT));
    }
}
