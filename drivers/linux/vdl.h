/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's own structures. Locks, outermost first: lock (ioctls of the picture node) or
 * meta_lock, the control handler's, core_lock. The hard interrupt handler takes none.
 */
#ifndef VDL_H
#define VDL_H

#include <linux/atomic.h>
#include <linux/firmware.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <media/v4l2-ctrls.h>
#include <media/v4l2-device.h>
#include <media/v4l2-event.h>
#include <media/v4l2-fh.h>
#include <media/v4l2-ioctl.h>
#include <media/videobuf2-v4l2.h>

#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_control.h"
#include "vdh_flash.h"
#include "vdh_format.h"
#include "vdh_input.h"
#include "vdh_irq.h"
#include "vdl_compat.h"
#include "vdl_interface.h"
#include "vidicon_brand.h"

#define VDL_NAME		VIDICON_BRAND_LINUX_DRIVER_NAME

#define VDL_RING		64u	/* entries of either ring; vb2 has 32 buffers at most */
#define VDL_SLOTS		32u	/* tags are indices of buffers */
#define VDL_BLOCK_SEGMENTS	256u	/* of a block of the segment list, the link included */
#define VDL_BLOCK_BYTES		(VDL_BLOCK_SEGMENTS * VDH_S_SEGMENT)
#define VDL_SEGMENTS_MAX	65536u	/* the card's limit for a frame */

/* A piece of a segment list, in memory that the card reads. */
struct vdl_block {
	u8 *bytes;
	dma_addr_t address;
};

struct vdl_buffer {
	struct vb2_v4l2_buffer vb;
	struct list_head list;		/* in vdl_device.queued */
	struct vdl_block *blocks;
	u32 block_count;		/* allocated */
	u32 segments;			/* data segments in all blocks; 0: to be written anew */
	u32 first_count;		/* entries of the first block */
	u32 capacity_bytes;
};

struct vdl_meta_buffer {
	struct vb2_v4l2_buffer vb;
	struct list_head list;
};

enum vdl_engine {
	VDL_ENGINE_OFF,		/* the card holds no buffer */
	VDL_ENGINE_RUNS,
	VDL_ENGINE_STOPPING,
};

enum vdl_boot_phase {
	VDL_BOOT_IDLE,
	VDL_BOOT_LOAD,		/* look for a file */
	VDL_BOOT_FILE,		/* the file's image */
	VDL_BOOT_IMAGE,		/* a program's image */
	VDL_BOOT_EMBEDDED,
	VDL_BOOT_PRESENT,	/* what the card has */
};

/* What is kept of a control of the firmware's table, for the life of the device. */
struct vdl_control {
	struct v4l2_ctrl *ctrl;
	struct vdh_control_info info;
	char name[32];
	char menu[33][32];
	const char *items[34];
	bool present;		/* in the table of the firmware that runs */
	u32 number;		/* there */
};

struct vdl_device {
	struct pci_dev *pci;
	void __iomem *registers;
	int irq;
	bool gone;			/* core_lock; nothing reaches the card any more */
	bool ready;			/* core_lock; firmware runs, its tables are valid */
	bool asleep;			/* core_lock */
	bool registered;		/* both nodes; only the step work touches it */

	struct v4l2_device v4l2;
	struct video_device picture;
	struct video_device meta;
	struct mutex lock;		/* ioctls and queue of the picture node */
	struct mutex meta_lock;		/* of the metadata node */

	struct mutex core_lock;		/* everything of the core, and all that follows */
	struct vdh_device core;
	struct vdh_capture capture;
	struct vdh_dma_memory descriptors;
	struct vdh_dma_memory completions;
	struct dma_pool *blocks;
	u8 *tables;

	/* Interrupts; written by the hard handler. */
	atomic_t events;
	atomic64_t interrupts;
	u64 irq_ns;

	/* Work: one ordered queue. step: boot, firmware operations, the engine's recovery. */
	struct workqueue_struct *work;
	struct delayed_work step;
	struct delayed_work watch;

	/* Boot. */
	struct vdh_boot boot;
	enum vdl_boot_phase boot_phase;
	u32 boot_flags;
	u32 boot_tries;
	u32 boot_looks;
	bool telling;			/* controls are made of the tables: they must not change */
	int boot_result;
	const struct firmware *file;
	u32 file_state;			/* enum vdl_file_state */
	u32 file_error;

