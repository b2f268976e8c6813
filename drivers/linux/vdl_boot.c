// SPDX-License-Identifier: GPL-2.0-only
/*
 * From any state of the card to running firmware, step by step in delayed work. A newer image in
 * /lib/firmware first, then the embedded one, then what the card has; a card that takes none of
 * them is limited, not lost: its nodes exist, so that it can be repaired.
 */
#include "vdl.h"
#include "vdh_default_image.h"

#define TRIES_MAX	2
#define LOOKS_MAX	8
#define LOOK_EVERY_US	1000000

void vdl_step_soon(struct vdl_device *dev, u32 after_us)
{
	mod_delayed_work(dev->work, &dev->step, usecs_to_jiffies(after_us));
}

static void enter(struct vdl_device *dev, enum vdl_boot_phase phase, const u8 *image, u32 bytes,
		  u32 flags)
{
	dev->ready = false;
	dev->boot_phase = phase;
	dev->boot_flags = flags;
	vdh_boot_start(&dev->boot, &dev->core, image, bytes, dev->tables, flags);
	vdl_interrupts_on(dev);
	vdl_step_soon(dev, 0);
}

/* What is in flash is not replaced by the embedded image. */
static void boot_embedded(struct vdl_device *dev)
{
	enter(dev, VDL_BOOT_EMBEDDED, vdh_default_image, vdh_default_image_bytes, 0);
}

/* As when the module loads. */
void vdl_boot_begin(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	dev->boot_tries = 0;
	dev->boot_looks = 0;
	dev->ready = false;
	dev->boot_phase = VDL_BOOT_LOAD;
	vdl_step_soon(dev, 0);
}

void vdl_boot_begin_present(struct vdl_device *dev, bool commanded)
{
	lockdep_assert_held(&dev->core_lock);
	dev->boot_tries = 0;
	enter(dev, VDL_BOOT_PRESENT, NULL, 0, commanded ? VDH_BOOT_COMMANDED : 0);
}

void vdl_boot_begin_image(struct vdl_device *dev)
{
	lockdep_assert_held(&dev->core_lock);
	dev->boot_tries = 0;
	enter(dev, VDL_BOOT_IMAGE, dev->image, dev->command.image_bytes, VDH_BOOT_REPLACE);
}

void vdl_boot_release(struct vdl_device *dev)
{
	release_firmware(dev->file);
	dev->file = NULL;
}

/* ---- The file ---- */

/* Whether the file's image is good for this card, and newer than the embedded one. */
static bool file_fits(struct vdl_device *dev)
{
	const struct vdh_identity *identity = &dev->core.identity;
	struct vdh_image_rules rules = {
		.target = identity->target,
		.version_min = identity->version_min,
		.version_max = identity->version_max,
		.capacity_bytes = identity->capacity_bytes,
	};
	struct vdh_image_check *check = &dev->boot.check;
	u32 embedded = vdh_get_u32(vdh_default_image + VDH_O_IMAGE_VERSION);
	int result;

	if (dev->file->size > identity->capacity_bytes) {
		dev->file_state = VDL_FILE_REFUSED;
		dev->file_error = VDH_IMAGE_LENGTH;
		return false;
	}
	vdh_image_check_start(check, dev->file->data, dev->file->size, &rules);
	do {
		result = vdh_image_check_step(check, SZ_64K);
		cond_resched();
	} while (result == VDH_AGAIN);
	if (result) {
		dev->file_state = VDL_FILE_REFUSED;
		dev->file_error = check->error;
		dev_warn(&dev->pci->dev, "%s: refused: %s\n", vdl_firmware_file,
			 vdh_image_error_text(check->error));
		return false;
	}
	dev->file_state = check->info.version > embedded ? VDL_FILE_RUNS : VDL_FILE_OLDER;
	return dev->file_state == VDL_FILE_RUNS;
}

