/* SPDX-License-Identifier: MIT */
/*
 * Every property of the driver's own set with every size about the right one, whole statuses included;
 * selectors past every table; requests without their parts; sizes of a firmware image that lie. What
 * each must be is said here once more, from the interface alone.
 */
#include <string.h>

#include "capture.h"
#include "nt.h"
#include "report.h"
#include "vdh_regs.h"
#include "vdw_interface.h"
#include "vidicon_brand.h"

enum { GET = 1, SET = 2, SELECTED = 4 };

static const struct {
    uint32_t bytes;
    unsigned can;
} properties[VDW_PROPERTY_COUNT] = {
    [VDW_PROPERTY_IDENTITY] = {sizeof(struct vdw_identity),         GET                 },
    [VDW_PROPERTY_REGISTER] = {4,                                   GET | SET | SELECTED},
    [VDW_PROPERTY_FIRMWARE_STATUS] = {sizeof(struct vdw_firmware_status),  GET                 },
    [VDW_PROPERTY_FIRMWARE_COMMAND] = {sizeof(struct vdw_firmware_command), SET                 },
    [VDW_PROPERTY_INPUT_INFO] = {sizeof(struct vdw_input),            GET | SELECTED      },
    [VDW_PROPERTY_TIMING_INFO] = {sizeof(struct vdw_timing),           GET | SELECTED      },
    [VDW_PROPERTY_CONTROL_INFO] = {sizeof(struct vdw_control),          GET | SELECTED      },
    [VDW_PROPERTY_MENU_NAME] = {32,                                  GET | SELECTED      },
    [VDW_PROPERTY_CONTROL] = {4,                                   GET | SET | SELECTED},
    [VDW_PROPERTY_INPUT] = {4,                                   GET | SET           },
    [VDW_PROPERTY_TIMING] = {4,                                   GET | SET           },
    [VDW_PROPERTY_PATTERN] = {4,                                   SET                 },
    [VDW_PROPERTY_SIGNAL] = {sizeof(struct vdw_signal),           GET                 },
    [VDW_PROPERTY_TIME] = {sizeof(struct vdw_time),             GET                 },
    [VDW_PROPERTY_COUNTS] = {sizeof(struct vdw_counts),           GET                 },
    [VDW_PROPERTY_MODE_INFO] = {sizeof(struct vdw_mode),             GET | SELECTED      },
    [VDW_PROPERTY_INTERVAL_INFO] = {sizeof(struct vdw_interval),         GET | SELECTED      },
    [VDW_PROPERTY_REGISTER_INFO] = {sizeof(struct vdw_register_info),    GET | SELECTED      },
};

static const struct nt_guid own_set = VDW_SET_GUID_INIT;
static uint32_t used;

static nt_status call(uint32_t id, int set, const void *more, uint32_t more_bytes, void *value,
                      uint32_t bytes)
{
    return scene_property_call(NULL, &own_set, id, set, more, more_bytes, value, bytes, &used);
}

/* Zeros are a right value for each of them but a menu's name, which wants a control with a menu, and a
 * firmware command, which wants an image. */
