/* SPDX-License-Identifier: MIT */
/*
 * Everything the card is made of, and the seams between its source files. One struct, so that the
 * host can place it anywhere. What lives through a power cut is at its end, apart.
 */
#ifndef VDM_PRIVATE_H
#define VDM_PRIVATE_H

#include <string.h>

#include "vdm.h"
#include "vdm_regs.h"

#define VDM_NEVER          UINT64_MAX
#define VDM_RASTER_MAX     8192u
#define VDM_TABLES_MAX     16384u
#define VDM_STAGE_BYTES    0x40000u
#define VDM_SLOT_BYTES     0x40000u
#define VDM_RECORD_SECTOR  4096u
#define VDM_RECORD_BYTES   32u
#define VDM_INPUTS_MAX     8u
#define VDM_CONTROLS_MAX   32u
#define VDM_FAULTS_MAX     32u
#define VDM_LATE_MAX       8u
#define VDM_SEGMENTS_FETCH 32u    /* read from the host at a time */
#define VDM_SEGMENTS_MAX   65536u /* in one frame; ends endless chains of links */
#define VDM_USB_FRAMES     2u
#define VDM_USB_PAD        1024u
#define VDM_CHECK_NS       1000000u
#define VDM_WATCHDOG_NS    3000000000u
#define VDM_LOCK_NS        20000000u
#define VDM_STOP_NS        100000u
#define VDM_REPLUG_NS      10000000u
#define VDM_TORN_NS        100000u
#define VDM_NUMBER_WIDTH   64u /* the frame number in the pattern */
#define VDM_NUMBER_HEIGHT  16u

/* In the order in which events of the same instant happen. */
enum vdm_timer {
    VDM_TIMER_FAULT,
    VDM_TIMER_SIGNAL,
    VDM_TIMER_LOSS,
    VDM_TIMER_BOOT,
    VDM_TIMER_FLASH,
    VDM_TIMER_ATTACH,
    VDM_TIMER_TORN,
    VDM_TIMER_CAPTURE,
    VDM_TIMER_LATE,
    VDM_TIMERS
};

/* ---- Firmware tables ------------------------------------------------------------------------- */

enum vdm_record {
    VDM_INPUT,
    VDM_TIMING,
    VDM_MODE,
    VDM_INTERVAL,
    VDM_CONTROL,
    VDM_MENU,
    VDM_RECORDS
};

struct vdm_tables {
    const uint8_t *bytes;
    uint32_t total;
    uint32_t count[VDM_RECORDS];
    uint32_t offset[VDM_RECORDS];
};

/* ---- Picture --------------------------------------------------------------------------------- */

enum vdm_format { VDM_YUYV, VDM_UYVY, VDM_NV12, VDM_RGB24, VDM_GREY, VDM_FORMATS };

/* What the controls do to a picture; an effect whose value is its base does nothing. */
enum vdm_effect {
    VDM_EXPOSURE,
    VDM_GAIN,
    VDM_CONTRAST,
    VDM_BRIGHTNESS,
    VDM_SATURATION,
    VDM_HUE,
    VDM_EFFECTS
};
struct vdm_grade {
    int32_t value[VDM_EFFECTS];
    int32_t base[VDM_EFFECTS];
};

struct vdm_window {
    enum vdm_format format;
    uint32_t raster_width;
    uint32_t raster_height;
    uint32_t width;
    uint32_t height;
    uint32_t left;
    uint32_t top;
    uint32_t stride;
};

#define VDM_LINE_ALIGNMENT 64u

