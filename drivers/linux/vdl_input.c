// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs and what arrives there. A digital input has DV timings, an analogue one video standards;
 * the other family answers ENODATA. The firmware's timings are matched with those of CTA-861.
 */
#include <media/v4l2-dv-timings.h>

#include "vdl.h"

static bool analog(struct vdl_device *dev, u32 input)
{
	struct vdh_input_info info;

	return !vdh_tables_input(&info, &dev->core.tables, input) &&
	       info.kind == VDH_L_INPUT_KIND_ANALOG;
}

/* With core_lock held. */
static v4l2_std_id timing_std(struct vdl_device *dev, u32 timing)
{
	struct vdh_timing_info info;

	if (vdh_tables_timing(&info, &dev->core.tables, timing) ||
	    info.kind != VDH_L_INPUT_KIND_ANALOG)
		return V4L2_STD_UNKNOWN;
	if (info.height == 480)
		return V4L2_STD_NTSC;
	return info.height == 576 ? V4L2_STD_PAL : V4L2_STD_UNKNOWN;
}

static v4l2_std_id input_std(struct vdl_device *dev, u32 input)
{
	struct vdh_input_info info;
	v4l2_std_id std = 0;

	if (vdh_tables_input(&info, &dev->core.tables, input))
		return 0;
	for (u32 i = 0; i < info.timing_count; i++)
		std |= timing_std(dev, info.timing_first + i);
	return std;
}

static bool same_rate(const struct v4l2_bt_timings *bt, const struct vdh_timing_info *info)
{
	u64 lines = (u64)V4L2_DV_BT_FRAME_WIDTH(bt) * V4L2_DV_BT_FRAME_HEIGHT(bt);
	u64 clocks = div_u64((u64)info->pixel_clock_khz * 1000 * info->interval_num,
			     info->interval_den);
	u64 off = clocks > lines ? clocks - lines : lines - clocks;

	/* Nominal rates lie 0.1 % apart where one is the reduced form of the other. */
	return off * 2000 < lines;
}

/* The firmware's timing as V4L2 knows it; without a standard its blanking is unknown, and 0. */
static void to_dv_timings(struct v4l2_dv_timings *out, const struct vdh_timing_info *info)
{
	bool interlaced = info->flags & VDH_B_TIMING_FLAGS_INTERLACED;

	for (u32 i = 0; v4l2_dv_timings_presets[i].bt.width; i++) {
		const struct v4l2_bt_timings *bt = &v4l2_dv_timings_presets[i].bt;

		if (bt->width == info->width && bt->height == info->height &&
		    !!bt->interlaced == interlaced &&
		    div_u64(bt->pixelclock, 1000) == info->pixel_clock_khz &&
		    (bt->standards & V4L2_DV_BT_STD_CEA861) && same_rate(bt, info)) {
			*out = v4l2_dv_timings_presets[i];
			return;
		}
	}
	memset(out, 0, sizeof(*out));
	out->type = V4L2_DV_BT_656_1120;
	out->bt.width = info->width;
	out->bt.height = info->height;
	out->bt.interlaced = interlaced ? V4L2_DV_INTERLACED : V4L2_DV_PROGRESSIVE;
	out->bt.pixelclock = (u64)info->pixel_clock_khz * 1000;
}

/* With core_lock held, when firmware runs: what was chosen before, if this firmware has it. */
void vdl_input_apply(struct vdl_device *dev)
{
	if (dev->chosen && !vdh_input_select(&dev->core, dev->input))
		vdh_timing_select(&dev->core, dev->timing);
	if (dev->pattern)
		vdh_pattern_enable(&dev->core, 1);
	dev->input = dev->core.input;
	dev->timing = dev->core.timing;
	dev->picture.tvnorms = input_std(dev, dev->core.input);
}

u32 vdl_input_field(struct vdl_device *dev)
{
	struct vdh_timing_info info;

	return !vdh_tables_timing(&info, &dev->core.tables, dev->core.timing) &&
	       (info.flags & VDH_B_TIMING_FLAGS_INTERLACED) ?
	       V4L2_FIELD_INTERLACED : V4L2_FIELD_NONE;
}

