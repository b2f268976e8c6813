/* SPDX-License-Identifier: MIT */
/*
 * Events: each is told to everybody who listens, once for each cause, and to nobody else; what no
 * table shows cannot be listened to.
 */
#include <string.h>

#include "capture.h"
#include "report.h"
#include "vdw_interface.h"

static struct class_event *listen(uint32_t event)
{
    nt_status status;
    struct class_event *out = class_event_enable(0, event, &status);

    scene_expect(status, STATUS_SUCCESS, "enabling an event");
    return out;
}

static void expect(const struct class_event *event, uint64_t least, const char *what)
{
    if (event->signals < least)
        report_fail(CHECK_STATUS, "%s: %llu signals, not %llu", what,
                    (unsigned long long)event->signals, (unsigned long long)least);
}

static void run_under(const char *fault)
{
    scene_fault_script(fault);
    class_run_for(1000000000);
    if (scene_fault_count() == 0)
        report_fail("script", "%s: nothing was injected", fault);
    scene_fault_script("");
}

static void all(void)
{
    struct class_event *event[VDW_EVENT_COUNT];
    struct class_event *second;
    struct capture_format format;
    uint64_t signals;

    scene_begin();
    for (uint32_t i = 0; i < VDW_EVENT_COUNT; i++)
        event[i] = listen(i);
    scene_firmware_image(0);
    scene_expect(class_do(scene_firmware_request(VDW_FIRMWARE_RESTORE, 0, 0)), STATUS_SUCCESS,
                 "RESTORE");
    class_run_for(2000000000);
    expect(event[VDW_EVENT_FIRMWARE], 1, "the firmware starts again");
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 66, 64);
    capture_open(&format, 4, DMA_PAGES, 0);
    capture_start();
    capture.faulty = 1;
    capture_frames(2);
    signals = event[VDW_EVENT_SIGNAL]->signals;
    run_under("signal-loss@frame=4,ms=100");
    expect(event[VDW_EVENT_SIGNAL], signals + 2, "the signal goes and comes");
    capture_stop();
    capture_start();
    capture.faulty = 1;
    run_under("control-change@frame=3,control=5,value=200");
    expect(event[VDW_EVENT_CONTROL], 1, "the card changes a control");
    capture_stop();
    second = listen(VDW_EVENT_ERROR);
    capture_start();
    capture.faulty = 1;
    run_under("fifo-overflow@frame=3");
    expect(event[VDW_EVENT_ERROR], 1, "an error");
    expect(second, 1, "an error, to the second listener");
    capture_stop();

    /* Who has stopped listening hears nothing more. */
    signals = second->signals;
    class_event_disable(event[VDW_EVENT_ERROR]);
    capture_start();
    capture.faulty = 1;
    run_under("fifo-overflow@frame=3");
    expect(second, signals + 1, "another error");
    capture_stop();
    capture_close();
    class_event_disable(second);
    class_event_disable(event[VDW_EVENT_SIGNAL]);
    class_event_disable(event[VDW_EVENT_CONTROL]);
    class_event_disable(event[VDW_EVENT_FIRMWARE]);
    scene_end();
}

static void refused(void)
{
    nt_status status;

    scene_begin();
    class_run_for(2000000000);
    (void)class_event_enable(1, 0, &status);
    scene_expect(status, STATUS_NOT_FOUND, "an event of a second set");
    (void)class_event_enable(0, VDW_EVENT_COUNT, &status);
    scene_expect(status, STATUS_NOT_FOUND, "an event past the last");
    vdm_unplug(bus.card);
    scene_expect(scene_device(SRB_SURPRISE_REMOVAL), STATUS_SUCCESS, "SURPRISE_REMOVAL");
    (void)class_event_enable(0, 0, &status);
    scene_expect(status, STATUS_DEVICE_REMOVED, "an event of a card that is gone");
    scene_end();
}

/* Paged out, the card is quiet; who listens afterwards is told all the same. */
static void paged_out(void)
{
    struct class_event *event;

    scene_begin();
    class_run_for(2000000000);
    scene_expect(scene_device(SRB_PAGING_OUT_DRIVER), STATUS_SUCCESS, "PAGING_OUT_DRIVER");
    class_run_for(1000000000);
    event = listen(VDW_EVENT_CONTROL);
    scene_fault_script("control-change@time=4500000,control=5,value=200");
    class_run_for(3000000000);
    if (scene_fault_count() == 0)
        report_fail("script", "nothing was injected");
    expect(event, 1, "the card changes a control");
    class_event_disable(event);
    scene_end();
}

const struct scene scene_event[] = {
    {"event.all",       all      },
    {"event.refused",   refused  },
    {"event.paged-out", paged_out},
    {NULL,              NULL     }
};
