/* SPDX-License-Identifier: MIT */
/*
 * Properties and the clock: what the driver shows is what the card has; sizes that do not fit are
 * refused without a byte written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "driver.h"
#include "memory.h"
#include "nt.h"
#include "report.h"
#include "vdh_regs.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

static const struct nt_guid own_set = VDW_SET_GUID_INIT;
static const struct nt_guid procamp_set = {
    0xc6e13360u, 0x30ac, 0x11d0, {0xa1, 0x8c, 0x00, 0xa0, 0xc9, 0x11, 0x89, 0x56}
};
static const struct nt_guid camera_set = {
    0xc6e13370u, 0x30ac, 0x11d0, {0xa1, 0x8c, 0x00, 0xa0, 0xc9, 0x11, 0x89, 0x56}
};
static const struct nt_guid video_set = {
    0x6a2e0670u, 0x28e4, 0x11d0, {0xa1, 0x8c, 0x00, 0xa0, 0xc9, 0x11, 0x89, 0x56}
};
static const struct nt_guid connection_set = {
    0x1d58c920u, 0xac9b, 0x11cf, {0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00}
};
static const struct nt_guid dropped_set = {
    0xc6e13344u, 0x30ac, 0x11d0, {0xa1, 0x8c, 0x00, 0xa0, 0xc9, 0x11, 0x89, 0x56}
};

static uint32_t used; /* bytes of the last value */

static nt_status property(struct class_stream *stream, const struct nt_guid *guid, uint32_t id,
                          int set, const void *more, uint32_t more_bytes, void *value,
                          uint32_t bytes)
{
    return scene_property_call(stream, guid, id, set, more, more_bytes, value, bytes, &used);
}

static nt_status get(uint32_t id, uint32_t index, uint32_t item, void *value, uint32_t bytes)
{
    struct vdw_selector selector = {index, item};

    return property(NULL, &own_set, id, 0, &selector, sizeof(selector), value, bytes);
}

static nt_status set(uint32_t id, uint32_t index, const void *value, uint32_t bytes)
{
    struct vdw_selector selector = {index, 0};

    return property(NULL, &own_set, id, 1, &selector, sizeof(selector), (void *)(uintptr_t)value,
                    bytes);
}

static void must_get(uint32_t id, uint32_t index, uint32_t item, void *value, uint32_t bytes)
{
    char what[64];

    snprintf(what, sizeof(what), "property %u, index %u, item %u", id, index, item);
    scene_expect(get(id, index, item, value, bytes), STATUS_SUCCESS, what);
    if (used != bytes)
        report_fail(CHECK_STATUS, "%s: %u bytes, not %u", what, used, bytes);
}

static void begin(void)
{
    scene_begin();
    class_run_for(2000000000);
}

/* ---- What the device says of itself ---- */

static void tables(const struct vdw_identity *identity)
{
    struct vdw_input input;
    struct vdw_timing timing;
    struct vdw_mode mode;
    struct vdw_interval interval;
    struct vdw_control control;
    char name[32];

    for (uint32_t i = 0; i < identity->input_count; i++)
        must_get(VDW_PROPERTY_INPUT_INFO, i, 0, &input, sizeof(input));
    for (uint32_t i = 0; i < identity->timing_count; i++)
        must_get(VDW_PROPERTY_TIMING_INFO, i, 0, &timing, sizeof(timing));
    for (uint32_t i = 0; i < identity->mode_count; i++) {
        must_get(VDW_PROPERTY_MODE_INFO, i, 0, &mode, sizeof(mode));
        for (uint32_t k = 0; k < mode.interval_count; k++)
            must_get(VDW_PROPERTY_INTERVAL_INFO, i, k, &interval, sizeof(interval));
    }
    for (uint32_t i = 0; i < identity->control_count; i++) {
        int32_t value = 0;

        must_get(VDW_PROPERTY_CONTROL_INFO, i, 0, &control, sizeof(control));
        for (uint32_t k = 0; k < control.menu_count; k++)
            must_get(VDW_PROPERTY_MENU_NAME, i, k, name, sizeof(name));
        must_get(VDW_PROPERTY_CONTROL, i, 0, &value, sizeof(value));
        scene_expect(set(VDW_PROPERTY_CONTROL, i, &control.maximum, 4), STATUS_SUCCESS,
                     "a control's maximum");
        if (control.type != 4 &&
            vdm_read(bus.card, VDH_R_CONTROL + 4 * i) != (uint32_t)control.maximum)
            report_fail(CHECK_STATUS, "control %u did not reach the card", i);
        value = control.maximum + 1;
        if (control.type != 4 && /* a button takes any */
            set(VDW_PROPERTY_CONTROL, i, &value, 4) == STATUS_SUCCESS)
            report_fail(CHECK_STATUS, "control %u takes a value out of its range", i);
    }
    if (get(VDW_PROPERTY_INPUT_INFO, identity->input_count, 0, &input, sizeof(input)) ==
        STATUS_SUCCESS)
        report_fail(CHECK_STATUS, "an input past the last");
}

