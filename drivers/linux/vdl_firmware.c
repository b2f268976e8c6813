// SPDX-License-Identifier: GPL-2.0-only
/*
 * Firmware operations: begun by an ioctl, carried on by the step work, one at a time. What is in
 * the active flash slot is never written, so that whatever fails, the card still starts.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "vdl.h"
#include "vdh_default_image.h"

#define BUSY_TIMEOUT_US	2000000
#define BUSY_POLL_US	1000

/* With core_lock held. */
void vdl_firmware_end(struct vdl_device *dev, int result, enum vdh_image_error error)
{
	struct vdl_firmware_status *last = &dev->last;

	if (!dev->busy)
		return;
	last->done_bytes = dev->storing ? dev->store.stored_bytes : dev->boot.uploaded_bytes;
	last->error = vdl_errno(result);
	last->image_error = result == VDH_E_FIRMWARE ? error : VDH_IMAGE_OK;
	last->state = !result ? VDL_FIRMWARE_DONE : result == VDH_E_FIRMWARE ?
		VDL_FIRMWARE_REFUSED : VDL_FIRMWARE_FAILED;
	last->operations++;
	if (dev->storing && !result)
		last->stored_slot = dev->store.slot + 1;
	if (result)
		dev_warn(&dev->pci->dev, "firmware operation %u failed: %s\n", dev->command.code,
			 result == VDH_E_FIRMWARE ? vdh_image_error_text(error) :
			 vdh_result_name(result));
	dev->busy = false;
	dev->storing = false;
	/* A commit that the machine's sleep ended is not what the next operation waits for. */
	dev->flash_deadline_us = 0;
	/* A boot that is given up refers to the image no longer: another one follows, or none. */
	kvfree(dev->image);
	dev->image = NULL;
	vdl_event(dev, VDL_EVENT_FIRMWARE);
}

static int store_step(struct vdl_device *dev, u32 *again_us)
{
	int result = vdh_flash_store_step(&dev->store, vdl_now_us(), again_us);

	if (result != VDH_AGAIN)
		vdl_firmware_end(dev, result, dev->store.error);
	return result;
}

/* A commit or roll-back that the card had not ended within the call. */
static int flash_step(struct vdl_device *dev, u32 *again_us)
{
	struct vdh_flash_status status;
	int result = vdh_flash_read_status(&dev->core, &status);

	*again_us = BUSY_POLL_US;
	if (!result && status.busy)
		result = vdl_now_us() < dev->flash_deadline_us ? VDH_AGAIN : VDH_E_TIMEOUT;
	else if (!result && status.error)
		result = VDH_E_STATE;
	if (result != VDH_AGAIN)
		vdl_firmware_end(dev, result, VDH_IMAGE_OK);
	return result;
}

/* True: call again after *again_us. With core_lock held, while no boot goes on. */
bool vdl_firmware_step(struct vdl_device *dev, u32 *again_us)
{
	int result;

	*again_us = 0;
	if (!dev->busy)
		return false;
	if (dev->gone) {
		vdl_firmware_end(dev, VDH_E_GONE, VDH_IMAGE_OK);
		return false;
	}
	if (dev->storing)
		result = store_step(dev, again_us);
	else if (dev->flash_deadline_us)
		result = flash_step(dev, again_us);
	else
		vdl_firmware_end(dev, result = dev->boot_result, dev->boot.error);
	if (result == VDH_E_GONE)
		vdl_gone(dev);
	return result == VDH_AGAIN;
}

/* ---- ioctls ---- */

static int check(const struct vdl_device *dev, const struct vdl_firmware_command *command)
{
	bool image = command->code == VDL_FIRMWARE_BOOT || command->code == VDL_FIRMWARE_STORE;
	u32 slots = command->code == VDL_FIRMWARE_BOOT_SLOT ? 2 : 1;

	if (command->code > VDL_FIRMWARE_RESTORE || command->reserved ||
	    command->slot >= slots)
		return -EINVAL;
	if (!image)
		return command->image_bytes || command->image ? -EINVAL : 0;
	if (!command->image_bytes)
		return -EINVAL;
	return command->image_bytes > dev->core.identity.capacity_bytes ? -EFBIG : 0;
}