/* Lines made ready, so that most lines of a pattern are one copy. */
struct vdm_cache {
    int valid; /* of everything here but the number lines */
    int neutral;
    struct vdm_grade grade;
    struct vdm_window window;
    uint8_t luma_of[256];
    uint8_t saturation_of[256];
    uint32_t offset; /* pixels into the bars at which the window begins */
    int number_valid;
    uint32_t number;
    uint8_t bars[2u * 3u * VDM_RASTER_MAX]; /* twice the raster: any shift is one run of bytes */
    uint8_t bars_uv[2u * VDM_RASTER_MAX];
    uint8_t shown[3u * VDM_RASTER_MAX + VDM_LINE_ALIGNMENT]; /* this frame's line of bars */
    uint8_t shown_uv[VDM_RASTER_MAX + VDM_LINE_ALIGNMENT];
    uint8_t numbers[2][3u * VDM_RASTER_MAX]; /* one for each row of number cells */
    uint8_t numbers_uv[VDM_RASTER_MAX];
    uint8_t y[VDM_RASTER_MAX];
    uint8_t u[VDM_RASTER_MAX];
    uint8_t v[VDM_RASTER_MAX];
    uint8_t line[3u * VDM_RASTER_MAX];
};

/* ---- Capture --------------------------------------------------------------------------------- */

struct vdm_frame {
    uint32_t sequence;
    uint32_t tag;
    uint32_t cause;  /* enum vdm_cause; GOOD until something is lost */
    uint32_t flags;  /* of its completion */
    uint32_t faults; /* bit n: fault kind n strikes this frame */
    uint32_t bytes;
    int taken;            /* it has a descriptor, or a place in the USB buffer */
    uint64_t ticks;       /* of the counter as seen, at its start */
    uint64_t start_ticks; /* of the raw counter */
    uint64_t start_ns;
    struct vdm_grade grade;
    int pattern;
};

/* Where the frame goes: a walk along a list of segments. */
struct vdm_walk {
    uint32_t position; /* in the frame, */
    uint64_t address;  /* and of the next byte */
    uint32_t left;     /* in this segment */
    uint64_t list;     /* next segment to fetch */
    uint32_t list_left;
    uint32_t seen;
    uint32_t fetched;
    uint32_t next;
    uint8_t segments[VDM_SEGMENTS_FETCH * VDM_BYTES_SEGMENT];
};

enum vdm_phase { VDM_PHASE_START, VDM_PHASE_LINES, VDM_PHASE_END, VDM_PHASE_STOP };

struct vdm_capture {
    uint32_t state; /* CAPTURE_STATUS.STATE */
    int enable;
    enum vdm_phase phase;
    uint32_t next_sequence;
    uint64_t period_ticks; /* of the period going on: where it began, */
    uint64_t length_ticks; /* how long it is, */
    uint32_t rest;         /* and what that leaves, in 1/interval_den ticks, */
    uint32_t carry;        /* added up */
    uint32_t interval_den;
    uint32_t lines; /* of the frame, in memory */
    uint32_t progress;
    uint32_t produced;
    uint32_t by_cause[VDM_CAUSES];
    uint32_t since[VDM_CAUSES]; /* lost since the last completion */
    int source_changed;
    uint64_t stop_ns; /* 0: the usual; VDM_NEVER */
    uint32_t late_us;
    struct vdm_frame frame;
    struct vdm_walk walk;
    struct vdm_walk walk_uv; /* the same for a second plane, while lines come as they arrive */
    /* Rings: counts modulo 2^16 since they were set up. */
    uint32_t rung;
    uint32_t consumed;
    uint32_t written;
    uint32_t taken;
    uint64_t torn_address;
    uint32_t torn_valid;
};

enum vdm_usb_slot_state { VDM_SLOT_FREE, VDM_SLOT_FILLING, VDM_SLOT_FULL };
struct vdm_usb_slot {
    enum vdm_usb_slot_state state;
    struct vdm_frame frame;
    uint32_t ledger; /* its number in the ledger */
    uint8_t completion[VDM_BYTES_COMPLETION];
};

struct vdm_usb {
    int attached;
    int running_id; /* which product id it shows */
    uint8_t configuration;
    int bulk_halted;
    int interrupt_halted;
    struct vdm_usb_slot slot[VDM_USB_FRAMES];
    uint32_t head;
    uint32_t position; /* in the transfer of the head slot */
    uint32_t transfer_faults;
    int spoilt;     /* the head slot is in the ledger as lost already */
    int event_held; /* fault: the event is not told until something new happens */
    uint32_t empty_events;
};

