/* SPDX-License-Identifier: MIT */
/**
 * @file service.h
 * @brief Firmware, registers and extension units of an open device: not for capture.
 *
 * The rules of vidicon.h hold. All of it works on a device that opened LIMITED.
 */
#ifndef VIDICON_SERVICE_H
#define VIDICON_SERVICE_H

#include "vidicon/vidicon.h"

VDC_BEGIN_DECLS

/** What a firmware slot holds. */
enum vdc_slot_state {
    VDC_SLOT_ABSENT = 0, /**< The device has no such slot. */
    VDC_SLOT_EMPTY = 1,  /**< Nothing. */
    VDC_SLOT_GOOD = 2,   /**< An image that passed every check. */
    VDC_SLOT_BAD = 3     /**< A half-written or damaged image. */
};

/** Where the running firmware came from. */
enum vdc_firmware_source {
    VDC_FIRMWARE_NONE = 0,   /**< None runs. */
    VDC_FIRMWARE_RAM = 1,    /**< Loaded by the driver or vdc_device_load_firmware(). */
    VDC_FIRMWARE_SLOT_A = 2, /**< Slot A. */
    VDC_FIRMWARE_SLOT_B = 3  /**< Slot B. */
};

/** Firmware of a device. Versions: major << 24 | minor << 16 | patch; 0 is none. Set `size`
 * before. */
typedef struct vdc_firmware_info {
    uint32_t size;          /**< sizeof(vdc_firmware_info). */
    uint32_t running;       /**< Version that runs. */
    uint32_t source;        /**< ::vdc_firmware_source. */
    uint32_t on_trial;      /**< 1: a restart returns to the active slot unless it is committed. */
    uint32_t fell_back;     /**< 1: another image failed to start since power-on. */
    uint32_t active_slot;   /**< 1 is A, 2 is B, 0 none: what starts at power-on. */
    uint32_t slot_state[2]; /**< ::vdc_slot_state of A and B. */
    uint32_t slot_version[2]; /**< Versions in A and B. */
    uint32_t required_min;    /**< Oldest version that the device runs. */
    uint32_t required_max;    /**< Newest. */
    uint32_t capacity_bytes;  /**< Largest image. */
    uint32_t target;          /**< Board type that an image must be made for. */
} vdc_firmware_info;

/* clang-format off */
/** Firmware info to be filled. */
#define VDC_FIRMWARE_INFO_INIT \
    { sizeof(vdc_firmware_info), 0, 0, 0, 0, 0, { 0, 0 }, { 0, 0 }, 0, 0, 0, 0 }
/* clang-format on */

/** Progress of an update: `done` of `total` bytes. On the calling thread. It must not call the
 * device: VDC_E_STATE. */
typedef void(VDC_CALL *vdc_progress_fn)(uint64_t done, uint64_t total, void *user);

/** Asks what runs, what is stored and what the device requires. VDC_E_UNSUPPORTED without
 * VDC_CAP_FIRMWARE. */
VDC_API(int) vdc_device_get_firmware(vdc_firmware_info *out, vdc_device *device);

/** Loads an image into RAM and runs it until the next power cycle. Streams must be closed
 * (VDC_E_BUSY). VDC_E_FIRMWARE: refused, by a check that the text names; what ran before still
 * runs. */
VDC_API(int) vdc_device_load_firmware(vdc_device *device, const void *image, size_t image_bytes,
                                      vdc_progress_fn progress, void *user);

/** Stores an image in the flash slot that is not active, and starts it on trial. Then look whether
 * it works and call vdc_device_commit_firmware(); otherwise the next restart returns to the active
 * slot. Errors as above; after any failure, loss of power included, the active slot still
 * starts. */
VDC_API(int) vdc_device_update_firmware(vdc_device *device, const void *image, size_t image_bytes,
                                        vdc_progress_fn progress, void *user);

/** Makes the slot that runs on trial the active one. VDC_E_STATE: nothing is on trial. */
VDC_API(int) vdc_device_commit_firmware(vdc_device *device);

/** Ends a trial, or makes the other slot active; and restarts. VDC_E_STATE: the other slot holds no
 * good image. */
VDC_API(int) vdc_device_roll_back_firmware(vdc_device *device);

/** What a program may do to a register. */
enum vdc_register_access {
    VDC_REGISTER_READ = 1 << 0, /**< Read. */
    VDC_REGISTER_WRITE = 1 << 1 /**< Written. */
};

