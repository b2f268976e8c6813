// SPDX-License-Identifier: GPL-2.0-only
/* Picture formats and frame intervals: what the core makes of a request, in V4L2's words. */
#include "vdl.h"

static bool offered(struct vdl_device *dev, u32 fourcc)
{
	struct vdh_mode_info mode;
	int index = vdh_format_index(fourcc);

	for (u32 i = 0; index >= 0 && !vdh_tables_mode(&mode, &dev->core.tables, i); i++)
		if ((mode.inputs >> dev->core.input & 1) && (mode.formats >> index & 1))
			return true;
	return false;
}

int vdl_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *desc)
{
	struct vdl_device *dev = video_drvdata(file);
	u32 left = desc->index;
	u32 fourcc;
	int ret = -EINVAL;

	mutex_lock(&dev->core_lock);
	for (u32 i = 0; (fourcc = vdh_format_fourcc(i)) != 0; i++) {
		if (!offered(dev, fourcc) || left--)
			continue;
		desc->pixelformat = fourcc;
		ret = 0;
		break;
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* After other firmware or another input: as much of the present format as there is. */
void vdl_format_reset(struct vdl_device *dev)
{
	u32 changed;

	lockdep_assert_held(&dev->core_lock);
	if (dev->cropped && dev->format_version == dev->core.running_version)
		return;
	dev->format_version = dev->core.running_version;
	if (vdh_format_adjust(&dev->core, &dev->format, &changed)) {
		memset(&dev->format, 0, sizeof(dev->format));
		vdh_format_adjust(&dev->core, &dev->format, &changed);
	}
	dev->cropped = false;
}

/* After another timing: its size, as near as there is, as V4L2 wants it. */
void vdl_format_follow(struct vdl_device *dev)
{
	struct vdh_timing_info timing;
	struct vdh_format wish = { .fourcc = dev->format.fourcc };
	u32 changed;

	lockdep_assert_held(&dev->core_lock);
	if (!vdh_tables_timing(&timing, &dev->core.tables, dev->core.timing)) {
		wish.width = timing.width;
		wish.height = timing.height;
		wish.interval.num = timing.interval_num;
		wish.interval.den = timing.interval_den;
	}
	if (vdh_format_adjust(&dev->core, &wish, &changed))
		return;
	dev->format = wish;
	dev->cropped = false;
}

/* The data sheet: BT.601, limited range for Y, U, V; R, G, B from 0 to 255. */
static void fill(struct vdl_device *dev, struct v4l2_pix_format *pix,
		 const struct vdh_format *format)
{
	bool rgb = format->fourcc == VDH_FOURCC_RGB24;

	memset(pix, 0, sizeof(*pix));
	pix->width = format->width;
	pix->height = format->height;
	pix->pixelformat = format->fourcc;
	pix->field = vdl_input_field(dev);
	pix->bytesperline = format->stride_bytes;
	pix->sizeimage = vdh_format_frame_bytes(format->fourcc, format->stride_bytes,
						format->height);
	pix->colorspace = V4L2_COLORSPACE_SMPTE170M;
	pix->ycbcr_enc = V4L2_YCBCR_ENC_601;
	pix->quantization = rgb ? V4L2_QUANTIZATION_FULL_RANGE : V4L2_QUANTIZATION_LIM_RANGE;
	pix->xfer_func = V4L2_XFER_FUNC_709;
}

int vdl_g_fmt(struct file *file, void *fh, struct v4l2_format *format)
{
	struct vdl_device *dev = video_drvdata(file);

	mutex_lock(&dev->core_lock);
	fill(dev, &format->fmt.pix, &dev->format);
	mutex_unlock(&dev->core_lock);
	return 0;
}

/* With core_lock held. */
static int adjust(struct vdl_device *dev, const struct v4l2_pix_format *pix,
		  struct vdh_format *out)
{
	u32 line = vdh_format_line_bytes(pix->pixelformat, pix->width);
	struct vdh_format wish = {
		.fourcc = pix->pixelformat,
		.width = pix->width,
		.height = pix->height,
		.interval = dev->format.interval,
	};
	u32 changed;
	int result;

	if (!offered(dev, wish.fourcc))
		wish.fourcc = dev->format.fourcc;
	if (line && pix->bytesperline > line && pix->bytesperline <= 65535)
		wish.stride_bytes = pix->bytesperline;
	/* The window that was chosen stays, where the size does. */
	if (dev->cropped && wish.fourcc == dev->format.fourcc &&
	    wish.width == dev->format.width && wish.height == dev->format.height) {
		*out = dev->format;
		out->stride_bytes = wish.stride_bytes ?: line;
		return 0;
	}
	result = vdh_format_adjust(&dev->core, &wish, &changed);
	if (!result)
		*out = wish;
	return vdl_errno(result);
}

int vdl_try_fmt(struct file *file, void *fh, struct v4l2_format *format)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_format got;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = adjust(dev, &format->fmt.pix, &got);
	if (!ret)
		fill(dev, &format->fmt.pix, &got);
	mutex_unlock(&dev->core_lock);
	return ret;
}

int vdl_s_fmt(struct file *file, void *fh, struct v4l2_format *format)
{
	struct vdl_device *dev = video_drvdata(file);
	struct vdh_format got;
	int ret;

	if (vb2_is_busy(&dev->queue))
		return -EBUSY;
	mutex_lock(&dev->core_lock);
	ret = adjust(dev, &format->fmt.pix, &got);
	if (!ret) {
		if (got.width != dev->format.width || got.height != dev->format.height ||
		    got.mode != dev->format.mode)
			dev->cropped = false;
		dev->format = got;
		fill(dev, &format->fmt.pix, &got);
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}

/* ---- Intervals ---- */

static void fill_parm(struct vdl_device *dev, struct v4l2_streamparm *parm)
{
	struct v4l2_captureparm *capture = &parm->parm.capture;

	memset(capture, 0, sizeof(*capture));
	capture->capability = V4L2_CAP_TIMEPERFRAME;
	capture->timeperframe.numerator = dev->format.interval.num;
	capture->timeperframe.denominator = dev->format.interval.den;
	capture->readbuffers = 2;
}

int vdl_g_parm(struct file *file, void *fh, struct v4l2_streamparm *parm)
{
	struct vdl_device *dev = video_drvdata(file);

	if (parm->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	mutex_lock(&dev->core_lock);
	fill_parm(dev, parm);
	mutex_unlock(&dev->core_lock);
	return 0;
}

/* A window that a program chose keeps its mode, and so the mode's intervals. */
static void choose_in_mode(struct vdl_device *dev, struct vdh_interval want)
{
	struct vdh_mode_info mode;
	struct vdh_interval at;
	u64 best = U64_MAX;

	if (vdh_tables_mode(&mode, &dev->core.tables, dev->format.mode))
		return;
	for (u32 i = 0; i < mode.interval_count; i++) {
		u64 a, b, distance;

		if (vdh_tables_interval(&at, &dev->core.tables, mode.interval_first + i))
			return;
		/* Compares at / want with 1; what the card has is at most 16 bits wide. */
		a = (u64)at.num * want.den;
		b = (u64)want.num * at.den;
		distance = div64_u64((a > b ? a - b : b - a) << 16, (u64)at.den);
		if (distance < best) {
			best = distance;
			dev->format.interval = at;
		}
	}
}

int vdl_s_parm(struct file *file, void *fh, struct v4l2_streamparm *parm)
{
	struct vdl_device *dev = video_drvdata(file);
	const struct v4l2_fract *want = &parm->parm.capture.timeperframe;
	struct vdh_format wish;
	u32 changed;
	int ret = 0;

	if (parm->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
		return -EINVAL;
	if (vb2_is_streaming(&dev->queue))
		return -EBUSY;
	mutex_lock(&dev->core_lock);
	wish = dev->format;
	wish.interval.num = 0;
	wish.interval.den = 0;
	if (want->numerator && want->denominator) {
		wish.interval.num = want->numerator;
		wish.interval.den = want->denominator;
	}
	/* The core and the arithmetic here want them as small as the card's own. */
	while (wish.interval.num > 65535 || wish.interval.den > 65535) {
		wish.interval.num = max(wish.interval.num / 2, 1u);
		wish.interval.den = max(wish.interval.den / 2, 1u);
	}
	if (dev->cropped && wish.interval.num)
		choose_in_mode(dev, wish.interval);
	else if (!dev->cropped)
		ret = vdl_errno(vdh_format_adjust(&dev->core, &wish, &changed));
	if (!ret && !dev->cropped)
		dev->format = wish;
	fill_parm(dev, parm);
	mutex_unlock(&dev->core_lock);
	return ret;
}
