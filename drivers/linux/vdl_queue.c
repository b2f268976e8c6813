// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture queue: buffers of any origin as lists of segments that the card walks by itself. A
 * list lies in blocks of a page, chained by links, and is written once for a buffer that stays.
 */
#include <linux/dmapool.h>
#include <linux/slab.h>
#include <media/videobuf2-dma-sg.h>

#include "vdl.h"

static struct vdl_buffer *to_buffer(struct vb2_buffer *vb)
{
	return container_of(to_vb2_v4l2_buffer(vb), struct vdl_buffer, vb);
}

/* ---- Segments ---- */

/* Data segments of a block: the last place is the link's. */
#define BLOCK_DATA	(VDL_BLOCK_SEGMENTS - 1)

static void free_blocks(struct vdl_device *dev, struct vdl_buffer *buffer)
{
	for (u32 i = 0; i < buffer->block_count; i++)
		dma_pool_free(dev->blocks, buffer->blocks[i].bytes, buffer->blocks[i].address);
	kvfree(buffer->blocks);
	buffer->blocks = NULL;
	buffer->block_count = 0;
	buffer->segments = 0;
}

static int get_blocks(struct vdl_device *dev, struct vdl_buffer *buffer, u32 count)
{
	if (count <= buffer->block_count)
		return 0;
	free_blocks(dev, buffer);
	buffer->blocks = kvcalloc(count, sizeof(*buffer->blocks), GFP_KERNEL);
	if (!buffer->blocks)
		return -ENOMEM;
	for (u32 i = 0; i < count; i++) {
		struct vdl_block *block = &buffer->blocks[i];

		block->bytes = dma_pool_alloc(dev->blocks, GFP_KERNEL, &block->address);
		if (!block->bytes) {
			free_blocks(dev, buffer);
			return -ENOMEM;
		}
		buffer->block_count = i + 1;
	}
	return 0;
}

/* What one segment may hold of what is left at an address. */
static u32 piece_bytes(u32 left)
{
	return vdl_segment_bytes ? min(left, vdl_segment_bytes) : left;
}

/* How many segments the first `bytes` of the table need; 0 if it is shorter than that. */
static u64 count_segments(struct sg_table *table, u32 bytes)
{
	struct scatterlist *sg;
	u64 count = 0;
	int i;

	for_each_sgtable_dma_sg(table, sg, i) {
		u32 length = min_t(u32, sg_dma_len(sg), bytes);

		if (!length)
			break;
		count += vdl_segment_bytes ? DIV_ROUND_UP(length, vdl_segment_bytes) : 1;
		bytes -= length;
	}
	return bytes ? 0 : count;
}

static void put_segments(struct vdl_buffer *buffer, struct sg_table *table, u32 bytes)
{
	struct scatterlist *sg;
	u32 n = 0;
	int i;

	for_each_sgtable_dma_sg(table, sg, i) {
		dma_addr_t address = sg_dma_address(sg);
		u32 left = min_t(u32, sg_dma_len(sg), bytes);

		bytes -= left;
		while (left) {
			u32 piece = piece_bytes(left);

			vdh_segment_put(buffer->blocks[n / BLOCK_DATA].bytes, n % BLOCK_DATA,
					address, piece);
			address += piece;
			left -= piece;
			n++;
		}
	}
}

static void put_links(struct vdl_buffer *buffer, u32 count)
{
	u32 last = (count - 1) / BLOCK_DATA;

	/* From the end: a link says how many segments the next block has, its link included. */
	buffer->first_count = count - last * BLOCK_DATA;
	for (u32 i = last; i > 0; i--) {
		vdh_segment_put_link(buffer->blocks[i - 1].bytes, BLOCK_DATA,
				     buffer->blocks[i].address, buffer->first_count);
		buffer->first_count = VDL_BLOCK_SEGMENTS;
	}
}

static int write_segments(struct vdl_device *dev, struct vdl_buffer *buffer)
{
	struct sg_table *table = vb2_dma_sg_plane_desc(&buffer->vb.vb2_buf, 0);
	unsigned long size = vb2_plane_size(&buffer->vb.vb2_buf, 0);
	u64 count;
	int ret;

	buffer->segments = 0;
	if (!table || !size || size > U32_MAX)
		return -EINVAL;
	count = count_segments(table, size);
	/* Links count as segments, too. */
	if (!count || count + count / BLOCK_DATA > VDL_SEGMENTS_MAX)
		return -EINVAL;
	ret = get_blocks(dev, buffer, DIV_ROUND_UP((u32)count, BLOCK_DATA));
	if (ret)
		return ret;
	put_segments(buffer, table, size);
	put_links(buffer, count);
	buffer->segments = count;
	buffer->capacity_bytes = size;
	return 0;
}

/* ---- vb2 ---- */

#define BUFFERS_LEAST	4u

static u32 frame_bytes(struct vdl_device *dev)
{
	u32 bytes;

	mutex_lock(&dev->core_lock);
	bytes = vdh_format_frame_bytes(dev->format.fourcc, dev->format.stride_bytes,
				       dev->format.height);
	mutex_unlock(&dev->core_lock);
	return bytes;
}

