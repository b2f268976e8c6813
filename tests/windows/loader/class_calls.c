/* SPDX-License-Identifier: MIT */
/*
 * What stream.sys exports. A completed SRB is taken from the driver within the call, with all that
 * hangs on it, so that the next touch is the driver's mistake and named so.
 */
#include <string.h>

#include "class.h"
#include "driver.h"
#include "memory.h"
#include "nt.h"
#include "report.h"

#define RECENT 64

/* SRBs that were completed lately, for the name of a second completion. */
static const struct sc_srb *recent[RECENT];
static unsigned recent_count;
static uint64_t completions;

/* A service of the class driver, as opposed to the way back to it. */
static void require_high(const char *what)
{
    enum driver_place place = driver_frame ? driver_frame->place : PLACE_LOAD;

    if (class.synchronized) {
        if (place != PLACE_HIGH && place != PLACE_INTERRUPT)
            report_fail(CHECK_PRIORITY, "%s in %s, which is not synchronised", what,
                        driver_frame ? driver_frame->name : "the loader");
    } else {
        driver_require_level(LEVEL_DISPATCH, what);
    }
}

static void require_device(const void *extension, const char *what)
{
    if (extension != class.extension || class.removed)
        report_fail(CHECK_BAD_MEMORY, "%s for a device that is not there", what);
}

static struct class_stream *stream_of(const struct sc_object *object, const char *what)
{
    for (unsigned i = 0; i < CLASS_STREAMS; i++) {
        if (object && class.streams[i].object == object)
            return &class.streams[i];
    }
    report_fail(CHECK_BAD_MEMORY, "%s for a stream that is not open", what);
}

void class_complete(struct class_request *request)
{
    struct sc_srb *srb = request->srb;

    if (srb->status == STATUS_PENDING)
        report_fail(CHECK_STATUS, "%s is completed as pending",
                    class_command_name(request->command, request->stream != NULL));
    request->result = *srb;
    if (request->headers)
        memcpy(request->headers_copy, request->headers,
               request->headers->size * (size_t)srb->buffers);
    if (request->state == CLASS_SENT)
        request->queue->sent--;
    request->state = CLASS_DONE;
    request->ended = ++completions;
    for (unsigned i = 0; i < CLASS_BUFFERS && request->picture[i]; i++)
        request->picture[i]->live = 0;
    if (request->extension) {
        request->extension_dma->live = 0;
        memory_take(request->extension);
    }
    for (unsigned i = 0; i < request->part_count; i++)
        memory_take(request->parts[i]);
    memory_take(srb);
    recent[recent_count++ % RECENT] = srb;
    report_note(NOTE_COMPLETED, class_command_name(request->command, !!request->stream),
                request->result.status, 0);
}

static void complete(const struct sc_srb *srb, int is_stream, const char *what)
{
    struct class_request *request = class_find_srb(srb);

    require_high(what);
    if (!request || request->state != CLASS_SENT) {
        int known = request != NULL && request->state == CLASS_DONE;

        for (unsigned i = 0; i < RECENT; i++)
            known |= srb && recent[i] == srb;
        report_fail(known ? CHECK_SRB_TWICE : CHECK_SRB_UNKNOWN, "%s of SRB %p", what,
                    (const void *)srb);
    }
    if (is_stream != (request->stream != NULL))
        report_fail(CHECK_SRB_UNKNOWN, "%s for %s", what,
                    class_command_name(request->command, request->stream != NULL));
    class_complete(request);
}

static void ready(struct class_queue *queue)
{
    require_high("a ready notification");
    if (class.synchronized && queue->ready)
        report_fail(CHECK_QUEUE_READY, "%s is ready already", queue->name);
    queue->ready = 1;
}

static NT_CDECL void device_notification(uint32_t type, void *extension, ...)
{
    nt_va_list list;

    nt_va_start(list, extension);
    require_device(extension, "StreamClassDeviceNotification");
    switch (type) {
    case DN_READY:
        ready(&class.device);
        break;
    case DN_COMPLETE:
        complete(__builtin_va_arg(list, struct sc_srb *), 0, "DeviceRequestComplete");
        break;
    case DN_SIGNAL_MANY: {
        const struct nt_guid *set = __builtin_va_arg(list, const struct nt_guid *);
        uint32_t event = __builtin_va_arg(list, uint32_t);

        require_high("SignalMultipleDeviceEvents");
        class_event_signal(NULL, set, event);
        break;
    }
    case DN_SIGNAL:
        require_high("SignalDeviceEvent");
        class_event_signal_one(__builtin_va_arg(list, const struct ks_event_entry *));
        break;
    default:
        report_fail(CHECK_STATUS, "device notification %u", type);
    }
    nt_va_end(list);
    driver_point();
}

