/* SPDX-License-Identifier: MIT */
/*
 * Queues and the order of things. What is due at the same time comes in an order of chance, since a
 * real machine has no other.
 */
#include "class.h"

#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "memory.h"
#include "nt.h"
#include "pe.h"
#include "report.h"

#define SECOND_NS 1000000000ull

struct class class;

static struct class_request *requests;

static void at_point(void)
{
    if (bus_interrupt_due() && driver_level < LEVEL_DEVICE && !class.hold_interrupts)
        class_enter_interrupt();
    if (driver_level == LEVEL_PASSIVE && class.preempt && driver_frame &&
        driver_frame->place != PLACE_LOAD && report_random(class.preempt) == 0) {
        /* Two deep is as far as it goes; that a callback meets another is shown by then. */
        if (!driver_frame->outer || !driver_frame->outer->outer)
            (void)class_turn();
    }
}

void class_load(const char *path, const uint16_t *registry_path, uint16_t registry_bytes)
{
    typedef nt_status(NT_API * entry_routine)(void *, void *);
    entry_routine entry;
    struct nt_string *registry = memory_allocate_zeroed(sizeof(*registry), 8, "registry path");
    void *driver = memory_allocate_zeroed(336, 16, "driver object");
    struct driver_frame frame;
    nt_status status;

    memset(&class, 0, sizeof(class));
    class.tick_ns = 15625000;
    class.preempt = 3;
    driver_at_point = at_point;
    if (registry_bytes) {
        registry->buffer = memory_allocate_zeroed(registry_bytes, 2, "registry path");
        memcpy(registry->buffer, registry_path, registry_bytes);
        registry->length = registry->maximum = registry_bytes;
    }
    pe_load(path, nt_resolve);
    coverage_plant();
    entry = (entry_routine)(uintptr_t)pe_image.entry;
    driver_enter(&frame, "DriverEntry", PLACE_LOAD, LEVEL_PASSIVE);
    status = entry(driver, registry);
    driver_leave(&frame);
    if (status != STATUS_SUCCESS || !class.init.receive)
        report_fail(CHECK_STATUS, "DriverEntry: 0x%08x", status);
    if (registry_bytes)
        memory_free(registry->buffer);
    memory_free(registry);
    memory_free(driver);
    class.synchronized = !class.init.no_synchronization;
    class.high = class.init.interrupt ? LEVEL_DEVICE : LEVEL_DISPATCH;
}

void class_unload(void)
{
    memory_check_leaks();
    nt_check_handles();
    pe_unload();
}

static void queue_open(struct class_queue *queue, const char *name)
{
    memset(queue, 0, sizeof(*queue));
    queue->name = name;
    queue->ready = 1;
}

void class_add_device(unsigned ranges)
{
    struct sc_config *config = memory_allocate_zeroed(sizeof(*config), 8, "configuration");
    struct sc_range *range;
    unsigned count = !!(ranges & BUS_MEMORY) + !!(ranges & BUS_PORTS);

    class.extension = memory_allocate_zeroed(class.init.device_extension, 16, "device extension");
    class.config = config;
    class.removed = 0;
    queue_open(&class.device, "the device's queue");
    memset(class.streams, 0, sizeof(class.streams));
    class.event_sets = NULL;
    class.event_set_count = 0;
    memset(&class.timer, 0, sizeof(class.timer));
    memset(&class.callback, 0, sizeof(class.callback));
    if (class.init.dma_buffer) {
        class.dma_memory = memory_allocate_zeroed(class.init.dma_buffer, 4096, "DMA buffer");
        class.dma = dma_register(class.dma_memory, class.init.dma_buffer, 1, "DMA buffer");
    }
    config->size = sizeof(*config);
    config->extension = class.extension;
    config->physical_device = memory_allocate_zeroed(64, 16, "device object");
    config->real_physical_device = config->physical_device;
    config->class_device = config->physical_device;
    config->interface_type = 5; /* PCIBus */
    config->level = config->vector = class.init.interrupt ? LEVEL_DEVICE : 0;
    config->interrupt = memory_allocate_zeroed(64, 16, "interrupt object");
    config->dma_channel = 0xffffffffu;
    config->range_count = count;
    range = memory_allocate_zeroed(count * sizeof(*range), 8, "access ranges");
    config->ranges = range;
    if (ranges & BUS_MEMORY) {
        range->start = (uintptr_t)bus.bar;
        range->length = BUS_BAR_BYTES;
        range->in_memory = 1;
        range++;
    }
    if (ranges & BUS_PORTS) {
        range->start = BUS_PORT;
        range->length = BUS_PORT_BYTES;
    }
    bus.irq_connected = class.init.interrupt != NULL;
    class.next_second_ns = bus_now_ns() + SECOND_NS;
}

