/* SPDX-License-Identifier: MIT */
/*
 * Calls into the driver, each at the level that the class driver's documentation gives it: all alike
 * when it synchronises, as they come when it does not.
 */
#include <stdio.h>

#include "class.h"
#include "driver.h"
#include "report.h"

static const char *const stream_names[] = {"READ_DATA",
                                           "WRITE_DATA",
                                           "GET_STREAM_STATE",
                                           "SET_STREAM_STATE",
                                           "SET_STREAM_PROPERTY",
                                           "GET_STREAM_PROPERTY",
                                           "OPEN_MASTER_CLOCK",
                                           "INDICATE_MASTER_CLOCK",
                                           "UNKNOWN_STREAM_COMMAND",
                                           "SET_STREAM_RATE",
                                           "PROPOSE_DATA_FORMAT",
                                           "CLOSE_MASTER_CLOCK",
                                           "PROPOSE_STREAM_RATE",
                                           "SET_DATA_FORMAT",
                                           "GET_DATA_FORMAT",
                                           "BEGIN_FLUSH",
                                           "END_FLUSH"};

static const char *const device_names[] = {"GET_STREAM_INFO",        "OPEN_STREAM",
                                           "CLOSE_STREAM",           "OPEN_DEVICE_INSTANCE",
                                           "CLOSE_DEVICE_INSTANCE",  "GET_DEVICE_PROPERTY",
                                           "SET_DEVICE_PROPERTY",    "INITIALIZE_DEVICE",
                                           "CHANGE_POWER_STATE",     "UNINITIALIZE_DEVICE",
                                           "UNKNOWN_DEVICE_COMMAND", "PAGING_OUT_DRIVER",
                                           "GET_DATA_INTERSECTION",  "INITIALIZATION_COMPLETE",
                                           "SURPRISE_REMOVAL",       "DEVICE_METHOD",
                                           "STREAM_METHOD",          "NOTIFY_IDLE_STATE"};

const char *class_command_name(uint32_t command, int is_stream)
{
    if (command < sizeof(stream_names) / sizeof(stream_names[0]))
        return stream_names[command];
    if (command >= 0x100 && command < 0x100 + sizeof(device_names) / sizeof(device_names[0]))
        return device_names[command - 0x100];
    return is_stream ? "(unknown to the stream)" : "(unknown to the device)";
}

/* A synchronised entry runs alone; any other at `level`. */
static void enter(struct driver_frame *frame, const char *name, unsigned level)
{
    if (class.synchronized)
        driver_enter(frame, name, PLACE_HIGH, class.high);
    else
        driver_enter(frame, name, PLACE_ALONE, level);
}

void class_enter_srb(struct class_request *request)
{
    struct driver_frame frame;
    sc_srb_routine routine = class.init.receive;

    if (request->stream)
        routine = request->queue == &request->stream->data ? request->stream->object->data
                                                           : request->stream->object->control;
    if (!routine)
        report_fail(CHECK_STATUS, "an open stream has no routine for %s",
                    class_command_name(request->command, 1));
    enter(&frame, class_command_name(request->command, request->stream != NULL), LEVEL_PASSIVE);
    routine(request->srb);
    driver_leave(&frame);
}

void class_enter_slot(struct class_slot *slot, const char *name, enum sc_priority priority)
{
    static const char *const names[] = {"callback (high)", "callback (dispatch)", "callback (low)",
                                        "callback (low to high)"};
    struct driver_frame frame;
    sc_routine routine = slot->routine;

    slot->running = 1;
    if (priority == SC_LOW)
        driver_enter(&frame, names[SC_LOW], PLACE_LOW, LEVEL_PASSIVE);
    else if (priority == SC_DISPATCH)
        driver_enter(&frame, slot == &class.timer || name[0] == 't' ? "timer" : names[SC_DISPATCH],
                     class.synchronized ? PLACE_DISPATCH : PLACE_ALONE, LEVEL_DISPATCH);
    else
        enter(&frame, name[0] == 't' ? "timer" : names[priority], LEVEL_DISPATCH);
    routine(slot->context);
    driver_leave(&frame);
    slot->running = 0;
}

void class_enter_interrupt(void)
{
    static unsigned again;
    struct driver_frame frame;
    int ours = bus_interrupt_due();
    int taken;

    bus.irq_pending = 0;
    if (class.removed)
        return;
    /* On the line of a card that sleeps nothing comes; the message of just before is dropped. */
    if (!bus.powered)
        return;
    report->interrupts += (uint64_t)ours;
    driver_enter(&frame, "interrupt", PLACE_INTERRUPT, LEVEL_DEVICE);
    taken = class.init.interrupt(class.extension);
    driver_leave(&frame);
    if (!bus.line)
        return;
    /* A line that nobody takes, or that stays, is called for ever. */
    if (ours && !taken && !vdm_is_gone(bus.card))
        report_fail(CHECK_ENDLESS, "the card pulls the line, and the routine does not take it");
    again = bus_interrupt_due() ? again + 1 : 0;
    if (again > 1000)
        report_fail(CHECK_ENDLESS, "the interrupt routine leaves the line as it is");
}

void class_enter_cancel(struct class_request *request)
{
    struct driver_frame frame;

    enter(&frame, "cancel", LEVEL_DISPATCH);
    class.init.cancel(request->srb);
    driver_leave(&frame);
}

/* Once a second; a request in the driver's hands counts down. */
static struct class_request *find_expired(void)
{
    for (uint32_t command = 0; command < 0x120; command++) {
        struct class_request *request = class_find_sent(command);

        if (request && request->srb->timeout == 1)
            return request;
    }
    return NULL;
}

void class_enter_timeout(struct class_request *request)
{
    struct driver_frame frame;

    request->srb->timeout = 0;
    request->expired_ns = bus_now_ns();
    enter(&frame, "timeout", LEVEL_DISPATCH);
    class.init.timeout(request->srb);
    driver_leave(&frame);
}

void class_enter_timeouts(void)
{
    struct class_request *request;

    if (driver_frame) /* the clock's tick waits until nothing is interrupted */
        return;
    while ((request = find_expired()) != NULL)
        class_enter_timeout(request);
    class_count_down();
}

nt_status class_enter_event(struct sc_event *descriptor)
{
    struct driver_frame frame;
    nt_status status;

    enter(&frame, "event routine", LEVEL_DISPATCH);
    status = class.event_routine ? class.event_routine(descriptor) : STATUS_SUCCESS;
    driver_leave(&frame);
    return status;
}