static int queue_setup(struct vb2_queue *queue, unsigned int *buffers, unsigned int *planes,
		       unsigned int sizes[], struct device *devices[])
{
	struct vdl_device *dev = vb2_get_drv_priv(queue);
	u32 bytes = frame_bytes(dev);

	/* A read() may have waited for the lock while the driver let go of the card. */
	if (READ_ONCE(dev->gone))
		return -ENODEV;
	if (!bytes)
		return -EBUSY;
	if (*planes)
		return sizes[0] < bytes ? -EINVAL : 0;
	/* One is filled, one is to follow at once, the others are with the program. */
	*buffers = max(*buffers, BUFFERS_LEAST);
	*planes = 1;
	sizes[0] = bytes;
	return 0;
}

static int buf_init(struct vb2_buffer *vb)
{
	struct vdl_buffer *buffer = to_buffer(vb);

	INIT_LIST_HEAD(&buffer->list);
	buffer->segments = 0;
	return 0;
}

static int buf_prepare(struct vb2_buffer *vb)
{
	struct vdl_device *dev = vb2_get_drv_priv(vb->vb2_queue);
	struct vdl_buffer *buffer = to_buffer(vb);

	if (vb2_plane_size(vb, 0) < frame_bytes(dev))
		return -EINVAL;
	/* Memory of others may lie elsewhere each time. */
	if (vb->memory == VB2_MEMORY_MMAP && buffer->segments)
		return 0;
	return write_segments(dev, buffer);
}

static void buf_cleanup(struct vb2_buffer *vb)
{
	free_blocks(vb2_get_drv_priv(vb->vb2_queue), to_buffer(vb));
}

/* With core_lock held and the capture set up: the core's result. */
int vdl_queue_give(struct vdl_device *dev, struct vdl_buffer *buffer)
{
	u32 tag = buffer->vb.vb2_buf.index;
	int result = vdh_capture_queue(&dev->capture, buffer->blocks[0].address,
				       buffer->first_count, buffer->capacity_bytes, tag);

	if (!result)
		dev->slots[tag] = buffer;
	return result;
}

static void buf_queue(struct vb2_buffer *vb)
{
	struct vdl_device *dev = vb2_get_drv_priv(vb->vb2_queue);
	struct vdl_buffer *buffer = to_buffer(vb);

	mutex_lock(&dev->core_lock);
	list_add_tail(&buffer->list, &dev->queued);
	if (dev->engine == VDL_ENGINE_RUNS)
		vdl_result(dev, vdl_queue_give(dev, buffer));
	mutex_unlock(&dev->core_lock);
}

void vdl_queue_return(struct vdl_device *dev, enum vb2_buffer_state state)
{
	struct vdl_buffer *buffer;
	struct vdl_buffer *after;

	mutex_lock(&dev->core_lock);
	list_for_each_entry_safe(buffer, after, &dev->queued, list) {
		list_del(&buffer->list);
		vb2_buffer_done(&buffer->vb.vb2_buf, state);
	}
	mutex_unlock(&dev->core_lock);
}

static int start_streaming(struct vb2_queue *queue, unsigned int count)
{
	struct vdl_device *dev = vb2_get_drv_priv(queue);
	int ret = 0;

	mutex_lock(&dev->core_lock);
	memset(&dev->counts, 0, sizeof(dev->counts));
	atomic64_set(&dev->interrupts, 0);
	dev->sequence_base = 0;
	dev->sequence_next = 0;
	dev->revivals = 0;
	dev->wanted = true;
	/* A card on its way back, from sleep for instance, starts when it is there. */
	if (dev->ready || dev->gone)
		ret = vdl_engine_start(dev);
	else if (dev->boot_phase == VDL_BOOT_IDLE)
		ret = -EIO;
	if (ret)
		dev->wanted = false;
	mutex_unlock(&dev->core_lock);
	if (ret) {
		vdl_engine_stop(dev);
		vdl_queue_return(dev, VB2_BUF_STATE_QUEUED);
	}
	return ret;
}

static void stop_streaming(struct vb2_queue *queue)
{
	struct vdl_device *dev = vb2_get_drv_priv(queue);

	mutex_lock(&dev->core_lock);
	dev->wanted = false;
	mutex_unlock(&dev->core_lock);
	vdl_engine_stop(dev);
	vdl_queue_return(dev, VB2_BUF_STATE_ERROR);
}

static const struct vb2_ops queue_ops = {
	.queue_setup = queue_setup,
	.buf_init = buf_init,
	.buf_prepare = buf_prepare,
	.buf_cleanup = buf_cleanup,
	.buf_queue = buf_queue,
	.start_streaming = start_streaming,
	.stop_streaming = stop_streaming,
	VDL_VB2_WAIT_OPS
};

int vdl_queue_init(struct vdl_device *dev)
{
	struct vb2_queue *queue = &dev->queue;

	queue->type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	queue->io_modes = VB2_MMAP | VB2_USERPTR | VB2_DMABUF | VB2_READ;
	queue->drv_priv = dev;
	queue->buf_struct_size = sizeof(struct vdl_buffer);
	queue->ops = &queue_ops;
	queue->mem_ops = &vb2_dma_sg_memops;
	queue->timestamp_flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
	queue->min_queued_buffers = 1;
	queue->lock = &dev->lock;
	queue->dev = &dev->pci->dev;
	return vb2_queue_init(queue);
}

VDL_IMPORT_NS(DMA_BUF);
