// SPDX-License-Identifier: GPL-2.0-only
/* The ioctls of vdl_interface.h. V4L2 has copied their structures in, and copies them out. */
#include <linux/build_bug.h>

#include "vdl.h"

/* The same for 32 and 64 bits: nothing is padded. */
static_assert(sizeof(struct vdl_identity) == 88);
static_assert(sizeof(struct vdl_register) == 8);
static_assert(sizeof(struct vdl_register_info) == 176);
static_assert(sizeof(struct vdl_time) == 32);
static_assert(sizeof(struct vdl_counts) == 80);
static_assert(sizeof(struct vdl_signal) == 16);
static_assert(sizeof(struct vdl_timing) == 64);
static_assert(sizeof(struct vdl_mode) == 48);
static_assert(sizeof(struct vdl_firmware_status) == 88);
static_assert(sizeof(struct vdl_firmware_command) == 24);
static_assert(sizeof(struct vdl_frame_meta) == 80);

static long get_identity(struct vdl_device *dev, u32 node, struct vdl_identity *out)
{
	const struct vdh_identity *identity = &dev->core.identity;
	const struct vdh_tables *tables = &dev->core.tables;

	memset(out, 0, sizeof(*out));
	out->interface_version = VDL_INTERFACE_VERSION;
	out->node = node;
	out->limited = !dev->ready;
	out->revision = identity->revision;
	out->caps = identity->caps;
	out->target = identity->target;
	out->version_min = identity->version_min;
	out->version_max = identity->version_max;
	out->capacity_bytes = identity->capacity_bytes;
	out->time_hz = identity->time_hz;
	out->time_tolerance_ppm = identity->time_tolerance_ppm;
	out->input_count = tables->input_count;
	out->timing_count = tables->timing_count;
	out->mode_count = tables->mode_count;
	out->control_count = tables->control_count;
	strscpy(out->serial, identity->serial, sizeof(out->serial));
	return 0;
}

static int get_time(struct vdl_device *dev, struct vdl_time *out)
{
	u64 ticks = 0;
	int result;

	memset(out, 0, sizeof(*out));
	out->before_ns = ktime_get_ns();
	result = vdh_time_read(&dev->core, &ticks);
	out->after_ns = ktime_get_ns();
	out->ticks = ticks;
	return result;
}

static int read_signal(struct vdl_device *dev, struct vdl_signal *out)
{
	struct vdh_signal signal = { 0 };
	int result = vdh_input_read_signal(&dev->core, &signal);

	out->state = signal.state;
	out->mismatch = signal.mismatch;
	out->detected = signal.detected;
	out->changes = signal.changes;
	return result;
}

static int get_timing(struct vdl_device *dev, struct vdl_timing *out)
{
	struct vdh_timing_info info;
	struct vdh_input_info input;
	u32 index = out->index;
	int result = vdh_tables_timing(&info, &dev->core.tables, index);

	if (result)
		return result;
	memset(out, 0, sizeof(*out));
	out->index = index;
	out->kind = info.kind;
	out->flags = info.flags;
	out->width_px = info.width;
	out->height_px = info.height;
	out->interval_num = info.interval_num;
	out->interval_den = info.interval_den;
	out->pixel_clock_khz = info.pixel_clock_khz;
	memcpy(out->name, info.name, sizeof(out->name));
	out->selected = index == dev->core.timing;
	for (u32 i = 0; !vdh_tables_input(&input, &dev->core.tables, i); i++)
		if (index >= input.timing_first && index - input.timing_first < input.timing_count)
			out->input_mask |= BIT(i);
	return VDH_OK;
}

static int get_mode(struct vdl_device *dev, struct vdl_mode *out)
{
	struct vdh_mode_info info;
	u32 index = out->index;
	int result = vdh_tables_mode(&info, &dev->core.tables, index);

	if (result)
		return result;
	memset(out, 0, sizeof(*out));
	out->index = index;
	out->inputs = info.inputs;
	out->formats = info.formats;
	out->width_px = info.width;
	out->height_px = info.height;
	out->width_min_px = info.width_min;
	out->height_min_px = info.height_min;
	out->width_step_px = info.width_step;
	out->height_step_px = info.height_step;
	out->interval_count = info.interval_count;
	return VDH_OK;
}

