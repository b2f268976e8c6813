// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI: probe, remove, sleep. Probe only attaches; firmware boots in the work, so that loading the
 * module does not wait for cards. What files hold open outlives remove, until they are closed.
 */
#include <linux/dmapool.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "vdl.h"

unsigned int vdl_segment_bytes;
module_param_named(segment_bytes, vdl_segment_bytes, uint, 0444);
MODULE_PARM_DESC(segment_bytes,
		 "For tests: no DMA segment is longer than this (0: as long as memory has it)");

char *vdl_firmware_file = VDL_NAME "/capture.vdfw";
module_param_named(firmware, vdl_firmware_file, charp, 0444);
MODULE_PARM_DESC(firmware, "Image that is booted if it is newer than the embedded one");

static const struct vdh_budget budget = { .accesses = 1024, .bytes = 65536 };

/* ---- Memory ---- */

static int make_ring(struct vdl_device *dev, struct vdh_dma_memory *ring, u32 size)
{
	dma_addr_t address;

	ring->bytes = dma_alloc_coherent(&dev->pci->dev, size, &address, GFP_KERNEL);
	ring->address = address;
	ring->size = size;
	return ring->bytes ? 0 : -ENOMEM;
}

static void free_ring(struct vdl_device *dev, struct vdh_dma_memory *ring)
{
	if (ring->bytes)
		dma_free_coherent(&dev->pci->dev, ring->size, ring->bytes, ring->address);
	ring->bytes = NULL;
}

static int make_memory(struct vdl_device *dev)
{
	struct device *device = &dev->pci->dev;
	int ret;

	ret = dma_set_mask_and_coherent(device, DMA_BIT_MASK(64));
	if (ret)
		ret = dma_set_mask_and_coherent(device, DMA_BIT_MASK(32));
	if (ret)
		return ret;
	dma_set_max_seg_size(device, UINT_MAX);
	dev->blocks = dma_pool_create(VDL_NAME, device, VDL_BLOCK_BYTES, VDH_S_SEGMENT, 0);
	if (!dev->blocks)
		return -ENOMEM;
	ret = make_ring(dev, &dev->descriptors, VDL_RING * VDH_S_DESCRIPTOR);
	if (!ret)
		ret = make_ring(dev, &dev->completions, VDL_RING * VDH_S_COMPLETION);
	return ret;
}

static void free_memory(struct vdl_device *dev)
{
	free_ring(dev, &dev->completions);
	free_ring(dev, &dev->descriptors);
	dma_pool_destroy(dev->blocks);
	dev->blocks = NULL;
}

/* ---- The device's own life: to the last close ---- */

static void release(struct v4l2_device *v4l2)
{
	struct vdl_device *dev = container_of(v4l2, struct vdl_device, v4l2);

	v4l2_ctrl_handler_free(&dev->handler);
	v4l2_device_unregister(&dev->v4l2);
	vdl_boot_release(dev);
	kvfree(dev->image);
	kvfree(dev->tables);
	mutex_destroy(&dev->core_lock);
	mutex_destroy(&dev->meta_lock);
	mutex_destroy(&dev->lock);
	kfree(dev);
}

static struct vdl_device *make_device(struct pci_dev *pci)
{
	struct vdl_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	dev->tables = kvzalloc(VDH_TABLES_MAX_BYTES, GFP_KERNEL);
	if (!dev->tables)
		goto free_device;
	dev->pci = pci;
	mutex_init(&dev->lock);
	mutex_init(&dev->meta_lock);
	mutex_init(&dev->core_lock);
	spin_lock_init(&dev->meta_spin);
	INIT_LIST_HEAD(&dev->queued);
	INIT_LIST_HEAD(&dev->meta_queued);
	INIT_DELAYED_WORK(&dev->step, vdl_step_work);
	INIT_DELAYED_WORK(&dev->watch, vdl_watch_work);
	if (v4l2_device_register(&pci->dev, &dev->v4l2))
		goto free_tables;
	/* From here on the last v4l2_device_put() frees it. */
	dev->v4l2.release = release;
	v4l2_ctrl_handler_init(&dev->handler, 16);
	return dev;

free_tables:
	kvfree(dev->tables);
free_device:
	kfree(dev);
	return NULL;
}

/* ---- PCI ---- */

static int attach(struct vdl_device *dev)
{
	int result;

	mutex_lock(&dev->core_lock);
	result = vdh_attach(&dev->core, &vdl_io, dev, VDH_TRANSPORT_FAST, &budget);
	mutex_unlock(&dev->core_lock);
	if (result)
		dev_err(&dev->pci->dev, "no card that this driver knows: %s\n",
			vdh_result_name(result));
	return vdl_errno(result);
}

static int get_irq(struct vdl_device *dev)
{
	struct pci_dev *pci = dev->pci;
	int ret = pci_alloc_irq_vectors(pci, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);

	if (ret < 0)
		return ret;
	dev->irq = pci_irq_vector(pci, 0);
	ret = request_threaded_irq(dev->irq, vdl_irq, vdl_irq_thread, IRQF_SHARED, VDL_NAME, dev);
	if (ret)
		pci_free_irq_vectors(pci);
	return ret;
}

