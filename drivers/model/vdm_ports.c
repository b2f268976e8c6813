/* SPDX-License-Identifier: MIT */
/*
 * The two ways into the PCI Express body: memory registers and I/O ports. The ports are strict
 * about widths, so that a driver which mixes them up is found out here, not on a bus analyser.
 */
#include "vdm_private.h"

uint32_t vdm_read(struct vdm_card *card, uint32_t offset)
{
    uint32_t value = 0xffffffffu;

    if (card->config.body == VDM_BODY_PCIE && !card->gone) {
        value = vdm_reg_read(card, offset);
        vdm_settle(card);
    }
    return value;
}

void vdm_write(struct vdm_card *card, uint32_t offset, uint32_t value)
{
    if (card->config.body == VDM_BODY_PCIE && !card->gone) {
        vdm_reg_write(card, offset, value);
        vdm_settle(card);
    }
}

/* The register that a port stands for, VDM_R_; 0xffffffff if the port is no register. */
static uint32_t register_of(const struct vdm_card *card, uint32_t port)
{
    switch (port) {
    case VDM_M_PORTS_INT_STATUS:
        return VDM_R_INT_STATUS;
    case VDM_M_PORTS_INT_MASK:
        return VDM_R_INT_MASK;
    case VDM_M_PORTS_DOORBELL:
        return VDM_R_DOORBELL;
    case VDM_M_PORTS_COMPLETION_TAKEN:
        return VDM_R_COMPLETION_TAKEN;
    case VDM_M_PORTS_DATA:
        return card->port_index;
    default:
        return 0xffffffffu;
    }
}

static void step_index(struct vdm_card *card, uint32_t port)
{
    if (port == VDM_M_PORTS_DATA && card->port_index - VDM_R_TABLES < 4u * VDM_COUNT_TABLES) {
        card->port_index += 4;
    }
}

uint32_t vdm_port_read(struct vdm_card *card, uint32_t port, uint32_t bytes)
{
    uint32_t all_ones = bytes == 2 ? 0xffffu : 0xffffffffu;
    uint32_t value = all_ones;
    uint32_t offset;

    if (card->config.body != VDM_BODY_PCIE || card->gone) {
        return all_ones;
    }
    if (port == VDM_M_PORTS_FW_DATA && bytes == 2) {
        return 0;
    }
    if (bytes != 4) {
        return all_ones;
    }
    if (port == VDM_M_PORTS_INDEX) {
        return card->port_index;
    }
    offset = register_of(card, port);
    if (offset != 0xffffffffu) {
        value = vdm_reg_read(card, offset);
        step_index(card, port);
        vdm_settle(card);
    }
    return value;
}

void vdm_port_write(struct vdm_card *card, uint32_t port, uint32_t bytes, uint32_t value)
{
    uint8_t data[2];
    uint32_t offset;

    if (card->config.body != VDM_BODY_PCIE || card->gone) {
        return;
    }
    if (port == VDM_M_PORTS_FW_DATA && bytes == 2) {
        vdm_put16(data, value);
        vdm_boot_stage(card, data, sizeof data);
    } else if (port == VDM_M_PORTS_INDEX && bytes == 4) {
        card->port_index = value;
    } else if (bytes == 4) {
        offset = register_of(card, port);
        if (offset != 0xffffffffu) {
            vdm_reg_write(card, offset, value);
            step_index(card, port);
        }
    }
    vdm_settle(card);
}