/* ---- Boot and flash -------------------------------------------------------------------------- */

enum vdm_origin { VDM_FROM_RAM, VDM_FROM_SLOT_A, VDM_FROM_SLOT_B };

struct vdm_boot {
    uint32_t state; /* BOOT_STATUS.STATE */
    uint32_t error;
    int runs;
    int trial;
    int fell_back;
    enum vdm_origin origin;  /* of the image being checked or booted */
    enum vdm_origin running; /* of what runs */
    uint32_t version;
    uint32_t tried; /* bit n: slot n had its turn in this round of the boot policy */
    int by_policy;
    int watchdog;      /* what ends BOOTING is the watchdog */
    uint32_t starting; /* version of the image that is booting */
    uint32_t length;   /* FW_LENGTH at STAGE */
    uint32_t received;
    uint32_t arrived; /* with those lost on the way */
};

struct vdm_record_content {
    uint32_t counter;
    uint32_t active; /* FLASH_STATUS.ACTIVE */
    uint32_t state[2];
    uint32_t length[2];
};

enum vdm_flash_step {
    VDM_FLASH_IDLE,
    VDM_FLASH_CHECK,
    VDM_FLASH_MARK,
    VDM_FLASH_IMAGE,
    VDM_FLASH_RECORD
};

struct vdm_flash {
    enum vdm_flash_step step;
    uint32_t error;
    uint32_t slot;
    uint32_t progress;
    struct vdm_record_content content;
    uint32_t sector; /* that `content` stands in */
    int damaged[2];  /* failed a check since, whatever the record says */
    uint32_t version[2];
    /* The run of bytes being programmed. */
    struct vdm_record_content wanted;
    uint8_t record[VDM_RECORD_BYTES];
    const uint8_t *source;
    uint32_t target;
    uint32_t length;
    uint32_t done;
    uint32_t byte_ns;
    uint64_t start_ns;
};

/* ---- Faults ---------------------------------------------------------------------------------- */

enum vdm_trigger {
    VDM_AT_FRAME,
    VDM_AT_TIME,
    VDM_AT_READ,
    VDM_AT_WRITE,
    VDM_AT_BOOT,
    VDM_AT_STAGE,
    VDM_AT_FLASH,
    VDM_AT_PACKET,
    VDM_TRIGGERS
};

enum vdm_fault_kind {
    VDM_FAULT_UNPLUG,
    VDM_FAULT_SIGNAL_LOSS,
    VDM_FAULT_SOURCE_CHANGE,
    VDM_FAULT_FIFO_OVERFLOW,
    VDM_FAULT_DMA_ERROR,
    VDM_FAULT_DMA_NOWHERE,
    VDM_FAULT_RING_ERROR,
    VDM_FAULT_IRQ_LOST,
    VDM_FAULT_IRQ_LATE,
    VDM_FAULT_IRQ_STORM,
    VDM_FAULT_TORN_COMPLETION,
    VDM_FAULT_REG_STUCK,
    VDM_FAULT_BOOT_NEVER_READY,
    VDM_FAULT_BOOT_HANG,
    VDM_FAULT_STAGE_CORRUPT,
    VDM_FAULT_STAGE_LOST,
    VDM_FAULT_POWER_CUT,
    VDM_FAULT_FLASH_STUCK,
    VDM_FAULT_STOP_SLOW,
    VDM_FAULT_STOP_NEVER,
    VDM_FAULT_CONTROL_CHANGE,
    VDM_FAULT_TIME_JUMP,
    VDM_FAULT_USB_SHORT,
    VDM_FAULT_USB_STALL,
    VDM_FAULT_USB_CORRUPT,
    VDM_FAULTS
};

