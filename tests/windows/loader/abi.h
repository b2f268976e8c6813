/* SPDX-License-Identifier: MIT */
/*
 * The structures between a stream class minidriver and its class driver, from the public
 * documentation; abi_table.def holds every offset, and a mingw compiler confirms them.
 */
#ifndef LOADER_ABI_H
#define LOADER_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "arch.h"

/* Windows aligns 64-bit integers to 8 on i686 too. */
typedef uint64_t nt_u64 __attribute__((aligned(8)));
typedef int64_t nt_s64 __attribute__((aligned(8)));
typedef uint32_t nt_status;

#define STATUS_SUCCESS                0x00000000u
#define STATUS_TIMEOUT                0x00000102u
#define STATUS_BUFFER_OVERFLOW        0x80000005u
#define STATUS_NOT_IMPLEMENTED        0xc0000002u
#define STATUS_INVALID_PARAMETER      0xc000000du
#define STATUS_NO_SUCH_DEVICE         0xc000000eu
#define STATUS_INVALID_DEVICE_REQUEST 0xc0000010u
#define STATUS_END_OF_FILE            0xc0000011u
#define STATUS_ACCESS_DENIED          0xc0000022u
#define STATUS_BUFFER_TOO_SMALL       0xc0000023u
#define STATUS_OBJECT_NAME_NOT_FOUND  0xc0000034u
#define STATUS_IO_TIMEOUT             0xc00000b5u
#define STATUS_NOT_SUPPORTED          0xc00000bbu
#define STATUS_DEVICE_NOT_READY       0xc00000a3u
#define STATUS_CANCELLED              0xc0000120u
#define STATUS_INVALID_DEVICE_STATE   0xc0000184u
#define STATUS_IO_DEVICE_ERROR        0xc0000185u
#define STATUS_INSUFFICIENT_RESOURCES 0xc000009au
#define STATUS_NOT_FOUND              0xc0000225u
#define STATUS_NO_MATCH               0xc0000272u
#define STATUS_DEVICE_REMOVED         0xc00002b6u
#define STATUS_TOO_MANY_NODES         0xc000020eu
#define STATUS_DEVICE_BUSY            0x80000011u

enum sc_command {
    SRB_READ_DATA = 0,
    SRB_WRITE_DATA,
    SRB_GET_STREAM_STATE,
    SRB_SET_STREAM_STATE,
    SRB_SET_STREAM_PROPERTY,
    SRB_GET_STREAM_PROPERTY,
    SRB_OPEN_MASTER_CLOCK,
    SRB_INDICATE_MASTER_CLOCK,
    SRB_UNKNOWN_STREAM_COMMAND,
    SRB_SET_STREAM_RATE,
    SRB_PROPOSE_DATA_FORMAT,
    SRB_CLOSE_MASTER_CLOCK,
    SRB_PROPOSE_STREAM_RATE,
    SRB_SET_DATA_FORMAT,
    SRB_GET_DATA_FORMAT,
    SRB_BEGIN_FLUSH,
    SRB_END_FLUSH,
    SRB_GET_STREAM_INFO = 0x100,
    SRB_OPEN_STREAM,
    SRB_CLOSE_STREAM,
    SRB_OPEN_DEVICE_INSTANCE,
    SRB_CLOSE_DEVICE_INSTANCE,
    SRB_GET_DEVICE_PROPERTY,
    SRB_SET_DEVICE_PROPERTY,
    SRB_INITIALIZE_DEVICE,
    SRB_CHANGE_POWER_STATE,
    SRB_UNINITIALIZE_DEVICE,
    SRB_UNKNOWN_DEVICE_COMMAND,
    SRB_PAGING_OUT_DRIVER,
    SRB_GET_DATA_INTERSECTION,
    SRB_INITIALIZATION_COMPLETE,
    SRB_SURPRISE_REMOVAL,
    SRB_DEVICE_METHOD,
    SRB_STREAM_METHOD,
    SRB_NOTIFY_IDLE_STATE
};

