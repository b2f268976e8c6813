// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core's seven callbacks on BAR0, and interrupts: the hard handler reads and acknowledges, the
 * thread does the rest. An absent card reads all ones, and stays gone from the first one seen on.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>

#include "vdl.h"

static int read(void *context, uint32_t offset, uint32_t *value)
{
	struct vdl_device *dev = context;

	if (READ_ONCE(dev->gone))
		return VDH_E_GONE;
	*value = ioread32(dev->registers + offset);
	return VDH_OK;
}

static int write(void *context, uint32_t offset, uint32_t value)
{
	struct vdl_device *dev = context;

	if (READ_ONCE(dev->gone))
		return VDH_E_GONE;
	/* Orders all stores to memory before it. */
	iowrite32(value, dev->registers + offset);
	return VDH_OK;
}

static int read_block(void *context, uint32_t offset, void *bytes, uint32_t count)
{
	struct vdl_device *dev = context;

	if (READ_ONCE(dev->gone))
		return VDH_E_GONE;
	for (u32 i = 0; i < count; i += 4)
		vdh_put_u32((u8 *)bytes + i, ioread32(dev->registers + offset + i));
	return VDH_OK;
}

static int write_block(void *context, uint32_t offset, const void *bytes, uint32_t count)
{
	struct vdl_device *dev = context;
	u8 last[4] = { 0 };
	u32 i;

	if (READ_ONCE(dev->gone))
		return VDH_E_GONE;
	for (i = 0; i + 4 <= count; i += 4)
		iowrite32(vdh_get_u32((const u8 *)bytes + i), dev->registers + offset + i);
	if (i < count) {
		memcpy(last, (const u8 *)bytes + i, count - i);
		iowrite32(vdh_get_u32(last), dev->registers + offset + i);
	}
	return VDH_OK;
}

static void stall_us(void *context, uint32_t microseconds)
{
	udelay(microseconds);
}

static void acquire(void *context)
{
	dma_rmb();
}

static void trace(void *context, const char *event, uint32_t a, uint32_t b)
{
	struct vdl_device *dev = context;

	dev_dbg(&dev->pci->dev, "%s: %#x %#x\n", event, a, b);
}

const struct vdh_io vdl_io = {
	.read = read,
	.write = write,
	.read_block = read_block,
	.write_block = write_block,
	.stall_us = stall_us,
	.acquire = acquire,
	.trace = trace,
};

u64 vdl_now_us(void)
{
	return ktime_to_us(ktime_get());
}

int vdl_errno(int result)
{
	switch (result) {
	case VDH_OK:
		return 0;
	case VDH_AGAIN:
		return -EAGAIN;
	case VDH_E_GONE:
	case VDH_E_UNKNOWN:
		return -ENODEV;
	case VDH_E_INVALID:
	case VDH_E_RANGE:
		return -EINVAL;
	case VDH_E_STATE:
		return -EBUSY;
	case VDH_E_TIMEOUT:
		return -ETIMEDOUT;
	case VDH_E_FIRMWARE:
		return -ENOEXEC;
	case VDH_E_TABLES:
		return -EBADMSG;
	case VDH_E_FULL:
		return -ENOSPC;
	case VDH_E_DENIED:
		return -EACCES;
	default:
		return -EIO;
	}
}

/* With core_lock held: an errno, and what has to follow from a card that is gone. */
int vdl_result(struct vdl_device *dev, int result)
{
	lockdep_assert_held(&dev->core_lock);
	if (result == VDH_E_GONE)
		vdl_gone(dev);
	return vdl_errno(result);
}

/* Everybody who waits wakes up; what is open stays open until it is closed. */
void vdl_gone(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	if (dev->gone)
		return;
	WRITE_ONCE(dev->gone, true);
	dev->ready = false;
	dev_err(&dev->pci->dev, "the card is gone\n");
	vdl_engine_lost(dev);
	vb2_queue_error(&dev->queue);
	vb2_queue_error(&dev->meta_queue);
	vdl_event(dev, VDL_EVENT_ERROR);
}

/* ---- Interrupts ---- */

#define WANTED_EVENTS \
	(VDH_EVENT_FRAME | VDH_EVENT_WATERMARK | VDH_EVENT_SOURCE | VDH_EVENT_CONTROL | \
	 VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_ERROR | VDH_EVENT_STOPPED)

int vdl_interrupts_on(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	return vdh_interrupts_enable(&dev->core, WANTED_EVENTS);
}

irqreturn_t vdl_irq(int irq, void *context)
{
	struct vdl_device *dev = context;
	u32 events = 0;

	if (READ_ONCE(dev->gone))
		return IRQ_NONE;
	vdh_interrupt(&dev->core, &events);
	if (!events)
		return IRQ_NONE;
	WRITE_ONCE(dev->irq_ns, ktime_get_ns());
	atomic64_inc(&dev->interrupts);
	atomic_or(events, &dev->events);
	return IRQ_WAKE_THREAD;
}

/* As if an interrupt came: the card sends no other one for an event that nobody acknowledged. */
void vdl_irq_poll(struct vdl_device *dev)
{
	if (vdl_irq(dev->irq, dev) == IRQ_WAKE_THREAD)
		irq_wake_thread(dev->irq, dev);
}

/* The reason of an error matters to the log; what it did shows in completions and in the state. */
static void look_at_errors(struct vdl_device *dev)
{
	u32 errors = 0;

	if (!dev->ready || vdl_result(dev, vdh_capture_errors(&dev->capture, &errors)))
		return;
	dev_dbg(&dev->pci->dev, "errors %#x\n", errors);
	if (errors & vdh_field_mask(VDH_F_ERROR_STATUS_RING))
		vdl_engine_recover(dev);
}

irqreturn_t vdl_irq_thread(int irq, void *context)
{
	struct vdl_device *dev = context;
	u32 events = atomic_xchg(&dev->events, 0);
	u32 changed = 0;

	mutex_lock(&dev->core_lock);
	if (events & VDH_EVENT_GONE)
		vdl_gone(dev);
	if (events & (VDH_EVENT_FRAME | VDH_EVENT_ERROR))
		vdl_engine_collect(dev, READ_ONCE(dev->irq_ns));
	if (events & VDH_EVENT_WATERMARK)
		vdl_engine_frame_sync(dev, READ_ONCE(dev->irq_ns));
	if ((events & VDH_EVENT_ERROR) && dev->engine == VDL_ENGINE_RUNS)
		look_at_errors(dev);
	if ((events & VDH_EVENT_CONTROL) && dev->ready &&
	    vdl_result(dev, vdh_control_changed(&dev->core, &changed)))
		changed = 0;
	if ((events & (VDH_EVENT_BOOT | VDH_EVENT_FLASH | VDH_EVENT_STOPPED)) && !dev->asleep &&
	    !dev->gone)
		vdl_step_soon(dev, 0);
	mutex_unlock(&dev->core_lock);

	if (events & VDH_EVENT_SOURCE)
		vdl_event(dev, V4L2_EVENT_SOURCE_CHANGE);
	if (changed)
		vdl_controls_changed(dev, changed);
	return IRQ_HANDLED;
}
