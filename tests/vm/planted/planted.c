/* SPDX-License-Identifier: MIT */
/*
 * Planted bugs, one for each checker of the debug kernel: loading with bug=NAME does it. A checker
 * that reports nothing then would have reported nothing about a driver, either.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

static char *bug = "";
module_param(bug, charp, 0444);
MODULE_PARM_DESC(bug, "what to do wrong");

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static volatile u8 sink;
static void *volatile lost;

/* What is planted must not be seen through at compile time. */
static noinline int number(int n)
{
    return n + (int)strlen(bug) - (int)strlen(bug);
}

static void use_after_free(void)
{
    u8 *memory = kmalloc(64, GFP_KERNEL);

    if (!memory)
        return;
    OPTIMIZER_HIDE_VAR(memory);
    kfree(memory);
    sink = *(volatile u8 *)(memory + 3);
}

static void out_of_bounds(void)
{
    u8 *memory = kmalloc(64, GFP_KERNEL);

    if (!memory)
        return;
    OPTIMIZER_HIDE_VAR(memory);
    sink = *(volatile u8 *)(memory + 64);
    kfree(memory);
}

static void locks_crossed(void)
{
    mutex_lock(&first);
    mutex_lock(&second);
    mutex_unlock(&second);
    mutex_unlock(&first);
    mutex_lock(&second);
    mutex_lock(&first);
    mutex_unlock(&first);
    mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
    spin_lock(&spin);
    msleep(1);
    spin_unlock(&spin);
}

static void leak(void)
{
    lost = kmalloc(777, GFP_KERNEL);
    lost = NULL;
}

static void shift_too_far(void)
{
    sink = (u8)(1 << number(40));
}

/* Any device will do; it is given back another size than it was mapped with. */
static void dma_mismatch(void)
{
    struct pci_dev *pci = pci_get_device(PCI_ANY_ID, PCI_ANY_ID, NULL);
    void *memory = kmalloc(4096, GFP_KERNEL);
    dma_addr_t address;

    if (pci && memory && !dma_set_mask_and_coherent(&pci->dev, DMA_BIT_MASK(64))) {
        address = dma_map_single(&pci->dev, memory, 4096, DMA_FROM_DEVICE);
        if (!dma_mapping_error(&pci->dev, address))
            dma_unmap_single(&pci->dev, address, 2048, DMA_FROM_DEVICE);
    }
    kfree(memory);
    pci_dev_put(pci);
}

static void warning(void)
{
    WARN(1, "planted");
}

static const struct {
    const char *name;
    void (*plant)(void);
} bugs[] = {
    {"use-after-free",  use_after_free },
    {"out-of-bounds",   out_of_bounds  },
    {"locks-crossed",   locks_crossed  },
    {"sleep-in-atomic", sleep_in_atomic},
    {"leak",            leak           },
    {"shift-too-far",   shift_too_far  },
    {"dma-mismatch",    dma_mismatch   },
    {"warning",         warning        },
};

static int __init planted_init(void)
{
    int n;

    for (n = 0; n < (int)ARRAY_SIZE(bugs); n++) {
        if (strcmp(bug, bugs[n].name) == 0) {
            bugs[n].plant();
            return 0;
        }
    }
    return strcmp(bug, "none") == 0 ? 0 : -EINVAL;
}

static void __exit planted_exit(void) {}

module_init(planted_init);
module_exit(planted_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Planted bugs, to test the kernel's checkers");