static int probe(struct pci_dev *pci, const struct pci_device_id *id)
{
	struct vdl_device *dev = make_device(pci);
	int ret;

	if (!dev)
		return -ENOMEM;
	pci_set_drvdata(pci, dev);
	ret = pci_enable_device(pci);
	if (ret)
		goto put;
	ret = pci_request_region(pci, 0, VDL_NAME);
	if (ret)
		goto disable;
	dev->registers = pci_iomap(pci, 0, VDH_R_SPACE);
	if (!dev->registers) {
		ret = -ENOMEM;
		goto release_region;
	}
	if (pci_resource_len(pci, 0) < VDH_R_SPACE) {
		ret = -ENODEV;
		goto unmap;
	}
	/* Whatever had it before must not write while it is looked at. */
	pci_clear_master(pci);
	ret = attach(dev);
	if (ret)
		goto unmap;
	vdh_reset(&dev->core, VDH_V_RESET_KIND_ENGINE);
	pci_set_master(pci);
	ret = make_memory(dev);
	if (ret)
		goto free_memory;
	ret = vdl_queue_init(dev);
	if (!ret)
		ret = vdl_meta_init(dev);
	if (ret)
		goto free_memory;
	vdl_video_init(dev);
	dev->work = alloc_ordered_workqueue("%s", WQ_FREEZABLE, dev_name(&pci->dev));
	if (!dev->work) {
		ret = -ENOMEM;
		goto free_memory;
	}
	ret = get_irq(dev);
	if (ret)
		goto free_work;
	vdl_debug_add(dev);
	mutex_lock(&dev->core_lock);
	vdl_boot_begin(dev);
	mutex_unlock(&dev->core_lock);
	return 0;

free_work:
	destroy_workqueue(dev->work);
free_memory:
	pci_clear_master(pci);
	free_memory(dev);
unmap:
	pci_iounmap(pci, dev->registers);
release_region:
	pci_release_region(pci, 0);
disable:
	pci_disable_device(pci);
put:
	v4l2_device_put(&dev->v4l2);
	return ret;
}

/* No work of the card runs when this returns, and none begins. */
static void put_to_sleep(struct vdl_device *dev)
{
	mutex_lock(&dev->core_lock);
	dev->asleep = true;
	mutex_unlock(&dev->core_lock);
	cancel_delayed_work_sync(&dev->step);
	cancel_delayed_work_sync(&dev->watch);
}

/* The card is silent when this returns: no work, no DMA, no interrupt. */
static void quiesce(struct vdl_device *dev)
{
	put_to_sleep(dev);
	vdl_engine_stop(dev);
	mutex_lock(&dev->core_lock);
	if (!dev->gone)
		vdh_interrupts_enable(&dev->core, 0);
	mutex_unlock(&dev->core_lock);
}

/* The work's ends are awaited, and no new ones begin: gone stops whoever would begin them. */
static void remove(struct pci_dev *pci)
{
	struct vdl_device *dev = pci_get_drvdata(pci);

	vdl_debug_remove(dev);
	/* Ends the boot, so that nothing registers nodes from now on. */
	quiesce(dev);
	mutex_lock(&dev->core_lock);
	WRITE_ONCE(dev->gone, true);
	mutex_unlock(&dev->core_lock);
	/* Gone already: who waits for a queue's lock gets no buffers after they were given up. */
	vdl_video_unregister(dev);
	v4l2_device_disconnect(&dev->v4l2);

	free_irq(dev->irq, dev);
	pci_free_irq_vectors(pci);
	destroy_workqueue(dev->work);
	pci_clear_master(pci);
	free_memory(dev);
	pci_iounmap(pci, dev->registers);
	pci_release_region(pci, 0);
	pci_disable_device(pci);
	v4l2_device_put(&dev->v4l2);
}

static void shutdown(struct pci_dev *pci)
{
	quiesce(pci_get_drvdata(pci));
	pci_clear_master(pci);
}

/* ---- Sleep ---- */

static int vdl_suspend(struct device *device)
{
	/* The buffers stay in the list, and go to the card again when it is back. */
	quiesce(dev_get_drvdata(device));
	return 0;
}

static int vdl_resume(struct device *device)
{
	struct vdl_device *dev = dev_get_drvdata(device);

	mutex_lock(&dev->core_lock);
	dev->asleep = false;
	if (!dev->gone) {
		pci_set_master(dev->pci);
		dev->cut = false;
		if (dev->busy)
			vdl_firmware_end(dev, VDH_E_IO, VDH_IMAGE_OK);
		vdl_boot_begin(dev);
	}
	mutex_unlock(&dev->core_lock);
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(sleep_ops, vdl_suspend, vdl_resume);

static const struct pci_device_id ids[] = {
	{ PCI_DEVICE(VIDICON_BRAND_PCI_VENDOR_ID, VIDICON_BRAND_PCI_DEVICE_ID) },
	{}
};
MODULE_DEVICE_TABLE(pci, ids);

static struct pci_driver driver = {
	.name = VDL_NAME,
	.id_table = ids,
	.probe = probe,
	.remove = remove,
	.shutdown = shutdown,
	.driver.pm = pm_sleep_ptr(&sleep_ops),
};

static int __init vdl_init(void)
{
	int ret;

	vdl_debug_init();
	ret = pci_register_driver(&driver);
	if (ret)
		vdl_debug_exit();
	return ret;
}
module_init(vdl_init);

static void __exit vdl_exit(void)
{
	pci_unregister_driver(&driver);
	vdl_debug_exit();
}
module_exit(vdl_exit);

MODULE_DESCRIPTION(VIDICON_BRAND_PRODUCT_NAME);
MODULE_AUTHOR(VIDICON_BRAND_VENDOR_NAME);
MODULE_LICENSE("GPL");
MODULE_FIRMWARE(VIDICON_BRAND_LINUX_DRIVER_NAME "/capture.vdfw");