static void device(void)
{
    struct vdw_identity identity;
    struct vdw_signal signal;
    struct vdw_time time;
    struct vdw_counts counts;
    uint32_t value = 0;

    begin();
    must_get(VDW_PROPERTY_IDENTITY, 0, 0, &identity, sizeof(identity));
    if (identity.limited || identity.control_count == 0)
        report_fail(CHECK_STATUS, "the device is limited");
    tables(&identity);
    must_get(VDW_PROPERTY_SIGNAL, 0, 0, &signal, sizeof(signal));
    must_get(VDW_PROPERTY_TIME, 0, 0, &time, sizeof(time));
    if (time.counter_after < time.counter_before || time.ticks == 0)
        report_fail(CHECK_STATUS, "the time of the card");
    must_get(VDW_PROPERTY_COUNTS, 0, 0, &counts, sizeof(counts));
    must_get(VDW_PROPERTY_INPUT, 0, 0, &value, 4);
    value = 2;
    scene_expect(set(VDW_PROPERTY_INPUT, 0, &value, 4), STATUS_SUCCESS, "another input");
    class_run_for(200000000);
    must_get(VDW_PROPERTY_TIMING, 0, 0, &value, 4);
    scene_expect(set(VDW_PROPERTY_TIMING, 0, &value, 4), STATUS_SUCCESS, "its timing");
    value = 0;
    scene_expect(set(VDW_PROPERTY_INPUT, 0, &value, 4), STATUS_SUCCESS, "the first input");
    value = 1;
    scene_expect(set(VDW_PROPERTY_PATTERN, 0, &value, 4), STATUS_SUCCESS, "the pattern");

    value = 0x12345678;
    scene_expect(set(VDW_PROPERTY_REGISTER, VDH_R_SCRATCH, &value, 4), STATUS_SUCCESS, "SCRATCH");
    value = 0;
    must_get(VDW_PROPERTY_REGISTER, VDH_R_SCRATCH, 0, &value, 4);
    if (value != 0x12345678)
        report_fail(CHECK_STATUS, "SCRATCH reads 0x%08x", value);
    if (set(VDW_PROPERTY_REGISTER, VDH_R_DESC_BASE_LO, &value, 4) == STATUS_SUCCESS ||
        set(VDW_PROPERTY_REGISTER, VDH_R_INT_MASK, &value, 4) == STATUS_SUCCESS ||
        set(VDW_PROPERTY_REGISTER, 2, &value, 4) == STATUS_SUCCESS)
        report_fail(CHECK_STATUS, "a register that steers DMA or interrupts can be written");
    scene_end();
}

/* Every property with every small size: guards around the value prove that nothing is written past
 * it, whatever the status. */
static void sizes(void)
{
    static const struct nt_guid *const sets[] = {&own_set, &procamp_set, &camera_set, &video_set};
    uint32_t little = scene_options.is_long ? 1 : 3;
    uint8_t value[200];

    begin();
    memset(value, 0, sizeof(value));
    for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++) {
        for (uint32_t id = 0; id < VDW_PROPERTY_COUNT + 2; id++) {
            for (uint32_t bytes = 0; bytes < sizeof(value); bytes += bytes < 12 ? little : 13) {
                for (uint32_t more = 0; more <= 16; more += 8) {
                    uint8_t selector[16] = {0};

                    (void)property(NULL, sets[s], id, 0, selector, more, value, bytes);
                    if (used > bytes && bytes > 0)
                        report_fail(CHECK_STATUS, "property %u: %u bytes into %u", id, used, bytes);
                    if (s != 0 || (id != VDW_PROPERTY_FIRMWARE_COMMAND))
                        (void)property(NULL, sets[s], id, 1, selector, more, value, bytes);
                }
            }
        }
    }
    scene_end();
}

