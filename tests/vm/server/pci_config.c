/* SPDX-License-Identifier: MIT */
#include "pci_config.h"

#include <string.h>

#include <linux/pci_regs.h>

#include "vidicon_brand.h"

#define MSI_AT 0x40u

static void put16(struct pci_config *config, uint32_t offset, uint32_t value)
{
    config->bytes[offset] = (uint8_t)value;
    config->bytes[offset + 1] = (uint8_t)(value >> 8);
}

static void allow(struct pci_config *config, uint32_t offset, uint32_t mask, uint32_t count)
{
    for (uint32_t n = 0; n < count; n++)
        config->writable[offset + n] = (uint8_t)(mask >> (8 * n));
}

void pci_config_init(struct pci_config *config)
{
    memset(config, 0, sizeof *config);
    put16(config, PCI_VENDOR_ID, VIDICON_BRAND_PCI_VENDOR_ID);
    put16(config, PCI_DEVICE_ID, VIDICON_BRAND_PCI_DEVICE_ID);
    put16(config, PCI_SUBSYSTEM_VENDOR_ID, VIDICON_BRAND_PCI_SUBSYSTEM_VENDOR_ID);
    put16(config, PCI_SUBSYSTEM_ID, VIDICON_BRAND_PCI_SUBSYSTEM_ID);
    put16(config, PCI_STATUS, PCI_STATUS_CAP_LIST);
    put16(config, PCI_CLASS_DEVICE, 0x0400); /* multimedia, video */
    config->bytes[PCI_CLASS_REVISION] = 1;
    config->bytes[PCI_CAPABILITY_LIST] = MSI_AT;
    config->bytes[PCI_INTERRUPT_PIN] = 1;
    config->bytes[PCI_BASE_ADDRESS_1] = PCI_BASE_ADDRESS_SPACE_IO;
    config->bytes[MSI_AT + PCI_CAP_LIST_ID] = PCI_CAP_ID_MSI;
    put16(config, MSI_AT + PCI_MSI_FLAGS, PCI_MSI_FLAGS_64BIT);

    allow(config, PCI_COMMAND,
          PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE, 2);
    allow(config, PCI_BASE_ADDRESS_0, ~(CARD_BAR0_BYTES - 1u), 4);
    allow(config, PCI_BASE_ADDRESS_1, ~(CARD_BAR1_BYTES - 1u), 4);
    allow(config, PCI_CACHE_LINE_SIZE, 0xffff, 2);
    allow(config, PCI_INTERRUPT_LINE, 0xff, 1);
    allow(config, MSI_AT + PCI_MSI_FLAGS, PCI_MSI_FLAGS_ENABLE, 2);
    allow(config, MSI_AT + PCI_MSI_ADDRESS_LO, ~3u, 4);
    allow(config, MSI_AT + PCI_MSI_ADDRESS_HI, ~0u, 4);
    allow(config, MSI_AT + PCI_MSI_DATA_64, 0xffff, 2);
}

void pci_config_read(const struct pci_config *config, uint32_t offset, uint8_t *bytes,
                     uint32_t count)
{
    memcpy(bytes, config->bytes + offset, count);
}

void pci_config_write(struct pci_config *config, uint32_t offset, const uint8_t *bytes,
                      uint32_t count)
{
    for (uint32_t n = 0; n < count; n++) {
        uint8_t mask = config->writable[offset + n];

        config->bytes[offset + n] =
            (uint8_t)((config->bytes[offset + n] & ~mask) | (bytes[n] & mask));
    }
}

int pci_config_is_master(const struct pci_config *config)
{
    return (config->bytes[PCI_COMMAND] & PCI_COMMAND_MASTER) != 0;
}

int pci_config_may_use_line(const struct pci_config *config)
{
    return (config->bytes[PCI_COMMAND + 1] & (PCI_COMMAND_INTX_DISABLE >> 8)) == 0;
}