void class_remove_device(void)
{
    for (unsigned i = 0; i < CLASS_STREAMS; i++) {
        if (class.streams[i].object)
            report_fail(CHECK_STATUS, "the device is removed with stream %u open", i);
    }
    while (class.events)
        class_event_disable(class.events);
    class.removed = 1;
    bus.irq_connected = 0;
    if (class.timer.armed || class.callback.armed)
        report_fail(CHECK_LEAK, "a timer or a callback outlives the device");
    memory_free(class.config->ranges);
    memory_free(class.config->physical_device);
    memory_free(class.config->interrupt);
    memory_free(class.config);
    if (class.dma) {
        dma_destroy(class.dma);
        memory_free(class.dma_memory);
        class.dma = NULL;
    }
    memory_free(class.extension);
}

/* ---- Requests ---- */

struct class_request *class_request_create(uint32_t command, struct class_stream *stream)
{
    struct class_request *request = calloc(1, sizeof(*request));
    struct sc_srb *srb = memory_allocate_zeroed(sizeof(*srb), 8, "SRB");

    request->command = command;
    request->stream = stream;
    request->srb = srb;
    request->queue = !stream                     ? &class.device
                     : command <= SRB_WRITE_DATA ? &stream->data
                                                 : &stream->control;
    srb->size = sizeof(*srb);
    srb->command = command;
    srb->status = STATUS_PENDING;
    srb->device = class.extension;
    srb->object = stream ? stream->object : NULL;
    srb->flags = (stream ? 2u : 0u) | (stream && command <= SRB_WRITE_DATA ? 1u : 0u);
    srb->irp = (void *)(uintptr_t)0x1d1d0;
    if (class.init.request_extension) {
        request->extension =
            memory_allocate_zeroed(class.init.request_extension, 16, "SRB extension");
        request->extension_dma =
            dma_register(request->extension, class.init.request_extension, 0, "SRB extension");
        srb->extension = request->extension;
    }
    request->all = requests;
    requests = request;
    return request;
}

void *class_request_part(struct class_request *request, size_t size, const char *kind)
{
    void *part = memory_allocate_zeroed(size, 8, kind);

    if (request->part_count == sizeof(request->parts) / sizeof(request->parts[0]))
        report_fail("memory", "too many parts of a request");
    request->parts[request->part_count++] = part;
    return part;
}

void class_send(struct class_request *request)
{
    struct class_queue *queue = request->queue;

    request->state = CLASS_WAITING;
    request->next = NULL;
    if (queue->last)
        queue->last->next = request;
    else
        queue->first = request;
    queue->last = request;
    report->requests++;
}

static void unlink_waiting(struct class_request *request)
{
    struct class_queue *queue = request->queue;
    struct class_request **at = &queue->first;
    struct class_request *before = NULL;

    while (*at != request) {
        before = *at;
        at = &(*at)->next;
    }
    *at = request->next;
    if (queue->last == request)
        queue->last = before;
    request->next = NULL;
}

void class_request_free(struct class_request *request)
{
    struct class_request **at = &requests;

    while (*at != request)
        at = &(*at)->all;
    *at = request->all;
    if (request->extension) {
        dma_destroy(request->extension_dma);
        memory_free(request->extension);
    }
    for (unsigned i = 0; i < request->part_count; i++)
        memory_free(request->parts[i]);
    memory_free(request->srb);
    free(request);
}

void class_cancel(struct class_request *request)
{
    if (request->state == CLASS_WAITING) {
        unlink_waiting(request);
        request->srb->status = STATUS_CANCELLED;
        class_complete(request);
    } else if (request->state == CLASS_SENT) {
        class_enter_cancel(request);
    }
}

unsigned class_outstanding(void)
{
    unsigned count = 0;

    for (struct class_request *r = requests; r; r = r->all)
        count += r->state == CLASS_SENT;
    return count;
}

struct class_request *class_find_sent(uint32_t command)
{
    struct class_request *found = NULL;

    /* The oldest: the list has the newest first. */
    for (struct class_request *r = requests; r; r = r->all) {
        if (r->state == CLASS_SENT && r->command == command)
            found = r;
    }
    return found;
}

struct class_request *class_find_srb(const struct sc_srb *srb)
{
    struct class_request *r = requests;

    while (r && r->srb != srb)
        r = r->all;
    return r;
}

/* ---- What is due ---- */

static int turn_queue(struct class_queue *queue)
{
    struct class_request *request = queue->first;

    if (!request || (class.synchronized && !queue->ready))
        return 0;
    unlink_waiting(request);
    queue->ready = 0;
    request->state = CLASS_SENT;
    request->sent_ns = bus_now_ns();
    queue->sent++;
    class_enter_srb(request);
    return 1;
}

static int turn_slots(struct class_slot *timer, struct class_slot *callback)
{
    if (timer->armed && timer->due_ns <= bus_now_ns()) {
        timer->armed = 0;
        class_enter_slot(timer, "timer", class.synchronized ? SC_HIGH : SC_DISPATCH);
        return 1;
    }
    if (callback->armed && !callback->running) {
        callback->armed = 0;
        class_enter_slot(callback, "callback", callback->priority);
        return 1;
    }
    return 0;
}

/* Tells the application, in the order of completion; not while the driver is on the stack, since it
 * may do anything. */
