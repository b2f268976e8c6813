/* SPDX-License-Identifier: MIT */
/*
 * The driver inside: its device and stream extensions, and who calls whom. With the class driver's
 * synchronization every entry point runs alone, so nothing in here is locked; what runs beside it is
 * marked: VDW_PASSIVE and VDW_BESIDE functions touch only what is said there.
 */
#ifndef VDW_H
#define VDW_H

#include "vdw_wdk.h"
#include "vidicon_brand.h"
#include "vdw_interface.h"
#include "vdh_boot.h"
#include "vdh_capture.h"
#include "vdh_control.h"
#include "vdh_flash.h"
#include "vdh_format.h"
#include "vdh_input.h"
#include "vdh_irq.h"

#define VDW_PASSIVE /* runs at PASSIVE_LEVEL, not synchronized with anything */
#define VDW_BESIDE  /* may run at any level up to DISPATCH, not synchronized */

#define VDW_RING           64u   /* frames that the card may hold */
#define VDW_CHUNK_BYTES    4096u /* lists of segments are made of these */
#define VDW_CHUNKS         64u
#define VDW_CHUNK_SEGMENTS (VDW_CHUNK_BYTES / VDH_S_SEGMENT)
#define VDW_NO_CHUNK       0xffu
#define VDW_RINGS_BYTES    8192u /* both rings, padded */
#define VDW_DMA_BYTES      (VDW_RINGS_BYTES + VDW_CHUNKS * VDW_CHUNK_BYTES)
#define VDW_BUFFERS_MAX    8u  /* buffers in one read request */
#define VDW_READS_MAX      32u /* reads that wait here: one entry may have to end them all */
#define VDW_RANGES_MAX     96u /* data ranges shown, two a format */
#define VDW_CONTROLS_KS    8u  /* controls with a place in Microsoft's sets */
#define VDW_STREAMS        1u

/* What an entry may cost, beside which 10 us of stall are the most. */
#define VDW_ENTRY_ACCESSES 16u
#define VDW_ENTRY_BYTES    64u
#define VDW_ISR_FRAMES     2u /* 1 access each; with 2 for the status and 2 doorbells, 6 in all */
#define VDW_ISR_QUEUES     2u
#define VDW_STEP_QUEUES    8u
#define VDW_ENTRY_SEGMENTS 96u /* elements looked at */
#define VDW_ENTRY_LISTS    4u

#define VDW_EVENTS                                                                          \
    ((uint32_t)VDH_EVENT_FRAME | (uint32_t)VDH_EVENT_SOURCE | (uint32_t)VDH_EVENT_CONTROL | \
     (uint32_t)VDH_EVENT_BOOT | (uint32_t)VDH_EVENT_FLASH | (uint32_t)VDH_EVENT_ERROR |     \
     (uint32_t)VDH_EVENT_STOPPED)

struct vdw_device;

/* ---- Requests for frames ---- */

/* Lives in the SRB extension of a read request. */
struct vdw_request {
    struct vdw_request *next;
    PHW_STREAM_REQUEST_BLOCK srb;
    uint32_t buffers;
    uint32_t listed; /* buffers whose lists are written */
    uint32_t given;  /* buffers handed to the card */
    uint32_t done;   /* buffers that came back filled; the card answers in order */
    NTSTATUS ends;   /* STATUS_PENDING, or what it completes with once the card lets go */
    /* Where the next list goes on in the SRB's scatter/gather list. */
    uint32_t element;
    uint32_t offset; /* in that element */
    uint32_t skip;   /* bytes to be passed over first */
};

/* A frame buffer whose list is written. */
struct vdw_slot {
    struct vdw_request *request;
    uint32_t buffer;   /* of the request */
    uint32_t segments; /* in the first chunk, a link among them */
    uint8_t chunk;     /* first of its list */
};

/* The list that is being written. */
struct vdw_list {
    struct vdw_request *request; /* NULL: none is */
    uint32_t left;               /* bytes of the picture still to be placed */
    uint32_t index;              /* next place in the last chunk */
    uint8_t first;
    uint8_t last;
    uint8_t before; /* the chunk before the last */
};