static NT_CDECL void stream_notification(uint32_t type, const struct sc_object *object, ...)
{
    struct class_stream *stream = stream_of(object, "StreamClassStreamNotification");
    nt_va_list list;

    nt_va_start(list, object);
    switch (type) {
    case SN_READY_DATA:
        ready(&stream->data);
        break;
    case SN_READY_CONTROL:
        ready(&stream->control);
        break;
    case SN_COMPLETE:
        complete(__builtin_va_arg(list, struct sc_srb *), 1, "StreamRequestComplete");
        break;
    case SN_STARVED:
        require_high("StreamStarved");
        break;
    default:
        report_fail(CHECK_STATUS, "stream notification %u", type);
    }
    nt_va_end(list);
    driver_point();
}

static NT_API void complete_and_mark(const struct sc_srb *srb)
{
    const struct class_request *request = class_find_srb(srb);
    struct class_queue *queue = request ? request->queue : NULL;

    complete(srb, request && request->stream, "CompleteRequestAndMarkQueueReady");
    ready(queue);
    driver_point();
}

static NT_API nt_status register_adapter(void *driver, void *registry, const struct sc_init *init)
{
    (void)driver;
    (void)registry;
    driver_require_level(LEVEL_PASSIVE, "StreamClassRegisterMinidriver");
    if (init->size != sizeof(*init) && init->size != sizeof(*init) - 2 * ARCH_POINTER)
        report_fail(CHECK_STATUS, "HW_INITIALIZATION_DATA of %u bytes", init->size);
    class.init = *init;
    return STATUS_SUCCESS;
}

static NT_API void schedule_timer(const struct sc_object *object, void *extension, uint32_t us,
                                  sc_routine routine, void *context)
{
    struct class_slot *slot =
        object ? &stream_of(object, "StreamClassScheduleTimer")->timer : &class.timer;
    uint64_t due = bus_now_ns() + us * 1000ull;

    require_device(extension, "StreamClassScheduleTimer");
    require_high("StreamClassScheduleTimer");
    if (!routine) {
        slot->armed = 0;
        return;
    }
    slot->routine = routine;
    slot->context = context;
    slot->due_ns = (due + class.tick_ns - 1) / class.tick_ns * class.tick_ns;
    slot->armed = 1;
    report_note(NOTE_TIMER, "timer", us, 0);
}

static NT_API void call_at_priority(const struct sc_object *object, void *extension,
                                    uint32_t priority, sc_routine routine, void *context)
{
    struct class_slot *slot =
        object ? &stream_of(object, "StreamClassCallAtNewPriority")->callback : &class.callback;

    require_device(extension, "StreamClassCallAtNewPriority");
    if (priority == SC_LOW_TO_HIGH) {
        if (!driver_frame || driver_frame->place != PLACE_LOW)
            report_fail(CHECK_PRIORITY, "LowToHigh in %s", driver_frame->name);
    } else if (class.synchronized ? driver_frame->place != PLACE_DISPATCH
                                  : priority != SC_DISPATCH) {
        require_high("StreamClassCallAtNewPriority");
    }
    if (slot->armed)
        report_fail(CHECK_PRIORITY_BUSY, "a callback is asked for while another is pending");
    if (priority > SC_LOW_TO_HIGH || !routine)
        report_fail(CHECK_STATUS, "a callback of priority %u", priority);
    slot->routine = routine;
    slot->context = context;
    slot->priority = priority;
    slot->armed = 1;
    driver_point();
}

static NT_API void *get_dma_buffer(const void *extension)
{
    require_device(extension, "StreamClassGetDmaBuffer");
    return class.dma_memory;
}

