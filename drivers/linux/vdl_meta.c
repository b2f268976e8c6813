// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata node: what the card says of each picture, in a record. It streams by itself; while
 * it does not, or has no buffer, records are dropped, and the next one says how many.
 */
#include <media/videobuf2-vmalloc.h>

#include "vdl.h"

static struct vdl_meta_buffer *to_buffer(struct vb2_buffer *vb)
{
	return container_of(to_vb2_v4l2_buffer(vb), struct vdl_meta_buffer, vb);
}

/* ---- vb2 ---- */

static int queue_setup(struct vb2_queue *queue, unsigned int *buffers, unsigned int *planes,
		       unsigned int sizes[], struct device *devices[])
{
	if (*planes)
		return sizes[0] < sizeof(struct vdl_frame_meta) ? -EINVAL : 0;
	*planes = 1;
	sizes[0] = sizeof(struct vdl_frame_meta);
	return 0;
}

static int buf_prepare(struct vb2_buffer *vb)
{
	return vb2_plane_size(vb, 0) < sizeof(struct vdl_frame_meta) ? -EINVAL : 0;
}

static void buf_queue(struct vb2_buffer *vb)
{
	struct vdl_device *dev = vb2_get_drv_priv(vb->vb2_queue);

	spin_lock(&dev->meta_spin);
	list_add_tail(&to_buffer(vb)->list, &dev->meta_queued);
	spin_unlock(&dev->meta_spin);
}

static int start_streaming(struct vb2_queue *queue, unsigned int count)
{
	struct vdl_device *dev = vb2_get_drv_priv(queue);

	spin_lock(&dev->meta_spin);
	dev->records_lost = 0;
	dev->meta_streams = true;
	spin_unlock(&dev->meta_spin);
	return 0;
}

static void stop_streaming(struct vb2_queue *queue)
{
	struct vdl_device *dev = vb2_get_drv_priv(queue);
	struct vdl_meta_buffer *buffer;
	struct vdl_meta_buffer *after;

	spin_lock(&dev->meta_spin);
	dev->meta_streams = false;
	list_for_each_entry_safe(buffer, after, &dev->meta_queued, list) {
		list_del(&buffer->list);
		vb2_buffer_done(&buffer->vb.vb2_buf, VB2_BUF_STATE_ERROR);
	}
	spin_unlock(&dev->meta_spin);
}

static const struct vb2_ops queue_ops = {
	.queue_setup = queue_setup,
	.buf_prepare = buf_prepare,
	.buf_queue = buf_queue,
	.start_streaming = start_streaming,
	.stop_streaming = stop_streaming,
	VDL_VB2_WAIT_OPS
};

/* All of it with the lock held: whoever stops the queue finds each buffer in the list, or done. */
void vdl_meta_record(struct vdl_device *dev, const struct vdl_frame_meta *record, u64 timestamp)
{
	struct vdl_meta_buffer *buffer;
	struct vdl_frame_meta *into;

	spin_lock(&dev->meta_spin);
	buffer = list_first_entry_or_null(&dev->meta_queued, struct vdl_meta_buffer, list);
	if (!dev->meta_streams || !buffer) {
		dev->records_lost += dev->meta_streams;
		spin_unlock(&dev->meta_spin);
		return;
	}
	list_del(&buffer->list);
	into = vb2_plane_vaddr(&buffer->vb.vb2_buf, 0);
	if (into) {
		*into = *record;
		into->records_lost = dev->records_lost;
		dev->records_lost = 0;
	}
	buffer->vb.sequence = record->sequence;
	buffer->vb.field = V4L2_FIELD_NONE;
	buffer->vb.vb2_buf.timestamp = timestamp;
	vb2_set_plane_payload(&buffer->vb.vb2_buf, 0, into ? sizeof(*into) : 0);
	vb2_buffer_done(&buffer->vb.vb2_buf, into ? VB2_BUF_STATE_DONE : VB2_BUF_STATE_ERROR);
	spin_unlock(&dev->meta_spin);
}

int vdl_meta_init(struct vdl_device *dev)
{
	struct vb2_queue *queue = &dev->meta_queue;

	queue->type = V4L2_BUF_TYPE_META_CAPTURE;
	queue->io_modes = VB2_MMAP | VB2_USERPTR | VB2_DMABUF;
	queue->drv_priv = dev;
	queue->buf_struct_size = sizeof(struct vdl_meta_buffer);
	queue->ops = &queue_ops;
	queue->mem_ops = &vb2_vmalloc_memops;
	queue->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	queue->lock = &dev->meta_lock;
	queue->dev = &dev->pci->dev;
	return vb2_queue_init(queue);
}

/* ---- ioctls ---- */

static int enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *desc)
{
	if (desc->index)
		return -EINVAL;
	desc->pixelformat = VDL_META_FMT;
	strscpy(desc->description, "Capture Card Frame Record", sizeof(desc->description));
	return 0;
}

static int get_fmt(struct file *file, void *fh, struct v4l2_format *format)
{
	memset(&format->fmt, 0, sizeof(format->fmt));
	format->fmt.meta.dataformat = VDL_META_FMT;
	format->fmt.meta.buffersize = sizeof(struct vdl_frame_meta);
	return 0;
}

/* The card's inputs are chosen on the picture node; here is what it says of their pictures. */
static int enum_input(struct file *file, void *fh, struct v4l2_input *input)
{
	if (input->index)
		return -EINVAL;
	input->type = V4L2_INPUT_TYPE_CAMERA;
	strscpy(input->name, "Frame records", sizeof(input->name));
	return 0;
}

static int get_input(struct file *file, void *fh, unsigned int *input)
{
	*input = 0;
	return 0;
}

static int set_input(struct file *file, void *fh, unsigned int input)
{
	return input ? -EINVAL : 0;
}

const struct v4l2_ioctl_ops vdl_meta_ioctls = {
	.vidioc_querycap = vdl_querycap,
	.vidioc_enum_fmt_meta_cap = enum_fmt,
	.vidioc_g_fmt_meta_cap = get_fmt,
	.vidioc_s_fmt_meta_cap = get_fmt,
	.vidioc_try_fmt_meta_cap = get_fmt,
	.vidioc_enum_input = enum_input,
	.vidioc_g_input = get_input,
	.vidioc_s_input = set_input,
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
