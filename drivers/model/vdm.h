/* SPDX-License-Identifier: MIT */
/*
 * The card as an executable specification: what docs/hardware.md says, as a program. No OS calls,
 * no allocation, its own time handed in by the host. It shares with the drivers' core the register
 * table and the layout tables, and no logic: two readings of one specification check each other.
 *
 * A card serves one thread at a time; hosts with more use a lock of their own. Callbacks are made
 * from within the call that caused them and must not call back into the card.
 */
#ifndef VDM_H
#define VDM_H

#include <stddef.h>
#include <stdint.h>

struct vdm_card;

enum vdm_body { VDM_BODY_PCIE, VDM_BODY_USB };
enum vdm_usb_speed { VDM_USB_HIGH, VDM_USB_SUPER };

/* What the card asks of the machine it sits in. Unused ones may be NULL. */
struct vdm_host {
    /* Where the card may read (or write) `length` bytes of host memory at bus address `address`,
     * until the card's next call into the host; NULL is a target abort. Lengths may be cut by the
     * card as it likes, down to one byte. */
    void *(*dma)(void *context, uint64_t address, uint32_t length, int write);

    /* One MSI message. A level-triggered line can be had from vdm_interrupt_line(). */
    void (*interrupt)(void *context);

    /* The card leaves the bus (attached 0) or is there again (1): unplug, firmware starting on USB,
     * power coming back. */
    void (*attachment)(void *context, int attached);
};

/* Bytes of flash that the host keeps for the card; all 0xff when new. */
#define VDM_FLASH_BYTES (2u * 0x40000u + 2u * 4096u)
/* A picture source of the host's own, see vdm_set_clip. */
struct vdm_clip;

struct vdm_config {
    enum vdm_body body;
    enum vdm_usb_speed usb_speed;
    char serial[17];      /* ASCII, terminated */
    uint32_t target;      /* register TARGET */
    uint32_t version_min; /* what the boot ROM runs */
    uint32_t version_max;
    uint16_t usb_vendor; /* descriptors; identities are the builder's, not the model's */
    uint16_t usb_product_boot;
    uint16_t usb_product_run;
    const char *usb_manufacturer; /* ASCII, kept by the host as long as the card */
    const char *usb_product;
    const char *usb_interface_guid; /* "{...}" for the MS OS 2.0 descriptors */
    int32_t drift_ppm; /* true speed of the time counter over TIME_HZ; may exceed the tolerance */
    uint64_t boot_ns;  /* how long firmware takes to start; the driver does not know it */
    uint32_t flash_ns_per_byte;
    uint8_t *flash; /* VDM_FLASH_BYTES of the host's, kept as long as the card; NULL: no flash */
    const struct vdm_host *host;
    void *context; /* handed to the host callbacks */
};

/* Fills in what a plain PCI Express card has: no flash, no drift, no identity on USB, 30 ms of boot
 * time. */
void vdm_config_default(struct vdm_config *config);

/* Bytes that vdm_create needs, to be aligned to 64. */
size_t vdm_card_bytes(void);

/* Powers the card on at time 0 in `memory`. NULL if the config makes no sense. Nothing to destroy:
 * the memory is the host's. */
struct vdm_card *vdm_create(void *memory, size_t bytes, const struct vdm_config *config);

/* ---- Time ------------------------------------------------------------------------------------ */

/* Lets the card live until `to_ns` of true time since power-on; earlier times do nothing. */
void vdm_advance(struct vdm_card *card, uint64_t to_ns);
uint64_t vdm_now_ns(const struct vdm_card *card);
/* When something can next happen by itself; UINT64_MAX if nothing can. To let a whole picture pass,
 * advance to this again and again. */
uint64_t vdm_next_event_ns(const struct vdm_card *card);

/* ---- PCI Express body ------------------------------------------------------------------------ */

uint32_t vdm_read(struct vdm_card *card, uint32_t offset); /* BAR0, 32 bits */
void vdm_write(struct vdm_card *card, uint32_t offset, uint32_t value);
/* BAR1; 2 or 4 bytes */
uint32_t vdm_port_read(struct vdm_card *card, uint32_t port, uint32_t bytes);
void vdm_port_write(struct vdm_card *card, uint32_t port, uint32_t bytes, uint32_t value);
/* Level of the INTx line: some unmasked bit is set. */
int vdm_interrupt_line(const struct vdm_card *card);

/* ---- USB body -------------------------------------------------------------------------------- */

enum { VDM_USB_STALL = -1, VDM_USB_NAK = -2, VDM_USB_GONE = -3 };

/* A control transfer, standard or vendor. `data` holds what is sent, or takes what comes back (room
 * for the set-up packet's wLength). Bytes moved, or VDM_USB_STALL or _GONE. */
int vdm_usb_control(struct vdm_card *card, const uint8_t setup[8], uint8_t *data);
/* The next bytes of the bulk IN endpoint, at most `room` (a multiple of the packet size).
 * *packet_end becomes 1 if the last packet was short (or of zero length). VDM_USB_NAK if there is
 * nothing now. */
int vdm_usb_bulk_in(struct vdm_card *card, uint8_t *data, uint32_t room, int *packet_end);
/* The next packet of the interrupt IN endpoint: its bytes, or VDM_USB_NAK. */
int vdm_usb_interrupt_in(struct vdm_card *card, uint8_t data[64]);
/* Bus reset: configuration 0, endpoints empty. */
void vdm_usb_reset(struct vdm_card *card);

/* ---- Signal and picture ---------------------------------------------------------------------- */

/* What arrives at an input: number of a timing in the running firmware's table; VDM_SIGNAL_NONE;
 * VDM_SIGNAL_UNSTABLE. VDM_SIGNAL_DEFAULT (at power-on): the input's default timing. */
