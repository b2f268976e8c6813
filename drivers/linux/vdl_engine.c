// SPDX-License-Identifier: GPL-2.0-only
/*
 * The capture engine: start, stop, what comes out of it, and the watch over it. An interrupt may be
 * lost and an engine may halt, so completions are also looked for twenty times a second.
 */
#include <linux/delay.h>

#include "vdl.h"

#define WATCH_MS	50	/* shorter than four buffers last at 60 frames a second */
#define COUNTS_TICKS	10	/* how often the card's account is read */
#define TORN_MAX	10	/* looks at an impossible record, then the engine is started anew */
#define DRAINS_MAX	4
#define REVIVALS_MAX	8

/* ---- Accounts ---- */

static void from_card(struct vdl_counts *out, const struct vdh_capture_counts *counts)
{
	out->produced = counts->produced;
	out->good = counts->good;
	out->dropped_fifo = counts->dropped_fifo;
	out->dropped_no_buffer = counts->dropped_no_buffer;
	out->dropped_no_signal = counts->dropped_no_signal;
	out->dropped_dma = counts->dropped_dma;
}

static void add(struct vdl_counts *sum, const struct vdl_counts *part)
{
	sum->produced += part->produced;
	sum->good += part->good;
	sum->dropped_fifo += part->dropped_fifo;
	sum->dropped_no_buffer += part->dropped_no_buffer;
	sum->dropped_no_signal += part->dropped_no_signal;
	sum->dropped_dma += part->dropped_dma;
}

/* The card's last report of this run: its counters as last read, or what its completions said. */
static const struct vdl_counts *last_report(const struct vdl_device *dev)
{
	return dev->run.produced >= dev->seen.produced ? &dev->run : &dev->seen;
}

static int refresh_counts(struct vdl_device *dev)
{
	struct vdh_capture_counts counts;
	int result = vdh_capture_read_counts(&dev->capture, &counts);

	if (result == VDH_OK)
		from_card(&dev->run, &counts);
	return result;
}

void vdl_engine_counts(struct vdl_device *dev, struct vdl_counts *out)
{
	lockdep_assert_held(&dev->core_lock);
	if (dev->engine != VDL_ENGINE_OFF && refresh_counts(dev) == VDH_E_GONE)
		vdl_gone(dev);
	*out = dev->counts;
	out->interrupts = atomic64_read(&dev->interrupts);
	if (dev->engine != VDL_ENGINE_OFF)
		add(out, last_report(dev));
}

/* ---- What comes out ---- */

static void count_frame(struct vdl_device *dev, const struct vdh_completion *done, bool damaged)
{
	struct vdl_counts *seen = &dev->seen;

	seen->produced = (u64)done->sequence + 1;
	seen->good += !damaged;
	seen->dropped_fifo += done->dropped_fifo;
	seen->dropped_no_buffer += done->dropped_no_buffer;
	seen->dropped_no_signal += done->dropped_no_signal;
	seen->dropped_dma += done->dropped_dma + damaged;
	dev->counts.delivered += !damaged;
	dev->counts.damaged += damaged;
	dev->sequence_next = dev->sequence_base + done->sequence + 1;
}

/* Each frame once, in their order. */
static void tell_sync(struct vdl_device *dev, u32 sequence)
{
	struct v4l2_event event = { .type = V4L2_EVENT_FRAME_SYNC };

	if ((s32)(sequence - dev->sync_next) < 0)
		return;
	dev->sync_next = sequence + 1;
	event.u.frame_sync.frame_sequence = sequence;
	v4l2_event_queue(&dev->picture, &event);
}

static void finish(struct vdl_device *dev, const struct vdh_completion *done, u64 arrival_ns)
{
	bool damaged = done->flags & (VDL_META_DMA_ERROR | VDL_META_BAD_DESCRIPTOR);
	struct vdl_frame_meta record = {
		.size = sizeof(record),
		.flags = done->flags,
		.ticks = done->ticks,
		.end_ticks = done->end_ticks,
		.arrival_ns = arrival_ns,
		.sequence = dev->sequence_base + done->sequence,
		.capture = dev->counts.captures,
		.capture_sequence = done->sequence,
		.bytes = done->bytes,
		.dropped_fifo = done->dropped_fifo,
		.dropped_no_buffer = done->dropped_no_buffer,
		.dropped_no_signal = done->dropped_no_signal,
		.dropped_dma = done->dropped_dma,
		.buffer_index = done->tag,
	};
	struct vdl_buffer *buffer = done->tag < VDL_SLOTS ? dev->slots[done->tag] : NULL;

	count_frame(dev, done, damaged);
	if (WARN_ON_ONCE(!buffer))
		return;
	dev->slots[done->tag] = NULL;
	list_del(&buffer->list);
	record.segments = buffer->segments;
	if (dev->frame_sync)
		tell_sync(dev, record.sequence);
	vdl_meta_record(dev, &record, arrival_ns);
	buffer->vb.sequence = record.sequence;
	buffer->vb.field = vdl_input_field(dev);
	buffer->vb.vb2_buf.timestamp = arrival_ns;
	vb2_set_plane_payload(&buffer->vb.vb2_buf, 0, done->bytes);
	vb2_buffer_done(&buffer->vb.vb2_buf,
			damaged ? VB2_BUF_STATE_ERROR : VB2_BUF_STATE_DONE);
}