/* ---- The pin ---- */

enum vdw_engine {
    VDW_ENGINE_OFF,       /* nothing of ours is in the card */
    VDW_ENGINE_FORMATTED, /* the picture registers are written */
    VDW_ENGINE_ARMED,     /* the rings are set up and being filled */
    VDW_ENGINE_RUNS,
    VDW_ENGINE_STOPPING,
    VDW_ENGINE_DRAINING, /* idle; a torn completion may still become whole */
    VDW_ENGINE_CUTTING   /* would not stop: bus mastering is being taken away */
};

struct vdw_stream {
    struct vdw_device *device;
    PHW_STREAM_OBJECT object;
    KSSTATE state;                    /* as asked by the last SET_STREAM_STATE */
    KSSTATE confirmed;                /* as last completed */
    PHW_STREAM_REQUEST_BLOCK control; /* a held SET_STREAM_STATE or BEGIN_FLUSH */
    struct vdw_request *first;        /* requests, oldest first */
    struct vdw_request *last;
    struct vdw_request *unlisted; /* the oldest one with a list to be written */
    uint32_t reads;               /* requests in the queue */
    uint32_t full;                /* it holds so many that no more are asked for */
    struct vdh_format format;
    _Alignas(8) uint8_t
        format_block[sizeof(KS_DATAFORMAT_VIDEOINFOHEADER) + sizeof(struct vdw_format)];
    uint32_t frame_bytes;
    uint32_t own;     /* opened with Vidicon's specifier */
    uint32_t recycle; /* stop, let cancelled requests go, start again */
    NTSTATUS
    failed; /* why the engine could not be brought to its goal; kept until the next state */
    uint32_t revivals; /* attempts to get a restarted card back, since frames last came */
    uint32_t closing;
    uint32_t flushing; /* from BEGIN_FLUSH to END_FLUSH no read is taken, whatever the state */

    /* What the pin has seen since it left the stop state. */
    uint64_t pictures; /* produced as far as completions tell, lost ones included */
    uint64_t dropped;
    uint64_t bytes;
    struct vdw_counts counts; /* finished captures */
    uint32_t discontinuity;   /* the next frame does not follow the one before */
    uint32_t torn;            /* impossible records seen in a row */
    uint32_t frames_since_watch;

    /* Stream time: runs in RUN, stands in PAUSE, 0 in STOP. */
    HANDLE master;         /* 0: the pin's own time */
    uint64_t time_base;    /* 100 ns of stream time at... */
    uint64_t time_counter; /* ...this performance counter */
    uint32_t time_runs;
    atomic_uint time_version; /* odd while the three above change: the clock is read beside us */
};

/* ---- The card ---- */

enum vdw_boot_phase {
    VDW_BOOT_IDLE,
    VDW_BOOT_FILE,     /* the registry's file is being read at PASSIVE_LEVEL */
    VDW_BOOT_IMAGE,    /* boot with `image` */
    VDW_BOOT_EMBEDDED, /* boot with the embedded image */
    VDW_BOOT_PRESENT,  /* boot with what is in the card */
    VDW_BOOT_CONTROLS  /* put back what was set */
};

enum vdw_firmware_phase {
    VDW_UPDATE_NONE,
    VDW_UPDATE_COPY, /* the image is being copied at PASSIVE_LEVEL */
    VDW_UPDATE_STORE,
    VDW_UPDATE_RECORD, /* the card writes which slot is active */
    VDW_UPDATE_BOOT
};

/* What is to be done by the device's callback. */
enum vdw_work {
    VDW_WORK_STEP = 1 << 0,
    VDW_WORK_COLLECT = 1 << 1,
    VDW_WORK_EVENTS = 1 << 2,
    VDW_WORK_LIST = 1 << 3, /* lists of segments to be written */
    /* At PASSIVE_LEVEL. */
    VDW_WORK_LOAD = 1 << 8,
    VDW_WORK_COPY = 1 << 9,
    VDW_WORK_FREE = 1 << 10,
    VDW_WORK_CUT = 1 << 11,
    VDW_WORK_ALLOW = 1 << 12,
    VDW_WORK_MASTER = 1 << 13, /* read the master clock */
    VDW_WORK_BUILD = 1 << 14   /* make data ranges and property sets */
};
#define VDW_WORK_PASSIVE 0xff00u

