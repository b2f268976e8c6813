/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What the module's video nodes offer beyond plain V4L2. Every structure has a fixed size, is
 * naturally aligned and the same for 32 and 64 bits; what is reserved is 0 in both directions.
 */
#ifndef VDL_INTERFACE_H
#define VDL_INTERFACE_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/videodev2.h>

#define VDL_INTERFACE_VERSION 1

/*
 * A card has two video nodes with the same bus_info (VIDIOC_QUERYCAP): pictures
 * (V4L2_CAP_VIDEO_CAPTURE) and, for each picture, a record (V4L2_CAP_META_CAPTURE). Both take the
 * ioctls below. VDL_IOC_IDENTITY tells a node of this module from any other: those have no such
 * ioctl (ENOTTY).
 */
enum vdl_node {
	VDL_NODE_PICTURE = 0,
	VDL_NODE_META = 1,
};

/* All of this is constant while the same firmware runs. */
struct vdl_identity {
	__u32 interface_version;	/* VDL_INTERFACE_VERSION */
	__u32 node;			/* enum vdl_node */
	__u32 limited;			/* 1: no firmware runs; only firmware and registers work */
	__u32 revision;
	__u32 caps;			/* register CAPS */
	__u32 target;
	__u32 version_min;
	__u32 version_max;
	__u32 capacity_bytes;
	__u32 time_hz;
	__u32 time_tolerance_ppm;
	__u32 input_count;
	__u32 timing_count;
	__u32 mode_count;
	__u32 control_count;
	__u32 reserved;
	char serial[24];
};

/*
 * One register, by its offset. EACCES unless the register table of the data sheet lets user space
 * read (write) it. None that can be written steers DMA or interrupts.
 */
struct vdl_register {
	__u32 offset;
	__u32 value;
};

/*
 * The registers that user space may at least read, in the order of the data sheet. Index in, the
 * rest out; EINVAL past the end.
 */
struct vdl_register_info {
	__u32 index;
	__u32 offset;		/* of the first */
	__u32 count;		/* how many, every 4 bytes */
	__u32 access;		/* bit 0: may be read, bit 1: may be written */
	char name[32];
	char help[128];
};

/* The time counter of the card was latched between two readings of CLOCK_MONOTONIC. */
struct vdl_time {
	__u64 ticks;
	__u64 before_ns;
	__u64 after_ns;
	__u64 reserved;
};

/*
 * The account of all captures since the last VIDIOC_STREAMON of the picture node: the sum of the
 * card's own counters over each run of its engine. It stands after VIDIOC_STREAMOFF, and after an
 * unplug as last read.
 */
struct vdl_counts {
	__u64 produced;
	__u64 good;
	__u64 dropped_fifo;
	__u64 dropped_no_buffer;
	__u64 dropped_no_signal;
	__u64 dropped_dma;
	__u64 delivered;	/* buffers given back with a whole picture */
	__u64 damaged;		/* buffers given back with V4L2_BUF_FLAG_ERROR while capturing */
	__u64 interrupts;
	__u32 captures;		/* runs of the engine: 1 unless it had to be started anew */
	__u32 incomplete;	/* how many of them could not be read; their share is missing */
};

/* Signal at the selected input. */
struct vdl_signal {
	__u32 state;		/* 0 none, 1 unstable, 2 locked */
	__u32 mismatch;		/* locked, but not to the timing that was set */
	__u32 detected;		/* number in the firmware's timing table, 255: none */
	__u32 changes;		/* counts changes, 16 bits, wraps */
};

/* A timing of the firmware's table; index in, the rest out. EINVAL past the end. */
struct vdl_timing {
	__u32 index;
	__u32 kind;		/* 0 digital, 1 analogue */
	__u32 flags;		/* bit 0: interlaced */
	__u32 width_px;
	__u32 height_px;
	__u32 interval_num;
	__u32 interval_den;
	__u32 pixel_clock_khz;
	char name[24];
	__u32 selected;		/* 1: this one is expected */
	__u32 input_mask;	/* bit n: input n takes it */
};

