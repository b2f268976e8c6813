// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two nodes of a card. They are registered when the first boot has ended, well or not: what
 * user space finds has its controls and formats, or can be repaired.
 */
#include <linux/compat.h>

#include "vdl.h"

int vdl_querycap(struct file *file, void *fh, struct v4l2_capability *cap)
{
	strscpy(cap->driver, VDL_NAME, sizeof(cap->driver));
	strscpy(cap->card, VIDICON_BRAND_PRODUCT_NAME, sizeof(cap->card));
	return 0;
}

/* ---- Events ---- */

static int frame_sync_add(struct v4l2_subscribed_event *event, unsigned int elements)
{
	struct vdl_device *dev = video_get_drvdata(event->fh->vdev);

	atomic_inc(&dev->frame_syncs);
	return 0;
}

static void frame_sync_del(struct v4l2_subscribed_event *event)
{
	struct vdl_device *dev = video_get_drvdata(event->fh->vdev);

	atomic_dec(&dev->frame_syncs);
}

static const struct v4l2_subscribed_event_ops frame_sync_ops = {
	.add = frame_sync_add,
	.del = frame_sync_del,
};

int vdl_subscribe(struct v4l2_fh *fh, const struct v4l2_event_subscription *sub)
{
	struct vdl_device *dev = video_get_drvdata(fh->vdev);

	switch (sub->type) {
	case VDL_EVENT_FIRMWARE:
	case VDL_EVENT_ERROR:
		return v4l2_event_subscribe(fh, sub, 2, NULL);
	default:
		break;
	}
	if (fh->vdev != &dev->picture)
		return -EINVAL;
	switch (sub->type) {
	case V4L2_EVENT_FRAME_SYNC:
		/* Takes effect at the next VIDIOC_STREAMON. */
		if (!vdh_field_get(dev->core.identity.caps, VDH_F_CAPS_WATERMARK))
			return -EINVAL;
		return v4l2_event_subscribe(fh, sub, 4, &frame_sync_ops);
	case V4L2_EVENT_SOURCE_CHANGE:
		return v4l2_src_change_event_subscribe(fh, sub);
	case V4L2_EVENT_CTRL:
		return v4l2_ctrl_subscribe_event(fh, sub);
	default:
		return -EINVAL;
	}
}

void vdl_event(struct vdl_device *dev, u32 type)
{
	struct v4l2_event event = { .type = type };

	if (type == V4L2_EVENT_SOURCE_CHANGE)
		event.u.src_change.changes = V4L2_EVENT_SRC_CH_RESOLUTION;
	if (video_is_registered(&dev->picture))
		v4l2_event_queue(&dev->picture, &event);
	if (type != V4L2_EVENT_SOURCE_CHANGE && video_is_registered(&dev->meta))
		v4l2_event_queue(&dev->meta, &event);
}

/* ---- Nodes ---- */

/*
 * A card that is gone answers nothing, also while PCI has not noticed yet. Its last account can be
 * asked for, and streaming ended.
 */
static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct vdl_device *dev = video_drvdata(file);

	if (READ_ONCE(dev->gone) && cmd != VDL_IOC_COUNTS && cmd != VIDIOC_STREAMOFF)
		return -ENODEV;
	return video_ioctl2(file, cmd, arg);
}

#ifdef CONFIG_COMPAT
/* Only what V4L2 does not know comes here, and that is the same for 32 and 64 bits. */
static long compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return node_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

const struct v4l2_file_operations vdl_fops = {
	.owner = THIS_MODULE,
	.open = v4l2_fh_open,
	.release = vb2_fop_release,
	.mmap = vb2_fop_mmap,
	.poll = vb2_fop_poll,
	.read = vb2_fop_read,
	.unlocked_ioctl = node_ioctl,
#ifdef CONFIG_COMPAT
	.compat_ioctl32 = compat_ioctl,
#endif
};