	/* A firmware operation, begun by an ioctl. */
	bool busy;
	struct vdl_firmware_command command;
	u8 *image;
	struct vdh_flash_store store;
	bool storing;
	u64 flash_deadline_us;		/* a commit or roll-back that the card still does */
	struct vdl_firmware_status last;	/* of the operation: how it ended */

	/* What programs had set; put back when the card has lost it. */
	bool chosen;			/* input and timing */
	u32 input;
	u32 timing;
	bool pattern;

	/* Controls. */
	struct v4l2_ctrl_handler handler;
	struct vdl_control controls[VDH_CONTROLS_MAX];
	struct v4l2_ctrl *pattern_ctrl;
	struct v4l2_ctrl *power_ctrl;
	struct v4l2_ctrl *exposure_cluster[2];	/* auto, then the time */
	bool from_card;			/* handler's lock: V4L2 is told what the card did */

	/* Capture. */
	struct vb2_queue queue;
	struct vdh_format format;
	bool cropped;			/* a window that a program chose */
	u32 format_version;		/* firmware that the format was made for */
	struct list_head queued;	/* with the card, or waiting for it to run */
	struct vdl_buffer *slots[VDL_SLOTS];
	enum vdl_engine engine;
	bool wanted;			/* the queue streams */
	bool cut;			/* bus mastering is off since a stop failed */
	bool reboot;			/* look at the firmware before the engine starts anew */
	bool frame_sync;		/* this run has the watermark interrupt */
	atomic_t frame_syncs;		/* who asked for it */
	u32 drains;
	u32 torn;
	u32 revivals;			/* without a frame in between */
	u32 sequence_base;
	u32 sequence_next;
	u32 sync_next;			/* frames before it had their frame-sync event */
	u32 watch_sequence;
	u32 watch_ticks;
	struct vdl_counts counts;	/* of finished runs, and the buffers of all */
	struct vdl_counts run;		/* this run, as last read */
	struct vdl_counts seen;		/* this run, as its completions say */

	/* Metadata. */
	struct vb2_queue meta_queue;
	spinlock_t meta_spin;		/* what follows */
	struct list_head meta_queued;
	bool meta_streams;
	u32 records_lost;

	struct dentry *debug;
};

/* vdl_io.c */
extern const struct vdh_io vdl_io;
int vdl_errno(int result);
int vdl_result(struct vdl_device *dev, int result);
void vdl_gone(struct vdl_device *dev);
u64 vdl_now_us(void);
irqreturn_t vdl_irq(int irq, void *context);
irqreturn_t vdl_irq_thread(int irq, void *context);
void vdl_irq_poll(struct vdl_device *dev);
int vdl_interrupts_on(struct vdl_device *dev);

/* vdl_boot.c */
void vdl_step_work(struct work_struct *work);
void vdl_step_soon(struct vdl_device *dev, u32 after_us);
void vdl_boot_begin(struct vdl_device *dev);
void vdl_boot_begin_present(struct vdl_device *dev, bool commanded);
void vdl_boot_begin_image(struct vdl_device *dev);
bool vdl_boot_step(struct vdl_device *dev, u32 *again_us);
void vdl_boot_release(struct vdl_device *dev);

/* vdl_firmware.c */
long vdl_firmware_command(struct vdl_device *dev, const struct vdl_firmware_command *command);
long vdl_firmware_status(struct vdl_device *dev, struct vdl_firmware_status *out);
bool vdl_firmware_step(struct vdl_device *dev, u32 *again_us);
void vdl_firmware_end(struct vdl_device *dev, int result, enum vdh_image_error error);

/* vdl_engine.c */
int vdl_engine_start(struct vdl_device *dev);
void vdl_engine_stop(struct vdl_device *dev);
bool vdl_engine_step(struct vdl_device *dev, u32 *again_us);
int vdl_engine_collect(struct vdl_device *dev, u64 arrival_ns);
void vdl_engine_lost(struct vdl_device *dev);
void vdl_engine_recover(struct vdl_device *dev);
void vdl_engine_frame_sync(struct vdl_device *dev, u64 arrival_ns);
void vdl_engine_counts(struct vdl_device *dev, struct vdl_counts *out);
void vdl_watch_work(struct work_struct *work);