/* ---- Inputs ---- */

static u32 input_status(struct vdl_device *dev)
{
	struct vdh_signal signal;

	if (vdl_result(dev, vdh_input_read_signal(&dev->core, &signal)))
		return V4L2_IN_ST_NO_POWER;
	if (signal.state == VDH_V_INPUT_STATUS_SIGNAL_NONE)
		return V4L2_IN_ST_NO_SIGNAL;
	if (signal.state == VDH_V_INPUT_STATUS_SIGNAL_LOCKED && !signal.mismatch)
		return 0;
	return analog(dev, dev->core.input) ? V4L2_IN_ST_NO_H_LOCK : V4L2_IN_ST_NO_SYNC;
}

int vdl_enum_input(struct file *file, void *fh, struct v4l2_input *input)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = vdl_errno(vdh_tables_input(&info, &dev->core.tables, input->index));
	if (!ret) {
		strscpy(input->name, info.name, sizeof(input->name));
		input->type = V4L2_INPUT_TYPE_CAMERA;
		input->std = input_std(dev, input->index);
		input->capabilities = info.kind == VDH_L_INPUT_KIND_ANALOG ?
			V4L2_IN_CAP_STD : V4L2_IN_CAP_DV_TIMINGS;
		if (input->index == dev->core.input)
			input->status = input_status(dev);
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_g_input(struct file *file, void *fh, unsigned int *input)
{
	struct vdl_device *dev = video_drvdata(file);

	mutex_lock(&dev->core_lock);
	*input = dev->core.input;
	mutex_unlock(&dev->core_lock);
	return 0;
}

int vdl_s_input(struct file *file, void *fh, unsigned int input)
{
	struct vdl_device *dev = video_drvdata(file);
	int ret = 0;

	mutex_lock(&dev->core_lock);
	if (input == dev->core.input && dev->ready)
		goto out;
	if (vb2_is_busy(&dev->queue)) {
		ret = -EBUSY;
		goto out;
	}
	ret = vdl_result(dev, vdh_input_select(&dev->core, input));
	if (!ret) {
		dev->chosen = true;
		dev->input = dev->core.input;
		dev->timing = dev->core.timing;
		dev->picture.tvnorms = input_std(dev, input);
		vdl_format_follow(dev);
	}
out:
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* ---- Timings ---- */

/* With core_lock held, and the picture node's lock. */
int vdl_input_choose_timing(struct vdl_device *dev, u32 timing)
{
	int ret;

	if (timing == dev->core.timing && dev->ready)
		return 0;
	if (vb2_is_busy(&dev->queue))
		return -EBUSY;
	ret = vdl_result(dev, vdh_timing_select(&dev->core, timing));
	if (!ret) {
		dev->chosen = true;
		dev->timing = timing;
		vdl_format_follow(dev);
	}
	return ret;
}

int vdl_g_std(struct file *file, void *fh, v4l2_std_id *std)
{
	struct vdl_device *dev = video_drvdata(file);
	int ret = -ENODATA;

	mutex_lock(&dev->core_lock);
	if (analog(dev, dev->core.input)) {
		*std = timing_std(dev, dev->core.timing);
		ret = 0;
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_s_std(struct file *file, void *fh, v4l2_std_id std)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	int ret = -ENODATA;

	mutex_lock(&dev->core_lock);
	if (analog(dev, dev->core.input) &&
	    !vdh_tables_input(&info, &dev->core.tables, dev->core.input)) {
		ret = -EINVAL;
		for (u32 i = 0; i < info.timing_count; i++)
			if (timing_std(dev, info.timing_first + i) & std) {
				ret = vdl_input_choose_timing(dev, info.timing_first + i);
				break;
			}
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_querystd(struct file *file, void *fh, v4l2_std_id *std)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_signal signal;
	int ret = -ENODATA;

	mutex_lock(&dev->core_lock);
	if (analog(dev, dev->core.input)) {
		ret = vdl_result(dev, vdh_input_read_signal(&dev->core, &signal));
		if (!ret)
			*std = signal.state == VDH_V_INPUT_STATUS_SIGNAL_LOCKED ?
			       timing_std(dev, signal.detected) : V4L2_STD_UNKNOWN;
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* With core_lock held: the selected input, if it is a digital one. */
static int digital_input(struct vdl_device *dev, struct vdh_input_info *info)
{
	if (vdh_tables_input(info, &dev->core.tables, dev->core.input))
		return -EBUSY;
	return info->kind == VDH_L_INPUT_KIND_DIGITAL ? 0 : -ENODATA;
}

static int get_timings(struct vdl_device *dev, u32 timing, struct v4l2_dv_timings *out)
{
	struct vdh_timing_info info;
	int ret = vdl_errno(vdh_tables_timing(&info, &dev->core.tables, timing));

	if (!ret)
		to_dv_timings(out, &info);
	return ret;
}

int vdl_enum_dv_timings(struct file *file, void *fh, struct v4l2_enum_dv_timings *timings)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = digital_input(dev, &info);
	if (!ret)
		ret = timings->index < info.timing_count ?
		      get_timings(dev, info.timing_first + timings->index, &timings->timings) :
		      -EINVAL;
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_g_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = digital_input(dev, &info);
	if (!ret)
		ret = get_timings(dev, dev->core.timing, timings);
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_query_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	struct vdh_signal signal;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = digital_input(dev, &info);
	if (!ret)
		ret = vdl_result(dev, vdh_input_read_signal(&dev->core, &signal));
	if (!ret && signal.state == VDH_V_INPUT_STATUS_SIGNAL_NONE)
		ret = -ENOLINK;
	else if (!ret && signal.state == VDH_V_INPUT_STATUS_SIGNAL_UNSTABLE)
		ret = -ENOLCK;
	else if (!ret && signal.detected == VDH_TIMING_NONE)
		ret = -ERANGE;
	if (!ret)
		ret = get_timings(dev, signal.detected, timings);
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_s_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_input_info info;
	struct v4l2_dv_timings at;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = digital_input(dev, &info);
	if (ret)
		goto out;
	ret = -EINVAL;
	for (u32 i = 0; i < info.timing_count; i++) {
		if (get_timings(dev, info.timing_first + i, &at) ||
		    !v4l2_match_dv_timings(timings, &at, 250000, false))
			continue;
		ret = vdl_input_choose_timing(dev, info.timing_first + i);
		if (!ret)
			*timings = at;
		break;
	}
out:
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_dv_timings_cap(struct file *file, void *fh, struct v4l2_dv_timings_cap *cap)
{
	struct vdl_device *dev = video_drvdata(file);
	struct v4l2_bt_timings_cap *bt = &cap->bt;
	struct vdh_timing_info timing;
	struct vdh_input_info info;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = digital_input(dev, &info);
	if (ret)
		goto out;
	memset(bt, 0, sizeof(*bt));
	cap->type = V4L2_DV_BT_656_1120;
	bt->min_width = U32_MAX;
	bt->min_height = U32_MAX;
	bt->min_pixelclock = U64_MAX;
	bt->standards = V4L2_DV_BT_STD_CEA861;
	for (u32 i = 0; i < info.timing_count; i++) {
		if (vdh_tables_timing(&timing, &dev->core.tables, info.timing_first + i))
			continue;
		bt->min_width = min_t(u32, bt->min_width, timing.width);
		bt->max_width = max_t(u32, bt->max_width, timing.width);
		bt->min_height = min_t(u32, bt->min_height, timing.height);
		bt->max_height = max_t(u32, bt->max_height, timing.height);
		bt->min_pixelclock = min(bt->min_pixelclock, (u64)timing.pixel_clock_khz * 1000);
		bt->max_pixelclock = max(bt->max_pixelclock, (u64)timing.pixel_clock_khz * 1000);
		bt->capabilities |= timing.flags & VDH_B_TIMING_FLAGS_INTERLACED ?
			V4L2_DV_BT_CAP_INTERLACED : V4L2_DV_BT_CAP_PROGRESSIVE;
	}
out:
	mutex_unlock(&dev->core_lock);
	return ret;
}