/* One device: in the device extension, zeroed by the class driver. */
struct vdw_device {
    struct vdh_device core;
    PDEVICE_OBJECT physical; /* for the registry */

    /* Where the registers are. */
    PUCHAR memory;
    PUCHAR ports;
    uint32_t stalled_us; /* in this entry */

    /* Memory that the card reads and writes. */
    struct vdh_dma_memory descriptors;
    struct vdh_dma_memory completions;
    uint8_t *chunks;
    uint64_t chunks_address;
    uint32_t chunk_count;
    uint32_t chunks_free;
    uint8_t chunk_free; /* head of the free list */
    uint8_t chunk_next[VDW_CHUNKS];

    /* State. */
    uint32_t gone;   /* unplugged: no access any more */
    uint32_t asleep; /* in a sleep state: no access until D0 */
    uint32_t attached;
    uint32_t ready;                /* firmware runs and its tables are known */
    uint32_t quiet;                /* interrupts are masked: paged out */
    uint32_t leaving;              /* being uninitialised */
    uint32_t suspending;           /* on the way to a sleep state */
    PHW_STREAM_REQUEST_BLOCK held; /* device requests waiting, linked by NextSRB */
    struct vdw_stream *stream;

    /* Engine. */
    enum vdw_engine engine;
    struct vdh_capture capture;
    uint32_t captures; /* counts starts */
    uint32_t drains;
    uint32_t cut;          /* bus mastering was taken away, after a stop that timed out */
    uint32_t cut_done;     /* the passive callback's: configuration space says so, too */
    uint64_t cut_again_us; /* it does not: when that is tried once more; else 0 */
    struct vdw_slot slots[VDW_RING];
    uint32_t slot_first;  /* number of the oldest one, modulo VDW_RING */
    uint32_t slot_count;  /* that the card holds */
    uint32_t slots_ready; /* and those that wait for their turn */
    struct vdw_list list;

    /* The device's one callback and its one timer. */
    uint32_t work;         /* VDW_WORK_*, to be done */
    uint32_t passive_work; /* what the running passive callback does; its to clear */
    uint32_t calling;      /* a callback is under way */
    uint32_t timing;       /* the timer is armed */
    uint64_t timer_at_us;

    /* Boot. */
    enum vdw_boot_phase boot_phase;
    struct vdh_boot boot;
    uint32_t boot_tries;
    uint32_t boot_looks; /* at a limited card */
    uint64_t boot_look_at_us;
    uint32_t boot_flags;
    int32_t boot_result;
    enum vdh_image_error boot_error;
    uint32_t boot_for_update; /* the boot is a firmware command's */
    uint32_t restore_at;      /* next control to put back */
    uint32_t controls_set;    /* bit n: a program set control n */
    int32_t control_values[VDH_CONTROLS_MAX];
    uint32_t input_set;
    uint32_t input;
    uint32_t timing_set;
    uint32_t input_timing;
    uint32_t pattern;
    uint8_t tables[VDH_TABLES_MAX_BYTES];

    /* Firmware from elsewhere. The passive callback owns `image` while it works on it. */
    uint8_t *image;
    uint32_t image_bytes;
    uint32_t file_state;
    uint32_t file_error;
    enum vdw_firmware_phase update;
    struct vdh_flash_store store;
    PHW_STREAM_REQUEST_BLOCK update_srb; /* a command whose image is being copied */
    uint32_t update_code;
    uint32_t update_state; /* enum vdw_firmware_state */
    int32_t update_result;
    uint32_t update_error;
    uint32_t update_total;
    uint32_t update_active; /* FLASH_STATUS.ACTIVE, as the record is to say */
    uint64_t update_deadline_us;

    /* Time. */
    uint64_t counter_hz;
    uint64_t base_ticks;
    uint64_t base_counter;
    uint32_t base_valid;
    HW_TIME_CONTEXT master_time; /* the passive callback's */
    uint64_t master_counter;