static NT_API uint64_t get_physical_address(const void *extension, const struct sc_srb *srb,
                                            const void *address, uint32_t type, uint32_t *length)
{
    const struct class_request *request = class_find_srb(srb);
    struct dma_buffer *buffer = NULL;
    const uint8_t *base = NULL;

    require_device(extension, "StreamClassGetPhysicalAddress");
    if (type == SC_DMA_BUFFER) {
        buffer = class.dma;
        base = class.dma_memory;
    } else if (!request || request->state != CLASS_SENT) {
        report_fail(CHECK_SRB_UNKNOWN, "StreamClassGetPhysicalAddress of SRB %p",
                    (const void *)srb);
    } else if (type == SC_PER_REQUEST_EXTENSION) {
        buffer = request->extension_dma;
        base = request->extension;
    } else {
        buffer = dma_find_kernel(address);
        base = buffer ? buffer->kernel : NULL;
    }
    if (!buffer || (const uint8_t *)address < base ||
        (const uint8_t *)address >= base + buffer->size)
        report_fail(CHECK_BAD_MEMORY, "StreamClassGetPhysicalAddress of %p", address);
    return dma_address(buffer, (size_t)((const uint8_t *)address - base), length);
}

static NT_API uint8_t read_write_config(const void *extension, uint8_t read, uint8_t *buffer,
                                        uint32_t offset, uint32_t length)
{
    require_device(extension, "StreamClassReadWriteConfig");
    driver_require_level(LEVEL_PASSIVE, "StreamClassReadWriteConfig");
    if (class.refuse_config > 0) {
        class.refuse_config--;
        return 0;
    }
    if (offset > sizeof(bus.config_space) || length > sizeof(bus.config_space) - offset)
        return 0;
    if (read)
        memcpy(buffer, bus.config_space + offset, length);
    else
        memcpy(bus.config_space + offset, buffer, length);
    bus.dma_allowed = bus.config_space[4] >> 2 & 1;
    driver_point();
    return 1;
}

static NT_API void query_master_clock_sync(const void *clock, struct sc_time_context *context)
{
    driver_require_level(LEVEL_DISPATCH, "StreamClassQueryMasterClockSync");
    if (!clock)
        report_fail(CHECK_BAD_MEMORY, "a query of no master clock");
    context->time = nt_interrupt_time() + 70000000;
    context->system_time = nt_interrupt_time();
    driver_point();
}

static NT_API void reenumerate(const void *extension, uint32_t bytes)
{
    require_device(extension, "StreamClassReenumerateStreams");
    require_high("StreamClassReenumerateStreams");
    class.config->descriptor_size = bytes;
    class.reenumerations++;
}

static NT_API void *get_next_event(const void *extension, const struct sc_object *object,
                                   const struct nt_guid *set, uint32_t event,
                                   const struct ks_event_entry *current)
{
    require_device(extension, "StreamClassGetNextEvent");
    require_high("StreamClassGetNextEvent");
    return class_event_next(object ? stream_of(object, "StreamClassGetNextEvent") : NULL, set,
                            event, current);
}

static NT_CDECL void debug_print(uint32_t level, const char *text, ...)
{
    report_note(NOTE_SAID, text, level, 0);
}

const struct nt_export class_exports[] = {
    {"stream.sys", "StreamClassRegisterAdapter",                  (nt_routine)register_adapter       },
    {"stream.sys", "StreamClassDeviceNotification",               (nt_routine)device_notification    },
    {"stream.sys", "StreamClassStreamNotification",               (nt_routine)stream_notification    },
    {"stream.sys", "StreamClassCompleteRequestAndMarkQueueReady", (nt_routine)complete_and_mark      },
    {"stream.sys", "StreamClassScheduleTimer",                    (nt_routine)schedule_timer         },
    {"stream.sys", "StreamClassCallAtNewPriority",                (nt_routine)call_at_priority       },
    {"stream.sys", "StreamClassGetDmaBuffer",                     (nt_routine)get_dma_buffer         },
    {"stream.sys", "StreamClassGetPhysicalAddress",               (nt_routine)get_physical_address   },
    {"stream.sys", "StreamClassReadWriteConfig",                  (nt_routine)read_write_config      },
    {"stream.sys", "StreamClassQueryMasterClockSync",             (nt_routine)query_master_clock_sync},
    {"stream.sys", "StreamClassReenumerateStreams",               (nt_routine)reenumerate            },
    {"stream.sys", "StreamClassGetNextEvent",                     (nt_routine)get_next_event         },
    {"stream.sys", "StreamClassDebugPrint",                       (nt_routine)debug_print            },
    {NULL,         NULL,                                          NULL                               },
};
