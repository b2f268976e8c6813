// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which sizes and intervals there are, and the window within the raster. Modes with a range of
 * windows show as one range where that covers all the others; V4L2 has no list of ranges.
 */
#include "vdl.h"

/* Mode `index`, if the selected input has it in this pixel format. */
static bool get_mode(struct vdh_mode_info *mode, struct vdl_device *dev, u32 index, u32 fourcc)
{
	int bit = vdh_format_index(fourcc);

	return bit >= 0 && !vdh_tables_mode(mode, &dev->core.tables, index) &&
	       (mode->inputs >> dev->core.input & 1) && (mode->formats >> bit & 1);
}

static bool ranges(const struct vdh_mode_info *mode)
{
	return mode->width_min != mode->width || mode->height_min != mode->height;
}

/* The core's rule: from the smallest in steps, and the largest always. */
static bool on_axis(u32 value, u32 least, u32 most, u32 step)
{
	return value == most || (value >= least && value < most && (value - least) % step == 0);
}

static bool allows(const struct vdh_mode_info *mode, u32 width, u32 height)
{
	return on_axis(width, mode->width_min, mode->width, mode->width_step) &&
	       on_axis(height, mode->height_min, mode->height, mode->height_step);
}

/* The mode whose windows are all the sizes there are. */
static bool find_range(struct vdh_mode_info *out, struct vdl_device *dev, u32 fourcc)
{
	struct vdh_mode_info mode;
	bool found = false;
	u32 i;

	for (i = 0; i < dev->core.tables.mode_count; i++)
		if (get_mode(&mode, dev, i, fourcc) && ranges(&mode) &&
		    (!found || mode.width > out->width)) {
			*out = mode;
			found = true;
		}
	for (i = 0; found && i < dev->core.tables.mode_count; i++)
		if (get_mode(&mode, dev, i, fourcc) &&
		    (!allows(out, mode.width, mode.height) ||
		     !allows(out, mode.width_min, mode.height_min) ||
		     (ranges(&mode) && (mode.width_step % out->width_step ||
					mode.height_step % out->height_step))))
			found = false;
	return found && (out->width - out->width_min) % out->width_step == 0 &&
	       (out->height - out->height_min) % out->height_step == 0;
}

/* Whether another mode before it has the same raster. */
static bool repeated(struct vdl_device *dev, u32 index, u32 fourcc)
{
	struct vdh_mode_info mode;
	struct vdh_mode_info before;

	if (!get_mode(&mode, dev, index, fourcc))
		return true;
	for (u32 i = 0; i < index; i++)
		if (get_mode(&before, dev, i, fourcc) && before.width == mode.width &&
		    before.height == mode.height)
			return true;
	return false;
}

int vdl_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *size)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_mode_info mode;
	u32 left = size->index;
	int ret = -EINVAL;

	mutex_lock(&dev->core_lock);
	if (find_range(&mode, dev, size->pixel_format)) {
		size->type = V4L2_FRMSIZE_TYPE_STEPWISE;
		size->stepwise.min_width = mode.width_min;
		size->stepwise.max_width = mode.width;
		size->stepwise.step_width = mode.width_step;
		size->stepwise.min_height = mode.height_min;
		size->stepwise.max_height = mode.height;
		size->stepwise.step_height = mode.height_step;
		ret = left ? -EINVAL : 0;
		goto out;
	}
	for (u32 i = 0; i < dev->core.tables.mode_count; i++) {
		if (repeated(dev, i, size->pixel_format) || left--)
			continue;
		get_mode(&mode, dev, i, size->pixel_format);
		size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
		size->discrete.width = mode.width;
		size->discrete.height = mode.height;
		ret = 0;
		break;
	}
out:
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* Interval `item` of mode `index`, unless a mode before it gives the same for this size. */
static bool new_interval(struct vdl_device *dev, const struct v4l2_frmivalenum *asked, u32 index,
			 u32 item, struct vdh_interval *out)
{
	const struct vdh_tables *tables = &dev->core.tables;
	struct vdh_mode_info mode;
	struct vdh_interval other;

	get_mode(&mode, dev, index, asked->pixel_format);
	if (vdh_tables_interval(out, tables, mode.interval_first + item))
		return false;
	for (u32 i = 0; i < index; i++) {
		if (!get_mode(&mode, dev, i, asked->pixel_format) ||
		    !allows(&mode, asked->width, asked->height))
			continue;
		for (u32 j = 0; j < mode.interval_count; j++)
			if (!vdh_tables_interval(&other, tables, mode.interval_first + j) &&
			    (u64)other.num * out->den == (u64)out->num * other.den)
				return false;
	}
	return true;
}

