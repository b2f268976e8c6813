// SPDX-License-Identifier: GPL-2.0-only
/*
 * Controls, made from the firmware's table. Those of earlier firmware stay as long as the device,
 * since file handles may wait for their events: other firmware changes ranges, and disables what
 * it lacks.
 */
#include "vdl.h"

static struct vdl_device *to_device(struct v4l2_ctrl *ctrl)
{
	return container_of(ctrl->handler, struct vdl_device, handler);
}

/* A number of V4L2 for each number of the data sheet; others get one of their own. */
static u32 control_id(u32 id)
{
	switch (id) {
	case VDH_L_CONTROL_ID_BRIGHTNESS:
		return V4L2_CID_BRIGHTNESS;
	case VDH_L_CONTROL_ID_CONTRAST:
		return V4L2_CID_CONTRAST;
	case VDH_L_CONTROL_ID_SATURATION:
		return V4L2_CID_SATURATION;
	case VDH_L_CONTROL_ID_HUE:
		return V4L2_CID_HUE;
	case VDH_L_CONTROL_ID_GAIN:
		return V4L2_CID_GAIN;
	case VDH_L_CONTROL_ID_EXPOSURE:
		return V4L2_CID_EXPOSURE_ABSOLUTE;
	case VDH_L_CONTROL_ID_EXPOSURE_AUTO:
		return V4L2_CID_EXPOSURE_AUTO;
	case VDH_L_CONTROL_ID_POWER_LINE:
		return V4L2_CID_POWER_LINE_FREQUENCY;
	case VDH_L_CONTROL_ID_WHITE_BALANCE:
		return V4L2_CID_DO_WHITE_BALANCE;
	default:
		return V4L2_CID_USER_BASE + 0x1f00 + (id & 0xff);
	}
}

static bool is_auto(const struct vdh_control_info *info)
{
	return info->id == VDH_L_CONTROL_ID_EXPOSURE_AUTO;
}

/* V4L2's menu of exposure modes counts the other way round. */
static s32 to_card(const struct vdl_control *control, s32 value)
{
	return is_auto(&control->info) ? value == V4L2_EXPOSURE_AUTO : value;
}

static s32 from_card(const struct vdl_control *control, s32 value)
{
	if (is_auto(&control->info))
		return value ? V4L2_EXPOSURE_AUTO : V4L2_EXPOSURE_MANUAL;
	return value;
}

/* ---- Values ---- */

/* With the handler's lock held. */
static int put(struct vdl_device *dev, struct v4l2_ctrl *ctrl)
{
	struct vdl_control *control = ctrl->priv;
	int ret = 0;

	mutex_lock(&dev->core_lock);
	/* While no firmware runs, or one without it, the value is kept for when it is back. */
	if (dev->gone)
		ret = -ENODEV;
	else if (dev->ready && !control)
		ret = vdl_result(dev, vdh_pattern_enable(&dev->core, ctrl->val));
	else if (dev->ready && control->present &&
		 !(control->info.flags & VDH_B_CONTROL_FLAGS_READ_ONLY))
		ret = vdl_result(dev, vdh_control_set(&dev->core, control->number,
						      to_card(control, ctrl->val)));
	if (!ret && !control)
		dev->pattern = ctrl->val;
	mutex_unlock(&dev->core_lock);
	return ret;
}

static int set(struct v4l2_ctrl *ctrl)
{
	struct vdl_device *dev = to_device(ctrl);
	struct v4l2_ctrl *time = dev->exposure_cluster[1];
	int ret;

	/* The card has it already. */
	if (dev->from_card)
		return 0;
	if (ctrl->id != V4L2_CID_EXPOSURE_AUTO)
		return put(dev, ctrl);
	ret = ctrl->is_new ? put(dev, ctrl) : 0;
	/* While the card moves the exposure time by itself, nobody else does. */
	if (!ret && time && time->is_new && ctrl->val == V4L2_EXPOSURE_MANUAL)
		ret = put(dev, time);
	return ret;
}

/* V4L2_CID_DV_RX_POWER_PRESENT: whether anything arrives at the selected input. */
static int get(struct v4l2_ctrl *ctrl)
{
	struct vdl_device *dev = to_device(ctrl);
	struct vdh_signal signal;
	int ret;

	mutex_lock(&dev->core_lock);
	ret = vdl_result(dev, vdh_input_read_signal(&dev->core, &signal));
	mutex_unlock(&dev->core_lock);
	if (!ret)
		ctrl->val = signal.state != VDH_V_INPUT_STATUS_SIGNAL_NONE;
	return ret;
}

static const struct v4l2_ctrl_ops control_ops = {
	.g_volatile_ctrl = get,
	.s_ctrl = set,
};