/* A mode of the firmware's table, likewise. Windows of it can be had if CAPS says crop. */
struct vdl_mode {
	__u32 index;
	__u32 inputs;		/* bit n: input n */
	__u32 formats;		/* bit 0 YUYV, 1 UYVY, 2 NV12, 3 RGB24 (R first), 4 GREY */
	__u32 width_px;
	__u32 height_px;
	__u32 width_min_px;
	__u32 height_min_px;
	__u32 width_step_px;
	__u32 height_step_px;
	__u32 interval_count;
	__u32 reserved[2];
};

enum vdl_firmware_state {
	VDL_FIRMWARE_IDLE = 0,
	VDL_FIRMWARE_BUSY = 1,		/* an operation goes on */
	VDL_FIRMWARE_DONE = 2,		/* the last operation ended well */
	VDL_FIRMWARE_FAILED = 3,	/* it did not: error says why */
	VDL_FIRMWARE_REFUSED = 4,	/* the card or the driver refused the image: image_error */
};

/* What became of the file in /lib/firmware. */
enum vdl_file_state {
	VDL_FILE_NONE = 0,	/* there is none */
	VDL_FILE_RUNS = 1,	/* its image was booted */
	VDL_FILE_OLDER = 2,	/* it is not newer than the embedded one, which was booted */
	VDL_FILE_REFUSED = 3,	/* its image was refused; the embedded one was booted */
	VDL_FILE_FAILED = 4,	/* it did not come up; the embedded one was booted */
};

struct vdl_firmware_status {
	__u32 runs;
	__u32 version;		/* of what runs, as register FW_VERSION */
	__u32 source;		/* as BOOT_STATUS.SOURCE */
	__u32 trial;
	__u32 fell_back;
	__u32 boot_error;	/* BOOT_STATUS.ERROR */
	__u32 has_flash;	/* 0: what follows on slots is 0 */
	__u32 active_slot;	/* FLASH_STATUS.ACTIVE: 1 is A, 2 is B, 0 none */
	__u32 slot_holds[2];	/* FLASH_STATUS.SLOT_A: 0 nothing, 1 good, 2 bad */
	__u32 slot_version[2];
	__u32 state;		/* enum vdl_firmware_state, of the last operation */
	__s32 error;		/* its errno value, negative, 0 if it did not fail */
	__u32 image_error;	/* why an image was refused, numbered as BOOT_STATUS.ERROR */
	__u32 done_bytes;	/* progress */
	__u32 total_bytes;
	__u32 file_state;	/* enum vdl_file_state */
	__u32 file_error;	/* as image_error, after VDL_FILE_REFUSED */
	__u32 embedded_version;
	__u32 operations;	/* counts ended operations */
	__u32 stored_slot;	/* of the last VDL_FIRMWARE_STORE that ended well: 1 is A, 2 is B */
};

enum vdl_firmware_code {
	VDL_FIRMWARE_BOOT = 0,		/* load the image into RAM and start it */
	VDL_FIRMWARE_STORE = 1,		/* store the image in the free slot */
	VDL_FIRMWARE_BOOT_SLOT = 2,	/* start `slot`, on trial unless it is the active one */
	VDL_FIRMWARE_COMMIT = 3,	/* make the slot that runs on trial the active one */
	VDL_FIRMWARE_ROLL_BACK = 4,	/* make the other slot the active one */
	VDL_FIRMWARE_RESTORE = 5,	/* reset the card, then boot as when the module loads */
};

/*
 * Needs CAP_SYS_ADMIN. Returns as soon as the image is copied and the operation begun:
 * VDL_IOC_FIRMWARE_STATUS shows progress and result, VDL_EVENT_FIRMWARE comes at the end. EBUSY
 * while buffers are allocated on the picture node, or another operation goes on.
 */
struct vdl_firmware_command {
	__u32 code;		/* enum vdl_firmware_code */
	__u32 slot;		/* VDL_FIRMWARE_BOOT_SLOT: 0 is A, 1 is B; else 0 */
	__u32 image_bytes;	/* VDL_FIRMWARE_BOOT and _STORE; else 0 */
	__u32 reserved;
	__u64 image;		/* address of the image */
};

