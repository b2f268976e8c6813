/* SPDX-License-Identifier: MIT */
/*
 * What the Windows driver shows beyond plain kernel streaming, for the ks backend: one property set,
 * one format specifier, one event set, all three of the brand's property_set_guid (the namespaces are
 * apart). Everything is of fixed size, naturally aligned and the same for 32 and 64 bits.
 */
#ifndef VDW_INTERFACE_H
#define VDW_INTERFACE_H

#include <stdint.h>

/* vidicon_brand.h, or whatever defines the macro, comes from who includes this. */
#define VDW_SET_GUID_INIT VIDICON_BRAND_PROPERTY_SET_GUID_INIT

#define VDW_INTERFACE_VERSION 1u

/*
 * Device properties (of the filter handle). "Selected by" is a struct vdw_selector behind the
 * KSPROPERTY of the request. A value shorter than its structure is refused; a longer one is not.
 */
enum vdw_property {
    VDW_PROPERTY_IDENTITY = 0,         /* get struct vdw_identity */
    VDW_PROPERTY_REGISTER = 1,         /* get, set uint32_t; selected by index: the offset */
    VDW_PROPERTY_FIRMWARE_STATUS = 2,  /* get struct vdw_firmware_status */
    VDW_PROPERTY_FIRMWARE_COMMAND = 3, /* set struct vdw_firmware_command, the image behind it */
    VDW_PROPERTY_INPUT_INFO = 4,       /* get struct vdw_input; selected by index */
    VDW_PROPERTY_TIMING_INFO = 5,      /* get struct vdw_timing; selected by index */
    VDW_PROPERTY_CONTROL_INFO = 6,     /* get struct vdw_control; selected by index */
    VDW_PROPERTY_MENU_NAME = 7,        /* get char[32]; selected by index (control) and item */
    VDW_PROPERTY_CONTROL = 8,          /* get, set int32_t; selected by index */
    VDW_PROPERTY_INPUT = 9,            /* get, set uint32_t; set only while no pin captures */
    VDW_PROPERTY_TIMING = 10,          /* get, set uint32_t; likewise */
    VDW_PROPERTY_PATTERN = 11,         /* set uint32_t: 1 shows the test pattern */
    VDW_PROPERTY_SIGNAL = 12,          /* get struct vdw_signal */
    VDW_PROPERTY_TIME = 13,            /* get struct vdw_time */
    VDW_PROPERTY_COUNTS = 14,          /* get struct vdw_counts */
    VDW_PROPERTY_MODE_INFO = 15,       /* get struct vdw_mode; selected by index */
    VDW_PROPERTY_INTERVAL_INFO = 16,   /* get struct vdw_interval; selected by index (mode), item */
    VDW_PROPERTY_REGISTER_INFO = 17,   /* get struct vdw_register_info; selected by index */
    VDW_PROPERTY_COUNT
};

/* Device events of the same GUID. They say that something changed; the properties say what. */
enum vdw_event {
    VDW_EVENT_SIGNAL = 0,   /* signal or timing of the input */
    VDW_EVENT_CONTROL = 1,  /* the card changed a control by itself */
    VDW_EVENT_FIRMWARE = 2, /* other firmware runs, an operation ended, or a file was not used */
    VDW_EVENT_ERROR = 3,    /* the capture engine reported an error */
    VDW_EVENT_COUNT
};

struct vdw_selector {
    uint32_t index;
    uint32_t item;
};

struct vdw_identity {
    uint32_t interface_version; /* VDW_INTERFACE_VERSION */
    uint32_t limited;           /* 1: no firmware runs; only firmware and registers work */
    uint32_t revision;
    uint32_t caps; /* register CAPS */
    uint32_t target;
    uint32_t version_min;
    uint32_t version_max;
    uint32_t capacity_bytes;
    uint32_t time_hz;
    uint32_t time_tolerance_ppm;
    uint32_t input_count;
    uint32_t timing_count;
    uint32_t mode_count;
    uint32_t control_count;
    uint32_t body; /* 0: memory registers, 1: I/O ports */
    uint32_t register_count;
    char serial[24];
};

enum vdw_register_access { VDW_REGISTER_READ = 1, VDW_REGISTER_WRITE = 2 };

/*
 * The registers that a program may at least read, in the order of the data sheet. None that can be
 * written steers DMA or interrupts. REGISTER takes offset + 4 * n, n below count.
 */
struct vdw_register_info {
    uint32_t offset; /* of the first */
    uint32_t count;  /* how many, every 4 bytes */
    uint32_t access; /* enum vdw_register_access, as bits */
    uint32_t reserved;
    char name[32];  /* these two end with a zero, and what follows it is zero */
    char help[128]; /* cut if it is longer */
};

enum vdw_firmware_state {
    VDW_FIRMWARE_IDLE = 0,
    VDW_FIRMWARE_BUSY = 1,   /* an operation goes on */
    VDW_FIRMWARE_DONE = 2,   /* the last operation ended well */
    VDW_FIRMWARE_FAILED = 3, /* it did not: result and image_error say why */
    VDW_FIRMWARE_REFUSED = 4 /* the card or the core refused the image: image_error */
};

/* What became of the file that the registry names. */
enum vdw_file_state {
    VDW_FILE_NONE = 0,    /* none is named */
    VDW_FILE_RUNS = 1,    /* its image was booted */
    VDW_FILE_MISSING = 2, /* it could not be opened or read, or is too long */
    VDW_FILE_REFUSED = 3, /* its image was refused; the embedded one was booted */
    VDW_FILE_FAILED = 4   /* it did not come up; the embedded one was booted */
};