static const struct v4l2_ioctl_ops picture_ioctls = {
	.vidioc_querycap = vdl_querycap,
	.vidioc_enum_fmt_vid_cap = vdl_enum_fmt,
	.vidioc_g_fmt_vid_cap = vdl_g_fmt,
	.vidioc_s_fmt_vid_cap = vdl_s_fmt,
	.vidioc_try_fmt_vid_cap = vdl_try_fmt,
	.vidioc_g_parm = vdl_g_parm,
	.vidioc_s_parm = vdl_s_parm,
	.vidioc_enum_framesizes = vdl_enum_framesizes,
	.vidioc_enum_frameintervals = vdl_enum_frameintervals,
	.vidioc_g_pixelaspect = vdl_g_pixelaspect,
	.vidioc_g_selection = vdl_g_selection,
	.vidioc_s_selection = vdl_s_selection,
	.vidioc_enum_input = vdl_enum_input,
	.vidioc_g_input = vdl_g_input,
	.vidioc_s_input = vdl_s_input,
	.vidioc_g_std = vdl_g_std,
	.vidioc_s_std = vdl_s_std,
	.vidioc_querystd = vdl_querystd,
	.vidioc_enum_dv_timings = vdl_enum_dv_timings,
	.vidioc_query_dv_timings = vdl_query_dv_timings,
	.vidioc_g_dv_timings = vdl_g_dv_timings,
	.vidioc_s_dv_timings = vdl_s_dv_timings,
	.vidioc_dv_timings_cap = vdl_dv_timings_cap,
	.vidioc_reqbufs = vb2_ioctl_reqbufs,
	.vidioc_create_bufs = vb2_ioctl_create_bufs,
	.vidioc_prepare_buf = vb2_ioctl_prepare_buf,
	.vidioc_querybuf = vb2_ioctl_querybuf,
	.vidioc_qbuf = vb2_ioctl_qbuf,
	.vidioc_dqbuf = vb2_ioctl_dqbuf,
	.vidioc_expbuf = vb2_ioctl_expbuf,
	.vidioc_streamon = vb2_ioctl_streamon,
	.vidioc_streamoff = vb2_ioctl_streamoff,
	.vidioc_log_status = vdl_log_status,
	.vidioc_subscribe_event = vdl_subscribe,
	.vidioc_unsubscribe_event = v4l2_event_unsubscribe,
	.vidioc_default = vdl_private_ioctl,
};

void vdl_video_init(struct vdl_device *dev)
{
	struct video_device *picture = &dev->picture;
	struct video_device *meta = &dev->meta;

	picture->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE;
	picture->queue = &dev->queue;
	picture->lock = &dev->lock;
	picture->ioctl_ops = &picture_ioctls;
	picture->ctrl_handler = &dev->handler;
	strscpy(picture->name, VIDICON_BRAND_PRODUCT_NAME, sizeof(picture->name));

	meta->device_caps = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING;
	meta->queue = &dev->meta_queue;
	meta->lock = &dev->meta_lock;
	meta->ioctl_ops = &vdl_meta_ioctls;
	strscpy(meta->name, VIDICON_BRAND_PRODUCT_NAME " Records", sizeof(meta->name));

	for (u32 i = 0; i < 2; i++) {
		struct video_device *node = i ? meta : picture;

		node->v4l2_dev = &dev->v4l2;
		node->fops = &vdl_fops;
		node->release = video_device_release_empty;
	}
}

static int add_node(struct vdl_device *dev, struct video_device *node)
{
	if (video_is_registered(node))
		return 0;
	/* A try that failed may have left it half made; nobody has seen it. */
	memset(&node->dev, 0, sizeof(node->dev));
	video_set_drvdata(node, dev);
	return video_register_device(node, VFL_TYPE_VIDEO, -1);
}

/* If the second fails the first stays: it may be open by now. The next boot tries again. */
int vdl_video_register(struct vdl_device *dev)
{
	int ret = add_node(dev, &dev->picture);

	if (!ret)
		ret = add_node(dev, &dev->meta);
	if (ret) {
		dev_err(&dev->pci->dev, "the nodes cannot be registered: %d\n", ret);
		return ret;
	}
	dev_info(&dev->pci->dev, "%s and %s, %s, firmware %u.%u.%u\n",
		 video_device_node_name(&dev->picture), video_device_node_name(&dev->meta),
		 dev->core.identity.serial,
		 vdh_field_get(dev->core.running_version, VDH_F_FW_VERSION_MAJOR),
		 vdh_field_get(dev->core.running_version, VDH_F_FW_VERSION_MINOR),
		 vdh_field_get(dev->core.running_version, VDH_F_FW_VERSION_PATCH));
	return 0;
}

/*
 * vb2_video_unregister_device() asks without the lock whether the queue has an owner. A first
 * read() has buffers and waits for its picture, but owns the queue only when it has got that.
 */
static void remove_node(struct video_device *node)
{
	/* Those that were never registered are let be. */
	if (!video_is_registered(node))
		return;
	video_unregister_device(node);
	mutex_lock(node->lock);
	vb2_queue_release(node->queue);
	node->queue->owner = NULL;
	mutex_unlock(node->lock);
}

/* Ends streaming, and gives up the queues. Files may stay open. */
void vdl_video_unregister(struct vdl_device *dev)
{
	remove_node(&dev->meta);
	remove_node(&dev->picture);
}