#define VDL_IOC_IDENTITY \
	_IOR('V', BASE_VIDIOC_PRIVATE + 0, struct vdl_identity)
#define VDL_IOC_REGISTER_READ \
	_IOWR('V', BASE_VIDIOC_PRIVATE + 1, struct vdl_register)
#define VDL_IOC_REGISTER_WRITE \
	_IOW('V', BASE_VIDIOC_PRIVATE + 2, struct vdl_register)
#define VDL_IOC_TIME \
	_IOR('V', BASE_VIDIOC_PRIVATE + 3, struct vdl_time)
#define VDL_IOC_COUNTS \
	_IOR('V', BASE_VIDIOC_PRIVATE + 4, struct vdl_counts)
#define VDL_IOC_SIGNAL \
	_IOR('V', BASE_VIDIOC_PRIVATE + 5, struct vdl_signal)
#define VDL_IOC_TIMING \
	_IOWR('V', BASE_VIDIOC_PRIVATE + 6, struct vdl_timing)
#define VDL_IOC_MODE \
	_IOWR('V', BASE_VIDIOC_PRIVATE + 7, struct vdl_mode)
#define VDL_IOC_FIRMWARE_STATUS \
	_IOR('V', BASE_VIDIOC_PRIVATE + 8, struct vdl_firmware_status)
#define VDL_IOC_FIRMWARE_COMMAND \
	_IOW('V', BASE_VIDIOC_PRIVATE + 9, struct vdl_firmware_command)
/* __u32, number in the timing table: as VIDIOC_S_DV_TIMINGS or VIDIOC_S_STD. EBUSY likewise. */
#define VDL_IOC_TIMING_SELECT \
	_IOW('V', BASE_VIDIOC_PRIVATE + 10, __u32)

#define VDL_IOC_REGISTER_INFO \
	_IOWR('V', BASE_VIDIOC_PRIVATE + 11, struct vdl_register_info)

/* Events, for VIDIOC_SUBSCRIBE_EVENT on either node; they carry no data. */
#define VDL_EVENT_FIRMWARE	(V4L2_EVENT_PRIVATE_START + 1)	/* other firmware, or an end */
#define VDL_EVENT_ERROR		(V4L2_EVENT_PRIVATE_START + 2)	/* engine started anew, or gone */

/*
 * The metadata node: one struct vdl_frame_meta in each buffer. It has the timestamp and the
 * sequence of the picture's v4l2_buffer. A picture's record is handed out before the picture.
 */
#define VDL_META_FMT v4l2_fourcc('V', 'D', 'C', '1')

struct vdl_frame_meta {
	__u32 size;		/* of this structure */
	__u32 flags;		/* as COMPLETION.FLAGS of the data sheet */
	__u64 ticks;		/* the card's time counter at the start of the frame */
	__u64 end_ticks;	/* when its last byte was in memory */
	__u64 arrival_ns;	/* CLOCK_MONOTONIC when the driver took the completion */
	__u32 sequence;		/* as in v4l2_buffer */
	__u32 capture;		/* counts runs of the engine since STREAMON, from 1 */
	__u32 capture_sequence;	/* the card's own number within the run, from 0 */
	__u32 bytes;		/* in the picture buffer */
	__u32 dropped_fifo;	/* frames lost since the picture before, by cause */
	__u32 dropped_no_buffer;
	__u32 dropped_no_signal;
	__u32 dropped_dma;
	__u32 buffer_index;	/* of the picture's v4l2_buffer */
	__u32 segments;		/* pieces of memory that the picture was written to */
	__u32 records_lost;	/* records before this one that found no metadata buffer */
	__u32 reserved;
};

/* COMPLETION.FLAGS. With one of the first two the picture's buffer has V4L2_BUF_FLAG_ERROR. */
#define VDL_META_DMA_ERROR	0x1
#define VDL_META_BAD_DESCRIPTOR	0x2
#define VDL_META_SOURCE_CHANGED	0x4
#define VDL_META_PATTERN	0x8
#define VDL_META_BOTTOM_FIRST	0x10

#endif