enum vdm_fault_key {
    VDM_KEY_COUNT,
    VDM_KEY_MS,
    VDM_KEY_TIMING,
    VDM_KEY_US,
    VDM_KEY_N,
    VDM_KEY_REG,
    VDM_KEY_VALUE,
    VDM_KEY_CONTROL,
    VDM_KEY_TICKS,
    VDM_KEYS
};

struct vdm_fault {
    enum vdm_fault_kind kind;
    enum vdm_trigger trigger;
    uint64_t at;
    int64_t key[VDM_KEYS];
    uint32_t given; /* bit n: key n was in the script */
    int begun;
    int active;          /* reg-stuck: in force, */
    uint64_t reads_left; /* for so many reads; 0: for ever */
    uint64_t left;       /* triggers; VDM_NEVER: for ever */
};

struct vdm_fault_set {
    struct vdm_fault list[VDM_FAULTS_MAX];
    uint32_t count;
    uint32_t watched;               /* bit n: some fault waits for trigger n */
    uint32_t stuck;                 /* registers that are stuck now */
    uint32_t struck_by[VDM_FAULTS]; /* which fault it was that last struck */
};

/* ---- The card -------------------------------------------------------------------------------- */

struct vdm_card {
    uint64_t now_ns;
    uint64_t timer_ns[VDM_TIMERS];
    uint64_t next_ns; /* the least of them */

    uint32_t reg[VDM_REGS]; /* those that just hold what they hold */
    uint32_t int_status;
    uint32_t int_mask;
    uint32_t port_index;
    uint64_t latched;
    int64_t jump_ticks;

    struct vdm_boot boot;
    struct vdm_tables tables;
    int32_t control[VDM_CONTROLS_MAX];
    uint32_t control_changed;
    int exposure_falls;
    struct vdm_grade grade;
    uint32_t config_status;
    uint32_t frame_bytes;
    struct vdm_window window;

    uint32_t arrival;    /* what is on the selected input: a timing, or ARRIVAL_ */
    uint32_t raw_signal; /* without regard to the pattern */
    uint64_t lock_ns;    /* when it locks */
    uint32_t signal;     /* INPUT_STATUS fields */
    uint32_t detected;
    uint32_t mismatch;
    uint32_t changes;
    uint64_t loss_until_ns;

    struct vdm_capture capture;
    struct vdm_usb usb;
    struct vdm_flash flash;
    uint64_t late_ns[VDM_LATE_MAX];
    uint32_t late_count;

    /* From here on it is the world's, not the card's: a power cut leaves it alone. */
    int lasting;
    int gone;
    int cut; /* power fails as soon as the present event is over */
    uint64_t power_on_ns;
    uint64_t ticks_per_s;
    struct vdm_config config;
    struct vdm_host host;
    int32_t source[VDM_INPUTS_MAX];
    int has_clip;
    struct vdm_clip clip;
    struct vdm_fault_set faults;
    uint64_t transfers;
    uint8_t reg_at[1024]; /* VDM_ID_ + 1 of each word of the register file; 0: none */
    struct vdm_ledger ledger;
    struct vdm_cache cache;
    uint8_t table_bytes[VDM_TABLES_MAX];
    uint8_t stage[VDM_STAGE_BYTES];
};

static inline uint32_t vdm_get16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t vdm_get32(const uint8_t *at)
{
    return vdm_get16(at) | vdm_get16(at + 2) << 16;
}

static inline uint64_t vdm_get64(const uint8_t *at)
{
    return (uint64_t)vdm_get32(at) | (uint64_t)vdm_get32(at + 4) << 32;
}

static inline void vdm_put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static inline void vdm_put32(uint8_t *at, uint32_t value)
{
    vdm_put16(at, value);
    vdm_put16(at + 2, value >> 16);
}

static inline void vdm_put64(uint8_t *at, uint64_t value)
{
    vdm_put32(at, (uint32_t)value);
    vdm_put32(at + 4, (uint32_t)(value >> 32));
}