enum { VDM_SIGNAL_DEFAULT = -1, VDM_SIGNAL_NONE = -2, VDM_SIGNAL_UNSTABLE = -3 };
void vdm_set_signal(struct vdm_card *card, uint32_t input, int32_t timing);

/* A clip as source of every input. The bytes stay the host's. Frame n of the source shows clip
 * frame n modulo the number of frames, placed top left; what it does not cover is black. */
enum vdm_clip_layout {
    VDM_CLIP_420,
    VDM_CLIP_422,
    VDM_CLIP_444,
    VDM_CLIP_MONO,
    VDM_CLIP_YUYV,
    VDM_CLIP_UYVY,
    VDM_CLIP_NV12,
    VDM_CLIP_RGB24,
    VDM_CLIP_GREY
};
struct vdm_clip {
    const uint8_t *bytes;
    size_t size;
    enum vdm_clip_layout layout;
    uint32_t width;
    uint32_t height;
    uint32_t interval_num; /* 0 if unknown */
    uint32_t interval_den;
    size_t first_frame;  /* offset of the first frame's pixels, */
    size_t frame_stride; /* from one frame to the next: all have headers of equal length; */
    size_t frame_count;
};
/* Y4M (8 bits; 420*, 422, 444, mono; equal frame headers). 0, or -1 and *what says why. */
int vdm_clip_parse_y4m(struct vdm_clip *out, const uint8_t *bytes, size_t size, const char **what);
/* Raw frames one after the other. 0, or -1 and *what. */
int vdm_clip_raw(struct vdm_clip *out, const uint8_t *bytes, size_t size,
                 enum vdm_clip_layout layout, uint32_t width, uint32_t height, const char **what);
int vdm_set_clip(struct vdm_card *card, const struct vdm_clip *clip); /* NULL: the pattern again */

/* The picture as it must be delivered, computed line by line apart from the capture engine, for
 * tests to compare with. `sequence` is the source frame's number. Line `line` of plane `plane` of
 * the window in the card's present configuration, with control values `controls` (NULL: as they are
 * now); the line's bytes without padding; 0 if there is no such line. */
uint32_t vdm_expected_line(struct vdm_card *card, uint32_t sequence, uint32_t plane, uint32_t line,
                           const int32_t *controls, uint8_t *out);
/* Reads the frame number out of a pattern picture in any of the pixel formats: 0, or -1 if it
 * cannot be read. `data` is the first plane, of at least 64x16 pixels at the raster's top left
 * corner. */
int vdm_pattern_read_number(uint32_t fourcc, const uint8_t *data, uint32_t stride_bytes,
                            uint32_t *number);

/* ---- Faults ---------------------------------------------------------------------------------- */

/* A script: faults separated by ';', each KIND@TRIGGER[,KEY=VALUE...]; docs/hardware.md lists them.
 * 0, or -1 with *error_at (offset in the text) and *what. Replaces the script in force. */
int vdm_fault_script(struct vdm_card *card, const char *text, size_t length, size_t *error_at,
                     const char **what);
/* "unplug" and so on; NULL past the last. Index in vdm_ledger.injected. */
const char *vdm_fault_name(uint32_t kind);
/* The host's own act: the card is pulled out now. Registers read all ones. */
void vdm_unplug(struct vdm_card *card);
int vdm_is_gone(const struct vdm_card *card);
/* Power fails and comes back at once: the flash keeps what it has. A card that is gone is plugged
 * in again. The true time and the ledger go on; the card's counter starts at 0. */
void vdm_power_cycle(struct vdm_card *card);

/* ---- The private ledger ---------------------------------------------------------------------- */

enum vdm_cause {
    VDM_CAUSE_GOOD,
    VDM_CAUSE_FIFO,
    VDM_CAUSE_NO_BUFFER,
    VDM_CAUSE_NO_SIGNAL,
    VDM_CAUSE_DMA,
    VDM_CAUSE_USB,
    VDM_CAUSES
};
#define VDM_FAULT_KINDS   32
#define VDM_LEDGER_FRAMES 4096u /* the last frames, in a ring */

struct vdm_ledger_frame {
    uint32_t sequence;
    uint32_t cause;    /* enum vdm_cause */
    uint64_t start_ns; /* true time of the start of the frame, since power-on */
    uint64_t end_ns;
    uint32_t source_frame; /* which picture it shows */
    uint32_t tag;
};

/* What really happened, kept apart from everything a driver can read. Counts since power-on; those
 * of the present or last capture in `capture`. */
struct vdm_ledger {
    uint64_t captures;
    uint64_t produced;
    uint64_t by_cause[VDM_CAUSES];
    struct {
        uint64_t produced;
        uint64_t by_cause[VDM_CAUSES];
    } capture;
    uint64_t interrupts;
    uint64_t register_reads;
    uint64_t register_writes;
    uint64_t dma_bytes;
    uint64_t button_presses; /* WHITE_BALANCE and its like */
    uint64_t boots;          /* boot attempts, as the trigger boot=N counts them */
    uint64_t programmed;     /* bytes of flash, as flash=N counts them */
    uint64_t injected[VDM_FAULT_KINDS];
    uint32_t frame_count; /* frames ever entered; entry n is frames[n % VDM_LEDGER_FRAMES] */
    struct vdm_ledger_frame frames[VDM_LEDGER_FRAMES];
};
const struct vdm_ledger *vdm_get_ledger(const struct vdm_card *card);
/* What stands in the flash, for tests: 1 if `slot` holds a good image, and its version. */
int vdm_slot_version(const struct vdm_card *card, uint32_t slot, uint32_t *version);

#endif