static int turn_done(void)
{
    struct class_request *oldest = NULL;

    for (struct class_request *r = requests; r; r = r->all) {
        if (r->state == CLASS_DONE && !r->keep && (!oldest || r->ended < oldest->ended))
            oldest = r;
    }
    if (!oldest)
        return 0;
    oldest->keep = 1;
    if (oldest->done)
        oldest->done(oldest);
    class_request_free(oldest);
    return 1;
}

static int turn_one(unsigned which)
{
    struct class_stream *stream = &class.streams[which / 3 % CLASS_STREAMS];

    if (which == 0)
        return !driver_frame && turn_done();
    if (which == 1)
        return turn_queue(&class.device);
    if (which == 2)
        return turn_slots(&class.timer, &class.callback);
    if (!stream->object)
        return 0;
    return which % 3 == 0   ? turn_queue(&stream->control)
           : which % 3 == 1 ? turn_queue(&stream->data)
                            : turn_slots(&stream->timer, &stream->callback);
}

int class_turn(void)
{
    const unsigned kinds = 3 + 3 * CLASS_STREAMS;
    unsigned first = report_random(kinds);

    class.turns++;
    /* On a line others call, too. */
    if (driver_level < LEVEL_DEVICE && !class.hold_interrupts &&
        (bus_interrupt_due() || (bus.line && bus.irq_connected && report_random(50) == 0))) {
        class_enter_interrupt();
        return 1;
    }
    if (class.extension && !class.removed && class.next_second_ns <= bus_now_ns()) {
        class.next_second_ns += SECOND_NS;
        class_enter_timeouts();
        return 1;
    }
    for (unsigned i = 0; i < kinds; i++) {
        if (turn_one((first + i) % kinds))
            return 1;
    }
    return 0;
}

static uint64_t earliest(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_due(void)
{
    uint64_t due = class.removed ? UINT64_MAX : class.next_second_ns;

    if (class.timer.armed)
        due = earliest(due, class.timer.due_ns);
    for (unsigned i = 0; i < CLASS_STREAMS; i++) {
        if (class.streams[i].timer.armed)
            due = earliest(due, class.streams[i].timer.due_ns);
    }
    return earliest(due, vdm_next_event_ns(bus.card));
}

void class_step(void)
{
    uint64_t now = bus_now_ns();
    uint64_t due;

    if (class_turn())
        return;
    due = next_due();
    vdm_advance(bus.card, due > now ? due : now + 1);
}

static int still_waits(const struct class_request *request)
{
    return !request || request->state != CLASS_DONE;
}

/* Until `to_ns`, or the request's end. */
static void run(uint64_t to_ns, const struct class_request *request)
{
    unsigned idle = 0;

    while (still_waits(request)) {
        uint64_t now = bus_now_ns();
        uint64_t due;

        if (class_turn()) {
            if (++idle > 1000000)
                report_fail(CHECK_ENDLESS, "a million turns while no time passes");
            if (bus_now_ns() != now)
                idle = 0;
            continue;
        }
        idle = 0;
        if (now >= to_ns)
            return;
        due = earliest(next_due(), to_ns);
        vdm_advance(bus.card, due > now ? due : now + 1);
    }
}

void class_run_until(uint64_t to_ns)
{
    run(to_ns, NULL);
}

void class_run_for(uint64_t ns)
{
    run(bus_now_ns() + ns, NULL);
}

nt_status class_wait(struct class_request *request)
{
    request->keep = 1;
    run(bus_now_ns() + CLASS_NEVER_NS, request);
    if (request->state == CLASS_WAITING && request->queue->sent == 0)
        report_fail(CHECK_QUEUE_STUCK, "%s is never ready again", request->queue->name);
    if (request->state != CLASS_DONE)
        report_fail(CHECK_SRB_NEVER, "%s was not completed",
                    class_command_name(request->command, request->stream != NULL));
    return request->result.status;
}

nt_status class_do(struct class_request *request)
{
    nt_status status;

    class_send(request);
    status = class_wait(request);
    class_request_free(request);
    return status;
}

static void check_queue(const struct class_queue *queue)
{
    if (class.synchronized && !queue->ready)
        report_fail(CHECK_QUEUE_STUCK, "%s was not made ready again", queue->name);
}

void class_check_idle(void)
{
    for (struct class_request *r = requests; r; r = r->all) {
        if (r->state == CLASS_SENT)
            report_fail(CHECK_SRB_NEVER, "%s was not completed",
                        class_command_name(r->command, r->stream != NULL));
    }
    check_queue(&class.device);
    for (unsigned i = 0; i < CLASS_STREAMS; i++) {
        if (class.streams[i].object) {
            check_queue(&class.streams[i].control);
            check_queue(&class.streams[i].data);
        }
    }
    memory_check();
}

void class_count_down(void)
{
    for (struct class_request *r = requests; r; r = r->all) {
        if (r->state != CLASS_SENT)
            continue;
        if (r->srb->timeout > 1)
            r->srb->timeout--;
        else if (r->expired_ns && bus_now_ns() - r->expired_ns > CLASS_EXPIRED_NS)
            report_fail(CHECK_SRB_NEVER, "%s was not completed after its timeout",
                        class_command_name(r->command, r->stream != NULL));
    }
}