    /* Events seen by the interrupt routine, not yet told. */
    uint32_t events;

    /* What GET_STREAM_INFO hands out: it must last as long as the device. */
    KS_DATARANGE_VIDEO ranges[VDW_RANGES_MAX];
    PKSDATAFORMAT range_list[VDW_RANGES_MAX];
    uint32_t range_count;
    uint32_t info_version; /* of the firmware they were made from; 0: none */
    uint32_t info_input;
    struct vdh_tables info_tables; /* the passive callback's while `building` */
    uint32_t building;
    uint32_t rebuild;
    uint32_t info_shown; /* the class driver has asked for them */
    struct {
        KSPROPERTY_VALUES values;
        KSPROPERTY_MEMBERSLIST members[2];
        KSPROPERTY_STEPPING_LONG stepping;
        LONG default_value;
        uint32_t control; /* number in the card's table */
    } ks_controls[VDW_CONTROLS_KS];
    uint32_t ks_control_count; /* the first procamp_count of them are VideoProcAmp's */
    uint32_t procamp_count;
    KSPROPERTY_ITEM procamp_items[VDW_CONTROLS_KS];
    KSPROPERTY_ITEM camera_items[VDW_CONTROLS_KS];
    KSPROPERTY_SET property_sets[4];
    uint32_t property_set_count;
};

_Static_assert(VDW_CHUNKS < VDW_NO_CHUNK, "a chunk's number fits a byte");
_Static_assert(VDW_RING *VDH_S_DESCRIPTOR + VDW_RING * VDH_S_COMPLETION <= VDW_RINGS_BYTES,
               "the rings fit");

/* ---- vdw_driver.c ---- */

void STREAMAPI vdw_receive_device(PHW_STREAM_REQUEST_BLOCK srb);
void STREAMAPI vdw_receive_control(PHW_STREAM_REQUEST_BLOCK srb);
void STREAMAPI vdw_receive_data(PHW_STREAM_REQUEST_BLOCK srb);
/* Complete, and let the next one come. The SRB is the class driver's afterwards. */
void vdw_complete_device(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status);
void vdw_complete_control(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status);
/* Completes only: the queue of reads was made ready when the request was queued. */
void vdw_complete_read(PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status);
NTSTATUS vdw_status(int result);
void vdw_begin_entry(struct vdw_device *device);

/* ---- vdw_device.c ---- */

void vdw_device_request(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb);
/* Completes held device requests whose time has come. 0: the device is no more, touch nothing. */
int vdw_device_settle(struct vdw_device *device);
/* The card does not answer any more. */
void vdw_device_gone(struct vdw_device *device);
void vdw_device_interrupts(struct vdw_device *device);
/* Somebody uses the device again after PAGING_OUT_DRIVER: interrupts come again. */
void vdw_device_wake(struct vdw_device *device);

/* ---- vdw_io.c ---- */

int vdw_io_attach(struct vdw_device *device);

/* ---- vdw_work.c ---- */

void vdw_work_request(struct vdw_device *device, uint32_t work);
void vdw_work_after(struct vdw_device *device, uint32_t us);
void vdw_work_watch(struct vdw_stream *stream);
void vdw_work_cancel(struct vdw_device *device);
/* One step of whatever is going on. */
void vdw_step(struct vdw_device *device);

/* ---- vdw_boot.c ---- */

/* `replace`: boot the registry's file, or the embedded image, even if firmware runs. */
void vdw_boot_begin(struct vdw_device *device, uint32_t replace);
/* Takes up what the card runs now; `commanded`: a slot was just started. */
void vdw_boot_begin_present(struct vdw_device *device, uint32_t commanded);
/* Boots device->image. */
void vdw_boot_begin_image(struct vdw_device *device);
/* The registry's file is there, or is not. */
void vdw_boot_loaded(struct vdw_device *device);
void vdw_boot_step(struct vdw_device *device);
/* A limited card is looked at again from time to time, a few times. */
void vdw_boot_look_again(struct vdw_device *device);
void vdw_boot_abort(struct vdw_device *device);

/* ---- vdw_engine.c ---- */

