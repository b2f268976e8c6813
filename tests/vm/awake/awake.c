// SPDX-License-Identifier: MIT
/*
 * Keeps the guest's virtio functions awake while all else sleeps: 9p's driver cannot sleep, and
 * would take the rig's results with it.
 */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/pci.h>

static void keep(bool awake)
{
    struct pci_dev *pci = NULL;

    while ((pci = pci_get_device(PCI_VENDOR_ID_REDHAT_QUMRANET, PCI_ANY_ID, pci)) != NULL)
        dev_pm_syscore_device(&pci->dev, awake);
}

static int __init awake_init(void)
{
    keep(true);
    return 0;
}
module_init(awake_init);

static void __exit awake_exit(void)
{
    keep(false);
}
module_exit(awake_exit);

MODULE_DESCRIPTION("Keeps virtio awake while a guest sleeps");
MODULE_LICENSE("Dual MIT/GPL");