/* Zero, or the core's reason why the operation could not begin. With core_lock held. */
static int begin(struct vdl_device *dev)
{
	const struct vdl_firmware_command *command = &dev->command;
	int result = VDH_OK;

	switch (command->code) {
	case VDL_FIRMWARE_BOOT:
		vdl_boot_begin_image(dev);
		break;
	case VDL_FIRMWARE_STORE:
		if (!vdh_field_get(dev->core.identity.caps, VDH_F_CAPS_FLASH))
			return VDH_E_STATE;
		vdh_flash_store_start(&dev->store, &dev->core, dev->image, command->image_bytes);
		dev->storing = true;
		break;
	case VDL_FIRMWARE_BOOT_SLOT:
		result = vdh_flash_boot_slot(&dev->core, command->slot);
		if (!result)
			vdl_boot_begin_present(dev, true);
		break;
	case VDL_FIRMWARE_RESTORE:
		result = vdh_reset(&dev->core, VDH_V_RESET_KIND_CARD);
		if (!result)
			vdl_boot_begin(dev);
		break;
	default:
		result = command->code == VDL_FIRMWARE_COMMIT ? vdh_flash_commit(&dev->core) :
			 vdh_flash_roll_back(&dev->core);
		if (result == VDH_AGAIN) {
			dev->flash_deadline_us = vdl_now_us() + BUSY_TIMEOUT_US;
			result = VDH_OK;
		} else if (!result) {
			vdl_firmware_end(dev, VDH_OK, VDH_IMAGE_OK);
		}
	}
	return result;
}

/* With the picture node's lock held, so that nobody gets buffers meanwhile. */
long vdl_firmware_command(struct vdl_device *dev, const struct vdl_firmware_command *command)
{
	u8 *image = NULL;
	long ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = check(dev, command);
	if (ret)
		return ret;
	if (command->image_bytes) {
		image = vmemdup_user(u64_to_user_ptr(command->image), command->image_bytes);
		if (IS_ERR(image))
			return PTR_ERR(image);
	}
	mutex_lock(&dev->core_lock);
	if (dev->gone) {
		ret = -ENODEV;
	} else if (dev->busy || dev->asleep || dev->telling || dev->boot_phase != VDL_BOOT_IDLE ||
		   dev->engine != VDL_ENGINE_OFF || vb2_is_busy(&dev->queue)) {
		ret = -EBUSY;
	} else {
		dev->command = *command;
		dev->image = image;
		image = NULL;
		dev->busy = true;
		dev->storing = false;
		dev->last.state = VDL_FIRMWARE_BUSY;
		dev->last.error = 0;
		dev->last.image_error = VDH_IMAGE_OK;
		if (command->code == VDL_FIRMWARE_STORE)
			dev->last.stored_slot = 0;
		dev->last.done_bytes = 0;
		dev->last.total_bytes = command->image_bytes;
		ret = begin(dev);
		if (ret) {
			vdl_firmware_end(dev, ret, VDH_IMAGE_OK);
			ret = vdl_result(dev, ret);
		} else {
			vdl_step_soon(dev, 0);
		}
	}
	mutex_unlock(&dev->core_lock);
	kvfree(image);
	return ret;
}

static void read_slots(struct vdl_device *dev, struct vdl_firmware_status *out)
{
	struct vdh_flash_status flash;

	if (!out->has_flash || vdl_result(dev, vdh_flash_read_status(&dev->core, &flash)))
		return;
	out->active_slot = flash.active;
	for (u32 i = 0; i < 2; i++) {
		out->slot_holds[i] = flash.slot[i];
		out->slot_version[i] = flash.version[i];
	}
}

long vdl_firmware_status(struct vdl_device *dev, struct vdl_firmware_status *out)
{
	struct vdh_boot_status status;
	long ret;

	mutex_lock(&dev->core_lock);
	*out = dev->last;
	if (dev->busy)
		out->done_bytes = dev->storing ? dev->store.stored_bytes : dev->boot.uploaded_bytes;
	out->file_state = dev->file_state;
	out->file_error = dev->file_error;
	out->embedded_version = vdh_get_u32(vdh_default_image + VDH_O_IMAGE_VERSION);
	out->has_flash = vdh_field_get(dev->core.identity.caps, VDH_F_CAPS_FLASH);
	ret = vdl_result(dev, vdh_boot_read_status(&dev->core, &status));
	if (!ret)
		ret = vdl_result(dev, vdh_user_read(&dev->core, VDH_R_FW_VERSION, &out->version));
	if (!ret) {
		out->runs = status.runs;
		out->source = status.source;
		out->trial = status.trial;
		out->fell_back = status.fell_back;
		out->boot_error = status.error;
		read_slots(dev, out);
	}
	mutex_unlock(&dev->core_lock);
	return ret;
}