static nt_status expected(uint32_t id, int set, uint32_t more_bytes, uint32_t bytes)
{
    unsigned can = properties[id].can;

    if (!(can & (set ? SET : GET)))
        return STATUS_INVALID_DEVICE_REQUEST;
    if ((can & SELECTED) && more_bytes < sizeof(struct vdw_selector))
        return STATUS_INVALID_PARAMETER;
    if (bytes == 0 && !set)
        return STATUS_BUFFER_OVERFLOW;
    if (bytes < properties[id].bytes)
        return STATUS_BUFFER_TOO_SMALL;
    if (id == VDW_PROPERTY_REGISTER && set)
        return STATUS_ACCESS_DENIED; /* ARCH_ID */
    if (id == VDW_PROPERTY_MENU_NAME || id == VDW_PROPERTY_FIRMWARE_COMMAND)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static void one(uint32_t id, int set, uint32_t more_bytes, uint32_t bytes)
{
    uint8_t more[16] = {0};
    uint8_t value[256] = {0};
    nt_status wanted = expected(id, set, more_bytes, bytes);
    nt_status status = call(id, set, more, more_bytes, value, bytes);
    uint32_t want_used = wanted == STATUS_BUFFER_OVERFLOW || (wanted == STATUS_SUCCESS && !set)
                             ? properties[id].bytes
                             : 0;

    if (status != wanted || used != want_used)
        report_fail(CHECK_STATUS,
                    "%s property %u, %u bytes behind it, room for %u: 0x%08x and %u bytes, not "
                    "0x%08x and %u",
                    set ? "setting" : "getting", id, more_bytes, bytes, status, used, wanted,
                    want_used);
    if (set && status == STATUS_SUCCESS)
        class_run_for(50000000); /* an input takes time to change */
}

static void sizes(void)
{
    scene_begin();
    class_run_for(2000000000);
    for (uint32_t id = 0; id < VDW_PROPERTY_COUNT; id++) {
        uint32_t right = properties[id].bytes;

        for (int set = 0; set < 2; set++) {
            for (uint32_t bytes = 0; bytes <= right + 2; bytes++)
                one(id, set, sizeof(struct vdw_selector), bytes);
            one(id, set, sizeof(struct vdw_selector), 256);
            for (uint32_t more = 0; more <= 16; more++)
                one(id, set, more, right);
        }
    }
    for (uint32_t id = VDW_PROPERTY_COUNT; id - 1 < 0xfffffffeu; id += id / 3 + 1) {
        uint8_t value[64] = {0};

        for (int set = 0; set < 2; set++)
            scene_expect(call(id, set, value, 8, value, sizeof(value)), STATUS_NOT_FOUND,
                         "a property past the last");
        if (id > 0x60000000u)
            break;
    }
    scene_end();
}

/* ---- Numbers ---- */

static void selectors(void)
{
    static const uint32_t ids[] = {VDW_PROPERTY_INPUT_INFO,   VDW_PROPERTY_TIMING_INFO,
                                   VDW_PROPERTY_CONTROL_INFO, VDW_PROPERTY_MENU_NAME,
                                   VDW_PROPERTY_CONTROL,      VDW_PROPERTY_MODE_INFO,
                                   VDW_PROPERTY_INTERVAL_INFO};
    static const uint32_t far_off[] = {64,          255,         256,         0x7fffffff,
                                       0x80000000u, 0xfffffffeu, 0xffffffffu, 0x10000000u};
    uint8_t value[256] = {0};

    scene_begin();
    class_run_for(2000000000);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        for (size_t k = 0; k < sizeof(far_off) / sizeof(far_off[0]); k++) {
            struct vdw_selector index = {far_off[k], 0};
            struct vdw_selector item = {0, far_off[k]};

            scene_expect(call(ids[i], 0, &index, sizeof(index), value, sizeof(value)),
                         STATUS_INVALID_PARAMETER, "an index past the table");
            if (ids[i] == VDW_PROPERTY_MENU_NAME || ids[i] == VDW_PROPERTY_INTERVAL_INFO)
                scene_expect(call(ids[i], 0, &item, sizeof(item), value, sizeof(value)),
                             STATUS_INVALID_PARAMETER, "an item past the table");
            if (ids[i] == VDW_PROPERTY_CONTROL)
                scene_expect(call(ids[i], 1, &index, sizeof(index), value, 4),
                             STATUS_INVALID_PARAMETER, "setting a control past the table");
        }
    }
    for (size_t k = 0; k < sizeof(far_off) / sizeof(far_off[0]); k++) {
        uint32_t number = far_off[k];

        scene_expect(call(VDW_PROPERTY_INPUT, 1, NULL, 0, &number, 4), STATUS_INVALID_PARAMETER,
                     "an input past the table");
        scene_expect(call(VDW_PROPERTY_TIMING, 1, NULL, 0, &number, 4), STATUS_INVALID_PARAMETER,
                     "a timing past the table");
    }
    scene_end();
}

/* ---- Firmware commands ---- */