struct vdw_firmware_status {
    uint32_t runs;
    uint32_t version; /* of what runs, as register FW_VERSION */
    uint32_t source;  /* as BOOT_STATUS.SOURCE */
    uint32_t trial;
    uint32_t fell_back;
    uint32_t boot_error;    /* BOOT_STATUS.ERROR */
    uint32_t has_flash;     /* 0: what follows on slots is 0 */
    uint32_t active_slot;   /* FLASH_STATUS.ACTIVE */
    uint32_t slot_holds[2]; /* FLASH_STATUS.SLOT_A */
    uint32_t slot_version[2];
    uint32_t state;       /* enum vdw_firmware_state, of the last operation */
    int32_t result;       /* the core's enum vdh_result */
    uint32_t image_error; /* the core's enum vdh_image_error */
    uint32_t done_bytes;  /* progress */
    uint32_t total_bytes;
    uint32_t file_state; /* enum vdw_file_state */
    uint32_t file_error; /* enum vdh_image_error, after VDW_FILE_REFUSED */
    uint32_t embedded_version;
};

enum vdw_firmware_code {
    VDW_FIRMWARE_BOOT = 0,      /* load the image behind the command into RAM and start it */
    VDW_FIRMWARE_STORE = 1,     /* store the image behind the command in the free slot */
    VDW_FIRMWARE_BOOT_SLOT = 2, /* start `slot`, on trial unless it is the active one */
    VDW_FIRMWARE_COMMIT = 3,    /* done when the card's record says that the slot is active */
    VDW_FIRMWARE_ROLL_BACK = 4, /* likewise, the other slot */
    VDW_FIRMWARE_RESTORE = 5    /* reset the card, then boot as when Windows starts */
};

/* The request returns as soon as the image is copied; FIRMWARE_STATUS shows progress and result, and
 * VDW_EVENT_FIRMWARE the end. Refused as busy while a pin captures or another operation goes on. */
struct vdw_firmware_command {
    uint32_t code;
    uint32_t slot;
    uint32_t image_bytes;
    uint32_t reserved;
};

struct vdw_input {
    char name[32];
    uint32_t kind; /* 0 digital, 1 analogue */
    uint32_t timing_first;
    uint32_t timing_count;
    uint32_t timing_default;
};

struct vdw_timing {
    char name[24];
    uint32_t kind;
    uint32_t flags; /* bit 0: interlaced */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t interval_num;
    uint32_t interval_den;
    uint32_t pixel_clock_khz;
    uint32_t reserved;
};

struct vdw_mode {
    uint32_t inputs;  /* bit n: input n */
    uint32_t formats; /* bit 0 YUYV, 1 UYVY, 2 NV12, 3 RGB24 (R first), 4 GREY */
    uint32_t width_px;
    uint32_t height_px;
    uint32_t width_min_px;
    uint32_t height_min_px;
    uint32_t width_step_px;
    uint32_t height_step_px;
    uint32_t interval_count;
    uint32_t reserved;
};

struct vdw_interval {
    uint32_t num;
    uint32_t den;
};

struct vdw_control {
    uint32_t id;    /* as CONTROL.ID of the data sheet */
    uint32_t type;  /* 1 integer, 2 boolean, 3 menu, 4 button */
    uint32_t flags; /* bit 0 volatile, bit 1 read only */
    uint32_t menu_count;
    int32_t minimum;
    int32_t maximum;
    int32_t step;
    int32_t default_value;
    char name[32];
};

struct vdw_signal {
    uint32_t state; /* 0 none, 1 unstable, 2 locked */
    uint32_t mismatch;
    uint32_t detected; /* timing number, or 255 */
    uint32_t changes;
};

/* The card's time counter was latched between two readings of the performance counter. */
struct vdw_time {
    uint64_t ticks;
    uint64_t counter_before;
    uint64_t counter_after;
    uint64_t counter_hz;
};

/* The card's own account, of all captures since the pin left the stop state. */
struct vdw_counts {
    uint64_t produced;
    uint64_t good;
    uint64_t dropped_fifo;
    uint64_t dropped_no_buffer;
    uint64_t dropped_no_signal;
    uint64_t dropped_dma;
    uint64_t delivered; /* requests completed with a whole picture */
    uint32_t captures;
    uint32_t
        incomplete; /* how many of them could not be read at their end; their share is missing */
};

/*
 * A pin opened with Vidicon's own format specifier: KSDATAFORMAT, KS_VIDEOINFOHEADER, and this. 0 is
 * "any" in all members but size, in an intersection, too.
 */
struct vdw_format {
    uint32_t size; /* of this structure */
    uint32_t mode; /* preferred mode plus 1 */
    uint32_t stride_bytes;
    uint32_t left_px; /* corner of the window in the mode's raster */
    uint32_t top_px;
    uint32_t interval_num;
    uint32_t interval_den;
    uint32_t reserved;
};

/* Follows KS_FRAME_INFO in the extended header, on such pins only. Valid with every completed read. */
struct vdw_frame_info {
    uint32_t size;
    uint32_t flags; /* as COMPLETION.FLAGS of the data sheet */
    uint64_t ticks; /* start of the frame */
    uint64_t end_ticks;
    uint64_t arrival_counter; /* performance counter when the driver took the completion */
    uint32_t sequence;        /* within `capture`, from 0 */
    uint32_t capture;         /* counts from 1: a restart on the way begins another */
    uint32_t dropped_fifo;    /* lost since the frame before, by cause */
    uint32_t dropped_no_buffer;
    uint32_t dropped_no_signal;
    uint32_t dropped_dma;
};

#endif