/* The card changed some of the table's controls: bit n is control n. Without core_lock. */
void vdl_controls_changed(struct vdl_device *dev, u32 mask)
{
	for (u32 i = 0; i < VDH_CONTROLS_MAX; i++) {
		struct vdl_control *control = &dev->controls[i];
		s32 value = 0;
		int ret;

		if (!control->ctrl || !control->present || !(mask >> control->number & 1))
			continue;
		v4l2_ctrl_lock(control->ctrl);
		mutex_lock(&dev->core_lock);
		ret = dev->ready ? vdl_result(dev, vdh_control_get(&dev->core, control->number,
								   &value)) : -EBUSY;
		mutex_unlock(&dev->core_lock);
		if (!ret) {
			dev->from_card = true;
			__v4l2_ctrl_s_ctrl(control->ctrl, from_card(control, value));
			dev->from_card = false;
		}
		v4l2_ctrl_unlock(control->ctrl);
	}
}

static void pattern_changed(struct vdl_device *dev)
{
	struct v4l2_ctrl *ctrl = dev->pattern_ctrl;
	u32 value = 0;
	int ret;

	if (!ctrl)
		return;
	v4l2_ctrl_lock(ctrl);
	mutex_lock(&dev->core_lock);
	ret = dev->ready ? vdl_result(dev, vdh_user_read(&dev->core, VDH_R_PATTERN, &value)) :
			   -EBUSY;
	if (!ret)
		dev->pattern = vdh_field_get(value, VDH_F_PATTERN_ENABLE);
	mutex_unlock(&dev->core_lock);
	if (!ret) {
		dev->from_card = true;
		__v4l2_ctrl_s_ctrl(ctrl, dev->pattern);
		dev->from_card = false;
	}
	v4l2_ctrl_unlock(ctrl);
}

/*
 * A program wrote a register: if a control has its value, V4L2 is to know, and to put it back when
 * the card has lost it. Without core_lock.
 */
void vdl_controls_written(struct vdl_device *dev, u32 offset)
{
	if (offset == VDH_R_PATTERN)
		pattern_changed(dev);
	else if (offset >= VDH_R_CONTROL && (offset - VDH_R_CONTROL) / 4 < VDH_CONTROLS_MAX)
		vdl_controls_changed(dev, BIT((offset - VDH_R_CONTROL) / 4));
}

/* ---- The table ---- */

static enum v4l2_ctrl_type control_type(const struct vdh_control_info *info)
{
	switch (info->type) {
	case VDH_L_CONTROL_TYPE_BOOLEAN:
		return V4L2_CTRL_TYPE_BOOLEAN;
	case VDH_L_CONTROL_TYPE_MENU:
		return V4L2_CTRL_TYPE_MENU;
	case VDH_L_CONTROL_TYPE_BUTTON:
		return V4L2_CTRL_TYPE_BUTTON;
	default:
		return V4L2_CTRL_TYPE_INTEGER;
	}
}

/* Names live here, since V4L2 keeps pointers to them. */
static void read_names(struct vdl_control *control, const struct vdh_tables *tables, u32 number)
{
	u32 i;

	memcpy(control->name, control->info.name, sizeof(control->name));
	for (i = 0; i < control->info.menu_count && i < ARRAY_SIZE(control->menu); i++) {
		if (vdh_tables_menu(control->menu[i], tables, number, i))
			break;
		control->items[i] = control->menu[i];
	}
	control->items[i] = NULL;
}

static void make(struct vdl_device *dev, struct vdl_control *control)
{
	const struct vdh_control_info *info = &control->info;
	struct v4l2_ctrl_config config = {
		.ops = &control_ops,
		.id = control_id(info->id),
		.name = control->name,
		.type = control_type(info),
		.min = info->minimum,
		.max = info->maximum,
		.step = info->step,
		.def = info->def,
	};

	if (is_auto(info)) {
		/* Without a name all that is missing comes from V4L2's own table. */
		config.name = NULL;
		config.min = 0;
		config.max = V4L2_EXPOSURE_MANUAL;
		config.step = 0;
		config.def = from_card(control, info->def);
	} else {
		switch (config.type) {
		case V4L2_CTRL_TYPE_INTEGER:
			config.flags = V4L2_CTRL_FLAG_SLIDER;
			break;
		case V4L2_CTRL_TYPE_MENU:
			config.step = 0;
			config.qmenu = control->items;
			break;
		case V4L2_CTRL_TYPE_BUTTON:
			config.min = 0;
			config.max = 0;
			config.step = 0;
			config.def = 0;
			break;
		default:
			break;
		}
		if (info->flags & VDH_B_CONTROL_FLAGS_READ_ONLY)
			config.flags |= V4L2_CTRL_FLAG_READ_ONLY;
	}
	/* With its private part from the first moment: programs may set it from then on. */
	control->ctrl = v4l2_ctrl_new_custom(&dev->handler, &config, control);
}