static void commands(void)
{
    static const uint32_t lengths[] = {0,           1,           63,          64,
                                       65,          0x7fffffff,  0x80000000u, 0xfffffff0u,
                                       0xffffffefu, 0xffffffffu, 0x00400001u};
    uint8_t value[sizeof(struct vdw_firmware_command) + 64] = {0};
    struct vdw_firmware_command command;

    scene_begin();
    class_run_for(2000000000);
    for (uint32_t code = 0; code < 9; code++) {
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
            nt_status status;

            if (code == VDW_FIRMWARE_RESTORE)
                continue; /* the one that needs neither image nor flash */
            command = (struct vdw_firmware_command){code < 6 ? code : 0xfffffff0u + code, 7,
                                                    lengths[i], 0};
            memcpy(value, &command, sizeof(command));
            status = call(VDW_PROPERTY_FIRMWARE_COMMAND, 1, NULL, 0, value, sizeof(value));
            /* An image that is as long as said is taken, and refused by the core, or the card. */
            if (status == STATUS_SUCCESS && (lengths[i] == 0 || lengths[i] > 64))
                report_fail(CHECK_STATUS, "firmware command %u with %u bytes of 64", code,
                            lengths[i]);
            class_run_for(100000000);
            if (vdm_read(bus.card, VDH_R_FW_VERSION) != 0x01010000)
                report_fail(CHECK_STATUS, "firmware 0x%08x runs after command %u",
                            vdm_read(bus.card, VDH_R_FW_VERSION), code);
        }
    }
    scene_end();
}

/* ---- Requests without their parts ---- */

/* Of the class driver's, one pointer or size of which is gone. */
static void without(uint32_t command, unsigned which, nt_status wanted)
{
    uint8_t value[64] = {0};
    int set = command == SRB_SET_DEVICE_PROPERTY;
    struct class_request *request = scene_property_request(NULL, &own_set, VDW_PROPERTY_CONTROL,
                                                           set, value, 8, value, sizeof(value));
    struct sc_property *info = request->srb->u.property;
    nt_status status;

    if (which == 0)
        request->srb->u.property = NULL;
    else if (which == 1)
        info->property = NULL;
    else if (which == 2)
        info->input_size = 23;
    else if (which == 3)
        info->info = NULL;
    class_send(request);
    status = class_wait(request);
    class_request_free(request);
    scene_expect(status, wanted, "a property without one of its parts");
}

static void parts(void)
{
    struct class_request *request;

    scene_begin();
    class_run_for(2000000000);
    for (unsigned which = 0; which < 4; which++) {
        nt_status wanted = which == 3 ? STATUS_BUFFER_TOO_SMALL : STATUS_INVALID_PARAMETER;

        without(SRB_GET_DEVICE_PROPERTY, which, wanted);
        without(SRB_SET_DEVICE_PROPERTY, which, wanted);
    }
    /* A stream descriptor, of every size below its own, and none. */
    for (uint32_t bytes = 0; bytes <= class.config->descriptor_size; bytes++) {
        nt_status status;

        request = class_request_create(SRB_GET_STREAM_INFO, NULL);
        request->srb->u.streams = class_request_part(request, bytes ? bytes : 1, "descriptor");
        request->srb->bytes = bytes;
        class_send(request);
        status = class_wait(request);
        class_request_free(request);
        scene_expect(status,
                     bytes < class.config->descriptor_size ? STATUS_BUFFER_TOO_SMALL
                                                           : STATUS_SUCCESS,
                     "a stream descriptor's room");
    }
    request = class_request_create(SRB_GET_STREAM_INFO, NULL);
    request->srb->bytes = 0xffffffffu;
    scene_expect(class_do(request), STATUS_BUFFER_TOO_SMALL, "no stream descriptor");
    request = class_request_create(SRB_GET_DATA_INTERSECTION, NULL);
    scene_expect(class_do(request), STATUS_INVALID_PARAMETER, "no intersection");
    scene_expect(class_do(class_request_create(SRB_OPEN_STREAM, NULL)), STATUS_INVALID_PARAMETER,
                 "no stream");
    scene_end();
}

const struct scene scene_hostile[] = {
    {"hostile.sizes",     sizes    },
    {"hostile.selectors", selectors},
    {"hostile.commands",  commands },
    {"hostile.parts",     parts    },
    {NULL,                NULL     }
};
