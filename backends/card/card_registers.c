/* SPDX-License-Identifier: MIT */
/* Registers by name. What user space may do is the core's to say: the same table, the same refusal
 * as in every driver. */
#include "card.h"

static int list_registers(struct vdi_device *device, struct vdi_sink *sink)
{
    const struct card *card = card_of(device);
    const struct vdh_reg_info *reg;
    int result = VDC_OK;

    for (uint32_t i = 0; !result && (reg = vdh_reg_at(i)) != NULL; i++) {
        vdc_register_info info = {reg->name,  reg->help,         reg->offset,
                                  reg->count, VDC_REGISTER_READ, 0};

        if (reg->user == VDH_USER_NONE || reg->body == card->host->absent_body)
            continue;
        if (reg->user == VDH_USER_WRITE)
            info.access |= VDC_REGISTER_WRITE;
        result = vdi_sink_register(sink, &info);
    }
    return result;
}

static int find_register(const struct card *card, const char *name, uint32_t index,
                         uint32_t *offset)
{
    const struct vdh_reg_info *reg = vdh_reg_find_name(name);

    if (!reg || reg->body == card->host->absent_body)
        return vdi_error(VDC_E_NOT_FOUND, "%s: it has no register %s", card->id, name);
    if (index >= reg->count)
        return vdi_error(VDC_E_RANGE, "%s: register %s has the numbers 0 to %u", card->id, name,
                         reg->count - 1u);
    *offset = reg->offset + index * 4u;
    return VDC_OK;
}

static int read_register(struct vdi_device *device, const char *name, uint32_t index,
                         uint32_t *value)
{
    struct card *card = card_of(device);
    uint32_t offset = 0;
    int result = find_register(card, name, index, &offset);

    if (result)
        return result;
    card->host->enter(card);
    result = card_error(card, vdh_user_read(&card->core, offset, value), "reading a register");
    card->host->leave(card);
    return result;
}

static int write_register(struct vdi_device *device, const char *name, uint32_t index,
                          uint32_t value)
{
    struct card *card = card_of(device);
    uint32_t offset = 0;
    int result = find_register(card, name, index, &offset);

    if (result)
        return result;
    card->host->enter(card);
    result = card_error(card, vdh_user_write(&card->core, offset, value), "writing a register");
    card->host->leave(card);
    return result;
}

const struct vdi_register_ops card_register_ops = {
    .list = list_registers,
    .read = read_register,
    .write = write_register,
};