static void load(struct vdl_device *dev)
{
	const struct firmware *file = NULL;
	u32 running = 0;
	int ret;

	/* Reads a file: not with the lock held. No helper in user space is waited for. */
	mutex_unlock(&dev->core_lock);
	ret = request_firmware_direct(&file, vdl_firmware_file, &dev->pci->dev);
	mutex_lock(&dev->core_lock);
	vdl_boot_release(dev);
	dev->file = ret ? NULL : file;
	dev->file_state = VDL_FILE_NONE;
	dev->file_error = VDH_IMAGE_OK;
	if (dev->gone || dev->boot_phase != VDL_BOOT_LOAD)
		return;
	if (!dev->file || !file_fits(dev)) {
		boot_embedded(dev);
		return;
	}
	if (vdh_user_read(&dev->core, VDH_R_FW_VERSION, &running) == VDH_OK &&
	    running >= vdh_get_u32(dev->file->data + VDH_O_IMAGE_VERSION))
		enter(dev, VDL_BOOT_FILE, dev->file->data, dev->file->size, 0);
	else
		enter(dev, VDL_BOOT_FILE, dev->file->data, dev->file->size, VDH_BOOT_REPLACE);
}

/* ---- The end of one attempt ---- */

/* Whoever still waits for frames learns that none will come. */
static void give_up(struct vdl_device *dev)
{
	if (!dev->wanted || dev->gone)
		return;
	dev_err(&dev->pci->dev, "the card does not come back; its capture ends\n");
	dev->wanted = false;
	vb2_queue_error(&dev->queue);
	vdl_event(dev, VDL_EVENT_ERROR);
}

static void end(struct vdl_device *dev, int result)
{
	dev->boot_phase = VDL_BOOT_IDLE;
	dev->boot_result = result;
	if (result == VDH_OK) {
		dev->boot_looks = 0;
		vdl_input_apply(dev);
		vdl_format_reset(dev);
		dev->ready = true;
	} else if (dev->boot_looks + 1 < LOOKS_MAX) {
		/* Slow firmware, or a card that lies, may come round: a few looks cost nothing. */
		dev->boot_looks++;
		vdl_step_soon(dev, LOOK_EVERY_US);
	} else {
		dev->boot_looks = LOOKS_MAX;
		give_up(dev);
	}
	vdl_boot_release(dev);
}

/* What the card refused was found good before it was sent. */
static bool damaged(const struct vdl_device *dev, int result)
{
	return result == VDH_E_FIRMWARE && dev->boot.uploaded_bytes &&
	       dev->boot.error != VDH_IMAGE_WATCHDOG;
}

static void complain(const struct vdl_device *dev, int result)
{
	const char *detail = "no firmware in the card";

	if (result == VDH_E_TIMEOUT)
		detail = dev->core.waited_for;
	else if (dev->boot.error != VDH_IMAGE_OK)
		detail = vdh_image_error_text(dev->boot.error);
	dev_err(&dev->pci->dev, "no firmware runs: %s: %s\n", vdh_result_name(result), detail);
}

/* An attempt did not end well: what comes next. */
static void next(struct vdl_device *dev, int result)
{
	enum vdl_boot_phase phase = dev->boot_phase;

	if (dev->boot_tries < TRIES_MAX && (result == VDH_E_IO || damaged(dev, result))) {
		/* The card started anew on the way, or took bytes wrongly: the same once more. */
		dev->boot_tries++;
		enter(dev, phase, dev->boot.image, dev->boot.image_bytes, dev->boot_flags);
		return;
	}
	if (dev->busy && (phase == VDL_BOOT_IMAGE || (dev->boot_flags & VDH_BOOT_COMMANDED))) {
		/* What ran before may still run. */
		vdl_firmware_end(dev, result, dev->boot.error);
		vdl_boot_begin_present(dev, false);
		return;
	}
	switch (phase) {
	case VDL_BOOT_FILE:
		dev->file_state = result == VDH_E_FIRMWARE ? VDL_FILE_REFUSED : VDL_FILE_FAILED;
		dev->file_error = dev->boot.error;
		boot_embedded(dev);
		return;
	case VDL_BOOT_EMBEDDED:
		if (result == VDH_E_FIRMWARE) {
			enter(dev, VDL_BOOT_PRESENT, NULL, 0, 0);
			return;
		}
		break;
	default:
		break;
	}
	if (!dev->boot_looks)
		complain(dev, result);
	end(dev, result);
}

