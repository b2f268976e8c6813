// SPDX-License-Identifier: GPL-2.0-only
/*
 * For people: the register dump and the driver's state in debugfs, and VIDIOC_LOG_STATUS. The dump
 * shows what the register table lets user space read, so reading it changes nothing in the card.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>

#include "vdl.h"

static struct dentry *root;

static int registers_show(struct seq_file *file, void *unused)
{
	struct vdl_device *dev = file->private;
	const struct vdh_reg_info *reg;
	u32 value;
	int result = VDH_OK;

	mutex_lock(&dev->core_lock);
	for (u32 i = 0; result != VDH_E_GONE && (reg = vdh_reg_at(i)) != NULL; i++) {
		if (reg->user == VDH_USER_NONE || reg->body == VDH_BODY_USB)
			continue;
		for (u32 n = 0; n < reg->count; n++) {
			result = vdh_user_read(&dev->core, reg->offset + 4 * n, &value);
			if (result)
				break;
			if (reg->count > 1)
				seq_printf(file, "%03x %s[%u] %08x\n", reg->offset + 4 * n,
					   reg->name, n, value);
			else
				seq_printf(file, "%03x %s %08x\n", reg->offset, reg->name, value);
		}
	}
	vdl_result(dev, result == VDH_E_GONE ? result : VDH_OK);
	mutex_unlock(&dev->core_lock);
	return result == VDH_E_GONE ? -ENODEV : 0;
}
DEFINE_SHOW_ATTRIBUTE(registers);

static const char *engine_name(enum vdl_engine engine)
{
	switch (engine) {
	case VDL_ENGINE_OFF:
		return "off";
	case VDL_ENGINE_RUNS:
		return "runs";
	default:
		return "stopping";
	}
}

static int state_show(struct seq_file *file, void *unused)
{
	struct vdl_device *dev = file->private;
	struct vdl_counts counts;

	mutex_lock(&dev->core_lock);
	vdl_engine_counts(dev, &counts);
	seq_printf(file, "serial %s\n", dev->core.identity.serial);
	seq_printf(file, "present %d\nready %d\n", !dev->gone, dev->ready);
	seq_printf(file, "firmware %08x\n", dev->core.running_version);
	seq_printf(file, "engine %s\n", engine_name(dev->engine));
	seq_printf(file, "msi %d\n", dev->pci->msi_enabled);
	seq_printf(file, "captures %u\nincomplete %u\n", counts.captures, counts.incomplete);
	seq_printf(file, "interrupts %llu\n", counts.interrupts);
	seq_printf(file, "produced %llu\ngood %llu\n", counts.produced, counts.good);
	seq_printf(file, "delivered %llu\ndamaged %llu\n", counts.delivered, counts.damaged);
	seq_printf(file, "dropped_fifo %llu\ndropped_no_buffer %llu\n", counts.dropped_fifo,
		   counts.dropped_no_buffer);
	seq_printf(file, "dropped_no_signal %llu\ndropped_dma %llu\n", counts.dropped_no_signal,
		   counts.dropped_dma);
	for (u32 i = 0; i < VDL_SLOTS; i++)
		if (dev->slots[i])
			seq_printf(file, "buffer %u segments %u bytes %u\n", i,
				   dev->slots[i]->segments, dev->slots[i]->capacity_bytes);
	mutex_unlock(&dev->core_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(state);

void vdl_debug_add(struct vdl_device *dev)
{
	dev->debug = debugfs_create_dir(pci_name(dev->pci), root);
	debugfs_create_file("registers", 0400, dev->debug, dev, &registers_fops);
	debugfs_create_file("state", 0400, dev->debug, dev, &state_fops);
}

/* Waits for readers. */
void vdl_debug_remove(struct vdl_device *dev)
{
	debugfs_remove_recursive(dev->debug);
}

void vdl_debug_init(void)
{
	root = debugfs_create_dir(VDL_NAME, NULL);
}

void vdl_debug_exit(void)
{
	debugfs_remove_recursive(root);
}

int vdl_log_status(struct file *file, void *fh)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_signal signal = { 0 };
	struct vdl_counts counts;

	mutex_lock(&dev->core_lock);
	if (dev->ready)
		vdl_result(dev, vdh_input_read_signal(&dev->core, &signal));
	vdl_engine_counts(dev, &counts);
	v4l2_info(&dev->v4l2, "serial %s, firmware %08x, %s\n", dev->core.identity.serial,
		  dev->core.running_version, dev->gone ? "gone" : dev->ready ? "ready" : "limited");
	v4l2_info(&dev->v4l2, "input %u, timing %u, signal %u, detected %u, mismatch %u\n",
		  dev->core.input, dev->core.timing, signal.state, signal.detected,
		  signal.mismatch);
	v4l2_info(&dev->v4l2, "%ux%u %p4cc at (%u,%u), %u/%u s, engine %s\n", dev->format.width,
		  dev->format.height, &dev->format.fourcc, dev->format.left, dev->format.top,
		  dev->format.interval.num, dev->format.interval.den, engine_name(dev->engine));
	v4l2_info(&dev->v4l2, "produced %llu, delivered %llu, damaged %llu, captures %u\n",
		  counts.produced, counts.delivered, counts.damaged, counts.captures);
	v4l2_info(&dev->v4l2, "dropped: fifo %llu, no buffer %llu, no signal %llu, DMA %llu\n",
		  counts.dropped_fifo, counts.dropped_no_buffer, counts.dropped_no_signal,
		  counts.dropped_dma);
	mutex_unlock(&dev->core_lock);
	return v4l2_ctrl_log_status(file, fh);
}