/** A register, or an array of them. */
typedef struct vdc_register_info {
    const char *name;  /**< As in the data sheet. */
    const char *help;  /**< What it does. */
    uint32_t offset;   /**< Address of the first. */
    uint32_t count;    /**< How many, every 4 bytes. */
    uint32_t access;   /**< Any of ::vdc_register_access: what the driver allows. */
    uint32_t reserved; /**< 0. */
} vdc_register_info;

/** Lists the registers that a program may reach. VDC_E_PERMISSION unless opened with
 * VDC_OPEN_REGISTERS; so do the next two. */
VDC_API(int) vdc_device_list_registers(vdc_list **out, vdc_device *device);
/** Item of a list of registers, as vdc_list_device_at(). */
VDC_API(const vdc_register_info *) vdc_list_register_at(const vdc_list *list, size_t index);
/** Reads a register. @param index Which of an array, else 0. VDC_E_NOT_FOUND, VDC_E_RANGE (index),
 * VDC_E_PERMISSION. */
VDC_API(int) vdc_device_read_register(uint32_t *out, vdc_device *device, const char *name,
                                      uint32_t index);
/** Writes a register that the list marks as writable; no other can be, and none of those steers
 * memory access. */
VDC_API(int) vdc_device_write_register(vdc_device *device, const char *name, uint32_t index,
                                       uint32_t value);

/* ---- Extension units: controls of a camera that only its maker knows ------------------------ */

/** An extension unit of a camera of the USB Video Class. */
typedef struct vdc_extension_info {
    uint8_t
        guid[16];  /**< What it is, as it stands in the descriptor; its maker's papers have it. */
    uint32_t unit; /**< Its number on this device, for the calls below. */
    uint32_t selectors[8]; /**< Bit n % 32 of word n / 32: it has a control of selector n. */
} vdc_extension_info;

/** A control of an extension unit, as the device describes it now. Set `size` before. */
typedef struct vdc_extension_control {
    uint32_t size;     /**< sizeof(vdc_extension_control). */
    uint32_t bytes;    /**< Length of its value, 1 to 4096. */
    uint32_t access;   /**< Any of ::vdc_register_access. */
    uint32_t reserved; /**< 0. */
} vdc_extension_control;

/* clang-format off */
/** A control to be described. */
#define VDC_EXTENSION_CONTROL_INIT \
    { sizeof(vdc_extension_control), 0, 0, 0 }
/* clang-format on */

/** Which of a control's values. */
enum vdc_extension_value {
    VDC_EXTENSION_CURRENT = 0, /**< The one in force. */
    VDC_EXTENSION_MINIMUM = 1, /**< The smallest. */
    VDC_EXTENSION_MAXIMUM = 2, /**< The largest. */
    VDC_EXTENSION_STEP = 3,    /**< Between two. */
    VDC_EXTENSION_DEFAULT = 4  /**< After power-on. */
};

/** Lists the extension units. VDC_E_UNSUPPORTED without VDC_CAP_EXTENSIONS, VDC_E_PERMISSION unless
 * opened with VDC_OPEN_REGISTERS; so do the next four. */
VDC_API(int) vdc_device_list_extensions(vdc_list **out, vdc_device *device);
/** Item of a list of extension units, as vdc_list_device_at(). */
VDC_API(const vdc_extension_info *) vdc_list_extension_at(const vdc_list *list, size_t index);
/** Asks the device how long the value of a control is, and what may be done to it. VDC_E_NOT_FOUND:
 * no such unit or selector. VDC_E_IO: its answer makes no sense. */
VDC_API(int) vdc_device_get_extension(vdc_extension_control *out, vdc_device *device, uint32_t unit,
                                      uint32_t selector);
/** Reads a value: bytes, in the order of the device. @param bytes Its length, just as
 * vdc_device_get_extension() says, else VDC_E_RANGE. @param value ::vdc_extension_value.
 * VDC_E_PERMISSION: it cannot be read. */
VDC_API(int) vdc_device_read_extension(void *out, size_t bytes, vdc_device *device, uint32_t unit,
                                       uint32_t selector, uint32_t value);
/** Writes the current value. Nothing is known of what it does: it may well end the device. Errors
 * as above. */
VDC_API(int) vdc_device_write_extension(vdc_device *device, uint32_t unit, uint32_t selector,
                                        const void *data, size_t bytes);

VDC_END_DECLS

#endif