/* Takes all that is complete. VDH_E_IO: a record is impossible, for now. */
int vdl_engine_collect(struct vdl_device *dev, u64 arrival_ns)
{
	struct vdh_completion done;
	int result = VDH_AGAIN;

	lockdep_assert_held(&dev->core_lock);
	if (dev->engine == VDL_ENGINE_OFF)
		return VDH_AGAIN;
	for (u32 i = 0; i < VDL_RING; i++) {
		result = vdh_capture_complete(&dev->capture, &done);
		if (result)
			break;
		finish(dev, &done, arrival_ns);
		dev->torn = 0;
		dev->revivals = 0;
	}
	if (result == VDH_E_IO && dev->engine == VDL_ENGINE_RUNS && !dev->asleep) {
		/* Records were seen torn for 100 us. */
		if (dev->torn++ < TORN_MAX)
			mod_delayed_work(dev->work, &dev->watch, 1);
		else
			vdl_engine_recover(dev);
	}
	return result;
}

/*
 * The middle of a frame has been passed: not later than that, it began. Who was late may find that
 * frame ended: then its own event went out with it, and this one is for the frame behind.
 */
void vdl_engine_frame_sync(struct vdl_device *dev, u64 arrival_ns)
{
	u32 produced;

	if (!dev->frame_sync || dev->engine != VDL_ENGINE_RUNS ||
	    vdl_result(dev, vdh_user_read(&dev->core, VDH_R_FRAMES_PRODUCED, &produced)))
		return;
	vdl_engine_collect(dev, arrival_ns);
	/* As many periods ended as there were frames before this one. */
	if (dev->frame_sync && dev->engine == VDL_ENGINE_RUNS)
		tell_sync(dev, dev->sequence_base + produced);
}

/* ---- Down ---- */

/* The card has let go of all buffers; they wait in the list for what comes next. */
static void off(struct vdl_device *dev)
{
	if (refresh_counts(dev) != VDH_OK)
		dev->counts.incomplete++;
	add(&dev->counts, last_report(dev));
	memset(&dev->run, 0, sizeof(dev->run));
	memset(&dev->seen, 0, sizeof(dev->seen));
	memset(dev->slots, 0, sizeof(dev->slots));
	dev->engine = VDL_ENGINE_OFF;
	dev->sequence_base = dev->sequence_next;
	dev->frame_sync = false;
	if (dev->reboot && !dev->gone && !dev->asleep)
		vdl_boot_begin(dev);
	dev->reboot = false;
}

/* One step of a stop. True: call again after *again_us. */
bool vdl_engine_step(struct vdl_device *dev, u32 *again_us)
{
	int result;

	lockdep_assert_held(&dev->core_lock);
	*again_us = 0;
	if (dev->engine != VDL_ENGINE_STOPPING)
		return false;
	result = vdh_capture_stop_step(&dev->capture, vdl_now_us(), again_us);
	if (result == VDH_AGAIN)
		return true;
	if (result == VDH_E_GONE) {
		vdl_gone(dev);
		return false;
	}
	if (result == VDH_E_TIMEOUT) {
		/* It may still write: no buffer is given back before its bus mastering is off. */
		dev_err(&dev->pci->dev, "the engine does not stop; DMA is cut off\n");
		pci_clear_master(dev->pci);
		dev->cut = true;
	}
	/* What came before the end is whole. */
	if (vdl_engine_collect(dev, ktime_get_ns()) == VDH_E_IO && dev->drains++ < DRAINS_MAX) {
		*again_us = 200;
		return true;
	}
	off(dev);
	return false;
}

/* Stops, whatever it takes: the core's own time limits bound it to little more than a second. */
void vdl_engine_stop(struct vdl_device *dev)
{
	u32 again_us = 0;
	bool again;

	for (;;) {
		mutex_lock(&dev->core_lock);
		if (dev->engine == VDL_ENGINE_RUNS) {
			dev->engine = VDL_ENGINE_STOPPING;
			dev->drains = 0;
		}
		again = vdl_engine_step(dev, &again_us);
		mutex_unlock(&dev->core_lock);
		if (!again)
			return;
		usleep_range(again_us + 50, 2 * again_us + 100);
	}
}

/* The card is gone, and with it the engine. */
void vdl_engine_lost(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	pci_clear_master(dev->pci);
	if (dev->engine == VDL_ENGINE_OFF)
		return;
	vdl_engine_collect(dev, ktime_get_ns());
	off(dev);
}