void vdw_engine_step(struct vdw_device *device);
int vdw_engine_settled(const struct vdw_device *device);
/* The card holds nothing of ours any more: after an unplug, or when it started anew. */
void vdw_engine_lost(struct vdw_device *device);
void vdw_engine_recover(struct vdw_device *device);
/* Bus mastering was to be taken away, or given back. */
void vdw_engine_cut(struct vdw_device *device);

/* ---- vdw_irq.c ---- */

BOOLEAN STREAMAPI vdw_interrupt(PVOID extension);
void vdw_irq_events(struct vdw_device *device);
void STREAMAPI vdw_irq_watch(PVOID context);

/* ---- vdw_stream.c ---- */

NTSTATUS vdw_stream_open(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb);
/* 1 once it is closed and the request may be completed. */
int vdw_stream_close(struct vdw_device *device);
void vdw_stream_control(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb);
void vdw_stream_settle(struct vdw_stream *stream);

/* ---- vdw_read.c ---- */

void vdw_read_request(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb);
/* Gives the card at most `most` buffers: 1 access each. VDH_AGAIN if more could follow at once. */
int vdw_read_feed(struct vdw_device *device, uint32_t most);
/* Writes lists, as far as an entry may go. VDH_AGAIN if more could follow at once. */
int vdw_read_list(struct vdw_device *device);
/* The card is through with the oldest buffer: it leaves the ring. The request it belongs to. */
struct vdw_request *vdw_read_took(struct vdw_device *device);
/* The card forgot what was queued: the buffers wait for their turn again. */
void vdw_read_unqueue(struct vdw_device *device);
/* Completes every request that has an end, or all with `status` unless that is STATUS_PENDING. */
void vdw_read_flush(struct vdw_device *device, NTSTATUS status);
/* 1 if the SRB was one of the stream's requests; it will complete with `status`. */
int vdw_read_end(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, NTSTATUS status);
void vdw_read_pool(struct vdw_device *device);
void vdw_read_free(struct vdw_device *device, uint8_t chunk);
PKSSTREAM_HEADER vdw_read_header(PHW_STREAM_REQUEST_BLOCK srb, uint32_t buffer);
/* Takes a request out of the queue and completes it. */
void vdw_read_finish(struct vdw_stream *stream, struct vdw_request *request, NTSTATUS status);

/* ---- vdw_frame.c ---- */

/* Takes at most `most` completions: 1 access each while capture runs. VDH_AGAIN if there may be more,
 * VDH_E_IO if the next record is torn. */
int vdw_frame_collect(struct vdw_device *device, uint32_t most);

/* ---- vdw_format.c ---- */

NTSTATUS vdw_format_parse(const struct vdw_device *device, const KSDATAFORMAT *data,
                          struct vdh_format *format, uint32_t *own);
uint32_t vdw_format_bytes(uint32_t own);
void vdw_format_write(const struct vdw_device *device, void *out, const struct vdh_format *format,
                      uint32_t own);
NTSTATUS vdw_format_intersect(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb);
void vdw_format_header(KS_VIDEOINFOHEADER *out, const struct vdh_format *format);
void vdw_format_data(KSDATAFORMAT *out, const struct vdh_format *format, uint32_t own,
                     uint32_t size);
LONGLONG vdw_format_interval_100ns(const struct vdh_interval *interval);

/* ---- vdw_info.c ---- */

/* Other firmware may run, or another input be selected: builds the tables anew if so, and has the
 * class driver ask for them. */
void vdw_info_changed(struct vdw_device *device);
VDW_PASSIVE void vdw_info_build(struct vdw_device *device);
void vdw_info_built(struct vdw_device *device);
NTSTATUS vdw_info_fill(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb);
#define VDW_DESCRIPTOR_BYTES \
    ((ULONG)(sizeof(HW_STREAM_HEADER) + VDW_STREAMS * sizeof(HW_STREAM_INFORMATION)))

/* ---- vdw_property.c, vdw_control.c, vdw_own.c ---- */

extern const GUID vdw_set_own;
extern const GUID vdw_set_procamp;
extern const GUID vdw_set_camera;
extern const GUID vdw_set_video;
extern const GUID vdw_set_connection;
extern const GUID vdw_set_dropped;
int vdw_guid_same(const GUID *a, const GUID *b);