/* vdm_card.c */
void vdm_timer_set(struct vdm_card *card, enum vdm_timer timer, uint64_t at_ns);
uint64_t vdm_ticks(const struct vdm_card *card); /* the raw counter now */
uint64_t vdm_ticks_to_ns(const struct vdm_card *card, uint64_t ticks);
void vdm_card_reset(struct vdm_card *card);
void vdm_settle(struct vdm_card *card); /* at the end of every way in */

/* vdm_regs.c: a register access by whatever way; ports and USB come here too. */
uint32_t vdm_reg_read(struct vdm_card *card, uint32_t offset);
void vdm_reg_write(struct vdm_card *card, uint32_t offset, uint32_t value);
uint32_t vdm_reg_input_status(const struct vdm_card *card);

/* vdm_hash.c */
uint32_t vdm_crc32(const uint8_t *bytes, uint32_t length);
void vdm_sha256(uint8_t digest[32], const uint8_t *bytes, uint32_t length);

/* vdm_tables.c */
int vdm_tables_parse(struct vdm_tables *out, const uint8_t *bytes, uint32_t size);
const uint8_t *vdm_tables_record(const struct vdm_tables *tables, enum vdm_record kind, uint32_t n);

/* vdm_image.c: BOOT_STATUS.ERROR of an image. */
uint32_t vdm_image_check(const struct vdm_card *card, const uint8_t *image, uint32_t received,
                         uint32_t length);

/* vdm_boot.c */
void vdm_boot_power_on(struct vdm_card *card);
void vdm_boot_command(struct vdm_card *card, uint32_t value);
void vdm_boot_stage(struct vdm_card *card, const uint8_t *bytes, uint32_t count);
void vdm_boot_event(struct vdm_card *card);
uint32_t vdm_boot_status(const struct vdm_card *card);
void vdm_boot_end_staging(struct vdm_card *card);
uint32_t vdm_boot_check_staged(struct vdm_card *card); /* for STORE: refuses as a boot does */

/* vdm_flash.c */
void vdm_flash_load(struct vdm_card *card);
void vdm_flash_command(struct vdm_card *card, uint32_t value);
void vdm_flash_event(struct vdm_card *card);
void vdm_flash_sync(struct vdm_card *card);
uint32_t vdm_flash_status(const struct vdm_card *card);
const uint8_t *vdm_flash_image(const struct vdm_card *card, uint32_t slot, uint32_t *length);
uint32_t vdm_flash_slot_state(const struct vdm_card *card, uint32_t slot);

/* vdm_signal.c */
void vdm_signal_start(struct vdm_card *card);
void vdm_signal_select_input(struct vdm_card *card, uint32_t input);
void vdm_signal_select_timing(struct vdm_card *card, uint32_t timing);
void vdm_signal_update(struct vdm_card *card);
void vdm_signal_arrive(struct vdm_card *card);
void vdm_signal_event(struct vdm_card *card);
void vdm_signal_lose(struct vdm_card *card, uint64_t ms);
int vdm_signal_ok(const struct vdm_card *card);

/* vdm_window.c */
void vdm_window_start(struct vdm_card *card);
void vdm_window_update(struct vdm_card *card);
int vdm_window_format(uint32_t fourcc);
uint32_t vdm_window_line_bytes(enum vdm_format format, uint32_t width);

/* vdm_control.c */
void vdm_control_start(struct vdm_card *card);
void vdm_control_write(struct vdm_card *card, uint32_t n, int32_t value);
int vdm_control_change(struct vdm_card *card, uint32_t n, int32_t value);
void vdm_control_period(struct vdm_card *card, uint32_t sequence);
void vdm_control_grade(struct vdm_grade *out, const struct vdm_tables *tables,
                       const int32_t *values);

/* vdm_picture.c: bytes of a frame as they go to memory. */
void vdm_picture_read(struct vdm_card *card, const struct vdm_frame *frame, uint32_t position,
                      uint8_t *out, uint32_t count);

/* vdm_clip.c: a line of the clip, ready to go, `uv` for NV12's second plane. */
const uint8_t *vdm_clip_line(struct vdm_card *card, uint32_t source_frame, uint32_t raster_line,
                             int uv);