/* The card does not do as it should: it is stopped, looked at and started anew, a few times. */
void vdl_engine_recover(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	if (dev->engine != VDL_ENGINE_RUNS || dev->gone || dev->asleep)
		return;
	dev->engine = VDL_ENGINE_STOPPING;
	dev->drains = 0;
	if (dev->revivals++ < REVIVALS_MAX) {
		dev_warn(&dev->pci->dev, "the engine is started anew\n");
		dev->reboot = true;
	} else {
		dev_err(&dev->pci->dev, "the engine does not run\n");
		dev->wanted = false;
		vb2_queue_error(&dev->queue);
	}
	vdl_event(dev, VDL_EVENT_ERROR);
	vdl_step_soon(dev, 0);
}

/* ---- Up ---- */

static int give_all(struct vdl_device *dev)
{
	struct vdl_buffer *buffer;
	int result = VDH_OK;

	list_for_each_entry(buffer, &dev->queued, list) {
		result = vdl_queue_give(dev, buffer);
		if (result)
			break;
	}
	return result;
}

static int prepare(struct vdl_device *dev)
{
	int result = vdh_format_set(&dev->core, &dev->format);

	if (result == VDH_E_STATE) {
		/* Left running by whoever had the card before, or halted. */
		result = vdh_reset(&dev->core, VDH_V_RESET_KIND_ENGINE);
		if (!result)
			result = vdh_format_set(&dev->core, &dev->format);
	}
	if (!result)
		result = vdh_capture_set_up(&dev->capture, &dev->core, &dev->descriptors,
					    &dev->completions);
	return result;
}

/* An errno. After one the engine may be STOPPING: its stop has to be run. */
int vdl_engine_start(struct vdl_device *dev)
{
	u32 watermark = 0;
	int result;

	lockdep_assert_held(&dev->core_lock);
	if (dev->gone || dev->asleep)
		return -ENODEV;
	if (dev->cut) {
		result = vdh_reset(&dev->core, VDH_V_RESET_KIND_ENGINE);
		if (result)
			return vdl_result(dev, result);
		pci_set_master(dev->pci);
		dev->cut = false;
	}
	vdl_irq_poll(dev);
	result = prepare(dev);
	if (!result)
		result = give_all(dev);
	/* One event a frame, in its middle. */
	if (atomic_read(&dev->frame_syncs))
		watermark = dev->format.height / 2 + 1;
	if (!result)
		result = vdh_capture_start(&dev->capture, watermark);
	if (result) {
		memset(dev->slots, 0, sizeof(dev->slots));
		if (dev->capture.running) {
			dev->engine = VDL_ENGINE_STOPPING;
			dev->drains = 0;
			vdl_step_soon(dev, 0);
		}
		dev_err(&dev->pci->dev, "capture does not start: %s\n", vdh_result_name(result));
		return vdl_result(dev, result);
	}
	dev->engine = VDL_ENGINE_RUNS;
	dev->frame_sync = watermark != 0;
	dev->sync_next = dev->sequence_next;
	dev->counts.captures++;
	dev->torn = 0;
	dev->watch_ticks = 0;
	dev->watch_sequence = dev->sequence_next;
	queue_delayed_work(dev->work, &dev->watch, msecs_to_jiffies(WATCH_MS));
	return 0;
}

/* ---- Watch ---- */

static void look(struct vdl_device *dev)
{
	bool idle = dev->sequence_next == dev->watch_sequence;
	u32 status;
	int result = VDH_OK;

	dev->watch_sequence = dev->sequence_next;
	if (++dev->watch_ticks % COUNTS_TICKS == 0)
		result = refresh_counts(dev);
	if (idle && result != VDH_E_GONE)
		result = vdh_user_read(&dev->core, VDH_R_CAPTURE_STATUS, &status);
	if (result == VDH_E_GONE)
		vdl_gone(dev);
	else if (idle && !result &&
		 vdh_field_get(status, VDH_F_CAPTURE_STATUS_STATE) !=
		 VDH_V_CAPTURE_STATUS_STATE_RUNNING)
		vdl_engine_recover(dev);
}

void vdl_watch_work(struct work_struct *work)
{
	struct vdl_device *dev = container_of(to_delayed_work(work), struct vdl_device, watch);

	mutex_lock(&dev->core_lock);
	if (dev->engine == VDL_ENGINE_RUNS && !dev->asleep) {
		u32 before = dev->sequence_next;

		/* What is found here lost its interrupt, or overtook it by a little. */
		vdl_engine_collect(dev, ktime_get_ns());
		if (dev->sequence_next != before)
			vdl_irq_poll(dev);
		if (dev->engine == VDL_ENGINE_RUNS)
			look(dev);
		if (dev->engine == VDL_ENGINE_RUNS)
			queue_delayed_work(dev->work, &dev->watch, msecs_to_jiffies(WATCH_MS));
	}
	mutex_unlock(&dev->core_lock);
}