enum ks_state { KSSTATE_STOP, KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN };
enum sc_priority { SC_HIGH, SC_DISPATCH, SC_LOW, SC_LOW_TO_HIGH };
enum sc_buffer_type { SC_PER_REQUEST_EXTENSION, SC_DMA_BUFFER, SC_DATA_BUFFER };
enum nt_power { POWER_D0 = 1, POWER_D1, POWER_D2, POWER_D3 };

enum sc_stream_notification {
    SN_READY_DATA,
    SN_READY_CONTROL,
    SN_STARVED,
    SN_COMPLETE,
    SN_SIGNAL_MANY,
    SN_SIGNAL,
    SN_DELETE_EVENT
};
enum sc_device_notification {
    DN_READY,
    DN_COMPLETE,
    DN_SIGNAL_MANY,
    DN_SIGNAL,
    DN_DELETE_EVENT,
    DN_SIGNAL_MANY_INSTANCE
};

struct nt_guid {
    uint32_t a;
    uint16_t b;
    uint16_t c;
    uint8_t d[8];
};

struct nt_string { /* UNICODE_STRING, ANSI_STRING */
    uint16_t length;
    uint16_t maximum;
    void *buffer;
};

struct ks_property { /* KSPROPERTY, KSMETHOD, KSEVENT */
    _Alignas(8) struct nt_guid set;
    uint32_t id;
    uint32_t flags;
};

struct ks_format { /* KSDATAFORMAT, KSDATARANGE */
    _Alignas(8) uint32_t size;
    uint32_t flags;
    uint32_t sample_bytes;
    uint32_t reserved;
    struct nt_guid major;
    struct nt_guid sub;
    struct nt_guid specifier;
};

struct ks_header { /* KSSTREAM_HEADER */
    uint32_t size;
    uint32_t type_flags;
    nt_s64 time;
    uint32_t time_num;
    uint32_t time_den;
    nt_s64 duration;
    uint32_t extent;
    uint32_t used;
    void *data;
    uint32_t options;
};

struct ks_frame_info { /* KS_FRAME_INFO, behind the header where the pin asks for it */
    uint32_t size;
    uint32_t flags;
    nt_s64 picture;
    nt_s64 dropped;
    void *draw;
    void *surface;
    int32_t rectangle[4];
    uint32_t reserved[4];
};

struct ks_property_item {
    uint32_t id;
    uintptr_t get;
    uint32_t min_property;
    uint32_t min_data;
    uintptr_t set;
    const void *values;
    uint32_t relation_count;
    const void *relations;
    uintptr_t support;
    uint32_t serialized;
};

struct ks_property_set {
    const struct nt_guid *set;
    uint32_t count;
    const struct ks_property_item *items;
    uint32_t fast_count;
    const void *fast;
};

struct ks_event_item {
    uint32_t id;
    uint32_t input;
    uint32_t extra;
    uintptr_t add;
    uintptr_t remove;
    uintptr_t support;
};

struct ks_event_set {
    const struct nt_guid *set;
    uint32_t count;
    const struct ks_event_item *items;
};

struct ks_event_entry { /* KSEVENT_ENTRY */
    void *links[2];
    void *object;
    void *item_of_kind;
    void *data;
    uint32_t notification;
    const struct ks_event_set *set;
    const struct ks_event_item *item;
    void *file;
    uint32_t adjustment;
    uint32_t reserved;
    uint32_t flags;
};

struct sc_event { /* HW_EVENT_DESCRIPTOR */
    uint8_t enable;
    struct ks_event_entry *entry;
    void *data;
    void *extension; /* of the device, or the stream's object */
    uint32_t set;
    void *instance;
    uint32_t reserved;
};

struct sc_srb;
struct sc_object;

typedef void(NT_API *sc_srb_routine)(struct sc_srb *srb);
typedef uint8_t(NT_API *sc_interrupt_routine)(void *extension);
typedef void(NT_API *sc_routine)(void *context);
typedef nt_status(NT_API *sc_event_routine)(struct sc_event *descriptor);

struct sc_time_context {
    void *extension;
    struct sc_object *object;
    uint32_t function;
    nt_u64 time;
    nt_u64 system_time;
};
typedef void(NT_API *sc_clock_routine)(struct sc_time_context *context);

struct sc_clock {
    sc_clock_routine routine;
    uint32_t flags;
    uint32_t reserved[2];
};