int vdm_clip_wrong(const struct vdm_clip *clip, const char **what);
uint64_t vdm_clip_frame_bytes(enum vdm_clip_layout layout, uint32_t width, uint32_t height);

/* vdm_grade.c: the arithmetic of controls and colours, for whole pictures. */
void vdm_grade_prepare(struct vdm_cache *cache);
void vdm_grade_uv(const struct vdm_cache *cache, uint8_t *u, uint8_t *v);
void vdm_grade_rgb(uint8_t out[3], int32_t y, int32_t u, int32_t v);
int32_t vdm_grade_sine(int32_t degrees); /* in 1/1024 */

/* vdm_capture.c */
void vdm_capture_control(struct vdm_card *card, uint32_t value);
void vdm_capture_reset(struct vdm_card *card);
void vdm_capture_event(struct vdm_card *card);
void vdm_capture_error(struct vdm_card *card, uint32_t bits);
int vdm_capture_idle(const struct vdm_card *card);

/* vdm_dma.c */
int vdm_dma_rings_sound(const struct vdm_card *card);
int vdm_dma_descriptor_waits(const struct vdm_card *card);
int vdm_dma_completion_room(const struct vdm_card *card);
int vdm_dma_take(struct vdm_card *card);
void vdm_dma_fill(struct vdm_card *card, uint32_t lines);
int vdm_dma_complete(struct vdm_card *card, const uint8_t record[VDM_BYTES_COMPLETION]);
uint32_t vdm_dma_valid(uint32_t sequence, uint32_t pass);
void vdm_dma_torn_event(struct vdm_card *card);

/* vdm_irq.c */
void vdm_irq_raise(struct vdm_card *card, uint32_t bits);
void vdm_irq_acknowledge(struct vdm_card *card, uint32_t bits);
void vdm_irq_unmask(struct vdm_card *card, uint32_t mask);
void vdm_irq_frame(struct vdm_card *card);
void vdm_irq_storm(struct vdm_card *card, uint64_t messages);
void vdm_irq_late_event(struct vdm_card *card);

/* vdm_usb.c */
void vdm_usb_power_on(struct vdm_card *card, int was_attached);
void vdm_usb_firmware(struct vdm_card *card, int runs);
void vdm_usb_attach_event(struct vdm_card *card);
int vdm_usb_slot_take(struct vdm_card *card); /* 1 if there was a free one */
void vdm_usb_slot_fill(struct vdm_card *card, const uint8_t record[VDM_BYTES_COMPLETION]);
void vdm_usb_slot_drop(struct vdm_card *card);
void vdm_usb_discard(struct vdm_card *card);

/* vdm_usb_desc.c: a descriptor into `out`; its length, 0 if there is none. */
#define VDM_DESCRIPTOR_MAX 512u
uint32_t vdm_usb_descriptor(const struct vdm_card *card, uint32_t type, uint32_t index,
                            uint8_t out[VDM_DESCRIPTOR_MAX]);
uint32_t vdm_usb_ms_os_20(const struct vdm_card *card, uint8_t out[VDM_DESCRIPTOR_MAX]);

/* vdm_fault.c: tells the faults that something happened. The answer has a bit for each kind that
 * strikes and that the caller has to carry out; the others are done. */
uint32_t vdm_fault_trigger(struct vdm_card *card, enum vdm_trigger trigger, uint64_t value);
void vdm_fault_arm(struct vdm_card *card);
void vdm_fault_time_event(struct vdm_card *card);
uint32_t vdm_fault_stuck(struct vdm_card *card, uint32_t offset, uint32_t value);
uint64_t vdm_fault_key(const struct vdm_card *card, enum vdm_fault_kind kind,
                       enum vdm_fault_key key);
uint64_t vdm_fault_next_flash(const struct vdm_card *card);

static inline uint32_t vdm_fault_bit(enum vdm_fault_kind kind)
{
    return 1u << kind;
}

#endif