int vdl_enum_frameintervals(struct file *file, void *fh, struct v4l2_frmivalenum *interval)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_interval at = { 0, 0 };
	struct vdh_mode_info mode;
	u32 left = interval->index;
	int ret = -EINVAL;

	mutex_lock(&dev->core_lock);
	for (u32 i = 0; ret && i < dev->core.tables.mode_count; i++) {
		if (!get_mode(&mode, dev, i, interval->pixel_format) ||
		    !allows(&mode, interval->width, interval->height))
			continue;
		for (u32 j = 0; j < mode.interval_count; j++) {
			if (!new_interval(dev, interval, i, j, &at) || left--)
				continue;
			interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
			interval->discrete.numerator = at.num;
			interval->discrete.denominator = at.den;
			ret = 0;
			break;
		}
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* ---- The window ---- */

/* Whether the selected input has any window in the present pixel format. With core_lock held. */
static bool has_windows(struct vdl_device *dev)
{
	struct vdh_mode_info mode;

	for (u32 i = 0; i < dev->core.tables.mode_count; i++)
		if (get_mode(&mode, dev, i, dev->format.fourcc) && ranges(&mode))
			return true;
	return false;
}

/* The data sheet: rasters 720 pixels wide have those of BT.601. V4L2 wants height by width. */
int vdl_g_pixelaspect(struct file *file, void *fh, int type, struct v4l2_fract *aspect)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_mode_info mode;

	if (type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	mutex_lock(&dev->core_lock);
	if (!vdh_tables_mode(&mode, &dev->core.tables, dev->format.mode) && mode.width == 720 &&
	    (mode.height == 576 || mode.height == 480)) {
		aspect->numerator = 11;
		aspect->denominator = mode.height == 576 ? 12 : 10;
	}
	mutex_unlock(&dev->core_lock);
	return 0;
}

int vdl_g_selection(struct file *file, void *fh, struct v4l2_selection *selection)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_mode_info mode;
	int ret = 0;

	if (selection->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	mutex_lock(&dev->core_lock);
	if (vdh_tables_mode(&mode, &dev->core.tables, dev->format.mode)) {
		ret = -EBUSY;
		goto out;
	}
	if (!has_windows(dev)) {
		ret = -ENODATA;
		goto out;
	}
	switch (selection->target) {
	case V4L2_SEL_TGT_CROP:
		selection->r.left = dev->format.left;
		selection->r.top = dev->format.top;
		selection->r.width = dev->format.width;
		selection->r.height = dev->format.height;
		break;
	case V4L2_SEL_TGT_CROP_DEFAULT:
	case V4L2_SEL_TGT_CROP_BOUNDS:
		selection->r.left = 0;
		selection->r.top = 0;
		selection->r.width = mode.width;
		selection->r.height = mode.height;
		break;
	default:
		ret = -EINVAL;
	}
out:
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* One axis of a wish, made one that the mode has. ERANGE: not within what the flags allow. */
static int settle(s32 *at, u32 *size, u32 least, u32 most, u32 step, u32 flags)
{
	u32 wish = clamp(*size, least, most);
	u32 got = least + (wish - least) / step * step;

	/* Upwards, unless it must not be larger; the largest is always one. */
	if (got < wish && !(flags & V4L2_SEL_FLAG_LE))
		got += step;
	if (got > most || wish == most)
		got = most;
	if (((flags & V4L2_SEL_FLAG_LE) && got > *size) ||
	    ((flags & V4L2_SEL_FLAG_GE) && got < *size))
		return -ERANGE;
	*size = got;
	*at = clamp_t(s32, *at, 0, most - got);
	*at -= *at % (s32)step;
	return 0;
}

int vdl_s_selection(struct file *file, void *fh, struct v4l2_selection *selection)
{
	struct vdl_device *dev = video_drvdata(file);
	struct v4l2_rect rect = selection->r;
	struct vdh_mode_info mode;
	u32 line;
	int ret;

	if (selection->type != V4L2_BUF_TYPE_VIDEO_CAPTURE ||
	    selection->target != V4L2_SEL_TGT_CROP ||
	    !vdh_field_get(dev->core.identity.caps, VDH_F_CAPS_CROP))
		return -EINVAL;
	if (vb2_is_streaming(&dev->queue))
		return -EBUSY;
	mutex_lock(&dev->core_lock);
	ret = vdl_errno(vdh_tables_mode(&mode, &dev->core.tables, dev->format.mode));
	if (!ret && !has_windows(dev))
		ret = -ENODATA;
	if (!ret)
		ret = settle(&rect.left, &rect.width, mode.width_min, mode.width, mode.width_step,
			     selection->flags);
	if (!ret)
		ret = settle(&rect.top, &rect.height, mode.height_min, mode.height,
			     mode.height_step, selection->flags);
	/* There is no scaler: another window of another size is another format. */
	if (!ret && vb2_is_busy(&dev->queue) &&
	    (rect.width != dev->format.width || rect.height != dev->format.height))
		ret = -EBUSY;
	if (!ret) {
		line = vdh_format_line_bytes(dev->format.fourcc, rect.width);
		if (rect.width != dev->format.width)
			dev->format.stride_bytes = line;
		dev->format.left = rect.left;
		dev->format.top = rect.top;
		dev->format.width = rect.width;
		dev->format.height = rect.height;
		dev->cropped = rect.width != mode.width || rect.height != mode.height;
		selection->r = rect;
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}