static struct vdl_control *find(struct vdl_device *dev, u32 id)
{
	for (u32 i = 0; i < VDH_CONTROLS_MAX; i++)
		if (dev->controls[i].ctrl && dev->controls[i].info.id == id)
			return &dev->controls[i];
	return NULL;
}

static struct vdl_control *unused(struct vdl_device *dev)
{
	for (u32 i = 0; i < VDH_CONTROLS_MAX; i++)
		if (!dev->controls[i].ctrl)
			return &dev->controls[i];
	return NULL;
}

/* One of the table. Other firmware may have it with another range, but not of another type. */
static int sync_one(struct vdl_device *dev, const struct vdh_control_info *info, u32 number)
{
	struct vdl_control *control = find(dev, info->id);
	bool made = control;
	int ret = 0;

	if (info->type == VDH_L_CONTROL_TYPE_MENU && info->menu_count > ARRAY_SIZE(control->menu))
		return -EINVAL;
	if (!control)
		control = unused(dev);
	if (!control || (made && control->info.type != info->type))
		return -EINVAL;
	if (made)
		v4l2_ctrl_lock(control->ctrl);
	control->info = *info;
	control->number = number;
	control->present = true;
	read_names(control, &dev->core.tables, number);
	if (!made) {
		make(dev, control);
		return dev->handler.error;
	}
	if (info->type != VDH_L_CONTROL_TYPE_BUTTON && !is_auto(info)) {
		/* Whoever sets up the handler next writes the values. */
		dev->from_card = true;
		ret = __v4l2_ctrl_modify_range(control->ctrl, info->minimum, info->maximum,
					       info->type == VDH_L_CONTROL_TYPE_MENU ?
					       0 : info->step, info->def);
		dev->from_card = false;
	}
	v4l2_ctrl_unlock(control->ctrl);
	return ret;
}

static void make_cluster(struct vdl_device *dev)
{
	struct vdl_control *automatic = find(dev, VDH_L_CONTROL_ID_EXPOSURE_AUTO);
	struct vdl_control *time = find(dev, VDH_L_CONTROL_ID_EXPOSURE);

	if (!automatic || !time || dev->exposure_cluster[0])
		return;
	dev->exposure_cluster[0] = automatic->ctrl;
	dev->exposure_cluster[1] = time->ctrl;
	/* Not volatile: the card says when it changes the time, so there are events. */
	v4l2_ctrl_auto_cluster(2, dev->exposure_cluster, V4L2_EXPOSURE_MANUAL, false);
}

static void make_pattern(struct vdl_device *dev)
{
	static const char *const items[] = { "Disabled", "Colour Bars" };

	if (dev->pattern_ctrl || !vdh_field_get(dev->core.identity.caps, VDH_F_CAPS_PATTERN))
		return;
	dev->pattern_ctrl = v4l2_ctrl_new_std_menu_items(&dev->handler, &control_ops,
							 V4L2_CID_TEST_PATTERN,
							 ARRAY_SIZE(items) - 1, 0, 0, items);
}

static void make_power(struct vdl_device *dev)
{
	if (dev->power_ctrl)
		return;
	dev->power_ctrl = v4l2_ctrl_new_std(&dev->handler, &control_ops,
					    V4L2_CID_DV_RX_POWER_PRESENT, 0, 1, 0, 0);
	if (dev->power_ctrl)
		dev->power_ctrl->flags |= V4L2_CTRL_FLAG_VOLATILE;
}

static void disable_absent(struct vdl_device *dev)
{
	for (u32 i = 0; i < VDH_CONTROLS_MAX; i++) {
		struct vdl_control *control = &dev->controls[i];

		if (!control->ctrl)
			continue;
		v4l2_ctrl_lock(control->ctrl);
		if (control->present)
			control->ctrl->flags &= ~V4L2_CTRL_FLAG_DISABLED;
		else
			control->ctrl->flags |= V4L2_CTRL_FLAG_DISABLED;
		v4l2_ctrl_unlock(control->ctrl);
	}
}

/* Only the step work calls it, so the tables do not change meanwhile. Without core_lock. */
int vdl_controls_sync(struct vdl_device *dev)
{
	struct vdh_control_info info;
	int error = 0;
	int ret;

	for (u32 i = 0; i < VDH_CONTROLS_MAX; i++)
		dev->controls[i].present = false;
	for (u32 i = 0; !vdh_tables_control(&info, &dev->core.tables, i); i++) {
		ret = sync_one(dev, &info, i);
		if (ret && !error)
			error = ret;
	}
	make_cluster(dev);
	make_pattern(dev);
	make_power(dev);
	disable_absent(dev);
	return error ?: dev->handler.error;
}