/* What a get or set works on. Sizes were checked against the structure the table asks for. */
struct vdw_property_call {
    struct vdw_device *device;
    struct vdw_stream *stream;
    PHW_STREAM_REQUEST_BLOCK srb;
    uint32_t id;
    uint32_t set;
    const void *property; /* the request, KSPROPERTY first */
    uint32_t property_bytes;
    void *value;
    uint32_t value_bytes;
    uint32_t used_bytes; /* out */
};
/* STATUS_BUFFER_OVERFLOW for an empty value, STATUS_BUFFER_TOO_SMALL for a short one. */
NTSTATUS vdw_property_room(struct vdw_property_call *call, uint32_t bytes);
/* STATUS_PENDING: the request is held. */
NTSTATUS vdw_property_device(struct vdw_device *device, PHW_STREAM_REQUEST_BLOCK srb, uint32_t set);
NTSTATUS vdw_property_stream(struct vdw_stream *stream, PHW_STREAM_REQUEST_BLOCK srb, uint32_t set);
extern const KSPROPERTY_ITEM vdw_stream_connection_items[1];
extern const KSPROPERTY_ITEM vdw_stream_dropped_items[1];
NTSTATUS vdw_control_property(struct vdw_property_call *call, uint32_t camera);
NTSTATUS vdw_control_video(struct vdw_property_call *call);
void vdw_control_build(struct vdw_device *device);
int vdw_control_put(struct vdw_device *device, uint32_t control, int32_t value);
extern const KSPROPERTY_ITEM vdw_video_items[3];
NTSTATUS vdw_own_property(struct vdw_property_call *call);
extern const KSPROPERTY_ITEM vdw_own_items[VDW_PROPERTY_COUNT];
void vdw_own_counts(struct vdw_counts *out, struct vdw_device *device);

/* ---- vdw_clock.c ---- */

uint64_t vdw_clock_counter(void);
uint64_t vdw_clock_us(const struct vdw_device *device);
/* units of 1/hz to 100 ns; exact as long as the result fits. */
uint64_t vdw_clock_100ns(uint64_t count, uint64_t hz);
VDW_BESIDE void STREAMAPI vdw_clock_function(PHW_TIME_CONTEXT context);
void vdw_clock_run(struct vdw_stream *stream, int runs);
void vdw_clock_reset(struct vdw_stream *stream);
uint64_t vdw_clock_stream_time(const struct vdw_stream *stream, uint64_t counter);
/* Reads the card's counter: 3 accesses. */
int vdw_clock_sample(struct vdw_device *device);
/* The performance counter at device time `ticks`. 0 if that cannot be told. */
uint64_t vdw_clock_counter_at(const struct vdw_device *device, uint64_t ticks, uint64_t now);
VDW_PASSIVE void vdw_clock_read_master(struct vdw_device *device);
void vdw_clock_take_master(struct vdw_device *device);

/* ---- vdw_event.c ---- */

extern const KSEVENT_SET vdw_event_sets[1];
NTSTATUS STREAMAPI vdw_event_routine(PHW_EVENT_DESCRIPTOR descriptor);
void vdw_event_signal(struct vdw_device *device, enum vdw_event event);

/* ---- vdw_firmware.c ---- */

VDW_PASSIVE void vdw_firmware_load(struct vdw_device *device);
VDW_PASSIVE void vdw_firmware_copy(struct vdw_device *device);
VDW_PASSIVE void vdw_firmware_free(struct vdw_device *device);
/* Takes the right to master the bus away, or gives it back. 0 if that is not certain. */
VDW_PASSIVE uint32_t vdw_firmware_cut(struct vdw_device *device, int allow);
/* Back at high priority after the copy. */
void vdw_firmware_copied(struct vdw_device *device);
NTSTATUS vdw_firmware_command(struct vdw_property_call *call);
NTSTATUS vdw_firmware_read_status(struct vdw_property_call *call);
void vdw_firmware_step(struct vdw_device *device);
void vdw_firmware_end(struct vdw_device *device, int result, uint32_t error);

#endif