/* One step. True: call again after *again_us. With core_lock held, which loading lets go of. */
bool vdl_boot_step(struct vdl_device *dev, u32 *again_us)
{
	int result;

	*again_us = 0;
	if (dev->boot_phase == VDL_BOOT_IDLE)
		return false;
	if (dev->boot_phase == VDL_BOOT_LOAD) {
		load(dev);
		return dev->boot_phase != VDL_BOOT_IDLE && !dev->gone;
	}
	result = vdh_boot_step(&dev->boot, vdl_now_us(), again_us);
	if (result == VDH_AGAIN)
		return true;
	if (result == VDH_E_GONE) {
		vdl_gone(dev);
		end(dev, result);
		return false;
	}
	if (result == VDH_OK)
		end(dev, result);
	else
		next(dev, result);
	*again_us = 0;
	return dev->boot_phase != VDL_BOOT_IDLE;
}

/* ---- The work ---- */

static void look_again(struct vdl_device *dev)
{
	/* One that still boots, longer than its watchdog allows, heeds nothing but a reset. */
	if (dev->boot_result == VDH_E_TIMEOUT && dev->boot_looks > 1 &&
	    vdl_result(dev, vdh_reset(&dev->core, VDH_V_RESET_KIND_CARD)) && dev->gone)
		return;
	dev->boot_tries = 0;
	boot_embedded(dev);
}

/* Firmware has begun to run, or will not: the outside may know. Without core_lock. */
static void tell(struct vdl_device *dev, bool ready)
{
	if (ready) {
		if (vdl_controls_sync(dev))
			dev_err(&dev->pci->dev, "not all controls could be made\n");
		else
			v4l2_ctrl_handler_setup(&dev->handler);
	}
	if (!dev->registered && !READ_ONCE(dev->gone) && !vdl_video_register(dev))
		dev->registered = true;
	vdl_event(dev, VDL_EVENT_FIRMWARE);
}

void vdl_step_work(struct work_struct *work)
{
	struct vdl_device *dev = container_of(to_delayed_work(work), struct vdl_device, step);
	enum vdl_boot_phase phase;
	u32 again_us = 0;
	bool again;
	bool ended;
	bool ready;

	mutex_lock(&dev->core_lock);
	if (dev->asleep) {
		mutex_unlock(&dev->core_lock);
		return;
	}
	/* The engine lets go of the buffers before firmware may change under it. */
	again = vdl_engine_step(dev, &again_us);
	if (!again) {
		if (dev->boot_phase == VDL_BOOT_IDLE && !dev->ready && !dev->gone && !dev->busy &&
		    dev->boot_looks > 0 && dev->boot_looks < LOOKS_MAX)
			look_again(dev);
		phase = dev->boot_phase;
		again = vdl_boot_step(dev, &again_us);
		ended = phase != VDL_BOOT_IDLE && dev->boot_phase == VDL_BOOT_IDLE;
		ready = dev->ready;
		if (ended) {
			dev->telling = true;
			mutex_unlock(&dev->core_lock);
			tell(dev, ready);
			mutex_lock(&dev->core_lock);
			dev->telling = false;
		}
		if (!again && dev->boot_phase == VDL_BOOT_IDLE)
			again = vdl_firmware_step(dev, &again_us);
		if (ended && dev->ready && dev->wanted && dev->engine == VDL_ENGINE_OFF &&
		    vdl_engine_start(dev) && !dev->gone)
			vb2_queue_error(&dev->queue);
	}
	mutex_unlock(&dev->core_lock);
	if (again)
		queue_delayed_work(dev->work, &dev->step, usecs_to_jiffies(again_us));
}