/* vdl_queue.c */
int vdl_queue_init(struct vdl_device *dev);
void vdl_queue_return(struct vdl_device *dev, enum vb2_buffer_state state);
int vdl_queue_give(struct vdl_device *dev, struct vdl_buffer *buffer);

/* vdl_meta.c */
int vdl_meta_init(struct vdl_device *dev);
void vdl_meta_record(struct vdl_device *dev, const struct vdl_frame_meta *record, u64 timestamp);
extern const struct v4l2_ioctl_ops vdl_meta_ioctls;

/* vdl_video.c */
void vdl_video_init(struct vdl_device *dev);
int vdl_video_register(struct vdl_device *dev);
void vdl_video_unregister(struct vdl_device *dev);
int vdl_querycap(struct file *file, void *fh, struct v4l2_capability *cap);
int vdl_subscribe(struct v4l2_fh *fh, const struct v4l2_event_subscription *sub);
void vdl_event(struct vdl_device *dev, u32 type);
extern const struct v4l2_file_operations vdl_fops;

/* vdl_format.c */
void vdl_format_reset(struct vdl_device *dev);
void vdl_format_follow(struct vdl_device *dev);
int vdl_enum_fmt(struct file *file, void *fh, struct v4l2_fmtdesc *desc);
int vdl_g_fmt(struct file *file, void *fh, struct v4l2_format *format);
int vdl_try_fmt(struct file *file, void *fh, struct v4l2_format *format);
int vdl_s_fmt(struct file *file, void *fh, struct v4l2_format *format);
int vdl_g_parm(struct file *file, void *fh, struct v4l2_streamparm *parm);
int vdl_s_parm(struct file *file, void *fh, struct v4l2_streamparm *parm);

/* vdl_sizes.c */
int vdl_enum_framesizes(struct file *file, void *fh, struct v4l2_frmsizeenum *size);
int vdl_enum_frameintervals(struct file *file, void *fh, struct v4l2_frmivalenum *interval);
int vdl_g_selection(struct file *file, void *fh, struct v4l2_selection *selection);
int vdl_g_pixelaspect(struct file *file, void *fh, int type, struct v4l2_fract *aspect);
int vdl_s_selection(struct file *file, void *fh, struct v4l2_selection *selection);

/* vdl_input.c */
void vdl_input_apply(struct vdl_device *dev);
u32 vdl_input_field(struct vdl_device *dev);
int vdl_input_choose_timing(struct vdl_device *dev, u32 timing);
int vdl_enum_input(struct file *file, void *fh, struct v4l2_input *input);
int vdl_g_input(struct file *file, void *fh, unsigned int *input);
int vdl_s_input(struct file *file, void *fh, unsigned int input);
int vdl_g_std(struct file *file, void *fh, v4l2_std_id *std);
int vdl_s_std(struct file *file, void *fh, v4l2_std_id std);
int vdl_querystd(struct file *file, void *fh, v4l2_std_id *std);
int vdl_enum_dv_timings(struct file *file, void *fh, struct v4l2_enum_dv_timings *timings);
int vdl_query_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings);
int vdl_g_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings);
int vdl_s_dv_timings(struct file *file, void *fh, struct v4l2_dv_timings *timings);
int vdl_dv_timings_cap(struct file *file, void *fh, struct v4l2_dv_timings_cap *cap);

/* vdl_control.c */
int vdl_controls_sync(struct vdl_device *dev);
void vdl_controls_changed(struct vdl_device *dev, u32 mask);
void vdl_controls_written(struct vdl_device *dev, u32 offset);

/* vdl_private.c */
long vdl_private_ioctl(struct file *file, void *fh, bool valid_prio, unsigned int cmd, void *arg);

/* vdl_debug.c */
void vdl_debug_init(void);
void vdl_debug_exit(void);
void vdl_debug_add(struct vdl_device *dev);
void vdl_debug_remove(struct vdl_device *dev);
int vdl_log_status(struct file *file, void *fh);

/* vdl_pci.c */
extern unsigned int vdl_segment_bytes;
extern char *vdl_firmware_file;

#endif
