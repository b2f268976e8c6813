/* SPDX-License-Identifier: MIT */
/* The card's PCI configuration space: header, BARs that can be sized, an MSI capability. */
#ifndef VMR_PCI_CONFIG_H
#define VMR_PCI_CONFIG_H

#include <stdint.h>

#define PCI_CONFIG_BYTES 256u
#define CARD_BAR0_BYTES  4096u
#define CARD_BAR1_BYTES  256u

struct pci_config {
    uint8_t bytes[PCI_CONFIG_BYTES];
    uint8_t writable[PCI_CONFIG_BYTES]; /* mask of each byte */
};

void pci_config_init(struct pci_config *config);
void pci_config_read(const struct pci_config *config, uint32_t offset, uint8_t *bytes,
                     uint32_t count);
void pci_config_write(struct pci_config *config, uint32_t offset, const uint8_t *bytes,
                      uint32_t count);
/* May it be the bus's master, that is, use DMA and send messages? */
int pci_config_is_master(const struct pci_config *config);
/* May it drive its interrupt line? */
int pci_config_may_use_line(const struct pci_config *config);

#endif