/* ---- The sets that every application knows ---- */

static void known_sets(void)
{
    int32_t value[4];
    struct capture_format format;
    uint32_t bytes[24];

    begin();
    for (uint32_t id = 0; id < 8; id++) {
        /* KSPROPERTY, then value, flags, capabilities: the value is read from behind the property. */
        int32_t more[4] = {0, 2, 0, 0};

        memset(value, 0, sizeof(value));
        (void)property(NULL, &procamp_set, id, 0, more, 12, value, 12);
        (void)property(NULL, &procamp_set, id, 1, more, 12, value, 12);
        (void)property(NULL, &procamp_set, id, 0, more, 12, bytes, 36);
        (void)property(NULL, &procamp_set, id, 1, more, 12, bytes, 36);
        (void)property(NULL, &camera_set, id, 0, more, 12, bytes, 36);
        (void)property(NULL, &camera_set, id, 1, more, 12, bytes, 36);
        (void)property(NULL, &video_set, id, 0, more, 16, bytes, 40);
        (void)property(NULL, &video_set, id, 1, more, 16, bytes, 40);
    }
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240);
    capture_open(&format, 4, DMA_PAGES, 0);
    /* KSPROPERTY_CONNECTION_ALLOCATORFRAMING, KSPROPERTY_DROPPEDFRAMES_CURRENT. */
    scene_expect(property(capture.stream, &connection_set, 3, 0, NULL, 0, bytes, 24),
                 STATUS_SUCCESS, "the allocator's framing");
    (void)property(capture.stream, &connection_set, 9, 0, NULL, 0, bytes, 24);
    scene_expect(property(capture.stream, &dropped_set, 0, 0, NULL, 0, bytes, 48), STATUS_SUCCESS,
                 "the dropped frames");
    (void)property(capture.stream, &own_set, 0, 0, NULL, 0, bytes, 4);
    capture_close();
    scene_end();
}

/* ---- Clocks ---- */

static uint64_t stream_time(void)
{
    struct sc_time_context context = {class.extension, capture.stream->object, 0, 0, 0};
    struct driver_frame frame;

    driver_enter(&frame, "clock", PLACE_DISPATCH, LEVEL_DISPATCH);
    capture.stream->object->clock.routine(&context);
    driver_leave(&frame);
    return context.time;
}

static nt_status master(uint32_t command, uintptr_t handle)
{
    struct class_request *request = class_request_create(command, capture.stream);

    request->srb->u.pointer = (void *)handle;
    return class_do(request);
}

static void clocks(void)
{
    struct capture_format format;
    uint64_t before;

    begin();
    capture_window(&format, CODE('Y', 'U', 'Y', 'V'), 322, 240);
    capture_open(&format, 4, DMA_PAGES, 0);
    if (!capture.stream->object->clock.routine)
        report_fail(CHECK_STATUS, "the pin has no clock");
    if (stream_time() != 0)
        report_fail(CHECK_STATUS, "stream time runs in STOP");
    scene_expect(master(SRB_OPEN_MASTER_CLOCK, 0x5150), STATUS_SUCCESS, "OPEN_MASTER_CLOCK");
    scene_expect(master(SRB_INDICATE_MASTER_CLOCK, 0x5150), STATUS_SUCCESS,
                 "INDICATE_MASTER_CLOCK");
    capture_start();
    capture_frames(3);
    scene_expect(master(SRB_INDICATE_MASTER_CLOCK, 0), STATUS_SUCCESS, "no master clock");
    capture_frames(2);
    before = stream_time();
    class_run_for(50000000);
    if (stream_time() < before + 490000 || stream_time() > before + 520000)
        report_fail(CHECK_STATUS, "50 ms of stream time are %llu",
                    (unsigned long long)(stream_time() - before));
    scene_expect(master(SRB_CLOSE_MASTER_CLOCK, 0), STATUS_SUCCESS, "CLOSE_MASTER_CLOCK");
    capture_stop();
    capture_account();
    capture_close();
    scene_end();
}

const struct scene scene_property[] = {
    {"property.device",     device    },
    {"property.sizes",      sizes     },
    {"property.known-sets", known_sets},
    {"property.clocks",     clocks    },
    {NULL,                  NULL      }
};