/* The table is constant: no lock is needed for it, and none harms. */
static long get_register_info(struct vdl_register_info *out)
{
	const struct vdh_reg_info *reg;
	u32 left = out->index;

	for (u32 i = 0; (reg = vdh_reg_at(i)) != NULL; i++) {
		if (reg->user == VDH_USER_NONE || reg->body == VDH_BODY_USB || left--)
			continue;
		left = out->index;
		memset(out, 0, sizeof(*out));
		out->index = left;
		out->offset = reg->offset;
		out->count = reg->count;
		out->access = reg->user == VDH_USER_WRITE ? 3 : 1;
		strscpy(out->name, reg->name, sizeof(out->name));
		strscpy(out->help, reg->help, sizeof(out->help));
		return 0;
	}
	return -EINVAL;
}

/* With core_lock held. */
static long small_ioctl(struct vdl_device *dev, u32 node, unsigned int cmd, void *arg)
{
	struct vdl_register *reg = arg;
	u32 value = 0;
	int result;

	switch (cmd) {
	case VDL_IOC_IDENTITY:
		return get_identity(dev, node, arg);
	case VDL_IOC_REGISTER_INFO:
		return get_register_info(arg);
	case VDL_IOC_REGISTER_READ:
		result = vdh_user_read(&dev->core, reg->offset, &value);
		reg->value = value;
		break;
	case VDL_IOC_REGISTER_WRITE:
		result = vdh_user_write(&dev->core, reg->offset, reg->value);
		break;
	case VDL_IOC_TIME:
		result = get_time(dev, arg);
		break;
	case VDL_IOC_COUNTS:
		vdl_engine_counts(dev, arg);
		return 0;
	case VDL_IOC_SIGNAL:
		result = read_signal(dev, arg);
		break;
	case VDL_IOC_TIMING:
		result = get_timing(dev, arg);
		break;
	case VDL_IOC_MODE:
		result = get_mode(dev, arg);
		break;
	default:
		return -ENOTTY;
	}
	return vdl_result(dev, result);
}

/* What only the picture node's lock protects, from whichever node it was asked. */
static long large_ioctl(struct vdl_device *dev, bool valid_prio, unsigned int cmd, void *arg)
{
	long ret;

	if (!valid_prio)
		return -EBUSY;
	if (cmd == VDL_IOC_FIRMWARE_COMMAND)
		return vdl_firmware_command(dev, arg);
	mutex_lock(&dev->core_lock);
	ret = vdl_input_choose_timing(dev, *(u32 *)arg);
	mutex_unlock(&dev->core_lock);
	return ret;
}

long vdl_private_ioctl(struct file *file, void *fh, bool valid_prio, unsigned int cmd, void *arg)
{
	struct vdl_device *dev = video_drvdata(file);
	bool meta = video_devdata(file) == &dev->meta;
	long ret;

	switch (cmd) {
	case VDL_IOC_FIRMWARE_STATUS:
		return vdl_firmware_status(dev, arg);
	case VDL_IOC_FIRMWARE_COMMAND:
	case VDL_IOC_TIMING_SELECT:
		/* The metadata node's lock is held there, and comes before this one. */
		if (meta)
			mutex_lock(&dev->lock);
		ret = large_ioctl(dev, valid_prio, cmd, arg);
		if (meta)
			mutex_unlock(&dev->lock);
		return ret;
	default:
		mutex_lock(&dev->core_lock);
		ret = small_ioctl(dev, meta ? VDL_NODE_META : VDL_NODE_PICTURE, cmd, arg);
		mutex_unlock(&dev->core_lock);
		if (!ret && cmd == VDL_IOC_REGISTER_WRITE)
			vdl_controls_written(dev, ((struct vdl_register *)arg)->offset);
		return ret;
	}
}