struct sc_object { /* HW_STREAM_OBJECT */
    uint32_t size;
    uint32_t number;
    void *extension;
    sc_srb_routine data;
    sc_srb_routine control;
    struct sc_clock clock;
    uint8_t dma;
    uint8_t pio;
    void *device;
    uint32_t media_specific;
    uint32_t workspace;
    uint8_t allocator;
    sc_event_routine events;
    uint32_t reserved[2];
};

struct sc_header { /* HW_STREAM_HEADER */
    uint32_t streams;
    uint32_t information_size;
    uint32_t property_sets;
    const struct ks_property_set *properties;
    uint32_t event_sets;
    const struct ks_event_set *events;
    const void *topology;
    sc_event_routine event_routine;
    int32_t method_sets;
    const void *methods;
};

struct sc_information { /* HW_STREAM_INFORMATION */
    uint32_t instances;
    uint32_t flow;
    uint8_t accessible;
    uint32_t formats;
    const struct ks_format *const *format;
    void *class_reserved[4];
    uint32_t property_sets;
    const struct ks_property_set *properties;
    uint32_t event_sets;
    const void *events;
    const struct nt_guid *category;
    const struct nt_guid *name;
    uint32_t medium_count;
    const void *mediums;
    uint8_t bridge;
    uint32_t reserved[2];
};

struct sc_time_reference {
    nt_u64 onboard;
    nt_s64 frequency;
    nt_s64 system;
    uint32_t reserved[2];
};

struct sc_intersect {
    uint32_t number;
    const struct ks_format *range;
    void *buffer;
    uint32_t buffer_size;
};

struct sc_property { /* STREAM_PROPERTY_DESCRIPTOR */
    struct ks_property *property;
    uint32_t set;
    void *info;
    uint32_t input_size;
    uint32_t output_size;
};

struct sc_segment { /* KSSCATTER_GATHER */
    nt_u64 address;
    uint32_t length;
};

struct sc_range { /* ACCESS_RANGE */
    nt_u64 start;
    uint32_t length;
    uint8_t in_memory;
    uint32_t reserved;
};

struct sc_config { /* PORT_CONFIGURATION_INFORMATION */
    uint32_t size;
    void *extension;
    void *class_device;
    void *physical_device;
    uint32_t bus_number;
    uint32_t interface_type;
    uint32_t level;
    uint32_t vector;
    uint32_t interrupt_mode;
    uint32_t dma_channel;
    uint32_t range_count;
    struct sc_range *ranges;
    uint32_t descriptor_size;
    void *irp;
    void *interrupt;
    void *adapter;
    void *real_physical_device;
    uint32_t reserved[1];
};

struct sc_srb { /* HW_STREAM_REQUEST_BLOCK */
    uint32_t size;
    uint32_t command;
    nt_status status;
    struct sc_object *object;
    void *device;
    void *extension;
    union {
        struct ks_header *data;
        void *pointer;
        struct sc_header *streams;
        uint32_t state;
        struct sc_config *config;
        struct sc_property *property;
        struct ks_format *format;
        struct sc_intersect *intersect;
        struct sc_time_reference *time;
        uint32_t power;
    } u;
    uint32_t buffers;
    uint32_t timeout;
    uint32_t timeout_original;
    struct sc_srb *next;
    void *irp;
    uint32_t flags;
    void *instance;
    uint32_t bytes; /* NumberOfBytesToTransfer, then ActualBytesTransferred */
    struct sc_segment *segments;
    uint32_t pages;
    uint32_t segment_count;
    uint32_t reserved[1];
};

struct sc_init { /* HW_INITIALIZATION_DATA */
    uint16_t size;
    uint16_t version;
    sc_interrupt_routine interrupt;
    sc_srb_routine receive;
    sc_srb_routine cancel;
    sc_srb_routine timeout;
    uint32_t device_extension;
    uint32_t request_extension;
    uint32_t stream_extension;
    uint32_t instance_extension;
    uint8_t bus_master;
    uint8_t dma_24_bit;
    uint32_t alignment;
    uint8_t no_synchronization;
    uint32_t dma_buffer;
    uint32_t name_count;
    void *names;
};

#endif
